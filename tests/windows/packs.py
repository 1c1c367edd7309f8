#!/usr/bin/env python3
"""Every pack query for Windows on a live one: answered in time, with its columns; what plants put there is in the rows.

Wine has no lsass, no drivers to speak of and no logs, so most answers are short; tests/interop/pack_hosts.py
asks the same queries of generated hosts.
"""
import glob
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests/evidence"))
from host_tables import header  # noqa: E402

BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build-windows"))
WINE = os.environ.get("FSA_WINE", os.path.join(ROOT, "cmake/windows/wine"))
FSA = os.path.join(BUILD, "bin/fsa.exe")
MOST_SECONDS = 60
NAME = "fsa-packs-%d" % os.getpid()
# Wine runs these always, or the plants do: (query, column, what stands in it)
THERE = [("fsa_processes_windows", "name", "services.exe"), ("fsa_parent_child", "name", "services.exe"),
         ("fsa_modules", "path", "ntdll.dll"), ("fsa_services", "name", "RpcSs"),
         ("fsa_named_pipes_windows", "name", NAME), ("fsa_mutexes", "name", NAME)]
totals = {"passed": 0, "failed": 0, "skipped": 0}


def test(name, good, detail=""):
    totals["passed" if good else "failed"] += 1
    if not good:
        print("FAIL %s: %.400s" % (name, detail))


def queries():
    """{id: (columns of the key, SQL)}"""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "packs/*/*.sql"))):
        fields, sql = header(path)
        if "awaits" in fields or fields["platform"] not in ("all", "windows"):
            continue
        names = [os.path.join(os.path.dirname(path), name) for name in fields.get("yara", "").split(", ") if name]
        texts = [open(name, encoding="ascii").read().replace("'", "''") for name in names]
        found[fields["id"]] = (fields["key"].split(", "), sql.replace("@rules@", ", ".join("'%s'" % text for text in texts)))
    return found


def ask(sql):
    done = subprocess.run([WINE, FSA, "-f", "json"], input=sql.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=2 * MOST_SECONDS)
    return done.returncode, json.loads(done.stdout.decode() or "[]"), done.stderr.decode("utf-8", "replace")


class Plant:
    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([WINE, os.path.join(BUILD, "tests/plant-%s.exe" % name), *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.words = self.process.stdout.readline().decode().split()
        if not self.words:
            raise RuntimeError("the plant %s ended" % name)

    def read_all(self):
        """To the line that says that everything is planted."""
        while (line := self.process.stdout.readline().strip()) != b".":
            if not line:
                raise RuntimeError("the plant ended")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait()


def check():
    rows = {}
    for name, (keys, sql) in queries().items():
        start = time.monotonic()
        code, rows[name], errors = ask(sql)
        seconds = time.monotonic() - start
        test("%s: answered" % name, code == 0, errors)
        test("%s: in time" % name, seconds < MOST_SECONDS, seconds)
        test("%s: columns of the key" % name, all(key in row for row in rows[name] for key in keys), rows[name][:1])
    for query, column, wanted in THERE:
        test("%s: %s" % (query, wanted), any(wanted.lower() in str(row[column]).lower() for row in rows[query]), rows[query][:3])


def main():
    with Plant("sleeper") as sleeper, Plant("named_pipes", NAME), Plant("objects", NAME, sleeper.words[1]) as objects:
        objects.read_all()
        check()
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
