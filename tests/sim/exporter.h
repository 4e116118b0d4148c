/*
 * exporter: what Scaphandre's qemu exporter does, and when
 *
 * Pure. What was measured on the real one (1.0.3) stands in the tables of exporter.c. A pass reads the host's counters,
 * then writes each VM's file, then sleeps: so passes drift. Energy is counted up to the start of a pass.
 *
 * - A VM's file is written from the third pass on that sees the VM; all VMs are new after a restart of the exporter.
 *   What is drawn until the second of these passes is never counted.
 * - The energy of package and DRAM is shared out. A pass in which one of these counters wrapped writes nothing for any
 *   VM, and what was drawn since the pass before is never counted.
 */
#ifndef VM_ENERGY_SIM_EXPORTER_H
#define VM_ENERGY_SIM_EXPORTER_H

#include <stdbool.h>
#include <stdint.h>

#define EXPORTER_PERIOD_S 5.0  /* of the real one; with another period all its times scale */
#define EXPORTER_REAL     -1.0 /* a jitter: that of the real one */
#define EXPORTER_SEEN     3    /* passes that see a VM, the one that writes it first included */
#define EXPORTER_LAG_S    0.03 /* no file is written later than this after the start of its pass */

struct exporter {
  double period_s;
  /*
   * EXPORTER_REAL, or the distortion of a test: a period of up to so much longer, uniformly, all VMs written at the
   * start of the pass, no time between truncate and write.
   */
  double jitter_s;
  uint64_t random;
  double zones_j[2]; /* package, DRAM: since each wrapped */
  bool wrapped;      /* a zone did since the last pass */
};

void exporter_init(struct exporter *exporter, double period_s, double jitter_s, uint64_t seed);

/* Energy that the VMs drew since the call before: a zone may wrap. */
void exporter_draw(struct exporter *exporter, double energy_j);

/* Starts a pass; false: it writes nothing because of a wrap. */
bool exporter_pass(struct exporter *exporter);

/* Draw the next one, in seconds: from a pass to the next; from the first write of a pass to the last; the empty file.
 */
double exporter_pause_s(struct exporter *exporter);
double exporter_spread_s(struct exporter *exporter);
double exporter_hole_s(struct exporter *exporter);

/* The next random number of this state, 0 or more and below most. The same on every machine. */
double exporter_random(uint64_t *state, double most);

#endif
