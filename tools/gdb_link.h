/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb_link.h - the connection to gdb: one socket that listens, one debugger at a time, packets.
 *
 * Reached from gdb.c and gdb_commands.c. A connection that fails is closed here; the caller sees LINK_LOST.
 */
#ifndef MINIVMX_TOOLS_GDB_LINK_H
#define MINIVMX_TOOLS_GDB_LINK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "gdb_packet.h"

enum link_event {
	LINK_NOTHING,		/* nothing has come, or *stopping */
	LINK_CONNECTED,
	LINK_LOST,
	LINK_PACKET,		/* link->reader.data and .length */
	LINK_TOO_LONG,		/* a packet above PACKET_MAX */
	LINK_INTERRUPT,
};

struct link {
	int listener, connection;	/* -1: none */
	bool no_acks;			/* gdb has asked to leave them out */
	char socket_path[108];		/* to be removed at the end; empty for TCP */
	const volatile sig_atomic_t *stopping;
	struct packet_reader reader;
	size_t received, used;		/* of input[] */
	char input[512];
	size_t frame_length;		/* the last packet, for gdb to ask again */
	char frame[FRAME_MAX];
};

/* A valid address. Returns 0 or an exit status, after having said where it listens or why not. */
int link_listen(struct link *link, const char *address);

/* The next event; with wait, blocks until there is one or *stopping is set. */
enum link_event link_next(struct link *link, bool wait);

void link_send(struct link *link, const struct packet *packet);

/* Ends the connection, after the other side has had time to read the last packet; then listens again. */
void link_hang_up(struct link *link);
void link_close(struct link *link);

#endif /* MINIVMX_TOOLS_GDB_LINK_H */
