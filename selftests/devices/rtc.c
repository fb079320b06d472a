// SPDX-License-Identifier: GPL-2.0
/*
 * rtc.c - the clock: its formats, how the guest sets it, its three interrupts, and what the CMOS
 * says of the memory (tools/devices/rtc.c).
 */
#include "kselftest_harness.h"
#include "devices/rtc.h"
#include "rig.h"

#define IRQ8	8		/* the rig's line */
#define MS	1000000ull

/* Wednesday, 28 February 2024, 23:59:58 UTC. */
#define BEGIN	1709164798ull

FIXTURE(rtc)
{
	struct rig rig;
	struct rtc rtc;
};

static uint64_t wall_clock(const struct timers *timers)
{
	return BEGIN * NS_PER_S + container_of(timers, struct rig, timers)->time;
}

static uint8_t get(struct rig *rig, uint8_t index)
{
	port_out(rig, 0x70, 1, index);
	return port_in(rig, 0x71, 1);
}

static void put(struct rig *rig, uint8_t index, uint8_t value)
{
	port_out(rig, 0x70, 1, index);
	port_out(rig, 0x71, 1, value);
}

FIXTURE_SETUP(rtc)
{
	rig_init(&self->rig);
	rtc_init(&self->rtc, &self->rig.timers, rig_irq(&self->rig, IRQ8), 512ull << 20);
	self->rtc.wall_clock = wall_clock;
	bus_add(&self->rig.bus, &self->rtc.device);
	get(&self->rig, 0x0c);
}

FIXTURE_TEARDOWN(rtc)
{
}

/* Century, year, month, date, hour, minute, second, as they are in the registers. */
static uint64_t date(struct rig *rig)
{
	static const uint8_t registers[] = { 0x32, 9, 8, 7, 4, 2, 0 };
	uint64_t date = 0;

	for (unsigned int i = 0; i < sizeof(registers); i++)
		date = date << 8 | get(rig, registers[i]);
	return date;
}

/* As Linux does it, with the divider held. */
static void set_date(struct rig *rig, uint64_t date)
{
	static const uint8_t registers[] = { 0, 2, 4, 7, 8, 9, 0x32 };
	uint8_t b = get(rig, 0x0b), a = get(rig, 0x0a) & 0x7f;

	put(rig, 0x0b, b | 0x80);
	put(rig, 0x0a, a | 0x70);
	for (unsigned int i = 0; i < sizeof(registers); i++, date >>= 8)
		put(rig, registers[i], date);
	put(rig, 0x0b, b);
	put(rig, 0x0a, a);
}

TEST_F(rtc, the_date_of_the_host)
{
	EXPECT_EQ(0x20240228235958, date(&self->rig));
	EXPECT_EQ(4, get(&self->rig, 6));
	rig_pass(&self->rig, 2 * NS_PER_S);
	EXPECT_EQ(0x20240229000000, date(&self->rig));
	EXPECT_EQ(5, get(&self->rig, 6));
	rig_pass(&self->rig, 86400 * NS_PER_S);
	EXPECT_EQ(0x20240301000000, date(&self->rig));
	EXPECT_EQ(0x26, get(&self->rig, 0x0a));
	EXPECT_EQ(0x02, get(&self->rig, 0x0b));
	EXPECT_EQ(0x80, get(&self->rig, 0x0d));
	EXPECT_EQ(0xff, port_in(&self->rig, 0x70, 1));
}

TEST_F(rtc, formats)
{
	put(&self->rig, 0x0b, 0x06);
	EXPECT_EQ(0x1418021c173b3a, date(&self->rig));
	put(&self->rig, 0x0b, 0x00);
	EXPECT_EQ(0x91, get(&self->rig, 4));
	put(&self->rig, 0x0b, 0x04);
	EXPECT_EQ(0x8b, get(&self->rig, 4));
	rig_pass(&self->rig, 2 * NS_PER_S);
	EXPECT_EQ(12, get(&self->rig, 4));
	rig_pass(&self->rig, 3600 * NS_PER_S);
	EXPECT_EQ(1, get(&self->rig, 4));
	rig_pass(&self->rig, 11 * 3600 * NS_PER_S);
	EXPECT_EQ(0x8c, get(&self->rig, 4));
	put(&self->rig, 4, 0x0c);
	put(&self->rig, 0x0b, 0x06);
	EXPECT_EQ(0, get(&self->rig, 4));
}

TEST_F(rtc, update_in_progress)
{
	rig_pass(&self->rig, 999755 * 1000);
	EXPECT_EQ(0x26, get(&self->rig, 0x0a));
	rig_pass(&self->rig, 1000);
	EXPECT_EQ(0xa6, get(&self->rig, 0x0a));
	rig_pass(&self->rig, 243999);
	EXPECT_EQ(0xa6, get(&self->rig, 0x0a));
	EXPECT_EQ(0x58, get(&self->rig, 0));
	rig_pass(&self->rig, 1);
	EXPECT_EQ(0x26, get(&self->rig, 0x0a));
	EXPECT_EQ(0x59, get(&self->rig, 0));
}

TEST_F(rtc, the_guest_sets_the_date)
{
	rig_pass(&self->rig, 300 * MS);
	set_date(&self->rig, 0x19991231235959);
	EXPECT_EQ(0x19991231235959, date(&self->rig));
	/* Half a second after the divider was let go. */
	rig_pass(&self->rig, 500 * MS - 1);
	EXPECT_EQ(0x19991231235959, date(&self->rig));
	EXPECT_EQ(0xa6, get(&self->rig, 0x0a));
	rig_pass(&self->rig, 1);
	EXPECT_EQ(0x20000101000000, date(&self->rig));
	EXPECT_EQ(7, get(&self->rig, 6));
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(0x20000101000001, date(&self->rig));
	/* One register alone, while the clock runs. */
	put(&self->rig, 2, 0x30);
	EXPECT_EQ(0x20000101003001, date(&self->rig));
}

TEST_F(rtc, the_date_stands_while_it_is_set)
{
	put(&self->rig, 0x0b, 0x92);
	EXPECT_EQ(0x82, get(&self->rig, 0x0b));		/* no update, so no interrupt of it */
	put(&self->rig, 0x00, 0x77);
	rig_pass(&self->rig, 10 * NS_PER_S - 1000);
	EXPECT_EQ(0x20240228235977, date(&self->rig));
	EXPECT_EQ(0x26, get(&self->rig, 0x0a));
	put(&self->rig, 0x00, 0x10);
	put(&self->rig, 0x0b, 0x02);
	EXPECT_EQ(0x20240228235910, date(&self->rig));
	/* The divider went on. */
	rig_pass(&self->rig, 1000);
	EXPECT_EQ(0x20240228235911, date(&self->rig));
}

TEST_F(rtc, update_ended_interrupt)
{
	put(&self->rig, 0x0b, 0x12);
	rig_pass(&self->rig, NS_PER_S - 1);
	EXPECT_FALSE(self->rig.level[IRQ8]);
	rig_pass(&self->rig, 1);
	EXPECT_TRUE(self->rig.level[IRQ8]);
	rig_pass(&self->rig, 5 * NS_PER_S);
	EXPECT_EQ(1, self->rig.edges[IRQ8]);
	EXPECT_EQ(0x90, get(&self->rig, 0x0c) & 0x90);
	EXPECT_FALSE(self->rig.level[IRQ8]);
	EXPECT_EQ(0, get(&self->rig, 0x0c));
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_TRUE(self->rig.level[IRQ8]);
}

TEST_F(rtc, flags_without_interrupts)
{
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(NULL, self->rig.timers.first);
	EXPECT_EQ(0x50, get(&self->rig, 0x0c));
	EXPECT_EQ(0x00, get(&self->rig, 0x0c));
	/* What is enabled with its flag up interrupts at once. */
	rig_pass(&self->rig, NS_PER_S);
	put(&self->rig, 0x0b, 0x12);
	EXPECT_TRUE(self->rig.level[IRQ8]);
	put(&self->rig, 0x0b, 0x02);
	EXPECT_FALSE(self->rig.level[IRQ8]);
}

TEST_F(rtc, alarm)
{
	put(&self->rig, 1, 0x30);
	put(&self->rig, 3, 0x02);
	put(&self->rig, 5, 0x00);
	put(&self->rig, 0x0b, 0x22);
	rig_pass(&self->rig, 151 * NS_PER_S);
	EXPECT_FALSE(self->rig.level[IRQ8]);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_TRUE(self->rig.level[IRQ8]);
	EXPECT_EQ(0x20240229000230, date(&self->rig));
	EXPECT_EQ(0xa0, get(&self->rig, 0x0c) & 0xa0);
	/* Each minute; and the flag comes without its interrupt. */
	put(&self->rig, 3, 0xff);
	put(&self->rig, 5, 0xc0);
	put(&self->rig, 0x0b, 0x02);
	rig_pass(&self->rig, 59 * NS_PER_S);
	EXPECT_EQ(0, get(&self->rig, 0x0c) & 0x20);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(0x20, get(&self->rig, 0x0c) & 0xa0);
	/* In other formats. */
	put(&self->rig, 0x0b, 0x20);
	put(&self->rig, 5, 0x81);
	rig_pass(&self->rig, 12 * 3600 * NS_PER_S);
	EXPECT_FALSE(self->rig.level[IRQ8]);
	rig_pass(&self->rig, 3600 * NS_PER_S);
	EXPECT_TRUE(self->rig.level[IRQ8]);
	EXPECT_EQ(0x81, get(&self->rig, 4));
}

TEST_F(rtc, periodic_interrupt)
{
	unsigned int interrupts = 0;

	put(&self->rig, 0x0b, 0x42);
	for (unsigned int i = 0; i < 100000; i++) {
		rig_pass(&self->rig, NS_PER_S / 100000);
		if (!self->rig.level[IRQ8])
			continue;
		interrupts++;
		EXPECT_EQ(0xc0, get(&self->rig, 0x0c) & 0xc0);
	}
	EXPECT_EQ(1024, interrupts);
	/* Nobody reads register C: no more timers. */
	self->rig.timers.round = 0;
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(1, self->rig.timers.round);
	get(&self->rig, 0x0c);
	/* 2 Hz, then none. */
	put(&self->rig, 0x0a, 0x2f);
	rig_pass(&self->rig, NS_PER_S / 2 - 1);
	EXPECT_FALSE(self->rig.level[IRQ8]);
	rig_pass(&self->rig, 1);
	EXPECT_TRUE(self->rig.level[IRQ8]);
	get(&self->rig, 0x0c);
	put(&self->rig, 0x0a, 0x20);
	rig_pass(&self->rig, 10 * NS_PER_S);
	EXPECT_FALSE(self->rig.level[IRQ8]);
}

static uint64_t word(struct rig *rig, uint8_t index)
{
	return get(rig, index) | get(rig, index + 1) << 8;
}

TEST_F(rtc, size_of_the_memory)
{
	EXPECT_EQ(640, word(&self->rig, 0x15));
	EXPECT_EQ(0xffff, word(&self->rig, 0x17));
	EXPECT_EQ(0xffff, word(&self->rig, 0x30));
	EXPECT_EQ((512 - 16) * 16, word(&self->rig, 0x34));
	rtc_init(&self->rtc, &self->rig.timers, rig_irq(&self->rig, IRQ8), 8 << 20);
	EXPECT_EQ(7 << 10, word(&self->rig, 0x17));
	EXPECT_EQ(7 << 10, word(&self->rig, 0x30));
	EXPECT_EQ(0, word(&self->rig, 0x34));
	rtc_init(&self->rtc, &self->rig.timers, rig_irq(&self->rig, IRQ8), 3072ull << 20);
	EXPECT_EQ((3072 - 16) * 16, word(&self->rig, 0x34));
}

TEST_F(rtc, memory_and_read_only_registers)
{
	for (unsigned int i = 0x0e; i < 128; i++)
		if (i != 0x32)
			put(&self->rig, i | 0x80, i ^ 0x55);
	for (unsigned int i = 0x0e; i < 128; i++)
		if (i != 0x32)
			EXPECT_EQ(i ^ 0x55, get(&self->rig, i));
	put(&self->rig, 0x0c, 0xff);
	put(&self->rig, 0x0d, 0x00);
	EXPECT_EQ(0, get(&self->rig, 0x0c));
	EXPECT_EQ(0x80, get(&self->rig, 0x0d));
}

TEST_F(rtc, fuzz)
{
	for (unsigned int i = 0; i < 10000; i++) {
		rig_fuzz(&self->rig, &self->rtc.device, 100);
		/* The registers more often than the memory. */
		for (unsigned int j = 0; j < 20; j++)
			put(&self->rig, rig_random(&self->rig) % 14, rig_random(&self->rig));
		ASSERT_LT(self->rtc.index, 128);
		ASSERT_LT(self->rtc.phase, NS_PER_S);
		ASSERT_EQ(!!(self->rtc.cmos[0x0b] & self->rtc.cmos[0x0c] & 0x70), self->rig.level[IRQ8]);
		self->rig.timers.round = 0;
		rig_pass(&self->rig, 10 * NS_PER_S);
		ASSERT_LE(self->rig.timers.round, 12);
	}
	put(&self->rig, 0x0a, 0x26);
	put(&self->rig, 0x0b, 0x02);
	set_date(&self->rig, 0x20240228235958);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(0x20240228235959, date(&self->rig));
}

TEST_HARNESS_MAIN
