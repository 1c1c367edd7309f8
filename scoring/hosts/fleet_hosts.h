/*
 * The hosts that a Fleet server knows, by its REST interface: GET /api/v1/fleet/hosts, paged by the
 * id of the last host. [Fleet, docs/REST API: List hosts; works with a token of an API-only
 * observer]
 */
#ifndef FSA_SCORING_FLEET_HOSTS_H
#define FSA_SCORING_FLEET_HOSTS_H

#include "hosts/host_list.h"
#include "net/http.h"

#define FSA_FLEET_PAGE 500             /* hosts of a page */
#define FSA_MAX_FLEET_HOSTS 1000000u   /* of a server */
#define FSA_MAX_FLEET_PAGE (64u << 20) /* bytes of a page */

typedef struct FsaFleetOptions {
  const char *url;   /* of the server: https://..., or http:// on this machine */
  const char *token; /* of an API user */
} FsaFleetOptions;

/* A query that a host does not run any more: osquery's watchdog stopped it. */
typedef struct FsaDenylisted {
  guint host;        /* in the list */
  const char *query; /* its scheduled name; in the list's arena */
} FsaDenylisted;

typedef struct FsaFleetHosts {
  FsaHostList list;
  GArray *denylisted; /* FsaDenylisted */
} FsaFleetHosts;

/*
 * Asks for all hosts. FSA_OK; FSA_E_ACCESS (the token), FSA_E_FORMAT, FSA_E_LIMIT, FSA_E_TIMEOUT,
 * FSA_E_IO after saying on standard error what failed: there is no half of a list. Waits as the
 * server asks when it is asked too often (429). fsa_fleet_hosts_done() in either case.
 */
int fsa_fleet_hosts(FsaHttp *http, const FsaFleetOptions *options, FsaFleetHosts *ret_hosts);
void fsa_fleet_hosts_done(FsaFleetHosts *hosts);

/*
 * Adds the hosts of one page and gives how many it has and the greatest id. FSA_OK, FSA_E_NOMEM, or
 * FSA_E_FORMAT with *ret_why (static storage).
 */
typedef struct FsaFleetPage {
  size_t hosts;
  int64_t last_id;
} FsaFleetPage;
int fsa_fleet_page_read(FsaFleetHosts *hosts, FsaText json, FsaFleetPage *ret_page,
                        const char **ret_why);

#endif
