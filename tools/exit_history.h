/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exit_history.h - exits to userspace in words; and the last ones of a vCPU, for the report of a crash.
 *
 * Reached from cpu.c, which adds each exit when its data is there, exit_trace.c and report_state.c.
 */
#ifndef MINIVMX_TOOLS_EXIT_HISTORY_H
#define MINIVMX_TOOLS_EXIT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include <minivmx.h>

/* What is kept of an exit. */
struct exit_record {
	uint32_t reason;		/* MINIVMX_EXIT_* */
	bool write;
	uint8_t size;			/* bytes of an element; 0: no data */
	uint32_t count;			/* elements */
	uint64_t address;		/* port or guest-physical address */
	uint8_t data[8];		/* of the first elements */
};

#define EXIT_NAME 24

struct exit_record exit_record(const struct minivmx_run *run);

/* "out 0x3f8", "mmio read", "hlt". */
void exit_name(char name[EXIT_NAME], const struct exit_record *record);

/* What follows the name, on stderr: the address, if the name has none, and the data. */
void exit_print_data(const struct exit_record *record);

/* A ring, and how often in a row each was the same but for the data; the last one's data counts. */
#define EXIT_HISTORY 24

struct exit_history {
	uint64_t added;			/* entries ever */
	struct {
		struct exit_record record;
		uint64_t times;
	} entry[EXIT_HISTORY];
};

/* An IN or a read from memory has its data after a device has given it. */
void exit_history_add(struct exit_history *history, const struct minivmx_run *run);

/* On stderr, the oldest first. */
void exit_history_print(const struct exit_history *history);

#endif /* MINIVMX_TOOLS_EXIT_HISTORY_H */
