/*
 * BinXML: the binary XML of event logs, turned into JSON.
 *
 * An event is a template and the values to put into it. A template is compiled once into pieces of
 * finished JSON text and slots between them; serving an event is then copying pieces and writing
 * values. Compiled templates are kept across chunks and used again where a chunk holds the very
 * same template, so that an event costs about as much as its text. Format and JSON mapping:
 * docs/formats/evtx.md.
 *
 * Private to core/formats; tables read event logs through formats/evtx.h.
 *
 * Threads: one FsaBinxml belongs to one thread at a time.
 */
#ifndef FSA_FORMATS_BINXML_H
#define FSA_FORMATS_BINXML_H

#include "formats/evtx.h"
#include "fsa.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* The types of values that occur; 0x80 added: an array. [MS-EVEN6 2.2.12, libevtx documentation] */
enum {
  FSA_BINXML_NULL = 0x00,
  FSA_BINXML_STRING = 0x01, /* UTF-16LE */
  FSA_BINXML_ANSI =
      0x02, /* bytes in an unknown code page; read as UTF-8 where valid, else Latin-1 */
  FSA_BINXML_INT8 = 0x03,
  FSA_BINXML_UINT8 = 0x04,
  FSA_BINXML_INT16 = 0x05,
  FSA_BINXML_UINT16 = 0x06,
  FSA_BINXML_INT32 = 0x07,
  FSA_BINXML_UINT32 = 0x08,
  FSA_BINXML_INT64 = 0x09,
  FSA_BINXML_UINT64 = 0x0A,
  FSA_BINXML_REAL32 = 0x0B,
  FSA_BINXML_REAL64 = 0x0C,
  FSA_BINXML_BOOL = 0x0D, /* 4 bytes */
  FSA_BINXML_BINARY = 0x0E,
  FSA_BINXML_GUID = 0x0F,
  FSA_BINXML_SIZE = 0x10, /* 4 or 8 bytes */
  FSA_BINXML_FILETIME = 0x11,
  FSA_BINXML_SYSTEMTIME = 0x12,
  FSA_BINXML_SID = 0x13,
  FSA_BINXML_HEX32 = 0x14,
  FSA_BINXML_HEX64 = 0x15,
  FSA_BINXML_HANDLE = 0x20,
  FSA_BINXML_XML = 0x21,    /* nested BinXML */
  FSA_BINXML_EVTXML = 0x23, /* XML as text */
  FSA_BINXML_UTF8 = 0x7F,   /* ours: a literal of a template */
  FSA_BINXML_ARRAY = 0x80,
};

/* Where JSON goes: a buffer that is filled through a pointer which its user carries. */
typedef struct FsaBinxmlWriter {
  FsaBuffer *buffer;
  char *end;   /* `at` must stay below; FSA_BINXML_SLACK bytes follow it */
  int64_t day; /* the day (since 1601) whose date stands in `date`: most events share it */
  char date[16];
} FsaBinxmlWriter;

/* Bytes that may always be written at `at` without asking for room. */
#define FSA_BINXML_SLACK 256

/*
 * Room for `size` bytes and the slack at `at`, which is a place in the buffer. NULL when there is
 * none.
 */
char *fsa_binxml_more_room(FsaBinxmlWriter *writer, char *at, size_t size);
static inline char *fsa_binxml_room(FsaBinxmlWriter *writer, char *at, size_t size) {
  if (at < writer->end && size <= (size_t)(writer->end - at)) return at;
  return fsa_binxml_more_room(writer, at, size);
}

/*
 * Writes a value (any but nested BinXML) as one JSON value. Gives the place behind it, or NULL
 * without room.
 */
char *fsa_binxml_value_json(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value);

/* The same inside a JSON string that is already open: text without quotes. */
char *fsa_binxml_value_part(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value);

/* The elements of an array, each followed by a comma. */
char *fsa_binxml_items_json(FsaBinxmlWriter *writer, char *at, FsaEvtxValue value);

/* ---- compiled templates ---------------------------------------------------------------------- */

/* What an operation does behind its literal. */
typedef enum FsaBinxmlAction {
  FSA_BINXML_LITERAL,   /* nothing more */
  FSA_BINXML_VALUE,     /* the slot as a JSON value */
  FSA_BINXML_ATTRIBUTE, /* literal, value and comma, or nothing at all when the slot is NULL */
  FSA_BINXML_PART,      /* the slot inside an open string */
  FSA_BINXML_ITEMS,     /* the slot as items of an open array, each with a comma */
  FSA_BINXML_SPLICE,    /* nested BinXML as members of the open object; another value as "#text" */
  FSA_BINXML_INSTANCE,  /* the template instance that stands at chunk offset `slot` */
} FsaBinxmlAction;

typedef struct FsaBinxmlOp {
  uint32_t literal;      /* offset in the program's literals */
  uint32_t literal_size; /* bytes */
  uint16_t slot;         /* number of the value, or a chunk offset */
  uint8_t action;        /* FsaBinxmlAction */
  bool strips_comma;     /* take back a comma that stands before the literal */
} FsaBinxmlOp;

/* Where a fact of an event stands. */
typedef struct FsaBinxmlFact {
  FsaText name;    /* of a datum; data NULL for header facts */
  FsaText literal; /* data NULL: in the slot */
  int32_t slot;    /* -1: not in a slot */
} FsaBinxmlFact;

/*
 * A name that a template refers to; names stand elsewhere in each chunk, so they are compared
 * apart.
 */
typedef struct FsaBinxmlName {
  uint32_t at;         /* of the 4-byte reference, from the start of the definition's data */
  uint16_t count;      /* UTF-16 units */
  bool is_inline;      /* the name stands right behind its reference */
  const uint8_t *text; /* UTF-16 */
} FsaBinxmlName;

typedef struct FsaBinxmlProgram {
  const FsaBinxmlOp *ops;
  uint32_t op_count;
  uint32_t system_op_count; /* the first ones make the "System" member; the others the rest */
  const char *literals;     /* with 16 bytes to read behind the last */
  FsaBinxmlFact facts[FSA_EVTX_FIELD_COUNT];
  const FsaBinxmlFact *data; /* the leaves of EventData or UserData */
  uint32_t data_count;
  int32_t payload_slot; /* the first slot that may hold nested BinXML with the data; -1 = none */
  bool is_damaged;      /* compiled as far as it could be read */
  bool is_cut;          /* damaged for a ceiling */
  bool is_bound;        /* refers to its chunk: not to be used in another */
  bool is_fleeting;     /* gone with the event: the memory for programs that stay was used up */
  /* identity, to find it again in another chunk */
  uint8_t guid[16];
  const uint8_t *source; /* a copy of the definition's data */
  uint32_t source_size;
  const FsaBinxmlName *names; /* in order of `at` */
  uint32_t name_count;
  size_t cost;                   /* bytes that comparing with it may look at */
  struct FsaBinxmlProgram *next; /* with the same hash */
} FsaBinxmlProgram;

/* Memory and buffers of the compiler, used again for each template. */
typedef struct FsaBinxmlCompiler {
  FsaArena dom;      /* emptied at the start of each compilation */
  size_t name_bytes; /* of the names that the newest compilation looked at */
  FsaBuffer literals;
  FsaBuffer ops;
  FsaBuffer facts;
  FsaBuffer names;
} FsaBinxmlCompiler;

/*
 * Compiles the BinXML at [offset, end) of `chunk` into `keep`. `is_template`: it is a template's
 * definition (its elements carry dependency identifiers). Damage inside gives a program that holds
 * what could be read. FSA_OK, FSA_E_FORMAT when nothing could be, FSA_E_LIMIT, FSA_E_NOMEM.
 * *ret_end is where reading stopped.
 */
int fsa_binxml_compile(FsaBinxmlCompiler *compiler, FsaBytes chunk, size_t offset, size_t end,
                       bool is_template, FsaArena *keep, FsaBinxmlProgram **ret_program,
                       size_t *ret_end);
void fsa_binxml_compiler_done(FsaBinxmlCompiler *compiler);

/* True when the definition of `size` bytes at `offset` is the one the program was made from. */
bool fsa_binxml_program_matches(const FsaBinxmlProgram *program, FsaBytes chunk, size_t offset,
                                size_t size);

/*
 * A name: [next offset u32] [hash u16] [count u16] [UTF-16] [NUL u16]. False when it is not inside.
 */
bool fsa_binxml_name(FsaBytes chunk, size_t offset, const uint8_t **ret_text, uint16_t *ret_count);

/* ---- events ---------------------------------------------------------------------------------- */

typedef struct FsaBinxml FsaBinxml;

int fsa_binxml_new(FsaBinxml **ret_binxml);
void fsa_binxml_free(FsaBinxml *binxml); /* accepts NULL */

/* Starts another chunk; its bytes live until the next. */
void fsa_binxml_set_chunk(FsaBinxml *binxml, FsaBytes chunk);

/*
 * Starts another event: BinXML at [offset, end) of the chunk. FSA_OK, or why it cannot be read:
 * *ret_at (may be NULL) is where. The other functions then give nothing.
 */
int fsa_binxml_set_event(FsaBinxml *binxml, size_t offset, size_t end, size_t *ret_at);

FsaEvtxValue fsa_binxml_field(const FsaBinxml *binxml, FsaEvtxField field);
FsaEvtxValue fsa_binxml_datum(FsaBinxml *binxml, const char *name, size_t size);
FsaEvtxValue fsa_binxml_datum_at(FsaBinxml *binxml, size_t index, FsaText *ret_name);

/* As fsa_evtx_json(). */
int fsa_binxml_json(FsaBinxml *binxml, bool with_system, FsaBuffer *buffer);

/*
 * Why a part of the current event could not be read, as far as its parts were asked for: FSA_OK,
 * FSA_E_FORMAT or FSA_E_LIMIT.
 */
int fsa_binxml_damage(const FsaBinxml *binxml);

#endif
