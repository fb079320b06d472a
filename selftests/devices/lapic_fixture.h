/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lapic_fixture.h - four CPUs' local APICs, software-enabled, and short names for what is done
 * with them. Included by each of their tests, once.
 */
#ifndef SELFTESTS_DEVICES_LAPIC_FIXTURE_H
#define SELFTESTS_DEVICES_LAPIC_FIXTURE_H

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

static inline void ipi(struct rig *rig, struct lapics *lapics, unsigned int cpu, uint8_t destination,
		       uint32_t icr)
{
	lapic_out(rig, lapics, cpu, APIC_ICR_HIGH, (uint32_t)destination << 24);
	lapic_out(rig, lapics, cpu, APIC_ICR, icr);
}
#define ipi(cpu, destination, icr)	ipi(&self->rig, &self->lapics, cpu, destination, icr)

/* Which CPUs have the vector requested, a bit for each; and forgets it. */
static inline uint32_t receivers(struct lapics *lapics, uint8_t vector)
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

#endif /* SELFTESTS_DEVICES_LAPIC_FIXTURE_H */
