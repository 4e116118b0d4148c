#!/bin/bash
# Makes power.png anew, the plot that the README shows: 84 s of simulated VMs, with marks. Into the file that is named, else
# beside this script. `make picture-plot` runs it.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
picture=${1:-$srcdir/tests/pictures/power.png}

"$simwriter" --root sim/scaphandre --period 2 --seed 5 --duration 100 \
  web-1=sine:85:30:47 db-1=const:64 batch-1=step:12:118:30 spare-1=idle >/dev/null &
pids+=($!)
sleep 6 # the first numbers come after 4 s; batch-1 goes up 30 s after its start, and down again 30 s later
(sleep 6 && echo warm-up && sleep 18 && echo load && sleep 30 && echo cool-down) |
  "$tool" ts --files 'sim/scaphandre/*/intel-rapl:0/energy_uj' -i 0.5 -n 168 --time-base auto --marks --quiet >out || exit 1
sed -i 's/"host": "[^"]*"/"host": "node42"/' csv/run_*/run.json # a name that is nobody's
"$tool" report csv/run_*
"$tool" plot --force --out "$picture" csv/run_*
