/*
 * central: what many hosts send to a central collectd, from one process
 *
 * Each simulated host has VMs with a power and an energy each, and sends them once an interval in collectd's binary
 * protocol, as the network plugin does: packets of at most 1,452 bytes. The hosts are spread evenly over the interval,
 * as hosts are that were started at any time. The protocol is libcollectdclient's.
 *
 * At the end one line: hosts, values, packets and bytes that were sent, the seconds that took, and the largest delay in
 * ms behind the schedule (a sender that is late is the limit itself).
 */
#include <collectd/network_buffer.h>

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct {
  const char *node, *service, *prefix;
  unsigned hosts, vms;
  double interval_s, duration_s;
  bool at_once;
} options = {.node = "127.0.0.1",
             .service = "25826",
             .prefix = "host",
             .hosts = 10,
             .vms = 50,
             .interval_s = 10,
             .duration_s = 30};

static struct {
  unsigned long values, packets, bytes;
  double late_s;
} sent;

__attribute__((noreturn, format(printf, 2, 3))) static void die(int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("central: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(status);
}

__attribute__((noreturn)) static void usage(void) {
  fputs("usage: central [options]\n"
        "  --to ADDRESS       of the central collectd (127.0.0.1)\n"
        "  --port PORT        (25826)\n"
        "  --hosts N          how many send (10)\n"
        "  --vms N            of each host, a power and an energy each (50)\n"
        "  --interval S       each host sends so often (10)\n"
        "  --seconds S        in all, rounded to whole intervals (30)\n"
        "  --prefix NAME      of the hosts' names (host)\n"
        "  --at-once          all hosts at the start of the interval instead of spread over it\n",
        stderr);
  exit(2);
}

static double number(const char *text, double least) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= least && value <= 1e6))
    die(2, "'%s' is no number of %g or more", text, least);
  return value;
}

static void parse(int argc, char **argv) {
  static const struct option known[] = {{"to", required_argument, NULL, 't'},
                                        {"port", required_argument, NULL, 'p'},
                                        {"hosts", required_argument, NULL, 'h'},
                                        {"vms", required_argument, NULL, 'v'},
                                        {"interval", required_argument, NULL, 'i'},
                                        {"seconds", required_argument, NULL, 's'},
                                        {"prefix", required_argument, NULL, 'n'},
                                        {"at-once", no_argument, NULL, 'a'},
                                        {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    switch (c) {
    case 't':
      options.node = optarg;
      break;
    case 'p':
      options.service = optarg;
      break;
    case 'h':
      options.hosts = (unsigned)number(optarg, 1);
      break;
    case 'v':
      options.vms = (unsigned)number(optarg, 1);
      break;
    case 'i':
      options.interval_s = number(optarg, 0.001);
      break;
    case 's':
      options.duration_s = number(optarg, 0.001);
      break;
    case 'n':
      options.prefix = optarg;
      break;
    case 'a':
      options.at_once = true;
      break;
    default:
      usage();
    }
  }
  if (optind < argc)
    usage();
}

static int open_socket(void) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
  struct addrinfo *found;
  int status = getaddrinfo(options.node, options.service, &hints, &found);
  if (status != 0)
    die(1, "%s port %s: %s", options.node, options.service, gai_strerror(status));
  int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
    die(1, "%s port %s: %s", options.node, options.service, strerror(errno));
  freeaddrinfo(found);
  return fd;
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void wait_until(double mono_s) {
  double late_s = seconds(CLOCK_MONOTONIC) - mono_s;
  if (late_s >= 0) {
    sent.late_s = late_s > sent.late_s ? late_s : sent.late_s;
    return;
  }
  struct timespec until = {.tv_sec = (time_t)mono_s};
  until.tv_nsec = (long)((mono_s - (double)until.tv_sec) * 1e9);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
    ;
}

static void send_packet(int fd, lcc_network_buffer_t *buffer) {
  char packet[LCC_NETWORK_BUFFER_SIZE_DEFAULT];
  size_t size = sizeof(packet);
  if (lcc_network_buffer_finalize(buffer) != 0 || lcc_network_buffer_get(buffer, packet, &size) != 0)
    die(1, "libcollectdclient makes no packet");
  if (size > sizeof(packet))
    size = sizeof(packet);
  /* refused: what was sent before found nobody; the receiver may still be about to start */
  if (send(fd, packet, size, 0) < 0 && errno != ECONNREFUSED)
    die(1, "cannot send: %s", strerror(errno));
  sent.packets++;
  sent.bytes += size;
}

/* time_s: of the values, which is when they are due: a late sender must not put two of them into one second. */
static void send_host(int fd, lcc_network_buffer_t *buffer, unsigned host, unsigned round, double time_s) {
  static int type = LCC_TYPE_GAUGE;
  value_t value;
  lcc_value_list_t list = {.values = &value,
                           .values_types = &type,
                           .values_len = 1,
                           .time = time_s,
                           .interval = options.interval_s,
                           .identifier = {.plugin = "vm_energy"}};
  snprintf(list.identifier.host, sizeof(list.identifier.host), "%.40s-%04u", options.prefix, host);
  lcc_network_buffer_initialize(buffer);
  bool empty = true;
  for (unsigned i = 0; i < 2 * options.vms; i++) {
    double power_w = 20 + (host + i / 2) % 100;
    bool power = i % 2 == 0;
    snprintf(list.identifier.plugin_instance, sizeof(list.identifier.plugin_instance), "vm-%04u", i / 2);
    snprintf(list.identifier.type, sizeof(list.identifier.type), "%s", power ? "power" : "energy");
    value.gauge = power ? power_w : power_w * options.interval_s * (round + 1);
    if (lcc_network_buffer_add_value(buffer, &list) != 0) { /* it is full */
      if (empty)
        die(1, "a value does not fit into a packet");
      send_packet(fd, buffer);
      lcc_network_buffer_initialize(buffer);
      empty = true;
      i--;
      continue;
    }
    empty = false;
    sent.values++;
  }
  send_packet(fd, buffer);
}

int main(int argc, char **argv) {
  parse(argc, argv);
  int fd = open_socket();
  lcc_network_buffer_t *buffer = lcc_network_buffer_create(LCC_NETWORK_BUFFER_SIZE_DEFAULT);
  if (buffer == NULL)
    die(1, "out of memory");

  unsigned rounds = (unsigned)(options.duration_s / options.interval_s + 0.5);
  if (rounds == 0)
    rounds = 1;
  double start_s = seconds(CLOCK_MONOTONIC), start_wall_s = seconds(CLOCK_REALTIME);
  for (unsigned round = 0; round < rounds; round++) {
    for (unsigned host = 0; host < options.hosts; host++) {
      double phase = options.at_once ? 0 : (double)host / options.hosts;
      double due_s = (round + phase) * options.interval_s;
      wait_until(start_s + due_s);
      send_host(fd, buffer, host, round, start_wall_s + due_s);
    }
  }
  wait_until(start_s + rounds * options.interval_s);
  printf("hosts=%u values=%lu packets=%lu bytes=%lu seconds=%.3f late_ms=%.1f\n", options.hosts, sent.values,
         sent.packets, sent.bytes, seconds(CLOCK_MONOTONIC) - start_s, sent.late_s * 1e3);
  lcc_network_buffer_destroy(buffer);
  close(fd);
  return 0;
}
