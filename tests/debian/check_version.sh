#!/bin/bash
# One version everywhere: configure.ac, debian/changelog, RELEASES.md, README.md, and what was built.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"

version=$(sed -n 's/^AC_INIT(\[vm_energy\], \[\(.*\)\])$/\1/p' "$srcdir/configure.ac")
check "configure.ac has a version" grep -qxE '[0-9]+\.[0-9]+\.[0-9]+' <<<"$version"
check "debian/changelog has it" same "vm-energy ($version)" "$(sed -n '1s/ [^ ]*; urgency=.*//p' "$srcdir/debian/changelog")"
check "RELEASES.md has it" same "## $version" "$(grep -m 1 '^## ' "$srcdir/RELEASES.md")"
check "README.md has it" same "$version" "$(grep -oE 'vm_energy-[0-9]+\.[0-9.]+[0-9]' "$srcdir/README.md" | sed 's/.*-//' | sort -u)"
if [ -x "$tool" ]; then
  check "the tool has it" same "vm_energy $version" "$("$tool" --version)"
fi
# a licence that is told in two places is one
words() { tr -s ' \n' '\n\n' | grep -vx '\.'; }
check "debian/copyright has the licence" diff <(sed '1,/^Copyright/d' "$srcdir/LICENSE" | words | sed '/^$/d') \
  <(sed '1,/^License: Expat$/d' "$srcdir/debian/copyright" | sed '1,/^License: Expat$/d' | words | sed '/^$/d')
finish
