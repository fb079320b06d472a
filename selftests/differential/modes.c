// SPDX-License-Identifier: GPL-2.0
/*
 * modes.c - what a guest finds at its start: descriptor tables, page tables, registers.
 *
 * The memory is the same in all modes. SDM 3A "Protected-Mode Memory Management", "Paging",
 * "Task Management".
 */
#include <string.h>

#include "differential.h"

#define CR0_PE		0x00000001UL
#define CR0_MP		0x00000002UL
#define CR0_ET		0x00000010UL
#define CR0_NE		0x00000020UL
#define CR0_WP		0x00010000UL
#define CR0_PG		0x80000000UL
#define CR4_PAE		0x00000020UL
#define CR4_OSFXSR	0x00000200UL
#define CR4_OSXMMEXCPT	0x00000400UL
#define EFER_LME	0x00000100UL
#define EFER_LMA	0x00000400UL
#define RFLAGS_IOPL	0x00003000UL
#define RFLAGS_VM	0x00020000UL

#define PTE_PRESENT	0x01UL
#define PTE_WRITE	0x02UL
#define PTE_USER	0x04UL
#define PTE_TABLE	0x07UL

/* The page tables: one last level for 4-level and PAE paging, one for 32-bit paging. */
#define PML4		TABLES
#define PDPT		(TABLES + 0x1000)
#define PD		(TABLES + 0x2000)
#define PT		(TABLES + 0x3000)
#define PD32		(TABLES + 0x4000)
#define PT32		(TABLES + 0x5000)
#define PAE_PDPT	(TABLES + 0x6000)
#define PAE_PD		(TABLES + 0x7000)

#define PORTS		0x400		/* those that the I/O permission bitmap allows */
#define TSS_BITMAP	0x68
#define TSS_LIMIT	(TSS_BITMAP + PORTS / 8)

const char * const mode_names[MODES] = {
	[REAL] = "real", [V86] = "v86", [PROT16] = "prot16", [PROT32] = "prot32",
	[USER32] = "user32", [PAGED] = "paged", [PAE] = "pae", [COMPAT] = "compat",
	[LONG] = "long", [USER64] = "user64",
};

static const __u64 gdt[(GDT_LIMIT + 1) / 8] = {
	[SEL_CODE32 / 8]	= 0x00cf9b000000ffff,
	[SEL_DATA / 8]		= 0x00cf93000000ffff,
	[SEL_CODE64 / 8]	= 0x00af9b000000ffff,
	[SEL_CODE16 / 8]	= 0x00009b000000ffff,
	[SEL_STACK_16 / 8]	= 0x000093000000ffff,
	[SEL_USER_CODE32 / 8]	= 0x00cffb000000ffff,
	[SEL_USER_DATA / 8]	= 0x00cff3000000ffff,
	[SEL_USER_CODE64 / 8]	= 0x00affb000000ffff,
	[SEL_WINDOW / 8]	= 0x0040f30100007fff,
	[SEL_ABSENT / 8]	= 0x00cf13000000ffff,
	[SEL_READ_ONLY / 8]	= 0x00cf90000000ffff,
	[SEL_NO_READ / 8]	= 0x00cf98000000ffff,
	[SEL_DOWN / 8]		= 0x00c0960000000000,
	[SEL_LDT / 8]		= 0x000082004400001f,
	[SEL_TSS / 8]		= 0x00008b0048000000 | TSS_LIMIT,
	[SEL_TSS_OTHER / 8]	= 0x000089004c000067,
	[SEL_GATE / 8]		= 0x0000ec0000082000,
	[SEL_CONFORMING / 8]	= 0x00cf9e000000ffff,
	[SEL_GATE_ABSENT / 8]	= 0x00006c0000082000,
	[SEL_DATA16 / 8]	= 0x000093010000ffff,
};

static void write_page_tables(__u8 *memory)
{
	static const struct {
		__u64 linear, physical, flags;
	} window[] = {
		{ PAGE_EDGE,		DATA + 0x7000,	PTE_TABLE },
		{ PAGE_ABSENT,		DATA + 0x2000,	PTE_WRITE | PTE_USER },
		{ PAGE_READ_ONLY,	DATA + 0x5000,	PTE_PRESENT | PTE_USER },
		{ PAGE_SUPERVISOR,	DATA + 0x6000,	PTE_PRESENT | PTE_WRITE },
		{ PAGE_BEFORE,		DATA + 0x3000,	PTE_TABLE },
		{ PAGE_HOLE,		FAR_HOLE,	PTE_TABLE },
		{ PAGE_AFTER,		DATA + 0x4000,	PTE_TABLE },
		{ PAGE_CODE,		GATE_TARGET,	PTE_TABLE },
	};
	__u64 *pt = (__u64 *)(memory + PT);
	__u32 *pt32 = (__u32 *)(memory + PT32);

	for (unsigned int i = 0; i < 512; i++)
		pt[i] = i << 12 | PTE_TABLE;
	for (unsigned int i = 0; i < sizeof(window) / sizeof(window[0]); i++)
		pt[window[i].linear >> 12] = window[i].physical | window[i].flags;
	/* The 32-bit table maps the same, and above it the first 2 MiB once more. */
	for (unsigned int i = 0; i < 1024; i++)
		pt32[i] = pt[i % 512];
	*(__u64 *)(memory + PML4) = PDPT | PTE_TABLE;
	*(__u64 *)(memory + PDPT) = PD | PTE_TABLE;
	*(__u64 *)(memory + PD) = PT | PTE_TABLE;
	*(__u32 *)(memory + PD32) = PT32 | PTE_TABLE;
	*(__u64 *)(memory + PAE_PDPT) = PAE_PD | PTE_PRESENT;
	*(__u64 *)(memory + PAE_PD) = PT | PTE_TABLE;
}

static void write_tss(__u8 *memory, bool is_long)
{
	memset(memory + TSS, 0, TSS_LIMIT);
	memory[TSS + TSS_LIMIT] = 0xff;
	*(__u32 *)(memory + TSS + 4) = STACK;
	if (!is_long)
		*(__u16 *)(memory + TSS + 8) = SEL_DATA;
	*(__u16 *)(memory + TSS + 0x66) = TSS_BITMAP;
}

void mode_memory(__u8 *memory, enum mode mode)
{
	bool is_long = mode >= COMPAT;
	__u32 random = 1;

	memset(memory, 0, MEMORY_SIZE);
	/* out %al, $PORT_END */
	for (__u8 *end = memory + CODE; end < memory + HANDLERS; end += 2) {
		end[0] = 0xe6;
		end[1] = PORT_END;
	}
	for (__u8 *byte = memory + DATA; byte < memory + MEMORY_SIZE; byte += 4) {
		random = random * 1664525 + 1013904223;
		*(__u32 *)byte = random ^ random >> 16;
	}
	memcpy(memory + GDT, gdt, sizeof(gdt));
	/* In long mode a call gate leads to 64-bit code, and takes two entries. */
	if (is_long)
		memory[GDT + SEL_GATE + 2] = SEL_CODE64;
	/* LDT: code and data of ring 0, both flat. */
	*(__u64 *)(memory + LDT + 8) = gdt[SEL_CODE32 / 8];
	*(__u64 *)(memory + LDT + 16) = gdt[SEL_DATA / 8];
	write_tss(memory, is_long);
	write_page_tables(memory);
	write_handlers(memory);
}

static struct kvm_segment segment(__u16 selector, __u8 type, __u8 dpl)
{
	return (struct kvm_segment){
		.selector = selector, .limit = 0xffffffff, .type = type, .dpl = dpl,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
}

static struct kvm_segment segment16(__u16 selector, __u8 type, __u8 dpl)
{
	return (struct kvm_segment){
		.base = selector << 4, .selector = selector, .limit = 0xffff,
		.type = type, .dpl = dpl, .present = 1, .s = 1,
	};
}

#define TYPE_CODE	0xb
#define TYPE_DATA	0x3

static void segments16(enum mode mode, struct kvm_sregs *sregs)
{
	__u8 dpl = mode == V86 ? 3 : 0;

	sregs->cs = segment16(0, mode == V86 ? TYPE_DATA : TYPE_CODE, dpl);
	sregs->ss = segment16(0, TYPE_DATA, dpl);
	sregs->ds = sregs->es = segment16(DATA >> 4, TYPE_DATA, dpl);
	sregs->fs = segment16((DATA + 0x2000) >> 4, TYPE_DATA, dpl);
	sregs->gs = segment16(HOLE >> 4, TYPE_DATA, dpl);
}

static void segments_flat(enum mode mode, struct kvm_sregs *sregs)
{
	bool user = mode == USER32 || mode == USER64, wide = mode == LONG || mode == USER64;
	__u8 dpl = user ? 3 : 0;

	sregs->cs = segment(wide ? SEL_CODE64 : SEL_CODE32, TYPE_CODE, dpl);
	if (user)
		sregs->cs.selector = wide ? SEL_USER_CODE64 : SEL_USER_CODE32;
	sregs->cs.l = wide;
	sregs->cs.db = !wide;
	sregs->ss = segment(user ? SEL_USER_DATA : SEL_DATA, TYPE_DATA, dpl);
	sregs->ds = sregs->es = sregs->gs = sregs->ss;
	sregs->fs = segment(SEL_WINDOW | dpl, TYPE_DATA, 3);
	sregs->fs.base = DATA;
	sregs->fs.limit = 0x7fff;
	sregs->fs.g = 0;
	if (wide)
		sregs->gs.base = PAGE_HOLE;
	if (mode == PROT16) {
		sregs->cs = segment16(SEL_CODE16, TYPE_CODE, 0);
		sregs->ss = segment16(SEL_STACK_16, TYPE_DATA, 0);
		sregs->cs.base = sregs->ss.base = 0;
		sregs->ds = sregs->es = segment16(SEL_DATA16, TYPE_DATA, 0);
		sregs->ds.base = sregs->es.base = DATA;
		sregs->gs.base = HOLE;
	}
}

static void control_registers(enum mode mode, struct kvm_sregs *sregs)
{
	sregs->cr0 = CR0_ET | CR0_NE | CR0_MP;
	sregs->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (mode != REAL)
		sregs->cr0 |= CR0_PE;
	if (mode >= PAGED) {
		sregs->cr0 |= CR0_PG | CR0_WP;
		sregs->cr3 = PD32;
	}
	if (mode >= PAE) {
		sregs->cr4 |= CR4_PAE;
		sregs->cr3 = PAE_PDPT;
	}
	if (mode >= COMPAT) {
		sregs->cr3 = PML4;
		sregs->efer = EFER_LME | EFER_LMA;
	}
}

static const struct kvm_regs initial_regs = {
	.rax = 0x8877665544332211, .rbx = 0x0123456789abcdef, .rcx = 0x0000000000000005,
	.rdx = 0xfedcba9876543210, .rsi = 0x5555aaaa3333cccc, .rdi = 0x0f0f0f0ff0f0f0f0,
	.rbp = 0x1111222233334444, .r8 = 0x8000000000000000, .r9 = 0x7fffffffffffffff,
	.r10 = 0xffffffffffffffff, .r11 = 0x00000000ffffffff, .r12 = 0x0000000080000000,
	.r13 = 0x00000000000000ff, .r14 = 0x1234567812345678, .r15 = 0xdeadbeefcafebabe,
	.rip = CODE, .rflags = 2,
};

void mode_registers(enum mode mode, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	*sregs = (struct kvm_sregs){ .apic_base = 0xfee00100 };
	*regs = initial_regs;
	regs->rsp = STACK;
	if (mode == REAL || mode == V86)
		segments16(mode, sregs);
	else
		segments_flat(mode, sregs);
	if (mode == V86 || mode == USER32 || mode == USER64) {
		regs->rsp = USER_STACK;
		regs->rflags |= RFLAGS_IOPL;
	}
	if (mode == V86)
		regs->rflags |= RFLAGS_VM;
	control_registers(mode, sregs);
	sregs->tr = (struct kvm_segment){
		.base = TSS, .limit = TSS_LIMIT, .selector = SEL_TSS, .type = 0xb, .present = 1,
	};
	sregs->ldt = (struct kvm_segment){ .unusable = 1 };
	sregs->gdt = (struct kvm_dtable){ .base = GDT, .limit = GDT_LIMIT };
	sregs->idt = (struct kvm_dtable){ .base = IDT32, .limit = VECTORS * 8 - 1 };
	if (mode == REAL)
		sregs->idt = (struct kvm_dtable){ .base = IVT, .limit = 0x3ff };
	else if (mode >= COMPAT)
		sregs->idt = (struct kvm_dtable){ .base = IDT64, .limit = VECTORS * 16 - 1 };
}
