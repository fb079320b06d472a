// SPDX-License-Identifier: GPL-2.0
/*
 * report_state.c - where a vCPU stands: its last exits, its registers, the code it is in, its stack.
 *
 * Reached from report.c, and from machine.c when a guest has run out of time; the vCPU does not
 * run. Continues in recorder.c (on KVM: exit_history.c), show_state.c and linear_memory.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "linear_memory.h"
#include "recorder.h"
#include "report_state.h"
#include "show_state.h"

#define STACK_WORDS	16

static void print_stack(const struct vcpu *vcpu, const struct minivmx_regs *regs,
		        const struct minivmx_sregs *sregs)
{
	unsigned int bits = segment_width(sregs, &sregs->ss), size = bits / 8, in_line = bits == 64 ? 4 : 8;
	uint64_t offset = bits == 16 ? (uint16_t)regs->rsp : regs->rsp;
	uint8_t words[STACK_WORDS * 8];
	size_t count = linear_read(vcpu, segment_linear(&sregs->ss, offset, bits), words, STACK_WORDS * size) / size;

	fprintf(stderr, "  stack%s\n", count ? "" : ": the guest has no memory at rsp");
	for (size_t i = 0; i < count; i++) {
		uint64_t word = 0;

		memcpy(&word, words + i * size, size);
		if (i % in_line == 0)
			fprintf(stderr, "     %0*" PRIx64 " ", (int)bits / 4, offset + i * size);
		fprintf(stderr, " %0*" PRIx64 "%s", (int)bits / 4, word,
			i % in_line == in_line - 1 || i == count - 1 ? "\n" : "");
	}
}

void print_state(const struct vcpu *vcpu)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	if (vcpu->vm->vcpus > 1)
		fprintf(stderr, "  CPU %u of %u\n", vcpu->index, vcpu->vm->vcpus);
	if (!recorder_print(vcpu))
		exit_history_print(&vcpu->history);
	if (ioctl(vcpu->fd, MINIVMX_GET_REGS, &regs) < 0 || ioctl(vcpu->fd, MINIVMX_GET_SREGS, &sregs) < 0) {
		complain("cannot read the guest's registers: %s", strerror(errno));
		return;
	}
	print_regs(stderr, &regs, NULL);
	print_sregs(stderr, &sregs);
	print_code(stderr, vcpu, &regs, &sregs);
	print_stack(vcpu, &regs, &sregs);
}
