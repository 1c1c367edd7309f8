#!/usr/bin/env python3
"""The state of all processes, against the tools that show the same, on one host in one run.

400 sleeping processes are added so that the host has the size of a server. Each command runs in turn
with the others; its best time counts. Time is wall time, CPU is user and system together.
"""
import os
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
ROUNDS, ADDED = 25, 400
PAIRS = (
    ("processes, identity and command line",
     "SELECT pid, parent, uid, euid, gid, egid, name, cmdline FROM fsa_processes",
     ["ps", "-eo", "pid,ppid,ruid,euid,rgid,egid,comm,args"]),
    ("processes, times and sizes",
     "SELECT pid, parent, pgroup, session, nice, threads, start_time, user_time, resident_size, total_size, state "
     "FROM fsa_processes",
     ["ps", "-eo", "pid,ppid,pgid,sid,ni,nlwp,lstart,cputimes,rss,vsz,state"]),
    ("threads with their credentials",
     "SELECT pid, tid, uid, euid, gid, egid, name FROM fsa_tokens",
     ["ps", "-eLo", "pid,lwp,ruid,euid,rgid,egid,comm"]),
    ("descriptors of pipes and sockets",
     "SELECT pid, fd, type, path, inode, partner_pid FROM fsa_named_pipes",
     ["lsof", "-nPw", "-F", "pftin", "-U"]),
)


def once(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime


def best(commands):
    results = [[] for _ in commands]
    for _ in range(ROUNDS):
        for result, command in zip(results, commands):
            result.append(once(command))
    return [(min(wall for wall, _ in result), min(cpu for _, cpu in result)) for result in results]


def main():
    sleepers = [subprocess.Popen(["sleep", "600"]) for _ in range(ADDED)]
    try:
        for name, sql, peer in PAIRS:
            (ours, our_cpu), (theirs, their_cpu) = best(([FSA, "-f", "csv", sql], peer))
            print("%s: ours %.1f ms, %s %.1f ms, ratio %.2f (CPU %.1f ms, %.1f ms, ratio %.2f)" % (
                name, ours * 1e3, peer[0], theirs * 1e3, theirs / ours, our_cpu * 1e3, their_cpu * 1e3,
                their_cpu / our_cpu))
        (smaps, cpu), = best(([FSA, "-f", "csv", "SELECT count(*) FROM fsa_injected_modules"],))
        print("injected_modules over the whole host: ours %.1f ms (CPU %.1f ms)" % (smaps * 1e3, cpu * 1e3))
    finally:
        for sleeper in sleepers:
            sleeper.kill()
        for sleeper in sleepers:
            sleeper.wait()


if __name__ == "__main__":
    main()
