/* Groups. See group.h. */
#include "method/group.h"

#include <stdlib.h>
#include <string.h>

#include "method/kmodes.h"
#include "text/csv.h"
#include "text/id_map.h"
#include "text/number_list.h"
#include "text/print.h"

#define SERVICE_TABLE "fsa_services"
#define MAX_FEATURES 200 /* services that roles are told by */
#define MOST_USUAL 0.95  /* what nearly all hosts have tells nothing, */
#define LEAST_USUAL 0.02 /* nor what hardly any has */
#define LEAST_APART 0.3  /* more usual in a role by so much: less sets it not apart */
#define NAMED_SERVICES 2 /* that a role is called after */

void fsa_grouping_done(FsaGrouping *grouping) {
  fsa_arena_done(&grouping->arena);
}

/* The role that each host is given while roles are collected; NULL = its platform alone. */
typedef struct Collector {
  FsaGrouping *grouping;
  const FsaMatrix *matrix;
  const char **role_of; /* [host] */
  const char *origin;   /* of roles that are not NULL */
} Collector;

/* ---- roles that are given ---------------------------------------------------------------------
 */

static GHashTable *read_roles(FsaGrouping *grouping, FsaText text) {
  GHashTable *roles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const char *fields[FSA_MAX_CSV_FIELDS];
  FsaCsv csv = fsa_csv(text);
  for (size_t count; (count = fsa_csv_next(&csv, &grouping->arena, fields)) > 0;)
    if (count >= 2 && fields[1][0])
      g_hash_table_insert(roles, g_utf8_strdown(fields[0], -1), (gpointer)fields[1]);
  return roles;
}

static const char *find_role(GHashTable *roles, const char *name) {
  char *lower = g_utf8_strdown(name, -1);
  const char *role = g_hash_table_lookup(roles, lower);
  g_free(lower);
  return role;
}

static int take_list(Collector *collector, const char *path) {
  FsaGrouping *grouping = collector->grouping;
  GError *error = NULL;
  char *text = NULL;
  gsize size = 0;
  if (!g_file_get_contents(path, &text, &size, &error) || size > FSA_MAX_GROUPS_BYTES) {
    grouping->message =
        fsa_arena_printf(&grouping->arena, "%s: give --groups a CSV file: host, role",
                         error ? error->message : "the list of groups is too long");
    g_clear_error(&error);
    g_free(text);
    return FSA_E_FORMAT;
  }
  FsaText clean = fsa_text_clean(&grouping->arena, text, size);
  GHashTable *roles = read_roles(grouping, clean);
  for (size_t i = 0; i < collector->matrix->host_count; i++) {
    const FsaMatrixHost *host = &collector->matrix->hosts[i];
    const char *role = find_role(roles, host->hostname);
    collector->role_of[i] = role ? role : find_role(roles, host->identifier);
  }
  collector->origin = "given";
  g_hash_table_destroy(roles);
  g_free(text);
  return FSA_OK;
}

/* ---- roles from services ----------------------------------------------------------------------
 */

/* What the hosts of a platform answered about their services. */
typedef struct Services {
  Collector *collector;
  sqlite3_stmt *answers; /* artefacts of the query's answers, with their hosts */
  const char *platform;
  FsaIdMap host_map;
  GHashTable *counts;        /* artefact number -> hosts */
  GArray *features;          /* gint64 artefact numbers, the most usual first */
  char *names[MAX_FEATURES]; /* of features */
  uint32_t *hosts;           /* that answered */
  FsaBits *vectors;          /* theirs */
  size_t count;
} Services;

static bool next_answer(Services *services, uint32_t *ret_host, FsaText *ret_list) {
  while (sqlite3_step(services->answers) == SQLITE_ROW) {
    if (!fsa_id_map_find(&services->host_map, sqlite3_column_int64(services->answers, 0), ret_host))
      continue;
    const char *platform = services->collector->matrix->hosts[*ret_host].platform;
    if (strcmp(platform ? platform : "", services->platform) != 0) continue;
    const char *list = (const char *)sqlite3_column_text(services->answers, 1);
    *ret_list = (FsaText){list, (size_t)sqlite3_column_bytes(services->answers, 1)};
    return true;
  }
  sqlite3_reset(services->answers);
  return false;
}

static size_t count_services(Services *services) {
  FsaText list;
  uint32_t host;
  size_t hosts = 0;
  for (uint64_t id = 0; next_answer(services, &host, &list); hosts++, id = 0)
    while (fsa_numbers_next(&list, &id)) {
      gpointer slot = (gpointer)(uintptr_t)id;
      guint count = GPOINTER_TO_UINT(g_hash_table_lookup(services->counts, slot));
      g_hash_table_insert(services->counts, slot, GUINT_TO_POINTER(count + 1));
    }
  return hosts;
}

static gint compare_usual(gconstpointer a, gconstpointer b, gpointer counts) {
  gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
  guint more = GPOINTER_TO_UINT(g_hash_table_lookup(counts, (gpointer)(uintptr_t)left));
  guint less = GPOINTER_TO_UINT(g_hash_table_lookup(counts, (gpointer)(uintptr_t)right));
  if (more != less) return more > less ? -1 : 1;
  return left < right ? -1 : left > right;
}

static guint usual_of(const Services *services, guint feature) {
  gint64 artefact = g_array_index(services->features, gint64, feature);
  return GPOINTER_TO_UINT(g_hash_table_lookup(services->counts, (gpointer)(uintptr_t)artefact));
}

/* The first column of a service's key. */
static char *read_service_name(Services *services, guint feature) {
  sqlite3_stmt *stmt = NULL;
  sqlite3 *db = sqlite3_db_handle(services->answers);
  char *name = NULL;
  if (sqlite3_prepare_v2(db, "SELECT key FROM artefact WHERE id=?1", -1, &stmt, NULL) ==
      SQLITE_OK) {
    sqlite3_bind_int64(stmt, 1, g_array_index(services->features, gint64, feature));
    if (sqlite3_step(stmt) == SQLITE_ROW)
      name = g_strdup((const char *)sqlite3_column_text(stmt, 0));
  }
  sqlite3_finalize(stmt);
  if (!name) return g_strdup("");
  name[strcspn(name, (char[]){FSA_KEY_SEPARATOR, '\0'})] = '\0';
  return name;
}

static void choose_features(Services *services, size_t hosts) {
  GHashTableIter iterator;
  gpointer id, count;
  g_hash_table_iter_init(&iterator, services->counts);
  while (g_hash_table_iter_next(&iterator, &id, &count)) {
    double share = (double)GPOINTER_TO_UINT(count) / (double)hosts;
    gint64 number = (gint64)(uintptr_t)id;
    if (share >= LEAST_USUAL && share <= MOST_USUAL) g_array_append_val(services->features, number);
  }
  g_array_sort_with_data(services->features, compare_usual, services->counts);
  guint kept = MIN(services->features->len, MAX_FEATURES);
  /* of services on equally many hosts none is taken for its number alone */
  if (services->features->len > MAX_FEATURES)
    while (kept && usual_of(services, kept - 1) == usual_of(services, MAX_FEATURES)) kept--;
  g_array_set_size(services->features, kept);
  for (guint i = 0; i < kept; i++) services->names[i] = read_service_name(services, i);
}

static void fill_vectors(Services *services, size_t hosts) {
  GHashTable *places = g_hash_table_new(g_direct_hash, g_direct_equal);
  FsaText list;
  uint32_t host;
  for (guint i = 0; i < services->features->len; i++)
    g_hash_table_insert(places, (gpointer)(uintptr_t)g_array_index(services->features, gint64, i),
                        GUINT_TO_POINTER(i + 1));
  size_t all = services->collector->matrix->host_count;
  FsaBits *of_hosts = g_new0(FsaBits, all + 1);
  bool *answered = g_new0(bool, all + 1);
  while (next_answer(services, &host, &list)) {
    answered[host] = true;
    for (uint64_t id = 0; fsa_numbers_next(&list, &id);) {
      guint place = GPOINTER_TO_UINT(g_hash_table_lookup(places, (gpointer)(uintptr_t)id));
      if (place--) of_hosts[host].words[place / 64] |= UINT64_C(1) << (place % 64);
    }
  }
  services->hosts = g_new0(uint32_t, hosts + 1);
  services->vectors = g_new0(FsaBits, hosts + 1);
  for (host = 0; host < all && services->count < hosts; host++) { /* whatever the logs' order was */
    if (!answered[host]) continue;
    services->hosts[services->count] = host;
    services->vectors[services->count++] = of_hosts[host];
  }
  g_free(of_hosts);
  g_free(answered);
  g_hash_table_destroy(places);
}

/* How much more usual a service is in the cluster than in the others, -1..1. */
static double excess(const Services *services, const uint8_t *of, uint8_t cluster, guint feature) {
  size_t in = 0, has_in = 0, out = 0, has_out = 0;
  for (size_t i = 0; i < services->count; i++) {
    bool has = services->vectors[i].words[feature / 64] >> (feature % 64) & 1;
    bool is_in = of[i] == cluster;
    in += is_in, has_in += is_in && has;
    out += !is_in, has_out += !is_in && has;
  }
  return (in ? (double)has_in / (double)in : 0) - (out ? (double)has_out / (double)out : 0);
}

/* The service that sets a cluster apart most among those that are not taken; of equals the first by
 * name. MAX_FEATURES = none does. */
static guint most_apart(const Services *services, const uint8_t *of, uint8_t cluster,
                        const bool *taken) {
  double most = LEAST_APART;
  guint best = MAX_FEATURES;
  for (guint i = 0; i < services->features->len; i++) {
    double more = taken[i] ? 0 : excess(services, of, cluster, i);
    bool is_equal = best < MAX_FEATURES && !(more < most) && !(more > most);
    if (more <= LEAST_APART || more < most) continue;
    if (is_equal && strcmp(services->names[i], services->names[best]) >= 0) continue;
    most = more;
    best = i;
  }
  return best;
}

/* A cluster is called after the services that set it apart. */
static const char *name_role(Services *services, const uint8_t *of, uint8_t cluster) {
  GString *name = g_string_new(NULL);
  bool taken[MAX_FEATURES] = {false};
  for (int n = 0; n < NAMED_SERVICES; n++) {
    guint best = most_apart(services, of, cluster, taken);
    if (best == MAX_FEATURES) break;
    taken[best] = true;
    g_string_append_printf(name, "%s%s", name->len ? ", " : "", services->names[best]);
  }
  if (!name->len) g_string_append_printf(name, "no service of its own (%u)", cluster + 1u);
  const char *copy = fsa_arena_printf(&services->collector->grouping->arena, "with %s", name->str);
  g_string_free(name, TRUE);
  return copy;
}

static void cluster_services(Services *services) {
  uint8_t *of = g_new0(uint8_t, services->count + 1);
  size_t clusters = fsa_kmodes(services->vectors, services->count, FSA_MIN_ROLE_HOSTS, of);
  const char *names[FSA_MAX_MODES] = {NULL};
  for (size_t i = 0; clusters > 1 && i < clusters; i++)
    names[i] = name_role(services, of, (uint8_t)i);
  for (size_t i = 0; i < services->count; i++)
    services->collector->role_of[services->hosts[i]] = names[of[i]];
  g_free(of);
}

/* The query that asks for services; the one by the table's name before others. */
static const FsaMatrixQuery *service_query(const FsaMatrix *matrix) {
  const FsaMatrixQuery *found = NULL;
  for (size_t i = 0; i < matrix->query_count; i++) {
    const FsaMatrixQuery *query = &matrix->queries[i];
    if (!query->covered || !query->meta || strcmp(query->meta->source, SERVICE_TABLE) != 0)
      continue;
    if (!found || strcmp(query->name, SERVICE_TABLE) == 0) found = query;
  }
  return found;
}

static void find_platform_roles(Services *services) {
  services->counts = g_hash_table_new(g_direct_hash, g_direct_equal);
  services->features = g_array_new(FALSE, FALSE, sizeof(gint64));
  size_t hosts = count_services(services);
  if (hosts >= 2 * FSA_MIN_ROLE_HOSTS) {
    choose_features(services, hosts);
    fill_vectors(services, hosts);
    cluster_services(services);
  }
  for (guint i = 0; i < MAX_FEATURES; i++) g_free(services->names[i]);
  g_free(services->hosts);
  g_free(services->vectors);
  g_array_free(services->features, TRUE);
  g_hash_table_destroy(services->counts);
}

static const char *platform_of(const FsaMatrixHost *host) {
  return host->platform ? host->platform : "";
}

static FsaIdMap map_hosts(const FsaMatrix *matrix) {
  int64_t *ids = g_new(int64_t, matrix->host_count + 1);
  for (size_t i = 0; i < matrix->host_count; i++) ids[i] = matrix->hosts[i].id;
  FsaIdMap map = fsa_id_map(ids, matrix->host_count);
  g_free(ids);
  return map;
}

static int find_roles(Collector *collector, FsaCase *store) {
  static const char *const platforms[] = {"", "linux", "windows", "darwin"};
  const FsaMatrixQuery *query = service_query(collector->matrix);
  const char *sql = "SELECT host, artefacts FROM answer WHERE query=?1 ORDER BY host";
  sqlite3_stmt *stmt = NULL;
  collector->origin = "services";
  if (!query) return FSA_OK;
  if (sqlite3_prepare_v2(fsa_case_database(store), sql, -1, &stmt, NULL) != SQLITE_OK)
    return FSA_E_IO;
  sqlite3_bind_int64(stmt, 1, query->id);
  FsaIdMap hosts = map_hosts(collector->matrix);
  for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
    Services services = {
        .collector = collector, .answers = stmt, .platform = platforms[i], .host_map = hosts};
    find_platform_roles(&services);
  }
  fsa_id_map_done(&hosts);
  sqlite3_finalize(stmt);
  return FSA_OK;
}

/* ---- groups -----------------------------------------------------------------------------------
 */

static int compare_roles(const void *a, const void *b) {
  const FsaRole *left = a, *right = b;
  int order = strcmp(left->platform, right->platform);
  return order ? order : strcmp(left->role, right->role);
}

/* FSA_MAX_GROUPS when there is no such role. */
static uint32_t find_group(const FsaGrouping *grouping, const char *platform, const char *role) {
  FsaRole wanted = {.platform = platform, .role = role};
  for (uint32_t i = 0; i < grouping->count; i++)
    if (compare_roles(&grouping->roles[i], &wanted) == 0) return i;
  return FSA_MAX_GROUPS;
}

static void add_group(FsaGrouping *grouping, const char *platform, const char *role,
                      const char *origin) {
  if (grouping->count == FSA_MAX_GROUPS || find_group(grouping, platform, role) < FSA_MAX_GROUPS)
    return;
  grouping->roles[grouping->count++] = (FsaRole){platform, role, role[0] ? origin : "platform"};
}

/* A platform whose hosts all have a role is no group. */
static void drop_empty(FsaGrouping *grouping, size_t host_count) {
  uint32_t hosts[FSA_MAX_GROUPS] = {0}, kept = 0;
  uint8_t place[FSA_MAX_GROUPS] = {0};
  for (size_t i = 0; i < host_count; i++) hosts[grouping->of[i]]++;
  for (uint32_t i = 0; i < grouping->count; i++) {
    if (!hosts[i] && grouping->count > 1) continue;
    place[i] = (uint8_t)kept;
    grouping->roles[kept++] = grouping->roles[i];
  }
  grouping->count = MAX(kept, 1);
  for (size_t i = 0; i < host_count; i++) grouping->of[i] = place[grouping->of[i]];
}

/* Platforms first: they take the hosts of roles for which there is no room. */
static void make_groups(Collector *collector) {
  FsaGrouping *grouping = collector->grouping;
  const FsaMatrix *matrix = collector->matrix;
  for (size_t i = 0; i < matrix->host_count; i++)
    add_group(grouping, platform_of(&matrix->hosts[i]), "", "");
  if (!grouping->count) add_group(grouping, "", "", "");
  for (size_t i = 0; i < matrix->host_count; i++)
    if (collector->role_of[i])
      add_group(grouping, platform_of(&matrix->hosts[i]), collector->role_of[i], collector->origin);
  qsort(grouping->roles, grouping->count, sizeof *grouping->roles, compare_roles);
  for (size_t i = 0; i < matrix->host_count; i++) {
    const char *platform = platform_of(&matrix->hosts[i]);
    const char *role = collector->role_of[i] ? collector->role_of[i] : "";
    uint32_t group = find_group(grouping, platform, role);
    if (group == FSA_MAX_GROUPS) group = find_group(grouping, platform, "");
    grouping->of[i] = (uint8_t)group;
  }
  drop_empty(grouping, matrix->host_count);
}

int fsa_grouping_build(FsaCase *store, const FsaMatrix *matrix, const char *list,
                       FsaGrouping *ret_grouping) {
  *ret_grouping = (FsaGrouping){.arena = fsa_arena(0)};
  FsaGrouping *grouping = ret_grouping;
  Collector collector = {.grouping = grouping, .matrix = matrix};
  grouping->roles = fsa_arena_zero(&grouping->arena, FSA_MAX_GROUPS, sizeof *grouping->roles);
  grouping->of = fsa_arena_zero(&grouping->arena, matrix->host_count + 1, 1);
  collector.role_of =
      fsa_arena_zero(&grouping->arena, matrix->host_count + 1, sizeof *collector.role_of);
  if (!grouping->roles || !grouping->of || !collector.role_of) return FSA_E_NOMEM;
  int result = list ? take_list(&collector, list) : find_roles(&collector, store);
  if (result == FSA_OK) make_groups(&collector);
  return result;
}
