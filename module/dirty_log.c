// SPDX-License-Identifier: GPL-2.0
/*
 * dirty_log.c - which pages of a slot were written since userspace last asked: what a program needs
 * to copy a running guest.
 *
 * Reached from slots.c (a slot with MINIVMX_MEM_LOG_DIRTY_PAGES comes or goes), vm.c
 * (GET_DIRTY_LOG) and memory.c (a page was written). Process context. One rule holds at any time: a
 * page of such a slot whose bit is clear is not writable in the EPT, so its next write faults and
 * sets the bit. Therefore all leaves of the slot are small, and none is older than the log.
 */
#include <linux/bitops.h>
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

struct dirty_log {
	struct rcu_head rcu;
	unsigned long bits[];		/* one for each page of the slot */
};

/* What is copied at a time, under the EPT lock: 4096 pages. */
#define CHUNK_WORDS	64

static u64 log_words(u64 slot_size)
{
	return BITS_TO_LONGS(slot_size >> PAGE_SHIFT);
}

struct dirty_log *dirty_log_create(u64 slot_size)
{
	struct dirty_log *log;

	return kvzalloc(struct_size(log, bits, log_words(slot_size)), GFP_KERNEL_ACCOUNT);
}

void dirty_log_destroy(struct dirty_log *log)
{
	if (log)
		kvfree_rcu(log, rcu);
}

void dirty_log_mark(const struct slot *slot, gpa_t gpa)
{
	unsigned long page = (gpa - slot->gpa) >> PAGE_SHIFT;

	/* Most often it is set already: leave the cache line to its readers then. */
	if (slot->dirty && !test_bit(page, slot->dirty->bits))
		set_bit(page, slot->dirty->bits);
}

void memory_mark_dirty(struct vm *vm, gpa_t gpa)
{
	struct slot slot;

	/* The bit is looked at only when the write is there for whoever has cleared it to see. */
	smp_mb();
	rcu_read_lock();
	if (slot_find(vm, gpa, &slot))
		dirty_log_mark(&slot, gpa);
	rcu_read_unlock();
}

/* Moves @count words from the log to @chunk; their pages become read-only. */
static void take_chunk(struct ept *ept, const struct slot *slot, u64 first, u64 count,
		       unsigned long *chunk)
{
	ept_lock(ept);
	for (u64 i = 0; i < count; i++) {
		unsigned long *word = &slot->dirty->bits[first + i];

		chunk[i] = READ_ONCE(*word) ? xchg(word, 0) : 0;
		ept_write_protect(ept, slot->gpa + ((first + i) * BITS_PER_LONG << PAGE_SHIFT), chunk[i]);
	}
	ept_unlock(ept);
}

static int take_log(struct vm *vm, const struct slot *slot, unsigned long __user *user)
{
	unsigned long chunk[CHUNK_WORDS];
	u64 words = log_words(slot->size);
	int err = 0;

	for (u64 first = 0; first < words && !err; first += CHUNK_WORDS) {
		u64 count = min_t(u64, words - first, CHUNK_WORDS);

		take_chunk(vm->ept, slot, first, count, chunk);
		if (copy_to_user(user + first, chunk, count * sizeof(*chunk)))
			err = -EFAULT;
		cond_resched();
	}
	/* A CPU may write through an old translation until here: the caller copies pages later. */
	ept_kick_and_wait(vm->ept, true);
	return err;
}

int dirty_log_get(struct vm *vm, const struct minivmx_dirty_log *query)
{
	unsigned long __user *user = (void __user *)query->dirty_bitmap;
	const struct slots *slots;
	const struct slot *slot;
	int err = -ENOENT;

	/* A 32-bit program leaves the upper half undefined. */
	if (in_compat_syscall())
		user = compat_ptr((unsigned long)user);
	if (query->slot >= MINIVMX_MAX_SLOTS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	slots = rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->lock));
	slot = &slots->slot[array_index_nospec(query->slot, MINIVMX_MAX_SLOTS)];
	if (slot->dirty)
		err = take_log(vm, slot, user);
	mutex_unlock(&vm->lock);
	return err;
}
