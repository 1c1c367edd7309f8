"""10 and 12: messages that lie, break off or mean nothing; and odd ones that are right."""
import random
import socket
import time

from osquery_thrift import PATIENCE, wire

from .stage import answers, kept, same, test


def probes(extension):
    before = extension.holds()
    for _ in range(1000):
        wire.Stream(extension.socket).socket.close()
    test("10 1000 probes that connect and close", answers(extension))
    kept("10 ... leave nothing behind", extension.holds(), before)
    question = wire.call("table", "fsa_tables", {"action": "generate"})
    for _ in range(50):
        with wire.Stream(extension.socket) as stream:
            stream.send(question)
    test("10 50 callers that do not wait for the answer", answers(extension))


def partial_messages(extension):
    whole = wire.call("table", "fsa_tables", {"action": "columns"})
    for size in range(len(whole)):
        with wire.Stream(extension.socket) as stream:
            stream.send(whole[:size])
    test("10 messages that end early", answers(extension))
    held = [wire.Stream(extension.socket) for _ in range(40)]
    for number, stream in enumerate(held):
        stream.send(whole[:number + 1])
    test("10 40 messages that never end", answers(extension))
    for stream in held:
        stream.socket.close()


def garbage(extension):
    dice = random.Random(7)
    whole = wire.call("table", "fsa_tables", {"action": "columns"})
    for number in range(300):
        data = bytearray(dice.randbytes(dice.randint(1, 300)) if number % 2 else whole)
        if not number % 2:
            for _ in range(dice.randint(1, 4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
        with wire.Stream(extension.socket) as stream:
            stream.offer(bytes(data))
            stream.socket.shutdown(socket.SHUT_WR)
            stream.ended_within(5 * PATIENCE)
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 4096, b"\xff" * 4096):
        with wire.Stream(extension.socket) as stream:
            stream.offer(data)
    test("10 garbage", answers(extension))


def waiting_for_more(extension, messages, seconds=2):
    """Of {name: bytes}: those at whose end it neither hung up nor answered with an exception.

    All are sent at once, each on a connection that stays open: what cannot come must not be waited for.
    """
    streams = {}
    for name, data in messages.items():
        streams[name] = wire.Stream(extension.socket, seconds * PATIENCE)
        streams[name].offer(data)
    until = time.monotonic() + seconds * PATIENCE
    waits = [name for name, stream in streams.items() if not hung_up(stream, until)]
    for stream in streams.values():
        stream.socket.close()
    return waits


def hung_up(stream, until):
    stream.socket.settimeout(max(0.01, until - time.monotonic()))
    try:
        return stream.reply()[0] == wire.EXCEPTION
    except socket.timeout:
        return False
    except (wire.Cut, OSError):
        return True


HUGE = 2**31 - 1


def huge_lengths(extension):
    head = wire.message("call")[:-1]
    sizes = {"a huge length": HUGE, "a length of 1 GiB": 1 << 30, "a negative length": -1, "the least length": -2**31}
    before = extension.resident_kb()
    for name, size in sizes.items():
        pair = bytes([wire.STRING, wire.STRING]) + wire.i32(1) + wire.string("action") + wire.i32(size)
        waits = waiting_for_more(extension, {
            "argument": head + wire.field(wire.STRING, 1, wire.i32(size)),
            "argument and bytes": head + wire.field(wire.STRING, 1, wire.i32(size) + b"abc"),
            "unknown field": head + wire.field(wire.STRING, 99, wire.i32(size)),
            "method": b"\x80\x01\0\x01" + wire.i32(size) + b"ping",
            "key": head + wire.field(wire.MAP, 3, pair[:6] + wire.i32(size)),
            "value": head + wire.field(wire.MAP, 3, pair)})
        same("10 %s is refused" % name, waits, [])
    grown = extension.resident_kb() - before
    test("10 lengths that lie cost no memory", grown < 20000 * PATIENCE, "%d KB more" % grown)
    test("10 lengths that lie: it lives", answers(extension))


def huge_counts(extension):
    head = wire.message("call")[:-1]
    before = extension.resident_kb()
    for size in (HUGE, 1 << 28, 1 << 30, -1, -2**31):
        messages = {}
        for kind in wire.ELEMENT_TYPES:
            element = bytes([kind])
            messages["list of %d" % kind] = head + wire.field(wire.LIST, 99, element + wire.i32(size))
            messages["set of %d" % kind] = head + wire.field(wire.SET, 99, element + wire.i32(size))
            messages["map of %d" % kind] = head + wire.field(wire.MAP, 99, element * 2 + wire.i32(size))
            messages["request of %d" % kind] = head + wire.field(wire.MAP, 3, element * 2 + wire.i32(size))
        same("10 a count of %d elements is refused, of each type" % size, waiting_for_more(extension, messages), [])
    test("10 counts that lie: it lives", answers(extension))
    grown = extension.resident_kb() - before
    test("10 counts that lie cost no memory", grown < 20000 * PATIENCE, "%d KB more" % grown)
    spent = extension.processor_seconds()
    time.sleep(0.5)
    test("10 counts that lie: nothing still runs", extension.processor_seconds() - spent < 0.2,
         extension.processor_seconds() - spent)


def deep_nesting(extension):
    head, depth = wire.message("call")[:-1], 100000
    forms = {"structs": wire.field(wire.STRUCT, 99, wire.field(wire.STRUCT, 1, b"") * depth),
             "lists": wire.field(wire.LIST, 99, (bytes([wire.LIST]) + wire.i32(1)) * depth),
             "sets": wire.field(wire.SET, 99, (bytes([wire.SET]) + wire.i32(1)) * depth),
             "maps in values": wire.field(wire.MAP, 99, (bytes([wire.BOOL, wire.MAP]) + wire.i32(1) + b"\1") * depth),
             "maps in keys": wire.field(wire.MAP, 99, (bytes([wire.MAP, wire.BOOL]) + wire.i32(1)) * depth)}
    waits = waiting_for_more(extension, {name: head + data for name, data in forms.items()})
    same("10 100000 levels of nesting are refused", waits, [])
    test("10 deep nesting: it lives", answers(extension))


def unknown_methods(extension):
    with wire.Stream(extension.socket) as stream:
        for name in ("nothing", "", "Ping", "extensions", "x" * 200):
            stream.send(wire.message(name, wire.field(wire.I32, 1, wire.i32(5)), sequence=77))
            kind, method, sequence, fields = stream.reply()
            same("10 unknown method %.12r -> TApplicationException 1" % name, (kind, sequence, fields.get(2)),
                 (wire.EXCEPTION, 77, 1))
            same("10 ... its name is echoed", method, name)
        stream.send(wire.message("ping"))
        same("10 ... and the connection stays usable", stream.reply()[0], wire.REPLY)
    with wire.Stream(extension.socket, 1) as stream:
        stream.offer(wire.message("x" * 1000000))
        stream.ended_within(2 * PATIENCE)
    test("10 a method with a name of 1 MB", answers(extension))
    broken = wire.message("nothing", wire.field(wire.MAP, 3, b"\x0b\x0b" + wire.i32(7)) + b"\0\0\0\1a")
    for size in range(1, len(broken)):
        with wire.Stream(extension.socket) as stream:
            stream.send(broken[:size])
            stream.socket.shutdown(socket.SHUT_WR)
            stream.ended_within(2 * PATIENCE)
    test("10 an unknown method whose arguments end early", answers(extension))


def wrong_kinds(extension):
    for kind in (wire.REPLY, wire.EXCEPTION, wire.ONEWAY, 0, 5, 255):
        with wire.Stream(extension.socket, 1) as stream:
            stream.offer(wire.message("ping", kind=kind))
            try:
                stream.reply()  # an answer, an exception, an end and silence are all sane
            except (OSError, wire.Cut):
                pass
    test("10 messages of another kind", answers(extension))
    waiting_for_more(extension, {"shutdown": wire.message("shutdown", kind=wire.REPLY)}, 0.5)
    test("4 a shutdown that is a REPLY ends nothing", answers(extension))
    for version in (0x80020001, 0x80000001, 0xFFFF0001, 0x00010001):
        data = version.to_bytes(4, "big") + wire.message("ping")[4:]
        with wire.Stream(extension.socket, 1) as stream:
            stream.offer(data)
            stream.socket.shutdown(socket.SHUT_WR)
            test("10 version %#x is not taken for ours" % version, stream.ended_within(3 * PATIENCE))


def headers(extension):
    path = extension.socket
    for sequence in (0, 1, -1, 2**31 - 1, -2**31):
        same("12 seqid %d is echoed" % sequence, wire.exchange(path, wire.message("ping", sequence=sequence))[:3],
             (wire.REPLY, "ping", sequence))
    reply = wire.exchange(path, wire.old_message("ping", sequence=5))
    same("12 an old header is read, the answer has the new one", (reply[0], reply[2], reply[3][0][1]), (wire.REPLY, 5, 0))
    body = b"".join(wire.call_fields("table", "fsa_tables", {"action": "columns"}))
    same("12 an old header of a call", wire.exchange(path, wire.old_message("call", body))[3][0][1][1], 0)


UNKNOWN_FIELDS = [
    (wire.BOOL, b"\1"), (wire.BYTE, b"\xff"), (wire.DOUBLE, b"\0" * 8), (wire.I16, b"\0\1"), (wire.I32, b"\0\0\0\1"),
    (wire.I64, b"\xff" * 8), (wire.STRING, b"\0\0\0\3abc"), (wire.STRUCT, b"\x08\0\1\0\0\0\1\0"),
    (wire.LIST, b"\x0b\0\0\0\2\0\0\0\1a\0\0\0\0"), (wire.SET, b"\x02\0\0\0\1\1"), (wire.MAP, b"\0\0\0\0\0\0"),
    (wire.MAP, b"\x0b\x0f\0\0\0\1\0\0\0\1k\x08\0\0\0\1\0\0\0\5"), (wire.LIST, b"\0\0\0\0\0")]


def odd_fields(extension):
    fields = wire.call_fields("table", "fsa_tables", {"action": "columns"})
    def code(parts):
        return wire.exchange(extension.socket, wire.message("call", b"".join(parts)))[3][0][1][1]
    for order in ((2, 1, 0), (1, 2, 0), (2, 0, 1)):
        same("12 fields in the order %r" % (order,), code([fields[i] for i in order]), 0)
    for kind, value in UNKNOWN_FIELDS:
        for number in (99, -1, 32767, 0):
            same("12 an unknown field %d of type %d is skipped" % (number, kind),
                 code([wire.field(kind, number, value), *fields, wire.field(kind, number, value)]), 0)
        same("12 ping with a field of type %d" % kind,
             wire.exchange(extension.socket, wire.message("ping", wire.field(kind, 1, value)))[3][0][1], 0)
    nothing = wire.field(wire.MAP, 3, b"\0\0\0\0\0\0")
    same("12 an empty map with types 0: no action is status 1", code([*fields[:2], nothing]), 1)
    same("12 no request at all is status 1", code(fields[:2]), 1)
    same("12 no arguments at all are status 1", code([]), 1)
    for number, kind in ((1, wire.I32), (2, wire.I32), (3, wire.I32)):
        parts = list(fields)
        parts[number - 1] = wire.field(kind, number, wire.i32(1))
        reply = wire.exchange(extension.socket, wire.message("call", b"".join(parts)))
        test("12 field %d of another type is no success" % number, reply[0] == wire.EXCEPTION or reply[3][0][1][1] == 1, reply)


def streams(extension):
    question = wire.call("table", "fsa_tables", {"action": "columns"}, sequence=3)
    expected = wire.exchange(extension.socket, question)
    with wire.Stream(extension.socket) as stream:
        for byte in question:
            stream.send(bytes([byte]))
        same("12 one byte at a time", stream.reply(), expected)
        stream.send(question)
        same("12 a second message on the same connection", stream.reply(), expected)
        stream.send(b"".join(wire.message("ping", sequence=n) if n % 2 else wire.call(
            "table", "fsa_tables", {"action": "columns"}, sequence=n) for n in range(200)))
        replies = [stream.reply() for _ in range(200)]
        same("12 200 messages at once", [reply[2] for reply in replies], list(range(200)))
        stream.send(wire.message("ping")[:7])
        time.sleep(0.3)
        stream.send(wire.message("ping")[7:])
        same("12 a message in two parts", stream.reply()[0], wire.REPLY)
