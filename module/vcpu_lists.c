// SPDX-License-Identifier: GPL-2.0
/*
 * vcpu_lists.c - the ioctls of a vCPU that take a list: CPUID entries, MSRs, VMCS fields.
 *
 * Reached from vcpu.c with vcpu->mutex held, outside slices. Each list begins with its length,
 * which is read once and bounded before anything is allocated.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/vmx.h>

#include "module/minivmx.h"

/* --------------------------------------------------------------------------- CPUID */

#define CPUID_FLAGS	(MINIVMX_CPUID_FLAG_SIGNIFCANT_INDEX | MINIVMX_CPUID_FLAG_STATEFUL_FUNC | \
			 MINIVMX_CPUID_FLAG_STATE_READ_NEXT)

long vcpu_set_cpuid(struct vcpu *vcpu, const struct minivmx_cpuid2 __user *user)
{
	struct minivmx_cpuid_entry2 *entries;
	u32 count;

	if (get_user(count, &user->nent))
		return -EFAULT;
	if (count > MINIVMX_MAX_CPUID_ENTRIES)
		return -E2BIG;
	entries = kvcalloc(count, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	if (copy_from_user(entries, user->entries, count * sizeof(*entries))) {
		kvfree(entries);
		return -EFAULT;
	}
	for (u32 i = 0; i < count; i++)
		if (entries[i].flags & ~CPUID_FLAGS) {
			kvfree(entries);
			return -EINVAL;
		}
	return vmx_set_cpuid(vcpu->vmx, entries, count);
}

long vcpu_get_cpuid(struct vcpu *vcpu, struct minivmx_cpuid2 __user *user)
{
	struct minivmx_cpuid_entry2 *entries;
	unsigned int count;
	long err = 0;
	u32 room;

	if (get_user(room, &user->nent))
		return -EFAULT;
	entries = kvcalloc(MINIVMX_MAX_CPUID_ENTRIES, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	count = vmx_get_cpuid(vcpu->vmx, entries, MINIVMX_MAX_CPUID_ENTRIES);
	if (room < count)
		err = -E2BIG;
	else if (put_user(count, &user->nent) ||
		 copy_to_user(user->entries, entries, count * sizeof(*entries)))
		err = -EFAULT;
	kvfree(entries);
	return err;
}

/* ---------------------------------------------------------------------------- MSRs */

static struct minivmx_msr_entry *msrs_copy_in(const struct minivmx_msrs __user *user, u32 *count)
{
	if (get_user(*count, &user->nmsrs))
		return ERR_PTR(-EFAULT);
	if (*count >= MINIVMX_MAX_MSR_ENTRIES)
		return ERR_PTR(-E2BIG);
	return memdup_user(user->entries, *count * sizeof(struct minivmx_msr_entry));
}

long vcpu_get_msrs(struct vcpu *vcpu, struct minivmx_msrs __user *user)
{
	struct minivmx_msr_entry *entries;
	u32 count, done;

	entries = msrs_copy_in(user, &count);
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	for (done = 0; done < count; done++)
		if (vmx_get_msr(vcpu->vmx, entries[done].index, &entries[done].data))
			break;
	if (copy_to_user(user->entries, entries, count * sizeof(*entries))) {
		kfree(entries);
		return -EFAULT;
	}
	kfree(entries);
	return done;
}

long vcpu_set_msrs(struct vcpu *vcpu, const struct minivmx_msrs __user *user)
{
	struct minivmx_msr_entry *entries;
	u32 count, done;

	entries = msrs_copy_in(user, &count);
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	for (done = 0; done < count; done++)
		if (vmx_set_msr(vcpu->vmx, entries[done].index, entries[done].data))
			break;
	kfree(entries);
	return done;
}

/* ---------------------------------------------------------------------------- VMCS */

/* SDM 3D "Field Encoding in VMCS" */
#define FIELD_TYPE(encoding)	(((encoding) >> 10) & 3)
#define FIELD_TYPE_HOST		3

/*
 * Leaves out what would tell where the host's kernel is, in its address space and in the machine's
 * memory: what remains of the list.
 */
static unsigned int hide_host(struct minivmx_vmcs_field *fields, unsigned int count)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (FIELD_TYPE(fields[i].encoding) == FIELD_TYPE_HOST)
			continue;
		if (fields[i].encoding == EPT_POINTER || fields[i].encoding == MSR_BITMAP)
			fields[i].value &= ~PAGE_MASK;
		fields[left++] = fields[i];
	}
	return left;
}

long vcpu_get_vmcs(struct vcpu *vcpu, struct minivmx_vmcs __user *user)
{
	struct minivmx_vmcs_field *fields;
	struct minivmx_vmcs header, reply = {};
	long err;

	if (copy_from_user(&header, user, sizeof(header)))
		return -EFAULT;
	if (header.flags)
		return -EINVAL;
	fields = kvcalloc(VMX_VMCS_FIELDS, sizeof(*fields), GFP_KERNEL_ACCOUNT);
	if (!fields)
		return -ENOMEM;
	err = vmx_get_vmcs(vcpu->vmx, fields, &reply.nent);
	if (err)
		goto free_fields;
	if (!capable(CAP_SYS_ADMIN)) {
		reply.nent = hide_host(fields, reply.nent);
		reply.flags = MINIVMX_VMCS_HOST_HIDDEN;
	}
	if (header.nent < reply.nent)
		err = put_user(reply.nent, &user->nent) ? -EFAULT : -E2BIG;
	else if (copy_to_user(user, &reply, sizeof(reply)) ||
		 copy_to_user(user->entries, fields, reply.nent * sizeof(*fields)))
		err = -EFAULT;
free_fields:
	kvfree(fields);
	return err;
}
