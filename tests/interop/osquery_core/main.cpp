/*
 * osquery-core: the side of osquery that extensions talk to, for tests. It serves an extension
 * manager over a unix socket (on Windows a named pipe), makes SQLite virtual tables of what
 * registers there, and behaves in both as osquery does, its traps included; the bytes are written
 * and read by Thrift's own C++ library.
 *
 *   osquery-core --socket PATH [--timeout S] [--interval S] [--default-index true|false]
 *                [--verbose] [--core-table NAME ...] [--extension FILE [--ext-arg ARG ...]]
 *
 * It is steered by lines on stdin: control.h.
 */
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "control.h"

namespace osquery_core {

double Settings::timeout_seconds() const {
  return strtod(timeout.c_str(), nullptr);
}

double Settings::interval_seconds() const {
  return strtod(interval.c_str(), nullptr);
}

static bool set_option(Settings &settings, const std::string &name, const std::string &value) {
  if (name == "--socket")
    settings.socket = value;
  else if (name == "--timeout")
    settings.timeout = value;
  else if (name == "--interval")
    settings.interval = value;
  else if (name == "--default-index")
    settings.default_index = value == "true";
  else if (name == "--core-table")
    settings.core_tables.push_back(value);
  else if (name == "--extension")
    settings.extension = value;
  else if (name == "--ext-arg")
    settings.extension_arguments.push_back(value);
  else
    return false;
  return true;
}

/* False when a word is unknown, lacks its value, or there is no socket. */
static bool read_arguments(int argc, char **argv, Settings &settings) {
  for (int i = 1; i < argc; i++) {
    const std::string name = argv[i];
    if (name == "--verbose") {
      settings.verbose = true;
    } else {
      i++;
      if (i >= argc || !set_option(settings, name, argv[i])) return false;
    }
  }
  return !settings.socket.empty();
}

static void serve(const Settings &settings) {
  ExtensionProcess process(settings); /* before there are threads */
  CallLog log;
  Registry registry(settings, log);
  DatabasePool databases(settings, registry);
  registry.set_tables({[&](const std::string &name) { return databases.primary().attach(name); },
                       [&](const std::string &name) { databases.primary().detach(name); }});
  auto manager = std::make_shared<Manager>(settings, registry, databases);
  ManagerServer server(settings, manager);
  Watcher watcher(settings, registry);
  Control(settings, registry, databases, log, *manager, watcher, process).run();
  watcher.stop();
  process.end(0);
}

} /* namespace osquery_core */

int main(int argc, char **argv) {
  osquery_core::Settings settings;
  if (!osquery_core::read_arguments(argc, argv, settings)) {
    std::cerr << "usage: osquery-core --socket PATH [--timeout S] [--interval S] [--verbose]\n"
                 "         [--default-index true|false] [--core-table NAME ...]\n"
                 "         [--extension FILE [--ext-arg ARG ...]]\n";
    return 1;
  }
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN);
#endif
  try {
    osquery_core::serve(settings);
  } catch (const std::exception &e) {
    std::cerr << "osquery-core: " << e.what() << std::endl;
    return 1;
  }
  return 0;
}
