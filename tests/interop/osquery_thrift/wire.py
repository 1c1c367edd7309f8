"""Messages of Thrift's binary protocol, byte by byte: also those that no library would write."""
import socket
import struct
import time

from . import ON_WINDOWS, pipe

CALL, REPLY, EXCEPTION, ONEWAY = 1, 2, 3, 4
STOP, VOID, BOOL, BYTE, DOUBLE, I16, I32, I64, STRING = 0, 1, 2, 3, 4, 6, 8, 10, 11
STRUCT, MAP, SET, LIST = 12, 13, 14, 15
ELEMENT_TYPES = (STOP, VOID, BOOL, BYTE, DOUBLE, 5, I16, 7, I32, 9, I64, STRING, STRUCT, MAP, SET, LIST, 16, 255)
FIXED = {BOOL: ">?", BYTE: ">b", DOUBLE: ">d", I16: ">h", I32: ">i", I64: ">q"}


# ---- writing ---------------------------------------------------------------------------------------------------

def i32(number):
    return struct.pack(">i", number)


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return i32(len(data)) + data


def field(kind, number, value):
    return struct.pack(">bh", kind, number) + value


def text_map(values):
    return bytes([STRING, STRING]) + i32(len(values)) + b"".join(string(k) + string(v) for k, v in values.items())


def message(method, arguments=b"", kind=CALL, sequence=0):
    """A strict message; `arguments` are fields, the end of their struct is added."""
    return struct.pack(">I", 0x80010000 | kind) + string(method) + i32(sequence) + arguments + b"\0"


def old_message(method, arguments=b"", kind=CALL, sequence=0):
    """The header of old clients, which carries no version."""
    return string(method) + bytes([kind]) + i32(sequence) + arguments + b"\0"


def call_fields(registry, item, request):
    return [field(STRING, 1, string(registry)), field(STRING, 2, string(item)), field(MAP, 3, text_map(request))]


def call(registry, item, request, sequence=0):
    return message("call", b"".join(call_fields(registry, item, request)), sequence=sequence)


# ---- reading ---------------------------------------------------------------------------------------------------

class Cut(Exception):
    """The other side ended the connection within a message, or before it."""


def connect(path, timeout):
    """A connected socket. As osquery's client it waits for room in the backlog, which Python's does not."""
    if ON_WINDOWS:
        return pipe.connect(path, timeout)
    connection = socket.socket(socket.AF_UNIX)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(timeout) + 1, 0))
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    connection.settimeout(timeout)
    return connection


class Stream:
    """A connection that gives whole values; the reader here shares no code with the Thrift library."""

    def __init__(self, path, timeout=10):
        self.socket = connect(path, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def offer(self, data):
        """Sends as much as the other side takes: it may hang up before the end."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def take(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.socket.recv(min(size - len(data), 1 << 20))
            if not part:
                raise Cut("%d of %d bytes" % (len(data), size))
            data += part
        return bytes(data)

    def unpack(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def text(self):
        return self.take(self.unpack(">i")[0]).decode()

    def value(self, kind):
        if kind in FIXED:
            return self.unpack(FIXED[kind])[0]
        if kind == STRING:
            return self.text()
        if kind == STRUCT:
            return self.fields()
        if kind == MAP:
            key, value, count = self.unpack(">bbi")
            return {self.value(key): self.value(value) for _ in range(count)}
        if kind in (SET, LIST):
            element, count = self.unpack(">bi")
            return [self.value(element) for _ in range(count)]
        raise ValueError("type %d in a reply" % kind)

    def fields(self):
        found = {}
        while True:
            kind, = self.unpack(">b")
            if kind == STOP:
                return found
            number, = self.unpack(">h")
            found[number] = self.value(kind)

    def reply(self):
        """(kind, method, sequence, {field: value}); a header that is not strict is a ValueError."""
        version, = self.unpack(">I")
        if version & 0xFFFFFF00 != 0x80010000:
            raise ValueError("version %#x in a reply" % version)
        return version & 0xFF, self.text(), self.unpack(">i")[0], self.fields()

    def ended_within(self, seconds):
        """Whether the other side hangs up in time, after whatever it has to say."""
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                self.socket.settimeout(max(0.01, until - time.monotonic()))
                if not self.socket.recv(65536):
                    return True
        except socket.timeout:
            return False
        except OSError:
            return True
        return False


def exchange(path, data, timeout=10):
    """The reply to one message on a connection of its own."""
    with Stream(path, timeout) as stream:
        stream.send(data)
        return stream.reply()
