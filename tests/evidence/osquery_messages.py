#!/usr/bin/env python3
"""What callers say to fsa.ext, as seeds of the fuzz target: `osquery_messages.py FOLDER`.

Good messages, and one of each kind that a careless reader fails at.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop"))
from osquery_thrift import wire as w  # noqa: E402


def generate(table, constraints=(), used=None, **more):
    context = {"constraints": [{"name": name, "list": [{"op": op, "expr": text} for op, text in found], "affinity": "TEXT"}
                               for name, found in constraints]}
    if used is not None:
        context.update(colsUsed=used, colsUsedBitset=3)
    return w.call("table", table, {"action": "generate", "context": json.dumps({**context, **more})})


def deep(levels, kind):
    """Structures inside each other in a field that nobody knows, or lists."""
    inside = b"\0" if kind == w.STRUCT else bytes([w.BOOL]) + w.i32(0)
    for _ in range(levels):
        inside = w.field(w.STRUCT, 9, inside) + b"\0" if kind == w.STRUCT else bytes([w.LIST]) + w.i32(1) + inside
    return w.message("ping", w.field(kind, 9, inside))


def seeds():
    fields = w.call_fields("table", "fsa_tables", {"action": "generate", "context": ""})
    yield "ping", w.message("ping", sequence=7)
    yield "shutdown", w.message("shutdown")
    yield "columns", w.call("table", "fsa_tables", {"action": "columns"})
    yield "write", w.call("table", "fsa_tables", {"action": "delete", "id": "1"})
    yield "unknown_method", w.message("options")
    yield "unknown_action", w.call("table", "fsa_tables", {"action": "dance"})
    yield "everything", generate("fsa_tables")
    yield "keys", generate("fsa_tables", [("name", [(2, "fsa_processes"), (65, "fsa_%"), (73, "1")])], ["name", "summary"])
    yield "numbers", generate("fsa_processes", [("pid", [(2, "04"), (4, "4.5"), (16, "9e9")])], ["pid"])
    yield "evidence", generate("fsa_shimcache", [("evidence", [(2, "/x"), (2, "live")])])
    yield "no_evidence", generate("fsa_shimcache", [("evidence", [(65, "/x%")])])
    yield "old_core", w.call("table", "fsa_tables", {"action": "generate", "context": json.dumps(
        {"constraints": [{"name": "name", "list": "", "affinity": "TEXT"}, {"name": "name", "list": [{"op": "2", "expr": "x"}]}]})})
    yield "broken_context", w.call("table", "fsa_tables", {"action": "generate", "context": '{"constraints":['})
    yield "old_header", w.old_message("ping")
    yield "other_order", w.message("call", fields[2] + fields[1] + fields[0])
    yield "unknown_fields", w.message("call", w.field(w.I64, 77, bytes(8)) + b"".join(fields) + w.field(w.BOOL, 4, b"\1"))
    yield "twice", w.message("call", b"".join(fields + fields))
    yield "empty_map", w.message("call", fields[0] + fields[1] + w.field(w.MAP, 3, b"\0\0" + w.i32(0)))
    yield "other_map", w.message("call", fields[0] + fields[1] + w.field(w.MAP, 3, bytes([w.I32, w.LIST]) + w.i32(1) + w.i32(5)
                                                                         + bytes([w.BOOL]) + w.i32(2) + b"\0\1"))
    yield "pipelined", w.message("ping") + generate("fsa_tables", used=[]) + w.message("ping", sequence=-1)
    yield "huge_name", w.i32(-0x7ffeffff) + w.i32(0x7fffffff) + b"call"
    yield "huge_old_name", w.i32(0x7fffffff) + b"call"
    yield "huge_string", w.message("call", w.field(w.STRING, 1, w.i32(0x7fffffff)))
    yield "huge_map", w.message("call", w.field(w.MAP, 3, b"\0\0" + w.i32(0x7fffffff)))
    yield "huge_list", w.message("ping", w.field(w.LIST, 3, b"\0" + w.i32(0x7fffffff)))
    yield "negative", w.message("call", w.field(w.STRING, 1, w.i32(-1)))
    yield "deep_structures", deep(2000, w.STRUCT)
    yield "deep_lists", deep(2000, w.LIST)
    yield "reply", w.message("ping", kind=w.REPLY)
    yield "cut", w.call("table", "fsa_tables", {"action": "generate"})[:-9]
    yield "garbage", bytes(range(256))


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
