-- id: fsa_lsass_handles
-- title: Programs that may read or write the memory of lsass
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 500
-- max_bytes: 300000
-- key: process_path, access_text
-- join: process_path
-- family: credentials
-- attack: T1003.001, T1055
-- rule: lsass_read_by_user_program | (access_text LIKE '%PROCESS_VM_READ%') AND process_path NOT LIKE
--   '%\windows\system32\%' AND process_path NOT LIKE '%\program files%' AND process_path NOT LIKE
--   '%\programdata\microsoft\windows defender\%' | 0.3 | 0.005 | T1003.001
-- rule: lsass_write | access_text LIKE '%PROCESS_VM_WRITE%' AND process_path NOT LIKE '%\windows\system32\%'
--   | 0.1 | 0.003 | T1055, T1003.001
-- attribute: location | process_path LIKE '%\users\%' OR process_path LIKE '%\programdata\%' OR
--   process_path LIKE '%\temp\%' | 0.5
-- proves: The process holds a handle with which it can read or change the memory of lsass, where the secrets
--   of those who logged on lie.
-- does_not_prove: That it did. A tool that opens lsass, reads and closes leaves no row, and handles of
--   protected processes cannot be asked.
-- false_positives: Security products, the service host of Windows, csrss, wininit and crash reporting.
-- next_step: Look at process_path, its signer and parent; fsa "SELECT * FROM fsa_handles WHERE pid = PID".
-- positive: live
-- negative: -
WITH p AS MATERIALIZED (SELECT pid, path, name FROM fsa_processes)
SELECT p.path AS process_path, h.access_text AS access_text, min(h.granted_access) AS granted_access,
       min(h.pid) AS pid, count(*) AS handles
FROM fsa_handles AS h
LEFT JOIN p ON p.pid = h.pid
WHERE h.type = 'Process'
  AND h.target_pid IN (SELECT pid FROM p WHERE lower(name) = 'lsass.exe')
  AND h.pid <> h.target_pid
  AND (h.access_text LIKE '%PROCESS_VM_READ%' OR h.access_text LIKE '%PROCESS_VM_WRITE%'
       OR h.access_text LIKE '%PROCESS_CREATE_THREAD%' OR h.access_text LIKE '%PROCESS_DUP_HANDLE%')
GROUP BY p.path, h.access_text
