/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pvh.S - a kernel that a note gives a 32-bit entry point, PVH: prints its command line, its
 * memory and its module on COM1.
 *
 *	minivmx run --append "any text" --initrd FILE pvh
 *
 * The file is an ELF64, as Linux's vmlinux is, but its code here stays in protected mode. EBX
 * points to Xen's struct hvm_start_info (public/arch-x86/hvm/start_info.h). It ends with 1 if
 * it does not.
 */
#include "guest.h"
#include "kernel.h"

#define NOTE_PHYS32_ENTRY	18
#define START_MAGIC		0x336ec578

#define INFO_NR_MODULES		12
#define INFO_MODLIST		16
#define INFO_CMDLINE		24
#define INFO_MEMMAP		40
#define INFO_MEMMAP_ENTRIES	48
#define MODULE_SIZE		8
#define RANGE_SIZE		24		/* address, size, type, reserved */

	.code32
	.globl	start
start:
	cmpl	$START_MAGIC, (%ebx)
	jne	no_loader
	mov	$stack_end, %esp

	mov	$text_command_line, %esi
	call	com1_string
	mov	INFO_CMDLINE(%ebx), %esi
	call	com1_string

	/* The last range is the memory above 1 MiB; its end is the memory's. */
	mov	$text_memory, %esi
	call	com1_string
	imul	$RANGE_SIZE, INFO_MEMMAP_ENTRIES(%ebx), %esi
	add	INFO_MEMMAP(%ebx), %esi
	mov	-RANGE_SIZE(%esi), %eax
	add	8 - RANGE_SIZE(%esi), %eax
	shr	$20, %eax
	call	com1_number

	mov	$text_module, %esi
	call	com1_string
	xor	%eax, %eax
	cmpl	$0, INFO_NR_MODULES(%ebx)
	je	1f
	mov	INFO_MODLIST(%ebx), %esi
	mov	MODULE_SIZE(%esi), %eax
1:	call	com1_number

	mov	$text_end, %esi
	call	com1_string
	exit	0
no_loader:
	exit	1

	PRINT_COM1_FUNCTIONS

	.section .rodata
text_command_line:
	.asciz	"pvh: command line \""
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

	.section .note.Xen, "a", @note
	.p2align 2
	.long	4, 4, NOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	start
