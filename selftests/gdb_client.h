/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb_client.h - a debugger of our own: starts `minivmx run --gdb` with a guest and speaks gdb's
 * remote protocol to it, well-behaved or not.
 *
 * Used by gdb_debug.c and gdb_protocol.c; knows nothing of the harness.
 */
#ifndef SELFTESTS_GDB_CLIENT_H
#define SELFTESTS_GDB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

#define GDB_RUNNER	"/minivmx/bin/minivmx"
#define GDB_BASE	0x100000UL	/* where the runner loads a flat guest in protected and long mode */
#define GDB_REAL_BASE	0x7c00UL

struct gdb_client {
	pid_t runner;		/* 0: none */
	int fd;			/* the connection; -1: none */
	char dir[64];		/* of the guest, the socket and the runner's output */
	char address[96];	/* what --gdb is given */
	char reply[8192];	/* the last one, unescaped */
	char description[32768];	/* empty: not read yet */
	size_t received, used;	/* of input[] */
	__u8 input[4096];
};

/*
 * Writes the guest's code to a file, starts the runner with it in a mode ("real", ...), connects. The
 * address is NULL for a Unix socket of its own. 0, or -errno; -ENOTTY if the device can't debug guests.
 */
int gdb_start(struct gdb_client *client, const char *device, const char *mode, const char *address,
	      const __u8 *start, const __u8 *end);

#define GDB_START(client, device, mode, name)	gdb_start(client, device, mode, NULL, name##_start, name##_end)

int gdb_connect(struct gdb_client *client);	/* again, after gdb_drop() */
void gdb_drop(struct gdb_client *client);	/* without a word */

/* Sends bytes as they are. */
int gdb_send_raw(struct gdb_client *client, const void *bytes, size_t size);
int gdb_send(struct gdb_client *client, const char *packet);

/* The next byte within ten seconds, or -1. */
int gdb_next_byte(struct gdb_client *client);

/* The next packet, confirmed; GDB_NONE at the end of the connection or after ten seconds. */
#define GDB_NONE	"(none)"
const char *gdb_receive(struct gdb_client *client);

/* Sends one, gives the reply. */
const char *gdb_ask(struct gdb_client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * One step; the stop reply. Bochs 2.7 sometimes reports one before the instruction that it enters with
 * TF set after a VM exit in its middle: then once more.
 */
const char *gdb_step(struct gdb_client *client);

/* A register of at most 8 bytes by its name in the description; ~0: none. */
__u64 gdb_register(struct gdb_client *client, const char *name);
int gdb_register_number(struct gdb_client *client, const char *name);

/* The whole description, read once for each connection. */
const char *gdb_description(struct gdb_client *client);

/* Waits at most ten seconds for the runner's end: its exit status, or -1. */
int gdb_wait_for_end(struct gdb_client *client);

/* What the runner has written to stdout and stderr so far; static. */
const char *gdb_output(struct gdb_client *client);

/* Kills what still runs, removes the files. */
void gdb_cleanup(struct gdb_client *client);

#endif /* SELFTESTS_GDB_CLIENT_H */
