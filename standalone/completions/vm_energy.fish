# fish completion for vm_energy(1)
#
# Commands and options are those that the tool prints with --help, so none is listed here.

function __vm_energy_value # name in the help, current word
    switch $argv[1]
        case BASE
            printf '%s\n' sample update auto
        case '*FILE' 'PATH*'
            __fish_complete_path $argv[2]
        case DIR
            __fish_complete_directories $argv[2] ''
    end
end

function __vm_energy_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l tool (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    if test (count $words) -eq 0; or test "$words" = help
        $tool --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1'\t'$2'
    end
    if test (count $words) -eq 0
        echo help\t'print the help of a command'
        $tool --help 2>/dev/null | string replace -rf '^  (-[a-zA-Z]), (--[a-z-]+) +(.*)' '$1'\t'$3'\n'$2'\t'$3'
    end
    if test (count $words) -eq 0; or test "$words[1]" = help
        return
    end

    set -l command $words[1]
    set -l options # the option, the name of its value or nothing, a description, for each
    set -l help ($tool $command --help 2>/dev/null)
    for line in (string replace -rf '^ {2,6}(?:(-[a-zA-Z]), )?(--[a-z0-9-]+)(?: ([A-Z][A-Za-z.|]*))?(?:  +(.*)|$)' '$1'\t'$2'\t'$3'\t'$4' -- $help)
        set -l fields (string split \t -- $line)
        test -z "$fields[1]"; or set -a options $fields[1]\t$fields[3]\t"$fields[4]"
        set -a options $fields[2]\t$fields[3]\t"$fields[4]"
    end

    # what the current word is the value of; dots: one of several values
    set -l wants
    set -e words[1]
    while test (count $words) -gt 0
        set -l word $words[1]
        set -e words[1]
        switch $word
            case -- # no option of ours comes any more; what follows `run --` is completed as if it stood alone
                test $command != run; or complete -C (string join ' ' -- (string escape -- $words) $current)
                return
            case '--*=*'
                set wants
            case '-*'
                set wants (string replace -rf '^'(string escape --style=regex -- $word)'\t(.*)\t.*' '$1' -- $options)
            case '*'
                string match -q '*...' -- $wants; or set wants
        end
    end
    set -l value (string match -r '^(--[a-z0-9-]+)=(.*)' -- $current)
    if test (count $value) -eq 3
        set wants (string replace -rf '^'$value[2]'\t(.*)\t.*' '$1' -- $options)
        __vm_energy_value "$wants" $value[3] | string replace -r '^' -- "$value[2]="
    else if test -n "$wants"; and not string match -q -- '*... -*' "$wants $current"
        __vm_energy_value $wants $current
    else if string match -q -- '-*' $current; or not string match -q 'Usage: * FILE|DIR...' -- $help[1]
        string replace -r '\t.*\t' \t -- $options
    else
        __fish_complete_path $current
    end
end

complete -c vm_energy -f -a '(__vm_energy_complete)'
