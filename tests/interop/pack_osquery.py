#!/usr/bin/env python3
"""The built pack for Linux through osquery's core: each query is answered, with the columns that the scorer was told.

Under osquery what is unknown is '' and not NULL, and constraints come in another form: a query that the shell answers
may fail here. The recorded answers differ from moment to moment, so they are compared by their columns and by
what must be there in any case.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "osquery_core"))
from peer import BUILD, CORE, core  # noqa: E402

FSA = os.path.join(BUILD, "bin/fsa")
MOST_SECONDS = 60  # of one query, on a machine that does other things
SAMPLE = os.path.join(BUILD, "evidence/rules/bad/cobalt_strike_configuration-0")  # inert
ALWAYS = {"fsa_processes", "fsa_parent_child", "fsa_modules", "fsa_coverage"}  # a running host has rows of these
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %.600s" % (name, detail))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def plant(folder):
    """The sample in the memory of a process, and in a file of a folder that everybody may write to."""
    shutil.copy(SAMPLE, os.path.join(folder, "sample"))
    process = subprocess.Popen([os.path.join(BUILD, "tests/plant-sample"), SAMPLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def check_planted(peer, pack):
    if not os.path.exists(SAMPLE):
        return skip("what is planted", "the fixture was not made")
    folder = tempfile.mkdtemp(prefix="fsa-", dir="/var/tmp")
    process = plant(folder)
    try:
        for name, wanted in (("fsa_memory_strings", os.path.realpath(os.path.join(BUILD, "tests/plant-sample"))),
                             ("fsa_suspicious_files", os.path.join(folder, "sample"))):
            rows = peer.rows(pack["queries"][name]["query"].rstrip(";"))
            test("%s: what is planted is found" % name, any(row[:2] == ("cobalt_strike_configuration", wanted) for row in rows), rows)
    finally:
        process.communicate()
        shutil.rmtree(folder)


def check(pack, meta):
    with core() as peer:
        check_planted(peer, pack)
        test("the discovery query finds the extension", peer.extensions(), peer.log())
        for name, query in pack["queries"].items():
            start = time.monotonic()
            reply = peer.sql(query["query"].rstrip(";"))
            seconds = time.monotonic() - start
            test("%s: answered" % name, "rows" in reply, reply.get("error"))
            test("%s: columns" % name, reply.get("columns") == meta[name]["columns"], reply.get("columns"))
            test("%s: rows" % name, reply.get("rows") or name not in ALWAYS)
            test("%s: at most max_rows" % name, len(reply.get("rows", [])) <= meta[name]["max_rows"], len(reply.get("rows", [])))
            test("%s: in time" % name, seconds < MOST_SECONDS, seconds)


def main():
    folder = tempfile.mkdtemp(prefix="fsa-pack-")
    try:
        if not os.path.exists(CORE):
            skip("everything", "osquery-core was not built")
        else:
            subprocess.run([FSA, "pack", "build", "-o", folder], check=True, timeout=60)
            read = lambda name: json.load(open(os.path.join(folder, name), encoding="ascii"))
            check(read("fsa-linux.json"), read("fsa-pack-meta.json")["queries"])
    finally:
        shutil.rmtree(folder)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
