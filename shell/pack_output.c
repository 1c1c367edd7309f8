/* What the files have in common that `fsa pack build` writes. */
#include "pack_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "os/folder.h"
#include "terminal.h"

void fsa_pack_put_string(FsaBuffer *out, const char *name, const char *value) {
  fsa_buffer_puts(out, ", ");
  fsa_buffer_json(out, name, strlen(name));
  fsa_buffer_puts(out, ": ");
  fsa_buffer_json(out, value, strlen(value));
}

void fsa_pack_put_list(FsaBuffer *out, const char *name, const char *const *values) {
  fsa_buffer_puts(out, ", ");
  fsa_buffer_json(out, name, strlen(name));
  fsa_buffer_puts(out, ": [");
  for (size_t i = 0; values[i]; i++) {
    if (i) fsa_buffer_puts(out, ", ");
    fsa_buffer_json(out, values[i], strlen(values[i]));
  }
  fsa_buffer_putc(out, ']');
}

void fsa_pack_put_description(FsaBuffer *out, const FsaPackQuery *query) {
  FsaBuffer text = fsa_buffer(FSA_MAX_BUILT);
  fsa_buffer_printf(&text, "%s. Proves: %s Does not prove: %s Next: %s (FSA Tables %s)",
                    query->title, query->proves, query->does_not_prove, query->next_step,
                    FSA_VERSION);
  fsa_buffer_json(out, fsa_buffer_text(&text), text.size);
  if (text.error) out->error = text.error;
  fsa_buffer_done(&text);
}

int fsa_pack_write(FsaBuffer *text, const char *folder, const char *name) {
  char path[FSA_MAX_PATH];
  FsaWriter writer;
  int size = snprintf(path, sizeof path, "%s/%s", folder, name), error = fsa_folder_make(folder);
  if (size < 0 || (size_t)size >= sizeof path) error = ENAMETOOLONG;
  if (!error && text->error) error = ENOMEM;
  if (!error) error = fsa_writer_open(&writer, path);
  if (!error) {
    fsa_writer_put(&writer, text->data, text->size);
    error = fsa_writer_close(&writer);
  }
  fsa_buffer_clear(text);
  if (!error) return FSA_EXIT_OK;
  fsa_terminal_complain("cannot write %s/%s: %s", folder, name, strerror(error));
  return FSA_EXIT_SQL;
}
