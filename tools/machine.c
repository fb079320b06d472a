// SPDX-License-Identifier: GPL-2.0
/*
 * machine.c - a machine's life: builds it, starts its CPUs, waits for events until somebody
 * ends the run, and takes it down again.
 *
 * Reached from run.c; see machine.h. This thread is the event loop; the guest runs in the
 * threads of cpu.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command.h"
#include "machine.h"
#include "report.h"
#include "report_state.h"
#include "snapshot_take.h"

void machine_stop(struct machine *machine, int status)
{
	if (machine->stopping)
		return;
	machine->stopping = true;
	machine->status = status;
	event_loop_stop(&machine->loop);
	for (unsigned int i = 0; i < machine->vm.vcpus; i++)
		cpu_kick(&machine->cpu[i]);
}

/* ------------------------------------------------------------ what the devices ask for */

static void stop(struct stop *stop, enum stop_reason reason, int status)
{
	struct machine *machine = container_of(stop, struct machine, stop);

	switch (reason) {
	case STOP_POWER_OFF:
		machine_stop(machine, STATUS_OK);
		break;
	case STOP_EXIT:
		machine_stop(machine, status);
		break;
	case STOP_RESET:
		terminal_close(&machine->terminal);
		complain("the guest reset its machine; the run ends here");
		machine_stop(machine, STATUS_RESET);
		break;
	case STOP_PANIC:
		terminal_close(&machine->terminal);
		machine_stop(machine, report_guest_panic(&machine->vm.vcpu[machine->pc.lapics.current]));
		break;
	}
}

static struct cpu *cpu_of(struct lapic_host *host, unsigned int index)
{
	return &container_of(host, struct machine, lapic_host)->cpu[index];
}

static void wake(struct lapic_host *host, unsigned int index)
{
	cpu_kick(cpu_of(host, index));
}

static void send_nmi(struct lapic_host *host, unsigned int index)
{
	cpu_of(host, index)->nmi = true;
	cpu_kick(cpu_of(host, index));
}

static void send_init(struct lapic_host *host, unsigned int index)
{
	struct machine *machine = container_of(host, struct machine, lapic_host);

	/* The bootstrap processor would start the firmware anew. */
	if (index == 0) {
		stop(&machine->stop, STOP_RESET, 0);
		return;
	}
	cpu_of(host, index)->init = true;
	/* One that follows may come before the CPU's thread has seen the INIT, and counts. */
	cpu_of(host, index)->startup = false;
	cpu_kick(cpu_of(host, index));
}

static void send_startup(struct lapic_host *host, unsigned int index, uint8_t vector)
{
	struct cpu *cpu = cpu_of(host, index);

	/* Only after an INIT; the second of the two that an operating system sends is nothing new. */
	if (!cpu->waits_for_startup && !cpu->init)
		return;
	cpu->startup = true;
	cpu->startup_vector = vector;
	cpu_kick(cpu);
}

static void end_of_interrupt(struct lapic_host *host, uint8_t vector)
{
	ioapic_eoi(&container_of(host, struct machine, lapic_host)->pc.ioapic, vector);
}

static void apic_accepts(struct lapic_host *host)
{
	ioapic_retry(&container_of(host, struct machine, lapic_host)->pc.ioapic);
}

/* ------------------------------------------------------------ what the user asks for */

static void signal_ready(struct event_source *source, uint32_t events)
{
	struct machine *machine = container_of(source, struct machine, signals);
	struct stepper *stepper = machine->options->stepper;
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	/* gdb's byte; Ctrl-C, for whom a stop is enough. */
	if (info.ssi_signo == SIGIO || (info.ssi_signo == SIGINT && stepper && !stepper->waiting)) {
		machine->cpu[0].debugger_waits = true;
		cpu_kick(&machine->cpu[0]);
		return;
	}
	terminal_close(&machine->terminal);
	complain("stopped by %s; the guest was still running", info.ssi_signo == SIGINT ? "Ctrl-C" : "SIGTERM");
	machine->hurries = true;
	machine_stop(machine, STATUS_SIGNAL + info.ssi_signo);
}

static size_t com1_room(struct terminal_user *user)
{
	return uart_room(&container_of(user, struct machine, user)->pc.com1);
}

static void com1_input(struct terminal_user *user, const uint8_t *bytes, size_t count)
{
	uart_receive(&container_of(user, struct machine, user)->pc.com1, bytes, count);
}

static void com1_has_room(struct uart *uart)
{
	terminal_room(&container_of(uart, struct machine, pc.com1)->terminal);
}

static size_t console_room(struct terminal_user *user)
{
	return virtio_console_room(&container_of(user, struct machine, user)->pc.virtio_console);
}

static void console_input(struct terminal_user *user, const uint8_t *bytes, size_t count)
{
	virtio_console_receive(&container_of(user, struct machine, user)->pc.virtio_console, bytes, count);
}

static void console_has_room(struct virtio_console *console)
{
	terminal_room(&container_of(console, struct machine, pc.virtio_console)->terminal);
}

static void console_resized(struct terminal_user *user)
{
	uint16_t columns, rows;

	if (terminal_size(&columns, &rows))
		virtio_console_resize(&container_of(user, struct machine, user)->pc.virtio_console, columns, rows);
}

static void quit(struct terminal_user *user)
{
	struct machine *machine = container_of(user, struct machine, user);

	machine->hurries = true;
	machine_stop(machine, STATUS_OK);
}

/* Who has the terminal, unless the stepper has. The output of both consoles goes to it. */
static int connect_terminal(struct machine *machine)
{
	struct pc *pc = &machine->pc;

	if (machine->options->stepper)
		return 0;
	if (machine->options->virtio_console) {
		machine->user = (struct terminal_user){
			.room = console_room, .input = console_input, .quit = quit, .resized = console_resized };
		pc->virtio_console.has_room = console_has_room;
		console_resized(&machine->user);
	} else {
		machine->user = (struct terminal_user){ .room = com1_room, .input = com1_input, .quit = quit };
		pc->com1.has_room = com1_has_room;
	}
	return terminal_open(&machine->terminal, &machine->loop, &machine->user);
}

/* No thread takes these as signals: they come to the event loop. */
static int catch_signals(struct machine *machine)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGIO);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	machine->signals = (struct event_source){
		.fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC), .ready = signal_ready };
	if (machine->signals.fd < 0 || event_loop_watch(&machine->loop, &machine->signals, EPOLLIN)) {
		complain("cannot wait for signals: %s", strerror(errno));
		return STATUS_HOST_ERROR;
	}
	cpu_catch_kicks();
	return 0;
}

static void time_is_over(struct timer *timer)
{
	struct machine *machine = container_of(timer, struct machine, timeout);

	terminal_close(&machine->terminal);
	complain("%s did not end within %g s", machine->options->guest, machine->options->timeout);
	machine->timed_out = machine->hurries = true;
	machine_stop(machine, STATUS_TIMEOUT);
}

static void set_timeout(struct machine *machine)
{
	timer_init(&machine->timeout, &machine->loop.timers, time_is_over);
	if (machine->options->timeout > 0)
		timer_arm(&machine->timeout, timers_now(&machine->loop.timers) +
			  (uint64_t)(machine->options->timeout * NS_PER_S));
}

/* ------------------------------------------------------------------------- its life */

static int build_vm(struct machine *machine)
{
	const struct machine_options *options = machine->options;
	static struct snapshot before;
	int status = vm_open(&machine->vm, options->device, options->ram_size, options->cpus);

	for (unsigned int i = 0; !status && i < options->cpus; i++)
		status = cpu_init(&machine->cpu[i], machine, i);
	/* Is there one? At the end of a long run it is late to hear that there is not. */
	if (!status && options->snapshot)
		status = snapshot_take(&before, &machine->vm.vcpu[0]);
	machine->memory = (struct guest_memory){ .bytes = machine->vm.ram, .size = machine->vm.ram_size };
	return status;
}

static int build_pc(struct machine *machine)
{
	const struct machine_options *options = machine->options;
	struct output *output = options->stepper ? &options->stepper->output : &machine->terminal.output;
	struct pc *pc = &machine->pc;
	int status = 0;

	machine->stop.stop = stop;
	machine->lapic_host = (struct lapic_host){
		.wake = wake, .nmi = send_nmi, .init = send_init, .startup = send_startup,
		.eoi = end_of_interrupt, .accepts = apic_accepts };
	pc_init(pc, options->cpus, &machine->memory, &machine->loop.timers, &machine->lapic_host,
		&machine->stop, output);
	for (unsigned int i = 0; !status && i < options->disks; i++)
		status = pc_add_disk(pc, options->disk[i].path, options->disk[i].mode);
	if (options->virtio_console)
		pc_add_console(pc, output);
	pc_add_rng(pc);
	if (!status && options->share)
		status = pc_add_share(pc, options->share);
	return status;
}

static int load_guest(struct machine *machine)
{
	const struct machine_options *options = machine->options;
	struct image image = { .boot = options->boot, .mode = options->mode };
	int status;

	image.boot.rsdp = pc_write_tables(&machine->pc, options->cpus);
	status = image_load(&machine->vm, options->guest, &image);
	return status ? status : mode_enter(&machine->vm, &image);
}

static int build(struct machine *machine)
{
	const char *gdb = machine->options->gdb;
	int status = build_vm(machine);

	if (!status)
		status = catch_signals(machine);
	if (!status)
		status = build_pc(machine);
	if (!status)
		status = load_guest(machine);
	if (!status && gdb)
		status = gdb_open(&machine->gdb, &machine->vm.vcpu[0], gdb, &machine->stopping);
	if (!status && machine->options->stepper)
		status = stepper_open(machine->options->stepper, &machine->vm.vcpu[0], &machine->stopping);
	return status;
}

/* Who reads stdout may take as long as they like; Ctrl-C ends that as it ends any program. */
static void finish_output(struct machine *machine)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	terminal_finish(&machine->terminal, !machine->hurries);
}

static int run(struct machine *machine)
{
	unsigned int cpus = machine->options->cpus;
	int status;

	pthread_mutex_lock(&machine->lock);
	set_timeout(machine);
	status = connect_terminal(machine);
	for (unsigned int i = 0; !status && i < cpus; i++)
		status = cpu_start(&machine->cpu[i]);
	if (status)
		machine_stop(machine, status);
	event_loop_run(&machine->loop);
	pthread_mutex_unlock(&machine->lock);
	for (unsigned int i = 0; i < cpus; i++)
		cpu_join(&machine->cpu[i]);
	terminal_close(&machine->terminal);
	if (machine->timed_out)
		for (unsigned int i = 0; i < cpus; i++)
			print_state(&machine->vm.vcpu[i]);
	trace_summary(&machine->trace);
	finish_output(machine);
	if (machine->options->snapshot)
		status = snapshot_take(machine->options->snapshot, &machine->vm.vcpu[machine->last_cpu]);
	return status ? status : machine->status;
}

int machine_run(const struct machine_options *options)
{
	static struct machine machine;
	int status;

	machine.options = options;
	machine.trace.enabled = options->trace;
	machine.signals.fd = -1;
	pthread_mutex_init(&machine.lock, NULL);
	status = event_loop_open(&machine.loop, &machine.lock);
	if (status)
		return status;
	status = build(&machine);
	if (!status)
		status = run(&machine);
	gdb_close(machine.gdb, status);
	pc_close(&machine.pc);
	vm_close(&machine.vm);
	if (machine.signals.fd >= 0)
		close(machine.signals.fd);
	event_loop_close(&machine.loop);
	return status;
}
