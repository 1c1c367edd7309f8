#!/usr/bin/env python3
"""Memory and first-row promises: a 1 GB folder of event logs under 100 MB, LIMIT 1 at once.

The folder is 64 names of one 16 MB log of the shared evidence; without it the test is skipped.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence"))
FSA = os.path.join(BUILD, "bin/fsa")
LOG = os.path.join(SHARED, "perf/evtx/StolenSzechuan_System.evtx")
COPIES = 64
CEILING_MB = 100
SANITIZED = os.environ.get("FSA_SANITIZED") == "1"
totals = {"pass": 0, "fail": 0}


def test(name, wrong):
    totals["fail" if wrong else "pass"] += 1
    if wrong:
        print("FAIL %s: %s" % (name, wrong))


def run(evidence, sql):
    """(output, peak resident MB, seconds)"""
    began = time.monotonic()
    process = subprocess.Popen([FSA, "-e", evidence, "-f", "csv", sql], stdout=subprocess.PIPE)
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        output = "exit %d" % (status >> 8)
    return output, usage.ru_maxrss / 1024, time.monotonic() - began


def main():
    if SANITIZED or not os.path.exists(LOG):
        why = "a sanitizer's shadow memory counts as ours" if SANITIZED else "no shared evidence"
        print("skipped memory of a 1 GB folder: %s" % why)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        logs = os.path.join(folder, "Windows/System32/winevt/Logs")
        os.makedirs(logs)
        os.makedirs(os.path.join(folder, "Windows/System32/config"))
        first = os.path.join(logs, "System-00.evtx")
        shutil.copy(LOG, first)
        for i in range(1, COPIES):
            os.link(first, os.path.join(logs, "System-%02d.evtx" % i))
        size = COPIES * os.path.getsize(first) >> 20
        output, peak, seconds = run(folder, "SELECT count(*), sum(length(event)) FROM fsa_event_log")
        print("%d MB of event logs as JSON: %.1f s, %.0f MB resident" % (size, seconds, peak))
        rows = output.split("\n")[1] if "\n" in output else output
        test("every event of %d logs" % COPIES, None if rows.startswith("%d," % (60189 * COPIES)) else rows)
        test("resident memory", None if peak < CEILING_MB else "%.0f MB" % peak)
        _, peak, _ = run(folder, "SELECT count(*) FROM fsa_script_blocks")
        test("resident memory of script blocks", None if peak < CEILING_MB else "%.0f MB" % peak)
        _, _, seconds = run(folder, "SELECT * FROM fsa_event_log LIMIT 1")
        print("LIMIT 1: %.3f s" % seconds)
        test("LIMIT 1 at once", None if seconds < 0.5 else "%.2f s" % seconds)
    print("%(pass)d passed, %(fail)d failed" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
