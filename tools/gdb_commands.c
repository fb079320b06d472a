// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_commands.c - what gdb asks for: the commands of its remote serial protocol.
 *
 * Reached from gdb.c with a packet. There is one thread, the vCPU, whose number is 1. A command
 * that is not in the table gets the empty reply, by which gdb learns that it is unknown.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "gdb_session.h"

#define UNSUPPORTED	(-1)	/* what a command returns for the empty reply */

static int why_stopped(struct gdb *gdb, const char *args)
{
	(void)args;
	gdb_halt(gdb);
	packet_text(&gdb->reply, "T%02xthread:1;", gdb->signal);
	return 0;
}

static int read_registers(struct gdb *gdb, const char *args)
{
	(void)args;
	return target_read_registers(&gdb->target, &gdb->reply);
}

static int ok_unless(struct gdb *gdb, int error)
{
	if (!error)
		packet_text(&gdb->reply, "OK");
	return error;
}

static int write_registers(struct gdb *gdb, const char *args)
{
	return ok_unless(gdb, target_write_registers(&gdb->target, args));
}

static int read_register(struct gdb *gdb, const char *args)
{
	uint64_t number;

	if (!parse_hex_and(&args, &number, '\0'))
		return EINVAL;
	return target_read_register(&gdb->target, number, &gdb->reply);
}

static int write_register(struct gdb *gdb, const char *args)
{
	uint64_t number;

	if (!parse_hex_and(&args, &number, '='))
		return EINVAL;
	return ok_unless(gdb, target_write_register(&gdb->target, number, args));
}

static int read_memory(struct gdb *gdb, const char *args)
{
	uint8_t bytes[PACKET_MAX / 2];
	uint64_t address, length;
	size_t size;
	int error;

	if (!parse_hex_and(&args, &address, ',') || !parse_hex_and(&args, &length, '\0'))
		return EINVAL;
	/* Less than was asked for is a valid answer. */
	size = length < sizeof(bytes) ? length : sizeof(bytes);
	error = target_read_memory(&gdb->target, address, bytes, &size);
	if (!error)
		packet_hex(&gdb->reply, bytes, size);
	return error;
}

static int write_memory(struct gdb *gdb, const char *args)
{
	uint8_t bytes[PACKET_MAX / 2];
	uint64_t address, length;

	if (!parse_hex_and(&args, &address, ',') || !parse_hex_and(&args, &length, ':'))
		return EINVAL;
	if (length > sizeof(bytes) || !parse_hex_bytes(args, bytes, length))
		return EINVAL;
	return ok_unless(gdb, target_write_memory(&gdb->target, address, bytes, length));
}

/* The same with the bytes as they are. */
static int write_binary(struct gdb *gdb, const char *args)
{
	const struct packet_reader *reader = &gdb->link.reader;
	uint64_t address, length;

	if (!parse_hex_and(&args, &address, ',') || !parse_hex_and(&args, &length, ':') ||
	    length != (size_t)(reader->data + reader->length - args))
		return EINVAL;
	return ok_unless(gdb, target_write_memory(&gdb->target, address, args, length));
}

/* c and s, perhaps with the address to go on at. */
static int go_on(struct gdb *gdb, const char *args, bool step)
{
	uint64_t address;
	int error;

	if (*args) {
		if (!parse_hex_and(&args, &address, '\0'))
			return EINVAL;
		error = target_set_pc(&gdb->target, address);
		if (error)
			return error;
	}
	return gdb_resume(gdb, step);
}

static int go(struct gdb *gdb, const char *args)
{
	return go_on(gdb, args, false);
}

static int step(struct gdb *gdb, const char *args)
{
	return go_on(gdb, args, true);
}

/* C and S name a signal first. A guest has none: it is left out. */
static const char *skip_signal(const char *args)
{
	const char *address = strchr(args, ';');

	return address ? address + 1 : "";
}

static int go_with_signal(struct gdb *gdb, const char *args)
{
	return go_on(gdb, skip_signal(args), false);
}

static int step_with_signal(struct gdb *gdb, const char *args)
{
	return go_on(gdb, skip_signal(args), true);
}

/* 0 (any) and -1 (all) mean the only one too. */
static bool is_our_thread(const char *id)
{
	uint64_t number;

	return !strcmp(id, "-1") || (parse_hex_and(&id, &number, '\0') && number <= 1);
}

/* vCont;ACTION[:THREAD]...: the first action that names our thread, or none, is ours. */
static int vcont(struct gdb *gdb, const char *args)
{
	char actions[64], *rest = actions, *action;

	if (snprintf(actions, sizeof(actions), "%s", args) >= (int)sizeof(actions))
		return EINVAL;
	while ((action = strsep(&rest, ";"))) {
		char *thread = strchr(action, ':');

		if (thread && !is_our_thread(thread + 1))
			continue;
		if (!strchr("cCsS", *action) || !*action)
			return EINVAL;
		return gdb_resume(gdb, *action == 's' || *action == 'S');
	}
	return EINVAL;
}

static int vcont_actions(struct gdb *gdb, const char *args)
{
	(void)args;
	packet_text(&gdb->reply, "vCont;c;C;s;S");
	return 0;
}

/* TYPE,ADDRESS,KIND, perhaps followed by conditions, which gdb then checks itself. */
static int change_breakpoint(struct gdb *gdb, const char *args,
			     int (*change)(struct target *, unsigned int, uint64_t, uint64_t))
{
	uint64_t type, address, kind;
	int error;

	if (!parse_hex_and(&args, &type, ',') || !parse_hex_and(&args, &address, ',') || !parse_hex(&args, &kind))
		return EINVAL;
	if (type > WATCH_ACCESS)
		return UNSUPPORTED;
	/* INT3s in memory are those of the list: it changes while none is there. */
	if (gdb->running)
		return EBUSY;
	error = change(&gdb->target, type, address, kind);
	return ok_unless(gdb, error);
}

static int insert_breakpoint(struct gdb *gdb, const char *args)
{
	return change_breakpoint(gdb, args, target_insert);
}

static int remove_breakpoint(struct gdb *gdb, const char *args)
{
	return change_breakpoint(gdb, args, target_remove);
}

static int detach(struct gdb *gdb, const char *args)
{
	struct packet ok = { 0 };
	int error;

	(void)args;
	gdb_halt(gdb);
	target_remove_all(&gdb->target);
	error = gdb_resume(gdb, false);
	if (error)
		return error;
	packet_text(&ok, "OK");
	link_send(&gdb->link, &ok);
	link_hang_up(&gdb->link);
	return 0;
}

static int kill_guest(struct gdb *gdb, const char *args)
{
	(void)args;
	gdb->no_reply = true;
	gdb->status = STATUS_SIGNAL + SIGKILL;
	return 0;
}

static int kill_politely(struct gdb *gdb, const char *args)
{
	struct packet ok = { 0 };

	packet_text(&ok, "OK");
	link_send(&gdb->link, &ok);
	return kill_guest(gdb, args);
}

static int supported(struct gdb *gdb, const char *args)
{
	(void)args;
	packet_text(&gdb->reply, "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;vContSupported+;"
		    "swbreak+;hwbreak+", PACKET_MAX);
	return 0;
}

static int start_no_ack_mode(struct gdb *gdb, const char *args)
{
	(void)args;
	gdb->link.no_acks = true;
	return ok_unless(gdb, 0);
}

/* target.xml:OFFSET,LENGTH; the reply begins with 'l' if nothing follows it. */
static int read_description(struct gdb *gdb, const char *args)
{
	uint64_t offset, length;
	size_t size;
	char *text;
	int error;

	if (strncmp(args, "target.xml:", strlen("target.xml:")))
		return ENOENT;
	args += strlen("target.xml:");
	if (!parse_hex_and(&args, &offset, ',') || !parse_hex_and(&args, &length, '\0'))
		return EINVAL;
	error = target_description(&gdb->target, &text, &size);
	if (error)
		return error;
	if (offset > size)
		offset = size;
	if (length > size - offset)
		length = size - offset;
	if (length > PACKET_MAX / 2)
		length = PACKET_MAX / 2;	/* room for escapes */
	packet_text(&gdb->reply, "%c", offset + length < size ? 'm' : 'l');
	packet_bytes(&gdb->reply, text + offset, length);
	free(text);
	return 0;
}

/* "There is a guest already": gdb offers to leave it running when it quits. */
static int attached(struct gdb *gdb, const char *args)
{
	(void)args;
	packet_text(&gdb->reply, "1");
	return 0;
}

static int current_thread(struct gdb *gdb, const char *args)
{
	if (*args)
		return UNSUPPORTED;
	packet_text(&gdb->reply, "QC1");
	return 0;
}

static int first_threads(struct gdb *gdb, const char *args)
{
	(void)args;
	packet_text(&gdb->reply, "m1");
	return 0;
}

static int more_threads(struct gdb *gdb, const char *args)
{
	(void)args;
	packet_text(&gdb->reply, "l");
	return 0;
}

static int thread_is_alive(struct gdb *gdb, const char *args)
{
	return ok_unless(gdb, is_our_thread(args) ? 0 : ESRCH);
}

/* Hg and Hc: for which thread the next commands are. */
static int set_thread(struct gdb *gdb, const char *args)
{
	return ok_unless(gdb, *args && is_our_thread(args + 1) ? 0 : ESRCH);
}

static const struct command {
	const char *prefix;	/* the first that fits is taken */
	int (*handle)(struct gdb *gdb, const char *args);	/* 0, an errno, or UNSUPPORTED */
} commands[] = {
	{ "?",			why_stopped },
	{ "c",			go },
	{ "C",			go_with_signal },
	{ "D",			detach },
	{ "g",			read_registers },
	{ "G",			write_registers },
	{ "H",			set_thread },
	{ "k",			kill_guest },
	{ "m",			read_memory },
	{ "M",			write_memory },
	{ "p",			read_register },
	{ "P",			write_register },
	{ "qAttached",		attached },
	{ "qC",			current_thread },
	{ "qSupported",		supported },
	{ "qXfer:features:read:", read_description },
	{ "qfThreadInfo",	first_threads },
	{ "qsThreadInfo",	more_threads },
	{ "QStartNoAckMode",	start_no_ack_mode },
	{ "s",			step },
	{ "S",			step_with_signal },
	{ "T",			thread_is_alive },
	{ "vCont?",		vcont_actions },
	{ "vCont;",		vcont },
	{ "vKill",		kill_politely },
	{ "X",			write_binary },
	{ "z",			remove_breakpoint },
	{ "Z",			insert_breakpoint },
};

void gdb_answer(struct gdb *gdb)
{
	const char *text = gdb->link.reader.data;
	int error = UNSUPPORTED;

	gdb->reply = (struct packet){ 0 };
	gdb->no_reply = false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t length = strlen(commands[i].prefix);

		if (strncmp(text, commands[i].prefix, length))
			continue;
		error = commands[i].handle(gdb, text + length);
		break;
	}
	if (gdb->reply.overflow)
		error = E2BIG;
	if (error)
		gdb->reply = (struct packet){ 0 };
	if (error > 0)
		packet_text(&gdb->reply, "E%02x", error & 0xff);
	if (!gdb->no_reply)
		link_send(&gdb->link, &gdb->reply);
}
