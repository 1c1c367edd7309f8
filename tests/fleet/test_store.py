#!/usr/bin/env python3
"""fsa-score push and --store: ClickHouse counts what the case counts, byte for byte, or says that it cannot.

Starts two servers itself, on the loopback address; where chdb can be imported, a current ClickHouse too. Prints one
line for each failure and at the end `N passed, N failed, N skipped`.
"""
import collections
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request

import chdb_server
import clickhouse
import make_fleet
from http_door import Door
from lab import META, SCORE, Skip, coverage, line, rank, run, score

SETTINGS = {**os.environ, "FSA_STORE_USER": "default"}
ROLES = "clerks", "builders", "servers", "guests", "kiosks"


class Fleet:
    """A case of 30 hosts, two servers, and a current ClickHouse."""

    def __init__(self, folder):
        make_fleet.make(folder, 30, 7)
        self.folder, self.case, self.logs = folder, folder / "case.db", folder / "logs"
        score("ingest", "--quiet", "--db", self.case, self.logs)
        names = [row[0] for row in sqlite3.connect(self.case).execute("SELECT identifier FROM host ORDER BY 1")]
        self.roles = folder / "roles.csv"
        self.roles.write_text("host,role\n" + "".join(map("{},{}\n".format, names, itertools.cycle(ROLES))))
        self.host = names[0]
        self.servers = clickhouse.Servers(folder, 2) if clickhouse.program() else None
        self.engine = None

    def url(self, database, count=2, first=None):
        if not self.servers:
            raise Skip("there is no ClickHouse server")
        ports = [first or self.servers.http[0], *self.servers.http[1:count]]
        return f"clickhouse://{','.join(map('127.0.0.1:{}'.format, ports))}/{database}" + ("?cluster=fsa" if count > 1 else "")

    def current(self, database):
        """A store of a current release."""
        if not self.engine:
            try:
                self.engine = chdb_server.Engine(self.folder / "current")
            except ImportError as reason:
                raise Skip(f"no chdb: {reason}") from None
            print("the current release is ClickHouse", self.engine.ask("SELECT version()").strip())
        return f"clickhouse://127.0.0.1:{self.engine.door.port}/{database}"

    def close(self):
        if self.servers:
            self.servers.__exit__()
        if self.engine:
            self.engine.close()


def push(case, url, code=0):
    done = subprocess.run([SCORE, "push", "--db", case, "--store", url], capture_output=True, text=True, env=SETTINGS,
                          timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def refused(case, url, *command):
    """What a command (rank when none is named) says when it gives no answer."""
    done = subprocess.run([SCORE, *(command or ["rank"]), "--db", case, "--store", url], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 3 and done.stdout == "", done
    return done.stderr


def rows_of(ask, database):
    return [ask(f"SELECT '{table}', count() FROM {database}.{table}") for table in
            ("fsa_sighting", "fsa_answer", "fsa_coverage")]


def report(case, folder, *more):
    """The data of a report without when and with which command it was made."""
    score("report", "--db", case, "--json", folder / "report.json", *more)
    return {name: part for name, part in json.loads((folder / "report.json").read_text()).items() if name != "made"}


def check_findings(fleet, case, url, *others):
    """A command says with the store, byte for byte, what it says without."""
    for command in (["rank", "-f", "json", "--top", 1000], ["findings", "-f", "json", "--top", 100000],
                    ["findings", "-f", "json", "--top", 100000, "--groups", fleet.roles], *others):
        assert score(*command, "--db", case, "--store", url) == score(*command, "--db", case), command


def check_store(ask, case, database):
    """Whoever asks the store finds the prevalence of every key, and the coverage, of the case."""
    sql = (f"SELECT query, key, uniqExact(host) AS n FROM {database}.fsa_sighting WHERE (host, query, version) GLOBAL IN"
           f" (SELECT host, query, argMax(version, revision) FROM {database}.fsa_answer GROUP BY host, query)"
           " GROUP BY query, key FORMAT JSONEachRow")
    theirs = {(row["query"], row["key"]): int(row["n"]) for row in map(json.loads, ask(sql).splitlines())}
    ours = {(query, key): hosts for query, key, hosts in sqlite3.connect(case).execute(
        "SELECT q.name, a.key, count(DISTINCT s.host) FROM sighting s JOIN artefact a ON a.id = s.artefact"
        " JOIN query q ON q.id = a.query GROUP BY 1, 2")}
    assert theirs == ours and len(ours) > 100
    sql = (f"SELECT query, status, count() AS n FROM (SELECT host, query, argMax(status, revision) AS status FROM"
           f" {database}.fsa_coverage GROUP BY host, query) GROUP BY query, status FORMAT JSONEachRow")
    theirs = {(row["query"], row["status"]): int(row["n"]) for row in map(json.loads, ask(sql).splitlines())}
    assert theirs == dict(collections.Counter((c["query"], c["status"]) for c in coverage(case)))


def test_two_servers_count_as_the_case_does(fleet, lab):
    url = fleet.url("two")
    assert "pushed, 0 were there" in push(fleet.case, url)
    before = rows_of(fleet.servers.ask, "two")
    check_findings(fleet, fleet.case, url, ["score"], ["score", "-f", "csv"], ["score", "-f", "json"], ["findings"],
                   ["explain", "--host", fleet.host], ["explain", "--host", fleet.host, "-f", "json"])
    assert report(fleet.case, lab.folder, "--store", url) == report(fleet.case, lab.folder)
    check_store(fleet.servers.ask, fleet.case, "two")
    hosts = [set(fleet.servers.ask("SELECT DISTINCT host FROM two.fsa_answer_local", n).splitlines()) for n in (0, 1)]
    assert hosts[0] and hosts[1] and not hosts[0] & hosts[1], "each host is on one server"
    assert push(fleet.case, url).startswith("0 answers pushed")
    assert rows_of(fleet.servers.ask, "two") == before, "pushing again changes nothing, and scoring writes nothing"


def test_one_server_counts_as_the_case_does(fleet, lab):
    url = fleet.url("one", 1)
    push(fleet.case, url)
    check_findings(fleet, fleet.case, url)
    check_store(fleet.servers.ask, fleet.case, "one")


def test_a_current_release_counts_as_the_case_does(fleet, lab):
    """The same statements on the ClickHouse of today; its two shards are one engine, so every row is there twice."""
    for database, more in (("one", ""), ("two", "?cluster=fsa")):
        url = fleet.current(database + more)
        assert "pushed, 0 were there" in push(fleet.case, url)
        before = rows_of(fleet.engine.ask, database)
        assert push(fleet.case, url).startswith("0 answers pushed")
        check_findings(fleet, fleet.case, url, ["score", "-f", "json"])
        assert rows_of(fleet.engine.ask, database) == before
    check_store(fleet.engine.ask, fleet.case, "one")
    assert any("ALL INNER JOIN cell" in sql for sql in fleet.engine.asked)


def test_a_current_release_without_one_of_its_servers_is_an_error(fleet, lab):
    url = fleet.current("away?cluster=away")
    assert f"127.0.0.1:{fleet.engine.away}" in push(fleet.case, url, code=3)
    for command in ("rank", "score"):
        assert f"127.0.0.1:{fleet.engine.away}" in refused(fleet.case, url, command)


def changed_answers(fleet, lab, url):
    lab.ingest("\n".join(line(hostIdentifier=f"H{n}", snapshot=[{"path": f"/{k}\\\"\u00fc\u2028\u001f'"} for k in range(n)])
                         for n in range(1, 9)),
               *(line(hostIdentifier=one, decorations={"hostname": other}, snapshot=[{"path": "/it's"}])
                 for one, other in (("a\x1fb", "c"), ("a", "b\x1fc"))),
               line(hostIdentifier="it's \u00fc\\\"\r\n--fsa-table--\r\n", name="fsa_it's\\{db}", snapshot=[{"path": "/it's"}]))
    for command in ("rank", "score"):
        assert refused(lab.case, url, command), "nothing was ever pushed"
    push(lab.case, url)
    assert rank(lab.case, 99) != []
    check_findings(fleet, lab.case, url)
    lab.ingest(line(hostIdentifier="H8", unixTime=2000, snapshot=[{"path": "/0"}, {"path": "/new"}]),
               line(hostIdentifier="H7", unixTime=2000, snapshot=[]))
    for command in ("rank", "score", "findings"):
        assert "push" in refused(lab.case, url, command), "a store that lags behind is no answer"
    assert push(lab.case, url).startswith("2 answers pushed, 9 were there")
    check_findings(fleet, lab.case, url)
    assert "/new" in str(rank(lab.case, 99, "json", "--store", url))


def test_a_changed_answer_takes_the_place_of_the_old_one(fleet, lab):
    changed_answers(fleet, lab, fleet.url("changed"))


def test_a_changed_answer_on_a_current_release(fleet, lab):
    changed_answers(fleet, lab, fleet.current("changed"))


def test_other_key_columns_are_other_answers(fleet, lab):
    """A pack that counts another column makes other keys of the same rows."""
    url = fleet.url("keys", 1)
    lab.ingest("\n".join(line(hostIdentifier=f"H{n}", snapshot=[{"path": f"/{k % 3}", "pid": str(k)} for k in range(n)])
                         for n in range(1, 9)))
    push(lab.case, url)
    lab.meta.write_text(json.dumps({"queries": {"fsa_x": {**META["queries"]["fsa_x"], "key": ["pid"]}}}))
    lab.ingest(line(hostIdentifier="H1", snapshot=[]))
    assert "push" in refused(lab.case, url)
    assert push(lab.case, url).startswith("8 answers pushed")
    check_findings(fleet, lab.case, url)


def test_wrong_stores(fleet, lab):
    lab.ingest(line(snapshot=[]))
    fleet.url("x")
    for url in ("clickhouse://127.0.0.1:1/x", "clickhouse://127.0.0.1/x;DROP", "http://127.0.0.1/x", "clickhouse://a,b/x",
                "clickhouse://user:secret@127.0.0.1/x", "clickhouse:///x"):
        push(lab.case, url, code=3)
        refused(lab.case, url)
        refused(lab.case, url, "score")
    push(lab.folder / "absent.db", fleet.url("x"), code=2)
    done = subprocess.run([SCORE, "push", "--db", lab.case, "--store", "clickhouse://db.example.internal:8123/x"],
                          capture_output=True, text=True, env={**os.environ, "FSA_STORE_PASSWORD": "x"}, timeout=60)
    assert done.returncode == 3 and "only sent by clickhouses" in done.stderr


def forward(fleet, target, content_type, body):
    """What the first server answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{fleet.servers.http[0]}{target}", body, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=30) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_store_that_answers_something_else(fleet, lab):
    """Counts that cannot be, keys that were never pushed, half a row: no answer, and nothing breaks."""
    url = fleet.url("two")
    push(fleet.case, url)
    for there, instead in ((b'"hosts":"1"', b'"hosts":"30"'), (b'"hosts":"1"', b'"hosts":"0"'), (b'"hosts":"1"', b'"hosts":"-1"'),
                           (b'"host_group":0', b'"host_group":200'), (b'"key":"', b'"key":"never '), (b'"key":', b'"nokey":'),
                           (b'}\n', b''), (b'"answers":"', b'"answers":"1')):
        door = Door(lambda *request, there=there, instead=instead: (200, forward(fleet, *request)[1].replace(there, instead)))
        assert refused(fleet.case, fleet.url("two", first=door.port), "findings"), instead
        door.close()


def test_zz_a_server_that_is_killed_on_the_way_is_an_error(fleet, lab):
    """The last test: it ends a server, when three of the questions have been answered."""
    url, page = fleet.url("two"), lab.folder / "page.html"
    push(fleet.case, url)
    asked = []

    def kill(*request):
        asked.append(request)
        if len(asked) == 4:
            fleet.servers.kill(1)
        return forward(fleet, *request)
    door = Door(kill)
    why = refused(fleet.case, fleet.url("two", first=door.port), "score", "-f", "json")
    door.close()
    assert len(asked) == 4, "nothing is asked after the error"
    assert f"127.0.0.1:{fleet.servers.tcp[1]}" in why and "279" in why, why
    for command in (["rank"], ["score"], ["findings"], ["explain", "--host", fleet.host], ["report", "-o", page]):
        assert "279" in refused(fleet.case, url, *command)
    assert not page.exists(), "no half of a report"
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
            fleet.close()


if __name__ == "__main__":
    sys.exit(main())
