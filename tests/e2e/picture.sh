#!/bin/bash
# make picture: the power of four VMs, as a real Graphite draws it: the picture of the README. Takes two minutes.
# The VMs are simulated; collectd, carbon and graphite-web are not. The configuration is plugin/examples/graphite.conf.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache curl ss
/usr/bin/python3 -c 'import graphite, django' 2>/dev/null || skip "graphite-web is not installed"
seconds=${PICTURE_SECONDS:-120}

carbon_start || exit 1
render_start || exit 1
start writer "$simwriter" --root "$tree" --period 2 \
  web-1=const:100 db-1=sine:60:20:40 batch-1=step:15:85:25 spare-1=idle
{ vm_energy_block && recipe graphite.conf; } | agent_conf node1 2
agent_start node1 || exit 1
echo "two minutes of four VMs"
sleep "$seconds"
flush node1
sleep 1
mkdir -p "$artifacts"
# the first seconds are left out: power needs two updates; a line leads over seconds between two reads
render "aliasSub(aliasByNode(keepLastValue(node1.vm_energy-*.power), 1), 'vm_energy-', '')" -d format=png -d noCache=1 \
  -d "from=-$((seconds - 10))s" -d until=-2s -d width=700 -d height=280 -d yMin=0 -d lineWidth=2 \
  -d bgcolor=white -d fgcolor=black \
  -d majorGridLineColor=cccccc -d minorGridLineColor=eeeeee --data-urlencode 'title=power of the VMs of node1' -d vtitle=watt \
  -d colorList=d62728,1f77b4,2ca02c,7f7f7f -o "$artifacts/picture.png" || exit 1
echo "there it is: ${artifacts#"$PWD"/}/picture.png"
