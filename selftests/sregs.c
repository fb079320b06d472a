// SPDX-License-Identifier: GPL-2.0
/*
 * sregs.c - segments, descriptor tables, control registers: set, seen, changed, read back;
 * and the state after reset, which is KVM's, field by field.
 */
#include <errno.h>
#include <stddef.h>

#include "vm.h"
#include "kselftest_harness.h"

/* Real mode: a segment load sets selector and base. */
GUEST_CODE(load_segments, 16,
	"mov $0x1000, %ax\n\t mov %ax, %ds\n\t"
	"mov $0x2000, %ax\n\t mov %ax, %es\n\t"
	"mov $0x3000, %ax\n\t mov %ax, %fs\n\t"
	"mov $0x4000, %ax\n\t mov %ax, %gs\n\t"
	"mov $0x5000, %ax\n\t mov %ax, %ss\n\t"
	"hlt");

GUEST_CODE(store_all, 64,
	"mov $0x10000, %ebx\n\t"
	"mov %cs, (%rbx)\n\t  mov %ds, 2(%rbx)\n\t mov %es, 4(%rbx)\n\t"
	"mov %fs, 6(%rbx)\n\t mov %gs, 8(%rbx)\n\t mov %ss, 10(%rbx)\n\t"
	"str 12(%rbx)\n\t sldt 14(%rbx)\n\t"
	"sgdt 16(%rbx)\n\t sidt 32(%rbx)\n\t"
	"mov %cr0, %rax\n\t mov %rax, 48(%rbx)\n\t"
	"mov %cr2, %rax\n\t mov %rax, 56(%rbx)\n\t"
	"mov %cr3, %rax\n\t mov %rax, 64(%rbx)\n\t"
	"mov %cr4, %rax\n\t mov %rax, 72(%rbx)\n\t"
	"mov %fs:0, %rax\n\t mov %rax, 80(%rbx)\n\t"
	"mov %gs:0, %rax\n\t mov %rax, 88(%rbx)\n\t"
	"hlt");

struct stored {
	__u16 cs, ds, es, fs, gs, ss, tr, ldt;
	struct { __u16 limit; __u64 base; __u8 pad[6]; } __attribute__((packed)) gdt, idt;
	__u64 cr0, cr2, cr3, cr4, at_fs, at_gs;
};
_Static_assert(offsetof(struct stored, cr0) == 48, "layout of store_all");

GUEST_CODE(change_all, 64,
	"mov $0x18, %eax\n\t"
	"movabs $0x123456789000, %rcx\n\t mov %rcx, %cr2\n\t"
	"lgdt 0x10000\n\t lidt 0x10010\n\t"
	"mov %cr3, %rcx\n\t add $0x8, %rcx\n\t mov %rcx, %cr3\n\t"
	"xor %eax, %eax\n\t mov %eax, %fs\n\t"
	"hlt");

/* TS and MP of CR0, PGE and PSE of CR4: bits that need no help from the hypervisor. */
GUEST_CODE(change_control, 64,
	"mov %cr0, %rax\n\t xor $0xa, %rax\n\t mov %rax, %cr0\n\t"
	"mov %cr4, %rax\n\t or $0x90, %rax\n\t mov %rax, %cr4\n\t"
	"hlt");

VM_FIXTURE(sregs)
{
	VM_SETUP(self, variant);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, store_all));
}

#define EXPECT_SEGMENT(a, b)					\
	do {							\
		EXPECT_EQ((a).base, (b).base);			\
		EXPECT_EQ((a).limit, (b).limit);		\
		EXPECT_EQ((a).selector, (b).selector);		\
		EXPECT_EQ((a).type, (b).type);			\
		EXPECT_EQ((a).present, (b).present);		\
		EXPECT_EQ((a).dpl, (b).dpl);			\
		EXPECT_EQ((a).db, (b).db);			\
		EXPECT_EQ((a).s, (b).s);			\
		EXPECT_EQ((a).l, (b).l);			\
		EXPECT_EQ((a).g, (b).g);			\
		EXPECT_EQ((a).avl, (b).avl);			\
		EXPECT_EQ((a).unusable, (b).unusable);		\
	} while (0)

#define NR_SEGMENTS	8	/* cs to ldt, in the structure's order */

static void distinct_segments(struct minivmx_sregs *sregs)
{
	struct minivmx_segment *segment = &sregs->cs;

	for (int i = 0; i < NR_SEGMENTS; i++) {
		segment[i].base = 0x100000 * (i + 1);
		segment[i].selector = 0x100 + 8 * i;
		segment[i].avl = i & 1;
		if (!segment[i].g)
			segment[i].limit = 0x1000 + i;
		else
			segment[i].limit = (0x10000 + i) << 12 | 0xfff;
	}
	sregs->gdt = (struct minivmx_dtable){ .base = 0xffff800012345000, .limit = 0x1ff };
	sregs->idt = (struct minivmx_dtable){ .base = 0xffff800054321000, .limit = 0x2ff };
}

TEST_F(sregs, round_trip)
{
	struct minivmx_sregs in, out;

	ASSERT_EQ(0, vm_get_sregs(&self->vm, &in));
	distinct_segments(&in);
	in.cr2 = 0xabcdef012345;
	in.cr3 = 0x76543000;
	in.cr8 = 5;
	in.apic_base = 0xfed00900;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &in));
	memset(&out, 0xff, sizeof(out));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &out));
	for (int i = 0; i < NR_SEGMENTS; i++) {
		EXPECT_SEGMENT((&in.cs)[i], (&out.cs)[i]);
	}
	EXPECT_EQ(in.gdt.base, out.gdt.base);
	EXPECT_EQ(in.gdt.limit, out.gdt.limit);
	EXPECT_EQ(in.idt.base, out.idt.base);
	EXPECT_EQ(in.idt.limit, out.idt.limit);
	EXPECT_EQ(in.cr0, out.cr0);
	EXPECT_EQ(in.cr2, out.cr2);
	EXPECT_EQ(in.cr3, out.cr3);
	EXPECT_EQ(in.cr4, out.cr4);
	EXPECT_EQ(in.cr8, out.cr8);
	EXPECT_EQ(in.efer, out.efer);
	EXPECT_EQ(in.apic_base, out.apic_base);
	EXPECT_EQ(0, memcmp(in.interrupt_bitmap, out.interrupt_bitmap, sizeof(in.interrupt_bitmap)));
}

/* An unusable segment stays one, and so does what is not a hidden part of it. */
TEST_F(sregs, unusable_segment)
{
	struct minivmx_sregs in, out;

	ASSERT_EQ(0, vm_get_sregs(&self->vm, &in));
	in.es = (struct minivmx_segment){ .selector = 0, .unusable = 1 };
	in.ldt = (struct minivmx_segment){ .selector = 0, .unusable = 1 };
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &in));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &out));
	EXPECT_EQ(1, out.es.unusable);
	EXPECT_EQ(0, out.es.present);
	EXPECT_EQ(1, out.ldt.unusable);
	/* And the guest can run with it. */
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

TEST_F(sregs, guest_sees_what_was_set)
{
	struct stored *stored = (void *)(self->vm.mem + VM_DATA);
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.ds.selector = 0x20;
	sregs.es.selector = 0x28;
	sregs.fs.selector = 0x33;
	sregs.gs.selector = 0x3b;
	sregs.tr.selector = 0x40;
	sregs.ldt.selector = 0x50;
	sregs.fs.base = 0x20000;
	sregs.gs.base = 0x21000;
	sregs.gdt = (struct minivmx_dtable){ .base = 0xffff800012345000, .limit = 0x1ff };
	sregs.idt = (struct minivmx_dtable){ .base = 0xffff800054321000, .limit = 0x2ff };
	sregs.cr2 = 0xabcdef012345;
	*(__u64 *)(self->vm.mem + 0x20000) = 0xf5f5f5f5;
	*(__u64 *)(self->vm.mem + 0x21000) = 0x65656565;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(sregs.cs.selector, stored->cs);
	EXPECT_EQ(sregs.ds.selector, stored->ds);
	EXPECT_EQ(sregs.es.selector, stored->es);
	EXPECT_EQ(sregs.fs.selector, stored->fs);
	EXPECT_EQ(sregs.gs.selector, stored->gs);
	EXPECT_EQ(sregs.ss.selector, stored->ss);
	EXPECT_EQ(sregs.tr.selector, stored->tr);
	EXPECT_EQ(sregs.ldt.selector, stored->ldt);
	EXPECT_EQ(sregs.gdt.base, stored->gdt.base);
	EXPECT_EQ(sregs.gdt.limit, stored->gdt.limit);
	EXPECT_EQ(sregs.idt.base, stored->idt.base);
	EXPECT_EQ(sregs.idt.limit, stored->idt.limit);
	EXPECT_EQ(sregs.cr0, stored->cr0);
	EXPECT_EQ(sregs.cr2, stored->cr2);
	EXPECT_EQ(sregs.cr3, stored->cr3);
	EXPECT_EQ(sregs.cr4, stored->cr4);
	EXPECT_EQ(0xf5f5f5f5, stored->at_fs);
	EXPECT_EQ(0x65656565, stored->at_gs);
}

TEST_F(sregs, host_sees_segment_loads)
{
	struct minivmx_sregs sregs;
	struct minivmx_segment *segments[] = { &sregs.ds, &sregs.es, &sregs.fs, &sregs.gs, &sregs.ss };

	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, load_segments));
	/* Whatever is cached of them must not be what comes back. */
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	for (unsigned int i = 0; i < ARRAY_SIZE(segments); i++) {
		EXPECT_EQ(0x1000 * (i + 1), segments[i]->selector);
		EXPECT_EQ(0x10000 * (i + 1), segments[i]->base);
		EXPECT_EQ(0xffff, segments[i]->limit);
	}
}

TEST_F(sregs, host_sees_what_the_guest_changed)
{
	struct minivmx_sregs before, after;
	struct { __u16 limit; __u64 base; } __attribute__((packed)) *table;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, change_all));
	table = (void *)(self->vm.mem + 0x10000);
	table->limit = 0x37;
	table->base = VM_GDT;
	table = (void *)(self->vm.mem + 0x10010);
	table->limit = 0x47;
	table->base = 0x12345678;
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &before));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &after));
	EXPECT_EQ(0x123456789000, after.cr2);
	EXPECT_EQ(before.cr3 + 8, after.cr3);
	EXPECT_EQ(VM_GDT, after.gdt.base);
	EXPECT_EQ(0x37, after.gdt.limit);
	EXPECT_EQ(0x12345678, after.idt.base);
	EXPECT_EQ(0x47, after.idt.limit);
	EXPECT_EQ(0, after.fs.selector);
	EXPECT_EQ(1, after.fs.unusable);
	EXPECT_SEGMENT(before.cs, after.cs);
	EXPECT_SEGMENT(before.ds, after.ds);
	EXPECT_SEGMENT(before.tr, after.tr);
}

TEST_F(sregs, host_sees_control_registers)
{
	struct minivmx_sregs before, after;

	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, change_control));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &before));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &after));
	EXPECT_EQ(before.cr0 ^ 0xa, after.cr0);
	EXPECT_EQ(before.cr4 | 0x90, after.cr4);
}

FIXTURE(reset) { struct vm vm, kvm; };

/* Without CPUID: what a fresh vCPU is before anybody touched it. */
FIXTURE_SETUP(reset)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	VM_REQUIRE(KVM_DEVICE);
	ASSERT_EQ(0, vm_open(&self->vm, MINIVMX_DEVICE));
	ASSERT_EQ(0, vm_add_vcpu(&self->vm));
	ASSERT_EQ(0, vm_open(&self->kvm, KVM_DEVICE));
	ASSERT_EQ(0, vm_add_vcpu(&self->kvm));
}

FIXTURE_TEARDOWN(reset)
{
	vm_destroy(&self->vm);
	vm_destroy(&self->kvm);
}

TEST_F(reset, general_registers_are_kvms)
{
	struct minivmx_regs ours, theirs;

	ASSERT_EQ(0, vm_get_regs(&self->vm, &ours));
	ASSERT_EQ(0, vm_get_regs(&self->kvm, &theirs));
	for (unsigned int i = 0; i < sizeof(ours) / 8; i++) {
		EXPECT_EQ((&theirs.rax)[i], (&ours.rax)[i]) {
			TH_LOG("register %u of struct minivmx_regs", i);
		}
	}
	EXPECT_EQ(0xfff0, ours.rip);
}

/* No difference is argued for: every field is the same. */
TEST_F(reset, special_registers_are_kvms)
{
	struct minivmx_sregs ours, theirs;

	ASSERT_EQ(0, vm_get_sregs(&self->vm, &ours));
	ASSERT_EQ(0, vm_get_sregs(&self->kvm, &theirs));
	for (int i = 0; i < NR_SEGMENTS; i++) {
		bool passed = _metadata->passed;

		EXPECT_SEGMENT((&theirs.cs)[i], (&ours.cs)[i]);
		if (passed && !_metadata->passed)
			TH_LOG("first in segment %d of struct minivmx_sregs", i);
	}
	EXPECT_EQ(theirs.gdt.base, ours.gdt.base);
	EXPECT_EQ(theirs.gdt.limit, ours.gdt.limit);
	EXPECT_EQ(theirs.idt.base, ours.idt.base);
	EXPECT_EQ(theirs.idt.limit, ours.idt.limit);
	EXPECT_EQ(theirs.cr0, ours.cr0);
	EXPECT_EQ(theirs.cr2, ours.cr2);
	EXPECT_EQ(theirs.cr3, ours.cr3);
	EXPECT_EQ(theirs.cr4, ours.cr4);
	EXPECT_EQ(theirs.cr8, ours.cr8);
	EXPECT_EQ(theirs.efer, ours.efer);
	EXPECT_EQ(theirs.apic_base, ours.apic_base);
	EXPECT_EQ(0xffff0000, ours.cs.base);
}

TEST_HARNESS_MAIN
