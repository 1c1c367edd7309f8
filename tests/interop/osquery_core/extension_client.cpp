/*
 * One connection from the core to an extension.
 */
#include "extension_client.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include "endpoint.h"
#include "settings.h"

namespace osquery_core {

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::transport::TBufferedTransport;

ExtensionClient::ExtensionClient(const std::string &path, int timeout)
    : transport_(std::make_shared<TBufferedTransport>(connect(path, timeout))),
      client_(
          std::make_unique<osq::ExtensionClient>(std::make_shared<TBinaryProtocol>(transport_))) {
}

ExtensionClient::~ExtensionClient() {
  try {
    transport_->close();
  } catch (const std::exception &) {
    /* the other end may be gone */
  }
}

Status ExtensionClient::ping() {
  osq::ExtensionStatus status;
  client_->ping(status);
  if (status.code == osq::ExtensionCode::EXT_FAILED) return Status(1, status.message);
  return Status(0, status.message);
}

Status ExtensionClient::call(const std::string &registry, const std::string &item,
                             const osq::PluginRequest &request, osq::PluginResponse &response) {
  osq::ExtensionResponse reply;
  client_->call(reply, registry, item, request);
  response.insert(response.end(), std::make_move_iterator(reply.response.begin()),
                  std::make_move_iterator(reply.response.end()));
  return Status(reply.status.code, reply.status.message);
}

void ExtensionClient::shutdown() {
  client_->shutdown();
}

static bool answers(const std::string &path) {
  if (!socket_exists(path).ok()) return false;
  try {
    ExtensionClient client(path, PING_TIMEOUT);
    client.ping();
    return true;
  } catch (const std::exception &) {
    return false; /* a socket without a listener, or one that says something else */
  }
}

Status path_active(const std::string &path, double patience) {
  const double step = 0.02;
  double left = patience > 0 ? std::max(patience, 10 * step) : 0;
  for (;;) {
    if (answers(path)) return Status();
    left -= step;
    if (left <= 0) return Status(1, "Extension socket not available: " + path);
    std::this_thread::sleep_for(std::chrono::duration<double>(step));
  }
}

} /* namespace osquery_core */
