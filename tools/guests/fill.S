/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fill.S - writes to each page of the memory from 2 MiB to 34 MiB, and to no other.
 *
 *	minivmx run --mem 512 fill
 */
#include "guest.h"

#define FIRST	(2 << 20)
#define END	(34 << 20)
#define PAGE	4096

	.globl	start
start:
	mov	$FIRST, %edi
1:	movb	$1, (%rdi)
	add	$PAGE, %edi
	cmp	$END, %edi
	jb	1b
	exit	0
