/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - what the guests share that are small kernels: printing on COM1. All of it is for
 * 32-bit protected mode, in which multiboot and PVH start a kernel.
 */
#define COM1		0x3f8
#define COM1_STATUS	(COM1 + 5)
#define COM1_THR_EMPTY	0x20

/* Prints what ESI points to, up to the NUL. Changes AL, DX and ESI. */
.macro PRINT_COM1_FUNCTIONS
com1_string:
	cld
1:	lodsb
	test	%al, %al
	jz	2f
	call	com1_char
	jmp	1b
2:	ret

com1_char:
	push	%eax
	mov	$COM1_STATUS, %edx
1:	in	%dx, %al
	test	$COM1_THR_EMPTY, %al
	jz	1b
	pop	%eax
	mov	$COM1, %edx
	out	%al, %dx
	ret

/* Prints EAX in decimal. Changes EAX, ECX and EDX. */
com1_number:
	mov	$10, %ecx
	xor	%edx, %edx
	div	%ecx
	push	%edx
	test	%eax, %eax
	jz	1f
	call	com1_number
1:	pop	%eax
	add	$'0', %al
	jmp	com1_char
.endm
