#!/usr/bin/env python3
"""Files for fsa_yara_files: a small Linux root with harmless markers, and the rules that find them."""
import os
import shutil
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARKER = "FSA-" + "CANARY-"  # in two parts, so that this script is no canary

BROKEN = "rule sound { condition: true }\n\nrule broken { strings: $a = \"x\" condition: $b }\n"
SAME_NAME = "rule fsa_canary { condition: filename == \"marked.txt\" }\n"
FLOOD = "rule flood { strings: $a = \"AAAA\" condition: $a }\n"
EXTERNAL = """rule by_name : name
{
  meta:
    reference = "one"
    level = 3
    proven = true
    reference = "two \\"quoted\\" \\xff"
  condition:
    filename == "Marked.HTML" and extension == ".html" and filepath == "/srv/www"
}
"""


def elf(sections):
    """An ELF header that says what it is and holds nothing to run."""
    ident = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    return ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 64, sections, 0)


def pe():
    """The two signatures of a PE image, without code."""
    head = bytearray(256)
    head[0:2] = b"MZ"
    head[0x3C:0x40] = struct.pack("<I", 0x80)
    head[0x80:0x84] = b"PE\0\0"
    return bytes(head)


def write(root, path, data):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def main():
    root = os.path.join(sys.argv[1], "yara")
    shutil.rmtree(root, ignore_errors=True)
    write(root, "etc/hostname", b"yara\n")
    os.makedirs(os.path.join(root, "usr"))  # with etc: a Linux root
    write(root, "srv/www/marked.txt", (MARKER + "0badcafe and " + MARKER + "only\n").encode())
    write(root, "srv/www/Marked.HTML", (MARKER + "\n").encode("utf-16-le"))
    write(root, "srv/www/plain.txt", b"nothing to find here\n")
    write(root, "srv/www/empty.txt", b"")
    write(root, "odd/a\\b", b"a name with a backslash")
    write(root, "odd/bad\udcff.txt", b"a name that is no UTF-8")
    write(root, ":odd/file", b"not a drive")
    write(root, "srv/bin/elf-whole", elf(5))
    write(root, "srv/bin/elf-bare", elf(0))
    write(root, "srv/bin/picture.jpg", pe())
    write(root, "srv/bin/script", b"#!/bin/sh\n")
    write(root, "srv/flood/flood.bin", b"A" * 1100000)
    write(root, "srv/large/large.img", b"")
    os.truncate(os.path.join(root, "srv/large/large.img"), (256 << 20) + 1)  # sparse
    for name in ("canary.yar", "executables.yar"):
        shutil.copy(os.path.join(ROOT, "packs/rules", name), os.path.join(root, "etc", name))
    write(root, "etc/broken.yar", BROKEN.encode())
    write(root, "etc/same_name.yar", b"\xef\xbb\xbf" + SAME_NAME.encode())
    write(root, "etc/flood.yar", FLOOD.encode())
    write(root, "etc/external.yar", EXTERNAL.encode("latin-1"))
    write(root, "etc/compiled.yarc", b"YARA" + bytes(60))


if __name__ == "__main__":
    main()
