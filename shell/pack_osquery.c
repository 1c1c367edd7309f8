/*
 * Packs in osquery's own JSON, for osquery, Zentral and osctrl.
 *
 * The forms: osquery's pack configuration [osquery docs/deployment/configuration.md]; Zentral takes
 * one pack with a name [zentral/contrib/osquery/serializers.py, OsqueryPackSerializer]; osctrl
 * takes an object of packs by name in the configuration of an environment.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "pack.h"
#include "pack_output.h"

static const char *const platforms[] = {"linux", "windows"};
#define PLATFORM_COUNT (sizeof platforms / sizeof platforms[0])

static void put_query(FsaBuffer *out, const FsaPackQuery *query, const char *platform) {
  const bool is_snapshot = strcmp(query->logging, "snapshot") == 0;
  fsa_buffer_puts(out, "    ");
  fsa_buffer_json(out, query->id, strlen(query->id));
  fsa_buffer_puts(out, ": {\"query\": ");
  FsaBuffer sql = fsa_buffer(FSA_MAX_BUILT);
  fsa_buffer_printf(&sql, "%s;", query->sql);
  fsa_buffer_json(out, sql.data, sql.size);
  fsa_buffer_done(&sql);
  fsa_buffer_printf(out, ", \"interval\": %lld", (long long)fsa_pack_interval(query));
  fsa_buffer_printf(out, ", \"snapshot\": %s", is_snapshot ? "true" : "false");
  if (!is_snapshot)
    fsa_buffer_printf(out, ", \"removed\": %s",
                      strcmp(query->logging, "differential") == 0 ? "true" : "false");
  /* a scan is heavy by nature and runs in the extension, under its own limits */
  fsa_buffer_puts(out, ", \"denylist\": false");
  fsa_pack_put_string(out, "platform", platform);
  fsa_buffer_puts(out, ", \"description\": ");
  fsa_pack_put_description(out, query);
  fsa_buffer_putc(out, '}');
}

/* `opening`: members before the others, with a comma behind them. */
static void put_pack(FsaBuffer *out, const FsaPack *pack, const char *platform,
                     const char *opening) {
  bool is_first = true;
  fsa_buffer_printf(out,
                    "{\n  %s\"discovery\": [\"SELECT 1 FROM osquery_extensions WHERE name = "
                    "'fsa';\"],\n  \"platform\": \"%s\",\n  \"queries\": {\n",
                    opening, platform);
  for (size_t i = 0; i < pack->count; i++) {
    const FsaPackQuery *query = &pack->queries[i];
    if (query->awaits || !fsa_pack_is_for(query, platform)) continue;
    if (!is_first) fsa_buffer_puts(out, ",\n");
    is_first = false;
    put_query(out, query, platform);
  }
  fsa_buffer_puts(out, "\n  }\n}");
}

/* fsa-PLATFORM.json in `folder`, with a name of its own where `is_named`. */
static int write_packs(const FsaPack *pack, const char *folder, bool is_named) {
  FsaBuffer out = fsa_buffer(FSA_MAX_BUILT);
  int result = FSA_EXIT_OK;
  for (size_t i = 0; i < PLATFORM_COUNT && result == FSA_EXIT_OK; i++) {
    char name[64], opening[64] = "";
    if (is_named) snprintf(opening, sizeof opening, "\"name\": \"fsa-%s\",\n  ", platforms[i]);
    put_pack(&out, pack, platforms[i], opening);
    fsa_buffer_putc(&out, '\n');
    snprintf(name, sizeof name, "fsa-%s.json", platforms[i]);
    result = fsa_pack_write(&out, folder, name);
  }
  fsa_buffer_done(&out);
  return result;
}

static int write_osctrl(const FsaPack *pack, const char *folder) {
  FsaBuffer out = fsa_buffer(FSA_MAX_BUILT);
  fsa_buffer_puts(&out, "{\n");
  for (size_t i = 0; i < PLATFORM_COUNT; i++) {
    fsa_buffer_printf(&out, "%s\"fsa-%s\": ", i ? ",\n" : "", platforms[i]);
    put_pack(&out, pack, platforms[i], "");
  }
  fsa_buffer_puts(&out, "\n}\n");
  const int result = fsa_pack_write(&out, folder, "packs.json");
  fsa_buffer_done(&out);
  return result;
}

int fsa_pack_build_osquery(const FsaPack *pack, const char *folder) {
  char below[FSA_MAX_PATH];
  int result = write_packs(pack, folder, false);
  snprintf(below, sizeof below, "%s/zentral", folder);
  if (result == FSA_EXIT_OK) result = write_packs(pack, below, true);
  snprintf(below, sizeof below, "%s/osctrl", folder);
  return result == FSA_EXIT_OK ? write_osctrl(pack, below) : result;
}
