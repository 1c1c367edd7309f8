-- id: fsa_memory_strings
-- title: Implants and their loaders in the memory of processes
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 500
-- max_bytes: 400000
-- yara: ../rules/memory.yar, ../rules/powershell.yar
-- key: rule, process_path
-- join: process_path
-- family: injection
-- attack: T1055, T1620, T1003
-- tpr: 0.3
-- fpr: 0.002
-- rule: memory_of_implant | CAST(severity AS INTEGER) >= 90 | 0.3 | 0.0005 | T1055, T1620 | fixed
-- rule: memory_of_loader | CAST(severity AS INTEGER) BETWEEN 60 AND 89 | 0.25 | 0.005 | T1055, T1620, T1027
-- attribute: memory_backing | region_path = '' | 0.8
-- proves: These bytes lie in executable memory of the process that no unchanged file accounts for.
-- does_not_prove: That the code ran. No row does not mean clean memory: implants that sleep encrypt themselves, and
--   memory that is not executable at the moment is not read.
-- false_positives: Security products that unpack their signatures into executable memory; engines of scripts that
--   compile what an analyst looks at.
-- next_step: fsa "SELECT * FROM fsa_injected_modules WHERE pid = PID"; dump the process, look at its parent and
--   its connections.
-- positive: planted
-- negative: live:sound_host
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT y.rule AS rule, p.path AS process_path, json_extract(nullif(y.meta, ''), '$.severity') AS severity,
       substr(y.path, 1, 160) AS region_path, y.permissions AS permissions, count(*) AS places,
       min(y.pid) AS pid, count(DISTINCT y.pid) AS processes, min(y.address) AS address,
       min(substr(y.data, 1, 64)) AS data
FROM fsa_yara_memory AS y
LEFT JOIN p ON p.pid = y.pid
WHERE y.sigrule IN (@rules@)
GROUP BY y.rule, p.path, severity, substr(y.path, 1, 160), y.permissions
