#!/usr/bin/env python3
"""make_recorded_host.py OUTDIR: a Linux host recorded in OUTDIR/recorded_host, for `live:` evidence.

Written from proc(5), no recording of a real machine. Each process is one situation; the numbers say
which. Times: the host booted at 2026-01-02 03:04:05 UTC; a tick is 1/100 s.

  1 init   2, 3 kernel threads   100 login shell   200 a program that looks like a kernel thread
  300 a program in memory only   310 a deleted one   320 a replaced one   400 java with its own code
  410 changed code               420 rwx memory, no runtime   500 threads that differ   600, 610 pipes
  700 a name that breaks parsers 710 stat cut short   720 an old kernel's status   730 ended while copied
  740 a container's              750 parent started later (its pid was given out again)
"""
import os
import shutil
import sys

BOOT = 1767323045
INITIAL, CONTAINER = 4026531837, 4026532500
CAPS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
ALL, NONE = 0x1FFFFFFFFFF, 0


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def link(path, target):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def stat_text(pid, name, parent, start, flags=0x400000, threads=1, nice=0, state=b"S"):
    fields = [parent, pid, pid, 0, -1, flags, 10, 0, 0, 0, 150, 50, 0, 0, 20 + nice, nice, threads, 0, start, 8192000,
              500, 18446744073709551615] + [0] * 27
    return b"%d (%s) %s %s\n" % (pid, name, state, " ".join(map(str, fields)).encode())


def status_text(name, pid, uids=(0, 0, 0, 0), gids=(0, 0, 0, 0), groups="", caps=(NONE, ALL, ALL, ALL, NONE), seccomp=0,
                no_new_privs=0, old=False, tracer=0, inside=None):
    lines = ["Name:\t" + name, "Umask:\t0022", "State:\tS (sleeping)", "Tgid:\t%d" % pid, "Pid:\t%d" % pid,
             "TracerPid:\t%d" % tracer, "Uid:\t%d\t%d\t%d\t%d" % uids, "Gid:\t%d\t%d\t%d\t%d" % gids, "FDSize:\t64",
             "Groups:\t%s " % groups, "VmRSS:\t    2000 kB", "Threads:\t1"]
    lines += ["%s:\t%016x" % pair for pair in zip(CAPS, caps) if not (old and pair[0] == "CapAmb")]
    if not old:
        lines += ["NSpid:\t" + "\t".join(str(n) for n in (pid, inside) if n is not None)]
        lines += ["NoNewPrivs:\t%d" % no_new_privs, "Seccomp:\t%d" % seccomp, "Seccomp_filters:\t%d" % (seccomp // 2)]
    return "\n".join(lines) + "\n"


def region(start, size, permissions, path="", inode=0, offset=0, device="fe:00", anonymous=0, flags="rd ex mr mw me"):
    """One region of smaps, as bytes; kB where the kernel says kB."""
    head = "%x-%x %s %08x %s %d" % (start, start + size, permissions, offset, device if inode else "00:00", inode)
    if path:
        head = "%-72s %s" % (head, path)
    body = [("Size", size >> 10), ("KernelPageSize", 4), ("MMUPageSize", 4), ("Rss", size >> 10), ("Pss", size >> 10),
            ("Anonymous", anonymous), ("Swap", 0), ("SwapPss", 0), ("Locked", 0)]
    return head + "\n" + "".join("%-16s%8d kB\n" % (key + ":", value) for key, value in body) + \
        "THPeligible:           0\nVmFlags: %s \n" % flags


def program(path, inode):
    return region(0x555500000000, 0x1000, "r--p", path, inode, flags="rd mr mw me") + \
        region(0x555500001000, 0x8000, "r-xp", path, inode, 0x1000) + \
        region(0x555500100000, 0x21000, "rw-p", "[heap]", flags="rd wr mr mw me ac", anonymous=16)


KERNEL_CODE = region(0x7FFE00010000, 0x2000, "r-xp", "[vdso]") + \
    region(0xFFFFFFFFFF600000, 0x1000, "--xp", "[vsyscall]", flags="ex")


class Process:
    def __init__(self, host, pid, name, parent=1, start=1000, cmdline=b"", exe=None, uid=0, namespace=INITIAL, cgroup="/",
                 login=None, smaps="", **status):
        self.host, self.pid, self.folder = host, pid, os.path.join(host, "proc/%d/" % pid)
        self.name, self.uids = name, (uid,) * 4
        name_bytes = name if isinstance(name, bytes) else name.encode()
        kernel = exe is None
        self.put("stat", stat_text(pid, name_bytes, parent, start, 0x208040 if kernel else 0x400000))
        status.setdefault("caps", (NONE, ALL, ALL, ALL, NONE) if uid == 0 else (NONE, NONE, NONE, ALL, NONE))
        plain = name_bytes.decode("utf-8", "replace").replace("\\", "\\\\").replace("\n", "\\n")
        self.status = dict(uids=self.uids, gids=self.uids, **status)
        self.put("status", status_text(plain, pid, **self.status))
        self.put("cmdline", cmdline)
        self.put("loginuid", str(4294967295 if login is None else login))
        self.put("sessionid", str(4294967295 if login is None else 7))
        self.put("cgroup", "0::%s\n" % cgroup)
        self.put("io", "rchar: 1\nwchar: 1\nsyscr: 1\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n")
        self.put("smaps", smaps + (KERNEL_CODE if smaps else ""))
        self.link("ns/user", "user:[%d]" % namespace)
        self.link("ns/net", "net:[4026531840]")
        os.makedirs(self.folder + "fd")
        if exe:
            self.link("exe", exe)
            self.link("cwd", "/")
            self.link("root", "/")
        self.thread(pid)

    def put(self, name, content):
        write(self.folder + name, content)

    def link(self, name, target):
        link(self.folder + name, target)

    def thread(self, tid, name=None, at=None, **status):
        plain = name or os.path.basename(self.name if isinstance(self.name, str) else "odd")
        if tid == self.pid:
            content = open(self.folder + "status", "rb").read()
        else:
            content = status_text(plain, tid, **{**self.status, **status})
        self.put("task/%d/status" % tid, content)
        self.put("task/%d/syscall" % tid, "running\n" if at is None else "0 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffe00000000 0x%x\n" % at)

    def descriptor(self, number, target, flags):
        self.link("fd/%d" % number, target)
        self.put("fdinfo/%d" % number, "pos:\t0\nflags:\t%07o\nmnt_id:\t15\nino:\t1\n" % flags)


def inet(number, local, remote, state, uid, inode):
    return "%4d: %s %s %02X 00000000:00000000 00:00000000 00000000 %5d        0 %d 1 0000000000000000 100 0 0 10 0\n" % (
        number, local, remote, state, uid, inode)


def four(address, port):
    """An address as the kernel prints it: the four bytes as one little-endian number."""
    return "".join("%02X" % int(part) for part in reversed(address.split("."))) + ":%04X" % port


ANY = "0" * 32 + ":0000"
INET = {  # of pid 610: a listener, a connection out (its fd 8), what is left of one; the rest belongs to nobody seen
    "tcp": inet(0, four("0.0.0.0", 22), four("0.0.0.0", 0), 10, 0, 7001) +
    inet(1, four("10.0.0.5", 49152), four("93.184.216.34", 443), 1, 33, 7777) +
    inet(2, four("10.0.0.5", 22), four("192.168.1.9", 51000), 6, 0, 0),
    "tcp6": inet(0, "0000000000000000FFFF00000500000A:0016", "0000000000000000FFFF000022D8B85D:C738", 1, 0, 7002) +
    inet(1, "B80D0120000000000000000001000000:1F90", ANY, 10, 33, 7003),
    "udp": inet(0, four("0.0.0.0", 68), four("0.0.0.0", 0), 7, 0, 7004) +
    inet(1, four("127.0.0.1", 40000), four("127.0.0.53", 53), 1, 33, 7005),
    "raw": inet(1, four("0.0.0.0", 1), four("0.0.0.0", 0), 7, 0, 7006),
}


def make(host):
    write(host + "/proc/stat", "cpu  1 2 3 4\nctxt 5\nbtime %d\nprocesses 1000\n" % BOOT)
    write(host + "/proc/version", "Linux version 6.1.0-test (made by a script)\n")
    write(host + "/etc/hostname", "recorded\n")
    for name in ("systemd", "bash", "python3", "java", "upgraded", "server"):
        write(host + "/usr/bin/" + name, "a file of this name was here\n")
    Process(host, 1, "systemd", 0, 10, b"/sbin/init\0splash\0", "/usr/bin/systemd", cgroup="/init.scope", smaps=program("/usr/bin/systemd", 11))
    Process(host, 2, "kthreadd", 0, 10)
    Process(host, 3, "kworker/0:1-events", 2, 11)
    Process(host, 100, "bash", 1, 5000, b"-bash\0", "/usr/bin/bash", 1000, login=1000, groups="27 100 1000", smaps=program("/usr/bin/bash", 12),
            cgroup="/user.slice/user-1000.slice/session-7.scope")
    Process(host, 200, "kworker/u8:2", 1, 6000, b"[kworker/u8:2]\0", "/usr/bin/python3", smaps=program("/usr/bin/python3", 13))
    memfd = region(0x555500001000, 0x8000, "r-xp", "/memfd:stage (deleted)", 77, device="00:01")
    Process(host, 300, "stage", 100, 7000, b"stage\0", "/memfd:stage (deleted)", 1000, login=1000, smaps=memfd)
    Process(host, 310, "dropper", 100, 7100, b"/tmp/.x/dropper\0", "/tmp/.x/dropper (deleted)", 1000, login=1000,
            smaps=program("/tmp/.x/dropper (deleted)", 14))
    Process(host, 320, "upgraded", 1, 7200, b"/usr/bin/upgraded\0", "/usr/bin/upgraded (deleted)", smaps=program("/usr/bin/upgraded (deleted)", 15))
    java = Process(host, 400, "java", 1, 8000, b"java\0-jar\0app server.jar\0", "/usr/bin/java",
                   smaps=program("/usr/bin/java", 16) + region(0x7F0000000000, 0x270000, "rwxp", flags="rd wr ex mr mw me ac nr", anonymous=2496) +
                   region(0x7F0100000000, 0x100000, "r-xp", "/usr/lib/jvm/lib/server/libjvm.so", 17))
    java.thread(401, "VM Thread", at=0x7F0000001234)
    Process(host, 410, "sshd", 1, 8100, b"sshd: listener\0", "/usr/bin/server",
            smaps=program("/usr/bin/server", 18) + region(0x7F0200000000, 0x20000, "r-xp", "/usr/lib/libc.so.6", 19, anonymous=8) +
            region(0x7F0300000000, 0x10000, "r-xp", "/usr/lib/libpam.so.0", 20, flags="rd ex mr mw me ac") +
            region(0x7F0400000000, 0x10000, "r-xp", "/usr/lib/with\\012newline.so (deleted)", 21) +
            region(0x7F0500000000, 0x1000, "rwxs", "/SYSV00000000 (deleted)", 22, device="00:01"))
    Process(host, 420, "server", 1, 8200, b"/usr/bin/server\0", "/usr/bin/server",
            smaps=program("/usr/bin/server", 18) + region(0x7F0600000000, 0x1000, "rwxp", "[anon:libjvm.so]", flags="rd wr ex mr mw me ac", anonymous=4)
            ).thread(421, at=0x7F0600000010)
    threads = Process(host, 500, "threads", 1, 9000, b"threads\0", "/usr/bin/server", 33, groups="33")
    threads.thread(501, "worker", uids=(33, 0, 33, 0), groups="33")
    threads.thread(502, "escalated", caps=(NONE, ALL, ALL, ALL, NONE), groups="33")
    threads.thread(503, "sandbox", seccomp=2, no_new_privs=1, groups="33")
    threads.thread(504, "grouped", groups="0 33")
    threads.thread(505, "impossible", caps=(NONE, NONE, 1 << 21, ALL, NONE), groups="33")
    os.makedirs(host + "/run")
    os.mkfifo(host + "/run/control")
    os.chmod(host + "/run/control", 0o620)
    one = Process(host, 600, "reader", 1, 10000, b"reader\0", "/usr/bin/server", 33)
    two = Process(host, 610, "writer", 1, 10100, b"writer\0", "/usr/bin/server")
    one.descriptor(3, "/run/control", 0o100000)
    two.descriptor(3, "/run/control", 0o100001)
    one.descriptor(4, "pipe:[5001]", 0)
    one.descriptor(5, "pipe:[5001]", 1)
    two.descriptor(4, "pipe:[5001]", 1)
    one.descriptor(6, "socket:[6001]", 2)
    two.descriptor(6, "socket:[6002]", 2)
    two.descriptor(7, "socket:[6003]", 2)
    two.descriptor(8, "socket:[7777]", 2)
    two.descriptor(9, "/usr/bin/server", 0)
    two.descriptor(10, "anon_inode:[eventpoll]", 2)
    sockets = "Num       RefCount Protocol Flags    Type St Inode Path\n" \
        "0000000000000000: 00000002 00000000 00010000 0001 01  6001 /run/service.sock\n" \
        "0000000000000000: 00000003 00000000 00000000 0001 03  6002\n" \
        "0000000000000000: 00000002 00000000 00000000 0002 01  6003 @abstract name\n"
    for process in (one, two):
        process.put("net/unix", sockets)
    for name, lines in INET.items():
        two.put("net/" + name, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" + lines)
    odd = Process(host, 700, b"a) R 1 (b\n\xff", 100, 11000, b"odd\0arg \xff\xfe\0", "/usr/bin/server", 1000)
    odd.put("cgroup", "12:memory:/old\n1:name=systemd:/user.slice\n")
    Process(host, 710, "cut", 1, 11100, b"cut\0", "/usr/bin/server").put("stat", b"710 (cut) S 1 71")
    Process(host, 720, "old", 1, 11200, b"old\0", "/usr/bin/server", old=True)
    os.makedirs(host + "/proc/730")
    Process(host, 740, "contained", 1, 11300, b"contained\0", "/usr/bin/server", namespace=CONTAINER, cgroup="/docker/0123456789ab", inside=1)
    Process(host, 750, "orphan", 420, 8150, b"orphan\0", "/usr/bin/server")


def main():
    host = os.path.join(sys.argv[1], "recorded_host")
    shutil.rmtree(host, ignore_errors=True)
    make(host)


if __name__ == "__main__":
    main()
