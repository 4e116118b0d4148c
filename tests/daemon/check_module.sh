#!/bin/bash
# The module exports one name, and needs only libc and the daemon.
# shellcheck source=tests/daemon/lib.sh
. "$(dirname "$0")/lib.sh"
require nm readelf

module=$module_dir/vm_energy.so
check "the module exports module_register alone" \
  test "$(nm -D --defined-only "$module" | awk '{ print $3 }' | grep -v '^__\|^_init$\|^_fini$' | tr '\n' ' ')" = "module_register "
# a sanitizer adds its runtime; libpthread is a part of glibc before 2.34
libraries=$(readelf -d "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v 'asan\|ubsan\|clang_rt\|libgcc_s\|libpthread')
check "the module needs libc alone" grep -qxE 'libc\.(so\.6|so|musl-.*)' <<<"$libraries"
check "and nothing beside it" test "$(wc -l <<<"$libraries")" -eq 1
finish
