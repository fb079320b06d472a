// SPDX-License-Identifier: GPL-2.0
/*
 * vcpu.c - a virtual CPU: its file, the pages that userspace maps, its ioctls, and RUN.
 *
 * Reached from vm.c (CREATE_VCPU). vcpu_run() is the upper half of a RUN; it continues in
 * arch/x86/run.c: vmx_run(). The ioctls that get and set state are in vcpu_state.c and
 * vcpu_lists.c. Process context, interrupts on, vcpu->mutex held in the ioctls.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>

#include "module/minivmx.h"

/* ----------------------------------------------------------------------------- RUN */

/*
 * vmx_run() has stopped for a signal, somebody more urgent, or work to do on the way to userspace;
 * VMX_RESUME: it may go on. For work, RUN leaves the kernel and is called again without the
 * program noticing: what TIF_NOTIFY_SIGNAL and ERESTARTNOHAND do together, unless a signal comes
 * after all. Under a signal mask of its own RUN does not leave for work: on the way the thread's
 * own mask holds, and would let in what userspace wants held back.
 */
static int vcpu_handle_work(struct vcpu *vcpu, struct minivmx_run *run)
{
	if (read_thread_flags() & TIF_RESCHED_MASK)
		schedule();
	if (!signal_pending(current) && (vcpu->has_sigmask || !thread_owes_work()))
		return VMX_RESUME;
	run->exit_reason = MINIVMX_EXIT_INTR;
	if (task_sigpending(current))
		return -EINTR;
	set_thread_flag(TIF_NOTIFY_SIGNAL);
	return -ERESTARTNOHAND;
}

static long vcpu_run_until_exit(struct vcpu *vcpu)
{
	struct minivmx_run *run = page_address(vcpu->run_page);
	long result = vmx_take_run_page(vcpu->vmx);
	int err;

	if (!result)
		result = vmx_complete_exit(vcpu->vmx);
	if (result == VMX_RESUME && READ_ONCE(run->immediate_exit))
		result = -EINTR;
	while (result == VMX_RESUME) {
		result = vmx_run(vcpu->vmx, vcpu->has_sigmask);
		if (result == VMX_WORK_PENDING)
			result = vcpu_handle_work(vcpu, run);
	}
	err = vmx_fill_run_page(vcpu->vmx);
	if (result < 0)
		return result;
	if (err)
		return err;
	vmx_stats(vcpu->vmx)->userspace_exits++;
	pr_debug_ratelimited("vCPU %u: to userspace after %s\n", vcpu->id,
			     vmx_last_exit_name(vcpu->vmx));
	return 0;
}

/*
 * RUN under the signal mask that userspace gave. real_blocked is where the kernel keeps the mask
 * of a thread that waits with another one; only the thread itself changes it.
 */
static long vcpu_run(struct vcpu *vcpu)
{
	long result;

	vmx_stats(vcpu->vmx)->runs++;
	vmx_recorder_run_begins(vcpu->vmx);
	if (vcpu->has_sigmask)
		sigprocmask(SIG_SETMASK, &vcpu->sigmask, &current->real_blocked);
	result = vcpu_run_until_exit(vcpu);
	if (vcpu->has_sigmask) {
		sigprocmask(SIG_SETMASK, &current->real_blocked, NULL);
		sigemptyset(&current->real_blocked);
	}
	if (result == -EINTR)
		vmx_stats(vcpu->vmx)->signal_exits++;
	vmx_recorder_run_ends(vcpu->vmx, result);
	return result;
}

static long vcpu_set_signal_mask(struct vcpu *vcpu, const struct minivmx_signal_mask __user *user)
{
	sigset_t blocked;
	u32 len;

	if (!user) {
		vcpu->has_sigmask = false;
		return 0;
	}
	if (get_user(len, &user->len))
		return -EFAULT;
	if (len != sizeof(blocked))
		return -EINVAL;
	if (copy_from_user(&blocked, user->sigset, sizeof(blocked)))
		return -EFAULT;
	sigdelsetmask(&blocked, sigmask(SIGKILL) | sigmask(SIGSTOP));
	vcpu->sigmask = blocked;
	vcpu->has_sigmask = true;
	return 0;
}

/* ------------------------------------------------------------------------------ file */

static long vcpu_ioctl_locked(struct vcpu *vcpu, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case MINIVMX_RUN:
		return arg ? -EINVAL : vcpu_run(vcpu);
	case MINIVMX_NMI:
		return vmx_nmi(vcpu->vmx);
	case MINIVMX_SET_SIGNAL_MASK:
		return vcpu_set_signal_mask(vcpu, (void __user *)arg);
	case MINIVMX_SET_CPUID2:
		return vcpu_set_cpuid(vcpu, (void __user *)arg);
	case MINIVMX_GET_CPUID2:
		return vcpu_get_cpuid(vcpu, (void __user *)arg);
	case MINIVMX_GET_TSC_KHZ:
		return vmx_get_tsc_khz(vcpu->vmx);
	case MINIVMX_SET_TSC_KHZ:
		return vmx_set_tsc_khz(vcpu->vmx, arg);
	case MINIVMX_GET_MSRS:
		return vcpu_get_msrs(vcpu, (void __user *)arg);
	case MINIVMX_SET_MSRS:
		return vcpu_set_msrs(vcpu, (void __user *)arg);
	case MINIVMX_GET_VMCS:
		return vcpu_get_vmcs(vcpu, (void __user *)arg);
	case MINIVMX_TRY_ENTRY:
		return vcpu_try_entry(vcpu, (void __user *)arg);
	default:
		return vcpu_state_ioctl(vcpu, ioctl, (void __user *)arg);
	}
}

static long vcpu_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct vcpu *vcpu = file->private_data;
	long result;

	if (vcpu->vm->mm != current->mm)
		return -EIO;
	if (_IOC_TYPE(ioctl) != MINIVMX_IO && _IOC_TYPE(ioctl) != MINIVMX_EXT)
		return -ENOTTY;
	/* Needs nothing of the vCPU but that it is there, so a reader need not wait for RUN. */
	if (ioctl == MINIVMX_GET_STATS_FD)
		return stats_create_vcpu_file(vcpu, file);
	/* Another thread may be in RUN for long. */
	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	result = vcpu_ioctl_locked(vcpu, ioctl, arg);
	mutex_unlock(&vcpu->mutex);
	return result;
}

static vm_fault_t vcpu_mmap_fault(struct vm_fault *vmf)
{
	const struct vcpu *vcpu = vmf->vma->vm_file->private_data;

	switch (vmf->pgoff) {
	case 0:
		vmf->page = vcpu->run_page;
		break;
	case 1:
		vmf->page = vcpu->io_page;
		break;
	case MINIVMX_COALESCED_MMIO_PAGE_OFFSET:
		vmf->page = vcpu->vm->ring_page;
		break;
	default:
		return VM_FAULT_SIGBUS;
	}
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_mmap_fault,
};

/* Apart from the others, because mremap() can make a mapping longer, up to here, unasked. */
static vm_fault_t vcpu_recorder_fault(struct vm_fault *vmf)
{
	const struct vcpu *vcpu = vmf->vma->vm_file->private_data;
	unsigned long page = vmf->pgoff - MINIVMX_RECORDER_PAGE_OFFSET;

	if (page >= VCPU_RECORDER_PAGES)
		return VM_FAULT_SIGBUS;
	vmf->page = virt_to_page((void *)vcpu->recorder + page * PAGE_SIZE);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct vcpu_recorder_vm_ops = {
	.fault = vcpu_recorder_fault,
};

static int vcpu_recorder_mmap(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_clear(vma, VM_MAYWRITE);
	vma->vm_ops = &vcpu_recorder_vm_ops;
	return 0;
}

/* A private mapping would be a copy that RUN neither reads nor writes. */
static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long end = vma->vm_pgoff + vma_pages(vma);

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_pgoff >= MINIVMX_RECORDER_PAGE_OFFSET &&
	    end <= MINIVMX_RECORDER_PAGE_OFFSET + VCPU_RECORDER_PAGES)
		return vcpu_recorder_mmap(vma);
	if (end > VCPU_MMAP_PAGES)
		return -EINVAL;
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

static void vcpu_free(struct vcpu *vcpu)
{
	if (vcpu->vmx)
		vmx_vcpu_destroy(vcpu->vmx);
	if (vcpu->recorder)
		free_pages_exact(vcpu->recorder, VCPU_RECORDER_SIZE);
	if (vcpu->io_page)
		put_page(vcpu->io_page);
	if (vcpu->run_page)
		put_page(vcpu->run_page);
	kfree(vcpu);
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct vcpu *vcpu = file->private_data;
	struct vm *vm = vcpu->vm;

	vcpu_free(vcpu);
	vm_put(vm);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner		= THIS_MODULE,
	.release	= vcpu_release,
	.unlocked_ioctl	= vcpu_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= vcpu_mmap,
	.llseek		= noop_llseek,
};

static struct vcpu *vcpu_alloc(struct vm *vm, unsigned int id)
{
	struct vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);

	if (!vcpu)
		return NULL;
	mutex_init(&vcpu->mutex);
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->run_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	vcpu->io_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	vcpu->recorder = alloc_pages_exact(VCPU_RECORDER_SIZE, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (vcpu->run_page && vcpu->io_page && vcpu->recorder)
		vcpu->vmx = vmx_vcpu_create(vm, vm->ept, id, page_address(vcpu->run_page),
					    page_address(vcpu->io_page), vcpu->recorder,
					    VCPU_RECORDER_SIZE);
	if (!vcpu->vmx) {
		vcpu_free(vcpu);
		return NULL;
	}
	return vcpu;
}

/* As on KVM, a number stays taken until the VM is gone, also when the vCPU's file is closed. */
int vcpu_create_file(struct vm *vm, unsigned long id)
{
	struct vcpu *vcpu;
	int fd = -ENOMEM;

	if (id >= MINIVMX_MAX_VCPUS)
		return -EINVAL;
	id = array_index_nospec(id, MINIVMX_MAX_VCPUS);

	mutex_lock(&vm->lock);
	if (test_bit(id, vm->vcpu_ids)) {
		fd = -EEXIST;
		goto unlock;
	}
	vcpu = vcpu_alloc(vm, id);
	if (!vcpu)
		goto unlock;
	vm_get(vm);
	fd = object_create_file("minivmx-vcpu", &vcpu_fops, vcpu, O_RDWR);
	if (fd < 0) {
		vcpu_free(vcpu);
		vm_put(vm);
		goto unlock;
	}
	set_bit(id, vm->vcpu_ids);
unlock:
	mutex_unlock(&vm->lock);
	return fd;
}
