#!/bin/bash
# compare: sides of one run and of several, their figures against those of report; what is missing on one side.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq
require python3
sides() {
  python3 "$srcdir/tests/cli/sides.py" "$@"
}

# --- repeated runs -----------------------------------------------------------------------------------------------------------
sides make before 20 5 1
sides make after 18 5 2
sides make same 20.01 5 3
"$tool" report --json before/run_* >before.json
"$tool" report --json after/run_* >after.json
run "$tool" compare --json before after
check "JSON: status 0" exits 0
check "JSON: nothing on standard error" is_empty err
check "JSON: the figures are those of report" sides check out before.json after.json
check "JSON: sides" jq -e '.sides == [{side: "A", path: "before", runs: 5}, {side: "B", path: "after", runs: 5}]' out
check "JSON: 10 % less is decided by the runs, by no bounds" jq -e '[.subjects[].sides[1].energy_j] |
  length == 9 and all(.verdict == "less" and .verdict_from == "interval" and .difference_ci95_low < .difference and
  .difference_ci95_high < 0 and .difference_high > 0 and .ratio_ci95_low < 0.9 and .ratio_ci95_high > 0.9)' out
check "JSON: of the reference there is no difference" jq -e '[.subjects[].sides[0].energy_j | has("difference")] | any | not' out
check "JSON: the same duration" jq -e '[.subjects[].sides[1].duration_s.verdict] | unique == [null]' out
run "$tool" compare --json before same
check "JSON: what runs do not show is not known" jq -e '[.subjects[] | select(.is_phase | not) | .sides[1].energy_j.verdict] == [null, null, null]' out

run "$tool" compare before/ after same
check "text: status 0" exits 0
check "text: sides" says out 'A: before/, 5 runs; the reference'
check "text: the third" says out 'C: same, 5 runs'
check "text: spans" test "$(grep -cE '^(the whole|phase before the first mark|phase load)$' out)" -eq 3
check "text: less" test "$(grep -cE '^  (web  |db   |total)  B .* less$' out)" -eq 9
check "text: not known" says out '  web    C .* not known'
check "text: three lines of each" test "$(grep -c '^  total  ' out)" -eq 9
run "$tool" compare --csv before after
check "CSV: a row per span, VM, measure and side" test "$(wc -l <out)" -eq $((1 + 9 * 3 * 2))
check "CSV: Python takes it" python3 -c '
import csv, sys
rows = list(csv.DictReader(open("out", newline="")))
b = [r for r in rows if (r["span"], r["label"], r["measure"], r["side"]) == ("whole", "web", "energy_j", "B")]
sys.exit(len(b) != 1 or b[0]["verdict"] != "less" or not -130 < float(b[0]["difference"]) < -110 or None in rows[0])'

run "$tool" compare --group-by '^(.)' --json before after
check "groups: each has a subject" jq -e '[.subjects[] | select(.kind == "group" and (.is_phase | not)) | .label] == ["w", "d"]' out
check "groups: of one VM, its figures" jq -e '[.subjects[] | select(.is_phase | not) | select(.label == "w" or .label == "web") | .sides[1].energy_j | [.mean, .low, .high, .difference_ci95_low]] |
  length == 2 and .[0] == .[1]' out
printf 'label,group\nweb,all\ndb,all\n' >groups.csv
run "$tool" compare --groups groups.csv --json before after
check "groups: of all VMs, the figures of the total" jq -e '[.subjects[] | select(.is_phase | not) | select(.kind != "vm") | .sides[1].energy_j] | length == 2 and .[0] == .[1]' out
run "$tool" compare --groups groups.csv before after
check "groups: text" says out '  group all  B .* less'
run "$tool" compare --groups missing.csv before after
check "groups: no such file: status 2" exits 2

# --- one run a side ----------------------------------------------------------------------------------------------------------
sides make double 40 1 4
run "$tool" compare --json before/run_1 double/run_1
check "one run: the bounds decide" jq -e '.subjects[0].sides[1].energy_j | .verdict == "more" and .verdict_from == "bounds" and .difference_low > 0 and .sd == null and .difference_ci95_low == null' out
run "$tool" compare before/run_1 double/run_1
check "one run: for certain" test "$(grep -c 'more, for certain$' out)" -eq 9
run "$tool" compare --json before/run_1 after/run_1
check "one run: 10 % are less than is not known" jq -e '.subjects[0].sides[1].energy_j | .verdict == null and .difference_low < 0 and .difference_high > 0' out
run "$tool" compare before/run_1/power.csv before/run_2
check "a file is a side" says out 'A: before/run_1/power.csv, 1 run; the reference'

# --- what is not on both sides -----------------------------------------------------------------------------------------------
cp -r before other
sed -i 's/,db,/,cache,/' other/run_*/power.csv other/run_*/updates.dat
for i in 1 2 3 4 5; do
  printf 'ts,mark\n1795536010,load\n1795536020,load\n1795536030,rest\n' >"other/run_$i/marks.csv"
done
run "$tool" compare --json before other
check "one side: status 0" exits 0
check "one side: no difference" jq -e '[.subjects[] | select(.is_phase | not) | select(.label == "db" or .label == "cache") |
  [.sides[].energy_j.runs] + [.sides[1].energy_j.difference, .sides[1].energy_j.verdict]] == [[5, 0, null, null], [0, 5, null, null]]' out
check "phases: by name and by how often it came" jq -e '[.subjects[] | select(.label == "web" and .is_phase) |
  [.phase, .occurrence, [.sides[].duration_s.mean | . // 0 | round]]] ==
  [[null, 1, [20, 10]], ["load", 1, [40, 10]], ["load", 2, [0, 10]], ["rest", 1, [0, 30]]]' out
run "$tool" compare before other
check "text: the second of a name" grep -qx 'phase load (2)' out

rm other/run_2/power.csv other/run_2/run.json
sed -i 2d other/run_3/updates.dat
sed -i '5s/,ok/,reset/' other/run_3/updates.dat
run "$tool" compare --json before other
check "a run without a capture: status 1" exits 1
check "a run without a capture: named" says err "vm_energy: 'other/run_2' is no capture: it holds no \.csv file"
check "a run without a capture: the others count" jq -e '.sides[1].runs == 4 and .subjects[0].sides[1].energy_j.runs == 4' out
check "a reset: no verdict, and no interval" jq -e '.subjects[0].sides[1].energy_j |
  .runs_at_least == 1 and .difference_ci95_low == null and .difference_high == null and .verdict == null' out
run "$tool" compare before other
check "a reset: said" says out '  web    B .* not known: counted in part'

cp -r before empty
sed -i '/,db,/d' empty/run_4/updates.dat
run "$tool" compare --json before empty
check "a run in which a VM has no energy: no power of 0 either" jq -e '[.subjects[] | select(.label == "db") | .sides[1] | [.energy_j.runs, .power_w.runs, .duration_s.runs]] |
  unique == [[4, 4, 5]]' out

# --- names that are formulas, and a reset in a second table --------------------------------------------------------------------
for file in a.csv b.csv; do
  { echo 'ts,=1+1_energy_uj,=1+1_power_w' && for i in 0 1 2 3; do echo "$((1795536000 + i)),$((1000000 * i)),1"; done; } >$file
done
run "$tool" compare --csv a.csv b.csv
check "a name that is a formula: safe in CSV" same "_1+1" "$(cut -d, -f5 out | sed 1d | grep . | sort -u)"
cut -d, -f1,2 a.csv | sed '4s/,.*/,500000/' >one.csv
{ cut -d, -f1,2 a.csv && sed 's/^17955360/17955370/' one.csv; } >c.csv
run "$tool" compare --json a.csv c.csv
check "a reset in the second of two tables: counted in part" jq -e '.subjects[0].sides[1].energy_j.runs_at_least == 1' out

# --- usage -------------------------------------------------------------------------------------------------------------------
run "$tool" compare before
check "one side alone: status 2" exits 2
check "one side alone: what to do" says err 'vm_energy: compare needs two sides or more: each a CSV file, the directory of a run, or one that holds run_\*'
run "$tool" compare before missing
check "a side that is not there: status 2" exits 2
check "a side that is not there: named" says err "vm_energy: 'missing' is no capture: No such file or directory"
check "a side that is not there: nothing is printed" is_empty out
mkdir -p none/run_1
run "$tool" compare before none
check "a side without a run: status 1" exits 1
check "a side without a run: nothing is printed" is_empty out
finish
