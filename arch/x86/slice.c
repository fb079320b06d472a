// SPDX-License-Identifier: GPL-2.0
/*
 * slice.c - taking the CPU politely: VMXON or borrow, VMPTRLD ... VMCLEAR, VMXOFF or give back.
 *
 * Reached from run.c for every stretch of guest execution and from state.c to fetch registers; at
 * load and unload from module/main.c. Interrupts are off from slice_begin() to slice_end(). A CPU
 * is found in one of three states:
 *   CR4.VMXE clear           nobody uses VMX: enter VMX operation, leave it at the end
 *   VMXE set, VMX operation  another owner (normally KVM): stay in it, remember which VMCS was
 *                            current, and make that current again at the end
 *   VMXE set, no operation   somebody is about to enter it: not ours to touch, -EBUSY
 * KVM enters and leaves VMX operation, and reloads its VMCS, only in places that interrupts
 * being off keeps away, and never checks whether its VMCS is still current: so the
 * put-back is mandatory, and it is enough.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/page.h>
#include <asm/special_insns.h>

#include "arch/x86/caps.h"
#include "arch/x86/fpu.h"
#include "arch/x86/mitigate.h"
#include "arch/x86/setup.h"
#include "arch/x86/slice.h"
#include "arch/x86/vmcs.h"
#include "arch/x86/vmx.h"

/* Every CPU that may ever come online has a VMXON region, so hotplug needs no hook. */
static DEFINE_PER_CPU(struct vmx_region *, vmxon_region);

static struct vmx_region *vmx_region_alloc(int node)
{
	struct page *page = alloc_pages_node(node, GFP_KERNEL_ACCOUNT | __GFP_ZERO, 0);
	struct vmx_region *region;

	if (!page)
		return NULL;
	region = page_address(page);
	region->revision = vmx_caps.revision;
	return region;
}

int vmcs_alloc(struct vmcs_region *vmcs)
{
	vmcs->region = vmx_region_alloc(NUMA_NO_NODE);
	if (!vmcs->region)
		return -ENOMEM;
	vmcs->pa = __pa(vmcs->region);
	return 0;
}

void vmcs_free(struct vmcs_region *vmcs)
{
	free_page((unsigned long)vmcs->region);
}

/*
 * The VMX instructions that take the address of a physical address. Each reports failure in CF
 * (no current VMCS to hold an error number) or ZF (it does), or faults. SDM 3C "Conventions".
 */
#define VMX_POINTER_INSTRUCTION(name)						\
static bool name(u64 pa)							\
{										\
	bool failed = true;							\
										\
	asm volatile("1: " #name " %[pa]\n\t"					\
		     "setna %[failed]\n"					\
		     "2:\n"							\
		     _ASM_EXTABLE(1b, 2b)					\
		     : [failed] "+q" (failed)					\
		     : [pa] "m" (pa) : "cc", "memory");				\
	return !failed;								\
}

VMX_POINTER_INSTRUCTION(vmxon)
VMX_POINTER_INSTRUCTION(vmclear)
VMX_POINTER_INSTRUCTION(vmptrld)

/* False: this CPU is not in VMX operation (VMPTRST raised #UD). */
static bool vmptrst(u64 *pa)
{
	bool failed = true;

	asm volatile("1: vmptrst %[pa]\n\t"
		     "movb $0, %[failed]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : [pa] "=m" (*pa), [failed] "+q" (failed) : : "cc");
	return !failed;
}

static void vmxoff(void)
{
	asm volatile("1: vmxoff\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : : "cc", "memory");
}

/*
 * Not the kernel's cr4_set_bits(): its shadow copy of CR4 must not learn of VMXE. With interrupts
 * off nobody writes CR4 from the shadow before we have put the old value back.
 */
static void cr4_write(u64 cr4)
{
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
}

/*
 * On CPUs that can't trace in VMX operation VMXON clears IA32_RTIT_CTL.TraceEn: somebody's trace
 * would end silently. SDM 3D "Miscellaneous Data" bit 14, SDM 3C "VMXON".
 */
static bool processor_trace_is_on(void)
{
	u64 control;

	if (!boot_cpu_has(X86_FEATURE_INTEL_PT) || (vmx_caps.misc & MISC_PROCESSOR_TRACE_IN_VMX))
		return false;
	rdmsrq(MSR_IA32_RTIT_CTL, control);
	return control & RTIT_CTL_TRACEEN;
}

static int vmx_operation_enter(struct slice *slice)
{
	if (processor_trace_is_on())
		return -EBUSY;
	cr4_write(slice->cr4 | X86_CR4_VMXE);
	if (!vmxon(__pa(this_cpu_read(vmxon_region)))) {
		cr4_write(slice->cr4);
		return -EIO;
	}
	return 0;
}

static void vmx_operation_leave(struct slice *slice)
{
	if (slice->borrowed) {
		if (slice_has_other_guest(slice))
			WARN_ON_ONCE(!vmptrld(slice->previous_vmcs));
		return;
	}
	vmxoff();
	cr4_write(slice->cr4);
}

int slice_begin(struct slice *slice, struct vmcs_region *vmcs)
{
	int err;

	lockdep_assert_irqs_disabled();
	if (!vmx_caps_cpu_fits())
		return -EXDEV;
	*slice = (struct slice){ .cr4 = native_read_cr4() };
	if (slice->cr4 & X86_CR4_VMXE) {
		if (!vmptrst(&slice->previous_vmcs))
			return -EBUSY;
		slice->borrowed = true;
	} else {
		err = vmx_operation_enter(slice);
		if (err)
			return err;
	}
	/* A fresh page is no VMCS until VMCLEAR has written what the CPU keeps in it. */
	if (!vmcs->cleared)
		vmcs->cleared = vmclear(vmcs->pa);
	if (!vmcs->cleared || !vmptrld(vmcs->pa)) {
		vmx_operation_leave(slice);
		return -EIO;
	}
	return 0;
}

void slice_end(struct slice *slice, struct vmcs_region *vmcs)
{
	/* Until VMCLEAR the CPU may keep parts of the VMCS to itself. SDM 3C "VMCLEAR". */
	WARN_ON_ONCE(!vmclear(vmcs->pa));
	vmx_operation_leave(slice);
}

static void vmxon_regions_free(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		free_page((unsigned long)per_cpu(vmxon_region, cpu));
}

int vmx_setup(enum mitigation_policy l1d_flush, enum mitigation_policy nx_large_pages)
{
	int err, cpu;

	err = vmx_caps_setup();
	if (err)
		return err;
	for_each_possible_cpu(cpu) {
		per_cpu(vmxon_region, cpu) = vmx_region_alloc(cpu_to_node(cpu));
		if (!per_cpu(vmxon_region, cpu)) {
			err = -ENOMEM;
			goto err_free_regions;
		}
	}
	err = vmcs_setup_init();
	if (err)
		goto err_free_regions;
	err = mitigations_setup(l1d_flush, nx_large_pages);
	if (err)
		goto err_vmcs_setup_exit;
	fpu_setup();
	return 0;

err_vmcs_setup_exit:
	vmcs_setup_exit();
err_free_regions:
	vmxon_regions_free();
	return err;
}

void vmx_teardown(void)
{
	mitigations_teardown();
	vmcs_setup_exit();
	vmxon_regions_free();
}
