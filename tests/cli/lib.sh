# shellcheck shell=bash disable=SC2034
# What the tests of the tool share. Source it. Everything lies in $work, which is the current directory.
set -u
export LC_ALL=C TZ=UTC

builddir=${abs_top_builddir:-$PWD}
srcdir=$(cd "${abs_top_srcdir:-$PWD}" && pwd)
tool=${VM_ENERGY_TOOL:-$builddir/vm_energy}
simwriter=$builddir/tests/sim/simwriter

skip() { # reason; where nothing may be skipped, that is a failure
  echo "skipped: $*"
  [ -z "${VM_ENERGY_NO_SKIP:-}" ] || exit 1
  exit 77
}

failures=0
check() { # what command...
  local what=$1
  shift
  if "$@"; then
    echo "ok: $what"
  else
    echo "FAILED: $what"
    failures=$((failures + 1))
    [ ! -e "$work/out" ] || head -n 30 "$work/out" "$work/err" 2>/dev/null
  fi
}

finish() {
  [ "$failures" -eq 0 ] && exit 0
  echo "$failures failed"
  exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/vm_energy.XXXXXX") || exit 1
pids=()
clean_up() {
  local pid
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2>/dev/null
    kill "$pid" 2>/dev/null
  done
  wait
  chmod -R u+rwx "$work" 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1

# runs it into the files out and err, and its status into $status
run() { # command...
  "$@" >"$work/out" 2>"$work/err"
  status=$?
}

waits() { # pid: the tool has read the counters and set its timer, so it waits, and takes signals
  grep -qs 'settime flags: 0[1-9]' "/proc/$1"/fdinfo/*
}

wait_for() { # command...: until it succeeds, a minute at most
  local tries=3000
  while ! "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.02
  done
}

# beside the tool that run starts next, once it waits
meanwhile() { # command...
  (while ! waits "$(pgrep -P $$ -x "$(basename "$tool")")"; do sleep 0.02; done && "$@") &
  pids+=($!)
}

# as run, and sends the signal once the command, which is the tool, waits
run_until() { # signal command...
  local signal=$1
  shift
  env --default-signal=INT --default-signal=HUP "$@" >"$work/out" 2>"$work/err" <&0 &
  pids+=($!)
  while kill -0 $! 2>/dev/null && ! waits $!; do sleep 0.02; done
  kill -s "$signal" $!
  wait $!
  status=$?
}

exits() { # status
  [ "$status" -eq "$1" ] || { echo "  exit status $status, not $1" && return 1; }
}

is_empty() { # file
  [ ! -s "$1" ]
}

says() { # file pattern: a line of it matches the whole extended regular expression
  grep -qxE -e "$2" "$1"
}

same() { # expected actual
  [ "$1" = "$2" ] || { printf '  expected: %s\n  got:      %s\n' "$1" "$2" && return 1; }
}

# the text is that file, with numbers that differ from run to run masked; VM_ENERGY_GOLDEN=update makes it so
golden() { # file: compares $work/out with tests/cli/golden/FILE
  mask <"$work/out" >"$work/masked"
  [ "${VM_ENERGY_GOLDEN:-}" != update ] || cp "$work/masked" "$srcdir/tests/cli/golden/$1"
  diff -u "$srcdir/tests/cli/golden/$1" "$work/masked"
}

mask() {
  sed -E -e 's/run_[0-9]{8}_[0-9]{6}(_[0-9]+)?/run_DATE/g' \
    -e 's/the latest sample [0-9.e-]+ m?s after/the latest sample LATE after/' \
    -e "s|$work|WORK|g"
}

counter() { # vm uj: makes or rewrites $work/vms/VM/energy_uj
  mkdir -p "vms/$1"
  echo "$2" >"vms/$1/energy_uj"
}

# the only file of the only run directory, or the one with that name
csv_file() { # [name]
  echo csv/run_*/"${1:-power.csv}"
}

# each line has as many fields as the first, and the file ends in a line feed
is_whole() { # file
  [ -s "$1" ] && [ "$(tail -c 1 "$1" | od -An -c | tr -d ' ')" = '\n' ] &&
    awk -F, 'NR == 1 { n = NF } NF != n { print "  line " NR " has " NF " fields: " $0; bad = 1 } END { exit bad }' "$1"
}

rows() { # file
  echo $(($(wc -l <"$1") - 1))
}
