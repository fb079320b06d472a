/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page_walk.h - the guest's own page tables, walked for one linear address: every entry on the way,
 * what they allow together, and where and why an access would fault.
 *
 * Pure: the guest's memory is behind a function. Reached from walk_take.c; continues in page_walk.c.
 * nested_walk.h adds what EPT makes of it. SDM 3A "Paging".
 */
#ifndef MINIVMX_TOOLS_PAGE_WALK_H
#define MINIVMX_TOOLS_PAGE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_WALK_LEVELS	5

/* What the CPU walks by. */
struct paging_state {
	uint64_t cr0, cr3, cr4, efer, rflags, pat;
	unsigned int physical_address_bits;
	bool has_1g_pages;
	bool has_pdptes;		/* the CPU's own copies, which PAE paging uses, are known */
	uint64_t pdpte[4];
};

enum paging_mode { PAGING_NONE, PAGING_32_BIT, PAGING_PAE, PAGING_4_LEVEL, PAGING_5_LEVEL };

/* SDM 3A, tables of formats in "32-Bit Paging" to "4-Level Paging and 5-Level Paging" */
#define PAGE_PRESENT	(1ull << 0)
#define PAGE_WRITABLE	(1ull << 1)
#define PAGE_USER	(1ull << 2)
#define PAGE_PWT	(1ull << 3)
#define PAGE_PCD	(1ull << 4)
#define PAGE_ACCESSED	(1ull << 5)
#define PAGE_DIRTY	(1ull << 6)
#define PAGE_LARGE	(1ull << 7)	/* above the lowest level; there it is a bit of the PAT's index */
#define PAGE_GLOBAL	(1ull << 8)
#define PAGE_LARGE_PAT	(1ull << 12)
#define PAGE_NO_EXECUTE	(1ull << 63)

struct page_step {
	unsigned int level;		/* 1: an entry that maps 4 KiB */
	unsigned int index;		/* in its table */
	uint64_t address;		/* guest-physical, of the entry */
	uint64_t entry;
	bool in_register;		/* a PDPTE: loaded with CR3, not looked for in memory */
	bool is_leaf;
};

enum page_walk_end {
	PAGE_WALK_MAPPED,
	PAGE_WALK_NOT_CANONICAL,	/* or above 4 GiB, outside long mode */
	PAGE_WALK_NO_MEMORY,		/* the last entry is where the guest has no memory */
	PAGE_WALK_NOT_PRESENT,		/* the last entry */
	PAGE_WALK_RESERVED,		/* bits of the last entry are set that have to be 0 */
};

struct page_walk {
	uint64_t linear;
	enum paging_mode mode;
	unsigned int entry_size, index_bits;
	enum page_walk_end end;
	unsigned int steps;
	struct page_step step[PAGE_WALK_LEVELS];
	uint64_t reserved;		/* the bits that are set */
	uint64_t physical;		/* guest-physical address, if mapped */
	uint64_t page_size;
	bool writable, user, no_execute;	/* of all entries together */
	bool has_pat;			/* paging is on */
	unsigned int pat_index;		/* of the page: PAT, PCD and PWT */
};

enum access_type { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

struct page_access {
	enum access_type type;
	bool user;			/* by code in ring 3 */
};

/* Reads size bytes of guest-physical memory; false: none is there. */
typedef bool (*page_reader)(void *context, uint64_t address, void *bytes, size_t size);

void page_walk(struct page_walk *walk, const struct paging_state *state, uint64_t linear,
	       page_reader read, void *context);

/*
 * NULL: the guest's tables allow it. Else why not, and the error code of the #PF. Not for
 * PAGE_WALK_NO_MEMORY.
 */
const char *page_fault(const struct page_walk *walk, const struct paging_state *state,
		       struct page_access access, uint32_t *error_code);

/* "4-level paging" */
const char *paging_mode_name(enum paging_mode mode);
/* "PML4E" */
const char *page_entry_name(unsigned int level);
/* The memory type that a PAT has at an index: "WB". SDM 3A "IA32_PAT MSR". */
const char *memory_type_name(unsigned int type);
unsigned int pat_type(uint64_t pat, unsigned int index);

#endif /* MINIVMX_TOOLS_PAGE_WALK_H */
