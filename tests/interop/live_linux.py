#!/usr/bin/env python3
"""This machine, asked by fsa and by its own tools: ps, lsof, ss, getpcaps, /proc, and planted programs.

Planted programs (tests/plant) make a benign situation of each kind that a table must find, print
"ready" and wait on their input; none of what they plant is ever executed.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
NOBODY = 65534
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def same(name, got, expected):
    test(name, got == expected, "got %r, expected %r" % (got, expected))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def ask(sql, command=()):
    done = subprocess.run([*command, FSA, "-f", "json", sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (sql, done.stderr.decode()))
    return json.loads(done.stdout or b"[]")


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout.decode()


class Plant:
    """A planted program, from its "ready" to the end of the block."""

    def __init__(self, name, *arguments, program=None, argv0=None, **options):
        program = program or os.path.join(BUILD, "tests/plant-" + name)
        self.process = subprocess.Popen([argv0 or program, *arguments], executable=program, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, **options)

    def __enter__(self):
        words = self.process.stdout.readline().decode().split()
        if not words or words[0] != "ready":
            raise RuntimeError("the planted program did not start: %r" % words)
        self.told = words[1]
        self.pid = self.process.pid
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


# ---- processes --------------------------------------------------------------------------------------

def check_against_ps():
    """What ps shows of processes that live through both looks."""
    fields = ("pid", "ppid", "pgid", "sid", "ruid", "euid", "suid", "rgid", "egid", "sgid", "ni", "nlwp")
    columns = ("pid", "parent", "pgroup", "session", "uid", "euid", "suid", "gid", "egid", "sgid", "nice", "threads")
    ours = {row["pid"]: row for row in ask("SELECT * FROM fsa_processes")}
    theirs = {int(line.split()[0]): line.split() for line in run("ps", "-eo", ",".join(f + "=" for f in fields)).splitlines()}
    both = sorted(set(ours) & set(theirs))
    test("ps: enough processes in common", len(both) > 10, len(both))
    for i, column in enumerate(columns):
        different = [(pid, ours[pid][column], theirs[pid][i]) for pid in both
                     if str(ours[pid][column]) != theirs[pid][i] and theirs[pid][i] != "-"]  # '-': a real-time class
        if column == "threads":  # they come and go between the two looks
            different = different[3:]
        test("ps %s" % fields[i], not different, different[:3])
    starts = {int(a): int(b) for a, b in (line.split() for line in run("ps", "-eo", "pid=,etimes=").splitlines())}
    now = ask("SELECT strftime('%s','now') AS now")[0]["now"]
    late = [pid for pid in both if pid in starts and abs(int(now) - starts[pid] - ours[pid]["start_time"]) > 3]
    test("ps etimes", not late, late[:5])
    names = {int(line.split(None, 1)[0]): line.split(None, 1)[1] for line in run("ps", "-eo", "pid=,comm=").splitlines()}
    # ps reads the longer names of kernel workers
    wrong = [(ours[p]["name"], names[p]) for p in both if p in names and not ours[p]["is_kernel_thread"] and ours[p]["name"] != names[p].replace(" <defunct>", "")]
    test("ps comm", len(wrong) <= 1, wrong[:3])
    kernel = {int(p) for p, flags in (line.split() for line in run("ps", "--ppid", "2", "-o", "pid=,f=").splitlines())}
    test("kernel threads", all(ours[p]["is_kernel_thread"] for p in kernel if p in ours), "a child of kthreadd is none")


def check_against_proc():
    for row in ask("SELECT pid, path, cmdline, cwd, cgroup_path, is_deleted FROM fsa_processes WHERE path IS NOT NULL")[:40]:
        folder = "/proc/%d/" % row["pid"]
        try:
            path, cwd = os.readlink(folder + "exe"), os.readlink(folder + "cwd")
            cmdline = open(folder + "cmdline", "rb").read().rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it ended
        same("exe of %d" % row["pid"], row["path"] + (" (deleted)" if row["is_deleted"] else ""), path)
        same("cwd of %d" % row["pid"], row["cwd"], cwd)
        same("cmdline of %d" % row["pid"], row["cmdline"] or "", cmdline)


def check_self():
    me = os.getpid()
    row = ask("SELECT * FROM fsa_processes WHERE pid = %d" % me)[0]
    io = dict(line.split(": ") for line in open("/proc/self/io").read().splitlines())
    same("own path", row["path"], os.path.realpath("/proc/self/exe"))
    same("own parent", row["parent"], os.getppid())
    same("own parent is alive", row["is_parent_alive"], 1)
    same("own image inode", row["image_inode"], os.stat("/proc/self/exe").st_ino)
    same("own image on disk", row["on_disk"], 1)
    test("own written bytes", 0 <= row["disk_bytes_written"] <= int(io["write_bytes"]), row["disk_bytes_written"])
    parent = ask("SELECT start_time_ns AS t FROM fsa_processes WHERE pid = %d" % os.getppid())
    seen = ask("SELECT parent_start_time_ns AS t FROM fsa_processes WHERE pid = %d" % me)
    if parent:
        test("own parent's start", abs(parent[0]["t"] - seen[0]["t"]) < 10**9, (parent, seen))


def check_hidden_programs(folder):
    copy = os.path.join(folder, "copy of a program")
    shutil.copy(os.path.join(BUILD, "tests/plant-sleeper"), copy)
    with Plant("sleeper", program=copy) as plant:
        sql = "SELECT path, is_deleted, is_memfd, on_disk, is_name_masqueraded FROM fsa_processes WHERE pid = %d" % plant.pid
        same("a program in its file", ask(sql), [{"path": copy, "is_deleted": 0, "is_memfd": 0, "on_disk": 1, "is_name_masqueraded": 0}])
        os.remove(copy)
        same("a deleted program", ask(sql), [{"path": copy, "is_deleted": 1, "is_memfd": 0, "on_disk": 0, "is_name_masqueraded": 0}])
        shutil.copy(os.path.join(BUILD, "tests/plant-sleeper"), copy)
        same("a replaced program", [(r["is_deleted"], r["on_disk"]) for r in ask(sql)], [(1, 1)])
        kinds = ask("SELECT DISTINCT kind, path, on_disk FROM fsa_injected_modules WHERE pid = %d" % plant.pid)
        same("code of a deleted file", kinds, [{"kind": "deleted_file", "path": copy, "on_disk": 1}])
    odd = os.path.join(folder, "odd (deleted)")
    shutil.copy(os.path.join(BUILD, "tests/plant-sleeper"), odd)
    with Plant("sleeper", program=odd) as plant:
        same("a name that looks deleted", ask("SELECT path, is_deleted FROM fsa_processes WHERE pid = %d" % plant.pid),
             [{"path": odd, "is_deleted": 0}])
    with Plant("sleeper", "memfd") as plant:
        same("a program in memory only", ask("SELECT path, is_deleted, is_memfd, on_disk FROM fsa_processes WHERE pid = %d" % plant.pid),
             [{"path": "/memfd:sleeper", "is_deleted": 1, "is_memfd": 1, "on_disk": 0}])
        same("its code", ask("SELECT DISTINCT kind, is_memfd FROM fsa_injected_modules WHERE pid = %d" % plant.pid),
             [{"kind": "memfd", "is_memfd": 1}])
    with Plant("sleeper", argv0="[kworker/3:1]") as plant:
        same("the name of a kernel thread", ask("SELECT is_name_masqueraded AS m, is_kernel_thread AS k FROM fsa_processes WHERE pid = %d" % plant.pid),
             [{"m": 1, "k": 0}])


# ---- tokens ---------------------------------------------------------------------------------------------

def check_tokens():
    before = set(run("ps", "-eLo", "tid=").split())
    ours = ask("SELECT pid, tid, name, uid, euid, cap_effective, is_leader FROM fsa_tokens")
    after = set(run("ps", "-eLo", "tid=").split())
    missing = (before & after) - {str(row["tid"]) for row in ours}
    test("ps -L: threads that lived through the look", not missing, missing)
    same("one leader each", len([r for r in ours if r["is_leader"]]), len({r["pid"] for r in ours}))
    with Plant("sleeper") as plant:
        masks = re.search(r"=(\S*)", run("getpcaps", str(plant.pid)))
        row = ask("SELECT * FROM fsa_tokens WHERE pid = %d" % plant.pid)[0]
        status = dict(line.split(":\t", 1) for line in open("/proc/%d/status" % plant.pid).read().splitlines() if ":\t" in line)
        for column, key in (("cap_inheritable", "CapInh"), ("cap_permitted", "CapPrm"), ("cap_effective", "CapEff"),
                            ("cap_bounding", "CapBnd"), ("cap_ambient", "CapAmb")):
            same("capabilities " + key, int(row[column], 16), int(status[key], 16))
        same("namespace", row["user_namespace"], os.stat("/proc/self/ns/user").st_ino)
        if masks is None:
            skip("getpcaps", "it is not installed")
        else:
            test("getpcaps", bool(row["has_capabilities"]) == bool(masks.group(1)), masks.group(0))
    if os.geteuid() != 0:
        skip("planted threads", "only root can change a thread's user")
        return
    sql = ("SELECT tid, is_leader, euid, is_different, has_other_uids, has_other_gids, has_other_capabilities, "
           "has_capabilities, has_excess_capabilities FROM fsa_tokens WHERE pid = %d ORDER BY is_leader DESC")
    with Plant("thread", "uid", str(NOBODY)) as plant:
        leader, other = ask(sql % plant.pid)
        same("leader", (leader["tid"], leader["euid"], leader["is_different"]), (plant.pid, 0, 0))
        same("thread of another user", (other["tid"], other["euid"], other["is_different"], other["has_other_uids"]),
             (int(plant.told), NOBODY, 1, 1))
        same("its groups", other["has_other_gids"], 0)
        same("nothing impossible", other["has_excess_capabilities"], 0)
    with Plant("thread", "capabilities") as plant:
        leader, other = ask(sql % plant.pid)
        same("thread without capabilities", (other["is_different"], other["has_other_uids"], other["has_other_capabilities"], other["has_capabilities"]),
             (1, 0, 1, 0))
        same("only that thread", ask("SELECT count(*) AS n FROM fsa_tokens WHERE tid = %s AND is_different" % plant.told), [{"n": 1}])


# ---- memory -----------------------------------------------------------------------------------------------

def check_memory():
    sql = ("SELECT kind, start, permissions, is_anonymous, is_writable, is_modified, was_writable, is_explained, "
           "private_pages, first_private_page, first_bytes FROM fsa_injected_modules WHERE pid = %d AND start = '%s'")
    page = b"planted by a test, never execute".hex()
    expected = {
        "anonymous": ("anonymous", "r-xp", 1, 0, None, None, page),
        "rwx": ("anonymous", "rwxp", 1, 1, None, None, page),
        "memfd": ("memfd", "r-xs", 0, 0, None, 0, "00" * 32),
        "modified": ("modified_code", "r-xp", 0, 0, 1, 1, None),
        "poked": ("modified_code", "r-xp", 0, 0, 1, 0, None),
        "once_writable": ("once_writable", "r-xp", 0, 0, 0, 1, None),
    }
    for what, (kind, permissions, anonymous, writable, modified, was, first) in expected.items():
        with Plant("memory", what) as plant:
            rows = ask(sql % (plant.pid, plant.told))
            others = ask("SELECT kind, path FROM fsa_injected_modules WHERE pid = %d AND start <> '%s'" % (plant.pid, plant.told))
            same("memory %s: nothing else" % what, [r for r in others if r["kind"] not in ("temporary_file",)], [])
        if len(rows) != 1:
            test("memory " + what, False, "%d rows" % len(rows))
            continue
        row = rows[0]
        if row["kind"] == "temporary_file":  # the build folder lies in /tmp
            kind = row["kind"]
        same("memory " + what, (row["kind"], row["permissions"], row["is_anonymous"], row["is_writable"], row["is_modified"],
                                row["was_writable"], row["is_explained"]),
             (kind, permissions, anonymous, writable, modified, was, 0))
        if first:
            same("first bytes of " + what, row["first_bytes"], first)
        if modified:
            same("changed pages of " + what, (row["private_pages"], row["first_private_page"]), (1, plant.told))
    with Plant("sleeper") as plant:
        rows = ask("SELECT kind, path FROM fsa_injected_modules WHERE pid = %d AND kind <> 'temporary_file'" % plant.pid)
        same("nothing in an ordinary program", rows, [])


# ---- pipes --------------------------------------------------------------------------------------------------

def check_pipes(folder):
    fifo, socket, name = os.path.join(folder, "fifo"), os.path.join(folder, "socket"), "fsa-test-%d" % os.getpid()
    with Plant("pipes", fifo, socket, name) as plant:
        parent, child = plant.pid, int(plant.told)
        rows = ask("SELECT * FROM fsa_named_pipes WHERE pid IN (%d, %d)" % (parent, child))
        lsof = run("lsof", "-nP", "-p", "%d,%d" % (parent, child), "-F", "pftin")
        ss = run("ss", "-xanp")
    ends = [(r["pid"], r["type"], r["mode"], r["partner_pid"], r["partner_count"]) for r in rows if r["path"] == fifo]
    same("both ends of a FIFO", sorted(ends), sorted([(parent, "fifo", "w", child, 1), (child, "fifo", "r", parent, 1)]))
    listener = [r for r in rows if r["path"] == socket and r["is_listening"]]
    same("the listening socket", [(r["pid"], r["socket_type"], r["partner_pid"]) for r in listener], [(parent, "stream", None)])
    served = [r for r in rows if r["path"] == socket and not r["is_listening"]]
    same("the served end", [(r["pid"], r["partner_pid"], r["partner_path"]) for r in served], [(parent, child, None)])
    client = [r for r in rows if r["partner_path"] == socket]
    same("the client's end", [(r["pid"], r["partner_pid"], r["path"]) for r in client], [(child, parent, None)])
    abstract = [r for r in rows if r["path"] == "@" + name]
    same("the abstract socket", [(r["pid"], r["is_abstract"], r["socket_type"]) for r in abstract], [(parent, 1, "datagram")])
    pair = [(r["pid"], r["mode"], r["partner_pid"]) for r in rows if r["type"] == "pipe" and r["partner_pid"] in (parent, child)]
    test("the pipe", (parent, "w", child) in pair and (child, "r", parent) in pair, pair)
    if lsof:
        theirs, kind = set(), ""
        for line in lsof.splitlines():
            kind = line[1:] if line[0] == "t" else kind
            if line[0] == "i" and kind in ("FIFO", "unix"):
                theirs.add(int(line[1:]))
        same("lsof: inodes", {r["inode"] for r in rows if r["type"] != "unix_socket" or r["pid"]}, theirs)
    else:
        skip("lsof", "it is not installed")
    if ss:
        for row in client + served:
            found = re.search(r"\s%d\s+\S+\s+(\d+)\s" % row["inode"], ss)
            same("ss: peer of %d" % row["inode"], found and int(found.group(1)), row["partner_inode"])
    else:
        skip("ss", "it is not installed")
    same("one process alone", sorted({r["pid"] for r in ask("SELECT pid FROM fsa_named_pipes WHERE pid = %d" % os.getpid())} | {os.getpid()}), [os.getpid()])


def check_other_namespace(folder):
    """Sockets in another network namespace have their names; who is at their other end, the kernel tells only inside."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        skip("another network namespace", "it needs root and unshare")
        return
    arguments = [os.path.join(BUILD, "tests/plant-pipes"), os.path.join(folder, "fifo2"), os.path.join(folder, "socket2"), "other"]
    try:
        with Plant("pipes", "-n", *arguments, program=shutil.which("unshare")) as plant:
            rows = ask("SELECT path, net_namespace, is_listening, partner_pid, partner_count FROM fsa_named_pipes "
                       "WHERE pid = %d AND type = 'unix_socket' AND path = '%s' AND is_listening" % (plant.pid, arguments[2]))
            inode = os.stat("/proc/%d/ns/net" % plant.pid).st_ino
            fifo = ask("SELECT partner_pid FROM fsa_named_pipes WHERE pid = %d AND type = 'fifo'" % plant.pid)
    except RuntimeError:
        skip("another network namespace", "this user cannot make one")
        return
    same("a socket in another network namespace", rows, [{"path": arguments[2], "net_namespace": inode, "is_listening": 1,
                                                          "partner_pid": None, "partner_count": None}])
    same("a FIFO is everywhere the same", [r["partner_pid"] for r in fifo], [int(plant.told)])


# ---- access ---------------------------------------------------------------------------------------------------

def check_access():
    """Another user's process: what is refused is a problem, what is public is a row."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        skip("refused access", "it needs root and setpriv")
        return
    as_nobody = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--bounding-set", "-all"]
    if subprocess.run([*as_nobody, FSA, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        skip("refused access", "another user cannot run the program in its folder")
        return
    for table in ("processes", "tokens", "injected_modules", "named_pipes"):
        sql = ("SELECT * FROM fsa_%s; SELECT count(*) AS n FROM fsa_problems WHERE problem_source IN "
               "(SELECT CAST(pid AS TEXT) FROM fsa_processes WHERE is_kernel_thread)" % table)
        done = subprocess.run([*as_nobody, FSA, "-f", "jsonl", sql], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        same("kernel threads have nothing to refuse: " + table, json.loads(done.stdout.splitlines()[-1]), {"n": 0})
    sql = ("SELECT path FROM fsa_processes; SELECT count(*) AS n FROM fsa_processes; SELECT status, problems > 0 AS has_problems "
           "FROM fsa_coverage WHERE table_name = 'fsa_processes'")
    done = subprocess.run([*as_nobody, FSA, "-f", "jsonl", sql], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    same("a narrower look does not make the wider one complete", json.loads(done.stdout.splitlines()[-1]),
         {"status": "partial", "has_problems": 1})
    with Plant("sleeper") as plant:
        problems = "SELECT code, message FROM fsa_problems WHERE problem_source = '%d'" % plant.pid
        for table, columns, seen in (("processes", "pid, name, path", [{"pid": plant.pid, "name": "plant-sleeper", "path": None}]),
                                     ("injected_modules", "pid", []), ("named_pipes", "pid", [])):
            sql = "SELECT %s FROM fsa_%s WHERE pid = %d" % (columns, table, plant.pid)
            done = subprocess.run([*as_nobody, FSA, "-f", "json", sql + "; " + problems], stdout=subprocess.PIPE, timeout=60)
            text = done.stdout.decode()
            first, at = json.JSONDecoder().raw_decode(text) if text.strip().startswith("[") else ([], 0)
            same("refused %s: rows" % table, first, seen)
            test("refused %s: problem" % table, '"access"' in text[at:], text)


def check_hidepid():
    """hidepid keeps other users' processes out of the listing: a problem says that rows are missing."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        skip("hidepid", "it needs root, setpriv and unshare")
        return
    script = ('mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid %d --regid %d --clear-groups '
              '--bounding-set -all "$0" -f jsonl "$1"' % (NOBODY, NOBODY))
    with tempfile.TemporaryDirectory() as folder:  # the build may lie where only its owner can reach it
        os.chmod(folder, 0o755)
        ask_as_nobody(script, shutil.copy(FSA, folder))


def ask_as_nobody(script, program):
    for table in ("processes", "tokens", "injected_modules", "named_pipes", "yara_memory"):
        rules = "AND sigrule = 'rule r { condition: true }'" if table == "yara_memory" else ""
        sql = ("SELECT pid FROM fsa_%s WHERE pid = 1 %s; SELECT code FROM fsa_problems WHERE table_name = 'fsa_%s' "
               "AND message LIKE '%%hidepid%%'" % (table, rules, table))
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, program, sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if b"mount" in done.stderr or b"unshare" in done.stderr:
            skip("hidepid", "no mount namespace can be made here")
            return
        same("hidepid: " + table, done.stdout.decode().split(), ['{"code":"access"}'])


def check_old_kernel():
    """The same answers without openat2, as before Linux 5.6."""
    if not shutil.which("strace"):
        skip("without openat2", "strace is not installed")
        return
    old = ["env", "ASAN_OPTIONS=detect_leaks=0",  # which cannot look for leaks while it is traced
           "strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=openat2", "-e", "inject=openat2:error=ENOSYS"]
    with Plant("sleeper") as plant:
        sql = "SELECT pid, name, path, on_disk, euid, cmdline, cgroup_path FROM fsa_processes WHERE pid = %d" % plant.pid
        same("live without openat2", ask(sql, old), ask(sql))
    recorded = "live:" + os.path.join(BUILD, "evidence/recorded_host")
    if not os.path.exists(recorded[5:]):
        skip("recording without openat2", "no recorded host was made")
        return
    for sql in ("SELECT pid, name, cmdline, cgroup_path, euid FROM fsa_processes('%s')",
                "SELECT pid, tid, is_different FROM fsa_tokens('%s')", "SELECT pid, kind, start FROM fsa_injected_modules('%s')"):
        same("recording without openat2", ask(sql % recorded, old), ask(sql % recorded))


def check_covered(folder):
    """A directory mounted over /proc/PID, in a mount namespace of its own, hides the process from ps but not from us."""
    empty = os.path.join(folder, "empty")
    os.mkdir(empty)
    with Plant("sleeper") as plant:
        sql = "SELECT pid, name, is_covered FROM fsa_processes WHERE pid = %d" % plant.pid
        script = 'mount --bind "$1" "/proc/$2" && ps -p "$2" -o comm=; exec "$3" -f json "$4"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", empty, str(plant.pid), FSA, sql],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if b"mount" in done.stderr and b"denied" in done.stderr or not done.stdout:
            skip("a covered process", "this user cannot mount")
            return
        same("a covered process", done.stdout.decode().strip(), json.dumps([{"pid": plant.pid, "name": None, "is_covered": 1}]).replace(": ", ":").replace(", ", ","))
        test("its problem", b"mounted over" in done.stderr, done.stderr)
        same("uncovered", ask(sql), [{"pid": plant.pid, "name": "plant-sleeper", "is_covered": 0}])


def main():
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        for check in (check_against_ps, check_against_proc, check_self, check_tokens, check_memory, check_access, check_hidepid,
                      check_old_kernel):
            check()
        check_hidden_programs(folder)
        check_pipes(folder)
        check_other_namespace(folder)
        check_covered(folder)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
