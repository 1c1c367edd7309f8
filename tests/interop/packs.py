#!/usr/bin/env python3
"""Every pack query on the evidence that its header names: `positive` gives rows, `negative` none.

A second look at the keys: no key may hold what differs between two equal hosts - a pid, a time, an
address - and the answers must be the same when they are asked twice.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/evidence"))
from host_tables import header, meets, rules  # noqa: E402

BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
SHARED = os.path.join(os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence")), "perf")
SYSTEM = os.environ.get("FSA_SYSTEM", "linux")
PER_HOST = re.compile(r"^(pid|tid|parent|time|datetime|.*_time|start|end|inode|record_id|position|fd)$")
# A query about the look itself has nothing to say before something else was asked.
ASKED_BEFORE = {"fsa_problems": "SELECT count(*) FROM fsa_processes"}
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def place(evidence):
    """The header's word as fsa's -e takes it; None when the fixture was not made."""
    if evidence == "live":
        return "live"
    is_live = evidence.startswith("live:")
    folder = os.path.join(BUILD, "evidence", evidence[5:] if is_live else evidence)
    return ("live:" if is_live else "") + folder if os.path.exists(folder) else None


def rules_of(path, fields):
    """The texts of a query's YARA rules as a list of SQL strings."""
    files = [os.path.join(os.path.dirname(path), name) for name in fields.get("yara", "").split(", ") if name]
    return ", ".join("'" + open(file, encoding="ascii").read().replace("'", "''") + "'" for file in files)


def plant():
    """A process with an inert sample of a beacon's settings in executable memory."""
    sample = os.path.join(BUILD, "evidence/rules/bad/cobalt_strike_configuration-0")
    process = subprocess.Popen([os.path.join(BUILD, "tests/plant-sample"), sample], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def ask(fields, sql, evidence):
    before = [ASKED_BEFORE[fields["id"]]] if fields["id"] in ASKED_BEFORE else []
    done = subprocess.run([FSA, "-e", evidence, "-f", "json", *before, sql], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout.split(b"]\n", 1)[1] if before else done.stdout)


def check(path):
    fields, sql = header(path)
    sql = sql.replace("@rules@", rules_of(path, fields))
    name = fields["id"]
    keys = [key for key in re.split(r"[, ]+", fields["key"]) if key != "-"]
    test(name + ": no key of one host only", not [key for key in keys if PER_HOST.match(key)], keys)
    if "awaits" in fields:
        skip(name, "awaits " + fields["awaits"])
        return
    test(name + ": proven on evidence", fields["positive"] != "-")
    test(name + ": a detection has evidence in which it is silent", "tpr" not in fields or fields["negative"] != "-")
    for kind, wanted in (("positive", True), ("negative", False)):
        if fields[kind] in ("-", "generated"):
            continue  # generated: tests/interop/pack_hosts.py asks it
        if fields[kind] == "live" and fields["platform"] not in ("all", SYSTEM):
            skip("%s: %s" % (name, kind), "needs a live host of %s" % fields["platform"])
            continue
        if fields[kind] == "planted" and SYSTEM != "linux":
            skip("%s: %s" % (name, kind), "plants on Linux")
            continue
        planted = plant() if fields[kind] == "planted" else None
        evidence = "live" if planted else place(fields[kind])
        if not evidence:
            skip("%s: %s" % (name, kind), "the fixture %s was not made" % fields[kind])
            continue
        rows = ask(fields, sql, evidence)
        if planted:
            planted.communicate()
        test("%s: %s evidence" % (name, kind), bool(rows) == wanted, rows[:3])
        test("%s: columns of the key" % name, all(key in row for row in rows for key in keys))
        test("%s: no key is empty" % name, all(any(row[key] not in (None, "") for key in keys) for row in rows), rows[:3])
        if evidence != "live" and name not in ("fsa_coverage", "fsa_problems"):
            test("%s: the same again" % name, ask(fields, sql, evidence) == rows)


# A server that was attacked from a machine called kali, the PowerShell log of another one, and the SYSTEM hive of a
# workstation in daily use: what must be found, and how rarely a rule may be true of a harmless row.
REAL = {"winevt/Logs/Security.evtx": "evtx/StolenSzechuan_Security.evtx",
        "winevt/Logs/Microsoft-Windows-PowerShell%4Operational.evtx": "evtx/Belkasoft_PowerShell_Operational.evtx",
        "config/SYSTEM": "hives/SYSTEM_WIN_10_1709"}
FOUND = {"logon_attacker_workstation", "script_download_and_run"}
MOST_HITS = 0.01  # of the rows of a harmless source
HARMLESS = {"fsa_services", "fsa_shimcache", "fsa_shimcache_folders", "fsa_run_keys"}


def check_real():
    if not os.path.isdir(SHARED):
        return skip("real evidence", "no shared evidence")
    folder, found = tempfile.mkdtemp(prefix="fsa-packs-"), set()
    try:
        for place, source in REAL.items():
            path = os.path.join(folder, "Windows/System32", place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(os.path.join(SHARED, source), path)
        done = subprocess.run([FSA, "sweep", "--quiet", "-e", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        for entry in map(json.loads, done.stdout.splitlines()):
            if "snapshot" not in entry:
                continue
            name, rows = entry["name"][len("pack_fsa_"):], entry["snapshot"]
            fields, _ = header(glob.glob(os.path.join(ROOT, "packs/*/%s.sql" % name[len("fsa_"):]))[0])
            for rule, condition in rules(fields):
                hits = sum(meets(condition, row) for row in rows)
                found |= {rule} if hits else set()
                test("%s: %s: %d of %d harmless rows" % (name, rule, hits, len(rows)),
                     name not in HARMLESS or hits <= MOST_HITS * len(rows), hits)
        test("what was done to real hosts is found", FOUND <= found, found)
    finally:
        shutil.rmtree(folder)


def main():
    check_real()
    for path in sorted(glob.glob(os.path.join(ROOT, "packs/*/*.sql"))):
        check(path)
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
