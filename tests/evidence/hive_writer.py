"""Writes registry hives (regf) and their transaction logs, for fixtures.

Deterministic: the same calls give the same bytes. The format is docs/formats/regf.md.

    h = Hive(name='SYSTEM', version=(1, 5))
    k = h.key('ControlSet001\\\\Control\\\\X', write_time='2024-05-06T07:08:09Z')
    k.value('name', REG_BINARY, b'...')      # any type and bytes
    k.sz('text', 'C:\\\\x.exe'); k.dword('number', 1); k.multi_sz('list', ['a', 'b'])
    k.value('gone', REG_DWORD, b'\\1\\0\\0\\0').deleted = True
    h.key('ControlSet001\\\\Gone').delete()     # freed cells, still recoverable
    h.write('/path/SYSTEM')

Dirty hives: `before` and `after` are Hives (or their bytes); the primary keeps `before`, the log
carries what differs. See dirty(), new_log(), new_entry() and old_log().
"""
import datetime
import os
import struct

REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BIG_ENDIAN = range(6)
REG_LINK, REG_MULTI_SZ, REG_RESOURCE_LIST, REG_FULL_RESOURCE_DESCRIPTOR = range(6, 10)
REG_RESOURCE_REQUIREMENTS_LIST, REG_QWORD = 10, 11

PAGE = 4096
NONE = 0xFFFFFFFF
SEGMENT = 16344  # the most bytes of one data segment
DEFAULT_TIME = '2024-01-02T03:04:05Z'
EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.timezone.utc)

SID_SYSTEM = bytes.fromhex('010100000000000512000000')
SID_ADMINISTRATORS = bytes.fromhex('01020000000000052000000020020000')


def descriptor(access=0x000F003F):
    """A self-relative security descriptor: owner Administrators, group SYSTEM, two allowed entries."""
    entries = b''.join(struct.pack('<BBHI', 0, 2, 8 + len(sid), access) + sid
                       for sid in (SID_SYSTEM, SID_ADMINISTRATORS))
    dacl = struct.pack('<BBHHH', 2, 0, 8 + len(entries), 2, 0) + entries
    owner = 20 + len(dacl)
    return (struct.pack('<BBHIIII', 1, 0, 0x8004, owner, owner + len(SID_ADMINISTRATORS), 0, 20)
            + dacl + SID_ADMINISTRATORS + SID_SYSTEM)


DEFAULT_SECURITY = descriptor()


def filetime(time):
    """A FILETIME from ISO text, Unix seconds or a datetime; None gives 0 (unknown)."""
    if time is None:
        return 0
    if isinstance(time, str):
        time = datetime.datetime.fromisoformat(time.replace('Z', '+00:00'))
    if isinstance(time, (int, float)):
        return 116444736000000000 + int(time * 10_000_000)
    delta = time - EPOCH
    return (delta.days * 86400 + delta.seconds) * 10_000_000 + delta.microseconds * 10


def lh_hash(name):
    """The hash of an lh list: of the upper-case UTF-16 units, each letter mapped by itself."""
    value = 0
    for letter in name:
        upper = letter.upper() if len(letter.upper()) == 1 else letter
        for unit in struct.iter_unpack('<H', upper.encode('utf-16le', 'surrogatepass')):
            value = (value * 37 + unit[0]) & 0xFFFFFFFF
    return value


def encode_name(name, utf16):
    """The bytes of a name and whether they are the compressed (Latin-1) form."""
    if not utf16:
        try:
            return name.encode('latin-1'), True
        except UnicodeEncodeError:
            pass
    return name.encode('utf-16le', 'surrogatepass'), False


class Value:
    """One value. `claimed_size` overrides the size that the record claims; `inline=False` keeps even
    four bytes in a cell of their own; `deleted` frees its cells."""

    def __init__(self, name, type_, data, utf16=False):
        self.name, self.type, self.data, self.utf16 = name, type_, data, utf16
        self.claimed_size, self.inline, self.deleted = None, True, False
        self.cell = None  # where it was written, relative to the bins; set by build()


class Key:
    """One key; made by Hive.key(). `list_kind` is 'lf', 'lh', 'li' or None (the version's own)."""

    def __init__(self, name, parent, write_time):
        self.name, self.parent, self.write_time = name, parent, write_time
        self.class_name = None
        self.security = DEFAULT_SECURITY
        self.utf16 = False
        self.flags = 0       # added to what the writer sets
        self.list_kind = None
        self.leaf_size = None  # entries of a leaf below an ri list; None: 500, without ri when one is enough
        self.deleted = False
        self.unlinked = False  # its cells stay allocated, but no list names it
        self.children, self.values = [], []
        self.cell = None       # where it was written, relative to the bins; set by build()

    def value(self, name, type_, data, utf16=False):
        value = Value(name, type_, bytes(data), utf16)
        self.values.append(value)
        return value

    def sz(self, name, text, type_=REG_SZ):
        return self.value(name, type_, text.encode('utf-16le', 'surrogatepass') + b'\0\0')

    def expand_sz(self, name, text):
        return self.sz(name, text, REG_EXPAND_SZ)

    def link(self, name, text):
        return self.value(name, REG_LINK, text.encode('utf-16le'))

    def multi_sz(self, name, texts):
        data = b''.join(text.encode('utf-16le') + b'\0\0' for text in texts) + b'\0\0'
        return self.value(name, REG_MULTI_SZ, data)

    def dword(self, name, number):
        return self.value(name, REG_DWORD, struct.pack('<I', number & 0xFFFFFFFF))

    def qword(self, name, number):
        return self.value(name, REG_QWORD, struct.pack('<Q', number & 0xFFFFFFFFFFFFFFFF))

    def binary(self, name, data):
        return self.value(name, REG_BINARY, data)

    def child(self, name, write_time=None):
        for key in self.children:
            if key.name.upper() == name.upper():
                return key
        key = Key(name, self, self.write_time if write_time is None else write_time)
        self.children.append(key)
        return key

    def delete(self):
        """Frees the key and all below it; the cells keep their bytes."""
        self.deleted = True
        return self


class Cells:
    """Cells in hive bins, filled one behind the other. Version 1.1 has a longer head and alignment."""

    def __init__(self, version):
        self.bytes = bytearray()
        self.left = 0
        self.freed = []
        self.head, self.alignment = (8, 16) if version <= (1, 1) else (4, 8)
        self.last = NONE

    def _close_bin(self):
        if self.left:
            struct.pack_into('<i', self.bytes, len(self.bytes) - self.left, self.left)
        self.left = 0

    def allocate(self, size):
        need = max(16, (size + self.head + self.alignment - 1) // self.alignment * self.alignment)
        if self.left < need:
            self._close_bin()
            bin_size = (need + 32 + PAGE - 1) // PAGE * PAGE
            start = len(self.bytes)
            self.bytes += b'hbin' + struct.pack('<IIQQI', start, bin_size, 0,
                                                filetime(DEFAULT_TIME) if start == 0 else 0, 0)
            self.bytes += bytes(bin_size - 32)
            self.left, self.last = bin_size - 32, NONE
        offset = len(self.bytes) - self.left
        struct.pack_into('<i', self.bytes, offset, -need)
        if self.head == 8:
            struct.pack_into('<I', self.bytes, offset + 4, self.last)
            self.last = offset % PAGE
        self.left -= need
        return offset

    def put(self, data):
        offset = self.allocate(len(data))
        self.fill(offset, data)
        return offset

    def fill(self, offset, data):
        self.bytes[offset + self.head:offset + self.head + len(data)] = data

    def free(self, offset):
        self.freed.append(offset)

    def finish(self):
        """Frees what was freed; neighbours become one cell, as Windows does it."""
        self._close_bin()
        for offset in self.freed:
            size, = struct.unpack_from('<i', self.bytes, offset)
            struct.pack_into('<i', self.bytes, offset, abs(size))
        at = 0
        while at < len(self.bytes):
            end = at + struct.unpack_from('<I', self.bytes, at + 8)[0]
            cell, run = at + 32, None
            while cell < end:
                size, = struct.unpack_from('<i', self.bytes, cell)
                if size > 0 and run is not None:
                    struct.pack_into('<i', self.bytes, run, cell + size - run)
                elif size > 0:
                    run = cell
                else:
                    run = None
                cell += abs(size)
            at = end
        return bytes(self.bytes)


def checksum(block):
    value = 0
    for word in struct.unpack('<127I', bytes(block[:508])):
        value ^= word
    return {0xFFFFFFFF: 0xFFFFFFFE, 0: 1}.get(value, value)


def base_block(name, version, root, bins_size, sequences=(1, 1), type_=0, write_time=DEFAULT_TIME):
    block = bytearray(PAGE)
    struct.pack_into('<4sIIQIIIIIII', block, 0, b'regf', sequences[0], sequences[1],
                     filetime(write_time), version[0], version[1], type_, 1, root, bins_size, 1)
    text = name[-31:].encode('utf-16le')
    block[48:48 + len(text)] = text
    struct.pack_into('<I', block, 508, checksum(block))
    return block


class Hive:
    """A hive: keys by path, then build() or write()."""

    def __init__(self, name='HIVE', version=(1, 5), root_name='ROOT', write_time=DEFAULT_TIME):
        self.name, self.version, self.write_time = name, version, write_time
        self.sequences = (1, 1)
        self.root = Key(root_name, None, write_time)

    def key(self, path, write_time=None, class_name=None, security=None):
        """The key at a path below the root, made with its parents; '' is the root."""
        key = self.root
        for part in path.split('\\') if path else []:
            key = key.child(part)
        if write_time is not None:
            key.write_time = write_time
        if class_name is not None:
            key.class_name = class_name
        if security is not None:
            key.security = security
        return key

    def build(self):
        writer = _Writer(self)
        return writer.build()

    def write(self, path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(self.build())


class _Writer:
    """Turns the keys of a Hive into cells."""

    def __init__(self, hive):
        self.hive, self.cells = hive, Cells(hive.version)
        self.security = {}  # descriptor -> [cell, references]

    def build(self):
        root = self._key(self.hive.root, NONE, False)
        self._finish_security()
        bins = self.cells.finish()
        return bytes(base_block(self.hive.name, self.hive.version, root, len(bins),
                                self.hive.sequences, 0, self.hive.write_time)) + bins

    def _security_cell(self, data):
        if data is None:
            return NONE
        if data not in self.security:
            self.security[data] = [self.cells.allocate(20 + len(data)), 0]
        self.security[data][1] += 1
        return self.security[data][0]

    def _finish_security(self):
        ring = [cell for cell, _ in self.security.values()]
        for i, (data, (cell, references)) in enumerate(self.security.items()):
            self.cells.fill(cell, b'sk' + struct.pack('<HIIII', 0, ring[(i + 1) % len(ring)],
                                                      ring[i - 1], references, len(data)) + data)

    def _free_if(self, deleted, *offsets):
        for offset in offsets:
            if deleted:
                self.cells.free(offset)

    def _name(self, item):
        return encode_name(item.name, item.utf16 or self.hive.version <= (1, 1))

    def _data(self, value, deleted):
        """The size and offset fields of a value."""
        data = value.data
        size = len(data) if value.claimed_size is None else value.claimed_size
        if len(data) <= 4 and value.inline:
            return size | 0x80000000, int.from_bytes(data.ljust(4, b'\0'), 'little')
        if len(data) <= SEGMENT or self.hive.version < (1, 4):
            cell = self.cells.put(data)
            self._free_if(deleted, cell)
            return size, cell
        segments = [self.cells.put(data[i:i + SEGMENT]) for i in range(0, len(data), SEGMENT)]
        segment_list = self.cells.put(struct.pack('<%dI' % len(segments), *segments))
        cell = self.cells.put(b'db' + struct.pack('<HI', len(segments), segment_list))
        self._free_if(deleted, cell, segment_list, *segments)
        return size, cell

    def _value(self, value, deleted):
        deleted = deleted or value.deleted
        name, compressed = self._name(value)
        size, offset = self._data(value, deleted)
        cell = self.cells.put(b'vk' + struct.pack('<HIIIHH', len(name), size, offset,
                                                  value.type & 0xFFFFFFFF, 1 if compressed else 0,
                                                  0) + name)
        self._free_if(deleted, cell)
        value.cell = cell
        return cell

    def _leaf(self, kind, children):
        if kind == 'li':
            body = b''.join(struct.pack('<I', cell) for _, cell in children)
        elif kind == 'lf':
            body = b''.join(struct.pack('<I', cell) + encode_name(key.name, key.utf16)[0][:4].ljust(4, b'\0')
                            for key, cell in children)
        else:
            body = b''.join(struct.pack('<II', cell, lh_hash(key.name)) for key, cell in children)
        return self.cells.put(kind.encode() + struct.pack('<H', len(children)) + body)

    def _list(self, key, children, deleted):
        if not children:
            return NONE
        minor = self.hive.version[1]
        kind = key.list_kind or ('lh' if minor >= 5 else 'lf' if minor >= 3 else 'li')
        size = key.leaf_size or 500
        leaves = [self._leaf(kind, children[i:i + size]) for i in range(0, len(children), size)]
        self._free_if(deleted, *leaves)
        if len(leaves) == 1 and not key.leaf_size:
            return leaves[0]
        root = self.cells.put(b'ri' + struct.pack('<H%dI' % len(leaves), len(leaves), *leaves))
        self._free_if(deleted, root)
        return root

    def _key(self, key, parent, deleted):
        """Writes a key and all below it; gives its cell."""
        deleted = deleted or key.deleted
        name, compressed = self._name(key)
        cell = key.cell = self.cells.allocate(76 + len(name))
        security = self._security_cell(key.security)
        class_cell, class_name = NONE, b''
        if key.class_name is not None:
            class_name = key.class_name.encode('utf-16le')
            class_cell = self.cells.put(class_name)
        values = [(value, self._value(value, deleted)) for value in key.values]
        kept = [pair for pair in values if deleted or not pair[0].deleted]
        # as in Windows, what was deleted stays in the list behind its count
        listed = [c for _, c in kept] + [c for value, c in values if not deleted and value.deleted]
        value_list = self.cells.put(struct.pack('<%dI' % len(listed), *listed)) if kept else NONE
        ordered = sorted(key.children, key=lambda child: child.name.upper())
        children = [(child, self._key(child, cell, deleted)) for child in ordered]
        listed = [pair for pair in children if deleted or not (pair[0].deleted or pair[0].unlinked)]
        subkey_list = self._list(key, listed, deleted)
        self._free_if(deleted, cell, *(c for c in (class_cell, value_list) if c != NONE))
        flags = key.flags | (0x20 if compressed else 0) | (0x0C if parent == NONE else 0)
        self.cells.fill(cell, b'nk' + struct.pack(
            '<HQIIIIIIIIIIIIIIIHH', flags, filetime(key.write_time), 0, 0 if parent == NONE else parent,
            len(listed), 0, subkey_list, NONE, len(kept), value_list, security, class_cell,
            max([2 * len(child.name) for child, _ in listed], default=0), 0,
            max([2 * len(value.name) for value, _ in kept], default=0),
            max([len(value.data) for value, _ in kept], default=0), 0, len(name),
            len(class_name)) + name)
        return cell


# ---- transaction logs ---------------------------------------------------------------------------

MARVIN_SEED = 0x82EF4D887A4E55C5


def marvin32(data, seed=MARVIN_SEED):
    """The 64-bit Marvin32 hash that log entries carry."""
    mask = 0xFFFFFFFF
    low, high = seed & mask, seed >> 32

    def turn(word):
        nonlocal low, high
        low = (low + word) & mask
        high ^= low
        low = ((low << 20 | low >> 12) + high) & mask
        high = (high << 9 | high >> 23) & mask
        high ^= low
        low = ((low << 27 | low >> 5) + high) & mask
        high = (high << 19 | high >> 13) & mask

    whole = len(data) & ~3
    for word in struct.unpack('<%dI' % (whole // 4), data[:whole]):
        turn(word)
    turn(int.from_bytes(data[whole:] + b'\x80', 'little'))
    turn(0)
    return high << 32 | low


def _bytes(hive):
    return hive.build() if isinstance(hive, Hive) else bytes(hive)


def dirty(hive, sequences=(5, 4)):
    """The bytes of a primary file whose last write did not finish."""
    data = bytearray(_bytes(hive))
    struct.pack_into('<II', data, 4, *sequences)
    struct.pack_into('<I', data, 508, checksum(data))
    return bytes(data)


def pages_that_differ(before, after, size=PAGE):
    """[(offset in the bins, bytes)] of what has to be written to turn one hive into the other."""
    old, new = _bytes(before)[PAGE:], _bytes(after)[PAGE:]
    return [(at, new[at:at + size]) for at in range(0, len(new), size)
            if new[at:at + size] != old[at:at + size]]


def new_entry(sequence, after, pages, flags=0, claims=None):
    """One HvLE log entry. `claims` overrides 'size', 'bins_size', 'count' or 'references' (a list of
    offset and size) with lies under right hashes."""
    claims = claims or {}
    references = claims.get('references', [(at, len(page)) for at, page in pages])
    body = b''.join(struct.pack('<II', at, size) for at, size in references)
    body += b''.join(page for _, page in pages)
    size = (40 + len(body) + 511) // 512 * 512
    body = body.ljust(size - 40, b'\0')
    head = b'HvLE' + struct.pack('<IIIIIQ', claims.get('size', size), flags, sequence,
                                 claims.get('bins_size', len(_bytes(after)) - PAGE),
                                 claims.get('count', len(pages)), marvin32(body))
    return head + struct.pack('<Q', marvin32(head)) + body


def _log_block(hive, sequence, type_):
    block = bytearray(_bytes(hive)[:512])
    struct.pack_into('<II', block, 4, sequence, sequence)
    struct.pack_into('<I', block, 28, type_)
    struct.pack_into('<I', block, 508, checksum(block))
    return bytes(block)


def new_log(hive, entries, sequence):
    """A log file of the new format; `sequence` is that of its first entry that counts."""
    return _log_block(hive, sequence, 6) + b''.join(entries)


def old_log(before, after, sequence):
    """A log file of the old format: a bitmap of 512-byte pages, then the pages."""
    dirty_pages = {}
    for at, page in pages_that_differ(before, after):
        for i in range(0, len(page), 512):
            dirty_pages[(at + i) // 512] = page[i:i + 512]
    bits = bytearray((len(_bytes(after)) - PAGE) // 512 // 8 or 1)
    for index in dirty_pages:
        bits[index // 8] |= 1 << index % 8
    vector = b'DIRT' + bytes(bits)
    vector = vector.ljust((len(vector) + 511) // 512 * 512, b'\0')
    return _log_block(after, sequence, 1) + vector + b''.join(
        page for _, page in sorted(dirty_pages.items()))
