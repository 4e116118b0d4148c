#!/bin/bash
# What happens to the files when something goes wrong: no half rows, nothing lost silently, the right status.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"

for i in 1 2 3 4 5 6 7 8; do
  counter "vm-00$i" $((i * 1000000))
done

# --- SIGKILL at any moment -------------------------------------------------------------------------------------------------
# Rows follow each other as fast as they can, so that the signal comes in the middle of one.
whole=0
for i in $(seq 30); do
  rm -f sleeper
  "$tool" ts --files 'vms/*/energy_uj' -i 0.0001 --manual-stop >/dev/null 2>&1 < <(sleep 600 & echo $! >sleeper; wait) &
  tool_pid=$!
  pids+=("$tool_pid")
  for _ in $(seq 20000); do [ "$(cat csv/run_*/power.csv 2>/dev/null | wc -l)" -gt $((10 + i * 7)) ] && break || sleep 0.005; done
  kill -KILL "$tool_pid"
  wait "$tool_pid" 2>/dev/null
  wait_for test -s sleeper
  kill "$(cat sleeper)" 2>/dev/null
  is_whole "$(csv_file)" && [ "$(rows "$(csv_file)")" -gt 10 ] && whole=$((whole + 1))
  rm -r csv
done
check "SIGKILL: 30 of 30 files are whole" test "$whole" -eq 30

# --- no more room: a limit on the size of files, in KiB ---------------------------------------------------------------------
run bash -c 'ulimit -f 2; exec "$@"' - "$tool" ts --files 'vms/*/energy_uj' -i 0.01 -n 60
check "no room: status 1" exits 1
check "no room: one message, with file and reason" \
  same 1 "$(grep -cE "^vm_energy: unable to write to 'csv/run_[0-9_]+/power\.csv': File too large; continuing" err)"
check "no room: lost rows are counted" grep -qE '^vm_energy: [0-9]+ rows were lost' err
check "no room: summary" grep -q '^samples  ' out
check "no room: whole rows up to there" is_whole "$(csv_file)"
check "no room: all rows that fit" test "$(stat -c %s "$(csv_file)")" -gt 1800
lost=$(sed -nE 's/^vm_energy: ([0-9]+) rows were lost.*/\1/p' err)
missed=$(sed -nE 's/^missed ticks +([0-9]+),.*/\1/p' out)
check "no room: written, lost and missed are all" same 60 "$(($(rows "$(csv_file)") + lost + missed))"
rm -r csv
run bash -c 'ulimit -f 0; exec "$@"' - "$tool" ts --files 'vms/*/energy_uj' -i 0.01 -n 5
check "no room at all: status 1" exits 1
check "no room at all: no directory is left" test -z "$(ls csv)"

# --- room again: on a small file system, where we may mount one -------------------------------------------------------------
if [ "$(id -u)" -eq 0 ] && mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  head -c 1M /dev/zero >small/filler 2>/dev/null
  truncate -s -4k small/filler
  run_story '[ $n -ne 80 ] || rm small/filler' "$tool" ts --files 'vms/*/energy_uj' -i 1 -n 150 --out-dir small
  check "full disk: status 1" exits 1
  check "full disk: a message when it fills" grep -qE "^vm_energy: unable to write to 'small/run_.*': No space left on device" err
  check "full disk: a message when it goes on" grep -qE '^vm_energy: rows are written again, [0-9]+ were lost' err
  check "full disk: whole rows" is_whole "$(echo small/run_*/power.csv)"
  check "full disk: rows before and behind" awk -F, 'NR > 2 && $1 - last > 10 { gap = NR } { last = $1 } END { exit !(gap > 2 && NR > gap + 5) }' "$(echo small/run_*/power.csv)"
  umount small
elif [ "$(id -u)" -eq 0 ]; then
  echo "not tried: a full disk, since nothing may be mounted here"
fi

# --- places that do not take files --------------------------------------------------------------------------------------------
touch file
run "$tool" ts --files vms/vm-001/energy_uj -i 0.01 -n 1 --out-dir file
check "out-dir is a file: status 1" exits 1
check "out-dir is a file: the message" grep -qE "^vm_energy: unable to create 'file(/run_[0-9_]+)?': Not a directory; choose another place with --out-dir" err
run "$tool" ts --files vms/vm-001/energy_uj -i 0.01 -n 1 --out-dir /proc/nothing
check "out-dir cannot be made: status 1" exits 1
run "$tool" ts --files vms/vm-001/energy_uj -i 0.01 -n 1 --separate-files --out "$(printf 'x%.0s' $(seq 250))"
check "name too long: status 1" exits 1
check "name too long: the message" grep -qiE 'File ?name too long' err
check "name too long: no directory is left" test -z "$(ls csv 2>/dev/null)"
rm -rf csv

# --- standard output that nobody reads ------------------------------------------------------------------------------------------
frozen=0 with_faults '' "$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 4 2>err > >(exec true)
status=$?
check "closed pipe: status 0" exits 0
check "closed pipe: the file is whole" test "$(rows "$(csv_file)")" -eq 4
check "closed pipe: no error" test "$(grep -vc warning: err)" -eq 0
rm -r csv
frozen=0 with_faults '' "$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 2 >/dev/full 2>err
status=$?
check "full device: status 1" exits 1
check "full device: the file is whole" test "$(rows "$(csv_file)")" -eq 2
rm -r csv
frozen=0 with_faults '' "$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 2 >&- 2>&- <&-
status=$?
check "all closed: status 1" exits 1
check "all closed: the file is whole" test "$(rows "$(csv_file)")" -eq 2
check "all closed: nothing else went into it" is_whole "$(csv_file)"
rm -r csv

# --- a counter that may not be read ---------------------------------------------------------------------------------------------
chmod 0 vms/vm-002/energy_uj
as_user=()
if [ "$(id -u)" -eq 0 ]; then
  chmod 755 "$work" # mktemp made it ours alone
  mkdir -m 777 csv
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
if [ ${#as_user[@]} -eq 0 ] || "${as_user[@]}" test -x "$tool" 2>/dev/null; then
  run "${as_user[@]}" "$tool" once --files vms/vm-001/energy_uj vms/vm-002/energy_uj -d 0.1
  check "denied: status 1" exits 1
  check "denied: says what to do" says err "vm_energy: no value from 'vms/vm-002/energy_uj' at the start: permission denied; run vm_energy as a user who may read it"
  check "denied: the other is printed" says out 'vm-001: .*'
  run "${as_user[@]}" "$tool" ts --files vms/vm-001/energy_uj vms/vm-002/energy_uj -i 0.05 -n 3
  check "denied, ts: status 1" exits 1
  check "denied, ts: empty fields" awk -F, 'NR > 1 && !($4 == "" && $5 == "" && $2 != "") { exit 1 }' "$(csv_file)"
else
  echo "not tried: another user cannot start the tool where it lies"
fi
chmod 644 vms/vm-002/energy_uj
rm -rf csv

# --- the schedule, on a busy machine ---------------------------------------------------------------------------------------------
for _ in $(seq $((2 * $(getconf _NPROCESSORS_ONLN)))); do
  sh -c 'while :; do :; done' &
  pids+=($!)
  spinners+=($!)
done
run "$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 100
kill "${spinners[@]}"
# a tick that was missed makes a longer step; the others are exact to the last digit
check "busy: time stamps are unique and on the grid" awk -F, '
  NR == 2 { first = $1 } NR > 2 && $1 <= last { print "not after the one before: " $1; bad = 1 } { last = $1 }
  NR > 2 { tick = ($1 - first) / 0.05; off = tick - int(tick + 0.5); if (off > 0.02 || off < -0.02) { print "off the grid: " $1; bad = 1 } }
  END { exit bad || NR < 4 }' "$(csv_file)"
missed=$(sed -nE 's/^missed ticks +([0-9]+),.*/\1/p' out)
check "busy: rows and missed ticks are all" same 100 "$(($(rows "$(csv_file)") + missed))"
finish
