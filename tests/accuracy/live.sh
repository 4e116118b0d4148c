#!/bin/bash
# Some cells of the table with real files, real clocks and the real tool, and the simulation's word for the same: time goes 20
# times as fast, an update every 0.25 s. Takes 20 seconds. Part of `make accuracy`.
set -u
export LC_ALL=C
builddir=${abs_top_builddir:-$PWD}
period=0.25 seconds=20 intervals="0.05 0.1 0.5"
work=$(mktemp -d "${TMPDIR:-/tmp}/accuracy.XXXXXX") || exit 1
pids=()
clean_up() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 1

"$builddir/tests/sim/simwriter" --root scaphandre --period $period vm=const:100 >ready &
pids+=($!)
for _ in $(seq 100); do [ -s ready ] && break || sleep 0.05; done
runs=()
for base in sample update auto; do
  for interval in $intervals; do
    "$builddir/vm_energy" ts --files scaphandre/vm/intel-rapl:0/energy_uj --time-base $base --interval "$interval" \
      --count "$(awk "BEGIN { print int($seconds / $interval) }")" --quiet --out-dir "$base$interval" --out power.csv \
      >"$base$interval.out" 2>"$base$interval.err" &
    runs+=($!)
  done
done
pids+=("${runs[@]}")
wait "${runs[@]}"

# ts, energy in µJ, power: the cells of one row of the table
cells() {
  awk -F, 'NR > 1 { n++ } NR > 1 && $3 != "" { m++; e = $3 - 100; sum += e * e; if (e < 0) e = -e; if (e > worst) worst = e }
    END { printf " | %7.2f %9.2f %5.1f %%", m ? sqrt(sum / m) : 0, worst, n ? 100 * m / n : 0 }' "$1"
}
energy() {
  awk -F, 'NR == 2 { t = $1; e = $2 } { u = $1; f = $2 } END { printf " | %+8.3f %%", ((f - e) / 1e6 / (u - t) / 100 - 1) * 100 }' "$1"
}

printf '\nlive: constant, 100 W, the real tool on real files, an update every %s s\n' $period
# shellcheck disable=SC2086 # words on purpose
"$builddir/tests/accuracy/accuracy" $period $intervals >simulated
sed -n 1,2p simulated
status=0
for interval in $intervals; do
  printf '%6g s' "$interval"
  for base in sample update auto; do
    file=$(cat "$base$interval.out")
    [ -f "$file" ] && cells "$file" || { echo && cat "$base$interval.err" && status=1; }
  done
  [ $status -eq 0 ] && energy "$(cat "auto$interval.out")"
  echo
done
echo "the same, simulated for an hour (20 s are 80 updates: one more or less is 1 % of the energy)"
sed -n '3,$p' simulated
exit $status
