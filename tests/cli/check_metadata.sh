#!/bin/bash
# ts: run.json beside each capture.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

counter vm-001 1000000
counter vm-002 18446744073709551615
both=(vms/vm-001/energy_uj vms/vm-002/energy_uj)
jq_quietly() { jq -e "$@" >jq.out; }
holds() { # what jq-expression: it is true of run.json
  check "$1" jq_quietly "$2" csv/run_*/run.json
}

# --- a run that is over -----------------------------------------------------------------------------------------------------
run_story : "$tool" ts --files "${both[@]}" -i 0.1 -n 5 --scale 5 --time-base auto --smooth 3 --stale-timeout 2m --max-power 500 -o a.csv --marks <<<"one"
check "status 0" exits 0
holds "tool and version" '.tool == "vm_energy" and (.version | test("^[0-9]+\\.[0-9]+\\.[0-9]+$"))'
holds "host" ".host == \"$(uname -n)\""
holds "command line, word by word" '.command[:4] == ["vm_energy", "ts", "--files", "vms/vm-001/energy_uj"] and .command[-1] == "--marks"'
holds "options" '.scale == 5 and .time_base == "auto" and .smooth == 3 and .stale_timeout_s == 120 and .max_power_w == 500'
holds "files" '.layout == "combined" and .files == ["a.csv"]'
holds "counters" '[.counters[].label] == ["vm-001", "vm-002"] and (.counters[0].path | test("^/.*/vms/vm-001/energy_uj$"))'
holds "baseline" '.counters[0].start_energy_uj == 1000000'
check "a counter beyond 2^63 is exact to the last digit" grep -q '"start_energy_uj": "18446744073709551615"' csv/run_*/run.json
holds "period not known" '.counters[0].period_s == null'
holds "interval" '.interval | .asked_s == 0.1 and (.mean_s - 0.1 | fabs) < 0.05 and .p95_s > 0.05 and .max_s >= .p95_s'
holds "quality" '.quality | .samples + .missed_ticks == 5 and .planned == 5 and .counter_samples == 2 * .samples and .marks == 1 and .bad_reads == 0 and .spikes == 0 and .rows_lost == 0'
first=$(sed -n '2s/,.*//p' "$(csv_file a.csv)")
holds "the first row is one interval behind the start" "($first - .start - 0.1 | fabs) < 0.002"
holds "start and end" '.end - .start > 0.45 and .end - .start < 5'
check "nothing else is left" same "a.csv marks.csv run.json updates.dat" "$(ls -A csv/run_* | paste -sd ' ')"
rm -r csv

run "$tool" ts --files 'vms/*/energy_uj' -i 0.05 -n 3 --separate-files
holds "separate" '.layout == "separate" and .files == ["power_vm-001.csv", "power_vm-002.csv"] and .stale_timeout_s == null and .max_power_w == null'
rm -r csv
: >vms/vm-002/energy_uj
# shellcheck disable=SC2016 # the stories' own $n, here and below
run_story 'case $n in 2) counter vm-002 7 ;; esac' "$tool" ts --files "${both[@]}" -i 0.1 -n 5
holds "a counter that could not be read at the start has no baseline" '.counters[0].start_energy_uj == 1000000 and .counters[1].start_energy_uj == null'
rm -r csv
mkfifo typed
exec 9<>typed
# shellcheck disable=SC2016
run_story 'case $n in 3) counter vm-003 5 ;; 5) echo >typed ;; esac' \
  "$tool" ts --files 'vms/*/energy_uj' -i 0.1 --manual-stop --long <&9
holds "long: one that came later has no baseline" '.layout == "long" and .counters[2].label == "vm-003" and .counters[2].start_energy_uj == null'
holds "until Enter: no number was planned" '.quality.planned == null'
rm -r csv vms/vm-003

# the period of a writer that is updated
# shellcheck disable=SC2016
run_story 'case $((n % 3)) in 0) echo $((n * 1000000)) >vms/vm-001/energy_uj && touch -d "@$now" vms/vm-001/energy_uj ;; esac' \
  "$tool" ts --files vms/vm-001/energy_uj -i 0.1 -n 24
holds "period of the updates" '.counters[0].period_s - 0.3 | fabs < 0.001'
rm -r csv

mkdir -p $'vms/a\xff"b' && echo 1 >$'vms/a\xff"b/energy_uj'
run "$tool" ts --files $'vms/a\xff"b/energy_uj' -i 0.05 -n 1
holds "names and arguments that are no UTF-8" '(.counters[0].label | test("^a_\"b_[0-9a-f]{8}$")) and .command[3] == "vms/a_\"b/energy_uj"'
rm -r csv vms/a*

# --- a run that goes on, and one that was killed -------------------------------------------------------------------------------
"$tool" ts --files "${both[@]}" -i 0.05 --manual-stop >out 2>err <&9 &
tool_pid=$!
pids+=("$tool_pid")
has_rows() { [ "$(cat csv/run_*/power.csv | wc -l)" -gt 3 ]; }
wait_for has_rows
holds "running: known from the start" '.end == null and .quality == null and .interval.asked_s == 0.05 and .interval.mean_s == null and .counters[0].start_energy_uj == 24000000'
kill -KILL "$tool_pid"
wait "$tool_pid" 2>/dev/null
holds "killed: as it was" '.end == null and (.counters | length) == 2'
check "killed: nothing half" same "power.csv run.json updates.dat" "$(ls -A csv/run_* | paste -sd ' ')"
rm -r csv

# killed after the clock was set twice: 1 s apart, the rows of 6 s
# shellcheck disable=SC2016
run_story 'case $n in 2) exit 190 ;; 4) exit 170 ;; 7) kill -KILL $PPID ;; esac' "$tool" ts --files "${both[@]}" -i 1 -n 20
holds "killed: how the clock was set" '.end == null and (.clock_steps | map(.by_s | round)) == [40, 20] and (.clock_steps[0].ts - .start - 2 | fabs) < 0.1'
run "$tool" report --json csv/run_*
check "killed: report does not take the steps of the clock for time" jq -e '.captures[0].duration_s - 6 | fabs < 0.1' out
rm -r csv

# --- what goes wrong ---------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
run_story 'mkdir -p "$(echo csv/run_*)/.run.json.new"' "$tool" ts --files "${both[@]}" -i 0.05 -n 20
check "cannot be written: status 1" exits 1
check "cannot be written: the message" says err "vm_energy: unable to write 'csv/run_[0-9_]+/run\.json': File exists"
holds "cannot be written: that of the start is whole" '.end == null'
check "cannot be written: the capture is whole" same 20 "$(rows "$(csv_file)")"
rm -r csv
# shellcheck disable=SC2016
run_story 'cd csv/run_* && rm -rf run.json && mkdir run.json' "$tool" ts --files "${both[@]}" -i 0.05 -n 20
check "cannot be named: the message" says err "vm_energy: unable to write 'csv/run_[0-9_]+/run\.json': Is a directory"
check "cannot be named: nothing else is left" same "power.csv run.json updates.dat" "$(ls -A csv/run_* | paste -sd ' ')"
finish
