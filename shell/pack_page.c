/* One page of Markdown for each query: for the responder, not for a machine. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "pack.h"
#include "pack_output.h"

static void put_words(FsaBuffer *out, const char *const *words) {
  for (size_t i = 0; words[i]; i++) fsa_buffer_printf(out, "%s%s", i ? ", " : "", words[i]);
  if (!words[0]) fsa_buffer_putc(out, '-');
}

/* The cell of a table: a bar would end it. */
static void put_cell(FsaBuffer *out, const char *text) {
  for (; *text; text++) {
    if (*text == '|') fsa_buffer_putc(out, '\\');
    fsa_buffer_putc(out, *text);
  }
}

static void put_row(FsaBuffer *out, const char *name, const char *const *words) {
  fsa_buffer_printf(out, "| %s | ", name);
  put_words(out, words);
  fsa_buffer_puts(out, " |\n");
}

static void put_rules(FsaBuffer *out, const FsaPackQuery *query) {
  if (query->rule_count == 0) return;
  fsa_buffer_puts(out, "\n## What makes a row suspicious\n\n| rule | condition | ATT&CK |\n"
                       "| --- | --- | --- |\n");
  for (size_t i = 0; i < query->rule_count; i++) {
    const FsaPackRule *rule = &query->rules[i];
    fsa_buffer_printf(out, "| `%s` | `", rule->id);
    put_cell(out, rule->where);
    fsa_buffer_puts(out, "` | ");
    put_words(out, rule->attack);
    fsa_buffer_puts(out, " |\n");
  }
}

static void put_page(FsaBuffer *out, const FsaPackQuery *query) {
  fsa_buffer_printf(out, "# %s\n\n`%s` of FSA Tables %s\n\n", query->title, query->id, FSA_VERSION);
  fsa_buffer_printf(out, "**A row proves:** %s\n\n", query->proves);
  fsa_buffer_printf(out, "**It does not prove:** %s\n\n", query->does_not_prove);
  fsa_buffer_printf(out, "**What else looks like this:** %s\n\n", query->false_positives);
  fsa_buffer_printf(out, "**Next:** %s\n\n| | |\n| --- | --- |\n", query->next_step);
  fsa_buffer_printf(out, "| pillar | %s |\n| platform | %s |\n", query->pillar, query->platform);
  fsa_buffer_printf(out, "| asked | %s, %s |\n", query->interval, query->logging);
  fsa_buffer_printf(out, "| at most | %lld rows, %lld bytes |\n", (long long)query->max_rows,
                    (long long)query->max_bytes);
  put_row(out, "counted by", query->key);
  put_row(out, "joined by", query->join);
  put_row(out, "ATT&CK", query->attack);
  put_rules(out, query);
  if (query->awaits) {
    fsa_buffer_puts(out, "\n## The query\n\nIt waits for ");
    put_words(out, query->awaits);
    fsa_buffer_puts(out, ".\n");
  } else {
    fsa_buffer_printf(out, "\n## The query\n\n```sql\n%s;\n```\n", query->sql);
  }
}

int fsa_pack_build_pages(const FsaPack *pack, const char *folder) {
  char below[FSA_MAX_PATH], name[FSA_MAX_PATH];
  FsaBuffer out = fsa_buffer(FSA_MAX_BUILT);
  int result = FSA_EXIT_OK;
  snprintf(below, sizeof below, "%s/pages", folder);
  for (size_t i = 0; i < pack->count && result == FSA_EXIT_OK; i++) {
    put_page(&out, &pack->queries[i]);
    snprintf(name, sizeof name, "%s.md", pack->queries[i].id);
    result = fsa_pack_write(&out, below, name);
  }
  fsa_buffer_done(&out);
  return result;
}
