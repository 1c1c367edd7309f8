#!/usr/bin/env python3
"""Writes the result lines of whole sweeps, as large as those of real workstations: 8,000 to 10,000 rows and 2.5 to 4 MB a host.

    sweep_logs.py HOSTS [--first N] > sweep.log

What is equal on many hosts is (system files with their hashes, services, pipes), what differs from host to host
by nature does (pids, times, addresses), and every host has programs of its own. Host N is the same whichever
hosts are written beside it. All names are invented.
"""
import argparse
import json
import random
import sys

SYLLABLES = "ba ke lo mi nu ra si te vo xa dor fen gil hal jun kor lem nar pol rus tam vin".split()
TIME = 1790000000
# query -> rows of a host, share of them that the whole fleet has, columns that differ on every host
SOURCES = {
    "fsa_modules": (1900, 0.93, ("pid_count",), ("path", "sha256", "signer", "is_signed", "size", "product", "file_description", "version", "original_filename")),
    "fsa_processes": (220, 0.9, ("pid", "parent", "start_time"), ("path", "name", "cmdline", "sha256", "signer", "user", "integrity", "cwd_path")),
    "fsa_shimcache": (1000, 0.75, ("position",), ("path", "modified_time")),
    "fsa_prefetch": (900, 0.7, ("last_run_time", "run_count"), ("path", "prefetch_hash", "volume", "volume_path", "file_description")),
    "fsa_amcache": (3200, 0.85, (), ("path", "sha1", "publisher", "version", "size", "link_time", "product", "file_id", "binary_type", "language", "modified_time")),
    "fsa_services": (300, 0.97, (), ("name", "path", "start_type", "account", "description")),
    "fsa_scheduled_tasks": (220, 0.9, ("last_run_time",), ("path", "command", "arguments", "account")),
    "fsa_autostarts": (350, 0.9, (), ("location", "entry", "path", "sha256", "signer")),
    "fsa_named_pipes": (140, 0.9, ("pid",), ("path", "process_path")),
    "fsa_mutexes": (900, 0.8, ("pid",), ("name", "process_path", "type", "session")),
}
KEYS = {"fsa_modules": ["path", "sha256"], "fsa_processes": ["path", "name"], "fsa_shimcache": ["path"],
        "fsa_prefetch": ["path"], "fsa_amcache": ["path", "sha1"], "fsa_services": ["name", "path"],
        "fsa_scheduled_tasks": ["path", "command"], "fsa_autostarts": ["location", "entry", "path"],
        "fsa_named_pipes": ["path", "process_path"], "fsa_mutexes": ["name", "process_path"]}
POOL = 3  # the fleet knows so many times the rows that one host has of it


def word(rng, syllables=3):
    return "".join(rng.choice(SYLLABLES) for _ in range(syllables))


def value(rng, column, stem, user):
    if column in ("sha256", "sha1", "file_id"):
        return f"{rng.getrandbits(256):064x}"[:64 if column == "sha256" else 40]
    if column.endswith("path"):
        where = (f"C:\\Users\\{user}\\AppData\\Local\\{word(rng).title()}" if user else
                 rng.choice(["C:\\Windows\\System32", "C:\\Windows\\SysWOW64\\drivers",
                             f"C:\\Program Files\\{word(rng).title()}\\{word(rng, 2).title()}"]))
        return f"{where}\\{stem}.{rng.choice(['dll', 'exe', 'sys'])}"
    if column.endswith("time"):
        return str(TIME - rng.randrange(100000000))
    if column == "cmdline":
        return f"C:\\Windows\\System32\\{stem}.exe -k {word(rng)} -p {rng.randrange(99)}"
    if column.endswith("description"):
        return " ".join(word(rng) for _ in range(5)).capitalize() + "."
    if column in ("product", "original_filename"):
        return f"{word(rng).title()} {word(rng).title()} {rng.randrange(20)}"
    if column in ("signer", "publisher"):
        return rng.choice(["Microsoft Windows", "Microsoft Corporation", f"{word(rng).title()} GmbH", ""])
    if column in ("size", "version"):
        return str(rng.randrange(4096, 90000000))
    return {"is_signed": "1", "start_type": "auto", "account": "LocalSystem",
            "volume": "\\VOLUME{01d6f1a2b3c4d5e6-7a8b9c0d}"}.get(column) or f"{stem}{rng.randrange(99)}"


def make_part(rng, columns, user):
    """The part of a row that does not differ by nature, as the inside of a JSON object."""
    stem = word(rng, rng.choice((2, 3, 4)))
    row = {column: value(rng, column, stem, user) for column in columns}
    return json.dumps(row, separators=(",", ":"))[1:-1]


def make_pools():
    rng = random.Random(1)
    return {query: [make_part(rng, columns, None) for _ in range(int(rows * POOL))]
            for query, (rows, _, _, columns) in SOURCES.items()}


def pick(rng, pool, count):
    """So many rows of the pool; those at its beginning are on nearly every host."""
    base = int(count * 0.8)
    return pool[:base] + rng.sample(pool[base:], count - base)


def write_host(out, number, pools):
    rng = random.Random(f"host {number}")
    user, name = word(rng), f"desk-{number:06d}.example.internal"
    for query, (rows, share, by_nature, columns) in SOURCES.items():
        count = int(rows * rng.uniform(0.85, 1.15))
        parts = pick(rng, pools[query], int(count * share))
        parts += [make_part(rng, columns, user) for _ in range(count - len(parts))]
        if by_nature:
            wanted = ",".join(f'"{column}":"%d"' for column in by_nature)
            parts = [part + "," + wanted % tuple(rng.randrange(4, 60000) for _ in by_nature) for part in parts]
        out.write('{"snapshot":[{' + "},{".join(parts) + '}],"action":"snapshot","name":"pack/Global/' + query +
                  f'","hostIdentifier":"{number:08X}-0000-4000-8000-00000000FEED","calendarTime":"","unixTime":{TIME},'
                  f'"epoch":0,"counter":0,"numerics":false,"decorations":{{"hostname":"{name}"}}}}\n')


def metadata():
    """For `fsa-score ingest --meta`."""
    return {"queries": {query: {"title": query, "pillar": "running", "platform": "windows", "key": KEYS[query],
                                "join": [], "family": query, "source": query, "whole": True} for query in SOURCES}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hosts", type=int)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    pools = make_pools()
    for number in range(arguments.first, arguments.first + arguments.hosts):
        write_host(sys.stdout, number, pools)
    return 0


if __name__ == "__main__":
    sys.exit(main())
