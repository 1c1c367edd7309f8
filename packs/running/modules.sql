-- id: fsa_modules
-- title: Libraries that processes have mapped, and what their loader says of them
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 3200
-- max_bytes: 700000
-- key: path, is_mapped, is_listed, is_name_mismatch
-- join: path
-- family: module
-- attack: T1574.001, T1574.002, T1129, T1014
-- rule: module_unlisted | is_mapped = '1' AND is_listed = '0' AND path NOT LIKE '%\windows\%' | 0.15 | 0.01
--   | T1055.001, T1014
-- rule: module_renamed_in_list | is_name_mismatch = '1' | 0.1 | 0.002 | T1036.005, T1055
-- rule: module_only_claimed | is_mapped = '0' | 0.1 | 0.005 | T1055, T1036
-- rule: module_from_temporary | path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%' OR
--   path LIKE '%\users\public\%' OR path LIKE '%\windows\temp\%' | 0.25 | 0.005 | T1574.006, T1129
-- rule: module_system_name_elsewhere | (path LIKE '%\version.dll' OR path LIKE '%\winmm.dll' OR
--   path LIKE '%\dbghelp.dll' OR path LIKE '%\uxtheme.dll' OR path LIKE '%\cryptsp.dll' OR path LIKE '%\wtsapi32.dll'
--   OR path LIKE '%\userenv.dll' OR path LIKE '%\profapi.dll' OR path LIKE '%\dwmapi.dll' OR path LIKE '%\secur32.dll')
--   AND path NOT LIKE '%\windows\%' | 0.2 | 0.01 | T1574.001, T1574.002
-- attribute: location | path LIKE '%\users\%' OR path LIKE '%\programdata\%' OR path LIKE '/home/%' OR
--   path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/opt/%' | 0.5
-- attribute: module_deleted | is_deleted = '1' | 0.2
-- proves: At least so many processes had the file mapped as a program or library (is_mapped), or claimed
--   to (is_mapped = 0); is_listed = 0: in none of the lists of the loader of the process.
-- does_not_prove: That it is malicious. Code that was copied into memory instead of being mapped is no
--   module. is_listed is NULL on Linux, which has no such lists. Windows' processes name their program in
--   fsa_processes_windows, not here.
-- false_positives: Libraries that were mapped for their resources only are in no list; a file that is
--   renamed by an upgrade while it is mapped has another name in the list.
-- next_step: fsa "SELECT * FROM fsa_modules WHERE pid = PID AND path = PATH"; a system library outside
--   of the system's folders beside a signed program is a side-loaded one until shown otherwise.
-- positive: live
-- negative: -
SELECT coalesce(nullif(path, ''), listed_path) AS path, is_mapped, is_listed,
       is_name_mismatch, count(DISTINCT pid) AS processes, min(pid) AS pid,
       max(is_deleted) AS is_deleted
FROM fsa_modules
WHERE is_program IS NOT 1 AND (coalesce(path, '') <> '' OR coalesce(listed_path, '') <> '')
GROUP BY coalesce(nullif(path, ''), listed_path), is_mapped, is_listed, is_name_mismatch
