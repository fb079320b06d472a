// SPDX-License-Identifier: GPL-2.0
/*
 * report_state.c - where a vCPU stands: its last exits, its registers, the code it is in, its stack.
 *
 * Reached from report.c, and from machine.c when a guest has run out of time; the vCPU does not
 * run. Continues in recorder.c (on KVM: exit_history.c), linear_memory.c and disassemble.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "disassemble.h"
#include "linear_memory.h"
#include "recorder.h"
#include "report_state.h"

#define CODE_BEFORE	32		/* bytes that are read */
#define CODE_AFTER	64
#define STACK_WORDS	16

static void print_segment(const char *name, const struct minivmx_segment *s)
{
	if (s->unusable || !s->present) {
		fprintf(stderr, "  %-4s %04x  unusable\n", name, s->selector);
		return;
	}
	fprintf(stderr, "  %-4s %04x  base %016" PRIx64 "  limit %08x  type %x s %u dpl %u l %u db %u g %u\n",
		name, s->selector, (uint64_t)s->base, s->limit, s->type, s->s, s->dpl, s->l, s->db, s->g);
}

static void print_sregs(const struct minivmx_sregs *sregs)
{
	const struct {
		const char *name;
		const struct minivmx_segment *segment;
	} segments[] = {
		{ "cs", &sregs->cs }, { "ss", &sregs->ss }, { "ds", &sregs->ds }, { "es", &sregs->es },
		{ "fs", &sregs->fs }, { "gs", &sregs->gs }, { "tr", &sregs->tr }, { "ldt", &sregs->ldt },
	};

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		print_segment(segments[i].name, segments[i].segment);
	fprintf(stderr, "  gdt  base %016" PRIx64 " limit %04x  idt base %016" PRIx64 " limit %04x\n",
		(uint64_t)sregs->gdt.base, sregs->gdt.limit, (uint64_t)sregs->idt.base, sregs->idt.limit);
	fprintf(stderr, "  cr0 %08" PRIx64 " cr2 %016" PRIx64 " cr3 %" PRIx64 " cr4 %" PRIx64 " cr8 %" PRIx64
		" efer %" PRIx64 "\n", (uint64_t)sregs->cr0, (uint64_t)sregs->cr2, (uint64_t)sregs->cr3,
		(uint64_t)sregs->cr4, (uint64_t)sregs->cr8, (uint64_t)sregs->efer);
}

static void print_regs(const struct minivmx_regs *regs)
{
	const struct {
		const char *name;
		uint64_t value;
	} gprs[] = {
		{ "rax", regs->rax }, { "rbx", regs->rbx }, { "rcx", regs->rcx }, { "rdx", regs->rdx },
		{ "rsi", regs->rsi }, { "rdi", regs->rdi }, { "rbp", regs->rbp }, { "rsp", regs->rsp },
		{ "r8",  regs->r8 },  { "r9",  regs->r9 },  { "r10", regs->r10 }, { "r11", regs->r11 },
		{ "r12", regs->r12 }, { "r13", regs->r13 }, { "r14", regs->r14 }, { "r15", regs->r15 },
	};

	fprintf(stderr, "  rip %016" PRIx64 " rflags %08" PRIx64 "\n", (uint64_t)regs->rip, (uint64_t)regs->rflags);
	for (size_t i = 0; i < sizeof(gprs) / sizeof(gprs[0]); i++)
		fprintf(stderr, "%s%-3s %016" PRIx64 "%s", i % 4 ? " " : "  ", gprs[i].name, gprs[i].value,
			i % 4 == 3 ? "\n" : "");
}

/* SDM 3A "Segment Descriptors", "L (64-bit code segment) flag" and "D/B flag". */
static unsigned int width(const struct minivmx_sregs *sregs, const struct minivmx_segment *segment)
{
	if (sregs->efer & EFER_LMA && sregs->cs.l)
		return 64;
	return segment->db ? 32 : 16;
}

/* In 64-bit mode the bases of CS and SS are zero; elsewhere addresses have 32 bits. */
static uint64_t linear(const struct minivmx_segment *segment, uint64_t offset, unsigned int bits)
{
	return bits == 64 ? offset : (uint32_t)(segment->base + offset);
}

static void print_code(const struct vcpu *vcpu, const struct minivmx_regs *regs,
		       const struct minivmx_sregs *sregs)
{
	unsigned int bits = width(sregs, &sregs->cs);
	uint64_t address = linear(&sregs->cs, regs->rip, bits);
	size_t before = regs->rip < CODE_BEFORE ? regs->rip : CODE_BEFORE, after;
	uint8_t code[CODE_BEFORE + CODE_AFTER];

	/* The page before may not be there. */
	if (linear_read(vcpu, address - before, code, before) < before) {
		before = address % PAGE;
		linear_read(vcpu, address - before, code, before);
	}
	after = linear_read(vcpu, address, code + before, CODE_AFTER);
	fprintf(stderr, "  code, %u-bit%s\n", bits, after ? "" : ": the guest has no memory at rip");
	if (after)
		disassemble(code, before + after, before, regs->rip, bits);
}

static void print_stack(const struct vcpu *vcpu, const struct minivmx_regs *regs,
		        const struct minivmx_sregs *sregs)
{
	unsigned int bits = width(sregs, &sregs->ss), size = bits / 8, in_line = bits == 64 ? 4 : 8;
	uint64_t offset = bits == 16 ? (uint16_t)regs->rsp : regs->rsp;
	uint8_t words[STACK_WORDS * 8];
	size_t count = linear_read(vcpu, linear(&sregs->ss, offset, bits), words, STACK_WORDS * size) / size;

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
	print_regs(&regs);
	print_sregs(&sregs);
	print_code(vcpu, &regs, &sregs);
	print_stack(vcpu, &regs, &sregs);
}
