/* The list of hosts that should be there. See expected_hosts.h. */
#include "expected_hosts.h"

#include <string.h>

#include "print.h"

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

/* The name in a line of the list; NULL for a line without one. Changes the line. */
static char *name_in(char *line) {
  line[strcspn(line, ",\r")] = '\0';
  char *name = g_strstrip(line);
  size_t size = strlen(name);
  if (size > 1 && name[0] == '"' && name[size - 1] == '"') {
    name[size - 1] = '\0';
    name++;
  }
  return *name && *name != '#' ? name : NULL;
}

static void count_unlisted(const FsaMatrix *matrix, GHashTable *listed, FsaExpectedHosts *hosts) {
  for (size_t i = 0; i < matrix->host_count; i++) {
    char *identifier = fold(matrix->hosts[i].identifier), *name = fold(matrix->hosts[i].hostname);
    hosts->unlisted +=
        !g_hash_table_contains(listed, identifier) && !g_hash_table_contains(listed, name);
    g_free(identifier);
    g_free(name);
  }
}

static void take_list(const FsaMatrix *matrix, char *text, FsaExpectedHosts *hosts) {
  GHashTable *known = names_of(matrix);
  GHashTable *listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (char *line = text, *end; line; line = end ? end + 1 : NULL) {
    end = strchr(line, '\n');
    if (end) *end = '\0';
    char *name = name_in(line), *folded = name ? fold(name) : NULL;
    if (!folded || !g_hash_table_add(listed, folded)) continue; /* the table owns it either way */
    hosts->count++;
    if (!g_hash_table_contains(known, folded)) g_ptr_array_add(hosts->missing, g_strdup(name));
  }
  count_unlisted(matrix, listed, hosts);
  g_hash_table_destroy(listed);
  g_hash_table_destroy(known);
}

int fsa_expected_hosts_read(const FsaMatrix *matrix, const char *path,
                            FsaExpectedHosts *ret_hosts) {
  char *text = NULL;
  gsize size = 0;
  GError *error = NULL;
  *ret_hosts = (FsaExpectedHosts){.missing = g_ptr_array_new_with_free_func(g_free)};
  if (!path) return FSA_OK;
  if (!g_file_get_contents(path, &text, &size, &error)) {
    fsa_complain("%s: give --hosts a file with one host name or identifier a line", error->message);
    g_error_free(error);
    return FSA_E_ABSENT;
  }
  if (size <= FSA_MAX_HOST_LIST) take_list(matrix, text, ret_hosts);
  g_free(text);
  if (size <= FSA_MAX_HOST_LIST) return FSA_OK;
  fsa_complain("%s: larger than %u bytes: give --hosts a file with one host a line", path,
               FSA_MAX_HOST_LIST);
  return FSA_E_ABSENT;
}

void fsa_expected_hosts_done(FsaExpectedHosts *hosts) {
  if (hosts->missing) g_ptr_array_unref(hosts->missing);
  *hosts = (FsaExpectedHosts){0};
}
