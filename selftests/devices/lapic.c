// SPDX-License-Identifier: GPL-2.0
/*
 * lapic.c - a local APIC alone: its registers, priorities, local interrupts, errors and states
 * (tools/devices/lapic.c, lapic_registers.c), by SDM 3A "Advanced Programmable Interrupt
 * Controller (APIC)".
 */
#include "lapic_fixture.h"

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

TEST_HARNESS_MAIN
