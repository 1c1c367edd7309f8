#!/usr/bin/env python3
"""Runs tests/cases/*.test: SQL and the rows it must give, through the shell and the loadable module.

A case file is a list of blocks:

    === what the case shows
    system: linux                or windows: the programs' system; absent: both
    evidence: hives/win10        below build/evidence; shared:PATH below the shared evidence; absent: live
    sql: SELECT ... '{evidence}' ...
    rows:                        what `fsa -f csv` prints, header included; a line `...`: any further rows
    problems:                    code|part of the source|part of the message; absent: there must be none
    exit: 0

`run-cases.py [FILE ...]`; each block counts once for each door.
"""
import csv
import glob
import io
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
SHARED = os.environ.get("FSA_SHARED", os.path.join(ROOT, "../shared/evidence"))
FSA = os.path.join(BUILD, "bin/fsa")
MODULE = os.path.join(BUILD, "bin/fsa")
KEYS = ("system", "evidence", "sql", "rows", "problems", "exit")
PROBLEMS_SQL = ("SELECT code, coalesce(problem_source, ''), message FROM fsa_problems "
                "WHERE table_name <> 'fsa_problems'")
SYSTEM = os.environ.get("FSA_SYSTEM", "linux")
SANITIZED = os.environ.get("FSA_SANITIZED") == "1"


class Case:
    def __init__(self, name):
        self.name, self.fields = name, {}

    def evidence(self):
        where = self.fields.get("evidence", "").strip()
        if not where:
            return None
        if where.startswith("live:"):
            return "live:" + os.path.join(BUILD, "evidence", where[5:])
        if where.startswith("shared:"):
            return os.path.join(SHARED, where[7:])
        return os.path.join(BUILD, "evidence", where)


def parse(path):
    cases, key = [], None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("=== "):
            cases.append(Case(line[4:]))
            key = None
            continue
        found = re.match(r"(%s):( |$)(.*)" % "|".join(KEYS), line)
        if found and cases:
            key = found.group(1)
            cases[-1].fields[key] = found.group(3)
        elif key and not (line.startswith("#") and key != "rows"):
            cases[-1].fields[key] += "\n" + line
    return cases


def lines_of(text):
    """The lines of a field, without the empty ones that end the block."""
    lines = text.split("\n")
    if lines and lines[0] == "":
        lines = lines[1:]
    while lines and lines[-1].strip() == "":
        lines.pop()
    return lines


def compare_rows(expected_lines, output):
    """As CSV records: stock sqlite3 quotes more than needed, and prints no header when there are no rows."""
    more = bool(expected_lines) and expected_lines[-1] == "..."
    expected = parse_csv("\n".join(expected_lines[:-1] if more else expected_lines))
    got = parse_csv(output)
    if more:
        got = got[:len(expected)]
    if got == expected or (not got and len(expected) == 1):
        return None
    show = lambda rows: "\n  ".join(",".join(row) for row in rows)
    return "expected rows:\n  %s\ngot:\n  %s" % (show(expected), show(got))


def compare_problems(expected, got):
    left = list(got)
    for line in expected:
        code, source, message = (line.split("|") + ["", ""])[:3]
        for row in left:
            if row[0] == code and source in row[1] and message in row[2]:
                left.remove(row)
                break
        else:
            return "expected problem %r; there were: %r" % (line, got)
    return "problems that nobody expected: %r" % left if left else None


def parse_csv(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def run(command, sql, env=None):
    done = subprocess.run(command, input=sql.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env={**os.environ, **(env or {})})
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


MARK = "@@problems@@"


def through_shell(case, sql, evidence):
    command = [FSA, "-f", "csv"] + (["-e", evidence] if evidence else [])
    script = "%s;\nSELECT '%s';\n%s;\n" % (sql, MARK, PROBLEMS_SQL)
    return run(command, script)


def through_module(case, sql, evidence):
    script = ".bail on\n.load %s\n.headers on\n.mode csv\n.separator , \"\\n\"\n%s;\nSELECT '%s';\n%s;\n" % (
        MODULE, sql, MARK, PROBLEMS_SQL)
    env = {"FSA_EVIDENCE": evidence} if evidence else {}
    return run(["sqlite3", ":memory:"], script, env)


def split(output):
    """The rows and the problems; sqlite3 and fsa both print a header line for the mark."""
    at = output.find("'%s'" % MARK)
    if at < 0:
        return output, None
    rest = output[at:].split(MARK, 2)[-1]
    rest = rest[rest.find("\n") + 1:]
    return output[:output.rfind("\n", 0, at) + 1], parse_csv(rest)[1:]


def check(case, door):
    evidence = case.evidence()
    if evidence and "shared:" in case.fields.get("evidence", "") and not os.path.exists(evidence):
        return "skip", "no shared evidence"
    if SYSTEM == "windows" and (evidence or "").startswith("live:"):
        return "skip", "a recorded Linux host is examined on Linux"
    if case.fields.get("system", SYSTEM).strip() != SYSTEM:
        return "skip", "it is about %s" % case.fields["system"].strip()
    sql = "\n".join(lines_of(case.fields["sql"])).strip().rstrip(";")
    sql = sql.replace("{evidence}", evidence or "")
    output, errors, status = door(case, sql, evidence)
    rows, problems = split(output)
    wanted = int(case.fields.get("exit", "0").strip() or 0)
    if "Sanitizer" in errors or "runtime error" in errors:
        return "fail", errors[-4000:]
    if wanted:  # both doors must refuse; the code is the shell's
        if status == 0:
            return "fail", "exit 0, expected a refusal"
        if door is through_shell and status != wanted:
            return "fail", "exit %d, expected %d: %s" % (status, wanted, errors)
        return "pass", None
    if problems is None:
        return "fail", "exit %d: %s%s" % (status, output[-1000:], errors[-2000:])
    wrong = compare_rows(lines_of(case.fields.get("rows", "")), rows)
    if not wrong:
        wrong = compare_problems(lines_of(case.fields.get("problems", "")), problems)
    return ("fail", wrong) if wrong else ("pass", None)


def main():
    files = sys.argv[1:] or sorted(glob.glob(os.path.join(ROOT, "tests/cases/*.test")))
    doors = [("shell", through_shell)]
    if not SANITIZED:  # a module with a sanitizer needs its runtime in the program that loads it
        doors.append(("module", through_module))
    totals = {"pass": 0, "fail": 0, "skip": 0}
    for path in files:
        for case in parse(path):
            for name, door in doors:
                verdict, why = check(case, door)
                totals[verdict] += 1
                if verdict == "fail":
                    print("FAIL %s (%s): %s\n%s\n" % (os.path.basename(path), name, case.name, why))
                elif verdict == "skip":
                    print("skipped %s (%s): %s: %s" % (os.path.basename(path), name, case.name, why))
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
