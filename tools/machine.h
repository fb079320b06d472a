/* SPDX-License-Identifier: GPL-2.0 */
/*
 * machine.h - a running machine: a VM, a thread for each of its vCPUs, an event loop, the
 * devices, and the one lock they all share.
 *
 * Reached from run.c. Continues in machine.c (its life), cpu.c (the vCPUs' threads) and pc.c
 * (which devices there are). Whoever runs the guest holds no lock; everything else holds it.
 */
#ifndef MINIVMX_TOOLS_MACHINE_H
#define MINIVMX_TOOLS_MACHINE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "event_loop.h"
#include "gdb.h"
#include "pc.h"
#include "snapshot.h"
#include "stepper.h"
#include "terminal.h"
#include "exit_trace.h"
#include "vm.h"

struct machine;

struct cpu {
	struct machine *machine;
	struct vcpu *vcpu;
	pthread_t thread;
	bool has_thread;
	pthread_cond_t wake;		/* there may be something to do for a CPU that waits */
	bool away;			/* without the lock, in RUN or talking to gdb */
	bool kicked;			/* already told to come back */
	bool debugger_waits;		/* gdb or the stepper has something to say */
	bool halted;			/* by HLT */
	bool waits_for_startup;		/* after INIT: only a startup IPI wakes it */
	bool init, nmi, startup;	/* have arrived */
	uint8_t startup_vector;
	struct minivmx_regs reset_regs;	/* as the vCPU was created */
	struct minivmx_sregs reset_sregs;
};

/* What the user asked for; see run.c. */
struct machine_options {
	const char *device;
	const char *guest;
	struct boot_options boot;
	struct {
		const char *path;
		enum disk_mode mode;
	} disk[PC_DISKS];
	unsigned int disks;
	const char *share;	/* a directory; NULL: none */
	bool virtio_console;	/* has the terminal, instead of COM1 */
	uint64_t ram_size;
	unsigned int cpus;
	enum guest_mode mode;
	bool trace;
	const char *gdb;	/* the address to listen at; NULL: no debugger */
	struct stepper *stepper;	/* runs it step by step, and has stdin and stdout; NULL: nobody does */
	double timeout;		/* seconds; 0: none */
	struct snapshot *snapshot;	/* where to put the VMCS that the run ended with; NULL: nowhere */
	const char *snapshot_file;	/* where run.c is to save it; NULL: nowhere */
	unsigned long exits;	/* the run ends at the exit to userspace of this number; 0: by itself */
};

struct machine {
	struct vm vm;
	pthread_mutex_t lock;
	struct event_loop loop;
	struct guest_memory memory;
	struct pc pc;
	struct lapic_host lapic_host;
	struct stop stop;
	struct terminal terminal;
	struct terminal_user user;	/* of the terminal: COM1 or the virtio console */
	struct event_source signals;	/* SIGINT, SIGTERM, SIGIO from gdb */
	struct timer timeout;
	bool timed_out;
	bool hurries;			/* to its end: the user, or the time, wants it */
	struct trace trace;
	struct gdb *gdb;		/* NULL: no debugger */
	struct cpu cpu[VCPUS_MAX];
	volatile sig_atomic_t stopping;
	int status;			/* of the run, once it is stopping */
	unsigned long exits;		/* to userspace, of all CPUs, if somebody counts */
	unsigned int last_cpu;		/* whose exit was the run's end, if one was */
	const struct machine_options *options;
};

/* From start to end; the guest's status, or that of what ended it. */
int machine_run(const struct machine_options *options);

/* The first call says with which status the run ends. */
void machine_stop(struct machine *machine, int status);

/* cpu.c: starts and joins the thread. cpu_init() takes the state at reset. */
int cpu_init(struct cpu *cpu, struct machine *machine, unsigned int index);
int cpu_start(struct cpu *cpu);
void cpu_join(struct cpu *cpu);

/* Makes the CPU look again at what it has to do. */
void cpu_kick(struct cpu *cpu);

/* Before the first thread. */
void cpu_catch_kicks(void);

#endif /* MINIVMX_TOOLS_MACHINE_H */
