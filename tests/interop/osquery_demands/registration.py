"""1: which tables are registered, and what becomes of a registration that is refused."""
import os
import re
import stat
import threading
import time

from osquery_thrift import PATIENCE, ON_WINDOWS, client
from osquery_thrift.extension import Extension
from osquery_thrift.manager import Manager

from .stage import running, same, schema, test


def registration(place):
    with running(place) as (manager, extension):
        attempt = manager.attempts[0]
        same("1 one attempt", len(manager.attempts), 1)
        same("1 the name", attempt.info.name, "fsa")
        test("1 the version", re.fullmatch(r"\d+\.\d+\.\d+", attempt.info.version), attempt.info)
        same("1 the SDK's version", (attempt.info.sdk_version, attempt.info.min_sdk_version), ("5.0.0", "0.0.0"))
        same("1 nothing but tables", sorted(name for name, items in attempt.registry.items() if items), ["table"])
        names = sorted(extension.tables)
        same("1 each table has the prefix", [name for name in names if not name.startswith("fsa_")], [])
        same("1 all tables of fsa", names, sorted(schema()))
        reply = client.ping(extension.socket)
        same("1 ping says who it is", (reply.code, reply.uuid), (0, extension.uuid))
        if not ON_WINDOWS:  # whose pipes' rights are told by tests/windows/unit/osquery_endpoint.c
            mode = os.stat(extension.socket).st_mode
            same("1 the endpoint is a socket for its owner alone", (stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o600))


def conflicts(place):
    taken = ["fsa_processes", "fsa_tables"]
    with running(place, taken=taken) as (manager, extension):
        same("1 a conflicting table is dropped and the rest registered", sorted(extension.tables),
             sorted(set(schema()) - set(taken)))
        same("1 one attempt more for each conflict", len(manager.attempts), 3)
        for name in taken:
            test("1 the dropped %s is told" % name, name in extension.errors(), extension.errors())
        same("1 the rest answers", extension.core.call("fsa_evidence", {"action": "columns"}).code, 0)


def hopeless_conflicts(place):
    """Refusals that dropping tables cannot answer must not become a loop."""
    cases = {"a conflict about a table that is not ours": lambda info, registry: conflict("processes"),
             "a conflict about each table": lambda info, registry:
                 conflict(sorted(registry.get("table", {"none": 0}))[0] if registry.get("table") else "none")}
    for name, refuse in cases.items():
        with Manager(place.socket(), refuse=refuse) as manager, Extension(manager.path) as extension:
            same("1 %s ends" % name, extension.wait(), 16)
            test("1 %s: few attempts" % name, len(manager.attempts) <= len(schema()) + 1, len(manager.attempts))


def conflict(name):
    return "Registry item %s conflicts with another item of the same name." % name


def duplicates(place):
    def refuse(_info, _registry):
        return "Duplicate extension registered" if len(manager.attempts) < 3 else None
    manager = Manager(place.socket(), refuse=refuse)
    with manager, Extension(manager.path) as extension:
        extension.registered(manager)
        times = [attempt.time for attempt in manager.attempts]
        gaps = [round(b - a, 2) for a, b in zip(times, times[1:])]
        same("1 a duplicate name is retried", len(times), 4)
        test("1 ... once a second", all(0.8 <= gap <= 1.6 * PATIENCE for gap in gaps), gaps)


class SecondInstance(threading.Thread):
    """The whole half minute of retries, beside the other tests."""

    def __init__(self, place):
        super().__init__(daemon=True)
        self.place, self.result = place, "no result"
        self.start()

    def run(self):
        with running(self.place) as (manager, _), Extension(manager.path) as second:
            began = time.monotonic()
            code = second.wait(60 * PATIENCE)
            self.result = (code, time.monotonic() - began, second.errors(), len(manager.extensions))

    def judge(self):
        self.join(60 * PATIENCE)
        test("1 a second instance gives up after 30 s", len(self.result) == 4 and self.result[0] == 16
             and 29 <= self.result[1] <= 36 * PATIENCE, self.result)
        test("1 ... says why, and the first stays", "Duplicate extension registered" in self.result[2]
             and self.result[3] == 1, self.result)


def conflicts_of_later(place):
    """Tables may come into conflict, and out of it, between two registrations."""
    with running(place, "--interval", "0.1") as (manager, extension):
        for name, taken in (("a conflict", {"fsa_tables"}), ("no conflict", set())):
            manager.taken = taken
            old = extension.uuid
            manager.forget(old)
            extension.registered(manager, other_than=[old])
            same("1 a new registration with %s" % name, sorted(extension.tables), sorted(set(schema()) - taken))
