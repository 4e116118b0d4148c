/*
 * tenant: what a guest can do in the directory that it shares with its host
 *
 *   tenant socket PATH          makes a socket
 *   tenant tear FILE S          rewrites FILE with a number that grows: truncates, then writes, in a tight loop
 *   tenant swap FILE SECRET S   makes FILE a number, a FIFO, a link to SECRET, a directory, a socket, in turn, in a
 * tight loop tenant churn DIR N S        makes and removes N directories DIR/vm-<i>/intel-rapl:0 with their counters,
 * over and over
 *
 * The last three work for S seconds and tell how many times they did it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int make_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof(address.sun_path))
    return -1;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int status = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(address));
  close(fd);
  return status;
}

/* As Scaphandre does: O_TRUNC, then one write. */
static int write_number(const char *path, unsigned long long number) {
  char text[32];
  int len = snprintf(text, sizeof(text), "%llu\n", number);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool good = fd >= 0 && write(fd, text, (size_t)len) == len;
  close(fd);
  return good ? 0 : -1;
}

static int tear(const char *path) {
  static unsigned long long energy_uj = 1000000000;
  return write_number(path, energy_uj += 1000);
}

static int swap(const char *path, const char *secret) {
  static unsigned turn;
  if (unlink(path) != 0 && errno == EISDIR)
    rmdir(path);
  switch (turn++ % 5) {
  case 0:
    return write_number(path, 5000000);
  case 1:
    return mkfifo(path, 0644);
  case 2:
    return symlink(secret, path);
  case 3:
    return mkdir(path, 0755);
  default:
    return make_socket(path);
  }
}

static int churn(const char *dir, long count) {
  char path[4096];
  for (int make = 1; make >= 0; make--)
    for (long i = 0; i < count; i++) {
      snprintf(path, sizeof(path), "%s/vm-%ld", dir, i);
      if (make && mkdir(path, 0755) != 0)
        return -1;
      size_t len = strlen(path);
      snprintf(path + len, sizeof(path) - len, "/intel-rapl:0");
      if (make && mkdir(path, 0755) != 0)
        return -1;
      size_t file = strlen(path);
      snprintf(path + file, sizeof(path) - file, "/energy_uj");
      if (make && write_number(path, 1000000) != 0)
        return -1;
      if (make)
        continue;
      unlink(path);
      path[file] = '\0';
      rmdir(path);
      path[len] = '\0';
      if (rmdir(path) != 0)
        return -1;
    }
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 2 ? argv[1] : "";
  if (strcmp(what, "socket") == 0)
    return make_socket(argv[2]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  bool tears = strcmp(what, "tear") == 0 && argc == 4, swaps = strcmp(what, "swap") == 0 && argc == 5,
       churns = strcmp(what, "churn") == 0 && argc == 5;
  if (!tears && !swaps && !churns) {
    fputs("usage: see the head of tenant.c\n", stderr);
    return 2;
  }
  unsigned long times = 0;
  for (double end_s = now_s() + atof(argv[argc - 1]); now_s() < end_s; times++) {
    int status = tears ? tear(argv[2]) : swaps ? swap(argv[2], argv[3]) : churn(argv[2], atol(argv[3]));
    if (status != 0) {
      fprintf(stderr, "tenant: %s: %s\n", argv[2], strerror(errno));
      return EXIT_FAILURE;
    }
  }
  printf("%lu\n", times);
  return EXIT_SUCCESS;
}
