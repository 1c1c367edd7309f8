/*
 * The thread that looks after registered extensions: one after the other, each interval.
 */
#include "watcher.h"

#include <algorithm>
#include <chrono>
#include <iostream>

#include "endpoint.h"
#include "extension_client.h"

namespace osquery_core {

Watcher::Watcher(const Settings &settings, Registry &registry)
    : settings_(settings), registry_(registry), thread_([this] { run(); }) {
}

void Watcher::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watcher::run() {
  const std::chrono::duration<double> interval(std::max(0.2, settings_.interval_seconds()));
  std::unique_lock<std::mutex> lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    check_all();
    lock.lock();
    wake_.wait_for(lock, interval, [this] { return is_stopping_; });
  }
}

/* A timeout of 300 s is right here: a hung extension stalls osquery's watcher just so. */
bool Watcher::is_alive(int64_t uuid) {
  const std::string path = extension_path(settings_.socket, uuid);
  bool exists = socket_exists(path).ok();
  if (!exists && !seen_[uuid])
    exists = path_active(path, settings_.timeout_seconds()).ok();
  seen_[uuid] = true;
  if (!exists) return false;
  try {
    return ExtensionClient(path, CALL_TIMEOUT).ping().ok();
  } catch (const std::exception &) {
    return false;
  }
}

void Watcher::check_all() {
  for (int64_t uuid : registry_.uuids()) {
    if (is_alive(uuid)) continue;
    if (registry_.remove(uuid).ok())
      std::cerr << "osquery-core: extension UUID " << uuid << " has gone away" << std::endl;
  }
}

} /* namespace osquery_core */
