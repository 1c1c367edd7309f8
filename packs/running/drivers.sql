-- id: fsa_drivers
-- title: Drivers and other modules of the kernel
-- pillar: running
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 5000
-- max_bytes: 700000
-- key: image, service, is_loaded, on_disk
-- join: image
-- family: driver
-- attack: T1014, T1068, T1543.003, T1547.006
-- proves: One of four witnesses (list of modules, service control manager, registry, object directory) says
--   that this code is in the kernel.
-- does_not_prove: That the others are right: kernel code can change all four. What was mapped without the
--   loader is in none.
-- false_positives: Drivers of rare hardware; dump_*.sys are copies of the disk's drivers for crash dumps and
--   have no file.
-- next_step: on_disk = 0 or is_loaded = 0 first; then compare image with lists of vulnerable drivers.
-- positive: live
-- negative: -
SELECT image, name, service, service_type, start_type, status, is_loaded, in_registry, in_scm,
       in_object_directory, on_disk, pe_timestamp, size, load_order
FROM fsa_drivers
