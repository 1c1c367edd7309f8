"""3 and 4: beside a manager that forgets, hangs, ends and comes back; signals and shutdown."""
import os
import signal
import time

from osquery_thrift import PATIENCE, ON_WINDOWS, client, evidence, wire
from osquery_thrift.extension import GOOD_ENDS, Extension, wait_for
from osquery_thrift.manager import Manager
from osquery_thrift.operators import EQ

from .scan import Scan
from .stage import answers, is_left, running, same, same_files, schema, test


def forgotten(place):
    with running(place, "--interval", "0.1") as (manager, extension):
        first, old = extension.uuid, extension.socket
        stream = wire.Stream(old)
        manager.forget(first)
        extension.registered(manager, other_than=[first])
        test("3 a vanished uuid leads to a new one", extension.uuid != first, extension.uuid)
        same("3 ... with all tables", sorted(extension.tables), sorted(schema()))
        test("3 ... a connection to the old one is closed or served", old_connection_is_sane(stream))
        stream.socket.close()
        test("3 ... and the old socket is unlinked", wait_for(lambda: not is_left(old), 2 * PATIENCE), old)
        same("3 calls name the new uuid", extension.core.call("fsa_tables", {"action": "columns"}).uuid, extension.uuid)
        same("3 one registration for one loss", len(manager.attempts), 2)


def stolen_socket(place):
    """The core removes every `PATH.*` when it starts, which an extension may outlive unnoticed."""
    with running(place, "--interval", "0.1") as (manager, extension):
        os.unlink(extension.socket)
        first = extension.uuid
        test("3 an extension whose socket was taken away registers anew",
             manager.wait(lambda m: len(m.attempts) > 1 and m.extensions, 5 * PATIENCE), extension.errors())
        extension.registered(manager)
        same("3 ... and is reachable, once", (answers(extension), len(manager.extensions)), (True, 1))
        test("3 ... with another number", extension.uuid != first, first)


def restarted_during_a_scan(place, slow):
    """A worker that the watchdog killed comes back at once: a scan nobody waits for must not keep us away."""
    with running(place, "--interval", "0.1", "--allow_evidence", slow) as (manager, extension):
        scan = Scan(extension, slow)
        time.sleep(0.5)
        manager.kill()
        began = time.monotonic()
        extension.registered(manager.start())
        seconds = time.monotonic() - began
        test("3 a restarted manager gets a registration while an old scan runs", seconds < 1 * PATIENCE, "%.2f s" % seconds)
        scan.join(60 * PATIENCE)


def old_connection_is_sane(stream):
    try:
        stream.send(wire.message("ping"))
        return stream.reply()[0] == wire.REPLY
    except (OSError, wire.Cut):
        return True


def gone_managers(place):
    for name, end in (("that ended", Manager.stop), ("that was killed", Manager.kill)):
        with running(place, "--interval", "0.1") as (manager, extension):
            end(manager)
            began = time.monotonic()
            code = extension.wait(10 * PATIENCE)
            seconds = time.monotonic() - began
            same("3 exit after a manager %s" % name, code, 0)
            test("3 ... after 10 intervals", 0.7 <= seconds <= 3 * PATIENCE, "%.2f s" % seconds)
            test("3 ... its own socket is unlinked", not is_left(extension.socket), extension.socket)


def waiting(place):
    with Manager(place.socket()) as manager:
        manager.stop()
        with Extension(manager.path, "--interval=0.1", "--timeout=0.2", "--wait") as extension:
            time.sleep(1)
            test("3 --wait waits for a manager to come", extension.alive(), extension.errors())
            extension.registered(manager.start())
            first = extension.uuid
            manager.kill()
            time.sleep(2)
            test("3 --wait stays when the manager goes", extension.alive(), extension.errors())
            spent = extension.processor_seconds()
            test("3 ... without burning the processor", spent < 1 * PATIENCE, "%.2f s" % spent)
            extension.registered(manager.start())
            test("3 --wait registers with the new manager", answers(extension), (first, extension.uuid))
            manager.stop()
            time.sleep(0.3)
            test("3 SIGTERM while waiting", extension.end(timeout=5 * PATIENCE) in GOOD_ENDS, extension.code)


def waiting_through_a_shutdown(place):
    """osquery calls shutdown when it is restarted in good order."""
    with Manager(place.socket()) as manager:
        with Extension(manager.path, "--interval=0.1", "--wait") as extension:
            extension.registered(manager)
            client.shutdown(extension.socket)
            manager.stop()
            time.sleep(0.5)
            test("3 --wait stays when osquery shuts it down", extension.alive(), extension.errors())
            extension.registered(manager.start())
            test("3 ... and registers with the next osquery", answers(extension))


def broken_registrations(place):
    """A manager that ends between our ping and our registration, or is slow when we register anew."""
    for flags, delay in ((["--wait"], 0), ([], 3)):
        with running(place, "--interval", "0.2", *flags) as (manager, extension):
            manager.kill()
            manager.mood = "close"
            manager.start()
            time.sleep(1)
            manager.kill()
            manager.mood, manager.delay = None, delay
            manager.start()
            time.sleep(1)
            test("3 a manager that breaks off or is slow is not a gone one (%s)" % (flags or "slow"), extension.alive(),
                 extension.errors())
            manager.delay = 0
            extension.registered(manager)
            test("3 ... and gets a registration when it answers again", answers(extension))


def number_of_another(place):
    """Numbers are given again: what is registered under ours need not be us."""
    with running(place, "--interval", "0.2", uuids=[7, 8, 9]) as (manager, extension):
        info = type(manager.extensions[7].info)(name="other", version="1", sdk_version="5.0.0", min_sdk_version="0.0.0")
        with manager.changed:
            manager.extensions[7] = manager.extensions[7]._replace(info=info, registry={})
        test("3 an extension whose number another has registers anew",
             manager.wait(lambda m: 8 in m.extensions, 5 * PATIENCE), manager.extensions)
        same("3 ... and leaves the other alone", (manager.calls["deregisterExtension"], 7 in manager.extensions), (0, True))
        extension.registered(manager, other_than=[7])


def ignored_signals(place):
    with Manager(place.socket()) as manager:
        with Extension(manager.path, prefix=("nohup",)) as extension:
            extension.registered(manager)
            extension.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            test("3 a signal that its starter ignores does not end it", extension.alive(), extension.errors())


def restarted(place):
    with running(place, "--interval", "0.1") as (manager, extension):
        for _ in range(3):
            manager.kill()
            extension.registered(manager.start())
        test("3 a restarted manager gets a registration each time", answers(extension))
        same_files("3 ... and one socket is left", manager.path, ["osquery.em", os.path.basename(extension.socket)])


def slow_manager(place):
    with running(place, "--interval", "0.1") as (manager, extension):
        manager.delay = 0.3
        time.sleep(3)
        same("3 a slow manager is not a gone one", (extension.alive(), len(manager.attempts)), (True, 1))


def signals(place):
    for number in (signal.SIGTERM, signal.SIGINT):
        with running(place) as (manager, extension):
            same("3 %s: exit 0" % number.name, extension.end(number), 0)
            same("3 %s: deregistered" % number.name, (manager.calls["deregisterExtension"], manager.extensions), (1, {}))
            same_files("3 %s: unlinked" % number.name, manager.path, ["osquery.em"])
    with running(place) as (manager, extension):
        manager.delay = 30
        began = time.monotonic()
        same("3 SIGTERM beside a manager that hangs", extension.end(timeout=10 * PATIENCE), 0)
        test("3 ... takes little more than a second", time.monotonic() - began < 2.5 * PATIENCE, time.monotonic() - began)


def killed_extension(place):
    """kill -9 leaves the name registered and the socket's file; the next one must get over both."""
    with Manager(place.socket(), uuids=[4242, 4242]) as manager:
        with Extension(manager.path) as first:
            first.registered(manager)
            first.end(signal.SIGKILL)
        test("3 kill -9 leaves the stale socket", ON_WINDOWS or os.path.exists(first.socket))
        with Extension(manager.path) as second:
            manager.wait(lambda m: len(m.attempts) > 1, 10)
            manager.forget(4242)
            second.registered(manager)
            same("12 a stale socket of the same number is replaced", (second.uuid, answers(second)), (4242, True))


def odd_numbers(place):
    for number in (0, 65535):
        with running(place, uuids=[number]) as (_, extension):
            same("12 uuid %d is a number like any other" % number, (extension.uuid, answers(extension)), (number, True))


def shutdowns(place, slow):
    with running(place) as (manager, extension):
        reply = wire.exchange(extension.socket, wire.message("shutdown", sequence=9))
        same("4 shutdown is answered before the end", reply, (wire.REPLY, "shutdown", 9, {}))
        same("4 ... exit 0", extension.wait(), 0)
        same_files("4 ... unlinked", manager.path, ["osquery.em"])
    ends = [("shutdown", lambda extension: client.shutdown(extension.socket)),
            ("SIGTERM", lambda extension: extension.process.terminate())]
    for name, end in ends[:1] if ON_WINDOWS else ends:
        with running(place, "--allow_evidence", slow) as (manager, extension):
            scan = Scan(extension, slow)
            time.sleep(0.5)
            began = time.monotonic()
            end(extension)
            code = extension.wait(60 * PATIENCE)
            seconds = time.monotonic() - began
            # osquery kills what has not ended 4 s after its SIGTERM
            test("4 %s during a scan: exit 0 within 4 s" % name, code == 0 and seconds < 4 * PATIENCE,
                 "exit %r after %.1f s" % (code, seconds))
            scan.join(5)


def deaf_callers_at_the_end(place, folder):
    path = os.path.join(folder, "deaf")
    evidence.log_folder(path, 1)
    with running(place, "--allow_evidence", folder) as (_, extension):
        where = {"evidence": [(EQ, path)]}
        request = {"action": "generate", "context": client.context(extension.core.columns("fsa_event_log"), where, ["record_id"])}
        deaf = [wire.Stream(extension.socket) for _ in range(4)]
        for stream in deaf:
            stream.send(wire.call("table", "fsa_event_log", request))
        time.sleep(0.7)
        began = time.monotonic()
        code = extension.end()
        test("3 SIGTERM beside readers that never read: exit 0 within 4 s", code == 0 and time.monotonic() - began < 4 * PATIENCE,
             (code, time.monotonic() - began))
        for stream in deaf:
            stream.socket.close()
