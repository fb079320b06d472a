// SPDX-License-Identifier: GPL-2.0
/*
 * rtc.c - a clock that is computed when somebody looks, and a timer only for an interrupt that
 * the guest has enabled and whose flag is not up.
 *
 * Reached from the bus (ports 0x70 and 0x71) and from the timers. Follows Motorola's data sheet
 * "MC146818 Real-Time Clock plus RAM"; where a PC keeps its century and the size of its memory
 * is IBM's, "Personal System/2 and Personal Computer BIOS Interface Technical Reference", and the
 * custom of later firmware.
 */
#include <time.h>

#include "devices/rtc.h"

enum cmos_register {
	SECONDS		= 0x00,
	SECONDS_ALARM	= 0x01,
	MINUTES		= 0x02,
	MINUTES_ALARM	= 0x03,
	HOURS		= 0x04,
	HOURS_ALARM	= 0x05,
	DAY_OF_WEEK	= 0x06,
	DATE_OF_MONTH	= 0x07,
	MONTH		= 0x08,
	YEAR		= 0x09,
	REGISTER_A	= 0x0a,
	REGISTER_B	= 0x0b,
	REGISTER_C	= 0x0c,
	REGISTER_D	= 0x0d,
	BASE_MEMORY	= 0x15,		/* KiB; each of these has two bytes, the low one first */
	EXTENDED_MEMORY	= 0x17,		/* KiB from 1 MiB, as set up */
	EXTENDED_MEMORY_FOUND = 0x30,	/* the same, as the power-on test found it */
	CENTURY		= 0x32,
	MEMORY_OVER_16M	= 0x34,		/* 64 KiB */
};

#define A_UIP		0x80		/* the date is about to change */
#define A_DIVIDER_RUNS	0x20
#define A_DIVIDER_RESET	0x60
#define A_RATE		0x0f
#define A_RATE_1024HZ	0x06

#define B_SET		0x80		/* the date stands, the guest writes it */
#define B_BINARY	0x04
#define B_24_HOURS	0x02

/* Flags in register C, and what enables their interrupts in B. */
#define C_IRQ		0x80
#define PERIODIC	0x40
#define ALARM		0x20
#define UPDATE_ENDED	0x10
#define FLAGS		(PERIODIC | ALARM | UPDATE_ENDED)

#define D_VALID		0x80

#define HOURS_PM	0x80
#define ALARM_ANY	0xc0		/* this and above match all */
#define UIP_NS		244141		/* 8 cycles */
#define CYCLES_HZ	32768
#define SECONDS_OF_DAY	86400

static uint64_t host_wall_clock(const struct timers *timers)
{
	struct timespec now;

	(void)timers;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Its seconds begin when the guest's do. */
static uint64_t phased_clock(const struct rtc *rtc)
{
	return rtc->wall_clock(rtc->timers) + rtc->phase;
}

static int64_t guest_second(const struct rtc *rtc)
{
	return (int64_t)(phased_clock(rtc) / NS_PER_S) + rtc->offset;
}

static uint64_t ns_to_next_second(const struct rtc *rtc)
{
	return NS_PER_S - phased_clock(rtc) % NS_PER_S;
}

static bool divider_reset(const struct rtc *rtc)
{
	return (rtc->cmos[REGISTER_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
}

static bool stands(const struct rtc *rtc)
{
	return rtc->cmos[REGISTER_B] & B_SET || divider_reset(rtc);
}

static uint8_t encode(const struct rtc *rtc, unsigned int n)
{
	return rtc->cmos[REGISTER_B] & B_BINARY ? n : (n / 10) << 4 | n % 10;
}

static unsigned int decode(const struct rtc *rtc, uint8_t byte)
{
	return rtc->cmos[REGISTER_B] & B_BINARY ? byte : (byte >> 4) * 10 + (byte & 15);
}

static uint8_t encode_hour(const struct rtc *rtc, unsigned int hour)
{
	if (rtc->cmos[REGISTER_B] & B_24_HOURS)
		return encode(rtc, hour);
	return encode(rtc, (hour + 11) % 12 + 1) | (hour < 12 ? 0 : HOURS_PM);
}

static unsigned int decode_hour(const struct rtc *rtc, uint8_t byte)
{
	if (rtc->cmos[REGISTER_B] & B_24_HOURS)
		return decode(rtc, byte);
	return decode(rtc, byte & ~HOURS_PM) % 12 + (byte & HOURS_PM ? 12 : 0);
}

/* A date that stands is what the guest has written, legal or not. */
static void date_to_registers(struct rtc *rtc)
{
	time_t second = guest_second(rtc);
	uint8_t *cmos = rtc->cmos;
	unsigned int year;
	struct tm tm;

	if (stands(rtc))
		return;
	gmtime_r(&second, &tm);
	year = tm.tm_year + 1900;
	cmos[SECONDS] = encode(rtc, tm.tm_sec);
	cmos[MINUTES] = encode(rtc, tm.tm_min);
	cmos[HOURS] = encode_hour(rtc, tm.tm_hour);
	cmos[DAY_OF_WEEK] = encode(rtc, tm.tm_wday + 1);
	cmos[DATE_OF_MONTH] = encode(rtc, tm.tm_mday);
	cmos[MONTH] = encode(rtc, tm.tm_mon + 1);
	cmos[YEAR] = encode(rtc, year % 100);
	cmos[CENTURY] = encode(rtc, year / 100);
}

static void registers_to_date(struct rtc *rtc)
{
	const uint8_t *cmos = rtc->cmos;
	struct tm tm = {
		.tm_sec = decode(rtc, cmos[SECONDS]),
		.tm_min = decode(rtc, cmos[MINUTES]),
		.tm_hour = decode_hour(rtc, cmos[HOURS]),
		.tm_mday = decode(rtc, cmos[DATE_OF_MONTH]),
		.tm_mon = (int)decode(rtc, cmos[MONTH]) - 1,
		.tm_year = (int)(decode(rtc, cmos[CENTURY]) * 100 + decode(rtc, cmos[YEAR])) - 1900,
	};

	rtc->offset += timegm(&tm) - guest_second(rtc);
	rtc->seen_second = guest_second(rtc);
}

/* Cycles from one periodic interrupt to the next; 0 if there is none. */
static unsigned int period(const struct rtc *rtc)
{
	unsigned int rate = rtc->cmos[REGISTER_A] & A_RATE;

	if (!rate || divider_reset(rtc))
		return 0;
	return 1u << (rate < 3 ? rate + 6 : rate - 1);
}

static uint64_t periodic_ticks(const struct rtc *rtc)
{
	unsigned __int128 cycles = (unsigned __int128)timers_now(rtc->timers) * CYCLES_HZ / NS_PER_S;

	return period(rtc) ? cycles / period(rtc) : 0;
}

static uint64_t tick_ns(const struct rtc *rtc, uint64_t tick)
{
	return ((unsigned __int128)tick * period(rtc) * NS_PER_S + CYCLES_HZ - 1) / CYCLES_HZ;
}

static bool matches(uint8_t alarm, uint8_t now)
{
	return alarm >= ALARM_ANY || alarm == now;
}

static bool alarm_at(const struct rtc *rtc, int64_t second)
{
	unsigned int of_day = (second % SECONDS_OF_DAY + SECONDS_OF_DAY) % SECONDS_OF_DAY;

	return matches(rtc->cmos[SECONDS_ALARM], encode(rtc, of_day % 60)) &&
	       matches(rtc->cmos[MINUTES_ALARM], encode(rtc, of_day / 60 % 60)) &&
	       matches(rtc->cmos[HOURS_ALARM], encode_hour(rtc, of_day / 3600));
}

/* Sets the flags of all that has happened since the last call, as the chip does at once. */
static void update_flags(struct rtc *rtc)
{
	uint64_t tick = periodic_ticks(rtc);
	int64_t now = guest_second(rtc), second = rtc->seen_second;
	uint8_t *flags = &rtc->cmos[REGISTER_C];

	if (tick != rtc->seen_tick)
		*flags |= PERIODIC;
	rtc->seen_tick = tick;
	if (stands(rtc) || now == second)
		return;
	*flags |= UPDATE_ENDED;
	/* An alarm comes back each day. */
	if (now - second > SECONDS_OF_DAY)
		second = now - SECONDS_OF_DAY;
	while (second < now && !(*flags & ALARM))
		if (alarm_at(rtc, ++second))
			*flags |= ALARM;
	rtc->seen_second = now;
}

/* The line is up until register C is read. The timer sleeps while a flag is up: it would change nothing. */
static void update_interrupt(struct rtc *rtc)
{
	uint8_t enabled = rtc->cmos[REGISTER_B] & FLAGS, awaited = enabled & ~rtc->cmos[REGISTER_C];
	uint64_t deadline = UINT64_MAX;

	irq_set(&rtc->irq8, enabled & rtc->cmos[REGISTER_C]);
	if (awaited & (ALARM | UPDATE_ENDED) && !stands(rtc))
		deadline = timers_now(rtc->timers) + ns_to_next_second(rtc);
	if (awaited & PERIODIC && period(rtc)) {
		uint64_t tick = tick_ns(rtc, rtc->seen_tick + 1);

		deadline = tick < deadline ? tick : deadline;
	}
	if (deadline == UINT64_MAX)
		timer_cancel(&rtc->timer);
	else
		timer_arm(&rtc->timer, deadline);
}

static void expire(struct timer *timer)
{
	struct rtc *rtc = container_of(timer, struct rtc, timer);

	update_flags(rtc);
	update_interrupt(rtc);
}

static uint8_t read_register_c(struct rtc *rtc)
{
	uint8_t flags;

	update_flags(rtc);
	flags = rtc->cmos[REGISTER_C];
	if (flags & rtc->cmos[REGISTER_B] & FLAGS)
		flags |= C_IRQ;
	rtc->cmos[REGISTER_C] = 0;
	update_interrupt(rtc);
	return flags;
}

/* Registers A and B, which stop the clock and start it. */
static void write_control(struct rtc *rtc, enum cmos_register index, uint8_t value)
{
	bool stood = stands(rtc), was_reset = divider_reset(rtc);

	update_flags(rtc);
	date_to_registers(rtc);
	rtc->cmos[index] = index == REGISTER_A ? value & ~A_UIP : value;
	if (rtc->cmos[REGISTER_B] & B_SET)
		rtc->cmos[REGISTER_B] &= ~UPDATE_ENDED;
	/* The first second after a reset of the divider is half a second long. */
	if (was_reset && !divider_reset(rtc))
		rtc->phase = (rtc->phase + ns_to_next_second(rtc) + NS_PER_S / 2) % NS_PER_S;
	if (stood && !stands(rtc))
		registers_to_date(rtc);
	rtc->seen_tick = periodic_ticks(rtc);
	update_interrupt(rtc);
}

static void write_register(struct rtc *rtc, enum cmos_register index, uint8_t value)
{
	switch (index) {
	case SECONDS:
	case MINUTES:
	case HOURS:
	case DAY_OF_WEEK:
	case DATE_OF_MONTH:
	case MONTH:
	case YEAR:
	case CENTURY:
		update_flags(rtc);
		date_to_registers(rtc);
		rtc->cmos[index] = value;
		if (!stands(rtc))
			registers_to_date(rtc);
		break;
	case SECONDS_ALARM:
	case MINUTES_ALARM:
	case HOURS_ALARM:
		update_flags(rtc);
		rtc->cmos[index] = value;
		update_interrupt(rtc);
		break;
	case REGISTER_A:
	case REGISTER_B:
		write_control(rtc, index, value);
		break;
	case REGISTER_C:
	case REGISTER_D:
		break;
	default:
		rtc->cmos[index] = value;
	}
}

static uint8_t read_register(struct rtc *rtc, enum cmos_register index)
{
	switch (index) {
	case REGISTER_A:
		if (!stands(rtc) && ns_to_next_second(rtc) <= UIP_NS)
			return rtc->cmos[REGISTER_A] | A_UIP;
		break;
	case REGISTER_C:
		return read_register_c(rtc);
	default:
		if (index <= YEAR || index == CENTURY)
			date_to_registers(rtc);
	}
	return rtc->cmos[index];
}

#define INDEX_MASK	0x7f		/* the other bit masks NMI */

static uint64_t rtc_read(struct device *device, const struct device_range *range, uint64_t offset,
			 unsigned int size)
{
	struct rtc *rtc = container_of(device, struct rtc, device);

	(void)range, (void)size;
	return offset ? read_register(rtc, rtc->index) : 0xff;
}

static void rtc_write(struct device *device, const struct device_range *range, uint64_t offset,
		      unsigned int size, uint64_t value)
{
	struct rtc *rtc = container_of(device, struct rtc, device);

	(void)range, (void)size;
	if (offset)
		write_register(rtc, rtc->index, value);
	else
		rtc->index = value & INDEX_MASK;
}

/* The size of what lies from start to end, in units, but not more than two bytes hold. */
static void set_size(struct rtc *rtc, enum cmos_register index, uint64_t start, uint64_t end, uint64_t unit)
{
	uint64_t size = end > start ? (end - start) / unit : 0;

	if (size > 0xffff)
		size = 0xffff;
	rtc->cmos[index] = size;
	rtc->cmos[index + 1] = size >> 8;
}

void rtc_init(struct rtc *rtc, struct timers *timers, struct irq irq8, uint64_t ram_size)
{
	*rtc = (struct rtc){
		.device = {
			.name = "rtc",
			.range = { { SPACE_PORT, 0x70, 2, 1 } },
			.read = rtc_read,
			.write = rtc_write,
		},
		.cmos = {
			[REGISTER_A] = A_DIVIDER_RUNS | A_RATE_1024HZ,
			[REGISTER_B] = B_24_HOURS,
			[REGISTER_D] = D_VALID,
		},
		.wall_clock = host_wall_clock,
		.timers = timers,
		.irq8 = irq8,
	};
	timer_init(&rtc->timer, timers, expire);
	rtc->seen_second = guest_second(rtc);
	rtc->seen_tick = periodic_ticks(rtc);
	set_size(rtc, BASE_MEMORY, 0, ram_size < 640 << 10 ? ram_size : 640 << 10, 1 << 10);
	set_size(rtc, EXTENDED_MEMORY, 1 << 20, ram_size, 1 << 10);
	set_size(rtc, EXTENDED_MEMORY_FOUND, 1 << 20, ram_size, 1 << 10);
	set_size(rtc, MEMORY_OVER_16M, 16 << 20, ram_size, 64 << 10);
}
