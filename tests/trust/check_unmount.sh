#!/bin/bash
# One tmpfs per VM, as Scaphandre's guide has it, unmounted and mounted again while a real collectd reads: umount never says
# that it is busy, the others keep their values, and what comes back is found.
if [ "$(id -u)" -ne 0 ] || { [ -z "${IN_NAMESPACE:-}" ] && ! unshare -m true 2>/dev/null; }; then
  echo "not tried: nothing may be mounted here"
  exit 0
fi
[ -n "${IN_NAMESPACE:-}" ] || IN_NAMESPACE=1 exec unshare -m --propagation private "$BASH" "$0" # its mounts go with it
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require "$collectd" "$collectdctl"

tree=$work/scaphandre
vm_mount() { # vm uj
  mkdir -p "$tree/$1"
  mount -t tmpfs -o size=64k tmpfs "$tree/$1" && mkdir "$tree/$1/intel-rapl:0" && echo "$2" >"$tree/$1/intel-rapl:0/energy_uj"
}
# A pass holds directories for some microseconds, which a first try may meet; what is held between passes, a second one does.
unmount() { # mount point
  umount "$1" 2>/dev/null && return
  met=$((met + 1))
  sleep 0.01
  umount "$1"
}
met=0
for vm in a b c; do vm_mount $vm 5000000 || exit 1; done
daemon_conf 0.1 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  File "$tree/c/intel-rapl:0/energy_uj"
CONF
daemon_start || { cat "$work/collectd.log" && exit 1; }
check "all have values" wait_for sh -c "$(declare -f value has_value); collectdctl='$collectdctl' work='$work'; has_value vm_energy-a/energy && has_value vm_energy-b/energy && has_value vm_energy-c/energy"

busy=0
for i in $(seq 30); do
  for vm in a c; do
    unmount "$tree/$vm" || { busy=$((busy + 1)) && break; }
    [ $((i % 3)) -eq 0 ] && sleep 0.15
    vm_mount $vm $((5000000 + i * 1000000)) || busy=$((busy + 1))
  done
  sleep 0.0$((i % 10))5
done
check "60 times unmounted: never busy (a pass was met $met times)" test $busy -eq 0
check "... what came back has its value" wait_for value_near vm_energy-a/energy 35 0.001
check "... what the operator wrote out too" wait_for value_near vm_energy-c/energy 35 0.001
check "... the other kept its value" value_near vm_energy-b/energy 5 0.001
held=$(find "/proc/$pid/fd" -lname "$tree*" -printf '%l ' 2>/dev/null)
check "nothing below is held open" test -z "$held" || echo "  $held"

# the whole tree is one mount, and goes
for vm in a b c; do unmount "$tree/$vm" || busy=1; done
mount -t tmpfs -o size=64k tmpfs "$tree" && mkdir -p "$tree/d/intel-rapl:0" && echo 7000000 >"$tree/d/intel-rapl:0/energy_uj"
check "a new tree over the old one is found" wait_for value_near vm_energy-d/energy 7 0.001
for i in $(seq 20); do
  unmount "$tree" || { busy=1 && break; }
  sleep 0.05
  mount -t tmpfs -o size=64k tmpfs "$tree" && mkdir -p "$tree/d/intel-rapl:0" && echo $((7000000 + i * 1000000)) >"$tree/d/intel-rapl:0/energy_uj"
  sleep 0.1
done
check "20 times more: never busy" test $busy -eq 0
check "... and the last one is read" wait_for value_near vm_energy-d/energy 27 0.001
check "collectd ends well" stop collectd
umount "$tree"
finish
