/*
 * The unix sockets of a manager and its extensions.
 */
#include "endpoint.h"

#include <glob.h>
#include <unistd.h>

#include <thrift/transport/TServerSocket.h>
#include <thrift/transport/TSocket.h>

namespace osquery_core {

using apache::thrift::transport::TServerSocket;
using apache::thrift::transport::TServerTransport;
using apache::thrift::transport::TSocket;
using apache::thrift::transport::TTransport;

Status socket_exists(const std::string &path) {
  if (access(path.c_str(), F_OK) != 0) return Status(1, "Socket does not exist");
  if (access(path.c_str(), W_OK) != 0) return Status(1, "Cannot write extension socket: " + path);
  return Status();
}

void remove_stale_sockets(const std::string &manager) {
  glob_t found = {};
  if (glob((manager + ".*").c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++) unlink(found.gl_pathv[i]);
  globfree(&found);
  unlink(manager.c_str());
}

std::shared_ptr<TTransport> connect(const std::string &path, int timeout) {
  auto socket = std::make_shared<TSocket>(path);
  socket->open();
  socket->setRecvTimeout(timeout * 1000);
  socket->setSendTimeout(timeout * 1000);
  return socket;
}

std::shared_ptr<TServerTransport> listen_at(const std::string &path) {
  return std::make_shared<TServerSocket>(path);
}

} /* namespace osquery_core */
