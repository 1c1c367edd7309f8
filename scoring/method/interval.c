/* Intervals. See interval.h. */
#include "method/interval.h"

#include <math.h>

void fsa_wilson(uint64_t count, uint64_t total, double *ret_low, double *ret_high) {
  double z = 1.959963984540054, n = (double)total, p = (double)count / n, z2 = z * z;
  double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  double half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  *ret_low = count == 0 ? 0 : fmax(0, centre - half);
  *ret_high = count == total ? 1 : fmin(1, centre + half);
}
