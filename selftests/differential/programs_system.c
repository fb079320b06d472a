// SPDX-License-Identifier: GPL-2.0
/*
 * programs_system.c - control registers, MSRs, and the instructions that a hypervisor answers.
 */
#include "differential.h"

/* Registers by their width: R(a) is %eax or %rax. */
#define R16(name)	"%e" name
#define R32(name)	"%e" name
#define R64(name)	"%r" name
#define WIDTHS(name, CODE)							\
	GUEST_CODE(name##_16, 16, CODE(R16)); GUEST_CODE(name##_32, 32, CODE(R32));	\
	GUEST_CODE(name##_64, 64, CODE(R64))
#define ROWS_RING_0(name, ...)							\
	ROW(name##_16, REAL, ##__VA_ARGS__), ROW(name##_16, PROT16, ##__VA_ARGS__),	\
	ROW(name##_32, PROT32, ##__VA_ARGS__), ROWS_PAGED(name, ##__VA_ARGS__),	\
	ROW(name##_64, LONG, ##__VA_ARGS__)

#define TO_CR(R, number, value)		"mov $" #value ", " R("ax") "\n\t mov " R("ax") \
	", %cr" #number STEP
#define FROM_CR(R, number, to)		"mov %cr" #number ", " R(to) STEP

/* CR0: bits that go, bits that don't go, bits that are not there. */
#define CR0_CODE(R)								\
	FROM_CR(R, 0, "bx") "xor $0x10002a, %ebx\n\t mov " R("bx") ", %cr0" STEP \
	FROM_CR(R, 0, "cx") \
	"xor $0x20, %ebx\n\t mov " R("bx") ", %cr0" STEP FROM_CR(R, 0, "dx")	\
	"mov %ebx, %esi\n\t or $0x60000000, %esi\n\t mov " R("si") ", %cr0" STEP \
	FROM_CR(R, 0, "dx") \
	"mov %ebx, %esi\n\t or $0x20000000, %esi\n\t and $0xbfffffff, %esi\n\t mov " R("si") \
	", %cr0" STEP \
	"mov %ebx, %esi\n\t xor $0x1ff8ffc0, %esi\n\t mov " R("si") ", %cr0" STEP \
	FROM_CR(R, 0, "di") \
	"mov %ebx, %esi\n\t and $0x6fffffff, %esi\n\t or $0x80000000, %esi\n\t" \
	"and $-2, %esi\n\t mov " R("si") ", %cr0" STEP \
	"mov " R("bx") ", %cr0" STEP "clts" STEP FROM_CR(R, 0, "bp") "smsw %edx\n\t" \
	"push %dx" STEP \
	"mov $0xe, %eax\n\t lmsw %ax" STEP "smsw %dx\n\t push %dx" STEP			\
	"push %ax\n\t mov $0xeffe, %ebx\n\t movw $0x2, %ss:(%ebx)\n\t lmsw %ss:(%ebx)" STEP	\
	"smsw %ss:-2(%ebx)" STEP "fnop" STEP "clts\n\t fnop" STEP FROM_CR(R, 0, "di")
WIDTHS(cr0, CR0_CODE);
GUEST_CODE(cr0_wide, 64,
	"mov %cr0, %rbx\n\t bts $32, %rbx\n\t mov %rbx, %cr0" STEP "mov %cr0, %rax\n\t"
	"and $~1, %rax\n\t mov %rax, %cr0" STEP
	"mov %cr0, %rax\n\t btr $31, %rax\n\t mov %rax, %cr0" STEP "mov %cr4, %rax\n\t"
	"and $~0x20, %rax\n\t mov %rax, %cr4" STEP
	"mov %cr0, %r15\n\t mov %r15, %cr0\n\t mov %rsp, %rbp\n\t mov %cr0, %rsp\n\t"
	"xchg %rsp, %rbp" STEP
	"mov %cr8, %rdx\n\t mov $9, %eax\n\t mov %rax, %cr8\n\t mov %cr8, %rsi" STEP
	"mov $0x10, %eax\n\t mov %rax, %cr8" STEP
	"mov %cr8, %r9\n\t mov $15, %r10d\n\t mov %r10, %cr8" STEP);
/* Bits 63:4 are reserved. */
GUEST_CODE(cr8_high, 64, "mov $1, %eax\n\t shl $63, %rax\n\t mov %rax, %cr8" STEP);

/* The write-protect bit at work. */
CODE_32(write_protect,
	"mov $0x26000, %ebx\n\t mov %eax, (%ebx)" STEP "mov %cr0, %eax\n\t"
	"and $~0x10000, %eax\n\t mov %eax, %cr0" STEP
	"mov %eax, 4(%ebx)" STEP "or $0x10000, %eax\n\t mov %eax, %cr0" STEP
	"mov %eax, 8(%ebx)" STEP);

#define CR3_CODE(R)								\
	FROM_CR(R, 3, "bx") "mov " R("bx") ", " R("si") "\n\t or $0x18, %esi\n\t mov " R("si") \
	", %cr3" STEP \
	FROM_CR(R, 3, "cx") "mov " R("bx") ", " R("si") "\n\t or $0x7, %esi\n\t mov " R("si") \
	", %cr3" STEP \
	FROM_CR(R, 3, "dx") "mov " R("bx") ", %cr3" STEP				\
	"mov $0x12345678, %eax\n\t mov " R("ax") ", %cr2\n\t mov %cr2, " R("di") STEP \
	"invlpg %ss:0x1234" STEP
WIDTHS(cr3, CR3_CODE);
GUEST_CODE(cr3_wide, 64,
	"mov %cr3, %rbx\n\t mov %rbx, %rax\n\t bts $50, %rax\n\t mov %rax, %cr3" STEP
	"mov %cr3, %rcx" STEP
	"mov %rbx, %rax\n\t bts $63, %rax\n\t mov %rax, %cr3" STEP "mov %cr3, %rdx" STEP
	"mov %rbx, %rax\n\t bts $41, %rax\n\t mov %rax, %cr3" STEP "mov %rbx, %cr3" STEP
	"mov $-1, %rax\n\t mov %rax, %cr2\n\t mov %cr2, %rsi");
/* Page tables that change under the CPU, with INVLPG, with CR3, and where nothing was cached. */
GUEST_CODE(page_table_change, 64,
	"mov 0x10000, %eax\n\t movq $0x11067, 0x9080\n\t invlpg 0x10000\n\t mov 0x10000, %ebx\n\t"
	"movq $0x12067, 0x9080\n\t mov %cr3, %rax\n\t mov %rax, %cr3\n\t mov 0x10000, %ecx\n\t"
	"mov 0x15000, %edx\n\t movq $0, 0x90a8\n\t invlpg 0x15000\n\t mov 0x15000, %edx" STEP
	"movq $0x15005, 0x90a8\n\t mov 0x15000, %edx\n\t mov %eax, 0x15000" STEP
	"movq $0x187, 0x8008\n\t mov 0x200010, %esi\n\t mov %eax, 0x210020\n\t"
	"mov $1, %eax\n\t shl $63, %rax\n\t or %rax, 0x9088\n\t invlpg 0x11000\n\t"
	"mov 0x11000, %edi" STEP
	"movq $0x13067, 0x9088\n\t btsq $62, 0x9088\n\t mov 0x11000, %ebp");

#define CR4_CODE(R)								\
	FROM_CR(R, 4, "bx") "mov " R("bx") ", " R("si") "\n\t xor $0x38f, %esi\n\t" \
	"mov " R("si") ", %cr4" STEP \
	FROM_CR(R, 4, "cx") "mov " R("bx") ", " R("si") "\n\t or $0x2000, %esi\n\t" \
	"mov " R("si") ", %cr4" STEP \
	"mov " R("bx") ", " R("si") "\n\t or $0x1000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x8000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x80000000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x40, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x4, %esi\n\t mov " R("si") ", %cr4" STEP \
	FROM_CR(R, 4, "dx") \
	"mov " R("bx") ", " R("si") "\n\t or $0x4000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x20000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x400000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", " R("si") "\n\t or $0x100000, %esi\n\t mov " R("si") ", %cr4" STEP	\
	"mov " R("bx") ", %cr4" STEP FROM_CR(R, 4, "di")
WIDTHS(cr4, CR4_CODE);

/* Optional bits of CR4, each on its own: supported or not, both must agree. */
#define CR4_BIT(bit)	"mov %cr4, %eax\n\t btc $" #bit ", %eax\n\t mov %eax, %cr4" STEP \
	"mov %cr4, %eax\n\t mov %al, %dl" STEP
CODE_32(cr4_bits, CR4_BIT(11) CR4_BIT(16) CR4_BIT(17) CR4_BIT(18) CR4_BIT(19) CR4_BIT(23)
	CR4_BIT(24) CR4_BIT(31)
	"mov %cr4, %ebx");

/* ---------------------------------------------------------------------------- MSRs */

#define READ(msr)	"mov $" #msr ", %ecx\n\t rdmsr\n\t push %ax\n\t mov %edx, %ebp" STEP
#define WRITE(msr, high, low) \
	"mov $" #msr ", %ecx\n\t mov $" #low ", %eax\n\t mov $" #high ", %edx\n\t" STEP "wrmsr" STEP
#define BOTH(msr, high, low)	READ(msr) WRITE(msr, high, low) READ(msr)

CODE_ALL(msr_sysenter, BOTH(0x174, 0, 0x8) BOTH(0x175, 0, 0xe000) BOTH(0x176, 0, 0x1000)
	WRITE(0x174, 1, 0x18)
	READ(0x174) WRITE(0x175, 0x8000, 0) READ(0x175) WRITE(0x176, 0xffff8000, 0x1234)
	READ(0x176));
CODE_ALL(msr_syscall, BOTH(0xc0000081, 0x00300018, 5) BOTH(0xc0000082, 0, 0x1080)
	BOTH(0xc0000083, 0, 0x1080)
	BOTH(0xc0000084, 0, 0x47700) WRITE(0xc0000082, 0x8000, 0) READ(0xc0000082)
	WRITE(0xc0000083, 0x8000, 0) READ(0xc0000084));
GUEST_CODE(msr_fmask_high, 64, WRITE(0xc0000084, 1, 0) READ(0xc0000084));
CODE_ALL(msr_bases, READ(0xc0000100) READ(0xc0000101) BOTH(0xc0000102, 0, 0x5000)
	WRITE(0xc0000102, 0x8000, 0)
	WRITE(0xc0000100, 0x10000, 0) WRITE(0xc0000101, 0xffff8000, 0) READ(0xc0000101)
	READ(0xc0000102));
CODE_ALL(msr_efer, READ(0xc0000080) WRITE(0xc0000080, 0, 0x1) READ(0xc0000080)
	WRITE(0xc0000080, 0, 0x801) READ(0xc0000080)
	WRITE(0xc0000080, 0, 0x2) WRITE(0xc0000080, 1, 0) WRITE(0xc0000080, 0, 0x500)
	READ(0xc0000080)
	WRITE(0xc0000080, 0, 0x400) READ(0xc0000080) WRITE(0xc0000080, 0, 0x1000)
	WRITE(0xc0000080, 0, 0x4000));
CODE_ALL(msr_pat, BOTH(0x277, 0x00070106, 0x00070106) WRITE(0x277, 0, 2) WRITE(0x277,
	0x08000000, 0) READ(0x277));
CODE_ALL(msr_unknown, READ(0x5) BOTH(0xdead, 1, 2) BOTH(0xc0001234, 0, 0)
	BOTH(0x40000999, 0, 0) READ(0x480) READ(0x12345678)
	BOTH(0xffffffff, 0, 0) READ(0x38) READ(0x9f));
CODE_ALL(msr_apic, READ(0x1b) WRITE(0x1b, 0, 0xfee00100) READ(0x1b) READ(0x800) READ(0x808)
	WRITE(0x808, 0, 0));
CODE_ALL(msr_aux, BOTH(0xc0000103, 0, 0x1234) WRITE(0xc0000103, 1, 0) READ(0xc0000103));
CODE_ALL(msr_debug, BOTH(0x1d9, 0, 1) WRITE(0x1d9, 0, 0x4000) WRITE(0x1d9, 0, 0xc0) READ(0x1d9)
	WRITE(0x1d9, 0, 0));
CODE_ALL(msr_mtrr, READ(0xfe) BOTH(0x2ff, 0, 0xc06) WRITE(0x2ff, 0, 0x7) BOTH(0x200, 0, 6)
	BOTH(0x201, 0, 0x800) BOTH(0x250, 0x06060606, 0)
	READ(0x26f) BOTH(0x258, 0, 2));
CODE_ALL(msr_machine_check, READ(0x179) READ(0x17a) READ(0x400) READ(0x401) WRITE(0x401, 0, 0)
	WRITE(0x401, 0, 1));
CODE_ALL(msr_platform, READ(0x17) READ(0x8b) WRITE(0x8b, 0, 0) READ(0x2a) READ(0xcd) READ(0xce)
	READ(0x198) READ(0x1a0) READ(0x3a)
	READ(0x10a) READ(0x48) READ(0x140) READ(0xc0010015) READ(0xc001001f) READ(0x4b564d00)
	READ(0x33) READ(0x606) READ(0x611)
	READ(0x1b0) READ(0x199) READ(0x19c) READ(0xc0010117));
CODE_ALL(msr_counters, READ(0xc1) READ(0x186) WRITE(0x186, 0, 0) READ(0x38d) READ(0x38f)
	READ(0x345) "xor %ecx, %ecx\n\t rdpmc" STEP
	"mov $0x40000000, %ecx\n\t rdpmc" STEP);
CODE_ALL(msr_tsc, "rdtsc\n\t mov $0, %eax\n\t mov $0, %edx\n\t mov $0x10, %ecx\n\t rdmsr\n\t"
	"xor %eax, %eax\n\t xor %edx, %edx" STEP);
GUEST_CODE(msr_tsc_adjust, 64, BOTH(0x3b, 0, 0) BOTH(0x6e0, 0, 0));

/* ----------------------------------------------- what traps, is absent, or does nothing */

CODE_ALL(no_operations,
	"invd" STEP "wbinvd" STEP "pause\n\t mfence\n\t lfence\n\t sfence" STEP
	"prefetcht0 (%ebx)\n\t nopw (%ebx)" STEP
	"clflush (%esp)" STEP "wbnoinvd" STEP);
CODE_ALL(absent_instructions,
	"monitor" STEP "mwait" STEP "getsec" STEP "rsm" STEP "encls" STEP "enclu" STEP
	"pconfig" STEP
	".byte 0x0f, 0x01, 0xcf" STEP ".byte 0x0f, 0x01, 0xca" STEP ".byte 0x0f, 0x01, 0xcb" STEP
	".byte 0x0f, 0x01, 0xef" STEP ".byte 0x0f, 0x01, 0xd4" STEP
	".byte 0xf3, 0x0f, 0xc7, 0xf8" STEP
	"rdtscp\n\t xor %eax, %eax\n\t xor %edx, %edx\n\t xor %ecx, %ecx" STEP
	".byte 0xc6, 0xf8, 0" STEP "xtest" STEP "xend" STEP);
/* Hypercalls that nobody has, and one that KVM has. */
CODE_ALL(hypercall,
	"mov $0x1234, %eax\n\t vmcall" STEP "mov %eax, %esi\n\t mov $-1, %eax\n\t vmcall" STEP);
GUEST_CODE(hypercall_kick, 64, "mov $5, %eax\n\t vmcall" STEP);
CODE_ALL(vmx_instructions,
	".byte 0x0f, 0x01, 0xc2" STEP ".byte 0x0f, 0x01, 0xc3" STEP
	".byte 0x0f, 0x01, 0xc4" STEP	/* VMLAUNCH, VMRESUME, VMXOFF */
	"vmptrld (%ebx)" STEP "vmptrst (%ebx)" STEP "vmclear (%ebx)" STEP "vmxon (%ebx)" STEP
	".byte 0x0f, 0x78, 0xc0" STEP ".byte 0x0f, 0x79, 0xc0" STEP);
CODE_32(invalidations, ".byte 0x66, 0x0f, 0x38, 0x80, 0x03" STEP
	".byte 0x66, 0x0f, 0x38, 0x81, 0x03" STEP
	".byte 0x66, 0x0f, 0x38, 0x82, 0x03" STEP);
CODE_64(invalidations, ".byte 0x66, 0x0f, 0x38, 0x80, 0x03" STEP
	".byte 0x66, 0x0f, 0x38, 0x81, 0x03" STEP
	"mov $0x10000, %ebx\n\t movq $0, (%rbx)\n\t movq $0, 8(%rbx)\n\t mov $2, %eax\n\t"
	".byte 0x66, 0x0f, 0x38, 0x82, 0x03" STEP);
/* XCR0 without CR4.OSXSAVE, and with it, where the CPU has it. */
#define XCR(R)									\
	"xor %ecx, %ecx\n\t xgetbv" STEP "xsetbv" STEP "mov %cr4, " R("ax") "\n\t" \
	"bts $18, %eax\n\t mov " R("ax") ", %cr4" STEP \
	"xor %ecx, %ecx\n\t xgetbv\n\t push %ax" STEP "mov $3, %eax\n\t xor %edx, %edx\n\t" \
	"xsetbv" STEP "mov $7, %eax\n\t xsetbv" STEP \
	"xgetbv\n\t push %ax" STEP "mov $2, %eax\n\t xsetbv" STEP "mov $5, %eax\n\t" \
	"xsetbv" STEP "mov $0, %eax\n\t xsetbv" STEP \
	"mov $3, %eax\n\t mov $1, %edx\n\t xsetbv" STEP "xor %edx, %edx\n\t mov $1, %ecx\n\t" \
	"xsetbv" STEP "mov $1, %ecx\n\t xgetbv" STEP \
	"mov $0x18, %ecx\n\t xgetbv" STEP "mov $1, %eax\n\t xor %ecx, %ecx\n\t cpuid\n\t" \
	"push %cx" STEP \
	"mov $0xd, %eax\n\t xor %ecx, %ecx\n\t cpuid\n\t push %bx\n\t mov $1, %eax\n\t" \
	"xor %edx, %edx\n\t xor %ecx, %ecx\n\t xsetbv" STEP \
	"mov %cr4, " R("ax") "\n\t btr $18, %eax\n\t mov " R("ax") ", %cr4" STEP \
	"mov $1, %eax\n\t cpuid\n\t push %cx"
WIDTHS(xcr0, XCR);

/* ------------------------------------------------------------------- fast system calls */

CODE_32(sysenter,
	"sysenter" STEP WRITE(0x174, 0, 0x20) WRITE(0x175, 0, 0xe000) WRITE(0x176, 0, 0x1180)
	"push $0x3b\n\t push $0xfff0\n\t push $0x3202\n\t push $0x33\n\t push $0x1160\n\t iret\n\t"
	".org sysenter_32_start + 0x160, 0x90\n\t sysenter\n\t"
	".org sysenter_32_start + 0x180, 0x90\n\t mov %cs, %esi\n\t mov %ss, %edi\n\t pushf\n\t"
	"mov $0x11b0, %edx\n\t mov $0xff00, %ecx\n\t sti\n\t sysexit\n\t"
	".org sysenter_32_start + 0x1b0, 0x90\n\t mov %cs, %ebx\n\t mov %ss, %ebp\n\t"
	"out %al, $0x61\n\t sysexit" STEP);
CODE_64(sysenter,
	"sysenter" STEP WRITE(0x174, 0, 0x20) WRITE(0x175, 0, 0xe000) WRITE(0x176, 0, 0x1180)
	"push $0x3b\n\t push $0xfff0\n\t push $0x3202\n\t push $0x43\n\t push $0x1160\n\t iretq\n\t"
	".org sysenter_64_start + 0x160, 0x90\n\t sysenter\n\t"
	".org sysenter_64_start + 0x180, 0x90\n\t mov %cs, %esi\n\t mov %ss, %edi\n\t pushf\n\t"
	"mov $0x11b0, %edx\n\t mov $0xff00, %ecx\n\t sti\n\t rex.w sysexit\n\t"
	".org sysenter_64_start + 0x1b0, 0x90\n\t mov %cs, %ebx\n\t mov %ss, %ebp\n\t"
	"out %al, $0x61\n\t sysexitl" STEP);
CODE_64(syscall,
	"syscall" STEP WRITE(0xc0000080, 0, 0x501) WRITE(0xc0000081, 0x00330018, 0)
	WRITE(0xc0000082, 0, 0x1200)
	WRITE(0xc0000084, 0, 0x3200) "push $0x3b\n\t push $0xfff0\n\t push $0x3a02\n\t"
	"push $0x43\n\t push $0x11c0\n\t iretq\n\t"
	".org syscall_64_start + 0x1c0, 0x90\n\t syscall\n\t pushf\n\t mov %cs, %ebx\n\t"
	"mov %ss, %ebp\n\t out %al, $0x61\n\t sysretq" STEP
	"jmp 1f\n\t .org syscall_64_start + 0x200, 0x90\n\t mov %cs, %esi\n\t mov %ss, %edi\n\t"
	"pushf\n\t pop %rax\n\t"
	"mov %rcx, %r14\n\t mov %r11, %r15\n\t mov %r11, %r12\n\t sysretq\n\t 1: nop");
CODE_64(swapgs,
	WRITE(0xc0000102, 0, 0x10000) "swapgs\n\t mov %gs:8, %ebx\n\t" READ(0xc0000101)
	READ(0xc0000102) "swapgs\n\t mov %gs:8, %esi\n\t swapgs\n\t"
	"out %al, $0x62\n\t mov %gs:16, %edi\n\t mov $0xc0000101, %ecx\n\t"
	"mov $0x11000, %eax\n\t xor %edx, %edx\n\t wrmsr\n\t cpuid\n\t swapgs\n\t"
	READ(0xc0000102) "push $0x3b\n\t push $0xfff0\n\t push $0x3002\n\t push $0x43\n\t"
	"push $0x1200\n\t iretq\n\t"
	".org swapgs_64_start + 0x200, 0x90\n\t swapgs" STEP "mov %gs:0, %eax");

static const struct program programs[] = {
	ROWS_RING_0(cr0), ROW(cr0_wide, LONG), ROW(cr8_high, LONG), ROWS_PAGED(write_protect),
	ROWS_RING_0(cr3), ROW(cr3_wide, LONG),
	ROW(page_table_change, LONG), ROWS_RING_0(cr4), ROW(cr4_bits_32, PROT32),
	ROWS_PAGED(cr4_bits),
	ROWS_RING_0(msr_sysenter), ROWS_RING_0(msr_syscall), ROWS_RING_0(msr_bases),
	ROWS_RING_0(msr_efer),
	ROWS_RING_0(msr_pat), ROWS_RING_0(msr_unknown), ROWS_RING_0(msr_apic), ROWS_RING_0(msr_aux),
	ROW(msr_debug_64, LONG), ROW(msr_mtrr_64, LONG), ROW(msr_machine_check_64, LONG),
	ROW(msr_platform_64, LONG),
	ROW(msr_counters_64, LONG), ROWS_RING_0(msr_tsc), ROW(msr_fmask_high, LONG),
	ROW(msr_tsc_adjust, LONG),
	ROWS_ALL(no_operations), ROWS_ALL(absent_instructions),
	ROWS_ALL(vmx_instructions), ROWS_ALL(hypercall), ROW(hypercall_kick, LONG),
	ROWS_32(invalidations), ROWS_64(invalidations), ROWS_RING_0(xcr0),
	ROW(sysenter_32, PROT32), ROW(sysenter_32, PAGED), ROW(sysenter_32, PAE),
	ROW(sysenter_64, LONG), ROW(syscall_64, LONG),
	ROW(swapgs_64, LONG),
};

PROGRAM_LIST(programs_system, programs);
