/* SPDX-License-Identifier: GPL-2.0 */
/*
 * i8254_counter.h - one counter of the 8254.
 *
 * Reached from i8254.c, which owns the clock, the ports and the interrupt; continues in
 * i8254_counter.c. All times are in clocks of PIT_HZ, so no rounding adds up; each function
 * may be called only with the time of the last counter_take_edges().
 */
#ifndef MINIVMX_TOOLS_I8254_COUNTER_H
#define MINIVMX_TOOLS_I8254_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_HZ		1193182

struct pit_counter {
	uint8_t control;		/* as written: access, mode, BCD */
	uint32_t count;			/* loaded: 1 to 65536 */
	uint64_t start;			/* when that was loaded */
	bool loaded;			/* since the control word */
	uint32_t next_count;		/* written, but not loaded; 0: none */
	uint64_t next_start;		/* when a periodic mode will load it */
	uint64_t edges;			/* of OUT since start, rising, and taken */
	bool gate;
	uint64_t held;			/* clocks counted when the gate closed */
	bool write_high, read_high;	/* the byte that comes next, of two */
	uint8_t written_low;
	bool count_latched, status_latched;
	uint16_t latched_count;
	uint8_t latched_status;
};

void counter_init(struct pit_counter *c, bool gate);

/* A control word: nothing is counted until a count is written. */
void counter_program(struct pit_counter *c, uint8_t control);

/* Loads what a periodic mode loads at its period's end; returns OUT's rising edges since the last call. */
uint64_t counter_take_edges(struct pit_counter *c, uint64_t clock);

/* The clock of the first edge that was not taken; UINT64_MAX if there is none to come. */
uint64_t counter_next_edge(const struct pit_counter *c);

bool counter_out(const struct pit_counter *c, uint64_t clock);
void counter_set_gate(struct pit_counter *c, uint64_t clock, bool gate);

/* The counter's port. */
uint8_t counter_read(struct pit_counter *c, uint64_t clock);
void counter_write(struct pit_counter *c, uint64_t clock, uint8_t value);

/* What is latched stays so until it is read. */
void counter_latch_count(struct pit_counter *c, uint64_t clock);
void counter_latch_status(struct pit_counter *c, uint64_t clock);

#endif /* MINIVMX_TOOLS_I8254_COUNTER_H */
