/*
 * regf: opening a hive. The format is described in docs/formats/regf.md.
 *
 * Order: base block, logs when the hive is dirty, bins and cells, the root key.
 */
#include "formats/regf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/regf_hive.h"

enum { REGF_MINOR_NT31 = 1, REGF_MINOR_NEWEST = 6 };

/* ---- telling --------------------------------------------------------------------------------- */

void fsa_regf_tell(FsaRegfTeller *teller, int code, uint64_t offset, const char *format, ...) {
  if (teller->told++ >= FSA_MAX_REGF_PROBLEMS || !teller->problem) return;
  char message[FSA_MAX_MESSAGE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  teller->problem(teller->context, code, offset, message);
}

void fsa_regf_tell_end(FsaRegfTeller *teller) {
  if (teller->told <= FSA_MAX_REGF_PROBLEMS || !teller->problem) return;
  char message[FSA_MAX_MESSAGE];
  snprintf(message, sizeof message, "%zu further problems of the same call are not listed",
           teller->told - FSA_MAX_REGF_PROBLEMS);
  teller->problem(teller->context, FSA_E_LIMIT, FSA_NO_OFFSET, message);
}

/* ---- the base block -------------------------------------------------------------------------- */

/* XOR of the first 508 bytes; all ones and zero are avoided. */
static uint32_t checksum(FsaBytes *file) {
  uint32_t sum = 0;
  for (size_t at = 0; at < 508; at += 4) sum ^= fsa_u32(file, at);
  if (sum == UINT32_MAX) return UINT32_MAX - 1;
  return sum ? sum : 1;
}

FsaRegfBase fsa_regf_base(FsaBytes file) {
  FsaRegfBase base = {
      .sequence1 = fsa_u32(&file, 4),
      .sequence2 = fsa_u32(&file, 8),
      .write_time = fsa_u64(&file, 12),
      .major = fsa_u32(&file, 20),
      .minor = fsa_u32(&file, 24),
      .type = fsa_u32(&file, 28),
      .root = fsa_u32(&file, 36),
      .bins_size = fsa_u32(&file, 40),
      .sector = 512,
      .is_signed = fsa_bytes_match(&file, 0, "regf", 4),
  };
  if (fsa_u32(&file, 44) == 8) base.sector = 4096;
  base.is_sound = base.is_signed && checksum(&file) == fsa_u32(&file, 508) && !file.bad;
  return base;
}

/* True for a file that begins like a hive but carries a log's records. */
static bool is_log(FsaBytes *file, const FsaRegfBase *base) {
  if (base->type != 1 && base->type != 2 && base->type != 6) return false;
  return !fsa_bytes_match(file, REGF_BASE_SIZE, "hbin", 4) ||
         fsa_bytes_match(file, 512, "DIRT", 4) || fsa_bytes_match(file, 512, "HvLE", 4);
}

bool fsa_regf_probe(FsaBytes head) {
  FsaRegfBase base = fsa_regf_base(head);
  return base.is_signed && !is_log(&head, &base);
}

/*
 * A hive begins with a base block, or - where that was overwritten, as ransomware does it - at
 * least with a bin behind the place of the base block.
 */
static bool is_hive(FsaBytes *file, const FsaRegfBase *base) {
  if (file->size < REGF_BASE_SIZE + REGF_BIN_HEAD) return false;
  if (base->is_signed) return !is_log(file, base);
  return fsa_bytes_match(file, REGF_BASE_SIZE, "hbin\0\0\0", 8);
}

/* What a base block that cannot be trusted must not decide. */
static int settle_base(FsaRegf *hive, FsaRegfTeller *teller) {
  FsaRegfBase *base = &hive->base;
  bool is_known = base->major == 1 && base->minor <= REGF_MINOR_NEWEST;
  if (base->is_sound && !is_known) return FSA_E_VERSION;
  if (!base->is_sound)
    fsa_regf_tell(teller, FSA_E_FORMAT, 0,
                  base->is_signed ? "the checksum of the base block is wrong: its fields may be too"
                                  : "there is no base block: the bins are read without it");
  if (!base->is_signed || !is_known) {
    base->major = 1;
    base->minor = 5;
  }
  if (!base->is_signed) {
    base->root = REGF_NOWHERE;
    uint64_t size = hive->file.size - REGF_BASE_SIZE;
    base->bins_size = (uint32_t)(size / REGF_PAGE * REGF_PAGE);
  }
  hive->has_wide_names = base->minor <= REGF_MINOR_NT31;
  hive->cell_head = hive->has_wide_names ? 8 : 4;
  return FSA_OK;
}

/* ---- the root key ---------------------------------------------------------------------------- */

/* The first key that is flagged as a root, in a hive whose base block points elsewhere. */
static FsaRegfKey search_root(const FsaRegf *hive) {
  uint64_t words = (hive->end - REGF_BASE_SIZE + 7) / 8 / 64 + 1;
  for (uint64_t word = 0; word < words; word++) {
    for (uint64_t bits = hive->starts[word]; bits; bits &= bits - 1) {
      FsaRegfKey key = REGF_BASE_SIZE + (word * 64 + (uint64_t)__builtin_ctzll(bits)) * 8;
      FsaRegfCell cell;
      if (fsa_regf_key_cell(hive, key, &cell) && fsa_u16(&cell.bytes, NK_FLAGS) & REGF_KEY_ROOT)
        return key;
    }
  }
  return 0;
}

static FsaRegfKey find_root(const FsaRegf *hive, FsaRegfTeller *teller) {
  FsaRegfCell cell;
  FsaRegfKey claimed = fsa_regf_file_offset(hive->base.root);
  if (fsa_regf_key_cell(hive, claimed, &cell)) return claimed;
  FsaRegfKey root = search_root(hive);
  if (root)
    fsa_regf_tell(teller, FSA_E_FORMAT, 36,
                  "the base block's root key (0x%x) is no key: the key at %llu is marked as root",
                  hive->base.root, (unsigned long long)root);
  else
    fsa_regf_tell(teller, FSA_E_FORMAT, 36,
                  "the base block's root key (0x%x) is no key, and no other is marked as root",
                  hive->base.root);
  return root;
}

/* ---- open and close -------------------------------------------------------------------------- */

static int open_parts(FsaRegf *hive, const FsaBytes *logs, size_t log_count,
                      FsaRegfTeller *teller) {
  int rc = FSA_OK;
  if (!hive->base.is_sound || hive->base.sequence1 != hive->base.sequence2)
    rc = fsa_regf_apply_logs(hive, logs, log_count, teller);
  if (rc == FSA_OK) rc = settle_base(hive, teller);
  if (rc == FSA_OK) rc = fsa_regf_frame(hive, teller);
  if (rc == FSA_OK) hive->root = find_root(hive, teller);
  return rc;
}

int fsa_regf_open(FsaBytes primary, const FsaBytes *logs, size_t log_count, FsaRegfProblem *problem,
                  void *context, FsaRegf **ret_hive) {
  FsaRegfTeller teller = {.problem = problem, .context = context};
  FsaRegfBase base = fsa_regf_base(primary);
  if (!is_hive(&primary, &base)) return FSA_E_FORMAT;
  FsaRegf *hive = calloc(1, sizeof *hive);
  if (!hive) return FSA_E_NOMEM;
  hive->lazy = calloc(1, sizeof *hive->lazy);
  hive->file = fsa_bytes(primary.data, primary.size);
  hive->base = base;
  if (hive->file.size > FSA_MAX_HIVE_BYTES) {
    fsa_regf_tell(&teller, FSA_E_LIMIT, FSA_MAX_HIVE_BYTES, "the hive is larger than 2 GiB");
    hive->file.size = FSA_MAX_HIVE_BYTES;
  }
  int rc = hive->lazy ? open_parts(hive, logs, log_count, &teller) : FSA_E_NOMEM;
  fsa_regf_tell_end(&teller);
  if (rc < 0) {
    fsa_regf_close(hive);
    return rc;
  }
  *ret_hive = hive;
  return FSA_OK;
}

void fsa_regf_close(FsaRegf *hive) {
  if (!hive) return;
  if (hive->lazy) {
    fsa_regf_adoptions_free(atomic_load(&hive->lazy->adoptions));
    fsa_regf_deleted_free(atomic_load(&hive->lazy->deleted));
  }
  free(hive->lazy);
  free(hive->loose);
  free(hive->starts);
  free(hive->copy);
  free(hive);
}

FsaRegfReplay fsa_regf_replay(const FsaRegf *hive) {
  return hive->replay;
}

FsaRegfKey fsa_regf_root(const FsaRegf *hive) {
  return hive->root;
}

FsaText fsa_regf_file_name(const FsaRegf *hive, FsaArena *arena) {
  FsaBytes file = hive->file;
  FsaBytes name = fsa_slice(&file, 48, 64);
  return fsa_text_from_utf16z(arena, name.data, name.size / 2);
}
