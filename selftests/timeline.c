// SPDX-License-Identifier: GPL-2.0
/*
 * timeline.c - `minivmx stat` and `minivmx trace` on made-up events: the lanes (tools/lanes.c), the
 * statistics (tools/exit_stats.c) and the timeline file (tools/timeline.c).
 *
 *   timeline FILE      writes a timeline of the events there, for check-timeline
 */
#include <stdlib.h>
#include <string.h>

#include <minivmx.h>

#include "exit_stats.h"
#include "kselftest_harness.h"
#include "lanes.h"
#include "timeline.h"

#define CPUID 10
#define IO 30
#define EPT_VIOLATION 48
#define THREAD 4194000	/* nobody's */

/* What was heard, in the order in which it was. */
struct heard {
	struct { struct span span; struct vm_exit exit; unsigned int track; } span[64];
	struct vm_exit exit[64];
	unsigned int spans, exits, instants, instants_placed;
};

static void hear_span(void *context, const struct track *track, const struct span *span)
{
	struct heard *heard = context;

	heard->span[heard->spans].span = *span;
	heard->span[heard->spans].exit = *span->exit;
	heard->span[heard->spans++].track = track->index;
}

static void hear_exit(void *context, const struct track *track, const struct vm_exit *exit)
{
	struct heard *heard = context;

	(void)track;
	heard->exit[heard->exits++] = *exit;
}

static void hear_instant(void *context, const struct track *track, const struct event *event)
{
	struct heard *heard = context;

	(void)event;
	heard->instants++;
	heard->instants_placed += track != NULL;
}

static struct event run_begins(uint64_t tsc)
{
	return (struct event) { .kind = EVENT_USERSPACE_ENTRY, .thread = THREAD, .time = tsc + 5, .value = { tsc } };
}

static struct event run_ends(uint64_t tsc, unsigned int handled_by)
{
	return (struct event) { .kind = EVENT_USERSPACE_EXIT, .thread = THREAD, .time = tsc + 5,
				.value = { tsc, handled_by } };
}

static struct event slice_begins(uint64_t time)
{
	return (struct event) { .kind = EVENT_SLICE_BEGIN, .thread = THREAD, .time = time };
}

static struct event slice_ends(uint64_t time, unsigned int handled_by)
{
	return (struct event) { .kind = EVENT_SLICE_END, .thread = THREAD, .time = time, .value = { handled_by } };
}

static struct event exits(uint64_t entry, uint64_t tsc, uint32_t reason)
{
	return (struct event) { .kind = EVENT_EXIT, .thread = THREAD, .time = tsc + 9,
				.value = { reason, 0x7c00, 0x10, 0xfee00000, 0, 0, tsc, tsc - entry } };
}

/* Two RUNs: a CPUID, a missing page, an OUT to userspace; then only the way back. */
static const struct event *two_runs(unsigned int *count)
{
	static struct event event[16];

	event[0] = run_begins(1000);
	event[1] = slice_begins(1100);
	event[2] = exits(1300, 1350, CPUID);
	event[3] = exits(1500, 1580, EPT_VIOLATION);
	event[4] = slice_ends(1700, MINIVMX_HANDLED_SLOW);
	event[5] = (struct event) { .kind = EVENT_EPT_FILL, .thread = THREAD, .time = 1800 };
	event[6] = slice_begins(2000);
	event[7] = exits(2100, 2200, IO);
	event[8] = (struct event) { .kind = EVENT_PIO, .thread = THREAD, .time = 2220, .value = { 0, 0, 0x3f8, 1 } };
	event[9] = slice_ends(2300, MINIVMX_HANDLED_USER);
	event[10] = run_ends(2400, MINIVMX_HANDLED_USER);
	event[11] = run_begins(5400);
	event[12] = slice_begins(5500);
	event[13] = exits(5600, 5650, CPUID);
	event[14] = slice_ends(5700, MINIVMX_HANDLED_FAST);
	event[15] = run_ends(5800, MINIVMX_HANDLED_FAST);
	*count = 16;
	return event;
}

static void hear(struct heard *heard, const struct event *event, unsigned int count, uint64_t *gaps)
{
	struct lane_watcher watcher = { hear_span, hear_exit, hear_instant, heard };
	struct lanes lanes = { .watcher = &watcher };

	memset(heard, 0, sizeof(*heard));
	for (unsigned int i = 0; i < count; i++)
		lanes_take(&lanes, &event[i]);
	lanes_end(&lanes);
	*gaps = lanes.gaps;
}

static uint64_t sum_of(const struct heard *heard, enum lane lane)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < heard->spans; i++)
		if (heard->span[i].span.lane == lane)
			sum += heard->span[i].span.end - heard->span[i].span.begin;
	return sum;
}

/* ------------------------------------------------------------------------ the lanes */

TEST(lanes_are_where_the_vcpu_is)
{
	struct heard heard;
	unsigned int count;
	uint64_t gaps;
	const struct event *event = two_runs(&count);

	hear(&heard, event, count, &gaps);
	EXPECT_EQ(0, gaps);
	EXPECT_EQ(50 + 80 + 100 + 50, sum_of(&heard, LANE_GUEST));
	EXPECT_EQ(200 + 150 + 120 + 100 + 100 + 100 + 50, sum_of(&heard, LANE_FAST));
	EXPECT_EQ(100 + 300 + 100 + 100 + 100, sum_of(&heard, LANE_SLOW));
	EXPECT_EQ(3000, sum_of(&heard, LANE_USER));
	/* Without a hole, from the first event to the last. */
	EXPECT_EQ(1000, heard.span[0].span.begin);
	for (unsigned int i = 1; i < heard.spans; i++)
		EXPECT_EQ(heard.span[i - 1].span.end, heard.span[i].span.begin);
	EXPECT_EQ(5800, heard.span[heard.spans - 1].span.end);
	EXPECT_EQ(2, heard.instants);
	EXPECT_EQ(2, heard.instants_placed);
}

TEST(spans_know_their_exit)
{
	struct heard heard;
	unsigned int count;
	uint64_t gaps;
	const struct event *event = two_runs(&count);

	hear(&heard, event, count, &gaps);
	EXPECT_STREQ("from userspace", heard.span[0].span.what);
	EXPECT_EQ(0, heard.span[0].exit.number);
	EXPECT_STREQ("VM entry", heard.span[1].span.what);
	EXPECT_EQ(LANE_GUEST, heard.span[2].span.lane);
	EXPECT_EQ(1, heard.span[2].exit.number);
	EXPECT_EQ(CPUID, heard.span[2].exit.reason);
	EXPECT_STREQ("CPUID", heard.span[3].span.what);
	EXPECT_EQ(0x7c00, heard.span[3].exit.rip);
	EXPECT_STREQ("EPT violation", heard.span[5].span.what);
	EXPECT_EQ(LANE_SLOW, heard.span[6].span.lane);
	EXPECT_STREQ("EPT violation", heard.span[6].span.what);
	EXPECT_EQ(MINIVMX_HANDLED_SLOW, heard.span[6].exit.handled_by);
	EXPECT_EQ(0xfee00000, heard.span[6].exit.guest_physical);
}

/* As in the flight recorder: the kernel's ticks until the next entry, without userspace's. */
TEST(exits_have_their_ticks)
{
	struct heard heard;
	unsigned int count;
	uint64_t gaps;
	const struct event *event = two_runs(&count);

	hear(&heard, event, count, &gaps);
	ASSERT_EQ(4, heard.exits);
	EXPECT_EQ(50, heard.exit[0].guest_ticks);
	EXPECT_EQ(150, heard.exit[0].kernel_ticks);
	EXPECT_EQ(MINIVMX_HANDLED_FAST, heard.exit[0].handled_by);
	EXPECT_EQ(520, heard.exit[1].kernel_ticks);
	EXPECT_EQ(MINIVMX_HANDLED_SLOW, heard.exit[1].handled_by);
	EXPECT_EQ(400, heard.exit[2].kernel_ticks);
	EXPECT_EQ(3000, heard.exit[2].user_ticks);
	EXPECT_EQ(MINIVMX_HANDLED_USER, heard.exit[2].handled_by);
	/* After the last exit: to the end of RUN. */
	EXPECT_EQ(150, heard.exit[3].kernel_ticks);
	EXPECT_EQ(0, heard.exit[3].user_ticks);
}

TEST(a_slow_handler_may_hand_on_to_userspace)
{
	struct event event[] = { run_begins(100), slice_begins(110), exits(120, 130, EPT_VIOLATION),
				 slice_ends(140, MINIVMX_HANDLED_SLOW), run_ends(150, MINIVMX_HANDLED_USER) };
	struct heard heard;
	uint64_t gaps;

	hear(&heard, event, 5, &gaps);
	ASSERT_EQ(1, heard.exits);
	EXPECT_EQ(MINIVMX_HANDLED_USER, heard.exit[0].handled_by);
}

/* Where the recording begins and ends within a RUN, what is not known is not said. */
TEST(cut_off_at_both_ends)
{
	struct event event[] = { exits(1000, 1010, CPUID), exits(1020, 1040, CPUID) };
	struct heard heard;
	uint64_t gaps;

	hear(&heard, event, 2, &gaps);
	ASSERT_EQ(3, heard.spans);
	EXPECT_EQ(1000, heard.span[0].span.begin);
	EXPECT_EQ(1040, heard.span[2].span.end);
	EXPECT_EQ(1, heard.exits);
	EXPECT_EQ(0, gaps);
}

TEST(nothing_is_said_of_where_events_are_lost)
{
	struct event event[] = { run_begins(100), slice_begins(110), exits(120, 130, CPUID),
				 { .kind = EVENT_LOST, .time = 900 },
				 exits(900, 910, IO), slice_ends(920, MINIVMX_HANDLED_USER) };
	struct heard heard;
	uint64_t gaps;

	hear(&heard, event, 6, &gaps);
	EXPECT_EQ(1, gaps);
	EXPECT_EQ(10 + 10, sum_of(&heard, LANE_GUEST));
	EXPECT_EQ(10 + 10, sum_of(&heard, LANE_FAST));
	EXPECT_EQ(0, heard.exits);
}

TEST(events_that_do_not_fit)
{
	struct heard heard;
	uint64_t gaps;
	struct event event[] = { run_begins(100), slice_begins(110), run_begins(500), slice_begins(510),
				 exits(300, 520, CPUID), exits(530, 540, CPUID) };

	/* No end of the first RUN; an entry before its slice began. */
	hear(&heard, event, 6, &gaps);
	EXPECT_EQ(2, gaps);
	for (unsigned int i = 1; i < heard.spans; i++)
		EXPECT_LE(heard.span[i - 1].span.end, heard.span[i].span.begin);
	EXPECT_EQ(1, heard.exits);
}

TEST(vcpus_have_lanes_of_their_own)
{
	struct event event[] = { run_begins(100), run_begins(101), slice_begins(110), slice_begins(120),
				 exits(130, 140, CPUID) };
	struct heard heard;
	uint64_t gaps;

	event[1].vcpu = 1;
	event[3].vcpu = 1;
	hear(&heard, event, 5, &gaps);
	EXPECT_EQ(0, gaps);
	ASSERT_EQ(4, heard.spans);
	EXPECT_EQ(0, heard.span[0].track);
	EXPECT_EQ(1, heard.span[1].track);
	EXPECT_EQ(19, heard.span[1].span.end - heard.span[1].span.begin);
}

/* ------------------------------------------------------------------- the statistics */

static int compare_values(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

TEST(percentiles_of_small_numbers_are_exact)
{
	struct histogram histogram = { 0 };

	EXPECT_EQ(0, histogram_percentile(&histogram, 50));
	for (unsigned int i = 100; i > 0; i--)
		histogram_add(&histogram, i);
	EXPECT_EQ(100, histogram.count);
	EXPECT_EQ(5050, histogram.sum);
	EXPECT_EQ(1, histogram.min);
	EXPECT_EQ(100, histogram.max);
	EXPECT_EQ(50, histogram_percentile(&histogram, 50));
	EXPECT_EQ(99, histogram_percentile(&histogram, 99));
	EXPECT_EQ(100, histogram_percentile(&histogram, 100));
}

TEST(percentiles_of_any_numbers_are_close)
{
	static const unsigned int percents[] = { 1, 10, 50, 90, 99 };
	static struct histogram histogram;
	static uint64_t value[5000];
	uint64_t random = 1;

	for (unsigned int i = 0; i < 5000; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		value[i] = random >> (random >> 58);
		histogram_add(&histogram, value[i]);
	}
	qsort(value, 5000, sizeof(value[0]), compare_values);
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t exact = value[5000 * percents[i] / 100 - 1];
		uint64_t found = histogram_percentile(&histogram, percents[i]);

		EXPECT_LE(found > exact ? found - exact : exact - found, exact / 128);
	}
	EXPECT_EQ(value[0], histogram.min);
	EXPECT_EQ(value[4999], histogram.max);
}

TEST(histograms_take_every_number)
{
	static struct histogram histogram;

	histogram_add(&histogram, 0);
	histogram_add(&histogram, ~0ull);
	EXPECT_EQ(0, histogram_percentile(&histogram, 50));
	EXPECT_LE(~0ull - ~0ull / 128, histogram_percentile(&histogram, 99));
	memset(&histogram, 0, sizeof(histogram));
	/* One value is its own median, whatever its bucket. */
	histogram_add(&histogram, 1000001);
	EXPECT_EQ(1000001, histogram_percentile(&histogram, 50));
	EXPECT_EQ(1000001, histogram_percentile(&histogram, 99));
}

static void count_two_runs(struct exit_stats *stats)
{
	struct lane_watcher watcher = { exit_stats_span, exit_stats_exit, NULL, stats };
	struct lanes lanes = { .watcher = &watcher };
	unsigned int count;
	const struct event *event = two_runs(&count);

	for (unsigned int i = 0; i < count; i++)
		lanes_take(&lanes, &event[i]);
	lanes_end(&lanes);
}

TEST(statistics_of_exits)
{
	struct exit_stats *stats = calloc(1, sizeof(*stats));
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	count_two_runs(stats);
	EXPECT_EQ(1, stats->vcpus);
	EXPECT_EQ(280, stats->lane[LANE_GUEST]);
	EXPECT_EQ(3000, stats->lane[LANE_USER]);
	EXPECT_EQ(2, stats->exits[CPUID][MINIVMX_HANDLED_FAST].count);
	EXPECT_EQ(300, stats->exits[CPUID][MINIVMX_HANDLED_FAST].sum);
	EXPECT_EQ(3400, stats->handler[MINIVMX_HANDLED_USER].sum);
	exit_stats_print(stats, out, 0);
	exit_stats_print_lanes(stats, out, 0);
	fclose(out);
	/* The greatest share of the time comes first. */
	EXPECT_LT(strstr(text, "I/O instruction"), strstr(text, "EPT violation"));
	EXPECT_NE(NULL, strstr(text, "CPUID                      fast              2  50.0%   7.1%         150         150"));
	EXPECT_NE(NULL, strstr(text, "all                        userspace         1  25.0%  80.6%        3400"));
	EXPECT_NE(NULL, strstr(text, "1 vCPU, 4800 ticks: 5.8% in the guest, 17.1% in the kernel in a slice"));
	free(stats);
}

TEST(times_in_microseconds)
{
	struct exit_stats *stats = calloc(1, sizeof(*stats));
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	count_two_runs(stats);
	exit_stats_print(stats, out, 1000);
	fclose(out);
	EXPECT_NE(NULL, strstr(text, "max us\n"));
	EXPECT_NE(NULL, strstr(text, "3400.00"));
	free(stats);
}

/* --------------------------------------------------------------------- the timeline */

static void write_timeline(FILE *out, uint32_t tsc_khz)
{
	struct timeline timeline = { .tsc_khz = tsc_khz, .begin = 1000, .process_name = "a \"name\"\\",
				     .stats = calloc(1, sizeof(struct exit_stats)) };
	struct lane_watcher watcher = { timeline_span, timeline_exit, timeline_instant, &timeline };
	struct lanes lanes = { .watcher = &watcher };
	unsigned int count;
	const struct event *event = two_runs(&count);

	timeline_begin(&timeline, out);
	for (unsigned int i = 0; i < count; i++)
		lanes_take(&lanes, &event[i]);
	lanes_end(&lanes);
	timeline_end(&timeline, 0);
	free(timeline.stats);
}

TEST(timeline_lines)
{
	static char text[65536];
	FILE *out = fmemopen(text, sizeof(text), "w");

	write_timeline(out, 1000000);
	fclose(out);
	EXPECT_EQ(0, strncmp(text, "{\n  \"displayTimeUnit\": \"ns\",\n  \"traceEvents\": [\n", 48));
	EXPECT_NE(NULL, strstr(text, "\"args\": { \"name\": \"a \\\"name\\\"\\\\\" } },\n"));
	EXPECT_NE(NULL, strstr(text, "    { \"ph\": \"X\", \"name\": \"CPUID\", \"pid\": 4194000, \"tid\": 2, \"ts\": 0.350, "
			       "\"dur\": 0.150, \"args\": { \"ticks\": 150, \"exit\": 1, \"reason\": \"CPUID\", "
			       "\"rip\": \"0x7c00\", \"qualification\": \"0x10\" } },\n"));
	EXPECT_NE(NULL, strstr(text, "{ \"ph\": \"i\", \"name\": \"pio\", \"pid\": 4194000, \"tid\": 2, \"ts\": 1.220, \"s\": \"t\", "
			       "\"args\": { \"in\": \"0x0\", \"string\": \"0x0\", \"port\": \"0x3f8\", \"size\": \"0x1\" } },\n"));
	EXPECT_NE(NULL, strstr(text, "\"userspace\": 3000"));
}

/* Durations follow from rounded ends: at 3 GHz no tick is a whole nanosecond. */
TEST(spans_touch_after_rounding)
{
	static char text[65536];
	FILE *out = fmemopen(text, sizeof(text), "w");
	double end = 0;

	write_timeline(out, 2999999);
	fclose(out);
	for (char *span = text; (span = strstr(span, "\"ph\": \"X\"")); span++) {
		double ts = strtod(strstr(span, "\"ts\": ") + 6, NULL);
		double duration = strtod(strstr(span, "\"dur\": ") + 7, NULL);

		EXPECT_LT(ts > end ? ts - end : end - ts, 0.0001);
		end = ts + duration;
	}
	EXPECT_LT(1.5, end);
}

static int run_tests(int argc, char **argv)
{
	return test_harness_run(argc, argv);
}

int main(int argc, char **argv)
{
	FILE *out;

	if (argc != 2 || argv[1][0] == '-')
		return run_tests(argc, argv);
	out = fopen(argv[1], "w");
	if (!out)
		return 1;
	write_timeline(out, 2999999);
	return fclose(out) != 0;
}
