/* SPDX-License-Identifier: GPL-2.0 */
/*
 * com1.S - prints through a PC's first serial port as a boot loader would, by polling.
 *
 *	minivmx run --trace com1
 *
 * Two exits for each character: an IN that asks whether the transmitter is free, and the OUT. A device
 * that answered 0 would hold this guest in its loop for ever, so the tool's port always says "free".
 */
#include "guest.h"

#define COM1		0x3f8
#define LINE_CONTROL	(COM1 + 3)
#define LINE_STATUS	(COM1 + 5)
#define DIVISOR_ACCESS	0x80		/* LCR.DLAB: COM1 and COM1 + 1 are the baud rate's divisor */
#define EIGHT_BITS	0x03
#define TRANSMITTER_FREE 0x20

.macro write port, value
	mov	$\port, %edx
	mov	$\value, %al
	out	%al, %dx
.endm

	.globl	start
start:
	write	LINE_CONTROL, DIVISOR_ACCESS
	write	COM1, 1			/* 115200 baud; must not be printed */
	write	COM1 + 1, 0
	write	LINE_CONTROL, EIGHT_BITS
	mov	$greeting, %esi
next:
	lodsb
	test	%al, %al
	jz	done
	mov	%al, %bl
	mov	$LINE_STATUS, %edx
wait:
	in	%dx, %al
	test	$TRANSMITTER_FREE, %al
	jz	wait
	mov	$COM1, %edx
	mov	%bl, %al
	out	%al, %dx
	jmp	next
done:
	exit	0

	.section .rodata
greeting:
	.asciz	"Hello through the serial port!\n"
