#!/usr/bin/env python3
"""The rules in packs/rules: each is true of its inert samples and of nothing else; Debian's yara is the judge.

Nothing else: what looks alike, programs and libraries of this machine (Windows' own under Wine among them),
scripts of the packages that are installed, and our own sources and programs, which carry the rules.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
SAMPLES = os.path.join(BUILD, "evidence/rules")
RULES = [os.path.join(ROOT, "packs/rules", name) for name in ("memory.yar", "powershell.yar", "webshells.yar")]
MOST_BYTES = 1 << 20  # of a file of the baseline
SCRIPTS = ("/usr/share", "/usr/lib/python3")  # of packages; what else a machine has may run its input by design
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def run(*command, stdin=b"", code=0):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    test("exit code of %s" % " ".join(command[:3]), done.returncode == code, done.stderr.decode()[-500:])
    return done


def by_yara(files):
    """{(rule, path)} as the yara program sees them."""
    pairs = set()
    with tempfile.NamedTemporaryFile("w", suffix=".list") as scan_list:
        scan_list.write("\n".join(files) + "\n")
        scan_list.flush()
        for rules in RULES:
            done = subprocess.run(["yara", "-w", "--scan-list", rules, scan_list.name], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=300)
            test("yara takes " + os.path.basename(rules), not done.stderr, done.stderr[-500:])
            pairs |= {tuple(line.split(" ", 1)) for line in done.stdout.decode().splitlines()}
    return pairs


def by_tables(files):
    sql = ("SELECT DISTINCT rule, path FROM fsa_yara_files WHERE path IN (%s) AND sigfile IN (%s)"
           % (", ".join(map(quote, files)), ", ".join(map(quote, RULES))))
    rows = json.loads(run(FSA, "-f", "json", stdin=sql.encode()).stdout or b"[]")
    return {(row["rule"], row["path"]) for row in rows}


def check_samples():
    names = set()
    for rules in RULES:
        text = open(rules, encoding="ascii").read()
        names |= {line.split()[1] for line in text.splitlines() if line.startswith("rule ")}
    files = sorted(glob.glob(SAMPLES + "/bad/*"))
    expected = {(os.path.basename(path).rsplit("-", 1)[0], path) for path in files}
    test("each rule has a sample", {rule for rule, _ in expected} == names, {rule for rule, _ in expected} ^ names)
    judged, found = by_yara(files), by_tables(files)
    test("yara: each sample is of its rule only", judged == expected, judged ^ expected)
    test("fsa_yara_files: the same", found == judged, found ^ judged)
    runnable = [path for path in files if os.access(path, os.X_OK) or open(path, "rb").read(4) == b"\x7fELF"]
    test("no sample could run", not runnable, runnable)


def small(paths):
    return [path for path in sorted(paths) if os.path.isfile(path) and 0 < os.path.getsize(path) <= MOST_BYTES]


def baseline():
    """What must be of no rule: (name, files)."""
    yield "what looks alike", glob.glob(SAMPLES + "/good/*")
    yield "programs of this machine", small(glob.glob("/usr/sbin/*") + glob.glob("/usr/bin/*")[:250])
    yield "libraries of Windows, as Wine has them", small(
        glob.glob("/usr/lib/*/wine/*-windows/*.dll") + glob.glob("/usr/lib/wine/*-windows/*.dll"))[:120]
    yield "scripts of this machine", small(
        os.path.join(folder, name) for place in SCRIPTS for folder, _, names in os.walk(place) for name in names
        if name.endswith((".php", ".ps1", ".asp", ".aspx", ".jsp", ".htaccess")))[:500]
    sources = subprocess.run(["git", "-C", ROOT, "ls-files"], stdout=subprocess.PIPE, timeout=60).stdout.decode().split("\n")
    # the synthetic fleet of the tests has what attackers type as plain text
    yield "our own sources", small(os.path.join(ROOT, name) for name in sources if not name.startswith("tests/"))
    yield "the script that makes the samples", [os.path.join(ROOT, "tests/evidence/make_rule_samples.py")]
    yield "our own programs", [path for path in glob.glob(BUILD + "/bin/*") if os.path.isfile(path)]


def check_baseline():
    for name, files in baseline():
        if not files:
            skip(name, "there are none")
            continue
        judged, found = by_yara(files), by_tables(files)
        test("%s (%d files): of no rule" % (name, len(files)), not judged and not found, sorted(judged | found)[:5])


def check_users_rules(folder):
    """--rules: a folder of one's own rules is added to the queries that have rules, and travels in built packs."""
    rules = os.path.join(folder, "own/deeper")
    os.makedirs(rules)
    with open(os.path.join(rules, "own.yar"), "w", encoding="ascii") as file:
        file.write("/* of the user */\nrule php_runs_request { strings: $a = \"it's <?php\" $b = \"<?php\" condition: any of them }\n")
    query = os.path.join(ROOT, "packs/os_state/suspicious_files.sql")
    answer = json.loads(run(FSA, "sweep", "--quiet", "--pack", query, "--rules", os.path.join(folder, "own"), "-e",
                            SAMPLES + "/shells").stdout)["snapshot"]
    test("ours and the user's rule of the same name", [(row["rule"], row["path"], row["kind"]) for row in answer] == [
        ("php_runs_request", "/var/www/html/form.php", ""),
        ("php_runs_request", "/var/www/html/images/thumb.php", "webshell"),
        ("php_runs_request", "/var/www/html/images/thumb.php", ""),
        ("powershell_encoded_command", "/tmp/.cache/notes.txt", "script")], answer)
    run(FSA, "pack", "build", "-o", folder, "--rules", os.path.join(folder, "own"))
    sql = json.load(open(os.path.join(folder, "fsa-linux.json")))["queries"]["fsa_suspicious_files"]["query"]
    test("a built pack carries them", "it''s <?php" in sql and "of the user" not in sql, sql[-300:])
    rows = run(FSA, "-e", SAMPLES + "/shells", "-f", "jsonl", sql.encode()).stdout.splitlines()
    test("... and runs", len(rows) == 4, rows)
    broken = os.path.join(rules, "broken.yara")
    with open(broken, "w", encoding="ascii") as file:
        file.write("rule broken { condition: nonsense }\n")
    for command in (["sweep"], ["pack", "lint"]):
        says = run(FSA, *command, "--rules", os.path.join(folder, "own"), code=2).stderr.decode()
        test("%s names the broken file" % command[0], broken in says and "nonsense" in says, says)
    os.makedirs(os.path.join(folder, "empty"))
    says = run(FSA, "sweep", "--rules", os.path.join(folder, "empty"), code=1).stderr.decode()
    test("a folder without rules is refused", ".yar" in says, says)


def main():
    folder = tempfile.mkdtemp(prefix="fsa-rules-")
    try:
        if shutil.which("yara"):
            check_samples()
            check_baseline()
        else:
            skip("samples and baseline", "no yara program")
        check_users_rules(folder)
    finally:
        shutil.rmtree(folder)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
