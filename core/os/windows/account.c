/*
 * Names of accounts, without a word to the network: a domain controller that does not answer holds
 * up a look for minutes, and whoever listens there would learn what is looked at.
 *
 * A name that was found stays known as long as the host is open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "formats/nt_sid.h"
#include "os/access_token.h"
#include "os/logon_session.h"
#include "os/windows/account.h"

/* How long those who are logged on are believed to be the same. */
#define SESSIONS_AGE (2 * FSA_NS_PER_SECOND)

enum { MOST_UNITS = 512, SID_BYTES = 8 + 4 * FSA_NT_SID_PARTS };

typedef struct Account {
  const char *sid;  /* as text */
  const char *name; /* NULL: this machine does not know it */
} Account;

struct WindowsAccounts {
  FsaArena arena;
  Account *list;
  size_t count, room;
  int64_t sessions_asked;                     /* monotonic ns; 0 = never */
  uint8_t own[SID_BYTES], machine[SID_BYTES]; /* our own user; what local accounts begin with */
  size_t own_size, machine_size;
};

/* ---- what is remembered; the host is locked ---------------------------------------------------
 */

static const Account *find(const WindowsAccounts *accounts, const char *sid) {
  for (size_t i = 0; i < accounts->count; i++)
    if (strcmp(accounts->list[i].sid, sid) == 0) return &accounts->list[i];
  return NULL;
}

/* Memory that runs out, or too many of them: it is asked again another time. */
static void remember(WindowsAccounts *accounts, const char *sid, const char *name) {
  if (find(accounts, sid) || accounts->count >= FSA_MAX_ACCOUNTS) return;
  if (accounts->count == accounts->room) {
    const size_t room = accounts->room ? accounts->room * 2 : 32;
    Account *list = realloc(accounts->list, room * sizeof *list);
    if (!list) return;
    accounts->list = list;
    accounts->room = room;
  }
  Account account = {fsa_arena_copy(&accounts->arena, sid, strlen(sid)), NULL};
  if (name) account.name = fsa_arena_copy(&accounts->arena, name, strlen(name));
  if (account.sid && (account.name || !name)) accounts->list[accounts->count++] = account;
}

static void learn_own(WindowsAccounts *accounts) {
  HANDLE token;
  union {
    TOKEN_USER user;
    uint8_t bytes[sizeof(TOKEN_USER) + SID_BYTES];
  } buffer;
  DWORD length;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return;
  if (GetTokenInformation(token, TokenUser, &buffer, sizeof buffer, &length)) {
    accounts->own_size = GetLengthSid(buffer.user.User.Sid);
    memcpy(accounts->own, buffer.user.User.Sid, accounts->own_size);
  }
  CloseHandle(token);
}

/* Local accounts and the machine itself share all but the last part: its name gives its SID. */
static void learn_machine(WindowsAccounts *accounts) {
  WCHAR name[MAX_COMPUTERNAME_LENGTH + 1], domain[MOST_UNITS];
  DWORD units = MAX_COMPUTERNAME_LENGTH + 1, domain_units = MOST_UNITS;
  DWORD size = sizeof accounts->machine;
  SID_NAME_USE use;
  if (!GetComputerNameW(name, &units)) return;
  if (LookupAccountNameW(NULL, name, accounts->machine, &size, domain, &domain_units, &use) &&
      use == SidTypeDomain)
    accounts->machine_size = GetLengthSid(accounts->machine);
}

static WindowsAccounts *accounts_of(FsaOs *os) {
  if (os->accounts) return os->accounts;
  WindowsAccounts *accounts = calloc(1, sizeof *accounts);
  if (!accounts) return NULL;
  accounts->arena = fsa_arena(0);
  learn_own(accounts);
  learn_machine(accounts);
  os->accounts = accounts;
  return accounts;
}

void windows_forget_accounts(FsaOs *os) {
  if (!os->accounts) return;
  fsa_arena_done(&os->accounts->arena);
  free(os->accounts->list);
  free(os->accounts);
  os->accounts = NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Those who are logged on have told their names. */
static void ask_sessions(FsaOs *os, WindowsAccounts *accounts) {
  const int64_t now = fsa_clock_monotonic();
  if (accounts->sessions_asked && now - accounts->sessions_asked < SESSIONS_AGE) return;
  accounts->sessions_asked = now ? now : 1;
  FsaArena arena = fsa_arena(0);
  FsaOsLogonSession *sessions;
  size_t count, hidden;
  if (fsa_os_logon_sessions(os, &arena, &sessions, &count, &hidden) == FSA_OK) {
    for (size_t i = 0; i < count; i++) {
      const FsaOsLogonSession *session = &sessions[i];
      if (!session->sid.data || !session->user.data) continue;
      const char *name =
          fsa_arena_printf(&arena, "%s%s%s", session->domain.data ? session->domain.data : "",
                           session->domain.data ? "\\" : "", session->user.data);
      if (name) remember(accounts, session->sid.data, name);
    }
  }
  fsa_arena_done(&arena);
}

static bool begins(FsaBytes sid, const uint8_t *start, size_t size) {
  /* the count of parts and the parts behind them differ */
  return size > 8 && sid.size > size && memcmp(sid.data + 2, start + 2, size - 2) == 0;
}

/*
 * True when this machine answers for it alone: our own user, local accounts, and authorities that
 * every Windows has for itself (services, application pools, window manager, font drivers ...).
 */
static bool is_local(const WindowsAccounts *accounts, FsaBytes sid) {
  enum { AUTHORITY_NT = 5, BUILTIN = 32, DOMAIN_ACCOUNTS = 21 };
  if (sid.size == accounts->own_size && memcmp(sid.data, accounts->own, sid.size) == 0) return true;
  if (begins(sid, accounts->machine, accounts->machine_size)) return true;
  const uint32_t first = sid.size >= 12 ? fsa_u32(&sid, 8) : 0;
  return sid.data[7] == AUTHORITY_NT && (first == BUILTIN || (first >= 80 && first <= 111));
}

static bool ask_machine(FsaBytes sid, FsaArena *arena, FsaText *ret_name) {
  WCHAR name[MOST_UNITS], domain[MOST_UNITS];
  DWORD name_units = MOST_UNITS, domain_units = MOST_UNITS;
  SID_NAME_USE use;
  FsaText name_text, domain_text;
  if (!LookupAccountSidW(NULL, (PSID)(uintptr_t)sid.data, name, &name_units, domain, &domain_units,
                         &use))
    return false;
  if (windows_text(arena, name, name_units, &name_text) != FSA_OK ||
      windows_text(arena, domain, domain_units, &domain_text) != FSA_OK)
    return false;
  const char *text = fsa_arena_printf(arena, "%s%s%s", domain_text.data,
                                      domain_text.size ? "\\" : "", name_text.data);
  if (!text) return false;
  *ret_name = (FsaText){text, strlen(text)};
  return true;
}

/* The host is locked. NULL: nobody here knows. */
static const char *ask_name(FsaOs *os, FsaBytes sid, const char *text, FsaArena *arena) {
  WindowsAccounts *accounts = accounts_of(os);
  if (!accounts) return NULL;
  const Account *account = find(accounts, text);
  if (!account) {
    ask_sessions(os, accounts);
    account = find(accounts, text);
  }
  if (account) return account->name;
  FsaText name = {NULL, 0};
  if (is_local(accounts, sid)) {
    (void)ask_machine(sid, arena, &name);
    remember(accounts, text, name.data);
  }
  return name.data;
}

int fsa_os_account_name(FsaOs *os, FsaBytes sid, FsaArena *arena, FsaText *ret_name) {
  char text[FSA_NT_SID_TEXT];
  size_t size;
  if (fsa_nt_sid_text(sid, 0, text, &size) != FSA_OK) return FSA_E_FORMAT;
  const char *name = fsa_nt_sid_name(text);
  if (!name) {
    pthread_mutex_lock(&os->lock);
    name = ask_name(os, fsa_bytes(sid.data, size), text, arena);
    if (name) name = fsa_arena_copy(arena, name, strlen(name));
    pthread_mutex_unlock(&os->lock);
  }
  if (!name) return FSA_E_ABSENT;
  *ret_name = (FsaText){name, strlen(name)};
  return FSA_OK;
}
