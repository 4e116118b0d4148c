#!/bin/bash
# ts: files, columns, rows and summary; how it ends; what adds up.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"

counter vm-001 1000000
counter vm-002 2000000
both="vms/vm-001/energy_uj vms/vm-002/energy_uj"

# --- files, columns, summary ----------------------------------------------------------------------------------------------
# shellcheck disable=SC2086 # words on purpose
run_story : "$tool" ts --files $both --interval 0.1 --count 3 --out ~/power_vm.csv
check "combined: status 0" exits 0
check "combined: what is printed" golden ts_combined.txt
check "combined: warns that nothing moved" says err 'vm_energy: warning: no counter was updated during the run: is the writer running\?'
file=$(csv_file power_vm.csv)
check "combined: the seed's columns" same "ts,vm-001_energy_uj,vm-001_power_w,vm-002_energy_uj,vm-002_power_w" "$(head -n 1 "$file")"
check "combined: a row per sample" test "$(rows "$file")" -eq 3
check "combined: raw counters, six decimals" awk -F, 'NR > 1 && !($2 == 1000000 && $3 == "0.000000" && $4 == 2000000) { exit 1 }' "$file"
check "combined: whole" is_whole "$file"
check "combined: nothing outside of the run directory" test ! -e ~/power_vm.csv -a "$(find csv -type f | wc -l)" -eq 3
rm -r csv

# shellcheck disable=SC2086
run_story : "$tool" ts --files $both -i 0.05 -n 2 --separate-files --smooth 4
check "separate: what is printed" golden ts_separate.txt
check "separate: columns" same "ts,vm-002_energy_uj,vm-002_power_w,vm-002_power_w_sma4" "$(head -n 1 "$(csv_file power_vm-002.csv)")"
check "separate: rows" test "$(rows "$(csv_file power_vm-001.csv)")" -eq 2
rm -r csv

run_story : "$tool" ts --files 'vms/*/energy_uj' -i 100ms -n 4 --long --out-dir deep/in/side --quiet
check "quiet: the path of the file alone" says out 'deep/in/side/run_[0-9]{8}_[0-9]{6}/power\.csv'
check "quiet: one line" test "$(wc -l <out)" -eq 1 -a ! -s err
file=$(cat out)
check "long: columns" same "ts,label,energy_uj,power_w,state" "$(head -n 1 "$file")"
check "long: a row per counter and sample" test "$(rows "$file")" -eq 8
check "long: what stands in it" awk -F, 'NR > 1 && !($2 ~ /^vm-00[12]$/ && $5 == "held") { exit 1 }' "$file"

run "$tool" ts --files $both -n 1 -i 1 -o tick.csv
check "whole seconds with an interval of whole seconds" awk -F, 'NR > 1 && $1 !~ /^[0-9]+$/ { exit 1 }' "$(csv_file tick.csv)"
rm -r csv

counter 'a,"b"' 5
run "$tool" ts --files 'vms/a,"b"/energy_uj' -i 0.05 -n 1
check "labels are quoted by RFC 4180" same 'ts,"a,""b""_energy_uj","a,""b""_power_w"' "$(head -n 1 "$(csv_file)")"
rm -r csv vms/a*

# --- what the seed's manual shows -----------------------------------------------------------------------------------------
mkfifo enter
exec 8<>enter
# shellcheck disable=SC2016,SC2086
run_story 'case $n in 2) echo >enter ;; esac' \
  "$tool" ts --files $both --interval 0.5 --manual-stop --separate-files --out ~/power_vm.csv <&8
check "seed: manual stop, separate files" exits 0
check "seed: its files" test -f "$(csv_file power_vm_vm-001.csv)" -a -f "$(csv_file power_vm_vm-002.csv)"
rm -r csv
mkdir -p scaphandre/vm-007/intel-rapl:0 data/vmA
echo 1 >scaphandre/vm-007/intel-rapl:0/energy_uj
echo 1 >data/vmA/energy_uj
run "$tool" ts --files scaphandre/vm-007/intel-rapl:0/energy_uj --files data/vmA/energy_uj -i 0.05 -n 1 -o x
check "seed: labels" same "ts,vm-007_energy_uj,vm-007_power_w,vmA_energy_uj,vmA_power_w" "$(head -n 1 "$(csv_file x)")"
rm -r csv

# --- three runs in one second ---------------------------------------------------------------------------------------------
three=()
for i in 1 2 3; do
  "$tool" ts --files vms/vm-001/energy_uj -i 0.1 -n 5 >"out$i" 2>&1 &
  three+=($!)
done
wait "${three[@]}"
check "three at once: three directories" test "$(find csv -mindepth 1 -type d | wc -l)" -eq 3
for file in csv/*/power.csv; do
  check "three at once: $(basename "$(dirname "$file")" | mask) is whole" test "$(rows "$file")" -eq 5
done
rm -r csv

# --- how it ends ----------------------------------------------------------------------------------------------------------
ends_well() { # what: status 0, a whole file with the rows of the ticks before, the summary
  check "$1: status 0" exits 0
  check "$1: summary" grep -q '^samples  ' out
  check "$1: rows" same 3 "$(rows "$(csv_file)")"
  check "$1: whole" is_whole "$(csv_file)"
  rm -rf csv
}
mkfifo silence
exec 9<>silence # open and without a word
until_enter=("$tool" ts --files vms/vm-001/energy_uj -i 0.1 --manual-stop)
# shellcheck disable=SC2016 # the stories' own $n and $PPID, here and below
{
  run_story 'case $n in 4) echo >silence ;; esac' "${until_enter[@]}" <&9
  ends_well "Enter"
  mkfifo held
  sleep 60 >held 9>&- &
  pids+=($!)
  run_story "case \$n in 4) kill $!; while [ -e /proc/$!/fd/1 ]; do sleep 0.01; done ;; esac" "${until_enter[@]}" -n 1 <held
  ends_well "end of input, count ignored"
  check "end of input: the message" says err 'vm_energy: stopped by the end of standard input'
  for signal in INT TERM; do
    run_story "case \$n in 4) kill -$signal \$PPID ;; esac" "${until_enter[@]}" <&9
    ends_well "SIG$signal, manual stop"
  done
  run_story 'case $n in 4) kill -INT $PPID ;; esac' "$tool" ts --files vms/vm-001/energy_uj -i 0.1 -n 100
}
check "cut short: status 1" exits 1
check "cut short: the message" says err 'vm_energy: stopped by SIGINT after 3 of 100 samples'
check "cut short: summary" grep -qE '^samples +3 of 100' out
check "cut short: whole" is_whole "$(csv_file)"
rm -r csv

# --- before the first sample ----------------------------------------------------------------------------------------------
ends_empty() { # what: status 1, and the reason
  check "$1, before the first sample: status 1" exits 1
  check "$1, before the first sample: reported" says err 'vm_energy: stopped before the first sample: nothing was measured'
  check "$1, before the first sample: no row" same 0 "$(rows "$(csv_file)")"
  rm -rf csv
}
run "${until_enter[@]}" </dev/null
ends_empty "end of input"
run "${until_enter[@]}" --quiet <<<""
ends_empty "Enter"
# shellcheck disable=SC2016
run_story 'kill -TERM $PPID' "${until_enter[@]}" <&9
ends_empty "SIGTERM"

# --- ticks that were missed -----------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
writer='echo $((n * 1000000)) >vms/vm-001/energy_uj; touch -d "@$now" vms/vm-001/energy_uj'
missed() { # story options...: exit status, missed ticks, error
  run_story "$writer; $1" "$tool" ts --files vms/vm-001/energy_uj --time-base auto "${@:2}"
  echo "$status, $(sed -n 's/^missed ticks  \([0-9]*\),.*/\1/p' out), $(cat err)"
  rm -r csv
}
incomplete="samples were missed, with a hole of"
# shellcheck disable=SC2016
{
  check "2 of 200: 1 %, complete" same "0, 2, " "$(missed 'case $n in 50 | 90) exit 201 ;; esac' -i 1 -n 200)"
  check "3 of 200: incomplete" same "1, 3, vm_energy: 3 of 200 $incomplete 2 s: the run is incomplete" \
    "$(missed 'case $n in 50 | 90 | 100) exit 201 ;; esac' -i 1 -n 200)"
  check "a hole of 3 s, three periods: complete" same "0, 2, " "$(missed 'case $n in 50) exit 202 ;; esac' -i 1 -n 300)"
  check "a hole of 4 s: incomplete" same "1, 3, vm_energy: 3 of 300 $incomplete 4 s: the run is incomplete" \
    "$(missed 'case $n in 50) exit 203 ;; esac' -i 1 -n 300)"
}
# shellcheck disable=SC2016
writer="[ \$((n % 5)) -ne 0 ] || { $writer; }"
# shellcheck disable=SC2016
# the writer has a period of 5 s; seen at the ticks, three of them and one interval are no hole
for last in 35 36; do
  run_story "[ \$n -gt 20 -a \$n -lt $last ] || { $writer; }" "$tool" ts --files vms/vm-001/energy_uj --time-base auto -i 1 -n 60
  check "the writer was down until $last s: status" exits $((last - 35))
  rm -r csv
done
check "the writer was down: reported" says err 'vm_energy: no counter was updated for 20 s: the writer was down, and the run is incomplete'
counter vm-001 1000000
touch -d '1 hour ago' vms/vm-001/energy_uj
run_story "$writer; "'case $n in 7) echo 6000000 >vms/vm-001/energy_uj
    touch -d "@$((${now%.*} + 18)).${now#*.}" vms/vm-001/energy_uj; exit 220 ;; esac' \
  "$tool" ts --files vms/vm-001/energy_uj --time-base auto -i 1 -n 28
check "stopped for 20 s: status 1" exits 1
check "stopped for 20 s: the hole is reported" says err "vm_energy: 20 of 28 $incomplete 21 s: the run is incomplete"
check "stopped for 20 s: that is no period of the writer" says out 'updates +2'
rm -r csv
# shellcheck disable=SC2016
run_story "$writer"'; case $n in 11) ! grep -q "use --time-base auto" err || echo early >seen ;; esac' \
  "$tool" ts --files vms/vm-001/energy_uj -i 1 -n 30
check "a warning of aliasing comes after the second update" test -e seen
check "a warning of aliasing comes once" test "$(grep -c 'use --time-base auto' err)" -eq 1
rm -r csv
counter vm-001 1000000

# --- VMs that come and go -------------------------------------------------------------------------------------------------
counter vm-003 7
# shellcheck disable=SC2016
run_story 'case $n in 4) rm -r vms/vm-003 && counter vm-004 1 ;; esac' \
  "$tool" ts --files 'vms/*/energy_uj' -i 0.1 -n 8 --long
file=$(csv_file)
check "long: one that went has the rows of before" same 3 "$(grep -c ',vm-003,' "$file")"
check "long: one that came has the others" same 5 "$(grep -c ',vm-004,' "$file")"
check "long: status 0" exits 0
rm -r csv
# shellcheck disable=SC2016
run_story 'case $n in 3) rm vms/vm-004/energy_uj ;; esac' \
  "$tool" ts --files vms/vm-001/energy_uj vms/vm-004/energy_uj -i 0.1 -n 5
check "gone: status 1" exits 1
check "gone: named" says err "vm_energy: no value from 'vms/vm-004/energy_uj' at the end: there is no such file"
check "gone: empty fields" awk -F, 'NR == 6 && $4 == "" && $5 == "" && $2 == 1000000 { ok = 1 } END { exit !ok }' "$(csv_file)"
check "gone: in the summary" says out 'bad reads +3'
rm -r csv
run "$tool" ts --files vms/vm-004/../vm-00x/energy_uj -i 0.1 -n 5
check "not there at the start: status 2" exits 2
echo >vms/vm-004/energy_uj
run "$tool" ts --files vms/vm-004/energy_uj -i 0.1 -n 5
check "none has a value: status 1" exits 1
check "none has a value: nothing made" test ! -e csv
check "none has a value: named" says err "vm_energy: no value from 'vms/vm-004/energy_uj' at the start: is empty"

# --- rows to standard output ----------------------------------------------------------------------------------------------
rm -rf csv vms
counter vm-001 1000000
# shellcheck disable=SC2016 # the story's own $n
run_story 'case $n in 2) grep -c , out >early; counter vm-009 1 ;; esac' "$tool" ts --files 'vms/*/energy_uj' -i 0.1 -n 3 -o -
check "stream: status 0" exits 0
check "stream: header and rows, nothing else" same 4 "$(wc -l <out)"
check "stream: the header of the start" same "ts,vm-001_energy_uj,vm-001_power_w" "$(head -n 1 out)"
check "stream: whole" is_whole out
check "stream: each row at once" same 2 "$(cat early)"
check "stream: no file is made" test ! -e csv
check "stream: the summary is on standard error" says err 'samples       3 of 3, .*'
check "stream: a VM that came later is said" grep -q "^vm_energy: warning: 'vm-009' came after the start and has no column" err
"$tool" ts --files vms/vm-001/energy_uj -i 0.05 --manual-stop -o - 2>err <&9 | head -n 2 >out
same "0 0" "${PIPESTATUS[*]}" >"$work/statuses"
check "stream: a reader that has seen enough: status 0" is_empty "$work/statuses"
check "stream: a reader that has seen enough: no error" test "$(grep -vc sampling err)" -eq 0
if [ -c /dev/full ]; then
  "$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 2 -o - >/dev/full 2>err
  status=$?
  check "stream: full device: status 1" exits 1
  check "stream: full device: said" says err 'vm_energy: unable to write to standard output: No space left on device'
fi
rm -r vms
counter vm-001 1000000
counter vm-002 2000000

# --- what the CSV says adds up to what the counters did -------------------------------------------------------------------
# A writer with an update every 60 ms, of a VM whose power is a sine, one whose power is a step, and one of 43 W.
writer() { # ms from tick to tick, VMs
  printf 'every_ms=%d vms=%s\n' "$1" "$2"
  cat <<'STORY'
awk -v ms="$((n * every_ms))" -v every="$every_ms" -v vms="$vms" -v now="$now" 'BEGIN {
  k = int(ms / 60); t = k * 0.06
  e["a"] = 100 * t + 60 * (1 - cos(t)); e["b"] = t < 1 ? 10 * t : 10 + 200 * (t - 1); e["c"] = 43 * t
  split(now, part, ".") # now, the tick before, has nine decimals: more than awk has digits
  ns = part[2] + (every - ms + k * 60) * 1000000; s = part[1]
  if (ns < 0) { ns += 1000000000; s-- } else if (ns >= 1000000000) { ns -= 1000000000; s++ }
  for (i = split(vms, vm, ""); i > 0; i--) printf "%s %.0f @%s.%09d\n", vm[i], e[vm[i]] * 1e6, s, ns }' |
  while read -r vm uj at; do
    echo "$uj" >"vms/$vm/energy_uj"
    touch -d "$at" "vms/$vm/energy_uj"
  done
STORY
}
rm -r vms
for vm in a b c; do counter $vm 0; done
run_story "$(writer 250 abc)" "$tool" ts --files 'vms/*/energy_uj' -i 0.25 -n 16 --out sample.csv
check "sum: each power is what its counter did" awk -F, '
  NR > 2 { for (i = 2; i < NF; i += 2) { real = ($i - last[i]) / 1e6; reported = $(i + 1) * ($1 - last[1])
           if (reported < real - 0.001 || reported > real + 0.001) {
             print "  row " NR ": " reported " J reported, " real " J real"; bad = 1 } sum += real } }
  NR > 1 { for (i = 1; i <= NF; i++) last[i] = $i }
  END { exit bad || sum < 500 || NR != 17 }' "$(csv_file sample.csv)"
check "sum: the writer is slower than we look: warned" test "$(grep -c 'use --time-base auto' err)" -eq 1
rm -r csv
run_story "$(writer 17 c)" "$tool" ts --files vms/c/energy_uj -i 0.017 -n 180 --time-base auto --scale 5
check "auto: constant 43 W, scaled by 5, within 2 %" awk -F, '
  NR > 80 && $3 != "" && ($3 < 215 * 0.98 || $3 > 215 * 1.02) { print; bad = 1 } NR > 80 && $3 != "" { n++ }
  END { exit bad || n < 60 }' "$(csv_file)"
check "auto: no warning" test ! -s err
check "auto: the learned period is reported" grep -qE '^updates +[0-9]+, every 0\.0[56][0-9]* s' out
finish
