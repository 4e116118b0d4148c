#!/bin/bash
# list: the table and the JSON of counters that are well, idle, dead, unreadable; what is learned by watching; its errors.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

vm() { # vm uj age: a counter as Scaphandre makes it
  mkdir -p "scaphandre/$1/intel-rapl:0"
  echo "$2" >"scaphandre/$1/intel-rapl:0/energy_uj"
  touch -d "$3 ago" "scaphandre/$1/intel-rapl:0/energy_uj"
}
all='scaphandre/*/intel-rapl:0/energy_uj'

# ages are those of the files, a bit older each time
mask_age() {
  sed -E -e 's/ +([0-9.]+ (s|min)|AGE)/  AGE/'
}

vm web-1 4321000000 '2 seconds'
vm db-1 12345678901234 '745 seconds'
vm $'b\xc3\xbccher' 999949999 '1 second'
run "$tool" list --files "$all"
check "table: status 0" exits 0
check "table: nothing on standard error" is_empty err
mask_age <out >masked
check "table: as it was" diff -u "$srcdir/tests/cli/golden/list.txt" masked
check "table: fits into 80 columns" awk 'length > 80 { print; bad = 1 } END { exit bad }' out
LC_ALL=C.UTF-8 run "$tool" list --files "$all"
check "table, UTF-8: the columns of a name with an umlaut" says out $'b\xc3\xbccher  +999\\.9 J  .*'
check "table, UTF-8: the rest as in the other locale" diff <(sed $'s/^b\xc3\xbccher/b?cher/' out | mask_age) masked

# no common directory where the paths fit as they are
counter vm-001 5
run "$tool" list --files vms/vm-001/energy_uj
check "one counter: its path as it was given" says out 'vm-001 .* ok +vms/vm-001/energy_uj'
check "one counter: the head names no directory" says out 'VM .* STATE  FILE'
counter "../$(printf 'long%.0s' {1..20})/vm-001" 5
run "$tool" list --files "$work/"long*/vm-001/energy_uj scaphandre/web-1/intel-rapl:0/energy_uj
check "nothing in common: both paths, however wide" same 2 "$(grep -cE '  (long|scaphandre).*/energy_uj$' out)"
check "nothing in common: the head names nothing" says out 'VM .* STATE  FILE'

run "$tool" list --files "$all" --json
check "json: status 0" exits 0
check "json: its keys" same '["vms"]' "$(jq -c keys out)"
check "json: those of a VM" same \
  '["age_s","energy_j","energy_uj","error","label","path","period_s","power_w","state"]' "$(jq -c '.vms[0] | keys' out)"
check "json: the values" jq -e '.vms[] | select(.label == "web-1") | [.label, .path, .energy_uj, .energy_j, .state, .error] ==
  ["web-1", "scaphandre/web-1/intel-rapl:0/energy_uj", 4321000000, 4321, "ok", null]' out
check "json: the age" jq -e '.vms[] | select(.label == "web-1") | .age_s | . > 1.9 and . < 20' out
check "json: what is not known is null" jq -e 'all(.vms[]; .period_s == null and .power_w == null)' out
check "json: no update for too long" jq -e '.vms[] | select(.label == "db-1") | .state == "stale" and .age_s > 740' out
check "json: a large counter is whole" grep -q '"energy_uj": 12345678901234,' out
run "$tool" list --files "$all" --json --stale-timeout 1h --scale 5
check "stale timeout: not stale yet" jq -e '.vms[] | select(.label == "db-1") | .state == "ok"' out
check "scale: energy, not the counter" \
  jq -e '.vms[] | select(.label == "web-1") | .energy_j == 21605 and .energy_uj == 4321000000' out
counter high 18446744073709551615
run "$tool" list --files vms/high/energy_uj --json
check "json: above 2^63" jq -e '.vms[0].energy_j > 1.8446744e13 and .vms[0].energy_uj > 1.8446744e19' out

# watching: period and power; of a counter that is computed when it is read, at once
vm web-1 4321000000 '4 seconds'
before=$(stat -c %.9Y scaphandre/web-1/intel-rapl:0/energy_uj)
# shellcheck disable=SC2016 # the story's own $now
run_story '[ $n -gt 1 ] || { cd scaphandre/web-1/intel-rapl:0; echo 4323000000 >energy_uj; touch -d "@$now" energy_uj; }' \
  "$tool" list --files scaphandre/web-1/intel-rapl:0/energy_uj --duration 1s --json
check "watching: the period" jq -e --argjson s "$(stat -c "%.9Y $before" scaphandre/web-1/intel-rapl:0/energy_uj | awk '{ print $1 - $2 }')" \
  '.vms[0].period_s - $s | fabs < 0.001' out
check "watching: the power" jq -e '.vms[0] | .power_w * .period_s | . > 1.98 and . < 2.02' out
check "watching: the energy of now" jq -e '.vms[0].energy_uj == 4323000000' out
start=$EPOCHREALTIME
run_until INT "$tool" list --files "$all" --duration 1h
check "watching: a signal ends it" awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { exit !(end - start < 30) }'
check "watching: what is known is printed" grep -q '^web-1 ' out

# what has no value is in the list, is told, and is status 1
vm empty 5 '1 second'
: >scaphandre/empty/intel-rapl:0/energy_uj
run "$tool" list --files "$all"
check "no value: status 1" exits 1
check "no value: in the table" says out 'empty +- +- +- +- +torn +empty/intel-rapl:0/energy_uj'
check "no value: the message" says err "vm_energy: no value from 'scaphandre/empty/intel-rapl:0/energy_uj' now: is empty"
run "$tool" list --files "$all" --json
check "no value, json: status 1" exits 1
check "no value, json: null, and why" same '[null,null,null,"torn","is empty"]' \
  "$(jq -c '.vms[] | select(.label == "empty") | [.energy_uj, .energy_j, .age_s, .state, .error]' out)"

# a name that would harm a terminal
mkdir -p $'scaphandre/a\e[31m\nb/intel-rapl:0'
echo 1 >$'scaphandre/a\e[31m\nb/intel-rapl:0/energy_uj'
run "$tool" list --files "$all"
check "a bad name: nothing but print" test "$(LC_ALL=C grep -c $'\e' out)" -eq 0
check "a bad name: one line" says out 'a_\[31m_b_[0-9a-f]{8} .* a_\[31m_b/intel-rapl:0/energy_uj'
printf '5\n' >$'scaphandre/\xff'
mkdir -p $'scaphandre/v\xff/intel-rapl:0' && echo 1 >$'scaphandre/v\xff/intel-rapl:0/energy_uj'
run "$tool" list --files "$all" --json
check "a bad name: JSON is JSON" jq -e '.vms | length == 6' out

# nothing found
if on_new_host true; then
  run on_new_host "$tool" list
  check "nothing found: status 1" exits 1
  check "nothing found: where was searched" grep -q "no counter found in '/var/lib/libvirt/scaphandre" err
  run on_new_host "$tool" list --json
  check "nothing found, json: an empty list" jq -e '.vms == []' out
  check "nothing found, json: status 1" exits 1
fi
if [ -c /dev/full ]; then
  "$tool" list --files vms/high/energy_uj --json >/dev/full 2>err
  status=$?
  check "full device: status 1" exits 1
  check "full device: one message" same 1 "$(wc -l <err)"
fi
finish
