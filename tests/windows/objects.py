#!/usr/bin/env python3
"""handles, mutexes and named_pipes on a live Windows: what plant/objects.c and plant/named_pipes.c put there
is found with its facts, and a process that plants nothing has none of it.

What Wine does not have (the list of pipes, owners of mutexes, addresses of objects) is tested with recorded
answers in unit/.
"""
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build-windows"))
WINE = os.environ.get("FSA_WINE", os.path.join(ROOT, "cmake/windows/wine"))
FSA = os.path.join(BUILD, "bin/fsa.exe")
NAME = "fsa_planted"
VM_READ = "0x10"

totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, found, expected):
    totals["fail" if found != expected else "pass"] += 1
    if found != expected:
        print("FAIL %s\n  found    %r\n  expected %r" % (name, found, expected))


def fsa(sql):
    """The rows as dictionaries, and what is said of problems."""
    done = subprocess.run([WINE, FSA, "-f", "json", sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if done.returncode not in (0, 4):
        raise RuntimeError("exit %d: %s" % (done.returncode, done.stderr.decode()))
    return json.loads(done.stdout or b"[]"), done.stderr.decode()


class Plant:
    """A program that plants something and waits; gone at the end of the block."""

    def __init__(self, name, *arguments):
        program = os.path.join(BUILD, "tests/plant-%s.exe" % name)
        self.process = subprocess.Popen([WINE, program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self):
        line = self.process.stdout.readline().decode().split()
        if not line:
            raise RuntimeError("the plant ended")
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def by_name(rows):
    return {re.sub(r"^%s_?" % NAME, "", row["name"]): row for row in rows}


def check_mutexes(pid):
    rows, _ = fsa("SELECT *, error FROM fsa_mutexes WHERE name LIKE '%s%%'" % NAME)
    found = by_name(rows)
    directory = {row["directory"] for row in rows}
    test("all named objects stand in one directory of a session", [len(directory), {row["session"] for row in rows}],
         [1, {1}])
    test("kinds of objects", sorted((name, row["type"]) for name, row in found.items() if str(pid) not in name),
         [("abandoned", "Mutant"), ("event", "Event"), ("free", "Mutant"), ("owned", "Mutant"), ("section", "Section"),
          ("semaphore", "Semaphore")])
    test("who holds them", {(row["holder_count"], row["holder_pids"][0]) for row in rows}, {(1, pid)})
    test("handles are counted without ours", {row["handle_count"] for row in rows}, {1})

    def states(column):
        return [found[name][column] for name in ("owned", "free", "abandoned", "event")]
    test("signaled", states("is_signaled"), [0, 1, 1, 1])
    test("abandoned", states("is_abandoned"), [0, 0, 1, None])
    test("taken how often", states("count"), [2, 0, 0, None])
    test("semaphore", [found["semaphore"][c] for c in ("count", "max_count", "is_signaled")], [2, 5, 1])
    test("section", found["section"]["size"], 65536)
    guid = next(row for row in rows if str(pid) in row["name"])
    test("normalized name", guid["normalized_name"], NAME + "_P_{G}")
    alone, _ = fsa("SELECT normalized_name FROM fsa_mutexes WHERE name = '%s'" % guid["name"])
    test("normalized name alone", alone, [{"normalized_name": NAME + "_P_{G}"}])


def check_handles(pid, target, planted):
    rows, _ = fsa("SELECT *, error FROM fsa_handles WHERE pid = %d" % pid)
    handles = {str(row["handle"]): row for row in rows}
    found = {what: handles.get(number, {}) for what, number in planted.items() if number.isdigit()}

    def columns(what, *names):
        return [found[what].get(name) for name in names]
    test("a handle to another process",
         columns("process", "type", "granted_access", "access_text", "target_pid", "target_tid", "error"),
         ["Process", VM_READ, "PROCESS_VM_READ", target, None, None])
    test("a handle to a thread", columns("thread", "type", "target_pid"), ["Thread", pid])
    test("a thread has a number", isinstance(found["thread"]["target_tid"], int), True)
    test("a handle to a token", columns("token", "type", "access_text", "target_pid"),
         ["Token", "TOKEN_DUPLICATE TOKEN_QUERY", None])
    test("a token has a user", found["token"]["target_user"][:4], "S-1-")
    test("a file", [found["file"]["name"].lower(), found["file"]["type"]], [planted["path"].lower(), "File"])
    test("a section of a file", found["file_section"]["section_file"].lower(), planted["path"].lower())
    test("a section of memory", columns("section", "type", "section_file"), ["Section", None])
    test("a handle that is protected and inherited", columns("kept", "is_inheritable", "is_protected"), [1, 1])
    test("handles that are neither", {(found[w]["is_inheritable"], found[w]["is_protected"]) for w in ("owned", "token")},
         {(0, 0)})
    test("names", found["owned"]["name"].split("\\")[-1], NAME + "_owned")
    who, _ = fsa("SELECT DISTINCT pid FROM fsa_handles WHERE type = 'Process' AND target_pid = %d AND "
                 "access_text LIKE '%%PROCESS_VM_READ%%' AND pid IN (%d, %d)" % (target, pid, target))
    test("who may read the target's memory", who, [{"pid": pid}])


def check_pipes(server, client):
    rows, said = fsa("SELECT * FROM fsa_named_pipes WHERE pid = %d" % server)
    # the pipe between the two processes, which has no name but under Wine
    found = {row["name"]: row for row in rows if not row["name"].startswith("Win32.Pipes.")}
    test("the pipes of the server", sorted(found),
         sorted([NAME, NAME + "_blocked", "mojo.%d.1.2" % server, "mojo.2.1.2", "msagent_a1"]))

    def columns(name, *names):
        return [found[name].get(column) for column in names]
    test("server and client", columns(NAME, "path", "type", "client_pids", "partner_pid", "partner_count", "creator_pid"),
         ["\\\\.\\pipe\\" + NAME, "named_pipe", [client], client, 1, server])
    test("instances", columns(NAME, "instances", "max_instances", "mode"), [1, 2, "rw"])
    test("a pid that is true", columns("mojo.%d.1.2" % server, "name_pid", "is_pid_forged", "normalized_name"),
         [server, 0, "mojo.P.D.D"])
    test("a pid that is borrowed", columns("mojo.2.1.2", "name_pid", "is_pid_forged"), [2, 1])
    test("a tool's name", columns("msagent_a1", "known_as", "is_pid_forged"), ["Cobalt Strike", None])
    test("no tool's name", columns(NAME, "known_as", "known_from"), [None, None])
    test("a pipe at which its owner waits", columns(NAME + "_blocked", "instances", "client_pids"), [2, [server]])
    test("that pipes cannot be listed is said", "the pipes cannot be listed" in said, True)
    alone, _ = fsa("SELECT name FROM fsa_named_pipes WHERE pid = %d" % client)
    test("the client serves nothing", alone, [])


def check_nothing(pid):
    """A process that plants nothing."""
    rows, _ = fsa("SELECT name FROM fsa_named_pipes WHERE pid = %d" % pid)
    test("no pipes of an innocent process", rows, [])
    rows, _ = fsa("SELECT name FROM fsa_mutexes WHERE name LIKE '%s%%'" % NAME)
    test("no objects without the plant", rows, [])
    rows, _ = fsa("SELECT handle FROM fsa_handles WHERE pid = %d AND type IN ('Process', 'Token')" % pid)
    test("no handles of an innocent process", rows, [])


def look_while_leaving():
    """What is counted while processes end; None when Wine's server ended: that of Wine 8 can die by it (SIGSEGV)."""
    comers = [subprocess.Popen([WINE, "cmd", "/c", "exit"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
              for _ in range(6)]
    counts = []
    for _ in range(4):
        for sql in ("SELECT count(*) AS n FROM fsa_handles WHERE name IS NULL OR name <> ''",
                    "SELECT count(*) AS n FROM fsa_mutexes WHERE holder_count >= 0"):
            rows, _ = fsa(sql)
            counts.append(rows[0]["n"] if rows else None)
    for comer in comers:
        comer.wait(timeout=60)
    return None if None in counts else counts


def check_leaving():
    """Processes that come and go while they are looked at: rows or problems, never a stop."""
    for _ in range(3):
        counts = look_while_leaving()
        if counts:
            break
    test("handles while processes end", counts and min(counts[::2]) > 50, True)
    test("objects while processes end", counts and min(counts[1::2]) > 10, True)


def main():
    with Plant("sleeper") as sleeper:
        innocent = int(sleeper.read()[1])
        with Plant("objects", NAME, str(innocent)) as plant:
            pid = int(plant.read()[1])
            planted = {}
            while (line := plant.read()) != ["."]:
                planted[line[0]] = " ".join(line[1:])
            check_mutexes(pid)
            check_handles(pid, innocent, planted)
        with Plant("named_pipes", NAME) as plant:
            check_pipes(*map(int, plant.read()[1:]))
        check_nothing(innocent)
    check_leaving()
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
