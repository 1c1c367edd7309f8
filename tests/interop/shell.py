#!/usr/bin/env python3
"""The shell `fsa` as scripts use it: exit codes, output modes, pipes, files, sweeps and packs."""
import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
SANITIZED = os.environ.get("FSA_SANITIZED") == "1"
SYSTEM = os.environ.get("FSA_SYSTEM", "linux")
# Windows knows the host by its NetBIOS name.
HOSTNAME = os.uname().nodename if SYSTEM == "linux" else os.uname().nodename.split(".")[0].upper()[:15]
totals = {"pass": 0, "fail": 0, "skip": 0}

# What evidence may hold and a terminal or a parser must not be told: controls, broken UTF-8, quotes.
HOSTILE = ("SELECT 'a' || char(27) || '[31mred' AS esc, char(0x9b) || '2J' AS c1, "
           "char(0x202e) || 'gpj.exe' AS reversed, cast(x'41ff42' AS TEXT) AS broken, "
           "'x' || char(10) || 'esc = forged' AS lines, 'say \"hi\", ok' AS quoted, x'00ff1b' AS bytes, "
           "NULL AS no_value, '' AS empty, 1.5 AS real, -9223372036854775808 AS least")


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def same(name, got, expected):
    test(name, got == expected, "got %r, expected %r" % (got, expected))


def fsa(*arguments, stdin=None, **options):
    return subprocess.run([FSA, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=None if stdin is not None else subprocess.DEVNULL, timeout=120, **options)


def exit_code(name, expected, *arguments, stdin=None, says=None):
    done = fsa(*arguments, stdin=stdin)
    same("exit code: " + name, done.returncode, expected)
    if says:
        test("message: " + name, says in done.stderr.decode(), done.stderr.decode())
    return done


def exit_codes(folder):
    exit_code("a query", 0, "SELECT 1")
    exit_code("help", 0, "--help")
    exit_code("version", 0, "--version")
    exit_code("unknown option", 1, "--bogus", says="--bogus")
    exit_code("option without value", 1, "-f", says="needs a value")
    exit_code("unknown format", 1, "-f", "xml", says="jsonl")
    exit_code("bad number", 1, "--jobs", "-3", "SELECT 1", says="--jobs")
    exit_code("syntax error", 2, "SELECT 1 FORM x y", says="syntax error")
    exit_code("misspelt table", 2, "SELECT * FROM fsa_proceses", says="did you mean fsa_processes?")
    exit_code("table without its prefix", 2, "SELECT * FROM shimcache", says="did you mean fsa_shimcache?")
    exit_code("evidence that is not there", 3, "-e", "/nonexistent", "SELECT 1", says="/nonexistent")
    exit_code("evidence in the statement", 3, "SELECT * FROM fsa_shimcache('/nonexistent')", says="/nonexistent")
    exit_code("unknown command", 1, ".nothing", says=".help")
    exit_code("a table that nothing resembles", 2, "SELECT * FROM nosuch", says=".tables")
    exit_code("a column that is not there", 2, "SELECT nosuch FROM fsa_tables", says=".columns")
    exit_code("a command that is none", 2, "swep", says="--help")
    exit_code("a command behind an option", 2, "-f", "csv", "sweep", says="fsa sweep")
    exit_code("evidence without -e", 2, folder, says="fsa -e " + folder)
    exit_code("columns of no table", 1, ".columns", says=".tables")
    exit_code("columns of an unknown table", 1, ".columns nosuch", says="no table is called nosuch")
    exit_code("a switch that is neither", 1, ".timer maybe", says="on or off")
    exit_code("sweep with SQL", 1, "sweep", "SELECT 1", says="takes no SQL")
    exit_code("pack without a verb", 1, "pack", says="lint or build")
    exit_code("schema of an unknown table", 1, "schema", "fsa_shimcahe", says="fsa_shimcache")
    exit_code("output that cannot be made", 2, "-o", "/nonexistent/x", "SELECT 1", says="/nonexistent/x")
    if os.path.exists("/dev/full"):
        exit_code("a full disk", 2, "-o", "/dev/full", "SELECT 1", says="incomplete")
    bad = os.path.join(folder, "bad.evtx")
    with open(bad, "wb") as file:
        file.write(b"ElfFile\0" + b"\xff" * 5000)
    sql = "SELECT * FROM fsa_event_log"
    done = exit_code("problems without --strict", 0, "-e", bad, sql, says="while reading (SELECT * FROM fsa_problems)")
    test("the first problems are spelled out", "fsa_event_log: " in done.stderr.decode(), done.stderr)
    exit_code("problems with --strict", 4, "--strict", "-e", bad, sql)
    exit_code("no problems with --strict", 0, "--strict", "SELECT 1")
    for command in ([], ["sweep"], ["schema"], ["pack"]):
        text = fsa(*command, "--help").stdout.decode()
        test("help of %r fits a screen" % command, 5 < text.count("\n") <= 32, text.count("\n"))
        test("help of %r has examples" % command, "Examples\n" in text)


def json_modes():
    rows = json.loads(fsa("-f", "json", HOSTILE).stdout)
    row = rows[0]
    same("json: a control character", row["esc"], "a\x1b[31mred")
    same("json: invalid UTF-8", row["broken"], "A\ufffdB")
    same("json: a blob", row["bytes"], "00ff1b")
    same("json: NULL", row["no_value"], None)
    same("json: numbers", (row["real"], row["least"]), (1.5, -2**63))
    same("json: no rows", json.loads(fsa("-f", "json", "SELECT 1 AS a WHERE 0").stdout), [])
    same("json: an array for each statement",
         [json.loads(line) for line in fsa("-f", "json", "SELECT 1 AS a; SELECT 2 AS b").stdout.splitlines()],
         [[{"a": 1}], [{"b": 2}]])
    same("json: infinity", fsa("-f", "jsonl", "SELECT 9e999 AS a").stdout, b'{"a":1e999}\n')
    same("jsonl: one object a line", fsa("-f", "jsonl", "VALUES (1), (2)").stdout,
         b'{"column1":1}\n{"column1":2}\n')
    same("jsonl: JSON stays JSON", fsa("-f", "jsonl", "SELECT json('{\"a\": [1]}') AS j, '{}' AS t").stdout,
         b'{"j":{"a":[1]},"t":"{}"}\n')
    same("jsonl: JSON on one line", fsa("-f", "jsonl", "SELECT json_quote(json_array(1, 'a' || char(10))) AS j").stdout,
         b'{"j":[1,"a\\n"]}\n')
    test("jsonl: no C1 control goes out raw", b"\xc2\x9b" not in fsa("-f", "jsonl", HOSTILE).stdout)
    broken = fsa("-f", "json", "SELECT 1 AS a UNION ALL SELECT abs(-9223372036854775808)")
    same("json: valid after an error", json.loads(broken.stdout), [{"a": 1}])
    same("json: ... which is told", broken.returncode, 2)
    long = json.loads(fsa("-f", "json", "SELECT replace(hex(zeroblob(500000)), '0', char(0x20ac, 34)) AS t").stdout)
    same("json: a long text", long[0]["t"], "\u20ac\"" * 1000000)


def csv_modes():
    csv.field_size_limit(1 << 24)
    header, row = csv.reader(io.StringIO(fsa("-f", "csv", HOSTILE).stdout.decode("utf-8", "replace"), newline=""))
    row = dict(zip(header, row))
    same("csv: a quoted cell", row["quoted"], 'say "hi", ok')
    same("csv: a line break", row["lines"], "x\nesc = forged")
    same("csv: a blob", row["bytes"], "00ff1b")
    same("csv: NULL and empty text", fsa("-f", "csv", "SELECT NULL AS a, '' AS b, x'' AS c").stdout, b'a,b,c\n,"",""\n')
    same("csv is what a pipe gets", fsa("SELECT 1 AS a").stdout, b"a\n1\n")
    text = "q\"" * 100000
    rows = list(csv.reader(io.StringIO(fsa("SELECT replace(hex(zeroblob(50000)), '0', 'q\"') AS t").stdout.decode())))
    same("csv: a long text", rows[1][0], text)
    same("tsv: escapes", fsa("-f", "tsv", "SELECT 'a' || char(9, 10, 13) || '\\' AS a").stdout, b"a\na\\t\\n\\r\\\\\n")
    same("no header", fsa(".headers off", "SELECT 1").stdout, b"1\n")


def text_modes():
    for mode in ("table", "box", "line", "markdown"):
        out = fsa("-f", mode, HOSTILE).stdout
        test(mode + ": no escape character", b"\x1b" not in out, out)
        test(mode + ": no C1 control", b"\xc2\x9b" not in out, out)
        test(mode + ": no direction override", "\u202e" not in out.decode(), out)
        test(mode + ": valid UTF-8", out.decode("utf-8", "strict") != "")
        test(mode + ": the escape is visible", "\u241b[31mred" in out.decode().replace("\\", ""), out)
    line = fsa("-f", "line", HOSTILE).stdout.decode().splitlines()
    line = fsa("-f", "line", "SELECT 'x' || char(10) || 'path = forged' AS name, '/bin/sh' AS path").stdout
    same("line: a value cannot pass for a column", line, b"name = x\n       path = forged\npath = /bin/sh\n")
    same("table: aligned by width, numbers right",
         fsa("-f", "table", "SELECT 'a' AS x, 1 AS n UNION ALL SELECT '\u65e5\u672c', 100").stdout.decode(),
         "x       n\n----  ---\na       1\n\u65e5\u672c  100\n")
    box = fsa("-f", "box", "SELECT 'e\u0301' AS a, 'b' AS b").stdout.decode().splitlines()
    same("box: combining marks take no column", [len(box[3]), len(box[0])], [10, 9])
    same("markdown", fsa("-f", "markdown", "SELECT '<b>|' AS a").stdout, b"| a |\n| --- |\n| &lt;b>\\| |\n")
    same("line", fsa("-f", "line", "SELECT 1 AS a, 'x' AS long UNION ALL SELECT NULL, 'y'").stdout,
         b"   a = 1\nlong = x\n\n   a = NULL\nlong = y\n")
    rows = fsa("-f", "table", "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) SELECT i FROM n")
    same("table: many rows", len(rows.stdout.splitlines()), 12002)


def input_and_output(folder):
    same("SQL from a pipe", fsa(stdin=b"SELECT 1 AS a,\n  2 AS b;\nSELECT 3 AS c").stdout, b"a,b\n1,2\nc\n3\n")
    same("commands from a pipe", fsa(stdin=b".mode json\nSELECT 1 AS a;\n").stdout, b'[{"a":1}]\n')
    same("CRLF from a pipe", fsa(stdin=b"SELECT 1 AS a;\r\n").stdout, b"a\n1\n")
    exit_code("a failure in a pipe", 2, stdin=b"SELECT 1;\n\nSELECT\n nothing;\n", says="line 4")
    same("nothing from a pipe", fsa(stdin=b"").returncode, 0)
    path = os.path.join(folder, "out.csv")
    fsa("-o", path, "SELECT 1 AS a")
    same("-o", open(path).read(), "a\n1\n")
    fsa(".output " + path, "SELECT 2 AS a", ".output", "SELECT 3")
    same(".output", open(path).read(), "a\n2\n")
    script = os.path.join(folder, "x.sql")
    open(script, "w").write("SELECT 1 AS a;\n.read %s\n" % script)
    exit_code("a file that reads itself", 1, ".read " + script, says="the limit")
    test(".tables", b"fsa_processes" in fsa(".tables proc").stdout)
    test(".schema", b"CREATE TABLE fsa_processes" in fsa(".schema fsa_processes").stdout)
    test(".columns", b"pid" in fsa(".columns processes").stdout)
    test(".help", b".evidence" in fsa(".help").stdout)
    exit_code(".evidence", 3, ".evidence /nonexistent", says="/nonexistent")


def broken_pipe():
    endless = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    for mode in ("csv", "jsonl", "line", "table"):
        began = time.monotonic()
        shell = subprocess.Popen([FSA, "-f", mode, endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shell.stdout.read(100)
        shell.stdout.close()
        errors = shell.stderr.read()
        same("broken pipe, %s: quiet" % mode, (shell.wait(timeout=60), errors), (0, b""))
        test("broken pipe, %s: at once" % mode, time.monotonic() - began < 30)


def interrupt():
    endless = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    shell = subprocess.Popen([FSA, "-f", "csv", "SELECT 1", endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    shell.stdout.readline()
    time.sleep(0.3)
    shell.send_signal(signal.SIGINT)
    _, errors = shell.communicate(timeout=30)
    same("Ctrl-C ends a query", shell.returncode, 2)
    test("... and says so", b"cancelled" in errors, errors)


def quick_rows():
    """A slow query's rows reach a pipe before its end."""
    sql = ("SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT count(*) FROM "
           "(WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)")
    shell = subprocess.Popen([FSA, "-f", "csv", sql], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    shell.send_signal(signal.SIGCONT)
    time.sleep(0.2)
    shell.kill()
    shell.wait()
    began = time.monotonic()
    same("LIMIT 1 returns", fsa("SELECT pid FROM fsa_processes LIMIT 1").returncode, 0)
    test("... at once", time.monotonic() - began < (20 if SANITIZED else 2))


# ---- sweeps -------------------------------------------------------------------------------------------

MEMBERS = ["snapshot", "action", "name", "hostIdentifier", "calendarTime", "unixTime", "epoch", "counter", "numerics",
           "decorations"]
HEADER = """-- id: fsa_%(id)s
-- title: A test
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: %(rows)s
-- max_bytes: %(bytes)s
-- key: %(key)s
-- join: -
-- family: test
-- attack: T1059.001
-- proves: That it
--   works.
-- does_not_prove: Anything else.
-- false_positives: None.
-- next_step: None.
-- positive: live
-- negative: -
"""


def write_pack(folder, name, sql, **values):
    values = {"id": name, "rows": 100, "bytes": 700000, "key": "pid", **values}
    path = os.path.join(folder, "running", name + ".sql")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        header = HEADER % values
        for old, new in values.get("swap", ()):  # lines of the header, without "-- "
            header = re.sub(r"(?m)^-- %s\n" % old, lambda _: new, header)
        file.write(header + sql + ";\n")
    return path


def sweep_lines():
    done = fsa("sweep")
    same("sweep: exit code", done.returncode, 0)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    snapshots = [line for line in lines if "snapshot" in line]
    same("sweep: osquery's members in osquery's order", {tuple(line) for line in snapshots}, {tuple(MEMBERS)})
    same("sweep: every name once", len({line["name"] for line in snapshots}), len(snapshots))
    test("sweep: names", all(re.match(r"pack_fsa_fsa_[a-z0-9_]+$", line["name"]) for line in snapshots))
    same("sweep: coverage last", lines[-1]["name"], "pack_fsa_fsa_coverage")
    values = [value for line in snapshots for row in line["snapshot"] for value in row.values()]
    test("sweep: all values are text", values and all(isinstance(value, str) for value in values))
    line = snapshots[0]
    same("sweep: numbers", (line["epoch"], line["counter"], line["numerics"], line["action"]), (0, 0, False, "snapshot"))
    same("sweep: calendarTime is unixTime", line["calendarTime"],
         time.asctime(time.gmtime(line["unixTime"])) + " UTC")
    same("sweep: hostname", line["decorations"]["hostname"], HOSTNAME)
    same("sweep: hostIdentifier", line["hostIdentifier"], line["decorations"].get("host_uuid", HOSTNAME))
    test("sweep: lines below the ceiling", all(len(line) <= 700000 for line in done.stdout.splitlines()))
    covered = {row["table_name"]: row for row in lines[-1]["snapshot"]}
    same("sweep: coverage knows of the scans", covered["fsa_processes"]["is_scanned"], "1")
    named = json.loads(fsa("sweep", "--host-identifier", "box7").stdout.splitlines()[0])
    same("sweep: --host-identifier NAME", named["hostIdentifier"], "box7")
    named = json.loads(fsa("sweep", "--host-identifier", "hostname").stdout.splitlines()[0])
    same("sweep: --host-identifier hostname", named["hostIdentifier"], HOSTNAME)
    same("sweep: --quiet", fsa("sweep", "--quiet").stderr, b"")
    exit_code("one name for two hosts", 1, "sweep", "--host-identifier", "x", "-e", "/a", "-e", "/b", says="several hosts")


def sweep_bounds(folder):
    packs = os.path.join(folder, "bounds")
    many = "SELECT t.pid AS pid, replace(hex(zeroblob(150)), '0', 'y') AS filler FROM (SELECT pid FROM fsa_processes LIMIT 1) AS t, " \
           "(WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) AS n"
    write_pack(packs, "empty", "SELECT pid FROM fsa_processes WHERE pid < 0")
    write_pack(packs, "split", many % 50, bytes=5000)
    write_pack(packs, "cut", many % 50, rows=10)
    write_pack(packs, "large", "SELECT pid, replace(hex(zeroblob(4000)), '0', 'y') AS filler FROM fsa_processes LIMIT 1",
               bytes=5000)
    write_pack(packs, "failing", "SELECT abs(-9223372036854775807 - (pid > 0)) AS pid FROM fsa_processes")
    done = fsa("sweep", "--pack", packs)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    named = lambda name: [line for line in lines if line.get("name") == "pack_fsa_fsa_" + name]
    status = [line for line in lines if "severity" in line]
    same("sweep: an empty answer is a line", named("empty")[0]["snapshot"], [])
    test("sweep: no line above its bound", all(len(line) <= 5000 for line in done.stdout.splitlines()
                                               if b"fsa_split" in line or b"fsa_large" in line))
    split = named("split")
    same("sweep: a long answer is split without loss", (len(split), {line["action"] for line in split}), (50, {"snapshot"}))
    same("sweep: ... into osquery's event form", sorted(split[0]), sorted(MEMBERS[1:] + ["columns"]))
    same("sweep: ... at one time", len({line["unixTime"] for line in split}), 1)
    test("sweep: ... and says so", any("one line per row" in line["message"] for line in status), status)
    same("sweep: rows above the bound are cut", len(named("cut")[0]["snapshot"]), 10)
    test("sweep: ... and said to be", any("more than 10 rows" in line["message"] and line["severity"] == 2
                                          for line in status), status)
    same("sweep: a row that fits no line", named("large")[0]["snapshot"], [])
    test("sweep: ... is told", any("1 rows are larger" in line["message"] for line in status), status)
    same("sweep: a failed query gives no result", named("failing"), [])
    failed = [line for line in status if line["message"].startswith("Error executing scheduled query pack_fsa_fsa_failing")]
    same("sweep: ... but a status line", [sorted(failed[0]), failed[0]["severity"]],
         [sorted(["hostIdentifier", "calendarTime", "unixTime", "severity", "filename", "line", "message", "version",
                  "decorations"]), 2])
    same("sweep: failures are no failure of the sweep", done.returncode, 0)
    same("sweep: ... but with --strict", fsa("sweep", "--strict", "--pack", packs).returncode, 4)


def sweep_evidence(folder):
    exit_code("a sweep of nothing", 3, "sweep", "-e", "/nonexistent", says="/nonexistent")
    case = os.path.join(folder, "case")
    for host in ("alpha", "beta"):
        os.makedirs(os.path.join(case, host, "Windows/System32/config"))
        os.makedirs(os.path.join(case, host, "Windows/System32/winevt/Logs"))
    log = os.path.join(folder, "case.log")
    same("sweep of a case folder", fsa("sweep", "-e", case, "-o", log).returncode, 0)
    lines = [json.loads(line) for line in open(log)]
    hosts = {line["hostIdentifier"] for line in lines}
    same("sweep: each host of a case", hosts, {"alpha", "beta"})
    names = {line.get("name") for line in lines}
    test("sweep: Windows queries only", "pack_fsa_fsa_shimcache" in names and "pack_fsa_fsa_tokens" not in names, names)
    same("sweep: the evidence is named", {line["decorations"]["evidence"] for line in lines},
         {os.path.join(case, host) for host in hosts})


# ---- packs --------------------------------------------------------------------------------------------

def lint(folder, name, sql, says, **values):
    path = write_pack(os.path.join(folder, "lint-" + name), values.pop("file", name), sql, **values)
    done = fsa("pack", "lint", path)
    same("lint: %s: exit code" % name, done.returncode, 2)
    test("lint: %s" % name, says in done.stderr.decode() and path in done.stderr.decode(), done.stderr.decode())


def packs(folder):
    same("the compiled-in packs have no fault", fsa("pack", "lint").returncode, 0)
    same("the packs on disk have no fault", fsa("pack", "lint", os.path.join(ROOT, "packs")).returncode, 0)
    good = write_pack(os.path.join(folder, "good"), "good", "SELECT pid, 2 * 3 AS six, count(*) AS n FROM fsa_processes")
    same("lint: a good query", fsa("pack", "lint", good).returncode, 0)
    lint(folder, "star", "SELECT * FROM fsa_processes", "SELECT *")
    lint(folder, "table_star", "SELECT p.* FROM fsa_processes AS p", "SELECT *")
    lint(folder, "column", "SELECT pid, no_such FROM fsa_processes", "no such column: no_such")
    lint(folder, "missing_key", "SELECT pid FROM fsa_processes", "key path: the query gives no such column", key="path")
    lint(folder, "unnamed", "SELECT pid, count(*) FROM fsa_processes", "give it a lower-case name")
    lint(folder, "twice", "SELECT pid, parent AS pid FROM fsa_processes", "two of that name")
    lint(folder, "foreign", "SELECT name AS pid FROM sqlite_schema", "only fsa_ tables")
    lint(folder, "writing", "CREATE TABLE x AS SELECT pid FROM fsa_processes", "not a query")
    lint(folder, "two", "SELECT pid FROM fsa_processes; SELECT 1", "more than one statement")
    lint(folder, "dashes", "SELECT pid\n--- x\nFROM fsa_processes", "YAML")
    lint(folder, "unicode", "SELECT pid FROM fsa_processes WHERE name = '\u00e9'", "ASCII")
    lint(folder, "bytes", "SELECT pid FROM fsa_processes", "max_bytes", bytes=2000000)
    lint(folder, "rows", "SELECT pid FROM fsa_processes", "max_rows", rows="many")
    lint(folder, "name", "SELECT pid FROM fsa_processes", "must be called other.sql", id="other")
    lint(folder, "upper", "SELECT pid FROM fsa_processes", "lower-case", id="Upper", file="upper")
    lint_header(folder)
    lint_statement(folder)
    path = os.path.join(folder, "headless.sql")
    open(path, "w").write("SELECT pid FROM fsa_processes\n")
    exit_code("a query without a header", 2, "pack", "lint", path, says="the header lacks")
    double = os.path.join(folder, "double")
    write_pack(double, "same", "SELECT pid FROM fsa_processes")
    shutil.copytree(os.path.join(double, "running"), os.path.join(double, "more", "running"))
    exit_code("two queries of one id", 2, "pack", "lint", double, says="has it already")
    exit_code("a pack that is not there", 1, "pack", "lint", "/nonexistent", says="/nonexistent")
    exit_code("a sweep with a faulty pack", 2, "sweep", "--pack", path, says="lint")


def lint_header(folder):
    sql = "SELECT pid, path FROM fsa_processes"
    for name, says, *swap in (
            ("title", "ASCII", ("title: .*", "-- title: caf\u00e9\n")),
            ("platform", "platform mars", ("platform: .*", "-- platform: mars\n")),
            ("no_platform", "the header lacks platform", ("platform: .*", "")),
            ("no_logging", "the header lacks logging", ("logging: .*", "")),
            ("no_proof", "the header lacks does_not_prove", ("does_not_prove: .*", "")),
            ("logging", "logging sometimes", ("logging: .*", "-- logging: sometimes\n")),
            ("silent", "of a detection and of coverage it must be snapshot", ("logging: .*", "-- logging: differential\n"),
             ("family: .*", "-- family: x\n-- tpr: 0.5\n-- fpr: 0.1\n")),
            ("interval", "interval 5", ("interval: .*", "-- interval: 5\n")),
            ("rarely", "interval 604801", ("interval: .*", "-- interval: 604801\n")),
            ("attack", "attack T1", ("attack: .*", "-- attack: T1\n")),
            ("rule_form", "not a value for this field: rule", ("family: .*", "-- family: x\n-- rule: a | path <> ''\n")),
            ("rule_share", "not a value for this field: rule", ("family: .*", "-- family: x\n-- rule: a | path <> '' | 2 | 0 | -\n")),
            ("rule_column", "no such column: no_such", ("family: .*", "-- family: x\n-- rule: a | no_such = '1' | 0.5 | 0.1 | T1055\n")),
            ("rule_syntax", "condition path <> (", ("family: .*", "-- family: x\n-- rule: a | path <> ( | 0.5 | 0.1 | T1055\n")),
            ("rule_table", "condition", ("family: .*", "-- family: x\n-- rule: a | path IN (SELECT name FROM sqlite_schema) | 0.5 | 0.1 | T1055\n")),
            ("rule_clock", "not authorized to use function: datetime", ("family: .*", "-- family: x\n-- rule: a | path < datetime('now') | 0.5 | 0.1 | T1055\n")),
            ("rule_attack", "attack X1", ("family: .*", "-- family: x\n-- rule: a | path <> '' | 0.5 | 0.1 | X1\n")),
            ("rule_fixed", "not a value for this field: rule", ("family: .*", "-- family: x\n-- rule: a | 1 | 0.5 | 0.1 | - | often\n")),
            ("attribute", "no such column: no_such", ("family: .*", "-- family: x\n-- attribute: a | no_such = '1' | 0.5\n")),
            ("awaits_nothing", "there is a query, so it awaits nothing", ("family: .*", "-- family: x\n-- awaits: fsa_later\n-- columns: pid\n"))):
        lint(folder, "header_" + name, sql, says, swap=swap)
    own = [("family: .*", "-- family: x\n-- rule: a | path_class(path) = 'temp' AND is_near_system_name(path) | 0.5 | 0.1 | -\n")]
    same("lint: the scorer's functions", fsa("pack", "lint", write_pack(os.path.join(folder, "own"), "own",
         "SELECT pid, path FROM fsa_processes", swap=own)).returncode, 0)
    later = [("family: .*", "-- family: x\n-- awaits: fsa_later\n-- columns: pid, path\n-- rule: a | path <> '' | 0.5 | 0.1 | -\n")]
    same("lint: a table that comes later", fsa("pack", "lint", write_pack(os.path.join(folder, "later"), "later", "", swap=later)).returncode, 0)
    now = [("family: .*", "-- family: x\n-- awaits: fsa_processes\n-- columns: pid\n")]
    lint(folder, "header_now", "", "it is there now, write the query", swap=now)
    lint(folder, "header_promise", "", "say which the query will give", swap=[("family: .*", "-- family: x\n-- awaits: fsa_later\n")])


def lint_statement(folder):
    for name, says, sql in (
            ("not_null", "path IS NULL or IS NOT NULL", "SELECT pid FROM fsa_processes WHERE path IS NOT NULL"),
            ("null", "path IS NULL or IS NOT NULL", "SELECT pid FROM fsa_processes AS p WHERE p.path IS NULL"),
            ("notnull", "path IS NULL or IS NOT NULL", "SELECT pid FROM fsa_processes WHERE path NOTNULL"),
            ("json", "json_extract(data", "SELECT record_id AS pid, json_extract(data, '$.a') AS a FROM fsa_event_log"),
            ("json_alias", "json_extract(e", "SELECT record_id AS pid, json_extract(e.data, '$.a') AS a FROM fsa_event_log AS e"),
            ("dots", "give it a lower-case name", 'SELECT pid, path AS "a.b" FROM fsa_processes'),
            ("loop", "asked again for each row", "SELECT t.pid AS pid, p.path AS path FROM fsa_tokens AS t LEFT JOIN "
                                                 "fsa_processes AS p ON p.pid = t.pid"),
            ("rules", "names no files of rules", "SELECT pid FROM fsa_yara_memory WHERE sigrule IN (@rules@)"),
            ("control", "ASCII", "SELECT pid, '\x01' AS x FROM fsa_processes")):
        lint(folder, "statement_" + name, sql, says)
    # the writer's platform is all systems; shimcache is a table of Windows only
    lint(folder, "statement_platform", "SELECT position AS pid FROM fsa_shimcache", "fsa_shimcache has nothing to say of linux")
    good = ("SELECT e.record_id AS pid, json_extract(nullif(e.data, ''), '$.a') AS a FROM fsa_event_log AS e "
            "WHERE e.time IS NOT NULL AND coalesce(e.channel, '') <> ''")
    path = write_pack(os.path.join(folder, "careful"), "careful", good, swap=[("platform: .*", "-- platform: windows\n")])
    same("lint: what is unknown is asked for with care", fsa("pack", "lint", path).returncode, 0)
    path = write_pack(os.path.join(folder, "once"), "once", "WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes) "
                      "SELECT t.pid AS pid FROM fsa_tokens AS t LEFT JOIN p ON p.pid = t.pid")
    same("lint: a table that is read once", fsa("pack", "lint", path).returncode, 0)


def damaged_packs(folder):
    """Bytes of a header, a query and its rules that were cut, doubled or changed: faults, no crash."""
    rng, place = random.Random(3), os.path.join(folder, "damaged")
    os.makedirs(os.path.join(place, "running"))
    sql = open(os.path.join(ROOT, "packs/running/memory_strings.sql"), "rb").read().replace(b"../rules/powershell.yar", b"own.yar")
    own = open(os.path.join(ROOT, "packs/rules/powershell.yar"), "rb").read()
    os.makedirs(os.path.join(place, "rules"))
    shutil.copy(os.path.join(ROOT, "packs/rules/memory.yar"), os.path.join(place, "rules"))
    for number in range(80 if SYSTEM == "linux" else 8):  # a program under Wine takes long to start
        files = {"memory_strings.sql": bytearray(sql), "own.yar": bytearray(own)}
        text = files["memory_strings.sql" if number % 3 else "own.yar"]
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(text))
            kind = rng.randrange(4)
            if kind == 0:
                del text[at:at + rng.randrange(1, 300)]
            elif kind == 1:
                text[at:at] = text[at:at + 200]
            elif kind == 2:
                text[at] = rng.randrange(1, 256)
            else:
                text[at:at] = rng.choice((b"'", b"@rules@", b" | ", b"--", b"\n-- rule: ", b"/*", b"\xff"))
        for name, data in files.items():
            with open(os.path.join(place, "running", name), "wb") as file:
                file.write(data)
        done = fsa("pack", "lint", os.path.join(place, "running", "memory_strings.sql"))
        test("lint: damaged pack %d" % number, done.returncode in (0, 1, 2), "%d %s" % (done.returncode, done.stderr[-300:]))


INTERVALS = {"fsa_connections": 3600, "fsa_event_log_summary": 604800}  # seconds; the others daily


def pack_build(folder):
    exit_code("a folder that cannot be made", 2, "pack", "build", "-o", "/proc/none/here", says="/proc/none/here")
    out = os.path.join(folder, "built/packs")
    same("pack build", fsa("pack", "build", "-o", out).returncode, 0)
    meta = json.load(open(os.path.join(out, "fsa-pack-meta.json")))
    ids = set()
    for platform in ("linux", "windows"):
        pack = json.load(open(os.path.join(out, "fsa-%s.json" % platform)))
        same("osquery pack: platform", pack["platform"], platform)
        test("osquery pack: discovery", "osquery_extensions" in pack["discovery"][0])
        for name, query in pack["queries"].items():
            ids.add(name)
            good = (query["snapshot"] is True and query["interval"] == INTERVALS.get(name, 86400)
                    and query["platform"] == platform and query["query"].endswith(";") and query["description"])
            test("osquery pack: " + name, good, query)
            test("osquery pack: %s without comments" % name, "--" not in query["query"], query["query"])
    awaiting = {name for name, query in meta["queries"].items() if "awaits" in query}
    same("metadata: every query, and those that await a table", set(meta["queries"]), ids | awaiting)
    test("osquery pack: without what awaits a table", awaiting and not awaiting & ids, awaiting)
    shimcache = meta["queries"]["fsa_shimcache"]
    same("metadata: what the scorer needs", [shimcache[key] for key in ("pillar", "platform", "key", "join", "source")],
         ["has_run", "windows", ["path"], ["path"], "fsa_shimcache"])


STATEMENTS = {  # what the scorer must know of a statement: (source, is it the whole table)
    "plain": ("SELECT pid, substr(cmdline, 1, 40) AS cmdline FROM fsa_processes -- all of them", "fsa_processes", True),
    "lower": ("select pid from fsa_processes", "fsa_processes", True),
    "quoted": ("SELECT pid, ' FROM fsa_tokens WHERE ' AS text FROM fsa_processes", "fsa_processes", True),
    "filtered": ("SELECT pid FROM fsa_processes WHERE(pid > 1)", "fsa_processes", False),
    "joined": ("SELECT t.pid AS pid FROM fsa_tokens AS t LEFT JOIN (SELECT pid FROM fsa_processes) AS p USING (pid)",
               "fsa_tokens", False),
    "comma": ("SELECT t.pid AS pid FROM fsa_tokens t, (SELECT 1 AS one) AS o", "fsa_tokens", False),
    "counted": ("SELECT count(*) AS pid FROM fsa_processes", "fsa_processes", False),
    "distinct": ("SELECT DISTINCT pid FROM fsa_processes", "fsa_processes", False),
    "united": ("SELECT pid FROM fsa_processes UNION ALL SELECT pid FROM fsa_tokens", "fsa_tokens", False),
}


def pack_metadata(folder):
    """fsa-score's built-in metadata is made by CMake, the other by `fsa pack build`: one rule, two hands."""
    packs = os.path.join(folder, "statements")
    for name, (sql, _, _) in STATEMENTS.items():
        write_pack(packs, name, sql)
    made = os.path.join(folder, "meta.c")
    subprocess.run(["cmake", "-D", "PACKS=" + packs, "-D", "OUT=" + made, "-P",
                    os.path.join(ROOT, "cmake/pack_meta.cmake")], check=True, timeout=60)
    for name, arguments, builtin in (("statements", [packs], made + ".json"),
                                     ("the packs", [], os.path.join(BUILD, "pack_meta_builtin.c.json"))):
        same("pack build: " + name, fsa("pack", "build", "-o", folder, *arguments).returncode, 0)
        ours = json.load(open(os.path.join(folder, "fsa-pack-meta.json")))["queries"]
        theirs = json.load(open(builtin))["queries"]
        same("metadata of %s: queries" % name, set(theirs), set(ours))
        for query, members in theirs.items():
            same("metadata of %s: %s" % (name, query), {key: ours[query].get(key) for key in members}, members)
        for query, (_, source, is_whole) in STATEMENTS.items() if arguments else ():
            same("metadata: source and whole of " + query, (ours["fsa_" + query]["source"], ours["fsa_" + query]["whole"]),
                 (source, is_whole))


def schema(folder):
    tables = json.loads(fsa("-f", "json", "SELECT name FROM fsa_tables").stdout)
    names = {row["name"] for row in tables}
    same("schema --json", {table["name"] for table in json.loads(fsa("schema", "--json").stdout)}, names)
    same("schema: CREATE TABLE", fsa("schema", "fsa_tables").stdout.count(b"CREATE TABLE"), 1)
    fleet = os.path.join(folder, "fleet/schema/tables/")
    same("schema --fleet", fsa("schema", "--fleet", fleet).returncode, 0)
    same("schema --fleet: one file a table", {name[:-4] for name in os.listdir(fleet)}, names)
    test("schema --list", b"fsa_processes" in fsa("schema", "--list").stdout)
    test("schema --markdown", b"fsa_processes" in fsa("schema", "--markdown", "processes").stdout)
    test("schema --osquery", b"fsa_processes" in fsa("schema", "--osquery").stdout)


def manual():
    """The manual page, --help and .help say the same."""
    page = re.sub(r"\\([ -])", r"\1", open(os.path.join(ROOT, "docs/fsa.1"), encoding="utf-8").read())
    options = set()
    for command in ([], ["sweep"], ["schema"], ["pack"]):
        options |= set(re.findall(r"--([a-z-]+)", fsa(*command, "--help").stdout.decode()))
    documented = set(re.findall(r"Fl (?:[a-z] , )?-([a-z][a-z-]+)", page))
    same("manual page: options", sorted(options - {"db"}), sorted(documented))
    commands = set(re.findall(r"^  (\.[a-z]+)", fsa(".help").stdout.decode(), re.M))
    same("manual page: commands", sorted(commands), sorted(set(re.findall(r"\.[a-z]+", " ".join(
        line for line in page.splitlines() if line.startswith(".It Ic"))))))
    modes = set(re.findall(r"^[* ] ([a-z]+) ", fsa(".mode").stdout.decode(), re.M))
    test("manual page: modes", all(".It Cm %s\n" % mode in page for mode in modes), modes)


def round_trips():
    """Any text comes out of csv, tsv and json as it went in; any bytes give valid UTF-8 in JSON."""
    dice = random.Random(20261124)
    alphabet = "ab \t\n\r\"',\\|;\x01\x1b\x7f\x9b\u00e9\u202e\u20ac\ufeff\U0001f600"
    texts = ["".join(dice.choice(alphabet) for _ in range(dice.randrange(40))) for _ in range(400)]
    texts += ["x" * n + "\"" + "y" * n for n in range(70)] + ["\u20ac" * n for n in (8191, 8192, 16384, 32767, 40000)]
    sql = "VALUES " + ", ".join("(CAST(x'%s' AS TEXT))" % text.encode().hex() for text in texts)
    ask = lambda mode: fsa("-f", mode, stdin=(".headers off\n" + sql + ";\n").encode()).stdout
    same("json round trip", [row["column1"] for row in json.loads(ask("json"))], texts)
    same("jsonl round trip", [json.loads(line)["column1"] for line in ask("jsonl").split(b"\n")[:-1]], texts)
    same("csv round trip", [row[0] for row in csv.reader(io.StringIO(ask("csv").decode(), newline=""))], texts)
    unescape = lambda text: re.sub(r"\\(.)", lambda m: {"t": "\t", "n": "\n", "r": "\r"}.get(m[1], m[1]), text)
    same("tsv round trip", [unescape(line) for line in ask("tsv").decode().split("\n")[:-1]], texts)
    blobs = [dice.randbytes(dice.randrange(1, 60)) for _ in range(400)]
    sql = "VALUES " + ", ".join("(CAST(x'%s' AS TEXT))" % blob.replace(b"\0", b"0").hex() for blob in blobs)
    for mode in ("json", "jsonl", "table", "line", "markdown"):
        out = fsa("-f", mode, stdin=(sql + ";\n").encode()).stdout
        try:
            out.decode("utf-8", "strict")
            if mode == "json":
                same("json: any bytes", len(json.loads(out)), 400)
            test(mode + ": any bytes give UTF-8", True)
        except ValueError as error:
            test(mode + ": any bytes give UTF-8", False, error)


def one_file():
    if SANITIZED:
        totals["skip"] += 1
        print("skipped static linking: a build with sanitizers is not static")
        return
    with open(FSA, "rb") as file:
        test("one static file", b"/ld-linux" not in file.read(4096))


def main():
    folder = tempfile.mkdtemp(prefix="fsa-shell-")
    try:
        one_file()
        exit_codes(folder)
        json_modes()
        csv_modes()
        text_modes()
        round_trips()
        manual()
        input_and_output(folder)
        broken_pipe()
        interrupt()
        quick_rows()
        sweep_lines()
        sweep_bounds(folder)
        sweep_evidence(folder)
        packs(folder)
        damaged_packs(folder)
        pack_build(folder)
        pack_metadata(folder)
        schema(folder)
    finally:
        shutil.rmtree(folder)
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
