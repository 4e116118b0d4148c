/* The other half of recording: its files, row by row. */
#include "recording.h"

#include "csv_reader.h"
#include "field.h"
#include "layout.h"
#include "message.h"

#include "core/clock.h"
#include "core/label.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A VM of a long file. */
struct long_vm {
  size_t at;         /* in the order of the file */
  const char *label; /* stored after the struct */
};

/* What reading one file takes. */
struct scan {
  const struct recording *recording;
  const struct recording_sink *sink;
  size_t *vms;     /* of all files so far */
  size_t first_vm; /* of this file */
  bool has_layout;
  struct layout layout;
  struct recording_value *values; /* wide: of the row */
  const char *missing;            /* why it is no capture */
  bool has_rows;
  unsigned decimals; /* of the time stamps */

  struct long_vm **long_vms; /* long: the VMs of this file, as they stand there */
  size_t long_vms_num, cursor;
  void *by_label; /* tsearch(3) tree of them */

  uint64_t bad_rows, bad_line; /* rows passed over, and where the first one is */
  char bad_reason[80];
  uint64_t cut_line; /* 0: none is */
  bool sink_failed;
};

static int announce(struct scan *r, const char *label) {
  char *printable = label_printable(label);
  if (printable == NULL)
    return -ENOMEM;
  struct recording_vm vm = {.label = printable};
  const struct recording *recording = r->recording;
  const struct run_counter *counter = recording->has_info ? run_info_counter(&recording->info, printable) : NULL;
  if (counter != NULL) {
    int64_t unit_ns = NS_PER_S;
    for (unsigned i = 0; i < r->decimals && unit_ns > 1; i++)
      unit_ns /= 10;
    vm.has_start = counter->has_start && r->has_rows;
    vm.start_ns = recording->info.start_ns / unit_ns * unit_ns;
    vm.start_uj = counter->start_uj;
    vm.period_ns = counter->period_ns;
    vm.max_power_w = recording->info.max_power_w;
  }
  int status = r->sink->vm(r->sink->arg, (*r->vms)++, &vm);
  r->sink_failed = status != 0;
  free(printable);
  return status;
}

static int announce_all(struct scan *r) {
  int status = 0;
  for (size_t i = 0; i < r->layout.vms_num && status == 0 && !r->layout.is_long; i++)
    status = announce(r, r->layout.vms[i].label);
  return status;
}

static int compare_long_vms(const void *a, const void *b) {
  return strcmp(((const struct long_vm *)a)->label, ((const struct long_vm *)b)->label);
}

static int add_long_vm(struct scan *r, const char *label) {
  if ((r->long_vms_num & (r->long_vms_num + 1)) == 0) { /* 0, 1, 3, 7, ...: it is full */
    struct long_vm **vms = realloc(r->long_vms, (2 * r->long_vms_num + 1) * sizeof(struct long_vm *));
    if (vms == NULL)
      return -ENOMEM;
    r->long_vms = vms;
  }
  size_t size = strlen(label) + 1;
  struct long_vm *vm = malloc(sizeof(*vm) + size);
  if (vm == NULL)
    return -ENOMEM;
  *vm = (struct long_vm){.at = r->long_vms_num, .label = memcpy(vm + 1, label, size)};
  if (tsearch(vm, &r->by_label, compare_long_vms) == NULL) {
    free(vm);
    return -ENOMEM;
  }
  r->long_vms[r->long_vms_num++] = vm;
  return announce(r, label);
}

/* The number of a VM in a long file. A new one is announced. Rows mostly come in the order of the pass before. */
static int find_vm(struct scan *r, const char *label, size_t *vm) {
  size_t at = r->cursor;
  if (at >= r->long_vms_num || strcmp(r->long_vms[at]->label, label) != 0) {
    const struct long_vm key = {.label = label};
    struct long_vm **node = tfind(&key, &r->by_label, compare_long_vms);
    at = node != NULL ? (*node)->at : r->long_vms_num;
  }
  int status = at == r->long_vms_num ? add_long_vm(r, label) : 0;
  r->cursor = at + 1 < r->long_vms_num ? at + 1 : 0;
  *vm = r->first_vm + at;
  return status;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int pass_over(struct scan *r, const struct csv_row *row,
                                                           const char *format, ...) {
  if (r->bad_rows++ > 0)
    return 0;
  r->bad_line = row->line;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(r->bad_reason, sizeof(r->bad_reason), format, arguments);
  va_end(arguments);
  return 0;
}

static int pass_over_field(struct scan *r, const struct csv_row *row, size_t column) {
  char *printable = label_printable(row->fields[column]);
  int status = pass_over(r, row, "'%.40s' is no %s", printable != NULL ? printable : "?",
                         column == r->layout.ts ? "time stamp" : "number");
  free(printable);
  return status;
}

/* The field is a number or empty: *has. False: it is something else. */
static bool take_energy(const struct csv_row *row, size_t column, struct recording_value *value) {
  int status = column != LAYOUT_NONE ? field_parse_energy(row->fields[column], &value->energy_uj) : -ENODATA;
  value->has_energy = status == 0;
  return status != -EINVAL;
}

static bool take_power(const struct csv_row *row, size_t column, struct recording_value *value) {
  int status = column != LAYOUT_NONE ? field_parse_power(row->fields[column], &value->power_w) : -ENODATA;
  value->has_power = status == 0;
  return status != -EINVAL;
}

/* Whether each field of a VM is what it should be; if not, *column is the first that is not. */
static bool take_fields(const struct csv_row *row, const struct layout_vm *vm, struct recording_value *value,
                        size_t *column) {
  *column = vm->energy;
  if (!take_energy(row, vm->energy, value))
    return false;
  *column = vm->power;
  return take_power(row, vm->power, value);
}

static int put(struct scan *r, size_t vm, const struct recording_value *value) {
  int status = r->sink->value(r->sink->arg, vm, value);
  r->sink_failed = status != 0;
  return status;
}

static void take_state(const char *name, struct recording_value *value) {
  for (int i = 0; i < SAMPLE_STATES && !value->has_state; i++) {
    value->has_state = strcmp(name, sample_state_name((enum sample_state)i)) == 0;
    value->state = (enum sample_state)i;
  }
}

static int take_long_row(struct scan *r, const struct csv_row *row, int64_t ts_ns) {
  const struct layout *layout = &r->layout;
  struct recording_value value = {.ts_ns = ts_ns};
  size_t column, vm;
  if (!take_fields(row, &layout->vms[0], &value, &column))
    return pass_over_field(r, row, column);
  if (layout->state != LAYOUT_NONE)
    take_state(row->fields[layout->state], &value);
  int status = find_vm(r, row->fields[layout->label], &vm);
  return status != 0 ? status : put(r, vm, &value);
}

/* All or nothing: no VM has a value of a row that is passed over. */
static int take_wide_row(struct scan *r, const struct csv_row *row, int64_t ts_ns) {
  const struct layout *layout = &r->layout;
  for (size_t i = 0; i < layout->vms_num; i++) {
    size_t column;
    r->values[i] = (struct recording_value){.ts_ns = ts_ns};
    if (!take_fields(row, &layout->vms[i], &r->values[i], &column))
      return pass_over_field(r, row, column);
  }
  int status = 0;
  for (size_t i = 0; i < layout->vms_num && status == 0; i++)
    status = put(r, r->first_vm + i, &r->values[i]);
  return status;
}

static int take_header(struct scan *r, const struct csv_row *row) {
  int status = layout_parse(row->fields, row->count, &r->layout, &r->missing);
  r->has_layout = status == 0;
  if (status == 0) {
    r->values = calloc(r->layout.vms_num, sizeof(*r->values));
    status = r->values != NULL ? 0 : -ENOMEM;
  }
  return status;
}

static int take_row(const struct csv_row *row, void *arg) {
  struct scan *r = arg;
  if (!r->has_layout)
    return take_header(r, row);
  if (row->cut) {
    r->cut_line = row->line;
    return 0;
  }
  int64_t ts_ns;
  unsigned decimals;
  if (row->count != r->layout.columns)
    return pass_over(r, row, "it has %zu field%s, not %zu", row->count, row->count == 1 ? "" : "s", r->layout.columns);
  if (field_parse_time(row->fields[r->layout.ts], &ts_ns, &decimals) != 0)
    return pass_over_field(r, row, r->layout.ts);
  if (!r->has_rows) {
    r->has_rows = true;
    r->decimals = decimals;
    int status = announce_all(r);
    if (status != 0)
      return status;
  }
  return r->layout.is_long ? take_long_row(r, row, ts_ns) : take_wide_row(r, row, ts_ns);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void tell_faults(const struct scan *r, const char *shown) {
  if (r->cut_line > 0)
    tell_warning("'%s': line %" PRIu64 ", the last one, is cut off and passed over", shown, r->cut_line);
  if (r->bad_rows == 1)
    tell_error("'%s': line %" PRIu64 " is passed over: %s", shown, r->bad_line, r->bad_reason);
  else if (r->bad_rows > 1)
    tell_error("'%s': %" PRIu64 " lines are passed over, the first is line %" PRIu64 ": %s", shown, r->bad_rows,
               r->bad_line, r->bad_reason);
}

/* Why the file is none; for one that was only found in the directory, that is no error. */
static void tell_no_capture(const struct scan *r, const char *shown, int status, bool searched) {
  char reason[160];
  if (r->missing != NULL)
    snprintf(reason, sizeof(reason), "it has no %s", r->missing);
  else if (status == 0)
    snprintf(reason, sizeof(reason), "it is empty");
  else if (status == -E2BIG)
    snprintf(reason, sizeof(reason), "it has a line without end");
  else
    snprintf(reason, sizeof(reason), "%s", strerror(-status));
  if (searched)
    tell_warning("'%s' is no capture, and passed over: %s", shown, reason);
  else
    tell_error("'%s' is no capture: %s", shown, reason);
}

static void free_scan(struct scan *r) {
  if (r->has_layout)
    layout_free(&r->layout);
  tdestroy(r->by_label, free);
  free(r->long_vms);
  free(r->values);
}

/* 0: it was read. 1: it is no capture, told. -errno of the sink. */
static int read_file(struct recording *recording, const char *path, const struct recording_sink *sink, size_t *vms,
                     bool tell) {
  struct scan r = {.recording = recording, .sink = sink, .vms = vms, .first_vm = *vms};
  char *printable = label_printable(path);
  const char *shown = printable != NULL ? printable : "?";
  int status = csv_reader_read(path, take_row, &r);
  if (status == 0 && r.has_layout && !r.has_rows)
    status = announce_all(&r);
  bool none = !r.has_layout || (status != 0 && !r.sink_failed);
  if (none && tell)
    tell_no_capture(&r, shown, status, recording->searched);
  else if (tell)
    tell_faults(&r, shown);
  recording->incomplete = recording->incomplete || r.bad_rows > 0 || (none && !recording->searched);
  free(printable);
  free_scan(&r);
  return r.sink_failed ? status : none;
}

int recording_read(struct recording *recording, const struct recording_sink *sink) {
  bool tell = !recording->was_read;
  size_t vms = 0, good = 0;
  recording->was_read = true;
  for (size_t i = 0; i < recording->files_num; i++) {
    int status = read_file(recording, recording->files[i], sink, &vms, tell);
    if (status < 0) {
      tell_error("unable to read '%s': %s", recording->shown, strerror(-status));
      return STATUS_FAILED;
    }
    good += status == 0;
  }
  if (good == 0 && recording->searched && tell)
    tell_error("'%s' is no capture: none of its .csv files is", recording->shown);
  return good > 0 ? STATUS_DONE : STATUS_FAILED;
}
