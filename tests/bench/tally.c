/* How long counting takes: bench-tally CASE.db prints sightings, distinct keys and processor
 * seconds. */
#include <stdio.h>
#include <time.h>

#include "method/tally.h"

int main(int argc, char **argv) {
  FsaCase *store;
  FsaMatrix matrix = {0};
  FsaTally tally = {0};
  if (argc != 2 || fsa_case_open(argv[1], FSA_CASE_READ, &store) != FSA_OK) {
    fprintf(stderr, "usage: bench-tally CASE.db\n");
    return 1;
  }
  int result = fsa_matrix_build(store, &matrix);
  clock_t start = clock();
  if (result == FSA_OK) result = fsa_tally_build(store, &matrix, NULL, NULL, 1, &tally);
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  printf("%llu %u %.3f\n", (unsigned long long)tally.sightings, tally.count, seconds);
  fsa_tally_done(&tally);
  fsa_matrix_done(&matrix);
  fsa_case_close(store);
  return result == FSA_OK ? 0 : 1;
}
