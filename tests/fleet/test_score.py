#!/usr/bin/env python3
"""fsa-score from end to end on a synthetic fleet (make_fleet.py) and on lines made here.

Prints one line for each failure and at the end `N passed, N failed, N skipped`.
"""
import csv
import gzip
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import make_fleet
from lab import BASE, META, ROWS, SCORE, artefacts, coverage, dump, line, rank, run, score


# ---- the fleet ----------------------------------------------------------------------------------------

class Fleet:
    def __init__(self, folder):
        self.folder = folder
        self.truth = make_fleet.make(folder, 120, 7)
        self.case = folder / "case.db"
        self.summary = self.ingest()

    def ingest(self):
        return score("ingest", "--db", self.case, self.folder / "logs")


def test_fleet_counts_are_true(fleet, lab):
    stored = {(query, key): hosts for query, key, hosts in sqlite3.connect(fleet.case).execute(
        "SELECT q.name, a.key, s.hosts FROM (SELECT artefact, count(DISTINCT host) AS hosts FROM sighting GROUP BY artefact) s"
        " JOIN artefact a ON a.id = s.artefact JOIN query q ON q.id = a.query")}
    for key in rank(fleet.case, 30):
        hosts = {s["host_identifier"] + (s["hostname"] or "") for s in key["sightings"]}
        assert key["hosts"] == len(hosts) == stored[key["query"], key["key"]], key
        assert 0 < key["low"] < key["hosts"] / key["covered"] < key["high"] < 1, key


def test_fleet_denominator_is_of_covered_hosts(fleet, lab):
    cells = coverage(fleet.case)
    for key in rank(fleet.case, 20):
        covered = sum(c["query"] == key["query"] and c["status"] in ("ok", "partial") for c in cells)
        assert key["covered"] == covered, key


def test_fleet_rejects_are_counted_and_placed(fleet, lab):
    assert "REJECTED" in fleet.summary and "pack/Global/uptime" in fleet.summary
    rejected = sqlite3.connect(fleet.case).execute("SELECT path, offset FROM rejected").fetchall()
    assert len(rejected) == fleet.truth["rejected"], rejected


def test_fleet_twice_changes_nothing(fleet, lab):
    before = dump(fleet.case)
    fleet.ingest()
    assert dump(fleet.case) == before


def test_fleet_in_any_order_is_the_same(fleet, lab):
    logs = sorted((fleet.folder / "logs").iterdir(), reverse=True)
    for path in logs:
        score("ingest", "--db", lab.case, "--jobs", 1, path)
    assert artefacts(lab.case) == artefacts(fleet.case)
    assert rank(lab.case) == rank(fleet.case)


def test_fleet_formats_agree(fleet, lab):
    table = score("rank", "--db", fleet.case, "--top", 5)
    rows = list(csv.DictReader(io.StringIO(score("rank", "--db", fleet.case, "--top", 5, "-f", "csv"))))
    found = rank(fleet.case, 5)
    assert len({r["place"] for r in rows}) == 5 == len({k["place"] for k in found})
    for key in found:
        assert sum(r["query"] == key["query"] and r["key"] == key["key"].replace("\x1f", " | ")
                   for r in rows) == len(key["sightings"]), key
        if key["hosts"] == 1:
            assert key["key"].replace("\x1f", " | ")[:100] in table


def test_fleet_killed_and_again(fleet, lab):
    """kill -9 during ingest: the case stays readable, and a second run makes it whole."""
    big = lab.folder / "big.log"
    with big.open("wb") as out:
        for copy in range(4):
            for path in sorted((fleet.folder / "logs").iterdir()):
                if path.suffix == ".log":
                    out.write(path.read_bytes().replace(b'"hostIdentifier":"', b'"hostIdentifier":"%d-' % copy))
    arguments = [str(SCORE), "ingest", "--db", str(lab.case), str(big)]
    running = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.4)
    running.send_signal(signal.SIGKILL)
    running.wait()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, timeout=120)
    score("ingest", "--db", lab.folder / "whole.db", big)
    assert artefacts(lab.case) == artefacts(lab.folder / "whole.db")


# ---- dialects: each gives the rows of the plain snapshot ------------------------------------------------

SNAPSHOT = line(snapshot=ROWS, action="snapshot")
EVENTS = [line(columns=row, action="added") for row in ROWS]
DIALECTS = {
    "fleet": line(snapshot=ROWS, action="snapshot", name="pack/Global/fsa_x"),
    "fleet team": line(snapshot=ROWS, action="snapshot", name="pack/team-7/fsa_x"),
    "fleet odd delimiter": line(snapshot=ROWS, action="snapshot", name="pack|Global|fsa_x"),
    "pack": line(snapshot=ROWS, action="snapshot", name="pack_fsa_linux_fsa_x"),
    "zentral": line(snapshot=ROWS, action="snapshot", name="pack/fsa-pack/3/fsa_x/snapshot/8/2"),
    "numbers as strings": line(snapshot=ROWS, action="snapshot", unixTime="1000", epoch="0", counter="0"),
    "numerics": line(snapshot=[{**r, "pid": int(r["pid"])} for r in ROWS], action="snapshot", numerics=True),
    "null is empty": line(snapshot=[{**r, "other": None} for r in ROWS], action="snapshot"),
    "decorations at top level": json.dumps(
        {**{k: v for k, v in BASE.items() if k != "decorations"}, "hostname": "one", "snapshot": ROWS}),
    "events": "\n".join(EVENTS),
    "events without counter": "\n".join(
        json.dumps({k: v for k, v in json.loads(e).items() if k != "counter"}) for e in EVENTS),
    "snapshot rows": "\n".join(line(columns=row, action="snapshot") for row in ROWS),
    "batch": line(diffResults={"added": ROWS, "removed": []}),
    "delta": "\n".join([line(columns=ROWS[0], action="added"),
                        line(columns={"path": "/gone", "pid": "1"}, action="added"),
                        line(columns=ROWS[1], action="added", counter=1, unixTime=1001),
                        line(columns={"path": "/gone", "pid": "1"}, action="removed", counter=1, unixTime=1001)]),
    "delta out of order": "\n".join([line(columns={"path": "/gone", "pid": "1"}, action="removed", counter=1,
                                          unixTime=1001),
                                     line(columns={"path": "/gone", "pid": "1"}, action="added"), *EVENTS]),
    "newer snapshot replaces": line(snapshot=[{"path": "/old", "pid": "1"}], unixTime=900) + "\n" + SNAPSHOT,
    "older snapshot comes late": SNAPSHOT + "\n" + line(snapshot=[{"path": "/old", "pid": "1"}], unixTime=900),
    "array": f"[{SNAPSHOT}]",
    "tls body": json.dumps({"node_key": "k", "log_type": "result", "data": [json.loads(e) for e in EVENTS]}),
    "web hook": json.dumps([{"timestamp": "2026-01-01T00:00:00Z", "details": json.loads(SNAPSHOT)}]),
    "kafka rest": json.dumps({"records": [{"value": json.loads(SNAPSHOT)}]}),
    "hec": json.dumps({"time": 1, "event": json.loads(SNAPSHOT)}),
    "line in a string": json.dumps({"event_id": "x", "data": SNAPSHOT}),
    "concatenated": "".join(EVENTS),
    "twice": SNAPSHOT + "\n" + SNAPSHOT,
    "escaped": SNAPSHOT.replace("/bin/a", "\\u002fbin\\/a"),
    "no newline at the end": SNAPSHOT,
    "carriage returns": SNAPSHOT + "\r\n\r\n",
}


def test_dialects_give_the_same_rows(fleet, lab):
    lab.ingest(SNAPSHOT)
    wanted = lab.rows()
    assert len(wanted) == 2, wanted
    for name, text in DIALECTS.items():
        case = lab.folder / f"{name.replace(' ', '_')}.db"
        lab.ingest(text, case=case)
        assert lab.rows(case) == wanted, f"{name}: {lab.rows(case)}"


def test_old_hostname_is_the_identifier(fleet, lab):
    members = {k: v for k, v in BASE.items() if k not in ("hostIdentifier", "decorations")}
    lab.ingest(json.dumps({**members, "hostname": "H1", "snapshot": ROWS}))
    assert {r[0] for r in lab.rows()} == {"H1"}


def test_compressed_logs(fleet, lab):
    plain = lab.ingest(SNAPSHOT) and lab.rows()
    text = (SNAPSHOT + "\n").encode()
    packed = {"gz": gzip.compress(text), "gz twice": gzip.compress(text) + gzip.compress(b"\n")}
    if shutil.which("zstd"):
        packed["zst"] = subprocess.run(["zstd", "-qc"], input=text, capture_output=True, check=True).stdout
    for name, data in packed.items():
        case = lab.folder / f"{name}.db"
        lab.ingest(data, case=case)
        assert lab.rows(case) == plain, name
    score("ingest", "--db", lab.folder / "stdin.db", "--meta", lab.meta, "-", text=packed["gz"])
    assert lab.rows(lab.folder / "stdin.db") == plain


def test_cut_gzip_keeps_what_came_before(fleet, lab):
    text = "".join(line(snapshot=[{"path": f"/{i}", "pid": str(i * i * 7919)}], hostIdentifier=f"H{i}") + "\n"
                   for i in range(3000)).encode()
    packed = gzip.compress(text)
    lab.ingest(packed[: len(packed) // 2], code=3)
    assert len(lab.rows()) > 500


# ---- hostile and damaged lines --------------------------------------------------------------------------

def test_damage_costs_only_itself(fleet, lab):
    bad = ["not json", "{", '{"name":"fsa_x"}', "[1,2]", '"text"', "{}", "nul", '{"a":1}}',
           line(snapshot={"no": "array"}), line(columns=ROWS[0], action="odd"), line(diffResults={"x": 1}),
           json.dumps({**BASE, "unixTime": "never", "snapshot": []}), SNAPSHOT[:90], "[" * 100000,
           '{"data":' * 50 + "1" + "}" * 50, line(snapshot=["row"]), '{"snapshot":[],"snapshot":']
    for text in bad:
        case = lab.folder / "bad.db"
        case.unlink(missing_ok=True)
        lab.ingest(text + "\n" + SNAPSHOT + "\n", case=case, code=4)
        assert len(lab.rows(case)) == 2, text[:60]
        count = sqlite3.connect(case).execute("SELECT count(*), max(why) FROM rejected").fetchone()
        assert count[0] >= 1 and count[1], text[:60]


def test_bytes_that_are_no_text(fleet, lab):
    raw = SNAPSHOT.encode().replace(b"/bin/a", b"/bin/\xff\x00\x1b[31m\\u0000\\ud800")
    lab.ingest(raw)
    rows = lab.rows()
    assert len(rows) == 2 and any("\ufffd" in json.loads(r[2])["path"] for r in rows), rows
    table = score("rank", "--db", lab.case)
    assert "\x1b" not in table and "\0" not in table


def test_row_order_and_types_do_not_matter(fleet, lab):
    lab.ingest(SNAPSHOT)
    before = dump(lab.case)
    turned = [dict(reversed(list(r.items()))) for r in reversed(ROWS)]
    out = lab.ingest(line(snapshot=turned, action="snapshot"))
    assert "already known" in out
    assert {**dump(lab.case), "input": 0} == {**before, "input": 0}


def test_huge_line_is_bounded(fleet, lab):
    path = lab.folder / "huge.log"
    with path.open("wb") as out:
        out.write(b'{"name":"fsa_x","snapshot":[{"path":"')
        for _ in range(150):
            out.write(b"A" * 1000000)
        out.write(b'"}]}\n' + SNAPSHOT.encode() + b"\n")
    command = ["/usr/bin/time", "-f", "%M"] if Path("/usr/bin/time").exists() else []
    done = subprocess.run([*command, str(SCORE), "ingest", "--db", str(lab.case), "--meta", str(lab.meta),
                           str(path)], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(lab.rows()) == 2
    why = sqlite3.connect(lab.case).execute("SELECT why, lost FROM rejected").fetchall()
    assert why and why[0][1] > 140000000, why
    if command:
        assert int(done.stderr.split()[-1]) < 900000, done.stderr


def test_long_concatenation_without_newline(fleet, lab):
    text = "".join(line(snapshot=[{"path": "/" + "p" * 900000, "pid": str(i)}], hostIdentifier=f"H{i}")
                   for i in range(80))
    lab.ingest(text)
    assert sqlite3.connect(lab.case).execute("SELECT sum(row_count) FROM answer").fetchone() == (80,)


def test_line_near_the_ceiling_is_told(fleet, lab):
    rows = [{"path": f"/{i}", "pad": "x" * 1000} for i in range(1100)]
    out = lab.ingest(line(snapshot=rows))
    assert "large lines" in out and "above 1 MiB" in out, out


def test_unknown_queries_are_bounded(fleet, lab):
    out = lab.ingest("".join(line(name=f"fsa_q{i}", snapshot=ROWS) + "\n" for i in range(300)))
    assert "NOT STORED             44" in out, out
    out = lab.ingest("".join(line(name=f"other{i}", snapshot=ROWS) + "\n" for i in range(1500)))
    assert "and 996 more" in out, out


def test_case_can_be_read_after_a_kill(fleet, lab):
    log = lab.folder / "pipe"
    os.mkfifo(log)
    running = subprocess.Popen([str(SCORE), "ingest", "--db", str(lab.case), "--meta", str(lab.meta), str(log)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with log.open("wb", buffering=0) as out:
        for i in range(70):  # more than a batch of pieces
            rows = [{"path": f"/{i}/{n}", "pad": "x" * 1000} for n in range(1100)]
            out.write((line(snapshot=rows, hostIdentifier=f"H{i}") + "\n").encode())
        time.sleep(0.5)
        running.kill()
        running.wait()
    score("coverage", "--db", lab.case)
    assert rank(lab.case, 1)


# ---- coverage ---------------------------------------------------------------------------------------------

def cover(status, rows_total, **members):
    return line(name="fsa_coverage", snapshot=[{"table_name": "fsa_x", "status": status,
                                                "rows_total": rows_total}], **members)


PROBLEM = line(name="fsa_problems", snapshot=[{"table_name": "fsa_x", "code": "absent", "problems": "1"}])


def cell(case, host="H1", query="fsa_x"):
    return next(c for c in coverage(case) if c["host_identifier"] == host and c["query"] == query)


def test_coverage_of_one_host(fleet, lab):
    cases = [([cover("ok", "2"), SNAPSHOT], "ok"), ([cover("ok", "5"), SNAPSHOT], "partial"),
             ([cover("partial", "2"), SNAPSHOT], "partial"), ([cover("denied", "")], "denied"),
             ([cover("absent", ""), line(snapshot=[])], "absent"), ([cover("timeout", "")], "timeout"),
             ([cover("ok", "0")], "ok"), ([cover("ok", "9")], "silent"), ([cover("unknown", "")], "silent"),
             ([SNAPSHOT], "ok"), ([line(snapshot=[])], "ok"),
             ([cover("unknown", ""), line(snapshot=[]), PROBLEM], "absent"),
             ([cover("unknown", ""), SNAPSHOT, PROBLEM], "partial"), ([cover("ok", "2"), SNAPSHOT, PROBLEM], "ok"),
             ([line(snapshot=[]), PROBLEM.replace("absent", "access")], "denied"),
             ([line(snapshot=[]), PROBLEM.replace("absent", "access").replace('"problems"', '"problem_source": "412", "problems"')],
              "partial"),  # one process that refuses is not the whole source
             ([line(snapshot=[]), PROBLEM.replace("absent", "format")], "partial"),
             ([cover("ok", "9"), line(name="fsa_y", columns=ROWS[0], action="snapshot")], "ok")]
    for i, (lines, status) in enumerate(cases):
        case = lab.folder / f"{i}.db"
        lab.ingest("\n".join(lines), case=case)
        assert cell(case)["status"] == status, (lines, cell(case))


def test_only_the_same_scan_is_compared(fleet, lab):
    """fsa_coverage claims 5 rows where 2 arrived: a loss, but only of the scan that gave the two."""
    def told(at, start, milliseconds="100"):
        return line(name="fsa_coverage", unixTime=at, snapshot=[
            {"table_name": "fsa_x", "status": "ok", "rows_total": "5", "start_time": str(start),
             "milliseconds": milliseconds}])
    cases = [(told(1060, 999), "partial"),         # told after the answer, of the scan that ended before it
             (told(1060, 1001), "partial"),        # ... in a sweep, whose line has the time of the query's beginning
             (told(1000, 1000), "partial"),        # all in one second
             (told(1000, 990, "9500"), "partial"), # a long scan that ended in the answer's second
             (told(1000, 400), "ok"),              # told in the same second, of yesterday's scan
             (told(950, 940), "ok"),               # told before the table was asked
             (told(1060, 1050), "ok"),             # somebody scanned again since
             (told(1060, ""), "partial")]          # a version that does not say when
    for i, (coverage_line, status) in enumerate(cases):
        case = lab.folder / f"{i}.db"
        lab.ingest(coverage_line + "\n" + SNAPSHOT, case=case)
        assert cell(case)["status"] == status, (coverage_line, cell(case))


def test_status_lines_mark_a_failed_query(fleet, lab):
    failed = json.dumps({"hostIdentifier": "H1", "unixTime": 2000, "severity": 1, "filename": "f", "line": 1,
                         "message": "Scheduled query may have failed: pack_fsa_fsa_x", "version": "5.1",
                         "decorations": {"hostname": "one"}})
    lab.ingest(cover("ok", "0", unixTime=900) + "\n" + failed)
    assert cell(lab.case)["status"] == "error"
    lab.ingest(line(snapshot=ROWS, unixTime=2000))  # of the same second: the message is about this answer
    assert cell(lab.case)["status"] == "partial"
    lab.ingest(line(snapshot=ROWS, unixTime=3000))  # it answered after that
    assert cell(lab.case)["status"] == "ok"


def test_clones_are_two_hosts(fleet, lab):
    lab.ingest(SNAPSHOT + "\n" + line(snapshot=[{"path": "/evil", "pid": "1"}], decorations={"hostname": "two"}))
    assert len(lab.rows()) == 3
    assert "one, two" in score("coverage", "--db", lab.case)


def test_new_metadata_counts_anew(fleet, lab):
    lab.ingest(SNAPSHOT)
    other = json.loads(json.dumps(META))
    other["queries"]["fsa_x"]["key"] = ["pid"]
    path = lab.folder / "other.json"
    path.write_text(json.dumps(other))
    lab.ingest(SNAPSHOT, meta=path)
    assert sorted(k["key"] for k in rank(lab.case)) == ["4", "77"]


# ---- the command line -------------------------------------------------------------------------------------

def test_usage(fleet, lab):
    text = score("--help")
    assert len(text.splitlines()) <= 40 and max(map(len, text.splitlines())) <= 100
    score(code=1)
    score("rank", code=1)
    score("ingest", "--db", lab.case, code=1)
    score("odd", "--db", lab.case, code=1)
    score("rank", "--db", lab.case, "--top", "many", code=1)
    score("rank", "--db", lab.folder / "none.db", code=2)
    other = lab.folder / "other.db"
    sqlite3.connect(other).executescript("CREATE TABLE t(a)")
    score("rank", "--db", other, code=2)
    score("ingest", "--db", other, lab.meta, code=2)
    score("ingest", "--db", lab.case, lab.folder / "none.log", code=3)
    score("ingest", "--db", lab.case, "--meta", lab.folder / "none.json", lab.meta, code=2)


def test_what_awaits_its_table_is_asked_of_nobody(fleet, lab):
    """... until one host of the fleet speaks of it."""
    hosts = [line(name="fsa_processes", snapshot=[], hostIdentifier=host) for host in ("H1", "H2")]
    told = line(name="fsa_executables", snapshot=[], hostIdentifier="H2")
    for name, lines, statuses in (("none", hosts, ["n/a", "n/a"]), ("one", hosts + [told], ["silent", "ok"])):
        log, case = lab.folder / (name + ".log"), lab.folder / (name + ".db")
        log.write_text("\n".join(lines))
        score("ingest", "--db", case, log)
        assert [cell(case, host, "fsa_executables")["status"] for host in ("H1", "H2")] == statuses, coverage(case)


def test_builtin_metadata(fleet, lab):
    """Without --meta the queries of packs/ are known, with their keys."""
    names = {name for name, in sqlite3.connect(fleet.case).execute("SELECT name FROM query WHERE meta <> ''")}
    assert "fsa_coverage" in names and "fsa_processes" in names, names


def main():
    return run(globals(), Fleet)


if __name__ == "__main__":
    sys.exit(main())
