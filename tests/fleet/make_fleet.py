#!/usr/bin/env python3
"""Makes the result logs of a fleet that does not exist, with what goes wrong in real ones.

    make_fleet.py OUTDIR [--hosts N] [--seed N] [--plan thirteen|alone|campaigns|none] [--level easy|medium|hard]
                  [--slice K/M] [--jobs N]

OUTDIR/logs/              result logs in several dialects: osquery's files, Fleet, Zentral, osctrl, one row per line,
                          differential, batches, .gz and, where the zstd program is, .zst
OUTDIR/hosts.txt          every host that should be there, one identifier a line
OUTDIR/groups.csv         host, role, as an inventory has it
OUTDIR/ground_truth.json  what was planted on which host, row by row, and every loss

The same seed gives the same bytes, on any number of processes; --slice 3/100 makes one of a hundred parts of the
same fleet. Most rare things are benign: nearly all programs of a fleet stand on one host (94 % of files in Symantec's
count of a hundred million machines), and there are far more of them than an intruder leaves. All names are invented.
"""
import argparse
import gzip
import json
import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path

import hosts
import intrusions
import losses
from catalogue import Catalogue
from hosts import Host
from losses import Loss, coverage_rows
from queries import names
from result_lines import DIALECTS, MOST_LINE_BYTES, answer_lines, dump, status_line, wrap
from software import TIME

CHUNK = 50      # hosts whose lines share a file
REPEATED = 9    # every ninth host's POST is sent twice
CLONES = 100    # in so many hosts one shares the identifier of its neighbour


class Plan:
    """Who is hit by what, from the seed alone."""

    def __init__(self, count, seed, kind, level):
        self.count, self.seed, self.level = count, seed, level
        self.catalogue = Catalogue(seed, count)
        self.intrusions = intrusions.PLANS[kind](seed, count, level)
        self.losses = losses.plan(seed, count, self.intrusions)
        self.clones = {number: number - 1 for number in range(CLONES - 1, count, CLONES)
                       if not {number, number - 1} & (self.intrusions.keys() | self.losses.keys())}

    def host(self, number):
        """The host, filled; what was planted on it and what it loses."""
        host = Host(self.seed, number, self.count)
        hosts.fill(host, self.catalogue)
        planted = intrusions.plant(host, self.seed, self.intrusions.get(number, ()))
        loss = Loss(host, self.losses.get(number), self.seed)
        host.rows["fsa_coverage"] = coverage_rows(host, loss)
        if number in self.clones:
            host.uuid = Host(self.seed, self.clones[number], self.count).uuid
        return host, planted, loss


# ---- a host's part of a log --------------------------------------------------------------------------------

def log_of(host, loss):
    if loss.kind == "silent host":
        return ""
    dialect = DIALECTS[host.number % len(DIALECTS)] if not loss.kind else "file"
    when, lines, torn = host.asked, [], []
    for query in names(host.platform):
        if loss.is_gone(query) and loss.kind != "oversized line":
            continue
        made = answer_lines(host, query, loss.rows(query), when, dialect)
        if loss.is_cut(query):
            torn += [made[0][:len(made[0]) // 2]]
        else:
            lines += [line for line in made if len(line.encode()) <= MOST_LINE_BYTES]
    lines += [status_line(host, message, when, 2) for message in loss.messages]
    return wrap(lines, dialect) + "".join(line + "\n" for line in torn)


def make_chunk(plan, numbers):
    """The log of some hosts, what was sent twice, and the truth about them."""
    log, again = [], []
    truth = {"hosts": [], "findings": [], "losses": [], "clones": []}
    for number in numbers:
        host, planted, loss = plan.host(number)
        text = log_of(host, loss)
        log.append(text)
        if number % REPEATED == 0:
            again.append(text)
        truth["hosts"].append((host.uuid, host.name, host.platform, host.role, loss.kind != "silent host"))
        truth["findings"] += planted
        truth["losses"] += [loss.truth()] if loss.kind else []
        truth["clones"] += [(host.uuid, host.name)] if number in plan.clones else []
    return "".join(log), "".join(again), truth


def write_log(path, text, kind):
    if kind == "gz":
        with open(f"{path}.gz", "wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as out:
            out.write(text.encode())
    elif kind == "zst" and shutil.which("zstd"):
        subprocess.run(["zstd", "-q", "-1", "-f", "-o", f"{path}.zst"], input=text.encode(), check=True)
    else:
        path.write_bytes(text.encode())


class Work:
    """One chunk, made in a process of its own."""

    def __init__(self, folder, plan):
        self.folder, self.plan = folder, plan

    def __call__(self, first):
        numbers = range(first, min(first + CHUNK, self.plan.count))
        text, again, truth = make_chunk(self.plan, numbers)
        place = first // CHUNK
        if place == 0:
            text += dump({"name": "pack/Global/uptime", "hostIdentifier": truth["hosts"][0][0], "unixTime": TIME,
                          "snapshot": [{"days": "1"}], "action": "snapshot"}) + "\n"
            again += "this is no JSON\n" + dump({"name": "fsa_modules", "snapshot": []}) + "\n"
        kind = {1: "gz", 3: "zst"}.get(place % 6, "plain")
        write_log(self.folder / f"server-{place % 3}-{place:05d}.log", text, kind)
        if again:
            write_log(self.folder / f"again-{place:05d}.log", again, "plain")
        return truth


work = None


def set_work(folder, plan):
    global work
    work = Work(folder, plan)


def run_work(first):
    return work(first)


def make(folder, count, seed, plan="campaigns", level="easy", part=(0, 1), jobs=None):
    """Makes the fleet and gives its ground truth."""
    logs = Path(folder) / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    firsts = [first for first in range(0, count, CHUNK) if first // CHUNK % part[1] == part[0]]
    arguments = (logs, Plan(count, seed, plan, level))
    with multiprocessing.Pool(jobs, set_work, arguments) as pool:
        parts = pool.map(run_work, firsts, 1)
    truth = {"seed": seed, "count": count, "plan": plan, "level": level, "time": TIME,
             "rejected": 2 * (firsts[:1] == [0]), "rollouts": [name for name, _, _ in arguments[1].catalogue.rollouts]}
    for member in ("hosts", "findings", "losses", "clones"):
        truth[member] = [entry for made in parts for entry in made[member]]
    truth["rejected"] += sum(loss["kind"] == "cut line" for loss in truth["losses"])
    write_truth(Path(folder), truth)
    return truth


def write_truth(folder, truth):
    (folder / "hosts.txt").write_text("".join(host[0] + "\n" for host in truth["hosts"]))
    (folder / "groups.csv").write_text("".join(f"{host[1]},{host[3]}\n" for host in truth["hosts"]))
    (folder / "ground_truth.json").write_text(json.dumps(truth, indent=1) + "\n")


def part_of(text):
    place, _, parts = text.partition("/")
    if not (place.isdigit() and parts.isdigit() and int(place) < int(parts)):
        raise argparse.ArgumentTypeError(f"{text}: write K/M with K from 0 to M-1")
    return int(place), int(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--plan", choices=intrusions.PLANS, default="campaigns")
    parser.add_argument("--level", choices=intrusions.LOUD, default="easy")
    parser.add_argument("--slice", type=part_of, default=(0, 1), dest="part")
    parser.add_argument("--jobs", type=int)
    arguments = parser.parse_args()
    make(arguments.folder, arguments.hosts, arguments.seed, arguments.plan, arguments.level, arguments.part, arguments.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
