<#
.SYNOPSIS
Runs on a real Windows what Wine cannot show: plants each state, asks the table, prints pass or FAIL.

.DESCRIPTION
docs/windows-testing.md says which items these are. Nothing that is planted is ever executed, nothing listens
beyond loopback, and every plant ends with the script. Windows PowerShell 2 (Windows 7) or later. Exit code: the
number of failures.

.PARAMETER Programs
The folder with fsa.exe, as the zip has it.

.PARAMETER Plants
The folder with plant-*.exe, from build-windows/tests.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File acceptance.ps1 -Programs . -Plants .\plants
#>
param([string]$Programs = '.', [string]$Plants = '.\plants')

$fsa = Join-Path (Resolve-Path $Programs) 'fsa.exe'
$folder = Resolve-Path $Plants
$passed = 0
$failures = 0
$skipped = 0

# The first value of an answer; queries here give one.
function Ask([string]$sql) {
  $query = [IO.Path]::GetTempFileName()
  [IO.File]::WriteAllText($query, $sql + ";`n")
  $lines = @(cmd /c "`"$fsa`" -f tsv < `"$query`" 2>nul")
  Remove-Item $query
  if ($lines.Count -lt 2) { return '' }
  return ($lines[1] -split "`t")[0]
}

function Expect([string]$name, [string]$sql, [string]$wanted = '1') {
  $found = Ask $sql
  if ($found -eq $wanted) {
    $script:passed++
    Write-Host "pass  $name"
  } else {
    $script:failures++
    Write-Host "FAIL  $name"
    Write-Host "      $sql"
    Write-Host "      expected '$wanted', found '$found'"
  }
}

function Skip([string]$name, [string]$why) {
  $script:skipped++
  Write-Host "skip  ${name}: $why"
}

# Starts a plant, gives its first line's words to the block, and ends it: plants wait for their input's end.
function With-Plant([string]$plant, [string]$arguments, [scriptblock]$block) {
  $start = New-Object Diagnostics.ProcessStartInfo
  $start.FileName = Join-Path $folder "plant-$plant.exe"
  $start.Arguments = $arguments
  $start.UseShellExecute = $false
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $process = [Diagnostics.Process]::Start($start)
  try {
    $words = $process.StandardOutput.ReadLine() -split ' '
    if ($words[0] -ne 'ready') { throw "plant-$plant $arguments did not start: $words" }
    & $block $words
  } finally {
    $process.StandardInput.Close()
    if (-not $process.WaitForExit(20000)) { $process.Kill() }
  }
}

$isAdministrator = (New-Object Security.Principal.WindowsPrincipal(
    [Security.Principal.WindowsIdentity]::GetCurrent())).IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)

# ---- the look itself ---------------------------------------------------------------------------------------

Expect 'the program starts' "SELECT count(*) > 10 FROM fsa_tables"
$lacked = if ($isAdministrator) { '1' } else { '0' }
Expect 'what is lacking is said' "SELECT lacked_privileges IS NULL FROM fsa_coverage LIMIT 1" $lacked

# ---- processes ---------------------------------------------------------------------------------------------

Expect 'System is there' "SELECT count(*) FROM fsa_processes WHERE pid = 4"
Expect 'no process twice' "SELECT count(*) = count(DISTINCT pid) FROM fsa_processes"
Expect 'this PowerShell with its command line' `
  "SELECT cmdline LIKE '%acceptance.ps1%' FROM fsa_processes WHERE pid = $PID"
Expect 'its parent started before it' `
  "SELECT coalesce(parent_start_time <= start_time, 1) FROM fsa_processes WHERE pid = $PID"
Expect 'nobody is hidden' "SELECT count(*) FROM fsa_processes WHERE is_hidden = 1" '0'
With-Plant 'sleeper' '' {
  param($words)
  Expect 'whose child a process is' "SELECT parent FROM fsa_processes WHERE pid = $($words[1])" "$PID"
  Expect 'its path is its program''s' `
    "SELECT path LIKE '%\plant-sleeper.exe' AND is_parent_alive FROM fsa_processes WHERE pid = $($words[1])"
}

# ---- tokens ------------------------------------------------------------------------------------------------

Expect 'logon sessions join tokens' "SELECT count(*) > 0 FROM fsa_tokens WHERE logon_type IS NOT NULL"
if ($isAdministrator) {
  Expect 'services impersonate on a real host' "SELECT count(*) > 0 FROM fsa_tokens WHERE tid IS NOT NULL"
} else {
  Skip 'services impersonate on a real host' 'their threads are seen by an administrator only'
}

With-Plant 'impersonate' 'plain' {
  param($words)
  Expect 'threads that are nobody else have no row' "SELECT count(*) FROM fsa_tokens WHERE pid = $($words[1])"
}
$levels = @{ self = 'impersonation'; identify = 'identification'; anonymous = 'impersonation' }
foreach ($what in ($levels.Keys | Sort-Object)) {
  With-Plant 'impersonate' $what {
    param($words)
    Expect "a thread's token: $what" `
      "SELECT level FROM fsa_tokens WHERE pid = $($words[1]) AND tid = $($words[2])" $levels[$what]
  }
}
With-Plant 'impersonate' 'anonymous' {
  param($words)
  Expect 'a thread that is somebody else' "SELECT is_different FROM fsa_tokens WHERE tid = $($words[2])"
}
With-Plant 'impersonate' 'gained' {
  param($words)
  Expect 'a thread that may more than its process' `
    "SELECT gained_privileges FROM fsa_tokens WHERE tid = $($words[2])" 'SeShutdownPrivilege'
}
With-Plant 'impersonate' 'netonly' {
  param($words)
  Expect 'other credentials for the network' `
    "SELECT logon_type = 'New Credentials' AND has_other_logon FROM fsa_tokens WHERE tid = $($words[2])"
}

# ---- memory ------------------------------------------------------------------------------------------------

With-Plant 'memory' 'idle' {
  param($words)
  Expect 'an ordinary process has no such memory' "SELECT count(*) FROM fsa_injected_modules WHERE pid = $($words[1])" '0'
  Expect 'all its modules are mapped and listed' `
    "SELECT min(is_mapped AND is_listed) FROM fsa_modules WHERE pid = $($words[1])"
}
$kinds = @{
  rwx = 'anonymous'; flipped = 'anonymous'; dormant = 'once_executable'; guard = 'anonymous'; shared = 'shared_memory'
  view = 'mapped_executable'; patched = 'modified_code'; erased = 'header_erased'; entry = 'header_modified'
  added = 'added_code'; phantom = 'unlinked_image'; unlinked = 'unlinked_image'; hollowed = 'hollowed'
  thread = 'thread_start'
}
foreach ($what in ($kinds.Keys | Sort-Object)) {
  With-Plant 'memory' $what {
    param($words)
    Expect "memory: $what" `
      "SELECT count(*) > 0 FROM fsa_injected_modules WHERE pid = $($words[1]) AND kind = '$($kinds[$what])'"
  }
}
With-Plant 'memory' 'patched' {
  param($words)
  Expect 'changed pages without reading files (working sets)' `
    "SELECT count(*) FROM fsa_injected_modules WHERE pid = $($words[1]) AND is_modified = 1"
  Expect 'the patch to the byte' `
    ("SELECT changed_bytes = 5 AND first_changed = '$($words[2])' FROM fsa_injected_modules " +
     "WHERE pid = $($words[1]) AND is_modified = 1")
}
With-Plant 'memory' 'guard' {
  param($words)
  $null = Ask "SELECT max(first_bytes) FROM fsa_injected_modules WHERE pid = $($words[1])"
  Expect 'a guard stands after a look' `
    "SELECT is_guard FROM fsa_memory_regions WHERE pid = $($words[1]) AND start = '$($words[2])'"
}
With-Plant 'memory' 'renamed' {
  param($words)
  Expect 'a name that the list forges' `
    "SELECT is_name_mismatch FROM fsa_modules WHERE pid = $($words[1]) AND base = '$($words[2])'"
}
Expect 'an image whose code is the file''s has no changed byte' `
  "SELECT count(*) FROM fsa_injected_modules WHERE pid = $PID AND changed_bytes > 0 AND path LIKE '%\ntdll.dll'" '0'
Expect 'names of files by their drives' `
  "SELECT count(*) FROM fsa_modules WHERE pid = $PID AND path LIKE '\Device\%'" '0'


# ---- handles, objects, pipes -------------------------------------------------------------------------------

With-Plant 'sleeper' '' {
  param($sleeper)
  With-Plant 'objects' "fsa_accept $($sleeper[1])" {
    param($words)
    Expect 'who may read the memory of another process' `
      ("SELECT count(*) FROM fsa_handles WHERE pid = $($words[1]) AND target_pid = $($sleeper[1]) " +
       "AND access_text = 'PROCESS_VM_READ'")
    Expect 'a mutex, its holder and its owner' `
      ("SELECT owner_pid = $($words[1]) AND holder_count = 1 FROM fsa_mutexes WHERE name = 'fsa_accept_owned'")
    Expect 'an abandoned mutex' "SELECT is_abandoned FROM fsa_mutexes WHERE name = 'fsa_accept_abandoned'"
  }
}
With-Plant 'named_pipes' 'fsa_accept' {
  param($words)
  Expect 'the pipe directory is listed, nobody is connected to' `
    "SELECT instances = 1 AND max_instances = 2 FROM fsa_named_pipes WHERE name = 'fsa_accept' AND pid = $($words[1])"
  Expect 'the client of a pipe' "SELECT partner_pid FROM fsa_named_pipes WHERE name = 'fsa_accept'" $words[2]
  Expect 'a pid that is borrowed' "SELECT is_pid_forged FROM fsa_named_pipes WHERE name = 'mojo.2.1.2'"
  Expect 'a pipe at which its owner waits stops nothing' `
    "SELECT count(*) > 0 FROM fsa_named_pipes WHERE name = 'fsa_accept_blocked'"
}
Expect 'no pipe without its plant' "SELECT count(*) FROM fsa_named_pipes WHERE name LIKE 'fsa_accept%'" '0'

# ---- registry, services, drivers, connections, logs --------------------------------------------------------

Expect 'hives that are open are read' "SELECT count(*) > 0 FROM fsa_shimcache"
Expect 'each loaded profile' "SELECT count(*) > 2 FROM fsa_registry WHERE key = 'HKEY_USERS'"
if ($isAdministrator) {
  With-Plant 'registry' '' {
    param($words)
    Expect 'a name with a NUL' `
      "SELECT count(*) FROM fsa_registry WHERE key = 'HKEY_LOCAL_MACHINE\Software\FsaPlant' AND data = 'two'"
    Expect 'values behind an empty one' `
      "SELECT count(*) FROM fsa_registry WHERE key = 'HKEY_LOCAL_MACHINE\Software\FsaPlant' AND name = 'last'"
    Expect 'a service that only the registry knows' `
      "SELECT in_registry = 1 AND in_scm = 0 FROM fsa_services WHERE name = 'FsaPlantUnborn'"
  }
  Expect 'the Security log, which its service keeps open' "SELECT count(*) > 0 FROM fsa_event_log WHERE channel = 'Security'"
  Expect 'every loaded driver has a file' "SELECT count(*) FROM fsa_drivers WHERE is_loaded = 1 AND on_disk = 0 AND path NOT LIKE '%\dump_%'" '0'
} else {
  Skip 'plants in the registry, the Security log, drivers' 'an administrator is needed'
}
With-Plant 'sockets' '' {
  param($words)
  Expect 'whose a listener is' ("SELECT p.name FROM fsa_connections c JOIN fsa_processes p ON p.pid = c.pid " +
    "WHERE c.local_port = $($words[1]) AND c.is_listening = 1") 'plant-sockets.exe'
}

Write-Host "$passed passed, $failures failed, $skipped skipped"
exit $failures
