#!/usr/bin/env python3
"""What `fsa pack build` writes, read by strict readers of other code bases: Python's json, node's, jq; PyYAML and libyaml.

And by the rules of those who take it: Fleet's GitOps (known keys only, $NAME is expanded, documents are parted at
lines that begin with ---), Zentral's and osquery's limits.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FSA_BUILD", os.path.join(ROOT, "build"))
FSA = os.path.join(BUILD, "bin/fsa")
# A statement with everything that a form could take for its own. The scorer and osquery must get it as it stands.
HARD = r"""SELECT pid, '$HOME ${HOME} $$ $1 \$HOME \\$HOME \\\$x $' AS dollars, '"\' AS quotes, '# no comment' AS hash,
       ': - ? ! & * > | % @ ` {} []' AS signs, json_extract('{"a":1}', '$.a') AS extracted,
	'tab' AS tab,
    '// /* */ -' AS other
FROM fsa_processes
WHERE pid = 1"""
HEADER = """-- id: fsa_hard
-- title: A title: with 'quotes', "quotes", #, {braces} and a \\
-- pillar: running
-- platform: all
-- logging: snapshot
-- interval: daily
-- max_rows: 100
-- max_bytes: 700000
-- key: pid
-- join: -
-- family: test
-- attack: T1059.001
-- rule: hard_rule | dollars LIKE '%$%' OR quotes = '|' || '' | 0.5 | 0.25 | T1059.001, T1027 | fixed
-- attribute: hard | signs <> '' | 0.75
-- proves: A $HOME of \\$HOME.
-- does_not_prove: Anything else; really.
-- false_positives: None.
-- next_step: None.
-- positive: live
-- negative: -
"""
GITOPS_KEYS = {"name", "description", "query", "interval", "platform", "min_osquery_version", "logging",
               "automations_enabled", "observer_can_run", "discard_data", "labels_include_any", "path", "paths"}
ZENTRAL_PLATFORMS = {"any", "darwin", "freebsd", "linux", "posix", "windows"}
totals = {"pass": 0, "fail": 0, "skip": 0}


def test(name, good, detail=""):
    totals["pass" if good else "fail"] += 1
    if not good:
        print("FAIL %s: %s" % (name, detail))


def skip(name, why):
    totals["skip"] += 1
    print("skipped %s: %s" % (name, why))


# ---- strict readers -------------------------------------------------------------------------------------------


def once(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice: %s" % names)
    return dict(pairs)


def read_json(path):
    """Python's, node's and jq's reading, which must be one."""
    data = open(path, "rb").read()
    value = json.loads(data.decode("ascii"), object_pairs_hook=once)
    name = os.path.basename(path)
    for command in (["node", "-e", "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(process.argv[1]))))",
                     path], ["jq", "-c", ".", path]):
        if not shutil.which(command[0]):
            skip("%s of %s" % (name, command[0]), "not installed")
            continue
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        test("%s reads %s" % (command[0], name), done.returncode == 0 and json.loads(done.stdout) == value, done.stderr[-300:])
    return value


def strict(base):
    """A loader that refuses a key that stands twice."""
    class Loader(base):
        def construct_mapping(self, node, deep=False):
            return once([(self.construct_object(key, deep=True), self.construct_object(value, deep=True))
                         for key, value in node.value])
    Loader.add_constructor("tag:yaml.org,2002:map", Loader.construct_mapping)
    return Loader


def read_yaml(text, name):
    """PyYAML's and libyaml's reading."""
    value = list(yaml.load_all(text, strict(yaml.SafeLoader)))
    if hasattr(yaml, "CSafeLoader"):
        test("libyaml reads " + name, list(yaml.load_all(text, strict(yaml.CSafeLoader))) == value)
    else:
        skip("libyaml", "PyYAML was built without it")
    return value


def expand(text):
    """$NAME as Fleet's GitOps expands it, with nothing set: an error but in descriptions. Of backslashes before a
    $ every second one stays; one that is left over keeps the $ from being expanded."""
    out, errors = [], []
    for line in text.split("\n"):
        keep = line.lstrip().startswith("description:")

        def replace(found):
            backslashes = len(found.group(1))
            if backslashes % 2:
                return "\\" * (backslashes // 2) + "$"
            if not keep and re.match(r"[A-Za-z0-9_*#$@!?-]|\{", found.group(2)):
                errors.append(line)
            return found.group(0)
        out.append(re.sub(r"(\\*)\$(?=(.?))", replace, line))
    return "\n".join(out), errors


# ---- the forms ------------------------------------------------------------------------------------------------


def check_osquery(folder):
    """{platform: {query: SQL}}"""
    found = {}
    for platform in ("linux", "windows"):
        path = os.path.join(folder, "fsa-%s.json" % platform)
        pack = read_json(path)
        for line in open(path, encoding="ascii").read().split("\n"):  # osquery's configuration knows both
            test("no line that osquery takes for a comment or joins", not re.match(r"\s*(//|#)", line) and not line.endswith("\\"), line[:80])
        test("osquery: discovery of the extension", "osquery_extensions" in pack["discovery"][0], pack["discovery"])
        for name, query in pack["queries"].items():
            test("osquery: %s logs snapshots" % name, query["snapshot"] is True and "removed" not in query)
        found[platform] = {name: query["query"] for name, query in pack["queries"].items()}
        named = read_json(os.path.join(folder, "zentral/fsa-%s.json" % platform))
        test("zentral: the same pack with a name", named.pop("name") == "fsa-" + platform and named == pack)
        for name, query in named["queries"].items():
            test("zentral: " + name, 10 <= query["interval"] <= 604800 and query["platform"] in ZENTRAL_PLATFORMS
                 and not (query["snapshot"] and query.get("removed")) and query["description"], query)
    packs = read_json(os.path.join(folder, "osctrl/packs.json"))
    test("osctrl: both packs by name", {name: {q: entry["query"] for q, entry in pack["queries"].items()} for name, pack in packs.items()}
         == {"fsa-" + platform: queries for platform, queries in found.items()})
    return found


def check_report(form, item, found):
    name = item["name"]
    platforms = [platform for platform in ("linux", "windows") if name in found[platform]]
    test("%s: %s: platform" % (form, name), item["platform"] == ",".join(platforms), item["platform"])
    test("%s: %s: SQL" % (form, name), all(found[platform][name] == item["query"] for platform in platforms), item["query"][:200])
    test("%s: %s: logged, not stored" % (form, name), item["automations_enabled"] is True and item["discard_data"] is True
         and item["logging"] == "snapshot" and 0 < item["interval"] <= 604800, item)
    test("%s: %s: ASCII" % (form, name), json.dumps(item, ensure_ascii=False).isascii() and re.fullmatch(r"fsa_[a-z0-9_]+", name))


def check_fleet(folder, found):
    names = set(found["linux"]) | set(found["windows"])
    text = open(os.path.join(folder, "fleet/gitops/fsa.yml"), encoding="ascii").read()
    expanded, errors = expand(text)
    test("GitOps: no variable is asked for", not errors, errors[:3])
    reports = read_yaml(expanded, "fsa.yml")
    test("GitOps: one list, each name once", len(reports) == 1 and sorted(item["name"] for item in reports[0]) == sorted(names))
    for item in reports[0]:
        test("GitOps: %s: known keys" % item["name"], set(item) <= GITOPS_KEYS, set(item) - GITOPS_KEYS)
        check_report("GitOps", item, found)
    for kind in ("report", "query"):
        name = {"report": "reports.yml", "query": "queries.yml"}[kind]
        text = open(os.path.join(folder, "fleet/apply", name), encoding="ascii").read()
        documents = read_yaml(text, name)
        parts = [part for part in re.split(r"(?m:^---[\t ]*)", text) if part.strip()]  # Fleet cuts before it reads
        test("apply: %s: cut as YAML cuts" % name, [yaml.safe_load(part) for part in parts] == documents)
        test("apply: %s: each name once" % name, sorted(d["spec"]["name"] for d in documents) == sorted(names))
        for document in documents:
            test("apply: kind", (document["apiVersion"], document["kind"]) == ("v1", kind), document)
            check_report("apply " + kind, document["spec"], found)


def check_pages(folder, found, meta):
    pages = {name[:-3] for name in os.listdir(os.path.join(folder, "pages"))}
    test("pages: one for each query", pages == set(meta), pages ^ set(meta))
    for name in pages:
        text = open(os.path.join(folder, "pages", name + ".md"), encoding="ascii").read()
        sql = found["linux"].get(name) or found["windows"].get(name)
        test("pages: %s: the query" % name, sql is None or "```sql\n%s\n```" % sql in text)
        test("pages: %s: its rules" % name, all("`%s`" % rule["id"] in text for rule in meta[name]["rules"]))
        test("pages: %s: what it proves" % name, meta[name]["proves"] in text and meta[name]["next_step"] in text)


def check_meta(folder, found):
    meta = read_json(os.path.join(folder, "fsa-pack-meta.json"))["queries"]
    for name, query in meta.items():
        test("metadata: %s: key and join are columns" % name, set(query["key"]) | set(query["join"]) <= set(query["columns"]), query)
    return meta


def check_build(folder, *arguments):
    done = subprocess.run([FSA, "pack", "build", "-o", folder, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    test("pack build", done.returncode == 0, done.stderr)
    found = check_osquery(folder)
    check_fleet(folder, found)
    meta = check_meta(folder, found)
    check_pages(folder, found, meta)
    return found, meta


def main():
    folder = tempfile.mkdtemp(prefix="fsa-forms-")
    try:
        check_build(os.path.join(folder, "ours"))
        os.makedirs(os.path.join(folder, "packs/running"))
        path = os.path.join(folder, "packs/running/hard.sql")
        with open(path, "w", encoding="ascii") as file:
            file.write(HEADER + HARD + ";\n")
        found, meta = check_build(os.path.join(folder, "hard"), path)
        test("the hard one arrives as it stands", found["linux"] == {"fsa_hard": HARD + ";"}, found)
        plain = open(os.path.join(folder, "hard/fleet/apply/reports.yml"), encoding="ascii").read()
        test("the reading of GitOps would notice a $ without escape", expand(plain)[1])
        hard = meta["fsa_hard"]
        test("its rule", hard["rules"] == [{"id": "hard_rule", "where": "dollars LIKE '%$%' OR quotes = '|' || ''", "tpr": 0.5,
                                            "fpr": 0.25, "attack": ["T1059.001", "T1027"], "fixed": True}], hard["rules"])
        test("its attribute", hard["attributes"] == [{"family": "hard", "where": "signs <> ''", "frequency": 0.75}])
        test("its columns", hard["columns"] == ["pid", "dollars", "quotes", "hash", "signs", "extracted", "tab", "other"])
    finally:
        shutil.rmtree(folder)
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
