/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rig.h - what a device under test is plugged into, instead of a PC: a clock that stands until
 * it is told to go on, interrupt lines that count, a buffer for output, 64 KiB of memory.
 */
#ifndef SELFTESTS_DEVICES_RIG_H
#define SELFTESTS_DEVICES_RIG_H

#include "devices/bus.h"
#include "devices/device.h"
#include "devices/timers.h"

#define RIG_LINES	32
#define RIG_MEMORY	65536

struct rig {
	struct bus bus;
	struct timers timers;
	uint64_t time;				/* ns */
	bool level[RIG_LINES];
	unsigned int edges[RIG_LINES];		/* rising ones */
	bool busy[RIG_LINES];			/* what irq_waits() answers */
	struct output output;
	uint8_t written[4096];
	size_t written_count;			/* may exceed the buffer */
	struct stop stop;
	unsigned int stops;
	enum stop_reason stop_reason;
	int stop_status;
	struct guest_memory memory;
	uint8_t bytes[RIG_MEMORY] __attribute__((aligned(4096)));
	uint64_t random;			/* state of rig_random() */
};

/* What complain() of command.h was last told. */
extern char rig_complaint[512];

void rig_init(struct rig *rig);
struct irq rig_irq(struct rig *rig, unsigned int number);

/* Lets time pass, deadline by deadline, as an event loop that is always on time would. */
void rig_pass(struct rig *rig, uint64_t ns);

uint64_t rig_random(struct rig *rig);

/*
 * What a hostile guest does: count accesses of every size, to any offset of any of the device's ranges,
 * with time passing in between. The device must be on the rig's bus.
 */
void rig_fuzz(struct rig *rig, struct device *device, unsigned int count);

static inline uint32_t port_in(struct rig *rig, uint16_t port, unsigned int size)
{
	return bus_read(&rig->bus, SPACE_PORT, port, size, NULL);
}

static inline void port_out(struct rig *rig, uint16_t port, unsigned int size, uint32_t value)
{
	bus_write(&rig->bus, SPACE_PORT, port, size, value, NULL);
}

static inline uint64_t memory_read(struct rig *rig, uint64_t address, unsigned int size)
{
	return bus_read(&rig->bus, SPACE_MEMORY, address, size, NULL);
}

static inline void memory_write(struct rig *rig, uint64_t address, unsigned int size, uint64_t value)
{
	bus_write(&rig->bus, SPACE_MEMORY, address, size, value, NULL);
}

#endif /* SELFTESTS_DEVICES_RIG_H */
