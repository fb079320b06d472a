// SPDX-License-Identifier: GPL-2.0
/*
 * ioapic.c - the I/O APIC (tools/devices/ioapic.c) with two local APICs behind it, by the 82093AA
 * data sheet.
 */
#include "kselftest_harness.h"
#include "apic_host.h"

#define CPUS		2
#define VECTOR		0x51
#define LOWEST		0x0100
#define NMI		0x0400
#define EXTINT		0x0700
#define LOGICAL		0x0800
#define REMOTE_IRR	0x4000
#define LEVEL		0x8000
#define MASKED		0x10000

FIXTURE(ioapic)
{
	struct rig rig;
	struct apic_host host;
	struct lapics lapics;
	struct ioapic ioapic;
};

FIXTURE_SETUP(ioapic)
{
	rig_init(&self->rig);
	self->host = apic_host_new;
	self->host.ioapic = &self->ioapic;
	lapics_init(&self->lapics, CPUS, &self->rig.timers, &self->host.host);
	ioapic_init(&self->ioapic, &self->lapics);
	bus_add(&self->rig.bus, &self->lapics.device);
	bus_add(&self->rig.bus, &self->ioapic.device);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		lapic_out(&self->rig, &self->lapics, cpu, APIC_SVR, 0x1ff);
}

FIXTURE_TEARDOWN(ioapic)
{
}

static uint32_t in(struct rig *rig, uint8_t index)
{
	memory_write(rig, IOAPIC_BASE, 4, index);
	return memory_read(rig, IOAPIC_BASE + 0x10, 4);
}
#define in(index)		in(&self->rig, index)

static void out(struct rig *rig, uint8_t index, uint32_t value)
{
	memory_write(rig, IOAPIC_BASE, 4, index);
	memory_write(rig, IOAPIC_BASE + 0x10, 4, value);
}
#define out(index, value)	out(&self->rig, index, value)

#define route(pin, cpu, low)							\
	do {									\
		out(0x11 + 2 * (pin), (uint32_t)(cpu) << 24);			\
		out(0x10 + 2 * (pin), low);					\
	} while (0)

#define line(pin, level)							\
	do {									\
		struct irq irq = ioapic_irq(&self->ioapic, pin);		\
										\
		irq_set(&irq, level);						\
	} while (0)

#define waits(pin)								\
	({									\
		struct irq irq = ioapic_irq(&self->ioapic, pin);		\
										\
		irq_waits(&irq);						\
	})

#define pending(cpu)		lapic_has_interrupt(&self->lapics, cpu)
#define take(cpu)		lapic_take(&self->lapics, cpu)
#define eoi(cpu)		lapic_out(&self->rig, &self->lapics, cpu, APIC_EOI, 0)

TEST_F(ioapic, registers)
{
	EXPECT_EQ(0, in(0));
	EXPECT_EQ(0x170020, in(1));
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		EXPECT_EQ(MASKED, in(0x10 + 2 * pin));
		EXPECT_EQ(0, in(0x11 + 2 * pin));
	}
	out(0, 0xffffffff);
	EXPECT_EQ(0x0f000000, in(0));
	EXPECT_EQ(0x0f000000, in(2));
	out(1, 0xffffffff);
	EXPECT_EQ(0x170020, in(1));
	out(0x10, 0xffffffff);
	out(0x11, 0xffffffff);
	EXPECT_EQ(0x1afff, in(0x10));
	EXPECT_EQ(0xff000000, in(0x11));
	out(0x3f, 0x12345678);
	EXPECT_EQ(0x12000000, in(0x3f));
	for (unsigned int index = 0x40; index < 0x100; index++) {
		out(index, 0xffffffff);
		EXPECT_EQ(0, in(index));
	}
	out(3, 0xffffffff);
	EXPECT_EQ(0, in(3));
	EXPECT_EQ(3, memory_read(&self->rig, IOAPIC_BASE, 4));
	memory_write(&self->rig, IOAPIC_BASE, 1, 0x10);
	EXPECT_EQ(0x1afff, memory_read(&self->rig, IOAPIC_BASE + 0x10, 4));
	EXPECT_EQ(0, memory_read(&self->rig, IOAPIC_BASE + 0x20, 4));
}

TEST_F(ioapic, edge)
{
	route(2, 1, VECTOR);
	line(2, true);
	EXPECT_TRUE(waits(2));
	line(2, true);
	line(2, false);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	EXPECT_EQ(VECTOR, take(1));
	EXPECT_FALSE(waits(2));
	EXPECT_EQ(VECTOR, in(0x14));
	line(2, true);
	EXPECT_TRUE(waits(2));
	eoi(1);
	EXPECT_EQ(0, self->host.eois);
	EXPECT_EQ(VECTOR, take(1));
	eoi(1);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));	/* it is no edge any more */
}

TEST_F(ioapic, edge_that_meets_a_mask_is_lost)
{
	route(2, 1, MASKED | VECTOR);
	line(2, true);
	EXPECT_FALSE(waits(2));
	route(2, 1, VECTOR);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	line(2, false);
	line(2, true);
	EXPECT_EQ(VECTOR, take(1));
}

TEST_F(ioapic, level)
{
	route(9, 1, LEVEL | VECTOR);
	line(9, true);
	EXPECT_EQ(LEVEL | REMOTE_IRR | VECTOR, in(0x22));
	EXPECT_FALSE(waits(9));
	EXPECT_EQ(VECTOR, take(1));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	line(9, false);
	line(9, true);					/* not again before the EOI */
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	eoi(1);						/* still high */
	EXPECT_EQ(LEVEL | REMOTE_IRR | VECTOR, in(0x22));
	EXPECT_EQ(VECTOR, take(1));
	line(9, false);
	eoi(1);
	EXPECT_EQ(LEVEL | VECTOR, in(0x22));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(2, self->host.eois);
}

TEST_F(ioapic, level_waits_for_the_mask)
{
	route(9, 1, MASKED | LEVEL | VECTOR);
	line(9, true);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	route(9, 1, LEVEL | VECTOR);
	EXPECT_EQ(VECTOR, take(1));
	/* As a kernel's threaded handler: masked, EOI, and unmasked once the device is quiet, or not. */
	out(0x22, MASKED | LEVEL | VECTOR);
	eoi(1);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(MASKED | LEVEL | VECTOR, in(0x22));
	out(0x22, LEVEL | VECTOR);
	EXPECT_EQ(VECTOR, take(1));
}

/* Two pins with one vector: the EOI is for both. */
TEST_F(ioapic, shared_vector)
{
	route(5, 0, LEVEL | VECTOR);
	route(6, 0, LEVEL | VECTOR);
	line(5, true);
	line(6, true);
	EXPECT_EQ(VECTOR, take(0));
	line(5, false);
	eoi(0);
	EXPECT_EQ(LEVEL | VECTOR, in(0x1a));
	EXPECT_EQ(LEVEL | REMOTE_IRR | VECTOR, in(0x1c));
	EXPECT_EQ(VECTOR, take(0));
}

TEST_F(ioapic, an_entry_whose_eoi_was_lost)
{
	route(9, 1, LEVEL | VECTOR);
	line(9, true);
	line(9, false);
	out(0x22, LEVEL | (VECTOR + 1));		/* the EOI of VECTOR is nobody's */
	EXPECT_EQ(VECTOR, take(1));
	eoi(1);
	EXPECT_EQ(LEVEL | REMOTE_IRR | (VECTOR + 1), in(0x22));
	memory_write(&self->rig, IOAPIC_BASE + 0x40, 4, VECTOR);
	EXPECT_EQ(LEVEL | REMOTE_IRR | (VECTOR + 1), in(0x22));
	memory_write(&self->rig, IOAPIC_BASE + 0x40, 4, VECTOR + 1);
	EXPECT_EQ(LEVEL | (VECTOR + 1), in(0x22));
	line(9, true);
	EXPECT_EQ(LEVEL | REMOTE_IRR | (VECTOR + 1), in(0x22));
	out(0x22, MASKED | VECTOR);			/* as software does without the EOI register */
	out(0x22, MASKED | LEVEL | VECTOR);
	EXPECT_EQ(MASKED | LEVEL | VECTOR, in(0x22));
}

TEST_F(ioapic, nobody_accepts_it)
{
	route(9, 7, LEVEL | VECTOR);
	line(9, true);
	EXPECT_EQ(LEVEL | VECTOR, in(0x22));
	route(9, 1, LEVEL | VECTOR);
	EXPECT_EQ(LEVEL | REMOTE_IRR | VECTOR, in(0x22));
	EXPECT_EQ(VECTOR, take(1));
}

/* The I/O APIC sends it until a local APIC is there that takes it. */
TEST_F(ioapic, level_waits_for_a_local_apic)
{
	route(9, 1, LEVEL | VECTOR);
	lapic_out(&self->rig, &self->lapics, 1, APIC_SVR, 0xff);
	line(9, true);
	EXPECT_EQ(LEVEL | VECTOR, in(0x22));
	lapic_out(&self->rig, &self->lapics, 1, APIC_SVR, 0x1ff);
	EXPECT_EQ(LEVEL | REMOTE_IRR | VECTOR, in(0x22));
	EXPECT_EQ(VECTOR, take(1));
	lapic_set_base(&self->lapics, 1, LAPIC_BASE);
	lapic_set_base(&self->lapics, 1, LAPIC_BASE | 0x800);
	eoi(1);
	out(0x22, VECTOR);				/* that EOI was lost */
	line(9, false);
	out(0x22, LEVEL | VECTOR);
	lapic_out(&self->rig, &self->lapics, 1, APIC_SVR, 0x1ff);
	lapic_set_base(&self->lapics, 1, LAPIC_BASE);
	line(9, true);
	EXPECT_EQ(LEVEL | VECTOR, in(0x22));
	lapic_set_base(&self->lapics, 1, LAPIC_BASE | 0x800);	/* enabled, but not by its SVR */
	EXPECT_EQ(LEVEL | VECTOR, in(0x22));
	lapic_out(&self->rig, &self->lapics, 1, APIC_SVR, 0x1ff);
	EXPECT_EQ(VECTOR, take(1));
	line(9, false);
	eoi(1);
	route(9, 2, LOGICAL | LEVEL | VECTOR);
	line(9, true);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	lapic_out(&self->rig, &self->lapics, 1, APIC_LDR, 2u << 24);
	EXPECT_EQ(VECTOR, take(1));
}

TEST_F(ioapic, delivery_modes)
{
	route(0, 0, EXTINT);
	line(0, true);
	EXPECT_EQ(LAPIC_EXTINT, pending(0));
	EXPECT_EQ(LAPIC_TAKE_EXTINT, take(0));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	route(1, 1, NMI | LEVEL);			/* an edge all the same */
	line(1, true);
	line(1, true);
	EXPECT_EQ(1, self->host.nmis[1]);
	EXPECT_EQ(NMI | LEVEL, in(0x12));
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		lapic_out(&self->rig, &self->lapics, cpu, APIC_LDR, 1u << (24 + cpu));
	lapic_out(&self->rig, &self->lapics, 0, APIC_TPR, 0x20);
	route(3, 3, LOGICAL | LOWEST | VECTOR);
	line(3, true);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	EXPECT_TRUE(waits(3));
	EXPECT_EQ(VECTOR, take(1));
	EXPECT_FALSE(waits(3));
	route(4, 3, LOGICAL | VECTOR);
	line(4, true);
	EXPECT_EQ(VECTOR, take(0));
	EXPECT_TRUE(waits(4));
}

TEST_F(ioapic, fuzz)
{
	struct rig *rig = &self->rig;
	unsigned int taken = 0;

	for (unsigned int i = 0; i < 150000; i++) {
		unsigned int pin = rig_random(rig) % IOAPIC_PINS, cpu = rig_random(rig) % CPUS;

		rig_fuzz(rig, &self->ioapic.device, 8);
		/* Not all of it is hostile: half of the vectors are legal, and go to a CPU. */
		if (rig_random(rig) & 1)
			route(pin, cpu, (rig_random(rig) & 0xffff) | 0x10);
		line(pin, rig_random(rig) & 1);
		if (pending(cpu) == LAPIC_VECTOR)
			taken++;
		take(cpu);
		if (rig_random(rig) & 1)
			eoi(cpu);
		lapic_out(rig, &self->lapics, cpu, APIC_SVR, 0x1ff);
		for (pin = 0; pin < IOAPIC_PINS; pin++) {
			uint64_t entry = self->ioapic.redirection[pin];

			ASSERT_EQ(0, entry & 0xfffffffe1000);
			if (entry & REMOTE_IRR)
				ASSERT_TRUE((entry & LEVEL) && (entry >> 8 & 7) <= 1);
		}
		ASSERT_LE(self->ioapic.id, 15);
	}
	EXPECT_GT(taken, 1000);
}

TEST_HARNESS_MAIN
