-- id: fsa_named_pipes
-- title: Named pipes and sockets, and which programs hold them
-- pillar: running
-- platform: linux
-- logging: snapshot
-- interval: daily
-- max_rows: 2400
-- max_bytes: 700000
-- key: path, process_path
-- join: process_path
-- family: ipc
-- attack: T1559, T1071
-- rule: pipe_from_temporary_program | process_path LIKE '/tmp/%' OR process_path LIKE '/var/tmp/%' OR
--   process_path LIKE '/dev/shm/%' | 0.25 | 0.005 | T1559
-- rule: pipe_deleted_listening | is_deleted = '1' AND is_listening = '1' | 0.1 | 0.01 | T1559, T1070.004
-- attribute: location | process_path LIKE '/home/%' OR process_path LIKE '/opt/%' OR process_path LIKE '/tmp/%' | 0.45
-- proves: A process with that program holds a FIFO or unix socket of that name open.
-- does_not_prove: Who uses it: fsa_named_pipes tells the partner of each end. Pipes without a name, the
--   most frequent kind, are left out here.
-- false_positives: Sockets below /tmp and abstract names with random parts are made by many programs.
-- next_step: fsa "SELECT * FROM fsa_named_pipes WHERE path = '...'" shows both ends.
-- positive: live:recorded_host
-- negative: live:sound_host
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT n.path AS path, p.path AS process_path, n.type AS type, max(n.is_listening) AS is_listening,
       max(n.is_deleted) AS is_deleted, max(n.is_abstract) AS is_abstract,
       min(n.owner_uid) AS owner_uid, min(n.permissions) AS permissions, min(n.pid) AS pid,
       count(*) AS ends
FROM fsa_named_pipes AS n
LEFT JOIN p ON p.pid = n.pid
WHERE coalesce(n.path, '') <> ''
GROUP BY n.path, p.path, n.type
