/* Reads updates.dat. */
#include "report/recording.h"

#include "common/csv_reader.h"
#include "common/field.h"
#include "common/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_TS, COLUMN_WITHIN, COLUMN_LABEL, COLUMN_ENERGY, COLUMN_TOTAL, COLUMN_STATE, COLUMNS };

struct updates_scan {
  const struct recording *recording;
  recording_update *take;
  void *arg;
  size_t *by_label; /* the VMs, in the order of their labels */
  size_t cursor;    /* place of the last row's VM in it */
  bool has_header;
  size_t columns, column[COLUMNS];
  uint64_t bad_rows, bad_line;
  bool sink_failed;
};

static int compare_labels(const void *a, const void *b, void *arg) {
  char *const *labels = arg;
  return strcmp(labels[*(const size_t *)a], labels[*(const size_t *)b]);
}

/* SIZE_MAX: the capture has no such VM. Rows come mostly in the order of labels. */
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
    r->column[c] = csv_reader_column(row, names[c]);
    if (r->column[c] == row->count)
      return -EINVAL;
  }
  return 0;
}

/* False: not a valid row. */
static bool take_update(const struct updates_scan *r, const struct csv_row *row, int64_t *to_ns,
                        struct update *update) {
  if (row->cut || row->open || row->count != r->columns)
    return false;
  const char *fields[COLUMNS];
  for (size_t c = 0; c < COLUMNS; c++)
    fields[c] = row->fields[r->column[c]];
  *update = (struct update){.within_ns = UPDATE_UNDATED, .state = SAMPLE_STATES};
  for (int i = 0; i < SAMPLE_STATES; i++)
    if (strcmp(fields[COLUMN_STATE], meter_state_name((enum sample_state)i)) == 0)
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
  if (status != 0)
    message_error("unable to read '%s': %s", recording->updates,
                  status == -EINVAL ? "it has other columns" : strerror(-status));
  else if (r.bad_rows > 0)
    message_error("'%s': %" PRIu64 " line%s skipped, the first is line %" PRIu64, recording->updates, r.bad_rows,
                  r.bad_rows == 1 ? " is" : "s are", r.bad_line);
  recording->incomplete = recording->incomplete || r.bad_rows > 0;
  return status == 0 ? STATUS_DONE : STATUS_FAILED;
}
