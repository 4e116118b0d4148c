/* Reads the rows of the files of a capture: which VM, which values, at which time. */
#include "report/recording.h"

#include "common/csv_reader.h"
#include "common/field.h"
#include "common/message.h"
#include "report/recording_faults.h"
#include "report/recording_layout.h"
#include "report/recording_times.h"

#include "core/clock.h"
#include "core/label.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* Assumed lateness of rows of a run that was killed before it recorded the real one. */
#define LATE_NS (50 * NS_PER_MS)

/* Hashes of values that are kept to detect copied rows; a power of two. */
#define SEEN_NUM ((size_t)1 << 16)

/* The index of a VM that an earlier file has, and that is skipped in this one. */
#define IN_OTHER_FILE SIZE_MAX

/* A VM of a file. Two of one name in a table, which the earlier Python tool could write, stay two. */
struct file_vm {
  size_t index;    /* in the recording; IN_OTHER_FILE */
  size_t nth;      /* among those of this name */
  size_t table;    /* the last one that has it; 0: none */
  size_t order;    /* long: its place in in_order */
  bool is_missing; /* in its last row */
  struct recording_times times;
  const char *label; /* stored after the struct */
};

struct scan {
  struct recording *recording;
  const struct recording_sink *sink;
  void **owners; /* tsearch(3) tree of struct owner, of all files so far */
  size_t file;
  struct run_info_clock clock;
  size_t *vms;  /* number of VMs in all files so far */
  size_t table; /* from 1; 0: before the first header */
  bool table_has_rows;
  struct recording_layout layout;
  struct recording_value *values; /* wide: of the row */
  struct file_vm **columns;       /* wide: the VMs of the table */
  bool file_has_rows;
  int64_t unit_ns;      /* of the last digit of time stamps */
  int64_t truncated_ns; /* that each time stamp lacks: ticks are whole intervals after the start */
  int64_t row_ns;       /* of the last row */

  struct file_vm **in_order; /* long: the VMs in the order of rows */
  size_t in_order_num, cursor;
  void *by_label; /* tsearch(3) tree of all VMs of the file */
  uint32_t *seen; /* hashes of values, two per place */
  size_t seen_num;

  struct recording_faults faults;
  bool sink_failed;
};

/* Keeps the label of a new VM for updates.dat. */
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

/* is_new: false if the VM is known, but nothing of the time before its next row. */
static int announce(struct scan *r, const struct file_vm *file_vm, bool has_counter, bool is_new) {
  char *printable = label_printable(file_vm->label);
  if (printable == NULL)
    return -ENOMEM;
  struct recording *recording = r->recording;
  bool from_start = is_new && r->table <= 1;
  struct recording_vm vm = {.label = printable,
                            .has_counter = has_counter,
                            .start_ns = from_start ? recording->info.start_ns : 0,
                            .unit_ns = r->unit_ns};
  const struct run_counter *counter = recording->has_info ? run_info_counter(&recording->info, printable) : NULL;
  if (counter != NULL) {
    vm.has_start = from_start && counter->has_start && r->file_has_rows;
    vm.start_uj = counter->start_uj;
    vm.start_update_ns = counter->start_ns;
    vm.range_uj = counter->range_uj;
  }
  if (recording->info.files_num > 0) /* then truncated digits are known, see truncated_ns */
    vm.unit_ns = recording->info.late_ns > 0 ? recording->info.late_ns : LATE_NS;
  recording->has_breaks = recording->has_breaks || !is_new;
  int status = is_new ? keep_label(recording, file_vm->index, file_vm->label) : 0;
  if (status == 0)
    status = r->sink->vm(r->sink->arg, file_vm->index, &vm);
  r->sink_failed = status != 0;
  free(printable);
  return status;
}

/* --- VMs ---------------------------------------------------------------------------------------------------------- */

/* The first file that has a VM. */
struct owner {
  size_t file;
  const char *label; /* stored after the struct */
};

static int compare_owners(const void *a, const void *b) {
  return strcmp(((const struct owner *)a)->label, ((const struct owner *)b)->label);
}

static int find_owner(struct scan *r, const char *label, size_t *file) {
  size_t size = strlen(label) + 1;
  struct owner *owner = malloc(sizeof(*owner) + size);
  if (owner == NULL)
    return -ENOMEM;
  *owner = (struct owner){.file = r->file, .label = memcpy(owner + 1, label, size)};
  struct owner **node = tsearch(owner, r->owners, compare_owners);
  if (node == NULL || *node != owner)
    free(owner);
  if (node == NULL)
    return -ENOMEM;
  *file = (*node)->file;
  return 0;
}

static int compare_file_vms(const void *a, const void *b) {
  const struct file_vm *x = a, *y = b;
  int order = strcmp(x->label, y->label);
  return order != 0 ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

static int add_vm(struct scan *r, const char *label, size_t nth, bool has_counter, struct file_vm **added) {
  size_t size = strlen(label) + 1, owner;
  int status = find_owner(r, label, &owner);
  struct file_vm *vm = status == 0 ? malloc(sizeof(*vm) + size) : NULL;
  if (vm == NULL)
    return -ENOMEM;
  *vm = (struct file_vm){.nth = nth, .label = memcpy(vm + 1, label, size)};
  if (tsearch(vm, &r->by_label, compare_file_vms) == NULL) {
    free(vm);
    return -ENOMEM;
  }
  *added = vm;
  if (owner != r->file) {
    vm->index = IN_OTHER_FILE;
    if (r->faults.other_file_vms++ == 0) {
      r->faults.other_file = r->recording->files[owner];
      r->faults.other_file_label = vm->label;
    }
    return 0;
  }
  vm->index = *r->vms;
  status = announce(r, vm, has_counter, true);
  *r->vms += status == 0;
  return status;
}

/* The VM of this name; of two, the one that this table does not have yet. */
static int find_file_vm(struct scan *r, const char *label, bool may_be_two, bool has_counter, struct file_vm **found) {
  struct file_vm key = {.label = label};
  struct file_vm **node;
  for (;; key.nth++) {
    node = tfind(&key, &r->by_label, compare_file_vms);
    if (node == NULL || !may_be_two || (*node)->table != r->table)
      break;
  }
  int status = 0;
  if (node != NULL)
    *found = *node;
  else
    status = add_vm(r, label, key.nth, has_counter, found);
  if (status == 0 && (*found)->table != r->table) {
    (*found)->table = r->table;
    (*found)->times.starts_table = (*found)->times.has_row;
  }
  return status;
}

/* The VM of a row of the long layout. Rows mostly come in the order of the pass before. */
static int find_long_vm(struct scan *r, const char *label, struct file_vm **found) {
  size_t at = r->cursor;
  int status = 0;
  if (at < r->in_order_num && r->in_order[at]->table == r->table && strcmp(r->in_order[at]->label, label) == 0) {
    *found = r->in_order[at];
  } else {
    size_t vms = *r->vms;
    status = find_file_vm(r, label, false, r->layout.vms[0].energy != RECORDING_LAYOUT_NONE, found);
    if (status != 0 || (*found)->index == IN_OTHER_FILE)
      return status;
    at = (*found)->order;
    if (*r->vms > vms || at >= r->in_order_num || r->in_order[at] != *found) {
      if ((r->in_order_num & (r->in_order_num + 1)) == 0) { /* 0, 1, 3, 7, ...: it is full */
        struct file_vm **vms_now = reallocarray(r->in_order, 2 * r->in_order_num + 1, sizeof(struct file_vm *));
        if (vms_now == NULL)
          return -ENOMEM;
        r->in_order = vms_now;
      }
      at = r->in_order_num++;
      r->in_order[at] = *found;
      (*found)->order = at;
    }
  }
  r->cursor = at + 1 < r->in_order_num ? at + 1 : 0;
  return 0;
}

/* Wide: finds all VMs of the table. */
static int begin_table(struct scan *r) {
  int status = 0;
  r->table_has_rows = true;
  for (size_t i = 0; i < r->layout.vms_num && status == 0 && !r->layout.is_long; i++)
    status =
        find_file_vm(r, r->layout.vms[i].label, true, r->layout.vms[i].energy != RECORDING_LAYOUT_NONE, &r->columns[i]);
  return status;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static void take_cells(struct scan *r, const struct csv_row *row, const struct recording_layout_vm *vm,
                       struct recording_value *value) {
  int energy =
      vm->energy != RECORDING_LAYOUT_NONE ? field_parse_energy(row->fields[vm->energy], &value->energy_uj) : -ENODATA;
  int power =
      vm->power != RECORDING_LAYOUT_NONE ? field_parse_power(row->fields[vm->power], &value->power_w) : -ENODATA;
  bool bad_energy = energy != 0 && energy != -ENODATA, bad_power = power != 0 && power != -ENODATA;
  value->has_energy = energy == 0 && !bad_power; /* if one half of a sample is wrong, the other may be too */
  value->has_power = power == 0 && !bad_energy;
  if (bad_energy)
    recording_faults_skip_field(&r->faults.cells, row->line, row->fields[vm->energy], energy, false);
  if (bad_power)
    recording_faults_skip_field(&r->faults.cells, row->line, row->fields[vm->power], power, false);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 32;
}

/* A hash of the values, not 0, and its place in r->seen. */
static uint32_t trace_of(const struct file_vm *vm, const struct recording_value *value, size_t *place) {
  uint64_t power_bits = 0, hash = mix(mix(1, vm->index), (uint64_t)value->ts_ns);
  *place = (size_t)hash & (SEEN_NUM - 1) & ~(size_t)1;
  memcpy(&power_bits, &value->power_w, sizeof(power_bits));
  hash = mix(hash, value->has_energy ? value->energy_uj : UINT64_MAX);
  hash = mix(hash, value->has_power ? power_bits : UINT64_MAX);
  return (uint32_t)hash | 1;
}

static void remember(struct scan *r, const struct file_vm *vm, const struct recording_value *value) {
  size_t place;
  uint32_t trace = trace_of(vm, value, &place);
  r->seen[place + 1] = r->seen[place];
  r->seen[place] = trace;
  r->seen_num++;
}

/* True if the row starts a copy of rows. In a large file, where hashes get lost, a fallen counter is enough. */
static bool is_copy(const struct scan *r, const struct file_vm *vm, const struct recording_value *value) {
  size_t place;
  if (vm->index == IN_OTHER_FILE || !recording_times_may_repeat(&vm->times, value->ts_ns) ||
      !recording_times_prove_copy(&vm->times, value))
    return false;
  uint32_t trace = trace_of(vm, value, &place);
  if (r->seen[place] == trace || r->seen[place + 1] == trace)
    return true;
  return r->seen_num > SEEN_NUM / 8 && value->has_energy && vm->times.has_energy &&
         value->energy_uj < vm->times.energy_uj;
}

static int put(struct scan *r, struct file_vm *vm, struct recording_value *value, bool has_counter, uint64_t line,
               bool is_copied) {
  if (vm->index == IN_OTHER_FILE)
    return 0;
  bool may_be_copied = is_copied && recording_times_may_repeat(&vm->times, value->ts_ns);
  double s = (double)(value->ts_ns - vm->times.last_ns) * 1e-9;
  enum recording_step step = recording_times_take(&vm->times, value, may_be_copied, r->recording->info.files_num > 0);
  if (step == RECORDING_STEP_COPY) {
    recording_faults_note(&r->faults.steps[step], line, value->ts_ns, s);
    return 0;
  }
  value->ts_ns = vm->times.last_ns; /* differs from the row's if the clock was set back a little */
  value->after_hole = vm->is_missing || (step == RECORDING_STEP_HOLE && !has_counter);
  vm->is_missing = value->has_state && value->state == SAMPLE_MISSING;
  if (step != RECORDING_STEP_HOLE || !has_counter)
    recording_faults_note(&r->faults.steps[step], line, value->ts_ns, s);
  int status = 0;
  if (step == RECORDING_STEP_BACK || step == RECORDING_STEP_JUMP || step == RECORDING_STEP_TABLE)
    status = announce(r, vm, has_counter, false);
  if (status != 0)
    return status;
  remember(r, vm, value);
  status = r->sink->value(r->sink->arg, vm->index, value);
  r->sink_failed = status != 0;
  return status;
}

static void take_state(const char *name, struct recording_value *value) {
  for (int i = 0; i < SAMPLE_STATES && !value->has_state; i++) {
    value->has_state = strcmp(name, meter_state_name((enum sample_state)i)) == 0;
    value->state = (enum sample_state)i;
  }
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static int take_long_row(struct scan *r, const struct csv_row *row, int64_t ts_ns) {
  const struct recording_layout *layout = &r->layout;
  struct recording_value value = {.ts_ns = ts_ns};
  struct file_vm *vm;
  take_cells(r, row, &layout->vms[0], &value);
  if (layout->state != RECORDING_LAYOUT_NONE)
    take_state(row->fields[layout->state], &value);
  int status = find_long_vm(r, row->fields[layout->label], &vm);
  return status != 0
             ? status
             : put(r, vm, &value, layout->vms[0].energy != RECORDING_LAYOUT_NONE, row->line, is_copy(r, vm, &value));
}

static int take_wide_row(struct scan *r, const struct csv_row *row, int64_t ts_ns, bool is_first) {
  const struct recording_layout *layout = &r->layout;
  bool is_copied = false;
  for (size_t i = 0; i < layout->vms_num; i++) {
    r->values[i] = (struct recording_value){.ts_ns = ts_ns};
    take_cells(r, row, &layout->vms[i], &r->values[i]);
    if (is_first || ts_ns < r->row_ns)
      is_copied = is_copied || is_copy(r, r->columns[i], &r->values[i]);
  }
  r->row_ns = ts_ns;
  int status = 0;
  for (size_t i = 0; i < layout->vms_num && status == 0; i++)
    status = put(r, r->columns[i], &r->values[i], layout->vms[i].energy != RECORDING_LAYOUT_NONE, row->line, is_copied);
  return status;
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

static int take_layout(struct scan *r, struct recording_layout *layout, uint64_t line) {
  struct recording_value *values = calloc(layout->vms_num, sizeof(*values));
  struct file_vm **columns = calloc(layout->vms_num, sizeof(struct file_vm *));
  if (values == NULL || columns == NULL) {
    free(values);
    free(columns);
    recording_layout_free(layout);
    return -ENOMEM;
  }
  free(r->values);
  free(r->columns);
  recording_layout_free(&r->layout);
  r->values = values;
  r->columns = columns;
  r->layout = *layout;
  r->table_has_rows = false;
  if (r->table++ > 0) {
    recording_faults_note(&r->faults.tables, line, (int64_t)r->table, 0);
    r->recording->has_breaks = true;
  }
  return 0;
}

/* "ts;a_power_w", in one field or, with decimal commas, in several. */
static char find_separator(const struct csv_row *row) {
  static const char separators[] = ";\t|";
  for (const char *s = separators; *s != '\0'; s++)
    for (size_t i = 0; i < row->count; i++) {
      const char *field = row->fields[i];
      for (const char *at = strstr(field, "ts"); at != NULL; at = strstr(at + 1, "ts")) {
        const char *end = at + 2;
        bool begins = at == field || at[-1] == *s || at[-1] == '"', ends = *end == *s || (*end == '"' && end[1] == *s);
        if (begins && (ends || (*end == '\0' && at != field)))
          return *s;
      }
    }
  return '\0';
}

static int take_header(struct scan *r, const struct csv_row *row) {
  struct recording_layout layout;
  if (row->open) {
    r->faults.separator = find_separator(row);
    r->faults.missing = "header: a quote in its first line is not closed";
    return -EINVAL;
  }
  if (row->line == 1 && row->count <= 2 && strncmp(row->fields[0], "sep=", 4) == 0) { /* for a spreadsheet */
    char separator = row->fields[0][4];
    r->faults.separator = separator;
    return separator == '\0' || separator == ',' ? 0 : -EINVAL;
  }
  int status = recording_layout_parse(row->fields, row->count, &layout, &r->faults.missing);
  if (status == -EINVAL)
    r->faults.separator = find_separator(row);
  if (status == 0)
    status = take_layout(r, &layout, row->line);
  return status;
}

/*
 * True if the row is a header, which begins another table. It may follow the last field of the table before, if that
 * lacks its line feed.
 */
static bool find_header(struct scan *r, const struct csv_row *row, struct recording_layout *layout, int *status) {
  const char *missing;
  for (size_t i = 0; i < row->count; i++) {
    size_t len = strlen(row->fields[i]);
    if (len < 2 || strcmp(row->fields[i] + len - 2, "ts") != 0)
      continue;
    if (len == 2) {
      *status = recording_layout_parse(row->fields, row->count, layout, &missing);
      return *status != -EINVAL;
    }
    size_t before = len - 2;
    if (before > 3 && memcmp(row->fields[i] + before - 3, "\xef\xbb\xbf", 3) == 0)
      before -= 3;
    if (strchr("0123456789.", row->fields[i][before - 1]) == NULL)
      continue;
    const char **fields = calloc(row->count - i, sizeof(*fields));
    if (fields == NULL) {
      *status = -ENOMEM;
      return true;
    }
    memcpy(fields, row->fields + i, (row->count - i) * sizeof(*fields));
    fields[0] = row->fields[i] + len - 2;
    *status = recording_layout_parse(fields, row->count - i, layout, &missing);
    free(fields);
    if (*status != -EINVAL) {
      r->faults.joined_line = row->line;
      return true;
    }
  }
  return false;
}

/* A row without a time stamp, or with another number of fields. */
static int take_odd_row(struct scan *r, const struct csv_row *row, int time_status) {
  struct recording_layout layout;
  int status;
  size_t empty = 0;
  while (empty < row->count && row->fields[empty][0] == '\0')
    empty++;
  if (row->count > 0 && empty == row->count) /* as spreadsheets write them */
    return 0;
  if (find_header(r, row, &layout, &status))
    return status != 0 ? status : take_layout(r, &layout, row->line);
  if (row->count != r->layout.columns)
    return recording_faults_skip(&r->faults.rows, row->line, "it has %zu field%s, not %zu%s", row->count,
                                 row->count == 1 ? "" : "s", r->layout.columns,
                                 row->count > r->layout.columns && !r->file_has_rows ? "; decimal commas?" : "");
  return recording_faults_skip_field(&r->faults.rows, row->line, row->fields[r->layout.ts], time_status, true);
}

static bool has_decimal_comma(const struct scan *r, const struct csv_row *row) {
  bool found = row->count == r->layout.columns && field_has_decimal_comma(row->fields[r->layout.ts]);
  for (size_t i = 0; i < r->layout.vms_num && !found && row->count == r->layout.columns; i++) {
    const struct recording_layout_vm *vm = &r->layout.vms[i];
    found = (vm->power != RECORDING_LAYOUT_NONE && field_has_decimal_comma(row->fields[vm->power])) ||
            (vm->energy != RECORDING_LAYOUT_NONE && field_has_decimal_comma(row->fields[vm->energy]));
  }
  return found;
}

static int take_row(const struct csv_row *row, void *arg) {
  struct scan *r = arg;
  if (r->table == 0)
    return take_header(r, row);
  if (row->open)
    return recording_faults_skip(&r->faults.rows, row->line, "a quote in it is not closed");
  if (row->cut) {
    r->faults.cut_line = row->line;
    return 0;
  }
  int64_t ts_ns;
  unsigned decimals;
  if (!r->file_has_rows && has_decimal_comma(r, row)) {
    r->faults.has_commas = true;
    return -EINVAL;
  }
  int status = -EINVAL;
  if (row->count == r->layout.columns)
    status = field_parse_time(row->fields[r->layout.ts], &ts_ns, &decimals);
  if (status != 0)
    return take_odd_row(r, row, status);
  ts_ns = run_info_steady_ns(&r->clock, &r->recording->info, ts_ns);
  bool is_first = !r->table_has_rows;
  if (is_first) {
    const struct run_info *info = &r->recording->info;
    r->file_has_rows = true;
    for (r->unit_ns = NS_PER_S; decimals > 0 && r->unit_ns > 1; decimals--)
      r->unit_ns /= 10;
    r->truncated_ns = info->files_num > 0 ? info->start_ns % r->unit_ns : 0;
    status = begin_table(r);
    if (status != 0)
      return status;
  }
  ts_ns += r->truncated_ns;
  return r->layout.is_long ? take_long_row(r, row, ts_ns) : take_wide_row(r, row, ts_ns, is_first);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void free_scan(struct scan *r) {
  recording_layout_free(&r->layout);
  tdestroy(r->by_label, free);
  free(r->in_order);
  free(r->values);
  free(r->columns);
  free(r->seen);
}

/* 0: read. 1: no capture; an error has been printed. -errno of the sink. */
static int read_file(struct recording *recording, size_t file, const struct recording_sink *sink, size_t *vms,
                     void **owners, bool is_first) {
  const char *path = recording->files[file];
  struct scan r = {.recording = recording,
                   .sink = sink,
                   .vms = vms,
                   .owners = owners,
                   .file = file,
                   .unit_ns = NS_PER_S,
                   .row_ns = INT64_MIN};
  const char *shown = strcmp(path, CSV_READER_STDIN) == 0 ? recording->shown : path;
  r.seen = calloc(SEEN_NUM, sizeof(*r.seen));
  int status = r.seen != NULL ? csv_reader_read_or_identify(path, take_row, &r, &r.faults.foreign) : -ENOMEM;
  if (status == 0 && r.table > 0 && !r.table_has_rows)
    status = begin_table(&r);
  bool none = r.table == 0 || (status != 0 && !r.sink_failed);
  if (none && is_first)
    recording_faults_no_capture(&r.faults, path, shown, status, recording->from_search);
  else if (is_first)
    recording_faults_report(&r.faults, shown);
  recording->incomplete = recording->incomplete || r.faults.rows.num > 0 || r.faults.cells.num > 0 ||
                          r.faults.steps[RECORDING_STEP_COPY].num > 0 || r.faults.other_file_vms > 0 ||
                          (none && !recording->from_search);
  free_scan(&r);
  return r.sink_failed ? status : none;
}

int recording_read(struct recording *recording, const struct recording_sink *sink) {
  bool is_first = !recording->was_read;
  size_t vms = 0, good = 0;
  void *owners = NULL;
  int status = 0;
  recording->was_read = true;
  for (size_t i = 0; i < recording->files_num && status >= 0; i++) {
    status = read_file(recording, i, sink, &vms, &owners, is_first);
    good += status == 0;
  }
  tdestroy(owners, free);
  if (status < 0) {
    message_error("unable to read '%s': %s", recording->shown, strerror(-status));
    return STATUS_FAILED;
  }
  if (good == 0 && recording->from_search && is_first)
    message_error("'%s' is no capture: none of its .csv files is", recording->shown);
  return good > 0 ? STATUS_DONE : STATUS_FAILED;
}
