// SPDX-License-Identifier: GPL-2.0
/*
 * event_loop.c - the main thread's life: epoll_wait(), then one callback after the other.
 *
 * Reached from machine.c; see event_loop.h. The lock is dropped for the wait alone, so that
 * the vCPUs' threads get at the devices; an armed timer or a stop wakes it through descriptors.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "devices/device.h"
#include "event_loop.h"

static uint64_t monotonic_now(const struct timers *timers)
{
	struct timespec now;

	(void)timers;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void set_timerfd(struct timers *timers)
{
	struct event_loop *loop = container_of(timers, struct event_loop, timers);
	struct itimerspec when = { 0 };

	if (timers->first) {
		/* Zero would disarm it. */
		uint64_t deadline = timers->first->deadline ? timers->first->deadline : 1;

		when.it_value.tv_sec = deadline / NS_PER_S;
		when.it_value.tv_nsec = deadline % NS_PER_S;
	}
	timerfd_settime(loop->timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void timer_ready(struct event_source *source, uint32_t events)
{
	struct event_loop *loop = container_of(source, struct event_loop, timer);
	uint64_t expirations;

	(void)events;
	if (read(source->fd, &expirations, sizeof(expirations)) < 0)
		return;		/* it was set anew in between */
	timers_expire(&loop->timers);
	/* What was overdue already when it was armed has not changed the first deadline. */
	set_timerfd(&loop->timers);
}

static void stop_ready(struct event_source *source, uint32_t events)
{
	(void)source;
	(void)events;
}

int event_loop_open(struct event_loop *loop, pthread_mutex_t *lock)
{
	*loop = (struct event_loop){
		.timers = { .now = monotonic_now, .changed = set_timerfd },
		.lock = lock,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.timer = { .fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
			   .ready = timer_ready },
		.stop = { .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .ready = stop_ready },
	};
	if (loop->epoll < 0 || loop->timer.fd < 0 || loop->stop.fd < 0 ||
	    event_loop_watch(loop, &loop->timer, EPOLLIN) || event_loop_watch(loop, &loop->stop, EPOLLIN)) {
		complain("cannot wait for events: %s", strerror(errno));
		event_loop_close(loop);
		return STATUS_HOST_ERROR;
	}
	return 0;
}

void event_loop_close(struct event_loop *loop)
{
	const int fds[] = { loop->stop.fd, loop->timer.fd, loop->epoll };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int event_loop_watch(struct event_loop *loop, struct event_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void event_loop_unwatch(struct event_loop *loop, struct event_source *source)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
}

void event_loop_run(struct event_loop *loop)
{
	while (!loop->stopped) {
		struct epoll_event event;
		int count;

		pthread_mutex_unlock(loop->lock);
		/* One at a time: a callback may unwatch, and free, what a second event belongs to. */
		count = epoll_wait(loop->epoll, &event, 1, -1);
		pthread_mutex_lock(loop->lock);
		if (count == 1 && !loop->stopped) {
			struct event_source *source = event.data.ptr;

			source->ready(source, event.events);
		}
	}
}

void event_loop_stop(struct event_loop *loop)
{
	uint64_t one = 1;

	loop->stopped = true;
	if (write(loop->stop.fd, &one, sizeof(one)) < 0)
		complain("cannot wake the event loop: %s", strerror(errno));
}
