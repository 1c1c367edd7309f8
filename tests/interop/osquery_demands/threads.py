"""2: many callers at once, beside a scan too; what is theirs is given back."""
import os
import signal
import threading
import time

from osquery_thrift import ON_WINDOWS, PATIENCE, client, evidence, native, wire
from osquery_thrift.extension import wait_for
from osquery_thrift.operators import EQ

from .scan import Scan
from .stage import RECORDED, WINDOWS, answers, kept, same, schema, test, warm


def worst_ping(path, count):
    worst = 0
    for _ in range(count):
        worst = max(worst, client.timed_ping(path))
        time.sleep(0.01)
    return worst


def look_beside_a_scan(extension, slow):
    """The longest ping, and the seconds and rows of another table, while a scan runs; None when it ended before."""
    scan = Scan(extension, slow)
    time.sleep(0.3)
    ping = worst_ping(extension.socket, 20)
    began = time.monotonic()
    rows = extension.core.generate("fsa_tables", used=["name"]).rows
    seconds, is_beside = time.monotonic() - began, scan.is_alive()
    scan.join(120)
    test("2 the scan ends well", scan.answer and scan.answer.code == 0 and scan.answer.rows == [], scan.answer)
    return (ping, seconds, len(rows)) if is_beside else None


def pings_beside_a_scan(extension, slow):
    # the best of three rounds: other programs of this machine may take the processor from one of them
    looks = [look for look in (look_beside_a_scan(extension, slow) for _ in range(3)) if look]
    test("2 a scan runs longer than a look beside it", looks)
    for ping, seconds, rows in sorted(looks)[:1]:
        test("2 ping within 100 ms during a scan", ping < 0.1 * PATIENCE, "%.3f s" % ping)
        test("2 another table answers during a scan", rows == len(schema()) and seconds < 1 * PATIENCE,
             "%d rows in %.2f s" % (rows, seconds))


def at_once(path, count):
    """So many connections, first all opened, then all asked; the replies."""
    streams, replies = [], []
    try:
        for _ in range(count):
            streams.append(wire.Stream(path, 10 * PATIENCE))
        for number, stream in enumerate(streams):
            stream.send(wire.message("ping", sequence=number))
        for stream in reversed(streams):
            replies.append(stream.reply())
    finally:
        for stream in streams:
            stream.socket.close()
    return replies


def many_connections(extension):
    warm(extension)
    idle = extension.holds()
    replies = at_once(extension.socket, 64)
    same("12 64 connections at once", sorted(reply[2] for reply in replies), list(range(64)))
    answers = []
    table, place, used = ("fsa_processes", RECORDED, ["pid"]) if not ON_WINDOWS else ("fsa_registry", native(WINDOWS), ["key"])
    expected = len(extension.core.generate(table, {"evidence": [(EQ, place)]}, used).rows)
    threads = [threading.Thread(target=lambda: answers.append(extension.core.generate(
        table, {"evidence": [(EQ, place)]}, used))) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60 * PATIENCE)
    same("12 64 questions at once", {(answer.code, len(answer.rows)) for answer in answers}, {(0, expected)})
    test("12 ... about something", expected > 0)
    same("12 ... all answered", len(answers), 64)
    idle_connections(extension)
    kept("2 threads and descriptors of closed connections are given back", extension.holds(), idle)


def idle_connections(extension):
    streams = []
    try:
        for _ in range(300):
            streams.append(wire.Stream(extension.socket))
        test("2 ping beside 300 idle connections", answers(extension), "no answer within 10 s")
    except OSError as error:
        test("2 300 connections at once", False, error)
    for stream in streams:
        stream.socket.close()
    test("2 ping after 300 connections", answers(extension), "no answer within 10 s")


def deaf_readers(extension, folder):
    """Callers that never read their long answer."""
    path = os.path.join(folder, "long")
    evidence.log_folder(path, 1)
    where = {"evidence": [(EQ, native(path))]}
    request = {"action": "generate", "context": client.context(extension.core.columns("fsa_event_log"), where,
                                                              ["record_id", "evidence", "datetime"])}
    extension.core.generate("fsa_event_log", where, ["record_id"])  # evidence that was asked is held open
    before = extension.holds()
    deaf = [wire.Stream(extension.socket) for _ in range(4)]
    for stream in deaf:
        stream.send(wire.call("table", "fsa_event_log", request))
    time.sleep(1)
    test("10 ping beside readers that never read", answers(extension))
    answer = extension.core.generate("fsa_event_log", where, ["record_id"], timeout=60 * PATIENCE)
    test("10 the same table beside them", answer.code == 0 and len(answer.rows) > 50000, (answer.code, len(answer.rows)))
    for stream in deaf:
        stream.socket.close()
    wait_for(lambda: extension.threads() == before[0] and extension.descriptors() <= before[1], 20 * PATIENCE)
    kept("10 ... they leave nothing behind", extension.holds(), before)


def stops(extension):
    for _ in range(5):
        thread = threading.Thread(target=lambda: extension.core.generate("fsa_processes"))
        thread.start()
        extension.process.send_signal(signal.SIGSTOP)
        time.sleep(0.02)
        extension.process.send_signal(signal.SIGCONT)
        thread.join(10 * PATIENCE)
    test("10 stopped and continued within calls", answers(extension))
