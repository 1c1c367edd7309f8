/*
 * BinXML templates to programs.
 *
 * Two steps: the tokens become a small tree (depth, names and references checked here, once), and
 * the tree becomes JSON text with slots. The tree is needed because JSON wants things beside each
 * other that XML lets stand apart: repeated elements become one array. Tokens: [MS-EVEN6] 2.2.12
 * and the libevtx documentation; the JSON mapping is defined in docs/formats/evtx.md.
 */
#include "formats/binxml.h"

#include <string.h>

enum {
  TOKEN_END = 0x00,
  TOKEN_OPEN = 0x01,
  TOKEN_CLOSE_START = 0x02,
  TOKEN_CLOSE_EMPTY = 0x03,
  TOKEN_CLOSE_ELEMENT = 0x04,
  TOKEN_VALUE = 0x05,
  TOKEN_ATTRIBUTE = 0x06,
  TOKEN_CDATA = 0x07,
  TOKEN_CHAR_REF = 0x08,
  TOKEN_ENTITY_REF = 0x09,
  TOKEN_PI_TARGET = 0x0A,
  TOKEN_PI_DATA = 0x0B,
  TOKEN_INSTANCE = 0x0C,
  TOKEN_SLOT = 0x0D,
  TOKEN_OPTIONAL_SLOT = 0x0E,
  TOKEN_FRAGMENT = 0x0F,
  TOKEN_MORE = 0x40, /* flag: more follows; an open element with it has a list of attributes */
};

#define NAME_HEADER 8 /* bytes before a name's characters */
#define FRAGMENT_HEADER 4
#define MAX_PROBES 64 /* of the table of keys */

/* ---- the tree -------------------------------------------------------------------------------- */

typedef enum NodeKind {
  NODE_ELEMENT, /* text: its name */
  NODE_TEXT,    /* text: literal UTF-8 */
  NODE_SLOT,    /* slot: number of the value */
  NODE_INSTANCE /* slot: chunk offset of a template instance inside this BinXML */
} NodeKind;

typedef struct Node Node;

typedef struct NodeList {
  Node *first, *last;
} NodeList;

struct Node {
  uint8_t kind;
  bool is_taken; /* already put into an array beside an element of the same name */
  bool is_xml;   /* the template expects nested BinXML in this slot */
  uint16_t slot;
  FsaText text;
  NodeList attributes;
  NodeList children;
  Node *next;
  Node *same; /* the next element with the same key */
};

typedef struct Parser {
  FsaBytes bytes; /* the chunk, cut at the end of the BinXML: what stands behind is out of bounds */
  FsaBytes chunk; /* names stand anywhere in it */
  size_t start;   /* where the BinXML begins */
  size_t at;
  bool is_template;
  bool is_bound;
  FsaArena *arena;
  FsaBuffer *names;
  size_t name_bytes; /* one name may be referred to thousands of times */
  Node *open[FSA_MAX_BINXML_DEPTH];
  unsigned depth;
  Node *attribute; /* the one whose value is read, while in a start tag */
  NodeList roots;
  int error;
} Parser;

bool fsa_binxml_name(FsaBytes chunk, size_t offset, const uint8_t **ret_text, uint16_t *ret_count) {
  uint16_t count = fsa_u16(&chunk, offset + 6);
  if (chunk.bad || !fsa_bytes_has(&chunk, offset, NAME_HEADER + 2u * (size_t)count + 2))
    return false;
  *ret_text = chunk.data + offset + NAME_HEADER;
  *ret_count = count;
  return true;
}

static Node *add_node(Parser *p, NodeList *list, NodeKind kind) {
  Node *node = fsa_arena_zero(p->arena, 1, sizeof *node);
  if (!node) {
    p->error = FSA_E_NOMEM;
    return NULL;
  }
  node->kind = (uint8_t)kind;
  if (list->last)
    list->last->next = node;
  else
    list->first = node;
  list->last = node;
  return node;
}

/* Where content goes now. */
static NodeList *content(Parser *p) {
  if (p->attribute) return &p->attribute->children;
  return p->depth ? &p->open[p->depth - 1]->children : &p->roots;
}

/* Reads a reference to a name, and the name where it stands right behind. */
static FsaText read_name(Parser *p) {
  const uint8_t *text;
  uint16_t count;
  size_t offset = fsa_u32(&p->bytes, p->at);
  FsaBinxmlName use = {.at = (uint32_t)(p->at - p->start), .is_inline = offset == p->at + 4};
  if (p->bytes.bad || !fsa_binxml_name(p->chunk, offset, &text, &count)) {
    p->error = FSA_E_FORMAT;
    return (FsaText){NULL, 0};
  }
  p->name_bytes += 2u * (size_t)count;
  if (p->name_bytes > FSA_MAX_BINXML_NAMES) {
    p->error = FSA_E_LIMIT;
    return (FsaText){NULL, 0};
  }
  use.count = count;
  use.text = text;
  fsa_buffer_put(p->names, &use, sizeof use);
  p->at += 4;
  size_t inline_size = use.is_inline ? NAME_HEADER + 2u * (size_t)count + 2 : 0;
  if (!fsa_bytes_need(&p->bytes, p->at, inline_size)) p->error = FSA_E_FORMAT;
  p->at += inline_size;
  FsaText name = fsa_text_from_utf16(p->arena, text, count);
  if (!name.data) p->error = FSA_E_NOMEM;
  return name;
}

static void open_element(Parser *p, bool has_attributes) {
  if (p->depth == FSA_MAX_BINXML_DEPTH) {
    p->error = FSA_E_LIMIT;
    return;
  }
  p->attribute = NULL;
  p->at += p->is_template ? 1 + 2 + 4 : 1 + 4; /* token, dependency identifier, size */
  Node *node = add_node(p, content(p), NODE_ELEMENT);
  if (!node) return;
  node->text = read_name(p);
  if (has_attributes) p->at += 4; /* size of the list */
  p->open[p->depth++] = node;
}

static void close_element(Parser *p) {
  p->attribute = NULL;
  p->at += 1;
  if (p->depth == 0)
    p->error = FSA_E_FORMAT;
  else
    p->depth--;
}

static void open_attribute(Parser *p) {
  p->at += 1;
  if (p->depth == 0) {
    p->error = FSA_E_FORMAT;
    return;
  }
  Node *node = add_node(p, &p->open[p->depth - 1]->attributes, NODE_ELEMENT);
  if (!node) return;
  node->text = read_name(p);
  p->attribute = node;
}

static void add_text(Parser *p, FsaText text) {
  Node *node = text.data ? add_node(p, content(p), NODE_TEXT) : NULL;
  if (node)
    node->text = text;
  else if (!p->error)
    p->error = FSA_E_NOMEM;
}

/* A counted UTF-16 text at `offset` behind the token. */
static FsaText read_text(Parser *p, size_t offset) {
  size_t units = fsa_u16(&p->bytes, p->at + offset);
  FsaBytes text = fsa_slice(&p->bytes, p->at + offset + 2, 2 * units);
  if (p->bytes.bad) {
    p->error = FSA_E_FORMAT;
    return (FsaText){NULL, 0};
  }
  p->at += offset + 2 + 2 * units;
  FsaText result = fsa_text_from_utf16(p->arena, text.data, text.size / 2);
  if (!result.data) p->error = FSA_E_NOMEM;
  return result;
}

/* Bytes of a literal value that is no string; 0 when it has no fixed width. */
static size_t literal_width(unsigned type) {
  static const uint8_t widths[] = {
      [FSA_BINXML_INT8] = 1,       [FSA_BINXML_UINT8] = 1,  [FSA_BINXML_INT16] = 2,
      [FSA_BINXML_UINT16] = 2,     [FSA_BINXML_INT32] = 4,  [FSA_BINXML_UINT32] = 4,
      [FSA_BINXML_INT64] = 8,      [FSA_BINXML_UINT64] = 8, [FSA_BINXML_REAL32] = 4,
      [FSA_BINXML_REAL64] = 8,     [FSA_BINXML_BOOL] = 4,   [FSA_BINXML_GUID] = 16,
      [FSA_BINXML_FILETIME] = 8,   [FSA_BINXML_HEX32] = 4,  [FSA_BINXML_HEX64] = 8,
      [FSA_BINXML_SYSTEMTIME] = 16};
  return type < sizeof widths ? widths[type] : 0;
}

static void read_value(Parser *p) {
  unsigned type = fsa_u8(&p->bytes, p->at + 1);
  if (type == FSA_BINXML_STRING || p->bytes.bad) {
    add_text(p, read_text(p, 2));
    return;
  }
  size_t width = literal_width(type);
  FsaBytes bytes = fsa_slice(&p->bytes, p->at + 2, width);
  if (width == 0 || p->bytes.bad) {
    p->error = FSA_E_FORMAT;
    return;
  }
  FsaEvtxValue value = {.data = bytes.data, .size = (uint32_t)width, .type = (uint8_t)type};
  FsaText text = fsa_evtx_value_text(value, p->arena);
  add_text(p, text.data ? text : (FsaText){"", 0});
  p->at += 2 + width;
}

static void read_char_ref(Parser *p) {
  uint16_t unit = fsa_u16(&p->bytes, p->at + 1);
  const uint8_t bytes[2] = {(uint8_t)unit, (uint8_t)(unit >> 8)};
  p->at += 3;
  add_text(p, fsa_text_from_utf16(p->arena, bytes, 1));
}

static void read_entity_ref(Parser *p) {
  static const struct {
    char name[5], text[2];
  } entities[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
  p->at += 1;
  FsaText name = read_name(p);
  if (!name.data) return;
  for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
    if (strcmp(name.data, entities[i].name) == 0) {
      add_text(p, (FsaText){entities[i].text, 1});
      return;
    }
  char *unknown = fsa_arena_printf(p->arena, "&%s;", name.data);
  add_text(p, (FsaText){unknown, unknown ? strlen(unknown) : 0});
}

/* A processing instruction is kept as an element whose name begins with '?'. */
static void read_instruction(Parser *p) {
  p->at += 1;
  p->attribute = NULL;
  FsaText target = read_name(p);
  Node *node = target.data ? add_node(p, content(p), NODE_ELEMENT) : NULL;
  if (!node) return;
  char *name = fsa_arena_printf(p->arena, "?%s", target.data);
  if (!name) p->error = FSA_E_NOMEM;
  node->text = (FsaText){name, name ? target.size + 1 : 0};
  if (fsa_u8(&p->bytes, p->at) != TOKEN_PI_DATA) return;
  FsaText text = read_text(p, 1);
  Node *data = text.data ? add_node(p, &node->children, NODE_TEXT) : NULL;
  if (data) data->text = text;
}

static void read_slot(Parser *p) {
  uint16_t slot = fsa_u16(&p->bytes, p->at + 1);
  if (!fsa_bytes_need(&p->bytes, p->at, 4)) return;
  Node *node = add_node(p, content(p), NODE_SLOT);
  if (node) {
    node->slot = slot;
    node->is_xml = fsa_u8(&p->bytes, p->at + 3) == FSA_BINXML_XML;
  }
  p->at += 4;
}

/* Passes over a template instance inside this BinXML; it is served when the event is. */
static void read_instance(Parser *p) {
  Node *node = p->at <= UINT16_MAX ? add_node(p, content(p), NODE_INSTANCE) : NULL;
  if (!node) {
    p->error = p->error ? p->error : FSA_E_FORMAT;
    return;
  }
  node->slot = (uint16_t)p->at;
  p->is_bound = true;
  size_t definition = fsa_u32(&p->bytes, p->at + 6);
  p->at += 10;
  if (definition == p->at) p->at += 24 + (size_t)fsa_u32(&p->bytes, p->at + 20);
  size_t count = fsa_u32(&p->bytes, p->at), total = 4;
  if (!fsa_bytes_need(&p->bytes, p->at, 4) || count > FSA_MAX_BINXML_VALUES) {
    p->error = FSA_E_FORMAT;
    return;
  }
  for (size_t i = 0; i < count; i++) total += 4u + fsa_u16(&p->bytes, p->at + 4 + 4 * i);
  fsa_bytes_need(&p->bytes, p->at, total);
  p->at += total;
}

/* Reads one token. False at the end. */
static bool read_token(Parser *p) {
  unsigned token = fsa_u8(&p->bytes, p->at);
  switch (token & ~(unsigned)TOKEN_MORE) {
  case TOKEN_END: return false;
  case TOKEN_OPEN: open_element(p, token & TOKEN_MORE); break;
  case TOKEN_CLOSE_START:
    p->attribute = NULL;
    p->at += 1;
    break;
  case TOKEN_CLOSE_EMPTY:
  case TOKEN_CLOSE_ELEMENT: close_element(p); break;
  case TOKEN_VALUE: read_value(p); break;
  case TOKEN_ATTRIBUTE: open_attribute(p); break;
  case TOKEN_CDATA: add_text(p, read_text(p, 1)); break;
  case TOKEN_CHAR_REF: read_char_ref(p); break;
  case TOKEN_ENTITY_REF: read_entity_ref(p); break;
  case TOKEN_PI_TARGET: read_instruction(p); break;
  case TOKEN_SLOT:
  case TOKEN_OPTIONAL_SLOT: read_slot(p); break;
  case TOKEN_INSTANCE: read_instance(p); break;
  case TOKEN_FRAGMENT: p->at += FRAGMENT_HEADER; break;
  default: p->error = FSA_E_FORMAT;
  }
  if (p->bytes.bad && !p->error) p->error = FSA_E_FORMAT;
  return !p->error;
}

/* Each token moves forward, so this ends; what was read before an error stays in the tree. */
static void parse(Parser *p) {
  while (p->at < p->bytes.size && read_token(p)) {
    if (p->depth == 0 && p->roots.first && !p->is_template) break; /* one element at a time */
  }
  if (!p->error && p->depth) p->error = FSA_E_FORMAT;
  if (p->bytes.bad) p->at = p->bytes.bad_at;
}

/* ---- JSON pieces ----------------------------------------------------------------------------- */

typedef struct Emitter {
  FsaArena *arena; /* the tree's */
  FsaBuffer *literals;
  FsaBuffer *ops;
  FsaBuffer *facts;
  FsaBinxmlProgram *program;
  size_t pending;    /* where the literal begins that is being made */
  bool strips_comma; /* the next operation takes a comma back first */
  int error;         /* FSA_E_NOMEM, or FSA_OK */
} Emitter;

static void put(Emitter *e, const char *text) {
  fsa_buffer_puts(e->literals, text);
}

/* Ends the literal that is being made with an action. */
static void act(Emitter *e, FsaBinxmlAction action, uint16_t slot) {
  FsaBinxmlOp op = {.literal = (uint32_t)e->pending,
                    .literal_size = (uint32_t)(e->literals->size - e->pending),
                    .slot = slot,
                    .action = (uint8_t)action,
                    .strips_comma = e->strips_comma};
  fsa_buffer_put(e->ops, &op, sizeof op);
  e->pending = e->literals->size;
  e->strips_comma = false;
}

/* Ends the literal where an operation must begin on its own. */
static void flush(Emitter *e) {
  if (e->literals->size > e->pending || e->strips_comma) act(e, FSA_BINXML_LITERAL, 0);
}

/* Members and items leave a comma behind them; the bracket that closes takes the last one back. */
static void close(Emitter *e, const char *bracket) {
  FsaBuffer *b = e->literals;
  if (b->size > e->pending) {
    if (b->data[b->size - 1] == ',') b->size--;
  } else
    e->strips_comma = true;
  put(e, bracket);
}

static void put_quoted(Emitter *e, const char *text, size_t size) {
  fsa_buffer_json(e->literals, text, size);
}

/* Text inside a string that is already open. */
static void put_escaped(Emitter *e, FsaText text) {
  FsaBuffer *b = e->literals;
  size_t start = b->size;
  fsa_buffer_json(b, text.data, text.size);
  if (b->error) return;
  memmove(b->data + start, b->data + start + 1, b->size - start - 2);
  b->size -= 2;
}

static void put_key(Emitter *e, FsaText key) {
  put_quoted(e, key.data, key.size);
  put(e, ":");
}

/* "element@attribute": */
static void put_attribute_key(Emitter *e, FsaText element, FsaText attribute) {
  put(e, "\"");
  put_escaped(e, element);
  put(e, "@");
  put_escaped(e, attribute);
  put(e, "\":");
}

/* Literals and slots as one string, without anything behind it. */
static void put_string(Emitter *e, const Node *parts) {
  put(e, "\"");
  for (const Node *part = parts; part; part = part->next) {
    if (part->kind == NODE_TEXT) put_escaped(e, part->text);
    if (part->kind == NODE_SLOT) act(e, FSA_BINXML_PART, part->slot);
  }
  put(e, "\"");
}

/* ---- elements to JSON ------------------------------------------------------------------------ */

static bool is_named(const Node *node, const char *name) {
  return node->text.data && strcmp(node->text.data, name) == 0;
}

static bool is_blank(FsaText text) {
  for (size_t i = 0; i < text.size; i++)
    if (!strchr(" \t\r\n", text.data[i])) return false;
  return true;
}

static const Node *attribute_of(const Node *element, const char *name) {
  for (const Node *a = element->attributes.first; a; a = a->next)
    if (is_named(a, name)) return a;
  return NULL;
}

/*
 * True when the content is text and slots: its value is one JSON value and no object of children.
 */
static bool is_simple(const Node *element) {
  const Node *first = element->children.first;
  if (!first) return !element->attributes.first;
  if (first->kind == NODE_SLOT && !first->next) return true;
  for (const Node *child = first; child; child = child->next)
    if (child->kind == NODE_ELEMENT || child->kind == NODE_INSTANCE || child->is_xml) return false;
  return true;
}

/*
 * Attributes as members: inside their element's object, or beside it ("element@attribute") when
 * `beside` is given.
 */
static void emit_attributes(Emitter *e, const Node *element, const FsaText *beside,
                            const Node *except) {
  for (const Node *a = element->attributes.first; a; a = a->next) {
    const Node *value = a->children.first;
    if (a == except || !a->text.data) continue;
    bool is_slot = value && value->kind == NODE_SLOT && !value->next;
    if (is_slot) flush(e);
    if (beside)
      put_attribute_key(e, *beside, a->text);
    else
      put_key(e, a->text);
    if (is_slot)
      act(e, FSA_BINXML_ATTRIBUTE, value->slot);
    else {
      put_string(e, value);
      put(e, ",");
    }
  }
}

static void emit_members(Emitter *e, const Node *element, bool is_data, unsigned depth);

/* The value of simple content: NULL, a literal, a slot, or all of it as one string. */
static void emit_simple(Emitter *e, const Node *element) {
  const Node *first = element->children.first;
  if (!first)
    put(e, "null");
  else if (first->kind == NODE_SLOT && !first->next)
    act(e, FSA_BINXML_VALUE, first->slot);
  else
    put_string(e, first);
}

/* The value of an element: simple, or an object of its attributes and children. */
static void emit_value(Emitter *e, const Node *element, bool is_data, unsigned depth) {
  if (is_simple(element)) {
    emit_simple(e, element);
    return;
  }
  put(e, "{");
  emit_attributes(e, element, NULL, NULL);
  emit_members(e, element, is_data, depth);
  close(e, "}");
}

/* An item of an array: as emit_value(), but attributes have no place beside it and go inside. */
static void emit_item(Emitter *e, const Node *element, const Node *name, unsigned depth) {
  const Node *first = element->children.first;
  bool has_more = element->attributes.first && (element->attributes.first != name || name->next);
  if (is_simple(element) && has_more) {
    put(e, "{");
    emit_attributes(e, element, NULL, name);
    put(e, "\"#text\":");
    emit_simple(e, element);
    put(e, "},");
  } else if (first && first->kind == NODE_SLOT && !first->next) {
    flush(e);
    act(e, FSA_BINXML_ITEMS, first->slot);
  } else if (!first && !has_more)
    put(e, "null,");
  else {
    emit_value(e, element, false, depth);
    put(e, ",");
  }
}

/* The attribute that names a datum; NULL when the element's own name is its key. */
static const Node *name_attribute(const Node *element, bool is_data) {
  return is_data ? attribute_of(element, "Name") : NULL;
}

/* The key of an element; data NULL when it is known only from a slot. */
static FsaText key_of(const Node *element, bool is_data) {
  const Node *name = name_attribute(element, is_data);
  if (!name) return element->text;
  const Node *value = name->children.first;
  if (!value) return (FsaText){"", 0};
  return value->kind == NODE_TEXT && !value->next ? value->text : (FsaText){NULL, 0};
}

/* An element with simple content under the key, and its attributes beside it. */
static void emit_member(Emitter *e, const Node *element, FsaText key, bool is_data,
                        unsigned depth) {
  const Node *name = name_attribute(element, is_data);
  bool only_name = name && element->attributes.first == name && !name->next;
  if (key.data)
    put_key(e, key);
  else {
    put_string(e, name->children.first);
    put(e, ":");
  }
  if (name && only_name && !element->children.first)
    put(e, "null");
  else
    emit_value(e, element, !name && is_named(element, "EventData"), depth);
  put(e, ",");
  if (is_simple(element) && element->children.first)
    emit_attributes(e, element, key.data ? &key : &element->text, name);
}

static void emit_array(Emitter *e, const Node *first, FsaText key, bool is_data, unsigned depth) {
  put_key(e, key);
  put(e, "[");
  for (const Node *node = first; node; node = node->same)
    emit_item(e, node, name_attribute(node, is_data), depth);
  close(e, "]");
  put(e, ",");
}

static uint32_t hash_text(FsaText text) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < text.size; i++) hash = (hash ^ (uint8_t)text.data[i]) * 16777619u;
  return hash ^ hash >> 15;
}

/* Links the children of one key to the first of them. A table of keys keeps this linear. */
static int link_same(Emitter *e, const Node *element, bool is_data) {
  size_t count = 0, room = 8;
  for (const Node *child = element->children.first; child; child = child->next) count++;
  while (room < 2 * count) room *= 2;
  Node **first = fsa_arena_zero(e->arena, 2 * room, sizeof *first), **last = first + room;
  if (!first) return FSA_E_NOMEM;
  for (Node *child = element->children.first; child; child = child->next) {
    FsaText key = child->kind == NODE_ELEMENT ? key_of(child, is_data) : (FsaText){NULL, 0};
    if (!key.data || child->is_taken) continue;
    size_t at = hash_text(key) & (room - 1), probes = 0;
    for (; first[at] && probes < MAX_PROBES; at = (at + 1) & (room - 1), probes++) {
      FsaText other = key_of(first[at], is_data);
      if (other.size == key.size && memcmp(other.data, key.data, key.size) == 0) break;
    }
    if (probes == MAX_PROBES) continue; /* names made to collide: they stay apart */
    if (first[at]) {
      last[at]->same = child;
      child->is_taken = true;
    } else
      first[at] = child;
    last[at] = child;
  }
  return FSA_OK;
}

/* The text that stands between child elements, as one member. */
static void emit_loose_text(Emitter *e, const Node *element) {
  bool any = false;
  for (const Node *child = element->children.first; child; child = child->next) {
    if (child->kind != NODE_TEXT || is_blank(child->text)) continue;
    put(e, any ? "" : "\"#text\":\"");
    put_escaped(e, child->text);
    any = true;
  }
  if (any) put(e, "\",");
}

static void emit_child(Emitter *e, const Node *child, bool is_data, unsigned depth) {
  if (child->kind == NODE_SLOT || child->kind == NODE_INSTANCE) {
    flush(e);
    act(e, child->kind == NODE_SLOT ? FSA_BINXML_SPLICE : FSA_BINXML_INSTANCE, child->slot);
    return;
  }
  if (child->kind != NODE_ELEMENT || child->is_taken || !child->text.data) return;
  FsaText key = key_of(child, is_data);
  bool is_unnamed = is_data && is_named(child, "Data") && !attribute_of(child, "Name");
  if (child->same || is_unnamed)
    emit_array(e, child, key, is_data, depth + 1);
  else
    emit_member(e, child, key, is_data, depth + 1);
}

/*
 * The children of an element as members; `is_data`: it is EventData, whose Data carry their key in
 * Name.
 */
static void emit_members(Emitter *e, const Node *element, bool is_data, unsigned depth) {
  if (e->error == FSA_OK) e->error = link_same(e, element, is_data);
  if (depth > FSA_MAX_BINXML_DEPTH || e->error != FSA_OK) return;
  emit_loose_text(e, element);
  for (const Node *child = element->children.first; child; child = child->next)
    emit_child(e, child, is_data, depth);
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* Where the single value of a list of content stands. */
static FsaBinxmlFact fact_of(const Node *value) {
  FsaBinxmlFact fact = {.slot = -1};
  if (!value || value->next) return fact;
  if (value->kind == NODE_SLOT) fact.slot = value->slot;
  if (value->kind == NODE_TEXT) fact.literal = value->text;
  return fact;
}

static void note_system(FsaBinxmlProgram *program, const Node *system) {
  static const struct {
    const char *element, *attribute;
  } places[FSA_EVTX_FIELD_COUNT] = {
      [FSA_EVTX_PROVIDER_NAME] = {"Provider", "Name"},
      [FSA_EVTX_PROVIDER_GUID] = {"Provider", "Guid"},
      [FSA_EVTX_EVENT_SOURCE_NAME] = {"Provider", "EventSourceName"},
      [FSA_EVTX_EVENT_ID] = {"EventID", NULL},
      [FSA_EVTX_QUALIFIERS] = {"EventID", "Qualifiers"},
      [FSA_EVTX_VERSION] = {"Version", NULL},
      [FSA_EVTX_LEVEL] = {"Level", NULL},
      [FSA_EVTX_TASK] = {"Task", NULL},
      [FSA_EVTX_OPCODE] = {"Opcode", NULL},
      [FSA_EVTX_KEYWORDS] = {"Keywords", NULL},
      [FSA_EVTX_TIME_CREATED] = {"TimeCreated", "SystemTime"},
      [FSA_EVTX_EVENT_RECORD_ID] = {"EventRecordID", NULL},
      [FSA_EVTX_ACTIVITY_ID] = {"Correlation", "ActivityID"},
      [FSA_EVTX_RELATED_ACTIVITY_ID] = {"Correlation", "RelatedActivityID"},
      [FSA_EVTX_PROCESS_ID] = {"Execution", "ProcessID"},
      [FSA_EVTX_THREAD_ID] = {"Execution", "ThreadID"},
      [FSA_EVTX_CHANNEL] = {"Channel", NULL},
      [FSA_EVTX_COMPUTER] = {"Computer", NULL},
      [FSA_EVTX_USER_ID] = {"Security", "UserID"},
  };
  for (const Node *child = system->children.first; child; child = child->next)
    for (int i = 0; child->kind == NODE_ELEMENT && i < FSA_EVTX_FIELD_COUNT; i++) {
      if (!is_named(child, places[i].element)) continue;
      const Node *a = places[i].attribute ? attribute_of(child, places[i].attribute) : child;
      if (a) program->facts[i] = fact_of(a->children.first);
    }
}

/* The leaves below a payload element are its data. */
static void note_data(Emitter *e, const Node *element, bool is_data, unsigned depth) {
  if (depth > FSA_MAX_BINXML_DEPTH) return;
  for (const Node *child = element->children.first; child; child = child->next) {
    if (child->kind == NODE_SLOT && e->program->payload_slot < 0)
      e->program->payload_slot = child->slot;
    if (child->kind != NODE_ELEMENT) continue;
    if (!is_simple(child) && child->children.first) {
      note_data(e, child, is_named(child, "EventData"), depth + 1);
      continue;
    }
    FsaBinxmlFact fact = fact_of(child->children.first);
    fact.name = key_of(child, is_data);
    if (is_data && is_named(child, "Data") && !attribute_of(child, "Name"))
      fact.name = (FsaText){"", 0};
    if (!fact.name.data) fact.name = (FsaText){"", 0};
    if (depth > 0) fsa_buffer_put(e->facts, &fact, sizeof fact);
    if (fact.slot >= 0 && e->program->payload_slot < 0 && !is_data)
      e->program->payload_slot = fact.slot; /* <UserData>%1</UserData> */
  }
}

/* ---- whole programs -------------------------------------------------------------------------- */

static bool is_namespace(const Node *attribute) {
  return is_named(attribute, "xmlns") && attribute->children.first &&
         attribute->children.first->kind == NODE_TEXT && !attribute->children.first->next;
}

/* The members of an event, System first: its operations can be left out. */
static void emit_event(Emitter *e, Node *event) {
  for (Node *child = event->children.first; child; child = child->next) {
    if (child->kind != NODE_ELEMENT || !is_named(child, "System") || child->is_taken) continue;
    emit_member(e, child, child->text, false, 1);
    flush(e);
    note_system(e->program, child);
    child->is_taken = true;
    break;
  }
  e->program->system_op_count = (uint32_t)(e->ops->size / sizeof(FsaBinxmlOp));
  const Node *namespace = event->attributes.first;
  emit_attributes(e, event, NULL, namespace && is_namespace(namespace) ? namespace : NULL);
  emit_members(e, event, false, 0);
}

static void emit_roots(Emitter *e, const NodeList *roots) {
  Node top = {.kind = NODE_ELEMENT, .text = {"", 0}, .children = *roots};
  Node *event = roots->first;
  if (event && event->kind == NODE_ELEMENT && is_named(event, "Event")) {
    emit_event(e, event);
    for (Node *child = event->children.first; child; child = child->next)
      if (child->kind != NODE_ELEMENT || !is_named(child, "System")) {
        Node only = *child;
        only.next = NULL;
        Node holder = {.kind = NODE_ELEMENT, .text = {"", 0}, .children = {&only, &only}};
        note_data(e, &holder, false, 0);
      }
  } else {
    emit_members(e, &top, false, 0);
    note_data(e, &top, false, 0);
  }
  flush(e);
}

/* Copies a text of the tree into memory that stays. */
static bool keep_text(FsaArena *keep, FsaText *text) {
  if (!text->data) return true;
  text->data = fsa_arena_copy(keep, text->data, text->size);
  return text->data != NULL;
}

static bool keep_facts(FsaArena *keep, FsaBinxmlFact *facts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!keep_text(keep, &facts[i].name) || !keep_text(keep, &facts[i].literal)) return false;
  return true;
}

/* The definition itself and the names it refers to, for fsa_binxml_program_matches(). */
static bool keep_identity(FsaBinxmlCompiler *c, FsaArena *keep, const Parser *p, size_t end,
                          FsaBinxmlProgram *program) {
  FsaBinxmlName *names =
      (FsaBinxmlName *)(void *)fsa_arena_copy(keep, c->names.data, c->names.size);
  program->source_size = (uint32_t)(end - p->start);
  program->source = (uint8_t *)fsa_arena_copy(keep, p->chunk.data + p->start, program->source_size);
  program->name_count = (uint32_t)(c->names.size / sizeof *names);
  program->names = names;
  if (!names || !program->source) return false;
  for (uint32_t i = 0; i < program->name_count; i++) {
    names[i].text = (uint8_t *)fsa_arena_copy(keep, names[i].text, 2u * names[i].count);
    if (!names[i].text) return false;
  }
  return true;
}

/* Moves what the emitter made into memory that stays. */
static bool keep_program(FsaBinxmlCompiler *c, FsaArena *keep, FsaBinxmlProgram *program) {
  static const char padding[16] = {0}; /* literals are copied sixteen bytes at a time */
  fsa_buffer_put(&c->literals, padding, sizeof padding);
  if (c->literals.error || c->ops.error || c->facts.error || c->names.error) return false;
  program->op_count = (uint32_t)(c->ops.size / sizeof(FsaBinxmlOp));
  program->data_count = (uint32_t)(c->facts.size / sizeof(FsaBinxmlFact));
  program->literals = fsa_arena_copy(keep, c->literals.data, c->literals.size);
  program->ops = (FsaBinxmlOp *)(void *)fsa_arena_copy(keep, c->ops.data, c->ops.size);
  FsaBinxmlFact *data = (FsaBinxmlFact *)(void *)fsa_arena_copy(keep, c->facts.data, c->facts.size);
  program->data = data;
  return program->literals && program->ops && data &&
         keep_facts(keep, program->facts, FSA_EVTX_FIELD_COUNT) &&
         keep_facts(keep, data, program->data_count);
}

static void clear_compiler(FsaBinxmlCompiler *c) {
  fsa_arena_clear(&c->dom);
  FsaBuffer *buffers[] = {&c->literals, &c->ops, &c->facts, &c->names};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
    buffers[i]->limit = i == 0 ? FSA_MAX_BINXML_LITERALS : FSA_MAX_EVENT_JSON;
    fsa_buffer_clear(buffers[i]);
  }
}

void fsa_binxml_compiler_done(FsaBinxmlCompiler *c) {
  fsa_arena_done(&c->dom);
  fsa_buffer_done(&c->literals);
  fsa_buffer_done(&c->ops);
  fsa_buffer_done(&c->facts);
  fsa_buffer_done(&c->names);
}

int fsa_binxml_compile(FsaBinxmlCompiler *c, FsaBytes chunk, size_t offset, size_t end,
                       bool is_template, FsaArena *keep, FsaBinxmlProgram **ret_program,
                       size_t *ret_end) {
  clear_compiler(c);
  Parser p = {.bytes = fsa_bytes(chunk.data, end < chunk.size ? end : chunk.size),
              .chunk = chunk,
              .start = offset,
              .at = offset,
              .is_template = is_template,
              .arena = &c->dom,
              .names = &c->names};
  parse(&p);
  *ret_end = p.at;
  c->name_bytes = p.name_bytes;
  if (p.error == FSA_E_NOMEM || (p.error && !p.roots.first)) return p.error;
  FsaBinxmlProgram *program = fsa_arena_zero(keep, 1, sizeof *program);
  if (!program) return FSA_E_NOMEM;
  for (int i = 0; i < FSA_EVTX_FIELD_COUNT; i++) program->facts[i].slot = -1;
  program->payload_slot = -1;
  program->is_damaged = p.error != FSA_OK;
  program->is_cut = p.error == FSA_E_LIMIT;
  program->is_bound = p.is_bound;
  Emitter e = {.arena = &c->dom,
               .literals = &c->literals,
               .ops = &c->ops,
               .facts = &c->facts,
               .program = program};
  emit_roots(&e, &p.roots);
  if (c->literals.error == FSA_E_LIMIT) return FSA_E_LIMIT;
  if (e.error != FSA_OK || !keep_program(c, keep, program)) return FSA_E_NOMEM;
  program->cost = p.bytes.size - offset + p.name_bytes;
  if (is_template && !keep_identity(c, keep, &p, p.bytes.size, program)) return FSA_E_NOMEM;
  *ret_program = program;
  return FSA_OK;
}

bool fsa_binxml_program_matches(const FsaBinxmlProgram *program, FsaBytes chunk, size_t offset,
                                size_t size) {
  if (size != program->source_size || !fsa_bytes_has(&chunk, offset, size)) return false;
  const uint8_t *now = chunk.data + offset, *then = program->source;
  size_t at = 0;
  for (uint32_t i = 0; i < program->name_count; i++) {
    const FsaBinxmlName *name = &program->names[i];
    if (memcmp(now + at, then + at, name->at - at) != 0) return false;
    size_t reference = fsa_u32(&chunk, offset + name->at);
    if ((reference == offset + name->at + 4) != name->is_inline) return false;
    at = name->at + 4;
    const uint8_t *text;
    uint16_t count;
    if (!fsa_binxml_name(chunk, reference, &text, &count) || count != name->count) return false;
    if (memcmp(text, name->text, 2u * count) != 0) return false;
    if (name->is_inline) at += 4; /* the link to the next name of the chunk's table */
  }
  return memcmp(now + at, then + at, size - at) == 0;
}
