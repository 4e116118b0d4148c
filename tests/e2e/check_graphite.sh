#!/bin/bash
# collectd's write_graphite, a real carbon-cache, the whisper files, and graphite-web's render API with its picture.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache whisper-fetch curl jq ss
/usr/bin/python3 -c 'import graphite, django, cairocffi' 2>/dev/null || skip "graphite-web is not installed"

carbon_start || exit 1
render_start || exit 1
writer_start constant=const:100 wave=sine:60:30:20 spare=idle
{
  vm_energy_block
  cat <<CONF
<LoadPlugin write_graphite>
  FlushInterval 1
</LoadPlugin>
<Plugin write_graphite>
  <Node "local">
    Host "127.0.0.1"
    Port "${port[carbon]}"
    Protocol "tcp"
    ReconnectInterval 0
    StoreRates false
    AlwaysAppendDS false
  </Node>
</Plugin>
CONF
} | sed 's/^<Plugin vm_energy>/&\n  ReportStats true/' | agent_conf node1 1
agent_start node1 || exit 1

# the recipe's list of hosts that do not report, but of ten seconds
silent_hosts=$(sed -n "s/^curl .*target=\(aliasByNode(currentBelow(.*)\)'\$/\1/p" "$examples/README.md" | sed 's/5min/10s/')
silent() { [ "$(render "$silent_hosts" -d format=json -d from=-2min -d noCache=1 | jq -r '.[].target' | xargs)" = "$1" ]; }
sleep 12
check "ReportStats: Graphite has the counters" wait_for at_least 5 rendered node1.vm_energy.files-counters
check "... which are three" near "$(rendered node1.vm_energy.files-counters | tail -n 1 | cut -d" " -f2)" 3 0
check "... no host is silent" wait_for silent ""
stop writer
sleep 2
check "collectd ends with status 0, and what it held back is sent" stop node1

for vm in constant wave spare; do
  for quantity in power energy; do
    check "whisper holds the $quantity of $vm" wait_for at_least 10 whisper node1 $vm $quantity
    check "... as it was drawn" matches $quantity $vm 1 whisper node1 $vm $quantity
    check "... and the render API tells the same" matches $quantity $vm 1 rendered "node1.vm_energy-$vm.$quantity"
  done
done
check "there is no other file" \
  test "$(find "$work/graphite/whisper" -name '*.wsp' -not -path '*/carbon/*' | wc -l)" -eq 12
until=$(truth constant wall_s | cut -d. -f1)
slope=$(rendered 'perSecond(node1.vm_energy-constant.energy)' |
  awk -v until="$until" '$1 < until { s += $2; n++ } END { if (n) print s / n }')
check "the slope of the energy is the power, within one update of some ten" near "$slope" 100 15

# --- the picture: without axes, so that the height of a line is its power ---------------------------------------------
picture() { # file [curl option...]
  local file=$1
  shift
  render 'color(node1.vm_energy-constant.power,"ff0000")' --data-urlencode 'target=color(node1.vm_energy-wave.power,"0000ff")' \
    -d format=png -d "from=$((until - 9))" -d "until=$until" -d noCache=1 -d yMin=0 -d lineWidth=2 -d bgcolor=white \
    -d fgcolor=black -o "$work/$file" "$@"
}
picture plain.png -d graphOnly=true -d yMax=200 -d width=400 -d height=220
picture empty.png -d graphOnly=true -d yMax=200 -d width=400 -d height=220 -d until=-1h -d from=-2h
/usr/bin/python3 "$e2e/png_lines.py" "$work/plain.png" ff0000 0000ff >"$work/lines"
/usr/bin/python3 "$e2e/png_lines.py" "$work/empty.png" ff0000 0000ff >"$work/no_lines"
check "the picture has a line for each VM" \
  awk '$2 < 300 { print "  " $0; bad = 1 } END { exit bad || NR != 2 }' "$work/lines"
check "... an empty chart has none" awk '$2 > 0 { print "  " $0; bad = 1 } END { exit bad }' "$work/no_lines"
height=$(awk '$1 == "ff0000" { print $3 }' "$work/lines")
check "... and 100 W of 200 W are at half height" near "$height" 0.5 4

mkdir -p "$artifacts"
picture graphite.png -d width=700 -d height=300 --data-urlencode 'title=power of two VMs' -d vtitle=watt &&
  cp "$work/graphite.png" "$artifacts/"
check "ReportStats: without collectd, the host is silent" wait_for silent node1
check "the picture is kept as tests/e2e/artifacts/graphite.png" test -s "$artifacts/graphite.png"
finish
