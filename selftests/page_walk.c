// SPDX-License-Identifier: GPL-2.0
/*
 * page_walk.c - the walk of the guest's page tables that `minivmx walk` shows (tools/page_walk.c), over
 * tables made here: no VM, no device.
 *
 * walk_prediction.c asks the CPU whether it is right; this has what no CPU at hand does.
 */
#include <string.h>

#include "page_tables.h"
#include "kselftest_harness.h"

TEST(page_sizes)
{
	static const struct {
		enum paging_mode mode;
		unsigned int leaf;
		uint64_t linear, entry, physical, size;
	} cases[] = {
		{ PAGING_32_BIT,  1, 0xc0403abc, 0x7654000 | P, 0x7654abc, 4096 },
		{ PAGING_32_BIT,  2, 0xc0403abc, 0xffc00000 | P | PS, 0xffc03abc, 4 << 20 },
		/* bits 19:13: address bits 38:32 */
		{ PAGING_32_BIT,  2, 0xc0403abc, 0x00400000 | 0x5aULL << 13 | P | PS, 0x5a00403abc, 4 << 20 },
		{ PAGING_PAE,	  1, 0xc0403abc, 0x7612345000 | P, 0x7612345abc, 4096 },
		{ PAGING_PAE,	  2, 0xc0403abc, 0x7600200000 | P | PS, 0x7600203abc, 2 << 20 },
		{ PAGING_4_LEVEL, 1, 0xffff8123456789ab, 0x7612345000 | P, 0x76123459ab, 4096 },
		{ PAGING_4_LEVEL, 2, 0xffff8123456789ab, 0x7600200000 | P | PS, 0x76002789ab, 2 << 20 },
		{ PAGING_4_LEVEL, 3, 0xffff8123456789ab, 0x7640000000 | P | PS, 0x76456789ab, 1 << 30 },
		{ PAGING_5_LEVEL, 1, 0xff12345678abcdef, 0x7612345000 | P, 0x7612345def, 4096 },
		{ PAGING_5_LEVEL, 3, 0xff12345678abcdef, 0x7640000000 | P | PS, 0x7678abcdef, 1 << 30 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page_walk walk;

		map(cases[i].mode, cases[i].leaf, cases[i].linear, cases[i].entry);
		walk = walk_in(cases[i].mode, cases[i].linear);
		EXPECT_EQ(PAGE_WALK_MAPPED, walk.end) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].physical, walk.physical) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].size, walk.page_size) TH_LOG("case %u", i);
		EXPECT_EQ(levels_of(cases[i].mode) - cases[i].leaf + 1, walk.steps) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].entry, walk.step[walk.steps - 1].entry) TH_LOG("case %u", i);
		EXPECT_TRUE(walk.step[walk.steps - 1].is_leaf);
	}
}

TEST(without_paging)
{
	EXPECT_EQ(0x12345678, walk_in(PAGING_NONE, 0x12345678).physical);
	EXPECT_EQ(PAGE_WALK_MAPPED, walk_in(PAGING_NONE, 0xffffffff).end);
	EXPECT_EQ(PAGE_WALK_NOT_CANONICAL, walk_in(PAGING_NONE, 0x100000000).end);
}

TEST(canonical_addresses)
{
	static const struct {
		enum paging_mode mode;
		uint64_t linear;
		bool canonical;
	} cases[] = {
		{ PAGING_32_BIT, 0xffffffff, true }, { PAGING_32_BIT, 0x100000000, false },
		{ PAGING_PAE, 0x100000000, false },
		{ PAGING_4_LEVEL, 0x00007fffffffffff, true }, { PAGING_4_LEVEL, 0x0000800000000000, false },
		{ PAGING_4_LEVEL, 0xffff800000000000, true }, { PAGING_4_LEVEL, 0xffff7fffffffffff, false },
		{ PAGING_5_LEVEL, 0x0000800000000000, true }, { PAGING_5_LEVEL, 0x00ffffffffffffff, true },
		{ PAGING_5_LEVEL, 0x0100000000000000, false }, { PAGING_5_LEVEL, 0xff00000000000000, true },
	};

	memset(memory, 0, sizeof(memory));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page_walk walk = walk_in(cases[i].mode, cases[i].linear);

		EXPECT_EQ(cases[i].canonical ? PAGE_WALK_NOT_PRESENT : PAGE_WALK_NOT_CANONICAL, walk.end)
			TH_LOG("case %u", i);
	}
}

TEST(ends_where_an_entry_is_missing)
{
	uint64_t linear = 0x12345678;

	for (enum paging_mode mode = PAGING_32_BIT; mode <= PAGING_5_LEVEL; mode++)
		for (unsigned int level = 1; level <= levels_of(mode); level++) {
			struct page_walk walk;

			map(mode, 1, linear, 0x5000 | P);
			set_entry(mode, level, linear, 0x5000 | W | U);
			walk = walk_in(mode, linear);
			EXPECT_EQ(PAGE_WALK_NOT_PRESENT, walk.end);
			EXPECT_EQ(levels_of(mode) - level + 1, walk.steps);
			if (level == 1)
				continue;
			set_entry(mode, level, linear, MEMORY_SIZE | P);
			walk = walk_in(mode, linear);
			EXPECT_EQ(PAGE_WALK_NO_MEMORY, walk.end);
			EXPECT_EQ(levels_of(mode) - level + 2, walk.steps);
		}
}

TEST(reserved_bits)
{
	static const struct {
		enum paging_mode mode;
		unsigned int leaf;
		uint64_t entry, reserved;
	} cases[] = {
		{ PAGING_32_BIT,  1, 0xfffff | P, 0 },
		{ PAGING_32_BIT,  2, P | PS | 1 << 20, 1 << 20 },	/* address bit 39; the CPU has 38:0 */
		{ PAGING_32_BIT,  2, P | PS | 1 << 21, 1 << 21 },
		{ PAGING_PAE,	  1, P | 1ULL << 39, 1ULL << 39 },
		{ PAGING_PAE,	  1, P | 1ULL << 62, 1ULL << 62 },
		{ PAGING_PAE,	  1, P | NX, 0 },
		{ PAGING_PAE,	  2, P | PS | 1 << 13, 1 << 13 },
		{ PAGING_PAE,	  2, P | PS | 1 << 12, 0 },
		{ PAGING_PAE,	  3, P | W, W },
		{ PAGING_PAE,	  3, P | NX, NX },
		{ PAGING_PAE,	  3, P | 0x1e0, 0x1e0 },
		{ PAGING_4_LEVEL, 1, P | 1ULL << 38, 0 },
		{ PAGING_4_LEVEL, 1, P | 1ULL << 51, 1ULL << 51 },
		{ PAGING_4_LEVEL, 1, P | 1ULL << 62, 0 },
		{ PAGING_4_LEVEL, 2, P | PS | 1 << 20, 1 << 20 },
		{ PAGING_4_LEVEL, 3, P | PS | 1 << 29, 1 << 29 },
		{ PAGING_4_LEVEL, 4, P | PS, PS },
		{ PAGING_5_LEVEL, 5, P | PS, PS },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page_walk walk;

		map(cases[i].mode, cases[i].leaf, 0x12345678, cases[i].entry);
		walk = walk_in(cases[i].mode, 0x12345678);
		EXPECT_EQ(cases[i].reserved, walk.reserved) TH_LOG("case %u", i);
		EXPECT_EQ(!!cases[i].reserved, walk.end == PAGE_WALK_RESERVED) TH_LOG("case %u", i);
	}
}

TEST(reserved_for_want_of_a_feature)
{
	struct paging_state state = state_of(PAGING_4_LEVEL);

	map(PAGING_4_LEVEL, 3, 0x12345678, P | PS);
	state.has_1g_pages = false;
	EXPECT_EQ(PS, walk_as(&state, 0x12345678).reserved);
	map(PAGING_4_LEVEL, 1, 0x12345678, P | NX);
	state.efer = EFER_LMA;
	EXPECT_EQ(NX, walk_as(&state, 0x12345678).reserved);
	/* Without CR4.PSE bit 7 of a PDE says nothing. */
	state = state_of(PAGING_32_BIT);
	state.cr4 = 0;
	map(PAGING_32_BIT, 1, 0x12345678, 0x5000 | P);
	set_entry(PAGING_32_BIT, 2, 0x12345678, TABLE(1) | P | PS);
	EXPECT_EQ(0x5678, walk_as(&state, 0x12345678).physical);
}

/* PAE's top level is in registers: memory does not count. */
TEST(pdptes_in_registers)
{
	struct paging_state state = state_of(PAGING_PAE);
	struct page_walk walk;

	map(PAGING_PAE, 1, 0xc0000123, 0x5000 | P);
	state.has_pdptes = true;
	EXPECT_EQ(PAGE_WALK_NOT_PRESENT, walk_as(&state, 0xc0000123).end);
	state.pdpte[3] = TABLE(2) | P;
	memset(memory + TABLE(3), 0, 32);
	walk = walk_as(&state, 0xc0000123);
	EXPECT_EQ(0x5123, walk.physical);
	EXPECT_TRUE(walk.step[0].in_register);
	EXPECT_FALSE(walk.step[1].in_register);
}

TEST(pat_entry)
{
	map(PAGING_4_LEVEL, 1, 0x1000, P | PAGE_PCD | PAGE_LARGE);
	EXPECT_EQ(6, walk_in(PAGING_4_LEVEL, 0x1000).pat_index);
	map(PAGING_4_LEVEL, 2, 0x1000, P | PS | PAGE_LARGE_PAT | PAGE_PWT);
	EXPECT_EQ(5, walk_in(PAGING_4_LEVEL, 0x1000).pat_index);
	map(PAGING_4_LEVEL, 2, 0x1000, P | PS);
	EXPECT_EQ(0, walk_in(PAGING_4_LEVEL, 0x1000).pat_index);
	EXPECT_STREQ("WC", memory_type_name(pat_type(PAT, 5)));
}

/* Rights are what all entries allow; walk_prediction.c has the matrix of causes. */
TEST(rights_of_all_levels)
{
	struct paging_state state = state_of(PAGING_4_LEVEL);
	uint32_t error_code;

	for (unsigned int level = 1; level <= 4; level++) {
		uint64_t to = level > 1 ? TABLE(level - 1) : 0x5000;
		struct page_walk walk;

		map(PAGING_4_LEVEL, 1, 0x1000, 0x5000 | P | W | U);
		walk = walk_as(&state, 0x1000);
		EXPECT_EQ(NULL, page_fault(&walk, &state, (struct page_access){ ACCESS_WRITE, true }, &error_code));
		set_entry(PAGING_4_LEVEL, level, 0x1000, to | P | U);
		walk = walk_as(&state, 0x1000);
		EXPECT_NE(NULL, page_fault(&walk, &state, (struct page_access){ ACCESS_WRITE, true }, &error_code));
		EXPECT_EQ(7, error_code);
		set_entry(PAGING_4_LEVEL, level, 0x1000, to | P | W);
		walk = walk_as(&state, 0x1000);
		EXPECT_NE(NULL, page_fault(&walk, &state, (struct page_access){ ACCESS_READ, true }, &error_code));
		EXPECT_EQ(5, error_code);
		set_entry(PAGING_4_LEVEL, level, 0x1000, to | P | W | U | NX);
		walk = walk_as(&state, 0x1000);
		EXPECT_NE(NULL, page_fault(&walk, &state, (struct page_access){ ACCESS_FETCH, false }, &error_code));
		EXPECT_EQ(0x11, error_code);
	}
}

TEST_HARNESS_MAIN
