"""What the tests of fsa-score share: running it, lines to feed it, a folder for each test, the runner.

Finds the build folder through FSA_BUILD. run() prints one line for each failure and at the end
`N passed, N failed, N skipped`.
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
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("FSA_BUILD", HERE.parent.parent / "build"))
SCORE = BUILD / "bin" / "fsa-score"
TOP = 60  # the analyst's budget


class Skip(Exception):
    pass


def score(*arguments, code=0, text=None, **options):
    done = subprocess.run([str(SCORE), *map(str, arguments)], capture_output=True, input=text,
                          timeout=120, **options)
    assert done.returncode == code, f"exit {done.returncode}, not {code}: {done.stderr.decode()}"
    return done.stdout.decode()


def rank(case, top=TOP, form="json", *more):
    return json.loads(score("rank", "--db", case, "--top", top, "-f", form, *more))


def coverage(case, *more):
    return list(csv.DictReader(io.StringIO(score("coverage", "--db", case, "-f", "csv", *more))))


def dump(case):
    """What the case says, without what each case has of its own (hash key, hashes, row order by hash)."""
    db = sqlite3.connect(case)
    return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("host", "query", "artefact", "answer", "status_line", "input", "rejected")}


def artefacts(case):
    db = sqlite3.connect(case)
    return sorted(db.execute(
        "SELECT h.identifier, h.hostname, q.name, a.key FROM sighting s JOIN artefact a ON a.id=s.artefact"
        " JOIN host h ON h.id=s.host JOIN query q ON q.id=s.query"))


def contents(case):
    """All that a case says but what each case has of its own: its secret, what was hashed with it, numbers, packing."""
    db = sqlite3.connect(case)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    tables = {name: db.execute(sql).fetchall() for name, sql in {
        "hosts": "SELECT identifier, hostname, first_seen, last_seen, logs_rows FROM host ORDER BY 1, 2",
        "queries": "SELECT name, meta FROM query ORDER BY 1",
        "keys": "SELECT q.name, a.key FROM artefact a JOIN query q ON q.id = a.query ORDER BY 1, 2",
        "answers": "SELECT h.identifier, q.name, reset_time, last_time, epoch, row_count, line_bytes"
                   " FROM answer a JOIN host h ON h.id = a.host JOIN query q ON q.id = a.query ORDER BY 1, 2",
        "status": "SELECT h.identifier, message, severity, first_time, last_time FROM status_line s"
                  " JOIN host h ON h.id = s.host ORDER BY 1, 2",
        "inputs": "SELECT * FROM input ORDER BY 1",
        "rejects": "SELECT * FROM rejected ORDER BY 1, 2",
    }.items()}
    rows = [(k["query"], s["host_identifier"], s["time"], json.dumps(s["row"], sort_keys=True))
            for k in rank(case, 100000, "json", "--max-hosts", 100000) for s in k["sightings"]]
    return {**tables, "sightings": artefacts(case), "rows": sorted(rows, key=str)}


META = {"queries": {"fsa_x": {"title": "x", "pillar": "running", "platform": "all", "key": ["path"],
                              "join": ["path"], "family": "process", "source": "fsa_x", "whole": True},
                    "fsa_coverage": {"pillar": "coverage", "source": "fsa_coverage", "key": ["table_name"]}}}
ROWS = [{"path": "/bin/a", "pid": "4"}, {"path": "/tmp/ü\"\\x", "pid": "77"}]
BASE = {"name": "fsa_x", "hostIdentifier": "H1", "unixTime": 1000, "epoch": 0, "counter": 0,
        "decorations": {"hostname": "one"}}


def line(**members):
    return json.dumps({**BASE, **members})


class Lab:
    """A folder with a case and logs for one test."""

    def __init__(self, folder):
        self.folder = folder
        self.case = folder / "case.db"
        self.meta = folder / "meta.json"
        self.meta.write_text(json.dumps(META))
        self.count = 0

    def ingest(self, *texts, code=0, name=None, case=None, meta=None):
        paths = []
        for text in texts:
            self.count += 1
            path = self.folder / (name or f"{self.count}.log")
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(path)
        return score("ingest", "--strict", "--db", case or self.case, "--meta", meta or self.meta, *paths,
                     code=code)

    def rows(self, case=None):
        """Rows by host and query, from what rank -f json shows of every key."""
        found = rank(case or self.case, 100000, "json", "--max-hosts", 100000)
        return sorted((s["host_identifier"], k["query"], json.dumps(s["row"], sort_keys=True))
                      for k in found for s in k["sightings"])


def run(names, make_shared=lambda folder: None):
    """Calls test_*(shared, lab) of a module's globals, those that the command line names; gives the exit code."""
    tests = [(name, test) for name, test in names.items() if name.startswith("test_")]
    wanted = sys.argv[1:]
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="fsa-score-") as folder:
        shared = make_shared(Path(folder) / "shared")
        for name, test in tests:
            if wanted and not any(w in name for w in wanted):
                continue
            place = Path(folder) / name
            place.mkdir()
            try:
                test(shared, Lab(place))
                passed += 1
            except Skip as reason:
                skipped += 1
                print(f"skipped: {name}: {reason}")
            except Exception:
                failed += 1
                print(f"FAILED: {name}\n{traceback.format_exc(limit=3)}")
            shutil.rmtree(place)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
