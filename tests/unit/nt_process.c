/* formats/nt_process: what the NT kernel answers about processes. */
#include "formats/nt_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS UINT64_C(0x1D0000) /* where the buffer lay when it was filled */

/* ---- a buffer that is written as the kernel does --------------------------------------------- */

typedef struct Answer {
  uint8_t bytes[4096];
  size_t size;
} Answer;

static void put(Answer *answer, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) answer->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_text(Answer *answer, size_t head, size_t at, const char *text) {
  const size_t size = 2 * strlen(text);
  for (size_t i = 0; text[i]; i++) put(answer, at + 2 * i, (uint8_t)text[i], 2);
  put(answer, head, size, 2);
  put(answer, head + 2, size + 2, 2);
  put(answer, head + 8, ADDRESS + at, 8);
}

/* One process with its threads and its name behind them; gives its offset. */
static size_t add_process(Answer *answer, uint64_t pid, const char *name, unsigned threads) {
  const size_t at = answer->size, name_at = at + 0x100 + threads * 0x50u;
  put(answer, at + 0x04, threads, 4);
  put(answer, at + 0x20, UINT64_C(132000000000000000) + pid, 8);
  put(answer, at + 0x28, 20, 8);
  put(answer, at + 0x30, 30, 8);
  put(answer, at + 0x48, 8, 4);
  put(answer, at + 0x50, pid, 8);
  put(answer, at + 0x58, 4, 8);
  put(answer, at + 0x60, 321, 4);
  put(answer, at + 0x64, 1, 4);
  put(answer, at + 0x78, 1u << 30, 8);
  put(answer, at + 0x90, 1u << 20, 8);
  put(answer, at + 0xE8, 1000, 8);
  put(answer, at + 0xF0, 2000, 8);
  for (unsigned i = 0; i < threads; i++) {
    const size_t thread = at + 0x100 + i * 0x50u;
    put(answer, thread + 0x20, 0x7FF800000000 + i, 8);
    put(answer, thread + 0x28, pid, 8);
    put(answer, thread + 0x30, pid + 4 + 4 * i, 8);
    put(answer, thread + 0x44, FSA_NT_THREAD_WAITING, 4);
    put(answer, thread + 0x48, FSA_NT_WAIT_SUSPENDED, 4);
  }
  if (*name) put_text(answer, at + 0x38, name_at, name);
  answer->size = (name_at + 2 * strlen(name) + 2 + 7) & ~(size_t)7;
  return at;
}

static Answer two_processes(void) {
  Answer answer = {.size = 0};
  add_process(&answer, 0, "", 2);
  put(&answer, 0, answer.size, 4);
  add_process(&answer, 812, "lsass.exe", 3);
  return answer;
}

static FsaBytes bytes_of(const Answer *answer) {
  return fsa_bytes(answer->bytes, answer->size);
}

static void assert_utf16(FsaBytes text, const char *expected) {
  assert_int_equal(text.size, 2 * strlen(expected));
  for (size_t i = 0; expected[i]; i++) assert_int_equal(text.data[2 * i], expected[i]);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void a_list_of_two(void **state) {
  (void)state;
  const Answer answer = two_processes();
  FsaNtProcesses list = fsa_nt_processes(bytes_of(&answer), ADDRESS);
  FsaNtProcess process;
  FsaNtThread thread;
  assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_ROW);
  assert_int_equal(process.pid, 0);
  assert_int_equal(process.name.size, 0);
  assert_int_equal(process.threads_listed, 2);
  assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_ROW);
  assert_int_equal(process.pid, 812);
  assert_int_equal(process.parent, 4);
  assert_utf16(process.name, "lsass.exe");
  assert_int_equal(process.create_time, UINT64_C(132000000000000812));
  assert_int_equal(process.user_time, 20);
  assert_int_equal(process.kernel_time, 30);
  assert_int_equal(process.session, 1);
  assert_int_equal(process.handle_count, 321);
  assert_int_equal(process.base_priority, 8);
  assert_int_equal(process.virtual_size, 1 << 30);
  assert_int_equal(process.working_set, 1 << 20);
  assert_int_equal(process.read_bytes, 1000);
  assert_int_equal(process.written_bytes, 2000);
  assert_int_equal(process.thread_count, 3);
  assert_true(fsa_nt_thread(&process, 2, &thread));
  assert_int_equal(thread.pid, 812);
  assert_int_equal(thread.tid, 824);
  assert_int_equal(thread.start_address, UINT64_C(0x7FF800000002));
  assert_int_equal(thread.state, FSA_NT_THREAD_WAITING);
  assert_int_equal(thread.wait_reason, FSA_NT_WAIT_SUSPENDED);
  assert_false(fsa_nt_thread(&process, 3, &thread));
  assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_OK);
  assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_OK);
}

static void a_list_cut_at_every_byte(void **state) {
  (void)state;
  const Answer answer = two_processes();
  const size_t second = 0x100 + 2 * 0x50 + 8;
  for (size_t size = 0; size < answer.size; size++) {
    FsaNtProcesses list = fsa_nt_processes(fsa_bytes(answer.bytes, size), ADDRESS);
    FsaNtProcess process;
    FsaNtThread thread;
    const int first = fsa_nt_processes_next(&list, &process);
    assert_int_equal(first, size < second ? FSA_E_FORMAT : FSA_ROW);
    if (first != FSA_ROW) continue;
    const int result = fsa_nt_processes_next(&list, &process);
    assert_int_equal(result, size < second + 0x100 ? FSA_E_FORMAT : FSA_ROW);
    for (uint32_t i = 0; result == FSA_ROW && i < process.threads_listed; i++)
      assert_true(fsa_nt_thread(&process, i, &thread));
    assert_true(fsa_nt_processes_next(&list, &process) == FSA_OK);
  }
}

static void a_name_that_lies_elsewhere(void **state) {
  (void)state;
  static const uint64_t pointers[] = {0, ADDRESS - 1, ADDRESS + 4096, UINT64_MAX, ADDRESS + 4000};
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
    Answer answer = {.size = 0};
    add_process(&answer, 812, "lsass.exe", 0);
    put(&answer, 0x40, pointers[i], 8);
    FsaNtProcesses list = fsa_nt_processes(bytes_of(&answer), ADDRESS);
    FsaNtProcess process;
    assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_ROW);
    assert_int_equal(process.name.size, 0);
    assert_int_equal(process.pid, 812);
  }
}

static void more_threads_than_there_is_room_for(void **state) {
  (void)state;
  Answer answer = two_processes();
  put(&answer, 0x04, UINT32_MAX, 4);
  FsaNtProcesses list = fsa_nt_processes(bytes_of(&answer), ADDRESS);
  FsaNtProcess process;
  assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_ROW);
  assert_int_equal(process.thread_count, UINT32_MAX);
  assert_int_equal(process.threads_listed, 2); /* what lies before the next process */
}

static void entries_that_lead_astray(void **state) {
  (void)state;
  static const uint32_t nexts[] = {1, 0xFF, 0x7FFFFFFF, UINT32_MAX};
  for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++) {
    Answer answer = two_processes();
    put(&answer, 0, nexts[i], 4);
    FsaNtProcesses list = fsa_nt_processes(bytes_of(&answer), ADDRESS);
    FsaNtProcess process;
    assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_E_FORMAT);
    assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_OK);
  }
  Answer answer = two_processes();
  put(&answer, 0x50, UINT64_MAX, 8); /* a pid that is none */
  FsaNtProcesses list = fsa_nt_processes(bytes_of(&answer), ADDRESS);
  FsaNtProcess process;
  assert_int_equal(fsa_nt_processes_next(&list, &process), FSA_E_FORMAT);
}

/* ---- one process ----------------------------------------------------------------------------- */

static void basic_information(void **state) {
  (void)state;
  Answer answer = {.size = 48};
  FsaNtBasic basic;
  put(&answer, 0, 259, 4);
  put(&answer, 8, 0x7FF5000, 8);
  put(&answer, 0x20, 812, 8);
  put(&answer, 0x28, 640, 8);
  assert_int_equal(fsa_nt_basic(bytes_of(&answer), &basic), FSA_OK);
  assert_int_equal(basic.exit_code, 259);
  assert_int_equal(basic.block, 0x7FF5000);
  assert_int_equal(basic.pid, 812);
  assert_int_equal(basic.parent, 640);
  assert_false(basic.has_flags);
  assert_int_equal(fsa_nt_basic(fsa_bytes(answer.bytes, 47), &basic), FSA_E_FORMAT);
}

static void extended_basic_information(void **state) {
  (void)state;
  Answer answer = {.size = 64};
  FsaNtBasic basic;
  put(&answer, 0, 64, 8);
  put(&answer, 8 + 0x20, 2400, 8);
  put(&answer, 8 + 0x28, 4, 8);
  put(&answer, 0x38, FSA_NT_PROCESS_SUBSYSTEM, 4);
  assert_int_equal(fsa_nt_basic(bytes_of(&answer), &basic), FSA_OK);
  assert_int_equal(basic.pid, 2400);
  assert_int_equal(basic.parent, 4);
  assert_int_equal(basic.block, 0);
  assert_true(basic.has_flags && basic.flags == FSA_NT_PROCESS_SUBSYSTEM);
}

static void protections(void **state) {
  (void)state;
  assert_string_equal(fsa_nt_protection_name(0), "None");
  assert_string_equal(fsa_nt_protection_name(0x41), "PsProtectedSignerLsa-Light");
  assert_string_equal(fsa_nt_protection_name(0x31), "PsProtectedSignerAntimalware-Light");
  assert_string_equal(fsa_nt_protection_name(0x72), "PsProtectedSignerWinSystem");
  assert_null(fsa_nt_protection_name(0xF1));
  assert_null(fsa_nt_protection_name(0x03));
}

/* ---- the environment block ------------------------------------------------------------------- */

static void parameters_of_both_widths(void **state) {
  (void)state;
  Answer answer = {.size = FSA_NT_PARAMETERS_SIZE};
  FsaNtPeb peb;
  FsaNtParameters parameters;
  put(&answer, 2, 1, 1);
  put(&answer, 0x10, UINT64_C(0x7FF712340000), 8);
  put(&answer, 0x20, UINT64_C(0x1F5A0), 8);
  assert_int_equal(fsa_nt_peb(bytes_of(&answer), FSA_NT_64, &peb), FSA_OK);
  assert_true(peb.is_debugged);
  assert_int_equal(peb.image_base, UINT64_C(0x7FF712340000));
  assert_int_equal(peb.parameters, 0x1F5A0);

  answer = (Answer){.size = FSA_NT_PARAMETERS_SIZE};
  put(&answer, 8, 1, 4);
  put(&answer, 0x38, 20, 2);
  put(&answer, 0x40, 0x20000, 8);
  put(&answer, 0x70, 21, 2); /* an odd length loses half a character */
  put(&answer, 0x78, 0x30000, 8);
  assert_int_equal(fsa_nt_parameters(bytes_of(&answer), FSA_NT_64, 0x1F5A0, &parameters), FSA_OK);
  assert_int_equal(parameters.cwd.address, 0x20000);
  assert_int_equal(parameters.cwd.size, 20);
  assert_int_equal(parameters.command_line.size, 20);
  assert_int_equal(parameters.window_title.address, 0);

  put(&answer, 8, 0, 4); /* not normalized: offsets */
  assert_int_equal(fsa_nt_parameters(bytes_of(&answer), FSA_NT_64, 0x1F5A0, &parameters), FSA_OK);
  assert_int_equal(parameters.cwd.address, 0x20000 + 0x1F5A0);
  put(&answer, 0x40, UINT64_MAX, 8);
  assert_int_equal(fsa_nt_parameters(bytes_of(&answer), FSA_NT_64, 0x1F5A0, &parameters), FSA_OK);
  assert_int_equal(parameters.cwd.address, 0);

  answer = (Answer){.size = FSA_NT_PARAMETERS_SIZE};
  put(&answer, 8, 1, 4);
  put(&answer, 0x24, 6, 2);
  put(&answer, 0x28, 0x40000, 4);
  assert_int_equal(fsa_nt_parameters(bytes_of(&answer), FSA_NT_32, 0, &parameters), FSA_OK);
  assert_int_equal(parameters.cwd.address, 0x40000);
  assert_int_equal(parameters.cwd.size, 6);
  assert_int_equal(fsa_nt_parameters(fsa_bytes(answer.bytes, 0x70), FSA_NT_32, 0, &parameters),
                   FSA_E_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_of_two),
      cmocka_unit_test(a_list_cut_at_every_byte),
      cmocka_unit_test(a_name_that_lies_elsewhere),
      cmocka_unit_test(more_threads_than_there_is_room_for),
      cmocka_unit_test(entries_that_lead_astray),
      cmocka_unit_test(basic_information),
      cmocka_unit_test(extended_basic_information),
      cmocka_unit_test(protections),
      cmocka_unit_test(parameters_of_both_widths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
