/*
 * A process with a thread that acts with a token of its own, for fsa_tokens to find. The token is
 * the process's own in other clothes; nothing is stolen and nobody is logged on elsewhere.
 *
 *   impersonate plain | self | identify | gained | anonymous | netonly
 *
 * gained: the thread keeps a privilege, enabled, that the process has given away. netonly: other
 * credentials for the network, which are never used. Prints "ready PID TID" and ends with its
 * input.
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static HANDLE is_ready;
static const char *what;

/* Sets the attributes of SeShutdownPrivilege, which every user has. */
static BOOL adjust(HANDLE token, DWORD attributes) {
  TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
  wanted.Privileges[0].Attributes = attributes;
  return LookupPrivilegeValueW(NULL, L"SeShutdownPrivilege", &wanted.Privileges[0].Luid) &&
         AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) &&
         GetLastError() == ERROR_SUCCESS;
}

static BOOL gain(void) {
  HANDLE own, copy;
  return OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own) &&
         DuplicateTokenEx(own, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation,
                          &copy) &&
         adjust(copy, SE_PRIVILEGE_ENABLED) && adjust(own, SE_PRIVILEGE_REMOVED) &&
         SetThreadToken(NULL, copy);
}

static BOOL log_on(void) {
  HANDLE token;
  return LogonUserW(L"fsa-nobody", L"FSA-NOWHERE", L"never sent", LOGON32_LOGON_NEW_CREDENTIALS,
                    LOGON32_PROVIDER_WINNT50, &token) &&
         ImpersonateLoggedOnUser(token);
}

static BOOL take_token(void) {
  if (strcmp(what, "self") == 0) return ImpersonateSelf(SecurityImpersonation);
  if (strcmp(what, "identify") == 0) return ImpersonateSelf(SecurityIdentification);
  if (strcmp(what, "gained") == 0) return gain();
  if (strcmp(what, "anonymous") == 0) return ImpersonateAnonymousToken(GetCurrentThread());
  if (strcmp(what, "netonly") == 0) return log_on();
  return strcmp(what, "plain") == 0;
}

static DWORD WINAPI act(void *context) {
  (void)context;
  if (!take_token()) {
    printf("failed %lu\n", GetLastError());
    return 1;
  }
  SetEvent(is_ready);
  Sleep(INFINITE);
  return 0;
}

int main(int count, char **arguments) {
  DWORD tid;
  if (count < 2) return 1;
  what = arguments[1];
  is_ready = CreateEventW(NULL, FALSE, FALSE, NULL);
  HANDLE thread = CreateThread(NULL, 0, act, NULL, 0, &tid);
  const HANDLE either[] = {is_ready, thread};
  if (!thread || WaitForMultipleObjects(2, either, FALSE, 10000) != WAIT_OBJECT_0) return 1;
  printf("ready %lu %lu\n", GetCurrentProcessId(), tid);
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}
