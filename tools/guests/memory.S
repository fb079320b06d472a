/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.S - writes a pattern to every page of the guest's memory, then checks all of them.
 *
 *	minivmx run --mem 256 memory
 *
 * At the start no page has an EPT entry. The first touch of each is an EPT violation (SDM reason 48);
 * the kernel finds the page of the process behind it and enters it in the EPT, and the guest
 * notices nothing. `minivmx run` passes the size of the memory in RDI.
 */
#include "guest.h"

#define FIRST_PAGE	0x200000	/* the first that neither image nor stack nor tables use */
#define LAST_QWORD	0xff8
#define PATTERN		0x5aa5c33c	/* with the page's address: no two pages hold the same */

	.globl	start
start:
	mov	%rdi, %r12
	and	$~0xfff, %r12		/* the end */
	mov	$PATTERN, %r13d
	print	writing
	mov	$FIRST_PAGE, %ebx
write:
	cmp	%r12, %rbx
	jae	check_all
	mov	%rbx, %rax
	xor	%r13, %rax
	mov	%rax, (%rbx)
	mov	%rax, LAST_QWORD(%rbx)
	add	$0x1000, %rbx
	jmp	write

check_all:
	print	checking
	xor	%ebp, %ebp		/* pages checked */
check:					/* backwards: another order than they were filled in */
	cmp	$FIRST_PAGE, %rbx
	jbe	good
	sub	$0x1000, %rbx
	mov	%rbx, %rax
	xor	%r13, %rax
	cmp	%rax, (%rbx)
	jne	bad
	cmp	%rax, LAST_QWORD(%rbx)
	jne	bad
	inc	%ebp
	jmp	check

good:
	print	pages_are
	mov	%ebp, %edx
	call	print_hex
	print	newline
	exit	0

bad:
	print	bad_page
	mov	%ebx, %edx
	call	print_hex
	print	newline
	exit	1

	PRINT_FUNCTIONS
	PRINT_HEX_FUNCTION

	.section .rodata
writing:
	.asciz	"writing every page\n"
checking:
	.asciz	"checking every page\n"
pages_are:
	.asciz	"good pages: 0x"
bad_page:
	.asciz	"wrong contents at 0x"
newline:
	.asciz	"\n"
