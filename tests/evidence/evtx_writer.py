"""Writes event logs (EVTX) with BinXML: small, deterministic, for fixtures.

Layouts: docs/formats/evtx.md. Everything is written as Windows does - names and templates stand where
they are first used in a chunk - so that other readers can read the files too.
"""
import struct
import uuid
import zlib

CHUNK = 65536
FILE_HEADER = 4096

# value types
NULL, STRING, ANSI, INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64, UINT64 = range(11)
REAL32, REAL64, BOOL, BINARY, GUID, SIZE, FILETIME, SYSTEMTIME, SID, HEX32, HEX64 = range(11, 22)
HANDLE, XML, EVTXML, ARRAY = 0x20, 0x21, 0x23, 0x80

FORMATS = {INT8: '<b', UINT8: '<B', INT16: '<h', UINT16: '<H', INT32: '<i', UINT32: '<I', INT64: '<q',
           UINT64: '<Q', REAL32: '<f', REAL64: '<d', BOOL: '<I', SIZE: '<Q', FILETIME: '<Q',
           HEX32: '<I', HEX64: '<Q', HANDLE: '<Q'}


def utf16(text):
    return text.encode('utf-16-le', 'surrogatepass')


def sid_bytes(text):
    parts = [int(part) for part in text.split('-')[2:]]
    return bytes([1, len(parts) - 1]) + struct.pack('>Q', parts[0])[2:] + struct.pack(
        f'<{len(parts) - 1}I', *parts[1:])


def value(kind, data=None):
    """A value for a slot: (type, bytes). Arrays: kind | ARRAY with a list."""
    if kind & ARRAY and kind != NULL:
        element = kind & 0x7F
        if element == STRING:
            return kind, b''.join(utf16(item) + b'\0\0' for item in data)
        if element == ANSI:
            return kind, b''.join(item + b'\0' for item in data)
        return kind, b''.join(value(element, item)[1] for item in data)
    if kind == NULL:
        return kind, b''
    if kind in (STRING, EVTXML):
        return kind, utf16(data)
    if kind == GUID:
        return kind, uuid.UUID(data).bytes_le
    if kind == SID:
        return kind, sid_bytes(data)
    if kind == SYSTEMTIME:
        return kind, struct.pack('<8H', *data)
    if kind in FORMATS:
        return kind, struct.pack(FORMATS[kind], data)
    return kind, bytes(data)


class Slot:
    def __init__(self, number, kind=STRING, optional=True):
        self.number, self.kind, self.optional = number, kind, optional


class CData(str):
    pass


class CharRef(int):
    pass


class EntityRef(str):
    pass


class Instruction:
    def __init__(self, target, data):
        self.target, self.data = target, data


class Element:
    """An element: attributes as {name: content}, content as text, Slot, Element, CData, ..., or a list."""

    def __init__(self, name, attributes=None, content=()):
        self.name, self.attributes = name, attributes or {}
        self.content = list(content) if isinstance(content, (list, tuple)) else [content]


class Template:
    def __init__(self, guid, root):
        self.guid, self.root = uuid.UUID(guid).bytes_le, root


class Instance:
    """A template with values; also a value of type XML."""

    def __init__(self, template, values):
        self.template, self.values = template, values


class Bare:
    """BinXML without a template, as a value of type XML or as a whole event."""

    def __init__(self, root):
        self.root = root


def name_hash(text):
    result = 0
    for unit in struct.unpack(f'<{len(utf16(text)) // 2}H', utf16(text)):
        result = (result * 65599 + unit) & 0xFFFFFFFF
    return result & 0xFFFF


class Encoder:
    """BinXML into a chunk; `at` is the chunk offset of the next byte."""

    def __init__(self, chunk, at):
        self.chunk, self.start, self.out = chunk, at, bytearray()

    @property
    def at(self):
        return self.start + len(self.out)

    def name(self, text):
        known = self.chunk.names.get(text)
        if known is not None:
            self.out += struct.pack('<I', known)
            return
        at = self.at + 4
        self.chunk.names[text] = at
        bucket = name_hash(text) % 64
        self.out += struct.pack('<IIHH', at, self.chunk.name_table[bucket], name_hash(text),
                                len(utf16(text)) // 2) + utf16(text) + b'\0\0'
        self.chunk.name_table[bucket] = at

    def content(self, item, more, dependent):
        flag = 0x40 if more else 0
        if isinstance(item, Element):
            self.element(item, dependent)
        elif isinstance(item, Slot):
            self.out += struct.pack('<BHB', 0x0E if item.optional else 0x0D, item.number, item.kind)
        elif isinstance(item, CData):
            self.out += struct.pack('<BH', 0x07 | flag, len(utf16(item)) // 2) + utf16(item)
        elif isinstance(item, CharRef):
            self.out += struct.pack('<BH', 0x08 | flag, item)
        elif isinstance(item, EntityRef):
            self.out += bytes([0x09 | flag])
            self.name(item)
        elif isinstance(item, Instruction):
            self.out += b'\x0a'
            self.name(item.target)
            self.out += struct.pack('<BH', 0x0B, len(utf16(item.data)) // 2) + utf16(item.data)
        elif isinstance(item, Instance):
            self.instance(item)
        else:
            self.out += struct.pack('<BBH', 0x05 | flag, STRING, len(utf16(item)) // 2) + utf16(item)

    def element(self, element, dependent):
        self.out += b'\x41' if element.attributes else b'\x01'
        if dependent:
            self.out += b'\xff\xff'
        size_at = len(self.out)
        self.out += b'\0\0\0\0'
        self.name(element.name)
        if element.attributes:
            list_at = len(self.out)
            self.out += b'\0\0\0\0'
            last = len(element.attributes) - 1
            for i, (key, content) in enumerate(element.attributes.items()):
                self.out += b'\x06' if i == last else b'\x46'
                self.name(key)
                for item in content if isinstance(content, list) else [content]:
                    self.content(item, False, dependent)
            struct.pack_into('<I', self.out, list_at, len(self.out) - list_at - 4)
        if element.content:
            self.out += b'\x02'
            for item in element.content:
                self.content(item, False, dependent)
            self.out += b'\x04'
        else:
            self.out += b'\x03'
        struct.pack_into('<I', self.out, size_at, len(self.out) - size_at - 4)

    def fragment(self, body, dependent):
        self.out += b'\x0f\x01\x01\x00'
        if isinstance(body, Instance):
            self.instance(body)
        else:
            self.element(body, dependent)
        self.out += b'\0'

    def instance(self, instance):
        template = instance.template
        known = self.chunk.templates.get(template)
        definition = self.at + 10 if known is None else known
        self.out += b'\x0c\x01' + template.guid[:4] + struct.pack('<I', definition)
        if known is None:
            self.chunk.templates[template] = definition
            bucket = struct.unpack('<I', template.guid[:4])[0] % 32
            self.out += struct.pack('<I', self.chunk.template_table[bucket]) + template.guid
            self.chunk.template_table[bucket] = definition
            size_at = len(self.out)
            self.out += b'\0\0\0\0'
            self.fragment(template.root, True)
            struct.pack_into('<I', self.out, size_at, len(self.out) - size_at - 4)
        self.values(instance.values)

    def values(self, values):
        self.out += struct.pack('<I', len(values))
        table_at = len(self.out)
        self.out += bytes(4 * len(values))
        for i, item in enumerate(values):
            start = len(self.out)
            if isinstance(item, (Instance, Bare)):
                kind = XML
                self.fragment(item if isinstance(item, Instance) else item.root, False)
            else:
                kind, data = item
                self.out += data
            struct.pack_into('<HB', self.out, table_at + 4 * i, len(self.out) - start, kind)


class Chunk:
    def __init__(self):
        self.names, self.templates = {}, {}
        self.name_table, self.template_table = [0] * 64, [0] * 32
        self.records = bytearray()
        self.ids, self.last_at = [], 512

    def encode(self, record_id, filetime, event):
        """The bytes of a record at the next place. Names and templates become known to the chunk."""
        at = 512 + len(self.records)
        encoder = Encoder(self, at + 24)
        encoder.fragment(event if isinstance(event, Instance) else event.root, False)
        body = bytes(encoder.out)
        size = (24 + len(body) + 4 + 7) & ~7
        body += bytes(size - 28 - len(body))
        return struct.pack('<IIQQ', 0x2A2A, size, record_id, filetime) + body + struct.pack('<I', size)

    def add(self, record_id, filetime, event):
        """False when the record does not fit; the chunk is then finished."""
        before = dict(self.names), dict(self.templates), list(self.name_table), list(self.template_table)
        record = self.encode(record_id, filetime, event)
        if 512 + len(self.records) + len(record) > CHUNK:
            self.names, self.templates, self.name_table, self.template_table = before
            return False
        self.last_at = 512 + len(self.records)
        self.records += record
        self.ids.append(record_id)
        return True

    def bytes(self):
        free = 512 + len(self.records)
        first, last = (self.ids[0], self.ids[-1]) if self.ids else (0xFFFFFFFFFFFFFFFF,) * 2
        header = bytearray(512)
        struct.pack_into('<8sQQQQIIII', header, 0, b'ElfChnk\0', first, last, first, last, 128,
                         self.last_at, free, zlib.crc32(self.records))
        struct.pack_into('<64I', header, 128, *self.name_table)
        struct.pack_into('<32I', header, 384, *self.template_table)
        struct.pack_into('<I', header, 124, zlib.crc32(header[:120] + header[128:512]))
        return bytes(header) + bytes(self.records) + bytes(CHUNK - free)


class Log:
    """A whole file. `chunk_records`: a new chunk after so many records (0: when it is full)."""

    def __init__(self, chunk_records=0, first_id=1, flags=0):
        self.chunks, self.chunk_records, self.next_id, self.flags = [Chunk()], chunk_records, first_id, flags

    def add(self, filetime, event):
        chunk = self.chunks[-1]
        full = self.chunk_records and len(chunk.ids) >= self.chunk_records
        if full or not chunk.add(self.next_id, filetime, event):
            self.chunks.append(Chunk())
            if not self.chunks[-1].add(self.next_id, filetime, event):
                raise ValueError('a record does not fit a chunk')
        self.next_id += 1

    def bytes(self, trimmed=False):
        """`trimmed`: cut behind the last record, for small files (a damaged log, then)."""
        header = bytearray(FILE_HEADER)
        struct.pack_into('<8sQQQIHHHH', header, 0, b'ElfFile\0', 0, len(self.chunks) - 1, self.next_id,
                         128, 1, 3, FILE_HEADER, len(self.chunks))
        struct.pack_into('<I', header, 120, self.flags)
        struct.pack_into('<I', header, 124, zlib.crc32(header[:120]))
        out = bytes(header) + b''.join(chunk.bytes() for chunk in self.chunks)
        return out[:len(out) - CHUNK + 512 + len(self.chunks[-1].records)] if trimmed else out


def rewrite_header(data, **fields):
    """Changes fields of the file header and makes its checksum right again."""
    places = {'last_chunk': (16, '<Q'), 'next_record': (24, '<Q'), 'chunk_count': (42, '<H'),
              'flags': (120, '<I')}
    out = bytearray(data)
    for name, number in fields.items():
        at, form = places[name]
        struct.pack_into(form, out, at, number)
    struct.pack_into('<I', out, 124, zlib.crc32(out[:120]))
    return bytes(out)
