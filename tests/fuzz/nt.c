/*
 * Everything that the NT kernel answers, from hostile bytes. The first byte chooses the decoder.
 * Checks that what is given lies inside the bytes and that every loop moves on.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "formats/nt_image_path.h"
#include "formats/ip_address.h"
#include "formats/nt_access.h"
#include "formats/nt_directory.h"
#include "formats/nt_driver.h"
#include "formats/nt_firmware.h"
#include "formats/nt_handle.h"
#include "formats/nt_key.h"
#include "formats/nt_memory.h"
#include "formats/nt_modules.h"
#include "formats/nt_net.h"
#include "formats/nt_process.h"
#include "formats/nt_security.h"
#include "formats/nt_service.h"
#include "formats/nt_sid.h"
#include "formats/nt_token.h"
#include "formats/object_name.h"

/* Where the bytes stood when they were filled: what absolute addresses in them are taken from. */
#define FILLED_AT 0x10000u

static void check_inside(FsaBytes bytes, FsaBytes part) {
  if (part.size == 0) return;
  if (part.data < bytes.data || part.size > bytes.size ||
      part.data > bytes.data + bytes.size - part.size)
    abort();
}

static void read_key(FsaBytes bytes) {
  FsaNtKey key;
  FsaNtKeyValue value;
  if (fsa_nt_key_node(bytes, &key) == FSA_OK) {
    check_inside(bytes, key.name);
    check_inside(bytes, key.class_name);
  }
  if (fsa_nt_key_full(bytes, &key) == FSA_OK) check_inside(bytes, key.class_name);
  if (fsa_nt_key_value(bytes, &value) == FSA_OK) {
    check_inside(bytes, value.name);
    check_inside(bytes, value.data);
  }
}

static void read_security(FsaBytes bytes) {
  FsaArena arena = fsa_arena(0);
  FsaText text;
  if (fsa_nt_sddl(bytes, &arena, &text) == FSA_OK && !fsa_text_is_valid(text.data, text.size))
    abort();
  fsa_arena_done(&arena);
}

static void read_handles(FsaBytes bytes) {
  FsaNtHandles handles;
  if (fsa_nt_handles(bytes, &handles) != FSA_OK) return;
  if (handles.count > handles.told || handles.count > bytes.size / 40) abort();
  FsaArena arena = fsa_arena(0);
  for (size_t i = 0; i < handles.count; i++) {
    const FsaNtHandle handle = fsa_nt_handles_at(&handles, i);
    const FsaText type = {handle.type % 2 ? "Process" : "File", handle.type % 2 ? 7 : 4};
    const FsaText words = fsa_nt_access_text(&arena, type, handle.access);
    if (!fsa_text_is_valid(words.data, words.size)) abort();
  }
  fsa_arena_done(&arena);
}

static void read_types(FsaBytes bytes) {
  FsaNtTypes types;
  FsaNtType type;
  if (fsa_nt_types(bytes, FILLED_AT, &types) != FSA_OK) return;
  for (size_t before = 0; fsa_nt_types_next(&types, &type) == FSA_ROW; before = types.at) {
    if (types.at <= before) abort();
    check_inside(bytes, type.name);
  }
}

static void read_object(FsaBytes bytes) {
  FsaBytes name;
  FsaNtObject object;
  if (fsa_nt_object_name(bytes, FILLED_AT, &name) == FSA_OK) check_inside(bytes, name);
  fsa_nt_object(bytes, &object);
}

static void read_directory(FsaBytes bytes) {
  FsaNtDirectory directory = {.bytes = bytes, .address = FILLED_AT};
  FsaNtDirectoryObject object;
  for (size_t before = 0; fsa_nt_directory_next(&directory, &object) == FSA_ROW;
       before = directory.at) {
    if (directory.at <= before) abort();
    check_inside(bytes, object.name);
    check_inside(bytes, object.type);
  }
}

static void read_files(FsaBytes bytes) {
  FsaNtFiles files = {.bytes = bytes};
  FsaNtDirectoryFile file;
  for (size_t before = 0; fsa_nt_files_next(&files, &file) == FSA_ROW; before = files.at) {
    if (!files.ended && files.at <= before) abort();
    check_inside(bytes, file.name);
  }
}

static void read_object_name(FsaBytes bytes) {
  static const int64_t pids[] = {4, 420};
  const FsaText name = {(const char *)bytes.data, bytes.size};
  int64_t pid;
  FsaArena arena = fsa_arena(0);
  const FsaText normal = fsa_object_name_normalize(&arena, name, pids, 2);
  if (normal.size > name.size) abort();
  if (fsa_pipe_name_pid(name, &pid) && pid < 0) abort();
  fsa_arena_done(&arena);
}

static void read_memory(FsaBytes bytes) {
  FsaNtMemory memory;
  FsaNtPage page;
  if (fsa_nt_memory(bytes, &memory) == FSA_OK) {
    if (memory.start + memory.size <= memory.start) abort();
    const FsaNtAccess access = fsa_nt_access(memory.protection);
    if (access.may_write && !access.may_read) abort();
  }
  for (size_t i = 0; fsa_nt_page(bytes, i, i % 2, &page) == FSA_OK; i++)
    if (i >= bytes.size) abort();
}

static int read_process(void *context, uint64_t address, void *buffer, size_t size) {
  const FsaBytes *bytes = context;
  if (address < FILLED_AT || address - FILLED_AT > bytes->size ||
      size > bytes->size - (address - FILLED_AT))
    return FSA_E_ABSENT;
  if (size) memcpy(buffer, bytes->data + (address - FILLED_AT), size);
  return FSA_OK;
}

/* The bytes are a process's memory from FILLED_AT on; the first one says what kind of process. */
static void read_modules(FsaBytes bytes) {
  if (bytes.size == 0) return;
  const bool is_32 = bytes.data[0] & 1;
  const uint32_t build = bytes.data[0] & 2 ? 7601 : 19045;
  const FsaNtReader reader = {.context = &bytes, .read = read_process};
  FsaArena arena = fsa_arena(0);
  FsaNtModules modules;
  if (fsa_nt_modules(&reader, FILLED_AT, is_32, build, &arena, &modules) == FSA_OK) {
    if (modules.count > FSA_MAX_MODULES) abort();
    for (size_t i = 0; i < modules.count; i++)
      if (modules.list[i].path.data &&
          !fsa_text_is_valid(modules.list[i].path.data, modules.list[i].path.size))
        abort();
  }
  fsa_arena_done(&arena);
}

static void read_service(FsaBytes bytes) {
  FsaNtService service;
  FsaNtFailureAction action;
  for (size_t i = 0; fsa_nt_service(bytes, FILLED_AT, i, &service) == FSA_OK && i < 64; i++) {
    check_inside(bytes, service.name);
    check_inside(bytes, service.display_name);
  }
  for (size_t i = 0; fsa_nt_failure_action(bytes, i, &action) == FSA_ROW; i++)
    if (i > bytes.size) abort();
}

static void read_image_path(FsaBytes bytes) {
  FsaArena arena = fsa_arena(0);
  const FsaText root = {"C:\\Windows", 10}, image = {(const char *)bytes.data, bytes.size};
  FsaText path;
  for (int is_driver = 0; is_driver < 2; is_driver++)
    if (fsa_nt_image_path(image, is_driver, root, &arena, &path) == FSA_OK &&
        path.size > bytes.size + 64)
      abort();
  fsa_arena_done(&arena);
}

static void walk_drivers(FsaNtDrivers drivers, FsaBytes bytes) {
  FsaNtDriver driver;
  for (size_t count = 0; fsa_nt_drivers_next(&drivers, &driver) == FSA_ROW; count++) {
    check_inside(bytes, driver.path);
    if (count > bytes.size) abort();
  }
}

static void read_drivers(FsaBytes bytes) {
  FsaNtDrivers drivers;
  walk_drivers(fsa_nt_drivers_chain(bytes), bytes);
  if (fsa_nt_drivers_array(bytes, &drivers) == FSA_OK) walk_drivers(drivers, bytes);
}

static void read_firmware(FsaBytes bytes) {
  char uuid[FSA_NT_FIRMWARE_UUID] = "";
  if (fsa_nt_firmware_uuid(bytes, uuid) && strlen(uuid) != FSA_NT_FIRMWARE_UUID - 1) abort();
}

static void read_sockets(FsaBytes bytes) {
  for (unsigned kind = 0; kind < FSA_NT_NET_KINDS; kind++) {
    for (size_t i = 0; i < fsa_nt_sockets(bytes, kind); i++) {
      FsaNtSocket socket;
      char text[FSA_IP_TEXT];
      if (fsa_nt_socket(bytes, kind, i, &socket) != FSA_OK) abort();
      check_inside(bytes, socket.local);
      check_inside(bytes, socket.remote);
      if (fsa_ip_text(socket.local, text) != strlen(text) || !fsa_ip_class(socket.local)) abort();
    }
  }
}

static void read_processes(FsaBytes bytes) {
  FsaNtProcesses list = fsa_nt_processes(bytes, FILLED_AT);
  FsaNtProcess process;
  FsaNtThread thread;
  for (size_t calls = 0; fsa_nt_processes_next(&list, &process) == FSA_ROW; calls++) {
    if (calls > bytes.size) abort();
    check_inside(bytes, process.name);
    check_inside(bytes, process.threads);
    for (uint32_t i = 0; i < process.threads_listed; i++) fsa_nt_thread(&process, i, &thread);
  }
}

static void read_answers(FsaBytes bytes) {
  FsaNtBasic basic;
  FsaNtTimes times;
  FsaNtPeb peb;
  FsaNtParameters parameters;
  fsa_nt_basic(bytes, &basic);
  fsa_nt_times(bytes, &times);
  for (int width = FSA_NT_64; width <= FSA_NT_32; width++) {
    fsa_nt_peb(bytes, (FsaNtWidth)width, &peb);
    fsa_nt_parameters(bytes, (FsaNtWidth)width, FILLED_AT, &parameters);
  }
}

static void check_sid(FsaBytes bytes, FsaBytes sid) {
  char text[FSA_NT_SID_TEXT];
  size_t size;
  check_inside(bytes, sid);
  if (fsa_nt_sid_text(sid, 0, text, &size) != FSA_OK || size != sid.size) abort();
  fsa_nt_sid_last(sid);
}

static void read_token(FsaBytes bytes) {
  FsaNtGroup group;
  FsaNtPrivilege privilege;
  FsaNtTokenStatistics statistics;
  FsaBytes part;
  if (fsa_nt_token_user(bytes, FILLED_AT, &group) == FSA_OK) check_sid(bytes, group.sid);
  if (fsa_nt_token_owner(bytes, FILLED_AT, &part) == FSA_OK && part.size) check_sid(bytes, part);
  for (uint32_t i = 0; fsa_nt_token_group(bytes, FILLED_AT, i, &group) == FSA_ROW; i++)
    check_sid(bytes, group.sid);
  for (uint32_t i = 0; fsa_nt_token_privilege(bytes, i, &privilege) == FSA_ROW; i++)
    if (privilege.number >= FSA_NT_PRIVILEGES) abort();
  fsa_nt_token_statistics(bytes, &statistics);
  if (fsa_nt_token_source(bytes, &part) == FSA_OK) check_inside(bytes, part);
}

static const struct {
  char name;
  void (*read)(FsaBytes bytes);
} decoders[] = {
    {'c', read_sockets},     {'d', read_directory}, {'f', read_files},     {'h', read_handles},
    {'i', read_image_path},  {'k', read_key},       {'l', read_modules},   {'m', read_memory},
    {'n', read_object_name}, {'o', read_object},    {'p', read_processes}, {'q', read_answers},
    {'r', read_drivers},     {'s', read_security},  {'t', read_types},     {'u', read_token},
    {'v', read_service},     {'w', read_firmware},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
    if (data[0] == (uint8_t)decoders[i].name) decoders[i].read(fsa_bytes(data + 1, size - 1));
  return 0;
}
