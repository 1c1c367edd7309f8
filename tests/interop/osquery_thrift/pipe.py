"""Named pipes of Wine for Python, which is no Windows program: tests/windows/bridge carries the bytes over TCP."""
import atexit
import errno
import os
import socket
import subprocess
import threading

from . import BUILD, WINE

PROGRAM = os.path.join(BUILD, "tests/pipe-bridge.exe")
ERRORS = {2: errno.ENOENT, 5: errno.EACCES, 121: errno.EAGAIN, 231: errno.EAGAIN}  # Windows' numbers

_lock = threading.Lock()
_bridge = None


def _port():
    """Starts the bridge with the first pipe; it ends with this process."""
    global _bridge
    with _lock:
        if _bridge is None:
            process = subprocess.Popen([*WINE, PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            atexit.register(process.kill)
            _bridge = int(process.stdout.readline())
        return _bridge


def _ask(line, timeout, path):
    connection = socket.create_connection(("127.0.0.1", _port()), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(line.encode() + b"\n")
    told = b""
    while not told.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise OSError(errno.EPIPE, "the bridge hung up", path)
        told += byte
    if int(told):
        connection.close()
        raise OSError(ERRORS.get(int(told), errno.EIO), "Windows error %d" % int(told), path)
    return connection


def connect(path, timeout):
    """A socket that is connected to a pipe."""
    return _ask("open " + path, timeout, path)


class Listener:
    """A pipe that is served, as a listening socket: accept(), shutdown(), close()."""

    def __init__(self, path, backlog):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(backlog)
        self.service = _ask("serve %d %s" % (self.socket.getsockname()[1], path), 30, path)

    def accept(self):
        return self.socket.accept()

    def shutdown(self, how):
        self.service.shutdown(socket.SHUT_WR)
        while self.service.recv(1):  # until the name is free again
            pass
        self.socket.shutdown(how)

    def close(self):
        self.service.close()
        self.socket.close()
