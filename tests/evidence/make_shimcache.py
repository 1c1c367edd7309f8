#!/usr/bin/env python3
"""AppCompatCache values and the hives around them: `make_shimcache.py OUTDIR` writes OUTDIR/shimcache/.

values/<layout>.bin are values alone, one for each layout of docs/formats/appcompatcache.md;
damaged/<name>.bin the same bent in one place; <layout>/Windows/System32/config/SYSTEM the volumes.
Deterministic; every path in them is invented.
"""
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hive_writer import Hive, REG_BINARY, REG_SZ, filetime

# path, modification time, executed, data
ENTRIES = [
    ('\\??\\C:\\Windows\\System32\\first.exe', '2023-01-02T03:04:05Z', True, b''),
    ('SYSVOL\\Users\\bj\u00f6rn\\\u043f\u0440\u0438\u0432\u0435\u0442\U0001f600.exe',
     '2022-12-31T23:59:59.1234567Z'[:26] + 'Z', False, bytes(range(8)) + b'\0\0\0\0'),
    ('C:\\Temp\\again.exe', '2020-02-29T00:00:00Z', True, b'\2\0\0\0\1\0\0\0'),
    ('C:\\Temp\\again.exe', '2020-02-29T00:00:00Z', True, b'\2\0\0\0\1\0\0\0'),
    ('C:\\Temp\\timeless.exe', None, False, b'\0\0\0\0'),
]


def utf16(text):
    return text.encode('utf-16le')


def xp(entries, used=None):
    """96 slots behind a list of use. The third slot is in use but not in the list."""
    used = [3, 0, 1] if used is None else used
    slots = [utf16(path).ljust(528, b'\0') + struct.pack('<QQQ', filetime(time), 1000 + i,
                                                         filetime('2024-01-01T00:00:00Z') + i)
             for i, (path, time, _, _) in enumerate(entries[:4])]
    body = b''.join(slot.ljust(552, b'\0') for slot in slots).ljust(96 * 552, b'\0')
    head = struct.pack('<IIII', 0xDEADBEEF, 96, len(used), 0)
    return head + struct.pack('<96I', *(used + [0] * (96 - len(used)))) + body


def fixed(signature, first, wide, tail, entries):
    """The array of 2003 to 7: `tail` gives what follows the time, with the offset of the data."""
    size = (16 if wide else 8) + 8 + len(tail(entries[0], 0))
    head = struct.pack('<II', signature, len(entries)).ljust(first, b'\0')
    at = first + size * len(entries)
    table, heap = b'', b''
    for entry in entries:
        path = utf16(entry[0])
        place = at + len(heap)
        heap += path + b'\0\0'
        data_at = at + len(heap)
        heap += entry[3]
        table += struct.pack('<HH4xQ' if wide else '<HHI', len(path), len(path) + 2, place)
        table += struct.pack('<Q', filetime(entry[1])) + tail(entry, data_at)
    return head + table + heap


def sizes_2003(entry, _):
    return struct.pack('<Q', 4096 + len(entry[0]))


def flags_vista(entry, _):
    return struct.pack('<II', 2 if entry[2] else 1, 0)


def tail_7(wide):
    def tail(entry, data_at):
        flags = struct.pack('<II', 7 if entry[2] else 5, 0x100)
        return flags + struct.pack('<QQ' if wide else '<II', len(entry[3]), data_at if entry[3] else 0)
    return tail


def serial_8(magic, entries, header=0x80):
    body = b''
    for path, time, executed, data in entries:
        name, package = utf16(path), utf16('Some.Package') if 'again' in path else b''
        inner = (struct.pack('<H', len(name)) + name + struct.pack('<H', len(package)) + package
                 + struct.pack('<IIQI', 0x5F if executed else 0x5D, 0x1101, filetime(time), len(data)) + data)
        body += magic + struct.pack('<II', 0x1234, len(inner)) + inner
    return struct.pack('<I', header).ljust(0x80, b'\0') + body


def serial_10(header, entries, padding=64):
    body = b''
    for path, time, _, data in entries:
        name = utf16(path)
        inner = struct.pack('<H', len(name)) + name + struct.pack('<QI', filetime(time), len(data)) + data
        body += b'10ts' + struct.pack('<II', 0x5678, len(inner)) + inner
    return struct.pack('<I', header).ljust(header, b'\0') + body + bytes(padding)


PACKAGED = ('00000009\t000a000042ee0000\t000a000000000000\t8664\tMicrosoft.Sample\t8wekyb3d8bbwe\t',
            '2023-05-05T05:05:05Z', True, b'\1\0\0\0')

VALUES = {
    'xp': xp(ENTRIES),
    '2003-x86': fixed(0xBADC0FFE, 8, False, sizes_2003, ENTRIES),
    '2003-x64': fixed(0xBADC0FFE, 8, True, sizes_2003, ENTRIES),
    'vista-x86': fixed(0xBADC0FFE, 8, False, flags_vista, ENTRIES),
    'vista-x64': fixed(0xBADC0FFE, 8, True, flags_vista, ENTRIES),
    '7-x86': fixed(0xBADC0FEE, 128, False, tail_7(False), ENTRIES),
    '7-x64': fixed(0xBADC0FEE, 128, True, tail_7(True), ENTRIES),
    '8.0': serial_8(b'00ts', ENTRIES),
    '8.1': serial_8(b'10ts', ENTRIES),
    '8.1-preview': serial_8(b'10ts', ENTRIES, 0),
    '10': serial_10(0x30, ENTRIES),
    '10-creators': serial_10(0x34, ENTRIES + [PACKAGED]),
}


def patched(data, offset, layout, *values):
    copy = bytearray(data)
    struct.pack_into(layout, copy, offset, *values)
    return bytes(copy)


def damaged():
    """Each is wrong in one place; the case that reads it says what must still come out."""
    ten, seven, eight = VALUES['10-creators'], VALUES['7-x64'], VALUES['8.1']
    second = ten.index(b'10ts', 0x34 + 4)
    return {
        'unknown': struct.pack('<I', 0xC0FFEE00) + ten[4:],
        'empty': b'',
        'short': b'\x34\0\0\0',
        'cut': ten[:len(ten) - 64 - 20],
        'no_signature': patched(ten, second, '<4s', b'XXXX'),
        'size_too_large': patched(ten, second + 8, '<I', 0xFFFFFFF0),
        'path_too_long': patched(ten, second + 12, '<H', 0xFFFE),
        'path_outside': patched(seven, 128 + 48 + 8, '<Q', 0xFFFFFFFFFFFFFFF0),
        'count_huge': patched(seven, 4, '<I', 0xFFFFFFFF),
        'package_too_long': patched(eight, 0x80 + 12 + 2 + len(utf16(ENTRIES[0][0])), '<H', 0xFFFF),
        'xp_slot_outside': xp(ENTRIES, [0, 97, 1]),
        'xp_slot_twice': xp(ENTRIES, [1, 0, 1]),
        'no_entries_10': serial_10(0x34, [], 0),
        'no_entries_7': VALUES['7-x64'][:4] + bytes(124),
    }


def system(value, key='AppCompatCache', other=None):
    """A SYSTEM hive with two control sets, the second one current."""
    h = Hive(name='\\SystemRoot\\System32\\Config\\SYSTEM')
    select = h.key('Select')
    select.dword('Current', 2)
    select.dword('Default', 2)
    for number, data in ((1, other if other is not None else value), (2, value)):
        cache = h.key('ControlSet%03d\\Control\\Session Manager\\%s' % (number, key),
                      write_time='2024-03-0%dT10:00:00Z' % number)
        cache.value('AppCompatCache', REG_BINARY, data)
    h.key('ControlSet002\\Control\\ComputerName\\ComputerName').value(
        'ComputerName', REG_SZ, utf16('WORKSTATION-7\0'))
    return h.build()


def main(out):
    root = os.path.join(out, 'shimcache')
    shutil.rmtree(root, ignore_errors=True)

    def write(path, data):
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(data)

    for name, data in VALUES.items():
        write('values/%s.bin' % name, data)
        key = 'AppCompatibility' if name == 'xp' else 'AppCompatCache'
        write(name + '/Windows/System32/config/SYSTEM',
              system(data, key, serial_10(0x34, [PACKAGED]) if name == '10-creators' else None))
    for name, data in damaged().items():
        write('damaged/%s.bin' % name, data)
    write('damaged_hive/Windows/System32/config/SYSTEM', system(damaged()['no_signature']))
    write('unknown_hive/Windows/System32/config/SYSTEM', system(damaged()['unknown'], 'AppCompatCache',
                                                                VALUES['10']))
    without = Hive(name='SYSTEM')
    without.key('Select').dword('Current', 1)
    without.key('ControlSet001\\Control\\Session Manager').sz('x', 'y')
    write('without/Windows/System32/config/SYSTEM', without.build())


if __name__ == '__main__':
    main(sys.argv[1])
