#!/usr/bin/env python3
"""fsa.ext.exe against what osquery demands of an extension, with Thrift's Python library on the other side of the pipe:
those groups of tests/interop/osquery_conformance.py that are about the wire and the life beside a manager. What needs
a recorded Linux host, signals, or files beside a socket is Linux's alone.
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/interop"))
import osquery_thrift

if not osquery_thrift.missing():
    import osquery_conformance as conformance
    from osquery_demands import calls, ceilings, life, messages, registration, rows, start, threads

    conformance.ALONE = (
        registration.registration, registration.conflicts, registration.hopeless_conflicts, registration.duplicates,
        registration.conflicts_of_later, life.forgotten, life.gone_managers, life.waiting,
        life.waiting_through_a_shutdown, life.broken_registrations, life.number_of_another, life.restarted,
        life.slow_manager, life.killed_extension, life.odd_numbers, ceilings.row_ceiling, start.strangers,
        start.late_manager, start.flag_forms)
    conformance.ALONE_WITH_SCAN = (life.shutdowns, life.restarted_during_a_scan, ceilings.deadline)
    conformance.ALONE_WITH_FOLDER = ()
    conformance.TOGETHER = (
        calls.actions, rows.quick_columns, threads.many_connections, messages.probes, messages.partial_messages,
        messages.garbage, messages.huge_lengths, messages.huge_counts, messages.deep_nesting,
        messages.unknown_methods, messages.wrong_kinds, messages.headers, messages.odd_fields, messages.streams)
    conformance.TOGETHER_WITH_SCAN = (threads.pings_beside_a_scan,)
    conformance.TOGETHER_WITH_FOLDER = (threads.deaf_readers,)


def main():
    why_not = osquery_thrift.missing()
    if not osquery_thrift.ON_WINDOWS:
        why_not = "FSA_SYSTEM=windows and FSA_WINE say how Windows programs are run"
    if not why_not:
        return conformance.main()
    print("skipped the demands of osquery on Windows: %s" % why_not)
    print("0 passed, 0 failed, 1 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
