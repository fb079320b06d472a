/* SPDX-License-Identifier: GPL-2.0 */
/*
 * triple.S - a triple fault on purpose; `minivmx run` ends with status 3 and the registers.
 *
 *	minivmx run triple
 *
 * UD2 raises #UD. The guest has no interrupt descriptor table (IDT), so delivering it raises #GP, which
 * raises a double fault, whose delivery faults a third time. A PC would reset here; under VMX the
 * third fault is an exit (SDM reason 2). RIP still points at the UD2, because no handler ever ran.
 */
	.globl	start
start:
	mov	$0x600df001, %eax	/* something to find in the printed registers */
	ud2
