# shellcheck shell=bash disable=SC2154
# Calls that fail on demand: what the tests of the tool and those with a real collectd have in common. Source it behind
# tests/cli/lib.sh or tests/daemon/lib.sh, whose variables it uses.

faults=$builddir/tests/trust/faults.so

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
# did when $n was that; it may call counter(). It begins now, or at $begin, in seconds since 1970. Behind tests/cli/lib.sh.
run_story() { # script command...
  local frozen=${begin:-0} hangs_s=600 story # a story takes as long as the machine is busy
  story="$(declare -f counter); $1"
  shift
  run with_faults '' "$@"
}

# Every call of the module or program that can fail for want of something is one that can be made to fail: where this
# does not hold, tests/trust/faults.c is to be told of it.
knows_all_calls() { # object
  local call unknown=0
  for call in $(nm -D --undefined-only "$1" | sed -nE 's/^ *U ([A-Za-z0-9_]+)(@.*)?$/\1/p' |
    grep -E '^_*(p?open|openat|creat|fopen|opendir|fdopendir|p?read|p?write|f?l?stat|fstatat|statx|statv?fs|fstatv?fs|access|faccessat|l?seek|f?truncate|f?sync|fdatasync|mkdir|rmdir|rename|unlink|link|symlink|readdir|close|getcwd|[cm]?alloc|realloc|clock_gettime|clock_getres|poll|select|signalfd|posix_spawnp?|fork|pipe|socket|mmap|timerfd_create|timerfd_settime|pidfd_open|inotify_init|inotify_add_watch|inotify_rm_watch)[0-9_]*(chk)?$'); do
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

# What daemon_conf wrote, but values are taken and thrown away: no write plugin whose files grow, or that is a suspect.
without_writers() {
  sed -i '/^LoadPlugin csv/d; /^<Plugin csv>/,/^<\/Plugin>/d' "$work/collectd.conf"
  cat >>"$work/collectd.conf" <<'CONF'
PostCacheChain "thrown-away"
<Chain "thrown-away">
  Target "stop"
</Chain>
CONF
}

tenant=$builddir/tests/trust/tenant
tenants() { # directory seconds: starts what guests can do to a tree, all at once: VMs that come and go, a torn and a swapped file
  mkdir -p "$1"/{torn,swapped}/intel-rapl:0
  echo "12 apples" >"$work/secret"
  start churn nice "$tenant" churn "$1" "${churned:-40}" "$2"
  start tear nice "$tenant" tear "$1/torn/intel-rapl:0/energy_uj" "$2"
  # a socket's path is short, so it works where the file is
  start swap sh -c 'cd "$1" && exec nice "$2" swap energy_uj "$3" "$4"' - "$1/swapped/intel-rapl:0" "$tenant" "$work/secret" "$2"
}

# Valgrind 3.19 gives up on what clang 14 writes for debuggers: it gets copies without. Changes module_dir and tool.
legible_to_valgrind() {
  readelf -p .comment "$module_dir/vm_energy.so" "$tool" 2>/dev/null | grep clang >/dev/null || return 0
  mkdir -p "$work/legible"
  [ ! -e "$module_dir/vm_energy.so" ] || strip -g -o "$work/legible/vm_energy.so" "$module_dir/vm_energy.so"
  [ ! -e "$tool" ] || strip -g -o "$work/legible/vm_energy" "$tool"
  module_dir=$work/legible tool=$work/legible/vm_energy
}
