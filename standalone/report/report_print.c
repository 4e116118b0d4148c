/* The other half of report: as text, JSON, CSV. */
#include "report/report.h"

#include "common/json.h"
#include "common/show.h"
#include "report/print_csv.h"

#include "core/clock.h"
#include "core/label.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

/* The columns behind the label. */
enum cell {
  CELL_J,
  CELL_BOUNDS,
  CELL_WH,
  CELL_MEAN,
  CELL_MIN,
  CELL_MEDIAN,
  CELL_P95,
  CELL_MAX,
  CELL_SAMPLES,
  CELL_HELD,
  CELL_EMPTY,
  CELL_GCO2,
  CELL_PRICE,
  CELLS
};

static const char *const heads[CELLS] = {"energy J", "for certain J", "Wh",   "mean W", "min W", "median W", "p95 W",
                                         "max W",    "samples",       "held", "empty",  "gCO2",  "price"};

/* In front of the name of a group. */
#define GROUP "group "

struct line {
  const char *label;
  const char *group; /* else the group that it is */
  char cells[CELLS][SHOW_NUMBER_MAX];
};

static void put_number(char cell[SHOW_NUMBER_MAX], bool has, double number, int decimals) {
  if (has)
    show_number(number, decimals, "", cell);
  else
    snprintf(cell, SHOW_NUMBER_MAX, "-");
}

/* Between what the energy is for certain: "190.1 to 194.2", "at least 190.1". */
static void put_bounds(char cell[SHOW_NUMBER_MAX], const struct report_figures *figures) {
  if (!figures->has_low)
    snprintf(cell, SHOW_NUMBER_MAX, "-");
  else if (figures->has_high)
    snprintf(cell, SHOW_NUMBER_MAX, "%.1f to %.1f", figures->low_j, figures->high_j);
  else
    snprintf(cell, SHOW_NUMBER_MAX, "at least %.1f", figures->low_j);
}

static void put_share(char cell[SHOW_NUMBER_MAX], uint64_t part, uint64_t whole) {
  if (whole > 0)
    snprintf(cell, SHOW_NUMBER_MAX, "%.1f %%", 100 * share(part, whole));
  else
    snprintf(cell, SHOW_NUMBER_MAX, "-");
}

static void put_cost(char cell[SHOW_NUMBER_MAX], const struct bounds_bill *bill, int decimals) {
  put_number(cell, bill->has_cost, bill->cost / J_PER_KWH, decimals);
}

static void fill_line(struct line *line, const struct report_figures *figures) {
  bool has_energy = figures->has_energy, has_power = figures->has_power;
  put_number(line->cells[CELL_J], has_energy, figures->energy_j, 3);
  put_bounds(line->cells[CELL_BOUNDS], figures);
  put_number(line->cells[CELL_WH], has_energy, figures->energy_j / J_PER_WH, 4);
  put_number(line->cells[CELL_MEAN], figures->has_mean, figures->mean_w, 3);
  put_number(line->cells[CELL_MIN], has_power, figures->min_w, 3);
  put_number(line->cells[CELL_MEDIAN], has_power, figures->median_w, 3);
  put_number(line->cells[CELL_P95], has_power, figures->p95_w, 3);
  put_number(line->cells[CELL_MAX], has_power, figures->max_w, 3);
  snprintf(line->cells[CELL_SAMPLES], SHOW_NUMBER_MAX, "%" PRIu64, figures->samples);
  put_share(line->cells[CELL_HELD], figures->held, figures->samples);
  put_share(line->cells[CELL_EMPTY], figures->empty, figures->samples);
  put_cost(line->cells[CELL_GCO2], &figures->bills[TARIFF_GCO2], 3);
  put_cost(line->cells[CELL_PRICE], &figures->bills[TARIFF_PRICE], 4);
}

static bool is_shown(enum cell cell, const struct tariffs *tariffs) {
  return (cell != CELL_GCO2 || tariffs->of[TARIFF_GCO2].num > 0) &&
         (cell != CELL_PRICE || tariffs->of[TARIFF_PRICE].num > 0);
}

static size_t label_width_of(const struct line *line) {
  return line->group != NULL ? strlen(GROUP) + show_width(line->group) : show_width(line->label);
}

static void print_line(const struct line *line, const size_t widths[CELLS], size_t label_width,
                       const struct tariffs *tariffs, FILE *out) {
  size_t width = label_width_of(line);
  fprintf(out, "  %s%s%*s", line->group != NULL ? GROUP : "", line->group != NULL ? line->group : line->label,
          (int)(label_width > width ? label_width - width : 0), "");
  for (enum cell i = 0; i < CELLS; i++)
    if (is_shown(i, tariffs))
      fprintf(out, "  %*s", (int)widths[i], line->cells[i]);
  fputc('\n', out);
}

static void print_table(const struct line *lines, size_t num, const struct tariffs *tariffs, FILE *out) {
  size_t widths[CELLS] = {0}, label_width = 0;
  for (size_t i = 0; i < num; i++) {
    size_t width = label_width_of(&lines[i]);
    label_width = width > label_width ? width : label_width;
    for (enum cell cell = 0; cell < CELLS; cell++) {
      width = strlen(lines[i].cells[cell]);
      widths[cell] = width > widths[cell] ? width : widths[cell];
    }
  }
  for (size_t i = 0; i < num; i++)
    print_line(&lines[i], widths, label_width, tariffs, out);
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
  print_head(report, span, out);
  size_t vms = report->vms_num, num = 1 + vms + report->groups_num + (vms > 1);
  struct line *lines = calloc(num, sizeof(*lines)), *line = lines;
  int status = lines != NULL ? 0 : -ENOMEM;
  if (status == 0) {
    line->label = "VM";
    for (enum cell i = 0; i < CELLS; i++)
      snprintf(line->cells[i], SHOW_NUMBER_MAX, "%s", heads[i]);
    line++;
  }
  struct report_figures figures;
  for (size_t i = 0; i < vms && status == 0; i++) {
    line->label = report->vms[i].label;
    report_vm_figures(report, i, span, &figures);
    fill_line(line++, &figures);
  }
  for (size_t i = 0; i <= report->groups_num && status == 0 && line < lines + num; i++) {
    const char *group = i < report->groups_num ? report->groups[i] : NULL;
    line->label = "total";
    line->group = group;
    status = report_sum(report, span, group, &figures);
    fill_line(line++, &figures);
  }
  if (status == 0)
    print_table(lines, num, tariffs, out);
  else
    fputs("  (no memory for the table)\n", out);
  print_resets(report, span, out);
  free(lines);
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

/* "gco2", "gco2_low", "gco2_high" */
static int add_cost(json_t *object, const char *name, const struct bounds_bill *bill) {
  char low[20], high[20];
  snprintf(low, sizeof(low), "%s_low", name);
  snprintf(high, sizeof(high), "%s_high", name);
  return json_object_set_new(object, name, json_number_or_null(bill->has_cost, bill->cost / J_PER_KWH)) |
         json_object_set_new(object, low, json_number_or_null(bill->has_cost && bill->has_low, bill->low / J_PER_KWH)) |
         json_object_set_new(object, high, json_number_or_null(bill->has_high, bill->high / J_PER_KWH));
}

/* Adds what both a VM and the total have. */
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

/* name, and what a VM and a sum of VMs have. NULL: no memory. */
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
  if (status == 0)
    return object;
  json_decref(object);
  return NULL;
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
  if (status == 0)
    return vms;
  json_decref(vms);
  return NULL;
}

/* group NULL: of all VMs. */
static json_t *sum_to_json(struct report *report, const struct report_span *span, const char *group) {
  struct report_figures figures;
  return report_sum(report, span, group, &figures) == 0 ? figures_to_json(report, "group", group, &figures) : NULL;
}

/* start, end, vms, total: of the whole or of a phase. */
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
  if (status == 0)
    return object;
  json_decref(object);
  return NULL;
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
  if (status == 0)
    return object;
  json_decref(object);
  return NULL;
}

int report_print_json(struct report *reports, size_t num, FILE *out) {
  json_t *captures = json_array();
  int status = 0;
  for (size_t i = 0; i < num; i++)
    status |= json_array_append_new(captures, report_to_json(&reports[i]));
  if (status != 0) {
    json_decref(captures);
    return -ENOMEM;
  }
  return json_print(json_pack("{s:o}", "captures", captures), out);
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

/* A row of each VM, of each group, and of all. */
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

/* Where there are phases, these, which add up; else the whole. */
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
