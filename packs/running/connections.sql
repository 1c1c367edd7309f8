-- id: fsa_connections
-- title: Connections and open ports, by program
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: hourly
-- max_rows: 10000
-- max_bytes: 700000
-- key: process_path, service, protocol, local_port, remote_port, remote_class
-- join: process_path
-- family: network
-- attack: T1071, T1571, T1205, T1021
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
