/*
 * The report as one HTML file that asks no network.
 *
 * Its template, look and scripts are scoring/report/page/, built in. A policy in the page
 * (Content-Security-Policy) lets those scripts and that style run and nothing else: not what a row
 * may hold, no address, no image. [CSP Level 3]
 */
#ifndef FSA_SCORING_REPORT_PAGE_H
#define FSA_SCORING_REPORT_PAGE_H

#include "base/buffer.h"
#include "base/text.h"

/* Appends the page around `json`, a document of report_json.h. Errors stick to the buffer. */
void fsa_report_page(FsaText json, FsaBuffer *out);

/* What cmake/report_page.cmake makes of scoring/report/page/; NUL-terminated. */
extern const unsigned char fsa_report_template[], fsa_report_style[], fsa_report_script[];

#endif
