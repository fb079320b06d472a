// SPDX-License-Identifier: GPL-2.0
/*
 * i8254.c - the timer: its modes, its ways to read a count, and that no tick is lost or doubled
 * (tools/devices/i8254.c, i8254_counter.c).
 */
#include "kselftest_harness.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "rig.h"

#define CONTROL		0x43
#define PORT61		0x61
#define OUT2		0x20
#define IRQ0		0		/* the rig's lines */
#define INTR		1

FIXTURE(pit)
{
	struct rig rig;
	struct pit pit;
};

FIXTURE_SETUP(pit)
{
	rig_init(&self->rig);
	self->rig.time = 12345;
	pit_init(&self->pit, &self->rig.timers, rig_irq(&self->rig, IRQ0));
	bus_add(&self->rig.bus, &self->pit.device);
}

FIXTURE_TEARDOWN(pit)
{
}

static uint64_t ns_at(const struct pit *pit, uint64_t clock)
{
	return pit->origin + ((unsigned __int128)clock * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t clock_at(const struct rig *rig, const struct pit *pit)
{
	return (unsigned __int128)(rig->time - pit->origin) * PIT_HZ / NS_PER_S;
}

/* To the very nanosecond at which that many clocks have passed. */
static void pass_clocks(struct rig *rig, const struct pit *pit, uint64_t clocks)
{
	rig_pass(rig, ns_at(pit, clock_at(rig, pit) + clocks) - rig->time);
}

/* A control word and a count of two bytes. */
static void program(struct rig *rig, unsigned int counter, unsigned int mode, uint16_t count)
{
	port_out(rig, CONTROL, 1, counter << 6 | 0x30 | mode << 1);
	port_out(rig, 0x40 + counter, 1, count & 0xff);
	port_out(rig, 0x40 + counter, 1, count >> 8);
}

static uint16_t read_count(struct rig *rig, unsigned int counter)
{
	uint16_t low;

	port_out(rig, CONTROL, 1, counter << 6);
	low = port_in(rig, 0x40 + counter, 1);
	return low | port_in(rig, 0x40 + counter, 1) << 8;
}

static uint8_t read_status(struct rig *rig, unsigned int counter)
{
	port_out(rig, CONTROL, 1, 0xe0 | 2 << counter);
	return port_in(rig, 0x40 + counter, 1);
}

static bool out2(struct rig *rig)
{
	return port_in(rig, PORT61, 1) & OUT2;
}

TEST_F(pit, mode_0_terminal_count)
{
	program(&self->rig, 0, 0, 1000);
	EXPECT_EQ(0x70, read_status(&self->rig, 0));	/* OUT low, not loaded before the next clock */
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(0x30, read_status(&self->rig, 0));
	EXPECT_EQ(1000, read_count(&self->rig, 0));
	pass_clocks(&self->rig, &self->pit, 999);
	EXPECT_EQ(1, read_count(&self->rig, 0));
	EXPECT_EQ(0, self->rig.edges[IRQ0]);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(1, self->rig.edges[IRQ0]);
	EXPECT_EQ(0xb0, read_status(&self->rig, 0));
	pass_clocks(&self->rig, &self->pit, 3);
	EXPECT_EQ(0xfffd, read_count(&self->rig, 0));
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(1, self->rig.edges[IRQ0]);
	/* The first byte of a new count stops, the second one starts. */
	port_out(&self->rig, 0x40, 1, 10);
	EXPECT_EQ(0x70, read_status(&self->rig, 0));
	rig_pass(&self->rig, NS_PER_S);
	port_out(&self->rig, 0x40, 1, 1);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(2, self->rig.edges[IRQ0]);
}

TEST_F(pit, mode_0_gate)
{
	port_out(&self->rig, PORT61, 1, 0x01);
	program(&self->rig, 2, 0, 100);
	pass_clocks(&self->rig, &self->pit, 1 + 40);
	port_out(&self->rig, PORT61, 1, 0x02);
	pass_clocks(&self->rig, &self->pit, 1000);
	EXPECT_EQ(60, read_count(&self->rig, 2));
	EXPECT_FALSE(out2(&self->rig));
	EXPECT_EQ(0x02, port_in(&self->rig, PORT61, 1) & 0x0f);
	port_out(&self->rig, PORT61, 1, 0x01);
	pass_clocks(&self->rig, &self->pit, 59);
	EXPECT_FALSE(out2(&self->rig));
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_TRUE(out2(&self->rig));
	EXPECT_EQ(0, self->rig.edges[IRQ0]);
}

TEST_F(pit, mode_1_one_shot)
{
	program(&self->rig, 2, 1, 50);
	pass_clocks(&self->rig, &self->pit, 100);
	EXPECT_TRUE(out2(&self->rig));
	EXPECT_EQ(0xf2, read_status(&self->rig, 2));
	port_out(&self->rig, PORT61, 1, 0x01);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_FALSE(out2(&self->rig));
	port_out(&self->rig, PORT61, 1, 0x00);
	pass_clocks(&self->rig, &self->pit, 49);
	EXPECT_FALSE(out2(&self->rig));
	/* A new trigger starts anew. */
	port_out(&self->rig, PORT61, 1, 0x01);
	pass_clocks(&self->rig, &self->pit, 50);
	EXPECT_FALSE(out2(&self->rig));
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_TRUE(out2(&self->rig));
}

TEST_F(pit, mode_2_rate_generator)
{
	port_out(&self->rig, PORT61, 1, 0x01);
	program(&self->rig, 2, 2, 4);
	pass_clocks(&self->rig, &self->pit, 1);
	for (unsigned int i = 0; i < 12; i++) {
		EXPECT_EQ(4 - i % 4, read_count(&self->rig, 2));
		EXPECT_EQ(i % 4 != 3, out2(&self->rig));
		pass_clocks(&self->rig, &self->pit, 1);
	}
	pass_clocks(&self->rig, &self->pit, 2);
	port_out(&self->rig, PORT61, 1, 0x00);
	pass_clocks(&self->rig, &self->pit, 5);
	EXPECT_EQ(2, read_count(&self->rig, 2));
	EXPECT_TRUE(out2(&self->rig));
	port_out(&self->rig, PORT61, 1, 0x01);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(4, read_count(&self->rig, 2));
}

TEST_F(pit, mode_3_square_wave)
{
	/* The data sheet's examples: 4 and 5. */
	static const uint8_t even[] = { 4, 2, 4, 2 }, odd[] = { 4, 2, 0, 4, 2 };

	port_out(&self->rig, PORT61, 1, 0x01);
	program(&self->rig, 2, 3, 4);
	pass_clocks(&self->rig, &self->pit, 1);
	for (unsigned int i = 0; i < 12; i++) {
		EXPECT_EQ(even[i % 4], read_count(&self->rig, 2));
		EXPECT_EQ(i % 4 < 2, out2(&self->rig));
		pass_clocks(&self->rig, &self->pit, 1);
	}
	program(&self->rig, 2, 7, 5);
	pass_clocks(&self->rig, &self->pit, 1);
	for (unsigned int i = 0; i < 15; i++) {
		EXPECT_EQ(odd[i % 5], read_count(&self->rig, 2));
		EXPECT_EQ(i % 5 < 3, out2(&self->rig));
		pass_clocks(&self->rig, &self->pit, 1);
	}
}

TEST_F(pit, modes_4_and_5_strobe)
{
	for (unsigned int mode = 4; mode < 6; mode++) {
		port_out(&self->rig, PORT61, 1, mode == 4);
		program(&self->rig, 2, mode, 10);
		pass_clocks(&self->rig, &self->pit, 1);
		if (mode == 5) {
			pass_clocks(&self->rig, &self->pit, 30);
			port_out(&self->rig, PORT61, 1, 0x01);
			pass_clocks(&self->rig, &self->pit, 1);
		}
		for (unsigned int i = 0; i < 30; i++) {
			EXPECT_EQ(i != 10, out2(&self->rig));
			pass_clocks(&self->rig, &self->pit, 1);
		}
	}
	program(&self->rig, 0, 4, 1000);
	pass_clocks(&self->rig, &self->pit, 1001);
	EXPECT_EQ(0, self->rig.edges[IRQ0]);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(1, self->rig.edges[IRQ0]);
}

TEST_F(pit, a_new_count_waits_for_the_period_to_end)
{
	program(&self->rig, 0, 2, 1000);
	pass_clocks(&self->rig, &self->pit, 1 + 300);
	port_out(&self->rig, 0x40, 1, 200);
	port_out(&self->rig, 0x40, 1, 0);
	EXPECT_EQ(700, read_count(&self->rig, 0));
	EXPECT_EQ(0xf4, read_status(&self->rig, 0));
	pass_clocks(&self->rig, &self->pit, 699);
	EXPECT_EQ(0, self->rig.edges[IRQ0]);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(1, self->rig.edges[IRQ0]);
	EXPECT_EQ(200, read_count(&self->rig, 0));
	pass_clocks(&self->rig, &self->pit, 2000);
	EXPECT_EQ(11, self->rig.edges[IRQ0]);
}

TEST_F(pit, bcd)
{
	port_out(&self->rig, CONTROL, 1, 0x35);
	port_out(&self->rig, 0x40, 1, 0x34);
	port_out(&self->rig, 0x40, 1, 0x12);
	pass_clocks(&self->rig, &self->pit, 1 + 35);
	EXPECT_EQ(0x1199, read_count(&self->rig, 0));
	port_out(&self->rig, CONTROL, 1, 0x31);
	port_out(&self->rig, 0x40, 1, 0x00);
	port_out(&self->rig, 0x40, 1, 0x00);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(0, read_count(&self->rig, 0));
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(0x9999, read_count(&self->rig, 0));
	pass_clocks(&self->rig, &self->pit, 9999);
	EXPECT_EQ(1, self->rig.edges[IRQ0]);
}

TEST_F(pit, one_byte_counts)
{
	port_out(&self->rig, CONTROL, 1, 0x14);
	port_out(&self->rig, 0x40, 1, 100);
	pass_clocks(&self->rig, &self->pit, 1 + 10);
	EXPECT_EQ(90, port_in(&self->rig, 0x40, 1));
	EXPECT_EQ(90, port_in(&self->rig, 0x40, 1));
	port_out(&self->rig, CONTROL, 1, 0x20);
	port_out(&self->rig, 0x40, 1, 2);
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(2, port_in(&self->rig, 0x40, 1));
	pass_clocks(&self->rig, &self->pit, 1);
	EXPECT_EQ(1, port_in(&self->rig, 0x40, 1));
}

TEST_F(pit, latches)
{
	program(&self->rig, 0, 2, 0x1000);
	pass_clocks(&self->rig, &self->pit, 1);
	port_out(&self->rig, CONTROL, 1, 0xc2);		/* both of counter 0 */
	pass_clocks(&self->rig, &self->pit, 0x234);
	port_out(&self->rig, CONTROL, 1, 0x00);		/* already latched */
	EXPECT_EQ(0xb4, port_in(&self->rig, 0x40, 1));
	EXPECT_EQ(0x00, port_in(&self->rig, 0x40, 1));
	EXPECT_EQ(0x10, port_in(&self->rig, 0x40, 1));
	EXPECT_EQ(0xcc, port_in(&self->rig, 0x40, 1));
	EXPECT_EQ(0x0d, port_in(&self->rig, 0x40, 1));
	EXPECT_EQ(0xff, port_in(&self->rig, CONTROL, 1));
}

TEST_F(pit, refresh_toggles)
{
	unsigned int toggles = 0;
	uint8_t last = port_in(&self->rig, PORT61, 1) & 0x10;

	for (unsigned int i = 0; i < 1000; i++) {
		uint8_t now;

		rig_pass(&self->rig, 1000);
		now = port_in(&self->rig, PORT61, 1) & 0x10;
		toggles += now != last;
		last = now;
	}
	EXPECT_EQ(1000 * 1193 / 18000, toggles);
}

TEST_F(pit, a_day_without_drift)
{
	program(&self->rig, 0, 2, 11932);	/* 100 Hz, nearly */
	rig_pass(&self->rig, 86400 * NS_PER_S - 1);
	EXPECT_EQ(86400ull * PIT_HZ / 11932, self->rig.edges[IRQ0]);
	/* And the next one is due at its very nanosecond. */
	EXPECT_EQ(ns_at(&self->pit, 1 + (self->rig.edges[IRQ0] + 1ull) * 11932),
		  self->rig.timers.first->deadline);
}

TEST_F(pit, late_ticks_are_delivered_one_by_one)
{
	program(&self->rig, 0, 3, 1193);
	/* 100 ms in which nobody called the timers. */
	self->rig.time += 100 * NS_PER_S / 1000;
	timers_expire(&self->rig.timers);
	EXPECT_EQ(1, self->rig.edges[IRQ0]);
	rig_pass(&self->rig, NS_PER_S / 10);
	EXPECT_EQ(200, self->rig.edges[IRQ0]);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ((12 * PIT_HZ / 10 - 1) / 1193, self->rig.edges[IRQ0]);
}

TEST_F(pit, ticks_wait_for_the_cpu)
{
	program(&self->rig, 0, 2, 1193);
	rig_pass(&self->rig, NS_PER_S / 10);
	EXPECT_EQ(100, self->rig.edges[IRQ0]);
	self->rig.busy[IRQ0] = true;
	rig_pass(&self->rig, NS_PER_S / 2);
	EXPECT_EQ(100, self->rig.edges[IRQ0]);
	self->rig.busy[IRQ0] = false;
	rig_pass(&self->rig, NS_PER_S / 10 * 4);
	EXPECT_EQ((PIT_HZ - 1) / 1193, self->rig.edges[IRQ0]);
	/* A CPU that never answers is owed a second's worth. */
	self->rig.busy[IRQ0] = true;
	rig_pass(&self->rig, 100 * NS_PER_S);
	EXPECT_EQ(PIT_HZ / 1193, self->pit.owed);
	/* A new control word forgets that. */
	program(&self->rig, 0, 2, 11932);
	self->rig.busy[IRQ0] = false;
	self->rig.edges[IRQ0] = 0;
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(99, self->rig.edges[IRQ0]);
}

/* Through the real interrupt controller, to a CPU that is deaf for 17 of each 37 tenths of a millisecond. */
TEST_F(pit, a_slow_cpu_counts_each_tick)
{
	static const uint8_t icw[] = { 0x20, 0x04, 0x03 };	/* with automatic EOI */
	unsigned int ticks = 0;
	struct pic pic;

	pic_init(&pic, rig_irq(&self->rig, INTR));
	bus_add(&self->rig.bus, &pic.device);
	self->pit.irq0 = pic_irq(&pic, 0);
	port_out(&self->rig, 0x20, 1, 0x11);
	for (unsigned int i = 0; i < sizeof(icw); i++)
		port_out(&self->rig, 0x21, 1, icw[i]);
	program(&self->rig, 0, 2, 1193);
	for (unsigned int i = 0; i < 100000; i++) {
		rig_pass(&self->rig, NS_PER_S / 10000);
		if (!self->rig.level[INTR] || (i % 37 < 17 && i < 99000))
			continue;
		ASSERT_EQ(0x20, pic_acknowledge(&pic));
		ticks++;
	}
	EXPECT_EQ((clock_at(&self->rig, &self->pit) - 1) / 1193, ticks);
	EXPECT_EQ(0, self->pit.owed);
	/* What nobody listens to is not kept for later. */
	port_out(&self->rig, 0x21, 1, 0x01);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(0, self->pit.owed);
	EXPECT_FALSE(self->rig.level[INTR]);
}

TEST_F(pit, the_smallest_count_does_not_hang)
{
	port_out(&self->rig, CONTROL, 1, 0x14);
	port_out(&self->rig, 0x40, 1, 1);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_LE(self->rig.timers.round, 20001);
	EXPECT_GE(self->rig.edges[IRQ0], 19000);
	EXPECT_LE(self->pit.owed, PIT_HZ / 2);
}

TEST_F(pit, fuzz)
{
	for (unsigned int i = 0; i < 5000; i++) {
		uint64_t begin;

		self->rig.busy[IRQ0] = rig_random(&self->rig) & 1;
		rig_fuzz(&self->rig, &self->pit.device, 100);
		for (unsigned int j = 0; j < PIT_COUNTERS; j++) {
			const struct pit_counter *c = &self->pit.counter[j];

			ASSERT_GE(c->count, 1);
			ASSERT_LE(c->count, 65536);
			ASSERT_LE(c->next_count, 65536);
			ASSERT_LE(c->start, clock_at(&self->rig, &self->pit) + 1);
		}
		ASSERT_LE(self->pit.owed, PIT_HZ / self->pit.counter[0].count);
		ASSERT_TRUE(self->pit.timer.armed || !self->pit.owed);
		self->rig.timers.round = 0;
		begin = self->rig.time;
		rig_pass(&self->rig, NS_PER_S / 1000);
		ASSERT_LE(self->rig.timers.round, (self->rig.time - begin) / 50000 + 1);
	}
	self->rig.busy[IRQ0] = false;
	program(&self->rig, 0, 2, 1193);
	self->rig.edges[IRQ0] = 0;
	rig_pass(&self->rig, NS_PER_S / 10);
	EXPECT_EQ(100, self->rig.edges[IRQ0]);
}

TEST_HARNESS_MAIN
