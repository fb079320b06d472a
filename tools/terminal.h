/* SPDX-License-Identifier: GPL-2.0 */
/*
 * terminal.h - the user's end of the guest's console: stdin, stdout, the keys that are ours.
 *
 * Reached from machine.c, which connects it with a UART or a virtio console. Where stdin and
 * stdout are terminals, every key goes to the guest but Ctrl-A, which starts a command of ours;
 * else both are passed on as they are. Continues in tty_mode.c.
 */
#ifndef MINIVMX_TOOLS_TERMINAL_H
#define MINIVMX_TOOLS_TERMINAL_H

#include "devices/device.h"
#include "event_loop.h"
#include "stdout_writer.h"

/* Who has the terminal. */
struct terminal_user {
	/* How many bytes the guest takes now; input() gets no more than that. */
	size_t (*room)(struct terminal_user *user);
	void (*input)(struct terminal_user *user, const uint8_t *bytes, size_t count);
	void (*quit)(struct terminal_user *user);	/* Ctrl-A x */
	void (*resized)(struct terminal_user *user);	/* may be NULL: the window has another size */
	void (*statistics)(struct terminal_user *user);	/* may be NULL: Ctrl-A s */
};

struct terminal {
	struct output output;		/* to stdout */
	struct terminal_user *user;
	struct event_loop *loop;
	struct event_source input;	/* stdin */
	struct event_source resizes;	/* an eventfd */
	bool is_file;			/* stdin is always ready, and not in the loop */
	bool watching, ended;		/* of stdin */
	bool keys;			/* Ctrl-A is ours */
	bool command;			/* the key after Ctrl-A comes next */
	bool is_open;
	uint8_t typed[65536];		/* what the guest has had no room for */
	size_t typed_first, typed_count;
	uint8_t printed[4096];		/* what stdout has not been given yet */
	size_t printed_count;
	struct timer flush;
	struct stdout_writer writer;
};

/* 0 or an exit status. A process has one terminal. */
int terminal_open(struct terminal *terminal, struct event_loop *loop, struct terminal_user *user);

/* Prints what waits, unless stdout stalls, and gives the terminal back as it was. Once more is no harm. */
void terminal_close(struct terminal *terminal);

/* The last call: patient waits for stdout however long it takes. Says how much is lost, if anything is. */
void terminal_finish(struct terminal *terminal, bool patient);

/* The guest has room again: calls input(), as long as there is something. */
void terminal_room(struct terminal *terminal);

/* In characters; false where stdout is no terminal. */
bool terminal_size(uint16_t *columns, uint16_t *rows);

#endif /* MINIVMX_TOOLS_TERMINAL_H */
