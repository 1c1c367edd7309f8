/* AppCompatCache values: no input may read outside itself or keep the reader going. */
#include <stdlib.h>

#include "formats/appcompatcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FsaAppCompatCache cache;
  FsaAppCompatEntry entry;
  FsaBytes value = fsa_bytes(data, size);
  fsa_appcompat_probe(value);
  if (fsa_appcompat_open(value, &cache) != FSA_OK) return 0;
  for (uint64_t calls = 0;; calls++) {
    if (calls > 2 * size + 400) abort(); /* each call moves on, XP's by a place of its list */
    int result = fsa_appcompat_next(&cache, &entry);
    if (result == FSA_OK) return 0;
    if (result != FSA_ROW) continue;
    FsaBytes parts[] = {entry.path, entry.package, entry.data};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
      if (parts[i].size && !memchr(parts[i].data, 'x', parts[i].size)) continue; /* reads it all */
  }
}
