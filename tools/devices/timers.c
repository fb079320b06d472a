// SPDX-License-Identifier: GPL-2.0
/*
 * timers.c - a list of deadlines, the earliest first.
 *
 * Reached from devices and from event_loop.c; see timers.h. A PC has less than ten of them.
 */
#include <stddef.h>

#include "devices/timers.h"

void timer_init(struct timer *timer, struct timers *timers, void (*expire)(struct timer *timer))
{
	*timer = (struct timer){ .expire = expire, .timers = timers };
}

static void unlink_timer(struct timer *timer)
{
	struct timer **link = &timer->timers->first;

	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->armed = false;
}

static uint64_t first_deadline(const struct timers *timers)
{
	return timers->first ? timers->first->deadline : UINT64_MAX;
}

static void tell_if_changed(struct timers *timers, uint64_t before)
{
	if (first_deadline(timers) != before && timers->changed)
		timers->changed(timers);
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
	uint64_t before = first_deadline(timer->timers);
	struct timer **link = &timer->timers->first;

	if (timer->armed)
		unlink_timer(timer);
	while (*link && (*link)->deadline <= deadline)
		link = &(*link)->next;
	timer->deadline = deadline;
	timer->armed = true;
	timer->round = timer->timers->round;
	timer->next = *link;
	*link = timer;
	tell_if_changed(timer->timers, before);
}

void timer_cancel(struct timer *timer)
{
	uint64_t before;

	if (!timer->armed)
		return;
	before = first_deadline(timer->timers);
	unlink_timer(timer);
	tell_if_changed(timer->timers, before);
}

/* The first whose deadline has come, but for those that were armed in this round. */
static struct timer *first_due(const struct timers *timers, uint64_t now)
{
	struct timer *timer = timers->first;

	while (timer && timer->deadline <= now && timer->round == timers->round)
		timer = timer->next;
	return timer && timer->deadline <= now ? timer : NULL;
}

void timers_expire(struct timers *timers)
{
	uint64_t before = first_deadline(timers), now = timers_now(timers);
	struct timer *timer;

	timers->round++;
	while ((timer = first_due(timers, now))) {
		unlink_timer(timer);
		timer->expire(timer);
	}
	tell_if_changed(timers, before);
}
