#!/bin/bash
# plot: pictures, what stands in them, and that nothing in a capture is run as a command.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require gnuplot

t0=1795536000 # 2026-11-24 16:00:00 UTC
capture() { # vms rows: long, VM n draws 10 * n W
  awk -v vms="$1" -v rows="$2" -v t="$t0" 'BEGIN { print "ts,label,energy_uj,power_w,state"
    for (i = 0; i < rows; i++) for (v = 1; v <= vms; v++) printf "%d,vm-%02d,%d,%.6f,ok\n", t + i, v, i * v * 1e7, v * 10 }'
}
shows() { # picture.svg text: as a whole
  grep -qF ">$2</text>" "$1" || grep -qF "<text><tspan font-family=\"sans-serif\" >$2</tspan></text>" "$1"
}
texts() { # picture.svg: all that is written in it
  sed -nE 's/.*<text[^>]*>(<tspan[^>]*>)?([^<]*)<.*/\2/p' "$1"
}

placed() { # picture.svg: x, y, angle and text of all that is written in it, by y, then x
  sed -nE -e '/translate\(/{s/.*translate\(([0-9.]+),([0-9.]+)\)( rotate\((-?[0-9]+)[^)]*\))?.*/\1 \2 0\4/;h}' \
    -e '/<text>/{s/<\/?(text|tspan)[^>]*>//g;s/^[\t ]*//;H;x;s/\n/ /;s/ 0-/ -/;p}' "$1" | sort -k 2,2n -k 1,1n
}
apart() { # picture.svg pattern: texts of this pattern are there, and none touches the next one; a letter has 9 pixels, a line 16
  placed "$1" | grep -E -- "$2" | awk '{ x = $1; y = $2; rotated = $3; $1 = $2 = $3 = ""; wide = rotated ? 16 : 9 * (length($0) - 3) }
    NR > 1 && y - last_y < 16 && y > last_y - 16 && last_end > x { print "  touches the text before: " $0; bad = 1 }
    { last_y = y; last_end = x + wide } END { exit bad || NR < 2 }'
}

# --- pictures ------------------------------------------------------------------------------------------------------------------
capture 3 60 >three.csv
run "$tool" plot three.csv
check "PNG: status 0" exits 0
check "PNG: reported" says out "wrote power\.png"
check "PNG: nothing on standard error" is_empty err
check "PNG: it is one" same "$(printf '\211PNG')" "$(head -c 4 power.png)"
check "PNG: its size" same "1440 720" "$(od -An -t u1 -j 16 -N 8 power.png | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }')"
run "$tool" plot -q three.csv -o dir.d/power.SVG
check "no such directory: status 1" exits 1
check "no such directory: reported" says err "vm_energy: unable to write 'dir\.d/power\.SVG': No such file or directory"
mkdir dir.d
run "$tool" plot -q three.csv -o dir.d/power.SVG
check "SVG: status 0" exits 0
check "SVG: quiet: its path alone" same "dir.d/power.SVG" "$(cat out)"
check "SVG: it is one" grep -q '<svg' dir.d/power.SVG
run "$tool" plot three.csv -o power.pdf
check "PDF: it is one" same "%PDF" "$(head -c 4 power.pdf)"
check "PDF: status 0" exits 0
umask 027
run "$tool" plot three.csv -o mode.svg
check "rights are those of any new file" same 640 "$(stat -c %a mode.svg)"
umask 022

# --- what stands in them: SVG is text ------------------------------------------------------------------------------------------
svg() { # arguments: makes out.svg
  run "$tool" plot --force -o out.svg "$@"
  check "$*: status 0" exits 0
}
svg three.csv
check "legend: VMs, by energy" same "vm-03 vm-02 vm-01" "$(texts out.svg | grep '^vm-' | paste -sd ' ')"
check "title" shows out.svg "Power of 3 VMs, 2026-11-24 16:00:00 to 16:00:59"
check "unit" shows out.svg "power (W)"
check "time" shows out.svg "local time (UTC)"
check "tics" shows out.svg "16:00:30"
TZ=Asia/Kathmandu svg three.csv
check "another zone: reported" shows out.svg "local time (UTC+05:45)"
check "another zone: tics" shows out.svg "21:45:30"
check "another zone: title" shows out.svg "Power of 3 VMs, 2026-11-24 21:45:00 to 21:45:59"
TZ=America/New_York svg three.csv
check "west of Greenwich" shows out.svg "local time (EST, UTC-05:00)"
for seconds in 0.01 0.1 0.9 1 2 3 4 5 9 20; do
  awk -v t="$t0" -v s="$seconds" 'BEGIN { print "ts,a-virtual-machine-with-a-long-name-001_power_w"
    for (i = 0; i < 11; i++) printf "%.3f,%d\n", t + i * s / 10, 10 }' >short.csv
  svg short.csv
  check "$seconds s: labels of the axis do not touch" apart out.svg ' 16:00:'
done
# 2026-10-25 00:00 to 08:00 in Berlin, where summer time ends on the way
awk 'BEGIN { print "ts,a_power_w"; for (i = 0; i <= 9; i++) print 1792879200 + i * 3600 "," 10 }' >summer.csv
TZ=CET-1CEST,M3.5.0,M10.5.0/3 svg summer.csv
check "end of summer time: tics" same "00:00 01:00 02:00 02:00 03:00 04:00 05:00 06:00 07:00 08:00" \
  "$(placed out.svg | awk '$4 ~ /^0.:00$/ { printf sep "%s", $4; sep = " " }')"
check "end of summer time: shown" shows out.svg "local time (CEST, UTC+02:00; CET, UTC+01:00)"
awk 'BEGIN { print "ts,a_power_w"; for (i = 0; i <= 30; i++) print 1792879200 + i * 3600 "," 10 }' >days.csv
svg days.csv
check "more than a day: the label below labels of two lines has room" awk \
  '$4 ~ /^[0-9][0-9]-[0-9][0-9]$/ { low = $2 } $4 == "local" { label = $2 } END { exit !(low > 0 && label >= low + 16) }' <(placed out.svg)
TZ=CET-1CEST,M3.5.0,M10.5.0/3 svg summer.csv
check "end of summer time: title" shows out.svg "Power of 1 VM, 2026-10-25 00:00:00 to 08:00:00"
capture 25 30 >many.csv
svg many.csv
check "many: ten, and all others as one" same "vm-25 vm-24 vm-23 vm-22 vm-21 vm-20 vm-19 vm-18 vm-17 vm-16 mean of 15 others" "$(texts out.svg | grep -E '^vm-|others' | paste -sd ' ')"
check "many: the title names all" shows out.svg "Power of 25 VMs, 2026-11-24 16:00:00 to 16:00:29"
check "many: the others do not flatten the curves" test "$(texts out.svg | grep -xE ' [0-9]+' | sort -n | tail -n 1)" -eq 250
capture 11 30 >eleven.csv
svg eleven.csv
check "one other" shows out.svg "1 other"
capture 10 30 >ten.csv
svg ten.csv
check "ten: no others" test "$(texts out.svg | grep -c other)" -eq 0
svg --stacked many.csv
check "stacked: in the title" shows out.svg "Power of 25 VMs, stacked, 2026-11-24 16:00:00 to 16:00:29"
# the legend's first line is the lowest: y grows downwards
check "stacked: legend as it is stacked" awk '/translate/ { split($0, at, /[(),]/) } />vm-25</ { low = at[3] } />15 others</ { high = at[3] } END { exit !(low > high + 100) }' out.svg
check "stacked: up to the sum of all" shows out.svg " 3500"
check "stacked: the others are their sum" shows out.svg "15 others"

# --- the script, as gnuplot gets it --------------------------------------------------------------------------------------------
mkdir fake
printf '#!/bin/sh\ncat\n' >fake/gnuplot
chmod +x fake/gnuplot
script() { # arguments: the script in `script`
  PATH=$work/fake:$PATH run "$tool" plot --force -o script.svg "$@"
  check "script of $*: status 0" exits 0
  sed -n '/^\$curve0 <</,/^END/p' script.svg | sed '1d;$d' >curve0
}
for picture in png svg pdf; do
  PATH=$work/fake:$PATH run "$tool" plot --force -o "script.$picture" three.csv
  check "script of $picture: text is drawn as it is" grep -qE "^set terminal $picture(cairo)? noenhanced " "script.$picture"
done
cat >steps.csv <<ROWS
ts,a_energy_uj,a_power_w
$t0,0,7
$((t0 + 1)),10000000,10
$((t0 + 2)),30000000,20
$((t0 + 3)),,
$((t0 + 4)),60000000,30
ROWS
script --power recorded steps.csv
check "a level for each sample, from the one before; a gap where there is none" same \
  "0 10 1 10 1 20 2 20  3 30 4 30" "$(awk -v t="$t0" '{ printf sep "%s", $1 == "" ? "" : $1 - t " " $2 + 0; sep = " " }' curve0)"
# groups, and bounds: 3 VMs of 10, 20 and 40 W, each updated each 5 s at a time of its own, the third for 200 s
awk -v t="$t0" 'BEGIN { print "ts,web-1_energy_uj,web-1_power_w,web-2_energy_uj,web-2_power_w,db_energy_uj,db_power_w"
  for (i = 0; i <= 400; i++) print t + i "," int(i / 5) * 50000000 ",," int((i + 2) / 5) * 100000000 ",," (i <= 200 ? int((i + 4) / 5) * 200000000 : "") "," }' >three-groups.csv
levels() { # curve: the different levels that it has, gaps apart
  sed -n "/^\$$1 <</,/^END/p" script.svg | sed '1d;$d' | awk '$1 != "" { printf "%.3f\n", $2 }' | sort -nu | paste -sd ' '
}
script --group-by '^(web)-' three-groups.csv
check "groups: a curve for each group and each VM without one" same 2 "$(grep -c '^\$curve[0-9]* <<' script.svg)"
check "groups: the name of the group" grep -qE 'curve0 .* title "web"' script.svg
check "groups: the sum of its VMs" same 30.000 "$(levels curve0)"
check "a VM of no group: its own" same 40.000 "$(levels curve1)"
script --bounds three-groups.csv
check "bounds: said in the title" grep -q "^set title .*, with bounds, " script.svg
check "bounds: the power is within, and within a quarter of it" awk -v w="20 40 10" 'BEGIN { split(w, power) } /^\$band/ { vm = substr($1, 6) + 1; next }
  /^END/ { vm = 0 } vm && NF == 3 { n[vm]++; if ($2 > power[vm] || $3 < power[vm] || $2 < power[vm] * 0.6 || $3 > power[vm] * 1.4) bad = 1 }
  END { exit bad || n[1] < 10 || n[2] < 5 || n[3] < 10 }' script.svg
script --bounds --group-by '^(web)-' three-groups.csv
check "bounds of a group: the sum of those of its VMs" awk '/^\$band/ { vm = $1; next } /^END/ { vm = "" }
  vm == "$band0" && NF == 3 { n++; if ($2 > 30 || $3 < 30 || $2 < 20 || $3 > 42) bad = 1 } END { exit bad || n < 10 }' script.svg
{ cat three-groups.csv && awk -v t="$t0" 'NR == 1 { print } NR > 1 { sub(/^[0-9]+/, $1 + 1000); print }' FS=, OFS=, three-groups.csv; } >tables.csv
script --group-by '^(web)-' tables.csv
check "groups: in each of two tables" awk '/^\$curve/ { in_curve = $1 == "$curve0" } in_curve && $2 == 30 { n[$1 < 1795536500]++ } END { exit n[0] < 100 || n[1] < 100 }' script.svg
awk -v t="$t0" 'BEGIN { printf "ts"; for (v = 0; v < 33; v++) printf ",g%d-%d_energy_uj,g%d-%d_power_w", v / 3, v, v / 3, v; print ""
  for (i = 0; i <= 60; i++) { printf "%d", t + i; for (v = 0; v < 33; v++) printf ",%d,", i * (int(v / 3) + 1) * 1e7; print "" } }' >many-groups.csv
script --group-by '^(g[0-9]+)-' many-groups.csv
check "groups: of the others the mean of groups, not of VMs" same 30.000 "$(levels curve10)"
head -n 42 three-groups.csv >short.csv
PATH=$work/fake:$PATH run "$tool" plot --force --bounds --group-by '^(web)-' -o script.svg short.csv
check "bounds of a short capture: no band is a warning" says err "vm_energy: warning: no band is drawn: no step has bounds throughout, or there is no counter"
head -n 42 three-groups.csv | cut -d, -f1-5 >short.csv
run "$tool" plot --force --bounds --group-by '^(web)-' -o out.svg short.csv
check "a group of which no step is known: status 1" exits 1
check "a group of which no step is known: the reason" says err 'vm_energy: nothing to draw: no group has a step of 40 s in which the power of all its VMs is known; without --bounds, steps are shorter'
run "$tool" plot --force --bounds --group-by '^(web)-' -o out.svg three-groups.csv
check "groups and bounds: a picture" shows out.svg "Power of 3 VMs, with bounds, 2026-11-24 16:00:00 to 16:06:40"

# a steady 64 W, updated each 5.008 s and sampled each second: the load, and not the writer's rhythm
mkdir steady
awk -v t="$t0" 'BEGIN {
  print "ts,a_energy_uj,a_power_w"
  for (i = 0; i <= 60; i++) {
    n = int((i + 2.2) / 5.008) * 5.008 * 64e6
    printf "%d,%.0f,%.6f\n", t + i, n, (i > 0 ? (n - before) / 1e6 : 0)
    before = n
  }
}' >steady/power.csv
levels() { awk 'NF > 1 { if (!n++ || $2 < low) low = $2; if ($2 > high) high = $2 } END { print (n > 50), (low >= from && high <= to) }' from="$1" to="$2" curve0; }
script steady
check "rows of a writer of 5 s, sampled each second: no 0 W and no 320 W" same "1 1" "$(levels 53 81)"
awk -v t="$t0" 'BEGIN {
  print "update_ts,within_s,label,energy_uj,total_uj,state"
  for (i = 0; i < 14; i++) printf "%.6f,0.004000,a,%.0f,%.0f,%s\n", t - 2.2 + i * 5.008, i * 5.008 * 64e6, i * 5.008 * 64e6, (i > 0 ? "ok" : "first")
}' >steady/updates.dat
script steady
check "with its updates: a steady line" same "1 1" "$(levels 63.9 64.1)"
script --power recorded steady
check "--power recorded: as it stands there" same "1 0" "$(levels 53 81)"
mkdir run_1
cp steps.csv run_1/power.csv
cat >run_1/run.json <<JSON
{"tool": "vm_energy", "host": "node42", "start": $((t0 - 1)), "scale": 1.0, "files": ["power.csv"],
 "counters": [{"label": "a", "start_energy_uj": 0}]}
JSON
script --power recorded run_1
check "from the start of the run on" same "-1 7 0 7 0 10" "$(awk -v t="$t0" 'NR <= 3 { printf sep "%d %g", $1 - t, $2; sep = " " }' curve0)"
check "host in the title" grep -qF "Power of 1 VM on node42, " script.svg
script --stacked three.csv
check "stacked: the second layer stands on the first" same "30 50" "$(sed -n '/^\$curve1 <</{n;p}' script.svg | awk '{ print $2 + 0, $3 + 0 }')"
# the others draw 10, 20, ..., 150 W: 80 in the mean, 1200 as a sum, which stands on 160 + ... + 250 = 2050
values() { # curve columns: of each level in script.svg; "gap" for a gap
  sed -n "/^\\\$curve$1 <</,/^END/p" script.svg | sed '1d;$d' | awk -v columns="$2" \
    'NF == 0 { print "gap"; n = 0; next } n++ % 2 == 0 { for (i = 2; i <= columns; i++) printf "%g%s", $i, i < columns ? " " : "\n" }' | uniq -c | awk '{ $1 = $1; print }' | paste -sd ';'
}
script many.csv
check "others: their mean" same "29 80" "$(values 10 2)"
script --stacked many.csv
check "stacked: others: their sum" same "29 2050 3250" "$(values 10 3)"
awk -F , -v OFS=, 'NR > 1 && $1 % 30 >= 10 && $1 % 30 < 15 && $2 <= "vm-15" { $4 = "" } 1' many.csv >holes.csv
script --power recorded holes.csv
check "others: a gap where none of them is known" same "9 80;5 gap;15 80" "$(values 10 2)"
check "others: no gap in the curve of another" same "29 160" "$(values 9 2)"
script --power recorded --stacked holes.csv
check "stacked: others: a gap where none of them is known" same "9 2050 3250;5 gap;15 2050 3250" "$(values 10 3)"
awk -F , -v OFS=, 'NR > 1 && $1 % 30 >= 10 && $1 % 30 < 15 && $2 == "vm-02" { $4 = "" } 1' three.csv >hole.csv
script --power recorded --stacked hole.csv
check "stacked: a gap, and the next layer stands on what is known" same "9 30 50;5 gap;25 30 50;5 gap;15 30 50 9 50 60;5 30 40;25 50 60;5 30 40;15 50 60" "$(values 1 3) $(values 2 3)"
capture 2 100000 >long.csv
script long.csv
check "100000 samples: as many steps as the picture has columns" same 2400 "$(wc -l <curve0)"
check "100000 samples: their mean" awk '$2 != 20 { exit 1 }' curve0
check "100000 samples of few VMs: a band from minimum to maximum" grep -q 'using 1:3:4 with filledcurves' script.svg
# two runs, each with a VM of that name
mkdir run_2
sed "s/^$t0/$((t0 + 100))/" three.csv | head -n 4 >run_2/power.csv
script three.csv run_2
check "two captures: which is which" grep -qF 'title "vm-03 \050three.csv\051"' script.svg
mkdir -p deep/of/a/long/path/that/would/fill/the/legend/{one,two}
for run in one two; do cp three.csv deep/of/a/long/path/that/would/fill/the/legend/$run; done
script deep/of/a/long/path/that/would/fill/the/legend/{one,two}
check "two captures: from where their paths differ" grep -qF 'title "vm-03 \050one\051"' script.svg
script three.csv run_2
check "two captures: all VMs" grep -qF "Power of 6 VMs, " script.svg

mkdir both
cp -r run_2 both/run_a
sed -n '1p;/^'"$((t0 + 30))"'/,$p' three.csv >both/run_b.csv
mkdir both/run_b && mv both/run_b.csv both/run_b/power.csv
printf 'ts,mark\n%d,load\n' $((t0 + 40)) >both/run_b/marks.csv
script --relative both three.csv
check "relative: each run from its start" same "0 0 0" "$(for i in 0 1 2; do sed -n "/^\$curve$i <</{n;s/ .*//;s/[.]0*\$//;p}" script.svg; done | paste -sd ' ')"
check "relative: as long as the longest" grep -qxF 'set xrange [0:59.000000]' script.svg
check "relative: marks, too" grep -q '^set arrow from 10.000000,' script.svg
check "relative: both runs of a directory" test "$(grep -c 'title "vm-03 ' script.svg)" -eq 3
svg --relative both three.csv
check "relative: the axis" shows out.svg "time since the start (s)"
check "relative: the title" shows out.svg "Power of 9 VMs, since the start of each capture"

# --- marks ---------------------------------------------------------------------------------------------------------------------
mkdir marked
cp three.csv marked/power.csv
printf 'ts,mark\n%d.5,warm-up\n%d,load\n%d,outside\n' $((t0 + 5)) $((t0 + 30)) $((t0 + 500)) >marked/marks.csv
svg marked
check "marks: their names" same "warm-up load" "$(texts out.svg | grep -E 'warm|load|outside' | paste -sd ' ')"
script marked
check "marks: a line each, where they are" same "$t0 5.5 30" "$t0 $(sed -n 's/^set arrow from \([0-9.]*\),.*/\1/p' script.svg | awk -v t="$t0" '{ printf sep "%s", $1 - t; sep = " " }')"
{ echo ts,mark && for i in $(seq 30); do echo "$((t0 + i)),phase $i"; done; } >marked/marks.csv
script marked
check "many marks: lines without names" test "$(grep -c '^set arrow' script.svg)" -eq 30 -a "$(grep -c '^set label' script.svg)" -eq 0

capture 3 60 | sed 's/vm-0/a-virtual-machine-with-a-long-name-00/' >marked/power.csv
for marks in "5 15 24 33 42 51 55" "5.1 5.2 5.3 20 20.4 20.8 40 55" "$(seq -s ' ' 1 24)" "$(seq -s ' ' 0.1 0.1 2.4)"; do
  { echo ts,mark && for i in $marks; do echo "$((t0 + ${i%.*})).$(case $i in *.*) echo "${i#*.}" ;; *) echo 0 ;; esac),phase at $i"; done; } >marked/marks.csv
  svg marked
  check "marks at $marks beside a long legend: names do not touch" apart out.svg 'phase at'
  script marked
  check "marks at $marks: all have a line" same "$(wc -w <<<"$marks")" "$(grep -c '^set arrow' script.svg)"
done
awk -v t="$t0" 'BEGIN { print "ts,mark"; for (i = 1; i < 20000; i++) printf "%.6f,m%d\n", t + i * 59 / 20000, i }' >marked/marks.csv
script marked
check "20000 marks: no more lines than the picture has columns" test "$(grep -c '^set arrow' script.svg)" -gt 1000 -a "$(grep -c '^set arrow' script.svg)" -le 1200
printf 'ts,mark\n%d,%s\n' $((t0 + 5)) "$(printf 'a long story %.0s' 1 2 3 4 5 6 7 8 9)" >marked/marks.csv
svg marked
check "a long name of a mark is cut" shows out.svg "a long story a long story a long stor..."

# --- characters that no font has -------------------------------------------------------------------------------------------------
# U+10FFFD is for private use, and in no font: a picture with its number is the same as one of VMs that have such names
mkdir fonts
letters() { # character: a capture with it in the names of VMs, the host and a mark
  mkdir -p fonts/run
  printf '%s\n' ts,label,energy_uj,power_w,state "$t0,vm $1,0,5,ok" "$((t0 + 4)),vm $1,20000000,5,ok" "$((t0 + 9)),vm $1,45000000,5,ok" >fonts/run/power.csv
  printf '{"tool": "vm_energy", "host": "host %s", "start": %d, "scale": 1.0, "files": ["power.csv"]}' "$1" "$t0" >fonts/run/run.json
  printf 'ts,mark\n%d,mark %s\n' $((t0 + 3)) "$1" >fonts/run/marks.csv
}
letters '[10FFFD]'
run "$tool" plot fonts/run -o fonts/number.png
letters $'\364\217\277\275'
run "$tool" plot fonts/run -o fonts/missing.png
check "no font has it: status 0" exits 0
check "no font has it: a warning" says err "vm_energy: warning: no font has the character U\+10FFFD; the number of each such character is drawn"
check "no font has it: its number is drawn" cmp fonts/number.png fonts/missing.png
for picture in png pdf svg; do
  PATH=$work/fake:$PATH run "$tool" plot --force fonts/run -o "fonts/script.$picture"
  drawn=$([ $picture = svg ] && echo '\364\217\277\275' || echo '\133\061\060FFFD\135')
  check "no font has it, $picture" same "$(printf '%s\n' "mark $drawn" "host $drawn" "vm $drawn")" \
    "$(for name in mark host vm; do grep -oF "$name $drawn" "fonts/script.$picture"; done)"
done

# --- nothing is a command ------------------------------------------------------------------------------------------------------
hostile=("x'; system(\"touch $work/pwned\"); '" "\`touch $work/pwned\`" "@a \$b \\n {/=50 big} %s" "END" "<script>alert(1)</script>" "a_b^c~d&e" "'" "é")
hostile_csv() { # each name is a VM
  local name
  echo ts,label,energy_uj,power_w,state
  for i in 0 1 2 3; do
    for name in "${hostile[@]}"; do
      printf '%d,"%s",%d,10,ok\n' $((t0 + i)) "${name//\"/\"\"}" $((i * 10000000))
    done
  done
}
mkdir hostile
hostile_csv >hostile/power.csv
{ echo ts,mark && printf '%s,"%s"\n' "$t0.5" "'; system(\"\"touch $work/pwned\"\"); '" "$t0.6" "\`touch $work/pwned\`"; } >hostile/marks.csv
for picture in png svg pdf; do
  run "$tool" plot --force hostile -o "hostile.$picture"
  check "hostile names, $picture: status 0" exits 0
done
check "hostile names: nothing was run" test ! -e pwned
check "hostile names: drawn as they are" shows hostile.svg "@a \$b \\n {/=50 big} %s"
check "hostile names: subscripts are none" shows hostile.svg "a_b^c~d&amp;e"
check "hostile names: no script in an SVG" test "$(grep -ci '<script' hostile.svg)" -eq 0
check "hostile names: each is there" test "$(texts hostile.svg | grep -cxE "é|END|'")" -eq 3
run "$tool" plot three.csv -o "|touch pwned;.png"
check "hostile picture: a file of that name" test -f "|touch pwned;.png" -a ! -e pwned
mkdir "hostile'; system('touch pwned') #"
cp three.csv "hostile'; system('touch pwned') #/three.csv"
svg three.csv "hostile'; system('touch pwned') #/three.csv"
check "hostile path: nothing was run" test ! -e pwned
HOME=$work/home
export HOME
mkdir home && echo "system('touch $work/pwned')" >home/.gnuplot
svg three.csv
check "no start-up file of the user is read" test ! -e pwned

# --- nothing is overwritten ------------------------------------------------------------------------------------------------------
echo precious >there.png
run "$tool" plot three.csv -o there.png
check "exists: status 1" exits 1
check "exists: reported" says err "vm_energy: 'there\.png' exists; --force overwrites it"
check "exists: as it was" same precious "$(cat there.png)"
ln -s there.png link.png
mkdir dir.png
ln -s nowhere dangling.png
for path in link.png dir.png dangling.png; do
  run "$tool" plot --force three.csv -o $path
  check "--force does not replace what is no file: $path" says err "vm_energy: '$path' exists; --force overwrites it"
done
check "exists: through a link, as it was" same precious "$(cat there.png)"
run "$tool" plot --force three.csv -o there.png
check "--force: overwritten" same "$(printf '\211PNG')" "$(head -c 4 there.png)"
# a gnuplot that has begun to draw and does not end; SIGKILL stands for all that nobody can catch
for signal in TERM INT HUP KILL; do
  printf '#!/bin/sh\necho half a picture; echo $$ >drawing.new; mv drawing.new drawing; exec sleep 600\n' >fake/gnuplot
  PATH=$work/fake:$PATH env --default-signal=INT --default-signal=HUP "$tool" plot three.csv -o ended.svg >out 2>err &
  ended=$!
  pids+=("$ended")
  wait_for test -s drawing
  pids+=("$(cat drawing)")
  check "SIG$signal while it draws: no file of ours is there" same "" "$(find . -name '.vm_energy*')"
  kill -s "$signal" "$ended"
  wait "$ended" 2>/dev/null
  check "SIG$signal while it draws: ended by it" test $? -eq $((128 + $(kill -l "$signal")))
  check "SIG$signal while it draws: nothing is left" same "" "$(find . -name '.vm_energy*' -o -name ended.svg)"
  kill "$(cat drawing)"
  rm drawing
done
printf '#!/bin/sh\ncat >/dev/null; echo mine; echo other >race.svg\n' >fake/gnuplot
PATH=$work/fake:$PATH run "$tool" plot three.csv -o race.svg
check "made by another meanwhile: status 1" exits 1
check "made by another meanwhile: kept" same other "$(cat race.svg)"
printf '#!/bin/sh\ncat >/dev/null; echo half a picture; echo "gnuplot> x" >&2; echo "  line 0: no such terminal" >&2; exit 1\n' >fake/gnuplot
PATH=$work/fake:$PATH run "$tool" plot three.csv -o failed.svg
check "gnuplot fails: status 1" exits 1
check "gnuplot fails: reported in its words" says err "vm_energy: gnuplot failed: line 0: no such terminal"
check "gnuplot fails: no picture" test ! -e failed.svg
printf '#!/bin/sh\ncat >/dev/null\n' >fake/gnuplot
PATH=$work/fake:$PATH run "$tool" plot three.csv -o failed.svg
check "gnuplot draws nothing: status 1" exits 1
check "gnuplot draws nothing: no picture" test ! -e failed.svg
rm fake/gnuplot
PATH=$work/fake run "$tool" plot three.csv -o failed.svg
check "no gnuplot: status 1" exits 1
check "no gnuplot: reported, with a remedy" says err "vm_energy: gnuplot is missing, which draws the picture; on Debian: apt-get install gnuplot-nox"
check "nothing half is left" same "" "$(find . -name '.vm_energy*')"

# --- what cannot be drawn ----------------------------------------------------------------------------------------------------------
head -n 2 steps.csv >one.csv
head -n 1 steps.csv >none.csv
echo nothing >no.csv
while IFS='|' read -r expected arguments message; do
  eval "set -- $arguments"
  run "$tool" plot "$@"
  check "$arguments: status $expected" exits "$expected"
  check "$arguments: '$message'" grep -qxF "vm_energy: $message" err
  check "$arguments: no picture" test ! -e failed.svg -a -z "$(find . -name '.vm_energy*')"
done <<'ROWS'
1|one.csv -o failed.svg|nothing to draw: no VM has two samples at two times
1|none.csv -o failed.svg|nothing to draw: no VM has two samples at two times
1|no.csv -o failed.svg|'no.csv' is no capture: it has no column 'ts'
2|missing.csv -o failed.svg|'missing.csv' is no capture: No such file or directory
2|/dev/null -o failed.svg|'/dev/null' is no file, and a plot reads it twice
2|three.csv -o power.jpg|option '--out': 'power.jpg' does not end in .png, .svg or .pdf
2|three.csv -o .png|option '--out': '.png' does not end in .png, .svg or .pdf
2|three.csv -o x/.svg|option '--out': 'x/.svg' does not end in .png, .svg or .pdf
ROWS
head -c -5 three.csv >cut.csv
run "$tool" plot cut.csv -o cut.svg
check "cut off: reported once, status 0" same "0 1" "$status $(grep -c 'is cut off and skipped' err)"
run "$tool" plot no.csv three.csv -o two.svg
check "one of two is none: the other is drawn, status 1" exits 1
check "one of two is none: picture" test -s two.svg
finish
