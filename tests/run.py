#!/usr/bin/env python3
"""Runs the suites, prints the totals of each, ends with `N passed, N failed, N skipped`.

A suite is a command that ends with such a line of its own (or a cmocka program, whose closing lines
are read). Suites: unit cases generic interop fleet fuzz style docs windows sanitize.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
TOTALS = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
CMOCKA = {kind: re.compile(r"\[  %s  \] +(?:\w+: )?(\d+) test\(s\)" % word)
          for kind, word in (("passed", "PASSED"), ("failed", "FAILED"), ("skipped", "SKIPPED"))}
TIMEOUT = 600  # for what hangs; sanitized on a busy machine some take minutes
WAITING = ("osquery_conformance.py", "osquery_soak.py")  # minutes, most of which pass in waiting


def counts(output, status):
    """(passed, failed, skipped) of one command's output; a crash without totals is a failure."""
    plain = TOTALS.findall(output)
    if plain:
        last = plain[-1]
        result = [int(last[0]), int(last[1]), int(last[2] or 0)]
    else:
        result = [sum(int(n) for n in CMOCKA[kind].findall(output))
                  for kind in ("passed", "failed", "skipped")]
    if status != 0 and result[1] == 0:
        result[1] = 1
    return result


def run(command, env=None):
    """Runs one command; prints its output only where it failed or said why it skipped."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                              env={**os.environ, **(env or {})}, cwd=ROOT, stdin=subprocess.DEVNULL)
        output, status = done.stdout.decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode("utf-8", "replace") + "\nnot finished within %d s" % TIMEOUT
        status = 1
    return judge(command, output, status)


def run_all(commands, env=None):
    """The totals of each: on every core, and those that mostly wait beside them from the start."""
    ordered = sorted(commands, key=lambda command: os.path.basename(command[-1]) not in WAITING)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        return list(zip(ordered, pool.map(lambda command: run(command, env), ordered)))


def total_of(results):
    return [sum(column) for column in zip([0, 0, 0], *results)]


def judge(command, output, status):
    """The totals of a command that has ended; its output is shown where it failed or said why it skipped."""
    result = counts(output, status)
    if result[1]:
        print("\n--- %s (exit %d)\n%s" % (" ".join(command), status, output[-6000:]))
    else:
        for line in output.splitlines():
            if re.match(r"^\s*skip(ped)?\b", line, re.I):
                print("   ", line.strip())
    return result


def fixtures(build, env):
    """Every script make_<name>.py writes its fixtures below build/evidence."""
    out = os.path.join(build, "evidence")
    os.makedirs(out, exist_ok=True)
    failed = 0
    for script in sorted(glob.glob(os.path.join(ROOT, "tests/evidence/make_*.py"))):
        failed += run([sys.executable, script, out], env)[1]
    return [0, failed, 0]


def python(*patterns):
    return [[sys.executable, path] for pattern in patterns
            for path in sorted(glob.glob(os.path.join(ROOT, pattern)))]


def unit(build):
    return [[path] for path in sorted(glob.glob(os.path.join(build, "tests/unit-*")))]


def fuzz(build):
    commands = []
    for path in sorted(glob.glob(os.path.join(build, "tests/fuzz-*"))):
        corpus = os.path.join(ROOT, "tests/fuzz/corpus", os.path.basename(path)[len("fuzz-"):])
        commands.append([sys.executable, os.path.join(ROOT, "tests/fuzz/replay.py"), path, corpus])
    return commands


def sanitized():
    """The programs and the tests once more, with AddressSanitizer and UndefinedBehaviorSanitizer."""
    build = os.path.join(ROOT, "build-sanitize")
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DFSA_SANITIZE=ON",
                    "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -g"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build], check=True, stdout=subprocess.DEVNULL)
    env = {"FSA_BUILD": build, "FSA_SANITIZED": "1",
           "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=1",
           "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
    commands = unit(build) + fuzz(build) + python("tests/run-cases.py", "tests/generic.py", "tests/interop/*.py", "tests/fleet/test_*.py")
    return build, env, commands


def stop_wine(prefix):
    if os.path.isdir(prefix):
        subprocess.run(["wineserver", "-k"], env={**os.environ, "WINEPREFIX": prefix}, stderr=subprocess.DEVNULL)


def windows():
    """The cross-built programs under Wine: CTest runs the tests of build-windows and keeps their outputs."""
    build = os.environ.get("FSA_WINDOWS_BUILD", os.path.join(ROOT, "build-windows"))
    if not os.path.exists(os.path.join(build, "CTestTestfile.cmake")):
        print("    skipped windows: %s is not built; ./dev test windows builds it" % build)
        return [0, 0, 1]
    sums = fixtures(build, {"FSA_BUILD": build})
    report = os.path.join(build, "tests.xml")
    if os.path.exists(report):
        os.remove(report)
    # one Wine prefix for each lane of tests/CMakeLists.txt; its services start once and stay: started by a test
    # they would hold its pipes open, each time anew
    wine = {**os.environ, "FSA_WINESERVER": "stay"}
    prefixes = [os.path.join(build, name) for name in ("wine-1", "wine-2", "wine-3")]
    for prefix in prefixes:
        stop_wine(prefix)
        started = run([os.path.join(ROOT, "cmake/windows/wine"), "wineboot"], {**wine, "FSA_WINEPREFIX": prefix})
        sums = [a + b for a, b in zip(sums, started)]
    subprocess.run(["ctest", "--test-dir", build, "--output-junit", report, "--timeout", str(TIMEOUT), "-j", "3",
                    "--test-output-size-passed", "10000000", "--test-output-size-failed", "10000000"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=wine)
    for prefix in prefixes:
        stop_wine(prefix)
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        result = judge(["windows", case.get("name")], output, 0 if case.get("status") == "run" else 1)
        result[1] += sum(result) == 0  # it said nothing at all
        sums = [a + b for a, b in zip(sums, result)]
    return sums


SUITES = ("unit", "cases", "generic", "interop", "fleet", "fuzz", "style", "docs", "windows", "sanitize")


def commands_of(suite):
    plain = {"unit": unit(BUILD), "cases": python("tests/run-cases.py"), "generic": python("tests/generic.py"),
             "interop": python("tests/interop/*.py"), "fleet": python("tests/fleet/test_*.py"),
             "fuzz": fuzz(BUILD), "style": python("tests/style/*.py"), "docs": python("tests/docs.py")}
    return plain[suite]


def tell(suite, sums, began=None):
    seconds = "  (%.0f s)" % (time.monotonic() - began) if began else ""
    print("%-9s %d passed, %d failed, %d skipped%s" % (suite + ":", *sums, seconds), flush=True)


def plain_suites(names):
    """Those whose commands need no build of their own, all together: one suite alone leaves cores idle."""
    began = time.monotonic()
    commands = {name: commands_of(name) for name in names}
    results = run_all([command for name in names for command in commands[name]])
    sums = {name: total_of([result for command, result in results if command in commands[name]]) for name in names}
    for name in names:
        tell(name, sums[name])
    print("(%.0f s)" % (time.monotonic() - began), flush=True)
    return total_of(sums.values())


def sanitize_suite():
    build, env, commands = sanitized()
    return total_of([fixtures(build, env)] + [result for _, result in run_all(commands, env)])


BUILT = {"windows": windows, "sanitize": sanitize_suite}  # suites of a build of their own


def main():
    wanted = sys.argv[1:] or list(SUITES)
    unknown = [name for name in wanted if name not in SUITES]
    if unknown:
        sys.exit("no suite %s; there are: %s" % (unknown[0], " ".join(SUITES)))
    totals = [fixtures(BUILD, {"FSA_BUILD": BUILD}),
              plain_suites([name for name in wanted if name not in BUILT])]
    for name in wanted:
        if name in BUILT:
            began = time.monotonic()
            totals.append(BUILT[name]())
            tell(name, totals[-1], began)
    total = total_of(totals)
    print("%d passed, %d failed, %d skipped" % tuple(total))
    sys.exit(1 if total[1] else 0)


if __name__ == "__main__":
    main()
