// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs.c - `minivmx vmcs`: the VMCS of a guest at one of its exits, or of a file; and what differs
 * between two files.
 *
 * Reached from main.c. A guest is run by machine.c, which fills in the snapshot; snapshot_file.c
 * reads and writes the files, vmcs_print.c and vmcs_json.c print.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "machine.h"
#include "snapshot_file.h"
#include "vmcs_print.h"

struct vmcs_options {
	const char *device;
	unsigned long exits;
	const char *output;	/* NULL: nowhere */
	bool json, diff;
	const char *source[2];	/* a guest or a file; with diff two files */
	unsigned int sources;
};

static unsigned long parse_exits(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long exits = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || exits < 1 || exits > 1000000000)
		argp_error(state, "--exits takes a number from 1 to 1000000000, not \"%s\"", text);
	return exits;
}

static void parse_source(const char *arg, struct vmcs_options *options, struct argp_state *state)
{
	if (!options->diff && !options->sources && !strcmp(arg, "diff")) {
		options->diff = true;
		return;
	}
	if (options->sources == (options->diff ? 2 : 1))
		argp_error(state, "\"%s\" is too many", arg);
	options->source[options->sources++] = arg;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct vmcs_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		break;
	case 'e':
		options->exits = parse_exits(arg, state);
		break;
	case 'o':
		options->output = arg;
		break;
	case 'j':
		options->json = true;
		break;
	case ARGP_KEY_ARG:
		parse_source(arg, options, state);
		break;
	case ARGP_KEY_END:
		if (options->diff && options->sources < 2)
			argp_error(state, "diff compares two files");
		if (!options->sources)
			argp_error(state, "of what? give a guest, or a file that -o or `minivmx run --snapshot` saved");
		if (options->diff && options->output)
			argp_error(state, "--output saves one VMCS, and diff has two");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* What cannot be opened is left to whoever reads it to say. */
static bool is_snapshot_file(const char *path)
{
	char start[sizeof(SNAPSHOT_MAGIC)] = "";
	FILE *file = fopen(path, "re");
	bool is = false;

	if (file) {
		is = fread(start, 1, sizeof(start) - 1, file) && !strcmp(start, SNAPSHOT_MAGIC);
		fclose(file);
	}
	return is;
}

/* What the guest prints goes to stderr: stdout is for the VMCS. */
static int run_guest(struct snapshot *snapshot, const struct vmcs_options *options)
{
	struct machine_options machine = {
		.device = options->device, .guest = options->source[0], .ram_size = 256ull << 20, .cpus = 1,
		.snapshot = snapshot, .exits = options->exits };
	int status, out = dup(STDOUT_FILENO);

	if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		complain("stdout: %s", strerror(errno));
		return STATUS_HOST_ERROR;
	}
	status = machine_run(&machine);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	return status;
}

static int diff(const struct vmcs_options *options)
{
	static struct snapshot a, b;
	int status = snapshot_read_file(&a, options->source[0]);

	if (!status)
		status = snapshot_read_file(&b, options->source[1]);
	if (status)
		return status;
	if (options->json)
		vmcs_print_diff_json(&a, &b);
	else
		vmcs_print_diff(&a, options->source[0], &b, options->source[1]);
	return STATUS_OK;
}

static int show(const struct vmcs_options *options)
{
	static struct snapshot snapshot;
	int status, error = 0;

	if (is_snapshot_file(options->source[0]))
		status = snapshot_read_file(&snapshot, options->source[0]);
	else
		status = run_guest(&snapshot, options);
	/* A guest that ended otherwise than it should has a VMCS too. */
	if (!snapshot.fields)
		return status;
	if (options->output)
		error = snapshot_write_file(&snapshot, options->output);
	else if (options->json)
		vmcs_print_json(&snapshot);
	else
		vmcs_print(&snapshot);
	return error ? error : status;
}

int command_vmcs(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "device", .key = 'd', .arg = "PATH", .doc = "the module's device (/dev/minivmx)" },
		{ .name = "exits", .key = 'e', .arg = "N", .doc = "run the guest to its Nth exit to userspace (1)" },
		{ .name = "output", .key = 'o', .arg = "FILE", .doc = "save the VMCS instead of printing it" },
		{ .name = "json",   .key = 'j', .doc = "print JSON" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST|FILE\ndiff FILE FILE",
		.doc = "Prints the VMCS of GUEST (as `minivmx run` takes it) at an exit, or of a saved FILE: every "
		       "field by area and name, with its bits decoded. diff prints what differs between two files.\v"
		       "A run that ends earlier (a failed VM entry, a triple fault, HLT) shows what it ended with. "
		       "What the guest prints goes to stderr. The host's fields need CAP_SYS_ADMIN.\n"
		       "Exit status: 0, or as of `minivmx run`; 6 for a damaged file.",
	};
	struct vmcs_options options = { .device = MINIVMX_DEVICE, .exits = 1 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return options.diff ? diff(&options) : show(&options);
}
