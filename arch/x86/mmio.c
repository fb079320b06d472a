// SPDX-License-Identifier: GPL-2.0
/*
 * mmio.c - reads and writes of an emulated instruction: in the guest's memory, and where no memory
 * is, by userspace.
 *
 * Reached from emulate.c and exit_io.c, and from them again when userspace has answered; mmio.h
 * says how an instruction is executed in several RUNs. As on KVM a piece that userspace sees has at
 * most 8 bytes and lies in one page. Outside slices, interrupts on, after state_fetch().
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/vmx.h>

#include "arch/x86/debug.h"
#include "arch/x86/mmio.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"

/* ---------------------------------------------------------------- pages and pieces */

/* At most 8 bytes of linear addresses are in one page or in two. */
struct span {
	unsigned int count;
	struct piece {
		gpa_t gpa;
		unsigned int size;
	} piece[2];
};

/* SDM 3C "Exit Qualification for EPT Violations": the linear address is known, and was translated. */
#define EPT_VIOLATION_TRANSLATED	(EPT_VIOLATION_GVA_IS_VALID | EPT_VIOLATION_GVA_TRANSLATED)

/*
 * Where the access of an EPT violation went: the CPU has walked the guest's page tables for it, with
 * all checks. A write's walk is done again, for the dirty bit: it has not been written.
 */
static bool walked_by_cpu(const struct vmx_vcpu *vmx, u64 linear, u32 access, gpa_t *gpa)
{
	const struct exit_info *exit = &vmx->exit;

	if ((exit->reason & EXIT_REASON_BASIC) != EXIT_REASON_EPT_VIOLATION ||
	    (exit->qualification & EPT_VIOLATION_TRANSLATED) != EPT_VIOLATION_TRANSLATED ||
	    (access & GUEST_WRITE) || PAGE_ALIGN_DOWN(linear) != PAGE_ALIGN_DOWN(exit->guest_linear))
		return false;
	*gpa = PAGE_ALIGN_DOWN(exit->guest_physical) | offset_in_page(linear);
	return true;
}

/* Walks for all pieces before any is touched: a fault leaves everything as it was. */
static int span_walk(struct vmx_vcpu *vmx, u64 linear, u32 access, unsigned int size,
		     struct span *span, struct guest_fault *fault)
{
	access = guest_access(vmx, access);
	span->count = 0;
	while (size) {
		struct piece *piece = &span->piece[span->count++];
		int err = 0;

		if (!walked_by_cpu(vmx, linear, access, &piece->gpa))
			err = guest_walk(vmx, linear, access, &piece->gpa, fault);
		if (err)
			return err;
		piece->size = min_t(unsigned int, size, PAGE_SIZE - offset_in_page(linear));
		size -= piece->size;
		linear += piece->size;
		/* Outside 64-bit code there is nothing above 4 GiB. */
		if (!guest_in_64bit_code(vmx))
			linear = (u32)linear;
	}
	return 0;
}

void mmio_begin(struct vmx_vcpu *vmx)
{
	vmx->mmio.reads_used = 0;
	vmx->mmio.writes = 0;
	vmx->mmio.writes_sent = 0;
}

/* The next read of the instruction: answered already, from memory, or to be asked for. */
static int piece_read(struct vmx_vcpu *vmx, const struct piece *piece, void *data)
{
	struct mmio_state *mmio = &vmx->mmio;
	struct mmio_access *read = &mmio->read[mmio->reads_used];
	int err;

	if (mmio->reads_used < mmio->reads_answered && read->gpa == piece->gpa &&
	    read->size == piece->size) {
		memcpy(data, &read->data, piece->size);
		mmio->reads_used++;
		return 0;
	}
	err = memory_read(vmx->vm, piece->gpa, data, piece->size);
	if (err != -ENOENT)
		return err;
	if (WARN_ON_ONCE(mmio->reads_used == ARRAY_SIZE(mmio->read)))
		return -EIO;
	/* Answers to what the guest asks no more are worth nothing. */
	mmio->reads_answered = mmio->reads_used;
	read->gpa = piece->gpa;
	read->size = piece->size;
	return GUEST_MMIO;
}

/* Where no memory is, the write waits until the instruction is done. */
static int piece_write(struct vmx_vcpu *vmx, const struct piece *piece, const void *data)
{
	struct mmio_state *mmio = &vmx->mmio;
	struct mmio_access *write = &mmio->write[mmio->writes];
	int err = memory_write(vmx->vm, piece->gpa, data, piece->size);

	if (err != -ENOENT)
		return err;
	if (trace_minivmx_mmio_enabled()) {
		u64 bytes = 0;

		memcpy(&bytes, data, piece->size);
		trace_minivmx_mmio(vmx->id, true, piece->gpa, piece->size, bytes);
	}
	if (devices_write(vmx->vm, false, piece->gpa, data, piece->size))
		return 0;
	if (WARN_ON_ONCE(mmio->writes == ARRAY_SIZE(mmio->write)))
		return -EIO;
	write->gpa = piece->gpa;
	write->size = piece->size;
	memcpy(&write->data, data, piece->size);
	mmio->writes++;
	return 0;
}

int guest_read(struct vmx_vcpu *vmx, u64 linear, u32 access, void *data, unsigned int size,
	       struct guest_fault *fault)
{
	struct span span;
	int err = span_walk(vmx, linear, access, size, &span, fault);

	for (unsigned int i = 0; !err && i < span.count; i++) {
		const struct piece *piece = &span.piece[i];

		err = piece_read(vmx, piece, data);
		data += piece->size;
	}
	return err;
}

int guest_read_memory(struct vmx_vcpu *vmx, u64 linear, void *data, unsigned int size,
		      struct guest_fault *fault)
{
	gpa_t gpa;
	int err = guest_walk(vmx, linear, guest_access(vmx, GUEST_READ), &gpa, fault);

	return err ? err : memory_read(vmx->vm, gpa, data, size);
}

int guest_write(struct vmx_vcpu *vmx, u64 linear, const void *data, unsigned int size,
		struct guest_fault *fault)
{
	struct span span;
	int err = span_walk(vmx, linear, GUEST_WRITE, size, &span, fault);

	for (unsigned int i = 0; !err && i < span.count; i++) {
		const struct piece *piece = &span.piece[i];

		err = piece_write(vmx, piece, data);
		data += piece->size;
	}
	return err;
}

int guest_exchange(struct vmx_vcpu *vmx, u64 linear, u64 old, u64 new, unsigned int size,
		   struct guest_fault *fault)
{
	struct span span;
	int err;

	/* As on KVM, a lock on memory that is not aligned, or no memory, is none. */
	if (linear & (size - 1))
		return guest_write(vmx, linear, &new, size, fault);
	err = span_walk(vmx, linear, GUEST_WRITE, size, &span, fault);
	if (!err)
		err = memory_compare_exchange(vmx->vm, span.piece[0].gpa, &old, new, size);
	return err == -ENOENT ? piece_write(vmx, &span.piece[0], &new) : err;
}

int guest_check_write(struct vmx_vcpu *vmx, u64 linear, unsigned int size, bool *memory,
		      struct guest_fault *fault)
{
	struct span span;
	int err = span_walk(vmx, linear, GUEST_WRITE, size, &span, fault);

	*memory = true;
	for (unsigned int i = 0; !err && i < span.count; i++)
		*memory &= memory_is_writable(vmx->vm, span.piece[i].gpa);
	return err;
}

/* ---------------------------------------------------------------------- userspace */

static int exit_to_user_mmio(struct vmx_vcpu *vmx, const struct mmio_access *access, bool is_write)
{
	struct minivmx_run *run = vmx->run;

	run->exit_reason = MINIVMX_EXIT_MMIO;
	run->mmio.phys_addr = access->gpa;
	run->mmio.len = access->size;
	run->mmio.is_write = is_write;
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (is_write)
		memcpy(run->mmio.data, &access->data, access->size);
	vmx->pending = (struct pending_exit){
		.what = is_write ? PENDING_MMIO_WRITE : PENDING_MMIO_READ,
		.rip = vmx->rip,
	};
	return VMX_TO_USER;
}

int mmio_ask(struct vmx_vcpu *vmx, const struct guest_insn *insn)
{
	int result = exit_to_user_mmio(vmx, &vmx->mmio.read[vmx->mmio.reads_answered], false);

	vmx->pending.insn = *insn;
	return result;
}

void mmio_answer(struct vmx_vcpu *vmx)
{
	struct mmio_access *read = &vmx->mmio.read[vmx->mmio.reads_answered++];

	memcpy(&read->data, vmx->run->mmio.data, read->size);
	trace_minivmx_mmio(vmx->id, false, read->gpa, read->size, read->data);
}

int mmio_send(struct vmx_vcpu *vmx)
{
	struct mmio_state *mmio = &vmx->mmio;

	if (mmio->writes_sent == mmio->writes)
		return debug_after_skip_saved(vmx);
	return exit_to_user_mmio(vmx, &mmio->write[mmio->writes_sent++], true);
}
