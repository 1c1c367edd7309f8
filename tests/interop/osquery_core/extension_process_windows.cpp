/*
 * Launching with CreateProcess(), as osquery does on Windows: its command line, its priority, what
 * it puts into the environment.
 */
#include "extension_process.h"

#include <algorithm>
#include <iostream>

#include <windows.h>

namespace osquery_core {

/* The path and the socket are quoted by osquery; so is every word of the test's own. */
static std::string command_line(const Settings &settings) {
  std::string line = "\"" + settings.extension + "\"";
  for (const std::string &word : extension_arguments(settings))
    line += word.rfind("--", 0) == 0 ? " " + word : " \"" + word + "\"";
  return line + " ";
}

/* stdin and stdout carry the control lines of this program: the child gets neither. */
void ExtensionProcess::start(const Settings &settings) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, nullptr, TRUE};
  STARTUPINFOA startup = {};
  PROCESS_INFORMATION made = {};
  std::string line = command_line(settings);
  SetEnvironmentVariableA("OSQUERY_EXTENSION", "1");
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = CreateFileA("NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                  &inherited, OPEN_EXISTING, 0, nullptr);
  startup.hStdError = startup.hStdOutput = GetStdHandle(STD_ERROR_HANDLE);
  SetHandleInformation(startup.hStdError, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  SetHandleInformation(GetStdHandle(STD_INPUT_HANDLE), HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(GetStdHandle(STD_OUTPUT_HANDLE), HANDLE_FLAG_INHERIT, 0);
  if (CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, IDLE_PRIORITY_CLASS, nullptr,
                     nullptr, &startup, &made)) {
    CloseHandle(made.hThread);
    handle_ = made.hProcess;
    pid_ = made.dwProcessId;
    has_ended_ = false;
  } else {
    std::cerr << settings.extension << ": error " << GetLastError() << std::endl;
  }
  CloseHandle(startup.hStdInput);
}

ExtensionProcess::~ExtensionProcess() {
  end(0);
  if (handle_ != nullptr) CloseHandle(handle_);
}

bool ExtensionProcess::is_running() {
  DWORD code = 0;
  if (has_ended_ || WaitForSingleObject(handle_, 0) != WAIT_OBJECT_0) return !has_ended_;
  has_ended_ = true;
  if (GetExitCodeProcess(handle_, &code)) exit_code_ = static_cast<int>(code);
  return false;
}

/* SystemExtendedHandleInformation: every handle of the system, of which the process is told. */
struct HandleEntry {
  void *object;
  ULONG_PTR pid, handle;
  ULONG access;
  USHORT back_trace, type;
  ULONG attributes, reserved;
};
struct HandleList {
  ULONG_PTR count, reserved;
  HandleEntry entries[1];
};
static constexpr int EXTENDED_HANDLE_INFORMATION = 64;

int64_t ExtensionProcess::handles() {
  using Query = LONG(NTAPI *)(int, void *, ULONG, ULONG *);
  const auto query = reinterpret_cast<Query>(reinterpret_cast<void *>(
      GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQuerySystemInformation")));
  std::vector<char> room(1 << 20);
  const auto *list = reinterpret_cast<const HandleList *>(room.data());
  if (query(EXTENDED_HANDLE_INFORMATION, room.data(), static_cast<ULONG>(room.size()), nullptr) < 0)
    return -1;
  return std::count_if(list->entries, list->entries + list->count, [this](const HandleEntry &entry) {
    return entry.pid == static_cast<ULONG_PTR>(pid_);
  });
}

void ExtensionProcess::terminate(bool) {
  TerminateProcess(handle_, 0);
}

} /* namespace osquery_core */
