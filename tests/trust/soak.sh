#!/bin/bash
# soak.sh [SECONDS]: a real collectd with the plugin, fifty reads a second, and the tool beside it, for SECONDS (300), over VMs
# of known truth and of all kinds of bad ones, while calls of both fail now and then. What both take of memory, descriptors,
# threads and log must not grow, and the good VMs have exact values at the end. Writes about 10 MB a minute below TMPDIR.
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require "$collectd" "$collectdctl"
duration=${1:-300}
[[ $duration =~ ^[0-9]+$ && $duration -ge 30 ]] || { echo "soak: '$duration' is no number of seconds of 30 or more" >&2 && exit 2; }
tool=$builddir/vm_energy
[ -x "$tool" ] && [ -e "$module_dir/vm_energy.so" ] || skip "there is no plugin, or no tool, in this build"
tried=0
try() { tried=$((tried + 1)) && check "$@"; }
# What they may take more at the end: measured were 0 to 16 KiB, beside other work 68; one byte for each sample would be 200. And
# 0 to 2 descriptors that a pass happens to have open.
memory_kib=96 descriptors_num=4
warm_up=$((duration / 5 > 10 ? duration / 5 : 10))
window=$(((duration - warm_up) / 4)) # the first and the last of four are compared

# --- the VMs --------------------------------------------------------------------------------------------------------------
tree=$work/scaphandre
good=(good small idle wave)
start writer "$simwriter" --root "$tree" --period 0.5 --jitter 0.05 --hole 100 --truth "$work/truth.csv" good=const:100 small=const:7.5 idle=idle
start slow "$simwriter" --root "$tree" --period 2.1 --jitter 0.1 --truth "$work/truth.csv" wave=sine:50:20:30
start odd "$simwriter" --root "$tree" --period 0.5 --jitter 0.05 falls=const:60,resets%5 dead=const:40,dies@$((duration / 4)) \
  gone=const:20,vanishes@$((duration / 3)) late=const:30,appears@$((duration / 3)) shut=const:10,unreadable
for name in writer slow odd; do
  wait_for grep -q ready "$work/$name.log" || { cat "$work/$name.log" && exit 1; }
done
mkdir -p "$tree/fifo/intel-rapl:0" && mkfifo "$tree/fifo/intel-rapl:0/energy_uj"

# --- the two that are watched -----------------------------------------------------------------------------------------------
# One heap, and no cache of each thread's own: what a dozen threads keep for themselves takes minutes to settle.
failing() { # name plan object input command...: starts it; each so many-th call from the object fails
  env MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.tcache_count=0 FAULT="$2" FAULT_FROM="$3" FAULT_LOG="$work/$1.struck" \
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" \
    LD_PRELOAD="$faults${VM_ENERGY_PRELOAD:+:$VM_ENERGY_PRELOAD}" "${@:5}" <"$4" >"$work/$1.log" 2>&1 &
  pid=$!
  pids+=("$pid")
  printf -v "pid_$1" %s "$pid"
}
daemon_conf 0.02 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  StaleTimeout 5
  Smooth 4
  CSVDir "$work/captures"
  StateFile "$work/state"
  NotifyAdd true
  NotifyRemove true
  NotifyStale true
  NotifyReset true
  ReportStats true
CONF
without_writers
failing collectd 'open:503*' vm_energy.so /dev/null "$collectd" -f -C "$work/collectd.conf"
wait_for test -S "$work/sock" || { cat "$work/collectd.log" && exit 1; }
mkfifo "$work/input" && exec 7<>"$work/input"
failing ts 'read:997*' vm_energy "$work/input" "$tool" ts --files "$tree/*/intel-rapl:0/energy_uj" -i 0.1 --manual-stop --long \
  --smooth 4 --time-base auto --stale-timeout 5 --out-dir "$work/rows"

# All that will ever be there at once is there first, so that what the heap holds at most it holds early.
churned=100
for ((i = 0; i < churned; i++)); do
  mkdir -p "$tree/vm-$i/intel-rapl:0" && echo 1000000 >"$tree/vm-$i/intel-rapl:0/energy_uj"
done
sleep 2
rm -rf "$tree"/vm-*
tenants "$tree" $((duration + 60))

# --- what they take, once a second ------------------------------------------------------------------------------------------
take() { # name: second, KiB of memory of its own, descriptors, threads, lines
  local var=pid_$1
  local fds=("/proc/${!var}/fd"/*)
  awk -v second="$SECONDS" -v fds="${#fds[@]}" -v lines="$(wc -l <"$work/$1.log")" \
    '/^RssAnon/ { kib = $2 } /^Threads/ { threads = $2 } END { if (!threads) exit 1; print second, kib, fds, threads, lines }' \
    "/proc/${!var}/status" >>"$work/$1.taken" 2>/dev/null
}
SECONDS=0 alive=yes
while [ $SECONDS -lt "$duration" ] && [ $alive ]; do
  { take collectd && take ts; } || alive=
  sleep 1
done
try "both ran for $duration s" test $alive
logged_s=$SECONDS

peak() { # name column first|last: the most in that window
  awk -v column="$2" -v from=$(($3 == 1 ? warm_up : duration - window)) -v to=$(($3 == 1 ? warm_up + window : duration + 9)) \
    '$1 >= from && $1 <= to && $column > most { most = $column } END { print most + 0 }' "$work/$1.taken"
}
printf '\n%-10s %12s %12s %12s %12s %12s\n' '' 'memory, KiB' descriptors threads 'log lines' 'a minute'
for name in collectd ts; do
  for part in 1 4; do
    printf '%-10s %12d %12d %12d %12d' "$name" "$(peak $name 2 $part)" "$(peak $name 3 $part)" "$(peak $name 4 $part)" "$(peak $name 5 $part)"
    [ $part -eq 1 ] && echo || awk -v a="$(peak $name 5 1)" -v b="$(peak $name 5 4)" -v s=$((duration - warm_up - window)) 'BEGIN { printf " %12.1f\n", (b - a) * 60 / s }'
  done
done
echo

# --- neither of them grows ------------------------------------------------------------------------------------------------
grows_by() { # name column allowed
  local before after
  before=$(peak "$1" "$2" 1) after=$(peak "$1" "$2" 4)
  [ "$after" -le $((before + $3)) ] || { echo "  from $before to $after" && false; }
}
# AddressSanitizer keeps what was freed for a while, on purpose
[ -n "${VM_ENERGY_PRELOAD:-}" ] || for name in collectd ts; do
  try "$name: memory stays" grows_by $name 2 $memory_kib
done
for name in collectd ts; do
  try "$name: descriptors stay" grows_by $name 3 $descriptors_num
  try "$name: threads stay" grows_by $name 4 0
done
try "ts: says nothing while it samples" grows_by ts 5 0

# What the throttles in plugin/log.h let through: of each bucket its burst, then one a refill, and with
# each of these what was held back before it. The notifications, which come in pairs, have such a bucket for each VM too.
vms=$((churned + ${#good[@]} + 8)) # those that churn; falls, dead, gone, late, shut, torn, swapped, fifo
constant() { sed -n "s/^#define $1 *(*\([0-9]*\).*/\1/p" "$srcdir/plugin/log.h"; }
vm_burst=$(constant VM_BURST) vm_refill_s=$(constant VM_REFILL_NS) burst=$(constant PLUGIN_BURST) refill_s=$(constant PLUGIN_REFILL_NS)
try "the throttles are known: $vm_burst, $vm_refill_s, $burst, $refill_s" test $((vm_burst * vm_refill_s * burst * refill_s)) -gt 0
of_vm=$((vm_burst + 2 * (logged_s / vm_refill_s + 1)))
allowed=$((burst + 2 * (logged_s / refill_s + 1) + (vms + 2) * of_vm)) # CSVDir and StateFile are as talkative as a VM
lines=$(logged 'vm_energy plugin:') notes=$(logged 'Notification: ')
try "log: $lines lines, of $allowed that the throttles allow" test "$lines" -le $allowed
try "log: $notes notifications, of $((2 * vms * of_vm))" test "$notes" -le $((2 * vms * of_vm))
talk=$(sed -n "s/.*vm_energy plugin: VM '\([^']*\)': .*/\1/p" "$work/collectd.log" | grep -vE '^vm-' | sort | uniq -c | awk '$1 > most { most = $1 } END { print most + 0 }')
try "log: $talk lines of the VM that is most in it" test "$talk" -le $((of_vm + burst + logged_s / refill_s))

# --- what they told is right --------------------------------------------------------------------------------------------------
stop writer
stop slow
sleep 1.2
for vm in "${good[@]}"; do
  try "$vm: power is that of the truth" value_near "vm_energy-$vm/power" "$(truth "$vm" power_w)" 1
  try "$vm: energy is that of the truth" value_near "vm_energy-$vm/energy" "$(truth "$vm" counter_uj | awk '{ print $1 / 1e6 }')" 0.001
done
echo >&7
status=0
# shellcheck disable=SC2154 # failing() sets it
wait "$pid_ts" || status=$?
try "ts: status 1 on Enter, since some could not be read" test $status -eq 1
tail -n +4 "$work/ts.log" | grep -E '^(samples|missed ticks|bad reads)'
try "collectd ends with status 0" stop collectd
try "the read callback never failed" logged_times 0 "read-function of plugin"
try "calls of both failed: $(wc -l <"$work/collectd.struck") and $(wc -l <"$work/ts.struck")" test -s "$work/collectd.struck" -a -s "$work/ts.struck"

are_whole() { # file...: in each, the lines have as many fields as the first one, and the last one has its end
  local file
  for file; do
    [ -z "$(tail -c 1 "$file")" ] || { echo "  half a line at the end of $file" && return 1; }
  done
  awk -F, 'FNR == 1 { n = NF } NF != n { print "  " FILENAME ": " $0; bad = 1 } END { exit bad }' "$@"
}
constant_power() { # watts column file [label]: in each row that has one
  awk -F, -v w="$1" -v c="$2" -v label="${4:-}" 'FNR > 1 && $c != "" && (label == "" || $2 == label) { n++
    if ($c < w * .99 || $c > w * 1.01) { print "  " $0; bad = 1 } } END { exit bad || n < 50 }' "$3"
}
captures=("$work"/captures/run_*/power_*.csv) long=("$work"/rows/run_*/power.csv)
try "CSVDir: the rows of ${#captures[@]} files are whole" are_whole "${captures[@]}"
try "ts: $(wc -l <"${long[0]}") rows are whole" are_whole "${long[@]}"
for vm in good=100 small=7.5 idle=0; do
  for file in "$work"/captures/run_*/power_"${vm%=*}".csv; do
    try "CSVDir: ${vm%=*} has ${vm#*=} W in each row" constant_power "${vm#*=}" 3 "$file"
  done
  try "ts: ${vm%=*} has ${vm#*=} W in each row" constant_power "${vm#*=}" 4 "${long[0]}" "${vm%=*}"
done
echo "$(wc -l <"$work"/captures/run_*/power_good.csv) reads by the plugin"
echo "$((tried - failures)) passed, $failures failed"
[ $failures -eq 0 ] || { grep -v 'Notification' "$work/collectd.log" | tail -n 40 && exit 1; }
