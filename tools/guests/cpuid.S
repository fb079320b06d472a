/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpuid.S - prints what CPUID tells the guest about its CPU and about who runs it.
 *
 *	minivmx run cpuid
 *
 * CPUID always exits in a guest: no control can switch that off. So the hypervisor answers every leaf,
 * and shows itself where it wants to: leaf 1 sets ECX bit 31, leaf 0x40000000 holds its signature.
 */
#include "guest.h"

#define HYPERVISOR_LEAF	0x40000000

	.globl	start
start:
	print	vendor_is
	xor	%eax, %eax
	cpuid
	mov	%ebx, text		/* EBX, EDX, ECX: the vendor's odd order */
	mov	%edx, text + 4
	mov	%ecx, text + 8
	print	text

	print	features_are
	mov	$1, %eax
	cpuid
	mov	%ecx, %ebp
	mov	%ecx, %edx
	call	print_hex

	bt	$31, %ebp		/* "a hypervisor is present": never set by a CPU */
	jnc	no_hypervisor
	print	hypervisor_is
	mov	$HYPERVISOR_LEAF, %eax
	cpuid
	mov	%ebx, text
	mov	%ecx, text + 4
	mov	%edx, text + 8
	print	text
	jmp	done
no_hypervisor:
	print	hypervisor_hides
done:
	print	newline
	exit	0

	PRINT_FUNCTIONS
	PRINT_HEX_FUNCTION

	.data
text:
	.skip	13
	.section .rodata
vendor_is:
	.asciz	"vendor            "
features_are:
	.asciz	"\nleaf 1 ECX        0x"
hypervisor_is:
	.asciz	"\nhypervisor        "
hypervisor_hides:
	.asciz	"\nno hypervisor is announced"
newline:
	.asciz	"\n"
