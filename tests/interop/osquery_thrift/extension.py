"""Runs fsa.ext for a test: its start, what it is registered as, what it holds, how it ends."""
import os
import signal
import subprocess
import tempfile
import time

from . import PATIENCE, PROGRAM, ON_WINDOWS, WINE
from .client import Core, ping

# SIGTERM is no word to a program of Wine, and ends it as Windows' TerminateProcess does.
GOOD_ENDS = (0, -signal.SIGTERM) if ON_WINDOWS else (0,)
START_SECONDS = 10 * PATIENCE
END_SECONDS = 10 * PATIENCE


class Extension:
    """fsa.ext on a manager's socket, from its start to the end of the block.

    `flags` follow --socket; `prefix` is a command that starts it. An end that no test asked for (a crash, a
    sanitizer's report) is kept in `Extension.wrong_ends`.
    """

    wrong_ends = []

    def __init__(self, path, *flags, prefix=(), program=PROGRAM, arguments=None):
        self.path, self.told, self.code = path, tempfile.TemporaryFile(), None
        arguments = ["--socket", path, *flags] if arguments is None else arguments
        self.process = subprocess.Popen([*prefix, *WINE, program, *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.told)
        self.uuid = self.socket = self.tables = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None and self.end() not in GOOD_ENDS:
            self.wrong_ends.append("exit %r of %s: %s" % (self.code, self.process.args[1:], self.errors()[-2000:]))
        self.told.close()

    # -- its registration

    def registered(self, manager, other_than=(), timeout=START_SECONDS):
        """Waits until the manager knows it and its own socket answers; itself, for a chain."""
        uuid = manager.registered(timeout, other_than)
        if uuid is None:
            raise RuntimeError("not registered: exit %r, %s" % (self.process.poll(), self.errors()))
        self.uuid, self.socket = uuid, manager.endpoint(uuid)
        self.tables = manager.extensions[uuid].registry.get("table", {})
        wait_for(self.answers, START_SECONDS)
        return self

    def answers(self):
        try:
            return ping(self.socket, 10).code == 0
        except Exception:  # not yet bound, or bound by nobody
            return False

    @property
    def core(self):
        return Core(self.socket, self.tables)

    # -- what it holds

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def threads(self):
        return len(os.listdir("/proc/%d/task" % self.process.pid))

    def holds(self):
        """(threads, descriptors), once they do not change any more."""
        held = [None] * 10
        until = time.monotonic() + START_SECONDS
        while len(set(held)) > 1 or held[0] is None:
            held = held[1:] + [(self.threads(), self.descriptors())]
            if time.monotonic() > until:
                break
            time.sleep(0.03)
        return held[-1]

    def resident_kb(self):
        with open("/proc/%d/status" % self.process.pid) as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def processor_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def alive(self):
        return self.process.poll() is None

    # -- its end

    def errors(self):
        self.told.seek(0)
        return self.told.read().decode("utf-8", "replace")

    def wait(self, timeout=END_SECONDS):
        """The exit code; None when it is still there after the time."""
        try:
            self.code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        return self.code

    def end(self, number=signal.SIGTERM, timeout=END_SECONDS):
        """Asks it to end; the exit code, or "killed" when it did not heed."""
        if self.alive():
            self.process.send_signal(number)
        if self.wait(timeout) is None:
            self.process.kill()
            self.process.wait()
            self.code = "killed"
        return self.code


def wait_for(condition, timeout):
    """Whether the condition comes true in time."""
    until = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
