// SPDX-License-Identifier: GPL-2.0
/*
 * handlers.c - the exception handlers of the guests: report, then go on at the next step.
 *
 * One set for 64-bit, 32-bit and 16-bit code, each with a 16-byte stub for each vector. The
 * reports are OUTs (PORT_VECTOR, ...). A fault returns to the next multiple of 16; a trap or an
 * interrupt (vectors 1 to 4, and from 32 on) to where it came from.
 */
#include <string.h>

#include "differential.h"

/* Vectors for which the CPU pushes an error code: 8, 10 to 14, 17. */
#define STUBS								\
	".set vector, 0\n"						\
	".rept 48\n\t"							\
	".p2align 4\n\t"						\
	".if !((0x27d00 >> vector) & 1)\n\t push $0\n\t .endif\n\t"	\
	"push $vector\n\t"						\
	"jmp 9f\n\t"							\
	".set vector, vector + 1\n\t"					\
	".endr\n"							\
	"9:\t"

GUEST_CODE(handlers64, 64,
	STUBS
	"push %rax\n\t"
	"mov 8(%rsp), %eax\n\t shl $24, %eax\n\t or 16(%rsp), %eax\n\t out %eax, $0xe0\n\t"
	"mov 24(%rsp), %rax\n\t out %eax, $0xe2\n\t"
	"mov 8(%rsp), %eax\n\t cmp $14, %eax\n\t jne 1f\n\t"
	"mov %cr2, %rax\n\t out %eax, $0xe4\n\t"
	"1: mov 8(%rsp), %eax\n\t cmp $32, %eax\n\t jae 2f\n\t"
	"dec %eax\n\t cmp $3, %eax\n\t jbe 2f\n\t"
	"orq $15, 24(%rsp)\n\t incq 24(%rsp)\n\t"
	"2: pop %rax\n\t add $16, %rsp\n\t iretq");

GUEST_CODE(handlers32, 32,
	STUBS
	"push %eax\n\t"
	"mov 4(%esp), %eax\n\t shl $24, %eax\n\t or 8(%esp), %eax\n\t out %eax, $0xe0\n\t"
	"mov 12(%esp), %eax\n\t out %eax, $0xe2\n\t"
	"mov 4(%esp), %eax\n\t cmp $14, %eax\n\t jne 1f\n\t"
	"mov %cr2, %eax\n\t out %eax, $0xe4\n\t"
	"1: mov 4(%esp), %eax\n\t cmp $32, %eax\n\t jae 2f\n\t"
	"dec %eax\n\t cmp $3, %eax\n\t jbe 2f\n\t"
	"orl $15, 12(%esp)\n\t incl 12(%esp)\n\t"
	"2: pop %eax\n\t add $8, %esp\n\t iret");

/* Real mode knows no error codes, so the stubs' own zero is wrong for no vector but those. */
GUEST_CODE(handlers16, 16,
	".set vector, 0\n"
	".rept 48\n\t"
	".p2align 4\n\t push $vector\n\t jmp 9f\n\t"
	".set vector, vector + 1\n\t"
	".endr\n"
	"9:\t push %bp\n\t mov %sp, %bp\n\t push %ax\n\t"
	"mov 2(%bp), %ax\n\t out %ax, $0xe0\n\t"
	"mov 4(%bp), %ax\n\t out %ax, $0xe2\n\t"
	"mov 2(%bp), %ax\n\t cmp $32, %ax\n\t jae 2f\n\t"
	"dec %ax\n\t cmp $3, %ax\n\t jbe 2f\n\t"
	"orw $15, 4(%bp)\n\t incw 4(%bp)\n\t"
	"2: pop %ax\n\t pop %bp\n\t add $2, %sp\n\t iretw");

#define HANDLERS64	HANDLERS
#define HANDLERS32	(HANDLERS + 0x400)
#define HANDLERS16	(HANDLERS + 0x800)

static __u64 interrupt_gate(__u64 offset, __u16 selector)
{
	/* DPL 3, so that software interrupts work everywhere. SDM 3A "IDT Descriptors". */
	return (offset & 0xffff) | (__u64)selector << 16 | 0xee00ULL << 32 |
	       (offset >> 16 & 0xffff) << 48;
}

void write_handlers(__u8 *memory)
{
	memcpy(memory + HANDLERS64, handlers64_start, handlers64_end - handlers64_start);
	memcpy(memory + HANDLERS32, handlers32_start, handlers32_end - handlers32_start);
	memcpy(memory + HANDLERS16, handlers16_start, handlers16_end - handlers16_start);
	for (unsigned int vector = 0; vector < VECTORS; vector++) {
		__u64 *wide = (__u64 *)(memory + IDT64 + vector * 16);

		*(__u64 *)(memory + IDT32 + vector * 8) =
			interrupt_gate(HANDLERS32 + vector * 16, SEL_CODE32);
		wide[0] = interrupt_gate(HANDLERS64 + vector * 16, SEL_CODE64);
		wide[1] = 0;
	}
	for (unsigned int vector = 0; vector < 256; vector++)
		*(__u32 *)(memory + IVT + vector * 4) =
			HANDLERS16 + (vector < VECTORS ? vector : VECTORS - 1) * 16;
}
