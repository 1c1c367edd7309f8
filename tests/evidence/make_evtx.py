#!/usr/bin/env python3
"""Makes the event logs that the tests read: make_evtx.py OUTDIR writes OUTDIR/evtx/.

  types.evtx, tokens.evtx      every value type and every BinXML token
  damage/*.evtx                what goes wrong with logs, one thing each
  win/Windows/System32/winevt/Logs/*.evtx   a small host: logons, a cleared log, script blocks in parts

make_evtx.py --corpus DIR writes small cut copies for the fuzz target. The texts are harmless and the
names invented.
"""
import os
import struct
import sys

import evtx_writer as w
from evtx_writer import Bare, CData, CharRef, Element, EntityRef, Instance, Instruction, Log, Slot, Template, value

NAMESPACE = 'http://schemas.microsoft.com/win/2004/08/events/event'
START = 133500000000000000  # 2024-01-17T21:20:00Z
SECOND = 10000000
SECURITY = ('Microsoft-Windows-Security-Auditing', '{54849625-5478-4994-A5BA-3E3B0328C30D}', 'Security')
EVENTLOG = ('Microsoft-Windows-Eventlog', '{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}', 'Security')
POWERSHELL = ('Microsoft-Windows-PowerShell', '{A0C1853B-5C40-4B15-8766-3CF1C58F985A}',
              'Microsoft-Windows-PowerShell/Operational')
CORE = ('PowerShellCore', '{F90714A8-5509-434A-BF6D-B1624C8A19A2}', 'PowerShellCore/Operational')
TESTS = ('FSA-Tests', '{00112233-4455-6677-8899-AABBCCDDEEFF}', 'FSA-Tests/Operational')
SYSTEM_SID, USER_SID = 'S-1-5-18', 'S-1-5-21-1000000001-1000000002-1000000003-1001'


def guid(number):
    return f'00000000-0000-4000-8000-{number:012x}'


def header_template(number, source):
    """The outer template of events of one provider, as Windows lays it out."""
    provider, provider_guid, channel = source
    system = Element('System', {}, [
        Element('Provider', {'Name': provider, 'Guid': provider_guid}),
        Element('EventID', {'Qualifiers': Slot(4, w.UINT16)}, Slot(3, w.UINT16)),
        Element('Version', {}, Slot(11, w.UINT8)),
        Element('Level', {}, Slot(0, w.UINT8)),
        Element('Task', {}, Slot(2, w.UINT16)),
        Element('Opcode', {}, Slot(1, w.UINT8)),
        Element('Keywords', {}, Slot(5, w.HEX64)),
        Element('TimeCreated', {'SystemTime': Slot(6, w.FILETIME)}),
        Element('EventRecordID', {}, Slot(10, w.UINT64)),
        Element('Correlation', {'ActivityID': Slot(7, w.GUID), 'RelatedActivityID': Slot(18, w.GUID)}),
        Element('Execution', {'ProcessID': Slot(8, w.UINT32), 'ThreadID': Slot(9, w.UINT32)}),
        Element('Channel', {}, channel),
        Element('Computer', {}, 'HOST1.example'),
        Element('Security', {'UserID': Slot(12, w.SID)})])
    return Template(guid(number), Element('Event', {'xmlns': NAMESPACE}, [system, Slot(17, w.XML)]))


HEADERS = {source: header_template(0x100 + i, source)
           for i, source in enumerate((SECURITY, EVENTLOG, POWERSHELL, CORE, TESTS))}


def add(log, source, event_id, payload, seconds=0, level=4, pid=500, user=None, activity=None, keywords=0):
    """One event with the usual header."""
    time = START + seconds * SECOND + 1234567
    none = value(w.NULL)
    values = [none] * 19
    values[0] = value(w.UINT8, level)
    values[1] = value(w.UINT8, 0)
    values[2] = value(w.UINT16, 12544 if source is SECURITY else 2)
    values[3] = value(w.UINT16, event_id)
    values[5] = value(w.HEX64, keywords)
    values[6] = value(w.FILETIME, time)
    values[7] = value(w.GUID, activity) if activity else none
    values[8] = value(w.UINT32, pid)
    values[9] = value(w.UINT32, 4321)
    values[10] = value(w.UINT64, log.next_id)
    values[11] = value(w.UINT8, 1)
    values[12] = value(w.SID, user) if user else none
    values[17] = payload
    log.add(time, Instance(HEADERS[source], values))


def event_data(number, names):
    """A payload template: <Data Name='...'> for each name and slot."""
    return Template(guid(number), Element('EventData', {}, [
        Element('Data', {'Name': name} if name else {}, Slot(i)) for i, name in enumerate(names)]))


# ---- every type ------------------------------------------------------------------------------------------

TYPES = [
    ('Null', value(w.NULL)), ('String', value(w.STRING, 'plain')), ('Empty', value(w.STRING, '')),
    ('Escapes', value(w.STRING, 'a "b" \\ \t\r\n\x01 \u00e9 \u20ac \U0001F600')),
    ('LoneSurrogate', value(w.STRING, 'x\ud800y')), ('InnerNul', value(w.STRING, 'a\0b\0')),
    ('Long', value(w.STRING, 'ascii run of more than sixteen units, then \u00fc and on')),
    ('Ansi', value(w.ANSI, b'caf\xe9\0')), ('AnsiUtf8', value(w.ANSI, 'caf\u00e9'.encode())),
    ('Int8', value(w.INT8, -8)), ('UInt8', value(w.UINT8, 200)), ('Int16', value(w.INT16, -1600)),
    ('UInt16', value(w.UINT16, 60000)), ('Int32', value(w.INT32, -2000000000)),
    ('UInt32', value(w.UINT32, 4000000000)), ('Int64', value(w.INT64, -9223372036854775808)),
    ('UInt64', value(w.UINT64, 9223372036854775807)), ('UInt64Big', value(w.UINT64, 18446744073709551615)),
    ('Real32', value(w.REAL32, 0.1)), ('Real64', value(w.REAL64, 0.1)), ('RealNaN', value(w.REAL64, float('nan'))),
    ('RealBig', value(w.REAL64, 1e300)), ('True', value(w.BOOL, 1)), ('False', value(w.BOOL, 0)),
    ('Binary', value(w.BINARY, b'\x00\x01\xfe\xff\x10')), ('BinaryEmpty', value(w.BINARY, b'')),
    ('Guid', value(w.GUID, '12345678-9abc-def0-1234-56789abcdef0')),
    ('Size', value(w.SIZE, 4096)), ('Size32', (w.SIZE, struct.pack('<I', 16))),
    ('FileTime', value(w.FILETIME, START + 7)), ('FileTimeZero', value(w.FILETIME, 0)),
    ('FileTimeNever', value(w.FILETIME, 0x7FFFFFFFFFFFFFFF)),
    ('SystemTime', value(w.SYSTEMTIME, (2024, 2, 4, 29, 23, 59, 58, 999))),
    ('SystemTimeZero', value(w.SYSTEMTIME, (0,) * 8)), ('SystemTimeWrong', value(w.SYSTEMTIME, (2023, 2, 3, 29, 0, 0, 0, 0))),
    ('Sid', value(w.SID, USER_SID)), ('SidBroken', (w.SID, b'\x01\x05\0\0')),
    ('Hex32', value(w.HEX32, 0xC000006D)), ('Hex64', value(w.HEX64, 0x8020000000000000)), ('Hex0', value(w.HEX64, 0)),
    ('Handle', value(w.HANDLE, 0x1234)), ('EvtXml', value(w.EVTXML, '<a b="c"/>')),
    ('WrongSize', (w.UINT32, b'\x01\x02\x03')), ('Unknown', (0x55, b'\x01\x02')),
]

ARRAYS = [
    ('Strings', value(w.STRING | w.ARRAY, ['one', '', 'three'])), ('Ansis', value(w.ANSI | w.ARRAY, [b'x', b'y'])),
    ('Bytes', value(w.UINT8 | w.ARRAY, [1, 2, 255])), ('Shorts', value(w.INT16 | w.ARRAY, [-1, 1])),
    ('Longs', value(w.UINT64 | w.ARRAY, [1, 2])), ('Reals', value(w.REAL32 | w.ARRAY, [0.5, 1.5])),
    ('Bools', value(w.BOOL | w.ARRAY, [1, 0])), ('Guids', value(w.GUID | w.ARRAY, [guid(1), guid(2)])),
    ('Sids', value(w.SID | w.ARRAY, [SYSTEM_SID, USER_SID])), ('Times', value(w.FILETIME | w.ARRAY, [START])),
    ('Hexes', value(w.HEX32 | w.ARRAY, [16, 255])), ('None', (w.UINT32 | w.ARRAY, b'')),
    ('Rest', (w.UINT32 | w.ARRAY, b'\1\0\0\0\2')),
]


def types_log():
    log = Log()
    for number, values in ((0x200, TYPES), (0x201, ARRAYS)):
        template = event_data(number, [name for name, _ in values])
        add(log, TESTS, number - 0x1FF, Instance(template, [item for _, item in values]))
    return log


# ---- every token -------------------------------------------------------------------------------------------

def tokens_log():
    log = Log()
    mixed = Template(guid(0x300), Element('EventData', {}, [
        Element('Data', {'Name': 'CData'}, [CData('<raw> & "quoted"')]),
        Element('Data', {'Name': 'References'}, ['a', EntityRef('amp'), 'b', EntityRef('lt'), CharRef(0x20AC), EntityRef('unknown')]),
        Element('Data', {'Name': 'Mixed'}, ['from ', Slot(0), ' to ', Slot(1, w.UINT32), '.']),
        Element('Data', {'Name': Slot(0)}, 'named by a slot'),
        Element('Data', {'Name': 'Typed', 'Type': 'win:UInt32'}, Slot(1, w.UINT32)),
        Element('Data', {'Name': 'Twice'}, 'first'), Element('Data', {'Name': 'Twice'}, 'second'),
        Element('Data', {}, 'unnamed'), Element('Data', {}, Slot(2, w.STRING)), Element('Data'), Element('Data', {'Name': 'Nothing'}),
        Instruction('target', 'instruction'), Element('Binary', {}, Slot(3, w.BINARY))]))
    add(log, TESTS, 11, Instance(mixed, [value(w.STRING, 'x"y'), value(w.UINT32, 7),
                                         value(w.STRING | w.ARRAY, ['s1', 's2']), value(w.BINARY, b'\xab')]))
    user = Template(guid(0x301), Element('UserData', {}, Element('EventXML', {'xmlns': 'Event_NS', 'Kind': 'test'}, [
        Element('SessionID', {}, Slot(0, w.UINT32)), Element('Item', {}, Slot(1)), Element('Item', {'id': '2'}, Slot(1)),
        Element('Group', {}, [Element('Leaf', {'a': Slot(2)}, 'deep')]), Element('Alone', {'x': Slot(2), 'y': '1'}), 'loose text'])))
    add(log, TESTS, 12, Instance(user, [value(w.UINT32, 3), value(w.STRING, 'item'), value(w.NULL)]))
    inner = event_data(0x302, ['Inner'])
    outer = Template(guid(0x303), Element('UserData', {}, Slot(0, w.XML)))
    add(log, TESTS, 13, Instance(outer, [Instance(inner, [value(w.STRING, 'nested twice')])]))
    add(log, TESTS, 14, Bare(Element('EventData', {}, [Element('Data', {'Name': 'bare'}, 'no template')])))
    add(log, TESTS, 15, value(w.NULL))
    add(log, TESTS, 16, value(w.STRING, 'text where a payload belongs'))
    log.add(START, Bare(Element('Event', {'xmlns': NAMESPACE}, [
        Element('System', {}, [Element('Provider', {'Name': 'Bare'}), Element('EventID', {}, '17'), Element('Level', {}, '2'),
                               Element('Keywords', {}, '0x8000000000000000'), Element('Channel', {}, 'Forwarded')]),
        Element('EventData', {}, [Element('Data', {}, 'whole event without a template')])])))
    inline = Template(guid(0x304), Element('Event', {'xmlns': NAMESPACE}, [
        Element('System', {}, [Element('Provider', {'Name': Slot(0)}), Element('EventID', {}, Slot(1, w.UINT16))]),
        Element('EventData', {}, [Slot(2), Element('Data', {}, Slot(3))]),
        Element('RenderingInfo', {'Culture': 'en-US'}, [Element('Message', {}, Slot(0))])]))
    log.add(START, Instance(inline, [value(w.STRING, 'Classic'), value(w.UINT16, 18), value(w.NULL),
                                     value(w.STRING | w.ARRAY, ['p1', 'p2'])]))
    return log


# ---- damage ------------------------------------------------------------------------------------------------------

def plain_log(chunks=3, flags=0):
    """Four records to a chunk; each says its number."""
    log = Log(chunk_records=4, flags=flags)
    template = event_data(0x400, ['Number', 'Text'])
    for i in range(4 * chunks):
        add(log, TESTS, 21, Instance(template, [value(w.UINT32, i + 1), value(w.STRING, f'record {i + 1} of the log')]), i)
    return log


def chunk_at(number):
    return w.FILE_HEADER + number * w.CHUNK


def record_at(log, chunk, index):
    """File offset of a record."""
    at = 512
    for _ in range(index):
        at += struct.unpack_from('<I', log.chunks[chunk].records, at - 512 + 4)[0]
    return chunk_at(chunk) + at


def patched(data, *patches):
    out = bytearray(data)
    for at, replacement in patches:
        out[at:at + len(replacement)] = replacement
    return bytes(out)


def damaged_logs():
    log = plain_log()
    good = log.bytes()
    text = good.index(w.utf16('record 7 of'))
    last = record_at(log, 2, 3)
    last_size = struct.unpack_from('<I', good, last + 4)[0]
    middle = record_at(log, 1, 1)
    name = good.index(w.utf16('EventID'), chunk_at(1)) - 2
    yield 'good', good
    yield 'bad_crc', patched(good, (text, w.utf16('RECORD')))
    yield 'bad_header_crc', patched(good, (chunk_at(1) + 60, b'\1'))
    yield 'bad_magic', patched(good, (chunk_at(1), b'ElfXxxx\0'))
    yield 'dirty', w.rewrite_header(good, flags=1, chunk_count=1, last_chunk=0, next_record=5)
    yield 'more_chunks', w.rewrite_header(good, chunk_count=2, last_chunk=1)
    yield 'torn', patched(good, (last + last_size - 8, bytes(8)))
    yield 'cut', good[:last + 100]
    yield 'hole', patched(good, (middle, bytes(64)))
    yield 'displaced', good[:chunk_at(1)] + b'\xee' * 512 + good[chunk_at(1):]
    yield 'no_header', bytes(w.FILE_HEADER) + good[w.FILE_HEADER:]
    yield 'bad_name', patched(good, (name, b'\xff\xff'))
    yield 'zero_tail', good + bytes(2 * w.CHUNK)
    yield 'garbage_chunk', good[:chunk_at(2)] + b'\x5a' * w.CHUNK + good[chunk_at(2):]
    yield 'no_checksums', w.rewrite_header(patched(good, (chunk_at(0) + 52, bytes(4))), flags=4)
    yield 'version', patched(good, (38, b'\x09'))
    yield 'no_records', Log().bytes()
    yield 'empty', b''
    yield 'not_a_log', b'This is text and not an event log.\r\n' * 200
    yield 'recursive', recursive_log().bytes()
    yield 'bomb', bomb_log().bytes()
    yield 'bomb_names', bomb_names_log().bytes()
    yield 'bomb_text', bomb_text_log().bytes()
    yield 'bomb_values', bomb_values_log().bytes()
    yield 'wrong_promise', wrong_promise_log().bytes()


def recursive_log():
    """BinXML nested deeper than anyone needs."""
    log = Log()
    payload = Instance(event_data(0x410, ['Deep']), [value(w.STRING, 'bottom')])
    for i in range(20):
        payload = Instance(Template(guid(0x420 + i), Element('Level', {}, Slot(0, w.XML))), [payload])
    add(log, TESTS, 22, payload)
    return log


def bomb_log():
    """Three templates that each use their value a hundred times."""
    log = Log()
    payload = Instance(event_data(0x430, ['Text']), [value(w.STRING, 'x' * 100)])
    for i in range(3):
        payload = Instance(Template(guid(0x440 + i), Element('Level', {}, [Slot(0, w.XML) for _ in range(100)])), [payload])
    add(log, TESTS, 23, payload)
    return log


def bomb_names_log():
    """One long name that a template refers to hundreds of times."""
    log = Log()
    name = 'N' * 9000
    template = Template(guid(0x460), Element('EventData', {}, [Element(name, {}, Slot(0)) for _ in range(1000)]))
    add(log, TESTS, 25, Instance(template, [value(w.UINT8, 1)]))
    return log


def bomb_text_log():
    """A template of a megabyte of JSON text, used by every small record of a chunk."""
    log = Log()
    attributes = {'Name': 'K' * 4000, **{f'a{i}': 'x' for i in range(300)}}
    template = Template(guid(0x461), Element('EventData', {}, Element('Data', attributes, Slot(0))))
    for _ in range(30):
        add(log, TESTS, 26, Instance(template, [value(w.UINT8, 1)]))
    return log


def bomb_values_log():
    """A thousand values, read again for each of thousands of uses."""
    log = Log()
    inner = Template(guid(0x462), Element('A', {}, Slot(0)))
    middle = Template(guid(0x463), Element('B', {}, [Slot(0, w.XML) for _ in range(60)]))
    outer = Template(guid(0x464), Element('EventData', {}, [Slot(0, w.XML) for _ in range(2000)]))
    add(log, TESTS, 27, Instance(outer, [Instance(middle, [Instance(inner, [value(w.NULL)] * 1000)])]))
    return log


def wrong_promise_log():
    """A template that promises text and gets BinXML."""
    log = Log()
    template = Template(guid(0x450), Element('EventData', {}, [Element('Data', {'Name': 'Text'}, ['is ', Slot(0), '.'])]))
    add(log, TESTS, 24, Instance(template, [Instance(event_data(0x451, ['Hidden']), [value(w.STRING, 'hidden')])]))
    return log


# ---- a host ----------------------------------------------------------------------------------------------------------

LOGON = ['SubjectUserSid', 'SubjectUserName', 'TargetUserSid', 'TargetUserName', 'TargetLogonId', 'LogonType', 'IpAddress']
SCRIPT = ['MessageNumber', 'MessageTotal', 'ScriptBlockText', 'ScriptBlockId', 'Path']


def security_log():
    log = Log(first_id=1001)
    logon = event_data(0x500, LOGON)

    def logon_values(user, logon_id, kind, address):
        return Instance(logon, [value(w.SID, SYSTEM_SID), value(w.STRING, 'HOST1$'), value(w.SID, USER_SID), value(w.STRING, user),
                                value(w.HEX64, logon_id), value(w.UINT32, kind), value(w.STRING, address)])

    cleared = Template(guid(0x501), Element('UserData', {}, Element('LogFileCleared', {'xmlns': 'http://manifests.microsoft.com/win/2004/08/windows/eventlog'}, [
        Element('SubjectUserSid', {}, Slot(0, w.SID)), Element('SubjectUserName', {}, Slot(1)), Element('SubjectDomainName', {}, Slot(2)),
        Element('SubjectLogonId', {}, Slot(3, w.HEX64))])))
    success, failure = 0x8020000000000000, 0x8010000000000000
    add(log, EVENTLOG, 1102, Instance(cleared, [value(w.SID, USER_SID), value(w.STRING, 'user1'), value(w.STRING, 'HOST1'), value(w.HEX64, 0x3E7A1)]), 0, pid=900)
    for i in range(6):
        add(log, SECURITY, 4624, logon_values('user1', 0x40000 + i, 3, f'192.0.2.{i + 1}'), 10 + i, 0, 600, activity=guid(0x9000 + i), keywords=success)
    add(log, SECURITY, 4625, logon_values('user2', 0, 10, '198.51.100.7'), 20, 0, 600, keywords=failure)
    process = event_data(0x502, ['NewProcessId', 'NewProcessName', 'CommandLine'])
    add(log, SECURITY, 4688, Instance(process, [value(w.HEX64, 0x1F4), value(w.STRING, 'C:\\Windows\\System32\\whoami.exe'), value(w.STRING, '"whoami" /all')]),
        30, 0, 4, keywords=success)
    return log


def script(log, source, seconds, block, number, total, text, path='', level=5, pid=1111):
    payload = Instance(SCRIPT_TEMPLATE, [value(w.INT32, number), value(w.INT32, total), value(w.STRING, text), value(w.STRING, block), value(w.STRING, path)])
    add(log, source, 4104, payload, seconds, level, pid, USER_SID)


SCRIPT_TEMPLATE = event_data(0x510, SCRIPT)
PARTS_B = ['function Get-Part {\r\n  "one"\r\n', '  "two \u00e4\u20ac"\r\n', '  "three"\n', '}\r\nGet-Part\r\n']
PARTS_C = [f'# part {i}\r\n' for i in range(1, 6)]
SINGLE = 'Get-Date\r\nWrite-Output "one"\r\n'


def powershell_logs():
    """Two logs of Windows PowerShell and one of PowerShell 7; block ids say what is tried."""
    old, new, core = Log(first_id=1), Log(first_id=50), Log(first_id=1)
    whole, joined, gap, twice, contradiction, seven = (guid(0xA0 + i) for i in range(6))
    other = event_data(0x511, ['param1'])
    script(old, POWERSHELL, 1, joined, 3, 4, PARTS_B[2], 'C:\\Scripts\\part.ps1')
    script(old, POWERSHELL, 2, joined, 1, 4, PARTS_B[0], 'C:\\Scripts\\part.ps1')
    add(old, POWERSHELL, 40961, Instance(other, [value(w.STRING, 'starting')]), 3)
    script(old, POWERSHELL, 4, gap, 1, 5, PARTS_C[0], level=3)
    script(old, POWERSHELL, 5, twice, 1, 1, 'Get-ChildItem')
    script(new, POWERSHELL, 60, whole, 1, 1, SINGLE)
    script(new, POWERSHELL, 61, twice, 1, 1, 'Get-ChildItem')
    script(new, POWERSHELL, 62, joined, 4, 4, PARTS_B[3], 'C:\\Scripts\\part.ps1')
    script(new, POWERSHELL, 63, joined, 1, 4, PARTS_B[0], 'C:\\Scripts\\part.ps1')
    script(new, POWERSHELL, 64, gap, 4, 5, PARTS_C[3], level=3)
    script(new, POWERSHELL, 65, joined, 2, 4, PARTS_B[1], 'C:\\Scripts\\part.ps1')
    script(new, POWERSHELL, 66, contradiction, 1, 3, 'a')
    script(new, POWERSHELL, 67, contradiction, 2, 3, 'b')
    script(new, POWERSHELL, 68, contradiction, 1, 3, 'not a')
    script(core, CORE, 70, seven, 1, 1, '$PSVersionTable', 'C:\\Scripts\\seven.ps1')
    return old, new, core


def bent_scripts_log():
    """Script blocks that contradict themselves: more parts than can be, a part behind the last, no id."""
    log = Log()
    script(log, POWERSHELL, 1, guid(0xB0), 1, 2000000000, 'one of two thousand million')
    script(log, POWERSHELL, 2, guid(0xB1), 5, 1, 'part five of one')
    nameless = Instance(event_data(0x512, ['ScriptBlockText']), [value(w.STRING, 'no id')])
    add(log, POWERSHELL, 4104, nameless, 3)
    return log


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)


def write_all(out):
    base = os.path.join(out, 'evtx')
    write(f'{base}/types.evtx', types_log().bytes())
    write(f'{base}/tokens.evtx', tokens_log().bytes())
    write(f'{base}/bent_scripts.evtx', bent_scripts_log().bytes())
    for name, data in damaged_logs():
        write(f'{base}/damage/{name}.evtx', data)
    logs = f'{base}/win/Windows/System32/winevt/Logs'
    old, new, core = powershell_logs()
    write(f'{logs}/Security.evtx', security_log().bytes())
    write(f'{logs}/Archive-Microsoft-Windows-PowerShell%4Operational-2024-01-17-21-20-05-000.evtx', old.bytes())
    write(f'{logs}/Microsoft-Windows-PowerShell%4Operational.evtx', new.bytes())
    write(f'{logs}/PowerShellCore%4Operational.evtx', core.bytes())
    write(f'{base}/win/Windows/System32/config/SYSTEM', b'')
    half = f'{base}/half/Windows/System32/winevt/Logs'  # one log can be read and holds nothing, one cannot
    write(f'{half}/Quiet.evtx', plain_log(0).bytes())
    write(f'{half}/Torn.evtx', b'no log')


def write_corpus(folder):
    old, new, _ = powershell_logs()
    seeds = {'types': types_log(), 'tokens': tokens_log(), 'security': security_log(), 'scripts': new, 'plain': plain_log(1),
             'recursive': recursive_log()}
    for name, log in seeds.items():
        write(f'{folder}/{name}', log.bytes(trimmed=True))


if __name__ == '__main__':
    if len(sys.argv) == 3 and sys.argv[1] == '--corpus':
        write_corpus(sys.argv[2])
    elif len(sys.argv) == 2:
        write_all(sys.argv[1])
    else:
        sys.exit(__doc__)
