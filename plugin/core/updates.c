#include "updates.h"

#include "csv_file.h"
#include "csv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Rows are written in batches of so much and at the end of a pass. Up to WAITING_MAX is kept for another try. */
#define BATCH_MAX   ((size_t)64 * 1024)
#define WAITING_MAX ((size_t)4 * 1024 * 1024)

struct updates {
  struct sink sink;
  int64_t offset_ns;    /* from mono to update_ts */
  char *path;           /* NULL: not started */
  struct csv_file file; /* open only while rows are written, to hold no descriptor */
  struct csv_text rows; /* not written yet */
  int error;            /* of the last write */
  int lost_error;       /* why rows were lost; 0: none were */
};

static int append_rows(struct updates *updates, bool create) {
  int status = csv_file_open(&updates->file, AT_FDCWD, updates->path, create);
  if (status != 0)
    return status;
  status = csv_file_append(&updates->file, &updates->rows);
  if (status == 0)
    csv_text_clear(&updates->rows);
  int closed = csv_file_close(&updates->file);
  return status != 0 ? status : closed;
}

static void drop_rows(struct updates *updates) {
  if (updates->rows.len > 0 || updates->rows.failed)
    updates->lost_error = updates->rows.failed ? -ENOMEM : updates->error;
  csv_text_clear(&updates->rows);
}

static void write_rows(struct updates *updates) {
  if (updates->path != NULL && updates->rows.len > 0)
    updates->error = append_rows(updates, false);
  if (updates->rows.len > WAITING_MAX || updates->rows.failed)
    drop_rows(updates);
}

static void put_update(struct sink *sink, const struct update *update) {
  struct updates *updates = (struct updates *)sink;
  struct csv_text *rows = &updates->rows;
  csv_text_time(rows, update->mono_ns + updates->offset_ns, 6);
  csv_text_char(rows, ',');
  if (update->within_ns >= 0)
    csv_text_time(rows, update->within_ns, 6);
  csv_text_char(rows, ',');
  csv_text_field(rows, update->label, "");
  csv_text_char(rows, ',');
  if (update->has_energy)
    csv_text_u64(rows, update->energy_uj, 1);
  csv_text_char(rows, ',');
  csv_text_u64(rows, update->total_uj, 1);
  csv_text_char(rows, ',');
  csv_text_string(rows, meter_state_name(update->state));
  csv_text_char(rows, '\n');
  if (rows->len > BATCH_MAX && updates->error == 0) /* after an error, only one try per pass */
    write_rows(updates);
}

static int end_pass(struct sink *sink) {
  write_rows((struct updates *)sink);
  return 0;
}

int updates_new(const struct instant *start, struct updates **updates) {
  struct updates *u = calloc(1, sizeof(*u));
  if (u == NULL)
    return -ENOMEM;
  u->sink = (struct sink){.end = end_pass, .update = put_update};
  u->offset_ns = start->wall_ns - start->mono_ns;
  u->file = CSV_FILE_CLOSED;
  csv_text_string(&u->rows, "update_ts,within_s,label,energy_uj,total_uj,state\n");
  *updates = u;
  return 0;
}

void updates_free(struct updates *updates) {
  if (updates == NULL)
    return;
  updates_finish(updates);
  free(updates->rows.data);
  free(updates->path);
  free(updates);
}

struct sink *updates_sink(struct updates *updates) {
  return &updates->sink;
}

int updates_start(struct updates *updates, const char *dir) {
  if (asprintf(&updates->path, "%s/%s", dir, UPDATES_FILE) < 0) {
    updates->path = NULL;
    return -ENOMEM;
  }
  int status = append_rows(updates, true);
  if (status == 0)
    return 0;
  if (status != -EEXIST)
    unlink(updates->path);
  free(updates->path);
  updates->path = NULL;
  return status;
}

const char *updates_path(const struct updates *updates) {
  return updates->path;
}

int updates_error(const struct updates *updates) {
  return updates->error;
}

int updates_finish(struct updates *updates) {
  if (updates->path == NULL)
    return 0;
  write_rows(updates);
  drop_rows(updates);
  return updates->lost_error;
}
