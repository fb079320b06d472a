/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exit_stats.h - how many VM exits there were and how long they took, by reason and by handler.
 *
 * Reached from stat.c, and from trace.c for its summary; fed by lanes.c.
 */
#ifndef MINIVMX_TOOLS_EXIT_STATS_H
#define MINIVMX_TOOLS_EXIT_STATS_H

#include <stdint.h>
#include <stdio.h>

#include <exit_reasons.h>

#include "json.h"
#include "lanes.h"

/*
 * Buckets of one value each below 128, then 64 to each power of two: a value in one is off by 1/128 at
 * most from its middle.
 */
#define HISTOGRAM_BUCKETS (64 * 59)

struct histogram {
	uint64_t count, sum, min, max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);
/* The value that `percent` of all are not above, within 1/128; 0 if there is none. */
uint64_t histogram_percentile(const struct histogram *histogram, unsigned int percent);

/* An exit takes the ticks until the next VM entry, as in `perf kvm stat`. The last reason: unknown ones. */
struct exit_stats {
	struct histogram exits[MINIVMX_EXIT_REASON_COUNT + 1][HANDLERS];
	struct histogram handler[HANDLERS];
	uint64_t lane[LANES];		/* ticks */
	unsigned int vcpus;
};

/* context: a struct exit_stats. */
void exit_stats_span(void *context, const struct track *track, const struct span *span);
void exit_stats_exit(void *context, const struct track *track, const struct vm_exit *exit);


/* In microseconds of that TSC; 0: in ticks. */
void exit_stats_print(const struct exit_stats *stats, FILE *out, uint32_t tsc_khz);
void exit_stats_print_lanes(const struct exit_stats *stats, FILE *out, uint32_t tsc_khz);
/* Members of the object that is open, all in ticks. */
void exit_stats_json(const struct exit_stats *stats, struct json *json);

#endif /* MINIVMX_TOOLS_EXIT_STATS_H */
