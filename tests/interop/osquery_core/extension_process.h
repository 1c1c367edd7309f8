/*
 * The extension that the core launches itself, as osquery's watcher process does.
 */
#ifndef OSQUERY_CORE_EXTENSION_PROCESS_H
#define OSQUERY_CORE_EXTENSION_PROCESS_H

#include <cstdint>
#include <string>
#include <vector>

#include "json.h"
#include "settings.h"

namespace osquery_core {

class ExtensionProcess {
public:
  /*
   * Starts settings.extension, if any. To be called before there are threads and before the
   * manager's socket is open: a child that held it would keep a dead manager's socket alive.
   */
  explicit ExtensionProcess(const Settings &settings);
  ~ExtensionProcess();

  /*
   * Waits so many seconds for it to end by itself, then ends it as osquery does: SIGTERM, 4 s later
   * SIGKILL; on Windows TerminateProcess at once.
   */
  void end(double patience);
  /* Members of an open object: "pid", "running", "exit" (null), "signal" (null), "handles" (null; on
   * Windows what the process has open). */
  void write(JsonWriter &json);

private:
  bool wait_for(double seconds);
  bool is_running();
  void start(const Settings &settings);
  void terminate(bool by_force);
  int64_t handles();

  int64_t pid_ = -1;
  void *handle_ = nullptr; /* Windows' own */
  bool has_ended_ = true;
  int exit_code_ = -1, signal_ = -1; /* one of them, once it has ended */
};

/* The words after its path: osquery's order of arguments, then those of the test. */
std::vector<std::string> extension_arguments(const Settings &settings);

} /* namespace osquery_core */

#endif
