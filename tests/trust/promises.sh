#!/bin/bash
# promises.sh [WORD]: each promise about reading and about names is broken on purpose, one at a time, in a copy of the tree;
# the test that stands beside it must fail then. So each promise has a test that can fail. With WORD only the rows that have
# it. Takes minutes; needs root, for the tests that mount and make devices.
#
# promises.sh --fit: only whether the rows still fit what they change and name; takes a second.
set -u
export LC_ALL=C
srcdir=$(cd "${abs_top_srcdir:-.}" && pwd) || exit 1
builddir=${abs_top_builddir:-$PWD}
fit='' word=''
if [ "${1:-}" = --fit ]; then fit=1; else word=${1:-}; fi

# What a row that may end in a test's own time limit has at its end: what blocks cannot tell of it.
stalls=stalls

promises=() files=() edits=() suites=() tests=() ends=()
broken() { # promise file sed-expression suite test [stalls]
  [[ -z $word || "$1 $2 $4 $5" == *"$word"* ]] || return
  promises+=("$1") files+=("$2") edits+=("$3") suites+=("$4") tests+=("$5") ends+=("${6:-}")
}

# --- the table: what is promised, the file that keeps it, how it is broken there, the suite and its test that must see it ---

number=plugin/core/number.c by_number=tests/check_number
broken "a minus is no number" $number 's/if \(!is_digit\(\*c\)\)$/if (!is_digit(*c) \&\& *c != 45)/' $by_number u64
broken "a plus is no number" $number 's/if \(!is_digit\(\*c\)\)$/if (!is_digit(*c) \&\& *c != 43)/' $by_number u64
broken "hex is no number" $number 's/if \(!is_digit\(\*c\)\)$/if (!is_digit(*c) \&\& *c != 120)/' $by_number u64
broken "nothing may stand behind the number" $number 's/if \(!is_digit\(\*c\)\)$/if (!is_digit(*c) \&\& c > text) end = c; else if (!is_digit(*c))/' \
  $by_number u64
broken "two numbers are none" $number 's/if \(!is_digit\(\*c\)\)$/if (!is_digit(*c) \&\& !is_space(*c))/' $by_number u64
broken "a NUL byte is no white space" $number 's/return c == . . \|\|/return c == 0 || c == 32 ||/' $by_number u64
broken "empty is not 0" $number 's/return -ENODATA;/return *value = 0, 0;/' $by_number u64
broken "nothing above 2^64-1" $number 's/if \(sum > .*\)$/if (false)/' $by_number u64
broken "... to the last digit" $number 's/\(UINT64_MAX - digit\) \/ 10/UINT64_MAX \/ 10/' $by_number u64
broken "2^64-1 itself is a number" $number 's/if \(sum > .*\)$/if (sum >= UINT64_MAX \/ 10)/' $by_number u64
broken "white space before the number is taken" $number 's/while \(text < end && is_space\(\*text\)\)/while (false)/' $by_number u64
broken "white space behind the number is taken" $number 's/while \(end > text && is_space\(end\[-1\]\)\)/while (false)/' $by_number u64
broken "nothing is read behind the content" $number 's/const char \*end = text \+ len;/const char *end = text + strlen(text); (void)len;/' \
  $by_number u64_stops_at_its_length

counter=plugin/core/counter.c look=plugin/core/look.c by_counter=tests/check_counter by_look=tests/check_look
broken "65 bytes are no number" $look 's/if \(len > CONTENT_MAX\)/if (len > CONTENT_MAX + 1)/' $by_counter content
broken "64 bytes are" $look 's/if \(len > CONTENT_MAX\)/if (len >= CONTENT_MAX)/' $by_counter content
broken "a file of 1 GiB is reported as too long" $look 's/if \(len > CONTENT_MAX\)/if (len > CONTENT_MAX + 1)/' $by_counter kind
broken "what is bad has no value" $counter 's/reading = \(struct reading\)\{\.error = status,/reading = (struct reading){.error = 0,/' \
  $by_counter content
broken "a bad read is retried at once" $counter 's/look_is_transient\(status\) \|\| pause_ns > left_ns/look_is_transient(status) || pause_ns == 0/' $by_look mended_at_once
broken "... and a few times more" $counter 's/pause_ns > left_ns\)/pause_ns > 0)/' $by_look mended_after_a_while
broken "... no longer than it may" $counter 's/pause_ns > left_ns\)/pause_ns > 4 * left_ns)/' $by_counter patience
broken "... within some milliseconds" $counter 's/= \*patience_ns < COUNTER_PATIENCE_NS .*;/= *patience_ns;/' $by_counter patience
broken "... all sleeps counted" $counter 's/^      left_ns -= pause_ns;//' $by_counter patience
broken "... at the cost of whoever waits" $counter 's/^      \*patience_ns -= pause_ns;//' $by_counter patience
broken "what is missing is not waited for" $look 's/return error == -ENODATA/return error == -ENOENT || error == -ENODATA/' \
  $by_counter patience
broken "a number has the time of its own update" $look 's/\(before != NULL && stamp_same\(before, &stamp\)\)/true/' $by_look written_around_the_read
broken "... not that of before it was opened" $look 's/^    bool settled = /    if (before != NULL) stamp = *before;\n&/' \
  $by_look written_around_the_read

# who is not to be touched
broken "no FIFO" $look 's/if \(S_ISREG\(mode\)\)/if (S_ISREG(mode) || S_ISFIFO(mode))/' $by_counter kind
broken "no device" $look 's/if \(S_ISREG\(mode\)\)/if (S_ISREG(mode) || S_ISCHR(mode))/' $by_counter kind
broken "no socket" $look 's/if \(S_ISREG\(mode\)\)/if (S_ISREG(mode) || S_ISSOCK(mode))/' $by_counter kind
broken "no directory" $look 's/if \(S_ISREG\(mode\)\)/if (S_ISREG(mode) || S_ISDIR(mode))/' $by_look tricked
broken "... and it is reported as one" $look 's/S_ISDIR\(mode\) \? -EISDIR :/false ? -EISDIR :/' $by_counter kind
broken "a device is not even opened" $look 's/int path_fd = open_file\(file, O_PATH\)/int path_fd = open_file(file, OPEN_FLAGS)/' $by_look tricked
broken "... nor where a written-out path leads" $look 's/int path_fd = open_file\(file, O_PATH\)/int path_fd = open_file(file, file->by_pattern ? O_PATH : OPEN_FLAGS)/' \
  $by_look led_away
broken "to open never waits" $look 's/^(#define OPEN_FLAGS .*) \| O_NONBLOCK/\1/' $by_look tricked $stalls
broken "the range is read by the same rules" $counter 's/^#include <errno.h>/&\n#include <stdio.h>/; s/status = look_once\(&sibling, &memory\);/status = 0; FILE *f = fopen(path, "r"); unsigned long long n; if (f == NULL || fscanf(f, "%llu", \&n) != 1) status = -ENODATA; else memory.number = n;/' \
  $by_counter range_is_no_fifo $stalls

# links
opening=plugin/core/look_open.c place=plugin/core/place.c by_source=tests/check_source
broken "no link as the file that a pattern found" $look 's/^  if \(file->by_pattern\)$/  if (false)/' $by_counter kind
broken "no link as a directory on the way" $opening 's/\.resolve = RESOLVE_NO_SYMLINKS/.resolve = 0/' $by_counter linked_directory
broken "... nor where the kernel has no openat2" $opening 's/S_ISLNK\(st\.st_mode\)/false/; s/name, flags \| O_NOFOLLOW/name, flags/' \
  $by_counter step_by_step
broken "a path that was written out leads through links" $look 's/^  if \(file->by_pattern\)$/  if (true)/' $by_counter linked_directory
broken "the links of sysfs are followed" $opening 's/return stamp_stat.*;/(void)fd, (void)mounts, (void)st; return false;/' $by_counter sysfs
broken "... in a search, too" $opening 's/return stamp_stat.*;/(void)fd, (void)mounts, (void)st; return false;/' $by_source sysfs
broken "... but not from elsewhere into sysfs" $opening 's/ \|\| !on_sysfs\(dir_fd, mounts\)//' $by_counter linked_directory
broken "... and not out of sysfs" $opening 's/if \(!on_sysfs\(fd, mounts\)\)/if (false)/' $by_counter out_of_sysfs
broken "a name is not looked up through a link" $look 's/\(file->by_pattern \? AT_SYMLINK_NOFOLLOW : 0\)/0/' $by_look link_is_not_followed
broken "a search enters no link" $place 's/fd = look_open_nofollow\(place->root_fd, below.*;/fd = openat(place->root_fd, below[0] == 0 ? "." : below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);/' \
  $by_source refused

# reasons
broken "each reason has words of its own" $counter 's/return "is a directory"/return "is empty"/' $by_counter texts
broken "the reason is the true one" $look 's/\(status != 0 && !look_is_transient\(status\)\)\)/false)/' $by_look tricked
broken "no permission is not missing" $look 's/^  int path_fd = open_file\(file, O_PATH\);/&\n  if (path_fd == -EACCES) return -ENOENT;/' $by_counter denied
broken "no content in the log" plugin/news.c 's/^static void report_unreadable\(struct news \*news, struct vm \*vm, const struct sample \*sample\) \{/&\n  char content[99] = ""; FILE *f = fopen(sample->path, "r"); if (f != NULL \&\& fgets(content, 99, f) != NULL) log_line(LOG_INFO, "%s", content); if (f != NULL) fclose(f);/' \
  tests/check_plugin no_counter
broken "a name breaks no line of the log" plugin/log.c '/^  label_make_printable\(raw\);/d' tests/check_plugin harmful_names

# nothing is held open
broken "a counter is closed" $look 's/^(  int status = read_whole\(fd, &before, before.*\);)/\1 return status;/' $by_counter kind
broken "the root of a pattern is closed" $place 's/^    close\(place->root_fd\);/    (void)0;/' $by_source nothing_open
broken "... at the end of each pass" plugin/core/sampler.c '/^  source_end\(sampler->source\);/d' tests/check_sampler nothing_is_held
broken "a directory that was searched is closed" $place 's/^    closedir\(dir\);//' $by_source nothing_open
broken "a mount can be taken away" $place 's/^    close\(place->root_fd\);/    (void)0;/' $by_source unmount

# --- what is taken from memory ----------------------------------------------------------------------------------------------
broken "a stamp is trusted after two reads" $look 's/^#define READS_TO_TRUST 2/#define READS_TO_TRUST 1/' $by_look doubtful
broken "... when it is old" $look 's/stamp_is_old\(&stamp, now_ns\) && //' $by_look doubtful
broken "... by more than a tick of its clock" plugin/core/stamp.c 's/\(20 \* NS_PER_MS\)/(5 * NS_PER_MS)/' $by_look age
broken "... or a second where it has no fractions" plugin/core/stamp.c 's/\? WHOLE_SECOND_NS : TICK_NS/? TICK_NS : TICK_NS/' $by_look age
broken "... and the clock was not set back" $look 's/ && clock_file_ns\(\) >= now_ns//' $by_look doubtful
broken "... on a file system of our kernel" $look 's/facts\.local && stamp_is_old/stamp_is_old/; s/if \(!facts\.local && !facts\.computed\)/if (false)/' $by_look not_local
mounts=plugin/core/mounts.c by_mounts=tests/check_mounts
broken "... which the mount table tells" $mounts 's/^    if \(strcmp\(type, types\[i\]\) == 0\)/    if (*type != 0)/' $by_mounts line
broken "... as it is now" $mounts 's/^  if \(poll\(&changed, 1, 0\) == 0 && !first\)/  if (!first)/' $by_mounts changes
broken "... for each look" $look 's/if \(memory->generation != generation_of\(file\)\)/if (false)/' $by_look other_mount
broken "the server is asked where times are cached" $look 's/AT_EMPTY_PATH \| AT_STATX_FORCE_SYNC/AT_EMPTY_PATH/' $by_look cached_attributes
broken "... and never again once it lied" $look 's/\.unreliable = memory->unreliable, //' $by_look unreliable_for_good
broken "... which is noticed" $look 's/^    memory->unreliable = true;/    (void)0;/' $by_look doubtful
broken "a stamp tells a change whose time was set back" plugin/core/stamp.c 's/a->ctime_ns == b->ctime_ns && //' $by_look changed
broken "a stamp tells another file" plugin/core/stamp.c 's/&& stamp_same_file\(a, b\)/\&\& a->mount == b->mount/' $by_look changed
broken "one look of 64 is from the ground up" $look 's/^#define LOOKS_TO_TRUST 64/#define LOOKS_TO_TRUST 250/' $by_look found_out_later
broken "... and reads the number" $look 's/fd == 0 && !fresh && facts/fd == 0 \&\& facts/' \
  $by_look found_out_later
broken "opened at once only where there are no devices" $look 's/file->by_pattern && memory->facts\.no_devices &&/file->by_pattern \&\&/' $by_look tricked
broken "... and only what a pattern found" $look 's/!fresh && file->by_pattern && memory->facts\.no_devices/!fresh \&\& memory->facts.no_devices/' \
  $by_look led_away
broken "looked up by name only below a guarded directory" $look '/^  case 1:$/,+1s/return file->guarded;/return true;/' $by_look link_on_the_way
broken "... or where no links are followed" $look 's/return file->guarded && memory->facts\.no_links;/return file->guarded;/' $by_look link_on_the_way
broken "... and guarded, so that the mount is reached" $look 's/return file->guarded && memory->facts\.no_links;/return memory->facts.no_links;/' \
  $by_look link_before_the_mount
broken "... not further down" $look '/^  default:$/,+1s/return false;/return file->guarded \&\& memory->facts.no_links;/' $by_look link_before_the_mount
broken "guarded is what no group and no other can write" $place 's/ && \(st\.stx_mode & \(S_IWGRP \| S_IWOTH\)\) == 0;/;/' \
  $by_source guarded
broken "... and nobody but root and we own" $place 's/= \(st\.stx_uid == 0 .*geteuid\(\)\) && /= /' $by_source guarded_by_another
broken "a list is not kept while its directory is new" $place 's/ && stamp_is_old\(&stamp, now_ns\);/;/' \
  $by_source listed_on_change
broken "... nor of two levels" $place 's/= place->one_level && local/= local/' $by_source two_levels
broken "... nor when it changed" $place 's/ && stamp_same\(&place->stamp, &stamp\);/;/' $by_source listed_on_change
broken "what had no file is looked for again" $place 's/if \(item->own != NULL && !all\)/if (!all \&\& place->items_complete)/' \
  $by_source listed_on_change
broken "... nor where directories change elsewhere" $place 's/bool local = mounts_facts.*;/bool local = true; (void)mounts;/' $by_source overlay
broken "what was found missing is looked for" plugin/core/source.c 's/^    place_recheck\(member->place\);/    (void)0;/' $by_source gone_before_read
broken "one share has 10,000 counters at most" $place 's/^#define FILES_MAX   10000/#define FILES_MAX   100000/' $by_source bounded
broken "... in all its directories" $place 's/^    walk->files_left--;/    (void)0;/' $by_source bounded_in_all
broken "one file by two paths is one counter" plugin/core/source.c 's/^    unlist\(source, member\);\n    member->twin/XX/; s/^#define PASSES_ALIKE 3/#define PASSES_ALIKE 300/' $by_source twins
broken "... after three looks" plugin/core/source.c 's/^#define PASSES_ALIKE 3/#define PASSES_ALIKE 2/' $by_source twins_are_told_after_three_passes
broken "a range that could not be read is not lost" $counter 's/^  if \(status == -ENOENT\)$/  if (status != 0)/' $by_counter range_is_read_again
broken "a reading has its own instant" $counter 's/now->mono_ns - before_ns > LOOK_MAX_NS/false/' $by_counter stopped

# --- from reading to sample -------------------------------------------------------------------------------------------------
by_sampler=tests/check_sampler
broken "one pass waits so long and no longer" plugin/core/sampler.c 's/int64_t none = 0;/int64_t none = 0, own_ns = PASS_PATIENCE_NS; patience_ns = \&own_ns;/' \
  $by_sampler patience_of_a_pass
broken "what was bad before is not waited for" plugin/core/sampler.c 's/t->bad \? &none : patience_ns/t->bad ? patience_ns : patience_ns/' \
  $by_sampler patience_of_a_pass
broken "one bad VM costs the others nothing" plugin/core/sampler.c 's/^    put\(sampler, source_at\(sampler->source, i\)\);/    if (((struct tracked *)source_at(sampler->source, i)->user)->bad)\n      break;\n    else\n      put(sampler, source_at(sampler->source, i));/' \
  tests/check_plugin no_counter
broken "one closed directory costs the others nothing" $place "s/^      note_error\\(walk->place, status, below\\);/      return names_free(\&names), -ENOMEM;/" \
  $by_source closed_directory
broken "one failing sink costs the others nothing" plugin/core/sampler.c 's/note_error\(sampler, sampler->sinks\[i\]->put\(sampler->sinks\[i\], &sample\)\);/{ note_error(sampler, sampler->sinks[i]->put(sampler->sinks[i], \&sample)); if (sampler->error != 0) return; }/' \
  $by_sampler a_failing_sink_harms_no_other
broken "the read callback never fails" plugin/vm_energy.c '/this interval is incomplete/,+1s/return 0;/return status;/' tests/check_plugin no_clock

# --- names ------------------------------------------------------------------------------------------------------------------
label=plugin/core/label.c by_label=tests/check_label
broken "a VM is called as the directory in scaphandre/" $label 's/if \(!part_is\(part, "scaphandre"\)\)/if (true)/' $by_label from_path
broken "... the one that looks like Scaphandre's" $label 's/if \(is_scaphandre_layout\(candidate, after\)\)/if (false)/' $by_label from_path
broken "else as the directory that holds the file" $label 's/^    holder = last;/    holder = part;/' $by_label from_path
broken "... which is no zone" $label 's/if \(above\.len > 0 && !of_host\)/if (false)/' $by_label from_path
broken "... but of the host" $label 's/above\.len > 0 && !of_host/above.len > 0/' $by_label from_path
broken "in a guest as the guest" $label 's/&& is_in_guest\(path\)/\&\& false/' $by_label in_guest
broken "equal names are told apart by the rest of the path" $label 's/if \(file != NULL\)/if (false)/' $by_label set_tells_apart
broken "... or by what stands before" $label '/^    if \(outcome == TAKEN\)$/,+1d' $by_label set_tells_apart
broken "never two of one label" $label 's/if \(node != NULL && \*node == member\)/if (node != NULL)/' $by_label set_of_many
broken "two that become equal stay two" $label 's/hash\(raw, strlen\(raw\)\)/0/' $by_label any_names_in_any_order
broken "a changed name takes no other's" $label 's/char \*marked = add_mark\(safe, .*\);/char *marked = strdup(safe);/' $by_label any_names_in_any_order
broken "nor does one that copies a label" $label 's/label_is_safe\(raw\) && !has_mark\(raw\)/label_is_safe(raw)/' $by_label any_names_in_any_order
broken "a label waits for its path" $label 's/away_num > LABEL_AWAY_MAX/away_num > 0/' $by_label set_keeps_labels
broken "... but not without end" $label 's/drop\(set, TAILQ_FIRST\(&set->away\)\);/;/' $by_label set_forgets_the_longest_away
broken "... the longest away goes first" $label 's/TAILQ_FIRST\(&set->away\)/TAILQ_LAST(\&set->away, queue)/' $by_label set_forgets_the_longest_away
broken "... in a source" plugin/core/source.c 's/= label_set_add\(source->labels, member->entry\.path\)/= member->entry.name/; s/^  label_set_remove\(source->labels, .*//' \
  $by_source labels_stay
broken "a byte that is no UTF-8 goes" $label 's/if \(len == 0 \|\| is_harmful\(code\) \|\| \(code/if (len == 0) *to++ = *text; else if (is_harmful(code) || (code/' $by_label safe
broken "... also where a character is cut short" $label 's/if \(\(text\[i\] & 0xc0\) != 0x80\)/if (text[i] == 0)/' $by_label safe
broken "... or longer than need be" $label 's/\*code < least\[len\] \|\| //' $by_label safe
broken "... or half of a pair" $label 's/ \|\| \(\*code >= 0xd800 && \*code < 0xe000\)//' $by_label safe
broken "... or above all there are" $label 's/ \|\| \*code > 0x10ffff//' $by_label safe
broken "no control characters" $label 's/return code < 0x20 \|\|/return code == 10 ||/' $by_label safe
broken "... of C1 neither" $label 's/\(code >= 0x7f && code < 0xa0\)/code == 0x7f/' $by_label safe
broken "no separators of lines, no marks of direction" $label 's/\(code >= 0x2028 && code <= 0x202e\)/false/' $by_label safe
broken "no slash" $label 's/, "\/;"\);$/, ";");/' $by_label safe
broken "no semicolon" $label 's/, "\/;"\);$/, "\/");/' $by_label safe
broken "no dot in front" $label 's/strchr\("\.-=/strchr("-=/' $by_label safe
broken "no dash in front" $label 's/strchr\("\.-=/strchr(".=/' $by_label safe
broken "a label is cut at 63 bytes" plugin/core/label.h 's/^#define LABEL_MAX_COLLECTD 63/#define LABEL_MAX_COLLECTD 64/' tests/check_plugin long_names
broken "... also behind the host's name" plugin/settings.c 's/format->has_name && used > LABEL_MAX_COLLECTD \?/false ?/' tests/check_plugin long_names
broken "... at a character" $label 's/\(\(unsigned char\)text\[max\] & 0xc0\) == 0x80/false/' $by_label cut
broken "... and tells by a hash what was cut off" $label 's/add_mark\(safe, hash\(safe, len\), max\)/add_mark(safe, 0, max)/' $by_label cut

# --- names in files ---------------------------------------------------------------------------------------------------------
by_csv=tests/check_csv
broken "a comma is quoted" plugin/core/csv_text.c 's/strpbrk\(label, ",/strpbrk(label, "/' $by_csv test_quote
broken "a quote is quoted" plugin/core/csv_text.c 's/strpbrk\(label, ",\\"/strpbrk(label, ",/' $by_csv test_quote
broken "... and doubled" plugin/core/csv_text.c 's/^    if \(\*label == .".\)$/    if (false)/' $by_csv test_quote
broken "a line break is quoted" plugin/core/csv_text.c 's/\\r\\n"\) == NULL/\\r") == NULL/' $by_csv test_quote
broken "... of either kind" plugin/core/csv_text.c 's/\\r\\n"\) == NULL/\\n") == NULL/' $by_csv test_quote
broken "a file stays in its directory" plugin/core/csv.c 's/ && strchr\(name, .\/.\) == NULL;/;/' $by_csv test_bad_name
broken "... is not that above" plugin/core/csv.c 's/strcmp\(name, "\.\."\) != 0 && //' $by_csv test_bad_name
broken "... and no label leads out of it" $label 's/replace_harmful\(whole, "\/;"\)/replace_harmful(whole, ";")/' \
  $by_label set_tells_apart
broken "... nor a link that was put there" plugin/core/csv_file.c 's/ \| O_NOFOLLOW//' $by_csv test_planted_link
broken "... nor waits a FIFO" plugin/core/csv_file.c 's/ \| O_NONBLOCK//' $by_csv test_planted_fifo $stalls

# --- what is said, and how often --------------------------------------------------------------------------------------------
news=plugin/news.c by_plugin=tests/check_plugin
broken "a state is logged when it changes, not while it stays" $news 's/if \(sample->error != last_error\)/if (true)/' \
  $by_plugin life_without_notifications
broken "a VM that flaps is logged ten times" $news 's/if \(!log_allows\(&vm->lines, text, news->now\.mono_ns\)\)/if (false)/' \
  $by_plugin a_flapping_vm_is_throttled
broken "... and not anew each time it comes back" $news 's/^    vm->lines = old->lines;//' $by_plugin a_flapping_vm_that_was_removed_is_throttled
broken "VMs that come and go are logged fifty times" $news 's/log_allows\(news->throttle, NULL, news->now\.mono_ns\)/true/' \
  $by_plugin coming_and_going_is_throttled
broken "what is held back is counted" plugin/throttle.c 's/^    throttle->held_back\+\+;//' tests/check_throttle burst_then_refill
broken "a permission problem names the remedy" $news 's/bool denied = .*;/bool denied = false;/' $by_plugin denied

# --- fit: each edit still changes its file, each test is there --------------------------------------------------------------

unfit=0
for i in "${!promises[@]}"; do
  problem=
  sed -E "${edits[i]}" "$srcdir/${files[i]}" 2>/dev/null | cmp -s - "$srcdir/${files[i]}" && problem="the edit changes nothing in ${files[i]}"
  sed -E "${edits[i]}" "$srcdir/${files[i]}" >/dev/null 2>&1 || problem="no edit for ${files[i]}"
  grep -qF "START_TEST(${tests[i]})" "$srcdir/${suites[i]}.c" || problem="${suites[i]} has no test ${tests[i]}"
  [ -z "$problem" ] || { echo "does not fit: ${promises[i]}: $problem" && unfit=$((unfit + 1)); }
done
if [ -n "$fit" ]; then
  echo "$((${#promises[@]} - unfit)) of ${#promises[@]} rows fit"
  [ "$unfit" -eq 0 ] && [ ${#promises[@]} -gt 0 ]
  exit
fi
[ ${#promises[@]} -gt 0 ] || { echo "promises: no row has '$word'" && exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "promises: to mount and to make devices takes root" && exit 1; }

# --- the copy: configured as the tree is, in a namespace where /tmp and all processes go at the end -------------------------

die() { # what: with the log
  tail -n 40 "$work/log"
  echo "promises: $1"
  exit 1
}
if [ -z "${IN_NAMESPACE:-}" ]; then
  child=
  work=$(mktemp -d "${TMPDIR:-/tmp}/promises.XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  trap '[ -z "$child" ] || kill -KILL $child 2>/dev/null; wait; exit 130' INT TERM
  chmod 755 "$work" # for tests that are nobody
  unset MAKEFLAGS MFLAGS MAKELEVEL
  make -C "$builddir" distdir distdir="$work/tree" >"$work/log" 2>&1 || die "the tree cannot be copied"
  "$builddir/config.status" --config >"$work/options" || die "the tree is not configured"
  IN_NAMESPACE=$work unshare -m --propagation private -p -f --mount-proc --kill-child "$BASH" "$0" "$word" &
  child=$!
  wait $child
  exit
fi
mount --bind "$IN_NAMESPACE" /tmp && mount -t tmpfs tmpfs /dev/shm || exit 1 # what failing tests leave lies in these
work=/tmp
cd "$work/tree" || exit 1
eval "set -- $(cat "$work/options")"
./configure "$@" --disable-werror >"$work/log" 2>&1 || die "the copy cannot be configured"
unset abs_top_srcdir abs_top_builddir

# A test may take so many of the seconds that it gives itself: a broken promise that blocks is to be seen soon.
export CK_TIMEOUT_MULTIPLIER=0.3
run() { # suite [VARIABLE=value]: 0: it passed; 1: it failed, or ran out of time; 2: it was not built. Its words: $suite.log
  rm -f "$1" "$1.log" "$1.trs"
  make "$1" >"$work/log" 2>&1 || return 2
  env ${2:+"$2"} timeout -k 5 200 make "$1.log" >"$work/log" 2>&1
  grep -q ':test-result: PASS' "$1.trs" 2>/dev/null
}

failed() { # suite kind: the tests of the suite that failed (F) or did not come to their end (E), each once
  sed -nE "s/^[^:]*:[0-9]+:$2:[^:]*:([a-z0-9_]+):[0-9]+: .*/\1/p" "$1.log" 2>/dev/null | sort -u
}

# With nothing broken all pass, and the tests of the table are among them. A test that is in one case of its suite is run
# with that case alone.
declare -A cases=()
mapfile -t distinct < <(printf '%s\n' "${suites[@]}" | sort -u)
for suite in "${distinct[@]}"; do
  run "$suite" "CK_TAP_LOG_FILE_NAME=$work/tap" || { cat "$suite.log" >>"$work/log" 2>/dev/null && die "$suite fails with nothing broken"; }
  while IFS=: read -r _ case test _; do
    known=${cases[$suite:$test]-$case}
    [ "$known" = "$case" ] || known=
    cases[$suite:$test]=$known
  done <"$work/tap"
done

# --- the proof --------------------------------------------------------------------------------------------------------------

passed=0
missed=0
for i in "${!promises[@]}"; do
  file=${files[i]} suite=${suites[i]} test=${tests[i]} why=
  cp "$file" "$work/kept" || die "the copy is gone"
  sed -i -E "${edits[i]}" "$file"
  if cmp -s "$file" "$work/kept"; then
    why="the edit changes nothing in $file"
  elif [ -z "${cases[$suite:$test]+known}" ]; then
    why="there is no such test"
  else
    case=${cases[$suite:$test]}
    run "$suite" "${case:+CK_RUN_CASE=$case}"
    case $? in
    0) why="it passed" ;;
    2) why="it cannot be compiled" ;;
    *)
      if failed "$suite" F | grep -qx "$test"; then :
      elif [ "${ends[i]}" = stalls ] && failed "$suite" E | grep -qx "$test" && grep -q "Test timeout expired" "$suite.log"; then :
      else
        why="failed, but not $test: $(failed "$suite" '[FE]' | paste -sd ' ')"
      fi
      ;;
    esac
  fi
  cat "$work/kept" >"$file" # new enough to be built again
  if [ -z "$why" ]; then
    passed=$((passed + 1))
    echo "caught  ${promises[i]}  ($suite: $test)"
  else
    missed=$((missed + 1))
    echo "MISSED  ${promises[i]}  ($suite: $test): $why"
    [ "$why" != "it cannot be compiled" ] || grep -m 3 error: "$work/log"
  fi
done
echo "$passed passed, $missed failed"
[ "$missed" -eq 0 ]
