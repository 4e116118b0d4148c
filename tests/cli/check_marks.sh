#!/bin/bash
# ts: marks.csv, from standard input and from SIGUSR1.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"

counter vm-001 1000000
ts=("$tool" ts --files vms/vm-001/energy_uj -i 0.05)
names() { # the marks of marks.csv, without their times
  tail -n +2 csv/run_*/marks.csv | cut -d, -f2- | paste -sd '|'
}

# --- words before Enter -----------------------------------------------------------------------------------------------------
mkfifo typed
exec 9<>typed
# shellcheck disable=SC2016 # the story's own $n
run_story 'case $n in 4) echo warm-up ;; 10) printf "lo" ;; 12) printf "ad\nidle\n" ;; 16) echo ;; esac >typed' \
  "${ts[@]}" --manual-stop <&9
marks=$(echo csv/run_*/marks.csv)
check "manual stop: ends with Enter, status 0" exits 0
check "manual stop: marks" same "warm-up|load|idle" "$(names)"
check "manual stop: header" same "ts,mark" "$(head -n 1 "$marks")"
check "manual stop: the file is named" says out "wrote csv/run_[0-9_]+/marks\.csv, 3 marks"
check "manual stop: a message for each mark" says err "vm_energy: marked 'warm-up'"
check "manual stop: times with milliseconds, in order" awk -F, 'NR > 1 { if ($1 !~ /^[0-9]+\.[0-9][0-9][0-9]$/ || $1 + 0 < last) exit 1; last = $1 + 0 }' "$marks"
check "manual stop: they lie among the rows" awk -F, 'FNR == 1 { n++ } n == 1 && FNR == 2 { mark = $1 } n == 2 && FNR > 1 { before += $1 <= mark; behind += $1 > mark } END { exit !(before == 3 && behind == 12) }' "$marks" "$(csv_file)"
rm -r csv

mkfifo held
sh -c 'echo one line && exec sleep 60' >held &
pids+=($!)
run_story "case \$n in 3) kill $!; while [ -e /proc/$!/fd/1 ]; do sleep 0.01; done ;; esac" "${ts[@]}" --manual-stop <held
check "end of input behind a mark: status 0" exits 0
check "end of input behind a mark: kept" same "one line" "$(names)"
rm -r csv

# --- without manual stop: only where asked for -----------------------------------------------------------------------------------
(echo first && echo && echo 'third, "quoted"' && printf 'bad\033[31m\377') >lines
{ run_story : "${ts[@]}" -n 5 --marks && cat >rest; } <lines
check "marks: status 0 after all samples" exits 0
check "marks: all rows" same 5 "$(rows "$(csv_file)")"
check "marks: Enter alone is one with a number, others are quoted and harmless" same 'first|mark 2|"third, ""quoted"""|bad_[31m_' "$(names)"
check "marks: whole" test "$(wc -l <csv/run_*/marks.csv)" -eq 5
check "marks: the input was read" is_empty rest
rm -r csv
run bash -c 'printf "a\nb\n" | while read -r line; do echo "$line" >>others; "$@"; done' - "${ts[@]}" -n 2
check "no marks asked for: the input is left for others" same "a b" "$(paste -sd ' ' others)"
check "no marks asked for: no file" test -z "$(find csv -name marks.csv)"
rm -r csv
run_story : "${ts[@]}" -n 2 --marks <&-
check "marks, and no standard input: status 0" exits 0
rm -r csv

# --- SIGUSR1 -------------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
run_story 'case $n in 5 | 9) kill -USR1 $PPID ;; esac' "${ts[@]}" -n 30 -i 0.1 --quiet
check "SIGUSR1: all samples, status 0" exits 0
check "SIGUSR1: rows" same 30 "$(rows "$(csv_file)")"
check "SIGUSR1: a mark each" same "mark 1|mark 2" "$(names)"
check "SIGUSR1: quiet" test ! -s err -a "$(wc -l <out)" -eq 1
rm -r csv

# --- what goes wrong ---------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
run_story 'case $n in 3) mkdir "$(echo csv/run_*)/marks.csv" && echo late >typed ;; esac' "${ts[@]}" -n 20 --marks <&9
check "no marks.csv can be made: status 1" exits 1
check "no marks.csv can be made: the message" says err "vm_energy: unable to write to 'csv/run_[0-9_]+/marks\.csv': File exists; a mark is lost"
check "no marks.csv can be made: the rows are there" same 20 "$(rows "$(csv_file)")"
rm -r csv
# a flood of marks keeps no sample from being taken
run bash -c 'yes | "$@" -n 10 --marks --quiet' - "${ts[@]}"
check "flood: most rows" test "$(rows "$(csv_file)")" -ge 5
finish
