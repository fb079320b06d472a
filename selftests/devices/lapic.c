// SPDX-License-Identifier: GPL-2.0
/*
 * lapic.c - the local APICs (tools/devices/lapic.c, lapic_registers.c, lapic_timer.c), by SDM 3A
 * "Advanced Programmable Interrupt Controller (APIC)".
 */
#include "kselftest_harness.h"
#include "apic_host.h"

#define CPUS		4
#define TICK_NS		(NS_PER_S / LAPIC_TIMER_HZ)
#define DIVIDE_BY_1	0xb
#define MASKED		0x10000
#define PERIODIC	0x20000
#define FIXED		0x0000
#define LOWEST		0x0100
#define NMI		0x0400
#define INIT		0x0500
#define STARTUP		0x0600
#define EXTINT		0x0700
#define LOGICAL		0x0800
#define ASSERT		0x4000
#define LEVEL		0x8000
#define SELF		0x40000
#define ALL		0x80000
#define OTHERS		0xc0000

FIXTURE(lapic)
{
	struct rig rig;
	struct apic_host host;
	struct lapics lapics;
};

#define in(cpu, offset)			lapic_in(&self->rig, &self->lapics, cpu, offset)
#define out(cpu, offset, value)		lapic_out(&self->rig, &self->lapics, cpu, offset, value)
#define pending(cpu)			lapic_has_interrupt(&self->lapics, cpu)
#define take(cpu)			lapic_take(&self->lapics, cpu)

FIXTURE_SETUP(lapic)
{
	rig_init(&self->rig);
	self->host = apic_host_new;
	lapics_init(&self->lapics, CPUS, &self->rig.timers, &self->host.host);
	bus_add(&self->rig.bus, &self->lapics.device);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		out(cpu, APIC_SVR, 0x1ff);
}

FIXTURE_TEARDOWN(lapic)
{
}

static void ipi(struct rig *rig, struct lapics *lapics, unsigned int cpu, uint8_t destination, uint32_t icr)
{
	lapic_out(rig, lapics, cpu, APIC_ICR_HIGH, (uint32_t)destination << 24);
	lapic_out(rig, lapics, cpu, APIC_ICR, icr);
}
#define ipi(cpu, destination, icr)	ipi(&self->rig, &self->lapics, cpu, destination, icr)

/* Which CPUs have the vector requested, a bit for each; and forgets it. */
static uint32_t receivers(struct lapics *lapics, uint8_t vector)
{
	uint32_t cpus = 0;

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		uint32_t *irr = &lapics->lapic[cpu].irr[vector / 32];

		cpus |= (*irr >> vector % 32 & 1) << cpu;
		*irr &= ~(1u << vector % 32);
	}
	return cpus;
}
#define receivers(vector)		receivers(&self->lapics, vector)

TEST_F(lapic, after_reset)
{
	struct lapics *lapics = &self->lapics;

	lapics_init(lapics, CPUS, &self->rig.timers, &self->host.host);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		EXPECT_EQ(cpu << 24, in(cpu, APIC_ID));
		EXPECT_EQ(0x50014, in(cpu, APIC_VERSION));
		EXPECT_EQ(0xff, in(cpu, APIC_SVR));
		EXPECT_EQ(0xffffffff, in(cpu, APIC_DFR));
		for (unsigned int offset = APIC_LVT_TIMER; offset <= APIC_LVT_ERROR; offset += 16)
			EXPECT_EQ(MASKED, in(cpu, offset));
		for (unsigned int offset = APIC_ISR; offset <= APIC_ESR; offset += 16)
			EXPECT_EQ(0, in(cpu, offset));
		EXPECT_EQ(0, in(cpu, APIC_TPR) | in(cpu, APIC_LDR) | in(cpu, APIC_ICR) |
			  in(cpu, APIC_ICR_HIGH) | in(cpu, APIC_INITIAL_COUNT) |
			  in(cpu, APIC_CURRENT_COUNT) | in(cpu, APIC_DIVIDE));
		EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(cpu));
	}
}

TEST_F(lapic, reserved_bits_and_read_only_registers)
{
	static const struct {
		unsigned int offset;
		uint32_t value;
	} all_ones[] = {
		{ APIC_ID, 0 }, { APIC_VERSION, 0x50014 }, { APIC_TPR, 0xff }, { APIC_LDR, 0xff000000 },
		{ APIC_DFR, 0xffffffff }, { APIC_SVR, 0x1ff }, { APIC_ISR, 0 }, { APIC_IRR, 0 },
		{ APIC_TMR, 0 }, { APIC_ICR_HIGH, 0xff000000 }, { APIC_LVT_TIMER, 0x300ff },
		{ 0x330, 0x107ff }, { 0x340, 0x107ff }, { APIC_LVT_LINT0, 0x1a7ff },
		{ APIC_LVT_LINT1, 0x1a7ff }, { APIC_LVT_ERROR, 0x100ff }, { APIC_DIVIDE, 0xb },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(all_ones); i++) {
		out(0, all_ones[i].offset, 0xffffffff);
		EXPECT_EQ(all_ones[i].value, in(0, all_ones[i].offset));
	}
	out(0, APIC_ICR, 0xffffffff);
	EXPECT_EQ(0xccfff, in(0, APIC_ICR));
	out(0, APIC_DFR, 0);
	EXPECT_EQ(0x0fffffff, in(0, APIC_DFR));
}

TEST_F(lapic, narrow_wide_and_unaligned_accesses)
{
	self->lapics.current = 2;
	EXPECT_EQ(2, memory_read(&self->rig, LAPIC_BASE + APIC_ID + 3, 1));
	EXPECT_EQ(0x0014, memory_read(&self->rig, LAPIC_BASE + APIC_VERSION, 2));
	EXPECT_EQ(0x50014, memory_read(&self->rig, LAPIC_BASE + APIC_VERSION, 8));
	EXPECT_EQ(0, memory_read(&self->rig, LAPIC_BASE + APIC_VERSION + 4, 4));
	memory_write(&self->rig, LAPIC_BASE + APIC_TPR, 1, 0x20);
	memory_write(&self->rig, LAPIC_BASE + APIC_TPR + 1, 4, 0x20);
	memory_write(&self->rig, LAPIC_BASE + APIC_TPR + 4, 4, 0x20);
	EXPECT_EQ(0, in(2, APIC_TPR));
	memory_write(&self->rig, LAPIC_BASE + APIC_TPR, 8, 0x30);
	EXPECT_EQ(0x30, in(2, APIC_TPR));
	EXPECT_EQ(0, in(2, APIC_ESR));
}

TEST_F(lapic, registers_belong_to_one_cpu)
{
	out(1, APIC_TPR, 0x40);
	out(2, APIC_LVT_TIMER, 0x31);
	EXPECT_EQ(0, in(0, APIC_TPR));
	EXPECT_EQ(0x40, in(1, APIC_TPR));
	EXPECT_EQ(MASKED, in(1, APIC_LVT_TIMER));
	EXPECT_EQ(0x31, in(2, APIC_LVT_TIMER));
}

TEST_F(lapic, the_highest_vector_first)
{
	ipi(0, 1, 0x41);
	ipi(0, 1, 0x93);
	ipi(0, 1, 0x62);
	EXPECT_EQ(3, self->host.wakes[1]);
	EXPECT_EQ(LAPIC_VECTOR, pending(1));
	EXPECT_EQ(0x93, take(1));
	EXPECT_EQ(1u << 19, in(1, APIC_ISR + 0x40));
	EXPECT_EQ(0, in(1, APIC_IRR + 0x40));
	EXPECT_EQ(0x90, in(1, APIC_PPR));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(0x62, take(1));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(0x41, take(1));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(0, self->host.eois);
}

TEST_F(lapic, nested_by_priority_class)
{
	ipi(0, 1, 0x45);
	EXPECT_EQ(0x45, take(1));
	ipi(0, 1, 0x4f);		/* the same class waits */
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(1, self->host.wakes[1]);
	ipi(0, 1, 0x50);
	EXPECT_EQ(2, self->host.wakes[1]);
	EXPECT_EQ(0x50, take(1));
	EXPECT_EQ(0x50, in(1, APIC_PPR));
	out(1, APIC_EOI, 0);		/* the EOI is for the highest in service */
	EXPECT_EQ(0x40, in(1, APIC_PPR));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(0x4f, take(1));
	out(1, APIC_EOI, 0);
	out(1, APIC_EOI, 0);		/* one too many */
	EXPECT_EQ(0, in(1, APIC_PPR));
}

TEST_F(lapic, requested_while_in_service)
{
	ipi(0, 1, 0x45);
	EXPECT_EQ(0x45, take(1));
	ipi(0, 1, 0x45);
	ipi(0, 1, 0x45);
	out(1, APIC_EOI, 0);
	EXPECT_EQ(0x45, take(1));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
}

TEST_F(lapic, task_priority)
{
	out(1, APIC_TPR, 0x5f);
	EXPECT_EQ(0x5f, in(1, APIC_PPR));
	ipi(0, 1, 0x5f);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(0, self->host.wakes[1]);
	ipi(0, 1, 0x60);
	EXPECT_EQ(LAPIC_VECTOR, pending(1));
	EXPECT_EQ(0x60, take(1));
	EXPECT_EQ(0x60, in(1, APIC_PPR));
	out(1, APIC_EOI, 0);
	EXPECT_EQ(5, lapic_get_tpr(&self->lapics, 1));
	lapic_set_tpr(&self->lapics, 1, 5);		/* not written: the lower half stays */
	EXPECT_EQ(0x5f, in(1, APIC_TPR));
	lapic_set_tpr(&self->lapics, 1, 4);
	EXPECT_EQ(0x40, in(1, APIC_TPR));
	EXPECT_EQ(0x5f, take(1));
}

TEST_F(lapic, spurious_vector)
{
	out(1, APIC_SVR, 0x1ef);
	ipi(0, 1, 0x31);
	out(1, APIC_TPR, 0x30);
	EXPECT_EQ(0xef, take(1));
	EXPECT_EQ(0, in(1, APIC_ISR + 0x70) | in(1, APIC_ISR + 0x10));
	EXPECT_EQ(1u << 17, in(1, APIC_IRR + 0x10));
}

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

TEST_F(lapic, software_disabled)
{
	out(1, APIC_LVT_LINT0, EXTINT);
	ipi(0, 1, 0x31);
	out(1, APIC_SVR, 0xff);
	EXPECT_EQ(EXTINT | MASKED, in(1, APIC_LVT_LINT0));
	out(1, APIC_LVT_LINT0, EXTINT);
	EXPECT_EQ(EXTINT | MASKED, in(1, APIC_LVT_LINT0));
	ipi(0, 1, 0x41);
	ipi(0, 1, NMI);
	EXPECT_EQ(1, self->host.nmis[1]);
	ipi(1, 0, 0x51);				/* it still sends */
	EXPECT_EQ(1, receivers(0x51));
	EXPECT_EQ(0x31, take(1));			/* what had been accepted */
	EXPECT_EQ(0, receivers(0x41));
	out(1, APIC_SVR, 0x1ff);
	EXPECT_EQ(EXTINT | MASKED, in(1, APIC_LVT_LINT0));
}

TEST_F(lapic, disabled_by_the_base_register)
{
	out(1, APIC_TPR, 0x20);
	ipi(0, 1, 0x31);
	lapic_set_base(&self->lapics, 1, 0xfee00000);
	EXPECT_EQ(0xffffffff, in(1, APIC_ID));
	out(1, APIC_TPR, 0x30);
	ipi(0, 1, NMI);
	ipi(0, 0xff, 0x41);
	EXPECT_EQ(0, self->host.nmis[1]);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	lapics_set_extint(&self->lapics, true);		/* INTR is the CPU's */
	EXPECT_EQ(LAPIC_EXTINT, pending(1));
	EXPECT_EQ(LAPIC_TAKE_EXTINT, take(1));
	lapics_set_extint(&self->lapics, false);
	lapic_set_base(&self->lapics, 1, 0xfee00800);
	EXPECT_EQ(0, in(1, APIC_TPR));
	EXPECT_EQ(0xff, in(1, APIC_SVR));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
}

TEST_F(lapic, virtual_wire)
{
	lapics_init(&self->lapics, CPUS, &self->rig.timers, &self->host.host);
	lapics_set_extint(&self->lapics, true);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	lapics_set_extint(&self->lapics, false);
	lapics_set_virtual_wire(&self->lapics);
	EXPECT_EQ(0x1ff, in(0, APIC_SVR));
	EXPECT_EQ(EXTINT, in(0, APIC_LVT_LINT0));
	EXPECT_EQ(EXTINT | MASKED, in(1, APIC_LVT_LINT0));
	EXPECT_EQ(NMI, in(1, APIC_LVT_LINT1));
	out(0, APIC_TPR, 0xff);				/* does not count */
	lapics_set_extint(&self->lapics, true);
	lapics_set_extint(&self->lapics, true);
	EXPECT_EQ(1, self->host.wakes[0]);
	EXPECT_EQ(0, self->host.wakes[1]);
	EXPECT_EQ(LAPIC_EXTINT, pending(0));
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(1));
	EXPECT_EQ(LAPIC_TAKE_EXTINT, take(0));
	EXPECT_EQ(LAPIC_EXTINT, pending(0));		/* until the 8259 takes it back */
	lapics_set_extint(&self->lapics, false);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	EXPECT_EQ(0, in(0, APIC_ISR + 0x70));
	lapics_set_extint(&self->lapics, true);
	out(0, APIC_LVT_LINT0, EXTINT | MASKED);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	out(0, APIC_LVT_LINT0, EXTINT);
	EXPECT_EQ(LAPIC_EXTINT, pending(0));
}

TEST_F(lapic, lint0_in_other_modes)
{
	out(0, APIC_LVT_LINT0, FIXED | 0x31);
	out(1, APIC_LVT_LINT0, NMI);
	lapics_set_extint(&self->lapics, true);
	lapics_set_extint(&self->lapics, true);
	EXPECT_EQ(0x31, take(0));
	out(0, APIC_EOI, 0);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	EXPECT_EQ(1, self->host.nmis[1]);
	EXPECT_EQ(0, self->host.nmis[0]);
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

TEST_F(lapic, errors)
{
	struct apic_message message = { .destination = 1, .vector = 15 };

	out(0, APIC_LVT_ERROR, 0xfe);
	out(1, APIC_LVT_ERROR, 0xfe);
	ipi(0, 1, 0x0f);
	EXPECT_EQ(0xfe, take(0));
	EXPECT_EQ(0xfe, take(1));
	EXPECT_EQ(0, in(0, APIC_ESR));		/* not before it is written */
	ipi(0, 1, 0x0f);			/* nor is it said again */
	out(0, APIC_EOI, 0);
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	out(0, APIC_ESR, 0xff);
	out(1, APIC_ESR, 0);
	EXPECT_EQ(0x20, in(0, APIC_ESR));
	EXPECT_EQ(0x40, in(1, APIC_ESR));
	out(0, APIC_ESR, 0);
	EXPECT_EQ(0, in(0, APIC_ESR));
	EXPECT_EQ(0, in(1, APIC_IRR));
	in(0, 0x3f0);
	EXPECT_EQ(0xfe, take(0));
	out(0, APIC_ESR, 0);
	EXPECT_EQ(0x80, in(0, APIC_ESR));
	out(1, APIC_EOI, 0);
	EXPECT_FALSE(lapics_deliver(&self->lapics, &message));
	EXPECT_EQ(0xfe, take(1));
	/* An illegal vector for the error itself ends there. */
	out(2, APIC_LVT_ERROR, 3);
	out(2, 0x40, 0);
	out(2, APIC_ESR, 0);
	EXPECT_EQ(0xc0, in(2, APIC_ESR));
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

TEST_F(lapic, timer_owes_ticks_that_the_cpu_was_too_late_for)
{
	out(0, APIC_DIVIDE, DIVIDE_BY_1);
	out(0, APIC_LVT_TIMER, PERIODIC | 0x31);
	out(0, APIC_INITIAL_COUNT, 25000);
	rig_pass(&self->rig, 10 * 1000000);
	for (unsigned int i = 0; i < 10; i++) {
		EXPECT_EQ(0x31, take(0));
		EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));	/* one at a time */
		out(0, APIC_EOI, 0);
	}
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
	/* Not without bound. */
	rig_pass(&self->rig, 100 * NS_PER_S);
	for (unsigned int i = 0; i <= LAPIC_TIMER_OWED_MAX; i++) {
		EXPECT_EQ(LAPIC_VECTOR, pending(0));
		take(0);
		out(0, APIC_EOI, 0);
	}
	EXPECT_EQ(LAPIC_NO_INTERRUPT, pending(0));
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

static bool is_sane(const struct lapics *lapics)
{
	for (unsigned int cpu = 0; cpu < lapics->count; cpu++) {
		const struct lapic *lapic = &lapics->lapic[cpu];
		const struct lapic_timer *timer = &lapic->timer;

		if ((lapic->irr[0] | lapic->isr[0] | lapic->tmr[0]) & 0xffff)
			return false;
		for (unsigned int i = 0; i < LVT_COUNT && !(lapic->svr & 0x100); i++)
			if (!(lapic->lvt[i] & MASKED))
				return false;
		if (timer->masked != !!(lapic->lvt[LVT_TIMER] & MASKED) ||
		    timer->periodic != !!(lapic->lvt[LVT_TIMER] & PERIODIC) ||
		    timer->timer.armed != (timer->counting && !timer->masked) ||
		    timer->owed > LAPIC_TIMER_OWED_MAX || (timer->counting && !timer->initial) ||
		    lapic_timer_current(timer) > timer->initial)
			return false;
	}
	return true;
}

/* Half of all writes go to a register as software writes it, else few would. */
TEST_F(lapic, fuzz)
{
	static const uint16_t known[] = {
		APIC_TPR, APIC_EOI, APIC_EOI, APIC_EOI, APIC_LDR, APIC_DFR, APIC_SVR, APIC_ESR, APIC_ICR,
		APIC_ICR, APIC_ICR_HIGH, APIC_LVT_TIMER, APIC_LVT_LINT0, APIC_LVT_ERROR,
		APIC_INITIAL_COUNT, APIC_DIVIDE,
	};
	struct rig *rig = &self->rig;
	unsigned int taken = 0;

	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int cpu = rig_random(rig) % CPUS;
		unsigned int offset = known[rig_random(rig) % ARRAY_SIZE(known)];

		self->lapics.current = cpu;
		rig_fuzz(rig, &self->lapics.device, 16);
		out(cpu, offset, rig_random(rig) >> rig_random(rig) % 32);
		if (!(rig_random(rig) % 4))
			out(cpu, APIC_SVR, 0x1ff);
		if (!(rig_random(rig) % 64))
			lapic_set_base(&self->lapics, cpu, rig_random(rig));
		if (!(rig_random(rig) % 16))
			lapics_set_extint(&self->lapics, rig_random(rig) & 1);
		if (pending(cpu) == LAPIC_VECTOR) {
			EXPECT_GE(take(cpu), 16);
			taken++;
		} else {
			take(cpu);
		}
		ASSERT_TRUE(is_sane(&self->lapics));
	}
	EXPECT_GT(taken, 1000);
}

TEST_HARNESS_MAIN
