-- id: fsa_process_masquerade
-- title: Processes that bear the name of one of Windows' own and are not
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 200
-- max_bytes: 120000
-- key: name, path, kind
-- join: path
-- family: process_image
-- attack: T1036.005, T1036.003
-- tpr: 0.25
-- fpr: 0.003
-- rule: masquerade_path | kind = 'path' | 0.25 | 0.002 | T1036.005
-- rule: masquerade_similar | kind = 'similar' | 0.15 | 0.001 | T1036.005
-- rule: masquerade_environment | kind = 'environment' | 0.2 | 0.002 | T1036.005
-- proves: A process has the name of a program of Windows and its file lies elsewhere (path), has a name that is
--   meant to be read as such a name (similar), or shows itself as another program than it is (environment).
-- does_not_prove: Malice: some installers carry copies. A process whose path cannot be read gives no row.
-- false_positives: Copies of system programs in containers and mounted images of Windows.
-- next_step: Hash and signer of path; its parent, connections and memory.
-- positive: live
-- negative: live:sound_host
WITH stock(name, folder, other) AS (
  VALUES ('csrss.exe', 'system32', ''), ('smss.exe', 'system32', ''), ('services.exe', 'system32', ''),
         ('wininit.exe', 'system32', ''), ('winlogon.exe', 'system32', ''), ('lsass.exe', 'system32', ''),
         ('lsaiso.exe', 'system32', ''), ('taskhostw.exe', 'system32', ''), ('conhost.exe', 'system32', ''),
         ('runtimebroker.exe', 'system32', ''), ('spoolsv.exe', 'system32', ''), ('fontdrvhost.exe', 'system32', ''),
         ('dwm.exe', 'system32', ''), ('sihost.exe', 'system32', ''), ('userinit.exe', 'system32', ''),
         ('logonui.exe', 'system32', ''), ('svchost.exe', 'system32', 'syswow64'),
         ('dllhost.exe', 'system32', 'syswow64'), ('rundll32.exe', 'system32', 'syswow64'),
         ('ctfmon.exe', 'system32', 'syswow64'), ('wmiprvse.exe', 'system32\wbem', 'syswow64\wbem'),
         ('explorer.exe', '', 'syswow64')
),
similar(name) AS (
  VALUES ('scvhost.exe'), ('svch0st.exe'), ('svchosts.exe'), ('svhost.exe'), ('svchest.exe'), ('svchost32.exe'),
         ('lsas.exe'), ('lsasss.exe'), ('lsass32.exe'), ('isass.exe'), ('1sass.exe'), ('csrsss.exe'), ('cssrs.exe'),
         ('crss.exe'), ('csrs.exe'), ('winlogin.exe'), ('wnlogon.exe'), ('service.exe'), ('servces.exe'),
         ('explore.exe'), ('expl0rer.exe'), ('iexplorer.exe'), ('rundl32.exe'), ('rundII32.exe'), ('dllh0st.exe'),
         ('spoolsvc.exe'), ('spoolvs.exe'), ('taskhosts.exe'), ('conhosts.exe'), ('smss32.exe'), ('wininet.exe')
),
p AS MATERIALIZED (
  SELECT name, lower(name) AS plain, path, replace(lower(path), '/', '\') AS folded, peb_path,
         is_peb_path_different, pid, parent, start_time, user_name, cmdline
  FROM fsa_processes
  WHERE coalesce(path, '') <> ''
)
SELECT p.name AS name, p.path AS path,
       CASE WHEN p.plain IN (SELECT name FROM similar) THEN 'similar'
            WHEN p.is_peb_path_different = 1 THEN 'environment' ELSE 'path' END AS kind,
       substr(p.peb_path, 1, 160) AS peb_path, p.pid AS pid, p.parent AS parent, p.start_time AS start_time,
       p.user_name AS user_name, substr(p.cmdline, 1, 160) AS cmdline
FROM p
LEFT JOIN stock AS s ON s.name = p.plain
WHERE p.plain IN (SELECT name FROM similar)
   OR p.is_peb_path_different = 1
   OR (s.name = p.plain
       AND p.folded NOT LIKE '%\windows' || CASE s.folder WHEN '' THEN '' ELSE '\' || s.folder END || '\' || p.plain
       AND (s.other = '' OR p.folded NOT LIKE '%\windows\' || s.other || '\' || p.plain))
