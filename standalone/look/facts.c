#include "look/facts.h"

#include <math.h>

static void note_number(struct facts *facts, const struct sample *sample) {
  if (facts->readings > 0 && sample->energy_uj < facts->last_uj && sample->state != SAMPLE_WRAP) {
    facts->resets++;
    facts->since_reset = 0;
    facts->fell_from_uj = facts->last_uj;
  } else if (facts->resets > 0 && sample->updates > 0) {
    facts->since_reset++;
    if (facts->fell_from_uj > 0 && sample->energy_uj >= facts->fell_from_uj) {
      facts->returns++;
      facts->fell_from_uj = 0;
    }
  }
  facts->last_uj = sample->energy_uj;
  facts->readings++;
}

/* The host's counters at mono_ns, which is not after now_ns. */
static double host_j_at(const struct facts *facts, int64_t mono_ns, int64_t now_ns, double host_j) {
  if (now_ns <= facts->looked_ns || mono_ns >= now_ns)
    return host_j;
  int64_t since_ns = mono_ns > facts->looked_ns ? mono_ns - facts->looked_ns : 0;
  return facts->looked_host_j +
         (host_j - facts->looked_host_j) * (double)since_ns / (double)(now_ns - facts->looked_ns);
}

static void note_update(struct facts *facts, const struct sample *sample, double host_j) {
  facts->last = (struct facts_update){.mono_ns = sample->update_mono_ns,
                                      .energy_j = sample->energy_j,
                                      .host_j = host_j_at(facts, sample->update_mono_ns, sample->at.mono_ns, host_j)};
  if (facts->updates == 0 || isnan(facts->first.host_j))
    facts->first = facts->last;
  facts->updates++;
  facts->growths += sample->delta_j > 0;
  facts->spikes += sample->state == SAMPLE_SPIKE;
}

void facts_note(struct facts *facts, const struct sample *sample, double host_j) {
  if (facts->start_ns == 0)
    facts->start_ns = sample->at.mono_ns;
  facts->watched_ns = sample->at.mono_ns - facts->start_ns;
  if (sample->error != 0 && facts->error == 0)
    facts->error_since_ns = sample->at.mono_ns;
  facts->error = sample->error;
  facts->stale = sample->state == SAMPLE_STALE;
  facts->by_update = sample->by_update;
  facts->has_age = sample->has_age;
  facts->age_ns = sample->age_ns;
  facts->period_ns = sample->period_ns;
  facts->has_power = sample->has_power;
  facts->power_w = sample->power_w;
  facts->pauses += sample->pauses;
  facts->pause_ns += sample->pause_ns;
  if (sample->has_energy)
    note_number(facts, sample);
  if (sample->has_energy && sample->updates > 0)
    note_update(facts, sample, host_j);
  facts->looked_ns = sample->at.mono_ns;
  facts->looked_host_j = host_j;
}

/* A young counter is soon back at the number it fell from, but does not fall again. */
bool facts_alternate(const struct facts *facts) {
  return facts->returns > 0 && facts->resets > 1;
}

bool facts_clocks_differ(const struct facts *facts) {
  return facts->updates > 0 && facts->by_update &&
         (facts->file_behind_ns > FACTS_CLOCKS_APART_NS || facts->file_behind_ns < -FACTS_CLOCKS_APART_NS);
}

bool facts_are_stale(const struct facts *facts) {
  if (facts_clocks_differ(facts))
    return false;
  /* another clock dates the file, so that both signs must agree */
  bool silent = !facts->has_age && facts->by_update && facts->updates == 0 && facts->watched_ns >= FACTS_WAIT_NS &&
                facts->file_behind_ns > METER_STALE_FIRST_NS;
  return facts->stale || silent;
}
