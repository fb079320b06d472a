/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmcall.S - VMCALL: how a guest calls its hypervisor.
 *
 *	minivmx run vmcall			(status 0)
 *
 * VMCALL (SDM reason 18) always exits. No call is defined here; as on KVM the answer to an unknown
 * one is -1000 in RAX, and the guest goes on behind the instruction.
 */
#include "guest.h"

	.globl	start
start:
	mov	$0x1234, %eax		/* no call of anybody's */
	vmcall
	cmp	$-1000, %rax
	jne	failed
	exit	0
failed:
	exit	1
