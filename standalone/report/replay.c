#include "report/replay.h"

#include "core/clock.h"

/* Without a counter. A row without power says nothing about the time before it. */
static void take_power(struct replay *replay, const struct recording_value *value, struct update *update) {
  bool is_known = value->has_power && !value->after_hole;
  if (replay->has_row && is_known)
    replay->power_j += value->power_w * (double)(value->ts_ns - replay->row_ns) * 1e-9;
  enum sample_state state = !replay->has_row ? SAMPLE_FIRST : is_known ? SAMPLE_OK : SAMPLE_GAP;
  *update = (struct update){.state = state, .has_energy = true, .energy_j = replay->power_j};
}

/* If the counter fell but the row has power, it wrapped: power gives the range. */
static uint64_t range_of(const struct replay *replay, const struct recording_value *value) {
  if (replay->range_uj > 0 || !replay->has_number || value->energy_uj >= replay->number_uj || !value->has_power ||
      value->power_w <= 0)
    return replay->range_uj;
  double scale = replay->meter.options->scale, s = (double)(value->ts_ns - replay->number_ns) * 1e-9;
  double range_uj = value->power_w / scale * s * 1e6 + (double)(replay->number_uj - value->energy_uj);
  return range_uj < 1.8e19 ? (uint64_t)range_uj : 0;
}

void replay_init(struct replay *replay, const struct meter_options *options, const struct recording_vm *vm) {
  *replay = (struct replay){.has_counter = vm->has_counter, .unit_ns = vm->unit_ns, .range_uj = vm->range_uj};
  meter_init(&replay->meter, options);
}

bool replay_take(struct replay *replay, const struct recording_value *value, int64_t *to_ns, struct update *update) {
  bool is_new = false;
  *to_ns = value->ts_ns;
  if (value->has_energy) {
    bool changed = !replay->has_number || value->energy_uj != replay->number_uj;
    if (changed)
      replay->changed_ns = value->ts_ns;
    const struct reading reading = {.energy_uj = value->energy_uj,
                                    .mtime_ns = replay->changed_ns,
                                    .at = {.mono_ns = value->ts_ns, .wall_ns = value->ts_ns},
                                    .local = true,
                                    .range_uj = range_of(replay, value)};
    meter_take(&replay->meter, &reading);
    is_new = meter_update(&replay->meter, update);
    if (is_new && (replay->has_number || replay->step_ns > 0)) {
      *to_ns += replay->unit_ns;
      update->within_ns = *to_ns - (replay->has_number ? replay->number_ns : value->ts_ns - replay->step_ns);
    } else if (is_new) {
      update->within_ns = UPDATE_UNDATED;
    }
    replay->step_ns = replay->has_number ? value->ts_ns - replay->row_ns : replay->step_ns;
    replay->has_number = true;
    replay->number_ns = value->ts_ns;
    replay->number_uj = value->energy_uj;
  } else if (replay->has_counter && value->has_state && value->state == SAMPLE_MISSING) {
    *update = (struct update){.state = SAMPLE_MISSING};
    replay->has_number = false; /* when it returns, even the same number is new */
    is_new = true;
  } else if (!replay->has_counter) {
    take_power(replay, value, update);
    is_new = true;
  }
  replay->has_row = true;
  replay->row_ns = value->ts_ns;
  return is_new;
}
