-- id: fsa_problems
-- title: What could not be read
-- pillar: coverage
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: table_name, code
-- join: table_name
-- family: coverage
-- attack: -
-- proves: The table met this source and could not read it, or not all of it.
-- does_not_prove: No row means that nothing failed among what was tried; fsa_coverage says what was. Folders that
--   the search for suspicious files did not find are left out, unless it found nothing of the system either.
-- false_positives: Sources that are refused to a user without rights: sweep as root or SYSTEM.
-- next_step: Read the source by hand; a damaged log or hive can be the work of an attacker.
-- positive: live:recorded_host
-- negative: live:sound_host
SELECT table_name, code, count(*) AS problems, min(problem_source) AS problem_source,
       min(problem_offset) AS problem_offset, min(substr(message, 1, 300)) AS message,
       min(time) AS first_time
FROM fsa_problems
WHERE NOT (table_name = 'fsa_yara_files' AND code = 'absent'
           AND message NOT LIKE '%etc/passwd%' AND message NOT LIKE '%win.ini%')
GROUP BY table_name, code
