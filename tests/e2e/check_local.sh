#!/bin/bash
# What stays on the host: collectd's csv files, its unixsock and write_log.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" jq ss
[ -e "$stock_plugins/write_log.so" ] || skip "collectd's write_log is not installed"

# write_log logs at the level info: JSON from one collectd, Graphite's format from another
for format in json graphite; do
  {
    vm_energy_block
    cat <<CONF
LoadPlugin csv
<Plugin csv>
  DataDir "$work/csv"
  StoreRates false
</Plugin>
LoadPlugin write_log
<Plugin write_log>
  Format "$format"
</Plugin>
CONF
  } | agent_conf $format 1
done

writer_start constant=const:100 wave=sine:60:30:20 spare=idle
for agent in json graphite; do
  agent_start $agent || exit 1
done
for ((i = 0; i < 10; i++)); do
  sleep 1
  for vm in constant wave spare; do
    for quantity in power energy; do
      "$collectdctl" -s "$work/json.sock" getval "json/vm_energy-$vm/$quantity" 2>/dev/null |
        sed -n "s/^value=/$EPOCHREALTIME /p" >>"$work/asked.$vm.$quantity"
    done
  done
done
stop writer
sleep 2
for agent in json graphite; do
  check "collectd $agent ends with status 0" stop $agent
done

csv_points() { tail -qn +2 "$work/csv/$1/vm_energy-$2/$3"-* | tr , ' '; }
json_points() {
  grep -ho '\[{"values".*}\]' "$work/json.log" |
    jq -r --arg vm "$1" --arg type "$2" '.[] | select(.plugin_instance == $vm and .type == $type) | "\(.time) \(.values[0])"'
}
graphite_points() { tr -d '\r' <"$work/graphite.log" | sed -n "s/.*graphite\.vm_energy-$1\.$2 \(.*\) \(.*\)/\2 \1/p"; }

for vm in constant wave spare; do
  for quantity in power energy; do
    for agent in json graphite; do
      check "csv, $agent: $quantity of $vm is what was drawn" matches $quantity $vm 0 csv_points $agent $vm $quantity
    done
    check "write_log, JSON: $quantity of $vm" matches $quantity $vm 0 json_points $vm $quantity
    check "write_log, Graphite's format: $quantity of $vm" matches $quantity $vm 1 graphite_points $vm $quantity
  done
  # the time is that of the question, up to a second behind that of the value
  check "unixsock: power of $vm" matches power $vm 2 cat "$work/asked.$vm.power"
  tolerance=0.001 # collectdctl prints seven digits
  check "unixsock: energy of $vm" matches energy $vm 2 cat "$work/asked.$vm.energy"
  tolerance=
done
finish
