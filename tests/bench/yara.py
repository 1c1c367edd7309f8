#!/usr/bin/env python3
"""fsa_yara_files against the `yara` program: the same rules, the same files, the same number of threads.

Prints `name: ours X, peer Y, ratio Z` (seconds; a ratio above 1: ours is faster). The best of three runs
counts, both after a first one that fills the page cache; the answers must be equal.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence"))
FSA = os.path.join(BUILD, "bin/fsa")
EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")
THREADS = os.cpu_count() or 1
FOLDERS = ("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/sbin")
MOST_BYTES = 400 << 20
RUNS = 3

ONE_RULE = 'rule one { strings: $a = "FSA-CANARY" nocase $b = /[a-z]{3}-canary-[0-9]{4}/ condition: any of them }\n'


def timed(command, text=None):
    """(seconds of the best run, output)"""
    best, output = None, b""
    for run in range(RUNS + 1):
        began = time.monotonic()
        output = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        spent = time.monotonic() - began
        if run and (best is None or spent < best):
            best = spent
    return best, output


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def compare(name, rules, target):
    spaces = ["n%d:%s" % (i, path) for i, path in enumerate(rules)]
    peer, output = timed(["yara", "-w", "-N", "-f", "-r", "-p", str(THREADS), *spaces, target])
    there = {tuple(line.split(" ", 1)) for line in output.decode("utf-8", "replace").splitlines()}
    sql = "SELECT path, rule FROM fsa_yara_files WHERE path LIKE %s AND sigfile IN (%s)" % (
        quote(target + "/%"), ", ".join(map(quote, rules)))
    ours, output = timed([FSA, "-f", "json", "--jobs", str(THREADS)], sql.encode())
    here = {(row["rule"], row["path"]) for row in json.loads(output or b"[]")}
    if here != there:
        sys.exit("%s: the answers differ: %r" % (name, sorted(here ^ there)[:5]))
    print("%s: ours %.2f s, peer %.2f s, ratio %.2f" % (name, ours, peer, peer / ours))


def gather(target):
    """This machine's programs and libraries, without links, which the two would follow differently."""
    total = 0
    os.makedirs(target)
    for folder in FOLDERS:
        for name in sorted(os.listdir(folder) if os.path.isdir(folder) else []):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path) or total + os.path.getsize(path) > MOST_BYTES:
                continue
            shutil.copyfile(path, os.path.join(target, "%s-%s" % (os.path.basename(folder), name)))
            total += os.path.getsize(path)
    print("yara: %d files, %d MiB, %d threads" % (len(os.listdir(target)), total >> 20, THREADS))


def usable(paths):
    """Rule files that yara compiles without being told of externals."""
    asked = re.compile(r"\b(%s)\b" % "|".join(EXTERNALS))
    return [path for path in paths if not asked.search(open(path, encoding="latin-1").read())
            and b"error" not in subprocess.run(["yara", "-w", path, os.devnull], stderr=subprocess.PIPE,
                                               stdout=subprocess.DEVNULL).stderr]


def main():
    if not shutil.which("yara"):
        return print("skipped yara: no yara program")
    with tempfile.TemporaryDirectory() as folder:
        one, target = os.path.join(folder, "one.yar"), os.path.join(folder, "files")
        gather(target)
        with open(one, "w") as file:
            file.write(ONE_RULE)
        compare("yara, one rule", [one], target)
        rules = usable(sorted(glob.glob(os.path.join(SHARED, "perf/yara/signature-base-yara/*.yar"))))
        if not rules:
            return print("skipped yara, many rules: no shared evidence")
        compare("yara, %d rule files" % len(rules), rules, target)


if __name__ == "__main__":
    main()
