/* Modules of the kernel. */
#include "os/drivers.h"

#include <string.h>

#include "formats/nt_driver.h"
#include "formats/nt_image_path.h"
#include "os/windows/device_path.h"
#include "os/windows/host.h"

static NtStatus ask(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  return nt.NtQuerySystemInformation(*(int *)context, buffer, length, ret_length);
}

/* The list as a chain, which tells more, else as an array. */
static int ask_drivers(FsaArena *arena, FsaNtDrivers *ret_drivers) {
  int chain = NT_SYSTEM_MODULES_EX, array = NT_SYSTEM_MODULES;
  FsaBytes bytes;
  int result = windows_ask(ask, &chain, 128u << 10, FSA_MAX_SYSTEM_ANSWER, arena, &bytes);
  if (result == FSA_OK) {
    *ret_drivers = fsa_nt_drivers_chain(bytes);
    return FSA_OK;
  }
  if (result == FSA_E_NOMEM || result == FSA_E_ACCESS) return result;
  result = windows_ask(ask, &array, 128u << 10, FSA_MAX_SYSTEM_ANSWER, arena, &bytes);
  return result == FSA_OK ? fsa_nt_drivers_array(bytes, ret_drivers) : result;
}

/* A text of the system's own code page. */
static int text_of(FsaArena *arena, FsaBytes bytes, FsaText *ret_text) {
  WCHAR wide[256];
  int units = 0;
  if (bytes.size)
    units = MultiByteToWideChar(CP_ACP, 0, (const char *)bytes.data, (int)bytes.size, wide,
                                (int)(sizeof wide / sizeof *wide));
  return windows_text(arena, wide, units > 0 ? (size_t)units : 0, ret_text);
}

int fsa_os_system_root(FsaOs *os, FsaArena *arena, FsaText *ret_path) {
  static const char root[] = "\\SystemRoot";
  return windows_device_path(os, (FsaText){root, sizeof root - 1}, arena, ret_path);
}

static int driver_of(FsaOs *os, const FsaNtDriver *told, bool is_chain, FsaText root,
                     FsaArena *arena, FsaOsDriver *ret_driver) {
  FsaOsDriver driver = {
      .base = told->base,
      .size = told->size,
      .load_order = told->load_order,
      .load_count = told->load_count,
      .has_header = is_chain,
      .checksum = told->checksum,
      .timestamp = told->timestamp,
  };
  int result = text_of(arena, told->path, &driver.native);
  if (result == FSA_OK) result = fsa_nt_image_path(driver.native, true, root, arena, &driver.path);
  if (result == FSA_OK && driver.path.data)
    result = windows_device_path(os, driver.path, arena, &driver.path);
  if (result == FSA_OK) *ret_driver = driver;
  return result;
}

/* How many there are: the iterator is a copy. */
static int count_of(FsaNtDrivers drivers, size_t *ret_count) {
  FsaNtDriver told;
  size_t count = 0;
  int result;
  while ((result = fsa_nt_drivers_next(&drivers, &told)) == FSA_ROW) count++;
  if (result == FSA_OK) *ret_count = count;
  return result;
}

int fsa_os_drivers(FsaOs *os, FsaArena *arena, FsaOsDriver **ret_drivers, size_t *ret_count) {
  FsaNtDrivers told;
  FsaText root;
  size_t count;
  int result = ask_drivers(arena, &told);
  if (result == FSA_OK) result = fsa_os_system_root(os, arena, &root);
  if (result == FSA_OK) result = count_of(told, &count);
  if (result != FSA_OK) return result;
  FsaOsDriver *drivers = fsa_arena_zero(arena, count, sizeof *drivers);
  if (!drivers) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    FsaNtDriver driver;
    if (fsa_nt_drivers_next(&told, &driver) != FSA_ROW) return FSA_E_FORMAT;
    result = driver_of(os, &driver, told.is_chain, root, arena, &drivers[i]);
    if (result != FSA_OK) return result;
  }
  *ret_drivers = drivers;
  *ret_count = count;
  return FSA_OK;
}
