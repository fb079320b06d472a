// SPDX-License-Identifier: GPL-2.0
/*
 * page_tables.c - makes page tables and walks them; the interface is page_tables.h.
 */
#include <string.h>

#include "page_tables.h"

uint8_t memory[MEMORY_SIZE];

static bool read_memory(void *context, uint64_t address, void *bytes, size_t size)
{
	(void)context;
	if (address >= MEMORY_SIZE || size > MEMORY_SIZE - address)
		return false;
	memcpy(bytes, memory + address, size);
	return true;
}

struct paging_state state_of(enum paging_mode mode)
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

unsigned int levels_of(enum paging_mode mode)
{
	static const unsigned int levels[] = { 0, 2, 3, 4, 5 };

	return levels[mode];
}

void set_entry(enum paging_mode mode, unsigned int level, uint64_t linear, uint64_t entry)
{
	unsigned int index_bits = mode == PAGING_32_BIT ? 10 : 9, size = mode == PAGING_32_BIT ? 4 : 8;
	uint64_t index = linear >> (12 + (level - 1) * index_bits) & ((1u << index_bits) - 1);

	memcpy(memory + TABLE(level) + index * size, &entry, size);
}

void map(enum paging_mode mode, unsigned int leaf, uint64_t linear, uint64_t entry)
{
	memset(memory, 0, sizeof(memory));
	for (unsigned int level = levels_of(mode); level > leaf; level--)
		set_entry(mode, level, linear, TABLE(level - 1) | P | (mode == PAGING_PAE && level == 3 ? 0 : W | U));
	set_entry(mode, leaf, linear, entry);
}

struct page_walk walk_as(const struct paging_state *state, uint64_t linear)
{
	struct page_walk walk;

	page_walk(&walk, state, linear, read_memory, NULL);
	return walk;
}

struct page_walk walk_in(enum paging_mode mode, uint64_t linear)
{
	struct paging_state state = state_of(mode);

	return walk_as(&state, linear);
}
