-- id: fsa_shimcache_folders
-- title: Folders of users from which several programs were started
-- pillar: has_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1024
-- max_bytes: 600000
-- key: folder
-- join: folder
-- family: execution
-- attack: T1105, T1059, T1070.004
-- rule: several_programs_public | CAST(programs AS INTEGER) >= 2 AND (folder LIKE '%\users\public\%' OR
--   folder LIKE '%\perflogs\%' OR folder LIKE '_:\windows\temp\' OR folder LIKE '%\$recycle.bin\%' OR
--   folder LIKE '_:\programdata\') | 0.35 | 0.01 | T1105, T1204.002
-- rule: several_programs_in_a_day | CAST(programs AS INTEGER) >= 3 AND CAST(last_modified AS INTEGER) -
--   CAST(first_modified AS INTEGER) BETWEEN 0 AND 86400 | 0.25 | 0.05 | T1105
-- attribute: location | folder LIKE '%\temp\%' OR folder LIKE '%\programdata\%' OR folder LIKE '%\downloads\%' | 0.5
-- proves: Windows looked at that many programs in this folder, which is not one of the system's or of installed
--   programs.
-- does_not_prove: That they ran, or that they are gone now: look whether they are still there.
-- false_positives: Installers that unpack several programs below Temp, folders of portable programs.
-- next_step: Is the folder there, and are the programs? Names, times and the same folder on other hosts.
-- positive: folders/kape
-- negative: evtx/win
WITH s AS MATERIALIZED (
  SELECT path, rtrim(path, replace(path, '\', '')) AS folder, modified_time, is_executed
  FROM fsa_shimcache
  WHERE is_current IS NOT 0 AND path LIKE '%\%'
)
SELECT folder, count(DISTINCT lower(path)) AS programs, sum(is_executed = 1) AS executed,
       min(modified_time) AS first_modified, max(modified_time) AS last_modified,
       min(substr(path, length(folder) + 1, 80)) AS first_name, max(substr(path, length(folder) + 1, 80)) AS last_name
FROM s
WHERE folder NOT LIKE '%\program files%' AND folder NOT LIKE '%\programdata\microsoft\windows defender\%'
  AND (folder NOT LIKE '_:\windows\%' OR folder LIKE '_:\windows\temp\%' OR folder LIKE '_:\windows\tasks\%'
       OR folder LIKE '_:\windows\debug\%' OR folder LIKE '_:\windows\fonts\%' OR folder LIKE '_:\windows\help\%'
       OR folder LIKE '_:\windows\media\%')
GROUP BY lower(folder)
