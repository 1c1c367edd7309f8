-- id: fsa_logon_domains
-- title: Domains and workstations that logons came from
-- pillar: has_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 2000
-- max_bytes: 700000
-- key: domain, workstation, logon_type
-- join: domain
-- family: logon
-- attack: T1078, T1550.002, T1021
-- rule: logon_attacker_workstation | lower(workstation) LIKE 'kali%' OR lower(workstation) LIKE 'parrot%' OR
--   lower(workstation) IN ('workstation', 'hacker', 'metasploit', 'nmap') | 0.1 | 0.001 | T1078, T1021.002
-- rule: logon_default_name | logon_type IN ('3', '8', '10') AND length(workstation) = 15 AND
--   (workstation GLOB 'WIN-[0-9A-Z]*' OR workstation GLOB 'DESKTOP-[0-9A-Z]*') | 0.15 | 0.05 | T1078
-- rule: logon_ntlm_without_key | package LIKE 'NTLM%' AND logon_type = '3' AND key_length = '0' AND is_failed = '0'
--   AND lower(user_name) <> 'anonymous logon' | 0.15 | 0.03 | T1550.002
-- rule: logon_new_credentials | logon_type = '9' AND lower(logon_process) LIKE 'seclogo%' | 0.15 | 0.02
--   | T1134.003, T1550.002
-- rule: logon_remote_loopback | logon_type = '10' AND source_address IN ('127.0.0.1', '::1') | 0.1 | 0.001
--   | T1572, T1021.001
-- rule: logon_domain_short | length(domain) BETWEEN 1 AND 2 AND domain <> '-' | 0.05 | 0.001 | T1078
-- proves: The Security log holds that many logons (or failed ones: is_failed = 1) with that domain, as the client
--   said it.
-- does_not_prove: That the client told the truth: workstation and domain of NTLM are his words. What was
--   overwritten, cleared or not audited gives no row.
-- false_positives: Trusted domains, machines before they join, names of the local host after it was renamed.
-- next_step: Take off the fleet's own computer and domain names; what is left and rare is foreign. Then
--   fsa "SELECT * FROM fsa_event_log WHERE channel = 'Security' AND eventid = 4624 AND data LIKE '%DOMAIN%'".
-- positive: evtx/win
-- negative: folders/kape
WITH e AS MATERIALIZED (
  SELECT eventid, time,
         json_extract(nullif(data, ''), '$.EventData.TargetDomainName') AS domain,
         json_extract(nullif(data, ''), '$.EventData.WorkstationName') AS workstation,
         json_extract(nullif(data, ''), '$.EventData.Workstation') AS validated_for,
         json_extract(nullif(data, ''), '$.EventData.LogonType') AS logon_type,
         json_extract(nullif(data, ''), '$.EventData.AuthenticationPackageName') AS package,
         json_extract(nullif(data, ''), '$.EventData.LogonProcessName') AS logon_process,
         json_extract(nullif(data, ''), '$.EventData.KeyLength') AS key_length,
         json_extract(nullif(data, ''), '$.EventData.IpAddress') AS address,
         json_extract(nullif(data, ''), '$.EventData.TargetUserName') AS user_name
  FROM fsa_event_log
  WHERE channel = 'Security' AND eventid IN (4624, 4625, 4776)
)
SELECT substr(domain, 1, 64) AS domain, substr(coalesce(workstation, validated_for), 1, 64) AS workstation,
       logon_type, package, key_length, trim(logon_process) AS logon_process, eventid = 4625 AS is_failed,
       count(*) AS logons, count(DISTINCT user_name) AS users, min(substr(user_name, 1, 64)) AS user_name,
       min(address) AS source_address, count(DISTINCT address) AS addresses, min(time) AS first_time,
       max(time) AS last_time
FROM e
WHERE coalesce(logon_type, '') NOT IN ('0', '5')
GROUP BY 1, 2, logon_type, package, key_length, trim(logon_process), eventid = 4625
