/* SPDX-License-Identifier: GPL-2.0 */
/*
 * task-switch.S - an exit without a handler: what `minivmx run` says about one.
 *
 *	minivmx run --mode protected task-switch	(status 4)
 *
 * A far jump to a task-state segment switches tasks, which no CPU does in a guest: it always exits
 * (SDM reason 9), and the hypervisor would have to do all of it. minivmx hands the exit to the
 * tool, with its name, qualification and the guest's registers.
 */
#include "guest.h"

#define TSS_SELECTOR	0x18

	.globl	start
start:
	lgdt	gdt_pointer
	ljmp	$TSS_SELECTOR, $0
	exit	0

	.section .rodata
	.p2align 3
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* code, as at the start */
	.quad	0x00cf93000000ffff	/* data */
	.quad	0x0000890000000067	/* a 32-bit task-state segment, available, at address 0 */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
