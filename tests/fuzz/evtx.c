/* Any bytes as an event log: every record, fact, datum and event is asked for. */
#include "formats/evtx.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_memory(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  const FsaBytes *bytes = context;
  size_t left = offset < bytes->size ? bytes->size - (size_t)offset : 0;
  *ret_size = size < left ? size : left;
  if (*ret_size) memcpy(buffer, bytes->data + offset, *ret_size);
  return FSA_OK;
}

static void ignore_problem(void *context, int code, uint64_t offset, const char *message) {
  (void)context, (void)code, (void)offset, (void)message;
}

/* What leaves the parser is text that SQLite and JSON can hold. */
static void check_text(FsaText text) {
  if (text.data && !fsa_text_is_valid(text.data, text.size)) abort();
}

static void ask_everything(FsaEvtx *log, FsaArena *arena, FsaBuffer *json) {
  int64_t number;
  FsaText name;
  for (int field = 0; field < FSA_EVTX_FIELD_COUNT; field++) {
    FsaEvtxValue value = fsa_evtx_field(log, (FsaEvtxField)field);
    fsa_evtx_value_int(value, &number);
    check_text(fsa_evtx_value_text(value, arena));
  }
  for (size_t i = 0; fsa_evtx_datum_at(log, i, &name).type || name.data; i++) {
    check_text(name);
    check_text(fsa_evtx_value_text(fsa_evtx_datum(log, name.data), arena));
  }
  for (int with_system = 0; with_system < 2; with_system++) {
    fsa_buffer_clear(json);
    if (fsa_evtx_json(log, with_system, json) == FSA_ROW)
      check_text((FsaText){json->data, json->size});
  }
  fsa_arena_clear(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FsaBytes bytes = fsa_bytes(data, size);
  FsaSource source = {.context = &bytes, .size = size, .read = read_memory};
  FsaEvtx *log;
  if (fsa_evtx_open(&source, ignore_problem, NULL, &log) != FSA_OK) return 0;
  FsaArena arena = fsa_arena(16u << 20);
  FsaBuffer json = fsa_buffer(FSA_MAX_EVENT_JSON);
  FsaEvtxRecord record;
  while (fsa_evtx_next(log, &record) == FSA_ROW) ask_everything(log, &arena, &json);
  fsa_buffer_done(&json);
  fsa_arena_done(&arena);
  fsa_evtx_close(log);
  return 0;
}
