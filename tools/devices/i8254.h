/* SPDX-License-Identifier: GPL-2.0 */
/*
 * i8254.h - the PC's timer: three counters at 1.193182 MHz, and port 0x61 around the third.
 *
 * Reached from pc.c; continues in i8254.c and i8254_counter.c. Counter 0 interrupts, counter 2
 * beeps (silently here) and is what guests measure their TSC's frequency by.
 */
#ifndef MINIVMX_TOOLS_I8254_H
#define MINIVMX_TOOLS_I8254_H

#include "devices/device.h"
#include "devices/i8254_counter.h"
#include "devices/timers.h"

#define PIT_COUNTERS 3

struct pit {
	struct device device;
	struct pit_counter counter[PIT_COUNTERS];
	uint8_t port61;			/* what is written there */
	struct timers *timers;
	uint64_t origin;		/* ns */
	struct irq irq0;
	struct timer timer;
	uint64_t expired;		/* when the timer did last, ns */
	uint64_t owed;			/* edges that are due and not delivered */
};

void pit_init(struct pit *pit, struct timers *timers, struct irq irq0);

#endif /* MINIVMX_TOOLS_I8254_H */
