// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - the guest's page tables as the hypervisor walks them: TRANSLATE, and rights, faults,
 * accessed and dirty bits where it does an access in the guest's stead (INS and OUTS).
 *
 * SDM 3A "Paging".
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "paging.h"
#include "kselftest_harness.h"

GUEST_CODE(outs, 32, "outsb\n\t hlt");
GUEST_CODE(ins, 32, "insb\n\t hlt");

VM_FIXTURE(walk)
{
	VM_SETUP(self, variant);
}

static int start_translate(struct vm *vm, const struct paging *paging)
{
	return paging_start(vm, paging, outs_start, outs_end, 0);
}

#define EXPECT_TRANSLATION(is_valid, physical, linear)				\
	do {									\
		struct minivmx_translation __t = { .linear_address = linear };	\
										\
		ASSERT_EQ(0, paging_reload(&self->vm));				\
		ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_TRANSLATE, (unsigned long)&__t));	\
		EXPECT_EQ((__u64)(physical), __t.physical_address);		\
		EXPECT_EQ(is_valid, __t.valid);					\
		EXPECT_EQ(1, __t.writeable);					\
		EXPECT_EQ(0, __t.usermode);					\
	} while (0)

#define EXPECT_PHYSICAL(physical, linear)	EXPECT_TRANSLATION(1, physical, linear)
#define EXPECT_NO_PHYSICAL(linear)		EXPECT_TRANSLATION(0, ~0UL, linear)

TEST_F(walk, without_paging)
{
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, outs));
	EXPECT_PHYSICAL(0x12345678, 0x12345678);
	EXPECT_PHYSICAL(VM_HOLE, VM_HOLE);
	ASSERT_EQ(0, VM_START(&self->vm, VM_REAL, outs));
	EXPECT_PHYSICAL(0x12345, 0x12345);
}

TEST_F(walk, translate_needs_a_readable_argument)
{
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_TRANSLATE, 0));
}

static bool cpu_has_1g_pages(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && (edx >> 26 & 1);
}

static unsigned int largest_leaf(const struct paging *paging)
{
	return paging->mode == VM_LONG && cpu_has_1g_pages() ? 3 : 2;
}

/* Every table has an index of its own. */
static __u64 high_address(const struct paging *paging)
{
	return paging->mode == VM_LONG ? 0xffff8123456789abUL : 0xfe3456abUL;
}

TEST_F(walk, pages_of_each_size)
{
	FOR_EACH_PAGING(paging) {
		__u64 linear = high_address(paging);

		for (unsigned int leaf = 1; leaf <= largest_leaf(paging); leaf++) {
			__u64 size = 1UL << (12 + (leaf - 1) * paging->index_bits);
			__u64 gpa = 0xc0000000UL + (leaf < 3 ? size : 0);

			ASSERT_EQ(0, start_translate(&self->vm, paging));
			paging_map(&self->vm, paging, leaf, linear, gpa, P);
			EXPECT_PHYSICAL(gpa | (linear & (size - 1)), linear);
			/* As if the guest had read there. */
			for (unsigned int level = leaf; level <= paging->levels; level++) {
				EXPECT_EQ(paging_has_rights(paging, level) ? A : 0,
					  paging_get(&self->vm, paging, level, linear) & (A | D)) {
					TH_LOG("%s, level %u", paging->name, level);
				}
			}
		}
	}
}

TEST_F(walk, missing_entries)
{
	FOR_EACH_PAGING(paging) {
		__u64 linear = high_address(paging);

		for (unsigned int level = 1; level <= paging->levels; level++) {
			ASSERT_EQ(0, start_translate(&self->vm, paging));
			paging_map(&self->vm, paging, 1, linear, PAGE, P);
			paging_set(&self->vm, paging, level, linear,
				  paging_get(&self->vm, paging, level, linear) & ~P);
			EXPECT_NO_PHYSICAL(linear);
		}
	}
}

/* A table where no memory is has no entries. */
TEST_F(walk, table_outside_memory)
{
	FOR_EACH_PAGING(paging) {
		ASSERT_EQ(0, start_translate(&self->vm, paging));
		paging_map(&self->vm, paging, 1, LINEAR, PAGE, P);
		paging_set(&self->vm, paging, 2, LINEAR, VM_HOLE | P);
		EXPECT_NO_PHYSICAL(LINEAR);
	}
}

struct reserved_case {
	enum vm_mode mode;
	bool pae;
	unsigned int leaf, level;
	__u64 bits;
	bool needs_no_1g;	/* 1 GiB pages give the bit a meaning */
};

static const struct reserved_case reserved_cases[] = {
	{ VM_PROTECTED, false, 2, 2, 1UL << 21, false },	/* 4 MiB page: above address bit 39 */
	{ VM_PROTECTED, true,  1, 1, 1UL << 52, false },
	{ VM_PROTECTED, true,  1, 1, 1UL << 51, false },	/* no CPU has so many address bits */
	{ VM_PROTECTED, true,  1, 2, 1UL << 62, false },
	{ VM_PROTECTED, true,  2, 2, 1UL << 13, false },
	{ VM_LONG,	false, 1, 1, 1UL << 51, false },
	{ VM_LONG,	false, 1, 3, 1UL << 50, false },
	{ VM_LONG,	false, 2, 2, 1UL << 20, false },
	{ VM_LONG,	false, 1, 4, LARGE, false },
	{ VM_LONG,	false, 1, 3, LARGE, true },
};

TEST_F(walk, reserved_bits)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(reserved_cases); i++) {
		const struct reserved_case *c = &reserved_cases[i];
		const struct paging *paging = &pagings[c->mode == VM_LONG ? 2 : c->pae];

		if (c->needs_no_1g && cpu_has_1g_pages())
			continue;
		ASSERT_EQ(0, start_translate(&self->vm, paging));
		paging_map(&self->vm, paging, c->leaf, LINEAR, 0, P);
		EXPECT_PHYSICAL(LINEAR & (c->leaf == 2 ? (1UL << (12 + paging->index_bits)) - 1 : 0),
				LINEAR);
		paging_set(&self->vm, paging, c->level, LINEAR,
			  paging_get(&self->vm, paging, c->level, LINEAR) | c->bits);
		EXPECT_NO_PHYSICAL(LINEAR);
	}
}

/* Bit 63 is reserved until EFER.NXE gives it a meaning. Reading does not mind that. */
TEST_F(walk, no_execute)
{
	const struct paging *paging = &pagings[2];
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, start_translate(&self->vm, paging));
	paging_map(&self->vm, paging, 1, LINEAR, PAGE, P | NX);
	EXPECT_PHYSICAL(PAGE, LINEAR);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.efer &= ~EFER_NX;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	EXPECT_NO_PHYSICAL(LINEAR);
}

/* Bits 16:13 of a 4 MiB page's entry are address bits 35:32. Without CR4.PSE there are none. */
TEST_F(walk, page_size_extensions)
{
	const struct paging *paging = &pagings[0];
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, start_translate(&self->vm, paging));
	paging_map(&self->vm, paging, 2, LINEAR, 0x00400000, P | 5UL << 13);
	EXPECT_PHYSICAL(0x500400000UL | (LINEAR & 0x3fffff), LINEAR);
	paging_map(&self->vm, paging, 1, LINEAR, PAGE, P);
	paging_set(&self->vm, paging, 2, LINEAR, TABLE(1) | P | LARGE);
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.cr4 &= ~CR4_PSE;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	EXPECT_PHYSICAL(PAGE, LINEAR);
}

/* ----------------------------------------------------------- accesses on the guest's behalf */

struct access_case {
	const char *name;
	bool write, user, no_write_protect, smap, ac;
	__u64 leaf, table;	/* the entry of the page, and of the table above it */
	int error_code;		/* OK: none */
};

#define OK	(-1)

static const struct access_case access_cases[] = {
	/*			  write	 user	no WP	SMAP	AC	page		table		*/
	{ "read",		  false, false, false, false, false, P,		P,		OK },
	{ "write",		  true,  false, false, false, false, P | W,	P | W,		OK },
	{ "absent, read",	  false, false, false, false, false, 0,		P | W,		0 },
	{ "absent, write",	  true,  false, false, false, false, 0,		P | W,		PF_W },
	{ "absent, user write",	  true,  true,  false, false, false, 0,		P | W | U,	PF_W | PF_U },
	{ "table absent",	  false, true,  false, false, false, P | W | U,	0,		PF_U },
	{ "read-only page",	  true,  false, false, false, false, P,		P | W,		PF_P | PF_W },
	{ "read-only table",	  true,  false, false, false, false, P | W,	P,		PF_P | PF_W },
	{ "read-only, no WP",	  true,  false, true,  false, false, P,		P,		OK },
	{ "read-only, user",	  true,  true,  true,  false, false, P | U,	P | U,		PF_P | PF_W | PF_U },
	{ "user reads its own",	  false, true,  false, false, false, P | U,	P | U,		OK },
	{ "user writes its own",  true,  true,  false, false, false, P | W | U,	P | W | U,	OK },
	{ "kernel's page",	  false, true,  false, false, false, P | W,	P | W | U,	PF_P | PF_U },
	{ "kernel's table",	  true,  true,  false, false, false, P | W | U,	P | W,		PF_P | PF_W | PF_U },
	{ "user's page, no SMAP", true,  false, false, false, false, P | W | U,	P | W | U,	OK },
	{ "user's page, SMAP",	  true,  false, false, true,  false, P | W | U,	P | W | U,	PF_P | PF_W },
	{ "read, SMAP",		  false, false, false, true,  false, P | U,	P | U,		PF_P },
	{ "read, SMAP and AC",	  false, false, false, true,  true,  P | U,	P | U,		OK },
	{ "kernel's, SMAP",	  true,  false, false, true,  false, P | W,	P | W | U,	OK },
};

static bool cpu_has_smap(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx >> 20 & 1);
}

static int start_access(struct vm *vm, const struct paging *paging, const struct access_case *c)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = paging_start(vm, paging, c->write ? ins_start : outs_start,
			      c->write ? ins_end : outs_end, c->user ? U : 0);

	paging_map(vm, paging, 1, LINEAR, PAGE, c->leaf);
	paging_set(vm, paging, 2, LINEAR, TABLE(1) | c->table);
	if (!ret && c->user)
		ret = vm_enter_ring3(vm);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	if (c->no_write_protect)
		sregs.cr0 &= ~CR0_WP;
	if (c->smap)
		sregs.cr4 |= CR4_SMAP;
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rsi = regs.rdi = LINEAR + 0x123;
	if (c->user)
		regs.rflags |= RFLAGS_IOPL_3;
	if (c->ac)
		regs.rflags |= RFLAGS_AC;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* KVM asks for the data of INS before it looks at the page. Ring 3 can't halt: that is a #GP. */
static void run_access(struct __test_metadata *_metadata, struct vm *vm, const struct access_case *c)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	ASSERT_EQ(0, vm_run(vm));
	if (vm->run->exit_reason == MINIVMX_EXIT_IO) {
		*(__u8 *)vm_io_data(vm) = 0x5a;
		ASSERT_EQ(0, vm_run(vm));
	}
	ASSERT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason) {
		vm_print_exit(vm);
	}
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	if (c->error_code == OK) {
		EXPECT_EQ(c->user ? VECTOR_GP : NO_FAULT, vm_caught(vm));
		EXPECT_EQ(LINEAR + 0x124, c->write ? regs.rdi : regs.rsi);
		EXPECT_EQ(c->write ? 0x5a : 0, vm->mem[PAGE + 0x123]);
		return;
	}
	ASSERT_EQ(VECTOR_PF, vm_caught(vm));
	EXPECT_EQ(c->error_code, *(int *)(vm->mem + regs.rsp));
	EXPECT_EQ(LINEAR + 0x123, c->write ? regs.rdi : regs.rsi);
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	EXPECT_EQ(LINEAR + 0x123, sregs.cr2);
}

static void check_bits(struct __test_metadata *_metadata, struct vm *vm, const struct paging *paging,
		       const struct access_case *c)
{
	__u64 done = c->error_code == OK ? A : 0;

	EXPECT_EQ(done, paging_get(vm, paging, 2, LINEAR) & (A | D));
	if (done && c->write)
		done |= D;
	EXPECT_EQ(done, paging_get(vm, paging, 1, LINEAR) & (A | D));
}

TEST_F(walk, rights)
{
	FOR_EACH_PAGING(paging) {
		for (unsigned int i = 0; i < ARRAY_SIZE(access_cases); i++) {
			const struct access_case *c = &access_cases[i];
			bool passed = _metadata->passed;

			if (c->smap && !cpu_has_smap())
				continue;
			self->vm.mem[PAGE + 0x123] = 0;
			ASSERT_EQ(0, start_access(&self->vm, paging, c));
			run_access(_metadata, &self->vm, c);
			check_bits(_metadata, &self->vm, paging, c);
			if (passed && !_metadata->passed)
				TH_LOG("in: %s, %s", paging->name, c->name);
		}
	}
}

TEST_F(walk, reserved_bit_in_error_code)
{
	const struct access_case c = {
		.write = true, .leaf = P | W | 1UL << 51, .table = P | W,
		.error_code = PF_P | PF_W | PF_RSVD,
	};

	ASSERT_EQ(0, start_access(&self->vm, &pagings[2], &c));
	run_access(_metadata, &self->vm, &c);
}

/* Tables in memory that the guest can't write are used as they are. */
TEST_F(walk, tables_in_readonly_memory)
{
	const struct paging *paging = &pagings[2];
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, start_translate(vm, paging));
	paging_map(vm, paging, 1, LINEAR, PAGE, P | W);
	ASSERT_EQ(0, vm_set_slot(vm, 1, MINIVMX_MEM_READONLY, VM_HOLE, 0x1000, vm->mem + TABLE(1)));
	paging_set(vm, paging, 2, LINEAR, VM_HOLE | P | W);
	EXPECT_PHYSICAL(PAGE, LINEAR);
	EXPECT_EQ(P | W, paging_get(vm, paging, 1, LINEAR) & (P | W | A | D));
	EXPECT_EQ(A, paging_get(vm, paging, 2, LINEAR) & (A | D));
}

TEST_HARNESS_MAIN
