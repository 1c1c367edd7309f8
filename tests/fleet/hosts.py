"""A host of the fleet that does not exist and what is benign on it: most rare things of a fleet are nobody's crime.

Everything follows from the seed and the host's number.
"""
import random

import software
from catalogue import DEPARTMENTS, ROLES, group_program, role_of
from queries import names, row, script_blocks
from software import DAY, TIME, Software, digest, make_program, word

PRIVATE = {"workstation": 0.06, "developer": 0.25, "jump": 0.3}  # how many of its own programs run


class Host:
    def __init__(self, seed, number, count):
        self.rng = rng = random.Random(f"{seed}/host/{number}")
        self.number, self.role = number, role_of(number, count)
        _, self.platform, self.own, prefix = ROLES[self.role]
        self.name = f"{prefix}-{number:05d}.corp.example"
        self.uuid = f"{rng.getrandbits(32):08X}-{rng.getrandbits(16):04X}-4{rng.getrandbits(12):03X}-A{rng.getrandbits(12):03X}-" \
                    f"{rng.getrandbits(48):012X}"
        self.department = rng.randrange(DEPARTMENTS)
        self.user = word(rng, 2) + rng.choice("abcdefghijklm")
        self.windows = self.platform == "windows"
        self.rows = {name: [] for name in names(self.platform)}
        self.pid = 400
        self.asked = TIME + number % 3600  # when its answers came
        self.lag = rng.randrange(2 * DAY)
        sid = f"S-1-5-21-1085031214-1563985344-{1000 + number}" if self.windows else "1000"
        self.blanks = {"user": self.user, "sid": sid, "boot": TIME - rng.randrange(DAY, 30 * DAY),
                       "net": f"{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "octet": rng.randrange(1, 250)}

    def add(self, query, **values):
        """One row. What it says of a query of another platform is not asked."""
        if query in self.rows:
            self.rows[query].append(row(query, **values))

    def fill(self, template):
        return template % self.renew()

    def put(self, query, chance, template):
        if chance >= 1 or self.rng.random() < chance:
            self.rows[query].append(template % self.blanks)

    def renew(self, created=TIME - 90 * DAY):
        """New values for what differs from program to program."""
        rng = self.rng
        self.pid += rng.randrange(4, 40, 4)
        start = max(created, self.blanks["boot"]) + rng.randrange(60, 40000)
        self.blanks.update(pid=self.pid, parent=rng.randrange(400, 9000, 4), created=created, start=min(start, TIME - 60),
                           number=rng.randrange(1000, 99999), count=rng.randrange(1, 90),
                           guid=f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-b"
                                f"{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}")
        return self.blanks

    def install(self, program, created=None, runs=None):
        blanks, rnd = self.renew(program.wave + self.lag if created is None else created), self.rng.random
        for query, chance, template in program.installed:
            if chance >= 1 or rnd() < chance:
                self.rows[query].append(template % blanks)
        for query, chance, template in program.extra:
            if rnd() < chance:
                self.rows[query].append(template % blanks)
        if rnd() < (program.runs if runs is None else runs):
            for query, _, template in program.running:
                self.rows[query].append(template % blanks)


def fill(host, catalogue):
    """All that is benign on a host."""
    rng = host.rng
    host.renew()
    for query, chance, template in rng.choice(catalogue.systems[host.platform]):
        host.put(query, chance, template)
    for program, shares, department in catalogue.products:
        share = shares.get(host.role, 0.0)
        if share and rng.random() < (share if department is None else 0.6 * (department == host.department)):
            host.install(program)
    for _, program, shares in catalogue.rollouts:
        if rng.random() < shares.get(host.role, 0.0):
            host.install(program)
    for group in catalogue.groups.get(host.number, ()):
        host.install(group_program(catalogue.seed, group, host.platform))
    fill_own(host)
    (fill_windows if host.windows else fill_linux)(host, catalogue)


# ---- what only this host has -------------------------------------------------------------------------------

def fill_own(host):
    """Its own programs: a long tail, longest where people build and administer."""
    rng = host.rng
    many = min(400, int(rng.lognormvariate(0, 0.8) * host.own + rng.random()))
    builds = host.role in ("developer", "linux-build")
    for _ in range(many):
        kind = software.weighted(rng, {"user": 4, "loose": 3, "machine": 2, "data": 1, "build": 8 if builds else 0.3})
        created = TIME - int(rng.random() ** 2 * 500 * DAY) - 3600
        if rng.random() < 0.12:
            created = TIME - rng.randrange(3600, software.WINDOW)
        is_signed = {"machine": 0.7, "build": 0.03, "loose": 0.45}.get(kind, 0.4)
        facts = make_program(rng, host.platform, kind, is_signed, 0.3 if kind != "build" else 0.0, created, rng.randrange(0, 3))
        stays = 0.2 if kind == "loose" else 1.0  # what lies in Downloads is seldom started by itself
        software.give_habits(rng, facts, service=0.03 * stays, start=0.07 * stays, pipe=0.12, mutex=0.1, listen=0.06, remote=0.3)
        if rng.random() < 0.3:
            leave_traces(host, facts, created)
        else:
            host.install(Software(facts, PRIVATE.get(host.role, 0.15)), created)
        if host.windows and rng.random() < 0.015:
            claim_vendor(host, facts, rng.choice(["Microsoft", "Microsoft", "Adobe", "Google", "Intel"]), created)
    while rng.random() < 0.12:
        unpack_installer(host)


def leave_traces(host, facts, created):
    """A program that ran once and is gone: an installer, a download."""
    path = facts["path"].replace("<<user>>", host.user)
    host.add("fsa_executions", path=path, name=facts["name"], user_sid=host.blanks["sid"], artifacts="shimcache" if host.windows
             else "shell_history", is_executed=1, exists_now=0, gone_folder=path[:-len(facts["name"]) - 1], run_count=1, first_time=created, last_time=created)
    host.add("fsa_shimcache", path=path, modified_time=facts["modified"], position=host.rng.randrange(900), is_executed=1,
             control_set=1, written_time=TIME - 2 * DAY)


def claim_vendor(host, facts, vendor, created, by="version"):
    host.add("fsa_vendor_masquerade", path=facts["path"].replace("<<user>>", host.user), name=facts["name"],
             dir_class=facts["dir_class"], sha256=facts["sha256"], claimed_vendor=vendor, claimed_by=by,
             company=vendor + " Corporation", original_filename=facts["original"], signer=facts["signer"],
             signed_status=facts["signed_status"], is_known=facts["is_known"], create_time=created)


def run_from_folder(host, folder, dir_class, programs, when, gone, recon=0, spread=3600):
    """Several programs that ran in one folder; `gone` of them are not there any more."""
    rng, separator = host.rng, "\\" if host.windows else "/"
    times = sorted(when + rng.randrange(spread) for _ in programs)
    for place, (name, time) in enumerate(zip(programs, times)):
        path = folder + separator + name
        host.add("fsa_executions", path=path, name=name, user_sid=host.blanks["sid"], artifacts="prefetch,shimcache" if
                 host.windows else "shell_history", is_executed=1, exists_now=int(place >= gone),
                 gone_folder=folder if place < gone else "", sha1=digest(rng, 160), run_count=rng.randrange(1, 4), first_time=time, last_time=time)
        host.add("fsa_shimcache", path=path, modified_time=time - 60, position=rng.randrange(60), is_executed=1, control_set=1,
                 written_time=TIME - 3600)
    if gone >= 2:
        host.add("fsa_deleted_programs", folder=folder, dir_class=dir_class, programs=len(programs), programs_gone=gone,
                 recon_tools=recon, names=",".join(programs), users=1, first_time=times[0], last_time=times[-1],
                 artifacts="prefetch,shimcache" if host.windows else "shell_history")
    host.add("fsa_shimcache_folders", folder=folder + separator, programs=len(programs), executed=len(programs),
             first_modified=times[0] - 60, last_modified=times[-1] - 60, first_name=min(programs), last_name=max(programs))


def unpack_installer(host):
    """Setup unpacks some programs into a folder of its own, runs them and removes them."""
    rng, ending = host.rng, ".exe" if host.windows else ""
    when = TIME - rng.randrange(3600, 300 * DAY)
    folder = (f"C:\\Users\\{host.user}\\AppData\\Local\\Temp\\{rng.choice(['is-', '{', 'nsu', '7z'])}{word(rng, 2).upper()}.tmp"
              if host.windows else f"/tmp/{word(rng)}-install")
    names = [word(rng, 2) + ending for _ in range(rng.randrange(2, 6))]
    run_from_folder(host, folder, "unusual", names, when, len(names) - rng.randrange(0, 2), spread=300)


# ---- Windows -------------------------------------------------------------------------------------------------

def fill_windows(host, catalogue):
    rng = host.rng
    agent = catalogue.protection[0] if host.number % 2 else catalogue.protection[1] if host.number % 20 == 0 else None
    if agent:
        host.install(agent)
        for rule in ("cobalt_strike_beacon", "mimikatz_names", "reflective_loader"):  # it holds what it looks for
            hit_memory(host, agent.facts["path"], rule, "rw-p", 3)
    for step in (fill_scripts, fill_logons, fill_settings, fill_logs):
        step(host, catalogue)
    if host.role == "web" and rng.random() < 0.06:
        packed_page(host)
    for chance, step in ((0.3, own_driver), (0.05, compiler_unknown), (0.1, resource_library), (0.02, program_gone),
                         (0.02, odd_parent), (0.03, borrowed_logon), (0.04, admin_tool), (0.015, wrapper_library),
                         (0.05, own_pipes), (0.02, script_at_logon), (0.03, false_hit), (0.01, entry_without_program)):
        if rng.random() < chance * {"jump": 6, "developer": 3}.get(host.role, 1):
            step(host)


TRAITS = ("amsi", "credential", "native", "download", "invoke", "encoded", "reflection", "defender", "reconnaissance")


def run_script(host, text, traits=(), path="", when=None, sha256=None, level=5, length=None):
    """A script block; when it has traits of attacks, the query for those shows it too."""
    when = when or TIME - host.rng.randrange(3600, 20 * DAY)
    values = dict(sha256=sha256 or digest(host.rng), script_path=path, is_complete=1, level=3 if traits and level == 5 else level,
                  length=length or len(text), user_sid=host.blanks["sid"], times=1, first_time=when, last_time=when,
                  script_block_id=host.renew()["guid"])
    host.add(script_blocks(values["sha256"]), **values, script_start=text[:64])
    if traits or level == 3:
        flags = {f"has_{trait}": int(trait in traits) for trait in TRAITS}
        host.add("fsa_suspicious_script_blocks", **values, traits="".join(map(str, flags.values())), **flags,
                 script_start=text[:300])
    return values["sha256"]


CHORES = (  # what administrators and products run: (text, traits)
    ("Get-ChildItem C:\\{0} | Where-Object Length -gt {1}", ()), ("$x{1} = Get-Content {0}.txt; $x{1} | Sort-Object", ()),
    ("Import-Module {0}; Invoke-{0}Build -Configuration Release -Number {1}", ()),
    ("Invoke-WebRequest https://packages.corp.example/{0}/{1}.zip -OutFile {0}.zip", ("download",)),
    ("iex ((New-Object Net.WebClient).DownloadString('https://packages.corp.example/install-{0}.ps1'))", ("download", "invoke")),
    ("$b = [Convert]::FromBase64String('{0}{1}'); [IO.File]::WriteAllBytes('{0}.cer', $b)", ("encoded",)),
    ("Add-Type -TypeDefinition '[DllImport(\"user32.dll\")] static extern int {0}(int a);'", ("reflection",)),
    ("Add-MpPreference -ExclusionPath D:\\{0}\\{1}", ("defender",)))


def fill_scripts(host, catalogue):
    rng = host.rng
    for sha256, path, text, chance in catalogue.scripts:
        if rng.random() < chance:
            run_script(host, text, path=path, sha256=sha256)
    own = {"developer": 5.0, "jump": 9.0, "workstation": 0.7}.get(host.role, 2.0)
    for _ in range(int(rng.expovariate(1 / own))):
        text, traits = CHORES[min(int(rng.expovariate(0.7)), len(CHORES) - 1)]
        run_script(host, text.format(word(rng), rng.randrange(9999)), traits)


def logon(host, domain, user, kind, source, address, place="private", package="Kerberos", logons=1, failures=0, when=None):
    """A row of each of the two sources that tell of logons."""
    rng = host.rng
    when = when or TIME - rng.randrange(3600, 12 * DAY)
    times = dict(first_time=when, last_time=min(TIME - 60, when + rng.randrange(1, 3 * DAY)))
    host.add("fsa_logons", domain=domain, user=user, action="logon", logon_type=kind, package=package, source_host=source,
             source_address=address, source_class=place, logons=logons, failures=failures, **times)
    number = {"Interactive": 2, "Network": 3, "Remote Interactive": 10, "New Credentials": 9}.get(kind, 3)
    host.add("fsa_logon_domains", domain=domain, workstation=source, logon_type=number, package=package, key_length=0 if package
             == "Kerberos" else 128, logon_process="Kerberos" if package == "Kerberos" else "NtLmSsp", is_failed=0, logons=
             logons, users=1, user_name=user, source_address=address, addresses=1, **times)


def address(rng, place="private"):
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" if place == "private" else \
        f"198.51.100.{rng.randrange(1, 255)}"


def fill_logons(host, catalogue):
    rng = host.rng
    own = host.name.split(".")[0]
    logon(host, "CORP", host.user, "Interactive" if host.windows else "ssh", own, "127.0.0.1", logons=rng.randrange(2, 60))
    logon(host, "CORP", "svc-scan", "Network", "SCAN-01", "10.0.0.7", logons=rng.randrange(1, 20))
    for _ in range({"jump": 25, "controller": 40, "files": 25}.get(host.role, 2)):
        logon(host, "CORP", word(rng, 2) + rng.choice("abcdefghijklm"), "Network", f"WS-{rng.randrange(99999):05d}", address(rng),
              logons=rng.randrange(1, 30), failures=rng.choice([0, 0, 0, 1, 3]))
    odd = rng.random() / {"jump": 5, "files": 3, "controller": 5}.get(host.role, 1)
    if odd < 0.02:
        logon(host, rng.choice(catalogue.partners), word(rng, 2), "Network", word(rng).upper(), address(rng), package="NTLM")
    elif odd < 0.035:  # a new machine that kept the name which setup made up
        logon(host, "WORKGROUP", host.user, "Network", "DESKTOP-" + word(rng, 3).upper()[:7], address(rng), package="NTLM")
    elif odd < 0.04:
        logon(host, own, "admin", "Network", word(rng, 2).upper() + "-PC", address(rng), package="NTLM")
    elif odd < 0.047:
        logon(host, "CORP", "svc-backup", "Network", "", address(rng, "public"), "public", "NTLM", 1, rng.randrange(0, 40))


SETTINGS = {  # (value that is sound, value that is weak, severity, roles in which the weak one is the rule)
    "wdigest": (0, 1, "high", ()), "lsa_protection": (1, 0, "medium", ("web", "database")), "lm_level": (5, 2, "medium", ("files",)),
    "lm_hash": (1, 0, "high", ()), "restricted_admin": (1, 0, "medium", ("jump",)), "blank_passwords": (1, 0, "high", ()),
    "credential_guard": (1, 0, "medium", ("developer", "web", "database", "files")), "driver_blocklist": (1, 0, "medium", ()),
    "rdp": (1, 0, "low", ("jump", "web", "database", "files", "controller")), "rdp_nla": (1, 0, "high", ()),
    "uac": (1, 0, "critical", ()), "uac_prompt": (5, 0, "high", ("developer",)), "remote_tokens": (0, 1, "high", ("jump",)),
    "defender_service": (0, 1, "critical", ()), "defender_realtime": (0, 1, "critical", ()), "defender_tamper": (5, 0, "high", ()),
    "powershell_blocks": (1, 0, "medium", ()), "command_line_logging": (1, 0, "low", ("database",)), "smb1": (0, 1, "high", ("files",)),
    "smb_signing": (1, 0, "medium", ("database",))}
LINUX_SETTINGS = {
    "selinux": ("enforcing", "disabled", "high", ("linux-build", "container")), "ptrace_scope": (1, 0, "medium", ("linux-build",)),
    "ssh_root_login": ("no", "yes", "high", ()), "ssh_passwords": ("no", "yes", "medium", ("linux-build",)),
    "auditd": (1, 0, "medium", ("container",)), "firewall": (1, 0, "medium", ()), "sudo_nopasswd": ("no", "yes", "medium", ("linux-build",)),
    "kptr_restrict": (1, 0, "low", ()), "core_pattern": ("core", "|/usr/lib/crash", "low", ()), "log_forwarding": (1, 0, "medium", ())}


def set_setting(host, setting, is_weak, origin="policy", when=None):
    sound, weak, severity, _ = (SETTINGS if host.windows else LINUX_SETTINGS)[setting]
    value, place = weak if is_weak else sound, f"HKEY_LOCAL_MACHINE\\SOFTWARE\\{setting}" if host.windows else f"/etc/{setting}.conf"
    when = when or TIME - 200 * DAY
    host.add("fsa_security_settings", category=setting.split("_")[0], setting=setting, location=place, value=value, effective=value,
             expected=sound, is_weakened=int(is_weak), severity=severity, origin=origin, mtime=when)
    host.add("fsa_weakened_settings", setting=setting, name=setting.title().replace("_", ""), data=value, expected=sound,
             is_weakened=int(is_weak), key=place, mtime=when)


def fill_settings(host, catalogue, spoiled=()):
    """Sound, weak by rule of the role, or weak because somebody tried something once."""
    rng = host.rng
    is_old = rng.random() < 0.01
    for setting, (_, _, _, roles) in (SETTINGS if host.windows else LINUX_SETTINGS).items():
        if host.role in roles:
            set_setting(host, setting, rng.random() < 0.95)
        elif rng.random() < (0.25 if is_old else 0.006):
            set_setting(host, setting, True, rng.choice(["local", "local", "policy"]), TIME - rng.randrange(3600, 300 * DAY))
        else:
            set_setting(host, setting, False)


def clear_log(host, channel, user, when):
    host.add("fsa_log_cleared", eventid=1102 if channel == "Security" else 104, channel="Security" if channel == "Security" else
             "System", channel_cleared=channel, user_domain="CORP", user_name=user, time=when, record_id=
             host.rng.randrange(90000), computer_name=host.name)


def gap(host, channel, missing, when, backwards=0):
    host.add("fsa_log_gaps", channel=channel, gaps=1, missing=missing, first_gap=host.rng.randrange(90000), first_gap_time=when,
             backwards=backwards, records=host.rng.randrange(2000, 40000))


def fill_logs(host, catalogue):
    rng = host.rng
    if rng.random() < 0.03:  # the image was sealed with empty logs
        for channel in ("Security", "System", "Application"):
            clear_log(host, channel, "deploy", host.blanks["boot"] - 90 * DAY)
    if rng.random() < 0.006:
        clear_log(host, rng.choice(["Application", "System", "Setup", "Security"]), host.user, TIME - rng.randrange(DAY, 60 * DAY))
    if rng.random() < 0.03:
        gap(host, rng.choice(["System", "Application", "Security"]), rng.randrange(1, 400), TIME - rng.randrange(DAY, 60 * DAY),
            rng.randrange(2))


def own_driver(host):
    name = word(host.rng, 2)
    host.add("fsa_drivers", image=f"C:\\Windows\\System32\\drivers\\{name}.sys", name=name + ".sys", service=name, service_type=
             "KERNEL_DRIVER", start_type="DEMAND_START", status="RUNNING", is_loaded=1, in_registry=1, in_scm=1,
             in_object_directory=1, on_disk=1, pe_timestamp=1500000000, size=40000, load_order=170)


def some_program(host):
    """A program of the user's that runs for its own sake."""
    name = word(host.rng) + ".exe"
    return f"C:\\Program Files\\{word(host.rng).title()}\\{name}", name


def compiler_unknown(host):
    host.put(*software.region(some_program(host)[0], "anonymous", 0, size=host.rng.randrange(1, 200) * 4096))


def resource_library(host):
    host.put(*software.region(some_program(host)[0], "unlinked_image", 0, size=90112, is_writable=0))


def program_gone(host):
    path, name = some_program(host)
    host.add("fsa_process_images_windows", path=path, name=name, pid=host.renew()["pid"], parent=1200, user_name=host.user,
             is_deleted=1, on_disk=0, is_name_masqueraded=0, is_image_renamed=0, is_hidden=0, peb_path=path,
             start_time=TIME - 3 * DAY, cmdline=path)


def odd_parent(host):
    rng = host.rng
    parent, child = rng.choice([("winword.exe", "cmd.exe"), ("excel.exe", "powershell.exe"), ("sqlservr.exe", "cmd.exe"),
                                ("w3wp.exe", "csc.exe"), ("outlook.exe", "wscript.exe"), ("svchost.exe", "mshta.exe"),
                                ("java.exe", "cmd.exe"), ("teams.exe", "reg.exe")])
    start_child(host, parent, child, f"{child} /c {word(rng)}.cmd", TIME - rng.randrange(60, 40000))


def start_child(host, parent, name, cmdline, when, path=None, parent_path=None):
    path = path or ("C:\\Windows\\System32\\" + name if host.windows else "/usr/bin/" + name)
    pid = host.renew()["pid"]
    host.add("fsa_parent_child", parent_name=parent, name=name, path=path, parent_path=parent_path or (
        "C:\\Program Files\\Office\\" if host.windows else "/usr/sbin/") + parent, processes=1, pid=pid, parent=pid - 400,
        start_time=when, cmdline=cmdline[:120])
    host.add("fsa_processes_windows", path=path, name=name, integrity="medium", user_name=host.user, processes=1, pid=pid, parent=
             pid - 400, session_id=1, is_elevated_token=0, is_hidden=0, protection_type="None", start_time=when, cmdline=cmdline[:160])
    host.add("fsa_processes", path=path, name=name[:15], pid=pid, parent=pid - 400, uid=1000, euid=1000, start_time=when,
             cmdline=cmdline, cwd="/", cgroup_path="/user.slice")
    return pid


def act_as(host, path, user_sid, when, **more):
    """A thread that acts as somebody else."""
    values = dict(process_path=path, is_process=0, user_sid=user_sid, process_user_sid=host.blanks["sid"], level="impersonation",
                  logon_type="Network", authentication_package="NTLM", is_privileged_user=0, is_service_process=0,
                  has_other_logon=1, has_higher_integrity=0, has_gained_administrators=0, has_gained_privileges=0,
                  pid=host.renew()["pid"], tid=host.rng.randrange(999, 99999), start_module="ntdll.dll", tokens=1)
    host.add("fsa_tokens_windows", **{**values, **more})


def borrowed_logon(host):
    """runas /netonly, as administrators use it."""
    act_as(host, "C:\\Windows\\System32\\mmc.exe", host.blanks["sid"], TIME, is_process=1, logon_type="New Credentials",
           authentication_package="Negotiate", level="")


def admin_tool(host):
    path = f"C:\\Tools\\{word(host.rng, 2)}64.exe"
    host.add("fsa_lsass_handles", process_path=path, access_text="PROCESS_VM_READ PROCESS_QUERY_INFORMATION", granted_access=
             "0x1410", pid=host.renew()["pid"], handles=1)
    start_child(host, "cmd.exe", path.rsplit("\\", 1)[1], path, TIME - 4000, path)


def wrapper_library(host):
    """A program brings its own copy of a library that bears a system's name."""
    facts = make_program(host.rng, "windows", "user", 0.6, 0.5, TIME - 100 * DAY)
    facts["start"] = "run"
    path = facts["folder"] + "\\" + host.rng.choice(["version.dll", "dbghelp.dll", "winhttp.dll", "d3d9.dll"])
    host.put("fsa_autostart_side_loading", 1.0, software.side_loaded(
        facts, path, digest(host.rng), facts["signer"] if host.rng.random() < 0.5 else "", "good" if facts["signer"] else "none",
        is_system_name=1))


def own_pipes(host):
    for _ in range(host.rng.randrange(1, 4)):
        host.put("fsa_named_pipes_windows", 1.0, software.pipe_row(word(host.rng, 4), some_program(host)[0]))


def script_at_logon(host):
    facts = {"name": "powershell.exe", "path": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "dir_class": "system",
             "sha256": software.digest_of("powershell"), "signer": "Microsoft Windows", "signed_status": "good", "is_known": "1"}
    host.put("fsa_autostarts", 1.0, software.autostart(
        facts, "task", f"-ExecutionPolicy Bypass -File C:\\IT\\{word(host.rng)}.ps1", word(host.rng).title() + "Task"))


def entry_without_program(host):
    facts = make_program(host.rng, "windows", "machine", 0, 0, TIME)
    host.put("fsa_autostarts", 1.0, software.autostart(facts, "run", program_exists=0, sha256="", signed_status="", is_known=""))


# ---- memory, on both ------------------------------------------------------------------------------------------

TOOLS = {"cobalt_strike_configuration": 95, "cobalt_strike_beacon": 90, "meterpreter_library": 90, "metasploit_block_api": 90,
         "mimikatz_names": 90}  # YARA rules and their severity
VAGUE = {"reflective_loader": 60, "executable_dos_header": 40, "shellcode_finds_functions": 60}


def hit_memory(host, path, rule, permissions="rwxp", places=1):
    """A YARA rule is true of the memory of a process."""
    host.add("fsa_memory_strings", rule=rule, process_path=path, severity={**TOOLS, **VAGUE}[rule], permissions=permissions,
             places=places, pid=host.renew()["pid"], processes=1, address=f"0x{host.rng.getrandbits(36):x}000", data="4d5a9000")


def packed_page(host):
    """A plug-in that is sold packed, in a web server's folder."""
    query = "fsa_suspicious_files_windows" if host.windows else "fsa_suspicious_files"
    host.add(query, rule="php_runs_hidden" if not host.windows else "asp_runs_request", kind="webshell", severity=70, path=
             f"C:\\inetpub\\wwwroot\\{word(host.rng)}\\{word(host.rng)}.aspx" if host.windows else
             f"/var/www/{word(host.rng)}/plugins/{word(host.rng)}.php")


def false_hit(host):
    """Packed programs, installers of frameworks, scanners that hold what they look for."""
    rule = software.weighted(host.rng, {**{name: 8 for name in VAGUE}, **{name: 0.4 for name in TOOLS}})
    path = some_program(host)[0] if host.windows else f"/opt/{word(host.rng)}/bin/{word(host.rng, 2)}"
    hit_memory(host, path, rule, host.rng.choice(["r--p", "r-xp", "rw-p"]), host.rng.randrange(1, 6))


# ---- Linux ---------------------------------------------------------------------------------------------------

def fill_linux(host, catalogue):
    rng = host.rng
    fill_settings(host, catalogue)
    fill_logons(host, catalogue)
    if host.role == "container":
        show_image(host, "/memfd:runc_cloned:/proc/self/exe (deleted)", "runc:[2:INIT]", is_memfd=1, is_deleted=1)
    if host.role == "linux-web" and rng.random() < 0.06:
        packed_page(host)
    for chance, step in ((0.08, upgraded_program), (0.06, compiler_linux), (0.05, lowered_rights), (0.3, own_sockets), (0.02, false_hit)):
        if rng.random() < chance:
            step(host)


def show_image(host, path, name, when=TIME - 4 * DAY, **more):
    pid = host.renew()["pid"]
    host.add("fsa_process_images", **{**dict(path=path, name=name, pid=pid, parent=1, uid=0, is_memfd=0, is_deleted=0,
                                             is_name_masqueraded=0, on_disk=0, start_time=when, cmdline=name), **more})
    return pid


def upgraded_program(host):
    name = word(host.rng, 2)
    show_image(host, f"/usr/sbin/{name} (deleted)", name, is_deleted=1)


def compiler_linux(host):
    host.put(*software.region(f"/opt/{word(host.rng)}/bin/{word(host.rng, 2)}", "anonymous", 0))


def lowered_rights(host):
    host.add("fsa_tokens", process_path=f"/usr/sbin/{word(host.rng, 2)}d", has_other_uids=1, has_other_gids=1, has_other_groups=1,
             has_other_capabilities=0, has_other_seccomp=0, has_excess_capabilities=0, pid=host.renew()["pid"], thread="worker",
             euid=33, cap_effective="0x0", threads=4)


def own_sockets(host):
    for _ in range(host.rng.randrange(1, 5)):
        host.put("fsa_named_pipes", 1.0, software.socket_row(
            host.rng.choice([f"/tmp/.{word(host.rng)}-{host.rng.randrange(9999)}", f"@{word(host.rng, 4)}"]),
            f"/usr/bin/{word(host.rng, 2)}"))
