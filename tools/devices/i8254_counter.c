// SPDX-License-Identifier: GPL-2.0
/*
 * i8254_counter.c - one counter of the 8254, computed from the time when somebody looks.
 *
 * Reached from i8254.c, which says what clock it is. Follows Intel's data sheet "8254
 * Programmable Interval Timer" (231164), sections "Programming the 8254" and "Mode Definitions".
 */
#include "devices/i8254_counter.h"

/* The control word, and the status byte, which repeats it. */
#define ACCESS_SHIFT	4
#define MODE_SHIFT	1
#define CONTROL_BCD	0x01
#define CONTROL_MASK	0x3f
#define STATUS_OUT	0x80
#define STATUS_NULL	0x40

enum access {
	ACCESS_LATCH,
	ACCESS_LOW,
	ACCESS_HIGH,
	ACCESS_LOW_HIGH,
};

enum counter_mode {
	INTERRUPT_ON_TERMINAL_COUNT,
	ONE_SHOT,
	RATE_GENERATOR,
	SQUARE_WAVE,
	SOFTWARE_STROBE,
	HARDWARE_STROBE,
};

static enum counter_mode mode_of(const struct pit_counter *c)
{
	unsigned int mode = (c->control >> MODE_SHIFT) & 7;

	return mode > HARDWARE_STROBE ? mode - 4 : mode;
}

static bool periodic(const struct pit_counter *c)
{
	return mode_of(c) == RATE_GENERATOR || mode_of(c) == SQUARE_WAVE;
}

/* In these the gate's rising edge starts the count, and its level means nothing. */
static bool triggered(const struct pit_counter *c)
{
	return mode_of(c) == ONE_SHOT || mode_of(c) == HARDWARE_STROBE;
}

static uint64_t elapsed(const struct pit_counter *c, uint64_t clock)
{
	if (!c->loaded)
		return 0;
	if (!c->gate && !triggered(c))
		return c->held;
	return clock > c->start ? clock - c->start : 0;
}

bool counter_out(const struct pit_counter *c, uint64_t clock)
{
	uint64_t clocks = elapsed(c, clock);

	if (!c->loaded || (periodic(c) && !c->gate))
		return mode_of(c) != INTERRUPT_ON_TERMINAL_COUNT;
	switch (mode_of(c)) {
	case RATE_GENERATOR:
		return clocks % c->count != c->count - 1;
	case SQUARE_WAVE:
		return clocks % c->count < (c->count + 1) / 2;
	case INTERRUPT_ON_TERMINAL_COUNT:
	case ONE_SHOT:
		return clocks >= c->count;
	default:
		return clocks != c->count;
	}
}

/* Rising edges of OUT since the count was loaded. */
static uint64_t edges(const struct pit_counter *c, uint64_t clock)
{
	uint64_t clocks = elapsed(c, clock);

	if (!c->loaded)
		return 0;
	if (periodic(c))
		return clocks / c->count;
	if (mode_of(c) == SOFTWARE_STROBE || mode_of(c) == HARDWARE_STROBE)
		return clocks > c->count;
	return clocks >= c->count;
}

uint64_t counter_next_edge(const struct pit_counter *c)
{
	if (!c->loaded || (c->edges && !periodic(c)))
		return UINT64_MAX;
	if (periodic(c))
		return c->next_count ? c->next_start : c->start + (c->edges + 1) * c->count;
	return c->start + c->count + (mode_of(c) == SOFTWARE_STROBE);
}

static unsigned int from_bcd(uint16_t bcd)
{
	return (bcd >> 12) * 1000 + ((bcd >> 8) & 15) * 100 + ((bcd >> 4) & 15) * 10 + (bcd & 15);
}

static uint16_t to_bcd(unsigned int n)
{
	return n / 1000 % 10 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10;
}

/* The counting element, which goes on from 0 in the modes that count once. */
static uint16_t counting_element(const struct pit_counter *c, uint64_t clock)
{
	uint32_t range = c->control & CONTROL_BCD ? 10000 : 65536, value;
	uint64_t clocks = elapsed(c, clock);

	if (mode_of(c) == SQUARE_WAVE) {
		/* By two, twice a period; of an odd period the first half is the longer one. */
		uint32_t phase = clocks % c->count, high = (c->count + 1) / 2;

		value = (c->count & ~1u) - 2 * (phase < high ? phase : phase - high);
	} else if (mode_of(c) == RATE_GENERATOR) {
		value = c->count - clocks % c->count;
	} else {
		value = c->count + range - clocks % range;
	}
	value %= range;
	return c->control & CONTROL_BCD ? to_bcd(value) : value;
}

static void load(struct pit_counter *c, uint64_t clock, uint32_t count)
{
	c->count = count;
	c->start = clock;
	c->held = 0;
	c->edges = 0;
	c->loaded = true;
	c->next_count = 0;
}

static void unload(struct pit_counter *c)
{
	c->loaded = false;
	c->edges = 0;
	c->next_count = 0;
}

uint64_t counter_take_edges(struct pit_counter *c, uint64_t clock)
{
	uint64_t taken = 0, total;

	if (c->next_count && periodic(c) && c->gate && clock >= c->next_start) {
		taken = edges(c, c->next_start) - c->edges;
		load(c, c->next_start, c->next_count);
	}
	total = edges(c, clock);
	taken += total - c->edges;
	c->edges = total;
	return taken;
}

static void write_count(struct pit_counter *c, uint64_t clock, uint16_t value)
{
	uint32_t count = c->control & CONTROL_BCD ? from_bcd(value) : value;

	if (!count)
		count = c->control & CONTROL_BCD ? 10000 : 65536;
	if (count == 1 && periodic(c))	/* not legal: its edges would touch */
		count = 2;
	if (periodic(c) && c->loaded) {
		c->next_start = c->start + (elapsed(c, clock) / c->count + 1) * c->count;
		c->next_count = count;
	} else if (triggered(c)) {
		c->next_count = count;
	} else {
		load(c, clock + 1, count);
	}
}

void counter_write(struct pit_counter *c, uint64_t clock, uint8_t value)
{
	switch ((enum access)(c->control >> ACCESS_SHIFT)) {
	case ACCESS_LOW:
		write_count(c, clock, value);
		break;
	case ACCESS_HIGH:
		write_count(c, clock, value << 8);
		break;
	default:
		if (c->write_high) {
			write_count(c, clock, value << 8 | c->written_low);
		} else {
			c->written_low = value;
			if (mode_of(c) == INTERRUPT_ON_TERMINAL_COUNT)
				unload(c);
		}
		c->write_high = !c->write_high;
	}
}

uint8_t counter_read(struct pit_counter *c, uint64_t clock)
{
	enum access access = c->control >> ACCESS_SHIFT;
	uint16_t value = c->count_latched ? c->latched_count : counting_element(c, clock);
	bool high = access == ACCESS_HIGH || c->read_high;

	if (c->status_latched) {
		c->status_latched = false;
		return c->latched_status;
	}
	if (access == ACCESS_LOW_HIGH)
		c->read_high = !c->read_high;
	if (!c->read_high)
		c->count_latched = false;
	return high ? value >> 8 : value;
}

void counter_latch_count(struct pit_counter *c, uint64_t clock)
{
	if (!c->count_latched)
		c->latched_count = counting_element(c, clock);
	c->count_latched = true;
}

void counter_latch_status(struct pit_counter *c, uint64_t clock)
{
	if (c->status_latched)
		return;
	c->status_latched = true;
	c->latched_status = c->control;
	if (counter_out(c, clock))
		c->latched_status |= STATUS_OUT;
	if (!c->loaded || c->next_count || clock < c->start)
		c->latched_status |= STATUS_NULL;
}

void counter_set_gate(struct pit_counter *c, uint64_t clock, bool gate)
{
	if (gate == c->gate)
		return;
	if (!gate)
		c->held = elapsed(c, clock);
	c->gate = gate;
	if (!gate)
		return;
	if (!periodic(c) && !triggered(c))
		c->start = clock - c->held;
	else if (c->next_count || c->loaded)
		load(c, clock + 1, c->next_count ? c->next_count : c->count);
}

void counter_program(struct pit_counter *c, uint8_t control)
{
	unload(c);
	c->control = control & CONTROL_MASK;
	c->write_high = c->read_high = false;
	c->count_latched = c->status_latched = false;
}

void counter_init(struct pit_counter *c, bool gate)
{
	*c = (struct pit_counter){ .count = 65536, .gate = gate };
	counter_program(c, ACCESS_LOW_HIGH << ACCESS_SHIFT | SQUARE_WAVE << MODE_SHIFT);
}
