/*
 * A ClickHouse database beside the case: for fleets whose history and questions outgrow one
 * machine. The case stays the place where lines become answers; the store holds which keys each
 * answer has, version by version, and counts them.
 *
 * The SQL runs on ClickHouse 18.16 (Debian's) and on current releases: GROUP BY, uniqExact, argMax,
 * external data; tables of several servers are Distributed by host. [clickhouse.com/docs, "HTTP
 * Interface", "External Data for Query Processing"]
 */
#ifndef FSA_SCORING_STORE_H
#define FSA_SCORING_STORE_H

#include "base/printf.h"
#include "net/http.h"

/* Environment variables with the name and password of the user; neither goes into a URL. */
#define FSA_STORE_USER "FSA_STORE_USER"
#define FSA_STORE_PASSWORD "FSA_STORE_PASSWORD"

#define FSA_MAX_STORE_ANSWER (2048u << 20) /* bytes of what a query gives */
#define FSA_MAX_STORE_TABLE (1000u << 20)  /* of what goes with it: a server takes 1 GiB */

typedef struct FsaStore FsaStore;

/*
 * clickhouse://HOST:PORT[,HOST:PORT ...]/DATABASE[?cluster=NAME]; clickhouses:// by TLS. With
 * several servers the first is asked, and NAME is the cluster that its configuration calls all of
 * them. NULL after saying on standard error what is wrong.
 */
FsaStore *fsa_store_new(const char *url);
void fsa_store_free(FsaStore *store);

/* The name of the database: letters, digits and '_'. Lives as long as the store. */
const char *fsa_store_database(const FsaStore *store);

/* Makes the database and its tables where they are missing. FSA_OK, or an error that was said. */
int fsa_store_prepare(FsaStore *store);

/* Adds rows, one JSON object a line, to a table of the store ("fsa_answer"), on all servers or with
 * an error. */
int fsa_store_insert(FsaStore *store, const char *table, FsaText rows);

/* A table that a question brings along and that is gone with the answer: nothing is written. */
typedef struct FsaStoreTable {
  const char *name, *columns; /* "cell", "host String, version UInt64" */
  FsaText rows;               /* one JSON object a line */
} FsaStoreTable;

/*
 * Asks; `sql` names the store's tables with their database. Every server is given the table
 * `brought`, NULL = none. The answer, one JSON object a line, comes whole from all servers or not
 * at all. It lives until the next call. FSA_OK, or an error that was said.
 */
int fsa_store_ask(FsaStore *store, const char *sql, const FsaStoreTable *brought,
                  FsaText *ret_answer);

/* Says that the store is of no use, for a reason that is not its server's. */
void fsa_store_complain(FsaStore *store, const char *format, ...) FSA_PRINTF(2, 3);

/* True when something of the store failed, which then was said; NULL has not. */
bool fsa_store_has_failed(const FsaStore *store);

#endif
