/* The line editor that the console itself is. */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "interrupt.h"
#include "os/stream.h"

#define PIECE 4096 /* bytes that are asked for at once */

const char fsa_edit_leaves[] = "Ctrl-Z and Enter leave";
const char fsa_edit_keys[] = "Ctrl-C cancels\n"
                             "  a query or the statement, Ctrl-Z and Enter leave.\n";

struct FsaEdit {
  FsaStream keyboard, screen;
  FsaBuffer line;
};

FsaEdit *fsa_edit_new(void) {
  FsaEdit *edit = malloc(sizeof *edit);
  if (!edit) return NULL;
  *edit = (FsaEdit){.keyboard = fsa_stream_standard(FSA_STANDARD_INPUT),
                    .screen = fsa_stream_standard(FSA_STANDARD_OUTPUT),
                    .line = fsa_buffer(FSA_MAX_STATEMENT)};
  return edit;
}

void fsa_edit_free(FsaEdit *edit) {
  if (!edit) return;
  fsa_buffer_done(&edit->line);
  free(edit);
}

void fsa_edit_remember(FsaEdit *edit, const char *text, size_t size) {
  (void)edit, (void)text, (void)size; /* the console did */
}

static bool has_line_break(const FsaBuffer *line) {
  return line->size && line->data[line->size - 1] == '\n';
}

/* Reads until the line is complete. 0 or an errno value; a buffer without a line break is the end.
 */
static int read_line(FsaEdit *edit) {
  fsa_buffer_clear(&edit->line);
  while (!has_line_break(&edit->line)) {
    size_t got = 0;
    char *room = fsa_buffer_room(&edit->line, PIECE);
    if (!room) return ENOMEM;
    const int error = fsa_stream_read(&edit->keyboard, room, PIECE, &got);
    if (error) return error;
    if (got == 0) return 0;
    fsa_buffer_added(&edit->line, got);
  }
  return 0;
}

int fsa_edit_line(FsaEdit *edit, const char *prompt, FsaText before, FsaText *ret_line) {
  (void)before;
  fsa_interrupt_begin(); /* a Ctrl-C at the prompt drops the statement, two do not end the shell */
  fsa_stream_write(&edit->screen, prompt, strlen(prompt));
  const int error = read_line(edit);
  if (error == EINTR) {
    fsa_stream_write(&edit->screen, "^C\n", 3);
    return FSA_E_CANCELLED;
  }
  if (error || edit->line.size == 0) return FSA_OK;
  size_t size = edit->line.size;
  while (size && (edit->line.data[size - 1] == '\n' || edit->line.data[size - 1] == '\r')) size--;
  *ret_line = (FsaText){fsa_buffer_text(&edit->line), size};
  return FSA_ROW;
}
