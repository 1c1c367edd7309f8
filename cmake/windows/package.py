#!/usr/bin/env python3
"""Packs the Windows programs of a build folder, with what belongs to them, into one zip beside them.

The same files give the same bytes: names in order, one time, one mode. SHA256SUMS inside names every file.
"""
import hashlib
import os
import re
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = ("fsa.exe", "fsa.dll", "fsa.ext.exe", "fsa-score.exe")
TIME = (1980, 1, 1, 0, 0, 0)


def cached(build, name):
    """What CMake's cache of the build folder says of a variable."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as cache:
        return re.search(r"^%s:[A-Z]+=(.*)$" % name, cache.read(), re.M).group(1)


def members(build):
    """Name in the archive -> path on this machine."""
    found = {name: os.path.join(build, "bin", name) for name in PROGRAMS}
    found["README.md"] = os.path.join(ROOT, "README.md")
    # the texts that the libraries inside were made of, and their terms: who wants to link anew knows which
    sysroot = cached(build, "FSA_SYSROOT")
    found["LIBRARIES"] = os.path.join(sysroot, "SOURCES")
    for base, part in ((ROOT, "packs"), (sysroot, "licenses")):
        for folder, _, names in os.walk(os.path.join(base, part)):
            for name in names:
                if name.endswith((".sql", ".yar", ".md", ".txt")) and name != "cmocka.txt":
                    path = os.path.join(folder, name)
                    found[os.path.relpath(path, base)] = path
    return found


def add(archive, name, content):
    entry = zipfile.ZipInfo(name, TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def main():
    build = os.path.abspath(sys.argv[1])
    found = members(build)
    missing = [name for name in PROGRAMS if not os.path.exists(found[name])]
    if missing:
        sys.exit("package: %s lacks %s" % (os.path.join(build, "bin"), ", ".join(missing)))
    name = "fsa-tables-%s-windows-x64" % cached(build, "CMAKE_PROJECT_VERSION")
    sums = ""
    with zipfile.ZipFile(os.path.join(build, name + ".zip"), "w") as archive:
        for member in sorted(found):
            with open(found[member], "rb") as file:
                content = file.read()
            sums += "%s  %s\n" % (hashlib.sha256(content).hexdigest(), member)
            add(archive, name + "/" + member, content)
        add(archive, name + "/SHA256SUMS", sums)
    print(os.path.join(build, name + ".zip"))


if __name__ == "__main__":
    main()
