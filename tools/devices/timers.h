/* SPDX-License-Identifier: GPL-2.0 */
/*
 * timers.h - time for devices: deadlines in nanoseconds, and who says what time it is.
 *
 * Reached from the devices. event_loop.c owns the clock and wakes up at the first deadline;
 * a test sets the time itself.
 */
#ifndef MINIVMX_TOOLS_TIMERS_H
#define MINIVMX_TOOLS_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S 1000000000ull

struct timer;

struct timers {
	uint64_t (*now)(const struct timers *timers);	/* ns, monotonic */
	void (*changed)(struct timers *timers);		/* the first deadline is another one */
	struct timer *first;				/* by deadline */
	unsigned int round;				/* calls of timers_expire() */
};

struct timer {
	void (*expire)(struct timer *timer);	/* may arm it again */
	struct timers *timers;
	uint64_t deadline;			/* ns */
	bool armed;
	unsigned int round;			/* in which it was armed */
	struct timer *next;
};

static inline uint64_t timers_now(const struct timers *timers)
{
	return timers->now(timers);
}

void timer_init(struct timer *timer, struct timers *timers, void (*expire)(struct timer *timer));

/* Once, at or soon after the deadline, which may have passed; replaces an earlier deadline. */
void timer_arm(struct timer *timer, uint64_t deadline);
void timer_cancel(struct timer *timer);

/*
 * Calls expire() of all whose deadline has come, the earliest first. What they arm waits for the next
 * call, even if its deadline has passed: no guest's timer keeps this going.
 */
void timers_expire(struct timers *timers);

#endif /* MINIVMX_TOOLS_TIMERS_H */
