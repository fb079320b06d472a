// SPDX-License-Identifier: GPL-2.0
/*
 * ept_table.c - the entries of the second-level page table: mapping, unmapping, write protection,
 * accessed bits.
 *
 * Reached from module/memory.c, slots.c, dirty_log.c and vm.c with the EPT lock held, and from ept.c to
 * free tables. CPUs walk the table meanwhile. What is taken out here may be freed only when no CPU
 * can be using it any more: ept.c says when that is.
 *
 * A table that maps nothing is taken out too, so memory for tables is given back together with the
 * guest memory that they mapped. What lies wholly in an unmapped range goes in one step, however
 * much it maps.
 *
 * A leaf maps 4 KiB, or 2 MiB where the process's own page table has such an entry. A large leaf is
 * put only where no table is, and never replaced piece by piece: whatever changes a part of the
 * block unmaps it all, and the guest's next access finds out what is there. Only a fetch through a
 * large leaf that is not executable (mitigate.c) splits it.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/ept.h"
#include "arch/x86/mitigate.h"
#include "arch/x86/trace.h"
#include "arch/x86/vmx.h"

/*
 * An entry maps 9 bits of the address at each of four levels. SDM 3C "EPT Translation Mechanism".
 * A leaf says write-back whatever the guest's PAT wants: the memory is ordinary RAM.
 */
#define EPT_LEVELS		MINIVMX_EPT_LEVELS
#define EPT_ENTRIES		512
#define EPT_ADDRESS_MASK	GENMASK_ULL(51, 12)
#define EPT_TABLE		VMX_EPT_RWX_MASK
#define EPT_LEAF		(VMX_EPT_READABLE_MASK | VMX_EPT_EXECUTABLE_MASK |	\
				 (VMX_EPTP_MT_WB << VMX_EPT_MT_EPTE_SHIFT) | VMX_EPT_IPAT_BIT)
#define EPT_LARGE		BIT_ULL(7)	/* a leaf above level 1 */

static bool ept_present(u64 entry)
{
	return entry & VMX_EPT_RWX_MASK;
}

static u64 *ept_table_of(u64 entry)
{
	return __va(entry & EPT_ADDRESS_MASK);
}

static bool ept_is_leaf(u64 entry, int level)
{
	return level == 1 || (entry & EPT_LARGE);
}

/* Level 1 holds the leaves of 4 KiB, level 2 those of 2 MiB, level 4 is the root. */
static unsigned int ept_index(gpa_t gpa, int level)
{
	return (gpa >> (PAGE_SHIFT + 9 * (level - 1))) & (EPT_ENTRIES - 1);
}

static u64 ept_level_size(int level)
{
	return BIT_ULL(PAGE_SHIFT + 9 * (level - 1));
}

/* The CPU reads entries at any time: each is stored whole, and after what it points to. */
static void ept_set(u64 *entry, u64 value)
{
	smp_store_release(entry, value);
}

/* How many leaves there are at @level. */
static u64 *ept_count(struct ept_counts *counts, int level)
{
	return level == 1 ? &counts->pages_4k : &counts->pages_2m;
}

/* -------------------------------------------------------------------- one walk for all */

struct ept_walk {
	/* Does its work on one entry and says whether it found what the caller looks for. */
	bool (*visit)(struct ept *ept, u64 *entry, int level);
	/* Visit a table that lies wholly in the range instead of what it holds, or when empty. */
	bool whole_tables;
};

/*
 * Visits the leaves that lie at least partly in [start, end). What is not mapped is stepped over at
 * the highest level possible: a huge empty range costs little.
 */
static bool ept_walk(struct ept *ept, const struct ept_walk *walk, u64 *table, int level,
		     gpa_t start, gpa_t end)
{
	u64 size = ept_level_size(level);
	bool found = false;

	for (gpa_t gpa = ALIGN_DOWN(start, size); gpa < end; gpa += size) {
		u64 *entry = &table[ept_index(gpa, level)];
		bool whole = start <= gpa && gpa + size <= end;

		if (!ept_present(*entry))
			continue;
		if (!ept_is_leaf(*entry, level) && !(whole && walk->whole_tables)) {
			u64 *below = ept_table_of(*entry);

			if (!ept_walk(ept, walk, below, level - 1, max(start, gpa), min(end, gpa + size)))
				continue;
			found = true;
			if (!walk->whole_tables || memchr_inv(below, 0, PAGE_SIZE))
				continue;
		}
		found |= walk->visit(ept, entry, level);
	}
	return found;
}

/*
 * Takes out a leaf or a table with all that is below it. The table waits on a list, linked through
 * its struct page: a CPU may still be reading the table itself.
 */
static bool remove_entry(struct ept *ept, u64 *entry, int level)
{
	u64 old = *entry;

	ept_set(entry, 0);
	WRITE_ONCE(ept->generation, ept->generation + 1);
	if (ept_is_leaf(old, level)) {
		*ept_count(&ept->counts, level) -= 1;
	} else {
		struct page *page = virt_to_page(ept_table_of(old));

		set_page_private(page, level - 1);
		list_add(&page->lru, &ept->removed);
	}
	return true;
}

void ept_unmap(struct ept *ept, gpa_t start, gpa_t end)
{
	static const struct ept_walk unmap = { .visit = remove_entry, .whole_tables = true };

	lockdep_assert_held(&ept->lock);
	trace_minivmx_ept_invalidate(start, end);
	ept_walk(ept, &unmap, ept->root, EPT_LEVELS, start, end);
}

static bool remove_write_access(struct ept *ept, u64 *entry, int level)
{
	if (!(*entry & VMX_EPT_WRITABLE_MASK))
		return false;
	/* The CPU sets accessed and dirty bits in the same entry meanwhile: change one bit only. */
	clear_bit(ilog2(VMX_EPT_WRITABLE_MASK), (unsigned long *)entry);
	WRITE_ONCE(ept->generation, ept->generation + 1);
	return true;
}

void ept_write_protect(struct ept *ept, gpa_t gpa, unsigned long mask)
{
	static const struct ept_walk protect = { .visit = remove_write_access };
	unsigned int page;

	lockdep_assert_held(&ept->lock);
	for_each_set_bit(page, &mask, BITS_PER_LONG) {
		gpa_t start = gpa + ((gpa_t)page << PAGE_SHIFT);

		ept_walk(ept, &protect, ept->root, EPT_LEVELS, start, start + PAGE_SIZE);
	}
}

/*
 * Without accessed bits a page was accessed if it is mapped, since only an access maps it. Looking
 * again then means unmapping it: nobody takes the page away for it, so nobody has to wait.
 */
static bool test_accessed(struct ept *ept, u64 *entry, int level)
{
	return !vmx_caps.has_ept_accessed_dirty || (*entry & VMX_EPT_ACCESS_BIT);
}

static bool test_and_clear_accessed(struct ept *ept, u64 *entry, int level)
{
	if (!vmx_caps.has_ept_accessed_dirty)
		return remove_entry(ept, entry, level);
	if (!(*entry & VMX_EPT_ACCESS_BIT))
		return false;
	/* As above: one bit only. */
	clear_bit(ilog2(VMX_EPT_ACCESS_BIT), (unsigned long *)entry);
	/* A cached translation would not set the bit again: the next slices start without. */
	WRITE_ONCE(ept->generation, ept->generation + 1);
	return true;
}

bool ept_age(struct ept *ept, gpa_t start, gpa_t end, bool clear)
{
	const struct ept_walk age = { .visit = clear ? test_and_clear_accessed : test_accessed };

	lockdep_assert_held(&ept->lock);
	return ept_walk(ept, &age, ept->root, EPT_LEVELS, start, end);
}

/* ------------------------------------------------------------------------------ looking */

void ept_read_walk(const struct ept *ept, gpa_t gpa, struct minivmx_ept_walk *walk)
{
	const u64 *table = ept->root;

	lockdep_assert_held(&ept->lock);
	*walk = (struct minivmx_ept_walk){ .guest_physical = gpa, .eptp = ept->eptp };
	for (int level = EPT_LEVELS; level; level--) {
		/* The CPU sets accessed and dirty bits meanwhile. */
		u64 entry = READ_ONCE(table[ept_index(gpa, level)]);

		walk->entries[walk->count++] = entry;
		if (!ept_present(entry) || ept_is_leaf(entry, level))
			break;
		table = ept_table_of(entry);
	}
}

/* ------------------------------------------------------------------------------ mapping */

/* An empty table. */
static u64 *take_table(struct ept *ept, struct ept_cache *cache)
{
	ept->counts.tables += 1;
	return cache->pages[--cache->count];
}

/*
 * Makes the large leaf at @entry a table of small ones. They translate as it did, so nothing cached
 * is wrong but for what the caller is about to change.
 */
static void split_entry(struct ept *ept, u64 *entry, u64 *table)
{
	u64 leaf = (*entry & ~EPT_LARGE) | VMX_EPT_EXECUTABLE_MASK;

	for (int i = 0; i < EPT_ENTRIES; i++)
		table[i] = leaf + ((u64)i << PAGE_SHIFT);
	ept_set(entry, __pa(table) | EPT_TABLE);
	ept->counts.pages_2m -= 1;
	ept->counts.pages_4k += EPT_ENTRIES;
}

/* Puts a leaf for @page at @entry, or adds rights to the one that is there. Returns it. */
static u64 set_leaf(struct ept *ept, u64 *entry, int level, bool write, struct page *page)
{
	u64 leaf = ALIGN_DOWN(page_to_phys(page), ept_level_size(level)) | EPT_LEAF;

	if (level > 1) {
		leaf |= EPT_LARGE;
		if (large_pages_are_nx())
			leaf &= ~VMX_EPT_EXECUTABLE_MASK;
	}
	/* Another vCPU's write fault on the page may have been first. */
	leaf |= write ? VMX_EPT_WRITABLE_MASK : *entry & VMX_EPT_WRITABLE_MASK;
	/*
	 * A mapped page changes only by being unmapped first, so what is replaced here is
	 * nothing, or the same page with fewer rights. More rights need no INVEPT: the violation
	 * that brought us here dropped the cached translation. SDM 3C "Operations that Invalidate
	 * Cached Mappings".
	 */
	WARN_ON_ONCE(ept_present(*entry) && ((*entry ^ leaf) & EPT_ADDRESS_MASK));
	if (!ept_present(*entry))
		*ept_count(&ept->counts, level) += 1;
	ept_set(entry, leaf);
	return leaf;
}

void ept_map(struct ept *ept, struct ept_cache *cache, const struct vmx_memory_fault *fault,
	     struct page **pages, unsigned int count, bool large)
{
	u64 *entry, *table = ept->root;
	unsigned int mapped = 1;
	int level;
	u64 leaf;

	lockdep_assert_held(&ept->lock);
	/* Nothing can be fetched through a large leaf then. */
	if (!vmx_caps.has_ept_2m || (fault->fetch && large_pages_are_nx()))
		large = false;
	for (level = EPT_LEVELS; ; level--) {
		entry = &table[ept_index(fault->gpa, level)];
		if (level == 1 ||
		    (level == 2 && large && (!ept_present(*entry) || ept_is_leaf(*entry, level))))
			break;
		if (!ept_present(*entry))
			ept_set(entry, __pa(take_table(ept, cache)) | EPT_TABLE);
		else if (ept_is_leaf(*entry, level))
			split_entry(ept, entry, take_table(ept, cache));
		table = ept_table_of(*entry);
	}
	leaf = set_leaf(ept, entry, level, fault->write, pages[0]);
	/* The pages behind it, in the same table, up to one that is mapped. */
	if (level == 1)
		for (; mapped < count && !ept_present(entry[mapped]); mapped++)
			set_leaf(ept, &entry[mapped], level, fault->write, pages[mapped]);
	trace_minivmx_ept_fill(fault, leaf, mapped * ept_level_size(level));
}

/* ----------------------------------------------------------------------- freeing tables */

/* Frees the table with all that is below it, and counts what that was. */
static void free_table(u64 *table, int level, bool may_sleep, struct ept_counts *freed)
{
	for (int i = 0; i < EPT_ENTRIES; i++) {
		if (!ept_present(table[i]))
			continue;
		if (ept_is_leaf(table[i], level))
			*ept_count(freed, level) += 1;
		else
			free_table(ept_table_of(table[i]), level - 1, may_sleep, freed);
	}
	free_page((unsigned long)table);
	freed->tables += 1;
	if (may_sleep)
		cond_resched();
}

void ept_free_tables(struct ept *ept, struct list_head *tables, bool may_sleep)
{
	struct ept_counts freed = { 0 };
	struct page *page, *next;

	if (list_empty(tables))
		return;
	list_for_each_entry_safe(page, next, tables, lru) {
		int level = page_private(page);

		list_del(&page->lru);
		set_page_private(page, 0);
		free_table(page_address(page), level, may_sleep, &freed);
	}
	spin_lock(&ept->lock);
	ept->counts.pages_4k -= freed.pages_4k;
	ept->counts.pages_2m -= freed.pages_2m;
	ept->counts.tables -= freed.tables;
	spin_unlock(&ept->lock);
}

void ept_free_root(struct ept *ept)
{
	struct ept_counts freed = { 0 };

	free_table(ept->root, EPT_LEVELS, true, &freed);
}

struct ept_counts ept_counts(struct ept *ept)
{
	struct ept_counts counts;

	spin_lock(&ept->lock);
	counts = ept->counts;
	spin_unlock(&ept->lock);
	return counts;
}
