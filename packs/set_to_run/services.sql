-- id: fsa_services
-- title: Services and drivers that Windows is told to start
-- pillar: set_to_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 1500
-- max_bytes: 700000
-- key: name, binary_path, module_path
-- join: binary_path
-- family: autostart
-- attack: T1543.003, T1569.002, T1574.011, T1014
-- rule: service_command_interpreter | binary_path LIKE '%cmd.exe%/c%' OR binary_path LIKE '%\%comspec\%%' ESCAPE '\' OR
--   binary_path LIKE '%powershell%' OR binary_path LIKE '%mshta%' OR path LIKE '%cmd.exe%/c%' OR
--   path LIKE '%powershell%' | 0.2 | 0.001 | T1543.003, T1569.002, T1059
-- rule: service_user_folder | (binary_path LIKE '%\users\%' OR binary_path LIKE '%\temp\%' OR
--   binary_path LIKE '%\perflogs\%' OR module_path LIKE '%\users\%' OR module_path LIKE '%\temp\%') | 0.2 | 0.003
--   | T1543.003, T1036.005
-- rule: service_hidden | is_unlisted = '1' OR in_scm = '0' | 0.1 | 0.003 | T1564, T1543.003
-- rule: service_failure_command | failure_command <> '' AND failure_command NOT LIKE '%\windows\system32\%' AND
--   lower(failure_command) NOT IN ('customscript.cmd', 'not used')
--   | 0.05 | 0.003 | T1543.003
-- rule: service_remote_name | lower(name) IN ('psexesvc', 'paexec', 'csexecsvc', 'remcomsvc', 'winexesvc') OR
--   binary_path LIKE '%\psexesvc.exe%' | 0.1 | 0.01 | T1569.002, T1021.002
-- attribute: location | binary_path LIKE '%\programdata\%' OR binary_path LIKE '%\users\%' OR
--   module_path LIKE '%\programdata\%' OR module_path LIKE '%\users\%' | 0.5
-- proves: Windows starts this program, driver or DLL at boot, on demand, by a trigger, or when the service
--   fails. in_registry = 0, in_scm = 0 or is_unlisted = 1 on a live host: one of the two that must agree does
--   not know the service, or it is kept out of the list.
-- does_not_prove: That it has run. A key that was written by hand is no service before the next boot.
-- false_positives: Services of each logon carry a number in their name (is_user_instance = 1); drivers of
--   rare hardware; a service that was just installed or removed.
-- next_step: Compare mtime with the time of the incident; look at binary_path, module_path and sddl.
-- positive: demo/case/host-a
-- negative: -
SELECT CASE WHEN is_user_instance = 1 THEN substr(name, 1, instr(name, '_') - 1) ELSE name END AS name,
       service_type, start_type, binary_path, module_path, user_account, failure_command,
       substr(path, 1, 600) AS path, has_triggers, in_registry, in_scm, is_unlisted, is_user_instance, mtime
FROM fsa_services
WHERE is_current IS NOT 0
