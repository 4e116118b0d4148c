#!/bin/bash
# The simulated writer does what Scaphandre's exporter does, and its truth adds up.
set -u
export LC_ALL=C
simwriter=${abs_top_builddir:-$PWD}/tests/sim/simwriter
work=$(mktemp -d "${TMPDIR:-/tmp}/simwriter.XXXXXX") || exit 1
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
root=$work/scaphandre
failures=0
check() {
  local what=$1
  shift
  "$@" && echo "ok: $what" && return
  echo "FAILED: $what"
  failures=$((failures + 1))
}
counter() { cat "$root/$1/intel-rapl:0/energy_uj"; }
truth() { awk -F, -v vm="$1" -v n="$2" '$3 == vm { v = $n } END { print v }' "$work/truth.csv"; }
equal() { [ "$1" = "$2" ] || { echo "  '$1', expected '$2'" && false; }; }
same_within() { awk -v a="$1" -v b="$2" -v most="$3" 'BEGIN { d = a - b; exit !((d < 0 ? -d : d) <= most) }'; }

"$simwriter" --root "$root" --period 0.1 --jitter 0.02 --duration 1.5 --truth "$work/truth.csv" \
  a=const:100,starts=1000 i=idle d=const:10,dies@0.5 r=const:10,resets@0.7 'odd,"name"=const:1' \
  l=const:5,appears@0.6 v=const:5,vanishes@0.8 u=const:5,unreadable s=sine:10:5:1 >"$work/out"
check "it ends by itself" equal $? 0
check "it says when all is written once" equal "$(cat "$work/out")" ready
check "the layout is Scaphandre's" test -f "$root/a/intel-rapl:0/energy_uj" -a -d "$root/a/intel-rapl:0:0"
check "there is nothing in intel-rapl:0:0" equal "$(ls -A "$root/a/intel-rapl:0:0")" ""
check "the number has no newline" equal "$(counter a | wc -l)" 0
check "the file says what the truth says" equal "$(counter a)" "$(truth a 4)"
check "100 W add up" same_within "$(truth a 4)" "$(truth a 5 | awk '{ printf "%.0f", 1000 + $1 * 1e6 }')" 1
check "the power told is 100 W" equal "$(truth a 6)" 100.000000
check "an idle VM is rewritten with the same number" equal "$(awk -F, '$3 == "i" { print $4 }' "$work/truth.csv" | sort -u | wc -l)" 1
check "... at a new time" test "$root/i/intel-rapl:0/energy_uj" -nt "$root/d/intel-rapl:0/energy_uj"
check "the modification time is that of the update" \
  same_within "$(stat -c %.6Y "$root/a/intel-rapl:0/energy_uj")" "$(truth a 1)" 0.05
check "a VM that dies is no longer written" test "$(truth d 7)" -lt "$(truth a 7)"
check "a reset falls to 0" grep -q ',r,0,' "$work/truth.csv"
check "a VM appears later" test "$(truth l 7)" -lt "$(truth a 7)" -a -f "$root/l/intel-rapl:0/energy_uj"
check "a VM vanishes" test ! -e "$root/v" -a "$(truth v 7)" -gt 1
check "an unreadable file has no mode" equal "$(stat -c %a "$root/u/intel-rapl:0/energy_uj")" 0
check "odd names are quoted in the truth" grep -qF ',"odd,""name""",' "$work/truth.csv"

before=$(counter a)
"$simwriter" --root "$root" --period 0.1 --duration 0.3 a=const:100 >/dev/null
after=$(counter a)
check "the number survives a restart" test "$after" -gt "$before"
check "what was drawn meanwhile is not counted" test $((after - before)) -lt 60000000

# A hole of 20 ms in each 20 ms: a tight reader must meet it.
"$simwriter" --root "$root" --period 0.02 --jitter 0 --hole 20000 --duration 1 h=const:1 >/dev/null &
sleep 0.2
empty=0
while [ "$empty" -eq 0 ] && kill -0 $! 2>/dev/null; do
  [ -s "$root/h/intel-rapl:0/energy_uj" ] || empty=1
done
wait $!
check "the file is empty between truncate and write" equal "$empty" 1

"$simwriter" --root "$root/flat" --layout flat --factor 0.2 --period 0.1 --duration 0.35 --truth "$work/flat.csv" \
  a=const:100,starts=0 --clean >/dev/null
check "the flat layout cleans up after itself" test ! -e "$root/flat"
check "a factor counts that much of the truth" awk -F, 'END { exit !($4 > 0 && ($4 / 1e6 - $5 * 0.2) ^ 2 < 1e-9) }' "$work/flat.csv"

for bad in "" "--root $root" "--root $root a" "--root $root a=const" "--root $root a=sine:1:2:3" "--root $root a=idle,flies@3" \
  "--root $root --period x a=idle" "--root $root --layout round a=idle" "--colour a=idle"; do
  # shellcheck disable=SC2086 # words on purpose
  "$simwriter" $bad >/dev/null 2>"$work/err"
  check "usage error: '$bad'" equal "$? $(test -s "$work/err" && echo told)" "2 told"
done
[ "$failures" -eq 0 ]
