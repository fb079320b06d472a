// SPDX-License-Identifier: GPL-2.0
/*
 * show_state.c - prints a vCPU's registers, what has changed in them, and the code around RIP.
 *
 * Reached from report_state.c and step_show.c; see show_state.h. Continues in linear_memory.c and
 * disassemble.c.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "disassemble.h"
#include "linear_memory.h"
#include "show_state.h"

#define CODE_BEFORE	32		/* bytes that are read */
#define CODE_AFTER	64

static void print_segment(FILE *out, const char *name, const struct minivmx_segment *s)
{
	if (s->unusable || !s->present) {
		fprintf(out, "  %-4s %04x  unusable\n", name, s->selector);
		return;
	}
	fprintf(out, "  %-4s %04x  base %016" PRIx64 "  limit %08x  type %x s %u dpl %u l %u db %u g %u\n",
		name, s->selector, (uint64_t)s->base, s->limit, s->type, s->s, s->dpl, s->l, s->db, s->g);
}

void print_sregs(FILE *out, const struct minivmx_sregs *sregs)
{
	const struct {
		const char *name;
		const struct minivmx_segment *segment;
	} segments[] = {
		{ "cs", &sregs->cs }, { "ss", &sregs->ss }, { "ds", &sregs->ds }, { "es", &sregs->es },
		{ "fs", &sregs->fs }, { "gs", &sregs->gs }, { "tr", &sregs->tr }, { "ldt", &sregs->ldt },
	};

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		print_segment(out, segments[i].name, segments[i].segment);
	fprintf(out, "  gdt  base %016" PRIx64 " limit %04x  idt base %016" PRIx64 " limit %04x\n",
		(uint64_t)sregs->gdt.base, sregs->gdt.limit, (uint64_t)sregs->idt.base, sregs->idt.limit);
	fprintf(out, "  cr0 %08" PRIx64 " cr2 %016" PRIx64 " cr3 %" PRIx64 " cr4 %" PRIx64 " cr8 %" PRIx64
		" efer %" PRIx64 "\n", (uint64_t)sregs->cr0, (uint64_t)sregs->cr2, (uint64_t)sregs->cr3,
		(uint64_t)sregs->cr4, (uint64_t)sregs->cr8, (uint64_t)sregs->efer);
}

/* In the order in which they are printed. */
static const struct {
	const char *name;
	size_t offset;
} general_registers[] = {
#define REGISTER(name)	{ #name, offsetof(struct minivmx_regs, name) }
	REGISTER(rax), REGISTER(rbx), REGISTER(rcx), REGISTER(rdx),
	REGISTER(rsi), REGISTER(rdi), REGISTER(rbp), REGISTER(rsp),
	REGISTER(r8),  REGISTER(r9),  REGISTER(r10), REGISTER(r11),
	REGISTER(r12), REGISTER(r13), REGISTER(r14), REGISTER(r15),
};

static uint64_t register_value(const struct minivmx_regs *regs, size_t i)
{
	return *(const __u64 *)((const char *)regs + general_registers[i].offset);
}

void print_regs(FILE *out, const struct minivmx_regs *regs, const struct minivmx_regs *before)
{
	const struct minivmx_regs *old = before ? before : regs;

	fprintf(out, " %crip %016" PRIx64 "%crflags %08" PRIx64 "\n", old->rip != regs->rip ? '*' : ' ',
		(uint64_t)regs->rip, old->rflags != regs->rflags ? '*' : ' ', (uint64_t)regs->rflags);
	for (size_t i = 0; i < sizeof(general_registers) / sizeof(general_registers[0]); i++) {
		uint64_t value = register_value(regs, i);

		fprintf(out, "%s%c%-3s %016" PRIx64 "%s", i % 4 ? "" : " ",
			register_value(old, i) != value ? '*' : ' ', general_registers[i].name, value, i % 4 == 3 ? "\n" : "");
	}
}

static void print_change(FILE *out, const char *name, uint64_t before, uint64_t now)
{
	if (before != now)
		fprintf(out, "  %-6s %016" PRIx64 " -> %016" PRIx64 "\n", name, before, now);
}

void print_changed_regs(FILE *out, const struct minivmx_regs *regs, const struct minivmx_regs *before)
{
	if (memcmp(regs, before, sizeof(*regs)))
		fprintf(out, "  registers that have changed\n");
	print_change(out, "rip", before->rip, regs->rip);
	print_change(out, "rflags", before->rflags, regs->rflags);
	for (size_t i = 0; i < sizeof(general_registers) / sizeof(general_registers[0]); i++)
		print_change(out, general_registers[i].name, register_value(before, i),
			     register_value(regs, i));
}

/* SDM 3A "Segment Descriptors", "L (64-bit code segment) flag" and "D/B flag". */
unsigned int segment_width(const struct minivmx_sregs *sregs, const struct minivmx_segment *segment)
{
	if (sregs->efer & EFER_LMA && sregs->cs.l)
		return 64;
	return segment->db ? 32 : 16;
}

/* In 64-bit mode the bases of CS and SS are zero; elsewhere addresses have 32 bits. */
uint64_t segment_linear(const struct minivmx_segment *segment, uint64_t offset, unsigned int bits)
{
	return bits == 64 ? offset : (uint32_t)(segment->base + offset);
}

void print_code(FILE *out, const struct vcpu *vcpu, const struct minivmx_regs *regs,
		const struct minivmx_sregs *sregs)
{
	unsigned int bits = segment_width(sregs, &sregs->cs);
	uint64_t address = segment_linear(&sregs->cs, regs->rip, bits);
	size_t before = regs->rip < CODE_BEFORE ? regs->rip : CODE_BEFORE, after;
	uint8_t code[CODE_BEFORE + CODE_AFTER];

	/* The page before may not be there. */
	if (linear_read(vcpu, address - before, code, before) < before) {
		before = address % PAGE;
		linear_read(vcpu, address - before, code, before);
	}
	after = linear_read(vcpu, address, code + before, CODE_AFTER);
	fprintf(out, "  code, %u-bit%s\n", bits, after ? "" : ": the guest has no memory at rip");
	if (after)
		disassemble(out, code, before + after, before, regs->rip, bits);
}
