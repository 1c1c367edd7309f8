/* Addresses as text, and their kinds. */
#include "formats/ip_address.h"

#include <stdio.h>

/* The first bits of addresses of a kind. The longest prefixes stand first. */
typedef struct Block {
  uint8_t prefix[16];
  uint8_t bits;
  const char *name;
} Block;

static const Block blocks4[] = {
    {{0, 0, 0, 0}, 32, "unspecified"},
    {{255, 255, 255, 255}, 32, "broadcast"},
    {{192, 0, 0}, 24, "reserved"},    /* protocol assignments */
    {{192, 0, 2}, 24, "reserved"},    /* documentation */
    {{198, 51, 100}, 24, "reserved"}, /* documentation */
    {{203, 0, 113}, 24, "reserved"},  /* documentation */
    {{169, 254}, 16, "link_local"},
    {{192, 168}, 16, "private"},
    {{198, 18}, 15, "reserved"}, /* benchmarks */
    {{172, 16}, 12, "private"},
    {{100, 64}, 10, "shared"},
    {{0}, 8, "reserved"}, /* this network */
    {{10}, 8, "private"},
    {{127}, 8, "loopback"},
    {{224}, 4, "multicast"},
    {{240}, 4, "reserved"},
};

static const Block blocks6[] = {
    {{0}, 128, "unspecified"},
    {{[15] = 1}, 128, "loopback"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "reserved"}, /* documentation */
    {{0xfe, 0x80}, 10, "link_local"},
    {{0xff}, 8, "multicast"},
    {{0xfc}, 7, "private"},
    {{0x20}, 3, "public"},
    {{0}, 0, "reserved"},
};

static bool begins(const uint8_t *address, const Block *block) {
  const size_t whole = block->bits / 8u, rest = block->bits % 8u;
  if (memcmp(address, block->prefix, whole) != 0) return false;
  return rest == 0 || (address[whole] ^ block->prefix[whole]) >> (8 - rest) == 0;
}

static const char *class_in(const uint8_t *address, const Block *blocks, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (begins(address, &blocks[i])) return blocks[i].name;
  return "public";
}

/* An IPv4 address in an IPv6 one: ::ffff:0:0/96, or 64:ff9b::/96 of a translator [RFC 6052]. */
static bool is_mapped(const uint8_t *address) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  return memcmp(address, mapped, sizeof mapped) == 0;
}

static bool is_translated(const uint8_t *address) {
  static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b};
  return memcmp(address, translated, sizeof translated) == 0;
}

const char *fsa_ip_class(FsaBytes address) {
  if (address.size == 4) return class_in(address.data, blocks4, sizeof blocks4 / sizeof *blocks4);
  if (address.size != 16) return NULL;
  if (is_mapped(address.data) || is_translated(address.data))
    return fsa_ip_class(fsa_bytes(address.data + 12, 4));
  return class_in(address.data, blocks6, sizeof blocks6 / sizeof *blocks6);
}

static size_t print4(const uint8_t *p, char *out, size_t room) {
  return (size_t)snprintf(out, room, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

/* The longest run of at least two groups that are 0, the first of several. */
static void longest_run(const uint16_t groups[8], size_t *ret_start, size_t *ret_count) {
  *ret_start = 8;
  *ret_count = 1;
  for (size_t i = 0; i < 8; i++) {
    size_t end = i;
    while (end < 8 && groups[end] == 0) end++;
    if (end - i <= *ret_count) continue;
    *ret_start = i;
    *ret_count = end - i;
  }
}

static size_t print6(const uint8_t *p, char *out) {
  uint16_t groups[8];
  size_t start, count, size = 0;
  for (size_t i = 0; i < 8; i++) groups[i] = (uint16_t)(p[2 * i] << 8 | p[2 * i + 1]);
  longest_run(groups, &start, &count);
  for (size_t i = 0; i < 8;) {
    if (i == start) {
      size += (size_t)snprintf(out + size, FSA_IP_TEXT - size, "::");
      i += count;
      continue;
    }
    const char *form = i && i != start + count ? ":%x" : "%x";
    size += (size_t)snprintf(out + size, FSA_IP_TEXT - size, form, groups[i++]);
  }
  return size;
}

size_t fsa_ip_text(FsaBytes address, char out[FSA_IP_TEXT]) {
  static const char mapped[] = "::ffff:";
  out[0] = '\0';
  if (address.size == 4) return print4(address.data, out, FSA_IP_TEXT);
  if (address.size != 16) return 0;
  if (!is_mapped(address.data)) return print6(address.data, out);
  memcpy(out, mapped, sizeof mapped);
  const size_t size = sizeof mapped - 1;
  return size + print4(address.data + 12, out + size, FSA_IP_TEXT - size);
}
