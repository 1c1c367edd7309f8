/*
 * Launching with fork() and execve(), as osquery does on POSIX systems.
 */
#include "extension_process.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace osquery_core {

/* stdin and stdout carry the control lines of this program: the child gets neither. */
static void redirect() {
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  ::close(nothing);
}

[[noreturn]] static void execute(const Settings &settings) {
  setenv("OSQUERY_EXTENSION", std::to_string(getpid()).c_str(), 1);
  struct sigaction plain = {};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &plain, nullptr);
  redirect();
  std::string path = settings.extension;
  std::vector<std::string> words = extension_arguments(settings);
  std::vector<char *> argv = {path.data()};
  for (std::string &word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execve(path.c_str(), argv.data(), environ);
  perror(path.c_str());
  _exit(127);
}

void ExtensionProcess::start(const Settings &settings) {
  pid_ = fork();
  if (pid_ == 0) execute(settings);
  has_ended_ = pid_ < 0;
}

ExtensionProcess::~ExtensionProcess() {
  end(0);
}

bool ExtensionProcess::is_running() {
  int status = 0;
  if (has_ended_ || waitpid(static_cast<pid_t>(pid_), &status, WNOHANG) != pid_) return !has_ended_;
  has_ended_ = true;
  if (WIFEXITED(status)) exit_code_ = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) signal_ = WTERMSIG(status);
  return false;
}

int64_t ExtensionProcess::handles() {
  return -1; /* who wants to know counts /proc/PID/fd */
}

void ExtensionProcess::terminate(bool by_force) {
  kill(static_cast<pid_t>(pid_), by_force ? SIGKILL : SIGTERM);
}

} /* namespace osquery_core */
