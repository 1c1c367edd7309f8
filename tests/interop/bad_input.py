#!/usr/bin/env python3
"""Bad evidence of every kind, for every table that reads files: rows where rows can be had, else words.

Each file is cut, bent, emptied, replaced by something else, made unreadable and made to vanish. The
shell must end in time with an exit code of its manual, without a sanitizer's report, and never with
nothing at all: rows, a problem that names the file, or a refusal.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
FIXTURES = os.path.join(BUILD, "evidence")
NOBODY = 65534
SEEDS = 12
# a good file, what is asked of it
SUBJECTS = {
    "log": ("demo/case/host-b/Windows/System32/winevt/Logs/Security.evtx", "fsa_event_log"),
    "scripts": ("demo/case/host-a/C/Windows/System32/winevt/Logs/Microsoft-Windows-PowerShell%4Operational.evtx",
                "fsa_script_blocks"),
    "hive": ("demo/case/host-a/C/Windows/System32/config/SYSTEM", "fsa_registry"),
    "cache": ("shimcache/values/10.bin", "fsa_shimcache"),
}
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, wrong):
    totals["fail" if wrong else "pass"] += 1
    if wrong:
        print("FAIL %s: %s" % (name, wrong))


def ask(path, table, as_nobody=None):
    """(rows, problems, exit code, standard error)"""
    sql = "SELECT count(*) AS n FROM %s; SELECT code, problem_source, message FROM fsa_problems" % table
    command = [as_nobody or FSA, "--strict", "-f", "jsonl", "-e", path, sql]
    if as_nobody:
        command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] + command
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    lines = [json.loads(line) for line in done.stdout.decode("utf-8", "replace").splitlines()]
    rows = lines[0]["n"] if lines else 0
    return rows, lines[1:], done.returncode, done.stderr.decode("utf-8", "replace")


def judge(name, path, table, must_tell, **options):
    try:
        rows, problems, status, errors = ask(path, table, **options)
    except subprocess.TimeoutExpired:
        return test(name, "not finished within a minute")
    if "Sanitizer" in errors or "runtime error" in errors or status not in (0, 3, 4):
        return test(name, "exit %d: %s" % (status, errors[-1500:]))
    if status == 3:
        return test(name, None if path in errors else "a refusal without the file's name: " + errors)
    if not problems and (must_tell or not rows):
        return test(name, "%d rows and not a word" % rows)
    nameless = [p for p in problems if not p["problem_source"] or not p["message"]]
    if problems and (status != 4 or nameless):
        return test(name, "exit %d, problems %r" % (status, problems))
    return test(name, None)


def damage(kind, good):
    """(name, bytes, must it be told) of files that differ from the good one."""
    data = open(good, "rb").read()
    for part in range(1, 10):
        yield "%s cut to %d tenths" % (kind, part), data[:len(data) * part // 10], False
    yield "%s cut by one byte" % kind, data[:-1], False
    yield "%s empty" % kind, b"", True
    yield "%s of another type" % kind, b"MZ" + bytes(range(256)) * 64, True
    yield "%s of zeros" % kind, bytes(len(data)), True
    for seed in range(SEEDS):
        bent = bytearray(data)
        chooser = random.Random(seed)
        for _ in range(1 + seed * 3):
            bent[chooser.randrange(len(bent))] ^= 1 << chooser.randrange(8)
        yield "%s with %d bits flipped" % (kind, 1 + seed * 3), bytes(bent), False


def main():
    if not os.path.isdir(FIXTURES):
        sys.exit("no fixtures in %s: run ./dev test" % FIXTURES)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(FSA, folder)
        for kind, (good, table) in SUBJECTS.items():
            good = os.path.join(FIXTURES, good)
            path = os.path.join(folder, os.path.basename(good))
            for name, data, must_tell in damage(kind, good):
                with open(path, "wb") as file:
                    file.write(data)
                judge(name, path, table, must_tell)
            shutil.copy(good, path)
            os.chmod(path, 0)
            if os.geteuid() == 0 and shutil.which("setpriv"):
                judge("%s without permission" % kind, path, table, True, as_nobody=program)
            else:
                totals["skip"] += 1
                print("skipped %s without permission: it needs root and setpriv" % kind)
            os.unlink(path)
            judge("%s that is gone" % kind, path, table, True)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
