#!/bin/bash
# check_install.sh TARBALL: in a new Debian where nothing is, the README's lines as printed install the packages and show values;
# an upgrade and a removal say what is to be done. As root; `make check-install` calls it, which takes ten minutes, mmdebstrap and
# a mirror. VM_ENERGY_BASE_ROOT: a tar of a root as mmdebstrap makes it, to save one of them.
set -u
[ $# -eq 1 ] || { echo "usage: check_install.sh vm_energy-VERSION.tar.xz" >&2 && exit 2; }
tarball=$(readlink -f "$1")
PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset MAKEFLAGS MAKELEVEL MFLAGS
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/../daemon/lib.sh"
packages=(collectd-plugin-vm-energy vm-energy)

[ "$(id -u)" -eq 0 ] || skip "making a root takes root"
require mmdebstrap "$simwriter"

new=$work/new
end_root() {
  [ ! -d "$new/proc/self" ] || in_root service collectd stop >/dev/null 2>&1
  umount "$new/proc" 2>/dev/null
  clean_up
}
trap end_root EXIT

readme_block() { # n: the n-th block of commands below "Set it up"
  awk -v n="$1" '/^## / { here = /^## Set it up/ } /^```/ { block = here && /^```sh/ ? ++count : 0; next } block == n' "$srcdir/README.md"
}
in_root() { # command...
  chroot "$new" env -i HOME=/srv PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    DEB_BUILD_OPTIONS="nocheck parallel=2" ${http_proxy:+"http_proxy=$http_proxy"} "$@"
}
installed_in_root() { # package...
  local package
  for package in "$@"; do
    in_root dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -qx 'install ok installed' ||
      { echo "  $package is not installed" && return 1; }
  done
}
make_root() {
  mkdir "$new" || return
  if [ -n "${VM_ENERGY_BASE_ROOT:-}" ]; then
    tar -xf "$VM_ENERGY_BASE_ROOT" -C "$new" || return
  else
    mmdebstrap --variant=minbase --mode=root "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$new" || return
  fi
  cp /etc/resolv.conf "$new/etc/" && cp "$tarball" "$new/srv/" && mount -t proc proc "$new/proc" || return
  echo 'APT::Get::Assume-Yes "true";' >"$new/etc/apt/apt.conf.d/yes"
  echo "127.0.0.1 localhost $(uname -n)" >"$new/etc/hosts"
}
check "an empty root is made" or_show empty make_root
root_vm=$new/var/lib/libvirt/scaphandre
mkdir -p "$root_vm"
start writer "$simwriter" --root "$root_vm" --period 1 --jitter 0.05 web-1=const:80
readme_block 1 >"$new/srv/install.sh"
readme_block 2 >"$new/srv/use.sh"
check "the README's version is that of the tarball" grep -qF "$(basename "$tarball")" "$new/srv/install.sh"
check "the README's lines install it" or_show lines in_root sh -ec 'cd && . ./install.sh'
check "... with what it takes to see values" installed_in_root "${packages[@]}" collectd collectd-utils
check "... and no symbols for debuggers" test -z "$(in_root dpkg-query -W '*-dbgsym' 2>/dev/null)"
check "... and symbols were there to be had" compgen -G "$new/srv/*-dbgsym_*"
check "the first install says nothing of a restart" test "$(grep -c 'until it is restarted' "$work/lines")" -eq 0
check "the README's lines show values" or_show use in_root sh -ec 'cd && . ./use.sh'
check "... the power" grep -qE '^value=(7\.[5-9]|8\.[0-5])[0-9]*e\+01$' "$work/use"
check "... and the energy" grep -qE '^[^ ]*/vm_energy-web-1/energy$' "$work/use"
check "an upgrade" or_show upgrade in_root sh -c 'apt-get install --reinstall /srv/collectd-plugin-vm-energy_*.deb'
check "... says to restart collectd" grep -q 'until it is restarted: service collectd restart' "$work/upgrade"
check "the removal" or_show removal in_root apt-get remove collectd-plugin-vm-energy
check "... says which line of which file goes first" \
  grep -qxF /etc/collectd/collectd.conf.d/vm_energy.conf <(grep -A 1 "until 'LoadPlugin vm_energy' is removed from" "$work/removal")
rm "$new/etc/collectd/collectd.conf.d/vm_energy.conf"
in_root sh -c 'apt-get install /srv/collectd-plugin-vm-energy_*.deb' >"$work/again" 2>&1
check "a removal without that line" or_show removal in_root apt-get remove collectd-plugin-vm-energy
check "... says nothing" test "$(grep -c 'LoadPlugin' "$work/removal")" -eq 0
finish
