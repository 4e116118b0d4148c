#!/bin/bash
# Nothing in the plugin is locked, except what statefile shares with the thread that writes its file, since collectd runs one
# read function in one thread at a time, although in another one each time. That rests on four things in collectd's
# src/daemon/plugin.c:
#
#   - plugin_load() loads a name once, however often and in whatever case it is written (plugin_is_loaded)
#   - plugin_insert_read() takes a name of a read function once ("is already registered")
#   - plugin_read_thread() takes a function out of the heap of those that are due, runs it, and only then puts it back
#   - plugin_shutdown_all() joins the readers (stop_read_threads) before it calls a shutdown function
#
# So that a collectd in which one of them no longer holds is found out: helgrind watches a real one, in which five readers take
# turns and a read is due again before it has ended, with the plugin loaded and configured twice.
if [ -n "${VM_ENERGY_PRELOAD:-}" ]; then
  echo "not tried: helgrind does not run what has a sanitizer in it"
  exit 0
fi
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require "$collectd" valgrind readelf strip
tool=$builddir/vm_energy
legible_to_valgrind
reads=${VM_ENERGY_HELGRIND_READS:-200}

tree=$work/scaphandre
start writer "$simwriter" --root "$tree" --period 0.1 --jitter 0.02 steady=const:100 falls=const:60,resets%0.7 dead=const:40,dies@1
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
churned=12 tenants "$tree" 300

daemon_conf 0.005 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  StaleTimeout 1
  Smooth 4
  CSVDir "$work/captures"
</Plugin>
LoadPlugin VM_ENERGY
<Plugin vm_energy>
  StateFile "$work/state"
  NotifyAdd true
  NotifyRemove true
  NotifyStale true
  NotifyReset true
  ReportStats true
CONF
without_writers
# more that read than there are readers, so that what is due is taken by whoever is free
others=()
for plugin in load memory uptime contextswitch vmem entropy; do
  [ -e "$stock_plugins/$plugin.so" ] && others+=("<LoadPlugin $plugin>" "  Interval 0.02" "</LoadPlugin>")
done
[ ${#others[@]} -ge 15 ] || skip "there are too few plugins in $stock_plugins"
{
  echo "ReadThreads 5"
  cat "$work/collectd.conf"
  echo "PluginDir \"$stock_plugins\""
  printf '%s\n' "${others[@]}"
} >"$work/threads.conf"

rows_of() { cat "$work"/captures/run_*/power_"$1".csv 2>/dev/null | grep -c '^[0-9]'; }
has_read() { [ "$(rows_of steady)" -ge "$1" ]; }
reads_or_ends() { has_read "$1" || ! kill -0 "$pid"; }
# A reader's processor time. All of them have some, so the plugin is read by whichever is free.
readers() { cat "/proc/$pid"/task/*/stat | sed -n 's/^[0-9]* (reader#[0-9]*) //p' | awk '$12 + $13 >= 5' | wc -l; }
clean() { ! grep '^==' "$work/helgrind.out" | head -n 60 | grep .; }

found=99
start collectd valgrind --tool=helgrind --quiet --error-exitcode=$found --suppressions="$srcdir/tests/trust/helgrind.supp" \
  --log-file="$work/helgrind.out" "$collectd" -f -C "$work/threads.conf"
wait_for reads_or_ends "$reads"
check "$reads reads under helgrind" has_read "$reads"
check "all five readers have worked" test "$(readers)" -eq 5
check "collectd ends with status 0: no race" stop collectd
check "... helgrind found nothing" clean
echo "$(rows_of steady) reads"
check "two LoadPlugin lines: loaded once" logged_times 1 'plugin_load: plugin "(vm_energy|VM_ENERGY)" successfully loaded'
check "... and no read function was refused" logged_times 0 "already registered"
check "two blocks: both count" test -s "$work/state"
check "a read was due again before it had ended" test "$(logged "read-function of the .vm_energy' plugin took .* above its read interval")" -gt $((reads / 10))
check "the steady VM had its 100 W" awk -F, 'NR > 1 && $3 != "" { n++; if ($3 < 98 || $3 > 102) { print "  " $0; bad = 1 } } END { exit bad || n < 20 }' \
  "$work"/captures/run_*/power_steady.csv
for what in appeared "was removed" "was not updated" "was reset"; do
  check "notified: $what" grep -qE "Notification: .*VM .* $what" "$work/collectd.log"
done
finish
