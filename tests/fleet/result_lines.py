"""Result-log lines as osquery and its managers write them, from rows that are JSON texts already.

A dialect is how one host's answers look in the log: the name of the query, numbers or strings, one line for
an answer or one for each row, and what the manager puts around a line.
"""
import json
import re
import time

MOST_LINE_BYTES = 1 << 20  # osquery's logger_tls_max_linesize: a longer line is dropped without an error
NAMES = {"fleet": "pack/Global/%s", "team": "pack/team-7/%s", "plain": "%s", "zentral": "pack/fsa/12/%s/77/1"}
DIALECTS = ("file", "fleet", "team", "plain", "old", "toplevel", "numbers", "rows", "diff", "batch", "zentral",
            "data", "details", "array", "concatenated")
NUMBER = re.compile(r':"(0|[1-9]\d{0,14})"')


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def envelope(host, query, when, dialect):
    """The members of a line beside its rows, without the braces."""
    name = NAMES.get(dialect, "pack_fsa_%s") % query
    quote = '"' if dialect == "old" else ""  # before osquery 5.10 numbers were texts
    members = (f'"name":"{name}","hostIdentifier":"{host.uuid}","calendarTime":"'
               f'{time.strftime("%a %b %d %H:%M:%S %Y UTC", time.gmtime(when))}","unixTime":{quote}{when}{quote},'
               f'"epoch":{quote}0{quote},"counter":{quote}0{quote},"numerics":{"true" if dialect == "numbers" else "false"}')
    if dialect == "toplevel":
        return members + f',"hostname":"{host.name}"'
    return members + f',"decorations":{{"host_uuid":"{host.uuid}","hostname":"{host.name}"}}'


def answer_lines(host, query, rows, when, dialect):
    """The lines of one answer. One line for each row leaves none of an empty answer."""
    members = envelope(host, query, when, dialect)
    if dialect in ("rows", "diff"):
        action = "snapshot" if dialect == "rows" else "added"
        return [f'{{"columns":{row},"action":"{action}",{members}}}' for row in rows]
    inside = ",".join(rows)
    if dialect == "batch":
        return [f'{{"diffResults":{{"removed":[],"added":[{inside}]}},{members}}}']
    if dialect == "numbers":
        inside = NUMBER.sub(r":\1", inside)
    return [f'{{"snapshot":[{inside}],"action":"snapshot",{members}}}']


def status_line(host, message, when, severity):
    return dump({"hostIdentifier": host.uuid, "unixTime": when, "severity": severity, "filename": "scheduler.cpp",
                 "line": 103, "message": message, "version": "5.12.1", "decorations": {"hostname": host.name}})


def wrap(lines, dialect):
    """What managers put around the lines of a host."""
    if not lines:
        return ""
    if dialect == "data":  # the body of a TLS logger's POST
        return '{"node_key":"k","log_type":"result","data":[' + ",".join(lines) + "]}\n"
    if dialect == "details":  # Fleet's webhook
        return "[" + ",".join('{"timestamp":"2026-09-21T14:13:20Z","details":' + x + "}" for x in lines) + "]\n"
    if dialect == "array":  # osctrl to Kafka
        return "[" + ",".join(lines) + "]\n"
    if dialect == "concatenated":  # Firehose
        return "".join(lines) + "\n"
    return "\n".join(lines) + "\n"
