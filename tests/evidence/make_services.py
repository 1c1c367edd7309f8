#!/usr/bin/env python3
"""SYSTEM hives with services: `make_services.py OUTDIR` writes OUTDIR/services/.

volume: a host with two control sets, the second one current, whose services have every form that
the table reads. damaged: values that are cut, of the wrong type, or numbers that mean nothing.
All names are invented but for those of Windows itself. Deterministic.
"""
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hive_writer import DEFAULT_SECURITY, Hive

KERNEL, FILE_SYSTEM, OWN, SHARE, USER_INSTANCE = 1, 2, 0x10, 0x20, 0xE0
BOOT, AUTO, DEMAND, DISABLED = 0, 2, 3, 4
EVERYONE = bytes.fromhex('010100000000000100000000')


def failure_actions(*actions):
    """The value as the service control manager writes it; actions are (type, delay in ms)."""
    return struct.pack('<IIIII', 86400, 0, 0, len(actions), 20) + b''.join(struct.pack('<II', *a) for a in actions)


def open_to_everyone():
    """A descriptor that lets everybody change the configuration of the service."""
    entry = struct.pack('<BBHI', 0, 0, 8 + len(EVERYONE), 0x00020002) + EVERYONE
    return struct.pack('<BBHIIIIBBHHH', 1, 0, 0x8004, 0, 0, 0, 20, 2, 0, 8 + len(entry), 1, 0) + entry


def service(hive, control_set, name, kind, start, image=None, time='2024-03-01T10:00:00Z'):
    key = hive.key('ControlSet%03d\\Services\\%s' % (control_set, name), write_time=time)
    key.dword('Type', kind)
    key.dword('Start', start)
    key.dword('ErrorControl', 1)
    if image:
        key.expand_sz('ImagePath', image)
    return key


def system():
    h = Hive(name='\\SystemRoot\\System32\\Config\\SYSTEM')
    h.key('Select').dword('Current', 2)
    old = service(h, 1, 'Dnscache', SHARE, AUTO, '%SystemRoot%\\system32\\svchost.exe -k NetworkService')
    old.child('Parameters').expand_sz('ServiceDll', '%SystemRoot%\\System32\\dnsrslvr.dll')

    dns = service(h, 2, 'Dnscache', SHARE, AUTO, '%SystemRoot%\\system32\\svchost.exe -k NetworkService',
                  '2026-03-01T02:20:00Z')
    dns.sz('DisplayName', '@%SystemRoot%\\System32\\dnsapi.dll,-101')
    dns.sz('ObjectName', 'NT AUTHORITY\\NetworkService')
    dns.sz('Group', 'TDI')
    dns.sz('Description', 'Resolves names.')
    dns.multi_sz('DependOnService', ['Tdx', 'nsi'])
    dns.multi_sz('RequiredPrivileges', ['SeChangeNotifyPrivilege', 'SeCreateGlobalPrivilege'])
    dns.binary('FailureActions', failure_actions((1, 60000), (1, 120000), (0, 0)))
    dns.child('Parameters').expand_sz('ServiceDll', 'C:\\Users\\Public\\Libraries\\dns.dll')
    dns.child('Parameters').sz('ServiceMain', 'ResolverMain')
    dns.child('Security').binary('Security', DEFAULT_SECURITY)
    dns.child('TriggerInfo').child('0').dword('Type', 4)
    dns.child('Performance').sz('Library', 'dnsperf.dll')

    updater = service(h, 2, 'Updater', OWN, AUTO, '"C:\\Program Files\\Up Dater\\up.exe" /service')
    updater.sz('ObjectName', 'LocalSystem')
    updater.dword('DelayedAutostart', 1)
    updater.dword('LaunchProtected', 3)
    updater.binary('FailureActions', failure_actions((1, 0), (3, 1000)))
    updater.sz('FailureCommand', 'cmd /c C:\\Users\\Public\\again.bat')
    updater.child('Security').binary('Security', open_to_everyone())

    service(h, 2, 'ACPI', KERNEL, BOOT)
    service(h, 2, 'Tcpip', KERNEL, BOOT, '\\SystemRoot\\System32\\drivers\\tcpip.sys')
    service(h, 2, 'luafv', FILE_SYSTEM, AUTO, 'system32\\drivers\\luafv.sys')
    service(h, 2, 'vmci', KERNEL, DEMAND, '\\??\\C:\\Program Files\\V M\\vmci.sys')
    own_dll = service(h, 2, 'eventlog', SHARE, AUTO, '%SystemRoot%\\System32\\svchost.exe -k LocalService')
    own_dll.expand_sz('ServiceDll', '%SystemRoot%\\System32\\wevtsvc.dll')
    service(h, 2, 'CDPUserSvc_1a2b3', USER_INSTANCE, DEMAND, 'C:\\Windows\\system32\\svchost.exe -k UnistackSvcGroup')
    service(h, 2, 'CryptSvc', SHARE, DISABLED).child('Security').binary('Security', bytes.fromhex('00000e0001'))
    h.key('ControlSet002\\Services\\.NET CLR Data\\Performance').sz('Library', 'netfxperf.dll')
    return h.build()


def damaged():
    h = Hive(name='\\SystemRoot\\System32\\Config\\SYSTEM')
    h.key('Select').sz('Current', '1')
    odd = service(h, 1, 'odd', 0x4000, 9)
    odd.binary('ImagePath', b'C\0')
    odd.binary('FailureActions', failure_actions((7, 0))[:24])
    odd.child('Security').binary('Security', DEFAULT_SECURITY[:40])
    odd.sz('DependOnService', 'not a list')
    hidden = h.key('ControlSet001\\Services\\hid\0den')
    hidden.sz('Type', '16')
    hidden.sz('ImagePath', 'C:\\hidden.exe')
    h.key('ControlSet001\\Services\\no service').sz('Something', 'else')
    return h.build()


def main(out):
    root = os.path.join(out, 'services')
    shutil.rmtree(root, ignore_errors=True)
    for host, data in (('volume', system()), ('damaged', damaged())):
        folder = os.path.join(root, host, 'Windows', 'System32', 'config')
        os.makedirs(folder)
        with open(os.path.join(folder, 'SYSTEM'), 'wb') as file:
            file.write(data)


if __name__ == '__main__':
    main(sys.argv[1])
