#!/usr/bin/env python3
"""fsa-score merge: cases of parts of a fleet say together what one case of all logs says.

Prints one line for each failure and at the end `N passed, N failed, N skipped`.
"""
import json
import random
import sqlite3
import subprocess
import sys
import zlib

import make_fleet
from lab import contents, coverage, line, rank, run, score


# All but `keys`: a key that nobody has any more stays in the case that saw it.
COMPARED = ("hosts", "queries", "answers", "status", "sightings", "rows")


class Fleet:
    """The lines of a fleet of 30 hosts in all dialects, and some that are hard to merge; the case of all of them."""

    def __init__(self, folder):
        make_fleet.make(folder, 30, 7)
        self.lines = []
        for path in sorted((folder / "logs").iterdir()):
            data = path.read_bytes()
            if path.suffix == ".zst":
                data = subprocess.run(["zstd", "-dc", path], capture_output=True).stdout
            elif path.suffix == ".gz":
                data = zlib.decompressobj(31).decompress(data)
            self.lines += data.splitlines()
        self.lines += [text.encode() for text in self.hard_lines()]
        self.case = folder / "all.db"
        self.ingest(self.case, self.lines)
        self.contents, self.rank, self.coverage = contents(self.case), ranked(self.case), coverage(self.case)

    @staticmethod
    def hard_lines():
        """Changes of one host's rows over two epochs, rows one by one, a host that is named by some of its lines only."""
        rng = random.Random(3)
        for time in range(1000, 1200):
            row = {"path": f"/usr/bin/{rng.randrange(20)}", "pid": "1"}
            yield line(name="fsa_processes", columns=row, action=rng.choice(("added", "removed")), unixTime=time,
                       epoch=5 if time < 1100 else 6, counter=7, hostIdentifier=f"D{rng.randrange(3)}")
        for number in range(40):
            yield line(name="fsa_processes", columns={"path": f"/opt/{number}"}, action="snapshot", hostIdentifier="E",
                       unixTime=1000 + number // 10)
            yield line(name=f"fsa_unknown_{number % 3}", snapshot=[{"a": str(number)}], hostIdentifier="N",
                       decorations={"hostname": "named"} if number % 2 else {}, unixTime=2000 + number)
            yield json.dumps({"hostIdentifier": "E", "unixTime": 900 + number, "severity": str(number % 3),
                              "message": "Error executing scheduled query fsa_processes: x"})

    @staticmethod
    def ingest(case, lines):
        log = case.with_suffix(".log")
        log.write_bytes(b"\n".join(lines) + b"\n")
        score("ingest", "--quiet", "--db", case, log)


def ranked(case):
    """The ranking; but of several rows that share a value, which one the link is shown at hangs on the keys' numbers."""
    found = rank(case, 500)
    for key in found:
        for sighting in key["sightings"]:
            del sighting["link"], sighting["linked"]
    return found


def check(fleet, lab, parts, name):
    """Merges the cases of the parts and compares all that depends on lines and not on files."""
    cases = []
    for number, lines in enumerate(parts):
        cases.append(lab.folder / f"{name}-{number}.db")
        fleet.ingest(cases[-1], lines)
    whole = lab.folder / f"{name}.db"
    score("merge", "--db", whole, *cases)
    for again in range(2):
        found = contents(whole)
        for part in COMPARED:
            assert found[part] == fleet.contents[part], f"{name}, {len(parts)} parts: {part} differ"
        assert ranked(whole) == fleet.rank and coverage(whole) == fleet.coverage, name
        assert sum(row[2] for row in found["inputs"]) == len(fleet.lines) - sum(not text.strip() for text in fleet.lines)
        score("merge", "--quiet", "--db", whole, *reversed(cases))  # merging again changes nothing


def host_of(text):
    try:
        return json.loads(text)["hostIdentifier"]
    except (ValueError, TypeError, KeyError):
        return ""


def test_hosts_are_parted(fleet, lab):
    for count in (1, 2, 8):
        parts = [[] for _ in range(count)]
        for text in fleet.lines:
            parts[zlib.crc32(host_of(text).encode()) % count].append(text)
        check(fleet, lab, parts, f"hosts{count}")


def test_lines_are_spread_over_servers(fleet, lab):
    for count in (2, 8):
        rng = random.Random(count)
        parts = [[] for _ in range(count)]
        for text in fleet.lines:
            parts[rng.randrange(count)].append(text)
        check(fleet, lab, parts, f"lines{count}")


def test_parts_overlap(fleet, lab):
    half = len(fleet.lines) // 2
    cases = []
    for number, lines in enumerate((fleet.lines, fleet.lines[:half], fleet.lines[half:])):
        cases.append(lab.folder / f"{number}.db")
        fleet.ingest(cases[-1], lines)
    score("merge", "--db", lab.case, *cases)
    found = contents(lab.case)
    for part in COMPARED:
        assert found[part] == fleet.contents[part], part


def test_logs_of_one_path_are_two(fleet, lab):
    cases = [lab.folder / "a.db", lab.folder / "b.db"]
    for number, case in enumerate(cases):
        log = lab.folder / "osqueryd.results.log"
        log.write_text(line(hostIdentifier=f"H{number}", snapshot=[{"path": "/x" * number}]) + "\n{damage\n")
        score("ingest", "--db", case, "--meta", lab.meta, log)
    score("hosts", "--db", cases[0], "--hosts", log)
    score("merge", "--db", lab.case, *cases)
    db = sqlite3.connect(lab.case)
    assert [path for path, in db.execute("SELECT path FROM input")] == [str(log), f"{log} in {cases[1]}"]
    assert db.execute("SELECT path, count(*) FROM rejected GROUP BY 1").fetchall() == [
        (str(log), 1), (f"{log} in {cases[1]}", 1)]
    assert db.execute("SELECT count(*) FROM expected_host").fetchone()[0] > 0


def test_refusals(fleet, lab):
    lab.ingest(line(snapshot=[]))
    other = lab.folder / "other.json"
    other.write_text(lab.meta.read_text().replace('"path"', '"pid"'))
    case = lab.folder / "other.db"
    lab.ingest(line(snapshot=[]), case=case, meta=other)
    score("merge", "--db", lab.folder / "whole.db", lab.case, case, code=2)
    score("merge", "--db", lab.folder / "whole.db", lab.folder / "absent.db", code=2)
    score("merge", "--db", lab.folder / "whole.db", other, code=2)
    score("merge", "--db", lab.folder / "whole.db", code=1)
    rank(lab.folder / "whole.db")


if __name__ == "__main__":
    sys.exit(run(globals(), Fleet))
