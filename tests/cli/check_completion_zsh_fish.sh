#!/bin/bash
# Completion in zsh and fish: what they offer is what --help prints, for every command; then each in a terminal, with the Tab key.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require zsh fish tmux
completions=$srcdir/standalone/completions
export HOME=$work XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_RUNTIME_DIR=$work PATH=$work/bin:$PATH
# without the last directory, fish -i fills it in the background, while $work is removed
mkdir -p bin here/sub data/fish/generated_completions "here/vms/web-1/intel-rapl:0"
ln -s "$tool" bin/vm_energy
: >here/one.csv
echo 1 >"here/vms/web-1/intel-rapl:0/energy_uj"

# --- what --help has ------------------------------------------------------------------------------------------------------
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >commands
{
  cat commands
  printf '%s\n' help -h --help -V --version
} | sort >first_words
options_of() { # command: "option" or "option VALUE" on a line, sorted
  "$tool" "$1" --help | sed -nE '/^Options:/,/^$/s/^ {2,6}(-.*)/\1/p' |
    sed -E 's/  .*//; s/^(-.), (--[a-z0-9-]+)( .*)?$/\1\3\n\2\3/' | sort
}
check "there are eight commands at least" test "$(wc -l <commands)" -ge 8

# --- zsh: what the completion passes to its helpers -----------------------------------------------------------------------
cat >driver.zsh <<'ZSH'
setopt extendedglob
fpath=($1 $fpath)
autoload -Uz _vm_energy
_arguments() { print -rl -- $@ }
_describe() { print -rl -- ${${(P)@[-1]}%%:*} }
_normal() { print -r -- "normal $CURRENT $words" }
words=(vm_energy "${@:2}") CURRENT=$#
_vm_energy
ZSH
in_zsh() { # word...: the last one is completed
  zsh -f driver.zsh "$completions" "$@" 2>err
}
action_of() { # value in the help: what zsh is to do for it
  case $1 in
  '') ;;
  BASE) echo "(sample update auto)" ;;
  *FILE | PATH*) echo "_files" ;;
  DIR) echo "_files -/" ;;
  *) echo " " ;;
  esac
}
check "zsh: the commands are those of --help" diff first_words <(in_zsh '' | sort)
check "zsh: without a complaint" is_empty err
check "zsh: after help: the commands" diff <(sort commands) <(in_zsh help '' | sort)
while read -r command; do
  options_of "$command" | while read -r option value; do
    echo "$option${value:+:$value:$(action_of "$value")}"
  done | sort >expected
  in_zsh "$command" - | sed -nE 's/^\*(-[^=[]*)=?\[.*\](:|$)/\1\2/p' | sort >offered
  check "zsh: $command: options, values and what they are" diff expected offered
  check "zsh: $command: without a complaint" is_empty err
done <commands
check "zsh: report takes files and directories" grep -qx '\*:file or directory:_files' <(in_zsh report '')
check "zsh: --files takes another path" grep -qxF '*:PATH...:_files' <(in_zsh ts --files a '')
check "zsh: no path without it" test -z "$(in_zsh ts '' | grep '^\*:')"
check "zsh: run -- as if it stood alone" same "normal 2 tmux new" "$(in_zsh run --quiet -- tmux new)"

# --- fish: what it offers -------------------------------------------------------------------------------------------------
in_fish() { # command line: the words offered for its last one, which may be a beginning
  (cd here && fish -c "source '$completions/vm_energy.fish'; complete -C \$argv[1]" -- "vm_energy $1" 2>"$work/err" | cut -f 1)
}
offers_in_fish() { # command line, word...
  same "${*:2}" "$(in_fish "$1" | sort | xargs)"
}
check "fish: the commands are those of --help" diff first_words <(in_fish '' | sort)
check "fish: without a complaint" is_empty err
check "fish: after help: the commands" diff <(sort commands) <(in_fish 'help ' | sort)
while read -r command; do
  options_of "$command" >options
  check "fish: $command: the options are those of --help" diff <(cut -d ' ' -f 1 options) <(in_fish "$command -" | sort)
  check "fish: $command: without a complaint" is_empty err
  while read -r option value; do
    case $value in
    '') continue ;;
    BASE) words="auto sample update" ;;
    *FILE | PATH*) words="one.csv sub/ vms/" ;;
    DIR) words="sub/ vms/" ;;
    *) words= ;;
    esac
    # shellcheck disable=SC2086 # words on purpose
    check "fish: $command $option $value" offers_in_fish "$command $option " $words
  done <options
done <commands
check "fish: report takes files and directories" offers_in_fish 'report --json ' one.csv sub/ vms/
check "fish: --time-base=up" offers_in_fish 'ts --time-base=up' --time-base=update
check "fish: --files takes another path" offers_in_fish 'ts --files a ' one.csv sub/ vms/
check "fish: an option ends it" offers_in_fish 'ts --files a --int' --interval
check "fish: no path without it: options" same "$(options_of ts | wc -l)" "$(in_fish 'ts ' | wc -l)"
check "fish: an unknown command: nothing" offers_in_fish 'nonsense '
check "fish: run -- as if it stood alone" grep -qx -e --color <(in_fish 'run --quiet -- ls --col')
check "fish: run -- : programs" grep -qx tmux <(in_fish 'run -- tmu')

# --- in a terminal --------------------------------------------------------------------------------------------------------
on_screen() {
  tmux -S "$work/socket.$shell" capture-pane -p -t 0 | grep -qF -e "$1"
}
shows() { # fixed string
  wait_for on_screen "$1" || { tmux -S "$work/socket.$shell" capture-pane -p -t 0; return 1; }
}
types() {
  tmux -S "$work/socket.$shell" send-keys -t 0 "$@"
}
cat >.zshrc <<RC
PS1='> '
fpath=('$completions' \$fpath)
autoload -Uz compinit && compinit -D -u
RC
mkdir -p config/fish
cat >config/fish/config.fish <<RC
function fish_prompt; echo '> '; end
function fish_greeting; end
source '$completions/vm_energy.fish'
RC
for shell in zsh fish; do
  equals=
  [ $shell = fish ] || equals='='
  (cd here && tmux -S "$work/socket.$shell" -f /dev/null new-session -d -x 100 -y 30 "$shell -i") 2>err
  check "$shell in a terminal" shows '>'
  types 'vm_energy rep' Tab '--gco' Tab
  check "$shell: Tab: command and option" shows "> vm_energy report --gco2-per-kwh$equals"
  types C-u 'vm_energy ts --out-dir su' Tab
  check "$shell: Tab: directory" shows '> vm_energy ts --out-dir sub/'
  types C-u 'vm_energy ts --time-base up' Tab '--files vm' Tab
  check "$shell: Tab: value and path" shows '> vm_energy ts --time-base update --files vms/'
  tmux -S "$work/socket.$shell" kill-server 2>/dev/null
done
finish
