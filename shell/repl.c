/* The interactive shell. */
#include "repl.h"

#include <string.h>

#include "edit.h"
#include "input.h"
#include "os/folder.h"
#include "terminal.h"

#define PROMPT_NAME 24 /* bytes of the evidence's name in the prompt */

static void show(const FsaBuffer *text) {
  FsaStream screen = fsa_stream_standard(FSA_STANDARD_OUTPUT);
  if (!text->error) fsa_stream_write(&screen, text->data, text->size);
}

static void greet(const FsaSession *session) {
  const char *evidence = fsa_engine_evidence(session->engine);
  FsaBuffer text = fsa_buffer(64u << 10);
  fsa_buffer_printf(&text, "FSA Tables %s, %zu tables, asking ", FSA_VERSION, fsa_table_count);
  fsa_terminal_put_safe(&text, evidence ? evidence : "this host",
                        strlen(evidence ? evidence : "this host"));
  fsa_buffer_printf(&text, ".\n.tables lists the tables, .help the commands; %s.\n",
                    fsa_edit_leaves);
  show(&text);
  fsa_buffer_done(&text);
}

/* "fsa> ", or "fsa case42> " when evidence other than this host is asked. */
static void make_prompt(const FsaSession *session, bool is_open, FsaBuffer *prompt) {
  const char *evidence = fsa_engine_evidence(session->engine);
  fsa_buffer_clear(prompt);
  if (is_open) {
    fsa_buffer_puts(prompt, "...> ");
    return;
  }
  fsa_buffer_puts(prompt, "fsa");
  if (evidence && strcmp(evidence, "live") != 0) {
    const char *name = fsa_last_part(evidence);
    size_t width;
    fsa_buffer_putc(prompt, ' ');
    fsa_terminal_put_safe(prompt, name, fsa_terminal_fit(name, strlen(name), PROMPT_NAME, &width));
  }
  fsa_buffer_puts(prompt, "> ");
}

/* Runs a line; what it completed goes into the history as a whole. */
static void take_line(FsaSession *session, FsaEdit *edit, FsaGather *gather, FsaBuffer *statement,
                      FsaText line) {
  fsa_buffer_put(statement, line.data, line.size);
  fsa_buffer_putc(statement, '\n');
  FsaText copy = {fsa_buffer_text(statement) + statement->size - line.size - 1, line.size};
  if (!statement->error) fsa_gather_line(gather, session, copy.data, copy.size, 0);
  if (!statement->error && fsa_gather_is_open(gather)) return;
  fsa_edit_remember(edit, statement->data, statement->error ? 0 : statement->size);
  fsa_buffer_clear(statement);
  if (!session->is_over) fsa_session_tell_problems(session);
}

static void run(FsaSession *session, FsaEdit *edit, FsaBuffer *statement, FsaBuffer *prompt) {
  FsaGather gather = fsa_gather();
  while (!session->is_over) {
    FsaText line, before = {gather.text.data, gather.text.size};
    make_prompt(session, fsa_gather_is_open(&gather), prompt);
    int result = fsa_edit_line(edit, fsa_buffer_text(prompt), before, &line);
    if (result == FSA_OK) break;
    if (result == FSA_ROW) {
      take_line(session, edit, &gather, statement, line);
      continue;
    }
    fsa_gather_drop(&gather);
    fsa_buffer_clear(statement);
  }
  fsa_gather_drop(&gather);
  fsa_gather_end(&gather, session);
}

int fsa_repl_run(FsaSession *session) {
  FsaEdit *edit = fsa_edit_new();
  if (!edit) {
    FsaStream input = fsa_stream_standard(FSA_STANDARD_INPUT);
    return fsa_input_run(session, &input);
  }
  FsaBuffer statement = fsa_buffer(64u << 20), prompt = fsa_buffer(64u << 10);
  greet(session);
  run(session, edit, &statement, &prompt);
  fsa_buffer_done(&statement);
  fsa_buffer_done(&prompt);
  fsa_edit_free(edit);
  return FSA_EXIT_OK;
}
