#!/bin/bash
# StateFile in a real collectd: stopped and started, killed and started, with a damaged file, in a read-only directory.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl"

tree=$work/scaphandre
counter() { # vm joules: as the exporter does
  mkdir -p "$tree/$1/intel-rapl:0"
  echo "$2"000000 >"$tree/$1/intel-rapl:0/energy_uj"
}
state=$work/state/energy
mkdir -p "$work/state" "$work/csv"

# Root may write everywhere; the daemon runs as nobody then.
as_user=()
if [ "$(id -u)" -eq 0 ]; then
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 0711 "$work"
  mkdir -p "$work/var" "$work/run"
  chown -R 65534:65534 "$work/var" "$work/csv" "$work/run" "$work/state"
fi
mkdir -p "$work/run"
configure() { # options...
  daemon_conf 0.25 < <(
    echo "File \"$tree/*/intel-rapl:0/energy_uj\""
    echo "StateFile \"$state\""
    printf '%s\n' "$@"
  )
  sed -i "s|$work/sock|$work/run/sock|; s|SocketGroup.*|SocketPerms \"0777\"|" "$work/collectd.conf"
  chmod a+r "$work/collectd.conf"
}
begin() { # until there are values
  rm -rf "$work/csv/node1" "$work/run/sock"
  start collectd "${as_user[@]}" "${run_daemon[@]}" -f -C "$work/collectd.conf"
  wait_for test -S "$work/run/sock" || { cat "$work/collectd.log" && exit 1; }
  wait_for has_value vm_energy-a/energy
}
killed() {
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
}
ln -s "$work/run/sock" "$work/sock"
is() { value_near "$1/energy" "$2" 0.0001; }
becomes() { wait_for is "$@" || is "$@"; }

counter a 1000
counter b 2000
configure
begin
check "the first run starts at the counter" becomes vm_energy-a 1000
counter a 1500
counter b 10 # a reset
check "... and adds what comes" becomes vm_energy-a 1500
check "... a reset adds nothing" becomes vm_energy-b 2000
check "the daemon ends with status 0" stop collectd
check "there is a file, for its owner alone" test "$(stat -c %a "$state")" = 600
check "... with a line for each counter" test "$(grep -c '^[0-9]* [0-9]* [0-9]* /' "$state")" -eq 2
check "... and nothing beside it but a lock" test "$(cd "$work/state" && echo .[!.]* *)" = ".[!.]* energy energy.lock"

counter a 1700 # while collectd is down
begin
check "stopped and started: a continues, with the energy added while collectd was down" becomes vm_energy-a 1700
check "... b continues" becomes vm_energy-b 2000
check "... which is logged" logged_times 1 "^\[info\] vm_energy plugin: StateFile: read the energy of 2 counters from '$state'\$"
check "... and the values start there" \
  awk -F, 'FNR > 1 && $2 < 1700 { print "  " $0; bad = 1 } END { exit bad }' "$work"/csv/node1/vm_energy-a/energy-*

counter b 60
check "b adds" becomes vm_energy-b 2050
counter a 1800
check "a adds" becomes vm_energy-a 1800
killed
counter a 1900
begin
check "killed and started: nothing is lost of a" becomes vm_energy-a 1900
check "... nor of b" becomes vm_energy-b 2050
stop collectd

configure "Scale 5"
begin
check "another scale: raw energies were kept" becomes vm_energy-a 9500
stop collectd
configure

printf 'x' | dd of="$state" bs=1 seek=30 conv=notrunc status=none
cp -p "$state" "$work/was"
begin
check "damaged: energies start at the counters' values" becomes vm_energy-b 60
check "... logged once, with the new name" \
  logged_times 1 "^\[warning\] vm_energy plugin: StateFile: '$state' is damaged, and was renamed to '$state.damaged'; energies start at the counters' values\$"
check "... it is renamed, unchanged" cmp "$state.damaged" "$work/was"
stop collectd
: >"$state"
begin
stop collectd
check "damaged again: nothing is overwritten" cmp "$state.damaged" "$work/was"
check "... beside the first one" test -e "$state.damaged.2"

# in a read-only directory
chmod 0555 "$work/state"
counter b 70
begin
check "unwritable: energies continue" becomes vm_energy-b 70
counter b 80
check "... and there are values" becomes vm_energy-b 80
stop collectd
check "... it is logged once, with user and remedy" \
  logged_times 1 "^\[warning\] vm_energy plugin: StateFile: cannot write '$state': Permission denied; collectd runs as uid .* and needs write and search permission on its directory\$"
check "... the old file is unchanged" grep -q '^60000000 60000000 ' "$state"
chmod 0755 "$work/state"
begin
check "writable again: nothing was lost" becomes vm_energy-b 80
sed "s|$work/run/sock|$work/run/other|; s|collectd.pid|other.pid|; s|$work/csv|$work/var/csv|" "$work/collectd.conf" >"$work/other.conf"
chmod a+r "$work/other.conf"
cp -p "$state" "$work/was"
start other "${as_user[@]}" "${run_daemon[@]}" -f -C "$work/other.conf"
check "a second daemon with the same file logs that" wait_for grep -q \
  "^\[warning\] vm_energy plugin: StateFile: '$state' is in use by another process; it is left unchanged, and nothing is saved" "$work/other.log"
check "... and has values" wait_for test -e "$work/var/csv/node1/vm_energy-b"
check "... and ends with status 0" stop other
check "... and did not write" cmp "$state" "$work/was"
check "... and logs no error of writing" logged_times 0 "cannot write"
check "the read callback never failed" logged_times 0 "read-function of plugin"
stop collectd
finish
