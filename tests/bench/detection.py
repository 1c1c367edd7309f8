#!/usr/bin/env python3
"""Does fsa-score put compromised hosts first? On synthetic fleets (tests/fleet), beside what others do with the same rows.

    detection.py [--hosts N] [--seeds N] [--first SEED] [--level easy|hard|...]

All methods get the same rows and the same hits of the same rules, those of packs/:
  count of rare keys     least-frequency counting as responders do it by hand: keys on at most two hosts
  sum of rule risks      Splunk's RBA: the risks of all rules that hit, each once for a thing
  techniques, then sum   RBA's other default: distinct ATT&CK techniques first
  THOR's formula         100 * (1 - product(1 - s_i / 100 / 2^i)) of the rules that hit one thing; the host's best thing
  RITA and zeta decay    THOR's score of a thing with RITA's modifiers (prevalence, age, rare signature), summed over
                         the host's things by Elastic's sum(score_i / i^1.5) / zeta(1.5)
The rules' risks are 40, 50, 70 or 100, Sigma's levels in THOR, by the ratio of the rates that their author wrote down.
A generator that one wrote oneself flatters: compare the lines with each other, not with a real fleet.
"""
import argparse
import collections
import json
import math
import os
import random
import re
import sqlite3
import statistics
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
from queries import QUERIES  # noqa: E402
from software import DAY, TIME  # noqa: E402

BUDGETS = (10, 25, 50)    # hosts that an analyst looks at
EXPECTED = (1, 5, 20)     # E-values at which benign hosts are counted
RARE = 2                  # hosts
LEVELS = ((200, 100), (50, 70), (15, 50), (0, 40))  # ratio of the author's rates: risk
ZETA = 2.5924             # zeta(1.5)
NORMAL = ((re.compile(r"\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?", re.I), "{G}"),
          (re.compile(r"S-1-(?:5-21|5-5|12-1)-[\d-]+"), "{S}"), (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.I), "{H}"),
          (re.compile(r"(?<=\\users\\)(?!public\\|default\\)[^\\]+", re.I), "%USER%"),
          (re.compile(r"(?<=/home/)[^/]+"), "%USER%"), (re.compile(r"(?!^\d+$)\d{3,}"), "{N}"))
HASH = re.compile(r"^(md5|sha1|sha256)$|hash$")
TIMES = ("create_time", "first_time", "mtime", "start_time", "time", "modified_time")


# ---- the rows and the rule hits that all methods share ---------------------------------------------------------

class Rows:
    """The rows that arrived, as things on hosts, with the rules that hit them."""

    def __init__(self, plan, meta):
        self.meta = meta
        self.things = collections.defaultdict(set)    # (query, key) -> hosts
        self.keys = collections.defaultdict(set)      # host -> (query, key)
        self.hits = collections.defaultdict(lambda: collections.defaultdict(dict))  # host -> thing -> {(rule, key): age, key}
        self.signers = collections.defaultdict(set)
        self.planted, self.planted_hits, self.benign, self.benign_hits = 0, 0, 0, 0
        self.memory, self.seen = {}, collections.Counter()
        self.database = sqlite3.connect(":memory:")
        for name, query in QUERIES.items():
            self.database.execute(f"CREATE TABLE {name}(host_, planted_, key_, {', '.join(query.columns)})")
        for number in range(plan.count):
            self.load(number, *plan.host(number))
        self.run_rules()

    def key_of(self, name, row):
        return "\x1f".join(row.get(column, "") if HASH.search(column) else self.normal(row.get(column, ""))
                           for column in self.meta[name]["key"])

    def normal(self, value):
        """A value without what differs from host to host by nature, as docs/scoring.md says."""
        if value not in self.memory:
            made = value
            for pattern, word in NORMAL:
                made = pattern.sub(word, made)
            self.memory[value] = made.lower() if "\\" in made else made
        return self.memory[value]

    def load(self, number, host, planted, loss):
        if loss.kind == "silent host":
            return
        marks = collections.Counter((part["query"], json.dumps(part["row"])) for found in planted for part in found["rows"])
        for name in host.rows:
            if name in ("fsa_coverage", "fsa_problems") or name not in self.meta or loss.is_gone(name) or loss.is_cut(name):
                continue
            values = []
            for text in loss.rows(name):
                row = json.loads(text)
                key = self.key_of(name, row)
                self.things[name, key].add(number)
                self.keys[number].add((name, key))
                if row.get("signer"):
                    self.signers[row["signer"]].add(number)
                values.append((number, int(bool(marks) and (name, json.dumps(row)) in marks), key, *row.values()))
            self.seen[name] += len(values)
            marks_here = sum(value[1] for value in values)
            self.planted, self.benign = self.planted + marks_here, self.benign + len(values) - marks_here
            if values:
                self.database.executemany(f"INSERT INTO {name} VALUES({','.join('?' * len(values[0]))})", values)

    def run_rules(self):
        for name, meta in self.meta.items():
            if name not in QUERIES:
                continue
            columns = ("host_", "planted_", "key_", *QUERIES[name].columns)
            hit_rows = {}
            for rule in meta.get("rules", []):
                for found in self.database.execute(f"SELECT rowid, {', '.join(columns)} FROM {name} WHERE {rule['where']}"):
                    row = dict(zip(columns, found[1:]))
                    hit_rows[found[0]] = row["planted_"]
                    thing = next((row[column] for column in meta["join"] if row.get(column)), row["key_"])
                    self.hits[row["host_"]][thing][rule["id"], row["key_"]] = Hit(rule, name, row)
            self.planted_hits += sum(hit_rows.values())
            self.benign_hits += len(hit_rows) - sum(hit_rows.values())


class Hit:
    """One rule on one key."""

    def __init__(self, rule, name, row):
        self.risk = next(risk for ratio, risk in LEVELS if rule["tpr"] / max(rule["fpr"], 1e-6) >= ratio)
        self.thing, self.techniques, self.signer = (name, row["key_"]), rule["attack"], row.get("signer")
        times = [int(row[column]) for column in TIMES if str(row.get(column, "")).isdigit()]
        self.age = (TIME - min(times)) / DAY if times else None


# ---- the methods: each gives the score of a host, a number or a tuple -----------------------------------------------

def rare_keys(rows, host):
    return sum(len(rows.things[thing]) <= RARE for thing in rows.keys[host])


def rule_sum(rows, host):
    return sum(hit.risk for hits in rows.hits[host].values() for hit in hits.values())


def techniques_then_sum(rows, host):
    techniques = {name for hits in rows.hits[host].values() for hit in hits.values() for name in hit.techniques}
    return len(techniques), rule_sum(rows, host)


def thor(hits):
    left = 1.0
    for place, risk in enumerate(sorted((hit.risk for hit in hits), reverse=True)):
        left *= 1 - risk / 100 / 2 ** place
    return 100 * (1 - left)


def thor_best(rows, host):
    return tuple(sorted((thor(hits.values()) for hits in rows.hits[host].values()), reverse=True))


def rita(rows, hits, covered):
    """A thing's score, 0 to 1, with RITA's modifiers."""
    score = thor(hits) / 100
    share = min(len(rows.things[hit.thing]) for hit in hits) / covered
    score += 0.15 * (share <= 0.02) - 0.15 * (share >= 0.5)
    ages = [hit.age for hit in hits if hit.age is not None]
    if ages:
        score += 0.15 * (min(ages) <= 7) - 0.15 * (min(ages) >= 30)
    score += 0.15 * any(hit.signer and len(rows.signers[hit.signer]) <= RARE for hit in hits)
    return min(1.0, max(0.0, score))


def rita_zeta(rows, host):
    covered = len(rows.keys)
    scores = sorted((rita(rows, list(hits.values()), covered) for hits in rows.hits[host].values()), reverse=True)
    return sum(score / (place + 1) ** 1.5 for place, score in enumerate(scores)) / ZETA * 100


PEERS = {"count of rare keys": rare_keys, "sum of rule risks": rule_sum, "techniques, then sum": techniques_then_sum,
         "THOR's formula": thor_best, "RITA and zeta decay": rita_zeta}


# ---- how good a ranking is ---------------------------------------------------------------------------------------

def rank_by(scores, seed):
    """Hosts, best first; what is equal in no order."""
    hosts = list(scores)
    random.Random(seed).shuffle(hosts)
    return sorted(hosts, key=lambda host: scores[host], reverse=True)


def judge(ranking, bad):
    """Recall in each budget, average precision, the worst rank."""
    places = sorted(ranking.index(host) + 1 for host in bad)
    precision = sum((found + 1) / place for found, place in enumerate(places)) / len(places)
    return [sum(place <= budget for place in places) / len(places) for budget in BUDGETS] + [precision, places[-1]]


def run(*arguments):
    began = time.monotonic()
    done = subprocess.run([str(SCORE), *map(str, arguments)], capture_output=True)
    if done.returncode:
        sys.exit(f"fsa-score {arguments[0]}: {done.stderr.decode()}")
    return done.stdout, time.monotonic() - began


class Trial:
    """One fleet: every method's figures, and fsa-score's E-values."""

    def __init__(self, hosts, seed, level):
        with tempfile.TemporaryDirectory(prefix="fsa-detection-") as folder:
            folder = Path(folder)
            truth = make_fleet.make(folder, hosts, seed, "campaigns", level)
            run("ingest", "--quiet", "--db", folder / "case.db", folder / "logs")
            text, self.seconds = run("score", "--top", hosts, "--db", folder / "case.db", "--groups", folder / "groups.csv", "-f", "json")
            meta = dict(sqlite3.connect(folder / "case.db").execute("SELECT name, meta FROM query WHERE meta IS NOT NULL"))
        self.bad = {(found["host"], found["hostname"]) for found in truth["findings"]}
        self.figures = {"fsa-score": judge(self.ours(json.loads(text)), self.bad)}
        self.compare(make_fleet.Plan(hosts, seed, "campaigns", level), {name: json.loads(text) for name, text in meta.items()}, truth)

    def ours(self, answer):
        scored = {(host["host_identifier"], host["hostname"]): host for host in answer["hosts"]}
        self.below = {limit: (sum(host["e_value"] <= limit for name, host in scored.items() if host["rank"] and name not in self.bad),
                              sum(host["e_value"] <= limit for name, host in scored.items() if host["rank"] and name in self.bad))
                      for limit in EXPECTED}
        return sorted(scored, key=lambda name: scored[name]["rank"] or len(scored) + 1)

    def compare(self, plan, meta, truth):
        rows = Rows(plan, meta)
        names = {number: tuple(host[:2]) for number, host in enumerate(truth["hosts"])}
        for title, method in PEERS.items():
            scores = {names[number]: method(rows, number) for number in rows.keys}
            self.figures[title] = judge(rank_by(scores, title), self.bad)
        bad = {number for number, name in names.items() if name in self.bad}
        alone = [next(iter(hosts)) in bad for hosts in rows.things.values() if len(hosts) == 1]
        self.fleet = {"rows": sum(rows.seen.values()), "planted": rows.planted, "planted rows hit by a rule":
                      rows.planted_hits / max(rows.planted, 1), "benign rows hit": rows.benign_hits / rows.benign,
                      "keys on one host": len(alone) / len(rows.things)}


def mean(values):
    return sum(values) / len(values)


def print_level(level, hosts, trials):
    facts = {name: mean([trial.fleet[name] for trial in trials]) for name in trials[0].fleet}
    print(f"\n{level}: {len(trials)} fleets of {hosts:,} hosts, {mean([len(t.bad) for t in trials]):.0f} compromised; "
          f"{facts['rows']:,.0f} rows, {facts['planted']:.0f} of them planted;\n  a rule hits "
          f"{100 * facts['planted rows hit by a rule']:.0f} % of planted rows and {100 * facts['benign rows hit']:.2f} % of benign ones; "
          f"{100 * facts['keys on one host']:.0f} % of keys stand on one host")
    print(f"  {'':22}" + "".join(f"{f'R@{budget}':>8}" for budget in BUDGETS) + f"{'AP':>8}{'worst':>8}")
    for title in trials[0].figures:
        figures = [mean(column) for column in zip(*(trial.figures[title] for trial in trials))]
        print(f"  {title:22}" + "".join(f"{value:8.2f}" for value in figures[:-1]) + f"{figures[-1]:8.0f}")
    print("  benign hosts with E of at most " + ", ".join(
        f"{limit}: {mean([trial.below[limit][0] for trial in trials]):.1f} (expected {limit})" for limit in EXPECTED)
        + "\n  compromised hosts with E of at most " + ", ".join(
            f"{limit}: {mean([trial.below[limit][1] for trial in trials]):.1f}" for limit in EXPECTED)
        + f"\n  fsa-score took {mean([trial.seconds for trial in trials]):.1f} s for a fleet", flush=True)


def ranks_alone(hosts, seed):
    """Where a host stands whose only finding is this one, as plain as it gets."""
    with tempfile.TemporaryDirectory(prefix="fsa-detection-") as folder:
        folder = Path(folder)
        truth = make_fleet.make(folder, hosts, seed, "alone")
        run("ingest", "--quiet", "--db", folder / "case.db", folder / "logs")
        text, _ = run("score", "--top", hosts, "--db", folder / "case.db", "--groups", folder / "groups.csv", "-f", "json")
    ranks = {host["hostname"]: host["rank"] for host in json.loads(text)["hosts"]}
    return {found["finding"]: ranks[found["hostname"]] for found in truth["findings"]}


def print_alone(hosts, seeds):
    fleets = [ranks_alone(hosts, seed) for seed in seeds]
    print(f"\none finding and nothing else on a host, easy: its median and worst rank among {hosts:,} hosts, of {len(fleets)} fleets\n  "
          + "  ".join(f"{finding} {statistics.median(ranks):.0f}/{max(ranks)}" for finding in sorted(fleets[0])
                      for ranks in [[fleet[finding] for fleet in fleets]]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3, help="fleets of each level")
    parser.add_argument("--first", type=int, default=1, help="the first fleet's seed")
    parser.add_argument("--level", action="append", choices=make_fleet.intrusions.LOUD)
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    for level in arguments.level or make_fleet.intrusions.LOUD:
        print_level(level, arguments.hosts, [Trial(arguments.hosts, seed, level) for seed in seeds])
    print_alone(arguments.hosts, seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
