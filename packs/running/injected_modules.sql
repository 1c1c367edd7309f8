-- id: fsa_injected_modules
-- title: Executable memory that no installed file accounts for
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 5000
-- max_bytes: 700000
-- key: process_path, kind, path
-- join: process_path
-- family: injection
-- attack: T1055, T1055.009, T1055.012, T1620
-- tpr: 0.5
-- fpr: 0.05
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
SELECT p.path AS process_path, m.kind AS kind, m.path AS path, m.is_explained AS is_explained,
       m.runtime AS runtime, min(m.pid) AS pid, count(*) AS regions, sum(m.size) AS size,
       max(m.is_writable) AS is_writable, max(m.private_pages) AS private_pages,
       min(m.first_bytes) AS first_bytes
FROM fsa_injected_modules AS m
LEFT JOIN (SELECT pid, path FROM fsa_processes) AS p ON p.pid = m.pid
GROUP BY p.path, m.kind, m.path, m.is_explained, m.runtime
