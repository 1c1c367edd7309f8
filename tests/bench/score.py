#!/usr/bin/env python3
"""How fast fsa-score counts and scores, and how both grow.

    score.py [--hosts N] [--sightings MILLIONS]

`score`: whole sweeps of workstations (sweep_logs.py, some 9,100 rows a host) under rules and attributes; N hosts and twice as
many, so that growth shows; and what that makes for 100,000 hosts on this machine.
`stack`: on how many hosts each key stands, of MILLIONS of (host, key) pairs, beside sqlite3 and, where Python can import it, DuckDB
counting the same pairs in a table.

Processor seconds, which other work on the machine does not change. Prints `name: ours X, peer Y, ratio Z` for what has a peer.
"""
import argparse
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("FSA_BUILD", HERE.parent.parent / "build"))
SCORE = BUILD / "bin" / "fsa-score"
sys.path.insert(0, str(HERE))
import sweep_logs  # noqa: E402

FLEET = 100000
RULES = [("temp", "path LIKE '%\\temp\\%'", 0.3, 0.01), ("public", "path LIKE '%\\users\\public\\%'", 0.3, 0.003),
         ("odd_end", "path LIKE '%.scr' OR path LIKE '%.pif'", 0.1, 0.001)]
ATTRIBUTES = [("location", "path LIKE '%\\users\\%'", 0.5), ("signature", "signer = ''", 0.6)]


def metadata():
    meta = sweep_logs.metadata()
    for query in meta["queries"].values():
        query["join"] = ["path"]
        query["rules"] = [dict(zip(("id", "where", "tpr", "fpr"), rule)) for rule in RULES]
        query["attributes"] = [dict(zip(("family", "where", "frequency"), one)) for one in ATTRIBUTES]
    return meta


def used(command):
    """Processor seconds, seconds by the clock and the most memory (MiB) of one command."""
    start = time.monotonic()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024


def feed(case, meta, write):
    """A case of what `write` writes."""
    case.unlink(missing_ok=True)
    child = subprocess.Popen([SCORE, "ingest", "--quiet", "--no-hash", "--db", case, "--meta", meta, "-"], text=True,
                             stdin=subprocess.PIPE)
    write(child.stdin)
    child.stdin.close()
    assert child.wait() == 0


def score_sweeps(folder, hosts):
    meta, case = folder / "meta.json", folder / "sweeps.db"
    meta.write_text(json.dumps(metadata()))
    pools = sweep_logs.make_pools()
    feed(case, meta, lambda out: [sweep_logs.write_host(out, number, pools) for number in range(hosts)])
    rows = sqlite3.connect(case).execute("SELECT sum(row_count) FROM answer").fetchone()[0]
    keys = sqlite3.connect(case).execute("SELECT count(*) FROM artefact").fetchone()[0]
    seconds, wall, memory = used([SCORE, "score", "--db", case, "-f", "csv"])
    print(f"score: {hosts} hosts, {rows:,} rows, {keys:,} distinct keys: {seconds:.2f} processor s, {wall:.2f} s by the "
          f"clock, {memory:.0f} MiB at most")
    return rows, keys, seconds, memory


def bench_score(folder, hosts):
    """Growth from N to 2 N hosts; the pass that measures rules first counts double in a small fleet."""
    few, more = score_sweeps(folder, hosts), score_sweeps(folder, 2 * hosts)
    rows, keys, seconds, memory = (b - a for a, b in zip(few, more))
    cores = os.cpu_count() or 1
    print(f"score-growth: {seconds / rows * 1e6:.2f} us a row where each row is read twice, {memory * 2**20 / keys:.0f} B for "
          f"each more key; {FLEET:,} such hosts ({rows / hosts * FLEET:,.0f} rows) read once: "
          f"{seconds / hosts * FLEET / 2 / cores / 60:.0f} minutes on {cores} cores")


def write_pairs(out, millions, draw):
    """Hosts with 2,000 keys of 6,000 and one of their own."""
    names = [f"C:\\\\Windows\\\\System32\\\\{sweep_logs.word(draw, 4)}{i:x}.dll" for i in range(6000)]
    parts = [",".join(f'{{"path":"{name}"}}' for name in draw.sample(names, 1999)) for _ in range(50)]
    for host in range(int(millions * 1e6 / 2000)):
        out.write(f'{{"snapshot":[{parts[host % 50]},{{"path":"C:\\\\Users\\\\u\\\\own-{host:x}.exe"}}],"action":"snapshot",'
                  f'"name":"fsa_modules","hostIdentifier":"H{host}","unixTime":{sweep_logs.TIME},"epoch":0,"counter":0,'
                  f'"decorations":{{"hostname":"h{host}"}}}}\n')


COUNT = "SELECT count(*) FROM (SELECT key, count(DISTINCT host) FROM pair GROUP BY key)"


def pairs(case, part):
    """(host, key) of every part-th host of a case."""
    lists = sqlite3.connect(case).execute("SELECT host, artefacts FROM answer WHERE host % ? = 0", (part,))
    return ((host, key) for host, text in lists for key in itertools.accumulate(json.loads(text)))


def sqlite_seconds(case, part):
    """sqlite3 counting the pairs of every part-th host, as rows of a table that is there already, times `part`."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE pair(host INTEGER, key INTEGER)")
    db.executemany("INSERT INTO pair VALUES(?, ?)", pairs(case, part))
    start = time.process_time()
    db.execute(COUNT).fetchone()
    return (time.process_time() - start) * part


def duckdb_seconds(folder, case):
    """DuckDB counting all pairs with one thread, as rows of a table that is there already; None where it cannot be had."""
    try:
        import duckdb
    except ImportError:
        return None
    with open(folder / "pairs.csv", "w") as out:
        out.writelines(f"{host},{key}\n" for host, key in pairs(case, 1))
    db = duckdb.connect(config={"threads": 1})
    db.execute("CREATE TABLE pair AS SELECT * FROM read_csv(?, columns={'host': 'INTEGER', 'key': 'INTEGER'}, header=false)",
               [str(folder / "pairs.csv")])
    start = time.process_time()
    db.execute(COUNT).fetchone()
    return time.process_time() - start


def bench_stack(folder, millions):
    meta, case = folder / "meta.json", folder / "pairs.db"
    meta.write_text(json.dumps({"queries": {"fsa_modules": {
        "pillar": "running", "platform": "windows", "key": ["path"], "join": [], "family": "module", "source": "fsa_modules"}}}))
    feed(case, meta, lambda out: write_pairs(out, millions, random.Random(2)))
    told = subprocess.run([BUILD / "tests" / "bench-tally", case], stdout=subprocess.PIPE, check=True).stdout.split()
    _, _, memory = used([BUILD / "tests" / "bench-tally", case])
    sightings, keys, seconds = int(told[0]), int(told[1]), float(told[2])
    print(f"stack: {sightings:,} pairs of host and key, {keys:,} keys: {seconds:.2f} processor s, {memory:.0f} MiB at most")
    peer = sqlite_seconds(case, 20)
    print(f"stack-sqlite: ours {seconds:.2f} s, peer {peer:.2f} s (a twentieth of the pairs, in a table, times 20), ratio {peer / seconds:.1f}")
    peer = duckdb_seconds(folder, case)
    print("stack-duckdb: Python has no module duckdb" if peer is None else
          f"stack-duckdb: ours {seconds:.2f} s, peer {peer:.2f} s (all pairs, in a table), ratio {peer / seconds:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=150)
    parser.add_argument("--sightings", type=float, default=20, metavar="MILLIONS")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsa-bench-") as name:
        if arguments.hosts:
            bench_score(Path(name), arguments.hosts)
        if arguments.sightings:
            bench_stack(Path(name), arguments.sightings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
