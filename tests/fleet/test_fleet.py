#!/usr/bin/env python3
"""The synthetic fleet itself, and what fsa-score finds in it: each of the thirteen findings, and each loss.

Finds the build folder through FSA_BUILD. Prints one line for each failure and at the end
`N passed, N failed, N skipped`.
"""
import ast
import collections
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = Path(os.environ.get("FSA_BUILD", ROOT / "build"))
SCORE = BUILD / "bin" / "fsa-score"
HOSTS, SEED = 500, 12

sys.path.insert(0, str(HERE))
import hosts  # noqa: E402
import make_fleet  # noqa: E402
import queries  # noqa: E402
from lab import Skip  # noqa: E402


def score(*arguments):
    done = subprocess.run([str(SCORE), *map(str, arguments)], capture_output=True, timeout=120)
    assert done.returncode == 0, f"fsa-score {arguments[0]}: exit {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode()


class Fleet:
    """One intrusion with each of the thirteen findings once, and everything that goes wrong beside them."""

    def __init__(self, folder):
        self.folder, self.case = folder, folder / "case.db"
        self.truth = make_fleet.make(folder, HOSTS, SEED, "thirteen")
        score("ingest", "--quiet", "--db", self.case, folder / "logs")
        self.cells = list(csv.DictReader(io.StringIO(
            score("coverage", "--db", self.case, "--hosts", folder / "hosts.txt", "-f", "csv"))))
        subprocess.run([str(BUILD / "bin" / "fsa"), "pack", "build", "-o", str(folder / "pack")], check=True, stdout=subprocess.DEVNULL)
        self.meta = json.loads((folder / "pack" / "fsa-pack-meta.json").read_text())["queries"]


# ---- the generator -------------------------------------------------------------------------------------------

def test_columns_are_those_of_the_packs(fleet):
    """A row that the pack's query would not give is no test of the scorer."""
    assert queries.QUERIES.keys() <= fleet.meta.keys(), f"no pack has {queries.QUERIES.keys() - fleet.meta.keys()}"
    if os.environ.get("FSA_SANITIZED"):
        raise Skip("a module with a sanitizer needs its runtime in the program that loads it")
    tables = sqlite3.connect(":memory:")
    tables.enable_load_extension(True)
    tables.load_extension(str(BUILD / "bin" / "fsa.so"))
    texts = {path.stem: path.read_text() for path in (ROOT / "packs").rglob("*.sql")}
    for name, query in queries.QUERIES.items():
        facts = fleet.meta[name]
        assert (facts["platform"], facts["source"]) == (query.platform, query.table), (name, facts["platform"], facts["source"])
        text = texts[name.removeprefix("fsa_")].replace("@rules@", "''")
        columns = facts.get("columns") or [column[0] for column in tables.execute(
            f"SELECT * FROM ({text}) LIMIT 0").description]
        assert tuple(columns) == query.columns, f"{name} gives {columns}"


def test_generator_knows_nothing_of_the_scorer(fleet):
    """It imports only itself and Python's own library, and opens no file of the packs or of scoring/."""
    own = {"catalogue", "hosts", "intrusions", "losses", "make_fleet", "queries", "result_lines", "software"}
    for path in (HERE / f"{name}.py" for name in own):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(
                node, ast.ImportFrom) else []
            assert all(name in own or name in sys.stdlib_module_names for name in names), f"{path.name} imports {names}"
            assert not (isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in
                        ("open", "read_text", "read_bytes") and path.name != "make_fleet.py"), f"{path.name} reads files"
    assert "read_text" not in (HERE / "make_fleet.py").read_text()


def test_generator_is_deterministic_and_can_be_sliced(fleet):
    """The same bytes on one process, and from three parts."""
    with tempfile.TemporaryDirectory() as folder:
        for place in range(3):
            make_fleet.make(Path(folder), HOSTS, SEED, "thirteen", part=(place, 3), jobs=1)
        for path in sorted((fleet.folder / "logs").iterdir()):
            assert path.read_bytes() == (Path(folder) / "logs" / path.name).read_bytes(), path.name


def test_benign_files_are_a_long_tail(fleet):
    """94 % of the files on a hundred million machines stood on one, 80 benign ones for each that was malicious."""
    plan = make_fleet.Plan(1000, SEED, "campaigns", "easy")
    where, planted = collections.defaultdict(set), set()
    for number in range(plan.count):
        host, found, _ = plan.host(number)
        for text in host.rows["fsa_executables"]:
            where[json.loads(text)["sha256"]].add(number)
        planted |= {part["row"]["sha256"] for one in found for part in one["rows"] if part["query"] == "fsa_executables"}
    alone = {sha256 for sha256, numbers in where.items() if len(numbers) == 1}
    assert 0.88 < len(alone) / len(where) < 0.97, len(alone) / len(where)
    assert planted & alone and len(alone - planted) > 80 * len(planted & alone), (len(alone), len(planted))


def test_hosts_differ_as_those_of_a_fleet_do(fleet):
    """Half of the Windows hosts are hooked by a product; developers and jump hosts have most of their own."""
    plan = make_fleet.Plan(400, SEED, "none", "easy")
    hooked, rows = [], collections.defaultdict(list)
    for number in range(plan.count):
        host = plan.host(number)[0]
        if host.windows:
            hooked.append(any('"modified_code"' in text for text in host.rows["fsa_injected_modules"]))
        rows[host.role].append(len(host.rows["fsa_executables"]))
    assert 0.4 < sum(hooked) / len(hooked) < 0.6, sum(hooked) / len(hooked)
    middle = {role: sorted(many)[len(many) // 2] for role, many in rows.items()}
    assert middle["developer"] > 1.4 * middle["workstation"] and middle["jump"] > middle["workstation"], middle


def test_roll_outs_lie_in_the_window(fleet):
    plan = make_fleet.Plan(1000, SEED, "none", "easy")
    for name, program, shares in plan.catalogue.rollouts:
        assert 0 < hosts.TIME - program.wave < hosts.software.WINDOW, name
        assert shares, name


def test_hard_is_harder(fleet):
    """A hard intrusion leaves less, and of what it leaves less is loud."""
    rows, loud = {}, {}
    for level in ("easy", "hard"):
        plan = make_fleet.Plan(3000, SEED, "campaigns", level)
        found = [one for number in plan.intrusions for one in plan.host(number)[1]]
        rows[level] = sum(len(one["rows"]) for one in found) / len(plan.intrusions)
        loud[level] = sum(one["is_loud"] for one in found) / len(found)
    assert rows["hard"] < 0.5 * rows["easy"], rows
    assert loud["easy"] == 1 and loud["hard"] < 0.25, loud


# ---- what is found ---------------------------------------------------------------------------------------------

def test_all_thirteen_findings_are_found(fleet):
    """Each planted once: its host is in a band, and its row is evidence of what is shown of the host."""
    asked = ("--db", fleet.case, "--groups", fleet.folder / "groups.csv", "-f", "json")
    bands = {host["hostname"]: (host["band"], host["rank"]) for host in json.loads(score("score", *asked, "--top", HOSTS))["hosts"]}
    shown = {(entity["hostname"], evidence["query"], json.dumps(evidence["row"], sort_keys=True))
             for entity in json.loads(score("findings", *asked, "--top", 1000000)) for evidence in entity["evidence"]}
    assert [found["finding"] for found in sorted(fleet.truth["findings"], key=lambda one: one["finding"])] == list("abcdefghijklm")
    for found in fleet.truth["findings"]:
        band, place = bands[found["hostname"]]
        assert band in ("strong", "probable", "weak") and place <= 25, f"{found['hostname']} is at place {place}, band {band}"
        own = [part["row"] for part in found["rows"] if part["query"] == found["query"] and part["row"][found["column"]] == found["entity"]]
        assert own and any((found["hostname"], found["query"], json.dumps(row, sort_keys=True)) in shown for row in own), (
            f"{found['finding']}: {found['form']} of {found['hostname']} is in no evidence")


# ---- what is missing -------------------------------------------------------------------------------------------

def test_every_loss_is_reported(fleet):
    status = {(cell["host_identifier"], cell["hostname"], cell["query"]): cell["status"] for cell in fleet.cells}
    unknown = {cell["host_identifier"] for cell in fleet.cells if cell["status"] == "unknown"}
    kinds = collections.Counter(loss["kind"] for loss in fleet.truth["losses"])
    assert kinds.keys() >= set(make_fleet.losses.KINDS), kinds
    for loss in fleet.truth["losses"]:
        if loss["kind"] == "silent host":
            assert loss["host"] in unknown, loss
            continue
        assert loss["queries"], loss
        for query in loss["queries"]:
            said = status[loss["host"], loss["hostname"], query]
            assert said in loss["may_be"], f"{loss['kind']}: {query} of {loss['hostname']} is called {said}"


def test_nothing_else_is_called_incomplete(fleet):
    """Of hosts that lost nothing every answer counts; differential logs cannot show an empty one."""
    lost = {(loss["host"], loss["hostname"]) for loss in fleet.truth["losses"]}
    differential = {tuple(host[:2]) for number, host in enumerate(fleet.truth["hosts"])
                    if make_fleet.DIALECTS[number % len(make_fleet.DIALECTS)] == "diff"}
    for cell in fleet.cells:
        if (cell["host_identifier"], cell["hostname"]) not in lost | differential and cell["query"] in fleet.meta:
            assert cell["status"] in ("ok", "n/a"), cell


def test_clones_are_told(fleet):
    told = score("coverage", "--db", fleet.case)
    assert fleet.truth["clones"]
    for identifier, hostname in fleet.truth["clones"]:
        assert identifier in told and hostname in told, hostname


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="fsa-fleet-") as folder:
        fleet = Fleet(Path(folder) / "fleet")
        for name, test in tests:
            if sys.argv[1:] and not any(wanted in name for wanted in sys.argv[1:]):
                continue
            try:
                test(fleet)
                passed += 1
            except Skip as reason:
                skipped += 1
                print(f"skipped: {name}: {reason}")
            except Exception:
                failed += 1
                print(f"FAILED: {name}\n{traceback.format_exc(limit=3)}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
