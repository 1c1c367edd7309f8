/*
 * The report as one JSON document: docs/report.schema.json says what its members are. The page
 * shows it, `--json` writes it, both the same bytes.
 */
#ifndef FSA_SCORING_REPORT_JSON_H
#define FSA_SCORING_REPORT_JSON_H

#include "report/report_facts.h"
#include "text/json_out.h"

#define FSA_MAX_REPORT_BYTES (512u << 20)
#define FSA_MAX_REPORT_ROWS (96u << 20) /* bytes of evidence rows; what comes later is null */
#define FSA_MAX_REPORT_GAPS 20000       /* named one by one; all are counted */
#define FSA_MAX_REPORT_REJECTS 1000

typedef struct FsaReportSource {
  FsaCase *store;
  const FsaMatrix *matrix;
  const FsaScore *score;
  const FsaScoreOptions *options;
  const FsaExpectedHosts *expected;
  const FsaReportFacts *facts;
  const char *hosts_path; /* NULL = no list of hosts was given */
  const char *command;    /* that makes this report of this case */
  const char *version;
  int64_t made; /* Unix seconds */
} FsaReportSource;

/* FSA_OK, FSA_E_NOMEM, FSA_E_LIMIT (too large), or FSA_E_IO when the case cannot be read. */
int fsa_report_json(const FsaReportSource *source, FsaBuffer *out);

/* Its parts, members of the document's object. `rows_left` counts FSA_MAX_REPORT_ROWS down. */
void fsa_report_put_coverage(FsaJsonOut *json, const FsaReportSource *source);
void fsa_report_put_hosts(FsaJsonOut *json, const FsaReportSource *source);
void fsa_report_put_findings(FsaJsonOut *json, const FsaReportSource *source, size_t *rows_left);
void fsa_report_put_fleet(FsaJsonOut *json, const FsaReportSource *source, size_t *rows_left);
void fsa_report_put_charts(FsaJsonOut *json, const FsaReportSource *source);
int fsa_report_put_case(FsaJsonOut *json, const FsaReportSource *source);

/* Pieces that several parts have. */
void fsa_report_put_key(FsaJsonOut *json, FsaText key);
void fsa_report_put_prevalence(FsaJsonOut *json, const char *name, const FsaPrevalence *facts);
void fsa_report_put_row(FsaJsonOut *json, FsaText row, size_t *rows_left);
void fsa_report_put_attack(FsaJsonOut *json, const char *const *ids, uint32_t count);

#endif
