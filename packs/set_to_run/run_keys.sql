-- id: fsa_run_keys
-- title: Run and RunOnce keys of the machine and of each user
-- pillar: set_to_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: name, data
-- join: data
-- family: autostart
-- attack: T1547.001
-- rule: run_key_interpreter | (data LIKE '%powershell%' OR data LIKE '%mshta%' OR data LIKE '%wscript%' OR
--   data LIKE '%cscript%' OR data LIKE '%regsvr32%' OR data LIKE '%cmd.exe%/c%' OR data LIKE '%cmd /c%') | 0.3 | 0.01
--   | T1547.001, T1059
-- rule: run_key_encoded | data LIKE '%powershell%' AND (data LIKE '% -e %' OR data LIKE '% -enc%' OR
--   data LIKE '%frombase64%' OR data LIKE '%downloadstring%' OR data LIKE '%iex%') | 0.15 | 0.0005
--   | T1547.001, T1027, T1059.001
-- rule: run_key_public_folder | data LIKE '%\users\public\%' OR data LIKE '%\windows\temp\%' OR
--   data LIKE '%\perflogs\%' OR data LIKE '%\appdata\local\temp\%' OR data LIKE '%\$recycle.bin\%' | 0.25 | 0.004
--   | T1547.001, T1036.005
-- rule: run_key_rundll_user_folder | data LIKE '%rundll32%' AND (data LIKE '%appdata%' OR data LIKE '%programdata%'
--   OR data LIKE '%\users\%') | 0.2 | 0.002 | T1547.001, T1218.011
-- attribute: location | data LIKE '%\appdata\%' OR data LIKE '%\programdata\%' OR data LIKE '%\users\%' | 0.6
-- proves: At the next logon (or once) Windows starts this command.
-- does_not_prove: That it has run, or that the program exists. Run keys are one place of many.
-- false_positives: Updaters of rare software; per-user installations carry the user's name in the path.
-- next_step: Look at the program in data; compare mtime with the time of the incident.
-- positive: folders/kape
-- negative: demo/case/host-b
WITH software(root) AS (
  SELECT 'HKEY_LOCAL_MACHINE\SOFTWARE'
  UNION ALL
  SELECT 'HKEY_LOCAL_MACHINE\SOFTWARE\WOW6432Node'
  UNION ALL
  SELECT path || '\Software' FROM fsa_registry WHERE key = 'HKEY_USERS' AND type = 'subkey'
),
places(below) AS (
  VALUES ('\Microsoft\Windows\CurrentVersion\Run'),
         ('\Microsoft\Windows\CurrentVersion\RunOnce'),
         ('\Microsoft\Windows\CurrentVersion\RunOnceEx'),
         ('\Microsoft\Windows\CurrentVersion\RunServices'),
         ('\Microsoft\Windows\CurrentVersion\RunServicesOnce'),
         ('\Microsoft\Windows\CurrentVersion\Policies\Explorer\Run')
)
SELECT key, name, type, substr(data, 1, 500) AS data, mtime
FROM fsa_registry
WHERE key IN (SELECT root || below FROM software, places) AND type <> 'subkey'
