/*
 * Everything that the NT kernel answers, from hostile bytes. The first byte chooses the decoder.
 * Checks that what is given lies inside the bytes and that every loop moves on.
 */
#include <stdlib.h>

#include "formats/nt_key.h"
#include "formats/nt_security.h"

static void check_inside(FsaBytes bytes, FsaBytes part) {
  if (part.size == 0) return;
  if (part.data < bytes.data || part.size > bytes.size ||
      part.data > bytes.data + bytes.size - part.size)
    abort();
}

static void read_key(FsaBytes bytes) {
  FsaNtKey key;
  FsaNtKeyValue value;
  if (fsa_nt_key_node(bytes, &key) == FSA_OK) {
    check_inside(bytes, key.name);
    check_inside(bytes, key.class_name);
  }
  if (fsa_nt_key_full(bytes, &key) == FSA_OK) check_inside(bytes, key.class_name);
  if (fsa_nt_key_value(bytes, &value) == FSA_OK) {
    check_inside(bytes, value.name);
    check_inside(bytes, value.data);
  }
}

static void read_security(FsaBytes bytes) {
  FsaArena arena = fsa_arena(0);
  FsaText text;
  if (fsa_nt_sddl(bytes, &arena, &text) == FSA_OK && !fsa_text_is_valid(text.data, text.size))
    abort();
  fsa_arena_done(&arena);
}

static const struct {
  char name;
  void (*read)(FsaBytes bytes);
} decoders[] = {
    {'k', read_key},
    {'s', read_security},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
    if (data[0] == (uint8_t)decoders[i].name) decoders[i].read(fsa_bytes(data + 1, size - 1));
  return 0;
}
