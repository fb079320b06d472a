// SPDX-License-Identifier: GPL-2.0
/*
 * rig.c - what a device under test is plugged into; see rig.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rig.h"

char rig_complaint[512];

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(rig_complaint, sizeof(rig_complaint), format, arguments);
	va_end(arguments);
}

static uint64_t rig_now(const struct timers *timers)
{
	return container_of(timers, struct rig, timers)->time;
}

static void rig_write(struct output *output, const uint8_t *bytes, size_t count)
{
	struct rig *rig = container_of(output, struct rig, output);

	for (size_t i = 0; i < count; i++, rig->written_count++)
		if (rig->written_count < sizeof(rig->written))
			rig->written[rig->written_count] = bytes[i];
}

static void rig_stop(struct stop *stop, enum stop_reason reason, int status)
{
	struct rig *rig = container_of(stop, struct rig, stop);

	rig->stops++;
	rig->stop_reason = reason;
	rig->stop_status = status;
}

static void rig_set_line(void *controller, unsigned int number, bool level)
{
	struct rig *rig = controller;

	rig->edges[number] += level && !rig->level[number];
	rig->level[number] = level;
}

static bool rig_line_waits(void *controller, unsigned int number)
{
	return ((struct rig *)controller)->busy[number];
}

void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig_complaint[0] = 0;
	rig->timers.now = rig_now;
	rig->output.write = rig_write;
	rig->stop.stop = rig_stop;
	rig->memory = (struct guest_memory){ .bytes = rig->bytes, .size = sizeof(rig->bytes) };
	rig->random = 0x9e3779b97f4a7c15;
}

struct irq rig_irq(struct rig *rig, unsigned int number)
{
	return (struct irq){ .set = rig_set_line, .waits = rig_line_waits, .controller = rig, .number = number };
}

void rig_pass(struct rig *rig, uint64_t ns)
{
	uint64_t end = rig->time + ns;

	while (rig->timers.first && rig->timers.first->deadline <= end) {
		if (rig->timers.first->deadline > rig->time)
			rig->time = rig->timers.first->deadline;
		timers_expire(&rig->timers);
	}
	rig->time = end;
}

/* xorshift64 */
uint64_t rig_random(struct rig *rig)
{
	rig->random ^= rig->random << 13;
	rig->random ^= rig->random >> 7;
	rig->random ^= rig->random << 17;
	return rig->random;
}

/* Half of all values are small: they are what registers mean something by. */
static uint64_t fuzz_value(struct rig *rig)
{
	uint64_t random = rig_random(rig);

	return random & 1 ? random >> 1 : (random >> 1) & 0xff;
}

void rig_fuzz(struct rig *rig, struct device *device, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct device_range *range = &device->range[rig_random(rig) % DEVICE_RANGES];
		unsigned int size = 1u << rig_random(rig) % (range->space == SPACE_PORT ? 3 : 4);
		uint64_t address;

		if (!range->size)
			continue;
		address = range->base + rig_random(rig) % range->size;
		if (rig_random(rig) & 1)
			bus_write(&rig->bus, range->space, address, size, fuzz_value(rig), NULL);
		else
			bus_read(&rig->bus, range->space, address, size, NULL);
		if (!(rig_random(rig) & 7)) {
			/* A bounded number of deadlines: an event loop is not always on time. */
			rig->time += rig_random(rig) % NS_PER_S;
			timers_expire(&rig->timers);
		}
	}
}
