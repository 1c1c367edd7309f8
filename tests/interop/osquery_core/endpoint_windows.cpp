/*
 * The named pipes of a manager and its extensions, with Thrift's TPipe and TPipeServer as osquery
 * uses them (extensions/impl_thrift.cpp): its rights, its buffers of 1024 bytes, no time limits.
 */
#include "endpoint.h"

#include <thrift/transport/TPipe.h>
#include <thrift/transport/TPipeServer.h>

#include <sddl.h>

namespace osquery_core {

using apache::thrift::transport::TPipe;
using apache::thrift::transport::TPipeServer;
using apache::thrift::transport::TServerTransport;
using apache::thrift::transport::TTransport;

static constexpr DWORD LOOK_TIME = 500; /* ms */
static constexpr uint32_t BUFFER_SIZE = 1024;

/* Whatever else WaitNamedPipe says, that all instances are busy too, the pipe is there. */
Status socket_exists(const std::string &path) {
  if (WaitNamedPipeA(path.c_str(), LOOK_TIME)) return Status();
  const DWORD error = GetLastError();
  if (error == ERROR_BAD_PATHNAME || error == ERROR_FILE_NOT_FOUND)
    return Status(1, "Socket does not exist");
  return Status();
}

void remove_stale_sockets(const std::string &) {
}

std::shared_ptr<TTransport> connect(const std::string &path, int) {
  auto pipe = std::make_shared<TPipe>(path);
  pipe->open();
  return pipe;
}

/* SYSTEM, Administrators and the user of this program. */
static std::string pipe_rights() {
  union {
    TOKEN_USER user;
    char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } facts;
  HANDLE token = nullptr;
  DWORD size = 0;
  char *sid = nullptr;
  std::string rights = "D:(A;;FA;;;SY)(A;;FA;;;BA)";
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
      GetTokenInformation(token, TokenUser, &facts, sizeof facts, &size) &&
      ConvertSidToStringSidA(facts.user.User.Sid, &sid))
    rights += "(A;;FA;;;" + std::string(sid) + ")";
  LocalFree(sid);
  if (token != nullptr) CloseHandle(token);
  return rights;
}

std::shared_ptr<TServerTransport> listen_at(const std::string &path) {
  return std::make_shared<TPipeServer>(path, BUFFER_SIZE, PIPE_UNLIMITED_INSTANCES, pipe_rights());
}

} /* namespace osquery_core */
