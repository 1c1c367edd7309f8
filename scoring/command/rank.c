/* `fsa-score rank`: the rarest keys among covered hosts. See rank.h. */
#include "command/rank.h"

#include <stdlib.h>
#include <string.h>

#include "method/interval.h"
#include "method/stack.h"

#define SHOWN_HOSTS 5 /* of a key, in the table form; the others have all */
#define SHOWN_KEY 160 /* characters of a key, in the table form */
#define SHOWN_ROW 400 /* characters of a row, in the table form */

typedef struct Ranking {
  const FsaMatrix *matrix;
  FsaStack stack;
  const FsaArtefact **order;   /* rare ones, best first */
  const FsaArtefact **leaders; /* of the same: under which it is folded; itself when it is not */
  size_t count;
  size_t top; /* how many leaders are shown */
  FsaBuffer out;
} Ranking;

/* ---- the order --------------------------------------------------------------------------------
 */

static int compare_texts(FsaText a, FsaText b) {
  int order = memcmp(a.data, b.data, MIN(a.size, b.size));
  return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

static int compare_artefacts(const void *a, const void *b) {
  const FsaArtefact *left = *(const FsaArtefact *const *)a, *right = *(const FsaArtefact *const *)b;
  if (left->kinds != right->kinds) return left->kinds > right->kinds ? -1 : 1;
  if (left->alike != right->alike) return left->alike < right->alike ? -1 : 1;
  if (left->share < right->share || left->share > right->share)
    return left->share < right->share ? -1 : 1;
  if (left->hosts != right->hosts) return left->hosts < right->hosts ? -1 : 1;
  if (left->query != right->query) return left->query < right->query ? -1 : 1;
  return compare_texts(left->key, right->key);
}

/* The key under which this one is folded: its own unless each entity of it is led already. */
static const FsaArtefact *find_leader(const Ranking *ranking, const FsaArtefact *artefact,
                                      GHashTable *led) {
  const FsaArtefact *leader = NULL;
  const FsaSighting *all = ranking->stack.sightings;
  for (size_t i = artefact->first; i < artefact->first + artefact->count; i++) {
    const FsaArtefact *known = g_hash_table_lookup(led, GUINT_TO_POINTER(all[i].entity));
    if (!known) leader = artefact;
    if (!leader) leader = known;
  }
  for (size_t i = artefact->first; i < artefact->first + artefact->count; i++)
    if (!g_hash_table_contains(led, GUINT_TO_POINTER(all[i].entity)))
      g_hash_table_insert(led, GUINT_TO_POINTER(all[i].entity), (gpointer)artefact);
  return leader ? leader : artefact;
}

static void put_in_order(Ranking *ranking) {
  const FsaStack *stack = &ranking->stack;
  ranking->order = g_new(const FsaArtefact *, stack->artefact_count + 1);
  ranking->leaders = g_new(const FsaArtefact *, stack->artefact_count + 1);
  for (size_t i = 0; i < stack->artefact_count; i++)
    if (stack->artefacts[i].is_rare) ranking->order[ranking->count++] = &stack->artefacts[i];
  qsort(ranking->order, ranking->count, sizeof *ranking->order, compare_artefacts);
  GHashTable *led = g_hash_table_new(g_direct_hash, g_direct_equal);
  for (size_t i = 0; i < ranking->count; i++)
    ranking->leaders[i] = find_leader(ranking, ranking->order[i], led);
  g_hash_table_destroy(led);
}

/* Calls `print` for each leader that is shown, with its place in `order`; stops when nobody reads.
 */
static void each_leader(Ranking *ranking, void (*print)(Ranking *, size_t place, size_t at)) {
  size_t place = 0;
  for (size_t i = 0; i < ranking->count && place < ranking->top; i++) {
    if (ranking->leaders[i] != ranking->order[i]) continue;
    print(ranking, ++place, i);
    if (!fsa_print(&ranking->out)) return;
  }
}

/* ---- parts of what is printed -----------------------------------------------------------------
 */

static const FsaMatrixQuery *query_of(const Ranking *ranking, const FsaArtefact *artefact) {
  return &ranking->matrix->queries[artefact->query];
}

static const FsaMatrixHost *host_of(const Ranking *ranking, const FsaSighting *sighting) {
  return &ranking->matrix->hosts[sighting->host];
}

/* A key for a terminal. Rows whose key columns are all unknown have an empty one. */
static void put_key(FsaBuffer *out, FsaText key) {
  bool is_empty = true;
  for (size_t i = 0; i < key.size; i++) is_empty &= key.data[i] == FSA_KEY_SEPARATOR;
  if (is_empty)
    fsa_buffer_puts(out, "(every key column is unknown)");
  else
    fsa_put_safe(out, key, SHOWN_KEY);
}

/* The names of the other queries that a sighting is linked to, with `separator` between them. */
static void put_linked(const Ranking *ranking, const FsaSighting *sighting, const char *separator,
                       FsaBuffer *out) {
  uint32_t own = ranking->stack.artefacts[sighting->artefact].query;
  bool is_first = true;
  for (size_t i = 0; i < ranking->matrix->query_count && i < 64; i++) {
    if (i == own || !(sighting->linked >> i & 1)) continue;
    if (!is_first) fsa_buffer_puts(out, separator);
    fsa_buffer_puts(out, ranking->matrix->queries[i].name);
    is_first = false;
  }
}

static bool is_new_host(const FsaStack *stack, const FsaArtefact *artefact, size_t i) {
  return i == artefact->first || stack->sightings[i].host != stack->sightings[i - 1].host;
}

/* ---- table ------------------------------------------------------------------------------------
 */

static void put_sighting(Ranking *ranking, const FsaSighting *sighting) {
  FsaBuffer *out = &ranking->out;
  fsa_buffer_puts(out, "        ");
  fsa_put_safe(out, fsa_text(fsa_matrix_host_label(host_of(ranking, sighting))), 60);
  fsa_buffer_puts(out, "  ");
  fsa_put_time(out, sighting->time);
  fsa_buffer_puts(out, "\n          ");
  fsa_put_safe(out, sighting->row, SHOWN_ROW);
  fsa_buffer_putc(out, '\n');
  if (!sighting->link.data) return;
  fsa_buffer_puts(out, "          joined by ");
  fsa_put_safe(out, sighting->link, SHOWN_KEY);
  fsa_buffer_puts(out, " to ");
  put_linked(ranking, sighting, ", ", out);
  fsa_buffer_putc(out, '\n');
}

/* "fsa_x: on 1 of 198 covered hosts (...); ..." */
static void put_numbers(Ranking *ranking, const FsaArtefact *artefact) {
  const FsaMatrixQuery *query = query_of(ranking, artefact);
  FsaBuffer *out = &ranking->out;
  double low, high;
  fsa_wilson(artefact->hosts, query->covered, &low, &high);
  fsa_buffer_printf(out, "%s: on ", query->name);
  fsa_put_count(out, artefact->hosts);
  fsa_buffer_puts(out, " of ");
  fsa_put_count(out, (int64_t)query->covered);
  fsa_buffer_printf(
      out, " covered hosts (95 %%: %.1f to %.1f %%); %.2f %% of its sightings are on as many",
      low * 100, high * 100, artefact->share * 100);
}

static void put_folded(Ranking *ranking, size_t at) {
  FsaBuffer *out = &ranking->out;
  for (size_t i = at + 1; i < ranking->count; i++) {
    if (ranking->leaders[i] != ranking->order[at]) continue;
    fsa_buffer_puts(out, "      with  ");
    put_key(out, ranking->order[i]->key);
    fsa_buffer_puts(out, "\n            ");
    put_numbers(ranking, ranking->order[i]);
    fsa_buffer_putc(out, '\n');
  }
}

static void put_artefact(Ranking *ranking, size_t place, size_t at) {
  const FsaArtefact *artefact = ranking->order[at];
  FsaBuffer *out = &ranking->out;
  fsa_buffer_printf(out, "%3zu  ", place);
  put_key(out, artefact->key);
  fsa_buffer_puts(out, "\n      ");
  put_numbers(ranking, artefact);
  fsa_buffer_printf(out, "\n      kinds of evidence joined: %u, as on %u of %zu host%s\n",
                    artefact->kinds, artefact->alike, ranking->matrix->host_count,
                    ranking->matrix->host_count == 1 ? "" : "s");
  put_folded(ranking, at);
  size_t hosts = 0;
  for (size_t i = artefact->first; i < artefact->first + artefact->count && hosts < SHOWN_HOSTS;
       i++) {
    if (!is_new_host(&ranking->stack, artefact, i)) continue;
    put_sighting(ranking, &ranking->stack.sightings[i]);
    hosts++;
  }
  if (artefact->hosts > hosts)
    fsa_buffer_printf(out, "        ... and on %zu more hosts\n", artefact->hosts - hosts);
}

static void put_head(Ranking *ranking) {
  FsaBuffer *out = &ranking->out;
  fsa_buffer_puts(out, "Rare keys: ");
  fsa_put_count(out, (int64_t)ranking->count);
  fsa_buffer_puts(out, " of ");
  fsa_put_count(out, (int64_t)ranking->stack.artefact_count);
  fsa_buffer_puts(out, " on ");
  fsa_put_count(out, (int64_t)ranking->matrix->host_count);
  fsa_buffer_puts(out, ranking->matrix->host_count == 1 ? " host" : " hosts");
  fsa_buffer_puts(out, ". Order: kinds of evidence that one host joins, then on how few hosts "
                       "that is so.\n");
  fsa_buffer_puts(out,
                  "A rare key is a place to look, not a finding; a host that is not covered is "
                  "unknown: see `fsa-score coverage`.\n\n");
}

static void print_table(Ranking *ranking) {
  put_head(ranking);
  each_leader(ranking, put_artefact);
  fsa_print(&ranking->out);
}

/* ---- csv: one line for a key on a host ---------------------------------------------------------
 */

static void put_key_csv(FsaBuffer *out, FsaText key) {
  FsaBuffer text = fsa_buffer(FSA_MAX_META_BYTES);
  fsa_put_safe(&text, key, 0);
  fsa_put_csv(out, (FsaText){text.data, text.size});
  fsa_buffer_done(&text);
}

static void put_csv(Ranking *ranking, size_t place, const FsaArtefact *artefact,
                    const FsaSighting *sighting) {
  FsaBuffer *out = &ranking->out;
  const FsaMatrixQuery *query = query_of(ranking, artefact);
  const FsaMatrixHost *host = host_of(ranking, sighting);
  double low, high;
  fsa_wilson(artefact->hosts, query->covered, &low, &high);
  fsa_buffer_printf(out, "%zu,%s,", place, query->name);
  put_key_csv(out, artefact->key);
  fsa_buffer_printf(out, ",%u,%zu,%.6f,%.6f,%u,%u,%.6f,", artefact->hosts, query->covered, low,
                    high, artefact->kinds, artefact->alike, artefact->share);
  fsa_put_csv(out, fsa_text(host->identifier));
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, fsa_text(host->hostname));
  fsa_buffer_printf(out, ",%lld,", (long long)sighting->time);
  put_linked(ranking, sighting, " ", out);
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, sighting->link);
  fsa_buffer_putc(out, ',');
  fsa_put_csv(out, sighting->row);
  fsa_buffer_puts(out, "\n");
}

static void put_leader_csv(Ranking *ranking, size_t place, size_t at) {
  for (size_t i = at; i < ranking->count; i++) {
    const FsaArtefact *artefact = ranking->order[i];
    if (ranking->leaders[i] != ranking->order[at]) continue;
    for (size_t s = artefact->first; s < artefact->first + artefact->count; s++)
      put_csv(ranking, place, artefact, &ranking->stack.sightings[s]);
  }
}

static void print_csv(Ranking *ranking) {
  fsa_buffer_puts(&ranking->out,
                  "place,query,key,hosts,covered,low,high,kinds,alike,share,host_identifier,"
                  "hostname,time,linked,link,row\n");
  each_leader(ranking, put_leader_csv);
  fsa_print(&ranking->out);
}

/* ---- json -------------------------------------------------------------------------------------
 */

static void put_member(FsaBuffer *out, const char *name, FsaText value) {
  fsa_buffer_printf(out, "\"%s\": ", name);
  if (value.data)
    fsa_buffer_json(out, value.data, value.size);
  else
    fsa_buffer_puts(out, "null");
}

static void put_sighting_json(Ranking *ranking, const FsaSighting *sighting) {
  FsaBuffer *out = &ranking->out;
  const FsaMatrixHost *host = host_of(ranking, sighting);
  fsa_buffer_puts(out, "{");
  put_member(out, "host_identifier", fsa_text(host->identifier));
  fsa_buffer_puts(out, ", ");
  put_member(out, "hostname", host->hostname[0] ? fsa_text(host->hostname) : (FsaText){NULL, 0});
  fsa_buffer_printf(out, ", \"time\": %lld, ", (long long)sighting->time);
  put_member(out, "link", sighting->link);
  fsa_buffer_puts(out, ", \"linked\": [");
  if (sighting->link.data) {
    fsa_buffer_putc(out, '"');
    put_linked(ranking, sighting, "\", \"", out);
    fsa_buffer_putc(out, '"');
  }
  fsa_buffer_puts(out, "], \"row\": ");
  fsa_buffer_put(out, sighting->row.data, sighting->row.size);
  fsa_buffer_puts(out, "}");
}

static void put_artefact_json(Ranking *ranking, size_t place, const FsaArtefact *artefact) {
  FsaBuffer *out = &ranking->out;
  const FsaMatrixQuery *query = query_of(ranking, artefact);
  double low, high;
  fsa_wilson(artefact->hosts, query->covered, &low, &high);
  fsa_buffer_printf(out, "{\"place\": %zu, \"query\": \"%s\", ", place, query->name);
  put_member(out, "key", artefact->key);
  fsa_buffer_printf(out,
                    ", \"hosts\": %u, \"covered\": %zu, \"low\": %.6f, \"high\": %.6f, "
                    "\"kinds\": %u, \"alike\": %u, \"share\": %.6f, \"sightings\": [",
                    artefact->hosts, query->covered, low, high, artefact->kinds, artefact->alike,
                    artefact->share);
  for (size_t i = artefact->first; i < artefact->first + artefact->count; i++) {
    if (i > artefact->first) fsa_buffer_puts(out, ",\n  ");
    put_sighting_json(ranking, &ranking->stack.sightings[i]);
  }
  fsa_buffer_puts(out, "]}");
}

static void put_leader_json(Ranking *ranking, size_t place, size_t at) {
  for (size_t i = at; i < ranking->count; i++) {
    if (ranking->leaders[i] != ranking->order[at]) continue;
    fsa_buffer_puts(&ranking->out, place == 1 && i == at ? "[" : ",\n ");
    put_artefact_json(ranking, place, ranking->order[i]);
  }
}

static void print_json(Ranking *ranking) {
  each_leader(ranking, put_leader_json);
  fsa_buffer_puts(&ranking->out, ranking->count && ranking->top ? "]\n" : "[]\n");
  fsa_print(&ranking->out);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int rank_case(FsaCase *store, FsaStore *counter, const FsaRankOptions *options) {
  FsaMatrix matrix;
  Ranking ranking = {
      .matrix = &matrix, .top = options->top, .out = fsa_buffer(FSA_MAX_ANSWER_BYTES)};
  int result = fsa_matrix_build(store, &matrix);
  if (result == FSA_OK)
    result = fsa_stack_build(store, &matrix, counter, options->most_hosts, &ranking.stack);
  if (result == FSA_OK) {
    put_in_order(&ranking);
    if (options->format == FSA_FORMAT_JSON) print_json(&ranking);
    if (options->format == FSA_FORMAT_CSV) print_csv(&ranking);
    if (options->format == FSA_FORMAT_TABLE) print_table(&ranking);
  }
  g_free(ranking.order);
  g_free(ranking.leaders);
  fsa_buffer_done(&ranking.out);
  fsa_stack_done(&ranking.stack);
  fsa_matrix_done(&matrix);
  return result;
}

int fsa_rank(const FsaRankOptions *options) {
  FsaCase *store;
  FsaStore *counter = options->store_url ? fsa_store_new(options->store_url) : NULL;
  if (options->store_url && !counter) return 3;
  int result = fsa_case_open(options->case_path, FSA_CASE_READ, &store);
  if (result == FSA_OK) result = rank_case(store, counter, options);
  int code = result == FSA_OK ? 0 : fsa_store_has_failed(counter) ? 3 : 2;
  const char *why = fsa_case_message(store);
  if (code == 2) fsa_complain("%s: %s", options->case_path, why[0] ? why : fsa_result_name(result));
  fsa_case_close(store);
  fsa_store_free(counter);
  return code;
}
