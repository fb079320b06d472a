// SPDX-License-Identifier: GPL-2.0
/*
 * page_walk.c - walks the guest's page tables in every mode, as a CPU would whose caches are empty,
 * but changes nothing: accessed and dirty bits stay as they are.
 *
 * Reached from walk_take.c, which knows the guest; see page_walk.h. The kernel has a walker of its own,
 * arch/x86/walk.c, which does the access and tells less: selftests/step.sh compares the two.
 */
#include "decode.h"
#include "page_walk.h"

#define CR0_WP		(1u << 16)
#define CR0_PG		(1u << 31)
#define CR4_PSE		(1u << 4)
#define CR4_PAE		(1u << 5)
#define CR4_LA57	(1u << 12)
#define CR4_SMEP	(1u << 20)
#define CR4_SMAP	(1u << 21)
#define EFER_LMA	(1u << 10)
#define EFER_NXE	(1u << 11)
#define RFLAGS_AC	(1u << 18)

/* SDM 3A "Page-Fault Exceptions" */
#define ERROR_PRESENT	(1u << 0)
#define ERROR_WRITE	(1u << 1)
#define ERROR_USER	(1u << 2)
#define ERROR_RESERVED	(1u << 3)
#define ERROR_FETCH	(1u << 4)

#define ADDRESS_MASK	0x000ffffffffff000ull

const char *paging_mode_name(enum paging_mode mode)
{
	static const char * const names[] = {
		[PAGING_NONE] = "no paging", [PAGING_32_BIT] = "32-bit paging", [PAGING_PAE] = "PAE paging",
		[PAGING_4_LEVEL] = "4-level paging", [PAGING_5_LEVEL] = "5-level paging",
	};

	return names[mode];
}

const char *page_entry_name(unsigned int level)
{
	static const char * const names[] = { "", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" };

	return names[level];
}

const char *memory_type_name(unsigned int type)
{
	static const char * const names[8] = { "UC", "WC", "reserved", "reserved", "WT", "WP", "WB", "UC-" };

	return names[type & 7];
}

unsigned int pat_type(uint64_t pat, unsigned int index)
{
	return bits(pat, 8 * index + 2, 8 * index);
}

static enum paging_mode paging_mode(const struct paging_state *state)
{
	if (!(state->cr0 & CR0_PG))
		return PAGING_NONE;
	if (state->efer & EFER_LMA)
		return state->cr4 & CR4_LA57 ? PAGING_5_LEVEL : PAGING_4_LEVEL;
	return state->cr4 & CR4_PAE ? PAGING_PAE : PAGING_32_BIT;
}

static bool linear_is_valid(const struct page_walk *walk)
{
	unsigned int unused = 64 - (walk->mode == PAGING_5_LEVEL ? 57 : 48);

	if (walk->mode < PAGING_4_LEVEL)
		return walk->linear <= 0xffffffff;
	return (int64_t)(walk->linear << unused) >> unused == (int64_t)walk->linear;
}

/* 64-bit entries map large pages where their level can, 32-bit entries if CR4.PSE is set. */
static bool is_leaf(const struct page_walk *walk, const struct paging_state *state, unsigned int level,
		    uint64_t entry)
{
	if (level == 1)
		return true;
	if (level > 3 || (level == 3 && walk->mode == PAGING_PAE))
		return false;
	return entry & PAGE_LARGE && (walk->entry_size == 8 || state->cr4 & CR4_PSE);
}

/* What an entry above the lowest level must not have set in bits 8:1. */
static uint64_t reserved_low_bits(const struct page_walk *walk, const struct paging_state *state,
				  unsigned int level)
{
	if (walk->mode == PAGING_PAE && level == 3)
		return 0x1e6;
	return level > 3 || (level == 3 && !state->has_1g_pages) ? PAGE_LARGE : 0;
}

static uint64_t reserved_bits(const struct page_walk *walk, const struct paging_state *state,
			      const struct page_step *step)
{
	unsigned int shift = 12 + (step->level - 1) * walk->index_bits;
	uint64_t reserved = ADDRESS_MASK & ~((1ull << state->physical_address_bits) - 1);

	if (walk->entry_size == 4) {
		unsigned int width = state->physical_address_bits < 40 ? state->physical_address_bits : 40;

		/* Bits 39:32 of a 4 MiB page's address are in bits 20:13. */
		return step->is_leaf && step->level > 1 ? 0x3fffffull & ~((1ull << (width - 19)) - 1) : 0;
	}
	if (walk->mode == PAGING_PAE)
		reserved |= 0x7ff0000000000000ull;
	if (!(state->efer & EFER_NXE) || (walk->mode == PAGING_PAE && step->level == 3))
		reserved |= PAGE_NO_EXECUTE;
	if (step->level > 1)
		reserved |= reserved_low_bits(walk, state, step->level);
	if (step->level > 1 && step->is_leaf)
		reserved |= ((1ull << shift) - 1) & ~0x1fffull;
	return reserved;
}

static void add_rights(struct page_walk *walk, const struct page_step *step)
{
	/* Entries of PAE's highest level have none. */
	if (walk->mode == PAGING_PAE && step->level == 3)
		return;
	walk->writable &= !!(step->entry & PAGE_WRITABLE);
	walk->user &= !!(step->entry & PAGE_USER);
	walk->no_execute |= walk->entry_size == 8 && step->entry & PAGE_NO_EXECUTE;
}

static void reach_page(struct page_walk *walk, const struct page_step *step)
{
	uint64_t pat_bit = step->level > 1 ? PAGE_LARGE_PAT : PAGE_LARGE;

	walk->page_size = 1ull << (12 + (step->level - 1) * walk->index_bits);
	walk->physical = step->entry & ADDRESS_MASK & ~(walk->page_size - 1);
	if (walk->entry_size == 4 && step->level > 1)
		walk->physical |= bits(step->entry, 20, 13) << 32;
	walk->physical |= walk->linear & (walk->page_size - 1);
	walk->pat_index = (step->entry & pat_bit ? 4 : 0) | (step->entry & PAGE_PCD ? 2 : 0) |
			  (step->entry & PAGE_PWT ? 1 : 0);
	walk->has_pat = true;
	walk->end = PAGE_WALK_MAPPED;
}

/* One entry. False: the walk ends with it. */
static bool walk_level(struct page_walk *walk, const struct paging_state *state, unsigned int level,
		       uint64_t table, page_reader read, void *context)
{
	unsigned int shift = 12 + (level - 1) * walk->index_bits;
	unsigned int index_bits = walk->mode == PAGING_PAE && level == 3 ? 2 : walk->index_bits;
	struct page_step *step = &walk->step[walk->steps++];

	step->level = level;
	step->index = walk->linear >> shift & ((1u << index_bits) - 1);
	step->address = table + step->index * walk->entry_size;
	step->in_register = walk->mode == PAGING_PAE && level == 3 && state->has_pdptes;
	if (step->in_register) {
		step->entry = state->pdpte[step->index];
	} else if (!read(context, step->address, &step->entry, walk->entry_size)) {
		walk->end = PAGE_WALK_NO_MEMORY;
		return false;
	}
	if (!(step->entry & PAGE_PRESENT)) {
		walk->end = PAGE_WALK_NOT_PRESENT;
		return false;
	}
	step->is_leaf = is_leaf(walk, state, level, step->entry);
	walk->reserved = step->entry & reserved_bits(walk, state, step);
	if (walk->reserved) {
		walk->end = PAGE_WALK_RESERVED;
		return false;
	}
	add_rights(walk, step);
	if (step->is_leaf)
		reach_page(walk, step);
	return !step->is_leaf;
}

void page_walk(struct page_walk *walk, const struct paging_state *state, uint64_t linear,
	       page_reader read, void *context)
{
	static const unsigned int levels[] = {
		[PAGING_32_BIT] = 2, [PAGING_PAE] = 3, [PAGING_4_LEVEL] = 4, [PAGING_5_LEVEL] = 5,
	};
	enum paging_mode mode = paging_mode(state);
	uint64_t table = state->cr3 & (mode == PAGING_PAE ? 0xffffffe0 :
				       mode == PAGING_32_BIT ? 0xfffff000 : ADDRESS_MASK);

	*walk = (struct page_walk){
		.linear = linear, .mode = mode, .writable = true, .user = true,
		.entry_size = mode == PAGING_32_BIT ? 4 : 8, .index_bits = mode == PAGING_32_BIT ? 10 : 9,
	};
	if (!linear_is_valid(walk)) {
		walk->end = PAGE_WALK_NOT_CANONICAL;
		return;
	}
	if (mode == PAGING_NONE) {
		walk->physical = linear;
		return;
	}
	for (unsigned int level = levels[mode]; walk_level(walk, state, level, table, read, context); level--)
		table = walk->step[walk->steps - 1].entry & ADDRESS_MASK;
}

/* SDM 3A "Determination of Access Rights": NULL if the rights of all entries together allow it. */
static const char *rights_forbid(const struct page_walk *walk, const struct paging_state *state,
				 struct page_access access)
{
	if (access.type == ACCESS_FETCH && walk->no_execute)
		return "XD is set: no instructions here";
	if (access.user && !walk->user)
		return "U/S is clear: not for ring 3";
	if (!access.user && walk->user && access.type == ACCESS_FETCH && state->cr4 & CR4_SMEP)
		return "CR4.SMEP: the kernel executes nothing of ring 3's";
	if (!access.user && walk->user && access.type != ACCESS_FETCH && state->cr4 & CR4_SMAP &&
	    !(state->rflags & RFLAGS_AC))
		return "CR4.SMAP, and RFLAGS.AC is clear: the kernel leaves ring 3's data alone";
	if (access.type != ACCESS_WRITE || walk->writable)
		return NULL;
	if (access.user)
		return "R/W is clear: read-only";
	return state->cr0 & CR0_WP ? "R/W is clear, and CR0.WP is set: read-only for ring 0, too" : NULL;
}

const char *page_fault(const struct page_walk *walk, const struct paging_state *state,
		       struct page_access access, uint32_t *error_code)
{
	bool fetch_counts = (state->cr4 & CR4_PAE && state->efer & EFER_NXE) || state->cr4 & CR4_SMEP;

	*error_code = (access.type == ACCESS_WRITE ? ERROR_WRITE : 0) | (access.user ? ERROR_USER : 0);
	if (access.type == ACCESS_FETCH && fetch_counts)
		*error_code |= ERROR_FETCH;
	if (walk->mode == PAGING_NONE)
		return NULL;
	if (walk->end == PAGE_WALK_NOT_PRESENT)
		return "P is clear: not present";
	*error_code |= ERROR_PRESENT;
	if (walk->end == PAGE_WALK_RESERVED) {
		*error_code |= ERROR_RESERVED;
		return "a reserved bit is set";
	}
	return rights_forbid(walk, state, access);
}
