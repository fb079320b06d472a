/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot_file.h - a snapshot as a text file, which every tool that takes one reads.
 *
 * Reached from vmcs.c and explain.c; continues in snapshot_file.c (writes) and snapshot_parse.c
 * (reads). Version 1 of the format is lines of words; # begins a comment, empty lines are skipped:
 *
 *	minivmx-vmcs 1			first: the format and its version
 *	device TEXT			where it was taken: device, kernel's release, CPU
 *	kernel TEXT
 *	cpu TEXT
 *	host hidden			the taker had no right to see the host's addresses
 *	failed REASON QUALIFICATION	the entry that failed, as in MINIVMX_EXIT_FAIL_ENTRY
 *	address-bits PHYSICAL LINEAR	of the CPU
 *	pdpte N VALUE			in memory, N from 0 to 3: all four, or none
 *	msr INDEX VALUE			a capability MSR
 *	entry-msr INDEX VALUE		of the VM-entry MSR-load area, in its order
 *	field ENCODING NAME VALUE	NAME as in vmcs_field_list.h, - for an encoding without one
 *	end				last: nothing was cut off
 *
 * Numbers are as in C, decimal or hexadecimal. Each line but entry-msr comes once, in any order
 * between the first and the last. A reader refuses words that it does not know.
 */
#ifndef MINIVMX_TOOLS_SNAPSHOT_FILE_H
#define MINIVMX_TOOLS_SNAPSHOT_FILE_H

#include <stdio.h>

#include "snapshot.h"

#define SNAPSHOT_MAGIC		"minivmx-vmcs"
#define SNAPSHOT_VERSION	1

/* What is wrong, and in which line. */
struct snapshot_error {
	unsigned int line;
	char text[256];
};

/* False: it is no snapshot; error says why. */
bool snapshot_parse(struct snapshot *snapshot, FILE *in, struct snapshot_error *error);
void snapshot_print(const struct snapshot *snapshot, FILE *out);

/* The same with files by name: 0, or a status of command.h after having said what was wrong. */
int snapshot_read_file(struct snapshot *snapshot, const char *path);
int snapshot_write_file(const struct snapshot *snapshot, const char *path);

#endif /* MINIVMX_TOOLS_SNAPSHOT_FILE_H */
