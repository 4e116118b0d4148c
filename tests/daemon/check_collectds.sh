#!/bin/bash
# check_collectds.sh COLLECTD_GIT [VERSION...]: builds collectd 5.8 to 5.12 and the branch of 6.0 from a git repository, the plugin
# against each, and runs check_values.sh with that daemon. Prints a row for each: ok is what is expected, also for "prefix". In a
# configured tree; takes what collectd needs (bison, flex, libyajl for 6.0), and three minutes each.
# VM_ENERGY_COLLECTDS=DIR: DIR/VERSION/{source,prefix}, which are kept there.
set -u
[ $# -ge 1 ] || { echo "usage: check_collectds.sh COLLECTD_GIT [VERSION...]" >&2 && exit 2; }
repository=$(readlink -f "$1")
versions=("${@:2}")
[ ${#versions[@]} -gt 0 ] || versions=(5.8.1 5.9.2 5.10.0 5.11.0 5.12.0 6.0)
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
require git autoreconf bison flex

collectds=${VM_ENERGY_COLLECTDS:-$work/collectds}
jobs=$(nproc)
chmod 0711 "$work" # check_values.sh runs the daemon as nobody
or_show dist make -C "$builddir" distdir distdir="$work/vm_energy" || exit 1

tree_of() { # version: the name of the release or branch in the repository
  local ref
  for ref in "refs/tags/collectd-$1" "refs/heads/collectd-$1" "refs/remotes/origin/collectd-$1"; do
    git -C "$repository" rev-parse --verify --quiet "$ref^{commit}" >/dev/null && echo "$ref" && return
  done
  echo "no release or branch collectd-$1 in $repository"
  return 1
}
build_collectd() ( # version; -Werror: a newer compiler warns about old releases
  [ ! -x "$collectds/$1/prefix/sbin/collectd" ] || exit 0
  ref=$(tree_of "$1") && mkdir -p "$collectds/$1/source" && cd "$collectds/$1/source" &&
    git -C "$repository" archive "$ref" | tar -x &&
    ./build.sh && ./configure --prefix="$collectds/$1/prefix" --disable-all-plugins --disable-werror --enable-logfile \
    --enable-unixsock "--enable-$writer" &&
    make -j"$jobs" && make install
)

configure() { # directory: of a collectd
  mkdir -p "$work/build" && cd "$work/build" && "$work/vm_energy/configure" --enable-werror --with-collectd="$1"
}
prefix_lacks_headers() { # version: collectd installs none, and configure says what to do, whatever /usr/include has
  ! (configure "$collectds/$1/prefix") && grep -q 'installs no headers for plugins' "$work/build/config.log"
}
configure_is_right() { # version: headers, module directory and daemon are those of this collectd
  (configure "$collectds/$1/source") &&
    grep -F "vm_energy_cv_collectd_version=${1%.*}." "$work/build/config.log" &&
    grep -x "plugindir='$collectds/$1/prefix/lib/collectd'" "$work/build/config.log"
}
build_module() {
  make -C "$work/build" -j"$jobs" plugin/vm_energy.la tests/sim/simwriter
}
read_values() ( # version
  export abs_top_srcdir=$srcdir abs_top_builddir=$work/build VM_ENERGY_NO_SKIP=1 patience_s=60
  export COLLECTD=$collectds/$1/prefix/sbin/collectd COLLECTDCTL=$collectds/$1/prefix/bin/collectdctl
  export COLLECTD_PLUGINDIR=$collectds/$1/prefix/lib/collectd COLLECTD_TYPESDB=$collectds/$1/prefix/share/collectd/types.db
  case $1 in 6.*) logged_values ;; *) "$BASH" "$srcdir/tests/daemon/check_values.sh" ;; esac
)
# GETVAL of 6.0 prints 0 for every gauge, in a format that its collectdctl does not read; and csv is not ported to it
logged_values() {
  # shellcheck source=tests/daemon/lib.sh
  . "$srcdir/tests/daemon/lib.sh"
  start writer "$simwriter" --root "$work/vms" --period 0.5 a=const:100
  wait_for grep -q ready "$work/writer.log"
  daemon_conf 1 <<<"File \"$work/vms/*/intel-rapl:0/energy_uj\""
  sed -i '/^LoadPlugin csv/d; /^<Plugin csv>/,/^<.Plugin>/d; /^<Plugin unixsock>/,/^<.Plugin>/d; s/unixsock$/write_log/' \
    "$work/collectd.conf"
  start collectd "$collectd" -f -C "$work/collectd.conf"
  values() { sed -nE "s/.*collectd_v5_$1\.host_name=node1\..*\.vm_energy=a ([0-9.]+) .*/\1/p" "$work/collectd.log"; }
  enough() { [ "$(values power | wc -l)" -ge 6 ]; }
  check "there are values" wait_for enough
  check "each power is 100 W within 5 W" \
    awk '$1 < 95 || $1 > 105 { print "  " $1; bad = 1 } END { exit bad || NR == 0 }' <(values power)
  check "energy never falls" awk '$1 < last { print "  " $1; bad = 1 } { last = $1 } END { exit bad || last == 0 }' <(values energy)
  check "the daemon ends with status 0" stop collectd
  finish
}
stops() {
  grep -q '^ok: the daemon ends with status 0' "$work/values.log"
}

columns=(collectd prefix configure module values stop)
row=()
step() { # column command...: runs it unless an earlier one failed
  local log=$work/$1.log
  shift
  if [ "${row[-1]}" = FAILED ] || [ "${row[-1]}" = - ]; then
    row+=(-)
  elif "$@" >"$log" 2>&1; then
    row+=(ok)
  else
    row+=(FAILED)
    tail -n 40 "$log"
  fi
}
form='%-9s %-9s %-9s %-10s %-8s %-8s %s\n'
for version in "${versions[@]}"; do
  case $version in 6.*) writer=write_log ;; *) writer=csv ;; esac
  row=("$version")
  step collectd build_collectd "$version"
  step prefix prefix_lacks_headers "$version"
  step configure configure_is_right "$version"
  step module build_module
  step values read_values "$version"
  step stop stops
  # shellcheck disable=SC2059
  printf "$form" "${row[@]}" >>"$work/matrix"
  case " ${row[*]} " in *' FAILED '*) failures=$((failures + 1)) ;; esac
  rm -rf "$work/build"
done
# shellcheck disable=SC2059
printf "$form" version "${columns[@]}"
cat "$work/matrix"
finish
