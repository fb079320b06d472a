// SPDX-License-Identifier: GPL-2.0
/*
 * paging.c - makes page tables in a guest's memory; the interface is paging.h.
 *
 * SDM 3A "Paging".
 */
#include <string.h>

#include "fault.h"
#include "paging.h"

const struct paging pagings[PAGINGS] = {
	{ "32-bit",	VM_PROTECTED,	2, 10, 4, CR4_PSE, 0 },
	{ "PAE",	VM_PROTECTED,	3, 9,  8, CR4_PAE, EFER_NX },
	{ "4-level",	VM_LONG,	4, 9,  8, CR4_PAE, EFER_LONG | EFER_NX },
};

static void *paging_entry(struct vm *vm, const struct paging *paging, unsigned int level, __u64 linear)
{
	__u64 index = linear >> (12 + (level - 1) * paging->index_bits);

	index &= (1UL << paging->index_bits) - 1;
	return vm->mem + TABLE(level) + index * paging->entry_size;
}

__u64 paging_get(struct vm *vm, const struct paging *paging, unsigned int level, __u64 linear)
{
	__u64 value = 0;

	memcpy(&value, paging_entry(vm, paging, level, linear), paging->entry_size);
	return value;
}

void paging_set(struct vm *vm, const struct paging *paging, unsigned int level, __u64 linear, __u64 value)
{
	memcpy(paging_entry(vm, paging, level, linear), &value, paging->entry_size);
}

bool paging_has_rights(const struct paging *paging, unsigned int level)
{
	return level < 3 || paging->mode == VM_LONG;
}

void paging_map(struct vm *vm, const struct paging *paging, unsigned int leaf, __u64 linear, __u64 gpa,
		__u64 flags)
{
	for (unsigned int level = paging->levels; level > leaf; level--)
		paging_set(vm, paging, level, linear,
			  TABLE(level - 1) | (paging_has_rights(paging, level) ? P | W | U : P));
	paging_set(vm, paging, leaf, linear, gpa | flags | (leaf > 1 ? LARGE : 0));
}

int paging_start(struct vm *vm, const struct paging *paging, const __u8 *start, const __u8 *end, __u64 flags)
{
	struct minivmx_sregs sregs;
	int ret = vm_start(vm, paging->mode, start, end);

	memset(vm->mem + VM_DATA, 0, TABLES_END - VM_DATA);
	for (__u64 gpa = 0; gpa < VM_MEM_SIZE; gpa += 1UL << (12 + paging->index_bits))
		paging_map(vm, paging, 2, gpa, gpa, P | W | flags);
	if (!ret)
		ret = vm_catch_faults(vm, paging->mode);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.cr0 |= CR0_PG | CR0_WP;
	sregs.cr3 = TABLE(paging->levels);
	sregs.cr4 = paging->cr4;
	sregs.efer = paging->efer;
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

int paging_reload(struct vm *vm)
{
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	return ret ? ret : vm_set_sregs(vm, &sregs);
}
