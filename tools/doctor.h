/* SPDX-License-Identifier: GPL-2.0 */
/*
 * doctor.h - `minivmx doctor`: the list of checks that is filled in, then rendered.
 *
 * Reached from doctor.c, which calls check_cpu() (doctor_cpu.c) and check_host()
 * (doctor_host.c); each adds one verdict a check.
 */
#ifndef MINIVMX_TOOLS_DOCTOR_H
#define MINIVMX_TOOLS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum verdict {
	VERDICT_OK,
	VERDICT_NOTE,		/* works, but somebody may want to know */
	VERDICT_UNKNOWN,	/* could not be read */
	VERDICT_BAD,		/* minivmx will not work here */
};

struct check {
	const char *id;
	enum verdict verdict;
	char text[640];
	char remedy[320];	/* empty: nothing to do */
};

#define CHECKS_MAX 32

struct doctor {
	size_t count;
	struct check checks[CHECKS_MAX];
};

/* Adds a check; remedy is NULL where there is nothing to do. text is a format. */
void doctor_add(struct doctor *doctor, const char *id, enum verdict verdict, const char *remedy,
		const char *text, ...) __attribute__((format(printf, 5, 6)));

void check_cpu(struct doctor *doctor);
void check_host(struct doctor *doctor);

/* The first line of a file, without its newline; false where it can't be read. */
bool read_line(const char *path, char *line, size_t size);

/* Whether /proc/cpuinfo's line of this title ("flags", "vmx flags") has the word. */
bool cpuinfo_has(const char *title, const char *word);

#endif /* MINIVMX_TOOLS_DOCTOR_H */
