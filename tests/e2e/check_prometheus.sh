#!/bin/bash
# collectd's write_prometheus, asked with curl and scraped by a real Prometheus.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" prometheus promtool curl jq ss

{
  vm_energy_block
  cat <<CONF
LoadPlugin write_prometheus
<Plugin write_prometheus>
  Host "127.0.0.1"
  Port "${port[exporter]}"
</Plugin>
CONF
} | agent_conf node1 1
cat >"$work/prometheus.yml" <<CONF
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: collectd
    honor_labels: true # keeps the host that collectd tells as "instance"
    static_configs: [{targets: ["127.0.0.1:${port[exporter]}"]}]
CONF

# one of the names has what Prometheus must quote
writer_start constant=const:100 wave=sine:60:30:20 spare=idle 'quo"te=a\b'=const:42
agent_start node1 || exit 1
prometheus_start "$work/prometheus.yml" || exit 1

metrics() { curl -fsS "http://127.0.0.1:${port[exporter]}/metrics"; }
scraped() { metrics | grep -q "^collectd_vm_energy_$2{vm_energy=\"$1\",instance=\"node1\"}"; }
scrape() { # vm quantity [times]: "time value" of each scrape, one a second
  local i
  for ((i = 0; i < ${3:-6}; i++)); do
    metrics | sed -n "s/^collectd_vm_energy_$2{vm_energy=\"$1\",instance=\"node1\"} \(.*\) \(.*\)/\2 \1/p" |
      awk '{ printf "%.3f %s\n", $1 / 1000, $2 }'
    sleep 1
  done
}
check "the exporter has power and energy" wait_for scraped wave power
[ "$failures" -eq 0 ] || finish
check "promtool has nothing to say against it" test -z "$(metrics | promtool check metrics 2>&1)"
scrape wave power >"$work/power.scraped" &
pids+=($!)
scraping=$!
scrape wave energy >"$work/energy.scraped"
wait $scraping
sleep 6
stop writer
sleep 2
for quantity in power energy; do
  check "with curl: the $quantity is what was drawn" matches $quantity wave 0 cat "$work/$quantity.scraped"
done

prometheus_points() { # vm quantity: what Prometheus stored, with the times that collectd gave
  prometheus_query "collectd_vm_energy_$2{vm_energy=\"$1\",instance=\"node1\"}[2m]" |
    jq -r '.data.result[].values[] | "\(.[0]) \(.[1])"'
}
for vm in constant wave spare; do
  for quantity in power energy; do
    check "Prometheus has the $quantity of $vm" wait_for at_least 6 prometheus_points $vm $quantity
    check "... as it was drawn" matches $quantity $vm 0 prometheus_points $vm $quantity
  done
done
odd=$(prometheus_query 'collectd_vm_energy_power{vm_energy="quo\"te=a\\b"}' | jq -r '.data.result[].value[1]')
check "a name with quote and backslash is itself" near "$odd" 42 1
sum=$(prometheus_query 'sum by (instance) (collectd_vm_energy_power{vm_energy!="wave"})' | jq -r '.data.result[].value[1]')
check "the sum over a host's VMs" near "$sum" 142 1
check "no scrape failed" test "$(prometheus_query 'min_over_time(up[1m])' | jq -r '.data.result[].value[1]')" = 1
check "collectd ends with status 0" stop node1
finish
