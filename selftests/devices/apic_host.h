/* SPDX-License-Identifier: GPL-2.0 */
/*
 * apic_host.h - the CPUs of a test of local APICs: they count what they are told.
 */
#ifndef SELFTESTS_DEVICES_APIC_HOST_H
#define SELFTESTS_DEVICES_APIC_HOST_H

#include "devices/ioapic.h"
#include "rig.h"

enum {
	APIC_ID			= 0x020,
	APIC_VERSION		= 0x030,
	APIC_TPR		= 0x080,
	APIC_APR		= 0x090,
	APIC_PPR		= 0x0a0,
	APIC_EOI		= 0x0b0,
	APIC_LDR		= 0x0d0,
	APIC_DFR		= 0x0e0,
	APIC_SVR		= 0x0f0,
	APIC_ISR		= 0x100,
	APIC_TMR		= 0x180,
	APIC_IRR		= 0x200,
	APIC_ESR		= 0x280,
	APIC_ICR		= 0x300,
	APIC_ICR_HIGH		= 0x310,
	APIC_LVT_TIMER		= 0x320,
	APIC_LVT_LINT0		= 0x350,
	APIC_LVT_LINT1		= 0x360,
	APIC_LVT_ERROR		= 0x370,
	APIC_INITIAL_COUNT	= 0x380,
	APIC_CURRENT_COUNT	= 0x390,
	APIC_DIVIDE		= 0x3e0,
};

struct apic_host {
	struct lapic_host host;
	struct ioapic *ioapic;		/* or NULL */
	unsigned int wakes[LAPIC_CPUS], nmis[LAPIC_CPUS], inits[LAPIC_CPUS], startups[LAPIC_CPUS];
	uint8_t startup_vector, eoi_vector;
	unsigned int eois;
};

static void host_wake(struct lapic_host *host, unsigned int cpu)
{
	container_of(host, struct apic_host, host)->wakes[cpu]++;
}

static void host_nmi(struct lapic_host *host, unsigned int cpu)
{
	container_of(host, struct apic_host, host)->nmis[cpu]++;
}

static void host_init(struct lapic_host *host, unsigned int cpu)
{
	container_of(host, struct apic_host, host)->inits[cpu]++;
}

static void host_startup(struct lapic_host *host, unsigned int cpu, uint8_t vector)
{
	struct apic_host *apic_host = container_of(host, struct apic_host, host);

	apic_host->startups[cpu]++;
	apic_host->startup_vector = vector;
}

static void host_eoi(struct lapic_host *host, uint8_t vector)
{
	struct apic_host *apic_host = container_of(host, struct apic_host, host);

	apic_host->eois++;
	apic_host->eoi_vector = vector;
	if (apic_host->ioapic)
		ioapic_eoi(apic_host->ioapic, vector);
}

static void host_accepts(struct lapic_host *host)
{
	struct apic_host *apic_host = container_of(host, struct apic_host, host);

	if (apic_host->ioapic)
		ioapic_retry(apic_host->ioapic);
}

static const struct apic_host apic_host_new = {
	.host = { host_wake, host_nmi, host_init, host_startup, host_eoi, host_accepts },
};

static inline uint32_t lapic_in(struct rig *rig, struct lapics *lapics, unsigned int cpu, unsigned int offset)
{
	lapics->current = cpu;
	return memory_read(rig, LAPIC_BASE + offset, 4);
}

static inline void lapic_out(struct rig *rig, struct lapics *lapics, unsigned int cpu, unsigned int offset,
			     uint32_t value)
{
	lapics->current = cpu;
	memory_write(rig, LAPIC_BASE + offset, 4, value);
}

#endif /* SELFTESTS_DEVICES_APIC_HOST_H */
