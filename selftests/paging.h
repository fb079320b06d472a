/* SPDX-License-Identifier: GPL-2.0 */
/*
 * paging.h - guests with page tables of every kind, for tests of who walks them.
 *
 * Each level has one table, so addresses that share a test's entries must differ in them.
 */
#ifndef SELFTESTS_PAGING_H
#define SELFTESTS_PAGING_H

#include "vm.h"

#define CR0_WP		0x00010000UL
#define CR0_PG		0x80000000UL
#define CR4_PSE		0x00000010UL
#define CR4_PAE		0x00000020UL
#define CR4_SMEP	0x00100000UL
#define CR4_SMAP	0x00200000UL
#define EFER_LONG	0x00000500UL	/* LME, LMA */
#define EFER_NX		0x00000800UL
#define RFLAGS_IOPL_3	0x00003000UL
#define RFLAGS_AC	0x00040000UL

#define P		0x01UL
#define W		0x02UL
#define U		0x04UL
#define A		0x20UL
#define D		0x40UL
#define LARGE		0x80UL
#define NX		(1UL << 63)

/* Bits of the error code. */
#define PF_P		1
#define PF_W		2
#define PF_U		4
#define PF_RSVD		8

#define TABLE(level)	(VM_DATA + 0x1000UL * (level))
#define TABLES_END	TABLE(5)
#define LINEAR		0x00c05000UL	/* behind what is mapped one to one */
#define PAGE		0x00020000UL	/* what it leads to */

struct paging {
	const char *name;
	enum vm_mode mode;
	unsigned int levels, index_bits, entry_size;
	__u64 cr4, efer;
};

#define PAGINGS	3
extern const struct paging pagings[PAGINGS];

#define FOR_EACH_PAGING(paging)	\
	for (const struct paging *paging = pagings; paging < pagings + PAGINGS; paging++)

/* The entry for a linear address at a level; 1 is the lowest. */
__u64 paging_get(struct vm *vm, const struct paging *paging, unsigned int level, __u64 linear);
void paging_set(struct vm *vm, const struct paging *paging, unsigned int level, __u64 linear, __u64 value);

/* Entries of PAE's top level have no rights. */
bool paging_has_rights(const struct paging *paging, unsigned int level);

/* Maps a page of the size that @leaf's level has; the tables above allow everything. */
void paging_map(struct vm *vm, const struct paging *paging, unsigned int leaf, __u64 linear, __u64 gpa,
		__u64 flags);

/* Paging is on, faults are caught, what vm_create() made is mapped one to one, with these flags besides. */
int paging_start(struct vm *vm, const struct paging *paging, const __u8 *start, const __u8 *end, __u64 flags);

/* Of PAE's top level the CPU has a copy, which a new CR3 renews. */
int paging_reload(struct vm *vm);

#endif /* SELFTESTS_PAGING_H */
