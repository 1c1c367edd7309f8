-- id: fsa_tokens
-- title: Threads whose rights are not those of their process
-- pillar: running
-- platform: linux
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: process_path, has_other_uids, has_other_gids, has_other_groups, has_other_capabilities,
--   has_excess_capabilities
-- join: process_path
-- family: credentials
-- attack: T1134, T1068
-- tpr: 0.2
-- fpr: 0.02
-- rule: token_excess_capabilities | has_excess_capabilities = '1' | 0.1 | 0.0005 | T1068
-- rule: token_thread_became_root | has_other_uids = '1' AND euid = '0' | 0.15 | 0.003 | T1068, T1134
-- attribute: rights | euid = '0' | 0.6
-- proves: A thread acts with other user ids, groups, capabilities or filters than its process's first
--   thread, or holds capabilities that no system call leads to.
-- does_not_prove: That rights were stolen: servers lower them per thread on purpose. Rights that the
--   whole process gained give no row here.
-- false_positives: Samba, NFS servers and container runtimes change the ids of single threads.
-- next_step: fsa "SELECT * FROM fsa_tokens WHERE pid = PID" shows every thread beside the first one.
-- positive: live:recorded_host
-- negative: live:sound_host
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT p.path AS process_path, t.has_other_uids AS has_other_uids,
       t.has_other_gids AS has_other_gids, t.has_other_groups AS has_other_groups,
       t.has_other_capabilities AS has_other_capabilities, t.has_other_seccomp AS has_other_seccomp,
       t.has_excess_capabilities AS has_excess_capabilities, min(t.pid) AS pid, min(t.name) AS thread,
       min(t.euid) AS euid, min(t.cap_effective) AS cap_effective, count(*) AS threads
FROM fsa_tokens AS t
LEFT JOIN p ON p.pid = t.pid
WHERE t.is_different = 1 OR t.has_excess_capabilities = 1
GROUP BY p.path, t.has_other_uids, t.has_other_gids, t.has_other_groups, t.has_other_capabilities,
         t.has_other_seccomp, t.has_excess_capabilities
