#!/usr/bin/env python3
"""How time, memory and the case grow with the hosts of a fleet, on whole sweeps of workstations (sweep_logs.py).

    growth.py [--hosts 2500,5000] [--jobs N]

The logs are made on the way in and read from a pipe, by one process for each size; what making them costs is not
counted. Prints a line for each size, and what 100,000 hosts would take if the last two sizes go on as they do:
those of more than 2,000 hosts, for of them the scorer reads 2,000 to learn its rates.
"""
import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("FSA_BUILD", HERE.parent.parent / "build"))
SCORE = BUILD / "bin" / "fsa-score"
sys.path.insert(0, str(HERE))
import sweep_logs  # noqa: E402


def run(*command, feed=()):
    """Processor seconds and the peak of memory in MiB of a command that reads the texts of `feed`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(["/usr/bin/time", "-f", "%M", *map(str, command)], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        for text in feed:
            process.stdin.write(text)
        messages = process.communicate()[1]
    assert process.returncode == 0, messages
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(messages.split()[-1]) / 1024


class Fleet:
    """A case that grows, and what it took so far."""

    def __init__(self, folder, jobs):
        self.folder, self.jobs, self.case, self.pools = folder, jobs, folder / "case.db", sweep_logs.make_pools()
        self.meta, self.hosts, self.size = folder / "meta.json", 0, 0
        self.seconds = self.memory = 0
        self.meta.write_text(json.dumps(sweep_logs.metadata()))

    def lines(self, hosts):
        for number in range(self.hosts, hosts):
            text = io.StringIO()
            sweep_logs.write_host(text, number, self.pools)
            self.size += len(text.getvalue())  # ASCII
            yield text.getvalue().encode()

    def grow(self, hosts):
        seconds, memory = run(SCORE, "ingest", "--quiet", "--no-hash", "--jobs", self.jobs, "--db", self.case, "--meta",
                              self.meta, "-", feed=self.lines(hosts))
        self.seconds, self.memory, self.hosts = self.seconds + seconds, max(self.memory, memory), hosts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", default="2500,5000")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsa-growth-") as name:
        fleet, last = Fleet(Path(name), arguments.jobs), None
        for hosts in map(int, arguments.hosts.split(",")):
            fleet.grow(hosts)
            scored, peak = run(SCORE, "score", "--db", fleet.case)
            found = (hosts, fleet.size / 1e6, fleet.seconds, fleet.memory, fleet.case.stat().st_size / 1e6, scored, peak)
            print("growth: %d hosts, %.0f MB of logs: ingest %.0f s of processors (%.0f MB per second of one), %.0f MiB;"
                  " case %.0f MB; score %.1f s of processors, %.0f MiB"
                  % (*found[:3], found[1] / found[2], *found[3:]), flush=True)
            if last:
                step = (100000 - hosts) / (hosts - last[0])
                more = [now + (now - then) * step for now, then in zip(found, last)]
                print("growth: 100,000 hosts at that pace: %.0f GB, ingest %.0f s of processors, %.1f GiB; case %.0f GB;"
                      " score %.0f s of processors, %.1f GiB" % (more[1] / 1e3, more[2], more[3] / 1024, more[4] / 1e3, more[5], more[6] / 1024))
            last = found
    return 0


if __name__ == "__main__":
    sys.exit(main())
