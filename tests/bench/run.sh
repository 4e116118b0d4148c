#!/bin/bash
# What vm_energy costs. Prints each row when it is measured.
#
#   run.sh [--quick] [--runs 5] [--counters "1000 10000"] [--interval S] [PART...]
#   make bench [BENCH='OPTION... PART...']
#
#   ts         the tool with CSV, compared with the floor: open, read, close of each path. Tool and floor take turns. With
#              a writer of 5 s, and with an update before each look. Time runs faster than the names of the rows say.
#   plugin     the plugin in a real collectd, with dispatch, on 1000 counters, as part of a core, in real time: looks each
#              2 s, values each 10 s (--interval), a writer of two updates in that time
#   ticks      the tool for a minute in real time on 10000 counters, each 1 s (--interval): missed ticks, part of a core
# and only where they are named:
#   parts      where the time goes: the sampler, searches, the first pass, CSV
#   peers      collectd's table plugin, node_exporter's rapl collector and PCP's denki, where they are installed, on such
#              files: an interval of collectd, a scrape, a fetch
#
# A row has the median of all runs, the lowest and the highest value, and the target. Whether it is met is printed; a
# missed target is no error. All files are on a tmpfs: one mounted nodev,nosymfollow, as collectd-vm_energy(5) advises,
# and a plain one, in our own mount namespace. This needs root; without it, /dev/shm is used, and there are no targets.
if [ "$(id -u)" -eq 0 ] && [ -z "${VM_ENERGY_BENCH_MOUNT:-}" ] && unshare -m --propagation private true 2>/dev/null; then
  VM_ENERGY_BENCH_MOUNT=own exec unshare -m --propagation private "$BASH" "$0" "$@"
fi
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/../daemon/lib.sh"
quick='' runs=5 counters='' interval='' parts=''
while [ $# -gt 0 ]; do
  case $1 in
  --quick) quick=yes runs=1 counters=20 interval=0.5 parts="ts plugin ticks parts peers" ;;
  --runs) runs=$2 && shift ;;
  --counters) counters=$2 && shift ;;
  --interval) interval=$2 && shift ;;
  ts | plugin | ticks | parts | peers) parts="$parts $1" ;;
  *) sed -n '2,/^if/{/^if/d;s/^# \{0,1\}//p}' "$0" && exit 2 ;;
  esac
  shift
done
bench=$builddir/tests/bench/bench
tool=$builddir/vm_energy
results=$work/results

[ -x "$tool" ] || skip "the tool is not built"
require jq

fail() { echo "bench: $*" >&2 && exit 1; }
wanted() { [[ " ${parts:-ts plugin ticks} " == *" $1 "* ]]; }
left_out() { printf '%-34s skipped: %s\n' "$1" "$2"; } # part reason

# --- where the counters are: directories at the depth of /var/lib/libvirt/scaphandre ------------------------------------
declare -A where # by mount
mkdir -p "$work/advised" "$work/plain"
if [ "${VM_ENERGY_BENCH_MOUNT:-}" = own ] && mount -t tmpfs -o nodev,nosymfollow vms "$work/advised" 2>/dev/null &&
  mount -t tmpfs vms "$work/plain"; then
  mounts="nodev,nosymfollow plain"
  where=([nodev,nosymfollow]=$work/advised/vms [plain]=$work/plain/vms)
  trap 'umount -l "$work/advised" "$work/plain"; clean_up' EXIT
else
  mounts=/dev/shm
  where=([/dev/shm]=$(mktemp -d /dev/shm/vm_energy.XXXXXX)) || exit 1
  trap 'rm -rf "${where[/dev/shm]}"; clean_up' EXIT
  left_out "mounts with a target" "to mount needs root and a mount namespace; measured on /dev/shm"
fi
read -r first_mount _ <<<"$mounts"
advised=${where[$first_mount]}
fresh() { rm -rf "$1" && mkdir -p "$1"; } # directory

# --- rows ---------------------------------------------------------------------------------------------------------------
measure() { # command...: adds its results, see result() in vms.h
  "$@" >>"$results" || fail "failed: $*"
}

row() { # what count value unit: adds one result that has no floor
  printf '%s\t%d\t%s\t%s\t0\n' "$@" >>"$results"
}

show() { # mount [target]: prints the results so far as rows, and forgets them
  awk -F '\t' -v mount="$1" -v target="${2:-}" '
    function sort(v, n,    i, j, t) {
      for (i = 2; i <= n; i++)
        for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    }
    function median(v, n) { return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }
    {
      key = $1 FS $2
      if (!(key in runs)) keys[++keys_num] = key
      n = ++runs[key]; unit[key] = $4; value[key, n] = $3; floor[key, n] = $5
    }
    END {
      for (k = 1; k <= keys_num; k++) {
        key = keys[k]; n = runs[key]; has_floor = floor[key, 1] > 0
        split(key, name, FS)
        for (i = 1; i <= n; i++) {
          absolute[i] = value[key, i] + 0
          shown[i] = has_floor ? value[key, i] / floor[key, i] : value[key, i] + 0
        }
        sort(absolute, n); sort(shown, n)
        printf "%-34s %-17s %6d %9.4g %-11s", name[1], mount, name[2], median(absolute, n), unit[key]
        text = has_floor ? sprintf("%.2f x floor", median(shown, n)) : ""
        if (n > 1) text = text sprintf(" (%.3g to %.3g)", shown[1], shown[n])
        printf " %-28s", text
        if (target != "") printf " at most %s: %s", target, median(shown, n) <= target + 0 ? "met" : "MISSED"
        print ""
      }
    }' "$results" | sed 's/ *$//'
  : >"$results"
}

# Targets of the rows, by mount: on /dev/shm there is none.
declare -A target_ts=([nodev,nosymfollow]=0.7 [plain]=1.2) target_ts_news=([nodev,nosymfollow]=1.2 [plain]=2.2)
declare -A target_plugin=([nodev,nosymfollow]=0.5 [plain]=0.8)

# --- the tool -----------------------------------------------------------------------------------------------------------
measure_ts() { # count
  local mount step target missed
  for mount in $mounts; do
    for step in 5 1; do
      fresh "${where[$mount]}"
      measure "$bench" ts "${where[$mount]}" "$1" "$step" "$tool" "$runs"
      target=${target_ts[$mount]:-}
      [ "$step" -ne 1 ] || target=${target_ts_news[$mount]:-}
      [ "$1" -ge 1000 ] || target=''
      show "$mount" "$target"
      missed=$(jq .quality.missed_ticks "${where[$mount]}"/csv/*/run.json)
      [ "$missed" -eq 0 ] || echo "  the machine is too busy, and the row above too low: missed ticks: $missed"
    done
  done
}

measure_ticks() { # count
  local each=${interval:-1} seconds=60 what target='' cpu TIMEFORMAT='%U %S'
  [ -z "$quick" ] || seconds=1
  [ "$1-$each" != 10000-1 ] || target=0
  what="ts, each $each s"
  fresh "$advised"
  rm -rf "$work/ts"
  measure "$bench" write "$advised" "$1" 1 0
  start writer "$bench" write "$advised" "$1" 5 $((seconds + 5))
  cpu=$( (time "$tool" ts --files "$advised/scaphandre/*/intel-rapl:0/energy_uj" -i "$each" \
    -n "$(jq -n "$seconds / $each")" --out-dir "$work/ts" --quiet </dev/null >/dev/null 2>&1) 2>&1) || [ $? -eq 1 ] || fail "ts failed" # 1: it missed ticks
  stop writer
  row "$what, in $seconds s" "$1" "$(jq .quality.missed_ticks "$work"/ts/*/run.json)" missed
  show "$first_mount" "$target"
  row "$what, latest tick" "$1" "$(jq '.quality.late_max_s * 1000' "$work"/ts/*/run.json)" ms
  row "$what, with its start" "$1" "$(awk -v s="$seconds" '{ print ($1 + $2) / s * 100 }' <<<"$cpu")" "% of a core"
  show "$first_mount"
}

# --- a real collectd ----------------------------------------------------------------------------------------------------
collectd_conf() { # name directory count; on standard input what else is to be loaded
  mkdir -p "$work/$1"
  cat <<CONF
Hostname "node1"
FQDNLookup false
BaseDir "$work/$1"
PIDFile "$work/$1/collectd.pid"
TypesDB "$typesdb"
Interval ${interval:-10}
PluginDir "$stock_plugins"
LoadPlugin logfile
<Plugin logfile>
  LogLevel "warning"
  File STDERR
</Plugin>
PluginDir "$builddir/tests/bench/module/.libs"
LoadPlugin bench
<Plugin bench>
  Dir "$2"
  Count $3
  Output "$work/$1/lines"
</Plugin>
CONF
  cat
}

vm_energy_conf() { # directory [option...]
  cat <<CONF
PluginDir "$module_dir"
LoadPlugin vm_energy
<Plugin vm_energy>
  File "$1/scaphandre/*/intel-rapl:0/energy_uj"
$(printf '  %s\n' "${@:2}")
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

start_daemon() { # name directory count; the configuration of the plugin to be measured on standard input
  fresh "$2"
  collectd_conf "$@" >"$work/$1.conf"
  start "$1" "$collectd" -f -C "$work/$1.conf"
}

# Each interval is a run. The first one is left out: it has the first search.
end_daemon() { # name what count
  patience_s=3600 wait_for lines_are $((runs + 1)) "$work/$1/lines" || fail "collectd does not read: $(tail -n 3 "$work/$1.log")"
  stop "$1" || fail "collectd failed: $(tail -n 3 "$work/$1.log")"
  sed -n "2,$((runs + 1))p" "$work/$1/lines" | while read -r own elapsed _; do
    row "$2" "$3" "$(awk -v own="$own" -v elapsed="$elapsed" 'BEGIN { print own / elapsed * 100 }')" "% of a core"
  done
}
lines_are() { [ "$(wc -l <"$2")" -ge "$1" ]; } # number file

# All at once: each daemon sleeps most of the time. One of each mount passes no values on, to show what dispatch takes.
measure_plugin() { # count
  local mount name dir what="plugin in collectd, each ${interval:-10} s" target
  for mount in $mounts; do
    name=${mount//[^a-z]/_} dir=${where[$mount]}
    start_daemon "$name" "$dir" "$1" <<<"$(vm_energy_conf "$dir")"
    start_daemon "${name}_looks" "$dir/looks" "$1" <<<"$(vm_energy_conf "$dir/looks" "ReportEnergy false" "ReportPower false")"
  done
  for mount in $mounts; do
    name=${mount//[^a-z]/_}
    end_daemon "${name}_looks" "... without dispatch" "$1"
    show "$mount"
    end_daemon "$name" "$what" "$1"
    target=${target_plugin[$mount]:-}
    [ "$1-${interval:-10}" = 1000-10 ] || target=''
    show "$mount" "$target"
  done
}

# --- parts --------------------------------------------------------------------------------------------------------------
measure_parts() { # count
  local mount part
  for mount in $mounts; do
    for ((run = 0; run < runs; run++)); do
      fresh "${where[$mount]}"
      measure "$bench" core "${where[$mount]}" "$1" "$run"
    done
    show "$mount"
  done
  for ((run = 0; run < runs; run++)); do
    for part in search start csv; do
      fresh "$advised"
      measure "$bench" "$part" "$advised" "$1"
    done
    measure "$bench" startup "$advised" "$1" "$tool"
  done
  show "$first_mount"
}

# --- peers --------------------------------------------------------------------------------------------------------------
measure_table() { # count
  [ "$1" -le 1000 ] || return 0 # its configuration has a block per VM
  start_daemon table "$advised" "$1" <<<"$(table_conf "$1")"
  end_daemon table "peer: table, each ${interval:-10} s" "$1"
  show "$first_mount"
}

free_port() {
  "$BASH" -c 'for ((port = 20000 + RANDOM % 10000; ; port++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && break; }
  done'
}

threads_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ s += $1 } END { printf "%.0f", s }'; } # pid
page() { curl -fs "http://127.0.0.1:$1/metrics" -o "$work/page"; }                            # port

# The zones of a powercap tree are the same files; the exporter wants a name and a range beside each.
measure_node_exporter() { # count
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
  wait_for page "$port" || fail "node_exporter does not answer: $(tail -n 3 "$work/exporter.log")"
  grep -q '^node_rapl.* ' "$work/page" || fail "node_exporter has no values of RAPL"
  before=$(threads_ns "$pid")
  for ((i = 0; i < scrapes; i++)); do page "$port"; done
  after=$(threads_ns "$pid")
  stop exporter
  row "peer: node_exporter rapl, a scrape" "$1" "$(((after - before) / scrapes / $1))" ns
  show "$first_mount"
}

# denki reads at most 16 packages, of a tree of its own making, and tells whole joules.
measure_denki() {
  local tree=$work/denki zone fetches=2000 agent before after
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
  wait_for grep -q 'numval: 16' "$work/denki.log" || fail "denki does not read: $(tail -n 3 "$work/denki.log")"
  agent=$(pgrep -P "$pid")
  before=$(threads_ns "$agent")
  for ((i = 0; i < fetches; i++)); do echo "fetch denki.rapl.raw"; done >&8
  wait_for denki_answered $((fetches + 1))
  after=$(threads_ns "$agent")
  echo quit >&8
  exec 8>&-
  wait "$pid"
  row "peer: PCP denki, a fetch" 16 "$(((after - before) / fetches / 16))" ns
  show "$first_mount"
}
denki_answered() { [ "$(grep -c 'numval: 16' "$work/denki.log")" -ge "$1" ]; }

# --- all of it ----------------------------------------------------------------------------------------------------------
: >"$results"
printf '%s, Linux %s, %s x %s\n' "$("$tool" --version | head -n 1)" "$(uname -r)" "$(getconf _NPROCESSORS_ONLN)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
printf 'runs: %s; median (lowest to highest); ns: CPU time per counter and look\n\n' "$runs"

read -r least _ <<<"${counters:-1000}"
denki=/var/lib/pcp/pmdas/denki/pmdadenki
if wanted ts; then
  for n in ${counters:-1000 10000}; do measure_ts "$n"; done
fi
if ! wanted plugin; then
  :
elif [ -x "$collectd" ]; then
  for n in ${counters:-1000}; do measure_plugin "$n"; done
else
  left_out plugin "collectd is not installed"
fi
if wanted ticks; then
  for n in ${counters:-10000}; do measure_ticks "$n"; done
fi
if wanted parts; then
  for n in ${counters:-1000 10000}; do measure_parts "$n"; done
fi
if wanted peers; then
  if [ -x "$collectd" ]; then measure_table "$least"; else left_out "peer: table" "collectd is not installed"; fi
  if command -v prometheus-node-exporter >/dev/null; then
    measure_node_exporter "$least"
  else
    left_out "peer: node_exporter" "it is not installed"
  fi
  if command -v dbpmda >/dev/null && [ -x "$denki" ]; then measure_denki; else left_out "peer: denki" "PCP is not installed"; fi
fi
exit 0
