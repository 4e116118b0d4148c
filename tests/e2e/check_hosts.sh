#!/bin/bash
# Four hosts with VMs, each in a network of its own, send to one central collectd, and that to Graphite and InfluxDB, all as
# agent.conf and central.conf in plugin/examples say. The sum over hosts and VMs is what was drawn; also when an agent is
# killed, and the central collectd, Graphite and InfluxDB are down for a while: values of that time are missing, no energy is,
# and nothing is counted twice.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" carbon-cache whisper-fetch influxd curl jq ss
hosts=(host1 host2 host3 host4)
vms=(constant wave)

# --- a network of hosts: a bridge here, and a cable to each agent -----------------------------------------------------
networks=
# (with an address of its own, as it would take over the lowest one of its cables, which changes with every new host)
if [ "$VM_ENERGY_NET" = private ] && ip link add name hosts address 02:00:00:00:00:01 type bridge &&
  ip address add 192.0.2.1/24 dev hosts; then
  networks=yes
  ip link set hosts up
fi
central_address=127.0.0.1
[ -z "$networks" ] || central_address=192.0.2.1
cables=0

host_start() { # name number: the collectd of this host, in a network namespace that goes away with it
  [ -n "$networks" ] || { agent_start "$1" && return; }
  # shellcheck disable=SC2016 # the inner shell expands these
  start "$1" unshare --net "$BASH" -c 'until ip link set eth0 up 2>/dev/null; do sleep 0.05; done
    ip address add "$1/24" dev eth0 && shift && exec "$@"' host "192.0.2.1$2" "${run_daemon[@]}" -f -C "$work/$1.conf"
  wait_for elsewhere "$pid" && ip link add name "cable$((++cables))" type veth peer name eth0 netns "$pid" &&
    ip link set "cable$cables" master hosts up && wait_for test -S "$work/$1.sock"
}
elsewhere() { ! [ "/proc/$1/ns/net" -ef "/proc/$$/ns/net" ]; }

# the recipes as they are, but for the server's address, the key's place, and the patience
adapted() { # recipe
  with_ports <"$examples/$1" | sed "s|Server \"127.0.0.1\" \"${port[central]}\"|Server \"$central_address\" \"${port[central]}\"|
    s|/etc/collectd/auth_file|$work/auth_file|; s|FlushInterval 10|FlushInterval 1|"
}
echo 'agent: change me' >"$work/auth_file"
adapted central.conf | agent_conf central 1
number=0
for host in "${hosts[@]}"; do
  number=$((number + 1))
  { vm_energy_block "$work/$host.tree/scaphandre" && adapted agent.conf; } | agent_conf "$host" 1
  mkdir "$work/$host.tree"
  writer_of "writer_$host" "$work/$host.tree/scaphandre" "$work/$host.csv" \
    constant=const:$((number * 40)) wave=sine:60:30:$((9 + number))
done

carbon_start || exit 1
influx_start </dev/null || exit 1
agent_start central || exit 1
number=0
for host in "${hosts[@]}"; do
  host_start "$host" $((++number)) || { cat "$work/$host.log" && exit 1; }
done

# --- what happens to them ---------------------------------------------------------------------------------------------
restarted_after() { # seconds stop-command start-command: notes when, as "from to", in $away
  local from=$EPOCHREALTIME
  $2
  sleep "$1"
  $3 || exit 1
  away="$from $EPOCHREALTIME"
}
kill_host2() {
  kill -KILL "${pid_host2:=}"
  wait "$pid_host2" 2>/dev/null
  rm -f "$work/host2.sock"
}
influx_again() { influx_start </dev/null; }
sleep 5
restarted_after 2 kill_host2 "host_start host2 2"
host2_away=$away
sleep 5
restarted_after 3 "stop central" "agent_start central"
central_away=$away
sleep 6
restarted_after 3 "stop carbon" carbon_start
carbon_away=$away
sleep 5
restarted_after 2 influx_stop influx_again
influx_away=$away
sleep 5
for host in "${hosts[@]}"; do
  stop "writer_$host"
done
sleep 2.5
for host in "${hosts[@]}"; do
  check "$host ends with status 0" stop "$host"
done
sleep 1.5 # what is under way
check "the central collectd ends with status 0" stop central

# --- what has come of it ----------------------------------------------------------------------------------------------
settled() { # carbon writes from its cache with some delay
  local last
  last=$(influx_series host4 wave energy | tail -n 1 | cut -d' ' -f2)
  [ -n "$last" ] && whisper host4 wave energy | tail -n 1 | grep -qF "${last%.*}"
}
check "all has arrived" wait_for settled

for host in "${hosts[@]}"; do
  truth_file=$work/$host.csv
  for vm in "${vms[@]}"; do
    for quantity in power energy; do
      check "InfluxDB, $host: $quantity of $vm is what was drawn" \
        matches $quantity "$vm" 0 influx_series "$host" "$vm" $quantity
      check "Graphite, $host: $quantity of $vm is what was drawn" \
        matches $quantity "$vm" 1 whisper "$host" "$vm" $quantity
    done
  done
done

# each host's and VM's last, or last less first, added up
true_sum() { # column: of the last row of each VM and host
  local host
  for host in "${hosts[@]}"; do
    awk -F, -v column="$1" 'NR > 1 { last[$3] = $column } END { for (vm in last) print last[vm] }' "$work/$host.csv"
  done | awk '{ s += $1 } END { printf "%.6f\n", s }'
}
true_power=$(true_sum 6)
true_energy=$(true_sum 4 | awk '{ printf "%.6f\n", $1 / 1e6 }')
influx_sum() { # quantity
  influx "SELECT sum(last) FROM (SELECT last(value) FROM vm_energy_value WHERE type = '$1' GROUP BY host, instance)" |
    jq -r '.results[].series[].values[][1]'
}
whisper_sum() { # quantity
  for host in "${hosts[@]}"; do
    for vm in "${vms[@]}"; do
      whisper "$host" "$vm" "$1" | tail -n 1
    done
  done | awk '{ s += $2 } END { printf "%.6f\n", s }'
}
for from in influx whisper; do
  check "$from: the power of all hosts is the truth's, $true_power W" near "$(${from}_sum power)" "$true_power" 1
  check "$from: the energy of all hosts is the truth's, $true_energy J" near "$(${from}_sum energy)" "$true_energy" 0.0001
done

# What is lost is the time somebody was away, and what was under way then: up to two seconds in the agent's buffer, and two
# in that of the central collectd. Nothing is there twice.
gaps() { # "time value" lines: from to, of each gap of two intervals and more; a fraction of one is a value that came twice
  awk -v least="$1" 'NR > 1 && $1 - last >= 1.9 { printf "gap %.1f %.1f\n", last, $1 }
    NR > 1 && $1 - last < least { print "twice", last, $1 }
    { last = $1 }'
}
only_gaps() { # least-distance "from to"... <series: there is a gap within each of these (up to 4 s more), and no other
  gaps "$1" >"$work/gaps"
  shift
  printf '%s\n' "$@" | awk 'NR == FNR { from[NR] = $1; to[NR] = $2; n = NR; next }
    $1 == "twice" { print "  two values within an interval: " $0; bad = 1; next }
    { for (i = 1; i <= n; i++) if ($2 >= from[i] - 4 && $3 <= to[i] + 4) { seen[i] = 1; next }
      print "  a gap that nobody made: " $0; bad = 1 }
    END {
      for (i = 1; i <= n; i++) if (!seen[i]) { print "  no gap between " from[i] " and " to[i]; bad = 1 }
      exit bad
    }' - "$work/gaps"
}
for host in "${hosts[@]}"; do
  away=("$central_away")
  [ "$host" != host2 ] || away+=("$host2_away")
  influx_series "$host" wave power >"$work/influx.points"
  whisper "$host" wave power >"$work/whisper.points"
  check "$host: InfluxDB lacks what was measured meanwhile, or while it was down, and has nothing twice" \
    only_gaps 0.5 "${away[@]}" "$influx_away" <"$work/influx.points"
  check "$host: so does Graphite" only_gaps 1 "${away[@]}" "$carbon_away" <"$work/whisper.points"
  echo "  of $host, InfluxDB has $(wc -l <"$work/influx.points") values, Graphite $(wc -l <"$work/whisper.points")"
done
check "the central collectd says that Graphite was away" grep -q "\[error\] write_graphite plugin" "$work/central.log"
check "... and says nothing else is wrong" quiet central "write_graphite plugin"
check "nobody but the hosts sent VMs" test "$(influx 'SHOW TAG VALUES FROM vm_energy_value WITH KEY = host' |
  jq -r '.results[].series[]?.values[][1]' | sort | xargs)" = "${hosts[*]}"
finish
