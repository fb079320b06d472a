/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hello16.S - a guest in real mode, loaded and started like a boot sector: at 0000:7C00.
 *
 *	minivmx run --trace hello16
 *
 * The CPU runs this with CR0.PE and CR0.PG clear although VMX operation once required both
 * to be set. The control "unrestricted guest" lifts that rule, and EPT alone translates
 * its addresses.
 */
#include "guest.h"

	.code16
	.globl	start
start:
	print	greeting
	exit	0

	PRINT_FUNCTIONS

	.section .rodata
greeting:
	.asciz	"Hello from a 16-bit guest!\n"
