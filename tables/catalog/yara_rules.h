/*
 * The rules of a query: what fsa_yara_files and fsa_yara_memory share.
 *
 * Rules come with the query, in the key columns `sigfile` (paths, on the machine that the program
 * runs on) or `sigrule` (the text itself); an IN list gives several. They are compiled once for the
 * query and shared by all of its subjects.
 */
#ifndef FSA_TABLES_CATALOG_YARA_RULES_H
#define FSA_TABLES_CATALOG_YARA_RULES_H

#include "formats/yara.h"
#include "fsa.h"

/* Where a table has the columns that both have. */
typedef struct FsaYaraColumns {
  int rule, tags, meta, sigfile, sigrule;
} FsaYaraColumns;

/*
 * The `begin` of a table: compiles what its keys name. *ret_shared is freed by
 * fsa_yara_rules_end().
 */
int fsa_yara_rules_begin(FsaScan *scan, const FsaYaraColumns *columns, void **ret_shared);
void fsa_yara_rules_end(void *shared);

/* The compiled rules of the scan. */
FsaYaraRules *fsa_yara_rules(const FsaScan *scan);

/* Fills the columns that both tables have. FSA_OK or FSA_E_NOMEM. */
int fsa_yara_rules_row(FsaScan *scan, const FsaYaraColumns *columns, const FsaYaraMatch *match,
                       FsaRow *row);

/* Records what a scan could not finish. */
void fsa_yara_rules_tell(FsaScan *scan, const FsaYaraMatches *matches);

#endif
