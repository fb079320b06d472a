/* SPDX-License-Identifier: GPL-2.0 */
/*
 * idle.S - halts with interrupts on, where none comes: for ever.
 *
 *	minivmx run --timeout 5 idle
 */
	.globl	start
start:
	sti
1:	hlt
	jmp	1b
