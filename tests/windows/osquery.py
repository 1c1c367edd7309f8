#!/usr/bin/env python3
"""fsa.ext.exe over a named pipe, beside osquery's core as tests/interop/osquery_core plays it: the whole of it in a
Windows program of Thrift's own C++ library, with its TPipe and TPipeServer, osquery's rights and buffers.

The rows are judged by fsa.exe, as on Linux by fsa. Bytes that no library writes: osquery_demands.py.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests/interop/osquery_core"), os.path.join(ROOT, "tests/interop")]
import osquery_core as common
from judge import quote, schema
from osquery_core import HOST_A, RICH, skip, test, totals
from osquery_thrift.evidence import log_folder
from peer import CORE, EXTENSION, FIXTURES, SLOWER, WINDOWS, WINE, Core, core, extension, fixture, native, wait_for

common.EVIDENCE.pop("live Linux", None)
common.STATES = ("cold",)  # what is remembered is the same on each system, and Wine is slow to be asked
CALLS = 1000
LOCKS = 4  # of MinGW's threads: each gets its handle when two want it for the first time
MANY = 24
WIDE_ROWS = 20000
WIDE_CHUNKS = 90  # of a log, each with some 200 events
WIDE_SECONDS = 10


def same(name, got, expected):
    test(name, got == expected, "%r, not %r" % (got, expected))


# ---- the same rows ----

def check_queries(tables):
    with core() as peer:
        if peer.uuid() is None:
            return test("fsa.ext registers", False, peer.log())
        common.check_registration(peer, tables)
        check_rows(peer, tables)
        common.check_echoes(peer, tables)
        common.check_evidence_lists(peer)
        common.check_writes(peer)
        common.check_calls(peer, tables)
        check_live(peer, tables)
        check_together(peer)
        return test("the extension is alive after all of it", peer.uuid() is not None, peer.log())


def check_rows(peer, tables):
    """Every table whole in each place; the push-down law where a table has rows, once."""
    seen = {"fsa_evidence"}  # which looks at every file of a case each time
    for judge in common.judges(tables):
        common.check_whole(peer, judge)
        if judge.rows and judge.table["name"] not in seen:
            seen.add(judge.table["name"])
            common.check_law(peer, judge)


STABLE = {"fsa_processes": "pid, name, parent, path, cmdline, cwd, start_time, user_sid, integrity, session_id",
          "fsa_tokens": "pid, tid, name, user_sid, user_name, token_id, token_sddl, integrity, privileges, is_different"}


def check_live(peer, tables):
    """Every table answers for this host; what the shell says of the extension itself it says too."""
    for table in tables:
        reply = peer.sql("SELECT * FROM %s" % table["name"])
        rules = table["name"] in common.WITH_RULES and "sigfile" in reply.get("error", "")
        test("the live host is asked: " + table["name"], "error" not in reply or rules, reply.get("error"))
    pid = peer.ask(process=True)["pid"]
    for table in tables:
        if table["name"] in STABLE:
            common.check_like_shell(peer, table, STABLE[table["name"]], "pid = %d" % pid, "the extension in " + table["name"])
            rows = peer.rows("SELECT evidence FROM %s WHERE pid = %d" % (table["name"], pid))
            test("the live host's evidence is called live in " + table["name"], set(rows) == {("live",)}, rows)
    check_own_pipe(peer, pid)


def check_own_pipe(peer, pid):
    """Its pipe, as its own table of pipes shows it to whoever is connected to it."""
    name = "%s.%d" % (peer.socket[len(r"\\.\pipe" + "\\"):], peer.uuid())
    rows = peer.rows("SELECT pid, instances, partner_count, sddl FROM fsa_named_pipes WHERE name = %s" % quote(name))
    test("the extension's pipe is the extension's", len(rows) == 1 and rows[0][0] == pid, rows)
    test("... an instance waits beside those that serve", rows[0][1] > rows[0][2] >= 1, rows)
    test("... it has osquery's rights", re.search(r"D:\(A;;FA;;;SY\)\(A;;FA;;;BA\)\(A;;FA;;;S-1-5-[\d-]+\)$", rows[0][3]), rows)


def check_together(peer):
    texts = ["SELECT name FROM fsa_tables", "SELECT key, name FROM fsa_registry WHERE evidence = %s" % quote(HOST_A),
             "SELECT record_id FROM fsa_event_log WHERE evidence = %s" % quote(HOST_A)] * 4
    expected = {text: sorted(peer.rows(text)) for text in set(texts)}
    for _ in range(3):
        answers = peer.ask(together=texts)["answers"]
        wrong = [(text, answer) for text, answer in zip(texts, answers)
                 if sorted(tuple(row) for row in answer.get("rows", ())) != expected[text]]
        test("%d queries at once give what they give alone" % len(texts), not wrong, wrong[:2])


# ---- the pipe ----

def check_pings(folder):
    """Pings of another core's client while this one scans."""
    logs = os.path.join(folder, "slow")
    log_folder(logs, 30)
    with core(allowed=[native(folder)]) as peer, core(launch=False) as other:
        path = "%s.%s" % (peer.socket, peer.uuid())
        text = "SELECT count(*) FROM fsa_event_log WHERE eventid = 5 AND evidence = %s" % quote(native(logs))
        replies = []
        scan = threading.Thread(target=lambda: replies.append(peer.sql(text)))
        scan.start()
        time.sleep(0.2)
        times = []
        while scan.is_alive() and len(times) < 500:
            times.append(other.ping(path))
        scan.join()
        test("pings are answered during a scan", len(times) > 5 and None not in times,
             "%d pings beside %r" % (len(times), replies))
        worst = sorted(times)[len(times) * 9 // 10] if None not in times else 99
        print("beside a scan of %.1f s: %d pings, nine of ten within %.1f ms"
              % (replies[0].get("seconds", 0), len(times), worst * 1000))
        test("... nine of ten within half a second", worst < 0.5 * SLOWER, "%.3f s" % worst)
        test("the scan ends well", replies[0].get("rows") == [[0]], replies)


def check_many():
    """Each question is two connections; all but the first go through databases that ask each table for its columns."""
    with core() as peer:
        began = time.monotonic()
        answers = peer.ask(together=["SELECT count(*) FROM fsa_tables"] * MANY)["answers"]
        seconds = time.monotonic() - began
        wrong = [answer for answer in answers if "error" in answer]
        test("%d questions at once are answered" % MANY, not wrong, "%d errors: %r" % (len(wrong), wrong[:2]))
        calls = peer.ask(log=True)["calls"]
        bad = [call for call in calls if call["code"] != 0]
        print("%d questions at once: %d calls, %.2f s" % (MANY, len(calls), seconds))
        test("... and every call of theirs", not bad, bad[:2])


def check_leaks():
    """What 1,000 calls leave behind: nothing, once the last callers are gone."""
    def handles():
        held = []
        wait_for(lambda: held.append(peer.ask(process=True)["handles"]) or len(held) > 4 and len(set(held[-5:])) == 1, 5)
        return held[-1]
    with core(interval="60") as peer:
        uuid = peer.uuid()
        request = {"uuid": uuid, "registry": "table", "item": "fsa_tables", "request": {"action": "generate"}}
        for _ in range(CALLS // 5):
            peer.ask(call=request)
        peer.ask(together=["SELECT name FROM fsa_tables"] * 4)
        before = handles()
        began = time.monotonic()
        failed = sum(peer.ask(call=request).get("code") != 0 for _ in range(CALLS))
        seconds = time.monotonic() - began
        print("%d calls: %.2f ms each" % (CALLS, 1000 * seconds / CALLS))
        test("%d calls are answered" % CALLS, failed == 0, "%d failed" % failed)
        test("... and leave no handle behind", handles() <= before + LOCKS, "%d, not %d" % (handles(), before))
        for _ in range(CALLS // 10):
            peer.ask(ping="%s.%s" % (peer.socket, uuid))
        test("... nor do pings", handles() <= before + LOCKS, "%d, not %d" % (handles(), before))


def check_speed(folder):
    """20,000 rows through the pipe; osquery's reader asks a pipe for 512 bytes at a time, ours and the shell's do not."""
    logs = os.path.join(folder, "wide")
    events = log_folder(logs, 1, chunks=WIDE_CHUNKS)
    columns = "record_id, time, eventid, level, channel, provider_name, computer_name, source"
    with core(allowed=[native(folder)]) as peer:
        text = "SELECT %s FROM fsa_event_log WHERE evidence = %s" % (columns, quote(native(logs)))
        reply = peer.sql(text)
        call = [call for call in peer.ask(log=True)["calls"] if call["action"] == "generate"][-1]
        test("%d rows come whole" % events, len(reply.get("rows", ())) == events, str(reply)[:300])
        seconds = call["seconds"] * WIDE_ROWS / events
        print("%d rows of %d columns in a call of %.2f s" % (events, columns.count(",") + 1, call["seconds"]))
        test("%d rows come within %d s" % (WIDE_ROWS, WIDE_SECONDS), seconds < WIDE_SECONDS * SLOWER, "%.2f s" % seconds)


# ---- its life ----

def check_parent():
    """The osquery that started it is killed: Windows ends no children, so it must notice."""
    with tempfile.TemporaryDirectory(prefix="fsa-") as folder:
        peer = Core(folder, interval="60")
        test("an extension is started", peer.uuid() is not None, peer.log())
        pids = processes_with(peer.socket)
        peer.process.kill()
        peer.process.wait()
        gone = wait_for(lambda: not processes_with(peer.socket), 10)
        test("... and ends when the osquery that started it was killed", len(pids) == 2 and gone, (pids, processes_with(peer.socket)))
        test("... and says so", "the osquery that started this is gone" in peer.log(), peer.log())
        peer.end()


def processes_with(word):
    """Unix's numbers of the Windows programs whose command line has it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/cmdline" % pid, "rb") as file:
            if word.encode() in file.read().split(b"\0"):
                found.append(int(pid))
    return found


def check_start():
    """What can be wrong at the start, each with its exit code and one line."""
    pipe = r"\\.\pipe\fsa-nobody.em"
    for name, code, path, words in (
            ("no pipe of that name", 10, pipe, "there is no pipe " + pipe),
            ("a file's path", 13, r"C:\osquery.em", "is no pipe of this host"),
            ("a socket's path", 13, "/var/osquery/osquery.em", "is no pipe of this host"),
            ("another host's pipe", 13, r"\\other\pipe\osquery.em", "is no pipe of this host"),
            ("a long name", 12, pipe + "x" * 250, "bytes: it must have at most")):
        done = subprocess.run([*WINE, EXTENSION, "--socket", path, "--timeout", "0.3"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        same("start: %s: exit code" % name, done.returncode, code)
        test("start: %s: one line that says it" % name, len(lines) == 1 and words in lines[0], lines)
    for flag, words in (("--version", b"fsa.ext 0."), ("--help", rb"\\.\pipe\osquery.em")):
        done = subprocess.run([*WINE, EXTENSION, flag], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        test("start: " + flag, done.returncode == 0 and words in done.stdout and not done.stderr, done)


# ---- evidence ----

def check_permits(folder):
    """Evidence below the allowed folder and nowhere else, in the ways in which Windows lets a path be written."""
    allowed, outside = os.path.join(folder, "Allowed"), os.path.join(folder, "Allowed-too")
    for place in (allowed + "/case", allowed + "/contoso", outside):
        os.makedirs(place)
        shutil.copy(os.path.join(common.BUILD, "evidence/hives/rich"), place)
    inside, other = native(allowed), native(outside)
    good = [inside + r"\case\rich", inside + "/case/rich", inside.replace("\\", "/") + "/case/../case/rich", "\\\\?\\" + inside
            + r"\case\rich", inside + r"\.\case\rich", inside + r"\CASE\RICH", inside.upper() + r"\case\rich",
            inside + r"\contoso\rich"]
    bad = [other + r"\rich", inside + r"\..\Allowed-too\rich", "\\\\?\\" + other + r"\rich", native("/"), "C:\\", "C:", r"\\.\C:",
           r"\\host\share\rich", "//host/share/rich", r"\\?\UNC\host\share\rich", r"\\.\pipe\osquery.em", "nul", inside + r"\nul",
           "case\\rich", "\\", outside, RICH, "live:" + other, inside + r"\nothing"]
    with core(allowed=[inside]) as peer:
        def count(path):
            return peer.rows("SELECT count(*) FROM fsa_registry WHERE evidence = %s" % quote(path))[0]
        for path in good:
            got = count(path)
            test("evidence below the folder is asked: " + path, isinstance(got[0], int) and got[0] > 0, got)
        for path in bad:
            got = count(path)
            test("evidence elsewhere is refused: " + path, got[0] == "error", got)
        words = [peer.sql("SELECT 1 FROM fsa_registry WHERE evidence = %s" % quote(path))["error"].replace(path, "X")
                 for path in (other + r"\rich", other + r"\not there")]
        test("a refusal does not tell what is there", words[0] == words[1], words)
    with core(allowed=[]) as peer:
        reply = peer.sql("SELECT count(*) FROM fsa_registry WHERE evidence = %s" % quote(RICH))
        test("without --allow_evidence no evidence is asked", "--allow_evidence" in reply.get("error", ""), reply)


def run():
    tables = schema()
    with core(launch=False):  # without any program Wine's own server is about to end, and may fail the next one
        check_start()
    check_queries(tables)
    common.check_conflicts(tables)
    with tempfile.TemporaryDirectory(prefix="fsa-", dir=common.BUILD) as folder:
        check_pings(folder)
        check_speed(folder)
        check_permits(folder)
    check_many()
    check_leaks()
    common.check_forget()
    common.check_second()
    common.check_restart()
    check_parent()


def main():
    absent = [path for path in (EXTENSION, CORE) if not os.path.exists(path)]
    if not WINDOWS:
        skip("the named pipes", "FSA_SYSTEM=windows and FSA_WINE say how Windows programs are run")
    elif absent:
        skip("osquery's core on Windows", "%s is not built" % os.path.basename(absent[0]))
    else:
        run()
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
