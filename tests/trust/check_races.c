/*
 * A writer in a tight loop against a reader in another: no false zero, no fall, no spike, and a value never has the
 * time of another. VM_ENERGY_READS says how often it is looked; `make trust` looks a million times.
 */
#include "../one_look.h"
#include "../scratch.h"
#include "../suite.h"

#include "core/clock.h"
#include "core/label.h"
#include "core/meter.h"
#include "core/source.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define BASE_UJ 1000000000 /* as many digits before as behind, so that a torn number is far off */
#define POWER_W 100.0

static int64_t elapsed_ns(const struct instant *start) {
  struct instant now;
  ck_assert_int_eq(clock_now(&now), 0);
  return now.mono_ns - start->mono_ns;
}

/* ---- writers -------------------------------------------------------------------------------------------------------
 */

/* What the number tells of its own modification time, for the writers that set it. */
static struct timespec time_of(uint64_t energy_uj) {
  return (struct timespec){.tv_sec = 1000000000 + (time_t)(energy_uj % 1000000), .tv_nsec = (long)(energy_uj % 999983)};
}

static void put(int fd, uint64_t energy_uj) {
  char text[32];
  int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", energy_uj);
  if (write(fd, text, (size_t)len) != len)
    _exit(1);
}

static void put_time(int fd, uint64_t energy_uj) {
  struct timespec times[2] = {time_of(energy_uj), time_of(energy_uj)};
  if (futimens(fd, times) != 0)
    _exit(1);
}

/* As Scaphandre does it; the number is what 100 W have added by now. On a busy machine "now" can be long ago when it is
   written: how long, at most, is what the writer shares with the reader. */
static int64_t *late_ns;

static void truncate_and_write(const char *path, const struct instant *start, uint64_t turn) {
  (void)turn;
  int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
  int64_t now_ns = elapsed_ns(start);
  put(fd, BASE_UJ + (uint64_t)((double)now_ns * POWER_W / 1e3));
  int64_t took_ns = elapsed_ns(start) - now_ns;
  if (took_ns > __atomic_load_n(late_ns, __ATOMIC_RELAXED))
    __atomic_store_n(late_ns, took_ns, __ATOMIC_RELAXED);
  close(fd);
}

/* A new file takes the place of the old one. */
static void rename_over(const char *path, const struct instant *start, uint64_t turn) {
  (void)start;
  char other[PATH_MAX];
  snprintf(other, sizeof(other), "%s.new", path);
  int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  put(fd, BASE_UJ + turn);
  put_time(fd, BASE_UJ + turn);
  close(fd);
  if (rename(other, path) != 0)
    _exit(1);
}

/* In place, without truncation, then a time of its own: until then it has that of now. */
static void write_in_place(const char *path, const struct instant *start, uint64_t turn) {
  (void)start;
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  put(fd, BASE_UJ + turn);
  put_time(fd, BASE_UJ + turn);
  close(fd);
}

typedef void write_function(const char *path, const struct instant *start, uint64_t turn);

static const struct {
  write_function *write;
  bool timed; /* time_of() tells the time */
  bool in_memory;
} writers[] = {
    {truncate_and_write, false, true},
    {truncate_and_write, false, false},
    {rename_over, true, true},
    {write_in_place, true, true},
};

static pid_t start_writer(write_function *write, const struct instant *start) {
  const char *path = in_scratch("vm/energy_uj");
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid != 0)
    return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (uint64_t turn = 1;; turn++)
    write(path, start, turn);
}

/* The power that is least exact is one over 0.8 s, see POWER_TICKS in meter.c. */
static bool is_right(double power_w) {
  double error_w = fabs(power_w - POWER_W);
  if (error_w > 0.03 * POWER_W)
    usleep(300000); /* until the writer has told of it */
  return error_w < 0.03 * POWER_W + POWER_W * (double)__atomic_load_n(late_ns, __ATOMIC_RELAXED) / 0.7e9;
}

/* ---- the reader -------------------------------------------------------------------------------------------------- */

/* True if the kernel had set the seconds of the file's time, and not yet the nanoseconds: it takes no lock for both. */
static bool check_pairing(const struct reading *reading) {
  struct timespec own = time_of(reading->energy_uj);
  bool of_now = reading->mtime_ns > INT64_C(1700000000) * NS_PER_S; /* written, its time not set yet */
  ck_assert_msg(of_now || reading->mtime_ns / NS_PER_S == own.tv_sec,
                "%" PRIu64 " has the time %" PRId64 " of another value", reading->energy_uj, reading->mtime_ns);
  return !of_now && reading->mtime_ns % NS_PER_S != own.tv_nsec;
}

static struct source *open_source(void) {
  struct source_options options = {.label_max = LABEL_MAX_FILE};
  struct source *source;
  ck_assert_int_eq(source_new(&options, &source), 0);
  ck_assert_int_eq(source_add(source, in_scratch("*/energy_uj")), 0);
  return source;
}

START_TEST(race) {
  if (writers[_i].in_memory) {
    char dir[] = "/dev/shm/vm_energy.XXXXXX";
    if (mkdtemp(dir) != NULL) {
      rmdir(scratch);
      strcpy(scratch, dir);
    }
  }
  write_text("vm/energy_uj", "1000000000\n");
  struct timespec own = time_of(BASE_UJ);
  set_mtime("vm/energy_uj", own.tv_sec, own.tv_nsec);
  struct instant start;
  ck_assert_int_eq(clock_now(&start), 0);
  struct source *source = open_source();
  struct meter_options options = {.base = METER_UPDATE, .scale = 1, .tick_ns = clock_tick_ns()};
  struct meter meter;
  struct sample sample = {.slot = NULL};
  meter_init(&meter, &options);
  late_ns = mmap(NULL, sizeof(*late_ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert(late_ns != MAP_FAILED);
  pid_t pid = start_writer(writers[_i].write, &start);

  const char *text = getenv("VM_ENERGY_READS");
  long reads = text != NULL ? atol(text) : 50000, bad = 0, updates = 0, powers = 0, half_set = 0;
  /* a busy machine interrupts the writer, whose late updates have no power */
  int64_t least_ns = 2 * NS_PER_S, most_ns = 300 * NS_PER_S;
  uint64_t last_uj = 0;
  double last_j = 0;
  for (long i = 0; i < reads || elapsed_ns(&start) < (writers[_i].timed || powers > 50 ? least_ns : most_ns); i++) {
    struct instant now;
    struct reading reading;
    int64_t patience_ns = COUNTER_PATIENCE_NS;
    ck_assert_int_eq(clock_now(&now), 0);
    ck_assert_int_eq(source_begin(source, NULL), 0);
    ck_assert_uint_eq(source_count(source), 1);
    source_read(source, source_at(source, 0), &patience_ns, &reading);
    source_end(source);
    if (i > reads)
      reads = i;
    bad += reading.error != 0;
    if (reading.error == 0) {
      ck_assert_msg(reading.energy_uj >= last_uj && reading.energy_uj >= BASE_UJ, "%" PRIu64 " behind %" PRIu64,
                    reading.energy_uj, last_uj);
      if (writers[_i].timed)
        half_set += check_pairing(&reading);
      updates += reading.energy_uj > last_uj;
      last_uj = reading.energy_uj;
    }
    if (writers[_i].timed)
      continue;
    take_and_sample(&meter, &reading, &now, &sample);
    ck_assert_msg(!sample.has_energy || sample.energy_j >= last_j, "accumulated energy fell");
    last_j = sample.has_energy ? sample.energy_j : last_j;
    ck_assert_msg(sample.state != SAMPLE_RESET, "a false reset");
    ck_assert_msg(!sample.has_power || is_right(sample.power_w), "%.3f W, the writer was late by %.3f s at most",
                  sample.power_w, (double)*late_ns / 1e9);
    powers += sample.has_power;
  }
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  source_free(source);
  printf("%ld reads, %ld bad, %ld updates, %ld powers, late by %.1f ms at most\n", reads, bad, updates, powers,
         (double)*late_ns / 1e6);
  ck_assert_int_gt(updates, 50);
  ck_assert_msg(writers[_i].timed || powers > 50, "%ld powers", powers);
  ck_assert_int_le(half_set, reads / 100); /* many, where the writer is interrupted there */
  ck_assert_int_lt(bad, reads / 4 * 3);    /* on a busy disk a file is empty for long */
}
END_TEST

int main(void) {
  Suite *suite = suite_create("races");
  TCase *tcase = tcase_create("races");
  tcase_set_timeout(tcase, 3600);
  tcase_add_checked_fixture(tcase, scratch_make, scratch_clean);
  tcase_add_loop_test(tcase, race, 0, ROWS(writers));
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
