#!/bin/bash
# check_systems.sh TARBALL [SYSTEM...]: builds and tests the tarball in new roots of Debian 11, 12 and 13, by the README's
# ./bootstrap demo and check as root, then again as a user without rights. For i386 and, under qemu-user, for aarch64 and s390x
# (big endian): the suites that need no daemon, of which none may be skipped. With musl: these, the module and the tool. As root;
# `make check-systems` calls it, SYSTEMS="bullseye i386" chooses. Takes mmdebstrap, a mirror, and about ten minutes for each.
# Another test that needs more than a chroot has is skipped, and listed with its reason. No process may be left in a root.
# VM_ENERGY_ROOTS=DIR: tars of roots, DIR/SUITE.tar, which are kept there.
set -u
[ $# -ge 1 ] || { echo "usage: check_systems.sh vm_energy-VERSION.tar.xz [SYSTEM...]" >&2 && exit 2; }
tarball=$(readlink -f "$1")
systems=("${@:2}")
[ ${#systems[@]} -gt 0 ] || systems=(bullseye bookworm trixie i386 aarch64 s390x musl)
if [ -z "${IN_NAMESPACE:-}" ]; then # mounts and processes end with it
  IN_NAMESPACE=1 exec unshare --mount --propagation private --pid --fork --mount-proc --kill-child "$BASH" "$0" "$@"
fi
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" -eq 0 ] || skip "making a root takes root"
require mmdebstrap

roots=${VM_ENERGY_ROOTS:-$work/roots}
mkdir -p "$roots" build
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)

inside() { # command...: in the root of this system
  chroot "$work/root" env -i HOME=/srv PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    ${http_proxy:+"http_proxy=$http_proxy"} "$@"
}
make_root() { # suite: in $work/root, with the tarball unpacked in /srv/build
  [ -e "$roots/$1.tar" ] || mmdebstrap --variant=minbase --include=ca-certificates "$1" "$roots/$1.tar" "$mirror" || return
  mkdir root && mount --bind root root && tar -xf "$roots/$1.tar" -C root || return # a mount, so that its files have one
  mount -t proc proc root/proc && mount -t sysfs -o ro sysfs root/sys && mount -t tmpfs -o mode=1777 tmpfs root/dev/shm && mount -t devpts -o newinstance,ptmxmode=666 devpts root/dev/pts || return
  ln -sf pts/ptmx root/dev/ptmx
  cp /etc/resolv.conf root/etc/
  echo 'APT::Get::Assume-Yes "true";' >root/etc/apt/apt.conf.d/yes
  echo "127.0.0.1 localhost $(uname -n)" >root/etc/hosts
  printf '#!/bin/sh\nexit 101\n' >root/usr/sbin/policy-rc.d
  chmod +x root/usr/sbin/policy-rc.d
  mkdir root/srv/build && tar -xf "$tarball" -C root/srv/build --strip-components=1
}
remove_root() { # system
  patience_s=10 wait_for none_left root root
  check "$1: no process is left in it" none_left root root
  umount root/proc root/sys root/dev/shm root/dev/pts
  umount --lazy root # such a process keeps it busy
  rm -rf root
}
outcome() { # log: what passed and was skipped, and why
  sed -nE 's/^# (PASS|SKIP|FAIL|ERROR): +/\1 /p' "$1" | paste -sd ' ' | sed 's/^/  /'
  grep -hE '^skipped: ' root/srv/build/tests/*.log root/srv/build/tests/*/*.log 2>/dev/null | sort | uniq -c | sed 's/^/  /'
}
all_pass() { # name command...; it says how many; a failed test is shown
  local log=$work/$1.log status=0
  inside "${@:2}" >"$log" 2>&1 || status=$?
  outcome "$log"
  [ $status -eq 0 ] && grep -qE '^# PASS: +[1-9]' "$log" && return
  tail -n 30 "$log"
  grep -lE ':test-result: *(FAIL|ERROR)' root/srv/build/tests/*.trs root/srv/build/tests/*/*.trs 2>/dev/null |
    while read -r trs; do
      echo "--- ${trs#root/srv/build/}" && tail -n 20 "${trs%.trs}.log"
    done
  return 1
}
none_skipped() { # name: of the suites that all_pass ran
  grep -qxE '# SKIP: +0' "$work/$1.log"
}

shows_vms() { # name command...: the demo that the command starts; its last table has power and energy of each VM
  or_show "$1-demo.log" inside "${@:2}" || return
  same 4 "$(sed -n '/^--- after 20 s/,$p' "$1-demo.log" | grep -cE '^(batch|db|spare|web)-1( +[0-9]+\.[0-9]+){4}$')"
}
no_warnings() { # log...: of the compiler
  ! grep -hE ': warning: .*\[-W' "$@"
}
debian() { # suite: the README's commands; as root from the tarball, then as a user from what a clone has
  local as_user=(setpriv --reuid=builder --regid=builder --init-groups env HOME=/home/builder)
  check "$1: a new root" or_show make_root make_root "$1"
  check "$1: as root, the demo" shows_vms "$1-root" sh -c 'cd /srv/build && ./bootstrap demo'
  check "$1: as root, the tests" all_pass "$1-root" sh -c 'cd /srv/build && ./bootstrap check'
  inside sh -c 'cd /srv/build && make -s distclean; rm -rf configure aclocal.m4 Makefile.in build-aux m4
    useradd -m builder && chown -R builder: /srv/build' >/dev/null 2>&1
  check "$1: as a user without rights, the demo" shows_vms "$1-user" "${as_user[@]}" sh -c 'cd /srv/build && ./bootstrap demo'
  check "$1: as a user without rights, the tests" all_pass "$1-user" "${as_user[@]}" sh -c 'cd /srv/build && ./bootstrap check'
  check "$1: the compiler does not warn" no_warnings "$1"-*.log
  remove_root "$1"
}
foreign() { # Debian's name of it, its GNU triplet, where its libraries are, how its programs run: suites without a daemon, in Debian 12
  check "$1: a new root" or_show make_root make_root bookworm
  inside sh -c "dpkg --add-architecture $1 && apt-get update -qq"
  check "$1: what builds for it" or_show packages inside apt-get install --no-install-recommends -qq make pkg-config \
    "gcc-$2" qemu-user locales collectd-dev "libc6-dev:$1" "libjansson-dev:$1" "libncurses-dev:$1" "check:$1" bash
  # Debian's C.UTF-8 is little endian
  [ "$1" != s390x ] || check "$1: a locale" or_show locale inside sh -c \
    'mkdir /srv/locale && localedef --big-endian -i C -f UTF-8 /srv/locale/C.utf8'
  check "$1: configured" or_show configure inside sh -c "cd /srv/build && ./configure --host=$2 --with-plugindir=/usr/lib/collectd \
    PKG_CONFIG_LIBDIR=/usr/lib/$3/pkgconfig:/usr/share/pkgconfig"
  # emulated, they take several times as long
  check "$1: suites" all_pass "$1" sh -c "cd /srv/build && ${4:+CK_TIMEOUT_MULTIPLIER=10} make -j$(getconf _NPROCESSORS_ONLN) \
    check-unit LOG_COMPILER='$4'"
  check "$1: ... and none is skipped" none_skipped "$1"
  remove_root "$1"
}
musl() { # suites, module and tool with the musl of Debian 12, for which it has no libraries: they are built from its sources
  local host
  host=$(uname -m)-linux-musl
  check "musl: a new root" or_show make_root make_root bookworm
  sed 's/^deb /deb-src /' root/etc/apt/sources.list >root/etc/apt/sources.list.d/sources.list
  inside apt-get update -qq
  check "musl: what builds for it" or_show packages inside apt-get install --no-install-recommends -qq make pkg-config musl-tools \
    autoconf automake libtool dpkg-dev collectd-dev bash gawk jq tmux procps python3 gnuplot-nox fonts-dejavu-core mandoc
  cat >root/srv/libraries.sh <<'END'
set -e
mkdir -p /srv/musl/include /srv/sources
cd /usr/include && ln -s "$PWD/linux" "$PWD/asm-generic" "$PWD/$(gcc -print-multiarch)/asm" "$PWD/collectd" /srv/musl/include
cd /srv/sources && apt-get source -qq jansson ncurses check
build() { # source option...
  (cd "$1"-*/ && shift && { [ -x configure ] || autoreconf -i; } &&
    ./configure -q --host="$host" --prefix=/srv/musl "$@" && make -s && make -s install)
}
build jansson --disable-shared
build ncurses --enable-widec --enable-pc-files --with-pkg-config-libdir=/srv/musl/lib/pkgconfig --without-ada \
  --without-cxx-binding --without-manpages --without-progs --without-tests --disable-db-install \
  --with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo
build check --disable-shared --disable-subunit
ln -s libcheck.a /srv/musl/lib/libcheck_pic.a # which Debian's check.pc names
END
  check "musl: jansson, ncurses and Check" or_show libraries inside env host="$host" MAKEINFO=true CC=musl-gcc CPPFLAGS=-I/srv/musl/include \
    sh /srv/libraries.sh
  check "musl: configured" or_show configure inside sh -c "cd /srv/build && ./configure --host=$host CC=musl-gcc \
    CPPFLAGS=-I/srv/musl/include PKG_CONFIG_LIBDIR=/srv/musl/lib/pkgconfig --with-collectd=/srv/musl --enable-werror"
  check "musl: suites" all_pass musl sh -c "cd /srv/build && make -j$(getconf _NPROCESSORS_ONLN) check-unit"
  check "musl: ... and none is skipped" none_skipped musl
  check "musl: module and tool" all_pass musl-tool sh -c "cd /srv/build && make check TESTS=\"tests/daemon/check_module.sh \
    tests/trust/check_hardening.sh \$(find tests/cli -name 'check_*.sh' ! -name check_recording.sh | paste -sd ' ')\""
  remove_root musl
}
for system in "${systems[@]}"; do
  case $system in
  musl) musl ;;
  i386) foreign i386 i686-linux-gnu i386-linux-gnu '' ;;
  aarch64) foreign arm64 aarch64-linux-gnu aarch64-linux-gnu qemu-aarch64 ;;
  s390x) foreign s390x s390x-linux-gnu s390x-linux-gnu 'qemu-s390x -E LOCPATH=/srv/locale' ;;
  *) debian "$system" ;;
  esac
done
finish
