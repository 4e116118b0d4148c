/* Output of the command report: text, JSON, CSV. */
#include "report/report.h"

#include "common/json.h"
#include "common/show.h"
#include "report/print_csv.h"
#include "report/print_table.h"

#include "core/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define J_PER_WH  3600.0
#define J_PER_KWH 3.6e6

static const char *const cost_names[TARIFFS] = {[TARIFF_GCO2] = "gco2", [TARIFF_PRICE] = "price"};

static double seconds(int64_t ns) {
  return (double)ns / (double)NS_PER_S;
}

static double share(uint64_t part, uint64_t whole) {
  return whole > 0 ? (double)part / (double)whole : 0;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static const char *const heads[] = {"VM",       "energy J", "for certain J", "Wh",      "mean W", "min W",
                                    "median W", "p95 W",    "max W",         "samples", "held",   "empty"};
static const char *const cost_heads[TARIFFS] = {[TARIFF_GCO2] = "gCO2", [TARIFF_PRICE] = "price"};
static const int cost_decimals[TARIFFS] = {[TARIFF_GCO2] = 3, [TARIFF_PRICE] = 4};

#define HEADS (sizeof(heads) / sizeof(heads[0]))

static void put_heads(struct print_table *table, const struct tariffs *tariffs) {
  table->columns = HEADS;
  table->left = 1;
  for (size_t i = 0; i < HEADS; i++)
    print_table_put(table, "%s", heads[i]);
  for (size_t i = 0; i < TARIFFS; i++)
    if (tariffs->of[i].num > 0) {
      print_table_put(table, "%s", cost_heads[i]);
      table->columns++;
    }
}

/* "190.1 to 194.2", "at least 190.1" */
static void put_bounds(struct print_table *table, const struct report_figures *figures) {
  if (!figures->has_low)
    print_table_put(table, "-");
  else if (figures->has_high)
    print_table_put(table, "%.1f to %.1f", figures->low_j, figures->high_j);
  else
    print_table_put(table, "at least %.1f", figures->low_j);
}

static void put_share(struct print_table *table, uint64_t part, uint64_t whole) {
  if (whole > 0)
    print_table_put(table, "%.1f %%", 100 * share(part, whole));
  else
    print_table_put(table, "-");
}

/* kind: "group ", or "" of a VM and of the total. */
static void put_line(struct print_table *table, const char *kind, const char *label,
                     const struct report_figures *figures, const struct tariffs *tariffs) {
  bool has_energy = figures->has_energy, has_power = figures->has_power;
  print_table_put(table, "%s%s", kind, label);
  print_table_put_number(table, has_energy, figures->energy_j, 3);
  put_bounds(table, figures);
  print_table_put_number(table, has_energy, figures->energy_j / J_PER_WH, 4);
  print_table_put_number(table, figures->has_mean, figures->mean_w, 3);
  print_table_put_number(table, has_power, figures->min_w, 3);
  print_table_put_number(table, has_power, figures->median_w, 3);
  print_table_put_number(table, has_power, figures->p95_w, 3);
  print_table_put_number(table, has_power, figures->max_w, 3);
  print_table_put(table, "%" PRIu64, figures->samples);
  put_share(table, figures->held, figures->samples);
  put_share(table, figures->empty, figures->samples);
  for (size_t i = 0; i < TARIFFS; i++) {
    const struct bounds_bill *bill = &figures->bills[i];
    if (tariffs->of[i].num > 0)
      print_table_put_number(table, bill->has_cost, bill->cost / J_PER_KWH, cost_decimals[i]);
  }
}

static void print_head(const struct report *report, const struct report_span *span, FILE *out) {
  char since[SHOW_TIME_MAX];
  show_time(span->start_ns, since);
  if (!span->is_phase)
    fputs(report->recording.shown, out);
  else
    fprintf(out, "phase %s", span->name != NULL ? span->name : "before the first mark");
  if (!report->has_span) {
    fputs(": no samples\n", out);
    return;
  }
  fprintf(out, ": %.3f s from %s", seconds(span->duration_ns), since);
  if (!span->is_phase && report->recording.info.host != NULL)
    fprintf(out, ", on %s", report->recording.info.host);
  if (!span->is_phase)
    fprintf(out, "; power from %s", report_power_from(report));
  fputc('\n', out);
}

/* "resets: web 19, db 2" */
static void print_resets(struct report *report, const struct report_span *span, FILE *out) {
  const char *before = "  resets: ";
  struct report_figures figures;
  for (size_t i = 0; i < report->vms_num; i++) {
    report_vm_figures(report, i, span, &figures);
    if (figures.resets == 0)
      continue;
    fprintf(out, "%s%s %" PRIu64, before, report->vms[i].label, figures.resets);
    before = ", ";
  }
  if (before[0] == ',')
    fputc('\n', out);
}

static void print_span(struct report *report, const struct report_span *span, const struct tariffs *tariffs,
                       FILE *out) {
  struct print_table table = {0};
  struct report_figures figures;
  print_head(report, span, out);
  put_heads(&table, tariffs);
  for (size_t i = 0; i < report->vms_num; i++) {
    report_vm_figures(report, i, span, &figures);
    put_line(&table, "", report->vms[i].label, &figures, tariffs);
  }
  for (size_t i = 0; i < report->groups_num + (report->vms_num > 1); i++) { /* one VM needs no total */
    const char *group = i < report->groups_num ? report->groups[i] : NULL;
    if (report_sum(report, span, group, &figures) != 0)
      table.failed = true;
    put_line(&table, group != NULL ? "group " : "", group != NULL ? group : "total", &figures, tariffs);
  }
  if (!print_table_write(&table, out))
    fputs("  (no memory for the table)\n", out);
  print_table_free(&table);
  print_resets(report, span, out);
}

void report_print_text(struct report *reports, size_t num, const struct tariffs *tariffs, FILE *out) {
  struct report_span span;
  for (size_t i = 0; i < num; i++)
    for (size_t s = 0; report_span(&reports[i], s, &span); s++) {
      if (i + s > 0)
        fputc('\n', out);
      print_span(&reports[i], &span, tariffs, out);
    }
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

/* NULL if something could not be added to it. */
static json_t *complete(json_t *json, int status) {
  if (status == 0)
    return json;
  json_decref(json);
  return NULL;
}

/* "gco2", "gco2_low", "gco2_high" */
static int add_cost(json_t *object, const char *name, const struct bounds_bill *bill) {
  char low[20], high[20];
  snprintf(low, sizeof(low), "%s_low", name);
  snprintf(high, sizeof(high), "%s_high", name);
  return json_object_set_new(object, name, json_number_or_null(bill->has_cost, bill->cost / J_PER_KWH)) |
         json_object_set_new(object, low, json_number_or_null(bill->has_cost && bill->has_low, bill->low / J_PER_KWH)) |
         json_object_set_new(object, high, json_number_or_null(bill->has_high, bill->high / J_PER_KWH));
}

static int add_energy(json_t *object, const struct report *report, const struct report_figures *figures) {
  bool has = figures->has_energy;
  int status = json_object_set_new(object, "energy_j", json_number_or_null(has, figures->energy_j)) |
               json_object_set_new(object, "energy_low_j", json_number_or_null(figures->has_low, figures->low_j)) |
               json_object_set_new(object, "energy_high_j", json_number_or_null(figures->has_high, figures->high_j)) |
               json_object_set_new(object, "energy_goes_on", json_boolean(has && figures->goes_on)) |
               json_object_set_new(object, "energy_wh", json_number_or_null(has, figures->energy_j / J_PER_WH)) |
               json_object_set_new(object, "energy_from",
                                   has ? json_string(figures->from_counter ? "counter" : "power") : json_null());
  for (size_t i = 0; i < TARIFFS; i++)
    if (report->tariffs->of[i].num > 0)
      status |= add_cost(object, cost_names[i], &figures->bills[i]);
  return status;
}

/* name NULL: the total. Returns NULL if out of memory. */
static json_t *figures_to_json(const struct report *report, const char *kind, const char *name,
                               const struct report_figures *figures) {
  bool has = figures->has_power;
  json_t *object = name != NULL ? json_pack("{s:o}", kind, json_text(name)) : json_object();
  json_t *power =
      json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:f, s:f, s:I}", "mean_w",
                json_number_or_null(figures->has_mean, figures->mean_w), "min_w",
                json_number_or_null(has, figures->min_w), "median_w", json_number_or_null(has, figures->median_w),
                "p95_w", json_number_or_null(has, figures->p95_w), "max_w", json_number_or_null(has, figures->max_w),
                "samples", (json_int_t)figures->samples, "held_share", share(figures->held, figures->samples),
                "empty_share", share(figures->empty, figures->samples), "resets", (json_int_t)figures->resets);
  int status = add_energy(object, report, figures) | json_object_update(object, power);
  json_decref(power);
  return complete(object, status);
}

static json_t *vms_to_json(struct report *report, const struct report_span *span) {
  struct report_figures figures;
  json_t *vms = json_array();
  int status = 0;
  for (size_t i = 0; i < report->vms_num; i++) {
    const char *group = report->vms[i].group;
    report_vm_figures(report, i, span, &figures);
    json_t *vm = figures_to_json(report, "label", report->vms[i].label, &figures);
    if (report->is_grouped)
      status |= json_object_set_new(vm, "group", group != NULL ? json_text(group) : json_null());
    status |= json_array_append_new(vms, vm);
  }
  return complete(vms, status);
}

/* group NULL: all VMs. */
static json_t *sum_to_json(struct report *report, const struct report_span *span, const char *group) {
  struct report_figures figures;
  return report_sum(report, span, group, &figures) == 0 ? figures_to_json(report, "group", group, &figures) : NULL;
}

static json_t *span_to_json(struct report *report, const struct report_span *span) {
  bool has = report->has_span;
  json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o}", "start", json_number_or_null(has, seconds(span->start_ns)),
                             "end", json_number_or_null(has, seconds(span->end_ns)), "duration_s",
                             json_number_or_null(has, seconds(span->duration_ns)), "vms", vms_to_json(report, span),
                             "total", sum_to_json(report, span, NULL));
  json_t *groups = json_array();
  int status = 0;
  for (size_t i = 0; i < report->groups_num; i++)
    status |= json_array_append_new(groups, sum_to_json(report, span, report->groups[i]));
  if (report->is_grouped)
    status |= json_object_set(object, "groups", groups);
  json_decref(groups);
  return complete(object, status);
}

static json_t *report_to_json(struct report *report) {
  struct report_span span;
  report_span(report, 0, &span);
  const char *host = report->recording.info.host;
  json_t *phases = json_array(), *whole = span_to_json(report, &span);
  json_t *object = json_pack("{s:o, s:o, s:f, s:s}", "path", json_text(report->recording.path), "host",
                             host != NULL ? json_text(host) : json_null(), "scale", report->scale, "power_from",
                             report_power_from(report));
  int status = json_object_update(object, whole);
  json_decref(whole);
  for (size_t s = 1; report_span(report, s, &span); s++) {
    json_t *phase = json_pack("{s:o}", "phase", span.name != NULL ? json_text(span.name) : json_null());
    whole = span_to_json(report, &span);
    status |= json_object_update(phase, whole) | json_array_append_new(phases, phase);
    json_decref(whole);
  }
  status |= json_object_set_new(object, "phases", phases);
  return complete(object, status);
}

int report_print_json(struct report *reports, size_t num, FILE *out) {
  json_t *captures = json_array();
  int status = 0;
  for (size_t i = 0; i < num; i++)
    status |= json_array_append_new(captures, report_to_json(&reports[i]));
  return json_print(json_pack("{s:o}", "captures", complete(captures, status)), out);
}

/* --- CSV ---------------------------------------------------------------------------------------------------------- */

/* kind: "vm", "group" or "total", which has no label. */
static int print_row(struct csv_text *row, const struct report *report, const struct report_span *span,
                     const char *kind, const char *label, const struct report_figures *figures,
                     const struct tariffs *tariffs, FILE *out) {
  bool has_energy = figures->has_energy, has_power = figures->has_power;
  print_csv_name(row, report->recording.shown);
  print_csv_name(row, span->name);
  print_csv_name(row, label);
  print_csv_number(row, report->has_span, seconds(span->start_ns));
  print_csv_number(row, report->has_span, seconds(span->end_ns));
  print_csv_number(row, has_energy, figures->energy_j);
  print_csv_number(row, figures->has_low, figures->low_j);
  print_csv_number(row, figures->has_high, figures->high_j);
  print_csv_number(row, has_energy, figures->energy_j / J_PER_WH);
  print_csv_number(row, figures->has_mean, figures->mean_w);
  print_csv_number(row, has_power, figures->min_w);
  print_csv_number(row, has_power, figures->median_w);
  print_csv_number(row, has_power, figures->p95_w);
  print_csv_number(row, has_power, figures->max_w);
  print_csv_count(row, figures->samples);
  print_csv_number(row, true, share(figures->held, figures->samples));
  print_csv_number(row, true, share(figures->empty, figures->samples));
  print_csv_count(row, figures->resets);
  print_csv_name(row, kind);
  for (size_t i = 0; i < TARIFFS; i++) {
    const struct bounds_bill *bill = &figures->bills[i];
    if (tariffs->of[i].num == 0)
      continue;
    print_csv_number(row, bill->has_cost, bill->cost / J_PER_KWH);
    print_csv_number(row, bill->has_cost && bill->has_low, bill->low / J_PER_KWH);
    print_csv_number(row, bill->has_high, bill->high / J_PER_KWH);
  }
  return print_csv_row(row, out);
}

static int print_span_rows(struct report *report, const struct report_span *span, const struct tariffs *tariffs,
                           struct csv_text *row, FILE *out) {
  struct report_figures figures;
  int status = 0;
  for (size_t vm = 0; vm < report->vms_num && status == 0; vm++) {
    report_vm_figures(report, vm, span, &figures);
    status = print_row(row, report, span, "vm", report->vms[vm].label, &figures, tariffs, out);
  }
  for (size_t i = 0; i <= report->groups_num && status == 0; i++) {
    const char *group = i < report->groups_num ? report->groups[i] : NULL;
    status = report_sum(report, span, group, &figures);
    if (status == 0)
      status = print_row(row, report, span, group != NULL ? "group" : "total", group, &figures, tariffs, out);
  }
  return status;
}

/* Phases, which add up, or the whole if there are none. */
static int print_rows(struct report *report, const struct tariffs *tariffs, struct csv_text *row, FILE *out) {
  struct report_span span;
  bool has_phases = report_span(report, 1, &span);
  int status = 0;
  for (size_t s = has_phases; status == 0 && report_span(report, s, &span); s++)
    status = print_span_rows(report, &span, tariffs, row, out);
  return status;
}

int report_print_csv(struct report *reports, size_t num, const struct tariffs *tariffs, FILE *out) {
  struct csv_text row = {0};
  int status = 0;
  fprintf(out,
          "capture,phase,label,start,end,energy_j,energy_low_j,energy_high_j,energy_wh,mean_w,min_w,median_w,p95_w,max_"
          "w,samples,held_share,"
          "empty_share,resets,kind");
  for (size_t i = 0; i < TARIFFS; i++)
    if (tariffs->of[i].num > 0)
      fprintf(out, ",%s,%s_low,%s_high", cost_names[i], cost_names[i], cost_names[i]);
  fputc('\n', out);
  for (size_t i = 0; i < num && status == 0; i++)
    status = print_rows(&reports[i], tariffs, &row, out);
  free(row.data);
  return status != 0 ? status : ferror(out) != 0 ? -EIO : 0;
}
