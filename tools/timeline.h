/* SPDX-License-Identifier: GPL-2.0 */
/*
 * timeline.h - writes the vCPUs' lanes in Chrome's trace event format, which Perfetto
 * (https://ui.perfetto.dev), chrome://tracing and speedscope read.
 *
 * Reached from trace.c; fed by lanes.c. Each thread with vCPUs is in its process, each vCPU has four
 * lanes, each of which a viewer takes for a thread.
 */
#ifndef MINIVMX_TOOLS_TIMELINE_H
#define MINIVMX_TOOLS_TIMELINE_H

#include <stdint.h>
#include <stdio.h>

#include "exit_stats.h"
#include "json.h"
#include "lanes.h"

struct timeline {
	struct json json;
	uint32_t tsc_khz;
	uint64_t begin;			/* ticks: time 0 */
	char process_name[64];		/* of processes that have ended before they are looked at */
	pid_t *process;			/* of each track */
	unsigned int tracks;		/* that it is known of */
	uint64_t spans;
	struct exit_stats *stats;	/* the same in numbers */
};

/* tsc_khz must be set before the first span. */
void timeline_begin(struct timeline *timeline, FILE *out);
void timeline_span(void *context, const struct track *track, const struct span *span);
void timeline_exit(void *context, const struct track *track, const struct vm_exit *exit);
void timeline_instant(void *context, const struct track *track, const struct event *event);
void timeline_end(struct timeline *timeline, uint64_t lost);

#endif /* MINIVMX_TOOLS_TIMELINE_H */
