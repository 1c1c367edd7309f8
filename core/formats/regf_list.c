/*
 * regf: the lists of subkeys (li, lf, lh, and ri above them), and who is whose child.
 *
 * Lists are walked without recursion: an ri list names leaves, never another ri list
 * [specification, "Index root"; nested lists were a denial of service in another reader,
 * CVE-2021-3622].
 */
#include <stdlib.h>

#include "formats/regf_hive.h"

enum { LIST_HEAD = 4 };

/* Takes the list at `relative` as the leaf or, when it may be one, as the ri list. */
static void enter_list(FsaRegfListWalk *walk, uint32_t relative, uint64_t from, bool may_be_root) {
  FsaRegfCell cell;
  walk->index = walk->count = 0;
  if (!fsa_regf_cell(walk->hive, relative, &cell) || cell.bytes.size < LIST_HEAD) {
    fsa_regf_tell(walk->teller, FSA_E_FORMAT, from, "0x%x is no cell with a list of subkeys",
                  relative);
    return;
  }
  uint8_t first = fsa_u8(&cell.bytes, 0), second = fsa_u8(&cell.bytes, 1);
  bool is_root = first == 'r' && second == 'i' && may_be_root;
  bool is_leaf = first == 'l' && (second == 'f' || second == 'h' || second == 'i');
  if (!is_root && !is_leaf) {
    fsa_regf_tell(walk->teller, FSA_E_FORMAT, cell.offset, "not a list of subkeys: 0x%02x%02x",
                  first, second);
    return;
  }
  uint32_t stride = is_root || second == 'i' ? 4 : 8, count = fsa_u16(&cell.bytes, 2);
  if (count > (cell.bytes.size - LIST_HEAD) / stride) {
    uint32_t room = (uint32_t)((cell.bytes.size - LIST_HEAD) / stride);
    fsa_regf_tell(walk->teller, FSA_E_FORMAT, cell.offset,
                  "a list of %u subkeys in a cell that has room for %u", count, room);
    count = room;
  }
  if (is_root) {
    walk->root = cell;
    walk->root_count = count;
  } else {
    walk->leaf = cell;
    walk->kind = (char)second;
    walk->stride = stride;
    walk->count = count;
  }
}

FsaRegfListWalk fsa_regf_list_walk(const FsaRegf *hive, uint32_t list, uint64_t from,
                                   FsaRegfTeller *teller) {
  FsaRegfListWalk walk = {.hive = hive, .teller = teller};
  walk.left = (size_t)((hive->end - REGF_BASE_SIZE) / NK_NAME + 1);
  if (list != REGF_NOWHERE) enter_list(&walk, list, from, true);
  return walk;
}

bool fsa_regf_list_next(FsaRegfListWalk *walk, FsaRegfListEntry *ret_entry) {
  while (walk->index == walk->count) {
    if (walk->root_index == walk->root_count || walk->left == 0) return false;
    walk->left--;
    size_t at = LIST_HEAD + 4 * (size_t)walk->root_index++;
    enter_list(walk, fsa_u32(&walk->root.bytes, at), walk->root.offset, false);
  }
  if (walk->left == 0) {
    fsa_regf_tell(walk->teller, FSA_E_LIMIT, walk->leaf.offset,
                  "the lists of this key name more subkeys than the hive has room for");
    walk->root_index = walk->root_count;
    walk->index = walk->count;
    return false;
  }
  walk->left--;
  size_t at = LIST_HEAD + (size_t)walk->stride * walk->index++;
  *ret_entry = (FsaRegfListEntry){
      .key = fsa_u32(&walk->leaf.bytes, at),
      .hint = walk->stride == 8 ? fsa_u32(&walk->leaf.bytes, at + 4) : 0,
      .offset = walk->leaf.offset + walk->hive->cell_head + at,
      .kind = walk->kind,
  };
  return true;
}

/* ---- one parent for each key ----------------------------------------------------------------- */

typedef struct Adoption {
  uint32_t key, parent; /* relative */
} Adoption;

struct FsaRegfAdoptions {
  size_t count;
  Adoption *sorted; /* by key */
};

/* A growing stack of adoptions. */
typedef struct Stack {
  Adoption *items;
  size_t count, room;
} Stack;

/* The search for adoptions: keys to look into, and lists that name another key's child. */
typedef struct Search {
  const FsaRegf *hive;
  uint64_t *seen; /* bit n: the key at relative 8 n has its parent */
  Stack keys, foreign, adopted;
  uint64_t left; /* entries that may still be put into `foreign`: lists may be shared by all keys */
} Search;

static int push(Stack *stack, uint32_t key, uint32_t parent) {
  if (stack->count == stack->room) {
    size_t room = stack->room ? stack->room * 2 : 256;
    Adoption *grown = realloc(stack->items, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    stack->items = grown;
    stack->room = room;
  }
  stack->items[stack->count++] = (Adoption){key, parent};
  return FSA_OK;
}

/* True the first time it is asked for a key. */
static bool claim(Search *search, uint32_t key) {
  uint64_t bit = UINT64_C(1) << key / 8 % 64, *word = &search->seen[key / 8 / 64];
  if (*word & bit) return false;
  *word |= bit;
  return true;
}

static bool is_claimed(const Search *search, uint32_t key) {
  return search->seen[key / 8 / 64] >> key / 8 % 64 & 1;
}

/* Looks through the lists of one key: its own children at once, foreign ones later. */
static int search_key(Search *search, uint32_t key) {
  FsaRegfCell cell, child;
  FsaRegfTeller quiet = {0};
  if (!fsa_regf_record(search->hive, key, "nk", &cell)) return FSA_OK;
  FsaRegfListWalk walk =
      fsa_regf_list_walk(search->hive, fsa_u32(&cell.bytes, NK_SUBKEY_LIST), cell.offset, &quiet);
  int rc = FSA_OK;
  for (FsaRegfListEntry entry; rc == FSA_OK && fsa_regf_list_next(&walk, &entry);) {
    if (!fsa_regf_record(search->hive, entry.key, "nk", &child)) continue;
    if (fsa_u32(&child.bytes, NK_PARENT) != key) {
      if (search->left == 0 || is_claimed(search, entry.key)) continue;
      search->left--;
      rc = push(&search->foreign, entry.key, key);
    } else if (claim(search, entry.key))
      rc = push(&search->keys, entry.key, key);
  }
  return rc;
}

/* All keys that are reached by lists which agree with the children come first, so a right list
 * wins. */
static int search_all(Search *search) {
  uint32_t root = fsa_regf_relative(search->hive->root);
  claim(search, root);
  int rc = push(&search->keys, root, REGF_NOWHERE);
  while (rc == FSA_OK) {
    if (search->keys.count) {
      rc = search_key(search, search->keys.items[--search->keys.count].key);
    } else if (search->foreign.count) {
      Adoption next = search->foreign.items[--search->foreign.count];
      if (!claim(search, next.key)) continue;
      rc = push(&search->adopted, next.key, next.parent);
      if (rc == FSA_OK) rc = push(&search->keys, next.key, next.parent);
    } else {
      break;
    }
  }
  return rc;
}

static int by_key(const void *a, const void *b) {
  uint32_t x = ((const Adoption *)a)->key, y = ((const Adoption *)b)->key;
  return (x > y) - (x < y);
}

static int make_adoptions(const FsaRegf *hive, FsaRegfAdoptions **ret_adoptions) {
  Search search = {.hive = hive};
  uint64_t slots = (hive->end - REGF_BASE_SIZE + 7) / 8;
  FsaRegfAdoptions *adoptions = calloc(1, sizeof *adoptions);
  search.left = slots + FSA_MAX_REGF_STRANGERS;
  search.seen = calloc((size_t)(slots / 64 + 1), sizeof *search.seen);
  int rc = adoptions && search.seen ? FSA_OK : FSA_E_NOMEM;
  if (rc == FSA_OK && hive->root) rc = search_all(&search);
  free(search.seen);
  free(search.keys.items);
  free(search.foreign.items);
  if (rc < 0) {
    free(search.adopted.items);
    free(adoptions);
    return rc;
  }
  *adoptions = (FsaRegfAdoptions){.count = search.adopted.count, .sorted = search.adopted.items};
  if (adoptions->count)
    qsort(adoptions->sorted, adoptions->count, sizeof *adoptions->sorted, by_key);
  *ret_adoptions = adoptions;
  return FSA_OK;
}

void fsa_regf_adoptions_free(FsaRegfAdoptions *adoptions) {
  if (!adoptions) return;
  free(adoptions->sorted);
  free(adoptions);
}

int fsa_regf_adopted_by(const FsaRegf *hive, uint32_t key, uint32_t *ret_parent) {
  FsaRegfAdoptions *adoptions = atomic_load(&hive->lazy->adoptions), *other = NULL;
  if (!adoptions) {
    int rc = make_adoptions(hive, &adoptions);
    if (rc < 0) return rc;
    if (!atomic_compare_exchange_strong(&hive->lazy->adoptions, &other, adoptions)) {
      fsa_regf_adoptions_free(adoptions); /* another thread was first, with the same answer */
      adoptions = other;
    }
  }
  Adoption wanted = {key, 0}, *found = NULL;
  if (adoptions->count)
    found = bsearch(&wanted, adoptions->sorted, adoptions->count, sizeof wanted, by_key);
  *ret_parent = found ? found->parent : 0;
  return FSA_OK;
}
