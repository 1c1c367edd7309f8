/*
 * Events in BinXML: template instances, the templates of a chunk, and the running of programs.
 *
 * An instance names its template by the chunk offset of the definition. A definition is looked up
 * three times, each time more dearly: in a map by offset (this chunk), among the programs of other
 * chunks by GUID and size (compared byte by byte, names resolved: a GUID alone proves nothing in a
 * hostile file), and last it is compiled. Layouts: docs/formats/evtx.md.
 */
#include "formats/binxml.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_ROOM 65536u    /* offsets that a chunk can have */
#define CACHE_SLOTS 1024u    /* hash slots of the programs kept across chunks */
#define MAX_CHAIN 32u        /* programs with one hash that are compared */
#define INSTANCE_HEADER 10   /* token, version, template id, definition offset */
#define DEFINITION_HEADER 24 /* next definition, GUID, size of data */

/* A template with the values of one event. */
typedef struct Instance {
  const FsaBinxmlProgram *program;
  const FsaEvtxValue *values;
  uint32_t value_count;
} Instance;

struct FsaBinxml {
  FsaBytes chunk;
  FsaArena kept;     /* programs that stay for other chunks */
  FsaArena fleeting; /* programs of one event */
  FsaBinxmlCompiler compiler;
  FsaBinxmlProgram *cache[CACHE_SLOTS];
  FsaBinxmlProgram *by_offset[CHUNK_ROOM];       /* of this chunk; NULL = not yet looked up */
  uint16_t used[CHUNK_ROOM / DEFINITION_HEADER]; /* which of them are set */
  uint32_t used_count;
  FsaEvtxValue values[FSA_MAX_BINXML_VALUES]; /* of the current event, nested instances behind */
  uint32_t value_count;
  Instance root;    /* program NULL: the event cannot be read */
  Instance payload; /* the nested one with the data */
  bool has_payload; /* payload was looked for */
  bool is_damaged;
  int error;      /* why the last run ended early */
  uint32_t steps; /* operations that the event may still cost */
  /* what the events of the chunk may still cost together: one chunk holds hundreds of them */
  size_t steps_left, templates_left, json_left;
  FsaBinxmlWriter writer;
};

int fsa_binxml_new(FsaBinxml **ret_binxml) {
  FsaBinxml *x = calloc(1, sizeof *x);
  if (!x) return FSA_E_NOMEM;
  x->writer.day = -1;
  *ret_binxml = x;
  return FSA_OK;
}

void fsa_binxml_free(FsaBinxml *x) {
  if (!x) return;
  fsa_arena_done(&x->kept);
  fsa_arena_done(&x->fleeting);
  fsa_binxml_compiler_done(&x->compiler);
  free(x);
}

/* ---- templates ------------------------------------------------------------------------------- */

static void forget_chunk(FsaBinxml *x) {
  for (uint32_t i = 0; i < x->used_count; i++) x->by_offset[x->used[i]] = NULL;
  x->used_count = 0;
}

void fsa_binxml_set_chunk(FsaBinxml *x, FsaBytes chunk) {
  forget_chunk(x);
  x->root.program = NULL;
  x->chunk = chunk;
  x->steps_left = FSA_MAX_CHUNK_STEPS;
  x->templates_left = FSA_MAX_CHUNK_TEMPLATES;
  x->json_left = FSA_MAX_CHUNK_JSON;
  if (x->kept.used > FSA_MAX_BINXML_CACHE) {
    memset(x->cache, 0, sizeof x->cache);
    fsa_arena_clear(&x->kept);
  }
}

static uint32_t hash_definition(const uint8_t *guid, uint32_t size) {
  uint32_t words[4];
  memcpy(words, guid, 16);
  uint32_t hash = (words[0] ^ words[1] * 0x9E3779B1u ^ words[2] ^ words[3] * 0x85EBCA77u) + size;
  return (hash ^ hash >> 16) & (CACHE_SLOTS - 1);
}

/* Takes operations off what the event may still cost. */
static int charge(FsaBinxml *x, size_t steps) {
  if (x->steps < steps || x->steps_left < steps) {
    x->error = FSA_E_LIMIT;
    x->is_damaged = true;
    return FSA_E_LIMIT;
  }
  x->steps -= (uint32_t)steps;
  x->steps_left -= steps;
  return FSA_OK;
}

/* Takes bytes off what the templates of the chunk may still cost. */
static int charge_template(FsaBinxml *x, size_t size) {
  if (x->templates_left < size) {
    x->templates_left = 0;
    x->error = FSA_E_LIMIT;
    x->is_damaged = true;
    return FSA_E_LIMIT;
  }
  x->templates_left -= size;
  return FSA_OK;
}

static void note_damage(FsaBinxml *x, const FsaBinxmlProgram *program) {
  if (program->is_damaged) x->is_damaged = true;
  if (program->is_cut) x->error = FSA_E_LIMIT;
}

static int compile(FsaBinxml *x, size_t offset, size_t end, bool is_template, FsaArena *keep,
                   FsaBinxmlProgram **ret_program, size_t *ret_at) {
  *ret_at = offset;
  if (charge(x, (end - offset) / 16 + 1) != FSA_OK) return FSA_E_LIMIT;
  if (charge_template(x, end - offset) != FSA_OK) return FSA_E_LIMIT;
  if (keep == &x->fleeting && x->fleeting.used > FSA_MAX_BINXML_CACHE) return FSA_E_LIMIT;
  int rc = fsa_binxml_compile(&x->compiler, x->chunk, offset, end, is_template, keep, ret_program,
                              ret_at);
  size_t extra = x->compiler.name_bytes + x->compiler.literals.size;
  x->templates_left -= extra < x->templates_left ? extra : x->templates_left;
  return rc;
}

/* The program of the definition whose data lies at `data`, from another chunk or made now. */
static int get_program(FsaBinxml *x, const uint8_t *guid, size_t data, uint32_t size,
                       FsaBinxmlProgram **ret_program, size_t *ret_at) {
  uint32_t hash = hash_definition(guid, size), length = 0;
  for (FsaBinxmlProgram *p = x->cache[hash]; p && length < MAX_CHAIN; p = p->next, length++) {
    if (p->source_size != size || memcmp(p->guid, guid, 16) != 0) continue;
    if (charge_template(x, p->cost) != FSA_OK) return FSA_E_LIMIT;
    if (!fsa_binxml_program_matches(p, x->chunk, data, size)) continue;
    *ret_program = p;
    return FSA_OK;
  }
  FsaBinxmlProgram *made;
  bool stays = x->kept.used <= FSA_MAX_BINXML_CACHE;
  int rc = compile(x, data, data + size, true, stays ? &x->kept : &x->fleeting, &made, ret_at);
  if (rc != FSA_OK) return rc;
  memcpy(made->guid, guid, 16);
  made->is_fleeting = !stays;
  if (stays && !made->is_bound && !made->is_damaged && length < MAX_CHAIN) {
    made->next = x->cache[hash];
    x->cache[hash] = made;
  }
  *ret_program = made;
  return FSA_OK;
}

/* The program of the definition at a chunk offset. */
static int find_program(FsaBinxml *x, size_t definition, uint32_t template_id,
                        const FsaBinxmlProgram **ret_program, size_t *ret_at) {
  FsaBytes *chunk = &x->chunk;
  *ret_at = definition;
  if (definition >= CHUNK_ROOM || !fsa_bytes_has(chunk, definition, DEFINITION_HEADER))
    return FSA_E_FORMAT;
  FsaBinxmlProgram *program = x->by_offset[definition];
  if (!program) {
    const uint8_t *guid = chunk->data + definition + 4;
    uint32_t size = fsa_u32(chunk, definition + 20);
    size_t data = definition + DEFINITION_HEADER;
    if (!fsa_bytes_has(chunk, data, size)) return FSA_E_FORMAT;
    int rc = get_program(x, guid, data, size, &program, ret_at);
    if (rc != FSA_OK) return rc;
    if (!program->is_fleeting && x->used_count < sizeof x->used / sizeof *x->used) {
      x->by_offset[definition] = program;
      x->used[x->used_count++] = (uint16_t)definition;
    }
  }
  note_damage(x, program);
  FsaBytes id = fsa_bytes(program->guid, 4);
  if (fsa_u32(&id, 0) != template_id) return FSA_E_FORMAT;
  *ret_program = program;
  return FSA_OK;
}

/* ---- instances ------------------------------------------------------------------------------- */

/* Reads the values at `at`: count, then size and type of each, then the bytes of all. */
static int read_values(FsaBinxml *x, size_t at, size_t end, Instance *ret_instance,
                       size_t *ret_at) {
  FsaBytes b = fsa_bytes(x->chunk.data, end);
  size_t count = fsa_u32(&b, at);
  *ret_at = at;
  if (b.bad || count > FSA_MAX_BINXML_VALUES - x->value_count ||
      !fsa_bytes_has(&b, at + 4, 4 * count))
    return FSA_E_FORMAT;
  if (charge(x, count) != FSA_OK) return FSA_E_LIMIT;
  const uint8_t *descriptor = b.data + at + 4;
  FsaEvtxValue *values = x->values + x->value_count;
  size_t data = at + 4 + 4 * count;
  for (size_t i = 0; i < count; i++, descriptor += 4) {
    uint32_t size = (uint32_t)(descriptor[0] | descriptor[1] << 8);
    if (size > end - data) { /* the values that are there are good */
      x->is_damaged = true;
      memset(values + i, 0, (count - i) * sizeof *values);
      data = end;
      break;
    }
    values[i] = (FsaEvtxValue){.data = b.data + data, .size = size, .type = descriptor[2]};
    data += size;
  }
  ret_instance->values = values;
  ret_instance->value_count = (uint32_t)count;
  x->value_count += (uint32_t)count;
  *ret_at = data;
  return FSA_OK;
}

static int read_template_instance(FsaBinxml *x, size_t at, size_t end, Instance *ret_instance,
                                  size_t *ret_at) {
  FsaBytes b = fsa_bytes(x->chunk.data, end);
  uint32_t id = fsa_u32(&b, at + 2);
  size_t definition = fsa_u32(&b, at + 6);
  if (b.bad) {
    *ret_at = b.bad_at;
    return FSA_E_FORMAT;
  }
  Instance instance = {NULL, NULL, 0};
  int rc = find_program(x, definition, id, &instance.program, ret_at);
  if (rc != FSA_OK) return rc;
  at += INSTANCE_HEADER;
  if (definition == at) at += DEFINITION_HEADER + (size_t)fsa_u32(&b, at + 20);
  rc = read_values(x, at, end, &instance, ret_at);
  if (rc == FSA_OK) *ret_instance = instance;
  return rc;
}

/*
 * The next piece of BinXML at `at`: a template instance, or elements without a template. FSA_ROW
 * with *ret_at behind it, FSA_OK when nothing is left, or an error with *ret_at where it is.
 */
static int read_piece(FsaBinxml *x, size_t at, size_t end, Instance *ret_instance, size_t *ret_at) {
  FsaBytes b = fsa_bytes(x->chunk.data, end);
  size_t start = at;
  while (at < end && fsa_u8(&b, at) == 0x0F) at += 4;
  *ret_at = at;
  if (charge(x, (at - start) / 16) != FSA_OK) return FSA_E_LIMIT;
  if (at >= end || fsa_u8(&b, at) == 0x00) return FSA_OK;
  if (fsa_u8(&b, at) == 0x0C) {
    int rc = read_template_instance(x, at, end, ret_instance, ret_at);
    return rc == FSA_OK ? FSA_ROW : rc;
  }
  FsaBinxmlProgram *program;
  int rc = compile(x, at, end, false, &x->fleeting, &program, ret_at);
  if (rc != FSA_OK) return rc;
  note_damage(x, program);
  if (*ret_at <= at || program->is_damaged) *ret_at = end;
  *ret_instance = (Instance){.program = program};
  return FSA_ROW;
}

int fsa_binxml_set_event(FsaBinxml *x, size_t offset, size_t end, size_t *ret_at) {
  size_t at;
  if (!ret_at) ret_at = &at;
  x->value_count = 0;
  x->root.program = x->payload.program = NULL;
  x->has_payload = x->is_damaged = false;
  x->error = FSA_OK;
  x->steps = FSA_MAX_BINXML_STEPS;
  if (x->fleeting.used) fsa_arena_clear(&x->fleeting);
  if (end > x->chunk.size) end = x->chunk.size;
  int rc = read_piece(x, offset, end, &x->root, ret_at);
  if (rc == FSA_OK) return FSA_E_FORMAT;
  return rc < 0 ? rc : FSA_OK;
}

int fsa_binxml_damage(const FsaBinxml *x) {
  if (!x->is_damaged) return FSA_OK;
  return x->error == FSA_E_LIMIT ? FSA_E_LIMIT : FSA_E_FORMAT;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static FsaEvtxValue slot_value(const Instance *in, size_t slot) {
  return slot < in->value_count ? in->values[slot] : (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
}

static FsaEvtxValue fact_value(const Instance *in, const FsaBinxmlFact *fact) {
  if (fact->literal.data)
    return (FsaEvtxValue){.data = (const uint8_t *)fact->literal.data,
                          .size = (uint32_t)fact->literal.size,
                          .type = FSA_BINXML_UTF8};
  return slot_value(in, fact->slot < 0 ? SIZE_MAX : (size_t)fact->slot);
}

FsaEvtxValue fsa_binxml_field(const FsaBinxml *x, FsaEvtxField field) {
  if (!x->root.program) return (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
  return fact_value(&x->root, &x->root.program->facts[field]);
}

/* The nested instance that holds the data, looked for once per event. */
static const Instance *payload_of(FsaBinxml *x) {
  if (x->has_payload || !x->root.program) return &x->payload;
  x->has_payload = true;
  if (x->root.program->payload_slot < 0) return &x->payload;
  FsaEvtxValue value = slot_value(&x->root, (size_t)x->root.program->payload_slot);
  if (value.type != FSA_BINXML_XML) return &x->payload;
  size_t at = (size_t)(value.data - x->chunk.data), where;
  if (read_piece(x, at, at + value.size, &x->payload, &where) < 0) x->is_damaged = true;
  return &x->payload;
}

/* Calls no function for each datum: data of the event itself first, then of the nested instance. */
static const FsaBinxmlFact *datum(FsaBinxml *x, size_t index, const Instance **ret_instance) {
  if (!x->root.program) return NULL;
  *ret_instance = &x->root;
  if (index < x->root.program->data_count) return &x->root.program->data[index];
  index -= x->root.program->data_count;
  const Instance *payload = payload_of(x);
  *ret_instance = payload;
  return payload->program && index < payload->program->data_count ? &payload->program->data[index]
                                                                  : NULL;
}

FsaEvtxValue fsa_binxml_datum_at(FsaBinxml *x, size_t index, FsaText *ret_name) {
  const Instance *in;
  const FsaBinxmlFact *fact = datum(x, index, &in);
  if (ret_name) *ret_name = fact ? fact->name : (FsaText){NULL, 0};
  return fact ? fact_value(in, fact) : (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
}

FsaEvtxValue fsa_binxml_datum(FsaBinxml *x, const char *name, size_t size) {
  const Instance *in;
  const FsaBinxmlFact *fact;
  for (size_t i = 0; (fact = datum(x, i, &in)) != NULL; i++)
    if (fact->name.size == size && memcmp(fact->name.data, name, size) == 0)
      return fact_value(in, fact);
  return (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
}

/* ---- running --------------------------------------------------------------------------------- */

/*
 * Copies sixteen bytes at a time and may write as many behind; literals have as many behind them.
 */
static inline char *copy_literal(char *at, const char *literal, size_t size) {
  memcpy(at, literal, 16);
  if (size <= 16) return at + size;
  if (size > 128)
    memcpy(at, literal, size);
  else
    for (size_t i = 16; i < size; i += 16) memcpy(at + i, literal + i, 16);
  return at + size;
}

static char *run(FsaBinxml *x, const Instance *in, uint32_t first, uint32_t last, char *at,
                 unsigned depth);

/*
 * The members of nested BinXML, of its first piece alone when `is_single`. NULL without room;
 * damage is noted and ends the nested part.
 */
static char *run_nested(FsaBinxml *x, size_t offset, size_t end, bool is_single, char *at,
                        unsigned depth) {
  if (depth >= FSA_MAX_BINXML_NESTING) {
    x->error = FSA_E_LIMIT;
    x->is_damaged = true;
    return at;
  }
  uint32_t values_before = x->value_count;
  Instance in;
  int rc = FSA_ROW;
  while (at && (rc = read_piece(x, offset, end, &in, &offset)) == FSA_ROW) {
    at = run(x, &in, 0, in.program->op_count, at, depth + 1);
    if (is_single) break;
  }
  x->value_count = values_before;
  if (rc < 0) x->is_damaged = true;
  if (rc == FSA_E_NOMEM) x->error = rc;
  return at;
}

static char *run_xml_value(FsaBinxml *x, FsaEvtxValue value, char *at, unsigned depth) {
  size_t offset = (size_t)(value.data - x->chunk.data);
  return run_nested(x, offset, offset + value.size, false, at, depth);
}

/* Nested BinXML as a value of its own. */
static char *run_xml_object(FsaBinxml *x, FsaEvtxValue value, char *at, unsigned depth) {
  *at++ = '{';
  at = run_xml_value(x, value, at, depth);
  at = at ? fsa_binxml_room(&x->writer, at, 1) : NULL;
  if (!at) return NULL;
  if (at[-1] == ',') at--;
  *at++ = '}';
  return at;
}

static char *run_value(FsaBinxml *x, FsaEvtxValue value, char *at, unsigned depth) {
  if (value.type == FSA_BINXML_XML) return run_xml_object(x, value, at, depth);
  return fsa_binxml_value_json(&x->writer, at, value);
}

/* A slot between child elements. */
static char *run_splice(FsaBinxml *x, FsaEvtxValue value, char *at, unsigned depth) {
  if (value.type == FSA_BINXML_XML) return run_xml_value(x, value, at, depth);
  if (value.type == FSA_BINXML_NULL || value.size == 0) return at;
  memcpy(at, "\"#text\":", 8);
  at = fsa_binxml_value_json(&x->writer, at + 8, value);
  if (at) *at++ = ',';
  return at;
}

/* The action of an operation behind its literal. */
static char *run_action(FsaBinxml *x, const FsaBinxmlOp *op, const Instance *in, char *at,
                        unsigned depth) {
  FsaEvtxValue value = slot_value(in, op->slot);
  switch ((FsaBinxmlAction)op->action) {
  case FSA_BINXML_LITERAL: return at;
  case FSA_BINXML_VALUE: return run_value(x, value, at, depth);
  case FSA_BINXML_ATTRIBUTE:
    at = run_value(x, value, at, depth);
    if (at) *at++ = ',';
    return at;
  case FSA_BINXML_PART:
    if (value.type != FSA_BINXML_XML) return fsa_binxml_value_part(&x->writer, at, value);
    x->is_damaged = true; /* the template promised text */
    return at;
  case FSA_BINXML_ITEMS:
    if (value.type != FSA_BINXML_XML) return fsa_binxml_items_json(&x->writer, at, value);
    at = run_xml_object(x, value, at, depth);
    if (at) *at++ = ',';
    return at;
  case FSA_BINXML_SPLICE: return run_splice(x, value, at, depth);
  case FSA_BINXML_INSTANCE: return run_nested(x, op->slot, x->chunk.size, true, at, depth);
  }
  return at;
}

/*
 * Runs the operations [first, last) of an instance's program. NULL when there is no room, x->error
 * says why.
 */
static char *run(FsaBinxml *x, const Instance *in, uint32_t first, uint32_t last, char *at,
                 unsigned depth) {
  const FsaBinxmlProgram *program = in->program;
  if (charge(x, 1 + last - first) != FSA_OK) return at;
  for (const FsaBinxmlOp *op = program->ops + first, *end = program->ops + last; op < end; op++) {
    if (op->action == FSA_BINXML_ATTRIBUTE && slot_value(in, op->slot).type == FSA_BINXML_NULL &&
        !op->strips_comma)
      continue;
    at = fsa_binxml_room(&x->writer, at, op->literal_size);
    if (!at) return NULL;
    if (op->strips_comma && at[-1] == ',') at--;
    at = copy_literal(at, program->literals + op->literal, op->literal_size);
    at = run_action(x, op, in, at, depth);
    if (!at) return NULL;
  }
  return at;
}

/* The event from operation `first` on, appended to the buffer; FSA_ROW or why there is no room. */
static int put_event(FsaBinxml *x, uint32_t first, FsaBuffer *buffer) {
  char *at = fsa_buffer_room(buffer, 4 * FSA_BINXML_SLACK);
  if (!at) return buffer->error;
  x->writer.buffer = buffer;
  x->writer.end = buffer->data + buffer->room - FSA_BINXML_SLACK;
  *at++ = '{';
  at = run(x, &x->root, first, x->root.program->op_count, at, 0);
  if (at) at = fsa_binxml_room(&x->writer, at, 1);
  if (!at) return buffer->error;
  if (at[-1] == ',') at--;
  *at++ = '}';
  buffer->size = (size_t)(at - buffer->data);
  return FSA_ROW;
}

int fsa_binxml_json(FsaBinxml *x, bool with_system, FsaBuffer *buffer) {
  if (!x->root.program) return FSA_E_FORMAT;
  if (x->json_left == 0) return FSA_E_LIMIT;
  size_t size_before = buffer->size;
  x->error = FSA_OK;
  int rc = put_event(x, with_system ? 0 : x->root.program->system_op_count, buffer);
  size_t written = buffer->size - size_before;
  x->json_left -= written < x->json_left ? written : x->json_left;
  if (rc < 0) return rc;
  if (!with_system && written == 2) {
    buffer->size = size_before;
    return x->error ? x->error : FSA_OK;
  }
  return x->error == FSA_E_NOMEM ? x->error : FSA_ROW;
}
