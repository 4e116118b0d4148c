/*
 * daemon: collectd's headers, of an installed collectd or of its source tree
 *
 * Only the files in plugin/ itself include this; core/ is compiled without them. The suites' fake of
 * collectd: tests/fake_collectd.c.
 */
#ifndef VM_ENERGY_DAEMON_H
#define VM_ENERGY_DAEMON_H

#ifdef VM_ENERGY_COLLECTD_TREE
#include "collectd.h"

#include "globals.h"
#include "plugin.h"
#else
#include <collectd/core/daemon/collectd.h>

#include <collectd/core/daemon/globals.h>
#include <collectd/core/daemon/plugin.h>
#endif

#define PLUGIN "vm_energy"

#endif
