/*
 * What we ask of osquery's core, the manager of extensions. Each call is a connection of its own,
 * bounded in time.
 */
#ifndef FSA_OSQUERY_MANAGER_H
#define FSA_OSQUERY_MANAGER_H

#include "osquery/endpoint.h"

/* What a manager answered to a registration. */
typedef struct FsaRegistration {
  bool is_accepted;
  int64_t uuid;                  /* when accepted */
  char message[FSA_MAX_MESSAGE]; /* else: why not */
} FsaRegistration;

/*
 * Each gives FSA_OK when the manager answered as osquery does; else what fsa_channel_connect()
 * says, or FSA_E_FORMAT: it answers, but not so, or not in time.
 */
/* Waits at most `milliseconds`, or ten seconds, for each piece of the reply. */
int fsa_manager_ping(const char *path, int64_t milliseconds, FsaError *ret_error);

/* Registers the tables for which `is_dropped` (fsa_table_count of them) is false. */
int fsa_manager_register(const char *path, const bool *is_dropped, FsaRegistration *ret_answer,
                         FsaError *ret_error);

/* Whether the manager knows the extension of that number, and it is us: numbers are given again. */
int fsa_manager_knows(const char *path, int64_t uuid, bool *ret_known, FsaError *ret_error);

int fsa_manager_deregister(const char *path, int64_t uuid, FsaError *ret_error);

#endif
