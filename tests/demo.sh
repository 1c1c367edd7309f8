#!/usr/bin/env bash
# ./dev demo: the main job end to end, on this machine and on evidence that the repository makes itself.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${FSA_BUILD:-$PWD/build}
demo=$build/demo
fsa=$build/bin/fsa score=$build/bin/fsa-score
mode=csv; [ -t 1 ] && mode=box

part() { printf '\n== %s\n' "$1"; }
say() { printf '\n%s\n' "$1"; }
# Shows statements as one would type them, then their answers: all in one run, so that the last can
# ask what the ones before it saw.
ask() {
  printf '\n'
  printf 'fsa> %s;\n' "$@"
  "$fsa" -f "$mode" "$@"
}

rm -rf "$demo"
mkdir -p "$demo"

part "1. This machine"
ask "SELECT count(*) AS processes, sum(is_kernel_thread) AS kernel_threads, sum(is_deleted) AS programs_deleted, sum(is_memfd) AS programs_in_memory_only FROM fsa_processes" \
  "SELECT is_explained, kind, count(*) AS regions, count(DISTINCT pid) AS processes FROM fsa_injected_modules GROUP BY is_explained, kind" \
  "SELECT table_name, status, subjects, rows_total, problems FROM fsa_coverage WHERE is_scanned = 1"
say 'The built-in packs, once, as a fleet would run them: fsa sweep -o build/demo/this-host.log'
"$fsa" sweep -o "$demo/this-host.log" 2>&1 | tail -n 1

part "2. A case folder: two Windows hosts, two hives, two event logs"
python3 tests/evidence/make_demo.py "$build/evidence"
( cd "$build/evidence/demo"
  ask "SELECT path, layout, platform, hostname FROM fsa_evidence('case')"
  ask "SELECT e.hostname, s.position, s.path, datetime(s.modified_time, 'unixepoch') AS modified FROM fsa_evidence('case') e JOIN fsa_shimcache s ON s.evidence = e.path WHERE s.path LIKE 'C:\\Users%'"
  ask "SELECT computer_name, parts_seen || ' of ' || parts_total AS parts, script_text FROM fsa_evidence('case') e JOIN fsa_script_blocks b ON b.evidence = e.path"
  ask "SELECT computer_name, datetime(time, 'unixepoch') AS cleared, record_id, data FROM fsa_evidence('case') e JOIN fsa_event_log l ON l.evidence = e.path WHERE l.eventid IN (1102, 104)" )

part "3. A fleet that does not exist: the result logs of 200 hosts, six of them compromised, and some damage"
python3 tests/fleet/make_fleet.py "$demo/fleet" --hosts 200
"$score" ingest --db "$demo/fleet.db" "$demo/fleet/logs"
say 'Which hosts are unknown: fsa-score coverage --db build/demo/fleet.db --hosts build/demo/fleet/hosts.txt'
"$score" coverage --db "$demo/fleet.db" --hosts "$demo/fleet/hosts.txt" | sed '/^One identifier/,$d'
say 'What is rare: fsa-score rank --db build/demo/fleet.db --top 60'
"$score" rank --db "$demo/fleet.db" --top 60 | sed -n 1p
"$score" rank --db "$demo/fleet.db" --top 60 -f json > "$demo/rank.json"
python3 - "$demo/fleet/ground_truth.json" "$demo/rank.json" <<'TEXT'
import collections, json, sys

truth, rank = (json.load(open(path)) for path in sys.argv[1:])
print("\nThe generator's own account of what was lost on the way:")
for kind, hosts in sorted(collections.Counter(loss["kind"] for loss in truth["losses"]).items()):
    print("  %-22s on %d host(s)" % (kind, hosts))
shown = {(sighting["host_identifier"], entry["query"], json.dumps(sighting["row"], sort_keys=True)): entry["place"]
         for entry in rank for sighting in entry["sightings"]}
found = {}
print("\nWhat was planted, and which of it stands among the 60 rarest keys (rank counts and joins, it does not judge):")
for one in truth["findings"]:
    places = [shown.get((one["host"], part["query"], json.dumps(part["row"], sort_keys=True))) for part in one["rows"]]
    found[one["hostname"]] = min([place for place in places if place] + [found.get(one["hostname"], 999)])
    print("  %-24s %s  %-44s %s" % (one["hostname"], one["finding"], one["form"][:44], "place %d" % min(
        place for place in places if place) if any(places) else ""))
sys.exit("nothing that was planted was found" if min(found.values()) == 999 else 0)
TEXT

part "4. What to look at first, and why: the fleet and this machine's own sweep, weighed"
"$score" ingest --quiet --db "$demo/fleet.db" "$demo/this-host.log"
"$score" score --db "$demo/fleet.db" --top 3
"$score" report --db "$demo/fleet.db" --hosts "$demo/fleet/hosts.txt" -o "$demo/report.html" --json "$demo/report.json"
printf '\nThe report that an incident lead reads and signs (docs/report.md), one file that asks no network:\n  file://%s\n' "$demo/report.html"
say "What is listed is a place to look. What is not listed is not thereby clean, and a host that is unknown is unknown."
