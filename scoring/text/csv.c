/* Reading CSV. See csv.h. */
#include "text/csv.h"

#include <string.h>

FsaCsv fsa_csv(FsaText text) {
  static const char mark[] = "\xEF\xBB\xBF";
  if (text.size >= 3 && memcmp(text.data, mark, 3) == 0)
    text = (FsaText){text.data + 3, text.size - 3};
  return (FsaCsv){.rest = text};
}

static int peek(const FsaCsv *csv) {
  return csv->rest.size ? (unsigned char)csv->rest.data[0] : -1;
}

static void advance(FsaCsv *csv) {
  csv->lines += csv->rest.data[0] == '\n';
  csv->rest = (FsaText){csv->rest.data + 1, csv->rest.size - 1};
}

static bool is_blank(int c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* A field in quotes, to the quote that ends it; a doubled one stands for itself. */
static const char *read_quoted(FsaCsv *csv, FsaArena *arena) {
  char *field = fsa_arena_alloc(arena, csv->rest.size + 1), *to = field;
  advance(csv);
  for (; field && peek(csv) >= 0; advance(csv)) {
    if (peek(csv) == '"') {
      advance(csv);
      if (peek(csv) != '"') break;
    }
    *to++ = csv->rest.data[0];
  }
  if (field) *to = '\0';
  while (peek(csv) >= 0 && peek(csv) != ',' && peek(csv) != '\n') advance(csv);
  return field;
}

static const char *read_plain(FsaCsv *csv, FsaArena *arena) {
  const char *start = csv->rest.data;
  while (peek(csv) >= 0 && peek(csv) != ',' && peek(csv) != '\n') advance(csv);
  size_t size = start ? (size_t)(csv->rest.data - start) : 0;
  while (size && is_blank((unsigned char)start[size - 1])) size--;
  return fsa_arena_copy(arena, start ? start : "", size);
}

static size_t read_record(FsaCsv *csv, FsaArena *arena, const char **fields) {
  size_t count = 0;
  for (;;) {
    while (is_blank(peek(csv))) advance(csv);
    const char *field = peek(csv) == '"' ? read_quoted(csv, arena) : read_plain(csv, arena);
    if (!field) return 0;
    if (count < FSA_MAX_CSV_FIELDS) fields[count++] = field;
    if (peek(csv) != ',') return count;
    advance(csv);
  }
}

size_t fsa_csv_next(FsaCsv *csv, FsaArena *arena, const char *ret_fields[FSA_MAX_CSV_FIELDS]) {
  while (csv->rest.size) {
    csv->line = csv->lines + 1;
    size_t count = read_record(csv, arena, ret_fields);
    if (peek(csv) == '\n') advance(csv);
    bool is_empty = count == 1 && !ret_fields[0][0];
    if (!count || (!is_empty && ret_fields[0][0] != '#')) return count;
  }
  return 0;
}
