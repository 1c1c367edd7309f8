/*
 * Finding files by patterns, in one walk: each directory is listed once for all patterns.
 *
 * The parts of all patterns stand in one array; a walk carries the positions in it that an entry of
 * this directory may match. "**" is a position that stays. Links are followed where a named part or
 * a wildcard matches them, never by "**": what they lead to inside the evidence has its own path.
 */
#include <stdlib.h>
#include <string.h>

#include "base/wtf8.h"
#include "evidence/inside.h"
#include "evidence/path.h"

typedef struct Part {
  FsaText text;
  bool is_first;
  bool is_last;
  bool is_any; /* "**" */
} Part;

/* A file that matched. */
typedef struct Match {
  FsaFound found;
  unsigned volume;
  bool by_link;
} Match;

/* Where the walk is. */
typedef struct Place {
  const char *opened; /* path in the tree */
  const char *shown;  /* as users know it */
  bool by_link;       /* a link was followed on the way */
} Place;

/* The positions that are open in a directory. */
typedef struct Positions {
  uint32_t *list;
  size_t count;
} Positions;

typedef struct Walk {
  const FsaEvidence *evidence;
  const char *const *patterns;
  bool (*probe)(FsaBytes head);
  FsaSeeker seeker;
  FsaArena *arena; /* of the result */
  Part *parts;
  size_t part_count;
  uint32_t *stamps; /* by part: the entry it was last opened for */
  uint32_t stamp;
  const FsaVolume *volume; /* NULL in a loose folder */
  unsigned volume_index;
  char separator;
  Match *matches;
  size_t count, room;
  size_t directories;
  bool is_full; /* a ceiling was reached and told */
} Walk;

static void tell(const Walk *walk, int code, const char *path, const char *message) {
  if (walk->seeker.problem) walk->seeker.problem(walk->seeker.context, code, path, message);
}

/* ---- patterns -------------------------------------------------------------------------------- */

static size_t count_parts(const char *const *patterns) {
  size_t count = 0;
  for (; patterns && *patterns; patterns++) {
    count++;
    for (const char *p = *patterns; *p; p++) count += *p == '/';
  }
  return count;
}

static void add_pattern(Walk *walk, const char *pattern) {
  bool is_first = true;
  while (*pattern == '/') pattern++;
  while (*pattern) {
    size_t size = strcspn(pattern, "/");
    Part part = {.text = {pattern, size}, .is_first = is_first};
    part.is_any = size == 2 && memcmp(pattern, "**", 2) == 0;
    pattern += size;
    while (*pattern == '/') pattern++;
    part.is_last = !*pattern;
    bool is_repeated = part.is_any && !is_first && walk->parts[walk->part_count - 1].is_any;
    if (is_repeated)
      walk->parts[walk->part_count - 1].is_last = part.is_last;
    else
      walk->parts[walk->part_count++] = part;
    is_first = false;
  }
}

static int compile(Walk *walk, const char *const *patterns, FsaArena *scratch) {
  size_t most = count_parts(patterns);
  walk->parts = fsa_arena_zero(scratch, most + 1, sizeof *walk->parts);
  walk->stamps = fsa_arena_zero(scratch, most + 1, sizeof *walk->stamps);
  if (!walk->parts || !walk->stamps || most > UINT32_MAX) return FSA_E_NOMEM;
  for (; patterns && *patterns; patterns++) add_pattern(walk, *patterns);
  return FSA_OK;
}

/* Opens position `at`, and the one behind it when it is "**" (which may stand for no directory). */
static void open_position(Walk *walk, Positions *positions, size_t at) {
  for (;; at++) {
    if (walk->stamps[at] != walk->stamp) positions->list[positions->count++] = (uint32_t)at;
    walk->stamps[at] = walk->stamp;
    if (!walk->parts[at].is_any || walk->parts[at].is_last) return;
  }
}

/* What older versions of Windows call the folders that patterns begin with. */
static const char *const aliases[][2] = {
    {"Windows", "WINNT"},
    {"Users", "Documents and Settings"},
};

static bool part_matches(const Walk *walk, const Part *part, const char *name, size_t size) {
  if (fsa_text_glob(name, size, part->text.data, part->text.size)) return true;
  if (!part->is_first || !walk->volume || !walk->volume->drive) return false;
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
    if (fsa_text_same(part->text.data, part->text.size, aliases[i][0], strlen(aliases[i][0])))
      return fsa_text_same(name, size, aliases[i][1], strlen(aliases[i][1]));
  }
  return false;
}

/*
 * What an entry called `name` matches: true when it may be a file that is looked for; `next`
 * becomes the positions inside it, if it is a directory.
 */
static bool match_entry(Walk *walk, const char *name, bool is_link, const Positions *here,
                        Positions *next) {
  bool is_match = false;
  size_t size = strlen(name);
  next->count = 0;
  walk->stamp++;
  for (size_t i = 0; i < here->count; i++) {
    size_t at = here->list[i];
    const Part *part = &walk->parts[at];
    if (part->is_any) {
      is_match |= part->is_last;
      if (!is_link) open_position(walk, next, at);
    } else if (part_matches(walk, part, name, size)) {
      is_match |= part->is_last;
      if (!part->is_last) open_position(walk, next, at + 1);
    }
  }
  return is_match;
}

/* ---- loose files ----------------------------------------------------------------------------- */

static bool is_wild(FsaText text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] != '*' && text.data[i] != '?') return false;
  return true;
}

/* True when the whole path or the last part of a pattern names it; wildcards alone say nothing. */
static bool is_named(const Walk *walk, const char *path) {
  const char *name = fsa_path_name(path);
  for (const char *const *p = walk->patterns; p && *p; p++) {
    const char *last = fsa_path_name(*p);
    FsaText text = {last, strlen(last)};
    if (!is_wild(text) && fsa_text_glob(name, strlen(name), last, text.size)) return true;
    if (fsa_text_glob(path, strlen(path), *p, strlen(*p))) return true;
  }
  return false;
}

/* A file outside any layout is ours when a pattern names it, or when its bytes are. */
static int loose_matches(const Walk *walk, const char *opened, const char *shown, bool *ret_is) {
  FsaArena scratch = fsa_arena(0);
  const char *path = fsa_os_path_plain(&scratch, shown);
  *ret_is = path && is_named(walk, path);
  fsa_arena_done(&scratch);
  if (!path) return FSA_E_NOMEM;
  uint8_t buffer[FSA_HEAD_BYTES];
  FsaBytes head;
  if (*ret_is || !walk->probe) return FSA_OK;
  int result = fsa_head_read(walk->evidence->tree, opened, buffer, &head);
  if (result == FSA_OK) *ret_is = walk->probe(head);
  if (result != FSA_OK && result != FSA_E_ABSENT)
    tell(walk, result, shown, "cannot read the beginning of this file");
  return FSA_OK;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void walk_full(Walk *walk, const char *path, const char *message) {
  if (!walk->is_full) tell(walk, FSA_E_LIMIT, path, message);
  walk->is_full = true;
}

static int add_match(Walk *walk, const Place *place) {
  if (!walk->volume) {
    bool is_ours;
    int result = loose_matches(walk, place->opened, place->shown, &is_ours);
    if (result != FSA_OK || !is_ours) return result;
  }
  if (walk->count == FSA_MAX_PATTERN_FILES) {
    walk_full(walk, place->shown,
              "more than " FSA_CEILING_TEXT(
                  FSA_MAX_PATTERN_FILES) " files match: the others were left out");
    return FSA_OK;
  }
  if (walk->count == walk->room) {
    size_t room = walk->room ? walk->room * 2 : 16;
    Match *grown = fsa_arena_grow(walk->arena, walk->matches, walk->room * sizeof *grown,
                                  room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    walk->matches = grown;
    walk->room = room;
  }
  Match match = {.volume = walk->volume_index, .by_link = place->by_link};
  match.found.path = fsa_arena_copy(walk->arena, place->shown, strlen(place->shown));
  match.found.opened = fsa_arena_copy(walk->arena, place->opened, strlen(place->opened));
  if (!match.found.path || !match.found.opened) return FSA_E_NOMEM;
  walk->matches[walk->count++] = match;
  return FSA_OK;
}

/*
 * Which entries stand in a folder that may not be listed: those that the patterns name and that are
 * there.
 */
static int list_by_name(const Walk *walk, const Place *place, const Positions *here,
                        FsaArena *scratch, FsaListing *ret_listing) {
  FsaTree *tree = walk->evidence->tree;
  FsaNode *nodes = fsa_arena_zero(scratch, here->count, sizeof *nodes);
  if (!nodes) return FSA_E_NOMEM;
  size_t count = 0;
  for (size_t i = 0; i < here->count; i++) {
    FsaText text = walk->parts[here->list[i]].text;
    if (memchr(text.data, '*', text.size) || memchr(text.data, '?', text.size)) continue;
    const char *name = fsa_arena_copy(scratch, text.data, text.size);
    const char *path = name ? fsa_path_join(scratch, place->opened, '/', name) : NULL;
    if (!path) return FSA_E_NOMEM;
    FsaNodeKind kind;
    if (tree->ops->look(tree, path, &kind) == FSA_OK)
      nodes[count++] = (FsaNode){.name = name, .kind = kind};
  }
  *ret_listing = (FsaListing){.nodes = nodes, .count = count};
  return FSA_OK;
}

static int list_place(Walk *walk, const Place *place, const Positions *here, FsaArena *scratch,
                      FsaListing *ret_listing) {
  FsaTree *tree = walk->evidence->tree;
  *ret_listing = (FsaListing){0};
  if (walk->seeker.is_over && walk->seeker.is_over(walk->seeker.context)) return FSA_E_TIMEOUT;
  if (++walk->directories > FSA_MAX_WALK_DIRS) {
    walk_full(walk, place->shown,
              "more than " FSA_CEILING_TEXT(
                  FSA_MAX_WALK_DIRS) " folders: this one and others were left out");
    return FSA_OK;
  }
  int result = tree->ops->list(tree, place->opened, scratch, ret_listing);
  if (result == FSA_OK && ret_listing->is_cut)
    tell(walk, FSA_E_LIMIT, place->shown,
         "more than " FSA_CEILING_TEXT(FSA_MAX_DIR_ENTRIES) " entries: the others were left out");
  if (result == FSA_OK || result == FSA_E_NOMEM) return result;
  if (result == FSA_E_ABSENT) return FSA_OK; /* it vanished */
  tell(walk, result, place->shown,
       result == FSA_E_ACCESS ? "cannot list this folder: the system refused access"
                              : "cannot list this folder: the read failed");
  return list_by_name(walk, place, here, scratch, ret_listing);
}

/* Where `node` leads to. FSA_E_ABSENT when it is to be passed over. */
static int enter(Walk *walk, const Place *place, const FsaNode *node, const char *name,
                 FsaArena *scratch, Place *ret_inside, FsaNodeKind *ret_kind) {
  Place inside = {.by_link = place->by_link};
  FsaText shown = fsa_text_from_wtf8(scratch, name, strlen(name));
  inside.opened = fsa_path_join(scratch, place->opened, '/', node->name);
  if (!shown.data || !inside.opened) return FSA_E_NOMEM;
  size_t end = strlen(place->shown);
  char last = end ? place->shown[end - 1] : '\0';
  bool is_root = last == walk->separator || fsa_os_is_separator(last);
  inside.shown = is_root ? fsa_arena_printf(scratch, "%s%s", place->shown, shown.data)
                         : fsa_path_join(scratch, place->shown, walk->separator, shown.data);
  if (!inside.shown) return FSA_E_NOMEM;
  *ret_kind = node->kind;
  if (strlen(inside.opened) > FSA_MAX_PATH) {
    tell(walk, FSA_E_LIMIT, place->shown,
         "a path below this folder is longer than " FSA_CEILING_TEXT(FSA_MAX_PATH) " bytes");
    return FSA_E_ABSENT;
  }
  if (node->kind == FSA_NODE_LINK) {
    const char *root = walk->volume ? walk->volume->root : "";
    int result = fsa_path_resolve(walk->evidence->tree, root, inside.opened, scratch,
                                  &inside.opened, ret_kind);
    inside.by_link = true;
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK && result != FSA_E_ABSENT)
      tell(walk, result, inside.shown,
           result == FSA_E_LIMIT ? "cannot follow this link: more than " FSA_CEILING_TEXT(
                                       FSA_MAX_LINKS) " links on the way"
                                 : "cannot follow this link: the system refused access");
    if (result != FSA_OK) return FSA_E_ABSENT;
  }
  *ret_inside = inside;
  return FSA_OK;
}

/* /proc and /sys of a live host are the os layer's: their files are not files. */
static bool is_pseudo(const Walk *walk, const Place *place, const char *name) {
  return walk->evidence->os && !*place->opened &&
         (strcmp(name, "proc") == 0 || strcmp(name, "sys") == 0);
}

static int walk_folder(Walk *walk, const Place *place, const Positions *here, unsigned depth);

static int walk_node(Walk *walk, const Place *place, const FsaNode *node, const Positions *here,
                     Positions *next, FsaArena *scratch, unsigned depth) {
  if (node->kind == FSA_NODE_OTHER || is_pseudo(walk, place, node->name)) return FSA_OK;
  bool is_encoded = walk->volume && walk->volume->is_encoded;
  const char *name = is_encoded ? fsa_path_decode(scratch, node->name) : node->name;
  if (!name) return FSA_E_NOMEM;
  bool is_match = match_entry(walk, name, node->kind == FSA_NODE_LINK, here, next);
  if (!is_match && !next->count) return FSA_OK;
  Place inside;
  FsaNodeKind kind;
  int result = enter(walk, place, node, name, scratch, &inside, &kind);
  if (result == FSA_E_ABSENT) return FSA_OK;
  if (result != FSA_OK) return result;
  if (kind == FSA_NODE_FILE && is_match) return add_match(walk, &inside);
  if (kind == FSA_NODE_DIRECTORY && next->count) return walk_folder(walk, &inside, next, depth + 1);
  return FSA_OK;
}

static int walk_folder(Walk *walk, const Place *place, const Positions *here, unsigned depth) {
  if (depth > FSA_MAX_PATTERN_DEPTH) {
    tell(walk, FSA_E_LIMIT, place->shown,
         "more than " FSA_CEILING_TEXT(FSA_MAX_PATTERN_DEPTH) " folders deep: not looked at");
    return FSA_OK;
  }
  FsaArena scratch = fsa_arena(0);
  FsaListing listing;
  int result = list_place(walk, place, here, &scratch, &listing);
  /* an open "**" may open the position behind it, so a position leads to two at most */
  Positions next = {.list = fsa_arena_zero(&scratch, here->count * 2, sizeof *next.list)};
  if (!next.list) result = FSA_E_NOMEM;
  for (size_t i = 0; result == FSA_OK && i < listing.count && !walk->is_full; i++)
    result = walk_node(walk, place, &listing.nodes[i], here, &next, &scratch, depth);
  fsa_arena_done(&scratch);
  return result;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static int compare_opened(const void *a, const void *b) {
  const Match *x = a, *y = b;
  int order = strcmp(x->found.opened, y->found.opened);
  if (order == 0) order = (int)x->by_link - (int)y->by_link;
  return order ? order : strcmp(x->found.path, y->found.path);
}

static int compare_path(const void *a, const void *b) {
  const Match *x = a, *y = b;
  int order = strcmp(x->found.path, y->found.path);
  if (order == 0) order = (x->volume > y->volume) - (x->volume < y->volume);
  return order ? order : strcmp(x->found.opened, y->found.opened);
}

/* One file under two names (a link to it), or one path in two containers (collected twice). */
static bool is_double(const Match *kept, const Match *match) {
  return strcmp(kept->found.opened, match->found.opened) == 0 ||
         (kept->volume != match->volume && strcmp(kept->found.path, match->found.path) == 0);
}

static void sort_and_thin(Walk *walk, int (*compare)(const void *, const void *)) {
  if (walk->count == 0) return;
  qsort(walk->matches, walk->count, sizeof *walk->matches, compare);
  size_t kept = 1;
  for (size_t i = 1; i < walk->count; i++)
    if (!is_double(&walk->matches[kept - 1], &walk->matches[i]))
      walk->matches[kept++] = walk->matches[i];
  walk->count = kept;
}

static int answer(Walk *walk, const FsaFound **ret_found, size_t *ret_count) {
  sort_and_thin(walk, compare_opened);
  sort_and_thin(walk, compare_path);
  FsaFound *found = fsa_arena_zero(walk->arena, walk->count, sizeof *found);
  if (!found) return FSA_E_NOMEM;
  for (size_t i = 0; i < walk->count; i++) found[i] = walk->matches[i].found;
  *ret_found = found;
  *ret_count = walk->count;
  return FSA_OK;
}

static int walk_root(Walk *walk, const char *opened, const char *shown, FsaArena *scratch) {
  Positions start = {.list = fsa_arena_zero(scratch, walk->part_count + 1, sizeof *start.list)};
  if (!start.list) return FSA_E_NOMEM;
  walk->stamp++;
  for (size_t i = 0; i < walk->part_count; i++)
    if (walk->parts[i].is_first) open_position(walk, &start, i);
  Place place = {.opened = opened, .shown = shown};
  return start.count ? walk_folder(walk, &place, &start, 0) : FSA_OK;
}

static int walk_volumes(Walk *walk, FsaArena *scratch) {
  const FsaLayout *layout = &walk->evidence->layout;
  int result = compile(walk, walk->patterns, scratch);
  for (size_t i = 0; result == FSA_OK && i < layout->count; i++) {
    walk->volume = &layout->volumes[i];
    walk->volume_index = (unsigned)i;
    char drive[4] = {walk->volume->drive, ':', '\\', '\0'};
    walk->separator = walk->volume->drive ? '\\' : '/';
    result = walk_root(walk, walk->volume->root, walk->volume->drive ? drive : "/", scratch);
  }
  return result;
}

static int walk_loose(Walk *walk, FsaArena *scratch) {
  static const char *const everything[] = {"**", NULL};
  int result = compile(walk, everything, scratch);
  walk->separator = fsa_os_separator_of(walk->evidence->name);
  return result == FSA_OK ? walk_root(walk, "", walk->evidence->name, scratch) : result;
}

int fsa_evidence_find(const FsaEvidence *evidence, const char *const *patterns,
                      bool (*probe)(FsaBytes head), FsaArena *arena, const FsaSeeker *seeker,
                      const FsaFound **ret_found, size_t *ret_count) {
  Walk walk = {.evidence = evidence,
               .patterns = patterns,
               .probe = probe,
               .seeker = seeker ? *seeker : (FsaSeeker){0},
               .arena = arena};
  FsaArena scratch = fsa_arena(0);
  int result;
  if (evidence->file) {
    Place place = {.opened = evidence->file, .shown = evidence->name};
    result = add_match(&walk, &place);
  } else if (evidence->layout.count) {
    result = walk_volumes(&walk, &scratch);
  } else {
    result = walk_loose(&walk, &scratch);
  }
  fsa_arena_done(&scratch);
  return result == FSA_OK ? answer(&walk, ret_found, ret_count) : result;
}
