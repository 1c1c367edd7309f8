/*
 * How a step ended, in osquery's manner: code 0 is good, any other number is a failure with a
 * message.
 */
#ifndef OSQUERY_CORE_STATUS_H
#define OSQUERY_CORE_STATUS_H

#include <string>
#include <utility>

namespace osquery_core {

struct Status {
  int code = 0;
  std::string message = "OK";

  Status() = default;
  Status(int code_, std::string message_) : code(code_), message(std::move(message_)) {}

  bool ok() const { return code == 0; }
};

} /* namespace osquery_core */

#endif
