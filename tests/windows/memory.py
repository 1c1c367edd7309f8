#!/usr/bin/env python3
"""injected_modules, modules, memory_regions and yara_memory on a live Windows: each state of memory that
plant/memory.c puts there is found with its facts, and a process that plants nothing has none of them.

Nothing planted is ever executed. What Wine does not have (working sets, names by device) is tested with recorded
answers in unit/memory.c.
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
PLANTED = b"MZ planted by a test, never exec".hex()
LIBRARY = r"c:\windows\system32\winmm.dll"

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

    def __init__(self, what):
        program = os.path.join(BUILD, "tests/plant-memory.exe")
        self.process = subprocess.Popen([WINE, program, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        words = self.process.stdout.readline().decode().split()
        if words[:1] != ["ready"]:
            raise RuntimeError("memory %s did not start: %r" % (what, words))
        self.pid, self.address = int(words[1]), words[2]

    def protection(self):
        self.process.stdin.write(b"?\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()


# ---- what an ordinary process has -------------------------------------------------------------------------


def check_idle():
    with Plant("idle") as plant:
        for hint in ("", " AND compare_files = 1"):
            rows, problems = fsa("SELECT kind, path FROM fsa_injected_modules WHERE pid = %d%s" % (plant.pid, hint))
            test("an ordinary process has no such memory" + hint, [rows, problems], [[], ""])
        rows, problems = fsa("SELECT * FROM fsa_modules WHERE pid = %d" % plant.pid)
        test("all of its modules are mapped, listed and on the disk, under one name",
             [[r["name"] for r in rows if not r["is_listed"] or not r["is_mapped"] or r["is_name_mismatch"]], problems],
             [[], ""])
        program = [r for r in rows if r["is_program"]]
        test("one of them is the program", [(r["base"], r["listed_name"], r["machine"], r["in_load_order"],
                                             r["in_initialization_order"]) for r in program],
             [(plant.address, "plant-memory.exe", "x64", 1, 0)])
        sizes = {r["name"].lower(): (r["size"] >= r["listed_size"] - 65536, r["is_32bit"], r["is_managed"]) for r in rows}
        test("system libraries are there with their facts", [sizes.get(n) for n in ("ntdll.dll", "kernel32.dll")],
             [(True, 0, 0)] * 2)
        check_regions(plant)


def check_regions(plant):
    rows, problems = fsa("SELECT * FROM fsa_memory_regions WHERE pid = %d" % plant.pid)
    ends = [(int(r["start"], 16), int(r["end"], 16)) for r in rows]
    test("regions stand in order and apart", [all(a[1] <= b[0] for a, b in zip(ends, ends[1:])), problems], [True, ""])
    test("all kinds of regions", {r["kind"] for r in rows}, {"anonymous", "file", "image"})
    own = [r for r in rows if r["allocation"] == plant.address]
    test("the program's image begins with its header, and has one region of code",
         [own[0]["permissions"], [r["permissions"] for r in own].count("r-xp"), {r["kind"] for r in own}],
         ["r--p", 1, {"image"}])
    test("files by their drives", [r["path"] for r in rows if r["path"] and r["path"][1:3] != ":\\"], [])
    test("a stack has a guard", [r["permissions"] for r in rows if r["is_guard"]][:1], ["-w-p"])


def check_self():
    rows, _ = fsa("SELECT kind FROM fsa_injected_modules WHERE pid IN (SELECT pid FROM fsa_processes WHERE name = 'fsa.exe')")
    test("the program itself has no such memory", rows, [])


# ---- what was planted -------------------------------------------------------------------------------------

# For each plant: the facts of the one row that the process has.
EXPECTED = {
    "rwx": {"kind": "anonymous", "permissions": "rwxp", "first_permissions": "rwxp", "is_writable": 1, "is_anonymous": 1,
            "first_bytes": PLANTED, "path": None, "is_explained": 0},
    "flipped": {"kind": "anonymous", "permissions": "r-xp", "first_permissions": "rw-p", "was_writable": 1,
                "is_writable": 0, "first_bytes": PLANTED},
    "dormant": {"kind": "once_executable", "permissions": "rw-p", "first_permissions": "rwxp", "first_bytes": PLANTED},
    "guard": {"kind": "anonymous", "permissions": "-wxp", "first_bytes": None},
    "shared": {"kind": "shared_memory", "permissions": "rwxs", "is_shared_memory": 1, "first_bytes": PLANTED},
    "view": {"kind": "mapped_executable", "permissions": "r-xs", "path": LIBRARY, "is_image": 0, "on_disk": 1},
    "phantom": {"kind": "unlinked_image", "path": LIBRARY, "is_unlisted": 1, "is_image": 1, "on_disk": 1,
                "is_header_modified": 0},
    "unlinked": {"kind": "unlinked_image", "path": LIBRARY, "is_unlisted": 1, "is_header_modified": 0},
    "erased": {"kind": "header_erased", "path": LIBRARY, "is_header_erased": 1, "is_header_modified": 1,
               "is_unlisted": 0},
    "entry": {"kind": "header_modified", "path": LIBRARY, "is_header_erased": 0, "is_header_modified": 1,
              "is_entry_changed": 1},
    "added": {"kind": "added_code", "path": LIBRARY, "is_code_added": 1, "is_header_modified": 0},
    "hollowed": {"kind": "hollowed", "permissions": "rwxp", "is_hollowed": 1, "is_anonymous": 1,
                 "first_bytes": PLANTED},
    "thread": {"kind": "thread_start", "permissions": "rw-p", "thread_starts": 1, "first_bytes": PLANTED},
    "renamed": None,
}


def facts(row, expected):
    found = {name: row[name] for name in expected}
    if "path" in expected and found["path"]:
        found["path"] = found["path"].lower()
    return found


def check_planted():
    for what, expected in EXPECTED.items():
        with Plant(what) as plant:
            rows, problems = fsa("SELECT * , first_bytes FROM fsa_injected_modules WHERE pid = %d" % plant.pid)
            if expected is None:
                test("%s is no such memory" % what, rows, [])
            else:
                test("%s is one row" % what, [len(rows), problems], [1, ""])
                test("facts of " + what, [facts(r, expected) for r in rows], [expected])
                inside = [r["allocation"] if r["is_image"] else r["start"] for r in rows]
                if what != "added":
                    test("place of " + what, inside, [plant.address])
            check_listed(what, plant)
            if what == "guard":
                test("the guard stands after the look", plant.protection(), "0x140")


def check_listed(what, plant):
    """What fsa_modules says beside it: (is_mapped, is_listed, is_name_mismatch) of the library."""
    expected = {"phantom": [(1, 0, None)], "unlinked": [(1, 0, None)], "renamed": [(1, 1, 1)]}.get(what)
    if not expected:
        return
    rows, problems = fsa("SELECT * FROM fsa_modules WHERE pid = %d AND base = '%s'" % (plant.pid, plant.address))
    test("%s beside the lists" % what, [[(r["is_mapped"], r["is_listed"], r["is_name_mismatch"]) for r in rows], problems],
         [expected, ""])
    if what == "renamed":
        test("the name in the list", [(r["listed_name"], r["name"].lower()) for r in rows], [("version9.dll", "winmm.dll")])


def check_patch():
    """Wine does not tell which pages were changed: only who asks for all code to be compared learns it."""
    with Plant("patched") as plant:
        sql = "SELECT * FROM fsa_injected_modules WHERE pid = %d" % plant.pid
        test("nobody tells changed pages", fsa(sql)[0], [])
        rows, problems = fsa(sql + " AND compare_files = 1")
        test("a patch of five bytes is found to the byte",
             [[(r["kind"], r["changed_bytes"], r["first_changed"], r["is_modified"],
                os.path.basename(r["path"].replace("\\", "/")).lower()) for r in rows], problems],
             [[("modified_code", 5, plant.address, 1, "kernel32.dll")], ""])


def check_circle():
    with Plant("circle") as plant:
        for table in ("injected_modules", "modules"):
            rows, problems = fsa("SELECT * FROM fsa_%s WHERE pid = %d" % (table, plant.pid))
            test("lists in a circle are a problem of fsa_" + table, problems.count("loader's lists"), 1)
        test("what they have is told, and what they lack is unknown",
             sorted({(r["is_mapped"], r["is_listed"]) for r in rows}, key=str), [(1, 1)])


def check_yara():
    rule = "rule planted { strings: $a = \"MZ planted by a test\" condition: $a }"
    with Plant("rwx") as plant:
        rows, problems = fsa("SELECT rule, address, permissions FROM fsa_yara_memory WHERE pid = %d AND sigrule = '%s'"
                             % (plant.pid, rule))
        test("rules find the text in executable memory", [rows, problems],
             [[{"rule": "planted", "address": plant.address, "permissions": "rwxp"}], ""])
        rows, _ = fsa("SELECT address FROM fsa_yara_memory WHERE pid = %d AND all_regions = 1 AND sigrule = '%s'"
                      % (plant.pid, rule))
        test("and in the program that holds it too", [plant.address in {r["address"] for r in rows}, len(rows) > 1],
             [True, True])
    with Plant("idle") as plant:
        rows, _ = fsa("SELECT address FROM fsa_yara_memory WHERE pid = %d AND sigrule = '%s'" % (plant.pid, rule))
        test("and nothing in memory of others", rows, [])


# ---- processes that come and go ---------------------------------------------------------------------------


def check_passing():
    """Processes end while all are looked at: never a stop, never a problem of another kind."""
    stop = time.monotonic() + 8
    looks = wrong = 0
    while time.monotonic() < stop:
        plants = [Plant("rwx") for _ in range(4)]
        look = subprocess.Popen([WINE, FSA, "-f", "json", "SELECT pid, kind FROM fsa_injected_modules"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for plant in plants:
            plant.__exit__()
        output, errors = look.communicate(timeout=120)
        looks += 1
        wrong += look.returncode not in (0, 4) or not isinstance(json.loads(output or b"[]"), list)
        if wrong:
            print(errors.decode())
    test("%d looks at processes that end" % looks, wrong, 0)


def check_cost():
    began = time.monotonic()
    rows, _ = fsa("SELECT count(DISTINCT pid) AS processes, count(*) AS regions FROM fsa_memory_regions")
    between = time.monotonic()
    fsa("SELECT count(*) FROM fsa_injected_modules")
    print("all regions of %(processes)d processes (%(regions)d)" % rows[0],
          "%.2f s; injected_modules %.2f s, Wine and start included" % (between - began, time.monotonic() - between))


def main():
    check_idle()
    check_self()
    check_planted()
    check_patch()
    check_circle()
    check_yara()
    check_passing()
    check_cost()
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
