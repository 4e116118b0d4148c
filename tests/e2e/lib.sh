# shellcheck shell=bash disable=SC2034
# What the tests with real servers share. Source it first.
#
# Each test runs in a network namespace of its own, made without a name, so it goes away with the test; there every server
# has its standard port, and files of plugin/examples are started as they are. Where namespaces are not allowed the test
# runs on loopback with free ports. VM_ENERGY_NET=loopback asks for that.
if [ -z "${VM_ENERGY_NET:-}" ]; then
  export VM_ENERGY_NET=loopback
  for as_root in "" --map-root-user; do
    # shellcheck disable=SC2086 # no word at all when empty
    if unshare $as_root --net true 2>/dev/null && command -v ip >/dev/null; then
      VM_ENERGY_NET=private exec unshare $as_root --net "$BASH" "$0" "$@"
    fi
  done
fi
if [ "$VM_ENERGY_NET" = private ]; then
  ip link set lo up || exit 1
  # write_prometheus looks up its own address in a way that finds none on a host that has only 127.0.0.1
  ip address add 192.0.2.100/32 dev lo 2>/dev/null
fi
shopt -s lastpipe # a server that is started at the end of a pipe is to be known to this shell

# The servers are Debian's Python programs; another Python in front of it would hide what they need.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH

e2e=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/daemon/lib.sh
. "$e2e/../daemon/lib.sh"
examples=$srcdir/plugin/examples
artifacts=$builddir/tests/e2e/artifacts
hostname=node1

# --- ports ------------------------------------------------------------------------------------------------------------
in_use() { ss -Hltun "sport = :$1" | grep -q .; }

declare -A port
while read -r name number; do
  # in a namespace of our own the standard port, else one that is free
  while [ "$VM_ENERGY_NET" = loopback ] && number=$((20000 + RANDOM % 12000)) && in_use "$number"; do :; done
  port[$name]=$number
done <<PORTS
carbon 2003
carbon_pickle 2004
carbon_query 7002
render 8080
influx 8086
influx_rpc 8088
influx_collectd 25827
influx_signed 25829
influx_encrypted 25830
central 25826
exporter 9103
prometheus 9090
PORTS

with_ports() { # filter: the standard ports of a recipe become those of this test
  sed -E "s/\b2003\b/${port[carbon]}/; s/\b25826\b/${port[central]}/; s/\b25827\b/${port[influx_collectd]}/
    s/\b9103\b/${port[exporter]}/; s/\b8086\b/${port[influx]}/; s/\b9090\b/${port[prometheus]}/"
}

# --- what is measured -------------------------------------------------------------------------------------------------
tree=$work/scaphandre

writer_start() { # vm=load...: one update a second and a bit; the truth goes to $work/truth.csv
  writer_of writer "$tree" "$work/truth.csv" "$@"
}
writer_of() { # name tree truth.csv vm=load...
  local name=$1
  start "$name" "$simwriter" --root "$2" --period 1 --jitter 0.1 --truth "$3" "${@:4}"
  wait_for grep -q ready "$work/$name.log" || { cat "$work/$name.log" && exit 1; }
}

# --- collectd: several of them, each with its own directory -----------------------------------------------------------
agent_conf() { # name interval; more lines on standard input: writes $work/name.conf
  {
    cat <<CONF
Hostname "$1"
FQDNLookup false
BaseDir "$work/$1"
PIDFile "$work/$1.pid"
TypesDB "$typesdb"
Interval $2
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
  SocketFile "$work/$1.sock"
  SocketGroup "$(id -gn)"
  DeleteSocket true
</Plugin>
CONF
    cat
  } >"$work/$1.conf"
}

vm_energy_block() { # [tree]: what an agent loads to read it; "LoadPlugin vm_energy" in a recipe adds nothing to that
  cat <<CONF
PluginDir "$module_dir"
<LoadPlugin vm_energy>
</LoadPlugin>
<Plugin vm_energy>
  File "${1:-$tree}/*/intel-rapl:0/energy_uj"
</Plugin>
PluginDir "$stock_plugins"
CONF
}

agent_start() { # name: the collectd of $work/name.conf, until it answers
  start "$1" "${run_daemon[@]}" -f -C "$work/$1.conf"
  wait_for test -S "$work/$1.sock" || { cat "$work/$1.log" && return 1; }
}

flush() { # name: what its writers hold back goes out now
  "$collectdctl" -s "$work/$1.sock" flush timeout=0 >/dev/null
}

recipe() { # name.conf: a line that includes it; changed only where a namespace of our own is not allowed
  if [ "$VM_ENERGY_NET" = private ]; then
    printf 'Include "%s"\n' "$examples/$1"
  else
    with_ports <"$examples/$1"
  fi
}

quiet() { # name pattern: its log has no error and no warning but those that match; shows the others
  ! grep -E '^\[(error|warning)\]' "$work/$1.log" | grep -vE "Notification:|Not sleeping because|took [0-9.]+ seconds|$2" | sed 's/^/  /' | grep .
}

# --- servers ----------------------------------------------------------------------------------------------------------
carbon_start() { # [storage-schemas.conf]: a private carbon-cache below $work/graphite
  local dir=$work/graphite
  mkdir -p "$dir/conf" "$dir/whisper" "$dir/log" "$dir/run" "$dir/lists"
  if [ $# -gt 0 ]; then
    cp "$1" "$dir/conf/storage-schemas.conf"
  else
    printf '[all]\npattern = .*\nretentions = 1s:1h\n' >"$dir/conf/storage-schemas.conf"
  fi
  [ -z "${2:-}" ] || cp "$2" "$dir/conf/storage-aggregation.conf"
  cat >"$dir/conf/carbon.conf" <<CONF
[cache]
DATABASE = whisper
CONF_DIR = $dir/conf/
STORAGE_DIR = $dir/
LOCAL_DATA_DIR = $dir/whisper/
WHITELISTS_DIR = $dir/lists/
LOG_DIR = $dir/log/
PID_DIR = $dir/run/
ENABLE_LOGROTATION = False
USER =
MAX_CACHE_SIZE = inf
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = ${port[carbon]}
ENABLE_UDP_LISTENER = False
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = ${port[carbon_pickle]}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = ${port[carbon_query]}
ENABLE_TAGS = False
CARBON_METRIC_INTERVAL = 0
CONF
  start carbon carbon-cache --config="$dir/conf/carbon.conf" --nodaemon start
  wait_for in_use "${port[carbon]}" || { cat "$work/carbon.log" && return 1; }
}

# django's command with settings of our own
graphite_web=(env "PYTHONPATH=$work/graphite" GRAPHITE_SETTINGS_MODULE=private_settings
  DJANGO_SETTINGS_MODULE=graphite.settings PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -W ignore -m django)

render_start() { # [migrate]: graphite-web with its render API, on top of carbon_start's files; searching needs a database
  local dir=$work/graphite
  cat >"$dir/private_settings.py" <<CONF
SECRET_KEY = 'only on loopback, only for this test'
TIME_ZONE = 'UTC'
LOG_DIR = '$dir/log'
LOG_ROTATION = False
CONF_DIR = '$dir/conf'
STORAGE_DIR = '$dir'
WHISPER_DIR = '$dir/whisper'
STANDARD_DIRS = ['$dir/whisper']
INDEX_FILE = '$dir/index'
ALLOWED_HOSTS = ['*']
CARBONLINK_HOSTS = ['127.0.0.1:${port[carbon_query]}:a']
DATABASES = {'default': {'NAME': '$dir/graphite.db', 'ENGINE': 'django.db.backends.sqlite3'}}
FUNCTION_PLUGINS = []
SILENCED_SYSTEM_CHECKS = ['admin.W411', 'models.W042']
TAGDB = ''
CONF
  if [ $# -gt 0 ]; then
    "${graphite_web[@]}" "$1" --run-syncdb >"$work/migrate.log" 2>&1 || { cat "$work/migrate.log" && return 1; }
  fi
  start render "${graphite_web[@]}" runserver --noreload --nostatic "127.0.0.1:${port[render]}"
  wait_for curl -so /dev/null "http://127.0.0.1:${port[render]}/" || { cat "$work/render.log" && return 1; }
}

render() { # target [curl option...]: what the render API answers, by default JSON of the last two minutes
  local target=$1
  shift
  [ $# -gt 0 ] || set -- -d format=json -d from=-2min -d noCache=1
  curl -fsS -G "http://127.0.0.1:${port[render]}/render/" --data-urlencode "target=$target" "$@"
}

rendered() { # target: "time value" of each point that there is
  render "$1" | jq -r '.[].datapoints[] | select(.[0] != null) | "\(.[1]) \(.[0])"'
}

influx_start() { # [recipe]: a private influxd with a collectd listener, ours or the recipe's; more on standard input
  local dir=$work/influx
  mkdir -p "$dir"
  {
    cat <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:${port[influx_rpc]}"
[meta]
  dir = "$dir/meta"
[data]
  dir = "$dir/data"
  wal-dir = "$dir/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port[influx]}"
  log-enabled = false
CONF
    if [ $# -gt 0 ]; then
      with_ports <"$1"
    else
      influx_listener influx_collectd collectd none
    fi
    cat
  } >"$work/influx.conf"
  start influx influxd -config "$work/influx.conf"
  wait_for curl -fs "http://127.0.0.1:${port[influx]}/ping" || { cat "$work/influx.log" && return 1; }
}

influx_listener() { # port-name database security-level: with several of them influxd wants every line
  cat <<CONF
[[collectd]]
  enabled = true
  bind-address = "127.0.0.1:${port[$1]}"
  database = "$2"
  typesdb = "$typesdb"
  batch-timeout = "1s"
  parse-multivalue-plugin = "split"
  security-level = "$3"
  auth-file = "$work/auth_file"
CONF
}

influx_stop() { # one SIGTERM lets influxd 1.6 wait for 30 s once data has come in; a second one ends it at once
  kill "${pid_influx:=}" 2>/dev/null || return 0
  patience_s=2 wait_for has_ended "$pid_influx" || kill "$pid_influx" 2>/dev/null
  wait "$pid_influx" 2>/dev/null
}
has_ended() { ! kill -0 "$1" 2>/dev/null; }

end() {
  local status=$?
  [ -z "${pid_influx:-}" ] || influx_stop
  clean_up
  [ "$VM_ENERGY_NET" != private ] || none_left ns/net /proc/$$/ns/net || exit 1
  exit "$status"
}
trap end EXIT

influx() { # query [database]: JSON, times in ns
  curl -fsSG "http://127.0.0.1:${port[influx]}/query" --data-urlencode "q=$1" -d "db=${2:-collectd}" -d epoch=ns
}

influx_points() { # query [database]: "time value" of each point
  influx "$@" | jq -r '.results[].series[]?.values[] | select(.[1] != null) | "\(.[0] / 1e9) \(.[1])"'
}

prometheus_start() { # prometheus.yml
  start prometheus_server prometheus --config.file="$1" --storage.tsdb.path="$work/prometheus_server" \
    --web.listen-address="127.0.0.1:${port[prometheus]}" --log.level=warn
  wait_for curl -fs "http://127.0.0.1:${port[prometheus]}/-/ready" || { cat "$work/prometheus_server.log" && return 1; }
}

prometheus_query() { # query: JSON
  curl -fsSG "http://127.0.0.1:${port[prometheus]}/api/v1/query" --data-urlencode "query=$1"
}

# --- what they have: "time value" lines -------------------------------------------------------------------------------
began=$EPOCHSECONDS
whisper_file() { # FILE: the points since this test began
  whisper-fetch --from=$((began - 10)) "$1" | awk '$2 != "None" { print $1, $2 }'
}
whisper() { # host vm quantity
  whisper_file "$work/graphite/whisper/$1/vm_energy-$2/$3.wsp"
}

influx_series() { # host vm quantity [database]
  influx_points "SELECT value FROM vm_energy_value WHERE host = '$1' AND instance = '$2' AND type = '$3'" "${@:4}"
}

at_least() { # number command...: it prints so many lines
  [ "$("${@:2}" 2>/dev/null | wc -l)" -ge "$1" ]
}

# --- comparing --------------------------------------------------------------------------------------------------------
matches() { # quantity vm resolution command...: the lines "time value" that it prints are what was drawn
  local quantity=$1 vm=$2 resolution=$3
  shift 3
  "$@" >"$work/series"
  awk -f "$e2e/compare.awk" -v quantity="$quantity" -v vm="$vm" -v resolution="$resolution" -v tolerance="${tolerance:-0}" \
    "${truth_file:-$work/truth.csv}" "$work/series"
}
