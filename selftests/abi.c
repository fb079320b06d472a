// SPDX-License-Identifier: GPL-2.0
/*
 * abi.c - minivmx.h and KVM's own header describe the same interface.
 *
 * Every number, size and offset that both have is compared by the compiler, so a difference
 * ends the build. The tests below check what the compiler can't: that data written through
 * one header's types is read through the other's, and that the extension calls are not KVM's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>
#include <linux/kvm.h>

#include "vm.h"
#include "kselftest_harness.h"

#define SAME(name)							\
	_Static_assert(MINIVMX_##name == KVM_##name, "MINIVMX_" #name)

#define SAME_SIZE(type)							\
	_Static_assert(sizeof(struct minivmx_##type) == sizeof(struct kvm_##type), #type)

#define MEMBER_SIZE(type, member)	sizeof(((struct type *)0)->member)

#define SAME_MEMBER_AS(type, ours, theirs)				\
	_Static_assert(offsetof(struct minivmx_##type, ours) ==		\
		       offsetof(struct kvm_##type, theirs), #type "." #ours);	\
	_Static_assert(MEMBER_SIZE(minivmx_##type, ours) ==		\
		       MEMBER_SIZE(kvm_##type, theirs), #type "." #ours " size")

#define SAME_MEMBER(type, member)	SAME_MEMBER_AS(type, member, member)

_Static_assert(MINIVMX_IO == KVMIO, "ioctl type");
_Static_assert(MINIVMX_EXT != KVMIO, "the extensions have a type of their own");
_Static_assert(sizeof(struct minivmx_vmx_cap) == 24 && sizeof(struct minivmx_vmx_caps) == 8, "GET_VMX_CAPS");
_Static_assert(sizeof(struct minivmx_vmcs_field) == 16 && sizeof(struct minivmx_vmcs) == 8, "GET_VMCS");
_Static_assert(sizeof(struct minivmx_recorder_area) == 16, "GET_RECORDER_AREA");
_Static_assert(sizeof(struct minivmx_try_entry) == 416, "TRY_ENTRY");
_Static_assert(sizeof(struct minivmx_ept_walk) == 56, "GET_EPT_WALK");
_Static_assert(sizeof(struct minivmx_recorder) == 64 && offsetof(struct minivmx_recorder, count) == 16 &&
	       sizeof(struct minivmx_exit_record) == 72 && offsetof(struct minivmx_exit_record, qualification) == 8 &&
	       offsetof(struct minivmx_exit_record, tsc) == 40, "the recorder's layout, version 1");
_Static_assert(MINIVMX_RECORDER_PAGE_OFFSET > MINIVMX_COALESCED_MMIO_PAGE_OFFSET, "a place of its own");
_Static_assert(MINIVMX_GET_VMX_CAPS != MINIVMX_GET_VMCS && MINIVMX_GET_RECORDER_AREA != MINIVMX_GET_VMX_CAPS,
	       "the extensions' numbers differ");

/* ioctl numbers: the direction and the argument's size are part of them */
SAME(API_VERSION);
SAME(GET_API_VERSION);
SAME(CREATE_VM);
SAME(CHECK_EXTENSION);
SAME(GET_VCPU_MMAP_SIZE);
SAME(GET_SUPPORTED_CPUID);
SAME(CREATE_VCPU);
SAME(SET_USER_MEMORY_REGION);
SAME(GET_DIRTY_LOG);
SAME(SET_TSS_ADDR);
SAME(SET_IDENTITY_MAP_ADDR);
SAME(IOEVENTFD);
SAME(REGISTER_COALESCED_MMIO);
SAME(UNREGISTER_COALESCED_MMIO);
SAME(GET_STATS_FD);
SAME(RUN);
SAME(GET_REGS);
SAME(SET_REGS);
SAME(GET_SREGS);
SAME(SET_SREGS);
SAME(TRANSLATE);
SAME(INTERRUPT);
SAME(SET_SIGNAL_MASK);
SAME(GET_FPU);
SAME(SET_FPU);
SAME(SET_CPUID2);
SAME(GET_MP_STATE);
SAME(SET_MP_STATE);
SAME(NMI);
SAME(GET_CPUID2);
SAME(GET_MSR_INDEX_LIST);
SAME(GET_MSRS);
SAME(GET_XSAVE);
SAME(SET_XSAVE);
SAME(GET_XCRS);
SAME(SET_XCRS);
SAME(GET_TSC_KHZ);
SAME(SET_TSC_KHZ);
SAME(CAP_XSAVE);
SAME(CAP_XCRS);
SAME(CAP_TSC_CONTROL);
SAME(CAP_GET_TSC_KHZ);
SAME(SET_MSRS);
SAME(SET_GUEST_DEBUG);
SAME(GET_VCPU_EVENTS);
SAME(SET_VCPU_EVENTS);
SAME(GET_DEBUGREGS);
SAME(SET_DEBUGREGS);

SAME(CAP_USER_MEMORY);
SAME(CAP_SET_TSS_ADDR);
SAME(CAP_EXT_CPUID);
SAME(CAP_NR_VCPUS);
SAME(CAP_NR_MEMSLOTS);
SAME(CAP_NOP_IO_DELAY);
SAME(CAP_MP_STATE);
SAME(CAP_SYNC_MMU);
SAME(CAP_DESTROY_MEMORY_REGION_WORKS);
SAME(CAP_JOIN_MEMORY_REGIONS_WORKS);
SAME(CAP_COALESCED_MMIO);
SAME(CAP_IOEVENTFD);
SAME(CAP_IOEVENTFD_NO_LENGTH);
SAME(CAP_IOEVENTFD_ANY_LENGTH);
SAME(CAP_COALESCED_PIO);
SAME(CAP_BINARY_STATS_FD);
SAME(CAP_SET_IDENTITY_MAP_ADDR);
SAME(CAP_USER_NMI);
SAME(CAP_SET_GUEST_DEBUG);
SAME(CAP_DEBUGREGS);
SAME(CAP_INTERNAL_ERROR_DATA);
SAME(CAP_VCPU_EVENTS);
SAME(CAP_INTR_SHADOW);
SAME(CAP_MAX_VCPUS);
SAME(CAP_SYNC_REGS);
SAME(CAP_READONLY_MEM);
SAME(CAP_CHECK_EXTENSION_VM);
SAME(CAP_MAX_VCPU_ID);
SAME(CAP_IMMEDIATE_EXIT);
SAME(CAP_SET_GUEST_DEBUG2);

SAME(MEM_LOG_DIRTY_PAGES);
SAME(MEM_READONLY);
SAME_SIZE(userspace_memory_region);
SAME_MEMBER(userspace_memory_region, slot);
SAME_MEMBER(userspace_memory_region, flags);
SAME_MEMBER(userspace_memory_region, guest_phys_addr);
SAME_MEMBER(userspace_memory_region, memory_size);
SAME_MEMBER(userspace_memory_region, userspace_addr);

SAME_SIZE(dirty_log);
SAME_MEMBER(dirty_log, slot);
SAME_MEMBER(dirty_log, padding1);
SAME_MEMBER(dirty_log, dirty_bitmap);
SAME_MEMBER(dirty_log, padding2);

/* Headers before Linux 6.8 lack these. */
#ifndef KVM_SET_USER_MEMORY_REGION2
struct kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};
#define KVM_SET_USER_MEMORY_REGION2	0x40a0ae49
#define KVM_CAP_USER_MEMORY2		231
#endif
SAME(SET_USER_MEMORY_REGION2);
SAME(CAP_USER_MEMORY2);
SAME_SIZE(userspace_memory_region2);
SAME_MEMBER(userspace_memory_region2, slot);
SAME_MEMBER(userspace_memory_region2, flags);
SAME_MEMBER(userspace_memory_region2, guest_phys_addr);
SAME_MEMBER(userspace_memory_region2, memory_size);
SAME_MEMBER(userspace_memory_region2, userspace_addr);
SAME_MEMBER(userspace_memory_region2, guest_memfd_offset);
SAME_MEMBER(userspace_memory_region2, guest_memfd);
SAME_MEMBER(userspace_memory_region2, pad1);
SAME_MEMBER(userspace_memory_region2, pad2);

SAME_SIZE(regs);
SAME_MEMBER(regs, rax);
SAME_MEMBER(regs, rbx);
SAME_MEMBER(regs, rcx);
SAME_MEMBER(regs, rdx);
SAME_MEMBER(regs, rsi);
SAME_MEMBER(regs, rdi);
SAME_MEMBER(regs, rsp);
SAME_MEMBER(regs, rbp);
SAME_MEMBER(regs, r8);
SAME_MEMBER(regs, r9);
SAME_MEMBER(regs, r10);
SAME_MEMBER(regs, r11);
SAME_MEMBER(regs, r12);
SAME_MEMBER(regs, r13);
SAME_MEMBER(regs, r14);
SAME_MEMBER(regs, r15);
SAME_MEMBER(regs, rip);
SAME_MEMBER(regs, rflags);

SAME_SIZE(segment);
SAME_MEMBER(segment, base);
SAME_MEMBER(segment, limit);
SAME_MEMBER(segment, selector);
SAME_MEMBER(segment, type);
SAME_MEMBER(segment, present);
SAME_MEMBER(segment, dpl);
SAME_MEMBER(segment, db);
SAME_MEMBER(segment, s);
SAME_MEMBER(segment, l);
SAME_MEMBER(segment, g);
SAME_MEMBER(segment, avl);
SAME_MEMBER(segment, unusable);
SAME_MEMBER(segment, padding);

SAME_SIZE(dtable);
SAME_MEMBER(dtable, base);
SAME_MEMBER(dtable, limit);
SAME_MEMBER(dtable, padding);

SAME(NR_INTERRUPTS);
SAME_SIZE(sregs);
SAME_MEMBER(sregs, cs);
SAME_MEMBER(sregs, ds);
SAME_MEMBER(sregs, es);
SAME_MEMBER(sregs, fs);
SAME_MEMBER(sregs, gs);
SAME_MEMBER(sregs, ss);
SAME_MEMBER(sregs, tr);
SAME_MEMBER(sregs, ldt);
SAME_MEMBER(sregs, gdt);
SAME_MEMBER(sregs, idt);
SAME_MEMBER(sregs, cr0);
SAME_MEMBER(sregs, cr2);
SAME_MEMBER(sregs, cr3);
SAME_MEMBER(sregs, cr4);
SAME_MEMBER(sregs, cr8);
SAME_MEMBER(sregs, efer);
SAME_MEMBER(sregs, apic_base);
SAME_MEMBER(sregs, interrupt_bitmap);

SAME_SIZE(fpu);
SAME_MEMBER(fpu, fpr);
SAME_MEMBER(fpu, fcw);
SAME_MEMBER(fpu, fsw);
SAME_MEMBER(fpu, ftwx);
SAME_MEMBER(fpu, pad1);
SAME_MEMBER(fpu, last_opcode);
SAME_MEMBER(fpu, last_ip);
SAME_MEMBER(fpu, last_dp);
SAME_MEMBER(fpu, xmm);
SAME_MEMBER(fpu, mxcsr);

SAME_SIZE(translation);
SAME_MEMBER(translation, linear_address);
SAME_MEMBER(translation, physical_address);
SAME_MEMBER(translation, valid);
SAME_MEMBER(translation, writeable);
SAME_MEMBER(translation, usermode);
SAME_MEMBER(translation, pad);

SAME_SIZE(interrupt);
SAME_MEMBER(interrupt, irq);
SAME(MP_STATE_RUNNABLE);
SAME_SIZE(mp_state);
SAME_MEMBER(mp_state, mp_state);
SAME(VCPUEVENT_VALID_NMI_PENDING);
SAME(VCPUEVENT_VALID_SIPI_VECTOR);
SAME(VCPUEVENT_VALID_SHADOW);
SAME(VCPUEVENT_VALID_SMM);
SAME(VCPUEVENT_VALID_PAYLOAD);
SAME(VCPUEVENT_VALID_TRIPLE_FAULT);
SAME(X86_SHADOW_INT_MOV_SS);
SAME(X86_SHADOW_INT_STI);
SAME_SIZE(vcpu_events);
SAME_MEMBER(vcpu_events, exception.injected);
SAME_MEMBER(vcpu_events, exception.nr);
SAME_MEMBER(vcpu_events, exception.has_error_code);
SAME_MEMBER(vcpu_events, exception.pending);
SAME_MEMBER(vcpu_events, exception.error_code);
SAME_MEMBER(vcpu_events, interrupt.injected);
SAME_MEMBER(vcpu_events, interrupt.nr);
SAME_MEMBER(vcpu_events, interrupt.soft);
SAME_MEMBER(vcpu_events, interrupt.shadow);
SAME_MEMBER(vcpu_events, nmi.injected);
SAME_MEMBER(vcpu_events, nmi.pending);
SAME_MEMBER(vcpu_events, nmi.masked);
SAME_MEMBER(vcpu_events, nmi.pad);
SAME_MEMBER(vcpu_events, sipi_vector);
SAME_MEMBER(vcpu_events, flags);
SAME_MEMBER(vcpu_events, smi.smm);
SAME_MEMBER(vcpu_events, smi.pending);
SAME_MEMBER(vcpu_events, smi.smm_inside_nmi);
SAME_MEMBER(vcpu_events, smi.latched_init);
SAME_MEMBER(vcpu_events, triple_fault.pending);
SAME_MEMBER(vcpu_events, reserved);
SAME_MEMBER(vcpu_events, exception_has_payload);
SAME_MEMBER(vcpu_events, exception_payload);

SAME(GUESTDBG_ENABLE);
SAME(GUESTDBG_SINGLESTEP);
SAME(GUESTDBG_USE_SW_BP);
SAME(GUESTDBG_USE_HW_BP);
SAME(GUESTDBG_INJECT_DB);
SAME(GUESTDBG_INJECT_BP);
SAME(GUESTDBG_BLOCKIRQ);
SAME_SIZE(signal_mask);
SAME_MEMBER(signal_mask, len);
_Static_assert(offsetof(struct minivmx_signal_mask, sigset) == offsetof(struct kvm_signal_mask, sigset),
	       "signal_mask.sigset");

SAME(IOEVENTFD_FLAG_DATAMATCH);
SAME(IOEVENTFD_FLAG_PIO);
SAME(IOEVENTFD_FLAG_DEASSIGN);
SAME_SIZE(ioeventfd);
SAME_MEMBER(ioeventfd, datamatch);
SAME_MEMBER(ioeventfd, addr);
SAME_MEMBER(ioeventfd, len);
SAME_MEMBER(ioeventfd, fd);
SAME_MEMBER(ioeventfd, flags);
SAME_MEMBER(ioeventfd, pad);

SAME_SIZE(coalesced_mmio_zone);
SAME_MEMBER(coalesced_mmio_zone, addr);
SAME_MEMBER(coalesced_mmio_zone, size);
SAME_MEMBER(coalesced_mmio_zone, pio);
SAME_SIZE(coalesced_mmio);
SAME_MEMBER(coalesced_mmio, phys_addr);
SAME_MEMBER(coalesced_mmio, len);
SAME_MEMBER(coalesced_mmio, pio);
SAME_MEMBER(coalesced_mmio, data);
SAME_SIZE(coalesced_mmio_ring);
SAME_MEMBER(coalesced_mmio_ring, first);
SAME_MEMBER(coalesced_mmio_ring, last);
_Static_assert(offsetof(struct minivmx_coalesced_mmio_ring, coalesced_mmio) == offsetof(struct kvm_coalesced_mmio_ring, coalesced_mmio),
	       "coalesced_mmio_ring.coalesced_mmio");

SAME_SIZE(stats_header);
SAME_MEMBER(stats_header, flags);
SAME_MEMBER(stats_header, name_size);
SAME_MEMBER(stats_header, num_desc);
SAME_MEMBER(stats_header, id_offset);
SAME_MEMBER(stats_header, desc_offset);
SAME_MEMBER(stats_header, data_offset);
SAME(STATS_TYPE_CUMULATIVE);
SAME(STATS_TYPE_INSTANT);
SAME(STATS_TYPE_LINEAR_HIST);
SAME(STATS_UNIT_NONE);
SAME(STATS_BASE_POW10);
SAME_SIZE(stats_desc);
SAME_MEMBER(stats_desc, flags);
SAME_MEMBER(stats_desc, exponent);
SAME_MEMBER(stats_desc, size);
SAME_MEMBER(stats_desc, offset);
SAME_MEMBER(stats_desc, bucket_size);
_Static_assert(offsetof(struct minivmx_stats_desc, name) == offsetof(struct kvm_stats_desc, name),
	       "stats_desc.name");

SAME_SIZE(debugregs);
SAME_MEMBER(debugregs, db);
SAME_MEMBER(debugregs, dr6);
SAME_MEMBER(debugregs, dr7);
SAME_MEMBER(debugregs, flags);
SAME_MEMBER(debugregs, reserved);

SAME_SIZE(guest_debug);
SAME_MEMBER(guest_debug, control);
SAME_MEMBER(guest_debug, pad);
SAME_MEMBER(guest_debug, arch.debugreg);

/* KVM does not export its limit of CPUID entries; errors.c compares the behaviour. */
SAME(CPUID_FLAG_SIGNIFCANT_INDEX);
SAME(CPUID_FLAG_STATEFUL_FUNC);
SAME(CPUID_FLAG_STATE_READ_NEXT);
SAME_SIZE(cpuid_entry2);
SAME_MEMBER(cpuid_entry2, function);
SAME_MEMBER(cpuid_entry2, index);
SAME_MEMBER(cpuid_entry2, flags);
SAME_MEMBER(cpuid_entry2, eax);
SAME_MEMBER(cpuid_entry2, ebx);
SAME_MEMBER(cpuid_entry2, ecx);
SAME_MEMBER(cpuid_entry2, edx);
SAME_MEMBER(cpuid_entry2, padding);
SAME_SIZE(cpuid2);
SAME_MEMBER(cpuid2, nent);
SAME_MEMBER(cpuid2, padding);
_Static_assert(offsetof(struct minivmx_cpuid2, entries) == offsetof(struct kvm_cpuid2, entries),
	       "cpuid2.entries");

SAME_SIZE(xsave);
SAME_MEMBER(xsave, region);
SAME(MAX_XCRS);
SAME_SIZE(xcr);
SAME_MEMBER(xcr, xcr);
SAME_MEMBER(xcr, reserved);
SAME_MEMBER(xcr, value);
SAME_SIZE(xcrs);
SAME_MEMBER(xcrs, nr_xcrs);
SAME_MEMBER(xcrs, flags);
SAME_MEMBER(xcrs, xcrs);
SAME_MEMBER(xcrs, padding);

SAME_SIZE(msr_entry);
SAME_MEMBER(msr_entry, index);
SAME_MEMBER(msr_entry, reserved);
SAME_MEMBER(msr_entry, data);
SAME_SIZE(msrs);
SAME_MEMBER(msrs, nmsrs);
SAME_MEMBER(msrs, pad);
_Static_assert(offsetof(struct minivmx_msrs, entries) == offsetof(struct kvm_msrs, entries),
	       "msrs.entries");
SAME_SIZE(msr_list);
SAME_MEMBER(msr_list, nmsrs);
_Static_assert(offsetof(struct minivmx_msr_list, indices) == offsetof(struct kvm_msr_list, indices),
	       "msr_list.indices");

SAME(EXIT_UNKNOWN);
SAME(EXIT_IO);
SAME(EXIT_DEBUG);
SAME(EXIT_HLT);
SAME(EXIT_MMIO);
SAME(EXIT_IRQ_WINDOW_OPEN);
SAME(EXIT_SHUTDOWN);
SAME(EXIT_FAIL_ENTRY);
SAME(EXIT_INTR);
SAME(EXIT_SET_TPR);
SAME(EXIT_INTERNAL_ERROR);
SAME(EXIT_IO_IN);
SAME(EXIT_IO_OUT);
SAME(INTERNAL_ERROR_EMULATION);
SAME(INTERNAL_ERROR_DELIVERY_EV);
SAME(INTERNAL_ERROR_UNEXPECTED_EXIT_REASON);

SAME_SIZE(run);
SAME_MEMBER(run, request_interrupt_window);
SAME_MEMBER(run, immediate_exit);
SAME_MEMBER(run, padding1);
SAME_MEMBER(run, exit_reason);
SAME_MEMBER(run, ready_for_interrupt_injection);
SAME_MEMBER(run, if_flag);
SAME_MEMBER(run, flags);
SAME_MEMBER(run, cr8);
SAME_MEMBER(run, apic_base);
SAME_MEMBER(run, fail_entry.hardware_entry_failure_reason);
SAME_MEMBER(run, fail_entry.cpu);
SAME_MEMBER(run, io.direction);
SAME_MEMBER(run, io.size);
SAME_MEMBER(run, io.port);
SAME_MEMBER(run, io.count);
SAME_MEMBER(run, io.data_offset);
SAME_MEMBER(run, mmio.phys_addr);
SAME_MEMBER(run, mmio.data);
SAME_MEMBER(run, mmio.len);
SAME_MEMBER(run, mmio.is_write);
SAME_SIZE(debug_exit_arch);
SAME_MEMBER(run, debug.arch.exception);
SAME_MEMBER(run, debug.arch.pad);
SAME_MEMBER(run, debug.arch.pc);
SAME_MEMBER(run, debug.arch.dr6);
SAME_MEMBER(run, debug.arch.dr7);
SAME_MEMBER(run, internal.suberror);
SAME_MEMBER(run, internal.ndata);
SAME_MEMBER(run, internal.data);
SAME_MEMBER(run, emulation_failure.suberror);
SAME_MEMBER(run, emulation_failure.ndata);
SAME_MEMBER(run, emulation_failure.flags);
SAME_MEMBER(run, emulation_failure.insn_size);
SAME_MEMBER(run, emulation_failure.insn_bytes);
SAME_MEMBER(run, padding);
SAME_MEMBER_AS(run, minivmx_valid_regs, kvm_valid_regs);
SAME_MEMBER_AS(run, minivmx_dirty_regs, kvm_dirty_regs);
SAME_MEMBER(run, s);
SAME_MEMBER(run, s.padding);
SAME(SYNC_X86_REGS);
SAME(SYNC_X86_SREGS);
SAME(SYNC_X86_EVENTS);
SAME_SIZE(sync_regs);
SAME_MEMBER(sync_regs, regs);
SAME_MEMBER(sync_regs, sregs);
SAME_MEMBER(sync_regs, events);
/* What is ours alone in an emulation failure stays inside the union. */
_Static_assert(offsetof(struct minivmx_run, emulation_failure.qualification) + sizeof(__u64) <=
	       offsetof(struct minivmx_run, minivmx_valid_regs), "emulation_failure fits");
_Static_assert(offsetof(struct minivmx_run, fail_entry.qualification) + sizeof(__u64) <=
	       offsetof(struct minivmx_run, minivmx_valid_regs), "fail_entry fits");
_Static_assert(MINIVMX_ERROR_DATA_COUNT <= 16, "internal.data fits");

/* A copy between the two types must not move a value into a neighbour of the same size. */
TEST(segment_written_by_kvm_name)
{
	union {
		struct kvm_segment kvm;
		struct minivmx_segment ours;
	} u = {
		.kvm = {
			.base = 0x1122334455667788, .limit = 0x99aabbcc, .selector = 0xddee,
			.type = 1, .present = 2, .dpl = 3, .db = 4, .s = 5, .l = 6, .g = 7,
			.avl = 8, .unusable = 9,
		},
	};

	EXPECT_EQ(0x1122334455667788, u.ours.base);
	EXPECT_EQ(0x99aabbcc, u.ours.limit);
	EXPECT_EQ(0xddee, u.ours.selector);
	EXPECT_EQ(1, u.ours.type);
	EXPECT_EQ(2, u.ours.present);
	EXPECT_EQ(3, u.ours.dpl);
	EXPECT_EQ(4, u.ours.db);
	EXPECT_EQ(5, u.ours.s);
	EXPECT_EQ(6, u.ours.l);
	EXPECT_EQ(7, u.ours.g);
	EXPECT_EQ(8, u.ours.avl);
	EXPECT_EQ(9, u.ours.unusable);
}

TEST(run_page_written_by_kvm_name)
{
	static union {
		struct kvm_run kvm;
		struct minivmx_run ours;
	} u;

	u.kvm.immediate_exit = 1;
	u.kvm.exit_reason = KVM_EXIT_IO;
	u.kvm.io.direction = KVM_EXIT_IO_OUT;
	u.kvm.io.size = 4;
	u.kvm.io.port = 0x3f8;
	u.kvm.io.count = 5;
	u.kvm.io.data_offset = 4096;
	EXPECT_EQ(1, u.ours.immediate_exit);
	EXPECT_EQ(MINIVMX_EXIT_IO, u.ours.exit_reason);
	EXPECT_EQ(MINIVMX_EXIT_IO_OUT, u.ours.io.direction);
	EXPECT_EQ(4, u.ours.io.size);
	EXPECT_EQ(0x3f8, u.ours.io.port);
	EXPECT_EQ(5, u.ours.io.count);
	EXPECT_EQ(4096, u.ours.io.data_offset);
}

/* A program that probes for the extensions learns from KVM that it has none. */
TEST(kvm_has_no_extension_calls)
{
	struct minivmx_vmx_caps caps = { 0 };
	struct minivmx_vmcs vmcs = { 0 };
	struct minivmx_recorder_area area;
	struct minivmx_ept_walk walk = { 0 };
	struct vm kvm;

	VM_REQUIRE(KVM_DEVICE);
	ASSERT_EQ(0, vm_create(&kvm, KVM_DEVICE));
	EXPECT_GT(0, vm_ioctl(kvm.dev, MINIVMX_GET_VMX_CAPS, (unsigned long)&caps));
	EXPECT_GT(0, vm_ioctl(kvm.vcpu, MINIVMX_GET_VMCS, (unsigned long)&vmcs));
	EXPECT_GT(0, vm_ioctl(kvm.dev, MINIVMX_GET_RECORDER_AREA, (unsigned long)&area));
	EXPECT_GT(0, vm_ioctl(kvm.fd, MINIVMX_GET_EPT_WALK, (unsigned long)&walk));
	vm_destroy(&kvm);
}

FIXTURE(device) { int fd; };
FIXTURE_VARIANT(device) { const char *device; };
FIXTURE_VARIANT_ADD(device, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(device, kvm) { .device = KVM_DEVICE };

FIXTURE_SETUP(device)
{
	VM_REQUIRE(variant->device);
	self->fd = open(variant->device, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

TEST_F(device, answers_with_the_version)
{
	EXPECT_EQ(MINIVMX_API_VERSION, vm_ioctl(self->fd, MINIVMX_GET_API_VERSION, 0));
}

/* The run page and the I/O data page after it. */
TEST_F(device, maps_two_pages_at_least)
{
	EXPECT_LE(2 * 4096, vm_ioctl(self->fd, MINIVMX_GET_VCPU_MMAP_SIZE, 0));
}

TEST_F(device, has_the_capabilities_of_the_subset)
{
	static const unsigned int caps[] = {
		MINIVMX_CAP_USER_MEMORY, MINIVMX_CAP_SET_TSS_ADDR, MINIVMX_CAP_EXT_CPUID,
		MINIVMX_CAP_NR_VCPUS, MINIVMX_CAP_NR_MEMSLOTS, MINIVMX_CAP_SYNC_MMU,
		MINIVMX_CAP_DESTROY_MEMORY_REGION_WORKS, MINIVMX_CAP_JOIN_MEMORY_REGIONS_WORKS,
		MINIVMX_CAP_SET_IDENTITY_MAP_ADDR, MINIVMX_CAP_INTERNAL_ERROR_DATA,
		MINIVMX_CAP_MAX_VCPUS, MINIVMX_CAP_READONLY_MEM, MINIVMX_CAP_CHECK_EXTENSION_VM,
		MINIVMX_CAP_MAX_VCPU_ID, MINIVMX_CAP_IMMEDIATE_EXIT, MINIVMX_CAP_MP_STATE,
		MINIVMX_CAP_USER_NMI, MINIVMX_CAP_VCPU_EVENTS, MINIVMX_CAP_SYNC_REGS,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(caps); i++) {
		EXPECT_LT(0, vm_ioctl(self->fd, MINIVMX_CHECK_EXTENSION, caps[i])) {
			TH_LOG("capability %u", caps[i]);
		}
	}
	EXPECT_EQ(0, vm_ioctl(self->fd, MINIVMX_CHECK_EXTENSION, 0x7fffffff));
	/* KVM has the shadow in VCPU_EVENTS too, but does not say so. */
	EXPECT_EQ(strcmp(variant->device, KVM_DEVICE) != 0,
		  vm_ioctl(self->fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_INTR_SHADOW));
	EXPECT_EQ(MINIVMX_SYNC_X86_VALID_FIELDS,
		  vm_ioctl(self->fd, MINIVMX_CHECK_EXTENSION, MINIVMX_CAP_SYNC_REGS));
}

TEST_HARNESS_MAIN
