#!/usr/bin/env python3
"""fsa-score push and --store: two ClickHouse servers count what the case counts, or say that they cannot.

Starts the servers itself, on the loopback address. Prints one line for each failure and at the end
`N passed, N failed, N skipped`.
"""
import collections
import json
import os
import sqlite3
import subprocess
import sys

import clickhouse
import make_fleet
from lab import SCORE, Skip, coverage, line, rank, run, score

SETTINGS = {**os.environ, "FSA_STORE_USER": "default"}


class Fleet:
    """A case of 30 hosts, and two servers."""

    def __init__(self, folder):
        make_fleet.make(folder, 30, 7)
        self.case, self.logs = folder / "case.db", folder / "logs"
        score("ingest", "--quiet", "--db", self.case, self.logs)
        self.servers = clickhouse.Servers(folder, 2) if clickhouse.program() else None

    def url(self, database, count=2):
        if not self.servers:
            raise Skip("there is no ClickHouse server")
        names = ",".join(f"127.0.0.1:{port}" for port in self.servers.http[:count])
        return f"clickhouse://{names}/{database}" + ("?cluster=fsa" if count > 1 else "")


def push(case, url, code=0):
    done = subprocess.run([SCORE, "push", "--db", case, "--store", url], capture_output=True, text=True, env=SETTINGS,
                          timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def refused(case, url):
    """What rank says when it gives no answer."""
    done = subprocess.run([SCORE, "rank", "--db", case, "--store", url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and done.stdout == "", done
    return done.stderr


def rows_of(fleet, database):
    return [fleet.servers.ask(f"SELECT '{table}', count() FROM {database}.{table}") for table in
            ("fsa_sighting", "fsa_answer", "fsa_coverage")]


def check(fleet, case, url, database):
    """The same ranking, prevalence of every key and coverage."""
    assert rank(case, 1000, "json", "--store", url) == rank(case, 1000)
    sql = (f"SELECT query, key, uniqExact(host) AS n FROM {database}.fsa_sighting WHERE (host, query, version) GLOBAL IN"
           f" (SELECT host, query, argMax(version, revision) FROM {database}.fsa_answer GROUP BY host, query)"
           " GROUP BY query, key FORMAT JSONEachRow")
    theirs = {(row["query"], row["key"]): int(row["n"]) for row in map(json.loads, fleet.servers.ask(sql).splitlines())}
    ours = {(query, key): hosts for query, key, hosts in sqlite3.connect(case).execute(
        "SELECT q.name, a.key, count(DISTINCT s.host) FROM sighting s JOIN artefact a ON a.id = s.artefact"
        " JOIN query q ON q.id = a.query GROUP BY 1, 2")}
    assert theirs == ours and len(ours) > 100
    sql = (f"SELECT query, status, count() AS n FROM (SELECT host, query, argMax(status, revision) AS status FROM"
           f" {database}.fsa_coverage GROUP BY host, query) GROUP BY query, status FORMAT JSONEachRow")
    theirs = {(row["query"], row["status"]): int(row["n"]) for row in map(json.loads, fleet.servers.ask(sql).splitlines())}
    assert theirs == dict(collections.Counter((c["query"], c["status"]) for c in coverage(case)))


def test_two_servers_count_as_the_case_does(fleet, lab):
    url = fleet.url("two")
    assert "pushed, 0 were there" in push(fleet.case, url)
    check(fleet, fleet.case, url, "two")
    hosts = [set(fleet.servers.ask("SELECT DISTINCT host FROM two.fsa_answer_local", n).splitlines()) for n in (0, 1)]
    assert hosts[0] and hosts[1] and not hosts[0] & hosts[1], "each host is on one server"
    before = rows_of(fleet, "two")
    assert push(fleet.case, url).startswith("0 answers pushed")
    assert rows_of(fleet, "two") == before, "pushing again changes nothing"


def test_one_server_counts_as_the_case_does(fleet, lab):
    url = fleet.url("one", 1)
    push(fleet.case, url)
    check(fleet, fleet.case, url, "one")


def test_a_changed_answer_takes_the_place_of_the_old_one(fleet, lab):
    url = fleet.url("changed")
    lab.ingest("\n".join(line(hostIdentifier=f"H{n}", snapshot=[{"path": f"/{k}\\\"\u00fc\u001f"} for k in range(n)])
                         for n in range(1, 9)))
    assert refused(lab.case, url), "nothing was ever pushed"
    push(lab.case, url)
    assert rank(lab.case, 99, "json", "--store", url) == rank(lab.case, 99) != []
    lab.ingest(line(hostIdentifier="H8", unixTime=2000, snapshot=[{"path": "/0"}, {"path": "/new"}]),
               line(hostIdentifier="H7", unixTime=2000, snapshot=[]))
    assert "push" in refused(lab.case, url), "a store that lags behind is no answer"
    assert push(lab.case, url).startswith("2 answers pushed, 6 were there")
    assert rank(lab.case, 99, "json", "--store", url) == rank(lab.case, 99)
    assert "/new" in str(rank(lab.case, 99, "json", "--store", url))


def test_wrong_stores(fleet, lab):
    lab.ingest(line(snapshot=[]))
    fleet.url("x")
    for url in ("clickhouse://127.0.0.1:1/x", "clickhouse://127.0.0.1/x;DROP", "http://127.0.0.1/x", "clickhouse://a,b/x",
                "clickhouse://user:secret@127.0.0.1/x", "clickhouse:///x"):
        push(lab.case, url, code=3)
        refused(lab.case, url)
    push(lab.folder / "absent.db", fleet.url("x"), code=2)
    done = subprocess.run([SCORE, "push", "--db", lab.case, "--store", "clickhouse://db.example.internal:8123/x"],
                          capture_output=True, text=True, env={**os.environ, "FSA_STORE_PASSWORD": "x"}, timeout=60)
    assert done.returncode == 3 and "only sent by clickhouses" in done.stderr


def test_zz_a_server_that_is_killed_is_an_error(fleet, lab):
    """The last test: it ends a server."""
    url = fleet.url("two")
    push(fleet.case, url)
    fleet.servers.kill(1)
    assert "279" in refused(fleet.case, url)
    lab.case.write_bytes(fleet.case.read_bytes())
    score("ingest", "--quiet", "--db", lab.case, fleet.logs)
    db = sqlite3.connect(lab.case)
    db.execute("UPDATE answer SET last_time = last_time + 1")
    db.commit()
    db.close()
    push(lab.case, url, code=3)


def main():
    made = []

    def make(folder):
        made.append(Fleet(folder))
        return made[0]
    try:
        return run(globals(), make)
    finally:
        for fleet in made:
            if fleet.servers:
                fleet.servers.__exit__()


if __name__ == "__main__":
    sys.exit(main())
