// SPDX-License-Identifier: GPL-2.0
/*
 * slots.c - slots: which guest-physical addresses show which of the process's memory.
 *
 * Reached from vm.c (SET_USER_MEMORY_REGION), and from memory.c and dirty_log.c, which look for a
 * slot. The set of slots is replaced as a whole and read under RCU. A slot that goes or moves takes
 * its mappings with it, by the same protocol as memory that the process takes away
 * (arch/x86/vmx.h). Process context.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "module/minivmx.h"

bool slot_find(struct vm *vm, gpa_t gpa, struct slot *found)
{
	const struct slot *slot;

	rcu_read_lock();
	slot = slot_lookup(rcu_dereference(vm->slots), gpa);
	if (slot)
		*found = *slot;
	rcu_read_unlock();
	return slot;
}

unsigned int slots_count(struct vm *vm)
{
	const struct slots *slots;
	unsigned int count = 0;

	rcu_read_lock();
	slots = rcu_dereference(vm->slots);
	for (unsigned int i = 0; i < slots->end; i++)
		count += slots->slot[i].size != 0;
	rcu_read_unlock();
	return count;
}

#define SLOT_FLAGS	(MINIVMX_MEM_LOG_DIRTY_PAGES | MINIVMX_MEM_READONLY)

/* As on KVM. */
#define SLOT_MAX_PAGES	(BIT_ULL(31) - 1)

static int region_check(const struct minivmx_userspace_memory_region *region)
{
	u64 end;

	if (region->slot >= MINIVMX_MAX_SLOTS || (region->flags & ~SLOT_FLAGS))
		return -EINVAL;
	if (!PAGE_ALIGNED(region->guest_phys_addr) || !PAGE_ALIGNED(region->memory_size) ||
	    !PAGE_ALIGNED(region->userspace_addr))
		return -EINVAL;
	if (region->memory_size >> PAGE_SHIFT > SLOT_MAX_PAGES)
		return -EINVAL;
	if (check_add_overflow(region->guest_phys_addr, region->memory_size, &end) ||
	    end > vmx_guest_physical_limit())
		return -EINVAL;
	/* Plain user space: the mmu notifier names addresses without tags in their upper bits. */
	if (check_add_overflow(region->userspace_addr, region->memory_size, &end) ||
	    end > TASK_SIZE_MAX)
		return -EINVAL;
	return 0;
}

/*
 * What may become of a slot that exists: deleted, moved to another guest address, with or without a
 * dirty log.
 */
static int slot_change_check(const struct slot *old,
			     const struct minivmx_userspace_memory_region *region)
{
	if (!region->memory_size)
		return old->size ? 0 : -EINVAL;
	if (!old->size)
		return 0;
	if (region->memory_size != old->size || region->userspace_addr != old->hva ||
	    ((region->flags ^ old->flags) & MINIVMX_MEM_READONLY))
		return -EINVAL;
	return 0;
}

static bool slot_overlaps(const struct slots *slots,
			  const struct minivmx_userspace_memory_region *region)
{
	for (u32 i = 0; i < MINIVMX_MAX_SLOTS; i++) {
		const struct slot *slot = &slots->slot[i];

		if (i != region->slot && slot->size &&
		    region->guest_phys_addr < slot->gpa + slot->size &&
		    slot->gpa < region->guest_phys_addr + region->memory_size)
			return true;
	}
	return false;
}

/* What @old becomes. A log that goes on keeps what it has. */
static int slot_make(struct slot *slot, const struct slot *old,
		     const struct minivmx_userspace_memory_region *region)
{
	*slot = (struct slot){
		.gpa = region->guest_phys_addr,
		.size = region->memory_size,
		.hva = region->userspace_addr,
		.flags = region->flags,
	};
	if (!slot->size || !(slot->flags & MINIVMX_MEM_LOG_DIRTY_PAGES))
		return 0;
	slot->dirty = old->dirty ?: dirty_log_create(slot->size);
	return slot->dirty ? 0 : -ENOMEM;
}

/*
 * Makes @slots the VM's and unmaps what @old showed. Faults that began before will look again. A
 * slot that is only to be logged from now on is unmapped too: no leaf may be older than its log.
 */
static void slots_replace(struct vm *vm, struct slots *slots, const struct slot *old)
{
	struct slots *previous = rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->lock));

	ept_lock(vm->ept);
	ept_invalidate_hold(vm->ept);
	rcu_assign_pointer(vm->slots, slots);
	ept_unmap(vm->ept, old->gpa, old->gpa + old->size);
	ept_unlock(vm->ept);
	if (old->size)
		ept_kick_and_wait(vm->ept, true);
	ept_invalidate_release(vm->ept);
	/* The kernel itself may be in the middle of an access too. */
	if (old->size)
		synchronize_srcu_expedited(&vm->memory_users);
	kfree_rcu(previous, rcu);
}

static unsigned int slots_find_end(const struct slots *slots)
{
	unsigned int end = MINIVMX_MAX_SLOTS;

	while (end && !slots->slot[end - 1].size)
		end--;
	return end;
}

/* Fills in @slots, and takes it unless it fails. */
static int slot_set_locked(struct vm *vm, struct slots *slots,
			   const struct minivmx_userspace_memory_region *region)
{
	struct slot *slot = &slots->slot[array_index_nospec(region->slot, MINIVMX_MAX_SLOTS)];
	struct slot old;
	int err;

	*slots = *rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->lock));
	old = *slot;
	err = slot_change_check(&old, region);
	if (err)
		return err;
	if (region->memory_size && slot_overlaps(slots, region))
		return -EEXIST;
	err = slot_make(slot, &old, region);
	if (err)
		return err;
	slots->end = slots_find_end(slots);
	slots_replace(vm, slots, &old);
	if (old.dirty != slot->dirty)
		dirty_log_destroy(old.dirty);
	return 0;
}

int slot_set(struct vm *vm, const struct minivmx_userspace_memory_region *region)
{
	struct slots *slots;
	int err;

	err = region_check(region);
	if (err)
		return err;
	slots = kmalloc(sizeof(*slots), GFP_KERNEL_ACCOUNT);
	if (!slots)
		return -ENOMEM;
	mutex_lock(&vm->lock);
	err = slot_set_locked(vm, slots, region);
	mutex_unlock(&vm->lock);
	if (err)
		kfree(slots);
	return err;
}

void slots_destroy(struct vm *vm)
{
	struct slots *slots = rcu_dereference_protected(vm->slots, true);

	for (int i = 0; i < MINIVMX_MAX_SLOTS; i++)
		dirty_log_destroy(slots->slot[i].dirty);
	kfree(slots);
}
