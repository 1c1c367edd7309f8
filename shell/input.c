/* Lines become statements. */
#include "input.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "query.h"
#include "terminal.h"

static bool is_blank(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (!isspace((unsigned char)text[i])) return false;
  return true;
}

FsaGather fsa_gather(void) {
  return (FsaGather){.text = fsa_buffer(FSA_MAX_STATEMENT)};
}

bool fsa_gather_is_open(const FsaGather *gather) {
  return gather->text.error || !is_blank(gather->text.data, gather->text.size);
}

void fsa_gather_drop(FsaGather *gather) {
  fsa_buffer_clear(&gather->text);
}

static int run_statement(FsaGather *gather, FsaSession *session) {
  int result = FSA_EXIT_SQL;
  if (gather->text.error)
    fsa_terminal_complain("the statement is larger than %u bytes", FSA_MAX_STATEMENT);
  else
    result = fsa_query_run(session, fsa_buffer_text(&gather->text), gather->first_line);
  fsa_buffer_clear(&gather->text);
  return result;
}

static int run_command(FsaSession *session, const char *line, size_t size) {
  FsaBuffer command = fsa_buffer(FSA_MAX_STATEMENT);
  fsa_buffer_put(&command, line, size);
  int result = fsa_dot_run(session, fsa_buffer_text(&command));
  fsa_buffer_done(&command);
  return result;
}

int fsa_gather_line(FsaGather *gather, FsaSession *session, const char *line, size_t size,
                    size_t number) {
  if (!fsa_gather_is_open(gather)) {
    fsa_gather_drop(gather);
    gather->first_line = number;
    if (size && line[0] == '.') return run_command(session, line, size);
    if (is_blank(line, size)) return FSA_EXIT_OK;
  }
  fsa_buffer_put(&gather->text, line, size);
  fsa_buffer_putc(&gather->text, '\n');
  if (gather->text.error) return FSA_EXIT_OK; /* said when the statement ends */
  /* only a line with a semicolon can complete a statement, and looking at all of it is slow */
  if (!memchr(line, ';', size) || !sqlite3_complete(fsa_buffer_text(&gather->text)))
    return FSA_EXIT_OK;
  return run_statement(gather, session);
}

int fsa_gather_end(FsaGather *gather, FsaSession *session) {
  int result = fsa_gather_is_open(gather) ? run_statement(gather, session) : FSA_EXIT_OK;
  fsa_buffer_done(&gather->text);
  return result;
}

static int run_lines(FsaSession *session, FILE *file, FsaGather *gather) {
  char *line = NULL;
  size_t room = 0, number = 0;
  ssize_t size;
  int result = FSA_EXIT_OK;
  while (result == FSA_EXIT_OK && !session->is_over && (size = getline(&line, &room, file)) >= 0) {
    if (size && line[size - 1] == '\n') size--;
    if (size && line[size - 1] == '\r') size--;
    result = fsa_gather_line(gather, session, line, (size_t)size, ++number);
  }
  if (ferror(file)) {
    fsa_terminal_complain("cannot read the SQL: %s", strerror(errno));
    result = FSA_EXIT_SQL;
  }
  free(line);
  return result;
}

int fsa_input_run(FsaSession *session, FILE *file) {
  if (session->read_depth == FSA_MAX_READ_DEPTH) {
    fsa_terminal_complain(".read: %d files read each other; that is the limit", FSA_MAX_READ_DEPTH);
    return FSA_EXIT_USAGE;
  }
  session->read_depth++;
  FsaGather gather = fsa_gather();
  int result = run_lines(session, file, &gather);
  if (result != FSA_EXIT_OK || session->is_over) fsa_gather_drop(&gather);
  int last = fsa_gather_end(&gather, session);
  session->read_depth--;
  return result != FSA_EXIT_OK ? result : last;
}
