/* Keys and values of the registry as the NT kernel tells them. */
#include "formats/nt_key.h"

/* A class of size 0 has an offset of all ones, or of anything else. */
static FsaBytes class_at(FsaBytes *bytes, uint32_t offset, uint32_t size) {
  return size ? fsa_slice(bytes, offset, size) : fsa_bytes(NULL, 0);
}

int fsa_nt_key_node(FsaBytes bytes, FsaNtKey *ret_key) {
  FsaNtKey key = {.write_time = fsa_u64(&bytes, 0)};
  const uint32_t class_offset = fsa_u32(&bytes, 12), class_size = fsa_u32(&bytes, 16);
  key.name = fsa_slice(&bytes, 24, fsa_u32(&bytes, 20));
  key.class_name = class_at(&bytes, class_offset, class_size);
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_key = key;
  return FSA_OK;
}

int fsa_nt_key_full(FsaBytes bytes, FsaNtKey *ret_key) {
  FsaNtKey key = {
      .write_time = fsa_u64(&bytes, 0),
      .subkey_count = fsa_u32(&bytes, 20),
      .value_count = fsa_u32(&bytes, 32),
  };
  const uint32_t class_offset = fsa_u32(&bytes, 12), class_size = fsa_u32(&bytes, 16);
  key.class_name = class_at(&bytes, class_offset, class_size);
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_key = key;
  return FSA_OK;
}

int fsa_nt_key_value(FsaBytes bytes, FsaNtKeyValue *ret_value) {
  FsaNtKeyValue value = {.type = fsa_u32(&bytes, 4)};
  const uint32_t offset = fsa_u32(&bytes, 8), size = fsa_u32(&bytes, 12);
  value.name = fsa_slice(&bytes, 20, fsa_u32(&bytes, 16));
  if (size) value.data = fsa_slice(&bytes, offset, size);
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_value = value;
  return FSA_OK;
}
