/*
 * host: the energy of the host's processor packages, to compare the VMs with
 *
 * Linux' powercap has a zone for each package, others for parts of it (cores, memory), and on some machines one for the
 * whole board (psys): only packages are added up. A zone is a package when the file `name` beside its counter says so;
 * where there is none, when its directory is no part of another (intel-rapl:0, not intel-rapl:0:1).
 */
#ifndef VM_ENERGY_HOST_H
#define VM_ENERGY_HOST_H

#include "core/clock.h"

#include <stdbool.h>

#define HOST_COUNTERS "/sys/class/powercap/intel-rapl:*/energy_uj"

struct host;

/* pattern: path or pattern of the counters, as for source_add(). 0 or -errno. */
int host_new(const char *pattern, struct host **host);
void host_free(struct host *host); /* NULL is fine */

/* Reads the counters. 0 or -errno: out of memory. */
int host_look(struct host *host, const struct instant *now);

/*
 * What the packages took since the first look, in J. 0, or why it is not known: -ENOENT there is no package, or the
 * error of the first counter that was not read (-EACCES is usual: they are for root).
 */
int host_energy(const struct host *host, double *energy_j);

/* Whether the zone of the counter at path is a package. */
bool host_is_package(const char *path);

#endif
