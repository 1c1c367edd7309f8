/* The line editor over libedit. */
#include "edit.h"

#include <fcntl.h>
#include <histedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "complete.h"
#include "terminal.h"

#define HISTORY_ENTRIES 2000
#define MAX_HISTORY_ENTRY (16u << 10) /* bytes; a longer statement is not kept */
#define MAX_LISTED 200                /* completions shown at once */

const char fsa_edit_leaves[] = "Ctrl-D leaves";
const char fsa_edit_keys[] = "TAB completes names,\n"
                             "  Ctrl-C cancels a query, Ctrl-D leaves.\n";

struct FsaEdit {
  EditLine *line;
  History *history;
  const char *prompt;
  FsaText before;    /* the open statement */
  bool is_cancelled; /* Ctrl-C ended the line */
};

/* ---- history ----------------------------------------------------------------------------- */

/* The history's path, from the buffer; NULL when none is wanted. */
static const char *history_path(char *buffer, size_t room) {
  const char *path = getenv("FSA_HISTORY"), *home = getenv("HOME");
  if (path) return *path ? path : NULL;
  if (!home || !*home) return NULL;
  int size = snprintf(buffer, room, "%s/.fsa_history", home);
  return size > 0 && (size_t)size < room ? buffer : NULL;
}

static bool is_regular(int fd) {
  struct stat facts;
  return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
}

static void load_history(FsaEdit *edit) {
  char buffer[FSA_MAX_PATH];
  HistEvent event;
  struct stat facts;
  const char *path = history_path(buffer, sizeof buffer);
  if (!path || stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  history(edit->history, &event, H_LOAD, path);
}

/*
 * Only a regular file is written: libedit sets its mode to 0600, and doing that to /dev/null as
 * root would break the host.
 */
static void save_history(FsaEdit *edit) {
  char buffer[FSA_MAX_PATH];
  HistEvent event;
  const char *path = history_path(buffer, sizeof buffer);
  if (!path) return;
  int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (fd < 0) return;
  FILE *file = is_regular(fd) && ftruncate(fd, 0) == 0 ? fdopen(fd, "w") : NULL;
  if (!file) {
    close(fd);
    return;
  }
  history(edit->history, &event, H_SAVE_FP, file);
  fclose(file);
}

void fsa_edit_remember(FsaEdit *edit, const char *text, size_t size) {
  HistEvent event;
  while (size && (text[size - 1] == '\n' || text[size - 1] == ' ')) size--;
  if (size == 0 || size > MAX_HISTORY_ENTRY) return;
  char *entry = malloc(size + 1);
  if (!entry) return;
  memcpy(entry, text, size);
  entry[size] = '\0';
  /* one entry is one line; where a comment ends at its line break the break has to stay */
  bool has_comment = strstr(entry, "--") != NULL;
  for (size_t i = 0; i < size && !has_comment; i++)
    if (entry[i] == '\n') entry[i] = ' ';
  history(edit->history, &event, H_ENTER, entry);
  free(entry);
}

/* ---- keys -------------------------------------------------------------------------------- */

static FsaEdit *edit_of(EditLine *line) {
  void *edit = NULL;
  el_get(line, EL_CLIENTDATA, &edit);
  return edit;
}

static char *give_prompt(EditLine *line) {
  /* libedit reads it and asks for a pointer that could write it */
  union {
    const char *given;
    char *wanted;
  } prompt = {edit_of(line)->prompt};
  return prompt.wanted;
}

static unsigned char on_cancel(EditLine *line, int key) {
  (void)key;
  edit_of(line)->is_cancelled = true;
  fputs("^C\r\n", stdout);
  fflush(stdout);
  return CC_NEWLINE;
}

static void list_words(const FsaCompletion *completion) {
  const FsaStream screen = fsa_stream_standard(FSA_STANDARD_OUTPUT);
  size_t widest = 0, columns = fsa_terminal_columns(&screen);
  for (size_t i = 0; i < completion->count; i++) {
    size_t size = strlen(completion->words[i]);
    if (size > widest) widest = size;
  }
  size_t per_line = columns / (widest + 2) ? columns / (widest + 2) : 1;
  FsaBuffer out = fsa_buffer(1u << 20);
  for (size_t i = 0; i < completion->count && i < MAX_LISTED; i++) {
    fsa_buffer_puts(&out, i % per_line == 0 ? "\r\n" : "  ");
    fsa_terminal_put_safe(&out, completion->words[i], strlen(completion->words[i]));
    for (size_t n = strlen(completion->words[i]); n < widest; n++) fsa_buffer_putc(&out, ' ');
  }
  if (completion->count > MAX_LISTED)
    fsa_buffer_printf(&out, "\r\n... and %zu more", completion->count - MAX_LISTED);
  fsa_buffer_puts(&out, "\r\n");
  if (!out.error) fwrite(out.data, 1, out.size, stdout);
  fflush(stdout);
  fsa_buffer_done(&out);
}

/* Replaces the `typed` bytes before the cursor. */
static void replace_word(EditLine *line, const char *word, size_t typed, size_t size,
                         bool is_whole) {
  char text[FSA_MAX_PATH + 2];
  if (size > FSA_MAX_PATH) return;
  memcpy(text, word, size);
  text[size] = '\0';
  if (is_whole && size && text[size - 1] != '/') memcpy(text + size, " ", 2);
  el_deletestr(line, (int)typed);
  el_insertstr(line, text);
}

static unsigned char apply(EditLine *line, const FsaCompletion *completion, size_t cursor) {
  size_t typed = cursor - completion->start, common = fsa_completion_common(completion);
  if (completion->count == 0) return CC_REFRESH_BEEP;
  if (common > typed || completion->count == 1) {
    replace_word(line, completion->words[0], typed, common, completion->count == 1);
    return CC_REFRESH;
  }
  list_words(completion);
  return CC_REDISPLAY;
}

static unsigned char on_complete(EditLine *line, int key) {
  (void)key;
  const LineInfo *info = el_line(line);
  size_t cursor = (size_t)(info->cursor - info->buffer);
  FsaArena arena = fsa_arena(0);
  FsaCompletion completion;
  unsigned char result = CC_ERROR;
  char *text = fsa_arena_copy(&arena, info->buffer, (size_t)(info->lastchar - info->buffer));
  if (text && fsa_complete(edit_of(line)->before, text, cursor, &arena, &completion) == FSA_OK)
    result = apply(line, &completion, cursor);
  fsa_arena_done(&arena);
  return result;
}

/* ---- the editor -------------------------------------------------------------------------- */

static void set_up(FsaEdit *edit) {
  HistEvent event;
  EditLine *line = edit->line;
  history(edit->history, &event, H_SETSIZE, HISTORY_ENTRIES);
  history(edit->history, &event, H_SETUNIQUE, 1);
  el_set(line, EL_CLIENTDATA, edit);
  el_set(line, EL_PROMPT, give_prompt);
  el_set(line, EL_EDITOR, "emacs");
  el_set(line, EL_HIST, history, edit->history);
  el_set(line, EL_SIGNAL, 1);
  /* the wide form: the narrow one leaks its copies of the names */
  el_wset(line, EL_ADDFN, L"fsa-complete", L"completes the word", on_complete);
  el_wset(line, EL_ADDFN, L"fsa-cancel", L"drops the statement", on_cancel);
  el_set(line, EL_BIND, "^I", "fsa-complete", NULL);
  el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
  /* Ctrl-C is a key while a line is edited, and the signal again while a query runs */
  el_set(line, EL_SETTY, "-d", "-isig", NULL);
  el_set(line, EL_BIND, "^C", "fsa-cancel", NULL);
}

FsaEdit *fsa_edit_new(void) {
  FsaEdit *edit = calloc(1, sizeof *edit);
  if (!edit) return NULL;
  edit->history = history_init();
  edit->line = el_init("fsa", stdin, stdout, stderr);
  if (!edit->history || !edit->line) {
    fsa_edit_free(edit);
    return NULL;
  }
  set_up(edit);
  load_history(edit);
  return edit;
}

void fsa_edit_free(FsaEdit *edit) {
  if (!edit) return;
  if (edit->history && edit->line) save_history(edit);
  if (edit->line) el_end(edit->line);
  if (edit->history) history_end(edit->history);
  free(edit);
}

int fsa_edit_line(FsaEdit *edit, const char *prompt, FsaText before, FsaText *ret_line) {
  int size = 0;
  edit->prompt = prompt;
  edit->before = before;
  edit->is_cancelled = false;
  const char *line = el_gets(edit->line, &size);
  if (edit->is_cancelled) return FSA_E_CANCELLED;
  if (!line || size <= 0) {
    fputs("\n", stdout);
    return FSA_OK;
  }
  size_t length = strcspn(line, "\r\n");
  *ret_line = (FsaText){line, length};
  return FSA_ROW;
}
