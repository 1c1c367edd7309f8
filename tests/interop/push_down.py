#!/usr/bin/env python3
"""The push-down law through stock sqlite3: a query of a table gives what it gives of a copy of all its rows.

Every key column is asked with =, IS, ranges, IN of lists and of subqueries, OR, LIKE, GLOB, collations, joins of all
kinds, correlated subqueries, EXISTS, windows, max() with bare columns; by numbers, texts, bytes and NULL.
"""
import json
import os
import random
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
FIXTURES = os.path.join(BUILD, "evidence")
EVIDENCE = {"live Linux": ["live:" + FIXTURES + "/recorded_host"],
            "Windows volume": [FIXTURES + "/demo/case/host-a", FIXTURES + "/shimcache/10"],
            "loose file": [FIXTURES + "/hives/rich", FIXTURES + "/evtx/types.evtx"]}
OF_THE_MOMENT = ("fsa_coverage", "fsa_problems")
WITH_RULES = ("fsa_yara_files", "fsa_yara_memory")
ECHOES = {("fsa_registry", "key"), ("fsa_registry", "deleted")}  # come as the query wrote them
ODD = ["NULL", "''", "0", "-1", "2.5", "1e300", "-1e300", "9.21e18", "9223372036854775807", "-9223372036854775808", "'abc'", "x''"]
MARK = "@@%d"


def quote(value):
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def literals(values):
    """Each value in the shapes in which SQL may write it, and values that are none of them."""
    made = list(ODD)
    for value in values:
        text = str(value)
        made += [quote(value), quote(text), quote(text.upper()), quote(text + " "), quote(" " + text), "x'%s'" % text.encode().hex()]
        if isinstance(value, int):
            made += [str(value - 1), "%d.5" % value, "CAST(%d AS REAL)" % value, quote(text + "e0"), quote("0" + text)]
    return made


def patterns(values):
    texts = [str(value) for value in values]
    cuts = [text[:size] for text in texts for size in (1, 3, len(text) // 2, len(text))]
    return [quote(cut + tail) for cut in cuts for tail in ("", "%", "*", "_%", "?*", "[a-z]*")] + [quote("%" + t) for t in texts]


def queries(column, columns, values):
    """Texts with {t} for the table."""
    one, two, three = random.sample(literals(values), 3)
    other = random.choice(columns)
    listed = "(SELECT %s AS j UNION ALL SELECT %s UNION ALL SELECT %s)" % (one, two, three)
    fields = {"c": column, "o": other, "a": one, "b": two, "d": three, "j": listed, "all": ", ".join(columns),
              "p": random.choice(patterns(values) or ["'x%'"])}
    shapes = ["SELECT {all} FROM {t} WHERE {c} %s {a}" % op for op in ("=", "IS", "IS NOT", "<", "<=", ">", ">=", "<>")]
    shapes += ["SELECT {all} FROM {t} WHERE {c} = {a} COLLATE %s" % name for name in ("NOCASE", "RTRIM", "BINARY")]
    shapes += ["SELECT {all} FROM {t} WHERE {c} %s {p}" % op for op in ("LIKE", "GLOB", "NOT LIKE")]
    shapes += ["SELECT {all}, j FROM {j} x %s JOIN {t} t ON t.{c} = x.j" % kind for kind in ("", "LEFT")]
    # not RIGHT JOIN fsa_x('PATH'): SQLite scans such a table once more, without its argument
    shapes += ["SELECT {all}, j FROM {t} t %s JOIN {j} x ON t.{c} = x.j" % kind for kind in ("RIGHT", "FULL") if SQLITE >= (3, 39)]
    shapes += ["SELECT {all} FROM {t} WHERE {c} IN ({a}, {b}, {d})", "SELECT {all} FROM {t} WHERE {c} NOT IN ({a}, {b})",
               "SELECT {all} FROM {t} WHERE {c} IN (SELECT j FROM {j})", "SELECT {all} FROM {t} WHERE {c} = {a} OR {o} > {b}",
               "SELECT {all} FROM {t} WHERE {c} BETWEEN {a} AND {b}", "SELECT {all} FROM {t} WHERE {c} LIKE {p} ESCAPE 'e'",
               "SELECT {all} FROM {t} WHERE {c} LIKE {p} AND {c} = {a}",
               "SELECT j, (SELECT count(*) FROM {t} t WHERE t.{c} >= x.j) FROM {j} x",
               "SELECT j FROM {j} x WHERE EXISTS (SELECT 1 FROM {t} t WHERE t.{c} = x.j)",
               "SELECT max({c}), count(*) FROM {t} WHERE {c} >= {a}", "SELECT {c}, count(*) FROM {t} WHERE {c} >= {a} GROUP BY {c}",
               "SELECT {c}, count(*) OVER (PARTITION BY {c}) FROM {t} WHERE {c} <= {a}",
               "WITH w AS (SELECT {all} FROM {t} WHERE {c} = {a}) SELECT * FROM w UNION SELECT * FROM w"]
    return [shape.replace("{t}", "\0").format(**fields).replace("\0", "{t}") for shape in shapes]


def sqlite(script):
    done = subprocess.run(["sqlite3", "-batch", ":memory:"], input=".load %s\n.mode quote\n%s" % (FSA + ".so", script),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240, encoding="utf-8", errors="surrogateescape")
    return done.stdout, done.stderr


def check(table, evidence, totals):
    name = table["name"]
    source = name + ("(%s)" % quote(evidence) if evidence else "")
    own = [c for c in table["columns"] if c["name"] != "evidence"]
    copy = "CREATE TEMP TABLE copy(%s); INSERT INTO copy SELECT %s FROM %s;\n" % (
        ", ".join("%s %s" % (c["name"], c["type"]) for c in own), ", ".join(c["name"] for c in own), source)
    keys = [c["name"] for c in own if c["key"] and (name, c["name"]) not in ECHOES]
    visible = [c["name"] for c in own if not c["hidden"]]
    asked = []
    for key in keys:
        rows = json.loads(subprocess.run([FSA, "-f", "json", "SELECT DISTINCT %s AS v FROM %s WHERE v NOT NULL" % (key, source)],
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout or "[]")
        values = [row["v"] for row in rows]
        for _ in range(4):
            asked += queries(key, visible, random.sample(values, min(3, len(values))))
    script = "".join("SELECT '%s';\n%s;\n" % (MARK % (2 * i + half), query.replace("{t}", where))
                     for i, query in enumerate(asked) for half, where in enumerate((source, "copy")))
    output, errors = sqlite(copy + script)
    answers = [sorted(part.split("\n")[1:]) for part in output.split("'@@")[1:]]
    if len(answers) != 2 * len(asked) or errors:
        totals["fail"] += 1
        return print("FAIL %s: %d of %d answers: %s" % (source, len(answers), 2 * len(asked), errors[:500]))
    for i, query in enumerate(asked):
        good = answers[2 * i] == answers[2 * i + 1]
        totals["pass" if good else "fail"] += 1
        if not good:
            print("FAIL %s: %d rows, of the copy %d" % (query.replace("{t}", source), len(answers[2 * i]) - 1,
                                                        len(answers[2 * i + 1]) - 1))


SQLITE = ()


def main():
    global SQLITE
    totals = {"pass": 0, "fail": 0, "skip": 0}
    random.seed(20)
    if not shutil.which("sqlite3"):
        totals["skip"] += 1
        print("skipped push-down law: sqlite3 is not installed")
    elif os.environ.get("FSA_SANITIZED") == "1":
        totals["skip"] += 1
        print("skipped push-down law: a module with a sanitizer needs its runtime in the program that loads it")
    else:
        SQLITE = tuple(int(n) for n in subprocess.check_output(["sqlite3", "--version"], encoding="ascii").split()[0].split("."))
        for table in json.loads(subprocess.check_output([FSA, "schema", "--json"])):
            if table["name"] in OF_THE_MOMENT + WITH_RULES:
                continue
            places = [place for source in table["sources"] for place in EVIDENCE.get(source, [])]
            if table["name"] == "fsa_tables":
                places = [None]
            elif table["name"] == "fsa_evidence":
                places = [FIXTURES + "/folders/case"]
            for place in places:
                if place and not os.path.exists(place.replace("live:", "")):
                    totals["skip"] += 1
                    print("skipped %s: tests/evidence did not make %s" % (table["name"], place))
                    continue
                check(table, place, totals)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
