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

/* How late a row was taken in a run that was killed before it said so. */
#define LATE_NS (50 * NS_PER_MS)

/* A VM of a long file. */
struct long_vm {
  size_t at;         /* in the order of the file */
  const char *label; /* stored after the struct */
};

/* More than a time stamp can be. */
#define LATEST_NS (INT64_C(5000000000) * NS_PER_S)

/* What reading one file takes. */
struct scan {
  struct recording *recording;
  const struct recording_sink *sink;
  struct run_clock clock;
  size_t *vms;     /* of all files so far */
  size_t first_vm; /* of this file */
  bool has_layout;
  struct layout layout;
  struct recording_value *values; /* wide: of the row */
  const char *missing;            /* why it is no capture */
  bool has_rows;
  unsigned decimals; /* of the time stamps */
  int64_t cut_ns;
  int64_t last_ns, back_ns; /* of the last row; by how much the time went back */
  uint64_t back_line;       /* where it did first */

  struct long_vm **long_vms; /* long: the VMs of this file, as they stand there */
  size_t long_vms_num, cursor;
  void *by_label; /* tsearch(3) tree of them */

  uint64_t bad_rows, bad_line; /* rows passed over, and where the first one is */
  char bad_reason[80];
  uint64_t cut_line; /* 0: none is */
  bool sink_failed;
};

/* Remembers the label of the next VM, in the first reading, for updates.dat. */
static int keep_label(struct recording *recording, size_t vm, const char *label) {
  if (recording->updates == NULL || vm < recording->labels_num)
    return 0;
  if ((vm & (vm + 1)) == 0) { /* 0, 1, 3, 7, ...: it is full */
    char **labels = reallocarray(recording->labels, 2 * vm + 1, sizeof(*labels));
    if (labels == NULL)
      return -ENOMEM;
    recording->labels = labels;
  }
  recording->labels[vm] = strdup(label);
  if (recording->labels[vm] == NULL)
    return -ENOMEM;
  recording->labels_num++;
  return 0;
}

static int announce(struct scan *r, const char *label, bool has_counter) {
  char *printable = label_printable(label);
  if (printable == NULL)
    return -ENOMEM;
  struct recording *recording = r->recording;
  struct recording_vm vm = {
      .label = printable, .has_counter = has_counter, .start_ns = recording->info.start_ns, .unit_ns = NS_PER_S};
  for (unsigned i = 0; i < r->decimals && vm.unit_ns > 1; i++)
    vm.unit_ns /= 10;
  const struct run_counter *counter = recording->has_info ? run_info_counter(&recording->info, printable) : NULL;
  if (counter != NULL) {
    vm.has_start = counter->has_start && r->has_rows;
    vm.start_uj = counter->start_uj;
    vm.start_update_ns = counter->start_ns;
    vm.range_uj = counter->range_uj;
  }
  if (recording->info.files_num > 0) /* then the rest of the time stamp is known, see cut_off() */
    vm.unit_ns = recording->info.late_ns > 0 ? recording->info.late_ns : LATE_NS;
  int status = keep_label(recording, *r->vms, label);
  if (status == 0)
    status = r->sink->vm(r->sink->arg, (*r->vms)++, &vm);
  r->sink_failed = status != 0;
  free(printable);
  return status;
}

static int announce_all(struct scan *r) {
  int status = 0;
  for (size_t i = 0; i < r->layout.vms_num && status == 0 && !r->layout.is_long; i++)
    status = announce(r, r->layout.vms[i].label, r->layout.vms[i].energy != LAYOUT_NONE);
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
  return announce(r, label, r->layout.vms[0].energy != LAYOUT_NONE);
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

/* Time stamps are truncated. Ticks are whole intervals after the start, so each stamp lacks the same fraction. */
static int64_t cut_off(const struct run_info *info, unsigned decimals) {
  int64_t unit_ns = NS_PER_S;
  for (unsigned i = 0; i < decimals && unit_ns > 1; i++)
    unit_ns /= 10;
  return info->files_num > 0 ? info->start_ns % unit_ns : 0;
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
  ts_ns = run_clock_steady(&r->clock, &r->recording->info, ts_ns);
  if (!r->has_rows) {
    r->has_rows = true;
    r->decimals = decimals;
    r->cut_ns = cut_off(&r->recording->info, decimals);
    int status = announce_all(r);
    if (status != 0)
      return status;
  }
  ts_ns += r->cut_ns;
  if (ts_ns >= r->last_ns)
    r->back_ns = 0;
  if (__builtin_add_overflow(ts_ns, r->back_ns, &ts_ns) || ts_ns > LATEST_NS)
    ts_ns = LATEST_NS;
  if (ts_ns < r->last_ns) { /* the clock was set back, and nobody says by how much: no time passed */
    if (r->back_line == 0)
      r->back_line = row->line;
    r->back_ns += r->last_ns - ts_ns;
    ts_ns = r->last_ns;
  }
  r->last_ns = ts_ns;
  return r->layout.is_long ? take_long_row(r, row, ts_ns) : take_wide_row(r, row, ts_ns);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void tell_faults(const struct scan *r, const char *shown) {
  if (r->back_line > 0)
    tell_warning("'%s': line %" PRIu64 ": the time goes back; taken as a clock that was set back", shown, r->back_line);
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
  struct scan r = {.recording = recording, .sink = sink, .vms = vms, .first_vm = *vms, .last_ns = INT64_MIN};
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

/* --- updates.dat -------------------------------------------------------------------------------------------------- */

enum { COLUMN_TS, COLUMN_WITHIN, COLUMN_LABEL, COLUMN_ENERGY, COLUMN_TOTAL, COLUMN_STATE, COLUMNS };

struct updates_scan {
  const struct recording *recording;
  recording_update *take;
  void *arg;
  size_t *by_label; /* the VMs, in the order of their labels */
  size_t cursor;    /* where in it the last row's VM is */
  bool has_header;
  size_t columns, column[COLUMNS];
  uint64_t bad_rows, bad_line;
  bool sink_failed;
};

static int compare_labels(const void *a, const void *b, void *arg) {
  char *const *labels = arg;
  return strcmp(labels[*(const size_t *)a], labels[*(const size_t *)b]);
}

/* The VM of that label; SIZE_MAX: it is not in the capture. Rows come in the order of the VMs, more or less. */
static size_t vm_of(struct updates_scan *r, const char *label) {
  char *const *labels = r->recording->labels;
  size_t low = 0, high = r->recording->labels_num;
  if (++r->cursor < high && strcmp(labels[r->by_label[r->cursor]], label) == 0)
    return r->by_label[r->cursor];
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(labels[r->by_label[middle]], label);
    if (order == 0) {
      r->cursor = middle;
      return r->by_label[middle];
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return SIZE_MAX;
}

static int take_updates_header(struct updates_scan *r, const struct csv_row *row) {
  static const char *const names[COLUMNS] = {"update_ts", "within_s", "label", "energy_uj", "total_uj", "state"};
  r->has_header = true;
  r->columns = row->count;
  for (size_t c = 0; c < COLUMNS; c++) {
    r->column[c] = SIZE_MAX;
    for (size_t i = 0; i < row->count; i++)
      if (strcmp(row->fields[i], names[c]) == 0)
        r->column[c] = i;
    if (r->column[c] == SIZE_MAX)
      return -EINVAL;
  }
  return 0;
}

/* False: the row is none. */
static bool take_update(const struct updates_scan *r, const struct csv_row *row, int64_t *to_ns,
                        struct update *update) {
  if (row->cut || row->count != r->columns)
    return false;
  const char *fields[COLUMNS];
  for (size_t c = 0; c < COLUMNS; c++)
    fields[c] = row->fields[r->column[c]];
  *update = (struct update){.within_ns = UPDATE_UNDATED, .state = SAMPLE_STATES};
  for (int i = 0; i < SAMPLE_STATES; i++)
    if (strcmp(fields[COLUMN_STATE], sample_state_name((enum sample_state)i)) == 0)
      update->state = (enum sample_state)i;
  int within = field_parse_time(fields[COLUMN_WITHIN], &update->within_ns, NULL);
  int energy = field_parse_energy(fields[COLUMN_ENERGY], &update->energy_uj);
  update->has_energy = energy == 0;
  update->energy_j = 0;
  if (field_parse_time(fields[COLUMN_TS], to_ns, NULL) != 0 || within == -EINVAL || energy == -EINVAL ||
      field_parse_energy(fields[COLUMN_TOTAL], &update->total_uj) != 0 || update->state == SAMPLE_STATES)
    return false;
  update->energy_j = (double)update->total_uj * 1e-6;
  return true;
}

static int take_updates_row(const struct csv_row *row, void *arg) {
  struct updates_scan *r = arg;
  struct update update;
  int64_t to_ns;
  if (!r->has_header)
    return take_updates_header(r, row);
  if (!take_update(r, row, &to_ns, &update)) {
    if (!row->cut && r->bad_rows++ == 0)
      r->bad_line = row->line;
    return 0;
  }
  size_t vm = vm_of(r, row->fields[r->column[COLUMN_LABEL]]);
  int status = vm == SIZE_MAX ? 0 : r->take(r->arg, vm, to_ns, &update);
  r->sink_failed = status != 0;
  return status;
}

int recording_read_updates(struct recording *recording, recording_update *take, void *arg) {
  if (recording->updates == NULL)
    return STATUS_DONE;
  struct updates_scan r = {.recording = recording, .take = take, .arg = arg};
  r.by_label = calloc(recording->labels_num + 1, sizeof(*r.by_label));
  int status = r.by_label != NULL ? 0 : -ENOMEM;
  if (status == 0) {
    for (size_t i = 0; i < recording->labels_num; i++)
      r.by_label[i] = i;
    qsort_r(r.by_label, recording->labels_num, sizeof(*r.by_label), compare_labels, recording->labels);
    status = csv_reader_read(recording->updates, take_updates_row, &r);
  }
  free(r.by_label);
  if (status == 0 && !r.has_header)
    status = -EINVAL;
  char *shown = label_printable(recording->updates);
  if (status != 0)
    tell_error("unable to read '%s': %s", shown != NULL ? shown : "?",
               status == -EINVAL ? "it has other columns" : strerror(-status));
  else if (r.bad_rows > 0)
    tell_error("'%s': %" PRIu64 " line%s passed over, the first is line %" PRIu64, shown != NULL ? shown : "?",
               r.bad_rows, r.bad_rows == 1 ? " is" : "s are", r.bad_line);
  recording->incomplete = recording->incomplete || r.bad_rows > 0;
  free(shown);
  return status == 0 ? STATUS_DONE : STATUS_FAILED;
}
