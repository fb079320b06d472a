/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device.h - what every device of the guest's PC is made of: address ranges, an interrupt
 * line, timers; and what it may use of the machine around it.
 *
 * Reached from pc.c, which puts the devices together; continues in bus.c (who gets an
 * access), timers.h (time) and in one file for each device. A device knows no VM, no thread
 * and no lock: all calls into it are made one at a time, under the machine's lock. So each
 * can be tested, and fuzzed, without a VM. What comes from the guest is hostile: any offset in
 * a range, any size and value, in any order.
 */
#ifndef MINIVMX_TOOLS_DEVICE_H
#define MINIVMX_TOOLS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The structure that holds this member; devices embed a struct device, a struct timer. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

enum address_space {
	SPACE_PORT,
	SPACE_MEMORY,
};

struct device_range {
	enum address_space space;
	uint64_t base, size;
	unsigned int width;		/* bytes; wider accesses arrive in pieces of it, lowest first */
};

#define DEVICE_RANGES 4

struct device {
	const char *name;
	struct device_range range[DEVICE_RANGES];	/* those with a size */
	/* size: 1, 2, 4 or (in memory) 8 bytes, and not over the range's width; it may be unaligned. */
	uint64_t (*read)(struct device *device, const struct device_range *range, uint64_t offset,
			 unsigned int size);
	void (*write)(struct device *device, const struct device_range *range, uint64_t offset,
		      unsigned int size, uint64_t value);
	struct device *next;		/* of bus.c */
};

/*
 * One input of an interrupt controller. A device holds a copy and says its level. waits() tells whether
 * the last edge has not reached a CPU yet, so that a timer does not lose its next one. Both may be NULL.
 */
struct irq {
	void (*set)(void *controller, unsigned int number, bool level);
	bool (*waits)(void *controller, unsigned int number);
	void *controller;
	unsigned int number;
};

static inline void irq_set(const struct irq *irq, bool level)
{
	if (irq->set)
		irq->set(irq->controller, irq->number, level);
}

static inline bool irq_waits(const struct irq *irq)
{
	return irq->waits && irq->waits(irq->controller, irq->number);
}

/* A rising and a falling edge, for what is no line of its own. */
static inline void irq_pulse(const struct irq *irq)
{
	irq_set(irq, true);
	irq_set(irq, false);
}

/* How a device ends the run. */
enum stop_reason {
	STOP_POWER_OFF,
	STOP_RESET,
	STOP_EXIT,			/* the debug-exit port; status: the value */
	STOP_PANIC,			/* the guest says that its kernel has crashed */
};

struct stop {
	void (*stop)(struct stop *stop, enum stop_reason reason, int status);
};

/* Where a device's output goes: a terminal, a file, a test's buffer. */
struct output {
	void (*write)(struct output *output, const uint8_t *bytes, size_t count);
	size_t (*room)(struct output *output);	/* or NULL; what is written beyond it is lost */
};

/* The guest's memory, for devices that read and write it themselves. */
struct guest_memory {
	uint8_t *bytes;			/* guest-physical 0 to size */
	uint64_t size;
};

/* NULL unless all of it is memory. The guest changes it meanwhile: read each value once. */
static inline void *guest_memory_at(const struct guest_memory *memory, uint64_t address, uint64_t size)
{
	if (address > memory->size || size > memory->size - address)
		return NULL;
	return memory->bytes + address;
}

#endif /* MINIVMX_TOOLS_DEVICE_H */
