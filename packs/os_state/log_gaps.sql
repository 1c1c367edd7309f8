-- id: fsa_log_gaps
-- title: Records that are missing in the middle of a log
-- pillar: os_state
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: channel
-- join: channel
-- family: anti_forensics
-- attack: T1070.001, T1565.001
-- tpr: 0.08
-- fpr: 0.02
-- rule: log_gap_of_security | channel = 'Security' AND CAST(missing AS INTEGER) > 0 | 0.08 | 0.01 | T1070.001
-- rule: log_time_runs_back | CAST(backwards AS INTEGER) > 0 | 0.06 | 0.05 | T1070.006
-- proves: Between two records of this log numbers are missing that Windows gave out without a gap, or (backwards)
--   a later record is older by more than an hour.
-- does_not_prove: That somebody cut them out: an unclean end of Windows loses what was not written yet. A log from
--   which the last records were taken shows no gap.
-- false_positives: Hosts whose power failed; forwarded logs, whose records come from many hosts; a clock that was
--   set.
-- next_step: fsa "SELECT record_id, datetime, provider_name, eventid FROM fsa_event_log WHERE channel = '...'
--   AND record_id BETWEEN first_gap - 5 AND first_gap + missing + 5".
-- positive: evtx/win
-- negative: folders/kape
WITH e AS MATERIALIZED (
  SELECT channel, record_id, time,
         lag(record_id) OVER w AS last_id, lag(time) OVER w AS last_time
  FROM (SELECT DISTINCT channel, record_id, time FROM fsa_event_log
        WHERE coalesce(channel, '') <> '' AND channel <> 'ForwardedEvents')
  WINDOW w AS (PARTITION BY channel ORDER BY record_id)
)
SELECT channel, sum(record_id - last_id > 1) AS gaps, sum(max(record_id - last_id - 1, 0)) AS missing,
       min(CASE WHEN record_id - last_id > 1 THEN last_id END) AS first_gap,
       min(CASE WHEN record_id - last_id > 1 THEN last_time END) AS first_gap_time,
       sum(time < last_time - 3600) AS backwards, count(*) AS records
FROM e
GROUP BY channel
HAVING gaps > 0 OR backwards > 0
