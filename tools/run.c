// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - `minivmx run`: what the user asks for, in options.
 *
 * Reached from main.c. The order of a run: machine.c builds the machine: vm.c (VM, memory,
 * vCPUs), image.c (the guest's bytes), mode.c (its start state), pc.c (its devices); then cpu.c
 * runs the guest, trace.c watches, gdb.c interferes, and report.c says what went wrong.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "machine.h"
#include "snapshot_file.h"

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
	case 't':
		options->trace = true;
		break;
	case 'g':
		if (!gdb_address_is_valid(arg))
			argp_error(state, "--gdb takes [HOST]:PORT (HOST numeric or localhost) or unix:PATH, not \"%s\"", arg);
		options->gdb = arg;
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
	case 's':
		options->snapshot_file = arg;
		break;
	case 'T':
		options->timeout = parse_timeout(arg, state);
		break;
	case ARGP_KEY_ARG:
		if (options->guest)
			argp_error(state, "one guest at a time; \"%s\" is too many", arg);
		options->guest = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which guest? give a kernel, a static ELF64 file or a flat binary");
		break;
	case ARGP_KEY_END:
		if (options->gdb && options->cpus > 1)
			argp_error(state, "--gdb drives one CPU: leave --cpus out");
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
	  .doc = "real, protected or long, for flat binaries (real); other images know theirs" },
	{ .name = "initrd",  .key = 'i', .arg = "FILE", .doc = "a kernel's initial file system, or module" },
	{ .name = "append",  .key = 'a', .arg = "TEXT", .doc = "a kernel's command line" },
	{ .name = "disk",    .key = 'D', .arg = "FILE[,ro|,rw|,cow]",
	  .doc = "a disk (virtio): read-only, read and written (default), or copied on write: FILE stays as it is" },
	{ .name = "share",   .key = 'S', .arg = "DIR",
	  .doc = "a directory that the guest may read and change: mount -t virtiofs share /mnt" },
	{ .name = "console", .key = 'C', .arg = "DEVICE",
	  .doc = "who has the terminal: serial (COM1, ttyS0 to Linux; the default) or virtio (hvc0)" },
	{ .name = "trace",   .key = 't', .doc = "print exits that reach userspace, and a table of them" },
	{ .name = "gdb",     .key = 'g', .arg = "ADDRESS",
	  .doc = "let gdb control the guest: [HOST]:PORT (127.0.0.1; port 0 picks one) or unix:PATH" },
	{ .name = "snapshot", .key = 's', .arg = "FILE",
	  .doc = "save the VMCS that the run ended with; `minivmx vmcs FILE` prints it" },
	{ .name = "timeout", .key = 'T', .arg = "S",    .doc = "end the guest after S seconds" },
	{ 0 }
};

static const char doc[] =
	"Runs GUEST: a kernel (Linux bzImage, ELF with a PVH note, multiboot), a static ELF64 at its physical "
	"addresses, or a flat binary at 0x7c00 (real; stack below) or 0x100000 (protected, long). What is no "
	"kernel finds its stack below 0x80000, tables at 0x1000 to 0x7fff, no IDT, the memory's size in RDI.\v"
	"The guest finds a PC: local APICs and an I/O APIC, 8259s, 8254, RTC, COM1, ACPI tables, an empty PCI bus, "
	"virtio disks, a shared directory, a source of random numbers. Port 0xe9 prints; OUT to 0xf4 ends the run with the value's "
	"low byte as status. When all CPUs have halted with interrupts off, the run has ended. An access to where "
	"neither memory nor a device is ends it with a report.\n"
	"On a terminal: Ctrl-A x quits, Ctrl-A h helps.\n"
	"With --gdb the guest waits for gdb to say \"continue\"; if gdb goes without detaching, it waits for another.\n"
	"Exit status: the guest's, 0 after HLT, or 1 host error, 2 usage, 3 triple fault, 4 unhandled exit, "
	"5 VM entry failed, 6 bad image, 7 the guest's kernel panicked, 8 the guest reset its machine, 124 timeout, 130 Ctrl-C, 137 killed by gdb, 143 SIGTERM.";

int command_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST", .doc = doc,
	};
	struct machine_options options = { .device = MINIVMX_DEVICE, .ram_size = 256ull << 20, .cpus = 1 };
	static struct snapshot snapshot;
	int status, error = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.snapshot_file)
		options.snapshot = &snapshot;
	status = machine_run(&options);
	if (snapshot.fields)
		error = snapshot_write_file(&snapshot, options.snapshot_file);
	return error ? error : status;
}
