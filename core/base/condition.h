/*
 * What a condition of a rule or an attribute may call: docs/scoring.md, "Conditions". The scorer
 * runs conditions and `fsa pack lint` tells what it would refuse.
 */
#ifndef FSA_BASE_CONDITION_H
#define FSA_BASE_CONDITION_H

#include <stdbool.h>

/* The scorer's own functions, of one argument each; NULL ends them. Static storage. */
extern const char *const fsa_condition_functions[];

/* True for those and for the functions of SQLite that compute and do nothing else; in any case. */
bool fsa_is_condition_function(const char *name);

#endif
