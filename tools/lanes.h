/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lanes.h - where each vCPU is at each moment, made of the module's events: in the guest, in the kernel
 * in a slice, in the kernel outside of one, or in userspace. So each VM exit has its ticks.
 *
 * Reached from stat.c and timeline.c, which say what to call; fed by recording.c. The ticks in the guest, in
 * the kernel and in userspace are those of the flight recorder (arch/x86/recorder.h), to the tick.
 */
#ifndef MINIVMX_TOOLS_LANES_H
#define MINIVMX_TOOLS_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event_stream.h"

/* Fast handlers work in the slice, slow handlers outside of it. */
enum lane { LANE_GUEST, LANE_FAST, LANE_SLOW, LANE_USER, LANES };

#define HANDLERS 3	/* MINIVMX_HANDLED_* */

struct vm_exit {
	uint64_t number;		/* from 1, of this vCPU, since the recording began; 0: no exit yet */
	uint32_t reason, handled_by;
	uint64_t rip, qualification, guest_physical;
	uint64_t guest_ticks;		/* before it */
	uint64_t kernel_ticks;		/* after it, until the next VM entry */
	uint64_t user_ticks;
};

/*
 * A vCPU, known by its thread and its number: if another thread runs it, it is another track, and a thread
 * that has one VM after the other has one track for their vCPUs of one number.
 */
struct track {
	pid_t thread;
	uint32_t vcpu;
	unsigned int index;
	bool placed;			/* it is known where the vCPU is: in this lane since then, for this */
	enum lane lane;
	uint64_t since;
	const char *what;
	bool exited;			/* and all that has been since its last exit */
	struct vm_exit last;
};

struct span {
	enum lane lane;
	const char *what;
	uint64_t begin, end;
	const struct vm_exit *exit;	/* LANE_GUEST: which ends it; else: after which it is */
};

/* What is called with the facts; each may be NULL. */
struct lane_watcher {
	void (*span)(void *context, const struct track *track, const struct span *span);
	/* The exit is complete: the guest has been entered again, or RUN has returned and that is the end. */
	void (*exit)(void *context, const struct track *track, const struct vm_exit *exit);
	/* Of the kinds from EVENT_LANE_KINDS on. track: where it happens, NULL if that isn't known. */
	void (*instant)(void *context, const struct track *track, const struct event *event);
	void *context;
};

struct lanes {
	const struct lane_watcher *watcher;
	struct track *track;
	unsigned int tracks;
	uint64_t gaps;			/* times that a vCPU was lost sight of: where events are missing */
};

/* An event of event_stream.h, in the order of time. */
void lanes_take(struct lanes *lanes, const struct event *event);
void lanes_end(struct lanes *lanes);

const char *lane_name(enum lane lane);
const char *handler_name(unsigned int handled_by);

#endif /* MINIVMX_TOOLS_LANES_H */
