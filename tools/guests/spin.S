/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spin.S - never ends and never asks for anything; interrupts are enabled.
 *
 *	minivmx run --timeout 2 spin		(status 124)
 *
 * No instruction here exits. What takes the CPU back is the host's own timer interrupt: the control
 * "external-interrupt exiting" makes it an exit (SDM reason 1) whatever the guest's RFLAGS.IF says.
 */
	.globl	start
start:
	sti
1:	jmp	1b
