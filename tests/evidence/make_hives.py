#!/usr/bin/env python3
"""Registry hives for the tests: `make_hives.py OUTDIR` writes OUTDIR/hives/, and
`make_hives.py --corpus DIR` the seeds of the fuzz target (tests/fuzz/corpus/regf).

Made by hive_writer.py, deterministic. Each function below is one fixture or one family; its
docstring says what it is there for. Damage is done to the built bytes at places the writer reports.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hive_writer as hw
from hive_writer import Hive, PAGE


def patch(data, offset, layout, *values):
    """The bytes with fields overwritten; `offset` is in the file."""
    copy = bytearray(data)
    struct.pack_into(layout, copy, offset, *values)
    return bytes(copy)


def content(cell):
    """The file offset of a cell's content."""
    return PAGE + cell + 4


def small():
    """One bin with one of everything that is small: cut and bent at every byte by the unit test."""
    h = Hive(name='small')
    k = h.key('Key', write_time='2024-05-06T07:08:09Z', class_name='Class')
    k.sz('text', 'C:\\x.exe')
    k.dword('number', 7)
    k.sz('', 'default')
    h.key('Key\\Sub').binary('bytes', bytes(range(16)))
    gone = h.key('Key\\Gone')
    gone.sz('v', 'was here')
    gone.delete()
    return h


def kinds():
    """Every kind of subkey list, also below an ri list, and a name that exists in each."""
    h = Hive(name='kinds')
    for kind in ('lf', 'lh', 'li'):
        for leaf_size in (None, 3):
            k = h.key(kind + ('_ri' if leaf_size else ''))
            k.list_kind, k.leaf_size = kind, leaf_size
            for i in range(10):
                k.child('Child%d' % i).dword('n', i)
    for i in range(1200):
        h.key('many\\k%04d' % i)
    return h


def rich():
    """Names, types and data of every form."""
    h = Hive(name='\\SystemRoot\\System32\\Config\\RICH')
    names = h.key('names')
    for name in ('plain', 'caf\u00e9', '\u65e5\u672c\u8a9e', 'a\0hidden', '\U0001f511', 'UPPER'):
        names.child(name).sz(name, name)
    names.child('wide').utf16 = True
    names.value('wide value', hw.REG_SZ, 'x\0'.encode('utf-16le'), utf16=True)
    types = h.key('types')
    types.sz('sz', 'text')
    types.expand_sz('expand', '%SystemRoot%\\x')
    types.link('link', '\\Registry\\Machine\\X')
    types.multi_sz('multi', ['one', 'two', ''])
    types.dword('dword', 0xFFFFFFFF)
    types.value('be', hw.REG_DWORD_BIG_ENDIAN, b'\x01\x02\x03\x04')
    types.qword('qword', 1 << 63)
    types.value('none', hw.REG_NONE, b'')
    types.value('device', 0xFFFF0012, b'\x01\x02\x03\x04\x05\x06\x07\x08')
    sizes = h.key('sizes')
    for size in (0, 1, 2, 3, 4, 5, 8, 4096, 16343, 16344, 16345, 32688, 40000):
        sizes.binary('b%d' % size, bytes(i * 7 % 251 for i in range(size)))
    own_cell = sizes.binary('four in a cell', b'ABCD')
    own_cell.inline = False
    h.key('class', class_name='Klasse \u00fc')
    h.key('secured', security=hw.descriptor(0x00020019))
    h.key('unsecured').security = None
    h.key('early', write_time=0.0)
    h.key('never').write_time = None
    return h


def deleted():
    """A deleted tree, deleted values of a live key, a key whose parent is gone, an unlinked key."""
    h = Hive(name='deleted')
    live = h.key('live')
    live.sz('kept', 'still here')
    live.sz('gone1', 'deleted text').deleted = True
    live.binary('gone2', b'D' * 64).deleted = True
    h.key('tree\\a\\b').sz('deep', 'C:\\tool.exe')
    h.key('tree\\a').dword('n', 5)
    h.key('tree\\a').delete()
    big = h.key('bigone')
    big.binary('big', bytes(i % 253 for i in range(20000)))
    big.delete()
    h.key('hidden').unlinked = True
    h.key('hidden').sz('payload', 'C:\\hidden.exe')
    return h


def grown(extra=True):
    """The hive of the dirty fixtures, before and after its last writes."""
    h = Hive(name='dirty')
    h.key('before').sz('v', 'old')
    if extra:
        h.key('after').sz('v', 'new')
        for i in range(40):
            h.key('bulk\\k%02d' % i).binary('data', bytes([i]) * 200)
    return h


def middle():
    h = grown(False)
    h.key('middle').sz('v', 'first entry')
    return h


def dirty_family(write):
    """Dirty hives with logs of both formats: whole, torn, wrong, missing, split over two files."""
    before, mid, after = grown(False).build(), middle().build(), grown().build()
    primary = hw.dirty(before, (5, 4))
    first = hw.new_entry(5, mid, hw.pages_that_differ(before, mid))
    second = hw.new_entry(6, after, hw.pages_that_differ(mid, after))
    stale = hw.new_entry(3, before, [(0, before[PAGE:2 * PAGE])])
    empty = b''

    write('dirty_new', primary, hw.new_log(before, [first, second, stale], 5), empty)
    write('dirty_split', primary, hw.new_log(mid, [second], 6), hw.new_log(before, [first], 5))
    write('dirty_gap', primary, hw.new_log(before, [first], 5),
          hw.new_log(after, [hw.new_entry(8, after, hw.pages_that_differ(mid, after))], 8))
    torn = hw.new_log(before, [first, second], 5)
    write('dirty_torn', primary, torn[:len(torn) - 1500], empty)
    write('dirty_badhash', primary, patch(hw.new_log(before, [first, second], 5), len(torn) - 600, '<I', 1), empty)
    write('dirty_firstbad', primary, patch(hw.new_log(before, [first, second], 5), 600, '<I', 1), empty)
    write('dirty_nolog', primary)
    write('dirty_emptylog', primary, empty, empty)
    write('dirty_oldentries', primary, hw.new_log(before, [stale], 3), empty)
    write('clean_with_log', before, hw.new_log(before, [first, second], 5), empty)
    write('badbase_new', patch(primary, 40, '<I', 0xDEAD0000), hw.new_log(before, [first, second], 5), empty)

    # right hashes, wrong facts: none of these may be applied, or be believed when memory is taken
    lies = {'page_outside': {'references': [(0x7FFFF000, PAGE)]}, 'page_wraps': {'references': [(PAGE, 0xFFFFFFFF)]},
            'pages_missing': {'references': [(0, 8 * PAGE)]}, 'many_pages': {'count': 0xFFFFFFFF},
            'bins_huge': {'bins_size': 0xFFFFF000}, 'bins_beyond_logs': {'bins_size': 64 << 20}, 'bins_odd': {'bins_size': 0x1001}, 'bins_none': {'bins_size': 0},
            'entry_small': {'size': 0}, 'entry_huge': {'size': 0xFFFFFE00}}
    for name, claims in lies.items():
        entry = hw.new_entry(5, before, [(0, before[PAGE:2 * PAGE])], claims=claims)
        write('lie_' + name, primary, hw.new_log(before, [entry], 5), empty)

    old = hw.old_log(before, after, 5)
    write('dirty_old', primary, old, empty)
    write('dirty_old_cut', primary, old[:len(old) - 512], empty)
    write('dirty_old_other', primary, hw.old_log(before, after, 2), empty)
    write('lie_old_bins', primary, _rechecked(patch(old, 40, '<I', 0x7FFFF000)), empty)
    write('badbase_old', patch(primary, 36, '<I', 0xDEAD0000), old, empty)


def damaged_family(write):
    """Hives that are wrong in one place each."""
    h = kinds()
    sound = h.build()
    write('cut', sound[:len(sound) * 2 // 3])
    write('checksum', patch(sound, 508, '<I', 0x12345678))
    write('no_base', bytes(PAGE) + sound[PAGE:])
    write('bad_root', _rechecked(patch(sound, 36, '<I', 0x123450)))
    write('version', _rechecked(patch(sound, 24, '<I', 9)))
    write('bad_bin_head', patch(sound, 2 * PAGE, '<4s', b'gbin'))
    write('bad_bin_size', patch(sound, PAGE + 8, '<I', 3 * PAGE))
    lh = h.key('lh')
    child = h.key('lh\\Child5')
    entry = sound.index(struct.pack('<II', child.cell, hw.lh_hash('Child5')))
    write('wrong_hash', patch(sound, entry + 4, '<I', 0))
    write('no_subkey', patch(sound, entry, '<I', 0x30))
    write('repeated', patch(sound, entry, '<II', h.key('lh\\Child4').cell, hw.lh_hash('Child4')))
    write('wrong_parent', patch(sound, content(child.cell) + 16, '<I', h.key('li').cell))
    # Child5 is given the list of its own parent: a circle
    circle = patch(sound, content(child.cell) + 20, '<I', 10)
    circle = patch(circle, content(child.cell) + 28, '<I', *struct.unpack_from('<I', sound, content(lh.cell) + 28))
    write('circle', circle)
    ri, = struct.unpack_from('<I', sound, content(h.key('li_ri').cell) + 28)
    write('nested_ri', patch(sound, content(ri) + 4, '<I', ri))
    value = child.values[0]
    write('value_data', patch(patch(sound, content(value.cell) + 4, '<I', 64), content(value.cell) + 8, '<I', 0x7FFFFFF8))
    write('value_count', patch(sound, content(child.cell) + 36, '<I', 1000))
    write('name_size', patch(sound, content(child.cell) + 72, '<H', 400))
    broken = patch(sound, PAGE + child.cell, '<i', -7)  # the chain of cells ends here
    write('chain', broken)


def _rechecked(data):
    return patch(data, 508, '<I', hw.checksum(data))


def corpus(out):
    """Small hives, alone and with logs, in the form that tests/fuzz/regf.c reads."""
    def seed(name, primary, *logs):
        size = max((len(log) for log in logs), default=0)
        with open(os.path.join(out, name), 'wb') as file:
            file.write(struct.pack('<I', len(primary)) + primary)
            for log in logs:
                file.write(log.ljust(size, b'\0'))

    os.makedirs(out, exist_ok=True)
    plain = small().build()
    seed('plain', plain)
    seed('no_base', bytes(PAGE) + plain[PAGE:])
    seed('deleted', deleted().build()[:6 * PAGE])
    for kind in ('lf', 'lh', 'li'):
        h = Hive(name=kind)
        h.root.list_kind, h.root.leaf_size = kind, 2
        for i in range(5):
            h.key('c%d' % i).dword('n', i)
        seed(kind, h.build())
    nt31 = Hive(name='nt31', version=(1, 1))
    nt31.key('Old').dword('n', 1)
    seed('nt31', nt31.build())
    big = Hive(name='big')
    big.key('k').binary('big', bytes(16400))
    seed('big', big.build())
    h = small()
    h.key('Key\\New').dword('n', 1)
    after = h.build()
    entry = hw.new_entry(5, after, hw.pages_that_differ(plain, after))
    seed('new_log', hw.dirty(plain), hw.new_log(plain, [entry], 5), b'')
    seed('old_log', hw.dirty(plain), hw.old_log(plain, after, 5), b'')


def main():
    if sys.argv[1] == '--corpus':
        return corpus(sys.argv[2])
    out = os.path.join(sys.argv[1], 'hives')
    os.makedirs(out, exist_ok=True)

    def write(name, primary, *logs):
        for suffix, data in zip(('', '.LOG1', '.LOG2'), (primary,) + logs):
            with open(os.path.join(out, name + suffix), 'wb') as file:
                file.write(data)

    for make in (small, kinds, rich, deleted):
        write(make.__name__, make().build())
    nt31 = Hive(name='nt31', version=(1, 1))
    nt31.key('Old\\Sub').sz('v', 'text')
    nt31.key('Old').dword('n', 1)
    write('nt31', nt31.build())
    short = Hive(name='short_data')
    short.key('k').binary('claims more', b'0123456789').claimed_size = 100
    write('short_data', short.build())
    for minor in (2, 3, 4, 6):
        h = Hive(name='v1_%d' % minor, version=(1, minor))
        h.key('Key').binary('big', b'B' * 20000)
        h.key('Key\\Sub')
        write('v1_%d' % minor, h.build())
    dirty_family(write)
    damaged_family(write)
    print(len(os.listdir(out)), 'files in', out)


if __name__ == '__main__':
    main()
