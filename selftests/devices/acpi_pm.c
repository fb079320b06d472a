// SPDX-License-Identifier: GPL-2.0
/*
 * acpi_pm.c - ACPI's power management registers (tools/devices/acpi_pm.c).
 */
#include "devices/acpi_pm.h"
#include "kselftest_harness.h"
#include "rig.h"

#define STATUS	0x600
#define ENABLE	0x602
#define CONTROL	0x604
#define TIMER	0x608
#define SCI	9

FIXTURE(acpi_pm)
{
	struct rig rig;
	struct acpi_pm pm;
};

FIXTURE_SETUP(acpi_pm)
{
	rig_init(&self->rig);
	self->rig.time = 12345;
	acpi_pm_init(&self->pm, &self->rig.timers, rig_irq(&self->rig, SCI), &self->rig.stop);
	bus_add(&self->rig.bus, &self->pm.device);
}

FIXTURE_TEARDOWN(acpi_pm)
{
}

TEST_F(acpi_pm, at_rest)
{
	EXPECT_EQ(0, port_in(&self->rig, STATUS, 2));
	EXPECT_EQ(0, port_in(&self->rig, ENABLE, 2));
	EXPECT_EQ(1, port_in(&self->rig, CONTROL, 2));
	EXPECT_EQ(0, port_in(&self->rig, TIMER, 4));
	EXPECT_FALSE(self->rig.level[SCI]);
}

TEST_F(acpi_pm, button)
{
	struct rig *rig = &self->rig;

	acpi_pm_power_button(&self->pm);
	EXPECT_EQ(0x100, port_in(rig, STATUS, 2));
	EXPECT_FALSE(rig->level[SCI]);
	port_out(rig, ENABLE, 2, 0x100);
	EXPECT_TRUE(rig->level[SCI]);
	/* Writing zeros, or the other byte, clears nothing. */
	port_out(rig, STATUS, 2, 0x0000);
	port_out(rig, STATUS, 1, 0xff);
	EXPECT_TRUE(rig->level[SCI]);
	port_out(rig, STATUS, 2, 0x100);
	EXPECT_FALSE(rig->level[SCI]);
	EXPECT_EQ(0, port_in(rig, STATUS, 2));
	acpi_pm_power_button(&self->pm);
	EXPECT_TRUE(rig->level[SCI]);
	EXPECT_EQ(2, rig->edges[SCI]);
	port_out(rig, ENABLE, 2, 0);
	EXPECT_FALSE(rig->level[SCI]);
}

TEST_F(acpi_pm, bytes_and_doublewords)
{
	struct rig *rig = &self->rig;

	/* Status and enable at once; only the timer, the global lock, the button and the clock can be enabled. */
	port_out(rig, STATUS, 4, 0xffffffff);
	EXPECT_EQ(0x05210000, port_in(rig, STATUS, 4));
	port_out(rig, ENABLE + 1, 1, 0);
	EXPECT_EQ(0x0021, port_in(rig, ENABLE, 2));
	port_out(rig, ENABLE, 1, 0);
	port_out(rig, ENABLE + 1, 1, 1);
	EXPECT_EQ(0x01, port_in(rig, ENABLE + 1, 1));
	EXPECT_EQ(0x00, port_in(rig, ENABLE, 1));
	/* A word over two registers. */
	acpi_pm_power_button(&self->pm);
	EXPECT_EQ(0x0001, port_in(rig, STATUS + 1, 2));
	port_out(rig, STATUS + 1, 2, 0x2101);
	EXPECT_EQ(0x01210000, port_in(rig, STATUS, 4));
}

TEST_F(acpi_pm, power_off)
{
	struct rig *rig = &self->rig;

	/* SLP_TYP without SLP_EN, and SLP_EN with other sleeps. */
	port_out(rig, CONTROL, 2, 5 << 10);
	EXPECT_EQ(5 << 10 | 1, port_in(rig, CONTROL, 2));
	for (int type = 0; type < 8; type++)
		if (type != 5)
			port_out(rig, CONTROL, 2, 1 << 13 | type << 10);
	EXPECT_EQ(0, rig->stops);
	EXPECT_EQ(7 << 10 | 1, port_in(rig, CONTROL, 2));
	port_out(rig, CONTROL, 2, 1 << 13 | 5 << 10);
	EXPECT_EQ(1, rig->stops);
	EXPECT_EQ(STOP_POWER_OFF, rig->stop_reason);
	/* All of it is in the second byte. */
	port_out(rig, CONTROL + 1, 1, 0x34);
	EXPECT_EQ(2, rig->stops);
	port_out(rig, CONTROL, 1, 0x34);
	EXPECT_EQ(2, rig->stops);
}

TEST_F(acpi_pm, timer_does_not_drift)
{
	struct rig *rig = &self->rig;

	/* 10,000 steps that are no whole number of ticks. */
	for (int i = 0; i < 10000; i++)
		rig_pass(rig, 100000);
	EXPECT_EQ(3579545, port_in(rig, TIMER, 4));
	rig_pass(rig, 279);
	EXPECT_EQ(3579545, port_in(rig, TIMER, 4));
	rig_pass(rig, 1);
	EXPECT_EQ(3579546, port_in(rig, TIMER, 4));
	/* An hour, and a year: 32 bits of the count. */
	rig_pass(rig, 3599 * NS_PER_S);
	EXPECT_EQ((uint32_t)(3600ull * 3579545 + 1), port_in(rig, TIMER, 4));
	rig_pass(rig, 31536000 * NS_PER_S);
	EXPECT_EQ((uint32_t)(31539600ull * 3579545 + 1), port_in(rig, TIMER, 4));
	/* Bytes of it; writes do nothing. */
	port_out(rig, TIMER, 4, 0);
	EXPECT_EQ(port_in(rig, TIMER, 4) >> 8 & 0xffff, port_in(rig, TIMER + 1, 2));
	EXPECT_EQ(port_in(rig, TIMER, 4) >> 24, port_in(rig, TIMER + 3, 1));
}

TEST_F(acpi_pm, timer_carry)
{
	/* 2^31 ticks, rounded up. */
	const uint64_t half = 599932015941;
	struct rig *rig = &self->rig;

	port_out(rig, ENABLE, 2, 1);
	rig_pass(rig, half - 1);
	EXPECT_EQ(0x7fffffff, port_in(rig, TIMER, 4));
	EXPECT_FALSE(rig->level[SCI]);
	rig_pass(rig, 1);
	EXPECT_TRUE(rig->level[SCI]);
	EXPECT_EQ(0x80000000, port_in(rig, TIMER, 4));
	EXPECT_EQ(1, port_in(rig, STATUS, 2));
	port_out(rig, STATUS, 2, 1);
	EXPECT_FALSE(rig->level[SCI]);
	/* And back from set to clear; an event loop that comes late is not waited for. */
	rig->time += half;
	EXPECT_EQ(1, port_in(rig, STATUS, 2));
	EXPECT_LT(port_in(rig, TIMER, 4), 0x80000000);
	port_out(rig, STATUS, 2, 1);
	timers_expire(&rig->timers);
	EXPECT_EQ(0, port_in(rig, STATUS, 2));
	EXPECT_EQ(2, rig->edges[SCI]);
}

TEST_F(acpi_pm, fuzz)
{
	struct rig *rig = &self->rig;
	unsigned int pressed = 0;

	for (int i = 0; i < 4000; i++) {
		rig_fuzz(rig, &self->pm.device, 100);
		if (rig_random(rig) & 1) {
			acpi_pm_power_button(&self->pm);
			pressed += rig->level[SCI];
		}
		ASSERT_EQ(0, port_in(rig, STATUS, 2) & ~0x0101);
		ASSERT_EQ(0, port_in(rig, ENABLE, 2) & ~0x0521);
		ASSERT_EQ(1, port_in(rig, CONTROL, 2) & ~0x1c02);
		ASSERT_EQ((port_in(rig, STATUS, 2) & port_in(rig, ENABLE, 2)) != 0, rig->level[SCI]);
		ASSERT_TRUE(self->pm.carry.armed);
		ASSERT_GT(self->pm.carry.deadline, rig->time);
	}
	EXPECT_GT(pressed, 0);
	EXPECT_EQ(STOP_POWER_OFF, rig->stop_reason);
}

TEST_HARNESS_MAIN
