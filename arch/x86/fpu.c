// SPDX-License-Identifier: GPL-2.0
/*
 * fpu.c - x87, SSE and AVX registers, and XCR0, which says which of them XSAVE knows.
 *
 * No VM entry or exit switches any of it. Reached from host.c at both ends of a slice, from exit.c
 * for XSETBV, and from module/vcpu_state.c (GET_FPU to SET_XCRS) outside slices. Where the kernel
 * does not use XSAVE, FXSAVE does, and a guest has neither XSAVE nor AVX. SDM 1 "Managing State
 * Using the XSAVE Feature Set".
 */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/exit.h"
#include "arch/x86/fpu.h"
#include "arch/x86/host.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"

u64 guest_xfeatures __ro_after_init;

/* The bits of MXCSR that this CPU has; loading another faults. */
static u32 mxcsr_mask __ro_after_init;

void fpu_setup(void)
{
	static struct fxregs_state probe __aligned(16);

	if (boot_cpu_has(X86_FEATURE_OSXSAVE))
		guest_xfeatures = xgetbv(XCR_XFEATURE_ENABLED_MASK) &
				  (XFEATURE_MASK_FPSSE | XFEATURE_MASK_YMM);
	kernel_fpu_begin();
	asm volatile("fxsave64 %0" : "+m" (probe));
	kernel_fpu_end();
	/* 0 stands for a mask without "denormals are zeros". SDM 1 "MXCSR_MASK". */
	mxcsr_mask = probe.mxcsr_mask ?: 0xffbf;
}

/* What is not in use has its initial value in the image all the same. */
#define FCW_INITIAL	0x37f
#define MXCSR_INITIAL	0x1f80

static void fpu_initialize(struct guest_fpu *fpu)
{
	memset(fpu, 0, sizeof(*fpu));
	fpu->legacy.cwd = FCW_INITIAL;
	fpu->legacy.mxcsr = MXCSR_INITIAL;
}

void fpu_reset(struct vmx_vcpu *vmx)
{
	fpu_initialize(&vmx->fpu);
	vmx->xcr0 = XFEATURE_MASK_FP;
}

/* ------------------------------------------------------------------------ in slices */

/* False: the image has something that the CPU does not take, and the registers are the host's. */
static bool fpu_load(const struct guest_fpu *fpu)
{
	bool failed = true;

	if (guest_xfeatures)
		asm volatile("1: xrstor64 %[fpu]\n\t"
			     "movb $0, %[failed]\n"
			     "2:\n" _ASM_EXTABLE(1b, 2b)
			     : [failed] "+q" (failed)
			     : [fpu] "m" (*fpu), "a" ((u32)guest_xfeatures), "d" (0));
	else
		asm volatile("1: fxrstor64 %[fpu]\n\t"
			     "movb $0, %[failed]\n"
			     "2:\n" _ASM_EXTABLE(1b, 2b)
			     : [failed] "+q" (failed)
			     : [fpu] "m" (*fpu));
	return !failed;
}

/*
 * kernel_fpu_begin() parks the program's registers; the guest's live in vmx->fpu. XRSTOR and
 * XSAVE run with the host's XCR0 and one mask, so a guest that has lowered its own XCR0 neither
 * loses its upper halves nor sees the host's.
 */
void fpu_enter(struct vmx_vcpu *vmx, struct host_state *host)
{
	kernel_fpu_begin();
	/* Every way into the image is checked; should one not be, better a guest's loss than a leak. */
	if (!fpu_load(&vmx->fpu)) {
		fpu_initialize(&vmx->fpu);
		fpu_load(&vmx->fpu);
	}
	host->xcr0_switched = false;
	if (!guest_xfeatures)
		return;
	/* With CR4.OSXSAVE clear a guest can't tell what XCR0 holds. */
	host->xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
	host->xcr0_switched = (vmx->cr4 & X86_CR4_OSXSAVE) && host->xcr0 != vmx->xcr0;
	if (host->xcr0_switched)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vmx->xcr0);
}

void fpu_leave(struct vmx_vcpu *vmx, struct host_state *host)
{
	if (host->xcr0_switched)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, host->xcr0);
	if (guest_xfeatures)
		asm volatile("xsave64 %0"
			     : "+m" (vmx->fpu) : "a" ((u32)guest_xfeatures), "d" (0));
	else
		asm volatile("fxsave64 %0" : "+m" (vmx->fpu));
	kernel_fpu_end();
}

/* SDM 2D "XSETBV", "Enabling the XSAVE Feature Set and XSAVE-Enabled Features" */
static bool xcr0_valid(const struct vmx_vcpu *vmx, u64 xcr0)
{
	u64 allowed = (guest_cpuid_xfeatures(vmx) & guest_xfeatures) | XFEATURE_MASK_FP;

	if (!(xcr0 & XFEATURE_MASK_FP) || (xcr0 & ~allowed))
		return false;
	return !(xcr0 & XFEATURE_MASK_YMM) || (xcr0 & XFEATURE_MASK_SSE);
}

/* Always exits, but not before the CPU has found CR4.OSXSAVE set. */
enum exit_action handle_xsetbv(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	u64 value = vmx_edx_eax(vmx);

	if (state_cpl() != 0 ||
	    (u32)vmx->regs[VMX_RCX] != XCR_XFEATURE_ENABLED_MASK || !xcr0_valid(vmx, value))
		return EXIT_PROTECTION;
	vmx->xcr0 = value;
	return EXIT_SKIP_AND_RELOAD;
}

/* -------------------------------------------------------------------- outside slices */

int vmx_get_fpu(struct vmx_vcpu *vmx, struct minivmx_fpu *fpu)
{
	const struct fxregs_state *from = &vmx->fpu.legacy;

	*fpu = (struct minivmx_fpu){
		.fcw = from->cwd, .fsw = from->swd, .ftwx = from->twd,
		.last_opcode = from->fop, .last_ip = from->rip, .last_dp = from->rdp,
	};
	memcpy(fpu->fpr, from->st_space, sizeof(fpu->fpr));
	memcpy(fpu->xmm, from->xmm_space, sizeof(fpu->xmm));
	return 0;
}

int vmx_set_fpu(struct vmx_vcpu *vmx, const struct minivmx_fpu *fpu)
{
	struct fxregs_state *to = &vmx->fpu.legacy;

	to->cwd = fpu->fcw;
	to->swd = fpu->fsw;
	to->twd = fpu->ftwx;
	to->fop = fpu->last_opcode;
	to->rip = fpu->last_ip;
	to->rdp = fpu->last_dp;
	memcpy(to->st_space, fpu->fpr, sizeof(fpu->fpr));
	memcpy(to->xmm_space, fpu->xmm, sizeof(fpu->xmm));
	/* Or XRSTOR would not look at them. */
	vmx->fpu.header.xfeatures |= XFEATURE_MASK_FPSSE;
	return 0;
}

static u64 xsave_features(void)
{
	return guest_xfeatures ?: XFEATURE_MASK_FPSSE;
}

int vmx_get_xsave(struct vmx_vcpu *vmx, struct minivmx_xsave *xsave)
{
	struct guest_fpu *to = (struct guest_fpu *)xsave->region;

	memset(xsave, 0, sizeof(*xsave));
	memcpy(xsave->region, &vmx->fpu, sizeof(vmx->fpu));
	/* As KVM has it, so that a machine with XSAVE can restore it. */
	if (!guest_xfeatures)
		to->header.xfeatures = XFEATURE_MASK_FPSSE;
	return 0;
}

/* What XRSTOR would fault on. SDM 2D "XRSTOR". */
static bool xsave_valid(const struct guest_fpu *fpu)
{
	if ((fpu->header.xfeatures & ~xsave_features()) || fpu->header.xcomp_bv ||
	    memchr_inv(fpu->header.reserved, 0, sizeof(fpu->header.reserved)))
		return false;
	return !(fpu->header.xfeatures && (fpu->legacy.mxcsr & ~mxcsr_mask));
}

int vmx_set_xsave(struct vmx_vcpu *vmx, const struct minivmx_xsave *xsave)
{
	const struct guest_fpu *from = (const struct guest_fpu *)xsave->region;
	struct guest_fpu *to = &vmx->fpu;
	u64 features = from->header.xfeatures;

	if (!xsave_valid(from))
		return -EINVAL;
	fpu_initialize(to);
	if (features & XFEATURE_MASK_FP) {
		to->legacy = from->legacy;
		memset(to->legacy.xmm_space, 0, sizeof(to->legacy.xmm_space));
	}
	/* MXCSR goes with any of them. */
	if (features)
		to->legacy.mxcsr = from->legacy.mxcsr;
	if (features & XFEATURE_MASK_SSE)
		memcpy(to->legacy.xmm_space, from->legacy.xmm_space, sizeof(to->legacy.xmm_space));
	if (features & XFEATURE_MASK_YMM)
		memcpy(to->ymm_high, from->ymm_high, sizeof(to->ymm_high));
	to->header.xfeatures = features;
	return 0;
}

bool vmx_has_xsave(void)
{
	return guest_xfeatures;
}

int vmx_get_xcrs(struct vmx_vcpu *vmx, struct minivmx_xcrs *xcrs)
{
	memset(xcrs, 0, sizeof(*xcrs));
	if (guest_xfeatures) {
		xcrs->nr_xcrs = 1;
		xcrs->xcrs[0].value = vmx->xcr0;
	}
	return 0;
}

int vmx_set_xcrs(struct vmx_vcpu *vmx, const struct minivmx_xcrs *xcrs)
{
	if (!guest_xfeatures || xcrs->nr_xcrs > MINIVMX_MAX_XCRS || xcrs->flags)
		return -EINVAL;
	for (unsigned int i = 0; i < xcrs->nr_xcrs; i++)
		if (xcrs->xcrs[i].xcr == XCR_XFEATURE_ENABLED_MASK) {
			if (!xcr0_valid(vmx, xcrs->xcrs[i].value))
				return -EINVAL;
			vmx->xcr0 = xcrs->xcrs[i].value;
			break;
		}
	return 0;
}
