#!/usr/bin/env python3
"""The Windows programs start on Windows 7 SP1: each function that they import was there already.

imports.txt is the list of what they may import, each name known from Windows 7. An import
that the system lacks keeps a program from starting at all, and Wine, which has the newer functions too, would
not show it. Also: every program can be loaded anywhere, its data is not executed, and it brings no debug data.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("FSA_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build-windows"))
PROGRAMS = ("fsa.exe", "fsa.dll", "fsa.ext.exe", "fsa-score.exe")
HARDENED = ("HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT")

totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, failures):
    totals["fail" if failures else "pass"] += 1
    if failures:
        print("FAIL %s\n  %s" % (name, "\n  ".join(failures)))


def allowed():
    """Library, in lower case -> names of its functions that Windows 7 has."""
    found, library = {}, None
    with open(os.path.join(HERE, "imports.txt"), encoding="ascii") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            if not line.startswith(" "):
                library = found.setdefault(line.strip().lower(), set())
            else:
                library.update(line.split())
    return found


def headers(path):
    return subprocess.run(["x86_64-w64-mingw32-objdump", "-p", path], stdout=subprocess.PIPE, check=True,
                          env=dict(os.environ, LC_ALL="C")).stdout.decode("ascii", "replace")


def imports(text):
    """Pairs (library, function); one that is imported by number is called <none>, which no list allows."""
    library = None
    for line in text.splitlines():
        named = re.match(r"\s+DLL Name: (\S+)", line)
        member = re.match(r"\s+[0-9a-f]+\s+\d+\s+(\S+)$", line)
        if named:
            library = named.group(1).lower()
        elif not line.strip():
            library = None
        elif library and member:
            yield library, member.group(1)


def main():
    known = allowed()
    for program in PROGRAMS:
        path = os.path.join(BUILD, "bin", program)
        if not os.path.exists(path):
            test(program, ["it is not built"])
            continue
        text = headers(path)
        found = sorted(set(imports(text)))
        test(program + " imports", ["nothing at all"] if not found else
             ["%s!%s: is it older than Windows 8? Then add it to imports.txt; else find it at run time" % pair
              for pair in found if pair[1] not in known.get(pair[0], ())])
        test(program + " flags", [flag + " is not set" for flag in HARDENED if flag not in text])
        test(program + " debug data", ["it is not stripped"] if ".debug_info" in subprocess.run(
            ["x86_64-w64-mingw32-objdump", "-h", path], stdout=subprocess.PIPE).stdout.decode() else [])
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
