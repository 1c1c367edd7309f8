-- id: fsa_event_log_summary
-- title: Which events the logs hold, how many and since when
-- pillar: os_state
-- platform: windows
-- logging: snapshot
-- interval: weekly
-- max_rows: 2900
-- max_bytes: 700000
-- key: channel, provider_name, eventid
-- join: channel
-- family: event_log
-- attack: -
-- proves: The logs of this host reach back to first_time and hold that many events of the kind.
-- does_not_prove: That an event did not occur when it is not here: it may be older than the log.
-- false_positives: Software that only few hosts have logs under a name of its own.
-- next_step: fsa "SELECT * FROM fsa_event_log WHERE channel = '...' AND eventid = N".
-- positive: evtx/win
-- negative: folders/kape
SELECT channel, provider_name, eventid, count(*) AS events, min(time) AS first_time,
       max(time) AS last_time, min(record_id) AS first_record, max(record_id) AS last_record,
       sum(is_recovered) AS recovered
FROM fsa_event_log
GROUP BY channel, provider_name, eventid
