#!/usr/bin/env python3
"""How fast fsa-score reads result logs, beside what a script of the trade does with the same bytes.

    ingest.py [--megabytes N] [--jobs N]

Peers: Python's json (what most home-made scorers use) parsing each line, and sqlite3's own shell taking
the same rows apart with json_each where it is installed. Prints `name: ours X, peer Y, ratio Z`.
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


def make_log(folder, megabytes):
    """Snapshot lines of many hosts, ~1,500 rows a host; gives the path, the rows and the metadata."""
    make_fleet.make(folder, 200, 7)
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
    return log, rows, size, folder / "meta.json"


def ours(folder, log, meta, jobs):
    case = folder / "bench.db"
    case.unlink(missing_ok=True)
    start = time.monotonic()
    subprocess.run([SCORE, "ingest", "--quiet", "--jobs", str(jobs), "--db", case, "--meta", meta, log],
                   check=True)
    seconds = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    start = time.monotonic()
    subprocess.run([SCORE, "rank", "--db", case], check=True, stdout=subprocess.DEVNULL)
    return seconds, time.monotonic() - start, peak, case.stat().st_size


def python_peer(log):
    start, rows = time.monotonic(), 0
    with log.open("rb") as lines:
        for line in lines:
            rows += len(json.loads(line)["snapshot"])
    return time.monotonic() - start, rows


def sqlite_peer(folder, log):
    """The rows as rows of a table: the simplest store that can be asked afterwards."""
    if not shutil.which("sqlite3"):
        return None
    script = (".mode ascii\n.separator \"\\037\" \"\\n\"\nCREATE TABLE l(t);\n.import " + str(log) + " l\n"
              "CREATE TABLE r AS SELECT json_extract(t,'$.hostIdentifier') h, json_extract(t,'$.name') q,"
              " value v FROM l, json_each(t,'$.snapshot');")
    start = time.monotonic()
    subprocess.run(["sqlite3", folder / "peer.db"], input=script.encode(), check=True)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsa-bench-") as name:
        folder = Path(name)
        log, rows, size, meta = make_log(folder, arguments.megabytes)
        seconds, rank, peak, stored = ours(folder, log, meta, arguments.jobs)
        print(f"ingest: {size / 1e6 / seconds:.0f} MB/s, {rows / seconds:,.0f} rows/s, {arguments.jobs} "
              f"threads, {rows:,} rows, {peak // 1024} MiB at most, case {stored / 1e6:.0f} MB; "
              f"rank {rank:.2f} s")
        peer, counted = python_peer(log)
        assert counted == rows, (counted, rows)
        print(f"ingest-python-json: ours {seconds:.2f} s, peer {peer:.2f} s, ratio {peer / seconds:.2f}")
        peer = sqlite_peer(folder, log)
        if peer:
            print(f"ingest-sqlite-shell: ours {seconds:.2f} s, peer {peer:.2f} s, ratio {peer / seconds:.2f}")
        else:
            print("ingest-sqlite-shell: skipped, there is no sqlite3 program")
    return 0


if __name__ == "__main__":
    sys.exit(main())
