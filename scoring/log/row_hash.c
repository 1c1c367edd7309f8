/* Hashes of values under the secret of a case. See row_hash.h. */
#include "log/row_hash.h"

__extension__ typedef unsigned __int128 Wide;

static Wide product(uint64_t a, uint64_t b) {
  return (Wide)a * b;
}

static uint64_t fold(Wide wide) {
  return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

FsaHashKeys fsa_hash_keys(FsaSipKey secret) {
  FsaHashKeys keys = {.secret = secret};
  uint64_t words[FSA_HASH_WORDS + 3];
  for (uint64_t i = 0; i < FSA_HASH_WORDS + 3; i++)
    words[i] = fsa_siphash(secret, &(uint64_t[2]){i, UINT64_C(0x726f775f68617368)}, 16);
  memcpy(keys.words, words, sizeof keys.words);
  keys.chain = words[FSA_HASH_WORDS] | 1;
  keys.end = words[FSA_HASH_WORDS + 1] | 1;
  keys.row = words[FSA_HASH_WORDS + 2] | 1;
  return keys;
}

uint64_t fsa_hash_seed(const FsaHashKeys *keys, FsaText column) {
  return fsa_siphash(keys->secret, column.data, column.size);
}

static uint64_t load8(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static uint64_t load4(const char *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* Up to 16 bytes as two words; first and last bytes overlap, the size tells how far. */
static Wide short_product(const uint64_t *words, const char *at, size_t size) {
  uint64_t first, last;
  if (size >= 8) {
    first = load8(at);
    last = load8(at + size - 8);
  } else if (size >= 4) {
    first = load4(at);
    last = load4(at + size - 4);
  } else {
    const unsigned char *bytes = (const unsigned char *)at;
    first = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[size / 2] << 8 | bytes[size - 1];
    last = 0;
  }
  return product(first + words[0], last + words[1]);
}

/* A stretch of 17 to 128 bytes; its last 16 may overlap what is before them. */
static Wide stretch_product(const uint64_t *words, const char *at, size_t size) {
  Wide sum = 0;
  size_t place = 0;
  for (; size > 16; at += 16, size -= 16, place += 2)
    sum += product(load8(at) + words[place], load8(at + 8) + words[place + 1]);
  at -= 16 - size;
  return sum + product(load8(at) + words[place], load8(at + 8) + words[place + 1]);
}

uint64_t fsa_hash_value(const FsaHashKeys *keys, uint64_t seed, FsaText value) {
  const char *at = value.data;
  size_t left = value.size;
  if (!left) return 0;
  uint64_t state = seed;
  for (; left > 8 * FSA_HASH_WORDS; at += 8 * FSA_HASH_WORDS, left -= 8 * FSA_HASH_WORDS) {
    Wide sum = stretch_product(keys->words, at, 8 * FSA_HASH_WORDS);
    state = fold(product((uint64_t)sum ^ state, keys->chain ^ (uint64_t)(sum >> 64)));
  }
  /* only a value that began with whole stretches has 16 bytes before its short end */
  Wide sum =
      left > 16 ? stretch_product(keys->words, at, left) : short_product(keys->words, at, left);
  sum += value.size;
  return fold(product((uint64_t)sum ^ state, keys->end ^ (uint64_t)(sum >> 64)));
}

uint64_t fsa_hash_row(const FsaHashKeys *keys, uint64_t sum) {
  return fold(product(sum ^ keys->words[0], keys->row));
}
