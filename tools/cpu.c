// SPDX-License-Identifier: GPL-2.0
/*
 * cpu.c - a vCPU's thread: gives the guest what is due (interrupts, NMIs, INIT, startup),
 * runs it, answers its exit, and waits where the guest halts.
 *
 * Reached from machine.c; continues in pc.c with each access to a device, in gdb.c and in
 * report.c. Interrupts are this program's business: the device's VMs have no APIC. The guest
 * takes one only where RUN says it can; else RUN returns when it can (the interrupt window).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "machine.h"
#include "report.h"

#define RESET_RDX	0x600		/* family 6 */
#define APIC_BASE_BSP	(1u << 8)	/* of IA32_APIC_BASE */

/* What the signal handler needs. The run page is where the kernel looks before each entry. */
static __thread struct minivmx_run *volatile current_run;

/*
 * A signal makes a RUN in progress return. One that comes just before RUN would be lost, and the guest
 * run on: immediate_exit closes that gap, as the kernel reads it after the last moment a signal can miss.
 */
static void on_kick(int signal)
{
	(void)signal;
	if (current_run)
		*(volatile __u8 *)&current_run->immediate_exit = 1;
}

void cpu_catch_kicks(void)
{
	struct sigaction action = { .sa_handler = on_kick };

	sigaction(CPU_KICK_SIGNAL, &action, NULL);
}

void cpu_kick(struct cpu *cpu)
{
	pthread_cond_signal(&cpu->wake);
	/* One kick brings it back from RUN; from gdb, only the last does. */
	if (!cpu->away || (cpu->kicked && !cpu->machine->stopping))
		return;
	cpu->kicked = true;
	pthread_kill(cpu->thread, CPU_KICK_SIGNAL);
}

/* What lasts is done without the lock, and ended by a kick. */
static void go_away(struct cpu *cpu)
{
	cpu->away = true;
	cpu->kicked = false;
	pthread_mutex_unlock(&cpu->machine->lock);
}

static void come_back(struct cpu *cpu)
{
	pthread_mutex_lock(&cpu->machine->lock);
	cpu->away = false;
}

/* The guest can't go on: the run ends, after gdb has had a look. */
static void end(struct cpu *cpu, int status)
{
	go_away(cpu);
	gdb_crashed(cpu->machine->gdb, status);
	come_back(cpu);
	if (!cpu->machine->stopping)
		cpu->machine->last_cpu = cpu->vcpu->index;
	machine_stop(cpu->machine, status);
}

/* The same, with a report, for which the terminal is left. */
static void crash(struct cpu *cpu, int (*report)(const struct vcpu *vcpu))
{
	terminal_close(&cpu->machine->terminal);
	end(cpu, report(cpu->vcpu));
}

static void run_failed(struct cpu *cpu, int error)
{
	terminal_close(&cpu->machine->terminal);
	end(cpu, report_run_error(cpu->vcpu, error));
}

static int failed(struct cpu *cpu, const char *call)
{
	end(cpu, vm_call_failed(cpu->vcpu->vm, call));
	return -1;
}

/* gdb drives the first CPU, and there is no other. */
static void let_gdb(struct cpu *cpu, int (*act)(struct gdb *gdb))
{
	int status;

	go_away(cpu);
	status = act(cpu->machine->gdb);
	come_back(cpu);
	if (status)
		machine_stop(cpu->machine, status);
}

static void let_stepper(struct cpu *cpu, void (*act)(struct stepper *stepper))
{
	struct stepper *stepper = cpu->machine->options->stepper;

	if (!stepper)
		return;
	go_away(cpu);
	act(stepper);
	come_back(cpu);
	if (stepper->quits)
		machine_stop(cpu->machine, stepper->status);
}

/* ------------------------------------------------------------------------- waking up */

/* Startup: real mode, at the page that the vector names. */
static int take_startup(struct cpu *cpu)
{
	struct minivmx_sregs sregs = cpu->reset_sregs;
	struct minivmx_regs regs = cpu->reset_regs;

	cpu->startup = false;
	cpu->waits_for_startup = false;
	sregs.cs.selector = cpu->startup_vector << 8;
	sregs.cs.base = cpu->startup_vector << 12;
	regs.rip = 0;
	regs.rdx = RESET_RDX;
	if (ioctl(cpu->vcpu->fd, MINIVMX_SET_SREGS, &sregs) < 0 ||
	    ioctl(cpu->vcpu->fd, MINIVMX_SET_REGS, &regs) < 0)
		return failed(cpu, "startup");
	return 0;
}

static int take_nmi(struct cpu *cpu)
{
	cpu->nmi = false;
	cpu->halted = false;
	if (ioctl(cpu->vcpu->fd, MINIVMX_NMI, 0) < 0)
		return failed(cpu, "NMI");
	return 0;
}

/* A halted CPU with interrupts off is dead until an NMI or INIT; when all are, the guest has ended. */
static bool is_dead(const struct cpu *cpu)
{
	return (cpu->halted && !cpu->vcpu->run->if_flag) || cpu->waits_for_startup;
}

static bool all_dead(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->vm.vcpus; i++) {
		const struct cpu *cpu = &machine->cpu[i];

		/* An NMI does not wake what waits for a startup IPI. */
		if (!is_dead(cpu) || cpu->init || (cpu->waits_for_startup ? cpu->startup : cpu->nmi))
			return false;
	}
	return true;
}

static bool has_interrupt(const struct cpu *cpu)
{
	return lapic_has_interrupt(&cpu->machine->pc.lapics, cpu->vcpu->index) != LAPIC_NO_INTERRUPT;
}

static bool has_work(const struct cpu *cpu)
{
	if (cpu->machine->stopping || cpu->init || cpu->debugger_waits)
		return true;
	if (cpu->waits_for_startup)
		return cpu->startup;
	if (!cpu->halted || cpu->nmi)
		return true;
	return cpu->vcpu->run->if_flag && has_interrupt(cpu);
}

/* ------------------------------------------------------------------------ interrupts */

/* Hands over the interrupt that is due, or asks RUN to return when the guest can take one. */
static int give_interrupt(struct cpu *cpu)
{
	struct minivmx_run *run = cpu->vcpu->run;

	run->request_interrupt_window = 0;
	if (!has_interrupt(cpu))
		return 0;
	if (run->ready_for_interrupt_injection) {
		struct minivmx_interrupt interrupt = { .irq = pc_take_interrupt(&cpu->machine->pc, cpu->vcpu->index) };

		cpu->halted = false;
		if (ioctl(cpu->vcpu->fd, MINIVMX_INTERRUPT, &interrupt) < 0)
			return failed(cpu, "INTERRUPT");
		/* One at a time: until RUN has returned it can't take another. */
		run->ready_for_interrupt_injection = 0;
	}
	run->request_interrupt_window = has_interrupt(cpu);
	return 0;
}

/* Everything that has come since the last exit. Negative: the run has ended. */
static int take_events(struct cpu *cpu)
{
	struct machine *machine = cpu->machine;

	while (!has_work(cpu)) {
		if (all_dead(machine))
			machine_stop(machine, STATUS_OK);
		else
			pthread_cond_wait(&cpu->wake, &machine->lock);
	}
	if (machine->stopping)
		return -1;
	/* Both want the last exit to be complete: cpu_thread(). */
	if (cpu->debugger_waits || cpu->init)
		return 0;
	if (cpu->waits_for_startup)
		return take_startup(cpu);
	if (cpu->nmi && take_nmi(cpu) < 0)
		return -1;
	if (give_interrupt(cpu) < 0)
		return -1;
	cpu->halted = false;
	return 0;
}

/* ----------------------------------------------------------------------------- exits */

/* The data of an I/O exit: one element, or as many as a string instruction moves at once. */
static void handle_io(struct cpu *cpu)
{
	struct minivmx_run *run = cpu->vcpu->run;
	struct bus *bus = &cpu->machine->pc.bus;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	unsigned int size = run->io.size;

	for (uint32_t i = 0; i < run->io.count; i++, data += size) {
		uint32_t value = 0;

		if (run->io.direction == MINIVMX_EXIT_IO_OUT) {
			memcpy(&value, data, size);
			bus_write(bus, SPACE_PORT, run->io.port, size, value, NULL);
		} else {
			value = bus_read(bus, SPACE_PORT, run->io.port, size, NULL);
			memcpy(data, &value, size);
		}
	}
}

/* False where no device is. */
static bool handle_mmio(struct cpu *cpu)
{
	struct minivmx_run *run = cpu->vcpu->run;
	struct bus *bus = &cpu->machine->pc.bus;
	uint64_t value = 0;
	bool found;

	if (run->mmio.is_write) {
		memcpy(&value, run->mmio.data, run->mmio.len);
		bus_write(bus, SPACE_MEMORY, run->mmio.phys_addr, run->mmio.len, value, &found);
	} else {
		value = bus_read(bus, SPACE_MEMORY, run->mmio.phys_addr, run->mmio.len, &found);
		memcpy(run->mmio.data, &value, run->mmio.len);
	}
	return found;
}

/*
 * Is the run to end here, as the user has asked, with the exit as the guest left it? A failed entry is
 * reported in any case.
 */
static bool is_last_exit(struct cpu *cpu)
{
	struct machine *machine = cpu->machine;

	if (!machine->options->exits || machine->stopping || cpu->vcpu->run->exit_reason == MINIVMX_EXIT_FAIL_ENTRY)
		return false;
	machine->last_cpu = cpu->vcpu->index;
	return ++machine->exits == machine->options->exits;
}

static void handle_exit(struct cpu *cpu)
{
	struct machine *machine = cpu->machine;
	struct vcpu *vcpu = cpu->vcpu;
	bool found = true;

	machine->pc.lapics.current = vcpu->index;
	if (is_last_exit(cpu)) {
		machine_stop(machine, STATUS_OK);
		return;
	}
	if (vcpu->run->exit_reason == MINIVMX_EXIT_IO)
		handle_io(cpu);
	else if (vcpu->run->exit_reason == MINIVMX_EXIT_MMIO)
		found = handle_mmio(cpu);
	exit_history_add(&vcpu->history, vcpu->run);
	trace_exit(&machine->trace, vcpu);
	switch (vcpu->run->exit_reason) {
	case MINIVMX_EXIT_MMIO:
		if (!found)
			crash(cpu, report_mmio);
		break;
	case MINIVMX_EXIT_HLT:
		cpu->halted = true;
		break;
	case MINIVMX_EXIT_IO:
	case MINIVMX_EXIT_INTR:
	case MINIVMX_EXIT_IRQ_WINDOW_OPEN:
	case MINIVMX_EXIT_SET_TPR:
		break;
	case MINIVMX_EXIT_DEBUG:
		if (machine->gdb)
			let_gdb(cpu, gdb_debug_exit);
		else if (!machine->options->stepper)
			crash(cpu, report_unknown_exit);
		break;
	case MINIVMX_EXIT_SHUTDOWN:
		crash(cpu, report_triple_fault);
		break;
	case MINIVMX_EXIT_FAIL_ENTRY:
		crash(cpu, report_entry_failure);
		break;
	case MINIVMX_EXIT_INTERNAL_ERROR:
		crash(cpu, report_internal_error);
		break;
	default:
		crash(cpu, report_unknown_exit);
	}
	if (!machine->stopping)
		let_stepper(cpu, stepper_exit);
}

/* --------------------------------------------------------------------------- the loop */

/* 0, or the errno of RUN. */
static int run(struct cpu *cpu)
{
	struct lapics *lapics = &cpu->machine->pc.lapics;
	struct minivmx_run *run = cpu->vcpu->run;
	unsigned int index = cpu->vcpu->index;
	int error = 0;

	run->cr8 = lapic_get_tpr(lapics, index);
	go_away(cpu);
	if (ioctl(cpu->vcpu->fd, MINIVMX_RUN, 0) < 0)
		error = errno;
	come_back(cpu);
	*(volatile __u8 *)&run->immediate_exit = 0;
	/* An INIT that came meanwhile has reset the TPR. */
	if (!cpu->init && run->cr8 != lapic_get_tpr(lapics, index))
		lapic_set_tpr(lapics, index, run->cr8);
	lapic_set_base(lapics, index, run->apic_base);
	return error;
}

static void run_guest(struct cpu *cpu)
{
	int error = run(cpu);

	if (!error)
		handle_exit(cpu);
	else if (error != EINTR && error != EAGAIN)
		run_failed(cpu, error);
}

/*
 * A RUN that runs nothing completes the last exit: the guest is then between two instructions. False: it
 * has led to another exit, as the second half of an access over two pages does, or has failed.
 */
static bool finish_exit(struct cpu *cpu)
{
	int error;

	*(volatile __u8 *)&cpu->vcpu->run->immediate_exit = 1;
	error = run(cpu);
	if (!error)
		handle_exit(cpu);
	else if (error != EINTR && error != EAGAIN)
		run_failed(cpu, error);
	return error == EINTR || error == EAGAIN;
}

static void serve_debugger(struct cpu *cpu)
{
	if (!finish_exit(cpu))
		return;
	cpu->debugger_waits = false;
	if (cpu->machine->gdb)
		let_gdb(cpu, gdb_serve);
	let_stepper(cpu, stepper_interrupt);
}

/* INIT: the state of reset, and no instruction until a startup IPI. SDM 3A "MP Initialization". */
static void take_init(struct cpu *cpu)
{
	static const struct minivmx_vcpu_events no_events;

	if (!finish_exit(cpu))
		return;
	cpu->init = false;
	cpu->halted = false;
	cpu->nmi = false;
	/* The first CPU would run the firmware, which is not here. */
	cpu->waits_for_startup = true;
	if (ioctl(cpu->vcpu->fd, MINIVMX_SET_VCPU_EVENTS, &no_events) < 0 ||
	    ioctl(cpu->vcpu->fd, MINIVMX_SET_SREGS, &cpu->reset_sregs) < 0 ||
	    ioctl(cpu->vcpu->fd, MINIVMX_SET_REGS, &cpu->reset_regs) < 0)
		failed(cpu, "INIT");
}

static void *cpu_thread(void *argument)
{
	struct cpu *cpu = argument;
	struct machine *machine = cpu->machine;
	sigset_t kick;

	current_run = cpu->vcpu->run;
	sigemptyset(&kick);
	sigaddset(&kick, CPU_KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	pthread_mutex_lock(&machine->lock);
	cpu->debugger_waits = machine->gdb || machine->options->stepper;
	while (take_events(cpu) == 0)
		if (cpu->debugger_waits)
			serve_debugger(cpu);
		else if (cpu->init)
			take_init(cpu);
		else if (!cpu->waits_for_startup)
			run_guest(cpu);
	let_stepper(cpu, stepper_end);
	pthread_mutex_unlock(&machine->lock);
	return NULL;
}

int cpu_init(struct cpu *cpu, struct machine *machine, unsigned int index)
{
	cpu->machine = machine;
	cpu->vcpu = &machine->vm.vcpu[index];
	cpu->waits_for_startup = index > 0;
	pthread_cond_init(&cpu->wake, NULL);
	if (ioctl(cpu->vcpu->fd, MINIVMX_GET_REGS, &cpu->reset_regs) < 0 ||
	    ioctl(cpu->vcpu->fd, MINIVMX_GET_SREGS, &cpu->reset_sregs) < 0)
		return vm_call_failed(&machine->vm, "reading a vCPU's state");
	/* Only the first one is the bootstrap processor. */
	if (index > 0) {
		cpu->reset_sregs.apic_base &= ~APIC_BASE_BSP;
		if (ioctl(cpu->vcpu->fd, MINIVMX_SET_SREGS, &cpu->reset_sregs) < 0)
			return vm_call_failed(&machine->vm, "SET_SREGS");
	}
	return 0;
}

int cpu_start(struct cpu *cpu)
{
	int error = pthread_create(&cpu->thread, NULL, cpu_thread, cpu);

	if (error) {
		complain("cannot start a thread for CPU %u: %s", cpu->vcpu->index, strerror(error));
		return STATUS_HOST_ERROR;
	}
	cpu->has_thread = true;
	return 0;
}

void cpu_join(struct cpu *cpu)
{
	if (cpu->has_thread)
		pthread_join(cpu->thread, NULL);
}
