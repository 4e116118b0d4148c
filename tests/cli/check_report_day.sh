#!/bin/bash
# report: a day of 100 VMs in each layout, against figures that are computed in another way, in Python.
# shellcheck source=tests/lib.sh
. "${abs_top_srcdir:-.}/tests/lib.sh"
require python3

check "the captures are made" python3 "$srcdir/tests/cli/day.py" make .
for layout in wide separate long; do
  for kind in "" -rows; do
    run "$tool" report --json "$layout$kind"
    check "$layout$kind: status 0" exits 0
    check "$layout$kind: energies and bounds" python3 "$srcdir/tests/cli/day.py" check . "$layout$kind" <out
  done
done
finish
