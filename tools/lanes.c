// SPDX-License-Identifier: GPL-2.0
/*
 * lanes.c - follows each vCPU from event to event.
 *
 * Reached from recording.c; see lanes.h. A RUN is: userspace entry, then slices, then userspace exit; a
 * slice is: its begin, then exits, then its end. An event that does not fit shows that others are
 * missing: then nothing is said of the time before it.
 */
#include <stdlib.h>
#include <string.h>

#include <minivmx.h>

#include "decode.h"
#include "lanes.h"

const char *lane_name(enum lane lane)
{
	static const char * const names[LANES] = {
		[LANE_GUEST] = "guest", [LANE_FAST] = "fast", [LANE_SLOW] = "slow", [LANE_USER] = "userspace",
	};

	return names[lane];
}

const char *handler_name(unsigned int handled_by)
{
	static const char * const names[HANDLERS] = {
		[MINIVMX_HANDLED_FAST] = "fast", [MINIVMX_HANDLED_SLOW] = "slow",
		[MINIVMX_HANDLED_USER] = "userspace",
	};

	return handled_by < HANDLERS ? names[handled_by] : "?";
}

static struct track *find_track(struct lanes *lanes, const struct event *event)
{
	struct track *track = lanes->track;

	for (; track < lanes->track + lanes->tracks; track++)
		if (track->thread == event->thread && track->vcpu == event->vcpu)
			return track;
	track = realloc(lanes->track, (lanes->tracks + 1) * sizeof(*track));
	if (!track)
		return NULL;
	lanes->track = track;
	track += lanes->tracks;
	*track = (struct track) { .thread = event->thread, .vcpu = event->vcpu, .index = lanes->tracks++ };
	return track;
}

/* Where the thread's only vCPU is, or the one that is in RUN: the EPT's events don't say whose they are. */
static struct track *track_of_thread(struct lanes *lanes, pid_t thread)
{
	struct track *found = NULL;

	for (struct track *track = lanes->track; track < lanes->track + lanes->tracks; track++)
		if (track->thread == thread && track->placed && (!found || track->lane != LANE_USER))
			found = track;
	return found;
}

/* The vCPU is in another lane from now on. Whatever the events say, no lane's time runs backwards. */
static void move_to(struct lanes *lanes, struct track *track, enum lane lane, const char *what, uint64_t now)
{
	struct span span = { track->lane, track->what, track->since, now < track->since ? track->since : now,
			     &track->last };

	if (track->placed) {
		if (track->lane == LANE_USER)
			track->last.user_ticks += span.end - span.begin;
		else if (track->lane != LANE_GUEST)
			track->last.kernel_ticks += span.end - span.begin;
		if (lanes->watcher->span)
			lanes->watcher->span(lanes->watcher->context, track, &span);
	}
	track->placed = true;
	track->lane = lane;
	track->what = what;
	track->since = span.end;
}

static void lose(struct lanes *lanes, struct track *track)
{
	if (track->placed)
		lanes->gaps++;
	track->placed = track->exited = false;
}

/* The event can only come when the vCPU is in that lane, and after what came before. */
static void expect(struct lanes *lanes, struct track *track, enum lane lane, uint64_t now)
{
	if (track->lane != lane || now < track->since)
		lose(lanes, track);
}

/* Nothing more will be added to the last exit. */
static void finish_exit(struct lanes *lanes, struct track *track)
{
	if (track->exited && lanes->watcher->exit)
		lanes->watcher->exit(lanes->watcher->context, track, &track->last);
	track->exited = false;
}

static void take_exit(struct lanes *lanes, struct track *track, const uint64_t value[])
{
	uint64_t tsc = value[EXIT_TSC], entry = tsc - value[EXIT_GUEST_TICKS];

	expect(lanes, track, LANE_FAST, entry);
	move_to(lanes, track, LANE_GUEST, "guest", entry);
	finish_exit(lanes, track);
	track->exited = true;
	track->last = (struct vm_exit) {
		.number = track->last.number + 1, .reason = value[EXIT_REASON],
		.handled_by = MINIVMX_HANDLED_FAST, .rip = value[EXIT_RIP], .qualification = value[EXIT_QUALIFICATION],
		.guest_physical = value[EXIT_GUEST_PHYSICAL], .guest_ticks = value[EXIT_GUEST_TICKS],
	};
	move_to(lanes, track, LANE_FAST, exit_reason_name(bits(track->last.reason, 15, 0)), tsc);
}

/* In the kernel, outside of a slice: what for. */
static const char *after_slice(const struct vm_exit *last)
{
	static const char * const names[HANDLERS] = {
		[MINIVMX_HANDLED_FAST] = "host", [MINIVMX_HANDLED_USER] = "to userspace",
	};
	const char *name = last->handled_by < HANDLERS ? names[last->handled_by] : NULL;

	return name ? name : exit_reason_name(bits(last->reason, 15, 0));
}

static void take_lane_event(struct lanes *lanes, struct track *track, const struct event *event)
{
	const uint64_t *value = event->value;

	switch (event->kind) {
	case EVENT_USERSPACE_ENTRY:
		expect(lanes, track, LANE_USER, value[ENTRY_TSC]);
		move_to(lanes, track, LANE_SLOW, "from userspace", value[ENTRY_TSC]);
		break;
	case EVENT_SLICE_BEGIN:
		expect(lanes, track, LANE_SLOW, event->time);
		move_to(lanes, track, LANE_FAST, "VM entry", event->time);
		break;
	case EVENT_EXIT:
		take_exit(lanes, track, value);
		break;
	case EVENT_SLICE_END:
		expect(lanes, track, LANE_FAST, event->time);
		track->last.handled_by = value[SLICE_END_HANDLED_BY];
		move_to(lanes, track, LANE_SLOW, after_slice(&track->last), event->time);
		break;
	default:
		expect(lanes, track, LANE_SLOW, value[USERSPACE_EXIT_TSC]);
		track->last.handled_by = value[USERSPACE_EXIT_HANDLED_BY];
		move_to(lanes, track, LANE_USER, "userspace", value[USERSPACE_EXIT_TSC]);
		break;
	}
}

void lanes_take(struct lanes *lanes, const struct event *event)
{
	bool of_ept = event->kind == EVENT_EPT_FILL || event->kind == EVENT_EPT_INVALIDATE;
	struct track *track;

	if (event->kind == EVENT_LOST) {
		for (track = lanes->track; track < lanes->track + lanes->tracks; track++)
			lose(lanes, track);
		return;
	}
	track = of_ept ? track_of_thread(lanes, event->thread) : find_track(lanes, event);
	if (event->kind >= EVENT_LANE_KINDS) {
		if (lanes->watcher->instant)
			lanes->watcher->instant(lanes->watcher->context, track, event);
	} else if (track) {
		take_lane_event(lanes, track, event);
	}
}

void lanes_end(struct lanes *lanes)
{
	for (struct track *track = lanes->track; track < lanes->track + lanes->tracks; track++)
		if (track->placed && track->lane == LANE_USER)
			finish_exit(lanes, track);
	free(lanes->track);
	lanes->track = NULL;
	lanes->tracks = 0;
}
