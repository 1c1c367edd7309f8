#!/usr/bin/env python3
"""The live registry and the tables that stand on it: what plant-registry and plant-sockets put there is found, and
nothing of it once they have ended.

fsa_registry, fsa_services, fsa_connections, fsa_drivers; Wine's own reg.exe is the second opinion.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build-windows"))
WINE = os.environ.get("FSA_WINE", os.path.join(ROOT, "cmake/windows/wine"))
FSA = os.path.join(BUILD, "bin/fsa.exe")
HIVE = os.path.join(BUILD, "evidence/folders/kape/D/Profiles/eve/NTUSER.DAT")
LOG = os.path.join(BUILD, "evidence/demo/case/host-a/C/Windows/System32/winevt/Logs/"
                   "Microsoft-Windows-PowerShell%4Operational.evtx")
HOME = "HKEY_LOCAL_MACHINE\\Software\\FsaPlant"
GHOST = "HKEY_USERS\\S-1-5-21-7-7-7-1001"
totals = {"passed": 0, "failed": 0, "skipped": 0}


def test(name, good, detail=""):
    totals["passed" if good else "failed"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def ask(sql):
    """The rows, and the problems as (code, source, message)."""
    problems = "SELECT code, problem_source, message FROM fsa_problems"
    done = subprocess.run([WINE, FSA, "-f", "json", sql, problems], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120)
    if done.returncode not in (0, 4):
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    decoder, text, answers, at = json.JSONDecoder(), done.stdout.decode("utf-8").strip(), [], 0
    while at < len(text):
        answer, at = decoder.raw_decode(text, at)
        while at < len(text) and text[at].isspace():
            at += 1
        answers.append(answer)
    return answers[0], [tuple(row.values()) for row in answers[1]]


class Plant:
    """A program that has put its state there while it runs; `words` are those of its first line."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([WINE, os.path.join(BUILD, "tests/plant-%s.exe" % name), *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        self.words = self.process.stdout.readline().decode().split()
        if self.words[:1] != ["ready"]:
            raise RuntimeError("the plant failed: %s" % self.words)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)


def values():
    rows, problems = ask("SELECT name, type, data, data_size, source, source_offset FROM fsa_registry WHERE key = '%s' "
                         "AND type <> 'subkey'" % HOME)
    found = [(row["name"], row["type"], row["data"] if row["data_size"] < 1000 else None, row["data_size"]) for row in rows]
    expected = [("first", "REG_SZ", "one", 8), ("empty", "REG_BINARY", "", 0), ("none", "REG_NONE", "", 0),
                ("nul\u2400name", "REG_SZ", "two", 8), ("expand", "REG_EXPAND_SZ", "%SystemRoot%\\x.exe", 38),
                ("odd", "0xffff0012", "01020304", 4), ("large", "REG_BINARY", None, 100000),
                ("unended", "REG_SZ", "open", 8), ("last", "REG_SZ", "three", 12)]
    test("values come through, those behind empty ones too", sorted(found) == sorted(expected), found)
    test("no problem with them", not problems, problems)
    test("they stand in a hive, not in a file", all(r["source"].upper() == "HKLM\\SOFTWARE" and r["source_offset"] is None for r in rows),
         rows[:1])
    one, _ = ask("SELECT data FROM fsa_registry WHERE key = '%s' AND name = 'nul\u2400name'" % HOME)
    test("a name with a NUL by its shown name", [r["data"] for r in one] == ["two"], one)


def keys():
    rows, _ = ask("SELECT name, class_name FROM fsa_registry WHERE key = '%s' AND type = 'subkey'" % HOME)
    found = {row["name"]: row["class_name"] for row in rows}
    test("keys, classes, a name with a NUL", found == {"Back": None, "Classed": "Klasse", "Nul\u2400Key": None}, found)
    rows, _ = ask("SELECT data FROM fsa_registry WHERE key = '%s\\Nul\u2400Key'" % HOME)
    test("a key with a NUL by its shown name", [r["data"] for r in rows] == ["found"], rows)
    rows, problems = ask("SELECT key, name, type FROM fsa_registry WHERE key LIKE '%s%%'" % HOME)
    below = [row for row in rows if row["key"].lower().startswith((HOME + "\\Back").lower())]
    test("a link ends the walk", [(r["name"], r["type"]) for r in below] == [("SymbolicLinkValue", "REG_LINK")], below)
    test("the walk has no problem", not problems, problems)
    rows, _ = ask("SELECT name FROM fsa_registry WHERE key = '%s\\Back\\Back\\Nul\u2400Key'" % HOME)
    test("a path follows links", [r["name"] for r in rows] == ["v"], rows)
    rows, problems = ask("SELECT count(*) AS n FROM fsa_registry WHERE key = '%s' AND deleted = 1" % HOME)
    test("deleted = 1 is told to be none of a running system", len(problems) == 1 and problems[0][0] == "unsupported", problems)
    rows, problems = ask("SELECT name FROM fsa_registry WHERE key = 'HKEY_LOCAL_MACHINE\\Software\\No such key'")
    test("what is not there is no problem", not rows and not problems, (rows, problems))


def ghost():
    """The hive of a profile that nobody has loaded is read from its file."""
    rows, problems = ask("SELECT data, source FROM fsa_registry WHERE key = '%s\\Environment' AND name = 'OneDrive'" % GHOST)
    test("a profile that is not loaded", [r["data"] for r in rows] == ["eve"], rows)
    test("its values stand in a file", rows and re.fullmatch(r"C:\\users\\fsaghost\\NTUSER\.DAT", rows[0]["source"], re.I), rows)
    rows, _ = ask("SELECT path FROM fsa_registry WHERE key = 'HKEY_USERS'")
    test("each user once", len(rows) == len({r["path"].lower() for r in rows}) and GHOST in {r["path"] for r in rows}, rows)
    run_keys = open(os.path.join(ROOT, "packs/set_to_run/run_keys.sql"), encoding="ascii").read()
    rows, _ = ask(run_keys)
    test("the pack of Run keys sees it", [r["name"] for r in rows if r["key"].startswith(GHOST)] == ["run_of_eve"], rows)


def event_log():
    """A log that is open for writing, as those of the event log service are."""
    rows, problems = ask("SELECT eventid, source FROM fsa_event_log WHERE source LIKE '%PowerShell%4Operational.evtx'")
    test("events of a log that is written", [r["eventid"] for r in rows] == [4104] * 3, (rows, problems))
    test("its path", rows and rows[0]["source"].lower() == "c:\\windows\\system32\\winevt\\logs\\microsoft-windows-powershell%4operational.evtx", rows[:1])
    rows, problems = ask("SELECT count(*) AS n FROM fsa_script_blocks")
    test("its script block", rows == [{"n": 1}] and not problems, (rows, problems))


def second_opinion():
    """Wine's reg.exe: the names of the subkeys of some keys."""
    for key in ("HKLM\\System\\CurrentControlSet\\Services", "HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion",
                "HKCU\\Software", "HKLM"):
        output = subprocess.run([WINE, "reg", "query", key], stdout=subprocess.PIPE, timeout=60).stdout
        told = sorted(line.strip().rsplit("\\", 1)[1].lower() for line in output.decode("utf-8", "replace").splitlines()
                      if line.startswith("HKEY_") and line.strip().lower().count("\\") == key.count("\\") + 1)
        if key.startswith("HKCU"):
            users, _ = ask("SELECT name FROM fsa_registry WHERE key = 'HKEY_USERS' AND source = 'HKU\\' || name "
                           "AND name LIKE 'S-1-5-21-%' AND name NOT LIKE '%_Classes'")
            key = "HKEY_USERS\\" + users[0]["name"] + key[4:]
        rows, _ = ask("SELECT name FROM fsa_registry WHERE key = '%s' AND type = 'subkey' AND source LIKE 'HK%%'" % key)
        test("subkeys of %s as reg.exe has them" % key, sorted(r["name"].lower() for r in rows) == told,
             sorted(set(told) ^ {r["name"].lower() for r in rows}))


def services():
    rows, problems = ask("SELECT * FROM fsa_services WHERE name LIKE 'FsaPlant%' ORDER BY name")
    test("two services", [r["name"] for r in rows] == ["FsaPlantService", "FsaPlantUnborn"], rows)
    if len(rows) == 2:
        known, unborn = rows
        test("one that both know", (known["in_registry"], known["in_scm"], known["status"]) == (1, 1, "STOPPED"), known)
        test("its program", known["binary_path"] == "C:\\Program Files\\Fsa Plant\\p.exe", known["binary_path"])
        test("its name for people", known["display_name"] == "A service of a test", known["display_name"])
        test("one that only the registry knows",
             (unborn["in_registry"], unborn["in_scm"], unborn["is_unlisted"], unborn["status"]) == (1, 0, 0, None), unborn)
        test("its program is not expanded with our variables", unborn["binary_path"].lower().endswith("\\unborn.exe"),
             unborn["binary_path"])
        test("its start", (unborn["start_type"], unborn["service_type"]) == ("AUTO_START", "OWN_PROCESS"), unborn)
    running, _ = ask("SELECT count(*) AS n FROM fsa_services WHERE status = 'RUNNING' AND pid > 0")
    test("services that run have processes", running[0]["n"] > 0, running)
    test("no problem", not problems, problems)


def connections():
    with Plant("sockets") as plant:
        listener, client, datagram = map(int, plant.words[1:])
        rows, _ = ask("SELECT * FROM fsa_connections WHERE local_port IN (%d, %d, %d)" % (listener, client, datagram))
        found = {(r["protocol"], r["state"], r["local_port"], r["remote_port"]): r for r in rows}
        waits = found.get((6, "LISTEN", listener, None))
        test("a listener", waits and (waits["is_listening"], waits["local_address"], waits["remote_address"], waits["family"])
             == (1, "127.0.0.1", None, 2), rows)
        goes = found.get((6, "ESTABLISHED", client, listener))
        test("a connection", goes and (goes["remote_address"], goes["remote_class"]) == ("127.0.0.1", "loopback"), rows)
        test("its other end", (6, "ESTABLISHED", listener, client) in found, rows)
        test("a datagram socket", (17, None, datagram, None) in found, rows)
    rows, _ = ask("SELECT state FROM fsa_connections WHERE local_port = %d AND is_listening = 1" % listener)
    test("no listener once it has ended", not rows, rows)


def drivers():
    rows, problems = ask("SELECT * FROM fsa_drivers")
    kernel = [r for r in rows if r["name"].lower() == "ntoskrnl.exe"]
    test("the kernel is loaded, on disk, and no service", len(kernel) == 1 and (
        kernel[0]["is_loaded"], kernel[0]["on_disk"], kernel[0]["service"], kernel[0]["in_registry"]) == (1, 1, None, 0), kernel)
    mounts = [r for r in rows if (r["service"] or "").lower() == "mountmgr"]
    test("a driver of all witnesses", len(mounts) == 1 and (mounts[0]["is_loaded"], mounts[0]["in_registry"], mounts[0]["in_scm"],
                                                            mounts[0]["status"]) == (1, 1, 1, "RUNNING"), mounts)
    hidden = [r for r in rows if r["is_loaded"] == 0]
    test("drivers that run and are in no list of modules (Wine's invented list has three)",
         hidden and all(r["status"] == "RUNNING" and r["base"] is None for r in hidden), hidden)
    test("no problem with them", not problems, problems)


def packs():
    for name in ("set_to_run/services", "running/connections", "running/drivers"):
        rows, _ = ask(open(os.path.join(ROOT, "packs/%s.sql" % name), encoding="ascii").read())
        test("the pack %s" % name, len(rows) > 0)


def nothing_left():
    for sql in ("SELECT 1 FROM fsa_registry WHERE key LIKE '%s%%'" % HOME,
                "SELECT 1 FROM fsa_services WHERE name LIKE 'FsaPlant%'",
                "SELECT 1 FROM fsa_registry WHERE key = '%s'" % GHOST):
        rows, _ = ask(sql)
        test("nothing of the plant once it has ended", not rows, sql)


def main():
    with Plant("registry", *["Z:" + path.replace("/", "\\") for path in (HIVE, LOG)]):
        for part in (values, keys, ghost, event_log, second_opinion, services):
            part()
    nothing_left()
    connections()
    drivers()
    packs()
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    sys.exit(1 if totals["failed"] else 0)


if __name__ == "__main__":
    main()
