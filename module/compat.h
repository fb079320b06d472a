/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - what differs between the kernels that minivmx supports (6.1 to 7.2).
 *
 * Kbuild includes it before every file, so no other one tests a kernel version. The code
 * is written against the newest kernel; older ones are brought up to it here.
 */
#ifndef _MINIVMX_COMPAT_H
#define _MINIVMX_COMPAT_H

/* What our lines in the log begin with; before any header that prints. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/version.h>
#include <asm/cpufeatures.h>

/* 7.x gave "clear the branch history on VM exit" another name. */
#if !defined(X86_FEATURE_CLEAR_BHB_VMEXIT) && defined(X86_FEATURE_CLEAR_BHB_LOOP_ON_VMEXIT)
#define X86_FEATURE_CLEAR_BHB_VMEXIT	X86_FEATURE_CLEAR_BHB_LOOP_ON_VMEXIT
#endif

/*
 * Which flag asks for VERW before VM entry on Intel's CPUs. Kernels that know
 * CLEAR_CPU_BUF_VM_MMIO mean CLEAR_CPU_BUF_VM; in older ones that is AMD's.
 */
#ifdef X86_FEATURE_CLEAR_CPU_BUF_VM_MMIO
#define X86_FEATURE_VERW_BEFORE_ENTRY	X86_FEATURE_CLEAR_CPU_BUF_VM
#else
#define X86_FEATURE_VERW_BEFORE_ENTRY	X86_FEATURE_CLEAR_CPU_BUF
#endif

#ifndef __ASSEMBLY__

#include <linux/thread_info.h>
#include <linux/types.h>
#include <asm/msr.h>
/* CPUID as functions; older kernels have them in <asm/processor.h>. */
#ifdef HAVE_ASM_CPUID_API_H
#include <asm/cpuid/api.h>
#endif

/* 6.16 renamed the 64-bit MSR accessors; they were macros before. */
#ifndef rdmsrq
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define rdmsrq(msr, value)	rdmsrl(msr, value)
#define wrmsrq(msr, value)	wrmsrl(msr, value)
#define rdmsrq_safe(msr, p)	rdmsrl_safe(msr, p)
#define native_rdmsrq(msr)	__rdmsr(msr)
#define native_wrmsrq(msr, val)	native_wrmsrl(msr, val)
#define wrmsrq_safe(msr, value)	wrmsrl_safe(msr, value)
#endif
#endif

/* Lazy preemption (6.13) has a second flag that asks the task to yield. */
#ifdef _TIF_NEED_RESCHED_LAZY
#define TIF_RESCHED_MASK	(_TIF_NEED_RESCHED | _TIF_NEED_RESCHED_LAZY)
#else
#define TIF_RESCHED_MASK	_TIF_NEED_RESCHED
#endif

/* FRED, the new event delivery, is unknown to 6.1. */
#ifdef X86_FEATURE_FRED
#define cpu_uses_fred()		cpu_feature_enabled(X86_FEATURE_FRED)
#else
#define cpu_uses_fred()		false
#endif

/* What the aging callbacks of an mmu notifier return. */
#ifdef MMU_NOTIFIER_AGES_BOOL
typedef bool mmu_notifier_age_t;
#else
typedef int mmu_notifier_age_t;
#endif

/* Lets a signal end the wait for a page; get_user_pages_unlocked() knows it since 6.3. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define GUP_INTERRUPTIBLE	FOLL_INTERRUPTIBLE
#else
#define GUP_INTERRUPTIBLE	0
#endif

/* 6.8 took the count out of eventfd_signal(). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define eventfd_ring(eventfd)	eventfd_signal(eventfd)
#else
#define eventfd_ring(eventfd)	eventfd_signal(eventfd, 1)
#endif

/* Since 6.3 vm_flags is not written directly. A macro, because it needs struct vm_area_struct. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define vm_flags_clear(vma, flags)	((vma)->vm_flags &= ~(flags))
#endif

#endif /* __ASSEMBLY__ */
#endif /* _MINIVMX_COMPAT_H */
