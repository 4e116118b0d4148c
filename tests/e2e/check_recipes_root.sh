#!/bin/bash
# The commands of plugin/examples/README.md as printed, in a new and empty Debian: from nothing to values in each server.
#
# The root is made with mmdebstrap from the mirrors that this machine's apt knows, and goes away at the end. Packages are installed
# without recommended ones, and start nothing. Then the commands run in network and process namespaces of their own, where only
# loopback is up, and with which every process ends. VM_ENERGY_ROOT=DIR keeps the root there and takes it again.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/../daemon/lib.sh"
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
document=$srcdir/plugin/examples/README.md
sections=("Try one" Graphite InfluxDB Prometheus "A central collectd")

commands() { # section [1]: its shell commands; those that install packages, or with 1 all others
  awk -v section="## $1" -v others="${2:-0}" '/^## / { inside = $0 == section } /^```/ { shell = inside && $0 == "```sh"; next }
    shell && /^apt-get / != others' "$document"
}
inside() { # command...: in the root, with nothing of this environment but what apt needs to get at its mirrors
  chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} "$@"
}

# --- with the network: the root and its packages ----------------------------------------------------------------------
if [ "${1:-}" != run ]; then
  [ "$(id -u)" -eq 0 ] || skip "making a root takes root"
  require mmdebstrap unshare ip ss jq curl make "$simwriter"
  root=${VM_ENERGY_ROOT:-$work/root}
  if [ ! -d "$root" ]; then
    mapfile -t mirrors < <(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
      'Origin: Debian' | sort -u)
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    check "an empty root" or_show root.log mmdebstrap --variant=minbase --aptopt='APT::Install-Recommends "false"' \
      --aptopt='APT::Get::Assume-Yes "true"' "$codename" "$root" "${mirrors[@]}"
    [ "$failures" -eq 0 ] || finish
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    inside apt-get update -qq
  fi
  echo "127.0.0.1 localhost $(uname -n)" >"$root/etc/hosts"
  check "our files are installed" or_show install.log make -C "$builddir" install "DESTDIR=$root"
  for section in "${sections[@]}"; do
    commands "$section" >"$work/packages"
    check "$section: its packages are installed" or_show packages.log inside sh -ec "$(cat "$work/packages")"
  done
  [ "$failures" -eq 0 ] || finish
  unshare --net --pid --fork --kill-child --mount "$BASH" "$0" run "$root"
  exit
fi

# --- in namespaces of our own: all other commands ---------------------------------------------------------------------
root=$2
ip link set lo up
ip address add 192.0.2.100/32 dev lo # write_prometheus finds no address to listen on where there is only 127.0.0.1
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
# Debian's init script of Prometheus makes this at "start" only
mkdir -p "$root/run/prometheus"
# a container may not raise its limit of open files, which these two insist on
sed -i 's/^\( *\)ulimit -n/\1: ulimit -n/' "$root"/etc/init.d/{influxdb,prometheus}
rm -rf "$root/var/lib/libvirt/scaphandre"
mkdir -p "$root/var/lib/libvirt"
start writer "$simwriter" --root "$root/var/lib/libvirt/scaphandre" --clean web-1=const:160 db-1=const:60
wait_for grep -q ready "$work/writer.log" || exit 1

run() { # section: its commands; a failing one is named. A collectd that "timeout" has ended did not fail.
  {
    echo 'trap '\''[ $? -eq 124 ] || echo "FAILED: $BASH_COMMAND"'\'' ERR'
    commands "$1" 1
  } >"$root/srv/commands"
  inside bash /srv/commands >"$work/answers" 2>"$work/commands.log"
  cat "$work/answers" >>"$work/commands.log"
  [ -z "${VM_ENERGY_KEEP:-}" ] || cp "$work/commands.log" "$VM_ENERGY_KEEP/$1"
  check "$1: no command fails" does_not grep -E '^FAILED|dlopen|not found' "$work/commands.log"
}
does_not() { ! "$@"; }
said() { grep -qE -- "$1" "$work/commands.log" || { cat "$work/commands.log" && false; }; } # regular expression
listens_on_loopback() { # [port]: nothing else listens elsewhere, but for this one; a port above 32767 is a sender's own
  ! ss -Hltun | awk -v but="${1:-}" '{ port = $5; sub(/.*:/, "", port) }
    $5 !~ /^(127\.|\[::1\]|\[::ffff:127\.)/ && port != but && port < 32768' | grep .
}

run "Try one"
check "... collectd says which VM draws too much" said 'Notification: severity = WARNING.*plugin_instance = web-1'
check "... and no other" does_not said 'Notification: severity = (WARNING|FAILURE).*plugin_instance = db-1.*power'

json() { # filter: an answer is such JSON; a daemon may have written behind it
  grep -aoE '(\[\{"target"|\{"status").*[]}]' "$work/answers" | jq -e "$1" >/dev/null || { cat "$work/commands.log" && false; }
}

run Graphite
check "... the sum over the VMs, 220 W" json 'arrays | [.[].datapoints[][0] | numbers] | length > 0 and all(. > 218 and . < 222)'
check "... the picture is one" grep -qa PNG "$root/usr/local/share/doc/vm_energy/examples/power.png"
check "... it listens on loopback only" listens_on_loopback

run InfluxDB
check "... the power of a VM" said '^[0-9T:Z-]+ 160$|^[0-9T:Z-]+ +(159\.9|160\.)'
check "... it listens on loopback only" listens_on_loopback

run Prometheus
check "... the sum over the VMs, 220 W" json 'objects | .data.result[0].value[1] | tonumber | . > 218 and . < 222'
check "... it listens on loopback only" listens_on_loopback

run "A central collectd"
check "... it listens on loopback only, but for the encrypted port" listens_on_loopback 25826
check "... nobody has a wrong password" does_not said 'Checksum mismatch|Decrypting'
sleep 12 # batch-timeout of influxd
inside influx -database collectd -execute "SELECT max(value) FROM network_value WHERE type_instance = 'dispatch-accepted'" >"$work/accepted.log"
check "... it takes the agent's values, and sends them on" awk '/^[0-9]/ && $2 > 0 { found = 1 } END { exit !found }' "$work/accepted.log"
finish
