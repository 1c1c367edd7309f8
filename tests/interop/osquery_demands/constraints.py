"""7: constraints narrow, and never lose a row that SQLite would keep."""
import json
import os
import random
import sqlite3

from osquery_thrift import client, evidence
from osquery_thrift.operators import EQ, FUNCTION, GE, GLOB, GT, LE, LIKE, LIMIT, LT, MATCH, NE, OFFSET, REGEXP

from .stage import RECORDED, WINDOWS, answers, count_recorded, everything, questions, same, schema, test

SQL_OPERATORS = {EQ: "=", GT: ">", LE: "<=", LT: "<", GE: ">=", LIKE: "LIKE", GLOB: "GLOB"}

# Columns that give back what a query named, in its letters, or change what is looked for.
ECHOES = {"fsa_registry": {"key", "deleted"}}


class Reference:
    """SQLite's own verdict on the rows of one table: what an answer must hold at least."""

    def __init__(self, columns, rows):
        self.database = sqlite3.connect(":memory:")
        names = [name for name, _ in columns]
        self.database.execute("CREATE TABLE t(rowid_text TEXT, %s)" % ", ".join('"%s" %s' % column for column in columns))
        self.database.executemany("INSERT INTO t VALUES(?%s)" % (", ?" * len(columns)),
                                  [[row["rowid"], *(row.get(name) for name in names)] for row in rows])

    def rowids(self, where):
        """Several EQ of a column are a union; everything else must hold together."""
        conditions, values = ["1"], []
        for name, terms in where.items():
            equal = [text for op, text in terms if op == EQ]
            if equal:
                conditions.append('"%s" IN (%s)' % (name, ", ".join("?" * len(equal))))
                values += equal
            for op, text in terms:
                if op in SQL_OPERATORS and op != EQ:
                    conditions.append('"%s" %s ?' % (name, SQL_OPERATORS[op]))
                    values.append(text)
        sql = "SELECT rowid_text FROM t WHERE " + " AND ".join(conditions)
        return {row[0] for row in self.database.execute(sql, values)}


class Questioner:
    """Asks one table of one evidence with constraints and compares with SQLite."""

    def __init__(self, extension, table, place, used=None):
        self.core, self.table, self.place, self.used = extension.core, table, place, used
        self.columns = self.core.columns(table)
        self.pending, self.full, self.reference = [], {}, None

    def ask(self, where):
        return self.core.generate(self.table, {**where, "evidence": [(EQ, self.place)]}, self.used)

    def check(self, name, where):
        """Has it asked by `judge`."""
        self.pending.append((name, where))

    def judge(self):
        """Each question is asked twice: before all rows were asked for, and when they are remembered."""
        first = [self.ask(where) for _, where in self.pending]
        self.read_all()
        for (name, where), before in zip(self.pending, first):
            problem = self.problem(where, before) or self.problem(where, self.ask(where))
            test(name, problem is None, "%s%s where %r: %s" % (self.table, self.used or "", where, problem))
        self.pending = []

    def read_all(self):
        self.full = {row["rowid"]: row for row in self.ask({}).rows}
        self.reference = Reference(self.columns, self.full.values())

    def problem(self, where, answer):
        """What is wrong with the answer to these constraints, or None."""
        if answer.code != 0:
            return "code %d: %s" % (answer.code, answer.message)
        got = {row["rowid"]: row for row in answer.rows}
        lost = self.reference.rowids(where) - set(got)
        if lost:
            return "%d rows lost, one is %r" % (len(lost), {k: self.full[min(lost)].get(k) for k in where})
        if ECHOES.get(self.table, set()) & set(where):
            return None
        strange = [i for i, row in got.items() if self.full.get(i) != row]
        return "a row that the full answer has not: %r" % got[strange[0]] if strange else None


def numeric_texts(extension):
    processes = Questioner(extension, "fsa_processes", RECORDED)
    for text in ("3", "03", "003", "3.0", " 3", "3 ", "+3", "3e0", "3.", "\t3", "1e999", "-0", "3x", "", "0x3", "null"):
        processes.check("7 EQ %r on a number loses nothing" % text, {"pid": [(EQ, text)]})
        processes.check("7 EQ %r and another loses nothing" % text, {"pid": [(EQ, "1"), (EQ, text)]})
    for op in (GT, GE, LT, LE):
        for text in ("3", "2.5", "3.5", "03", " 3", "-1", "1e999", "-1e999", "9223372036854775808", "abc", "", "3abc"):
            processes.check("7 op %d with %r on a number loses nothing" % (op, text), {"pid": [(op, text)]})
    processes.check("7 an interval", {"pid": [(GT, "1"), (LT, "300")]})
    processes.check("7 2000 EQ", {"pid": [(EQ, str(n)) for n in range(2000)]})
    processes.judge()
    narrowed = processes.ask({"pid": [(EQ, "3")]}).rows
    same("7 EQ on a key narrows", [row["pid"] for row in narrowed], ["3"])
    union = {row["pid"] for row in processes.ask({"pid": [(EQ, "1"), (EQ, "2")]}).rows}
    same("7 several EQ are a union", union, {"1", "2"})
    rows = processes.ask({"pid": [(GT, "1"), (LT, "300")]}).rows
    test("7 an interval narrows", 0 < len(rows) < len(processes.full), len(rows))


def texts_that_look_like_numbers(extension, folder):
    """A text key is compared as a text, also when text and constraint look like numbers."""
    path = evidence.numeric_names(os.path.join(folder, "numeric.evtx"), ["04", "4", "4.0", "1e1", "10", "0x4", " 4"])
    logs = Questioner(extension, "fsa_event_log", path)
    for text in ("04", "4", "4.0", "1e1", "10", "0x4", " 4"):
        for op in (EQ, LIKE, GLOB, GE, LE):
            logs.check("7 op %d with %r on a text key loses nothing" % (op, text), {"provider_name": [(op, text)]})
    logs.judge()
    same("7 the log of names that look like numbers", {row["provider_name"] for row in logs.full.values()},
         {"04", "4", "4.0", "1e1", "10", "0x4", " 4"})


def letter_case(extension):
    logs = Questioner(extension, "fsa_event_log", WINDOWS)
    logs.read_all()
    provider = sorted({row["provider_name"] for row in logs.full.values()})[0]
    swapped = provider.swapcase()
    expected = {i for i, row in logs.full.items() if row["provider_name"] == provider}
    for op, text in ((EQ, swapped), (LIKE, swapped), (LIKE, swapped[:4] + "%")):
        got = {row["rowid"] for row in logs.ask({"provider_name": [(op, text)]}).rows}
        test("7 op %d in another letter case loses nothing" % op, expected <= got, (text, len(got), len(expected)))


def ignored_operators(extension):
    processes = Questioner(extension, "fsa_processes", RECORDED)
    processes.read_all()
    for name, op in (("NE", NE), ("LIMIT", LIMIT), ("OFFSET", OFFSET), ("FUNCTION", FUNCTION), ("MATCH", MATCH),
                     ("REGEXP", REGEXP), ("UNIQUE", 1), ("0", 0), ("-1", -1), ("1e6", 1000000)):
        answer = processes.ask({"pid": [(op, "1")]})
        same("7 %s is ignored" % name, (answer.code, len(answer.rows)), (0, len(processes.full)))
    column = processes.columns[0][0]
    where = {column: [(EQ, RECORDED), (LIMIT, "1"), (OFFSET, "5")]}
    same("7 LIMIT and OFFSET under the first column truncate nothing",
         len(extension.core.generate("fsa_processes", where).rows), len(processes.full))
    answer = processes.ask({"no_such_column": [(EQ, "1")]})
    same("7 a constraint on no column is ignored", (answer.code, len(answer.rows)), (0, len(processes.full)))


def odd_contexts(extension):
    core = extension.core
    count = len(schema())
    for name, text in (("none", None), ("empty", ""), ("{}", "{}")):
        answer = core.raw_generate("fsa_tables", text)
        names = {route["name"] for route in core.tables["fsa_tables"] if route["id"] == "column"}
        same("7 context %s: all rows" % name, (answer.code, len(answer.rows)), (0, count))
        test("7 context %s: all columns" % name, {"name", "summary"} & names <= set(answer.rows[0] if answer.rows else ()), answer.rows[:1])
    old = ('{"constraints":[{"name":"name","list":"","affinity":"TEXT"},{"name":"pid","list":[{"op":"2","expr":"3"}],'
           '"affinity":"BIGINT"},{"name":"evidence","list":[{"op":"2","expr":%s}],"affinity":"TEXT"}]}')
    answer = core.raw_generate("fsa_processes", old % json.dumps(RECORDED))
    test("7 the context of old cores", answer.code == 0 and "3" in {row["pid"] for row in answer.rows}
         and {row["evidence"] for row in answer.rows} == {RECORDED}, answer)
    escaped = json.dumps({"constraints": [{"name": "evidence", "list": [{"op": 2, "expr": "@"}], "affinity": "TEXT"}]})
    escaped = escaped.replace("@", "".join("\\u%04x" % ord(letter) for letter in RECORDED))
    same("7 escapes in a constraint", len(core.raw_generate("fsa_processes", escaped).rows), count_recorded())
    spaced = json.dumps(json.loads(client.context(core.columns("fsa_tables"))), indent=3)
    same("7 a context with spaces and lines", core.raw_generate("fsa_tables", spaced).code, 0)


BROKEN = ["x", "{", "[", "{\"constraints\":", "{\"constraints\":[{\"name\":\"pid\",\"list\":[{\"op\":2,\"expr\":\"1\"}",
          "{\"constraints\":[]}}", "{'constraints':[]}", "{\"constraints\":[],}", "\0", "{\"a\":\"\\u12\"}", "{\"a\":\"\\q\"}",
          "[" * 100000, "{\"a\":" * 100000, "{\"colsUsed\":[\"pid\"", "{\"a\":tru}", "{\"a\":1.2.3}", "\"" * 3]
ODD = ["null", "[]", "5", "\"x\"", "{\"constraints\":5}", "{\"constraints\":[5,null,[]]}", "{\"constraints\":[{}]}",
       "{\"constraints\":[{\"name\":5,\"list\":{\"op\":[]}}]}", "{\"colsUsed\":{}}", "{\"colsUsed\":[1,null]}",
       "{\"colsUsedBitset\":-1e999}", "{\"colsUsedBitset\":18446744073709551615}", "{\"a\":" + "[" * 500 + "]" * 500 + "}",
       "{\"constraints\":[{\"name\":\"pid\",\"list\":[{\"op\":99999999999999999999,\"expr\":\"1\"}]}]}",
       "{\"constraints\":[{\"name\":\"name\",\"list\":[{\"op\":2,\"expr\":\"\\ud800\"}]}]}",
       "{\"constraints\":[{\"name\":\"pid\",\"list\":[{\"op\":2,\"expr\":3},{\"op\":2},{\"expr\":\"3\"}]}]}"]


def broken_contexts(extension):
    for text in BROKEN:
        answer = extension.core.raw_generate("fsa_tables", text)
        test("7 broken JSON %.20r -> status 1" % text, answer.code == 1 and answer.message and not answer.rows, answer[:2])
    for text in ODD:
        answer = extension.core.raw_generate("fsa_tables", text)
        test("7 odd JSON %.60r is answered" % text, answer.code in (0, 1) and (answer.code == 0 or answer.message), answer[:2])
    test("7 ... and it lives", answers(extension))


def random_constraints(extension):
    """Anything that a query may ask: the answer holds at least what SQLite would keep."""
    dice = random.Random(20240117)
    for table, place in questions():
        keys = [(r["name"], r["type"]) for r in extension.tables[table] if r["id"] == "column" and int(r["op"]) & 1
                and r["name"] != "evidence"]
        values = everything(extension, table, place).rows
        for _ in range(6 if keys else 0):
            chosen = dice.sample(keys, min(len(keys), 3))
            used = sorted({name for name, _ in chosen} | {"evidence"})
            questioner = Questioner(extension, table, place, dice.choice((used, used, None)))
            for _ in range(8):
                questioner.check("7 %s: random constraints lose nothing" % table, random_where(dice, values, chosen))
            questioner.judge()


def random_where(dice, rows, keys):
    return {name: [random_term(dice, rows, name, kind) for _ in range(dice.choice((1, 1, 2, 3)))]
            for name, kind in dice.sample(keys, dice.randint(1, min(2, len(keys))))}


def random_term(dice, rows, name, kind):
    values = [row[name] for row in rows if name in row] or ["1"]
    value = dice.choice(values)
    if kind == "TEXT":
        op = dice.choice((EQ, EQ, LIKE, GLOB, GT, LE))
        cut = value[:dice.randint(0, len(value))]
        change = dice.choice((str, str.upper, str.swapcase, lambda t: cut + "%", lambda t: cut + "*", lambda t: "%" + cut,
                              lambda t: cut + "_%", lambda t: cut + "?*", lambda t: "[" + cut, lambda t: t + " "))
        return op, change(value)
    change = dice.choice((str, lambda t: t + ".0", lambda t: "0" + t, lambda t: " " + t, lambda t: str(int(t) + 1),
                          lambda t: str(int(t) - 1), lambda t: t + ".5", lambda t: t + "x", lambda t: "%.3e" % int(t)))
    return dice.choice((EQ, EQ, GT, GE, LT, LE)), change(value)
