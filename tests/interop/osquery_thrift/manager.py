"""osquery's core as an extension sees it: registers, lists and forgets extensions, and can misbehave."""
import glob
import itertools
import os
import random
import re
import socket
import threading
import time
from collections import Counter, namedtuple

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TProtocol import TProtocolException
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TTransportException

from . import ON_WINDOWS, pipe
from .bindings import ExtensionManager, ttypes

BACKLOG = 1024  # osquery's own
SOCKET_MODE = 0o600
OLDEST_SDK = (1, 7, 7)
REGISTRIES = ("config", "config_parser", "logger", "distributed", "table", "sql", "database", "enroll",
              "event_publisher", "event_subscriber", "numeric_monitoring")

# What an extension asked for, when, and what it was told.
Attempt = namedtuple("Attempt", "time info registry status")


def version_below(version, least):
    """As osquery compares: a version that is no number passes, and so does 0.0.0."""
    if not re.fullmatch(r"\d+(\.\d+)*", version) or version == "0.0.0":
        return False
    return tuple(int(part) for part in version.split(".")) < least


def remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass


class Handler:
    """The calls of ExtensionManager; the state is the manager's."""

    def __init__(self, manager):
        self.manager = manager

    def ping(self):
        self.manager.enter("ping")
        return ttypes.ExtensionStatus(0, "pong", 0)

    def call(self, registry, item, request):
        self.manager.enter("call")
        return ttypes.ExtensionResponse(ttypes.ExtensionStatus(1, "Cannot call registry item: " + item, 0), [])

    def shutdown(self):
        self.manager.enter("shutdown")

    def extensions(self):
        self.manager.enter("extensions")
        return {uuid: attempt.info for uuid, attempt in dict(self.manager.extensions).items()}

    def options(self):
        self.manager.enter("options")
        return {"extensions_socket": ttypes.InternalOptionInfo(self.manager.path, "", "string")}

    def registerExtension(self, info, registry):
        self.manager.enter("registerExtension")
        return self.manager.register(info, registry)

    def deregisterExtension(self, uuid):
        self.manager.enter("deregisterExtension")
        if not self.manager.forget(uuid):
            return ttypes.ExtensionStatus(1, "No extension UUID registered", 0)
        return ttypes.ExtensionStatus(0, "", uuid)

    def query(self, sql):
        self.manager.enter("query")
        return ttypes.ExtensionResponse(ttypes.ExtensionStatus(0, "OK", 0), [])

    getQueryColumns = query


class Manager:
    """ExtensionManager on a unix socket, one thread for each connection, as osquery's TThreadedServer.

    `taken`: names of tables that exist already. `uuids`: the numbers to give; random ones without it.
    `refuse`: a function of the info and the registry that gives the message of a refusal, or None; what it
    raises goes to the extension as Thrift's exception.
    `delay`: seconds before each answer. `mood`: None, or "garbage", "silent", "closing": what a new
    connection meets instead of Thrift.
    """

    def __init__(self, path, taken=(), uuids=None, refuse=None, delay=0, mood=None):
        self.path, self.taken, self.refuse, self.delay, self.mood = path, set(taken), refuse, delay, mood
        self.uuids = itertools.chain(uuids or (), iter(lambda: random.randrange(1, 65536), None))
        self.extensions, self.attempts, self.calls = {}, [], Counter()
        self.changed = threading.Condition()
        self.listener, self.connections, self.stopping = None, set(), threading.Event()
        self.processor = ExtensionManager.Processor(Handler(self))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- life

    def start(self):
        """Begins as osquery does: whatever bears the socket's name and a number is removed."""
        self.remove_paths()
        self.stopping.clear()
        self.listener = pipe.Listener(self.path, BACKLOG) if ON_WINDOWS else self.listen()
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()
        return self

    def listen(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        os.chmod(self.path, SOCKET_MODE)
        listener.listen(BACKLOG)
        return listener

    def stop(self):
        """The orderly end: nothing is left in the folder."""
        self.kill()
        self.remove_paths()

    def kill(self):
        """The end by kill -9: connections break, registrations are lost, the socket's file stays."""
        self.stopping.set()
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() would not
            self.listener.close()
            self.listener = None
        with self.changed:
            self.extensions.clear()
            for connection in self.connections:
                self.break_off(connection)

    def break_off(self, connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster

    def remove_paths(self):
        for path in [self.path, *glob.glob(glob.escape(self.path) + ".*")]:
            remove(path)

    # -- connections

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.mood:
                self.misbehave(connection)
            else:
                self.answer(connection)
        except (TTransportException, TProtocolException, OSError):
            pass  # the extension hung up, or we did
        finally:
            with self.changed:
                self.connections.discard(connection)
            connection.close()

    def answer(self, connection):
        raw = TSocket()
        raw.setHandle(connection)
        protocol = TBinaryProtocol(TBufferedTransport(raw))
        while not self.stopping.is_set():
            self.processor.process(protocol, protocol)

    def misbehave(self, connection):
        if self.mood == "garbage":
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        elif self.mood == "silent":
            self.stopping.wait(60)

    def enter(self, method):
        with self.changed:
            self.calls[method] += 1
        if self.delay:
            self.stopping.wait(self.delay)

    # -- registration

    def register(self, info, registry):
        with self.changed:
            message = self.refusal(info, registry)
            status = ttypes.ExtensionStatus(1, message, 0) if message else ttypes.ExtensionStatus(0, "OK", self.next_uuid())
            attempt = Attempt(time.monotonic(), info, registry, status)
            self.attempts.append(attempt)
            if not message:
                self.extensions[status.uuid] = attempt
            self.changed.notify_all()
        return status

    def next_uuid(self):
        return next(uuid for uuid in self.uuids if uuid not in self.extensions)

    def refusal(self, info, registry):
        """The message with which osquery refuses, or None."""
        if self.refuse:
            message = self.refuse(info, registry)
            if message:
                return message
        if any(attempt.info.name == info.name for attempt in self.extensions.values()):
            return "Duplicate extension registered"
        if version_below(info.sdk_version, OLDEST_SDK):
            return "Incompatible extension SDK version"
        for name, items in registry.items():
            message = self.wrong_items(name, items)
            if message:
                return message
        return None

    def wrong_items(self, name, items):
        if name not in REGISTRIES:
            return "Unknown registry: " + name
        others = {item for attempt in self.extensions.values() for item in attempt.registry.get(name, ())}
        for item, routes in items.items():
            if item in self.taken or item in others:
                return "Registry item %s conflicts with another item of the same name." % item
            if not routes or not all("id" in route for route in routes):
                return "Invalid route info"
        return None

    def forget(self, uuid):
        """Loses one registration, as the core does when a check of the extension fails."""
        with self.changed:
            return self.extensions.pop(uuid, None) is not None

    # -- what tests wait for

    def wait(self, condition, timeout):
        """Whether condition(manager) comes true in time; looked at after each attempt to register."""
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), timeout)

    def registered(self, timeout=10, other_than=()):
        """The uuid of an extension that is registered, once there is one; None when there is none in time."""
        def found(manager):
            return [uuid for uuid in manager.extensions if uuid not in other_than]
        self.wait(found, timeout)
        return next(iter(found(self)), None)

    def endpoint(self, uuid):
        return "%s.%d" % (self.path, uuid)
