/*
 * The extension that the core launches itself, as osquery's watcher process does.
 */
#ifndef OSQUERY_CORE_EXTENSION_PROCESS_H
#define OSQUERY_CORE_EXTENSION_PROCESS_H

#include <sys/types.h>

#include "json.h"
#include "settings.h"

namespace osquery_core {

class ExtensionProcess {
public:
  /*
   * Forks and executes settings.extension, if any. To be called before there are threads and before
   * the manager's socket is open: a child that held it would keep a dead manager's socket alive.
   */
  explicit ExtensionProcess(const Settings &settings);
  ~ExtensionProcess() { end(0); }

  /* Waits so many seconds for it to end by itself, then SIGTERM, 4 s later SIGKILL. */
  void end(double patience);
  /* Members of an open object: "pid", "running", "exit" (null), "signal" (null). */
  void write(JsonWriter &json);

private:
  bool wait_for(double seconds);
  bool is_running();

  pid_t pid_ = -1;
  bool has_ended_ = true;
  int wait_status_ = 0;
};

} /* namespace osquery_core */

#endif
