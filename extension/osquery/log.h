/* What the extension says of itself, on standard error: one line each, "fsa.ext: ...". */
#ifndef FSA_OSQUERY_LOG_H
#define FSA_OSQUERY_LOG_H

#include <stdbool.h>

#include "base/printf.h"

/* Details are said too; before there are threads. */
void fsa_log_be_verbose(bool is_verbose);

void fsa_log(const char *format, ...) FSA_PRINTF(1, 2);
void fsa_log_detail(const char *format, ...) FSA_PRINTF(1, 2);

#endif
