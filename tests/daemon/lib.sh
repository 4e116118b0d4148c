# shellcheck shell=bash disable=SC2034,SC2015
# What the tests with a real collectd, and the demo, share. Source it.
#
# From the environment (make check sets them): abs_top_builddir, abs_top_srcdir, COLLECTD, COLLECTDCTL,
# COLLECTD_PLUGINDIR (of the stock plugins), COLLECTD_TYPESDB.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
collectd=${COLLECTD:-/usr/sbin/collectd}
collectdctl=${COLLECTDCTL:-/usr/bin/collectdctl}
stock_plugins=${COLLECTD_PLUGINDIR:-/usr/lib/collectd}
typesdb=${COLLECTD_TYPESDB:-/usr/share/collectd/types.db}
module_dir=${VM_ENERGY_MODULE_DIR:-$builddir/plugin/.libs}

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
  wait_for test -S "$work/sock"
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

# no line of the daemon's log matches, but for what it says of a busy machine; shows those that do
none_logged() { # extended regular expression
  ! grep -E -- "$1" "$work/collectd.log" | grep -vE 'Not sleeping because|took [0-9.]+ seconds' | sed 's/^/  /' | grep .
}

logged_times() { # times regex
  local times
  times=$(logged "$2")
  [ "$times" -eq "$1" ] || { echo "  logged $times times, expected $1: $2" && false; }
}

# What daemon_conf wrote, but values are taken and thrown away: no write plugin whose files grow, or that is a suspect.
without_writers() {
  sed -i '/^LoadPlugin csv/d; /^<Plugin csv>/,/^<\/Plugin>/d' "$work/collectd.conf"
  cat >>"$work/collectd.conf" <<'CONF'
PostCacheChain "thrown-away"
<Chain "thrown-away">
  Target "stop"
</Chain>
CONF
}

tenants() { # directory seconds: starts what guests can do to a tree, all at once: VMs that come and go, a torn and a swapped file
  mkdir -p "$1"/{torn,swapped}/intel-rapl:0
  echo "12 apples" >"$work/secret"
  start churn nice "$tenant" churn "$1" "${churned:-40}" "$2"
  start tear nice "$tenant" tear "$1/torn/intel-rapl:0/energy_uj" "$2"
  # a socket's path is short, so it works where the file is
  start swap sh -c 'cd "$1" && exec nice "$2" swap energy_uj "$3" "$4"' - "$1/swapped/intel-rapl:0" "$tenant" "$work/secret" "$2"
}

# Valgrind 3.19 gives up on what clang 14 writes for debuggers: it gets copies without. Changes module_dir and tool.
legible_to_valgrind() {
  readelf -p .comment "$module_dir/vm_energy.so" "$tool" 2>/dev/null | grep clang >/dev/null || return 0
  mkdir -p "$work/legible"
  [ ! -e "$module_dir/vm_energy.so" ] || strip -g -o "$work/legible/vm_energy.so" "$module_dir/vm_energy.so"
  [ ! -e "$tool" ] || strip -g -o "$work/legible/vm_energy" "$tool"
  module_dir=$work/legible tool=$work/legible/vm_energy
}
