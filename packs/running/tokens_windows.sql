-- id: fsa_tokens_windows
-- title: Threads that act as somebody else, and processes with borrowed logons
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: process_path, user_sid, is_privileged_user, has_gained_privileges, logon_type
-- join: process_path
-- family: credentials
-- attack: T1134.001, T1134.002, T1134.003, T1550.002
-- rule: token_privileged_impersonated | is_process = '0' AND is_privileged_user = '1' AND is_service_process = '0'
--   AND level IN ('impersonation', 'delegation') | 0.2 | 0.002 | T1134.001
-- rule: token_gained_administrators | is_process = '0' AND has_gained_administrators = '1' AND
--   is_service_process = '0' | 0.15 | 0.003 | T1134.001
-- rule: token_higher_integrity | is_process = '0' AND has_higher_integrity = '1' AND level IN ('impersonation',
--   'delegation') | 0.15 | 0.004 | T1134.001, T1068
-- rule: token_gained_privileges | is_process = '0' AND has_gained_privileges = '1' AND (gained_privileges LIKE
--   '%SeDebugPrivilege%' OR gained_privileges LIKE '%SeTcbPrivilege%' OR gained_privileges LIKE
--   '%SeCreateTokenPrivilege%' OR gained_privileges LIKE '%SeLoadDriverPrivilege%') | 0.1 | 0.005 | T1134
-- rule: token_new_credentials | logon_type = 'New Credentials' | 0.2 | 0.01 | T1134.003, T1550.002
-- rule: token_service_as_system | is_process = '0' AND user_sid = 'S-1-5-18' AND process_user_sid IN ('S-1-5-19',
--   'S-1-5-20') AND level IN ('impersonation', 'delegation') | 0.1 | 0.01 | T1134.001, T1068
-- attribute: rights | is_privileged_user = '1' | 0.7
-- proves: A thread acts with the rights of user_name while its process is process_user's (is_process = 0), or a
--   process has a logon that is somebody else on the network (New Credentials).
-- does_not_prove: Theft: services impersonate their callers by trade (is_service_process = 1). A token that was
--   stolen and is not used at the moment of the sweep is a handle only (fsa_handles, type Token).
-- false_positives: Task scheduler, print spooler, WMI, web and database servers, backup agents; runas /netonly of
--   administrators.
-- next_step: fsa "SELECT * FROM fsa_tokens WHERE pid = PID"; where does start_module lie?
-- positive: live
-- negative: -
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT p.path AS process_path, t.is_leader AS is_process, t.user_sid AS user_sid, t.user_name AS user_name,
       t.process_user_sid AS process_user_sid, t.level AS level, t.logon_type AS logon_type,
       t.authentication_package AS authentication_package, t.is_privileged_user AS is_privileged_user,
       t.is_service_process AS is_service_process, t.has_other_logon AS has_other_logon,
       t.has_higher_integrity AS has_higher_integrity, t.has_gained_administrators AS has_gained_administrators,
       t.has_gained_privileges AS has_gained_privileges, min(t.gained_privileges) AS gained_privileges,
       min(t.start_module) AS start_module, min(t.pid) AS pid, min(t.tid) AS tid, count(*) AS tokens
FROM fsa_tokens AS t
LEFT JOIN p ON p.pid = t.pid
WHERE (t.is_leader = 0 AND (t.is_different = 1 OR t.has_other_logon = 1)) OR t.logon_type = 'New Credentials'
GROUP BY p.path, t.is_leader, t.user_sid, t.user_name, t.process_user_sid, t.level, t.logon_type,
         t.authentication_package, t.is_privileged_user, t.is_service_process, t.has_other_logon,
         t.has_higher_integrity, t.has_gained_administrators, t.has_gained_privileges
