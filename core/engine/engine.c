/* The engine itself: options, and the evidence that stays open between queries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "os/os.h"

static void apply_options(FsaEngine *engine, const FsaEngineOptions *options) {
  engine->jobs = options && options->jobs ? options->jobs : fsa_os_core_count();
  if (engine->jobs > FSA_MAX_JOBS) engine->jobs = FSA_MAX_JOBS;
  engine->memory = options && options->memory ? options->memory : FSA_SUBJECT_MEMORY;
  if (options && options->deadline_seconds > 0 &&
      options->deadline_seconds < INT64_MAX / FSA_NS_PER_SECOND)
    engine->deadline_ns = options->deadline_seconds * FSA_NS_PER_SECOND;
}

int fsa_engine_new(const FsaEngineOptions *options, FsaEngine **ret_engine) {
  FsaEngine *engine = calloc(1, sizeof *engine);
  if (!engine) return FSA_E_NOMEM;
  apply_options(engine, options);
  if (options && options->evidence) {
    engine->default_evidence = strdup(options->evidence);
    if (!engine->default_evidence) {
      free(engine);
      return FSA_E_NOMEM;
    }
  }
  if (pthread_mutex_init(&engine->lock, NULL) != 0) {
    free(engine->default_evidence);
    free(engine);
    return FSA_E_NOMEM;
  }
  *ret_engine = engine;
  return FSA_OK;
}

/* One user less; the last one closes. The engine is locked, or nobody else has it any more. */
static void use_release(EvidenceUse *use) {
  if (!use || --use->users > 0) return;
  fsa_evidence_close(use->evidence);
  free(use);
}

void fsa_engine_free(FsaEngine *engine) {
  if (!engine) return;
  for (size_t i = 0; i < KEPT_EVIDENCE; i++) use_release(engine->kept[i]);
  for (size_t i = 0; i < engine->problem_count; i++)
    free(engine->problems[(engine->problem_first + i) % FSA_MAX_PROBLEMS]);
  free(engine->problems);
  engine_coverage_free(engine);
  pthread_mutex_destroy(&engine->lock);
  free(engine->default_evidence);
  free(engine);
}

void fsa_engine_interrupt(FsaEngine *engine, bool interrupted) {
  atomic_store(&engine->interrupted, interrupted);
}

const char *fsa_engine_evidence(const FsaEngine *engine) {
  return engine->default_evidence ? engine->default_evidence : "live";
}

/* The evidence at `index` is kept no longer; what uses it goes on. */
static void forget(FsaEngine *engine, size_t index) {
  use_release(engine->kept[index]);
  memmove(&engine->kept[index], &engine->kept[index + 1],
          (KEPT_EVIDENCE - 1 - index) * sizeof *engine->kept);
  engine->kept[KEPT_EVIDENCE - 1] = NULL;
}

void fsa_engine_rest(FsaEngine *engine) {
  pthread_mutex_lock(&engine->lock);
  while (engine->kept[0]) forget(engine, 0);
  pthread_mutex_unlock(&engine->lock);
}

/*
 * The open evidence of that name, moved to the front; NULL when it is not open or the name means
 * something else by now. Locked.
 */
static EvidenceUse *find_kept(FsaEngine *engine, const char *name) {
  for (size_t i = 0; i < KEPT_EVIDENCE && engine->kept[i]; i++) {
    EvidenceUse *use = engine->kept[i];
    if (strcmp(fsa_evidence_name(use->evidence), name) != 0) continue;
    if (!fsa_evidence_is_current(use->evidence)) {
      forget(engine, i);
      return NULL;
    }
    memmove(&engine->kept[1], &engine->kept[0], i * sizeof *engine->kept);
    engine->kept[0] = use;
    return use;
  }
  return NULL;
}

static void keep(FsaEngine *engine, EvidenceUse *use) {
  use_release(engine->kept[KEPT_EVIDENCE - 1]);
  memmove(&engine->kept[1], &engine->kept[0], (KEPT_EVIDENCE - 1) * sizeof *engine->kept);
  engine->kept[0] = use;
  use->users++;
}

static int open_use(FsaEngine *engine, const char *name, EvidenceUse **ret_use,
                    FsaError *ret_error) {
  EvidenceUse *use = calloc(1, sizeof *use);
  if (!use) {
    *ret_error = (FsaError){.code = FSA_E_NOMEM, .message = "out of memory"};
    return FSA_E_NOMEM;
  }
  int result = fsa_evidence_open(name, &use->evidence, ret_error);
  if (result != FSA_OK) {
    free(use);
    return result;
  }
  keep(engine, use);
  *ret_use = use;
  return FSA_OK;
}

int engine_evidence_take(FsaEngine *engine, const char *name, EvidenceUse **ret_use,
                         FsaError *ret_error) {
  pthread_mutex_lock(&engine->lock);
  const char *wanted = name ? name : fsa_engine_evidence(engine);
  EvidenceUse *use = find_kept(engine, wanted);
  int result = use ? FSA_OK : open_use(engine, wanted, &use, ret_error);
  if (result == FSA_OK) {
    use->users++;
    *ret_use = use;
  }
  pthread_mutex_unlock(&engine->lock);
  return result;
}

void engine_evidence_drop(FsaEngine *engine, EvidenceUse *use) {
  pthread_mutex_lock(&engine->lock);
  use_release(use);
  pthread_mutex_unlock(&engine->lock);
}

int fsa_engine_set_evidence(FsaEngine *engine, const char *name, FsaError *ret_error) {
  EvidenceUse *use = NULL;
  int result = engine_evidence_take(engine, name ? name : "live", &use, ret_error);
  if (result != FSA_OK) return result;
  engine_evidence_drop(engine, use);
  char *copy = name ? strdup(name) : NULL;
  if (name && !copy) {
    *ret_error = (FsaError){.code = FSA_E_NOMEM, .message = "out of memory"};
    return FSA_E_NOMEM;
  }
  pthread_mutex_lock(&engine->lock);
  free(engine->default_evidence);
  engine->default_evidence = copy;
  pthread_mutex_unlock(&engine->lock);
  return FSA_OK;
}
