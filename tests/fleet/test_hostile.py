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


def test_the_first_host_does_not_decide_what_is_common(_, lab):
    """Strange rows come first, and become the dictionary: they change nothing of what others say."""
    strange = [{"path": "\t" * (i % 200), "pid": "\\" * (i % 7), "x" * (i % 3): "\x1e\n"} for i in range(3000)]
    huge = [{"path": "y" * 100000, "pid": str(i)} for i in range(100)]  # more than a dictionary may hold
    plain = [{"path": f"/usr/bin/{i}", "pid": str(7 * i)} for i in range(100)]
    hosts = [strange, huge, plain, plain[::-1], plain[:50] + [{"pid": "1", "path": "/usr/bin/1"}] * 3, plain + plain]
    for number, rows in enumerate(hosts):
        read(lab, line(hostIdentifier=f"h{number}", snapshot=rows).encode())
    shown = {}
    for key in rank(lab.case, 99999, "json", "--max-hosts", 99999):
        for seen in key["sightings"]:
            shown.setdefault(seen["host_identifier"], set()).add(json.dumps(seen["row"], sort_keys=True))
    for number, rows in enumerate(hosts):
        if rows is not strange and rows is not huge:
            wanted = {row["path"]: row for row in rows[::-1]}.values()
            assert {json.loads(x)["path"] for x in shown[f"h{number}"]} == {row["path"] for row in wanted}
            assert shown[f"h{number}"] <= {json.dumps(row, sort_keys=True) for row in rows}, number
    counts = dict(sqlite3.connect(lab.case).execute(
        "SELECT h.identifier, row_count FROM answer a JOIN host h ON h.id = a.host"))
    assert [counts[f"h{number}"] for number in range(len(hosts))] == [len(rows) for rows in hosts]


def test_damaged_dictionary(_, lab):
    """A case that was changed is refused or read as far as it goes, with a word about it."""
    rows = [{"path": f"/usr/bin/{i}", "pid": str(i)} for i in range(50)]
    lines = [line(hostIdentifier=f"h{i}", snapshot=[*rows, {"path": f"/own/{i}", "pid": "1"}]).encode() for i in range(3)]
    for damage in ("UPDATE dictionary SET rows = zeroblob(9)", "UPDATE dictionary SET rows = x''",
                   "UPDATE dictionary SET rows = substr(rows, 1, length(rows) - 1)", "DELETE FROM dictionary",
                   "UPDATE answer SET rows = substr(rows, 1, 11)", "UPDATE dictionary SET query = query + 1"):
        lab.case.unlink(missing_ok=True)
        read(lab, lines[0])  # makes the dictionary
        read(lab, *lines[1:])
        db = sqlite3.connect(lab.case)
        assert db.execute(damage).rowcount > 0, damage
        db.commit()
        db.close()
        done = subprocess.run([SCORE, "rank", "--db", lab.case], capture_output=True, timeout=60)
        assert done.returncode == 2 and done.stderr, (damage, done.returncode, done.stderr)


def leaf_pages(case, table):
    """The pages with a table's rows, in order. [sqlite.org/fileformat2.html, "B-tree Pages"]"""
    db = sqlite3.connect(case)
    size, = db.execute("PRAGMA page_size").fetchone()
    root, = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    db.close()
    data = case.read_bytes()

    def leaves(page):
        block = data[(page - 1) * size:page * size]
        if block[0] != 5:  # no interior page of a table
            return [page]
        cells = (int.from_bytes(block[12 + 2 * i:14 + 2 * i], "big") for i in range(int.from_bytes(block[3:5], "big")))
        children = [int.from_bytes(block[at:at + 4], "big") for at in (*cells, 8)]
        return [leaf for child in children for leaf in leaves(child)]

    return size, leaves(root)


def test_damaged_pages_of_the_case(_, lab):
    """A part of a table that cannot be read is an error, and not a smaller fleet."""
    read(lab, *(line(hostIdentifier=f"host-{number}", decorations={"hostname": f"workstation-{number}"},
                     snapshot=[{"path": f"/opt/of-{number}/program-{row}", "pid": "1"} for row in range(8)]).encode()
                for number in range(400)))
    whole = lab.case.read_bytes()
    for table, commands in {"host": ("coverage", "rank", "score"), "answer": ("coverage", "rank", "score"),
                            "artefact": ("rank", "score")}.items():
        size, leaves = leaf_pages(lab.case, table)
        assert len(leaves) > 2, (table, leaves)
        at = (leaves[len(leaves) // 2] - 1) * size
        lab.case.write_bytes(whole[:at] + b"\xff" * size + whole[at + size:])
        for command in commands:
            done = subprocess.run([SCORE, command, "--db", lab.case], capture_output=True, timeout=60)
            assert done.returncode == 2 and b"malformed" in done.stderr and not done.stdout, (table, command, done)
        lab.case.write_bytes(whole)


if __name__ == "__main__":
    sys.exit(run(globals()))
