// SPDX-License-Identifier: GPL-2.0
/*
 * interrupt_wiring.c - the timer's interrupt on its ways to a CPU, through controllers that are
 * wired as in a PC: the I/O APIC's pin 2, and the 8259s and LINT0.
 */
#include "kselftest_harness.h"
#include "apic_host.h"
#include "devices/i8254.h"
#include "devices/i8259.h"

#define VECTOR		0x30		/* of IRQ 0, by either way */
#define MASKED		0x10000
#define EXTINT		0x0700
#define TICKS		10000
#define DIVISOR		1193		/* of the 8254's clock: about 1 ms */

FIXTURE(wiring)
{
	struct rig rig;
	struct apic_host host;
	struct lapics lapics;
	struct ioapic ioapic;
	struct pic pic;
	struct pit pit;
	struct irq to_pic, to_ioapic;
};

static void set_intr(void *controller, unsigned int number, bool level)
{
	(void)number;
	lapics_set_extint(controller, level);
}

static void set_irq0(void *controller, unsigned int number, bool level)
{
	FIXTURE_DATA(wiring) *self = controller;

	(void)number;
	irq_set(&self->to_pic, level);
	irq_set(&self->to_ioapic, level);
}

static bool irq0_waits(void *controller, unsigned int number)
{
	FIXTURE_DATA(wiring) *self = controller;

	(void)number;
	return irq_waits(&self->to_pic) || irq_waits(&self->to_ioapic);
}

FIXTURE_SETUP(wiring)
{
	struct rig *rig = &self->rig;

	rig_init(rig);
	self->host = apic_host_new;
	self->host.ioapic = &self->ioapic;
	lapics_init(&self->lapics, 2, &rig->timers, &self->host.host);
	lapics_set_virtual_wire(&self->lapics);
	ioapic_init(&self->ioapic, &self->lapics);
	pic_init(&self->pic, (struct irq){ .set = set_intr, .controller = &self->lapics });
	self->to_pic = pic_irq(&self->pic, 0);
	self->to_ioapic = ioapic_irq(&self->ioapic, 2);
	pit_init(&self->pit, &rig->timers,
		 (struct irq){ .set = set_irq0, .waits = irq0_waits, .controller = self });
	bus_add(&rig->bus, &self->lapics.device);
	bus_add(&rig->bus, &self->ioapic.device);
	bus_add(&rig->bus, &self->pic.device);
	bus_add(&rig->bus, &self->pit.device);
	/* The 8259s as a kernel initializes them, all masked. */
	port_out(rig, 0x20, 1, 0x11);
	port_out(rig, 0x21, 1, VECTOR);
	port_out(rig, 0x21, 1, 0x04);
	port_out(rig, 0x21, 1, 0x01);
	port_out(rig, 0x21, 1, 0xff);
	port_out(rig, 0x43, 1, 0x34);
	port_out(rig, 0x40, 1, DIVISOR & 0xff);
	port_out(rig, 0x40, 1, DIVISOR >> 8);
}

FIXTURE_TEARDOWN(wiring)
{
}

/* Takes what a CPU gets, and ends it as a kernel does. Returns the vector, or -1. */
static int serve(struct rig *rig, struct lapics *lapics, struct pic *pic, unsigned int cpu)
{
	int vector;

	if (!lapic_has_interrupt(lapics, cpu))
		return -1;
	vector = lapic_take(lapics, cpu);
	if (vector == LAPIC_TAKE_EXTINT) {
		vector = pic_acknowledge(pic);
		port_out(rig, 0x20, 1, 0x60 | (vector & 7));
	} else {
		lapic_out(rig, lapics, cpu, APIC_EOI, 0);
	}
	return vector;
}
#define serve(cpu)	serve(&self->rig, &self->lapics, &self->pic, cpu)

/* As many ticks as the time has, neither lost nor doubled, by a CPU that is up to 10 ms late now and then. */
static void count_ticks(struct __test_metadata *_metadata, FIXTURE_DATA(wiring) *self, unsigned int cpu)
{
	unsigned int ticks = 0, due;
	int vector;

	while (self->rig.time < TICKS * DIVISOR * NS_PER_S / 1193182) {
		bool late = !(rig_random(&self->rig) % 64);

		rig_pass(&self->rig, rig_random(&self->rig) % (late ? 10000000 : 100000));
		while ((vector = serve(cpu)) >= 0) {
			ASSERT_EQ(VECTOR, vector);
			ticks++;
		}
		ASSERT_EQ(-1, serve(!cpu));
	}
	/* What came while the CPU was late follows. */
	for (unsigned int i = 0; i < 100; i++) {
		rig_pass(&self->rig, 100000);
		while (serve(cpu) >= 0)
			ticks++;
	}
	due = self->rig.time * 1193182 / NS_PER_S / DIVISOR;
	EXPECT_LE(due, ticks + 1);
	EXPECT_GE(due + 1, ticks);
	EXPECT_GE(ticks, TICKS);
}
#define count_ticks(cpu)	count_ticks(_metadata, self, cpu)

static void write_ioapic(struct rig *rig, uint8_t index, uint32_t value)
{
	memory_write(rig, IOAPIC_BASE, 4, index);
	memory_write(rig, IOAPIC_BASE + 0x10, 4, value);
}

TEST_F(wiring, all_masked)
{
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(-1, serve(0));
	EXPECT_EQ(-1, serve(1));
}

TEST_F(wiring, by_the_io_apic)
{
	lapic_out(&self->rig, &self->lapics, 0, APIC_LVT_LINT0, EXTINT | MASKED);
	write_ioapic(&self->rig, 0x15, 1u << 24);
	write_ioapic(&self->rig, 0x14, VECTOR);
	count_ticks(1);
}

TEST_F(wiring, by_the_virtual_wire)
{
	port_out(&self->rig, 0x21, 1, 0xfe);
	count_ticks(0);
}

/* Some PCs wire the 8259s' output to a pin of the I/O APIC. */
TEST_F(wiring, by_an_extint_message)
{
	self->pic.intr = ioapic_irq(&self->ioapic, 0);
	lapic_out(&self->rig, &self->lapics, 0, APIC_LVT_LINT0, EXTINT | MASKED);
	write_ioapic(&self->rig, 0x11, 1u << 24);
	write_ioapic(&self->rig, 0x10, EXTINT);
	port_out(&self->rig, 0x21, 1, 0xfe);
	count_ticks(1);
}

/* A kernel tries one way, then the next. */
TEST_F(wiring, from_one_way_to_the_other)
{
	lapic_out(&self->rig, &self->lapics, 0, APIC_LVT_LINT0, EXTINT | MASKED);
	write_ioapic(&self->rig, 0x14, VECTOR);
	rig_pass(&self->rig, NS_PER_S / 100);
	EXPECT_EQ(VECTOR, serve(0));
	write_ioapic(&self->rig, 0x14, MASKED | VECTOR);
	while (serve(0) >= 0)
		rig_pass(&self->rig, 0);
	rig_pass(&self->rig, NS_PER_S / 100);
	EXPECT_EQ(-1, serve(0));
	port_out(&self->rig, 0x21, 1, 0xfe);
	lapic_out(&self->rig, &self->lapics, 0, APIC_LVT_LINT0, EXTINT);
	rig_pass(&self->rig, NS_PER_S / 100);
	EXPECT_EQ(VECTOR, serve(0));
	port_out(&self->rig, 0x21, 1, 0xff);
	lapic_out(&self->rig, &self->lapics, 0, APIC_LVT_LINT0, EXTINT | MASKED);
	write_ioapic(&self->rig, 0x14, VECTOR);
	rig_pass(&self->rig, NS_PER_S / 100);
	EXPECT_EQ(VECTOR, serve(0));
}

TEST_HARNESS_MAIN
