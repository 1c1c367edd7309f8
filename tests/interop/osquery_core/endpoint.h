/*
 * Where a manager and its extensions meet: PATH and PATH.<uuid>, unix sockets, on Windows named
 * pipes.
 */
#ifndef OSQUERY_CORE_ENDPOINT_H
#define OSQUERY_CORE_ENDPOINT_H

#include <cstdint>
#include <memory>
#include <string>

#include <thrift/transport/TServerTransport.h>
#include <thrift/transport/TTransport.h>

#include "status.h"

namespace osquery_core {

inline std::string extension_path(const std::string &manager, int64_t uuid) {
  return manager + "." + std::to_string(uuid);
}

/*
 * Good when something writable stands at `path`; only the file is looked at, nobody is called. On
 * Windows: unless there is no such pipe.
 */
Status socket_exists(const std::string &path);

/*
 * Unlinks `manager` and every `manager`.*, as the core does when it starts and when it stops. Pipes
 * need nothing of the kind.
 */
void remove_stale_sockets(const std::string &manager);

/*
 * Connects to `path`, or throws. Whatever is read or written then may take `timeout` seconds; on
 * Windows, as in osquery, for ever.
 */
std::shared_ptr<apache::thrift::transport::TTransport> connect(const std::string &path,
                                                               int timeout);

/* What a manager at `path` listens with. */
std::shared_ptr<apache::thrift::transport::TServerTransport> listen_at(const std::string &path);

} /* namespace osquery_core */

#endif
