/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb_session.h - what gdb.c (when to listen, what has happened) and gdb_commands.c (what gdb
 * asks for) share: the state of a guest under gdb.
 */
#ifndef MINIVMX_TOOLS_GDB_SESSION_H
#define MINIVMX_TOOLS_GDB_SESSION_H

#include <stdbool.h>

#include "gdb_link.h"
#include "gdb_target.h"

struct gdb {
	struct vcpu *vcpu;
	struct link link;
	struct target target;
	struct packet reply;
	bool no_reply;		/* none is due now: the guest runs, or is killed */
	bool running;
	bool crashed;		/* registers and memory can be looked at, but nothing runs any more */
	int signal;		/* why the guest stopped last */
	int status;		/* not 0: gdb has ended the run */
};

/* Both do nothing where that is so already. gdb_resume() returns 0 or an errno. */
void gdb_halt(struct gdb *gdb);
int gdb_resume(struct gdb *gdb, bool step);

/* Carries out the packet in link.reader, and replies if a reply is due. */
void gdb_answer(struct gdb *gdb);

#endif /* MINIVMX_TOOLS_GDB_SESSION_H */
