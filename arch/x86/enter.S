/* SPDX-License-Identifier: GPL-2.0 */
/*
 * enter.S - the one place where guest and host registers meet.
 *
 * VM entry and VM exit switch RIP, RSP, RFLAGS, the control registers and the segments; the other
 * fifteen general registers are ours to switch, by hand. Reached from run.c with interrupts off
 * and our VMCS current; NMIs may come at any instruction and find the host's stack and segments.
 *
 * The order in which things are cleared matters as much as that they are: see the comments.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

#include "arch/x86/regs.h"

#define REG(name)	(VMX_##name * 8)

/* VMCS field encoding of the host's RSP; <asm/vmx.h> has it for C only. */
#define HOST_RSP	0x6c14

.section .rodata
/* VERW clears the CPU's buffers only with a writable data segment as its operand. */
SYM_DATA_LOCAL(verw_selector, .word __KERNEL_DS)

.text

/*
 * vmx_enter - run the guest until it exits
 * @regs (RDI):     u64 regs[VMX_NR_REGS], loaded before and stored after
 * @launched (ESI): VMRESUME instead of VMLAUNCH
 *
 * Returns enum vmx_entry_result.
 *
 * On the stack while the guest runs, from HOST_RSP up: @regs, the caller's RBX, R12 to R15, RBP.
 */
SYM_FUNC_START(vmx_enter)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rdi

	/* The exit comes back with exactly this stack. */
	mov	$HOST_RSP, %eax
	vmwrite	%rsp, %rax
	jbe	.Lrefused

	/* CF = launched. No instruction from here to the jump below changes CF. */
	bt	$0, %esi

	/* From here on RAX is the only way to @regs. */
	mov	%rdi, %rax
	mov	REG(RCX)(%rax), %rcx
	mov	REG(RDX)(%rax), %rdx
	mov	REG(RBX)(%rax), %rbx
	mov	REG(RBP)(%rax), %rbp
	mov	REG(RSI)(%rax), %rsi
	mov	REG(RDI)(%rax), %rdi
	mov	REG(R8)(%rax), %r8
	mov	REG(R9)(%rax), %r9
	mov	REG(R10)(%rax), %r10
	mov	REG(R11)(%rax), %r11
	mov	REG(R12)(%rax), %r12
	mov	REG(R13)(%rax), %r13
	mov	REG(R14)(%rax), %r14
	mov	REG(R15)(%rax), %r15
	/* This load destroys the last pointer to @regs; HOST_RSP leads back to it. */
	mov	REG(RAX)(%rax), %rax

	/* After the last load, so that no buffer holds host data. VERW changes ZF only. */
	ALTERNATIVE "jmp .Lbuffers_clear", "", X86_FEATURE_VERW_BEFORE_ENTRY
	verw	verw_selector(%rip)
.Lbuffers_clear:

	/* The unwinder's view at the exit is the one here. */
	UNWIND_HINT_SAVE
	jnc	.Llaunch
.Lresume:
	vmresume
	jmp	.Lrefused
.Llaunch:
	vmlaunch
	jmp	.Lrefused

	_ASM_EXTABLE(.Lresume, .Lfault)
	_ASM_EXTABLE(.Llaunch, .Lfault)

/*
 * A VM exit continues here. RSP and RIP are the host's; every other general register holds the
 * guest's value, RFLAGS is 2.
 */
SYM_INNER_LABEL_ALIGN(vmx_exit, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR

	push	%rax
	mov	8(%rsp), %rax
	mov	%rcx, REG(RCX)(%rax)
	mov	%rdx, REG(RDX)(%rax)
	mov	%rbx, REG(RBX)(%rax)
	mov	%rbp, REG(RBP)(%rax)
	mov	%rsi, REG(RSI)(%rax)
	mov	%rdi, REG(RDI)(%rax)
	mov	%r8, REG(R8)(%rax)
	mov	%r9, REG(R9)(%rax)
	mov	%r10, REG(R10)(%rax)
	mov	%r11, REG(R11)(%rax)
	mov	%r12, REG(R12)(%rax)
	mov	%r13, REG(R13)(%rax)
	mov	%r14, REG(R14)(%rax)
	mov	%r15, REG(R15)(%rax)
	pop	REG(RAX)(%rax)

	/* VMX_ENTRY_EXITED */
	xor	%ebx, %ebx

.Lleave:
	/* No register may carry a guest's value into host code that could speculate on it. */
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebp, %ebp
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	add	$8, %rsp

	/*
	 * The guest has filled the return-stack buffer, and a RET believes it: overwrite it
	 * before the first RET.
	 */
	FILL_RETURN_BUFFER %_ASM_CX, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE

	/* IBRS separates the guest's predictions from ours only from the moment it is written. */
	ALTERNATIVE "jmp .Librs_done", "", X86_FEATURE_KERNEL_IBRS
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	movl	PER_CPU_VAR(x86_spec_ctrl_current), %eax
	movl	PER_CPU_VAR(x86_spec_ctrl_current + 4), %edx
	wrmsr
.Librs_done:

#ifdef X86_FEATURE_CLEAR_BHB_VMEXIT
	ALTERNATIVE "jmp .Lhistory_clear", "", X86_FEATURE_CLEAR_BHB_VMEXIT
	call	vmx_clear_branch_history
.Lhistory_clear:
#endif

	mov	%ebx, %eax
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

/* VMfailValid sets ZF, VMfailInvalid CF: 1 or 2, without a branch. */
.Lrefused:
	mov	$1, %ebx
	adc	$0, %ebx
	jmp	.Lleave

.Lfault:
	mov	$3, %ebx
	jmp	.Lleave
SYM_FUNC_END(vmx_enter)

#ifdef X86_FEATURE_CLEAR_BHB_VMEXIT
/*
 * Fills the branch history with branches of ours, so that the guest's can't steer our indirect
 * ones. Intel, "Branch History Injection and Intra-mode Branch Target Injection", software
 * sequence. Changes EAX, ECX and flags.
 */
SYM_FUNC_START_LOCAL(branch_often)
	mov	$5, %eax
.Lagain:
	jmp	.Lnext
	nop
.Lnext:
	sub	$1, %eax
	jnz	.Lagain
	RET
SYM_FUNC_END(branch_often)

SYM_FUNC_START_LOCAL(vmx_clear_branch_history)
	mov	$5, %ecx
.Lmore:
	call	branch_often
	sub	$1, %ecx
	jnz	.Lmore
	lfence
	RET
SYM_FUNC_END(vmx_clear_branch_history)
#endif
