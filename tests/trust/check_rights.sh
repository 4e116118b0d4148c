#!/bin/bash
# A real collectd with few rights: as another user with the one right that plugin/examples/confined.conf leaves, and with none;
# and the drop-ins as systemd reads them. With capabilities.conf as root: tests/debian/check_package.sh.
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require "$collectd" "$collectdctl"
examples=$srcdir/plugin/examples
confined=$examples/confined.conf

# --- what systemd makes of them -------------------------------------------------------------------------------------------
if command -v systemd-analyze >/dev/null; then
  for dropin in capabilities confined; do
    mkdir -p "$work/units/collectd.service.d"
    printf '[Service]\nExecStart=/bin/true\n' >"$work/units/collectd.service"
    cp "$examples/$dropin.conf" "$work/units/collectd.service.d/"
    SYSTEMD_UNIT_PATH=$work/units: systemd-analyze verify "$work/units/collectd.service" >"$work/verified" 2>&1
    check "systemd knows all that is in $dropin.conf" test -z "$(grep -F "$dropin.conf" "$work/verified")" || cat "$work/verified"
    echo 'NoSuchKey=1' >>"$work/units/collectd.service.d/$dropin.conf"
    SYSTEMD_UNIT_PATH=$work/units: systemd-analyze verify "$work/units/collectd.service" >"$work/verified" 2>&1
    check "... and would say what it does not know" grep -qF "$dropin.conf" "$work/verified"
    rm -r "$work/units"
  done
else
  echo "not tried: there is no systemd-analyze"
fi

# --- what the plugin can do then --------------------------------------------------------------------------------------------
rights=$(sed -n 's/^AmbientCapabilities=//p' "$confined")
check "confined.conf gives one right, and takes all others" test "$rights" = "$(sed -n 's/^CapabilityBoundingSet=//p' "$confined")"
if [ "$(id -u)" -ne 0 ]; then
  echo "not tried: only root can give rights"
  finish
fi
right=$(tr 'A-Z' 'a-z' <<<"${rights#CAP_}")
closed=$work/closed/vm
mkdir -p "$closed" "$work/own" "$work/var"
echo 5000000 >"$closed/energy_uj"
chmod 0400 "$closed/energy_uj"
chmod 0700 "$closed" # of root
chmod 0711 "$work"
chown -R 65534:65534 "$work/own" "$work/var"
daemon_conf 0.2 <<CONF
  File "$work/closed/*/energy_uj"
  CSVDir "$work/own/captures"
  StateFile "$work/own/state"
CONF
sed -i "s|$work/sock|$work/own/sock|; s|^ *SocketGroup.*|SocketPerms \"0777\"|; s|$work/csv|$work/own/csv|" "$work/collectd.conf"
ln -s "$work/own/sock" "$work/sock"
run_with() { # rights as setpriv names them
  run_daemon=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps "$1" --ambient-caps "$1" --bounding-set "$1" --no-new-privs
    ${VM_ENERGY_PRELOAD:+env "LD_PRELOAD=$VM_ENERGY_PRELOAD"} "$collectd")
  rm -f "$work/own/sock"
  start collectd "${run_daemon[@]}" -f -C "$work/collectd.conf"
  wait_for test -S "$work/own/sock"
}
check "collectd starts with $rights alone" run_with "-all,+$right"
check "a counter that is closed to all but root is read" wait_for value_near vm_energy-vm/energy 5 0.001
effective=$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")
check "it has no other right" test "$((16#$effective))" -eq 4 # bit 2 is CAP_DAC_READ_SEARCH
check "captures are written" wait_for sh -c 'grep -q ",5000000," "$1"/own/captures/run_*/power_vm.csv' - "$work"
check "collectd ends well" stop collectd
check "the state is written, for its owner alone" test "$(stat -c '%a %u' "$work/own/state")" = "600 65534"
check "nothing to complain of" logged_times 0 "vm_energy plugin: .*(denied|cannot|unable)"

check "collectd starts with no right at all" run_with "-all"
check "the counter has no value then" wait_for grep -q "permission denied" "$work/collectd.log"
check "... and the log says what to do" grep -qF "setfacl -m u:65534:r $closed/energy_uj" "$work/collectd.log"
check "... there is none in collectd" has_no_value vm_energy-vm/energy
if command -v setfacl >/dev/null && setfacl -m u:65534:x "$closed" 2>/dev/null && setfacl -m u:65534:r "$closed/energy_uj"; then
  check "... with setfacl it has" wait_for value_near vm_energy-vm/energy 5 0.001
else
  echo "not tried: setfacl is not there, or not to be had on this file system"
fi
check "collectd ends well" stop collectd
finish
