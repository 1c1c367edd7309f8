"""Evidence that costs time to read, of few bytes: names of one event log that is full to the brim."""
import os
import sys

from . import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests/evidence"))
import evtx_writer as writer  # noqa: E402
import make_evtx as maker  # noqa: E402

CHUNKS = 255  # 16 MB, as large as a log of Windows usually grows


def full_log(chunks=CHUNKS, text=""):
    """(bytes of a log, its events): one full chunk over and over. Each event carries the text."""
    log = writer.Log()
    template = maker.event_data(0x400, ["Number", "Text"])
    while len(log.chunks) == 1:
        values = [maker.value(writer.UINT32, log.next_id), maker.value(writer.STRING, "record %d%s" % (log.next_id, text))]
        maker.add(log, maker.TESTS, 21, maker.Instance(template, values), log.next_id)
    last = log.chunks.pop(0)
    log.chunks = [last]
    data = log.bytes()
    header = writer.rewrite_header(data[:writer.FILE_HEADER], chunk_count=chunks, last_chunk=chunks - 1)
    return header + data[writer.FILE_HEADER:] * chunks, chunks * len(last.ids)


def log_folder(path, files, chunks=CHUNKS, text=""):
    """A Windows volume with so many full logs; the number of their events."""
    logs = os.path.join(path, "Windows/System32/winevt/Logs")
    os.makedirs(logs)
    os.makedirs(os.path.join(path, "Windows/System32/config"))
    data, events = full_log(chunks, text)
    first = os.path.join(logs, "Full-0000.evtx")
    with open(first, "wb") as file:
        file.write(data)
    for number in range(1, files):
        os.link(first, os.path.join(logs, "Full-%04d.evtx" % number))
    return events * files


def numeric_names(path, names):
    """A log with one event of each provider; its own path."""
    log = writer.Log()
    template = maker.event_data(0x400, ["Number"])
    for number, name in enumerate(names):
        source = (name, "{00112233-4455-6677-8899-AABBCCDDEEFF}", name)
        maker.HEADERS[source] = maker.header_template(0x900 + number, source)
        maker.add(log, source, 21, maker.Instance(template, [maker.value(writer.UINT32, number)]), number)
    with open(path, "wb") as file:
        file.write(log.bytes())
    return path
