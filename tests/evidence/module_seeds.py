#!/usr/bin/env python3
"""Seeds of two fuzz targets, made from nothing.

module_seeds.py --pe DIR   PE files (tests/fuzz/corpus/pe): a byte that chooses the base, then a small library
module_seeds.py --nt DIR   regions, pages and loader's lists (tests/fuzz/corpus/nt): what NtQueryVirtualMemory fills,
                           and a process's memory that begins with its PEB_LDR_DATA at FILLED_AT of tests/fuzz/nt.c
"""
import os
import struct
import sys

FILLED_AT = 0x10000
PAGE = 0x1000


def section(name, address, size, offset, file_size, characteristics):
    return struct.pack("<8sIIIIIIHHI", name, size, address, file_size, offset, 0, 0, 0, 0, characteristics)


def library(wide=True, alignment=0x1000, relocations=b"", imports=False, managed=False):
    """.text at 0x1000, .data at 0x2000 with imports, .reloc at 0x3000."""
    base = 0x180000000 if wide else 0x10000000
    directories = [(0, 0)] * 16
    if relocations:
        directories[5] = (0x3000, len(relocations))
    data = bytearray(0x200)
    if imports:
        width = 8 if wide else 4
        struct.pack_into("<IIIII", data, 0, 0x2080, 0, 0, 0x2100, 0x20C0)
        for i in range(3):
            struct.pack_into("<Q" if wide else "<I", data, 0x80 + i * width, 0x2110)
            struct.pack_into("<Q" if wide else "<I", data, 0xC0 + i * width, 0x2110)
        directories[1], directories[12] = (0x2000, 40), (0x20C0, 4 * width)
        struct.pack_into("<8I", data, 0x140, 1, 0, 0, 0x21A0, 0x2180, 0, 0, 0)
        directories[13] = (0x2140, 64)
        struct.pack_into("<I", data, 0x1C0, 0x40)
        struct.pack_into("<I", data, 0x1C0 + 0x3C, (base + 0x2008) & 0xFFFFFFFF)
        directories[10] = (0x21C0, 0x40)
    if managed:
        directories[14] = (0x2000, 72)
    optional = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, 0x200, 0x400, 0, 0x1010, 0x1000)
    optional += struct.pack("<Q", base) if wide else struct.pack("<II", 0x2000, base)
    optional += struct.pack("<IIHHHHHHIIIIHH", alignment, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x4000, 0x400, 0, 3, 0x140)
    optional += struct.pack("<QQQQ" if wide else "<IIII", 0x100000, 0x1000, 0x100000, 0x1000) + struct.pack("<II", 0, 16)
    optional += b"".join(struct.pack("<II", *d) for d in directories)
    head = struct.pack("<2s58xI", b"MZ", 64)
    head += struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664 if wide else 0x14C, 3, 0x5F000000, 0, 0, len(optional), 0x2022)
    head += optional + section(b".text", 0x1000, 0x200, 0x400, 0x200, 0x60000020)
    head += section(b".data", 0x2000, 0x1000, 0x600, 0x200, 0xC0000040)
    head += section(b".reloc", 0x3000, 0x200, 0x800, 0x200, 0x42000040)
    text = bytes(range(256)) * 2
    return head.ljust(0x400, b"\0") + text + bytes(data) + relocations.ljust(0x200, b"\0")


def blocks(*pages):
    return b"".join(struct.pack("<II", page, 8 + 2 * len(entries)) + struct.pack("<%dH" % len(entries), *entries)
                    for page, entries in pages)


def pe_seeds():
    moved = blocks((0x1000, (0xA100, 0xA1FC, 0x3010, 0)), (0x2000, (0x1004, 0x2006)))
    return {
        "library": library(relocations=moved, imports=True),
        "library_32": library(wide=False, relocations=moved, imports=True),
        "managed_32": library(wide=False, managed=True),
        "low_alignment": library(alignment=16),
        "over_the_edge": library(relocations=blocks((0x1000, (0xAFFC, 0xAFFF)), (0xFFF, (0xA000, 0xA001)))),
        "block_too_small": library(relocations=struct.pack("<II", 0x1000, 4) * 8),
        "block_too_long": library(relocations=struct.pack("<II", 0x1000, 0xFFFFFFF0) + b"\x00\xA0" * 20),
        "last_page": library(relocations=blocks((0xFFFFF000, (0xAFFF, 0xA000)))),
        "cut": library()[:0x180],
        "no_pe": b"MZ" + bytes(62),
    }


def region(state, protection, kind, size=0x5000):
    return struct.pack("<QQIHHQIIII", 0x7FF600001000, 0x7FF600000000, 0x80, 0, 0, size, state, protection, kind, 0)


def pages(*attributes):
    return b"".join(struct.pack("<QQ", 0x7FF600001000 + i * PAGE, value) for i, value in enumerate(attributes))


def loader(wide, heads, links, fields, flink=None, count=3):
    """PEB_LDR_DATA and `count` records behind it, linked in all three lists."""
    pointer, size = ("<Q", 8) if wide else ("<I", 4)
    memory = bytearray(0x1000)
    records = [0x100 + i * 0x200 for i in range(count)]
    for head, link in zip(heads, links):
        at = head
        for record in records:
            struct.pack_into(pointer, memory, at, FILLED_AT + record + link)
            at = record + link
        struct.pack_into(pointer, memory, at, FILLED_AT + head if flink is None else flink)
    for i, record in enumerate(records):
        text = ("C:\\m%d.dll" % i).encode("utf-16-le")
        memory[record + 0x180:record + 0x180 + len(text)] = text
        base, entry, image, path, name, stamp, node = (record + f for f in fields)
        struct.pack_into(pointer, memory, base, 0x400000 + i * 0x10000)
        struct.pack_into(pointer, memory, entry, 0x401000 + i * 0x10000)
        struct.pack_into("<I", memory, image, 0x8000)
        for at, skip in ((path, 0), (name, 6)):
            struct.pack_into("<HH", memory, at, len(text) - skip, len(text) - skip)
            struct.pack_into(pointer, memory, at + size, FILLED_AT + record + 0x180 + skip)
        struct.pack_into("<I", memory, stamp, 0x5F000000)
        struct.pack_into(pointer, memory, node, FILLED_AT + record + 0x1C0)
    return memory


def nt_seeds():
    wide = (True, (0x10, 0x20, 0x30), (0, 0x10, 0x20), (0x30, 0x38, 0x40, 0x48, 0x58, 0x80, 0x98))
    narrow = (False, (0x0C, 0x14, 0x1C), (0, 8, 0x10), (0x18, 0x1C, 0x20, 0x24, 0x2C, 0x44, 0x50))
    seeds = {
        "m": {"memory": region(0x1000, 0x20, 0x1000000), "memory_guard": region(0x1000, 0x104, 0x20000),
              "memory_free": region(0x10000, 1, 0), "memory_far": region(0x1000, 4, 0x20000, 0xFFFFFFFFFFFFF000),
              "pages": pages(1, 0x8001, 0x40008001, 0x400000, 0x800000, 0x40000000, 0)},
        "l": {"modules": bytes(loader(*wide)), "modules_circle": bytes(loader(*wide, flink=FILLED_AT + 0x100)),
              "modules_nowhere": bytes(loader(*wide, flink=8)), "modules_empty": bytes(loader(*wide, count=0))},
    }
    for name, kind, memory in (("modules_7", 2, loader(*wide)), ("modules_32", 1, loader(*narrow)),
                               ("modules_32_7", 3, loader(*narrow))):
        memory[0] = kind
        seeds["l"][name] = bytes(memory)
    return {name: kind.encode() + data for kind, some in seeds.items() for name, data in some.items()}


def main():
    kind, folder = sys.argv[1:3]
    seeds = {name: b"\x01" + data for name, data in pe_seeds().items()} if kind == "--pe" else nt_seeds()
    os.makedirs(folder, exist_ok=True)
    for name, data in seeds.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
