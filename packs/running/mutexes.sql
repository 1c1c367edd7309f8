-- id: fsa_mutexes
-- title: Mutexes, by name and by the programs that hold them
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 2500
-- max_bytes: 700000
-- key: normalized_name, process_path
-- join: process_path
-- family: ipc
-- attack: T1480.002, T1027
-- rule: mutex_of_random_look | normalized_name = 'H' OR normalized_name = 'G' | 0.2 | 0.05 | T1480.002
-- proves: A mutex of that name exists, and the program holds it open (process_path; the one with the lowest pid).
-- does_not_prove: That the program is what a list of names says: names are anybody's. A mutex without a name is
--   not here.
-- false_positives: Programs that make names out of user, path or time; the changing parts are taken off as far as
--   they can be recognised.
-- next_step: Rare names whose program is common: code that lives in somebody else's process. Look at
--   fsa_injected_modules and fsa_modules of pid.
-- positive: live
-- negative: -
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT substr(m.normalized_name, 1, 120) AS normalized_name, p.path AS process_path, count(*) AS mutexes,
       min(substr(m.name, 1, 120)) AS name, min(m.session) AS session,
       min(json_extract(nullif(m.holder_pids, ''), '$[0]')) AS pid
FROM fsa_mutexes AS m
LEFT JOIN p ON p.pid = json_extract(nullif(m.holder_pids, ''), '$[0]')
WHERE m.type = 'Mutant'
GROUP BY substr(m.normalized_name, 1, 120), p.path
