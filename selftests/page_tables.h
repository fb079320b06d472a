/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page_tables.h - page tables in memory of the test's own, for tests of tools/page_walk.c and
 * nested_walk.c that need no VM.
 */
#ifndef SELFTESTS_PAGE_TABLES_H
#define SELFTESTS_PAGE_TABLES_H

#include "../tools/page_walk.h"

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

extern uint8_t memory[MEMORY_SIZE];

/* As after setting up paging of this kind; CR3 points to the highest table. */
struct paging_state state_of(enum paging_mode mode);
unsigned int levels_of(enum paging_mode mode);

void set_entry(enum paging_mode mode, unsigned int level, uint64_t linear, uint64_t entry);
/* Tables that allow everything, down to a leaf that is entry; all else is empty. */
void map(enum paging_mode mode, unsigned int leaf, uint64_t linear, uint64_t entry);

struct page_walk walk_as(const struct paging_state *state, uint64_t linear);
struct page_walk walk_in(enum paging_mode mode, uint64_t linear);

#endif /* SELFTESTS_PAGE_TABLES_H */
