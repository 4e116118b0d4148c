#include "updates.h"

#include "csv_file.h"
#include "csv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Rows are written at the end of each pass, and before they are more than this. Without a file so many are kept. */
#define KEPT_MAX    ((size_t)64 * 1024)
#define WAITING_MAX ((size_t)4 * 1024 * 1024)

struct updates {
  struct sink sink;
  int64_t offset_ns; /* from mono to update_ts */
  bool started;
  struct csv_file file;
  struct csv_text rows; /* not written yet */
  uint64_t dropped;
  int error;
};

static void write_rows(struct updates *updates) {
  if (updates->rows.len == 0 || (!updates->started && updates->rows.len < WAITING_MAX))
    return;
  int status = updates->file.fd >= 0 ? csv_file_append(&updates->file, &updates->rows) : -EBADF;
  if (status != 0) {
    updates->dropped += updates->rows.len;
    updates->error = status;
  }
  csv_text_clear(&updates->rows);
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
  csv_text_string(rows, sample_state_name(update->state));
  csv_text_char(rows, '\n');
  if (rows->len > KEPT_MAX)
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
  csv_text_clear(&u->rows);
  csv_text_string(&u->rows, "update_ts,within_s,label,energy_uj,total_uj,state\n");
  *updates = u;
  return 0;
}

void updates_delete(struct updates *updates) {
  if (updates == NULL)
    return;
  updates_finish(updates);
  free(updates->rows.data);
  free(updates);
}

struct sink *updates_sink(struct updates *updates) {
  return &updates->sink;
}

int updates_start(struct updates *updates, const char *dir) {
  int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    return -errno;
  int status = csv_file_open(&updates->file, dir_fd, UPDATES_FILE, true);
  if (status == 0) {
    status = csv_file_append(&updates->file, &updates->rows);
    csv_text_clear(&updates->rows);
    updates->started = status == 0;
    if (status != 0) {
      csv_file_close(&updates->file);
      unlinkat(dir_fd, UPDATES_FILE, 0);
    }
  }
  close(dir_fd);
  return status;
}

int updates_finish(struct updates *updates) {
  if (!updates->started)
    return 0;
  write_rows(updates);
  int status = csv_file_close(&updates->file);
  if (status != 0)
    updates->error = status;
  return updates->error;
}

uint64_t updates_dropped(const struct updates *updates) {
  return updates->dropped;
}

int updates_last_error(const struct updates *updates) {
  return updates->error;
}
