#!/bin/bash
# 20 hosts of 50 VMs each, 2,000 values a second in collectd's protocol, to the central collectd of central.conf: every single
# one arrives, at InfluxDB and in Graphite's files. The figures of `make bench-central` rest on the same sender.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache whisper-fetch influxd curl jq ss
sender=${VM_ENERGY_SENDER:-$builddir/tests/bench/central}
[ -x "$sender" ] || skip "tests/bench/central is not built: libcollectdclient was not there at configure"
hosts=20 vms=50 rounds=6

carbon_start || exit 1
influx_start </dev/null || exit 1
sed '/SecurityLevel/d; /AuthFile/d' "$examples/central.conf" | with_ports | agent_conf central 1
agent_start central || exit 1
"$sender" --port "${port[central]}" --hosts $hosts --vms $vms --interval 1 --seconds $rounds >"$work/sent" || exit 1
echo "  $(<"$work/sent")"
check "the sender sent what it was to send" grep -q "hosts=$hosts values=$((hosts * vms * rounds * 2)) " "$work/sent"

count() { influx 'SELECT count(value) FROM vm_energy_value' | jq '[.results[].series[]?.values[][1]] | add // 0'; }
all_stored() { [ "$(count)" -eq $((hosts * vms * rounds * 2)) ]; }
check "InfluxDB has every value, and none twice" wait_for all_stored
# host h, VM v: 20 + (h + v) % 100 W, round after round
true_power=$(awk -v hosts=$hosts -v vms=$vms \
  'BEGIN { for (h = 0; h < hosts; h++) for (v = 0; v < vms; v++) s += 20 + (h + v) % 100; print s }')
sum=$(influx "SELECT sum(last) FROM (SELECT last(value) FROM vm_energy_value WHERE type = 'power' GROUP BY host, instance)" |
  jq '.results[].series[].values[][1]')
check "the power of all VMs is the sum that was sent, $true_power W" near "$sum" "$true_power" 0.000001
sum=$(influx "SELECT sum(last) FROM (SELECT last(value) FROM vm_energy_value WHERE type = 'energy' GROUP BY host, instance)" |
  jq '.results[].series[].values[][1]')
check "so is the energy" near "$sum" $((true_power * rounds)) 0.000001

stop central
files() { find "$work/graphite/whisper" -path '*vm_energy-vm-*' -name '*.wsp'; }
check "Graphite has a file for each series" wait_for sh -c "[ \$(find '$work/graphite/whisper' -path '*vm_energy-vm-*' \
  -name '*.wsp' | wc -l) -eq $((hosts * vms * 2)) ]"
points() { # of every 50th file: how many points
  files | sort | awk 'NR % 50 == 1' | while read -r file; do
    whisper_file "$file" | wc -l
  done
}
# a host whose phase lies on the border between two seconds may have two values in one of them
settled() {
  points | awk -v rounds=$rounds '$1 > rounds || $1 < rounds - 1 { bad = 1 } { n++; s += $1 }
    END { exit bad || n != 40 || s < n * rounds - 3 }'
}
check "... with a point for each round" wait_for settled
finish
