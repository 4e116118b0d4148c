# shellcheck shell=bash disable=SC2034,SC2015
# What the tests with a real collectd, and the demo, share. Source it.
#
# From the environment (make check sets them): abs_top_builddir, abs_top_srcdir, COLLECTD, COLLECTDCTL,
# COLLECTD_PLUGINDIR (of the stock plugins), COLLECTD_TYPESDB. Everything that is made lies in $work, which goes at the
# end with every process that was started.
set -u
export LC_ALL=C

builddir=${abs_top_builddir:-$PWD}
srcdir=${abs_top_srcdir:-$PWD}
collectd=${COLLECTD:-/usr/sbin/collectd}
collectdctl=${COLLECTDCTL:-/usr/bin/collectdctl}
stock_plugins=${COLLECTD_PLUGINDIR:-/usr/lib/collectd}
typesdb=${COLLECTD_TYPESDB:-/usr/share/collectd/types.db}
module_dir=${VM_ENERGY_MODULE_DIR:-$builddir/plugin/.libs}
simwriter=$builddir/tests/sim/simwriter

skip() { # reason; where nothing may be skipped, that is a failure
  echo "skipped: $*"
  [ -z "${VM_ENERGY_NO_SKIP:-}" ] || exit 1
  exit 77
}

require() { # program...
  local program
  for program in "$@"; do
    [ "$program" != no ] && command -v "$program" >/dev/null || skip "$program is not installed"
  done
}

failures=0
check() { # what command...
  local what=$1
  shift
  if "$@"; then
    echo "ok: $what"
  else
    echo "FAILED: $what"
    failures=$((failures + 1))
  fi
}

finish() {
  [ "$failures" -eq 0 ] && exit 0
  echo "$failures failed; the daemon said:"
  cat "$work"/*.log 2>/dev/null | head -n 200
  exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/vm_energy.XXXXXX") || exit 1
pids=()
clean_up() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null
  done
  wait
  chmod -R u+rwx "$work" 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

or_show() { # name command...: output to $work/name, shown if it fails
  local log=$work/$1
  shift
  "$@" >"$log" 2>&1 || { tail -n 60 "$log" && return 1; }
}

start() { # name command...: in the background, output to $work/name.log; the pid is in $pid and in pid_name
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
  pid=$!
  pids+=("$pid")
  printf -v "pid_$name" %s "$pid"
}

stop() { # name: SIGTERM, and the exit status of the process
  local var=pid_$1 status=0
  kill "${!var}" 2>/dev/null
  wait "${!var}" || status=$?
  return $status
}

wait_for() { # seconds command...: until the command succeeds; a busy machine is given at least a minute
  local tries=$((($1 > 60 ? $1 : 60) * 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.05
  done
}

daemon_head() { # interval: the part of a configuration that makes a collectd private and talkative
  mkdir -p "$work/var"
  cat <<CONF
Hostname "${hostname:-node1}"
FQDNLookup false
BaseDir "$work/var"
PIDFile "$work/var/collectd.pid"
TypesDB "$typesdb"
Interval $1
Timeout 10
PluginDir "$stock_plugins"
LoadPlugin logfile
<Plugin logfile>
  LogLevel "info"
  File STDERR
  Timestamp false
  PrintSeverity true
</Plugin>
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "$work/sock"
  SocketGroup "$(id -gn)"
  DeleteSocket true
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "$work/csv"
  StoreRates false
</Plugin>
PluginDir "$module_dir"
LoadPlugin vm_energy
CONF
}

daemon_conf() { # interval; the block of vm_energy on standard input: writes $work/collectd.conf
  {
    daemon_head "$1"
    echo '<Plugin vm_energy>'
    cat
    echo '</Plugin>'
  } >"$work/collectd.conf"
}

# A module built with AddressSanitizer needs its runtime in the daemon first: VM_ENERGY_PRELOAD names it.
run_daemon=(${VM_ENERGY_PRELOAD:+env "LD_PRELOAD=$VM_ENERGY_PRELOAD"} "$collectd")

daemon_start() {
  start collectd "${run_daemon[@]}" -f -C "$work/collectd.conf"
  wait_for 10 test -S "$work/sock"
}

value() { # identifier behind the host: prints the value; fails where collectd has none
  "$collectdctl" -s "$work/sock" getval "${hostname:-node1}/$1" 2>/dev/null | sed -n 's/^value=//p' | grep .
}

has_value() { value "$1" >/dev/null; }
has_no_value() { ! has_value "$1"; }

near() { # value expected percent
  awk -v v="$1" -v e="$2" -v p="$3" 'BEGIN { d = v - e; if (d < 0) d = -d; if (e < 0) e = -e; exit !(v != "" && d <= e * p / 100 + 1e-9) }'
}

value_near() { # identifier expected percent
  local v
  v=$(value "$1") && near "$v" "$2" "$3" || { echo "  $1 is '${v:-}', expected $2" && false; }
}

truth() { # vm column: of the last update that the simulated writer tells in $work/truth.csv
  awk -F, -v vm="$1" -v column="$2" 'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i; next }
    $n["vm"] == vm { last = $n[column] } END { if (last == "") exit 1; print last }' "$work/truth.csv"
}

logged() { # extended regular expression: how many lines of the daemon's log match
  grep -cE -- "$1" "$work/collectd.log" || true
}

logged_times() { # times regex
  local times
  times=$(logged "$2")
  [ "$times" -eq "$1" ] || { echo "  logged $times times, expected $1: $2" && false; }
}
