#!/usr/bin/env python3
"""Registry hives: a walk over every key and value, and the first answer, against the peers' tools.

CPU seconds (user and system) of the best of several runs, so that other work on the machine counts
little. Hives: large real ones from the shared evidence, else one that hive_writer.py makes.
"""
import os
import resource
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('FSA_BUILD', os.path.join(ROOT, 'build'))
SHARED = os.environ.get('FSA_SHARED', os.path.join(ROOT, '..', 'shared', 'evidence'))
FSA = os.path.join(BUILD, 'bin', 'fsa')
RUNS = 7

sys.path.insert(0, os.path.join(ROOT, 'tests', 'evidence'))


def seconds(command):
    """CPU seconds of the best run."""
    best = None
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        best = used if best is None else min(best, used)
    return best


def made_hive():
    """60,000 keys with four values each, in a hive named SYSTEM."""
    path = os.path.join(BUILD, 'evidence', 'bench', 'SYSTEM')
    if not os.path.exists(path):
        from hive_writer import Hive
        hive = Hive(name='SYSTEM')
        for i in range(60000):
            key = hive.key('ControlSet001\\Services\\Group%03d' % (i // 200)).child('Service%05d' % i)
            key.sz('ImagePath', 'C:\\Windows\\System32\\drivers\\driver%05d.sys' % i)
            key.dword('Start', i % 5)
            key.dword('Type', 1)
            key.multi_sz('DependOnService', ['RpcSs', 'Service%05d' % (i // 2)])
        hive.key('Select').dword('Current', 1)
        hive.write(path)
    return path


def compare(name, ours, peer):
    if not shutil.which(peer[0]):
        return print('%s: skipped, %s is not installed' % (name, peer[0]))
    mine, theirs = seconds(ours), seconds(peer)
    print('%s: ours %.3f s, %s %.3f s, ratio %.1f' % (name, mine, peer[0], theirs, theirs / max(mine, 0.001)))


def main():
    folder = os.path.join(SHARED, 'perf', 'hives')
    hives = [os.path.join(folder, name) for name in ('SYSTEM_WIN_10_1709', 'SYSTEM_2', 'NTUSER_BAGMRU.DAT')]
    hives = [path for path in hives if os.path.exists(path)]
    for path in hives + [made_hive()]:
        name = os.path.basename(path) if path in hives else 'made, 60000 keys'
        walk = [FSA, '-e', path, '-f', 'csv', 'SELECT count(*) FROM fsa_registry']
        compare('hive walk (%s)' % name, walk, ['hivexml', path])
        compare('hive walk (%s)' % name, walk, ['reglookup', path])
        compare('hive walk (%s)' % name, walk, ['regfexport', path])
        first = [FSA, '-e', path, '-f', 'csv',
                 "SELECT data FROM fsa_registry WHERE key = 'HKEY_LOCAL_MACHINE\\SYSTEM\\Select'"]
        if 'SYSTEM' in os.path.basename(path):
            compare('hive first answer (%s)' % name, first, ['hivexget', path, 'Select', 'Current'])


if __name__ == '__main__':
    main()
