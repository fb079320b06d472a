// SPDX-License-Identifier: GPL-2.0
/*
 * exit_io.c - IN, OUT and HLT: the instructions by which a guest talks to the world and waits for
 * it.
 *
 * Reached from exit.c, in the slice. There are no devices in the kernel: the access goes to
 * userspace, whose answer vmx_complete_exit() takes at the next RUN.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/string.h>
#include <asm/vmx.h>

#include "arch/x86/debug.h"
#include "arch/x86/exit.h"
#include "arch/x86/state.h"
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

enum exit_action handle_io_instruction(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	struct io_access access = io_access_from(exit->qualification);
	struct minivmx_run *run = vmx->run;

	/* INS and OUTS need the guest's memory, which is out of reach here. */
	if (access.string)
		return EXIT_TO_SLOW;

	if (!access.in && devices_write(vmx->vm, true, access.port, &vmx->regs[VMX_RAX], access.size))
		return EXIT_SKIP_AND_RESUME;

	run->exit_reason = MINIVMX_EXIT_IO;
	run->io.direction = access.in ? MINIVMX_EXIT_IO_IN : MINIVMX_EXIT_IO_OUT;
	run->io.size = access.size;
	run->io.port = access.port;
	run->io.count = 1;
	run->io.data_offset = IO_DATA_OFFSET;
	if (!access.in)
		memcpy(vmx->io_data, &vmx->regs[VMX_RAX], access.size);

	/* As on KVM, RIP moves on only when userspace has done its part. */
	vmx->io = (struct pending_io){
		.pending = true,
		.in = access.in,
		.size = access.size,
		.insn_len = exit->insn_len,
		.rip = exit->rip,
	};
	return EXIT_TO_USER;
}

int handle_io_string(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	exit_to_user_emulation_failure(vmx, NULL, 0);
	return VMX_TO_USER;
}

/*
 * IN writes AL, AX or EAX; only EAX clears the upper half of RAX. SDM 1 "General-Purpose
 * Registers in 64-Bit Mode".
 */
static void complete_in(struct vmx_vcpu *vmx)
{
	u64 value = vmx->io.size < 4 ? vmx->regs[VMX_RAX] : 0;

	memcpy(&value, vmx->io_data, vmx->io.size);
	vmx->regs[VMX_RAX] = value;
}

int vmx_complete_exit(struct vmx_vcpu *vmx)
{
	struct pending_io io = vmx->io;

	debug_begin_run(vmx);
	if (!io.pending)
		return VMX_RESUME;
	vmx->io.pending = false;
	/* Userspace that has set RIP has taken the instruction into its own hands. */
	if (vmx->rip != io.rip)
		return VMX_RESUME;
	if (io.in)
		complete_in(vmx);
	return state_skip_saved(vmx, io.insn_len);
}

/* Without interrupt controllers in the kernel it is userspace that knows when to wake. */
enum exit_action handle_hlt(struct vmx_vcpu *vmx, const struct exit_info *exit)
{
	vmx->run->exit_reason = MINIVMX_EXIT_HLT;
	return EXIT_SKIP_AND_TO_USER;
}
