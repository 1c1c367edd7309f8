/*
 * The control lines: a JSON object on stdin, its reply on stdout.
 *
 *   {"sql": TEXT}              {"columns", "types", "rows", "calls", "seconds"} or {"error"}
 *   {"together": [TEXT, ...]}  all at once, each in a thread: {"answers": [as above, ...]}
 *   {"query": TEXT}            the same as osquery's clients are given it: {"rows": [{name: text}]}
 *   {"extensions": true}       {"extensions": [{"uuid", "name", "version", ..., "path"}]}
 *   {"tables": true}           {"tables": [{"name", "uuid", "create", "columns": [...]}]}
 *   {"log": true}              {"calls": [...]}: what tables were asked since the last log
 *   {"process": true}          {"pid", "running", "exit", "signal", "handles"} of the launched extension
 *   {"call": {"uuid", "registry", "item", "request": {}}}
 *                              one raw call: {"code", "message", "rows"}
 *   {"ping": PATH}             pings whoever listens there: {"seconds"} or {"error"}
 *   {"shutdown": UUID}         calls shutdown on that extension: {"seconds"}
 *   {"forget": UUID}           drops its registration, tells nobody: {"forgotten": true}
 *   {"quit": true}             as osquery ends: shutdown on each extension, then the process' end
 *
 * The end of stdin ends the program without a word to anybody.
 */
#ifndef OSQUERY_CORE_CONTROL_H
#define OSQUERY_CORE_CONTROL_H

#include <string>

#include <jansson.h>

#include "call_log.h"
#include "database.h"
#include "extension_process.h"
#include "json.h"
#include "manager.h"
#include "registry.h"
#include "settings.h"
#include "watcher.h"

namespace osquery_core {

class Control {
public:
  Control(const Settings &settings, Registry &registry, DatabasePool &databases, CallLog &log,
          Manager &manager, Watcher &watcher, ExtensionProcess &process)
      : settings_(settings), registry_(registry), databases_(databases), log_(log),
        manager_(manager), watcher_(watcher), process_(process) {}

  /* Serves until "quit" or the end of stdin. */
  void run();

private:
  void answer(json_t *command, JsonWriter &json);
  void answer_command(const std::string &name, json_t *value, JsonWriter &json);
  void sql(const std::string &text, JsonWriter &json);
  void together(json_t *list, JsonWriter &json);
  void query(const std::string &text, JsonWriter &json);
  void extensions(JsonWriter &json);
  void tables(JsonWriter &json);
  void log(JsonWriter &json);
  void call(json_t *value, JsonWriter &json);
  void ping(const std::string &path, JsonWriter &json);
  void shutdown(int64_t uuid, JsonWriter &json);
  void quit(JsonWriter &json);

  const Settings &settings_;
  Registry &registry_;
  DatabasePool &databases_;
  CallLog &log_;
  Manager &manager_;
  Watcher &watcher_;
  ExtensionProcess &process_;
  bool is_over_ = false;
};

} /* namespace osquery_core */

#endif
