/* Security descriptors as SDDL. [MS-DTYP 2.4.4, 2.4.5, 2.4.6, 2.5.1] */
#include "formats/nt_security.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "formats/nt_sid.h"

/* Control bits of a descriptor. */
enum {
  DACL_PRESENT = 0x0004,
  SACL_PRESENT = 0x0010,
  DACL_AUTO_INHERIT_REQUIRED = 0x0100,
  SACL_AUTO_INHERIT_REQUIRED = 0x0200,
  DACL_AUTO_INHERITED = 0x0400,
  SACL_AUTO_INHERITED = 0x0800,
  DACL_PROTECTED = 0x1000,
  SACL_PROTECTED = 0x2000,
};

/* ---- names ----------------------------------------------------------------------------------- */

typedef struct BitName {
  uint32_t bits;
  const char *name;
} BitName;

/* Masks that have a name as a whole: all rights of files and of keys. */
static const BitName mask_names[] = {
    {0x001f01ff, "FA"}, {0x00120089, "FR"}, {0x00120116, "FW"}, {0x001200a0, "FX"},
    {0x000f003f, "KA"}, {0x00020019, "KR"}, {0x00020006, "KW"},
};

/* Single rights, in the order in which Windows prints them. */
static const BitName right_names[] = {
    {1u << 31, "GR"}, {1u << 30, "GW"}, {1u << 29, "GX"}, {1u << 28, "GA"}, {0x001, "CC"},
    {0x002, "DC"},    {0x004, "LC"},    {0x008, "SW"},    {0x010, "RP"},    {0x020, "WP"},
    {0x040, "DT"},    {0x080, "LO"},    {0x100, "CR"},    {0x10000, "SD"},  {0x20000, "RC"},
    {0x40000, "WD"},  {0x80000, "WO"},
};

/* The rights of a mandatory label are others: what those below may not do. */
static const BitName label_names[] = {{1, "NW"}, {2, "NR"}, {4, "NX"}};

static const BitName flag_names[] = {
    {0x01, "OI"}, {0x02, "CI"}, {0x04, "NP"}, {0x08, "IO"},
    {0x10, "ID"}, {0x40, "SA"}, {0x80, "FA"},
};

static const struct {
  const char *sid, *name;
} sid_names[] = {
    {"S-1-1-0", "WD"},      {"S-1-3-0", "CO"},      {"S-1-3-1", "CG"},      {"S-1-3-4", "OW"},
    {"S-1-5-2", "NU"},      {"S-1-5-4", "IU"},      {"S-1-5-6", "SU"},      {"S-1-5-7", "AN"},
    {"S-1-5-9", "ED"},      {"S-1-5-10", "PS"},     {"S-1-5-11", "AU"},     {"S-1-5-12", "RC"},
    {"S-1-5-18", "SY"},     {"S-1-5-19", "LS"},     {"S-1-5-20", "NS"},     {"S-1-5-32-544", "BA"},
    {"S-1-5-32-545", "BU"}, {"S-1-5-32-546", "BG"}, {"S-1-5-32-547", "PU"}, {"S-1-5-32-548", "AO"},
    {"S-1-5-32-549", "SO"}, {"S-1-5-32-550", "PO"}, {"S-1-5-32-551", "BO"}, {"S-1-5-32-552", "RE"},
    {"S-1-5-32-554", "RU"}, {"S-1-5-32-555", "RD"}, {"S-1-5-32-556", "NO"}, {"S-1-5-32-558", "MU"},
    {"S-1-5-32-559", "LU"}, {"S-1-5-32-568", "IS"}, {"S-1-5-32-569", "CY"}, {"S-1-5-32-573", "ER"},
    {"S-1-5-32-574", "CD"}, {"S-1-5-32-575", "RA"}, {"S-1-5-32-576", "ES"}, {"S-1-5-32-577", "MS"},
    {"S-1-5-32-578", "HA"}, {"S-1-5-32-579", "AA"}, {"S-1-5-32-580", "RM"}, {"S-1-5-33", "WR"},
    {"S-1-15-2-1", "AC"},   {"S-1-16-4096", "LW"},  {"S-1-16-8192", "ME"},  {"S-1-16-8448", "MP"},
    {"S-1-16-12288", "HI"}, {"S-1-16-16384", "SI"},
};

/* Types of entries. `has_object`: flags and GUIDs stand before the SID; `has_tail`: data behind. */
static const struct {
  const char *name;
  bool has_object, has_tail;
} types[] = {
    [0x00] = {"A", false, false},  [0x01] = {"D", false, false},  [0x02] = {"AU", false, false},
    [0x03] = {"AL", false, false}, [0x05] = {"OA", true, false},  [0x06] = {"OD", true, false},
    [0x07] = {"OU", true, false},  [0x08] = {"OL", true, false},  [0x09] = {"XA", false, true},
    [0x0A] = {"XD", false, true},  [0x0B] = {"ZA", true, true},   [0x0C] = {"ZD", true, true},
    [0x0D] = {"XU", false, true},  [0x0F] = {"ZU", true, true},   [0x11] = {"ML", false, false},
    [0x12] = {"RA", false, true},  [0x13] = {"SP", false, false}, [0x14] = {"TL", false, false},
    [0x15] = {"FL", false, true},
};

#define MANDATORY_LABEL 0x11
#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* ---- parts ----------------------------------------------------------------------------------- */

static int put_sid(FsaBuffer *out, FsaBytes bytes, size_t offset, size_t *ret_size) {
  char sid[FSA_NT_SID_TEXT];
  int result = fsa_nt_sid_text(bytes, offset, sid, ret_size);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < COUNT_OF(sid_names); i++) {
    if (strcmp(sid, sid_names[i].sid) != 0) continue;
    fsa_buffer_puts(out, sid_names[i].name);
    return FSA_OK;
  }
  fsa_buffer_puts(out, sid);
  return FSA_OK;
}

/* The names of all bits; the mask as a number when one of them has none. */
static void put_bits(FsaBuffer *out, uint32_t bits, const BitName *names, size_t count) {
  uint32_t named = 0;
  for (size_t i = 0; i < count; i++) named |= names[i].bits;
  if (bits & ~named) {
    fsa_buffer_printf(out, "0x%" PRIx32, bits);
    return;
  }
  for (size_t i = 0; i < count; i++)
    if (bits & names[i].bits) fsa_buffer_puts(out, names[i].name);
}

static void put_rights(FsaBuffer *out, uint8_t type, uint32_t mask) {
  if (type == MANDATORY_LABEL) {
    put_bits(out, mask, label_names, COUNT_OF(label_names));
    return;
  }
  for (size_t i = 0; i < COUNT_OF(mask_names); i++) {
    if (mask != mask_names[i].bits) continue;
    fsa_buffer_puts(out, mask_names[i].name);
    return;
  }
  put_bits(out, mask, right_names, COUNT_OF(right_names));
}

static void put_guid(FsaBuffer *out, FsaBytes *entry, size_t at) {
  fsa_buffer_printf(out, "%08" PRIx32 "-%04x-%04x-", fsa_u32(entry, at), fsa_u16(entry, at + 4),
                    fsa_u16(entry, at + 6));
  for (size_t i = 8; i < 16; i++)
    fsa_buffer_printf(out, i == 10 ? "-%02x" : "%02x", fsa_u8(entry, at + i));
}

/* The two GUIDs of an object entry, each where its flag says so; gives where they end. */
static size_t put_objects(FsaBuffer *out, FsaBytes *entry, size_t at) {
  const uint32_t present = fsa_u32(entry, at);
  at += 4;
  for (uint32_t flag = 1; flag <= 2; flag <<= 1) {
    fsa_buffer_putc(out, ';');
    if (!(present & flag)) continue;
    put_guid(out, entry, at);
    at += 16;
  }
  return at;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* "(type;flags;rights;object;inherited object;sid)". */
static int put_entry(FsaBuffer *out, FsaBytes entry) {
  const uint8_t type = fsa_u8(&entry, 0), flags = fsa_u8(&entry, 1);
  size_t at = 8, sid_size;
  if (type >= COUNT_OF(types) || !types[type].name) { /* nothing is known of what is in it */
    fsa_buffer_printf(out, "(0x%x;;;;;)", type);
    return FSA_OK;
  }
  fsa_buffer_printf(out, "(%s;", types[type].name);
  put_bits(out, flags, flag_names, COUNT_OF(flag_names));
  fsa_buffer_putc(out, ';');
  put_rights(out, type, fsa_u32(&entry, 4));
  if (types[type].has_object)
    at = put_objects(out, &entry, at);
  else
    fsa_buffer_puts(out, ";;");
  fsa_buffer_putc(out, ';');
  if (entry.bad || put_sid(out, entry, at, &sid_size) != FSA_OK) return FSA_E_FORMAT;
  at += sid_size;
  if (types[type].has_tail && at < entry.size) {
    fsa_buffer_puts(out, ";#");
    for (; at < entry.size; at++) fsa_buffer_printf(out, "%02x", fsa_u8(&entry, at));
  }
  fsa_buffer_putc(out, ')');
  return FSA_OK;
}

static int put_entries(FsaBuffer *out, FsaBytes bytes, size_t offset) {
  const uint16_t size = fsa_u16(&bytes, offset + 2), count = fsa_u16(&bytes, offset + 4);
  FsaBytes list = fsa_slice(&bytes, offset, size);
  if (bytes.bad) return FSA_E_FORMAT;
  size_t at = 8;
  for (uint16_t i = 0; i < count; i++) {
    const uint16_t entry_size = fsa_u16(&list, at + 2);
    FsaBytes entry = fsa_slice(&list, at, entry_size);
    if (list.bad || entry_size < 4 || put_entry(out, entry) != FSA_OK) return FSA_E_FORMAT;
    at += entry_size;
  }
  return FSA_OK;
}

/* One access list: its flags, then its entries. */
static int put_list(FsaBuffer *out, FsaBytes bytes, uint32_t offset, uint16_t control,
                    bool is_audit) {
  if (!(control & (is_audit ? SACL_PRESENT : DACL_PRESENT))) return FSA_OK;
  fsa_buffer_puts(out, is_audit ? "S:" : "D:");
  if (control & (is_audit ? SACL_PROTECTED : DACL_PROTECTED)) fsa_buffer_putc(out, 'P');
  if (control & (is_audit ? SACL_AUTO_INHERIT_REQUIRED : DACL_AUTO_INHERIT_REQUIRED))
    fsa_buffer_puts(out, "AR");
  if (control & (is_audit ? SACL_AUTO_INHERITED : DACL_AUTO_INHERITED)) fsa_buffer_puts(out, "AI");
  if (offset) return put_entries(out, bytes, offset);
  fsa_buffer_puts(out, "NO_ACCESS_CONTROL"); /* present and null: everybody may do everything */
  return FSA_OK;
}

static int put_principal(FsaBuffer *out, FsaBytes bytes, uint32_t offset, const char *prefix) {
  size_t size;
  if (!offset) return FSA_OK;
  fsa_buffer_puts(out, prefix);
  return put_sid(out, bytes, offset, &size);
}

static int put_descriptor(FsaBuffer *out, FsaBytes bytes) {
  const uint8_t revision = fsa_u8(&bytes, 0);
  const uint16_t control = fsa_u16(&bytes, 2);
  const uint32_t owner = fsa_u32(&bytes, 4), group = fsa_u32(&bytes, 8);
  const uint32_t audit = fsa_u32(&bytes, 12), access = fsa_u32(&bytes, 16);
  if (bytes.bad || revision != 1) return FSA_E_FORMAT;
  int result = put_principal(out, bytes, owner, "O:");
  if (result == FSA_OK) result = put_principal(out, bytes, group, "G:");
  if (result == FSA_OK) result = put_list(out, bytes, access, control, false);
  if (result == FSA_OK) result = put_list(out, bytes, audit, control, true);
  return result;
}

int fsa_nt_sddl(FsaBytes descriptor, FsaArena *arena, FsaText *ret_sddl) {
  FsaBuffer out = fsa_buffer(FSA_MAX_SDDL);
  int result = put_descriptor(&out, descriptor);
  if (result == FSA_OK) result = out.error;
  const char *text = NULL;
  if (result == FSA_OK) text = fsa_arena_copy(arena, fsa_buffer_text(&out), out.size);
  if (result == FSA_OK && !text) result = FSA_E_NOMEM;
  if (result == FSA_OK) *ret_sddl = (FsaText){text, out.size};
  fsa_buffer_done(&out);
  return result;
}
