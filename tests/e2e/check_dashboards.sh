#!/bin/bash
# The queries of the Grafana dashboards in plugin/examples, put to a real Graphite and a real InfluxDB as Grafana would: two
# hosts, twelve VMs, one of which falls silent.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache influxd curl jq ss
/usr/bin/python3 -c 'import graphite, django' 2>/dev/null || skip "graphite-web is not installed"

carbon_start || exit 1
render_start migrate || exit 1
influx_start </dev/null || exit 1
for host in left right; do
  {
    vm_energy_block "$work/$host/scaphandre"
    cat <<CONF
<LoadPlugin write_graphite>
  FlushInterval 1
</LoadPlugin>
<Plugin write_graphite>
  <Node "local">
    Host "127.0.0.1"
    Port "${port[carbon]}"
    StoreRates false
  </Node>
</Plugin>
<LoadPlugin network>
  FlushInterval 1
</LoadPlugin>
<Plugin network>
  Server "127.0.0.1" "${port[influx_collectd]}"
</Plugin>
CONF
  } | agent_conf $host 1
  # smoothed powers are there too, and must not be added up with the others
  sed -i "s|^<Plugin vm_energy>|&\n  StaleTimeout 2\n  Smooth 3|" "$work/$host.conf"
  mkdir "$work/$host"
done
writer_of writer_left "$work/left/scaphandre" "$work/left.csv" \
  v1=const:10 v2=const:20 v3=const:30 v4=const:40 v5=const:50 v6=const:60
writer_of writer_right "$work/right/scaphandre" "$work/right.csv" \
  v1=const:70 v2=const:80 v3=const:90 v4=const:100 v5=const:110 off=const:5,dies@4
agent_start left || exit 1
agent_start right || exit 1
sleep 17

answers() { # file panel-title: the query of this panel with Grafana's variables filled in
  local query
  : >"$work/answer"
  query=$(jq -er --arg title "$2" '.panels[] | select(.title == $title).targets[0] | .query // .target' "$examples/$1") || return 1
  case $1 in
  grafana-graphite.json) # "name time value"
    query=${query//\$host/*}
    query=${query//\$vm/*}
    query=${query//\$stale/4s}
    render "$query" | jq -r '.[] | .target as $name | .datapoints[] | select(.[0] != null) | "\($name) \(.[1]) \(.[0])"'
    ;;
  *)
    query=${query//\$host/.*}
    query=${query//\$vm/.*}
    query=${query//\$stale/3s}
    query=${query//\$step/1s}
    query=${query//\$__interval/1s}
    query=${query//\$timeFilter/time > now() - 2m}
    influx "$query" | jq -r '.results[].series[]? | [.tags.host, .tags.instance] as $tags | .columns as $columns | .values[] |
      . as $row | [range(1; $columns | length) | $row[.]] as $rest | select($rest[-1] != null or ($rest | length) > 1) |
      ($tags + [$rest[] | strings] | map(select(. != null)) | join(".")) as $name |
      "\($name) \($row[0] / 1e9) \([$rest[] | numbers][0])"'
    ;;
  esac >"$work/answer"
}
last() { awk '{ value[$1] = $3 } END { for (name in value) print name, value[name] }' "$work/answer" | sort; }
is() { # what lines...: the last values by name are these, within 1 %
  local what=$1
  shift
  last >"$work/last"
  printf '%s\n' "$@" | sort >"$work/expected"
  check "$what" awk 'NR == FNR { expected[$1] = $2; n++; next }
    { seen++; d = $2 - expected[$1]; if (d < 0) d = -d }
    !($1 in expected) || d > expected[$1] / 100 { print "  " $0 ", expected " expected[$1]; bad = 1 }
    END { if (seen != n) print "  " seen + 0 " answers, expected " n; exit bad || seen != n }' "$work/expected" "$work/last"
}

all=()
for i in 1 2 3 4 5 6; do all+=("left.v$i ${i}0"); done
for i in 1 2 3 4 5; do all+=("right.v$i $((i + 6))0"); done
stop writer_left
stop writer_right
sleep 1.5 # less than StaleTimeout: all have their last power still

for file in grafana-graphite.json grafana-influxdb.json; do
  server=${file#grafana-} server=${server%.json}
  check "$server: the dashboard asks for all" test "$(jq '[.panels[].targets[]] | length' "$examples/$file")" -eq 5
  answers $file "Stale VMs"
  check "$server: the stale VM, and no other" test "$(cut -d' ' -f1 "$work/answer" | sort -u | xargs)" = right.off
  answers $file "Power per VM"
  is "$server: power per VM" "${all[@]}" "right.off 5"
  answers $file "Power by host, stacked"
  # of the sum over a host, all but the first and the last seconds, when not every VM was there
  awk -v from="$(head -n 1 "$work/answer" | cut -d' ' -f2)" '{ n[$1]++; line[$1, n[$1]] = $0 }
    END { for (name in n) print line[name, n[name] - 2] }' "$work/answer" >"$work/middle" && mv "$work/middle" "$work/answer"
  is "$server: the sums by host" "left 210" "right 450"
  answers $file "Top 10 VMs"
  check "$server: the ten that draw most" test "$(cut -d' ' -f1 "$work/answer" | sort -u | xargs)" = \
    "left.v2 left.v3 left.v4 left.v5 left.v6 right.v1 right.v2 right.v3 right.v4 right.v5"
  answers $file "Energy per day by VM"
  for host in left right; do
    awk -F, -v host=$host 'NR > 1 { last[$3] = $4; if (!($3 in first)) first[$3] = $4
      if ($4 - before[$3] > update[$3] && before[$3]) update[$3] = $4 - before[$3]; before[$3] = $4 }
      END { for (vm in last) print host "." vm, (last[vm] - first[vm]) / 1e6, update[vm] / 1e6 }' "$work/$host.csv"
  done >"$work/true_day"
  check "$server: energy by day, in kWh, within an update at each end" awk 'NR == FNR { kwh[$1] += $3; next }
    { joules = kwh[$1] * 3.6e6; n++ }
    joules > $2 + 0.01 || joules < $2 - 2 * $3 - 0.01 { print "  " $1, joules " J, expected " $2; bad = 1 }
    END { exit bad || n != 12 }' "$work/answer" "$work/true_day"
done

# --- the lists of hosts and VMs ---------------------------------------------------------------------------------------
variable() { jq -er --arg name "$2" '.templating.list[] | select(.name == $name).query' "$examples/$1"; }
found() { # query: as Grafana asks Graphite
  curl -fsSG "http://127.0.0.1:${port[render]}/metrics/find" --data-urlencode "query=$1" | jq -r '.[].text' | sort | xargs
}
vms=$(variable grafana-graphite.json vm)
check "graphite: the list of hosts" test "$(found "$(variable grafana-graphite.json host)" | sed 's/carbon *//')" = "left right"
check "graphite: the list of VMs" test "$(found "${vms//\$host/left}")" = \
  "vm_energy-v1 vm_energy-v2 vm_energy-v3 vm_energy-v4 vm_energy-v5 vm_energy-v6"
tags() { influx "$1" | jq -r '.results[].series[]?.values[][1]' | sort | xargs; }
vms=$(variable grafana-influxdb.json vm)
check "influxdb: the list of hosts" test "$(tags "$(variable grafana-influxdb.json host)")" = "left right"
check "influxdb: the list of VMs" test "$(tags "${vms//\$host/right}")" = "off v1 v2 v3 v4 v5"
finish
