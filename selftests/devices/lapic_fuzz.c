// SPDX-License-Identifier: GPL-2.0
/*
 * lapic_fuzz.c - the local APICs under a hostile guest's hands, whatever it writes, with the CPUs
 * taking what they get.
 */
#include "lapic_fixture.h"

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

/* Each round has a write that finds a register: of random ones, one in 64 does. */
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
