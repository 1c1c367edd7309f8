#!/usr/bin/env python3
"""make_sound_host.py OUTDIR: a Linux host recorded in OUTDIR/sound_host of which nothing strange is to be told.

The counterpart of recorded_host: its programs lie on its disk unchanged, its threads have the rights of
their processes, nobody holds a named pipe. Detections of the packs must give no row here.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make_recorded_host import BOOT, Process, program, region, write


def make(host):
    write(host + "/proc/stat", "cpu  1 2 3 4\nctxt 5\nbtime %d\nprocesses 1000\n" % BOOT)
    write(host + "/proc/version", "Linux version 6.1.0-test (made by a script)\n")
    write(host + "/etc/hostname", "sound\n")
    for name in ("systemd", "bash", "server"):
        write(host + "/usr/bin/" + name, "a file of this name was here\n")
    Process(host, 1, "systemd", 0, 10, b"/sbin/init\0", "/usr/bin/systemd", cgroup="/init.scope",
            smaps=program("/usr/bin/systemd", 11))
    Process(host, 2, "kthreadd", 0, 10)
    Process(host, 3, "kworker/0:1-events", 2, 11)
    Process(host, 100, "bash", 1, 5000, b"-bash\0", "/usr/bin/bash", 1000, login=1000,
            smaps=program("/usr/bin/bash", 12))
    server = Process(host, 200, "server", 1, 6000, b"server\0", "/usr/bin/server", 33, groups="33",
                     smaps=program("/usr/bin/server", 13) + region(0x7F0000000000, 0x20000, "r-xp", "/usr/lib/libc.so.6", 14))
    server.thread(201, "worker", groups="33")
    server.descriptor(3, "pipe:[5001]", 0)


def main():
    host = os.path.join(sys.argv[1], "sound_host")
    shutil.rmtree(host, ignore_errors=True)
    make(host)


if __name__ == "__main__":
    main()
