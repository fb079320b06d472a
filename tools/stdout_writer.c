// SPDX-License-Identifier: GPL-2.0
/*
 * stdout_writer.c - a ring of bytes, and the thread that writes them to stdout.
 *
 * Reached from terminal.c; see stdout_writer.h.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "stdout_writer.h"

/* 0 or an error number. A pipe or terminal may have been made non-blocking by somebody who shares it. */
static int write_some(const uint8_t *bytes, size_t count, size_t *written)
{
	ssize_t result = write(STDOUT_FILENO, bytes, count);

	*written = result < 0 ? 0 : result;
	if (result >= 0 || errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return errno;
	poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
	return 0;
}

static void *write_all(void *argument)
{
	struct stdout_writer *writer = argument;
	int error;

	pthread_mutex_lock(&writer->lock);
	do {
		size_t count, written;

		while (!writer->count)
			pthread_cond_wait(&writer->changed, &writer->lock);
		count = STDOUT_WRITER_SIZE - writer->first;
		/* A pipe takes this whole or not at all: what is lost in the end is known. */
		if (count > PIPE_BUF)
			count = PIPE_BUF;
		if (count > writer->count)
			count = writer->count;
		pthread_mutex_unlock(&writer->lock);
		error = write_some(writer->ring + writer->first, count, &written);
		pthread_mutex_lock(&writer->lock);
		writer->first = (writer->first + written) % STDOUT_WRITER_SIZE;
		writer->count -= written;
		writer->written += written;
		pthread_cond_broadcast(&writer->changed);
	} while (!error);
	writer->failed = true;
	writer->count = 0;
	pthread_mutex_unlock(&writer->lock);
	complain("cannot write to stdout: %s; what the guest prints is lost from here on", strerror(error));
	return NULL;
}

int stdout_writer_start(struct stdout_writer *writer)
{
	pthread_condattr_t attributes;
	sigset_t others, before;
	pthread_t thread;
	int error;

	writer->failed = false;
	writer->first = writer->count = 0;
	writer->written = writer->lost = 0;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->changed, &attributes);
	/* Whoever sends the process a signal means another thread; these come from its own doing. */
	sigfillset(&others);
	sigdelset(&others, SIGPIPE);
	sigdelset(&others, SIGSEGV);
	sigdelset(&others, SIGBUS);
	sigdelset(&others, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &others, &before);
	error = pthread_create(&thread, NULL, write_all, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		pthread_detach(thread);
	return error;
}

void stdout_writer_put(struct stdout_writer *writer, const uint8_t *bytes, size_t count)
{
	size_t end, room, straight;

	pthread_mutex_lock(&writer->lock);
	end = (writer->first + writer->count) % STDOUT_WRITER_SIZE;
	room = writer->failed ? 0 : STDOUT_WRITER_SIZE - writer->count;
	if (count > room) {
		writer->lost += writer->failed ? 0 : count - room;
		count = room;
	}
	straight = STDOUT_WRITER_SIZE - end < count ? STDOUT_WRITER_SIZE - end : count;
	memcpy(writer->ring + end, bytes, straight);
	memcpy(writer->ring, bytes + straight, count - straight);
	writer->count += count;
	pthread_cond_broadcast(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
}

size_t stdout_writer_room(struct stdout_writer *writer)
{
	size_t room;

	pthread_mutex_lock(&writer->lock);
	room = STDOUT_WRITER_SIZE - writer->count;
	pthread_mutex_unlock(&writer->lock);
	return room;
}

void stdout_writer_wait(struct stdout_writer *writer, int seconds)
{
	pthread_mutex_lock(&writer->lock);
	while (writer->count) {
		uint64_t before = writer->written;
		struct timespec end;
		int error = 0;

		clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_sec += seconds;
		while (writer->count && writer->written == before && !error)
			error = seconds < 0 ? pthread_cond_wait(&writer->changed, &writer->lock) :
				pthread_cond_timedwait(&writer->changed, &writer->lock, &end);
		if (error)
			break;
	}
	pthread_mutex_unlock(&writer->lock);
}

uint64_t stdout_writer_lost(struct stdout_writer *writer)
{
	uint64_t lost;

	pthread_mutex_lock(&writer->lock);
	lost = writer->lost + writer->count;
	pthread_mutex_unlock(&writer->lock);
	return lost;
}
