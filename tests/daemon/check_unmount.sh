#!/bin/bash
# One tmpfs per VM, as Scaphandre's guide has it: each can be unmounted at any moment while collectd reads it twenty times a
# second, with and without the mount options that let the plugin read in fewer steps; and what is mounted in its place is
# read. In a mount namespace of its own, so only root can run it.
if [ -z "${VM_ENERGY_UNSHARED:-}" ]; then
  if [ "$(id -u)" -ne 0 ] || ! unshare -m --propagation private true 2>/dev/null; then
    echo "skipped: only root may mount" # also where nothing may be skipped: a container may forbid it
    exit 0
  fi
  VM_ENERGY_UNSHARED=yes exec unshare -m --propagation private "$BASH" "$0" "$@"
fi
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl"

vms=$work/scaphandre
mount_vm() { # vm joules option...: the counter is not in place before it has its number
  local vm=$vms/$1
  mkdir -p "$vm"
  mount -t tmpfs -o "size=64k,$3" vm "$vm" || return 1
  mkdir "$vm/intel-rapl:0"
  echo "${2}000000" >"$vm/new"
  mv "$vm/new" "$vm/intel-rapl:0/energy_uj"
}
# A look takes some microseconds: an unmount during one is tried again.
unmount_vm() { umount "$vms/$1" || umount "$vms/$1"; }
energy_is() { value_near "vm_energy-$1/energy" "$2" 0.001 >/dev/null; }

daemon_conf 0.05 <<CONF
File "$vms/*/intel-rapl:0/energy_uj"
CONF
mount_vm b 7 rw
check "collectd starts" daemon_start
check "a VM that stays is read" wait_for energy_is b 7

for options in rw nodev nodev,nosymfollow; do
  vm=a-${options//,/-} # a new name: energy continues when a VM comes back
  for round in 1 2 3 4 5 6; do
    mount_vm "$vm" "$round" "$options"
    check "$options, $round: the VM is read" wait_for energy_is "$vm" "$round"
    sleep 0.2 # so that it is known and trusted
    check "$options, $round: its tmpfs is not busy" unmount_vm "$vm"
    check "$options, $round: the VM has no values" wait_for has_no_value "vm_energy-$vm/energy"
  done
done
check "a VM that stays is still read" energy_is b 7
check "the VM that stays was not reported as removed" logged_times 0 "VM 'b': .* was removed"
check "the root of the search is not busy either" unmount_vm b
check "collectd stops" stop collectd
finish
