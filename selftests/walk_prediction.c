// SPDX-License-Identifier: GPL-2.0
/*
 * walk_prediction.c - what `minivmx walk` says of an access (tools/page_walk.c, nested_walk.c) against
 * what happens: page faults and error codes of the guest's own accesses, EPT violations as the flight
 * recorder has them, and TRANSLATE.
 *
 * The guest's half is compared on /dev/kvm as well.
 */
#include <cpuid.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fault.h"
#include "paging.h"
#include "../tools/nested_walk.h"
#include "kselftest_harness.h"

#define SMALL		4096UL
#define EPT_VIOLATION	48
#define QUALIFICATION	0x1ffUL		/* what every CPU reports */
#define READ		0x1UL
#define FINAL		0x100UL		/* not to the guest's tables */
#define RANDOM_WALKS	300
#define IA32_PAT_RESET	0x0007040600070406ULL

GUEST_CODE(read, 32, "hlt\n\t mov (%ebx), %eax\n\t hlt");
GUEST_CODE(write, 32, "hlt\n\t mov %eax, (%ebx)\n\t hlt");
GUEST_CODE(fetch, 32, "hlt\n\t jmp *%ebx");
#define AFTER_HLT	(VM_CODE + 1)

VM_FIXTURE(walk_prediction)
{
	VM_SETUP(self, variant);
}

static bool cpu_has(unsigned int leaf, unsigned int bit)
{
	unsigned int eax, ebx = 0, ecx, edx = 0;

	return __get_cpuid_count(leaf, 0, &eax, &ebx, &ecx, &edx) && ((leaf == 7 ? ebx : edx) >> bit & 1);
}

static unsigned int physical_address_bits(void)
{
	unsigned int eax = 36, ebx, ecx, edx;

	__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx);
	return eax & 0xff;
}

static bool read_memory(void *context, uint64_t address, void *bytes, size_t size)
{
	struct vm *vm = context;

	if (address >= VM_MEM_SIZE || size > VM_MEM_SIZE - address)
		return false;
	memcpy(bytes, vm->mem + address, size);
	return true;
}

/* The guest's half. */
static int predict(struct vm *vm, __u64 linear, struct nested_walk *walk)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = vm_get_sregs(vm, &sregs);

	if (!ret)
		ret = vm_get_regs(vm, &regs);
	*walk = (struct nested_walk){ .state = {
		.cr0 = sregs.cr0, .cr3 = sregs.cr3, .cr4 = sregs.cr4, .efer = sregs.efer,
		.rflags = regs.rflags, .pat = IA32_PAT_RESET, .physical_address_bits = physical_address_bits(),
		.has_1g_pages = cpu_has(0x80000001, 26) } };
	/* What CR3 was loaded with is in the CPU. */
	walk->state.has_pdptes = read_memory(vm, sregs.cr3 & ~31UL, walk->state.pdpte,
					     sizeof(walk->state.pdpte));
	page_walk(&walk->guest, &walk->state, linear, read_memory, vm);
	return ret;
}

static int get_ept(struct vm *vm, __u64 gpa, struct minivmx_ept_walk *ept)
{
	*ept = (struct minivmx_ept_walk){ .guest_physical = gpa };
	return vm_ioctl(vm->fd, MINIVMX_GET_EPT_WALK, (unsigned long)ept);
}

/* Both halves. */
static int predict_with_ept(struct vm *vm, __u64 linear, struct nested_walk *walk)
{
	int ret = predict(vm, linear, walk);

	walk->has_ept = true;
	for (unsigned int i = 0; !ret && i < walk->guest.steps; i++)
		ret = get_ept(vm, walk->guest.step[i].address, &walk->table[i]);
	return ret ? ret : get_ept(vm, walk->guest.physical, &walk->page);
}

/* ----------------------------------------------------------------------- page faults */

struct access_case {
	enum access_type type;
	bool user, no_write_protect, smap, smep, ac;
	__u64 leaf, table;	/* the entry of the page, and of the table above it */
};

#define R	ACCESS_READ
#define WR	ACCESS_WRITE
#define F	ACCESS_FETCH

static const struct access_case access_cases[] = {
	/* type	user	no WP	SMAP	SMEP	AC	page		table */
	{ R,	false,	false,	false,	false,	false,	P,		P },
	{ R,	true,	false,	false,	false,	false,	P | U,		P | U },
	{ R,	true,	false,	false,	false,	false,	P | W,		P | W | U },
	{ R,	true,	false,	false,	false,	false,	P | U,		P },
	{ R,	false,	false,	false,	false,	false,	0,		P },
	{ R,	true,	false,	false,	false,	false,	P,		0 },
	{ R,	false,	false,	true,	false,	false,	P | U,		P | U },
	{ R,	false,	false,	true,	false,	true,	P | U,		P | U },
	{ R,	false,	false,	true,	false,	false,	P,		P | U },
	{ WR,	false,	false,	false,	false,	false,	P | W,		P | W },
	{ WR,	false,	false,	false,	false,	false,	P,		P | W },
	{ WR,	false,	true,	false,	false,	false,	P,		P },
	{ WR,	true,	true,	false,	false,	false,	P | U,		P | U },
	{ WR,	true,	false,	false,	false,	false,	P | W | U,	P | W | U },
	{ WR,	true,	false,	false,	false,	false,	0,		P | W | U },
	{ WR,	false,	false,	true,	false,	false,	P | W | U,	P | W | U },
	{ F,	false,	false,	false,	false,	false,	P,		P },
	{ F,	false,	false,	false,	false,	false,	0,		P },
	{ F,	false,	false,	false,	false,	false,	P | U,		P | U },
	{ F,	false,	false,	false,	true,	false,	P | U,		P | U },
	{ F,	false,	false,	false,	true,	false,	P,		P | U },
	{ F,	true,	false,	false,	false,	false,	P,		P | U },
	/* 64-bit entries */
	{ R,	false,	false,	false,	false,	false,	P | NX,		P },
	{ F,	false,	false,	false,	false,	false,	P | NX,		P },
	{ F,	true,	false,	false,	false,	false,	P | U,		P | U | NX },
	{ WR,	false,	false,	false,	false,	false,	P | W | 1UL << 51, P | W },
	{ F,	true,	false,	false,	false,	false,	P | U | 1UL << 51, P | U },
};

static int start(struct vm *vm, const struct paging *paging, const struct access_case *c)
{
	static const __u8 *const begin[] = { [R] = read_start, [WR] = write_start, [F] = fetch_start };
	static const __u8 *const end[] = { [R] = read_end, [WR] = write_end, [F] = fetch_end };
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = paging_start(vm, paging, begin[c->type], end[c->type], c->user ? U : 0);

	paging_map(vm, paging, 1, LINEAR, PAGE, c->leaf);
	paging_set(vm, paging, 2, LINEAR, TABLE(1) | c->table);
	vm->mem[PAGE] = 0xf4;
	if (!ret && c->user)
		ret = vm_enter_ring3(vm);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	if (c->no_write_protect)
		sregs.cr0 &= ~CR0_WP;
	sregs.cr4 |= (c->smap ? CR4_SMAP : 0) | (c->smep ? CR4_SMEP : 0);
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rip = AFTER_HLT;
	regs.rbx = LINEAR;
	if (c->ac)
		regs.rflags |= RFLAGS_AC;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* Ring 3 can't halt: that is a #GP. */
static void check_access(struct __test_metadata *_metadata, struct vm *vm, const struct access_case *c)
{
	struct nested_walk walk;
	struct minivmx_regs regs;
	struct outcome outcome;

	ASSERT_EQ(0, predict(vm, LINEAR, &walk));
	outcome = nested_outcome(&walk, (struct page_access){ .type = c->type, .user = c->user });
	ASSERT_EQ(0, vm_run(vm));
	ASSERT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason) {
		vm_print_exit(vm);
	}
	if (vm_caught(vm) != VECTOR_PF) {
		EXPECT_EQ(c->user ? VECTOR_GP : NO_FAULT, vm_caught(vm));
		EXPECT_EQ(OUTCOME_DONE, outcome.type);
		return;
	}
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(OUTCOME_PAGE_FAULT, outcome.type);
	EXPECT_EQ(*(__u32 *)(vm->mem + regs.rsp), outcome.error_code);
}

TEST_F(walk_prediction, page_faults)
{
	FOR_EACH_PAGING(paging) {
		for (unsigned int i = 0; i < ARRAY_SIZE(access_cases); i++) {
			const struct access_case *c = &access_cases[i];
			bool passed = _metadata->passed;

			if ((c->smap && !cpu_has(7, 20)) || (c->smep && !cpu_has(7, 7)) ||
			    (paging->entry_size == 4 && (c->leaf | c->table) >> 32))
				continue;
			ASSERT_EQ(0, start(&self->vm, paging, c));
			check_access(_metadata, &self->vm, c);
			if (passed && !_metadata->passed)
				TH_LOG("in: %s, case %u", paging->name, i);
		}
	}
}

/* ---------------------------------------------------------------------- translations */

static __u64 random_bits(void)
{
	return (__u64)rand() << 42 ^ (__u64)rand() << 21 ^ (__u64)rand();
}

/* Mostly present, rarely with a bit set that may be reserved. */
static __u64 random_flags(const struct paging *paging)
{
	__u64 flags = random_bits() & (W | U | 0x18 | A | D | LARGE | 0xf00);

	if (random_bits() % 8)
		flags |= P;
	if (paging->entry_size == 8 && random_bits() % 8 == 0)
		flags |= 1UL << (40 + random_bits() % 24);
	return flags;
}

/* PAE's top level is in registers: it stays as it is. */
static void random_tables(struct vm *vm, const struct paging *paging, __u64 linear)
{
	paging_map(vm, paging, 1, linear, random_bits() % 0x100000 & ~0xfffUL, random_flags(paging));
	for (unsigned int level = 2; level <= paging->levels; level++)
		if (paging_has_rights(paging, level))
			paging_set(vm, paging, level, linear, TABLE(level - 1) | random_flags(paging));
}

TEST_F(walk_prediction, translations)
{
	struct minivmx_sregs sregs;
	struct nested_walk walk;

	FOR_EACH_PAGING(paging) {
		ASSERT_EQ(0, paging_start(&self->vm, paging, read_start, read_end, 0));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		for (unsigned int i = 0; i < RANDOM_WALKS; i++) {
			__u64 linear = paging->mode == VM_LONG ? 0xffff812345678123UL : 0xfe345123UL;
			struct minivmx_translation translation = { .linear_address = linear };
			struct outcome outcome;

			random_tables(&self->vm, paging, linear);
			sregs.cr4 = paging->cr4 & ~(random_bits() % 2 ? CR4_PSE : 0);
			if (cpu_has(7, 20) && random_bits() % 4 == 0)
				sregs.cr4 |= CR4_SMAP;
			sregs.efer = paging->efer & ~(random_bits() % 2 ? EFER_NX : 0);
			ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
			ASSERT_EQ(0, predict(&self->vm, linear, &walk));
			outcome = nested_outcome(&walk, (struct page_access){ .type = ACCESS_READ });
			ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_TRANSLATE, (unsigned long)&translation));
			EXPECT_EQ(translation.valid, outcome.type == OUTCOME_DONE);
			if (translation.valid) {
				EXPECT_EQ(translation.physical_address, walk.guest.physical);
			}
			ASSERT_TRUE(_metadata->passed) {
				TH_LOG("%s, walk %u", paging->name, i);
			}
		}
	}
}

TEST_F(walk_prediction, without_paging)
{
	struct nested_walk walk;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, read));
	ASSERT_EQ(0, predict(&self->vm, 0x12345678, &walk));
	EXPECT_EQ(PAGING_NONE, walk.guest.mode);
	EXPECT_EQ(0x12345678, walk.guest.physical);
}

/* -------------------------------------------------------------------- EPT violations */

/* It goes with the process. */
static const struct minivmx_recorder *map_recorder(struct vm *vm)
{
	struct minivmx_recorder_area area;

	if (vm_ioctl(vm->dev, MINIVMX_GET_RECORDER_AREA, (unsigned long)&area))
		return MAP_FAILED;
	return mmap(NULL, area.size, PROT_READ, MAP_SHARED, vm->vcpu, area.offset);
}

/* The first violation since the exit of a number, as the CPU told it. */
static bool find_violation(const struct minivmx_recorder *recorder, __u64 since,
			   struct minivmx_exit_record *found)
{
	for (__u64 n = since; n < recorder->count; n++) {
		*found = recorder->records[n % recorder->capacity];
		if (found->reason == EPT_VIOLATION)
			return true;
	}
	return false;
}

/* Runs the guest, and compares its first violation with what was predicted of the access. */
static void check_violation(struct __test_metadata *_metadata, struct vm *vm,
			    const struct minivmx_recorder *recorder, enum access_type type, __u64 gpa)
{
	struct minivmx_regs regs = { .rip = AFTER_HLT, .rbx = LINEAR, .rflags = 2, .rsp = VM_STACK };
	struct minivmx_exit_record record;
	struct nested_walk walk;
	struct outcome outcome;
	__u64 since = recorder->count;

	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ASSERT_EQ(0, predict_with_ept(vm, LINEAR, &walk));
	outcome = nested_outcome(&walk, (struct page_access){ .type = type });
	EXPECT_EQ(OUTCOME_EPT_VIOLATION, outcome.type);
	EXPECT_EQ(gpa, outcome.physical);
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_TRUE(find_violation(recorder, since, &record));
	EXPECT_EQ(outcome.physical, record.guest_physical);
	/* Bochs 2.7 calls what EPT takes for a write to a table no read as well. */
	if (!(outcome.qualification & FINAL))
		record.qualification |= READ;
	EXPECT_EQ(outcome.qualification, record.qualification & QUALIFICATION);
}

TEST_F(walk_prediction, ept_violations)
{
	static const __u8 *const begin[] = { [R] = read_start, [WR] = write_start, [F] = fetch_start };
	static const __u8 *const end[] = { [R] = read_end, [WR] = write_end, [F] = fetch_end };
	const struct minivmx_recorder *recorder;
	struct vm *vm = &self->vm;

	if (variant->kvm)
		SKIP(return, "KVM does not show EPT");
	recorder = map_recorder(vm);
	ASSERT_NE(MAP_FAILED, recorder);
	FOR_EACH_PAGING(paging) {
		for (enum access_type type = R; type <= F; type++) {
			bool passed = _metadata->passed;
			__u64 index = LINEAR >> 12 & ((1UL << paging->index_bits) - 1);
			__u64 entry = TABLE(1) + index * paging->entry_size;

			ASSERT_EQ(0, paging_start(vm, paging, begin[type], end[type], 0));
			paging_map(vm, paging, 1, LINEAR, PAGE, P | W);
			vm->mem[PAGE] = 0xf4;
			/* To the HLT before the access: the code and its tables are mapped. */
			ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
			ASSERT_EQ(0, madvise(vm->mem + TABLE(1), SMALL, MADV_DONTNEED));
			paging_map(vm, paging, 1, LINEAR, PAGE, P | W);
			check_violation(_metadata, vm, recorder, type, entry);
			/* The tables are mapped now; the page is not. */
			ASSERT_EQ(0, madvise(vm->mem + PAGE, SMALL, MADV_DONTNEED));
			vm->mem[PAGE] = 0xf4;
			check_violation(_metadata, vm, recorder, type, PAGE);
			if (passed && !_metadata->passed)
				TH_LOG("in: %s, access %u", paging->name, type);
		}
	}
}

/* What has been read only can't be written: the qualification says what is allowed. */
TEST_F(walk_prediction, ept_rights)
{
	struct minivmx_regs regs = { .rip = AFTER_HLT, .rbx = LINEAR, .rflags = 2, .rsp = VM_STACK };
	const struct minivmx_recorder *recorder;
	struct vm *vm = &self->vm;

	if (variant->kvm)
		SKIP(return, "KVM does not show EPT");
	recorder = map_recorder(vm);
	ASSERT_NE(MAP_FAILED, recorder);
	ASSERT_EQ(0, paging_start(vm, &pagings[2], read_start, read_end, 0));
	paging_map(vm, &pagings[2], 1, LINEAR, PAGE, P | W);
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, madvise(vm->mem + PAGE, SMALL, MADV_DONTNEED));
	ASSERT_EQ(0, vm_set_regs(vm, &regs));
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	memcpy(vm->mem + VM_CODE, write_start, write_end - write_start);
	check_violation(_metadata, vm, recorder, WR, PAGE);
}

TEST_HARNESS_MAIN
