// SPDX-License-Identifier: GPL-2.0
/*
 * pvpanic.c - one register: reads as the events that we know; a write says which has happened.
 *
 * Reached from the bus; see pvpanic.h. It follows QEMU's docs/specs/pvpanic.rst, "ISA Interface".
 */
#include <misc/pvpanic.h>

#include "devices/pvpanic.h"

static uint64_t pvpanic_read(struct device *device, const struct device_range *range, uint64_t offset,
			     unsigned int size)
{
	(void)device;
	(void)range;
	(void)offset;
	(void)size;
	return PVPANIC_PANICKED | PVPANIC_CRASH_LOADED;
}

static void pvpanic_write(struct device *device, const struct device_range *range, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct pvpanic *panic = container_of(device, struct pvpanic, device);

	(void)range;
	(void)offset;
	(void)size;
	if (value & PVPANIC_CRASH_LOADED)
		panic->crash_loaded = true;
	if (value & PVPANIC_PANICKED)
		panic->stop->stop(panic->stop, STOP_PANIC, 0);
}

void pvpanic_init(struct pvpanic *panic, struct stop *stop)
{
	*panic = (struct pvpanic){
		.device = {
			.name = "pvpanic",
			.range = { { SPACE_PORT, PVPANIC_PORT, 1, 1 } },
			.read = pvpanic_read,
			.write = pvpanic_write,
		},
		.stop = stop,
	};
}
