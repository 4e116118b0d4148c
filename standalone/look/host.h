/*
 * host: the energy of the host that Scaphandre shares out among the VMs
 *
 * Linux' powercap has a zone for each package, others for parts of it (cores, DRAM), and on some machines one for the
 * whole board (psys). Scaphandre shares out psys alone if there is one, else packages and DRAM of all sockets. The file
 * `name` beside a counter says what its zone is; without it, it is a package if its directory has one number
 * (intel-rapl:0, not intel-rapl:0:1).
 *
 * Some machines show one counter as several zones, which count once: zones of one name under two drivers (intel-rapl,
 * intel-rapl-mmio), and zones that rise by the same number of microjoules in three looks in a row.
 */
#ifndef VM_ENERGY_HOST_H
#define VM_ENERGY_HOST_H

#include "core/clock.h"

struct host;

enum host_zone { HOST_PART, HOST_PACKAGE, HOST_DRAM, HOST_PSYS };

struct host_energy {
  int error;        /* 0; -ENOENT: no such zone; else that of the first counter or search that failed */
  const char *path; /* what failed; NULL: unknown. Borrowed, valid until the next look */
  const char *what; /* which zones: "psys", "packages", "packages and DRAM" */
  double energy_j;  /* since the first look; NAN until it is known which zones are one counter */
};

/* pattern: path or pattern of the counters, as for source_add(). 0 or -errno. */
int host_new(const char *pattern, struct host **host);
void host_free(struct host *host); /* NULL is fine */

/* Reads the counters. 0 or -errno: out of memory. */
int host_look(struct host *host, const struct instant *now);

void host_energy(const struct host *host, struct host_energy *energy);

enum host_zone host_zone(const char *path);

#endif
