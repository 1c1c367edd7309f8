#!/usr/bin/env python3
"""processes on a live Windows: what plant/process.c puts there is found with its facts, and an ordinary process
has none of the marks.

What Wine does not have (states of threads, protection, command lines by the kernel, files that are renamed under
a process) is tested with recorded answers in unit/processes.c.
"""
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build-windows"))
WINE = os.environ.get("FSA_WINE", os.path.join(ROOT, "cmake/windows/wine"))
FSA = os.path.join(BUILD, "bin/fsa.exe")
CLAIM = r"C:\windows\system32\services.exe"

totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, found, expected):
    totals["fail" if found != expected else "pass"] += 1
    if found != expected:
        print("FAIL %s\n  found    %r\n  expected %r" % (name, found, expected))


def fsa(sql):
    """The rows as dictionaries, and what is said of problems."""
    done = subprocess.run([WINE, FSA, "-f", "json", sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if done.returncode not in (0, 4):
        raise RuntimeError("exit %d: %s" % (done.returncode, done.stderr.decode()))
    return json.loads(done.stdout or b"[]"), done.stderr.decode()


class Plant:
    """A program that plants something and waits; gone at the end of the block."""

    def __init__(self, *arguments):
        program = os.path.join(BUILD, "tests/plant-process.exe")
        self.process = subprocess.Popen([WINE, program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        words = self.process.stdout.readline().decode().split()
        if words[:1] != ["ready"]:
            raise RuntimeError("process %s did not start: %r" % (arguments, words))
        self.pid = int(words[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def of(plant):
    rows, problems = fsa("SELECT * FROM fsa_processes WHERE pid = %d" % plant.pid)
    test("one row, no problem", [len(rows), problems], [1, ""])
    return rows[0]


def check_plain():
    began = int(time.time())
    with Plant("plain") as plant:
        row = of(plant)
        marks = ("is_deleted", "is_name_masqueraded", "is_peb_path_different", "is_image_renamed", "is_hidden",
                 "is_debugged", "is_kernel_thread", "is_covered", "is_wow64")
        test("an ordinary process has no mark", [m for m in marks if row[m] != 0], [])
        test("its facts", [row["name"], row["on_disk"], row["is_handle_owner"], row["threads"] > 0],
             ["plant-process.exe", 1, 1, True])
        test("its program and its command line", [row["path"].endswith(r"\tests\plant-process.exe"),
                                                  row["cmdline"] == '"%s" plain' % row["path"],
                                                  row["peb_path"] == row["path"], row["cwd"][1:3]],
             [True, True, True, ":\\"])
        test("it started now", abs(row["start_time"] - began) < 60, True)
        test("start_ticks are the same moment", row["start_ticks"] // 10000000 - 11644473600, row["start_time"])
        test("its user", [row["user_sid"][:6], bool(row["user_name"]), row["integrity"] in ("medium", "high"),
                          row["session_id"] is not None], ["S-1-5-", True, True, True])
        linux = ("pgroup", "session", "has_terminal", "nice", "is_memfd", "image_inode", "root", "uid", "euid", "gid",
                 "tracer_pid", "seccomp", "login_uid", "cgroup_path", "security_label")
        test("what only Linux knows is NULL", [c for c in linux if row[c] is not None], [])


def check_claim():
    with Plant("claims", CLAIM) as plant:
        row = of(plant)
        test("who claims another program", [row["peb_path"], row["is_peb_path_different"], row["path"] != CLAIM],
             [CLAIM, 1, True])


def check_orphan():
    with Plant("orphan") as plant:
        row = of(plant)
        test("whose parent has ended", [row["parent"] > 0, row["is_parent_alive"], row["parent_start_time"]],
             [True, 0, None])


def check_missing_file():
    with Plant("renamed") as plant:
        row = of(plant)
        # Windows names the file's new place, Wine its old one
        test("whose file lies elsewhere now", row["is_deleted"] == 1 or row["is_image_renamed"] == 1, True)


def check_everything():
    rows, problems = fsa("SELECT pid, parent, start_time, parent_start_time, is_parent_alive, path, is_hidden "
                         "FROM fsa_processes")
    test("no problem with any process", problems, "")
    test("no pid twice", len({r["pid"] for r in rows}), len(rows))
    test("nobody is hidden", [r for r in rows if r["is_hidden"] != 0], [])
    test("parents started before their children",
         [r for r in rows if r["is_parent_alive"] and r["parent_start_time"] > r["start_time"]], [])


def check_churn():
    """Processes that start and end while they are looked at are rows or nothing, never problems."""
    busy = [subprocess.Popen([WINE, os.path.join(BUILD, "tests/plant-process.exe"), "gone"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL) for _ in range(6)]
    for _ in range(6):
        rows, problems = fsa("SELECT * FROM fsa_processes")
        test("a busy host", [bool(rows), problems, [r for r in rows if r["is_hidden"]]], [True, "", []])
    for process in busy:
        process.wait(timeout=60)


def main():
    for check in (check_plain, check_claim, check_orphan, check_missing_file, check_everything, check_churn):
        try:
            check()
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            test(check.__name__, str(error), None)
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
