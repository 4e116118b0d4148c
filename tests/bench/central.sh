#!/bin/bash
# How much one central collectd, one carbon-cache and one InfluxDB take in on this machine.
#
#   central.sh [--seconds S] [--vms N] [--sinks "none influxdb graphite direct encrypted"] [--loads "HOSTS:INTERVAL ..."]
#              [--spread at-once]: all hosts at the same moment, as those whose clocks and crontabs agree
#
# Simulated hosts (tests/bench/central.c) send power and energy of each VM in collectd's binary protocol to
#   none       a central collectd that only keeps the last values
#   influxdb   one that forwards to InfluxDB
#   graphite   one that writes to carbon-cache
#   encrypted  one that forwards to nobody; the values come encrypted (from a collectd in between that is not measured)
#   direct     InfluxDB itself
# After one interval as warm-up the CPU of each process (% of one core), its memory (MB), and what was lost on the way are
# measured over S seconds. All run on the same machine, the sender too, whose CPU is told.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
seconds=20 vms=50 sinks="none influxdb graphite encrypted direct" loads="10:10 100:10 1000:10" spread=()
while [ $# -gt 1 ]; do
  case $1 in
  --seconds) seconds=$2 ;;
  --vms) vms=$2 ;;
  --sinks) sinks=$2 ;;
  --loads) loads=$2 ;;
  --spread) spread=(--"$2") ;;
  *) break ;;
  esac
  shift 2
done
[ $# -eq 0 ] || { sed -n '2,/^# shellcheck/s/^# \{0,1\}//p' "$0" && exit 2; }
require "$collectd" "$collectdctl" carbon-cache influxd curl jq ss
sender=${SENDER:-$builddir/tests/bench/central}
[ -x "$sender" ] || { echo "central.sh: there is no $sender: make tests/bench/central" && exit 1; }

central_conf() { # sink
  echo 'CollectInternalStats true'
  sed -e '/SecurityLevel/d; /AuthFile/d' <"$examples/central.conf" | with_ports |
    case $1 in
    influxdb) sed '/^# To Graphite/,$d' ;;
    graphite) sed '/# To InfluxDB/,/^  Forward/d' ;;
    none | encrypted) sed '/# To InfluxDB/,/^  Forward/d; /^# To Graphite/,$d' ;;
    esac
}
relay_conf() { # takes plain values at InfluxDB's port, which is free then, and sends them encrypted
  cat <<CONF
LoadPlugin network
<Plugin network>
  Listen "127.0.0.1" "${port[influx_collectd]}"
  <Server "127.0.0.1" "${port[central]}">
    SecurityLevel "Encrypt"
    Username "agent"
    Password "secret"
  </Server>
  Forward true
</Plugin>
CONF
}

ticks=$(getconf CLK_TCK)
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; } # in clock ticks
memory() { awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }
drops() { # port: datagrams that found the socket's buffer full
  awk -v port="$(printf ':%04X' "$1")" '$2 ~ port "$" { s += $NF } END { print s + 0 }' /proc/net/udp /proc/net/udp6
}
gauge() { "$collectdctl" -s "$work/central.sock" getval "central/$1" 2>/dev/null | sed -n 's/^value=//p' | awk '{ print int($1) }'; }
stored() { # how many points of power and energy InfluxDB has
  influx 'SELECT count(value) FROM vm_energy_value' | jq -r '[.results[].series[]?.values[][1]] | add // 0'
}
sampled() { # how many points of 40 series carbon wrote since $1, in seconds of the clock
  find "$work/graphite/whisper" -name power.wsp | sort | awk -v n=40 '{ file[NR] = $0 }
    END { for (i = 1; i <= n; i++) print file[int((NR - 1) * (i - 1) / (n - 1)) + 1] }' |
    while read -r file; do whisper-fetch --from="$1" "$file"; done | awk '$2 != "None" { n++ } END { print n / 40 }'
}
series() { "$collectdctl" -s "$work/central.sock" listval | grep -c /vm_energy-; }
settle() { # until nobody works any more
  local before after tries=60
  while [ $((tries -= 1)) -gt 0 ]; do
    before=$(for name in "${processes[@]}"; do cpu "${process[$name]}"; done | awk '{ s += $1 } END { print s }')
    sleep 1
    after=$(for name in "${processes[@]}"; do cpu "${process[$name]}"; done | awk '{ s += $1 } END { print s }')
    [ $((after - before)) -gt 10 ] || return 0
  done
}

measure() { # sink hosts interval
  local sink=$1 hosts=$2 interval=$3 name to=${port[central]} lost before_points line queue arrived
  local -A process before
  local processes=()
  rm -rf "$work/influx" "$work/graphite"
  mkdir -p "$work"
  case $sink in
  influxdb | direct)
    influx_start "$examples/influxd-collectd.conf" </dev/null || exit 1
    processes+=(influxd)
    process[influxd]=$pid
    ;;
  graphite)
    printf '[carbon]\npattern = ^carbon\\.\nretentions = 5s:1h\n[all]\npattern = .*\nretentions = 10s:5m\n' >"$work/schemas"
    carbon_start "$work/schemas" || exit 1
    processes+=(carbon-cache)
    process[carbon-cache]=$pid
    ;;
  esac
  if [ "$sink" != direct ]; then
    central_conf "$sink" >"$work/central.rest"
    if [ "$sink" = encrypted ]; then
      echo 'agent: secret' >"$work/auth_file"
      sed -i "s|<Listen.*|&\n    SecurityLevel \"Encrypt\"\n    AuthFile \"$work/auth_file\"|" "$work/central.rest"
      relay_conf | agent_conf relay 10
      agent_start relay || exit 1
      to=${port[influx_collectd]}
    fi
    agent_conf central 1 <"$work/central.rest"
    agent_start central || exit 1
    processes+=(collectd)
    process[collectd]=$pid
  else
    to=${port[influx_collectd]}
  fi

  "$sender" --port "$to" --hosts "$hosts" --vms "$vms" --interval "$interval" "${spread[@]}" --seconds "$interval" >/dev/null || exit 1
  settle
  lost=$(drops "$to")
  [ ! -v 'process[influxd]' ] || before_points=$(stored)
  for name in "${processes[@]}"; do
    before[$name]=$(cpu "${process[$name]}")
  done
  # Graphite keeps a value for each step of 10 s of the clock: begin with one
  [ "$sink" != graphite ] || sleep "$(awk -v t="$EPOCHREALTIME" 'BEGIN { print 10.2 - t % 10 }')"
  local since=$((EPOCHSECONDS - 1))
  "$sender" --port "$to" --hosts "$hosts" --vms "$vms" --interval "$interval" "${spread[@]}" --seconds "$seconds" >"$work/sent" || exit 1
  [ "$sink" = direct ] || [ "${interval%.*}" -lt 10 ] || [ "$(series)" -eq $((2 * hosts * vms)) ] ||
    echo "$sink: collectd has not all of the $((2 * hosts * vms)) series"
  line=$(<"$work/sent")
  values=$(sed 's/.*values=\([0-9]*\).*/\1/' <<<"$line")
  elapsed=$(sed 's/.*seconds=\([0-9.]*\).*/\1/' <<<"$line")
  late=$(sed 's/.*late_ms=\([0-9.]*\).*/\1/' <<<"$line")
  packets=$(sed 's/.*packets=\([0-9]*\).*/\1/' <<<"$line")
  local cpus="" memories=""
  for name in "${processes[@]}"; do
    cpus+="$name $(awk -v t=$(($(cpu "${process[$name]}") - before[$name])) -v hz="$ticks" -v s="$elapsed" \
      'BEGIN { printf "%.1f", 100 * t / hz / s }') % "
  done
  queue=-
  if [ "$sink" != direct ]; then
    sleep 1.2 # the queues are told once a second
    queue=$(gauge collectd-write_queue/queue_length)/$(gauge network/queue_length)
  fi
  lost=$(($(drops "$to") - lost))
  settle
  for name in "${processes[@]}"; do
    memories+="$name $(memory "${process[$name]}") MB "
  done
  arrived=-
  [ ! -v 'process[influxd]' ] || arrived=$(awk -v n=$(($(stored) - before_points)) -v all="$values" 'BEGIN { printf "%.2f %%", 100 * n / all }')
  [ ! -v 'process[carbon-cache]' ] || arrived=$(awk -v n="$(sampled "$since")" -v s="$seconds" -v step="$(awk -v i="$interval" 'BEGIN { print i < 10 ? 10 : i }')" \
    'BEGIN { printf "%.0f of %.0f points", n, s / step }')
  printf '%-10s %5d hosts / %-5s s %7.0f values/s  %s %s lost %s of %s packets, stored %s, queues %s, sender late %s ms\n' \
    "$sink" "$hosts" "$interval" "$(awk -v v="$values" -v s="$elapsed" 'BEGIN { print v / s }')" "$cpus" "$memories" \
    "$lost" "$packets" "$arrived" "${queue:-?}" "$late"

  [ "$sink" = direct ] || stop central
  [ "$sink" != encrypted ] || stop relay
  [ ! -v 'process[influxd]' ] || influx_stop
  [ ! -v 'process[carbon-cache]' ] || stop carbon
}

echo "$vms VMs on each host, 2 values a VM; $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
for sink in $sinks; do
  for load in $loads; do
    measure "$sink" "${load%:*}" "${load#*:}"
  done
done
