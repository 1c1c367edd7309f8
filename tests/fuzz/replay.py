#!/usr/bin/env python3
"""Replays a fuzz target's saved inputs, one test an input: `replay.py PROGRAM CORPUS`."""
import os
import subprocess
import sys

program, corpus = sys.argv[1:3]
passed = failed = 0
names = sorted(os.listdir(corpus)) if os.path.isdir(corpus) else []
done = subprocess.run([program, corpus], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
if done.returncode == 0 and names:
    passed = len(names)
elif not names:
    print("no saved inputs in", corpus)
    failed = 1
else:  # find the ones that fail
    for name in names:
        one = subprocess.run([program, os.path.join(corpus, name)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if one.returncode == 0:
            passed += 1
        else:
            failed += 1
            print("%s: %s" % (name, one.stdout.decode("utf-8", "replace")[-3000:]))
print("%d passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
