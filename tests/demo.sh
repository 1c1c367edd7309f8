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

part "3. A fleet that does not exist: the result logs of 200 hosts, three implants and some damage among them"
python3 tests/fleet/make_fleet.py "$demo/fleet" --hosts 200
"$score" ingest --db "$demo/fleet.db" --meta "$demo/fleet/meta.json" "$demo/fleet/logs"
say 'Which hosts are unknown: fsa-score coverage --db build/demo/fleet.db --hosts build/demo/fleet/hosts.txt'
"$score" coverage --db "$demo/fleet.db" --hosts "$demo/fleet/hosts.txt" | sed '/^One identifier/,$d'
say 'What is rare: fsa-score rank --db build/demo/fleet.db --top 60'
"$score" rank --db "$demo/fleet.db" --top 60 | sed -n 1p
"$score" rank --db "$demo/fleet.db" --top 60 -f json > "$demo/rank.json"
python3 - "$demo/fleet/ground_truth.json" "$demo/rank.json" <<'TEXT'
import json, sys

truth, rank = (json.load(open(path)) for path in sys.argv[1:])
print("\nThe generator's own account: %d hosts sent nothing, one more answers under the identifier of its clone,\n"
      "%d lost a line on the way (silent), %d refused to let memory be read (denied), %d lost rows (partial)." % tuple(
          len(truth[loss]) for loss in ("silent", "dropped", "denied", "short")))
missed = 0
for implant in truth["implants"]:
    found = [entry for entry in rank if any(key in entry["key"] for key in implant["keys"])]
    hosts = {sighting["host_identifier"] for entry in found for sighting in entry["sightings"]}
    told = hosts & set(implant["hosts"])
    missed += told != set(implant["hosts"])
    print("\nimplant '%s' was hidden on %d host(s), %d of them stand among the first 60:" % (
        implant["name"], len(implant["hosts"]), len(told)))
    for entry in found:
        names = ", ".join(sorted(sighting["hostname"] or sighting["host_identifier"] for sighting in entry["sightings"]))
        key = " | ".join(part if len(part) <= 60 else part[:57] + "..." for part in entry["key"].split("\x1f"))
        print("  place %2d  %-20s  %s  on %s" % (entry["place"], entry["query"], key, names))
sys.exit("an implant was not found" if missed else 0)
TEXT
say "What is listed is a place to look. What is not listed is not thereby clean, and a host that is unknown is unknown."
