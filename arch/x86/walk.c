// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - from an address as an instruction has it to a guest-physical one: segmentation, then
 * the guest's own page tables, in every mode but 5-level paging, which CPUID hides.
 *
 * Reached from where an instruction is emulated (emulate.c, mmio.c, exit_io.c) and from
 * module/vcpu_state.c (TRANSLATE). Continues in module/memory.c, which has the guest's memory. The
 * CPU did the same walk a moment ago, but tells only where it ended. Outside slices, interrupts on;
 * the tables are guest memory, and another vCPU may be changing them.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/regs.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/walk.h"

/* ------------------------------------------------------------------- segmentation */

bool guest_in_64bit_code(const struct vmx_vcpu *vmx)
{
	return (vmx->efer & EFER_LMA) &&
	       (vmx->segments[SEGMENT_CS].access_rights & VMX_AR_L_MASK);
}

u32 guest_access(const struct vmx_vcpu *vmx, u32 access)
{
	/* In every mode the current privilege level is the DPL of SS. */
	if (VMX_AR_DPL(vmx->segments[SEGMENT_SS].access_rights) == 3)
		access |= X86_PF_USER;
	return access;
}

/* SDM 3A "Code- and Data-Segment Descriptor Types" */
#define TYPE_CODE		BIT(3)
#define TYPE_EXPAND_DOWN	BIT(2)	/* of data */
#define TYPE_WRITABLE		BIT(1)	/* of data */
#define TYPE_READABLE		BIT(1)	/* of code */

static bool segment_allows(const struct vmx_vcpu *vmx, const struct vmx_segment *segment,
			   u32 access)
{
	u32 ar = segment->access_rights;

	if (ar & VMX_AR_UNUSABLE_MASK)
		return false;
	if (access & X86_PF_INSTR)
		return true;
	if (access & X86_PF_WRITE)
		/* In real mode code is as writable as data. */
		return (ar & TYPE_WRITABLE) && (!(ar & TYPE_CODE) || !(vmx->cr0 & X86_CR0_PE));
	return !(ar & TYPE_CODE) || (ar & TYPE_READABLE);
}

/* SDM 3A "Limit Checking": an expand-down segment is what is above its limit. */
static bool segment_covers(const struct vmx_segment *segment, u64 offset, unsigned int size)
{
	u32 ar = segment->access_rights;
	u64 last = offset + size - 1;

	if (!(ar & TYPE_CODE) && (ar & TYPE_EXPAND_DOWN))
		return offset > segment->limit &&
		       last <= (ar & VMX_AR_DB_MASK ? 0xffffffff : 0xffff);
	/* With the largest limit what comes behind 4 GiB is at 0 again. */
	return last <= segment->limit || segment->limit == 0xffffffff;
}

int guest_linear(struct vmx_vcpu *vmx, unsigned int number, u64 offset, unsigned int size,
		 u32 access, u64 *linear, struct guest_fault *fault)
{
	const struct vmx_segment *segment = &vmx->segments[number];

	if (guest_in_64bit_code(vmx)) {
		/* Of all bases two are left, of limits and types nothing. */
		*linear = offset;
		if (number == SEGMENT_FS || number == SEGMENT_GS)
			*linear += segment->base;
		if (linear_is_canonical(*linear) && linear_is_canonical(*linear + size - 1))
			return 0;
	} else {
		*linear = (u32)(segment->base + offset);
		if (segment_allows(vmx, segment, access) && segment_covers(segment, offset, size))
			return 0;
	}
	*fault = (struct guest_fault){
		.vector = number == SEGMENT_SS ? X86_TRAP_SS : X86_TRAP_GP,
	};
	return GUEST_FAULT;
}

/* ------------------------------------------------------------------------- paging */

/* SDM 3A, tables of formats in "32-Bit Paging" to "4-Level Paging and 5-Level Paging" */
#define PAGE_PRESENT	BIT_ULL(0)
#define PAGE_WRITABLE	BIT_ULL(1)
#define PAGE_USER	BIT_ULL(2)
#define PAGE_ACCESSED	BIT_ULL(5)
#define PAGE_DIRTY	BIT_ULL(6)
#define PAGE_LARGE	BIT_ULL(7)	/* maps a page, not a table, above the lowest level */
#define PAGE_NO_EXECUTE	BIT_ULL(63)

#define ENTRY_ADDRESS	GENMASK_ULL(51, 12)
/* Bits that are reserved in no entry of a table: the physical address width is at least 32. */
#define PLAIN_ENTRY	(GENMASK_ULL(31, 12) | GENMASK_ULL(11, 8) | GENMASK_ULL(6, 0))
#define LEVELS_MAX	4

/* One way through the tables. */
struct walk {
	struct vmx_vcpu *vmx;
	u64 linear;
	u32 access;

	/* How this mode's tables look. */
	unsigned int levels;
	unsigned int index_bits;
	unsigned int entry_size;	/* bytes */

	/* The entries gone through, and what they allow together. */
	unsigned int count;
	struct {
		gpa_t gpa;
		u64 value;
	} entry[LEVELS_MAX];
	bool writable, user, no_execute;
};

static int page_fault(const struct walk *walk, u32 error_code, struct guest_fault *fault)
{
	const struct vmx_vcpu *vmx = walk->vmx;

	error_code |= walk->access;
	/* A fetch is reported as one only where there are rights that concern fetches. */
	if (!((vmx->cr4 & X86_CR4_PAE) && (vmx->efer & EFER_NX)) && !(vmx->cr4 & X86_CR4_SMEP))
		error_code &= ~X86_PF_INSTR;
	*fault = (struct guest_fault){
		.vector = X86_TRAP_PF,
		.error_code = error_code,
		.address = walk->linear,
	};
	return GUEST_FAULT;
}

static bool is_leaf(const struct walk *walk, unsigned int level, u64 entry)
{
	if (level == 1)
		return true;
	/* 64-bit entries have large pages always, 32-bit entries if they are switched on. */
	return (entry & PAGE_LARGE) && (walk->entry_size == 8 || (walk->vmx->cr4 & X86_CR4_PSE));
}

/* The bits of addresses that a 4 MiB page can have: PSE-36, or 40 bits as CPUs really do. */
static unsigned int pse_address_bits(void)
{
	return min(ilog2(vmx_guest_physical_limit()), 40);
}

/* Bits that must be 0 in a present entry. */
static u64 reserved_bits(const struct walk *walk, unsigned int level, u64 entry)
{
	const struct vmx_vcpu *vmx = walk->vmx;
	unsigned int page_shift = 12 + (level - 1) * walk->index_bits;
	bool large = level > 1 && is_leaf(walk, level, entry);
	u64 reserved;

	if (walk->entry_size == 4)
		return large ? GENMASK_ULL(21, pse_address_bits() - 19) : 0;
	reserved = GENMASK_ULL(51, 0) & ~(vmx_guest_physical_limit() - 1);
	if (!(vmx->efer & EFER_LMA))
		reserved |= GENMASK_ULL(62, 52);
	if (!(vmx->efer & EFER_NX))
		reserved |= PAGE_NO_EXECUTE;
	if (level == 4 || (level == 3 && !boot_cpu_has(X86_FEATURE_GBPAGES)))
		reserved |= PAGE_LARGE;
	if (large)
		reserved |= GENMASK_ULL(page_shift - 1, 13);
	return reserved;
}

/* The page of a leaf at @level, and in it the byte. */
static gpa_t leaf_address(const struct walk *walk, unsigned int level, u64 entry)
{
	u64 offset_mask = BIT_ULL(12 + (level - 1) * walk->index_bits) - 1;
	u64 address = entry & ENTRY_ADDRESS & ~offset_mask;

	/* SDM 3A "32-Bit Paging": bits 20:13 of a 4 MiB page are bits 39:32 of its address. */
	if (walk->entry_size == 4 && level == 2)
		address |= FIELD_GET(GENMASK_ULL(20, 13), entry) << 32;
	return address | (walk->linear & offset_mask);
}

/* SDM 3A "Access Rights": @walk has gone through all entries. */
static bool access_allowed(const struct walk *walk)
{
	const struct vmx_vcpu *vmx = walk->vmx;
	u32 access = walk->access;

	if ((access & X86_PF_INSTR) && walk->no_execute)
		return false;
	if (access & X86_PF_USER)
		return walk->user && (walk->writable || !(access & X86_PF_WRITE));
	if (walk->user) {
		if (access & X86_PF_INSTR)
			return !(vmx->cr4 & X86_CR4_SMEP);
		if ((vmx->cr4 & X86_CR4_SMAP) && !(vmx->rflags & X86_EFLAGS_AC))
			return false;
	}
	return walk->writable || !(access & X86_PF_WRITE) || !(vmx->cr0 & X86_CR0_WP);
}

/*
 * In the entries themselves, as they are in memory by now: -EAGAIN, one has changed since it was
 * read. As on KVM, tables in READONLY memory stay as they are.
 */
static int set_accessed_and_dirty(const struct walk *walk)
{
	for (unsigned int i = 0; i < walk->count; i++) {
		u64 old = walk->entry[i].value, new = old | PAGE_ACCESSED;
		int err;

		if (i == walk->count - 1 && (walk->access & X86_PF_WRITE))
			new |= PAGE_DIRTY;
		if (new == old)
			continue;
		err = memory_compare_exchange(walk->vmx->vm, walk->entry[i].gpa, &old, new,
					      walk->entry_size);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

/* From the table at @table down to a page. */
static int walk_tables(struct walk *walk, gpa_t table, gpa_t *gpa, struct guest_fault *fault)
{
	unsigned int level = walk->levels;
	u64 entry;
	int err;

	walk->count = 0;
	walk->writable = true;
	walk->user = true;
	walk->no_execute = false;
	for (;;) {
		unsigned int shift = 12 + (level - 1) * walk->index_bits;
		u64 index = (walk->linear >> shift) & (BIT_ULL(walk->index_bits) - 1);
		gpa_t entry_gpa = table + index * walk->entry_size;

		entry = 0;
		err = memory_read(walk->vmx->vm, entry_gpa, &entry, walk->entry_size);
		/* As on KVM, where no memory is there is no entry either. */
		if (err && err != -ENOENT)
			return err;
		if (!(entry & PAGE_PRESENT))
			return page_fault(walk, 0, fault);
		if ((entry & ~PLAIN_ENTRY) && (entry & reserved_bits(walk, level, entry)))
			return page_fault(walk, X86_PF_PROT | X86_PF_RSVD, fault);
		walk->entry[walk->count].gpa = entry_gpa;
		walk->entry[walk->count++].value = entry;
		walk->writable &= !!(entry & PAGE_WRITABLE);
		walk->user &= !!(entry & PAGE_USER);
		walk->no_execute |= !!(entry & PAGE_NO_EXECUTE);
		if (is_leaf(walk, level, entry))
			break;
		table = entry & ENTRY_ADDRESS;
		level--;
	}
	if (!access_allowed(walk))
		return page_fault(walk, X86_PF_PROT, fault);
	*gpa = leaf_address(walk, level, entry);
	return set_accessed_and_dirty(walk);
}

int guest_walk(struct vmx_vcpu *vmx, u64 linear, u32 access, gpa_t *gpa, struct guest_fault *fault)
{
	struct walk walk = {
		.vmx = vmx,
		.linear = linear,
		.access = access,
		.index_bits = 9,
		.entry_size = 8,
	};
	gpa_t table = vmx->cr3 & ENTRY_ADDRESS;
	int err;

	if (!(vmx->cr0 & X86_CR0_PG)) {
		*gpa = linear;
		return 0;
	}
	if (vmx->efer & EFER_LMA) {
		walk.levels = 4;
	} else if (vmx->cr4 & X86_CR4_PAE) {
		/* The CPU has the top level, four entries without rights, in registers. */
		table = vmx->pdptrs[(linear >> 30) & 3];
		if (!(table & PAGE_PRESENT))
			return page_fault(&walk, 0, fault);
		table &= ENTRY_ADDRESS;
		walk.levels = 2;
	} else {
		walk.levels = 2;
		walk.index_bits = 10;
		walk.entry_size = 4;
	}
	/* A program that rewrites the entries all the time can keep this up for as long as it likes. */
	while ((err = walk_tables(&walk, table, gpa, fault)) == -EAGAIN) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return err;
}

/* As on KVM: what the kernel of the guest could read at the address. */
int vmx_translate(struct vmx_vcpu *vmx, struct minivmx_translation *translation)
{
	struct guest_fault fault;
	gpa_t gpa;
	int err = state_fetch(vmx);

	if (err)
		return err;
	translation->valid = !guest_walk(vmx, translation->linear_address, GUEST_READ, &gpa,
					 &fault);
	translation->physical_address = translation->valid ? gpa : ~0ULL;
	translation->writeable = 1;
	translation->usermode = 0;
	return 0;
}
