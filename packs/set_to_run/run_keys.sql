-- id: fsa_run_keys
-- title: Run and RunOnce keys of the machine and of each user
-- pillar: set_to_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 5000
-- max_bytes: 700000
-- key: name, data
-- join: data
-- family: autostart
-- attack: T1547.001
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
SELECT key, name, type, substr(data, 1, 2000) AS data, mtime
FROM fsa_registry
WHERE key IN (SELECT root || below FROM software, places) AND type <> 'subkey'
