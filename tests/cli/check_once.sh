#!/bin/bash
# once: text and JSON of a window in which the counters do what we say, and what fails at its start or end.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

counter vm-001 1000000
counter vm-002 18446744073709000000
run_story 'counter vm-001 3500000' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.6
check "text: status 0" exits 0
check "text: two counters in the order they were named" test "$(wc -l <out)" -eq 3
check "text: duration" says out 'Duration: 0\.600s'
check "text: a line per counter" says out 'vm-001: 2\.500000 J   avg 4\.167 W   \(vms/vm-001/energy_uj\)'
check "text: one that did not move" says out 'vm-002: 0\.000000 J   avg 0\.000 W   \(vms/vm-002/energy_uj\)'

counter vm-001 1000000
run_story 'counter vm-001 1000001' "$tool" once --files 'vms/vm-001/*' -d 600ms --scale 5 --json
check "json: status 0" exits 0
check "json: one object" jq -e 'type == "object"' out
check "json: its keys" same '["duration_s","end","start","vms"]' "$(jq -c 'keys' out)"
check "json: those of a VM" same '["energy_j","label","path","power_w","state"]' "$(jq -c '.vms[0] | keys' out)"
check "json: scaled energy" jq -e '.vms[0].energy_j == 0.000005' out
check "json: power" jq -e '(.vms[0].power_w * .duration_s / 0.000005 - 1) | fabs < 0.001' out
check "json: label, path, state" same '["vm-001","vms/vm-001/energy_uj","ok"]' "$(jq -c '.vms[0] | [.label, .path, .state]' out)"
# the frozen clock is ahead of the real one by the window
check "json: start and end are Unix times, the duration apart" \
  jq -e --argjson now "$(date +%s)" '.end <= $now + 2 and .end > $now - 30 and ((.end - .start - .duration_s) | fabs < 0.001)' out

# the total
counter vm-001 1000000
counter vm-002 1000000
run_story 'counter vm-001 3500000; counter vm-002 1500000' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.5 --total
check "total: the sum, after the VMs" same 'total: 3.000000 J   avg 6.000 W   (2 VMs)' "$(tail -n 1 out)"
check "total: the lines before are as without" test "$(wc -l <out)" -eq 4
counter vm-001 1000000
run_story 'counter vm-001 3500000' "$tool" once --files vms/vm-001/energy_uj -d 0.5 --total --json
check "total, json: without bounds both are null" \
  jq -e '.total | [.energy_j, .energy_low_j, .energy_high_j, .power_w] == [2.5, null, null, 5]' out
counter vm-001 1000000
run_story 'counter vm-001 3500000; rm vms/vm-002/energy_uj' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.5 --total
check "total: one has no value, nor has the sum" same 'total: n/a   avg n/a   (1 of 2 VMs)' "$(tail -n 1 out)"
counter vm-002 1
run_story 'rm vms/vm-002/energy_uj' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.5 --total --json
check "total, json: one has no value: null" jq -e '.total | .energy_j == null and .power_w == null' out

# by updates: 2 J between two updates that are more than 2 s apart, in a window of 0.6 s
counter vm-001 1000000
touch -d '2 seconds ago' vms/vm-001/energy_uj
first=$(stat -c %.9Y vms/vm-001/energy_uj)
# shellcheck disable=SC2016 # the story's own $now
run_story 'counter vm-001 3000000; touch -d "@$now" vms/vm-001/energy_uj' \
  "$tool" once --files vms/vm-001/energy_uj -d 0.6 --time-base update --json
check "update base: power by the time between the updates" \
  jq -e --argjson s "$(stat -c "%.9Y $first" vms/vm-001/energy_uj | awk '{ print $1 - $2 }')" '.vms[0].power_w * $s | . > 1.99 and . < 2.01' out

# a reset: what came before and after counts
counter vm-001 5000000
run_story 'counter vm-001 100' "$tool" once --files vms/vm-001/energy_uj -d 0.6 --json
check "reset: status 0, as the seed" exits 0
check "reset: no energy is invented" jq -e '.vms[0] | .energy_j == 0 and .state == "reset"' out
check "reset: the message" grep -q "^vm_energy: warning: 'vm-001' was reset" err

# more than can be drawn: told, and no energy
counter vm-001 5000000
run_story 'counter vm-001 905000000' "$tool" once --files vms/vm-001/energy_uj -d 0.6 --json --max-power 10
check "spike: status 0" exits 0
check "spike: no energy is invented" jq -e '.vms[0].energy_j == 0' out
check "spike: the message" grep -qx "vm_energy: warning: 'vm-001' rose by more than a machine can draw, power discarded: are two series in one file?" err
counter vm-001 5000000
run "$tool" run --files vms/vm-001/energy_uj --no-bounds --max-power 10 --json run.json -- sh -c 'echo 905000000 >vms/vm-001/energy_uj'
check "spike while a command runs: the message" grep -qx "vm_energy: warning: 'vm-001' rose by more than a machine can draw, power discarded: are two series in one file?" err
check "spike while a command runs: no energy" jq -e '.vms[0].energy_j == 0' run.json

# the end fails: named, others printed, status 1
counter vm-001 5000000
counter vm-002 1
run_story 'rm vms/vm-002/energy_uj' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.6
check "gone at the end: status 1" exits 1
check "gone at the end: named" says err "vm_energy: no value from 'vms/vm-002/energy_uj' at the end: .*"
check "gone at the end: the other is printed" says out 'vm-001: 0\.000000 J .*'
check "gone at the end: not printed as 0" test "$(grep -c vm-002 out)" -eq 0
counter vm-002 1
run_story 'echo rubbish >vms/vm-002/energy_uj' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.6 --json
check "torn at the end: status 1" exits 1
check "torn at the end: null" jq -e '.vms[1] | .energy_j == null and .power_w == null and .state == "torn"' out
check "torn at the end: its content is not printed" test "$(grep -c rubbish err)" -eq 0
echo "" >vms/vm-002/energy_uj
run_story 'counter vm-002 7' "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.6
check "empty at the start: status 1" exits 1
check "empty at the start: named" says err "vm_energy: no value from 'vms/vm-002/energy_uj' at the start: .*"

# a torn read in the middle costs nothing
counter vm-001 1000000
# shellcheck disable=SC2016 # the story's own $n
run_story 'case $n in 1) : ;; 2) echo 4000000 ;; esac >vms/vm-001/energy_uj' "$tool" once --files vms/vm-001/energy_uj -d 1.5 --json
check "torn in the middle: status 0" exits 0
check "torn in the middle: all energy" jq -e '.vms[0].energy_j == 3' out

# until Enter, the end of input, or a signal
mkfifo silence held
exec 9<>silence # open and without a word
# shellcheck disable=SC2016 # the story's own $n
run_story 'case $n in 3) echo >silence ;; esac' "$tool" once --files vms/vm-001/energy_uj --until-enter <&9
check "Enter ends it: status 0" exits 0
check "Enter ends it: at once" says out 'Duration: 2\.000s'
sleep 60 >held 9>&- &
pids+=($!)
run_story "case \$n in 3) kill $!; while [ -e /proc/$!/fd/1 ]; do sleep 0.01; done ;; esac" \
  "$tool" once --files vms/vm-001/energy_uj --until-enter <held
check "end of input ends it: status 0" exits 0
check "end of input: the result is printed" says out 'vm-001: .*'
for bounds in "" --bounds; do
  # shellcheck disable=SC2086 # none or one word
  run_story : "$tool" once --files vms/vm-001/energy_uj --until-enter $bounds </dev/null
  check "end of input at once${bounds:+, $bounds}: status 1" exits 1
  check "end of input at once${bounds:+, $bounds}: reported" \
    says err 'vm_energy: stopped at once by the end of standard input: nothing was measured'
  check "end of input at once${bounds:+, $bounds}: nothing is printed" is_empty out
done
for signal in INT TERM HUP; do
  run_until $signal "$tool" once --files vms/vm-001/energy_uj --until-enter <&9
  check "SIG$signal ends it: status 0" exits 0
  check "SIG$signal ends it: the result is printed" says out 'vm-001: 0\.000000 J .*'
done
run_until INT "$tool" once --files vms/vm-001/energy_uj -d 30
check "cut short: says so" grep -qE '^vm_energy: stopped by SIGINT after [0-9.]+ of 30.000 s$' err
check "cut short: prints what there is" says out 'vm-001: .*'
run_until TERM "$tool" once --files vms/vm-001/energy_uj -d 30
check "cut short: status 1" exits 1

# output that cannot be written
if [ -c /dev/full ]; then
  "$tool" once --files vms/vm-001/energy_uj -d 0.1 >/dev/full 2>err
  status=$?
  check "full device: status 1" exits 1
  check "full device: the message" says err 'vm_energy: unable to write to standard output: No space left on device'
  "$tool" once --files vms/vm-001/energy_uj -d 0.1 --json >/dev/full 2>err
  status=$?
  check "full device, json: status 1" exits 1
fi
"$tool" once --files vms/vm-001/energy_uj -d 0.1 >&- 2>err
status=$?
check "closed output: status 1" exits 1
"$tool" once --files vms/vm-001/energy_uj -d 0.1 --quiet >out 2>err
check "quiet: results only" test ! -s err -a -s out
finish
