/*
 * One connection from the core to an extension: Thrift's buffered transport and binary protocol
 * over a unix socket or a named pipe. A connection serves one call, as in osquery.
 */
#ifndef OSQUERY_CORE_EXTENSION_CLIENT_H
#define OSQUERY_CORE_EXTENSION_CLIENT_H

#include <memory>
#include <string>

#include "Extension.h"
#include "status.h"

namespace osquery_core {

class ExtensionClient {
public:
  /*
   * Connects; `timeout` seconds for each send and receive, where osquery has such a limit. Throws
   * Thrift's exceptions, as do the calls.
   */
  ExtensionClient(const std::string &path, int timeout);
  ~ExtensionClient();

  /* osquery takes every answer but EXT_FAILED for a good one. */
  Status ping();
  Status call(const std::string &registry, const std::string &item,
              const osq::PluginRequest &request, osq::PluginResponse &response);
  void shutdown();

private:
  std::shared_ptr<apache::thrift::transport::TTransport> transport_;
  std::unique_ptr<osq::ExtensionClient> client_;
};

/*
 * Whether somebody answers a ping at `path`: a connection of its own, which is closed again, before
 * every call. With `patience` > 0 it is tried each 20 ms for so many seconds, at least 0.2.
 */
Status path_active(const std::string &path, double patience = 0);

} /* namespace osquery_core */

#endif
