#!/bin/bash
# A real collectd, the real module, a simulated writer with known truth: collectd's values are that truth.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl"

tree=$work/lib/scaphandre
start writer "$simwriter" --root "$tree" --period 0.5 --jitter 0.05 --truth "$work/truth.csv" \
  a=const:100 b=const:7.5 idle=idle dead=const:40,dies@8 falls=const:60,resets@9 late=const:30,appears@10 \
  gone=const:20,vanishes@12 secret=const:10,unreadable 'odd name;x'=const:11 $'new\nline'=const:12 $'\xff'=const:13 \
  "$(printf 'L%.0s' {1..200})1"=const:14 "$(printf 'L%.0s' {1..200})2"=const:15
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }

# One whose power varies, updated so rarely that each power is that of one update.
start slow "$simwriter" --root "$tree" --period 2.1 --jitter 0.1 --truth "$work/truth.csv" s=sine:50:20:4
wait_for grep -q ready "$work/slow.log"

# The same label twice: a second file of VM a, and one in another place.
mkdir -p "$tree/a/intel-rapl:1" "$work/elsewhere/b"
echo 5000000 >"$tree/a/intel-rapl:1/energy_uj"
echo 6000000 >"$work/elsewhere/b/energy_uj"

# Root reads everything; the daemon runs as nobody then, so that "unreadable" means something.
as_user=()
if [ "$(id -u)" -eq 0 ]; then
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 0711 "$work"
  mkdir -p "$work/var" "$work/csv" "$work/run" "$work/captures"
  chown -R 65534:65534 "$work/var" "$work/csv" "$work/run" "$work/captures"
fi
daemon_conf 0.5 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  File "$tree/a/intel-rapl:1/energy_uj"
  File "$work/elsewhere/*/energy_uj"
  StaleTimeout 6
  Smooth 4
  CSVDir "$work/captures"
  ReportStats true
CONF
mkdir -p "$work/run"
sed -i "s|$work/sock|$work/run/sock|; s|SocketGroup.*|SocketPerms \"0777\"|" "$work/collectd.conf"
chmod a+r "$work/collectd.conf"
start collectd "${as_user[@]}" "${run_daemon[@]}" -f -C "$work/collectd.conf"
wait_for test -S "$work/run/sock" || { cat "$work/collectd.log" && exit 1; }
ln -s "$work/run/sock" "$work/sock"

check "a VM has power" wait_for has_value vm_energy-a/power
check "a constant 100 W is 100 W" wait_for value_near vm_energy-a/power 100 1
check "a constant 7.5 W is 7.5 W" wait_for value_near vm_energy-b/power 7.5 1
check "an idle VM draws 0 W" wait_for value_near vm_energy-idle/power 0 0
check "a file of the same VM has a name of its own" value_near vm_energy-a_intel-rapl:1/energy 5 0.001
check "a VM of the same name elsewhere has a name of its own" \
  wait_for sh -c "'$collectdctl' -s '$work/sock' listval | grep -q 'vm_energy-b_.*elsewhere/energy'"
check "a denied counter costs the others nothing and has no value" has_no_value vm_energy-secret/energy
check "a denied counter is logged once, with file and remedy" \
  logged_times 1 "^\[warning\] vm_energy plugin: .*secret/intel-rapl:0/energy_uj.*permission denied.*setfacl"

check "a VM that appears has values within two intervals" wait_for test -e "$tree/late/intel-rapl:0/energy_uj"
check "... it has" wait_for has_value vm_energy-late/energy
check "... and power with its second update" wait_for value_near vm_energy-late/power 30 1

check "odd names: a semicolon" wait_for value_near "vm_energy-odd name_x_29b71bab/power" 11 1
check "odd names: a newline" wait_for value_near vm_energy-new_line_aad6b406/power 12 1
check "odd names: invalid UTF-8" wait_for value_near vm_energy-__6699221f/power 13 1
long=$("$collectdctl" -s "$work/sock" listval | sed -n 's|^node1/vm_energy-\(LLL.*\)/energy$|\1|p')
check "two names of 201 bytes stay distinct" test "$(wc -l <<<"$long")" -eq 2
check "... and are short enough for collectdctl" test "$(wc -L <<<"$long")" -le 63
for name in $long; do
  value "vm_energy-$name/power" >>"$work/long"
done
check "... each with its own values" test "$(sort -g "$work/long" | awk '{ printf "%.0f ", $1 }')" = "14 15 "
check "collectdctl can list them all" sh -c "'$collectdctl' -s '$work/sock' listval >/dev/null"

check "a dead VM is no longer dispatched" wait_for has_no_value vm_energy-dead/power
check "... nor its energy" has_no_value vm_energy-dead/energy
check "... and logged once" logged_times 1 "^\[warning\] vm_energy plugin: .*no update of .*/dead/"
check "a VM that vanishes is removed" wait_for has_no_value vm_energy-gone/energy
check "... and logged once" logged_times 1 "vm_energy plugin: .*'gone'.* was removed"
check "a reset is logged once" logged_times 1 "vm_energy plugin: .*falls.*reset"
check "the smoothed power has an instance of its own" value_near vm_energy-a/power-sma4 100 1
check "after a reset the power is right again" value_near vm_energy-falls/power 60 1

# --- about the plugin itself: 15 counters without the removed VM; dead and two beside the tree are not updated --------
check "ReportStats: the counters" wait_for value_near vm_energy/files-counters 15 0
check "... those that are not updated" wait_for value_near vm_energy/files-stale 3 0
check "... the one that is closed to collectd" wait_for value_near vm_energy/files-unreadable 1 0
check "... seconds per read" awk -v s="$("$collectdctl" -s "$work/sock" getval \
  node1/vm_energy/duration-read | sed -n 's/^seconds=//p')" 'BEGIN { exit !(s > 0) }'
check "... in all six values" test "$("$collectdctl" -s "$work/sock" listval | grep -c '^node1/vm_energy/')" -eq 6

falls_before=$(value vm_energy-falls/energy)
stop writer
stop slow
sleep 1.2
check "accumulated energy of a VM that was reset did not fall" \
  awk -v a="$falls_before" -v b="$(value vm_energy-falls/energy)" 'BEGIN { exit !(b >= a) }'
for vm in a b s; do
  check "power of $vm is the truth" value_near "vm_energy-$vm/power" "$(truth $vm power_w)" 1
  check "energy of $vm is the truth" value_near "vm_energy-$vm/energy" "$(truth $vm counter_uj | awk '{ print $1 / 1e6 }')" 0.001
done
energies=$(cat "$work"/csv/node1/vm_energy-falls/energy-* | awk -F, 'NR > 2 && $2 < last { print; } { last = $2 }')
check "accumulated energy never falls" test -z "$energies"

# collectdctl shows the rate of a derive, the csv plugin the count
stat() { cat "$work/csv/node1/vm_energy/$1"-[0-9]* | grep -v epoch | sort -n; }
bad_reads_add_up() { # of two write threads, one may not have written yet
  awk -F, 'NR == FNR { unreadable[$1] = $2; next } !($1 in unreadable) || $2 - last != unreadable[$1] { bad = 1 }
    { last = $2 } END { exit bad || last == 0 }' <(stat files-unreadable) <(stat errors-bad_reads)
}
check "ReportStats: each unreadable file is a bad read, and none is forgotten" wait_for bad_reads_add_up
check "... and pauses never fall" awk -F, '$2 < last { bad = 1 } { last = $2 } END { exit bad || NR == 0 }' <(stat errors-pauses)

captures=$(echo "$work"/captures/run_*)
column() { # vm column: without the empty fields
  tail -n +2 "$captures/power_$1.csv" | cut -d, -f"$2" | grep .
}
check "CSVDir: one run, and the log says where" logged_times 1 "^\[info\] vm_energy plugin: CSVDir: writing rows to '$captures'\$"
counters=$(sed -n 's/.*: reading \([0-9]*\) counters$/\1/p' "$work/collectd.log")
check "CSVDir: a file for each counter" \
  test "$(find "$captures" -type f -name "*.csv" | wc -l)" -eq $((counters + $(logged "vm_energy plugin: VM .*: reading '")))
check "CSVDir: the seed's columns" \
  test "$(head -n 1 "$captures/power_a.csv")" = "ts,a_energy_uj,a_power_w,a_power_w_sma4"
check "CSVDir: times have three decimals below 1 s, and grow" awk -F, 'NR > 1 && ($1 !~ /^[0-9]+\.[0-9][0-9][0-9]$/ || $1 <= last) {
  print "  " $0; bad = 1 } { last = NR > 1 ? $1 : 0 } END { exit bad || NR < 8 }' "$captures/power_a.csv"
# where the machine paused between the writer's look at its clock and its write, the file is later than what it counts
check "CSVDir: a constant 100 W is 100 W in each row" awk -F, -v percent="$(awk -F, '$3 == "a" && $8 > late { late = $8 }
    END { print 1 + 100 * 2 * late / 0.5 }' "$work/truth.csv")" '
  $1 < 100 - percent || $1 > 100 + percent { print "  " $1 " W, allowed are " percent " %"; bad = 1 } END { exit bad || NR < 8 }' \
  <(column a 3)
check "CSVDir: the last row has the last power" awk -v row="$(column s 3 | tail -n 1)" -v truth="$(truth s power_w)" \
  'BEGIN { exit !(row > truth * 0.99 && row < truth * 1.01) }'
check "CSVDir: energy is the raw counter" test "$(column a 2 | tail -n 1)" = "$(truth a counter_uj)"
check "CSVDir: a VM that came late has later rows" \
  awk -v a="$(column a 1 | head -n 1)" -v late="$(column late 1 | head -n 1)" 'BEGIN { exit !(late > a) }'
check "CSVDir: a removed one has no more" \
  awk -v a="$(column a 1 | tail -n 1)" -v gone="$(column gone 1 | tail -n 1)" 'BEGIN { exit !(gone < a) }'
check "CSVDir: one that cannot be read has empty fields" test -z "$(column secret 2-4 | tr -d ',\n')"

check "the read callback never failed" logged_times 0 "read-function of plugin"
check "the daemon ends with status 0" stop collectd
finish
