/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lapic_timer.h - a local APIC's timer: a 32-bit counter that goes down to zero, once or again
 * and again.
 *
 * Reached from lapic.c. SDM 3A "APIC Timer"; TSC-deadline mode is not offered.
 */
#ifndef MINIVMX_TOOLS_LAPIC_TIMER_H
#define MINIVMX_TOOLS_LAPIC_TIMER_H

#include "devices/timers.h"

/* The counter's clock before the divider: the crystal's frequency that CPUID leaf 0x15 tells the guest. */
#define LAPIC_TIMER_HZ		25000000u

/* Shorter periods are counted, not waited for one by one: a guest cannot keep the runner busy with them. */
#define LAPIC_TIMER_MIN_NS	50000

/* Periodic ticks that came while the one before still waited for the CPU; more are lost. */
#define LAPIC_TIMER_OWED_MAX	1000

struct lapic_timer {
	/* The counter has reached zero. False: the interrupt of the last time has not reached the CPU yet. */
	bool (*tick)(struct lapic_timer *timer);
	struct timer timer;
	uint32_t initial, divide;	/* as the registers have them */
	bool periodic, masked;
	bool counting;
	uint64_t zero;			/* ns: when the counter is zero next */
	unsigned int owed;		/* periodic ticks */
};

/* Resets it: stopped, one-shot, masked. */
void lapic_timer_reset(struct lapic_timer *timer);
void lapic_timer_init(struct lapic_timer *timer, struct timers *timers,
		      bool (*tick)(struct lapic_timer *timer));

void lapic_timer_set_mode(struct lapic_timer *timer, bool periodic, bool masked);
void lapic_timer_set_divide(struct lapic_timer *timer, uint32_t divide);
void lapic_timer_set_initial(struct lapic_timer *timer, uint32_t initial);
uint32_t lapic_timer_current(const struct lapic_timer *timer);

#endif /* MINIVMX_TOOLS_LAPIC_TIMER_H */
