#!/usr/bin/env python3
"""The shell `fsa` as a person uses it: through a pseudo-terminal, key by key."""
import errno
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import stat
import struct
import sys
import tempfile
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
PATIENCE = 60 if os.environ.get("FSA_SANITIZED") == "1" else 20
ENDLESS = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n"
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


class Terminal:
    """A shell on a pseudo-terminal of 100 columns."""

    def __init__(self, folder, *arguments, columns=100, **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for name in ("NO_COLOR", "FSA_HISTORY"):
                os.environ.pop(name, None)
            os.environ.update({"HOME": folder, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
            os.execv(FSA, [FSA, *arguments])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.seen = b""  # since the last key

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

    def wait(self, pattern):
        """Waits until the output since the last key has the pattern; what was seen, or None."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if re.search(pattern, self.text(), re.S):
                return self.text()
            if not self.read(0.2) and self.ended():
                break
        return self.text() if re.search(pattern, self.text(), re.S) else None

    def text(self):
        return self.seen.decode("utf-8", "replace")

    def edits(self):
        return not termios.tcgetattr(self.fd)[3] & termios.ICANON

    def type(self, keys, at_prompt=True):
        """Types; at the prompt not before the shell reads keys (libedit shows its prompt a moment earlier)."""
        until = time.monotonic() + PATIENCE
        while at_prompt and not self.edits() and time.monotonic() < until:
            time.sleep(0.005)
        self.seen = b""
        os.write(self.fd, keys.encode())

    def ask(self, keys, pattern, name, at_prompt=True):
        self.type(keys, at_prompt)
        found = self.wait(pattern)
        test(name, found is not None, "%r not in %r" % (pattern, self.text()))
        return found or self.text()

    def ended(self):
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid:
            self.status = status
        return bool(pid)

    def close(self):
        """Waits for the end; the exit code, or None when the shell had to be killed."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.read(0.1)
            if self.ended():
                os.close(self.fd)
                return os.waitstatus_to_exitcode(self.status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        return None


def prompt_and_statements(folder):
    shell = Terminal(folder)
    test("greeting", shell.wait(r"FSA Tables .*tables.*\.help.*fsa> ") is not None, shell.text())
    shell.ask("SELECT 40 + 2 AS answer;\n", r"answer.*42.*fsa> ", "a statement")
    shell.ask("SELECT 1 AS one,\n", r"\.\.\.> ", "an open statement has another prompt")
    shell.ask("2 AS two;\n", r"one.*two.*1 +2.*fsa> ", "... and ends with a semicolon")
    shell.ask("SELECT * FROM fsa_proceses;\n", r"no such table: fsa_proceses.*did you mean fsa_processes\?.*fsa> ",
              "an error and its remedy")
    shell.ask("SELECT nonsense_here;\n", r"\n +\^.*fsa> ", "an error points at its place")
    shell.ask("SELECT 'a;b' AS t;\n", r"a;b.*fsa> ", "a semicolon inside a string")
    shell.type("\x04")
    test("Ctrl-D leaves", shell.close() == 0)


def commands(folder):
    shell = Terminal(folder)
    shell.wait("fsa> ")
    shell.ask(".help\n", r"\.evidence.*\.quit.*Ctrl-C cancels.*fsa> ", ".help")
    shell.ask(".tables proc\n", r"fsa_processes.*One row.*fsa> ", ".tables")
    shell.ask(".schema fsa_tables\n", r"CREATE TABLE fsa_tables.*fsa> ", ".schema")
    shell.ask(".mode\n", r"\* table.*jsonl.*fsa> ", ".mode lists")
    shell.ask(".mode json\n", r"fsa> ", ".mode sets")
    shell.ask("SELECT 1 AS a;\n", r'\[\{"a":1\}\]', "... the mode")
    shell.ask(".mode nothing\n", r"no mode is called nothing", ".mode of an unknown mode")
    shell.ask(".timer on\n", r"fsa> ", ".timer")
    shell.ask("SELECT 2 AS a;\n", r"\d\.\d\d\d s", "... tells the time")
    shell.ask(".bogus\n", r"no command is called \.bogus; \.help", "an unknown command")
    shell.ask(".evidence\n", r"evidence: live", ".evidence tells")
    shell.ask(".evidence /nonexistent\n", r"/nonexistent.*fsa> ", ".evidence of nothing")
    os.makedirs(os.path.join(folder, "case42/Windows/System32/config"), exist_ok=True)
    shell.ask(".evidence %s/case42\n" % folder, r"fsa case42> ", "the prompt names the evidence")
    shell.ask(".evidence live\n", r"fsa> ", "... and this host again")
    shell.type(".quit\n")
    test(".quit leaves", shell.close() == 0)


def completion(folder):
    shell = Terminal(folder)
    shell.wait("fsa> ")
    shell.ask("SELECT count(*) FROM fsa_proce\t", r"sses $", "TAB completes a table")
    shell.ask("WHERE is_kernel_t\t", r"hread $", "TAB completes a column of that table")
    shell.ask(" >= 0;\n", r"count.*\d.*fsa> ", "the completed statement runs")
    shell.ask("SELECT name FROM fsa_\t\t", r"fsa_coverage.*fsa_processes.*fsa_tables.*SELECT name FROM fsa_",
              "TAB lists what is possible")
    shell.ask("\x03", r"\^C.*fsa> ", "Ctrl-C drops the line")
    shell.ask("sel\t", r"ect $", "TAB completes a word of SQL in its letter case")
    shell.ask("\x03", r"fsa> ", "Ctrl-C drops the line again")
    shell.ask(".sch\t", r"ema $", "TAB completes a command")
    shell.ask("fsa_shimc\t\n", r"CREATE TABLE fsa_shimcache.*fsa> ", "TAB completes its argument")
    shell.ask(".mode mark\t\n", r"down .*fsa> ", "TAB completes a mode")
    shell.ask("SELECT pid\n", r"\.\.\.> ", "a statement over two lines")
    shell.ask("FROM fsa_processes WHERE parent_start\t", r"_time $", "... completes on the second")
    shell.ask("\x03", r"\^C.*fsa> ", "Ctrl-C drops the whole statement")
    shell.type("\x04")
    test("Ctrl-D leaves after completion", shell.close() == 0)


def history(folder):
    path = os.path.join(folder, ".fsa_history")
    test("the history is a file", os.path.exists(path))
    test("... for its owner only", stat.S_IMODE(os.stat(path).st_mode) == 0o600, oct(os.stat(path).st_mode))
    shell = Terminal(folder)
    shell.wait("fsa> ")
    shell.ask("SELECT 1001 AS a,\n", r"\.\.\.> ", "the first half of a statement")
    shell.ask("2002 AS b;\n", r"1001 +2002.*fsa> ", "... and the second")
    shell.ask("\x1b[A", r"SELECT 1001 AS a, 2002 AS b;", "arrow up brings the statement as one")
    shell.ask("\n", r"1001 +2002.*fsa> ", "... and it runs")
    shell.type("\x04")
    shell.close()
    shell = Terminal(folder)
    shell.wait("fsa> ")
    shell.ask("\x1b[A", r"SELECT 1001 AS a, 2002 AS b;", "the next session remembers")
    shell.ask("\x03", r"fsa> ", "Ctrl-C after history")
    shell.type("\x04")
    shell.close()
    os.remove(path)
    for value in ("", "/dev/null"):
        before = os.stat("/dev/null").st_mode
        shell = Terminal(folder, FSA_HISTORY=value)
        shell.wait("fsa> ")
        shell.ask("SELECT 1;\n", r"1.*fsa> ", "a statement without history")
        shell.type("\x04")
        shell.close()
        test("FSA_HISTORY=%r writes nothing" % value, not os.path.exists(path))
        test("FSA_HISTORY=%r leaves /dev/null alone" % value, os.stat("/dev/null").st_mode == before)
    other = os.path.join(folder, "elsewhere")
    shell = Terminal(folder, FSA_HISTORY=other)
    shell.wait("fsa> ")
    shell.ask("SELECT 1;\n", r"1.*fsa> ", "a statement with a history elsewhere")
    shell.type("\x04")
    shell.close()
    test("FSA_HISTORY names the file", os.path.exists(other) and not os.path.exists(path))


def interrupts(folder):
    shell = Terminal(folder)
    shell.wait("fsa> ")
    shell.type(ENDLESS)
    time.sleep(1.0)
    shell.ask("\x03", r"cancelled: the answer is not complete.*fsa> ", "Ctrl-C cancels the query, not the shell",
              at_prompt=False)
    shell.ask("SELECT 5 * 5 AS n;\n", r"25.*fsa> ", "... which goes on")
    shell.type(ENDLESS)
    test("progress appears on a terminal", shell.wait(r"reading: 0 rows, \d+ s") is not None, shell.text())
    shell.ask("\x03", r"cancelled.*fsa> ", "Ctrl-C again", at_prompt=False)
    shell.type("\x04")
    test("Ctrl-D leaves after Ctrl-C", shell.close() == 0)


def hostile_text(folder):
    hostile = "SELECT char(27) || ']0;owned' || char(7) AS title, char(0x9b) || '31m' AS c1, char(0x202e) || 'x' AS rtl"
    for mode in ("table", "box", "line", "csv", "tsv", "json", "jsonl", "markdown"):
        shell = Terminal(folder, "-f", mode, hostile, NO_COLOR="1")
        shell.close()
        test("%s: no escape sequence reaches the terminal" % mode, b"\x1b" not in shell.seen and b"\x07" not in shell.seen,
             shell.seen)
        test("%s: no C1 control reaches the terminal" % mode, b"\xc2\x9b" not in shell.seen, shell.seen)
        if not mode.startswith("json"):
            test("%s: it is visible" % mode, "\u241b" in shell.text() and "U+202E" in shell.text(), shell.text())
    shell = Terminal(folder, "SELECT * FROM \"a\x1b[31mb\"")
    shell.close()
    test("a message is neutralised too", b"\x1b[31m" not in shell.seen and b"no such table" in shell.seen, shell.seen)


def looks(folder):
    shell = Terminal(folder, "SELECT NULL AS a, 'x' AS b")
    shell.close()
    test("colour on a terminal", b"\x1b[1ma" in shell.seen and b"\x1b[2mNULL" in shell.seen, shell.seen)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        shell = Terminal(folder, "SELECT NULL AS a", **{name: value})
        shell.close()
        test("no colour with %s=%s" % (name, value), b"\x1b" not in shell.seen, shell.seen)
    shell = Terminal(folder, "SELECT 'abc' AS x, hex(zeroblob(150)) AS long", columns=60, NO_COLOR="1")
    shell.close()
    lines = shell.text().splitlines()
    test("a wide cell wraps inside the terminal", lines and max(len(line) for line in lines) <= 60, lines)
    test("... and nothing of it is lost", sum(line.count("0") for line in lines) == 300, lines)
    shell = Terminal(folder, "-f", "table", "SELECT hex(zeroblob(9000)) AS long", NO_COLOR="1")
    shell.close()
    test("what is cut is said to be", "bytes; .mode line shows all" in shell.text().replace("\r\n", ""), shell.text()[-300:])


def main():
    folder = tempfile.mkdtemp(prefix="fsa-pty-")
    try:
        prompt_and_statements(folder)
        commands(folder)
        completion(folder)
        history(folder)
        interrupts(folder)
        hostile_text(folder)
        looks(folder)
    finally:
        shutil.rmtree(folder)
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
