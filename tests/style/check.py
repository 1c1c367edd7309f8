#!/usr/bin/env python3
"""The house rules that a machine can see: who includes whom, banned words, lengths, names, sentences.

Prints figures (function lengths, share of comments), then `N passed, N failed, N skipped`; one test for
each rule, its failures listed with file and line.
"""
import fnmatch
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST_COLUMNS = 100
MOST_LINES = 120
MEDIAN, NINETIETH = 20, 60
MOST_SHOWN = 12

# Which project headers a layer may name. A path that ends in "/" stands for the folder and those in it, "/*.h"
# for the headers of the folder itself.
PROGRAM = ["os/program.h", "os/stream.h", "os/console.h", "os/folder.h", "os/naming.h"]  # no table needs these
LAYERS = {
    "core/base/": ["base/"],
    "core/formats/": ["base/", "formats/", "fsa.h"],
    # the texts of /proc, the answers of the NT kernel: docs/architecture.md
    "core/os/": ["base/", "formats/procfs.h", "formats/nt_*.h", "fsa.h", "os/"],
    "core/evidence/": ["base/", "formats/", "os/", "evidence/", "fsa.h"],
    "core/engine/": ["base/", "evidence/", "os/", "engine/", "fsa.h"],
    "core/sql/": ["base/", "engine/", "evidence/", "sql/", "fsa.h"],
    "tables/": ["fsa.h", "base/", "formats/", "os/*.h", "evidence/registry.h", "catalog/"],
    "extension/": ["base/", "sql/", "engine/", "evidence/", "os/files.h", "fsa.h", "osquery/", *PROGRAM],
    "shell/": ["base/", "sql/", "engine/", "evidence/", "fsa.h", *PROGRAM],
    "scoring/text/": ["base/", "text/", *PROGRAM],
    "scoring/net/": ["base/", "net/"],
    "scoring/pack/": ["base/", "text/", "pack/"],
    "scoring/hosts/": ["base/", "text/", "net/", "hosts/"],
    "scoring/log/": ["base/", "text/", "pack/", "log/", *PROGRAM],
    "scoring/case/": ["base/", "text/", "hosts/", "log/", "case/", *PROGRAM],
    "scoring/ingest/": ["base/", "text/", "log/", "case/", "ingest/", *PROGRAM],
    "scoring/store/": ["base/", "text/", "net/", "case/", "store/"],
    "scoring/method/": ["base/", "text/", "pack/", "log/", "case/", "store/", "method/"],
    "scoring/report/": ["base/", "text/", "case/", "ingest/", "method/", "report/", *PROGRAM],
    "scoring/command/": ["base/", "text/", "hosts/", "case/", "ingest/", "store/", "method/", "report/", "command/",
                         *PROGRAM],
}
# System headers that would carry a layer's knowledge past its border.
FOREIGN = {
    "core/base/": r"sqlite3|glib|windows\.h|thrift",
    "core/formats/": r"sqlite3|glib|windows\.h|thrift|unistd\.h|fcntl\.h|dirent\.h|sys/stat\.h|sys/mman\.h",
    "core/os/": r"sqlite3|glib|thrift",
    "core/evidence/": r"sqlite3|glib|thrift",
    "core/engine/": r"sqlite3|glib|thrift",
    "core/sql/": r"glib|thrift|windows\.h",
    "tables/": r"sqlite3|glib|thrift|windows\.h|unistd\.h|fcntl\.h|dirent\.h|sys/(stat|mman|ptrace|socket)\.h",
    "shell/": r"glib|thrift",
}
BANNED = ["sprintf", "vsprintf", "strcpy", "strcat", "strncpy", "strncat", "atoi", "atol", "atof", "strtok", "gets",
          "alloca", "setjmp"]
NO_NOUNS = re.compile(r"(^|_)(utils?|misc|helpers?|common|stuff)(_|\.|$)")
# A path of the machine that something was written on: where this tree lies, and the home of who runs the test.
HOME = os.path.expanduser("~")
ABOVE = os.path.dirname(ROOT)
MACHINE = re.compile(r"(?<![\w.~$}])(%s)[/\w]" % "|".join(
    [re.escape(place + "/") for place in (ABOVE, HOME) if place not in ("/", "/root", "/tmp", "/home")] or ["(?!)"]))
DOCS = ["README.md", "docs/architecture.md", "docs/adding-a-table.md"]

totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, failures):
    totals["fail" if failures else "pass"] += 1
    if failures:
        print("FAIL %s (%d)" % (name, len(failures)))
        for line in failures[:MOST_SHOWN]:
            print("  " + line)
        if len(failures) > MOST_SHOWN:
            print("  ...")


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def listed():
    """All files of the repository, those that are new included."""
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE)
    return sorted(set(line for line in out.stdout.decode().splitlines() if os.path.isfile(os.path.join(ROOT, line))))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def blank(found):
    """The same number of lines and columns, without the text."""
    return re.sub(r"[^\n]", " ", found.group(0))


PARTS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def code_of(text):
    """The text with comments and literals blanked; quotes of literals stay."""
    def cut(found):
        part = found.group(0)
        return blank(found) if part[0] == "/" else part[0] + " " * (len(part) - 2) + part[-1]
    return PARTS.sub(cut, text)


class Source:
    """A C file: its text, its code without comments and literals, its functions."""

    def __init__(self, path):
        self.path, self.text = path, read(path)
        self.code = code_of(self.text)
        self.lines, self.code_lines = self.text.split("\n"), self.code.split("\n")

    def layer(self):
        return next((layer for layer in LAYERS if self.path.startswith(layer)), None)

    def is_ours(self):
        return not self.path.startswith("tests/")

    def functions(self):
        """(first line, lines) of each function, from its head to its closing brace."""
        start = None
        for number, line in enumerate(self.code_lines, 1):
            if start is None and re.match(r"^[A-Za-z_].*[^;=,]\s*\{\s*$|^\s{4,}.*\)\s*\{\s*$", line) and "(" in line + "".join(
                    self.code_lines[max(0, number - 4):number]):
                head = number
                while head > 1 and not re.match(r"^[A-Za-z_]", self.code_lines[head - 1]):
                    head -= 1
                words = " ".join(self.code_lines[head - 1:number])
                if not re.match(r"^(typedef|struct|enum|union|extern)\b(?!.*\()", words) and "=" not in words.split("(")[0]:
                    start = head
            elif start is not None and line.startswith("}"):
                yield start, number - start + 1
                start = None

    def comment_lines(self):
        """Lines that hold a comment, beside code or alone."""
        only = PARTS.sub(lambda f: "#" * 2 + re.sub(r"\S", "#", f.group(0)[2:]) if f.group(0)[0] == "/" else blank(f),
                         self.text)
        bare = PARTS.sub(lambda f: blank(f), self.text)
        return sum(1 for a, b in zip(only.split("\n"), bare.split("\n")) if a.count("#") > b.count("#"))


def search(sources, pattern, of=lambda s: s.code_lines, where=lambda s: True, message="%s"):
    found = []
    regex = re.compile(pattern)
    for source in sources:
        if where(source):
            for number, line in enumerate(of(source), 1):
                hit = regex.search(line)
                if hit:
                    found.append("%s:%d: %s" % (source.path, number, message % hit.group(0).strip()))
    return found


def allowed(name, layer):
    return any((fnmatch.fnmatch(name, rule) and name.count("/") == rule.count("/"))
               or (rule.endswith("/") and name.startswith(rule)) for rule in LAYERS[layer])


def check_layers(sources):
    wrong = []
    known = {os.path.relpath(path, "core") for path in (s.path for s in sources) if path.startswith("core/")}
    known |= {os.path.relpath(s.path, "tables") for s in sources if s.path.startswith("tables/")}
    for source in sources:
        layer = source.layer()
        if not layer:
            continue
        for number, line in enumerate(source.lines, 1):
            local = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            system = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            if local and local.group(1) in known and (not allowed(local.group(1), layer) or
                                                      layer == "tables/" and local.group(1) in PROGRAM):
                wrong.append("%s:%d: %s may not include %s" % (source.path, number, layer, local.group(1)))
            elif system and layer in FOREIGN and re.search(FOREIGN[layer], system.group(1)):
                wrong.append("%s:%d: %s may not include <%s>" % (source.path, number, layer, system.group(1)))
    test("layers include only what stands below them", wrong)


def check_words(sources):
    ours = [s for s in sources if s.is_ours()]
    test("banned functions", search(ours, r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED)))
    test("no // comments", [
        "%s:%d" % (s.path, n) for s in sources
        for n, line in enumerate(PARTS.sub(lambda f: f.group(0) if f.group(0).startswith("//") else blank(f), s.text)
                                 .split("\n"), 1) if "//" in line])
    test("no `long` for sizes", search(ours, r"(?<!long )\blong\s+(size|offset|length|count)\b(?!\s*=\s*(strto|ftell|sysconf))"))
    test("no TODO, FIXME, XXX", search(sources, r"\b(TODO|FIXME|XXX)\b", of=lambda s: s.lines))
    test("systems are told apart in core/os only", search(
        ours, r"^\s*#\s*(if|elif)\S*\s.*\b(_WIN32|__linux__|__APPLE__|_MSC_VER)\b", of=lambda s: s.lines,
        where=lambda s: not s.path.startswith(("core/os/", "extension/", "shell/"))))
    test("tables know no /proc", search(
        ours, r'"/proc(/|")', of=lambda s: PARTS.sub(lambda f: blank(f) if f.group(0)[0] == "/" else f.group(0),
                                                          s.text).split("\n"),
        where=lambda s: s.path.startswith("tables/") and not s.path.startswith("tables/catalog/")))
    test("layers below the doors never print", search(
        ours, r"(?<![\w.>])(printf|puts|putchar|perror|fprintf|fputs)\s*\(",
        where=lambda s: s.path.startswith(("core/", "tables/"))))
    test("nothing ends the process", search(
        ours, r"(?<![\w.>])(abort|exit|_exit|assert)\s*\(",
        where=lambda s: s.path.startswith(("core/", "tables/"))))


def check_form(sources):
    test("lines of at most %d columns" % MOST_COLUMNS, [
        "%s:%d: %d columns" % (s.path, n, len(line)) for s in sources if s.is_ours()
        for n, line in enumerate(s.lines, 1) if len(line) > MOST_COLUMNS])
    test("no tabs, no blanks at the end of a line", search(sources, r"\t|[ \t]+$", of=lambda s: s.lines))
    test("a file ends with one newline", [s.path for s in sources if not s.text.endswith("\n") or s.text.endswith("\n\n")])
    test("a file starts with a comment that says what it is", [
        s.path for s in sources if not s.text.startswith("/*")])
    test("headers have guards named after their path", [
        "%s: no FSA_..._H" % s.path for s in sources if s.path.endswith(".h") and s.path.startswith("core/")
        and not re.search(r"#ifndef FSA_\w*H\n#define FSA_\w*H\n", s.text)])
    test("public functions are declared in a header", undeclared(sources))


def undeclared(sources):
    """Functions that could be static: defined without it, declared in no header."""
    headers = "\n".join(s.code for s in sources if s.path.endswith(".h"))
    wrong = []
    for source in sources:
        if not source.path.endswith(".c") or not source.is_ours():
            continue
        for number, line in enumerate(source.code_lines, 1):
            if " static " in line or number > 1 and source.code_lines[number - 2].startswith(("static", "__attribute__")):
                continue
            found = re.match(r"^(?!static|typedef|extern|return|else)[A-Za-z_][\w *]*?[ *](\w+)\(.*[^;]$", line)
            if found and found.group(1) not in ("main", "__attribute__") and not found.group(1).startswith("sqlite3_") \
                    and not re.search(r"\b%s\b" % found.group(1), headers):
                wrong.append("%s:%d: %s" % (source.path, number, found.group(1)))
    return wrong


def check_functions(sources):
    lengths = []
    wrong = []
    for source in sources:
        if not source.is_ours() or not source.path.endswith(".c"):
            continue
        for line, count in source.functions():
            lengths.append(count)
            if count > MOST_LINES:
                wrong.append("%s:%d: %d lines" % (source.path, line, count))
    lengths.sort()
    if not lengths:
        return skip("function lengths", "no functions")
    median, ninetieth = statistics.median(lengths), lengths[int(len(lengths) * 0.9)]
    print("functions: %d, median %g lines, 90th percentile %d, longest %d" % (len(lengths), median, ninetieth, lengths[-1]))
    test("functions of at most %d lines" % MOST_LINES, wrong)
    test("median of functions at most %d lines" % MEDIAN, [] if median <= MEDIAN else ["%g" % median])
    test("90th percentile at most %d lines" % NINETIETH, [] if ninetieth <= NINETIETH else ["%d" % ninetieth])


def report_comments(sources):
    for name in sorted({s.path.split("/")[0] for s in sources}):
        part = [s for s in sources if s.path.startswith(name + "/")]
        lines = sum(sum(1 for line in s.lines if line.strip()) for s in part)
        comments = sum(s.comment_lines() for s in part)
        print("comments: %-10s %3d %% of %d lines" % (name, 100 * comments // max(lines, 1), lines))


def check_names(files):
    test("a file is named after a thing", [path for path in files if NO_NOUNS.search(os.path.basename(path))])
    tables = [path for path in files if re.fullmatch(r"tables/\w+\.c", path)]
    test("every table has its cases", [
        "%s: no tests/cases/%s.test" % (path, os.path.basename(path)[:-2]) for path in tables
        if "tests/cases/%s.test" % os.path.basename(path)[:-2] not in files])
    test("a table's symbol and name are its file's", [
        path for path in tables for name in [os.path.basename(path)[:-2]]
        if "const FsaTable fsa_table_%s = {" % name not in read(path) or '.name = "%s"' % name not in read(path)])
    fuzzed = [os.path.basename(path)[:-2] for path in files if re.fullmatch(r"tests/fuzz/\w+\.c", path)]
    test("every fuzz target has a corpus", [
        name for name in fuzzed if name != "replay" and not any(p.startswith("tests/fuzz/corpus/%s/" % name) for p in files)])
    test("the documents stand", [path for path in DOCS if path not in files])
    test("formats are documented", [
        "%s: no docs/formats/%s.md" % (path, name) for path in files for name in [os.path.basename(path)[:-2]]
        if re.fullmatch(r"core/formats/(regf|evtx|appcompatcache)\.h", path)
        and not any(re.fullmatch(r"docs/formats/(%s|shimcache)\.md" % name, p) for p in files)])
    check_sentences(tables)


def check_sentences(tables):
    """Every column's help is a sentence. Each entry of an FsaColumn array: {"name", TYPE, flags, "help"}."""
    wrong = []
    for path in tables:
        text = read(path)
        entries = re.findall(r'\{\s*"(\w+)",\s*FSA_[A-Z]+,[^"]*((?:"(?:\\.|[^"\\])*"\s*)+)\}', text)
        if not entries and "FsaColumn" in text:
            wrong.append("%s: no columns found" % path)
        for name, help_text in entries:
            words = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', help_text))
            if not words.endswith("."):
                wrong.append("%s: %s: %r" % (path, name, words[-50:]))
        for field in ("summary", "proves", "caveat"):
            found = re.search(r"\.%s =\s*((?:\"(?:\\.|[^\"\\])*\"\s*)+)" % field, text)
            if not found or not found.group(1).rstrip().endswith('."'):
                wrong.append("%s: .%s is no sentence" % (path, field))
    test("every column and table speaks in sentences", wrong)


def check_places(files):
    wrong = []
    for path in files:
        if path.startswith("tests/fuzz/corpus/") or path == "tests/style/check.py":
            continue
        for number, line in enumerate(read(path).split("\n"), 1):
            found = MACHINE.search(line)
            if found:
                wrong.append("%s:%d: %s" % (path, number, found.group(0)))
    test("no path of one machine", wrong)


def check_layout(sources):
    """clang-format, once the whole tree follows it; until then only the figure."""
    tool = shutil.which("clang-format") or next(iter(sorted(glob.glob("/usr/bin/clang-format-*"))), None)
    if not tool:
        return skip("clang-format", "not installed")
    paths = [os.path.join(ROOT, s.path) for s in sources if s.is_ours()]
    out = subprocess.run([tool, "--dry-run", "-style=file", *paths], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    places = re.findall(r"^(\S+?):\d+:\d+: warning", out.stderr.decode("utf-8", "replace"), re.M)
    if not places:
        return test("clang-format", [])
    skip("clang-format", "%d of %d files are laid out by hand" % (len(set(places)), len(paths)))


def main():
    files = listed()
    sources = [Source(path) for path in files if re.search(r"\.[ch]$", path) and not path.startswith("tests/fuzz/corpus/")]
    check_layers(sources)
    check_words(sources)
    check_form(sources)
    check_functions(sources)
    check_names(files)
    check_places(files)
    check_layout(sources)
    report_comments(sources)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    sys.exit(1 if totals["fail"] else 0)


if __name__ == "__main__":
    main()
