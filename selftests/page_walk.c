// SPDX-License-Identifier: GPL-2.0
/*
 * page_walk.c - the walk of page tables and EPT that `minivmx walk` shows (tools/page_walk.c,
 * nested_walk.c), over tables made here: no VM, no device.
 *
 * walk_prediction.c asks the CPU whether it is right; this has what no CPU at hand does.
 */
#include <string.h>

#include "nested_walk.h"
#include "kselftest_harness.h"

#define CR0_WP		0x00010000ULL
#define CR0_PG		0x80000000ULL
#define CR0_CD		0x40000000ULL
#define CR4_PSE		0x00000010ULL
#define CR4_PAE		0x00000020ULL
#define CR4_LA57	0x00001000ULL
#define EFER_LMA	0x00000400ULL
#define EFER_NXE	0x00000800ULL

#define P		PAGE_PRESENT
#define W		PAGE_WRITABLE
#define U		PAGE_USER
#define PS		PAGE_LARGE
#define NX		PAGE_NO_EXECUTE

#define TABLE(level)	(0x1000ULL * (level))
#define MEMORY_SIZE	0x8000
#define PAT		0x0007010500070406ULL	/* WB WT UC- UC WP WC UC- UC */

/* EPT entries */
#define RWX		7ULL
#define WB		(6ULL << 3)
#define IPAT		0x40ULL
#define EPTP		0x1eULL
#define EPTP_AD		0x40ULL

static uint8_t memory[MEMORY_SIZE];

static bool read_memory(void *context, uint64_t address, void *bytes, size_t size)
{
	(void)context;
	if (address >= MEMORY_SIZE || size > MEMORY_SIZE - address)
		return false;
	memcpy(bytes, memory + address, size);
	return true;
}

static struct paging_state state_of(enum paging_mode mode)
{
	struct paging_state state = { .cr0 = CR0_PG | CR0_WP, .pat = PAT, .physical_address_bits = 39,
				      .has_1g_pages = true };

	switch (mode) {
	case PAGING_NONE:
		state.cr0 = 0;
		break;
	case PAGING_32_BIT:
		state.cr3 = TABLE(2);
		state.cr4 = CR4_PSE;
		break;
	case PAGING_PAE:
		state.cr3 = TABLE(3);
		state.cr4 = CR4_PAE;
		state.efer = EFER_NXE;
		break;
	case PAGING_4_LEVEL:
		state.cr3 = TABLE(4);
		state.cr4 = CR4_PAE;
		state.efer = EFER_LMA | EFER_NXE;
		break;
	case PAGING_5_LEVEL:
		state.cr3 = TABLE(5);
		state.cr4 = CR4_PAE | CR4_LA57;
		state.efer = EFER_LMA | EFER_NXE;
	}
	return state;
}

static unsigned int levels_of(enum paging_mode mode)
{
	static const unsigned int levels[] = { 0, 2, 3, 4, 5 };

	return levels[mode];
}

static void set_entry(enum paging_mode mode, unsigned int level, uint64_t linear, uint64_t entry)
{
	unsigned int index_bits = mode == PAGING_32_BIT ? 10 : 9, size = mode == PAGING_32_BIT ? 4 : 8;
	uint64_t index = linear >> (12 + (level - 1) * index_bits) & ((1u << index_bits) - 1);

	memcpy(memory + TABLE(level) + index * size, &entry, size);
}

/* Tables that allow everything, down to a leaf that is entry. */
static void map(enum paging_mode mode, unsigned int leaf, uint64_t linear, uint64_t entry)
{
	memset(memory, 0, sizeof(memory));
	for (unsigned int level = levels_of(mode); level > leaf; level--)
		set_entry(mode, level, linear, TABLE(level - 1) | P | (mode == PAGING_PAE && level == 3 ? 0 : W | U));
	set_entry(mode, leaf, linear, entry);
}

static struct page_walk walk_as(const struct paging_state *state, uint64_t linear)
{
	struct page_walk walk;

	page_walk(&walk, state, linear, read_memory, NULL);
	return walk;
}

static struct page_walk walk_in(enum paging_mode mode, uint64_t linear)
{
	struct paging_state state = state_of(mode);

	return walk_as(&state, linear);
}

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

/* -------------------------------------------------------------------------- with EPT */

static struct minivmx_ept_walk ept_walk(uint64_t gpa, uint64_t leaf)
{
	return (struct minivmx_ept_walk){ .guest_physical = gpa, .count = 4, .eptp = EPTP,
					  .entries = { RWX, RWX, RWX, leaf } };
}

/* A page of 4 KiB that everything may be done with, in tables of which nothing has been used. */
static void nest(struct nested_walk *walk)
{
	*walk = (struct nested_walk){ .state = state_of(PAGING_4_LEVEL), .has_ept = true };
	map(PAGING_4_LEVEL, 1, 0x1000, 0x5000 | P | W | U);
	walk->guest = walk_as(&walk->state, 0x1000);
	for (unsigned int i = 0; i < walk->guest.steps; i++)
		walk->table[i] = ept_walk(walk->guest.step[i].address, 0x9000 | RWX | WB);
	walk->page = ept_walk(walk->guest.physical, 0x9000 | RWX | WB);
}

static struct outcome outcome_of(const struct nested_walk *walk, enum access_type type)
{
	return nested_outcome(walk, (struct page_access){ .type = type });
}

TEST(ept_rights_of_the_page)
{
	static const struct {
		uint64_t leaf;
		enum access_type type;
		uint64_t qualification;		/* 0: allowed */
	} cases[] = {
		{ RWX,	ACCESS_READ, 0 },  { RWX, ACCESS_WRITE, 0 },  { RWX, ACCESS_FETCH, 0 },
		{ 1,	ACCESS_READ, 0 },  { 1,	  ACCESS_WRITE, 0x18a }, { 1, ACCESS_FETCH, 0x18c },
		{ 3,	ACCESS_FETCH, 0x19c }, { 5, ACCESS_WRITE, 0x1aa }, { 5, ACCESS_FETCH, 0 },
		{ 0,	ACCESS_READ, 0x181 },
	};
	struct nested_walk walk;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct outcome outcome;

		nest(&walk);
		walk.page.entries[3] = cases[i].leaf | (cases[i].leaf ? WB : 0);
		outcome = outcome_of(&walk, cases[i].type);
		EXPECT_EQ(cases[i].qualification ? OUTCOME_EPT_VIOLATION : OUTCOME_DONE, outcome.type) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].qualification, outcome.qualification) TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].qualification ? 0x5000 : 0, outcome.physical) TH_LOG("case %u", i);
	}
	/* Rights of tables count, too. */
	nest(&walk);
	walk.page.entries[1] = 5;
	EXPECT_EQ(0x1aa, outcome_of(&walk, ACCESS_WRITE).qualification);
}

TEST(ept_comes_before_the_fault)
{
	struct nested_walk walk;
	struct outcome outcome;

	for (unsigned int i = 0; i < 4; i++) {
		nest(&walk);
		walk.table[i] = (struct minivmx_ept_walk){
			.guest_physical = walk.guest.step[i].address, .count = 2, .eptp = EPTP, .entries = { RWX } };
		walk.guest.end = PAGE_WALK_NOT_PRESENT;
		walk.guest.steps = i + 1;
		outcome = outcome_of(&walk, ACCESS_FETCH);
		EXPECT_EQ(OUTCOME_EPT_VIOLATION, outcome.type);
		EXPECT_EQ(0x81, outcome.qualification);
		EXPECT_EQ(walk.guest.step[i].address, outcome.physical);
		/* With accessed and dirty bits for EPT it counts as a write as well. */
		walk.table[i].eptp |= EPTP_AD;
		EXPECT_EQ(0x83, outcome_of(&walk, ACCESS_FETCH).qualification);
		walk.has_ept = false;
		EXPECT_EQ(OUTCOME_PAGE_FAULT, outcome_of(&walk, ACCESS_FETCH).type);
	}
}

/* An accessed or dirty bit can't be set in a table that EPT write-protects. */
TEST(bits_of_protected_tables)
{
	struct nested_walk walk;

	nest(&walk);
	walk.table[2].entries[3] = 1 | WB;
	EXPECT_EQ(0x8a, outcome_of(&walk, ACCESS_READ).qualification);
	EXPECT_EQ(walk.guest.step[2].address, outcome_of(&walk, ACCESS_READ).physical);
	walk.guest.step[2].entry |= PAGE_ACCESSED;
	EXPECT_EQ(OUTCOME_DONE, outcome_of(&walk, ACCESS_READ).type);
	walk.table[3].entries[3] = 1 | WB;
	walk.guest.step[3].entry |= PAGE_ACCESSED;
	EXPECT_EQ(OUTCOME_DONE, outcome_of(&walk, ACCESS_READ).type);
	EXPECT_EQ(0x8a, outcome_of(&walk, ACCESS_WRITE).qualification);
	walk.guest.step[3].entry |= PAGE_DIRTY;
	EXPECT_EQ(OUTCOME_DONE, outcome_of(&walk, ACCESS_WRITE).type);
	/* With EPT's own bits reading the entry would do. */
	walk.table[3].eptp |= EPTP_AD;
	EXPECT_EQ(0x8b, outcome_of(&walk, ACCESS_READ).qualification);
}

/* The page-directory pointers of PAE paging are not looked for in memory, so EPT has no say. */
TEST(pdptes_without_ept)
{
	struct nested_walk walk = { .state = state_of(PAGING_PAE), .has_ept = true };

	map(PAGING_PAE, 2, 0x1000, P | W | PS);
	walk.state.has_pdptes = true;
	walk.state.pdpte[0] = TABLE(2) | P;
	walk.guest = walk_as(&walk.state, 0x1000);
	walk.table[0] = ept_walk(TABLE(3), 0);
	walk.table[1] = ept_walk(TABLE(2), RWX | WB);
	walk.page = ept_walk(0x1000, RWX | WB);
	EXPECT_EQ(OUTCOME_DONE, outcome_of(&walk, ACCESS_WRITE).type);
	walk.guest.step[0].in_register = false;
	EXPECT_EQ(TABLE(3), outcome_of(&walk, ACCESS_WRITE).physical);
}

TEST(misconfigurations)
{
	struct nested_walk walk;

	nest(&walk);
	walk.page.entries[3] = 2 | WB;
	EXPECT_EQ(OUTCOME_EPT_MISCONFIGURATION, outcome_of(&walk, ACCESS_READ).type);
	walk.page.entries[3] = 6 | WB;
	EXPECT_EQ(OUTCOME_EPT_MISCONFIGURATION, outcome_of(&walk, ACCESS_READ).type);
	walk.page.entries[3] = RWX | 2 << 3;
	EXPECT_EQ(OUTCOME_EPT_MISCONFIGURATION, outcome_of(&walk, ACCESS_READ).type);
	walk.page.entries[3] = 4 | WB;
	EXPECT_EQ(OUTCOME_EPT_MISCONFIGURATION, outcome_of(&walk, ACCESS_FETCH).type);
	walk.execute_only = true;
	EXPECT_EQ(OUTCOME_DONE, outcome_of(&walk, ACCESS_FETCH).type);
	EXPECT_EQ(0x1a1, outcome_of(&walk, ACCESS_READ).qualification);
}

TEST(physical_addresses)
{
	struct minivmx_ept_walk ept = ept_walk(0x12345678, 0x7654321000 | RWX | WB);

	EXPECT_EQ(0x7654321678, ept_physical(&ept));
	ept.count = 3;
	ept.entries[2] = 0x7600200000 | 0x80 | RWX | WB;
	EXPECT_TRUE(ept_maps(&ept));
	EXPECT_EQ(0x7600345678, ept_physical(&ept));
	ept.flags = MINIVMX_EPT_HOST_HIDDEN;
	EXPECT_EQ(0, ept_physical(&ept));
}

/* SDM 3A "Effective Page-Level Memory Types", with EPT's type for the MTRR's. */
TEST(memory_types)
{
	static const struct {
		unsigned int ept, pat_index;
		const char *type;
	} cases[] = {
		{ 6, 0, "WB" }, { 6, 1, "WT" }, { 6, 2, "UC" }, { 6, 3, "UC" }, { 6, 4, "WP" }, { 6, 5, "WC" },
		{ 0, 0, "UC" }, { 0, 1, "UC" }, { 0, 4, "UC" }, { 0, 5, "WC" },
		{ 1, 0, "WC" }, { 1, 1, "UC" }, { 1, 2, "WC" }, { 1, 3, "UC" }, { 1, 4, "UC" },
		{ 4, 0, "WT" }, { 4, 1, "WT" }, { 4, 2, "UC" }, { 4, 4, "WP" },
		{ 5, 0, "WP" }, { 5, 1, "WT" }, { 5, 2, "WC" }, { 5, 4, "WP" }, { 5, 5, "WC" },
	};
	struct nested_walk walk;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		nest(&walk);
		walk.page.entries[3] = RWX | cases[i].ept << 3;
		walk.guest.pat_index = cases[i].pat_index;
		EXPECT_STREQ(cases[i].type, nested_memory_type(&walk)) TH_LOG("case %u", i);
	}
	walk.page.entries[3] = RWX | WB | IPAT;
	EXPECT_STREQ("WB", nested_memory_type(&walk));
	walk.state.cr0 |= CR0_CD;
	EXPECT_STREQ("UC", nested_memory_type(&walk));
	/* Without paging the PAT's part is write-back. */
	nest(&walk);
	walk.guest.has_pat = false;
	walk.guest.pat_index = 3;
	EXPECT_STREQ("WB", nested_memory_type(&walk));
}

TEST_HARNESS_MAIN
