/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmx.h - what arch/x86 offers to module/: the only arch header that module/ includes.
 *
 * module/ knows files, processes and user memory; arch/x86 knows the CPU. They meet here:
 * a VM is to arch/x86 a second-level page table (struct ept), a virtual CPU a struct
 * vmx_vcpu. Neither side sees into the other.
 *
 * All functions run in process context with interrupts on unless they say otherwise.
 * The caller holds the vCPU's mutex in all functions that take a struct vmx_vcpu.
 */
#ifndef _MINIVMX_ARCH_VMX_H
#define _MINIVMX_ARCH_VMX_H

#include <linux/kvm_types.h>
#include <linux/sched.h>
#include <linux/task_work.h>
#include <linux/types.h>

#include <uapi/minivmx.h>

struct ept;
struct vmx_vcpu;

/* ------------------------------------------------------------------ the machine */

/* How to clear the L1 data cache before running a guest: module parameter l1d_flush. */
enum l1d_flush_policy { L1D_FLUSH_AUTO, L1D_FLUSH_ALWAYS, L1D_FLUSH_NEVER };

/*
 * Checks every CPU and allocates what slices need. A CPU that won't do is refused with one line
 * in the log and: -ENODEV (no VMX), -ENXIO (not Intel), -EACCES (VMX locked off by firmware),
 * -EOPNOTSUPP (a required feature is missing), -EBUSY (FRED is on), -EXDEV (CPUs differ),
 * -ENOMEM.
 */
int vmx_setup(enum l1d_flush_policy l1d_flush);
void vmx_teardown(void);

/* What vmx_setup() decided about the L1 data cache, for the log: a static string. */
const char *vmx_l1d_flush_name(void);

/* Number of capability MSRs, and the entry for number @index of them. */
unsigned int vmx_caps_count(void);
void vmx_caps_get(unsigned int index, struct minivmx_vmx_cap *cap);

/* Guest-physical addresses are below this; a power of two. */
u64 vmx_guest_physical_limit(void);

/* --------------------------------------------------- second-level paging: ept.c */

/* Table pages put by before the EPT lock is taken: enough for one mapping. */
struct ept_cache {
	unsigned int count;
	void *pages[3];
};

struct ept *ept_create(void);		/* NULL: no memory */
void ept_destroy(struct ept *ept);	/* no vCPU may use it any more */

int ept_cache_fill(struct ept_cache *cache);	/* 0 or -ENOMEM */
void ept_cache_drain(struct ept_cache *cache);

/*
 * The invalidation protocol. Whoever changes what user memory means brackets the change:
 *
 *   under ept_lock(): ept_invalidate_hold(), ept_unmap() of the ranges
 *   ept_kick_and_wait(): no CPU uses, or can map, the ranges from here on
 *   ... the change ...
 *   ept_invalidate_release()
 *
 * Whoever maps a page takes ept_sequence(), finds the page without a lock, and maps it only if
 * under ept_lock() ept_sequence_moved() says no.
 */
void ept_lock(struct ept *ept) __acquires(ept);
void ept_unlock(struct ept *ept) __releases(ept);
unsigned long ept_sequence(struct ept *ept);
bool ept_sequence_moved(struct ept *ept, unsigned long sequence);	/* under ept_lock() */
void ept_invalidate_hold(struct ept *ept);				/* under ept_lock() */
void ept_invalidate_release(struct ept *ept);

/* Unmaps [start, end). Under ept_lock(). */
void ept_unmap(struct ept *ept, gpa_t start, gpa_t end);
/* Says whether a page of [start, end) was accessed; @clear forgets it. Under ept_lock(). */
bool ept_age(struct ept *ept, gpa_t start, gpa_t end, bool clear);
/* Maps one 4 KiB page, using up @cache. Under ept_lock(). */
void ept_map(struct ept *ept, struct ept_cache *cache, gpa_t gpa, hpa_t hpa, bool writable);

/*
 * Waits until no CPU can use a translation removed before the call: interrupts those that
 * run this VM. May be called where sleeping is not allowed, but with interrupts on.
 */
void ept_kick_and_wait(struct ept *ept);

/* ------------------------------------------------------------------ virtual CPUs */

/* Must this thread do on its way to userspace what can't wait for long? */
static inline bool thread_owes_work(void)
{
#ifdef CONFIG_MEMCG
	/* Over its group's memory.high: it is to be slowed down. */
	if (current->memcg_nr_pages_over_high)
		return true;
#endif
	return task_work_pending(current);
}

/* Why vmx_run() came back. */
enum vmx_result {
	VMX_TO_USER,		/* the run page is filled in: return to userspace */
	VMX_WORK_PENDING,	/* the thread has a signal, must yield, or has other work */
	VMX_MEMORY_FAULT,	/* the guest needs the page in vmx_fault(): map it, run again */
	VMX_BUSY,		/* this CPU's VMX operation can't be had: -EBUSY */
};

struct vmx_memory_fault {
	gpa_t gpa;
	bool write;
};

/* @run and @io_data: the two pages that userspace maps. NULL: no memory. */
struct vmx_vcpu *vmx_vcpu_create(struct ept *ept, unsigned int id, struct minivmx_run *run,
				 void *io_data);
void vmx_vcpu_destroy(struct vmx_vcpu *vmx);

/* Finishes what the last exit left for userspace to answer: the data of an IN. */
void vmx_complete_exit(struct vmx_vcpu *vmx);
/* Runs the guest. The heart of it all; continues in arch/x86/run.c. */
enum vmx_result vmx_run(struct vmx_vcpu *vmx);
/* After VMX_MEMORY_FAULT: the access. */
const struct vmx_memory_fault *vmx_fault(struct vmx_vcpu *vmx);
/* Turns the fault into an exit to userspace: nothing is mapped there. */
void vmx_fault_to_user(struct vmx_vcpu *vmx);
/* The SDM's name of the last exit's reason, never NULL. */
const char *vmx_last_exit_name(struct vmx_vcpu *vmx);
/* Fills in the members of the run page that every RUN returns. */
void vmx_fill_run_page(struct vmx_vcpu *vmx);

void vmx_get_regs(struct vmx_vcpu *vmx, struct minivmx_regs *regs);
void vmx_set_regs(struct vmx_vcpu *vmx, const struct minivmx_regs *regs);
/* -EBUSY: the CPU's VMX operation can't be had. SET: -EINVAL as the uapi header lists. */
int vmx_get_sregs(struct vmx_vcpu *vmx, struct minivmx_sregs *sregs);
int vmx_set_sregs(struct vmx_vcpu *vmx, const struct minivmx_sregs *sregs);

/* Takes over @entries (kvfree'd with the vCPU, or when replaced). */
void vmx_set_cpuid(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entries, unsigned int count);
/* Writes at most @room entries and returns how many there are. */
unsigned int vmx_supported_cpuid(struct minivmx_cpuid_entry2 *entries, unsigned int room);

#endif /* _MINIVMX_ARCH_VMX_H */
