#!/bin/bash
# fuzz.sh [HARNESS...]: each harness under libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer, for FUZZ_SECONDS
# (60), FUZZ_JOBS (the number of processors) at once. Starts from the corpus, which it does not change: new inputs go to
# tests/fuzz/found/HARNESS, an input that breaks a promise to tests/fuzz/found/. `fuzz.sh --merge` copies the new inputs that
# add coverage to the corpus.
set -euo pipefail
srcdir=$(cd "${abs_top_srcdir:-.}" && pwd)
seconds=${FUZZ_SECONDS:-60}
found=${abs_top_builddir:-$PWD}/tests/fuzz/found
merge=
[ "${1:-}" != --merge ] || { merge=1 && shift; }

collectd_flags=(-DHAVE_CONFIG_H -isystem "${COLLECTD_INCLUDE:-/usr/include/collectd}")
core=("$srcdir"/plugin/core/*.c)
mapfile -t shared < <(find "$srcdir/standalone" -name '*.c' ! -name main.c ! -name 'cmd_*.c' ! -name screen.c)
build() { # harness: prints the path of the program
  local sources=("$srcdir/tests/fuzz/$1.c" "${core[@]}") flags=()
  case $1 in
  fuzz_options) sources+=("$srcdir/tests/fake_collectd.c" "$srcdir"/plugin/*.c) && flags+=("${collectd_flags[@]}") ;;
  fuzz_capture) sources+=("${shared[@]}") && flags+=(-I"$srcdir/standalone" -ljansson) ;;
  esac
  mkdir -p "$found/bin"
  "${FUZZ_CC:-clang}" -g -O1 -D_GNU_SOURCE -DVM_ENERGY_VERSION='"fuzz"' -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=undefined -I"$srcdir/plugin" -o "$found/bin/$1" "${sources[@]}" "${flags[@]}" -lm
}

# Prints a line of what it did.
fuzz() { # harness
  timeout -k 10 $((seconds + 120)) "$found/bin/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=2048 -close_fd_mask=3 -print_final_stats=1 \
    -artifact_prefix="$found/$1-" "$found/$1" "$srcdir/tests/fuzz/corpus/$1" >"$found/$1.log" 2>&1 ||
    { tail -n 40 "$found/$1.log" && echo "fuzz: $1 broke a promise or did not end, see $found" && return 1; }
  awk -v name="$1" '/^#[0-9]+/ { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
    /number_of_executed_units/ { runs = $2 } END { printf "%s: %d runs, %d edges, nothing found\n", name, runs, cov }' "$found/$1.log"
}

harnesses=("$@")
[ $# -gt 0 ] || mapfile -t harnesses < <(basename -s .c -a "$srcdir"/tests/fuzz/fuzz_*.c)
status=0 running=0
for harness in "${harnesses[@]}"; do
  build "$harness"
  mkdir -p "$found/$harness"
  if [ -n "$merge" ]; then
    "$found/bin/$harness" -set_cover_merge=1 -use_counters=0 -close_fd_mask=3 "$srcdir/tests/fuzz/corpus/$harness" "$found/$harness"
    continue
  fi
  if [ $((running += 1)) -gt "${FUZZ_JOBS:-$(getconf _NPROCESSORS_ONLN)}" ]; then
    wait -n || status=1
  fi
  fuzz "$harness" &
done
for harness in $(jobs -p); do
  wait "$harness" || status=1
done
exit $status
