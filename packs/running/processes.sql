-- id: fsa_processes
-- title: Programs that run
-- pillar: running
-- platform: linux
-- logging: snapshot
-- interval: daily
-- max_rows: 1750
-- max_bytes: 700000
-- key: path, name
-- join: path
-- family: process
-- attack: T1059, T1543
-- rule: process_from_temporary_folder | path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%'
--   OR path LIKE '%/.%/%' | 0.3 | 0.02 | T1036.005, T1059
-- rule: process_reverse_shell | cmdline LIKE '%/dev/tcp/%' OR cmdline LIKE '%nc %-e %' OR
--   cmdline LIKE '%socket.socket%subprocess%' OR cmdline LIKE '%pty.spawn%' | 0.15 | 0.0005 | T1059.004, T1095
-- attribute: location | path LIKE '/home/%' OR path LIKE '/opt/%' OR path LIKE '/tmp/%' OR path LIKE '/var/tmp/%'
--   OR path LIKE '/dev/shm/%' | 0.5
-- attribute: rights | uid = '0' | 0.6
-- proves: The program ran at the time of the sweep, with these rights; pid, parent and start_time are those of the
--   first process with this command line.
-- does_not_prove: A missing row does not prove that it did not run: a kernel rootkit hides processes, and
--   what ran before or after the sweep is not here.
-- false_positives: Tools of administrators and developers are rare by nature; look at uid, cwd and start.
-- next_step: fsa "SELECT * FROM fsa_processes WHERE path = '...'", then fsa_injected_modules and
--   fsa_named_pipes of its pid.
-- positive: live:recorded_host
-- negative: -
SELECT path, name, min(pid) AS pid, min(parent) AS parent, uid, min(euid) AS euid, min(start_time) AS start_time,
       substr(cmdline, 1, 120) AS cmdline, min(substr(cwd, 1, 80)) AS cwd, min(substr(cgroup_path, 1, 80)) AS cgroup_path
FROM fsa_processes
WHERE is_kernel_thread IS NOT 1
GROUP BY path, name, uid, substr(cmdline, 1, 120)
