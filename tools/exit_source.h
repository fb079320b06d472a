/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exit_source.h - where in the sources each VM exit is handled, and what is done about it.
 *
 * Reached from step_show.c. The policy is that of arch/x86/exit_policy.h, from which the module's table
 * of handlers is made, too; the files are named in exit_source.c.
 */
#ifndef MINIVMX_TOOLS_EXIT_SOURCE_H
#define MINIVMX_TOOLS_EXIT_SOURCE_H

#include <minivmx.h>

/* "arch/x86/exit_io.c: handle_io_instruction()"; NULL: it has not come there. */
struct exit_source {
	const char *fast;		/* in the slice */
	const char *slow;		/* after it */
	const char *user;		/* in the runner */
	const char *policy;
};

struct exit_source exit_source(const struct minivmx_exit_record *record);

#endif /* MINIVMX_TOOLS_EXIT_SOURCE_H */
