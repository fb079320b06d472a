/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nested_walk.h - page tables times EPT: each guest-physical address that a walk of the guest's
 * tables touches is translated by EPT, and what becomes of an access at the end.
 *
 * Pure functions over numbers. Reached from walk_take.c, which fills in the walks, and from
 * walk_print.c; continues in nested_walk.c. SDM 3C "The Extended Page Table Mechanism (EPT)".
 */
#ifndef MINIVMX_TOOLS_NESTED_WALK_H
#define MINIVMX_TOOLS_NESTED_WALK_H

#include "minivmx.h"
#include "page_walk.h"

#define EPT_READ	1u		/* bits of an entry, and of an exit qualification */
#define EPT_WRITE	2u
#define EPT_EXECUTE	4u

struct nested_walk {
	struct paging_state state;
	struct page_walk guest;
	bool has_ept;			/* what EPT makes of it is known */
	bool execute_only;		/* the CPU takes entries that allow fetches alone */
	struct minivmx_ept_walk table[PAGE_WALK_LEVELS];	/* of the address of each step's entry */
	struct minivmx_ept_walk page;	/* of the resulting address */
};

/* The entries' rights together; 0 where one is not present. */
unsigned int ept_rights(const struct minivmx_ept_walk *ept);
bool ept_maps(const struct minivmx_ept_walk *ept);
/* Does the EPT pointer switch on accessed and dirty bits? */
bool ept_has_accessed_dirty(const struct minivmx_ept_walk *ept);
/* Host-physical address of the page that is mapped, and in it the byte; 0 if the addresses are hidden. */
uint64_t ept_physical(const struct minivmx_ept_walk *ept);
/* NULL, or what is wrong with the last entry. */
const char *ept_misconfiguration(const struct nested_walk *walk, const struct minivmx_ept_walk *ept);

/* The memory type of accesses to the page. SDM 3C "EPT and Memory Typing". */
const char *nested_memory_type(const struct nested_walk *walk);

enum outcome_type {
	OUTCOME_DONE,
	OUTCOME_IMPOSSIBLE,		/* no instruction has such an address here */
	OUTCOME_UNKNOWN,		/* a table is where the guest has no memory, and EPT is not known */
	OUTCOME_GENERAL_PROTECTION,	/* #GP, #SS through the stack segment */
	OUTCOME_PAGE_FAULT,
	OUTCOME_EPT_VIOLATION,
	OUTCOME_EPT_MISCONFIGURATION,
};

struct outcome {
	enum outcome_type type;
	const char *why;
	uint32_t error_code;		/* of the page fault */
	uint64_t qualification;		/* of the EPT violation: bits 8:0 */
	uint64_t physical;		/* guest-physical address, of both EPT exits */
};

/* What the CPU would do first that is no access. */
struct outcome nested_outcome(const struct nested_walk *walk, struct page_access access);

#endif /* MINIVMX_TOOLS_NESTED_WALK_H */
