// SPDX-License-Identifier: GPL-2.0
/*
 * devices.c - guest writes that need no exit to userspace: doorbells (IOEVENTFD) and writes that
 * may wait (REGISTER_COALESCED_MMIO).
 *
 * Reached from vm.c to set them up, and from arch/x86 for each write to a port or to
 * guest-physical addresses without memory: devices_write(). That may be in a slice, with
 * interrupts off, so the lists are read under RCU, and the locks taken there are never held with
 * interrupts on: an eventfd's own and the ring's.
 */
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

#define DEVICES_MAX	1000	/* doorbells and coalesced zones of a VM; they take kernel memory */

/* A write of @size bytes (0: any) of @data (if @match) to @address signals @eventfd. */
struct doorbell {
	struct list_head list;
	struct eventfd_ctx *eventfd;
	u64 address, data;
	u32 size;
	bool port, match;
};

/* Writes to @address up to @address + @size - 1 go into the ring. */
struct coalesced_zone {
	struct list_head list;
	struct list_head removed;	/* readers may still be on the way along list */
	u64 address;
	u32 size;
	bool port;
};

/* ------------------------------------------------------------------ guest writes */

static bool doorbell_rings(const struct doorbell *bell, bool port, u64 address, u64 data, u32 size)
{
	return bell->port == port && bell->address == address &&
	       (!bell->size || bell->size == size) && (!bell->match || bell->data == data);
}

static bool zone_holds(const struct coalesced_zone *zone, bool port, u64 address, u32 size)
{
	return zone->port == port && address >= zone->address &&
	       address - zone->address <= zone->size &&
	       size <= zone->size - (address - zone->address);
}

/*
 * The ring is userspace's to write as well: its indexes are read once and checked. A full ring is
 * emptied by userspace, which the write then goes to itself.
 */
static bool ring_add(struct vm *vm, bool port, u64 address, u64 data, u32 size)
{
	struct minivmx_coalesced_mmio_ring *ring = page_address(vm->ring_page);
	struct minivmx_coalesced_mmio *entry;
	unsigned long flags;
	u32 first, last, next;
	bool room;

	spin_lock_irqsave(&vm->ring_lock, flags);
	first = READ_ONCE(ring->first);
	last = READ_ONCE(ring->last);
	next = (last + 1) % MINIVMX_COALESCED_MMIO_MAX;
	room = last < MINIVMX_COALESCED_MMIO_MAX && next != first;
	if (room) {
		entry = &ring->coalesced_mmio[array_index_nospec(last, MINIVMX_COALESCED_MMIO_MAX)];
		entry->phys_addr = address;
		entry->len = size;
		entry->pio = port;
		memcpy(entry->data, &data, sizeof(entry->data));
		/* The entry before the index that shows it. */
		smp_wmb();
		WRITE_ONCE(ring->last, next);
	}
	spin_unlock_irqrestore(&vm->ring_lock, flags);
	return room;
}

bool devices_write(struct vm *vm, bool port, u64 address, const void *bytes, unsigned int size)
{
	struct coalesced_zone *zone;
	struct doorbell *bell;
	bool taken = false;
	u64 data = 0;

	memcpy(&data, bytes, min_t(unsigned int, size, sizeof(data)));
	rcu_read_lock();
	list_for_each_entry_rcu(bell, &vm->doorbells, list)
		if (doorbell_rings(bell, port, address, data, size)) {
			eventfd_ring(bell->eventfd);
			taken = true;
			break;
		}
	if (!taken && size <= sizeof(data))
		list_for_each_entry_rcu(zone, &vm->coalesced_zones, list)
			if (zone_holds(zone, port, address, size)) {
				taken = ring_add(vm, port, address, data, size);
				break;
			}
	rcu_read_unlock();
	return taken;
}

/* --------------------------------------------------------------------- IOEVENTFD */

#define IOEVENTFD_FLAGS	(MINIVMX_IOEVENTFD_FLAG_DATAMATCH | MINIVMX_IOEVENTFD_FLAG_PIO |	\
			 MINIVMX_IOEVENTFD_FLAG_DEASSIGN)

static int ioeventfd_check(const struct minivmx_ioeventfd *args)
{
	u64 end;

	switch (args->len) {
	case 0:
		if (args->flags & MINIVMX_IOEVENTFD_FLAG_DATAMATCH)
			return -EINVAL;
		break;
	case 1:
	case 2:
	case 4:
	case 8:
		break;
	default:
		return -EINVAL;
	}
	if (check_add_overflow(args->addr, (u64)args->len, &end) || (args->flags & ~IOEVENTFD_FLAGS))
		return -EINVAL;
	return 0;
}

/* Would one write ring both? */
static bool doorbells_collide(const struct doorbell *a, const struct doorbell *b)
{
	return a->port == b->port && a->address == b->address &&
	       (!a->size || !b->size ||
		(a->size == b->size && (!a->match || !b->match || a->data == b->data)));
}

static int doorbell_add(struct vm *vm, const struct doorbell *wanted)
{
	struct doorbell *bell, *other;

	if (vm->device_count >= DEVICES_MAX)
		return -ENOSPC;
	list_for_each_entry(other, &vm->doorbells, list)
		if (doorbells_collide(other, wanted))
			return -EEXIST;
	bell = kmemdup(wanted, sizeof(*wanted), GFP_KERNEL_ACCOUNT);
	if (!bell)
		return -ENOMEM;
	list_add_tail_rcu(&bell->list, &vm->doorbells);
	vm->device_count++;
	return 0;
}

static void doorbell_free(struct doorbell *bell)
{
	eventfd_ctx_put(bell->eventfd);
	kfree(bell);
}

/* Takes it off the list; a guest may ring it until the next grace period. */
static struct doorbell *doorbell_remove(struct vm *vm, const struct doorbell *wanted)
{
	struct doorbell *bell;

	list_for_each_entry(bell, &vm->doorbells, list) {
		if (bell->eventfd != wanted->eventfd || bell->port != wanted->port ||
		    bell->address != wanted->address || bell->size != wanted->size ||
		    bell->match != wanted->match || (bell->match && bell->data != wanted->data))
			continue;
		list_del_rcu(&bell->list);
		vm->device_count--;
		return bell;
	}
	return NULL;
}

/* As on KVM: once it returns, no write rings the doorbell any more. */
static int devices_deassign(struct vm *vm, const struct doorbell *wanted)
{
	struct doorbell *bell;

	mutex_lock(&vm->lock);
	bell = doorbell_remove(vm, wanted);
	mutex_unlock(&vm->lock);
	if (!bell)
		return -ENOENT;
	synchronize_rcu_expedited();
	doorbell_free(bell);
	return 0;
}

static int devices_assign(struct vm *vm, const struct doorbell *wanted)
{
	int err;

	mutex_lock(&vm->lock);
	err = doorbell_add(vm, wanted);
	mutex_unlock(&vm->lock);
	return err;
}

int devices_ioeventfd(struct vm *vm, const struct minivmx_ioeventfd *args)
{
	struct doorbell wanted = {
		.address = args->addr,
		.size = args->len,
		.data = args->datamatch,
		.port = args->flags & MINIVMX_IOEVENTFD_FLAG_PIO,
		.match = args->flags & MINIVMX_IOEVENTFD_FLAG_DATAMATCH,
	};
	bool remove = args->flags & MINIVMX_IOEVENTFD_FLAG_DEASSIGN;
	int err = remove ? 0 : ioeventfd_check(args);

	if (err)
		return err;
	wanted.eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(wanted.eventfd))
		return PTR_ERR(wanted.eventfd);
	err = remove ? devices_deassign(vm, &wanted) : devices_assign(vm, &wanted);
	/* A doorbell that was added keeps the reference. */
	if (err || remove)
		eventfd_ctx_put(wanted.eventfd);
	return err;
}

/* --------------------------------------------------------------- coalesced writes */

int devices_register_zone(struct vm *vm, const struct minivmx_coalesced_mmio_zone *args)
{
	struct coalesced_zone *zone;
	int err = 0;

	if (args->pio > 1)
		return -EINVAL;
	zone = kzalloc(sizeof(*zone), GFP_KERNEL_ACCOUNT);
	if (!zone)
		return -ENOMEM;
	zone->address = args->addr;
	zone->size = args->size;
	zone->port = args->pio;
	mutex_lock(&vm->lock);
	if (vm->device_count < DEVICES_MAX) {
		list_add_tail_rcu(&zone->list, &vm->coalesced_zones);
		vm->device_count++;
	} else {
		err = -ENOSPC;
	}
	mutex_unlock(&vm->lock);
	if (err)
		kfree(zone);
	return err;
}

/*
 * As on KVM: takes away every zone that holds all of the range, and none is no error. Once it
 * returns, no write goes into the ring for them any more.
 */
int devices_unregister_zone(struct vm *vm, const struct minivmx_coalesced_mmio_zone *args)
{
	struct coalesced_zone *zone, *next;
	LIST_HEAD(removed);

	if (args->pio > 1)
		return -EINVAL;
	mutex_lock(&vm->lock);
	list_for_each_entry_safe(zone, next, &vm->coalesced_zones, list) {
		if (!zone_holds(zone, args->pio, args->addr, args->size))
			continue;
		list_del_rcu(&zone->list);
		list_add(&zone->removed, &removed);
		vm->device_count--;
	}
	mutex_unlock(&vm->lock);
	if (list_empty(&removed))
		return 0;
	synchronize_rcu_expedited();
	list_for_each_entry_safe(zone, next, &removed, removed)
		kfree(zone);
	return 0;
}

/* --------------------------------------------------------------- life and death */

int devices_create(struct vm *vm)
{
	BUILD_BUG_ON(sizeof(struct minivmx_coalesced_mmio_ring) +
		     MINIVMX_COALESCED_MMIO_MAX * sizeof(struct minivmx_coalesced_mmio) > PAGE_SIZE);
	INIT_LIST_HEAD(&vm->doorbells);
	INIT_LIST_HEAD(&vm->coalesced_zones);
	spin_lock_init(&vm->ring_lock);
	vm->ring_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	return vm->ring_page ? 0 : -ENOMEM;
}

/* Nobody runs the VM any more. */
void devices_destroy(struct vm *vm)
{
	struct coalesced_zone *zone, *next_zone;
	struct doorbell *bell, *next_bell;

	list_for_each_entry_safe(bell, next_bell, &vm->doorbells, list)
		doorbell_free(bell);
	list_for_each_entry_safe(zone, next_zone, &vm->coalesced_zones, list)
		kfree(zone);
	put_page(vm->ring_page);
}
