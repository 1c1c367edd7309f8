#!/usr/bin/env python3
"""Hosts in every layout that collectors make: `make_folders.py OUTDIR` writes OUTDIR/folders/.

volume, xp, kape, cylr, velociraptor, uac, linux: one host each. loose: hives under names of their
own. dirty, stale: hives whose last write did not finish, with and without a log. hostile: links that
loop or lead out, a FIFO, names that are no text. case: a case folder of some of them. Deterministic;
all names are invented.
"""
import os
import shutil
import sys
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hive_writer as hw
import make_shimcache
from hive_writer import Hive, REG_BINARY, REG_SZ

SID = 'S-1-5-21-1004336348-1177238915-682003330-'


def utf16(text):
    return text.encode('utf-16le')


def software(profiles):
    """A SOFTWARE hive; `profiles` are (SID, folder)."""
    h = Hive(name='emRoot\\System32\\Config\\SOFTWARE')
    h.key('Classes')
    version = h.key('Microsoft\\Windows NT\\CurrentVersion', write_time='2024-04-01T00:00:00Z')
    version.sz('ProductName', 'Windows 10 Pro')
    version.dword('InstallDate', 1700000000)
    for sid, folder in profiles:
        h.key('Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\' + sid).expand_sz('ProfileImagePath', folder)
    h.key('Microsoft\\Windows\\CurrentVersion\\Run').sz('Updater', 'C:\\Users\\Public\\u.exe')
    return h.build()


def ntuser(name):
    h = Hive(name='\\??\\C:\\Users\\%s\\ntuser.dat' % name)
    h.key('Control Panel')
    h.key('Environment').sz('OneDrive', name)
    h.key('Software\\Microsoft\\Windows\\CurrentVersion\\Run').sz('run_of_' + name, 'x.exe')
    return h.build()


def usrclass(name):
    h = Hive(name='\\Microsoft\\Windows\\UsrClass.dat')
    h.key('Local Settings\\Software').sz('owner', name)
    return h.build()


def amcache():
    h = Hive(name='\\appcompat\\Programs\\Amcache.hve', root_name='{11517B7C-E79D-4e20-961B-75A811715ADD}')
    h.key('Root\\InventoryApplicationFile\\sample.exe|1234').sz('LowerCaseLongPath', 'c:\\temp\\sample.exe')
    return h.build()


def odd():
    """One of everything that a registry can hold and a careless reader loses."""
    h = Hive(name='odd')
    k = h.key('Values', write_time='2024-05-06T07:08:09.5Z', class_name='Shell')
    k.sz('', 'the default value')
    k.sz('text', 'C:\\x.exe')
    k.expand_sz('expand', '%TEMP%\\x')
    k.value('empty', REG_SZ, b'')
    k.value('hidden tail', REG_SZ, utf16('seen\0unseen\0'))
    k.value('odd size', REG_SZ, b'a\0b')
    k.value('nul\0name', REG_SZ, utf16('x\0'), utf16=True)
    k.binary('binary', bytes(range(20)))
    k.value('none', hw.REG_NONE, b'')
    k.dword('dword', 0xFFFFFFFE)
    k.value('short dword', hw.REG_DWORD, b'\1\2')
    k.value('big endian', hw.REG_DWORD_BIG_ENDIAN, b'\0\0\1\2')
    k.qword('qword', 2**63)
    k.link('link', '\\Registry\\Machine\\X')
    k.multi_sz('multi', ['a "b"', '', 'c'])
    k.multi_sz('multi empty', [])
    k.value('unknown type', 0xFFFF0012, b'\xff')
    k.binary('large', bytes(range(256)) * 100)
    h.key('Empty')
    h.key('Nul\0Key').dword('x', 1)
    h.key('\u0416\u0443\u043a').sz('\u03b1', '\U0001f41e')
    gone = h.key('Gone')
    gone.sz('secret', 'was here')
    gone.child('Below').dword('n', 5)
    gone.delete()
    k.sz('deleted value', 'was here too')
    k.values[-1].deleted = True
    return h.build()


def system():
    return make_shimcache.system(make_shimcache.VALUES['10-creators'])


class Folder:
    """Writes files below a folder; `encode` makes the names Velociraptor's."""

    def __init__(self, path, encode=False):
        self.path, self.encode = path, encode

    def put(self, name, data=b''):
        if self.encode:
            name = name.replace('%', '%25').replace(':', '%3A').replace('$', '$')
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(data)

    def windows(self, config='Windows/System32/config', users='Users', dirty=False):
        profiles = [(SID + '1001', 'C:\\Users\\bob'), (SID + '1002', 'D:\\Profiles\\eve'),
                    ('S-1-5-19', '%systemroot%\\ServiceProfiles\\LocalService')]
        self.put(config + '/SYSTEM', system())
        self.put(config + '/SOFTWARE', software(profiles))
        self.put(config + '/DEFAULT', ntuser('default'))
        self.put(users + '/bob/NTUSER.DAT', ntuser('bob'))
        self.put(users + '/bob/AppData/Local/Microsoft/Windows/UsrClass.dat', usrclass('bob'))
        self.put(users + '/Default/NTUSER.DAT', ntuser('template'))


def changed_system(late):
    h = Hive(name='SYSTEM')
    h.key('Select').dword('Current', 1)
    k = h.key('ControlSet001\\Services\\Late' if late else 'ControlSet001\\Services\\Early')
    k.dword('Start', 2)
    return h.build()


def linux(folder):
    folder.put('etc/hostname', b'web-7\n')
    folder.put('etc/passwd', b'root:x:0:0::/root:/bin/sh\n')
    folder.put('etc/cron.d/job', b'* * * * * root true\n')
    folder.put('var/log/auth.log', b'')
    folder.put('home/ann/.bashrc', b'')


def hostile(root):
    """A Linux root whose owner does not want it to be read."""
    folder = Folder(root)
    linux(folder)
    os.symlink('/etc/passwd', root + '/etc/absolute')
    os.symlink('../../../../../../../../etc/passwd', root + '/etc/climbing')
    os.symlink('loop2', root + '/etc/loop1')
    os.symlink('loop1', root + '/etc/loop2')
    os.symlink('.', root + '/etc/here')
    os.symlink('/', root + '/etc/top')
    os.symlink('missing', root + '/etc/dangling')
    os.symlink('/../../../../proc/self/environ', root + '/etc/environ')
    os.mkfifo(root + '/etc/fifo')
    os.symlink('fifo', root + '/etc/link_to_fifo')
    with open(os.fsencode(root) + b'/etc/not_\xff\xfe_text', 'wb') as file:
        file.write(b'x')
    with open(root + '/etc/two\nlines', 'wb') as file:
        file.write(b'x')
    with open(root + '/etc/quote\'";--', 'wb') as file:
        file.write(b'x')
    os.makedirs(root + '/home/ann/' + 'd/' * 70)
    with open(root + '/home/ann/' + 'd/' * 70 + 'deep', 'wb') as file:
        file.write(b'x')
    os.symlink('/home', root + '/home/ann/up')


def main(out):
    root = os.path.join(out, 'folders')
    shutil.rmtree(root, ignore_errors=True)

    volume = Folder(root + '/volume')
    volume.windows('WINDOWS/system32/CONFIG', 'users')
    volume.put('windows/appcompat/programs/amcache.hve', amcache())  # beside WINDOWS, as unpacked by a case-sensitive tool
    volume.put('WINDOWS/ServiceProfiles/LocalService/NTUSER.DAT', ntuser('localservice'))
    volume.put('users/mallory/NTUSER.DAT', ntuser('mallory'))

    xp = Folder(root + '/xp')
    settings = 'Documents and Settings'
    xp.put('WINNT/system32/config/system', make_shimcache.system(make_shimcache.VALUES['xp'], 'AppCompatibility'))
    xp.put('WINNT/system32/config/software',
           software([(SID + '500', '%SystemDrive%\\Documents and Settings\\alice')]))
    xp.put(settings + '/alice/NTUSER.DAT', ntuser('alice'))
    xp.put(settings + '/alice/Local Settings/Application Data/Microsoft/Windows/UsrClass.dat', usrclass('alice'))

    kape = Folder(root + '/kape')
    Folder(root + '/kape/C').windows()
    kape.put('D/Profiles/eve/NTUSER.DAT', ntuser('eve'))
    kape.put('2024-05-01_CopyLog.csv', b'')

    Folder(root + '/cylr/C').windows()
    Folder(root + '/cylr').put('CyLR_Collection_Log_2024-05-01.log')

    Folder(root + '/velociraptor/uploads/auto/C%3A', True).windows()
    ntfs = Folder(root + '/velociraptor/uploads/ntfs/%5C%5C.%5CC%3A', True)
    ntfs.windows()
    ntfs.put('Windows/System32/winevt/Logs/Microsoft-Windows-PowerShell%4Operational.evtx', b'')
    Folder(root + '/velociraptor').put('client_info.json', b'{}')

    linux(Folder(root + '/uac/[root]'))
    Folder(root + '/uac').put('uac.log')
    linux(Folder(root + '/linux'))
    Folder(root + '/linux').put('proc/sys/kernel/hostname', b'web-7-now\n')  # as a recorded host

    loose = Folder(root + '/loose')
    loose.put('export/one.hiv', system())
    loose.put('export/two.hiv', system())
    loose.put('SOFTWARE_copy', software([]))
    loose.put('user.dat', ntuser('carol'))
    loose.put('classes.dat', usrclass('carol'))
    loose.put('am.hve', amcache())
    loose.put('odd.hiv', odd())
    loose.put('SAM', b'this is no hive')
    loose.put('notes.txt', b'nothing')

    before, after = changed_system(False), changed_system(True)
    dirty = Folder(root + '/dirty/Windows/System32/config')
    entry = hw.new_entry(5, after, hw.pages_that_differ(before, after))
    dirty.put('SYSTEM', hw.dirty(before, (5, 4)))
    dirty.put('system.log1', hw.new_log(before, [entry], 5))
    dirty.put('SYSTEM.LOG2', b'')
    Folder(root + '/stale/Windows/System32/config').put('SYSTEM', hw.dirty(before, (5, 4)))

    hostile(root + '/hostile')

    for host in ('kape', 'velociraptor', 'uac'):
        shutil.copytree(root + '/' + host, root + '/case/' + host)
    case = Folder(root + '/case')
    case.put('lonely.hiv', system())
    case.put('notes.txt', b'nothing')
    with zipfile.ZipFile(root + '/case/package.zip', 'w') as package:
        package.writestr(zipfile.ZipInfo('C/Windows/x'), b'')
    os.symlink('/etc', root + '/case/out')
    os.mkfifo(root + '/case/pipe')


if __name__ == '__main__':
    main(sys.argv[1])
