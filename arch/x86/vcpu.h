/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpu.h - struct vmx_vcpu: a virtual CPU as the CPU side sees it.
 *
 * Between slices the guest's state is here, in memory, and nowhere else; a slice (slice.h) puts
 * it into the CPU. State that few look at stays in the VMCS region until it is asked for, so a
 * group of registers can be valid here or there:
 *   dirty   the value here is newer: the next slice writes the group to the VMCS
 *   stale   the value in the VMCS is newer: state.c fetches the group before it is read
 */
#ifndef _MINIVMX_ARCH_VCPU_H
#define _MINIVMX_ARCH_VCPU_H

#include <linux/bits.h>
#include <linux/kvm_types.h>
#include <linux/types.h>
#include <asm/fpu/types.h>

#include <uapi/minivmx.h>

#include "arch/x86/decode.h"
#include "arch/x86/regs.h"
#include "arch/x86/slice.h"
#include "arch/x86/vmx.h"

/* Groups of guest registers that travel together. */
enum vmx_state_group {
	STATE_CORE	= BIT(0),	/* RIP, RSP, RFLAGS, interruptibility: read after each slice */
	STATE_CONTROL	= BIT(1),	/* CR0, CR3, CR4, EFER: read after each slice */
	STATE_SEGMENTS	= BIT(2),	/* the eight segment registers: fetched when asked for */
	STATE_TABLES	= BIT(3),	/* GDTR, IDTR: fetched when asked for */
	STATE_PDPTRS	= BIT(4),	/* page-directory-pointer-table entries: fetched when asked for */
	STATE_DEBUG	= BIT(5),	/* DR7 and what exits for a debugger: never in the VMCS alone */
	STATE_SYSENTER	= BIT(6),	/* the SYSENTER MSRs: fetched when asked for */
	STATE_MSRS	= BIT(7),	/* PAT, TSC offset: never stale, the guest can't reach them */
};

#define STATE_LAZY	(STATE_SEGMENTS | STATE_TABLES | STATE_PDPTRS | STATE_SYSENTER)
#define STATE_ALL	(STATE_CORE | STATE_CONTROL | STATE_LAZY | STATE_DEBUG | STATE_MSRS)

struct vmx_segment {
	u64 base;
	u32 limit;
	u32 access_rights;	/* SDM 3C "Guest Register State", table of access rights */
	u16 selector;
};

struct vmx_table {
	u64 base;
	u32 limit;
};

/*
 * What waits to be delivered through the guest's IDT; inject.c has the rules. An info is a
 * VM-entry interruption-information field, and says nothing without INTR_INFO_VALID_MASK.
 */
struct vmx_events {
	u32 exception;			/* info */
	u32 error_code;
	bool exception_is_new;		/* no VM entry has tried to deliver it yet */
	bool triple_fault;		/* an exception met a double fault */
	u32 interrupt;			/* info: external, or of an INT n whose delivery was interrupted */
	u32 insn_len;			/* of the INT, INT1, INT3 or INTO */
	bool nmi;			/* its delivery has begun */
	unsigned int nmis_waiting;	/* their delivery has not */
	bool in_vmcs;			/* the VMCS's field is valid: the last entry failed */
};

/* One VM exit, read from the VMCS once. SDM 3C "VM-Exit Information Fields". */
struct exit_info {
	u32 reason;		/* full: basic reason in bits 15:0, bit 31 = the entry failed */
	u32 insn_len;
	u64 qualification;
	u32 intr_info;
	u32 idt_vectoring;
	u32 intr_error_code;
	u32 idt_error_code;
	u64 guest_physical;	/* of EPT violations and misconfigurations; else 0 */
	u64 guest_linear;	/* of EPT violations whose qualification says that there is one */
	u64 rip;
	unsigned int cpu;	/* host CPU it happened on */
};

#define EXIT_REASON_BASIC	GENMASK(15, 0)

/* What the next RUN is to finish first, for userspace had its part in it: exit_io.c. */
struct pending_exit {
	enum {
		PENDING_NOTHING,
		PENDING_IN,
		PENDING_OUT,		/* RIP is still at the instruction */
		PENDING_INS,
		PENDING_OUTS,		/* RIP is where it should be, as after all that follows */
		PENDING_MMIO_READ,
		PENDING_MMIO_WRITE,
	} what;
	u64 rip;		/* if it has changed, somebody else finished the instruction */
	u8 insn_len;		/* IN, OUT */
	u8 size;		/* IN: bytes */
	u32 count;		/* INS: elements */
	struct guest_insn insn;	/* INS, MMIO_READ: as it was when it began */
};

/* One access where no memory is, at most 8 bytes in one page. */
struct mmio_access {
	gpa_t gpa;
	u64 data;
	u8 size;
};

/* Those of one instruction: mmio.c. CMPS reads two operands, and each may cross a page. */
struct mmio_state {
	struct mmio_access read[4];
	u8 reads_answered;	/* by userspace */
	u8 reads_used;		/* of these, by the instruction so far */
	struct mmio_access write[2];
	u8 writes;
	u8 writes_sent;		/* of these, to userspace */
};

/* Debug registers and who uses them: debug.c. */
struct debug_state {
	u64 addresses[4];		/* the guest's DR0 to DR3 */
	u64 dr6, dr7;
	u32 control;			/* SET_GUEST_DEBUG: MINIVMX_GUESTDBG_*, 0: nobody debugs */
	bool step_trap_due;		/* the next VM entry is to raise the single-step trap */
	bool step_by_tf_due;		/* it is to begin a debugger's step, by RFLAGS.TF */
	u64 debugger_addresses[4];	/* with MINIVMX_GUESTDBG_USE_HW_BP: instead of the guest's */
	u64 debugger_dr7;
};

/* What the host fields of the VMCS hold: a field is written only when it changes. */
struct host_fields {
	u64 cr0, cr3, cr4;
	u64 fs_base, gs_base, tr_base, gdt_base, idt_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 pat, efer, perf_global_ctrl;
};

/* MSRs that instructions of a guest use, and that VM entry and exit do not switch: host.c does. */
enum switched_msr {
	SWITCHED_STAR, SWITCHED_LSTAR, SWITCHED_CSTAR, SWITCHED_FMASK,	/* SYSCALL, SYSRET */
	SWITCHED_TSC_AUX,						/* RDTSCP, RDPID */
	SWITCHED_COUNT
};

/* What XSAVE writes for x87, SSE and AVX, in the standard format. SDM 1 "XSAVE Area". */
struct guest_fpu {
	struct fxregs_state legacy;
	struct xstate_header header;
	u8 ymm_high[16][16];
} __aligned(64);
static_assert(sizeof(struct guest_fpu) == 832);

/* recorder.h; the memory is shared with userspace, which reads it only. */
struct recorder {
	struct minivmx_recorder *shared;
	struct minivmx_exit_record *last;	/* the last exit's */
	struct minivmx_exit_record *end;	/* of the ring */
	u64 entry_tsc;				/* of the last VM entry */
	u64 run_end_tsc;
};

struct vmx_vcpu {
	struct vmcs_region vmcs;
	struct vm *vm;			/* for the calls into guest memory */
	struct ept *ept;
	struct ept_cache ept_cache;
	unsigned int id;
	u64 unique_id;			/* never used again: tells vCPUs apart for IBPB */
	u16 vpid;			/* 0: none */

	/* Guest state; see the top of this file. */
	unsigned int dirty, stale;	/* sets of enum vmx_state_group */
	u64 regs[VMX_NR_REGS];		/* RSP belongs to STATE_CORE */
	u64 rip, rflags;
	u32 interruptibility;
	u64 cr0, cr2, cr3, cr4, cr8, efer;
	u64 pdptrs[4];			/* with legacy PAE paging, what the CPU loaded from CR3 */
	u64 apic_base;
	struct vmx_segment segments[SEGMENT_COUNT];
	struct vmx_table gdt, idt;
	u64 switched_msrs[SWITCHED_COUNT];
	u64 kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 pat;
	/* Only kept, for RDMSR: exit_msr.c says why. */
	u64 tsc_adjust, feature_control, microcode_version, misc_enable, always_zero;
	u64 xcr0;
	struct guest_fpu fpu;

	struct vmx_stats stats;

	u64 tsc_offset;			/* guest TSC - host TSC */
	unsigned int tsc_khz;		/* what userspace calls its frequency */
	struct debug_state debug;
	u32 primary_controls;		/* what the VMCS has */

	struct vmx_events events;
	struct exit_info exit;
	struct recorder recorder;
	struct pending_exit pending;
	struct mmio_state mmio;

	struct minivmx_cpuid_entry2 *cpuid;
	unsigned int cpuid_count;
	/* Both follow from it. */
	u64 cr4_allowed;
	bool has_tsc_aux;		/* RDTSCP or RDPID work in the guest */

	struct host_fields host_fields;

	/* Where and with what the last slice ran: is anything stale cached there? */
	int last_cpu;			/* -1: no slice yet */
	unsigned long last_ept_generation;
	bool flush_vpid;		/* CR0, CR3, CR4 or EFER were changed from outside */

	struct minivmx_run *run;	/* shared with userspace: read once, trust nothing */
	void *io_data;
};

/* EDX:EAX: the value that WRMSR and XSETBV write. */
static inline u64 vmx_edx_eax(const struct vmx_vcpu *vmx)
{
	return (u32)vmx->regs[VMX_RAX] | vmx->regs[VMX_RDX] << 32;
}

#endif /* _MINIVMX_ARCH_VCPU_H */
