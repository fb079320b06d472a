// SPDX-License-Identifier: GPL-2.0
/*
 * nested_walk.c - what becomes of an access through page tables and EPT, as `minivmx walk` says it
 * (tools/nested_walk.c), with entries made here: no VM, no device.
 */
#include <string.h>

#include "../tools/nested_walk.h"
#include "page_tables.h"
#include "kselftest_harness.h"

/* EPT entries */
#define RWX		7ULL
#define WB		(6ULL << 3)
#define IPAT		0x40ULL
#define EPTP		0x1eULL
#define EPTP_AD		0x40ULL

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
