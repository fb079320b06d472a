// SPDX-License-Identifier: GPL-2.0
/*
 * walk_take.c - reads all that a CPU would read to translate an address of a stopped guest.
 *
 * Reached from step_commands.c; see walk_take.h. Continues in page_walk.c with the guest's tables. On
 * /dev/kvm nobody tells what is in EPT, or in the VMCS: the guest's half is walked alone, by the
 * registers as the guest sees them.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "decode.h"
#include "vmcs_fields.h"
#include "walk_take.h"

#define IA32_PAT		0x277
#define IA32_VMX_EPT_VPID_CAP	0x48c
#define CPUID_ENTRIES		256

/* What the CPU would not take from the registers that the guest sees. */
static void take_vmcs(struct nested_walk *walk, const struct snapshot *snapshot)
{
	uint64_t capability;

	snapshot_field(snapshot, VMCS_GUEST_CR0, &walk->state.cr0);
	snapshot_field(snapshot, VMCS_GUEST_CR4, &walk->state.cr4);
	for (unsigned int i = 0; i < 4; i++)
		walk->state.has_pdptes = snapshot_field(snapshot, VMCS_GUEST_PDPTE0 + 2 * i,
							&walk->state.pdpte[i]);
	snapshot_msr(snapshot, IA32_VMX_EPT_VPID_CAP, &capability);
	walk->execute_only = capability & 1;
}

static int take_registers(struct nested_walk *walk, const struct vcpu *vcpu)
{
	struct {
		struct minivmx_msrs head;
		struct minivmx_msr_entry entry;
	} pat = { .head.nmsrs = 1, .entry.index = IA32_PAT };
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	if (ioctl(vcpu->fd, MINIVMX_GET_SREGS, &sregs) < 0)
		return vm_call_failed(vcpu->vm, "GET_SREGS");
	if (ioctl(vcpu->fd, MINIVMX_GET_REGS, &regs) < 0)
		return vm_call_failed(vcpu->vm, "GET_REGS");
	if (ioctl(vcpu->fd, MINIVMX_GET_MSRS, &pat) < 0)
		return vm_call_failed(vcpu->vm, "GET_MSRS");
	walk->state = (struct paging_state){
		.cr0 = sregs.cr0, .cr3 = sregs.cr3, .cr4 = sregs.cr4, .efer = sregs.efer,
		.rflags = regs.rflags, .pat = pat.entry.data };
	return 0;
}

/* SDM 2A "CPUID": address widths in leaf 0x80000008, 1 GiB pages in 0x80000001. */
static int take_cpuid(struct nested_walk *walk, const struct vcpu *vcpu)
{
	struct {
		struct minivmx_cpuid2 head;
		struct minivmx_cpuid_entry2 entries[CPUID_ENTRIES];
	} cpuid = { .head.nent = CPUID_ENTRIES };

	if (ioctl(vcpu->fd, MINIVMX_GET_CPUID2, &cpuid) < 0)
		return vm_call_failed(vcpu->vm, "GET_CPUID2");
	walk->state.physical_address_bits = 36;
	for (uint32_t i = 0; i < cpuid.head.nent; i++) {
		if (cpuid.entries[i].function == 0x80000001)
			walk->state.has_1g_pages = bits(cpuid.entries[i].edx, 26, 26);
		if (cpuid.entries[i].function == 0x80000008)
			walk->state.physical_address_bits = bits(cpuid.entries[i].eax, 7, 0);
	}
	return 0;
}

static bool read_guest(void *context, uint64_t address, void *bytes, size_t size)
{
	const struct vm *vm = context;

	if (address >= vm->ram_size || size > vm->ram_size - address)
		return false;
	memcpy(bytes, vm->ram + address, size);
	return true;
}

/* ENOTTY (KVM: EINVAL, too) where there is no such call. */
static int take_ept(struct nested_walk *walk, const struct vm *vm, struct minivmx_ept_walk *ept, uint64_t gpa)
{
	*ept = (struct minivmx_ept_walk){ .guest_physical = gpa };
	if (!walk->has_ept || !ioctl(vm->fd, MINIVMX_GET_EPT_WALK, ept))
		return 0;
	if (errno != ENOTTY && errno != EINVAL)
		return vm_call_failed(vm, "GET_EPT_WALK");
	walk->has_ept = false;
	return 0;
}

int walk_take(struct nested_walk *walk, const struct vcpu *vcpu, const struct snapshot *snapshot,
	      uint64_t linear)
{
	int status;

	*walk = (struct nested_walk){ .has_ept = true };
	status = take_registers(walk, vcpu);
	if (!status)
		status = take_cpuid(walk, vcpu);
	if (status)
		return status;
	if (snapshot)
		take_vmcs(walk, snapshot);
	page_walk(&walk->guest, &walk->state, linear, read_guest, vcpu->vm);
	for (unsigned int i = 0; !status && i < walk->guest.steps; i++)
		status = take_ept(walk, vcpu->vm, &walk->table[i], walk->guest.step[i].address);
	if (!status && walk->guest.end == PAGE_WALK_MAPPED)
		status = take_ept(walk, vcpu->vm, &walk->page, walk->guest.physical);
	return status;
}
