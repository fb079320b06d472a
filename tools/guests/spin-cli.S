/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spin-cli.S - never ends and never asks for anything; interrupts are disabled.
 *
 *	minivmx run --timeout 2 spin-cli	(status 124)
 *
 * On a CPU this ends like spin: a guest's CLI does not hold back the host's interrupts. Bochs 2.7 gets
 * that wrong and hangs, so do not run it there; Bochs 3.0 and hardware are fine.
 */
	.globl	start
start:
	cli
1:	jmp	1b
