/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmx.h - what arch/x86 offers to module/: the only arch header that module/ includes.
 *
 * module/ knows files, processes and user memory; arch/x86 knows the CPU. They meet here:
 * a VM is to arch/x86 a second-level page table (struct ept) and the few calls by which it
 * reaches guest memory; a virtual CPU is a struct vmx_vcpu. Neither side sees into the other.
 *
 * All functions run in process context with interrupts on unless they say otherwise.
 * The caller holds the vCPU's mutex in all functions that take a struct vmx_vcpu.
 */
#ifndef _MINIVMX_ARCH_VMX_H
#define _MINIVMX_ARCH_VMX_H

#include <linux/atomic.h>
#include <linux/kvm_types.h>
#include <linux/sched.h>
#include <linux/task_work.h>
#include <linux/types.h>

#include <uapi/exit_reasons.h>
#include <uapi/minivmx.h>

struct ept;
struct page;
struct vm;
struct vmx_memory_fault;
struct vmx_vcpu;

/* ------------------------------------------------------------------ the machine */

/* The module parameters l1d_flush and nx_large_pages. AUTO: where the kernel says it is needed. */
enum mitigation_policy { MITIGATION_AUTO, MITIGATION_ALWAYS, MITIGATION_NEVER };

/*
 * Checks every CPU and allocates what slices need. A CPU that won't do is refused with one line
 * in the log and: -ENODEV (no VMX), -ENXIO (not Intel), -EACCES (VMX locked off by firmware),
 * -EOPNOTSUPP (a required feature is missing), -EBUSY (FRED is on), -EXDEV (CPUs differ),
 * -ENOMEM.
 */
int vmx_setup(enum mitigation_policy l1d_flush, enum mitigation_policy nx_large_pages);
void vmx_teardown(void);

/* What vmx_setup() decided about the L1 data cache, for the log: a static string. */
const char *vmx_l1d_flush_name(void);

/* Number of capability MSRs, and the entry for number @index of them. */
unsigned int vmx_caps_count(void);
void vmx_caps_get(unsigned int index, struct minivmx_vmx_cap *cap);

/* Do guests have XSAVE, and so XCR0? */
bool vmx_has_xsave(void);

/* The offset of a TSC that is zero now. */
u64 vmx_tsc_offset_now(void);

/* Guest-physical addresses are below this; a power of two. */
u64 vmx_guest_physical_limit(void);

/* ------------------------------------- second-level paging: ept.c, ept_table.c */

/* Table pages put by before the EPT lock is taken: full, they are enough for one mapping. */
struct ept_cache {
	unsigned int count;
	void *pages[3];
};

/* What is mapped at a time at most: an aligned block of 64 KiB. */
#define EPT_MAP_PAGES	16

struct ept *ept_create(void);		/* NULL: no memory */
void ept_destroy(struct ept *ept);	/* no vCPU may use it any more */

int ept_cache_fill(struct ept_cache *cache);	/* 0 or -ENOMEM */
bool ept_cache_is_full(const struct ept_cache *cache);
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
bool ept_trylock(struct ept *ept);
void ept_unlock(struct ept *ept) __releases(ept);
unsigned long ept_sequence(struct ept *ept);
bool ept_sequence_moved(struct ept *ept, unsigned long sequence);	/* under ept_lock() */
void ept_invalidate_hold(struct ept *ept);				/* under ept_lock() */
void ept_invalidate_release(struct ept *ept);

/* Unmaps [start, end). Under ept_lock(). */
void ept_unmap(struct ept *ept, gpa_t start, gpa_t end);
/*
 * Makes pages read-only: bit n of @mask is the page n after @gpa. They must not be in large leaves.
 * Under ept_lock().
 */
void ept_write_protect(struct ept *ept, gpa_t gpa, unsigned long mask);
/* Says whether a page of [start, end) was accessed; @clear forgets it. Under ept_lock(). */
bool ept_age(struct ept *ept, gpa_t start, gpa_t end, bool clear);
/*
 * Maps the first of @count @pages where @fault was, and the others behind it, in the same block of
 * EPT_MAP_PAGES; for reading, executing and, if it was a write, writing. Takes tables from @cache.
 * @large: the 2 MiB of guest memory around it are one block in host memory too, and may be mapped
 * as a whole. Under ept_lock().
 */
void ept_map(struct ept *ept, struct ept_cache *cache, const struct vmx_memory_fault *fault,
	     struct page **pages, unsigned int count, bool large);

/* What a CPU reads to translate @gpa: fills in all but the flags, addresses and all. Under ept_lock(). */
void ept_read_walk(const struct ept *ept, gpa_t gpa, struct minivmx_ept_walk *walk);

/* For statistics: the leaves, and the pages that the tables themselves take, without the root. */
struct ept_counts {
	u64 pages_4k, pages_2m, tables;
};
struct ept_counts ept_counts(struct ept *ept);

/*
 * Waits until no CPU can use a translation removed before the call: interrupts those that
 * run this VM. Then frees the tables that became empty. May be called where sleeping is not
 * allowed (@may_sleep false), but with interrupts on.
 */
void ept_kick_and_wait(struct ept *ept, bool may_sleep);

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

/*
 * How vmx_run() and what it calls with interrupts on end, besides a negative errno: -EFAULT,
 * -ENOMEM, and those of slice_begin(), if this CPU can't be had: -EBUSY, -EXDEV, -EIO.
 */
enum vmx_result {
	VMX_RESUME,		/* go on in the guest (never vmx_run()'s own) */
	VMX_TO_USER,		/* the run page is filled in: return to userspace */
	VMX_WORK_PENDING,	/* the thread has a signal, must yield, or has other work */
};

/* What a vCPU has done since it was made: GET_STATS_FD. */
struct vmx_stats {
	u64 runs;		/* calls of RUN */
	u64 userspace_exits;	/* RUN returned 0 */
	u64 signal_exits;	/* RUN failed with EINTR */
	u64 slices;		/* stretches in VMX operation that entered the guest */
	u64 borrowed_slices;	/* those in which VMX operation was somebody else's, KVM's say */
	u64 exits;		/* VM exits */
	u64 entry_failures;	/* VM entries that did not reach the guest */
	u64 events_injected;	/* interrupts and exceptions given to VM entry to deliver */
	u64 exits_by_reason[MINIVMX_EXIT_REASON_COUNT];	/* by basic exit reason */
};

/* Counts on while others read it. */
struct vmx_stats *vmx_stats(struct vmx_vcpu *vmx);

/*
 * @run and @io_data: the two pages that userspace maps; @recorder: what it maps to be read, of
 * @recorder_size zero bytes. NULL: no memory.
 */
struct vmx_vcpu *vmx_vcpu_create(struct vm *vm, struct ept *ept, unsigned int id,
				 struct minivmx_run *run, void *io_data,
				 struct minivmx_recorder *recorder, size_t recorder_size);
void vmx_vcpu_destroy(struct vmx_vcpu *vmx);

/* Around each RUN: whose are the ticks. @result: what RUN returns, for its tracepoint. */
void vmx_recorder_run_begins(struct vmx_vcpu *vmx);
void vmx_recorder_run_ends(struct vmx_vcpu *vmx, long result);

/*
 * Takes in what userspace has put into the run page for this RUN: registers, CR8. First in each
 * RUN. 0, -EINVAL, or as the register calls.
 */
int vmx_take_run_page(struct vmx_vcpu *vmx);
/*
 * Finishes what the last exit left for userspace to answer: the data of an IN or of an MMIO read.
 * Called once in each RUN; an enum vmx_result or a negative errno.
 */
int vmx_complete_exit(struct vmx_vcpu *vmx);
/*
 * Runs the guest. The heart of it all; continues in arch/x86/run.c. @owed_work_waits: what the
 * thread owes (thread_owes_work()) is no reason to end.
 */
int vmx_run(struct vmx_vcpu *vmx, bool owed_work_waits);
/* The SDM's name of the last exit's reason, never NULL. */
const char *vmx_last_exit_name(struct vmx_vcpu *vmx);
/* Fills in the members of the run page that every RUN returns: 0, or as the register calls. */
int vmx_fill_run_page(struct vmx_vcpu *vmx);

/*
 * The register calls: 0 or an error as the uapi header lists. Those that fetch what only the VMCS
 * has fail as slice_begin() does.
 */
int vmx_get_regs(struct vmx_vcpu *vmx, struct minivmx_regs *regs);
int vmx_set_regs(struct vmx_vcpu *vmx, const struct minivmx_regs *regs);
int vmx_get_sregs(struct vmx_vcpu *vmx, struct minivmx_sregs *sregs);
int vmx_set_sregs(struct vmx_vcpu *vmx, const struct minivmx_sregs *sregs);
int vmx_interrupt(struct vmx_vcpu *vmx, const struct minivmx_interrupt *interrupt);
int vmx_nmi(struct vmx_vcpu *vmx);
int vmx_get_vcpu_events(struct vmx_vcpu *vmx, struct minivmx_vcpu_events *events);
int vmx_set_vcpu_events(struct vmx_vcpu *vmx, const struct minivmx_vcpu_events *events);
int vmx_get_mp_state(struct vmx_vcpu *vmx, struct minivmx_mp_state *state);
int vmx_set_mp_state(struct vmx_vcpu *vmx, const struct minivmx_mp_state *state);

/*
 * GET_VMCS: all fields, as the next VM entry would find them; at most VMX_VMCS_FIELDS. 0, or as
 * slice_begin().
 */
#define VMX_VMCS_FIELDS	512
int vmx_get_vmcs(struct vmx_vcpu *vmx, struct minivmx_vmcs_field *fields, unsigned int *count);

/* TRY_ENTRY: 0 or an error as the uapi header lists. */
int vmx_try_entry(struct vmx_vcpu *vmx, struct minivmx_try_entry *trial);

/* TRANSLATE: linear_address in, the rest out. */
int vmx_translate(struct vmx_vcpu *vmx, struct minivmx_translation *translation);

int vmx_get_debugregs(struct vmx_vcpu *vmx, struct minivmx_debugregs *regs);
int vmx_set_debugregs(struct vmx_vcpu *vmx, const struct minivmx_debugregs *regs);
/* The MINIVMX_GUESTDBG_* that vmx_set_guest_debug() takes. */
u32 vmx_guest_debug_controls(void);
int vmx_set_guest_debug(struct vmx_vcpu *vmx, const struct minivmx_guest_debug *debug);

int vmx_get_fpu(struct vmx_vcpu *vmx, struct minivmx_fpu *fpu);
int vmx_set_fpu(struct vmx_vcpu *vmx, const struct minivmx_fpu *fpu);
int vmx_get_xsave(struct vmx_vcpu *vmx, struct minivmx_xsave *xsave);
int vmx_set_xsave(struct vmx_vcpu *vmx, const struct minivmx_xsave *xsave);
int vmx_get_xcrs(struct vmx_vcpu *vmx, struct minivmx_xcrs *xcrs);
int vmx_set_xcrs(struct vmx_vcpu *vmx, const struct minivmx_xcrs *xcrs);

/* The frequency of the guest's TSC in kHz. SET: 0 or -EINVAL. */
unsigned int vmx_get_tsc_khz(struct vmx_vcpu *vmx);
int vmx_set_tsc_khz(struct vmx_vcpu *vmx, u32 khz);

/* MSRs by number. -EINVAL: there is no such MSR, or it does not take @value. */
int vmx_get_msr(struct vmx_vcpu *vmx, u32 number, u64 *value);
int vmx_set_msr(struct vmx_vcpu *vmx, u32 number, u64 value);
/* Writes the numbers of the MSRs that a vCPU's state consists of, at most @room; how many. */
unsigned int vmx_msr_list(u32 *numbers, unsigned int room);

/*
 * Takes over @entries in any case (kvfree'd when not needed any more). -EINVAL: not what a CPU can
 * show, or the vCPU has run with another table.
 */
int vmx_set_cpuid(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entries, unsigned int count);
/* Returns how many entries the vCPU has, and writes them if there is room. */
unsigned int vmx_get_cpuid(struct vmx_vcpu *vmx, struct minivmx_cpuid_entry2 *entries,
			   unsigned int room);
/* Writes at most @room entries and returns how many there are. */
unsigned int vmx_supported_cpuid(struct minivmx_cpuid_entry2 *entries, unsigned int room);

/* ------------------------- what arch/x86 asks of module/: guest memory and devices */

struct vmx_memory_fault {
	gpa_t gpa;
	bool write;
	bool fetch;		/* of an instruction */
};

/*
 * Maps the page that the guest touched, and those behind it that are as ready: 0, run the guest
 * again. -ENOENT: as below. -EAGAIN: it takes memory_fault(). In a slice.
 */
int memory_fault_fast(struct vm *vm, struct ept_cache *cache,
		      const struct vmx_memory_fault *fault);

/*
 * The other calls for memory may sleep, so none is made in a slice; the caller is a thread of the
 * VM's process. Errors: -ENOENT (no slot shows @gpa, or it is READONLY and the access a write: a
 * device's, if anybody's), -EFAULT (the process has no such memory), -ENOMEM, -EINTR.
 */

/* Makes the page that the guest touched present, and maps it. 0: run the guest again. */
int memory_fault(struct vm *vm, struct ept_cache *cache, const struct vmx_memory_fault *fault);
/* Copies @size bytes that do not cross a page. */
int memory_read(struct vm *vm, gpa_t gpa, void *data, unsigned int size);
int memory_write(struct vm *vm, gpa_t gpa, const void *data, unsigned int size);
/* Would memory_write() find memory there? */
bool memory_is_writable(struct vm *vm, gpa_t gpa);
/*
 * Writes @value where @old is found, as one locked access of @size 1, 2, 4 or 8 bytes, naturally
 * aligned. -EAGAIN: something else was there, and is in @old now.
 */
int memory_compare_exchange(struct vm *vm, gpa_t gpa, u64 *old, u64 value, unsigned int size);

/*
 * A guest write to a port, or to a guest-physical address without memory. True: somebody took it,
 * userspace need not see it. May be called in a slice.
 */
bool devices_write(struct vm *vm, bool port, u64 address, const void *bytes, unsigned int size);

/* What the TSC of all vCPUs of the VM that nobody has set is ahead of the host's. */
atomic64_t *vm_tsc_offset(struct vm *vm);

#endif /* _MINIVMX_ARCH_VMX_H */
