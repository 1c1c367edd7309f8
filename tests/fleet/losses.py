"""What goes wrong between a host and the scorer, and how one may see it.

Each loss is one of `KINDS`. plan() says which hosts are hit; a host that lost something answers in a form in
which the loss can be told at all: what a host logs row by row or not at all is the subject of docs/scoring.md.
"""
import random

from queries import QUERIES, names, row

# kind: what a coverage cell may say of it. None of them is "ok".
KINDS = {
    "silent host": ("unknown",),           # no line at all; only the list of hosts knows it
    "half of the sources": ("silent",),    # an older extension: half of the queries are not known to it
    "lost line": ("silent",),              # one answer did not arrive
    "oversized line": ("silent",),         # above 1 MiB: osquery's TLS logger drops it without an error
    "cut line": ("silent",),               # the disk was full: a line ends in the middle
    "lost rows": ("partial",),             # fewer rows than fsa_coverage counted
    "truncated answer": ("partial",),      # the sweep left rows out and said so
    "partial table": ("partial",), "denied table": ("denied",), "absent table": ("absent",),
    "timed out table": ("timeout",), "failed table": ("error",), "failed query": ("error", "partial"),
}
SHARES = {"silent host": 0.015, "half of the sources": 0.015, "lost line": 0.01, "oversized line": 0.004, "cut line": 0.006,
          "lost rows": 0.006, "truncated answer": 0.006, "partial table": 0.006, "denied table": 0.01, "absent table": 0.004, "timed out table": 0.005,
          "failed table": 0.003, "failed query": 0.004}
NEVER = ("fsa_coverage", "fsa_problems")


def plan(seed, count, spared):
    """{host number: kind}; hosts that are spared lose nothing."""
    rng = random.Random(f"{seed}/losses")
    free = [number for number in range(count) if number not in spared]
    rng.shuffle(free)
    hit = {}
    for kind, share in SHARES.items():
        for _ in range(max(1, round(share * count))):
            if free:
                hit[free.pop()] = kind
    return hit


WHOLE = "fsa_drivers"  # gives all rows of its table: what arrived can be counted against what was read


def asked(host):
    return [name for name in names(host.platform) if name not in NEVER]


class Loss:
    """What one host loses, prepared before its lines are made."""

    def __init__(self, host, kind, seed):
        self.host, self.kind = host, kind
        rng = random.Random(f"{seed}/loss/{host.number}")
        self.status, self.queries = {}, []
        full = [name for name in asked(host) if host.rows[name]]
        if kind == "silent host":
            self.queries = names(host.platform)
        elif kind == "half of the sources":
            tables = sorted({QUERIES[name].table for name in asked(host)})
            unknown = set(rng.sample(tables, len(tables) // 2))
            self.queries = [name for name in asked(host) if QUERIES[name].table in unknown]
        elif kind in ("lost line", "cut line", "failed query"):
            self.queries = [rng.choice(full)]
        elif kind == "oversized line":
            self.queries = ["fsa_modules"]
            self.grow()
        elif kind in ("lost rows", "truncated answer"):
            self.kind = kind if host.windows else "truncated answer"  # no query of Linux gives a whole table
            self.queries = [WHOLE if self.kind == "lost rows" else max(full, key=lambda name: len(host.rows[name]))]
        elif kind:
            table = QUERIES[rng.choice(full)].table
            self.queries = [name for name in asked(host) if QUERIES[name].table == table]
            self.status[table] = {"partial table": "partial", "denied table": "denied", "absent table": "absent", "timed out table":
                                  "timeout", "failed table": "error"}[kind]
            if kind != "partial table":
                for name in self.queries:
                    host.rows[name] = []
        self.messages = [(f"{name} gave more than {len(host.rows[name]) // 2} rows: the rest was left out" if
                          self.kind == "truncated answer" else f"Scheduled query may have failed: pack_fsa_{name}")
                         for name in self.queries if self.kind in ("truncated answer", "failed query")]

    def grow(self):
        """A build server with a workspace of libraries."""
        rows = self.host.rows["fsa_modules"]
        for number in range(6500):
            rows.append(row("fsa_modules", path=f"D:\\build\\workspace\\{self.host.user}\\node_modules\\{number:05d}\\native-addon-{number}"
                            f"-release-x64.node", is_mapped=1, is_listed=1, is_name_mismatch=0, processes=1, pid=4, is_deleted=0))

    def is_gone(self, query):
        return self.kind in ("half of the sources", "lost line", "oversized line", "failed query") and query in self.queries

    def is_cut(self, query):
        return self.kind == "cut line" and query in self.queries

    def rows(self, query):
        rows = self.host.rows[query]
        if self.kind in ("lost rows", "truncated answer") and query in self.queries:
            return rows[:len(rows) // 2]
        return rows

    def truth(self):
        return self.kind and {"host": self.host.uuid, "hostname": self.host.name, "kind": self.kind, "queries": self.queries,
                "may_be": list(KINDS[self.kind])}


def coverage_rows(host, loss):
    """fsa_coverage of the host: what each table saw. Rows are counted where one query gives all of a table's."""
    tables = {}
    for name in asked(host):
        tables.setdefault(QUERIES[name].table, []).append(name)
    rows = []
    for table, queries in tables.items():
        if loss.kind == "half of the sources" and queries[0] in loss.queries:
            continue
        status = loss.status.get(table, "ok")
        total = sum(len(host.rows[name]) for name in queries)
        scanned = status in ("ok", "partial")
        rows.append(row("fsa_coverage", table_name=table, status=status, is_scanned=int(scanned), subjects=1 if scanned else "",
                        rows_total=total if scanned else "", problems=int(status != "ok"), milliseconds=40, is_privileged=1,
                        start_time=host.asked, version="0.2.0"))
        if status in ("partial", "denied"):
            host.add("fsa_problems", table_name=table, code={"partial": "format", "denied": "access"}[status], problems=1,
                     problem_source="...", message="could not be read", first_time=host.asked)
    rows.append(row("fsa_coverage", table_name="fsa_problems", status="ok", is_scanned=1, rows_total=len(host.rows["fsa_problems"]),
                    is_privileged=1, start_time=host.asked, version="0.2.0"))
    rows.append(row("fsa_coverage", table_name="fsa_coverage", status="ok", is_scanned=0, is_privileged=1, start_time=host.asked,
                    version="0.2.0"))
    return rows
