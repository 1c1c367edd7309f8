#!/usr/bin/env python3
"""250,000 rows of 12 columns in one call of fsa.ext: time, memory; against a Python extension with the same rows.

The rows are events of a log that is made here. Both extensions are asked the same bytes on the same machine
in one run: first by a reader that throws the reply away (what the extension costs), then by Thrift's C++
reader, which is osquery's own (what a query costs). A third server only sends the recorded reply: what the
reader's decoding costs alone.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../interop"), os.path.join(HERE, "../evidence")]

import make_evtx  # noqa: E402
from evtx_writer import CHUNK, FILE_HEADER, rewrite_header  # noqa: E402
from osquery_thrift import BUILD, bindings, missing  # noqa: E402
from osquery_thrift.client import call, context  # noqa: E402
from osquery_thrift.extension import Extension  # noqa: E402
from osquery_thrift.manager import Manager  # noqa: E402
from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolFactory  # noqa: E402
from thrift.server.TServer import TThreadedServer  # noqa: E402
from thrift.transport.TSocket import TServerSocket  # noqa: E402
from thrift.transport.TTransport import TBufferedTransportFactory, TMemoryBuffer  # noqa: E402

ROWS = 250000
COLUMNS = ["record_id", "time", "datetime", "channel", "provider_name", "eventid", "level", "computer_name",
           "task", "opcode", "keywords", "pid"]
READER = os.environ.get("FSA_OSQUERY_READER", os.path.join(BUILD, "osquery-core/osquery-reader"))


def make_log(path):
    """A log of one full chunk after the other, the same each time; gives the number of its events."""
    log = make_evtx.Log()
    template = make_evtx.event_data(0x400, ["Number"])
    while len(log.chunks) == 1:
        number = make_evtx.value(make_evtx.w.UINT32, log.next_id)
        make_evtx.add(log, make_evtx.TESTS, 21, make_evtx.Instance(template, [number]), log.next_id)
    data, in_chunk = log.bytes(), len(log.chunks[0].ids)
    chunks = ROWS // in_chunk
    head = rewrite_header(data[:FILE_HEADER], last_chunk=chunks - 1, chunk_count=chunks,
                          next_record=chunks * in_chunk + 1)
    with open(path, "wb") as file:
        file.write(head)
        for _ in range(chunks):
            file.write(data[FILE_HEADER:FILE_HEADER + CHUNK])
    return chunks * in_chunk


class Precomputed:
    """A Python extension in the manner of osquery's own SDK: rows are dictionaries, ready made."""

    def __init__(self, rows):
        self.rows = rows

    def ping(self):
        return bindings.ttypes.ExtensionStatus(0, "OK", 0)

    def call(self, registry, item, request):
        return bindings.ttypes.ExtensionResponse(bindings.ttypes.ExtensionStatus(0, "OK", 0), self.rows)

    def shutdown(self):
        pass


def serve_python(path, rows):
    """In a process of its own, as fsa.ext is; gives its pid."""
    server = TThreadedServer(bindings.Extension.Processor(Precomputed(rows)), TServerSocket(unix_socket=path),
                             TBufferedTransportFactory(), TBinaryProtocolFactory(), daemon=True)
    pid = os.fork()
    if pid == 0:
        server.serve()
        os._exit(0)
    while not os.path.exists(path):
        time.sleep(0.01)
    return pid


def request_bytes(item, text):
    buffer = TMemoryBuffer()
    bindings.Extension.Client(TBinaryProtocol(buffer)).send_call("table", item, {"action": "generate", "context": text})
    return buffer.getvalue()


def replies(path, request):
    """What comes back, piece by piece; the memory of one piece is used again for the next."""
    room = memoryview(bytearray(1 << 20))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)  # the server goes when it has replied
        while size := client.recv_into(room):
            yield room[:size]


def drain(path, request):
    """Seconds from the request to the last byte of the reply, and how many there were."""
    began = time.monotonic()
    size = sum(len(piece) for piece in replies(path, request))
    return time.monotonic() - began, size


def serve_recorded(path, reply):
    """Whatever is asked, the reply: what is left is the reader's work."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def run():
        while True:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1 << 16)
                caller.sendall(reply)
    threading.Thread(target=run, daemon=True).start()


def read(path, item, text):
    """Seconds that Thrift's C++ reader needs for the call."""
    done = subprocess.run([READER, path, item, text], stdout=subprocess.PIPE, check=True, timeout=120)
    return json.loads(done.stdout)["seconds"]


def peak_kb(pid):
    with open("/proc/%d/status" % pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def best(function, *arguments, runs=3):
    """The least of some runs: (seconds, ...) or seconds. What fsa.ext remembers of an answer is forgotten between."""
    found = []
    for _ in range(runs):
        time.sleep(2.2)
        found.append(function(*arguments))
    return min(found, key=lambda one: one[0] if isinstance(one, tuple) else one)


def main():
    reason = missing()
    if reason:
        return print("skipped: " + reason)
    folder = tempfile.mkdtemp(prefix="fsa-bench-")
    try:
        measure(folder)
    finally:
        shutil.rmtree(folder)


def measure(folder):
    log = os.path.join(folder, "big.evtx")
    count = make_log(log)
    manager = Manager(os.path.join(folder, "em"))
    manager.start()
    with Extension(manager.path, "--allow_evidence", folder) as extension:
        core = extension.registered(manager).core
        text = context(core.columns("fsa_event_log"), {"evidence": [(2, log)]}, COLUMNS)
        request = request_bytes("fsa_event_log", text)
        before = peak_kb(extension.process.pid)
        ours, size = best(drain, extension.socket, request)
        print("%d rows of %d columns, %.1f MB of reply" % (count, len(COLUMNS), size / 1e6))
        print("resident memory: %.1f MB before, %.1f MB at the most (goal: below 40)"
              % (before / 1e3, peak_kb(extension.process.pid) / 1e3))
        rows = call(extension.socket, "table", "fsa_event_log", {"action": "generate", "context": text}).rows
        assert len(rows) == count and all(len(row) == len(COLUMNS) + 1 for row in rows[:10]), (len(rows), rows[:1])
        python, recorded = os.path.join(folder, "python"), os.path.join(folder, "recorded")
        peer = serve_python(python, rows)
        serve_recorded(recorded, b"".join(bytes(piece) for piece in replies(extension.socket, request)))
        theirs, other = best(drain, python, request)
        assert abs(other - size) < 100
        drain(extension.socket, request)
        ready = min(drain(extension.socket, request)[0] for _ in range(3))
        print("to the last byte, the log read and its rows made: ours %.2f s, Python's ready rows %.2f s, ratio %.1f"
              % (ours, theirs, theirs / ours))
        print("to the last byte, rows ready on both sides: ours %.2f s, Python %.2f s, ratio %.1f (goal: 20)"
              % (ready, theirs, theirs / ready))
        if os.path.exists(READER):
            whole, alone, slow = (best(read, path, "fsa_event_log", text) for path in (extension.socket, recorded, python))
            print("read by Thrift's C++: ours %.2f s, Python %.2f s, ratio %.1f; the reader's decoding alone %.2f s: "
                  "%.0f %% of ours" % (whole, slow, slow / whole, alone, 100 * alone / whole))
        else:
            print("skipped: no C++ reader (%s)" % READER)
        os.kill(peer, signal.SIGKILL)
        os.waitpid(peer, 0)
    manager.stop()


if __name__ == "__main__":
    main()
