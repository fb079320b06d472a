// SPDX-License-Identifier: GPL-2.0
/*
 * memory_fault.c - the guest touched a page that the EPT does not map, or not so: finding the page
 * of the process's memory that is behind it.
 *
 * Reached from arch/x86/exit_memory.c: in the slice memory_fault_fast() maps what the process
 * already has, and the pages behind it; outside it memory_fault() may sleep until the page is
 * there. memory.c takes pages out again; vmx.h has the protocol between the two. Continues in
 * arch/x86/ept_table.c.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>

#include "module/minivmx.h"

/* The page at @hva, made present as if the process had touched it; the caller drops it. */
static int page_make(unsigned long hva, bool write, struct page **page)
{
	long pages = get_user_pages_unlocked(hva, 1, page,
					     (write ? FOLL_WRITE : 0) | GUP_INTERRUPTIBLE);

	if (pages == 1)
		return 0;
	if (signal_pending(current))
		return -EINTR;
	return pages == -ENOMEM ? -ENOMEM : -EFAULT;
}

/*
 * Does one entry of the process's page table map the aligned 2 MiB around @hva? The tables may
 * change at any time, and be freed, but not before a CPU with interrupts off has answered an IPI.
 * Only under the EPT lock, with the sequence unmoved, is the answer good until the unlock: to
 * take such an entry apart, the kernel invalidates it first.
 */
static bool process_maps_large(unsigned long hva)
{
	bool large = false;
	unsigned long flags;
	pgd_t pgd;
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	local_irq_save(flags);
	pgd = READ_ONCE(*pgd_offset(current->mm, hva));
	if (pgd_none(pgd))
		goto out;
	p4d = READ_ONCE(*p4d_offset(&pgd, hva));
	if (p4d_none(p4d) || !p4d_present(p4d))
		goto out;
	pud = READ_ONCE(*pud_offset(&p4d, hva));
	if (pud_none(pud) || !pud_present(pud))
		goto out;
	/* One of 1 GiB does too. */
	if (pud_leaf(pud)) {
		large = true;
		goto out;
	}
	pmd = READ_ONCE(*pmd_offset(&pud, hva));
	large = pmd_present(pmd) && pmd_leaf(pmd);
out:
	local_irq_restore(flags);
	return large;
}

/* May the block of 2 MiB around @gpa be mapped with one leaf? */
static bool may_map_large(const struct slot *slot, gpa_t gpa)
{
	gpa_t block = ALIGN_DOWN(gpa, PMD_SIZE);

	/* Writes are logged by page. */
	if (slot->dirty)
		return false;
	/* It must be in the slot as a whole, and a block in the process's memory too. */
	if (block < slot->gpa || block + PMD_SIZE > slot->gpa + slot->size)
		return false;
	if ((slot->gpa ^ slot->hva) & (PMD_SIZE - 1))
		return false;
	return process_maps_large(slot_hva(slot, gpa));
}

/*
 * Maps the pages of @slot that start where @fault was, or @maybe_large, the block around them.
 * False: they may be others by now, the guest has to fault again.
 */
static bool pages_map(struct vm *vm, struct ept_cache *cache, const struct vmx_memory_fault *fault,
		      const struct slot *slot, unsigned long sequence,
		      struct page **pages, unsigned int count, bool maybe_large)
{
	gpa_t gpa = PAGE_ALIGN_DOWN(fault->gpa);

	if (ept_sequence_moved(vm->ept, sequence))
		return false;
	ept_map(vm->ept, cache, fault, pages, count, maybe_large && may_map_large(slot, gpa));
	/*
	 * The guest's writes set no dirty bit that the kernel looks at, and a writable page can
	 * still be clean (MADV_FREE, a shared mapping that was only read): say so now.
	 */
	if (fault->write) {
		for (unsigned int i = 0; i < count; i++)
			SetPageDirty(pages[i]);
		dirty_log_mark(slot, gpa);
	}
	mark_page_accessed(pages[0]);
	return true;
}

/* The slot and its memory, if the guest may do there what it did. */
static bool fault_find(struct vm *vm, const struct vmx_memory_fault *fault, struct slot *slot,
		       unsigned long *hva)
{
	gpa_t gpa = PAGE_ALIGN_DOWN(fault->gpa);

	if (!slot_find(vm, gpa, slot) || !slot_allows(slot, fault->write))
		return false;
	*hva = slot_hva(slot, gpa);
	return true;
}

/* How many pages to map at once, the one at @gpa first. Writes are logged by page. */
static unsigned int pages_wanted(const struct slot *slot, gpa_t gpa)
{
	u64 block = EPT_MAP_PAGES * PAGE_SIZE;

	if (slot->dirty)
		return 1;
	return min(block - (gpa & (block - 1)), slot->gpa + slot->size - gpa) >> PAGE_SHIFT;
}

/*
 * How many of @pages may be mapped for @fault: what the process has given up by MADV_FREE is given
 * up until the guest itself writes to it.
 */
static unsigned int pages_ready(struct page **pages, unsigned int count, bool write)
{
	for (unsigned int i = 1; write && i < count; i++)
		if (folio_test_anon(page_folio(pages[i])) &&
		    !folio_test_swapbacked(page_folio(pages[i])))
			return i;
	return count;
}

int memory_fault_fast(struct vm *vm, struct ept_cache *cache, const struct vmx_memory_fault *fault)
{
	unsigned long sequence = ept_sequence(vm->ept);
	gpa_t gpa = PAGE_ALIGN_DOWN(fault->gpa);
	struct page *pages[EPT_MAP_PAGES];
	unsigned long hva;
	struct slot slot;
	bool mapped = false, large;
	int found;

	if (!fault_find(vm, fault, &slot, &hva))
		return -ENOENT;
	if (!ept_cache_is_full(cache))
		return -EAGAIN;
	large = may_map_large(&slot, gpa);
	found = get_user_pages_fast_only(hva, large ? 1 : pages_wanted(&slot, gpa),
					 fault->write ? FOLL_WRITE : 0, pages);
	if (found <= 0)
		return -EAGAIN;
	if (ept_trylock(vm->ept)) {
		__acquire(vm->ept);	/* sparse does not see it in there */
		mapped = pages_map(vm, cache, fault, &slot, sequence, pages,
				   pages_ready(pages, found, fault->write), large);
		ept_unlock(vm->ept);
	}
	while (found)
		put_page(pages[--found]);
	return mapped ? 0 : -EAGAIN;
}

int memory_fault(struct vm *vm, struct ept_cache *cache, const struct vmx_memory_fault *fault)
{
	unsigned long sequence, hva;
	struct slot slot;
	struct page *page;
	int err;

	err = ept_cache_fill(cache);
	if (err)
		return err;
	sequence = ept_sequence(vm->ept);
	if (!fault_find(vm, fault, &slot, &hva))
		return -ENOENT;
	err = page_make(hva, fault->write, &page);
	if (err)
		return err;
	ept_lock(vm->ept);
	pages_map(vm, cache, fault, &slot, sequence, &page, 1, true);
	ept_unlock(vm->ept);
	put_page(page);
	return 0;
}
