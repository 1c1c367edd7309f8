/*
 * A ClickHouse database beside the case: for fleets whose history and questions outgrow one
 * machine. The case stays the place where lines become answers; the store holds which keys each
 * answer has, version by version, and counts them.
 *
 * The SQL runs on ClickHouse 18.16 (Debian's) and on current releases: GROUP BY, uniqExact, argMax;
 * tables of several servers are Distributed by host. [clickhouse.com/docs, "HTTP Interface"]
 */
#ifndef FSA_SCORING_STORE_H
#define FSA_SCORING_STORE_H

#include "http.h"

/* Environment variables with the name and password of the user; neither goes into a URL. */
#define FSA_STORE_USER "FSA_STORE_USER"
#define FSA_STORE_PASSWORD "FSA_STORE_PASSWORD"

#define FSA_MAX_STORE_ANSWER (2048u << 20) /* bytes of what a query gives */

typedef struct FsaStore FsaStore;

/*
 * clickhouse://HOST:PORT[,HOST:PORT ...]/DATABASE[?cluster=NAME]; clickhouses:// by TLS. With
 * several servers the first is asked, and NAME is the cluster that its configuration calls all of
 * them. NULL after saying on standard error what is wrong.
 */
FsaStore *fsa_store_new(const char *url);
void fsa_store_free(FsaStore *store);

/* Makes the database and its tables where they are missing. FSA_OK, or an error that was said. */
int fsa_store_prepare(FsaStore *store);

/* Adds rows, one JSON object a line, to a table of the store ("fsa_answer"), on all servers or with
 * an error. */
int fsa_store_insert(FsaStore *store, const char *table, FsaText rows);

/*
 * Asks. In `sql`, "{db}" stands for the database; the answer, one JSON object a line, comes whole
 * from all servers or not at all. It lives until the next call. FSA_OK, or an error that was said.
 */
int fsa_store_ask(FsaStore *store, const char *sql, FsaText *ret_answer);

#endif
