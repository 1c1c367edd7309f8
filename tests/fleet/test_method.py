#!/usr/bin/env python3
"""The method of fsa-score's scores: each term against figures worked out here, and the laws that a
score keeps whatever the fleet - the printed terms sum to it, neither the order of logs nor the number
of threads changes it, what is not covered is unknown.

Finds the build folder through FSA_BUILD. Prints one line for each failure and at the end
`N passed, N failed, N skipped`.
"""
import csv
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("FSA_BUILD", HERE.parent.parent / "build"))
SCORE = BUILD / "bin" / "fsa-score"
TIME = 1790000000
POINT = 10 / math.log(10)

sys.path.insert(0, str(HERE))
import make_fleet  # noqa: E402

META = {
    "fsa_x": {"title": "x", "pillar": "running", "platform": "all", "key": ["path"], "join": ["path"],
              "family": "process", "source": "fsa_x", "attack": ["T1059"], "next_step": "look at it",
              "rules": [], "attributes": []},
    "fsa_y": {"title": "y", "pillar": "has_run", "platform": "all", "key": ["path"], "join": ["path"],
              "family": "execution", "source": "fsa_y", "rules": [], "attributes": []},
    "fsa_services": {"title": "services", "pillar": "set_to_run", "platform": "all", "key": ["name"],
                     "join": ["name"], "family": "autostart", "source": "fsa_services"},
    "fsa_coverage": {"pillar": "coverage", "source": "fsa_coverage", "key": ["table_name"], "join": []},
}


def run(*arguments, code=0):
    done = subprocess.run([str(SCORE), *map(str, arguments)], capture_output=True, timeout=120)
    assert done.returncode == code, f"exit {done.returncode}, not {code}: {done.stderr.decode()}"
    return done.stdout.decode() if code == 0 else done.stderr.decode()


class Lab:
    """A folder with a case for one test."""

    def __init__(self, folder):
        self.folder, self.case, self.meta = folder, folder / "case.db", json.loads(json.dumps(META))

    def ingest(self, hosts, case=None, shuffle=None):
        """hosts: name -> {query: rows}; what is not there was not answered."""
        case = case or self.case
        (self.folder / "meta.json").write_text(json.dumps({"queries": self.meta}))
        lines = [json.dumps({"snapshot": rows, "action": "snapshot", "name": query, "hostIdentifier": name.upper(),
                             "unixTime": TIME, "epoch": 0, "counter": 0, "decorations": {"hostname": name}})
                 for name, answers in hosts.items() for query, rows in answers.items()]
        if shuffle is not None:
            random.Random(shuffle).shuffle(lines)
        log = self.folder / f"{case.stem}.log"
        log.write_text("\n".join(lines) + "\n")
        run("ingest", "--quiet", "--strict", "--db", case, "--meta", self.folder / "meta.json", log)

    def hosts(self, *more, case=None):
        found = json.loads(run("score", "--db", case or self.case, "-f", "json", *more))["hosts"]
        return {h["hostname"]: h for h in found}

    def explain(self, host, *more):
        return json.loads(run("explain", "--db", self.case, "--host", host, "-f", "json", *more))[0]

    def entity(self, host, label, *more):
        return next(e for e in self.explain(host, *more)["entities"] if label in e["label"])


def terms(entity, kind):
    return [t["weight"] for t in entity["terms"] if t["kind"] == kind]


def near(value, wanted, what=""):
    assert abs(value - wanted) < 1e-6, f"{what}: {value}, not {wanted}"


# ---- the formulas, written a second time -----------------------------------------------------------------

def bucket(n):
    return min(int(2 * math.log2(n) + 1e-9), 22)


def rarity(counts, n, covered, source=None):
    """counts: hosts of each key of the row's kind; source: of all keys of its source."""
    source = source or counts
    malicious = [0.45 * 0.55 ** (k - 1) + (0.1 / 50 if k <= 50 else 0) + 0.02 / covered
                 for k in range(1, covered + 1)]
    share = sum(m for k, m in enumerate(malicious, 1) if bucket(k) == bucket(n)) / sum(malicious)
    buckets = bucket(covered) + 1
    rows = lambda keys: sum(k for k in keys if bucket(k) == bucket(n))  # noqa: E731
    usual = (rows(source) + 1) / (sum(source) + buckets)
    benign = (rows(counts) + buckets * usual) / (sum(counts) + buckets)
    return max(-6, min(5, math.log(share / benign)))


def peer(n, covered, group_n, group_covered):
    fleet = n / covered
    return max(0, min(3, -math.log((group_n + 20 * fleet) / (group_covered + 20) / fleet)))


def prior(sources, all_rows, *rows):
    """rows: of a host, in each of the entity's sources."""
    return sum(math.log(0.01 * (1 / max(sources * count, 1) + 1 / all_rows) / 2) for count in rows) / len(rows)


def rule(tpr, fpr, hits, rows):
    return max(0, min(7, math.log(tpr / max((hits + 50 * fpr) / (rows + 50), 1e-6))))


def attribute(frequency, hits, rows, rare_hits, rare_rows):
    rate = (rare_hits + 20 * (hits + 1) / (rows + 2)) / (rare_rows + 20)
    return max(-2.5, min(2.5, math.log(frequency / rate)))


def softplus(x):
    return math.log1p(math.exp(x))


# ---- terms -----------------------------------------------------------------------------------------------

def fleet_of(count, **special):
    """Hosts with three programs that all have, and what `special` adds by query."""
    hosts = {}
    for i in range(count):
        rows = [{"path": f"/usr/bin/p{k}", "pid": str(i * 10 + k)} for k in range(3)]
        hosts[f"h{i:02}"] = {"fsa_x": rows, "fsa_y": [dict(r) for r in rows]}
    for query, rows in special.items():
        hosts["h05"][query] = hosts["h05"][query] + rows
    return hosts


def test_prior_and_rarity(lab):
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}]))
    entity = lab.entity("h05", "evil")
    near(terms(entity, "prior")[0], prior(2, 73 / 12, 37 / 12), "prior")
    near(terms(entity, "rarity")[0], rarity([12] * 3 + [1], 1, 12), "rarity")
    near(entity["weight"], sum(t["weight"] for t in entity["terms"]))
    fleet = entity["evidence"][0]["fleet"]
    assert (fleet["hosts"], fleet["covered"]) == (1, 12) and fleet["low"] < 1 / 12 < fleet["high"]
    assert entity["next_step"] == "look at it" and entity["attack"] == ["T1059"]
    near(entity["evidence"][0]["share_as_rare"], 1 / 37, "as rare")


def test_prior_is_of_the_sources(lab):
    """One of few rows of a source is likelier the intruder's than one of many; of several sources the mean counts."""
    hosts = fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}, {"path": "/usr/bin/worse"}], fsa_y=[{"path": "/usr/bin/worse"}])
    for answers in hosts.values():
        answers["fsa_x"] += [{"path": f"/usr/lib/l{chr(97 + k)}"} for k in range(20)]
    hosts["h07"]["fsa_services"] = [{"name": "odd"}]
    for i in range(9):  # fsa_services is asked of ten hosts, and one of them has a row
        hosts[f"h{i if i < 7 else i + 1:02}"]["fsa_services"] = []
    lab.ingest(hosts)
    sources, x, y, odd = (12 + 12 + 10) / 12, (12 * 23 + 2) / 12, 37 / 12, 1 / 10
    rows = x + y + 1 / 12
    near(terms(lab.entity("h05", "evil"), "prior")[0], prior(sources, rows, x), "of many rows")
    near(terms(lab.entity("h05", "worse"), "prior")[0], prior(sources, rows, x, y), "of both sources")
    near(terms(lab.entity("h07", "odd"), "prior")[0], math.log(0.01 * (1 + 1 / rows) / 2), "at most half of 1 % by the source")
    assert sources * odd < 1
    told = next(t["text"] for t in lab.entity("h05", "worse")["terms"] if t["kind"] == "prior")
    for query, count in (("fsa_x", x), ("fsa_y", y)):
        assert f"{100 * math.exp(prior(sources, rows, count)):.3g} % a row of {query}" in told, told


def test_gone_programs_join_their_folder(lab):
    """A folder with or without the separator behind it is one thing."""
    lab.meta["fsa_x"]["join"] = ["path", "gone_folder"]
    lab.meta["fsa_y"].update(key=["folder"], join=["folder"])
    hosts = fleet_of(12, fsa_x=[{"path": f"C:\\a\\{name}.exe", "gone_folder": "C:\\A\\"} for name in ("one", "two")])
    for answers in hosts.values():
        answers["fsa_y"] = []
    hosts["h05"]["fsa_y"] = [{"folder": "c:\\a"}]
    lab.ingest(hosts)
    assert [e["rows"] for e in lab.explain("h05")["entities"]] == [3]


def test_kinds_of_places_are_told_apart(lab):
    """A rare name in a folder full of rare names says less than one among the system's."""
    hosts = fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}, {"path": "/home/eve/evil"}])
    for i, answers in enumerate(hosts.values()):
        answers["fsa_x"] += [{"path": f"/home/u{i}/own{k}-{chr(97 + i)}{chr(97 + k)}"} for k in range(4)]
    lab.ingest(hosts)
    users, system = [1] * 49, [12] * 3 + [1]
    near(terms(lab.entity("h05", "/usr/bin/evil"), "rarity")[0], rarity(system, 1, 12, users + system))
    own = next(e for e in lab.explain("h05")["entities"] if e["label"] == "/home/eve/evil") \
        if rarity(users, 1, 12, users + system) > 0 else None
    assert own is None, "strangers are usual there: no weight"


def test_a_common_row_without_a_rule_is_rejected(lab):
    lab.ingest(fleet_of(12))
    assert lab.explain("h05")["entities"] == []
    assert lab.hosts()["h05"]["score"] == 0


def test_rules_are_measured(lab):
    lab.meta["fsa_x"]["rules"] = [
        {"id": "exact", "where": "path = '/usr/bin/evil'", "tpr": 0.5, "fpr": 0.01, "attack": ["T1055"]},
        {"id": "noisy", "where": "path LIKE '/usr/bin/%'", "tpr": 0.9, "fpr": 0.001, "attack": []}]
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}]))
    entity = lab.entity("h05", "evil")
    hit = [t for t in entity["terms"] if t["kind"] == "rule"]
    assert [t["name"] for t in hit] == ["exact", "noisy"] or rule(0.9, 0.001, 37, 37) == 0, hit
    near(hit[0]["weight"], rule(0.5, 0.01, 1, 37), "exact")
    if len(hit) > 1:
        near(hit[1]["weight"], rule(0.9, 0.001, 37, 37) / 2, "noisy, second of its family")
        near(hit[1]["undiscounted"], rule(0.9, 0.001, 37, 37))
    assert entity["attack"] == ["T1055"], entity["attack"]


def test_families_are_capped(lab):
    lab.meta["fsa_x"]["rules"] = [{"id": f"r{i}", "where": "path LIKE '%evil'", "tpr": 1, "fpr": 0, "attack": []}
                                  for i in range(3)]
    lab.ingest(fleet_of(400, fsa_x=[{"path": "/usr/bin/evil"}]))
    weights = [t["weight"] for t in lab.entity("h05", "evil")["terms"] if t["kind"] == "rule"]
    single = rule(1, 0, 1, 1201)
    assert single * 1.75 > 8, single
    near(sum(weights), 8, "cap")
    near(weights[0], single * 8 / (single * 1.75), "the first keeps its part")


def test_a_rule_counts_once_for_an_entity(lab):
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%evil'", "tpr": 0.5, "fpr": 0.001, "attack": []}]
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/usr/bin/evil", "pid": str(i)} for i in range(5)]))
    entity = lab.entity("h05", "evil")
    assert entity["rows"] == 5
    weights = terms(entity, "rule")
    assert len(weights) == 1, weights
    near(weights[0], rule(0.5, 0.001, 5, 41))


def test_fixed_rules_are_not_discounted(lab):
    """On every host: a measured rule says nothing, a fixed one keeps its weight and the thing's."""
    for fixed in (False, True):
        case = lab.folder / f"{fixed}.db"
        lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%/evil'", "tpr": 0.5, "fpr": 0.001,
                                       "attack": [], "fixed": fixed}]
        hosts = fleet_of(40)
        for answers in hosts.values():
            answers["fsa_x"].append({"path": "/usr/bin/evil"})
        lab.ingest(hosts, case)
        lab.case = case
        if not fixed:
            near(max([sum(terms(e, "rule")) for e in lab.explain("h05")["entities"]] or [0]), max(
                0, math.log(0.5 / ((40 + 0.05) / (160 + 50)))), "measured")
            continue
        entity = lab.entity("h05", "evil")
        near(terms(entity, "rule")[0], math.log(0.5 / 0.001), "fixed")
        near(terms(entity, "rarity")[0], 0, "that it is common takes nothing")


def test_a_detection_is_measured_by_hosts(lab):
    lab.meta["fsa_y"].update(tpr=0.5, fpr=0.02)
    hosts = fleet_of(30)
    for answers in hosts.values():
        answers["fsa_y"] = []
    hosts["h05"]["fsa_y"] = [{"path": "/usr/bin/evil"}]
    lab.ingest(hosts)
    near(terms(lab.entity("h05", "evil"), "rule")[0], math.log(0.5 / ((1 + 50 * 0.02) / (30 + 50))))


def test_attributes(lab):
    """At most one of a family, the heaviest; each against how usual it is here of what is as rare."""
    lab.meta["fsa_x"]["attributes"] = [
        {"family": "path", "where": "path LIKE '%evil'", "frequency": 0.3},
        {"family": "path", "where": "path LIKE '/usr/%'", "frequency": 0.5},
        {"family": "rights", "where": "uid = '0'", "frequency": 0.4}]
    hosts = fleet_of(12, fsa_x=[{"path": "/usr/bin/evil", "uid": "0"}])
    hosts["h01"]["fsa_x"][0]["uid"] = "0"
    lab.ingest(hosts)
    found = {t["name"]: t["weight"] for t in lab.entity("h05", "evil")["terms"] if t["kind"] == "attribute"}
    assert set(found) == {"path", "rights"}, found
    near(found["path"], attribute(0.3, 1, 37, 1, 1), "path")
    near(found["rights"], attribute(0.4, 2, 37, 1, 1), "rights")


def test_a_trait_is_as_weak_as_where_it_is_most_usual(lab):
    for query in ("fsa_x", "fsa_y"):
        lab.meta[query]["attributes"] = [{"family": "signature", "where": "signer = ''", "frequency": 0.6}]
    hosts = fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}], fsa_y=[{"path": "/usr/bin/evil"}])
    for answers in hosts.values():
        for row in answers["fsa_x"][:3] + answers["fsa_y"][:2]:
            row["signer"] = "Example"
    lab.ingest(hosts)
    found = terms(lab.entity("h05", "evil"), "attribute")
    assert len(found) == 1, found
    near(found[0], attribute(0.6, 13, 37, 1, 1), "not that of fsa_x, where one row of 37 is unsigned")


def test_a_place_counts_once(lab):
    """Rules that look at the join value alone say the same in every source; one that looks at more does not."""
    lab.meta["fsa_x"]["rules"] = [
        {"id": "place_x", "where": "path LIKE '/tmp/%'", "tpr": 0.5, "fpr": 0.01, "attack": []},
        {"id": "deed", "where": "path LIKE '/tmp/%' AND uid = '0'", "tpr": 0.4, "fpr": 0.01, "attack": []}]
    lab.meta["fsa_y"]["rules"] = [{"id": "place_y", "where": "path LIKE '/tmp/%'", "tpr": 0.4, "fpr": 0.01, "attack": []}]
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/tmp/evil", "uid": "0"}], fsa_y=[{"path": "/tmp/evil"}]))
    found = {t["name"]: t for t in lab.entity("h05", "evil")["terms"] if t["kind"] == "rule"}
    near(found["place_x"]["weight"], rule(0.5, 0.01, 1, 37))
    near(found["place_y"]["weight"], rule(0.4, 0.01, 1, 37) / 2)
    near(found["deed"]["weight"], rule(0.4, 0.01, 1, 37))
    assert (found["place_x"]["family"], found["deed"]["family"]) == ("name and place", "process"), found


def test_peers(lab):
    """Common elsewhere, foreign in this role."""
    hosts = {}
    for i in range(60):
        rows = [{"path": f"/usr/bin/p{chr(97 + k)}"} for k in range(40)]
        hosts[f"h{i:02}"] = {"fsa_x": rows + ([{"path": "/usr/bin/builder"}] if i < 15 or i == 45 else [])}
    lab.ingest(hosts)
    groups = lab.folder / "groups.csv"
    groups.write_text("host,role\n" + "".join(f"H{i:02},{'build' if i < 30 else 'desk'}\n" for i in range(60)))
    found = lab.hosts("--groups", groups)
    assert {h["role"] for h in found.values()} == {"build", "desk"}
    entity = lab.entity("h45", "builder", "--groups", groups)
    near(terms(entity, "peer")[0], peer(16, 60, 1, 30), "peer")
    near(terms(entity, "rarity")[0], rarity([60] * 40 + [16], 16, 60), "rarity")
    assert entity["evidence"][0]["group"] == {**entity["evidence"][0]["group"], "hosts": 1, "covered": 30}
    assert not terms(lab.entity("h03", "builder", "--groups", groups), "peer"), "at home it is no news"


def test_sources_join(lab):
    """One path in two families of evidence: one entity, and a bonus; a command line joins its image."""
    lab.meta["fsa_services"].update(join=["binary_path"])
    hosts = fleet_of(12, fsa_x=[{"path": "/opt/Evil/evil", "pid": "7"}], fsa_y=[{"path": "/opt/evil/EVIL"}])
    for answers in hosts.values():
        answers["fsa_services"] = [{"name": "sshd", "binary_path": "/usr/sbin/sshd -D"}]
    hosts["h05"]["fsa_services"].append({"name": "evil", "binary_path": "/opt/evil/evil --daemon"})
    lab.ingest(hosts)
    entity = lab.entity("h05", "evil")
    assert entity["rows"] == 3 and entity["families"] == 3, entity
    near(terms(entity, "sources")[0], 1.2 * 2)
    assert len(terms(entity, "rarity")) == 1, "rarity is counted once"
    assert {e["joined_by"] for e in entity["evidence"]} >= {"/opt/Evil/evil"}, entity["evidence"]


def test_what_all_rows_share_joins_nothing(lab):
    lab.meta["fsa_x"]["join"] = ["owner"]
    rows = [{"path": f"/usr/bin/own-{chr(97 + i % 26)}{chr(97 + i // 26)}", "owner": "C:\\root"} for i in range(100)]
    lab.ingest(fleet_of(12, fsa_x=rows))
    assert all(e["rows"] == 1 for e in lab.explain("h05")["entities"])


def test_time(lab):
    hosts = fleet_of(12)
    for i, answers in enumerate(hosts.values()):
        for k, row in enumerate(answers["fsa_x"]):
            row["start_time"] = str(TIME - 86400 * (20 + i + k))
    hosts["h05"]["fsa_x"].append({"path": "/usr/bin/evil", "start_time": str(TIME - 3600), "last_time": "1000000000"})
    hosts["h06"]["fsa_x"].append({"path": "/usr/bin/odd", "start_time": str(TIME - 86400 * 30)})
    lab.ingest(hosts)
    assert not terms(lab.entity("h05", "evil"), "time"), "no window, no weight"
    window = ("--window", "2026-09-20..2026-09-21")
    near(terms(lab.entity("h05", "evil", *window), "time")[0], min(2.5, math.log(0.8 / (2 / 40))), "inside")
    near(terms(lab.entity("h06", "odd", *window), "time")[0], math.log(0.2 / (1 - 2 / 40)), "outside")
    assert lab.entity("h05", "evil")["first_seen"] == TIME - 3600
    run("score", "--db", lab.case, "--window", "2026-09-31..2026-10-02", code=1)
    run("score", "--db", lab.case, "--window", "2026-09-21..2026-09-20", code=1)


def test_a_window_is_proposed_and_not_used(lab):
    hosts = fleet_of(300)
    for i in (5, 6, 7):
        hosts[f"h{i:02}"]["fsa_x"].append({"path": f"/usr/bin/evil-{'abc'[i - 5]}", "start_time": str(TIME - i * 3600)})
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%evil%'", "tpr": 0.7, "fpr": 0.0001, "attack": []}]
    lab.ingest(hosts)
    text = run("score", "--db", lab.case)
    assert "Incident window to try: 2026-09-21T" in text and "3 heavy findings began in it" in text, text
    assert not terms(lab.entity("h05", "evil"), "time")


def test_outliers(lab):
    """A host with far more rows than its peers: at most 2, and only on top of something else."""
    hosts = {f"h{i:02}": {"fsa_x": [{"path": f"/usr/bin/p{k}", "pid": str(k)} for k in range(10 + i % 3)]}
             for i in range(60)}
    hosts["h05"]["fsa_x"] = [{"path": "/usr/bin/p1", "pid": str(k)} for k in range(500)]
    lab.ingest(hosts)
    assert lab.hosts()["h05"]["score"] == 0, "by itself it is nothing"
    hosts["h05"]["fsa_x"].append({"path": "/usr/bin/evil"})
    lab.case = lab.folder / "two.db"
    lab.ingest(hosts, lab.case)
    near(terms(lab.entity("h05", "evil"), "outlier")[0], min(2, math.log(0.05 / (1 / 60))), "outlier")


# ---- hosts -----------------------------------------------------------------------------------------------

def test_host_score(lab):
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%evil%'", "tpr": 0.7, "fpr": 0.001, "attack": []}]
    lab.ingest(fleet_of(40, fsa_x=[{"path": f"/usr/bin/evil-{'abcdefgh'[i]}"} for i in range(8)]))
    told = lab.explain("h05")
    weights = [e["weight"] for e in told["entities"]]
    assert len(weights) == 8 and weights == sorted(weights, reverse=True)
    discounts = [1, 1, 1] + [(i - 1) ** -1.5 for i in range(4, 9)]
    near(told["host"]["score"], sum(softplus(w) * d for w, d in zip(weights, discounts)))
    near(told["host"]["points"], told["host"]["score"] * POINT)
    near(told["host"]["probability"], 1 - math.prod(1 - 1 / (1 + math.exp(-w)) for w in weights))
    found = lab.hosts()
    assert found["h05"]["rank"] == 1 and found["h05"]["band"] in ("strong", "probable"), found["h05"]


def hosts_with_their_own():
    """300 hosts, each with rare things of its own."""
    draw = random.Random(5)
    hosts = {}
    for i in range(300):
        rows = [{"path": f"/usr/bin/p{chr(97 + k)}"} for k in range(20) if draw.random() < 0.9]
        own = [{"path": f"/usr/bin/own-{i:x}-{chr(97 + k)}x"} for k in range(min(9, int(draw.expovariate(0.8))))]
        hosts[f"h{i:03}"] = {"fsa_x": rows + own, "fsa_y": [dict(r) for r in own if draw.random() < 0.4]}
    return hosts


def test_compromised_hosts_are_not_what_chance_gives(lab):
    """A host with one implant: that another has five does not make it usual."""
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%/evil-%'", "tpr": 0.5, "fpr": 0.0001, "attack": []}]
    hosts = hosts_with_their_own()
    hosts["h040"]["fsa_x"] += [{"path": f"/usr/bin/evil-{chr(97 + k)}"} for k in range(5)]
    hosts["h080"]["fsa_x"] += [{"path": "/usr/bin/evil-f"}]
    lab.ingest(hosts)
    found = lab.hosts()
    assert found["h040"]["band"] == "strong", found["h040"]
    assert found["h080"]["e_value"] < 2, "its own is drawn once a turn, and the five of h040 never"
    assert sum(h["band"] == "strong" for h in found.values()) <= 2


def test_what_chance_gives_has_no_band(lab):
    """A fleet without implants: few hosts below any E."""
    lab.ingest(hosts_with_their_own())
    found = list(lab.hosts().values())
    for limit in (1, 5, 20, 50):
        below = sum(h["e_value"] <= limit for h in found)
        assert below <= 2 * limit + 3, f"{below} of 300 uncompromised hosts have E <= {limit}"
    assert sum(h["band"] == "strong" for h in found) <= 1


def test_a_host_without_coverage_is_unknown(lab):
    hosts = fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}])
    hosts["lost"] = {"fsa_coverage": [{"table_name": "fsa_x", "status": "denied", "rows_total": ""}]}
    lab.ingest(hosts)
    lost = lab.hosts()["lost"]
    assert lost["band"] == "unknown" and lost["sources_covered"] == 0
    assert all(lost[m] is None for m in ("rank", "score", "points", "e_value", "probability")), lost
    told = run("explain", "--db", lab.case, "--host", "lost")
    assert "unknown" in told and "band none" not in told and "Score =" not in told, told
    table = run("score", "--db", lab.case)
    assert "1 unknown" in table and re.search(r"nothing can be said of them:\n  lost\n", table), table
    rows = list(csv.DictReader(io.StringIO(run("score", "--db", lab.case, "-f", "csv"))))
    row = next(r for r in rows if r["hostname"] == "lost")
    assert row["band"] == "unknown" and not row["rank"] and not row["score"] and not row["e_value"]
    assert rows[-1] is row, "unknown hosts come last"
    entity = lab.entity("h05", "evil")
    assert entity["evidence"][0]["fleet"]["covered"] == 12, "it is in no denominator"


def test_small_fleets(lab):
    """No host, and one with nothing to weigh: headings, no band."""
    lab.ingest({})
    assert run("score", "--db", lab.case, "-f", "csv").startswith("host_identifier,")
    assert json.loads(run("score", "--db", lab.case, "-f", "json"))["hosts"] == []
    assert json.loads(run("findings", "--db", lab.case, "-f", "json")) == []
    lab.ingest({"h05": fleet_of(6)["h05"]})
    assert lab.hosts()["h05"]["band"] == "none" and lab.hosts()["h05"]["score"] == 0


def test_an_unknown_name_is_told(lab):
    lab.ingest(fleet_of(3))
    message = run("explain", "--db", lab.case, "--host", "nobody", code=2)
    assert "nobody" in message and "unknown" in message, message


# ---- groups ----------------------------------------------------------------------------------------------

def test_roles_from_services(lab):
    """Hosts with the same services are one role; a host without services is in none."""
    draw = random.Random(3)
    hosts = {}
    for i in range(60):
        role = ("sql", "web", "desk")[i % 3]
        services = [f"common-{chr(97 + k)}" for k in range(5)] + [f"{role}-{chr(97 + k)}" for k in range(8)]
        if draw.random() < 0.5:
            services.append(f"extra-{draw.choice('abcdef')}")
        hosts[f"{role}{i:02}"] = {"fsa_services": [{"name": s} for s in services if draw.random() < 0.95],
                                  "fsa_x": [{"path": "/usr/bin/p"}]}
    hosts["bare"] = {"fsa_x": [{"path": "/usr/bin/p"}]}
    lab.ingest(hosts)
    found = lab.hosts()
    roles = {name: found[name]["role"] for name in found}
    assert roles.pop("bare") is None
    assert len(set(roles.values())) == 3, set(roles.values())
    for name, role in roles.items():
        assert re.match(r"with (\w+)-", role)[1] == re.match(r"[a-z]+", name)[0], (name, role)


def test_groups_file_that_cannot_be_read(lab):
    lab.ingest(fleet_of(3))
    assert "--groups" in run("score", "--db", lab.case, "--groups", lab.folder / "none.csv", code=2)


# ---- known good ------------------------------------------------------------------------------------------

GOOD = "scope,reason,author,date,expires\n"


def suppressed(lab, *lines):
    path = lab.folder / "good.csv"
    path.write_text(GOOD + "".join(line + "\n" for line in lines))
    return ("--known-good", path)


def test_known_good(lab):
    """Takes rarity and attributes, never what a rule says."""
    digest = "ab" * 32
    lab.meta["fsa_x"].update(
        rules=[{"id": "r", "where": "path LIKE '%evil%'", "tpr": 0.5, "fpr": 0.01, "attack": []}],
        attributes=[{"family": "path", "where": "path LIKE '%evil%'", "frequency": 0.9}])
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/opt/evil", "sha256": digest.upper()}, {"path": "/opt/odd"}]))
    before = lab.entity("h05", "evil")
    assert terms(before, "rarity")[0] > 0 and terms(before, "attribute")[0] > 0
    for scope in (f"sha256={digest}", "path=/opt/ev*", "path=/**/EVIL", "key=fsa_x /opt/evil"):
        good = suppressed(lab, f'"{scope}","gold image, all of them",eve,2026-01-01,2099-01-01')
        entity = lab.entity("h05", "evil", *good)
        near(terms(entity, "rarity")[0], 0, scope)
        near(terms(entity, "attribute")[0], 0, scope)
        near(terms(entity, "rule")[0], terms(before, "rule")[0], scope)
        assert "gold image, all of them" in next(t["text"] for t in entity["terms"] if t["kind"] == "rarity")
        near(next(t["undiscounted"] for t in entity["terms"] if t["kind"] == "rarity"), terms(before, "rarity")[0])
        assert lab.hosts(*good)["h05"]["rows_suppressed"] == 1
        assert "1 entry is in force and hides 1 row" in run("score", "--db", lab.case, *good)
    assert lab.entity("h05", "odd", *good)["weight"] == lab.entity("h05", "odd")["weight"]


def test_known_good_expires(lab):
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/opt/evil"}]))
    good = suppressed(lab, "path=/opt/evil,gold image,eve,2020-01-01,2020-12-31")
    assert lab.entity("h05", "evil", *good)["weight"] == lab.entity("h05", "evil")["weight"]
    text = run("score", "--db", lab.case, *good)
    assert "not applied, expired on 2020-12-31: line 2, path=/opt/evil" in text, text


def test_known_good_says_why_and_until_when(lab):
    lab.ingest(fleet_of(3))
    for line, wrong in (("path=/opt/evil,,eve,2026-01-01,2099-01-01", "no field may be empty"),
                        ("path=/opt/evil,why,eve,2026-01-01", "expires"),
                        ("path=/opt/evil,why,eve,2026-01-01,soon", "2026-11-28"),
                        ("evil,why,eve,2026-01-01,2099-01-01", "scope"),
                        ("sha256=12,why,eve,2026-01-01,2099-01-01", "64 hex digits")):
        message = run("score", "--db", lab.case, *suppressed(lab, line), code=2)
        assert ":2: " in message and wrong in message, message


# ---- findings of many hosts ------------------------------------------------------------------------------

def test_clusters(lab):
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%evil'", "tpr": 0.7, "fpr": 0.0001, "attack": []}]
    hosts = fleet_of(200)
    for name in ("h05", "h17", "h33"):
        hosts[name]["fsa_x"].append({"path": "/usr/bin/evil"})
    lab.ingest(hosts)
    assert lab.entity("h17", "evil")["on_hosts"] == 3
    assert re.search(r"3 hosts  /usr/bin/evil", run("score", "--db", lab.case))


def test_mass_compromise(lab):
    """What a rule hits on every host has no rarity, and its measured rate is no evidence: its own list."""
    lab.meta["fsa_x"]["rules"] = [{"id": "strange", "where": "path LIKE '%/evil'", "tpr": 0.5, "fpr": 0.0001,
                                   "attack": []}]
    hosts = fleet_of(50)
    for answers in hosts.values():
        answers["fsa_x"].append({"path": "/usr/bin/evil"})
    lab.ingest(hosts)
    text = run("score", "--db", lab.case)
    assert re.search(r"on 50 of 50 covered hosts +\+30\.4 +/usr/bin/evil +\(fsa_x: rule strange\)", text), text
    signed = {name: {query: [dict(r, signed_status="good", signer="Example Corp") for r in rows]
                     for query, rows in answers.items()} for name, answers in hosts.items()}
    lab.ingest(signed, lab.folder / "signed.db")
    assert "May be everywhere" not in run("score", "--db", lab.folder / "signed.db"), "a roll-out explains itself"


# ---- rules that cannot be -----------------------------------------------------------------------------------

def test_rules_that_do_not_run_are_told(lab):
    lab.meta["fsa_x"]["rules"] = [
        {"id": "broken", "where": "path LIKE", "tpr": 0.5, "fpr": 0.01, "attack": []},
        {"id": "nosy", "where": "(SELECT count(*) FROM sqlite_schema) > 0", "tpr": 0.5, "fpr": 0.01, "attack": []},
        {"id": "good", "where": "path LIKE '%evil'", "tpr": 0.5, "fpr": 0.01, "attack": []}]
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/usr/bin/evil"}]))
    text = run("score", "--db", lab.case)
    assert "did not run" in text and "fsa_x broken: " in text and "fsa_x nosy: " in text, text
    assert [t["name"] for t in lab.entity("h05", "evil")["terms"] if t["kind"] == "rule"] == ["good"]


def test_hostile_rows_reach_no_terminal(lab):
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%evil%'", "tpr": 0.5, "fpr": 0.01, "attack": []}]
    lab.ingest(fleet_of(12, fsa_x=[{"path": "/tmp/\x1b[2Jevil\x07\u202e<script>"}]))
    for command in (("score",), ("explain", "--host", "h05"), ("findings",)):
        text = run(command[0], "--db", lab.case, *command[1:])
        assert "evil" in text and not re.search("[\x00-\x09\x0b-\x1f\u202e]", text), command
    json.loads(run("findings", "--db", lab.case, "-f", "json"))


# ---- laws ------------------------------------------------------------------------------------------------

def made_fleet(lab, plan="campaigns"):
    """make_fleet's hosts, under the rules of the pack that is built in."""
    folder = lab.folder / "fleet"
    make_fleet.make(folder, 200, 7, plan, jobs=1)
    run("ingest", "--quiet", "--db", lab.case, folder / "logs")
    return json.loads((folder / "ground_truth.json").read_text())


def printed_sums(text):
    """(terms, L, contribution) of each entity of `explain`, the contributions' sum and the score."""
    entities = []
    for block in re.split(r"\n\n  \d+  ", text)[1:]:
        numbers = re.findall(r"^    +([+-]\d+\.\d{4})  (\w+)", block, re.M)
        total = re.search(r"([+-]\d+\.\d{4})  in all: .* = (-?\d+\.\d{4})\n", block)
        entities.append(([float(n) for n, kind in numbers if kind != "in"], float(total[1]), float(total[2])))
    score = re.search(r"Score = (?:.* = |nothing: )(-?\d+\.\d{4}) points", text)
    return entities, float(score[1]) if score else None


def test_printed_terms_sum_to_the_score_on_every_host(lab):
    made_fleet(lab)
    hosts = lab.hosts()
    sums = dict.fromkeys(hosts, 0)
    assert len(hosts) > 150
    for entity in json.loads(run("findings", "--db", lab.case, "-f", "json", "--top", 100000)):
        near(sum(t["weight"] for t in entity["terms"]), entity["weight"], entity["id"])
        near(softplus(entity["weight"]) * entity["discount"], entity["contribution"], entity["id"])
        sums[entity["hostname"]] += entity["contribution"]
    for name, host in hosts.items():
        near(sums[name], host["score"] or 0, name)
    scored = [n for n in hosts if hosts[n]["score"] is not None]
    for name in scored[:3] + scored[-3:]:
        entities, score = printed_sums(run("explain", "--db", lab.case, "--host", name))
        assert abs(sum(e[2] for e in entities) - score) < 5e-5 * (len(entities) + 1), name
        assert abs(score - hosts[name]["points"]) < 1e-4, name
        for weights, total, _ in entities:
            assert abs(sum(weights) - total) < 5e-5 * (len(weights) + 1), (name, weights, total)


def test_implants_are_found(lab):
    truth = made_fleet(lab)
    hosts = {h["host_identifier"]: h for h in lab.hosts().values()}
    ranks = sorted(hosts[name]["rank"] for name in {f["host"] for f in truth["findings"]} if name in hosts)
    assert ranks[0] == 1 and sum(rank <= 25 for rank in ranks) * 3 >= len(ranks) * 2, ranks


def test_a_fleet_without_implants_has_the_bands_that_chance_gives(lab):
    made_fleet(lab, "none")
    found = [h["e_value"] for h in lab.hosts().values() if h["e_value"] is not None]
    for limit in (1, 10, 50):
        below = sum(value <= limit for value in found)
        assert below <= 2 * limit + 3, f"{below} uncompromised hosts have E <= {limit}"


def test_threads_change_nothing(lab):
    made_fleet(lab)
    for command in (("score",), ("findings", "--top", "500"), ("explain", "--host", next(iter(lab.hosts())))):
        told = {run(command[0], "--db", lab.case, *command[1:], "-f", "json", "--jobs", jobs) for jobs in (1, 2, 5)}
        assert len(told) == 1, command


def test_order_changes_nothing(lab):
    draw = random.Random(11)
    hosts = {}
    for i in range(80):
        services = [f"{'ab'[i % 2]}{chr(97 + k)}-service" for k in range(6)]
        hosts[f"h{i:02}"] = {
            "fsa_services": [{"name": s} for s in services],
            "fsa_x": [{"path": f"/usr/bin/p{chr(97 + k)}"} for k in range(20) if draw.random() < 0.8]
            + [{"path": f"/home/u/own-{i:x}{chr(97 + k)}z", "pid": str(k)} for k in range(draw.randrange(4))],
            "fsa_y": [{"path": f"/usr/bin/p{chr(97 + k)}"} for k in range(10) if draw.random() < 0.6]}
    lab.meta["fsa_x"]["rules"] = [{"id": "r", "where": "path LIKE '%5%'", "tpr": 0.3, "fpr": 0.02, "attack": []}]
    told = set()
    for shuffle in range(4):
        case = lab.folder / f"{shuffle}.db"
        lab.ingest(hosts, case, shuffle)
        told.add(run("score", "--db", case, "-f", "csv"))
    assert len(told) == 1


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    wanted = sys.argv[1:]
    passed = failed = 0
    for name, test in tests:
        if wanted and not any(w in name for w in wanted):
            continue
        with tempfile.TemporaryDirectory(prefix="fsa-method-") as folder:
            try:
                test(Lab(Path(folder)))
                passed += 1
            except Exception:
                failed += 1
                print(f"FAILED: {name}\n{traceback.format_exc(limit=3)}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
