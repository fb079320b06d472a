/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hello.S - the first guest to read: 64-bit code that prints a line and asks for an exit.
 *
 *	minivmx run --trace hello
 *
 * Each byte written to a port is one VM exit (SDM reason 30, "I/O instruction") that goes
 * through the kernel to the tool and back. CPUID exits too (reason 10), but the kernel
 * answers that one itself, so the trace does not show it.
 */
#include "guest.h"

	.globl	start
start:
	print	greeting
	xor	%eax, %eax
	cpuid
	exit	0

	PRINT_FUNCTIONS

	.section .rodata
greeting:
	.asciz	"Hello from a 64-bit guest!\n"
