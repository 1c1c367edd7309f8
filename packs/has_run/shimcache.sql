-- id: fsa_shimcache
-- title: Programs that the application compatibility cache remembers
-- pillar: has_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 5000
-- max_bytes: 700000
-- key: path
-- join: path
-- family: execution
-- attack: T1059, T1204
-- proves: Windows looked at the program while it was at that path with that modification time.
-- does_not_prove: Execution: browsing a folder adds entries too (is_executed says what the entry tells).
--   The cache is written at shutdown, so what came since then is not here, and old entries fall out.
-- false_positives: Installers and updaters with random names below Temp.
-- next_step: Look for the file and its hash; fsa_event_log (4688), prefetch and amcache for the execution.
-- positive: folders/kape
-- negative: evtx/win
SELECT path, modified_time, position, is_executed, control_set, written_time
FROM fsa_shimcache
WHERE is_current IS NOT 0
