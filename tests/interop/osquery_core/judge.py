"""What a query must give through osquery: the shell's rows, in a plain SQLite table that is asked the same."""
import json
import os
import random
import re
import sqlite3
import subprocess

from peer import BUILD, spelled

FSA = os.path.join(BUILD, "bin/fsa")
# What comes as the query wrote it: the names of keys, and what is no fact but says how to look.
ECHOES = {("fsa_registry", "key"), ("fsa_registry", "deleted"), ("fsa_injected_modules", "compare_files")}


def quote(value):
    return str(value) if isinstance(value, (int, float)) else "'" + value.replace("'", "''") + "'"


def shell(sql):
    done = subprocess.run([FSA, "-f", "json"], input=sql.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-500:])
    return json.loads(done.stdout.decode("utf-8", "surrogateescape") or "[]")


def schema():
    return json.loads(subprocess.check_output([FSA, "schema", "--json"]))


def osquery_type(column):
    return "TEXT" if column["type"] == "BLOB" else column["type"]


def converted(value, column):
    """A value of the shell as osquery has it: no NULL in a TEXT column, and bytes as SQLite's hex() writes them."""
    if value is None:
        return "" if osquery_type(column) == "TEXT" else None
    return value.upper() if column["type"] == "BLOB" else value


def plain_cells(columns):
    """Columns for the shell, which writes JSON in a cell as JSON unless it went through an operator."""
    return ", ".join("%s || '' AS %s" % (c["name"], c["name"]) if c["type"] == "TEXT" else c["name"] for c in columns)


class Judge:
    """All rows of a table in one piece of evidence, as a plain SQLite table `copy`."""

    def __init__(self, table, evidence):
        self.table, self.evidence = table, evidence
        self.columns = [column for column in table["columns"] if column["name"] != "evidence"]
        self.names = [column["name"] for column in self.columns]
        self.visible = [column["name"] for column in self.columns if not column["hidden"]]
        rows = shell("SELECT %s FROM %s%s" % (plain_cells(self.columns), table["name"], self.argument()))
        self.rows = [tuple(converted(row[c["name"]], c) for c in self.columns) for row in rows]
        self.database = sqlite3.connect(":memory:")
        self.database.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        self.database.execute("CREATE TABLE copy(%s)" % ", ".join(
            "%s %s" % (column["name"], osquery_type(column)) for column in self.columns))
        self.database.executemany("INSERT INTO copy VALUES (%s)" % ",".join("?" * len(self.names)), self.rows)

    def argument(self):
        return "(%s)" % quote(self.evidence) if self.evidence else ""

    def values(self, name):
        return [row[0] for row in self.database.execute("SELECT DISTINCT %s FROM copy WHERE %s <> ''" % (name, name))]

    def keys(self):
        return [column["name"] for column in self.columns
                if column["key"] and (self.table["name"], column["name"]) not in ECHOES]

    def expected(self, query):
        return [tuple(row) for row in self.database.execute(fill(query, "copy", "1"))]

    def named(self, spelling):
        """The condition that names the evidence; each spelling of a path is a question of its own to the cache."""
        return "evidence = %s" % quote(spelled(self.evidence, spelling)) if self.evidence else "1"


def fill(query, table, condition):
    """{t} is the table, {e} the condition on its evidence, {te} the same where it is called t."""
    named = condition if condition == "1" else "t." + condition
    return query.replace("{te}", named).replace("{t}", table).replace("{e}", condition)


def difference(got, expected):
    extra = [row for row in set(got) - set(expected)]
    missing = [row for row in set(expected) - set(got)]
    return "%d rows, not %d; too many: %r; missing: %r" % (len(got), len(expected), sorted(extra, key=repr)[:2],
                                                           sorted(missing, key=repr)[:2])


def shapes(column, other, all_columns):
    """(query, generate calls it may take; None: any number, is it ordered)"""
    text = "SELECT %s FROM {t} WHERE {e} AND (%%s)" % all_columns
    plain = ["{c} = {a}", "{c} = {text}", "{c} IN ({a}, {b}, {d})", "{c} IN ('', {a})", "{c} LIKE {p}", "{c} GLOB {g}",
             "{c} = {upper} COLLATE NOCASE", "{c} < {a}", "{c} <= {a}", "{c} > {a}", "{c} >= {a}", "{c} <> {a}",
             "{c} BETWEEN {a} AND {b}", "{c} >= {a} AND {c} <= {a}", "{c} NOT IN ({a}, {b})",
             "{c} IS {a}", "{c} LIKE {p} AND {c} <> {a}", "{c} = {number}", "{c} > {number}", "{c} IS NOT NULL",
             "{c} = (SELECT {a})", "{c} IN (SELECT {a} UNION SELECT {b})"]
    made = [(text % condition, 1, False) for condition in plain]
    made += [(text % condition, None, False) for condition in (
        "{c} = {a} AND {c} = {b}", "{c} = {a} OR {o} = {x}", "{c} = {a} OR {c} > {b} OR {o} = {x}",
        "{c} IN ({a}, {b}) OR {o} = {x}")]
    ordered = "SELECT %s FROM {t} WHERE {e} ORDER BY {c} DESC, %s LIMIT 3 OFFSET 1" % (all_columns, all_columns)
    made += [(ordered, 1, True), ("SELECT count(*) FROM {t} WHERE {e}", 1, False),
             ("SELECT count(*) FROM {t} WHERE {e} AND {c} >= {a}", 1, False),
             ("SELECT {c}, count(*) FROM {t} WHERE {e} GROUP BY {c}", 1, False),
             ("SELECT max({c}), min({o}) FROM {t} WHERE {e}", 1, False)]
    return made + [(query, None, False) for query in joins()]


def joins():
    listed = "(SELECT {a} AS j UNION ALL SELECT {b} UNION ALL SELECT {d} UNION ALL SELECT NULL)"
    return ["SELECT j, t.{c}, t.{o} FROM " + listed + " x JOIN {t} t ON t.{c} = x.j AND {te}",
            "SELECT j, t.{c} FROM " + listed + " x LEFT JOIN {t} t ON t.{c} = x.j AND {te}",
            "SELECT j, t.{c} FROM {t} t JOIN " + listed + " x ON x.j = t.{c} WHERE {te}",
            "SELECT j, t.{c} FROM {t} t LEFT JOIN " + listed + " x ON x.j = t.{c} WHERE {te}",
            "SELECT j, t.{o} FROM " + listed + " x JOIN {t} t ON t.{o} = {x} WHERE t.{c} IN ({a}, {b}) AND {te}",
            "SELECT t.{c}, u.{c} FROM {t} t JOIN {t} u ON u.{c} = t.{c} AND {e2} WHERE {te}",
            "SELECT j, (SELECT count(*) FROM {t} t WHERE t.{c} >= x.j AND {te}) FROM " + listed + " x",
            "SELECT j FROM " + listed + " x WHERE EXISTS (SELECT 1 FROM {t} t WHERE t.{c} = x.j AND {te})"]


def fields(judge, column):
    """Words for the holes of the shapes: values that are there, and some that are not."""
    values = judge.values(column) or ["none"]
    other = random.choice(judge.visible)
    one, two, three = (random.choice(values) for _ in range(3))
    words = str(one)
    cut = random.randint(1, len(words))
    return {"c": column, "o": other, "a": quote(one), "b": quote(two), "d": quote(three), "text": quote(words),
            "upper": quote(words.upper()), "p": quote(words[:cut] + "%"),
            "g": quote(words[:cut].replace("[", "?") + "*"),
            "x": quote(random.choice(judge.values(other) or ["none"])),
            "number": str(one - 1) + ".5" if isinstance(one, int) else "7"}


def hole_free(query, words):
    for hole, word in words.items():
        query = query.replace("{%s}" % hole, word)
    return query


def used(table, text):
    """The columns that a statement uses; the memory of the extension tells questions apart by them."""
    words = set(re.findall(r"\w+", text))
    return ", ".join(c["name"] for c in table["columns"] if c["name"] in words) or "1"
