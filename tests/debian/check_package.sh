#!/bin/bash
# check_package.sh TARBALL: the Debian packages are built from it, checked, installed, used and removed. As root, by .ci/run;
# needs tests/sim/simwriter. What somebody installed here by hand is put aside meanwhile, and is no part of what is tested.
set -u
[ $# -eq 1 ] || { echo "usage: check_package.sh vm_energy-VERSION.tar.xz" >&2 && exit 2; }
tarball=$(readlink -f "$1")
PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset MAKEFLAGS MAKELEVEL MFLAGS MANPATH
export abs_top_builddir=${abs_top_builddir:-$(readlink -f "$(dirname "$0")/../..")}
export COLLECTD=/usr/sbin/collectd COLLECTDCTL=/usr/bin/collectdctl VM_ENERGY_MODULE_DIR=/usr/lib/collectd
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/../daemon/lib.sh"
packages=(collectd-plugin-vm-energy vm-energy)

[ "$(id -u)" -eq 0 ] || skip "installing packages takes root"
require dpkg-buildpackage dh lintian man collectd collectdctl setpriv "$simwriter"
for package in "${packages[@]}"; do
  ! dpkg-query -W "$package" >/dev/null 2>&1 || skip "$package is installed already"
done

installed=
roots=()
finish_clean() {
  local root
  [ -z "$installed" ] || dpkg -P "${packages[@]}" >/dev/null 2>&1
  if [ -d "$work/aside" ] && ! cp -a "$work/aside/." /; then
    echo "what was put aside is in $work/aside"
    work=$(mktemp -d) # and stays there
  fi
  clean_up
  for root in "${roots[@]}"; do
    rmdir "$root" 2>/dev/null
  done
}
trap finish_clean EXIT

# --- build ---------------------------------------------------------------------------------------------------------------
mkdir "$work/source" && cd "$work/source" || exit 1
tar -xf "$tarball" --strip-components=1
export DEB_BUILD_OPTIONS
DEB_BUILD_OPTIONS="parallel=$(getconf _NPROCESSORS_ONLN) terse"
check "the packages are built" or_show build dpkg-buildpackage -us -uc -b
cd "$work" || exit 1
ls ./*.changes >/dev/null 2>&1 || finish
debs=()
for package in "${packages[@]}"; do
  debs+=("$(echo "$work/${package}"_*.deb)")
done
check "lintian has nothing to say" or_show lintian lintian --allow-root --display-info --pedantic \
  --fail-on error,warning,info,pedantic ./*.changes
check "... and not more than that" test ! -s "$work/lintian"

# --- what is there already ----------------------------------------------------------------------------------------------
named() { # whatever bears our name, where packages put things
  find /usr /etc /lib /var/lib -xdev \( -name '*vm_energy*' -o -name '*vm-energy*' \) ! -path "$work/*" ! -path '/usr/src/*' | sort
}
for deb in "${debs[@]}"; do
  dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's|^\./|/|; /[^/]$/p'
done >"$work/contents"
while read -r path; do
  [ -e "$path" ] || [ -L "$path" ] || continue
  mkdir -p "$work/aside$(dirname "$path")"
  mv "$path" "$work/aside$path"
done <"$work/contents"
named >"$work/before"

# --- install -------------------------------------------------------------------------------------------------------------
installed=yes
# a container may leave out manuals and documentation
check "the packages are installed" or_show install dpkg -i --path-include='/usr/share/*' "${debs[@]}"
is_there() {
  local path absent=
  while read -r path; do
    [ -e "$path" ] || { echo "  $path is missing" && absent=yes; }
  done <"$work/contents"
  [ -z "$absent" ]
}
check "all their files are there" is_there
for path in /usr/bin/vm_energy /usr/lib/collectd/vm_energy.so /usr/share/bash-completion/completions/vm_energy \
  /usr/share/fish/vendor_completions.d/vm_energy.fish /usr/share/zsh/vendor-completions/_vm_energy \
  /usr/share/man/man1/vm_energy.1.gz /usr/share/man/man5/collectd-vm_energy.5.gz \
  /usr/share/doc/collectd-plugin-vm-energy/vm_energy.conf.example \
  /usr/share/doc/collectd-plugin-vm-energy/examples/capabilities.conf; do
  check "$path" grep -qxF "$path" "$work/contents"
done
doc=/usr/share/doc/collectd-plugin-vm-energy
check "the documents have links" grep -qF '](SECURITY.md)' "$doc/README.md"
check "all links of the documents lead to what is in the package" lead_somewhere "$doc"
check "nothing of libtool" test -z "$(grep '\.la$' "$work/contents")"
for page in vm_energy collectd-vm_energy; do
  check "man $page" grep -q "^/usr/share/man/.*$page" <<<"$(man -M /usr/share/man -w "$page" 2>&1)"
done
check "the completion is one" grep -q -- '-F _vm_energy' <<<"$(bash --norc -c \
  '. /usr/share/bash-completion/completions/vm_energy && complete -p vm_energy')"

# --- use: one line of configuration -------------------------------------------------------------------------------------
files=()
if [ -e /var/lib/scaphandre ]; then
  echo "/var/lib/scaphandre is there: File says where to look"
  tree=$work/scaphandre
  files=(--files "$tree/*/energy_uj")
else
  tree=/var/lib/scaphandre
  roots+=("$tree")
fi
start writer "$simwriter" --root "$tree" --layout flat --period 0.5 --jitter 0.05 --clean package-a=const:100 package-b=const:7.5
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
daemon_head 0.5 >"$work/collectd.conf"
[ ${#files[@]} -eq 0 ] || echo "<Plugin vm_energy>
  File \"$tree/*/energy_uj\"
</Plugin>" >>"$work/collectd.conf"
check "collectd starts" daemon_start
for vm in package-a package-b; do
  check "collectd has the power of $vm" wait_for has_value "vm_energy-$vm/power"
  check "collectd has the energy of $vm" wait_for has_value "vm_energy-$vm/energy"
done
check "it is the right power" value_near vm_energy-package-a/power 100 5
check "the csv plugin has it too" wait_for compgen -G "$work/csv/node1/vm_energy-package-a/power-*"
check "collectd ends" stop collectd
check "collectd had nothing to complain of" none_logged '^\[?(warning|err)'
/usr/bin/vm_energy list "${files[@]}" >"$work/list" 2>&1
for vm in package-a package-b; do
  check "vm_energy list has $vm" grep -q "^$vm " "$work/list"
done
check "vm_energy once" grep -q '^package-a: .* avg ' <<<"$(/usr/bin/vm_energy once -d 1 "${files[@]}" 2>&1)"
stop writer

# --- use: root with the rights of the drop-in, and with none ------------------------------------------------------------
rights=$(sed -n 's/^CapabilityBoundingSet=//p' /usr/share/doc/collectd-plugin-vm-energy/examples/capabilities.conf)
check "the drop-in gives rights" grep -qxE 'CAP_[A-Z_ ]+' <<<"$rights"
mkdir -p "$work/closed/vm"
echo 5000000 >"$work/closed/vm/energy_uj"
chmod 0400 "$work/closed/vm/energy_uj"
chmod 0700 "$work/closed/vm"
chown -R 65534:65534 "$work/closed"
daemon_conf 0.5 <<<"File \"$work/closed/vm/energy_uj\""
with_rights() { # setpriv's words for them
  run_daemon=(setpriv --bounding-set "$1" /usr/sbin/collectd)
  daemon_start
}
allowed=$(tr 'A-Z ' 'a-z,' <<<"$rights" | sed 's/cap_/+/g')
check "collectd starts with these" with_rights "-all,$allowed"
check "... and reads what is not its own" wait_for has_value vm_energy-vm/energy
stop collectd
check "collectd starts without any" with_rights -all
check "... and says what it lacks" wait_for grep -q 'permission denied.*CAP_DAC_READ_SEARCH' "$work/collectd.log"
stop collectd

# --- remove --------------------------------------------------------------------------------------------------------------
check "the packages are removed" or_show remove dpkg -P "${packages[@]}"
installed=
is_gone() {
  local path left=
  while read -r path; do
    [ ! -e "$path" ] || { echo "  $path is left" && left=yes; }
  done <"$work/contents"
  [ -z "$left" ]
}
check "none of their files is left" is_gone
check "no other file or directory of that name is left" diff "$work/before" <(named)
check "dpkg knows of neither" test -z "$(dpkg-query -W "${packages[@]}" 2>/dev/null)"
check "the simulated VMs are gone" test ! -e "$tree/package-a"
finish
