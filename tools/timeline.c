// SPDX-License-Identifier: GPL-2.0
/*
 * timeline.c - writes a JSON timeline, event by event.
 *
 * Reached from lanes.c; see timeline.h. Of the format it uses complete events ("X"), instants ("i")
 * and metadata ("M"). Times are rounded to nanoseconds at both ends, not the duration: so spans
 * that touch still touch. Sums belong to args.ticks, which is exact.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode.h"
#include "timeline.h"

/* What a viewer takes for the number of a thread. */
#define LANE_ID(track, lane) ((track)->index * LANES + (lane) + 1)

/* After the label of a line of /proc/NUMBER/NAME; "" where there is none. */
static void read_proc(char text[64], pid_t number, const char *name, const char *label)
{
	char path[64], line[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)number, name);
	text[0] = 0;
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, label, strlen(label))) {
			strcpy(text, line + strlen(label));
			text[strcspn(text, "\n")] = 0;
			break;
		}
	fclose(file);
}

/* The thread itself, if it has ended. */
static pid_t process_of(pid_t thread)
{
	char text[64];

	read_proc(text, thread, "status", "Tgid:");
	return text[0] ? atoi(text) : thread;
}

/* Times are in nanoseconds since the recording's begin. */
static uint64_t ns(const struct timeline *timeline, uint64_t ticks)
{
	if (ticks < timeline->begin)
		return 0;
	return (unsigned __int128)(ticks - timeline->begin) * 1000000 / timeline->tsc_khz;
}

static void begin_event(struct timeline *timeline, const char *phase, const char *name, pid_t process,
			unsigned int id)
{
	json_object_begin(&timeline->json, NULL);
	json_string(&timeline->json, "ph", phase);
	json_string(&timeline->json, "name", name);
	json_number(&timeline->json, "pid", process);
	json_number(&timeline->json, "tid", id);
}

static void put_name(struct timeline *timeline, const char *kind, const char *name, pid_t process,
		     unsigned int id)
{
	begin_event(timeline, "M", kind, process, id);
	json_object_begin(&timeline->json, "args");
	json_string(&timeline->json, "name", name);
	json_object_end(&timeline->json);
	json_object_end(&timeline->json);
}

static void put_sort_index(struct timeline *timeline, pid_t process, unsigned int id)
{
	begin_event(timeline, "M", "thread_sort_index", process, id);
	json_object_begin(&timeline->json, "args");
	json_number(&timeline->json, "sort_index", id);
	json_object_end(&timeline->json);
	json_object_end(&timeline->json);
}

static pid_t name_track(struct timeline *timeline, const struct track *track)
{
	static const char * const titles[LANES] = {
		[LANE_GUEST] = "guest", [LANE_FAST] = "kernel, in a slice: fast handlers",
		[LANE_SLOW] = "kernel, outside: slow handlers", [LANE_USER] = "userspace",
	};
	pid_t process = process_of(track->thread);
	char name[64];

	read_proc(name, process, "comm", "");
	put_name(timeline, "process_name", name[0] ? name : timeline->process_name, process, 0);
	for (unsigned int lane = 0; lane < LANES; lane++) {
		snprintf(name, sizeof(name), "vCPU %u: %s", track->vcpu, titles[lane]);
		put_name(timeline, "thread_name", name, process, LANE_ID(track, lane));
		put_sort_index(timeline, process, LANE_ID(track, lane));
	}
	return process;
}

/* A track is known from its first span on; they are numbered in the order of their first events. */
static pid_t track_process(struct timeline *timeline, const struct track *track)
{
	if (track->index >= timeline->tracks) {
		pid_t *more = realloc(timeline->process, (track->index + 1) * sizeof(*more));

		if (!more)
			return track->thread;
		timeline->process = more;
		while (timeline->tracks <= track->index)
			timeline->process[timeline->tracks++] = 0;
	}
	if (!timeline->process[track->index])
		timeline->process[track->index] = name_track(timeline, track);
	return timeline->process[track->index];
}

void timeline_begin(struct timeline *timeline, FILE *out)
{
	timeline->json = (struct json) { .out = out, .lines = 2 };
	json_object_begin(&timeline->json, NULL);
	json_string(&timeline->json, "displayTimeUnit", "ns");
	json_array_begin(&timeline->json, "traceEvents");
}

static void put_exit(struct json *json, enum lane lane, const struct vm_exit *exit)
{
	uint32_t reason = bits(exit->reason, 15, 0);

	json_number(json, "exit", exit->number);
	if (!exit->number)
		return;
	json_string(json, "reason", exit_reason_name(reason));
	json_hex(json, "rip", exit->rip);
	json_hex(json, "qualification", exit->qualification);
	if (is_ept_exit(reason))
		json_hex(json, "guest physical", exit->guest_physical);
	if (lane == LANE_SLOW || lane == LANE_USER)
		json_string(json, "handled by", handler_name(exit->handled_by));
}

void timeline_span(void *context, const struct track *track, const struct span *span)
{
	struct timeline *timeline = context;
	struct json *json = &timeline->json;
	uint64_t begin, end;

	timeline->spans++;
	exit_stats_span(timeline->stats, track, span);
	begin = ns(timeline, span->begin);
	end = ns(timeline, span->end);
	begin_event(timeline, "X", span->what, track_process(timeline, track), LANE_ID(track, span->lane));
	json_thousandths(json, "ts", begin);
	json_thousandths(json, "dur", end - begin);
	json_object_begin(json, "args");
	json_number(json, "ticks", span->end - span->begin);
	put_exit(json, span->lane, span->exit);
	json_object_end(json);
	json_object_end(json);
}

void timeline_exit(void *context, const struct track *track, const struct vm_exit *exit)
{
	struct timeline *timeline = context;

	exit_stats_exit(timeline->stats, track, exit);
}

void timeline_instant(void *context, const struct track *track, const struct event *event)
{
	const struct event_format *format = &event_formats[event->kind];
	struct timeline *timeline = context;
	struct json *json = &timeline->json;

	if (track)
		begin_event(timeline, "i", format->name, track_process(timeline, track),
			    LANE_ID(track, track->lane));
	else
		begin_event(timeline, "i", format->name, process_of(event->thread), event->thread);
	json_thousandths(json, "ts", ns(timeline, event->time));
	json_string(json, "s", "t");
	json_object_begin(json, "args");
	for (unsigned int i = 0; i < EVENT_VALUES && format->field[i]; i++)
		json_hex(json, format->field[i], event->value[i]);
	json_object_end(json);
	json_object_end(json);
}

void timeline_end(struct timeline *timeline, uint64_t lost)
{
	struct json *json = &timeline->json;

	json_array_end(json);
	json_object_begin(json, "otherData");
	json_string(json, "program", "minivmx trace");
	json_number(json, "tsc_khz", timeline->tsc_khz);
	json_number(json, "lost_events", lost);
	exit_stats_json(timeline->stats, json);
	json_object_end(json);
	json_object_end(json);
	free(timeline->process);
}
