#!/bin/bash
# top: the screen in a terminal (of tmux), its keys, sizes and colours, VMs that come and go, how it ends; and the lines
# that it prints where there is no terminal.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require tmux

all='scaphandre/*/intel-rapl:0/energy_uj'

vm() { # vm uj [unix_time]: an update, all of it at once; of that time, or of now
  mkdir -p "scaphandre/$1/intel-rapl:0"
  echo "$2" >update
  [ $# -lt 3 ] || touch -d "@$3.25" update # a whole second would be a coarse clock
  mv update "scaphandre/$1/intel-rapl:0/energy_uj"
}
now=$(date +%s)
before=$((now - 50)) # powers are over 50 s, which is longer than the looks at the first update and the next are apart

session=0
terminal() { tmux -S "$work/socket$session" -f /dev/null "$@"; }

end_terminal() { [ "$session" -eq 0 ] || terminal kill-server 2>/dev/null; }

# In bash, whatever the user's shell is: dash ends by the Ctrl-C that the command handled.
show() { # [command...] in a terminal of 80 x 14; its status is shown when it has ended
  end_terminal
  session=$((session + 1))
  LC_ALL=C.UTF-8 SHELL=$BASH terminal new-session -d -x 80 -y 14 "cd '$work'; $*; echo ended with \$?; exec sleep 600"
}
trap 'end_terminal; clean_up' EXIT

screen() { terminal capture-pane -p "$@" >screen; }

eventually() { # command...: it succeeds at last; how long that takes is the machine's affair
  local i
  for i in $(seq 600); do
    "$@" && return
    sleep 0.1
  done
  return 1
}

on_screen() { screen && LC_ALL=C.UTF-8 grep -qE -e "$1" screen; } # pattern

shows() { # pattern: some line of the screen
  eventually on_screen "$1" && return
  echo "  no line with '$1':"
  sed 's/^/  |/' screen
  return 1
}

has_line() { screen && [ "$(sed -n "$1p" screen)" = "$2" ]; } # number text

keys() { terminal send-keys "$@"; }

vms() { # the VMs on the screen, from top to bottom
  screen
  sed -n '4,$p' screen | awk '/ W | - / { printf "%s%s", s, $1; s = " " }'
}

are() { [ "$(vms)" = "$1" ]; }          # VMs
hides() { [[ " $(vms) " != *" $1 "* ]]; } # VM

orders() { # the VMs, in this order
  eventually are "$1" || same "$1" "$(vms)"
}

is_within() { # columns: no line is wider
  screen && LC_ALL=C.UTF-8 awk -v n="$1" 'length > n { print "  " $0; bad = 1 } END { exit bad }' screen
}
fits() { eventually is_within "$1"; }

clock_shown() { screen && sed -n 's/^vm_energy top  \([0-9:]*\) .*/\1/p' screen; }
another_time() { [ "$(clock_shown)" != "$1" ]; }
goes_on() { # the screen was drawn again, by more than one tick
  local i
  for i in 1 2; do eventually another_time "$(clock_shown)" || return; done
}

top_words="$tool top --files '$all' --interval 0.2 --stale-timeout 1h"

# --- the screen and its keys -----------------------------------------------------------------------------------------------
vm web-1 1000000000 "$before"
vm $'b\xc3\xbccher' 7000000000 "$before"
vm idle-1 5 "$before"
show "$top_words"
check "title" shows '^vm_energy top  [0-9]+:[0-9]{2}  3 VMs by power$'
check "heads" shows '^VM +POWER  LAST 2\.6 min +ENERGY +AGE  STATE$'
check "before the first update nothing is known" shows '^web-1 +- .* 0\.0 J +[0-9]+(\.[0-9])? (s|min)  first$'
check "keys on the last line" eventually has_line 14 "q quit  s sort  r reverse  / filter  p pause  ? help"
vm web-1 1500000000 "$now"
vm $'b\xc3\xbccher' 7100000000 "$now"
vm idle-1 5 "$now"
check "power, curve, energy, age, state" shows '^web-1 +10\.00 W +█+ +500\.0 J +[0-9]+(\.[0-9])? (s|min)  ok$'
check "a name with an umlaut takes its columns" shows $'^b\xc3\xbccher +2\\.00 W +[▁▂▃]+ +100\\.0 J '
check "idle is 0 W, and the lowest of a curve" shows '^idle-1 +0\.00 W +▁+ +0\.0 J'
check "total" shows '^total +12\.00 W +█+ +600\.0 J$'
check "by power" orders $'web-1 b\xc3\xbccher idle-1'
keys s
check "s: by name" orders $'b\xc3\xbccher idle-1 web-1'
keys r
check "r: reversed" orders $'web-1 idle-1 b\xc3\xbccher'
check "r: said in the title" shows 'by name, reversed$'
keys P / WEB
check "/: filters as it is typed" orders web-1
check "/: what is typed" shows '^show VMs with: WEB$'
keys Enter
check "/: said in the title" shows "1 of 3 VMs by power  with 'WEB'$"
keys BSpace q
check "q: ends with status 0" shows '^ended with 0$'
check "q: the screen is as it was before" test "$(screen && grep -cE 'POWER|quit' screen)" -eq 0

show "$top_words"
check "it starts anew" shows '  3 VMs by power$'
keys '/' nothing Enter
check "/: nothing left" shows '^no VM has this in its name$'
keys Escape
check "Esc: all again" shows '  3 VMs by power$'
keys '?'
check "?: help" shows '^/ +show those with a text'
keys x
check "?: any key leaves it" orders $'b\xc3\xbccher idle-1 web-1'
keys p
check "p: paused" shows 'PAUSED$'
vm web-1 1900000000
check "p: the clock goes on" goes_on
check "p: stands still" shows '^web-1 +- .* 0\.0 J '
keys p
check "p: goes on" shows '^web-1 .* 400\.0 J '

# --- sizes -----------------------------------------------------------------------------------------------------------------
terminal resize-window -x 40 -y 9
check "smaller: the curve goes" shows '^VM +POWER +AGE  STATE$'
check "smaller: fits" fits 40
terminal resize-window -x 24 -y 4
check "tiny: goes on" shows '^vm_energy top  '
check "tiny: fits" fits 24
terminal resize-window -x 140 -y 30
check "larger: more of the curve" shows 'LAST [67]\.[0-9] min'
check "larger: fits" fits 140
check "larger: keys on the last line" shows '^q quit'
check "larger: on the last line" grep -q '^q quit' <(sed -n 30p screen)
terminal resize-window -x 80 -y 14

# --- VMs come, go, and break ------------------------------------------------------------------------------------------------
vm new-1 5
check "a VM comes" shows '^new-1 +- .* first$'
rm -r scaphandre/new-1
check "a VM goes" shows '  3 VMs by power$'
: >scaphandre/idle-1/intel-rapl:0/energy_uj
check "a counter breaks" shows '^idle-1 +- +- +- +torn$'
vm web-1 2000000000
check "a counter goes on" shows '^web-1 .* ok$'
screen -e
check "a good state in green" grep -qE $'\e\\[[0-9;]*32mok' screen
check "a bad one in red" grep -qE $'\e\\[[0-9;]*31mtorn' screen
vm idle-1 5
for i in $(seq -w 40); do vm "many-$i" 5; done
check "more than fit" shows '  43 VMs by power$'
keys End
check "End: the last" shows '^web-1|^many-40'
keys Home N
check "Home: the first" shows $'^b\xc3\xbccher'
keys NPage
check "page down: they move" eventually hides $'b\xc3\xbccher'
rm -r scaphandre/many-*
check "fewer than before: still on the screen" orders $'b\xc3\xbccher idle-1 web-1'
keys C-c
check "Ctrl-C: ends with status 0" shows '^ended with 0$'

# --- other terminals --------------------------------------------------------------------------------------------------------
show "NO_COLOR=1 $top_words"
check "NO_COLOR: drawn" shows '^web-1 '
screen -e
check "NO_COLOR: no colour" test "$(grep -cE $'\e\\[[0-9;]*3[0-7]m' screen)" -eq 0
pid=$(terminal list-panes -F '#{pane_pid}')
kill "$(pgrep -P "$pid" -x vm_energy)"
check "SIGTERM: ends with status 0" shows '^ended with 0$'
vm web-1 2000000000 "$before"
show "LC_ALL=C $top_words"
check "no UTF-8: names" shows '^b\?cher '
vm web-1 2300000000 "$now"
check "no UTF-8: a plain curve" shows '^web-1 +6\.00 W +#+ '
keys q
for term in dumb unheard-of; do
  show "TERM=$term $top_words --count 2"
  check "TERM=$term: lines instead" shows '^web-1 +-? '
  check "TERM=$term: ends with status 0" shows '^ended with 0$'
done
show "$top_words --count 3"
check "count: ends with status 0" shows '^ended with 0$'
rm -r scaphandre
show "$top_words"
check "no counter: said, and waited for" shows '^no counter yet; see vm_energy check$'
vm late-1 5
check "no counter: it comes" shows '^late-1 '
keys q
check "no counter: status 0" shows '^ended with 0$'
show "$top_words </dev/null --count 1"
check "no keys: lines instead" shows '^late-1 +- +0\.0 J'
end_terminal

# --- no terminal ------------------------------------------------------------------------------------------------------------
blocks() { [ "$(grep -c '^total' out)" -ge "$1" ]; } # number
block() { awk -v RS= -v n="$1" 'NR == n' out; }       # number

print_until() { # signal command...: prints into out; the signal ends it when the command succeeds
  local signal=$1
  shift
  env --default-signal=INT "$tool" top --files "$all" --interval 0.3 --stale-timeout 1h >out 2>err &
  pids+=($!)
  eventually "$@"
  kill -s "$signal" $!
  wait $!
  status=$?
}

rm -r scaphandre
vm web-1 1000000000 "$before"
vm db-1 1000000000 "$before"
updates() { # the first block is without, and some block with an update of both
  blocks 1 || return
  [ -e updated ] || { vm db-1 1000000000 "$now" && vm web-1 2000000000 "$now" && touch updated; }
  grep -qE '^web-1 .* ok$' out && blocks $(($(grep -cE '^web-1 .* first$' out) + 2))
}
print_until TERM updates
check "lines: a signal is status 0" exits 0
check "lines: nothing on standard error" is_empty err
{ block 1 && echo && block $(($(grep -cE '^web-1 .* first$' out) + 1)); } >both
sed -E -e 's/^[0-9-]+T[0-9:]+\+0000/TIME/' -e 's/ [0-9.]+ (s|min) / AGE /' -e 's/ +/  /g' <both >masked
check "lines: as they were" diff -u "$srcdir/tests/cli/golden/top.txt" masked
check "lines: no escapes" test "$(grep -c $'\e' out)" -eq 0
print_until INT blocks 2
check "lines: Ctrl-C is status 0" exits 0
run "$tool" top --files "$all" --interval 0.1 --count 2
check "lines: count: status 0" exits 0
check "lines: count: so many blocks" same 2 "$(grep -c '^total' out)"
rm -r scaphandre
run "$tool" top --files "$all" --interval 0.1 --count 1
check "lines: no counter: status 0" exits 0
check "lines: no counter: the message" grep -q "^vm_energy: warning: no counter yet in 'scaphandre/" err
check "lines: no counter: an empty table" grep -q '  0 VMs$' out
finish
