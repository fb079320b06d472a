/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * minivmx.h - the contract between the module and its users. Start here.
 *
 * A program opens /dev/minivmx, makes a virtual machine (VM), gives it memory and
 * a virtual CPU (vCPU), maps the vCPU's run page, sets registers, and calls RUN in
 * a loop; each RUN returns when the guest needs something, and the run page says what.
 *
 * Every call, structure and number here that KVM also has is KVM's own: the ioctl
 * numbers, the layouts, the constants and the behaviour (selftests/abi.c includes both
 * headers and asserts it). A program written for KVM that stays inside this subset runs
 * unmodified on /dev/minivmx, and the KVM API document describes it too. Calls that KVM
 * lacks have an ioctl type of their own, MINIVMX_EXT.
 *
 * Three kinds of file descriptor exist: the device (/dev/minivmx), a VM, and a vCPU.
 * All ioctls of a VM and its vCPUs must come from the process (the address space) that
 * made the VM. An ioctl that this header does not list fails with ENOTTY.
 *
 * Errors that every VM and vCPU ioctl can return, besides its own:
 *   EFAULT  the argument does not point to readable (or writable) memory
 *   EINTR   a fatal signal arrived while the call waited for another one on the same vCPU
 *   EIO     the caller's address space is not the one that made the VM
 *   ENOTTY  no such ioctl on this kind of file descriptor
 * GET_SREGS, TRANSLATE, GET_VMCS, TRY_ENTRY and RUN look into the CPU, and can find that it can't be had:
 *   EBUSY   VMX operation belongs to somebody who can't lend it (see the README)
 *   EXDEV   this CPU came online after the module was loaded, and is not like the others
 *   EIO     the CPU refused a VMX instruction
 */
#ifndef _UAPI_MINIVMX_H
#define _UAPI_MINIVMX_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MINIVMX_DEVICE		"/dev/minivmx"
#define MINIVMX_API_VERSION	12	/* KVM's stable API version */

#define MINIVMX_IO		0xAE	/* ioctl type of all calls that KVM has */
#define MINIVMX_EXT		0xBE	/* ioctl type of the calls that KVM lacks */

/* Limits; CHECK_EXTENSION reports them at run time. */
#define MINIVMX_MAX_VCPUS	64
#define MINIVMX_MAX_SLOTS	64

/* ------------------------------------------------------------------ device ioctls */

/* Returns MINIVMX_API_VERSION. The argument must be 0, else EINVAL. */
#define MINIVMX_GET_API_VERSION		_IO(MINIVMX_IO, 0x00)

/*
 * Returns a new VM file descriptor (close-on-exec): a VM without memory or vCPUs.
 * The argument is the machine type and must be 0, else EINVAL.
 * Errors: EMFILE, ENFILE, ENOMEM.
 */
#define MINIVMX_CREATE_VM		_IO(MINIVMX_IO, 0x01)

/*
 * The numbers of the MSRs that a vCPU's state consists of: GET_MSRS and SET_MSRS take each of them.
 * In: nmsrs, the room in indices[]. Out: nmsrs, how many there are, and the numbers.
 * Errors: E2BIG, nmsrs is too small (nmsrs then holds the number needed).
 */
#define MINIVMX_GET_MSR_INDEX_LIST	_IOWR(MINIVMX_IO, 0x02, struct minivmx_msr_list)

/*
 * On the device and on a VM: returns what the MINIVMX_CAP_* in the argument is worth
 * here: 0 for absent or unknown, 1 for present, or a number as the capability says.
 */
#define MINIVMX_CHECK_EXTENSION		_IO(MINIVMX_IO, 0x03)

/*
 * Returns the size in bytes to mmap() of a vCPU: run page, I/O data page and the ring of coalesced
 * writes. Argument 0, else EINVAL.
 */
#define MINIVMX_GET_VCPU_MMAP_SIZE	_IO(MINIVMX_IO, 0x04)

/*
 * The CPUID leaves a guest can be given: what this CPU has, this module supports and the
 * guest can use. In: nent, the room in entries[]. Out: nent, the number written.
 * Errors: E2BIG, nent is too small (nent then holds the number needed).
 */
#define MINIVMX_GET_SUPPORTED_CPUID	_IOWR(MINIVMX_IO, 0x05, struct minivmx_cpuid2)

/* ---------------------------------------------------------------------- VM ioctls */

/*
 * Returns a new vCPU file descriptor (close-on-exec). The argument is its number,
 * 0 to MINIVMX_MAX_VCPUS - 1. The vCPU starts in the CPU's reset state, at F000:FFF0
 * in real mode. Errors: EINVAL (number too large), EEXIST, EMFILE, ENFILE, ENOMEM.
 */
#define MINIVMX_CREATE_VCPU		_IO(MINIVMX_IO, 0x41)

/*
 * Makes, moves, changes or (memory_size 0) deletes a slot: a range of guest-physical
 * addresses backed by the caller's own memory. What the caller does to that memory
 * (munmap, madvise, mprotect, fork) the guest sees at once.
 * Errors: EINVAL (unknown flag; slot number too large; size, guest address or user address not a
 *   multiple of 4096; range wraps, ends above the guest's physical addresses, or has 2^31 pages or
 *   more; user range is not in user space; deleting a slot that does not exist; changing size, user
 *   address or the READONLY flag of a live slot), EEXIST (overlaps another slot), ENOMEM.
 */
#define MINIVMX_SET_USER_MEMORY_REGION	_IOW(MINIVMX_IO, 0x46, struct minivmx_userspace_memory_region)

/*
 * The same with a larger structure, for what KVM can do with memory that only the guest sees
 * (guest_memfd). minivmx has no such memory: the members for it are ignored. Errors: as above.
 */
#define MINIVMX_SET_USER_MEMORY_REGION2	_IOW(MINIVMX_IO, 0x49, struct minivmx_userspace_memory_region2)

/*
 * Fetches and clears the dirty log of a slot with MINIVMX_MEM_LOG_DIRTY_PAGES: a bit for each page
 * that the guest, or the kernel on its behalf, wrote since the last call, or since logging began.
 * What the process itself writes is not in it. A page whose bit is fetched is complete: it may be
 * copied now, and later writes set the bit again.
 * Errors: EINVAL (slot number too large), ENOENT (no such slot, or it has no log), EFAULT (what was
 *   fetched until then is lost).
 */
#define MINIVMX_GET_DIRTY_LOG		_IOW(MINIVMX_IO, 0x42, struct minivmx_dirty_log)

/*
 * Where KVM may place a task-state segment (argument: guest-physical address) and an
 * identity page table (argument: pointer to one) for CPUs without unrestricted guest.
 * minivmx requires unrestricted guest, so both are accepted and have no effect.
 * Errors: EINVAL (SET_TSS_ADDR: the address leaves no room for three pages below 4 GiB;
 *   SET_IDENTITY_MAP_ADDR: a vCPU exists already).
 */
#define MINIVMX_SET_TSS_ADDR		_IO(MINIVMX_IO, 0x47)
#define MINIVMX_SET_IDENTITY_MAP_ADDR	_IOW(MINIVMX_IO, 0x48, __u64)

/*
 * A doorbell: a guest write to a port or guest-physical address signals an eventfd and needs no
 * exit. With DEASSIGN takes one away: all members must be as they were given.
 * Errors: EINVAL (len none of 0, 1, 2, 4, 8; addr + len wraps; unknown flag; DATAMATCH with len 0;
 *   fd is no eventfd), EBADF (fd is not open), EEXIST (another doorbell takes the same write),
 *   ENOENT (DEASSIGN of one that is not there), ENOSPC (a VM has at most 1000 doorbells and
 *   zones), ENOMEM.
 */
#define MINIVMX_IOEVENTFD		_IOW(MINIVMX_IO, 0x79, struct minivmx_ioeventfd)

/*
 * Writes to the zone go to a ring in memory, and end RUN only when the ring is full. The ring is
 * at page MINIVMX_COALESCED_MMIO_PAGE_OFFSET of every vCPU's mapping; all vCPUs share it. Userspace
 * empties it before it looks at any exit. UNREGISTER takes away each zone that holds all of the
 * one given. Errors: EINVAL (pio above 1); of REGISTER: ENOSPC (as above), ENOMEM.
 */
#define MINIVMX_REGISTER_COALESCED_MMIO		\
	_IOW(MINIVMX_IO, 0x67, struct minivmx_coalesced_mmio_zone)
#define MINIVMX_UNREGISTER_COALESCED_MMIO	\
	_IOW(MINIVMX_IO, 0x68, struct minivmx_coalesced_mmio_zone)

/*
 * On a VM and on a vCPU: returns a file descriptor (close-on-exec) to read statistics from, see
 * struct minivmx_stats_header. It keeps the object alive. Errors: EMFILE, ENFILE, ENOMEM.
 */
#define MINIVMX_GET_STATS_FD		_IO(MINIVMX_IO, 0xce)

/* -------------------------------------------------------------------- vCPU ioctls */

/*
 * Runs the guest on the calling thread until something needs userspace; struct minivmx_run
 * says what. Returns 0, or -1 with errno:
 *   EINTR   a signal is pending, or immediate_exit is set; exit_reason is MINIVMX_EXIT_INTR
 *           for a signal. A half-done exit (the data of an IN) has been completed first.
 *   EFAULT  the guest touched memory of a slot that the process can't (no mapping, PROT_NONE,
 *           device memory). Registers are at the instruction that touched it.
 *   ENOMEM  no memory for page tables, or for the page that the guest touched.
 *   EINVAL  the argument is not 0; run->cr8 is above 15; an unknown bit is set in
 *           run->minivmx_valid_regs or minivmx_dirty_regs, or SET_SREGS or SET_VCPU_EVENTS would
 *           refuse the registers there. The guest has not run.
 * If several threads call RUN on one vCPU, they wait for each other.
 */
#define MINIVMX_RUN			_IO(MINIVMX_IO, 0x80)

/*
 * General registers, RIP and RFLAGS. SET forces bit 1 of RFLAGS to 1, and forgets an exception that
 * the old RIP has raised; what is being delivered, and the shadow of STI and MOV SS, stay.
 */
#define MINIVMX_GET_REGS		_IOR(MINIVMX_IO, 0x81, struct minivmx_regs)
#define MINIVMX_SET_REGS		_IOW(MINIVMX_IO, 0x82, struct minivmx_regs)

/*
 * Segments, descriptor tables, control registers, EFER.
 * Errors of SET: EINVAL for a state no CPU can be in: bits 63:32 of CR0; reserved bits of CR4, CR8
 *   or EFER; NW without CD; PG without PE; long mode active without PAE; LMA that does not follow
 *   from LME and PG; CR3 above the physical-address width; a 64-bit code segment with D set, or
 *   outside long mode; reserved bits of apic_base. Finer errors show at RUN as
 *   MINIVMX_EXIT_FAIL_ENTRY.
 * CR4 bits of features that the vCPU's CPUID does not show are reserved. With legacy PAE paging
 * SET loads the four page-directory pointers from guest memory, as MOV to CR3 does; where they
 * can't be read or are not valid, those that the CPU had stay.
 */
#define MINIVMX_GET_SREGS		_IOR(MINIVMX_IO, 0x83, struct minivmx_sregs)
#define MINIVMX_SET_SREGS		_IOW(MINIVMX_IO, 0x84, struct minivmx_sregs)

/*
 * Walks the guest's own page tables for one linear address, as they are now, and as the guest's
 * kernel would that reads there: it sets accessed bits, and with SMAP on, what user code may access
 * has no translation. No fault is raised. See struct minivmx_translation.
 */
#define MINIVMX_TRANSLATE		_IOWR(MINIVMX_IO, 0x85, struct minivmx_translation)

/* x87 and SSE registers, without MXCSR, which is in XSAVE. */
#define MINIVMX_GET_FPU			_IOR(MINIVMX_IO, 0x8c, struct minivmx_fpu)
#define MINIVMX_SET_FPU			_IOW(MINIVMX_IO, 0x8d, struct minivmx_fpu)

/*
 * x87, SSE and AVX registers. See struct minivmx_xsave. A component that is not in use is set to
 * its initial value, whatever its bytes are.
 * Errors: ENOMEM; of SET: EINVAL (a component that a guest can't have; the rest of the header is
 *   not zero; MXCSR has bits that the CPU does not know).
 */
#define MINIVMX_GET_XSAVE		_IOR(MINIVMX_IO, 0xa4, struct minivmx_xsave)
#define MINIVMX_SET_XSAVE		_IOW(MINIVMX_IO, 0xa5, struct minivmx_xsave)

/*
 * XCR0, which the guest sets by XSETBV. It is in effect while CR4.OSXSAVE is set.
 * Errors of SET: EINVAL (the host does not use XSAVE; nr_xcrs too large; flags not 0; an XCR0 that
 *   XSETBV would refuse: without x87, AVX without SSE, components that CPUID leaf 0xD does not
 *   show).
 */
#define MINIVMX_GET_XCRS		_IOR(MINIVMX_IO, 0xa6, struct minivmx_xcrs)
#define MINIVMX_SET_XCRS		_IOW(MINIVMX_IO, 0xa7, struct minivmx_xcrs)

/*
 * The guest's own debug registers. Errors of SET: EINVAL (flags not 0; bits 63:32 of dr6 or dr7).
 */
#define MINIVMX_GET_DEBUGREGS		_IOR(MINIVMX_IO, 0xa1, struct minivmx_debugregs)
#define MINIVMX_SET_DEBUGREGS		_IOW(MINIVMX_IO, 0xa2, struct minivmx_debugregs)

/*
 * MSRs by number: entries[].index, in; entries[].data, in or out. They are done in order, up to the
 * first that fails: there is no such MSR, or it does not take the value (the README lists them
 * all). Returns how many were done. SET does what WRMSR in the guest does, with these differences:
 * features that CPUID does not show are no error, the microcode's version (0x8b) is stored, a
 * locked IA32_FEATURE_CONTROL can be set, SYSENTER addresses are made canonical; and a TSC (0x10)
 * of 0, or less than a second off what the other vCPUs' is, becomes equal to theirs.
 * Errors: E2BIG, nmsrs is not less than MINIVMX_MAX_MSR_ENTRIES; ENOMEM.
 */
#define MINIVMX_GET_MSRS		_IOWR(MINIVMX_IO, 0x88, struct minivmx_msrs)
#define MINIVMX_SET_MSRS		_IOW(MINIVMX_IO, 0x89, struct minivmx_msrs)

/*
 * What CPUID answers in the guest. Until it is called, all leaves read as zero. Features that it
 * does not show the guest can't switch on, and their instructions are undefined where the CPU lets
 * us say so (RDTSCP, RDPID, INVPCID). What shows the guest's state follows it, whatever the entry
 * says: OSXSAVE; APIC, which is hidden while APIC_BASE disables it; the sizes in leaf 0xD. GET
 * shows that, too.
 * Errors of SET: E2BIG (more than MINIVMX_MAX_CPUID_ENTRIES); EINVAL (unknown flag; the linear
 *   address width in leaf 0x80000008 is not 48, 57 or 0; the vCPU has run, and the list is not the
 *   one it ran with); ENOMEM.
 * Errors of GET: E2BIG, nent is too small; ENOMEM.
 */
#define MINIVMX_SET_CPUID2		_IOW(MINIVMX_IO, 0x90, struct minivmx_cpuid2)
#define MINIVMX_GET_CPUID2		_IOWR(MINIVMX_IO, 0x91, struct minivmx_cpuid2)

/*
 * The frequency in kHz: GET returns it. SET takes it as the argument; 0 is the host's. It must be
 * the host's, within 250 ppm, because nothing multiplies the guest's TSC.
 * Errors of SET: EINVAL (another frequency).
 */
#define MINIVMX_SET_TSC_KHZ		_IO(MINIVMX_IO, 0xa2)
#define MINIVMX_GET_TSC_KHZ		_IO(MINIVMX_IO, 0xa3)

/*
 * Gives the guest an external interrupt at the next RUN. There is room for one: the next takes its
 * place. Nothing holds it back, so ask run->ready_for_interrupt_injection first, or wait for
 * MINIVMX_EXIT_IRQ_WINDOW_OPEN. With RFLAGS.IF clear, or in the shadow of STI or MOV SS, RUN ends
 * with MINIVMX_EXIT_FAIL_ENTRY and the interrupt goes on waiting; with an exception on its way it
 * is lost.
 * Errors: EINVAL (vector above 255).
 */
#define MINIVMX_INTERRUPT		_IOW(MINIVMX_IO, 0x86, struct minivmx_interrupt)

/*
 * Gives the guest an NMI as soon as it can take one: not in its NMI handler before IRET, and not in
 * the shadow of STI or MOV SS. One waits meanwhile, two if none is being handled; more are merged.
 */
#define MINIVMX_NMI			_IO(MINIVMX_IO, 0x9a)

/*
 * The events that wait for the guest or are being delivered: with REGS, SREGS and the like the
 * whole state of a vCPU between two RUNs. See struct minivmx_vcpu_events.
 * What contradicts itself is taken as it is: with the shadow of STI and RFLAGS.IF clear RUN ends
 * with MINIVMX_EXIT_FAIL_ENTRY; of several events with injected set one is delivered, the
 * exception, else the NMI, else the interrupt, and the others are lost.
 * Errors of SET: EINVAL (unknown flags; VALID_PAYLOAD or VALID_TRIPLE_FAULT; system-management mode
 *   with VALID_SMM; exception.injected with a vector that is none). An event that VM entry does not
 *   take, such as an exception with the wrong has_error_code, shows at RUN as
 *   MINIVMX_EXIT_FAIL_ENTRY.
 */
#define MINIVMX_GET_VCPU_EVENTS		_IOR(MINIVMX_IO, 0x9f, struct minivmx_vcpu_events)
#define MINIVMX_SET_VCPU_EVENTS		_IOW(MINIVMX_IO, 0xa0, struct minivmx_vcpu_events)

/*
 * What the vCPU waits for. Without an APIC in the kernel there is MINIVMX_MP_STATE_RUNNABLE alone:
 * HLT waits in userspace.
 * Errors of SET: EINVAL for any other.
 */
#define MINIVMX_GET_MP_STATE		_IOR(MINIVMX_IO, 0x98, struct minivmx_mp_state)
#define MINIVMX_SET_MP_STATE		_IOW(MINIVMX_IO, 0x99, struct minivmx_mp_state)

/*
 * The signals that are blocked while the thread is in RUN, instead of its own set: a signal blocked
 * outside and not inside ends RUN, and is still pending afterwards. A null pointer ends this.
 * Errors: EINVAL (len is not 8).
 */
#define MINIVMX_SET_SIGNAL_MASK		_IOW(MINIVMX_IO, 0x8b, struct minivmx_signal_mask)

/*
 * Debugs the guest from outside: from the next RUN on, single steps and breakpoints end RUN with
 * MINIVMX_EXIT_DEBUG. Each call replaces what the last one asked for; control 0 ends it. Steps use
 * the monitor trap flag where the CPU has it; else RFLAGS.TF, which the guest can then see on its
 * stack.
 * Errors: EINVAL (unknown bit in control), EBUSY (INJECT_DB or INJECT_BP while an event waits to
 *   be delivered).
 */
#define MINIVMX_SET_GUEST_DEBUG		_IOW(MINIVMX_IO, 0x9b, struct minivmx_guest_debug)

/* ---------------------------------------------------------------- extension ioctls */

/*
 * Device: the VMX capability MSRs of this CPU, and which control bits the module requires
 * or uses. In: nent, the room in entries[]; flags 0. Out: nent, the number written.
 * Errors: E2BIG, nent is too small (nent then holds the number needed); EINVAL, flags not 0.
 */
#define MINIVMX_GET_VMX_CAPS		_IOWR(MINIVMX_EXT, 0x00, struct minivmx_vmx_caps)

/*
 * vCPU: its VMCS, every field that this CPU has, by encoding, with what VM entry would find there
 * if RUN were called now and left aside what the run page asks for. So after
 * MINIVMX_EXIT_FAIL_ENTRY it is the VMCS that the CPU refused, until a SET call changes it. The
 * host-state area is as the last RUN left it. The call changes nothing.
 * In: nent, the room in entries[]; flags 0. Out: nent, the number written; flags.
 * A caller without CAP_SYS_ADMIN is not shown where the host's kernel is: the host-state fields are
 * left out, of the EPT pointer and the address of the MSR bitmaps bits 63:12 are 0, and flags
 * is MINIVMX_VMCS_HOST_HIDDEN.
 * Errors: E2BIG, nent is too small (nent then holds the number needed); EINVAL, flags not 0;
 *   ENOMEM.
 */
#define MINIVMX_GET_VMCS		_IOWR(MINIVMX_EXT, 0x01, struct minivmx_vmcs)

/*
 * Device: where in a vCPU's mapping the flight recorder is, see struct minivmx_recorder: offset and
 * size in bytes, for mmap() of each vCPU's file descriptor with MAP_SHARED and PROT_READ. All of it
 * or pages of it, but nothing else with it; with PROT_WRITE mmap() and mprotect() fail with EACCES.
 */
#define MINIVMX_GET_RECORDER_AREA	_IOR(MINIVMX_EXT, 0x02, struct minivmx_recorder_area)

/*
 * vCPU, in study mode (the module's parameter study=1): tries one VM entry with some fields of the
 * VMCS changed, and says what the CPU answered. Nothing of the guest runs: it gets no memory and no
 * time. All that was written is put back, so the next RUN is as it would have been; only the VM-exit
 * information fields tell of it. See struct minivmx_try_entry.
 * Without MINIVMX_TRY_EXPECT_FAILURE just those fields can be changed with which an entry can't harm
 * the host if it succeeds: the guest-state area but for the link pointer, and what event is injected.
 * The flag says that the caller knows why this entry fails. Where the CPU does not see it so, a bad
 * host state, or a guest without bounds, is let loose.
 * Errors: EOPNOTSUPP (not in study mode; the CPU has no VMX-preemption timer); EPERM (no
 *   CAP_SYS_RAWIO); EACCES (the changes need MINIVMX_TRY_EXPECT_FAILURE; activity state 3, which no VM
 *   exit might end, with or without it); EINVAL (unknown flag; padding not 0; too many changes or
 *   MSRs; no such field; the field is narrower than the value; a VM-exit information field, the
 *   preemption timer's value and the host's RSP, which are not for a caller to change); ERANGE (the
 *   CPU does not keep the value: some bits can't be written); ENOMEM.
 */
#define MINIVMX_TRY_ENTRY		_IOWR(MINIVMX_EXT, 0x03, struct minivmx_try_entry)

/*
 * VM: the EPT entries that a CPU would read now to translate a guest-physical address, from the
 * root's on: down to the one that maps a page, or to the first that is not present. The call maps
 * nothing, and what it says can be out of date as soon as it returns. See struct minivmx_ept_walk.
 * A caller without CAP_SYS_ADMIN is not shown host-physical addresses: bits 51:12 of eptp and of the
 * entries are 0, and flags is MINIVMX_EPT_HOST_HIDDEN.
 * Errors: EINVAL (flags not 0; guest_physical is above the guest's physical addresses).
 */
#define MINIVMX_GET_EPT_WALK		_IOWR(MINIVMX_EXT, 0x04, struct minivmx_ept_walk)

/* -------------------------------------------------------------------- capabilities */

#define MINIVMX_CAP_USER_MEMORY			3	/* SET_USER_MEMORY_REGION */
#define MINIVMX_CAP_SET_TSS_ADDR		4
#define MINIVMX_CAP_EXT_CPUID			7	/* SET_CPUID2, GET_SUPPORTED_CPUID */
#define MINIVMX_CAP_NR_VCPUS			9	/* recommended number of vCPUs: host CPUs */
#define MINIVMX_CAP_NR_MEMSLOTS			10	/* MINIVMX_MAX_SLOTS */
#define MINIVMX_CAP_NOP_IO_DELAY		12	/* port 0x80 needs no delay: 1 */
#define MINIVMX_CAP_MP_STATE			14	/* GET_MP_STATE, SET_MP_STATE */
#define MINIVMX_CAP_COALESCED_MMIO		15	/* the ring's page in a vCPU's mapping */
#define MINIVMX_CAP_SYNC_MMU			16	/* changes of the user mapping reach the guest */
#define MINIVMX_CAP_DESTROY_MEMORY_REGION_WORKS	21
#define MINIVMX_CAP_USER_NMI			22	/* NMI */
#define MINIVMX_CAP_SET_GUEST_DEBUG		23	/* SET_GUEST_DEBUG */
#define MINIVMX_CAP_JOIN_MEMORY_REGIONS_WORKS	30
#define MINIVMX_CAP_IOEVENTFD			36	/* IOEVENTFD */
#define MINIVMX_CAP_SET_IDENTITY_MAP_ADDR	37
#define MINIVMX_CAP_INTERNAL_ERROR_DATA		40	/* run->internal.data is filled in */
#define MINIVMX_CAP_VCPU_EVENTS			41	/* GET_VCPU_EVENTS, SET_VCPU_EVENTS */
#define MINIVMX_CAP_INTR_SHADOW			49	/* interrupt.shadow in VCPU_EVENTS */
#define MINIVMX_CAP_DEBUGREGS			50	/* GET_DEBUGREGS, SET_DEBUGREGS */
#define MINIVMX_CAP_XSAVE			55	/* GET_XSAVE, SET_XSAVE */
#define MINIVMX_CAP_XCRS			56	/* GET_XCRS, SET_XCRS: 0 where the host does not use XSAVE */
#define MINIVMX_CAP_TSC_CONTROL			60	/* SET_TSC_KHZ can change the frequency: 0 */
#define MINIVMX_CAP_GET_TSC_KHZ			61
#define MINIVMX_CAP_MAX_VCPUS			66	/* MINIVMX_MAX_VCPUS */
#define MINIVMX_CAP_SYNC_REGS			74	/* registers in the run page: MINIVMX_SYNC_X86_VALID_FIELDS */
#define MINIVMX_CAP_READONLY_MEM		81	/* MINIVMX_MEM_READONLY */
#define MINIVMX_CAP_IOEVENTFD_NO_LENGTH		100	/* len 0: for a write of any size */
#define MINIVMX_CAP_CHECK_EXTENSION_VM		105
#define MINIVMX_CAP_IOEVENTFD_ANY_LENGTH	122	/* the same */
#define MINIVMX_CAP_MAX_VCPU_ID			128	/* one more than the largest number: MINIVMX_MAX_VCPUS */
#define MINIVMX_CAP_IMMEDIATE_EXIT		136	/* run->immediate_exit */
#define MINIVMX_CAP_COALESCED_PIO		162	/* coalesced zones of ports */
#define MINIVMX_CAP_SET_GUEST_DEBUG2		195	/* all MINIVMX_GUESTDBG_* that SET_GUEST_DEBUG takes */
#define MINIVMX_CAP_BINARY_STATS_FD		203	/* GET_STATS_FD */
#define MINIVMX_CAP_USER_MEMORY2		231	/* SET_USER_MEMORY_REGION2 */

/* -------------------------------------------------------------------------- memory */

/* minivmx_userspace_memory_region.flags */
#define MINIVMX_MEM_LOG_DIRTY_PAGES	(1UL << 0)	/* GET_DIRTY_LOG; can change in a live slot */
#define MINIVMX_MEM_READONLY		(1UL << 1)	/* a guest write is userspace's to perform */

struct minivmx_userspace_memory_region {
	__u32 slot;		/* in: number of the slot, 0 to MINIVMX_MAX_SLOTS - 1 */
	__u32 flags;		/* in: MINIVMX_MEM_*, others 0 */
	__u64 guest_phys_addr;	/* in: first guest-physical address, multiple of 4096 */
	__u64 memory_size;	/* in: bytes, multiple of 4096; 0 deletes the slot */
	__u64 userspace_addr;	/* in: first address in the caller's memory, multiple of 4096 */
};

struct minivmx_userspace_memory_region2 {
	__u32 slot;		/* in: these five as above */
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;	/* ignored, and so is the rest */
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};

struct minivmx_dirty_log {
	__u32 slot;		/* in */
	__u32 padding1;		/* ignored */
	union {
		/*
		 * in: where to write the bits, 64 pages in each __u64: page 0 of the slot is bit 0 of
		 * the first, and so on; bits beyond the slot are 0
		 */
		void *dirty_bitmap;
		__u64 padding2;
	};
};

/* ------------------------------------------------- writes that end no RUN, statistics */

#define MINIVMX_IOEVENTFD_FLAG_DATAMATCH	(1 << 0)	/* only a write of datamatch rings */
#define MINIVMX_IOEVENTFD_FLAG_PIO		(1 << 1)	/* addr is a port */
#define MINIVMX_IOEVENTFD_FLAG_DEASSIGN		(1 << 2)	/* take it away */

struct minivmx_ioeventfd {
	__u64 datamatch;	/* in: with DATAMATCH */
	__u64 addr;		/* in: port or guest-physical address */
	__u32 len;		/* in: bytes of the write: 1, 2, 4, 8, or 0 for any */
	__s32 fd;		/* in: an eventfd */
	__u32 flags;		/* in: MINIVMX_IOEVENTFD_FLAG_* */
	__u8  pad[36];
};

struct minivmx_coalesced_mmio_zone {
	__u64 addr;		/* in: first guest-physical address or port */
	__u32 size;		/* in: bytes, or ports */
	__u32 pio;		/* in: 0 memory, 1 ports */
};

/* A write in the ring. */
struct minivmx_coalesced_mmio {
	__u64 phys_addr;
	__u32 len;		/* bytes */
	__u32 pio;		/* 1: phys_addr is a port */
	__u8  data[8];
};

/* The module adds at last, userspace takes from first, both go round; empty when they are equal. */
struct minivmx_coalesced_mmio_ring {
	__u32 first, last;
	struct minivmx_coalesced_mmio coalesced_mmio[];
};

#define MINIVMX_COALESCED_MMIO_PAGE_OFFSET	2
/* Entries of the ring, which is a page; it holds one less. */
#define MINIVMX_COALESCED_MMIO_MAX	((4096 - sizeof(struct minivmx_coalesced_mmio_ring)) / \
					 sizeof(struct minivmx_coalesced_mmio))

/*
 * A file of statistics begins with the header. At desc_offset are num_desc descriptors, each
 * followed by name_size bytes with its name; at data_offset the values, of 64 bits each. Offsets
 * are in bytes from the start of the file. Read it with pread() as often as you like.
 */
struct minivmx_stats_header {
	__u32 flags;		/* 0 */
	__u32 name_size;	/* bytes kept for each name, and for the string at id_offset */
	__u32 num_desc;
	__u32 id_offset;	/* the name of the VM or vCPU */
	__u32 desc_offset;
	__u32 data_offset;
};

#define MINIVMX_STATS_TYPE_CUMULATIVE	(0x0 << 0)	/* counts up */
#define MINIVMX_STATS_TYPE_INSTANT	(0x1 << 0)	/* goes up and down */
#define MINIVMX_STATS_TYPE_LINEAR_HIST	(0x3 << 0)	/* value i counts bucket i, of bucket_size */
#define MINIVMX_STATS_UNIT_NONE		(0x0 << 4)
#define MINIVMX_STATS_BASE_POW10	(0x0 << 8)	/* value * 10^exponent */

struct minivmx_stats_desc {
	__u32 flags;		/* a type, a unit and a base */
	__s16 exponent;
	__u16 size;		/* values */
	__u32 offset;		/* bytes from data_offset */
	__u32 bucket_size;
	char name[];		/* with a zero at the end */
};

/* ----------------------------------------------------------------------- registers */

struct minivmx_regs {
	__u64 rax, rbx, rcx, rdx;
	__u64 rsi, rdi, rsp, rbp;
	__u64 r8,  r9,  r10, r11;
	__u64 r12, r13, r14, r15;
	__u64 rip, rflags;
};

/* A segment register with its hidden part. SDM 3A "Segment Descriptors". */
struct minivmx_segment {
	__u64 base;
	__u32 limit;		/* in bytes, already scaled by g */
	__u16 selector;
	__u8  type;		/* 4-bit type field */
	__u8  present, dpl, db, s, l, g, avl;
	__u8  unusable;		/* a null selector was loaded; a segment with present = 0 is unusable too */
	__u8  padding;
};

struct minivmx_dtable {
	__u64 base;
	__u16 limit;
	__u16 padding[3];
};

#define MINIVMX_NR_INTERRUPTS	256

struct minivmx_sregs {
	struct minivmx_segment cs, ds, es, fs, gs, ss;
	struct minivmx_segment tr, ldt;
	struct minivmx_dtable gdt, idt;
	__u64 cr0, cr2, cr3, cr4, cr8;
	__u64 efer;
	/* Kept, but no APIC is emulated. At reset 0xfee00900 on vCPU 0, else 0xfee00800. */
	__u64 apic_base;
	/*
	 * The interrupt that waits, as by INTERRUPT. SET: of several bits the lowest counts; none leaves
	 * what waits.
	 */
	__u64 interrupt_bitmap[(MINIVMX_NR_INTERRUPTS + 63) / 64];
};

/* As FXSAVE stores it. SDM 1 "FXSAVE Area". */
struct minivmx_fpu {
	__u8  fpr[8][16];	/* ST0 to ST7, 10 bytes each */
	__u16 fcw;
	__u16 fsw;
	__u8  ftwx;		/* one bit for each physical register: 1 if it is not empty */
	__u8  pad1;
	__u16 last_opcode;
	__u64 last_ip;
	__u64 last_dp;
	__u8  xmm[16][16];
	__u32 mxcsr;		/* out: 0; in: ignored, as on KVM */
	__u32 pad2;
};

/*
 * What XSAVE stores, in the standard format: SDM 1 "XSAVE Area". Bytes 512 to 519 say which
 * components are in use, as in XCR0: x87 (1), SSE (2), upper halves of AVX (4).
 */
struct minivmx_xsave {
	__u32 region[1024];
};

#define MINIVMX_MAX_XCRS	16

struct minivmx_xcr {
	__u32 xcr;		/* number: 0 */
	__u32 reserved;
	__u64 value;
};

struct minivmx_xcrs {
	__u32 nr_xcrs;		/* valid elements of xcrs[]: out 1, or 0 where XSAVE is not used */
	__u32 flags;		/* 0 */
	struct minivmx_xcr xcrs[MINIVMX_MAX_XCRS];
	__u64 padding[16];
};

/* TRANSLATE: where the guest's page tables lead; without paging linear addresses are physical. */
struct minivmx_translation {
	__u64 linear_address;	/* in */

	__u64 physical_address;	/* out: guest-physical; all ones where not valid */
	__u8  valid;		/* out: 1 if there is a translation */
	__u8  writeable;	/* out: 1 always: access rights are not reported */
	__u8  usermode;		/* out: 0 always */
	__u8  pad[5];
};

/* -------------------------------------------------------------------------- events */

struct minivmx_interrupt {
	__u32 irq;		/* in: vector, 0 to MINIVMX_NR_INTERRUPTS - 1 */
};

/* SET_SIGNAL_MASK */
struct minivmx_signal_mask {
	__u32 len;		/* in: bytes of sigset: 8 */
	__u8  sigset[];		/* in: the kernel's sigset_t */
};

#define MINIVMX_MP_STATE_RUNNABLE	0

struct minivmx_mp_state {
	__u32 mp_state;		/* MINIVMX_MP_STATE_* */
};

/* minivmx_vcpu_events.flags: GET sets NMI_PENDING, SHADOW and SMM */
#define MINIVMX_VCPUEVENT_VALID_NMI_PENDING	0x00000001	/* SET takes nmi.pending */
#define MINIVMX_VCPUEVENT_VALID_SIPI_VECTOR	0x00000002	/* accepted, means nothing without an APIC */
#define MINIVMX_VCPUEVENT_VALID_SHADOW		0x00000004	/* SET takes interrupt.shadow */
#define MINIVMX_VCPUEVENT_VALID_SMM		0x00000008	/* smi is filled in; here it is all 0 */
#define MINIVMX_VCPUEVENT_VALID_PAYLOAD		0x00000010	/* not offered: EINVAL */
#define MINIVMX_VCPUEVENT_VALID_TRIPLE_FAULT	0x00000020	/* not offered: EINVAL */

/* minivmx_vcpu_events.interrupt.shadow; SET with both means MOV_SS */
#define MINIVMX_X86_SHADOW_INT_MOV_SS	0x01	/* the instruction after MOV SS or POP SS is next */
#define MINIVMX_X86_SHADOW_INT_STI	0x02	/* the instruction after STI is next */

/*
 * INT3, INTO, INT1 and INT n are not shown as events: RIP is at the instruction until its delivery
 * is done, and it runs again.
 */
struct minivmx_vcpu_events {
	struct {
		__u8 injected;		/* nr is to be delivered */
		__u8 nr;		/* vector, 0 to 31, not 2 */
		__u8 has_error_code;
		__u8 pending;		/* GET: and RUN has not tried to yet. SET ignores it */
		__u32 error_code;	/* bits 15:0 reach the guest */
	} exception;
	struct {
		__u8 injected;		/* external interrupt nr is to be delivered */
		__u8 nr;		/* vector */
		__u8 soft;		/* SET: nr is of an INT n; GET: 0 */
		__u8 shadow;		/* MINIVMX_X86_SHADOW_INT_* */
	} interrupt;
	struct {
		__u8 injected;		/* an NMI is to be delivered */
		__u8 pending;		/* one waits; SET: how many, at most 2 count */
		__u8 masked;		/* held back until the guest's next IRET */
		__u8 pad;
	} nmi;
	__u32 sipi_vector;		/* 0 */
	__u32 flags;			/* MINIVMX_VCPUEVENT_VALID_* */
	struct {
		__u8 smm;
		__u8 pending;
		__u8 smm_inside_nmi;
		__u8 latched_init;
	} smi;				/* no system-management mode here: 0 */
	struct {
		__u8 pending;
	} triple_fault;			/* 0 */
	__u8 reserved[26];
	__u8 exception_has_payload;	/* 0 */
	__u64 exception_payload;	/* 0 */
};

/* ----------------------------------------------------------------------- debugging */

/* SDM 3B "Debug Registers" */
struct minivmx_debugregs {
	__u64 db[4];		/* DR0 to DR3: linear addresses */
	__u64 dr6, dr7;
	__u64 flags;		/* 0 */
	__u64 reserved[9];
};

/* minivmx_guest_debug.control */
#define MINIVMX_GUESTDBG_ENABLE		0x00000001	/* without it the other bits do nothing */
#define MINIVMX_GUESTDBG_SINGLESTEP	0x00000002	/* one instruction, then MINIVMX_EXIT_DEBUG */
#define MINIVMX_GUESTDBG_USE_SW_BP	0x00010000	/* INT3 ends RUN, no #BP in the guest */
#define MINIVMX_GUESTDBG_USE_HW_BP	0x00020000	/* the CPU uses arch.debugreg, not the guest's own */
#define MINIVMX_GUESTDBG_INJECT_DB	0x00040000	/* raise #DB in the guest, once */
#define MINIVMX_GUESTDBG_INJECT_BP	0x00080000	/* raise #BP in the guest, once */
#define MINIVMX_GUESTDBG_BLOCKIRQ	0x00100000	/* no interrupts, NMIs or SMIs while stepping */

struct minivmx_guest_debug_arch {
	__u64 debugreg[8];	/* in, for USE_HW_BP: DR0 to DR3 and DR7. SDM 3B "Debug Registers" */
};

struct minivmx_guest_debug {
	__u32 control;		/* in: MINIVMX_GUESTDBG_* */
	__u32 pad;
	struct minivmx_guest_debug_arch arch;
};

/* --------------------------------------------------------------------------- CPUID */

#define MINIVMX_MAX_CPUID_ENTRIES	256

#define MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX	(1 << 0)	/* the leaf has subleaves: index counts */
#define MINIVMX_CPUID_FLAG_STATEFUL_FUNC	(1 << 1)	/* never used on Intel CPUs */
#define MINIVMX_CPUID_FLAG_STATE_READ_NEXT	(1 << 2)

struct minivmx_cpuid_entry2 {
	__u32 function;		/* leaf: EAX before CPUID */
	__u32 index;		/* subleaf: ECX before CPUID */
	__u32 flags;		/* MINIVMX_CPUID_FLAG_* */
	__u32 eax, ebx, ecx, edx;
	__u32 padding[3];
};

struct minivmx_cpuid2 {
	__u32 nent;		/* in: room in, or length of, entries[]; out: entries written */
	__u32 padding;
	struct minivmx_cpuid_entry2 entries[];
};

/* ---------------------------------------------------------------------------- MSRs */

#define MINIVMX_MAX_MSR_ENTRIES	256	/* a list has fewer */

struct minivmx_msr_entry {
	__u32 index;		/* in: number of the MSR */
	__u32 reserved;
	__u64 data;
};

struct minivmx_msrs {
	__u32 nmsrs;		/* in: length of entries[] */
	__u32 pad;
	struct minivmx_msr_entry entries[];
};

struct minivmx_msr_list {
	__u32 nmsrs;		/* in: room in indices[]; out: length, or what is needed */
	__u32 indices[];
};

/* ------------------------------------------------------------------------ run page */

/* Why RUN returned: minivmx_run.exit_reason. */
#define MINIVMX_EXIT_UNKNOWN		0	/* never happens */
#define MINIVMX_EXIT_IO			2	/* IN, OUT, INS, OUTS: run->io; the next RUN finishes them */
#define MINIVMX_EXIT_DEBUG		4	/* a breakpoint or a single step: run->debug */
#define MINIVMX_EXIT_HLT		5	/* HLT; RIP is past it */
#define MINIVMX_EXIT_MMIO		6	/* an access where no memory is: run->mmio */
#define MINIVMX_EXIT_IRQ_WINDOW_OPEN	7	/* see minivmx_run.request_interrupt_window */
#define MINIVMX_EXIT_SHUTDOWN		8	/* triple fault */
#define MINIVMX_EXIT_FAIL_ENTRY		9	/* VM entry failed: run->fail_entry */
#define MINIVMX_EXIT_INTR		10	/* a signal is pending; RUN fails with EINTR */
#define MINIVMX_EXIT_SET_TPR		11	/* the guest lowered CR8 to run->cr8; RIP is past the MOV */
#define MINIVMX_EXIT_INTERNAL_ERROR	17	/* the module does not handle it: run->internal */

/* MINIVMX_EXIT_DEBUG: minivmx_run.debug.arch */
struct minivmx_debug_exit_arch {
	__u32 exception;	/* vector: 1, #DB (step, hardware breakpoint), or 3, #BP (INT3) */
	__u32 pad;
	__u64 pc;		/* linear address of the next instruction; for INT3 of the INT3 itself */
	__u64 dr6;		/* for #DB: which breakpoints, or a step. SDM 3B "Debug Registers" */
	__u64 dr7;		/* for #DB: the breakpoints that were set */
};

/* minivmx_run.io.direction */
#define MINIVMX_EXIT_IO_IN	0
#define MINIVMX_EXIT_IO_OUT	1

/* minivmx_run.internal.suberror */
#define MINIVMX_INTERNAL_ERROR_EMULATION		1	/* an instruction that is not emulated, at RIP */
#define MINIVMX_INTERNAL_ERROR_DELIVERY_EV		3	/* an exit while an event was being delivered */
#define MINIVMX_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON	4	/* an exit reason without a handler */

/* minivmx_run.emulation_failure.flags: insn_size and insn_bytes are filled in */
#define MINIVMX_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES	(1ULL << 0)

/*
 * minivmx_run.internal.data[] for suberror UNEXPECTED_EXIT_REASON. KVM fills in the first two,
 * the others are ours. SDM 3C "VM-Exit Information Fields"; the exit reasons are those of SDM 3D
 * "VMX Basic Exit Reasons".
 */
enum minivmx_error_data {
	MINIVMX_ERROR_DATA_EXIT_REASON,		/* full 32-bit exit reason */
	MINIVMX_ERROR_DATA_CPU,			/* host CPU of the exit */
	MINIVMX_ERROR_DATA_QUALIFICATION,	/* exit qualification */
	MINIVMX_ERROR_DATA_INTR_INFO,		/* VM-exit interruption information */
	MINIVMX_ERROR_DATA_INTR_ERROR_CODE,	/* VM-exit interruption error code */
	MINIVMX_ERROR_DATA_IDT_VECTORING,	/* IDT-vectoring information */
	MINIVMX_ERROR_DATA_INSN_LEN,		/* VM-exit instruction length, bytes */
	MINIVMX_ERROR_DATA_INSN_INFO,		/* VM-exit instruction information */
	MINIVMX_ERROR_DATA_GUEST_PHYSICAL,	/* guest-physical address (EPT exits) */
	MINIVMX_ERROR_DATA_GUEST_LINEAR,	/* guest-linear address */
	MINIVMX_ERROR_DATA_RIP,			/* guest RIP at the exit */
	MINIVMX_ERROR_DATA_COUNT
};

/* The same for suberror DELIVERY_EV, in KVM's order. */
enum minivmx_delivery_data {
	MINIVMX_DELIVERY_DATA_IDT_VECTORING,	/* the event: IDT-vectoring information */
	MINIVMX_DELIVERY_DATA_EXIT_REASON,	/* full 32-bit exit reason */
	MINIVMX_DELIVERY_DATA_QUALIFICATION,	/* exit qualification */
	MINIVMX_DELIVERY_DATA_GUEST_PHYSICAL,	/* guest-physical address that stopped the delivery */
	MINIVMX_DELIVERY_DATA_CPU,		/* host CPU of the exit */
	MINIVMX_DELIVERY_DATA_COUNT
};

/* Bit 31 of an exit reason: the VM entry failed. SDM 3C "Exit reason". */
#define MINIVMX_EXIT_REASON_FAILED_ENTRY	0x80000000u

/* Registers in the run page, which spare a program the calls that get and set them. */
struct minivmx_sync_regs {
	struct minivmx_regs regs;
	struct minivmx_sregs sregs;
	struct minivmx_vcpu_events events;
};

#define MINIVMX_SYNC_X86_REGS		(1UL << 0)
#define MINIVMX_SYNC_X86_SREGS		(1UL << 1)
#define MINIVMX_SYNC_X86_EVENTS		(1UL << 2)
#define MINIVMX_SYNC_X86_VALID_FIELDS	(MINIVMX_SYNC_X86_REGS | MINIVMX_SYNC_X86_SREGS | \
					 MINIVMX_SYNC_X86_EVENTS)

/*
 * The run page: what userspace asks of the next RUN, and why the last one returned. mmap() the
 * vCPU's file descriptor at offset 0 with MAP_SHARED; the page after it holds the I/O data.
 */
struct minivmx_run {
	/* in */
	__u8 request_interrupt_window;	/* nonzero: RUN ends with MINIVMX_EXIT_IRQ_WINDOW_OPEN before the
					   first instruction that an interrupt could precede */
	__u8 immediate_exit;		/* nonzero: RUN completes the last exit, then fails with EINTR */
	__u8 padding1[6];

	/* out */
	__u32 exit_reason;		/* MINIVMX_EXIT_* */
	__u8 ready_for_interrupt_injection; /* RFLAGS.IF is set, no shadow blocks interrupts, no other
					       event is on its way */
	__u8 if_flag;			/* RFLAGS.IF */
	__u16 flags;			/* 0 */

	/* in and out */
	__u64 cr8;			/* the guest's task priority, 0 to 15: each RUN begins by setting
					   CR8 to it, whatever SET_SREGS has set, and ends by
					   storing CR8 here */
	/* out */
	__u64 apic_base;

	union {
		/* MINIVMX_EXIT_FAIL_ENTRY */
		struct {
			/*
			 * Exit reason with MINIVMX_EXIT_REASON_FAILED_ENTRY set (33: guest state,
			 * 34: MSR loading, 41: machine check), or the VM-instruction error (7:
			 * control fields, 8: host-state fields). SDM 3C "VM-Entry Failures During
			 * or After Loading Guest State", "VM Instruction Error Numbers".
			 */
			__u64 hardware_entry_failure_reason;
			__u32 cpu;	/* host CPU that refused */
			/* What follows KVM does not have. */
			__u32 padding;
			/*
			 * Exit qualification; 0 with a VM-instruction error. SDM 3C "VM-Entry
			 * Failures During or After Loading Guest State".
			 */
			__u64 qualification;
		} fail_entry;
		/*
		 * MINIVMX_EXIT_IO. With OUTS the registers are as the element leaves them; with the
		 * others they change at the next RUN, unless RIP has been changed.
		 */
		struct {
			__u8 direction;		/* MINIVMX_EXIT_IO_IN or _OUT */
			__u8 size;		/* bytes of an element: 1, 2 or 4 */
			__u16 port;
			__u32 count;		/* elements: INS can ask for many, the others for one */
			__u64 data_offset;	/* of the data, in bytes from the start of the run page; for
						   IN the next RUN takes it from there */
		} io;
		/* MINIVMX_EXIT_DEBUG */
		struct {
			struct minivmx_debug_exit_arch arch;
		} debug;
		/*
		 * MINIVMX_EXIT_MMIO: an access to an address that no slot shows, or a write to a
		 * READONLY one. What crosses a page, or has several operands there, comes as several
		 * exits. The data of a read is taken from here by the next RUN, which executes the
		 * instruction, with the registers as they are then, as soon as all of it has been read;
		 * if RIP has been changed, nothing is taken. After the exit for a write the registers
		 * are as the instruction leaves them.
		 */
		struct {
			__u64 phys_addr;	/* guest-physical */
			__u8  data[8];		/* the first len bytes */
			__u32 len;		/* bytes: 1 to 8 */
			__u8  is_write;
		} mmio;
		/* MINIVMX_EXIT_INTERNAL_ERROR */
		struct {
			__u32 suberror;		/* MINIVMX_INTERNAL_ERROR_* */
			__u32 ndata;		/* valid elements of data[] */
			__u64 data[16];		/* see enum minivmx_error_data, minivmx_delivery_data */
		} internal;
		/* MINIVMX_EXIT_INTERNAL_ERROR with suberror MINIVMX_INTERNAL_ERROR_EMULATION */
		struct {
			__u32 suberror;
			__u32 ndata;
			__u64 flags;		/* MINIVMX_INTERNAL_ERROR_EMULATION_FLAG_* */
			__u8 insn_size;		/* bytes */
			__u8 insn_bytes[15];
			/* KVM leaves the meaning of what follows open; this is ours. */
			__u64 guest_phys_addr;	/* of the access; 0 for INS and OUTS */
			__u64 qualification;	/* exit qualification */
		} emulation_failure;
		char padding[256];
	};

	/* in: MINIVMX_SYNC_X86_*; the registers that RUN stores in s.regs when it ends */
	__u64 minivmx_valid_regs;
	/*
	 * in: those that RUN takes from s.regs before it does anything else, as the SET calls would;
	 * out: 0 for each set that was taken
	 */
	__u64 minivmx_dirty_regs;
	union {
		struct minivmx_sync_regs regs;
		char padding[2048];
	} s;
};

/* ---------------------------------------------------------------- VMX capabilities */

/* One VMX capability MSR. SDM 3D "VMX Capability Reporting Facility". */
struct minivmx_vmx_cap {
	__u32 msr;		/* out: MSR number */
	__u32 padding;
	__u64 value;		/* out: for control MSRs allowed-0 settings low, allowed-1 settings high */
	__u32 required;		/* out: control bits without which the module refuses to load */
	__u32 optional;		/* out: control bits the module uses where the CPU has them */
};

struct minivmx_vmx_caps {
	__u32 nent;		/* in: room in entries[]; out: entries written (or needed, with E2BIG) */
	__u32 flags;		/* in: 0 */
	struct minivmx_vmx_cap entries[];
};

/* ---------------------------------------------------------------------------- VMCS */

struct minivmx_vmcs_field {
	__u32 encoding;		/* SDM 3D "Field Encoding in VMCS"; access type full */
	__u32 padding;		/* 0 */
	__u64 value;
};

#define MINIVMX_VMCS_HOST_HIDDEN	(1U << 0)

struct minivmx_vmcs {
	__u32 nent;		/* in: room in entries[]; out: entries written (or needed, with E2BIG) */
	__u32 flags;		/* in: 0; out: MINIVMX_VMCS_* */
	struct minivmx_vmcs_field entries[];
};

#define MINIVMX_TRY_EXPECT_FAILURE	(1U << 0)

/* minivmx_try_entry.outcome. SDM 3C "Conventions". */
#define MINIVMX_TRIED_VM_EXIT		0	/* the guest was entered and left, or could not be entered */
#define MINIVMX_TRIED_VMFAIL_VALID	1
#define MINIVMX_TRIED_VMFAIL_INVALID	2

#define MINIVMX_TRY_CHANGES		16
#define MINIVMX_TRY_MSRS		8

struct minivmx_try_entry {
	__u32 flags;		/* in: MINIVMX_TRY_* */
	__u32 outcome;		/* out: MINIVMX_TRIED_* */
	__u64 reason;		/* out: exit reason, bit 31 if the entry failed; VMFAIL_VALID: VM-instruction error */
	__u64 qualification;	/* out: of the exit */
	__u32 nent;		/* in: changes */
	__u32 nmsrs;		/* in: if not 0, the VM-entry MSR-load area consists of msrs[] */
	struct minivmx_vmcs_field entries[MINIVMX_TRY_CHANGES];	/* in */
	struct minivmx_msr_entry msrs[MINIVMX_TRY_MSRS];	/* in; reserved is 0 */
};

/* ----------------------------------------------------------------------------- EPT */

#define MINIVMX_EPT_LEVELS		4
#define MINIVMX_EPT_HOST_HIDDEN		(1U << 0)

/* SDM 3C "EPT Translation Mechanism" has the formats of EPT pointer and entries. */
struct minivmx_ept_walk {
	__u64 guest_physical;	/* in */
	__u32 flags;		/* in: 0; out: MINIVMX_EPT_* */
	__u32 count;		/* out: entries that are read, 1 to MINIVMX_EPT_LEVELS */
	__u64 eptp;		/* out: EPT pointer */
	__u64 entries[MINIVMX_EPT_LEVELS];	/* out: the root's first; those behind count are 0 */
};

/* ----------------------------------------------------------------- flight recorder */

struct minivmx_recorder_area {
	__u64 offset;		/* out: MINIVMX_RECORDER_PAGE_OFFSET pages */
	__u64 size;		/* out: bytes, whole pages */
};

#define MINIVMX_RECORDER_PAGE_OFFSET	16

/* minivmx_exit_record.handled_by */
#define MINIVMX_HANDLED_FAST	0	/* the kernel, with interrupts off; the guest may go on at once */
#define MINIVMX_HANDLED_SLOW	1	/* the kernel, with interrupts on */
#define MINIVMX_HANDLED_USER	2	/* userspace: RUN returned for it, or failed with EFAULT, ENOMEM */

/*
 * One VM exit. Times are in ticks of the host's TSC, which its CPUs are expected to have in step.
 * Those in the kernel and in userspace are complete when the guest has been entered again; after
 * the last exit they end where RUN did. SDM 3C "VM-Exit Information Fields".
 */
struct minivmx_exit_record {
	__u32 reason;		/* full exit reason: basic reason in bits 15:0,
				   MINIVMX_EXIT_REASON_FAILED_ENTRY */
	__u8  handled_by;	/* MINIVMX_HANDLED_* */
	__u8  padding[3];
	__u64 qualification;
	__u64 rip;		/* the guest's */
	__u64 guest_physical;	/* address, of EPT exits */
	__u32 intr_info;	/* interruption information */
	__u32 idt_vectoring;	/* IDT-vectoring information */
	__u64 tsc;		/* of the exit */
	__u64 guest_ticks;	/* in the guest, from the entry before this exit on */
	__u64 kernel_ticks;	/* in the kernel, until the next entry */
	__u64 user_ticks;	/* not in RUN, until the next entry */
};

#define MINIVMX_RECORDER_VERSION	1

/*
 * The last VM exits of a vCPU. Exit n, counted from 0, is in records[n % capacity]. The kernel
 * writes there first and then adds 1 to count, at any time while another thread is in RUN; so of
 * what a reader has copied, those records are good for which n + capacity is above the count that
 * it finds afterwards. While RUN lasts, handled_by, kernel_ticks and user_ticks of the last one are
 * not final.
 */
struct minivmx_recorder {
	__u32 version;		/* MINIVMX_RECORDER_VERSION; another one has another layout */
	__u32 capacity;		/* records in records[] */
	__u32 record_size;	/* bytes */
	__u32 tsc_khz;		/* of the host's TSC */
	__u64 count;		/* exits ever */
	__u64 padding[5];
	struct minivmx_exit_record records[];
};

#endif /* _UAPI_MINIVMX_H */
