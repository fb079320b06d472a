/* SPDX-License-Identifier: GPL-2.0 */
/*
 * multiboot.S - a multiboot kernel: prints its command line, its memory and its module on COM1.
 *
 *	minivmx run --append "any text" --initrd FILE multiboot
 *
 * It looks at what its boot loader left in EAX and EBX, as "Multiboot Specification version
 * 0.6.96", 3.2 and 3.3, has it: offsets into the information are those of the table there. It
 * ends with 1 if the loader is none.
 */
#include "guest.h"
#include "kernel.h"

#define HEADER_MAGIC	0x1badb002
#define HEADER_FLAGS	3		/* modules at pages, and the memory's size */
#define LOADER_MAGIC	0x2badb002

#define INFO_MEM_UPPER	8
#define INFO_CMDLINE	16
#define INFO_MODS_COUNT	20
#define INFO_MODS_ADDR	24

	.globl	start
start:
	cmp	$LOADER_MAGIC, %eax
	jne	no_loader
	mov	$stack_end, %esp

	mov	$text_command_line, %esi
	call	com1_string
	mov	INFO_CMDLINE(%ebx), %esi
	call	com1_string

	mov	$text_memory, %esi
	call	com1_string
	mov	INFO_MEM_UPPER(%ebx), %eax
	shr	$10, %eax
	inc	%eax				/* the first MiB is not in it */
	call	com1_number

	mov	$text_module, %esi
	call	com1_string
	xor	%eax, %eax
	cmpl	$0, INFO_MODS_COUNT(%ebx)
	je	1f
	mov	INFO_MODS_ADDR(%ebx), %esi
	mov	4(%esi), %eax			/* its end */
	sub	(%esi), %eax			/* its start */
1:	call	com1_number

	mov	$text_end, %esi
	call	com1_string
	exit	0
no_loader:
	exit	1

	PRINT_COM1_FUNCTIONS

	.section .rodata
	.p2align 2
	.long	HEADER_MAGIC, HEADER_FLAGS, -(HEADER_MAGIC + HEADER_FLAGS)
text_command_line:
	.asciz	"multiboot: command line \""
text_memory:
	.asciz	"\", memory in MiB "
text_module:
	.asciz	", module in bytes "
text_end:
	.asciz	"\n"

	.bss
	.p2align 2
	.skip	1024
stack_end:
