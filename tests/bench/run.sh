#!/bin/bash
# What vm_energy costs: a table, and bench.json.
#
#   run.sh [--quick] [--runs N] [--counters "1 10 100 1000 10000"] [--watts-per-core 10]
#     [--only "core ts collectd peers ticks"]
#
# Everything is measured on the same counters on a tmpfs, in turns with the floor: open, read, close of each path, in the
# same thread or beside it. As root the tmpfs is one of our own, mounted nodev,nosymfollow, as collectd-vm_energy(5)
# advises, in a mount namespace that goes at the end; else it is /dev/shm. No absolute time is asserted.
#
#   core       passes of the sampler (bench.c), also on a tmpfs without mount options
#   ts         the tool in real time
#   collectd   the plugin in a real collectd (module.c), by the clock of the thread that reads
#   peers      collectd's table plugin, node_exporter's rapl collector and PCP's denki, where they are installed, on such
#              files: an interval of collectd, a scrape, a fetch
#   ticks      the tool for two minutes at 1 s on the most counters: missed ticks
#
# At the end, where ts and collectd were measured: what that is as a part of a core, and as energy where a core that is busy
# draws --watts-per-core (10).
if [ "$(id -u)" -eq 0 ] && [ -z "${VM_ENERGY_BENCH_MOUNT:-}" ] && unshare -m --propagation private true 2>/dev/null; then
  VM_ENERGY_BENCH_MOUNT=own exec unshare -m --propagation private "$BASH" "$0" "$@"
fi
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/../daemon/lib.sh"
quick='' runs=5 counters="1 10 100 1000 10000" watts=10 only="core ts collectd peers ticks" ticks=120
while [ $# -gt 0 ]; do
  case $1 in
  --quick) quick=yes runs=1 counters=20 ticks=2 ;;
  --runs) runs=$2 && shift ;;
  --counters) counters=$2 && shift ;;
  --watts-per-core) watts=$2 && shift ;;
  --only) only=$2 && shift ;;
  *) sed -n '2,/^if/s/^# \{0,1\}//p' "$0" && exit 2 ;;
  esac
  shift
done
bench=$builddir/tests/bench/bench
report=$builddir/tests/bench/report
tool=$builddir/vm_energy
results=$work/results
[ -x "$report" ] || skip "the report is written with jansson, which a build without the tool does not have"
[ -x "$collectd" ] || only=${only/collectd/}

fail() { echo "bench: $*" >&2 && exit 1; }
wanted() { [[ " $only " == *" $1 "* ]]; }

# --- where the counters are: directories at the depth of /var/lib/libvirt/scaphandre ------------------------------------
mkdir -p "$work/advised" "$work/plain"
options=nodev,nosymfollow
if [ "${VM_ENERGY_BENCH_MOUNT:-}" = own ] && mount -t tmpfs -o "$options" vms "$work/advised" 2>/dev/null &&
  mount -t tmpfs vms "$work/plain"; then
  advised=$work/advised/vms plain=$work/plain/vms
  trap 'umount -l "$work/advised" "$work/plain"; clean_up' EXIT
else
  options="those of /dev/shm" plain=''
  advised=$(mktemp -d /dev/shm/vm_energy.XXXXXX) || exit 1
  trap 'rm -rf "$advised"; clean_up' EXIT
fi
fresh() { rm -rf "$1" && mkdir -p "$1"; } # directory

measure() { # command...: adds its results
  "$@" >>"$results" || fail "failed: $*"
}

# --- the plugin in a real collectd --------------------------------------------------------------------------------------
module_conf() { # count interval step; on standard input what else is to be loaded
  cat <<CONF
Hostname "node1"
FQDNLookup false
BaseDir "$work/var"
PIDFile "$work/var/collectd.pid"
TypesDB "$typesdb"
Interval $2
ReadThreads 1
WriteThreads 1
PluginDir "$stock_plugins"
LoadPlugin logfile
<Plugin logfile>
  LogLevel "warning"
  File STDERR
</Plugin>
PluginDir "$builddir/tests/bench/module/.libs"
LoadPlugin bench
<Plugin bench>
  Dir "$advised"
  Count $1
  Step $3
  Output "$work/lines"
</Plugin>
CONF
  cat
}

vm_energy_conf() { # options of the plugin
  cat <<CONF
PluginDir "$module_dir"
LoadPlugin vm_energy
<Plugin vm_energy>
  File "$advised/scaphandre/*/intel-rapl:0/energy_uj"
  $1
</Plugin>
CONF
}

table_conf() { # count
  echo 'PluginDir "'"$stock_plugins"'"'
  echo 'LoadPlugin table'
  echo '<Plugin table>'
  for ((i = 0; i < $1; i++)); do
    printf '<Table "%s/scaphandre/vm-%05d/intel-rapl:0/energy_uj">\n  Plugin "table"\n  Instance "vm-%05d"\n  Separator " "\n' \
      "$advised" "$i" "$i"
    printf '  <Result>\n    Type "energy"\n    ValuesFrom 0\n  </Result>\n</Table>\n'
  done
  echo '</Plugin>'
}

writers_ns() { # pid
  local task ns
  for task in "/proc/$1/task"/*; do
    [[ $(<"$task/comm") == writer* ]] && read -r ns _ <"$task/schedstat" && echo "$ns"
  done
}

# One collectd with the bench module and one other plugin: median of the intervals, but for the first ten. As if sampled each
# second, or each 10 s (", 10 s" at the end of what), when each look finds an update.
in_collectd() { # what count run; the other plugin's configuration on standard input
  local what=$1 count=$2 run=$3 step=5 interval=0.1 intervals=40 before after first
  [[ $what != *", 10 s" ]] || step=1
  [ "$count" -lt 1000 ] || interval=0.2
  [ "$count" -lt 10000 ] || interval=0.6 intervals=30
  [ -z "$quick" ] || intervals=15
  fresh "$advised"
  rm -f "$work/lines"
  module_conf "$count" "$interval" "$step" >"$work/collectd.conf"
  start collectd "$collectd" -f -C "$work/collectd.conf"
  wait_for 30 lines_are 10 || fail "collectd does not read: $(tail -n 3 "$work/collectd.log")"
  before=$(writers_ns "$pid")
  first=$(wc -l <"$work/lines")
  wait_for 120 lines_are "$intervals"
  after=$(writers_ns "$pid")
  local passes=$(($(wc -l <"$work/lines") - first)) memory
  memory=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
  stop collectd || fail "collectd failed: $(tail -n 3 "$work/collectd.log")"
  tail -n +11 "$work/lines" | awk -v what="$what" -v n="$count" -v run="$run" -v writers="$((after - before))" \
    -v passes="$passes" -v memory="$memory" '
    function median(v, num) { asort(v); return num % 2 ? v[(num + 1) / 2] : (v[num / 2] + v[num / 2 + 1]) / 2 }
    { own[NR] = $1; bare[NR] = $2 }
    END {
      floor = "floor, " what; OFS = "\t"
      print floor, n, run, median(bare, NR) / n, "ns", floor
      print what, n, run, median(own, NR) / n, "ns", floor
      if (what ~ /dispatch/)
        print what ", writers", n, run, writers / passes / n, "ns", ""
      print what ", memory", n, run, memory, "KiB", ""
    }' >>"$results"
}
lines_are() { [ -s "$work/lines" ] && [ "$(wc -l <"$work/lines")" -ge "$1" ]; }

measure_collectd() { # count run
  in_collectd "collectd, nothing but the floor" "$@" <<<""
  in_collectd "plugin, sample" "$@" <<<"$(vm_energy_conf 'TimeBase "sample"
  ReportEnergy false
  ReportPower false')"
  in_collectd "plugin, auto" "$@" <<<"$(vm_energy_conf 'ReportEnergy false
  ReportPower false')"
  in_collectd "plugin, auto, dispatch" "$@" <<<"$(vm_energy_conf '')"
  in_collectd "plugin, auto, dispatch, 10 s" "$@" <<<"$(vm_energy_conf '')"
}

# --- peers --------------------------------------------------------------------------------------------------------------
measure_table() { # count run
  [ "$1" -le 1000 ] || return 0 # its configuration has a block per VM
  in_collectd "peer: table, dispatch" "$@" <<<"$(table_conf "$1")"
}

free_port() {
  "$BASH" -c 'for ((port = 20000 + RANDOM % 10000; ; port++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && break; }
  done'
}

threads_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ s += $1 } END { printf "%.0f", s }'; } # pid
page() { curl -fs "http://127.0.0.1:$1/metrics" -o "$work/page"; }                            # port

# The zones of a powercap tree are the same files; the exporter wants a name and a range beside each.
measure_node_exporter() { # count run
  local tree=$advised/sys/class/powercap port before after scrapes=10 dir
  [ -z "$quick" ] || scrapes=2
  fresh "$advised"
  measure "$bench" write "$advised" "$1" 1 0
  mkdir -p "$tree"
  for ((i = 0; i < $1; i++)); do
    printf -v dir '%s/scaphandre/vm-%05d/intel-rapl:0' "$advised" "$i"
    mkdir "$tree/intel-rapl:$i"
    echo "vm-$i" >"$tree/intel-rapl:$i/name"
    echo 262143328850 >"$tree/intel-rapl:$i/max_energy_range_uj"
    ln "$dir/energy_uj" "$tree/intel-rapl:$i/energy_uj"
  done
  port=$(free_port)
  start exporter prometheus-node-exporter "--path.sysfs=$advised/sys" --collector.disable-defaults --collector.rapl \
    "--web.listen-address=127.0.0.1:$port" --web.disable-exporter-metrics
  wait_for 20 page "$port" || fail "node_exporter does not answer: $(tail -n 3 "$work/exporter.log")"
  grep -q '^node_rapl.* ' "$work/page" || fail "node_exporter has no values of RAPL"
  before=$(threads_ns "$pid")
  for ((i = 0; i < scrapes; i++)); do page "$port"; done
  after=$(threads_ns "$pid")
  printf 'peer: node_exporter rapl, a scrape\t%d\t%d\t%s\tns\t\n' "$1" "$2" "$(((after - before) / scrapes / $1))" >>"$results"
  stop exporter
}

# denki reads at most 16 packages, of a tree of its own making, and tells whole joules.
measure_denki() { # count run
  local tree=$work/denki zone fetches=2000 agent before after
  [ "$1" -eq 100 ] || return 0
  [ -z "$quick" ] || fetches=20
  fresh "$advised"
  fresh "$tree"
  chmod a+x "$work" # the agent becomes the user pcp
  measure "$bench" write "$advised" 16 1 0
  for ((i = 0; i < 16; i++)); do
    zone=$tree/sys/class/powercap/intel-rapl/intel-rapl:$i
    mkdir -p "$zone" "$tree/sys/devices/system/cpu/cpu$i/topology"
    echo "package-$i" >"$zone/name"
    ln -s "$advised/scaphandre/vm-000$((i / 10))$((i % 10))/intel-rapl:0/energy_uj" "$zone/energy_uj"
    echo "$i" >"$tree/sys/devices/system/cpu/cpu$i/topology/physical_package_id"
  done
  printf 'root {\n denki\n}\ndenki {\n rapl\n}\ndenki.rapl {\n raw 156:0:1\n}\n' >"$tree/namespace"
  mkfifo "$tree/commands"
  exec 8<>"$tree/commands" # for reading too: to open one end alone waits for the other
  (cd "$tree" && exec stdbuf -oL dbpmda -n "$tree/namespace" -ie <&8 >"$work/denki.log" 2>&1) & # it leaves a log where it is
  pid=$!
  pids+=("$pid")
  echo "open pipe $denki -r $tree" >&8
  echo "fetch denki.rapl.raw" >&8
  wait_for 10 grep -q 'numval: 16' "$work/denki.log" || fail "denki does not read: $(tail -n 3 "$work/denki.log")"
  agent=$(pgrep -P "$pid")
  before=$(threads_ns "$agent")
  for ((i = 0; i < fetches; i++)); do echo "fetch denki.rapl.raw"; done >&8
  wait_for 60 denki_answered $((fetches + 1))
  after=$(threads_ns "$agent")
  echo quit >&8
  exec 8>&-
  wait "$pid"
  printf 'peer: PCP denki, a fetch of 16 zones\t%d\t%d\t%s\tns\t\n' "$1" "$2" "$(((after - before) / fetches / 16))" >>"$results"
}
denki_answered() { [ "$(grep -c 'numval: 16' "$work/denki.log")" -ge "$1" ]; }

denki=/var/lib/pcp/pmdas/denki/pmdadenki
measure_peers() { # count run
  [ ! -x "$collectd" ] || measure_table "$@"
  ! command -v prometheus-node-exporter >/dev/null || measure_node_exporter "$@"
  { ! command -v dbpmda || [ ! -x "$denki" ]; } >/dev/null || measure_denki "$@"
}

# --- two minutes on the most counters -----------------------------------------------------------------------------------
measure_ticks() { # count run
  fresh "$advised"
  measure "$bench" write "$advised" "$1" 1 0
  start writer "$bench" write "$advised" "$1" 5 $((ticks + 5))
  "$tool" ts --files "$advised/scaphandre/*/intel-rapl:0/energy_uj" --time-base auto -i 1 -n "$ticks" \
    --out-dir "$work/ts" --quiet </dev/null >/dev/null 2>&1 || fail "ts failed"
  stop writer
  local missed late
  missed=$(jq .quality.missed_ticks "$work"/ts/*/run.json)
  late=$(jq '.quality.late_max_s * 1000' "$work"/ts/*/run.json)
  printf 'ts, %d ticks of 1 s: missed\t%d\t%d\t%s\tticks\t\n' "$ticks" "$1" "$2" "$missed" >>"$results"
  printf 'ts, %d ticks of 1 s: latest by\t%d\t%d\t%s\tms\t\n' "$ticks" "$1" "$2" "$late" >>"$results"
}

# --- all of it ----------------------------------------------------------------------------------------------------------
plain_rows() { # command...: its results under names of their own
  "$@" >"$work/plain_rows" || fail "failed: $*"
  awk -F '\t' -v OFS='\t' '{ $1 = $1 ", plain mount"; if ($6 != "") $6 = $6 ", plain mount" } 1' "$work/plain_rows" >>"$results"
}

for ((run = 1; run <= runs; run++)); do
  for n in $counters; do
    [ ! -t 2 ] || printf '\rrun %d of %d, %d counters ' "$run" "$runs" "$n" >&2
    if wanted core; then
      for what in core search start csv; do
        fresh "$advised"
        measure "$bench" "$what" "$advised" "$n" "$run"
      done
      if [ -n "$plain" ]; then
        fresh "$plain"
        plain_rows "$bench" core "$plain" "$n" "$run"
      fi
    fi
    [ "$run" -le 3 ] || continue # what runs in real time
    if wanted ts; then
      fresh "$advised"
      measure "$bench" ts "$advised" "$n" "$run" "$tool"
    fi
    ! wanted collectd || measure_collectd "$n" "$run"
    ! wanted peers || measure_peers "$n" "$run"
  done
done
! wanted ticks || measure_ticks "$n" 1
[ ! -t 2 ] || printf '\r%50s\r' '' >&2
cost_table() {
  jq -r --argjson watts "$watts" '
    def ns($what; $n): [.results[] | select(.what == $what).by_counters[] | select(.counters == $n).median][0];
    def cost($names; $interval_s; $n): [ns($names[]; $n)] | if any(. == null) then null else add * $n / $interval_s / 1e9 end;
    def counts: [.results[].by_counters[].counters] | unique | .[];
    def row($title; $names; $interval_s):
      [counts as $n | cost($names; $interval_s; $n)] as $cores |
      if $cores | all(. == null) then empty else
        [$title, "% of a core", ($cores[] | if . == null then "" else . * 1e5 | round / 1e3 end)],
        ["", "J a day", ($cores[] | if . == null then "" else . * $watts * 86400 | round end)] end;
    [counts] as $counts |
    ["counters", "", $counts[]],
    row("plugin in collectd, 1 s"; ["plugin, auto, dispatch", "plugin, auto, dispatch, writers"]; 1),
    row("plugin in collectd, 10 s"; ["plugin, auto, dispatch, 10 s", "plugin, auto, dispatch, 10 s, writers"]; 10),
    row("ts, 1 s"; ["ts auto"]; 1),
    row("ts, 10 s"; ["ts auto, 10 s"]; 10) | @tsv' "$builddir/bench.json" >"$work/costs" || return
  awk -F '\t' -v watts="$watts" 'NR == 1 { printf "\nwhat it costs, at %s W for a core that is busy\n\n", watts }
    { printf "%-28s %-12s", $1, $2; for (i = 3; i <= NF; i++) printf " %10s", $i; print "" }' "$work/costs"
}

"$report" "$builddir/bench.json" "version=$("$tool" --version | head -n 1)" "kernel=$(uname -r)" \
  "processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "processors=$(getconf _NPROCESSORS_ONLN)" \
  "tmpfs=$options" "updates=every counter each 5th pass; where it says 10 s, in each pass" <"$results" || exit 1
{ ! wanted ts && ! wanted collectd; } || cost_table || exit 1
echo "written to bench.json"
