#!/bin/bash
# Options, as the real daemon reads them: the message about each bad one, and that none stops the daemon. `collectd -T` runs
# config, init and read once; -t does not even load the module.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd"

mkdir -p "$work/scaphandre/a/intel-rapl:0"
echo 1000000 >"$work/scaphandre/a/intel-rapl:0/energy_uj"
file="File \"$work/scaphandre/*/intel-rapl:0/energy_uj\""

run_once() { # runs the daemon once; its log is $work/collectd.log
  timeout 30 "${run_daemon[@]}" -T -C "$work/collectd.conf" >"$work/collectd.log" 2>&1
}

lines() { sed -n 's/^\[\([a-z]*\)\] vm_energy plugin: /\1: /p' "$work/collectd.log"; }

# The plugin's log lines for a block on standard input are the text.
answers() { # what text
  daemon_conf 10
  check "$1: collectd starts" run_once
  check "$1: the log" test "$(lines)" = "$2" || lines
}

fine="info: reading 1 counter"

# --- no block: the places of Scaphandre, on a host and in a guest --------------------------------------------------------
daemon_head 10 >"$work/collectd.conf"
check "no block: collectd starts" run_once
check "no block: counters, or where they were looked for" grep -qE \
  "^(info: reading [0-9]+ counters?|warning: no counter found in '/var/lib/libvirt/scaphandre/\*/intel-rapl:0/energy_uj', '/var/lib/scaphandre/\*/energy_uj', '/var/scaphandre/intel-rapl:\*/energy_uj'; start Scaphandre's qemu exporter, or set the option File .*)\$" <(lines)

# --- bad options: each is logged with its value and what it takes, and the others have effect -----------------------------
bad() { # option as written, as logged, what it takes
  answers "$1" "warning: option '$2' is ignored: it takes $3
$fine" <<<"$file
$1"
}
boolean="true or false"
path="the absolute path of a file, or a pattern of them, in quotes"
takes_vm="the name of a VM in quotes, or an extended regular expression between two slashes"
base='"auto", "update" or "sample"'
stale="a number of seconds from 0 (the default rule) to 31536000"
scale="a number above 0, at most 1000000000, without an exponent"
power="a number of watts from 0 (off) to 1000000000"
smooth="a whole number of samples from 0 (off) to 86400"
file_path="the absolute path of a file, in quotes"
directory="the absolute path of a directory, in quotes"
host="one to four of hostname and name; energy files have no uuid and no metadata"
instance="name or none; energy files have no uuid and no metadata"
while IFS='|' read -r written logged takes; do
  bad "$written" "$logged" "$takes"
done <<BAD
File "energy_uj"|File "energy_uj"|$path
File 7|File 7|$path
IgnoreSelected "maybe"|IgnoreSelected "maybe"|$boolean
TimeBase "mtime"|TimeBase "mtime"|$base
StaleTimeout -1|StaleTimeout -1|$stale
StaleTimeout "30 s"|StaleTimeout "30 s"|$stale
Scale 0|Scale 0|$scale
Scale "5" "6"|Scale "5" "6"|$scale
MaxPower -1|MaxPower -1|$power
MaxPower "500 W"|MaxPower "500 W"|$power
Smooth 2.5|Smooth 2.5|$smooth
Smooth 86401|Smooth 86401|$smooth
HostnameFormat "uuid"|HostnameFormat "uuid"|$host
PluginInstanceFormat "metadata"|PluginInstanceFormat "metadata"|$instance
ReportEnergy 1|ReportEnergy 1|$boolean
NotifyStale "true" "false"|NotifyStale "true" "false"|$boolean
CSVDir "captures"|CSVDir "captures"|$directory
CSVDir true|CSVDir true|$directory
StateFile "vm_energy.state"|StateFile "vm_energy.state"|$file_path
StateFile "$work/"|StateFile "$work/"|$file_path
BAD

# a bad option does not widen what is reported
answers "a bad expression" "warning: option 'VM \"//\"' is ignored: it takes $takes_vm: it is empty
error: nothing is reported: each option VM was refused" <<<"$file
VM \"//\""
answers "a bad file alone" "warning: option 'File \"energy_uj\"' is ignored: it takes $path
error: nothing is reported: each option File was refused" <<<'File "energy_uj"'
answers "a bad expression beside a good one" "warning: option 'VM false' is ignored: it takes $takes_vm
$fine" <<<"$file
VM \"a\"
VM false"

# what collectd's own plugins accept
mkdir -p "$work/scaphandre/100/intel-rapl:0"
echo 1000000 >"$work/scaphandre/100/intel-rapl:0/energy_uj"
answers "a number as a name, words as booleans" "$fine" <<<"$file
VM 100
IgnoreSelected \"false\"
ReportPower \"yes\"
NotifyAdd on"
rm -r "$work/scaphandre/100"

answers "an unknown option" "warning: unknown option 'Interval' is ignored
$fine" <<<"$file
Interval 5"
answers "case does not matter" "$fine" <<<"${file/File/fILE}
tImEbAsE \"SAMPLE\""
answers "two blocks add up" "$fine" <<<"IgnoreSelected true
</Plugin>
<Plugin vm_energy>
$file
VM \"b\""
answers "a series that would be shared by all VMs" "warning: neither HostnameFormat nor PluginInstanceFormat has the name \
of the VM, so all VMs would be one series: using PluginInstanceFormat \"name\"
$fine" <<<"$file
PluginInstanceFormat \"none\""
answers "a selection that leaves nothing" "warning: no counter found in '$work/scaphandre/*/intel-rapl:0/energy_uj'; \
start Scaphandre's qemu exporter, or set the option File (and see that the option VM leaves some)" <<<"$file
VM \"b\""

# --- the example: unchanged, and with all its comments as options -------------------------------------------------------
example=$srcdir/vm_energy.conf.example
with_example() { # sed program
  daemon_head 10 | grep -v 'LoadPlugin vm_energy' >"$work/collectd.conf"
  sed "$1" "$example" >>"$work/collectd.conf"
  check "the example ($1): collectd starts" run_once
  check "the example ($1): no option is refused" test "$(lines | grep -c option)" = "$(lines | grep -c 'set the option File')"
}
with_example ''
with_example "s/^\\( *\\)#\\([A-Z][A-Za-z]* \\)/\\1\\2/; s|CSVDir .*|CSVDir \"$work/captures\"|; s|StateFile .*|StateFile \"$work/state\"|"
check "what is commented out is set in the second" grep -q '^  NotifyReset false' "$work/collectd.conf"
check "... and has effect" compgen -G "$work/captures/run_*"

# --- code, example and manual have the same options, and README names no other ------------------------------------------
options() { sed -n 's/^    {"\([A-Za-z]*\)", set_.*/\1/p' "$srcdir/plugin/settings.c" | grep -v '^Domain$' | sort; }
check "the code has options" test "$(options | wc -l)" -ge 15
same() { diff <(options) <(sort -u) >"$work/diff" || { cat "$work/diff" && false; }; }
check "the example has them all" same < <(sed -n '/^<Plugin/,$s/^  #\([A-Z][A-Za-z]*\) .*/\1/p' "$example")
check "the manual has them all" same < <(sed -n 's/^\.It Cm \([A-Z][A-Za-z]*\).*/\1/p' "$srcdir/plugin/collectd-vm_energy.5")
named_in_readme() { grep -oE '`[A-Z][A-Za-z]+( |`)' "$srcdir/README.md" | tr -d '` ' | grep -v '^LoadPlugin$' | sort -u; }
check "the README names options" test "$(named_in_readme | wc -l)" -ge 3
check "the README names no other" test -z "$(comm -13 <(options) <(named_in_readme))"
finish
