/*
 * What was asked of extensions.
 */
#include "call_log.h"

#include <utility>

namespace osquery_core {

void CallLog::add(TableCall call) {
  std::lock_guard<std::mutex> lock(mutex_);
  calls_.push_back(std::move(call));
}

std::vector<TableCall> CallLog::take() {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(calls_, {});
}

} /* namespace osquery_core */
