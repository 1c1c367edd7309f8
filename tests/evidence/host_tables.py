"""Hosts as tables: rows of our schema in SQLite, for queries whose live tables this machine cannot have.

    host = windows(users=3)                      # a sound host
    host.add('fsa_processes', pid=..., ...)      # plant something
    rows = host.ask(sql)                         # as a result line has them: all values are text

The tables have the columns of `fsa schema --json`, hidden ones too. What a row may hold is what the tables'
descriptions say; widths are those of real hosts. Deterministic.
"""
import json
import random
import re
import sqlite3
import time

MOST_SECONDS = 60  # of one query

# name, parent, folder, integrity; once on each host, or once in each session
SYSTEM32 = 'C:\\Windows\\System32\\'
ONCE = [('smss.exe', 'System', SYSTEM32), ('csrss.exe', None, SYSTEM32), ('wininit.exe', None, SYSTEM32),
        ('services.exe', 'wininit.exe', SYSTEM32), ('lsass.exe', 'wininit.exe', SYSTEM32),
        ('fontdrvhost.exe', 'wininit.exe', SYSTEM32), ('spoolsv.exe', 'services.exe', SYSTEM32),
        ('MsMpEng.exe', 'services.exe', 'C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24010.12-0\\'),
        ('SearchIndexer.exe', 'services.exe', SYSTEM32), ('WmiPrvSE.exe', 'svchost.exe', SYSTEM32 + 'wbem\\'),
        ('sqlservr.exe', 'services.exe', 'C:\\Program Files\\Microsoft SQL Server\\MSSQL15.MSSQLSERVER\\MSSQL\\Binn\\')]
SESSION = [('csrss.exe', None, SYSTEM32), ('winlogon.exe', None, SYSTEM32), ('dwm.exe', 'winlogon.exe', SYSTEM32),
           ('explorer.exe', None, 'C:\\Windows\\'), ('sihost.exe', 'svchost.exe', SYSTEM32),
           ('taskhostw.exe', 'svchost.exe', SYSTEM32), ('RuntimeBroker.exe', 'svchost.exe', SYSTEM32),
           ('ctfmon.exe', 'svchost.exe', SYSTEM32),
           ('OUTLOOK.EXE', 'explorer.exe', 'C:\\Program Files\\Microsoft Office\\root\\Office16\\'),
           ('WINWORD.EXE', 'explorer.exe', 'C:\\Program Files\\Microsoft Office\\root\\Office16\\'),
           ('chrome.exe', 'explorer.exe', 'C:\\Program Files\\Google\\Chrome\\Application\\'),
           ('Teams.exe', 'explorer.exe', 'C:\\Users\\%s\\AppData\\Local\\Microsoft\\Teams\\current\\'),
           ('OneDrive.exe', 'explorer.exe', 'C:\\Users\\%s\\AppData\\Local\\Microsoft\\OneDrive\\'),
           ('powershell.exe', 'explorer.exe', SYSTEM32 + 'WindowsPowerShell\\v1.0\\')]
START = 1700000000


class Host:
    def __init__(self, schema):
        """schema: the tables of `fsa schema --json`."""
        self.db = sqlite3.connect(':memory:')
        self.columns = {}
        for table in schema:
            names = list(dict.fromkeys(column['name'] for column in table['columns']))
            self.columns[table['name']] = set(names)
            self.db.execute('CREATE TABLE %s(%s)' % (table['name'], ', '.join('"%s"' % name for name in names)))

    def add(self, table, **row):
        unknown = set(row) - self.columns[table]
        if unknown:
            raise KeyError('%s has no column %s' % (table, unknown))
        self.db.execute('INSERT INTO %s(%s) VALUES (%s)' % (table, ', '.join('"%s"' % name for name in row),
                                                            ', '.join('?' * len(row))), list(row.values()))

    def ask(self, sql):
        """The rows as osquery writes them: text, and '' for NULL."""
        end = time.monotonic() + MOST_SECONDS
        self.db.set_progress_handler(lambda: time.monotonic() > end, 100000)
        cursor = self.db.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, ('' if value is None else str(value) for value in row))) for row in cursor]


def line(query, rows):
    """The snapshot line of osquery, in bytes."""
    return json.dumps({'snapshot': rows, 'action': 'snapshot', 'name': 'pack/Global/' + query,
                       'hostIdentifier': '3D1219C7-C4C5-404A-AA1F-6D2A48ADFDA4', 'unixTime': START,
                       'calendarTime': 'Sat Nov 28 15:14:00 2026 UTC', 'epoch': START, 'counter': 0, 'numerics': False,
                       'decorations': {'host_uuid': '3D1219C7-C4C5-404A-AA1F-6D2A48ADFDA4',
                                       'hostname': 'terminalserver-0017.example.internal'}},
                      separators=(',', ':'), ensure_ascii=False).encode()


def meets(condition, row):
    """Is a rule's condition true of a row? All columns are text, as in the scorer."""
    db = sqlite3.connect(':memory:')
    columns = ', '.join('? AS "%s"' % name for name in row)
    return bool(db.execute('SELECT coalesce((%s), 0) FROM (SELECT %s)' % (condition, columns),
                           list(row.values())).fetchone()[0])


def header(path):
    """A query's header (a field that is given several times has a line for each) and its SQL."""
    fields, name, sql = {}, None, []
    for text in open(path, encoding='ascii'):
        found = re.match(r'-- ([a-z_]+): *(.*)', text)
        if found and not sql:
            name = found.group(1)
            fields[name] = (fields[name] + '\n' if name in fields else '') + found.group(2).strip()
        elif text.startswith('--  ') and not sql:
            fields[name] += ' ' + text[2:].strip()
        else:
            sql.append(text)
    return fields, ''.join(sql)


def rules(fields):
    """[(id, condition)] of a header's rules."""
    return [tuple(rule.split(' | ')[:2]) for rule in fields.get('rule', '').split('\n') if rule]


# ---- a host of Windows ----------------------------------------------------------------------------------------


def process(host, pid, name, folder, parent, parent_name, user, integrity='medium', session=1, cmdline=None, **more):
    start = START + pid
    host.add('fsa_processes', **{
        'pid': pid, 'name': name, 'path': folder + name if folder else None, 'parent': parent,
        'is_parent_alive': 1 if parent_name else 0, 'parent_start_time': START if parent_name else None,
        'start_time': start, 'cmdline': cmdline or '"%s%s" --type=renderer --session=%d' % (folder, name, pid),
        'user_name': user, 'integrity': integrity, 'session_id': session, 'is_kernel_thread': 0, 'is_deleted': 0,
        'on_disk': 1, 'is_name_masqueraded': 0, 'is_image_renamed': 0, 'is_hidden': 0, 'is_peb_path_different': 0,
        'peb_path': folder + name if folder else None, 'is_elevated_token': int(integrity != 'medium'),
        'protection_type': 'None', 'user_sid': 'S-1-5-18' if integrity == 'system' else 'S-1-5-21-1-2-3-%d' % session,
        **more})


def machine_processes(host, services):
    """The processes of session 0: {name: pid}."""
    pids = {'System': 4}
    host.add('fsa_processes', pid=4, name='System', parent=0, is_kernel_thread=1, start_time=START)
    for number, (name, parent, folder) in enumerate(ONCE):
        pid = 100 + 8 * number
        process(host, pid, name, folder, pids.get(parent, 1), pids.get(parent) and parent, 'NT AUTHORITY\\SYSTEM',
                'system', 0)
        pids.setdefault(name, pid)
    for number in range(services):
        process(host, 1000 + 4 * number, 'svchost.exe', SYSTEM32, pids['services.exe'], 'services.exe',
                'NT AUTHORITY\\SYSTEM', 'system', 0, SYSTEM32 + 'svchost.exe -k netsvcs -p -s Service%03d' % number)
    pids['svchost.exe'] = 1000
    return pids


def sessions(host, users, pids, own_programs):
    """Each user's programs; own_programs of them lie in his own folder, under names of his own."""
    pid = 20000
    for user in range(1, users + 1):
        own = {}
        name = 'EXAMPLE\\firstname.lastname%03d' % user
        programs = SESSION + [('tool%02d.exe' % n, 'explorer.exe', 'C:\\Users\\%s\\AppData\\Local\\Programs\\Vendor\\')
                              for n in range(own_programs)]
        for program, parent, folder in programs:
            pid += 4
            folder = folder % name.split('\\')[1] if '%s' in folder else folder
            above = own.get(parent) or pids.get(parent)
            process(host, pid, program, folder, above or 1, above and parent, name, 'medium', user)
            own.setdefault(program, pid)


def modules(host, per_process, distinct):
    """Windows' libraries in each process, programs' own in some."""
    names = [SYSTEM32 + name for name in ('ntdll.dll', 'kernel32.dll', 'KernelBase.dll', 'version.dll', 'winmm.dll')]
    names += ['C:\\Program Files\\Some Vendor Name\\Product Suite 2024\\bin\\x64\\module_with_a_name_%04d.dll' % n
              for n in range(distinct - len(names))]
    rows = host.db.execute('SELECT pid, path FROM fsa_processes WHERE path IS NOT NULL').fetchall()
    for number, (pid, path) in enumerate(rows):
        chosen = names[:5] + [names[5 + (number * per_process + n) % (distinct - 5)] for n in range(per_process)]
        for base, module in enumerate([path] + chosen):
            host.add('fsa_modules', pid=pid, base='0x%x' % (0x7ff600000000 + base * 0x10000), path=module,
                     name=module.rsplit('\\', 1)[1], listed_path=module, is_mapped=1, is_listed=1, is_name_mismatch=0,
                     is_deleted=None,
                     is_program=int(base == 0))


def pipes_and_mutexes(host, count):
    sddl = 'O:SYG:SYD:' + '(A;;0x12019f;;;S-1-5-21-1004336348-1177238915-682003330-512)' * 6
    pids = [row[0] for row in host.db.execute('SELECT pid FROM fsa_processes WHERE path IS NOT NULL ORDER BY pid')]
    for number in range(count):
        pid = pids[number % len(pids)]
        host.add('fsa_named_pipes', pid=pid, type='named_pipe', name='vendor.ipc.channel.%d.%d' % (number, pid),
                 path='\\\\.\\pipe\\vendor.ipc.channel.%d.%d' % (number, pid), partner_count=2, sddl=sddl,
                 normalized_name='vendor.ipc.channel.D%d.P' % number, is_pid_forged=0 if number % 2 else None)
        host.add('fsa_mutexes', session=number % 50, directory='\\Sessions\\%d\\BaseNamedObjects' % (number % 50),
                 type='Mutant', name='Local\\VendorProduct_SingleInstance_%d_%08x' % (number, number * 7919),
                 normalized_name='Local\\VendorProduct_SingleInstance_%d_H' % number, holder_pids='[%d]' % pid,
                 holder_count=1, sddl=sddl)
    lsass = host.db.execute("SELECT pid FROM fsa_processes WHERE name = 'lsass.exe'").fetchone()[0]
    for pid in pids:
        host.add('fsa_handles', pid=pid, handle=4, type='Process', target_pid=pid, access_text='PROCESS_VM_READ')
    host.add('fsa_handles', pid=116, handle=8, type='Process', target_pid=lsass, granted_access='0x1410',
             access_text='PROCESS_VM_READ PROCESS_QUERY_INFORMATION PROCESS_QUERY_LIMITED_INFORMATION')


def tokens(host, threads):
    """Each process and its threads; services' threads impersonate users now and then."""
    for pid, sid, name in host.db.execute('SELECT pid, user_sid, user_name FROM fsa_processes').fetchall():
        is_service = int(sid == 'S-1-5-18')
        base = dict(pid=pid, user_sid=sid, user_name=name, process_user_sid=sid, is_service_process=is_service,
                    is_privileged_user=is_service, is_different=0, has_other_logon=0, has_higher_integrity=0,
                    has_gained_administrators=0, has_gained_privileges=0)
        host.add('fsa_tokens', **base, is_leader=1, logon_type='Interactive', authentication_package='Kerberos')
        for tid in range(threads * is_service):
            host.add('fsa_tokens', **dict(base, is_different=1, has_other_logon=1, user_name='EXAMPLE\\user%d' % tid,
                                          user_sid='S-1-5-21-1-2-3-%d' % (tid % 40), is_privileged_user=0), tid=pid + tid, is_leader=0,
                     level='impersonation', logon_type='Network', authentication_package='NTLM',
                     start_module=SYSTEM32 + 'ntdll.dll')


def services_and_drivers(host, count):
    pids = [row[0] for row in host.db.execute("SELECT pid FROM fsa_processes WHERE name = 'svchost.exe' ORDER BY pid")]
    for number in range(count):
        host.add('fsa_services', name='VendorService%04d' % number, service_type='OWN_PROCESS', start_type='AUTO_START',
                 binary_path='C:\\Program Files\\Some Vendor Name\\Product\\service_%04d.exe' % number,
                 path='"C:\\Program Files\\Some Vendor Name\\Product\\service_%04d.exe" --run --config main' % number,
                 module_path=SYSTEM32 + 'service%04d.dll' % number if number % 3 == 0 else None,
                 user_account='LocalSystem', in_registry=1, in_scm=1, is_unlisted=0, is_user_instance=0, is_current=1,
                 has_triggers=0, mtime=START, pid=pids[number] if number < len(pids) else None)
        if number < count // 2:
            host.add('fsa_drivers', name='driver%04d' % number, image=SYSTEM32 + 'drivers\\driver%04d.sys' % number,
                     service='driver%04d' % number, service_type='KERNEL_DRIVER', start_type='DEMAND_START',
                     status='RUNNING', is_loaded=1, in_registry=1, in_scm=1, in_object_directory=1, on_disk=1,
                     pe_timestamp=START + number, size=65536, load_order=number)


def connections(host, count):
    rows = host.db.execute('SELECT pid, path FROM fsa_processes WHERE path IS NOT NULL ORDER BY pid').fetchall()
    for number in range(count):
        pid, path = rows[number % len(rows)]
        host.add('fsa_connections', pid=pid, process_path=path, protocol=6, state='ESTABLISHED', is_raw=0,
                 is_listening=0, local_address='10.1.2.3', local_port=50000 + number % 10000,
                 remote_address='10.%d.%d.%d' % (number % 200, number // 200 % 200, 7), remote_class='private',
                 remote_port=(443, 445, 135, 8080, 1433)[number % 5], create_time=START + number)


def injected(host, count):
    """What security software leaves in each process: the same patched library."""
    for number, (pid,) in enumerate(host.db.execute('SELECT pid FROM fsa_processes').fetchall()[:count]):
        host.add('fsa_injected_modules', pid=pid, kind='unlinked_image', start='0x%x' % (number << 16), size=65536,
                 path=SYSTEM32 + 'en-US\\user32.dll.mui', is_explained=0, is_writable=0, private_pages=0,
                 first_bytes='00' * 16)


def logs(host, script_count, logon_count, kinds):
    random_bytes = random.Random(11)
    for number in range(script_count):
        is_suspicious = number % 20 == 0
        text = '$x%d = Get-ChildItem C:\\Data\\%d | Sort-Object Name\n' % (number, number) * 20
        text += "Invoke-WebRequest 'https://intranet.example/%d' -OutFile y\n" % number if is_suspicious else ''
        host.add('fsa_script_blocks', sha256=random_bytes.randbytes(32).hex(), script_block_id='%032x' % number,
                 script_path='C:\\ProgramData\\Management\\Scripts\\inventory_%05d.ps1' % number, is_complete=1,
                 level=5, length=len(text), user_sid='S-1-5-18', time=START + number, last_time=START + number,
                 script_text=text)
    for number in range(logon_count):
        data = {'EventData': {'TargetDomainName': 'EXAMPLE%d' % (number % 5), 'TargetUserName': 'user%05d' % number,
                              'WorkstationName': 'WORKSTATION%05d' % (number % 1500), 'LogonType': '3',
                              'AuthenticationPackageName': 'NTLM', 'LogonProcessName': 'NtLmSsp ', 'KeyLength': '128',
                              'IpAddress': '10.1.%d.%d' % (number // 250 % 250, number % 250)}}
        host.add('fsa_event_log', record_id=number + 1, time=START + number, channel='Security', eventid=4624,
                 provider_name='Microsoft-Windows-Security-Auditing', data=json.dumps(data), is_recovered=0)
    for number in range(kinds):
        host.add('fsa_event_log', record_id=1, time=START, channel='Vendor-Product-Component-%d/Operational' % (number // 5),
                 eventid=number, provider_name='Vendor-Product-Component-%d' % (number // 5), data=None, is_recovered=0)


def shimcache(host, count):
    for number in range(count):
        host.add('fsa_shimcache', position=number, is_current=1, control_set=1, modified_time=START + number * 86400,
                 path='C:\\Program Files\\Some Vendor Name\\Product Suite %04d\\bin\\x64\\program.exe' % number
                 if number % 2 else 'D:\\Portable\\Programs of the department\\Tool %04d\\tool.exe' % number,
                 is_executed=1, written_time=START)


def settings(host):
    for key, name in (('CurrentVersion\\Run', 'SecurityHealth'), ('CurrentVersion\\Run', 'Vendor Updater')):
        host.add('fsa_registry', key='HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\' + key, name=name, type='REG_SZ',
                 data='"C:\\Program Files\\Some Vendor Name\\%s.exe" /start' % name, mtime=START)
    host.add('fsa_registry', key='HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest',
             name='UseLogonCredential', type='REG_DWORD', data='0', mtime=START)


def windows(schema, users=2, own_programs=2, services=60, per_process=10, distinct=300, pipes=80, threads=2,
            service_count=250, connection_count=100, scripts=100, logons=500, kinds=300, shims=400):
    host = Host(schema)
    pids = machine_processes(host, services)
    sessions(host, users, pids, own_programs)
    modules(host, per_process, distinct)
    pipes_and_mutexes(host, pipes)
    tokens(host, threads)
    services_and_drivers(host, service_count)
    connections(host, connection_count)
    injected(host, 40)
    logs(host, scripts, logons, kinds)
    shimcache(host, shims)
    settings(host)
    return host


# ---- a host of Linux ------------------------------------------------------------------------------------------


def linux(schema, services=60, users=3, libraries=200, sockets=50, connection_count=100):
    host = Host(schema)
    host.add('fsa_processes', pid=1, name='systemd', path='/usr/lib/systemd/systemd', parent=0, uid=0, euid=0,
             start_time=START, is_kernel_thread=0, cmdline='/sbin/init', is_deleted=0, is_memfd=0, on_disk=1)
    for number in range(services):
        path = '/opt/vendor-name/product-%03d/bin/service-with-a-name-%03d' % (number, number)
        host.add('fsa_processes', pid=1000 + number, name='service-with-a-'[:15], path=path, parent=1, uid=number % 50,
                 euid=number % 50, is_parent_alive=1, start_time=START + number, is_kernel_thread=0, is_deleted=0, is_memfd=0,
                 is_name_masqueraded=0, on_disk=1, cwd='/var/lib/vendor-name/product-%03d' % number,
                 cmdline=path + ' --config /etc/vendor-name/product-%03d/main.conf --option value' % number * 4,
                 cgroup_path='/system.slice/vendor-name-product-%03d.service' % number)
    for number in range(users * 20):
        host.add('fsa_processes', pid=30000 + number, name='bash', path='/usr/bin/bash', parent=1, uid=1000 + number % users,
                 euid=1000 + number % users, is_parent_alive=1, start_time=START + number, is_kernel_thread=0, is_deleted=0, is_memfd=0,
                 is_name_masqueraded=0, on_disk=1, cwd='/home/user%d' % (number % users), cmdline='-bash',
                 cgroup_path='/user.slice/user-%d.slice/session-%d.scope' % (1000 + number % users, number))
    for number in range(services):
        for library in range(12):
            host.add('fsa_modules', pid=1000 + number, path='/usr/lib/x86_64-linux-gnu/vendor/libproduct-component-%d.so.1.2.3'
                     % ((number * 12 + library) % libraries), is_mapped=1, is_deleted=0)
    for number in range(sockets):
        host.add('fsa_named_pipes', pid=1000 + number % services, type='unix_socket', is_listening=1, is_abstract=0,
                 path='/run/vendor-name/product-component-%04d/control.sock' % number, permissions=None)
    for number in range(connection_count):
        host.add('fsa_connections', pid=1000 + number % services, protocol=6, state='ESTABLISHED', is_raw=0, is_listening=0,
                 process_path='/opt/vendor-name/product-%03d/bin/service-with-a-name-%03d' % ((number % services,) * 2),
                 local_port=50000, local_address='10.1.2.3', remote_address='10.2.%d.1' % (number % 250),
                 remote_port=(443, 5432, 6379)[number % 3], remote_class='private')
    return host
