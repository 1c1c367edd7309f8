/*
 * The unix sockets of a manager and its extensions: PATH and PATH.<uuid>.
 */
#ifndef OSQUERY_CORE_ENDPOINT_H
#define OSQUERY_CORE_ENDPOINT_H

#include <cstdint>
#include <string>

#include "status.h"

namespace osquery_core {

std::string extension_path(const std::string &manager, int64_t uuid);

/* Good when something writable stands at `path`; only the file is looked at, nobody is called. */
Status socket_exists(const std::string &path);

/* Unlinks every `manager`.*, as the core does when it starts and when it stops. */
void remove_stale_sockets(const std::string &manager);

} /* namespace osquery_core */

#endif
