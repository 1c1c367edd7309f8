/*
  PowerShell that hides what it does, in scripts, command lines and memory. See memory.yar for how text is written.
*/
rule powershell_encoded_command : script powershell
{
  meta:
    description = "powershell with a long command in base64"
    author = "FSA Tables"
    reference = "about_PowerShell_exe: -EncodedCommand and its short forms"
    attack = "T1059.001, T1027"
    severity = 70

  strings:
    $command = /(powershell|pwsh)(\.exe)?["']?\s[^\r\n]{0,120}[-\/][Ee][NnCcOoDdEeMmAa]{0,13}\s+["']?[A-Za-z0-9+\/=]{60}/ nocase
    $wide = /p\x00o\x00w\x00e\x00r\x00s\x00h\x00e\x00l\x00l\x00([^\r\n]\x00){1,120}[-\/]\x00e\x00([ncodema]\x00){0,13}( \x00)+([A-Za-z0-9+\/=]\x00){60}/ nocase

  condition:
    any of them
}

rule powershell_hidden_words : script powershell
{
  meta:
    description = "words of downloading and running, in base64 of the UTF-16 that -EncodedCommand takes"
    author = "FSA Tables"
    reference = "about_PowerShell_exe: the command is base64 of UTF-16LE"
    attack = "T1027, T1059.001"
    severity = 70

  strings:
    $download_string = "DownloadString(" wide base64
    $download_file = "DownloadFile(" wide base64
    $download_data = "DownloadData(" wide base64
    $from_base64 = "FromBase64String(" wide base64
    $expression = "Invoke-Expression" wide base64
    $iex_web = "IEX (New-Object" wide base64
    $allocate = "VirtualAlloc" wide base64
    $stream = "IO.Compression" wide base64

  condition:
    any of them
}

rule powershell_runs_what_it_fetches : script powershell
{
  meta:
    description = "a script that fetches or unpacks code and runs it at once"
    author = "FSA Tables"
    reference = "MITRE ATT&CK T1059.001, T1105"
    attack = "T1059.001, T1105"
    severity = 60

  strings:
    $run_1 = /\b(IEX|Invoke-Expression)\s*[\(\$"']\s*\(?\s*(New-Object|\(New-Object)\s+(System\.)?Net\.WebClient\)\.Download(String|Data)/ nocase
    $run_2 = /(New-Object\s+(System\.)?Net\.WebClient|\$wc)\)?\.DownloadString\([^\r\n]{4,300}\)\s*\|\s*(IEX|Invoke-Expression)/ nocase
    $run_3 = /(IEX|Invoke-Expression)[^\r\n]{0,80}(GzipStream|DeflateStream)[^\r\n]{0,400}FromBase64Strin[g]/ nocase
    $run_4 = /\[(System\.)?Reflection\.Assembly\]::Load\(\s*\[(System\.)?Convert\]::FromBase64Strin[g]/ nocase

  condition:
    any of them
}

rule powershell_blinds_defence : script powershell
{
  meta:
    description = "a script that switches the scanning of scripts off in its own process"
    author = "FSA Tables"
    reference = "MITRE ATT&CK T1562.001; published bypasses of AMSI"
    attack = "T1562.001"
    severity = 90

  strings:
    $class = /Amsi['"+ ]{0,5}Util[s]/ nocase
    $field = /amsi['"+ ]{0,5}Init['"+ ]{0,5}Faile[d]/ nocase
    $function = /Amsi['"+ ]{0,5}Scan['"+ ]{0,5}Buffe[r]/ nocase
    $set = /\.(SetValue|GetField)\(/ nocase
    $patch = /(VirtualProtect|WriteProcessMemory|Marshal\]::Copy)/ nocase

  condition:
    ($class and $field and $set) or ($function and $patch)
}
