#!/bin/bash
# Makes top.svg anew, the picture that the README shows: `vm_energy top` in a terminal, over simulated VMs, after three
# minutes. Into the file that is named, else beside this script. `make picture-top` runs it. PICTURE_SECONDS: other than 175.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
picture=${1:-$srcdir/tests/pictures/top.svg}
seconds=${PICTURE_SECONDS:-175}
export LC_ALL=C.UTF-8

terminal() { tmux -S "$work/socket" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null; clean_up' EXIT

"$simwriter" --root scaphandre --period 5 --seed 7 web-1=sine:85:30:95 web-2=sine:60:25:70 db-1=const:64 \
  batch-1=step:12:110:47 ci-runner=step:3:48:31 spare-1=idle "old-1=const:20,dies@$((seconds * 6 / 10))" >/dev/null &
pids+=($!)
sleep 11 # the first numbers come after 10 s
terminal new-session -d -x 80 -y 13 \
  "cd '$work'; '$tool' top --files 'scaphandre/*/intel-rapl:0/energy_uj'; exec sleep 600" || exit 1
sleep "$seconds"
terminal capture-pane -p -e -N >screen
gawk -v columns=80 -f "$srcdir/tests/pictures/svg.awk" screen >"$picture"
