#!/bin/bash
# Every configuration of plugin/examples, as it is: each collectd configuration is started, each server takes its part of one, and
# what arrives is what was drawn.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache whisper-fetch whisper-info influxd prometheus promtool curl jq ss

writer_start quiet=const:100 wave=sine:60:30:20 hot=const:180 burns=const:250 build-1=const:300
writer_of last_of_off "$tree" "$work/off.csv" off=const:120 # until Prometheus has seen it

# --- the servers, with their part of a recipe -------------------------------------------------------------------------
carbon_start "$examples/carbon-storage-schemas.conf" "$examples/carbon-storage-aggregation.conf" || exit 1
influx_start "$examples/influxd-collectd.conf" </dev/null || exit 1
for file in prometheus.yml prometheus-rules.yml; do
  with_ports <"$examples/$file" >"$work/$file"
done
check "promtool accepts prometheus.yml and its rules" promtool check config "$work/prometheus.yml"

# --- a collectd for each recipe: a head that makes it private, the simulated VMs, and the recipe ----------------------
for name in graphite influxdb prometheus agent budget; do
  { vm_energy_block && recipe $name.conf; } | agent_conf $name 1
  sed -i "s|^<Plugin vm_energy>|&\n  StaleTimeout 3\n  ReportStats true|" "$work/$name.conf"
done
# the one path in a recipe that only root can write to
with_ports <"$examples/central.conf" | sed "s|/etc/collectd/auth_file|$work/auth_file|" | agent_conf central 1
echo 'agent: change me' >"$work/auth_file"
for name in central graphite influxdb prometheus agent budget; do
  agent_start $name || exit 1
  check "$name.conf: collectd takes it" wait_for grep -q "entering read-loop" "$work/$name.log"
done
{ vm_energy_block && with_ports <"$examples/agent.conf" | sed 's|Password .*|Password "a wrong one"|'; } | agent_conf stranger 1
agent_start stranger || exit 1
prometheus_start "$work/prometheus.yml" || exit 1
sleep 14
for name in graphite influxdb agent stranger central; do
  flush $name
  sleep 0.3 # from the agent to the central collectd
done

# --- Graphite and InfluxDB, straight and through the central collectd -------------------------------------------------
last_power() { "$@" | tail -n 1 | cut -d' ' -f2; }

for host in graphite agent; do
  check "$host.conf: Graphite has power" wait_for at_least 1 whisper $host quiet power
  check "... 100 W" near "$(last_power whisper $host quiet power)" 100 1
done
for host in influxdb agent; do
  check "$host.conf: InfluxDB has power" wait_for at_least 6 influx_series $host wave power
  for quantity in power energy; do
    check "... the $quantity that was drawn" matches $quantity wave 0 influx_series $host wave $quantity
  done
done
check "influxdb.conf: InfluxDB has the number of counters" same 6 "$(influx_points "SELECT last(value) FROM vm_energy_value
  WHERE host = 'influxdb' AND type = 'files' AND type_instance = 'counters'" | cut -d' ' -f2)"
info() { whisper-info "$work/graphite/whisper/graphite/$1.wsp" ${2:+"$2"}; } # path [field]
for path in vm_energy-quiet/power vm_energy/files-counters; do
  check "carbon keeps steps of 10 s for a week: $path" test "$(info $path |
    awk '/^secondsPerPoint/ { s = $2 } /^retention/ { print s ":" $2 }' | xargs)" = "10:604800 60:5184000 900:94608000"
done
check "... and thins out power by its average" test "$(info vm_energy-quiet/power aggregationMethod)" = average
for path in vm_energy-quiet/energy vm_energy/errors-bad_reads; do
  check "... and what accumulates by its last value: $path" \
    test "$(info $path aggregationMethod) $(info $path xFilesFactor)" = "last 0.0"
done
check "the central collectd tells how much came in" \
  sh -c "'$collectdctl' -s '$work/central.sock' listval | grep -q central/network/total_values-dispatch-accepted"

check "... and that somebody has a wrong key" grep -q "^\[error\] network plugin: Decrypting" "$work/central.log"
check "... who gets nothing in" sh -c "! '$collectdctl' -s '$work/central.sock' listval | grep -q stranger/"

# --- Prometheus: the values, the sum over a host, the alerts ----------------------------------------------------------
prometheus_value() { prometheus_query "$1" | jq -r '.data.result[].value[1]' | grep .; }
pending() { # alert label value
  curl -fsS "http://127.0.0.1:${port[prometheus]}/api/v1/alerts" |
    jq -e --arg alert "$1" --arg vm "${2:-}" \
      '.data.alerts[] | select(.labels.alertname == $alert and (.labels.vm_energy // "") == $vm)'
}
check "prometheus.yml: Prometheus has power" wait_for prometheus_value 'collectd_vm_energy_power{instance="prometheus",vm_energy="quiet"}'
check "... 100 W" near "$(prometheus_value 'collectd_vm_energy_power{vm_energy="quiet"}')" 100 1
check "... and the sum over the host" wait_for prometheus_value host:vm_power_watts:sum
check "... also of the VM that goes off now" wait_for prometheus_value 'collectd_vm_energy_power{vm_energy="off"}'
stop last_of_off
no_value() { ! prometheus_value "$1"; }
check "the VM that is off is not among them any more" wait_for no_value 'collectd_vm_energy_power{vm_energy="off"}'
sum=$(prometheus_value 'sum(collectd_vm_energy_power{vm_energy!="wave"})')
check "... nor in the sum" near "$sum" 830 1
check "the alert for a host above its budget is on its way" wait_for pending HostPowerBudget
check "the alert for the VM that is off is on its way" wait_for pending VmStale off
check "... and for no other" test "$(curl -fsS "http://127.0.0.1:${port[prometheus]}/api/v1/alerts" |
  jq -r '.data.alerts[] | select(.labels.alertname == "VmStale").labels.vm_energy' | xargs)" = off

# --- the budget per VM ------------------------------------------------------------------------------------------------
notified() { # severity vm: how many times
  grep -c "Notification: severity = $1, host = budget, plugin = vm_energy, plugin_instance = $2," "$work/budget.log"
}
check "budget.conf: a VM above 150 W is a warning, once" test "$(notified WARNING hot)" -eq 1
check "... above 200 W a failure, once" test "$(notified FAILURE burns)" -eq 1
check "... one with a budget of its own is neither" test "$(notified '[WF][A-Z]*' build-1)" -eq 0
check "... nor is one below" test "$(notified '[WF][A-Z]*' quiet)" -eq 0
check "... one that is off is a failure" \
  wait_for grep -q "plugin_instance = off,.*has not been updated" "$work/budget.log"
check "... once" test "$(notified FAILURE off)" -eq 1

# --- the end, and completeness ----------------------------------------------------------------------------------------
stop writer
for name in graphite influxdb prometheus agent budget central; do
  check "$name.conf: collectd ends with status 0" stop $name
  check "... and had nothing to complain of" quiet "$name" "is empty;|no update of|Checksum mismatch|Decrypting|MHD_OPTION_EXTERNAL_LOGGER"
done
for file in "$examples"/*.{conf,yml,json,sh}; do
  name=$(basename "$file")
  check "$name is in the manual" grep -qF "$name" "$examples/README.md"
  check "... and in a test" grep -qF "${name%.conf}" "$e2e/check_recipes.sh" "$e2e/check_dashboards.sh" "$e2e/check_graphite.sh" "$srcdir/tests/debian/check_package.sh" \
    "$srcdir/tests/trust/check_rights.sh"
  check "... and is installed" grep -qF "$name" "$examples/examples.am"
done
finish
