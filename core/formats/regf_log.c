/*
 * regf: bringing a dirty hive up to date from its transaction logs.
 *
 * A hive is dirty when its two sequence numbers differ or its checksum is wrong. The old log format
 * (a bitmap of 512-byte pages, "DIRT") holds one set of pages; the new one (Windows 8.1 and later,
 * "HvLE" entries with Marvin32 hashes) is a chain of entries by sequence number that can continue
 * in the other log file. Windows ignores the logs of a clean hive, and so do we. The replay works
 * on a private copy and never grows it beyond what the logs can fill.
 */
#include <stdlib.h>

#include "formats/regf_hive.h"

enum { LOG_HEAD = 512, ENTRY_HEAD = 40, ENTRY_ALIGNMENT = 512, DIRTY_PAGE = 512 };

typedef struct Log {
  FsaBytes bytes;
  FsaRegfBase base;
  bool is_new;
} Log;

/* ---- Marvin32 [Windows registry file format specification, "Log entries"] -------------------- */

static inline uint32_t rotate(uint32_t word, int by) {
  return word << by | word >> (32 - by);
}

static inline void marvin_mix(uint32_t *low, uint32_t *high, uint32_t word) {
  *low += word;
  *high ^= *low;
  *low = rotate(*low, 20) + *high;
  *high = rotate(*high, 9) ^ *low;
  *low = rotate(*low, 27) + *high;
  *high = rotate(*high, 19);
}

/* The hash of `size` bytes at `offset`, with the seed 0x82EF4D887A4E55C5 of log entries. */
static uint64_t marvin32(FsaBytes *bytes, size_t offset, size_t size) {
  uint32_t low = 0x7A4E55C5u, high = 0x82EF4D88u, last = 0x80;
  size_t whole = size / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) marvin_mix(&low, &high, fsa_u32(bytes, offset + i));
  for (size_t i = size; i > whole; i--) last = last << 8 | fsa_u8(bytes, offset + i - 1);
  marvin_mix(&low, &high, last);
  marvin_mix(&low, &high, 0);
  return (uint64_t)high << 32 | low;
}

/* ---- the copy -------------------------------------------------------------------------------- */

/* Makes the copy, or makes it larger; what is added is zero. */
static int copy_reserve(FsaRegf *hive, size_t size) {
  size_t old = hive->file.size;
  if (hive->copy && size <= old) return FSA_OK;
  if (size < old) size = old;
  uint8_t *copy = realloc(hive->copy, size);
  if (!copy) return FSA_E_NOMEM;
  if (!hive->copy) memcpy(copy, hive->file.data, old);
  memset(copy + old, 0, size - old);
  hive->copy = copy;
  hive->file = fsa_bytes(copy, size);
  return FSA_OK;
}

/* The log's copy of the base block replaces the primary's. */
static int take_base(FsaRegf *hive, const Log *log) {
  int rc = copy_reserve(hive, hive->file.size);
  if (rc < 0) return rc;
  memcpy(hive->copy, log->bytes.data, LOG_HEAD);
  hive->base = log->base;
  return FSA_OK;
}

/* True when bins of this size are possible: what the file lacks must come from the log. */
static bool bins_size_is_sane(const FsaRegf *hive, uint32_t size) {
  return size && size % REGF_PAGE == 0 && size <= FSA_MAX_HIVE_BYTES && size <= hive->most;
}

/* ---- choosing the logs ----------------------------------------------------------------------- */

static bool read_log(FsaBytes bytes, Log *ret_log) {
  Log log = {.bytes = bytes, .base = fsa_regf_base(bytes)};
  uint32_t type = log.base.type;
  if (!log.base.is_sound || (type != 1 && type != 2 && type != 6)) return false;
  if (log.base.sequence1 != log.base.sequence2) return false;
  log.is_new = type == 6;
  *ret_log = log;
  return true;
}

/* The logs that have a sound head, by sequence number, the earliest first. */
static size_t read_logs(const FsaBytes *logs, size_t count, FsaRegfTeller *teller,
                        Log ret_logs[FSA_MAX_REGF_LOGS]) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    Log log;
    if (logs[i].size == 0) continue;
    if (found == FSA_MAX_REGF_LOGS) {
      fsa_regf_tell(teller, FSA_E_LIMIT, FSA_NO_OFFSET, "only %d logs are looked at, %zu came",
                    FSA_MAX_REGF_LOGS, count);
      break;
    }
    if (!read_log(logs[i], &log)) {
      fsa_regf_tell(teller, FSA_E_FORMAT, FSA_NO_OFFSET,
                    "log %zu of %zu (%zu bytes) has no sound head and is not used", i + 1, count,
                    logs[i].size);
      continue;
    }
    size_t at = found++;
    for (; at && ret_logs[at - 1].base.sequence1 > log.base.sequence1; at--)
      ret_logs[at] = ret_logs[at - 1];
    ret_logs[at] = log;
  }
  return found;
}

/* ---- the new format -------------------------------------------------------------------------- */

typedef struct Entry {
  size_t offset, size; /* in the log */
  uint32_t sequence, bins_size, page_count;
} Entry;

/* True when every page of the entry lies in the entry and in the bins. */
static bool pages_fit(FsaBytes *log, const Entry *entry) {
  uint64_t references = (uint64_t)entry->page_count * 8, used = ENTRY_HEAD + references;
  if (used > entry->size) return false;
  for (uint32_t i = 0; i < entry->page_count; i++) {
    size_t reference = entry->offset + ENTRY_HEAD + 8 * (size_t)i;
    uint32_t at = fsa_u32(log, reference), size = fsa_u32(log, reference + 4);
    used += size;
    if (at > entry->bins_size || size > entry->bins_size - at || used > entry->size) return false;
  }
  return true;
}

/*
 * Reads the entry at `offset`. FSA_ROW when it is sound and has the wanted sequence number; FSA_OK
 * when the chain ends here (nothing, or a sound entry that is older); FSA_E_FORMAT when an entry is
 * there but torn or damaged.
 */
static int read_entry(const FsaRegf *hive, const Log *log, size_t offset, uint32_t wanted,
                      Entry *ret_entry) {
  FsaBytes bytes = log->bytes;
  if (!fsa_bytes_match(&bytes, offset, "HvLE", 4)) return FSA_OK;
  Entry entry = {
      .offset = offset,
      .size = fsa_u32(&bytes, offset + 4),
      .sequence = fsa_u32(&bytes, offset + 12),
      .bins_size = fsa_u32(&bytes, offset + 16),
      .page_count = fsa_u32(&bytes, offset + 20),
  };
  uint64_t hash1 = fsa_u64(&bytes, offset + 24), hash2 = fsa_u64(&bytes, offset + 32);
  if (bytes.bad || marvin32(&bytes, offset, 32) != hash2) return FSA_E_FORMAT;
  if (entry.sequence < wanted) return FSA_OK;
  if (entry.sequence > wanted || entry.size < ENTRY_HEAD || entry.size % ENTRY_ALIGNMENT ||
      !fsa_bytes_has(&bytes, offset, entry.size))
    return FSA_E_FORMAT;
  if (marvin32(&bytes, offset + ENTRY_HEAD, entry.size - ENTRY_HEAD) != hash1) return FSA_E_FORMAT;
  if (!bins_size_is_sane(hive, entry.bins_size) || !pages_fit(&bytes, &entry)) return FSA_E_FORMAT;
  *ret_entry = entry;
  return FSA_ROW;
}

static int apply_entry(FsaRegf *hive, const Log *log, const Entry *entry) {
  int rc = copy_reserve(hive, REGF_BASE_SIZE + (size_t)entry->bins_size);
  if (rc < 0) return rc;
  FsaBytes bytes = log->bytes;
  size_t page = entry->offset + ENTRY_HEAD + 8 * (size_t)entry->page_count;
  for (uint32_t i = 0; i < entry->page_count; i++) {
    size_t reference = entry->offset + ENTRY_HEAD + 8 * (size_t)i;
    uint32_t at = fsa_u32(&bytes, reference), size = fsa_u32(&bytes, reference + 4);
    if (size) memcpy(hive->copy + REGF_BASE_SIZE + at, bytes.data + page, size);
    page += size;
  }
  hive->base.bins_size = entry->bins_size;
  hive->base.sequence1 = hive->base.sequence2 = entry->sequence;
  return FSA_OK;
}

/* Applies the chain of entries that starts with `*next`, and moves `*next` behind the last one. */
static int apply_chain(FsaRegf *hive, const Log *log, uint32_t *next, FsaRegfTeller *teller) {
  size_t offset = LOG_HEAD;
  for (;;) {
    Entry entry;
    int rc = read_entry(hive, log, offset, *next, &entry);
    if (rc == FSA_E_FORMAT)
      fsa_regf_tell(teller, FSA_E_FORMAT, FSA_NO_OFFSET,
                    "the log entry %u is torn or damaged (at %zu of a log of %zu bytes): it and "
                    "what follows it is lost",
                    *next, offset, log->bytes.size);
    if (rc != FSA_ROW) return FSA_OK;
    rc = apply_entry(hive, log, &entry);
    if (rc < 0) return rc;
    hive->replay = FSA_REGF_REPLAYED;
    offset += entry.size;
    (*next)++;
  }
}

/*
 * The chain starts with the log whose first entry is not yet in the primary, and goes on in the
 * later one. A base block that is damaged is taken from the log with the latest entries, and only
 * that log counts. [specification, "Multiple transaction log files"]
 */
static int apply_new_logs(FsaRegf *hive, const Log *logs, size_t count, FsaRegfTeller *teller) {
  bool has_base = hive->base.is_sound, is_started = false;
  uint32_t oldest = hive->base.sequence2, next = 0;
  for (size_t i = has_base ? 0 : count - 1; i < count; i++) {
    const Log *log = &logs[i];
    uint32_t first = log->base.sequence1;
    if (!log->is_new || (has_base && first < oldest) || (is_started && first < next)) continue;
    if (is_started && first > next) {
      fsa_regf_tell(
          teller, FSA_E_STALE, FSA_NO_OFFSET,
          "the log entries from %u on cannot be applied: the entries %u to %u are missing", first,
          next, first - 1);
      break;
    }
    is_started = true;
    next = first;
    int rc = has_base ? FSA_OK : take_base(hive, log);
    if (rc == FSA_OK) rc = apply_chain(hive, log, &next, teller);
    if (rc < 0) return rc;
  }
  return FSA_OK;
}

/* ---- the old format -------------------------------------------------------------------------- */

/*
 * The log of the write that did not finish: it carries the primary's time of writing, or a later
 * one after failed writes, and no number of a write that was finished before. With a damaged base
 * block the first bin has a copy of that time.
 */
static const Log *choose_old_log(const FsaRegf *hive, const Log *logs, size_t count) {
  FsaBytes file = hive->file;
  uint64_t time = hive->base.is_sound ? hive->base.write_time : fsa_u64(&file, REGF_BASE_SIZE + 20);
  const Log *best = NULL;
  for (size_t i = 0; i < count; i++) {
    const Log *log = &logs[i];
    if (log->is_new || log->base.write_time < time) continue;
    if (hive->base.is_sound && log->base.sequence1 < hive->base.sequence2) continue;
    if (!best || log->base.write_time >= best->base.write_time) best = log;
  }
  return best;
}

static size_t count_bits(FsaBytes *bytes, size_t offset, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += (size_t)__builtin_popcount(fsa_u8(bytes, offset + i));
  return count;
}

static int apply_old_log(FsaRegf *hive, const Log *log, FsaRegfTeller *teller) {
  FsaBytes bytes = log->bytes;
  uint32_t bins_size = log->base.bins_size, sector = log->base.sector;
  size_t bits = sector + 4, bits_size = bins_size / DIRTY_PAGE / 8;
  size_t page = (bits + bits_size + sector - 1) / sector * sector;
  bool is_sane = bins_size_is_sane(hive, bins_size) && fsa_bytes_has(&bytes, bits, bits_size);
  if (!is_sane || !fsa_bytes_match(&bytes, sector, "DIRT", 4) ||
      !fsa_bytes_has(&bytes, page, count_bits(&bytes, bits, bits_size) * DIRTY_PAGE)) {
    fsa_regf_tell(teller, FSA_E_FORMAT, FSA_NO_OFFSET,
                  "the log of the unfinished write (sequence %u, %zu bytes) is cut or damaged",
                  log->base.sequence1, bytes.size);
    return FSA_OK;
  }
  int rc = copy_reserve(hive, REGF_BASE_SIZE + (size_t)bins_size);
  if (rc < 0) return rc;
  for (size_t i = 0; i < bits_size * 8; i++) {
    if (!(fsa_u8(&bytes, bits + i / 8) >> i % 8 & 1)) continue;
    memcpy(hive->copy + REGF_BASE_SIZE + i * DIRTY_PAGE, bytes.data + page, DIRTY_PAGE);
    page += DIRTY_PAGE;
  }
  hive->replay = FSA_REGF_REPLAYED;
  return take_base(hive, log);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void tell_stale(const FsaRegfBase *primary, size_t log_count, FsaRegfTeller *teller) {
  const char *logs = log_count ? "none of its logs could be applied" : "it came without a log";
  if (primary->is_sound)
    fsa_regf_tell(teller, FSA_E_STALE, 4,
                  "the last write to the hive did not finish (sequence numbers %u and %u) and %s",
                  primary->sequence1, primary->sequence2, logs);
  else
    fsa_regf_tell(teller, FSA_E_STALE, 0,
                  "without a sound base block the hive counts as not written to the end, and %s",
                  logs);
}

int fsa_regf_apply_logs(FsaRegf *hive, const FsaBytes *logs, size_t log_count,
                        FsaRegfTeller *teller) {
  Log sound[FSA_MAX_REGF_LOGS];
  FsaRegfBase primary = hive->base;
  hive->most = hive->file.size;
  for (size_t i = 0; i < log_count; i++) hive->most += logs[i].size;
  size_t count = read_logs(logs, log_count, teller, sound);
  int rc = count ? apply_new_logs(hive, sound, count, teller) : FSA_OK;
  if (rc == FSA_OK && hive->replay != FSA_REGF_REPLAYED) {
    const Log *old = choose_old_log(hive, sound, count);
    hive->base = primary;
    if (old) rc = apply_old_log(hive, old, teller);
  }
  if (rc < 0 || hive->replay == FSA_REGF_REPLAYED) return rc;
  hive->replay = FSA_REGF_STALE;
  tell_stale(&primary, log_count, teller);
  return FSA_OK;
}
