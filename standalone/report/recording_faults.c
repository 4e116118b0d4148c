#include "report/recording_faults.h"

#include "common/message.h"

#include "core/label.h"
#include "core/shell_word.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int recording_faults_row(struct recording_faults *f, uint64_t line, const char *format, ...) {
  if (f->bad_rows++ > 0)
    return 0;
  f->bad_line = line;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(f->bad_reason, sizeof(f->bad_reason), format, arguments);
  va_end(arguments);
  return 0;
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

/* Why the field is no number, with its text. */
static void describe_field(const char *field, int status, bool is_time, char *text, size_t size) {
  char *printable = label_printable(field);
  const char *shown = printable != NULL ? printable : "?";
  if (status == -EDOM)
    snprintf(text, size, "'%.40s' was rounded: its digits do not reach 1 %s", shown, is_time ? "s" : "uJ");
  else
    snprintf(text, size, "'%.40s' is no %s", shown, is_time ? "time stamp" : "number");
  free(printable);
}

int recording_faults_time(struct recording_faults *f, uint64_t line, const char *field, int status) {
  char reason[sizeof(f->bad_reason)];
  describe_field(field, status, true, reason, sizeof(reason));
  return recording_faults_row(f, line, "%s", reason);
}

void recording_faults_cell(struct recording_faults *f, uint64_t line, const char *field, int status) {
  if (f->bad_cells++ > 0)
    return;
  f->cell_line = line;
  describe_field(field, status, false, f->cell_reason, sizeof(f->cell_reason));
}

/* "90 s", "56.9 years" */
static void show_span(double s, char text[32]) {
  static const struct {
    double s;
    const char *name;
  } units[] = {{365.25 * 86400, "years"}, {86400, "days"}, {0, "s"}};
  size_t i = 0;
  while (fabs(s) < 2 * units[i].s)
    i++;
  snprintf(text, 32, "%.*f %s",
           units[i].s > 0              ? 1
           : fabs(s) == floor(fabs(s)) ? 0
                                       : 3,
           fabs(s) / (units[i].s > 0 ? units[i].s : 1), units[i].name);
}

/* "" of a fault that came once, else " (first of 3 times)" */
static void show_lines(const struct recording_fault *fault, char text[80]) {
  if (fault->num == 1)
    text[0] = '\0';
  else
    snprintf(text, 80, " (first of %" PRIu64 " times)", fault->num);
}

static void tell_times(const struct recording_faults *f, const char *shown) {
  char span[32], lines[80];
  show_span(f->back.s, span);
  show_lines(&f->back, lines);
  if (f->back.num > 0)
    message_warning("'%s': line %" PRIu64 ": the time goes back by %s%s; taken as a clock that was set: what lies "
                    "between this row and the one before is left out",
                    shown, f->back.line, span, lines);
  show_span(f->jump.s, span);
  show_lines(&f->jump, lines);
  if (f->jump.num > 0)
    message_warning("'%s': line %" PRIu64 ": the time jumps by %s%s; what lies between this row and the one before is "
                    "left out",
                    shown, f->jump.line, span, lines);
  show_lines(&f->still, lines);
  if (f->still.num > 0)
    message_warning("'%s': line %" PRIu64 ": the time stands still%s; such rows have no power of their own", shown,
                    f->still.line, lines);
  show_span(f->hole.s, span);
  show_lines(&f->hole, lines);
  if (f->hole.num > 0)
    message_warning("'%s': line %" PRIu64 ": no row for %s before it%s; without a counter, nothing tells the energy of "
                    "that time, and it is left out",
                    shown, f->hole.line, span, lines);
}

void recording_faults_report(const struct recording_faults *f, const char *shown) {
  char lines[80];
  show_lines(&f->tables, lines);
  if (f->tables.num > 0)
    message_note("'%s': line %" PRIu64 ": another table begins%s; what lies between two tables is left out", shown,
                 f->tables.line, lines);
  tell_times(f, shown);
  if (f->cut_line > 0)
    message_warning("'%s': line %" PRIu64 ", the last one, is cut off and passed over", shown, f->cut_line);
  if (f->joined_line > 0)
    message_warning("'%s': line %" PRIu64 ": the row before the header is cut off and passed over", shown,
                    f->joined_line);
  if (f->repeats.num > 0)
    message_error("'%s': line %" PRIu64 ": %" PRIu64 " row%s of a time that is there already %s a copy of rows before, "
                  "and passed over",
                  shown, f->repeats.line, f->repeats.num, f->repeats.num == 1 ? "" : "s",
                  f->repeats.num == 1 ? "is" : "are");
  if (f->bad_cells == 1)
    message_error("'%s': line %" PRIu64 ": a cell is passed over: %s", shown, f->cell_line, f->cell_reason);
  else if (f->bad_cells > 1)
    message_error("'%s': %" PRIu64 " cells are passed over, the first is in line %" PRIu64 ": %s", shown, f->bad_cells,
                  f->cell_line, f->cell_reason);
  if (f->bad_rows == 1)
    message_error("'%s': line %" PRIu64 " is passed over: %s", shown, f->bad_line, f->bad_reason);
  else if (f->bad_rows > 1)
    message_error("'%s': %" PRIu64 " lines are passed over, the first is line %" PRIu64 ": %s", shown, f->bad_rows,
                  f->bad_line, f->bad_reason);
  if (f->left_out == 0)
    return;
  char others[48] = "", *label = label_printable(f->left_label), *owner = label_printable(f->left_file);
  if (f->left_out > 1)
    snprintf(others, sizeof(others), " and %zu more VMs", f->left_out - 1);
  message_error("'%s': '%s'%s is also in '%s', and not added to that: what this file says of it is passed over; to see "
                "it, name the file alone",
                shown, label != NULL ? label : "?", others, owner != NULL ? owner : "?");
  free(label);
  free(owner);
}

/* The command that makes a capture of the file; filter: a shell command, with the path behind it. */
static void tell_command(char *text, size_t size, const char *path, const char *what, const char *filter) {
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

/* Why the file is none; for one that was only found in the directory, that is no error. */
void recording_faults_no_capture(const struct recording_faults *f, const char *path, const char *shown, int status,
                                 bool searched) {
  char reason[4600], filter[64];
  char name[2] = {f->separator, '\0'};
  if (f->foreign != NULL) {
    tell_command(reason, sizeof(reason), path, f->foreign->what, f->foreign->filter);
  } else if (f->separator != '\0' && f->separator != ',') {
    char what[64];
    snprintf(what, sizeof(what), "its columns are separated by %s%s%s, not commas", f->separator == '\t' ? "tabs" : "'",
             f->separator == '\t' ? "" : name, f->separator == '\t' ? "" : "'");
    snprintf(filter, sizeof(filter), "sed '/^sep=/d; s/,/./g; s/%s%s/,/g'", f->separator == '|' ? "[|]" : "",
             f->separator == '\t'  ? "\\t"
             : f->separator == '|' ? ""
                                   : name);
    tell_command(reason, sizeof(reason), path, what, filter);
  } else if (f->has_commas) {
    tell_command(reason, sizeof(reason), path, "its numbers have decimal commas",
                 "sed -E 's/\"(-?[0-9]+),([0-9]+)\"/\\1.\\2/g'");
  } else if (f->missing != NULL) {
    snprintf(reason, sizeof(reason), "it has no %s", f->missing);
  } else if (status == 0) {
    snprintf(reason, sizeof(reason), "it is empty");
  } else if (status == -E2BIG) {
    snprintf(reason, sizeof(reason), "it has a line without end");
  } else {
    snprintf(reason, sizeof(reason), "%s", strerror(-status));
  }
  if (searched)
    message_warning("'%s' is no capture, and passed over: %s", shown, reason);
  else
    message_error("'%s' is no capture: %s", shown, reason);
}
