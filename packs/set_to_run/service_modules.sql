-- id: fsa_service_modules
-- title: Libraries of unusual folders in services
-- pillar: set_to_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: path, program
-- join: path, program
-- family: module
-- attack: T1574.001, T1574.002, T1543.003
-- rule: side_loaded_beside_program | is_beside_program = '1' AND is_system_name = '1' | 0.3 | 0.003 | T1574.002
-- rule: service_library_temporary | path LIKE '%\temp\%' OR path LIKE '%\users\public\%' OR path LIKE '%\perflogs\%'
--   OR path LIKE '%\$recycle.bin\%' | 0.2 | 0.001 | T1574.001
-- attribute: location | path LIKE '%\users\%' OR path LIKE '%\programdata\%' | 0.6
-- attribute: module_name | is_system_name = '1' | 0.5
-- proves: A service's process has this library mapped, and it lies outside of Windows' and the programs' folders,
--   or bears the name of a library of System32 that the same host has mapped from there.
-- does_not_prove: That it is malicious, or who signed it: compare the signatures of both files by hand.
-- false_positives: Agents that live in ProgramData; services of programs that are installed per user.
-- next_step: A system's name beside a signed program is side-loaded until shown otherwise: copy both files and
--   what else lies in the folder.
-- positive: live
-- negative: -
WITH m AS MATERIALIZED (
  SELECT pid, path, lower(name) AS name, lower(path) AS folded FROM fsa_modules WHERE coalesce(path, '') <> ''
),
p AS MATERIALIZED (SELECT pid, path, lower(path) AS folded FROM fsa_processes WHERE coalesce(path, '') <> ''),
s AS MATERIALIZED (
  SELECT name, pid FROM fsa_services WHERE pid > 0
),
system_name AS MATERIALIZED (SELECT DISTINCT name FROM m WHERE folded LIKE '%\windows\system32\' || name)
SELECT p.path AS program, m.path AS path, min(s.name) AS service,
       max(m.name IN (SELECT name FROM system_name)) AS is_system_name,
       max(substr(m.folded, 1, length(m.folded) - length(m.name)) =
           rtrim(p.folded, replace(p.folded, '\', ''))) AS is_beside_program,
       min(m.pid) AS pid, count(DISTINCT m.pid) AS processes
FROM s
JOIN p ON p.pid = s.pid
JOIN m ON m.pid = s.pid
WHERE m.folded <> p.folded
  AND m.folded NOT LIKE '%\windows\system32\%' AND m.folded NOT LIKE '%\windows\syswow64\%'
  AND m.folded NOT LIKE '%\windows\winsxs\%' AND m.folded NOT LIKE '%\windows\microsoft.net\%'
  AND m.folded NOT LIKE '%\windows\assembly\%'
  AND (m.folded NOT LIKE '%\program files%' OR m.name IN (SELECT name FROM system_name))
GROUP BY p.path, m.path
