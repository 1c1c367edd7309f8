/*
 * The loader's lists in a made-up address space: of 64 and 32 bits, of Windows 7 and later, whole
 * and hostile.
 */
#include "formats/nt_modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

/* One piece of memory of the examined process, below 4 GiB so that both widths can name it. */
enum { MEMORY = 0x10000, SIZE = 0x200000, LOADER = MEMORY + 0x100, RECORDS = 0x1000 };

static uint8_t memory[SIZE];
static size_t reads;

static int read_memory(void *context, uint64_t address, void *buffer, size_t size) {
  (void)context;
  reads++;
  if (address < MEMORY || address - MEMORY > SIZE || size > SIZE - (address - MEMORY))
    return FSA_E_ABSENT;
  memcpy(buffer, memory + (address - MEMORY), size);
  return FSA_OK;
}

static const FsaNtReader reader = {.context = NULL, .read = read_memory};

/* A system: how wide its addresses are, and where its records have what. */
typedef struct Made {
  bool is_32;
  uint32_t build;
  size_t width, record_size;
  size_t heads[3], links[3];
  size_t base, entry, size, path, name, count, stamp, node, node_count, time, reason;
} Made;

static const Made systems[] = {
    {false,
     19045,
     8,
     0x120,
     {0x10, 0x20, 0x30},
     {0, 0x10, 0x20},
     0x30,
     0x38,
     0x40,
     0x48,
     0x58,
     0x6C,
     0x80,
     0x98,
     0x18,
     0x100,
     0x10C},
    {false,
     7601,
     8,
     0xE0,
     {0x10, 0x20, 0x30},
     {0, 0x10, 0x20},
     0x30,
     0x38,
     0x40,
     0x48,
     0x58,
     0x6C,
     0x80,
     0,
     0,
     0xD8,
     0},
    {true,
     19045,
     4,
     0xA8,
     {0x0C, 0x14, 0x1C},
     {0, 8, 0x10},
     0x18,
     0x1C,
     0x20,
     0x24,
     0x2C,
     0x38,
     0x44,
     0x50,
     0x0C,
     0x88,
     0x94},
    {true,
     7601,
     4,
     0x78,
     {0x0C, 0x14, 0x1C},
     {0, 8, 0x10},
     0x18,
     0x1C,
     0x20,
     0x24,
     0x2C,
     0x38,
     0x44,
     0,
     0,
     0x70,
     0},
};

static void put(uint64_t address, uint64_t value, size_t size) {
  assert_true(address >= MEMORY && address - MEMORY <= SIZE - size);
  for (size_t i = 0; i < size; i++) memory[address - MEMORY + i] = (uint8_t)(value >> 8 * i);
}

static uint64_t record_at(size_t index) {
  return MEMORY + RECORDS + index * 0x400;
}

/* A counted text behind the record, at `place` of its room. */
static void put_text(const Made *made, uint64_t record, size_t field, size_t place,
                     const char *text) {
  const uint64_t at = record + place;
  for (size_t i = 0; text[i]; i++) put(at + 2 * i, (uint8_t)text[i], 2);
  put(record + field, strlen(text) * 2, 2);
  put(record + field + 2, strlen(text) * 2 + 2, 2);
  put(record + field + made->width, at, made->width);
}

static void put_record(const Made *made, size_t index) {
  const uint64_t at = record_at(index);
  char text[64];
  put(at + made->base, 0x400000 + index * 0x10000, made->width);
  put(at + made->entry, 0x401000 + index * 0x10000, made->width);
  put(at + made->size, 0x8000, 4);
  put(at + made->stamp, 0x5F000000 + index, 4);
  put(at + made->count, made->build < 9200 ? 3 : 0xFFFF, 2);
  snprintf(text, sizeof text, "C:\\Windows\\m%zu.dll", index);
  put_text(made, at, made->path, 0x180, text);
  snprintf(text, sizeof text, "m%zu.dll", index);
  put_text(made, at, made->name, 0x200, text);
  put(at + made->time, UINT64_C(132000000000000000) + index, 8);
  if (!made->node) return;
  put(at + made->reason, index == 0 ? 4 : 0, 4);
  put(at + made->node, at + 0x300, made->width);
  put(at + 0x300 + made->node_count, 3, 4);
}

/* Links `count` records by number into a list; Flink alone is followed. */
static void link_list(const Made *made, size_t list, const size_t *records, size_t count) {
  uint64_t at = LOADER + made->heads[list];
  for (size_t i = 0; i < count; i++) {
    const uint64_t link = record_at(records[i]) + made->links[list];
    put(at, link, made->width);
    at = link;
  }
  put(at, LOADER + made->heads[list], made->width);
}

static const size_t all[] = {0, 1, 2, 3};

static void make(const Made *made) {
  memset(memory, 0, sizeof memory);
  for (size_t i = 0; i < 4; i++) put_record(made, i);
  for (size_t list = 0; list < 3; list++) link_list(made, list, all, 4);
  reads = 0;
}

static FsaNtModules modules_of(const Made *made, FsaArena *arena) {
  FsaNtModules modules;
  assert_int_equal(fsa_nt_modules(&reader, LOADER, made->is_32, made->build, arena, &modules),
                   FSA_OK);
  return modules;
}

static void check_module(const Made *made, const FsaNtModule *module, size_t index) {
  char text[64];
  assert_true(module->record == record_at(index));
  assert_true(module->base == 0x400000 + index * 0x10000);
  assert_true(module->entry_point == 0x401000 + index * 0x10000);
  assert_true(module->size == 0x8000 && module->timestamp == 0x5F000000 + index);
  assert_true(module->load_time == UINT64_C(132000000000000000) + index);
  assert_int_equal(module->load_count, 3);
  assert_int_equal(module->load_reason, made->node ? (index == 0 ? 4 : 0) : -1);
  snprintf(text, sizeof text, "C:\\Windows\\m%zu.dll", index);
  assert_int_equal(module->path.size, strlen(text));
  assert_memory_equal(module->path.data, text, module->path.size);
  snprintf(text, sizeof text, "m%zu.dll", index);
  assert_int_equal(module->name.size, strlen(text));
  assert_memory_equal(module->name.data, text, module->name.size);
}

static void records_of_every_system(void **state) {
  (void)state;
  for (size_t s = 0; s < sizeof systems / sizeof *systems; s++) {
    FsaArena arena = fsa_arena(0);
    make(&systems[s]);
    const FsaNtModules modules = modules_of(&systems[s], &arena);
    assert_int_equal(modules.damage, FSA_OK);
    assert_int_equal(modules.count, 4);
    for (size_t i = 0; i < 4; i++) {
      check_module(&systems[s], &modules.list[i], i);
      assert_int_equal(modules.list[i].lists, 7);
    }
    fsa_arena_done(&arena);
  }
}

static void a_record_may_be_in_some_lists_only(void **state) {
  (void)state;
  for (size_t s = 0; s < sizeof systems / sizeof *systems; s++) {
    FsaArena arena = fsa_arena(0);
    static const size_t load[] = {0, 2}, order[] = {2, 1};
    make(&systems[s]);
    link_list(&systems[s], 0, load, 2);
    link_list(&systems[s], 1, order, 2);
    link_list(&systems[s], 2, NULL, 0);
    const FsaNtModules modules = modules_of(&systems[s], &arena);
    assert_int_equal(modules.damage, FSA_OK);
    assert_int_equal(modules.count, 3);
    assert_int_equal(modules.list[0].lists, FSA_NT_LOAD_ORDER);
    assert_int_equal(modules.list[1].lists, FSA_NT_LOAD_ORDER | FSA_NT_MEMORY_ORDER);
    assert_true(modules.list[2].record == record_at(1));
    assert_int_equal(modules.list[2].lists, FSA_NT_MEMORY_ORDER);
    fsa_arena_done(&arena);
  }
}

static void a_circle_ends(void **state) {
  (void)state;
  for (size_t s = 0; s < sizeof systems / sizeof *systems; s++) {
    FsaArena arena = fsa_arena(0);
    make(&systems[s]);
    put(record_at(3), record_at(1), systems[s].width); /* load order: 3 back to 1 */
    FsaNtModules modules = modules_of(&systems[s], &arena);
    assert_int_equal(modules.damage, FSA_E_FORMAT);
    assert_true(modules.damage_at == record_at(1));
    assert_int_equal(modules.count, 4);
    assert_int_equal(modules.list[3].lists, 7);
    put(record_at(0), record_at(0), systems[s].width); /* and one that leads to itself */
    modules = modules_of(&systems[s], &arena);
    assert_int_equal(modules.damage, FSA_E_FORMAT);
    assert_int_equal(modules.count, 4); /* from the other lists */
    fsa_arena_done(&arena);
  }
}

static void a_link_into_nothing_is_damage(void **state) {
  (void)state;
  static const uint64_t bad[] = {0, 1, 4, 0xFFFFFFF0, MEMORY + SIZE - 8};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FsaArena arena = fsa_arena(0);
    make(&systems[0]);
    put(record_at(1) + systems[0].links[1], bad[i], 8);
    const FsaNtModules modules = modules_of(&systems[0], &arena);
    assert_true(modules.damage == FSA_E_FORMAT || modules.damage == FSA_E_ABSENT);
    assert_int_equal(modules.count, 4);
    assert_int_equal(modules.list[3].lists, FSA_NT_LOAD_ORDER | FSA_NT_INITIALIZATION_ORDER);
    fsa_arena_done(&arena);
  }
}

/* Two lists may agree on a record where each has it: a link of one may not lead into the other. */
static void a_link_into_another_list_is_another_record(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  make(&systems[0]);
  put(record_at(1), record_at(2) + systems[0].links[1], 8);
  const FsaNtModules modules = modules_of(&systems[0], &arena);
  assert_true(modules.count > 4);
  fsa_arena_done(&arena);
}

static void a_text_that_is_not_there_is_unknown(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  make(&systems[0]);
  put(record_at(1) + systems[0].path + 8, 0xFFFF0000, 8);
  put(record_at(2) + systems[0].path, 0, 2);
  put(record_at(3) + systems[0].name, 5, 2); /* an odd number of bytes */
  put(record_at(3) + systems[0].node, 3, 8);
  const FsaNtModules modules = modules_of(&systems[0], &arena);
  assert_int_equal(modules.damage, FSA_OK);
  assert_null(modules.list[1].path.data);
  assert_non_null(modules.list[2].path.data);
  assert_int_equal(modules.list[2].path.size, 0);
  assert_int_equal(modules.list[3].name.size, 2);
  assert_int_equal(modules.list[3].load_count, -1);
  fsa_arena_done(&arena);
}

/* A process that links as many records as it likes, each a few bytes behind the one before. */
static void there_is_a_ceiling(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  const Made *made = &systems[1];
  memset(memory, 0, sizeof memory);
  for (uint64_t at = MEMORY + RECORDS; at + 0x1000 < MEMORY + SIZE; at += 8) put(at, at + 8, 8);
  for (size_t list = 0; list < 3; list++)
    put(LOADER + made->heads[list], MEMORY + RECORDS + made->links[list], 8);
  reads = 0;
  const FsaNtModules modules = modules_of(made, &arena);
  assert_int_equal(modules.damage, FSA_E_LIMIT);
  assert_int_equal(modules.count, FSA_MAX_MODULES);
  assert_true(reads < 4 * FSA_MAX_MODULES + 10);
  fsa_arena_done(&arena);
}

static void lists_that_are_not_there_are_an_error(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaNtModules modules = {.count = 7};
  assert_int_equal(fsa_nt_modules(&reader, 0x100, false, 19045, &arena, &modules), FSA_E_ABSENT);
  assert_int_equal(modules.count, 7);
  fsa_arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_of_every_system),
      cmocka_unit_test(a_record_may_be_in_some_lists_only),
      cmocka_unit_test(a_circle_ends),
      cmocka_unit_test(a_link_into_nothing_is_damage),
      cmocka_unit_test(a_link_into_another_list_is_another_record),
      cmocka_unit_test(a_text_that_is_not_there_is_unknown),
      cmocka_unit_test(there_is_a_ceiling),
      cmocka_unit_test(lists_that_are_not_there_are_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
