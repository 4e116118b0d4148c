#include "report/recording_faults.h"

#include "common/message.h"

#include "core/shell_word.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int recording_faults_skip(struct recording_skipped *skipped, uint64_t line, const char *format, ...) {
  if (skipped->num++ > 0)
    return 0;
  skipped->line = line;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(skipped->reason, sizeof(skipped->reason), format, arguments);
  va_end(arguments);
  return 0;
}

int recording_faults_skip_field(struct recording_skipped *skipped, uint64_t line, const char *field, int status,
                                bool is_time) {
  if (status == -EDOM)
    return recording_faults_skip(skipped, line, "'%.40s' was rounded: its digits do not reach 1 %s", field,
                                 is_time ? "s" : "uJ");
  return recording_faults_skip(skipped, line, "'%.40s' is no %s", field, is_time ? "time stamp" : "number");
}

void recording_faults_note(struct recording_fault *fault, uint64_t line, int64_t ts_ns, double s) {
  if (fault->num == 0) {
    fault->line = line;
    fault->s = s;
  } else if (fault->ts_ns == ts_ns) {
    return;
  }
  fault->num++;
  fault->ts_ns = ts_ns;
}

/* "90 s", "0.250 s", "56.9 years" */
static void show_span(double s, char text[32]) {
  static const struct {
    double s;
    const char *name;
  } units[] = {{365.25 * 86400, "years"}, {86400, "days"}};
  s = fabs(s);
  snprintf(text, 32, "%.*f s", s == floor(s) ? 0 : 3, s);
  for (size_t i = 2; i-- > 0;)
    if (s >= 2 * units[i].s)
      snprintf(text, 32, "%.1f %s", s / units[i].s, units[i].name);
}

/* "" of a fault that came once, else " (first of 3 times)" */
static void show_times(uint64_t num, char text[64]) {
  text[0] = '\0';
  if (num > 1)
    snprintf(text, 64, " (first of %" PRIu64 " times)", num);
}

/* after: what follows the length of the step; NULL: it is not named. */
static void warn_of_step(const struct recording_fault *fault, const char *shown, const char *what, const char *after,
                         const char *consequence) {
  char span[32] = "", times[64];
  show_times(fault->num, times);
  if (after != NULL)
    show_span(fault->s, span);
  if (fault->num > 0)
    message_warning("'%s': line %" PRIu64 ": %s%s%s%s; %s", shown, fault->line, what, span, after != NULL ? after : "",
                    times, consequence);
}

void recording_faults_report(const struct recording_faults *f, const char *shown) {
  char times[64];
  show_times(f->tables.num, times);
  if (f->tables.num > 0)
    message_note("'%s': line %" PRIu64 ": another table begins%s; what lies between two tables is left out", shown,
                 f->tables.line, times);
  warn_of_step(&f->steps[RECORDING_STEP_BACK], shown, "the time goes back by ", "",
               "as if the clock had been set: what lies between this row and the one before is left out");
  warn_of_step(&f->steps[RECORDING_STEP_JUMP], shown, "the time jumps by ", "",
               "what lies between this row and the one before is left out");
  warn_of_step(&f->steps[RECORDING_STEP_NONE], shown, "the time stands still", NULL,
               "such rows have no power of their own");
  warn_of_step(&f->steps[RECORDING_STEP_HOLE], shown, "no row for ", " before it",
               "without a counter, the energy of that time is unknown and left out");
  if (f->cut_line > 0)
    message_warning("'%s': line %" PRIu64 ", the last one, is cut off and skipped", shown, f->cut_line);
  if (f->joined_line > 0)
    message_warning("'%s': line %" PRIu64 ": the row before the header is cut off and skipped", shown, f->joined_line);
  const struct recording_fault *copies = &f->steps[RECORDING_STEP_COPY];
  if (copies->num > 0)
    message_error("'%s': line %" PRIu64 ": %" PRIu64 " row%s skipped: copied from earlier rows", shown, copies->line,
                  copies->num, copies->num == 1 ? "" : "s");
  show_times(f->cells.num, times);
  if (f->cells.num > 0)
    message_error("'%s': line %" PRIu64 ": a cell is skipped%s: %s", shown, f->cells.line, times, f->cells.reason);
  show_times(f->rows.num, times);
  if (f->rows.num > 0)
    message_error("'%s': line %" PRIu64 " is skipped%s: %s", shown, f->rows.line, times, f->rows.reason);
  if (f->other_file_vms == 0)
    return;
  char others[48] = "";
  if (f->other_file_vms > 1)
    snprintf(others, sizeof(others), " and %zu more VMs", f->other_file_vms - 1);
  message_error("'%s': '%s'%s skipped, already in '%s'; to see the values of this file, name it alone", shown,
                f->other_file_label, others, f->other_file);
}

/* filter: the shell command that makes a capture of the file; the path follows it. */
static void add_command(char *text, size_t size, const char *path, const char *what, const char *filter) {
  bool is_stdin = strcmp(path, CSV_READER_STDIN) == 0;
  char *word = is_stdin ? strdup("") : shell_word(path);
  bool dashed = !is_stdin && path[0] == '-';
  if (filter == NULL || word == NULL)
    snprintf(text, size, "%s", what);
  else
    snprintf(text, size, "%s; read it with: %s%s%s%s | vm_energy report -", what, filter, is_stdin ? "" : " ",
             dashed ? "./" : "", word);
  free(word);
}

void recording_faults_no_capture(const struct recording_faults *f, const char *path, const char *shown, int status,
                                 bool searched) {
  char reason[4600], filter[64];
  if (f->foreign != NULL) {
    add_command(reason, sizeof(reason), path, f->foreign->what, f->foreign->filter);
  } else if (f->separator != '\0' && f->separator != ',') {
    char what[64], quoted[] = {'\'', f->separator, '\'', '\0'}, one[] = {f->separator, '\0'};
    bool is_tab = f->separator == '\t';
    snprintf(what, sizeof(what), "its columns are separated by %s, not commas", is_tab ? "tabs" : quoted);
    snprintf(filter, sizeof(filter), "sed '/^sep=/d; s/,/./g; s/%s/,/g'",
             is_tab                ? "\\t"
             : f->separator == '|' ? "[|]"
                                   : one);
    add_command(reason, sizeof(reason), path, what, filter);
  } else if (f->has_commas) {
    add_command(reason, sizeof(reason), path, "its numbers have decimal commas",
                "sed -E 's/\"(-?[0-9]+),([0-9]+)\"/\\1.\\2/g'");
  } else if (f->missing != NULL) {
    snprintf(reason, sizeof(reason), "it has no %s", f->missing);
  } else if (status == 0) {
    snprintf(reason, sizeof(reason), "it is empty");
  } else if (status == -E2BIG) {
    snprintf(reason, sizeof(reason), "it has a line that is too long");
  } else {
    snprintf(reason, sizeof(reason), "%s", strerror(-status));
  }
  if (searched)
    message_warning("'%s' is no capture, and skipped: %s", shown, reason);
  else
    message_error("'%s' is no capture: %s", shown, reason);
}
