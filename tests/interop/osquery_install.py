#!/usr/bin/env python3
"""How fsa.ext comes to a host: extension/install/install.sh below a prefix, what it must refuse, the examples
beside it, and Fleet's YAML of the tables, read by an independent reader.

Runs as who runs it; as root, once more as nobody.
"""
import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
EXTENSION = os.path.join(BUILD, "bin/fsa.ext")
FOLDER = os.path.join(ROOT, "extension/install")
PLACE, LIST, FLAGS = "/usr/lib/osquery/extensions/fsa.ext", "/etc/osquery/extensions.load", "/etc/osquery/osquery.flags"
NOBODY = 65534
SHELLS = (["dash"], ["bash", "--posix"], ["busybox", "sh"])
# osquery's own flags for extensions; others do not exist.
OSQUERY_FLAGS = {"disable_extensions", "extensions_socket", "extensions_autoload", "extensions_timeout",
                 "extensions_interval", "extensions_require", "extensions_default_index"}
PLATFORMS = {"darwin", "windows", "linux", "chrome"}
TYPES = {"text", "integer", "bigint", "double", "blob"}
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def same(name, got, expected):
    test(name, got == expected, "got %r, expected %r" % (got, expected))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.chmod(path, mode)


@contextlib.contextmanager
def image():
    """An empty folder to install below, which nobody else may write to."""
    before = os.umask(0o022)
    folder = tempfile.mkdtemp(prefix="fsa-install-")
    os.chmod(folder, 0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        os.umask(before)


def install(*arguments, shell=(), **options):
    """(exit code, what it says, its errors)"""
    done = subprocess.run([*shell, os.path.join(FOLDER, "install.sh"), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def tree(folder):
    """Everything below, with modes and contents."""
    found = {}
    for place, _, names in os.walk(folder):
        for path in [place] + [os.path.join(place, name) for name in names]:
            facts = os.lstat(path)
            digest = digest_of(path) if stat.S_ISREG(facts.st_mode) else ""
            found[path[len(folder):]] = (oct(facts.st_mode), facts.st_uid, facts.st_gid, digest)
    return found


def files(folder):
    return {path for path, facts in tree(folder).items() if facts[3]}


# ---- installing ----------------------------------------------------------------------------------------

def check_installed(name, folder):
    path = folder + PLACE
    test(name + ": the file is there", os.path.isfile(path))
    same(name + ": it is the file", digest_of(path), digest_of(EXTENSION))
    same(name + ": its mode", oct(os.stat(path).st_mode & 0o7777), oct(0o755))
    same(name + ": nothing beside it", os.listdir(os.path.dirname(path)), ["fsa.ext"])
    same(name + ": it is listed once", [line.strip() for line in read(folder + LIST).split("\n")].count(PLACE), 1)
    if os.geteuid() == 0:
        same(name + ": it belongs to root", (os.stat(path).st_uid, os.stat(path).st_gid), (0, 0))


def twice():
    with image() as folder:
        code, said, errors = install("--prefix", folder, EXTENSION)
        same("installs", (code, errors), (0, ""))
        check_installed("first", folder)
        test("it says which flags are needed", "--extensions_require=fsa" in said and "--extensions_timeout=10" in said, said)
        test("it says how to see that it works", "osquery_extensions" in said, said)
        before = tree(folder)
        code, said, errors = install("--prefix", folder, EXTENSION)
        same("installs again", (code, errors), (0, ""))
        same("the second time changes nothing", tree(folder), before)
        test("the list names it already", "already" in said, said)
        remove(folder)


def remove(folder):
    code, said, errors = install("--uninstall", "--prefix", folder)
    same("uninstalls", (code, errors), (0, ""))
    same("no file is left", files(folder), set())
    same("uninstalls again", install("--uninstall", "--prefix", folder)[0], 0)
    test("it says that osqueryd must be restarted", "restart osqueryd" in said, said)


def by_shells():
    for shell in SHELLS:
        name = "by " + " ".join(shell)
        if not shutil.which(shell[0]):
            skip(name, "not installed")
            continue
        with image() as folder:
            code, _, errors = install("--prefix", folder, EXTENSION, shell=shell)
            same(name, (code, errors), (0, ""))
            check_installed(name, folder)
            remove(folder)


def other_lines():
    """What others wrote into the list stays as it is."""
    mine = "# ours\n/opt/other.ext\n  " + PLACE + "x\n#" + PLACE
    with image() as folder:
        write(folder + LIST, mine, 0o640)
        same("beside other lines", install("--prefix", folder, EXTENSION)[0], 0)
        same("a last line without its end is ended", read(folder + LIST), mine + "\n" + PLACE + "\n")
        same("the list keeps its mode", oct(os.stat(folder + LIST).st_mode & 0o777), oct(0o640))
        same("uninstalls beside other lines", install("--uninstall", "--prefix", folder)[0], 0)
        same("the other lines stay", read(folder + LIST), mine + "\n")
        same("the list keeps its mode, still", oct(os.stat(folder + LIST).st_mode & 0o777), oct(0o640))
    with image() as folder:
        write(folder + LIST, " \t" + PLACE + " \r\n")
        install("--prefix", folder, EXTENSION)
        same("blanks around the path do not hide it", read(folder + LIST), " \t" + PLACE + " \r\n")
    with image() as folder:
        write(folder + PLACE, "an older one", 0o600)
        write(os.path.dirname(folder + PLACE) + "/other.ext", "")
        same("over an older one", install("--prefix", folder, EXTENSION)[0], 0)
        same("the older one's mode is mended", oct(os.stat(folder + PLACE).st_mode & 0o777), oct(0o755))
        same("uninstalls beside another extension", install("--uninstall", "--prefix", folder)[0], 0)
        same("the other one stays", os.listdir(os.path.dirname(folder + PLACE)), ["other.ext"])


def flags():
    """Only what the flag file lacks is told, and it is not written to."""
    for text, wanted, unwanted in (
            ("--extensions_require=fsa\n-extensions_timeout=20\n", ["has the flags"], ["--extensions_"]),
            ("--extensions_require=other\n", ["--extensions_require=other,fsa", "--extensions_timeout=10"], []),
            ("--extensions_require=a,fsa,b\n", ["--extensions_timeout=10"], ["--extensions_require"]),
            ("#--extensions_require=fsa\n", ["--extensions_require=fsa"], []),
            ("--disable_extensions\n", ["--disable_extensions=false"], []),
            ("--disable_extensions=true\n", ["--disable_extensions=false"], []),
            ("--disable_extensions=false\n", [], ["disable_extensions"]),
            ("--extensions_autoload=/opt/list\n", ["/opt/list"], []),
            ("--extensions_autoload=%s\n" % LIST, [], ["autoload"]),
            (read(os.path.join(FOLDER, "osquery.flags")), ["has the flags"], ["--extensions_"])):
        with image() as folder:
            write(folder + FLAGS, text)
            _, said, _ = install("--prefix", folder, EXTENSION)
            test("flags: %.40r" % text, all(part in said for part in wanted) and not [p for p in unwanted if p in said],
                 said)
            same("flags: %.40r: not written to" % text, read(folder + FLAGS), text)
            _, said, _ = install("--uninstall", "--prefix", folder)
            needs_word = bool(re.search(r"^--?extensions_require=(.*,)?fsa\b", text, re.M))
            same("flags: %.40r: uninstalling says that it is required" % text, "--extensions_require" in said, needs_word)


# ---- refusing ------------------------------------------------------------------------------------------

def refused(name, says, *arguments, code=2, folder=None, shell=()):
    """It ends with the code, says why on standard error, and leaves everything as it was."""
    before = tree(folder) if folder else None
    got, said, errors = install(*arguments, shell=shell)
    same(name + ": exit code", got, code)
    test(name + ": says why", says in errors and "Traceback" not in errors, errors or said)
    test(name + ": says what to do", len(errors.strip().split("\n")) >= 2, errors)
    if folder:
        same(name + ": nothing is changed", tree(folder), before)


def usage():
    refused("an unknown option", "--bogus", "--bogus", code=1)
    refused("a prefix without a value", "--prefix", "--prefix", code=1)
    refused("an empty prefix", "--prefix", "--prefix", "", EXTENSION, code=1)
    refused("two files", "one file", EXTENSION, EXTENSION, code=1)
    refused("a short sum", "64", "--sha256", "abc", code=1)
    refused("a sum that is none", "hexadecimal", "--sha256", "x" * 64, code=1)
    refused("a file to uninstall", "takes no file", "--uninstall", EXTENSION, code=1)
    code, said, _ = install("--help")
    same("help", code, 0)
    told, known = set(re.findall(r"--[a-z0-9]+", said)), set(re.findall(r"--[a-z0-9]+", read(FOLDER + "/README.md")))
    test("README.md names no other options", known - {"--extensions"} <= told, known - told)


def bad_files():
    with image() as folder:
        refused("no such file", "no such file", "--prefix", folder, folder + "/none", folder=folder)
        refused("a folder", "not a regular file", "--prefix", folder, folder, folder=folder)
        write(folder + "/plain", "#!/bin/sh\necho fsa.ext 1\n", 0o644)
        refused("not executable", "not executable", "--prefix", folder, folder + "/plain", folder=folder)
        refused("no such prefix", "not there", "--prefix", folder + "/none", EXTENSION, folder=folder)
    with image() as folder:
        write(folder + "/other", "#!/bin/sh\necho something else\n", 0o755)
        refused_file("another program", "something else", folder, folder + "/other")
        write(folder + "/broken", "\x7fELF broken", 0o755)
        refused_file("a broken program", "cannot be run", folder, folder + "/broken")
        refused_file("another sum", "SHA-256", folder, "--sha256", "0" * 64, EXTENSION)
    with image() as folder:
        same("the right sum", install("--sha256", digest_of(EXTENSION).upper(), "--prefix", folder, EXTENSION)[0], 0)


def refused_file(name, says, folder, *arguments):
    """Refused when the copy is looked at: folders may have been made, no file may be left."""
    before = files(folder)
    code, _, errors = install("--prefix", folder, *arguments)
    same(name + ": exit code", code, 2)
    test(name + ": says why", says in errors, errors)
    same(name + ": no file is left", files(folder) - before, set())


def bad_folders():
    for mode, says in ((0o777, "others than its owner may write"), (0o775, "others than its owner may write"),
                       (0o1755, "sticky")):
        with image() as folder:
            place = os.path.dirname(folder + PLACE)
            os.makedirs(place)
            os.chmod(place, mode)
            refused_file("a folder of mode %o" % mode, says, folder, EXTENSION)
    for part in ("", "/usr", "/usr/lib", "/etc", "/etc/osquery"):
        with image() as folder:
            os.makedirs(folder + part, exist_ok=True)
            os.chmod(folder + part, 0o777)
            refused("%s is writable by all" % (part or "the prefix"), folder + part, "--prefix", folder, EXTENSION)
    with image() as folder:
        write(folder + LIST, "", 0o666)
        refused("the list is writable by all", "extensions.load", "--prefix", folder, EXTENSION, folder=folder)
    with image() as folder, image() as elsewhere:
        os.symlink(elsewhere, folder + "/etc")
        refused("a link out of the prefix", "out of", "--prefix", folder, EXTENSION, folder=elsewhere)
    with image() as folder:
        os.makedirs(folder + PLACE)
        refused_file("a folder with the extension's name", "folder has that name", folder, EXTENSION)
    with image() as folder:
        write(folder + "/usr/lib/osquery", "a file")
        refused_file("a file where a folder must be", "install -d failed", folder, EXTENSION)


def ownership():
    """What only root can bring about."""
    if os.geteuid() != 0:
        skip("owners of files and folders", "not root")
        code, _, errors = install(EXTENSION)
        same("without --prefix it wants root", (code, "sudo" in errors), (2, True))
        return
    with image() as folder:
        os.makedirs(os.path.dirname(folder + PLACE))
        os.chown(folder + "/usr/lib", NOBODY, NOBODY)
        refused("a folder of somebody else", "belongs to neither root nor", "--prefix", folder, EXTENSION)
    if not shutil.which("setpriv"):
        return skip("as nobody", "no setpriv (package util-linux)")
    nobody = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", "sh"]
    with image() as folder, copies(folder) as (script, extension):
        home = folder + "/home"
        os.mkdir(home)
        os.chown(home, NOBODY, NOBODY)
        run = lambda *words: subprocess.run([*nobody, script, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        done = run(extension)
        same("nobody cannot install without --prefix", (done.returncode, b"sudo" in done.stderr), (2, True))
        done = run("--prefix", home, extension)
        same("nobody installs below a prefix", (done.returncode, done.stderr), (0, b""))
        same("it is nobody's then", os.stat(home + PLACE).st_uid, NOBODY)
        test("and it says so", b"not root" in done.stdout, done.stdout)
        done = run("--prefix", folder, extension)
        test("what it cannot write is told", done.returncode == 2 and b"install.sh: tried to make" in done.stderr, done.stderr)
    return None


@contextlib.contextmanager
def copies(folder):
    """The script and the file where nobody may read them: side by side, as on another host."""
    shutil.copy(os.path.join(FOLDER, "install.sh"), folder)
    shutil.copy(EXTENSION, folder)
    yield folder + "/install.sh", folder + "/fsa.ext"


def beside():
    """Without a file's name: the one beside the script."""
    with image() as folder, image() as target, copies(folder) as (script, _):
        done = subprocess.run([script, "--prefix", target], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              env={**os.environ, "CDPATH": "/"}, cwd="/")
        same("the file beside the script", (done.returncode, done.stderr), (0, b""))
        check_installed("the file beside the script", target)
        os.unlink(folder + "/fsa.ext")
        done = subprocess.run([script, "--prefix", target], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        same("no file beside it", (done.returncode, b"is in neither" in done.stderr), (2, True))


# ---- the examples, and Fleet -----------------------------------------------------------------------------

def examples():
    lines = [line for line in read(FOLDER + "/extensions.load").split("\n") if line and line[0] not in "#;"]
    same("extensions.load", lines, [PLACE])
    lines = [line for line in read(FOLDER + "/osquery.flags").split("\n") if line and not line.startswith("#")]
    given = dict(line[2:].split("=", 1) for line in lines)
    test("osquery.flags: flags that osquery has", set(given) <= OSQUERY_FLAGS, given)
    same("osquery.flags: the list is the one that install.sh writes", given["extensions_autoload"], LIST)
    same("osquery.flags: the extension's name", given["extensions_require"], "fsa")
    named = set(re.findall(r"--(\w*extensions\w*)", read(FOLDER + "/install.sh") + read(ROOT + "/docs/osquery.md")))
    test("install.sh and docs/osquery.md name no other flags",
         named <= OSQUERY_FLAGS | {"enable_extensions_watchdog"}, named - OSQUERY_FLAGS)
    same("every file has its line in README.md", [name for name in sorted(os.listdir(FOLDER)) if name != "README.md"
         and "`%s`" % name not in read(FOLDER + "/README.md")], [])


def is_column(column):
    """As Fleet wants one."""
    text = column.get("description")
    return column.get("type") in TYPES and isinstance(column.get("required"), bool) and isinstance(text, str) and \
        text.endswith(".")


def check_table(path, table):
    import yaml
    name = table["name"]
    try:
        facts = yaml.safe_load(read(path))
    except yaml.YAMLError as error:
        return test(name + ": is YAML", False, error)
    same(name + ": name", facts.get("name"), name)
    same(name + ": description", facts.get("description"), table["summary"])
    sources = " ".join(table["sources"])
    same(name + ": platforms", facts.get("platforms"),
         [platform for platform in ("windows", "linux") if platform.capitalize() in sources])
    test(name + ": Fleet knows the platforms", facts["platforms"] and set(facts["platforms"]) <= PLATFORMS)
    test(name + ": evented", facts.get("evented") is False, facts.get("evented"))
    test(name + ": notes say what a row proves", table["proves"] in facts["notes"] and table["caveat"] in facts["notes"])
    test(name + ": example", table["example"] in facts["examples"], facts["examples"])
    same(name + ": columns that Fleet does not take", [column for column in facts["columns"] if not is_column(column)], [])
    for key in ("name", "description"):
        same("%s: %s of the columns" % (name, key), [column[key] for column in facts["columns"]],
             [column[key] for column in table["columns"]])
    return None


def fleet():
    try:
        import yaml
    except ImportError:
        return skip("Fleet's YAML", "no YAML for Python (package python3-yaml)")
    del yaml
    tables = json.loads(subprocess.check_output([FSA, "schema", "--json"]))
    with image() as folder:
        subprocess.check_call([FSA, "schema", "--fleet", folder])
        same("one file for each table", sorted(os.listdir(folder)), sorted(table["name"] + ".yml" for table in tables))
        for table in tables:
            check_table(os.path.join(folder, table["name"] + ".yml"), table)
    return None


def main():
    fleet()
    examples()
    if os.path.exists(EXTENSION):
        usage()
        twice()
        by_shells()
        other_lines()
        flags()
        bad_files()
        bad_folders()
        ownership()
        beside()
    else:
        skip("install.sh", "fsa.ext is not built")
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
