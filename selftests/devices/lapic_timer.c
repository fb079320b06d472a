// SPDX-License-Identifier: GPL-2.0
/*
 * lapic_timer.c - a local APIC's timer (tools/devices/lapic_timer.c), by SDM 3A "APIC Timer".
 */
#include "lapic_fixture.h"

TEST_F(lapic, timer_once)
{
	out(1, APIC_LVT_TIMER, 0x31);
	out(1, APIC_DIVIDE, DIVIDE_BY_1);
	out(1, APIC_INITIAL_COUNT, 1000);
	EXPECT_EQ(1000, in(1, APIC_CURRENT_COUNT));
	rig_pass(&self->rig, 400 * TICK_NS);
	EXPECT_EQ(600, in(1, APIC_CURRENT_COUNT));
	rig_pass(&self->rig, 600 * TICK_NS - 1);
	EXPECT_EQ(1, in(1, APIC_CURRENT_COUNT));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	rig_pass(&self->rig, 1);
	EXPECT_EQ(0, in(1, APIC_CURRENT_COUNT));
	EXPECT_EQ(0x31, take(1));
	out(1, APIC_EOI, 0);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(NULL, self->rig.timers.first);
}

TEST_F(lapic, timer_divides)
{
	static const unsigned int by[16] = { 2, 4, 8, 16, 2, 4, 8, 16, 32, 64, 128, 1, 32, 64, 128, 1 };

	for (unsigned int i = 0; i < 16; i++) {
		out(0, APIC_DIVIDE, i);
		out(0, APIC_INITIAL_COUNT, 0xffffffff);
		rig_pass(&self->rig, 1280 * TICK_NS);
		EXPECT_EQ(0xffffffff - 1280 / by[i], in(0, APIC_CURRENT_COUNT));
	}
	/* Another divider goes on from where it is. */
	out(0, APIC_DIVIDE, DIVIDE_BY_1);
	out(0, APIC_INITIAL_COUNT, 1000);
	rig_pass(&self->rig, 500 * TICK_NS);
	out(0, APIC_DIVIDE, 0);
	EXPECT_EQ(500, in(0, APIC_CURRENT_COUNT));
	rig_pass(&self->rig, 500 * TICK_NS);
	EXPECT_EQ(250, in(0, APIC_CURRENT_COUNT));
}

TEST_F(lapic, timer_masked_counts_on)
{
	out(0, APIC_DIVIDE, DIVIDE_BY_1);
	out(0, APIC_LVT_TIMER, PERIODIC | MASKED | 0x31);
	out(0, APIC_INITIAL_COUNT, 1000);
	EXPECT_EQ(NULL, self->rig.timers.first);
	rig_pass(&self->rig, 10250 * TICK_NS);
	EXPECT_EQ(750, in(0, APIC_CURRENT_COUNT));
	out(0, APIC_LVT_TIMER, PERIODIC | 0x31);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));	/* those that nobody wanted are lost */
	rig_pass(&self->rig, 750 * TICK_NS);
	EXPECT_EQ(0x31, take(0));
	out(0, APIC_EOI, 0);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	out(0, APIC_INITIAL_COUNT, 0);
	EXPECT_EQ(NULL, self->rig.timers.first);
	EXPECT_EQ(0, in(0, APIC_CURRENT_COUNT));
}

/* An interrupt that is due, with the event loop late, is not lost with a write of the same entry. */
TEST_F(lapic, timer_late_and_rewritten)
{
	out(0, APIC_LVT_TIMER, 0x31);
	out(0, APIC_INITIAL_COUNT, 1000);
	self->rig.time += NS_PER_S;
	out(0, APIC_LVT_TIMER, 0x31);
	EXPECT_EQ(0x31, take(0));
	EXPECT_EQ(NULL, self->rig.timers.first);
}

TEST_F(lapic, timer_periodic_has_no_drift)
{
	unsigned int ticks = 0;

	out(0, APIC_DIVIDE, DIVIDE_BY_1);
	out(0, APIC_LVT_TIMER, PERIODIC | 0x31);
	out(0, APIC_INITIAL_COUNT, 25000);		/* 1 ms */
	for (unsigned int late = 0; self->rig.time < 10 * NS_PER_S; late = (late + 7) % 300) {
		self->rig.time = self->rig.timers.first->deadline + 1000 * late;
		timers_expire(&self->rig.timers);
		while (pending(0)) {
			EXPECT_EQ(0x31, take(0));
			out(0, APIC_EOI, 0);
			ticks++;
		}
		EXPECT_EQ(self->rig.time / 1000000, ticks);
	}
}

/* Takes what comes within NS; returns how many that were, and the shortest time between two. */
static unsigned int catch_up(struct __test_metadata *_metadata, FIXTURE_DATA(lapic) *self, uint64_t ns,
			     uint64_t *shortest)
{
	uint64_t end = self->rig.time + ns, before = 0;
	unsigned int count = 0;

	for (*shortest = UINT64_MAX; self->rig.time < end; rig_pass(&self->rig, 10000)) {
		if (pending(0) == LAPIC_NO_INTERRUPT)
			continue;
		EXPECT_EQ(0x31, take(0));
		out(0, APIC_EOI, 0);
		/* One at a time. */
		EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
		if (count && self->rig.time - before < *shortest)
			*shortest = self->rig.time - before;
		before = self->rig.time;
		count++;
	}
	return count;
}

/* They come at four times their rate, until the guest has had them all. */
TEST_F(lapic, timer_owes_ticks_that_the_cpu_was_too_late_for)
{
	uint64_t shortest;

	out(0, APIC_DIVIDE, DIVIDE_BY_1);
	out(0, APIC_LVT_TIMER, PERIODIC | 0x31);
	out(0, APIC_INITIAL_COUNT, 25000);
	rig_pass(&self->rig, 10 * 1000000);
	EXPECT_EQ(4, catch_up(_metadata, self, NS_PER_S / 1000, &shortest));
	EXPECT_EQ(1000000 / 4, shortest);
	EXPECT_EQ(15, catch_up(_metadata, self, 9 * (NS_PER_S / 1000), &shortest));
	/* Not without bound: so many follow the one that waited; the last of the second is due at its end. */
	rig_pass(&self->rig, 100 * NS_PER_S);
	EXPECT_EQ(1 + LAPIC_TIMER_OWED_MAX + 999, catch_up(_metadata, self, NS_PER_S, &shortest));
	out(0, APIC_INITIAL_COUNT, 25000);
	rig_pass(&self->rig, 1000000);
	/* Once in one-shot mode, one that waits is all there is. */
	out(0, APIC_LVT_TIMER, 0x31);
	for (unsigned int i = 0; i < 5; i++) {
		out(0, APIC_INITIAL_COUNT, 10);
		rig_pass(&self->rig, 1000);
	}
	EXPECT_EQ(0x31, take(0));
	out(0, APIC_EOI, 0);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
}

TEST_F(lapic, timer_with_a_tiny_period)
{
	unsigned int rounds = 0;

	out(0, APIC_DIVIDE, DIVIDE_BY_1);
	out(0, APIC_LVT_TIMER, PERIODIC | 0x31);
	out(0, APIC_INITIAL_COUNT, 1);
	while (self->rig.time < NS_PER_S / 10) {
		self->rig.time = self->rig.timers.first->deadline;
		timers_expire(&self->rig.timers);
		rounds++;
	}
	EXPECT_LE(rounds, NS_PER_S / 10 / LAPIC_TIMER_MIN_NS + 2);
	EXPECT_EQ(1, in(0, APIC_CURRENT_COUNT));
}

TEST_F(lapic, timer_with_an_illegal_vector)
{
	out(0, APIC_LVT_TIMER, PERIODIC | 0x05);
	out(0, APIC_INITIAL_COUNT, 1000);
	rig_pass(&self->rig, NS_PER_S / 100);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	out(0, APIC_ESR, 0);
	EXPECT_EQ(0x40, in(0, APIC_ESR));
}

TEST_HARNESS_MAIN
