// SPDX-License-Identifier: GPL-2.0
/*
 * study.c - study mode: VM entries with a VMCS that userspace has changed.
 *
 * Reached from vcpu.c (TRY_ENTRY) with vcpu->mutex held; continues in arch/x86/try_entry.c. The mode is
 * chosen when the module is loaded, and taints the kernel: where a CPU accepts what it should refuse,
 * what has been tried may have harmed the host.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

static bool study;
module_param(study, bool, 0444);
MODULE_PARM_DESC(study, "Let `minivmx prove` try VM entries that should fail (taints the kernel; not for production)");

void study_setup(void)
{
	if (!study)
		return;
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	pr_warn("study mode: VM entries with wrong fields can be tried, the kernel is tainted; for other use load the module without study=1\n");
}

long vcpu_try_entry(struct vcpu *vcpu, struct minivmx_try_entry __user *user)
{
	struct minivmx_try_entry *trial;
	long err;

	if (!study)
		return -EOPNOTSUPP;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	trial = memdup_user(user, sizeof(*trial));
	if (IS_ERR(trial))
		return PTR_ERR(trial);
	err = vmx_try_entry(vcpu->vmx, trial);
	if (!err && copy_to_user(user, trial, sizeof(*trial)))
		err = -EFAULT;
	kfree(trial);
	return err;
}
