#!/usr/bin/env python3
"""fsa.ext for long: 10,000 calls from 16 threads while the manager dies and comes back 100 times.

Afterwards it must hold what it held before: descriptors, threads and socket files are counted, memory is
measured. In a sanitized build LeakSanitizer looks at its end, and the numbers are smaller.
"""
import os
import random
import sys
import tempfile
import threading
import time

import osquery_thrift
from osquery_thrift import BUILD, PATIENCE, SANITIZED, wire
from osquery_thrift.operators import EQ

WHY_NOT = osquery_thrift.missing()
if not WHY_NOT:
    from osquery_thrift import client
    from osquery_thrift.extension import Extension
    from osquery_thrift.manager import Manager
    from osquery_demands.stage import same, test, totals

CALLS = 1000 if SANITIZED else 10000
RESTARTS = 15 if SANITIZED else 100
WARM_UP_CALLS = 300 if SANITIZED else 6000  # after which the heap and the caches have their size
THREADS = 16
RESIDENT_SLACK_KB = 2048  # what the heap of 16 callers may differ between two looks
PAUSE_SECONDS = 0.1  # of quiet between two restarts
RESTART_SECONDS = 5 * PATIENCE
RECORDED = "live:" + os.path.join(BUILD, "evidence/recorded_host")
WINDOWS = os.path.join(BUILD, "evidence/demo/case/host-a")

# ---- calls -----------------------------------------------------------------------------------------------------

def ping(core, _dice):
    return client.ping(core.path).code == 0


def columns(core, dice):
    table = dice.choice(sorted(core.tables))
    return core.call(table, {"action": "columns"}).rows == core.tables[table]


def generate(core, dice):
    table, place = dice.choice((("fsa_processes", RECORDED), ("fsa_tokens", RECORDED), ("fsa_registry", WINDOWS),
                                ("fsa_event_log", WINDOWS), ("fsa_shimcache", WINDOWS)))
    used = dice.choice((None, [], ["evidence"]))
    answer = core.generate(table, {"evidence": [(EQ, place)]}, used)
    return answer.code == 0 and answer.rows


def seek(core, dice):
    """A constraint, each time another one: nothing of it may be kept for ever."""
    answer = core.generate("fsa_processes", {"pid": [(EQ, str(dice.randrange(1 << 22)))]}, ["pid", "name"])
    return answer.code == 0


def live(core, _dice):
    return core.generate("fsa_tables", used=["name"]).code == 0


def wrong_call(core, dice):
    item, request = dice.choice((("fsa_nothing", {"action": "columns"}), ("fsa_tables", {"action": "drop"}),
                                 ("fsa_tables", {"action": "generate", "context": "{" * dice.randint(1, 2000)})))
    return client.call(core.path, "table", item, request).code == 1


def refused_evidence(core, dice):
    answer = core.generate("fsa_registry", {"evidence": [(EQ, "/etc/%d" % dice.randrange(1000000))]})
    return answer.code == 1


def unknown_method(core, _dice):
    return wire.exchange(core.path, wire.message("nothing"))[0] == wire.EXCEPTION


def cut_message(core, dice):
    whole = wire.call("table", "fsa_tables", {"action": "columns"})
    with wire.Stream(core.path) as stream:
        stream.offer(whole[:dice.randrange(len(whole))])
    return True


def deaf_caller(core, _dice):
    with wire.Stream(core.path) as stream:
        stream.offer(wire.call("table", "fsa_tables", {"action": "generate"}))
    return True


MIX = (ping, ping, columns, columns, generate, seek, live, wrong_call, refused_evidence, unknown_method, cut_message, deaf_caller)


class Callers:
    """Threads that call until all calls are made."""

    def __init__(self, extension, calls):
        self.extension, self.left, self.retried, self.wrong = extension, calls, 0, []
        self.lock, self.dice = threading.Lock(), random.Random(16)
        self.threads = [threading.Thread(target=self.run, args=(random.Random(n),), daemon=True) for n in range(THREADS)]
        for thread in self.threads:
            thread.start()

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def run(self, dice):
        while self.take():
            self.make(dice.choice(MIX), dice)

    def make(self, function, dice):
        """One call. It may only fail while the extension changes its endpoint, and is made again then."""
        until = time.monotonic() + RESTART_SECONDS
        while True:
            core, began = self.extension.core, time.monotonic()
            try:
                if not function(core, dice):
                    self.complain("%s: a wrong answer" % function.__name__)
                return
            except Exception as error:  # whatever the library makes of a connection that is refused or ends
                if time.monotonic() > until or not self.extension.alive():
                    self.complain("%s: %r" % (function.__name__, error))
                    return
                with self.lock:
                    self.retried += 1
                if not self.is_restarting(core, began):
                    self.complain("%s: %r, with the manager in place" % (function.__name__, error))
                    return
            time.sleep(0.02)

    def is_restarting(self, core, began):
        """Whether the endpoint was or is being replaced since the call began."""
        extension = self.extension
        return extension.socket != core.path or extension.lost_at >= began or extension.found_at <= extension.lost_at

    def complain(self, what):
        with self.lock:
            self.wrong.append(what)

    def done(self):
        return self.left <= 0

    def join(self):
        for thread in self.threads:
            thread.join(60 * PATIENCE)


# ---- restarts --------------------------------------------------------------------------------------------------

def restart(manager, extension):
    """Kills the manager and starts it again; seconds until the extension serves anew."""
    extension.lost_at = time.monotonic()
    manager.kill()
    manager.start()
    extension.registered(manager, timeout=RESTART_SECONDS)
    extension.found_at = time.monotonic()
    return extension.found_at - extension.lost_at


def restart_often(manager, extension, count, pause):
    """How many of the restarts were followed by a registration, and the longest wait for one."""
    times = []
    try:
        for _ in range(count):
            times.append(restart(manager, extension))
            time.sleep(pause)
    except RuntimeError as error:
        test("a restarted manager gets a registration", False, error)
    return len(times), max(times, default=0)


# ---- counting --------------------------------------------------------------------------------------------------

def settle(extension):
    time.sleep(2.5)  # remembered enumerations are older than their time
    return extension.holds()


def files(manager):
    return len(os.listdir(os.path.dirname(manager.path)))


def soak(folder):
    manager = Manager(os.path.join(folder, "osquery.em"))
    with manager, Extension(manager.path, "--interval", "0.1", "--allow_evidence", os.path.join(BUILD, "evidence")) as extension:
        extension.lost_at, extension.found_at = 0, 1
        extension.registered(manager)
        warm_up = Callers(extension, WARM_UP_CALLS)
        warm_up.join()
        same("warm-up: no call fails", warm_up.wrong[:3], [])
        same("warm-up: no call is made twice", warm_up.retried, 0)
        restart_often(manager, extension, 3, 0.1)
        before, resident, beside = settle(extension), extension.resident_kb(), files(manager)
        began = time.monotonic()
        callers = Callers(extension, CALLS)
        good, longest = restart_often(manager, extension, RESTARTS, PAUSE_SECONDS)
        callers.join()
        seconds = time.monotonic() - began
        same("%d calls, none of them wrong" % CALLS, (callers.done(), callers.wrong[:3]), (True, []))
        same("%d restarts, each with a new registration" % RESTARTS, good, RESTARTS)
        after = settle(extension)
        same("threads and descriptors are what they were", after, before)
        same("socket files are what they were", files(manager), beside)
        grown = extension.resident_kb() - resident
        if grown > RESIDENT_SLACK_KB:  # a heap finds its size; a leak grows by as much again
            resident = extension.resident_kb()
            Callers(extension, CALLS).join()
            settle(extension)
            grown = extension.resident_kb() - resident
        if not SANITIZED:
            test("memory is what it was", grown <= RESIDENT_SLACK_KB, "%d KB more than %d KB" % (grown, resident))
        print("%d calls and %d restarts in %.1f s; %d calls made twice; longest way to a registration %.2f s; "
              "%d KB resident, %+d KB; %d threads, %d descriptors" % (CALLS, RESTARTS, seconds, callers.retried, longest,
                                                                   resident, grown, *after))
        same("it ends with 0, without leaks", extension.end(timeout=30 * PATIENCE), 0)
        same("its socket is unlinked", files(manager), beside - 1)
        if extension.errors().strip():
            print("it said: " + extension.errors()[-2000:])


def main():
    if WHY_NOT:
        print("skipped fsa.ext for long: %s" % WHY_NOT)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="fsa-", dir="/tmp") as folder:
        try:
            soak(folder)
        except Exception as error:
            test("the soak runs to its end", False, "%s: %s" % (type(error).__name__, str(error)[-1500:]))
    same("no instance ended otherwise", Extension.wrong_ends, [])
    print("%(pass)d passed, %(fail)d failed, 0 skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
