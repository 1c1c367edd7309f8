"""Registries, tables and actions that are not there, writing, evidence that may be asked and that may not."""
import os
import shutil

from osquery_thrift import PATIENCE
from osquery_thrift.operators import EQ, LIKE, LIMIT

from .stage import RECORDED, WINDOWS, running, same, schema, test


def actions(extension):
    core = extension.core
    for action in ("insert", "update", "delete"):
        request = {"action": action, "id": "1", "new_id": "2", "auto_rowid": "true", "json_value_array": "[1]", "context": "{}"}
        answer = core.call("fsa_tables", request)
        same("calls: %s -> readonly" % action, (answer.code, answer.rows), (0, [{"status": "readonly"}]))
    wrong = {"unknown action": ("table", "fsa_tables", {"action": "drop"}), "no action": ("table", "fsa_tables", {}),
             "unknown table": ("table", "fsa_nothing", {"action": "columns"}),
             "a core's table": ("table", "processes", {"action": "generate"}),
             "empty table": ("table", "", {"action": "generate"}), "unknown registry": ("config", "fsa_tables", {"action": "columns"}),
             "empty registry": ("", "fsa_tables", {"action": "columns"}),
             "a table that is only begun": ("table", "fsa_table", {"action": "columns"}),
             "a long name": ("table", "fsa_" + "x" * 100000, {"action": "columns"})}
    for name, (registry, item, request) in wrong.items():
        answer = core.call(item, request, registry)
        test("calls: %s -> status 1 with a message" % name, answer.code == 1 and answer.message and answer.rows == [], answer)
    test("calls: a message is one line of moderate length", len(answer.message) < 2000 and "\n" not in answer.message)
    good = core.call("fsa_tables", {"action": "generate", "more": "x" * 100000})
    same("calls: more keys in a request are ignored", (good.code, good.message, good.uuid), (0, "OK", extension.uuid))


def only_used_columns(extension):
    answer = extension.core.generate("fsa_processes", {"evidence": [(EQ, RECORDED)]}, ["pid", "name"])
    same("calls: columns that nobody uses are not sent", {k for row in answer.rows for k in row} <= {"pid", "name", "rowid"}, True)
    answer = extension.core.generate("fsa_processes", used=["pid", "evidence"])
    test("calls: without evidence it is this host", str(extension.process.pid) in {row["pid"] for row in answer.rows},
         answer[:2])


def every_table(extension):
    """All of this host, as `SELECT * FROM x` asks; a table may refuse, with a message."""
    for table in sorted(extension.tables):
        answer = extension.core.generate(table, timeout=120 * PATIENCE)
        test("calls: SELECT * FROM %s" % table, answer.code in (0, 1) and (answer.code == 0 or answer.message), answer[:2])
        same("calls: %s: known columns only" % table, {k for row in answer.rows for k in row}
             - {name for name, _ in extension.core.columns(table)} - {"rowid"}, set())


def evidence_rule(place, folder):
    base = os.path.join(folder, "rule")
    for name in ("a", "ab", "a/in", "out"):
        copy_host(os.path.join(base, name))
    os.symlink(os.path.join(base, "out"), os.path.join(base, "a/link"))
    os.symlink("in", os.path.join(base, "a/inner"))
    os.symlink(os.path.join(base, "a"), os.path.join(base, "alias"))
    allowed = os.path.join(base, "a")
    cases = [("below the prefix", "a/in", 0), ("the prefix itself", "a", 0), ("a link that stays inside", "a/inner", 0),
             ("another folder", "out", 1), ("a name that begins as the prefix", "ab", 1), ("..", "a/../out", 1),
             (".. that comes back", "a/../a/in", 0), ("a link that leads out", "a/link", 1), ("what is not there", "a/none", 1),
             ("a link to the prefix", "alias/in", 0)]
    with running(place, "--allow_evidence", allowed) as (_, extension):
        for name, path, code in cases:
            for form in ("%s", "%s/"):
                rule(extension, name, form % os.path.join(base, path), code)
        for path in ("/", "/etc", "live:/", "live:" + base + "/out", "live:" + base + "/a/../out", "", ".", "a", "live:",
                     base + "/a/in\0/../../out", "x" * 10000):
            if path != "":  # osquery drops a constraint with an empty value, or it means no rows
                rule(extension, "%.40r" % path, path, 1)
        live = extension.core.generate("fsa_evidence", {"evidence": [(EQ, "live")]})
        same("evidence: live is always allowed", live.code, 0)
        mixed = extension.core.generate("fsa_evidence", {"evidence": [(EQ, allowed), (EQ, base + "/out")]})
        same("evidence: one refused of two is an error", (mixed.code, mixed.rows), (1, []))
        # the rows of this host would all be filtered away: an error is better than that emptiness
        like = extension.core.generate("fsa_tables", {"evidence": [(LIKE, "/etc%")]})
        test("evidence: an operator that names none is told", like.code == 1 and like.message, like[:2])
        limit = extension.core.generate("fsa_tables", {"evidence": [(LIMIT, "1")]})
        same("evidence: LIMIT under it is ignored", (limit.code, len(limit.rows)), (0, len(schema())))
    with running(place) as (_, extension):
        rule(extension, "without --allow_evidence", allowed, 1)
        rule(extension, "without --allow_evidence, root", "/", 1)
    with running(place, "--allow_evidence", base + "/out", "--allow_evidence=" + allowed + "/") as (_, extension):
        rule(extension, "two prefixes, the first", base + "/out", 0)
        rule(extension, "two prefixes, the second", allowed + "/in", 0)
        rule(extension, "two prefixes, neither", base + "/ab", 1)


def copy_host(path):
    shutil.copytree(WINDOWS, path, dirs_exist_ok=True)


def rule(extension, name, path, code):
    answer = extension.core.generate("fsa_registry", {"evidence": [(EQ, path)]}, ["key", "evidence"])
    if code == 0:
        test("evidence: %s is allowed (%s)" % (name, path), answer.code == 0 and {r["evidence"] for r in answer.rows} == {path},
             (answer[:3], answer.rows[:1]))
    else:
        test("evidence: %s is refused" % name, answer.code == 1 and answer.message and answer.rows == [], answer[:2])
        test("evidence: %s: the message is one line" % name, "\n" not in answer.message and len(answer.message) < 6000, answer.message)
