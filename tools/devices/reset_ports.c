// SPDX-License-Identifier: GPL-2.0
/*
 * reset_ports.c - system control port A and the reset control register.
 *
 * Reached from the bus; see reset_ports.h. They follow the Intel I/O Controller Hub 9 data sheet,
 * "PORT92 - Fast A20 and Init Register" and "RST_CNT - Reset Control Register". The A20 gate reads
 * back, but memory always has all address lines.
 */
#include "devices/reset_ports.h"

#define PORT_A_RESET	0x01
#define PORT_A_A20	0x02

#define CONTROL_FULL	0x08	/* power-cycles, on what has power */

static uint64_t reset_ports_read(struct device *device, const struct device_range *range, uint64_t offset,
				 unsigned int size)
{
	struct reset_ports *ports = container_of(device, struct reset_ports, device);

	(void)offset;
	(void)size;
	return range == &device->range[0] ? ports->port_a : ports->control;
}

static void reset_ports_write(struct device *device, const struct device_range *range, uint64_t offset,
			      unsigned int size, uint64_t value)
{
	struct reset_ports *ports = container_of(device, struct reset_ports, device);
	bool reset;

	(void)offset;
	(void)size;
	if (range == &device->range[0]) {
		ports->port_a = value & PORT_A_A20;
		reset = value & PORT_A_RESET;
	} else {
		/* Its rising edge resets: a guest first chooses the kind, then sets this bit too. */
		reset = value & ~ports->control & RESET_CONTROL_CPU;
		ports->control = value & (RESET_CONTROL_HARD | RESET_CONTROL_CPU | CONTROL_FULL);
	}
	if (reset)
		ports->stop->stop(ports->stop, STOP_RESET, 0);
}

void reset_ports_init(struct reset_ports *ports, struct stop *stop)
{
	*ports = (struct reset_ports){
		.device = {
			.name = "reset ports",
			.range = { { SPACE_PORT, 0x92, 1, 1 }, { SPACE_PORT, RESET_CONTROL_PORT, 1, 1 } },
			.read = reset_ports_read,
			.write = reset_ports_write,
		},
		.stop = stop,
		.port_a = PORT_A_A20,
	};
}
