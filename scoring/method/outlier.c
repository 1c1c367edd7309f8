/* Outliers. See outlier.h. */
#include "method/outlier.h"

#include <math.h>
#include <stdlib.h>

#include "method/tally.h"
#include "method/weight.h"

/* A host of a group and a number by which the group is ordered. */
typedef struct Place {
  double value;
  uint32_t host;
} Place;

/* What is summed of a host over its sources. */
typedef struct Tail {
  double sum; /* of -ln of the share of its group with as many rows */
  uint32_t sources;
} Tail;

/* The most first. */
static int compare_places(const void *a, const void *b) {
  const Place *left = a, *right = b;
  if (left->value > right->value || left->value < right->value)
    return left->value > right->value ? -1 : 1;
  return left->host < right->host ? -1 : left->host > right->host;
}

/* Calls with each place's share of the group that has as much or more. */
static void each_tail(Place *places, size_t count,
                      void (*take)(void *context, const Place *place, double tail), void *context) {
  qsort(places, count, sizeof *places, compare_places);
  for (size_t first = 0, last; first < count; first = last) {
    for (last = first; last < count && places[last].value >= places[first].value;) last++;
    for (size_t i = first; i < last; i++) take(context, &places[i], (double)last / (double)count);
  }
}

/* One source of one group. */
typedef struct Source {
  Tail *tails;
  FsaRowCounts *counts;
  uint32_t query;
  double median;
} Source;

static void take_source(void *context, const Place *place, double tail) {
  Source *source = context;
  FsaRowCounts *count = &source->counts[place->host];
  source->tails[place->host].sum -= log(tail);
  source->tails[place->host].sources++;
  if (tail >= count->tail) return;
  *count = (FsaRowCounts){.query = source->query, .tail = tail, .median = source->median};
}

static void take_sum(void *context, const Place *place, double tail) {
  FsaRowCounts *counts = context;
  counts[place->host].weight = fsa_outlier_weight(tail);
}

static void count_source(const FsaMatrix *matrix, const FsaGrouping *grouping, uint32_t group,
                         Source *source, Place *places) {
  size_t count = 0;
  for (uint32_t host = 0; host < matrix->host_count; host++) {
    const FsaCell *cell = fsa_matrix_cell(matrix, host, source->query);
    if (grouping->of[host] == group && fsa_cell_is_covered(cell) && cell->arrived >= 0)
      places[count++] = (Place){(double)cell->arrived, host};
  }
  if (count < FSA_MIN_PEERS) return;
  qsort(places, count, sizeof *places, compare_places);
  source->median = places[count / 2].value;
  each_tail(places, count, take_source, source);
}

/* A host that lacks a source has a smaller sum: so it is the mean over its sources that is ordered.
 */
static void weigh_group(const FsaMatrix *matrix, const FsaGrouping *grouping, uint32_t group,
                        const Source *source, Place *places) {
  size_t count = 0;
  for (uint32_t host = 0; host < matrix->host_count; host++) {
    const Tail *tail = &source->tails[host];
    if (grouping->of[host] == group && tail->sources)
      places[count++] = (Place){tail->sum / tail->sources, host};
  }
  if (count >= FSA_MIN_PEERS) each_tail(places, count, take_sum, source->counts);
}

FsaRowCounts *fsa_row_counts(const FsaMatrix *matrix, const FsaGrouping *grouping) {
  Source source = {.tails = g_new0(Tail, matrix->host_count + 1),
                   .counts = g_new0(FsaRowCounts, matrix->host_count + 1)};
  Place *places = g_new(Place, matrix->host_count + 1);
  for (size_t host = 0; host < matrix->host_count; host++) source.counts[host].tail = 1;
  for (uint32_t group = 0; group < grouping->count; group++) {
    for (source.query = 0; source.query < matrix->query_count; source.query++)
      if (fsa_query_is_scored(&matrix->queries[source.query]))
        count_source(matrix, grouping, group, &source, places);
    weigh_group(matrix, grouping, group, &source, places);
  }
  g_free(places);
  g_free(source.tails);
  return source.counts;
}
