/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmcall.S - an exit without a handler: what `minivmx run` says about one.
 *
 *	minivmx run vmcall			(status 4)
 *
 * VMCALL (SDM reason 18) always exits; it is how a guest calls its hypervisor. Where no call is
 * defined, the kernel hands the exit to the tool, with its name, length and the guest's registers. A
 * hypervisor that defines calls answers it with an error instead, and the guest goes on: status 0.
 */
#include "guest.h"

	.globl	start
start:
	mov	$0x1234, %eax		/* no call of anybody's */
	vmcall
	exit	0
