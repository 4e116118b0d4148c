# shellcheck shell=bash disable=SC2034,SC2015
# What all tests in shell share; those with a real collectd source daemon/lib.sh, which sources this. Everything lies in $work,
# the current directory, which is removed at the end, when every process that was started has been stopped.
set -u
export LC_ALL=C TZ=UTC

builddir=${abs_top_builddir:-$PWD}
srcdir=$(cd "${abs_top_srcdir:-$PWD}" && pwd)
tool=${VM_ENERGY_TOOL:-$builddir/vm_energy}
simwriter=$builddir/tests/sim/simwriter
faults=$builddir/tests/trust/faults.so
tenant=$builddir/tests/trust/tenant

skip() { # reason; where nothing may be skipped, that is a failure
  echo "skipped: $*"
  [ -z "${VM_ENERGY_NO_SKIP:-}" ] || exit 1
  exit 77
}

require() { # program...
  local program
  for program in "$@"; do
    [ "$program" != no ] && command -v "$program" >/dev/null || skip "$program is not installed"
  done
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
  cat "$work"/*.log 2>/dev/null | head -n 200
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

wait_for() { # command...: until it succeeds, for ${patience_s:-600} seconds, since a busy machine fails no test
  local end=$((SECONDS + ${patience_s:-600}))
  while ! "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt $end ] || return 1
    sleep 0.05
  done
}

# on a host where Scaphandre never wrote, whatever other tests do meanwhile; fails where that cannot be had
on_new_host() { # command...
  if unshare --mount true 2>/dev/null; then
    unshare --mount --propagation private sh -c 'mount -t tmpfs none /var && exec "$@"' sh "$@"
  else
    [ ! -e /var/lib/scaphandre ] && [ ! -e /var/lib/libvirt/scaphandre ] && [ ! -e /var/scaphandre ] && "$@"
  fi
}

or_show() { # name command...: output to $work/name, shown if it fails
  local log=$work/$1
  shift
  "$@" >"$log" 2>&1 || { tail -n 60 "$log" && return 1; }
}

start() { # name command...: in the background, output to $work/name.log; the pid is in $pid and in pid_name
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
  pid=$!
  pids+=("$pid")
  printf -v "pid_$name" %s "$pid"
}

stop() { # name: SIGTERM, and the exit status of the process
  local var=pid_$1 status=0
  kill "${!var}" 2>/dev/null
  wait "${!var}" || status=$?
  return $status
}

# no other process has that namespace or root; prints those that do
none_left() { # link of /proc/PID, what it leads to
  local dir status=0
  for dir in /proc/[0-9]*; do
    if [ "${dir#/proc/}" != $$ ] && [ "$dir/$1" -ef "$2" ]; then
      status=1
      echo "FAILED: it leaves process ${dir#/proc/} behind: $(tr '\0' ' ' <"$dir/cmdline")"
    fi
  done
  return $status
}

# links of the documents that are installed, to each other
lead_somewhere() { # directory
  local file link lost=
  while IFS=: read -r file link; do
    link=${link#](} link=${link%)}
    [ -e "$(dirname "$file")/${link%%#*}" ] || { echo "  $file: $link leads nowhere" && lost=yes; }
  done < <(grep -oE '\]\([^):#]+[^):]*\)' "$1"/*.md "$1"/examples/*.md)
  [ -z "$lost" ]
}

# --- the tool -------------------------------------------------------------------------------------------------------------
# runs it into the files out and err, and its status into $status
run() { # command...
  "$@" >"$work/out" 2>"$work/err"
  status=$?
}

waits() { # pid: the tool has read the counters and set its timer, so it waits, and takes signals
  grep -qs 'settime flags: 0[1-9]' "/proc/$1"/fdinfo/*
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

# --- calls that fail on demand, and a clock that is handed in -----------------------------------------------------------------
# A program built with AddressSanitizer finds our malloc() first, which calls that of its runtime.
# frozen=S: with a clock that no pause of the machine moves, and with story=SCRIPT what happens meanwhile; see faults.h.
with_faults() { # plan command...: runs it with FAULT=plan; $work/struck has a line for each call that failed
  local plan=$1
  shift
  rm -f "$work/struck"
  env ${frozen:+FAULT_CLOCK=$frozen} ${story:+"FAULT_STORY=$story"} ${plan:+"FAULT=$plan"} FAULT_ALARM="${hangs_s:-60}" FAULT_LOG="$work/struck" LD_PRELOAD="$faults${VM_ENERGY_PRELOAD:+:$VM_ENERGY_PRELOAD}" \
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" "$@"
}

# As run, with time that passes only while the command waits for its next tick, so that tick n has whatever the script
# did when $n was that; it may call counter(). It begins now, or at $begin, in seconds since 1970.
run_story() { # script command...
  local frozen=${begin:-0} hangs_s=600 story # a story takes as long as the machine is busy
  story="$(declare -f counter); $1"
  shift
  run with_faults '' "$@"
}

# Every call of the module or program that can fail for want of something is one that can be made to fail: where this
# does not hold, tests/trust/faults.c has to learn it.
knows_all_calls() { # object
  local call unknown=0
  for call in $(nm -D --undefined-only "$1" | sed -nE 's/^ *U ([A-Za-z0-9_]+)(@.*)?$/\1/p' |
    grep -E '^_*(p?open|openat|creat|fopen|opendir|fdopendir|p?read|p?write|[fl]?x?stat|fx?statat|statx|statv?fs|fstatv?fs|access|faccessat|l?seek|f?truncate|f?sync|fdatasync|mkdir|rmdir|rename|unlink|link|symlink|readdir|close|getcwd|[cm]?alloc|realloc|clock_gettime|clock_getres|poll|select|signalfd|posix_spawnp?|fork|pipe|socket|mmap|timerfd_create|timerfd_settime|inotify_init|inotify_add_watch|inotify_rm_watch)[0-9_]*(chk)?$'); do
    case $call in
    closedir) continue ;; # cannot fail
    reallocarray) continue ;; # calls realloc
    realpath) continue ;;
    popen) continue ;; # calls that the C library makes by itself; only plot has it, and goes on without
    esac
    nm -D --defined-only "$faults" | grep -qE " [TW] $call(@.*)?\$" || { echo "  $1 calls $call(), which cannot be made to fail" && unknown=1; }
  done
  return $unknown
}
