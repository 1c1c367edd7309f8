/*
 * The unix sockets of a manager and its extensions.
 */
#include "endpoint.h"

#include <glob.h>
#include <unistd.h>

namespace osquery_core {

std::string extension_path(const std::string &manager, int64_t uuid) {
  return manager + "." + std::to_string(uuid);
}

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
}

} /* namespace osquery_core */
