#!/usr/bin/env python3
"""From `fsa sweep` to `fsa-score`: what the one writes the other reads whole, with its own metadata.

A sweep of this machine and of the demo's case folder; and an answer that is longer than a line may be,
which the sweep writes row by row and the scorer must count as if it had come in one line.
"""
import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA, SCORE = os.path.join(BUILD, "bin/fsa"), os.path.join(BUILD, "bin/fsa-score")
CASE = os.path.join(BUILD, "evidence/demo/case")
RECORDED = "live:" + os.path.join(BUILD, "evidence/recorded_host")
# What the demo's hosts have no source of: a hive SOFTWARE or SYSTEM, one file of the system, a log of PowerShell.
SYSTEM = ["fsa_run_keys", "fsa_suspicious_files_windows", "fsa_weakened_settings"]
SCRIPTS = ["fsa_script_blocks", "fsa_script_blocks_4", "fsa_script_blocks_8", "fsa_script_blocks_c", "fsa_suspicious_script_blocks"]
totals = {"pass": 0, "fail": 0, "skip": 0}

# 2,500 rows of some 500 bytes: 1.3 MB, twice what a line may have.
LONG = """-- id: fsa_long
-- title: A long answer
-- pillar: running
-- platform: linux
-- logging: snapshot
-- interval: daily
-- max_rows: %d
-- max_bytes: %d
-- key: name, number
-- join: name
-- family: test
-- attack: -
-- proves: -
-- does_not_prove: -
-- false_positives: -
-- next_step: -
-- positive: live
-- negative: -
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
SELECT p.name AS name, n.i AS number, replace(hex(zeroblob(120)), '0', '"') AS filler
FROM fsa_processes AS p, n
WHERE p.pid = 1
"""


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def run(*command, code=0):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=300)
    test("exit code of %s" % " ".join(command[:2]), done.returncode == code, done.stderr.decode())
    return done.stdout.decode()


def coverage(case):
    return list(csv.DictReader(io.StringIO(run(SCORE, "coverage", "--db", case, "-f", "csv"))))


def built_in(folder):
    """What the packs inside `fsa` answer, `fsa-score` knows by itself."""
    log, case = os.path.join(folder, "sweep.log"), os.path.join(folder, "case.db")
    run(FSA, "sweep", "-e", "live", "-e", CASE, "-o", log)
    names = {json.loads(line).get("name") for line in open(log, encoding="utf-8")} - {None}
    run(SCORE, "ingest", "--strict", "--db", case, log)
    db = sqlite3.connect(case)
    test("no line is rejected", db.execute("SELECT count(*) FROM rejected").fetchone() == (0,))
    known = {"pack_fsa_" + row[0] for row in db.execute("SELECT name FROM query WHERE meta IS NOT NULL")}
    test("each query of the sweep is known", names <= known, names - known)
    cells = coverage(case)
    test("three hosts", len({cell["host_identifier"] for cell in cells}) == 3, cells)
    sources = {name: json.loads(meta)["source"] for name, meta in db.execute("SELECT name, meta FROM query WHERE meta <> ''")}
    live_only = set(run(FSA, "-f", "csv", "SELECT name FROM fsa_tables WHERE NOT is_offline").split())
    asked = [cell for cell in cells if cell["status"] != "n/a" and cell["hostname"].startswith("HOST-")
             and sources[cell["query"]] in live_only]
    test("a table of running systems is unsupported on a case folder, not empty",
         asked and all(cell["status"] == "unsupported" for cell in asked), asked)
    wrong = [(cell["hostname"], cell["query"], cell["status"]) for cell in cells
             if cell["status"] not in ("ok", "partial", "n/a") and cell not in asked]
    test("what the case folder's hosts do not have is absent, all else answered",
         wrong == [("HOST-A", query, "absent") for query in SYSTEM]
         + [("HOST-B", query, "absent") for query in sorted(SYSTEM + SCRIPTS)], wrong)
    counts = dict(db.execute("SELECT q.name, sum(a.row_count) FROM answer a JOIN query q ON q.id = a.query GROUP BY 1"))
    written = {}
    for line in map(json.loads, open(log, encoding="utf-8")):
        name = line.get("name", "pack_fsa_")[len("pack_fsa_"):]
        written[name] = written.get(name, 0) + len(line.get("snapshot", [1] * ("columns" in line)))
    test("as many rows arrive as were written", counts == written, (counts, written))


def long_answer(folder, name, rows, max_bytes, max_rows=5000):
    """Sweeps and ingests; gives (lines of the answer, its rows in the case)."""
    pack = os.path.join(folder, name, "running")
    os.makedirs(pack)
    with open(os.path.join(pack, "long.sql"), "w", encoding="ascii") as file:
        file.write(LONG % (max_rows, max_bytes, rows))
    log, case = os.path.join(folder, name + ".log"), os.path.join(folder, name + ".db")
    run(FSA, "sweep", "-e", RECORDED, "--pack", pack, "-o", log)
    run(FSA, "pack", "build", "-o", pack, pack)
    run(SCORE, "ingest", "--strict", "--db", case, "--meta", os.path.join(pack, "fsa-pack-meta.json"), log)
    lines = [line for line in open(log, encoding="utf-8") if "pack_fsa_fsa_long\"" in line and "severity" not in line]
    test(name + ": no line above its bound", all(len(line) <= max_bytes for line in lines))
    keys = json.loads(run(SCORE, "rank", "--db", case, "--top", "100000", "--max-hosts", "9", "-f", "json"))
    status = {cell["status"] for cell in coverage(case) if cell["query"] == "fsa_long"}
    wanted = {"ok"} if rows <= max_rows else {"partial"}
    test(name + ": is the answer whole?", status == wanted, status)
    return len(lines), sorted((key["key"], json.dumps(key["sightings"][0]["row"], sort_keys=True)) for key in keys)


def split(folder):
    whole, whole_rows = long_answer(folder, "whole", 1000, 700000)
    parts, parts_rows = long_answer(folder, "parts", 1000, 5000)
    test("a short answer is one line", whole == 1, whole)
    test("a long one is a line for each row", parts == 1000, parts)
    test("both give the same rows", len(whole_rows) == 1000 and whole_rows == parts_rows, len(parts_rows))
    lines, rows = long_answer(folder, "long", 2500, 700000)
    test("1.3 MB are split at 700 KB", lines == 2500, lines)
    test("... and no row is lost", len(rows) == 2500 and set(whole_rows) < set(rows), len(rows))
    cut, cut_rows = long_answer(folder, "cut", 300, 700000, max_rows=200)
    test("beyond max_rows an answer is cut", (cut, len(cut_rows)) == (1, 200), (cut, len(cut_rows)))


def main():
    folder = tempfile.mkdtemp(prefix="fsa-sweep-")
    try:
        if os.path.exists(CASE):
            built_in(folder)
        else:
            totals["skip"] += 1
            print("skipped the demo's case folder: tests/evidence/make_demo.py was not run")
        split(folder)
    finally:
        shutil.rmtree(folder)
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
