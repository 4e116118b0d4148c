#!/bin/bash
# Help, version, and each way to use the tool wrongly: what is said, and exit status 2.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"

counter vm-001 1000
mkdir empty
mkfifo fifo
# shellcheck disable=SC2034 # for the rows
good=vms/vm-001/energy_uj

for text in "--help" "-h" "help" "ts --help" "once --help" "run --help" "list --help" "check --help" "top --help" "report --help" "compare --help" "plot --help" "help ts" "ts -h" "ts --files x --help"; do
  # shellcheck disable=SC2086 # words on purpose
  run "$tool" $text
  check "'$text': status 0" exits 0
  check "'$text': on standard output" grep -q '^Usage: vm_energy' out
  check "'$text': nothing on standard error" is_empty err
  check "'$text': fits into 100 columns" awk 'length > 100 { print; bad = 1 } END { exit bad }' out
done
for text in "--version" "-V" "ts --version" "once -V"; do
  # shellcheck disable=SC2086
  run "$tool" $text
  check "'$text'" says out 'vm_energy [0-9]+\.[0-9]+\.[0-9]+'
  check "'$text': status 0" exits 0
done
run "$tool"
check "nothing asked: status 2" exits 2
check "nothing asked: usage on standard error" grep -q '^Usage: vm_energy' err
check "nothing asked: nothing on standard output" is_empty out

# arguments | the message
while IFS='|' read -r arguments message; do
  eval "set -- $arguments"
  run "$tool" "$@" </dev/null
  check "$arguments: status 2" exits 2
  check "$arguments: says '$message'" grep -qxF "vm_energy: $message" err
  check "$arguments: nothing on standard output" is_empty out
  check "$arguments: nothing made" test ! -e csv
done <<'ROWS'
tss|unknown command 'tss'
--bogus|unknown option '--bogus'
ts --bogus|unknown option '--bogus'
ts -x|unknown option '-x'
ts stray|unexpected argument 'stray': paths follow --files
once --files $good -d 1 stray|unexpected argument 'stray': paths follow --files
ts --files|option '--files' needs a value: PATH...
ts --files --interval 1|option '--files': '--interval' is an option, and a path was expected
ts --files ""|option '--files': '' is no path
ts --files missing|'missing' is no counter file: No such file or directory
ts --files $good missing|'missing' is no counter file: No such file or directory
ts --files vms/vm-001|'vms/vm-001' is no counter file: it is a directory, and the energy_uj file in it was expected
ts --files fifo|'fifo' is no counter file: it is no regular file
ts --files 'nothing/*/energy_uj'|no file matches 'nothing/*/energy_uj'
once --files missing|'missing' is no counter file: No such file or directory
ts --files $good -i 0|option '--interval': '0' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good -i -1|option '--interval': '-1' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good -i nan|option '--interval': 'nan' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good -i inf|option '--interval': 'inf' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good -i ""|option '--interval': '' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good -i 1x|option '--interval': '1x' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good -i 1e30|option '--interval': '1e30' is more than ten years
ts --files $good -n 0|option '--count': '0' is no whole number from 1 up
ts --files $good -n -5|option '--count': '-5' is no whole number from 1 up
ts --files $good -n 1.5|option '--count': '1.5' is no whole number from 1 up
ts --files $good -n ten|option '--count': 'ten' is no whole number from 1 up
ts --files $good --smooth -1|option '--smooth': '-1' is no whole number of samples from 0 (off) to 86400
ts --files $good --scale 0|option '--scale': '0' is no factor above 0 and at most 1e9, such as 5
ts --files $good --scale x|option '--scale': 'x' is no factor above 0 and at most 1e9, such as 5
ts --files $good --max-power 0|option '--max-power': '0' is no number of watts above 0 and at most 1e9, such as 500
once --files $good --max-power inf|option '--max-power': 'inf' is no number of watts above 0 and at most 1e9, such as 500
run --files $good --max-power x|option '--max-power': 'x' is no number of watts above 0 and at most 1e9, such as 500
list --files $good --max-power 5|unknown option '--max-power'
ts --files $good --time-base fast|option '--time-base': 'fast' is no time base: sample, update or auto
ts --files $good --stale-timeout 0|option '--stale-timeout': '0' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
ts --files $good --out dir/|option '--out': 'dir/' has no file name at its end, such as power.csv
ts --files $good --out x/marks.csv|option '--out': 'x/marks.csv' is the name of a file that ts itself writes beside the capture
ts --files $good --out run.json|option '--out': 'run.json' is the name of a file that ts itself writes beside the capture
ts --files $good --out updates.dat|option '--out': 'updates.dat' is the name of a file that ts itself writes beside the capture
ts --files $good --out .run.json.new|option '--out': '.run.json.new' is the name of a file that ts itself writes beside the capture
ts --files $good --out ./.run.json.new --separate-files|option '--out': './.run.json.new' is the name of a file that ts itself writes beside the capture
ts --files $good --out ..|option '--out': '..' has no file name at its end, such as power.csv
ts --files $good --out-dir ""|option '--out-dir': '' is no directory
ts --files $good --long --separate-files|option '--separate-files' does not go with '--long'
ts --files $good --separate-files --long|option '--long' does not go with '--separate-files'
ts --files $good --quiet=yes|option '--quiet' takes no value
once --files $good -d 0|option '--duration': '0' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
list --files missing|'missing' is no counter file: No such file or directory
list --files 'nothing/*/energy_uj'|no file matches 'nothing/*/energy_uj'
list --files $good -d 0|option '--duration': '0' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
list --files $good --time-base auto|unknown option '--time-base'
top --files missing|'missing' is no counter file: No such file or directory
top --files $good -i 0|option '--interval': '0' is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d
top --files $good -n 0|option '--count': '0' is no whole number from 1 up
top --json|unknown option '--json'
list stray|unexpected argument 'stray': paths follow --files
report|no capture to report on: name a CSV file, or the directory of a run
report ""|'' is no path
plot|no capture to draw: name a CSV file, or the directory of a run
plot --stacked=yes x|option '--stacked' takes no value
plot --stacked --bounds x|option '--bounds' does not go with '--stacked'
plot --bounds --stacked x|option '--stacked' does not go with '--bounds'
plot --power recorded --bounds x|option '--bounds' does not go with '--power recorded'
plot --bounds --power recorded x|option '--power': 'recorded' does not go with '--bounds'
report --group-by '(x{99}{99}{99})' x|option '--group-by': '(x{99}{99}{99})' repeats too much
plot --group-by web x|option '--group-by': 'web' has no part in parentheses, which is the group's name, as in '^(web|db)-'
plot --out|option '--out' needs a value: FILE
report missing.csv|'missing.csv' is no capture: No such file or directory
report --files missing|unknown option '--files'
report --json --csv x|option '--csv' does not go with '--json'
report --csv --json x|option '--json' does not go with '--csv'
report --gco2-per-kwh -1 x|option '--gco2-per-kwh': '-1' is no number of 0 or more, and no path
report --gco2-per-kwh nan x|option '--gco2-per-kwh': 'nan' is no number of 0 or more, and no path
report --price-per-kwh "" x|option '--price-per-kwh': '' is no number of 0 or more, and no path
report --price-per-kwh cheap x|unable to read 'cheap': No such file or directory
report --scale 0 x|option '--scale': '0' is no factor above 0 and at most 1e9, such as 5
once --files $good --interval 1|unknown option '--interval'
ROWS

run "$tool" ts --files $'bad\e31m\nname'
check "a path is printed so that it harms no terminal" grep -qxF "vm_energy: 'bad_31m_name' is no counter file: No such file or directory" err

run "$tool" once --help
check "help: units of a time" says out 'TIME is a number of seconds, or has a unit: .*, 5min, .*1d\.'
run "$tool" report --help
check "help: no time, no units" test "$(grep -c TIME out)" -eq 0

# --- the manual has each option of --help, and no other -----------------------------------------------------------------
manual=$srcdir/standalone/vm_energy.1
for command in ts once run list check top report compare plot; do
  "$tool" "$command" --help
done | grep -oE -- '^ +(-[a-zA-Z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort -u >in_help
grep -E '^\.It Fl' "$manual" | grep -oE 'Fl Fl [a-z0-9-]+' | sed 's/Fl Fl /--/' | sort -u >in_manual
check "the options of --help are those of the manual" diff in_help in_manual
check "there are options at all" test "$(wc -l <in_help)" -gt 10
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort >in_help
sed -n 's/^\.Ss vm_energy //p' "$manual" | sort >in_manual
check "the commands of --help are those of the manual" diff in_help in_manual
if [ "${MANDOC:-no}" != no ]; then
  for page in "$manual" "$srcdir/plugin/collectd-vm_energy.5"; do
    check "mandoc finds no fault in ${page##*/}" mandoc -T lint -W warning "$page"
  done
fi
finish
