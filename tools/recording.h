/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recording.h - what `minivmx stat` and `minivmx trace` share: whose events they watch and for how
 * long, a command that they run meanwhile, and the end by a signal.
 *
 * Reached from stat.c and trace.c; continues in recording.c, event_stream.c and lanes.c.
 */
#ifndef MINIVMX_TOOLS_RECORDING_H
#define MINIVMX_TOOLS_RECORDING_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lanes.h"

struct recording {
	pid_t process;			/* 0: all */
	unsigned int seconds;		/* 0: no end */
	unsigned int buffer_kib;	/* of each CPU */
	char **command;			/* NULL: none */
	bool lanes_only;		/* no instants */
	struct lane_watcher watcher;
	void (*each_second)(void *context);	/* may be NULL */
	void *context;
	uint32_t *tsc_khz;		/* what a tick is: filled in before the first event */
	/* Out. */
	uint64_t lost, gaps;
};

/* Options for an argp of the caller's that has this one as a child, with a struct recording as its input. */
extern const struct argp recording_argp;
#define RECORDING_ARGS "[-- COMMAND...]"

/*
 * An exit status: COMMAND's, where there is one. What was lost has been said then. `started` says that
 * anything was recorded.
 */
int recording_run(struct recording *recording, bool *started);

#endif /* MINIVMX_TOOLS_RECORDING_H */
