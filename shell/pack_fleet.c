/*
 * Packs as Fleet's YAML: a list of reports for GitOps, and documents for `fleetctl apply`.
 *
 * `automations_enabled` sends results to the log destination, which is where fsa-score reads them;
 * `discard_data` keeps them out of Fleet's database. GitOps expands $NAME in a file, but not in
 * descriptions; a backslash before the $ prevents it, and of backslashes before that every second
 * one stays [fleet pkg/spec/spec.go, expandEnv and escapeString]. `fleetctl apply` expands nothing.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "pack.h"
#include "pack_output.h"

/* One file: which margin its items have and whether $ must be escaped. */
typedef struct Form {
  const char *name;
  const char *opening; /* before an item */
  const char *margin;  /* of its members */
  bool is_expanded;    /* GitOps: $NAME would be expanded */
} Form;

static const Form forms[] = {
    {"gitops/fsa.yml", "- ", "  ", true},
    {"apply/reports.yml", "---\napiVersion: v1\nkind: report\nspec:\n  ", "  ", false},
    {"apply/queries.yml", "---\napiVersion: v1\nkind: query\nspec:\n  ", "  ", false},
};

/* One line of the statement, `at` where its escapes are complete. */
static void put_expanded(FsaBuffer *out, const char *line, size_t size) {
  size_t backslashes = 0;
  for (size_t i = 0; i < size; i++) {
    for (; line[i] == '$' && backslashes; backslashes--) fsa_buffer_putc(out, '\\');
    if (line[i] == '$') fsa_buffer_putc(out, '\\');
    backslashes = line[i] == '\\' ? backslashes + 1 : 0;
    fsa_buffer_putc(out, line[i]);
  }
}

/* The statement as a literal block: no line of it begins at the left edge of the file. */
static void put_sql(FsaBuffer *out, const Form *form, const char *sql) {
  fsa_buffer_printf(out, "%squery: |-\n", form->margin);
  while (*sql) {
    const size_t size = strcspn(sql, "\n");
    fsa_buffer_printf(out, "%s  ", form->margin);
    if (form->is_expanded)
      put_expanded(out, sql, size);
    else
      fsa_buffer_put(out, sql, size);
    sql += size + (sql[size] == '\n');
    fsa_buffer_puts(out, *sql ? "\n" : ";\n");
  }
}

static void put_item(FsaBuffer *out, const Form *form, const FsaPackQuery *query) {
  const char *platform = strcmp(query->platform, "all") == 0 ? "linux,windows" : query->platform;
  fsa_buffer_printf(out, "%sname: %s\n", form->opening, query->id);
  fsa_buffer_printf(out, "%sdescription: ", form->margin);
  fsa_pack_put_description(out, query);
  fsa_buffer_putc(out, '\n');
  put_sql(out, form, query->sql);
  fsa_buffer_printf(out, "%sinterval: %lld\n", form->margin, (long long)fsa_pack_interval(query));
  fsa_buffer_printf(out, "%splatform: \"%s\"\n", form->margin, platform);
  fsa_buffer_printf(out, "%slogging: %s\n", form->margin, query->logging);
  fsa_buffer_printf(out, "%sautomations_enabled: true\n", form->margin);
  fsa_buffer_printf(out, "%sobserver_can_run: false\n", form->margin);
  fsa_buffer_printf(out, "%sdiscard_data: true\n", form->margin);
}

static int write_form(const FsaPack *pack, const Form *form, const char *folder) {
  char below[FSA_MAX_PATH];
  const char *name = strchr(form->name, '/');
  FsaBuffer out = fsa_buffer(FSA_MAX_BUILT);
  for (size_t i = 0; i < pack->count; i++)
    if (!pack->queries[i].awaits) put_item(&out, form, &pack->queries[i]);
  snprintf(below, sizeof below, "%s/fleet/%.*s", folder, (int)(name - form->name), form->name);
  const int result = fsa_pack_write(&out, below, name + 1);
  fsa_buffer_done(&out);
  return result;
}

int fsa_pack_build_fleet(const FsaPack *pack, const char *folder) {
  int result = FSA_EXIT_OK;
  for (size_t i = 0; i < sizeof forms / sizeof forms[0] && result == FSA_EXIT_OK; i++)
    result = write_form(pack, &forms[i], folder);
  return result;
}
