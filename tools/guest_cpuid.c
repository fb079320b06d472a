// SPDX-License-Identifier: GPL-2.0
/*
 * guest_cpuid.c - which CPU the guest finds: what the device supports, as one core of a
 * package of this VM's size, with the frequencies of its clocks.
 *
 * Reached from vm.c for each vCPU. SDM 2A "CPUID-CPU Identification". The APIC is emulated by
 * this program (devices/lapic.c), in xAPIC mode without the TSC deadline.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "devices/lapic.h"

#include "vm.h"

#define LEAF_BASIC		0x0
#define LEAF_VERSION		0x1
#define LEAF_CACHES		0x4
#define LEAF_THERMAL		0x6
#define LEAF_TOPOLOGY		0xb
#define LEAF_TSC		0x15
#define LEAF_FREQUENCY		0x16	/* in MHz; without it guests measure the CPU by the 8254 */
#define LEAF_TOPOLOGY_V2	0x1f
#define LEAF_HYPERVISOR		0x40000000
#define LEAF_HYPERVISOR_END	0x4000ffff

#define VERSION_ECX_X2APIC	(1u << 21)
#define VERSION_ECX_DEADLINE	(1u << 24)
#define VERSION_ECX_HYPERVISOR	(1u << 31)
#define VERSION_EDX_APIC	(1u << 9)
#define VERSION_EDX_HTT		(1u << 28)
#define THERMAL_EAX_ARAT	(1u << 2)	/* the APIC timer runs in every sleep state */

#define TOPOLOGY_SMT		1
#define TOPOLOGY_CORE		2

static struct minivmx_cpuid_entry2 *find(struct minivmx_cpuid2 *cpuid, uint32_t leaf, uint32_t index)
{
	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == leaf && cpuid->entries[i].index == index)
			return &cpuid->entries[i];
	return NULL;
}

static void remove_leaves(struct minivmx_cpuid2 *cpuid, uint32_t first, uint32_t last)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function < first || cpuid->entries[i].function > last)
			cpuid->entries[kept++] = cpuid->entries[i];
	cpuid->nent = kept;
}

static void add(struct minivmx_cpuid2 *cpuid, struct minivmx_cpuid_entry2 entry)
{
	if (cpuid->nent < MINIVMX_MAX_CPUID_ENTRIES)
		cpuid->entries[cpuid->nent++] = entry;
}

/* Bits of an APIC ID that number the cores of a package. */
static unsigned int core_bits(unsigned int cores)
{
	unsigned int bits = 0;

	while (1u << bits < cores)
		bits++;
	return bits;
}

static void set_version(struct minivmx_cpuid2 *cpuid, const struct vcpu *vcpu, unsigned int cores)
{
	struct minivmx_cpuid_entry2 *leaf = find(cpuid, LEAF_VERSION, 0);

	if (!leaf)
		return;
	leaf->ebx = (leaf->ebx & 0xffff) | vcpu->index << 24 | (1u << core_bits(cores)) << 16;
	leaf->ecx &= ~(VERSION_ECX_X2APIC | VERSION_ECX_DEADLINE);
	leaf->ecx |= VERSION_ECX_HYPERVISOR;
	leaf->edx &= ~VERSION_EDX_HTT;
	leaf->edx |= VERSION_EDX_APIC | (cores > 1 ? VERSION_EDX_HTT : 0);
}

/* No cache is shared but the last level's; leaf 4 also says how many APIC IDs the cores take. */
static void set_caches(struct minivmx_cpuid2 *cpuid, unsigned int cores)
{
	for (uint32_t i = 0; i < cpuid->nent; i++) {
		struct minivmx_cpuid_entry2 *leaf = &cpuid->entries[i];
		uint32_t sharing = (leaf->eax >> 5 & 7) > 2 ? (1u << core_bits(cores)) - 1 : 0;

		if (leaf->function == LEAF_CACHES && leaf->eax & 0x1f)
			leaf->eax = (leaf->eax & 0x3fff) | sharing << 14 | ((1u << core_bits(cores)) - 1) << 26;
	}
}

static void set_topology(struct minivmx_cpuid2 *cpuid, const struct vcpu *vcpu, unsigned int cores)
{
	remove_leaves(cpuid, LEAF_TOPOLOGY, LEAF_TOPOLOGY);
	remove_leaves(cpuid, LEAF_TOPOLOGY_V2, LEAF_TOPOLOGY_V2);
	add(cpuid, (struct minivmx_cpuid_entry2){
		.function = LEAF_TOPOLOGY, .index = 0, .flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX,
		.eax = 0, .ebx = 1, .ecx = TOPOLOGY_SMT << 8, .edx = vcpu->index });
	add(cpuid, (struct minivmx_cpuid_entry2){
		.function = LEAF_TOPOLOGY, .index = 1, .flags = MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX,
		.eax = core_bits(cores), .ebx = cores, .ecx = TOPOLOGY_CORE << 8 | 1, .edx = vcpu->index });
}

/* The crystal's frequency is the APIC timer's as well: the guest need not measure either. */
static void set_frequencies(struct minivmx_cpuid2 *cpuid, const struct vcpu *vcpu)
{
	struct minivmx_cpuid_entry2 *basic = find(cpuid, LEAF_BASIC, 0), *thermal = find(cpuid, LEAF_THERMAL, 0);
	int tsc_khz = ioctl(vcpu->fd, MINIVMX_GET_TSC_KHZ, 0);

	if (thermal)
		thermal->eax |= THERMAL_EAX_ARAT;
	if (!basic || tsc_khz <= 0)
		return;
	if (basic->eax < LEAF_FREQUENCY)
		basic->eax = LEAF_FREQUENCY;
	remove_leaves(cpuid, LEAF_TSC, LEAF_FREQUENCY);
	add(cpuid, (struct minivmx_cpuid_entry2){
		.function = LEAF_TSC, .eax = LAPIC_TIMER_HZ / 1000, .ebx = tsc_khz, .ecx = LAPIC_TIMER_HZ });
	add(cpuid, (struct minivmx_cpuid_entry2){
		.function = LEAF_FREQUENCY, .eax = tsc_khz / 1000, .ebx = tsc_khz / 1000,
		.ecx = LAPIC_TIMER_HZ / 1000000 });
}

/* Only a name, where hypervisors give theirs: no feature follows. */
static void add_hypervisor(struct minivmx_cpuid2 *cpuid)
{
	struct minivmx_cpuid_entry2 leaf = { .function = LEAF_HYPERVISOR, .eax = LEAF_HYPERVISOR };

	memcpy(&leaf.ebx, "mini", 4);
	memcpy(&leaf.ecx, "vmx ", 4);
	memcpy(&leaf.edx, "    ", 4);
	add(cpuid, leaf);
}

int guest_cpuid_set(struct vcpu *vcpu)
{
	const struct vm *vm = vcpu->vm;
	struct minivmx_cpuid2 *cpuid;
	int status = 0;

	cpuid = calloc(1, sizeof(*cpuid) + MINIVMX_MAX_CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid) {
		complain("out of memory");
		return STATUS_HOST_ERROR;
	}
	cpuid->nent = MINIVMX_MAX_CPUID_ENTRIES;
	if (ioctl(vm->device, MINIVMX_GET_SUPPORTED_CPUID, cpuid) < 0) {
		status = vm_call_failed(vm, "GET_SUPPORTED_CPUID");
		goto out;
	}
	/* KVM's own leaves offer the guest devices of KVM's; the guest is to be the same on both. */
	remove_leaves(cpuid, LEAF_HYPERVISOR, LEAF_HYPERVISOR_END);
	add_hypervisor(cpuid);
	set_version(cpuid, vcpu, vm->cores);
	set_caches(cpuid, vm->cores);
	set_topology(cpuid, vcpu, vm->cores);
	set_frequencies(cpuid, vcpu);
	if (ioctl(vcpu->fd, MINIVMX_SET_CPUID2, cpuid) < 0)
		status = vm_call_failed(vm, "SET_CPUID2");
out:
	free(cpuid);
	return status;
}
