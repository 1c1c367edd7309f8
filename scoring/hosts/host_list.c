/* The hosts that should be there. See host_list.h; CSV is RFC 4180. */
#include "hosts/host_list.h"

#include <string.h>

#define MAX_FIELDS 64 /* of a line; further ones are passed over */

/* What a column is. */
typedef enum Role { IDENTIFIER, HOSTNAME, PLATFORM, TEAM, LAST_SEEN, ROLE_COUNT, UNUSED } Role;

/* Names of columns in what people export: osquery, Fleet, osctrl, Active Directory, CMDBs. */
static const struct {
  const char *name;
  Role role;
} column_names[] = {
    {"identifier", IDENTIFIER},
    {"host_identifier", IDENTIFIER},
    {"hostidentifier", IDENTIFIER},
    {"uuid", IDENTIFIER},
    {"host_uuid", IDENTIFIER},
    {"hostname", HOSTNAME},
    {"host", HOSTNAME},
    {"host_name", HOSTNAME},
    {"computer_name", HOSTNAME},
    {"name", HOSTNAME},
    {"dnshostname", HOSTNAME},
    {"fqdn", HOSTNAME},
    {"platform", PLATFORM},
    {"os", PLATFORM},
    {"operatingsystem", PLATFORM},
    {"team", TEAM},
    {"team_name", TEAM},
    {"role", TEAM},
    {"group", TEAM},
    {"last_seen", LAST_SEEN},
    {"seen_time", LAST_SEEN},
    {"lastlogondate", LAST_SEEN},
};

FsaHostList fsa_host_list(void) {
  return (FsaHostList){.arena = fsa_arena(0),
                       .hosts = g_array_new(FALSE, TRUE, sizeof(FsaListedHost))};
}

void fsa_host_list_done(FsaHostList *list) {
  if (list->hosts) g_array_free(list->hosts, TRUE);
  fsa_arena_done(&list->arena);
  *list = (FsaHostList){0};
}

static const char *copy(FsaHostList *list, const char *text) {
  FsaText clean = fsa_text_clean(&list->arena, text ? text : "", text ? strlen(text) : 0);
  return clean.data;
}

int fsa_host_list_add(FsaHostList *list, const FsaListedHost *host) {
  bool has_identifier = host->identifier && host->identifier[0];
  bool has_name = host->hostname && host->hostname[0];
  if (!has_identifier && !has_name) return FSA_OK;
  FsaListedHost own = {copy(list, host->identifier), copy(list, host->hostname),
                       copy(list, host->platform), copy(list, host->team),
                       copy(list, host->last_seen)};
  if (!own.identifier || !own.hostname || !own.platform || !own.team || !own.last_seen)
    return FSA_E_NOMEM;
  g_array_append_val(list->hosts, own);
  return FSA_OK;
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

/*
 * Reads one field into `out`, quotes undone; *at is then at a comma, a line's end or the end. A
 * line's end ends a quoted field too: no host has one in its name, and a lost quote must not
 * swallow hosts.
 */
static void read_field(FsaText csv, size_t *at, GString *out) {
  g_string_truncate(out, 0);
  bool is_quoted = *at < csv.size && csv.data[*at] == '"';
  if (is_quoted) ++*at;
  for (; *at < csv.size; ++*at) {
    char c = csv.data[*at];
    if (is_quoted && c == '"') {
      bool is_doubled = *at + 1 < csv.size && csv.data[*at + 1] == '"';
      if (is_doubled) ++*at;
      if (!is_doubled) {
        is_quoted = false;
        continue;
      }
    } else if (c == '\n' || (!is_quoted && c == ',')) {
      break;
    }
    if (c != '\0' && c != '\r') g_string_append_c(out, c);
  }
}

/* Reads a line's fields; gives how many. False at the end. */
static bool read_line(FsaText csv, size_t *at, GString **fields, size_t *ret_count) {
  if (*at >= csv.size) return false;
  for (size_t count = 0;; ++*at) {
    read_field(csv, at, fields[count < MAX_FIELDS ? count : MAX_FIELDS]);
    if (count < MAX_FIELDS) g_strstrip(fields[count]->str);
    if (count < MAX_FIELDS) count++;
    bool is_last = *at >= csv.size || csv.data[*at] == '\n';
    if (!is_last) continue;
    ++*at;
    *ret_count = count;
    return true;
  }
}

static Role role_of(const char *name) {
  for (size_t i = 0; i < sizeof column_names / sizeof *column_names; i++)
    if (fsa_text_same(name, strlen(name), column_names[i].name, strlen(column_names[i].name)))
      return column_names[i].role;
  return UNUSED;
}

/* Takes a header: which field is what, the first one of each. False when the line is none: no field
 * of it says that it is an identifier or a name. */
static bool take_header(GString *const *fields, size_t count, size_t places[ROLE_COUNT]) {
  size_t found[ROLE_COUNT];
  for (size_t i = 0; i < ROLE_COUNT; i++) found[i] = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    Role role = role_of(fields[i]->str);
    if (role < ROLE_COUNT && found[role] == SIZE_MAX) found[role] = i;
  }
  if (found[IDENTIFIER] == SIZE_MAX && found[HOSTNAME] == SIZE_MAX) return false;
  memcpy(places, found, sizeof found);
  return true;
}

static int take_line(FsaHostList *list, GString *const *fields, size_t count,
                     const size_t places[ROLE_COUNT]) {
  const char *values[ROLE_COUNT];
  for (size_t i = 0; i < ROLE_COUNT; i++)
    values[i] = places[i] < count ? fields[places[i]]->str : "";
  return fsa_host_list_add(list,
                           &(FsaListedHost){values[IDENTIFIER], values[HOSTNAME], values[PLATFORM],
                                            values[TEAM], values[LAST_SEEN]});
}

int fsa_host_list_read(FsaHostList *list, FsaText csv) {
  GString *fields[MAX_FIELDS + 1];
  size_t places[ROLE_COUNT] = {SIZE_MAX, 0, SIZE_MAX, SIZE_MAX, SIZE_MAX}, at = 0, count;
  bool is_first = true;
  int result = FSA_OK;
  for (size_t i = 0; i <= MAX_FIELDS; i++) fields[i] = g_string_new(NULL);
  if (csv.size >= 3 && memcmp(csv.data, "\xEF\xBB\xBF", 3) == 0) at = 3; /* as Excel saves it */
  while (result == FSA_OK && read_line(csv, &at, fields, &count)) {
    if (!fields[0]->str[0] && count == 1) continue;
    if (fields[0]->str[0] == '#') continue;
    bool is_header = is_first && take_header(fields, count, places);
    is_first = false;
    if (!is_header) result = take_line(list, fields, count, places);
  }
  for (size_t i = 0; i <= MAX_FIELDS; i++) g_string_free(fields[i], TRUE);
  return result;
}
