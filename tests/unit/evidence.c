/* Evidence: layouts, patterns, links that stay inside, what is never opened, case folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "evidence/evidence.h"

/* One test's folder, and what was found and told in it. */
typedef struct Bench {
  char root[64];
  FsaEvidence *evidence;
  FsaArena arena;
  const FsaFound *found;
  size_t count;
  int problems;
  int last_code;
  char last_path[512];
} Bench;

/* ---- a folder of its own --------------------------------------------------------------------- */

static void bench_path(const Bench *bench, const char *name, char out[1024]) {
  snprintf(out, 1024, "%s/%s", bench->root, name);
}

/* Writes `text` to a file below the root, with its folders. */
static void put(const Bench *bench, const char *name, const char *text) {
  char path[1024];
  bench_path(bench, name, path);
  for (char *slash = path + strlen(bench->root) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void put_link(const Bench *bench, const char *name, const char *target) {
  char path[1024];
  bench_path(bench, name, path);
  assert_int_equal(symlink(target, path), 0);
}

static void setup(Bench *bench) {
  memset(bench, 0, sizeof *bench);
  snprintf(bench->root, sizeof bench->root, "/tmp/fsa-evidence-XXXXXX");
  assert_non_null(mkdtemp(bench->root));
}

static void teardown(Bench *bench) {
  char command[256];
  fsa_evidence_close(bench->evidence);
  fsa_arena_done(&bench->arena);
  snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", bench->root, bench->root);
  assert_int_equal(system(command), 0);
}

static void tell(void *context, int code, const char *path, const char *message) {
  Bench *bench = context;
  assert_non_null(message);
  bench->problems++;
  bench->last_code = code;
  snprintf(bench->last_path, sizeof bench->last_path, "%s", path);
}

static void look_in(Bench *bench, const char *name) {
  FsaError error;
  fsa_evidence_close(bench->evidence);
  bench->evidence = NULL;
  assert_int_equal(fsa_evidence_open(name, &bench->evidence, &error), FSA_OK);
}

static void look(Bench *bench) {
  look_in(bench, bench->root);
}

static void find_probed(Bench *bench, const char *pattern, bool (*probe)(FsaBytes)) {
  const char *patterns[] = {pattern, NULL};
  const FsaSeeker seeker = {.problem = tell, .context = bench};
  assert_int_equal(fsa_evidence_find(bench->evidence, patterns, probe, &bench->arena, &seeker,
                                     &bench->found, &bench->count),
                   FSA_OK);
}

static void find(Bench *bench, const char *pattern) {
  find_probed(bench, pattern, NULL);
}

/* The bytes of found file `index` are `text`. */
static void assert_holds(const Bench *bench, size_t index, const char *text) {
  FsaFile *file;
  FsaError error;
  FsaBytes bytes;
  assert_true(index < bench->count);
  assert_int_equal(fsa_file_open(bench->evidence, &bench->found[index], &file, &error), FSA_OK);
  assert_int_equal(fsa_file_bytes(file, 1 << 20, &bytes), FSA_OK);
  assert_int_equal(bytes.size, strlen(text));
  assert_memory_equal(bytes.data, text, bytes.size);
  fsa_file_close(file);
}

/* ---- layouts --------------------------------------------------------------------------------- */

static void expect_layout(const char *file, const char *layout, unsigned sources,
                          const char *pattern, const char *shown) {
  Bench bench;
  setup(&bench);
  put(&bench, file, "x");
  if (strcmp(layout, "cylr") == 0) put(&bench, "CyLR_Collection.log", "");
  look(&bench);
  assert_string_equal(fsa_evidence_layout(bench.evidence), layout);
  assert_int_equal(fsa_evidence_sources(bench.evidence), sources);
  find(&bench, pattern);
  assert_int_equal(bench.count, 1);
  assert_string_equal(bench.found[0].path, shown);
  assert_holds(&bench, 0, "x");
  assert_int_equal(bench.problems, 0);
  teardown(&bench);
}

static void test_layouts(void **state) {
  (void)state;
  const char *pattern = "Windows/System32/config/SYSTEM";
  expect_layout("Windows/System32/config/SYSTEM", "volume", FSA_WINDOWS_VOLUME, pattern,
                "C:\\Windows\\System32\\config\\SYSTEM");
  expect_layout("WINDOWS/system32/Config/system", "volume", FSA_WINDOWS_VOLUME, pattern,
                "C:\\WINDOWS\\system32\\Config\\system");
  expect_layout("WINNT/system32/config/SYSTEM", "volume", FSA_WINDOWS_VOLUME, pattern,
                "C:\\WINNT\\system32\\config\\SYSTEM");
  expect_layout("E/Windows/System32/config/SYSTEM", "kape", FSA_WINDOWS_VOLUME, pattern,
                "E:\\Windows\\System32\\config\\SYSTEM");
  expect_layout("C/Windows/System32/config/SYSTEM", "cylr", FSA_WINDOWS_VOLUME, pattern,
                "C:\\Windows\\System32\\config\\SYSTEM");
  expect_layout("uploads/auto/C%3A/Windows/System32/config/SYSTEM", "velociraptor",
                FSA_WINDOWS_VOLUME, pattern, "C:\\Windows\\System32\\config\\SYSTEM");
  expect_layout("uploads/ntfs/%5C%5C.%5CC%3A/Windows/a%254b", "velociraptor", FSA_WINDOWS_VOLUME,
                "Windows/a*", "C:\\Windows\\a%4b");
}

static void test_linux_layouts(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  put(&bench, "[root]/etc/passwd", "p");
  put(&bench, "[root]/var/log/syslog", "s");
  look(&bench);
  assert_string_equal(fsa_evidence_layout(bench.evidence), "uac");
  assert_int_equal(fsa_evidence_sources(bench.evidence), FSA_LINUX_ROOT);
  find(&bench, "**/syslog");
  assert_int_equal(bench.count, 1);
  assert_string_equal(bench.found[0].path, "/var/log/syslog");
  teardown(&bench);
}

static void test_one_path_collected_twice_is_one_file(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  put(&bench, "uploads/auto/C%3A/Windows/System32/x.evtx", "auto");
  put(&bench, "uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/x.evtx", "ntfs");
  put(&bench, "uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/y.evtx", "ntfs");
  look(&bench);
  find(&bench, "Windows/System32/*.evtx");
  assert_int_equal(bench.count, 2);
  assert_holds(&bench, 0, "auto");
  assert_holds(&bench, 1, "ntfs");
  teardown(&bench);
}

/* ---- patterns -------------------------------------------------------------------------------- */

static void make_linux(const Bench *bench) {
  put(bench, "etc/passwd", "root");
  put(bench, "etc/cron.d/a", "a");
  put(bench, "etc/cron.d/sub/b", "b");
  put(bench, "var/x", "x");
}

static void expect_count(Bench *bench, const char *pattern, size_t count) {
  find(bench, pattern);
  if (bench->count != count) print_error("%s: %zu\n", pattern, bench->count);
  assert_int_equal(bench->count, count);
}

static void test_patterns(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  make_linux(&bench);
  look(&bench);
  expect_count(&bench, "etc/passwd", 1);
  expect_count(&bench, "ETC/pass*", 1);
  expect_count(&bench, "etc/*", 1);
  expect_count(&bench, "etc/**", 3);
  expect_count(&bench, "**", 4);
  expect_count(&bench, "**/**/b", 1);
  expect_count(&bench, "etc/**/a", 1);
  expect_count(&bench, "*/cron.?/*", 1);
  expect_count(&bench, "etc/cron.d", 0);
  expect_count(&bench, "etc/passwd/x", 0);
  expect_count(&bench, "../*", 0);
  expect_count(&bench, "", 0);
  assert_int_equal(bench.problems, 0);
  teardown(&bench);
}

/* Allows a few directories. */
static bool is_over(void *context) {
  return --*(int *)context < 0;
}

static void test_a_look_ends_when_its_seeker_says_so(void **state) {
  (void)state;
  static const char *const patterns[] = {"**", NULL};
  Bench bench;
  int allowed = 1000;
  setup(&bench);
  make_linux(&bench);
  look(&bench);
  const FsaSeeker seeker = {.is_over = is_over, .context = &allowed};
  assert_int_equal(fsa_evidence_find(bench.evidence, patterns, NULL, &bench.arena, &seeker,
                                     &bench.found, &bench.count),
                   FSA_OK);
  allowed = 2;
  assert_int_equal(fsa_evidence_find(bench.evidence, patterns, NULL, &bench.arena, &seeker,
                                     &bench.found, &bench.count),
                   FSA_E_TIMEOUT);
  teardown(&bench);
}

static void test_overlapping_patterns_give_each_file_once(void **state) {
  (void)state;
  static const char *const patterns[] = {"etc/**", "etc/cron.d/*", "**/a", "etc/passwd", NULL};
  Bench bench;
  setup(&bench);
  make_linux(&bench);
  look(&bench);
  assert_int_equal(fsa_evidence_find(bench.evidence, patterns, NULL, &bench.arena, NULL,
                                     &bench.found, &bench.count),
                   FSA_OK);
  assert_int_equal(bench.count, 3);
  assert_string_equal(bench.found[0].path, "/etc/cron.d/a");
  assert_string_equal(bench.found[2].path, "/etc/passwd");
  teardown(&bench);
}

/* ---- links ----------------------------------------------------------------------------------- */

static void test_links_stay_inside(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  make_linux(&bench);
  put_link(&bench, "etc/absolute", "/etc/passwd");
  put_link(&bench, "etc/climbing", "../../../../../../../etc/passwd");
  put_link(&bench, "etc/environ", "/proc/self/environ");
  put_link(&bench, "etc/outside", "/../../../../../../../tmp");
  look(&bench);
  find(&bench, "etc/absolute");
  assert_int_equal(bench.count, 1);
  assert_holds(&bench, 0, "root");
  find(&bench, "etc/climbing");
  assert_holds(&bench, 0, "root");
  expect_count(&bench, "etc/environ", 0);
  expect_count(&bench, "etc/outside/*", 0);
  expect_count(&bench, "etc/*", 1); /* the links are other names of passwd */
  assert_string_equal(bench.found[0].path, "/etc/passwd");
  assert_int_equal(bench.problems, 0);
  teardown(&bench);
}

static void test_mount_point_in_a_link(void **state) {
  (void)state;
  Bench bench;
  char target[256];
  setup(&bench);
  put(&bench, "Users/bob/NTUSER.DAT", "hive");
  put(&bench, "Windows/System32/x", "");
  snprintf(target, sizeof target, "%s/Users", bench.root);
  put_link(&bench, "Documents and Settings", target);
  look(&bench);
  expect_count(&bench, "Users/*/NTUSER.DAT", 1);
  assert_string_equal(bench.found[0].path, "C:\\Users\\bob\\NTUSER.DAT");
  teardown(&bench);
}

static void test_loops_end(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  make_linux(&bench);
  put_link(&bench, "etc/one", "two");
  put_link(&bench, "etc/two", "one");
  put_link(&bench, "etc/here", ".");
  put_link(&bench, "etc/top", "/");
  look(&bench);
  expect_count(&bench, "etc/one", 0);
  assert_int_equal(bench.problems, 1);
  assert_int_equal(bench.last_code, FSA_E_LIMIT);
  assert_string_equal(bench.last_path, "/etc/one");
  expect_count(&bench, "etc/here/here/here/passwd", 1);
  expect_count(&bench, "etc/top/etc/top/etc/passwd", 1);
  bench.problems = 0;
  expect_count(&bench, "**/passwd", 1);
  assert_int_equal(bench.problems, 0);
  teardown(&bench);
}

/* ---- what is not a file ---------------------------------------------------------------------- */

static void test_fifo_is_never_opened(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  FsaError error;
  setup(&bench);
  make_linux(&bench);
  bench_path(&bench, "etc/fifo", path);
  assert_int_equal(mkfifo(path, 0644), 0);
  put_link(&bench, "etc/link", "fifo");
  look(&bench);
  expect_count(&bench, "etc/fifo", 0);
  expect_count(&bench, "etc/link", 0);
  assert_int_equal(fsa_evidence_open(path, &bench.evidence, &error), FSA_E_UNSUPPORTED);
  assert_non_null(strstr(error.message, "FIFO"));
  assert_int_equal(fsa_evidence_open("/dev/null", &bench.evidence, &error), FSA_E_UNSUPPORTED);
  assert_int_equal(fsa_evidence_open("/no/such/place", &bench.evidence, &error), FSA_E_ABSENT);
  assert_non_null(strstr(error.message, "check the path"));
  teardown(&bench);
}

static void test_names_that_are_no_text(void **state) {
  (void)state;
  Bench bench;
  setup(&bench);
  make_linux(&bench);
  put(&bench, "etc/a\xff", "one");
  put(&bench, "etc/a\xfe", "two");
  put(&bench, "etc/a\nb", "three");
  look(&bench);
  expect_count(&bench, "etc/a*", 3);
  for (size_t i = 0; i < bench.count; i++)
    assert_true(fsa_text_is_valid(bench.found[i].path, strlen(bench.found[i].path)));
  assert_string_equal(bench.found[0].path, "/etc/a\nb");
  assert_holds(&bench, 0, "three");
  assert_holds(&bench, 1, "two");
  assert_holds(&bench, 2, "one");
  teardown(&bench);
}

static void test_a_file_that_vanishes(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  FsaFile *file;
  FsaError error;
  setup(&bench);
  make_linux(&bench);
  look(&bench);
  find(&bench, "etc/passwd");
  bench_path(&bench, "etc/passwd", path);
  unlink(path);
  assert_int_equal(fsa_file_open(bench.evidence, &bench.found[0], &file, &error), FSA_E_ABSENT);
  assert_non_null(strstr(error.message, "/etc/passwd"));
  assert_int_equal(mkfifo(path, 0644), 0); /* swapped for something that would hold us */
  assert_int_equal(fsa_file_open(bench.evidence, &bench.found[0], &file, &error),
                   FSA_E_UNSUPPORTED);
  unlink(path);
  assert_int_equal(symlink("/etc/passwd", path), 0); /* or for a way out */
  assert_int_equal(fsa_file_open(bench.evidence, &bench.found[0], &file, &error),
                   FSA_E_UNSUPPORTED);
  teardown(&bench);
}

static void test_a_file_that_is_cut_while_open(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  FsaFile *file;
  FsaError error;
  FsaBytes bytes;
  setup(&bench);
  make_linux(&bench);
  look(&bench);
  find(&bench, "etc/passwd");
  assert_int_equal(fsa_file_open(bench.evidence, &bench.found[0], &file, &error), FSA_OK);
  bench_path(&bench, "etc/passwd", path);
  assert_int_equal(truncate(path, 2), 0);
  assert_int_equal(fsa_file_bytes(file, 3, &bytes), FSA_E_LIMIT);
  assert_int_equal(fsa_file_bytes(file, 100, &bytes), FSA_OK);
  assert_int_equal(bytes.size, 2);
  fsa_file_close(file);
  teardown(&bench);
}

/* Large enough for other memory than small files get. */
static void test_a_large_file_is_read_whole(void **state) {
  (void)state;
  enum { SIZE = 5000001 };
  Bench bench;
  FsaFile *file;
  FsaError error;
  FsaBytes bytes;
  char *text = malloc(SIZE + 1);
  assert_non_null(text);
  for (size_t i = 0; i < SIZE; i++) text[i] = (char)('a' + i % 23);
  text[SIZE] = '\0';
  setup(&bench);
  make_linux(&bench);
  put(&bench, "etc/large", text);
  look(&bench);
  find(&bench, "etc/large");
  assert_int_equal(fsa_file_open(bench.evidence, &bench.found[0], &file, &error), FSA_OK);
  assert_int_equal(fsa_file_bytes(file, SIZE - 1, &bytes), FSA_E_LIMIT);
  assert_int_equal(fsa_file_bytes(file, SIZE, &bytes), FSA_OK);
  assert_int_equal(bytes.size, SIZE);
  assert_memory_equal(bytes.data, text, SIZE);
  fsa_file_close(file);
  free(text);
  teardown(&bench);
}

/* Runs the refusals as a user that they stop: root reads everything. */
static void refused_as_nobody(Bench *bench) {
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
  look(bench);
  find(bench, "etc/**");
  if (bench->count != 1 || bench->problems != 1 || bench->last_code != FSA_E_ACCESS ||
      strcmp(bench->last_path, "/etc/closed") != 0)
    _exit(1);
  FsaFile *file;
  FsaError error;
  _exit(fsa_file_open(bench->evidence, &bench->found[0], &file, &error) == FSA_E_ACCESS ? 0 : 2);
}

static void test_refusals_are_told(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  setup(&bench);
  put(&bench, "etc/secret", "s");
  put(&bench, "etc/closed/x", "x");
  put(&bench, "var/x", "x");
  chmod(bench.root, 0755);
  bench_path(&bench, "etc/secret", path);
  chmod(path, 0);
  bench_path(&bench, "etc/closed", path);
  chmod(path, 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) refused_as_nobody(&bench);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  teardown(&bench);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    print_message("skipped: cannot become another user here\n");
    skip();
  }
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void searched_as_nobody(Bench *bench) {
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
  look(bench);
  find(bench, "etc/searched/x");
  if (bench->count != 1 || bench->problems != 1) _exit(1);
  find(bench, "etc/searched/y");
  _exit(bench->count == 0 ? 0 : 2);
}

static void test_a_folder_that_may_only_be_entered(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  setup(&bench);
  put(&bench, "etc/searched/x", "x");
  put(&bench, "var/x", "x");
  chmod(bench.root, 0755);
  bench_path(&bench, "etc/searched", path);
  chmod(path, 0111);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) searched_as_nobody(&bench);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  teardown(&bench);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip();
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- loose artefacts and cases --------------------------------------------------------------- */

static bool is_hive(FsaBytes head) {
  return fsa_bytes_match(&head, 0, "regf", 4);
}

static void test_loose_files(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  setup(&bench);
  put(&bench, "a/b/x.evtx", "ElfFile");
  put(&bench, "a/renamed", "regf");
  put(&bench, "a/notes.txt", "regfx");
  look(&bench);
  assert_string_equal(fsa_evidence_layout(bench.evidence), "loose");
  expect_count(&bench, "Windows/System32/winevt/Logs/*.evtx", 1);
  expect_count(&bench, "var/spool/cron/*", 0); /* a wildcard alone names nothing */
  find_probed(&bench, "Windows/System32/config/SYSTEM", is_hive);
  assert_int_equal(bench.count, 2);
  bench_path(&bench, "a/renamed", path);
  look_in(&bench, path);
  assert_int_equal(fsa_evidence_kind(bench.evidence), FSA_EVIDENCE_FILE);
  expect_count(&bench, "*.evtx", 0);
  find_probed(&bench, "*.evtx", is_hive);
  assert_int_equal(bench.count, 1);
  assert_string_equal(bench.found[0].path, path);
  teardown(&bench);
}

static void test_archives_are_named_not_misread(void **state) {
  (void)state;
  Bench bench;
  char path[1024];
  FsaError error;
  setup(&bench);
  put(&bench, "x.zip", "PK\003\004....");
  bench_path(&bench, "x.zip", path);
  assert_int_equal(fsa_evidence_open(path, &bench.evidence, &error), FSA_E_UNSUPPORTED);
  assert_non_null(strstr(error.message, "unpack it"));
  teardown(&bench);
}

static void test_case_folder(void **state) {
  (void)state;
  Bench bench;
  const FsaEvidenceInfo *list;
  size_t count;
  FsaError error;
  setup(&bench);
  put(&bench, "host-a/C/Windows/System32/x", "");
  put(&bench, "host-b/etc/hostname", "web-7\n");
  put(&bench, "host-b/var/x", "");
  put(&bench, "lone.evtx", "ElfFile\0");
  put(&bench, "x.zip", "PK\003\004....");
  put_link(&bench, "out", "/etc");
  look(&bench);
  assert_string_equal(fsa_evidence_layout(bench.evidence), "case");
  assert_int_equal(fsa_evidence_sources(bench.evidence), FSA_CASE_FOLDER);
  assert_int_equal(fsa_case_list(bench.root, &bench.arena, &list, &count, &error), FSA_OK);
  assert_int_equal(count, 5);
  assert_string_equal(list[0].layout, "kape");
  assert_string_equal(list[0].platform, "windows");
  assert_null(list[0].hostname);
  assert_string_equal(list[1].platform, "linux");
  assert_string_equal(list[1].hostname, "web-7");
  assert_string_equal(list[2].kind, "file");
  assert_int_equal(list[2].size, 7);
  assert_non_null(list[3].error); /* out: a link */
  assert_int_equal(fsa_case_admit(list[3].path, &error), FSA_E_UNSUPPORTED);
  assert_int_equal(fsa_case_admit(list[2].path, &error), FSA_OK);
  assert_string_equal(list[4].kind, "archive");
  assert_non_null(list[4].error);
  teardown(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layouts),
      cmocka_unit_test(test_linux_layouts),
      cmocka_unit_test(test_one_path_collected_twice_is_one_file),
      cmocka_unit_test(test_patterns),
      cmocka_unit_test(test_a_look_ends_when_its_seeker_says_so),
      cmocka_unit_test(test_overlapping_patterns_give_each_file_once),
      cmocka_unit_test(test_links_stay_inside),
      cmocka_unit_test(test_mount_point_in_a_link),
      cmocka_unit_test(test_loops_end),
      cmocka_unit_test(test_fifo_is_never_opened),
      cmocka_unit_test(test_names_that_are_no_text),
      cmocka_unit_test(test_a_file_that_vanishes),
      cmocka_unit_test(test_a_file_that_is_cut_while_open),
      cmocka_unit_test(test_a_large_file_is_read_whole),
      cmocka_unit_test(test_refusals_are_told),
      cmocka_unit_test(test_a_folder_that_may_only_be_entered),
      cmocka_unit_test(test_loose_files),
      cmocka_unit_test(test_archives_are_named_not_misread),
      cmocka_unit_test(test_case_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
