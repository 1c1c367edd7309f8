#!/usr/bin/env python3
"""60,000 events of 1 KB JSON out of one SQLite table: fsa's modes against sqlite3's, same rows, same machine."""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
ROWS, RUNS = 60000, 5
EVENT = ('{"System":{"Provider":{"Name":"Microsoft-Windows-PowerShell"},"EventID":4104,"Level":5,"Task":2,'
         '"TimeCreated":"2026-11-24T10:11:%02d.1234567Z","Channel":"Microsoft-Windows-PowerShell/Operational"},'
         '"EventData":{"MessageNumber":1,"ScriptBlockText":"%s","Path":"C:\\\\Windows\\\\Temp\\\\x.ps1"}}')


def make(path):
    text = "".join("Get-Item -Path \\\"C:\\\\Users\\\\%d\\\" | Out-Null;\\n" % i for i in range(14))
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE event(id INTEGER, event TEXT)")
        db.executemany("INSERT INTO event VALUES (?, ?)", ((i, EVENT % (i % 60, text)) for i in range(ROWS)))


def best(command):
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return min(times)


def main():
    if not shutil.which("sqlite3"):
        print("skipped: no sqlite3")
        return
    folder = tempfile.mkdtemp(prefix="fsa-bench-")
    try:
        path = os.path.join(folder, "events.db")
        make(path)
        for mode, peer in (("csv", "-csv"), ("json", "-json"), ("box", "-box")):
            ours = best([FSA, "-f", mode, "ATTACH '%s' AS e" % path, "SELECT id, event FROM e.event"])
            theirs = best(["sqlite3", peer, "-readonly", path, "SELECT id, event FROM event"])
            print("output-%s: ours %.0f ms, peer %.0f ms (sqlite3 %s), ratio %.1f" %
                  (mode, ours * 1000, theirs * 1000, peer, theirs / ours))
        lines = best([FSA, "-f", "jsonl", "ATTACH '%s' AS e" % path, "SELECT id, event FROM e.event"])
        size = ROWS * len(EVENT % (0, "x" * 700)) / 1e6
        print("output-jsonl: ours %.0f ms, %.0f MB/s" % (lines * 1000, size / lines))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
