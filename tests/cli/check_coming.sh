#!/bin/bash
# VMs that come and go, patterns that match none yet, names that mean harm, many files, and the line of progress.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
command -v script >/dev/null || skip "script (bsdutils) is not installed"

# --- before there is a VM -----------------------------------------------------------------------------------------------
# shellcheck disable=SC2016 # $n is the story's
run_story 'case $n in 3) counter vm-001 5 ;; esac' \
  "$tool" ts --files 'vms/*/energy_uj' -i 0.1 -n 8 --long
check "long: waits for a pattern: status 0" exits 0
check "long: says that it waits" says err "vm_energy: warning: no counter yet in 'vms/\*/energy_uj'; waiting for one"
check "long: rows of the one that came, from then on" same 6 "$(grep -c ',vm-001,' "$(csv_file)")"
rm -r csv
run "$tool" ts --files 'none/*/energy_uj' -i 0.05 -n 2 --long
check "long: none came: status 1" exits 1
check "long: none came: the message" says err 'vm_energy: there was no counter during the run'
check "long: none came: the file has its header" same 'ts,label,energy_uj,power_w,state' "$(cat "$(csv_file)")"
rm -r csv
# shellcheck disable=SC2016
run_story 'case $n in 3) rm -r vms/vm-001 && mkdir vms/vm-001 ;; esac' "$tool" ts --files 'vms/*/energy_uj' -i 0.1 -n 5 --long
check "long: one that is gone is no fault" exits 0
check "long: no message about it" test "$(grep -vc 'no counter was updated' err)" -eq 0
check "long: its last row says that it is missing" same "held held missing" "$(tail -n +2 "$(csv_file)" | cut -d, -f5 | paste -sd ' ')"
check "long: but in the summary" says out 'samples +5 of 5, every 0\.1 s, of 1 counter, 1 removed at the end'
rm -r csv

# --- where Scaphandre writes, on a host that has none -------------------------------------------------------------------
if on_new_host true; then
  for command in "ts -i 0.05 -n 1" "once -d 0.05"; do
    # shellcheck disable=SC2086 # words on purpose
    run on_new_host "$tool" $command
    check "no Scaphandre, $command: status 1" exits 1
    check "no Scaphandre, $command: both places are named" test "$(grep -cE "^vm_energy: no counter found in '/var/lib/.*scaphandre/.*'$" err)" -eq 2
    check "no Scaphandre, $command: what to do" says err "vm_energy: start Scaphandre's qemu exporter, or name the counters with --files"
    check "no Scaphandre, $command: nothing made" test ! -e csv
  done
fi

# --- columns are those of the start -------------------------------------------------------------------------------------
for layout in "" --separate-files; do
  counter vm-001 5
  counter vm-002 7
  # shellcheck disable=SC2016,SC2086 # none or one word
  run_story 'case $n in 3) rm vms/vm-002/energy_uj && counter vm-003 9 ;; esac' \
    "$tool" ts --files 'vms/*/energy_uj' -i 0.1 -n 5 $layout
  check "gone${layout:+, $layout}: status 1" exits 1
  check "gone${layout:+, $layout}: named" says err "vm_energy: no value from 'vms/vm-002/energy_uj' at the end: there is no such file"
  check "gone${layout:+, $layout}: its empty fields are bad reads" says out 'bad reads +3'
  check "gone${layout:+, $layout}: one that came is not counted" says out 'samples +5 of 5, every 0\.1 s, of 2 counters, 1 removed at the end'
  rm -r csv vms
done

# --- many files ---------------------------------------------------------------------------------------------------------
for i in $(seq 12); do counter "vm-$i" "$i"; done
run "$tool" ts --files 'vms/*/energy_uj' -i 0.05 -n 1 --separate-files
check "many files: ten are named" test "$(grep -c '^wrote ' out)" -eq 10
check "many files: and how many more" says out "and 2 more in csv/run_[0-9_]+"
run "$tool" ts --files 'vms/*/energy_uj' -i 0.05 -n 1 --separate-files --quiet
check "many files, quiet: all are named" test "$(wc -l <out)" -eq 12
rm -r csv vms

# --- names that mean harm -----------------------------------------------------------------------------------------------
counter $'vm\e[31m' 5
counter $'vm\xff' 6
counter good 7
mkdir 'vms/*'
mkfifo 'vms/*/energy_uj'
run "$tool" once --files 'vms/*/energy_uj' -d 0.1
check "names: the bad one is a fault" exits 1
check "names: a FIFO is named" says err "vm_energy: no value from 'vms/\*/energy_uj' at the start: is a FIFO, socket or device, not a regular file"
check "names: the others are printed" test "$(grep -c ' J   avg ' out)" -eq 3
check "names: nothing for the terminal" same "" "$(LC_ALL=C tr -d '\n -~' <out)"
run "$tool" once --files 'vms/*/energy_uj' -d 0.1 --json
check "names: JSON for all" test "$(jq '.vms | length' out)" -eq 4
run "$tool" $'\e[31m'
check "names: not of a command either" says err "vm_energy: unknown command '_\[31m'"
run "$tool" ts --files vms/good/energy_uj -i 0.01 -n 1 --out-dir $'o\e[31mut'
check "names: of a directory: printed safely" says out 'wrote o_\[31mut/run_[0-9_]+/power\.csv'
check "names: the directory has the name that was given" test -d $'o\e[31mut'
run "$tool" ts --files vms/good/energy_uj -i 0.01 -n 1 --out-dir $'o\e[31mut' --quiet
check "names: of a directory: raw for a script" test -s "$(cat out)"
script -qec "'$tool' ts --files vms/good/energy_uj -i 0.01 -n 1 --out-dir '"$'o\e[31mut'"' --quiet" /dev/null </dev/null >out 2>&1
check "names: of a directory: quiet, on a terminal" grep -q '^o_\[31mut/run_' out
: >$'o\e[31mut/file'
run "$tool" ts --files vms/good/energy_uj -i 0.01 -n 1 --out-dir $'o\e[31mut/file'
check "names: of a directory that cannot be made" says err "vm_energy: unable to create 'o_\[31mut/file/run_[0-9_]+': Not a directory; choose another place with --out-dir"
counter $'c1\xc2\x9b31m' 5
script -qec "'$tool' list --json --files 'vms/c1*/energy_uj'" /dev/null </dev/null >out 2>&1
check "names: JSON on a terminal" same 1 "$(grep -cF 'vms/c1\u009B31m/energy_uj' out)"
run "$tool" list --json --files 'vms/c1*/energy_uj'
check "names: JSON elsewhere, as it is" grep -qF $'vms/c1\xc2\x9b31m/energy_uj' out
run "$tool" run --files vms/good/energy_uj --no-bounds --json $'x\e[31m/y' -- true
check "names: of a file of results" says err "vm_energy: unable to create 'x_\[31m/y': No such file or directory"
rm -r vms o*ut

# --- a reader of standard output that has seen enough -------------------------------------------------------------------
gone() { # command...: into a pipe whose reader has gone
  "$@" 2>err | :
  status=${PIPESTATUS[0]}
}
for i in $(seq 200); do counter "vm-with-a-rather-long-name-$i" "$i"; done
all=(--files 'vms/*/energy_uj')
for words in "list" "list --json" "once -d 0.1" "once -d 0.1 --json" "ts -i 0.05 -n 1 --separate-files --quiet" "top -i 0.05" "--help" "ts --help"; do
  files=()
  [[ $words == *help ]] || files=("${all[@]}")
  # shellcheck disable=SC2086 # words on purpose
  gone sh -c 'sleep 0.2; exec "$0" "$@"' "$tool" $words "${files[@]}"
  check "reader has gone, $words: status 0" exits 0
  check "reader has gone, $words: no error" test "$(grep -vc warning: err)" -eq 0
done
rm -rf vms csv

# --- progress -----------------------------------------------------------------------------------------------------------
counter vm-001 5
on_terminal() { # command
  script -qec "$1" /dev/null </dev/null >out 2>&1
  status=$?
}
on_terminal "'$tool' ts --files vms/vm-001/energy_uj -i 0.4 -n 2"
check "progress: status 0" exits 0
check "progress: from the start" grep -qF $'\rsample 0 of 2, 0:01 left, vm-001 first\e[K' out
check "progress: each sample" grep -qF $'\rsample 2 of 2, 0:00 left, vm-001 0.00 W\e[K' out
check "progress: taken away before the report" grep -qF $'\r\e[Kwrote csv/' out
on_terminal "'$tool' ts --files vms/vm-001/energy_uj -i 0.15 -n 2 --quiet"
check "progress: none when quiet" test "$(grep -c 'sample ' out)" -eq 0
on_terminal "$(declare -f waits); '$tool' ts --files vms/vm-001/energy_uj -i 10h -n 1000000000000 &
  while ! waits \$!; do sleep 0.02; done; kill -TERM \$!; wait \$!"
check "progress: of a run that outlives us" grep -qF 'sample 0 of 1000000000000, 2562047:47:17 left' out

# --- descriptors that are closed are not taken for others ---------------------------------------------------------------
rm -rf csv
"$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 2 >&- 2>err
status=$?
check "closed output: status 1" exits 1
check "closed output: the reason" says err 'vm_energy: unable to write to standard output: Bad file descriptor'
check "closed output: a whole file" is_whole "$(csv_file)"
rm -r csv
"$tool" ts --files vms/vm-001/energy_uj -i 0.05 -n 2 0<&- 1>&- 2>&-
status=$?
check "all closed: status 1" exits 1
check "all closed: rows and nothing else" test "$(grep -cE '^(ts,vm-001_energy_uj,vm-001_power_w|[0-9.]+,5,.*)$' "$(csv_file)")" -eq 3
finish
