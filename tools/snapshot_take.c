// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot_take.c - asks a vCPU for its VMCS, the module for the capability MSRs, and the CPU
 * and the guest's memory for what VM entry reads besides.
 *
 * Reached from machine.c when the run has ended. What can't be had (IA32_FEATURE_CONTROL without the
 * msr driver, the host's fields without the right to see them) the snapshot does without.
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include "capability.h"
#include "command.h"
#include "decode.h"
#include "snapshot_take.h"
#include "vmcs_fields.h"

#define IA32_FEATURE_CONTROL	0x3a
#define CR0_PG			(1u << 31)
#define CR4_PAE			(1u << 5)

static int take_fields(struct snapshot *snapshot, const struct vcpu *vcpu)
{
	struct {
		struct minivmx_vmcs head;
		struct minivmx_vmcs_field entries[SNAPSHOT_FIELDS];
	} vmcs = { .head.nent = SNAPSHOT_FIELDS };

	if (ioctl(vcpu->fd, MINIVMX_GET_VMCS, &vmcs) < 0) {
		if (errno != ENOTTY && errno != EINVAL)
			return vm_call_failed(vcpu->vm, "GET_VMCS");
		complain("%s does not show a VMCS; /dev/minivmx does", vcpu->vm->device_path);
		return STATUS_HOST_ERROR;
	}
	snapshot->host_hidden = vmcs.head.flags & MINIVMX_VMCS_HOST_HIDDEN;
	for (uint32_t i = 0; i < vmcs.head.nent; i++)
		snapshot_set_field(snapshot, vmcs.entries[i].encoding, vmcs.entries[i].value);
	return 0;
}

static int take_msrs(struct snapshot *snapshot, const struct vm *vm)
{
	struct {
		struct minivmx_vmx_caps head;
		struct minivmx_vmx_cap entries[SNAPSHOT_MSRS - 1];
	} caps = { .head.nent = SNAPSHOT_MSRS - 1 };
	uint64_t value;

	if (ioctl(vm->device, MINIVMX_GET_VMX_CAPS, &caps) < 0)
		return vm_call_failed(vm, "GET_VMX_CAPS");
	for (uint32_t i = 0; i < caps.head.nent; i++)
		snapshot_set_msr(snapshot, caps.entries[i].msr, caps.entries[i].value);
	if (!msr_read(0, IA32_FEATURE_CONTROL, &value))
		snapshot_set_msr(snapshot, IA32_FEATURE_CONTROL, value);
	return 0;
}

/* With legacy PAE paging VM entry without EPT would load these. SDM 3A "PDPTE Registers". */
static void take_pdptes(struct snapshot *snapshot, const struct vm *vm)
{
	uint64_t cr0, cr3, cr4, efer;

	snapshot_field(snapshot, VMCS_GUEST_CR0, &cr0);
	snapshot_field(snapshot, VMCS_GUEST_CR3, &cr3);
	snapshot_field(snapshot, VMCS_GUEST_CR4, &cr4);
	snapshot_field(snapshot, VMCS_GUEST_IA32_EFER, &efer);
	cr3 = bits(cr3, 31, 5) << 5;
	if (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE) || (efer & EFER_LMA))
		return;
	if (vm->ram_size < sizeof(snapshot->pdpte) || cr3 > vm->ram_size - sizeof(snapshot->pdpte))
		return;
	memcpy(snapshot->pdpte, vm->ram + cr3, sizeof(snapshot->pdpte));
	snapshot->has_pdptes = true;
}

/* SDM 2A "CPUID": the name in leaves 0x80000002 to 0x80000004, the widths in 0x80000008. */
static void take_cpu(struct snapshot *snapshot)
{
	unsigned int name[12] = { 0 }, eax = 0, ebx, ecx, edx;
	const char *text = (const char *)name;
	size_t length = sizeof(name);

	for (unsigned int i = 0; i < 3; i++)
		__get_cpuid(0x80000002 + i, &name[4 * i], &name[4 * i + 1], &name[4 * i + 2], &name[4 * i + 3]);
	while (length && (*text == ' ' || !*text)) {
		text++;
		length--;
	}
	memcpy(snapshot->cpu, text, strnlen(text, length));
	if (__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx)) {
		snapshot->physical_address_bits = bits(eax, 7, 0);
		snapshot->linear_address_bits = bits(eax, 15, 8);
	}
}

static void take_origin(struct snapshot *snapshot, const struct vm *vm)
{
	struct utsname host;

	strncpy(snapshot->device, vm->device_path, sizeof(snapshot->device) - 1);
	if (!uname(&host))
		strncpy(snapshot->kernel, host.release, sizeof(snapshot->kernel) - 1);
	take_cpu(snapshot);
}

int snapshot_take(struct snapshot *snapshot, const struct vcpu *vcpu)
{
	const struct minivmx_run *run = vcpu->run;
	int status;

	*snapshot = (struct snapshot){ 0 };
	status = take_fields(snapshot, vcpu);
	if (!status)
		status = take_msrs(snapshot, vcpu->vm);
	if (status)
		return status;
	take_origin(snapshot, vcpu->vm);
	take_pdptes(snapshot, vcpu->vm);
	snapshot->failed = run->exit_reason == MINIVMX_EXIT_FAIL_ENTRY;
	if (snapshot->failed) {
		snapshot->failure_reason = run->fail_entry.hardware_entry_failure_reason;
		snapshot->failure_qualification = run->fail_entry.qualification;
	}
	return 0;
}
