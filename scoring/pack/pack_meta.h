/*
 * What the scorer knows about each pack query: which columns are the key that prevalence counts,
 * which join it to rows of other sources on the same host, which table it asks.
 *
 * It comes from the headers of packs/<pillar>/<name>.sql, built in, or from a fsa-pack-meta.json
 * that `fsa pack build` wrote: {"version": "...", "queries": {"<name>": {"title", "pillar",
 * "platform", "key": [...], "join": [...], "family", "attack": [...], "source": "<table>", "whole":
 * true, "tpr": 0.5, "fpr": 0.05, "rules": [{"id", "where", "tpr", "fpr", "attack": [...], "fixed":
 * true}], "attributes": [{"family", "where", "frequency"}], "next_step", "proves",
 * "does_not_prove", "awaits": ["<table that comes later>"]}}}; members that are not known are
 * passed over, any may be absent.
 */
#ifndef FSA_SCORING_PACK_META_H
#define FSA_SCORING_PACK_META_H

#include <glib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/result.h"
#include "base/text.h"

#define FSA_MAX_KEY_COLUMNS 16
#define FSA_MAX_META_BYTES (16u << 20) /* of a fsa-pack-meta.json */
#define FSA_MAX_CONDITIONS 64          /* rules and attributes of a query together */

/* A condition over the columns of a row that speaks for a compromise. */
typedef struct FsaRule {
  const char *id;
  const char *where; /* SQL, over the row's columns */
  double tpr, fpr;   /* of malicious and of other rows that it hits: the author's guess */
  FsaText attack[FSA_MAX_KEY_COLUMNS]; /* MITRE ATT&CK ids */
  size_t attack_count;
  bool is_fixed; /* an exact sign: what the fleet measures takes nothing from it */
} FsaRule;

/* A trait of a thing: how often malicious things have it is guessed, how often others is measured.
 */
typedef struct FsaAttribute {
  const char *family; /* at most one attribute of a family counts */
  const char *where;
  double frequency; /* among malicious things, 0..1 */
} FsaAttribute;

typedef struct FsaQueryMeta {
  const char *name;
  const char *title;    /* "" = unknown, as all texts here */
  const char *pillar;   /* running | set_to_run | has_run | os_state | coverage */
  const char *platform; /* as osquery writes it: linux, windows, "linux,windows", "" = any */
  const char *source;   /* the table it asks, "fsa_..." */
  const char *family;   /* memory, execution, ...: sources of one family share a cause */
  FsaText key[FSA_MAX_KEY_COLUMNS]; /* none = the whole row is the key */
  FsaText join[FSA_MAX_KEY_COLUMNS];
  FsaText attack[FSA_MAX_KEY_COLUMNS];
  FsaText awaits[FSA_MAX_KEY_COLUMNS]; /* tables without which it cannot be asked yet */
  size_t key_count, join_count, attack_count, awaits_count;
  double tpr, fpr; /* of a detection, where any row is a hit; 0 = it is none */
  const FsaRule *rules;
  const FsaAttribute *attributes;
  size_t rule_count, attribute_count; /* together at most FSA_MAX_CONDITIONS */
  const char *next_step, *proves, *does_not_prove;
  bool is_whole; /* it gives every row of its table, so rows can be counted against coverage */
} FsaQueryMeta;

typedef struct FsaPackMeta {
  FsaArena arena;      /* holds everything below */
  GHashTable *queries; /* name -> FsaQueryMeta, in the arena */
} FsaPackMeta;

/* Metadata of no query yet. */
FsaPackMeta fsa_pack_meta(void);

/* The metadata that this program was built with, in the form that fsa_pack_meta_read() reads. */
extern const unsigned char fsa_pack_meta_builtin[];
extern const size_t fsa_pack_meta_builtin_size;

/*
 * Adds or replaces queries from a fsa-pack-meta.json. FSA_OK, or an error with *ret_why set to what
 * is wrong (static storage).
 */
int fsa_pack_meta_read(FsaPackMeta *meta, const char *json, size_t size, const char **ret_why);

/* One query's metadata as the JSON object that fsa_pack_meta_read() reads. */
void fsa_query_meta_print(const FsaQueryMeta *query, FsaBuffer *out);

void fsa_pack_meta_done(FsaPackMeta *meta);

/* The query of that name; NULL when it is not known. */
const FsaQueryMeta *fsa_pack_meta_find(const FsaPackMeta *meta, FsaText name);

/*
 * The query's own name inside a scheduled one (`pack_<p>_<q>`, `pack/Global/<q>`,
 * `pack/team-7/<q>`, Zentral's `pack/<slug>/<pk>/<q>/<pk>/<version>`, or plain): a part that is a
 * known query, else the last part that begins with "fsa_". {NULL, 0} when the query is not one of
 * ours.
 */
FsaText fsa_query_name(const FsaPackMeta *meta, FsaText scheduled);

#endif
