#!/usr/bin/env python3
"""The hosts that should be there: CSVs as people export them, and a Fleet server with all its moods.

Prints one line for each failure and at the end `N passed, N failed, N skipped`.
"""
import json
import os
import sqlite3
import subprocess
import sys
import time

from fleet_server import TOKEN, FleetServer, host
from lab import SCORE, coverage, line, run, score


def answered(lab, *names):
    lab.ingest("\n".join(line(hostIdentifier=f"UUID-{n}", decorations={"hostname": f"host-{n}.example.internal"},
                              snapshot=[{"path": "/x"}]) for n in names))


def unknown(lab, *more):
    return sorted(c["host_identifier"] for c in coverage(lab.case, *more) if c["status"] == "unknown")


def take(lab, url, code=0, token=TOKEN, **more):
    """Runs `hosts --fleet`; gives what it said on standard error."""
    environment = {**os.environ, "FSA_FLEET_TOKEN": token} if token else os.environ
    done = subprocess.run([SCORE, "hosts", "--db", lab.case, "--fleet", url], capture_output=True, text=True,
                          env=environment, timeout=60, **more)
    assert done.returncode == code, (done.returncode, done.stderr)
    return done.stderr


def stored(lab):
    return sqlite3.connect(lab.case).execute(
        "SELECT identifier, hostname, platform, team, last_seen, source FROM expected_host ORDER BY 1, 2").fetchall()


# ---- lists --------------------------------------------------------------------------------------------------

def test_lists_as_people_have_them(_, lab):
    answered(lab, 1, 2)
    names = [f"host-{n}.example.internal" for n in (1, 2, 3)]
    lists = {
        "one a line": "# the inventory\n" + "\n".join(names) + "\n\n",
        "identifiers": "uuid-1\nUUID-2\nHOST-3.EXAMPLE.INTERNAL",
        "no header, more fields": "".join(f"{n},desk,\"a, b\"\r\n" for n in names),
        "a header": "Hostname,Serial,UUID\r\n" + "".join(f"{n},s,\r\n" for n in names),
        "a header, names in the middle": "Serial,Host_Name,Floor\r\n" + "".join(f"s,{n},2\r\n" for n in names),
        "active directory": "\ufeff\"DNSHostName\",\"OperatingSystem\"\r\n" + "".join(f'"{n}","Windows"\r\n' for n in names),
        "both, twice": "hostname,uuid\n" + "".join(f"{n},UUID-{i + 1}\n" for i, n in enumerate(names)) * 2,
        "a lost quote": f'"{names[0]}\n{names[1]}\n{names[2]}\n',
    }
    for what, text in lists.items():
        path = lab.folder / "list.csv"
        path.write_text(text, newline="")
        assert unknown(lab, "--hosts", path) in (["host-3.example.internal"], ["HOST-3.EXAMPLE.INTERNAL"]), what
        assert "3 were expected" in score("coverage", "--db", lab.case, "--hosts", path), what


def test_a_clone_that_is_silent_is_missing(_, lab):
    lab.ingest(line(hostIdentifier="U", decorations={"hostname": "a"}, snapshot=[]))
    path = lab.folder / "list.csv"
    path.write_text("uuid,hostname\nU,a\nU,b\n")
    assert unknown(lab, "--hosts", path) == ["b"]
    path.write_text("uuid,hostname\nU,a.example.internal\n")  # one host, another spelling of its name
    assert unknown(lab, "--hosts", path) == []


def test_the_list_stays_in_the_case(_, lab):
    answered(lab, 1)
    path = lab.folder / "list.csv"
    path.write_text("hostname,role,os\nhost-1.example.internal,web,linux\nhost-9,web,linux\n")
    assert "2 hosts" in score("hosts", "--db", lab.case, "--hosts", path)
    assert stored(lab)[0] == ("", "host-1.example.internal", "linux", "web", "", "list")
    assert unknown(lab) == ["host-9"]
    path.write_text("host-1.example.internal\nhost-8\n")
    score("hosts", "--quiet", "--db", lab.case, "--hosts", path)
    assert unknown(lab) == ["host-8"], "a new list replaces the old one"


# ---- Fleet --------------------------------------------------------------------------------------------------

def test_fleet_pages(_, lab):
    answered(lab, 1, 700, 1500)
    with FleetServer([host(n * 3) for n in range(1, 1101)] + [host(n) for n in (1, 700)]) as fleet:
        assert take(lab, fleet.url + "/") == ""
        assert [int(r["after"]) for r in fleet.requests] == [0, 1494, 2994]
    assert len(stored(lab)) == 1102
    assert stored(lab)[0] == ("UUID-1", "host-1.example.internal", "windows", "Servers", "2026-09-21T10:00:00Z", "fleet")
    missing = unknown(lab)
    assert len(missing) == 1099 and "host-3.example.internal" in missing and "host-700.example.internal" not in missing
    with FleetServer([host(1), host(5)]) as fleet:
        take(lab, fleet.url)
    assert len(stored(lab)) == 2, "what Fleet no longer knows is gone"


def test_fleet_exactly_one_page(_, lab):
    with FleetServer([host(n) for n in range(1, 501)]) as fleet:
        take(lab, fleet.url)
        assert len(fleet.requests) == 2
    assert len(stored(lab)) == 500


def test_fleet_denylisted_query_is_an_error(_, lab):
    answered(lab, 1, 2)
    statistics = [{"pack_name": "Global", "query_stats": [
        {"scheduled_query_name": "fsa_x", "denylisted": True, "executions": 7},
        {"scheduled_query_name": "fsa_coverage", "denylisted": False},
        {"scheduled_query_name": "uptime", "denylisted": True}]}]
    with FleetServer([host(1, pack_stats=statistics), host(2), host(3, pack_stats=statistics)]) as fleet:
        take(lab, fleet.url)
    cells = {(c["host_identifier"], c["query"]): c for c in coverage(lab.case)}
    assert cells["UUID-1", "fsa_x"]["status"] == "partial" and "denylisted" in cells["UUID-1", "fsa_x"]["why"]
    assert cells["UUID-2", "fsa_x"]["status"] == "ok"
    assert cells["UUID-1", "fsa_coverage"]["status"] == "silent"


def test_fleet_asks_to_wait(_, lab):
    wait = (429, {"Retry-After": "1"}, b"slow down")
    with FleetServer([host(1)], lambda number, query: wait if number < 3 else None) as fleet:
        start = time.monotonic()
        take(lab, fleet.url)
        assert len(fleet.requests) == 3 and time.monotonic() - start >= 1.9
    with FleetServer([host(1)], lambda number, query: (429, {"Retry-After": "86400"}, b"")) as fleet:
        assert "asked too often" in take(lab, fleet.url, code=3)
        assert len(fleet.requests) == 1


def test_fleet_refuses(_, lab):
    answered(lab, 1)
    with FleetServer([host(1)]) as fleet:
        assert "token is not accepted" in take(lab, fleet.url, code=3, token="wrong")
    bad = {
        "broken": (200, {}, b'{"hosts": [{"id": 1,'), "no JSON": (200, {}, b"<html>login</html>"),
        "no hosts": (200, {}, b'{"error": "x"}'), "no ids": (200, {}, b'{"hosts": [{"uuid": "x"}]}'),
        "error": (500, {}, b"\x1b[31mpanic"), "redirect": (302, {"Location": "https://example.internal/"}, b""),
        "same again": (200, {}, json.dumps({"hosts": [host(n) for n in range(1, 501)]}).encode()),
        "cut": (200, {"Content-Length": "900", "Connection": "close"}, b'{"hosts": []}'),
        "nested": (200, {}, b'{"hosts": [{"id": 1, "x": ' + b"[" * 100000 + b"]" * 100000 + b"}]}"),
    }
    for what, answer in bad.items():
        with FleetServer([], lambda number, query, answer=answer: answer) as fleet:
            said = take(lab, fleet.url, code=3)
            assert fleet.url in said and "\x1b" not in said, (what, said)
            assert len(fleet.requests) <= 2, what
    assert stored(lab) == [], "half a list is no list"


def test_fleet_token_is_kept_safe(_, lab):
    for url in ("http://fleet.example.internal", "http://127.0.0.1.example.internal", "ftp://127.0.0.1", "127.0.0.1"):
        assert "only sent by https" in take(lab, url, code=3), url
    with FleetServer([host(1)]) as fleet:
        assert "there is no Fleet token" in take(lab, fleet.url, code=3, token="two\nlines")
        assert "there is no Fleet token" in take(lab, fleet.url, code=3, token="")
        assert not fleet.requests
        token = lab.folder / "token"
        token.write_text(TOKEN + "\n")
        done = subprocess.run([SCORE, "hosts", "--db", lab.case, "--fleet", fleet.url, "--fleet-token", token],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "1 hosts known" in done.stdout, done
        assert TOKEN.encode() not in lab.case.read_bytes()
    assert "127.0.0.1" in take(lab, "http://127.0.0.1:9", code=3)  # nobody there


if __name__ == "__main__":
    sys.exit(run(globals()))
