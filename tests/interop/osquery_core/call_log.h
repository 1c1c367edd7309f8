/*
 * What was asked of extensions: one entry for each call of a table, for the tests that count them.
 */
#ifndef OSQUERY_CORE_CALL_LOG_H
#define OSQUERY_CORE_CALL_LOG_H

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "status.h"

namespace osquery_core {

struct TableCall {
  std::string table;
  std::string action;
  /* The context as it was sent; "" for an action without one. */
  std::string context;
  size_t rows = 0;
  double ping_seconds = 0;
  double seconds = 0;
  Status status;
};

class CallLog {
public:
  void add(TableCall call);
  /* The entries since the last time. */
  std::vector<TableCall> take();

private:
  std::mutex mutex_;
  std::vector<TableCall> calls_;
};

class Stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} /* namespace osquery_core */

#endif
