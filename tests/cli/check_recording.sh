#!/bin/bash
# check against the real Scaphandre: put to each 15 s of a recording of half an hour, with VMs that come and go, odd names,
# writers that are stopped, killed and started again, it says of no counter what the recording does not bear out.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require jq

mkdir scaphandre
mkfifo ask answer
"$builddir/tests/recordings/player" "$srcdir/tests/recordings/scaphandre-1.0.csv" scaphandre <>ask >answer &
pids+=($!)
exec 3<>ask 4<>answer
player() { # question: the first line of its answer
  echo "$*" >&3
  read -r reply <&4
  echo "$reply"
}
read -r first last <<<"$(player span)"

# What a verdict claims, against the truth, which is read first; see tests/recordings/player.c for its fields. Of the verdicts:
# path, verdict, power in W, or "-".
cat >judge.awk <<'AWK'
BEGIN { FS = "\t" }
FILENAME == "truth" {
  if ($1 == "end") next
  updates[$1] = $2; age[$1] = $3; least[$1] = $4; most[$1] = $5; fell[$1] = $6; bytes[$1] = $7; newline[$1] = $8; made[$1] = $9
  if ($3 < youngest || NR == 1) youngest = $3
  seen += $2 > 0; paced += $2 > 1; next
}
function wrong(why) {
  printf "  %s s: %s: %s (%s), power %s; in truth %d updates, age %.1f s, %.4f to %.4f W, %d bytes\n",
         at, $1, $2, why, $3, updates[$1], age[$1], least[$1], most[$1], bytes[$1]
  bad = 1
}
{ judged[$1]; print $2 >>"verdicts" }
!($1 in age) { if ($2 != "missing" && $2 != "vanished") wrong("it was not there"); next }
$2 == "good" && updates[$1] == 0 { wrong("nothing was seen") }
$2 == "idle" && (updates[$1] == 0 || most[$1] > 0) { wrong("it was not idle") }
$2 == "fresh" && paced > 0 && age[$1] > 30.5 { wrong("others were updated, and it was old") }
$2 == "fresh" && age[$1] > 180.5 { wrong("it was old") }
$2 == "dead-writer" && (seen > 0 || youngest < 29) { wrong("the writer ran") }
$2 == "off" && (updates[$1] > 0 || age[$1] < 29) { wrong("it was updated") }
$2 == "off" && !seen && youngest > 29 { wrong("no other was updated") }
$2 == "reset" && !fell[$1] { wrong("it never fell") }
$2 == "missing" || $2 == "vanished" { wrong("it was there") }
$2 == "empty" && bytes[$1] > 0 { wrong("it had a number") }
$2 == "newline" && !newline[$1] { wrong("it had none") }
$2 ~ /^(spike|alternating|clock|frozen|undated|denied|link|special|no-number|unreadable)$/ { wrong("not in this recording") }
$3 != "-" && most[$1] >= 0 && ($3 < least[$1] * 0.97 - 0.001 || $3 > most[$1] * 1.03 + 0.001) { wrong("the power is another") }
$3 != "-" && age[$1] > 40 { wrong("a power of long ago") }
END {
  for (path in age)
    if (!(path in judged) && made[path] > 5 && path ~ /^[^.].*\/.*\//) { print "  " at " s: no word of " path; bad = 1 }
  exit bad
}
AWK

bad=0 rounds=0
for ((offset = 20; ; offset += 15)); do
  begin=$((${first%.*} + offset))
  [ "$begin" -lt "$((${last%.*} - 15))" ] || break
  player "show $begin" >shown
  # shellcheck disable=SC2016 # for the story
  run_story 'echo "show $now" >ask; read -r shown <answer' \
    "$tool" check --files 'scaphandre/*/intel-rapl:0/energy_uj' --json --host-counter none/energy_uj
  jq -r '.findings[] | select(.subject == "vm") | [(.path | sub("^.*?scaphandre/"; "")), .verdict, (.power_w // "-")] | @tsv' \
    out >findings
  watched_s=$(jq .watched_s out)
  echo "truth $begin $(awk -v b="$begin" -v w="$watched_s" 'BEGIN { printf "%.4f", b + w }')" >&3
  while read -r line <&4 && echo "$line" && [ "$line" != end ]; do :; done >truth
  awk -v at="$offset" -f judge.awk truth findings || bad=$((bad + 1))
  rounds=$((rounds + 1))
done
check "no verdict is false" test "$bad" -eq 0
check "... in 100 rounds or more" test "$rounds" -ge 100
check "... in which all kinds were said" same "empty fresh good idle merged newline off passed reset vanished " "$(sort -u verdicts | tr '\n' ' ')"
finish
