#!/usr/bin/env python3
"""kill -9 at any moment of an ingest, then again: nothing is lost and nothing is counted twice.

Prints one line for each failure and at the end `N passed, N failed, N skipped`.
"""
import hashlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time

from lab import SCORE, contents, line, run, score

KILLS = 24  # moments


def make_logs(folder):
    """Logs in many files, so that many batches are stored: snapshots, rows one by one, changes, status lines, damage."""
    rng = random.Random(5)
    folder.mkdir()
    for number in range(420):
        host = {"hostIdentifier": f"H{number % 90}", "decorations": {"hostname": f"h{number % 90}"}}
        rows = [{"path": f"/usr/bin/{rng.randrange(900)}", "pid": str(rng.randrange(9000))} for _ in range(60)]
        lines = [line(snapshot=rows, unixTime=1000 + number // 90, **host),
                 line(snapshot=rows[:9], name="fsa_events", unixTime=1000, **host)]
        lines += [line(columns=row, action=rng.choice(("added", "removed")), name="fsa_changes", counter=1,
                       unixTime=1000 + rng.randrange(9), **host) for row in rows[:20]]
        lines.append(json.dumps({"hostIdentifier": host["hostIdentifier"], "unixTime": 1003, "severity": "2",
                                 "message": f"Error executing scheduled query fsa_x: {number % 7}"}))
        lines.append('{"snapshot":[{"path":')
        (folder / f"{number:04d}.log").write_text("\n".join(lines) + "\n")


def ingest(lab, logs):
    return [str(SCORE), "ingest", "--quiet", "--db", str(lab.case), "--meta", str(lab.meta), str(logs)]


def test_killed_at_any_moment(_, lab):
    logs = lab.folder / "logs"
    make_logs(logs)
    start = time.monotonic()
    subprocess.run(ingest(lab, logs), check=True)
    whole = time.monotonic() - start
    wanted = contents(lab.case)
    parts = sqlite3.connect(lab.case).execute("SELECT count(*) FROM dictionary").fetchone()[0]
    assert parts > 2, "so few rows were on several hosts that this tests nothing of their dictionary"
    lab.case.unlink()
    rng = random.Random(9)
    killed = 0
    for kill in range(KILLS):
        running = subprocess.Popen(ingest(lab, logs))
        try:
            running.wait(rng.uniform(0, whole))
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            killed += running.wait() == -signal.SIGKILL
        if kill % 4 == 3:  # three kills in a row, then to the end
            subprocess.run(ingest(lab, logs), check=True)
            found = contents(lab.case)
            for part, value in wanted.items():
                assert found[part] == value, f"after kill {kill}: {part} differ"
            lab.case.unlink()
    assert killed > KILLS // 3, f"only {killed} of {KILLS} runs could be killed on the way"


def test_inputs_have_their_hash(_, lab):
    logs = lab.folder / "logs"
    logs.mkdir()
    (logs / "a.log").write_text(line(snapshot=[{"path": "/x"}]) + "\n")
    (logs / "empty.log").write_bytes(b"")
    (logs / "big.log").write_text("\n".join(line(snapshot=[{"path": "/y" * 1000}] * 200, unixTime=2000 + i)
                                            for i in range(20)))
    for path in list(logs.iterdir()):
        subprocess.run(["gzip", "-k", str(path)], check=True)
    lab.ingest(name="logs/a.log", *[(logs / "a.log").read_text()])
    subprocess.run(ingest(lab, logs), check=True)
    found = dict(sqlite3.connect(lab.case).execute("SELECT path, sha256 || ' ' || file_bytes FROM input"))
    for path in logs.iterdir():
        wanted = f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_size}"
        assert found[str(path)] == wanted, path
    score("ingest", "--quiet", "--db", lab.case, "--meta", lab.meta, "-", text=(logs / "a.log").read_bytes())
    score("ingest", "--quiet", "--no-hash", "--db", lab.case, "--meta", lab.meta, logs / "a.log")
    unknown = sqlite3.connect(lab.case).execute("SELECT path FROM input WHERE sha256 IS NULL ORDER BY 1").fetchall()
    assert unknown == [("-",), (str(logs / "a.log"),)]


if __name__ == "__main__":
    sys.exit(run(globals()))
