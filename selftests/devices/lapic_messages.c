// SPDX-License-Identifier: GPL-2.0
/*
 * lapic_messages.c - messages between local APICs: who gets them, and what they do
 * (tools/devices/lapic.c), by SDM 3A "Issuing Interprocessor Interrupts".
 */
#include "lapic_fixture.h"

TEST_F(lapic, physical_destinations)
{
	ipi(0, 2, 0x31);
	EXPECT_EQ(4, receivers(0x31));
	ipi(2, 2, 0x31);
	EXPECT_EQ(4, receivers(0x31));
	ipi(0, 0xff, 0x31);
	EXPECT_EQ(0xf, receivers(0x31));
	ipi(0, CPUS, 0x31);
	EXPECT_EQ(0, receivers(0x31));
}

TEST_F(lapic, shorthands)
{
	ipi(1, 3, SELF | 0x31);
	EXPECT_EQ(2, receivers(0x31));
	ipi(1, 3, ALL | 0x31);
	EXPECT_EQ(0xf, receivers(0x31));
	ipi(1, 3, OTHERS | 0x31);
	EXPECT_EQ(0xd, receivers(0x31));
	lapic_set_base(&self->lapics, 3, 0);
	ipi(1, 0, ALL | 0x31);
	EXPECT_EQ(7, receivers(0x31));
	ipi(1, 0, OTHERS | INIT | ASSERT);
	EXPECT_EQ(0, self->host.inits[3]);
}

TEST_F(lapic, logical_flat)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		out(cpu, APIC_LDR, 1u << (24 + cpu));
	ipi(0, 0x4, LOGICAL | 0x31);
	EXPECT_EQ(4, receivers(0x31));
	ipi(0, 0xa, LOGICAL | 0x31);
	EXPECT_EQ(0xa, receivers(0x31));
	ipi(0, 0x10, LOGICAL | 0x31);
	EXPECT_EQ(0, receivers(0x31));
	out(3, APIC_LDR, 0);
	ipi(0, 0xff, LOGICAL | 0x31);
	EXPECT_EQ(0xf, receivers(0x31));
}

TEST_F(lapic, logical_cluster)
{
	static const uint8_t ldr[CPUS] = { 0x11, 0x12, 0x21, 0x22 };

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		out(cpu, APIC_DFR, 0x0fffffff);
		out(cpu, APIC_LDR, (uint32_t)ldr[cpu] << 24);
	}
	ipi(0, 0x13, LOGICAL | 0x31);
	EXPECT_EQ(3, receivers(0x31));
	ipi(0, 0x22, LOGICAL | 0x31);
	EXPECT_EQ(8, receivers(0x31));
	ipi(0, 0xf1, LOGICAL | 0x31);
	EXPECT_EQ(5, receivers(0x31));
	ipi(0, 0x33, LOGICAL | 0x31);
	EXPECT_EQ(0, receivers(0x31));
	ipi(0, 0xff, LOGICAL | 0x31);
	EXPECT_EQ(0xf, receivers(0x31));
}

TEST_F(lapic, lowest_priority)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		out(cpu, APIC_LDR, 1u << (24 + cpu));
		out(cpu, APIC_TPR, 0x20);
	}
	out(2, APIC_TPR, 0x10);
	ipi(0, 0xf, LOGICAL | LOWEST | 0x31);
	EXPECT_EQ(4, receivers(0x31));
	/* What is requested counts. */
	ipi(0, 2, 0x51);
	EXPECT_EQ(0x50, in(2, APIC_APR));
	ipi(0, 0x6, LOGICAL | LOWEST | 0x31);
	EXPECT_EQ(2, receivers(0x31));
	/* Of equals each has its turn. */
	receivers(0x51);
	out(2, APIC_TPR, 0x20);
	for (unsigned int i = 2; i < 10; i++) {
		ipi(0, 0xff, LOWEST | 0x31);
		EXPECT_EQ(1u << i % CPUS, receivers(0x31));
	}
	/* A disabled one has none. */
	out(2, APIC_SVR, 0xff);
	out(2, APIC_TPR, 0);
	ipi(0, 0xc, LOGICAL | LOWEST | 0x31);
	EXPECT_EQ(8, receivers(0x31));
	ipi(0, 0x4, LOGICAL | LOWEST | 0x31);
	EXPECT_EQ(0, receivers(0x31));
}

TEST_F(lapic, nmi_init_and_startup)
{
	out(1, APIC_TPR, 0x20);
	out(1, APIC_LDR, 0x02000000);
	out(1, APIC_LVT_LINT0, EXTINT);
	out(1, APIC_INITIAL_COUNT, 1000);
	ipi(0, 2, 0x31);
	ipi(0, 1, NMI);
	EXPECT_EQ(1, self->host.nmis[1]);
	ipi(0, 1, INIT | LEVEL | ASSERT);
	EXPECT_EQ(1, self->host.inits[1]);
	EXPECT_EQ(0xff, in(1, APIC_SVR));
	EXPECT_EQ(MASKED, in(1, APIC_LVT_LINT0));
	EXPECT_EQ(0, in(1, APIC_TPR) | in(1, APIC_LDR) | in(1, APIC_CURRENT_COUNT));
	EXPECT_EQ(1u << 24, in(1, APIC_ID));
	ipi(0, 1, INIT | LEVEL);			/* de-assertion */
	EXPECT_EQ(1, self->host.inits[1]);
	EXPECT_EQ(0, self->host.startups[1]);
	ipi(0, 1, STARTUP | 0x9a);
	ipi(0, 1, STARTUP | 0x00);
	EXPECT_EQ(2, self->host.startups[1]);
	EXPECT_EQ(0, self->host.startup_vector);
	EXPECT_EQ(0, in(0, APIC_ESR));
	EXPECT_EQ(1u << 17, in(2, APIC_IRR + 0x10));
	ipi(0, 0, OTHERS | INIT | ASSERT);
	EXPECT_EQ(0, self->host.inits[0]);
	EXPECT_EQ(2, self->host.inits[1]);
	EXPECT_EQ(1, self->host.inits[2]);
	EXPECT_EQ(0, in(2, APIC_IRR + 0x10));
}

TEST_F(lapic, extint_as_a_message)
{
	struct apic_message message = { .destination = 1, .delivery = DELIVER_EXTINT };

	EXPECT_TRUE(lapics_deliver(&self->lapics, &message));
	EXPECT_EQ(1, self->host.wakes[1]);
	EXPECT_EQ(LAPIC_TAKE_EXTINT, take(1));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	ipi(0, 1, EXTINT);				/* no CPU sends it */
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
}

TEST_F(lapic, level_triggered_needs_an_eoi)
{
	struct apic_message message = { .destination = 1, .vector = 0x61, .level = true };

	EXPECT_TRUE(lapics_deliver(&self->lapics, &message));
	EXPECT_TRUE(lapics_wait(&self->lapics, &message));
	EXPECT_EQ(2, in(1, APIC_TMR + 0x30));
	EXPECT_EQ(0x61, take(1));
	EXPECT_FALSE(lapics_wait(&self->lapics, &message));
	EXPECT_EQ(0, self->host.eois);
	out(1, APIC_EOI, 0);
	EXPECT_EQ(1, self->host.eois);
	EXPECT_EQ(0x61, self->host.eoi_vector);
	ipi(0, 1, LEVEL | ASSERT | 0x61);		/* an edge all the same */
	EXPECT_EQ(0, in(1, APIC_TMR + 0x30));
	EXPECT_EQ(0x61, take(1));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(1, self->host.eois);
}

TEST_HARNESS_MAIN
