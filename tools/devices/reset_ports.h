/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reset_ports.h - the chipset's two ports that reset the machine: system control port A (0x92) and
 * the reset control register (0xcf9).
 *
 * Reached from the bus; see reset_ports.c.
 */
#ifndef MINIVMX_TOOLS_RESET_PORTS_H
#define MINIVMX_TOOLS_RESET_PORTS_H

#include "devices/device.h"

#define RESET_CONTROL_PORT	0xcf9
#define RESET_CONTROL_HARD	0x02
#define RESET_CONTROL_CPU	0x04

struct reset_ports {
	struct device device;
	struct stop *stop;
	uint8_t port_a, control;
};

/* Goes on the bus after pci_config, whose ports surround 0xcf9. */
void reset_ports_init(struct reset_ports *ports, struct stop *stop);

#endif /* MINIVMX_TOOLS_RESET_PORTS_H */
