/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hello32.S - a guest in protected mode without paging: flat 4 GiB segments.
 *
 *	minivmx run --mode protected --trace hello32
 *
 * It reloads its data segments from the GDT in its memory, which proves that the segments it
 * was started with and the table behind them agree. No exit happens there: the CPU walks a
 * guest's descriptor tables by itself.
 */
#include "guest.h"

#define DATA_SELECTOR	0x10

	.code32
	.globl	start
start:
	mov	$DATA_SELECTOR, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	print	greeting
	exit	0

	PRINT_FUNCTIONS

	.section .rodata
greeting:
	.asciz	"Hello from a 32-bit guest!\n"
