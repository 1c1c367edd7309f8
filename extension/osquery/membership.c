/* The life of an extension, in the main thread; callers are served by others. */
#include "osquery/membership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "osquery/cache.h"
#include "osquery/log.h"
#include "osquery/manager.h"
#include "osquery/processor.h"
#include "osquery/server.h"
#include "osquery/wait.h"

#define LEAST_TIMEOUT 200   /* ms: a manager is looked for at least so long */
#define LOOK_AGAIN 20       /* ms between two looks for the manager's socket at the start */
#define REGISTER_AGAIN 1000 /* ms after "Duplicate extension" */
#define REGISTER_TIMES 30   /* osquery forgets an extension that crashed within some seconds */
#define MISSED_LOOKS 10     /* intervals without a manager, after which it is gone */
#define UUID_ROOM 6         /* bytes of ".65535", behind the manager's path */
#define DUPLICATE "Duplicate extension"

typedef struct Membership {
  const FsaExtensionOptions *options;
  FsaService *service;
  FsaServer *server;
  bool *dropped; /* tables that conflict with those of others */
  bool is_joined;
  int64_t uuid;          /* while joined */
  int missed;            /* looks in a row that no manager answered */
  FsaError error;        /* why it is not joined */
  FsaExtensionExit code; /* what the program ends with */
} Membership;

/* What a step came to. */
typedef enum Step {
  STEP_DONE,
  STEP_LATER, /* it may succeed another time; `error` and `code` say what stands in the way */
  STEP_OVER,  /* the life ends with `code`; why has been said */
} Step;

static Step later(Membership *self, FsaExtensionExit code) {
  self->code = code;
  return STEP_LATER;
}

static Step over(Membership *self, FsaExtensionExit code) {
  self->code = code;
  return STEP_OVER;
}

static Step give_up(Membership *self) {
  fsa_log("%s", self->error.message);
  return STEP_OVER;
}

/* ---- the manager ---- */

/* What a call of the manager that failed comes to. Time does not help where the path is wrong. */
static Step unanswered(Membership *self, int result) {
  switch (result) {
  case FSA_E_ABSENT: return later(self, FSA_EXTENSION_ABSENT);
  case FSA_E_ACCESS: return later(self, FSA_EXTENSION_DENIED);
  case FSA_E_STALE: return later(self, FSA_EXTENSION_DEAD);
  case FSA_E_LIMIT: self->code = FSA_EXTENSION_TOO_LONG; return give_up(self);
  case FSA_E_USAGE: self->code = FSA_EXTENSION_NO_SOCKET; return give_up(self);
  default: return later(self, FSA_EXTENSION_NO_MANAGER);
  }
}

/* At least so long is a manager looked for, and its reply to the first ping waited for. */
static int64_t timeout_of(const Membership *self) {
  const int64_t wanted = self->options->timeout_ms;
  return wanted > LEAST_TIMEOUT ? wanted : LEAST_TIMEOUT;
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
static int register_once(Membership *self, FsaRegistration *ret_answer) {
  int result;
  do result = fsa_manager_register(self->options->socket, self->dropped, ret_answer, &self->error);
  while (result == FSA_OK && !ret_answer->is_accepted && drop_conflict(self, ret_answer->message) &&
         has_tables(self));
  return result;
}

static Step refused(Membership *self, const FsaRegistration *answer) {
  fsa_log("osquery refuses the registration: %s", answer->message);
  return over(self, FSA_EXTENSION_REFUSED);
}

/* Registers; our name may still be taken by a former self of whom osquery does not know it is gone.
 */
static Step register_self(Membership *self) {
  memset(self->dropped, 0, fsa_table_count * sizeof *self->dropped);
  for (int tries = 1;; tries++) {
    FsaRegistration answer;
    const int result = register_once(self, &answer);
    if (result != FSA_OK) {
      fsa_log_detail("no answer to the registration: %s", self->error.message);
      return unanswered(self, result);
    }
    if (answer.is_accepted) {
      self->uuid = answer.uuid;
      return STEP_DONE;
    }
    if (!strstr(answer.message, DUPLICATE) || tries == REGISTER_TIMES)
      return refused(self, &answer);
    fsa_log_detail("the name is taken (%s); trying again", answer.message);
    if (fsa_wait(REGISTER_AGAIN) == FSA_WAITED_SIGNAL) return over(self, FSA_EXTENSION_OK);
  }
}

/* ---- joining ---- */

/* Leaves politely: osquery then need not find out by itself. */
static void deregister(const Membership *self) {
  FsaError ignored;
  fsa_manager_deregister(self->options->socket, self->uuid, &ignored);
}

static Step serve(Membership *self) {
  char path[256];
  snprintf(path, sizeof path, "%s.%lld", self->options->socket, (long long)self->uuid);
  ThriftProcessor *processor = fsa_processor_new(self->service, self->uuid, fsa_wait_wake);
  const int result = fsa_server_open(self->server, path, processor, &self->error);
  g_object_unref(processor);
  if (result == FSA_OK) {
    fsa_log_detail("registered as %lld, serving at %s", (long long)self->uuid, path);
    return STEP_DONE;
  }
  deregister(self); /* nobody would answer for it */
  self->code = FSA_EXTENSION_NO_SERVER;
  return give_up(self);
}

/* One attempt to become an extension of whoever is manager now. */
static Step join_manager(Membership *self) {
  const char *path = self->options->socket;
  int result = fsa_endpoint_check(path, UUID_ROOM, &self->error);
  if (result == FSA_OK) result = fsa_manager_ping(path, timeout_of(self), &self->error);
  if (result != FSA_OK) return unanswered(self, result);
  Step step = register_self(self);
  if (step == STEP_DONE) step = serve(self);
  self->is_joined = step == STEP_DONE;
  return step;
}

/* At the start: often for as long as --timeout says; with --wait also later, but less often. */
static Step join_first(Membership *self) {
  const int64_t end = fsa_clock_monotonic() + timeout_of(self) * 1000000;
  int64_t pause = LOOK_AGAIN;
  for (;;) {
    const Step step = join_manager(self);
    if (step != STEP_LATER) return step;
    if (pause == LOOK_AGAIN && fsa_clock_monotonic() >= end) {
      if (!self->options->waits) return give_up(self);
      fsa_log("waiting: %s", self->error.message);
      pause = self->options->interval_ms;
    }
    if (fsa_wait(pause) == FSA_WAITED_SIGNAL) return over(self, FSA_EXTENSION_OK);
  }
}

/* ---- staying ---- */

static void leave(Membership *self, const char *why) {
  fsa_log_detail("%s; registering anew", why);
  fsa_server_close(self->server);
  self->is_joined = false;
}

/* Whether we are what we were; if not, we have left. */
static Step look_at_manager(Membership *self) {
  bool is_known = false;
  const int result = fsa_manager_knows(self->options->socket, self->uuid, &is_known, &self->error);
  if (result != FSA_OK) return later(self, FSA_EXTENSION_OK);
  if (!is_known)
    leave(self, "osquery does not know this extension any more");
  else if (!fsa_server_is_reachable(self->server)) {
    deregister(self);
    leave(self, "the own socket was taken away");
  }
  return STEP_DONE;
}

/* One look whether all is as it was. A manager that does not answer may do so at the next. */
static Step look(Membership *self) {
  Step step = self->is_joined ? look_at_manager(self) : STEP_DONE;
  if (step == STEP_DONE && !self->is_joined) step = join_manager(self);
  self->missed = step == STEP_LATER ? self->missed + 1 : 0;
  if (step != STEP_LATER || self->missed <= MISSED_LOOKS || self->options->waits) return step;
  fsa_log("osquery is gone: %s", self->error.message);
  return over(self, FSA_EXTENSION_OK);
}

/* What is kept for the next question goes when none comes: a disk with evidence can be taken away.
 */
static void rest(const Membership *self) {
  fsa_engine_rest(self->service->engine);
  fsa_cache_rest(self->service->cache);
}

static Step stay(Membership *self) {
  Step step = STEP_DONE;
  while (step != STEP_OVER) {
    switch (fsa_wait(self->options->interval_ms)) {
    case FSA_WAITED_SIGNAL:
      if (self->is_joined) deregister(self);
      return over(self, FSA_EXTENSION_OK);
    case FSA_WAITED_WOKEN: /* shutdown, which was answered: osquery ends */
      if (!self->options->waits) return over(self, FSA_EXTENSION_OK);
      leave(self, "osquery shuts down");
      break;
    case FSA_WAITED_TIME:
    default:
      step = look(self);
      rest(self);
      break;
    }
  }
  return step;
}

FsaExtensionExit fsa_membership_run(const FsaExtensionOptions *options, FsaService *service) {
  Membership self = {.options = options,
                     .service = service,
                     .server = fsa_server_new(),
                     .dropped = calloc(fsa_table_count, sizeof(bool)),
                     .code = FSA_EXTENSION_NO_SERVER};
  if (!self.server || !self.dropped)
    fsa_log("out of memory");
  else if (join_first(&self) == STEP_DONE)
    stay(&self);
  fsa_engine_interrupt(service->engine, true); /* nobody waits for what still runs */
  fsa_server_free(self.server);
  free(self.dropped);
  return self.code;
}
