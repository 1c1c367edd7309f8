#!/usr/bin/env python3
"""How fast fsa-score reads result logs, beside what a script of the trade does with the same bytes.

    ingest.py [--megabytes N] [--jobs N]

Two logs: `ingest` is the synthetic fleet of tests/fleet with every row made forty, which compresses well; `sweeps` are
whole sweeps of workstations (sweep_logs.py), a third of whose bytes are hashes, which do not.

Peers: a Python script that stacks the same logs (json, a set of hosts for each key, nothing kept: what
most home-made scorers do), and sqlite3's shell taking the same rows apart with json_each where it is
installed. Seconds are of processor time, which other work on the machine does not change; one thread.
Prints `name: ours X, peer Y, ratio Z`.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("FSA_BUILD", HERE.parent.parent / "build"))
SCORE = BUILD / "bin" / "fsa-score"
sys.path.insert(0, str(HERE.parent / "fleet"))
import make_fleet  # noqa: E402
import sweep_logs  # noqa: E402


def make_log(folder, megabytes):
    """Snapshot lines of many hosts, ~1,500 rows a host; gives the path, the rows and the metadata."""
    make_fleet.make(folder, 200, 7)
    subprocess.run([str(BUILD / "bin" / "fsa"), "pack", "build", "-o", str(folder / "pack")], check=True,
                   stdout=subprocess.DEVNULL)
    lines = [x for path in sorted((folder / "logs").glob("*.log")) for x in path.read_text().splitlines()
             if x.startswith('{"snapshot":[{') and x.endswith("}}") and "}{" not in x]
    log, rows, size, host = folder / "bench.log", 0, 0, 0
    with log.open("w") as out:
        while size < megabytes * 1000000:
            for text in lines:
                value = json.loads(text)
                many = [{**row, "pid": str(i * 4), "cmdline": f"{row.get('path', '')} --part {i}"}
                        for i in range(40) for row in value["snapshot"]]
                value.update(snapshot=many, hostIdentifier=f"{value['hostIdentifier']}-{host}")
                text = json.dumps(value, separators=(",", ":")) + "\n"
                out.write(text)
                rows += len(many)
                size += len(text)
                if size >= megabytes * 1000000:
                    break
            host += 1
    return log, rows, size, folder / "pack" / "fsa-pack-meta.json"


def make_sweeps(folder, megabytes):
    """Whole sweeps of as many hosts as it takes; the same four things as make_log()."""
    pools, log, meta, hosts = sweep_logs.make_pools(), folder / "sweeps.log", folder / "sweeps.json", 0
    meta.write_text(json.dumps(sweep_logs.metadata()))
    with log.open("w") as out:
        while out.tell() < megabytes * 1000000:
            sweep_logs.write_host(out, hosts, pools)
            hosts += 1
    with log.open() as lines:
        rows = sum(len(json.loads(line)["snapshot"]) for line in lines)
    return log, rows, log.stat().st_size, meta


def processor_seconds(run):
    """Processor time of the children that `run` starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(folder, log, meta, jobs, *more):
    """The best of three, for others work on the machine too."""
    case = folder / "bench.db"
    best = None
    for _ in range(3):
        case.unlink(missing_ok=True)
        start = time.monotonic()
        seconds = processor_seconds(lambda: subprocess.run(
            [SCORE, "ingest", "--quiet", "--jobs", str(jobs), "--db", case, "--meta", meta, *more, log], check=True))
        wall = time.monotonic() - start
        best = min(best or (seconds, wall), (seconds, wall))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    rank = processor_seconds(lambda: subprocess.run(
        [SCORE, "rank", "--db", case], check=True, stdout=subprocess.DEVNULL))
    return *best, rank, peak, case.stat().st_size


def python_peer(log, meta):
    """On how many hosts each key stands, by the plainest script; gives seconds and rows."""
    keys = {name: query["key"] for name, query in json.loads(meta.read_text())["queries"].items()}
    names = sorted(keys, key=len, reverse=True)  # fsa_processes_windows before fsa_processes
    start, rows, stack = time.process_time(), 0, {}
    with log.open("rb") as lines:
        for line in lines:
            value = json.loads(line)
            name = next((n for n in names if n in value["name"]), value["name"])
            for row in value["snapshot"]:
                key = (name, *(str(row.get(column, "")).lower() for column in keys.get(name, value["snapshot"][0])))
                stack.setdefault(key, set()).add(value["hostIdentifier"])
            rows += len(value["snapshot"])
    return time.process_time() - start, rows


def sqlite_peer(folder, log):
    """The rows as rows of a table: the simplest store that can be asked afterwards."""
    if not shutil.which("sqlite3"):
        return None
    script = (".mode ascii\n.separator \"\\037\" \"\\n\"\nCREATE TABLE l(t);\n.import " + str(log) + " l\n"
              "CREATE TABLE r AS SELECT json_extract(t,'$.hostIdentifier') h, json_extract(t,'$.name') q,"
              " value v FROM l, json_each(t,'$.snapshot');")
    (folder / "peer.db").unlink(missing_ok=True)
    return processor_seconds(lambda: subprocess.run(
        ["sqlite3", folder / "peer.db"], input=script.encode(), check=True))


def compare(folder, name, log, rows, size, meta, jobs):
    hashed = ours(folder, log, meta, jobs)[0]
    seconds, wall, rank, peak, stored = ours(folder, log, meta, jobs, "--no-hash")
    print(f"{name}: {size / 1e6 / seconds:.0f} MB and {rows / seconds:,.0f} rows per processor second "
          f"({size / 1e6 / hashed:.0f} MB with the log's SHA-256), "
          f"{size / 1e6 / wall:.0f} MB/s by the clock with {jobs} thread(s), {rows:,} rows of {size / rows:.0f} bytes, "
          f"{peak // 1024} MiB at most, case {stored / 1e6:.0f} MB; rank {rank:.2f} s")
    peer, counted = python_peer(log, meta)
    assert counted == rows, (counted, rows)
    print(f"{name}-python-stack: ours {seconds:.2f} s, peer {peer:.2f} s, ratio {peer / seconds:.2f}")
    peer = sqlite_peer(folder, log)
    if peer:
        print(f"{name}-sqlite-shell: ours {seconds:.2f} s, peer {peer:.2f} s, ratio {peer / seconds:.2f}")
    else:
        print(f"{name}-sqlite-shell: skipped, there is no sqlite3 program")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsa-bench-") as name:
        folder = Path(name)
        for name, make in (("ingest", make_log), ("sweeps", make_sweeps)):
            compare(folder, name, *make(folder, arguments.megabytes), arguments.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
