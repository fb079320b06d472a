// SPDX-License-Identifier: GPL-2.0
/*
 * ept.c - the second-level page table (EPT): guest-physical to host-physical addresses.
 *
 * Reached from run.c at both ends of a slice, and from module/memory.c, slots.c and dirty_log.c in
 * process context. The table mirrors the process's own page table: module/memory.c maps a page when
 * the guest first touches it, and unmaps it when the process's mapping changes. A page that was
 * unmapped may be freed at once, so nobody may be left who still reaches it through a cached
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
 *
 * The table itself is in ept_table.c.
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
	INIT_LIST_HEAD(&ept->removed);
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

void ept_destroy(struct ept *ept)
{
	ept_free_tables(ept, &ept->removed, true);
	ept_free_root(ept);
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

bool ept_cache_is_full(const struct ept_cache *cache)
{
	return cache->count == ARRAY_SIZE(cache->pages);
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

bool ept_trylock(struct ept *ept)
{
	return spin_trylock(&ept->lock);
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

static void kicked(void *unused)
{
	/* The interrupt itself was the point: it ended the slice. */
}

void ept_kick_and_wait(struct ept *ept, bool may_sleep)
{
	LIST_HEAD(tables);

	/* What others took out by now, this wait covers as well as theirs. */
	spin_lock(&ept->lock);
	list_splice_init(&ept->removed, &tables);
	spin_unlock(&ept->lock);

	/* Pairs with the barrier in ept_enter(): the generation first, then who runs. */
	smp_mb();
	preempt_disable();
	smp_call_function_many(ept->running, kicked, NULL, true);
	preempt_enable();
	ept_free_tables(ept, &tables, may_sleep);
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
