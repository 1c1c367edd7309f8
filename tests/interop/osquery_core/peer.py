"""osquery-core as a Python object, and fsa.ext started beside it; with FSA_SYSTEM=windows both run under Wine."""
import contextlib
import json
import os
import socket
import struct
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
WINDOWS = os.environ.get("FSA_SYSTEM") == "windows"
SUFFIX, WINE = (".exe", [os.environ.get("FSA_WINE", "wine")]) if WINDOWS else ("", [])
EXTENSION = os.path.join(BUILD, "bin/fsa.ext" + SUFFIX)
CORE = os.path.join(BUILD, "osquery-core/osquery-core" + SUFFIX)
if not WINDOWS:
    CORE = os.environ.get("FSA_OSQUERY_CORE", CORE)
SLOWER = 10 if os.environ.get("FSA_SANITIZED") == "1" else 1
WAIT = 15 * SLOWER  # seconds until what must come has come


def native(path):
    """A path of this machine as the programs name it: Wine calls the root Z:."""
    return "Z:" + path.replace("/", "\\") if WINDOWS else path


FIXTURES = native(os.path.join(BUILD, "evidence"))


def fixture(name):
    return FIXTURES + native("/" + name)[-1 - len(name):]


def spelled(place, number):
    """Another name of a fixture, one for each number: what was asked is remembered by its name."""
    begin = fixture("")
    return place.replace(begin, begin + native("./")[-2:] * number, 1)


def is_there(place):
    """Whether evidence exists, by its name in SQL."""
    path = place.replace("live:", "")
    return os.path.exists(path[2:].replace("\\", "/") if WINDOWS else path)


def wait_for(condition, seconds=WAIT):
    """What `condition` gives once it is true, or its last false value after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.02)


class Core:
    """osquery-core, asked by lines of JSON."""

    def __init__(self, folder, *options, allowed=(FIXTURES,), arguments=(), launch=True, interval="1"):
        self.socket = r"\\.\pipe\%s.em" % os.path.basename(folder) if WINDOWS else os.path.join(folder, "osquery.em")
        command = [*WINE, CORE, "--socket", self.socket, "--interval", interval, *options]
        if launch:
            command += ["--extension", native(EXTENSION)]
            words = [word for place in allowed for word in ("--allow_evidence", place)] + list(arguments)
            command += [word for argument in words for word in ("--ext-arg", argument)]
        self.errors = open(os.path.join(folder, "core.log"), "ab+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("osquery-core is gone: " + self.log())
        return json.loads(line.decode("utf-8", "surrogateescape"))

    def sql(self, text):
        return self.ask(sql=text)

    def rows(self, text):
        """Rows as tuples; an error is one row that says so."""
        reply = self.ask(sql=text)
        return [tuple(row) for row in reply["rows"]] if "rows" in reply else [("error", reply["error"])]

    def extensions(self):
        return self.ask(extensions=True)["extensions"]

    def uuid(self):
        """The uuid of fsa once it is registered and answers, else None."""
        def answering():
            for entry in self.extensions():
                if entry["name"] == "fsa" and self.ping(entry["path"]) is not None:
                    return entry["uuid"]
            return None
        return wait_for(answering)

    def ping(self, path):
        """Seconds until the answer, or None; through Thrift's client where Python cannot open a pipe."""
        return self.ask(ping=path).get("seconds") if WINDOWS else ping(path)

    def is_left(self, uuid):
        """Whether the endpoint of that number is there; of a pipe this core must tell it."""
        path = "%s.%s" % (self.socket, uuid)
        return self.ping(path) is not None if WINDOWS else os.path.exists(path)

    def log(self):
        self.errors.flush()
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def end(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.errors.close()


@contextlib.contextmanager
def core(*options, **more):
    with tempfile.TemporaryDirectory(prefix="fsa-") as folder:
        peer = Core(folder, *options, **more)
        try:
            if more.get("launch", True):
                peer.uuid()
            yield peer
        finally:
            peer.end()


@contextlib.contextmanager
def extension(peer, *arguments):
    """fsa.ext started by hand."""
    command = [*WINE, EXTENSION, "--socket", peer.socket, "--interval", "0.5", "--allow_evidence", FIXTURES, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=peer.errors)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ping(path, timeout=5.0):
    """Seconds until the answer to a ping, written byte by byte as the protocol has it; None when there is none."""
    call = struct.pack(">II4sIB", 0x80010001, 4, b"ping", 7, 0)
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(timeout)
        try:
            peer.connect(path)
            peer.sendall(call)
            if struct.unpack(">I", peer.recv(4, socket.MSG_WAITALL))[0] != 0x80010002:
                return None
        except (OSError, struct.error):
            return None
    return time.monotonic() - began
