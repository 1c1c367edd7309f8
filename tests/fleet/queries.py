"""What a host is asked: the queries of packs/ and the columns of their rows, written down a second time.

Nothing else of the packs is known here: no rule, no attribute, no rate. test_fleet.py says when a column list
differs from the pack's. `fields` are separated by blanks; the table is the one whose row in fsa_coverage tells
what was read.
"""
import json


class Query:
    def __init__(self, name, platform, table, fields):
        self.name, self.platform, self.table = name, platform, table
        self.columns = tuple(fields.split())
        self.known = frozenset(self.columns)


QUERIES = {query.name: query for query in (
    Query("fsa_processes", "linux", "fsa_processes",
          "path name pid parent uid euid start_time cmdline cwd cgroup_path"),
    Query("fsa_processes_windows", "windows", "fsa_processes",
          "path name integrity user_name processes pid parent session_id is_elevated_token is_hidden protection_type"
          " start_time cmdline"),
    Query("fsa_parent_child", "all", "fsa_processes",
          "parent_name name path parent_path processes pid parent start_time cmdline"),
    Query("fsa_process_images", "linux", "fsa_processes",
          "path name pid parent uid is_memfd is_deleted is_name_masqueraded on_disk start_time cmdline"),
    Query("fsa_process_images_windows", "windows", "fsa_processes",
          "path name pid parent user_name is_deleted on_disk is_name_masqueraded is_image_renamed is_hidden peb_path"
          " start_time cmdline"),
    Query("fsa_process_masquerade", "windows", "fsa_processes",
          "name path kind peb_path pid parent start_time user_name cmdline"),
    Query("fsa_modules", "all", "fsa_modules", "path is_mapped is_listed is_name_mismatch processes pid is_deleted"),
    Query("fsa_injected_modules", "all", "fsa_injected_modules",
          "process_path kind path is_explained runtime pid regions size is_writable private_pages first_bytes"),
    Query("fsa_memory_strings", "all", "fsa_yara_memory",
          "rule process_path severity region_path permissions places pid processes address data"),
    Query("fsa_named_pipes", "linux", "fsa_named_pipes",
          "path process_path type is_listening is_deleted is_abstract owner_uid permissions pid ends"),
    Query("fsa_named_pipes_windows", "windows", "fsa_named_pipes",
          "normalized_name process_path known_as is_pid_forged name pid pipes clients sddl"),
    Query("fsa_mutexes", "windows", "fsa_mutexes", "normalized_name process_path mutexes name session pid"),
    Query("fsa_connections", "all", "fsa_connections",
          "process_path service protocol state is_raw local_port remote_port remote_class connections addresses"
          " remote_address local_address pid create_time"),
    Query("fsa_drivers", "windows", "fsa_drivers",
          "image name service service_type start_type status is_loaded in_registry in_scm in_object_directory on_disk"
          " pe_timestamp size load_order"),
    Query("fsa_lsass_handles", "windows", "fsa_handles", "process_path access_text granted_access pid handles"),
    Query("fsa_tokens", "linux", "fsa_tokens",
          "process_path has_other_uids has_other_gids has_other_groups has_other_capabilities has_other_seccomp"
          " has_excess_capabilities pid thread euid cap_effective threads"),
    Query("fsa_tokens_windows", "windows", "fsa_tokens",
          "process_path is_process user_sid user_name process_user_sid level logon_type authentication_package"
          " is_privileged_user is_service_process has_other_logon has_higher_integrity has_gained_administrators"
          " has_gained_privileges gained_privileges start_module pid tid tokens"),
    Query("fsa_services", "windows", "fsa_services",
          "name service_type start_type binary_path module_path user_account failure_command path has_triggers"
          " in_registry in_scm is_unlisted is_user_instance mtime"),
    Query("fsa_service_modules", "windows", "fsa_modules",
          "program path service is_system_name is_beside_program pid processes"),
    Query("fsa_run_keys", "windows", "fsa_registry", "key name type data mtime"),
    Query("fsa_autostarts", "all", "fsa_autostarts",
          "category location entry program arguments program_exists is_enabled is_default hidden_reason run_as"
          " dir_class sha256 signer signed_status is_known mtime"),
    Query("fsa_autostart_side_loading", "windows", "fsa_autostarts",
          "program program_signer entry category path name sha256 signer signed_status dir_class is_system_name"
          " is_beside_program load_reason pid is_known"),
    Query("fsa_shimcache", "windows", "fsa_shimcache",
          "path modified_time position is_executed control_set written_time"),
    Query("fsa_shimcache_folders", "windows", "fsa_shimcache",
          "folder programs executed first_modified last_modified first_name last_name"),
    Query("fsa_executions", "all", "fsa_executions",
          "path name user_sid artifacts is_executed exists_now gone_folder sha1 run_count first_time last_time"),
    Query("fsa_deleted_programs", "all", "fsa_executions",
          "folder dir_class programs programs_gone recon_tools names users first_time last_time artifacts"),
    *(Query("fsa_script_blocks" + part, "windows", "fsa_script_blocks",
            "sha256 script_path is_complete level length user_sid times first_time last_time script_block_id"
            " script_start") for part in ("", "_4", "_8", "_c")),
    Query("fsa_suspicious_script_blocks", "windows", "fsa_script_blocks",
          "sha256 script_path is_complete level length user_sid traits has_amsi has_credential has_native has_download"
          " has_invoke has_encoded has_reflection has_defender has_reconnaissance times first_time last_time"
          " script_block_id script_start"),
    Query("fsa_logons", "all", "fsa_logons",
          "domain user action logon_type package source_host source_address source_class logons failures first_time"
          " last_time"),
    Query("fsa_logon_domains", "windows", "fsa_event_log",
          "domain workstation logon_type package key_length logon_process is_failed logons users user_name"
          " source_address addresses first_time last_time"),
    Query("fsa_event_log_summary", "windows", "fsa_event_log",
          "channel provider_name eventid events first_time last_time first_record last_record recovered"),
    Query("fsa_log_cleared", "windows", "fsa_event_log",
          "eventid channel channel_cleared user_domain user_name time record_id computer_name"),
    Query("fsa_log_gaps", "windows", "fsa_event_log",
          "channel gaps missing first_gap first_gap_time backwards records"),
    Query("fsa_executables", "all", "fsa_executables",
          "path name dir_class sha256 sha1 size signer signed_status is_known company product original_filename"
          " is_name_mismatch is_packaged create_time modify_time"),
    Query("fsa_vendor_masquerade", "windows", "fsa_executables",
          "path name dir_class sha256 claimed_vendor claimed_by company original_filename signer signed_status is_known"
          " create_time"),
    Query("fsa_security_settings", "all", "fsa_security_settings",
          "category setting location value effective expected is_weakened severity origin mtime"),
    Query("fsa_weakened_settings", "windows", "fsa_registry", "setting name data expected is_weakened key mtime"),
    Query("fsa_suspicious_files", "linux", "fsa_yara_files", "rule path kind severity"),
    Query("fsa_suspicious_files_windows", "windows", "fsa_yara_files", "rule path kind severity"),
    Query("fsa_coverage", "all", "fsa_coverage",
          "table_name status is_scanned subjects rows_total problems milliseconds is_privileged start_time version"),
    Query("fsa_problems", "all", "fsa_problems",
          "table_name code problems problem_source problem_offset message first_time"),
)}


def script_blocks(sha256):
    """Which of the four queries on script blocks gives the one of that hash."""
    return "fsa_script_blocks" + ("", "_4", "_8", "_c")[int(sha256[0], 16) // 4]


def names(platform):
    """The queries that a host of the platform is asked, fsa_coverage and fsa_problems last."""
    return [name for name, query in QUERIES.items() if query.platform in ("all", platform)]


def row(query, **values):
    """A row as osquery prints it: every column, all text, "" where nothing is known."""
    asked = QUERIES[query]
    if not asked.known.issuperset(values):
        raise KeyError(f"{query} has no column {sorted(set(values) - asked.known)}")
    return json.dumps({column: str(values.get(column, "")) for column in asked.columns},
                      separators=(",", ":"), ensure_ascii=False)


def template(query, **values):
    """A row that many hosts have. `<<name>>` in a value stands for what differs; fill it with `% dict`."""
    return row(query, **values).replace("%", "%%").replace("<<", "%(").replace(">>", ")s")
