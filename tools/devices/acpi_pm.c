// SPDX-License-Identifier: GPL-2.0
/*
 * acpi_pm.c - the PM1a event and control registers, and the 32-bit power management timer.
 *
 * Reached from the bus; see acpi_pm.h. It follows the ACPI Specification 6.5, sections 4.8.3 "Fixed
 * Hardware Registers" and 4.8.2.1 "Power Management Timer". The machine is always in ACPI mode: there
 * is no SMI, and SCI_EN reads as one.
 */
#include "devices/acpi_pm.h"

/* PM1 status and enable have the same layout. */
#define EVENT_TIMER		0x0001
#define EVENT_GLOBAL_LOCK	0x0020	/* firmware releases the lock; ours never takes it */
#define EVENT_POWER_BUTTON	0x0100
#define EVENT_CLOCK		0x0400	/* can be enabled, and never comes: the RTC wakes nobody */
#define EVENTS			(EVENT_TIMER | EVENT_GLOBAL_LOCK | EVENT_POWER_BUTTON | EVENT_CLOCK)

#define CONTROL_SCI_EN		0x0001
#define CONTROL_BM_RLD		0x0002
#define CONTROL_SLP_TYP		0x1c00
#define CONTROL_SLP_TYP_SHIFT	10
#define CONTROL_SLP_EN		0x2000	/* write-only */

#define TIMER_HZ		3579545ull
#define TIMER_CARRY_SHIFT	31	/* TMR_STS: each time the highest of 32 bits changes */

/* Whole seconds apart from the rest, so that no product overflows and no fraction of a tick is lost. */
static uint64_t ticks_from_ns(uint64_t ns)
{
	return ns / NS_PER_S * TIMER_HZ + ns % NS_PER_S * TIMER_HZ / NS_PER_S;
}

/* The first ns at which the timer shows so many. */
static uint64_t ns_from_ticks(uint64_t ticks)
{
	return ticks / TIMER_HZ * NS_PER_S + (ticks % TIMER_HZ * NS_PER_S + TIMER_HZ - 1) / TIMER_HZ;
}

static uint64_t ticks(const struct acpi_pm *pm)
{
	return ticks_from_ns(timers_now(pm->carry.timers) - pm->start);
}

static void update_sci(struct acpi_pm *pm)
{
	irq_set(&pm->sci, pm->status & pm->enable);
}

/* Also before each access: a guest that sees the timer's carry sees the status that goes with it. */
static void latch_carry(struct acpi_pm *pm)
{
	uint64_t carries = ticks(pm) >> TIMER_CARRY_SHIFT;

	if (carries == pm->carries)
		return;
	pm->carries = carries;
	pm->status |= EVENT_TIMER;
	timer_arm(&pm->carry, pm->start + ns_from_ticks((carries + 1) << TIMER_CARRY_SHIFT));
	update_sci(pm);
}

static void carry_expired(struct timer *timer)
{
	latch_carry(container_of(timer, struct acpi_pm, carry));
}

/* Accesses to these three arrive byte by byte: each byte has a meaning of its own. */
static uint64_t registers(const struct acpi_pm *pm)
{
	return pm->status | (uint64_t)pm->enable << 16 | (uint64_t)pm->control << 32;
}

static uint64_t acpi_pm_read(struct device *device, const struct device_range *range, uint64_t offset,
			     unsigned int size)
{
	struct acpi_pm *pm = container_of(device, struct acpi_pm, device);

	(void)size;
	latch_carry(pm);
	if (range->base == ACPI_PM_TIMER_PORT)
		return (uint32_t)ticks(pm) >> 8 * offset;
	return registers(pm) >> 8 * (range->base + offset - ACPI_PM_EVENT_PORT);
}

static void write_control(struct acpi_pm *pm, uint16_t value)
{
	pm->control = CONTROL_SCI_EN | (value & (CONTROL_BM_RLD | CONTROL_SLP_TYP));
	if (value & CONTROL_SLP_EN && (value & CONTROL_SLP_TYP) >> CONTROL_SLP_TYP_SHIFT == ACPI_PM_SOFT_OFF)
		pm->stop->stop(pm->stop, STOP_POWER_OFF, 0);
}

static void acpi_pm_write(struct device *device, const struct device_range *range, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct acpi_pm *pm = container_of(device, struct acpi_pm, device);
	unsigned int shift = 8 * (offset & 1);
	uint16_t others = 0xff00 >> shift;

	(void)size;
	if (range->base == ACPI_PM_TIMER_PORT)
		return;
	latch_carry(pm);
	value <<= shift;
	if (range->base == ACPI_PM_CONTROL_PORT)
		write_control(pm, (pm->control & others) | value);
	else if (offset < 2)
		pm->status &= ~value;
	else
		pm->enable = (pm->enable & others) | (value & EVENTS);
	update_sci(pm);
}

void acpi_pm_power_button(struct acpi_pm *pm)
{
	pm->status |= EVENT_POWER_BUTTON;
	update_sci(pm);
}

void acpi_pm_init(struct acpi_pm *pm, struct timers *timers, struct irq sci, struct stop *stop)
{
	*pm = (struct acpi_pm){
		.device = {
			.name = "ACPI power management",
			.range = {
				{ SPACE_PORT, ACPI_PM_EVENT_PORT, ACPI_PM_EVENT_LENGTH, 1 },
				{ SPACE_PORT, ACPI_PM_CONTROL_PORT, ACPI_PM_CONTROL_LENGTH, 1 },
				{ SPACE_PORT, ACPI_PM_TIMER_PORT, ACPI_PM_TIMER_LENGTH, 4 },
			},
			.read = acpi_pm_read,
			.write = acpi_pm_write,
		},
		.sci = sci,
		.stop = stop,
		.start = timers_now(timers),
		.control = CONTROL_SCI_EN,
	};
	timer_init(&pm->carry, timers, carry_expired);
	timer_arm(&pm->carry, pm->start + ns_from_ticks(1ull << TIMER_CARRY_SHIFT));
}
