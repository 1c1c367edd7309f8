-- id: fsa_processes_windows
-- title: Programs that run, with their users and rights
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1500
-- max_bytes: 700000
-- key: path, name, integrity
-- join: path
-- family: process
-- attack: T1059, T1543
-- rule: process_from_public_folder | path LIKE '%\users\public\%' OR path LIKE '%\perflogs\%' OR
--   path LIKE '%\$recycle.bin\%' OR path LIKE '%\windows\temp\%' OR path LIKE '%\windows\tasks\%' OR
--   path LIKE '%\windows\debug\%' | 0.25 | 0.003 | T1036.005
-- rule: process_hidden | is_hidden = '1' | 0.1 | 0.0005 | T1014
-- rule: process_encoded_command | (cmdline LIKE '% -e %' OR cmdline LIKE '% -enc%' OR cmdline LIKE '% /e%nc%') AND
--   cmdline LIKE '%powershell%' | 0.15 | 0.004 | T1059.001, T1027
-- attribute: location | path LIKE '%\users\%' OR path LIKE '%\programdata\%' OR path LIKE '%\temp\%' | 0.55
-- attribute: rights | integrity IN ('high', 'system') | 0.6
-- proves: The program ran at the time of the sweep, as that user and with these rights.
-- does_not_prove: A missing row does not prove that it did not run: a driver hides processes, and what ran
--   before or after the sweep is not here.
-- false_positives: Tools of administrators and developers are rare by nature.
-- next_step: fsa "SELECT * FROM fsa_processes WHERE path = '...'", then fsa_injected_modules, fsa_tokens and
--   fsa_connections of its pid.
-- positive: live
-- negative: -
SELECT path, name, integrity, min(user_name) AS user_name, count(*) AS processes, min(pid) AS pid, min(parent) AS parent,
       min(session_id) AS session_id, max(is_elevated_token) AS is_elevated_token, max(is_hidden) AS is_hidden,
       min(protection_type) AS protection_type, min(start_time) AS start_time,
       min(substr(cmdline, 1, 120)) AS cmdline
FROM fsa_processes
WHERE is_kernel_thread IS NOT 1
GROUP BY path, name, integrity, cmdline LIKE '%powershell% -e%'
