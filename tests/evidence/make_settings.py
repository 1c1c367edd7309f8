#!/usr/bin/env python3
"""Hives with security settings: `make_settings.py OUTDIR` writes OUTDIR/settings/.

weak: a host on which somebody has switched protection off, each setting in its own place. sound: the same
places with the values that Windows or a careful administrator sets. Deterministic.
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hive_writer import Hive

LSA = 'ControlSet001\\Control\\Lsa'
DEFENDER = 'Microsoft\\Windows Defender'
POLICIES = 'Microsoft\\Windows\\CurrentVersion\\Policies\\System'
OPTIONS = 'Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\'


def system(is_weak):
    h = Hive(name='\\SystemRoot\\System32\\Config\\SYSTEM')
    h.key('Select').dword('Current', 1)
    h.key('ControlSet001\\Control\\SecurityProviders\\WDigest').dword('UseLogonCredential', is_weak)
    lsa = h.key(LSA, write_time='2026-03-02T03:00:00Z' if is_weak else '2024-03-01T10:00:00Z')
    lsa.dword('RunAsPPL', 0 if is_weak else 1)
    lsa.dword('LmCompatibilityLevel', 1 if is_weak else 5)
    lsa.multi_sz('Notification Packages', ['scecli'] + ['pwfilter'] * is_weak)
    h.key('ControlSet001\\Control\\Terminal Server').dword('fDenyTSConnections', 1 - is_weak)
    h.key('ControlSet001\\Control\\Terminal Server\\WinStations\\RDP-Tcp').dword('UserAuthentication', 1 - is_weak)
    return h.build()


def software(is_weak):
    h = Hive(name='\\SystemRoot\\System32\\Config\\SOFTWARE')
    policies = h.key(POLICIES)
    policies.dword('EnableLUA', 1 - is_weak)
    policies.dword('ConsentPromptBehaviorAdmin', 0 if is_weak else 5)
    if is_weak:
        policies.dword('LocalAccountTokenFilterPolicy', 1)
        h.key(OPTIONS + 'sethc.exe').sz('Debugger', 'C:\\Windows\\System32\\cmd.exe')
        h.key(DEFENDER + '\\Exclusions\\Paths').dword('C:\\Users\\Public', 0)
    h.key(OPTIONS + 'notepad.exe').dword('UseFilter', 1)
    h.key(DEFENDER + '\\Real-Time Protection').dword('DisableRealtimeMonitoring', is_weak)
    h.key('Policies\\Microsoft\\Windows\\PowerShell\\ScriptBlockLogging').dword('EnableScriptBlockLogging', 1 - is_weak)
    return h.build()


def main(out):
    root = os.path.join(out, 'settings')
    shutil.rmtree(root, ignore_errors=True)
    for host, is_weak in (('weak', 1), ('sound', 0)):
        folder = os.path.join(root, host, 'Windows', 'System32', 'config')
        os.makedirs(folder)
        for name, data in (('SYSTEM', system(is_weak)), ('SOFTWARE', software(is_weak))):
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(data)


if __name__ == '__main__':
    main(sys.argv[1])
