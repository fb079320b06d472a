// SPDX-License-Identifier: GPL-2.0
/*
 * run_options.c - the options that make a machine: what guest, how much memory, which devices.
 *
 * Reached from run.c, step.c and walk.c, as a child of their own argument parsers.
 */
#include <stdlib.h>
#include <string.h>

#include "run_options.h"

static uint64_t parse_memory(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long mib = strtoul(text, &end, 10);

	if (end == text || *end || mib < RAM_MIB_MIN || mib > RAM_MIB_MAX)
		argp_error(state, "--mem takes a number of MiB from %d to %d, not \"%s\"", RAM_MIB_MIN, RAM_MIB_MAX, text);
	return (uint64_t)mib << 20;
}

static unsigned int parse_cpus(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long cpus = strtoul(text, &end, 10);

	if (end == text || *end || cpus < 1 || cpus > VCPUS_MAX)
		argp_error(state, "--cpus takes a number from 1 to %d, not \"%s\"", VCPUS_MAX, text);
	return cpus;
}

/* FILE, FILE,ro or FILE,cow; a file whose name ends so is given as FILE,rw. */
static void parse_disk(char *text, struct machine_options *options, struct argp_state *state)
{
	static const struct {
		const char *suffix;
		enum disk_mode mode;
	} modes[] = { { ",ro", DISK_READ_ONLY }, { ",rw", DISK_READ_WRITE }, { ",cow", DISK_COPY_ON_WRITE } };
	size_t length = strlen(text);

	if (options->disks == PC_DISKS)
		argp_error(state, "%d disks at most; \"%s\" is too many", PC_DISKS, text);
	options->disk[options->disks].mode = DISK_READ_WRITE;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		size_t suffix = strlen(modes[i].suffix);

		if (length > suffix && !strcmp(text + length - suffix, modes[i].suffix)) {
			options->disk[options->disks].mode = modes[i].mode;
			text[length - suffix] = '\0';
			break;
		}
	}
	options->disk[options->disks++].path = text;
}

static double parse_timeout(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.001 && seconds <= 1e6))
		argp_error(state, "--timeout takes a number of seconds from 0.001 to 1000000, not \"%s\"", text);
	return seconds;
}

static enum guest_mode parse_mode(const char *text, struct argp_state *state)
{
	static const char * const names[] = {
		[MODE_REAL] = "real", [MODE_PROTECTED] = "protected", [MODE_LONG] = "long",
	};

	for (enum guest_mode mode = MODE_REAL; mode <= MODE_LONG; mode++)
		if (!strcmp(text, names[mode]))
			return mode;
	argp_error(state, "--mode is real, protected or long, not \"%s\"", text);
	return MODE_DEFAULT;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct machine_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		break;
	case 'm':
		options->ram_size = parse_memory(arg, state);
		break;
	case 'c':
		options->cpus = parse_cpus(arg, state);
		break;
	case 'M':
		options->mode = parse_mode(arg, state);
		break;
	case 'i':
		options->boot.initrd = arg;
		break;
	case 'a':
		options->boot.append = arg;
		break;
	case 'D':
		parse_disk(arg, options, state);
		break;
	case 'S':
		if (options->share)
			argp_error(state, "one directory at a time; \"%s\" is too many", arg);
		options->share = arg;
		break;
	case 'C':
		if (strcmp(arg, "serial") && strcmp(arg, "virtio"))
			argp_error(state, "--console is serial or virtio, not \"%s\"", arg);
		options->virtio_console = arg[0] == 'v';
		break;
	case 'T':
		options->timeout = parse_timeout(arg, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option option_table[] = {
	{ .name = "device",  .key = 'd', .arg = "PATH", .doc = "/dev/minivmx (default) or /dev/kvm" },
	{ .name = "mem",     .key = 'm', .arg = "MIB",  .doc = "guest memory from address 0 on, 1 to 3072 (256)" },
	{ .name = "cpus",    .key = 'c', .arg = "N",    .doc = "how many CPUs the guest has, 1 to 16 (1)" },
	{ .name = "mode",    .key = 'M', .arg = "MODE",
	  .doc = "of a flat binary: real (default), protected or long" },
	{ .name = "initrd",  .key = 'i', .arg = "FILE", .doc = "a kernel's initial file system, or module" },
	{ .name = "append",  .key = 'a', .arg = "TEXT", .doc = "a kernel's command line" },
	{ .name = "disk",    .key = 'D', .arg = "FILE[,HOW]",
	  .doc = "a disk; HOW: ro, rw (default), cow (FILE stays as is)" },
	{ .name = "share",   .key = 'S', .arg = "DIR",
	  .doc = "a directory: in Linux, mount -t virtiofs share /mnt" },
	{ .name = "console", .key = 'C', .arg = "DEVICE",
	  .doc = "who has the terminal: serial (default) or virtio" },
	{ .name = "timeout", .key = 'T', .arg = "S",    .doc = "end the guest after S seconds" },
	{ 0 }
};

const struct argp *run_options(bool shown)
{
	static struct argp_option hidden_table[sizeof(option_table) / sizeof(option_table[0])];
	static const struct argp all = { .options = option_table, .parser = parse_option };
	static const struct argp hidden = { .options = hidden_table, .parser = parse_option };

	if (shown)
		return &all;
	memcpy(hidden_table, option_table, sizeof(option_table));
	for (struct argp_option *option = hidden_table; option->name; option++)
		option->flags |= OPTION_HIDDEN;
	return &hidden;
}
