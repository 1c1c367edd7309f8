-- id: fsa_parent_child
-- title: Which program started which
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 1500
-- max_bytes: 700000
-- key: parent_name, name, path
-- join: path
-- family: process
-- attack: T1059, T1036.005, T1134.004, T1505.003
-- rule: parent_not_of_system | parent_name <> '' AND (path = '' OR path LIKE '_:\%') AND (
--   (lower(name) IN ('lsass.exe', 'services.exe', 'lsaiso.exe') AND lower(parent_name) <> 'wininit.exe')
--   OR (lower(name) = 'svchost.exe' AND lower(parent_name) NOT IN ('services.exe', 'svchost.exe', 'msmpeng.exe'))
--   OR (lower(name) IN ('taskhostw.exe', 'runtimebroker.exe', 'sihost.exe', 'wsmprovhost.exe')
--   AND lower(parent_name) NOT IN ('svchost.exe', 'services.exe'))
--   OR (lower(name) IN ('spoolsv.exe', 'searchindexer.exe') AND lower(parent_name) <> 'services.exe')
--   OR (lower(name) = 'smss.exe' AND lower(parent_name) NOT IN ('system', 'smss.exe')))
--   | 0.2 | 0.001 | T1036.005, T1055.012, T1134.004
-- rule: office_starts_interpreter | lower(parent_name) IN ('winword.exe', 'excel.exe', 'powerpnt.exe',
--   'outlook.exe', 'msaccess.exe', 'onenote.exe', 'mspub.exe', 'eqnedt32.exe', 'visio.exe') AND lower(name) IN
--   ('cmd.exe', 'powershell.exe', 'pwsh.exe', 'wscript.exe', 'cscript.exe', 'mshta.exe', 'rundll32.exe',
--   'regsvr32.exe', 'certutil.exe', 'bitsadmin.exe', 'msbuild.exe') | 0.15 | 0.0005 | T1566.001, T1204.002, T1059
-- rule: web_server_starts_interpreter | (lower(parent_name) IN ('w3wp.exe', 'httpd.exe', 'nginx.exe', 'php-cgi.exe',
--   'sqlservr.exe', 'umworkerprocess.exe', 'apache2', 'httpd', 'nginx', 'lighttpd', 'caddy')
--   OR lower(parent_name) LIKE 'tomcat%' OR lower(parent_name) LIKE 'php-fpm%' OR lower(parent_name) LIKE 'php-cgi%')
--   AND lower(name) IN ('cmd.exe', 'powershell.exe', 'pwsh.exe', 'whoami.exe', 'net.exe', 'certutil.exe',
--   'bitsadmin.exe', 'cscript.exe', 'sh', 'bash', 'dash', 'zsh', 'ksh', 'busybox', 'nc', 'ncat', 'socat', 'curl',
--   'wget', 'perl', 'ruby') | 0.2 | 0.002 | T1505.003, T1190
-- rule: remote_starts_interpreter | lower(parent_name) IN ('wmiprvse.exe', 'wsmprovhost.exe', 'mmc.exe',
--   'services.exe', 'winrshost.exe') AND lower(name) IN ('cmd.exe', 'powershell.exe', 'pwsh.exe', 'mshta.exe',
--   'rundll32.exe') | 0.2 | 0.005 | T1047, T1021.003, T1021.006, T1569.002
-- rule: parent_never_starts_any | lower(parent_name) IN ('lsass.exe', 'searchprotocolhost.exe', 'csrss.exe',
--   'taskhostw.exe', 'dllhost.exe', 'spoolsv.exe', 'msdtc.exe') AND lower(name) IN ('cmd.exe', 'powershell.exe',
--   'rundll32.exe', 'whoami.exe', 'net.exe') | 0.1 | 0.001 | T1055, T1068
-- rule: program_without_arguments | lower(name) IN ('rundll32.exe', 'regsvr32.exe', 'dllhost.exe', 'werfault.exe')
--   AND cmdline <> '' AND trim(replace(lower(cmdline), '"', '')) LIKE '%.exe' AND instr(trim(cmdline, '" '), ' ') = 0
--   | 0.3 | 0.002 | T1055, T1218.011
-- attribute: location | path LIKE '%\users\%' OR path LIKE '%\temp\%' OR path LIKE '%\programdata\%' OR
--   path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%' OR path LIKE '/home/%' | 0.55
-- proves: A process of this program ran whose parent was that program; the parent is named only where the process
--   that bears its pid now started no later, so a pid that was used again names nobody.
-- does_not_prove: Who asked for it: a parent can be chosen (T1134.004), and on Linux a process whose parent ended
--   belongs to process 1. Without parent_name the parent has ended.
-- false_positives: Management agents, build servers and login scripts start shells; web programs that call
--   shell tools by design.
-- next_step: fsa "SELECT * FROM fsa_processes WHERE pid = PID", then its parent's, its connections and memory.
-- positive: live:recorded_host
-- negative: -
WITH p AS MATERIALIZED (
  SELECT pid, name, path, parent, is_parent_alive, start_time, cmdline, is_kernel_thread
  FROM fsa_processes
)
SELECT q.name AS parent_name, p.name AS name, p.path AS path, q.path AS parent_path, count(*) AS processes,
       min(p.pid) AS pid, min(p.parent) AS parent, min(p.start_time) AS start_time,
       min(substr(p.cmdline, 1, 120)) AS cmdline
FROM p
LEFT JOIN p AS q ON q.pid = p.parent AND p.is_parent_alive = 1
WHERE p.is_kernel_thread IS NOT 1
GROUP BY q.name, p.name, p.path, q.path
