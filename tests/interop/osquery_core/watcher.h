/*
 * The thread that looks after registered extensions: who does not answer loses its registration.
 */
#ifndef OSQUERY_CORE_WATCHER_H
#define OSQUERY_CORE_WATCHER_H

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "registry.h"
#include "settings.h"

namespace osquery_core {

class Watcher {
public:
  Watcher(const Settings &settings, Registry &registry);
  ~Watcher() { stop(); }
  void stop();

private:
  void run();
  void check_all();
  bool is_alive(int64_t uuid);

  const Settings &settings_;
  Registry &registry_;
  /* Those that were looked at before: only a first look waits for a socket to appear. */
  std::map<int64_t, bool> seen_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

} /* namespace osquery_core */

#endif
