/* Reparse tags and the targets of links. */
#include "formats/nt_reparse.h"

#include <string.h>

#include "base/wtf8.h"

/* Tags. [MS-FSCC 2.1.2.1; ntifs.h] */
#define TAG_UNTOLD 0u /* Wine of a symbolic link: it says that there is one, not which */
#define TAG_MOUNT_POINT 0xA0000003u
#define TAG_SYMLINK 0xA000000Cu
#define TAG_DEDUP 0x80000013u
#define TAG_WOF 0x80000017u
#define TAG_WCI 0x80000018u
#define TAG_WCI_1 0x90001018u
#define TAG_APPEXECLINK 0x8000001Bu
#define TAG_LX_SYMLINK 0xA000001Du
#define TAG_AF_UNIX 0x80000023u
#define TAG_LX_FIFO 0x80000024u
#define TAG_LX_CHR 0x80000025u
#define TAG_LX_BLK 0x80000026u
#define NAMES_ANOTHER 0x20000000u /* the bit of every tag that is a name for something else */

FsaNtReparse fsa_nt_reparse(uint32_t tag) {
  switch (tag) {
  case TAG_UNTOLD:
  case TAG_MOUNT_POINT:
  case TAG_SYMLINK:
  case TAG_LX_SYMLINK: return FSA_NT_LINK;
  case TAG_DEDUP:
  case TAG_WOF:
  case TAG_WCI:
  case TAG_WCI_1: return FSA_NT_FILTERED;
  case TAG_APPEXECLINK:
  case TAG_AF_UNIX:
  case TAG_LX_FIFO:
  case TAG_LX_CHR:
  case TAG_LX_BLK: return FSA_NT_SPECIAL;
  default: return tag & NAMES_ANOTHER ? FSA_NT_SPECIAL : FSA_NT_PLAIN;
  }
}

/* Backslashes made slashes: in WTF-8 no byte of another character equals one. */
static void turn_slashes(char *text) {
  for (; *text; text++)
    if (*text == '\\') *text = '/';
}

const char *fsa_nt_machine_path(FsaArena *arena, const uint8_t *utf16, size_t units) {
  char *path = fsa_wtf8_copy(arena, utf16, units);
  if (!path) return NULL;
  turn_slashes(path);
  if (strncmp(path, "/?\?/", 4) == 0 || strncmp(path, "//?/", 4) == 0) path += 4;
  while (*path == '/') path++;
  return fsa_arena_printf(arena, "/%s", path);
}

/* The target of a symbolic link of WSL is UTF-8 behind a version. [MS-FSCC 2.1.2.7] */
static int linux_target(FsaBytes data, FsaArena *arena, const char **ret_target) {
  size_t size = fsa_u16(&data, 4);
  FsaBytes text = fsa_slice(&data, 12, size >= 4 ? size - 4 : 0);
  if (data.bad || size < 4 || memchr(data.data + 12, '\0', text.size)) return FSA_E_FORMAT;
  const char *target = fsa_arena_copy(arena, data.data + 12, text.size);
  if (!target) return FSA_E_NOMEM;
  *ret_target = target;
  return FSA_OK;
}

int fsa_nt_link_target(FsaBytes data, const char *volume, FsaArena *arena,
                       const char **ret_target) {
  uint32_t tag = fsa_u32(&data, 0);
  if (tag == TAG_LX_SYMLINK) return linux_target(data, arena, ret_target);
  bool is_symlink = tag == TAG_SYMLINK;
  if (!is_symlink && tag != TAG_MOUNT_POINT) return data.bad ? FSA_E_FORMAT : FSA_E_UNSUPPORTED;
  const size_t names = is_symlink ? 20 : 16;
  size_t offset = fsa_u16(&data, 8), length = fsa_u16(&data, 10);
  bool is_relative = is_symlink && (fsa_u32(&data, 16) & 1);
  FsaBytes name = fsa_slice(&data, names + offset, length);
  if (data.bad || length % 2) return FSA_E_FORMAT;
  for (size_t i = 0; i + 1 < name.size; i += 2)
    if (!name.data[i] && !name.data[i + 1]) return FSA_E_FORMAT;
  const char *target = NULL;
  if (is_relative) {
    char *text = fsa_wtf8_copy(arena, name.data, length / 2);
    if (text) turn_slashes(text);
    target = text && *text == '/' ? fsa_arena_printf(arena, "%s%s", volume, text) : text;
  } else {
    target = fsa_nt_machine_path(arena, name.data, length / 2);
  }
  if (!target) return FSA_E_NOMEM;
  *ret_target = target;
  return FSA_OK;
}
