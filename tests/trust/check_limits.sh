#!/bin/bash
# A real collectd that is short of something: of room for CSVDir and StateFile, of the right to write there, of descriptors. Values
# go on all the same, what is lost is told, once, and what was written is whole.
if [ "$(id -u)" -ne 0 ] || { [ -z "${IN_NAMESPACE:-}" ] && ! unshare -m true 2>/dev/null; }; then
  echo "not tried: nothing may be mounted here"
  exit 0
fi
[ -n "${IN_NAMESPACE:-}" ] || IN_NAMESPACE=1 exec unshare -m --propagation private "$BASH" "$0" # its mounts go with it
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require "$collectd" "$collectdctl"

tree=$work/scaphandre
counter() { # vm joules
  mkdir -p "$tree/$1/intel-rapl:0"
  echo "$2"000000 >"$tree/$1/intel-rapl:0/energy_uj"
}
whole_rows() { # each file ends in a line feed, and each row has three fields
  local file
  for file in "$1"/run_*/*.csv; do
    [ -e "$file" ] && [ -z "$(tail -c 1 "$file")" ] && awk -F, 'NF != 3 { print "  " FILENAME ": " $0; bad = 1 } END { exit bad }' "$file" ||
      return 1
  done
}
rows() { cat "$1"/run_*/power_a.csv | wc -l; } # directory

# --- a disk that fills, and has room again ----------------------------------------------------------------------------------
small=$work/small
mkdir "$small"
mount -t tmpfs -o size=64k tmpfs "$small"
counter a 1000
daemon_conf 0.1 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  CSVDir "$small/captures"
  StateFile "$small/state"
CONF
daemon_start || { cat "$work/collectd.log" && exit 1; }
check "rows are written" wait_for sh -c 'grep -q ",1000000000," "$1"/captures/run_*/power_a.csv' - "$small"
head -c 1M /dev/zero >"$small/filler" 2>/dev/null
check "full: the message, with file and reason" wait_for grep -qE "CSVDir: .*small/captures/run_.*: No space left on device" "$work/collectd.log"
counter a 1007
counter late 5
check "full: values go on" wait_for value_near vm_energy-a/energy 1007 0.0001
check "full: a VM that comes has its value" wait_for value_near vm_energy-late/energy 5 0.0001
sleep 0.5
check "full: one message" logged_times 1 "No space left on device"
check "full: rows are whole" whole_rows "$small/captures"
full=$(rows "$small/captures")
rm "$small/filler"
check "room again: the message, with how many were lost" wait_for grep -qE "rows are written again.* [0-9]+ .*lost|[0-9]+ .*lost" "$work/collectd.log"
more_rows() { [ "$(rows "$small/captures")" -gt "$full" ]; }
check "room again: rows are written" wait_for more_rows
head -c 1M /dev/zero >"$small/filler" 2>/dev/null
check "collectd ends well on a full disk" stop collectd
check "rows are whole" whole_rows "$small/captures"
check "of the state there is what was saved before, and nothing else" test "$(ls -A "$small")" = "captures
filler
state
state.lock"
check "... and there is a message" logged_times 1 "StateFile: .*: No space left on device"
rm "$small/filler"
daemon_start
check "the next start finds nothing damaged" wait_for value_near vm_energy-a/energy 1007 0.0001
check "collectd ends well" stop collectd
check "... and has saved its state" grep -q " $tree/a/" "$small/state"
check "nothing was called damaged" logged_times 0 damaged

# --- where nothing may be written ---------------------------------------------------------------------------------------------
before=$(find "$small" -type f -exec md5sum {} +)
mount -o remount,ro "$small"
counter a 1010
daemon_start
check "read-only: values go on, from the state" wait_for value_near vm_energy-a/energy 1010 0.0001
check "read-only: the captures are reported" wait_for grep -qE "CSVDir: .*: Read-only file system" "$work/collectd.log"
sleep 0.5
check "read-only: one message" logged_times 1 "CSVDir: .*: Read-only file system"
check "collectd ends well" stop collectd
check "read-only: a message about the state" logged_times 1 "StateFile: .*: Read-only file system"
check "all is as it was" test "$before" = "$(find "$small" -type f -exec md5sum {} +)"
umount "$small"

# --- few descriptors ------------------------------------------------------------------------------------------------------------
for i in $(seq 60); do counter "vm-$i" $((2000 + i)); done
false_values() { # prints what a VM has that is not its own
  local name number v
  "$collectdctl" -s "$work/sock" listval | sed -n 's|^node1/\(vm_energy-vm-[0-9]*/energy\)$|\1|p' | while read -r name; do
    number=${name#vm_energy-vm-}
    v=$(value "$name") || continue
    near "$v" $((2000 + ${number%/energy})) 0.0001 || echo "$name is $v"
  done
}
for descriptors in 20 14 12; do # with 12 there is hardly enough to read a file while another is written
  daemon_conf 0.1 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  CSVDir "$work/captures-$descriptors"
CONF
  rm -f "$work/sock"
  (ulimit -n $descriptors && exec "${run_daemon[@]}" -f -C "$work/collectd.conf") >"$work/collectd.log" 2>&1 &
  pid_collectd=$!
  pids+=("$pid_collectd")
  check "$descriptors descriptors: collectd starts" wait_for test -S "$work/sock"
  if [ $descriptors -ge 14 ]; then
    check "$descriptors descriptors: the first VM has its value" wait_for value_near vm_energy-vm-1/energy 2001 0.0001
    check "$descriptors descriptors: so has the last" wait_for value_near vm_energy-vm-60/energy 2060 0.0001
  else
    check "$descriptors descriptors: what cannot be read is reported" wait_for grep -qE "Too many open files|No file descriptors available" "$work/collectd.log"
  fi
  sleep 1
  check "$descriptors descriptors: no value is false" test -z "$(false_values)"
  check "$descriptors descriptors: no VM was lost on the way" logged_times 0 "VM '.*was removed"
  # ten of a VM, and fifty of all others
  check "$descriptors descriptors: few lines" test "$(grep -c 'vm_energy plugin:' "$work/collectd.log")" -le 700
  check "$descriptors descriptors: rows are whole" whole_rows "$work/captures-$descriptors"
  check "$descriptors descriptors: collectd ends well" stop collectd
done
finish
