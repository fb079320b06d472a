// SPDX-License-Identifier: GPL-2.0
/*
 * coverage.c - which exits a test has provoked: what the README's table of exits says was seen.
 *
 * vm_destroy() asks the vCPU's statistics how often each reason came, and appends a line
 * "REASON COUNT PROGRAM" for each that did to the file that MINIVMX_COVERAGE names. run-tests sums
 * them up. KVM's statistics have no such value, so only minivmx counts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "exit_reasons.h"
#include "vm.h"

#define NAME_ROOM	64

/* A VM entry that failed is not among the exits. */
static void count_failed_entry(const struct vm *vm, __u64 counts[MINIVMX_EXIT_REASON_COUNT])
{
	__u64 reason = vm->run ? vm->run->fail_entry.hardware_entry_failure_reason : 0;

	if (!vm->run || vm->run->exit_reason != MINIVMX_EXIT_FAIL_ENTRY ||
	    !(reason & MINIVMX_EXIT_REASON_FAILED_ENTRY))
		return;
	reason &= ~MINIVMX_EXIT_REASON_FAILED_ENTRY;
	if (reason < MINIVMX_EXIT_REASON_COUNT)
		counts[reason]++;
}

/* The values of exits_by_reason, or -1. */
static int read_counts(int stats, __u64 counts[MINIVMX_EXIT_REASON_COUNT])
{
	struct minivmx_stats_header header;
	size_t size = MINIVMX_EXIT_REASON_COUNT * sizeof(counts[0]);

	if (pread(stats, &header, sizeof(header), 0) != sizeof(header) || header.name_size > NAME_ROOM)
		return -1;
	for (__u32 i = 0; i < header.num_desc; i++) {
		struct minivmx_stats_desc desc;
		char name[NAME_ROOM] = "";
		off_t at = header.desc_offset + i * (sizeof(desc) + header.name_size);

		if (pread(stats, &desc, sizeof(desc), at) != sizeof(desc) ||
		    pread(stats, name, header.name_size, at + sizeof(desc)) < 0)
			return -1;
		if (strcmp(name, "exits_by_reason") || desc.size != MINIVMX_EXIT_REASON_COUNT)
			continue;
		at = header.data_offset + desc.offset;
		return pread(stats, counts, size, at) == (ssize_t)size ? 0 : -1;
	}
	return -1;
}

void vm_record_exits(struct vm *vm)
{
	const char *path = getenv("MINIVMX_COVERAGE");
	__u64 counts[MINIVMX_EXIT_REASON_COUNT];
	int stats;
	FILE *file;

	if (!path || vm->vcpu < 0)
		return;
	stats = vm_ioctl(vm->vcpu, MINIVMX_GET_STATS_FD, 0);
	if (stats < 0)
		return;
	if (!read_counts(stats, counts)) {
		count_failed_entry(vm, counts);
		file = fopen(path, "a");
		for (int reason = 0; file && reason < MINIVMX_EXIT_REASON_COUNT; reason++)
			if (counts[reason])
				fprintf(file, "%d %llu %s\n", reason, (unsigned long long)counts[reason],
					program_invocation_short_name);
		if (file)
			fclose(file);
	}
	close(stats);
}
