#!/bin/bash
# A minute of collectd at interval 1 s against a writer of 0.5 s: every value of a constant 100 W is 100 W. A division by the
# interval does not give that.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl"
minute=${MINUTE_SECONDS:-60}

start writer "$simwriter" --root "$work/scaphandre" --period 0.5 --jitter 0.05 --truth "$work/truth.csv" a=const:100 i=idle
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
daemon_conf 1 <<<"File \"$work/scaphandre/*/intel-rapl:0/energy_uj\""
daemon_start || { cat "$work/collectd.log" && exit 1; }
wait_for has_value vm_energy-a/power
for ((i = 0; i < minute; i++)); do
  sleep 1
  value vm_energy-a/power >>"$work/a"
  value vm_energy-i/power >>"$work/i"
done
check "$minute reads have a value each" test "$(wc -l <"$work/a") $(wc -l <"$work/i")" = "$minute $minute"
check "each is 100 W within 1 W" awk '$1 < 99 || $1 > 101 { print "  " $1; bad = 1 } END { exit bad }' "$work/a"
check "the idle VM is 0 W each time" awk '$1 != 0 { print "  " $1; bad = 1 } END { exit bad }' "$work/i"
check "so are all values that collectd wrote" \
  awk -F, 'FNR > 1 { n++; if ($2 < 99 || $2 > 101) { print "  " $0; bad = 1 } } END { exit bad || n < 20 }' \
  "$work"/csv/node1/vm_energy-a/power-*
stop collectd
finish
