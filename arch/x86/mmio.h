/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mmio.h - reads and writes of an emulated instruction: in the guest's memory, and where no memory
 * is, by userspace (MINIVMX_EXIT_MMIO).
 *
 * Userspace answers a read at the next RUN, and then the instruction is executed from its start
 * again, with the answers so far at hand. So an instruction changes nothing until its last read is
 * done. Writes need no answer: they wait until the instruction is done, and go out one by one.
 */
#ifndef _MINIVMX_ARCH_MMIO_H
#define _MINIVMX_ARCH_MMIO_H

#include <linux/types.h>

#include "arch/x86/walk.h"

struct guest_insn;
struct vmx_vcpu;

/* Also an end of the functions below: userspace must read first. See mmio_ask(). */
#define GUEST_MMIO	2

/* Before an instruction is executed, for the first time or again. */
void mmio_begin(struct vmx_vcpu *vmx);

/*
 * @access is what is checked: GUEST_WRITE for a read whose result will be written back. At most 8
 * bytes, which may cross a page.
 */
int guest_read(struct vmx_vcpu *vmx, u64 linear, u32 access, void *data, unsigned int size,
	       struct guest_fault *fault);
/* Any number of bytes in one page; where no memory is, -ENOENT. */
int guest_read_memory(struct vmx_vcpu *vmx, u64 linear, void *data, unsigned int size,
		      struct guest_fault *fault);
int guest_write(struct vmx_vcpu *vmx, u64 linear, const void *data, unsigned int size,
		struct guest_fault *fault);
/* guest_write(), if @old is still there. -EAGAIN: it is not. */
int guest_exchange(struct vmx_vcpu *vmx, u64 linear, u64 old, u64 new, unsigned int size,
		   struct guest_fault *fault);
/* Could it be written? *memory: all of it is memory. */
int guest_check_write(struct vmx_vcpu *vmx, u64 linear, unsigned int size, bool *memory,
		      struct guest_fault *fault);

/* After GUEST_MMIO: fills in the run page. VMX_TO_USER. */
int mmio_ask(struct vmx_vcpu *vmx, const struct guest_insn *insn);
/*
 * After the instruction is done, and again after each write: hands out the next write
 * (VMX_TO_USER). When there is none, what follows an instruction: an enum vmx_result or a negative
 * errno.
 */
int mmio_send(struct vmx_vcpu *vmx);
/* Takes userspace's answer. */
void mmio_answer(struct vmx_vcpu *vmx);

#endif /* _MINIVMX_ARCH_MMIO_H */
