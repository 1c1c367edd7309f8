/*
 * Types Ctrl-C into the console of a program that it starts, once that program has printed
 * something: plant-control_c PROGRAM [ARGUMENT ...]. What the program prints goes through; its exit
 * code is the exit code. (Ctrl-Break ends a thread under Wine: nothing to test.)
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

#define LATER_MS 300 /* the program goes on to its next statement */

static BOOL WINAPI stay(DWORD event) {
  return event == CTRL_C_EVENT; /* it reaches us as well */
}

/* Our own command line behind the program's name. */
static wchar_t *rest_of_command_line(void) {
  wchar_t *at = GetCommandLineW();
  const wchar_t end = *at == L'"' ? L'"' : L' ';
  for (at++; *at && *at != end; at++) continue;
  if (*at == L'"') at++;
  while (*at == L' ') at++;
  return at;
}

static HANDLE start(HANDLE *ret_output) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE output;
  if (!CreatePipe(ret_output, &output, &inherited, 0)) return NULL;
  SetHandleInformation(*ret_output, HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOW startup = {.cb = sizeof startup,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                          .hStdOutput = output,
                          .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  PROCESS_INFORMATION made = {0};
  if (!CreateProcessW(NULL, rest_of_command_line(), NULL, NULL, TRUE, 0, NULL, NULL, &startup,
                      &made))
    return NULL;
  CloseHandle(output);
  CloseHandle(made.hThread);
  return made.hProcess;
}

int main(void) {
  HANDLE output;
  char text[4096];
  DWORD size, code = 1;
  _setmode(1, _O_BINARY);
  SetConsoleCtrlHandler(stay, TRUE);
  const HANDLE program = start(&output);
  if (!program) return 1;
  for (int pieces = 0; ReadFile(output, text, sizeof text, &size, NULL) && size; pieces++) {
    fwrite(text, 1, size, stdout);
    if (pieces) continue;
    Sleep(LATER_MS);
    if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0)) printf("no event: %lu\n", GetLastError());
  }
  WaitForSingleObject(program, INFINITE);
  GetExitCodeProcess(program, &code);
  return (int)code;
}
