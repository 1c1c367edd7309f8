"""What can be wrong at the start, each with its exit code and one clear line; the flags."""
import os
import re
import shutil
import socket
import subprocess
import time

from thrift.Thrift import TApplicationException

from osquery_thrift import ON_WINDOWS, PATIENCE, PROGRAM
from osquery_thrift.extension import Extension
from osquery_thrift.manager import Manager

from .stage import answers, same, skip, test

NOBODY = 65534


def starts(name, code, path, *flags, says="", prefix=(), program=PROGRAM, timeout=15):
    """Runs it to its end: the exit code and one clear line."""
    with Extension(path, "--timeout", "0.3", *flags, prefix=prefix, program=program) as extension:
        got = extension.wait(timeout * PATIENCE)
        lines = extension.errors().splitlines()
        same("start: %s: exit code" % name, got, code)
        test("start: %s: one clear line" % name, len(lines) == 1 and lines[0].startswith("fsa.ext: ") and says in lines[0]
             and len(lines[0]) > 20, lines)


def start_errors(place):
    path = place.socket()
    starts("no socket there", 10, path, says=path)
    starts("no folder there", 10, path + "/none/osquery.em", says=path)
    folder = os.path.dirname(path)
    for length in (97, 98, 101, 103, 107, 108, 109, 300):
        long = folder + "/" + "x" * (length - len(folder) - 1)
        if length + len(".65535") >= 108:
            starts("a path of %d bytes" % length, 12, long)
        else:
            starts("a path of %d bytes" % length, 10, long)
    starts("a directory", 13, folder, says=folder)
    with open(path, "w") as file:
        file.write("no socket")
    starts("a regular file", 13, path, says=path)
    os.unlink(path)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(path)
    starts("bound, not listening", 14, path, says=path)
    dead.close()
    starts("a dead socket", 14, path, says=path)
    os.symlink("none", path + ".link")
    starts("a link to nothing", 10, path + ".link")


def longest_path(place):
    """The longest path that leaves room for the number works, also with the longest number."""
    folder = os.path.dirname(place.socket())
    path = folder + "/" + "x" * (101 - len(folder) - 1)  # 101 + ".65535" + NUL = 108
    with Manager(path, uuids=[65535]) as manager, Extension(path) as extension:
        if manager.registered(10 * PATIENCE) is None:
            test("start: a path of 101 bytes works", False, extension.errors())
            return
        test("start: a path of 101 bytes works", answers(extension.registered(manager)))


def strangers(place):
    for mood in ("garbage", "silent", "closing"):
        with Manager(place.socket(), mood=mood) as manager:
            starts("what listens is %s" % mood, 15, manager.path, says=manager.path)
    with Manager(place.socket(), refuse=lambda *_: "Incompatible extension SDK version") as manager:
        starts("refused", 16, manager.path, says="Incompatible extension SDK version")
        same("start: refused: not repeated", len(manager.attempts), 1)
    with Manager(place.socket(), refuse=lambda *_: "a\nforged: line\x1b[31m \u202e") as manager:
        starts("refused with a hostile message", 16, manager.path)
    with Manager(place.socket(), refuse=exception) as manager, Extension(manager.path) as extension:
        test("start: an exception as answer to the registration", extension.wait() in (15, 16), extension.errors())
    if not ON_WINDOWS:  # where it takes what Wine lacks: that a pipe's name belongs to its first instance
        own_socket_taken(place)


def own_socket_taken(place):
    path = place.socket()
    with Manager(path, uuids=[777] * 3) as manager:
        os.mkdir(path + ".777")
        open(path + ".777/file", "w").close()
        starts("the own socket cannot be made", 17, path, says=path + ".777")
        same("start: ... and it is deregistered", manager.extensions, {})
        shutil.rmtree(path + ".777")


def exception(_info, _registry):
    raise TApplicationException(TApplicationException.INTERNAL_ERROR, "it broke")


def permissions(place):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        skip("start: no permission", "it takes root and setpriv")
        return
    prefix = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]
    with Manager(place.socket()) as manager:
        program = os.path.join(os.path.dirname(manager.path), "fsa.ext")
        shutil.copy(PROGRAM, program)  # the build may lie where nobody may look
        starts("the socket is another user's", 11, manager.path, prefix=prefix, program=program, says=manager.path)
    closed = place.socket()
    with Manager(closed):
        os.chmod(os.path.dirname(closed), 0o700)
        starts("the folder is another user's", 11, closed, prefix=prefix, program=program, says=closed)
    with Manager(place.socket()) as manager:
        os.chmod(manager.path, 0o666)  # may be asked, but nothing may be made beside it
        starts("no socket may be made beside the manager's", 17, manager.path, prefix=prefix, program=program)


def late_manager(place):
    manager = Manager(place.socket())
    with Extension(manager.path, "--timeout", "5") as extension:
        time.sleep(0.5)
        with manager:
            extension.registered(manager)
            test("start: a manager that comes within the timeout is found", answers(extension))
            extension.end()


def flag_forms(place):
    forms = {"--a b": lambda path: ["--socket", path, "--timeout", "3", "--interval", "3"],
             "--a=b": lambda path: ["--socket=" + path, "--timeout=3", "--interval=3"],
             "-a b": lambda path: ["-socket", path, "-timeout", "3", "-interval", "3"],
             "-a=b": lambda path: ["-socket=" + path, "-timeout=3"],
             "as osquery starts it": lambda path: ["--verbose", "--socket", path, "--timeout", "3", "--interval", "3"],
             "unknown flags": lambda path: ["--nonsense", "--colour=blue", "--socket", path, "-x", "--logger_plugin", "tls"]}
    for name, arguments in forms.items():
        with Manager(place.socket()) as manager, Extension(manager.path, arguments=arguments(manager.path)) as extension:
            uuid = manager.registered(5 * PATIENCE)
            test("flags: %s" % name, uuid is not None, extension.errors())
            if uuid is not None:
                extension.registered(manager)
            if name == "unknown flags":
                same("flags: an unknown one is not told", extension.errors(), "")
    # a deadline that is no whole number, as every S may have decimals
    with Manager(place.socket()) as manager, Extension(manager.path, "--deadline", "0.5") as extension:
        test("flags: --deadline 0.5", manager.registered(2 * PATIENCE) is not None, extension.errors())
        extension.end()
    with Manager(place.socket()) as manager, Extension(manager.path, "--verbose", "--nonsense") as extension:
        extension.registered(manager)
        test("flags: --verbose tells an unknown one", "nonsense" in extension.errors(), extension.errors())


def output(*arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                          stdin=subprocess.DEVNULL)


def flags_that_end(place):
    for flag in ("--version", "-version"):
        done = output(flag)
        test("flags: " + flag, done.returncode == 0 and re.search(rb"\d+\.\d+\.\d+", done.stdout) and not done.stderr, done)
    for flag in ("--help", "-help"):
        done = output(flag)
        missing = [name for name in ("socket", "timeout", "interval", "verbose", "allow_evidence", "max_rows", "deadline", "wait",
                                     "version") if "--" + name not in done.stdout.decode()]
        test("flags: " + flag, done.returncode == 0 and not missing and not done.stderr, (done.returncode, missing))
    path = place.socket()
    bad = [["--timeout", "soon"], ["--timeout", "-1"], ["--timeout", ""], ["--timeout=nan"], ["--timeout=1x"], ["--interval", "-3"],
           ["--interval=inf"], ["--interval", "x"], ["--max_rows", "many"], ["--max_rows=-1"], ["--max_rows=1.5"], ["--max_rows="],
           ["--max_rows=99999999999999999999"], ["--deadline", "never"], ["--deadline=-5"], ["--timeout=1e999"], ["--timeout"],
           ["--max_rows"], ["--allow_evidence"], ["--allow_evidence="]]
    for arguments in bad:
        done = output("--socket", path, *arguments)
        lines = done.stderr.decode().splitlines()
        same("flags: %s -> 1" % " ".join(arguments), done.returncode, 1)
        test("flags: %s: one line that names it" % " ".join(arguments), len(lines) == 1 and arguments[0].strip("-").split("=")[0]
             in lines[0], lines)
    same("flags: --socket without a value -> 1", output("--socket").returncode, 1)
    same("flags: --socket= -> 1", output("--socket=").returncode, 1)
