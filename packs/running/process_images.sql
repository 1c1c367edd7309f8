-- id: fsa_process_images
-- title: Processes whose program is not what it seems
-- pillar: running
-- platform: linux
-- logging: snapshot
-- interval: daily
-- max_rows: 1000
-- max_bytes: 700000
-- key: path, is_memfd, is_deleted, is_name_masqueraded
-- join: path
-- family: process_image
-- attack: T1620, T1036.005, T1070.004
-- tpr: 0.35
-- fpr: 0.02
-- rule: image_memfd | is_memfd = '1' AND path NOT LIKE '%runc%' | 0.25 | 0.002 | T1620
-- rule: image_as_kernel_thread | is_name_masqueraded = '1' | 0.2 | 0.0005 | T1036.005
-- rule: image_deleted_temporary | is_deleted = '1' AND (path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR
--   path LIKE '/dev/shm/%' OR path LIKE '/run/%') | 0.3 | 0.001 | T1070.004
-- attribute: rights | uid = '0' | 0.6
-- proves: The running program never lay on a disk (is_memfd), or its file is gone and nothing took its
--   place (is_deleted), or it shows itself as a kernel thread (is_name_masqueraded).
-- does_not_prove: That it is malicious; and an implant that keeps its file gives no row here.
-- false_positives: Container runtimes start themselves from a memfd (runc); package upgrades delete
--   programs that still run, without a new one when the package was removed.
-- next_step: Copy /proc/PID/exe before the process ends; then fsa_injected_modules for its pid.
-- positive: live:recorded_host
-- negative: live:sound_host
SELECT path, name, pid, parent, uid, is_memfd, is_deleted, is_name_masqueraded, on_disk,
       start_time, substr(cmdline, 1, 400) AS cmdline
FROM fsa_processes
WHERE is_memfd = 1 OR is_name_masqueraded = 1 OR (is_deleted = 1 AND on_disk = 0)
