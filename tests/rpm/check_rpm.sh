#!/bin/bash
# check_rpm.sh TARBALL: the RPM packages are built from it as rpmbuild -ta does, checked by rpmlint, installed in a root of their
# own, used, upgraded and removed. As root, by .ci/run and make check-rpm; what the build takes, and collectd, come from this
# system. Needs tests/sim/simwriter.
set -u
[ $# -eq 1 ] || { echo "usage: check_rpm.sh vm_energy-VERSION.tar.xz" >&2 && exit 2; }
tarball=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
unset MAKEFLAGS MAKELEVEL MFLAGS
# shellcheck source=tests/daemon/lib.sh
. "$here/../daemon/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "installing packages takes root"
require rpm rpmbuild rpmlint busybox "$collectd" "$collectdctl" "$simwriter"
export HOME=$work # where rpm of Debian has its database, and rpmbuild its tree
version=${tarball##*/vm_energy-} version=${version%.tar.xz}
libdir=$(rpm --eval '%{_libdir}')
doc=/usr/share/doc/collectd-vm_energy
snippet=/etc/collectd.d/vm_energy.conf

# --- build ---------------------------------------------------------------------------------------------------------------
# rpm knows nothing of Debian's packages, so --nodeps; and brp-compress is not for dash, Debian's sh
build_rpms() { # what to build of the tarball, rpmbuild's options...
  rpmbuild "$@" --nodeps --define '_unpackaged_files_terminate_build 1' \
    --define '__brp_compress /bin/bash %{_rpmconfigdir}/brp-compress %{?_prefix}' "$tarball"
}
check "the packages are built, with all that is installed" or_show build build_rpms -ta
check "rpmbuild has no warning" same "" "$(grep -iE '^ *(warning|error):' "$work/build")"
check "the suites have run" grep -qE '^# PASS: +[1-9]' "$work/build"
mapfile -t rpms < <(find "$work/rpmbuild/RPMS" -name '*.rpm' | sort)
check "two packages" same "collectd-vm_energy vm_energy" "$(rpm -qp --qf '%{NAME}\n' "${rpms[@]}" | paste -sd ' ')"
[ $failures -eq 0 ] || finish
tar -xf "$tarball" --wildcards --strip-components=2 '*/rpm/vm_energy.spec'
no_warning() {
  rpmlint --config "$here/rpmlint.toml" vm_energy.spec "$work"/rpmbuild/SRPMS/*.rpm "${rpms[@]}"
  grep -qE ' 0 errors, 0 warnings' "$work/rpmlint"
}
check "rpmlint has no warning" or_show rpmlint no_warning

# --- what is in them -----------------------------------------------------------------------------------------------------
rpm -qp --qf '[%{=NAME} %{FILENAMES} %{FILEMODES:perms}\n]' "${rpms[@]}" | sed -n 's/ [-l][^ ]*$//p' >"$work/contents"
check "no file is in both" same "" "$(cut -d ' ' -f 2 "$work/contents" | sort | uniq -d)"
while read -r package path; do
  check "$package has $path" grep -qxF "$package $path" "$work/contents"
done <<END
vm_energy /usr/bin/vm_energy
vm_energy /usr/share/bash-completion/completions/vm_energy
vm_energy /usr/share/zsh/site-functions/_vm_energy
vm_energy /usr/share/fish/vendor_completions.d/vm_energy.fish
vm_energy /usr/share/man/man1/vm_energy.1.gz
collectd-vm_energy $libdir/collectd/vm_energy.so
collectd-vm_energy /usr/share/man/man5/collectd-vm_energy.5.gz
collectd-vm_energy $snippet
collectd-vm_energy $doc/vm_energy.conf.example
collectd-vm_energy $doc/LICENSE
collectd-vm_energy $doc/examples/capabilities.conf
END
check "nothing of libtool" same "" "$(grep '\.la$' "$work/contents")"
check "the plugin needs a collectd that has its interface" same "collectd < 6~ collectd >= 5.8" \
  "$(rpm -qpR "${rpms[0]}" | sed -n 's/^\(collectd\)([^)]*)/\1/p' | sort | paste -sd ' ')"
check "... and is no library for others" same "" "$(rpm -qpP "${rpms[0]}" | grep '\.so')"
check "the version is that of the tarball" same "$version $version" "$(rpm -qp --qf '%{VERSION}\n' "${rpms[@]}" | paste -sd ' ')"
check "... and of the change" grep -q -- "- $version-1$" <<<"$(rpm -qp --changelog "${rpms[0]}")"

# --- install and use, in a root with a shell ------------------------------------------------------------------------------
root=$work/root
mkdir -p "$root/bin" "$root/dev"
touch "$root/dev/null"
cp "$(command -v busybox)" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ln -s busybox "$root/bin/grep"
force=() # rpm of Debian warns without it
! rpm --version --force-debian >/dev/null 2>&1 || force=(--force-debian)
in_root() { # rpm's options...
  rpm --root "$root" --dbpath /db --nodeps "${force[@]}" "$@"
}
check "they are installed" or_show install in_root -i "${rpms[@]}"
check "... without a word" is_empty "$work/install"
check "the tool runs" same "vm_energy $version" "$("$root/usr/bin/vm_energy" --version)"
check "the completion is one" grep -q -- '-F _vm_energy' <<<"$(bash --norc -c \
  ". '$root/usr/share/bash-completion/completions/vm_energy' && complete -p vm_energy")"
check "the documents have links" grep -qF '](SECURITY.md)' "$root$doc/README.md"
check "all links of the documents lead to what is in the package" lead_somewhere "$root$doc"
start writer "$simwriter" --root "$work/vms" --layout flat --period 0.5 --jitter 0.05 rpm-a=const:100
wait_for grep -q ready "$work/writer.log" || { cat "$work/writer.log" && exit 1; }
module_dir=$root$libdir/collectd
daemon_conf 0.5 <<<"File \"$work/vms/*/energy_uj\""
sed -i "s|^LoadPlugin vm_energy|Include \"$root/etc/collectd.d\"|" "$work/collectd.conf"
check "collectd starts" daemon_start
check "collectd has the energy of a VM" wait_for has_value vm_energy-rpm-a/energy
check "... and its power" wait_for has_value vm_energy-rpm-a/power
check "... which is right" value_near vm_energy-rpm-a/power 100 5
check "collectd ends" stop collectd
check "collectd had nothing to complain of" none_logged '^\[?(warning|err)'
stop writer

# --- upgrade and remove --------------------------------------------------------------------------------------------------
check "an upgrade" or_show upgrade in_root -U --replacepkgs "${rpms[0]}"
check "... says to restart collectd" grep -q 'until it is restarted: systemctl restart collectd' "$work/upgrade"
printf '%s\n' '<LoadPlugin "vm_energy">' '</LoadPlugin>' >"$root/etc/collectd.d/mine.conf"
echo '# of its owner' >>"$root$snippet"
no_start() {
  ! "$collectd" -T -C "$work/collectd.conf" >"$work/daemon" 2>&1 && grep -q vm_energy "$work/daemon"
}
check "a removal" or_show removal in_root -e collectd-vm_energy
check "... says that collectd will not start" grep -q '^collectd will not start again' "$work/removal"
check "... names the files that keep it from starting" same "/etc/collectd.d/mine.conf $snippet.rpmsave" \
  "$(grep '^/' "$work/removal" | sort | paste -sd ' ')"
check "... which is true" no_start
rm "$root/etc/collectd.d/mine.conf"
check "... of each of them" no_start
rm "$root$snippet.rpmsave"
check "... and of no other" or_show daemon "$collectd" -T -C "$work/collectd.conf"
in_root -i "${rpms[0]}"
check "a removal where the package's line is the only one" or_show removal in_root -e collectd-vm_energy vm_energy
check "... says nothing" is_empty "$work/removal"
check "no file or directory of that name is left" same "" "$(find "$root" -name '*vm_energy*')"

# --- the tool alone ------------------------------------------------------------------------------------------------------
rm -r "$work/rpmbuild/RPMS"
check "the tool is built alone" or_show alone build_rpms -tb --without plugin --nocheck
rpm -qp --qf '[%{=NAME} %{FILENAMES}\n]' "$work"/rpmbuild/RPMS/*/*.rpm >"$work/contents"
check "... with the documents" grep -qx 'vm_energy /usr/share/doc/vm_energy/README.md' "$work/contents"
check "... and nothing of collectd" same "" "$(grep -i collectd "$work/contents" | grep -v '/examples/')"
finish
