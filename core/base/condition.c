/* The functions of conditions. See condition.h. */
#include "condition.h"

#include <string.h>
#include <strings.h>

const char *const fsa_condition_functions[] = {"path_class",          "path_base",    "path_image",
                                               "is_near_system_name", "vendor_token", NULL};

static const char *const of_sqlite[] = {
    "abs",
    "coalesce",
    "glob",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json_extract",
    "json_valid",
    "length",
    "json_array_length",
    "json_type",
    "like",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "printf",
    "format",
    "replace",
    "round",
    "rtrim",
    "sign",
    "substr",
    "substring",
    "trim",
    "typeof",
    "unicode",
    "upper",
    "char",
    "->",
    "->>",
    NULL,
};

static bool is_among(const char *name, const char *const *list) {
  for (; *list; list++)
    if (strcasecmp(name, *list) == 0) return true;
  return false;
}

bool fsa_is_condition_function(const char *name) {
  return is_among(name, fsa_condition_functions) || is_among(name, of_sqlite);
}
