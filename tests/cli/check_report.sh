#!/bin/bash
# report: from each layout, as text, JSON and CSV; what is no capture; what is bigger than memory.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

t0=1795536000 # 2026-11-24 16:00:00 UTC

# --- three layouts of the same two VMs: 100 W, and one that had a bad read ---------------------------------------------------
mkdir wide separate long
{
  echo "ts,vm-001_energy_uj,vm-001_power_w,\"b,\"\"2\"\"_energy_uj\",\"b,\"\"2\"\"_power_w\""
  echo "$t0,1000000000,100.000000,500000000,50.000000"
  echo "$((t0 + 1)),1100000000,100.000000,550000000,50.000000"
  echo "$((t0 + 2)),1200000000,100.000000,,"
  echo "$((t0 + 3)),1300000000,100.000000,550000000,0.000000"
  echo "$((t0 + 4)),1400000000,100.000000,750000000,200.000000"
} >wide/power.csv
cut -d, -f1-3 wide/power.csv | sed 1d | cat <(echo ts,vm-001_energy_uj,vm-001_power_w) - >separate/power_vm-001.csv
sed 1d wide/power.csv | cut -d, -f1,4,5 | cat <(head -n 1 wide/power.csv | cut -d, -f1,4-) - >separate/power_b.csv
sed -i '1s/.*/ts,"b,""2""_energy_uj","b,""2""_power_w"/' separate/power_b.csv
awk -F, 'BEGIN { print "ts,label,energy_uj,power_w,state" }
  NR > 1 { print $1 ",vm-001," $2 "," $3 ",ok"
           print $1 ",\"b,\"\"2\"\"\"," $4 "," $5 "," ($4 == "" ? "torn" : NR == 5 ? "held" : "ok") }' wide/power.csv >long/power.csv

run "$tool" report wide
check "wide: status 0" exits 0
check "wide: nothing on standard error" is_empty err
check "wide: what is printed" golden report_wide.txt
cp out wide.out
run "$tool" report separate/power_vm-001.csv separate
check "separate: a file, and a directory" golden report_separate.txt
run "$tool" report long
check "long: the same as wide" diff <(sed s/wide/long/ wide.out) out
run "$tool" report --json wide
check "JSON: figures" jq -e '.captures[0] | .path == "wide" and .host == null and .scale == 1 and .start == '$t0' and .duration_s == 4
  and .phases == [] and (.vms[0] | .energy_wh = (.energy_wh * 9000 | round)) == {label: "vm-001", energy_j: 400, energy_low_j: 300, energy_high_j: null, energy_goes_on: true,
    energy_wh: 1000, energy_from: "counter", mean_w: 100, min_w: 100, median_w: 100, p95_w: 100, max_w: 100, samples: 5, held_share: 0, empty_share: 0, resets: 0}
  and .power_from == "updates" and (.vms[1] | .label == "b,\"2\"" and .energy_j == 250 and .energy_low_j == 200 and .mean_w == 62.5 and (.max_w - 200 / 3 | fabs) < 1e-6 and .held_share == 0.2 and .empty_share == 0.2) and .total.energy_j == 650' out
run "$tool" report --json --power recorded wide
check "--power recorded: as it stands in the rows, but for the first one" jq -e '.captures[0] | .power_from == "recorded" and
  (.vms[1] | .energy_j == 250 and (.mean_w - 250 / 3 | fabs) < 1e-6 and .min_w == 0 and .median_w == 50 and .max_w == 200)' out
run "$tool" report --json wide separate long
check "JSON: all layouts have the same figures" jq -e '.captures | length == 3 and (map(.vms | sort_by(.label)) | unique | length) == 1' out
run "$tool" report --csv --gco2-per-kwh 360 --price-per-kwh 0.36 wide
check "CSV" golden report.csv
run "$tool" report --json --gco2-per-kwh 360 --price-per-kwh 0 wide
check "JSON: costs" jq -e '.captures[0] | (.vms[0].gco2 - 0.04 | fabs) < 1e-9 and .vms[0].price == 0 and (.total.gco2 - 0.065 | fabs) < 1e-9' out
run "$tool" report --gco2-per-kwh 360000 --price-per-kwh 360 wide/power.csv
check "text: costs" golden report_costs.txt
run env TZ=Europe/Berlin "$tool" report wide
check "local time" grep -qF 'wide: 4.000 s from 2026-11-24 17:00:00 +0100' out

# --- the seed's files: floats for times, a counter that was reset, two VMs of one name ----------------------------------------
cat >seed.csv <<ROWS
ts,web_energy_uj,web_power_w,web_power_w_sma2,web_energy_uj,web_power_w,web_power_w_sma2
$t0,1000000,0.0,0.0,7000000,1.0,1.0
$((t0 + 1)),11000000,10.0,5.0,8000000,1.0,1.0
$((t0 + 2)),500000,0.0,5.0,9000000,1.0,1.0
$((t0 + 3)),10500000,10.0,5.0,10000000,1.0,1.0
ROWS
run "$tool" report --json seed.csv
check "seed: two of one name stay two, a reset is clamped" jq -e '.captures[0].vms | map([.label, .energy_j, .resets]) == [["web", 20, 1], ["web", 3, 0]]' out

# --- groups, and the total over time: two VMs of one group, updated at different times; one of none ---------------------------
{
  echo ts,web-1_energy_uj,web-1_power_w,web-2_energy_uj,web-2_power_w,db_energy_uj,db_power_w
  for ((i = 0; i <= 40; i++)); do
    a=$((i / 5 * 500)) b=$(((i + 3) / 5 * 100))
    [ "$i" -lt 25 ] || a=$((a + (i / 5 - 4) * 1000)) # 100 W, then 300 W from second 20 on
    echo "$((t0 + i)),${a}000000,,${b}000000,,$((i * 7))000000,"
  done
} >groups.csv
printf 'label,group\nweb-1,front\nweb-2,front\ndb,"back, end"\nold,gone\n' >members.csv
run "$tool" report --group-by '^([a-z]+)-[0-9]' groups.csv
check "groups: text" golden report_groups.txt
run "$tool" report --json --group-by '^([a-z]+)-[0-9]' groups.csv
check "groups: a group is the sum of its VMs, and has the sum of their bounds" jq -e '.captures[0] | (.groups | length == 1) and (.vms | map(.group) == ["web", "web", null]) and
  ([.vms[0], .vms[1]] as $v | .groups[0] | .group == "web" and .energy_j == ($v | map(.energy_j) | add) and .energy_low_j == ($v | map(.energy_low_j) | add)
    and .energy_high_j == null and .mean_w == .energy_j / 40 and .max_w == null)' out
check "total: mean, median, p95 and maximum are those of the sum over time" jq -e '.captures[0].total | .mean_w == .energy_j / 40 and
  ([.min_w, .median_w, .p95_w, .max_w] | map(. * 1000 | round)) == [127000, 127000, 327000, 327000]' out
run "$tool" report --csv --groups members.csv groups.csv
check "groups: CSV, where a column separates them from VMs" same "vm web-1,vm web-2,vm db,group front,group back; end,total " \
  "$(sed 's/"back, end"/back; end/' out | awk -F, 'NR > 1 { printf "%s%s %s", (NR > 2 ? "," : ""), $19, $3 }')"
run "$tool" report groups.csv --group-by web
check "groups: a regular expression without a name in it: status 2" exits 2
run "$tool" report --groups missing.csv groups.csv
check "groups: no such file: status 2" exits 2
check "groups: no such file: reported" says err "vm_energy: unable to read 'missing\.csv': No such file or directory"

# --- scale ------------------------------------------------------------------------------------------------------------------
awk -v t="$t0" 'BEGIN { print "ts,a_energy_uj,a_power_w"; for (i = 0; i < 20; i++) print t + i "," i * 20000000 ",100.000000" }' >fifth.csv
run "$tool" report fifth.csv
check "an unknown scale is noticed" grep -qF "warning: 'fifth.csv': the power adds up to 5 times what the counters say; if that is a scale, name it with --scale" err
check "it is no error" exits 0
run "$tool" report --scale 5 --json fifth.csv
check "--scale: energy, not power" jq -e '.captures[0] | .scale == 5 and .vms[0].energy_j == 1900 and .vms[0].mean_w == 100' out
check "--scale: no warning" is_empty err

# --- a real run: run.json has scale and start, marks.csv has phases -----------------------------------------------------------
mkdir run_1
cp fifth.csv run_1/power.csv
run_json() { # files...: run.json of run_1, 1 s before its first row; its counter had 10 J then
  local files
  files=$(printf '"%s",' "$@")
  cat >run_1/run.json <<JSON
{"tool": "vm_energy", "version": "0.1.0", "host": "node42", "start": $((t0 - 1)).75, "end": null, "scale": 5.0,
 "files": [${files%,}], "counters": [{"label": "a", "start_energy_uj": 0, "period_s": null}]}
JSON
}
run_json power.csv
run "$tool" report --json run_1
check "run.json: scale and host" jq -e '.captures[0] | .scale == 5 and .host == "node42"' out
check "run.json: from its start on, however coarse the time stamps" jq -e ".captures[0] | .start == $t0 - 0.25 and .duration_s == 20 and (.vms[0] | .energy_low_j == 1800 and .energy_j >= 1900 and .energy_j < 1950)" out
run "$tool" report --scale 1 --json run_1
check "--scale wins" jq -e '.captures[0] | .scale == 1 and (.vms[0].energy_j / 385 - 1 | fabs) < 0.015' out
run "$tool" report --json run_1/power.csv
check "run.json beside a file" jq -e '.captures[0].scale == 5' out
(cd run_1 && run "$tool" report --json power.csv && check "run.json in this directory" jq -e '.captures[0].scale == 5' "$work/out" && exit "$failures") || failures=$((failures + 1))
run_json other.csv
run "$tool" report --json run_1/power.csv
check "run.json of other files is not of this one" jq -e '.captures[0] | .scale == 1 and .host == null' out
run "$tool" report run_1
check "a file of the run is missing: status 1" exits 1
check "a file of the run is missing: reported" says err "vm_energy: 'run_1/other.csv' is no capture: No such file or directory"
run_json power.csv
printf 'ts,mark\n%d.500,load\n%d.000,"cool, \033[31mdown"\n%d.000,too late\n' $((t0 + 4)) $((t0 + 10)) $((t0 + 100)) >run_1/marks.csv
run "$tool" report run_1
check "phases" golden report_phases.txt
run "$tool" report --json run_1
check "phases: they add up" jq -e '.captures[0] | (.phases | map(.phase) == [null, "load", "cool, _[31mdown"]) and (([.phases[].total.energy_j] | add) - .total.energy_j | fabs) < 1e-6
  and ([.phases[].vms[0].samples] | add) == 20 and ([.phases[].duration_s] | add) == 20 and (.phases[1].vms[0].energy_j - 550 | fabs) < 1e-6' out
run "$tool" report --csv run_1
check "phases: a row each, and one of all" same 7 "$(wc -l <out)"
echo '{"tool": "vm_energy", "sca' >run_1/run.json
echo 'ts,name' >run_1/marks.csv
run "$tool" report --json run_1
check "broken run.json and marks.csv: skipped" jq -e '.captures[0] | .scale == 1 and .phases == [] and .vms[0].energy_j == 380' out
check "broken run.json: reported" says err "vm_energy: warning: 'run_1/run\.json' is skipped: it is no run\.json of vm_energy"
check "broken marks.csv: reported" says err "vm_energy: warning: 'run_1/marks\.csv' is skipped: it has no columns ts and mark"
check "broken run.json and marks.csv: status 0" exits 0

for scale in 0 -1 '"5"' null; do
  echo "{\"tool\": \"vm_energy\", \"scale\": $scale, \"start\": $t0, \"files\": [\"power.csv\"]}" >run_1/run.json
  run "$tool" report run_1
  check "run.json with the scale $scale: skipped" says err "vm_energy: warning: 'run_1/run\.json' is skipped: it is no run\.json of vm_energy"
done
run_json ../fifth.csv power.csv
run "$tool" report --json run_1
check "run.json names no files elsewhere" jq -e '.captures[0].vms | length == 1' out
rm -r run_1

# the counter moves every 4 s; times have milliseconds
mkdir run_2
awk -v t="$t0" 'BEGIN { print "ts,a_energy_uj,a_power_w"; for (i = 1; i <= 16; i++) printf "%.3f,%d,%s\n", t + i / 2, int(i / 8) * 400000000, i < 8 ? "" : "100.000000" }' >run_2/power.csv
printf 'ts,mark\n%d,half\n%d,lost in a cra' $((t0 + 6)) $((t0 + 7)) >run_2/marks.csv
cat >run_2/run.json <<JSON
{"tool": "vm_energy", "start": $t0.25, "end": $((t0 + 8)), "scale": 1, "files": ["power.csv"],
 "counters": [{"label": "a", "start_energy_uj": 0, "start_update": $t0.0}]}
JSON
run "$tool" report --json run_2
check "an update is that of the time since the one before" jq -e '.captures[0] | ([.phases[].total.energy_j] | add) - .total.energy_j | fabs < 1e-6' out
check "an update is shared by time" jq -e '.captures[0].phases[0].total | .energy_j > 560 and .energy_j < 620 and .energy_low_j == 0 and .energy_high_j == 800' out
check "the start is exact to the millisecond" jq -e ".captures[0].start == $t0.25" out
check "a mark that is cut off is none" jq -e '.captures[0].phases | map(.phase) == [null, "half"]' out
check "a mark that is cut off: reported" says err "vm_energy: warning: 'run_2/marks\.csv': 1 row is skipped"
cat >run_2/power.csv <<ROWS
ts,a_energy_uj,a_power_w
$t0,0,100.000000
$((t0 + 1)),100000000,100.000000
$((t0 + 2)),9000000000,
$((t0 + 3)),300000000,
$((t0 + 4)),400000000,100.000000
ROWS
for limit in 500.0 null; do
  echo "{\"tool\": \"vm_energy\", \"start\": $t0, \"scale\": 1, \"max_power_w\": $limit, \"files\": [\"power.csv\"], \"counters\": [{\"label\": \"a\"}]}" >run_2/run.json
  run "$tool" report --json run_2
  check "what the run took for impossible, $limit, is that here" jq -e ".captures[0].total.energy_j - if $limit == null then 9100 else 400 end | fabs < 60" out
done
rm run_2/run.json
printf 'ts,mark\n%d,half\n' $((t0 + 2)) >run_2/marks.csv
run "$tool" report run_2
check "marks.csv is no capture that is looked at" is_empty err
head -n 1 separate/power_vm-001.csv | sed s/vm-001/early/g >separate/power_early.csv
printf '%d,0,1\n%d,0,1\n' $((t0 - 10)) $((t0 + 1)) >>separate/power_early.csv
run "$tool" report --json separate
check "the span is that of all files" jq -e '.captures[0] | .duration_s == 14 and .start == '$((t0 - 10)) out
rm separate/power_early.csv

# --- a mark within the last second: whole-second stamps are cut ----------------------------------------------------------------
mkdir last
{ echo ts,label,energy_uj,power_w,state && for i in $(seq 10); do echo "$((t0 + i)),vm,$((i * 10000000)),10,ok"; done; } >last/power.csv
printf 'ts,mark\n%d.5,load\n%d.4,end\n' $((t0 + 5)) $((t0 + 10)) >last/marks.csv
# ts ran from t0.8 to t0+10.8; its whole-second stamps are cut
printf '{"tool": "vm_energy", "start": %d.8, "end": %d.8, "scale": 1.0, "files": ["power.csv"], "counters": [{"label": "vm", "start_energy_uj": 0}]}' \
  $t0 $((t0 + 10)) >last/run.json
run "$tool" report last
check "a mark within the last second keeps its phase" grep -q '^phase end: 0\.400 s ' out
check "whole-second stamps: the first phase has its true length" grep -q '^phase before the first mark: 4\.700 s ' out

# --- the clock is set by an hour while it runs: 24 s, and a mark after it; without run.json it seems to go back ------------------
mkdir steps
for step in 3600 -3600; do
  for i in $(seq 24); do echo "$((t0 + i + (i > 12 ? step : 0))).000,$((i * 10000000)),10.000000"; done |
    cat <(echo ts,a_energy_uj,a_power_w) - >steps/power.csv
  printf 'ts,mark\n%d,later\n' $((t0 + 18 + step)) >steps/marks.csv
  cat >steps/run.json <<JSON
{"tool": "vm_energy", "start": $t0.0, "end": $((t0 + 24 + step)), "scale": 1.0, "files": ["power.csv"],
 "clock_steps": [{"ts": $((t0 + 12)).5, "by_s": $step.0}], "counters": [{"label": "a", "start_energy_uj": 0, "start_update": $t0.0}],
 "quality": {"late_max_s": 0.001, "rows_lost": 3}}
JSON
  run "$tool" report --json steps/power.csv
  check "the clock is set by $step s: the run has its true length" jq -e '.captures[0] | .duration_s == 24 and [.phases[].duration_s] == [18, 6]' out
  check "the clock is set by $step s: its energy" jq -e '.captures[0].total.energy_j - 240 | fabs < 5' out
  check "the clock is set by $step s: said" grep -q "the clock was set during the run" err
  check "rows that were lost: said" grep -qx "vm_energy: 'steps/power.csv' is not complete: 3 rows were lost when it was written" err
  check "rows that were lost: status 1" exits 1
done
cp steps/power.csv back.csv
run "$tool" report --json back.csv
check "times that go back: said, with the line" grep -q "warning: 'back.csv': line 14: the time goes back" err
check "times that go back: no time passed" jq -e '.captures[0] | .duration_s == 22 and (.total.energy_j - 230 | fabs) < 15' out

# --- ts, then report ------------------------------------------------------------------------------------------------------------
counter web 0
mkfifo typed
exec 9<>typed
# shellcheck disable=SC2016 # the story's own $n
run_story 'echo $((n * 1000000)) >vms/web/energy_uj; case $n in 6) echo half >typed ;; esac' \
  "$tool" ts --files vms/web/energy_uj -i 0.1 -n 10 --scale 5 --time-base sample --marks --quiet <&9
run "$tool" report --json csv/run_*
check "ts and report: energy from the baseline on, scaled" jq -e '.captures[0].vms[0] | .energy_low_j == 45 and .energy_j >= 45 and .energy_j < 60' out
check "ts and report: phases" jq -e '.captures[0].phases | length == 2 and .[1].phase == "half"' out
check "ts and report: quiet" is_empty err

# --- one more update after the last sample -------------------------------------------------------------------------------------
mkdir -p vms/more
(n=0 && while :; do n=$((n + 1)) && echo $((n * 1000000)) >vms/new && mv vms/new vms/more/energy_uj && sleep 0.03; done) &
writer=$!
pids+=("$writer")
wait_for test -s vms/more/energy_uj
run "$tool" ts --files vms/more/energy_uj -i 0.2 -n 5 --complete --quiet --out-dir complete
run "$tool" report --json complete/run_*
check "ts --complete: the energy has an upper bound" jq -e '.captures[0].vms[0] | .energy_low_j > 0 and .energy_high_j >= .energy_j and .energy_goes_on == false' out
check "ts --complete: the rows end with the last sample" jq -e '.captures[0].vms[0].samples <= 5' out

sleep 0.5 | run "$tool" ts --files vms/more/energy_uj -i 0.1 --manual-stop --complete --quiet --out-dir ended
kill "$writer"
run "$tool" report --json ended/run_*
check "ts --complete: also after the end of standard input" jq -e '.captures[0].vms[0].energy_high_j != null' out

# --- what is wrong with a file ----------------------------------------------------------------------------------------------------
head -c -15 fifth.csv >cut.csv
run "$tool" report --json cut.csv
check "cut: status 0" exits 0
check "cut: reported" says err "vm_energy: warning: 'cut\.csv': line 21, the last one, is cut off and skipped"
check "cut: the rest counts" jq -e '.captures[0].vms[0] | .samples == 19 and .energy_j == 360' out
{ cat fifth.csv && head -c 1000 /dev/zero; } >zeros.csv
run "$tool" report --quiet --json zeros.csv
check "zeros at the end, as a crash of the machine leaves them: status 0" exits 0
check "zeros at the end: the rest counts" jq -e '.captures[0].vms[0].samples == 20' out
for row in "1795536004.5,1" "1795536004.5,1,2,3" "later,1,2"; do
  { head -n 6 fifth.csv && echo "$row" && tail -n +7 fifth.csv; } >wrong.csv
  run "$tool" report --json wrong.csv
  check "wrong row '$row': status 1" exits 1
  check "wrong row '$row': reported" grep -qE "^vm_energy: 'wrong\.csv': line 7 is skipped: (it has [24] fields, not 3|'later' is no time stamp)$" err
  check "wrong row '$row': the others count" jq -e '.captures[0].vms[0] | .samples == 20 and .energy_j == 380' out
done
{ head -n 3 fifth.csv && echo "bad" && sed 1,3d fifth.csv && printf 'x\033[31m,1,2\n'; } >wrong.csv
run "$tool" report wrong.csv
check "several wrong rows" says err "vm_energy: 'wrong\.csv': line 4 is skipped \(first of 2 times\): it has 1 field, not 3"

# the file | what is said of it
head -n 1 fifth.csv >header.csv
: >empty.csv
echo "time,a_power_w" >no_ts.csv
printf 'ts,mark\n1,a\n' >marks.csv
head -c 9M /dev/zero | tr '\0' x >endless.csv
mkdir -p nothing runs/run_20261124_110000 runs/run_20261124_120000 others
cp no_ts.csv empty.csv others
while IFS='|' read -r path message; do
  run "$tool" report "$path"
  check "$path: status 1" exits 1
  check "$path: '$message'" grep -qxF "vm_energy: '$path' is no capture: $message" err
  check "$path: nothing printed" is_empty out
done <<'ROWS'
empty.csv|it is empty
no_ts.csv|it has no column 'ts'
marks.csv|it has no column that ends in '_energy_uj' or '_power_w'
endless.csv|it has a line that is too long
nothing|it holds no .csv file
runs|it holds no .csv file; the last run in it is 'runs/run_20261124_120000'
others|none of its .csv files is
ROWS
check "others: each is reported" same 2 "$(grep -c "warning: 'others/.*' is no capture, and skipped: it" err)"
run "$tool" report header.csv
check "a header alone: status 0, no samples" exits 0
check "a header alone" golden report_header.txt
run "$tool" report --json header.csv
check "a header alone: null" jq -e '.captures[0] | .start == null and .vms[0] == {label: "a", energy_j: null, energy_low_j: null, energy_high_j: null, energy_goes_on: false, energy_wh: null, energy_from: null,
  mean_w: null, min_w: null, median_w: null, p95_w: null, max_w: null, samples: 0, held_share: 0, empty_share: 0, resets: 0}' out
run "$tool" report --json empty.csv fifth.csv
check "one of two is none: status 1, the other is printed" exits 1
check "one of two is none: the other" jq -e '.captures | length == 1' out
run "$tool" report fifth.csv missing.csv
check "one of two is not there: status 2" exits 2
check "one of two is not there: nothing printed" is_empty out
if [ "$(id -u)" -ne 0 ]; then
  cp fifth.csv denied.csv && chmod 0 denied.csv
  run "$tool" report denied.csv
  check "denied: reported" says err "vm_energy: 'denied\.csv' is no capture: Permission denied"
fi
cp fifth.csv others/power.csv
run "$tool" report --json others
check "a capture among others: status 0" exits 0
check "a capture among others: it alone" jq -e '.captures[0].vms | length == 1' out
cp fifth.csv $'bad\033[31m.csv'
run "$tool" report $'bad\033[31m.csv'
check "a path is printed so that it harms no terminal" grep -q '^bad_\[31m\.csv: ' out
"$tool" report fifth.csv >/dev/full 2>err
status=$?
check "full disk: status 1" exits 1
check "full disk: reported" says err 'vm_energy: unable to write to standard output: No space left on device'

# --- updates.dat that ends before the rows do: 10 W, an update every 5 s, cut off after that of second 10 ----------------------------
mkdir cut
{
  echo ts,a_energy_uj,a_power_w
  for k in $(seq 0 40); do echo "$((t0 + k)),$((1000000000 + (k + 5) / 5 * 50000000)),10.000000"; done
} >cut/power.csv
{
  echo update_ts,within_s,label,energy_uj,total_uj,state
  for k in 0 5 10 15 20 25 30 35 40; do
    echo "$((t0 + k)).000000,0.004000,a,$((1050000000 + k * 10000000)),$((1050000000 + k * 10000000)),ok"
  done
} >all.dat
cp all.dat cut/updates.dat
run "$tool" report cut
check "updates.dat with all updates: status 0" exits 0
check "updates.dat with all updates: no error" is_empty err
for bytes in 0 20; do # whole rows, and a part of one
  head -n 4 all.dat >cut/updates.dat
  sed -n 5p all.dat | head -c $bytes >>cut/updates.dat
  run "$tool" report cut
  check "updates.dat that is cut off, $bytes bytes of a row: status 1" exits 1
  check "updates.dat that is cut off, $bytes bytes of a row: reported" says err "vm_energy: 'cut' is not complete: the last updates of 1 VM are missing in updates\.dat; energies are too low"
done

for lines in 0 1; do # nothing, a header
  head -n $lines all.dat >cut/updates.dat
  run "$tool" report --json cut
  check "updates.dat of $lines lines: status 1" exits 1
  check "updates.dat of $lines lines: reported" says err "vm_energy: 'cut' is not complete: updates\.dat has no updates; energies are those of the rows"
  check "updates.dat of $lines lines: those of the rows" jq -e '.captures[0].vms[0] | .energy_j == 400 and .mean_w == 10 and .energy_low_j == 350' out
done

# --- a VM that is away from second 12 to 30: 10 W, an update each 5 s; with updates.dat, and from the rows -----------------------------
mkdir away
printf '%s\n' ts,mark "$((t0 + 13)),away" "$((t0 + 25)),back" "$((t0 + 40)),last" >away/marks.csv
{
  echo ts,label,energy_uj,power_w,state
  for k in {0..50}; do
    [ "$k" -ge 12 ] && [ "$k" -lt 30 ] || echo "$((t0 + k)),a,$((k / 5 * 50 - (k < 30 ? 0 : 200)))000000,10,ok"
    [ "$k" -ne 12 ] || echo "$((t0 + k)),a,,,missing"
    echo "$((t0 + k)),b,$((k / 5 * 50))000000,10,ok"
  done
} >away/power.csv
{
  echo update_ts,within_s,label,energy_uj,total_uj,state
  for k in 0 5 10 12 30 35 40 45 50; do
    uj=$((k * 10 - (k < 30 ? 0 : 200)))000000
    case $k in
    12) echo "$((t0 + k)).000000,1.000000,a,,100000000,missing" ;;
    *) echo "$((t0 + k)).000000,0.004000,a,$uj,$uj,$([ $((k % 30)) -eq 0 ] && echo first || echo ok)" ;;
    esac
    [ "$k" -eq 12 ] || echo "$((t0 + k)).000000,0.004000,b,$((k * 10))000000,$((k * 10))000000,ok"
  done
} >away/updates.dat
for from in updates rows; do
  run "$tool" report --json away
  check "a VM that was away, from $from: status 0" exits 0
  check "a VM that was away, from $from: no word on a scale" is_empty err
  check "a VM that was away, from $from: its mean is that of when it was there" jq -e '.captures[0] | [.vms[0], .phases[].vms[0]] | map(.mean_w | if . then . * 20 | round else . end) == [200, 200, null, 200, 200]' out
  check "a VM that was away, from $from: no energy of a phase without it" jq -e '.captures[0].phases[1].vms[0] | .energy_j == null and .samples == 0' out
  rm -f away/updates.dat
done
run "$tool" report --json away
check "a VM that was away: the total of that time is that of the others" jq -e '.captures[0] | (.total | .min_w == 10 and .max_w == 20) and (.phases[1].total | .min_w == 10 and .max_w == 10)' out
{ echo ts,a_energy_uj,a_power_w,b_energy_uj,b_power_w
  for k in {0..60}; do echo "$((t0 + k)),$((k * 1000))000000,1000,$((k * 500))000000,500"; done
  echo ts,a_energy_uj,a_power_w,b_energy_uj,b_power_w
  for k in {200..400}; do echo "$((t0 + k)),$((k * 100))000000,100,$((k * 50))000000,50"; done; } >tables.csv
run "$tool" report --json tables.csv
check "two tables: the total's powers are those of both" jq -e '.captures[0].total | .min_w == 150 and .max_w == 1500 and .median_w == 150 and .mean_w > 400' out
mkdir side && cp -r away side/run_1
run "$tool" compare --json side side
check "a VM that was away: compared by the power of when it was there" jq -e '.subjects | map(select(.label == "a" and (.is_phase | not)) | .sides[].power_w.mean * 20 | round) == [200, 200]' out

# --- costs by the hour: 36 W, an update each 5 s, over three hours; prices of local time, carbon of Unix time -------------------------
mkdir hours
printf '%s\n' ts,mark "$((t0 + 7200)),later" >hours/marks.csv
awk -v t="$t0" 'BEGIN { print "ts,a_energy_uj,a_power_w,b_energy_uj,b_power_w"
  for (k = 600; k <= 9000; k++) print t + k "," int(k / 5) * 180000000 ",36," int((k + 3) / 5) * 360000000 ",72" }' >hours/power.csv
printf '%s\n' ts,value 2026-11-24T17:00,0.30 "2026-11-24 18:00:00,0.20" 2026-11-24T19:00+01:00,-0.10 >prices.csv
printf '%s\n' area,value,ts DE,300,$t0 DE,400,$((t0 + 3600)) DE,500,$((t0 + 7200)) DE,,$((t0 + 10800)) >carbon.csv
run env TZ=Europe/Berlin "$tool" report --json --price-per-kwh prices.csv --gco2-per-kwh carbon.csv hours
check "costs by the hour: status 0" exits 0
check "costs by the hour: no word" is_empty err
# 50 minutes at 0.30, an hour at 0.20; 30 minutes at -0.10
check "costs by the hour: energy of each hour times its value" jq -e '.captures[0] | [.phases[].vms[0], .phases[].total] | (map(.price * 1e4 | round) == [162, -18, 486, -54]) and (map(.gco2 | round) == [23, 9, 70, 27])' out
check "costs by the hour: bounds hold the cost, and are within two updates" jq -e '.captures[0].phases[0] | .vms[0], .total | .price_low < .price and .price < .price_high and
  (.price_high - .price_low) < 6 * 180 / 3.6e6 * 0.30 * 2' out
check "costs by the hour: no upper bound without an update after the end, and then no lower one of a price below 0" jq -e '.captures[0].phases[1].vms[0] | .price_low == null and .price_high == null and
  .gco2_low < .gco2 and .gco2_high == null' out
head -n 3 prices.csv >two.csv
run env TZ=Europe/Berlin "$tool" report --json --price-per-kwh two.csv hours
check "not covered: reported, with the time" says err "vm_energy: warning: 'two\.csv' has no value for a part of 'hours', from 2026-11-24 19:00:00 \+0100 on: that part has no price"
check "not covered: no figure" jq -e '.captures[0] | .vms[0].price == null and .total.price == null and .phases[0].vms[0].price > 0 and .phases[1].total.price == null' out
run "$tool" report --csv --price-per-kwh two.csv hours
check "times without an offset are local" says err "vm_energy: warning: 'two\.csv' has no value for a part of 'hours', from 2026-11-24 16:10:00 \+0000 on: .*"
printf 'ts,value\n100,1\n50,2\n' >prices.csv
run "$tool" report --price-per-kwh prices.csv hours
check "a file that is none: status 2" exits 2
check "a file that is none: line and reason" says err "vm_energy: 'prices\.csv': line 3: its ts is not later than the one before .*"

# --- larger than memory: a pipe of a million rows, in 32 MiB, libraries included ----------------------------------------------------
rows=1000000
limit='ulimit -v 32768'
bash -c "$limit; '$tool' --version" >/dev/null 2>&1 || limit=: # a sanitizer needs more than there is
run bash -c "$limit"'; "$0" report --power recorded --json /dev/stdin' "$tool" < <(awk -v n=$rows -v t="$t0" 'BEGIN {
  print "ts,a_energy_uj,a_power_w"; for (i = 0; i < n; i++) print t + i "," i * 50000000 "," 1 + i * 99 / (n - 1) }')
check "a million rows: status 0" exits 0
check "a million rows: energy, mean, quantiles within 0.5 %" jq -e ".captures[0].vms[0] | .energy_j == ($rows - 1) * 50 and .samples == $rows
  and (.min_w - 1 | fabs) < 0.001 and .max_w == 100 and (.mean_w / 50.5 - 1 | fabs) < 1e-5
  and (.median_w / 50.5 - 1 | fabs) < 0.005 and (.p95_w / 95.05 - 1 | fabs) < 0.005" out
finish
