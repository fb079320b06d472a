/* SPDX-License-Identifier: GPL-2.0 */
/*
 * guest.h - what the bundled guests share: ports, ending, printing. The code is the same in
 * real, protected and long mode; the assembler picks the encodings.
 *
 * Each guest defines its own `start`, and expands PRINT_FUNCTIONS once behind its code.
 */
#define DEBUG_PORT	0xe9
#define EXIT_PORT	0xf4

/* Ends the run; `minivmx run` exits with this status. */
.macro exit status
	mov	$\status, %al
	out	%al, $EXIT_PORT
.endm

/* Prints the NUL-terminated string at this label. Changes AL and ESI. */
.macro print label
	mov	$\label, %esi
	call	print_string
.endm

.macro PRINT_FUNCTIONS
print_string:
	lodsb
	test	%al, %al
	jz	1f
	out	%al, $DEBUG_PORT
	jmp	print_string
1:	ret
.endm

/* Prints EDX as 8 hexadecimal digits. Changes EAX, ECX and EDX. */
.macro PRINT_HEX_FUNCTION
print_hex:
	mov	$8, %ecx
1:	rol	$4, %edx
	mov	%edx, %eax
	and	$0xf, %al
	add	$'0', %al
	cmp	$'9', %al
	jbe	2f
	add	$'a' - '9' - 1, %al
2:	out	%al, $DEBUG_PORT
	dec	%ecx
	jnz	1b
	ret
.endm
