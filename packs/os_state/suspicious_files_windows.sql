-- id: fsa_suspicious_files_windows
-- title: Web shells, implants and hidden scripts where servers and everybody may write on Windows
-- pillar: os_state
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 500
-- max_bytes: 400000
-- yara: ../rules/webshells.yar, ../rules/memory.yar, ../rules/powershell.yar
-- key: rule, path
-- join: path
-- family: file
-- attack: T1505.003, T1105, T1204.002, T1027
-- tpr: 0.4
-- fpr: 0.01
-- rule: page_runs_request | kind = 'webshell' AND CAST(severity AS INTEGER) >= 90 | 0.5 | 0.002 | T1505.003
-- rule: page_runs_hidden | kind = 'webshell' AND CAST(severity AS INTEGER) < 90 | 0.3 | 0.01 | T1505.003, T1027
-- rule: page_in_upload_folder | kind = 'webshell' AND (path LIKE '%upload%' OR path LIKE '%images%' OR
--   path LIKE '%cache%' OR path LIKE '%\owa\auth\%' OR path LIKE '%\aspnet_client\%') | 0.3 | 0.005 | T1505.003
-- rule: file_of_implant | kind IN ('implant', 'credentials', 'shellcode') AND CAST(severity AS INTEGER) >= 90
--   | 0.25 | 0.0005 | T1105, T1588.001 | fixed
-- rule: file_of_loader | kind IN ('loader', 'shellcode') AND CAST(severity AS INTEGER) < 90 | 0.2 | 0.005 | T1105
-- rule: file_hides_script | kind = 'script' | 0.2 | 0.01 | T1027, T1059.001
-- proves: A file in such a folder holds the bytes that the rule describes; of a web shell: code that runs input of
--   the request, or code that hides itself.
-- does_not_prove: That it ran, or that the server would run it. Packed files show nothing of what they hold, and
--   what lies in other folders was not read.
-- false_positives: Consoles of administration and plug-ins that are sold packed; rules and signatures of security
--   tools, exercises, notes of analysts.
-- next_step: Copy the file with its times. Of a web shell: the access log shows who asked for it, fsa_parent_child
--   what the server started; else look for its path among executions, autostarts and processes.
-- positive: rules/shells_windows
-- negative: rules/sound_windows
WITH folders(pattern) AS (
  VALUES ('C:\inetpub\wwwroot\%'), ('C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\%'),
         ('C:\Program Files\Common Files\Microsoft Shared\Web Server Extensions\%'), ('C:\xampp\htdocs\%'),
         ('C:\wamp64\www\%'), ('C:\PerfLogs\%'), ('C:\Windows\Tasks\%'), ('C:\Windows\debug\%'),
         ('C:\Users\Public\%'), ('C:\Windows\Temp\%'), ('C:\Windows\win.ini')
)
SELECT y.rule AS rule, substr(y.path, 1, 300) AS path, json_extract(nullif(y.tags, ''), '$[0]') AS kind,
       json_extract(nullif(y.meta, ''), '$.severity') AS severity
FROM folders AS f
CROSS JOIN fsa_yara_files AS y
WHERE y.path LIKE f.pattern AND y.sigrule IN (@rules@)
