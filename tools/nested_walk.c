// SPDX-License-Identifier: GPL-2.0
/*
 * nested_walk.c - the outcome of an access through two levels of page tables, in the CPU's order:
 * each guest entry is fetched through EPT, then the rights are checked, accessed and dirty bits
 * set, and last the page itself is accessed through EPT.
 *
 * Reached from walk_print.c; see nested_walk.h. SDM 3C "EPT Violations", "Exit Qualification for EPT
 * Violations", "EPT Misconfigurations".
 */
#include "decode.h"
#include "nested_walk.h"

#define EPTP_ACCESSED_DIRTY	(1u << 6)
#define EPT_IGNORE_PAT		(1u << 6)
#define EPT_LARGE		(1u << 7)
#define EPT_ADDRESS_MASK	0x000ffffffffff000ull

/* SDM 3C "Exit Qualification for EPT Violations" */
#define QUALIFICATION_RIGHTS_SHIFT	3
#define QUALIFICATION_LINEAR_VALID	(1u << 7)
#define QUALIFICATION_FINAL		(1u << 8)	/* not to an entry of the guest's tables */

enum { TYPE_UC = 0, TYPE_WC = 1, TYPE_WT = 4, TYPE_WP = 5, TYPE_WB = 6, TYPE_UC_MINUS = 7 };

static uint64_t last_entry(const struct minivmx_ept_walk *ept)
{
	return ept->entries[ept->count - 1];
}

unsigned int ept_rights(const struct minivmx_ept_walk *ept)
{
	unsigned int rights = EPT_READ | EPT_WRITE | EPT_EXECUTE;

	for (unsigned int i = 0; i < ept->count; i++)
		rights &= ept->entries[i];
	return rights;
}

bool ept_maps(const struct minivmx_ept_walk *ept)
{
	uint64_t last = last_entry(ept);

	return last & (EPT_READ | EPT_WRITE | EPT_EXECUTE) &&
	       (ept->count == MINIVMX_EPT_LEVELS || last & EPT_LARGE);
}

bool ept_has_accessed_dirty(const struct minivmx_ept_walk *ept)
{
	return ept->eptp & EPTP_ACCESSED_DIRTY;
}

uint64_t ept_physical(const struct minivmx_ept_walk *ept)
{
	uint64_t offset_mask = (1ull << (12 + 9 * (MINIVMX_EPT_LEVELS - ept->count))) - 1;

	if (ept->flags & MINIVMX_EPT_HOST_HIDDEN)
		return 0;
	return (last_entry(ept) & EPT_ADDRESS_MASK & ~offset_mask) | (ept->guest_physical & offset_mask);
}

const char *ept_misconfiguration(const struct nested_walk *walk, const struct minivmx_ept_walk *ept)
{
	uint64_t last = last_entry(ept);
	unsigned int type = bits(last, 5, 3);

	if ((last & (EPT_READ | EPT_WRITE)) == EPT_WRITE)
		return "the entry allows writes and no reads";
	if ((last & (EPT_READ | EPT_EXECUTE)) == EPT_EXECUTE && !walk->execute_only)
		return "the entry allows fetches alone, which this CPU does not have";
	if (ept_maps(ept) && (type == 2 || type == 3 || type == 7))
		return "the memory type is a reserved one";
	return NULL;
}

/* SDM 3A "Effective Page-Level Memory Types": what EPT says stands where an MTRR's type would. */
static unsigned int combine_types(unsigned int ept, unsigned int pat)
{
	switch (pat) {
	case TYPE_UC:
	case TYPE_WC:
		return pat;
	case TYPE_UC_MINUS:
		return ept == TYPE_WC || ept == TYPE_WP ? TYPE_WC : TYPE_UC;
	case TYPE_WT:
	case TYPE_WP:
		return ept == TYPE_UC || ept == TYPE_WC ? TYPE_UC : pat;
	default:
		return ept;
	}
}

const char *nested_memory_type(const struct nested_walk *walk)
{
	unsigned int pat = walk->guest.has_pat ? pat_type(walk->state.pat, walk->guest.pat_index) : TYPE_WB;
	unsigned int ept = bits(last_entry(&walk->page), 5, 3);

	if (bits(walk->state.cr0, 30, 30))	/* CD */
		return memory_type_name(TYPE_UC);
	if (last_entry(&walk->page) & EPT_IGNORE_PAT)
		return memory_type_name(ept);
	return memory_type_name(combine_types(ept, pat));
}

/* An access through EPT. False: it is not to be, and *outcome says why. */
static bool ept_allows(const struct nested_walk *walk, const struct minivmx_ept_walk *ept,
		       unsigned int access, bool final, struct outcome *outcome)
{
	unsigned int rights = ept_rights(ept);
	const char *wrong;

	if (!walk->has_ept)
		return true;
	wrong = ept_misconfiguration(walk, ept);
	*outcome = (struct outcome){ .type = OUTCOME_EPT_MISCONFIGURATION, .why = wrong,
				     .physical = ept->guest_physical };
	if (wrong)
		return false;
	if (ept_maps(ept) && (rights & access) == access)
		return true;
	outcome->type = OUTCOME_EPT_VIOLATION;
	outcome->why = ept_maps(ept) ? "the entries do not allow it" : "nothing is mapped there yet";
	outcome->qualification = access | rights << QUALIFICATION_RIGHTS_SHIFT | QUALIFICATION_LINEAR_VALID |
				 (final ? QUALIFICATION_FINAL : 0);
	return false;
}

/* With accessed and dirty bits for EPT each access to a guest's entry counts as a write, too. */
static bool tables_allow(const struct nested_walk *walk, struct outcome *outcome)
{
	for (unsigned int i = 0; i < walk->guest.steps; i++) {
		const struct minivmx_ept_walk *ept = &walk->table[i];

		if (walk->guest.step[i].in_register)
			continue;
		if (!ept_allows(walk, ept, EPT_READ | (ept_has_accessed_dirty(ept) ? EPT_WRITE : 0), false,
				outcome))
			return false;
	}
	return true;
}

/* Setting a bit in a guest's entry is a write to it. */
static bool bits_allow(const struct nested_walk *walk, enum access_type type, struct outcome *outcome)
{
	for (unsigned int i = 0; i < walk->guest.steps; i++) {
		const struct page_step *step = &walk->guest.step[i];
		uint64_t wanted = PAGE_ACCESSED | (step->is_leaf && type == ACCESS_WRITE ? PAGE_DIRTY : 0);

		/* Entries of PAE's highest level have no such bits. */
		if ((step->level == 3 && walk->guest.mode == PAGING_PAE) || (step->entry & wanted) == wanted)
			continue;
		if (!ept_allows(walk, &walk->table[i], EPT_WRITE, false, outcome))
			return false;
	}
	return true;
}

struct outcome nested_outcome(const struct nested_walk *walk, struct page_access access)
{
	static const unsigned int ept_access[] = {
		[ACCESS_READ] = EPT_READ, [ACCESS_WRITE] = EPT_WRITE, [ACCESS_FETCH] = EPT_EXECUTE,
	};
	struct outcome outcome;

	if (walk->guest.end == PAGE_WALK_NOT_CANONICAL && walk->guest.mode < PAGING_4_LEVEL)
		return (struct outcome){ OUTCOME_IMPOSSIBLE, .why = "linear addresses have 32 bits here" };
	if (walk->guest.end == PAGE_WALK_NOT_CANONICAL)
		return (struct outcome){ OUTCOME_GENERAL_PROTECTION, .why = "the address is not canonical" };
	if (!tables_allow(walk, &outcome))
		return outcome;
	outcome = (struct outcome){
		.type = OUTCOME_UNKNOWN, .why = "the guest has no memory where the table is" };
	if (walk->guest.end == PAGE_WALK_NO_MEMORY)
		return outcome;
	outcome.why = page_fault(&walk->guest, &walk->state, access, &outcome.error_code);
	outcome.type = outcome.why ? OUTCOME_PAGE_FAULT : OUTCOME_DONE;
	if (outcome.why || !bits_allow(walk, access.type, &outcome))
		return outcome;
	if (!ept_allows(walk, &walk->page, ept_access[access.type], true, &outcome))
		return outcome;
	return (struct outcome){ .type = OUTCOME_DONE };
}
