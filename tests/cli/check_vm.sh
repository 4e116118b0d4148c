#!/bin/bash
# --vm and --ignore-selected: the same VMs in every command that reads counters, and what is said where none is left.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null && has_strace=yes

counter web-1 1000000
counter web-2 2000000
counter db-1 3000000
all='vms/*/energy_uj'
listed() { # option...: the labels that list shows
  "$tool" list --files "$all" --json "$@" 2>err | jq -r '.vms[].label' | paste -sd' '
}
check "a name is the whole name" same "web-1" "$(listed --vm web-1)"
check "a part of it is none" same "" "$(listed --vm web)"
check "a regular expression matches anywhere" same "web-1 web-2" "$(listed --vm /eb-/)"
check "several" same "db-1 web-2" "$(listed --vm web-2 --vm '/^db/')"
check "left out" same "db-1" "$(listed --vm '/^web/' --ignore-selected)"
check "left out, the options the other way round" same "db-1" "$(listed --ignore-selected --vm '/^web/')"
check "nothing named, nothing left out" same "db-1 web-1 web-2" "$(listed --ignore-selected)"

# every command
run "$tool" list --files "$all" --vm web-1
check "list" same "web-1" "$(awk 'NR > 1 { print $1 }' out)"
run_story : "$tool" ts --files "$all" --vm /web/ -i 0.1 -n 1
check "ts" same "ts,web-1_energy_uj,web-1_power_w,web-2_energy_uj,web-2_power_w" "$(head -n 1 "$(csv_file)")"
check "ts: run.json has what was read, and how it was chosen" \
  jq -e '[.counters[].label] == ["web-1", "web-2"] and (.command | index("--vm") != null and index("/web/") != null)' csv/run_*/run.json
check "ts: updates.dat too" test "$(grep -c db-1 csv/run_*/updates.dat)" -eq 0
rm -r csv
run_story : "$tool" once --files "$all" --vm db-1 -d 0.2
check "once" same "Duration: db-1:" "$(awk '{ print $1 }' out | paste -sd' ')"
run "$tool" run --files "$all" --vm db-1 --no-bounds -- true
check "run" same "db-1:" "$(awk '/^(web|db)/ { print $1 }' err)"
run_story : "$tool" top --files "$all" --vm web-2 -n 1 -i 0.1
check "top" bash -c 'grep -q "  1 VM$" out && grep -q "^web-2 " out && ! grep -q db-1 out'
run "$tool" check --files "$all" --vm web-2 -d 0.1 --host-counter none --json
check "check" jq -e '.vms == 1 and ([.findings[] | select(.subject == "vm").label] == ["web-2"])' out
check "check: the host is not compared with some of the VMs" \
  jq -e '.findings[] | select(.subject == "host") | .level == "NOTE"' out

# a VM that is not selected costs nothing, and its faults are its own
chmod 0 vms/db-1/energy_uj
echo rubbish >vms/web-2/energy_uj
run "$tool" once --files "$all" --vm web-1 -d 0.1
check "what is wrong with others is not said" bash -c '! grep -e db-1 -e web-2 err'
check "what is wrong with others costs no status" exits 0
if [ -n "${has_strace:-}" ]; then
  strace -y -o trace "$tool" once --files "$all" --vm web-1 -d 0.1 >/dev/null 2>&1
  check "its own file is read" grep -qE '^p?read.*web-1/energy_uj' trace
  check "others are not read" test "$(grep -cE '^p?read.*(db-1|web-2)/energy_uj' trace)" -eq 0
fi
chmod 644 vms/db-1/energy_uj
counter web-2 2000000

# what selects nothing
none="vm_energy: '--vm typo' matches none of the 3 VMs that were found; vm_energy list shows their names"
for command in "ts -i 0.1 -n 1" "once -d 0.1" list "run"; do
  # shellcheck disable=SC2086 # words on purpose
  set -- "$tool" $command --files "$all" --vm typo
  [ "$command" != run ] || set -- "$@" -- touch ran
  run "$@"
  check "$command: none selected: status 1" exits 1
  check "$command: none selected: said" grep -qxF "$none" err
done
check "ts: none selected: nothing is made" test ! -e csv
check "run: none selected: the command is not started" test ! -e ran
run "$tool" once --files "$all" --vm typo -d 0.1 --quiet
check "quiet: said all the same" same "$none" "$(cat err)"
run "$tool" once --files "$all" --vm /./ --ignore-selected -d 0.1
check "all left out: status 1" exits 1
check "all left out: said" \
  says err "vm_energy: '--ignore-selected' leaves none of the 3 VMs that were found; name fewer with --vm"
run "$tool" once --files "$all" --vm web-1 --vm typo -d 0.1
check "one of two is a slip: status 0" exits 0
check "one of two is a slip: a warning" \
  says err "vm_energy: warning: '--vm typo' matches none of the 3 VMs that were found; vm_energy list shows their names"
run "$tool" check --files "$all" --vm typo --host-counter none -d 0.1
check "check: none selected: as where there is none" exits 2
check "check: none selected: said" bash -c "grep -qF \"CRITICAL  search  '--vm' selects no counter in 'vms/*/energy_uj'\" out && grep -qF -e '-> see the names of the VMs with vm_energy list' out"
run_story : "$tool" top --files "$all" --vm typo -n 1 -i 0.1
check "top: waits, one may come" exits 0
# shellcheck disable=SC2016 # the story's own $n
run_story 'case $n in 2) counter late 5 ;; esac' "$tool" ts --files "$all" --vm late --long -i 0.1 -n 3
check "ts --long: one that comes later" grep -q ',late,' "$(csv_file)"
check "ts --long: no other" test "$(grep -cE ',(web|db)-' "$(csv_file)")" -eq 0

run "$tool" once --files "$all" --vm '/(/' -d 0.1
check "a wrong regular expression: status 2" exits 2
check "a wrong regular expression: why" says err "vm_energy: option '--vm': '/\(/' is no regular expression: (Unmatched \( or .*|Missing '\)')"
check "a wrong regular expression: nothing is printed" is_empty out
finish
