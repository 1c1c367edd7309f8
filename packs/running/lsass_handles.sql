-- id: fsa_lsass_handles
-- title: Programs that may read or write the memory of lsass
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 500
-- max_bytes: 200000
-- key: process_path, access_text
-- join: process_path
-- family: credentials
-- attack: T1003.001, T1055
-- proves: The process holds a handle with which it can read or change the memory of lsass, where the secrets
--   of those who logged on lie.
-- does_not_prove: That it did. A tool that opens lsass, reads and closes leaves no row, and handles of
--   protected processes cannot be asked.
-- false_positives: Security products, the service host of Windows, csrss, wininit and crash reporting.
-- next_step: Look at process_path, its signer and parent; fsa "SELECT * FROM fsa_handles WHERE pid = PID".
-- positive: live
-- negative: -
SELECT p.path AS process_path, h.access_text AS access_text, min(h.granted_access) AS granted_access,
       min(h.pid) AS pid, count(*) AS handles
FROM fsa_handles AS h
LEFT JOIN (SELECT pid, path FROM fsa_processes) AS p ON p.pid = h.pid
WHERE h.type = 'Process'
  AND h.target_pid IN (SELECT pid FROM fsa_processes WHERE lower(name) = 'lsass.exe')
  AND h.pid <> h.target_pid
  AND (h.access_text LIKE '%PROCESS_VM_READ%' OR h.access_text LIKE '%PROCESS_VM_WRITE%'
       OR h.access_text LIKE '%PROCESS_CREATE_THREAD%' OR h.access_text LIKE '%PROCESS_DUP_HANDLE%')
GROUP BY p.path, h.access_text
