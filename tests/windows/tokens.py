#!/usr/bin/env python3
"""tokens on a live Windows: a thread that plant/impersonate.c lets act with a token of its own is found, with what
differs from its process's token, and a process without one has only its own row.

What Wine does not have (logon sessions, sources, anonymous and foreign tokens) is tested with recorded answers in
unit/tokens.c.
"""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build-windows"))
WINE = os.environ.get("FSA_WINE", os.path.join(ROOT, "cmake/windows/wine"))
FSA = os.path.join(BUILD, "bin/fsa.exe")

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

    def __init__(self, what):
        program = os.path.join(BUILD, "tests/plant-impersonate.exe")
        self.process = subprocess.Popen([WINE, program, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        words = self.process.stdout.readline().decode().split()
        if words[:1] != ["ready"]:
            raise RuntimeError("impersonate %s did not start: %r" % (what, words))
        self.pid, self.tid = int(words[1]), int(words[2])

    def rows(self, columns="*", where="1"):
        rows, problems = fsa("SELECT %s FROM fsa_tokens WHERE pid = %d AND %s ORDER BY tid" % (columns, self.pid, where))
        test("no problem", problems, "")
        return rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def check_plain():
    with Plant("plain") as plant:
        rows = plant.rows()
        test("threads that are nobody else have no row", [r["tid"] for r in rows], [None])
        row = rows[0]
        test("the row of the process", [row["is_leader"], row["is_different"], row["level"], row["name"],
                                        row["user_sid"] == row["process_user_sid"], row["is_elevated_token"] is not None],
             [1, 0, None, "plant-impersonate.exe", True, True])
        test("its groups and privileges", [len(row["groups"]) == row["group_count"],
                                           {"SeChangeNotifyPrivilege"} <= {p["name"] for p in row["privileges"]}],
             [True, True])
        linux = ("uid", "euid", "fsgid", "cap_effective", "has_capabilities", "seccomp", "login_uid", "user_namespace")
        test("what only Linux knows is NULL", [c for c in linux if row[c] is not None], [])


def check_self():
    with Plant("self") as plant:
        rows = plant.rows()
        test("a thread that impersonates its own process", [(r["tid"], r["level"], r["is_different"]) for r in rows],
             [(None, None, 0), (plant.tid, "impersonation", 0)])
        test("where it began", [rows[1]["start_module"].endswith("plant-impersonate.exe"),
                                int(rows[1]["start_address"], 16) > 0], [True, True])
        test("tokens have numbers of their own", rows[0]["token_id"] != rows[1]["token_id"], True)
        test("one thread by its number", [r["pid"] for r in fsa("SELECT pid FROM fsa_tokens WHERE tid = %d" % plant.tid)[0]],
             [plant.pid])
        test("no thread by another's", fsa("SELECT pid FROM fsa_tokens WHERE tid = 3"), ([], ""))


def check_identify():
    with Plant("identify") as plant:
        test("who may only be asked who it is", [r["level"] for r in plant.rows("level", "tid IS NOT NULL")],
             ["identification"])


def check_gained():
    with Plant("gained") as plant:
        columns = ("is_different", "has_other_uids", "has_other_capabilities", "has_gained_privileges",
                   "gained_privileges", "has_gained_administrators", "has_higher_integrity")
        rows = plant.rows(", ".join(columns), "tid IS NOT NULL")
        test("a thread that may more than its process", [tuple(r[c] for c in columns) for r in rows],
             [(1, 0, 1, 1, "SeShutdownPrivilege", 0, 0)])


def check_everything():
    rows, problems = fsa("SELECT pid, tid, is_leader FROM fsa_tokens")
    test("no problem with any process", problems, "")
    test("each process has one row of its own", len({r["pid"] for r in rows}), sum(r["is_leader"] for r in rows))


def main():
    for check in (check_plain, check_self, check_identify, check_gained, check_everything):
        try:
            check()
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            test(check.__name__, str(error), None)
    print("%d passed, %d failed, %d skipped" % (totals["pass"], totals["fail"], totals["skip"]))
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
