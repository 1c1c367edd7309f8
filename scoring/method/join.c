/* Join values. See join.h. */
#include "method/join.h"

#include <string.h>

#include "pack/path_class.h"

/* A folder is the same with and without the separator behind it. */
static FsaText without_last_separator(FsaText path) {
  while (path.size > 1 && (path.data[path.size - 1] == '/' || path.data[path.size - 1] == '\\'))
    path.size--;
  return path;
}

const char *fsa_join_name(FsaText column, FsaText value, FsaBuffer *out) {
  fsa_buffer_clear(out);
  if (!value.size || (value.size == 1 && (value.data[0] == '0' || value.data[0] == '-'))) return "";
  bool is_name = memchr(value.data, '/', value.size) || memchr(value.data, '\\', value.size);
  if (is_name) {
    value = without_last_separator(fsa_path_image(value));
  } else {
    fsa_buffer_put(out, column.data, column.size);
    fsa_buffer_putc(out, '=');
  }
  for (size_t i = 0; i < value.size; i++) {
    char c = value.data[i];
    fsa_buffer_putc(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
  }
  return fsa_buffer_text(out);
}
