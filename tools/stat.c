// SPDX-License-Identifier: GPL-2.0
/*
 * stat.c - `minivmx stat`: the VM exits by reason and by handler, and where the vCPUs' time goes, live
 * and at the end.
 *
 * Reached from main.c. recording.c has the events, lanes.c makes exits of them, exit_stats.c counts.
 */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "exit_stats.h"
#include "json.h"
#include "recording.h"

#define CLEAR_SCREEN "\033[H\033[2J"

struct stat_command {
	struct recording recording;
	struct exit_stats *stats;
	const char *output;		/* NULL: stdout, or stderr if a COMMAND has that */
	FILE *out;
	uint32_t tsc_khz;
	bool json, ticks;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct stat_command *command = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &command->recording;
		break;
	case 'o':
		command->output = arg;
		break;
	case 't':
		command->ticks = true;
		break;
	case 'j':
		command->json = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ .name = "output", .key = 'o', .arg = "FILE",
	  .doc = "instead of stdout, or of stderr with a COMMAND" },
	{ .name = "ticks",  .key = 't', .doc = "times in ticks of the TSC, not in microseconds" },
	{ .name = "json",   .key = 'j', .doc = "as JSON, times in ticks" },
	{ 0 }
};

static const struct argp_child children[] = { { .argp = &recording_argp }, { 0 } };

static const struct argp stat_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = RECORDING_ARGS,
	.children = children,
	.doc = "Count VM exits and their time, from the exit to the next VM entry: by reason, and by who handles "
	       "it: fast (in the kernel, in the slice), slow (in the kernel outside of it) or userspace. Median "
	       "and p99 are right within 1 %. On a terminal that no COMMAND writes to, the table is shown anew "
	       "each second.\v"
	       "Example: minivmx stat -- minivmx run GUEST. Needs root. Status: COMMAND's; 1 if it can't "
	       "record.",
};

static void print_table(const struct stat_command *command)
{
	uint32_t tsc_khz = command->ticks ? 0 : command->tsc_khz;

	exit_stats_print(command->stats, command->out, tsc_khz);
	exit_stats_print_lanes(command->stats, command->out, tsc_khz);
}

static void print_live(void *context)
{
	const struct stat_command *command = context;

	fputs(CLEAR_SCREEN, command->out);
	print_table(command);
	fflush(command->out);
}

static void print_json(const struct stat_command *command)
{
	struct json json = { .out = command->out };

	json_object_begin(&json, NULL);
	json_number(&json, "tsc_khz", command->tsc_khz);
	json_number(&json, "lost_events", command->recording.lost);
	exit_stats_json(command->stats, &json);
	json_object_end(&json);
}

static bool is_live(const struct stat_command *command)
{
	return !command->json && isatty(fileno(command->out)) &&
	       !(command->recording.command && isatty(STDOUT_FILENO));
}

static int run(struct stat_command *command)
{
	bool started;
	int status;

	if (is_live(command))
		command->recording.each_second = print_live;
	status = recording_run(&command->recording, &started);
	if (!started)
		return status;
	if (command->recording.each_second)
		fputs(CLEAR_SCREEN, command->out);
	if (command->json)
		print_json(command);
	else
		print_table(command);
	if (fflush(command->out)) {
		complain("writing the table: %s", strerror(errno));
		return STATUS_HOST_ERROR;
	}
	return status;
}

int command_stat(int argc, char **argv)
{
	struct stat_command command = { .stats = calloc(1, sizeof(struct exit_stats)) };
	int status = STATUS_HOST_ERROR;

	argp_parse(&stat_argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
	command.recording.watcher = (struct lane_watcher) { .span = exit_stats_span, .exit = exit_stats_exit,
							    .context = command.stats };
	command.recording.lanes_only = true;
	command.recording.context = &command;
	command.recording.tsc_khz = &command.tsc_khz;
	if (command.output)
		command.out = fopen(command.output, "we");
	else
		command.out = command.recording.command ? stderr : stdout;
	if (command.stats && command.out)
		status = run(&command);
	else
		complain("%s: %s", command.output ? command.output : "minivmx stat", strerror(errno));
	if (command.output && command.out)
		fclose(command.out);
	free(command.stats);
	return status;
}
