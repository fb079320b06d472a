/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug_ports.h - three ports with which a guest is debugged: a console of one byte (0xe9), an exit
 * (0xf4) and the progress code of firmware (0x80).
 *
 * Reached from the bus; see debug_ports.c.
 */
#ifndef MINIVMX_TOOLS_DEBUG_PORTS_H
#define MINIVMX_TOOLS_DEBUG_PORTS_H

#include "devices/device.h"

struct debug_ports {
	struct device device;
	struct output *output;
	struct stop *stop;
	uint8_t post;			/* the last progress code; reads back */
};

void debug_ports_init(struct debug_ports *ports, struct output *output, struct stop *stop);

#endif /* MINIVMX_TOOLS_DEBUG_PORTS_H */
