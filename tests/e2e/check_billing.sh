#!/bin/bash
# The energy of a day, as the recipes' document asks each server for it, over eight days in which all goes wrong that can:
# gaps, resets, restarts, a crash, a reboot, a migration. The commands are those of the document.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require carbon-cache influxd influx prometheus promtool curl jq ss python3
/usr/bin/python3 -c 'import graphite, django' 2>/dev/null || skip "graphite-web is not installed"

now=$EPOCHSECONDS
billing() { python3 "$e2e/billing.py" "$1" "$now"; }
answer() { python3 "$e2e/billing.py" "answer-$1" "$now"; } # server: "name day kWh" of what its client printed
billing truth >"$work/truth.kwh"

# --- the document's commands: the lines of its section that begin with this word, by number -----------------------------------
command_of() { # program number
  sed -n '/^## Energy of a day/,/^## A central/p' "$examples/README.md" | grep "^$1 " | sed -n "$2p"
}
for program in curl influx promtool; do
  check "$program: three commands" test -n "$(command_of $program 3)" -a -z "$(command_of $program 4)"
done

# what they are about: a VM on a host, a host, a VM wherever it was
by_1() { awk '{ print $2 "/" $1, $3, $4 }'; }
by_2() { awk '{ kwh[$2 " " $3] += $4 } END { for (i in kwh) print i, kwh[i] }'; }
by_3() { awk '{ kwh[$1 " " $3] += $4 } END { for (i in kwh) print i, kwh[i] }'; }

# The first day is cut off where a query begins "9 days ago".
is_billed() { # query number: "name day kWh" on standard input, each within 1 % of the truth, and none is missing
  awk -v first=$((now / 86400 - 9)) '$3 > first' "$work/truth.kwh" | "by_$1" >"$work/expected"
  awk 'NR == FNR { truth[$1 " " $2] = $3; n++; next } ($1 " " $2) in truth { seen++; kwh = truth[$1 " " $2]
      if ($3 < kwh * 0.99 - 0.002 || $3 > kwh * 1.01 + 0.002) { print "  " $0 ", truth " kwh; bad = 1 } }
    END { if (seen != n) print "  " seen " of " n " figures"; exit bad || seen != n || n < 8 }' "$work/expected" -
}

# --- Graphite -----------------------------------------------------------------------------------------------------------------
carbon_start "$examples/carbon-storage-schemas.conf" "$examples/carbon-storage-aggregation.conf" || exit 1
render_start migrate || exit 1
billing graphite | python3 -c 'import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.sendall(sys.stdin.buffer.read())
connection.close()' "${port[carbon]}"
last_value() { render '*.vm_energy-reboot.energy' -d format=json -d from=-10min -d noCache=1 | jq -e '[.[].datapoints[] | select(.[0] != null)] | length > 0'; }
check "Graphite has the values" wait_for last_value
stored() { [ "$(find "$work/graphite/whisper" -name 'energy.wsp' | wc -l)" -eq 8 ]; }
check "Graphite has all files" wait_for stored
for query in 1 2 3; do
  command_of curl $query | sed "s,http://graphite/,http://127.0.0.1:${port[render]}/," >"$work/command"
  sh "$work/command" 2>"$work/curl.log" | answer graphite >"$work/figures"
  check "Graphite, query $query: within 1 %" is_billed $query <"$work/figures"
done
stop render
stop carbon

# --- InfluxDB -------------------------------------------------------------------------------------------------------------------
influx_start </dev/null || exit 1
post() { curl -fsS "http://127.0.0.1:${port[influx]}/$1" "${@:2}"; }
post query --data-urlencode 'q=CREATE DATABASE collectd' >/dev/null
billing influx | split -l 5000 - "$work/lines."
for lines in "$work"/lines.*; do
  post "write?db=collectd&precision=s" --data-binary "@$lines"
done
for query in 1 2 3; do
  command_of influx $query | sed "s/^influx /command influx -port ${port[influx]} -format csv /" >"$work/command"
  sh "$work/command" | answer influx >"$work/figures"
  check "InfluxDB, query $query: within 1 %" is_billed $query <"$work/figures"
done
influx_stop

# --- Prometheus -------------------------------------------------------------------------------------------------------------------
billing prometheus >"$work/energy.txt"
promtool tsdb create-blocks-from openmetrics "$work/energy.txt" "$work/prometheus_server" >"$work/blocks.log" 2>&1 || cat "$work/blocks.log"
printf 'global: {scrape_interval: 10s}\n' >"$work/prometheus.yml"
prometheus_start "$work/prometheus.yml" || exit 1
for query in 1 2 3; do
  for ((day = now / 86400 - 9; day < now / 86400; day++)); do
    command_of promtool $query | sed "s,http://127.0.0.1:9090,--time=$(((day + 1) * 86400)) http://127.0.0.1:${port[prometheus]}," >"$work/command"
    sh "$work/command"
  done | answer prometheus >"$work/figures"
  check "Prometheus, query $query: within 1 %" is_billed $query <"$work/figures"
done
finish
