/*
 * What the command line of osquery-core says, under the names and with the defaults of osquery's
 * flags.
 */
#ifndef OSQUERY_CORE_SETTINGS_H
#define OSQUERY_CORE_SETTINGS_H

#include <cstdint>
#include <string>
#include <vector>

namespace osquery_core {

/* Seconds; osquery's thrift_timeout, and the shorter one of the ping that precedes every call. */
constexpr int CALL_TIMEOUT = 300;
constexpr int PING_TIMEOUT = 10;

struct Settings {
  std::string socket;
  /* Kept as text too, since a launched extension is given the text. Seconds; decimals are ours. */
  std::string timeout = "3";
  std::string interval = "3";
  bool default_index = true;
  bool verbose = false;
  std::vector<std::string> core_tables;
  std::string extension;
  std::vector<std::string> extension_arguments;

  double timeout_seconds() const;
  double interval_seconds() const;
};

} /* namespace osquery_core */

#endif
