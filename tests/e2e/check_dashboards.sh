#!/bin/bash
# The queries of the Grafana dashboards in plugin/examples, put to real servers as Grafana would: three hosts, 24 VMs, one that
# migrated, one that fell silent, one whose counter was reset, and what Smooth adds. The alert rules, too.
#
# The values are written by dashboards.py, up to an instant that all queries take for "now", so nothing depends on how long
# the servers take. That collectd's own values have these names is tested with each server.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require carbon-cache influxd prometheus promtool curl jq ss python3
/usr/bin/python3 -c 'import graphite, django' 2>/dev/null || skip "graphite-web is not installed"

# --- the alert rules --------------------------------------------------------------------------------------------------
cp "$examples/prometheus-rules.yml" "$e2e/rules_test.yml" "$work/"
check "promtool accepts the rules" sh -c "promtool check rules '$work/prometheus-rules.yml' >'$work/rules.log'"
check "each fault raises one alert, which names the host or the VM" \
  sh -c "promtool test rules '$work/rules_test.yml' >'$work/rules_test.log' 2>&1"

# --- the servers and their values -------------------------------------------------------------------------------------
now=$((EPOCHSECONDS / 60 * 60))
values() { python3 "$e2e/dashboards.py" "$1" "$now"; }

carbon_start "$examples/carbon-storage-schemas.conf" "$examples/carbon-storage-aggregation.conf" || exit 1
render_start migrate || exit 1
values graphite | python3 -c 'import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.sendall(sys.stdin.buffer.read())
connection.close()' "${port[carbon]}"
influx_start </dev/null || exit 1
post() { curl -fsS "http://127.0.0.1:${port[influx]}/$1" "${@:2}"; }
post query --data-urlencode 'q=CREATE DATABASE collectd' >/dev/null
values influx | split -l 5000 - "$work/lines."
for lines in "$work"/lines.*; do
  post "write?db=collectd&precision=s" --data-binary "@$lines"
done
values prometheus >"$work/values.txt"
promtool tsdb create-blocks-from openmetrics "$work/values.txt" "$work/prometheus_server" >"$work/blocks.log" 2>&1 ||
  cat "$work/blocks.log"
printf 'global: {scrape_interval: 10s}\n' >"$work/prometheus.yml"
prometheus_start "$work/prometheus.yml" || exit 1
# what the rules would have recorded in this time; a Prometheus looks for new blocks when it starts
promtool tsdb create-blocks-from rules --start=$((now - 9 * 86400)) --end="$now" --output-dir="$work/recorded" \
  --url="http://127.0.0.1:${port[prometheus]}" "$examples/prometheus-rules.yml" >"$work/recording.log" 2>&1 || cat "$work/recording.log"
stop prometheus_server
mv "$work"/recorded/* "$work/prometheus_server/"
prometheus_start "$work/prometheus.yml" || exit 1

# Graphite has them all when the last values of the series that came last are there
written() {
  [ "$(for vm in v1 v2 reset; do render "*.vm_energy-$vm.power-sma3" -d format=json -d from=$((now - 60)) -d until="$now" -d noCache=1; done |
    jq -s '[.[][].datapoints[] | select(.[0] != null)] | length')" -ge 3 ] &&
    [ "$(render "third.*.power-sma3" -d format=json -d from=$((now - 60)) -d until="$now" -d noCache=1 |
      jq '[.[] | select(any(.datapoints[]; .[0] != null))] | length')" -eq 20 ]
}
check "Graphite has the values" wait_for written

# --- a panel, asked as Grafana asks -----------------------------------------------------------------------------------
panel() { # file title: all of it, also of one in a row that is closed
  jq -e --arg title "$2" '.. | objects | select(.title? == $title and has("targets"))' "$examples/$1"
}
seconds() { # 10m, 24h, 8d
  case $1 in
  *m) echo $((${1%m} * 60)) ;;
  *h) echo $((${1%h} * 3600)) ;;
  *d) echo $((${1%d} * 86400)) ;;
  esac
}
span() { # file title: how many seconds it shows
  local own
  own=$(panel "$1" "$2" | jq -r '.timeFrom // empty')
  seconds "${own:-$(jq -r '.time.from | ltrimstr("now-")' "$examples/$1")}"
}
prometheus_get() { # path parameter...
  curl -fsSG "http://127.0.0.1:${port[prometheus]}/api/v1/$1" "${@:2}"
}

answers() { # file panel-title [seconds]: "name time value" of each point of this panel, to $work/answer
  local query from step
  : >"$work/answer"
  panel "$1" "$2" >"$work/panel" || return 1
  query=$(jq -r '.targets[0] | .query // .target // .expr' "$work/panel")
  step=$(jq -r '.interval // "60s"' "$work/panel")
  [ "$step" != 20s ] || step=60s # as wide as the time between two values
  from=$((now - ${3:-$(span "$1" "$2")}))
  query=${query//\$stale/$(jq -r '.templating.list[] | select(.name == "stale").current.value' "$examples/$1")}
  query=${query//\$__interval/$step}
  case $1 in
  grafana-graphite.json)
    query=${query//\$host/*}
    query=${query//\$vm/*}
    render "$query" -d format=json -d from=$from -d until=$now -d noCache=1 |
      jq -r '.[] | .target as $name | .datapoints[] | select(.[0] != null) | "\($name) \(.[1]) \(.[0])"'
    ;;
  grafana-influxdb.json)
    query=${query//\$host/.*}
    query=${query//\$vm/.*}
    query=${query//\$timeFilter/time >= ${from}s and time <= ${now}s}
    influx "$query" | jq -r '.results[].series[]? | [.tags.host, .tags.instance] as $tags | .values[] |
      ($tags | map(select(. != null)) | join(".")) as $name | select(.[1] != null) | "\($name) \(.[0] / 1e9) \(.[1])"'
    ;;
  grafana-prometheus.json)
    query=${query//\$host/.*}
    query=${query//\$vm/.*}
    query=${query//\$__range/$((now - from))s}
    if jq -e '.targets[0].instant' "$work/panel" >/dev/null; then
      prometheus_get query --data-urlencode "query=$query" -d time=$now
    else
      [ "$step" != 1d ] || from=$((from / 86400 * 86400)) # Grafana begins at a whole step
      prometheus_get query_range --data-urlencode "query=$query" -d start=$from -d end=$now -d step="$step"
    fi | jq -r '.data.result[] | ([.metric.instance, .metric.vm_energy] | map(select(. != null)) | join(".")) as $name |
      (.values // [.value])[] | "\($name) \(.[0]) \(.[1])"'
    ;;
  esac >"$work/answer"
}
last() { awk '{ value[$1] = $3 } END { for (name in value) print name, value[name] }' "$work/answer"; }
total() { awk '{ value[$1] += $3 } END { for (name in value) print name, value[name] }' "$work/answer"; }
of_days() { awk -v first=$((now / 86400 - 7)) -v today=$((now / 86400)) '{ day = int($2 / 86400) }
  day >= first && day < today { print $1 "@" day, $3 }' "$work/answer"; }
is() { # what last|total|of_days lines "name value"...: these and no others, within 1 %
  local what=$1 of=$2
  shift 2
  $of >"$work/seen"
  printf '%s\n' "$@" >"$work/expected"
  check "$what" awk 'NR == FNR { expected[$1] = $2; n++; next }
    { seen++; d = $2 - expected[$1]; if (d < 0) d = -d }
    !($1 in expected) || d > expected[$1] / 100 { print "  " $0 ", expected " expected[$1]; bad = 1 }
    END { if (seen != n) print "  " seen + 0 " answers, expected " n; exit bad || seen != n }' "$work/expected" "$work/seen"
}
has() { jq -e "$2" "$examples/$1" >/dev/null; } # file filter
names() { cut -d' ' -f1 "$work/answer" | sort -u | xargs; }

# --- what they show ---------------------------------------------------------------------------------------------------
small=() highest=() by_host=() energy=("v1 2.4" "v2 4.8" "reset 1.2" "moves 0.72" "off 0.55") by_day=()
for watts in {1..20}; do
  small+=("small-$watts $watts")
  by_host+=("third.small-$watts $watts")
  energy+=("small-$watts $(awk -v watts=$watts 'BEGIN { print watts * 7 / 1000 }')")
  [ $watts -le 5 ] || highest+=("small-$watts $watts")
done
for ((day = now / 86400 - 7; day < now / 86400; day++)); do
  by_day+=("v1@$day 2.4" "v2@$day 4.8" "reset@$day 1.2" "moves@$day 0.72" "off@$day 0.6")
done

for file in grafana-graphite.json grafana-influxdb.json grafana-prometheus.json; do
  server=${file#grafana-} server=${server%.json}
  answers $file "Power by host"
  is "$server: power by host" last "left 150" "right 230" "third 210"
  if [ $server = influxdb ]; then
    answers $file "Power by VM"
    is "$server: power by VM" last "v1 100" "v2 200" "reset 50" "moves 30" "off 25" "${small[@]}"
  else
    answers $file "Power by VM, the 20 highest"
    is "$server: power by VM, of the 20 highest" last "v1 100" "v2 200" "reset 50" "moves 30" "off 25" "${highest[@]}"
  fi
  check "$server: a VM that migrated is one line, without a gap" test "$(grep -c '^moves ' "$work/answer")" -ge 359
  answers $file "VMs now"
  is "$server: power now" last "left.v1 100" "right.v2 200" "left.reset 50" "right.moves 30" "${by_host[@]}"
  answers $file "Energy of 24 hours"
  is "$server: energy of 24 hours, in kWh" total "${energy[@]}"
  for seconds in "" 604800 2592000; do
    answers $file "Stale VMs" $seconds
    check "$server: the stale VM and no other${seconds:+, over $((seconds / 86400)) days}" test "$(names)" = off
  done
  # today's hours, and the last hours of VMs that are new, are not those of a whole day
  answers $file "Energy by day"
  sed -i '/^small/d' "$work/answer"
  if [ $(((now - 7200) / 86400)) -lt $((now / 86400)) ]; then
    sed -i '/^off/d' "$work/answer"
    mapfile -t by_day < <(printf '%s\n' "${by_day[@]}" | grep -v ^off)
  fi
  is "$server: energy by day, in kWh" of_days "${by_day[@]}"
  check "... whose panel asks only when its row is open" \
    has "$file" '.panels[] | select(.type == "row" and .collapsed) | .panels[] | select(.title == "Energy by day")'
  check "$server: the legend of days has the total" test "$(panel $file "Energy by day" | jq -r '.options.legend.calcs[0]')" = sum
  check "$server: the legends are sorted tables" has "$file" '[.. | objects | select(has("legend")) | .legend |
    .displayMode == "table" and .sortDesc and .sortBy != null] | length == 3 and all'
done

# --- what they ask for ------------------------------------------------------------------------------------------------
# Samples of a VM's energy that a call of the open panel reads, against one over six days, of which carbon has each 10 s.
six_days=$((6 * 86400))
asked() { # server span: how many
  case $1 in
  graphite) render left.vm_energy-v1.energy -d format=json -d from=$((now - $2)) -d until=$now -d noCache=1 | jq '.[0].datapoints | length' ;;
  influxdb) influx "SELECT count(value) FROM vm_energy_value WHERE type = 'energy' AND instance = 'v1' AND time > ${now}s - ${2}s AND time <= ${now}s" |
    jq '.results[0].series[0].values[0][1]' ;;
  esac
}
for server in graphite influxdb; do
  open=$(asked $server "$(span grafana-$server.json "Energy of 24 hours")")
  check "$server: energy of 24 hours asks for a sixth of six days or less" test $((open * 6)) -le "$(asked $server $six_days)" -a "$open" -gt 0
done
check "graphite: energy by day takes carbon's minutes, a quarter of that" \
  test $(($(asked graphite "$(span grafana-graphite.json "Energy by day")") * 4)) -le "$(asked graphite $six_days)"
samples=$(prometheus_get query -d time=$now -d stats=all --data-urlencode "query=$(panel grafana-prometheus.json "Energy of 24 hours" |
  jq -r '.targets[0].expr' | sed 's/\$[a-z]*/.*/g')" | jq .data.stats.samples.totalQueryableSamples)
check "prometheus: energy of 24 hours asks for one sample a minute of each VM, whatever the scrape interval" \
  test "$samples" -le $((25 * 1441)) -a "$samples" -gt 0

# --- the lists of hosts and VMs ---------------------------------------------------------------------------------------
variable() { jq -er --arg name "$2" '.templating.list[] | select(.name == $name).query' "$examples/$1"; }
found() { # query: as Grafana asks Graphite
  curl -fsSG "http://127.0.0.1:${port[render]}/metrics/find" --data-urlencode "query=$1" | jq -r '.[].text' | sort | xargs
}
vms=$(variable grafana-graphite.json vm)
check "graphite: the list of hosts" test "$(found "$(variable grafana-graphite.json host)" | sed 's/carbon *//')" = "left right third"
check "graphite: the list of VMs" test "$(found "${vms//\$host/left}")" = "vm_energy-moves vm_energy-reset vm_energy-v1"
tags() { influx "$1" | jq -r '.results[].series[]?.values[][1]' | sort | xargs; }
vms=$(variable grafana-influxdb.json vm)
check "influxdb: the list of hosts" test "$(tags "$(variable grafana-influxdb.json host)")" = "left right third"
check "influxdb: the list of VMs" test "$(tags "${vms//\$host/right}")" = "moves off v2"
label_values() { # label_values(selector, label), as Grafana asks
  local of=${1#label_values(} label
  of=${of%)} label=${of##*, } of=${of%, *}
  prometheus_get "label/$label/values" --data-urlencode "match[]=$of" | jq -r '.data[]' | sort | xargs
}
vms=$(variable grafana-prometheus.json vm)
check "prometheus: the list of hosts" test "$(label_values "$(variable grafana-prometheus.json host)")" = "left right third"
check "prometheus: the list of VMs" test "$(label_values "${vms//\$host/right}")" = "moves off v2"
finish
