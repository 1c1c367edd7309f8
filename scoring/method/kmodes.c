/* k-modes. See kmodes.h. */
#include "method/kmodes.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define MAX_TURNS 12    /* of moving modes; it ends where nothing moves */
#define MAX_SAMPLE 1024 /* vectors that a new cluster is judged by */
#define MAX_SEEDS 128   /* of them, those that may begin one */
#define WORTH 0.90      /* another cluster must bring the distances below this part */

typedef struct Modes {
  FsaBits modes[FSA_MAX_MODES];
  size_t sizes[FSA_MAX_MODES];
  size_t count;
  uint64_t cost; /* sum of the distances of vectors to their modes */
} Modes;

static unsigned distance(const FsaBits *a, const FsaBits *b) {
  unsigned sum = 0;
  for (size_t i = 0; i < FSA_MODE_WORDS; i++)
    sum += (unsigned)__builtin_popcountll(a->words[i] ^ b->words[i]);
  return sum;
}

static uint8_t nearest(const Modes *modes, const FsaBits *vector, unsigned *ret_distance) {
  uint8_t best = 0;
  *ret_distance = distance(&modes->modes[0], vector);
  for (size_t i = 1; i < modes->count; i++) {
    unsigned other = distance(&modes->modes[i], vector);
    if (other >= *ret_distance) continue;
    *ret_distance = other;
    best = (uint8_t)i;
  }
  return best;
}

static bool assign(Modes *modes, const FsaBits *vectors, size_t count, uint8_t *of) {
  bool moved = false;
  unsigned far;
  modes->cost = 0;
  memset(modes->sizes, 0, sizeof modes->sizes);
  for (size_t i = 0; i < count; i++) {
    uint8_t mode = nearest(modes, &vectors[i], &far);
    moved |= of[i] != mode;
    of[i] = mode;
    modes->sizes[mode]++;
    modes->cost += far;
  }
  return moved;
}

/* A mode has what more than half of its vectors have. */
static void move(Modes *modes, const FsaBits *vectors, size_t count, const uint8_t *of) {
  const size_t bits = FSA_MODE_WORDS * 64;
  uint32_t *counts = g_new0(uint32_t, modes->count * bits);
  for (size_t i = 0; i < count; i++)
    for (size_t word = 0; word < FSA_MODE_WORDS; word++)
      for (uint64_t left = vectors[i].words[word]; left; left &= left - 1)
        counts[of[i] * bits + word * 64 + (size_t)__builtin_ctzll(left)]++;
  for (size_t mode = 0; mode < modes->count; mode++) {
    memset(&modes->modes[mode], 0, sizeof modes->modes[mode]);
    for (size_t bit = 0; bit < bits; bit++)
      if (counts[mode * bits + bit] * 2 > modes->sizes[mode])
        modes->modes[mode].words[bit / 64] |= UINT64_C(1) << (bit % 64);
  }
  g_free(counts);
}

static void settle(Modes *modes, const FsaBits *vectors, size_t count, uint8_t *of) {
  assign(modes, vectors, count, of);
  for (unsigned turn = 0; turn < MAX_TURNS; turn++) {
    move(modes, vectors, count, of);
    if (!assign(modes, vectors, count, of)) return;
  }
}

/* The vector that as a new mode brings a sample of all closest to their modes. */
static size_t find_seed(const Modes *modes, const FsaBits *vectors, size_t count) {
  size_t step = MAX(1, count / MAX_SAMPLE), seed_step = MAX(step, count / MAX_SEEDS), best = 0;
  uint64_t best_cost = UINT64_MAX;
  unsigned far;
  for (size_t seed = 0; seed < count; seed += seed_step) {
    uint64_t cost = 0;
    for (size_t i = 0; i < count && cost < best_cost; i += step) {
      nearest(modes, &vectors[i], &far);
      cost += MIN(far, distance(&vectors[seed], &vectors[i]));
    }
    if (cost >= best_cost) continue;
    best_cost = cost;
    best = seed;
  }
  return best;
}

static bool is_smallest_enough(const Modes *modes, size_t least) {
  for (size_t i = 0; i < modes->count; i++)
    if (modes->sizes[i] < least) return false;
  return true;
}

size_t fsa_kmodes(const FsaBits *vectors, size_t count, size_t least, uint8_t *ret_of) {
  Modes modes = {.count = 1};
  uint8_t *of = g_new0(uint8_t, count + 1);
  memset(ret_of, 0, count);
  settle(&modes, vectors, count, of);
  while (modes.count < FSA_MAX_MODES && count >= 2 * least) {
    Modes more = modes;
    more.modes[more.count] = vectors[find_seed(&modes, vectors, count)];
    more.count++;
    settle(&more, vectors, count, of);
    if (!is_smallest_enough(&more, least) || (double)more.cost >= WORTH * (double)modes.cost) break;
    modes = more;
    memcpy(ret_of, of, count);
  }
  g_free(of);
  return modes.count;
}
