// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - loading and unloading, and the device /dev/minivmx.
 *
 * The first file to read after uapi/minivmx.h. A program's ioctls on the device arrive here;
 * CREATE_VM continues in vm.c.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

MODULE_DESCRIPTION("A small Intel VT-x hypervisor to read and to learn from");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");

/* A number of its own, so that opening the device node can load the module. */
#define MINIVMX_MINOR	244	/* from the range for local use */
MODULE_ALIAS_MISCDEV(MINIVMX_MINOR);
MODULE_ALIAS("devname:minivmx");

static char *l1d_flush = "auto";
module_param(l1d_flush, charp, 0444);
MODULE_PARM_DESC(l1d_flush, "Clear the L1 data cache before running a guest: auto (where the CPU needs it), always, never");

static char *nx_large_pages = "auto";
module_param(nx_large_pages, charp, 0444);
MODULE_PARM_DESC(nx_large_pages, "Let guests execute from 4 KiB pages only, against iTLB multihit: auto (where the CPU needs it), always, never");

/* The header of a variable-length list: room in, length out. */
static int put_list_length(void __user *nent, unsigned int needed, unsigned int room)
{
	if (put_user(needed, (u32 __user *)nent))
		return -EFAULT;
	return needed > room ? -E2BIG : 0;
}

static long device_get_vmx_caps(struct minivmx_vmx_caps __user *user)
{
	struct minivmx_vmx_caps header;
	unsigned int count = vmx_caps_count();
	int err;

	if (copy_from_user(&header, user, sizeof(header)))
		return -EFAULT;
	if (header.flags)
		return -EINVAL;
	err = put_list_length(&user->nent, count, header.nent);
	if (err)
		return err;
	for (unsigned int i = 0; i < count; i++) {
		struct minivmx_vmx_cap cap;

		vmx_caps_get(i, &cap);
		if (copy_to_user(&user->entries[i], &cap, sizeof(cap)))
			return -EFAULT;
	}
	return 0;
}

static long device_get_supported_cpuid(struct minivmx_cpuid2 __user *user)
{
	struct minivmx_cpuid_entry2 *entries;
	unsigned int count;
	u32 room;
	long err;

	if (get_user(room, &user->nent))
		return -EFAULT;
	entries = kcalloc(MINIVMX_MAX_CPUID_ENTRIES, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	count = vmx_supported_cpuid(entries, MINIVMX_MAX_CPUID_ENTRIES);
	err = put_list_length(&user->nent, count, room);
	if (!err && copy_to_user(user->entries, entries, count * sizeof(*entries)))
		err = -EFAULT;
	kfree(entries);
	return err;
}

/* More than there are MSRs in arch/x86/exit_msr.c. */
#define MSR_LIST_ROOM	64

static long device_get_msr_index_list(struct minivmx_msr_list __user *user)
{
	u32 numbers[MSR_LIST_ROOM];
	unsigned int count = vmx_msr_list(numbers, MSR_LIST_ROOM);
	u32 room;
	long err;

	if (get_user(room, &user->nmsrs))
		return -EFAULT;
	err = put_list_length(&user->nmsrs, count, room);
	if (!err && copy_to_user(user->indices, numbers, count * sizeof(*numbers)))
		err = -EFAULT;
	return err;
}

static long device_get_recorder_area(struct minivmx_recorder_area __user *user)
{
	const struct minivmx_recorder_area area = {
		.offset = MINIVMX_RECORDER_PAGE_OFFSET * PAGE_SIZE,
		.size = VCPU_RECORDER_SIZE,
	};

	return copy_to_user(user, &area, sizeof(area)) ? -EFAULT : 0;
}

static long device_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case MINIVMX_GET_API_VERSION:
		return arg ? -EINVAL : MINIVMX_API_VERSION;
	case MINIVMX_CREATE_VM:
		return arg ? -EINVAL : vm_create_file();
	case MINIVMX_CHECK_EXTENSION:
		return vm_check_extension(arg);
	case MINIVMX_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : VCPU_MMAP_PAGES * PAGE_SIZE;
	case MINIVMX_GET_SUPPORTED_CPUID:
		return device_get_supported_cpuid((void __user *)arg);
	case MINIVMX_GET_MSR_INDEX_LIST:
		return device_get_msr_index_list((void __user *)arg);
	case MINIVMX_GET_VMX_CAPS:
		return device_get_vmx_caps((void __user *)arg);
	case MINIVMX_GET_RECORDER_AREA:
		return device_get_recorder_area((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice device = {
	.minor	= MINIVMX_MINOR,
	.name	= "minivmx",
	.fops	= &device_fops,
	.mode	= 0660,
};

static int policy_parse(const char *parameter, const char *value, enum mitigation_policy *policy)
{
	static const char * const names[] = {
		[MITIGATION_AUTO]   = "auto",
		[MITIGATION_ALWAYS] = "always",
		[MITIGATION_NEVER]  = "never",
	};
	int index = match_string(names, ARRAY_SIZE(names), value);

	if (index < 0) {
		pr_err("%s=%s is none of auto, always, never\n", parameter, value);
		return -EINVAL;
	}
	*policy = index;
	return 0;
}

static int __init minivmx_init(void)
{
	enum mitigation_policy l1d, nx;
	int err;

	err = policy_parse("l1d_flush", l1d_flush, &l1d);
	if (!err)
		err = policy_parse("nx_large_pages", nx_large_pages, &nx);
	if (!err)
		err = vmx_setup(l1d, nx);
	if (err)
		return err;
	err = vm_setup();
	if (err)
		goto err_vmx_teardown;
	err = misc_register(&device);
	if (err) {
		pr_err("can't make /dev/minivmx (minor %d): error %d; is another driver using that number?\n",
		       MINIVMX_MINOR, err);
		goto err_vm_teardown;
	}
	study_setup();
	pr_info("ready: /dev/minivmx, L1 data cache flush %s\n", vmx_l1d_flush_name());
	return 0;

err_vm_teardown:
	vm_teardown();
err_vmx_teardown:
	vmx_teardown();
	return err;
}
module_init(minivmx_init);

static void __exit minivmx_exit(void)
{
	misc_deregister(&device);
	vm_teardown();
	vmx_teardown();
}
module_exit(minivmx_exit);
