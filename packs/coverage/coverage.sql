-- id: fsa_coverage
-- title: What each table saw in this sweep
-- pillar: coverage
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: table_name, status
-- join: table_name
-- family: coverage
-- attack: -
-- proves: With status ok the table read all of its sources on this host.
-- does_not_prove: Anything about a table whose status is not ok: its state on this host is unknown.
-- false_positives: None; this is not a detection.
-- next_step: Sweep the hosts again whose tables are denied, in error or silent.
-- positive: folders/kape
-- negative: -
SELECT table_name, status, is_scanned, subjects, rows_total, problems, milliseconds, is_privileged,
       start_time, version
FROM fsa_coverage
