// SPDX-License-Identifier: GPL-2.0
/*
 * stats.c - files of statistics (GET_STATS_FD), in the binary format of KVM's.
 *
 * Reached from vm.c and vcpu.c. A reader takes from the header where the rest is: a string that
 * names the object, the descriptors, the values. All of it is made anew for each read; nothing
 * stops meanwhile, so values are a little apart in time. Process context.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

#define NAME_SIZE	48

/* A struct minivmx_stats_desc with its name behind it. */
struct stat_entry {
	u32 flags;
	s16 exponent;
	u16 size;
	u32 offset;
	u32 bucket_size;
	char name[NAME_SIZE];
};
static_assert(offsetof(struct stat_entry, name) == offsetof(struct minivmx_stats_desc, name));
static_assert(offsetof(struct stat_entry, offset) == offsetof(struct minivmx_stats_desc, offset));

#define COUNTER	(MINIVMX_STATS_TYPE_CUMULATIVE | MINIVMX_STATS_UNIT_NONE | MINIVMX_STATS_BASE_POW10)
#define LEVEL	(MINIVMX_STATS_TYPE_INSTANT | MINIVMX_STATS_UNIT_NONE | MINIVMX_STATS_BASE_POW10)
#define BUCKETS	(MINIVMX_STATS_TYPE_LINEAR_HIST | MINIVMX_STATS_UNIT_NONE | MINIVMX_STATS_BASE_POW10)

#define ENTRY(type, member, kind, count, bucket)				\
	{									\
		.flags = (kind),						\
		.size = (count),						\
		.offset = offsetof(type, member),				\
		.bucket_size = (bucket),					\
		.name = #member,						\
	}

/* What each value counts is in arch/x86/vmx.h. */
#define VCPU_COUNTER(member)	ENTRY(struct vmx_stats, member, COUNTER, 1, 0)

static const struct stat_entry vcpu_entries[] = {
	VCPU_COUNTER(runs),
	VCPU_COUNTER(userspace_exits),
	VCPU_COUNTER(signal_exits),
	VCPU_COUNTER(slices),
	VCPU_COUNTER(borrowed_slices),
	VCPU_COUNTER(exits),
	VCPU_COUNTER(entry_failures),
	VCPU_COUNTER(events_injected),
	ENTRY(struct vmx_stats, exits_by_reason, BUCKETS, MINIVMX_EXIT_REASON_COUNT, 1),
};

struct vm_stats {
	u64 vcpus;	/* numbers taken */
	u64 slots;
	u64 devices;	/* doorbells and coalesced zones */
	/* Of the second-level page table: its leaves, and the pages that it takes. */
	u64 pages_4k, pages_2m, ept_tables;
};

static const struct stat_entry vm_entries[] = {
	ENTRY(struct vm_stats, vcpus, LEVEL, 1, 0),
	ENTRY(struct vm_stats, slots, LEVEL, 1, 0),
	ENTRY(struct vm_stats, devices, LEVEL, 1, 0),
	ENTRY(struct vm_stats, pages_4k, LEVEL, 1, 0),
	ENTRY(struct vm_stats, pages_2m, LEVEL, 1, 0),
	ENTRY(struct vm_stats, ept_tables, LEVEL, 1, 0),
};

/* A file and what it shows. */
struct stats_file {
	struct file *owner;
	char id[NAME_SIZE];
	const struct stat_entry *entries;
	unsigned int entry_count;
	size_t values_size;
	void (*read_values)(void *object, void *values);
	void *object;
};

static void read_vcpu_values(void *object, void *values)
{
	struct vcpu *vcpu = object;

	*(struct vmx_stats *)values = *vmx_stats(vcpu->vmx);
}

static void read_vm_values(void *object, void *values)
{
	struct vm *vm = object;
	struct ept_counts counts = ept_counts(vm->ept);

	*(struct vm_stats *)values = (struct vm_stats){
		.vcpus = bitmap_weight(vm->vcpu_ids, MINIVMX_MAX_VCPUS),
		.slots = slots_count(vm),
		.devices = READ_ONCE(vm->device_count),
		.pages_4k = counts.pages_4k,
		.pages_2m = counts.pages_2m,
		.ept_tables = counts.tables,
	};
}

static ssize_t stats_read(struct file *file, char __user *user, size_t size, loff_t *offset)
{
	struct stats_file *stats = file->private_data;
	size_t entries_size = stats->entry_count * sizeof(*stats->entries);
	const struct minivmx_stats_header header = {
		.name_size = NAME_SIZE,
		.num_desc = stats->entry_count,
		.id_offset = sizeof(header),
		.desc_offset = sizeof(header) + NAME_SIZE,
		.data_offset = sizeof(header) + NAME_SIZE + entries_size,
	};
	size_t total = header.data_offset + stats->values_size;
	u8 *image = kmalloc(total, GFP_KERNEL_ACCOUNT);
	ssize_t done;

	if (!image)
		return -ENOMEM;
	memcpy(image, &header, sizeof(header));
	memcpy(image + header.id_offset, stats->id, NAME_SIZE);
	memcpy(image + header.desc_offset, stats->entries, entries_size);
	stats->read_values(stats->object, image + header.data_offset);
	done = simple_read_from_buffer(user, size, offset, image, total);
	kfree(image);
	return done;
}

static int stats_release(struct inode *inode, struct file *file)
{
	struct stats_file *stats = file->private_data;

	fput(stats->owner);
	kfree(stats);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner		= THIS_MODULE,
	.release	= stats_release,
	.read		= stats_read,
	.llseek		= noop_llseek,
};

static int stats_create_file(const struct stats_file *made)
{
	struct stats_file *stats = kmemdup(made, sizeof(*made), GFP_KERNEL_ACCOUNT);
	int fd;

	if (!stats)
		return -ENOMEM;
	get_file(stats->owner);
	fd = object_create_file("minivmx-stats", &stats_fops, stats, O_RDONLY);
	if (fd < 0) {
		fput(stats->owner);
		kfree(stats);
	}
	return fd;
}

int stats_create_vcpu_file(struct vcpu *vcpu, struct file *owner)
{
	struct stats_file stats = {
		.owner = owner,
		.entries = vcpu_entries,
		.entry_count = ARRAY_SIZE(vcpu_entries),
		.values_size = sizeof(struct vmx_stats),
		.read_values = read_vcpu_values,
		.object = vcpu,
	};

	snprintf(stats.id, NAME_SIZE, "minivmx-%d/vcpu-%u", task_pid_nr(current), vcpu->id);
	return stats_create_file(&stats);
}

int stats_create_vm_file(struct vm *vm, struct file *owner)
{
	struct stats_file stats = {
		.owner = owner,
		.entries = vm_entries,
		.entry_count = ARRAY_SIZE(vm_entries),
		.values_size = sizeof(struct vm_stats),
		.read_values = read_vm_values,
		.object = vm,
	};

	snprintf(stats.id, NAME_SIZE, "minivmx-%d", task_pid_nr(current));
	return stats_create_file(&stats);
}
