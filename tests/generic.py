#!/usr/bin/env python3
"""The tests that every table must pass, over all descriptors (fsa schema --json), through the shell.

Names and sentences; examples run; push-down law; column gating law; LIMIT; evidence that does not fit
is refused; an empty root gives no rows; two runs give the same bytes.
"""
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
FIXTURES = os.path.join(BUILD, "evidence")
SYSTEM = os.environ.get("FSA_SYSTEM", "linux")
LIVE = "live " + SYSTEM.title()  # as `fsa schema` says it
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, wrong):
    totals["fail" if wrong else "pass"] += 1
    if wrong:
        print("FAIL %s: %s" % (name, wrong))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def fsa(sql, evidence=None, *options):
    command = [FSA, "-f", "csv", *options] + (["-e", evidence] if evidence else []) + [sql]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


def rows(sql, evidence=None, *options):
    output, errors, status = fsa(sql, evidence, *options)
    if status not in (0, 4):
        raise RuntimeError("exit %d: %s" % (status, errors.strip()))
    # a lone NULL is an empty line, which the reader takes for no field at all
    return [row or [""] for row in csv.reader(io.StringIO(output, newline=""))][1:]


def evidence_of(table):
    """Evidence on which the table has rows that stay the same: a recorded host, or a made folder."""
    sources = table["sources"]
    candidates = []
    if "live Linux" in sources:
        candidates.append("live:" + os.path.join(FIXTURES, "recorded_host"))
    if "Windows volume" in sources:
        candidates += [os.path.join(FIXTURES, "demo/case/host-a"), os.path.join(FIXTURES, "demo/case/host-b")]
    for candidate in candidates:
        if os.path.exists(candidate.replace("live:", "")):
            output, _, status = fsa("SELECT 1 FROM %s LIMIT 1" % table["name"], candidate)
            if status == 0 and output.strip():
                return candidate
    return None


def check_words(table):
    name = table["name"]
    test(name + " name", None if re.fullmatch(r"fsa_[a-z][a-z0-9_]*", name) else "not lower_snake")
    for field in ("summary", "proves", "caveat"):
        test("%s %s" % (name, field), None if table[field].endswith(".") else "%r is no sentence" % table[field])
    seen = set()
    for column in table["columns"]:
        where = "%s.%s" % (name, column["name"])
        wrong = None
        if not re.fullmatch(r"[a-z][a-z0-9_]*", column["name"]):
            wrong = "not lower_snake"
        elif column["name"] in seen:
            wrong = "twice"
        elif not column["description"].strip().endswith("."):
            wrong = "%r is no sentence" % column["description"]
        seen.add(column["name"])
        test(where, wrong)


def check_example(table):
    evidence = evidence_of(table)
    output, errors, status = fsa(table["example"], evidence)
    refused = status == 2 and "cannot be asked of" in errors
    test(table["name"] + " example", None if status == 0 or (refused and not evidence) else errors.strip())


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def check_push_down(table, evidence):
    """A keyed query gives what filtering the whole table gives."""
    name = table["name"]
    for column in table["columns"]:
        c = column["name"]
        if not column["key"] or c in ("evidence", "source"):
            continue
        try:
            values = rows("SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL LIMIT 3" % (c, name, c), evidence)
            visible = ", ".join(x["name"] for x in table["columns"] if not x["hidden"])
            for (value,) in values:
                literal = value if column["type"] == "BIGINT" else quote(value)
                keyed = rows("SELECT %s FROM %s WHERE %s = %s ORDER BY 1, 2" % (visible, name, c, literal), evidence)
                plain = rows("SELECT %s FROM %s WHERE +%s = %s ORDER BY 1, 2" % (visible, name, c, literal), evidence)
                test("%s.%s = %s" % (name, c, value[:40]),
                     None if sorted(keyed) == sorted(plain) and keyed else "%d keyed rows, %d filtered" % (len(keyed), len(plain)))
            if not values:
                skip("%s.%s push-down" % (name, c), "no value of it in the fixture")
        except RuntimeError as error:
            test("%s.%s push-down" % (name, c), str(error))


def check_gating(table, evidence):
    """A column alone has the values that it has beside all others."""
    name = table["name"]
    names = [c["name"] for c in table["columns"] if not c["name"].startswith("evidence")]
    try:
        whole = rows("SELECT %s FROM %s" % (", ".join(names), name), evidence)
        for i, c in enumerate(names):
            alone = rows("SELECT %s FROM %s" % (c, name), evidence)
            test("%s.%s alone" % (name, c), None if [r[0] for r in alone] == [r[i] for r in whole] else "other values than beside all columns")
    except (RuntimeError, IndexError) as error:
        test(name + " gating", repr(error))


def check_limit_and_repeat(table, evidence):
    name = table["name"]
    try:
        first = rows("SELECT * FROM %s" % name, evidence)
        again = rows("SELECT * FROM %s" % name, evidence)
        serial = rows("SELECT * FROM %s" % name, evidence, "--jobs", "1")
        limited = rows("SELECT * FROM %s LIMIT 1" % name, evidence)
        test(name + " twice the same", None if first == again else "two runs differ")
        test(name + " on one thread", None if first == serial else "other rows than on several threads")
        test(name + " LIMIT 1", None if limited == first[:1] else "not the first row")
    except RuntimeError as error:
        test(name + " repeat", str(error))


def check_refusal(table):
    """Evidence that does not fit is refused in words; evidence that is not there is exit 3."""
    name = table["name"]
    _, errors, status = fsa("SELECT * FROM %s('/no/such/evidence')" % name)
    test(name + " absent evidence", None if status == 3 and "/no/such/evidence" in errors else "exit %d: %s" % (status, errors))
    if LIVE in table["sources"]:
        return
    _, errors, status = fsa("SELECT * FROM %s" % name)
    test(name + " unfit evidence", None if status == 2 and "it serves" in errors else "exit %d: %s" % (status, errors))


def check_empty(table):
    """An empty root gives no rows, and no problem but absence."""
    name = table["name"]
    if name in ("fsa_tables", "fsa_coverage", "fsa_evidence", "fsa_problems"):
        return
    with tempfile.TemporaryDirectory() as folder:
        evidence = folder
        if "Windows volume" in table["sources"]:
            os.makedirs(os.path.join(folder, "Windows/System32/config"))
        elif SYSTEM == "windows" or "live Linux" not in table["sources"]:
            return  # an empty root of a live host can be recorded of Linux only, and on Linux
        else:
            os.makedirs(os.path.join(folder, "proc"))
            evidence = "live:" + folder
        _, errors, status = fsa("SELECT count(*) FROM %s" % name, evidence)
        if status == 2 and ("add WHERE" in errors or "give" in errors):
            return
        got = rows("SELECT count(*) FROM %s" % name, evidence)
        test(name + " empty root", None if got == [["0"]] else "rows from nothing: %r %s" % (got, errors))


def main():
    tables = json.loads(subprocess.check_output([FSA, "schema", "--json"]))
    for table in tables:
        check_words(table)
        check_example(table)
        check_refusal(table)
        check_empty(table)
        if table["name"] in ("fsa_problems", "fsa_coverage"):
            continue  # they tell of the moment
        evidence = evidence_of(table)
        if not evidence and table["name"] not in ("fsa_tables", "fsa_evidence"):
            skip(table["name"] + " laws", "no made evidence has rows for it")
            continue
        check_push_down(table, evidence)
        check_gating(table, evidence)
        check_limit_and_repeat(table, evidence)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
