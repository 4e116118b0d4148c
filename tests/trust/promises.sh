#!/bin/bash
# promises.sh [WORD]: breaks each promise of SECURITY.md on purpose, one at a time, in a copy of the tree; the test named
# beside it must fail then. So each promise has a test that can fail. With WORD only the rows that have it. Takes minutes,
# and needs root: tests mount and make devices.
#
# promises.sh --fit: checks only that the rows fit the code and the tests. Takes a second.
set -u
export LC_ALL=C
srcdir=$(cd "${abs_top_srcdir:-.}" && pwd) || exit 1
builddir=${abs_top_builddir:-$PWD}
fit='' word=''
if [ "${1:-}" = --fit ]; then fit=1; else word=${1:-}; fi

promises=() files=() edits=() suites=() tests=() ends=()
kept_by() { # file suite: of the rows below
  file=$1 suite=tests/$2
}
# promise, function or macro, edit there (for sed -E), test that must fail. "stalls": that test may also run out of time.
# An edit names only functions, macros and what libraries define; \w+ stands for a variable or a field.
broken() {
  [[ -z $word || "$1 $file $suite $4" == *"$word"* ]] || return
  local place="/^\w.*\<$2\([^;]*\$/,/^}/"
  [[ $2 != [A-Z]* ]] || place="/^#define $2 /"
  promises+=("$1") files+=("$file") edits+=("$place{$3"$'\n}') suites+=("$suite") tests+=("$4") ends+=("${5:-}")
}

# --- only one decimal number ------------------------------------------------------------------------------------------------
kept_by plugin/core/number.c check_number
broken "a minus is no number" is_digit 's/return (\w+)/return \1 == 45 || \1/' u64
broken "a plus is no number" is_digit 's/return (\w+)/return \1 == 43 || \1/' u64
broken "hex is no number" is_digit 's/return (\w+)/return \1 == 120 || \1/' u64
broken "two numbers are none" is_digit 's/return (\w+)/return \1 == 32 || \1/' u64
broken "nothing else may follow the number" number_parse_u64 's/return -EINVAL/break/' u64
broken "a NUL byte is no white space" is_space 's/return (\w+)/return \1 == 0 || \1/' u64
broken "empty is not 0" number_parse_u64 's/return -ENODATA/return 0/' u64
broken "nothing above 2^64-1" number_parse_u64 's/return -ERANGE/(void)0/' u64
broken "... to the last digit" number_parse_u64 's/\(UINT64_MAX - \w+\)/UINT64_MAX/' u64
broken "nothing is read after the content" number_parse_u64 's/= (\w+) \+ \w+;/= \1 + strlen(\1);/' u64_stops_at_its_length

kept_by plugin/core/look.c check_counter
broken "65 bytes are no number" read_number 's/> CONTENT_MAX\)/> CONTENT_MAX + 1)/' content
kept_by plugin/core/counter.c check_counter
broken "bad content has no value" counter_read 's/= (look_with_patience\(.*\));/= (\1, 0);/' content
kept_by plugin/news.c check_plugin
broken "no content in the log" report_unreadable \
  's/"(.%s.: %s; %s)", ([^,]+), (.*)\);/"\1%s", \2, \3, ({ static char line[99];\
    FILE *f = fopen(\2, "r+"); f != NULL \&\& fgets(line, 99, f) != NULL ? line : ""; }));/' no_counter

# --- nothing waits, nothing stays open --------------------------------------------------------------------------------------
kept_by plugin/core/counter.c check_counter
broken "bad content is retried no longer than the caller allows" look_with_patience 's/\|\| (\w+) > (\w+)\)/|| \1 > 4 * \2)/' \
  patience
broken "... for 3 ms at most" look_with_patience 's/< COUNTER_PATIENCE_NS \?/< INT64_MAX ?/' patience
broken "... in all" look_with_patience 's/^ +\w+ -= \w+;//' patience
broken "... which the caller is charged" look_with_patience 's/^ +\*\w+ -= \w+;//' patience
broken "the range is read by the same rules" look_at_range \
  '/look_once/{N;s/int (\w+ = )(.*\n *free\((\w+)\))/extern int open(const char *, int, ...);\
    int \1open(\3, 0) < 0 ? -ENOENT : \2/}' range_is_no_fifo stalls
kept_by plugin/core/sampler.c check_sampler
broken "a pass retries for 20 ms at most" sampler_pass 's/ look\((.*), &(\w+)\);/ \2 = PASS_PATIENCE_NS, look(\1, \&\2);/' \
  patience_of_a_pass
broken "... and nothing that stays bad" look 's/\? &\w+ : (\w+)/? \1 : \1/' patience_of_a_pass
broken "nothing is held after a pass" sampler_pass 's/^  source_end\(.*//' nothing_is_held
kept_by plugin/core/look.c check_counter
broken "a counter is closed" look_carefully 's/^( +int (\w+) = read_whole\(.*\);)/\1 return \2;/' kind
kept_by plugin/core/place.c check_source
broken "a searched directory is closed" walk_below 's/closedir\(.*\);//' nothing_open
broken "a share can be unmounted" place_close 's/ close\(.*\);/ (void)0;/' unmount

# --- regular files only -----------------------------------------------------------------------------------------------------
kept_by plugin/core/look.c check_counter
broken "no FIFO" refuse_type 's/S_ISREG\((\w+)\)/S_ISREG(\1) || S_ISFIFO(\1)/' kind
broken "no device" refuse_type 's/S_ISREG\((\w+)\)/S_ISREG(\1) || S_ISCHR(\1)/' kind
broken "no socket" refuse_type 's/S_ISREG\((\w+)\)/S_ISREG(\1) || S_ISSOCK(\1)/' kind
kept_by plugin/core/look.c check_look
broken "no directory" refuse_type 's/S_ISREG\((\w+)\)/S_ISREG(\1) || S_ISDIR(\1)/' tricked
broken "a device is not even opened" look_carefully 's/open_file\((\w+), O_PATH\)/open_file(\1, OPEN_FLAGS)/' tricked
broken "... nor where a written-out path leads" open_file 's/(openat\(.*, )\w+ \| O_CLOEXEC/\1OPEN_FLAGS/' led_away
broken "to open never waits" OPEN_FLAGS 's/ \| O_NONBLOCK//' tricked stalls
broken "on a mount without devices only what a pattern found is opened at once" look_at_file \
  's/(!\w+ && )\w+->\w+ && (\w+->\w+\.\w+ &&)/\1\2/' led_away
kept_by plugin/core/mounts.c check_look
broken "elsewhere nothing is" mounts_parse_line 's/mounts_option\(.*"nodev"\) != NULL/true/' tricked
kept_by plugin/core/mounts.c check_mounts
broken "a mount that is not in the mount table is not trusted" mounts_facts 's/(\(struct \w+\)\{).*\}/\1true, true, true, true}/' \
  changes

# --- no links ---------------------------------------------------------------------------------------------------------------
kept_by plugin/core/look.c check_counter
broken "no link as the file that a pattern found" open_file 's/if \(.*\)$/if (false)/' kind
kept_by plugin/core/look_open.c check_counter
broken "no link as a directory on the way" open_without_links 's/kernel_open_without_links\((.*)\);/openat(\1);/' linked_directory
broken "... nor where the kernel has no openat2" open_component 's/S_ISLNK\(\w+\.st_mode\)/false/; s/ \| O_NOFOLLOW//' step_by_step
broken "not from elsewhere into sysfs" look_open_nofollow 's/ \|\| !on_sysfs\(\w+, \w+\)//' linked_directory
broken "not out of sysfs" look_open_nofollow 's/if \(!on_sysfs\(\w+, \w+\)\)/if (false)/' out_of_sysfs
kept_by plugin/core/look.c check_look
broken "no name is looked up through a link" look_at_file 's/\? AT_SYMLINK_NOFOLLOW : 0/? 0 : 0/' link_is_not_followed
broken "... one directory down only in a guarded directory" name_is_safe '/case 1:/,+1s/return .*;/return true;/' link_on_the_way
broken "... two down only on a mount without links" name_is_safe '/case 2:/,+1s/ && .*;/;/' link_on_the_way
broken "... in a guarded directory" name_is_safe '/case 2:/,+1s/return .* && /return /' link_before_the_mount
broken "... and no further down" name_is_safe 's/case 2:/case 2 ... 99:/' link_before_the_mount
kept_by plugin/core/place.c check_source
broken "guarded is what no group and no other can write" root_is_unchanged 's/ && \(\w+\.mode .*\) == 0;/;/' guarded
broken "... and root or we own" root_is_unchanged 's/= \(\w+\.uid .*geteuid\(\)\) && /= /' guarded_by_another
broken "a search enters no link" walk_below 's/look_open_nofollow\((.* \| O_DIRECTORY), .*\);/openat(\1);/' refused

# --- other VMs, and crowds --------------------------------------------------------------------------------------------------
broken "one closed directory costs the others nothing" walk_below 's/^ +note_error\(.*\);/return -ENOMEM;/' closed_directory
broken "one share has 10,000 counters at most" FILES_MAX 's/10000/100000/' bounded
broken "... and 200,000 entries" ENTRIES_MAX 's/200000/2000000/' bounded_entries
broken "... in all its directories" descend 's/^( +)\w+->\w+--;/\1(void)0;/' bounded_in_all
kept_by plugin/core/counter.c check_plugin
broken "one bad VM costs the others nothing" counter_read \
  's/int (\w+) = (look_with_patience\(.*\));/static int \1; if (\1 == 0) \1 = \2;/' no_counter
kept_by plugin/log.c check_plugin
broken "a directory that cannot be read whole is logged once" log_trouble_begins 's/ && \w+ != \w+->\w+;/;/' \
  a_search_error_that_moves_and_ends
kept_by plugin/core/label.c check_label
broken "10,000 names of removed VMs are kept" labels_remove 's/drop\(.*\);/;/' set_forgets_the_longest_away
kept_by plugin/core/state.c check_state
broken "... 100,000 energies in StateFile" state_trim 's/ && \w+ < STATE_RECORDS_MAX;/;/' too_many_records
broken "... which no name breaks" put_line 's/= (\*\w+) > . . &&/= (\1 == 10 || \1 > 32) \&\&/' the_text
kept_by plugin/core/state_file.c check_state
broken "... which only its owner can read" write_file 's/0600/0644/' saved_and_loaded

# --- names ------------------------------------------------------------------------------------------------------------------
kept_by plugin/core/label.c check_label
broken "equal names stay two" find_label '/find_name/!s/== TAKEN/== NO_MEMORY/' set_tells_apart
broken "never two VMs of one label" try_label 's/ && \*\w+ == \w+\)/)/' set_of_many
broken "two that become equal stay two" label_make_safe 's/hash\(.*\), SIZE_MAX/0, SIZE_MAX/' any_names_in_any_order
broken "a changed name takes no other's" label_make_safe 's/= add_mark\((\w+), .*\);/= strdup(\1);/' any_names_in_any_order
broken "... nor does one that copies a label" label_make_safe 's/ && !has_mark\(\w+\)//' any_names_in_any_order
broken "... nor that of a removed VM" labels_remove 's/> LABEL_AWAY_MAX/> 0/' set_keeps_labels
broken "a byte that is no UTF-8 is replaced" decode '/= 4;$/{N;N;s/(\w+) = 4;(.*)return 0;/\1 = 4;\2\1 = 1;/}' safe
broken "... also where a character is cut short" decode 's/\((\w+\[\w+\]) & 0xc0\) != 0x80/\1 == 0/' safe
broken "... or longer than need be" decode 's/\*\w+ < \w+\[\w+\] \|\| //' safe
broken "... or half of a pair" decode 's/ \|\| \(\*\w+ >= 0xd800 && .*\)\)$/)/' safe
broken "... or above all there are" decode 's/ \|\| \*\w+ > 0x10ffff//' safe
broken "no control characters" is_harmful 's/return (\w+) < 0x20/return \1 == 10/' safe
broken "... of C1 neither" is_harmful 's/\((\w+) >= 0x7f && \w+ < 0xa0\)/\1 == 0x7f/' safe
broken "no separators of lines, no marks that reverse text" is_harmful 's/\(\w+ >= 0x2028 && \w+ <= 0x202e\)/false/' safe
broken "no slash" label_make_safe 's/"\/;"/";"/' safe
broken "... in what is added from a path" try_stretch 's/"\/;"/";"/' set_tells_apart
broken "no semicolon" label_make_safe 's/"\/;"/"\/"/' safe
broken "no dot in front" label_starts_badly 's/"\./"/' safe
broken "no dash in front" label_starts_badly 's/-=/=/' safe
broken "no formula in front" label_starts_badly 's/=\+@//' safe
broken "a cut name ends in a hash of all of it" label_cut 's/hash\(\w+, \w+\)/0/' cut
broken "... and is cut at a character" boundary 's/\(\(unsigned char\)\w+\[\w+\] & 0xc0\) == 0x80/false/' cut
kept_by plugin/core/label.h check_plugin
broken "a name has 63 bytes in collectd" LABEL_MAX_COLLECTD 's/63/64/' long_names
kept_by plugin/settings.c check_plugin
broken "... with that of the host" settings_expand 's/= .* > LABEL_MAX_COLLECTD \?/= false ?/' long_names
kept_by plugin/log.c check_plugin
broken "a name breaks no line of the log" log_format 's/label_make_printable\(.*\);//' harmful_names
kept_by plugin/news.c check_plugin
broken "... nor a command to paste as root" report_unreadable 's/shell_word\(/strdup(/' the_remedy_is_safe_to_paste
kept_by standalone/common/message.c check_message
broken "... nor one of the tool" put_line 's/label_make_printable\(.*\);//' test_name
kept_by standalone/report/plot_gnuplot.c check_plot_gnuplot
broken "... nor a script for gnuplot" plot_gnuplot_put_string 's/!is_plain\(\w+\) \|\|/is_plain(0) ||/' test_string
kept_by plugin/core/csv_text.c check_csv
broken "a comma is quoted in CSV" csv_text_field 's/",\\"/"\\"/' test_quote
broken "a quote is quoted" csv_text_field 's/",\\"/",/' test_quote
broken "... and doubled" csv_text_field 's/if \(\*\w+ == .".\)/if (false)/' test_quote
broken "a line feed is quoted" csv_text_field 's/\\r\\n"/\\r"/' test_quote
broken "a carriage return is quoted" csv_text_field 's/\\r\\n"/\\n"/' test_quote

# --- noise ------------------------------------------------------------------------------------------------------------------
kept_by plugin/news.c check_plugin
broken "a bad counter is logged once" put_state 's/if \(\w+->\w+ != \w+\)/if (true)/' life_without_notifications
broken "... and not as new each time it comes back" keep_removed 's/tsearch\(.*\)/NULL/' a_flapping_vm_that_was_removed_is_throttled
broken "... for two hours only" news_set_time 's/tdestroy\(.*\)/(void)0/' removed_vms_are_forgotten
broken "VMs that come and go share a limit" 'sink_(added|removed)' 's/log_allows\(.*\)$/true)/' coming_and_going_is_throttled
broken "notifications are limited" may_notify 's/return .*/return true;/' notifications_of_coming_and_going_are_throttled
kept_by plugin/log.h check_plugin
broken "a VM has ten log lines" VM_BURST 's/10/11/' a_flapping_vm_is_throttled
broken "... then one in six minutes" VM_REFILL_NS 's/360/60/' a_flapping_vm_is_throttled
broken "VMs that come and go have fifty" PLUGIN_BURST 's/50/51/' coming_and_going_is_throttled
broken "... then one in ten seconds" PLUGIN_REFILL_NS 's/10/1/' coming_and_going_is_throttled
kept_by plugin/throttle.c check_throttle
broken "... with the number of dropped ones" throttle_take 's/\w+->\w+\+\+;//' burst_then_refill

# --- fit: each edit changes its file, each test exists ----------------------------------------------------------------------
unfit=0
for i in "${!promises[@]}"; do
  file=$srcdir/${files[i]} problem=''
  if ! changed=$(sed -E "${edits[i]}" "$file"); then
    problem="no edit for ${files[i]}"
  elif [ "$changed" = "$(<"$file")" ]; then
    problem="the edit changes nothing in ${files[i]}"
  elif ! grep -qF "START_TEST(${tests[i]})" "$srcdir/${suites[i]}.c"; then
    problem="${suites[i]} has no test ${tests[i]}"
  fi
  [ -z "$problem" ] || { echo "does not fit: ${promises[i]}: $problem" && unfit=$((unfit + 1)); }
done
if [ -n "$fit" ]; then
  echo "$((${#promises[@]} - unfit)) of ${#promises[@]} rows fit"
  [ "$unfit" -eq 0 ]
  exit
fi
[ "$unfit" -eq 0 ] || exit 1
[ ${#promises[@]} -gt 0 ] || { echo "promises: no row has '$word'" && exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "promises: mounts and devices need root" && exit 1; }

# --- the copy: configured like the tree. In namespaces, so that files and processes that failing tests leave end with the run
die() { # reason: prints the log, too
  tail -n 40 "$work/log"
  echo "promises: $1"
  exit 1
}
if [ -z "${IN_NAMESPACE:-}" ]; then
  child=
  work=$(mktemp -d "${TMPDIR:-/tmp}/promises.XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  trap '[ -z "$child" ] || kill -KILL $child 2>/dev/null; wait; exit 130' INT TERM
  chmod 755 "$work" # for tests that run as nobody
  unset MAKEFLAGS MFLAGS MAKELEVEL
  make -C "$builddir" distdir distdir="$work/tree" >"$work/log" 2>&1 || die "the tree cannot be copied"
  "$builddir/config.status" --config >"$work/options" || die "the tree is not configured"
  IN_NAMESPACE=$work unshare -m --propagation private -p -f --mount-proc --kill-child "$BASH" "$0" "$word" &
  child=$!
  wait $child
  exit
fi
mount --bind "$IN_NAMESPACE" /tmp && mount -t tmpfs tmpfs /dev/shm || exit 1
work=/tmp
cd "$work/tree" || exit 1
eval "set -- $(cat "$work/options")"
./configure "$@" --disable-werror >"$work/log" 2>&1 || die "the copy cannot be configured"

# A third of the usual time limit, so that a test that blocks ends soon.
export CK_DEFAULT_TIMEOUT=60 CK_TIMEOUT_MULTIPLIER=0.3
run() { # suite [VARIABLE=value]: 0: passed; 1: failed, or out of time; 2: not built. $work/log has its output
  make "$1" >"$work/log" 2>&1 || return 2
  env ${2:+"$2"} timeout -k 5 200 "./$1" >"$work/log" 2>&1 || return 1
}

# Unbroken, all suites pass. A test that is in one case of its suite can run without the others.
declare -A cases=()
mapfile -t distinct < <(printf '%s\n' "${suites[@]}" | sort -u)
for suite in "${distinct[@]}"; do
  run "$suite" "CK_TAP_LOG_FILE_NAME=$work/tap" || die "$suite fails with nothing broken"
  while IFS=: read -r _ case test _; do
    [ "${cases[$suite:$test]-$case}" = "$case" ] || case=
    cases[$suite:$test]=$case
  done <"$work/tap"
done

# --- the proof --------------------------------------------------------------------------------------------------------------
caught=0 missed=0
for i in "${!promises[@]}"; do
  file=${files[i]} suite=${suites[i]} test=${tests[i]} case=${cases[${suites[i]}:${tests[i]}]-} why=
  cp "$file" "$work/kept" && sed -i -E "${edits[i]}" "$file" || die "the copy was removed"
  run "$suite" "${case:+CK_RUN_CASE=$case}"
  status=$?
  cat "$work/kept" >"$file" # newer than what was built of it
  failure=":F:[^:]*:$test:"
  [ -z "${ends[i]}" ] || failure="$failure|:E:[^:]*:$test:.* Test timeout expired"
  if [ $status -eq 0 ]; then
    why="it passed"
  elif [ $status -eq 2 ]; then
    why="it cannot be compiled: $(grep -m 3 error: "$work/log")"
  elif ! grep -qE "$failure" "$work/log"; then
    why="failed, but not $test: $(grep -oE ':[FE]:[^:]*:[a-z0-9_]+:' "$work/log" | sort -u | paste -sd ' ')"
  fi
  if [ -z "$why" ]; then
    caught=$((caught + 1))
    echo "caught  ${promises[i]}  ($suite: $test)"
  else
    missed=$((missed + 1))
    echo "MISSED  ${promises[i]}  ($suite: $test): $why"
  fi
done
echo "$caught caught, $missed missed"
[ "$missed" -eq 0 ]
