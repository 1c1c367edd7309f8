#!/usr/bin/env python3
"""Event logs against evtxexport (libevtx) on the same bytes: processor time on one core, best of several runs.

Prints `name: ours X, peer Y, ratio Z`. Needs the shared evidence; its script joins a large mixed log.
"""
import glob
import os
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('FSA_BUILD', os.path.join(ROOT, 'build'))
SHARED = os.environ.get('FSA_SHARED', os.path.join(ROOT, '../shared/evidence'))
FSA = os.path.join(BUILD, 'bin/fsa')
BIG_MB = 200


def best(command, runs):
    """The least processor time (user and system) of some runs on one core, output thrown away, in seconds."""
    times = []
    core = {max(os.sched_getaffinity(0))}
    for _ in range(runs):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 preexec_fn=lambda: os.sched_setaffinity(0, core))
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        times.append(usage.ru_utime + usage.ru_stime)
        if child.returncode not in (0, 1):
            sys.exit(f'{command[0]} ended with {child.returncode}')
    return min(times)


def peer_reads(log):
    """evtxexport stops at the first record it cannot read; such logs would make it look fast."""
    return subprocess.run(['evtxexport', '-f', 'xml', log], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def ours(log, sql, form='jsonl'):
    return [FSA, '-e', log, '-f', form, '--jobs', '1', sql]


QUERIES = [
    ('whole events as JSON', 'SELECT event FROM fsa_event_log', 33),
    ('logons by event id', 'SELECT record_id, time FROM fsa_event_log WHERE eventid IN (4624, 4625)', 150),
    ('script blocks', 'SELECT * FROM fsa_script_blocks', 100),
]


def main():
    if not shutil.which('evtxexport'):
        return print('skipped: no evtxexport')
    if not os.path.isdir(os.path.join(SHARED, 'perf/evtx')):
        return print('skipped: no shared evidence')
    with tempfile.TemporaryDirectory() as folder:
        big = os.path.join(folder, 'big.evtx')
        parts = sorted(glob.glob(os.path.join(SHARED, 'perf/evtx/*.evtx')) +
                       glob.glob(os.path.join(SHARED, 'dev/evtx/**/*.evtx'), recursive=True))
        parts = [part for part in parts if peer_reads(part)]
        subprocess.run([sys.executable, os.path.join(SHARED, 'perf/build_big_evtx.py'), big, str(BIG_MB)] + parts,
                       check=True, stdout=subprocess.DEVNULL)
        logs = [os.path.join(SHARED, 'perf/evtx/StolenSzechuan_System.evtx'), big]
        for log in logs:
            peer = best(['evtxexport', '-f', 'xml', log], 3)
            for name, sql, goal in QUERIES:
                mine = best(ours(log, sql), 9)
                print(f'{name}, {os.path.basename(log)}: ours {mine * 1000:.1f} ms, peer {peer * 1000:.0f} ms, '
                      f'ratio {peer / mine:.0f} (goal {goal})', flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f'largest memory of any run, the peer included: {peak:.0f} MB')


if __name__ == '__main__':
    main()
