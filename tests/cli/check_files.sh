#!/bin/bash
# report and plot: files as people have them: appended, edited, sorted, copied, converted, of clocks that were set.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

t0=1795536000 # 2026-11-24 16:00:00 UTC
rows() { # from to [joules at from]: wide rows of VM a, 100 W each second, from one time to the other
  awk -v t=$t0 -v from="$1" -v to="$2" -v j="${3:-}" 'BEGIN { if (j == "") j = from * 100
    for (i = from; i <= to; i++) print t + i "," (j + (i - from) * 100) * 1e6 ",100.000000" }' CONVFMT=%.0f OFMT=%.0f
}
watts() { # from to: the same without a counter
  rows "$@" | cut -d, -f1,3
}
head_a="ts,a_energy_uj,a_power_w"
head_p="ts,a_power_w"
# Numbers as jq computes them: from 1.7 on it repeats one that it read as it is written there, 1.0.
captured() { # filter [file]: of the only capture, as text
  jq -r "walk(if type == \"number\" then . + 0 else . end) | .captures[0] | $1" "${@:2}"
}
# what the capture says: energy, low, high, duration, of VM or total
figures() { # [jq filter of what to print]
  "$tool" report --json x.csv >out 2>err
  captured "${1:-\"\\(.total.energy_j) \\(.total.energy_low_j) \\(.duration_s)\"}" out
}
case_of() { # what status figures message: of x.csv; message: an extended regular expression, "" for none
  local got
  "$tool" report --json x.csv >out 2>err
  status=$?
  got=$(captured '"\(.total.energy_j * 1e6 | round / 1e6) \(.total.energy_low_j) \(.duration_s)"' out)
  check "$1: figures" same "$3" "$got"
  check "$1: status" exits "$2"
  if [ -n "$4" ]; then
    check "$1: said" grep -qE "^vm_energy: (warning: )?'x\.csv': $4" err
  else
    check "$1: nothing said" is_empty err
  fi
}

# --- tables that follow each other ------------------------------------------------------------------------------------------
{ echo "$head_a" && rows 0 10; } >x.csv
case_of "one table" 0 "1000 900 10" ""
{ echo "$head_a" && rows 0 10 && echo "$head_a" && rows 100 120 50000; } >x.csv
case_of "appended: the same columns" 0 "3000 2800 30" "line 13: another table begins"
check "appended: the mean is that of the time in the tables" same 100 "$(figures '.vms[0].mean_w | round')"
{ echo "$head_a" && rows 0 10 && echo "a_power_w,ts,a_energy_uj" && rows 100 120 7 | awk -F, -v OFS=, '{ print $3, $1, $2 }'; } >x.csv
case_of "appended: another order, another counter" 0 "3000 2800 30" "line 13: another table begins"
{ echo "$head_a" && rows 0 10 && echo "ts,b_energy_uj,b_power_w" && rows 100 120; } >x.csv
case_of "appended: another VM" 0 "3000 2800 30" "line 13: another table begins"
check "appended: another VM: each has its own" same "a 1000 b 2000" "$(figures '.vms | map("\(.label) \(.energy_j)") | join(" ")')"
{ echo "$head_a" && rows 0 10 && echo "ts,label,energy_uj,power_w,state" && rows 100 120 | awk -F, '{ print $1 ",a," $2 "," $3 ",ok" }'; } >x.csv
case_of "appended: long after wide" 0 "3000 2800 30" "line 13: another table begins"
{ echo "ts,label,energy_uj,power_w,state" && rows 0 10 | awk -F, '{ print $1 ",a," $2 "," $3 ",ok" }' && echo "$head_a" && rows 100 120; } >x.csv
case_of "appended: wide after long" 0 "3000 2800 30" "line 13: another table begins"
{ echo "$head_a" && rows 0 10 && echo "$head_p" && watts 100 120; } >x.csv
case_of "appended: without a counter" 0 "3000 null 30" "line 13: another table begins"
{ echo "$head_a" && rows 0 10 && echo "ts,b_energy_uj,b_power_w" && rows 0 10; } >x.csv
case_of "appended: two VMs of one time" 0 "2000 1800 10" "line 13: another table begins"
{ echo "$head_a" && rows 0 10 | head -c -1 && printf '\xef\xbb\xbf%s\n' "$head_a" && rows 100 120; } >x.csv
check "appended: a header follows the last field" grep -q '100.*ts,a_energy_uj' x.csv
case_of "appended: a header follows the last field: that row is skipped" 0 "2900 2700 29" "line 12: the row before the header is cut off and skipped"
{ echo "$head_a" && rows 0 10 && echo "$head_a" && rows 0 10; } >x.csv
case_of "the same run twice" 1 "1000 900 10" "line 14: 11 rows skipped: copied from earlier rows"
{ echo "$head_a" && rows 0 10 && echo "$head_a" && rows 0 20; } >x.csv
case_of "a run, and the same later" 1 "2000 1900 20" "line 14: 11 rows skipped: copied from earlier rows"
{ echo "$head_a" && rows 100 110 && echo "$head_a" && rows 0 10; } >x.csv
case_of "the later run first" 0 "2000 1800 20" "line 13: another table begins"
mkdir marked
{ echo "$head_a" && rows 0 10 && echo "$head_a" && rows 100 120; } >marked/x.csv
printf 'ts,mark\n%d,half\n' $((t0 + 110)) >marked/marks.csv
"$tool" report --json marked >out 2>err
check "appended: phases" same "2000 20, 1000 10" \
  "$(captured '.phases | map("\(.total.energy_j) \(.duration_s)") | join(", ")' out)"

# --- times --------------------------------------------------------------------------------------------------------------------
shifted() { # from to seconds joules: rows whose clock is off
  rows "$1" "$2" | awk -F, -v OFS=, -v s="$3" '{ $1 += s } 1' OFMT=%.0f
}
for step in 2 5 3600; do
  { echo "$head_a" && rows 0 10 && shifted 11 20 -$step; } >x.csv
  case_of "the clock is set back by $step s" 0 "1900 1700 19" "line 13: the time goes back by $((step - 1)) s"
  { echo "$head_p" && watts 0 10 && shifted 11 20 -$step | cut -d, -f1,3; } >x.csv
  case_of "the same without a counter" 0 "1900 null 19" "line 13: the time goes back by $((step - 1)) s"
done
{ echo "$head_a" && shifted 0 5 -$t0 && rows 6 10; } >x.csv
case_of "from 1970" 0 "900 700 9" "line 8: the time jumps by 56\.9 years"
{ echo "$head_p" && shifted 0 5 -$t0 | cut -d, -f1,3 && watts 6 10; } >x.csv
case_of "from 1970, without a counter" 0 "900 null 9" "line 8: the time jumps by 56\.9 years"
{ echo "$head_p" && echo 0,100 && watts 0 10; } >x.csv
case_of "the first row alone is of 1970" 0 "1000 null 10" "line 3: the time jumps by 56\.9 years"
{ echo "$head_a" && rows 0 10 && rows 5 10 && rows 11 20; } >x.csv
case_of "a block is there twice" 1 "2000 1900 20" "line 13: 6 rows skipped: copied from earlier rows"
{ echo "$head_p" && watts 0 10 && watts 5 10 && watts 11 20; } | awk -F, -v OFS=, 'NR > 1 { $2 = 100 + $1 % 7 } 1' OFMT=%.0f >x.csv
sed '13,18d' x.csv >y.csv && want=$("$tool" report --json y.csv | captured .total.energy_j)
case_of "a block is there twice, without a counter" 1 "$want null 20" "line 13: 6 rows skipped: copied from earlier rows"
{ echo "$head_a" && rows 0 10 && rows 11 15 | sed "s/^[0-9]*/$((t0 + 10))/" && rows 16 20; } >x.csv
case_of "the time stands still, then goes on" 0 "2000 1900 20" "line 13: the time stands still"
{ echo "$head_p" && watts 0 9 && watts 100 109; } >x.csv
case_of "a hole without a counter is not filled" 0 "1800 null 109" "line 12: no row for 91 s before it"
{ echo "$head_a" && rows 0 9 && rows 100 109; } >x.csv
case_of "a hole: the counter knows" 0 "10900 10800 109" ""
{ echo "$head_p" && watts 0 5 && watts 7 9 && watts 11 20; } >x.csv
case_of "a missed tick is no hole" 0 "2000 null 20" ""
{ echo "$head_a" && rows 0 9 && rows 300000 300009; } >x.csv
case_of "a run days later, without a header" 0 "1800 1600 18" "line 12: the time jumps by 3\.5 days"
{ echo "$head_a" && rows 0 20 | tac; } >x.csv
check "the newest row first: nothing is known" same "null null 0" "$(figures)"
check "the newest row first: said" grep -qE "'x\.csv': line 3: the time goes back by 1 s \(first of 20 times\)" err
{ echo ts,label,energy_uj,power_w && for vm in a b; do rows 0 10 | sed "s/,/,$vm,/"; done; } >x.csv
case_of "long, by VM" 0 "2000 1800 10" ""
{ echo ts,label,energy_uj,power_w && for part in "0 10" "5 10" "11 20"; do
  # shellcheck disable=SC2086 # two numbers
  rows $part | awk -F, '{ print $1 ",a," $2 "," $3; print $1 ",b," $2 "," $3 }'; done; } >x.csv
case_of "long, a block is there twice" 1 "4000 3800 20" "line 24: "

# --- quotes, cells, numbers --------------------------------------------------------------------------------------------------
for bad in "$((t0 + 5)),\"500000000,100" "\"$((t0 + 5)),500000000,100"; do
  { echo "$head_a" && rows 0 4 && echo "$bad" && rows 6 10; } >x.csv
  case_of "a quote that is not closed: $bad" 1 "1000 900 10" "line 7 is skipped: a quote in it is not closed$"
done
{ printf '"ts","a\nb_energy_uj","a\nb_power_w"\n' && rows 0 4 && echo bad && rows 5 10; } >x.csv
case_of "lines in quotes count" 1 "1000 900 10" "line 9 is skipped: it has 1 field, not 3"
for cell in None null N/A "<NA>" - inf "#DIV/0!" x -2 "1 000" 0x10; do
  { echo "ts,a_energy_uj,a_power_w,b_energy_uj,b_power_w" &&
    rows 0 10 | awk -F, -v c="$cell" '{ print $0 "," (NR == 6 ? c "," c : $2 "," $3) }'; } >x.csv
  case_of "a cell of one VM is '$cell'" 1 "2000 1800 10" "line 7: a cell is skipped \(first of 2 times\): '"
  check "the other VM keeps its row" same "11 0, 11 1" "$(figures '.vms | map("\(.samples) \(.samples * .empty_share | round)") | join(", ")')"
done
{ echo "$head_a" && rows 0 10 | awk -F, '{ printf "%s,%.18e,%s\n", $1, $2, $3 }'; } >x.csv
case_of "numbers in scientific form, with all digits" 0 "1000 900 10" ""
{ echo "$head_a" && rows 0 10 | awk -F, '{ printf "%s,%.5E,%s\n", $1, 1795463412345 + $2, $3 }'; } >x.csv
check "rounded numbers: no energy" same "null null 10" "$(figures)"
check "rounded numbers: said why" grep -qE "'x\.csv': line 2: a cell is skipped \(first of 11 times\): '1\.79546E\+12' was rounded: its digits do not reach 1 uJ" err
iso() { # format offset
  { echo "$head_a" && rows 0 10 | awk -F, -v OFS=, -v f="$1" '{ $1 = strftime(f, $1, 1) } 1'; } >x.csv
}
if awk 'BEGIN { exit strftime("%Y", 0, 1) != 1970 }' 2>/dev/null; then
  for format in '%Y-%m-%dT%H:%M:%SZ' '%Y-%m-%d %H:%M:%S' '%Y-%m-%dT%H:%M:%S.000000+00:00'; do
    iso "$format"
    case_of "time stamps as $format" 0 "1000 900 10" ""
    check "time stamps as $format: the start" same $t0 "$(figures .start)"
  done
fi
{ echo "$head_a" && rows 0 10 && echo ,, && echo ',,'; } >x.csv
case_of "empty rows of a spreadsheet" 0 "1000 900 10" ""
{ printf '\xef\xbb\xbf' && { echo "$head_a" && rows 0 10; } | sed 's/$/\r/'; } >x.csv
case_of "a byte order mark, and CRLF" 0 "1000 900 10" ""
{ echo "$head_a" && rows 0 10; } | tr '\n' '\r' >x.csv
case_of "CR alone" 0 "1000 900 10" ""
{ echo sep=, && echo "$head_a" && rows 0 10; } >x.csv
case_of "sep=," 0 "1000 900 10" ""

# --- what is refused, and the command that helps -------------------------------------------------------------------------------
{ echo "$head_a" && rows 0 10; } >plain.csv
refused() { # what message: x y.csv is refused so, and its command works
  run "$tool" report "x y.csv"
  check "$1: status 1" exits 1
  check "$1: nothing printed" is_empty out
  check "$1: said" grep -qF "vm_energy: 'x y.csv' is no capture: $2" err
  sed -n 's/.*read it with: //p' err | sed "s|vm_energy report|$tool report --json|" >help.sh
  check "$1: its command works" same "1000 10" "$(bash ./help.sh 2>&1 | captured '"\(.total.energy_j) \(.duration_s)"' 2>&1)"
}
gzip -c plain.csv >"x y.csv"
refused gzip "it is compressed by gzip; read it with: zcat 'x y.csv' | vm_energy report -"
iconv -f UTF-8 -t UTF-16 plain.csv >"x y.csv"
refused UTF-16 "it is UTF-16; read it with: iconv -f UTF-16 -t UTF-8 'x y.csv' | vm_energy report -"
iconv -f UTF-8 -t UTF-16LE plain.csv >"x y.csv"
refused "UTF-16 without a mark" "it is UTF-16; read it with: iconv -f UTF-16LE -t UTF-8 'x y.csv' | vm_energy report -"
tr , ';' <plain.csv >"x y.csv"
refused "semicolons" "its columns are separated by ';', not commas; read it with: sed "
tr , '\t' <plain.csv >"x y.csv"
refused "tabs" "its columns are separated by tabs, not commas; read it with: sed "
tr , '|' <plain.csv >"x y.csv"
refused "bars" "its columns are separated by '|', not commas; read it with: sed "
tr ,. ';,' <plain.csv >"x y.csv"
refused "semicolons and decimal commas" "its columns are separated by ';', not commas; read it with: sed "
{ echo "sep=;" && tr ,. ';,' <plain.csv; } >"x y.csv"
refused "sep=;" "its columns are separated by ';', not commas; read it with: sed "
sed 's/^ts/"ts"/; s/,/;/g' plain.csv >"x y.csv"
refused "quoted, with semicolons" "its columns are separated by ';', not commas; read it with: sed "
sed -E 's/,100\.0+$/,"100,000000"/' plain.csv >"x y.csv"
refused "decimal commas in quotes" "its numbers have decimal commas; read it with: sed "
printf 'PK\003\004....' >"x y.csv"
run "$tool" report "x y.csv"
check "a spreadsheet: said" grep -qF "it is a spreadsheet or a ZIP archive; save its table as CSV first" err

# --- standard input -------------------------------------------------------------------------------------------------------------
run "$tool" report --json - < <(cat plain.csv)
check "report -: status 0" exits 0
check "report -: figures" jq -e '.captures[0] | .path == "-" and .total.energy_j == 1000' out
run "$tool" report - <plain.csv
check "report -: text" grep -q '^standard input: 10\.000 s from 2026-11-24' out
run "$tool" report - < <(gzip -c plain.csv)
check "report -: gzip" says err "vm_energy: 'standard input' is no capture: it is compressed by gzip; read it with: zcat \| vm_energy report -"

# --- plot --------------------------------------------------------------------------------------------------------------------
if command -v gnuplot >/dev/null; then
  { echo "$head_p" && shifted 0 5 -$t0 | cut -d, -f1,3 && watts 6 30; } >x.csv
  run "$tool" plot --force -o x.svg x.csv
  check "plot from 1970: drawn from when the clock was set" grep -q '>Power of 1 VM, 2026-11-24 16:00:06 to 16:00:30<' x.svg
  check "plot from 1970: said" grep -qx "vm_energy: warning: samples from before the clock was set, in 1970, are not drawn" err
  check "plot from 1970: status 0" exits 0
  { echo "$head_a" && rows 0 10 && echo "$head_a" && rows 300000 300010; } >x.csv
  run "$tool" plot --force -o x.svg x.csv
  check "plot of runs that are days apart: says why not" grep -q "^vm_energy: nothing to draw: the samples lie too far apart, within 3\.5 days" err
  check "plot of runs that are days apart: status 1" exits 1
  { echo "$head_a" && rows 0 10 && shifted 11 20 -2; } >x.csv
  run "$tool" plot --force -o x.svg x.csv
  check "plot of a clock that was set back: status 0" exits 0
  run "$tool" plot --force -o x.svg - < <(cat plain.csv)
  check "plot -: status 0" exits 0
  check "plot -: drawn" grep -q '>Power of 1 VM, 2026-11-24 16:00:00 to 16:00:10<' x.svg
  mkdir fake
  printf '#!/bin/sh\ncat\n' >fake/gnuplot
  chmod +x fake/gnuplot
  { echo "$head_p" && watts 0 9 && watts 100 109; } >x.csv
  PATH=$work/fake:$PATH run "$tool" plot --force -o x.svg x.csv
  check "plot: a hole without a counter is not filled" same 1 \
    "$(sed -n '/^\$curve0 <</,/^END/p' x.svg | awk -v t=$t0 '$1 > t + 20 && $1 < t + 90 { bad = 1 } NF == 0 { gap = 1 } END { print gap && !bad }')"
fi

# --- a directory ------------------------------------------------------------------------------------------------------------------
mkdir twice
cp plain.csv twice/power.csv
cp plain.csv "twice/power copy.csv"
run "$tool" report --json twice
check "a VM in two files: status 1" exits 1
check "a VM in two files: not added" jq -e '.captures[0] | .total.energy_j == 1000 and (.vms | length) == 1' out
check "a VM in two files: said" grep -qF "vm_energy: 'twice/power.csv': 'a' skipped, already in 'twice/power copy.csv'" err

# --- a counter that only falls ------------------------------------------------------------------------------------------------------
{ echo "$head_a" && rows 0 10 | tac | awk -F, -v OFS=, -v t=$t0 '{ $1 = t + NR; $3 = "" } 1' OFMT=%.0f; } >x.csv
run "$tool" report x.csv
check "a counter that only falls: at least" grep -qE '^  a .*at least 0\.0' out
check "a counter that only falls: resets" says out '  resets: a 10'
check "a counter that only falls: status 0" exits 0

# --- names that are formulas ---------------------------------------------------------------------------------------------------------
{ echo 'ts,=1+1_power_w,@SUM(A1)_power_w,+1_power_w,-1_power_w' && for i in 0 1 2; do echo "$((t0 + i)),1,1,1,1"; done; } >x.csv
run "$tool" report --csv x.csv
check "formulas: report --csv" same "_1+1 _SUM(A1) _1 _1" "$(cut -d, -f3 out | sed "1d;\$d" | paste -sd ' ')"
counter "=1+1" 0
counter "@SUM" 0
counter +1 0
run "$tool" ts --files 'vms/*/energy_uj' -i 0.05 -n 1 --quiet
check "formulas: ts" grep -qE '^ts,_1_[0-9a-f]{8}_energy_uj,_1_[0-9a-f]{8}_power_w,_1\+1_[0-9a-f]{8}_energy_uj,.*,_SUM_[0-9a-f]{8}_energy_uj' "$(csv_file)"
finish
