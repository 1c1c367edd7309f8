-- id: fsa_script_blocks_c
-- title: PowerShell code that was run (hash c to f)
-- pillar: has_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1400
-- max_bytes: 700000
-- key: sha256, is_complete
-- join: script_path
-- family: script
-- attack: T1059.001
-- attribute: script_origin | script_path = '' | 0.7
-- proves: PowerShell compiled this code for that user at that time. The text is logged after every
--   layer of encoding was taken off.
-- does_not_prove: That nothing else ran: logging can be off, version 2 logs nothing, old records are
--   overwritten. An incomplete block (is_complete = 0) has no hash. One of four queries, by the first digit of the
--   hash, for no line may hold the blocks of a busy host.
-- false_positives: Management software runs generated code that differs on each host.
-- next_step: fsa "SELECT script_text FROM fsa_script_blocks WHERE sha256 = '...'" on one of the hosts.
-- positive: evtx/win
-- negative: folders/kape
SELECT sha256, substr(script_path, -80) AS script_path, is_complete, level, length, user_sid, count(*) AS times,
       min(time) AS first_time, max(last_time) AS last_time, min(script_block_id) AS script_block_id,
       substr(script_text, 1, 64) AS script_start
FROM fsa_script_blocks
WHERE substr(sha256, 1, 1) BETWEEN 'c' AND 'f'
GROUP BY coalesce(nullif(sha256, ''), script_block_id), script_path, user_sid
