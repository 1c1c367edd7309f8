"""Asks an extension as osquery's core asks: a ping on one connection, then the call on another."""
import contextlib
import json
import time
from collections import namedtuple

from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolAccelerated
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from .bindings import Extension
from .wire import connect

BUFFER = 1 << 16

Answer = namedtuple("Answer", "code message uuid rows")


@contextlib.contextmanager
def connection(path, timeout=30, slow_decoder=False):
    """A client of one connection. The accelerated decoder is Thrift's own too, in C."""
    transport = TSocket(unix_socket=path)
    transport.setHandle(connect(path, timeout))
    buffered = TBufferedTransport(transport, BUFFER)
    protocol = TBinaryProtocol if slow_decoder else TBinaryProtocolAccelerated
    try:
        yield Extension.Client(protocol(buffered))
    finally:
        buffered.close()


def ping(path, timeout=10):
    with connection(path, timeout) as client:
        return client.ping()


def timed_ping(path, timeout=10):
    """Seconds until the answer."""
    began = time.monotonic()
    ping(path, timeout)
    return time.monotonic() - began


def call(path, registry, item, request, timeout=60, slow_decoder=False):
    with connection(path, timeout, slow_decoder) as client:
        response = client.call(registry, item, request)
    status = response.status
    return Answer(status.code, status.message, status.uuid, response.response)


def shutdown(path, timeout=10):
    with connection(path, timeout) as client:
        client.shutdown()


def context(columns, where=None, used=None):
    """The JSON of osquery >= 3: an entry for every column, by name, and which columns the query uses.

    `columns`: (name, type) in their order. `where`: {column: [(operator, text), ...]}. `used`: names; all
    without it.
    """
    where, names = where or {}, [name for name, _ in columns]
    entries = [{"name": name, "list": [{"op": op, "expr": text} for op, text in where.get(name, ())],
                "affinity": kind} for name, kind in sorted(columns)]
    used = sorted(names if used is None else used)
    bits = 0
    for name in used:
        bits |= 1 << min(names.index(name), 63)
    return json.dumps({"constraints": entries, "colsUsed": used, "colsUsedBitset": bits}, separators=(",", ":"))


class Core:
    """osquery's core for one registered extension: its tables and how it asks them."""

    def __init__(self, path, tables):
        """`tables`: the registered routes, {table: [route, ...]}."""
        self.path, self.tables = path, tables

    def columns(self, table):
        return [(route["name"], route["type"]) for route in self.tables[table] if route["id"] == "column"]

    def call(self, item, request, registry="table", timeout=60):
        ping(self.path)
        return call(self.path, registry, item, request, timeout)

    def generate(self, table, where=None, used=None, timeout=60):
        return self.raw_generate(table, context(self.columns(table), where, used), timeout)

    def raw_generate(self, table, text, timeout=60):
        """With a context of any form; None: without one."""
        request = {"action": "generate"}
        if text is not None:
            request["context"] = text
        return self.call(table, request, timeout=timeout)
