#!/bin/bash
# Completion in bash: what it offers is what --help tells, for every command; then a bash in a terminal, with the Tab key.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require tmux

# shellcheck source=standalone/completions/vm_energy
. "$srcdir/standalone/completions/vm_energy"

# What readline would do, and the completion calls: each of its answers is a file of lines.
compopt() {
  echo "$*" >>asked
}
complete_words() { # word...: the last one is the one that the cursor is behind
  COMP_WORDS=(vm_energy "$@") COMP_CWORD=$# COMPREPLY=()
  : >asked
  _vm_energy "$tool" "${!#}" vm_energy 2>err
  printf '%s\n' "${COMPREPLY[@]}" | sed '/^$/d' | sort >offered
}
offers() { # what, as lines
  same "$1" "$(paste -sd' ' offered)"
}
leaves_to_readline() { # nothing is offered, and file names are: what the tool asked for is empty
  is_empty offered && is_empty asked
}

# --- commands ------------------------------------------------------------------------------------------------------------
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >commands
{
  cat commands
  echo help
  "$tool" --help | sed -n '/^Commands:/,$s/^ *\(-[a-zA-Z]\), \(--[a-z]*\) .*/\1\n\2/p'
} | sort >expected
complete_words ''
check "the commands are those of --help" diff expected offered
check "without a complaint" is_empty err
check "there are eight of them at least" test "$(wc -l <commands)" -ge 8
complete_words help ''
sort commands >expected
check "behind help: the commands" diff expected offered
complete_words re
check "a beginning" offers report

# --- options, for each command ------------------------------------------------------------------------------------------
# Each word of the help's left side that begins with a dash, and nothing that is known to this test or to the completion.
options_of() { # command
  "$tool" "$1" --help | sed -n '/^Options:/,/^$/s/^ \{2,6\}\(-.*\)/\1/p' | sed 's/  .*//' | grep -oE -- '(^|[ ,])--?[a-zA-Z0-9-]+' | tr -d ' ,' | sort
}
while read -r command; do
  options_of "$command" >expected
  complete_words "$command" -
  check "$command: the options are those of --help" diff expected offered
  check "$command: there are some" test "$(wc -l <expected)" -ge 5
  check "$command: without a complaint" is_empty err
  while read -r option; do
    complete_words "$command" "$option"
    check "$command: $option is completed" grep -qxF -e "$option" offered
    complete_words "$command" "$option" ''
    # by the name of its value in the help
    value=$("$tool" "$command" --help | sed -nE "s/^ {2,6}(-[a-zA-Z], )?$option ([A-Z][A-Z.|]*).*/\2/p")
    case $option:$value in
    *:BASE) check "$command $option: time bases" offers "auto sample update" ;;
    *:*FILE | *:PATH*) check "$command $option: file names" leaves_to_readline ;;
    *:DIR) check "$command $option: directories" same "+o default -o dirnames" "$(cat asked)" ;;
    --*:?*) check "$command $option: no file names for a number" same "+o default" "$(cat asked)" ;;
    esac
  done <expected
  case $("$tool" "$command" --help | head -n 1) in
  *FILE\|DIR...)
    complete_words "$command" ''
    check "$command: paths" leaves_to_readline
    complete_words "$command" --json ''
    check "$command: paths behind an option without a value" leaves_to_readline
    ;;
  *)
    complete_words "$command" ''
    check "$command: options, where no path can stand" diff expected offered
    complete_words "$command" --files a b ''
    check "$command: --files takes another path" leaves_to_readline
    complete_words "$command" --files a b --js
    check "$command: an option ends --files" test "$(grep -cv '^--js' offered)" -eq 0
    ;;
  esac
done <commands

complete_words ts --time-base = ''
check "--time-base=" offers "auto sample update"
complete_words ts --time-base =
check "--time-base= at the equals sign" offers "auto sample update"
complete_words ts --time-base = up
check "--time-base=up" offers "update"
complete_words ts --time-base auto --time
check "behind a value: options" offers --time-base
complete_words ts --interval 1 ''
check "behind a value: all options" grep -qx -e --count offered
# what the tool takes for a time base is what is offered
run "$tool" ts --time-base '?'
check "the time bases are those of the tool" grep -qx "vm_energy: option '--time-base': '?' is no time base: sample, update or auto" err
complete_words nonsense ''
check "an unknown command: nothing" is_empty offered

# --- run: its command is completed as if it stood alone -----------------------------------------------------------------
complete_words run -- tmu
check "run -- : programs" grep -qx tmux offered
complete_words run --quiet -- tmux ''
check "run -- COMMAND: file names" leaves_to_readline
complete_words run -- tmux --
check "run -- COMMAND: none of our options" is_empty offered
_command_offset() { COMPREPLY=("offset $1"); }
complete_words run --quiet -- tmux ''
check "run -- with bash-completion: that of the command" offers "offset 4"

# --- a bash in a terminal -----------------------------------------------------------------------------------------------
screen() {
  tmux -S "$work/socket" capture-pane -p -t 0
}
on_screen() {
  screen | grep -qF -e "$1"
}
shows() { # fixed string
  wait_for on_screen "$1" || { screen; return 1; }
}
types() {
  tmux -S "$work/socket" send-keys -t 0 "$@"
}
mkdir -p bin "vms/web-1/intel-rapl:0" csv
ln -s "$tool" bin/vm_energy
counter web-1/intel-rapl:0 1
cat >rc <<RC
PS1='> '
PATH=$work/bin:\$PATH
bind 'set bell-style none'
. "$srcdir/standalone/completions/vm_energy"
RC
tmux -S "$work/socket" -f /dev/null new-session -d -x 100 -y 30 "bash --rcfile '$work/rc' -i" 2>err
check "a terminal" shows '>'
types 'vm_energy rep' Tab '--gco' Tab '400 cs' Tab
check "Tab: command, option and directory" shows '> vm_energy report --gco2-per-kwh 400 csv/'
types C-u 'vm_energy ts --time-base=up' Tab '--files vm' Tab Tab Tab
types Tab
check "Tab: a value, and a path with a colon" shows '> vm_energy ts --time-base=update --files vms/web-1/intel-rapl\:0/energy_uj'
types C-u 'exit' Enter
tmux -S "$work/socket" kill-server 2>/dev/null
finish
