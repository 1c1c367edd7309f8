/*
 * fsa_services: services and drivers, as their registry keys and the service control manager tell
 * of them.
 *
 * HKLM\SYSTEM\ControlSetNNN\Services, every control set; live beside it the manager's own list, so
 * that what only one of the two knows is seen: a key without a service, a service without a key,
 * and a service that is kept out of the list by its security descriptor. Column names are osquery's
 * where the fact is the same.
 */
#include <stdlib.h>

#include "catalog/service_names.h"
#include "evidence/registry.h"
#include "formats/nt_image_path.h"
#include "formats/nt_security.h"
#include "formats/nt_service.h"
#include "fsa.h"
#include "os/drivers.h"
#include "os/services.h"

enum {
  NAME,
  DISPLAY_NAME,
  SERVICE_TYPE,
  START_TYPE,
  STATUS,
  PID,
  PATH,
  BINARY_PATH,
  MODULE_PATH,
  SERVICE_DLL,
  SERVICE_MAIN,
  USER_ACCOUNT,
  DESCRIPTION,
  SERVICE_GROUP,
  DEPENDENCIES,
  ERROR_CONTROL,
  IS_DELAYED_START,
  HAS_TRIGGERS,
  FAILURE_ACTIONS,
  FAILURE_COMMAND,
  REQUIRED_PRIVILEGES,
  LAUNCH_PROTECTED,
  PERFORMANCE_LIBRARY,
  SDDL,
  MTIME,
  IN_REGISTRY,
  IN_SCM,
  IS_UNLISTED,
  IS_USER_INSTANCE,
  CONTROL_SET,
  IS_CURRENT,
  WIN32_EXIT_CODE,
  SERVICE_EXIT_CODE,
  KEY,
};

static const FsaColumn columns[] = {
    [NAME] = {"name", FSA_TEXT, FSA_KEY, "Name of the service: that of its key; never NULL."},
    [DISPLAY_NAME] = {"display_name", FSA_TEXT, 0,
                      "Name that people see: live what the service control manager shows, else as "
                      "stored, often '@file,-number'. NULL without one."},
    [SERVICE_TYPE] = {"service_type", FSA_TEXT, 0,
                      "KERNEL_DRIVER, FILE_SYSTEM_DRIVER, OWN_PROCESS, SHARE_PROCESS, ..., or "
                      "0x... for a number without a name; NULL when the key has none."},
    [START_TYPE] = {"start_type", FSA_TEXT, 0,
                    "BOOT_START, SYSTEM_START, AUTO_START, DEMAND_START or DISABLED, or 0x... for "
                    "another number; NULL when the key has none."},
    [STATUS] = {"status", FSA_TEXT, FSA_VARIES,
                "RUNNING, STOPPED, ... as the service control manager says; NULL offline and when "
                "it does not list the service."},
    [PID] = {"pid", FSA_INTEGER, FSA_VARIES,
             "Process that the service runs in; NULL offline, and when it runs in none."},
    [PATH] = {"path", FSA_TEXT, 0,
              "Command line of the service or path of the driver, as stored (ImagePath); NULL "
              "without one."},
    [BINARY_PATH] =
        {"binary_path", FSA_TEXT, 0,
         "The program of path alone, with \\SystemRoot\\, \\??\\, %variables% and paths "
         "below the system's folder resolved; for a driver without path the file that "
         "Windows takes, System32\\drivers\\NAME.sys. NULL without one."},
    [MODULE_PATH] = {"module_path", FSA_TEXT, 0,
                     "service_dll resolved as binary_path is; NULL without one."},
    [SERVICE_DLL] = {"service_dll", FSA_TEXT, 0,
                     "DLL that a shared process loads for the service, as stored (ServiceDll of "
                     "Parameters, else of the key itself); NULL without one."},
    [SERVICE_MAIN] = {"service_main", FSA_TEXT, 0,
                      "Function of that DLL that is called, where another than ServiceMain is "
                      "named; NULL without one."},
    [USER_ACCOUNT] = {"user_account", FSA_TEXT, 0,
                      "Account that the service runs as (ObjectName); NULL without one."},
    [DESCRIPTION] = {"description", FSA_TEXT, 0,
                     "What the service says of itself, as stored; NULL without one."},
    [SERVICE_GROUP] = {"service_group", FSA_TEXT, 0,
                       "Group that orders the start of services; NULL without one."},
    [DEPENDENCIES] = {"dependencies", FSA_JSON, 0,
                      "Services that must run before it; NULL without any."},
    [ERROR_CONTROL] = {"error_control", FSA_INTEGER, 0,
                       "What Windows does when it cannot start: 0 nothing, 1 log, 2 last good "
                       "configuration, 3 stop; NULL when the key has none."},
    [IS_DELAYED_START] = {"is_delayed_start", FSA_BOOL, 0,
                          "1 when it starts some time after the others; NULL without the value."},
    [HAS_TRIGGERS] = {"has_triggers", FSA_BOOL, FSA_COSTLY,
                      "1 when an event starts it whatever start_type says (TriggerInfo); NULL for "
                      "a service without a key."},
    [FAILURE_ACTIONS] = {"failure_actions", FSA_JSON, 0,
                         "What happens when it fails, first to last: none, restart, reboot, "
                         "run_command. NULL without any."},
    [FAILURE_COMMAND] = {"failure_command", FSA_TEXT, 0,
                         "Command that run_command runs; NULL without one."},
    [REQUIRED_PRIVILEGES] = {"required_privileges", FSA_JSON, 0,
                             "Privileges that its process keeps; NULL when it keeps all of the "
                             "account."},
    [LAUNCH_PROTECTED] = {"launch_protected", FSA_INTEGER, 0,
                          "Protected process: 1 Windows, 2 Windows light, 3 antimalware light; "
                          "NULL or 0 without protection."},
    [PERFORMANCE_LIBRARY] = {"performance_library", FSA_TEXT, FSA_COSTLY,
                             "DLL that programs which read performance counters load for the "
                             "service (Performance\\Library), as stored; NULL without one."},
    [SDDL] =
        {"sddl", FSA_TEXT, FSA_COSTLY,
         "Who may do what to the service (Security\\Security): RP starts, WP stops, DC changes "
         "its configuration, LC queries its status. NULL without one."},
    [MTIME] = {"mtime", FSA_TIME, FSA_KEY,
               "Last write of the key, Unix seconds; NULL when unknown and without a key."},
    [IN_REGISTRY] = {"in_registry", FSA_BOOL, 0,
                     "1 when the service has a key; NULL when the keys could not be listed."},
    [IN_SCM] = {"in_scm", FSA_BOOL, 0,
                "1 when the service control manager lists it. NULL offline, and in a control set "
                "that Windows does not run with."},
    [IS_UNLISTED] = {"is_unlisted", FSA_BOOL, 0,
                     "1 when the service control manager knows it but leaves it out of its list, "
                     "as a security descriptor that refuses queries does. NULL where in_scm is not "
                     "0, and when it cannot be asked."},
    [IS_USER_INSTANCE] = {"is_user_instance", FSA_BOOL, 0,
                          "1 for the copy of a service that Windows makes for each logon, whose "
                          "name is that of the service, '_' and a number; NULL when the type is "
                          "unknown."},
    [CONTROL_SET] = {"control_set", FSA_INTEGER, FSA_KEY,
                     "Number of the control set; NULL when unknown."},
    [IS_CURRENT] = {"is_current", FSA_BOOL, FSA_KEY,
                    "1 in the control set that Windows last ran with; NULL when Select\\Current "
                    "cannot be read."},
    [WIN32_EXIT_CODE] = {"win32_exit_code", FSA_INTEGER, FSA_VARIES,
                         "Error of its last start or stop, 1066 = service_exit_code tells it; NULL "
                         "offline."},
    [SERVICE_EXIT_CODE] = {"service_exit_code", FSA_INTEGER, FSA_VARIES,
                           "Error in the service's own numbers; NULL offline."},
    [KEY] = {"key", FSA_TEXT, FSA_HIDDEN, "Its registry key; NULL for a service without one."},
};

/* One control set. */
typedef struct Set {
  FsaControlSet set;
  FsaText file;
  bool is_running; /* live, and Windows runs with it: the manager's list is compared */
} Set;

/* One service of the manager's list. */
typedef struct Listed {
  FsaOsService service;
  bool has_key;
} Listed;

typedef struct State {
  FsaRegistry *registry; /* NULL: the evidence has none */
  FsaText system_root;
  Set *sets;
  size_t set_count, next_set;
  FsaArena arena; /* of the control set at hand: its keys */
  const Set *set; /* the one at hand */
  FsaText services_path;
  FsaRegKey *keys;
  size_t key_count, next_key;
  Listed *listed; /* by name */
  size_t listed_count, next_listed;
  bool is_listed;        /* the manager answered */
  bool has_running_keys; /* the keys that it is compared with were listed */
} State;

/* ---- opening --------------------------------------------------------------------------------- */

/*
 * The system's folder as the path of a SYSTEM hive tells it, whose control sets are read anyway:
 * "C:\Windows" of "C:\Windows\System32\config\SYSTEM".
 */
static FsaText root_of_file(FsaText file) {
  static const char tail[] = "\\System32\\config\\SYSTEM";
  const size_t size = sizeof tail - 1;
  if (file.size <= size || !fsa_text_same(file.data + file.size - size, size, tail, size))
    return (FsaText){NULL, 0};
  return (FsaText){file.data, file.size - size};
}

static void find_system_root(FsaScan *scan, State *state) {
  static const FsaText usual = {"C:\\Windows", 10};
  FsaOs *os = fsa_scan_os(scan);
  state->system_root = usual;
  if (state->set_count) {
    const FsaText root = root_of_file(state->sets[0].file);
    if (root.size) state->system_root = root;
  }
  if (os) fsa_os_system_root(os, fsa_scan_arena(scan), &state->system_root);
}

static int add_sets(FsaScan *scan, State *state, size_t hive) {
  FsaControlSet *sets;
  FsaText file;
  size_t count;
  int result =
      fsa_registry_control_sets(state->registry, hive, fsa_scan_arena(scan), &sets, &count);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK; /* it was told */
  fsa_registry_root(state->registry, hive, NULL, &file);
  const size_t room = state->set_count + count;
  state->sets = fsa_arena_grow(fsa_scan_arena(scan), state->sets,
                               state->set_count * sizeof *state->sets, room * sizeof *state->sets);
  if (!state->sets) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++)
    state->sets[state->set_count++] = (Set){
        .set = sets[i],
        .file = file,
        .is_running = fsa_scan_os(scan) && sets[i].is_current == 1,
    };
  return FSA_OK;
}

static int find_sets(FsaScan *scan, State *state) {
  const size_t count = fsa_registry_machine_count(state->registry);
  size_t systems = 0;
  int result = FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < count; i++) {
    if (!fsa_registry_is_system(state->registry, i)) continue;
    systems++;
    result = add_sets(scan, state, i);
  }
  if (result == FSA_OK && systems == 0)
    fsa_problem(scan, FSA_E_ABSENT, FSA_NO_OFFSET, "the evidence has no SYSTEM hive");
  return result;
}

static int compare_listed(const void *a, const void *b) {
  const FsaText x = ((const Listed *)a)->service.name, y = ((const Listed *)b)->service.name;
  return fsa_text_compare(x.data, x.size, y.data, y.size);
}

/* The manager's list, sorted by name. What it refuses leaves the cross view unknown. */
static int find_listed(FsaScan *scan, State *state) {
  FsaOsService *services;
  size_t count;
  if (!fsa_scan_os(scan)) return FSA_OK;
  int result = fsa_os_services(fsa_scan_os(scan), fsa_scan_arena(scan), &services, &count);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) {
    fsa_problem(scan, result, FSA_NO_OFFSET,
                "the service control manager does not list its services (%s): state and cross view "
                "are unknown",
                fsa_result_name(result));
    return FSA_OK;
  }
  state->listed = fsa_arena_zero(fsa_scan_arena(scan), count, sizeof *state->listed);
  if (!state->listed) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) state->listed[i].service = services[i];
  qsort(state->listed, count, sizeof *state->listed, compare_listed);
  state->listed_count = count;
  state->is_listed = true;
  return FSA_OK;
}

static int open(FsaScan *scan, void *opaque) {
  State *state = opaque;
  state->arena = fsa_arena(FSA_SUBJECT_MEMORY);
  int result = fsa_scan_registry(scan, &state->registry);
  if (result != FSA_OK) return result == FSA_E_ABSENT ? FSA_OK : result;
  result = find_sets(scan, state);
  if (result != FSA_OK) return result;
  find_system_root(scan, state);
  return find_listed(scan, state);
}

static void close(void *opaque) {
  State *state = opaque;
  fsa_arena_done(&state->arena);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* One service at hand: its key, its values, its entry in the manager's list. */
typedef struct Service {
  FsaText name;
  bool has_key;
  FsaRegKey key;
  int64_t write_time; /* INT64_MIN = unknown */
  FsaRegValue *values;
  size_t value_count;
  const FsaOsService *listed; /* NULL = none */
} Service;

static const FsaRegValue *value_of(const Service *service, const char *name) {
  for (size_t i = 0; i < service->value_count; i++) {
    const FsaText found = service->values[i].name;
    if (fsa_text_same(found.data, found.size, name, strlen(name))) return &service->values[i];
  }
  return NULL;
}

/*
 * A string of the key, the first one of a list (NDProxy has its name so); data NULL without one, or
 * without a character in it.
 */
static FsaText string_of(const Service *service, const char *name, FsaArena *arena) {
  const FsaRegValue *value = value_of(service, name);
  FsaText text = value ? fsa_registry_string(value, arena) : (FsaText){NULL, 0};
  if (value && value->type == FSA_REG_MULTI_SZ)
    text = fsa_text_from_utf16z(arena, value->data.data, value->data.size / 2);
  return text.size ? text : (FsaText){NULL, 0};
}

static bool integer_of(const Service *service, const char *name, uint64_t *ret_integer) {
  const FsaRegValue *value = value_of(service, name);
  return value && fsa_registry_integer(value, ret_integer);
}

/* A list of the key as JSON; data NULL without an element. */
static FsaText list_of(const Service *service, const char *name, FsaArena *arena) {
  const FsaRegValue *value = value_of(service, name);
  const bool is_list = value && value->type == FSA_REG_MULTI_SZ;
  const FsaText json = is_list ? fsa_registry_decode(value, arena) : (FsaText){NULL, 0};
  return json.size > 2 ? json : (FsaText){NULL, 0};
}

static void set_text(FsaRow *row, int column, FsaText text) {
  fsa_row_text(row, column, text.data, text.size);
}

/* A string in a key below that of the service. */
static FsaText string_below(FsaScan *scan, const State *state, const Service *service,
                            const char *path, const char *name) {
  FsaArena *arena = fsa_row_arena(scan);
  FsaRegKey key;
  FsaRegValue value;
  if (fsa_registry_find_below(state->registry, service->key, path, arena, &key) != FSA_OK ||
      fsa_registry_value(state->registry, key, name, arena, &value) != FSA_OK)
    return (FsaText){NULL, 0};
  const FsaText text = fsa_registry_string(&value, arena);
  return text.size ? text : (FsaText){NULL, 0};
}

/* ---- columns --------------------------------------------------------------------------------- */

static int fill_type(FsaScan *scan, FsaRow *row, const Service *service, uint64_t *ret_type) {
  FsaArena *arena = fsa_row_arena(scan);
  uint64_t start, error;
  bool has_type = integer_of(service, "Type", ret_type);
  if (!has_type && service->listed) {
    *ret_type = service->listed->type;
    has_type = true;
  }
  if (has_type) {
    const char *name = fsa_service_type_name(*ret_type, arena);
    if (!name) return FSA_E_NOMEM;
    fsa_row_string(row, SERVICE_TYPE, name);
    fsa_row_bool(row, IS_USER_INSTANCE, (*ret_type & FSA_SERVICE_USER_INSTANCE) != 0);
  } else {
    *ret_type = 0;
  }
  if (integer_of(service, "Start", &start)) {
    const char *name = fsa_service_start_name(start, arena);
    if (!name) return FSA_E_NOMEM;
    fsa_row_string(row, START_TYPE, name);
  }
  if (integer_of(service, "ErrorControl", &error)) fsa_row_int(row, ERROR_CONTROL, (int64_t)error);
  return FSA_OK;
}

/* ImagePath, and the file it means. */
static int fill_program(FsaScan *scan, const State *state, FsaRow *row, const Service *service,
                        uint64_t type) {
  FsaArena *arena = fsa_row_arena(scan);
  const bool is_driver = (type & FSA_SERVICE_DRIVERS) != 0;
  const FsaText image = string_of(service, "ImagePath", arena);
  FsaText path = {NULL, 0};
  set_text(row, PATH, image);
  if (!image.data) {
    if (!is_driver || !service->has_key) return FSA_OK;
    const char *implied =
        fsa_arena_printf(arena, "%.*s\\System32\\drivers\\%s.sys", (int)state->system_root.size,
                         state->system_root.data, service->name.data);
    fsa_row_string(row, BINARY_PATH, implied);
    return implied ? FSA_OK : FSA_E_NOMEM;
  }
  int result = fsa_nt_image_path(image, is_driver, state->system_root, arena, &path);
  if (result == FSA_OK) set_text(row, BINARY_PATH, path);
  return result;
}

/* ServiceDll: of Parameters, where svchost looks first, else of the key itself. */
static int fill_module(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  if (!fsa_wants(scan, MODULE_PATH) && !fsa_wants(scan, SERVICE_DLL) &&
      !fsa_wants(scan, SERVICE_MAIN))
    return FSA_OK;
  FsaText dll = string_below(scan, state, service, "Parameters", "ServiceDll"), path;
  FsaText entry = string_below(scan, state, service, "Parameters", "ServiceMain");
  if (!dll.data) dll = string_of(service, "ServiceDll", arena);
  if (!entry.data) entry = string_of(service, "ServiceMain", arena);
  set_text(row, SERVICE_MAIN, entry);
  if (!dll.data) return FSA_OK;
  set_text(row, SERVICE_DLL, dll);
  int result = fsa_nt_image_path(dll, true, state->system_root, arena, &path);
  if (result == FSA_OK) set_text(row, MODULE_PATH, path);
  return result;
}

/* What happens when it fails: ["restart","run_command"]. */
static int fill_failure(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  const FsaRegValue *value = value_of(service, "FailureActions");
  const char *json = NULL;
  set_text(row, FAILURE_COMMAND, string_of(service, "FailureCommand", arena));
  if (!value || !fsa_wants(scan, FAILURE_ACTIONS)) return FSA_OK;
  FsaNtFailureAction action;
  int result;
  size_t i = 0;
  while ((result = fsa_nt_failure_action(value->data, i, &action)) == FSA_ROW) {
    const char *name = fsa_service_action_name(action.type, arena);
    json = fsa_arena_printf(arena, "%s%s\"%s\"", json ? json : "[", i++ ? "," : "", name);
    if (!name || !json) return FSA_E_NOMEM;
    if (i == FSA_MAX_FAILURE_ACTIONS) break;
  }
  if (result == FSA_E_FORMAT)
    fsa_problem_in(scan, result, state->set->file.data, value->offset,
                   "%s\\%s\\FailureActions claims more actions than its %zu bytes hold",
                   state->services_path.data, service->name.data, value->data.size);
  if (!json) return FSA_OK;
  json = fsa_arena_printf(arena, "%s]", json);
  fsa_row_string(row, FAILURE_ACTIONS, json);
  return json ? FSA_OK : FSA_E_NOMEM;
}

/* CryptSvc is delivered with five bytes in this place, which the manager passes over. */
static bool is_filler(FsaBytes bytes) {
  static const uint8_t filler[] = {0, 0, 0x0E, 0, 1};
  return bytes.size == sizeof filler && memcmp(bytes.data, filler, sizeof filler) == 0;
}

static int fill_security(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  FsaRegKey key;
  FsaRegValue value;
  FsaText sddl;
  if (!fsa_wants(scan, SDDL)) return FSA_OK;
  if (fsa_registry_find_below(state->registry, service->key, "Security", arena, &key) != FSA_OK ||
      fsa_registry_value(state->registry, key, "Security", arena, &value) != FSA_OK)
    return FSA_OK;
  if (is_filler(value.data)) return FSA_OK;
  int result = fsa_nt_sddl(value.data, arena, &sddl);
  if (result == FSA_E_NOMEM) return result;
  if (result == FSA_OK)
    set_text(row, SDDL, sddl);
  else
    fsa_problem_in(scan, result, state->set->file.data, value.offset,
                   "%s\\%s\\Security is no security descriptor (%zu bytes)",
                   state->services_path.data, service->name.data, value.data.size);
  return FSA_OK;
}

static int fill_triggers(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  FsaRegKey key, *keys;
  size_t count = 0;
  if (!fsa_wants(scan, HAS_TRIGGERS)) return FSA_OK;
  int result = fsa_registry_find_below(state->registry, service->key, "TriggerInfo", arena, &key);
  if (result == FSA_OK)
    result = fsa_registry_subkeys(state->registry, key, false, arena, &keys, &count);
  if (result == FSA_E_NOMEM) return result;
  fsa_row_bool(row, HAS_TRIGGERS, result == FSA_OK && count > 0);
  return FSA_OK;
}

static void fill_settings(FsaScan *scan, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  uint64_t number;
  set_text(row, USER_ACCOUNT, string_of(service, "ObjectName", arena));
  set_text(row, DESCRIPTION, string_of(service, "Description", arena));
  set_text(row, SERVICE_GROUP, string_of(service, "Group", arena));
  set_text(row, DEPENDENCIES, list_of(service, "DependOnService", arena));
  set_text(row, REQUIRED_PRIVILEGES, list_of(service, "RequiredPrivileges", arena));
  if (integer_of(service, "DelayedAutostart", &number))
    fsa_row_bool(row, IS_DELAYED_START, number != 0);
  if (integer_of(service, "LaunchProtected", &number))
    fsa_row_int(row, LAUNCH_PROTECTED, (int64_t)number);
}

/* What the manager says of it, or that it says nothing. */
static int fill_listed(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  const FsaOsService *listed = service->listed;
  if (service->has_key || state->has_running_keys) fsa_row_bool(row, IN_REGISTRY, service->has_key);
  FsaText name = string_of(service, "DisplayName", arena);
  if (listed && listed->display_name.size) name = listed->display_name;
  set_text(row, DISPLAY_NAME, name);
  if (!state->is_listed || (state->set && !state->set->is_running)) return FSA_OK;
  fsa_row_bool(row, IN_SCM, listed != NULL);
  if (!listed) {
    if (!fsa_wants(scan, IS_UNLISTED)) return FSA_OK;
    int result = fsa_os_service_look(fsa_scan_os(scan), service->name, arena);
    if (result == FSA_OK || result == FSA_E_ACCESS || result == FSA_E_ABSENT)
      fsa_row_bool(row, IS_UNLISTED, result != FSA_E_ABSENT);
    return result == FSA_E_NOMEM ? result : FSA_OK;
  }
  const char *status = fsa_service_state_name(listed->state, arena);
  if (!status) return FSA_E_NOMEM;
  fsa_row_string(row, STATUS, status);
  fsa_row_known(row, PID, listed->pid, 0);
  fsa_row_int(row, WIN32_EXIT_CODE, listed->win32_exit_code);
  fsa_row_int(row, SERVICE_EXIT_CODE, listed->service_exit_code);
  return FSA_OK;
}

static int fill_place(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  const Set *set = state->set;
  const char *path = fsa_arena_printf(fsa_row_arena(scan), "%s\\%s", state->services_path.data,
                                      service->name.data);
  if (!path) return FSA_E_NOMEM;
  fsa_row_string(row, KEY, path);
  if (service->write_time != INT64_MIN) fsa_row_int(row, MTIME, service->write_time);
  if (set->set.number >= 0) fsa_row_int(row, CONTROL_SET, set->set.number);
  if (set->set.is_current >= 0) fsa_row_bool(row, IS_CURRENT, set->set.is_current == 1);
  fsa_row_source(row, set->file.data, set->file.size);
  fsa_row_offset(row, fsa_registry_key_offset(state->registry, service->key));
  return FSA_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A row of a service with a key; FSA_OK when the key is none of a service. */
static int key_row(FsaScan *scan, const State *state, FsaRow *row, const Service *service) {
  static const char *const marks[] = {"Type", "Start", "ImagePath"};
  uint64_t type;
  bool is_service = service->listed != NULL;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    is_service = is_service || value_of(service, marks[i]);
  if (!is_service) return FSA_OK;
  set_text(row, NAME, service->name);
  int result = fill_type(scan, row, service, &type);
  if (result == FSA_OK) result = fill_program(scan, state, row, service, type);
  if (result == FSA_OK) result = fill_module(scan, state, row, service);
  if (result == FSA_OK) result = fill_failure(scan, state, row, service);
  if (result == FSA_OK) result = fill_security(scan, state, row, service);
  if (result == FSA_OK) result = fill_triggers(scan, state, row, service);
  if (result == FSA_OK) result = fill_listed(scan, state, row, service);
  if (result == FSA_OK) result = fill_place(scan, state, row, service);
  if (result != FSA_OK) return result;
  fill_settings(scan, row, service);
  if (fsa_wants(scan, PERFORMANCE_LIBRARY))
    set_text(row, PERFORMANCE_LIBRARY,
             string_below(scan, state, service, "Performance", "Library"));
  return FSA_ROW;
}

/* The manager's entry of a name; it is marked as one that has a key. */
static const FsaOsService *find_in_list(State *state, FsaText name) {
  const Listed wanted = {.service = {.name = name}};
  if (!state->set->is_running || !state->listed_count) return NULL;
  Listed *found =
      bsearch(&wanted, state->listed, state->listed_count, sizeof *state->listed, compare_listed);
  if (!found) return NULL;
  found->has_key = true;
  return &found->service;
}

static int next_key(FsaScan *scan, State *state, FsaRow *row) {
  FsaArena *arena = fsa_row_arena(scan);
  Service service = {.has_key = true, .key = state->keys[state->next_key++]};
  FsaRegKeyInfo info;
  int result = fsa_registry_key_info(state->registry, service.key, arena, &info);
  if (result == FSA_OK) {
    service.name = info.name;
    service.write_time = info.write_time;
    service.listed = find_in_list(state, info.name);
    if (!fsa_admits_text(scan, NAME, info.name.data, info.name.size) ||
        (info.write_time != INT64_MIN && !fsa_admits_int(scan, MTIME, info.write_time)))
      return FSA_OK;
    result = fsa_registry_values(state->registry, service.key, false, arena, &service.values,
                                 &service.value_count);
  }
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) /* what the manager says of it is told all the same */
    fsa_problem_in(scan, result, state->set->file.data,
                   fsa_registry_key_offset(state->registry, service.key),
                   "%s\\%s cannot be read (%s)", state->services_path.data,
                   service.name.data ? service.name.data : "?", fsa_result_name(result));
  return service.name.data ? key_row(scan, state, row, &service) : FSA_OK;
}

/* Begins a control set: its keys of services. */
static int next_set(FsaScan *scan, State *state) {
  const Set *set = state->set = &state->sets[state->next_set++];
  state->key_count = state->next_key = 0;
  if (set->set.number >= 0 && !fsa_admits_int(scan, CONTROL_SET, set->set.number)) return FSA_OK;
  if (set->set.is_current >= 0 && !fsa_admits_int(scan, IS_CURRENT, set->set.is_current))
    return FSA_OK;
  fsa_arena_clear(&state->arena);
  FsaRegKey key;
  const char *path = fsa_arena_printf(&state->arena, "%s\\Services", set->set.path.data);
  if (!path) return FSA_E_NOMEM;
  state->services_path = (FsaText){path, strlen(path)};
  int result =
      fsa_registry_find_below(state->registry, set->set.key, "Services", &state->arena, &key);
  if (result == FSA_OK)
    result = fsa_registry_subkeys(state->registry, key, false, &state->arena, &state->keys,
                                  &state->key_count);
  if (result == FSA_OK && set->is_running) state->has_running_keys = true;
  if (result == FSA_OK || result == FSA_E_NOMEM) return result;
  fsa_problem_in(scan, result, set->file.data, FSA_NO_OFFSET, "%s cannot be read (%s)", path,
                 fsa_result_name(result));
  return FSA_OK;
}

/* A service that the manager lists and that has no key. */
static int next_listed(FsaScan *scan, State *state, FsaRow *row) {
  const Listed *listed = &state->listed[state->next_listed++];
  const Service service = {.name = listed->service.name, .listed = &listed->service};
  uint64_t type;
  if (listed->has_key || !fsa_admits_text(scan, NAME, service.name.data, service.name.size))
    return FSA_OK;
  set_text(row, NAME, service.name);
  int result = fill_type(scan, row, &service, &type);
  if (result == FSA_OK) result = fill_listed(scan, state, row, &service);
  return result == FSA_OK ? FSA_ROW : result;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  for (;;) {
    int result;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    if (state->next_key < state->key_count) {
      result = next_key(scan, state, row);
    } else if (state->next_set < state->set_count) {
      result = next_set(scan, state);
    } else if (state->next_listed < state->listed_count) {
      state->set = NULL;
      result = next_listed(scan, state, row);
    } else {
      return FSA_OK;
    }
    if (result != FSA_OK) return result;
  }
}

const FsaTable fsa_table_services = {
    .name = "services",
    .summary = "Services and drivers that Windows is told to start, of every control set, and what "
               "the service control manager knows of them.",
    .proves =
        "Windows starts this program or driver as start_type, triggers or a command say; live "
        "also that it runs now.",
    .caveat = "A key may have been changed back, or written by hand: the service control manager "
              "learns of that at the next boot. Offline nothing tells whether a service ran.",
    .example = "SELECT name, start_type, binary_path, module_path, user_account FROM fsa_services "
               "WHERE is_current IS NOT 0 ORDER BY mtime DESC LIMIT 20",
    .sources = FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME | FSA_LOOSE_FILE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open,
    .next = next,
    .close = close,
};
