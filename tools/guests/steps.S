/* SPDX-License-Identifier: GPL-2.0 */
/*
 * steps.S - something to look at with gdb: a counter to watch, and two instructions after which
 * the CPU holds interrupts back for one more. Its exit status is a variable, for gdb to set.
 *
 *	minivmx run --gdb :1234 steps		and in gdb:  target remote :1234
 *
 * A single step over MOV SS executes two instructions: the trap of the first is inhibited as the
 * interrupts are, so that a stack switch is never seen half done. After STI only interrupts wait.
 */
#include "guest.h"

#define ROUNDS	3

	.globl	start, again, shadows, stack_switch, finish, counter, status
start:
	mov	$ROUNDS, %ecx
again:
	incl	counter
	loop	again
shadows:
	sti
	nop
	cli
	mov	%ss, %eax
stack_switch:
	mov	%eax, %ss
	nop
	nop
finish:
	print	text
	mov	status, %al
	out	%al, $EXIT_PORT

	PRINT_FUNCTIONS

	.data
	.balign	4
counter:
	.long	0
status:
	.long	0
	.section .rodata
text:
	.asciz	"steps: done\n"
