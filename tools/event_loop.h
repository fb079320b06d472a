/* SPDX-License-Identifier: GPL-2.0 */
/*
 * event_loop.h - waits for files, timers and signals, and tells devices, one event at a time.
 *
 * Reached from machine.c, whose main thread spends its life here while the vCPUs run in
 * threads of their own. Everything is called with the machine's lock held.
 */
#ifndef MINIVMX_TOOLS_EVENT_LOOP_H
#define MINIVMX_TOOLS_EVENT_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/timers.h"

struct event_source {
	int fd;
	void (*ready)(struct event_source *source, uint32_t events);	/* of epoll(7) */
};

struct event_loop {
	struct timers timers;		/* of all devices; CLOCK_MONOTONIC */
	pthread_mutex_t *lock;
	int epoll;
	struct event_source timer;	/* one timerfd, set to the first deadline */
	struct event_source stop;	/* an eventfd */
	bool stopped;
};

/* 0 or an exit status. The lock is the caller's: all calls but the first need it held. */
int event_loop_open(struct event_loop *loop, pthread_mutex_t *lock);
void event_loop_close(struct event_loop *loop);

/* events: EPOLLIN, EPOLLOUT. 0 or -errno; -EPERM for a file that is always ready. */
int event_loop_watch(struct event_loop *loop, struct event_source *source, uint32_t events);
void event_loop_unwatch(struct event_loop *loop, struct event_source *source);

/* Until event_loop_stop(), which may come from any thread. Drops the lock while it waits. */
void event_loop_run(struct event_loop *loop);
void event_loop_stop(struct event_loop *loop);

#endif /* MINIVMX_TOOLS_EVENT_LOOP_H */
