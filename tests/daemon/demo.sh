#!/bin/bash
# A demonstration: a real collectd with the module just built reads the energy of VMs, and this script shows collectd's
# values. Needs no set-up and no root, and leaves nothing behind.
#
# Reads Scaphandre's files if there are some; otherwise starts the simulated writer of the tests, and shows its truth beside
# the values. Exits with status 0 if every VM has values and, simulated, each power is within 1 %.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${DEMO_SECONDS:-20}
hostname=demo
for program in "$collectd" "$collectdctl"; do
  [ "$program" != no ] && command -v "$program" >/dev/null && continue
  echo "demo: collectd is missing: run ./bootstrap demo, which installs it, or install collectd-core and collectd-utils"
  exit 1
done

found() { compgen -G "/var/lib/libvirt/scaphandre/*/intel-rapl:0/energy_uj" || compgen -G "/var/lib/scaphandre/*/energy_uj"; }

if [ -z "${DEMO_SIMULATED:-}" ] && found >/dev/null; then
  simulated=
  echo "Scaphandre's counters are here: these are your VMs."
  daemon_conf 1 </dev/null
else
  simulated=yes
  echo "No Scaphandre on this machine: the VMs are simulated, by a writer that behaves like Scaphandre's (every 2 s and a bit)."
  start writer "$simwriter" --root "$work/scaphandre" --period 2 --truth "$work/truth.csv" \
    web-1=const:100 db-1=sine:60:20:30 batch-1=step:15:85:9 spare-1=idle
  wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
  daemon_conf 1 <<<"File \"$work/scaphandre/*/intel-rapl:0/energy_uj\""
fi
daemon_start || { echo "demo: collectd did not start:" && cat "$work/collectd.log" && exit 1; }

vms() { "$collectdctl" -s "$work/sock" listval 2>/dev/null | sed -n "s|^$hostname/vm_energy-\(.*\)/energy\$|\1|p"; }

table() {
  printf '%-24s %12s %12s' VM 'power (W)' 'energy (J)'
  [ -z "$simulated" ] || printf ' %12s %12s' 'truth (W)' 'truth (J)'
  printf '\n'
  while read -r vm; do
    power=$(value "vm_energy-$vm/power") && power=$(printf %.3f "$power") || power=-
    energy=$(value "vm_energy-$vm/energy") && energy=$(printf %.1f "$energy") || energy=-
    printf '%-24s %12s %12s' "$vm" "$power" "$energy"
    if [ -n "$simulated" ]; then
      printf ' %12.3f %12.1f' "$(truth "$vm" power_w)" "$(truth "$vm" counter_uj | awk '{ print $1 / 1e6 }')"
    fi
    printf '\n'
  done < <(vms)
}

# On a terminal the table stays in its place; elsewhere it is shown at the start, in the middle and at the end.
show() {
  local text lines
  text=$(table)
  if [ -t 1 ]; then
    [ "${shown:-0}" -eq 0 ] || printf '\033[%dA\033[J' "$shown"
    printf '%s\n' "$text"
    lines=${text//[!$'\n']/}
    shown=$((${#lines} + 1))
  elif [ "$1" -eq 1 ] || [ "$1" -eq $((seconds / 2)) ] || [ "$1" -eq "$seconds" ]; then
    printf -- '--- after %d s\n%s\n' "$1" "$text"
  fi
}

wait_for has_value "vm_energy-$(vms | head -n 1)/energy"
for ((second = 1; second <= seconds; second++)); do
  sleep 1
  show "$second"
done

if [ -z "$simulated" ]; then
  count=$(vms | grep -c .)
  echo "$count VMs in collectd."
  [ "$count" -gt 0 ] && exit 0
  cat "$work/collectd.log"
  exit 1
fi

# After the writer has stopped, value and truth are of the same update.
stop writer
sleep 2.2
good=0
while read -r vm; do
  if value_near "vm_energy-$vm/power" "$(truth "$vm" power_w)" 1; then
    good=$((good + 1))
  fi
done < <(vms)
echo "$good of 4 VMs: power within 1 % of the truth."
if [ "$good" -ne 4 ]; then
  cat "$work/collectd.log"
  exit 1
fi
stop collectd
echo "Done, nothing is left running. What to do next: README.md, \"Set it up\"."
