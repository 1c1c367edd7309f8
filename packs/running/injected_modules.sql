-- id: fsa_injected_modules
-- title: Executable memory that no installed file accounts for
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: process_path, kind, path
-- join: process_path
-- family: injection
-- attack: T1055, T1055.009, T1055.012, T1620
-- tpr: 0.5
-- fpr: 0.05
-- rule: injected_unexplained | is_explained = '0' AND kind IN ('anonymous', 'heap', 'stack', 'memfd', 'shared_memory',
--   'phantom_image', 'hollowed', 'header_erased', 'mapped_executable', 'writable_code', 'thread_start') | 0.45 | 0.03 | T1055, T1620
-- rule: injected_hollowed | kind IN ('hollowed', 'phantom_image', 'header_erased', 'memfd') | 0.25 | 0.001
--   | T1055.012, T1055.013, T1620
-- rule: injected_modified_code | kind IN ('modified_code', 'added_code') | 0.2 | 0.02 | T1055, T1562.001
-- rule: injected_program_image | lower(first_bytes) LIKE '4d5a%' OR lower(first_bytes) LIKE '7f454c46%'
--   | 0.3 | 0.002 | T1620, T1055.001
-- rule: injected_writable | is_writable = '1' AND is_explained = '0' | 0.4 | 0.02 | T1055
-- attribute: memory_runtime | is_explained = '0' | 0.9
-- proves: The process can run code that stands in no unchanged file on the disk.
-- does_not_prove: That the code is foreign: runtimes that compile as they run (is_explained = 1) do the
--   same. Injected code that was written into a file first gives no row.
-- false_positives: JIT compilers that are not recognised, trampolines of libffi, packed programs. On Windows
--   security software that patches system libraries, the same on all hosts that have it, and libraries
--   that were mapped for their resources (unlinked_image).
-- next_step: fsa "SELECT * FROM fsa_injected_modules WHERE pid = PID", read first_bytes and
--   threads_in_region, then dump the region.
-- positive: live:recorded_host
-- negative: live:sound_host
WITH p AS MATERIALIZED (SELECT pid, path FROM fsa_processes)
SELECT p.path AS process_path, m.kind AS kind, m.path AS path, m.is_explained AS is_explained,
       m.runtime AS runtime, min(m.pid) AS pid, count(*) AS regions, sum(m.size) AS size,
       max(m.is_writable) AS is_writable, max(m.private_pages) AS private_pages,
       min(m.first_bytes) AS first_bytes
FROM fsa_injected_modules AS m
LEFT JOIN p ON p.pid = m.pid
GROUP BY p.path, m.kind, m.path, m.is_explained, m.runtime
