#!/bin/bash
# run: the command is untouched, its end is ours, and the energy is told; once --bounds.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

counter vm-001 1000000
one="--files vms/vm-001/energy_uj"
# shellcheck disable=SC2086 # words on purpose
run_one() {
  run "$tool" run $one --no-bounds "$@"
}

# --- the command --------------------------------------------------------------------------------------------------------
run_one -- sh -c 'cat; echo to error >&2; exit 7' <<<"to output"
check "its exit status is passed on" exits 7
check "its output is untouched" same "to output" "$(cat out)"
check "its standard error too" says err 'to error'
check "the report is on standard error" says err 'vm-001: 0\.000000 J   avg 0\.000 W   \(vms/vm-001/energy_uj\)'
run_one -- sh -c 'kill -TERM $$'
check "ended by a signal: 128 + its number" exits 143
run_one -- true
check "status 0" exits 0
run_one echo --json -n "a b"
check "without --: options behind the command are its own" same "--json -n a b" "$(cat out)"
run_one ./not-there
check "no such command: status 127" exits 127
check "no such command: the message" says err "vm_energy: unable to run './not-there': No such file or directory"
touch not-runnable
run_one ./not-runnable
check "not runnable: status 126" exits 126
run_one sh -c 'trap "" PIPE; exec sh -c "kill -PIPE \$\$; echo alive"'
check "signals the command ignores stay ignored" same alive "$(cat out)"
run_one sh -c 'kill -PIPE $$; echo alive'
check "signals that the tool ignores do what they do in the command" exits 141
run_one sh -c 'ls -l /proc/self/fd | grep -c -e vms -e eventpoll -e signalfd -e timerfd -e pidfd'
check "no file of ours is open in the command" same 0 "$(cat out)"
run_one sh -c 'grep SigBlk /proc/self/status'
check "no signal is blocked in the command" grep -q '0000000000000000$' out

for signal in INT TERM HUP USR1 USR2 QUIT; do
  rm -f ready
  # shellcheck disable=SC2086
  env --default-signal=INT,QUIT "$tool" run $one --no-bounds -- \
    sh -c "trap 'echo got $signal; exit 3' $signal; : >ready; while :; do sleep 0.05; done" >out 2>err &
  pids+=($!)
  while [ ! -e ready ] && kill -0 $! 2>/dev/null; do sleep 0.02; done
  kill -s $signal $!
  wait $!
  status=$?
  check "SIG$signal reaches the command" same "got $signal" "$(cat out)"
  check "SIG$signal: the energy is printed all the same" says err 'vm-001: .*'
done
check "the status is the command's" exits 3

# --- wrong use ----------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
run "$tool" run $one
check "no command: status 2" exits 2
check "no command: the message" says err "vm_energy: no command to run: it follows the options, after '--'"
run "$tool" run --files missing -- touch ran
check "no counter: status 2" exits 2
check "no counter: the command is not started" test ! -e ran
echo rubbish >vms/vm-001/energy_uj
run_one touch ran
check "no value: status 1" exits 1
check "no value: the command is not started" test ! -e ran
counter vm-001 1000000

# --- JSON in a file -------------------------------------------------------------------------------------------------------
run_one --json result.json sh -c 'echo 2500000 >vms/vm-001/energy_uj; sleep 0.2; echo out'
check "json: status 0" exits 0
check "json: the command's output" same out "$(cat out)"
check "json: energy" jq -e '.vms[0].energy_j == 1.5 and .duration_s >= 0.2 and (.vms[0] | has("energy_low_j") | not)' result.json
check "json: nothing on standard error but the warning" test "$(grep -vc warning err)" -eq 0
run_one --json result.json touch ran
check "json: what exists is not overwritten" exits 1
check "json: and the command is not started" test ! -e ran
check "json: the message" says err "vm_energy: unable to create 'result\.json': File exists"
if [ -c /dev/full ]; then
  run_one --json /dev/full true
  check "json: full device: status 1" exits 1
  check "json: full device: the message" says err "vm_energy: unable to write to '/dev/full': No space left on device"
  run_one --json /dev/full sh -c 'exit 9'
  check "json: full device: the command's status wins" exits 9
fi

# --- bounds -----------------------------------------------------------------------------------------------------------------
"$simwriter" --root sim/scaphandre --period 1 --jitter 0.1 --seed 3 --duration 60 a=const:100 b=step:10:200:0.7 >/dev/null &
pids+=($!)
for _ in $(seq 100); do [ -s sim/scaphandre/b/intel-rapl:0/energy_uj ] && break || sleep 0.05; done
two="sim/scaphandre/*/intel-rapl:0/energy_uj"
line='J   \(between [0-9.]+ and [0-9.]+\)   avg [0-9.]+ W'
run "$tool" once --files "$two" -d 2.5 --bounds
check "once: status 0" exits 0
check "once: a and b with bounds" test "$(grep -cE "^[ab]: [0-9.]+ $line$" out)" -eq 2
# a busy machine writes late; that a steady load is exact is tested where the clock is handed in
truth_within_bounds() { # file
  awk '/^Duration: / { d = $2 + 0 } /^a: / { e = $2; lo = $5; hi = $7 + 0 }
    END { exit !(d > 0 && lo <= e && e <= hi && lo <= 100 * d && 100 * d <= hi) }' "$1" || { cat "$1" && return 1; }
}
check "once: 100 W lie within the bounds" truth_within_bounds out
check "once: no warning" test "$(grep -c warning err)" -eq 0
run "$tool" once --files "$two" -d 2 --bounds --json
check "once, json: low <= energy <= high" jq -e '.vms | length == 2 and all(.energy_low_j <= .energy_j and .energy_j <= .energy_high_j)' out
check "once, json: the window is at least the one that was asked" jq -e '.duration_s >= 1.999' out
run "$tool" once --files "$two" -d 2
check "once: without bounds, a message about a short window" \
  grep -qE "^vm_energy: warning: '[ab]' \(and 1 more counters\) was updated [0-9] times? in the window, so its energy may be wrong by up to [0-9]+ %; use --bounds" err
run "$tool" run --files "$two" -- sleep 1.5
check "run: status 0" exits 0
check "run: bounds by default" test "$(grep -cE "^[ab]: [0-9.]+ $line$" err)" -eq 2
check "run: 100 W lie within the bounds" truth_within_bounds err
# each number of the total is the sum of those of the VMs, in text and JSON
sums='def sum(f): map(f) | add; .total as $t | .vms | length == 2 and
  ([sum(.energy_j) - $t.energy_j, sum(.energy_low_j) - $t.energy_low_j, sum(.energy_high_j) - $t.energy_high_j,
    sum(.power_w) - $t.power_w] | all(fabs < 0.0001))'
run "$tool" once --files "$two" -d 1.5 --bounds --total --json
check "once, total: sums with bounds" jq -e "$sums" out
check "run: total of two by default" test "$("$tool" run --files "$two" -- true 2>&1 | grep -cE "^total: [0-9.]+ $line   \(2 VMs\)$")" -eq 1
check "run: no total of one" test "$("$tool" run --files "${two/\*/a}" -- true 2>&1 | grep -c "^total:")" -eq 0
run "$tool" run --files "$two" --json total.json -- true
check "run, json: sums with bounds" jq -e "$sums" total.json
mkdir -p vms/off
echo 5 >vms/off/energy_uj
touch -d '1 hour ago' vms/off/energy_uj
run "$tool" once --files "$two" vms/off/energy_uj -d 1.5 --bounds --total
check "total: one has no energy: at least that of the others" grep -qxE 'total: n/a   \(at least [0-9.]+\)   avg n/a   \(2 of 3 VMs\)' out
rm -r vms
counter dead 5
touch -d '1 hour ago' vms/dead/energy_uj
run timeout 10 "$tool" once --files "$two" vms/dead/energy_uj -d 0.5 --bounds
check "a dead counter is not waited for" exits 0
check "a dead counter: no energy" bash -c '! grep dead out'
check "a dead counter: the message" grep -q "^vm_energy: warning: 'dead' is not updated any more" err
counter slow 5
# in the foreground timeout sends its signal once, else to the whole group as well
run timeout -s INT --foreground --preserve-status 1.2 "$tool" once --files vms/slow/energy_uj -d 0.5 --bounds
check "waiting can be ended" exits 0
check "waiting ended: without an update no energy" bash -c '! grep slow out'
check "waiting ended: said" grep -q "^vm_energy: warning: 'slow' was not updated: its energy is not known" err
check "waiting ended: the message" grep -q 'not waiting any longer' err
# the first signal ends the command, the second one the wait for the next update
rm -f ready
env --default-signal=INT "$tool" run --files vms/slow/energy_uj --json twice.json -- \
  sh -c 'trap "exit 3" INT; : >ready; while :; do sleep 0.05; done' >out 2>err &
pids+=($!)
wait_for test -e ready
kill -INT $!
wait_for grep -q 'waiting for the next update' err
kill -INT $!
wait $!
status=$?
check "interrupted twice: the command's status" exits 3
check "interrupted twice: no mean" jq -e '.vms[0] | .energy_high_j == null and .power_w == null' twice.json
finish
