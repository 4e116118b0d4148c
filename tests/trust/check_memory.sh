#!/bin/bash
# Memcheck looks at the plugin in a real collectd for more than 1,000 reads, and at the commands of the tool, while VMs come
# and go: no access out of bounds or to what was never set, no byte lost, no file left open.
if [ -n "${VM_ENERGY_PRELOAD:-}" ]; then
  echo "not tried: this build has a sanitizer in it, which looks for the same itself"
  exit 0
fi
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require valgrind readelf strip
tool=$builddir/vm_energy
legible_to_valgrind
cd "$work" || exit 1

# Lost is what nobody points to any more, or only into its middle. What can still be reached is not: the daemon keeps some
# until its end.
kinds=definite,indirect,possible
memcheck=(valgrind --quiet --leak-check=full "--errors-for-leak-kinds=$kinds" "--show-leak-kinds=$kinds" --keep-debuginfo=yes
  --track-fds=yes --error-exitcode=99)

clean() { # name: what valgrind wrote about it is no error, and no file of the tree or of ours was open at the end
  ! grep -E "^==[0-9]+== .*(Invalid|uninitialised|lost in|overlap|Mismatched|Syscall param)|^==[0-9]+== +by .*vm_energy" "$work/$1.valgrind" &&
    ! grep -E "Open file descriptor [0-9]+: $work/(scaphandre|captures|state|csv)" "$work/$1.valgrind" || {
    grep '^==' "$work/$1.valgrind" | head -n 60
    return 1
  }
}

tree=$work/scaphandre
writer=("$simwriter" --root "$tree" --period 0.1 --jitter 0.02)
start writer "${writer[@]}" steady=const:100 falls=const:60,resets%0.7 "odd, \"name\""=const:11
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
tenants "$tree" 120
mkdir -p "$tree/fifo/intel-rapl:0" && mkfifo "$tree/fifo/intel-rapl:0/energy_uj"

# --- the plugin -----------------------------------------------------------------------------------------------------------
if [ -e "$module_dir/vm_energy.so" ]; then
  require "$collectd" "$collectdctl"
  daemon_conf 0.01 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  File "$work/nowhere/energy_uj"
  VM "/^/"
  StaleTimeout 1
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
  rows_of() { cat "$work"/captures/run_*/power_"$1".csv 2>/dev/null | grep -c '^[0-9]'; }
  has_read() { [ "$(rows_of steady)" -ge "$1" ]; }
  reads_or_ends() { has_read "$1" || ! kill -0 "$collectd_pid"; }
  notified() { grep -qE "Notification: .*VM $1" "$work/collectd.log"; }
  notified_or_ends() { notified "$1" || ! kill -0 "$collectd_pid"; }
  # half of its powers are within 2 %: what collectd keeps is forgotten after ten intervals, which a busy machine pauses for
  steady_has_its_power() {
    cat "$work"/captures/run_*/power_steady.csv |
      awk -F, '/^[0-9]/ && $3 != "" { n++; good += $3 >= 98 && $3 <= 102 } END { print "  " good + 0 " of " n + 0; exit !(n > 100 && good * 2 > n) }'
  }

  # -T as well: config, init, one read, shutdown, then with the state of the run before
  check "collectd -T ends well" "${memcheck[@]}" --log-file="$work/first.valgrind" "$collectd" -T -C "$work/collectd.conf" 2>"$work/first.log"
  check "... memcheck found nothing" clean first
  rm -rf "$work/captures" "$work/state"
  start collectd "${memcheck[@]}" --log-file="$work/collectd.valgrind" "$collectd" -f -C "$work/collectd.conf"
  collectd_pid=$pid
  wait_for reads_or_ends 10
  start changes "${writer[@]}" dead=const:40,dies@2 gone=const:20,vanishes@3 late=const:30,appears@4
  wait_for reads_or_ends 1000
  for what in "late appeared" "gone was removed" "dead was not updated" "falls was reset"; do
    wait_for notified_or_ends "$what"
    check "notified: $what" notified "$what"
  done
  check "1,000 reads under memcheck" has_read 1000
  check "the steady VM has its 100 W" steady_has_its_power
  check "collectd ends with status 0: no error, nothing lost" stop collectd
  check "... memcheck found nothing" clean collectd
  echo "$(rows_of steady) reads"
  check "the state was saved" test -s "$work/state"
  check "the read callback never failed" logged_times 0 "read-function of plugin"
  check "collectd -T goes on from that state" "${memcheck[@]}" --log-file="$work/again.valgrind" "$collectd" -T -C "$work/collectd.conf" 2>"$work/again.log"
  check "... memcheck found nothing" clean again
  check "... and it was read" grep -q "StateFile: read the energy of [0-9]* counters" "$work/again.log"
fi

# --- the tool -------------------------------------------------------------------------------------------------------------
tool_under_memcheck() { # statuses name argument...: some VMs cannot be read, so 1 is what most end with
  local expected=$1 name=$2 status=0
  shift 2
  "${memcheck[@]}" --child-silent-after-fork=yes --log-file="$work/$name.valgrind" "$tool" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null || status=$?
  [[ " $expected " == *" $status "* ]] && clean "$name" || { echo "  status $status" && head -n 5 "$work/$name.err" && false; }
}
if [ -x "$tool" ]; then
  files=(--files "$tree/*/intel-rapl:0/energy_uj" --stale-timeout 2)
  check "ts --long" tool_under_memcheck 1 long ts "${files[@]}" -i 0.05 -n 30 --long --smooth 3 --time-base auto
  check "ts --separate-files" tool_under_memcheck 1 separate ts "${files[@]}" -i 0.05 -n 30 --separate-files
  check "once --json --bounds" tool_under_memcheck 1 once once "${files[@]}" -d 0.3 --json --bounds
  check "run" tool_under_memcheck 1 run run "${files[@]}" --json "$work/run.json" -- sleep 0.2
  check "list" tool_under_memcheck "0 1" list list "${files[@]}" -d 0.5
  check "check" tool_under_memcheck 2 check check "${files[@]}" -d 0.5 --host-counter none
  check "top into a pipe" tool_under_memcheck "0 1" top top "${files[@]}" -i 0.1 -n 8
  check "report" tool_under_memcheck 0 report report csv/run_*
  check "report --json" tool_under_memcheck 0 json report --json csv/run_*
  check "... of a VM that was there" grep -q '"steady"' json.out
fi
finish
