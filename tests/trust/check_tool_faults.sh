#!/bin/bash
# The tool, while open, read, write, malloc and others fail, each call of them once: no crash, no torn row, no false value, a
# message and the right status. And killed behind each write: whole rows.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"

frozen=0 # the clock moves when the tool waits, so that no tick is missed on a busy machine

counter a 1000000
counter b 2000000
counter c 3000000
samples=3

# What is wrong with what is there; nothing when all is well. Counters stand still, so each value is known.
judge() { # command: $status, $work/out, $work/err and csv
  shopt -s nullglob
  awk -F, -v command="$1" -v status="$status" -v samples=$samples '
    function wrong(text) { print "    " text; bad = 1 }
    BEGIN { truth["a"] = 1000000; truth["b"] = 2000000; truth["c"] = 3000000 }
    FNR == 1 { is_csv = FILENAME ~ /\.csv$/ }
    FILENAME == ARGV[1] || FILENAME == ARGV[2] {
      if (/^vm_energy: /) told = 1
      if (/unable to search/) unseen = 1
      if (/^bad reads/) { split($0, word, / +/); unread = word[3] + 0 }
      if (/^VM_ENERGY /) told = 1
      if (command == "list" && /^[abc] +[123]\.0 J .* (ok|first) / || command == "check" && /^OK +[abc] /) shown++
      else if (command == "top" && /^[abc] +- +0\.0 J .* first$/) shown++
      else if (/^[abc]: 0\.000000 J   avg 0\.000 W/) shown++
      else if (/^ *"power_w": 0\.0,$/) shown++
      else if (/^[abc]: /) wrong("not what was there: " $0)
      next
    }
    FNR == 1 { files++; fields = NF; split($0, column); next }
    NF != fields { wrong("half a row in " FILENAME ": " $0); next }
    column[2] == "label" { rows += (FNR - 1) % 3 == 1; if ($3 == "") empty++; else if ($3 != truth[$2]) wrong("a false value: " $0); next }
    { rows++
      for (i = 2; i <= NF; i++)
        if (column[i] ~ /_energy_uj$/) { if ($i == "") empty++; else if ($i != truth[substr(column[i], 1, 1)]) wrong("a false value: " $0) }
        else if ($i != "" && $i != "0.000000") wrong("a false power: " $0) }
    END { # what could not be searched is told, and is no failure of what was found
      if (status > 2 && !(command == "run" && (status == 125 || status == 126)) && !(command == "check" && status == 3)) wrong("exit status " status)
      if (status != 0 && !told) wrong("no message")
      if (status == 0 && command == "ts" && !unseen && rows != samples * files) wrong(rows " rows, status 0")
      if (status == 0 && command == "ts" && empty != unread) wrong(empty + 0 " empty fields, " unread " bad reads told")
      if (status == 0 && (command == "list" || command == "check") && !unseen && shown != 3) wrong(shown + 0 " VMs shown, status 0")
      if (status == 0 && (command == "once" || command == "run") && !unseen && shown != 3) wrong(shown + 0 " VMs shown, status 0")
      exit bad
    }' "$work/err" "$work/out" csv/run_*/*.csv </dev/null || return 1
  local file
  for file in csv/run_*/*.csv; do
    [ -z "$(tail -c 1 "$file")" ] || { echo "    half a line at the end of $file" && return 1; }
  done
}

sweep() { # name kind suffix command argument...: lets the first call fail, then the second, and so on
  local kind=$2 suffix=$3 n bad=0
  shift 3
  # where many calls fail, a plan differs little from the next: further on they are taken less densely
  for ((n = 1; n <= 1000; n += ${suffix:++n / 16} + ${VM_ENERGY_FAULT_STEP:-1})); do
    rm -rf csv
    status=0
    with_faults "$kind:$n$suffix" "$tool" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ -e "$work/struck" ] || break
    runs=$((runs + 1))
    judge "$1" >"$work/judgement" || { echo "  $kind:$n$suffix: $*" && cat "$work/judgement" && head -n 5 "$work/err" && bad=1; }
  done
  rm -rf csv
  [ $bad -eq 0 ] && [ "$n" -le 1000 ] && { [ "$n" -gt 1 ] || [[ " ${may_be_none:-} " == *" $kind "* ]]; }
}

check "all calls that can fail are known" knows_all_calls "$tool"

ts=(ts --files 'vms/*/energy_uj' -i 0.002 -n "$samples" --stale-timeout 1h)
runs=0 # VM_ENERGY_FAULT_STEP: where a run takes long, not each call but each third, or so, is tried
for kind in open read write malloc mkdir clock close stat wait cwd; do
  check "ts, $kind" sweep ts $kind '' "${ts[@]}"
done
check "ts, no openat2" sweep ts open '+:ENOSYS' "${ts[@]}" --quiet
for kind in open read write malloc stat; do
  check "ts, $kind for good" sweep ts $kind + "${ts[@]}"
done
for layout in --separate-files --long; do
  for kind in open write malloc; do
    check "ts $layout, $kind" sweep ts $kind '' "${ts[@]}" $layout
  done
done
check "ts, explicit files" sweep ts malloc '' ts --files vms/a/energy_uj vms/b/energy_uj vms/c/energy_uj -i 0.002 -n "$samples" --stale-timeout 1h
for kind in open read clock wait; do
  check "once, $kind" sweep once $kind '' once --stale-timeout 1h --files 'vms/*/energy_uj' -d 0.005
done
check "once --json, malloc" sweep json malloc '' once --stale-timeout 1h --files 'vms/*/energy_uj' -d 0.005 --json
frozen= # the command that is run takes real time
for kind in malloc clock wait spawn; do
  check "run, $kind" sweep run $kind '' run --no-bounds --stale-timeout 1h --files 'vms/*/energy_uj' -- sleep 0.005
done
frozen=0
for kind in open read malloc clock wait; do
  check "check, $kind" sweep check $kind '' check --stale-timeout 1h --files 'vms/*/energy_uj' --host-counter none -d 0.001
  check "top, $kind" sweep top $kind '' top --stale-timeout 1h --files 'vms/*/energy_uj' -i 0.002 -n 2
done
check "list, malloc" sweep list malloc '' list --stale-timeout 1h --files 'vms/*/energy_uj'
echo "$runs runs, in each of which a call failed"

# --- a disk that takes half of a row ---------------------------------------------------------------------------------------
for layout in --out=power.csv --separate-files --long; do
  check "ts $layout, a write cut short once" sweep ts write :short "${ts[@]}" $layout
  check "ts $layout, a write cut short, then none" sweep ts write +:short "${ts[@]}" $layout
done
may_be_none="unlink"
check "what was begun cannot be removed" sweep ts unlink '' "${ts[@]}" --out-dir vms/a/energy_uj

# --- SIGKILL right behind each write: a row is one write, so there are as many lines as there were writes, less the two
# of run.json
killed() { # argument...
  local n lines
  for ((n = 1; n <= 100; n++)); do
    rm -rf csv
    with_faults "write:$n:kill" "$tool" "${ts[@]}" "$@" >/dev/null 2>&1
    [ -e "$work/struck" ] || break
    lines=$(cat csv/run_*/*.csv | wc -l)
    [ "$lines" -le "$n" ] && [ "$lines" -ge $((n - 2)) ] || { echo "  $n writes, $lines lines" && return 1; }
    status=0
    judge killed || return 1
  done
  rm -rf csv
  [ "$n" -gt $((samples + 1)) ] && [ "$n" -le 100 ] # the header and each sample
}
for layout in --out=power.csv --separate-files --long; do
  check "ts $layout, killed behind each write: whole rows" killed $layout
done

# --- few descriptors --------------------------------------------------------------------------------------------------------
for i in $(seq 40); do counter "vm-$i" "$i"; done
run bash -c 'ulimit -n 20; exec "$@"' - "$tool" "${ts[@]}" --separate-files
check "20 descriptors, 43 files: nothing is wrong but missed ticks" bash -c '! grep -vE "samples were missed|is the writer running" err'
check "20 descriptors, 43 files: no bad read" says out 'bad reads +0'
missed=$(sed -nE 's/^missed ticks +([0-9]+),.*/\1/p' out)
check "20 descriptors, 43 files: all rows" same $(((samples - missed + 1) * 43)) "$(cat csv/run_*/*.csv | wc -l)"
rm -rf csv vms/vm-*

# --- a directory that is read only -------------------------------------------------------------------------------------------
if [ "$(id -u)" -eq 0 ] && mkdir fixed && mount -t tmpfs -o ro,size=4k tmpfs fixed 2>/dev/null; then
  run "$tool" "${ts[@]}" --out-dir fixed
  umount fixed
  check "read-only directory: status 1" exits 1
  check "read-only directory: the message" grep -qE "^vm_energy: unable to create 'fixed/run_[0-9_]+': Read-only file system; choose another place with --out-dir\$" err
fi
finish
