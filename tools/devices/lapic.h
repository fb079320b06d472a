/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lapic.h - the CPUs' local APICs, and the messages between them and from the I/O APIC.
 *
 * Reached from cpu.c, which asks for interrupts before each RUN, from the bus, and from
 * ioapic.c; continues in lapic_timer.h. SDM 3A "Advanced Programmable Interrupt Controller
 * (APIC)": xAPIC mode, at the address it has after a reset.
 */
#ifndef MINIVMX_TOOLS_LAPIC_H
#define MINIVMX_TOOLS_LAPIC_H

#include "devices/device.h"
#include "devices/lapic_timer.h"

#define LAPIC_BASE	0xfee00000u
#define LAPIC_CPUS	16		/* at most; a CPU's APIC ID is its index */

/* What the local APICs want of the CPUs. Called from any CPU's access, and from timers. */
struct lapic_host {
	/*
	 * lapic_has_interrupt() has become true for a CPU: a halted one goes on, a running one leaves the
	 * guest. What a CPU's own access to its registers lets through is not said: look after each.
	 */
	void (*wake)(struct lapic_host *host, unsigned int cpu);
	void (*nmi)(struct lapic_host *host, unsigned int cpu);
	void (*init)(struct lapic_host *host, unsigned int cpu);	/* its local APIC has been reset */
	/* Starts at vector << 12 a CPU that waits for it after an INIT; another ignores it. */
	void (*startup)(struct lapic_host *host, unsigned int cpu, uint8_t vector);
	void (*eoi)(struct lapic_host *host, uint8_t vector);		/* for ioapic_eoi() */
	void (*accepts)(struct lapic_host *host);	/* what nobody has accepted: for ioapic_retry() */
};

enum apic_delivery {
	DELIVER_FIXED	= 0,
	DELIVER_LOWEST	= 1,	/* to the one of all destinations that has the lowest priority */
	DELIVER_SMI	= 2,	/* lost: there is no system management mode */
	DELIVER_NMI	= 4,
	DELIVER_INIT	= 5,
	DELIVER_STARTUP	= 6,
	DELIVER_EXTINT	= 7,
};

struct apic_message {
	uint8_t destination;	/* an APIC ID, or matched with the logical destination registers */
	bool logical;
	uint8_t delivery;
	uint8_t vector;
	bool level;		/* the I/O APIC wants to know of the EOI */
};

enum lapic_lvt {		/* in the order of their registers */
	LVT_TIMER,
	LVT_THERMAL,
	LVT_PERFORMANCE,
	LVT_LINT0,
	LVT_LINT1,
	LVT_ERROR,
	LVT_COUNT,
};

struct lapic {
	struct lapics *lapics;
	unsigned int cpu;
	bool enabled;				/* by IA32_APIC_BASE */
	bool extint;				/* a message said so */
	uint8_t tpr, ldr, dfr;			/* the bits that are not reserved */
	uint16_t svr;
	uint8_t esr, errors;			/* as read; since the last write */
	uint32_t icr;
	uint8_t icr_destination;
	uint32_t lvt[LVT_COUNT];
	uint32_t isr[8], tmr[8], irr[8];
	struct lapic_timer timer;
};

struct lapics {
	struct device device;
	unsigned int current;			/* whose CPU makes the access: set it before each */
	unsigned int count;
	unsigned int turn;			/* who is asked first, of several with the lowest priority */
	bool intr;				/* the 8259s' output: LINT0 of all */
	struct lapic_host *host;
	struct lapic lapic[LAPIC_CPUS];
};

/* All as after a reset, and enabled in IA32_APIC_BASE. cpus: 1 to LAPIC_CPUS. */
void lapics_init(struct lapics *lapics, unsigned int cpus, struct timers *timers, struct lapic_host *host);

/* What firmware leaves to an operating system that knows nothing of APICs: the 8259s reach the first CPU. */
void lapics_set_virtual_wire(struct lapics *lapics);

/* The level of the 8259s' output. */
void lapics_set_extint(struct lapics *lapics, bool level);

/* False: nobody has accepted it. */
bool lapics_deliver(struct lapics *lapics, const struct apic_message *message);

/* A destination's CPU has not taken the message's vector yet. */
bool lapics_wait(const struct lapics *lapics, const struct apic_message *message);

enum lapic_interrupt {
	LAPIC_NO_INTERRUPT,
	LAPIC_VECTOR,
	LAPIC_EXTINT,			/* the 8259s have the vector */
};

/* What the CPU is to be interrupted for as soon as it lets itself. */
enum lapic_interrupt lapic_has_interrupt(const struct lapics *lapics, unsigned int cpu);

/*
 * The CPU takes it: the vector, or LAPIC_TAKE_EXTINT: then pic_acknowledge() has it. The spurious
 * interrupt's vector where there is none, as where a rise of the TPR has come in between.
 */
#define LAPIC_TAKE_EXTINT	(-1)
int lapic_take(struct lapics *lapics, unsigned int cpu);

/* CR8 is another view of the TPR. */
void lapic_set_tpr(struct lapics *lapics, unsigned int cpu, uint8_t cr8);
uint8_t lapic_get_tpr(const struct lapics *lapics, unsigned int cpu);

/* The CPU's IA32_APIC_BASE. Only its enable bit counts: the window stays where it is. */
void lapic_set_base(struct lapics *lapics, unsigned int cpu, uint64_t base);

#endif /* MINIVMX_TOOLS_LAPIC_H */
