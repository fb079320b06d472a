// SPDX-License-Identifier: GPL-2.0
/*
 * exit_history.c - turns the run page after an exit into a line of text, now or when it is asked for.
 *
 * Reached from cpu.c after each exit, from exit_trace.c, and from report_state.c; see exit_history.h.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exit_history.h"

/* How many bytes of the data are kept. */
static unsigned int kept(const struct exit_record *record)
{
	uint64_t bytes = (uint64_t)record->size * record->count;

	return bytes < sizeof(record->data) ? bytes : sizeof(record->data);
}

struct exit_record exit_record(const struct minivmx_run *run)
{
	struct exit_record record = { .reason = run->exit_reason };

	if (run->exit_reason == MINIVMX_EXIT_IO) {
		record.write = run->io.direction == MINIVMX_EXIT_IO_OUT;
		record.size = run->io.size;
		record.count = run->io.count;
		record.address = run->io.port;
		memcpy(record.data, (const uint8_t *)run + run->io.data_offset, kept(&record));
	} else if (run->exit_reason == MINIVMX_EXIT_MMIO) {
		record.write = run->mmio.is_write;
		record.size = run->mmio.len;
		record.count = 1;
		record.address = run->mmio.phys_addr;
		memcpy(record.data, run->mmio.data, kept(&record));
	}
	return record;
}

static const char *reason_name(uint32_t reason)
{
	switch (reason) {
	case MINIVMX_EXIT_DEBUG:
		return "debug";
	case MINIVMX_EXIT_HLT:
		return "hlt";
	case MINIVMX_EXIT_IRQ_WINDOW_OPEN:
		return "interrupt window";
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

void exit_name(char name[EXIT_NAME], const struct exit_record *record)
{
	if (record->reason == MINIVMX_EXIT_IO)
		snprintf(name, EXIT_NAME, "%s 0x%" PRIx64, record->write ? "out" : "in", record->address);
	else if (record->reason == MINIVMX_EXIT_MMIO)
		snprintf(name, EXIT_NAME, "mmio %s", record->write ? "write" : "read");
	else
		snprintf(name, EXIT_NAME, "%s", reason_name(record->reason));
}

void exit_print_data(const struct exit_record *record)
{
	if (!record->size)
		return;
	if (record->reason == MINIVMX_EXIT_MMIO)
		fprintf(stderr, " 0x%" PRIx64, record->address);
	if (record->count > 1)
		fprintf(stderr, " x%u", record->count);
	fputs(record->write ? " <-" : " ->", stderr);
	for (unsigned int at = 0; at + record->size <= kept(record); at += record->size) {
		uint64_t value = 0;

		memcpy(&value, record->data + at, record->size);
		if (record->size == 1 && record->reason == MINIVMX_EXIT_IO && isprint((int)value))
			fprintf(stderr, " '%c'", (int)value);
		else
			fprintf(stderr, " 0x%0*" PRIx64, 2 * record->size, value);
	}
	if ((uint64_t)record->size * record->count > sizeof(record->data))
		fputs(" ...", stderr);
}

static bool same(const struct exit_record *a, const struct exit_record *b)
{
	return a->reason == b->reason && a->write == b->write && a->size == b->size && a->address == b->address;
}

void exit_history_add(struct exit_history *history, const struct minivmx_run *run)
{
	struct exit_record record = exit_record(run);
	unsigned int last = (history->added + EXIT_HISTORY - 1) % EXIT_HISTORY;

	if (history->added && same(&history->entry[last].record, &record)) {
		history->entry[last].times++;
	} else {
		last = history->added++ % EXIT_HISTORY;
		history->entry[last].times = 1;
	}
	history->entry[last].record = record;
}

void exit_history_print(const struct exit_history *history)
{
	uint64_t first = history->added > EXIT_HISTORY ? history->added - EXIT_HISTORY : 0;

	if (history->added)
		fputs("  last exits, the latest at the end\n", stderr);
	for (uint64_t i = first; i < history->added; i++) {
		uint64_t times = history->entry[i % EXIT_HISTORY].times;
		char name[EXIT_NAME];

		exit_name(name, &history->entry[i % EXIT_HISTORY].record);
		fprintf(stderr, "    %s", name);
		exit_print_data(&history->entry[i % EXIT_HISTORY].record);
		if (times > 1)
			fprintf(stderr, "  (the last of %" PRIu64 ")", times);
		fputc('\n', stderr);
	}
}
