// SPDX-License-Identifier: GPL-2.0
/*
 * exit_stats.c - counts VM exits and their times, and prints the tables of `minivmx stat`.
 *
 * Reached from lanes.c with each exit and each stay in a lane; see exit_stats.h. Medians and percentiles
 * come from histograms, so that a recording may last for days.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "exit_stats.h"

#define ROWS ((MINIVMX_EXIT_REASON_COUNT + 1) * HANDLERS)

/* ---------------------------------------------------------------------- histograms */

static unsigned int bucket_shift(uint64_t value)
{
	return value < 128 ? 0 : 57 - __builtin_clzll(value);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	unsigned int shift = bucket_shift(value);

	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count++;
	histogram->sum += value;
	histogram->bucket[64 * shift + (value >> shift)]++;
}

static uint64_t bucket_middle(unsigned int bucket)
{
	unsigned int shift = bucket < 128 ? 0 : bucket / 64 - 1;

	return ((uint64_t)(bucket - 64 * shift) << shift) + ((1ull << shift) - 1) / 2;
}

uint64_t histogram_percentile(const struct histogram *histogram, unsigned int percent)
{
	uint64_t below = 0, value = histogram->max;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += histogram->bucket[i];
		if ((unsigned __int128)below * 100 >= (unsigned __int128)histogram->count * percent) {
			value = bucket_middle(i);
			break;
		}
	}
	return value < histogram->min ? histogram->min : value > histogram->max ? histogram->max : value;
}

/* ------------------------------------------------------------------------ counting */

void exit_stats_span(void *context, const struct track *track, const struct span *span)
{
	struct exit_stats *stats = context;

	stats->lane[span->lane] += span->end - span->begin;
	if (track->index >= stats->vcpus)
		stats->vcpus = track->index + 1;
}

void exit_stats_exit(void *context, const struct track *track, const struct vm_exit *exit)
{
	struct exit_stats *stats = context;
	uint32_t reason = bits(exit->reason, 15, 0);
	uint64_t ticks = exit->kernel_ticks + exit->user_ticks;

	(void)track;
	if (exit->handled_by >= HANDLERS)
		return;
	if (reason > MINIVMX_EXIT_REASON_COUNT)
		reason = MINIVMX_EXIT_REASON_COUNT;
	histogram_add(&stats->exits[reason][exit->handled_by], ticks);
	histogram_add(&stats->handler[exit->handled_by], ticks);
}

/* ---------------------------------------------------------------------- the tables */

static int compare_rows(const void *a, const void *b)
{
	const struct histogram * const *first = a, * const *second = b;

	return (*first)->sum == (*second)->sum ? 0 : (*first)->sum > (*second)->sum ? -1 : 1;
}

/* The rows that have exits, those that took most time first. */
static unsigned int sorted_rows(const struct exit_stats *stats, const struct histogram *row[ROWS])
{
	unsigned int rows = 0;

	for (unsigned int i = 0; i < ROWS; i++)
		if ((&stats->exits[0][0])[i].count)
			row[rows++] = &(&stats->exits[0][0])[i];
	qsort(row, rows, sizeof(row[0]), compare_rows);
	return rows;
}

static const char *row_reason(const struct exit_stats *stats, const struct histogram *row)
{
	return exit_reason_name((row - &stats->exits[0][0]) / HANDLERS);
}

static unsigned int row_handler(const struct exit_stats *stats, const struct histogram *row)
{
	return (row - &stats->exits[0][0]) % HANDLERS;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_time(FILE *out, uint64_t ticks, uint32_t tsc_khz)
{
	if (tsc_khz)
		fprintf(out, " %11.2f", ticks * 1000.0 / tsc_khz);
	else
		fprintf(out, " %11" PRIu64, ticks);
}

struct sums {
	uint64_t exits, ticks;
};

static struct sums all_exits(const struct exit_stats *stats)
{
	struct sums sums = { 0 };

	for (unsigned int i = 0; i < HANDLERS; i++) {
		sums.exits += stats->handler[i].count;
		sums.ticks += stats->handler[i].sum;
	}
	return sums;
}

static void print_row(FILE *out, const char *reason, unsigned int handler, const struct histogram *row,
		      struct sums all, uint32_t tsc_khz)
{
	fprintf(out, "%-26.26s %-9s %9" PRIu64 " %5.1f%% %5.1f%%", reason, handler_name(handler), row->count,
		percent(row->count, all.exits), percent(row->sum, all.ticks));
	print_time(out, row->min, tsc_khz);
	print_time(out, histogram_percentile(row, 50), tsc_khz);
	print_time(out, histogram_percentile(row, 99), tsc_khz);
	print_time(out, row->max, tsc_khz);
	fputc('\n', out);
}

void exit_stats_print(const struct exit_stats *stats, FILE *out, uint32_t tsc_khz)
{
	const struct histogram *row[ROWS];
	unsigned int rows = sorted_rows(stats, row);
	struct sums all = all_exits(stats);
	const char *unit = tsc_khz ? "us" : "ticks";

	fprintf(out, "%-26s %-9s %9s %6s %6s", "VM exit", "handler", "exits", "share", "time");
	fprintf(out, " %11s %11s %11s %11s %s\n", "min", "median", "p99", "max", unit);
	for (unsigned int i = 0; i < rows; i++)
		print_row(out, row_reason(stats, row[i]), row_handler(stats, row[i]), row[i], all, tsc_khz);
	for (unsigned int i = 0; i < HANDLERS; i++)
		if (stats->handler[i].count)
			print_row(out, "all", i, &stats->handler[i], all, tsc_khz);
}

void exit_stats_print_lanes(const struct exit_stats *stats, FILE *out, uint32_t tsc_khz)
{
	static const char * const names[LANES] = {
		[LANE_GUEST] = "in the guest", [LANE_FAST] = "in the kernel in a slice",
		[LANE_SLOW] = "outside of one", [LANE_USER] = "in userspace",
	};
	uint64_t sum = 0;

	for (unsigned int i = 0; i < LANES; i++)
		sum += stats->lane[i];
	fprintf(out, "%u vCPU%s, ", stats->vcpus, stats->vcpus == 1 ? "" : "s");
	if (tsc_khz)
		fprintf(out, "%.3f ms:", (double)sum / tsc_khz);
	else
		fprintf(out, "%" PRIu64 " ticks:", sum);
	for (unsigned int i = 0; i < LANES; i++)
		fprintf(out, " %.1f%% %s%s", percent(stats->lane[i], sum), names[i],
			i < LANES - 1 ? "," : "\n");
}

static void json_histogram(struct json *json, unsigned int handler, const struct histogram *row)
{
	json_string(json, "handler", handler_name(handler));
	json_number(json, "count", row->count);
	json_number(json, "ticks", row->sum);
	json_number(json, "min", row->min);
	json_number(json, "median", histogram_percentile(row, 50));
	json_number(json, "p99", histogram_percentile(row, 99));
	json_number(json, "max", row->max);
}

void exit_stats_json(const struct exit_stats *stats, struct json *json)
{
	const struct histogram *row[ROWS];
	unsigned int rows = sorted_rows(stats, row);

	json_number(json, "vcpus", stats->vcpus);
	json_object_begin(json, "lanes");
	for (unsigned int i = 0; i < LANES; i++)
		json_number(json, lane_name(i), stats->lane[i]);
	json_object_end(json);
	json_array_begin(json, "exits");
	for (unsigned int i = 0; i < rows; i++) {
		json_object_begin(json, NULL);
		json_number(json, "reason", (row[i] - &stats->exits[0][0]) / HANDLERS);
		json_string(json, "name", row_reason(stats, row[i]));
		json_histogram(json, row_handler(stats, row[i]), row[i]);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "handlers");
	for (unsigned int i = 0; i < HANDLERS; i++) {
		json_object_begin(json, NULL);
		json_histogram(json, i, &stats->handler[i]);
		json_object_end(json);
	}
	json_array_end(json);
}
