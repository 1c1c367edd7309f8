"""The stage of the tests: totals, temporary sockets, an extension beside its manager, and the questions that all can ask."""
import contextlib
import json
import os
import re
import subprocess

from osquery_thrift import BUILD, ON_WINDOWS, client, wire
from osquery_thrift.extension import Extension
from osquery_thrift.manager import Manager
from osquery_thrift.operators import EQ

FSA = os.path.join(BUILD, "bin/fsa")
SHARED_EVIDENCE = os.path.join(BUILD, "evidence")
RECORDED = "live:" + os.path.join(SHARED_EVIDENCE, "recorded_host")
WINDOWS = os.path.join(SHARED_EVIDENCE, "demo/case/host-a")
CASE = os.path.join(SHARED_EVIDENCE, "demo/case")
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail), flush=True)


def same(name, got, expected):
    test(name, got == expected, "got %r, expected %r" % (got, expected))


def kept(name, holds, before):
    """Threads as many as before, descriptors no more: what was open to be asked again is closed when nobody asks."""
    test(name, holds[0] == before[0] and holds[1] <= before[1], "got %r, expected %r" % (holds, before))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


class Place:
    """A folder of sockets: each test has one of its own, with a short path."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def socket(self):
        self.count += 1
        if ON_WINDOWS:
            return r"\\.\pipe\fsa-%d-%d.em" % (os.getpid(), self.count)
        folder = os.path.join(self.folder, str(self.count))
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        return os.path.join(folder, "osquery.em")


@contextlib.contextmanager
def running(place, *flags, **options):
    """A manager and the extension that is registered with it."""
    with Manager(place.socket(), **options) as manager, Extension(manager.path, *flags) as extension:
        yield manager, extension.registered(manager)


def schema():
    done = subprocess.run([FSA, "schema", "--json"], stdout=subprocess.PIPE, check=True, timeout=60)
    return {table["name"]: table for table in json.loads(done.stdout)}


def count_recorded():
    """The processes of the recorded host."""
    folder = os.path.join(SHARED_EVIDENCE, "recorded_host/proc")
    return len(shell_rows("fsa_processes", RECORDED, [{"name": "pid", "type": "BIGINT"}])) if os.path.isdir(folder) else 0


def is_left(path):
    """Whether an endpoint is there. Of a pipe only who calls it knows."""
    if not ON_WINDOWS:
        return os.path.exists(path)
    try:
        wire.connect(path, 10).close()
    except FileNotFoundError:
        return False
    return True


def same_files(name, path, expected):
    """What lies beside a manager's socket; pipes leave nothing in any folder."""
    if not ON_WINDOWS:
        same(name, sorted(os.listdir(os.path.dirname(path))), expected)


def warm(extension):
    """One question to each table, so that what is opened once and kept is open."""
    for table, place in questions():
        everything(extension, table, place)


def answers(extension):
    """Whether it is alive and pings, after whatever was done to it."""
    try:
        return extension.alive() and client.ping(extension.socket).code == 0
    except Exception as error:  # refused, broken, silent: all of it is no
        print("  ping: %r" % error)
        return False


QUESTIONS = [("fsa_processes", RECORDED), ("fsa_tokens", RECORDED), ("fsa_named_pipes", RECORDED),
             ("fsa_injected_modules", RECORDED), ("fsa_event_log", WINDOWS), ("fsa_registry", WINDOWS),
             ("fsa_shimcache", WINDOWS), ("fsa_script_blocks", WINDOWS), ("fsa_evidence", CASE)]


def questions():
    """Those whose table this build has."""
    present = schema()
    return [(table, place) for table, place in QUESTIONS if table in present]


def shell_rows(table, place, columns):
    """The same rows as fsa's own shell gives them, as osquery must get them: texts, NULL left out."""
    chosen = ", ".join('lower(hex("%s")) AS "%s"' % (c["name"], c["name"]) if c["type"] == "BLOB" else
                       # a text that is JSON would be printed as JSON; appending nothing makes it a text
                       '"%s" || \'\' AS "%s"' % (c["name"], c["name"]) for c in columns)
    done = subprocess.run([FSA, "-f", "json", "SELECT %s FROM %s('%s')" % (chosen, table, place)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    rows = json.loads(done.stdout)
    blobs = {c["name"] for c in columns if c["type"] == "BLOB"}
    return [{k: v for k, v in row.items() if v is not None and not (k in blobs and v == "")} for row in rows]


def without_rowid(rows):
    return sorted(({k: v for k, v in row.items() if k != "rowid"} for row in rows), key=lambda row: sorted(row.items()))


def everything(extension, table, place):
    return extension.core.generate(table, {"evidence": [(EQ, place)]})


def names_a_key(message, extension, table):
    keys = [route["name"] for route in extension.tables[table] if route["id"] == "column" and int(route["op"]) & 1]
    return any(re.search(r"\b%s\b" % key, message) for key in keys)
