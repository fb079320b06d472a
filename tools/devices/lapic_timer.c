// SPDX-License-Identifier: GPL-2.0
/*
 * lapic_timer.c - a local APIC's timer. Nothing counts: the time at which the counter will be
 * zero is known, and its value follows from the time that is left.
 *
 * Reached from lapic.c, when the guest writes a register, and from timers.c.
 * SDM 3A "APIC Timer".
 */
#include "devices/device.h"
#include "devices/lapic_timer.h"

/*
 * What is owed follows at this multiple of the guest's own rate: without a pause it would leave a
 * guest that is slow no time but for its handler.
 */
#define CATCH_UP		4
#define LONGEST_RETRY_NS	1000000

_Static_assert(NS_PER_S % LAPIC_TIMER_HZ == 0, "a count takes whole nanoseconds");

/* How long the counter stays at one value, in ns. Bits 3, 1 and 0: 2, 4, ... 128, then 1. */
static uint64_t count_ns(const struct lapic_timer *timer)
{
	unsigned int code = (timer->divide & 3) | (timer->divide & 8) >> 1;

	return (NS_PER_S / LAPIC_TIMER_HZ) << ((code + 1) & 7);
}

static uint64_t period(const struct lapic_timer *timer)
{
	return timer->initial * count_ns(timer);
}

/* How often the counter has been zero since the last look. */
static uint64_t zeros(struct lapic_timer *timer, uint64_t now)
{
	uint64_t count;

	if (!timer->counting || now < timer->zero)
		return 0;
	if (!timer->periodic) {
		timer->counting = false;
		return 1;
	}
	count = (now - timer->zero) / period(timer) + 1;
	timer->zero += count * period(timer);	/* not from now on: no drift */
	return count;
}

static void catch_up(struct lapic_timer *timer, uint64_t now)
{
	uint64_t owed = timer->owed + zeros(timer, now);

	if (timer->masked)
		owed = 0;
	timer->owed = owed < LAPIC_TIMER_OWED_MAX ? owed : LAPIC_TIMER_OWED_MAX;
	if (timer->owed && timer->tick(timer))
		timer->owed--;
	if (!timer->periodic)
		timer->owed = 0;
}

/* At the next zero, or where ticks are owed as soon as that can be, but not before EARLIEST. */
static void arm(struct lapic_timer *timer, uint64_t earliest)
{
	uint64_t deadline = timer->owed ? 0 : timer->zero;

	if (timer->counting && !timer->masked)
		timer_arm(&timer->timer, deadline > earliest ? deadline : earliest);
	else
		timer_cancel(&timer->timer);
}

static void expire(struct timer *t)
{
	struct lapic_timer *timer = container_of(t, struct lapic_timer, timer);
	uint64_t now = timers_now(t->timers), pause = period(timer) / CATCH_UP;

	catch_up(timer, now);
	if (!timer->owed || pause < LAPIC_TIMER_MIN_NS)
		pause = LAPIC_TIMER_MIN_NS;
	else if (pause > LONGEST_RETRY_NS)
		pause = LONGEST_RETRY_NS;
	arm(timer, now + pause);
}

void lapic_timer_set_mode(struct lapic_timer *timer, bool periodic, bool masked)
{
	catch_up(timer, timers_now(timer->timer.timers));
	timer->periodic = periodic;
	timer->masked = masked;
	if (!periodic || masked)
		timer->owed = 0;
	arm(timer, 0);
}

/* The counter keeps its value, and goes on at the new rate. */
void lapic_timer_set_divide(struct lapic_timer *timer, uint32_t divide)
{
	uint64_t now = timers_now(timer->timer.timers);
	uint32_t current;

	catch_up(timer, now);
	current = lapic_timer_current(timer);
	timer->divide = divide & 0xb;
	timer->zero = now + current * count_ns(timer);
	arm(timer, 0);
}

void lapic_timer_set_initial(struct lapic_timer *timer, uint32_t initial)
{
	uint64_t now = timers_now(timer->timer.timers);

	catch_up(timer, now);
	timer->initial = initial;
	timer->owed = 0;
	timer->counting = initial;
	timer->zero = now + period(timer);
	arm(timer, 0);
}

uint32_t lapic_timer_current(const struct lapic_timer *timer)
{
	uint64_t now = timers_now(timer->timer.timers), left;

	if (!timer->counting)
		return 0;
	if (now < timer->zero)
		left = timer->zero - now;
	else if (timer->periodic)
		left = period(timer) - (now - timer->zero) % period(timer);
	else
		return 0;
	return (left + count_ns(timer) - 1) / count_ns(timer);
}

void lapic_timer_reset(struct lapic_timer *timer)
{
	timer->initial = 0;
	timer->divide = 0;
	timer->counting = false;
	timer->owed = 0;
	timer->periodic = false;
	timer->masked = true;
	timer_cancel(&timer->timer);
}

void lapic_timer_init(struct lapic_timer *timer, struct timers *timers,
		      bool (*tick)(struct lapic_timer *timer))
{
	timer_init(&timer->timer, timers, expire);
	timer->tick = tick;
	lapic_timer_reset(timer);
}
