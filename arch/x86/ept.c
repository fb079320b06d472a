// SPDX-License-Identifier: GPL-2.0
/*
 * ept.c - the second-level page table (EPT): guest-physical to host-physical addresses.
 *
 * The table mirrors the process's own page table: module/memory.c maps a page when the guest
 * first touches it, and unmaps it when the process's mapping changes. A page that was unmapped
 * may be freed at once, so nobody may be left who still reaches it through a cached
 * translation. Two rules see to that:
 *
 *   Kick and wait. A slice sets its CPU's bit in ept->running, then reads the generation. Who
 *   unmaps moves the generation, then interrupts all CPUs with a bit set and waits. So either
 *   the slice sees the new generation, or it is interrupted before the wait is over.
 *
 *   INVEPT. A slice begins by forgetting all cached translations of this table, unless this
 *   vCPU's previous slice ran on this CPU with this generation. A new vCPU has no previous
 *   slice: its root page may have been another table's root a moment ago, and what the CPU
 *   cached is tagged with the root's address only. SDM 3C "Caching Translation Information".
 *   (No test can show it missing in the emulator, which caches nothing across VM entries.)
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/ept.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"
#include "arch/x86/vmx.h"

/*
 * An entry maps 9 bits of the address at each of four levels. SDM 3C "EPT Translation Mechanism".
 * A leaf says write-back whatever the guest's PAT wants: the memory is ordinary RAM.
 */
#define EPT_LEVELS		4
#define EPT_ENTRIES		512
#define EPT_ADDRESS_MASK	GENMASK_ULL(51, 12)
#define EPT_TABLE		VMX_EPT_RWX_MASK
#define EPT_LEAF		(VMX_EPT_READABLE_MASK | VMX_EPT_EXECUTABLE_MASK |	\
				 (VMX_EPTP_MT_WB << VMX_EPT_MT_EPTE_SHIFT) | VMX_EPT_IPAT_BIT)

static bool ept_present(u64 entry)
{
	return entry & VMX_EPT_RWX_MASK;
}

static u64 *ept_table_of(u64 entry)
{
	return __va(entry & EPT_ADDRESS_MASK);
}

/* Level 1 holds the leaves, level 4 is the root. */
static unsigned int ept_index(gpa_t gpa, int level)
{
	return (gpa >> (PAGE_SHIFT + 9 * (level - 1))) & (EPT_ENTRIES - 1);
}

static u64 ept_level_size(int level)
{
	return BIT_ULL(PAGE_SHIFT + 9 * (level - 1));
}

/* The CPU reads entries at any time, so each is stored whole. */
static void ept_set(u64 *entry, u64 value)
{
	WRITE_ONCE(*entry, value);
}

struct ept *ept_create(void)
{
	struct ept *ept = kzalloc(sizeof(*ept), GFP_KERNEL_ACCOUNT);

	if (!ept)
		return NULL;
	ept->root = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!ept->root)
		goto err_free_ept;
	if (!zalloc_cpumask_var(&ept->running, GFP_KERNEL_ACCOUNT))
		goto err_free_root;
	spin_lock_init(&ept->lock);
	ept->eptp = __pa(ept->root) | VMX_EPTP_MT_WB | VMX_EPTP_PWL_4;
	if (vmx_caps.has_ept_accessed_dirty)
		ept->eptp |= VMX_EPTP_AD_ENABLE_BIT;
	return ept;

err_free_root:
	free_page((unsigned long)ept->root);
err_free_ept:
	kfree(ept);
	return NULL;
}

static void ept_free_tables(u64 *table, int level)
{
	if (level > 1)
		for (int i = 0; i < EPT_ENTRIES; i++)
			if (ept_present(table[i]))
				ept_free_tables(ept_table_of(table[i]), level - 1);
	free_page((unsigned long)table);
}

void ept_destroy(struct ept *ept)
{
	ept_free_tables(ept->root, EPT_LEVELS);
	free_cpumask_var(ept->running);
	kfree(ept);
}

int ept_cache_fill(struct ept_cache *cache)
{
	while (cache->count < ARRAY_SIZE(cache->pages)) {
		void *page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

		if (!page)
			return -ENOMEM;
		cache->pages[cache->count++] = page;
	}
	return 0;
}

void ept_cache_drain(struct ept_cache *cache)
{
	while (cache->count)
		free_page((unsigned long)cache->pages[--cache->count]);
}

void ept_lock(struct ept *ept) __acquires(ept)
{
	spin_lock(&ept->lock);
}

void ept_unlock(struct ept *ept) __releases(ept)
{
	spin_unlock(&ept->lock);
}

unsigned long ept_sequence(struct ept *ept)
{
	unsigned long sequence = READ_ONCE(ept->sequence);

	/* The page is looked up only after the sequence was read. */
	smp_rmb();
	return sequence;
}

bool ept_sequence_moved(struct ept *ept, unsigned long sequence)
{
	lockdep_assert_held(&ept->lock);
	return ept->invalidations || ept->sequence != sequence;
}

void ept_invalidate_hold(struct ept *ept)
{
	lockdep_assert_held(&ept->lock);
	ept->invalidations++;
	ept->sequence++;
}

void ept_invalidate_release(struct ept *ept)
{
	spin_lock(&ept->lock);
	ept->invalidations--;
	ept->sequence++;
	spin_unlock(&ept->lock);
}

/*
 * Finds the leaf entry of @gpa. Without one, @gpa moves on to the first address that the missing
 * table does not cover, and NULL is returned.
 */
static u64 *ept_find_leaf(struct ept *ept, gpa_t *gpa)
{
	u64 *table = ept->root;

	for (int level = EPT_LEVELS; level > 1; level--) {
		u64 entry = table[ept_index(*gpa, level)];

		if (!ept_present(entry)) {
			*gpa = ALIGN_DOWN(*gpa, ept_level_size(level)) + ept_level_size(level);
			return NULL;
		}
		table = ept_table_of(entry);
	}
	return &table[ept_index(*gpa, 1)];
}

void ept_unmap(struct ept *ept, gpa_t start, gpa_t end)
{
	bool unmapped = false;
	gpa_t gpa = start;

	lockdep_assert_held(&ept->lock);
	while (gpa < end) {
		u64 *leaf = ept_find_leaf(ept, &gpa);

		if (!leaf)
			continue;
		if (ept_present(*leaf)) {
			ept_set(leaf, 0);
			unmapped = true;
		}
		gpa += PAGE_SIZE;
	}
	if (unmapped)
		WRITE_ONCE(ept->generation, ept->generation + 1);
}

bool ept_age(struct ept *ept, gpa_t start, gpa_t end, bool clear)
{
	bool accessed = false;
	gpa_t gpa = start;

	lockdep_assert_held(&ept->lock);
	/* Without accessed bits in the table every mapped page counts as in use. */
	while (gpa < end) {
		u64 *leaf = ept_find_leaf(ept, &gpa);

		if (!leaf)
			continue;
		if (ept_present(*leaf) && !vmx_caps.has_ept_accessed_dirty)
			accessed = true;
		else if (*leaf & VMX_EPT_ACCESS_BIT) {
			accessed = true;
			/*
			 * The CPU sets dirty bits in the same entry meanwhile: change one bit
			 * only.
			 */
			if (clear)
				clear_bit(ilog2(VMX_EPT_ACCESS_BIT), (unsigned long *)leaf);
		}
		gpa += PAGE_SIZE;
	}
	/* A cached translation would not set the bit again: the next slices start without. */
	if (accessed && clear)
		WRITE_ONCE(ept->generation, ept->generation + 1);
	return accessed;
}

void ept_map(struct ept *ept, struct ept_cache *cache, gpa_t gpa, hpa_t hpa, bool writable)
{
	u64 leaf = hpa | EPT_LEAF | (writable ? VMX_EPT_WRITABLE_MASK : 0);
	u64 *table = ept->root;
	u64 *entry;

	lockdep_assert_held(&ept->lock);
	for (int level = EPT_LEVELS; level > 1; level--) {
		entry = &table[ept_index(gpa, level)];
		if (!ept_present(*entry))
			ept_set(entry, __pa(cache->pages[--cache->count]) | EPT_TABLE);
		table = ept_table_of(*entry);
	}
	entry = &table[ept_index(gpa, 1)];
	/* Another vCPU's write fault on the page may have been first. */
	leaf |= *entry & VMX_EPT_WRITABLE_MASK;
	/*
	 * A mapped page changes only by being unmapped first, so what is replaced here is
	 * nothing, or the same page with fewer rights. More rights need no INVEPT: the violation
	 * that brought us here dropped the cached translation. SDM 3C "Operations that Invalidate
	 * Cached Mappings".
	 */
	WARN_ON_ONCE(ept_present(*entry) && ((*entry ^ leaf) & EPT_ADDRESS_MASK));
	ept_set(entry, leaf);
}

static void kicked(void *unused)
{
	/* The interrupt itself was the point: it ended the slice. */
}

void ept_kick_and_wait(struct ept *ept)
{
	/* Pairs with the barrier in ept_enter(): the generation first, then who runs. */
	smp_mb();
	preempt_disable();
	smp_call_function_many(ept->running, kicked, NULL, true);
	preempt_enable();
}

void ept_enter(struct vmx_vcpu *vmx)
{
	struct ept *ept = vmx->ept;
	int cpu = smp_processor_id();
	unsigned long generation;

	cpumask_set_cpu(cpu, ept->running);
	/* Pairs with the barrier in ept_kick_and_wait(): our bit first, then the generation. */
	smp_mb();
	generation = READ_ONCE(ept->generation);

	if (vmx->last_cpu != cpu || vmx->last_ept_generation != generation) {
		invept_single_context(ept->eptp);
		/* INVEPT forgot the guest's own translations with them, whatever their VPID. */
		vmx->flush_vpid = false;
	}
	if (vmx->flush_vpid && vmx->vpid) {
		invvpid_single_context(vmx->vpid);
		vmx->flush_vpid = false;
	}
	vmx->last_cpu = cpu;
	vmx->last_ept_generation = generation;
}

void ept_leave(struct vmx_vcpu *vmx)
{
	cpumask_clear_cpu(smp_processor_id(), vmx->ept->running);
}
