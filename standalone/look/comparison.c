#include "look/comparison.h"

#include "common/show.h"

#include "core/counter.h"

#include <errno.h>
#include <stdio.h>

/*
 * Scaphandre issue 428: it takes the power over a bit more than 5 s as energy, and so counts a bit less than a fifth;
 * nearly all of that is the VMs' when the host does little else.
 */
#define FIFTH_LEAST 0.17
#define FIFTH_MOST  0.24

/* Times that another clock dated are known to one look: some percent are tolerated. */
#define MORE_THAN_ALL 1.1

#define TEXT(...) verdict_put(verdict, &verdict->text, __VA_ARGS__)
#define NEXT(...) verdict_put(verdict, &verdict->next, __VA_ARGS__)

void comparison_add(struct comparison *comparison, const struct facts *facts) {
  comparison->alive++;
  comparison->pauses += facts->pauses;
  if (facts->updates < FACTS_UPDATES_ENOUGH || facts->last.mono_ns <= facts->first.mono_ns)
    return;
  comparison->vms_w +=
      (facts->last.energy_j - facts->first.energy_j) * 1e9 / (double)(facts->last.mono_ns - facts->first.mono_ns);
  if (comparison->counted == 0 || facts->first.mono_ns < comparison->first_ns) {
    comparison->first_ns = facts->first.mono_ns;
    comparison->first_host_j = facts->first.host_j;
  }
  if (comparison->counted == 0 || facts->last.mono_ns > comparison->last_ns) {
    comparison->last_ns = facts->last.mono_ns;
    comparison->last_host_j = facts->last.host_j;
  }
  comparison->counted++;
}

static bool is_scaled(const struct comparison *comparison) {
  return comparison->factor < 1 || comparison->factor > 1;
}

static enum verdict_kind judge_host(const struct comparison *comparison, double share) {
  if (comparison->guest)
    return VERDICT_HOST_NONE;
  if (comparison->error == -EACCES || comparison->error == -EPERM)
    return VERDICT_HOST_DENIED;
  if (comparison->error != 0)
    return VERDICT_HOST_NONE;
  if (comparison->partial || comparison->counted == 0 || comparison->counted < comparison->alive ||
      comparison->pauses > 0 || comparison->host_w <= 0 || comparison->vms_w <= 0)
    return VERDICT_HOST_UNCOMPARED;
  if (share > MORE_THAN_ALL)
    return VERDICT_HOST_MORE;
  if (is_scaled(comparison) || share > FIFTH_MOST)
    return VERDICT_HOST_AGREES;
  return share >= FIFTH_LEAST ? VERDICT_HOST_FIFTH : VERDICT_HOST_LOW;
}

static void describe_none(const struct comparison *comparison, struct verdict *verdict) {
  bool missing = comparison->error == -ENOENT || comparison->error == -ENOTDIR;
  if (comparison->guest) {
    TEXT("not compared: a guest does not see the counters of its host");
    NEXT("run vm_energy check on the host to compare all VMs with it");
  } else if (missing && comparison->named) {
    TEXT("not compared: no counter of the host is found by --host-counter");
    NEXT("correct --host-counter");
  } else if (missing) {
    TEXT("not compared: it has no counter of its packages");
    NEXT("where the hardware has one, as root: modprobe intel_rapl_msr");
  } else {
    TEXT("not compared: %s%s%s", comparison->path != NULL ? comparison->path : "", comparison->path != NULL ? " " : "",
         counter_error_text(comparison->error));
    NEXT("try to read it yourself: cat %s", comparison->path != NULL ? comparison->path : "the counters of the host");
  }
}

static void describe_uncompared(const struct comparison *comparison, struct verdict *verdict) {
  if (comparison->partial) {
    TEXT("not compared: '--vm' selects some of the VMs");
    NEXT("leave out --vm to compare all VMs with the host");
  } else if (comparison->alive == 0) {
    TEXT("not compared: no VM is updated");
  } else if (comparison->counted < comparison->alive) {
    TEXT("not compared: too few updates were seen");
    NEXT("watch longer with --duration");
  } else if (comparison->pauses > 0) {
    TEXT("not compared: the writer paused, and may not have counted meanwhile");
    NEXT("run vm_energy check again");
  } else if (comparison->host_w <= 0) {
    TEXT("not compared: the counters of the host (%s) stand still", comparison->what);
    NEXT("name counters that count with --host-counter");
  } else {
    TEXT("not compared: all VMs are idle");
    NEXT("run vm_energy check while the VMs work");
  }
}

static void describe_host(const struct comparison *comparison, double share, struct verdict *verdict) {
  char power[SHOW_NUMBER_MAX], scale[40] = "";
  show_power(comparison->host_w, power);
  if (is_scaled(comparison))
    snprintf(scale, sizeof(scale), ", with --scale %g", comparison->factor);
  switch (verdict->kind) {
  case VERDICT_HOST_DENIED:
    TEXT("not compared: the counters of the host are for root alone");
    NEXT("%s", comparison->access_remedy != NULL ? comparison->access_remedy
                                                 : "run vm_energy check as root to compare the VMs with the host");
    return;
  case VERDICT_HOST_NONE:
    describe_none(comparison, verdict);
    return;
  case VERDICT_HOST_UNCOMPARED:
    describe_uncompared(comparison, verdict);
    return;
  default:
    break;
  }
  const char *judgement = "";
  if (verdict->kind == VERDICT_HOST_LOW) {
    judgement = ": too little to tell whether Scaphandre counts all or a fifth (its issue 428)";
    NEXT("run vm_energy check while the VMs are nearly all that this host does");
  } else if (verdict->kind == VERDICT_HOST_FIFTH) {
    judgement = ": about a fifth, as Scaphandre may count (its issue 428), or the rest of the host takes the others";
    NEXT("if the VMs are nearly all that this host does, use --scale 5, and Scale 5 in collectd");
  } else if (verdict->kind == VERDICT_HOST_MORE) {
    judgement = ": more than there is";
    if (comparison->factor > 1 && share / comparison->factor <= MORE_THAN_ALL)
      NEXT("leave out --scale, without which they take %.0f %%", 100 * share / comparison->factor);
    else
      NEXT("see whether a VM is counted twice, or a zone of the host is missing from --host-counter");
  }
  TEXT("the VMs take %.0f %% of what the host takes (%s, %s)%s%s", share * 100, power, comparison->what, scale,
       judgement);
}

void comparison_judge(struct comparison *comparison, struct verdict *verdict) {
  int64_t dt_ns = comparison->last_ns - comparison->first_ns;
  comparison->host_w = dt_ns > 0 ? (comparison->last_host_j - comparison->first_host_j) * 1e9 / (double)dt_ns : 0;
  double share = comparison->host_w > 0 ? comparison->vms_w / comparison->host_w : 0;
  *verdict = (struct verdict){.kind = judge_host(comparison, share)};
  describe_host(comparison, share, verdict);
}
