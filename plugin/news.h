/*
 * news: a sink: what log and notifications say of a VM when it changes
 *
 * The wording of all messages about VMs is in news.c: report_...() logs a line, notify...() sends a notification. Each
 * change is reported once: a VM appears or is removed, its counter cannot be read (and why), is stale, falls, increases
 * too fast, or can be read again; all VMs become stale. The rate is limited per VM, in the log and in notifications,
 * also when the VM is removed in between. Uses the slot of the samples. Tests: tests/check_plugin.c.
 */
#ifndef VM_ENERGY_NEWS_H
#define VM_ENERGY_NEWS_H

#include "core/clock.h"
#include "core/sink.h"
#include "throttle.h"

/*
 * Returns the sink, or NULL: out of memory. throttle is borrowed; it limits the lines about VMs that come and go,
 * together with the caller's own lines, see log_allows().
 */
struct sink *news_new(struct throttle *throttle);

/* To be called after the sampler that has the sink was freed. NULL is fine. */
void news_free(struct sink *news);

/* To be called before each look with its time. NULL: collectd ends, so VMs that are removed now are not reported. */
void news_set_time(struct sink *news, const struct instant *now);

#endif
