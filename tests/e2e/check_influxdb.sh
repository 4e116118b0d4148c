#!/bin/bash
# collectd's network plugin and InfluxDB's listener for collectd's protocol, with the stock types.db: as it is, signed and
# encrypted; and what has a wrong key, or none, gets nothing in.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
require "$collectd" "$collectdctl" influxd curl jq ss

echo 'agent: the right key' >"$work/auth_file"
{ influx_listener influx_signed signed sign && influx_listener influx_encrypted encrypted encrypt; } | influx_start || exit 1

server() { # listener [level key]
  echo "  <Server \"127.0.0.1\" \"${port[influx_$1]}\">"
  [ -z "${2:-}" ] || printf '    SecurityLevel "%s"\n    Username "agent"\n    Password "%s"\n' "$2" "$3"
  echo '  </Server>'
}
network() { # servers on standard input
  vm_energy_block
  printf '<LoadPlugin network>\n  FlushInterval 1\n</LoadPlugin>\n<Plugin network>\n'
  cat
  echo '</Plugin>'
}
{ server collectd && server signed Sign "the right key" && server encrypted Encrypt "the right key"; } |
  network | agent_conf node1 1
{ server collectd && server signed Sign "a wrong key" && server encrypted Encrypt "a wrong key"; } |
  network | agent_conf wrong 1
{ server collectd && server signed && server encrypted Sign "the right key"; } | network | agent_conf low 1

writer_start constant=const:100 wave=sine:60:30:20 spare=idle
for agent in node1 wrong low; do
  agent_start $agent || exit 1
done
sleep 12
stop writer
sleep 2
for agent in node1 wrong low; do
  check "collectd $agent ends with status 0" stop $agent
done

for database in collectd signed encrypted; do
  for vm in constant wave spare; do
    for quantity in power energy; do
      check "InfluxDB, $database: has the $quantity of $vm" wait_for at_least 10 influx_series node1 $vm $quantity $database
      check "... as it was drawn" matches $quantity $vm 0 influx_series node1 $vm $quantity $database
    done
  done
done

hosts() { # database
  influx 'SHOW TAG VALUES FROM vm_energy_value WITH KEY = host' "$1" | jq -r '.results[].series[]?.values[][1]' | sort | xargs
}
check "all three agents did send" test "$(hosts collectd)" = "low node1 wrong"
check "a wrong key, or no signature, gets nothing in where signatures are asked for" test "$(hosts signed)" = "node1"
check "a wrong key, or a mere signature, gets nothing in where encryption is asked for" test "$(hosts encrypted)" = "node1"
series=$(influx 'SHOW SERIES' | jq -r '.results[].series[].values[][0]' | grep host=node1 | sort)
check "there are these series and no other" test "$series" = "$(for vm in constant spare wave; do
  printf 'vm_energy_value,host=node1,instance=%s,type=%s\n' $vm energy $vm power
done)"
check "influxd logs neither error nor warning" test -z "$(grep -E 'lvl=(error|warn)' "$work/influx.log")"
finish
