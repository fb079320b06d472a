/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pvpanic.h - the port (0x505) through which a guest's kernel says that it has crashed.
 *
 * Reached from the bus; see pvpanic.c. Guests find it by ACPI, as QEMU0001.
 */
#ifndef MINIVMX_TOOLS_PVPANIC_H
#define MINIVMX_TOOLS_PVPANIC_H

#include "devices/device.h"

#define PVPANIC_PORT	0x505

struct pvpanic {
	struct device device;
	struct stop *stop;
	bool crash_loaded;	/* it has crashed, and another kernel of its own takes over */
};

void pvpanic_init(struct pvpanic *panic, struct stop *stop);

#endif /* MINIVMX_TOOLS_PVPANIC_H */
