// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - prints each exit on stderr as one line, counts them by kind.
 *
 * Reached from cpu.c; see trace.h.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "trace.h"

#define VALUES_SHOWN 8	/* of a string instruction that moves many elements in one exit */

static const char *exit_name(uint32_t exit_reason)
{
	switch (exit_reason) {
	case MINIVMX_EXIT_DEBUG:
		return "debug";
	case MINIVMX_EXIT_HLT:
		return "hlt";
	case MINIVMX_EXIT_SHUTDOWN:
		return "triple fault";
	case MINIVMX_EXIT_FAIL_ENTRY:
		return "VM entry failed";
	case MINIVMX_EXIT_SET_TPR:
		return "lower CR8";
	case MINIVMX_EXIT_INTR:
		return "signal";
	case MINIVMX_EXIT_INTERNAL_ERROR:
		return "internal error";
	default:
		return "unknown exit";
	}
}

static void print_value(uint32_t value, unsigned int size)
{
	if (size == 1 && isprint(value))
		fprintf(stderr, " '%c'", (int)value);
	else
		fprintf(stderr, " 0x%0*x", (int)(2 * size), value);
}

static void print_io(const struct vcpu *vcpu)
{
	const uint8_t *data = (const uint8_t *)vcpu->run + vcpu->run->io.data_offset;
	unsigned int size = vcpu->run->io.size, count = vcpu->run->io.count;

	if (count > 1)
		fprintf(stderr, " x%u", count);
	fputs(vcpu->run->io.direction == MINIVMX_EXIT_IO_OUT ? " <-" : " ->", stderr);
	for (unsigned int i = 0; i < count && i < VALUES_SHOWN; i++) {
		uint32_t value = 0;

		memcpy(&value, data + i * size, size);
		print_value(value, size);
	}
	if (count > VALUES_SHOWN)
		fputs(" ...", stderr);
}

static void print_mmio(const struct vcpu *vcpu)
{
	uint64_t value = 0;
	unsigned int len = vcpu->run->mmio.len;

	fprintf(stderr, " 0x%" PRIx64, (uint64_t)vcpu->run->mmio.phys_addr);
	memcpy(&value, vcpu->run->mmio.data, len < sizeof(value) ? len : sizeof(value));
	if (vcpu->run->mmio.is_write)
		fprintf(stderr, " <- 0x%0*" PRIx64, 2 * (int)len, value);
}

static void count_kind(struct trace *trace, const char *name)
{
	unsigned int i = 0;

	while (i < trace->kinds && strcmp(trace->kind[i].name, name))
		i++;
	if (i == trace->kinds && i < TRACE_KINDS)
		trace->kinds++;
	if (!trace->kind[i].count)
		snprintf(trace->kind[i].name, sizeof(trace->kind[i].name), "%s", i < TRACE_KINDS ? name : "others");
	trace->kind[i].count++;
}

void trace_exit(struct trace *trace, const struct vcpu *vcpu)
{
	struct minivmx_regs regs = { 0 };
	char name[24];

	if (!trace->enabled)
		return;
	trace->exits++;
	if (vcpu->run->exit_reason == MINIVMX_EXIT_IO)
		snprintf(name, sizeof(name), "%s 0x%x",
			 vcpu->run->io.direction == MINIVMX_EXIT_IO_OUT ? "out" : "in", vcpu->run->io.port);
	else if (vcpu->run->exit_reason == MINIVMX_EXIT_MMIO)
		snprintf(name, sizeof(name), "mmio %s", vcpu->run->mmio.is_write ? "write" : "read");
	else
		snprintf(name, sizeof(name), "%s", exit_name(vcpu->run->exit_reason));
	count_kind(trace, name);
	ioctl(vcpu->fd, MINIVMX_GET_REGS, &regs);
	fprintf(stderr, "%6lu  rip 0x%08" PRIx64 "  %s", trace->exits, (uint64_t)regs.rip, name);
	if (vcpu->run->exit_reason == MINIVMX_EXIT_IO)
		print_io(vcpu);
	else if (vcpu->run->exit_reason == MINIVMX_EXIT_MMIO)
		print_mmio(vcpu);
	fputc('\n', stderr);
}

void trace_summary(const struct trace *trace)
{
	if (!trace->enabled)
		return;
	fprintf(stderr, "exits that reached userspace: %lu\n", trace->exits);
	for (unsigned int i = 0; i <= trace->kinds && i <= TRACE_KINDS; i++)
		if (trace->kind[i].count)
			fprintf(stderr, "%10lu  %s\n", trace->kind[i].count, trace->kind[i].name);
}
