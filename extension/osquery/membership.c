/* The life of an extension, in the main thread; callers are served by others. */
#include "osquery/membership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "osquery/log.h"
#include "osquery/manager.h"
#include "osquery/processor.h"
#include "osquery/server.h"
#include "osquery/wait.h"

#define LEAST_TIMEOUT 200   /* ms: a manager is looked for at least so long */
#define LOOK_AGAIN 20       /* ms between two looks for the manager's socket */
#define REGISTER_AGAIN 1000 /* ms after "Duplicate extension" */
#define REGISTER_TIMES 30   /* osquery forgets an extension that crashed within some seconds */
#define MISSED_LOOKS 10     /* intervals without a manager, after which it is gone */
#define UUID_ROOM 6         /* bytes of ".65535" less the dot's, behind the manager's path */
#define DUPLICATE "Duplicate extension"

typedef struct Membership {
  const FsaExtensionOptions *options;
  FsaService *service;
  FsaServer *server;
  int64_t uuid;
  bool *dropped; /* tables that conflict with those of others */
} Membership;

/* What became of a step; the exit codes say what ended it. */
typedef enum Step {
  STEP_DONE = -1, /* go on */
} Step;

/* ---- finding the manager ---- */

static int exit_of(int result) {
  switch (result) {
  case FSA_E_ABSENT: return FSA_EXTENSION_ABSENT;
  case FSA_E_ACCESS: return FSA_EXTENSION_DENIED;
  case FSA_E_LIMIT: return FSA_EXTENSION_TOO_LONG;
  case FSA_E_FORMAT: return FSA_EXTENSION_NO_MANAGER;
  case FSA_E_STALE: return FSA_EXTENSION_DEAD;
  case FSA_E_USAGE: return FSA_EXTENSION_NO_SOCKET;
  default: return FSA_EXTENSION_NO_MANAGER;
  }
}

static int give_up(const FsaError *error, int result) {
  fsa_log("%s", error->message);
  return exit_of(result);
}

/* Time does not help where the path itself is wrong. */
static bool is_hopeless(int result) {
  return result == FSA_E_LIMIT || result == FSA_E_USAGE;
}

/* Waits until the manager answers a ping. */
static int find_manager(const Membership *self) {
  const FsaExtensionOptions *options = self->options;
  const int64_t time = options->timeout_ms > LEAST_TIMEOUT ? options->timeout_ms : LEAST_TIMEOUT;
  const int64_t end = fsa_clock_monotonic() + time * 1000000;
  FsaError error;
  int result = fsa_endpoint_check(options->socket, UUID_ROOM, &error);
  while (result == FSA_OK) {
    result = fsa_manager_ping(options->socket, time, &error);
    if (result == FSA_OK) return STEP_DONE;
    if (is_hopeless(result) || (!options->waits && fsa_clock_monotonic() >= end)) break;
    if (fsa_wait(LOOK_AGAIN) == FSA_WAITED_SIGNAL) return FSA_EXTENSION_OK;
    result = FSA_OK;
  }
  return give_up(&error, result);
}

/* ---- registering ---- */

/* Drops the table that the manager's words name as a conflict; false when they name none. */
static bool drop_conflict(Membership *self, const char *message) {
  char name[80];
  for (size_t i = 0; i < fsa_table_count; i++) {
    snprintf(name, sizeof name, "fsa_%s ", fsa_tables[i]->name);
    const char *at = strstr(message, name);
    if (self->dropped[i] || !at || (at > message && at[-1] != ' ' && at[-1] != '\'')) continue;
    self->dropped[i] = true;
    fsa_log("another has a table fsa_%s already; the others are registered without it (%s)",
            fsa_tables[i]->name, message);
    return true;
  }
  return false;
}

static bool has_tables(const Membership *self) {
  for (size_t i = 0; i < fsa_table_count; i++)
    if (!self->dropped[i]) return true;
  return false;
}

/* One registration, and as many more as there are tables in conflict, while there are others. */
static int register_once(Membership *self, FsaRegistration *ret_answer, FsaError *ret_error) {
  int result;
  do result = fsa_manager_register(self->options->socket, self->dropped, ret_answer, ret_error);
  while (result == FSA_OK && !ret_answer->is_accepted && drop_conflict(self, ret_answer->message) &&
         has_tables(self));
  return result;
}

static int refuse(const FsaRegistration *answer) {
  fsa_log("osquery refuses the registration: %s", answer->message);
  return FSA_EXTENSION_REFUSED;
}

/* Registers; our name may still be taken by a former self of whom osquery does not know it is gone.
 */
static int register_self(Membership *self) {
  memset(self->dropped, 0, fsa_table_count * sizeof *self->dropped);
  for (int tries = 1;; tries++) {
    FsaRegistration answer;
    FsaError error;
    int result = register_once(self, &answer, &error);
    if (result != FSA_OK) return give_up(&error, result);
    if (answer.is_accepted) {
      self->uuid = answer.uuid;
      return STEP_DONE;
    }
    if (!strstr(answer.message, DUPLICATE) || tries == REGISTER_TIMES) return refuse(&answer);
    fsa_log_detail("the name is taken (%s); trying again", answer.message);
    if (fsa_wait(REGISTER_AGAIN) == FSA_WAITED_SIGNAL) return FSA_EXTENSION_OK;
  }
}

/* ---- serving ---- */

/* Leaves politely: osquery then need not find out by itself. */
static void deregister(const Membership *self) {
  FsaError ignored;
  fsa_manager_deregister(self->options->socket, self->uuid, &ignored);
}

static int serve(Membership *self) {
  char path[256];
  FsaError error;
  snprintf(path, sizeof path, "%s.%lld", self->options->socket, (long long)self->uuid);
  ThriftProcessor *processor = fsa_processor_new(self->service, self->uuid, fsa_wait_wake);
  const int result = fsa_server_open(self->server, path, processor, &error);
  g_object_unref(processor);
  if (result == FSA_OK) {
    fsa_log_detail("registered as %lld, serving at %s", (long long)self->uuid, path);
    return STEP_DONE;
  }
  fsa_log("%s", error.message);
  deregister(self); /* nobody would answer for it */
  return FSA_EXTENSION_NO_SERVER;
}

/* Finds the manager, registers, serves: at the start, and whenever it has forgotten us. */
static int join_manager(Membership *self) {
  int step = find_manager(self);
  if (step == STEP_DONE) step = register_self(self);
  return step == STEP_DONE ? serve(self) : step;
}

/* ---- staying ---- */

static int join_again(Membership *self, const char *why) {
  fsa_log_detail("%s; registering anew", why);
  fsa_server_close(self->server);
  return join_manager(self);
}

/* One look whether all is as it was. `missed`: looks in a row that no manager answered. */
static int look(Membership *self, int *missed) {
  bool is_known = false;
  FsaError error;
  int result = fsa_manager_knows(self->options->socket, self->uuid, &is_known, &error);
  if (result != FSA_OK) {
    if (++*missed <= MISSED_LOOKS || self->options->waits) return STEP_DONE;
    fsa_log("osquery is gone: %s", error.message);
    return FSA_EXTENSION_OK;
  }
  *missed = 0;
  fsa_engine_rest(self->service->engine); /* a disk with evidence can be taken away */
  if (!is_known) return join_again(self, "osquery does not know this extension any more");
  if (fsa_server_is_reachable(self->server)) return STEP_DONE;
  deregister(self);
  return join_again(self, "the own socket was taken away");
}

static int stay(Membership *self) {
  int step = STEP_DONE, missed = 0;
  while (step == STEP_DONE) {
    switch (fsa_wait(self->options->interval_ms)) {
    case FSA_WAITED_SIGNAL: deregister(self); return FSA_EXTENSION_OK;
    case FSA_WAITED_WOKEN: return FSA_EXTENSION_OK; /* shutdown, which was answered */
    case FSA_WAITED_TIME:
    default: step = look(self, &missed); break;
    }
  }
  return step;
}

FsaExtensionExit fsa_membership_run(const FsaExtensionOptions *options, FsaService *service) {
  Membership self = {.options = options,
                     .service = service,
                     .server = fsa_server_new(),
                     .dropped = calloc(fsa_table_count, sizeof(bool))};
  int step = FSA_EXTENSION_NO_SERVER;
  if (self.server && self.dropped)
    step = join_manager(&self);
  else
    fsa_log("out of memory");
  if (step == STEP_DONE) step = stay(&self);
  fsa_engine_interrupt(service->engine, true); /* nobody waits for what still runs */
  fsa_server_free(self.server);
  free(self.dropped);
  return (FsaExtensionExit)step;
}
