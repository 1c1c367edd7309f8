/* The list of hosts that should be there. See expected_hosts.h. */
#include "case/expected_hosts.h"

#include <string.h>

#include "text/print.h"

/* A name in upper case, to be freed: what two spellings of one host have in common. */
static char *fold(const char *name) {
  GString *folded = g_string_new(NULL);
  size_t size = strlen(name);
  for (size_t at = 0; at < size;) {
    char character[4];
    uint32_t c = fsa_upper(fsa_utf8_next(name, size, &at));
    g_string_append_len(folded, character, (gssize)fsa_utf8_put(character, c));
  }
  return g_string_free(folded, FALSE);
}

static GHashTable *names_of(const FsaMatrix *matrix) {
  GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (size_t i = 0; i < matrix->host_count; i++) {
    g_hash_table_add(names, fold(matrix->hosts[i].identifier));
    g_hash_table_add(names, fold(matrix->hosts[i].hostname));
  }
  g_hash_table_remove(names, "");
  return names;
}

/* What the list has: identifiers with how often, names. All folded. */
typedef struct Listed {
  GHashTable *identifiers, *names;
} Listed;

/* True when the list had this host before: by its name, or by its identifier without a name. */
static bool was_listed(Listed *listed, const char *identifier, const char *name) {
  gpointer times = g_hash_table_lookup(listed->identifiers, identifier);
  bool is_known = *name ? g_hash_table_contains(listed->names, name) : times != NULL;
  if (*identifier) is_known |= g_hash_table_contains(listed->names, identifier);
  if (*identifier && !is_known)
    g_hash_table_insert(listed->identifiers, g_strdup(identifier),
                        GUINT_TO_POINTER(GPOINTER_TO_UINT(times) + 1));
  g_hash_table_add(listed->names, g_strdup(*name ? name : identifier));
  return is_known;
}

/* The hosts of the list, each once: indexes of the first mention. */
static GArray *distinct_hosts(const FsaHostList *list, Listed *listed) {
  GArray *distinct = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint i = 0; i < list->hosts->len; i++) {
    const FsaListedHost *host = &g_array_index(list->hosts, FsaListedHost, i);
    char *identifier = fold(host->identifier), *name = fold(host->hostname);
    if (!was_listed(listed, identifier, name)) g_array_append_val(distinct, i);
    g_free(identifier);
    g_free(name);
  }
  return distinct;
}

static bool has_answered(const FsaListedHost *host, const Listed *listed, GHashTable *known) {
  char *identifier = fold(host->identifier), *name = fold(host->hostname);
  bool is_alone = GPOINTER_TO_UINT(g_hash_table_lookup(listed->identifiers, identifier)) < 2;
  bool answered = (*name && g_hash_table_contains(known, name)) ||
                  (*identifier && is_alone && g_hash_table_contains(known, identifier));
  g_free(identifier);
  g_free(name);
  return answered;
}

static void count_unlisted(const FsaMatrix *matrix, const Listed *listed, FsaExpectedHosts *hosts) {
  for (size_t i = 0; i < matrix->host_count; i++) {
    char *identifier = fold(matrix->hosts[i].identifier), *name = fold(matrix->hosts[i].hostname);
    hosts->unlisted += !g_hash_table_contains(listed->identifiers, identifier) &&
                       !g_hash_table_contains(listed->names, name) &&
                       !g_hash_table_contains(listed->names, identifier);
    g_free(identifier);
    g_free(name);
  }
}

static int add_missing(FsaExpectedHosts *hosts, const FsaListedHost *host) {
  FsaMissingHost missing = {
      .name = fsa_arena_printf(&hosts->arena, "%s",
                               host->hostname[0] ? host->hostname : host->identifier),
      .identifier = fsa_arena_printf(&hosts->arena, "%s", host->identifier),
      .last_seen = fsa_arena_printf(&hosts->arena, "%s", host->last_seen),
  };
  if (!missing.name || !missing.identifier || !missing.last_seen) return FSA_E_NOMEM;
  g_array_append_val(hosts->missing, missing);
  return FSA_OK;
}

static int compare(const FsaMatrix *matrix, const FsaHostList *list, FsaExpectedHosts *hosts) {
  GHashTable *known = names_of(matrix);
  Listed listed = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                   g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  GArray *distinct = distinct_hosts(list, &listed);
  int result = FSA_OK;
  hosts->count = distinct->len;
  for (guint i = 0; i < distinct->len && result == FSA_OK; i++) {
    const FsaListedHost *host =
        &g_array_index(list->hosts, FsaListedHost, g_array_index(distinct, guint, i));
    if (!has_answered(host, &listed, known)) result = add_missing(hosts, host);
  }
  if (hosts->count) count_unlisted(matrix, &listed, hosts);
  g_array_free(distinct, TRUE);
  g_hash_table_destroy(listed.identifiers);
  g_hash_table_destroy(listed.names);
  g_hash_table_destroy(known);
  return result;
}

int fsa_host_list_file(const char *path, FsaHostList *list) {
  char *text = NULL;
  gsize size = 0;
  GError *error = NULL;
  if (!g_file_get_contents(path, &text, &size, &error)) {
    fsa_complain("%s: give --hosts a CSV or a file with one host name or identifier a line",
                 error->message);
    g_error_free(error);
    return FSA_E_ABSENT;
  }
  int result = FSA_E_ABSENT;
  if (size <= FSA_MAX_HOST_LIST)
    result = fsa_host_list_read(list, (FsaText){text, size});
  else
    fsa_complain("%s: larger than %u bytes: give --hosts a file with one host a line", path,
                 FSA_MAX_HOST_LIST);
  g_free(text);
  return result;
}

int fsa_expected_hosts_read(const FsaMatrix *matrix, const char *path,
                            FsaExpectedHosts *ret_hosts) {
  *ret_hosts = (FsaExpectedHosts){.missing = g_array_new(FALSE, FALSE, sizeof(FsaMissingHost))};
  FsaHostList list = fsa_host_list();
  int result = path ? fsa_host_list_file(path, &list) : FSA_OK;
  if (result == FSA_OK) result = compare(matrix, path ? &list : &matrix->listed, ret_hosts);
  fsa_host_list_done(&list);
  return result;
}

void fsa_expected_hosts_done(FsaExpectedHosts *hosts) {
  if (hosts->missing) g_array_unref(hosts->missing);
  fsa_arena_done(&hosts->arena);
  *hosts = (FsaExpectedHosts){0};
}
