/* SHA-256 again, without the processor's own instructions. */
#define FSA_PORTABLE 1
#include "../../core/base/sha256.c" /* the path that other processors take */
#include "sha256.c"
