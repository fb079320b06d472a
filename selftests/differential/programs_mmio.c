// SPDX-License-Identifier: GPL-2.0
/*
 * programs_mmio.c - instructions whose memory is nowhere: reads, writes, both, strings, edges.
 *
 * The page tables are memory that is compared, so the accessed and dirty bits are too.
 */
#include "differential.h"

#define F(instruction)	instruction "\n\t pushf\n\t"

CODE_ALL(mmio_moves,
	"mov $M, %ebx\n\t mov (%ebx), %al\n\t mov 2(%ebx), %cx\n\t mov 4(%ebx), %edx\n\t"
	"mov 9(%ebx), %ch\n\t mov %al, 16(%ebx)\n\t mov %ch, 17(%ebx)\n\t mov %cx, 18(%ebx)\n\t"
	"mov %edx, 20(%ebx)\n\t movb $0x12, 24(%ebx)\n\t movw $0x3456, 26(%ebx)\n\t"
	"movl $0x789abcde, 28(%ebx)\n\t movzbl 1(%ebx), %esi\n\t movzwl 3(%ebx), %edi\n\t"
	"movsbl 5(%ebx), %ebp\n\t movswl 7(%ebx), %eax\n\t movsbw 9(%ebx), %dx\n\t"
	"movzbw (%ebx), %cx\n\t"
	"movnti %eax, 32(%ebx)\n\t"
	"mov $4, %esi\n\t mov 6(%ebx,%esi,8), %eax\n\t mov %eax, -4(%ebx,%esi)");
CODE_16_32(mmio_moffs, "mov M + 1, %al\n\t mov M + 2, %ax\n\t mov M + 4, %eax\n\t"
	"mov %al, M + 9\n\t mov %ax, M + 10\n\t mov %eax, M + 12");

CODE_ALL(mmio_arithmetic,
	"mov $M, %ebx\n\t mov $0x40506070, %eax\n\t"
	F("add %eax, (%ebx)") F("or 4(%ebx), %eax") F("adc %al, 8(%ebx)") F("sbb 12(%ebx), %ax")
	F("and %ah, 16(%ebx)") F("sub 20(%ebx), %eax") F("xor %ax, 24(%ebx)")
	F("cmp %eax, 28(%ebx)")
	F("cmp 32(%ebx), %al") F("addl $0x12345678, 36(%ebx)") F("orb $0x80, 40(%ebx)")
	F("adcw $-2, 44(%ebx)") F("sbbl $5, 48(%ebx)") F("cmpw $0x1234, 52(%ebx)")
	F("test %eax, 56(%ebx)") F("testb $0x55, 60(%ebx)") F("testl $0x55aa55aa, 64(%ebx)")
	F("notl 68(%ebx)") F("negw 72(%ebx)") F("incb 76(%ebx)") F("decl 80(%ebx)"));

CODE_ALL(mmio_exchange,
	"mov $M, %ebx\n\t mov $0x40506070, %eax\n\t mov $0x01020304, %ecx\n\t"
	F("xchg %eax, (%ebx)") F("xchg %ch, 4(%ebx)") F("lock xchg %cx, 8(%ebx)")
	F("cmpxchg %ecx, 12(%ebx)") F("lock cmpxchg %cl, 16(%ebx)") F("xadd %eax, 20(%ebx)")
	F("lock xadd %cx, 24(%ebx)") F("lock addl $7, 28(%ebx)") F("lock decw 32(%ebx)")
	F("lock notb 36(%ebx)") F("lock negl 40(%ebx)") F("lock andb %al, 44(%ebx)"));

CODE_ALL(mmio_bits,
	"mov $M + 0x100, %ebx\n\t mov $37, %ecx\n\t"
	F("btl $5, (%ebx)") F("btsl $36, 4(%ebx)") F("btrw $9, 8(%ebx)") F("btcl $31, 12(%ebx)")
	F("bt %ecx, (%ebx)") F("bts %cx, (%ebx)") F("lock btr %ecx, (%ebx)") F("btc %ecx, (%ebx)")
	"mov $-70, %ecx\n\t" F("bts %ecx, (%ebx)") F("bt %cx, (%ebx)"));

#define MMIO_STRINGS(direction)							\
	direction "\n\t mov $D + 0x101, %esi\n\t mov $M + 0x40, %edi\n\t"	\
	"movsb\n\t movsw\n\t movsl\n\t stosb\n\t stosw\n\t stosl\n\t"		\
	F("scasb") F("scasw") F("scasl") F("cmpsb") F("cmpsl")			\
	"mov $3, %ecx\n\t rep movsw\n\t mov $4, %ecx\n\t rep stosl\n\t"	\
	"mov $M + 0x80, %esi\n\t mov $D + 0x300, %edi\n\t"			\
	"lodsb\n\t lodsw\n\t lodsl\n\t movsb\n\t movsl\n\t mov $5, %ecx\n\t rep movsl\n\t"	\
	F("cmpsw") "mov $3, %ecx\n\t rep lodsw\n\t mov $0, %ecx\n\t rep movsb\n\t"	\
	"mov $M + 0xc0, %esi\n\t mov $M + 0x200, %edi\n\t movsw\n\t mov $3, %ecx\n\t" \
	"rep movsl\n\t" \
	"mov $9, %ecx\n\t" F("repne scasb") "mov $9, %ecx\n\t" F("repe cmpsb") \
	"mov $2, %ecx\n\t rep stosb"
CODE_ALL(mmio_strings, MMIO_STRINGS("cld"));
CODE_ALL(mmio_strings_down, MMIO_STRINGS("std"));

/* From memory into the hole, and in paged modes from one page into another. */
#define MMIO_EDGE(address)							\
	"mov $" address ", %ebx\n\t mov -1(%ebx), %ax\n\t mov -3(%ebx), %edx\n\t"	\
	"mov %edx, -2(%ebx)\n\t mov %cx, -1(%ebx)\n\t" F("add %eax, -1(%ebx)")	\
	F("lock xadd %eax, -3(%ebx)") "movzwl -1(%ebx), %esi\n\t"			\
	"lea -5(%ebx), %esi\n\t mov $D + 0x400, %edi\n\t mov $9, %ecx\n\t rep movsb\n\t"	\
	"lea -6(%ebx), %edi\n\t mov $3, %ecx\n\t rep stosl\n\t"
CODE_ALL(mmio_edge, MMIO_EDGE("E"));
CODE_32(mmio_edges, MMIO_EDGE("0x24000") MMIO_EDGE("0x25000") MMIO_EDGE("0x19000"));
CODE_64(mmio_edges, MMIO_EDGE("0x24000") MMIO_EDGE("0x25000") MMIO_EDGE("0x19000")
	"mov -5(%rbx), %rax\n\t mov %rax, -3(%rbx)\n\t add %rax, -7(%rbx)");

/* A write where the memory is read-only for the guest. */
CODE_ALL(mmio_read_only_slot,
	"mov $0x1f00, %ebx\n\t mov %ss:(%ebx), %eax\n\t mov %eax, %ss:4(%ebx)\n\t"
	"incl %ss:8(%ebx)\n\t"
	"mov %ss:8(%ebx), %ecx\n\t xchg %cl, %ss:12(%ebx)\n\t movw $5, %ss:14(%ebx)\n\t"
	"mov %eax, %ss:0x1ffe");
CODE_32(mmio_read_only_strings, "mov $0x1f00, %edi\n\t mov $0x10000, %esi\n\t mov $5, %ecx\n\t"
	"rep movsl\n\t stosb\n\t mov $3, %ecx\n\t rep stosw\n\t mov $0x3ffe, %edi\n\t"
	"mov $4, %ecx\n\t rep stosb");

CODE_ALL(mmio_segments,
	"mov $0x7ffe, %ebx\n\t mov %gs:(%ebx), %al\n\t mov $M, %ebx\n\t mov %es:(%ebx), %ax\n\t"
	"mov %eax, %es:4(%ebx)\n\t mov $0x8000, %ebx\n\t mov %fs:(%ebx), %al" STEP
	"mov %al, %fs:(%ebx)" STEP);
/* Sixteen-bit addresses: they wrap, and BP means SS. */
CODE_16(mmio_addresses,
	"mov $0x9000, %bx\n\t mov $0xf010, %si\n\t mov %ax, (%bx, %si)\n\t mov $0x7000, %di\n\t"
	"mov (%bx, %di), %ax" STEP "mov 0x1234(%bx), %cx\n\t mov -3(%bx), %dx\n\t"
	"mov %dl, 0xff00\n\t"
	"mov $0xfffe, %bx\n\t mov %ax, (%bx)\n\t mov %eax, (%bx)" STEP "mov %eax, -2(%bx)\n\t"
	"mov $0x12345678, %esi\n\t mov $0xc00, %ebp\n\t mov %ax, %ds:0x7800(%ebp)\n\t nop");
CODE_64(mmio_wide,
	"movabs $0x24000, %r12\n\t mov (%r12), %rax\n\t mov %rax, 8(%r12)\n\t"
	"movq $-5, 16(%r12)\n\t"
	"movslq 24(%r12), %r9\n\t movzwq 3(%r12), %r10\n\t movsbq 5(%r12), %r11\n\t"
	"mov %r15b, 6(%r12)\n\t"
	"mov %spl, 7(%r12)\n\t" F("add %r8, 32(%r12)") F("xchg %r14, 40(%r12)")
	F("lock cmpxchg %rcx, 48(%r12)")
	F("btsq $63, 56(%r12)") F("sub 64(%r12), %rdx") "mov %eax, 0x23000(%rip)\n\t"
	"mov 0x23000(%rip), %r13\n\t"
	"mov %gs:0x10, %rsi\n\t mov %r13, %gs:0x18\n\t movabs 0x24100, %rax\n\t"
	"movabs %rax, 0x24108\n\t"
	"movnti %rax, 72(%r12)\n\t lea 0x200(%r12), %rdi\n\t stosq\n\t mov $3, %ecx\n\t"
	"rep stosq\n\t"
	"mov $0x24300, %esi\n\t lodsq\n\t movsq\n\t addr32 mov (%r12d), %ebx");

/* Faults that the walk of the page tables finds, on the way to a device or not. */
#define MMIO_FAULTS								\
	"mov $0x24000, %esi\n\t mov $0x26000, %edi\n\t movsl" STEP		\
	"mov $0x24000, %esi\n\t mov $0x1fffe, %edi\n\t mov $3, %ecx\n\t rep movsw" STEP	\
	"mov $0x20ffe, %esi\n\t mov $0x24000, %edi\n\t movsw" STEP		\
	"mov $0x24ff0, %edi\n\t mov $0x400000, %esi\n\t rep movsb" STEP	\
	"mov $0x22000, %esi\n\t mov $0x24010, %edi\n\t mov $2, %ecx\n\t rep movsl" STEP
CODE_32(mmio_faults, MMIO_FAULTS);
CODE_64(mmio_faults, MMIO_FAULTS);

/* What is left of the flags, and what the device sees, when the other operand faults. */
CODE_16(mmio_compare_fault, "mov $0x8000, %esi\n\t mov $0xfffb, %edi\n\t mov $9, %ecx\n\t"
	"repne cmpsw" STEP);
CODE_16(mmio_move_fault, "mov $0xc000, %esi\n\t mov $0xffff, %edi\n\t movsw" STEP);

static const struct program programs[] = {
	ROW(mmio_compare_fault_16, REAL), ROW(mmio_move_fault_16, REAL),
	ROWS_ALL(mmio_moves), ROWS_16(mmio_moffs), ROWS_32(mmio_moffs), ROWS_ALL(mmio_arithmetic),
	ROWS_ALL(mmio_exchange), ROWS_ALL(mmio_bits), ROWS_ALL(mmio_strings),
	ROWS_ALL(mmio_strings_down), ROWS_ALL(mmio_edge), ROWS_PAGED(mmio_edges),
	ROWS_64(mmio_edges),
	ROWS_ALL(mmio_read_only_slot), ROWS_32(mmio_read_only_strings), ROWS_ALL(mmio_segments),
	ROWS_16(mmio_addresses), ROWS_64(mmio_wide), ROWS_PAGED(mmio_faults), ROWS_64(mmio_faults),
};

PROGRAM_LIST(programs_mmio, programs);
