-- id: fsa_connections
-- title: Connections and open ports, by program
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: hourly
-- max_rows: 1900
-- max_bytes: 700000
-- key: process_path, service, protocol, local_port, remote_port, remote_class
-- join: process_path
-- family: network
-- attack: T1071, T1571, T1205, T1021
-- rule: connection_raw_socket | is_raw = '1' | 0.1 | 0.01 | T1205, T1040
-- rule: connection_of_system_program | remote_class = 'public' AND (process_path LIKE '%\rundll32.exe' OR
--   process_path LIKE '%\regsvr32.exe' OR process_path LIKE '%\mshta.exe' OR process_path LIKE '%\notepad.exe' OR
--   process_path LIKE '%\dllhost.exe' OR process_path LIKE '%\werfault.exe' OR process_path LIKE '%\wscript.exe' OR
--   process_path LIKE '%\msbuild.exe' OR process_path LIKE '%\installutil.exe') | 0.25 | 0.003 | T1218, T1071
-- rule: connection_from_temporary | process_path LIKE '/tmp/%' OR process_path LIKE '/var/tmp/%' OR
--   process_path LIKE '/dev/shm/%' OR process_path LIKE '%\users\public\%' OR process_path LIKE '%\windows\temp\%'
--   OR process_path LIKE '%\perflogs\%' | 0.3 | 0.002 | T1071, T1571
-- rule: connection_without_program | process_path = '' AND state = 'ESTABLISHED' AND remote_class = 'public'
--   | 0.1 | 0.02 | T1014
-- attribute: location | process_path LIKE '%\users\%' OR process_path LIKE '%\programdata\%' OR
--   process_path LIKE '/home/%' OR process_path LIKE '/opt/%' | 0.45
-- attribute: remote | remote_class = 'public' | 0.7
-- proves: The program waited on this port, or was connected to such addresses, at the time of the sweep.
-- does_not_prove: What was said over it. A connection between two sweeps leaves no row; a rootkit may hide
--   sockets from the list.
-- false_positives: Browsers and updaters reach many addresses; ports above 49151 are given out at random and
--   are left out of the key here.
-- next_step: fsa "SELECT * FROM fsa_connections WHERE process_path = '...'" shows each address and when the
--   connection began.
-- positive: live:recorded_host
-- negative: -
SELECT process_path, service, protocol, state, is_raw,
       CASE WHEN is_listening = 1 OR local_port < 49152 THEN local_port END AS local_port,
       CASE WHEN remote_port < 49152 THEN remote_port END AS remote_port, remote_class,
       count(*) AS connections, count(DISTINCT remote_address) AS addresses,
       min(remote_address) AS remote_address, min(local_address) AS local_address, min(pid) AS pid,
       max(create_time) AS create_time
FROM fsa_connections
GROUP BY process_path, service, protocol, state, is_raw, 6, 7, remote_class
