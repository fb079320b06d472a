// SPDX-License-Identifier: GPL-2.0
/*
 * exit_trace.c - prints each exit on stderr as one line, counts them by kind.
 *
 * Reached from cpu.c; see exit_trace.h. The words are exit_history.c's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "exit_trace.h"

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
	struct exit_record record;
	struct minivmx_regs regs = { 0 };
	char name[EXIT_NAME];

	if (!trace->enabled)
		return;
	trace->exits++;
	record = exit_record(vcpu->run);
	exit_name(name, &record);
	count_kind(trace, name);
	ioctl(vcpu->fd, MINIVMX_GET_REGS, &regs);
	fprintf(stderr, "%6lu  rip 0x%08" PRIx64 "  %s", trace->exits, (uint64_t)regs.rip, name);
	exit_print_data(&record);
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
