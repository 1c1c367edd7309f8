#!/usr/bin/env python3
"""fsa_yara_files and fsa_yara_memory against the `yara` program, on the same files, memory and rules."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence"))
FSA = os.path.join(BUILD, "bin/fsa")
FIXTURE = os.path.join(BUILD, "evidence/yara")
EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def same(name, got, expected):
    difference = "only here %r, only there %r" % (sorted(got - expected)[:5], sorted(expected - got)[:5])
    test(name, got == expected, difference)


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def ask(sql, evidence=None):
    command = [FSA, "-f", "json"] + (["-e", evidence] if evidence else [])
    done = subprocess.run(command, input=sql.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode()[-1000:])
    return json.loads(done.stdout or b"[]")


def yara(*arguments):
    defines = [word for name in EXTERNALS for word in ("-d", name + "=")]
    done = subprocess.run(["yara", "-w", *defines, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=600)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def yara_pairs(output):
    """{(rule, target)}"""
    return {tuple(line.split(" ", 1)) for line in output.splitlines() if line}


def yara_places(output):
    """{(rule, target, string, offset)} of `yara -s`."""
    places, rule, target = set(), None, None
    for line in output.splitlines():
        found = re.match(r"0x([0-9a-f]+):(\$\w*): ", line)
        if found:
            places.add((rule, target, found.group(2), int(found.group(1), 16)))
        elif " " in line:
            rule, target = line.split(" ", 1)
    return places


def check_fixture():
    """Every place of every string, on the files that our own rules are made for."""
    for name in ("canary.yar", "executables.yar"):
        rules = os.path.join(FIXTURE, "etc", name)
        there, errors = yara("-s", "-r", rules, os.path.join(FIXTURE, "srv"))
        here = set()
        pairs = set()
        for row in ask("SELECT path, rule, strings FROM fsa_yara_files WHERE path LIKE '/srv/%%' AND sigfile = %s"
                       % quote(rules), FIXTURE):
            target = FIXTURE + row["path"]
            pairs.add((row["rule"], target))
            here |= {(row["rule"], target, s["string"], s["offset"]) for s in row["strings"]}
        same("places of " + name, here, yara_places(there))
        same("files of " + name, pairs, yara_pairs(yara("-r", rules, os.path.join(FIXTURE, "srv"))[0]))
        test("no errors of " + name, not errors, errors)


def usable_rules():
    """Rule files that yara itself compiles and that do not ask for a file's name, which it cannot give."""
    asked = re.compile(r"\b(%s)\b\s*(==|!=|matches|\w*contains|\w*startswith|\w*endswith|iequals)" % "|".join(EXTERNALS))
    usable = []
    for path in sorted(glob.glob(os.path.join(SHARED, "perf/yara/signature-base-yara/*.yar"))):
        text = open(path, encoding="latin-1").read()
        if asked.search(text) or '"magic"' in text:
            continue
        if "error" not in yara(path, os.devnull)[1]:
            usable.append(path)
    return usable


def check_real_rules():
    rules = usable_rules()
    if not rules:
        return skip("real rules", "no shared evidence")
    folders = [os.path.join(SHARED, name) for name in ("dev/pe", "dev/psconsole", "dev/hives", "dev/lnk", "dev/linux")]
    for folder in [os.path.realpath(f) for f in folders if os.path.isdir(f)] + ["/usr/sbin"]:
        spaces = ["n%d:%s" % (i, path) for i, path in enumerate(rules)]
        there = yara_pairs(yara("-r", "-N", *spaces, folder)[0])
        here = {(row["rule"], row["path"]) for row in ask(
            "SELECT path, rule FROM fsa_yara_files WHERE path LIKE %s AND sigfile IN (%s)"
            % (quote(folder + "/%"), ", ".join(map(quote, rules))))}
        same("%d rule files on %s (%d matches)" % (len(rules), os.path.basename(folder), len(there)), here, there)


def plant():
    process = subprocess.Popen([os.path.join(BUILD, "tests/plant-canary")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    words = process.stdout.readline().decode().split()
    return process, [int(word, 16) for word in words[1:]]


def memory_places(pid, rules, more=""):
    rows = ask("SELECT rule, string, address, permissions, path, data FROM fsa_yara_memory WHERE pid = %d AND sigfile = %s %s"
               % (pid, quote(rules), more))
    return rows, {(row["rule"], str(pid), row["string"], int(row["address"], 16)) for row in rows}


def check_memory():
    rules = os.path.join(ROOT, "packs/rules/canary.yar")
    process, places = plant()
    try:
        rows, here = memory_places(process.pid, rules)
        marked = {place[3] for place in here if place[2] == "$number"}
        same("the executable region, across windows", marked, set(places[:3]))
        test("region", {(r["permissions"], r["path"]) for r in rows} == {("r-xp", None)}, rows)
        test("data", all(bytes.fromhex(r["data"]).startswith(b"FSA-") for r in rows), rows)
        _, whole = memory_places(process.pid, rules, "AND all_regions = 1")
        test("all regions", set(places) <= {place[3] for place in whole}, "%r in %r" % (places, whole))
        sanitized = os.environ.get("FSA_SANITIZED") == "1"  # its planted program reserves terabytes
        there, errors = ("", "a sanitizer's address space") if sanitized else yara("-s", rules, str(process.pid))
        if errors.strip():
            skip("yara on a process", errors.strip())
        else:
            same("places in memory", whole, yara_places(there))
        counts = ask("SELECT count(*) AS n FROM fsa_yara_memory WHERE pid = %d AND all_regions = 1 AND sigrule = %s"
                     % (process.pid, quote("rule both { strings: $a = \"FSA-CANARY\" $b = { 7f 45 4c 46 02 01 01 } condition: all of them }")))
        test("a condition over several regions", counts[0]["n"] > 4, counts)
    finally:
        process.stdin.close()
        process.wait()


def main():
    if not shutil.which("yara"):
        skip("everything", "no yara program")
    else:
        check_fixture()
        check_memory()
        check_real_rules()
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
