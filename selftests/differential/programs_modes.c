// SPDX-License-Identifier: GPL-2.0
/*
 * programs_modes.c - guests that change their mode, privilege and segments by themselves.
 *
 * Code is at CODE, so a label is at CODE + its distance from the start.
 */
#include "differential.h"

#define AT(name, label)	"(0x1000 + " label " - " #name "_start)"
#define REPORT(number)	"mov $" #number ", %al\n\t out %al, $0x60\n\t"
#define END		"out %al, $0xee\n\t"

#define SET_CR0(set, clear)	"mov %cr0, %eax\n\t and $~" #clear ", %eax\n\t" \
	"or $" #set ", %eax\n\t mov %eax, %cr0\n\t"
#define SET_EFER(value)		"mov $0xc0000080, %ecx\n\t mov $" #value ", %eax\n\t" \
	"xor %edx, %edx\n\t wrmsr\n\t"
#define DATA_SEGMENTS(selector)	"mov $" #selector ", %ecx\n\t mov %ecx, %ds\n\t" \
	"mov %ecx, %es\n\t mov %ecx, %ss\n\t"

/* Real mode to protected mode, and back to real mode with segments of 4 GiB. */
GUEST_CODE(big_real, 16,
	SET_CR0(1, 0) "mov $0x10, %bx\n\t mov %bx, %ds\n\t mov %bx, %es\n\t" SET_CR0(0, 1)
	"mov $0x17ff0, %ebx\n\t mov (%ebx), %eax\n\t mov %eax, %es:4(%ebx)\n\t"
	"mov $0x18000, %ebx\n\t"
	"mov (%ebx), %edx\n\t mov $0x8000000, %ebx\n\t mov %eax, (%ebx)\n\t add %edx, -4(%ebx)\n\t"
	"int $0x21\n\t push %ds\n\t mov $0x1100, %cx\n\t mov %cx, %ds\n\t mov 0x10, %esi\n\t"
	"mov $0xfffe, %ebx\n\t mov %eax, (%ebx)\n\t pop %ds\n\t mov $0x10000, %ebx\n\t"
	"mov (%ebx), %edi");

GUEST_CODE(real_and_back, 16,
	"cli\n\t" SET_CR0(1, 0) "ljmpl $0x08, $" AT(real_and_back, "1f") "\n\t"
	".code32\n\t 1:" DATA_SEGMENTS(0x10) REPORT(1) "mov 0x10000, %eax\n\t"
	"ljmp $0x20, $" AT(real_and_back, "2f") "\n\t"
	".code16\n\t 2:" REPORT(2) DATA_SEGMENTS(0xd0) SET_CR0(0, 1)
	"ljmp $0, $" AT(real_and_back, "3f") "\n\t"
	"3: xor %cx, %cx\n\t mov %cx, %ds\n\t mov %cx, %es\n\t mov %cx, %ss\n\t" REPORT(3)
	"int $0x22\n\t mov 0xf000, %eax");

/* The whole way: real, protected, PAE, compatibility, 64-bit, and all of it back. */
GUEST_CODE(real_to_long, 16,
	"cli\n\t lidtl %cs:" AT(real_to_long, "7f") "\n\t" SET_CR0(1, 0)
	"ljmpl $0x08, $" AT(real_to_long, "1f") "\n\t"
	".code32\n\t 1:" DATA_SEGMENTS(0x10) REPORT(1)
	"mov $0x620, %eax\n\t mov %eax, %cr4\n\t mov $0xc000, %eax\n\t mov %eax, %cr3\n\t"
	SET_CR0(0x80000000, 0) REPORT(2) "mov 0x24000, %esi\n\t mov 0x22000, %edi\n\t"
	SET_CR0(0, 0x80000000) "mov $0x6000, %eax\n\t mov %eax, %cr3\n\t" SET_EFER(0x100)
	SET_CR0(0x80000000, 0) REPORT(3) "mov %eax, 0x23000\n\t"
	"ljmp $0x18, $" AT(real_to_long, "2f") "\n\t"
	".code64\n\t 2:" REPORT(4) "int3\n\t mov 0x24008, %rbp\n\t lea 0x3000(%rip), %r8\n\t"
	"push $0x08\n\t push $" AT(real_to_long, "3f") "\n\t lretq\n\t"
	".code32\n\t 3:" REPORT(5) SET_CR0(0, 0x80000000) SET_EFER(0) REPORT(6)
	"mov $0x600, %eax\n\t mov %eax, %cr4\n\t ljmp $0x20, $" AT(real_to_long, "4f") "\n\t"
	".code16\n\t 4:" DATA_SEGMENTS(0xd0) SET_CR0(0, 1) "ljmp $0, $" AT(real_to_long, "5f")
	"\n\t"
	"5: xor %cx, %cx\n\t mov %cx, %ds\n\t mov %cx, %ss\n\t"
	"lidtl %cs:" AT(real_to_long, "8f") "\n\t"
	REPORT(7) "int $0x23\n\t" END
	"7: .word 767\n\t .long 0x5200\n\t 8: .word 0x3ff\n\t .long 0\n\t");

/* Compatibility mode to 64-bit mode and back, by far jumps, calls and returns. */
GUEST_CODE(compat_and_long, 32,
	"ljmp $0x18, $" AT(compat_and_long, "1f") "\n\t"
	".code64\n\t 1:" REPORT(1) "movabs $0x123456789a, %rbx\n\t mov %rbx, %cr2\n\t"
	"push $0x08\n\t"
	"push $" AT(compat_and_long, "2f") "\n\t lretq\n\t"
	".code32\n\t 2:" REPORT(2) "lcall $0x18, $" AT(compat_and_long, "3f") "\n\t" REPORT(4)
	"inc %ebx\n\t"
	"lcall $0xa0, $0\n\t" END
	".code64\n\t 3:" REPORT(3) "mov %cs, %edx\n\t lretl");

/* Ring 0 to ring 3 by IRET, and back through an interrupt gate. */
GUEST_CODE(ring_3, 32,
	"push $0x3b\n\t push $0xfff0\n\t push $0x3202\n\t push $0x33\n\t"
	"push $" AT(ring_3, "1f") "\n\t iret\n\t"
	".p2align 4, 0x90\n\t 1: mov %cs, %eax\n\t out %al, $0x60\n\t mov %ss, %ecx\n\t"
	"int $0x21\n\t int3" STEP
	"cli" STEP "mov %cr3, %eax" STEP "mov $0x10, %edx\n\t mov %edx, %ds" STEP
	"mov %ds, %edx\n\t"
	"lcall $0xa3, $0x1234");
GUEST_CODE(ring_3_64, 64,
	"push $0x3b\n\t push $0xfff0\n\t push $0x3202\n\t push $0x43\n\t"
	"push $" AT(ring_3_64, "1f") "\n\t iretq\n\t"
	".p2align 4, 0x90\n\t 1: mov %cs, %eax\n\t out %al, $0x60\n\t mov %ss, %ecx\n\t"
	"int $0x21\n\t int3" STEP
	"cli" STEP "mov %cr3, %rax" STEP "mov $0x10, %edx\n\t mov %edx, %ds" STEP
	"mov %ds, %edx\n\t"
	"lcall *" AT(ring_3_64, "2f") STEP "2: .long 0x1234\n\t .word 0xa3");

/* A call gate with a stack of its own, back by RETF, and segments that ring 3 must not keep. */
static void gate_to_code(struct machine *machine, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	__u16 *gate = (__u16 *)(machine->vm.mem + GDT + SEL_GATE);

	(void)sregs;
	(void)regs;
	/* Two parameters are copied, in a 32-bit gate. */
	gate[0] = CODE + 0x100;
	if (machine->program->mode == USER32)
		gate[2] |= 2;
}

GUEST_CODE(call_gate_32, 32,
	"push $0x1111\n\t push $0x2222\n\t lcall $0xa3, $0\n\t" REPORT(2) "mov %ds, %ecx\n\t"
	"mov %es, %edx\n\t" END
	".org call_gate_32_start + 0x100, 0x90\n\t"
	REPORT(1) "mov $0x10, %ecx\n\t mov %ecx, %es\n\t mov 12(%esp), %esi\n\t str %edi\n\t"
	"lret $8");
GUEST_CODE(call_gate_64, 64,
	"lcall *0x1040\n\t" REPORT(2) "mov %ds, %ecx\n\t mov %es, %edx\n\t" END
	".org call_gate_64_start + 0x40, 0x90\n\t .long 0\n\t .word 0xa3\n\t"
	".org call_gate_64_start + 0x100, 0x90\n\t"
	REPORT(1) "mov $0x10, %ecx\n\t mov %ecx, %es\n\t mov %ss, %esi\n\t lretq");

/* Protected mode to virtual-8086 mode; there I/O, an interrupt, a fault; and out by a gate. */
static void gate_2e_to_code(struct machine *machine, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	(void)sregs;
	(void)regs;
	*(__u16 *)(machine->vm.mem + IDT32 + 0x2e * 8) = CODE + 0x200;
}

GUEST_CODE(to_v86, 32,
	"push $0x1800\n\t push $0x1200\n\t push $0x1000\n\t push $0x1000\n\t push $0\n\t"
	"push $0xfff0\n\t"
	"push $0x23202\n\t push $0\n\t push $0x1080\n\t iret\n\t"
	".org to_v86_start + 0x80, 0x90\n\t .code16\n\t"
	REPORT(1) "mov 0x100, %eax\n\t mov %gs:0, %ebx\n\t pushf\n\t int $0x21\n\t" STEP "hlt" STEP
	"mov %cr0, %eax" STEP "mov $0x1000, %ecx\n\t mov %cx, %fs\n\t popf\n\t sti\n\t"
	"int $0x2e\n\t"
	".org to_v86_start + 0x200, 0x90\n\t .code32\n\t"
	REPORT(2) "mov %ds, %ecx\n\t mov %cs, %edx\n\t mov (%esp), %esi\n\t mov 8(%esp), %edi");

/* The LDT, and far transfers through it. */
GUEST_CODE(ldt, 32,
	"mov $0x70, %eax\n\t lldt %ax\n\t mov $0x14, %ecx\n\t mov %ecx, %gs\n\t"
	"mov %gs:0x10000, %edx\n\t"
	"ljmp $0x0c, $" AT(ldt, "1f") "\n\t .p2align 4, 0x90\n\t 1:" REPORT(1)
	"mov $0x1c, %ecx\n\t mov %ecx, %gs" STEP "mov $0x24, %ecx\n\t mov %ecx, %gs" STEP
	"sldt %esi" STEP
	"mov $0x48, %eax\n\t lldt %ax" STEP "mov $0x74, %eax\n\t lldt %ax" STEP
	"mov $0, %eax\n\t lldt %ax" STEP
	"mov %cs, %ebp\n\t lcall $0x08, $0x2000");
GUEST_CODE(ldt_64, 64,
	"mov $0x70, %eax\n\t lldt %ax\n\t mov $0x14, %ecx\n\t mov %ecx, %gs" STEP
	"mov $0x48, %eax\n\t lldt %ax" STEP "mov $0x90, %ecx\n\t ltr %cx" STEP "str %edx" STEP
	"mov $0x80, %ecx\n\t ltr %cx" STEP "xor %ecx, %ecx\n\t ltr %cx" STEP "lldt %cx\n\t"
	"sldt %esi");
GUEST_CODE(task_register, 32,
	"mov $0x90, %ecx\n\t ltr %cx" STEP "str %edx" STEP "mov $0x90, %ecx\n\t ltr %cx" STEP
	"mov $0x48, %ecx\n\t ltr %cx" STEP "xor %ecx, %ecx\n\t ltr %cx" STEP
	"mov $0xfff0, %ecx\n\t ltr %cx");

/* Far transfers that fail. */
GUEST_CODE(far_faults, 32,
	"ljmp $0x10, $0x2000" STEP "ljmp $0, $0x2000" STEP "ljmp $0x50, $0x2000" STEP
	"ljmp $0x33, $0x2000" STEP
	"lcall $0xc0, $0" STEP "lcall $0xe0, $0" STEP "lcall $0x70, $0" STEP "ljmp $0x48, $0" STEP
	"push $0x3b\n\t push $0xfff0\n\t push $0x2\n\t push $0x23\n\t push $0x2000\n\t iret" STEP
	"push $2\n\t push $0x50\n\t push $0x2000\n\t iret" STEP "add $0x18, %esp\n\t"
	"push $0x33\n\t push $0x2000\n\t lret" STEP
	"push $0x10\n\t push $0x3b\n\t push $0x2000\n\t lret $4" STEP "ljmp $0xb0, $0x2000");
GUEST_CODE(far_faults_64, 64,
	"push $0x10\n\t push $0x2000\n\t lretq" STEP "push $0\n\t push $0x2000\n\t lretq" STEP
	"push $0x50\n\t push $0x2000\n\t lretq" STEP "push $0x20\n\t push $2\n\t push $0x18\n\t"
	"mov $1, %ebx\n\t shl $47, %rbx\n\t"
	"push %rbx\n\t iretq" STEP "mov $0xe000, %esp\n\t push $0x10\n\t push $0xe100\n\t"
	"push $2\n\t push $0x10\n\t push $0x2000\n\t iretq"
	STEP "mov $0xe000, %esp\n\t push $0\n\t push $0xe100\n\t push $2\n\t push $0x18\n\t"
	"push $0x2000\n\t iretq");

/* Code that changes: DEC becomes INC, RET, INT3. */
GUEST_CODE(self_modifying_jump, 32,
	"mov $0x10100, %ebx\n\t movl $0xc3484848, (%ebx)\n\t mov $0x1000, %eax\n\t"
	"call *%ebx\n\t movb $0x40, (%ebx)\n\t"
	"call *%ebx\n\t movb $0x40, 1(%ebx)\n\t movl $0xc3c3c340, 2(%ebx)\n\t call *%ebx\n\t"
	"movb $0xcc, (%ebx)\n\t call *%ebx");

static const struct program programs[] = {
	ROW(big_real, REAL), ROW(real_and_back, REAL), ROW(real_to_long, REAL),
	ROW(compat_and_long, COMPAT), ROW(ring_3, PROT32), ROW(ring_3, PAGED), ROW(ring_3, PAE),
	ROW(ring_3, COMPAT), ROW(ring_3_64, LONG),
	ROW(call_gate_32, USER32, .prepare = gate_to_code),
	ROW(call_gate_64, USER64, .prepare = gate_to_code),
	ROW(to_v86, PROT32, .prepare = gate_2e_to_code),
	ROW(to_v86, PAGED, .prepare = gate_2e_to_code),
	ROW(to_v86, PAE, .prepare = gate_2e_to_code), ROW(ldt, PROT32), ROW(ldt, PAE),
	ROW(ldt, COMPAT),
	ROW(ldt_64, LONG), ROW(task_register, PROT32), ROW(task_register, COMPAT),
	ROW(far_faults, PROT32), ROW(far_faults, PAGED), ROW(far_faults, COMPAT),
	ROW(far_faults_64, LONG),
	ROW(self_modifying_jump, PROT32), ROW(self_modifying_jump, PAE),
	ROW(self_modifying_jump, COMPAT),
};

PROGRAM_LIST(programs_modes, programs);
