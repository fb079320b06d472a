/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rtc.h - the PC's clock with a date, and its 128 bytes of CMOS memory.
 *
 * Reached from pc.c; continues in rtc.c. The guest's date is the host's, plus what the guest
 * made of it by setting its own.
 */
#ifndef MINIVMX_TOOLS_RTC_H
#define MINIVMX_TOOLS_RTC_H

#include "devices/device.h"
#include "devices/timers.h"

struct rtc {
	struct device device;
	uint8_t cmos[128];		/* registers and memory; the date only while the clock stands */
	uint8_t index;
	uint64_t (*wall_clock)(const struct timers *timers);	/* ns since 1970, UTC */
	int64_t offset;			/* seconds of the guest's date over the host's */
	uint64_t phase;			/* ns by which the guest's seconds begin earlier */
	int64_t seen_second;		/* the flags know all until this one, and this tick */
	uint64_t seen_tick;
	struct timers *timers;
	struct timer timer;
	struct irq irq8;
};

/* ram_size: bytes of memory from address 0, which the CMOS tells the guest. */
void rtc_init(struct rtc *rtc, struct timers *timers, struct irq irq8, uint64_t ram_size);

#endif /* MINIVMX_TOOLS_RTC_H */
