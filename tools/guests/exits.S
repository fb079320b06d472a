/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exits.S - provokes one exit of each kind, and prints its name before it: where it stops,
 * the last name is the exit that nobody handles.
 *
 *	minivmx run --trace exits
 *
 * Those that the trace does not show (CPUID, EPT violation) are handled in the kernel. HLT
 * comes last: no device of `minivmx run` could wake the guest, so that ends the run.
 */
#include "guest.h"

#define ABSENT_PORT	0x278		/* no device: writes vanish, reads are all ones */
#define UNTOUCHED	0x300000	/* memory that nothing has used yet */

	.globl	start
start:
	print	cpuid_name
	xor	%eax, %eax
	cpuid

	print	out_name
	mov	$ABSENT_PORT, %edx
	mov	$0x12345678, %eax
	out	%al, %dx
	out	%ax, %dx
	out	%eax, %dx

	print	in_name
	mov	$ABSENT_PORT, %edx
	xor	%eax, %eax
	in	%dx, %al
	cmp	$0xff, %eax		/* a byte IN leaves the rest of RAX alone */
	jne	failed
	in	%dx, %ax
	cmp	$0xffff, %eax
	jne	failed
	in	%dx, %eax
	mov	$0xffffffff, %ecx	/* 32-bit results clear the upper half */
	cmp	%rcx, %rax
	jne	failed

	print	ept_name
	cmpq	$0, UNTOUCHED		/* new memory reads as zero */
	jne	failed
	movq	$1, UNTOUCHED
	cmpq	$1, UNTOUCHED
	jne	failed

	print	hlt_name
	hlt

failed:
	print	failed_text
	exit	1

	PRINT_FUNCTIONS

	.section .rodata
cpuid_name:
	.asciz	"CPUID\n"
out_name:
	.asciz	"I/O instruction: OUT of 1, 2 and 4 bytes\n"
in_name:
	.asciz	"I/O instruction: IN of 1, 2 and 4 bytes\n"
ept_name:
	.asciz	"EPT violation\n"
hlt_name:
	.asciz	"HLT\n"
failed_text:
	.asciz	"wrong result\n"
