-- id: fsa_named_pipes_windows
-- title: Named pipes of Windows, which programs serve them, and names that lie
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1800
-- max_bytes: 700000
-- key: normalized_name, process_path, known_as, is_pid_forged
-- join: process_path
-- family: ipc
-- attack: T1559, T1570, T1021.002
-- rule: pipe_of_known_tool | known_as <> '' AND known_as NOT LIKE '%PsExec%' AND known_as NOT LIKE '%PAExec%'
--   | 0.15 | 0.002 | T1559, T1570
-- rule: pipe_of_remote_execution | known_as LIKE '%PsExec%' OR known_as LIKE '%PAExec%' OR known_as LIKE '%RemCom%'
--   OR known_as LIKE '%csexec%' | 0.1 | 0.01 | T1569.002, T1021.002
-- rule: pipe_pid_forged | is_pid_forged = '1' | 0.15 | 0.002 | T1559, T1036
-- rule: pipe_unmanaged_powershell | name LIKE 'PSHost.%' AND process_path NOT LIKE '%\powershell%.exe' AND
--   process_path NOT LIKE '%\pwsh.exe' AND process_path NOT LIKE '%\wsmprovhost.exe' AND process_path <> ''
--   | 0.15 | 0.01 | T1059.001
-- rule: pipe_of_browser_elsewhere | (name LIKE 'mojo.%' OR name LIKE 'chrome.%') AND process_path <> '' AND
--   process_path NOT LIKE '%\chrome%' AND process_path NOT LIKE '%edge%' AND process_path NOT LIKE '%\program files%'
--   | 0.1 | 0.02 | T1559, T1036
-- attribute: location | process_path LIKE '%\users\%' OR process_path LIKE '%\programdata\%' OR
--   process_path LIKE '%\temp\%' | 0.4
-- proves: A pipe of that name exists; process_path serves it. With known_as the name is one that a tool makes
--   by default; with is_pid_forged = 1 the pid in the name is not that of who serves it.
-- does_not_prove: Who uses it, or that the tool was there: names are anybody's. Without process_path the
--   server's handles could not be asked; fsa_problems says why.
-- false_positives: Tools of administrators (PsExec, PAExec) are known too. Names of 7 to 10 hexadecimal
--   digits are chosen by honest programs as well.
-- next_step: fsa "SELECT * FROM fsa_named_pipes WHERE name = '...'" shows clients and who may connect.
-- positive: live
-- negative: -
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT substr(n.normalized_name, 1, 120) AS normalized_name, p.path AS process_path, n.known_as AS known_as,
       max(n.is_pid_forged) AS is_pid_forged, min(substr(n.name, 1, 120)) AS name, min(n.pid) AS pid,
       count(*) AS pipes, sum(n.partner_count) AS clients, min(substr(n.sddl, 1, 120)) AS sddl
FROM fsa_named_pipes AS n
LEFT JOIN p ON p.pid = n.pid
WHERE coalesce(n.name, '') <> ''
GROUP BY substr(n.normalized_name, 1, 120), p.path, n.known_as
