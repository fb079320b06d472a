// SPDX-License-Identifier: GPL-2.0
/*
 * programs_faults.c - exceptions: which, with what error code, and what is left of the instruction.
 *
 * SDM 3A "Interrupt and Exception Handling".
 */
#include "differential.h"

CODE_ALL(software_interrupts,
	"int3" STEP "int $0x21" STEP "int $3" STEP "int $0x2f" STEP "int $0x30" STEP
	"int $0x80" STEP
	"int $0xff" STEP "int1" STEP "int $4");

CODE_ALL(invalid_opcodes,
	"ud2" STEP ".byte 0x0f, 0xff, 0xc0" STEP ".byte 0xf0, 0x90" STEP
	".byte 0xf0, 0x01, 0xc3" STEP
	".byte 0x8e, 0xc8" STEP			/* mov %eax, %cs */
	".byte 0x0f, 0x20, 0xc8" STEP		/* mov %cr1, %eax */
	".byte 0x8d, 0xc0" STEP			/* lea %eax, %eax */
	".byte 0xc6, 0xc8, 0x90" STEP		/* mov with /1 */
	".byte 0x0f, 0xc7, 0xc8" STEP		/* cmpxchg8b with a register */
	".byte 0x0f, 0x24, 0xc0" STEP		/* mov %tr0, %eax */
	".byte 0x0f, 0x0a" STEP ".byte 0x0f, 0xb9, 0xc0" STEP
	".fill 15, 1, 0x66" STEP "mov $1, %ebx");

/* Invalid in 64-bit mode, and here and there elsewhere. */
CODE_64(invalid_in_64,
	".byte 0x06" STEP ".byte 0x0e" STEP ".byte 0x27" STEP ".byte 0x37" STEP ".byte 0x60" STEP
	".byte 0x61" STEP ".byte 0x62, 0x00" STEP ".byte 0x82, 0xc0, 0x90" STEP
	".byte 0x9a, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90" STEP ".byte 0xc4, 0x00" STEP
	".byte 0xce" STEP ".byte 0xd4, 0x0a" STEP ".byte 0xd6" STEP
	".byte 0xea, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90");

CODE_ALL(divide,
	"xor %ecx, %ecx\n\t div %ecx" STEP "idiv %cl" STEP "mov $-1, %edx\n\t mov $2, %ebx\n\t"
	"div %ebx" STEP
	"mov $0x80000000, %eax\n\t cdq\n\t mov $-1, %ebx\n\t idiv %ebx" STEP
	"mov $0x7fff, %ax\n\t mov $2, %bl\n\t idiv %bl" STEP "mov $0x1234, %ax\n\t"
	"mov $0x12, %bl\n\t div %bl" STEP
	"mov $D + 0x100, %esi\n\t movl $0, (%esi)" STEP "divl (%esi)");
CODE_16_32(overflow,
	"mov $0x7f, %al\n\t add $1, %al\n\t into" STEP "clc\n\t cmp %al, %al\n\t into" STEP
	"aam $0" STEP
	"mov $D + 0x100, %ebx\n\t movl $0x10, (%ebx)\n\t movl $0x20, 4(%ebx)\n\t"
	"mov $0x15, %eax\n\t"
	"bound %eax, (%ebx)" STEP "mov $0x30, %eax\n\t bound %eax, (%ebx)");

/* Loads of segment registers; in real and virtual-8086 mode they are good. */
#define LOAD(selector, segment)	"mov $" #selector ", %ecx\n\t mov %ecx, %" #segment STEP
CODE_ALL(segment_loads,
	LOAD(0x48, fs) LOAD(0x50, gs) LOAD(0x60, fs) LOAD(0x68, gs) LOAD(0x58, fs) LOAD(0x18, gs)
	LOAD(0xb0, gs) LOAD(0x80, fs) LOAD(0xa0, fs) LOAD(0xe0, gs) LOAD(0x14, fs) LOAD(0x4b, gs)
	LOAD(0xffff, fs) LOAD(0, gs) LOAD(3, fs)
	"mov %ss, %edx\n\t" LOAD(0, ss) "mov %edx, %ss" STEP LOAD(0x50, ss) LOAD(0x58, ss)
	LOAD(0x3b, ss)
	LOAD(0x08, ss) LOAD(0xe0, ss) "mov %edx, %ss" STEP "push %fs\n\t pop %gs\n\t nop" STEP
	"mov $D + 0x100, %ebx\n\t movl $0x12345678, (%ebx)\n\t movw $0x48, 4(%ebx)\n\t"
	"lfs (%ebx), %eax" STEP
	"movw $0x54, 4(%ebx)\n\t lgs (%ebx), %eax" STEP "movw $0x10, 4(%ebx)\n\t"
	"lss (%ebx), %eax\n\t"
	"mov $0xe000, %esp");

/* Segment limits: FS is a window of 32 KiB, except in 64-bit mode. */
CODE_ALL(limits,
	"mov %fs:0x7ffe, %ax" STEP "mov %fs:0x7fff, %ax" STEP "mov %fs:0x7fff, %al" STEP
	"movl $5, %fs:0x7ffc" STEP "movl $5, %fs:0x7ffd" STEP
	"mov $0xffff, %ebx\n\t mov (%ebx), %ax" STEP "mov %al, (%ebx)" STEP
	"mov $0x17fff, %ebx\n\t mov (%ebx), %al" STEP
	"mov $0xfffffff0, %ebx\n\t mov %ss:(%ebx), %eax" STEP);
CODE_32(limits_down,
	"mov $0x68, %ecx\n\t mov %ecx, %gs" STEP "mov %gs:0xffc, %eax" STEP
	"mov %gs:0xfff, %eax" STEP
	"mov %gs:0x1000, %eax" STEP "mov $0x58, %ecx\n\t mov %ecx, %gs" STEP
	"mov %gs:0x10000, %eax" STEP
	"mov %eax, %gs:0x10000" STEP "mov $0x60, %ecx\n\t mov %ecx, %gs" STEP
	"mov %gs:0x10000, %eax" STEP
	"mov $0, %ecx\n\t mov %ecx, %gs" STEP "mov %gs:0x10000, %eax" STEP
	"mov %cs:0x10000, %eax" STEP "mov %eax, %cs:0x10000" STEP
	"movl $1, %ss:0x10000" STEP "mov $0x10000, %ebp\n\t mov (%ebp), %eax");

/* Paging: reads, writes, read-modify-writes and straddling accesses that fault. */
#define PAGE_FAULTS								\
	"mov $0x20000, %ebx\n\t mov (%ebx), %eax" STEP "mov %eax, 8(%ebx)" STEP	\
	"incl 16(%ebx)" STEP "mov $0x1fffe, %esi\n\t mov (%esi), %eax" STEP		\
	"mov %eax, (%esi)" STEP "push (%ebx)" STEP "pop (%ebx)" STEP		\
	"mov $0x26000, %ebx\n\t mov (%ebx), %eax" STEP "mov %eax, 8(%ebx)" STEP	\
	"xadd %eax, (%ebx)" STEP "mov $0x22000, %ebx\n\t mov (%ebx), %eax" STEP	\
	"mov %eax, 8(%ebx)" STEP "mov $0x20ffe, %ebx\n\t mov (%ebx), %eax" STEP	\
	"mov $0x1fff0, %edi\n\t mov $8, %ecx\n\t mov $0x10000, %esi\n\t rep movsl" STEP	\
	"mov $0x20800, %edi\n\t mov $8, %ecx\n\t rep stosb" STEP			\
	"mov $0x20ff8, %eax\n\t jmp *%" AX STEP
#define AX "eax"
CODE_32(page_faults, PAGE_FAULTS);
#undef AX
#define AX "rax"
CODE_64(page_faults, PAGE_FAULTS);

CODE_64(canonical,
	"mov $1, %ebx\n\t shl $47, %rbx\n\t mov (%rbx), %rax" STEP "mov %rax, (%rbx)" STEP
	"push (%rbx)" STEP "mov -8(%rbx), %rax" STEP "mov -4(%rbx), %rax" STEP "call *%rbx" STEP
	"mov %rbx, %rbp\n\t mov (%rbp), %rax" STEP "lgdt (%rbx)" STEP "invlpg (%rbx)" STEP
	"fxsave (%rbx)" STEP "mov %rsp, %rdi\n\t push $0x1b\n\t push %rbx\n\t mov %rdi, %rsp" STEP
	"jmp *%rbx");

/* What only ring 0 may do, elsewhere. */
#define PRIVILEGED(reg)								\
	"cli" STEP "hlt" STEP "mov %cr0, %" reg STEP "mov %" reg ", %cr4" STEP	\
	"mov %dr7, %" reg STEP "invd" STEP "wbinvd" STEP "clts" STEP "lmsw %ax" STEP	\
	"in $0x20, %al" STEP "mov $0x5000, %edx\n\t out %al, %dx" STEP		\
	"mov $0x3ff, %edx\n\t out %ax, %dx" STEP "rdmsr" STEP "wrmsr" STEP "rdpmc" STEP	\
	"invlpg (%ebx)" STEP "str %eax" STEP "lldt %ax" STEP "ltr %ax" STEP		\
	"lgdt (%ebx)" STEP "lidt (%ebx)" STEP "sti" STEP "xsetbv" STEP "rsm" STEP
CODE_16_32(privileged, PRIVILEGED("eax"));
CODE_64(privileged, PRIVILEGED("rax"));
static void without_iopl(struct machine *machine, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	(void)machine;
	(void)sregs;
	regs->rflags &= ~0x3000;
}

static const struct program programs[] = {
	ROWS_ALL(software_interrupts), ROWS_ALL(invalid_opcodes), ROWS_64(invalid_in_64),
	ROWS_ALL(divide), ROWS_16(overflow), ROWS_32(overflow), ROWS_ALL(segment_loads),
	ROWS_ALL(limits), ROWS_32(limits_down), ROWS_PAGED(page_faults), ROWS_64(page_faults),
	ROWS_64(canonical), ROW(privileged_16, V86), ROW(privileged_32, USER32),
	ROW(privileged_64, USER64),
	NAMED("privileged, IOPL 0", privileged_16, V86, .prepare = without_iopl),
	NAMED("privileged, IOPL 0", privileged_32, USER32, .prepare = without_iopl),
	NAMED("privileged, IOPL 0", privileged_64, USER64, .prepare = without_iopl),
	NAMED("software interrupts, IOPL 0", software_interrupts_16, V86, .prepare = without_iopl),
};

PROGRAM_LIST(programs_faults, programs);
