"""What the hosts of the fleet have in common: the systems themselves, the products of each role, roll-outs.

All of it follows from the seed and the number of hosts, so that any slice of a fleet is the same as in the whole.
"""
import random

import software
from queries import template
from software import DAY, LINUX_LIBRARIES, LINUX_PROCESSES, TIME, WINDOWS_LIBRARIES, WINDOWS_PROCESSES, Software, word

ROLES = {  # share of the fleet, platform, own programs of a host (median), what its name begins with
    "workstation": (0.50, "windows", 4.0, "WS"), "developer": (0.08, "windows", 22.0, "DEV"),
    "jump": (0.01, "windows", 18.0, "JMP"), "files": (0.03, "windows", 1.5, "FS"), "web": (0.04, "windows", 2.0, "IIS"),
    "database": (0.03, "windows", 2.0, "SQL"), "controller": (0.01, "windows", 0.7, "DC"),
    "linux-web": (0.13, "linux", 1.5, "web"), "linux-database": (0.06, "linux", 1.0, "db"),
    "linux-build": (0.06, "linux", 14.0, "build"), "container": (0.05, "linux", 4.0, "node")}
DEPARTMENTS = 16
EXPLORER = {"explorer.exe": "C:\\Windows\\explorer.exe", "cmd.exe": "C:\\Windows\\System32\\cmd.exe"}


def role_of(number, count):
    """Roles in blocks, by share; every role has a host."""
    place = 0
    for role, (share, _, _, _) in ROLES.items():
        place += max(1, round(share * count))
        if number < place:
            return role
    return "workstation"


# ---- the systems -----------------------------------------------------------------------------------------

def windows_process(name):
    parent, integrity, user, many = WINDOWS_PROCESSES[name]
    folder = "C:\\Windows\\System32\\wbem\\" if name == "WmiPrvSE.exe" else "C:\\Windows\\System32\\"
    return [("fsa_processes_windows", 1.0, template(
        "fsa_processes_windows", path=folder + name, name=name, integrity=integrity, user_name=user, processes=many,
        pid="<<pid>>", parent="<<parent>>", session_id=0 if integrity == "system" else 1, is_elevated_token=
        int(integrity == "system"), is_hidden=0, protection_type="PsProtectedSignerWinTcb-Light" if name in ("smss.exe", "csrss.exe") else "None",
        start_time="<<boot>>", cmdline=folder + name)),
        ("fsa_parent_child", 1.0, template(
            "fsa_parent_child", parent_name=parent, name=name, path=folder + name, parent_path=
            EXPLORER.get(parent, "C:\\Windows\\System32\\" + parent), processes=many, pid="<<pid>>", parent="<<parent>>",
            start_time="<<boot>>", cmdline=folder + name)),
        software.modules(folder + name, many)]


def windows_system(rng, build):
    """Rows that every Windows host of a build has."""
    rows = [row for name in WINDOWS_PROCESSES for row in windows_process(name)]
    more = [word(rng, 2) for _ in range(45)]
    rows += [software.modules(f"C:\\Windows\\System32\\{name}.dll", rng.randrange(3, 140))
             for name in WINDOWS_LIBRARIES + more]
    for number in range(70):
        name = word(rng, 3).title() + "Svc"
        rows.append(("fsa_services", 0.99, software.service(
            name, "C:\\Windows\\System32\\svchost.exe -k netsvcs -p", TIME - 400 * DAY,
            f"C:\\Windows\\System32\\{name[:6].lower()}.dll")))
        if number % 3 == 0:
            rows.append(("fsa_autostarts", 0.99, software.autostart(
                stock_facts(name, f"C:\\Windows\\System32\\{name[:6].lower()}.dll"), "service", entry=name, is_default=1)))
    for name in sorted({word(rng, 2) for _ in range(45)}):
        rows.append(("fsa_drivers", 0.97, driver(f"C:\\Windows\\System32\\drivers\\{name}.sys", name, build)))
    for name in sorted({word(rng, 3) for _ in range(24)}):
        rows.append(("fsa_named_pipes_windows", 0.97, software.pipe_row(name, "C:\\Windows\\System32\\svchost.exe")))
        rows.append(("fsa_mutexes", 0.97, template(
            "fsa_mutexes", normalized_name=f"Global\\{name}", process_path="C:\\Windows\\System32\\svchost.exe", mutexes=1,
            name=f"Global\\{name}", session=0, pid="<<pid>>")))
    return rows + windows_traces(rng)


def windows_traces(rng):
    rows = [("fsa_shimcache", 0.8, software.shimcache(f"C:\\Windows\\System32\\{word(rng, 2)}.exe", TIME - 400 * DAY))
            for _ in range(60)]
    for number in range(36):
        channel, eventid = rng.choice(["System", "Application", "Security", "Setup"]), rng.randrange(1, 7000)
        rows.append(("fsa_event_log_summary", 0.9, template(
            "fsa_event_log_summary", channel=channel, provider_name=f"Microsoft-Windows-{word(rng).title()}", eventid=eventid,
            events="<<count>>", first_time=TIME - 40 * DAY, last_time=TIME - 3600, first_record="<<number>>",
            last_record="<<number>>", recovered=0)))
    for port, service in ((135, "RpcSs"), (445, ""), (5985, "WinRM"), (3389, "TermService")):
        rows.append(software.connection("C:\\Windows\\System32\\svchost.exe", service, port=port))
    for account in ("S-1-5-19", "S-1-5-20"):
        rows.append(("fsa_tokens_windows", 0.9, token("C:\\Windows\\System32\\svchost.exe", account, "S-1-5-18", service=1)))
    rows.append(("fsa_lsass_handles", 1.0, template(
        "fsa_lsass_handles", process_path="C:\\Windows\\System32\\csrss.exe", access_text="PROCESS_VM_READ PROCESS_DUP_HANDLE",
        granted_access="0x1fffff", pid="<<pid>>", handles=1)))
    return rows


def token(path, user, process_user, service=0, **more):
    return template("fsa_tokens_windows", **{**dict(
        process_path=path, is_process=0, user_sid=user, process_user_sid=process_user, level="impersonation", logon_type=
        "Service", authentication_package="Negotiate", is_privileged_user=int(user == "S-1-5-18"), is_service_process=service,
        has_other_logon=1, has_higher_integrity=0, has_gained_administrators=0, has_gained_privileges=0, pid="<<pid>>",
        tid="<<number>>", start_module="ntdll.dll", tokens=1), **more})


def driver(image, name, build, **more):
    return template("fsa_drivers", **{**dict(
        image=image, name=name + ".sys", service=name, service_type="KERNEL_DRIVER", start_type="SYSTEM_START", status="RUNNING", is_loaded=1,
        in_registry=1, in_scm=1, in_object_directory=1, on_disk=1, pe_timestamp=1600000000 + build, size=90000,
        load_order="<<count>>"), **more})


def stock_facts(name, path):
    """Facts of a program of the system itself."""
    return {"name": name, "path": path, "dir_class": "system", "sha256": software.digest_of(path), "signer":
            "Microsoft Windows", "signed_status": "good", "is_known": "1"}


def linux_system(rng, build):
    rows = []
    for name, path in LINUX_PROCESSES.items():
        rows.append(("fsa_processes", 1.0, template(
            "fsa_processes", path=path, name=name, pid="<<pid>>", parent=1, uid=0, euid=0, start_time="<<boot>>", cmdline=path,
            cwd="/", cgroup_path=f"/system.slice/{name}.service")))
        rows.append(("fsa_parent_child", 1.0, template(
            "fsa_parent_child", parent_name="systemd", name=name, path=path, parent_path="/usr/lib/systemd/systemd",
            processes=1, pid="<<pid>>", parent=1, start_time="<<boot>>", cmdline=path)))
        rows.append(software.modules(path, 1))
    rows += [software.modules("/usr/lib/x86_64-linux-gnu/" + name, rng.randrange(2, 60)) for name in LINUX_LIBRARIES]
    rows += [software.modules(f"/usr/lib/x86_64-linux-gnu/lib{word(rng, 2)}.so.{build}", 3) for _ in range(25)]
    for name in [word(rng, 2) for _ in range(14)]:
        rows.append(("fsa_named_pipes", 0.97, software.socket_row(f"/run/systemd/{name}", "/usr/lib/systemd/systemd")))
        facts = {**stock_facts(name, f"/usr/lib/systemd/systemd-{name}"), "signer": "", "signed_status": "", "is_known": ""}
        rows.append(("fsa_autostarts", 0.97, software.autostart(facts, "systemd", entry=name + ".service", is_default=1)))
    rows.append(("fsa_tokens", 0.6, template(
        "fsa_tokens", process_path="/usr/sbin/rsyslogd", has_other_uids=0, has_other_gids=0, has_other_groups=0,
        has_other_capabilities=1, has_other_seccomp=0, has_excess_capabilities=0, pid="<<pid>>", thread="in:imklog", euid=0,
        cap_effective="0x400000000", threads=1)))
    rows.append(software.connection("/usr/sbin/sshd", "", port=22))
    return rows


# ---- products --------------------------------------------------------------------------------------------

def zipf_share(place, first, slope):
    return first * (place + 1) ** -slope


def make_products(rng):
    """[(Software, {role: chance}, department or None)]: a few that all have, many that few have."""
    products = []
    for platform, many in (("windows", 170), ("linux", 90)):
        roles = [role for role, facts in ROLES.items() if facts[1] == platform]
        for place in range(many):
            in_house = place % 9 == 8  # built here: nobody signed it, nobody else knows it
            facts = software.make_program(
                rng, platform, "machine" if rng.random() < 0.8 else "user", 0.05 if in_house else 0.9,
                0.0 if in_house else 0.93, TIME - rng.randrange(20, 900) * DAY, rng.randrange(0, 7))
            software.give_habits(rng, facts, service=0.3, start=0.3, pipe=0.3, mutex=0.4, listen=0.15, remote=0.4)
            share = min(0.97, zipf_share(place, 1.1, 0.8))
            mine = {role: share for role in rng.sample(roles, rng.randrange(1, len(roles) + 1))}
            department = rng.randrange(DEPARTMENTS) if rng.random() < 0.3 else None
            products.append((Software(facts, rng.uniform(0.2, 0.9)), mine, department))
            if platform == "windows" and place % 7 == 3:  # a runtime of somebody else's in its folder, unsigned
                products[-1][0].extra.append(("fsa_vendor_masquerade", 0.9, borrowed_library(rng, facts)))
    return products + make_role_programs(rng)


def borrowed_library(rng, facts):
    name = word(rng, 2) + "140.dll"
    return template(
        "fsa_vendor_masquerade", path=f"{facts['folder']}\\{name}", name=name, dir_class=facts["dir_class"],
        sha256=software.digest(rng), claimed_vendor="Microsoft", claimed_by="version", company="Microsoft Corporation",
        original_filename=name, signer="", signed_status="none", is_known=int(rng.random() < 0.7), create_time="<<created>>")


def make_role_programs(rng):
    """What makes a role: servers run what they are for."""
    programs = []
    for role, (_, platform, _, _) in ROLES.items():
        for _ in range(5):
            facts = software.make_program(rng, platform, "machine", 0.95, 0.97, TIME - 300 * DAY, 4)
            software.give_habits(rng, facts, service=0.8, start=0.5, listen=0.6)
            programs.append((Software(facts, 0.97), {role: 0.95}, None))
    return programs


def make_rollouts(rng, count):
    """New versions inside the window: a first ring of few hosts, a tenth, most; and one that nobody signed."""
    rollouts = []
    for name, share, signed, roles in (("first ring", 2.5 / max(count, 40), 1.0, ("workstation", "developer")),
                                       ("tenth", 0.1, 1.0, ("workstation", "developer", "jump")),
                                       ("most", 0.65, 1.0, ("workstation", "developer", "web", "files")),
                                       ("unsigned agent", 14 / max(count, 60), 0.0, ("workstation", "database", "files"))):
        facts = software.make_program(rng, "windows", "data" if signed < 1 else "user", signed, 0.2 if signed else 0.0,
                                      TIME - rng.randrange(2, 9) * DAY, 3)
        version = f"{rng.randrange(2, 30)}.{rng.randrange(9)}.{rng.randrange(4000)}"
        facts["folder"] += "\\app-" + version
        facts["path"] = facts["folder"] + "\\" + facts["name"]
        software.give_habits(rng, facts, service=0.5, start=0.7, pipe=0.5)
        rollouts.append((name, Software(facts, 0.8), {role: min(1.0, share) for role in roles}))
    return rollouts


def make_protection(rng):
    """Two products that watch hosts; the first hooks every process and reads lsass, as such products do."""
    agents = []
    for _ in range(2):
        facts = software.make_program(rng, "windows", "machine", 1.0, 1.0, TIME - 200 * DAY, 5)
        software.give_habits(rng, facts, service=1.0, pipe=1.0, mutex=1.0, remote=1.0)
        agent = Software(facts, 1.0)
        agent.extra.append(("fsa_lsass_handles", 1.0, template(
            "fsa_lsass_handles", process_path=facts["path"], access_text="PROCESS_VM_READ PROCESS_QUERY_INFORMATION",
            granted_access="0x1410", pid="<<pid>>", handles=2)))
        agent.extra.append(("fsa_drivers", 1.0, driver("C:\\Windows\\System32\\drivers\\" + word(rng) + ".sys", word(rng), 9)))
        agents.append(agent)
    hooked = ["explorer.exe", "svchost.exe", "lsass.exe", "spoolsv.exe", "RuntimeBroker.exe"]
    for name in hooked:
        path = "C:\\Windows\\" + ("" if name == "explorer.exe" else "System32\\") + name
        agents[0].extra.append(software.region(path, "modified_code", 0, size=4096, private_pages="<<octet>>"))
        agents[0].extra.append(software.region(path, "anonymous", 0, size=65536))
    return agents


class Catalogue:
    def __init__(self, seed, count):
        rng = random.Random(f"{seed}/catalogue")
        self.seed, self.count = seed, count
        self.systems = {"windows": [windows_system(random.Random(f"{seed}/windows"), build) for build in range(2)],
                        "linux": [linux_system(random.Random(f"{seed}/linux"), build) for build in range(2)]}
        newer = random.Random(f"{seed}/newer")
        self.systems["windows"].append(self.systems["windows"][0] + windows_traces(newer))
        self.products = make_products(rng)
        self.rollouts = make_rollouts(rng, count)
        self.protection = make_protection(rng)
        self.scripts = make_scripts(rng)
        self.partners = [word(rng, 2).upper() for _ in range(6)]  # domains that are trusted here and there
        self.groups = make_groups(seed, count)


def make_scripts(rng):
    """Scripts that many Windows hosts have run: [(digest, path, text, chance)]."""
    scripts = []
    for place in range(30):
        name = word(rng).title()
        path = f"C:\\Windows\\CCM\\SystemTemp\\{name}.ps1" if rng.random() < 0.4 else ""
        scripts.append((software.digest(rng), path, f"function Get-{name} {{ Get-CimInstance Win32_{name} }}",
                        min(0.9, zipf_share(place, 0.9, 0.7))))
    return scripts


def make_groups(seed, count):
    """Programs of two to a dozen hosts, mostly of one role: {host number: [group numbers]}."""
    rng = random.Random(f"{seed}/groups")
    members = {}
    for group in range(count // 3):
        size = min(count, 2 + int(rng.paretovariate(1.3)) % 11)
        first = rng.randrange(count)
        near = range(max(0, first - 40), min(count, first + 40))
        for number in rng.sample(near, min(size, len(near))):
            members.setdefault(number, []).append(group)
    return members


def group_program(seed, group, platform):
    """The program of a small group; the same facts for each of its hosts of one platform."""
    rng = random.Random(f"{seed}/group/{group}/{platform}")
    facts = software.make_program(rng, platform, rng.choice(["machine", "user", "user", "data"]), 0.5, 0.5,
                                  TIME - rng.randrange(3, 700) * DAY, rng.randrange(0, 3))
    return Software(software.give_habits(rng, facts), 0.35)
