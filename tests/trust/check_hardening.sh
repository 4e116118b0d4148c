#!/bin/bash
# What configure promises with its flags is in the binaries: a flag can be taken by the compiler and lost on the way, or
# taken back by another. From the environment: HARDENING (yes, unless --disable-hardening), HARDEN_CFLAGS, HARDEN_LDFLAGS,
# PIE_LDFLAGS, and the user's own flags as BUILD_CFLAGS.
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require readelf nm objdump
[ -n "${HARDENING+set}" ] || skip "make check tells what configure promised"

given() { [[ " $HARDEN_CFLAGS $HARDEN_LDFLAGS $PIE_LDFLAGS " == *" $1 "* ]]; }
segment() { readelf -W -l "$1" | grep -E "^ +$2 "; }
dynamic() { readelf -W -d "$1" | grep -E "$2" >/dev/null; }
calls() { nm -D --undefined-only "$1" | grep -E " U $2(@.*)?\$" >/dev/null; }

# --- what each binary has -------------------------------------------------------------------------------------------------
has_relro() { segment "$1" GNU_RELRO >/dev/null; }
binds_now() { dynamic "$1" 'BIND_NOW|\(FLAGS_1\).* NOW'; }
has_plain_stack() { segment "$1" GNU_STACK | grep -v ' RWE ' >/dev/null; }
has_no_textrel() { ! dynamic "$1" TEXTREL; }
has_no_writable_code() { ! segment "$1" LOAD | grep ' RWE '; }
protects_stack() { calls "$1" __stack_chk_fail; }
checks_lengths() { calls "$1" '__[a-z]+_chk'; }
is_pie() { dynamic "$1" '\(FLAGS_1\).* PIE' && readelf -h "$1" | grep -E 'Type: +DYN ' >/dev/null; }
probes_stack() { # touches each page of a large frame; what that looks like is known of one processor
  [ "$(uname -m)" != x86_64 ] || objdump -d "$1" | grep -E '(or|mov)q? +\$0x0,\(%rsp\)' >/dev/null
}

promised() { # flag what command...: checks it where the flag was given
  if given "$1"; then check "${@:2}"; else echo "not tried, without $1: $2"; fi
}
look() { # name binary
  promised -Wl,-z,relro "$1: tables are made read-only" has_relro "$2"
  promised -Wl,-z,now "$1: ... all of them, since all is bound at the start" binds_now "$2"
  promised -fstack-protector-strong "$1: sees that its stack was overrun" protects_stack "$2"
  promised -fstack-clash-protection "$1: does not step over the guard page" probes_stack "$2"
  if dynamic "$2" 'NEEDED.*\[libc\.so\.6\]'; then
    promised -D_FORTIFY_SOURCE=2 "$1: sees that a buffer is too short" checks_lengths "$2"
  else
    echo "not tried, since only glibc has functions for FORTIFY_SOURCE: $1: sees that a buffer is too short"
  fi
  check "$1: no stack can be run" has_plain_stack "$2"
  check "$1: code is not relocated" has_no_textrel "$2"
  check "$1: code cannot be written" has_no_writable_code "$2"
}
module=$module_dir/vm_energy.so tool=$builddir/vm_energy
[ ! -e "$module" ] || look module "$module"
if [ -x "$tool" ]; then
  look tool "$tool"
  promised -pie "tool: lies where it is put" is_pie "$tool"
fi

# --- no flag was left out ---------------------------------------------------------------------------------------------------
# Not all processors have stack clash protection, so that one may be.
if [ "$HARDENING" = no ]; then
  echo "not tried: configured with --disable-hardening"
else
  for flag in -fstack-protector-strong -Wl,-z,relro -Wl,-z,now -pie; do
    check "$flag was given" given $flag
  done
  case " $BUILD_CFLAGS " in
  *-fsanitize=* | *" -O0 "*) echo "not tried: FORTIFY_SOURCE is left out on purpose with CFLAGS=$BUILD_CFLAGS" ;;
  *" -O"*) check "-D_FORTIFY_SOURCE=2 was given" given -D_FORTIFY_SOURCE=2 ;;
  esac
fi
finish
