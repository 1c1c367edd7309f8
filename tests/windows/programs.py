#!/usr/bin/env python3
"""The Windows programs as a person and a script use them: text in any language, files, consoles, Ctrl-C.

Runs fsa.exe, fsa-score.exe and fsa.dll of FSA_BUILD (build-windows) under Wine, through the wrapper that
FSA_WINE_PROGRAM or FSA_WINE names (cmake/windows/wine). Where the programs of Linux are built too
(FSA_LINUX_BUILD, build), both must answer with the same bytes.
"""
import errno
import fcntl
import gzip
import json
import os
import pty
import re
import select
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build-windows"))
LINUX = os.path.join(os.environ.get("FSA_LINUX_BUILD", os.path.join(ROOT, "build")), "bin")
WINE = os.environ.get("FSA_WINE_PROGRAM") or os.environ.get("FSA_WINE") or os.path.join(ROOT, "cmake/windows/wine")
FSA, SCORE = (os.path.join(BUILD, "bin", name + ".exe") for name in ("fsa", "fsa-score"))
ENDLESS = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
NAMES = "\u00fcml\u00e4ut \u20ac \u65e5\u672c \U0001f600"  # Latin, beyond Latin-1, wide, beyond the basic plane
PATIENCE = 60
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, str(detail)[:600]))


def same(name, got, expected):
    test(name, got == expected, "got %r, expected %r" % (got, expected))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def run(*command, stdin=None, cwd=None, **environment):
    return subprocess.run([WINE, *command], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                          stdin=None if stdin is not None else subprocess.DEVNULL, timeout=120,
                          env={**os.environ, **environment})


def fsa(*arguments, **options):
    return run(FSA, *arguments, **options)


def score(*arguments, **options):
    return run(SCORE, *arguments, **options)


def linux(program, *arguments, stdin=None, cwd=None):
    return subprocess.run([os.path.join(LINUX, program), *arguments], input=stdin, stdout=subprocess.PIPE, cwd=cwd,
                          stderr=subprocess.PIPE, stdin=None if stdin is not None else subprocess.DEVNULL, timeout=120)


def has_linux(program, name):
    if os.access(os.path.join(LINUX, program), os.X_OK):
        return True
    skip(name, "no programs of Linux to compare with")
    return False


def on_both(name, program, *arguments, stdin=None, cwd=None):
    """Exit code, output and messages are the same bytes on both systems."""
    there = run(os.path.join(BUILD, "bin", program + ".exe"), *arguments, stdin=stdin, cwd=cwd)
    here = linux(program, *arguments, stdin=stdin, cwd=cwd)
    same("the same on both systems: " + name, (there.returncode, there.stdout, there.stderr),
         (here.returncode, here.stdout, here.stderr))


# ---- text in and out ------------------------------------------------------------------------------------

def arguments():
    for name, text in (("letters of any script", NAMES), ("a backslash at the end", "C:\\Windows\\"),
                       ("quotes", 'say "hi"'), ("a star is no pattern", "*.*"), ("nothing", ""),
                       ("a backslash before a quote", '\\"\\\\"')):
        done = fsa("-f", "json", "SELECT '%s' AS a" % text)
        rows = json.loads(done.stdout or b"[]")
        same("an argument with %s is what the query says" % name, rows, [{"a": text}])
    same("an unpaired half of a character is U+FFFD", fsa(".headers off", "SELECT hex('\ufffd')").stdout, b"EFBFBD\n")


def input_files(folder):
    script = os.path.join(folder, NAMES + ".sql")
    with open(script, "wb") as file:
        file.write(b"\xef\xbb\xbf.headers off\r\nSELECT 'one',\r\n 1;\r\nSELECT '\xe2\x82\xac';\r\n")
    wanted = b"one,1\n\xe2\x82\xac\n"
    same(".read takes a file as Notepad writes it", fsa(".read " + script).stdout, wanted)
    with open(script, "rb") as file:
        same("SQL can be piped in", fsa(stdin=file.read()).stdout, wanted)
    same("SQL without a last line end runs", fsa(stdin=b"SELECT 1 AS a").stdout, b"a\n1\n")
    done = fsa(".read " + os.path.join(folder, "nothing.sql"))
    same("a file that is not there is told", (done.returncode, b"No such file or directory" in done.stderr), (1, True))
    done = fsa("-o", folder, "SELECT 1")
    same("a folder is no place for output", (done.returncode, b"Is a directory" in done.stderr), (2, True))


def output_files(folder):
    path = os.path.join(folder, NAMES + ".csv")
    for text, size in (("a" * 20000, 20003), ("\u20ac\n2", 10)):
        same("-o writes a file of any name", fsa("-o", path, "SELECT '%s' AS a" % text).returncode, 0)
        same("a file is made anew, its lines end with LF", os.path.getsize(path), size)
    with open(path, "rb") as file:
        same("the file holds UTF-8", file.read(), "a\n\"\u20ac\n2\"\n".encode())
    same("NUL takes everything", fsa("-o", "NUL", "SELECT 1").returncode, 0)
    below = os.path.join(folder, "new", NAMES, "packs")
    same("pack build makes its folders", fsa("pack", "build", "-o", below).returncode, 0)
    same("... and fills them", sorted(os.listdir(below)),
         ["fleet", "fsa-linux.json", "fsa-pack-meta.json", "fsa-windows.json", "osctrl", "pages", "zentral"])
    windows_way = "Z:" + os.path.join(folder, "by", "backslash").replace("/", "\\")
    same("a path may have a drive and backslashes", fsa("pack", "build", "-o", windows_way).returncode, 0)
    same("... and means the same place", sorted(os.listdir(os.path.join(folder, "by", "backslash"))), sorted(os.listdir(below)))


def packs(folder):
    copy = os.path.join(folder, "packs")
    shutil.copytree(os.path.join(ROOT, "packs"), copy, dirs_exist_ok=True)
    for place, _, names in os.walk(copy):
        for name in (name for name in names if name.endswith((".sql", ".yar"))):
            with open(os.path.join(place, name), "r+b") as file:
                text = file.read().replace(b"\n", b"\r\n")
                file.seek(0)
                file.write(text)
    built, plain = os.path.join(folder, "crlf"), os.path.join(folder, "lf")
    same("packs with CR LF have no fault", fsa("pack", "lint", "packs", cwd=folder).returncode, 0)
    same("... by a path with backslashes either", fsa("pack", "lint", ".\\packs\\running", cwd=folder).returncode, 0)
    fsa("pack", "build", "-o", built, copy)
    fsa("pack", "build", "-o", plain, os.path.join(ROOT, "packs"))
    for place, _, names in os.walk(plain):
        below = os.path.join(built, os.path.relpath(place, plain))
        for name in names:
            with open(os.path.join(below, name), "rb") as one, open(os.path.join(place, name), "rb") as other:
                test("%s is the same from packs with CR LF" % name, one.read() == other.read())


# ---- the same bytes as on Linux ---------------------------------------------------------------------------

HOSTILE = ("SELECT 'a' || char(27) || '[31mred' AS esc, char(0x202e) || 'gpj.exe' AS reversed, "
           "cast(x'41ff42' AS TEXT) AS broken, 'x' || char(13, 10) || 'y' AS lines, 'say \"hi\", ok' AS quoted, "
           "x'00ff1b' AS bytes, NULL AS no_value, '' AS empty, 1.5 AS real, 9e999 AS huge, 1e-7 AS small, "
           "-9223372036854775808 AS least, '\u65e5\u672c \U0001f600' AS wide")


def like_linux(folder):
    if not has_linux("fsa", "the same bytes on both systems"):
        return
    for mode in ("table", "box", "csv", "tsv", "json", "jsonl", "line", "markdown"):
        on_both(mode, "fsa", "-f", mode, HOSTILE, "SELECT 1 AS a WHERE 0", "VALUES (1, 'x'), (22, 'yy')")
    on_both("a million rows", "fsa", "-f", "csv",
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i, i * 0.1, hex(i) FROM n")
    for form in ([], ["--markdown"], ["--json"], ["--osquery"], ["--list"], ["fsa_tables"], ["nosuch"]):
        on_both("schema " + " ".join(form), "fsa", "schema", *form)
    for command in ([], ["sweep"], ["schema"], ["pack"]):
        on_both(" ".join(command + ["--help"]), "fsa", *command, "--help")
    on_both("pack lint", "fsa", "pack", "lint", "packs", cwd=folder)
    on_both("what cannot be done", "fsa", "-f", "xml", "SELECT 1")
    for sql in ("SELECT 1 FORM x y", "SELECT * FROM fsa_proceses", ".nothing", ".mode nothing", "SELECT '\u00e4' FROM"):
        on_both(sql, "fsa", sql)
    on_both("a missing folder", "fsa", "-o", "no/such/folder", "SELECT 1", cwd=folder)
    on_both("SQL from a pipe with a mistake", "fsa", stdin=b"SELECT 1;\n\nSELECT x\nFROM y;\n")
    on_both("the scorer's help", "fsa-score", "--help")
    on_both("the scorer without a command", "fsa-score")
    on_both("a log that is not there", "fsa-score", "ingest", "--db", "case.db", "nothing.log", "--quiet", cwd=folder)
    on_both("a case that is not there", "fsa-score", "rank", "--db", "no-case.db", cwd=folder)


def without_times(log):
    lines = []
    for line in log.decode().splitlines():
        entry = json.loads(line)
        entry.pop("unixTime"), entry.pop("calendarTime")
        if entry.get("name") in ("pack_fsa_fsa_coverage", "pack_fsa_fsa_problems"):  # of the look itself
            for row in entry["snapshot"]:
                for column in ("milliseconds", "start_time", "first_time", "is_privileged"):
                    row.pop(column, None)
        lines.append(entry)
    return lines


def sweeps(folder):
    log = os.path.join(folder, "host.log")
    done = fsa("sweep", "-o", log)
    same("a sweep of this host ends well", done.returncode, 0)
    with open(log, "rb") as file:
        text = file.read()
    entries = [json.loads(line) for line in text.decode().splitlines()]
    test("a sweep's lines end with LF", b"\r" not in text and text.endswith(b"\n"))
    test("every line names the host by its UUID", entries and all(
        re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", entry["hostIdentifier"]) for entry in entries),
        text[:300])
    test("... and by its name", entries and all(entry["decorations"].get("hostname") for entry in entries))
    calendar = time.strftime("%a %b %e %H:%M:%S %Y UTC", time.gmtime(entries[0]["unixTime"])) if entries else ""
    same("the time is osquery's form", entries[0]["calendarTime"] if entries else None, calendar)
    named = fsa("sweep", "--host-identifier", NAMES, "--quiet").stdout.decode().splitlines()
    same("a host has the name it is given", {json.loads(line)["hostIdentifier"] for line in named}, {NAMES})
    case = os.path.join(folder, NAMES + ".db")
    done = score("ingest", "--db", case, log)
    same("what a sweep wrote the scorer takes", (done.returncode, b"REJECTED" in done.stdout), (0, False))


def sweep_evidence():
    if not has_linux("fsa", "sweeps of evidence"):
        return
    for name in ("demo/case", "folders"):
        evidence = os.path.join(os.path.dirname(LINUX), "evidence", name)
        if not os.path.isdir(evidence):
            skip("a sweep of %s" % name, "its maker in tests/evidence did not run")
            continue
        there, here = fsa("sweep", "-e", evidence), linux("fsa", "sweep", "-e", evidence)
        differ = [pair for pair in zip(without_times(there.stdout), without_times(here.stdout)) if pair[0] != pair[1]]
        same("a sweep of %s: as many lines on both systems" % name,
             there.stdout.count(b"\n"), here.stdout.count(b"\n"))
        test("a sweep of %s: the same lines on both systems" % name, not differ, differ[:1])
        same("a sweep of %s: the same exit code" % name, there.returncode, here.returncode)


# ---- the scorer -------------------------------------------------------------------------------------------

def scorer(folder):
    fleet, case = os.path.join(folder, "fleet"), os.path.join(folder, "fleet " + NAMES + ".db")
    logs = os.path.join(folder, "logs " + NAMES)
    subprocess.run([sys.executable, os.path.join(ROOT, "tests/fleet/make_fleet.py"), fleet, "--hosts", "200"],
                   check=True, stdout=subprocess.DEVNULL)
    shutil.move(os.path.join(fleet, "logs"), logs)
    kinds = {os.path.splitext(name)[1] for _, _, names in os.walk(logs) for name in names}
    test("the fleet's logs are plain, .gz and .zst", {".gz", ".zst", ".log"} <= kinds, kinds)
    hosts = os.path.join(fleet, "hosts.txt")
    done = score("ingest", "--db", case, logs)
    same("logs in a folder of any name are taken", done.returncode, 0)
    again = score("ingest", "--db", case, logs)
    test("a second time changes nothing", b"already known" in again.stdout, again.stdout)
    whole = sqlite3.connect(case).execute("SELECT count(*) FROM answer").fetchone()[0]
    test("the case is an SQLite file with answers", whole > 40, whole)
    if not has_linux("fsa-score", "the scorer's answers on both systems"):
        return
    other = os.path.join(folder, "linux.db")
    linux("fsa-score", "ingest", "--db", other, logs)
    for command in (["rank", "--top", "30", "-f", "json"], ["rank", "-f", "csv"], ["rank"], ["score"], ["findings"],
                    ["coverage", "--hosts", hosts, "-f", "csv"], ["coverage", "--hosts", hosts]):
        there, here = score(*command, "--db", case), linux("fsa-score", *command, "--db", other)
        test("`fsa-score %s` says the same on both systems" % " ".join(command[:1] + command[-1:]),
             there.stdout == here.stdout and there.returncode == here.returncode,
             (there.stdout[:200], here.stdout[:200]))
        same("... and of a case that the other system made",
             score(*command, "--db", other).stdout, here.stdout)


def scorer_pipe(folder):
    line = json.dumps({"name": "fsa_x", "hostIdentifier": "H", "unixTime": 1, "epoch": 0, "counter": 0,
                       "snapshot": [{"path": NAMES}]}).encode() + b"\n"
    case, packed = os.path.join(folder, "pipe.db"), os.path.join(folder, "packed.gz")
    same("a log comes through a pipe", score("ingest", "--db", case, "-", stdin=line).returncode, 0)
    same("a compressed log comes through a pipe",
         score("ingest", "--db", case, "-", stdin=gzip.compress(line * 3)).returncode, 0)
    with open(packed, "wb") as file:
        file.write(gzip.compress(line)[:-12])
    done = score("ingest", "--db", case, packed)
    same("a cut log is told", (done.returncode, b"ends before its end mark" in done.stderr), (3, True))
    done = score("ingest", "--db", os.path.join(folder, "no/such/case.db"), "-", stdin=line)
    same("a case that cannot be made is told", done.returncode, 2)


# ---- the module -------------------------------------------------------------------------------------------

def module(folder):
    shell = sysroot_program("sqlite3.exe")
    if not shell:
        return skip("fsa.dll in sqlite3.exe", "no sqlite3.exe in the sysroot")
    load = ".load " + os.path.join(BUILD, "bin/fsa.dll")
    done = run(shell, ":memory:", load, "SELECT count(*) > 10 FROM fsa_tables")
    same("sqlite3.exe loads fsa.dll and asks it", (done.stdout.split(), done.returncode), ([b"1"], 0))
    place = os.path.join(folder, NAMES)
    os.makedirs(os.path.join(place, "nothing"), exist_ok=True)
    done = run(shell, ":memory:", load, "SELECT evidence FROM fsa_problems LIMIT 1; SELECT 'end'", FSA_EVIDENCE=place)
    same("FSA_EVIDENCE may have a name in any script", (done.stdout.split(), done.stderr), ([b"end"], b""))
    done = run(shell, ":memory:", load, "SELECT * FROM fsa_files", FSA_EVIDENCE=os.path.join(folder, "nothing"))
    test("evidence that is not there is told", b"nothing" in done.stderr or b"no such table" in done.stderr, done.stderr)


def sysroot_program(name):
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        found = re.search(r"^FSA_SYSROOT:\w+=(.*)$", file.read(), re.M)
    path = os.path.join(found[1], "bin", name) if found else ""
    return path if os.path.exists(path) else None


# ---- the console ------------------------------------------------------------------------------------------

class Console:
    """A program in a console of 100 columns: Wine makes it of a pseudo-terminal."""

    def __init__(self, *command, **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            mode = termios.tcgetattr(0)  # as the console will have it: Enter is CR from the first key on
            mode[0] &= ~termios.ICRNL
            mode[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(0, termios.TCSANOW, mode)
            for name in ("NO_COLOR", "FSA_HISTORY"):
                os.environ.pop(name, None)
            os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
            os.execv(WINE, [WINE, *command])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.seen = b""

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.seen += data
        return bool(data)

    def screen(self):
        """What was written since the last key, without the moves of the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", self.seen.decode("utf-8", "replace"))

    def wait(self, text):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and text not in self.screen():
            self.read(0.2)
        return text in self.screen()

    def type(self, keys):
        self.seen = b""
        os.write(self.fd, keys.encode())

    def end(self):
        """The exit code; None when it had to be killed."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.read(0.1)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        return None


def console():
    shell = Console(FSA)
    test("the shell greets", shell.wait("Ctrl-Z and Enter leave"), shell.seen)
    test("... and prompts", shell.wait("fsa>"), shell.seen)
    shell.type("SELECT '%s' AS\r" % NAMES[:10])
    test("a statement may have two lines", shell.wait("...>"), shell.seen)
    shell.type("answer;\r")
    test("what is typed in any script comes back", shell.wait("%s\n" % NAMES[:10]) and shell.wait("fsa>"), shell.seen)
    test("the head of a table is bold", b"\x1b[1m" in shell.seen, shell.seen)
    shell.type("\x1b[A\x1b[A\r")
    test("the console remembers lines", shell.wait("...>"), shell.seen)
    shell.type("1;\r")
    shell.wait("fsa>")
    for keys in ("\x03", "\x03", "SELECT 6 * 7 AS product;\r"):
        shell.type(keys)
        time.sleep(1)  # Wine brings a Ctrl-C late, and two during a query end the program
    test("Ctrl-C at the prompt does not end the shell", shell.wait("42"), shell.seen)
    shell.type(ENDLESS + ";\r")
    time.sleep(1)
    shell.type("\x03")
    test("Ctrl-C ends a query", shell.wait("cancelled: the answer is not complete"), shell.seen)
    shell.type("SELECT 'still' || ' here';\r")
    test("... and the shell goes on", shell.wait("still here"), shell.seen)
    shell.type("\x04\r")
    same("the end of the input ends the shell", shell.end(), 0)


def console_colour():
    shell = Console(FSA, "SELECT 1 AS a", NO_COLOR="1")
    test("NO_COLOR: the answer comes", shell.wait("a"), shell.seen)
    same("NO_COLOR: the program ends well", shell.end(), 0)
    test("NO_COLOR: there is none", b"\x1b[1m" not in shell.seen, shell.seen)
    shell = Console(FSA, ENDLESS.replace("FROM n)", "FROM n WHERE i < 20000000)"))
    test("long work shows its progress", shell.wait("reading: "), shell.seen)
    shell.type("\x03")
    same("Ctrl-C: the exit code of a failed query", shell.end(), 2)


def control_c():
    plant = os.path.join(BUILD, "tests/plant-control_c.exe")
    if not os.path.exists(plant):
        return skip("Ctrl-C as an event", "no plant-control_c.exe")
    master, slave = pty.openpty()
    begun = "SELECT 'begun' AS a"
    shell = subprocess.Popen([WINE, plant, FSA, "-f", "csv", begun, ENDLESS], stdin=slave, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
    out, errors = shell.communicate(timeout=120)
    os.close(slave), os.close(master)
    same("Ctrl-C in a script's console: what was there, a message, exit code 2",
         (out, b"cancelled: the answer is not complete" in errors, shell.returncode),
         (b"a\nbegun\ncount(*)\n", True, 2))


# ---- time ---------------------------------------------------------------------------------------------------

def best_time(*command):
    best = 1e9
    for _ in range(15):
        began = time.monotonic()
        run(*command)
        best = min(best, time.monotonic() - began)
    return best * 1000


def quick_start():
    """A busy machine says little: then what the program adds to the smallest one counts."""
    took = best_time(FSA, "SELECT count(*) FROM fsa_tables")
    least = best_time(os.path.join(BUILD, "tests/plant-control_c.exe"))  # which has nothing to start and ends
    print("from start to answer: %.0f ms at best (a program that does nothing: %.0f ms)" % (took, least))
    test("from start to answer in less than 100 ms", took < 100 or (least > 50 and took < 3 * least), took)


def keep_warm():
    """A program that waits for input until the end. The first one of a prefix starts Wine's services, which
    inherit its output: without this, each run() would wait for their end, and start them anew."""
    subprocess.run([WINE, FSA, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=120)
    return subprocess.Popen([WINE, FSA], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    folder = tempfile.mkdtemp(prefix="fsa-windows-")
    keeper = keep_warm()
    try:
        arguments()
        input_files(folder)
        output_files(folder)
        packs(folder)
        like_linux(folder)
        sweeps(folder)
        sweep_evidence()
        scorer(folder)
        scorer_pipe(folder)
        module(folder)
        console()
        console_colour()
        control_c()
        quick_start()
    finally:
        keeper.communicate()
        shutil.rmtree(folder)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
