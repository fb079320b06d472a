// SPDX-License-Identifier: GPL-2.0
/*
 * exit_io.c - IN, OUT, INS, OUTS and HLT: the instructions by which a guest talks to the world and
 * waits for it.
 *
 * Reached from exit.c: INS and OUTS after the slice, the others in it. There are no devices in the
 * kernel: the access goes to userspace. Whatever userspace had its part in, vmx_complete_exit()
 * finishes at the next RUN, reached from module/vcpu.c, interrupts on.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/vmx.h>

#include "arch/x86/debug.h"
#include "arch/x86/emulate.h"
#include "arch/x86/exit.h"
#include "arch/x86/mmio.h"
#include "arch/x86/state.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"

/* SDM 3C "Exit Qualification for I/O Instructions" */
#define IO_SIZE		GENMASK_ULL(2, 0)	/* bytes - 1 */
#define IO_IN		BIT_ULL(3)
#define IO_STRING	BIT_ULL(4)
#define IO_PORT		GENMASK_ULL(31, 16)

/* The data page stands behind the run page in what userspace maps. */
#define IO_DATA_OFFSET	PAGE_SIZE

struct io_access {
	bool in;
	bool string;
	u8 size;	/* bytes */
	u16 port;
};

static struct io_access io_access_from(u64 qualification)
{
	return (struct io_access){
		.in = qualification & IO_IN,
		.string = qualification & IO_STRING,
		.size = FIELD_GET(IO_SIZE, qualification) + 1,
		.port = FIELD_GET(IO_PORT, qualification),
	};
}

static void exit_to_user_io(struct vmx_vcpu *vmx, struct io_access access, u32 count)
{
	struct minivmx_run *run = vmx->run;

	run->exit_reason = MINIVMX_EXIT_IO;
	run->io.direction = access.in ? MINIVMX_EXIT_IO_IN : MINIVMX_EXIT_IO_OUT;
	run->io.size = access.size;
	run->io.port = access.port;
	run->io.count = count;
	run->io.data_offset = IO_DATA_OFFSET;
}

enum exit_action handle_io_instruction(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	struct io_access access = io_access_from(exit->qualification);

	trace_minivmx_pio(vmx->id, access.in, access.string, access.port, access.size);
	/* INS and OUTS need the guest's memory, which is out of reach here. */
	if (access.string)
		return EXIT_TO_EMULATION;

	if (!access.in &&
	    devices_write(vmx->vm, true, access.port, &vmx->regs[VMX_RAX], access.size))
		return EXIT_SKIP_AND_RESUME;

	exit_to_user_io(vmx, access, 1);
	if (!access.in)
		memcpy(vmx->io_data, &vmx->regs[VMX_RAX], access.size);

	/* As on KVM, RIP moves on only when userspace has done its part. */
	vmx->pending = (struct pending_exit){
		.what = access.in ? PENDING_IN : PENDING_OUT,
		.size = access.size,
		.insn_len = exit->insn_len,
		.rip = exit->rip,
	};
	return EXIT_TO_USER;
}

/*
 * IN writes AL, AX or EAX; only EAX clears the upper half of RAX. SDM 1 "General-Purpose
 * Registers in 64-Bit Mode".
 */
static void complete_in(struct vmx_vcpu *vmx, unsigned int size)
{
	u64 value = size < 4 ? vmx->regs[VMX_RAX] : 0;

	memcpy(&value, vmx->io_data, size);
	vmx->regs[VMX_RAX] = value;
}

/* -------------------------------------------------------------------- INS and OUTS */

/*
 * How many elements follow each other in memory, in the page of the first, upwards. A step is one
 * element; and what lies over the end of a page, or where no memory is, goes by itself.
 */
static unsigned int outs_count(struct emulation *e, u64 first)
{
	const struct guest_insn *insn = &e->insn;
	struct vmx_vcpu *vmx = e->vmx;
	unsigned int size = insn->operand_size;
	u64 count = min_t(u64, string_count(vmx, insn),
			  (PAGE_SIZE - offset_in_page(first)) / size);
	u64 last;

	if (count < 2 || debug_steps(vmx) || (vmx->rflags & X86_EFLAGS_DF))
		return 1;
	/* The offset could wrap, or leave the segment. */
	if (guest_linear(vmx, insn->segment, string_offset(vmx, insn, VMX_RSI, count - 1), size,
			 GUEST_READ, &last, &e->fault) || last != first + (count - 1) * size)
		return 1;
	return count;
}

/* Reads what the guest sends, as much as goes at once: 0, or as emulate_end() wants it. */
static int outs_read(struct emulation *e, u8 *data, unsigned int *count)
{
	const struct guest_insn *insn = &e->insn;
	unsigned int size = insn->operand_size;
	struct vmx_vcpu *vmx = e->vmx;
	u64 linear;
	int err;

	err = guest_linear(vmx, insn->segment, string_offset(vmx, insn, VMX_RSI, 0), size,
			   GUEST_READ, &linear, &e->fault);
	if (err)
		return err;
	*count = outs_count(e, linear);
	if (*count > 1 && !guest_read_memory(vmx, linear, data, *count * size, &e->fault))
		return 0;
	*count = 1;
	return guest_read(vmx, linear, GUEST_READ, data, size, &e->fault);
}

/*
 * As on KVM, what goes out has left the guest's memory, and the registers are behind it, before
 * userspace sees it. An element that a doorbell takes is the last.
 */
static int outs(struct emulation *e, struct io_access access)
{
	const struct guest_insn *insn = &e->insn;
	struct vmx_vcpu *vmx = e->vmx;
	u8 *data = vmx->io_data;
	unsigned int count, sent;
	bool taken = false, done = false;
	int err = outs_read(e, data, &count);

	if (err)
		return emulate_end(e, err);
	for (sent = 0; sent < count && !taken && !done; sent++) {
		taken = devices_write(vmx->vm, true, access.port, data + sent * access.size,
				      access.size);
		done = string_step(vmx, insn);
	}
	err = emulate_commit(vmx, insn, done);
	sent -= taken;
	if (err || !sent)
		return emulate_end(e, err);

	exit_to_user_io(vmx, access, sent);
	vmx->pending = (struct pending_exit){ .what = PENDING_OUTS, .rip = vmx->rip };
	return VMX_TO_USER;
}

/*
 * How many elements to ask userspace for: those that follow the first in its page. All of them can
 * be written, or the device's data would be lost. A step is one element, and so is what goes to a
 * device.
 */
static int ins_count(struct emulation *e, u32 *count)
{
	const struct guest_insn *insn = &e->insn;
	struct vmx_vcpu *vmx = e->vmx;
	unsigned int size = insn->operand_size;
	u64 wanted = min_t(u64, string_count(vmx, insn), PAGE_SIZE / size);
	u64 first, linear;
	bool memory;
	int err;

	err = guest_linear(vmx, SEGMENT_ES, string_offset(vmx, insn, VMX_RDI, 0), size, GUEST_WRITE,
			   &first, &e->fault);
	if (!err)
		err = guest_check_write(vmx, first, size, &memory, &e->fault);
	if (err)
		return err;
	if (!memory || debug_steps(vmx))
		wanted = 1;
	for (*count = 1; *count < wanted; ++*count) {
		err = guest_linear(vmx, SEGMENT_ES, string_offset(vmx, insn, VMX_RDI, *count), size,
				   GUEST_WRITE, &linear, &e->fault);
		if (err || PAGE_ALIGN_DOWN(linear) != PAGE_ALIGN_DOWN(first) ||
		    PAGE_ALIGN_DOWN(linear + size - 1) != PAGE_ALIGN_DOWN(first))
			break;
	}
	return 0;
}

static int ins(struct emulation *e, struct io_access access)
{
	struct vmx_vcpu *vmx = e->vmx;
	u32 count;
	int err = ins_count(e, &count);

	if (err)
		return emulate_end(e, err);
	exit_to_user_io(vmx, access, count);
	vmx->pending = (struct pending_exit){
		.what = PENDING_INS,
		.rip = vmx->rip,
		.count = count,
		.insn = e->insn,
	};
	return VMX_TO_USER;
}

/*
 * Should memory have gone since, what was read for it is lost, and the guest is at the first
 * element that could not be written.
 */
static int complete_ins(struct vmx_vcpu *vmx, const struct pending_exit *pending)
{
	struct emulation e = { .vmx = vmx, .insn = pending->insn };
	unsigned int size = pending->insn.operand_size;
	bool done = false;
	u64 linear;
	u32 i;
	int err = state_fetch(vmx);

	mmio_begin(vmx);
	/* RCX may have been lowered since. */
	for (i = 0; i < pending->count && !err && !done && !vmx->mmio.writes; i++) {
		err = guest_linear(vmx, SEGMENT_ES, string_offset(vmx, &e.insn, VMX_RDI, 0), size,
				   GUEST_WRITE, &linear, &e.fault);
		if (!err)
			err = guest_write(vmx, linear, vmx->io_data + i * size, size, &e.fault);
		if (!err)
			done = string_step(vmx, &e.insn);
	}
	if (!err)
		err = emulate_commit(vmx, &e.insn, done);
	return emulate_end(&e, err);
}

int handle_io_string(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	struct io_access access = io_access_from(exit->qualification);
	struct emulation e = { .vmx = vmx };
	int err = emulate_fetch(&e);

	if (err)
		return emulate_end(&e, err);
	/* Another CPU has rewritten the instruction; the guest may not use this port like that. */
	if (e.insn.op != (access.in ? INSN_INS : INSN_OUTS) || e.insn.operand_size != access.size)
		return emulate_end(&e, -EAGAIN);
	if (!string_count(vmx, &e.insn))
		return emulate_end(&e, emulate_commit(vmx, &e.insn, true));
	return access.in ? ins(&e, access) : outs(&e, access);
}

/* ---------------------------------------------------------------------- completion */

int vmx_complete_exit(struct vmx_vcpu *vmx)
{
	struct pending_exit pending = vmx->pending;

	vmx->pending.what = PENDING_NOTHING;
	debug_begin_run(vmx);
	/* Userspace that has set RIP has taken the instruction into its own hands. */
	if (pending.what != PENDING_MMIO_WRITE && vmx->rip != pending.rip)
		pending.what = PENDING_NOTHING;
	switch (pending.what) {
	case PENDING_IN:
		complete_in(vmx, pending.size);
		return state_skip_saved(vmx, pending.insn_len);
	case PENDING_OUT:
		return state_skip_saved(vmx, pending.insn_len);
	case PENDING_INS:
		return complete_ins(vmx, &pending);
	case PENDING_OUTS:
		return debug_after_skip_saved(vmx);
	case PENDING_MMIO_READ:
		mmio_answer(vmx);
		if ((vmx->exit.reason & EXIT_REASON_BASIC) == EXIT_REASON_IO_INSTRUCTION)
			return handle_io_string(vmx, &vmx->exit);
		return emulate_again(vmx, &pending.insn);
	case PENDING_MMIO_WRITE:
		return mmio_send(vmx);
	default:
		vmx->mmio.reads_answered = 0;
		return VMX_RESUME;
	}
}

/* Without interrupt controllers in the kernel it is userspace that knows when to wake. */
enum exit_action handle_hlt(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	vmx->run->exit_reason = MINIVMX_EXIT_HLT;
	return EXIT_SKIP_AND_TO_USER;
}
