#!/bin/bash
# check: what it says of VMs that are well, and of each way to set it up wrongly; its statuses, and its first line, which
# monitoring systems read.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

none=$work/none/energy_uj # no counter of the host, wherever the test runs
all='scaphandre/*/intel-rapl:0/energy_uj'

vm() { # vm uj [age]: a counter as Scaphandre makes it
  mkdir -p "scaphandre/$1/intel-rapl:0"
  printf %s "$2" >"scaphandre/$1/intel-rapl:0/energy_uj"
  touch -d "${3:-0 seconds} ago" "scaphandre/$1/intel-rapl:0/energy_uj"
}

writer() { # root period NAME=LOAD...
  local root=$1 period=$2
  shift 2
  rm -f writer.log # of the writer before, which was ready
  "$simwriter" --root "$root" --period "$period" --jitter 0 "$@" >writer.log 2>&1 &
  pids+=($!)
  wait_for grep -q ready writer.log
}

end_writers() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
  pids=()
  rm -rf scaphandre host
}

of() { # label: its verdict, from JSON in out
  jq -r --arg vm "$1" '.findings[] | select(.label == $vm) | .verdict' out
}

finding() { # label level text: in out, with the next step below
  local line
  line=$(awk -v label="$1" '$2 == label { print; getline; print }' out)
  grep -qE "^$2 +$1 +$3" <<<"$line" && grep -qE '^          -> .+' <<<"$line"
}

first_line() { # status text [power]: patterns
  local watts='[0-9]+\.[0-9]{3}'
  [ "$(wc -l <out)" -gt 1 ] &&
    head -n 1 out | grep -qxE "VM_ENERGY $1 - $2 \| power=${3:-$watts} vms=[0-9]+ warning=[0-9]+ critical=[0-9]+"
}

host() { # zone uj [name]: a counter of the host
  mkdir -p "host/intel-rapl:$1"
  echo "$2" >"host/intel-rapl:$1/energy_uj"
  [ -z "${3:-}" ] || echo "$3" >"host/intel-rapl:$1/name"
}

at() { # vm uj: as vm, by the clock of the story
  mkdir -p "scaphandre/$1/intel-rapl:0"
  printf %s "$2" >"scaphandre/$1/intel-rapl:0/energy_uj"
  touch -d "@$now" "scaphandre/$1/intel-rapl:0/energy_uj"
}

# There is a tick each 0.25 s, by a clock that stands still meanwhile: 4 of them are 1 s of that clock. As run_story.
check_story() { # script option...: every S W VM... in the script writes the VMs each S ticks, each with so many watts
  local script=$1
  shift
  run_story "$(declare -f at host every); $script; :" "$tool" check --files "$all" --host-counter "${counters:-$none}" "$@"
}

# shellcheck disable=SC2154 # n and now are the story's
every() { # ticks VM=W...
  [ $((n % $1)) -eq 0 ] || return 0
  shift
  for load; do at "${load%=*}" $((n * ${load#*=} * 250000 + 1000)); done
}

# numbers that differ from run to run
mask_numbers() {
  sed -E -e 's/[0-9.]+ W/POWER/g' -e 's/power=[0-9.]+/power=POWER/' -e 's/every [0-9.]+ s/every PERIOD/' \
    -e 's/[0-9]+ %/SHARE/' -e "s|$work|WORK|g"
}

# --- all is well: with counters of the host --------------------------------------------------------------------------------
counters='host/*/energy_uj'
# shellcheck disable=SC2016 # for the story
all_well='host 0 $((n * 80 * 250000)) package-0; host 1 $((n * 70 * 250000)) package-1; host 0:0 $((n * 5)) core
  every 4 web-1=80 db-1=20 spare-1=0'
check_story "$all_well"
check "well: status 0" exits 0
check "well: nothing on standard error" is_empty err
mask_numbers <out >masked
check "well: as it was" diff -u "$srcdir/tests/cli/golden/check.txt" masked
check "well: the first line" first_line OK '3 VMs, 100\.00 W'
check "well: the VMs against the packages, and no other zone" \
  grep -qE '^OK +host +the VMs take 67 % of .*\(150\.00 W, packages\)' out
rm -r scaphandre host
check_story "$all_well" --json
check "well, json: status 0" exits 0
check "well, json: its keys" same \
  '["critical","exit_status","findings","level","power_w","summary","vms","warning","watched_s"]' "$(jq -c keys out)"
check "well, json: of all" same '["OK",0,3,0,0]' "$(jq -c '[.level, .exit_status, .vms, .warning, .critical]' out)"
check "well, json: a VM" same \
  '["vm","web-1","scaphandre/web-1/intel-rapl:0/energy_uj","OK","good",false]' \
  "$(jq -c '.findings[] | select(.label == "web-1") | [.subject, .label, .path, .level, .verdict, has("next_step")]' out)"
check "well, json: its power" jq -e '.findings[] | select(.label == "web-1") | .power_w | . > 79.9 and . < 80.1' out
check "well, json: idle is 0 W" jq -e '.findings[] | select(.label == "spare-1") | .verdict == "idle" and .power_w == 0' out
check "well, json: two updates were enough" jq -e '.watched_s | . > 0.9 and . < 4' out
check "well, json: the host" jq -e \
  '.findings[] | select(.subject == "host") | .verdict == "host-agrees" and (.vms_power_w - 100 | fabs) < 1 and
   (.packages_power_w - 150 | fabs) < 1' out
for name in web-1 db-1 spare-1; do vm "$name" 5 '3 seconds'; done
check_story : --duration 0.1
check "too short: status 0" exits 0
check "too short: nothing is invented" grep -qE '^OK +web-1 +updated [0-9.]+ s ago, and not since' out
check "too short: the host is not compared" grep -qE '^NOTE +host +not compared: too few updates' out
check "too short: no news is not 0 W" first_line OK '3 VMs, power unknown' U

# the VMs have more than the host
rm -r scaphandre host
check_story "$all_well" --scale 5
check "too much: status 1" exits 1
check "too much: said" finding host WARNING 'the VMs take 333 % of what the host takes \(150\.00 W, packages\), with --scale 5: more than there is'
check "too much: next step" grep -q -- '-> leave out --scale' out
run_until INT "$tool" check --files "$all" --host-counter "$none" --duration 1h
check "a signal: what is known is printed" grep -q '^VM_ENERGY ' out
rm -r scaphandre host

# --- VMs of 5, 30 and 90 % of a host of two sockets, counted in full and by a fifth ------------------------------------------
# shellcheck disable=SC2016,SC2034
packages='host 0 $((n * 25000000)) package-0; host 0:0 $((n * 2500000)) dram; host 0:1 $((n * 17500000)) core
  host 1 $((n * 25000500)) package-1; host 1:0 $((n * 2500250)) dram'
# shellcheck disable=SC2016,SC2034
psys='host 0 $((n * 25000000)) package-0; host 0:0 $((n * 2500000)) dram; host 1 $((n * 55000000)) psys'
rows=(11:1:1:host-low 66:1:1:host-agrees 198:1:1:host-agrees 11:0.2:1:host-low 66:0.2:1:host-low 198:0.2:1:host-fifth
  11:0.2:5:host-agrees 66:0.2:5:host-agrees 198:0.2:5:host-agrees 66:1:5:host-more 198:1:5:host-more)
for host in packages psys; do
  for row in "${rows[@]}"; do
    IFS=: read -r watts factor scale expected <<<"$row"
    uw=$(jq -n "$watts * $factor * 125000 | round")
    (now=$EPOCHREALTIME; at a 5; at b 7)
    check_story "${!host}; [ \$((n % 4)) -ne 0 ] || { at a \$((n * $uw + 9)); at b \$((n * $uw + 8)); }" --scale "$scale" --json
    check "$watts W of 220 W of $host, factor $factor, --scale $scale" same "$expected" "$(of host)"
    check "$watts W of 220 W of $host, factor $factor, --scale $scale: the figures" jq -e --argjson w "$watts" \
      --argjson f "$factor" --argjson s "$scale" '.findings[] | select(.subject == "host") |
      (.packages_power_w / 220 | . > 0.99 and . < 1.01) and (.vms_power_w / ($w * $f * $s) | . > 0.99 and . < 1.01)' out
    rm -r scaphandre host
  done
done

# --- Scaphandre counts a fifth ----------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
a_fifth='host 0 $((n * 25000000)); every 4 web-1=16 db-1=4'
check_story "$a_fifth"
check "a fifth: status 1" exits 1
check "a fifth: the first line names it" first_line WARNING 'host: the VMs take .*; 2 VMs, 20\.00 W'
check "a fifth: said" finding host WARNING 'the VMs take 20 % of .*about a fifth, .*issue 428'
check "a fifth: next step" grep -q -- '-> .*use --scale 5, and Scale 5 in collectd' out
rm -r scaphandre host
check_story "$a_fifth" --scale 5
check "a fifth, scaled: status 0" exits 0
rm -r scaphandre host
counters=

# --- it ends before a monitoring agent gives up -------------------------------------------------------------------------------
watched_for() { # expression of . in s
  jq -e ".watched_s | $1" out
}
check_story : --json
check "9 s: nothing is there" watched_for '. >= 8 and . < 9'
check "9 s: nothing is there: an exporter that was just started" grep -q 'just started, watch longer with --duration 15' out
for story in : 'every 40 web-1=80' 'every 20 web-1=80' 'every 240 web-1=80'; do
  vm web-1 5000000 '3 seconds'
  vm off-1 7000000 '12 minutes'
  check_story "$story" --json
  check "9 s: a VM that is off, and: $story" watched_for '. < 9'
  vm web-1 5000000 '3 seconds'
  check_story "$story"
  case $story in
  'every 20 '*) check "9 s: $story: its power" first_line WARNING 'off-1: .*; 2 VMs, [0-9.]+ W' ;;
  *) check "9 s: $story: no power" first_line WARNING 'off-1: .*; 2 VMs, power unknown' U ;;
  esac
  check "9 s: $story: no false alarm" grep -qE '^OK +web-1' out
  rm -r scaphandre
done

# --- the writer is dead, or a VM is off -------------------------------------------------------------------------------------
vm web-1 5000000 '1 hour'
vm db-1 7000000 '90 minutes'
check_story : --duration 0.1
check "dead writer: status 2" exits 2
check "dead writer: the first line" first_line CRITICAL \
  'db-1: not updated for 1\.5 h, .* \(and 1 more\); 2 VMs, power unknown' U
check "dead writer: said" finding web-1 CRITICAL 'not updated for 1\.0 h, and no other counter is: Scaphandre has stopped'
check "dead writer: the option for a slow one" grep -q -- 'set --stale-timeout' out
check "dead writer: a new one may not have written yet" grep -q 'just started, watch longer with --duration 15' out
check_story : --json
check "dead writer: it is waited for" watched_for '. >= 8 and . < 9'
check "dead writer: no power" jq -e '.power_w == null' out
check_story : --duration 15
check "dead writer: after a new exporter would have written" test "$(grep -c 'just started' out)" -eq 0
check_story '[ $n -ne 4 ] || at web-1 6000000' --duration 3 --json
check "duration: the watch takes that time, however old the file" watched_for '. >= 3 and . < 3.5'
check "duration: the update is seen" same good "$(of web-1)"
rm -r scaphandre
vm web-1 5000000 '1 hour'
check_story '[ $n -lt 24 ] || every 8 web-1=80' --json
check "just started: it is waited for" same good "$(of web-1)"
rm -r scaphandre
check_story '[ $n -lt 20 ] || every 4 web-1=80' --json
check "just started, and nothing is there yet" same good "$(of web-1)"
rm -r scaphandre
vm web-1 5000000 '1 hour'
vm db-1 7000000 '90 minutes'
run "$tool" check --files "$all" --host-counter "$none" --stale-timeout 2h --duration 0.3
check "stale timeout: not dead yet" exits 0
rm -r scaphandre
vm off-1 7000000 '12 minutes'
check_story 'every 4 web-1=80'
check "a VM is off: status 1" exits 1
check "a VM is off: the worst is first" same off-1 "$(awk 'NR == 2 { print $2 }' out)"
check "a VM is off: said" finding off-1 WARNING 'not updated for 12 min, while others are: the VM is off, and its file is still there'
check "a VM is off: next step" grep -q -- '-> see whether it runs: virsh domstate off-1;' out
check "a VM is off: the power of the others" first_line WARNING 'off-1: .*; 2 VMs, 80\.00 W'
rm -r scaphandre
vm off-1 7000000 '12 minutes'
vm web-1 5 '1 second'
check_story 'every 4 web-1=80' --vm off-1 --ignore-selected
check "off on purpose: status 0" exits 0
check "off on purpose: not a word" first_line OK '1 VM, 80\.00 W'
check "off on purpose: no line" test "$(grep -c off-1 out err | cut -d : -f 2 | paste -sd +)" = 0+0
rm -r scaphandre
vm gone-1 7000000 '1 second'
vm back-1 7000000 '1 second'
check_story 'every 4 web-1=80 stays-1=1; case $n in 2) rm -r scaphandre/gone-1 scaphandre/back-1 ;; 4) at back-1 9 ;; esac' --duration 4
check "a VM vanished: status 1" exits 1
check "a VM vanished: said" finding gone-1 WARNING 'its file was removed during the watch'
check "a VM vanished: it is none of those that are there" first_line WARNING 'gone-1: .*; 3 VMs, power unknown' U
check "a VM vanished: once" same 1 "$(grep -c '^[A-Z]* *gone-1' out)"
check "a VM vanished, and is back: not said" same 0 "$(grep -c '^WARNING *back-1.*removed' out)"
rm -r scaphandre

# --- it falls ---------------------------------------------------------------------------------------------------------------
check_story 'every 4 db-1=80; [ $((n % 4)) -ne 0 ] || at web-1 $((n < 16 ? 9000000000 + n * 20000000 : n * 20000000))' --duration 8
check "reset: status 1" exits 1
check "reset: said" finding web-1 WARNING 'fell 1 time during the watch'
check "reset: the other is well" grep -qE '^OK +db-1' out
rm -r scaphandre
vm web-1 1000
check_story '[ $((n % 2)) -ne 0 ] || at web-1 $((n % 4 == 0 ? 1000 + n : 9000000 + n))' --duration 8
check "alternating: status 2" exits 2
check "alternating: said" finding web-1 CRITICAL 'falls and comes back: two counters alternate .*issue 134'
rm -r scaphandre
vm web-1 1000000
check_story '[ $n -ne 4 ] || at web-1 900000000000000' --max-power 1000 --duration 2
check "spike: status 1" exits 1
check "spike: said" finding web-1 WARNING 'rose 1 time by more than a machine can draw'
run bash -c 'ulimit -n 5; exec "$@"' - "$tool" check --files "$all" --host-counter "$none"
check "no more descriptors: status 3, since nothing is wrong with the counters" exits 3
check "no more descriptors: the message" grep -qE '^vm_energy: unable to check: (Too many open files|No file descriptors available)' err
rm -r scaphandre

# --- VMs without a name: as this Scaphandre writes them, and where an operator put the tree ---------------------------------
vm . 7000000 '1 second'
check_story 'every 4 web-1=80'
check "merged: status 1" exits 1
check "merged: said" finding scaphandre WARNING 'holds the sum of all VMs .*issue 222'
mv scaphandre vms
for files in "vms/*/intel-rapl:0/energy_uj" "$work/vms/*/*/energy_uj"; do
  run "$tool" check --files "$files" --host-counter "$none" --json --duration 0.1
  check "merged, $files: found" same merged \
    "$(jq -r '.findings[] | select(.path != null and (.path | endswith("vms/intel-rapl:0/energy_uj"))) | .verdict' out)"
done
run "$tool" check --files 'vms/intel-rapl:*/energy_uj' --host-counter "$none" --json --duration 0.1
check "zones that were asked for are no VMs without a name" same fresh "$(of vms)"
echo 262143328850 >vms/intel-rapl:0/max_energy_range_uj
run "$tool" check --files 'vms/*/intel-rapl:0/energy_uj' --host-counter "$none" --json --duration 0.1
check "a counter that wraps is one of the kernel" jq -e 'all(.findings[]; .verdict != "merged")' out
rm -r vms

# --- no value ---------------------------------------------------------------------------------------------------------------
vm empty 5 && : >scaphandre/empty/intel-rapl:0/energy_uj
vm words 5 && echo "secret words" >scaphandre/words/intel-rapl:0/energy_uj
vm huge 5 && head -c 5000 /dev/zero | tr '\0' 7 >scaphandre/huge/intel-rapl:0/energy_uj
vm link 5 && ln -sf /etc/passwd scaphandre/link/intel-rapl:0/energy_uj
vm fifo 5 && rm scaphandre/fifo/intel-rapl:0/energy_uj && mkfifo scaphandre/fifo/intel-rapl:0/energy_uj
vm dir 5 && rm scaphandre/dir/intel-rapl:0/energy_uj && mkdir scaphandre/dir/intel-rapl:0/energy_uj
vm '$(reboot)' 5 && : >'scaphandre/$(reboot)/intel-rapl:0/energy_uj'
vm 'a|b' 5 && : >'scaphandre/a|b/intel-rapl:0/energy_uj'
run "$tool" check --files "$all" missing/energy_uj --host-counter "$none"
check "no value: status 2" exits 2
check "no value: missing" finding missing CRITICAL 'there is no such file'
check "no value: empty" finding empty CRITICAL 'stays empty: its writer ended'
check "no value: empty, the next step" grep -qxF -- "          -> stop Scaphandre, and start it again afterwards; \
only while no exporter runs, as root: printf 0 >$work/scaphandre/empty/intel-rapl:0/energy_uj" out
check "no value: no number" finding words CRITICAL 'is '
check "no value: too long" finding huge CRITICAL 'is '
check "no value: a link" finding link CRITICAL 'is or leads through a symbolic link'
check "no value: a FIFO" finding fifo CRITICAL 'is '
check "no value: a directory" finding dir CRITICAL 'is a directory'
check "no value: no content is printed" test "$(grep -cE 'secret|root:x' out)" -eq 0
check "no value: one '|', that before the figures" same 1 "$(tr -cd '|' <out | wc -c)"
run "$tool" check --files "$all" missing/energy_uj --host-counter "$none" --json
for pair in empty:empty words:no-number huge:no-number link:link fifo:special dir:special missing:missing 'a|b:empty'; do
  check "no value, json: ${pair%:*}" same "${pair##*:}" "$(of "${pair%:*}")"
done
check "no value, json: null" jq -e '.findings[] | select(.label == "empty") | .power_w == null and .energy_j == null' out
rm -rf scaphandre

# --- what is pasted as root repairs what it names, and nothing else ----------------------------------------------------------
names=('web|1' $'a\nb' $'a\xffb' "it's" 'say "hi"' '$(touch ran)' '`touch ran`' 'back\slash' '-x' '-a b' 'two  words' '; touch ran'
  "$(printf 'x%.0s' {1..249})y" $'b\xc3\xbccher' $'\xe2\x80\xaeback' $'\x1b[31m' '!!' '*' '~' '$HOME' "\$'\\n'" $'\'|\'' "$(printf 'x%.0s' {1..250})")
healthy=(web_1 a_b aTb x _back _ b_cher)

holds() { # expected file: these bytes
  cmp -s <(printf %s "$1") "$2" || { printf '  %q holds %q\n' "$2" "$(cat "$2")" && return 1; }
}

all_hold() { # expected name...
  local expected=$1 name bad=0
  shift
  for name in "$@"; do holds "$expected" "scaphandre/$name/intel-rapl:0/energy_uj" || bad=1; done
  return $bad
}

is_safe_to_print() { # file
  LC_ALL=C.UTF-8 grep -qaxvE '[[:print:]]*' "$1" && return 1
  iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}

for name in "${names[@]}"; do vm "$name" 5 && : >"scaphandre/$name/intel-rapl:0/energy_uj"; done
for name in "${healthy[@]}"; do vm "$name" 4; done
files_before=$(find . -type f ! -name out ! -name err -printf '%h/%f\0' | sort -z | md5sum)
for files in "$work/$all" "$all" '*/intel-rapl:0/energy_uj'; do # the last one from below, where a path begins with a dash
  [[ $files == *scaphandre* ]] || cd scaphandre || exit 1
  run "$tool" check --files "$files" --host-counter "$none" --duration 0.1
  cd "$work" || exit 1
  sed -n 's/^ *-> .*, as root: \(printf 0 >\)/\1/p' out >"$work/commands"
  check "paste, $files: one command for each" same "${#names[@]}" "$(wc -l <commands)"
  check "paste, $files: fit for a terminal" is_safe_to_print out
  check "paste, $files: one '|', that before the figures" same 1 "$(tr -cd '|' <out | wc -c)"
done
(cd / && bash "$work/commands") # a root shell is elsewhere
rm commands
check "paste: each named file is repaired, without a newline" all_hold 0 "${names[@]}"
check "paste: no other file is touched" all_hold 4 "${healthy[@]}"
check "paste: no file is new, nothing else ran" same "$files_before" \
  "$(find . -type f ! -name out ! -name err -printf '%h/%f\0' | sort -z | md5sum)"
run "$tool" check --files "$work/$all" --host-counter "$none" --duration 0.1
check "paste: the fault is gone" test "$(grep -c 'printf' out)" -eq 0
check "alike: each name that is shown twice comes with its path" test -z \
  "$(sed -n '2,$s/^[A-Z]*  \(.*\)  updated [^(]*$/\1/p' out | sort | uniq -d)"
check "alike: web|1" grep -qF "and not since ('$work/scaphandre/web_1/" <(sed "s/(\([^' )]*\))/('\1')/" out)
check "alike: a long name" test "$(grep -cE " and not since \(.*/x{249}[xy]/intel-rapl:0/energy_uj\)$" out)" -eq 2

# a newline ends Scaphandre, too
for name in "${names[@]}"; do vm "$name" $'123\n' '1 hour'; done
for name in "${healthy[@]}"; do touch -d '1 hour ago' "scaphandre/$name/intel-rapl:0/energy_uj"; done
run "$tool" check --files "$work/$all" --host-counter "$none" --duration 0.1
check "newline: said" finding x CRITICAL 'not updated for 1\.0 h'
check "newline: of each" test "$(grep -c '^CRITICAL .* ends in a newline or a space, and is not updated' out)" -eq "${#names[@]}"
sed -n 's/^ *-> .*, as root: \(printf %s \)/\1/p' out >"$work/commands"
check "newline: one command for each" same "${#names[@]}" "$(wc -l <commands)"
check "newline: fit for a terminal" is_safe_to_print out
(cd / && bash "$work/commands")
rm commands
check "newline: each named file is repaired" all_hold 123 "${names[@]}"
check "newline: no other file is touched" all_hold 4 "${healthy[@]}"
check "newline: no file is new, nothing else ran" same "$files_before" \
  "$(find . -type f ! -name out ! -name err -printf '%h/%f\0' | sort -z | md5sum)"
run "$tool" check --files "$work/$all" --host-counter "$none" --duration 0.1
check "newline: the fault is gone" test "$(grep -c newline out)" -eq 0
check "newline: no unit that starts another exporter" test "$(grep -c systemctl out)" -eq 0
for name in "${names[@]}" "${healthy[@]}"; do touch -d '1 hour ago' "scaphandre/$name/intel-rapl:0/energy_uj"; done
writer "$work/scaphandre" 1 alive=const:80
run "$tool" check --files "$all" --host-counter "$none" --duration 0.5
sed -n 's/^ *-> .*: \(virsh domstate .*\); when it is off on purpose.*/\1/p' out >"$work/commands"
virsh() { printf '%s\0' "${@#--domain=}"; }
export -f virsh
check "paste, virsh: each VM by its own name" cmp \
  <(bash "$work/commands" | sort -z) <(for name in "${names[@]}" "${healthy[@]}"; do printf 'domstate\0%s\0' "$name"; done | sort -z)
end_writers

# --- permissions, as a user who is not root ---------------------------------------------------------------------------------
as_user() { # command...
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi
}
me=$(as_user id -un)
chmod 755 "$work"
if as_user "$tool" --version >/dev/null 2>&1; then
  vm web-1 5
  chmod 000 scaphandre/web-1/intel-rapl:0/energy_uj
  run as_user "$tool" check --files "$all" --host-counter "$none"
  check "denied, the file: status 2" exits 2
  check "denied, the file: said" finding web-1 CRITICAL \
    "may not be read: $work/scaphandre/web-1/intel-rapl:0/energy_uj is ---------- [a-z0-9]+:[a-z0-9]+, and this is user $me"
  check "denied, the file: next step" \
    grep -qF -- "-> as root: setfacl -m u:$me:r $work/scaphandre/web-1/intel-rapl:0/energy_uj" out
  chmod 000 scaphandre/web-1
  run as_user "$tool" check --files scaphandre/web-1/intel-rapl:0/energy_uj --host-counter "$none"
  check "denied, on the way: said" finding web-1 CRITICAL 'may not be read: .*scaphandre/web-1 is d--------- '
  check "denied, on the way: next step" grep -qE -- "-> as root: setfacl -m u:$me:x .*scaphandre/web-1$" out
  chmod 755 scaphandre/web-1
  chmod 644 scaphandre/web-1/intel-rapl:0/energy_uj
  mkdir -p scaphandre/off-1 && chmod 000 scaphandre/off-1
  run as_user "$tool" check --files 'scaphandre/*/*/energy_uj' --host-counter "$none" --duration 0.1
  check "denied, a VM's directory: said" finding search CRITICAL 'may not be read: .*scaphandre/off-1 is d---------'
  run as_user "$tool" check --files 'scaphandre/*/*/energy_uj' --host-counter "$none" --duration 0.1 --vm off-1 --ignore-selected
  check "denied, the directory of a VM that is left out: not a word" test "$(grep -c off-1 out)" -eq 0
  rmdir scaphandre/off-1
  chmod 000 scaphandre
  run as_user "$tool" check --files "$all" --host-counter "$none"
  check "denied, the search: status 2" exits 2
  check "denied, the search: said" finding search CRITICAL 'may not be read: .*scaphandre is d---------'
  chmod 755 scaphandre
  for name in "${names[@]}"; do vm "$name" 5 && chmod 000 "scaphandre/$name/intel-rapl:0/energy_uj"; done
  run as_user "$tool" check --files "$all" --host-counter "$none"
  sed -n 's/^ *-> as root: \(setfacl \)/\1/p' out >commands
  setfacl() { printf '%s\0' "${@:3}"; }
  export -f setfacl
  check "denied, any name: the command names the file" cmp <(bash commands | sort -z) \
    <(printf "$work/scaphandre/%s/intel-rapl:0/energy_uj\0" "${names[@]}" | sort -z)
  check "denied, any name: fit for a terminal" is_safe_to_print out
  rm -r scaphandre && vm web-1 5
  mkdir -p host/intel-rapl:0 && echo 5 >host/intel-rapl:0/energy_uj && chmod 000 host/intel-rapl:0/energy_uj
  run as_user "$tool" check --files "$all" --host-counter 'host/*/energy_uj' --duration 0.1
  check "denied, the host: status 0" exits 0
  check "denied, the host: a note" finding host NOTE 'not compared: .* for root alone'
  rm -rf scaphandre host
else
  [ -z "${VM_ENERGY_NO_SKIP:-}" ] || check "another user can run the tool" false
fi

# --- clocks that differ, and a VM that is called as the tree is --------------------------------------------------------------
vm web-1 5 '1 hour'
check_story 'now=$((${now%.*} - 3600)); every 4 web-1=4' --duration 3
check "clocks: status 1" exits 1
check "clocks: said" finding web-1 WARNING '.*updated .*the times of its file are 1\.0 h behind this clock'
rm -r scaphandre
vm . 7000000 '1 hour'
host 0 5
counters='host/*/energy_uj' check_story 'every 4 scaphandre=80 web-1=5; host 0 $((n * 25000000))' --json
check "a VM called scaphandre is one" same good "$(jq -r --arg path "scaphandre/scaphandre/intel-rapl:0/energy_uj" \
  '.findings[] | select(.path == $path) | .verdict' out)"
check "a passing process: a note" same '["passed","NOTE"]' "$(jq -c --arg path "scaphandre/intel-rapl:0/energy_uj" \
  '.findings[] | select(.path == $path) | [.verdict, .level]' out)"
check "a passing process: status 0" exits 0
check "a passing process is no reason to watch longer" same host-agrees "$(of host)"
rm -r scaphandre host

# --- in a guest, without options -----------------------------------------------------------------------------------------------
cat >guest.sh <<'END'
mount -t tmpfs guest /var && mkdir -p /var/scaphandre || exit 99
"$2" --root /var --period 1 --jitter 0 --duration 30 scaphandre=const:80 >writer.log 2>&1 &
until grep -qs ready writer.log; do sleep 0.1; done
"$1" list --json >list.json
"$1" check
status=$?
kill $!
wait
printf '5\n' >/var/scaphandre/intel-rapl:0/energy_uj
touch -d '1 hour ago' /var/scaphandre/intel-rapl:0/energy_uj
"$1" check --duration 0.1 >dead
exit $status
END
run unshare --user --map-root-user --mount bash guest.sh "$tool" "$simwriter"
if [ "$status" -ne 1 ] || grep -q VM_ENERGY out; then
  check "guest: status 0" exits 0
  check "guest: it is found, and has the name of the guest" same "[\"$(uname -n)\",\"/var/scaphandre/intel-rapl:0/energy_uj\"]" \
    "$(jq -c '.vms[0] | [.label, .path]' list.json)"
  check "guest: well" grep -qE "^OK +$(uname -n) +[0-9.]+ W, updated every" out
  check "guest: not compared" finding host NOTE 'not compared: a guest does not see the counters of its host'
  check "guest: the host's advice is not given" same $'dead:0\nout:0' \
    "$(grep -cE 'virsh|printf|modprobe|pgrep' dead out)"
  check "guest: its own is" grep -q -- '-> mount the share read-only, .*; tell whoever runs the host' dead
else
  [ -z "${VM_ENERGY_NO_SKIP:-}" ] || check "a mount namespace can be made" false
fi

# --- nothing found, wrong usage, nobody reads -------------------------------------------------------------------------------
run "$tool" check --files "$all" --host-counter "$none" --duration 0.1
check "nothing: status 2" exits 2
check "nothing: the first line" first_line CRITICAL "search: no counter found in 'scaphandre/\*/intel-rapl:0/energy_uj'; 0 VMs, power unknown" U
check "nothing: next step" grep -qF -- "-> start Scaphandre's qemu exporter (scaphandre qemu), or name the counters" out
run "$tool" check --files "$all" --host-counter "$none" --json --duration 0.1
check "nothing, json" same '["search","search",null,"nothing"]' "$(jq -c '.findings[0] | [.subject, .label, .path, .verdict]' out)"
if on_new_host true; then
  run on_new_host "$tool" check --host-counter "$none" --duration 0.1
  check "nothing: where Scaphandre writes" grep -qF "'/var/lib/libvirt/scaphandre/*/intel-rapl:0/energy_uj' and '/var/lib/scaphandre/*/energy_uj'" out
fi
for arguments in "--bogus" "stray" "--duration 0" "--host-counter=" "--files"; do
  # shellcheck disable=SC2086 # words on purpose
  run "$tool" check $arguments
  check "wrong usage, $arguments: status 3" exits 3
  check "wrong usage, $arguments: nothing on standard output" is_empty out
done
vm web-1 5 '1 hour'
if [ -c /dev/full ]; then
  for json in "" --json; do
    # shellcheck disable=SC2086
    "$tool" check --files "$all" --host-counter "$none" --duration 0.1 $json >/dev/full 2>err
    status=$?
    check "full device $json: status 3" exits 3
    check "full device $json: the message" says err 'vm_energy: unable to write to standard output: No space left on device'
  done
fi
finish
