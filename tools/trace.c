// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - `minivmx trace`: a timeline of the vCPUs, as a file for a trace viewer, and a summary.
 *
 * Reached from main.c. recording.c has the events, lanes.c makes spans of them, timeline.c writes.
 * (`minivmx run --trace` is exit_trace.c.)
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "command.h"
#include "exit_stats.h"
#include "recording.h"
#include "timeline.h"

struct trace_command {
	struct recording recording;
	const char *output;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct trace_command *command = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &command->recording;
		break;
	case 'o':
		command->output = arg;
		break;
	case ARGP_KEY_END:
		if (!command->output)
			argp_error(state, "which file? -o FILE");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ .name = "output", .key = 'o', .arg = "FILE", .doc = "write the timeline there" },
	{ 0 }
};

static const struct argp_child children[] = { { .argp = &recording_argp }, { 0 } };

static const struct argp trace_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = RECORDING_ARGS,
	.children = children,
	.doc = "Write a timeline of the vCPUs, in Chrome's trace event format (JSON): open FILE in "
	       "https://ui.perfetto.dev or chrome://tracing. Each vCPU has lanes for the guest, the kernel in a "
	       "slice (fast handlers), the kernel outside of slices (slow handlers) and userspace; each span "
	       "names its VM exit.\v"
	       "Example: minivmx trace -o hello.json -- minivmx run guests/hello. Needs root. Not "
	       "`minivmx run --trace`, which prints the exits that reach userspace. Status: COMMAND's; 1 if it "
	       "can't record.",
};

static void print_summary(const struct timeline *timeline, const char *output)
{
	fprintf(stderr, "%s: %" PRIu64 " spans; ", output, timeline->spans);
	exit_stats_print_lanes(timeline->stats, stderr, timeline->tsc_khz);
}

/* A short COMMAND may have ended before anybody asks for its name. */
static void name_processes(struct timeline *timeline, char **command)
{
	FILE *out = fmemopen(timeline->process_name, sizeof(timeline->process_name), "w");

	for (; out && command && *command; command++)
		fprintf(out, "%s ", *command);
	if (out)
		fclose(out);
}

static int run(struct trace_command *command, struct timeline *timeline, FILE *out)
{
	bool started;
	int status;

	command->recording.watcher = (struct lane_watcher) {
		.span = timeline_span, .exit = timeline_exit, .instant = timeline_instant, .context = timeline,
	};
	command->recording.tsc_khz = &timeline->tsc_khz;
	name_processes(timeline, command->recording.command);
	timeline->begin = __rdtsc();
	timeline_begin(timeline, out);
	status = recording_run(&command->recording, &started);
	timeline_end(timeline, command->recording.lost);
	if (started)
		print_summary(timeline, command->output);
	return status;
}

int command_trace(int argc, char **argv)
{
	struct timeline timeline = { .stats = calloc(1, sizeof(struct exit_stats)) };
	struct trace_command command = { .output = NULL };
	int status = STATUS_HOST_ERROR;
	bool failed;
	FILE *out;

	argp_parse(&trace_argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
	out = fopen(command.output, "we");
	if (timeline.stats && out)
		status = run(&command, &timeline, out);
	failed = !out || ferror(out);
	if (out && fclose(out))
		failed = true;
	if (failed) {
		complain("writing %s: %s", command.output, strerror(errno));
		status = STATUS_HOST_ERROR;
	}
	free(timeline.stats);
	return status;
}
