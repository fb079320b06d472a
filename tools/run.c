// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - `minivmx run`: the smallest whole virtual machine monitor. It makes a VM, loads
 * a guest, and answers its exits until it ends.
 *
 * Reached from main.c. The order of a run: vm.c (VM, memory, vCPU), image.c (the guest's
 * bytes), mode.c (its start state), then run_loop() here, ports.c for its devices, trace.c
 * for who watches, gdb.c for who interferes, and report.c for what went wrong.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "command.h"
#include "gdb.h"
#include "ports.h"
#include "report.h"
#include "trace.h"
#include "vm.h"

struct run_options {
	const char *device;
	const char *guest;
	uint64_t ram_size;
	enum guest_mode mode;
	bool trace;
	const char *gdb;	/* the address to listen at; NULL: no debugger */
	double timeout;		/* seconds; 0: none */
};

/* What the signal handler needs. The run page is where the kernel looks before each entry. */
static struct minivmx_run *volatile current_run;
static volatile sig_atomic_t stop_signal;

/*
 * A signal makes a RUN in progress return (SIGIO: gdb has something to say). One that comes just
 * before RUN would be lost, and the guest run on: immediate_exit closes that gap, as the kernel
 * reads it after the last moment a signal can miss.
 */
static void on_signal(int signal)
{
	if (signal != SIGIO)
		stop_signal = signal;
	if (current_run)
		*(volatile __u8 *)&current_run->immediate_exit = 1;
}

static int catch_signals(const struct run_options *options, struct vcpu *vcpu)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGALRM, SIGIO };
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval timer = { 0 };

	current_run = vcpu->run;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	timer.it_value.tv_sec = options->timeout;
	timer.it_value.tv_usec = (options->timeout - timer.it_value.tv_sec) * 1e6;
	if (setitimer(ITIMER_REAL, &timer, NULL) < 0) {
		complain("cannot set a timer of %g s: %s", options->timeout, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	return 0;
}

static int report_signal(const struct run_options *options, const struct vcpu *vcpu)
{
	if (stop_signal == SIGALRM) {
		complain("%s did not end within %g s; its registers:", options->guest, options->timeout);
		print_registers(vcpu);
		return STATUS_TIMEOUT;
	}
	complain("stopped by %s; the guest was still running", stop_signal == SIGINT ? "Ctrl-C" : "SIGTERM");
	return STATUS_SIGNAL + stop_signal;
}

/* The data of an I/O exit: one element, or as many as a string instruction moves at once. */
static void handle_io(struct vcpu *vcpu, struct ports *ports)
{
	uint8_t *data = (uint8_t *)vcpu->run + vcpu->run->io.data_offset;
	unsigned int size = vcpu->run->io.size;
	uint16_t port = vcpu->run->io.port;

	for (uint32_t i = 0; i < vcpu->run->io.count; i++, data += size) {
		uint32_t value = 0;

		if (vcpu->run->io.direction == MINIVMX_EXIT_IO_OUT) {
			memcpy(&value, data, size);
			port_out(ports, port, value);
		} else {
			value = port_in(ports, port, size);
			memcpy(data, &value, size);
		}
	}
}

static int run_loop(const struct run_options *options, struct vcpu *vcpu, struct trace *trace, struct gdb *gdb)
{
	struct ports ports = { .out = stdout };
	int status = gdb ? gdb_serve(gdb) : STATUS_OK;

	while (!status) {
		if (stop_signal)
			return report_signal(options, vcpu);
		if (ioctl(vcpu->fd, MINIVMX_RUN, 0) < 0) {
			if (errno != EINTR && errno != EAGAIN)
				return gdb_crashed(gdb, report_run_error(vcpu, errno));
			if (gdb)
				status = gdb_serve(gdb);
			continue;
		}
		if (vcpu->run->exit_reason == MINIVMX_EXIT_IO)
			handle_io(vcpu, &ports);
		trace_exit(trace, vcpu);
		switch (vcpu->run->exit_reason) {
		case MINIVMX_EXIT_IO:
			if (ports.exited)
				return ports.exit_status;
			break;
		case MINIVMX_EXIT_HLT:
			/* No device here interrupts: nothing could wake the guest. */
			return STATUS_OK;
		case MINIVMX_EXIT_INTR:
		/* No interrupt waits for a lower task priority either. */
		case MINIVMX_EXIT_SET_TPR:
			break;
		case MINIVMX_EXIT_DEBUG:
			status = gdb ? gdb_debug_exit(gdb) : report_unknown_exit(vcpu);
			break;
		case MINIVMX_EXIT_SHUTDOWN:
			return gdb_crashed(gdb, report_triple_fault(vcpu));
		case MINIVMX_EXIT_FAIL_ENTRY:
			return gdb_crashed(gdb, report_entry_failure(vcpu));
		case MINIVMX_EXIT_MMIO:
			/* No device here has memory. */
			return gdb_crashed(gdb, report_mmio(vcpu));
		case MINIVMX_EXIT_INTERNAL_ERROR:
			return gdb_crashed(gdb, report_internal_error(vcpu));
		default:
			return gdb_crashed(gdb, report_unknown_exit(vcpu));
		}
	}
	return status;
}

static int run_guest(const struct run_options *options)
{
	struct image image = { .mode = options->mode };
	struct trace trace = { .enabled = options->trace };
	struct gdb *gdb = NULL;
	struct vm vm;
	int status;

	status = vm_open(&vm, options->device, options->ram_size, 1);
	if (!status)
		status = image_load(&vm, options->guest, &image);
	if (!status)
		status = mode_enter(&vm, &image);
	if (!status)
		status = catch_signals(options, &vm.vcpu[0]);
	if (!status && options->gdb)
		status = gdb_open(&gdb, &vm.vcpu[0], options->gdb, &stop_signal);
	if (!status) {
		/* A guest's last words must not stay in a buffer. */
		setvbuf(stdout, NULL, _IOLBF, 0);
		status = run_loop(options, &vm.vcpu[0], &trace, gdb);
		fflush(stdout);
		trace_summary(&trace);
		gdb_close(gdb, status);
	}
	current_run = NULL;
	vm_close(&vm);
	return status;
}

static uint64_t parse_memory(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long mib = strtoul(text, &end, 10);

	if (end == text || *end || mib < RAM_MIB_MIN || mib > RAM_MIB_MAX)
		argp_error(state, "--mem takes a number of MiB from %d to %d, not \"%s\"", RAM_MIB_MIN, RAM_MIB_MAX, text);
	return (uint64_t)mib << 20;
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
	struct run_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		break;
	case 'm':
		options->ram_size = parse_memory(arg, state);
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
	case 'T':
		options->timeout = parse_timeout(arg, state);
		break;
	case ARGP_KEY_ARG:
		if (options->guest)
			argp_error(state, "one guest at a time; \"%s\" is too many", arg);
		options->guest = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which guest? give a flat binary or an ELF64 file");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option option_table[] = {
	{ .name = "device",  .key = 'd', .arg = "PATH", .doc = "/dev/minivmx (default) or /dev/kvm" },
	{ .name = "mem",     .key = 'm', .arg = "MIB",  .doc = "guest memory from address 0 on, 1 to 3072 (64)" },
	{ .name = "mode",    .key = 'M', .arg = "MODE",
	  .doc = "real, protected or long; default: long for ELF64 files, which know no other, real for flat binaries" },
	{ .name = "trace",   .key = 't', .doc = "print exits that reach userspace, and a table of them" },
	{ .name = "gdb",     .key = 'g', .arg = "ADDRESS",
	  .doc = "let gdb control the guest: [HOST]:PORT (127.0.0.1; port 0 picks one) or unix:PATH" },
	{ .name = "timeout", .key = 'T', .arg = "S",    .doc = "end the guest after S seconds" },
	{ 0 }
};

static const char doc[] =
	"Runs GUEST: a static ELF64 at its physical addresses, or a flat binary at 0x7c00 (real; stack below) "
	"or 0x100000 (protected, long; stack below 0x80000, tables at 0x1000 to 0x7fff; no IDT). RDI holds the memory's size.\v"
	"Ports: 0xe9 and COM1 (0x3f8) print; OUT to 0xf4 ends with the value's low byte as status; "
	"others read as ones. No device interrupts or has memory: HLT ends the run, and so does an access "
	"outside the memory.\n"
	"With --gdb the guest waits for gdb to say \"continue\"; if gdb goes without detaching, it waits for another.\n"
	"Exit status: the guest's, 0 after HLT, or 1 host error, 2 usage, 3 triple fault, 4 unhandled exit, "
	"5 VM entry failed, 6 bad image, 124 timeout, 130 Ctrl-C, 137 killed by gdb, 143 SIGTERM.";

int command_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "GUEST", .doc = doc,
	};
	struct run_options options = { .device = MINIVMX_DEVICE, .ram_size = 64ull << 20 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return run_guest(&options);
}
