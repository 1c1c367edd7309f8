-- id: fsa_log_cleared
-- title: Event logs that were cleared
-- pillar: os_state
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: channel_cleared, user_name
-- join: user_name
-- family: anti_forensics
-- attack: T1070.001
-- tpr: 0.15
-- fpr: 0.03
-- rule: log_cleared_security | channel_cleared = 'Security' | 0.12 | 0.02 | T1070.001
-- rule: log_cleared_powershell | channel_cleared LIKE '%PowerShell%' OR channel_cleared LIKE '%Sysmon%' OR
--   channel_cleared LIKE '%TerminalServices%' OR channel_cleared LIKE '%TaskScheduler%' | 0.06 | 0.003 | T1070.001
-- attribute: rights | user_name NOT LIKE '%$' AND user_name <> 'SYSTEM' | 0.8
-- proves: That user emptied that log at that time; its earlier records are gone from this host.
-- does_not_prove: That no log was cleared when there is no row: the record itself can be overwritten,
--   records can be cut out without this event, and the service can be stopped.
-- false_positives: Images are sealed with emptied logs; administrators clear logs while they test.
-- next_step: Look for the same records where they were forwarded to; fsa_event_log for gaps in record_id.
-- positive: evtx/win
-- negative: folders/kape
SELECT eventid, channel,
       coalesce(json_extract(nullif(data, ''), '$.UserData.LogFileCleared.Channel'), channel) AS channel_cleared,
       json_extract(nullif(data, ''), '$.UserData.LogFileCleared.SubjectDomainName') AS user_domain,
       json_extract(nullif(data, ''), '$.UserData.LogFileCleared.SubjectUserName') AS user_name,
       time, record_id, computer_name
FROM fsa_event_log
WHERE eventid IN (1102, 104) AND provider_name = 'Microsoft-Windows-Eventlog'
