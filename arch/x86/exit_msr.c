// SPDX-License-Identifier: GPL-2.0
/*
 * exit_msr.c - the MSRs that a guest has: one table, for RDMSR and WRMSR and for the ioctls.
 *
 * Reached from exit.c for accesses that exit, in the slice, and from module/vcpu_lists.c (GET_MSRS,
 * SET_MSRS) outside slices. An MSR that is not in the table does not exist: #GP. The values are
 * in struct vmx_vcpu; state.c and host.c load them when the next slice begins. SDM 4
 * "Model-Specific Registers".
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/tsc.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/exit.h"
#include "arch/x86/msr.h"
#include "arch/x86/state.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"
#include "arch/x86/walk.h"

/*
 * What a write does, by MSR: false refuses it (#GP in the guest), else @value is what is kept. The
 * guest can do less than userspace, which restores what it saved.
 */
typedef bool accept_fn(struct vmx_vcpu *vmx, u64 *value, bool guest);

static bool accept_any(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	return true;
}

static bool accept_low_half(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	*value = (u32)*value;
	return true;
}

static bool accept_32_bits(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	return !(*value >> 32);
}

/* VM entry refuses other bases and jump targets, or the host's WRMSR of them faults. */
static bool accept_canonical(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	return linear_is_canonical(*value);
}

static bool accept_made_canonical(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	*value = linear_made_canonical(*value);
	return true;
}

/* Kept is the offset. A write by the guest shows in TSC_ADJUST. SDM 3B "Time-Stamp Counter". */
static bool accept_tsc(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	atomic64_t *of_vm = vm_tsc_offset(vmx->vm);
	u64 offset = *value - rdtsc();
	s64 apart = offset - atomic64_read(of_vm);

	if (guest)
		vmx->tsc_adjust += offset - vmx->tsc_offset;
	/*
	 * Userspace sets one vCPU after the other to a value that it has read long ago, or to 0: what
	 * is less than a second off the VM's own means the VM's own, and they all stay equal.
	 */
	else if (*value == 0 || abs(apart) < (s64)tsc_khz * 1000)
		offset = atomic64_read(of_vm);
	else
		atomic64_set(of_vm, offset);
	*value = offset;
	return true;
}

static bool accept_tsc_adjust(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	if (!guest_has(vmx, X86_FEATURE_TSC_ADJUST))
		*value = vmx->tsc_adjust;
	else if (guest)
		vmx->tsc_offset += *value - vmx->tsc_adjust;
	return true;
}

static bool accept_apic_base(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	return msr_apic_base_valid(*value);
}

/* Nothing that it could enable is here; a guest may lock it as firmware does. */
static bool accept_feature_control(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	return !(*value & ~FEAT_CTL_LOCKED) && !(guest && (vmx->feature_control & FEAT_CTL_LOCKED));
}

static bool accept_microcode_version(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	if (guest)
		*value = vmx->microcode_version;
	return true;
}

static bool accept_misc_enable(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	const u64 read_only = MSR_IA32_MISC_ENABLE_BTS_UNAVAIL | MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL;
	u64 changed = *value ^ vmx->misc_enable;

	if (!guest)
		return true;
	/* "Performance monitoring available" ignores writes. */
	*value ^= changed & MSR_IA32_MISC_ENABLE_EMON;
	return !(changed & read_only);
}

/* Last-branch records and single-step on branches are not offered: asked for, they stay off. */
static bool accept_branch_bits(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	bool others = *value & ~(DEBUGCTLMSR_LBR | DEBUGCTLMSR_BTF);

	*value = 0;
	return !others;
}

/* Eight memory types: WB 6, WT 4, WC 1, UC- 7, UC 0, WP 5. SDM 3A "IA32_PAT MSR". */
static bool accept_memory_types(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	for (u64 types = *value; types; types >>= 8)
		if ((types & 0xff) > 7 || (types & 0xff) == 2 || (types & 0xff) == 3)
			return false;
	return true;
}

/* LMA is the CPU's: LME and CR0.PG make it. SDM 3A "IA-32e Mode Operation". */
static bool accept_efer(struct vmx_vcpu *vmx, u64 *value, bool guest)
{
	if (!msr_efer_valid(*value))
		return false;
	if (guest) {
		if ((*value & (EFER_LME | EFER_LMA)) && !guest_has(vmx, X86_FEATURE_LM))
			return false;
		if ((*value & EFER_NX) && !guest_has(vmx, X86_FEATURE_NX))
			return false;
		if ((vmx->cr0 & X86_CR0_PG) && ((*value ^ vmx->efer) & EFER_LME))
			return false;
	}
	*value = (*value & ~EFER_LMA) | (vmx->efer & EFER_LMA);
	return true;
}

/* Accesses of the guest that do not exit. */
#define EXITS		0
#define READ_DIRECT	BIT(0)
#define DIRECT		(READ_DIRECT | BIT(1))

#define KEPT(member)	offsetof(struct vmx_vcpu, member)
#define SWITCHED(which)	KEPT(switched_msrs[SWITCHED_##which])

/*
 * The policy. The README's table is this one, for those who do not read C. An MSR that is not
 * here is a feature that CPUID does not show, or that no guest asks for.
 */
static const struct msr_policy {
	u32 number;
	u16 kept;		/* offset of the value in struct vmx_vcpu */
	u8 dirty;		/* the group of state that it belongs to; 0: host.c switches it, or nobody */
	u8 no_exit;		/* EXITS, READ_DIRECT or DIRECT */
	accept_fn *accept;	/* NULL: read-only */
} msr_policies[] = {
	/* The host's plus an offset. */
	{ MSR_IA32_TSC, KEPT(tsc_offset), STATE_MSRS, READ_DIRECT, accept_tsc },
	/* Linux asks which microcode would fit; none does. */
	{ MSR_IA32_PLATFORM_ID, KEPT(always_zero), 0, EXITS, NULL },
	/* No APIC is emulated; userspace that emulates one sees it in the run page. */
	{ MSR_IA32_APICBASE, KEPT(apic_base), 0, EXITS, accept_apic_base },
	/* Neither VMX nor SGX: there is nothing but the lock. */
	{ MSR_IA32_FEAT_CTL, KEPT(feature_control), 0, EXITS, accept_feature_control },
	/* Moves the TSC; the guest's own writes to the TSC show in it. */
	{ MSR_IA32_TSC_ADJUST, KEPT(tsc_adjust), STATE_MSRS, EXITS, accept_tsc_adjust },
	/* The microcode's version: a guest writes 0 before it reads it. */
	{ MSR_IA32_UCODE_REV, KEPT(microcode_version), 0, EXITS, accept_microcode_version },
	/* SYSENTER: VM entry and exit switch them. */
	{ MSR_IA32_SYSENTER_CS, KEPT(sysenter_cs), STATE_SYSENTER, DIRECT, accept_low_half },
	{ MSR_IA32_SYSENTER_ESP, KEPT(sysenter_esp), STATE_SYSENTER, DIRECT, accept_made_canonical },
	{ MSR_IA32_SYSENTER_EIP, KEPT(sysenter_eip), STATE_SYSENTER, DIRECT, accept_made_canonical },
	/* Kept for the guest, which wants fast strings; changes nothing here. */
	{ MSR_IA32_MISC_ENABLE, KEPT(misc_enable), 0, EXITS, accept_misc_enable },
	/* Branch tracing would need the host's facilities. */
	{ MSR_IA32_DEBUGCTLMSR, KEPT(always_zero), 0, EXITS, accept_branch_bits },
	/* VM entry and exit switch it; a wrong value would make the entry fail. */
	{ MSR_IA32_CR_PAT, KEPT(pat), STATE_MSRS, EXITS, accept_memory_types },
	/* VM entry and exit switch it; SCE also decides what host.c switches. */
	{ MSR_EFER, KEPT(efer), STATE_CONTROL, EXITS, accept_efer },
	/* SYSCALL: host.c switches them. */
	{ MSR_STAR, SWITCHED(STAR), 0, EXITS, accept_any },
	{ MSR_LSTAR, SWITCHED(LSTAR), 0, EXITS, accept_canonical },
	{ MSR_CSTAR, SWITCHED(CSTAR), 0, EXITS, accept_canonical },
	{ MSR_SYSCALL_MASK, SWITCHED(FMASK), 0, EXITS, accept_32_bits },
	/* Bases of segments: VM entry and exit switch them. */
	{ MSR_FS_BASE, KEPT(segments[SEGMENT_FS].base), STATE_SEGMENTS, DIRECT, accept_canonical },
	{ MSR_GS_BASE, KEPT(segments[SEGMENT_GS].base), STATE_SEGMENTS, DIRECT, accept_canonical },
	/* SWAPGS changes it without an exit anyway; host.c switches it. */
	{ MSR_KERNEL_GS_BASE, KEPT(kernel_gs_base), 0, DIRECT, accept_canonical },
	/* RDTSCP and RDPID read it; host.c switches it. */
	{ MSR_TSC_AUX, SWITCHED(TSC_AUX), 0, EXITS, accept_32_bits },
};

bool msr_efer_valid(u64 efer)
{
	return !(efer & ~(EFER_SCE | EFER_LME | EFER_LMA | (boot_cpu_has(X86_FEATURE_NX) ? EFER_NX : 0)));
}

#define APIC_BASE_RESERVED	(GENMASK_ULL(7, 0) | BIT_ULL(9) | X2APIC_ENABLE)

bool msr_apic_base_valid(u64 apic_base)
{
	return !(apic_base & APIC_BASE_RESERVED) && apic_base < vmx_guest_physical_limit();
}

u64 vmx_tsc_offset_now(void)
{
	return -rdtsc();
}

unsigned int vmx_get_tsc_khz(struct vmx_vcpu *vmx)
{
	return vmx->tsc_khz;
}

/* Clocks differ by this much and are called the same. */
#define TSC_TOLERANCE_PPM	250

/* Another frequency would need a TSC that is multiplied. */
int vmx_set_tsc_khz(struct vmx_vcpu *vmx, u32 khz)
{
	u32 tolerance = (u64)tsc_khz * TSC_TOLERANCE_PPM / 1000000;

	if (!khz)
		khz = tsc_khz;
	if (khz < tsc_khz - tolerance || khz > tsc_khz + tolerance)
		return -EINVAL;
	vmx->tsc_khz = khz;
	return 0;
}

/* The low half of the page is about reads, the high half about writes; each has two ranges. */
void msr_bitmap_open(unsigned long *bitmap)
{
	for (int i = 0; i < ARRAY_SIZE(msr_policies); i++) {
		const struct msr_policy *policy = &msr_policies[i];
		unsigned int bit = policy->number & 0x1fff;

		if (policy->number & 0xc0000000)
			bit += BITS_PER_BYTE * 1024;
		if (policy->no_exit & READ_DIRECT)
			__clear_bit(bit, bitmap);
		if (policy->no_exit == DIRECT)
			__clear_bit(bit + BITS_PER_BYTE * 2048, bitmap);
	}
}

/* ------------------------------------------------------------------------- access */

static const struct msr_policy *msr_find(struct vmx_vcpu *vmx, u32 number, bool guest)
{
	if (number == MSR_TSC_AUX && !(guest ? vmx->has_tsc_aux : vmx_caps_has_tsc_aux()))
		return NULL;
	for (int i = 0; i < ARRAY_SIZE(msr_policies); i++)
		if (msr_policies[i].number == number)
			return &msr_policies[i];
	return NULL;
}

static u64 *msr_kept(struct vmx_vcpu *vmx, const struct msr_policy *policy)
{
	return (void *)vmx + policy->kept;
}

static u64 msr_read(struct vmx_vcpu *vmx, const struct msr_policy *policy)
{
	u64 value = *msr_kept(vmx, policy);

	return policy->number == MSR_IA32_TSC ? value + rdtsc() : value;
}

static bool msr_write(struct vmx_vcpu *vmx, const struct msr_policy *policy, u64 value, bool guest)
{
	if (!policy->accept || !policy->accept(vmx, &value, guest))
		return false;
	*msr_kept(vmx, policy) = value;
	vmx->dirty |= policy->dirty;
	/* EFER changes what the guest's page tables mean. */
	if (policy->dirty & STATE_CONTROL)
		vmx->flush_vpid = true;
	return true;
}

enum exit_action handle_rdmsr(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	const struct msr_policy *policy = msr_find(vmx, vmx->regs[VMX_RCX], true);
	u64 value;

	if (!policy) {
		trace_minivmx_msr(vmx->id, false, vmx->regs[VMX_RCX], 0, true);
		return EXIT_PROTECTION;
	}
	if (policy->dirty & STATE_CONTROL)
		state_save_control(vmx);
	value = msr_read(vmx, policy);
	trace_minivmx_msr(vmx->id, false, vmx->regs[VMX_RCX], value, false);
	vmx->regs[VMX_RAX] = (u32)value;
	vmx->regs[VMX_RDX] = value >> 32;
	return EXIT_SKIP_AND_RESUME;
}

enum exit_action handle_wrmsr(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	const struct msr_policy *policy = msr_find(vmx, vmx->regs[VMX_RCX], true);
	u64 value = vmx_edx_eax(vmx);
	bool accepted;

	if (policy && (policy->dirty & STATE_CONTROL))
		state_save_control(vmx);
	accepted = policy && msr_write(vmx, policy, value, true);
	trace_minivmx_msr(vmx->id, true, vmx->regs[VMX_RCX], value, !accepted);
	if (!accepted)
		return EXIT_PROTECTION;
	if (policy->dirty & STATE_CONTROL)
		vmcs_write64(GUEST_IA32_EFER, vmx->efer);
	/* The next slice loads it; writes are too rare for more. */
	return EXIT_SKIP_AND_RELOAD;
}

int vmx_get_msr(struct vmx_vcpu *vmx, u32 number, u64 *value)
{
	const struct msr_policy *policy = msr_find(vmx, number, false);
	int err = policy ? state_fetch(vmx) : -EINVAL;

	if (!err)
		*value = msr_read(vmx, policy);
	return err;
}

int vmx_set_msr(struct vmx_vcpu *vmx, u32 number, u64 value)
{
	const struct msr_policy *policy = msr_find(vmx, number, false);
	int err = policy ? state_fetch(vmx) : -EINVAL;

	if (!err && !msr_write(vmx, policy, value, false))
		err = -EINVAL;
	return err;
}

unsigned int vmx_msr_list(u32 *numbers, unsigned int room)
{
	unsigned int count = 0;

	for (int i = 0; i < ARRAY_SIZE(msr_policies); i++) {
		if (!msr_policies[i].accept ||
		    (msr_policies[i].number == MSR_TSC_AUX && !vmx_caps_has_tsc_aux()))
			continue;
		if (count < room)
			numbers[count] = msr_policies[i].number;
		count++;
	}
	return count;
}
