#!/bin/bash
# check_tarball.sh TARBALL: `make dist` makes the same bytes of the same source, wherever and by whomever it is called: from a copy
# of the source tree, and from the unpacked tarball. .ci/run calls it; it takes a minute, and autotools.
set -u
[ $# -eq 1 ] || { echo "usage: check_tarball.sh vm_energy-VERSION.tar.xz" >&2 && exit 2; }
tarball=$(readlink -f "$1")
unset MAKEFLAGS MAKELEVEL MFLAGS SOURCE_DATE_EPOCH
export abs_top_srcdir
abs_top_srcdir=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/lib.sh
. "$abs_top_srcdir/tests/lib.sh"
require git autoreconf xz

distribute() { # [VARIABLE=VALUE...]: make dist here, for somebody with these settings
  ./configure --disable-plugin && env "$@" make dist
}
epoch_of() { # tarball: the times of all files in it
  tar --utc --full-time -tvf "$1" | awk '{ print $4, $5 }' | sort -u
}
name=$(basename "$tarball")

mkdir -p "$work/one/here" "$work/another"
(cd "$srcdir" && git ls-files -z | tar -cf - --null -T -) | tar -xf - -C "$work/one/here"
cd "$work/one/here" || exit 1
find . -exec touch -d '2001-02-03 04:05:06' {} +
chmod -R g+w .
chmod g+s .
umask 000
check "a copy of the source" or_show log autoreconf --install
check "... makes a tarball" or_show log distribute LC_ALL=C.UTF-8 TZ=Asia/Tokyo
check "... of the same bytes" cmp "$tarball" "$name"
umask 022

cd "$work/another" || exit 1
umask 077
tar -xf "$tarball" --strip-components=1
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 .
find . -name 'c*' -exec touch {} +
check "the unpacked tarball" or_show log distribute TZ=America/Lima XZ_OPT=-0 XZ_DEFAULTS=--check=crc32 TAR_OPTIONS=-v
check "... makes one of the same bytes" cmp "$tarball" "$name"
check "... and another time is taken from SOURCE_DATE_EPOCH" or_show log env SOURCE_DATE_EPOCH=1000000000 make dist
check "... for each file" same "2001-09-09 01:46:40" "$(epoch_of "$name")"
finish
