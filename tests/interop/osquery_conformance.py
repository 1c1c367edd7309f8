#!/usr/bin/env python3
"""fsa.ext against what osquery demands of an extension: the core is played by Thrift's Python library.

The number that a test's name begins with is the line of the list of demands: 1 registration, 2 threads,
3 its life beside the manager, 4 shutdown, 5 routes, 6 rowid, 7 constraints, 8 ceilings, 9 texts, 10 hostile
bytes, 11 columns, 12 both directions. "start", "flags", "evidence" and "calls" are of the program itself.
FSA_TIMES=1 prints how long each group took; words as arguments run only the groups of such names.
"""
import os
import sys
import tempfile
import time

import osquery_thrift

WHY_NOT = osquery_thrift.missing()
if not WHY_NOT:
    from osquery_demands import calls, ceilings, constraints, life, messages, registration, rows, start, threads
    from osquery_demands.scan import slow_folder
    from osquery_demands.stage import SHARED_EVIDENCE, Place, running, same, test, totals
    from osquery_thrift.extension import Extension

    # Each makes its own managers and extensions in the place that it is given.
    ALONE = (
        registration.registration, registration.conflicts, registration.hopeless_conflicts, registration.duplicates,
        registration.conflicts_of_later, life.forgotten, life.stolen_socket, life.gone_managers, life.waiting, life.waiting_through_a_shutdown, life.broken_registrations, life.number_of_another,
         life.ignored_signals, life.restarted,
        life.slow_manager, life.signals, life.killed_extension, life.odd_numbers, ceilings.row_ceiling, start.start_errors,
        start.longest_path, start.strangers, start.permissions, start.late_manager, start.flag_forms, start.flags_that_end)
    ALONE_WITH_SCAN = (life.shutdowns, life.restarted_during_a_scan, ceilings.deadline)
    ALONE_WITH_FOLDER = (ceilings.byte_ceiling, life.deaf_callers_at_the_end, calls.evidence_rule)

    # Each is given an extension of its own, without anything special, and must leave it alive.
    TOGETHER = (
        rows.routes, rows.rows_against_the_shell, rows.rowids, rows.stable_rowids, rows.rowids_among_comers_and_goers,
        constraints.numeric_texts, constraints.letter_case, constraints.ignored_operators, constraints.odd_contexts,
        constraints.broken_contexts, constraints.random_constraints, calls.actions, calls.only_used_columns, calls.every_table,
        rows.quick_columns, ceilings.remembered, threads.many_connections, messages.probes, messages.partial_messages,
        messages.garbage, messages.huge_lengths, messages.huge_counts, messages.deep_nesting, messages.unknown_methods,
        messages.wrong_kinds, messages.headers, messages.odd_fields, messages.streams, threads.stops)
    TOGETHER_WITH_SCAN = (threads.pings_beside_a_scan,)
    TOGETHER_WITH_FOLDER = (constraints.texts_that_look_like_numbers, rows.texts, threads.deaf_readers)


def attempt(function, *arguments):
    """A group that breaks is one failure; the others go on."""
    began = time.monotonic()
    try:
        function(*arguments)
    except Exception as error:
        test("%s: runs to its end" % function.__name__, False, "%s: %s" % (type(error).__name__, str(error)[-1500:]))
    if os.environ.get("FSA_TIMES"):
        print("%6.2f s %s" % (time.monotonic() - began, function.__name__), flush=True)


def attempt_beside_one(place, folder, function, *arguments):
    with running(place, "--allow_evidence=" + osquery_thrift.native(SHARED_EVIDENCE), "--allow_evidence", osquery_thrift.native(folder)) as (_, extension):
        attempt(function, extension, *arguments)
        test("%s: it is alive at the end" % function.__name__, extension.alive(), extension.errors()[-2000:])


def wanted(functions):
    words = sys.argv[1:]
    return [function for function in functions if not words or function.__name__ in words]


def run(folder):
    place = Place(folder)
    second = registration.SecondInstance(place) if not sys.argv[1:] else None
    slow = slow_folder(folder)
    for functions, arguments in ((ALONE, ()), (ALONE_WITH_SCAN, (slow,)), (ALONE_WITH_FOLDER, (folder,))):
        for function in wanted(functions):
            attempt(function, place, *arguments)
    for functions, arguments in ((TOGETHER, ()), (TOGETHER_WITH_SCAN, (slow,)), (TOGETHER_WITH_FOLDER, (folder,))):
        for function in wanted(functions):
            attempt_beside_one(place, folder, function, *arguments)
    if second:
        attempt(second.judge)


def main():
    if WHY_NOT:
        print("skipped the conformance of fsa.ext: %s" % WHY_NOT)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="fsa-", dir="/tmp") as folder:  # short, for a socket's path
        os.chmod(folder, 0o755)
        run(folder)
    same("12 every other instance ended with 0", Extension.wrong_ends, [])
    print("%(pass)d passed, %(fail)d failed, %(skip)d skipped" % totals)
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
