// SPDX-License-Identifier: GPL-2.0
/*
 * debug_ports.c - console, exit and POST code. Each is one byte wide: of a wider value the low byte counts.
 *
 * Reached from the bus; see debug_ports.h. The console is that of Bochs (its documentation, option
 * "port_e9_hack"), the exit's place that of QEMU's isa-debug-exit; but the value is the status as it is.
 */
#include "devices/debug_ports.h"

#define PORT_POST	0x80
#define PORT_CONSOLE	0xe9
#define PORT_EXIT	0xf4

static uint64_t debug_ports_read(struct device *device, const struct device_range *range, uint64_t offset,
				 unsigned int size)
{
	(void)offset;
	(void)size;
	switch (range->base) {
	case PORT_POST:
		return container_of(device, struct debug_ports, device)->post;
	case PORT_CONSOLE:
		/* Its own number: how a guest finds out that it is there. */
		return PORT_CONSOLE;
	default:
		return ~0ull;
	}
}

static void debug_ports_write(struct device *device, const struct device_range *range, uint64_t offset,
			      unsigned int size, uint64_t value)
{
	struct debug_ports *ports = container_of(device, struct debug_ports, device);
	uint8_t byte = value;

	(void)offset;
	(void)size;
	switch (range->base) {
	case PORT_POST:
		ports->post = byte;
		break;
	case PORT_CONSOLE:
		ports->output->write(ports->output, &byte, 1);
		break;
	case PORT_EXIT:
		ports->stop->stop(ports->stop, STOP_EXIT, byte);
		break;
	}
}

void debug_ports_init(struct debug_ports *ports, struct output *output, struct stop *stop)
{
	*ports = (struct debug_ports){
		.device = {
			.name = "debug ports",
			.range = {
				{ SPACE_PORT, PORT_POST, 1, 1 },
				{ SPACE_PORT, PORT_CONSOLE, 1, 1 },
				{ SPACE_PORT, PORT_EXIT, 1, 1 },
			},
			.read = debug_ports_read,
			.write = debug_ports_write,
		},
		.output = output,
		.stop = stop,
	};
}
