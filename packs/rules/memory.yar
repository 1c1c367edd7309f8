/*
  Implants and their loaders, in memory and in files. Written from what is published about each; every rule
  names its sources. Text stands here as an expression with a class of one letter, so that neither this file nor
  a program that carries these rules is what they look for.

    SELECT pid, rule, address FROM fsa_yara_memory WHERE sigfile = 'packs/rules/memory.yar'
*/
rule meterpreter_commands : implant meterpreter
{
  meta:
    description = "names of Meterpreter's commands, as its library registers them"
    author = "FSA Tables"
    reference = "Metasploit documentation, Meterpreter: the TLV protocol and its extensions"
    attack = "T1055, T1095"
    severity = 90

  strings:
    $c1 = /core_channel_ope[n]/
    $c2 = /core_enumextcm[d]/
    $c3 = /core_loadli[b]/
    $c4 = /core_machine_i[d]/
    $c5 = /core_migrat[e]/
    $c6 = /core_negotiate_tlv_encryptio[n]/
    $c7 = /core_transport_chang[e]/
    $s1 = /stdapi_fs_file_expand_pat[h]/
    $s2 = /stdapi_net_socket_tcp_shutdow[n]/
    $s3 = /stdapi_sys_config_getui[d]/
    $s4 = /stdapi_sys_process_execut[e]/
    $p1 = /priv_elevate_getsyste[m]/
    $p2 = /priv_passwd_get_sam_hashe[s]/

  condition:
    4 of them
}

rule meterpreter_library : implant meterpreter
{
  meta:
    description = "Meterpreter's server library by its names"
    author = "FSA Tables"
    reference = "rapid7/metasploit-payloads: the exports and file names of metsrv"
    attack = "T1620"
    severity = 90

  strings:
    $name = /metsrv(\.x(86|64))?\.dl[l]/
    $export = /ReflectiveLoade[r]/
    $transport = /METERPRETER_(TRANSPORT|USERNAME|UA_NAM)[A-Z_]*/
    $mettle = /mettle[ _]sysna[m]e|libmettle_extensio[n]/

  condition:
    ($name and ($export or $transport)) or $mettle
}

rule metasploit_block_api : shellcode metasploit
{
  meta:
    description = "the beginning of Metasploit's position independent code, which finds functions by hash"
    author = "FSA Tables"
    reference = "Metasploit Framework, external/source/shellcode: block_api for x86 and x64"
    attack = "T1055, T1106"
    severity = 90

  strings:
    $x86 = { FC E8 (82 | 86 | 89 | 8F) 00 00 00 60 89 E5 31 (C0 | D2) 64 8B (50 | 52) 30 }
    $x64 = { FC 48 83 E4 F0 E8 (C0 | C8 | CC) 00 00 00 41 51 41 50 52 }

  condition:
    any of them
}

rule cobalt_strike_configuration : implant cobalt_strike
{
  meta:
    description = "the settings of a Cobalt Strike beacon, plain or under the XOR keys of versions 3 and 4"
    author = "FSA Tables"
    reference = "published descriptions of the beacon's settings: a list of (number, type, size, value), big endian; 1 is the kind of beacon, 2 the port, 3 the sleep time"
    attack = "T1071.001, T1620"
    severity = 100

  strings:
    $plain = { 00 01 00 01 00 02 00 ?? 00 02 00 01 00 02 ?? ?? 00 03 00 02 00 04 }
    $version3 = { 69 68 69 68 69 6B 69 ?? 69 6B 69 68 69 6B ?? ?? 69 6A 69 6B 69 6D }
    $version4 = { 2E 2F 2E 2F 2E 2C 2E ?? 2E 2C 2E 2F 2E 2C ?? ?? 2E 2D 2E 2C 2E 2A }

  condition:
    any of them
}

rule cobalt_strike_beacon : implant cobalt_strike
{
  meta:
    description = "texts of the beacon"
    author = "FSA Tables"
    reference = "published analyses of beacons: texts for its operator"
    attack = "T1620, T1055"
    severity = 90

  strings:
    $library = /beacon(\.x64)?\.dl[l]/
    $started = /Started service %s on %[s]/
    $listing = /%s as %s\\%s: %[d]/
    $token = /could not (create remote thread in|open process|duplicate token|spawn) %[ds]/
    $import = /IEX \(New-Object Net\.Webclient\)\.DownloadString\('http:\/\/127\.0\.0\.1:%[u]/
    $kerberos = /kerberos ticket (use|purge) faile[d]/
    $pipe = /\\\\(%s|\.)\\pipe\\(msagent|status|postex)[_][%0-9a-f]/

  condition:
    3 of them
}

rule mimikatz_names : credentials mimikatz
{
  meta:
    description = "names of mimikatz' modules, commands and functions"
    author = "FSA Tables"
    reference = "gentilkiwi/mimikatz: the modules of the program and how its functions are named"
    attack = "T1003"
    severity = 90

  strings:
    $author = /gentilkiw[i]/ ascii wide
    $sekurlsa = /sekurls[a]::(logonpasswords|tickets|pth|minidump|ekeys|wdigest)/ ascii wide nocase
    $lsadump = /lsadum[p]::(dcsync|sam|secrets|lsa|cache|trust)/ ascii wide nocase
    $kerberos = /kerbero[s]::(golden|ptt|list|purge)/ ascii wide nocase
    $modules = /kuhl_m_(sekurlsa|lsadump|kerberos|privilege|token)_[a-z]{3}/ ascii wide
    $structures = /kiwi_(msv1_0|kerberos)_(primary|ticket|internal)[_a-z]{2}/ ascii wide nocase

  condition:
    2 of them
}

rule reflective_loader : loader
{
  meta:
    description = "a PE image that loads itself, or the hashes by which such a loader finds its functions"
    author = "FSA Tables"
    reference = "Fewer, Reflective DLL Injection (2008): the export and its ROR13 hashes"
    attack = "T1620, T1055.001"
    severity = 80

  strings:
    $export = /ReflectiveLoade[r]/
    $kernel32 = { 5B BC 4A 6A }
    $ntdll = { 5D 68 FA 3C }
    $load_library = { 8E 4E 0E EC }
    $get_address = { AA FC 0D 7C }
    $allocate = { 54 CA AF 91 }
    $flush = { B8 0A 4C 53 }

  condition:
    ($export and uint16(0) == 0x5A4D) or 5 of ($kernel32, $ntdll, $load_library, $get_address, $allocate, $flush)
}

rule executable_dos_header : loader
{
  meta:
    description = "a PE header that begins with instructions, as images do that are run from their first byte"
    author = "FSA Tables"
    reference = "published analyses of stagers: MZ followed by a call or by a function's beginning"
    attack = "T1620"
    severity = 90

  strings:
    $x86_call = { 4D 5A E8 00 00 00 00 5B 52 45 55 89 E5 }
    $x64_frame = { 4D 5A 41 52 55 48 89 E5 48 (81 | 83) EC }
    $converted = { E8 00 00 00 00 59 49 89 C8 (48 | BA) }

  condition:
    any of them
}

rule shellcode_finds_functions : shellcode
{
  meta:
    description = "code that walks the list of loaded libraries and hashes names by rotation"
    author = "FSA Tables"
    reference = "Skape, Understanding Windows Shellcode (2003); the process environment block at fs:[0x30], gs:[0x60]"
    attack = "T1055, T1106"
    severity = 60

  strings:
    $peb_1 = { 64 A1 30 00 00 00 }
    $peb_2 = { 31 (C0 | C9 | D2 | DB) 64 8B (40 | 41 | 42 | 49 | 50 | 51 | 52 | 5B) 30 }
    $peb_3 = { 65 48 8B 04 25 60 00 00 00 }
    $peb_4 = { 65 48 8B (40 | 42 | 50 | 52 | 58) 60 }
    $rotation_1 = { C1 CF 0D 01 C7 }
    $rotation_2 = { C1 CF 0D 03 F8 }
    $rotation_3 = { C1 CA 0D 01 C2 }
    $rotation_4 = { C1 C9 0D 01 C1 }
    $rotation_5 = { C1 CE 0D 01 C6 }
    $rotation_6 = { C1 CB 0D 01 C3 }
    $rotation_7 = { C1 CB 0D 03 DA }
    $rotation_8 = { 41 C1 (C8 | C9 | CA | CB) 0D (41 | 44 | 45) }

  condition:
    for any of ($rotation_*) : (
      for any i in (1..#) : (any of ($peb_*) in (@[i] - 256..@[i] + 16))
    )
}
