#!/usr/bin/env python3
"""fsa_shimcache against what independent readers found in real values and hives.

Ground truth: groundtruth/shimcache.json.gz of the shared evidence (an own decoder of that folder,
regipy's plugin and EricZimmerman's counts), field by field. Differences that are meant:
- Windows XP: rows come in the order of the list of use, as Mandiant's reader has them; the ground
  truth lists the slots and gives that order apart.
- Windows 10 since 1703: regipy drops entries that it takes for doubles (868 of 1024 in
  SYSTEM_WIN_10_1709, 279 of 406 in SYSTEM_B); we drop none, as EricZimmerman's reader.
- SYSTEM_2 (a dirty hive without its logs) holds the value of a Windows 8.1 whose header begins with 0:
  no reader of the ground truth knows it, so its first path is compared with the hive's bytes.
"""
import gzip
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence"))
FSA = os.path.join(BUILD, "bin/fsa")
TRUTH = os.path.join(SHARED, "dev/groundtruth/shimcache.json.gz")
FORMATS = {"winxp": "xp", "win7x86": "7-x86", "win7x64": "7-x64", "win8.0": "8.0", "win8.1": "8.1",
           "win10_hdr30": "10", "win10_hdr34": "10-creators"}
totals = {"passed": 0, "failed": 0, "skipped": 0}


def test(name, wrong):
    totals["failed" if wrong else "passed"] += 1
    if wrong:
        print("FAIL %s: %s" % (name, wrong))


def rows(evidence, where=""):
    sql = ("SELECT position, path, modified_time_ns, execution_flag, is_executed, file_size, update_time_ns, "
           "insert_flags, shim_flags, data_size, package, format, control_set FROM fsa_shimcache " + where)
    done = subprocess.run([FSA, "-f", "json", "-e", evidence, sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout)


def ns(filetime):
    return (filetime - 116444736000000000) * 100 if filetime else None


def expected(entry, position):
    """The ground truth's entry in our columns, as far as it has them."""
    row = {"position": position, "path": entry["path"], "modified_time_ns": ns(entry["modified_filetime"])}
    if "insert_flags" in entry:
        row.update(insert_flags="0x%x" % entry["insert_flags"], shim_flags="0x%x" % entry["shim_flags"],
                   execution_flag=int(entry["executed"]))
    if "size" in entry:
        row.update(file_size=entry["size"], update_time_ns=ns(entry["update_filetime"]))
    if "data_size" in entry:
        row.update(data_size=entry["data_size"])
    if "package" in entry:
        row.update(package=entry["package"] or None)
    return row


def compare(got, truth):
    entries = truth["entries"]
    if truth["format"] == "winxp":
        entries = [entries[slot] for slot in truth["lru_order"]]
    if len(got) != len(entries):
        return "%d rows, %d in the ground truth" % (len(got), len(entries))
    for position, (row, entry) in enumerate(zip(got, entries)):
        for column, value in expected(entry, position).items():
            if row[column] != value:
                return "row %d, %s: %r, ground truth %r" % (position, column, row[column], value)
        if row["format"] != FORMATS.get(truth["format"], truth["format"]):
            return "format %s, ground truth %s" % (row["format"], truth["format"])
    return None


def field_by_field():
    for name, truth in json.load(gzip.open(TRUTH)).items():
        path, _, control_set = name.partition("#")
        where = "WHERE control_set = %d" % int(control_set[-3:]) if control_set else ""
        test(name, compare(rows(os.path.join(SHARED, "dev", path), where), truth["own"]))


def counts():
    """Hives whose entries the shared evidence's README counts."""
    known = {"perf/hives/SYSTEM_WIN_10_1709": 1024, "perf/hives/SYSTEM_B": 406}
    for name, count in known.items():
        path = os.path.join(SHARED, name)
        if not os.path.exists(path):
            totals["skipped"] += 1
            print("skipped: %s is not there" % name)
            continue
        got = len(rows(path))
        test(name, None if got == count else "%d rows, %d expected" % (got, count))


def headless():
    name = "perf/hives/SYSTEM_2"
    path = os.path.join(SHARED, name)
    if not os.path.exists(path):
        totals["skipped"] += 1
        print("skipped: %s is not there" % name)
        return
    got = rows(path)
    first = got[0]["path"] if got else None
    held = first is not None and first.encode("utf-16le") in open(path, "rb").read()
    ok = held and {row["format"] for row in got} == {"8.1"}
    test(name, None if ok else "first path %r" % first)


def main():
    if not os.path.exists(TRUTH):
        print("skipped: no shared evidence at %s" % SHARED)
        totals["skipped"] += 1
    else:
        field_by_field()
        counts()
        headless()
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
