/* What the extension says of itself, on standard error: one line each, "fsa.ext: ...". */
#ifndef FSA_OSQUERY_LOG_H
#define FSA_OSQUERY_LOG_H

#include <stdbool.h>

/* Details are said too; before there are threads. */
void fsa_log_be_verbose(bool is_verbose);

void fsa_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fsa_log_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
