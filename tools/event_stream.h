/* SPDX-License-Identifier: GPL-2.0 */
/*
 * event_stream.h - the tracepoints minivmx:* (arch/x86/trace.h) as a stream in the order of time.
 *
 * Reached from recording.c; lanes.c makes sense of the events. Times are ticks of the host's TSC.
 */
#ifndef MINIVMX_TOOLS_EVENT_STREAM_H
#define MINIVMX_TOOLS_EVENT_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define EVENT_VALUES 9

enum event_kind {
	/* What the lanes are made of. */
	EVENT_USERSPACE_ENTRY,
	EVENT_SLICE_BEGIN,
	EVENT_EXIT,
	EVENT_SLICE_END,
	EVENT_USERSPACE_EXIT,
	EVENT_LANE_KINDS,
	/* What happens in them. */
	EVENT_INJECT = EVENT_LANE_KINDS,
	EVENT_PIO,
	EVENT_MMIO,
	EVENT_MSR,
	EVENT_CR,
	EVENT_EPT_FILL,
	EVENT_EPT_INVALIDATE,
	EVENT_KINDS,
	/* Before this one, events have been lost. */
	EVENT_LOST = EVENT_KINDS,
};

/* Indices of event.value. */
enum { ENTRY_TSC };
enum { EXIT_REASON, EXIT_RIP, EXIT_QUALIFICATION, EXIT_GUEST_PHYSICAL, EXIT_INTR_INFO, EXIT_IDT_VECTORING,
       EXIT_TSC, EXIT_GUEST_TICKS };
enum { SLICE_END_HANDLED_BY };
enum { USERSPACE_EXIT_TSC, USERSPACE_EXIT_HANDLED_BY, USERSPACE_EXIT_REASON, USERSPACE_EXIT_RESULT };

struct event {
	enum event_kind kind;
	pid_t thread;
	uint32_t vcpu;				/* of the thread's VM; not of the EPT's events */
	uint64_t time;
	uint64_t value[EVENT_VALUES];
};

/* The tracepoint behind "minivmx_", and its fields but "vcpu", in the order of the values; NULL ends them. */
struct event_format {
	const char *name;
	const char *field[EVENT_VALUES];
};

extern const struct event_format event_formats[EVENT_KINDS];

struct event_stream;

struct event_stream_options {
	unsigned int buffer_kib;		/* of each CPU */
	const char *threads;			/* "1 2 3": these and their children; NULL: all */
	bool lanes_only;			/* only the kinds below EVENT_LANE_KINDS */
};

/* Is there what is needed? False: it has said what isn't. */
bool event_stream_possible(void);

/* NULL: it has said why not. The events come from now on. */
struct event_stream *event_stream_open(const struct event_stream_options *options);

/*
 * Gives out what is surely in order, and what is left when @last, after which no event comes any
 * more. False: reading failed, which it has said.
 */
bool event_stream_read(struct event_stream *stream, bool last,
		       void (*take)(void *context, const struct event *event), void *context);

/* How many events the buffers had no room for. */
uint64_t event_stream_lost(struct event_stream *stream);

void event_stream_close(struct event_stream *stream);

#endif /* MINIVMX_TOOLS_EVENT_STREAM_H */
