/* SPDX-License-Identifier: GPL-2.0 */
/*
 * minivmx.h - the module's objects: VM, slot, vCPU; who owns whom, and which lock guards what.
 *
 * A VM is made by an ioctl on the device and lives as long as its file or a file of one of its
 * vCPUs is open (vm->refs). A vCPU lives as long as its own file.
 *
 * Lock order:  vm->lock  >  vcpu->mutex  >  mmap_lock and the mm's other locks  >  the EPT lock
 *   vm->lock      writing slots, their dirty logs' comings and goings, doorbells, coalesced_zones,
 *                 device_count, vcpu_ids
 *   vcpu->mutex   everything in struct vcpu and struct vmx_vcpu but vm, id, the pages and, for
 *                 readers, the statistics
 *   EPT lock      the second-level page table (arch/x86/ept.h)
 *   ring_lock     the ring of coalesced writes. Innermost, as is the lock of a doorbell's eventfd:
 *                 both are taken with interrupts off, in slices too
 * Slots, doorbells and zones are read under RCU. The bits of a dirty log and tsc_offset are atomic.
 * All else is set before others can see the object.
 */
#ifndef _MINIVMX_MINIVMX_H
#define _MINIVMX_MINIVMX_H

#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/signal_types.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <uapi/minivmx.h>

#include "arch/x86/vmx.h"

/* A range of guest-physical addresses backed by user memory. size 0: no such slot. */
struct slot {
	gpa_t gpa;
	u64 size;
	unsigned long hva;	/* user address of the first byte */
	u32 flags;		/* MINIVMX_MEM_* */
	struct dirty_log *dirty;	/* NULL without MINIVMX_MEM_LOG_DIRTY_PAGES */
};

/* Replaced as a whole; readers see the old or the new set. */
struct slots {
	struct rcu_head rcu;
	unsigned int end;		/* behind the last that is in use */
	struct slot slot[MINIVMX_MAX_SLOTS];
};

struct vm {
	struct kref refs;
	struct mm_struct *mm;		/* the address space it was made in, not its pages */
	struct mutex lock;
	struct slots __rcu *slots;
	struct srcu_struct memory_users;	/* guest memory is read or written through a slot */
	DECLARE_BITMAP(vcpu_ids, MINIVMX_MAX_VCPUS);
	struct ept *ept;
	atomic64_t tsc_offset;		/* see vm_tsc_offset() */
	struct mmu_notifier notifier;
	struct list_head doorbells, coalesced_zones;	/* devices.c; read under RCU */
	unsigned int device_count;			/* of both */
	spinlock_t ring_lock;				/* the ring; taken in slices too */
	struct page *ring_page;				/* struct minivmx_coalesced_mmio_ring */
	struct work_struct destroy_work;
};

struct vcpu {
	struct vm *vm;
	struct mutex mutex;
	unsigned int id;
	struct vmx_vcpu *vmx;
	struct page *run_page;		/* struct minivmx_run, mapped by userspace */
	struct page *io_page;		/* data of IN and OUT, mapped behind it */
	struct minivmx_recorder *recorder;	/* whole pages, which userspace maps too */
	bool has_sigmask;
	sigset_t sigmask;		/* SET_SIGNAL_MASK: blocked while in RUN */
};

/* Where the process sees @gpa of @slot. */
static inline unsigned long slot_hva(const struct slot *slot, gpa_t gpa)
{
	return slot->hva + (gpa - slot->gpa);
}

/* May the guest do that there? A write to a READONLY slot is a device's, if anybody's. */
static inline bool slot_allows(const struct slot *slot, bool write)
{
	return !write || !(slot->flags & MINIVMX_MEM_READONLY);
}

/* The slot that shows @gpa, or NULL. Under RCU, as long as it is used. */
static inline const struct slot *slot_lookup(const struct slots *slots, gpa_t gpa)
{
	for (unsigned int i = 0; i < slots->end; i++)
		if (gpa - slots->slot[i].gpa < slots->slot[i].size)
			return &slots->slot[i];
	return NULL;
}

/* vm.c */
int vm_create_file(void);			/* a file descriptor, or an error */
void vm_get(struct vm *vm);
void vm_put(struct vm *vm);
long vm_check_extension(unsigned long capability);
int vm_setup(void);
void vm_teardown(void);				/* waits until all VMs are gone */
/*
 * Wraps a file around @object, opened with O_RDWR or O_RDONLY: its descriptor, or an error and
 * @object is still the caller's.
 */
int object_create_file(const char *name, const struct file_operations *fops, void *object,
		       int flags);

/* vcpu.c */
#define VCPU_MMAP_PAGES	3	/* run page, I/O data, the VM's ring of coalesced writes */
/* And elsewhere, MINIVMX_RECORDER_PAGE_OFFSET, to be read only. */
#define VCPU_RECORDER_PAGES	2
#define VCPU_RECORDER_SIZE	(VCPU_RECORDER_PAGES * PAGE_SIZE)
int vcpu_create_file(struct vm *vm, unsigned long id);

/* memory.c */
int memory_create(struct vm *vm);
void memory_destroy(struct vm *vm);		/* may sleep for long */

/* devices.c */
int devices_create(struct vm *vm);
void devices_destroy(struct vm *vm);
int devices_ioeventfd(struct vm *vm, const struct minivmx_ioeventfd *args);
int devices_register_zone(struct vm *vm, const struct minivmx_coalesced_mmio_zone *zone);
int devices_unregister_zone(struct vm *vm, const struct minivmx_coalesced_mmio_zone *zone);

/* stats.c */
/* A file of statistics that keeps @owner, the VM's or vCPU's file, alive. */
int stats_create_vm_file(struct vm *vm, struct file *owner);
int stats_create_vcpu_file(struct vcpu *vcpu, struct file *owner);

/* vcpu_lists.c: the ioctls of these names */
long vcpu_set_cpuid(struct vcpu *vcpu, const struct minivmx_cpuid2 __user *user);
long vcpu_get_cpuid(struct vcpu *vcpu, struct minivmx_cpuid2 __user *user);
long vcpu_get_msrs(struct vcpu *vcpu, struct minivmx_msrs __user *user);
long vcpu_set_msrs(struct vcpu *vcpu, const struct minivmx_msrs __user *user);
long vcpu_get_vmcs(struct vcpu *vcpu, struct minivmx_vmcs __user *user);

/* study.c */
void study_setup(void);				/* says so, and taints the kernel, in study mode */
long vcpu_try_entry(struct vcpu *vcpu, struct minivmx_try_entry __user *user);

/* vcpu_state.c */
/* The ioctls that get or set guest registers; -ENOTTY: not one of them. */
long vcpu_state_ioctl(struct vcpu *vcpu, unsigned int ioctl, void __user *user);

/* slots.c */
int slot_set(struct vm *vm, const struct minivmx_userspace_memory_region *region);
/* A copy of the slot that shows @gpa. */
bool slot_find(struct vm *vm, gpa_t gpa, struct slot *found);
unsigned int slots_count(struct vm *vm);
void slots_destroy(struct vm *vm);		/* nobody uses them any more */

/* dirty_log.c */
struct dirty_log *dirty_log_create(u64 slot_size);	/* NULL: no memory */
void dirty_log_destroy(struct dirty_log *log);		/* once readers of the slots are through */
int dirty_log_get(struct vm *vm, const struct minivmx_dirty_log *query);
/* The page at @gpa becomes writable, or was written. Under the EPT lock or RCU. */
void dirty_log_mark(const struct slot *slot, gpa_t gpa);
/* The kernel itself has written guest memory. */
void memory_mark_dirty(struct vm *vm, gpa_t gpa);

#endif /* _MINIVMX_MINIVMX_H */
