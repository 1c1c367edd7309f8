#!/usr/bin/env python3
"""fsa_connections of this machine against the sockets that this test opens, and against ss (iproute2)."""
import json
import os
import shutil
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
totals = {"passed": 0, "failed": 0, "skipped": 0}


def test(name, wrong):
    totals["failed" if wrong else "passed"] += 1
    if wrong:
        print("FAIL %s: %s" % (name, wrong))


def skip(name, why):
    totals["skipped"] += 1
    print("skipped %s: %s" % (name, why))


def rows(where):
    sql = "SELECT * FROM fsa_connections WHERE " + where
    done = subprocess.run([FSA, "-f", "json", sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return json.loads(done.stdout)


def one(name, found, expected):
    if len(found) != 1:
        test(name, "%d rows" % len(found))
        return
    wrong = {key: found[0][key] for key in expected if found[0][key] != expected[key]}
    test(name, wrong and "%r, expected %r" % (wrong, expected))


def planted():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    client = socket.create_connection(("127.0.0.1", port))
    server, _ = listener.accept()
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", 0))
    mine = {"pid": os.getpid(), "local_address": "127.0.0.1", "process_path": os.path.realpath(sys.executable),
            "uid": os.getuid(), "is_raw": 0}
    where = "pid = %d AND " % os.getpid()
    one("a listener", rows(where + "is_listening = 1"), {
        **mine, "fd": listener.fileno(), "local_port": port, "state": "LISTEN", "remote_address": None, "protocol": 6,
        "family": 2, "socket": os.fstat(listener.fileno()).st_ino})
    one("a client", rows(where + "remote_port = %d" % port), {
        **mine, "fd": client.fileno(), "state": "ESTABLISHED", "remote_address": "127.0.0.1", "remote_class": "loopback",
        "local_port": client.getsockname()[1]})
    one("its server", rows(where + "remote_port = %d" % client.getsockname()[1]), {
        **mine, "fd": server.fileno(), "state": "ESTABLISHED", "local_port": port})
    one("a datagram socket", rows(where + "protocol = 17"), {
        **mine, "fd": datagram.fileno(), "local_port": datagram.getsockname()[1], "state": None, "is_listening": None})
    if socket.has_ipv6 and os.path.exists("/proc/net/tcp6"):
        six = socket.socket(socket.AF_INET6)
        six.bind(("::1", 0))
        six.listen()
        one("a listener on IPv6", rows(where + "local_port = %d" % six.getsockname()[1]), {
            **mine, "fd": six.fileno(), "family": 10, "local_address": "::1"})
        six.close()
    for one_of in (client, server, datagram, listener):
        one_of.close()
    test("nothing after closing", rows(where + "1") and "rows remain")


def listeners_of_ss():
    if not shutil.which("ss"):
        skip("ss", "not installed")
        return
    output = subprocess.run(["ss", "-tlnH"], stdout=subprocess.PIPE).stdout.decode()
    told = sorted(int(line.split()[3].rsplit(":", 1)[1]) for line in output.splitlines() if line.strip())
    ours = {(row["net_namespace"], row["socket"]): row["local_port"] for row in rows("is_listening = 1")}
    space = os.stat("/proc/self/ns/net").st_ino
    test("listeners as ss has them", None if sorted(p for (n, _), p in ours.items() if n == space) == told
         else "%r, ss has %r" % (sorted(ours.values()), told))


def main():
    planted()
    listeners_of_ss()
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    sys.exit(1 if totals["failed"] else 0)


if __name__ == "__main__":
    main()
