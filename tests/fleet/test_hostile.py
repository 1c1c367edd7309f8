#!/usr/bin/env python3
"""Lines that a host's intruder might write: each costs itself, little time and little memory, and no other line.

Prints one line for each failure and at the end `N passed, N failed, N skipped`.
"""
import json
import os
import resource
import sqlite3
import subprocess
import sys

from lab import ROWS, SCORE, line, rank, run

GOOD = line(hostIdentifier="good", snapshot=ROWS)
SANITIZED = bool(os.environ.get("FSA_SANITIZED"))  # AddressSanitizer wants the address space and time
DEEP = "[" * 100000 + "]" * 100000
HEAD = '{"name":"fsa_x","hostIdentifier":"bad","unixTime":1000,'


def processor_seconds():
    """Of all programs run so far: how busy the machine is does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read(lab, *lines, seconds=30, megabytes=900):
    """Ingests the lines with a good one before and behind; gives what was rejected."""
    path = lab.folder / "hostile.log"
    path.write_bytes(b"\n".join([GOOD.encode(), *lines, GOOD.replace("good", "last").encode()]) + b"\n")
    before = processor_seconds()
    limit = resource.RLIM_INFINITY if SANITIZED else megabytes << 20
    done = subprocess.run([SCORE, "ingest", "--quiet", "--db", lab.case, "--meta", lab.meta, path], capture_output=True,
                          timeout=500, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    assert done.returncode == 0, done.stderr[-500:]
    assert processor_seconds() - before < (10 * seconds if SANITIZED else seconds)
    db = sqlite3.connect(lab.case)
    found = dict(db.execute("SELECT h.identifier, row_count FROM answer a JOIN host h ON h.id = a.host"))
    assert found["good"] == found["last"] == 2, found
    return [why for why, in db.execute("SELECT why FROM rejected ORDER BY offset")]


def test_deep_nesting(_, lab):
    assert len(read(lab, DEEP.encode())) >= 1
    places = [HEAD + f'"snapshot":[{{"path":{DEEP}}}]}}', HEAD + f'"snapshot":{DEEP}}}',
              HEAD + f'"columns":{{"path":{DEEP}}},"action":"added"}}', HEAD + f'"diffResults":{{"added":{DEEP}}}}}',
              HEAD + f'"snapshot":[],"decorations":{DEEP}}}', HEAD + f'"snapshot":[],"unknown":{DEEP}}}',
              f'{{"data":{DEEP}}}', json.dumps({"data": json.dumps({"data": DEEP})}), '{"a":' * 100000 + "1" + "}" * 100000]
    for text in places:
        lab.case.unlink(missing_ok=True)
        assert len(read(lab, text.encode())) >= 1, text[:80]


def test_names_that_hold_what_stands_between_them(_, lab):
    """Two hosts stay two, whatever they call themselves."""
    names = [("a\x1fb", "c"), ("a", "b\x1fc"), ("1:a", "b"), ("1", ":ab")]
    read(lab, *(line(hostIdentifier=one, decorations={"hostname": other}, snapshot=ROWS).encode() for one, other in names))
    hosts = sqlite3.connect(lab.case).execute("SELECT identifier, hostname FROM host").fetchall()
    assert set(names) < set(hosts), hosts


def test_megabytes_of_nothing(_, lab):
    many = 30000000
    for text in (b"[" * many, b'"' * many, b"\\" * many, b'{"snapshot":["' + b'\\"' * (many // 2), b"{" + b" " * many,
                 b"\x00" * many, b"\xff" * many,
                 HEAD.encode() + b'"snapshot":[{"path":"' + b"\x01" * many + b'"}]}',
                 HEAD.encode() + b'"snapshot":[' + b"{}," * (many // 3) + b"{}]}"):
        lab.case.unlink(missing_ok=True)
        assert len(read(lab, text)) >= 1, text[:20]


def test_many_rejects_are_counted_and_few_are_kept(_, lab):
    assert len(read(lab, *[b"{"] * 300000)) == 1000
    assert sqlite3.connect(lab.case).execute("SELECT rejected FROM input").fetchone() == (300000,)
    lab.case.unlink()
    assert len(read(lab, b"{}" * 5000000)) == 1000
    assert sqlite3.connect(lab.case).execute("SELECT rejected, lost_bytes FROM input").fetchone() == (5000000, 10000000)


def test_columns_without_end(_, lab):
    rows = [{f"c{i}-{k}": "x" for k in range(200)} for i in range(2000)]  # no row looks like the one before
    wide = {f"c{k}": "x" for k in range(300)}
    assert read(lab, line(hostIdentifier="bad", snapshot=rows).encode(),
                line(hostIdentifier="wide", snapshot=[wide, ROWS[0]]).encode()) == ["a row that is no object of columns"]
    found = dict(sqlite3.connect(lab.case).execute(
        "SELECT h.identifier, row_count FROM answer a JOIN host h ON h.id = a.host"))
    assert found["bad"] == 2000 and found["wide"] == 1


def test_marks_of_the_case_cannot_be_forged(_, lab):
    """Tabs, newlines and the marks between kept rows, in names and values; and text that looks like them."""
    rows = [{"path": "a\tb\nc\x1e\x1d\x1f", "x\ty\n\x1e": "\x1d1000\t-", "": "\\u001e"},
            {"path": "\x1epath", "pid": ""}, {"": ""}, {"path": "\\t", "x": "\\\\"}, {"path": "\u00e4\ud83d\ude00"}]
    for number, row in enumerate(rows):
        read(lab, line(hostIdentifier=f"h{number}", snapshot=[row]).encode(),
             line(hostIdentifier=f"e{number}", columns=row, action="added").encode())
    shown = {s["host_identifier"]: s["row"] for k in rank(lab.case, 999, "json", "--max-hosts", 999)
             for s in k["sightings"] if s["host_identifier"] not in ("good", "last")}
    for number, row in enumerate(rows):
        wanted = json.loads(json.dumps(row))  # a pair of surrogates is one character
        for kind in "he":
            assert shown[f"{kind}{number}"] == (wanted if wanted != {"": ""} else {}), (row, shown[f"{kind}{number}"])


if __name__ == "__main__":
    sys.exit(run(globals()))
