#!/usr/bin/env python3
"""Makes the result logs of a fleet that does not exist, with what goes wrong in real ones.

    make_fleet.py OUTDIR [--hosts N] [--seed N]

OUTDIR/logs/          result logs in several dialects: osquery files (snapshot arrays), Fleet, one row per
                      line, differential, osctrl arrays, .gz and, where the zstd program is, .zst
OUTDIR/meta.json      metadata of the queries, for `fsa-score ingest --meta`
OUTDIR/hosts.txt      every host that should be there, one identifier a line
OUTDIR/ground_truth.json  the implants, the losses, the clones

Benign rows are heavy-tailed: what every host has, what a role has, and singletons that only one host
has - with their processes, pipes and shimcache entries together, as a program of one user has them.
Three implants are hidden among them. The same seed gives the same bytes. All names are invented.
"""
import argparse
import gzip
import json
import random
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

TIME = 1790000000  # the sweep, Unix seconds
ROLES = {  # share of the fleet, platform, own programs of a host (mean)
    "desk": (0.50, "windows", 2.0),
    "developer": (0.10, "windows", 9.0),
    "server": (0.15, "windows", 0.7),
    "web": (0.17, "linux", 1.0),
    "build": (0.08, "linux", 6.0),
}
QUERIES = {  # ids, columns and families of packs/; platforms as they will be when Windows is asked live
    "fsa_processes": dict(
        title="Programs that run", pillar="running", platform="all", key=["path", "name"], join=["path"],
        family="process", source="fsa_processes", whole=True),
    "fsa_named_pipes": dict(
        title="Named pipes and sockets", pillar="running", platform="all",
        key=["path", "process_path"], join=["process_path"], family="ipc", source="fsa_named_pipes",
        whole=True),
    "fsa_injected_modules": dict(
        title="Executable memory without a file", pillar="running", platform="all",
        key=["process_path", "kind", "path"], join=["process_path"], family="injection",
        source="fsa_injected_modules", whole=False),
    "fsa_shimcache": dict(
        title="Programs that Windows has seen", pillar="has_run", platform="windows", key=["path"],
        join=["path"], family="execution", source="fsa_shimcache", whole=True),
    "fsa_script_blocks": dict(
        title="PowerShell script blocks", pillar="has_run", platform="windows", key=["sha256", "is_complete"],
        join=["script_path"], family="script", source="fsa_script_blocks", whole=False),
    "fsa_coverage": dict(
        title="What was looked at", pillar="coverage", platform="all", key=["table_name", "status"],
        join=["table_name"], family="coverage", source="fsa_coverage", whole=True),
}
SYLLABLES = "ba ke lo mi nu ra si te vo xa dor fen gil hal jun kor lem nar pol rus tam vin".split()


class Host:
    def __init__(self, number, role, rng):
        self.number, self.role = number, role
        self.platform = ROLES[role][1]
        self.name = f"{role[:3]}-{number:04d}.example.internal"
        self.uuid = str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()
        self.user = word(rng)
        self.rows = {query: [] for query in QUERIES}
        self.status = {}  # table -> what fsa_coverage says, where it is not ok
        self.pid = 400

    def next_pid(self, rng):
        self.pid += rng.randrange(4, 40, 4)
        return str(self.pid)


def word(rng, syllables=3):
    return "".join(rng.choice(SYLLABLES) for _ in range(syllables))


def sha256(rng):
    return f"{rng.getrandbits(256):064x}"


def add_process(host, rng, path):
    pid = host.next_pid(rng)
    separator = "\\" if host.platform == "windows" else "/"
    host.rows["fsa_processes"].append(
        {"path": path, "name": path.rsplit(separator, 1)[-1], "pid": pid, "parent": "1",
         "start_time": str(TIME - rng.randrange(60, 900000)), "cmdline": path})
    return pid


def add_pipe(host, name, pid, path):
    host.rows["fsa_named_pipes"].append(
        {"path": name, "process_path": path, "type": "stream", "is_listening": "1", "pid": pid})


def add_shim(host, rng, path):
    host.rows["fsa_shimcache"].append(
        {"path": path, "modified_time": str(TIME - rng.randrange(9000, 90000000)),
         "position": str(len(host.rows["fsa_shimcache"]))})


def add_memory(host, rng, pid, path, kind, explained):
    host.rows["fsa_injected_modules"].append(
        {"process_path": path, "kind": kind, "path": "", "is_explained": explained, "pid": pid,
         "regions": "1", "size": str(rng.randrange(1, 60) * 4096)})


def add_script(host, digest, path, text):
    host.rows["fsa_script_blocks"].append(
        {"sha256": digest, "script_path": path, "is_complete": "1", "times": "1", "script_start": text})


def make_catalogue(rng):
    """What is common: for each platform and role the programs, pipes and scripts, with their prevalence."""
    catalogue = {}
    for scope in ["windows", "linux", *ROLES]:
        linux = scope in ("linux", "web", "build")
        programs = []
        for _ in range(40 if scope in ("windows", "linux") else 25):
            name = word(rng)
            if linux:
                path = f"/usr/{rng.choice(['bin', 'sbin', 'lib/' + name])}/{name}"
            else:
                path = rng.choice([f"C:\\Windows\\System32\\{name}.exe",
                                   f"C:\\Program Files\\{name.title()}\\{name}.exe"])
            programs.append((path, min(1.0, rng.paretovariate(0.7) * 0.02 + 0.1)))
        scripts = [(sha256(rng), "", f"Get-{word(rng).title()} -Name {word(rng)}")
                   for _ in range(0 if linux else 15)]
        catalogue[scope] = (programs, scripts)
    return catalogue


def fill_common(host, rng, catalogue):
    for scope in (host.platform, host.role):
        programs, scripts = catalogue[scope]
        for path, prevalence in programs:
            if host.platform == "windows" and rng.random() < prevalence:
                add_shim(host, rng, path)
            if rng.random() < prevalence:
                pid = add_process(host, rng, path)
                stem = path.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0]
                if len(stem) % 2:
                    instance = rng.randrange(1000, 99999)
                    add_pipe(host, f"\\\\.\\pipe\\{stem}-{instance}" if host.platform == "windows"
                             else f"/run/{stem}/{instance}.sock", pid, path)
                if len(stem) == 7 and stem[0] in "bl":  # a runtime that compiles while it runs
                    add_memory(host, rng, pid, path, "anonymous", "1")
        for digest, path, text in scripts:
            if rng.random() < 0.4:
                add_script(host, digest, path, text)


def poisson(rng, mean):
    count, product, floor = 0, rng.random(), 2.718281828 ** -mean
    while product > floor:
        count += 1
        product *= rng.random()
    return count


def fill_own(host, rng):
    """Programs of this host alone, with all that hangs together with them."""
    for _ in range(poisson(rng, ROLES[host.role][2])):
        name = word(rng, 4)
        if host.platform == "windows":
            path = f"C:\\Users\\{host.user}\\AppData\\Local\\{name}\\{name}.exe"
            add_shim(host, rng, path)
        else:
            path = f"/opt/{name}/bin/{name}"
        if rng.random() < 0.35:
            pid = add_process(host, rng, path)
            if rng.random() < 0.2:
                add_pipe(host, f"\\\\.\\pipe\\{name}" if host.platform == "windows"
                         else f"/run/{name}.sock", pid, path)
    if host.platform == "windows":
        for _ in range(poisson(rng, 6 if host.role == "developer" else 1)):
            add_script(host, sha256(rng), "", f"${word(rng)} = {rng.randrange(9999)}; {word(rng)}")


def plant(hosts, rng):
    """Three implants; what each leaves is what `fsa-score rank` must bring up."""
    web = rng.choice([h for h in hosts if h.role == "web"])
    path = "/memfd:kwsync (deleted)"
    pid = add_process(web, rng, path)
    add_memory(web, rng, pid, path, "memfd", "0")
    add_memory(web, rng, pid, path, "anonymous", "0")
    add_pipe(web, "@kwsync-ctl", pid, path)

    desks = rng.sample([h for h in hosts if h.role == "desk"], 3)
    for host in desks:
        path = "C:\\ProgramData\\Intelmgr\\wlanhost.exe"
        pid = add_process(host, rng, path)
        add_pipe(host, f"\\\\.\\pipe\\wlh_{rng.randrange(10000, 99999)}_ctl", pid, path)

    server = rng.choice([h for h in hosts if h.role == "server"])
    path = "C:\\Windows\\Temp\\upd32\\run.ps1"
    add_shim(server, rng, path)
    digest = sha256(rng)
    add_script(server, digest, path, "powershell -EncodedCommand VwByAGkAdABlAC0ASABvAHMAdAAgACcAaAAnAA==")
    return [
        {"name": "memory only", "hosts": [web.uuid], "keys": ["/memfd:kwsync", "@kwsync-ctl"]},
        {"name": "pipe", "hosts": sorted(h.uuid for h in desks), "keys": ["wlanhost.exe", "wlh_{N}_ctl"]},
        {"name": "script", "hosts": [server.uuid], "keys": ["upd32", digest]},
    ]


def coverage_rows(host):
    rows = []
    for meta in QUERIES.values():
        if meta["source"] == "fsa_coverage":
            continue
        foreign = meta["platform"] not in ("all", host.platform)
        query = next(q for q, m in QUERIES.items() if m is meta)
        status = "unsupported" if foreign else host.status.get(meta["source"], "ok")
        scanned = status in ("ok", "partial")
        rows.append({"table_name": meta["source"], "status": status, "is_scanned": str(int(scanned)),
                     "rows_total": str(len(host.rows[query])) if scanned else "", "version": "0.1.0"})
    rows.append({"table_name": "fsa_coverage", "status": "ok", "is_scanned": "0", "rows_total": "",
                 "version": "0.1.0"})
    return rows


# ---- lines -----------------------------------------------------------------------------------------

def base(host, query, name, dialect):
    line = {"name": name.format(query=query), "hostIdentifier": host.uuid,
            "calendarTime": "Mon Sep 21 14:13:20 2026 UTC",
            "unixTime": TIME + host.number, "epoch": 0, "counter": 0, "numerics": False}
    if dialect == "old":
        line["unixTime"], line["epoch"], line["counter"] = str(line["unixTime"]), "0", "0"
    if dialect == "toplevel":
        line["hostname"] = host.name
    else:
        line["decorations"] = {"host_uuid": host.uuid, "hostname": host.name}
    return line


def numbers(row):
    return {k: int(v) if v.isdigit() and len(v) < 16 and str(int(v)) == v else v for k, v in row.items()}


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def lines_of(host, query, dialect):
    """The lines of one answer in one dialect."""
    rows = host.rows[query]
    if dialect == "rows":  # logger_snapshot_event_type: an empty answer leaves no line
        return [dump({**base(host, query, "pack_fsa_{query}", dialect), "columns": r, "action": "snapshot"})
                for r in rows]
    if dialect == "diff":
        return [dump({**base(host, query, "pack_fsa_{query}", dialect), "columns": r, "action": "added"})
                for r in rows]
    if dialect == "batch":
        return [dump({**base(host, query, "pack_fsa_{query}", dialect),
                      "diffResults": {"removed": [], "added": rows}})]
    name = {"fleet": "pack/Global/{query}", "team": "pack/team-7/{query}", "plain": "{query}",
            "zentral": "pack/fsa/12/{query}/77/1"}.get(dialect, "pack_fsa_{query}")
    line = base(host, query, name, dialect)
    if dialect == "numbers":
        line["numerics"], rows = True, [numbers(r) for r in rows]
    return [dump({"snapshot": rows, "action": "snapshot", **line})]


DIALECTS = ["file", "fleet", "team", "plain", "old", "toplevel", "numbers", "rows", "diff", "batch",
            "zentral", "data", "details", "array", "concatenated"]


def wrap(lines, dialect, host):
    """What managers put around lines; gives the text of the lines."""
    if dialect == "data":  # the body of a TLS logger's POST
        return '{"node_key":"k","log_type":"result","data":[' + ",".join(lines) + "]}\n"
    if dialect == "details":
        return "[" + ",".join('{"timestamp":"2026-09-21T14:13:20Z","details":' + x + "}" for x in lines) + "]\n"
    if dialect == "array":
        return "[" + ",".join(lines) + "]\n"
    if dialect == "concatenated":
        return "".join(lines)
    return "".join(x + "\n" for x in lines)


def log_of(host, dialect):
    lines = []
    for query in QUERIES:
        if host.platform in QUERIES[query]["platform"] or QUERIES[query]["platform"] == "all":
            if query not in host.lost:
                lines += lines_of(host, query, dialect)
    return wrap(lines, dialect, host)


# ---- what goes wrong -------------------------------------------------------------------------------

def spoil(hosts, rng, implanted):
    """Losses of all kinds, never on an implanted host. Gives the ground truth about them."""
    free = [h for h in hosts if h.uuid not in implanted]
    rng.shuffle(free)
    silent, dropped, denied, short, cut, clone = free[:3], free[3:5], free[5:7], free[7:9], free[9:11], free[11:13]
    for host in dropped:  # the TLS logger dropped a line above 1 MiB
        host.lost.add("fsa_processes")
    for host in denied:
        host.status["fsa_injected_modules"] = "denied"
        host.rows["fsa_injected_modules"] = []
    truth = {"silent": sorted(h.uuid for h in silent), "dropped": sorted(h.uuid for h in dropped),
             "denied": sorted(h.uuid for h in denied), "short": sorted(h.uuid for h in short),
             "cut": sorted(h.uuid for h in cut), "clones": [clone[0].uuid, clone[0].name, clone[1].name]}
    clone[1].uuid = clone[0].uuid
    return truth, silent, short, cut


def write_log(folder, number, text, kind):
    path = folder / f"fleet-{number}.log"
    if kind == "gz":
        with open(f"{path}.gz", "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as out:
            out.write(text.encode())
    elif kind == "zst" and shutil.which("zstd"):
        subprocess.run(["zstd", "-q", "-f", "-o", f"{path}.zst"], input=text.encode(), check=True)
    else:
        path.write_bytes(text.encode())


def make(folder, count, seed):
    rng = random.Random(seed)
    roles = [role for role, facts in ROLES.items() for _ in range(max(4, round(facts[0] * count)))]
    hosts = [Host(i, role, rng) for i, role in enumerate(roles[:max(count, 20)])]
    catalogue = make_catalogue(rng)
    for host in hosts:
        host.lost = set()
        fill_common(host, rng, catalogue)
        fill_own(host, rng)
    implants = plant(hosts, rng)
    implanted = {uid for implant in implants for uid in implant["hosts"]}
    expected = sorted(h.uuid for h in hosts)
    truth, silent, short, cut = spoil(hosts, rng, implanted)
    texts = [""] * 6
    duplicates = 0
    for host in hosts:
        host.rows["fsa_coverage"] = coverage_rows(host)
        if host in silent:
            continue
        if host in short:  # some rows were lost after coverage had counted them
            host.rows["fsa_processes"] = host.rows["fsa_processes"][: len(host.rows["fsa_processes"]) // 2]
        dialect = "file" if host in cut or host.lost else DIALECTS[host.number % len(DIALECTS)]
        text = log_of(host, dialect)
        if host in cut:  # the disk was full: a line ends in the middle
            text = text[:40] + "\n" + text
        texts[host.number % len(texts)] += text
        if host.number % 9 == 0:  # at least once: a POST was repeated
            texts[(host.number + 1) % len(texts)] += text
            duplicates += 1
        if not text.endswith("\n"):
            texts[host.number % len(texts)] += "\n"
            if host.number % 9 == 0:
                texts[(host.number + 1) % len(texts)] += "\n"
    texts[0] += dump({"name": "pack/Global/uptime", "hostIdentifier": expected[0], "unixTime": TIME,
                      "snapshot": [{"days": "1"}], "action": "snapshot"}) + "\n"
    texts[1] += "this is no JSON\n" + dump({"name": "fsa_processes", "snapshot": []}) + "\n"
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        write_log(logs, number, text, {2: "gz", 4: "zst"}.get(number, "plain"))
    (folder / "meta.json").write_text(json.dumps({"version": "0.1.0", "queries": QUERIES}, indent=1) + "\n")
    (folder / "hosts.txt").write_text("".join(f"{uid}\n" for uid in expected))
    (folder / "ground_truth.json").write_text(json.dumps(
        {"seed": seed, "hosts": len(hosts), "implants": implants, "duplicated": duplicates,
         "rejected": len(cut) + 2, **truth}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    make(arguments.folder, arguments.hosts, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
