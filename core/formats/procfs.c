/*
 * The texts of Linux's /proc: stat, status, maps, smaps, net/unix and the small ones.
 * [proc(5), Documentation/filesystems/proc.rst]
 *
 * A field ends where its line ends: a cut or hostile file gives FSA_E_FORMAT or unknown values,
 * never a read beyond the line.
 */
#include "formats/procfs.h"

#include <string.h>

/* The unread part of a line. */
typedef struct Rest {
  const char *at, *end;
} Rest;

static bool text_is(FsaText text, const char *other) {
  return text.size == strlen(other) && memcmp(text.data, other, text.size) == 0;
}

static bool starts(FsaText text, const char *prefix) {
  size_t size = strlen(prefix);
  return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/* The last `c` of the text, or NULL. memrchr() is not everywhere. */
static const char *find_last(FsaText text, char c) {
  for (size_t i = text.size; i > 0; i--)
    if (text.data[i - 1] == c) return text.data + i - 1;
  return NULL;
}

static void skip_blanks(Rest *rest) {
  while (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\t')) rest->at++;
}

/* The value of a digit in any base up to 16; 255 for other characters. */
static unsigned digit(char c) {
  if (c >= '0' && c <= '9') return (unsigned)(c - '0');
  if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
  return 255;
}

/* Digits up to the first other character; false without a digit or beyond 64 bits. */
static bool take_digits(Rest *rest, unsigned base, uint64_t *ret_number) {
  uint64_t number = 0;
  const char *at = rest->at;
  for (; at < rest->end && digit(*at) < base; at++) {
    if (number > (UINT64_MAX - digit(*at)) / base) return false;
    number = number * base + digit(*at);
  }
  if (at == rest->at) return false;
  rest->at = at;
  *ret_number = number;
  return true;
}

/* A number with what stands before it skipped and what must stand behind it taken. */
static bool take_number(Rest *rest, unsigned base, uint64_t *ret_number) {
  skip_blanks(rest);
  return take_digits(rest, base, ret_number);
}

static bool take_signed(Rest *rest, int64_t *ret_number) {
  skip_blanks(rest);
  bool negative = rest->at < rest->end && *rest->at == '-';
  uint64_t number;
  Rest behind = {rest->at + (negative ? 1 : 0), rest->end};
  if (!take_digits(&behind, 10, &number) || number > INT64_MAX) return false;
  *rest = behind;
  *ret_number = negative ? -(int64_t)number : (int64_t)number;
  return true;
}

static bool take_char(Rest *rest, char c) {
  if (rest->at == rest->end || *rest->at != c) return false;
  rest->at++;
  return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

bool fsa_proc_line(FsaProcLines *lines, FsaText *ret_line) {
  if (lines->at >= lines->bytes.size) return false;
  const char *start = (const char *)lines->bytes.data + lines->at;
  size_t left = lines->bytes.size - lines->at;
  const char *newline = memchr(start, '\n', left);
  size_t size = newline ? (size_t)(newline - start) : left;
  *ret_line = (FsaText){start, size};
  lines->at += newline ? size + 1 : size;
  return true;
}

bool fsa_proc_value(FsaBytes bytes, const char *key, FsaText *ret_value) {
  FsaProcLines lines = {bytes, 0};
  FsaText line;
  size_t key_size = strlen(key);
  while (fsa_proc_line(&lines, &line)) {
    if (!starts(line, key)) continue;
    Rest rest = {line.data + key_size, line.data + line.size};
    skip_blanks(&rest);
    *ret_value = (FsaText){rest.at, (size_t)(rest.end - rest.at)};
    return true;
  }
  return false;
}

bool fsa_proc_number(FsaText text, unsigned base, uint64_t *ret_number) {
  Rest rest = {text.data, text.data + text.size};
  uint64_t number;
  if (text.size == 0 || !take_number(&rest, base, &number)) return false;
  skip_blanks(&rest);
  take_char(&rest, '\n');
  if (rest.at != rest.end) return false;
  *ret_number = number;
  return true;
}

/* ---- stat ------------------------------------------------------------------------------------ */

/* Skips `count` fields of any content. */
static bool skip_fields(Rest *rest, int count) {
  for (; count > 0; count--) {
    skip_blanks(rest);
    if (rest->at == rest->end) return false;
    while (rest->at < rest->end && *rest->at != ' ') rest->at++;
  }
  return true;
}

/* The name stands in parentheses and may hold some itself: it ends at the last one of the text. */
static bool take_name(FsaBytes bytes, Rest *ret_rest, FsaText *ret_name) {
  if (bytes.size == 0) return false;
  const char *text = (const char *)bytes.data;
  const char *open = memchr(text, '(', bytes.size);
  const char *close = find_last((FsaText){text, bytes.size}, ')');
  if (!open || !close || close < open) return false;
  *ret_name = (FsaText){open + 1, (size_t)(close - open - 1)};
  *ret_rest = (Rest){close + 1, text + bytes.size};
  return true;
}

int fsa_proc_stat(FsaBytes bytes, FsaProcStat *ret_stat) {
  FsaProcStat stat = {.state = 0};
  Rest rest;
  if (!take_name(bytes, &rest, &stat.name)) return FSA_E_FORMAT;
  skip_blanks(&rest);
  if (rest.at == rest.end) return FSA_E_FORMAT;
  stat.state = *rest.at++;
  bool good =
      take_signed(&rest, &stat.parent) && take_signed(&rest, &stat.group) &&
      take_signed(&rest, &stat.session) && take_signed(&rest, &stat.terminal) &&
      skip_fields(&rest, 1) &&                                        /* tpgid */
      take_number(&rest, 10, &stat.flags) && skip_fields(&rest, 4) && /* page faults */
      take_number(&rest, 10, &stat.user_ticks) && take_number(&rest, 10, &stat.system_ticks) &&
      skip_fields(&rest, 3) && /* cutime, cstime, priority */
      take_signed(&rest, &stat.nice) && take_signed(&rest, &stat.threads) &&
      skip_fields(&rest, 1) && /* itrealvalue */
      take_number(&rest, 10, &stat.start_ticks) && take_number(&rest, 10, &stat.virtual_size) &&
      take_number(&rest, 10, &stat.resident_pages);
  if (!good) return FSA_E_FORMAT;
  *ret_stat = stat;
  return FSA_OK;
}

/* ---- status ---------------------------------------------------------------------------------- */

static int64_t number_or_unknown(FsaText value) {
  uint64_t number;
  return fsa_proc_number(value, 10, &number) && number <= INT64_MAX ? (int64_t)number
                                                                    : FSA_PROC_UNKNOWN;
}

static bool take_ids(FsaText value, int64_t ids[FSA_PROC_IDS]) {
  Rest rest = {value.data, value.data + value.size};
  int64_t taken[FSA_PROC_IDS];
  for (int i = 0; i < FSA_PROC_IDS; i++)
    if (!take_signed(&rest, &taken[i])) return false;
  memcpy(ids, taken, sizeof taken);
  return true;
}

/* Bytes of "12 kB". */
static int64_t kilobytes(FsaText value) {
  Rest rest = {value.data, value.data + value.size};
  uint64_t number;
  if (!take_number(&rest, 10, &number) || number > INT64_MAX / 1024) return FSA_PROC_UNKNOWN;
  return (int64_t)number * 1024;
}

/* "8085 3 1": the last one. */
static int64_t last_number(FsaText value) {
  Rest rest = {value.data, value.data + value.size};
  int64_t number, last = FSA_PROC_UNKNOWN;
  while (take_signed(&rest, &number)) last = number;
  return last;
}

static void take_groups(FsaText value, FsaProcStatus *status) {
  Rest rest = {value.data, value.data + value.size};
  int64_t group, count = 0;
  while (take_signed(&rest, &group)) count++;
  while (value.size && value.data[value.size - 1] == ' ') value.size--;
  status->groups = value;
  status->group_count = count;
}

/* "CapInh" .. "CapAmb": which one, or -1. */
static int capability_index(FsaText key) {
  static const char *const names[FSA_PROC_CAPABILITIES] = {
      [FSA_PROC_INHERITABLE] = "CapInh", [FSA_PROC_PERMITTED] = "CapPrm",
      [FSA_PROC_ACTIVE] = "CapEff",      [FSA_PROC_BOUNDING] = "CapBnd",
      [FSA_PROC_AMBIENT] = "CapAmb",
  };
  for (int i = 0; i < FSA_PROC_CAPABILITIES; i++)
    if (text_is(key, names[i])) return i;
  return -1;
}

static void take_status_line(FsaText key, FsaText value, FsaProcStatus *status) {
  if (key.data[0] == 'C') {
    int index = capability_index(key);
    if (index >= 0 && fsa_proc_number(value, 16, &status->capabilities[index]))
      status->capabilities_known |= 1u << index;
  } else if (text_is(key, "Name"))
    status->name = value;
  else if (text_is(key, "TracerPid"))
    status->tracer = number_or_unknown(value);
  else if (text_is(key, "NSpid"))
    status->namespace_pid = last_number(value);
  else if (text_is(key, "Uid"))
    take_ids(value, status->uids);
  else if (text_is(key, "Gid"))
    take_ids(value, status->gids);
  else if (text_is(key, "Groups"))
    take_groups(value, status);
  else if (text_is(key, "VmRSS"))
    status->resident_size = kilobytes(value);
  else if (text_is(key, "NoNewPrivs"))
    status->no_new_privileges = number_or_unknown(value);
  else if (text_is(key, "Seccomp"))
    status->seccomp = number_or_unknown(value);
  else if (text_is(key, "Seccomp_filters"))
    status->seccomp_filters = number_or_unknown(value);
}

int fsa_proc_status(FsaBytes bytes, FsaProcStatus *ret_status) {
  FsaProcStatus status = {
      .name = {NULL, 0},
      .groups = {NULL, 0},
      .group_count = FSA_PROC_UNKNOWN,
      .tracer = FSA_PROC_UNKNOWN,
      .namespace_pid = FSA_PROC_UNKNOWN,
      .no_new_privileges = FSA_PROC_UNKNOWN,
      .seccomp = FSA_PROC_UNKNOWN,
      .seccomp_filters = FSA_PROC_UNKNOWN,
      .resident_size = FSA_PROC_UNKNOWN,
  };
  for (int i = 0; i < FSA_PROC_IDS; i++) status.uids[i] = status.gids[i] = FSA_PROC_UNKNOWN;
  FsaProcLines lines = {bytes, 0};
  FsaText line;
  while (fsa_proc_line(&lines, &line)) {
    const char *colon = memchr(line.data, ':', line.size);
    if (!colon || colon == line.data) continue;
    Rest rest = {colon + 1, line.data + line.size};
    skip_blanks(&rest);
    take_status_line((FsaText){line.data, (size_t)(colon - line.data)},
                     (FsaText){rest.at, (size_t)(rest.end - rest.at)}, &status);
  }
  if (status.uids[0] == FSA_PROC_UNKNOWN || status.gids[0] == FSA_PROC_UNKNOWN) return FSA_E_FORMAT;
  *ret_status = status;
  return FSA_OK;
}

/* ---- maps, smaps ----------------------------------------------------------------------------- */

static bool take_flag(Rest *rest, char set, char unset, bool *ret_flag) {
  if (rest->at == rest->end || (*rest->at != set && *rest->at != unset)) return false;
  *ret_flag = *rest->at++ == set;
  return true;
}

/* "55a4a866d000-55a4a8672000 r-xp 00002000 fe:00 247026     /usr/bin/cat" */
static bool take_region(FsaText line, FsaProcRegion *region) {
  Rest rest = {line.data, line.data + line.size};
  bool good = take_digits(&rest, 16, &region->start) && take_char(&rest, '-') &&
              take_digits(&rest, 16, &region->end) && take_char(&rest, ' ') &&
              take_flag(&rest, 'r', '-', &region->is_readable) &&
              take_flag(&rest, 'w', '-', &region->is_writable) &&
              take_flag(&rest, 'x', '-', &region->is_executable) &&
              take_flag(&rest, 's', 'p', &region->is_shared) && take_char(&rest, ' ') &&
              take_digits(&rest, 16, &region->offset) && take_char(&rest, ' ') &&
              take_digits(&rest, 16, &region->major) && take_char(&rest, ':') &&
              take_digits(&rest, 16, &region->minor) && take_char(&rest, ' ') &&
              take_digits(&rest, 10, &region->inode) && region->start < region->end;
  if (!good) return false;
  skip_blanks(&rest);
  region->name = (FsaText){rest.at, (size_t)(rest.end - rest.at)};
  return true;
}

/* "rd ex mr mw me ac": two letters each. */
static bool has_flag(FsaText flags, const char *flag) {
  for (size_t i = 0; i + 2 <= flags.size; i += 3)
    if (flags.data[i] == flag[0] && flags.data[i + 1] == flag[1]) return true;
  return false;
}

/* The lines of smaps that follow a region; they begin with a capital letter, a region does not. */
static void take_use(FsaText line, FsaProcRegion *region) {
  const char *colon = memchr(line.data, ':', line.size);
  if (!colon) return;
  FsaText key = {line.data, (size_t)(colon - line.data)};
  Rest rest = {colon + 1, line.data + line.size};
  skip_blanks(&rest);
  FsaText value = {rest.at, (size_t)(rest.end - rest.at)};
  if (text_is(key, "Rss"))
    region->resident_size = kilobytes(value);
  else if (text_is(key, "Anonymous"))
    region->anonymous_size = kilobytes(value);
  else if (text_is(key, "Swap"))
    region->swapped_size = kilobytes(value);
  else if (text_is(key, "VmFlags"))
    region->is_accounted = has_flag(value, "ac");
}

int fsa_proc_maps_next(FsaProcMaps *maps, FsaProcRegion *ret_region) {
  FsaProcLines lines = {maps->bytes, maps->at};
  FsaProcRegion region = {.resident_size = FSA_PROC_UNKNOWN,
                          .anonymous_size = FSA_PROC_UNKNOWN,
                          .swapped_size = FSA_PROC_UNKNOWN,
                          .is_accounted = FSA_PROC_UNKNOWN};
  FsaText line;
  if (!fsa_proc_line(&lines, &line)) return FSA_OK;
  bool good = take_region(line, &region);
  maps->at = lines.at;
  while (fsa_proc_line(&lines, &line) && line.size && line.data[0] >= 'A' && line.data[0] <= 'Z') {
    take_use(line, &region);
    maps->at = lines.at;
  }
  if (!good) return FSA_E_FORMAT;
  *ret_region = region;
  return FSA_ROW;
}

/* ---- net/unix -------------------------------------------------------------------------------- */

#define LISTENING 0x10000u /* __SO_ACCEPTCON [include/uapi/linux/net.h] */

/* "00000000c113d563: 00000003 00000000 00000000 0001 03  1061 /run/x" */
static bool take_unix_socket(FsaText line, FsaProcUnixSocket *ret_socket) {
  Rest rest = {line.data, line.data + line.size};
  uint64_t flags, type, state, inode;
  if (!skip_fields(&rest, 3)) return false; /* address, reference count, protocol */
  if (!take_number(&rest, 16, &flags) || !take_number(&rest, 16, &type) ||
      !take_number(&rest, 16, &state) || !take_number(&rest, 10, &inode))
    return false;
  if (type > 0xFFFF || state > 0xFF) return false;
  take_char(&rest, ' ');
  *ret_socket = (FsaProcUnixSocket){
      .inode = inode,
      .type = (unsigned)type,
      .state = (unsigned)state,
      .is_listening = (flags & LISTENING) != 0,
      .path = {rest.at, (size_t)(rest.end - rest.at)},
  };
  return true;
}

int fsa_proc_unix_next(FsaProcLines *lines, FsaProcUnixSocket *ret_socket) {
  FsaText line;
  do {
    if (!fsa_proc_line(lines, &line)) return FSA_OK;
  } while (line.size == 0 || starts(line, "Num "));
  return take_unix_socket(line, ret_socket) ? FSA_ROW : FSA_E_FORMAT;
}

/* ---- net/tcp and its kin --------------------------------------------------------------------- */

/*
 * "0100007F:0277" or 32 digits and a port: the address is a row of 32-bit words, each printed as
 * the number that its bytes make on this kind of machine, little-endian.
 */
static bool take_address(Rest *rest, uint8_t address[16], size_t *ret_size, uint16_t *ret_port) {
  uint64_t port;
  size_t digits = 0;
  skip_blanks(rest);
  const char *start = rest->at;
  while (rest->at < rest->end && digit(*rest->at) < 16) rest->at++, digits++;
  if (digits != 8 && digits != 32) return false;
  for (size_t i = 0; i < digits / 2; i++)
    address[i / 4 * 4 + 3 - i % 4] = (uint8_t)(digit(start[2 * i]) << 4 | digit(start[2 * i + 1]));
  if (!take_char(rest, ':') || !take_digits(rest, 16, &port) || port > 0xFFFF) return false;
  *ret_size = digits / 2;
  *ret_port = (uint16_t)port;
  return true;
}

/* "  0: LOCAL REMOTE 0A 00000000:00000000 00:00000000 00000000  1000  0 12345 1 ..." */
static bool take_inet_socket(FsaText line, FsaProcInetSocket *ret_socket) {
  Rest rest = {line.data, line.data + line.size};
  FsaProcInetSocket socket = {.inode = 0};
  uint64_t state;
  size_t remote_size;
  if (!skip_fields(&rest, 1)) return false; /* its number */
  if (!take_address(&rest, socket.local, &socket.address_size, &socket.local_port) ||
      !take_address(&rest, socket.remote, &remote_size, &socket.remote_port) ||
      remote_size != socket.address_size || !take_number(&rest, 16, &state) || state > 0xFF)
    return false;
  if (!skip_fields(&rest, 3)) return false; /* queues, timer, retransmits */
  if (!take_number(&rest, 10, &socket.uid) || !skip_fields(&rest, 1)) return false;
  if (!take_number(&rest, 10, &socket.inode)) return false;
  socket.state = (unsigned)state;
  *ret_socket = socket;
  return true;
}

int fsa_proc_inet_next(FsaProcLines *lines, FsaProcInetSocket *ret_socket) {
  FsaText line;
  do {
    if (!fsa_proc_line(lines, &line)) return FSA_OK;
  } while (line.size == 0 || starts(line, "  sl ") || starts(line, "   sl "));
  return take_inet_socket(line, ret_socket) ? FSA_ROW : FSA_E_FORMAT;
}

/* ---- small ones ------------------------------------------------------------------------------ */

/* "0::/system.slice/x" or "1:name=systemd:/x": what stands behind the second colon. */
static bool cgroup_parts(FsaText line, FsaText *ret_controllers, FsaText *ret_path) {
  const char *end = line.data + line.size;
  const char *first = memchr(line.data, ':', line.size);
  if (!first) return false;
  const char *second = memchr(first + 1, ':', (size_t)(end - first - 1));
  if (!second) return false;
  *ret_controllers = (FsaText){first + 1, (size_t)(second - first - 1)};
  *ret_path = (FsaText){second + 1, (size_t)(end - second - 1)};
  return true;
}

bool fsa_proc_cgroup(FsaBytes bytes, FsaText *ret_path) {
  FsaProcLines lines = {bytes, 0};
  FsaText line, controllers, path, best = {NULL, 0};
  int best_rank = 0;
  while (fsa_proc_line(&lines, &line)) {
    if (!cgroup_parts(line, &controllers, &path)) continue;
    int rank = controllers.size == 0 ? 3 : text_is(controllers, "name=systemd") ? 2 : 1;
    if (rank <= best_rank) continue;
    best_rank = rank;
    best = path;
  }
  if (best_rank == 0) return false;
  *ret_path = best;
  return true;
}

bool fsa_proc_instruction(FsaBytes bytes, uint64_t *ret_address) {
  if (bytes.size == 0) return false;
  FsaText text = {(const char *)bytes.data, bytes.size};
  if (text.data[text.size - 1] == '\n') text.size--;
  const char *blank = find_last(text, ' ');
  if (!blank) return false; /* "running" */
  Rest rest = {blank + 1, text.data + text.size};
  if (rest.end - rest.at < 3 || rest.at[0] != '0' || rest.at[1] != 'x') return false;
  rest.at += 2;
  uint64_t address;
  if (!take_digits(&rest, 16, &address) || rest.at != rest.end) return false;
  *ret_address = address;
  return true;
}

bool fsa_proc_link_inode(FsaText link, const char *kind, uint64_t *ret_inode) {
  size_t size = strlen(kind);
  if (!starts(link, kind)) return false;
  Rest rest = {link.data + size, link.data + link.size};
  uint64_t inode;
  if (!take_char(&rest, ':') || !take_char(&rest, '[') || !take_digits(&rest, 10, &inode) ||
      !take_char(&rest, ']') || rest.at != rest.end)
    return false;
  *ret_inode = inode;
  return true;
}

/*
 * True when the options, separated by commas, have hidepid with a value that hides whole
 * directories.
 */
static bool options_hide(FsaText options) {
  const char *at = options.data, *end = at + options.size;
  while (at < end) {
    const char *comma = memchr(at, ',', (size_t)(end - at));
    FsaText option = {at, (size_t)((comma ? comma : end) - at)};
    /* 4 and "ptraceable" since Linux 5.8; 1 and "noaccess" only refuse, which reading notices */
    if (text_is(option, "hidepid=2") || text_is(option, "hidepid=4") ||
        text_is(option, "hidepid=invisible") || text_is(option, "hidepid=ptraceable"))
      return true;
    at = comma ? comma + 1 : end;
  }
  return false;
}

bool fsa_proc_hides_pids(FsaBytes mountinfo, const char *point) {
  FsaProcLines lines = {mountinfo, 0};
  FsaText line;
  bool hides = false;
  while (fsa_proc_line(&lines, &line)) {
    Rest rest = {line.data, line.data + line.size};
    if (!skip_fields(&rest, 4)) continue; /* id, parent, device, root */
    skip_blanks(&rest);
    const char *start = rest.at;
    skip_fields(&rest, 1);
    if (!text_is((FsaText){start, (size_t)(rest.at - start)}, point)) continue;
    const char *blank = find_last(line, ' ');
    /* the newest mount on the point is the one that is seen */
    hides = options_hide((FsaText){blank + 1, (size_t)(rest.end - blank - 1)});
  }
  return hides;
}

size_t fsa_proc_unescape(char *out, FsaText text) {
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) {
    const char *c = text.data + i;
    bool is_escape =
        c[0] == '\\' && text.size - i >= 4 && digit(c[1]) < 4 && digit(c[2]) < 8 && digit(c[3]) < 8;
    out[size++] = is_escape ? (char)(digit(c[1]) << 6 | digit(c[2]) << 3 | digit(c[3])) : c[0];
    if (is_escape) i += 3;
  }
  return size;
}
