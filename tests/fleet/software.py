"""What is installed on many hosts of the fleet that does not exist, and what each program leaves in every source.

A program is a dict of facts; rows_installed() and rows_running() make row templates of it. All makers and
products are invented; the programs of Windows and Linux themselves are not.
"""
import hashlib

from queries import template

TIME = 1790000000  # the sweep, Unix seconds
DAY = 86400
WINDOW = 10 * DAY  # the incident, where there is one, lies in the days before the sweep

SYLLABLES = ("ba ke lo mi nu ra si te vo xa dor fen gil hal jun kor lem nar pol rus tam vin bel cas dru eth fal gri hol"
             " isk jor kel lun mor nev oth pra qui ros sel tor ulm ver wen yar zel").split()
THINGS = "Agent Sync Reader Studio Viewer Backup Print Meet Report Vault Scan Drive Note Chart Bridge Helper".split()
WINDOWS_PROCESSES = {  # name: (parent, integrity, user, how many)
    "smss.exe": ("System", "system", "SYSTEM", 1), "csrss.exe": ("smss.exe", "system", "SYSTEM", 2),
    "wininit.exe": ("smss.exe", "system", "SYSTEM", 1), "winlogon.exe": ("smss.exe", "system", "SYSTEM", 1),
    "services.exe": ("wininit.exe", "system", "SYSTEM", 1), "lsass.exe": ("wininit.exe", "system", "SYSTEM", 1),
    "svchost.exe": ("services.exe", "system", "SYSTEM", 61), "spoolsv.exe": ("services.exe", "system", "SYSTEM", 1),
    "SearchIndexer.exe": ("services.exe", "system", "SYSTEM", 1), "taskhostw.exe": ("svchost.exe", "medium", "<<user>>", 2),
    "dllhost.exe": ("svchost.exe", "medium", "<<user>>", 2), "RuntimeBroker.exe": ("svchost.exe", "medium", "<<user>>", 5),
    "sihost.exe": ("svchost.exe", "medium", "<<user>>", 1), "ctfmon.exe": ("svchost.exe", "medium", "<<user>>", 1),
    "dwm.exe": ("winlogon.exe", "system", "DWM-1", 1), "fontdrvhost.exe": ("winlogon.exe", "low", "UMFD-1", 2),
    "conhost.exe": ("cmd.exe", "medium", "<<user>>", 1), "WmiPrvSE.exe": ("svchost.exe", "system", "NETWORK SERVICE", 1)}
WINDOWS_LIBRARIES = (
    "ntdll kernel32 kernelbase user32 win32u gdi32 gdi32full msvcp_win ucrtbase advapi32 msvcrt sechost rpcrt4 combase"
    " ole32 oleaut32 shell32 shlwapi shcore crypt32 bcrypt bcryptprimitives ws2_32 mswsock winhttp wininet iphlpapi dnsapi"
    " version dbghelp dbgcore wtsapi32 userenv profapi powrprof umpdc cryptsp rsaenh cryptbase sspicli secur32 netapi32"
    " samcli netutils wkscli logoncli propsys dwmapi uxtheme twinapi wldp amsi wintrust msasn1 imm32 setupapi cfgmgr32"
    " devobj msi taskschd winsta clbcatq wevtapi ntmarta mpr credui").split()
LINUX_PROCESSES = {
    "systemd": "/usr/lib/systemd/systemd", "systemd-journal": "/usr/lib/systemd/systemd-journald",
    "systemd-udevd": "/usr/bin/udevadm", "systemd-logind": "/usr/lib/systemd/systemd-logind",
    "dbus-daemon": "/usr/bin/dbus-daemon", "cron": "/usr/sbin/cron", "rsyslogd": "/usr/sbin/rsyslogd",
    "sshd": "/usr/sbin/sshd", "agetty": "/usr/sbin/agetty", "chronyd": "/usr/sbin/chronyd",
    "polkitd": "/usr/lib/polkit-1/polkitd", "bash": "/usr/bin/bash"}
LINUX_LIBRARIES = ("libc.so.6 libm.so.6 libpthread.so.0 libcrypto.so.3 libssl.so.3 libz.so.1 liblzma.so.5 libzstd.so.1"
                   " libselinux.so.1 libpcre2-8.so.0 libcap.so.2 libaudit.so.1 libpam.so.0 libdbus-1.so.3 libsystemd.so.0"
                   " libgcrypt.so.20 libstdc++.so.6 libgcc_s.so.1 libnss_files.so.2 libresolv.so.2").split()


def word(rng, syllables=3):
    return "".join(rng.choice(SYLLABLES) for _ in range(syllables))


def digest(rng, bits=256):
    return f"{rng.getrandbits(bits):0{bits // 4}x}"


def digest_of(text):
    """A hash that is always the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()


def weighted(rng, choices):
    """One of {value: weight}."""
    return rng.choices(list(choices), choices.values())[0]


# ---- the facts of a program ------------------------------------------------------------------------------

# Where people put programs; what installs itself goes elsewhere. Few ever write below Public.
LOOSE = {"C:\\Users\\<<user>>\\Downloads": 8, "C:\\Users\\<<user>>\\AppData\\Local\\Temp": 5, "C:\\Users\\<<user>>\\Desktop": 4,
         "C:\\Tools": 3, "C:\\Temp": 2, "C:\\Users\\Public": 0.5}


def windows_folder(rng, maker, product, kind):
    """Where a program lies and what kind of folder that is."""
    if kind == "machine":
        root = rng.choice(["C:\\Program Files", "C:\\Program Files", "C:\\Program Files (x86)"])
        return f"{root}\\{maker}\\{product}", "programs"
    if kind == "user":
        return f"C:\\Users\\<<user>>\\AppData\\{rng.choice(['Local', 'Local', 'Roaming'])}\\{maker}\\{product}", "user"
    if kind == "data":
        return f"C:\\ProgramData\\{maker}\\{product}", "user"
    if kind == "loose":
        return weighted(rng, LOOSE), "unusual"
    return f"{rng.choice('CDE')}:\\{rng.choice(['dev', 'src', 'work', 'projects'])}\\{product.lower()}\\bin", "other"


def linux_folder(rng, product, kind):
    if kind == "machine":
        return rng.choice(["/usr/bin", "/usr/sbin", f"/usr/lib/{product.lower()}"]), "system"
    if kind == "loose":
        return rng.choice(["/tmp", "/var/tmp", "/home/<<user>>", "/root"]), "unusual"
    if kind == "user":
        return f"/home/<<user>>/{rng.choice(['bin', '.local/bin', 'src/' + product.lower()])}", "user"
    return f"/opt/{product.lower()}/bin", "programs"


def make_program(rng, platform, kind, signed, known, when, libraries=0):
    """kind: machine, user, data, loose or build; signed and known: chances."""
    maker, product = word(rng).title(), f"{word(rng, 2).title()} {rng.choice(THINGS)}"
    stem = word(rng, rng.choice([2, 3])) if rng.random() < 0.6 else product.replace(" ", "").lower()
    windows = platform == "windows"
    is_signed, is_known = rng.random() < signed, rng.random() < known
    folder, kind_of_folder = (windows_folder(rng, maker, product, kind) if windows
                              else linux_folder(rng, word(rng), kind))
    name = stem + (".exe" if windows else "")
    is_old = windows and is_signed and rng.random() < 0.03  # signed once; the chain is no longer good
    return {
        "platform": platform, "folder": folder, "dir_class": kind_of_folder, "name": name,
        "path": folder + ("\\" if windows else "/") + name, "sha256": digest(rng), "sha1": digest(rng, 160),
        "size": rng.randrange(20000, 30000000), "signer": f"{maker} {rng.choice(['Ltd', 'GmbH', 'Inc.', 'AB'])}"
        if is_signed else "", "signed_status": ("bad" if is_old else "good") if is_signed else "none" if windows else "",
        "is_known": str(int(is_known)) if windows else "", "is_packaged": str(int(kind == "machine")) if not windows else "",
        "company": maker if is_signed or rng.random() < 0.6 else "", "product": product,
        "original": name if rng.random() < 0.93 else word(rng) + ".exe", "created": when,
        "modified": when - int(rng.expovariate(1 / (90 * DAY))) - 3600, "start": None, "pipe": "", "mutex": "", "port": 0,
        "remote": 0, "service": "", "runtime": "", "unexplained": False, "libraries": [word(rng, 2) for _ in range(libraries)],
        "parent": rng.choice(["explorer.exe", "explorer.exe", "svchost.exe", "cmd.exe"]) if windows else "systemd"}


def give_habits(rng, facts, service=0.1, start=0.15, pipe=0.15, mutex=0.2, listen=0.08, remote=0.3, runtime=0.08):
    """Which of the things that programs do this one does."""
    stem = facts["name"].split(".")[0]
    if rng.random() < service:
        facts["service"], facts["parent"] = stem.title() + "Svc", "services.exe"
        facts["start"] = "service"
    elif rng.random() < start:
        facts["start"] = rng.choice(["run", "run", "task", "startup_folder"])
    if facts["platform"] == "linux":
        facts["parent"] = "systemd"
        facts["start"] = facts["start"] and rng.choice(["systemd", "systemd", "cron"])
    if rng.random() < pipe:
        facts["pipe"] = rng.choice([stem, f"{stem}-<<number>>", f"{stem}.<<pid>>.ipc", f"{{<<guid>>}}"])
    facts["mutex"] = rng.choice([f"Local\\{stem}_instance", f"{stem}-<<guid>>"]) if rng.random() < mutex else ""
    facts["port"] = rng.randrange(1025, 49000) if rng.random() < listen else 0
    facts["remote"] = rng.choice([443, 443, 443, 80, 8080, 8443, 5671, 1433, 445]) if rng.random() < remote else 0
    if rng.random() < runtime:
        facts["runtime"] = rng.choice(["dotnet", "v8", "jvm", "luajit"])
        facts["unexplained"] = rng.random() < 0.15  # a compiler that nobody recognises
    return facts


# ---- what it leaves --------------------------------------------------------------------------------------

def rows_installed(f):
    """(query, chance, template) of what is there whether it runs or not."""
    windows = f["platform"] == "windows"
    rows = [("fsa_executables", 1.0, template(
        "fsa_executables", path=f["path"], name=f["name"], dir_class=f["dir_class"], sha256=f["sha256"], sha1=f["sha1"],
        size=f["size"], signer=f["signer"], signed_status=f["signed_status"], is_known=f["is_known"], company=f["company"],
        product=f["product"], original_filename=f["original"], is_name_mismatch=int(f["original"] != f["name"]) if windows
        else "", is_packaged=f["is_packaged"], create_time="<<created>>", modify_time=f["modified"])),
        ("fsa_executions", 0.75, template(
            "fsa_executions", path=f["path"], name=f["name"], user_sid="<<sid>>", artifacts="amcache,prefetch,shimcache" if
            windows else "shell_history", is_executed=1, exists_now=1, sha1=f["sha1"] if windows else "",
            run_count="<<count>>", first_time="<<created>>", last_time="<<start>>"))]
    if windows:
        rows.append(("fsa_shimcache", 0.85, shimcache(f["path"], f["modified"])))
    return rows + rows_of_start(f)


def shimcache(path, modified):
    return template("fsa_shimcache", path=path, modified_time=modified, position="<<count>>", is_executed=1,
                    control_set="1", written_time=TIME - 2 * DAY)


LOCATIONS = {
    "run": ("run_key", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run"),
    "startup_folder": ("startup_folder", "C:\\Users\\<<user>>\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"),
    "task": ("scheduled_task", "C:\\Windows\\System32\\Tasks"), "service": ("service", "HKEY_LOCAL_MACHINE\\SYSTEM\\Services"),
    "systemd": ("systemd", "/etc/systemd/system"), "cron": ("cron", "/etc/cron.d"),
    "profile": ("shell_profile", "/etc/profile.d")}


def autostart(f, how, arguments="", entry="", **more):
    category, location = LOCATIONS[how]
    return template("fsa_autostarts", **{**dict(
        category=category, location=location, entry=entry or f["name"].split(".")[0], program=f["path"], arguments=arguments,
        program_exists=1, is_enabled=1, is_default=0, run_as="SYSTEM" if how in ("service", "systemd") else "<<user>>",
        dir_class=f["dir_class"], sha256=f["sha256"], signer=f["signer"], signed_status=f["signed_status"],
        is_known=f["is_known"], mtime="<<created>>"), **more})


def rows_of_start(f):
    rows = []
    if f["start"]:
        rows.append(("fsa_autostarts", 1.0, autostart(f, f["start"], entry=f["service"])))
    if f["start"] == "run":
        rows.append(("fsa_run_keys", 1.0, template(
            "fsa_run_keys", key=LOCATIONS["run"][1], name=f["name"].split(".")[0], type="sz", data=f'"{f["path"]}"',
            mtime="<<created>>")))
    if f["start"] == "service":
        rows.append(("fsa_services", 1.0, service(f["service"], f["path"], "<<created>>")))
    return rows


def service(name, path, mtime, module="", account="LocalSystem", **more):
    return template("fsa_services", **{**dict(
        name=name, service_type="SHARE_PROCESS" if module else "OWN_PROCESS", start_type="AUTO_START", binary_path=path, module_path=module,
        user_account=account, path=path, has_triggers=0, in_registry=1, in_scm=1, is_unlisted=0, is_user_instance=0,
        mtime=mtime), **more})


def rows_running(f):
    """(query, chance, template) of what is there while it runs."""
    windows = f["platform"] == "windows"
    account = "SYSTEM" if f["start"] in ("service", "systemd") else "<<user>>"
    parent_path = {"explorer.exe": "C:\\Windows\\explorer.exe"}.get(
        f["parent"], "C:\\Windows\\System32\\" + f["parent"] if windows else "/usr/lib/systemd/systemd")
    rows = [("fsa_parent_child", 1.0, template(
        "fsa_parent_child", parent_name=f["parent"], name=f["name"], path=f["path"], parent_path=parent_path, processes=1,
        pid="<<pid>>", parent="<<parent>>", start_time="<<start>>", cmdline=f["path"])), modules(f["path"], 1)]
    rows.append(("fsa_processes_windows", 1.0, template(
        "fsa_processes_windows", path=f["path"], name=f["name"], integrity="system" if account == "SYSTEM" else "medium",
        user_name=account, processes=1, pid="<<pid>>", parent="<<parent>>", session_id=int(account != "SYSTEM"),
        is_elevated_token=int(account == "SYSTEM"), is_hidden=0, start_time="<<start>>", cmdline=f'"{f["path"]}"'))
        if windows else ("fsa_processes", 1.0, template(
            "fsa_processes", path=f["path"], name=f["name"][:15], pid="<<pid>>", parent=1, uid=0, euid=0,
            start_time="<<start>>", cmdline=f["path"], cwd="/", cgroup_path=f"/system.slice/{f['name']}.service")))
    folder = f["folder"] if windows else "/usr/lib/" + f["name"]
    rows += [modules(f"{folder}{chr(92) if windows else '/'}{name}.{'dll' if windows else 'so'}", 1) for name in f["libraries"]]
    return rows + rows_of_talk(f, windows, account) + rows_of_libraries(f)


def rows_of_libraries(f):
    """Programs that start by themselves from a user's folder have their libraries there too."""
    if f["platform"] != "windows" or not f["start"] or f["dir_class"] == "programs":
        return []
    rows = []
    for name in f["libraries"]:
        path = f"{f['folder']}\\{name}.dll"
        rows.append(("fsa_autostart_side_loading", 1.0, side_loaded(
            f, path, digest_of(path), f["signer"], f["signed_status"], is_known=f["is_known"])))
        if f["service"]:
            rows.append(("fsa_service_modules", 1.0, service_module(f["path"], path, f["service"])))
    return rows


def side_loaded(f, path, sha256, signer, status, **more):
    return template("fsa_autostart_side_loading", **{**dict(
        program=f["path"], program_signer=f["signer"], entry=f["service"] or f["name"].split(".")[0],
        category=LOCATIONS[f["start"]][0], path=path, name=path.rsplit("\\", 1)[1], sha256=sha256, signer=signer,
        signed_status=status, dir_class=f["dir_class"], is_system_name=0, is_beside_program=1, load_reason="static",
        pid="<<pid>>", is_known=0), **more})


def service_module(program, path, service, **more):
    return template("fsa_service_modules", **{**dict(
        program=program, path=path, service=service, is_system_name=0, is_beside_program=1, pid="<<pid>>", processes=1), **more})


def modules(path, processes, **more):
    return ("fsa_modules", 1.0, template("fsa_modules", **{**dict(
        path=path, is_mapped=1, is_listed=1 if "\\" in path else "", is_name_mismatch=0, processes=processes, pid="<<pid>>",
        is_deleted=0), **more}))


def pipe_row(name, path, **more):
    normal = name.replace("<<number>>", "{N}").replace("<<pid>>", "{N}").replace("{<<guid>>}", "{G}").replace("<<guid>>", "{G}")
    return template("fsa_named_pipes_windows", **{**dict(
        normalized_name=normal.lower(), process_path=path, is_pid_forged=0, name=name, pid="<<pid>>", pipes=1, clients=0,
        sddl="D:(A;;FA;;;SY)(A;;FA;;;BA)"), **more})


def socket_row(name, path, **more):
    return template("fsa_named_pipes", **{**dict(
        path=name, process_path=path, type="stream", is_listening=1, is_deleted=0, is_abstract=int(name.startswith("@")),
        owner_uid=0, permissions="0755", pid="<<pid>>", ends=1), **more})


def connection(path, service="", port=0, remote=0, **more):
    values = dict(process_path=path, service=service, protocol=6, is_raw=0, connections=1, pid="<<pid>>",
                  create_time="<<start>>", local_address="10.<<net>>")
    if port:
        values.update(state="LISTEN", local_port=port, local_address="0.0.0.0", addresses=0)
    else:
        values.update(state="ESTABLISHED", remote_port=remote, remote_class="private" if remote in (445, 1433) else "public",
                      addresses=1, remote_address="203.0.113.<<octet>>")
    return "fsa_connections", 1.0, template("fsa_connections", **{**values, **more})


def region(path, kind, explained, runtime="", size=65536, **more):
    return ("fsa_injected_modules", 1.0, template("fsa_injected_modules", **{**dict(
        process_path=path, kind=kind, is_explained=explained, runtime=runtime, pid="<<pid>>", regions=1, size=size,
        is_writable=1, private_pages=size // 4096, first_bytes="4883ec28"), **more}))


def rows_of_talk(f, windows, account):
    """Pipes, mutexes, connections and the memory of compilers."""
    rows = []
    if f["pipe"]:
        rows.append(("fsa_named_pipes_windows", 1.0, pipe_row(f["pipe"], f["path"])) if windows else
                    ("fsa_named_pipes", 1.0, socket_row(f"/run/{f['pipe']}.sock", f["path"])))
    if f["mutex"] and windows:
        normal = f["mutex"].replace("<<guid>>", "{G}")
        rows.append(("fsa_mutexes", 1.0, template(
            "fsa_mutexes", normalized_name=normal, process_path=f["path"], mutexes=1, name=f["mutex"],
            session=int(account != "SYSTEM"), pid="<<pid>>")))
    if f["port"]:
        rows.append(connection(f["path"], f["service"], port=f["port"]))
    if f["remote"]:
        rows.append(connection(f["path"], f["service"], remote=f["remote"]))
    if f["runtime"]:
        explained = int(not f["unexplained"])
        rows.append(region(f["path"], "anonymous", explained, f["runtime"] if explained else ""))
    return rows


class Software:
    """A program of many hosts: its templates, how often it runs, since when it is there."""

    def __init__(self, facts, runs):
        self.facts, self.runs, self.wave = facts, runs, facts["created"]
        self.installed, self.running = rows_installed(facts), rows_running(facts)
        self.extra = []  # (query, chance, template) of what only some hosts that have it show
