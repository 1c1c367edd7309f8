#!/usr/bin/env python3
"""Event logs against independent readers.

1. Real logs (shared evidence): records, event ids and times that libevtx, python-evtx and dissect agree
   on; script blocks with their hashes; logons, cleared logs, services and tasks field by field.
2. Real logs and our fixtures, every value of every event: evtxexport's XML put through the mapping of
   docs/formats/evtx.md, written here a second time.
3. Our fixtures: python-evtx's record numbers and event ids.

Every difference that is expected stands below with its reason; an expected one that is gone fails too.
Ends with `N passed, N failed, N skipped`.
"""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('FSA_BUILD', os.path.join(ROOT, 'build'))
SHARED = os.environ.get('FSA_SHARED', os.path.join(ROOT, '..', 'shared', 'evidence'))
FSA = os.path.join(BUILD, 'bin', 'fsa')
FIXTURES = os.path.join(BUILD, 'evidence', 'evtx')

# Where we serve more records than libevtx lists: (all records, recovered ones, reason).
RECORDS = {
    'sample_with_a_bad_chunk_magic.evtx': (301, 172, 'three chunks hold sectors of two generations: reading goes on behind a torn '
                                           'record; libevtx and dissect leave the rest of the chunk out, python-evtx gets 270'),
    'RdpCoreTS%4Operational.evtx': (1977, 258, 'two chunks hold sectors of two generations, as above; python-evtx gets 1912'),
    'System2.evtx': (284, 90, 'the file is cut 704 bytes before the end of its last chunk: the records before the cut are whole; '
                     'the other readers leave such a chunk out'),
}
totals = {'passed': 0, 'failed': 0, 'skipped': 0}


def check(name, wrong):
    totals['failed' if wrong else 'passed'] += 1
    if wrong:
        print(f'FAIL {name}: {wrong}')


def skip(name, reason):
    totals['skipped'] += 1
    print(f'skipped {name}: {reason}')


def ask(evidence, sql):
    done = subprocess.run([FSA, '-e', evidence, '-f', 'jsonl', sql], capture_output=True, check=False)
    if done.returncode not in (0, 4):
        raise RuntimeError(f'{evidence}: exit {done.returncode}: {done.stderr.decode()[-500:]}')
    return [json.loads(line) for line in done.stdout.decode('utf-8').splitlines()]


# ---- 1. ground truth -----------------------------------------------------------------------------------

def check_counts(path, truth, name):
    rows = ask(path, 'SELECT eventid, is_recovered, count(*) AS n, min(time_ns) AS first, max(time_ns) AS last '
                     'FROM fsa_event_log GROUP BY 1, 2')
    total, recovered = sum(row['n'] for row in rows), sum(row['n'] for row in rows if row['is_recovered'])
    for suffix, expected in RECORDS.items():
        if name.endswith(suffix):
            return check(f'records of {name}', None if (total, recovered) == expected[:2] else
                         f'{total} records, {recovered} recovered; expected {expected}')
    known = truth['libevtx']['records']
    check(f'records of {name}', None if total == known else f'{total}, libevtx {known}')
    ids = {}
    for row in rows:
        ids[str(row['eventid'])] = ids.get(str(row['eventid']), 0) + row['n']
    others = [truth[reader].get('event_ids') for reader in ('libevtx', 'python_evtx', 'dissect')]
    check(f'event ids of {name}', None if ids in others else f'{ids}, others {others}')
    if truth['libevtx'].get('min_written_filetime') and rows:
        ours = (min(row['first'] for row in rows), max(row['last'] for row in rows))
        theirs = tuple((truth['libevtx'][f'{end}_written_filetime'] - 116444736000000000) * 100 for end in ('min', 'max'))
        check(f'times of {name}', None if ours == theirs else f'{ours}, libevtx {theirs}')


def check_scripts(path, truth, name):
    rows = {row['script_block_id'].lower(): row for row in ask(
        path, 'SELECT script_block_id, parts_seen, parts_total, is_complete, script_path, level, sha256, record_id FROM fsa_script_blocks')}
    wrong = []
    for block in truth['script_blocks']:
        row = rows.pop(block['script_block_id'].lower(), None)
        if not row:
            wrong.append(f"{block['script_block_id']} is missing")
            continue
        ours = (row['parts_total'], row['parts_seen'], bool(row['is_complete']), row['script_path'] or '', row['level'])
        theirs = (block['message_total'], len(block['parts_present']), block['complete'], block['path'] or '', block['level'])
        if ours != theirs or (block['complete'] and row['sha256'] != block['sha256_utf8']):
            wrong.append(f'{ours} {row["sha256"]}, truth {theirs} {block["sha256_utf8"]}')
    wrong += [f'{one} is not in the truth' for one in rows]
    check(f'script blocks of {name}', '; '.join(wrong))


def flat(payload):
    """The leaves of a payload by name, UserData's below their element's."""
    out = {}
    for key, value in (payload or {}).items():
        for name, leaf in value.items() if isinstance(value, dict) else ():
            out[name] = leaf
            if isinstance(leaf, dict):
                out.update({f'{name}_{inner}': deep for inner, deep in leaf.items()})
    return out


def check_events(path, truth, name, kind):
    wanted = {event['EventRecordID']: event for event in truth[kind]}
    ids = ','.join(str(number) for number in sorted({event['EventID'] for event in truth[kind]}))
    wrong = []
    for row in ask(path, "SELECT json_extract(event, '$.System.EventRecordID') AS id, eventid, computer_name, channel, data "
                         f'FROM fsa_event_log WHERE eventid IN ({ids})'):
        event = wanted.pop(row['id'], None)
        if not event:
            continue
        ours = flat(row['data'])
        ours.update({'EventID': row['eventid'], 'Computer': row['computer_name'], 'Channel': row['channel']})
        for field, theirs in event.items():
            if field in ('EventRecordID', 'TimeCreated_SystemTime'):
                continue
            if normal(ours.get(field)) != normal(theirs):
                wrong.append(f"{row['id']} {field}: {ours.get(field)!r}, truth {theirs!r}")
    wrong += [f'record {number} is missing' for number in wanted]
    check(f'{kind} of {name}', '; '.join(wrong[:5]))


def ground_truth():
    path = os.path.join(SHARED, 'dev/groundtruth/evtx.json.gz')
    if not os.path.exists(path):
        return skip('ground truth', 'no shared evidence')
    for name, truth in sorted(json.load(gzip.open(path)).items()):
        log = os.path.join(SHARED, 'dev', name)
        if not os.path.exists(log):
            skip(name, 'the log itself is not in the shared evidence')
            continue
        check_counts(log, truth, name)
        if 'script_blocks' in truth:
            check_scripts(log, truth, name)
        for kind in ('cleared_events', 'logon_events', 'service_installs', 'task_events'):
            if kind in truth:
                check_events(log, truth, name, kind)


# ---- 2. every value, against evtxexport -----------------------------------------------------------------

def local(tag):
    return tag.split('}')[-1]


def put(target, key, value):
    """A second element with one key makes an array of both."""
    if key in target:
        if not isinstance(target[key], Several):
            target[key] = Several([target[key]])
        target[key].append(value)
    else:
        target[key] = value


class Several(list):
    pass


def mapped(element, is_data=False, skip_name=False):
    """docs/formats/evtx.md: an element as a JSON value. Attributes beside text are left to members()."""
    children = list(element)
    attributes = {local(key): value for key, value in element.attrib.items() if not (skip_name and key == 'Name')}
    if not children and (element.text or not attributes):
        return element.text or ''
    out = dict(attributes)
    out.update(members(element, is_data))
    return out


def members(element, is_data):
    out = {}
    for child in element:
        tag = local(child.tag)
        name = child.get('Name') if is_data else None
        put(out, tag if name is None else name, mapped(child, tag == 'EventData', name is not None))
        if len(child) == 0 and child.text:
            for key, value in child.attrib.items():
                if not (name is not None and key == 'Name'):
                    put(out, f'{tag if name is None else name}@{local(key)}', value)
    return out


def normal(value):
    """One form for what readers print differently; see DIFFERENT_FORMS."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if value is None:
        return ''
    if isinstance(value, (int, float)):
        return repr(float(value)) if isinstance(value, float) else str(value)
    text = str(value).replace('\r\n', '\n').replace('\r', '\n').replace('\0', '').replace('\u2400', '')
    text = re.sub('[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ufffd]', '', text)
    if re.fullmatch(r'0x[0-9a-fA-F]+', text):
        return hex(int(text, 16))
    if re.fullmatch(r'\d{4}-\d\d-\d\dT[\d:]{8}(\.\d+)?Z', text):
        whole, _, fraction = text[:-1].partition('.')
        return whole + '.' + (fraction + '000000000')[:9]
    if re.fullmatch(r'\{[0-9a-fA-F-]{36}\}', text):
        return text.lower()
    if re.fullmatch(r'-?\d+\.\d+(e[+-]?\d+)?', text):
        return repr(float(text))
    return text


def leaves(value, path=''):
    """{path: [normal texts]} of a JSON value; empty ones count as absent."""
    out = {}

    def walk(item, where):
        if isinstance(item, dict):
            for key, inner in item.items():
                if key != 'xmlns' and not key.startswith('xmlns:'):
                    walk(inner, f'{where}/{key}')
        elif isinstance(item, list):
            for inner in item:
                walk(inner, where)
        elif normal(item) != '':
            out.setdefault(where, []).append(normal(item))
    walk(value, path)
    return out


def exported(log):
    """evtxexport's events as JSON values; None for what is no XML."""
    done = subprocess.run(['evtxexport', '-f', 'xml', log], capture_output=True, check=False)
    text = done.stdout.decode('utf-8', 'replace')
    for piece in re.findall(r'<Event[ >].*?</Event>', text, re.S):
        try:
            yield mapped(ET.fromstring(re.sub('[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]', '', piece)))
        except ET.ParseError:
            yield None


def is_sign_and_magnitude(_, ours, theirs):
    return len(ours) == len(theirs) == 1 and ours[0].startswith('-') and ours[0][1:].isdigit() and any(
        theirs[0] == str(int(ours[0][1:]) - 2 ** bits) for bits in (7, 15, 31))


# What evtxexport (libevtx 20181227) shows differently.
FORMS = [
    {'name': 'negative integers are read as sign and magnitude by libevtx: -1 becomes -2147483647',
     'test': lambda path, ours, theirs: is_sign_and_magnitude(path, ours, theirs)
     or (len(ours) > 1 and path.endswith('/Shorts') and is_sign_and_magnitude(path, ours[:1], theirs[:1]))},
    {'name': 'a text that is only a line end is dropped by libevtx',
     'test': lambda _, ours, theirs: ours == ['\n'] and not theirs},
    {'name': 'SizeT is decimal in libevtx; Windows shows pointers as 0x...',
     'test': lambda path, ours, theirs: '/Size' in path and len(ours) == 1 and int(ours[0], 16) == int(theirs[0])},
    {'name': 'a zero time is unknown here, 1601 or bare numbers in libevtx',
     'test': lambda path, ours, theirs: 'TimeZero' in path and not ours},
    {'name': 'times that do not exist: the bytes or the number here, bare numbers in libevtx',
     'test': lambda path, ours, theirs: path.endswith(('FileTimeNever', 'SystemTimeWrong')) and theirs[0].startswith('(0x')},
    {'name': 'ANSI text that is valid UTF-8 is read as such here, as the code page by libevtx',
     'test': lambda path, ours, theirs: path.endswith('AnsiUtf8') and theirs[0] == ours[0].encode().decode('latin-1')},
    {'name': 'characters outside the BMP: libevtx joins surrogates wrongly and drops what follows a lone one',
     'test': lambda path, ours, theirs: path.endswith(('Escapes', 'LoneSurrogate')) and ours and theirs and ours[0][:5] == theirs[0][:5]
     or path.endswith('LoneSurrogate') and theirs == ['x']},
]
for known in FORMS:
    known['seen'] = 0

# Values that evtxexport cannot read at all: it then gives no event.
UNREADABLE = {'InnerNul', 'SidBroken', 'Handle', 'EvtXml', 'WrongSize', 'Unknown', 'Bools', 'Sids', 'None', 'Rest'}


def excused(path, ours, theirs):
    for form in FORMS:
        if form['test'](path, ours, theirs):
            form['seen'] += 1
            return True
    return False


def compare_events(log, name):
    ours = [row['event'] for row in ask(log, 'SELECT event FROM fsa_event_log WHERE is_recovered = 0')]
    theirs = list(exported(log))
    if len(ours) != len(theirs):
        return skip(f'values of {name}', f'{len(ours)} events, evtxexport gives {len(theirs)}')
    wrong = []
    for number, (one, other) in enumerate(zip(ours, theirs)):
        if one is None or other is None:
            continue
        left, right = leaves(one), leaves(other)
        for path in sorted(set(left) | set(right)):
            if left.get(path) != right.get(path) and not excused(path, left.get(path, []), right.get(path, [])):
                wrong.append(f'event {number + 1} {path}: {left.get(path)!r}, evtxexport {right.get(path)!r}')
    check(f'values of {name}', '\n  '.join(text[:600] for text in wrong[:4]))


def all_values():
    if not shutil.which('evtxexport'):
        return skip('values', 'no evtxexport')
    logs = []
    for folder in ('dev/evtx', 'perf/evtx'):
        for where, _, files in os.walk(os.path.join(SHARED, folder)):
            logs += [os.path.join(where, file) for file in files if file.endswith('.evtx')]
    if not logs:
        skip('values of real logs', 'no shared evidence')
    for log in sorted(logs):
        compare_events(log, os.path.relpath(log, SHARED))
    for where, _, files in sorted(os.walk(os.path.join(FIXTURES, 'win'))):
        for file in sorted(files):
            if file.endswith('.evtx'):
                compare_events(os.path.join(where, file), file)


def all_types():
    """One log for each value of the fixture, because evtxexport stops at the first that it cannot read."""
    if not shutil.which('evtxexport'):
        return skip('types', 'no evtxexport')
    sys.path.insert(0, os.path.join(ROOT, 'tests/evidence'))
    import make_evtx as make
    with tempfile.TemporaryDirectory() as folder:
        for name, item in make.TYPES + make.ARRAYS:
            log = make.Log()
            make.add(log, make.TESTS, 1, make.Instance(make.event_data(0x200, [name]), [item]))
            path = os.path.join(folder, name + '.evtx')
            make.write(path, log.bytes())
            readable = bool(list(exported(path)))
            if readable == (name in UNREADABLE):
                check(f'type {name}', 'evtxexport reads it now' if readable else 'evtxexport does not read it')
            elif readable:
                compare_events(path, f'type {name}')
            else:
                skip(f'type {name}', 'evtxexport cannot read such a value')


# ---- ceilings ------------------------------------------------------------------------------------------------

def unfinished_blocks():
    """More unfinished script blocks than are held: the oldest are given early, and it is said."""
    sys.path.insert(0, os.path.join(ROOT, 'tests/evidence'))
    import make_evtx as make
    count = 20050
    with tempfile.TemporaryDirectory() as folder:
        log = make.Log()
        for number in range(count):
            make.script(log, make.POWERSHELL, number, make.guid(number), 1, 2, f'# {number}')
        path = os.path.join(folder, 'unfinished.evtx')
        make.write(path, log.bytes())
        rows = ask(path, 'SELECT count(*) AS n, count(DISTINCT script_block_id) AS ids, sum(is_complete) AS complete FROM fsa_script_blocks;'
                         'SELECT count(*) AS limits FROM fsa_problems WHERE code = \'limit\'')
    expected = [{'n': count, 'ids': count, 'complete': 0}, {'limits': 1}]
    check('unfinished script blocks', None if rows == expected else f'{rows}, expected {expected}')


# ---- 3. fixtures, against python-evtx ---------------------------------------------------------------------

def python_evtx():
    try:
        from Evtx.Evtx import Evtx
    except ImportError:
        return skip('python-evtx', 'python3-evtx is not installed for this python')
    for where, _, files in sorted(os.walk(os.path.join(FIXTURES, 'win'))):
        for file in sorted(file for file in files if file.endswith('.evtx')):
            log = os.path.join(where, file)
            with Evtx(log) as theirs:
                known = [(record.record_num(), int(re.search(r'<EventID[^>]*>(\d+)', record.xml()).group(1))) for record in theirs.records()]
            ours = [(row['record_id'], row['eventid']) for row in ask(log, 'SELECT record_id, eventid FROM fsa_event_log')]
            check(f'python-evtx on {file}', None if ours == known else f'{ours}, python-evtx {known}')


def main():
    if not os.path.isdir(FIXTURES):
        skip('fixtures', 'not made yet: tests/evidence/make_evtx.py')
    ground_truth()
    all_values()
    all_types()
    unfinished_blocks()
    python_evtx()
    for form in FORMS:
        if not form['seen'] and not os.path.isdir(SHARED):
            skip(f"expected difference: {form['name']}", 'no shared evidence')
            continue
        check(f"expected difference: {form['name']}", None if form['seen'] else 'it is gone')
    print('{passed} passed, {failed} failed, {skipped} skipped'.format(**totals))
    sys.exit(1 if totals['failed'] else 0)


if __name__ == '__main__':
    main()
