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

umask 0
"$simwriter" --root "$root" --period 0.1 --duration 2 --truth "$work/truth.csv" \
  a=const:100,starts=1000 i=idle d=const:10,dies@0.8 r=const:10,resets@0.7 'odd,"name"=const:1' \
  l=const:5,appears@0.6 v=const:5,vanishes@1 u=const:5,unreadable s=sine:10:5:1 >"$work/out"
check "it ends by itself" equal $? 0
check "it says when all is written once" equal "$(cat "$work/out")" ready
check "the layout is Scaphandre's" test -f "$root/a/intel-rapl:0/energy_uj" -a -d "$root/a/intel-rapl:0:0"
check "there is nothing in intel-rapl:0:0" equal "$(ls -A "$root/a/intel-rapl:0:0")" ""
check "the file has mode 0666" equal "$(stat -c %a "$root/a/intel-rapl:0/energy_uj")" 666
check "the number has no newline" equal "$(counter a | wc -l)" 0
check "the file says what the truth says" equal "$(counter a)" "$(truth a 4)"
check "100 W add up" same_within "$(truth a 4)" "$(truth a 5 | awk '{ printf "%.0f", 1000 + $1 * 1e6 }')" 1
check "the power told is 100 W" equal "$(truth a 6)" 100.000000
first_of() { awk -F, -v vm="$1" -v n="$2" '$3 == vm { print $n; exit }' "$work/truth.csv"; }
check "the first number is 0" equal "$(first_of d 4)" 0
check "... that of a VM that appears later too" equal "$(first_of l 4)" 0
check "... or what a test asks for" equal "$(first_of a 4)" 1000
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

# --- a start, and one more -----------------------------------------------------------------------------------------------
begin() { # period, more options...: starts it in the background, with two VMs
  rm -rf "$root" "$work/truth.csv"
  again "$@"
}
again() {
  "$simwriter" --root "$root" --period "$1" --truth "$work/truth.csv" "${@:2}" a=const:100 b=const:50 >"$work/out" 2>"$work/err" &
  writer=$!
}
wait_until() { # command...: 10 s at most
  local i
  for ((i = 0; i < 1000; i++)); do
    "$@" && return
    sleep 0.01
  done
  return 1
}
stop() {
  kill "$writer" 2>/dev/null
  wait "$writer"
}
updates() { grep -c ",a,[0-9]" "$work/truth.csv"; }
has_updates() { [ -e "$work/truth.csv" ] && [ "$(updates)" -ge "$1" ]; }

start_s=$(date +%s.%N)
begin 0.3
check "a VM is written" wait_until has_updates 1
check "... in the third pass that sees it, not before" awk -v start="$start_s" -F, 'NR == 2 { exit !($1 - start > 0.59) }' "$work/truth.csv"
wait_until has_updates 3
stop
before=$(counter a)
start_s=$(date +%s.%N)
again 0.3
wait_until has_updates 4
stop
check "after a restart nothing is written for two periods" awk -v start="$start_s" -F, 'NR > 1 && $1 > start { exit !($1 - start > 0.59) }' "$work/truth.csv"
# how long that period was is the machine's choice; it was 0.3 s at least, and so was the one before
check "... then the energy of one period is added" awk -F, -v start="$start_s" -v before="$before" '
  NR > 1 && $1 > start && $3 == "a" { added = ($4 - before) / 1e6; exit !(added > 29 && added < 100 * ($1 - start - 0.29)) }' "$work/truth.csv"

begin 0.1
wait_until has_updates 2
inode=$(stat -c %i "$root/a/intel-rapl:0/energy_uj")
exec 5<"$root/a/intel-rapl:0/energy_uj" # its inode is not given to another file
rm -r "$root/a"
count=$(updates)
wait_until has_updates $((count + 2))
check "a directory that is removed is made again" test -s "$root/a/intel-rapl:0/energy_uj" -a -d "$root/a/intel-rapl:0:0"
check "... with another inode" test "$(stat -c %i "$root/a/intel-rapl:0/energy_uj")" -ne "$inode"
check "... and 0" equal "$(grep -c ',a,0,' "$work/truth.csv")" 2
exec 5<&-
stop

begin 0.1 --wraps 0.55
wait_until has_updates 20
stop
check "a wrap leaves out a pass, and its energy: all of an update is that of its own pass" \
  awk -F, '$3 == "a" { if (t && ($1 - t) * 100 > ($5 - e) * 1.6) skipped++; else if (t) whole++; t = $1; e = $5 }
    END { exit !(skipped >= 2 && whole > skipped) }' "$work/truth.csv"

panics() { # content of a's file
  begin 0.1
  wait_until has_updates 1
  stop
  rm "$work/truth.csv"
  printf "$1" >"$root/a/intel-rapl:0/energy_uj"
  again 0.1 --duration 2
  wait "$writer"
  [ $? -eq 101 ] && grep -q "a/intel-rapl:0/energy_uj' is no number" "$work/err"
}
check "a newline ends the exporter" panics '0\n'
check "an empty file ends the exporter" panics ''
check "... but not 0 alone" eval '! panics 0 && has_updates 3'
check "... which goes on from there" equal "$(grep -c 'no number' "$work/err")" 0

# A hole of 20 ms in each 20 ms: a tight reader must meet it.
rm -rf "$root"
"$simwriter" --root "$root" --period 0.02 --jitter 0 --hole 20000 --duration 1 h=const:1 >/dev/null &
wait_until test -e "$root/h/intel-rapl:0/energy_uj"
empty=0
while [ "$empty" -eq 0 ] && kill -0 $! 2>/dev/null; do
  [ -s "$root/h/intel-rapl:0/energy_uj" ] || empty=1
done
wait $!
check "the file is empty between truncate and write" equal "$empty" 1

"$simwriter" --root "$root/flat" --layout flat --factor 0.2 --period 0.1 --duration 1 --truth "$work/flat.csv" \
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
