-- id: fsa_process_images_windows
-- title: Processes whose program is gone, renamed or not what it shows
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 500
-- max_bytes: 300000
-- key: path, is_deleted, is_name_masqueraded, is_image_renamed, is_hidden
-- join: path
-- family: process_image
-- attack: T1055.012, T1055.013, T1036.005, T1070.004, T1014
-- tpr: 0.2
-- fpr: 0.01
-- rule: image_deleted | is_deleted = '1' OR on_disk = '0' | 0.2 | 0.005 | T1070.004, T1055.013
-- rule: image_shows_as_kernel | is_name_masqueraded = '1' | 0.1 | 0.0005 | T1036.005
-- rule: image_renamed | is_image_renamed = '1' | 0.1 | 0.005 | T1036.003
-- rule: process_hidden_from_list | is_hidden = '1' | 0.1 | 0.0005 | T1014
-- proves: The file of a running program is gone (is_deleted, on_disk = 0), was renamed since it started, or the
--   process has a name of the kernel's own; is_hidden: the kernel's list of processes does not have it.
-- does_not_prove: That it is malicious; and an implant that keeps its file gives no row here.
-- false_positives: Updates that rename a running program (.old) and installers that delete themselves.
-- next_step: Dump the process before it ends; then fsa_injected_modules and fsa_modules of its pid.
-- positive: live
-- negative: live:sound_host
SELECT path, name, pid, parent, user_name, is_deleted, on_disk, is_name_masqueraded, is_image_renamed, is_hidden,
       substr(peb_path, 1, 160) AS peb_path, start_time, substr(cmdline, 1, 160) AS cmdline
FROM fsa_processes
WHERE is_deleted = 1 OR on_disk = 0 OR is_name_masqueraded = 1 OR is_image_renamed = 1 OR is_hidden = 1
