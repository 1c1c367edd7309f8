/* Functions that take a format like printf(), told to the compiler. */
#ifndef FSA_BASE_PRINTF_H
#define FSA_BASE_PRINTF_H

#include <stdio.h>

/*
 * Argument `format_at` is one of printf() and `first` the first of its values (0: a va_list).
 * MinGW's gcc takes plain `printf` for what Microsoft's runtime understood in 1996 (no %zu); its
 * header says which printf() is linked.
 */
#ifdef __MINGW_PRINTF_FORMAT
#define FSA_PRINTF(format_at, first)                                                               \
  __attribute__((format(__MINGW_PRINTF_FORMAT, format_at, first)))
#else
#define FSA_PRINTF(format_at, first) __attribute__((format(printf, format_at, first)))
#endif

#endif
