#!/usr/bin/env python3
"""The demo's case folder: `make_demo.py OUTDIR` writes OUTDIR/demo/case/ with two Windows hosts.

host-a is a KAPE collection, host-b a mounted volume; each has a SYSTEM hive and an event log. On
host-a a program ran from a public folder and a script block was logged in three parts that came out
of order; on host-b the security log was cleared. All names and texts are invented and harmless.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from evtx_writer import (FILETIME, SID, STRING, UINT8, UINT16, UINT32, UINT64, Element, Instance,
                         Log, Slot, Template, value)
from hive_writer import REG_BINARY, Hive, filetime
from make_shimcache import serial_10

PROGRAMS = {
    'host-a': [('C:\\Users\\Public\\Libraries\\update.exe', '2026-03-01T02:14:00Z', True, b'\1\0\0\0'),
               ('C:\\Windows\\System32\\whoami.exe', '2021-06-05T12:05:00Z', True, b'\1\0\0\0'),
               ('C:\\Windows\\System32\\svchost.exe', '2021-06-05T12:05:00Z', True, b'\1\0\0\0'),
               ('C:\\Program Files\\Editor\\editor.exe', '2025-11-20T08:00:00Z', True, b'\1\0\0\0')],
    'host-b': [('C:\\Windows\\System32\\svchost.exe', '2021-06-05T12:05:00Z', True, b'\1\0\0\0'),
               ('C:\\Program Files\\Editor\\editor.exe', '2025-11-20T08:00:00Z', True, b'\1\0\0\0')],
}
SCRIPT = ("function Get-Inventory {\n", "  Get-ChildItem C:\\Users -Recurse |\n",
          "    Export-Csv C:\\Users\\Public\\Libraries\\list.csv\n}\n")
USER = 'S-1-5-21-1111111111-2222222222-3333333333-1001'


def hive(host):
    h = Hive(name='\\SystemRoot\\System32\\Config\\SYSTEM')
    h.key('Select').dword('Current', 1)
    h.key('ControlSet001\\Control\\ComputerName\\ComputerName').sz('ComputerName', host.upper())
    h.key('ControlSet001\\Control\\Session Manager\\AppCompatCache',
          write_time='2026-03-02T06:00:00Z').value('AppCompatCache', REG_BINARY,
                                                   serial_10(0x34, PROGRAMS[host]))
    services(h, host)
    return h.build()


def services(h, host):
    """Two of Windows itself; on host-a one that was set up after the break-in, and another one's DLL was changed."""
    tcpip = h.key('ControlSet001\\Services\\Tcpip', write_time='2021-06-05T12:05:00Z')
    tcpip.dword('Type', 1)
    tcpip.dword('Start', 0)
    tcpip.expand_sz('ImagePath', '\\SystemRoot\\System32\\drivers\\tcpip.sys')
    is_changed = host == 'host-a'
    dns = h.key('ControlSet001\\Services\\Dnscache',
                write_time='2026-03-01T02:20:00Z' if is_changed else '2021-06-05T12:05:00Z')
    dns.dword('Type', 0x20)
    dns.dword('Start', 2)
    dns.sz('ObjectName', 'NT AUTHORITY\\NetworkService')
    dns.expand_sz('ImagePath', '%SystemRoot%\\system32\\svchost.exe -k NetworkService')
    dns.child('Parameters').expand_sz('ServiceDll', 'C:\\Users\\Public\\Libraries\\dns.dll' if is_changed
                                      else '%SystemRoot%\\System32\\dnsrslvr.dll')
    if is_changed:
        updater = h.key('ControlSet001\\Services\\Updater', write_time='2026-03-01T02:16:00Z')
        updater.dword('Type', 0x10)
        updater.dword('Start', 2)
        updater.sz('ObjectName', 'LocalSystem')
        updater.sz('ImagePath', 'C:\\Users\\Public\\Libraries\\update.exe -s')


def event(provider, payload):
    """A template as the event log service writes it: System with slots, then the payload."""
    system = Element('System', content=[
        Element('Provider', {'Name': provider}),
        Element('EventID', content=Slot(0, UINT16)),
        Element('Level', content=Slot(1, UINT8)),
        Element('TimeCreated', {'SystemTime': Slot(2, FILETIME)}),
        Element('EventRecordID', content=Slot(3, UINT64)),
        Element('Execution', {'ProcessID': Slot(4, UINT32), 'ThreadID': Slot(5, UINT32)}),
        Element('Channel', content=Slot(6)),
        Element('Computer', content=Slot(7)),
        Element('Security', {'UserID': Slot(8, SID)}),
    ])
    return Element('Event', content=[system, payload])


def event_data(names):
    return Element('EventData', content=[Element('Data', {'Name': name}, Slot(9 + i, kind))
                                         for i, (name, kind) in enumerate(names)])


def log_file_cleared(names):
    """Event 1102 says who did it in an element of its own."""
    fields = [Element(name, content=Slot(9 + i, kind)) for i, (name, kind) in enumerate(names)]
    return Element('UserData', content=Element(
        'LogFileCleared', {'xmlns': 'http://manifests.microsoft.com/win/2004/08/windows/eventlog'}, fields))


def head(event_id, level, time, number, channel, host):
    return [value(UINT16, event_id), value(UINT8, level), value(FILETIME, filetime(time)),
            value(UINT64, number), value(UINT32, 4321), value(UINT32, 99), value(STRING, channel),
            value(STRING, host), value(SID, USER)]


def powershell_log():
    template = Template('00000000-0000-4000-8000-000000004104', event('Microsoft-Windows-PowerShell', event_data([
        ('MessageNumber', UINT32), ('MessageTotal', UINT32), ('ScriptBlockText', STRING),
        ('ScriptBlockId', STRING), ('Path', STRING)])))
    log = Log()
    for number, part in enumerate((3, 1, 2), 1):
        time = '2026-03-01T02:1%d:00Z' % (4 + part)
        log.add(filetime(time), Instance(template, head(
            4104, 5, time, number, 'Microsoft-Windows-PowerShell/Operational', 'HOST-A') + [
                value(UINT32, part), value(UINT32, 3), value(STRING, SCRIPT[part - 1]),
                value(STRING, '11111111-2222-4333-8444-555555555555'), value(STRING, '')]))
    return log.bytes()


def security_log():
    template = Template('00000000-0000-4000-8000-000000001102', event('Microsoft-Windows-Eventlog', log_file_cleared([
        ('SubjectUserSid', SID), ('SubjectUserName', STRING), ('SubjectDomainName', STRING)])))
    log = Log(first_id=812345)
    log.add(filetime('2026-03-01T03:00:00Z'), Instance(template, head(
        1102, 4, '2026-03-01T03:00:00Z', 812345, 'Security', 'HOST-B') + [
            value(SID, USER), value(STRING, 'operator'), value(STRING, 'HOST-B')]))
    return log.bytes()


def main(out):
    case = os.path.join(out, 'demo', 'case')
    shutil.rmtree(case, ignore_errors=True)
    for root, host, log_name, log in (
            ('host-a/C', 'host-a', 'Microsoft-Windows-PowerShell%4Operational.evtx', powershell_log()),
            ('host-b', 'host-b', 'Security.evtx', security_log())):
        system = os.path.join(case, root, 'Windows', 'System32')
        for folder, name, data in (('config', 'SYSTEM', hive(host)), ('winevt/Logs', log_name, log)):
            os.makedirs(os.path.join(system, folder), exist_ok=True)
            with open(os.path.join(system, folder, name), 'wb') as file:
                file.write(data)


if __name__ == '__main__':
    main(sys.argv[1])
