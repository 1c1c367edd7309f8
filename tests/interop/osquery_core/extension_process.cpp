/*
 * The launched extension, what is the same on each system.
 */
#include "extension_process.h"

#include <chrono>
#include <thread>

#include "call_log.h"

namespace osquery_core {

static constexpr double FORCED_AFTER = 4;

std::vector<std::string> extension_arguments(const Settings &settings) {
  std::vector<std::string> list;
  if (settings.verbose) list.push_back("--verbose");
  for (const std::string &word :
       {std::string("--socket"), settings.socket, std::string("--timeout"), settings.timeout,
        std::string("--interval"), settings.interval})
    list.push_back(word);
  for (const std::string &word : settings.extension_arguments) list.push_back(word);
  return list;
}

ExtensionProcess::ExtensionProcess(const Settings &settings) {
  if (!settings.extension.empty()) start(settings);
}

bool ExtensionProcess::wait_for(double seconds) {
  const Stopwatch watch;
  while (is_running() && watch.seconds() < seconds)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return has_ended_;
}

void ExtensionProcess::end(double patience) {
  if (wait_for(patience)) return;
  terminate(false);
  if (wait_for(FORCED_AFTER)) return;
  terminate(true);
  wait_for(FORCED_AFTER);
}

static void write_number(JsonWriter &json, const char *name, int64_t number) {
  json.key(name);
  number < 0 ? json.null() : json.integer(number);
}

void ExtensionProcess::write(JsonWriter &json) {
  const bool running = is_running();
  json.key("pid").integer(pid_).key("running").boolean(running);
  write_number(json, "exit", exit_code_);
  write_number(json, "signal", signal_);
  write_number(json, "handles", running ? handles() : -1);
}

} /* namespace osquery_core */
