#!/bin/bash
# Tenants who mean harm, and a real collectd that reads as root what they put into their shares: the others keep exact values,
# nothing that was planted has one, each is told once with its reason, and no content reaches the log.
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require "$collectd" "$collectdctl"
tenant=$builddir/tests/trust/tenant

tree=$work/scaphandre
counter() { # vm: prints the path of its counter, in a directory that is made
  mkdir -p "$tree/$1/intel-rapl:0"
  echo "$tree/$1/intel-rapl:0/energy_uj"
}
odd_names=('%s%n%s' 'a,b' 'quo"te' "apo'strophe" 'equals=1' '$(touch pwned)' '`id`' '-n' '.hidden' 'semi;colon' $'new\nline' $'esc\e[31m'
  $'bad\xff\xfeutf' $'\xe2\x80\xaertl' 'back\slash' ' ' '*' '[a-z]' "$(printf 'x%.0s' {1..255})" 'a/../../escape')
truth=()
for i in "${!odd_names[@]}"; do
  name=${odd_names[i]}
  # "/" cannot be in a name: this one is what stays when a path is not taken apart well
  mkdir -p "$tree/${name//\//_}/intel-rapl:0"
  echo $((7000000 + i)) >"$tree/${name//\//_}/intel-rapl:0/energy_uj"
  truth+=("$((7000000 + i))")
done

# --- what is planted, and what is said of it ------------------------------------------------------------------------------
secret=$work/secret
echo "SECRET-4711" >"$secret"
declare -A reason=()
plant() { # vm reason command...: with {} for the counter
  local vm=$1 file
  reason[$vm]=$2
  shift 2
  file=$(counter "$vm")
  "${@//\{\}/$file}"
}
content() { # vm reason printf-format
  reason[$1]=$2
  # shellcheck disable=SC2059 # a format on purpose
  printf -- "$3" >"$(counter "$1")"
}
kind="is a FIFO, socket or device, not a regular file"
number="is not a decimal number"
link="is or leads through a symbolic link, which is not followed here"
plant fifo "$kind" mkfifo {}
plant socket "$kind" sh -c 'cd "$(dirname "$1")" && "$0" socket energy_uj' "$tenant" {}
plant directory "is a directory" mkdir {}
plant link "$link" ln -s "$secret" {}
plant good-link "$link" ln -s "$tree/good/intel-rapl:0/energy_uj" {}
plant loop "$link" ln -s energy_uj {}
plant hard-link "$number" ln "$secret" {}
plant sparse "is longer than a number can be" truncate -s 1G {}
content noise "$number" 'SECRET\x7fELF\x01\xff\xfe'
content negative "$number" '-5'
content plus "$number" '+5'
content hex "$number" '0x10'
content octal-like "$number" '0o17'
content overflow "is a number above 2^64-1" '18446744073709551616'
content two "$number" '1 2'
content two-lines "$number" '1\n2\n'
content empty "is empty" ''
content white "is empty" ' \n\t'
content nul "$number" '12\0'
content nul-first "$number" '\00012'
content fraction "$number" '1.5'
content exponent "$number" '1e6'
content script "$number" '9\n$(touch pwned)'
content digits-of-another-script "$number" '\xd9\xa3\xd9\xa4'
content overlong "is longer than a number can be" '%080d'
linked=$work/elsewhere/intel-rapl:0
mkdir -p "$linked" "$tree/directory-link"
echo 6666000000 >"$linked/energy_uj"
ln -s "$work/elsewhere" "$tree/vm-link"
ln -s "$linked" "$tree/directory-link/intel-rapl:0"
reason[vm-link]=$link
reason[directory-link]=$link
if [ "$(id -u)" -eq 0 ] && mknod "$(counter device)" c 1 5 2>/dev/null; then
  reason[device]=$kind
  plant block-device "$kind" mknod {} b 7 200
fi
plant overlong-line "$number" sh -c 'yes SECRET | head -c 60 >"$0"' {}

# The same, written out by the operator: a link is followed then, all else is refused as well.
explicit=$work/explicit
mkdir -p "$explicit"/{e-fifo,e-socket,e-link,e-directory/energy_uj,e-sparse,e-secret}
mkfifo "$explicit/e-fifo/energy_uj"
(cd "$explicit/e-socket" && "$tenant" socket energy_uj)
truncate -s 1G "$explicit/e-sparse/energy_uj"
ln -s "$linked/energy_uj" "$explicit/e-link/energy_uj"
ln -s "$secret" "$explicit/e-secret/energy_uj"
declare -A explicit_reason=([e-fifo]=$kind [e-socket]=$kind [e-directory]="is a directory" [e-sparse]="is longer than a number can be"
  [e-secret]="$number" [e-zero]="$kind")
mkdir "$explicit/e-zero" && ln -s /dev/zero "$explicit/e-zero/energy_uj"

# --- the good ones, and those that change while they are looked at ---------------------------------------------------------
start writer "$simwriter" --root "$tree" --period 0.2 --jitter 0.02 --truth "$work/truth.csv" good=const:100 other=const:7.5
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
mkdir -p "$tree"/{swapped,torn}/intel-rapl:0
seconds=6
(cd "$tree/swapped/intel-rapl:0" && exec "$tenant" swap energy_uj "$secret" $((seconds + 2))) >"$work/swaps" 2>&1 &
pids+=($!)
"$tenant" tear "$tree/torn/intel-rapl:0/energy_uj" $((seconds + 2)) >"$work/tears" 2>&1 &
pids+=($!)

# Whoever opens this FIFO for reading lets the shell go on.
sh -c 'echo >"$1" && touch "$2"' - "$tree/fifo/intel-rapl:0/energy_uj" "$work/fifo-was-opened" &
pids+=($!)

daemon_conf 0.1 <<CONF
  File "$tree/*/intel-rapl:0/energy_uj"
  File "$explicit/e-fifo/energy_uj"
  File "$explicit/e-socket/energy_uj"
  File "$explicit/e-directory/energy_uj"
  File "$explicit/e-sparse/energy_uj"
  File "$explicit/e-link/energy_uj"
  File "$explicit/e-secret/energy_uj"
  File "$explicit/e-zero/energy_uj"
  CSVDir "$work/captures"
  StateFile "$work/state"
CONF
daemon_start || { cat "$work/collectd.log" && exit 1; }
sleep $seconds

check "a good VM has its 100 W" value_near vm_energy-good/power 100 1
check "... and another its 7.5 W" value_near vm_energy-other/power 7.5 1
rows=$(cat "$work"/csv/node1/vm_energy-good/energy-* | grep -c '^[0-9]')
check "it was read all the time: $rows of about $((seconds * 10)) reads" test "$rows" -ge $((seconds * 5))
check "each power of it was right" awk -F, 'FNR > 1 && $2 != "nan" { n++; if ($2 < 99 || $2 > 101) { print "  " $0; bad = 1 } } END { exit bad || n < 20 }' \
  "$work"/csv/node1/vm_energy-good/power-*
"$collectdctl" -s "$work/sock" listval | sed 's|^node1/vm_energy-||' >"$work/listed"
check "collectdctl lists them all" test "$(wc -l <"$work/listed")" -gt 20
for vm in "${!reason[@]}"; do
  check "$vm has no value" sh -c '! grep -qE "^$1(_.*)?/" "$2"' - "$vm" "$work/listed"
  check "$vm: one message, with the reason" logged_times 1 "^\[warning\] vm_energy plugin: VM '$vm': '$tree/$vm/intel-rapl:0/energy_uj': ${reason[$vm]//^/\\^}; "
done
for vm in "${!explicit_reason[@]}"; do
  check "$vm has no value" sh -c '! grep -q "^$1/" "$2"' - "$vm" "$work/listed"
  check "$vm: one message, with the reason" logged_times 1 "^\[warning\] vm_energy plugin: VM '$vm': '$explicit/$vm/energy_uj': ${explicit_reason[$vm]}; "
done
check "a link that the operator wrote out is followed" value_near vm_energy-e-link/energy 6666 0.001
check "the FIFO was not opened" test ! -e "$work/fifo-was-opened"

# each odd name has its own value, to the last digit
for uj in "${truth[@]}"; do
  awk -v uj="$uj" 'BEGIN { printf "%.6f\n", uj / 1e6 }'
done | sort >"$work/expected"
while IFS= read -r name; do
  "$collectdctl" -s "$work/sock" getval "node1/vm_energy-$name" 2>/dev/null | sed -n 's/^value=//p' | awk '{ printf "%.6f\n", $1 }'
done < <(sed -n 's|/energy$|/energy|p' "$work/listed" | grep -vE '^(good|other|swapped|torn|e-link)/') | sort >"$work/odd"
check "odd names: each has its own value" diff "$work/expected" "$work/odd"

check "the swapped file had no value but its own" \
  awk -F, '/^[0-9]/ && $2 != "nan" && $2 != 5 { print "  " $0; bad = 1 } END { exit bad }' <(cat "$work"/csv/node1/vm_energy-swapped/energy-* 2>/dev/null)
# it may be torn at each look, and has no value then
check "the torn file never fell" \
  awk -F, '/^[0-9]/ && $2 != "nan" { if ($2 < last || $2 < 1000) { print "  " $0 " after " last; bad = 1 } last = $2 } END { exit bad }' \
  <(cat "$work"/csv/node1/vm_energy-torn/energy-* 2>/dev/null)
check "... and had no power of 0" \
  awk -F, '/^[0-9]/ && $2 != "nan" && $2 <= 0 { print "  " $0; bad = 1 } END { exit bad }' <(cat "$work"/csv/node1/vm_energy-torn/power-* 2>/dev/null)

# --- the tool, in the same house ------------------------------------------------------------------------------------------
tool=$builddir/vm_energy
if [ -x "$tool" ]; then
  (cd "$work" && "$tool" once --files "$tree/*/intel-rapl:0/energy_uj" -d 1 --json) >"$work/once.json" 2>"$work/once.err"
  check "once: status 1, since some have no value" test $? -eq 1
  check "once: one object, of all VMs" test "$(jq '.vms | length' "$work/once.json")" -ge $((${#reason[@]} + ${#truth[@]}))
  check "once: the good VM took energy" jq -e '.vms[] | select(.label == "good") | .energy_j > 40 and .energy_j < 160' "$work/once.json"
  check "once: what was planted did not" jq -e '[.vms[] | select(.label == "fifo" or .label == "noise" or .label == "link") | .energy_j] == [null, null, null]' "$work/once.json"
  (cd "$work" && "$tool" ts --files "$tree/*/intel-rapl:0/energy_uj" -i 0.1 -n 5 --separate-files --out-dir "$work/rows") >"$work/ts.out" 2>"$work/ts.err"
  check "ts: status 1, since some have no value" test $? -eq 1
  check "ts: files are where they belong" test -z "$(find "$work/rows" -mindepth 2 ! -path "$work/rows/run_*/power_*.csv" ! -name run.json ! -name updates.dat)"
  check "once and ts: no content, and nothing that a terminal obeys" \
    sh -c '! LC_ALL=C grep -qaP "SECRET|4711|[\x00-\x08\x0b-\x1f\x7f]" "$@"' - "$work"/{once.json,once.err,ts.out,ts.err}
fi

# --- the log, and what was written --------------------------------------------------------------------------------------------
check "no content is in the log" logged_times 0 "SECRET|4711|ELF|6666"
check "no control characters either" sh -c '! LC_ALL=C grep -qP "[\x00-\x08\x0b-\x1f\x7f]" "$1"' - "$work/collectd.log"
check "... and all of it is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$work/collectd.log"
check "lines are short" test "$(LC_ALL=C wc -L <"$work/collectd.log")" -le 1100
lines=$(grep -c 'vm_energy plugin:' "$work/collectd.log")
check "they are few: $lines" test "$lines" -le $((${#reason[@]} + ${#explicit_reason[@]} + 75))
check "no read took long" logged_times 0 "took ([2-9]|[0-9][0-9]+)[.][0-9]* seconds"
check "nothing was run" test -z "$(find "$work" / -maxdepth 1 -name pwned 2>/dev/null)"
check "captures are where they belong" test -z "$(find "$work/captures" -type f ! -path "$work/captures/run_*/power_*.csv" ! -name run.json ! -name updates.dat; find "$work/captures" ! -type f ! -type d)"
check "... and each has its row" test "$(find "$work/captures" -name 'power_*.csv' -size -10c | wc -l)" -eq 0
check "collectd ends well" stop collectd
check "the state was saved" test -s "$work/state"
check "the swaps and tears went on all the time" awk '$1 < 1000 { print "  " $0; bad = 1 } END { exit bad }' "$work/swaps" "$work/tears" /dev/null

# --- VMs that come and go, ten thousand at a time --------------------------------------------------------------------------------
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; } # of what was started last
descriptors() { find "/proc/$pid/fd" | wc -l; }
rm -rf "$work/csv" "${tree:?}"
mkdir "$tree"
echo 5000000 >"$(counter steady)"
daemon_conf 0.2 <<<"  File \"$tree/*/intel-rapl:0/energy_uj\""
sed -i '/^LoadPlugin csv/d; /^<Plugin csv>/,/^<\/Plugin>/d' "$work/collectd.conf"
daemon_start || { cat "$work/collectd.log" && exit 1; }
many=${VM_ENERGY_MANY:-10000}
rss_before=$(rss) descriptors_before=$(descriptors)
"$tenant" churn "$tree" "$many" "${VM_ENERGY_CHURN_S:-6}" >"$work/churn" || cat "$work/churn"
sleep 1
rss_after=$(rss) descriptors_after=$(descriptors)
check "$many VMs came and went: $(cat "$work/churn") times" test "$(cat "$work/churn")" -ge 1
# for those that are there and those that went, of us and of collectd; that no more is kept of more, check_plugin knows.
# AddressSanitizer keeps what was freed for a while, on purpose
[ -n "${VM_ENERGY_PRELOAD:-}" ] ||
  check "memory: $rss_before KiB, then $rss_after KiB" test "$rss_after" -le $((rss_before * 5 / 4 + many * 6))
# a pass may be under way
check "descriptors: $descriptors_before, then $descriptors_after" test "$descriptors_after" -le $((descriptors_before + 3))
lines=$(grep -c 'vm_energy plugin:' "$work/collectd.log")
check "few lines: $lines" test "$lines" -le 70
echo 5000000 >"$(counter steady)" # on a busy machine it has become stale meanwhile
check "the one that stayed has its value" wait_for value_near vm_energy-steady/energy 5 0.001
check "collectd ends well" stop collectd
finish
