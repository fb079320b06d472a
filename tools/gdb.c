// SPDX-License-Identifier: GPL-2.0
/*
 * gdb.c - a guest under gdb: from the first connection to the end of the run.
 *
 * Reached from cpu.c; see gdb.h. Continues in gdb_commands.c with what gdb asks for; gdb_link.c
 * is the connection, gdb_target.c and gdb_registers.c are the guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "gdb.h"
#include "gdb_session.h"

/* Signals by gdb's own numbers. */
#define GDB_SIGINT	2
#define GDB_SIGTRAP	5
#define GDB_SIGSEGV	11

static void report_stop(struct gdb *gdb, int signal, const struct target_stop *stop)
{
	struct packet packet = { 0 };

	gdb->signal = signal;
	packet_text(&packet, "T%02xthread:1;", signal);
	if (stop && stop->reason) {
		packet_text(&packet, "%s:", stop->reason);
		if (stop->has_address)
			packet_text(&packet, "%llx", (unsigned long long)stop->address);
		packet_text(&packet, ";");
	}
	link_send(&gdb->link, &packet);
}

void gdb_halt(struct gdb *gdb)
{
	if (gdb->running && !gdb->crashed)
		target_halt(&gdb->target);
	gdb->running = false;
}

int gdb_resume(struct gdb *gdb, bool step)
{
	int error = 0;

	gdb->no_reply = true;
	if (gdb->running)
		return 0;
	gdb->target.stepping = step;
	if (!gdb->crashed)
		error = target_resume(&gdb->target);
	if (error) {
		target_halt(&gdb->target);
		gdb->no_reply = false;
		return error;
	}
	gdb->running = true;
	return 0;
}

static void begin_session(struct gdb *gdb)
{
	gdb_halt(gdb);
	target_choose_registers(&gdb->target);
}

static void lose_session(struct gdb *gdb)
{
	gdb_halt(gdb);
	target_remove_all(&gdb->target);
	if (!gdb->crashed)
		complain("gdb is gone without detaching: the guest is stopped until another connects");
}

static void handle_event(struct gdb *gdb, enum link_event event)
{
	switch (event) {
	case LINK_CONNECTED:
		begin_session(gdb);
		break;
	case LINK_LOST:
		lose_session(gdb);
		break;
	case LINK_PACKET:
		gdb_answer(gdb);
		break;
	case LINK_TOO_LONG:
		gdb->reply = (struct packet){ 0 };
		packet_text(&gdb->reply, "E%02x", E2BIG);
		link_send(&gdb->link, &gdb->reply);
		break;
	case LINK_INTERRUPT:
		/* One that crosses a stop reply has got what it wanted. */
		if (gdb->running) {
			gdb_halt(gdb);
			report_stop(gdb, GDB_SIGINT, NULL);
		}
		break;
	case LINK_NOTHING:
		break;
	}
}

int gdb_serve(struct gdb *gdb)
{
	enum link_event event;

	do {
		event = link_next(&gdb->link, !gdb->running);
		handle_event(gdb, event);
		if (gdb->crashed && gdb->link.connection < 0)
			break;
	} while (event != LINK_NOTHING && !gdb->status);
	if (gdb->status && !gdb->crashed)
		complain("killed by gdb");
	return gdb->status;
}

int gdb_debug_exit(struct gdb *gdb)
{
	struct target_stop stop;
	bool stopped;
	int error = target_debug_exit(&gdb->target, &stop, &stopped);

	if (error) {
		complain("%s: SET_GUEST_DEBUG: %s", gdb->vcpu->vm->device_path, strerror(error));
		return STATUS_HOST_ERROR;
	}
	if (!stopped)
		return 0;
	gdb_halt(gdb);
	report_stop(gdb, GDB_SIGTRAP, &stop);
	return gdb_serve(gdb);
}

int gdb_crashed(struct gdb *gdb, int status)
{
	if (!gdb || gdb->link.connection < 0)
		return status;
	gdb_halt(gdb);
	gdb->crashed = true;
	report_stop(gdb, GDB_SIGSEGV, NULL);
	gdb_serve(gdb);
	return status;
}

int gdb_open(struct gdb **gdb, struct vcpu *vcpu, const char *address, const volatile sig_atomic_t *stopping)
{
	struct gdb *new = calloc(1, sizeof(*new));
	int status;

	*gdb = NULL;
	if (!new) {
		complain("out of memory");
		return STATUS_HOST_ERROR;
	}
	new->vcpu = vcpu;
	new->signal = GDB_SIGTRAP;
	new->link.stopping = stopping;
	status = target_open(&new->target, vcpu);
	if (!status)
		status = link_listen(&new->link, address);
	if (status) {
		free(new);
		return status;
	}
	*gdb = new;
	return 0;
}

void gdb_close(struct gdb *gdb, int status)
{
	struct packet packet = { 0 };

	if (!gdb)
		return;
	if (gdb->crashed)
		packet_text(&packet, "X%02x", GDB_SIGSEGV);
	else
		packet_text(&packet, "W%02x", status);
	/* Who has killed it does not wait for an answer. */
	if (gdb->link.connection >= 0 && !gdb->status)
		link_send(&gdb->link, &packet);
	link_close(&gdb->link);
	free(gdb);
}
