/* Problems: what could not be read. A ring that keeps the newest and counts what it dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* Copies a text behind a problem's struct; moves *at. */
static const char *place(char **at, const char *text) {
  if (!text) return NULL;
  size_t size = strlen(text) + 1;
  char *copy = *at;
  memcpy(copy, text, size);
  *at += size;
  return copy;
}

static size_t length(const char *text) {
  return text ? strlen(text) + 1 : 0;
}

Problem *problem_new(const char *table, const char *evidence, const char *source, uint64_t offset,
                     int code, const char *message) {
  Problem *problem =
      malloc(sizeof *problem + length(table) + length(evidence) + length(source) + length(message));
  if (!problem) return NULL;
  char *at = (char *)(problem + 1);
  *problem = (Problem){.fact = {.time = fsa_clock_now(), .offset = offset, .code = code}};
  problem->fact.table = place(&at, table);
  problem->fact.evidence = place(&at, evidence);
  problem->fact.source = place(&at, source);
  problem->fact.message = place(&at, message);
  return problem;
}

/* Puts a problem into the ring in place of the oldest. The engine is locked. */
static void ring_put(FsaEngine *engine, Problem *problem) {
  if (!engine->problems) engine->problems = calloc(FSA_MAX_PROBLEMS, sizeof *engine->problems);
  if (!engine->problems || !problem) {
    free(problem);
    engine->problems_dropped++;
    return;
  }
  size_t at = (engine->problem_first + engine->problem_count) % FSA_MAX_PROBLEMS;
  if (engine->problem_count == FSA_MAX_PROBLEMS) {
    free(engine->problems[at]);
    engine->problem_first = (at + 1) % FSA_MAX_PROBLEMS;
    engine->problems_dropped++;
  } else
    engine->problem_count++;
  engine->problems[at] = problem;
}

void engine_problem_add(FsaEngine *engine, Problem *problem) {
  pthread_mutex_lock(&engine->lock);
  ring_put(engine, problem);
  pthread_mutex_unlock(&engine->lock);
}

uint64_t fsa_engine_problem_count(FsaEngine *engine) {
  pthread_mutex_lock(&engine->lock);
  uint64_t count = engine->problem_count + engine->problems_dropped;
  pthread_mutex_unlock(&engine->lock);
  return count;
}

static const char *copy_text(FsaArena *arena, const char *text, bool *failed) {
  if (!text) return NULL;
  const char *copy = fsa_arena_copy(arena, text, strlen(text));
  if (!copy) *failed = true;
  return copy;
}

int fsa_look_problem(FsaScan *scan, size_t index, FsaProblem *ret_problem) {
  FsaEngine *engine = scan->cursor->engine;
  FsaArena *arena = fsa_row_arena(scan);
  bool failed = false;
  int result = FSA_OK;
  pthread_mutex_lock(&engine->lock);
  if (index < engine->problem_count) {
    FsaProblem fact = engine->problems[(engine->problem_first + index) % FSA_MAX_PROBLEMS]->fact;
    fact.table = copy_text(arena, fact.table, &failed);
    fact.evidence = copy_text(arena, fact.evidence, &failed);
    fact.source = copy_text(arena, fact.source, &failed);
    fact.message = copy_text(arena, fact.message, &failed);
    if (!failed) *ret_problem = fact;
    result = failed ? FSA_E_NOMEM : FSA_ROW;
  }
  pthread_mutex_unlock(&engine->lock);
  return result;
}

uint64_t fsa_look_problems_dropped(FsaScan *scan) {
  FsaEngine *engine = scan->cursor->engine;
  pthread_mutex_lock(&engine->lock);
  uint64_t dropped = engine->problems_dropped;
  pthread_mutex_unlock(&engine->lock);
  return dropped;
}
