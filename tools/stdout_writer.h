/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stdout_writer.h - a thread that writes to stdout, so that a reader who stalls stops nothing else.
 *
 * Reached from terminal.c, with the machine's lock held; the thread never takes that lock. stdout is
 * shared with others, who rely on its mode: it can't be made non-blocking.
 */
#ifndef MINIVMX_TOOLS_STDOUT_WRITER_H
#define MINIVMX_TOOLS_STDOUT_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STDOUT_WRITER_SIZE	(1u << 20)

struct stdout_writer {
	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t changed;
	bool failed;
	size_t first, count;		/* in the ring */
	uint64_t written, lost;
	uint8_t ring[STDOUT_WRITER_SIZE];
};

/* 0 or an error number. The thread ends with the process, so the writer must live as long. */
int stdout_writer_start(struct stdout_writer *writer);

/* What there is no room for is lost, and counted. */
void stdout_writer_put(struct stdout_writer *writer, const uint8_t *bytes, size_t count);
size_t stdout_writer_room(struct stdout_writer *writer);

/* Until all is written, or nothing has been for so long; negative: without limit. */
void stdout_writer_wait(struct stdout_writer *writer, int seconds);

/* Gives up what is not written; returns how much has been lost so, and for want of room. */
uint64_t stdout_writer_lost(struct stdout_writer *writer);

#endif /* MINIVMX_TOOLS_STDOUT_WRITER_H */
