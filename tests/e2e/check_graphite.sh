#!/bin/bash
# collectd's write_graphite, a real carbon-cache, the whisper files, and graphite-web's render API with its picture.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache whisper-create whisper-fetch whisper-fill whisper-update curl jq ss
/usr/bin/python3 -c 'import graphite, django, cairocffi' 2>/dev/null || skip "graphite-web is not installed"

carbon_start || exit 1
render_start || exit 1
# names that are changed to be safe, and changed again on their way to Whisper
hostile=("-a b.c'\"\$x\`>ran\`\${y}\\*[y]:!,(z)~#" $'line\nline' 'a;b')
writer_start -- constant=const:100 wave=sine:60:30:20 spare=idle "${hostile[@]/%/=const:50}"
{
  vm_energy_block
  cat <<CONF
<LoadPlugin write_graphite>
  FlushInterval 1
</LoadPlugin>
<Plugin write_graphite>
  <Node "local">
    Host "127.0.0.1"
    Port "${port[carbon]}"
    Protocol "tcp"
    ReconnectInterval 0
    StoreRates false
    AlwaysAppendDS false
  </Node>
</Plugin>
CONF
} | sed 's/^<Plugin vm_energy>/&\n  ReportStats true/' | agent_conf node1 1
agent_start node1 || exit 1

# the recipe's list of hosts that do not report, but of ten seconds
printed=$(grep '^curl .*currentBelow' "$examples/README.md" | sed "s/localhost/127.0.0.1:${port[render]}/; s/5min/10s/")
silent() { hosts=$(sh -c "$printed -fsS -d noCache=1") && [ "$(jq -r '.[].target' <<<"$hosts" | xargs)" = "$1" ]; }
sleep 12
check "ReportStats: Graphite has the counters" wait_for at_least 5 rendered node1.vm_energy.files-counters
check "... which are six" near "$(rendered node1.vm_energy.files-counters | tail -n 1 | cut -d" " -f2)" 6 0
check "... no host is silent" wait_for silent ""
stop writer
sleep 2
check "collectd ends with status 0, and what it held back is sent" stop node1

for vm in constant wave spare; do
  for quantity in power energy; do
    check "whisper holds the $quantity of $vm" wait_for at_least 10 whisper node1 $vm $quantity
    check "... as it was drawn" matches $quantity $vm 1 whisper node1 $vm $quantity
    check "... and the render API tells the same" matches $quantity $vm 1 rendered "node1.vm_energy-$vm.$quantity"
  done
done
check "there is no other file: two for each VM, and six of ReportStats" \
  same $((6 * 2 + 6)) "$(find "$work/graphite/whisper" -name '*.wsp' -not -path '*/carbon/*' | wc -l)"
until=$(truth constant wall_s | cut -d. -f1)
slope=$(rendered 'perSecond(node1.vm_energy-constant.energy)' |
  awk -v until="$until" '$1 < until { s += $2; n++ } END { if (n) print s / n }')
check "the slope of the energy is the power, within one update of some ten" near "$slope" 100 15

# --- the picture: without axes, so that the height of a line is its power ---------------------------------------------
picture() { # file [curl option...]
  local file=$1
  shift
  render 'color(node1.vm_energy-constant.power,"ff0000")' --data-urlencode 'target=color(node1.vm_energy-wave.power,"0000ff")' \
    -d format=png -d "from=$((until - 9))" -d "until=$until" -d noCache=1 -d yMin=0 -d lineWidth=2 -d bgcolor=white \
    -d fgcolor=black -o "$work/$file" "$@"
}
picture plain.png -d graphOnly=true -d yMax=200 -d width=400 -d height=220
picture empty.png -d graphOnly=true -d yMax=200 -d width=400 -d height=220 -d until=-1h -d from=-2h
/usr/bin/python3 "$e2e/png_lines.py" "$work/plain.png" ff0000 0000ff >"$work/lines"
/usr/bin/python3 "$e2e/png_lines.py" "$work/empty.png" ff0000 0000ff >"$work/no_lines"
check "the picture has a line for each VM" \
  awk '$2 < 300 { print "  " $0; bad = 1 } END { exit bad || NR != 2 }' "$work/lines"
check "... an empty chart has none" awk '$2 > 0 { print "  " $0; bad = 1 } END { exit bad }' "$work/no_lines"
height=$(awk '$1 == "ff0000" { print $3 }' "$work/lines")
check "... and 100 W of 200 W are at half height" near "$height" 0.5 4

mkdir -p "$artifacts"
picture graphite.png -d width=700 -d height=300 --data-urlencode 'title=power of two VMs' -d vtitle=watt &&
  cp "$work/graphite.png" "$artifacts/"
check "ReportStats: without collectd, the host is silent" wait_for silent node1
check "the picture is kept as tests/e2e/artifacts/graphite.png" test -s "$artifacts/graphite.png"

# --- VMs with new names: the series are renamed there and back ----------------------------------------------------------
[ -x "$tool" ] || { echo "the tool, which lists the names, is not built" && finish; }
stop render
stop carbon
series=$work/graphite/whisper/node1
rename_whisper() { # [--rename]; names on standard input
  sh "$examples/rename-whisper.sh" "$@" "$series" >"$work/out" 2>"$work/err"
}
of_four() { # beginning of line: that many lines of rename-whisper.sh
  same 4 "$(grep -c "^$1" "$work/out")"
}
contents() { # the series, and the values of each
  (cd "$series" && for file in */*.wsp; do echo "$file" && whisper_file "$file"; done)
}
# the earlier names are harmless, or as earlier versions left them
"$tool" list --files "$tree/*/intel-rapl:0/energy_uj" --json >"$work/after.json"
jq '.vms[] |= (select(.label | test("^(constant|wave)$") | not).label |= "was " + .)' "$work/after.json" >"$work/before.json"
(cd "$work" && eval "$(sed -n '/^jq /,/>names$/p' "$examples/README.md")")
jq -r '.vms[].label' "$work/after.json" | grep -vxE 'constant|wave' | sed 's/.*/was &\t&/' | sort >"$work/expected"
check "the recipe finds the names that have changed" diff "$work/expected" <(sort "$work/names")
awk -F '\t' '{ print $2 "\t" $1 }' "$work/names" >"$work/back"
contents >"$work/series_before"
check "series that are missing: status 1" same 1 "$(rename_whisper --rename <"$work/names" || echo $?)"
check "... and each is named" same 4 "$(grep -c '^vm_energy-.* is missing$' "$work/out")"
check "without --rename" rename_whisper <"$work/back"
check "... it says what it would do" of_four 'would rename vm_energy-.* to vm_energy-was_'
check "... and does nothing" diff "$work/series_before" <(contents)
check "with --rename" rename_whisper --rename <"$work/back"
check "... it does it" of_four 'renamed vm_energy-.* to vm_energy-was_'
check "... to the last name" same 4 "$(find "$series" -mindepth 1 -maxdepth 1 -name 'vm_energy-was_*' | wc -l)"
check "... and each value is the same" \
  diff <(sort "$work/series_before") <(contents | sed 's/vm_energy-was_/vm_energy-/' | sort)

# the first value of the new series; of the old ones that one of Smooth, too
unsafe=$(cd "$series" && printf '%s\n' vm_energy-was_*'`'*)
unsafe=${unsafe#vm_energy-was_}
for vm in spare "$unsafe"; do
  mkdir "$series/vm_energy-$vm"
  cp "$series/vm_energy-was_$vm/power.wsp" "$series/vm_energy-was_$vm/power-sma3.wsp"
  for quantity in power energy power-sma3; do
    whisper-create "$series/vm_energy-$vm/$quantity.wsp" 1s:1h >/dev/null
    whisper-update "$series/vm_energy-$vm/$quantity.wsp" "$EPOCHSECONDS:7"
  done
done
renamed() { awk -v kept="vm_energy-was_$unsafe/" '!/^vm_energy-was_spare/ && index($0, kept) != 1 { sub(/^vm_energy-was_/, "vm_energy-") } 1' | sort; }
contents | renamed >"$work/series_before"
check "a series with the new name: status 1" same 1 "$(rename_whisper --rename <"$work/names" || echo $?)"
check "... the reason" grep -qxF 'vm_energy-was_spare stays: vm_energy-spare exists' "$work/out"
check "... the others are renamed" same 2 "$(grep -c '^renamed ' "$work/out")"
check "... and no value is lost" diff "$work/series_before" <(contents | renamed)
both_names() { # prefix...: the values of both VMs
  local vm quantity prefix
  for vm in spare "$unsafe"; do
    for quantity in power energy power-sma3; do
      for prefix; do whisper node1 "$prefix$vm" "$quantity"; done
    done
  done
}
both_names was_ '' >"$work/expected"
check "--fill" rename_whisper --fill <"$work/names"
check "... fills the new series from the old ones" diff "$work/expected" <(both_names '')
check "... renames nothing" same 2 "$(find "$series" -mindepth 1 -maxdepth 1 -name 'vm_energy-was_*' | wc -l)"
check "... and runs no part of a name" test -z "$(find "$work" -name ran)"
rm "$series/vm_energy-spare/power-sma3.wsp"
check "--fill, without a new file: status 1" same 1 "$(rename_whisper --fill <"$work/names" || echo $?)"
check "... which it names" \
  grep -qxF 'vm_energy-was_spare/power-sma3.wsp stays: vm_energy-spare/power-sma3.wsp cannot be filled' "$work/out"
check "a name that leads elsewhere is refused" same 2 "$(printf 'spare\t../x\n' | rename_whisper --rename || echo $?)"
check "two names for one series" same 1 "$(printf '%s\t%s\n' spare x spare y | rename_whisper --rename || echo $?)"
check "... are refused" same 2 "$(grep -cx 'vm_energy-spare has two new names' "$work/out")"
check "one name for two series" same 1 "$(printf '%s\t%s\n' spare x wave x | rename_whisper --rename || echo $?)"
check "... is refused" same 2 "$(grep -c ' has the new name of another one, too$' "$work/out")"
# in a chain, the new name of a VM is the old one of another
mkdir "$series"/vm_energy-{a,b,c}
check "names in a chain: status 1" same 1 "$(printf '%s\t%s\n' a b b c | rename_whisper --rename || echo $?)"
check "... stay" same 2 "$(grep -c '^vm_energy-[ab] stays: another one has its old or new name, too; rename these by hand' "$work/out")"
check "... and none is filled" same 1 "$(printf '%s\t%s\n' a b b c | rename_whisper --fill || echo $?)"
check "two that change names: status 1" same 1 "$(printf '%s\t%s\n' b c c b | rename_whisper --rename || echo $?)"
check "... are refused" same 2 "$(grep -c '^vm_energy-[bc] stays: another one has' "$work/out")"
finish
