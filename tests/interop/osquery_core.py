#!/usr/bin/env python3
"""fsa.ext beside osquery's core, which tests/interop/osquery_core plays in C++ with Thrift's own library.

The rows are judged by the shell: all rows of a table from `fsa -f json` make a plain SQLite table, and a query of
it says what the same query must give through osquery. Each query is asked cold, again, and after a full scan, since
the extension remembers enumerations for two seconds.
"""
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "osquery_core"))
from judge import (Judge, converted, difference, fields, fill, hole_free, osquery_type, plain_cells, quote, schema,
                   shapes, shell, used)
from peer import (BUILD, CORE, EXTENSION, FIXTURES, ROOT, SLOWER, WINDOWS, Core, core, extension, fixture, is_there,
                  ping, spelled, wait_for)

SANITIZED = os.environ.get("FSA_SANITIZED") == "1"
RECORDED = "live:" + fixture("recorded_host")
HOST_A = fixture("demo/case/host-a")
HOST_B = fixture("demo/case/host-b")
CASE = fixture("demo/case")
RICH = fixture("hives/rich")
EVIDENCE = {"live Linux": [RECORDED], "Windows volume": [HOST_A, fixture("shimcache/10")],
            "loose file": [RICH, fixture("evtx/types.evtx")]}
OF_THE_MOMENT = ("fsa_coverage", "fsa_problems")
WITH_RULES = ("fsa_yara_files", "fsa_yara_memory")
RULES = fixture("yara/etc/canary.yar")
RULE = "rule r { strings: $a = \"FSA\" condition: $a }"
STATES = ("cold", "again", "after a full scan")
spellings = itertools.count(1)
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %.1500s" % (name, detail))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def same(name, got, expected, ordered=False):
    if not ordered:
        got, expected = sorted(got, key=repr), sorted(expected, key=repr)
    test(name, got == expected, difference(got, expected))


# ---- the same rows ----

def judges(tables):
    for table in tables:
        name = table["name"]
        if name in OF_THE_MOMENT + WITH_RULES:
            continue
        places = [place for source in table["sources"] for place in EVIDENCE.get(source, [])]
        places = [None] if name == "fsa_tables" else [CASE] if name == "fsa_evidence" else places
        for place in places:
            if place and not is_there(place):
                skip("%s of %s" % (name, place), "tests/evidence did not make it")
            else:
                yield Judge(table, place)


def check_question(peer, judge, spelling, name, query, calls, ordered):
    """One query cold, again at once, and after a full scan of the same columns."""
    expected = judge.expected(query.replace("{e2}", "1"))
    scan = "SELECT %s FROM {t} WHERE {e}" % used(judge.table, query)
    for state in STATES:
        condition = judge.named(spelling)
        if state == "after a full scan":
            peer.rows(fill(scan, judge.table["name"], condition))
        other = "1" if condition == "1" else "u." + condition
        text = fill(query.replace("{e2}", other), judge.table["name"], condition)
        reply = peer.sql(text)
        got = [tuple(row) for row in reply["rows"]] if "rows" in reply else [("error", reply["error"])]
        same("%s gives the copy's rows, %s: %s" % (name, state, text), got, expected, ordered)
        if calls is not None:
            test("%s takes %d call: %s" % (name, calls, text), reply["calls"] == calls, reply["calls"])


def check_law(peer, judge):
    """The push-down law: a query of the table gives what it gives of a copy of all its rows."""
    spelling = 1
    for key in judge.keys():
        column = next(c for c in judge.columns if c["name"] == key)
        all_columns = ", ".join(dict.fromkeys([*judge.visible, key]))
        words = fields(judge, key)
        for query, calls, ordered in shapes(key, words["o"], all_columns):
            if osquery_type(column) != "TEXT" and "{e2}" in query and len(judge.rows) > 200:
                continue  # a self join of large tables shows nothing more
            spelling = spelling % 40 + 1
            name = "%s.%s" % (judge.table["name"], key)
            check_question(peer, judge, spelling, name, hole_free(query, words), calls, ordered)


def check_whole(peer, judge):
    """Every cell of every row, the hidden ones too; the types; what `*` leaves out; rowids."""
    name = "%s of %s" % (judge.table["name"], os.path.basename(judge.evidence or "nothing"))
    where = judge.named(0)
    reply = peer.sql("SELECT %s FROM %s WHERE %s" % (", ".join(judge.names), judge.table["name"], where))
    if "error" in reply:
        return test("a full scan of %s" % name, False, reply["error"])
    same("a full scan of %s is the shell's" % name, [tuple(row) for row in reply["rows"]], judge.rows)
    test("%s has its types" % name, reply["types"] == [osquery_type(c) for c in judge.columns], reply["types"])
    star = peer.sql("SELECT * FROM %s WHERE %s LIMIT 2" % (judge.table["name"], where))
    test("`*` of %s shows no hidden column" % name, star.get("columns") == judge.visible, star)
    test("LIMIT of %s is kept by SQLite" % name, len(star.get("rows", ())) == min(2, len(judge.rows)), star)
    cells = ", ".join(judge.visible)
    some = peer.rows("SELECT %s FROM %s WHERE %s LIMIT 2 OFFSET 1" % (cells, judge.table["name"], where))
    all_rows = judge.expected("SELECT %s FROM {t}" % cells)
    test("LIMIT with OFFSET of %s gives rows that exist" % name,
         len(some) == min(2, max(0, len(judge.rows) - 1)) and set(some) <= set(all_rows), some)
    check_rowids(peer, judge, name)


def check_rowids(peer, judge, name):
    table, where = judge.table["name"], judge.named(0)
    cells = ", ".join(judge.visible)
    all_rows = peer.rows("SELECT rowid, %s FROM %s WHERE %s" % (cells, table, where))
    test("each row of %s has its own rowid" % name, len({row[0] for row in all_rows}) == len(all_rows),
         "%d of %d" % (len({row[0] for row in all_rows}), len(all_rows)))
    for key in judge.keys():
        values = judge.values(key)
        if not values:
            continue
        value = random.choice(values)
        narrow = peer.rows("SELECT rowid, %s FROM %s WHERE %s AND %s = %s" % (cells, table, where, key, quote(value)))
        test("rowids of %s stay when %s narrows" % (name, key), narrow and set(narrow) <= set(all_rows),
             difference(narrow, all_rows))


def check_rows(peer, tables):
    for judge in judges(tables):
        check_whole(peer, judge)
        check_law(peer, judge)
    pings = [call for call in peer.ask(log=True)["calls"] if call["slow_ping"]]
    test("every ping before a call is answered within 0.1 s", len(pings) <= (20 if SANITIZED else 2), pings[:3])


# ---- what the copy cannot judge ----

def check_like_shell(peer, table, cells, condition, name):
    """The same text asked of both, in all states of the cache; `condition` begins with the evidence, if any."""
    columns = {c["name"]: c for c in table["columns"]}
    names = cells.split(", ")
    condition = spelled(condition, next(spellings))
    text = "SELECT %s FROM " + "%s WHERE %s" % (table["name"], condition.replace("%", "%%"))
    rows = shell(text % plain_cells([columns[name] for name in names]))
    expected = [tuple(converted(row[name], columns[name]) for name in names) for row in rows]
    text = text % cells
    for state in ("cold", "again", "once more", "after a full scan"):
        if state == "after a full scan":
            scan = (used(table, text), table["name"], condition.split(" AND ")[0])
            peer.rows("SELECT %s FROM %s WHERE %s" % scan)
        same("%s, %s" % (name, state), peer.rows(text), expected)
    test("%s: there is something to compare" % name, expected)


def check_echoes(peer, tables):
    registry = next(t for t in tables if t["name"] == "fsa_registry")
    a, rich = "evidence = %s AND " % quote(HOST_A), "evidence = %s AND " % quote(RICH)
    system = "HKEY_LOCAL_MACHINE\\SYSTEM"
    current = system + "\\CurrentControlSet\\Control"
    cells = "key, name, type, data"
    check_like_shell(peer, registry, cells, a + "key = %s" % quote(current), "the current control set, by its own name")
    check_like_shell(peer, registry, cells, a + "key = %s" % quote(current.lower()), "a key in other letters")
    both = "key IN (%s, %s)" % (quote(current), quote(system))
    check_like_shell(peer, registry, cells, a + both, "two keys in one IN")
    check_like_shell(peer, registry, cells, a + "key LIKE %s" % quote(system + "\\%"), "keys below a key")
    check_like_shell(peer, registry, cells + ", is_deleted", rich + "deleted = 1", "deleted values on demand")
    deleted = fixture("hives/deleted")
    if is_there(deleted):
        check_like_shell(peer, registry, cells + ", is_deleted", "evidence = %s AND deleted = 1" % quote(deleted),
                         "what was deleted in a hive")


def check_yara(peer, tables):
    if not is_there(RULES):
        return skip("YARA through osquery", "tests/evidence did not make its rules")
    files = next(t for t in tables if t["name"] == "fsa_yara_files")
    named = "evidence = %s AND path LIKE '/srv/%%' AND " % quote(fixture("yara"))
    cells = "path, rule, count, tags, meta, strings, sigfile, sigrule"
    check_like_shell(peer, files, cells, named + "sigfile = %s" % quote(RULES), "rules of a file")
    check_like_shell(peer, files, cells, named + "sigrule = %s" % quote(RULE), "a rule of the query")
    reply = peer.sql("SELECT path FROM fsa_yara_files WHERE evidence = %s" % quote(fixture("yara")))
    test("YARA without a rule or a path is an error that says what to give", "rule" in reply.get("error", ""), reply)
    once, again = (peer.rows("SELECT path, rule FROM fsa_yara_files WHERE %s sigrule = %s%s" % (named, quote(RULE), more))
                   for more in ("", " AND sigrule = " + quote(RULE)))
    same("a rule that is given twice is compiled once", again, once)
    two = "(%s, %s)" % (quote(RULE), quote(RULE.replace("rule r", "rule s")))
    rows = peer.rows("SELECT j, rule, path FROM (SELECT 'r' AS j UNION ALL SELECT 's') x JOIN fsa_yara_files t "
                     "ON t.rule = x.j WHERE t.%s t.sigrule IN %s" % (named.replace("path", "t.path"), two))
    alone = peer.rows("SELECT rule, rule, path FROM fsa_yara_files WHERE %s sigrule IN %s" % (named, two))
    same("two rules of an IN, inside of a join", rows, alone)


def check_memory(peer, tables):
    table = next(t for t in tables if t["name"] == "fsa_yara_memory")
    planted = os.path.join(BUILD, "tests/plant-canary")
    if not os.path.exists(planted) or SANITIZED:
        return skip("YARA on a process through osquery", "no planted program that can be scanned quickly")
    process = subprocess.Popen([planted], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        rules = os.path.join(ROOT, "packs/rules/canary.yar")
        check_like_shell(peer, table, "pid, rule, string, address, size, data, start, permissions",
                         "pid = %d AND sigfile = %s" % (process.pid, quote(rules)), "the memory of a process")
    finally:
        process.stdin.close()
        process.wait()


def check_live(peer, tables):
    """This host, by a process that does not change while it is looked at: this one."""
    stable = {"fsa_processes": "pid, name, parent, path, cmdline, cwd, uid, gid, start_time, is_memfd",
              "fsa_tokens": "pid, tid, name, uid, cap_effective, no_new_privs, is_different"}
    for table in tables:
        if table["name"] in stable:
            check_like_shell(peer, table, stable[table["name"]], "pid = %d" % os.getpid(),
                             "this process in " + table["name"])
            rows = peer.rows("SELECT evidence FROM %s WHERE pid = %d" % (table["name"], os.getpid()))
            test("the live host's evidence is called live in " + table["name"], set(rows) == {("live",)}, rows)
            again = peer.rows("SELECT pid FROM %s WHERE evidence = 'live' AND pid = %d" % (table["name"], os.getpid()))
            test("evidence = 'live' is the live host in " + table["name"], len(again) == len(rows), again)


def check_of_the_moment(peer, tables):
    names = sorted((table["name"],) for table in tables)
    rows = peer.rows("SELECT table_name FROM fsa_coverage WHERE evidence = %s" % quote(RECORDED))
    same("fsa_coverage has a row for each table", rows, names)
    peer.rows("SELECT pid FROM fsa_processes WHERE evidence = %s" % quote(RECORDED))
    rows = peer.rows("SELECT code FROM fsa_problems WHERE table_name = 'fsa_processes' AND problem_source = '710'")
    test("a problem of one query is found by the next one", ("format",) in rows, rows)
    rows = peer.rows("SELECT count(*) FROM fsa_problems p JOIN fsa_tables t ON t.name = p.table_name")
    test("fsa_problems can be joined", rows[0][0] != "error" and rows[0][0] > 0, rows)


def check_evidence_lists(peer):
    """More than one piece of evidence in a query; osquery gives the values of an IN to the first scan only."""
    pair = "(%s, %s)" % (quote(HOST_A), quote(HOST_B))
    single = [peer.rows("SELECT evidence, key, name FROM fsa_registry WHERE evidence = %s" % quote(place))
              for place in (HOST_A, HOST_B)]
    rows = peer.rows("SELECT evidence, key, name FROM fsa_registry WHERE evidence IN " + pair)
    same("evidence IN (two hosts) is both", rows, single[0] + single[1])
    rows = peer.rows("SELECT r.evidence, r.key, r.name FROM fsa_evidence e JOIN fsa_registry r ON r.evidence = e.path "
                     "WHERE e.evidence = %s" % quote(CASE))
    same("a case folder joined with its hosts", rows, single[0] + single[1])
    names = sorted({row[2] for row in single[0]})[:4]
    listed = " UNION ALL ".join("SELECT %s AS j" % quote(name) for name in names)
    rows = peer.rows("SELECT r.evidence, r.key, r.name FROM (%s) x JOIN fsa_registry r ON r.name = x.j "
                     "WHERE r.evidence IN %s" % (listed, pair))
    same("evidence IN (two hosts) inside of a join", rows, [row for row in single[0] + single[1] if row[2] in names])
    trimmed = peer.rows("SELECT name FROM fsa_tables WHERE name = 'fsa_problems  ' COLLATE RTRIM")
    same("COLLATE RTRIM loses no row", trimmed, [("fsa_problems",)])


def check_recorded_lists(peer):
    pids = "SELECT 1 AS j UNION ALL SELECT 100 UNION ALL SELECT 200"
    rows = peer.rows("SELECT j, t.pid FROM (%s) x JOIN fsa_processes t ON t.pid = x.j WHERE t.evidence IN (%s, %s)"
                     % (pids, quote(RECORDED), quote("live:" + fixture("sound_host"))))
    expected = peer.rows("SELECT pid, pid FROM fsa_processes WHERE pid IN (1, 100, 200) AND evidence IN (%s, %s)"
                         % (quote(RECORDED), quote("live:" + fixture("sound_host"))))
    same("recorded hosts IN a join", rows, expected)
    check_named_twice(peer)


def check_named_twice(peer):
    """A join may say the same `=` of the inner table twice."""
    once = peer.rows("SELECT pid, name FROM fsa_processes WHERE evidence = %s" % quote(RECORDED))
    twice = peer.rows("SELECT pid, name FROM fsa_processes WHERE evidence = {0} AND evidence = {0}".format(quote(RECORDED)))
    same("evidence that is named twice is asked once", twice, once)
    threads = peer.rows("SELECT pid, tid FROM fsa_tokens WHERE evidence = %s" % quote(RECORDED))
    joined = peer.rows("SELECT t.pid, t.tid FROM fsa_processes p JOIN fsa_tokens t ON t.pid = p.pid AND t.evidence = p.evidence "
                       "AND t.evidence = {0} WHERE p.evidence = {0}".format(quote(RECORDED)))
    pids = {pid for pid, _ in once}
    same("... and in a join", joined, [row for row in threads if row[0] in pids])


def check_or(peer):
    """osquery merges the branches of an OR by rowid."""
    rows = peer.rows("SELECT pid, name FROM fsa_processes WHERE evidence = %s" % quote(RECORDED))
    for pid, _ in rows:
        for name in {name for _, name in rows if name}:
            got = peer.rows("SELECT pid, name FROM fsa_processes WHERE evidence = %s AND (pid = %d OR name = %s)"
                            % (quote(RECORDED), pid, quote(name)))
            expected = [row for row in rows if row[0] == pid or row[1] == name]
            if sorted(got) != sorted(expected):
                return test("pid = X OR name = Y loses and doubles no row", False, difference(got, expected))
    live = peer.rows("SELECT pid, name FROM fsa_processes WHERE pid = %d OR name = 'kthreadd' OR pid = 1" % os.getpid())
    test("pid = X OR name = Y of the live host doubles no row", len(live) == len(set(live)) and
         {1, os.getpid()} <= {row[0] for row in live}, live)
    return test("pid = X OR name = Y loses and doubles no row", True)


def check_writes(peer):
    for text in ("INSERT INTO fsa_tables(name) VALUES ('x')", "UPDATE fsa_tables SET name = 'x'",
                 "DELETE FROM fsa_tables"):
        reply = peer.sql(text)
        test("%s is refused" % text, reply.get("error") == "table fsa_tables may not be modified", reply)


def check_calls(peer, tables):
    """Calls that no query makes."""
    uuid = peer.uuid()

    def call(registry, item, **request):
        return peer.ask(call={"uuid": uuid, "registry": registry, "item": item, "request": request})
    for name, reply in (("an unknown registry", call("config", "fsa_tables", action="generate")),
                        ("an unknown table", call("table", "fsa_nothing", action="generate")),
                        ("an unknown action", call("table", "fsa_tables", action="dance")),
                        ("no action", call("table", "fsa_tables")),
                        ("a context that is no JSON", call("table", "fsa_tables", action="generate", context="{"))):
        good = reply.get("code") == 1 and reply.get("message") and reply["rows"] == []
        test("%s is an error with words" % name, good, reply)
    contexts = {"": 0, "{}": 0, '{"constraints":[{"name":"name","list":"","affinity":"TEXT"}]}': 0,
                '{"constraints":[{"name":"name","list":[{"op":"2","expr":"fsa_tables"}],"affinity":"TEXT"}]}': 1}
    for context, narrow in contexts.items():
        reply = call("table", "fsa_tables", action="generate", context=context)
        names = {row["name"] for row in reply["rows"]}
        good = names == {"fsa_tables"} if narrow else names == {table["name"] for table in tables}
        test("an old core's context is understood: %r" % context, good, names)


def check_together(peer):
    """Queries at once: all but the first go through transient databases, which ask each table for its columns."""
    texts = ["SELECT pid, name FROM fsa_processes WHERE evidence = %s" % quote(RECORDED)] * 6
    texts += ["SELECT name FROM fsa_tables",
              "SELECT key, name FROM fsa_registry WHERE evidence = %s" % quote(HOST_A)] * 3
    expected = {text: sorted(peer.rows(text)) for text in set(texts)}
    peer.ask(log=True)
    answers = peer.ask(together=texts)["answers"]
    wrong = [(text, answer) for text, answer in zip(texts, answers)
             if sorted(tuple(row) for row in answer.get("rows", ())) != expected[text]]
    test("%d queries at once give what they give alone" % len(texts), not wrong, wrong[:2])
    columns = [call["seconds"] for call in peer.ask(log=True)["calls"] if call["action"] == "columns"]
    test("columns are asked for and answered at once", columns and sorted(columns)[len(columns) // 2] < 0.05 * SLOWER,
         "%d calls, median %.3f s" % (len(columns), sorted(columns)[len(columns) // 2] if columns else 0))


def check_joins(peer):
    """How often a join asks, and how long that takes."""
    listed = "WITH RECURSIVE n(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM n LIMIT 200) "
    for name, text, most in (
            ("200 pids of the live host",
             listed + "SELECT count(p.pid) FROM n LEFT JOIN fsa_processes p ON p.pid = n.j", 200),
            ("200 rows with the live host's tokens",
             listed + "SELECT count(*) FROM n LEFT JOIN fsa_tokens t ON t.tid = n.j", 200),
            ("200 rows with a recorded host's pipes", listed + "SELECT count(*) FROM n LEFT JOIN fsa_named_pipes t "
             "ON t.type = 'nothing' || n.j AND t.evidence = %s" % quote(RECORDED), 200),
            ("200 rows with a recorded host's processes", listed + "SELECT count(*) FROM n LEFT JOIN fsa_processes p "
             "ON p.pid = n.j AND p.evidence = %s" % quote(RECORDED), 200),
            ("processes with their pipes",
             "SELECT count(*) FROM fsa_processes p JOIN fsa_named_pipes t ON t.pid = p.pid", 4000),
            ("processes with their threads",
             "SELECT count(*) FROM fsa_tokens t JOIN fsa_processes p ON t.pid = p.pid", 4000)):
        reply = peer.sql(text)
        log = peer.ask(log=True)["calls"]
        if "error" in reply:
            test("a join is answered: " + name, False, reply["error"])
            continue
        each = sorted(call["seconds"] for call in log if call["action"] == "generate")
        print("%-38s %4d calls, %6.3f s, a call %.1f ms (slowest %.0f ms)"
              % (name, reply["calls"], reply["seconds"], 1000 * each[len(each) // 2], 1000 * each[-1]))
        test("a join asks once for each outer row: " + name, reply["calls"] <= most + 1, reply["calls"])
        test("a join is quick: " + name, reply["seconds"] < 0.02 * SLOWER * reply["calls"] + 1, reply["seconds"])


def check_pings(peer):
    """Pings while a long scan runs."""
    path = next(entry["path"] for entry in peer.extensions())
    command = {"sql": "SELECT count(*) FROM fsa_injected_modules UNION ALL SELECT count(*) FROM fsa_tokens"}
    peer.process.stdin.write(json.dumps(command).encode() + b"\n")
    peer.process.stdin.flush()
    times = [ping(path) for _ in range(50)]
    peer.process.stdout.readline()
    test("a ping is answered during a scan", None not in times and sorted(times)[45] < 0.1 * SLOWER, times)


# ---- evidence ----

def check_permits():
    """Evidence below the allowed folder and nowhere else."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        allowed, outside = os.path.join(folder, "allowed"), os.path.join(folder, "allowed-too")
        os.makedirs(allowed + "/case")
        os.makedirs(outside)
        for place in (allowed + "/case", outside):
            shutil.copy(RICH, place)
        os.symlink(outside, allowed + "/way_out")
        os.symlink("../allowed-too/rich", allowed + "/file_out")
        os.symlink("case", allowed + "/way_in")
        with core(allowed=[allowed]) as peer:
            check_refusals(peer, allowed, outside)


def check_refusals(peer, allowed, outside):
    def count(condition):
        return peer.rows("SELECT count(*) FROM fsa_registry WHERE " + condition)[0]
    for path in ("/case/rich", "/way_in/rich", "/case/../case/rich", "//case/./rich"):
        got = count("evidence = %s" % quote(allowed + path))
        test("evidence below the folder is asked: " + path, got == (46,) or isinstance(got[0], int) and got[0] > 0, got)
    for path in (outside + "/rich", allowed + "/../allowed-too/rich", allowed + "/way_out/rich", allowed + "/file_out",
                 "live:/", "/", "/nothing/there", RICH, "live:" + outside):
        got = count("evidence = %s" % quote(path))
        test("evidence elsewhere is refused: " + path, got[0] == "error", got)
    got = count("evidence IN (%s, %s)" % (quote(allowed + "/case/rich"), quote(outside + "/rich")))
    test("an IN with one forbidden piece of evidence is refused", got[0] == "error", got)
    for condition in ("evidence LIKE %s" % quote(allowed + "%"), "evidence GLOB %s" % quote(allowed + "*")):
        test("evidence must be named, not matched: " + condition, count(condition)[0] == "error", count(condition))
    words = [peer.sql("SELECT 1 FROM fsa_registry WHERE evidence = %s" % quote(path))["error"].replace(path, "X")
             for path in (outside + "/rich", outside + "/not there")]
    test("a refusal does not tell what is there", words[0] == words[1], words)


def check_evidence_off():
    with core(allowed=[]) as peer:
        reply = peer.sql("SELECT count(*) FROM fsa_registry WHERE evidence = %s" % quote(RICH))
        test("without --allow_evidence no evidence is asked", "--allow_evidence" in reply.get("error", ""), reply)
        test("without --allow_evidence the live host is asked",
             peer.rows("SELECT count(*) FROM fsa_processes WHERE pid = %d" % os.getpid()) == [(1,)])


# ---- ceilings ----

def check_max_rows():
    with core(arguments=["--max_rows", "10"]) as peer:
        named = "FROM fsa_processes WHERE evidence = %s" % quote(RECORDED)
        for text in ("SELECT pid " + named, "SELECT count(*) " + named, "SELECT pid " + named + " LIMIT 1",
                     "SELECT name FROM fsa_tables UNION ALL SELECT name " + named,
                     "SELECT t.name FROM fsa_tables t LEFT JOIN fsa_processes p ON p.name = t.name AND p.evidence = %s"
                     % quote(RECORDED)):
            reply = peer.sql(text)
            test("too many rows fail the whole statement: " + text, "10 rows" in reply.get("error", ""), reply)
        reply = peer.sql("SELECT pid " + named + " AND pid < 300")
        test("a narrow question is answered", len(reply.get("rows", ())) == 5, reply)


def check_deadline():
    """40000 names of one log: more than a second's work."""
    log = fixture("evtx/types.evtx")
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        logs = os.path.join(folder, "Windows/System32/winevt/Logs")
        os.makedirs(logs)
        os.makedirs(os.path.join(folder, "Windows/System32/config"))
        shutil.copy(log, logs + "/0.evtx")
        for number in range(1, 40000):
            os.link(logs + "/0.evtx", logs + "/%d.evtx" % number)
        with core(arguments=["--deadline", "1"], allowed=[folder, FIXTURES]) as peer:
            reply = peer.sql("SELECT time, event FROM fsa_event_log WHERE evidence = %s" % quote(folder))
            if "error" not in reply and reply["seconds"] < 1:
                return skip("a question beyond its deadline", "all rows came in %.2f s" % reply["seconds"])
            test("a question beyond its deadline fails with words", "--deadline" in reply.get("error", ""),
                 str(reply)[:300])
            test("... and soon after it", 0.9 < reply["seconds"] < 4 * SLOWER, reply["seconds"])
            late = peer.rows("SELECT count(*) FROM fsa_problems WHERE code = 'timeout'")
            test("... and tells it once, not for each file that was not reached", late[0][0] < 100, late)
            reply = peer.sql("SELECT count(*) FROM fsa_event_log WHERE evidence = %s" % quote(log))
            return test("... and the next question is answered", reply.get("rows", [[0]])[0][0] > 0, reply)


# ---- registration and life ----

def expected_op(column):
    return (9 if column["key"] else 8) + (16 if column["hidden"] else 0)


def check_registration(peer, tables):
    entry = peer.extensions()[0]
    test("the extension says who it is",
         entry["name"] == "fsa" and entry["sdk_version"] == "5.0.0" and entry["version"], entry)
    got = {table["name"]: table for table in peer.ask(tables=True)["tables"]}
    test("every table is registered", sorted(got) == sorted(t["name"] for t in tables), sorted(got))
    for table in tables:
        columns = [(c["name"], c["type"]) for c in got.get(table["name"], {}).get("columns", ())]
        expected = [(c["name"], osquery_type(c)) for c in table["columns"]]
        test("%s has its columns in their order" % table["name"], columns == expected, columns)
        ops = {c["name"]: c["op"] for c in got.get(table["name"], {}).get("columns", ())}
        wrong = {c["name"]: ops.get(c["name"]) for c in table["columns"]
                 if (ops.get(c["name"], 0) & ~8) != (expected_op(c) & ~8) or ops.get(c["name"]) in (None, 0, 16)}
        test("%s says which columns are keys and which are hidden" % table["name"], not wrong, wrong)
        test("evidence is the first column of %s" % table["name"], columns[:1] == [("evidence", "TEXT")], columns[:1])


def check_conflicts(tables):
    names = {table["name"] for table in tables}
    for taken in (["fsa_registry"], ["fsa_coverage", "fsa_yara_memory"]):
        with core(*[word for name in taken for word in ("--core-table", name)]) as peer:
            got = {table["name"] for table in peer.ask(tables=True)["tables"]}
            listed = ", ".join(taken)
            test("only what the core has already is dropped: " + listed, got == names - set(taken), sorted(got))
            test("... the core's own stays: " + listed, peer.rows("SELECT origin FROM " + taken[0]) == [("core",)])
            test("... and the drop is told: " + listed, all(name in peer.log() for name in taken), peer.log())


def check_flag_default_index(tables):
    with core("--default-index", "false") as peer:
        rows = peer.rows("SELECT pid FROM fsa_processes WHERE pid = 100 AND evidence = %s" % quote(RECORDED))
        test("extensions_default_index=false changes nothing", rows == [(100,)], rows)
        test("... all tables are there", len(peer.ask(tables=True)["tables"]) == len(tables))


def check_forget():
    with core(interval="1") as peer:
        first = peer.uuid()
        test("fsa.ext registers", first is not None, peer.log())
        began = time.monotonic()
        peer.ask(forget=first)
        again = wait_for(lambda: next((e["uuid"] for e in peer.extensions()), None), 3 * SLOWER + 0.5)
        test("who was forgotten registers anew within three intervals", again is not None and again != first,
             "%r after %.1f s" % (again, time.monotonic() - began))
        peer.uuid()
        rows = peer.rows("SELECT count(*) FROM fsa_tables")
        test("... and is asked", rows[0][0] != "error", rows)
        test("... and its old socket is gone", wait_for(lambda: not peer.is_left(first), 3))
        reply = peer.ask(quit=True)
        test("shutdown is answered", reply["shutdown"] and "error" not in reply["shutdown"][0], reply)
        test("... and ends the extension with 0", reply["exit"] == 0 and reply["end_seconds"] < 2 * SLOWER, reply)
        test("... and its socket is gone", WINDOWS or not peer.is_left(again))
        test("the core ends", peer.process.wait(10) == 0)


def check_terminated():
    with core(launch=False) as peer, extension(peer) as process:
        uuid = peer.uuid()
        process.send_signal(signal.SIGTERM)
        test("SIGTERM ends the extension with 0", process.wait(5 * SLOWER) == 0, process.returncode)
        test("... it has deregistered", peer.extensions() == [], peer.extensions())
        test("... its socket is gone", not peer.is_left(uuid))


def check_second():
    """The name is taken until the first one is gone; osquery notices that at its next look."""
    with core(launch=False) as peer, extension(peer) as first:
        uuid = peer.uuid()
        with extension(peer) as second:
            time.sleep(1.5)
            test("a second extension waits", second.poll() is None and len(peer.extensions()) == 1, peer.extensions())
            first.kill()
            first.wait()
            other = wait_for(lambda: next((e["uuid"] for e in peer.extensions() if e["uuid"] != uuid), None))
            test("... and registers when the first one was killed", other is not None, peer.log())
            peer.uuid()
            test("... and is asked", peer.rows("SELECT count(*) FROM fsa_tables")[0][0] != "error")


def check_restart():
    """A core that is killed, and another one on the same path."""
    with tempfile.TemporaryDirectory(prefix="fsa-") as folder:
        peer = Core(folder, launch=False)
        with extension(peer) as process:
            first = peer.uuid()
            peer.process.kill()
            peer.process.wait()
            peer.end()
            test("a dead core does not end the extension at once", process.poll() is None)
            other = Core(folder, launch=False)
            second = other.uuid()
            test("the next core is registered with, under another uuid", second not in (None, first), other.log())
            test("... and asks", other.rows("SELECT count(*) FROM fsa_tables")[0][0] != "error", other.log())
            other.process.kill()
            other.process.wait()
            other.end()
            try:
                code = process.wait(20 * SLOWER)
            except subprocess.TimeoutExpired:
                code = "still alive"
            test("without a core for ten intervals the extension ends with 0", code == 0, code)
            test("... and its socket is gone", WINDOWS or not other.is_left(second))


def check_queries(tables):
    with core() as peer:
        if peer.uuid() is None:
            return test("fsa.ext registers", False, peer.log())
        check_registration(peer, tables)
        check_rows(peer, tables)
        check_echoes(peer, tables)
        check_yara(peer, tables)
        check_memory(peer, tables)
        check_live(peer, tables)
        check_of_the_moment(peer, tables)
        check_evidence_lists(peer)
        check_recorded_lists(peer)
        check_or(peer)
        check_writes(peer)
        check_calls(peer, tables)
        check_together(peer)
        check_pings(peer)
        check_joins(peer)
        return test("the extension is alive after all of it", peer.uuid() is not None, peer.log())


def check_real_osqueryi(tables):
    """The same rows through osquery itself, where it is installed."""
    program = shutil.which("osqueryi")
    if not program:
        return skip("real osqueryi", "none on PATH")
    with tempfile.TemporaryDirectory(prefix="fsa-") as folder:
        wrapper = os.path.join(folder, "fsa.ext")
        with open(wrapper, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexec '%s' \"$@\" --allow_evidence '%s'\n" % (EXTENSION, FIXTURES))
        os.chmod(wrapper, 0o755)
        for judge in judges(tables):
            text = "SELECT %s FROM %s WHERE %s" % (", ".join(judge.names), judge.table["name"], judge.named(0))
            done = subprocess.run([program, "--json", "--allow_unsafe", "--disable_database", "--extension", wrapper,
                                   "--extensions_socket", folder + "/s.em", "--extensions_require=fsa",
                                   "--extensions_timeout=10", text],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
            rows = json.loads(done.stdout.decode("utf-8", "surrogateescape") or "[]")
            got = [tuple(row.get(name, "") for name in judge.names) for row in rows]
            expected = [tuple("" if cell is None else str(cell) for cell in row) for row in judge.rows]
            same("osqueryi gives the shell's rows of " + judge.table["name"], got, expected)
    return None


def main():
    random.seed(20)
    absent = [path for path in (EXTENSION, CORE) if not os.path.exists(path)]
    if absent:
        skip("osquery's core", "%s is not built" % os.path.basename(absent[0]))
    else:
        tables = schema()
        check_queries(tables)
        check_conflicts(tables)
        check_flag_default_index(tables)
        check_permits()
        check_evidence_off()
        check_max_rows()
        check_deadline()
        check_forget()
        check_terminated()
        check_second()
        check_restart()
        check_real_osqueryi(tables)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
