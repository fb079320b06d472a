// SPDX-License-Identifier: GPL-2.0
/*
 * programs_basic.c - what needs no hypervisor: arithmetic, flags, strings, the stack, branches.
 *
 * Each in all modes. The flags are pushed after each instruction that sets them: the stack is
 * memory that is compared.
 */
#include "differential.h"

/* One instruction, flags to the stack. */
#define F(instruction)	instruction "\n\t pushf\n\t"

CODE_ALL(arithmetic,
	"mov $0x7fffffff, %eax\n\t mov $0x80000000, %ebx\n\t mov $0x12345678, %ecx\n\t"
	F("add $1, %eax") F("adc %ebx, %eax") F("sub $0x80, %cl") F("sbb %cx, %ax")
	F("and $0xf0f0f0f0, %ecx") F("or %ecx, %eax") F("xor %ah, %al") F("cmp %ebx, %eax")
	F("neg %eax") F("not %ecx") F("inc %bl") F("dec %bx") F("test $0x80, %al")
	F("cmp $-1, %ebx") F("sub %eax, %eax") F("dec %eax") F("adc $0, %eax")
	F("cmc") F("sbb %edx, %edx") F("add %dh, %dl") F("inc %edx") F("neg %dx"));

CODE_ALL(shifts,
	"mov $0x81234567, %eax\n\t mov $0xfedcba98, %edx\n\t mov $33, %cl\n\t"
	F("shl $1, %eax") F("shr $1, %al") F("sar $3, %edx") F("rol $1, %ax") F("ror $1, %dh")
	F("rcl $1, %eax") F("rcr $1, %edx") F("shl %cl, %eax") F("sar %cl, %dx") F("rcl %cl, %al")
	F("shld $1, %eax, %edx") F("shrd %cl, %edx, %eax") F("rol $8, %ax") F("rcr %cl, %dx")
	F("shl $0, %eax") F("shr $31, %edx"));

CODE_ALL(multiply,
	"mov $0x87654321, %eax\n\t mov $0x10001, %ebx\n\t"
	F("mul %ebx") F("imul %bl") F("imul %ebx, %eax") F("imul $-3, %ebx, %ecx")
	F("imul $0x12345, %eax, %esi") F("mul %ax") "cbw\n\t cwd\n\t cdq\n\t cwde\n\t"
	"mov $7, %ecx\n\t mov $3, %edx\n\t mov $100, %eax\n\t div %ecx\n\t"
	"mov $-100, %eax\n\t cdq\n\t idiv %ecx\n\t mov $0x1234, %ax\n\t div %cl");

CODE_ALL(bits,
	"mov $0x00800100, %eax\n\t mov $D + 0x80, %ebx\n\t mov $37, %ecx\n\t"
	F("bt $8, %eax") F("bts %ecx, %eax") F("btr $23, %eax") F("btc $31, %eax")
	F("bts %ecx, (%ebx)") F("btrl $5, (%ebx)") F("btc %cx, (%ebx)") F("bsf %eax, %edx")
	F("bsr %eax, %esi") F("popcnt %eax, %edi") "bswap %eax\n\t setc %dl\n\t setg %dh\n\t"
	"cmovz %eax, %ecx\n\t cmovnz %eax, %esi\n\t movzbl %al, %ebp\n\t movsbw %ah, %cx\n\t"
	"movswl %ax, %edi\n\t xlatb");

#define STRINGS(direction)						\
	direction "\n\t"						\
	"mov $D + 0x100, %esi\n\t mov $D + 0x203, %edi\n\t"		\
	"movsb\n\t movsw\n\t movsl\n\t stosb\n\t stosw\n\t stosl\n\t"	\
	"lodsb\n\t lodsw\n\t lodsl\n\t"					\
	F("cmpsb") F("cmpsw") F("cmpsl") F("scasb") F("scasw") F("scasl")	\
	"mov $9, %ecx\n\t rep movsl\n\t mov $5, %ecx\n\t rep stosw\n\t"	\
	"mov $3, %ecx\n\t rep lodsb\n\t mov $0, %ecx\n\t rep movsb\n\t"	\
	"mov $20, %ecx\n\t" F("repe cmpsb") "push %cx\n\t"		\
	"mov $40, %ecx\n\t" F("repne scasw") "push %cx\n\t"		\
	"mov $30, %ecx\n\t" F("repe scasb") F("repne cmpsl")
CODE_ALL(strings, STRINGS("cld"));
CODE_ALL(strings_down, STRINGS("std"));

CODE_ALL(stack,
	"push $0x1234\n\t push $-1\n\t pushw $0x55\n\t pushf\n\t popf\n\t popw %cx\n\t"
	"push %fs\n\t pop %gs\n\t mov %gs, %dx\n\t enter $32, $0\n\t enter $8, $3\n\t leave\n\t"
	"leave\n\t call 1f\n\t 1: call 2f\n\t jmp 3f\n\t 2: ret\n\t 3: nop");
CODE_16_32(stack_old,
	"pusha\n\t pushal\n\t mov $0, %eax\n\t mov $7, %bp\n\t popal\n\t popa\n\t push %cs\n\t"
	"push %ss\n\t push %ds\n\t pop %es\n\t push %esp\n\t pop %eax");

CODE_ALL(exchange,
	"mov $D + 0x180, %ebx\n\t mov $0x01020304, %eax\n\t mov $0x55667788, %ecx\n\t"
	F("xchg %eax, (%ebx)") F("xadd %ecx, (%ebx)") F("lock xadd %cl, 4(%ebx)")
	F("cmpxchg %ecx, (%ebx)") F("cmpxchg %ecx, (%ebx)") F("lock cmpxchg %cl, 8(%ebx)")
	F("cmpxchg8b 16(%ebx)") "mov %ebx, %esi\n\t mov $1, %ebx\n\t mov $2, %ecx\n\t"
	F("lock cmpxchg8b 16(%esi)") "xchg %ah, %al\n\t xchg %dx, %cx");

CODE_16_32(decimal,
	"mov $0x9a, %al\n\t" F("daa") F("das") F("aaa") F("aas") F("aam") F("aad")
	F("aam $7") F("aad $16") "mov $0xff, %al\n\t" F("daa") F("aaa"));

CODE_ALL(branches,
	"xor %eax, %eax\n\t mov $5, %ecx\n\t 1: add %ecx, %eax\n\t loop 1b\n\t"
	"jecxz 2f\n\t mov $1, %ebx\n\t 2: cmp $15, %eax\n\t je 3f\n\t mov $2, %ebx\n\t"
	"3: js 4f\n\t jo 4f\n\t jp 4f\n\t add $7, %eax\n\t 4: mov $3, %ecx\n\t"
	"5: shl $1, %eax\n\t loopne 5b\n\t jmp 6f\n\t .fill 200, 1, 0xcc\n\t 6: nop");

CODE_ALL(flags,
	"mov $0xd5, %ah\n\t sahf\n\t lahf\n\t" F("clc") F("stc") F("cmc") F("std") F("cld")
	F("sti") F("cli") "pushf\n\t xorw $0x24, (%esp)\n\t popf\n\t" F("nop"));

CODE_ALL(tables,
	"mov $D + 0x100, %ebx\n\t"
	"sgdt (%ebx)" STEP "sidt 16(%ebx)" STEP "sldt %eax" STEP "sldt 32(%ebx)" STEP
	"str %ecx" STEP
	"str 34(%ebx)" STEP "smsw %edx" STEP "smsw 36(%ebx)" STEP
	"mov $0x10, %ecx\n\t lar %cx, %esi\n\t pushf" STEP "lsl %cx, %edi\n\t pushf" STEP
	"verr %cx\n\t pushf" STEP "verw %cx\n\t pushf" STEP
	"mov $0x50, %ecx\n\t lar %cx, %edx\n\t pushf" STEP "mov $0xa0, %ecx\n\t"
	"lar %cx, %ebp\n\t pushf");

CODE_ALL(cpuid,
	"mov $D + 0x100, %esi\n\t xor %edi, %edi\n\t"
	"1: mov %edi, %eax\n\t xor %ecx, %ecx\n\t cpuid\n\t"
	"mov %eax, (%esi)\n\t mov %ebx, 4(%esi)\n\t mov %ecx, 8(%esi)\n\t mov %edx, 12(%esi)\n\t"
	"add $16, %esi\n\t inc %edi\n\t cmp $0x18, %edi\n\t jb 1b\n\t"
	"mov $0x80000000, %edi\n\t 2: mov %edi, %eax\n\t xor %ecx, %ecx\n\t cpuid\n\t"
	"mov %eax, (%esi)\n\t mov %ebx, 4(%esi)\n\t mov %ecx, 8(%esi)\n\t mov %edx, 12(%esi)\n\t"
	"add $16, %esi\n\t inc %edi\n\t cmp $0x8000000a, %edi\n\t jb 2b\n\t"
	"mov $0x40000000, %eax\n\t cpuid\n\t add %edx, %ebx\n\t add %ecx, %ebx\n\t"
	"mov $0x40000001, %eax\n\t cpuid\n\t mov %eax, %ebp\n\t mov $0xd, %eax\n\t"
	"mov $1, %ecx\n\t cpuid");

/* Runs on after each HLT, with interrupts off and on; in ring 3 it is a fault. */
CODE_ALL(halt,
	"hlt" STEP "inc %eax\n\t sti\n\t hlt" STEP "inc %eax\n\t cli\n\t hlt" STEP
	"inc %eax\n\t hlt");

static bool goes_on_after_halt(struct machine *machine, const struct event *event)
{
	(void)machine;
	return event->kind == EVENT_EXIT && event->address == KVM_EXIT_HLT;
}

/* Wide registers, which 32-bit code can't reach. */
CODE_64(wide,
	F("add %r8, %r9") F("adc %r10, %rax") F("imul %r11, %r15") F("mul %r14")
	F("shld $13, %r14, %r15") F("rcr $63, %r12") F("bsr %r15, %rcx") F("bt $63, %r8")
	"bswap %r15\n\t cqo\n\t movslq %r12d, %rsi\n\t mov %r13b, %spl\n\t mov $0xeff0, %rsp\n\t"
	"lea 0x10(%rip), %rdi\n\t mov $0x10100, %ebx\n\t mov %r14, (%rbx)\n\t"
	F("lock cmpxchg16b 16(%rbx)") "movabs 0x10108, %rax\n\t movnti %r15, 0x40(%rbx)\n\t"
	"mov $0x100000000, %rcx\n\t mov %ecx, %ecx\n\t push %rcx\n\t popcnt %r14, %r8\n\t"
	"crc32q %r14, %r9\n\t movbe %r14, 8(%rbx)");

static const struct program programs[] = {
	ROWS_ALL(arithmetic), ROWS_ALL(shifts), ROWS_ALL(multiply), ROWS_ALL(bits),
	ROWS_ALL(strings), ROWS_ALL(strings_down), ROWS_ALL(stack),
	ROWS_16(stack_old), ROWS_32(stack_old), ROWS_ALL(exchange),
	ROWS_16(decimal), ROWS_32(decimal), ROWS_ALL(branches), ROWS_ALL(flags),
	ROWS_ALL(tables), ROWS_ALL(cpuid), ROWS_ALL(halt, .at_exit = goes_on_after_halt),
	ROWS_64(wide),
};

PROGRAM_LIST(programs_basic, programs);
