/*
 * fsa_drivers: what runs in the kernel of Windows, by four witnesses that a rootkit must all bend.
 *
 * The kernel's list of loaded modules; the service control manager; the keys below
 * CurrentControlSet\Services; the driver objects in the object manager's directories \Driver and
 * \FileSystem. A module is joined to its service by the file, a service to its object by the name.
 * Column names are osquery's where the fact is the same.
 */
#include <stdlib.h>

#include "catalog/service_names.h"
#include "evidence/registry.h"
#include "formats/nt_image_path.h"
#include "formats/nt_path.h"
#include "fsa.h"
#include "os/drivers.h"
#include "os/files.h"
#include "os/object_directory.h"
#include "os/services.h"

enum {
  NAME,
  IMAGE,
  BASE,
  SIZE,
  LOAD_ORDER,
  LOAD_COUNT,
  SERVICE,
  SERVICE_TYPE,
  START_TYPE,
  STATUS,
  IS_LOADED,
  IN_REGISTRY,
  IN_SCM,
  IN_OBJECT_DIRECTORY,
  ON_DISK,
  PE_TIMESTAMP,
  PE_CHECKSUM,
  NATIVE_PATH,
};

static const FsaColumn columns[] = {
    [NAME] = {"name", FSA_TEXT, FSA_KEY,
              "Name of its service, else of its driver object, else of its file; never NULL."},
    [IMAGE] =
        {"image", FSA_TEXT, FSA_KEY,
         "File of the driver, with \\SystemRoot\\, \\??\\ and paths below the system's folder "
         "resolved; NULL for a driver object without a service."},
    [BASE] = {"base", FSA_HEX, 0,
              "Address that it is loaded at; NULL when it is not, and when Windows does not tell "
              "(11 24H2 without SeDebugPrivilege)."},
    [SIZE] = {"size", FSA_INTEGER, 0, "Bytes in memory; NULL when it is not loaded."},
    [LOAD_ORDER] = {"load_order", FSA_INTEGER, 0,
                    "Place in the order of loading; NULL when it is not loaded."},
    [LOAD_COUNT] = {"load_count", FSA_INTEGER, FSA_VARIES,
                    "How often it is in use, as the kernel counts; NULL when it is not loaded."},
    [SERVICE] = {"service", FSA_TEXT, 0,
                 "The service that starts this file, the first of several; NULL without one, as "
                 "parts of the kernel and libraries of other drivers have none."},
    [SERVICE_TYPE] = {"service_type", FSA_TEXT, 0,
                      "KERNEL_DRIVER, FILE_SYSTEM_DRIVER, ...; NULL without a service."},
    [START_TYPE] =
        {"start_type", FSA_TEXT, 0,
         "BOOT_START, SYSTEM_START, AUTO_START, DEMAND_START or DISABLED; NULL without a "
         "key."},
    [STATUS] = {"status", FSA_TEXT, FSA_VARIES,
                "RUNNING, STOPPED, ... as the service control manager says; NULL when it does not "
                "list the service."},
    [IS_LOADED] = {"is_loaded", FSA_BOOL, 0,
                   "1 when the kernel's list of modules has the file, 0 when only others say that "
                   "it runs; NULL for a driver object whose file is unknown."},
    [IN_REGISTRY] = {"in_registry", FSA_BOOL, 0,
                     "1 when the service has a key; NULL when the keys cannot be read."},
    [IN_SCM] = {"in_scm", FSA_BOOL, 0,
                "1 when the service control manager lists the service; NULL when it cannot be "
                "asked."},
    [IN_OBJECT_DIRECTORY] = {"in_object_directory", FSA_BOOL, 0,
                             "1 when \\Driver or \\FileSystem holds a driver object of the "
                             "service's or file's name; libraries have none. NULL when the "
                             "directories cannot be read, which takes an administrator."},
    [ON_DISK] = {"on_disk", FSA_BOOL, FSA_COSTLY,
                 "1 when image is there, 0 when it is not; NULL when it cannot be looked for."},
    [PE_TIMESTAMP] = {"pe_timestamp", FSA_INTEGER, 0,
                      "Time stamp of the loaded header: Unix seconds of its linking, or any number "
                      "(reproducible builds); NULL when it is not loaded or not told."},
    [PE_CHECKSUM] = {"pe_checksum", FSA_HEX, 0,
                     "Check sum of the loaded header; NULL as pe_timestamp."},
    [NATIVE_PATH] = {"native_path", FSA_TEXT, FSA_HIDDEN,
                     "The file as the kernel names it, cut after 255 bytes; NULL when it is not "
                     "loaded."},
};

/* A service of a driver, by its key, the manager's list, or both. */
typedef struct Service {
  FsaText name;
  FsaText path; /* data NULL = unknown */
  bool has_key;
  const FsaOsService *listed; /* NULL = none */
  uint64_t type, start;       /* UINT64_MAX = unknown */
  bool is_shown;              /* a module was joined to it */
} Service;

/* A driver object. */
typedef struct Object {
  FsaText name;
  bool is_shown;
} Object;

typedef struct State {
  FsaOsDriver *modules;
  size_t module_count, next_module;
  Service *services; /* by name */
  size_t service_count, next_service;
  Object *objects; /* by name */
  size_t object_count, next_object;
  FsaText system_root;
  bool has_modules, has_keys, has_list, has_objects; /* who of the witnesses answered */
} State;

static int compare_texts(FsaText a, FsaText b) {
  return fsa_text_compare(a.data, a.size, b.data, b.size);
}

static int compare_services(const void *a, const void *b) {
  return compare_texts(((const Service *)a)->name, ((const Service *)b)->name);
}

static int compare_objects(const void *a, const void *b) {
  return compare_texts(((const Object *)a)->name, ((const Object *)b)->name);
}

/* ---- the witnesses --------------------------------------------------------------------------- */

/* One who does not answer leaves its column unknown. */
static int witness(FsaScan *scan, int result, bool *ret_answers, const char *what) {
  *ret_answers = result == FSA_OK;
  if (result != FSA_OK && result != FSA_E_NOMEM)
    fsa_problem(scan, result, FSA_NO_OFFSET, "%s cannot be read (%s)", what,
                fsa_result_name(result));
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

static int read_modules(FsaScan *scan, State *state) {
  int result = fsa_os_drivers(fsa_scan_os(scan), fsa_scan_arena(scan), &state->modules,
                              &state->module_count);
  return witness(scan, result, &state->has_modules, "the kernel's list of modules");
}

/* Drivers among the services of the manager's list, and room for as many keys. */
static int read_list(FsaScan *scan, State *state, size_t key_count) {
  FsaOsService *services;
  size_t count = 0;
  int result = fsa_os_services(fsa_scan_os(scan), fsa_scan_arena(scan), &services, &count);
  result = witness(scan, result, &state->has_list, "the service control manager's list");
  if (result != FSA_OK) return result;
  if (!state->has_list) count = 0;
  state->services = fsa_arena_zero(fsa_scan_arena(scan), count + key_count, sizeof(Service));
  if (!state->services) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    if (!(services[i].type & FSA_SERVICE_DRIVERS)) continue;
    state->services[state->service_count++] = (Service){
        .name = services[i].name,
        .listed = &services[i],
        .type = services[i].type,
        .start = UINT64_MAX,
    };
  }
  if (state->service_count)
    qsort(state->services, state->service_count, sizeof(Service), compare_services);
  return FSA_OK;
}

static int path_of_key(FsaScan *scan, const State *state, FsaRegistry *registry, FsaRegKey key,
                       FsaText name, FsaText *ret_path) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaRegValue value;
  FsaText image = {NULL, 0};
  int result = fsa_registry_value(registry, key, "ImagePath", arena, &value);
  if (result == FSA_E_NOMEM) return result;
  if (result == FSA_OK) image = fsa_registry_string(&value, arena);
  if (image.size) return fsa_nt_image_path(image, true, state->system_root, arena, ret_path);
  const char *implied =
      fsa_arena_printf(arena, "%.*s\\System32\\drivers\\%s.sys", (int)state->system_root.size,
                       state->system_root.data, name.data);
  if (!implied) return FSA_E_NOMEM;
  *ret_path = (FsaText){implied, strlen(implied)};
  return FSA_OK;
}

static uint64_t integer_of(FsaRegistry *registry, FsaRegKey key, const char *name,
                           FsaArena *arena) {
  FsaRegValue value;
  uint64_t number;
  const bool is_there = fsa_registry_value(registry, key, name, arena, &value) == FSA_OK;
  return is_there && fsa_registry_integer(&value, &number) ? number : UINT64_MAX;
}

/* The key of a driver, joined to what the manager lists or added behind it. */
static int add_key(FsaScan *scan, State *state, FsaRegistry *registry, FsaRegKey key,
                   size_t listed_count) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaRegKeyInfo info;
  Service service = {.has_key = true};
  int result = fsa_registry_key_info(registry, key, arena, &info);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  service.type = integer_of(registry, key, "Type", arena);
  if (service.type == UINT64_MAX || !(service.type & FSA_SERVICE_DRIVERS)) return FSA_OK;
  service.start = integer_of(registry, key, "Start", arena);
  service.name = info.name;
  result = path_of_key(scan, state, registry, key, info.name, &service.path);
  if (result != FSA_OK) return result;
  Service *known = listed_count ? bsearch(&service, state->services, listed_count, sizeof service,
                                          compare_services)
                                : NULL;
  if (!known) {
    state->services[state->service_count++] = service;
    return FSA_OK;
  }
  service.listed = known->listed;
  *known = service;
  return FSA_OK;
}

static int read_services(FsaScan *scan, State *state) {
  static const char path[] = "HKLM\\SYSTEM\\CurrentControlSet\\Services";
  FsaArena *arena = fsa_scan_arena(scan);
  FsaRegistry *registry;
  FsaRegKey key, *keys;
  size_t count = 0;
  int result = fsa_scan_registry(scan, &registry);
  if (result == FSA_OK) result = fsa_registry_find(registry, path, arena, &key);
  if (result == FSA_OK) result = fsa_registry_subkeys(registry, key, false, arena, &keys, &count);
  result = witness(scan, result, &state->has_keys, path);
  if (!state->has_keys) count = 0;
  if (result == FSA_OK) result = read_list(scan, state, count);
  const size_t listed_count = state->service_count;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = add_key(scan, state, registry, keys[i], listed_count);
  if (result == FSA_OK && state->service_count)
    qsort(state->services, state->service_count, sizeof(Service), compare_services);
  return result;
}

/* The directories may be closed to us: what was not seen in them proves nothing then. */
static bool is_open(const FsaOsObjects *objects) {
  static const char *const closed[] = {"\\", "\\Driver", "\\FileSystem"};
  for (size_t i = 0; i < objects->gap_count; i++)
    for (size_t k = 0; k < sizeof closed / sizeof *closed; k++) {
      const FsaText directory = objects->gaps[i].directory;
      if (fsa_text_same(directory.data, directory.size, closed[k], strlen(closed[k]))) return false;
    }
  return true;
}

static int read_objects(FsaScan *scan, State *state) {
  FsaOsObjects all;
  int result = fsa_os_objects(fsa_scan_os(scan), fsa_scan_arena(scan), &all);
  if (result == FSA_OK && !is_open(&all)) result = FSA_E_ACCESS;
  result = witness(scan, result, &state->has_objects, "\\Driver and \\FileSystem");
  if (result != FSA_OK || !state->has_objects) return result;
  state->objects = fsa_arena_zero(fsa_scan_arena(scan), all.count, sizeof(Object));
  if (!state->objects) return FSA_E_NOMEM;
  for (size_t i = 0; i < all.count; i++)
    if (fsa_text_same(all.objects[i].type.data, all.objects[i].type.size, "Driver", 6))
      state->objects[state->object_count++] = (Object){.name = all.objects[i].name};
  if (state->object_count)
    qsort(state->objects, state->object_count, sizeof(Object), compare_objects);
  return FSA_OK;
}

static int open(FsaScan *scan, void *opaque) {
  State *state = opaque;
  state->system_root = (FsaText){"C:\\Windows", 10};
  fsa_os_system_root(fsa_scan_os(scan), fsa_scan_arena(scan), &state->system_root);
  int result = read_modules(scan, state);
  if (result == FSA_OK) result = read_services(scan, state);
  if (result == FSA_OK) result = read_objects(scan, state);
  return result;
}

/* ---- joins ----------------------------------------------------------------------------------- */

static Object *find_object(State *state, FsaText name) {
  const Object wanted = {.name = name};
  if (!state->object_count || !name.size) return NULL;
  return bsearch(&wanted, state->objects, state->object_count, sizeof wanted, compare_objects);
}

/* "tcpip" of "C:\Windows\System32\drivers\tcpip.sys". */
static FsaText stem_of(FsaText path) {
  FsaText name = fsa_nt_path_name(path);
  for (size_t i = name.size; i > 0; i--)
    if (name.data[i - 1] == '.') return (FsaText){name.data, i - 1};
  return name;
}

/* The service whose file a module is: one with a driver object rather than another one. */
static Service *service_of(State *state, FsaText path) {
  Service *first = NULL;
  for (size_t i = 0; path.size && i < state->service_count; i++) {
    Service *service = &state->services[i];
    if (!service->path.size || compare_texts(service->path, path) != 0) continue;
    service->is_shown = true;
    if (find_object(state, service->name)) return service;
    if (!first) first = service;
  }
  return first;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* One row to be: what was joined. */
typedef struct Driver {
  const FsaOsDriver *module; /* NULL = not loaded */
  const Service *service;    /* NULL = none */
  Object *object;            /* NULL = none */
  FsaText name, path;
} Driver;

static void fill_module(FsaRow *row, const FsaOsDriver *module) {
  if (module->base) fsa_row_hex(row, BASE, module->base);
  fsa_row_int(row, SIZE, (int64_t)module->size);
  fsa_row_int(row, LOAD_ORDER, module->load_order);
  fsa_row_int(row, LOAD_COUNT, module->load_count);
  fsa_row_text(row, NATIVE_PATH, module->native.data, module->native.size);
  if (!module->has_header) return;
  fsa_row_known(row, PE_TIMESTAMP, module->timestamp, 0);
  if (module->checksum) fsa_row_hex(row, PE_CHECKSUM, module->checksum);
}

static int fill_service(FsaScan *scan, FsaRow *row, const Service *service) {
  FsaArena *arena = fsa_row_arena(scan);
  fsa_row_text(row, SERVICE, service->name.data, service->name.size);
  const char *type = fsa_service_type_name(service->type, arena);
  if (!type) return FSA_E_NOMEM;
  fsa_row_string(row, SERVICE_TYPE, type);
  if (service->start != UINT64_MAX) {
    const char *start = fsa_service_start_name(service->start, arena);
    if (!start) return FSA_E_NOMEM;
    fsa_row_string(row, START_TYPE, start);
  }
  if (!service->listed) return FSA_OK;
  const char *state = fsa_service_state_name(service->listed->state, arena);
  fsa_row_string(row, STATUS, state);
  return state ? FSA_OK : FSA_E_NOMEM;
}

static void fill_disk(FsaScan *scan, FsaRow *row, FsaText path) {
  FsaNodeKind kind;
  uint64_t size;
  if (!path.size || !fsa_wants(scan, ON_DISK)) return;
  const char *name = fsa_arena_copy(fsa_row_arena(scan), path.data, path.size);
  const int result = name ? fsa_os_path_look(name, &kind, &size) : FSA_E_NOMEM;
  if (result == FSA_OK || result == FSA_E_ABSENT) fsa_row_bool(row, ON_DISK, result == FSA_OK);
}

/* FSA_OK when the query does not want it. */
static int fill(FsaScan *scan, const State *state, FsaRow *row, const Driver *driver) {
  const Service *service = driver->service;
  if (!fsa_admits_text(scan, NAME, driver->name.data, driver->name.size)) return FSA_OK;
  if (driver->path.size && !fsa_admits_text(scan, IMAGE, driver->path.data, driver->path.size))
    return FSA_OK;
  fsa_row_text(row, NAME, driver->name.data, driver->name.size);
  if (driver->path.size) fsa_row_text(row, IMAGE, driver->path.data, driver->path.size);
  if (driver->module) fill_module(row, driver->module);
  if (service) {
    int result = fill_service(scan, row, service);
    if (result != FSA_OK) return result;
  }
  if (state->has_modules && driver->path.size) fsa_row_bool(row, IS_LOADED, driver->module != NULL);
  if (state->has_keys) fsa_row_bool(row, IN_REGISTRY, service && service->has_key);
  if (state->has_list) fsa_row_bool(row, IN_SCM, service && service->listed);
  if (state->has_objects) fsa_row_bool(row, IN_OBJECT_DIRECTORY, driver->object != NULL);
  fill_disk(scan, row, driver->path);
  return FSA_ROW;
}

static int next_module(FsaScan *scan, State *state, FsaRow *row) {
  const FsaOsDriver *module = &state->modules[state->next_module++];
  const Service *service = service_of(state, module->path);
  const FsaText stem = stem_of(module->path.size ? module->path : module->native);
  Driver driver = {
      .module = module,
      .service = service,
      .object = find_object(state, service ? service->name : stem),
      .name = fsa_nt_path_name(module->native),
      .path = module->path,
  };
  if (driver.object) {
    driver.object->is_shown = true;
    driver.name = driver.object->name;
  }
  if (service) driver.name = service->name;
  return fill(scan, state, row, &driver);
}

/* A service that is said to run, or has an object, though no module is its file. */
static int next_service(FsaScan *scan, State *state, FsaRow *row) {
  const Service *service = &state->services[state->next_service++];
  Driver driver = {.service = service, .name = service->name, .path = service->path};
  driver.object = find_object(state, service->name);
  if (driver.object) driver.object->is_shown = true;
  const bool runs = service->listed && service->listed->state != FSA_SERVICE_STOPPED;
  if (service->is_shown || (!runs && !driver.object)) return FSA_OK;
  return fill(scan, state, row, &driver);
}

/* A driver object that neither a service nor a module accounts for. */
static int next_object(FsaScan *scan, State *state, FsaRow *row) {
  Object *object = &state->objects[state->next_object++];
  const Driver driver = {.object = object, .name = object->name};
  return object->is_shown ? FSA_OK : fill(scan, state, row, &driver);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  for (;;) {
    int result;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    if (state->next_module < state->module_count)
      result = next_module(scan, state, row);
    else if (state->next_service < state->service_count)
      result = next_service(scan, state, row);
    else if (state->next_object < state->object_count)
      result = next_object(scan, state, row);
    else
      return FSA_OK;
    if (result != FSA_OK) return result;
  }
}

const FsaTable fsa_table_drivers = {
    .name = "drivers",
    .summary =
        "Drivers and other modules of the Windows kernel, as its list of modules, the service "
        "control manager, the registry and the object directory tell of them.",
    .proves =
        "At least one of the four says that this code is in the kernel; the columns say which.",
    .caveat = "Code in the kernel can change all four. A driver that was mapped without the loader "
              "(from a vulnerable one) is in none of them. Stopped drivers stand in fsa_services.",
    .example = "SELECT name, image, service, start_type, is_loaded, in_registry, in_scm, "
               "in_object_directory, on_disk FROM fsa_drivers WHERE on_disk = 0 OR is_loaded = 0",
    .sources = FSA_LIVE_WINDOWS,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open,
    .next = next,
};
