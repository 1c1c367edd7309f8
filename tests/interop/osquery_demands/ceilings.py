"""8: what takes too long or is too much is an error without rows."""
import os
import time

from osquery_thrift import PATIENCE, evidence
from osquery_thrift.operators import EQ

from .scan import Scan
from .stage import names_a_key, running, same, schema, test


def deadline(place, slow):
    with running(place, "--allow_evidence", slow, "--deadline", "1") as (_, extension):
        scan = Scan(extension, slow)
        scan.join(30 * PATIENCE)
        code, message, _, rows = scan.answer
        same("8 deadline: an error and no rows", (code, rows), (1, []))
        test("8 deadline: the message says what to constrain", names_a_key(message, extension, "fsa_event_log"), message)
        test("8 deadline: in time", 0.9 < scan.seconds < 1 + 1 * PATIENCE, "%.2f s" % scan.seconds)
        same("8 deadline: quick questions are answered", extension.core.generate("fsa_tables").code, 0)


def row_ceiling(place):
    count = len(schema())
    for limit, code in ((count, 0), (count - 1, 1), (1, 1)):
        with running(place, "--max_rows", str(limit)) as (_, extension):
            answer = extension.core.generate("fsa_tables")
            same("8 %d rows with --max_rows %d" % (count, limit), (answer.code, len(answer.rows)),
                 (code, 0 if code else count))
            if code:
                test("8 ... the message says what to constrain", names_a_key(answer.message, extension, "fsa_tables"),
                     answer.message)
            one = extension.core.generate("fsa_tables", {"name": [(EQ, "fsa_evidence")]})
            same("8 a constraint brings it below --max_rows %d" % limit, (one.code, [r["name"] for r in one.rows]),
                 (0, ["fsa_evidence"]))


def byte_ceiling(place, folder):
    """osquery breaks off at 100 MiB; the ceiling is below that, and far from the one of rows."""
    path = os.path.join(folder, "wide")
    events = evidence.log_folder(path, 1, chunks=1700, text=" and words" * 80)
    with running(place, "--allow_evidence", path) as (_, extension):
        def ask(used):
            return extension.core.generate("fsa_event_log", {"evidence": [(EQ, path)]}, used, timeout=120 * PATIENCE)
        answer = ask(None)
        same("8 too many bytes: an error and no rows", (answer.code, len(answer.rows)), (1, 0))
        test("8 too many bytes: the message says what to constrain", names_a_key(answer.message, extension, "fsa_event_log"),
             answer.message)
        few = ask(["record_id"])
        same("8 ... and fewer columns are answered", (few.code, len(few.rows)), (0, events))
        for used in (["event"], ["event", "data"], ["event", "data", "source"]):
            answer = ask(used)
            size = sum(len(k) + len(v.encode()) for row in answer.rows for k, v in row.items())
            # 250,000 rows of 12 columns must pass, which are some 80 MiB; at 100 MiB osquery's Thrift ends the query
            test("8 an answer stays below 97 MiB (%s)" % "+".join(used), size < 97 << 20, "%d MiB, %d rows" % (size >> 20, len(answer.rows)))
        peak = extension.resident_kb() >> 10
        print("after answers of tens of MiB: %d MB resident" % peak)
        test("8 long answers: memory is given back", peak < 150 * PATIENCE, "%d MB resident" % peak)


def remembered(extension):
    """osquery asks once for each row of an outer table: all of them are one enumeration."""
    began = time.monotonic()
    for pid in range(100):
        extension.core.generate("fsa_processes", {"pid": [(EQ, str(pid))]}, ["pid"])
    seconds = time.monotonic() - began
    test("8 100 questions of a join", seconds < 5 * PATIENCE, "%.2f s" % seconds)
