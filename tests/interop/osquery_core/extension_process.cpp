/*
 * The extension that the core launches itself.
 */
#include "extension_process.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call_log.h"

namespace osquery_core {

static constexpr double FORCED_AFTER = 4;

/* osquery's order of arguments, then those of the test. */
static std::vector<std::string> arguments(const Settings &settings) {
  std::vector<std::string> list = {settings.extension};
  if (settings.verbose) list.push_back("--verbose");
  for (const std::string &word : {std::string("--socket"), settings.socket,
                                  std::string("--timeout"), settings.timeout,
                                  std::string("--interval"), settings.interval})
    list.push_back(word);
  for (const std::string &word : settings.extension_arguments) list.push_back(word);
  return list;
}

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
  std::vector<std::string> words = arguments(settings);
  std::vector<char *> argv;
  for (std::string &word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execve(settings.extension.c_str(), argv.data(), environ);
  perror(settings.extension.c_str());
  _exit(127);
}

ExtensionProcess::ExtensionProcess(const Settings &settings) {
  if (settings.extension.empty()) return;
  pid_ = fork();
  if (pid_ == 0) execute(settings);
  has_ended_ = pid_ < 0;
}

bool ExtensionProcess::is_running() {
  if (!has_ended_ && waitpid(pid_, &wait_status_, WNOHANG) == pid_) has_ended_ = true;
  return !has_ended_;
}

bool ExtensionProcess::wait_for(double seconds) {
  const Stopwatch watch;
  while (is_running() && watch.seconds() < seconds) usleep(5000);
  return has_ended_;
}

void ExtensionProcess::end(double patience) {
  if (wait_for(patience)) return;
  kill(pid_, SIGTERM);
  if (wait_for(FORCED_AFTER)) return;
  kill(pid_, SIGKILL);
  wait_for(FORCED_AFTER);
}

void ExtensionProcess::write(JsonWriter &json) {
  const bool running = is_running();
  json.key("pid").integer(pid_).key("running").boolean(running);
  const bool exited = pid_ > 0 && !running && WIFEXITED(wait_status_);
  const bool killed = pid_ > 0 && !running && WIFSIGNALED(wait_status_);
  json.key("exit");
  exited ? json.integer(WEXITSTATUS(wait_status_)) : json.null();
  json.key("signal");
  killed ? json.integer(WTERMSIG(wait_status_)) : json.null();
}

} /* namespace osquery_core */
