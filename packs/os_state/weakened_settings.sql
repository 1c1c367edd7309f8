-- id: fsa_weakened_settings
-- title: Settings of the registry that let an attacker do more
-- pillar: os_state
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 400
-- max_bytes: 300000
-- key: setting, data, is_weakened
-- join: setting
-- family: evasion
-- attack: T1112, T1562.001, T1003.001, T1556, T1546.008
-- rule: wdigest_on | setting = 'wdigest' AND is_weakened = '1' | 0.15 | 0.002 | T1003.001, T1112
-- rule: lsa_package_added | setting = 'lsa_notification' AND is_weakened = '1' | 0.05 | 0.002 | T1556.002
-- rule: accessibility_debugger | setting = 'accessibility_debugger' | 0.1 | 0.0005 | T1546.008, T1546.012
-- rule: remote_administrator_tokens | setting = 'remote_tokens' AND is_weakened = '1' | 0.15 | 0.02 | T1112
-- rule: uac_off | setting IN ('uac', 'uac_prompt') AND is_weakened = '1' | 0.15 | 0.01 | T1548.002
-- rule: defender_off | setting LIKE 'defender_%' AND setting <> 'defender_exclusion' AND is_weakened = '1'
--   | 0.25 | 0.01 | T1562.001
-- rule: defender_exclusion | setting = 'defender_exclusion' AND (name LIKE '_:\' OR name LIKE '%\temp%' OR
--   name LIKE '%\users%' OR name LIKE '%\programdata%' OR name IN ('exe', '.exe', 'dll', '.dll', 'ps1', '.ps1'))
--   | 0.2 | 0.01 | T1562.001
-- rule: rdp_without_nla | setting = 'rdp_nla' AND is_weakened = '1' | 0.1 | 0.02 | T1021.001
-- rule: script_logging_off | setting LIKE 'powershell_%' AND is_weakened = '1' | 0.1 | 0.02 | T1562.002
-- rule: unsigned_code_allowed | setting = 'driver_blocklist' AND is_weakened = '1' | 0.05 | 0.01 | T1562.001, T1068
-- proves: The value stands in the registry with this data; is_weakened = 1: weaker than Windows sets it up.
-- does_not_prove: Who wrote it. Policies of a domain win over local values and are listed beside them. A setting
--   that has no value gives no row: Windows then acts by its default.
-- false_positives: What administrators have chosen for the whole fleet: it is on many hosts. Exclusions that a
--   vendor's installer makes.
-- next_step: Rare ones first. mtime is the key's last change: who was logged on then?
-- positive: settings/weak
-- negative: evtx/win
WITH wanted(setting, key, name, sound) AS (
  VALUES
    ('wdigest', 'SYSTEM\CurrentControlSet\Control\SecurityProviders\WDigest', 'UseLogonCredential', '0'),
    ('lsa_protection', 'SYSTEM\CurrentControlSet\Control\Lsa', 'RunAsPPL', '1,2'),
    ('lsa_notification', 'SYSTEM\CurrentControlSet\Control\Lsa', 'Notification Packages', 'scecli,rassfm'),
    ('lm_level', 'SYSTEM\CurrentControlSet\Control\Lsa', 'LmCompatibilityLevel', '3,4,5'),
    ('lm_hash', 'SYSTEM\CurrentControlSet\Control\Lsa', 'NoLMHash', '1'),
    ('restricted_admin', 'SYSTEM\CurrentControlSet\Control\Lsa', 'DisableRestrictedAdmin', '1'),
    ('blank_passwords', 'SYSTEM\CurrentControlSet\Control\Lsa', 'LimitBlankPasswordUse', '1'),
    ('dsrm_logon', 'SYSTEM\CurrentControlSet\Control\Lsa', 'DsrmAdminLogonBehavior', '0'),
    ('credential_guard', 'SYSTEM\CurrentControlSet\Control\Lsa', 'LsaCfgFlags', '1,2'),
    ('virtualization_security', 'SYSTEM\CurrentControlSet\Control\DeviceGuard', 'EnableVirtualizationBasedSecurity', '1'),
    ('driver_blocklist', 'SYSTEM\CurrentControlSet\Control\CI\Config', 'VulnerableDriverBlocklistEnable', '1'),
    ('rdp', 'SYSTEM\CurrentControlSet\Control\Terminal Server', 'fDenyTSConnections', '1'),
    ('rdp_sessions', 'SYSTEM\CurrentControlSet\Control\Terminal Server', 'fSingleSessionPerUser', '1'),
    ('rdp_nla', 'SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp', 'UserAuthentication', '1'),
    ('rdp_shadow', 'SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services', 'Shadow', '0'),
    ('uac', 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System', 'EnableLUA', '1'),
    ('uac_prompt', 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System', 'ConsentPromptBehaviorAdmin', '1,2,3,4,5'),
    ('remote_tokens', 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System', 'LocalAccountTokenFilterPolicy', '0'),
    ('defender_service', 'SOFTWARE\Policies\Microsoft\Windows Defender', 'DisableAntiSpyware', '0'),
    ('defender_service', 'SOFTWARE\Microsoft\Windows Defender', 'DisableAntiSpyware', '0'),
    ('defender_service', 'SOFTWARE\Microsoft\Windows Defender', 'DisableAntiVirus', '0'),
    ('defender_realtime', 'SOFTWARE\Policies\Microsoft\Windows Defender\Real-Time Protection', 'DisableRealtimeMonitoring', '0'),
    ('defender_realtime', 'SOFTWARE\Microsoft\Windows Defender\Real-Time Protection', 'DisableRealtimeMonitoring', '0'),
    ('defender_behavior', 'SOFTWARE\Policies\Microsoft\Windows Defender\Real-Time Protection', 'DisableBehaviorMonitoring', '0'),
    ('defender_behavior', 'SOFTWARE\Microsoft\Windows Defender\Real-Time Protection', 'DisableBehaviorMonitoring', '0'),
    ('defender_scripts', 'SOFTWARE\Policies\Microsoft\Windows Defender\Real-Time Protection', 'DisableScriptScanning', '0'),
    ('defender_downloads', 'SOFTWARE\Microsoft\Windows Defender\Real-Time Protection', 'DisableIOAVProtection', '0'),
    ('defender_tamper', 'SOFTWARE\Microsoft\Windows Defender\Features', 'TamperProtection', '1,5'),
    ('powershell_blocks', 'SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging', 'EnableScriptBlockLogging', '1'),
    ('powershell_modules', 'SOFTWARE\Policies\Microsoft\Windows\PowerShell\ModuleLogging', 'EnableModuleLogging', '1'),
    ('command_line_logging', 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\Audit', 'ProcessCreationIncludeCmdLine_Enabled', '1')
),
listed(setting, key) AS (
  VALUES ('defender_exclusion', 'SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths'),
         ('defender_exclusion', 'SOFTWARE\Microsoft\Windows Defender\Exclusions\Processes'),
         ('defender_exclusion', 'SOFTWARE\Microsoft\Windows Defender\Exclusions\Extensions'),
         ('defender_exclusion', 'SOFTWARE\Policies\Microsoft\Windows Defender\Exclusions\Paths'),
         ('defender_exclusion', 'SOFTWARE\Policies\Microsoft\Windows Defender\Exclusions\Processes'),
         ('defender_exclusion', 'SOFTWARE\Policies\Microsoft\Windows Defender\Exclusions\Extensions')
),
accessible(name) AS (
  VALUES ('sethc.exe'), ('utilman.exe'), ('osk.exe'), ('magnify.exe'), ('narrator.exe'), ('displayswitch.exe'),
         ('atbroker.exe')
),
r AS MATERIALIZED (
  SELECT key, name, data, mtime
  FROM fsa_registry
  WHERE key IN (SELECT 'HKEY_LOCAL_MACHINE\' || key FROM wanted
                UNION SELECT 'HKEY_LOCAL_MACHINE\' || key FROM listed
                UNION SELECT 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\'
                             || name FROM accessible)
    AND type <> 'subkey'
)
SELECT w.setting AS setting, r.name AS name, substr(r.data, 1, 200) AS data, w.sound AS expected,
       CASE WHEN w.setting = 'lsa_notification'
            THEN lower(r.data) NOT IN ('scecli', 'rassfm', 'scecli,rassfm', '["scecli"]', '["rassfm","scecli"]',
                                       '["scecli","rassfm"]')
            ELSE ',' || w.sound || ',' NOT LIKE '%,' || r.data || ',%' END AS is_weakened,
       r.key AS key, r.mtime AS mtime
FROM wanted AS w
JOIN r ON r.key = 'HKEY_LOCAL_MACHINE\' || w.key COLLATE NOCASE AND r.name = w.name COLLATE NOCASE
UNION ALL
SELECT l.setting, substr(r.name, 1, 200), substr(r.data, 1, 200), '', 1, r.key, r.mtime
FROM listed AS l
JOIN r ON r.key = 'HKEY_LOCAL_MACHINE\' || l.key COLLATE NOCASE
UNION ALL
SELECT 'accessibility_debugger', r.name, substr(r.data, 1, 200), '', 1, r.key, r.mtime
FROM accessible AS a
JOIN r ON r.key = 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\'
                  || a.name COLLATE NOCASE
WHERE r.name = 'Debugger' COLLATE NOCASE
