// SPDX-License-Identifier: GPL-2.0
/*
 * vcpu.c - birth and death of a struct vmx_vcpu.
 *
 * Reached from module/vcpu.c. Needs no VMX operation: the VMCS is written in the first slice.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <asm/tsc.h>

#include "arch/x86/caps.h"
#include "arch/x86/recorder.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"

/* The VPIDs in use, by all VMs: one for each vCPU as long as there are any. 0 is the host's. */
static DEFINE_IDA(vpids);
#define LAST_VPID	U16_MAX

static u16 vpid_alloc(void)
{
	int vpid;

	if (!vmx_caps.has_vpid)
		return 0;
	vpid = ida_alloc_range(&vpids, 1, LAST_VPID, GFP_KERNEL_ACCOUNT);
	return vpid < 0 ? 0 : vpid;
}

struct vmx_vcpu *vmx_vcpu_create(struct vm *vm, struct ept *ept, unsigned int id,
				 struct minivmx_run *run, void *io_data,
				 struct minivmx_recorder *recorder, size_t recorder_size)
{
	static atomic64_t next_unique_id = ATOMIC64_INIT(1);
	struct vmx_vcpu *vmx;

	/* Whole pages: XSAVE wants 64-byte alignment. */
	vmx = alloc_pages_exact(sizeof(*vmx), GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!vmx)
		return NULL;
	if (vmcs_alloc(&vmx->vmcs)) {
		free_pages_exact(vmx, sizeof(*vmx));
		return NULL;
	}
	vmx->vm = vm;
	vmx->ept = ept;
	vmx->id = id;
	vmx->unique_id = atomic64_fetch_inc(&next_unique_id);
	vmx->vpid = vpid_alloc();
	vmx->run = run;
	vmx->io_data = io_data;
	recorder_init(&vmx->recorder, recorder, recorder_size);
	vmx->last_cpu = -1;
	/* Whoever had this VPID before may have left translations. */
	vmx->flush_vpid = true;
	vmx->tsc_khz = tsc_khz;
	vmx->tsc_offset = atomic64_read(vm_tsc_offset(vm));
	state_reset(vmx);
	return vmx;
}

struct vmx_stats *vmx_stats(struct vmx_vcpu *vmx)
{
	return &vmx->stats;
}

void vmx_vcpu_destroy(struct vmx_vcpu *vmx)
{
	if (vmx->vpid)
		ida_free(&vpids, vmx->vpid);
	kvfree(vmx->cpuid);
	ept_cache_drain(&vmx->ept_cache);
	vmcs_free(&vmx->vmcs);
	free_pages_exact(vmx, sizeof(*vmx));
}
