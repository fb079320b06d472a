// SPDX-License-Identifier: GPL-2.0
/*
 * vm.c - a virtual machine: its file, its ioctls, its life and death.
 *
 * Reached from main.c (CREATE_VM). Continues in slots.c and memory.c for its memory, in devices.c
 * for writes that need no exit, in vcpu.c for its vCPUs. Process context, interrupts on.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

/*
 * VMs are torn down here: taking back the mmu notifier waits for long, closing a file should not.
 */
static struct workqueue_struct *destroy_queue;

int vm_setup(void)
{
	destroy_queue = alloc_workqueue("minivmx_destroy", WQ_UNBOUND, 0);
	return destroy_queue ? 0 : -ENOMEM;
}

void vm_teardown(void)
{
	destroy_workqueue(destroy_queue);
}

static void vm_destroy(struct work_struct *work)
{
	struct vm *vm = container_of(work, struct vm, destroy_work);

	devices_destroy(vm);
	memory_destroy(vm);
	mmdrop(vm->mm);
	kfree(vm);
}

static void vm_last_put(struct kref *refs)
{
	struct vm *vm = container_of(refs, struct vm, refs);

	queue_work(destroy_queue, &vm->destroy_work);
}

void vm_get(struct vm *vm)
{
	kref_get(&vm->refs);
}

void vm_put(struct vm *vm)
{
	kref_put(&vm->refs, vm_last_put);
}

atomic64_t *vm_tsc_offset(struct vm *vm)
{
	return &vm->tsc_offset;
}

long vm_check_extension(unsigned long capability)
{
	switch (capability) {
	case MINIVMX_CAP_USER_MEMORY:
	case MINIVMX_CAP_SET_TSS_ADDR:
	case MINIVMX_CAP_EXT_CPUID:
	case MINIVMX_CAP_NOP_IO_DELAY:
	case MINIVMX_CAP_MP_STATE:
	case MINIVMX_CAP_SYNC_MMU:
	case MINIVMX_CAP_DESTROY_MEMORY_REGION_WORKS:
	case MINIVMX_CAP_USER_NMI:
	case MINIVMX_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case MINIVMX_CAP_SET_IDENTITY_MAP_ADDR:
	case MINIVMX_CAP_INTERNAL_ERROR_DATA:
	case MINIVMX_CAP_SET_GUEST_DEBUG:
	case MINIVMX_CAP_DEBUGREGS:
	case MINIVMX_CAP_VCPU_EVENTS:
	case MINIVMX_CAP_INTR_SHADOW:
	case MINIVMX_CAP_READONLY_MEM:
	case MINIVMX_CAP_XSAVE:
	case MINIVMX_CAP_GET_TSC_KHZ:
	case MINIVMX_CAP_CHECK_EXTENSION_VM:
	case MINIVMX_CAP_IMMEDIATE_EXIT:
	case MINIVMX_CAP_IOEVENTFD:
	case MINIVMX_CAP_IOEVENTFD_NO_LENGTH:
	case MINIVMX_CAP_IOEVENTFD_ANY_LENGTH:
	case MINIVMX_CAP_COALESCED_PIO:
	case MINIVMX_CAP_BINARY_STATS_FD:
	case MINIVMX_CAP_USER_MEMORY2:
		return 1;
	case MINIVMX_CAP_COALESCED_MMIO:
		return MINIVMX_COALESCED_MMIO_PAGE_OFFSET;
	case MINIVMX_CAP_NR_VCPUS:
		return min_t(unsigned int, num_online_cpus(), MINIVMX_MAX_VCPUS);
	case MINIVMX_CAP_XCRS:
		return vmx_has_xsave();
	case MINIVMX_CAP_MAX_VCPUS:
	case MINIVMX_CAP_MAX_VCPU_ID:
		return MINIVMX_MAX_VCPUS;
	case MINIVMX_CAP_SET_GUEST_DEBUG2:
		return vmx_guest_debug_controls();
	case MINIVMX_CAP_SYNC_REGS:
		return MINIVMX_SYNC_X86_VALID_FIELDS;
	case MINIVMX_CAP_NR_MEMSLOTS:
		return MINIVMX_MAX_SLOTS;
	default:
		return 0;
	}
}

static long vm_set_identity_map_addr(struct vm *vm, u64 __user *user)
{
	long err = 0;
	u64 address;

	if (copy_from_user(&address, user, sizeof(address)))
		return -EFAULT;
	mutex_lock(&vm->lock);
	if (!bitmap_empty(vm->vcpu_ids, MINIVMX_MAX_VCPUS))
		err = -EINVAL;
	mutex_unlock(&vm->lock);
	return err;
}

static long vm_set_region(struct vm *vm, const void __user *user)
{
	struct minivmx_userspace_memory_region region;

	if (copy_from_user(&region, user, sizeof(region)))
		return -EFAULT;
	return slot_set(vm, &region);
}

static long vm_set_region2(struct vm *vm, const void __user *user)
{
	struct minivmx_userspace_memory_region2 region2;
	struct minivmx_userspace_memory_region region;

	if (copy_from_user(&region2, user, sizeof(region2)))
		return -EFAULT;
	region = (struct minivmx_userspace_memory_region){
		.slot = region2.slot,
		.flags = region2.flags,
		.guest_phys_addr = region2.guest_phys_addr,
		.memory_size = region2.memory_size,
		.userspace_addr = region2.userspace_addr,
	};
	return slot_set(vm, &region);
}

static long vm_get_dirty_log(struct vm *vm, const void __user *user)
{
	struct minivmx_dirty_log query;

	if (copy_from_user(&query, user, sizeof(query)))
		return -EFAULT;
	return dirty_log_get(vm, &query);
}

static long vm_ioeventfd(struct vm *vm, const void __user *user)
{
	struct minivmx_ioeventfd ioeventfd;

	if (copy_from_user(&ioeventfd, user, sizeof(ioeventfd)))
		return -EFAULT;
	return devices_ioeventfd(vm, &ioeventfd);
}

/* EPT pointer and entries have host-physical addresses in the same bits. */
#define EPT_HOST_PHYSICAL	GENMASK_ULL(51, 12)

static long vm_get_ept_walk(struct vm *vm, struct minivmx_ept_walk __user *user)
{
	struct minivmx_ept_walk query, walk;

	if (copy_from_user(&query, user, sizeof(query)))
		return -EFAULT;
	if (query.flags || query.guest_physical >= vmx_guest_physical_limit())
		return -EINVAL;
	ept_lock(vm->ept);
	ept_read_walk(vm->ept, query.guest_physical, &walk);
	ept_unlock(vm->ept);
	if (!capable(CAP_SYS_ADMIN)) {
		walk.flags = MINIVMX_EPT_HOST_HIDDEN;
		walk.eptp &= ~EPT_HOST_PHYSICAL;
		for (unsigned int i = 0; i < walk.count; i++)
			walk.entries[i] &= ~EPT_HOST_PHYSICAL;
	}
	return copy_to_user(user, &walk, sizeof(walk)) ? -EFAULT : 0;
}

static long vm_coalesced_zone(struct vm *vm, const void __user *user, bool add)
{
	struct minivmx_coalesced_mmio_zone zone;

	if (copy_from_user(&zone, user, sizeof(zone)))
		return -EFAULT;
	return add ? devices_register_zone(vm, &zone) : devices_unregister_zone(vm, &zone);
}

static long vm_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct vm *vm = file->private_data;
	void __user *user = (void __user *)arg;

	if (vm->mm != current->mm)
		return -EIO;
	switch (ioctl) {
	case MINIVMX_CREATE_VCPU:
		return vcpu_create_file(vm, arg);
	case MINIVMX_CHECK_EXTENSION:
		return vm_check_extension(arg);
	case MINIVMX_SET_USER_MEMORY_REGION:
		return vm_set_region(vm, user);
	case MINIVMX_SET_USER_MEMORY_REGION2:
		return vm_set_region2(vm, user);
	case MINIVMX_GET_DIRTY_LOG:
		return vm_get_dirty_log(vm, user);
	case MINIVMX_IOEVENTFD:
		return vm_ioeventfd(vm, user);
	case MINIVMX_REGISTER_COALESCED_MMIO:
	case MINIVMX_UNREGISTER_COALESCED_MMIO:
		return vm_coalesced_zone(vm, user, ioctl == MINIVMX_REGISTER_COALESCED_MMIO);
	case MINIVMX_GET_STATS_FD:
		return stats_create_vm_file(vm, file);
	case MINIVMX_GET_EPT_WALK:
		return vm_get_ept_walk(vm, user);
	case MINIVMX_SET_TSS_ADDR:
		return arg > (unsigned int)(-3 * PAGE_SIZE) ? -EINVAL : 0;
	case MINIVMX_SET_IDENTITY_MAP_ADDR:
		return vm_set_identity_map_addr(vm, user);
	default:
		return -ENOTTY;
	}
}

static int vm_release(struct inode *inode, struct file *file)
{
	vm_put(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner		= THIS_MODULE,
	.release	= vm_release,
	.unlocked_ioctl	= vm_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

int object_create_file(const char *name, const struct file_operations *fops, void *object,
		       int flags)
{
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile(name, fops, object, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	/* Where there is something to read, pread() can: KVM's statistics are read so. */
	if (fops->read)
		file->f_mode |= FMODE_PREAD;
	fd_install(fd, file);
	return fd;
}

int vm_create_file(void)
{
	struct vm *vm;
	int fd;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return -ENOMEM;
	kref_init(&vm->refs);
	mutex_init(&vm->lock);
	INIT_WORK(&vm->destroy_work, vm_destroy);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	atomic64_set(&vm->tsc_offset, vmx_tsc_offset_now());
	fd = devices_create(vm);
	if (fd)
		goto err_free_vm;
	fd = memory_create(vm);
	if (fd)
		goto err_destroy_devices;
	fd = object_create_file("minivmx-vm", &vm_fops, vm, O_RDWR);
	if (fd < 0)
		vm_put(vm);
	return fd;

err_destroy_devices:
	devices_destroy(vm);
err_free_vm:
	mmdrop(vm->mm);
	kfree(vm);
	return fd;
}
