#!/usr/bin/env python3
"""Registry hives against independent readers.

1. Real hives (shared evidence): the counts of keys and values that libregf, hivex, dissect and regipy
   agree on; after log replay the counts of yarp.
2. Hives of our own and a real one, content by content: hivexml, regfexport, reglookup,
   reglookup-recover.

Every difference that is expected stands below with its reason; an expected one that is gone fails too.
Ends with `N passed, N failed, N skipped`.
"""
import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('FSA_BUILD', os.path.join(ROOT, 'build'))
SHARED = os.environ.get('FSA_SHARED', os.path.join(ROOT, '..', 'shared', 'evidence'))
FSA = os.path.join(BUILD, 'bin', 'fsa')
FIXTURES = os.path.join(BUILD, 'evidence', 'hives')
READERS = ('libregf', 'hivex', 'dissect', 'regipy')

# What we read where the readers disagree with each other, or all with us: (keys, values, reason).
SETTLED = {
    'EricZimmerman+Registry/SAMBadHBinHeader': (68, 73, 'one bin begins "gbin": its cells are sound and are '
                                                'read, as dissect and regipy do; libregf and hivex stop'),
    'log2timeline+plaso/regf/corrupt_sub_key_list.hiv': (100, 99, 'one list entry points at no key: the other '
                                                         '99 are read as libregf does; regipy counts the entry'),
    'msuhanov+yarp/BadListHive': (6, 0, 'one key stands in the lists of two parents: it is shown once, below the '
                                  'parent that it names itself (yarp calls the hive damaged)'),
    'msuhanov+yarp/TruncatedHive': (2, 0, 'cut: the leaves of the list lie behind the end of the file'),
}
# After replay, where yarp has no answer.
REPLAYED = {
    'msuhanov+yarp/OldDirtyHive/OldDirtyHive': (5003, 1, 'old log format; yarp\'s automatic mode refuses because LOG2 '
                                                'is empty, the hive that Windows 7 recovered has these counts'),
}
# Dirty hives without a log that can be applied must say so.
STALE = ('mkorman90+regipy/amcache.hve', 'EricZimmerman+Registry/SECURITY', 'Velocidex+velociraptor/Amcache.hve')


class Totals:
    passed = failed = skipped = 0


def check(name, ok, detail=''):
    if ok:
        Totals.passed += 1
    else:
        Totals.failed += 1
        print('FAIL %s: %s' % (name, detail))


def skip(name, reason):
    Totals.skipped += 1
    print('skipped %s: %s' % (name, reason))


def fsa(evidence, sql):
    """The rows of a statement as dictionaries; None when the evidence is refused."""
    done = subprocess.run([FSA, '-e', evidence, '-f', 'jsonl', sql], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    if done.returncode not in (0, 4):
        return None
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def counts(evidence):
    """(keys, values, problem codes), or None."""
    rows = fsa(evidence, "SELECT type = 'subkey' AS is_key, count(*) AS n FROM fsa_registry GROUP BY 1; "
                         "SELECT DISTINCT code FROM fsa_problems WHERE table_name = 'fsa_registry'")
    if rows is None:
        return None
    found = {row['is_key']: row['n'] for row in rows if 'is_key' in row}
    return found.get(1, 0), found.get(0, 0), {row['code'] for row in rows if 'code' in row}


# ---- real hives ---------------------------------------------------------------------------------

def agreed(entry):
    """(keys, values) that all readers give, or None."""
    answers = {(entry[r].get('keys'), entry[r].get('values')) for r in READERS if isinstance(entry.get(r), dict)}
    return answers.pop() if len(answers) == 1 else None


def expected_counts(path, entry, replay):
    """(keys, values), None when it is no hive."""
    short = path[len('hives/'):]
    if short in REPLAYED:
        return REPLAYED[short][:2]
    if path in replay and 'after' in replay[path]:
        return replay[path]['after']['keys'], replay[path]['after']['values']
    if short in SETTLED:
        return SETTLED[short][:2]
    return agreed(entry)


def check_real():
    folder = os.path.join(SHARED, 'dev')
    if not os.path.isdir(folder):
        return skip('real hives', 'no shared evidence')
    with gzip.open(os.path.join(folder, 'groundtruth', 'hives.json.gz')) as file:
        truth = json.load(file)
    with gzip.open(os.path.join(folder, 'groundtruth', 'hive_transaction_replay.json.gz')) as file:
        replay = json.load(file)
    for path, entry in sorted(truth.items()):
        file, header = os.path.join(folder, path), entry.get('header') or {}
        if not os.path.exists(file):
            skip(path, 'not in this copy of the shared evidence')
        elif not header.get('checksum_ok') or header.get('type') != 0:
            got = counts(file)
            check(path, got is None or got[:2] == (0, 0), 'is no hive, but gave %s' % (got,))
        else:
            check_counts(path, file, expected_counts(path, entry, replay))


def check_counts(path, file, expected):
    got = counts(file)
    check(path, got is not None and got[:2] == expected, '%s, expected %s' % (got, expected))
    short = path[len('hives/'):]
    if short in STALE:
        check(path + ' says that it is stale', got and 'stale' in got[2], str(got))
    elif short not in SETTLED:
        check(path + ' has no problems', got and not got[2], str(got))


def check_perf():
    folder = os.path.join(SHARED, 'perf')
    manifest = os.path.join(folder, 'MANIFEST.tsv')
    if not os.path.exists(manifest):
        return skip('large hives', 'no shared evidence')
    with open(manifest) as file:
        lines = [line.rstrip('\n').split('\t') for line in file]
    for fields in lines:
        facts = fields[-2] if len(fields) > 2 else ''
        plain = re.search(r'"hivex": "(\d+)/(\d+)"', facts)
        after = re.search(r'after log replay \(yarp\) \{"keys": (\d+), "values": (\d+)', facts)
        if not plain:
            continue
        got = counts(os.path.join(folder, fields[0]))
        expected = tuple(int(n) for n in (after or plain).groups())
        check('perf/' + fields[0], got is not None and got[:2] == expected, '%s, expected %s' % (got, expected))


# ---- content ------------------------------------------------------------------------------------

class Content:
    """What one reader gives: keys by path below the root, values by (path, name)."""

    def __init__(self):
        self.keys, self.values = {}, {}


def ours(path):
    content = Content()
    root = None
    for row in fsa(path, 'SELECT path, key, name, type, mtime, data_size, hex(raw) AS raw FROM fsa_registry'):
        root = row['path'] if root is None else root
        if row['type'] == 'subkey':
            content.keys[row['path'][len(root) + 1:]] = row['mtime']
        else:
            key = row['key'][len(root) + 1:]
            content.values[key, row['name']] = (row['type'], row['data_size'], bytes.fromhex(row['raw'] or ''))
    return content


XML_TYPES = {'none': 'REG_NONE', 'string': 'REG_SZ', 'expand': 'REG_EXPAND_SZ', 'binary': 'REG_BINARY', 'int32': 'REG_DWORD',
             'link': 'REG_LINK', 'string-list': 'REG_MULTI_SZ', 'int64': 'REG_QWORD'}


def from_hivexml(path):
    # names of real hives can hold characters that XML 1.0 does not allow
    text = subprocess.run(['hivexml', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    text = re.sub(rb'[\x00-\x08\x0b\x0c\x0e-\x1f]', b'?', text)
    content = Content()

    def node(element, key):
        time = element.findtext('mtime')
        content.keys[key] = time
        for value in element.findall('value'):
            data = value.get('value')
            if value.get('encoding') == 'base64':
                data = base64.b64decode(data or '')
            content.values[key, value.get('key') or ''] = (XML_TYPES.get(value.get('type')), data)
        for child in element.findall('node'):
            name = child.get('name')
            node(child, key + '\\' + name if key else name)

    sys.setrecursionlimit(5000)
    node(xml.etree.ElementTree.fromstring(text).find('node'), '')
    return content


def same_as_xml(mine, theirs):
    """True when a value is the same; hivexml shows strings as text up to their NUL, numbers in decimal."""
    kind, data = theirs
    if mine[0] == 'REG_DWORD_BIG_ENDIAN':  # hivexml has one name for both byte orders
        return kind == 'REG_DWORD' and int(data) & 0xFFFFFFFF == int.from_bytes(mine[2], 'big')
    if kind is not None and kind != mine[0]:
        return False
    if isinstance(data, bytes):
        return data == mine[2]
    if kind in ('REG_DWORD', 'REG_QWORD') and data is not None:
        return int(data) & (2 ** 64 - 1) == int.from_bytes(mine[2], 'little', signed=True) & (2 ** 64 - 1)
    if kind in ('REG_SZ', 'REG_EXPAND_SZ', 'REG_LINK') and data is not None:
        text = mine[2][:len(mine[2]) // 2 * 2].decode('utf-16le', 'replace').split('\0')[0]
        return re.sub('[\\x00-\\x1f]', '?', text) == re.sub('[\\x00-\\x1f]', '?', data.replace('\r', '\n'))
    return True


def visible(name):
    """What readers that end a name at its NUL show of it."""
    return '\\'.join(part.split('\u2400')[0] for part in name.split('\\'))


def check_xml(name, path):
    if not shutil.which('hivexml'):
        return skip('hivexml', 'libhivex-bin is not installed')
    mine, theirs = ours(path), from_hivexml(path)
    hidden = {visible(key): key for key in mine.keys}
    check('hivexml %s keys' % name, set(hidden) == set(theirs.keys),
          sorted(set(hidden) ^ set(theirs.keys))[:5])
    seen = {(visible(key), visible(value)): facts for (key, value), facts in mine.values.items()}
    missing = set(seen) ^ set(theirs.values)
    check('hivexml %s values' % name, not missing, sorted(missing)[:5])
    wrong = [item for item in set(seen) & set(theirs.values)
             if not same_as_xml(seen[item], theirs.values[item])]
    check('hivexml %s data' % name, not wrong,
          [(item, seen[item], theirs.values[item]) for item in sorted(wrong)[:3]])


def from_regfexport(path):
    text = subprocess.run(['regfexport', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'}).stdout.decode('utf-8', 'replace')
    content, key, name = Content(), None, None
    for line in text.splitlines():
        if line.startswith('Key path: '):
            key = line[len('Key path: '):].partition('\\')[2]
            content.keys[key] = None
        elif match := re.match(r'Value: \d+ ?(.*)', line):
            name = '' if match[1] == '(default)' else match[1]
            content.values[key, name] = None
        elif match := re.match(r'Data size: (\d+)', line):
            content.values[key, name] = int(match[1])
    return content


# Sizes that regfexport gives otherwise: (fixture, key, value) and the reason.
REGFEXPORT_SIZES = {
    ('v1_4', 'Key', 'big'): 'libregf joins big data from regf 1.5 on; Windows writes it from 1.4 on, and hivex agrees',
    ('rich', 'names\\a', 'a'): 'regfexport counts a string up to its first NUL',
}


def check_regfexport(name, path):
    if not shutil.which('regfexport'):
        return skip('regfexport', 'libregf-utils is not installed')
    mine, theirs = ours(path), from_regfexport(path)
    check('regfexport %s keys' % name, {visible(key) for key in mine.keys} == set(theirs.keys),
          sorted({visible(key) for key in mine.keys} ^ set(theirs.keys))[:5])
    seen = {(visible(key), visible(value)): facts[1] for (key, value), facts in mine.values.items()}
    check('regfexport %s values' % name, set(seen) == set(theirs.values), sorted(set(seen) ^ set(theirs.values))[:5])
    wrong = {(name,) + item: (seen.get(item), size) for item, size in theirs.values.items()
             if size is not None and seen.get(item) != size}
    expected = {item for item in REGFEXPORT_SIZES if item[0] == name}
    check('regfexport %s sizes' % name, set(wrong) == expected, sorted(wrong.items())[:3])


def check_reglookup(name, path):
    """Paths, types and key times; names beyond ASCII are left out: reglookup prints their raw bytes."""
    if not shutil.which('reglookup'):
        return skip('reglookup', 'reglookup is not installed')
    text = subprocess.run(['reglookup', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'}).stdout.decode('latin-1')
    rows = [line.split(',') for line in text.splitlines()[1:]]
    theirs = {(row[0].strip('/').replace('/', '\\'), row[1]): row[-1] for row in rows if '%' not in row[0]}
    mine = ours(path)
    keys = {visible(key) for key in mine.keys if visible(key).isascii()}
    check('reglookup %s keys' % name, keys == {path for path, kind in theirs if kind == 'KEY'},
          sorted(keys ^ {path for path, kind in theirs if kind == 'KEY'})[:5])
    values = {(visible(key) + '\\' + visible(value), facts[0].replace('REG_', '').replace('DWORD_BIG_ENDIAN', 'DWORD_BE'))
              for (key, value), facts in mine.values.items()
              if visible(key).isascii() and visible(value).isascii()}
    named = {(path, kind.lower() if kind.startswith('0x') else kind) for path, kind in theirs if kind != 'KEY'}
    values = {(path.strip('\\'), kind.lower() if kind.startswith('0x') else kind) for path, kind in values}
    check('reglookup %s values' % name, values == named, sorted(values ^ named)[:5])


def check_recovered(path):
    """Every key that reglookup-recover finds in free cells is found, at the same place."""
    if not shutil.which('reglookup-recover'):
        return skip('reglookup-recover', 'reglookup is not installed')
    text = subprocess.run(['reglookup-recover', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = [line.split(',') for line in text.decode('latin-1').splitlines()[1:]]
    theirs = {int(row[0], 16): row[4] for row in rows if row[2] == 'KEY'}
    mine = {row['source_offset']: row['name'] for row in fsa(path, "SELECT source_offset, name FROM fsa_registry "
                                                             "WHERE deleted = 1 AND is_deleted = 1 AND type = 'subkey'")}
    missing = {at: name for at, name in theirs.items()
               if at not in mine or ('%' not in name and mine[at] != name)}
    check('recovered keys of ' + os.path.basename(path), not missing, sorted(missing.items())[:3])


def check_content():
    if not os.path.isdir(FIXTURES):
        return skip('made hives', 'tests/evidence/make_hives.py was not run')
    for name in ('small', 'kinds', 'rich', 'deleted', 'v1_2', 'v1_3', 'v1_4', 'v1_6'):
        path = os.path.join(FIXTURES, name)
        check_xml(name, path)
        check_regfexport(name, path)
        check_reglookup(name, path)
    check_recovered(os.path.join(FIXTURES, 'deleted'))
    for name in ('msuhanov+yarp/DeletedTreeHive', 'EricZimmerman+Registry/SAM', 'EricZimmerman+Registry/SECURITY',
                 'mkorman90+regipy/BCD', 'AndrewRathbun+DFIRArtifactMuseum/Amcache/Win2012R2/StolenSzechuan/Amcache.hve'):
        if os.path.exists(os.path.join(SHARED, 'dev', 'hives', name)):
            check_recovered(os.path.join(SHARED, 'dev', 'hives', name))
    real = os.path.join(SHARED, 'dev', 'hives', 'mkorman90+regipy', 'SYSTEM')
    if os.path.exists(real):
        check_xml('real SYSTEM', real)
    else:
        skip('real SYSTEM', 'no shared evidence')


def main():
    if not os.path.exists(FSA):
        skip('all', 'no shell at ' + FSA)
    else:
        check_real()
        check_perf()
        check_content()
    print('%d passed, %d failed, %d skipped' % (Totals.passed, Totals.failed, Totals.skipped))
    sys.exit(1 if Totals.failed else 0)


if __name__ == '__main__':
    main()
