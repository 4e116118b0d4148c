#include "vms.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define UPDATE_UJ UINT64_C(500000000)

static void die(const char *what) {
  fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void write_counter(const char *path, uint64_t energy_uj, int64_t wall_ns) {
  char text[24];
  int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", energy_uj);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, text, (size_t)len) != len)
    die(path);
  struct timespec time = {.tv_sec = wall_ns / NS_PER_S, .tv_nsec = wall_ns % NS_PER_S};
  if (wall_ns != 0 && futimens(fd, (struct timespec[]){time, time}) != 0)
    die(path);
  close(fd);
}

static void make_dir(const char *path) {
  if (mkdir(path, 0755) != 0 && errno != EEXIST)
    die(path);
}

/* The directories that hold a counter are made on the way. */
static char *make_vm(const char *root, const char *name) {
  char path[512];
  snprintf(path, sizeof(path), "%s/%s", root, name);
  make_dir(path);
  snprintf(path, sizeof(path), "%s/%s/intel-rapl:0", root, name);
  make_dir(path);
  snprintf(path, sizeof(path), "%s/%s/intel-rapl:0/energy_uj", root, name);
  return strdup(path);
}

void vms_make(struct vms *vms, const char *dir, size_t count) {
  char root[256], name[32];
  snprintf(root, sizeof(root), "%s/scaphandre", dir);
  make_dir(root);
  *vms = (struct vms){
      .count = count, .paths = calloc(count, sizeof(*vms->paths)), .energy_uj = calloc(count, sizeof(*vms->energy_uj))};
  if (vms->paths == NULL || vms->energy_uj == NULL || asprintf(&vms->pattern, "%s/*/intel-rapl:0/energy_uj", root) < 0)
    die("memory");
  for (size_t i = 0; i < count; i++) {
    snprintf(name, sizeof(name), "vm-%05zu", i);
    vms->paths[i] = make_vm(root, name);
    vms->energy_uj[i] = UINT64_C(100000000000) + i * UINT64_C(12345678);
    write_counter(vms->paths[i], vms->energy_uj[i], 0);
  }
}

static char *guest_path(const struct vms *vms) {
  char root[256];
  snprintf(root, sizeof(root), "%.*s", (int)(strlen(vms->pattern) - strlen("/*/intel-rapl:0/energy_uj")), vms->pattern);
  return make_vm(root, "vm-new");
}

void vms_add_guest(const struct vms *vms) {
  char *path = guest_path(vms);
  write_counter(path, 1, 0);
  free(path);
}

void vms_remove_guest(const struct vms *vms) {
  char *path = guest_path(vms);
  unlink(path);
  for (int i = 0; i < 2; i++) {
    *strrchr(path, '/') = '\0';
    rmdir(path);
  }
  free(path);
}

void vms_write(struct vms *vms, size_t first, size_t step, int64_t wall_ns) {
  for (size_t i = first; i < vms->count; i += step)
    write_counter(vms->paths[i], vms->energy_uj[i] += UPDATE_UJ + i % 1000, wall_ns);
}

void vms_read_bare(const struct vms *vms) {
  for (size_t i = 0; i < vms->count; i++) {
    char text[64];
    int fd = open(vms->paths[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
      die(vms->paths[i]);
    close(fd);
  }
}

void vms_free(struct vms *vms) {
  for (size_t i = 0; i < vms->count; i++)
    free(vms->paths[i]);
  free(vms->paths);
  free(vms->energy_uj);
  free(vms->pattern);
}

int64_t cpu_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

void result(const char *what, size_t count, double value, const char *unit, double floor) {
  printf("%s\t%zu\t%.6g\t%s\t%.6g\n", what, count, value, unit, floor);
}
