#!/bin/bash
# The alerts of plugin/examples in a real Prometheus, with the values of ReportStats: each of collectd, the plugin and Scaphandre
# stops, or a host behind a central collectd: one alert fires, and not before. The rest of the rules: rules_test.yml.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" prometheus promtool curl jq ss

# The recipes, but every two seconds, and alerts after 20: a busy machine may pause collectd for 25 seconds and the writer for 40.
with_ports <"$examples/prometheus.yml" | sed 's/10s/2s/' >"$work/prometheus.yml"
sed 's/for: 2m/for: 20s/' "$examples/prometheus-rules.yml" >"$work/prometheus-rules.yml"
prometheus_start "$work/prometheus.yml" || exit 1
with_stats() { sed 's/^<Plugin vm_energy>/&\n  ReportStats true\n  StaleTimeout 15/'; }
without_plugin() { with_ports <"$examples/prometheus.conf" | sed '/^LoadPlugin vm_energy/d'; }
{ echo "Timeout 5" && vm_energy_block && recipe prometheus.conf; } |
  with_stats | agent_conf node1 1
writer_start a=const:100 b=const:50
mkdir -p "$tree/c/intel-rapl:0" && : >"$tree/c/intel-rapl:0/energy_uj"

names='.alertname + (if .alertname == "CollectdDown" then "" else " " + .instance end)' # "alert host"; CollectdDown has no host
firing() {
  curl -fsS "http://127.0.0.1:${port[prometheus]}/api/v1/alerts" |
    jq -r ".data.alerts[] | select(.state == \"firing\").labels | $names" | sort
}
fires() { [ "$(firing)" = "$1" ]; } # these and no other
had_fired() { # name...: these and no other, since the start
  same "$(printf '%s\n' "$@" | sort)" "$(prometheus_query \
    'count by (alertname, instance) (last_over_time(ALERTS{alertstate="firing"}[1h]))' |
    jq -r ".data.result[].metric | $names" | sort)"
}
files() { prometheus_query "collectd_vm_energy_files{instance=\"node1\",vm_energy=\"$1\"}" | jq -r '.data.result[].value[1]'; }
files_are() { [ "$(files counters)/$(files stale)/$(files unreadable)" = "$1" ]; }
metrics() { curl -fsS "http://127.0.0.1:${port[exporter]}/metrics"; }

check "no collectd: CollectdDown fires" wait_for fires CollectdDown
agent_start node1 || exit 1
check "ReportStats: three counters, one of them empty" wait_for files_are 3/0/1
check "... promtool has nothing to say against the names" test -z "$(metrics | promtool check metrics 2>&1)"
own_metrics() { metrics | sed -nE 's/^collectd_vm_energy_((duration|errors)[a-z_]*)\{.*/\1/p' | xargs; }
own_metrics_are() { [ "$(own_metrics)" = "$1" ]; }
check "... the seconds of a read, bad reads and pauses" wait_for own_metrics_are "duration_seconds errors_total errors_total"
printed=$(grep '^promtool .*errors_total' "$examples/README.md" | with_ports)
rises() { sh -c "$printed" | awk '/bad_reads/ && $(NF - 1) > 0 { found = 1 } END { exit !found }'; }
check "... of which bad reads rise, by the command of the manual" wait_for rises
check "all is well: no alert fires" wait_for fires ""
check "... nor did one before" had_fired CollectdDown

stop writer
check "Scaphandre stops: ExporterStopped fires" wait_for fires "ExporterStopped node1"
check "... two counters are stale" wait_for files_are 3/2/1
check "... and no other alert has fired" had_fired CollectdDown "ExporterStopped node1"

check "collectd ends with status 0" stop node1
network() { # Server or Listen
  printf '<LoadPlugin network>\n  FlushInterval 1\n</LoadPlugin>\n<Plugin network>\n  %s "127.0.0.1" "%s"\n</Plugin>\n' \
    "$1" "${port[central]}"
}
{ echo "Timeout 5" && without_plugin && network Listen; } | agent_conf node1 1
agent_start node1 || exit 1
check "collectd without the plugin: PluginStopped fires, and no other" wait_for fires "PluginStopped node1"
up() { [ "$(prometheus_query up | jq -r '.data.result[].value[1]')" = 1 ]; }
check "... while collectd answers" wait_for up
check "... and no other alert has fired" had_fired CollectdDown "ExporterStopped node1" "PluginStopped node1"

writer_start a=const:100 b=const:50
{ vm_energy_block && network Server; } | with_stats | agent_conf node2 1
agent_start node2 || exit 1
reports() { prometheus_query "$1" | jq -e '.data.result[0]'; }
check "a host behind this collectd reports" wait_for reports 'collectd_vm_energy_files{instance="node2",vm_energy="counters"}'
check "... and has power" wait_for reports 'host:vm_power_watts:sum{instance="node2"}'
check "... and no alert has fired for it" had_fired CollectdDown "ExporterStopped node1" "PluginStopped node1"
kill -KILL "${pid_node2:=}"
check "its collectd is killed: PluginStopped names it" wait_for fires "PluginStopped node1
PluginStopped node2"
check "... and no other alert has fired" had_fired CollectdDown "ExporterStopped node1" "PluginStopped node1" "PluginStopped node2"
check "collectd ends with status 0" stop node1
finish
