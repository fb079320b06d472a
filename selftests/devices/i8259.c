// SPDX-License-Identifier: GPL-2.0
/*
 * i8259.c - the interrupt controllers, command word by command word, as the data sheet has them
 * (tools/devices/i8259.c).
 */
#include "kselftest_harness.h"
#include "devices/i8259.h"
#include "rig.h"

#define MASTER	0x20
#define SLAVE	0xa0
#define INTR	0		/* the rig's line */

#define EOI			0x20
#define SPECIFIC_EOI		0x60
#define ROTATE_ON_EOI		0xa0
#define SET_PRIORITY		0xc0

FIXTURE(pic)
{
	struct rig rig;
	struct pic pic;
};

/* As Linux does it: vectors 0x30 to 0x3f, all unmasked. */
static void initialize(struct rig *rig, uint8_t master_icw4, uint8_t slave_icw4)
{
	port_out(rig, MASTER, 1, 0x11);
	port_out(rig, MASTER + 1, 1, 0x30);
	port_out(rig, MASTER + 1, 1, 0x04);
	port_out(rig, MASTER + 1, 1, master_icw4);
	port_out(rig, SLAVE, 1, 0x11);
	port_out(rig, SLAVE + 1, 1, 0x38);
	port_out(rig, SLAVE + 1, 1, 0x02);
	port_out(rig, SLAVE + 1, 1, slave_icw4);
}

FIXTURE_SETUP(pic)
{
	rig_init(&self->rig);
	pic_init(&self->pic, rig_irq(&self->rig, INTR));
	bus_add(&self->rig.bus, &self->pic.device);
	initialize(&self->rig, 0x01, 0x01);
}

FIXTURE_TEARDOWN(pic)
{
}

static void set(struct pic *pic, unsigned int line, bool level)
{
	struct irq irq = pic_irq(pic, line);

	irq_set(&irq, level);
}

static void pulse(struct pic *pic, unsigned int line)
{
	set(pic, line, true);
	set(pic, line, false);
}

static bool waits(struct pic *pic, unsigned int line)
{
	struct irq irq = pic_irq(pic, line);

	return irq_waits(&irq);
}

static uint8_t isr(struct rig *rig, uint16_t chip)
{
	port_out(rig, chip, 1, 0x0b);
	return port_in(rig, chip, 1);
}

static uint8_t irr(struct rig *rig, uint16_t chip)
{
	port_out(rig, chip, 1, 0x0a);
	return port_in(rig, chip, 1);
}

TEST_F(pic, masked_before_initialization)
{
	pic_init(&self->pic, rig_irq(&self->rig, INTR));
	pulse(&self->pic, 0);
	EXPECT_FALSE(self->rig.level[INTR]);
	EXPECT_EQ(0xff, port_in(&self->rig, MASTER + 1, 1));
	EXPECT_EQ(0xff, port_in(&self->rig, SLAVE + 1, 1));
}

TEST_F(pic, an_edge_of_each_line)
{
	for (unsigned int line = 0; line < 16; line++) {
		if (line == 2)
			continue;
		set(&self->pic, line, true);
		EXPECT_TRUE(self->rig.level[INTR]);
		EXPECT_TRUE(waits(&self->pic, line));
		EXPECT_EQ(0x30 + line, pic_acknowledge(&self->pic));
		EXPECT_FALSE(waits(&self->pic, line));
		EXPECT_FALSE(self->rig.level[INTR]);
		EXPECT_EQ(line < 8 ? 1 << line : 1 << 2, isr(&self->rig, MASTER));
		EXPECT_EQ(line < 8 ? 0 : 1 << (line - 8), isr(&self->rig, SLAVE));
		port_out(&self->rig, SLAVE, 1, EOI);
		port_out(&self->rig, MASTER, 1, EOI);
		/* The line is high all the time, and that is no new edge. */
		EXPECT_FALSE(self->rig.level[INTR]);
	}
}

TEST_F(pic, nested_by_priority)
{
	pulse(&self->pic, 4);
	EXPECT_EQ(0x34, pic_acknowledge(&self->pic));
	pulse(&self->pic, 5);
	EXPECT_FALSE(self->rig.level[INTR]);
	pulse(&self->pic, 4);
	EXPECT_FALSE(self->rig.level[INTR]);
	pulse(&self->pic, 9);
	EXPECT_TRUE(self->rig.level[INTR]);
	EXPECT_EQ(0x39, pic_acknowledge(&self->pic));
	EXPECT_EQ(0x14, isr(&self->rig, MASTER));
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_EQ(0x10, isr(&self->rig, MASTER));
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_EQ(0x34, pic_acknowledge(&self->pic));
	port_out(&self->rig, MASTER, 1, SPECIFIC_EOI | 4);
	EXPECT_EQ(0x35, pic_acknowledge(&self->pic));
}

TEST_F(pic, masks)
{
	port_out(&self->rig, MASTER + 1, 1, 0xff);
	pulse(&self->pic, 0);
	EXPECT_FALSE(self->rig.level[INTR]);
	EXPECT_FALSE(waits(&self->pic, 0));
	EXPECT_EQ(0x01, irr(&self->rig, MASTER));
	port_out(&self->rig, MASTER + 1, 1, 0xfe);
	EXPECT_TRUE(self->rig.level[INTR]);
	EXPECT_EQ(0x30, pic_acknowledge(&self->pic));
}

TEST_F(pic, spurious)
{
	pulse(&self->pic, 3);
	port_out(&self->rig, MASTER + 1, 1, 0xff);
	EXPECT_EQ(0x37, pic_acknowledge(&self->pic));
	EXPECT_EQ(0, isr(&self->rig, MASTER));
}

TEST_F(pic, level_triggered)
{
	port_out(&self->rig, 0x4d0, 2, 0xffff);
	EXPECT_EQ(0xdef8, port_in(&self->rig, 0x4d0, 2));
	set(&self->pic, 10, true);
	EXPECT_EQ(0x3a, pic_acknowledge(&self->pic));
	port_out(&self->rig, SLAVE, 1, EOI);
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_TRUE(self->rig.level[INTR]);
	EXPECT_EQ(0x3a, pic_acknowledge(&self->pic));
	set(&self->pic, 10, false);
	port_out(&self->rig, SLAVE, 1, EOI);
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_FALSE(self->rig.level[INTR]);
	/* A level that goes away unserved is no request. */
	set(&self->pic, 5, true);
	set(&self->pic, 5, false);
	EXPECT_FALSE(self->rig.level[INTR]);
}

TEST_F(pic, level_survives_initialization)
{
	port_out(&self->rig, 0x4d0, 1, 0x20);
	set(&self->pic, 5, true);
	set(&self->pic, 6, true);
	initialize(&self->rig, 0x01, 0x01);
	EXPECT_EQ(0x20, irr(&self->rig, MASTER));
}

TEST_F(pic, initialization_without_icw3_and_icw4)
{
	port_out(&self->rig, MASTER, 1, 0x12);
	pulse(&self->pic, 1);
	EXPECT_FALSE(self->rig.level[INTR]);
	port_out(&self->rig, MASTER + 1, 1, 0x47);
	EXPECT_EQ(0x41, pic_acknowledge(&self->pic));
	port_out(&self->rig, MASTER + 1, 1, 0xa5);
	EXPECT_EQ(0xa5, port_in(&self->rig, MASTER + 1, 1));
}

TEST_F(pic, automatic_eoi)
{
	initialize(&self->rig, 0x03, 0x03);
	pulse(&self->pic, 12);
	EXPECT_EQ(0x3c, pic_acknowledge(&self->pic));
	EXPECT_EQ(0, isr(&self->rig, MASTER) | isr(&self->rig, SLAVE));
	/* With rotation, the one that was served comes last. */
	port_out(&self->rig, MASTER, 1, 0x80);
	pulse(&self->pic, 3);
	EXPECT_EQ(0x33, pic_acknowledge(&self->pic));
	pulse(&self->pic, 3);
	pulse(&self->pic, 4);
	EXPECT_EQ(0x34, pic_acknowledge(&self->pic));
	EXPECT_EQ(0x33, pic_acknowledge(&self->pic));
}

TEST_F(pic, rotation)
{
	port_out(&self->rig, MASTER, 1, SET_PRIORITY | 3);
	pulse(&self->pic, 3);
	pulse(&self->pic, 4);
	EXPECT_EQ(0x34, pic_acknowledge(&self->pic));
	port_out(&self->rig, MASTER, 1, ROTATE_ON_EOI);
	pulse(&self->pic, 4);
	EXPECT_EQ(0x33, pic_acknowledge(&self->pic));
	port_out(&self->rig, MASTER, 1, 0xe0 | 3);
	EXPECT_EQ(0x34, pic_acknowledge(&self->pic));
}

TEST_F(pic, special_mask_mode)
{
	pulse(&self->pic, 1);
	EXPECT_EQ(0x31, pic_acknowledge(&self->pic));
	pulse(&self->pic, 6);
	port_out(&self->rig, MASTER + 1, 1, 0x02);
	EXPECT_FALSE(self->rig.level[INTR]);
	port_out(&self->rig, MASTER, 1, 0x68);
	EXPECT_EQ(0x36, pic_acknowledge(&self->pic));
	/* An EOI that names no level passes the masked one. */
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_EQ(0x02, isr(&self->rig, MASTER));
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_EQ(0x02, isr(&self->rig, MASTER));
	port_out(&self->rig, MASTER, 1, 0x48);
	port_out(&self->rig, MASTER, 1, EOI);
	EXPECT_EQ(0, isr(&self->rig, MASTER));
}

TEST_F(pic, special_fully_nested_mode)
{
	for (unsigned int nested = 0; nested < 2; nested++) {
		initialize(&self->rig, nested ? 0x11 : 0x01, 0x01);
		pulse(&self->pic, 12);
		EXPECT_EQ(0x3c, pic_acknowledge(&self->pic));
		pulse(&self->pic, 9);
		EXPECT_EQ(nested, self->rig.level[INTR]);
	}
	EXPECT_EQ(0x39, pic_acknowledge(&self->pic));
}

TEST_F(pic, poll)
{
	port_out(&self->rig, MASTER, 1, 0x0c);
	EXPECT_EQ(0, port_in(&self->rig, MASTER, 1));
	pulse(&self->pic, 13);
	port_out(&self->rig, MASTER, 1, 0x0c);
	EXPECT_EQ(0x82, port_in(&self->rig, MASTER, 1));
	port_out(&self->rig, SLAVE, 1, 0x0c);
	EXPECT_EQ(0x85, port_in(&self->rig, SLAVE + 1, 1));
	EXPECT_EQ(0x04, isr(&self->rig, MASTER));
	EXPECT_EQ(0x20, isr(&self->rig, SLAVE));
}

TEST_F(pic, fuzz)
{
	for (unsigned int i = 0; i < 50000; i++) {
		uint8_t vector;

		rig_fuzz(&self->rig, &self->pic.device, 6);
		set(&self->pic, rig_random(&self->rig) & 15, rig_random(&self->rig) & 1);
		ASSERT_LT(self->pic.master.top, 8);
		ASSERT_LT(self->pic.slave.top, 8);
		ASSERT_EQ(0, self->pic.master.elcr & 0x07);
		if (rig_random(&self->rig) & 1)
			continue;
		if (!self->rig.level[INTR])
			ASSERT_EQ(self->pic.master.vector | 7, pic_acknowledge(&self->pic));
		vector = pic_acknowledge(&self->pic);
		ASSERT_TRUE((vector & 0xf8) == self->pic.master.vector ||
			    (vector & 0xf8) == self->pic.slave.vector);
		for (unsigned int served = 0; self->rig.level[INTR] && served < 16; served++) {
			pic_acknowledge(&self->pic);
			/* Each is served once, unless it ends at once and its level is still there. */
			ASSERT_TRUE(served < 15 || self->pic.master.auto_eoi || self->pic.slave.auto_eoi);
		}
	}
	for (unsigned int line = 0; line < 16; line++)
		set(&self->pic, line, false);
	initialize(&self->rig, 0x01, 0x01);
	EXPECT_FALSE(self->rig.level[INTR]);
	pulse(&self->pic, 8);
	EXPECT_EQ(0x38, pic_acknowledge(&self->pic));
}

TEST_HARNESS_MAIN
