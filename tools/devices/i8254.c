// SPDX-License-Identifier: GPL-2.0
/*
 * i8254.c - the timer's ports, and an interrupt for each edge of the first counter's output.
 *
 * Reached from the bus (ports 0x40 to 0x43, and 0x61) and from the timers; continues in
 * i8254_counter.c. Follows Intel's data sheet "8254 Programmable Interval Timer" (231164), section
 * "Programming the 8254", and for port 0x61 "82371FB/82371SB PCI ISA IDE Xcelerator", register
 * NMISC, "NMI Status and Control".
 */
#include "devices/i8254.h"

/* The host is not woken up more often, whatever the guest asks for; edges are owed meanwhile. */
#define SHORTEST_NS	50000
/* What is owed follows at a multiple of the guest's own rate, but not slower than this. */
#define CATCH_UP	4
#define LONGEST_RETRY_NS 1000000

#define SELECT_SHIFT		6
#define SELECT_READ_BACK	3
#define READ_BACK_NOT_COUNT	0x20
#define READ_BACK_NOT_STATUS	0x10
#define READ_BACK_COUNTER0	0x02
#define ACCESS_MASK		0x30	/* 0: not a control word, but a latch */

#define PORT61_GATE2	0x01	/* closed until the guest opens it */
#define PORT61_WRITABLE	0x0f
#define PORT61_REFRESH	0x10	/* toggles with each refresh of the memory */
#define PORT61_OUT2	0x20
#define REFRESH_CLOCKS	18

static uint64_t clock_now(const struct pit *pit)
{
	return (unsigned __int128)(timers_now(pit->timers) - pit->origin) * PIT_HZ / NS_PER_S;
}

/* The first nanosecond at which it is that clock. */
static uint64_t ns_of(const struct pit *pit, uint64_t clock)
{
	return pit->origin + ((unsigned __int128)clock * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

/* Brings all up to date, and returns what clock it is. */
static uint64_t update(struct pit *pit)
{
	struct pit_counter *c = &pit->counter[0];
	uint64_t clock = clock_now(pit), most;

	pit->owed += counter_take_edges(c, clock);
	most = PIT_HZ / c->count;	/* a second's worth */
	if (pit->owed > most)
		pit->owed = most;
	for (unsigned int i = 1; i < PIT_COUNTERS; i++)
		counter_take_edges(&pit->counter[i], clock);
	return clock;
}

static void arm(struct pit *pit)
{
	uint64_t pause = SHORTEST_NS, edge = counter_next_edge(&pit->counter[0]), deadline = 0;

	if (pit->owed) {
		uint64_t share = pit->counter[0].count * NS_PER_S / PIT_HZ / CATCH_UP;

		if (share > pause)
			pause = share < LONGEST_RETRY_NS ? share : LONGEST_RETRY_NS;
	} else if (edge == UINT64_MAX) {
		timer_cancel(&pit->timer);
		return;
	} else {
		deadline = ns_of(pit, edge);
	}
	if (deadline < pit->expired + pause)
		deadline = pit->expired + pause;
	timer_arm(&pit->timer, deadline);
}

/* An edge while the last one waits would be lost. */
static void expire(struct timer *timer)
{
	struct pit *pit = container_of(timer, struct pit, timer);

	pit->expired = timers_now(pit->timers);
	update(pit);
	if (pit->owed && !irq_waits(&pit->irq0)) {
		pit->owed--;
		irq_pulse(&pit->irq0);
	}
	arm(pit);
}

static void read_back(struct pit *pit, uint64_t clock, uint8_t command)
{
	for (unsigned int i = 0; i < PIT_COUNTERS; i++) {
		if (!(command & READ_BACK_COUNTER0 << i))
			continue;
		if (!(command & READ_BACK_NOT_COUNT))
			counter_latch_count(&pit->counter[i], clock);
		if (!(command & READ_BACK_NOT_STATUS))
			counter_latch_status(&pit->counter[i], clock);
	}
}

static void write_control(struct pit *pit, uint64_t clock, uint8_t value)
{
	unsigned int select = value >> SELECT_SHIFT;

	if (select == SELECT_READ_BACK) {
		read_back(pit, clock, value);
	} else if (!(value & ACCESS_MASK)) {
		counter_latch_count(&pit->counter[select], clock);
	} else {
		counter_program(&pit->counter[select], value);
		if (select == 0)
			pit->owed = 0;
	}
}

/* The ranges, in the order of pit->device.range. */
enum {
	RANGE_8254,
	RANGE_PORT61,
};

#define CONTROL_PORT 3

static uint64_t pit_read(struct device *device, const struct device_range *range, uint64_t offset,
			 unsigned int size)
{
	struct pit *pit = container_of(device, struct pit, device);
	uint64_t clock = update(pit);
	uint8_t value = pit->port61;

	(void)size;
	if (range == &device->range[RANGE_8254])
		return offset == CONTROL_PORT ? 0xff : counter_read(&pit->counter[offset], clock);
	if (clock / REFRESH_CLOCKS & 1)
		value |= PORT61_REFRESH;
	if (counter_out(&pit->counter[2], clock))
		value |= PORT61_OUT2;
	return value;
}

static void pit_write(struct device *device, const struct device_range *range, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct pit *pit = container_of(device, struct pit, device);
	uint64_t clock = update(pit);

	(void)size;
	if (range == &device->range[RANGE_PORT61]) {
		pit->port61 = value & PORT61_WRITABLE;
		counter_set_gate(&pit->counter[2], clock, value & PORT61_GATE2);
	} else {
		if (offset == CONTROL_PORT)
			write_control(pit, clock, value);
		else
			counter_write(&pit->counter[offset], clock, value);
		arm(pit);
	}
}

void pit_init(struct pit *pit, struct timers *timers, struct irq irq0)
{
	*pit = (struct pit){
		.device = {
			.name = "i8254",
			.range = {
				[RANGE_8254]	= { SPACE_PORT, 0x40, 4, 1 },
				[RANGE_PORT61]	= { SPACE_PORT, 0x61, 1, 1 },
			},
			.read = pit_read,
			.write = pit_write,
		},
		.timers = timers,
		.origin = timers_now(timers),
		.irq0 = irq0,
	};
	timer_init(&pit->timer, timers, expire);
	for (unsigned int i = 0; i < PIT_COUNTERS; i++)
		counter_init(&pit->counter[i], i != 2);
}
