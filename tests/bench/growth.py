#!/usr/bin/env python3
"""How time, memory and the case grow with the hosts of a fleet, on whole sweeps of workstations (sweep_logs.py).

    growth.py [--hosts 1000,2000,4000] [--jobs N]

The logs are made on the way in, one part after the other, and ingested from files of 100 hosts; what making them costs
is not counted. Prints a line for each size, and what 100,000 hosts would take if the last two sizes go on as they do.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("FSA_BUILD", HERE.parent.parent / "build"))
SCORE = BUILD / "bin" / "fsa-score"
PART = 100  # hosts of a log
sys.path.insert(0, str(HERE))
import sweep_logs  # noqa: E402


def run(*command):
    """Wall and processor seconds and the peak of memory in MiB of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *map(str, command)], check=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, seconds, int(done.stderr.split()[-1]) / 1024


class Fleet:
    """A case that grows, and what it took so far."""

    def __init__(self, folder, jobs):
        self.folder, self.jobs, self.case, self.pools = folder, jobs, folder / "case.db", sweep_logs.make_pools()
        self.meta, self.hosts, self.size = folder / "meta.json", 0, 0
        self.wall = self.seconds = self.memory = 0
        self.meta.write_text(json.dumps(sweep_logs.metadata()))

    def grow(self, hosts):
        log = self.folder / "part.log"
        while self.hosts < hosts:
            with log.open("w") as out:
                for number in range(self.hosts, self.hosts + PART):
                    sweep_logs.write_host(out, number, self.pools)
            self.size += log.stat().st_size
            wall, seconds, memory = run(SCORE, "ingest", "--quiet", "--no-hash", "--jobs", self.jobs, "--db", self.case,
                                        "--meta", self.meta, log)
            self.wall, self.seconds, self.memory = self.wall + wall, self.seconds + seconds, max(self.memory, memory)
            self.hosts += PART
        log.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", default="1000,2000,4000")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsa-growth-") as name:
        fleet, last = Fleet(Path(name), arguments.jobs), None
        for hosts in map(int, arguments.hosts.split(",")):
            fleet.grow(hosts)
            _, scored, peak = run(SCORE, "score", "--db", fleet.case)
            found = (hosts, fleet.size / 1e6, fleet.wall, fleet.seconds, fleet.memory, fleet.case.stat().st_size / 1e6, scored, peak)
            print("growth: %d hosts, %.0f MB of logs: ingest %.0f s by the clock, %.0f s of processors (%.0f MB per second of one),"
                  " %.0f MiB; case %.0f MB; score %.1f s of processors, %.0f MiB"
                  % (*found[:4], found[1] / found[3], *found[4:]), flush=True)
            if last:
                step = (100000 - hosts) / (hosts - last[0])
                more = [now + (now - then) * step for now, then in zip(found, last)]
                print("growth: 100,000 hosts at that pace: %.0f GB, ingest %.0f s of processors, %.1f GiB; case %.0f GB;"
                      " score %.0f s of processors, %.1f GiB" % (more[1] / 1e3, more[3], more[4] / 1024, more[5] / 1e3, more[6], more[7] / 1024))
            last = found
    return 0


if __name__ == "__main__":
    sys.exit(main())
