/*
 * Conditions of rules and attributes: SQL over the columns of one row, evaluated by SQLite.
 *
 * A condition sees the row's columns and nothing else: no table, no file, no clock, no chance.
 * Every value is text as in a result line, and what is unknown or absent is '': `is_hidden = '1'`,
 * `CAST(programs AS INTEGER) >= 3`. It may use LIKE, GLOB, CASE, CAST, json_extract(), the text
 * functions of SQLite, and ours:
 *
 *   path_class(path)              system, program, data, user, temp, memory, network, other; ''
 *   path_base(path)               the last part
 *   path_image(command)           the program that a command line runs
 *   is_near_system_name(path)     1: one letter away from a system program's name (near_name.h)
 *   vendor_token(text)            the first well-known vendor that the text names; ''
 *
 * A set of conditions belongs to one thread.
 */
#ifndef FSA_SCORING_CONDITION_H
#define FSA_SCORING_CONDITION_H

#include "base/text.h"

#define FSA_MAX_CONDITION_COLUMNS 64 /* that the conditions of one query name */

typedef struct FsaConditions FsaConditions;

/*
 * Compiles up to 64 conditions. One that cannot be compiled is left out and says why. Never NULL:
 * GLib ends the program when memory runs out. Free it with fsa_conditions_free().
 */
FsaConditions *fsa_conditions_new(const char *const *where, size_t count);
void fsa_conditions_free(FsaConditions *conditions);

/* Why a condition is not asked; NULL = it is. Lives as long as the set. */
const char *fsa_conditions_fault(const FsaConditions *conditions, size_t at);

/* The columns that they name. Lives as long as the set. */
const char *const *fsa_conditions_columns(const FsaConditions *conditions, size_t *ret_count);

/*
 * Which conditions hold for a row: bit i for condition i. `values` are those of
 * fsa_conditions_columns(), in their order. A condition that fails on a row (JSON that is none, a
 * bound reached) does not hold for it.
 */
uint64_t fsa_conditions_ask(FsaConditions *conditions, const FsaText *values);

#endif
