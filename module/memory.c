// SPDX-License-Identifier: GPL-2.0
/*
 * memory.c - guest memory: following every change of the process's own mapping, and the kernel's
 * own reads and writes.
 *
 * The guest's memory is the process's memory, nothing is pinned. The EPT (arch/x86/ept.c) is a
 * mirror of the process's page table, filled in when the guest first touches a page
 * (memory_fault.c), and emptied by the mmu notifier when the kernel is about to change the page:
 * swap it out, move it, copy it after fork(), unmap it. The two may run at the same time; the
 * sequence in vmx.h settles who is first. Process context, but the notifier may be called under
 * spinlocks. Continues in arch/x86/ept_table.c.
 */
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

/* ---------------------------------------------------------------- the mmu notifier */

static struct vm *vm_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct vm, notifier);
}

/* The part of [start, end) of user memory that @slot shows, as guest-physical addresses. */
static bool slot_intersect(const struct slot *slot, unsigned long start, unsigned long end,
			   gpa_t *gpa_start, gpa_t *gpa_end)
{
	u64 first = max_t(u64, start, slot->hva);
	u64 last = min_t(u64, end, slot->hva + slot->size);

	if (first >= last)
		return false;
	*gpa_start = slot->gpa + (first - slot->hva);
	*gpa_end = slot->gpa + (last - slot->hva);
	return true;
}

/* Calls @act for every slot's part of the range, under the EPT lock; collects its answers. */
static bool for_each_mapping(struct vm *vm, unsigned long start, unsigned long end,
			     bool (*act)(struct ept *ept, gpa_t start, gpa_t end))
{
	const struct slots *slots;
	gpa_t gpa_start, gpa_end;
	bool any = false;

	rcu_read_lock();
	slots = rcu_dereference(vm->slots);
	for (unsigned int i = 0; i < slots->end; i++)
		if (slot_intersect(&slots->slot[i], start, end, &gpa_start, &gpa_end))
			any |= act(vm->ept, gpa_start, gpa_end);
	rcu_read_unlock();
	return any;
}

static bool unmap_shown(struct ept *ept, gpa_t start, gpa_t end)
{
	ept_unmap(ept, start, end);
	return true;
}

/*
 * Nobody may use the range from the return of this function on, until the end of the change:
 * unmap it, and wait for CPUs that may still hold a translation. Also when nothing was mapped any
 * more: another thread may have unmapped it and not yet have waited. Not for sleeping: it may be
 * called under spinlocks.
 */
static int memory_invalidate_range_start(struct mmu_notifier *notifier,
					 const struct mmu_notifier_range *range)
{
	struct vm *vm = vm_of(notifier);
	bool shown;

	ept_lock(vm->ept);
	ept_invalidate_hold(vm->ept);
	shown = for_each_mapping(vm, range->start, range->end, unmap_shown);
	ept_unlock(vm->ept);
	if (shown)
		ept_kick_and_wait(vm->ept, mmu_notifier_range_blockable(range));
	return 0;
}

static void memory_invalidate_range_end(struct mmu_notifier *notifier,
					const struct mmu_notifier_range *range)
{
	ept_invalidate_release(vm_of(notifier)->ept);
}

static bool ept_age_and_clear(struct ept *ept, gpa_t start, gpa_t end)
{
	return ept_age(ept, start, end, true);
}

static bool ept_age_and_keep(struct ept *ept, gpa_t start, gpa_t end)
{
	return ept_age(ept, start, end, false);
}

/*
 * Has the guest used the page? Without these, reclaim would take the guest's hottest memory
 * first.
 */
static bool memory_age(struct vm *vm, unsigned long start, unsigned long end,
		      bool (*act)(struct ept *ept, gpa_t start, gpa_t end))
{
	bool accessed;

	ept_lock(vm->ept);
	accessed = for_each_mapping(vm, start, end, act);
	ept_unlock(vm->ept);
	return accessed;
}

static mmu_notifier_age_t memory_clear_young(struct mmu_notifier *notifier, struct mm_struct *mm,
					     unsigned long start, unsigned long end)
{
	return memory_age(vm_of(notifier), start, end, ept_age_and_clear);
}

static mmu_notifier_age_t memory_test_young(struct mmu_notifier *notifier, struct mm_struct *mm,
					    unsigned long address)
{
	return memory_age(vm_of(notifier), address, address + 1, ept_age_and_keep);
}

/* The process is gone; its pages are about to be. */
static void memory_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct vm *vm = vm_of(notifier);

	ept_lock(vm->ept);
	ept_unmap(vm->ept, 0, vmx_guest_physical_limit());
	ept_unlock(vm->ept);
	ept_kick_and_wait(vm->ept, true);
}

static const struct mmu_notifier_ops memory_notifier_ops = {
	.invalidate_range_start	= memory_invalidate_range_start,
	.invalidate_range_end	= memory_invalidate_range_end,
	.clear_flush_young	= memory_clear_young,
	.clear_young		= memory_clear_young,
	.test_young		= memory_test_young,
	.release		= memory_release,
};

/* ------------------------------------------------------------------- life and death */

int memory_create(struct vm *vm)
{
	struct slots *slots;
	int err = -ENOMEM;

	vm->ept = ept_create();
	if (!vm->ept)
		return -ENOMEM;
	slots = kzalloc(sizeof(*slots), GFP_KERNEL_ACCOUNT);
	if (!slots)
		goto err_destroy_ept;
	err = init_srcu_struct(&vm->memory_users);
	if (err)
		goto err_free_slots;
	rcu_assign_pointer(vm->slots, slots);
	vm->notifier.ops = &memory_notifier_ops;
	err = mmu_notifier_register(&vm->notifier, current->mm);
	if (err)
		goto err_cleanup_srcu;
	return 0;

err_cleanup_srcu:
	cleanup_srcu_struct(&vm->memory_users);
err_free_slots:
	kfree(slots);
err_destroy_ept:
	ept_destroy(vm->ept);
	return err;
}

void memory_destroy(struct vm *vm)
{
	mmu_notifier_unregister(&vm->notifier, vm->mm);
	cleanup_srcu_struct(&vm->memory_users);
	slots_destroy(vm);
	ept_destroy(vm->ept);
}

/* ----------------------------------------------- guest memory for the kernel's own use */

/*
 * What the emulation of an instruction, or a walk of the guest's page tables, reads and writes. It
 * goes through the process's own mapping, so every rule of user memory holds by itself. A slot that
 * goes waits for those in vm->memory_users: the process may use its memory for something else then.
 */

/* Where the process sees @gpa. */
static int user_address(struct vm *vm, gpa_t gpa, bool write, void __user **user)
{
	const struct slot *slot;
	int err = -ENOENT;

	rcu_read_lock();
	slot = slot_lookup(rcu_dereference(vm->slots), gpa);
	if (slot && slot_allows(slot, write)) {
		*user = (void __user *)slot_hva(slot, gpa);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

/* An entry of a page table is read as the CPU would: as a whole. */
static int read_user(void *data, const void __user *user, unsigned int size)
{
	switch (size) {
	case 4:
		return get_user(*(u32 *)data, (const u32 __user *)user);
	case 8:
		return get_user(*(u64 *)data, (const u64 __user *)user);
	default:
		return copy_from_user(data, user, size) ? -EFAULT : 0;
	}
}

int memory_read(struct vm *vm, gpa_t gpa, void *data, unsigned int size)
{
	int idx = srcu_read_lock(&vm->memory_users);
	void __user *user;
	int err = user_address(vm, gpa, false, &user);

	if (!err)
		err = read_user(data, user, size);
	srcu_read_unlock(&vm->memory_users, idx);
	return err;
}

bool memory_is_writable(struct vm *vm, gpa_t gpa)
{
	void __user *user;

	return !user_address(vm, gpa, true, &user);
}

int memory_write(struct vm *vm, gpa_t gpa, const void *data, unsigned int size)
{
	int idx = srcu_read_lock(&vm->memory_users);
	void __user *user;
	int err = user_address(vm, gpa, true, &user);

	if (!err) {
		if (copy_to_user(user, data, size))
			err = -EFAULT;
		/* After the write: a page marked and not yet written could be copied too soon. */
		memory_mark_dirty(vm, gpa);
	}
	srcu_read_unlock(&vm->memory_users, idx);
	return err;
}

#define COMPARE_EXCHANGE(type)							\
	do {									\
		type expected = *old;						\
										\
		if (!user_access_begin(user, sizeof(type)))			\
			return -EFAULT;						\
		exchanged = unsafe_try_cmpxchg_user((type __user *)user, &expected, \
						    (type)value, fault);	\
		user_access_end();						\
		*old = expected;						\
	} while (0)

static int compare_exchange(struct vm *vm, gpa_t gpa, u64 *old, u64 value, unsigned int size)
{
	bool exchanged;
	void __user *user;
	int err = user_address(vm, gpa, true, &user);

	if (err)
		return err;
	switch (size) {
	case 1:
		COMPARE_EXCHANGE(u8);
		break;
	case 2:
		COMPARE_EXCHANGE(u16);
		break;
	case 4:
		COMPARE_EXCHANGE(u32);
		break;
	default:
		COMPARE_EXCHANGE(u64);
		break;
	}
	if (!exchanged)
		return -EAGAIN;
	memory_mark_dirty(vm, gpa);
	return 0;

fault:
	user_access_end();
	return -EFAULT;
}

int memory_compare_exchange(struct vm *vm, gpa_t gpa, u64 *old, u64 value, unsigned int size)
{
	int idx = srcu_read_lock(&vm->memory_users);
	int err = compare_exchange(vm, gpa, old, value, size);

	srcu_read_unlock(&vm->memory_users, idx);
	return err;
}
