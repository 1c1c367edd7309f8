#!/usr/bin/env bash
# ./dev demo: the main job end to end, on this machine and on evidence that the repository makes itself.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${FSA_BUILD:-$PWD/build}
demo=$build/demo
fsa=$build/bin/fsa score=$build/bin/fsa-score
mode=csv; [ -t 1 ] && mode=box

part() { printf '\n== %s\n' "$1"; }
# Shows a statement as one would type it, then its answer.
ask() {
  printf '\nfsa> %s;\n' "$1"
  "$fsa" -f "$mode" "${@:2}" "$1"
}

rm -rf "$demo"
mkdir -p "$demo"

part "1. This machine: one sweep of the built-in packs"
"$fsa" sweep -o "$demo/this-host.log"
ask "SELECT table_name, status FROM fsa_coverage WHERE status <> 'unsupported'"
ask "SELECT kind, count(*) AS regions, count(DISTINCT pid) AS processes FROM fsa_injected_modules GROUP BY kind"

part "2. A case folder: two Windows hosts, two hives, two event logs"
python3 tests/evidence/make_demo.py "$build/evidence"
case=$build/evidence/demo/case
( cd "$build/evidence/demo"
  ask "SELECT path, layout, platform, hostname FROM fsa_evidence('case')"
  ask "SELECT e.path AS host, s.position, s.path, datetime(s.modified_time, 'unixepoch') AS modified FROM fsa_evidence('case') e JOIN fsa_shimcache s ON s.evidence = e.path WHERE s.path LIKE 'C:\\Users%'"
  ask "SELECT computer_name, parts_seen || ' of ' || parts_total AS parts, script_text FROM fsa_evidence('case') e JOIN fsa_script_blocks b ON b.evidence = e.path"
  ask "SELECT computer_name, datetime(time, 'unixepoch') AS cleared, record_id, data FROM fsa_evidence('case') e JOIN fsa_event_log l ON l.evidence = e.path WHERE l.eventid IN (1102, 104)" )

part "3. A fleet: the result logs of 200 hosts that do not exist, three implants among them"
python3 tests/fleet/make_fleet.py "$demo/fleet" --hosts 200
"$score" ingest --db "$demo/fleet.db" --meta "$demo/fleet/meta.json" "$demo/fleet/logs" "$demo/this-host.log"
printf '\nThe rarest keys, with their hosts:\n'
"$score" rank --db "$demo/fleet.db" --top 5
printf '\nWhat is not known:\n'
"$score" coverage --db "$demo/fleet.db" --hosts "$demo/fleet/hosts.txt" > "$demo/coverage.txt"
head -n 24 "$demo/coverage.txt"
echo "  ... ($(wc -l < "$demo/coverage.txt") lines: fsa-score coverage --db build/demo/fleet.db)"
printf '\nWhat the generator had hidden, and the place where the ranking puts it:\n'
"$score" rank --db "$demo/fleet.db" --top 40 -f json > "$demo/rank.json"
python3 - "$demo/fleet/ground_truth.json" "$demo/rank.json" <<'TEXT'
import json, sys
truth, rank = (json.load(open(path)) for path in sys.argv[1:])
for implant in truth["implants"]:
    places = [entry["place"] for entry in rank for key in implant["keys"] if key in entry["key"]]
    print("  %-12s on %d host(s): %s" % (implant["name"], len(implant["hosts"]),
          "place %d" % min(places) if places else "not among the first %d" % len(rank)))
TEXT
printf '\nWhat is listed is a place to look; what is not listed is not thereby clean.\n'
