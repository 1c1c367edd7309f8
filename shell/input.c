/* Lines become statements. */
#include "input.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "query.h"
#include "terminal.h"

#define READ_AHEAD (64u << 10)

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

/* Bytes of a stream as lines. */
typedef struct Lines {
  FsaStream *stream;
  FsaBuffer line; /* what is known of it */
  size_t number;
  size_t at, end; /* of what was read ahead */
  char ahead[READ_AHEAD];
} Lines;

/* Reads on when all was taken. FSA_ROW, FSA_OK at the end, FSA_E_IO with errno's value. */
static int fill(Lines *lines, int *ret_error) {
  if (lines->at < lines->end) return FSA_ROW;
  lines->at = 0;
  *ret_error = fsa_stream_read(lines->stream, lines->ahead, sizeof lines->ahead, &lines->end);
  if (*ret_error) return FSA_E_IO;
  return lines->end ? FSA_ROW : FSA_OK;
}

/* A line ends at LF or with the input; CR before it and a byte order mark at the start are not part
 * of it. */
static FsaText trim(const Lines *lines) {
  FsaText line = {lines->line.data, lines->line.size};
  if (line.size && line.data[line.size - 1] == '\r') line.size--;
  if (lines->number == 1 && line.size >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
    line = (FsaText){line.data + 3, line.size - 3};
  return line;
}

/* The next line without its break. FSA_ROW, FSA_OK at the end, an error. */
static int next_line(Lines *lines, FsaText *ret_line, int *ret_error) {
  int result;
  bool is_begun = false;
  fsa_buffer_clear(&lines->line);
  lines->number++;
  while ((result = fill(lines, ret_error)) == FSA_ROW) {
    const char *start = lines->ahead + lines->at;
    const char *end = memchr(start, '\n', lines->end - lines->at);
    const size_t size = end ? (size_t)(end - start) : lines->end - lines->at;
    is_begun = true;
    fsa_buffer_put(&lines->line, start, size);
    lines->at += size + (end != NULL);
    if (end) break;
  }
  if (result < 0 || !is_begun) return result;
  *ret_line = trim(lines);
  return lines->line.error ? lines->line.error : FSA_ROW;
}

static int run_lines(FsaSession *session, Lines *lines, FsaGather *gather) {
  int result = FSA_EXIT_OK, read = FSA_ROW, error = 0;
  FsaText line;
  while (result == FSA_EXIT_OK && !session->is_over &&
         (read = next_line(lines, &line, &error)) == FSA_ROW)
    result = fsa_gather_line(gather, session, line.data, line.size, lines->number);
  if (read >= 0) return result;
  if (read == FSA_E_LIMIT)
    fsa_terminal_complain("the statement is larger than %u bytes", FSA_MAX_STATEMENT);
  else
    fsa_terminal_complain("cannot read the SQL: %s", strerror(error ? error : ENOMEM));
  return FSA_EXIT_SQL;
}

int fsa_input_run(FsaSession *session, FsaStream *stream) {
  if (session->read_depth == FSA_MAX_READ_DEPTH) {
    fsa_terminal_complain(".read: %d files read each other; that is the limit", FSA_MAX_READ_DEPTH);
    return FSA_EXIT_USAGE;
  }
  Lines *lines = malloc(sizeof *lines);
  if (!lines) {
    fsa_terminal_complain("out of memory");
    return FSA_EXIT_SQL;
  }
  *lines = (Lines){.stream = stream, .line = fsa_buffer(FSA_MAX_STATEMENT)};
  session->read_depth++;
  FsaGather gather = fsa_gather();
  int result = run_lines(session, lines, &gather);
  if (result != FSA_EXIT_OK || session->is_over) fsa_gather_drop(&gather);
  int last = fsa_gather_end(&gather, session);
  session->read_depth--;
  fsa_buffer_done(&lines->line);
  free(lines);
  return result != FSA_EXIT_OK ? result : last;
}
