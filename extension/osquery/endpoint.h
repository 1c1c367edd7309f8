/*
 * Where osquery and an extension meet: channels of bytes at a path.
 *
 * A unix socket on POSIX systems (endpoint_unix.c), a named pipe on Windows (endpoint_windows.c). A
 * channel or listener belongs to one thread at a time, but for what is said to wake another. What
 * runs when a thread ends is cut short on Windows: a thread reads and writes for itself.
 */
#ifndef FSA_OSQUERY_ENDPOINT_H
#define FSA_OSQUERY_ENDPOINT_H

#include "evidence/evidence.h"

typedef struct FsaChannel FsaChannel;
typedef struct FsaListener FsaListener;

/* The path that osquery's manager has unless it is told another one. */
const char *fsa_endpoint_default(void);

/*
 * Checks that `path`, with `reserve` more bytes behind it, can name an endpoint. FSA_OK, or with a
 * message FSA_E_LIMIT when it is too long, FSA_E_USAGE when it is no pipe's name.
 */
int fsa_endpoint_check(const char *path, size_t reserve, FsaError *ret_error);

/*
 * Connects to whoever listens at `path`. On failure *ret_error has the words, and the result says
 * what stands in the way: FSA_E_ABSENT nothing is there, FSA_E_ACCESS it is refused, or (Windows,
 * where anybody may take a name that is free) it is not osquery's user who listens, FSA_E_LIMIT the
 * path is too long, FSA_E_USAGE it is no socket, FSA_E_STALE nobody listens any more, FSA_E_IO
 * anything else.
 */
int fsa_channel_connect(const char *path, FsaChannel **ret_channel, FsaError *ret_error);

/*
 * Reads at least one and at most `size` bytes; gives their number, 0 when the other side has
 * closed. FSA_E_TIMEOUT when nothing came within `milliseconds`, FSA_E_IO when the channel broke.
 */
int64_t fsa_channel_read(FsaChannel *channel, void *data, size_t size, int milliseconds);

/*
 * Writes all of it. FSA_E_TIMEOUT when the other side took nothing for `milliseconds`, FSA_E_IO
 * when the channel broke.
 */
int fsa_channel_write(FsaChannel *channel, const void *data, size_t size, int milliseconds);

/*
 * Ends the channel for both sides: reads and writes of other threads return at once, and the other
 * side learns of it as soon as it has read what was written.
 */
void fsa_channel_shut(FsaChannel *channel);
void fsa_channel_close(FsaChannel *channel); /* accepts NULL */

/*
 * Listens at `path`, for this user only (and on Windows, as osquery's own pipes do, for SYSTEM and
 * administrators); what an earlier process left there is replaced. On failure *ret_error has the
 * words; FSA_E_ACCESS on Windows when another program has the name.
 */
int fsa_listener_open(const char *path, FsaListener **ret_listener, FsaError *ret_error);

/*
 * Waits for a caller. FSA_OK; FSA_E_CANCELLED once fsa_listener_wake() was called; FSA_E_IO, for
 * good; anything else when there is no room for a caller now, who waits.
 */
int fsa_listener_accept(FsaListener *listener, FsaChannel **ret_channel);

/* Ends fsa_listener_accept() for good; from any thread. */
void fsa_listener_wake(FsaListener *listener);

/* True while `path` leads to this listener: a manager that starts removes what it finds there. */
bool fsa_listener_is_reachable(const FsaListener *listener);

/* Removes the path, if it is still this listener's. Accepts NULL. */
void fsa_listener_close(FsaListener *listener);

#endif
