/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test machine's boot loader, an option ROM for Bochs.
 *
 * The BIOS calls it after it has set up memory, interrupts and the ACPI tables, and before it
 * looks for something to boot. It takes over for good: asks the BIOS for the memory map, enters
 * protected mode, has load() (load.c) read the uncompressed kernel from the disk, enters long mode
 * and jumps to the kernel by the 64-bit boot protocol (Documentation/arch/x86/boot.rst).
 * Decompressing a stock kernel image takes three quarters of a boot in an emulator; this avoids it.
 */
#include "loader.h"

	.section .head, "ax"
	.code16
rom:
	.byte	0x55, 0xaa, ROM_SECTORS
	cli
	cld
	xorl	%eax, %eax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$STACK_TOP, %esp

	/* The memory map: INT 15h, AX=E820h gives one range of 20 bytes a call. */
	movl	%eax, E820_COUNT
	movl	$E820_MAP, %edi
	xorl	%ebx, %ebx
next_range:
	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$0x534d4150, %edx		/* "SMAP" */
	int	$0x15
	jc	map_done
	addw	$20, %di
	incl	E820_COUNT
	testl	%ebx, %ebx
	jnz	next_range
map_done:
	cli

	/* Open address line 20, or every odd megabyte would alias the one below it. */
	inb	$0x92, %al
	orb	$2, %al
	outb	%al, $0x92

	lgdtl	%cs:(gdt_pointer - rom)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	movw	$0x18, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	call	load				/* returns the kernel's entry point */
	movl	%eax, %ebp
	movl	%edx, %esi			/* and in EDX where boot_params is */

	/* Long mode wants paging; load() has filled tables that map the first 4 GiB to themselves. */
	movl	%cr4, %eax
	orl	$0x20, %eax			/* CR4.PAE */
	movl	%eax, %cr4
	movl	$PAGE_TABLES, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx		/* EFER */
	rdmsr
	orl	$0x100, %eax			/* EFER.LME */
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax		/* CR0.PG */
	movl	%eax, %cr0
	ljmpl	$0x10, $long_mode

	.code64
long_mode:
	/* The protocol: CS 0x10, DS, ES, SS 0x18, interrupts off, RSI boot_params. */
	movl	%esi, %esi
	movl	%ebp, %eax
	jmp	*%rax

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff		/* 0x08: 32-bit code */
	.quad	0x00af9a000000ffff		/* 0x10: 64-bit code */
	.quad	0x00cf92000000ffff		/* 0x18: data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.section .note.GNU-stack, "", @progbits
