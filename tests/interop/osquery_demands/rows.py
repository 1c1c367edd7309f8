"""5, 6, 9, 11: routes, rows, their numbers and texts, against the schema and the rows of fsa's shell."""
import os
import re
import shutil
import subprocess
import time

from osquery_thrift import PATIENCE, client, wire
from osquery_thrift.operators import EQ

from .stage import CASE, SHARED_EVIDENCE, count_recorded, everything, questions, same, schema, shell_rows, test, without_rowid

TYPES = ("TEXT", "INTEGER", "BIGINT", "UNSIGNED BIGINT", "DOUBLE")
INTEGER_TEXT = re.compile(r"0|-?[1-9][0-9]*")


INDEX, OPTIMIZED, HIDDEN = 1, 8, 16


def wrong_options(described, op):
    """What is wrong with a column's options, beside its description in the schema; None when they are right.

    Keys are INDEX, with OPTIMIZED where IN may come in one call. Others are OPTIMIZED alone, which wants no
    constraints; 0 would be made an index by --extensions_default_index, 16 and 64 alone are a trap.
    """
    bits = int(op)
    if not re.fullmatch("[1-9][0-9]*", op) or bits & ~(INDEX | OPTIMIZED | HIDDEN):
        return "options that nobody asked for"
    if bool(bits & INDEX) != described["key"] or bool(bits & HIDDEN) != described["hidden"]:
        return "not what the schema says"
    return None if bits & (INDEX | OPTIMIZED) else "neither an index nor none"


def routes(extension):
    for name, table in schema().items():
        found = extension.tables[name]
        columns = [route for route in found if route["id"] == "column"]
        described = {column["name"]: column for column in table["columns"]}
        expected = [(column["name"], "TEXT" if column["type"] == "BLOB" else column["type"])
                    for column in in_wire_order(table["columns"])]
        same("5 %s: names and types" % name, [(c["name"], c["type"]) for c in columns], expected)
        wrong = [(c["name"], c["op"], wrong_options(described[c["name"]], c["op"])) for c in columns]
        same("5 %s: ops explicit" % name, [entry for entry in wrong if entry[2]], [])
        same("5 %s: attributes" % name, found[len(columns):], [{"id": "attributes", "attributes": "0"}])
        same("5 %s: types are spelled as osquery spells them" % name, [c for c in columns if c["type"] not in TYPES], [])
        answer = extension.core.call(name, {"action": "columns"})
        same("11 %s: columns says what was registered" % name, (answer.code, answer.rows), (0, found))


def in_wire_order(columns):
    """`evidence` first, then what the table has, then where a row came from and the fine times."""
    def place(column):
        is_tail = column["name"] in ("source", "source_offset", "partial") or column["hidden"] and column["name"].endswith("_ns")
        return 0 if column["name"] == "evidence" else 2 if is_tail else 1
    return sorted(columns, key=place)


def rows_against_the_shell(extension):
    present = schema()
    for table, place in questions():
        answer = everything(extension, table, place)
        expected = sorted(shell_rows(table, place, present[table]["columns"]), key=lambda row: sorted(row.items()))
        blobs = blob_names(present[table])
        got = without_rowid([{k: v.lower() if k in blobs else v for k, v in row.items() if v != "" or k not in blobs}
                             for row in answer.rows])
        different = [(a, b) for a, b in zip(got, expected) if a != b]
        test("calls: %s gives the rows of the shell" % table, answer.code == 0 and len(got) == len(expected) > 0
             and not different, "%r %r, %d rows for %d; %r" % (answer.code, answer.message, len(got), len(expected),
                                                              different[:1]))
        same("calls: %s: rows keep the evidence as it was asked" % table, {row.get("evidence") for row in answer.rows}, {place})
        numbers(table, present[table], answer.rows)


def blob_names(table):
    return {column["name"] for column in table["columns"] if column["type"] == "BLOB"}


def numbers(table, described, rows):
    names = {column["name"] for column in described["columns"] if column["type"] == "BIGINT"}
    wrong = [(k, v) for row in rows for k, v in row.items() if k in names
             and not (INTEGER_TEXT.fullmatch(v) and -2**63 <= int(v) < 2**63)]
    same("9 %s: whole numbers are plain decimals of 64 bits" % table, wrong[:3], [])
    odd = [(k, v) for row in rows for k, v in row.items() if k in ("address", "start_address", "base_address")
           and not re.fullmatch(r"0x[0-9a-f]+", v)]
    same("9 %s: addresses are hexadecimal texts" % table, odd[:3], [])
    same("9 %s: no NUL" % table, [row for row in rows if any("\0" in v for v in row.values())][:1], [])


def rowids(extension):
    for table, place in questions():
        full = everything(extension, table, place).rows
        ids = [row.get("rowid", "") for row in full]
        test("6 %s: a rowid in each row, decimal, 64 bits" % table,
             all(INTEGER_TEXT.fullmatch(i) and -2**63 <= int(i) < 2**63 for i in ids), ids[:3])
        same("6 %s: no rowid twice" % table, len(set(ids)), len(ids))
        nothing, again = (extension.core.generate(table, {"evidence": [(EQ, place)]}, used=[]).rows for _ in range(2))
        # another colsUsed is another statement: its rowids need not be the same
        same("6 %s: colsUsed [] gives as many rows, each with its rowid" % table,
             len({row["rowid"] for row in nothing}), len(ids))
        same("6 %s: ... the same each time" % table, nothing, again)
        same("6 %s: ... and nothing else in them" % table, {k for row in nothing for k in row} - {"rowid"}, set())


def stable_rowids(extension):
    before = {table: ids_of(everything(extension, table, place).rows) for table, place in questions()}
    time.sleep(2.3)  # longer than an enumeration is remembered
    for table, place in questions():
        same("6 %s: a rowid stays" % table, ids_of(everything(extension, table, place).rows), before[table])
    hosts = [os.path.join(CASE, "host-a"), os.path.join(CASE, "host-b")]
    a, b = (ids_of(everything(extension, "fsa_registry", host).rows) for host in hosts)
    both = extension.core.generate("fsa_registry", {"evidence": [(EQ, host) for host in hosts]})
    same("7 several EQ on evidence are a union", len(both.rows), len(a) + len(b))
    # `evidence = a OR evidence = b` is two calls, whose rows osquery merges by rowid
    same("6 rows of two hosts share no rowid", set(a) & set(b), set())


def ids_of(rows):
    return {row["rowid"]: without_rowid([row])[0] for row in rows}


def rowids_among_comers_and_goers(extension):
    others = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    own = subprocess.Popen(["sleep", "60"])
    try:
        time.sleep(0.1)
        before = rowid_of(extension, own.pid)
        for other in others:
            other.kill()
            other.wait()
        time.sleep(2.3)
        after = rowid_of(extension, own.pid)
        test("6 a process keeps its rowid when others go", before and before == after, (before, after))
        busy = [extension.core.generate("fsa_processes", {"pid": [(EQ, str(os.getpid()))]}).rows[0]["rowid"]]
        spend(0.2)
        busy.append(next(row["rowid"] for row in extension.core.generate("fsa_processes").rows if row["pid"] == str(os.getpid())))
        same("6 a process keeps its rowid while its counters run", busy[0], busy[1])
        seek = extension.core.generate("fsa_processes", {"pid": [(EQ, str(own.pid))]}, ["pid"]).rows
        same("6 ... and has it when it alone is asked for", [row["rowid"] for row in seek], [before])
        same("8 what ended is not remembered", rowid_of(extension, others[0].pid), None)
    finally:
        for process in [own, *others]:
            process.kill()
            process.wait()


def spend(seconds):
    """Processor time and memory, which a row of this process tells of."""
    until, kept = time.process_time() + seconds, []
    while time.process_time() < until:
        kept.append(bytes(100000))


def rowid_of(extension, pid):
    rows = extension.core.generate("fsa_processes", used=["pid"]).rows
    return next((row["rowid"] for row in rows if row["pid"] == str(pid)), None)


HOSTILE = [b"\xff\xfe\x80", b"\xed\xa0\x80", b"\xc0\x80", b"cut \xe2\x82", b"\xf4\x90\x80\x80", b"a\x1b[31m\"\\\r\n", b"%s%n",
           b"\xe2\x80\xae", b"\xf0\x9f\x92\xa3 whole"]


def hostile_host(folder):
    """The recorded host again, its processes with names that are no text."""
    path = os.path.join(folder, "hostile")
    # without its control sockets and pipes, which cannot be copied
    shutil.copytree(SHARED_EVIDENCE + "/recorded_host", path, symlinks=True, ignore=shutil.ignore_patterns("run"))
    pids = sorted(name for name in os.listdir(path + "/proc") if os.path.exists("%s/proc/%s/cmdline" % (path, name)))
    for pid, name in zip(pids, HOSTILE * len(pids)):
        process = "%s/proc/%s/" % (path, pid)
        with open(process + "cmdline", "wb") as file:
            file.write(b"/bin/" + name + b"\0-a\0\0" + name)
        replace_text(process + "status", rb"(?m)^Name:.*$", b"Name:\t" + name.replace(b"\n", b"\\n"))
        replace_text(process + "stat", rb"\(.*\)", b"(" + name[:15] + b")")
        if os.path.islink(process + "cwd"):
            os.unlink(process + "cwd")
            os.symlink(b"/tmp/" + name, process + "cwd")
    return "live:" + path


def replace_text(path, pattern, text):
    if os.path.exists(path):
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(re.sub(pattern, lambda _: text, data, count=1))


NO_TEXT = b"fsa_\xff\xc0\x80\xed\xa0\x80"


def message_of(extension, question):
    """The message of a failed call; None when it is no UTF-8."""
    try:
        return wire.exchange(extension.socket, question)[3][0][1][2]
    except UnicodeDecodeError:
        return None


def texts(extension, folder):
    place = hostile_host(folder)
    for slow_decoder in (False, True):
        where = {"evidence": [(EQ, place)]}
        request = {"action": "generate", "context": client.context(extension.core.columns("fsa_processes"), where)}
        # Thrift's reader decodes strictly: what is no UTF-8 raises here
        answer = client.call(extension.socket, "table", "fsa_processes", request, slow_decoder=slow_decoder)
        same("9 hostile names: all rows, valid UTF-8", (answer.code, len(answer.rows)), (0, count_recorded()))
        same("9 hostile names: no NUL", [row for row in answer.rows if any("\0" in v for v in row.values())], [])
        test("9 hostile names: what is a text stays", any("\U0001f4a3 whole" in row.get("cmdline", "") for row in answer.rows),
             [row.get("cmdline") for row in answer.rows])
    for name, question in (("table", ("table", NO_TEXT, "columns")), ("registry", (NO_TEXT, "fsa_tables", "columns")),
                           ("action", ("table", "fsa_tables", NO_TEXT))):
        registry, item, action = question
        test("9 a %s that is no text gets a message that is one" % name,
             message_of(extension, wire.call(registry, item, {"action": action})), "the message is no UTF-8")


def quick_columns(extension):
    times = []
    with client.connection(extension.socket) as connection:
        for _ in range(5):
            for table in extension.tables:
                began = time.monotonic()
                connection.call("table", table, {"action": "columns"})
                times.append(time.monotonic() - began)
    middle = sorted(times)[len(times) // 2]
    print("columns: %.2f ms in the middle, %.2f ms at most" % (1000 * middle, 1000 * max(times)))
    test("11 columns answers within 5 ms", middle < 0.005 * PATIENCE, "%.1f ms" % (1000 * middle))
