/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ports.h - the guest's I/O ports: a debug port, a serial port and an exit port.
 *
 * Reached from run.c for each IN and OUT of the guest; pure but for the output stream.
 */
#ifndef MINIVMX_TOOLS_PORTS_H
#define MINIVMX_TOOLS_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PORT_DEBUG	0xe9	/* as in Bochs: a byte written is printed */
#define PORT_EXIT	0xf4	/* a value written ends the run; its low byte is the exit status */
#define PORT_COM1	0x3f8	/* a 16550 UART that is always ready to send and never receives */

struct ports {
	FILE *out;
	uint8_t divisor[2];	/* COM1's baud rate: kept, for the guest that reads it back */
	uint8_t ier, lcr, mcr, scratch;
	bool exited;
	uint8_t exit_status;
};

void port_out(struct ports *ports, uint16_t port, uint32_t value);
uint32_t port_in(struct ports *ports, uint16_t port, unsigned int size);

#endif /* MINIVMX_TOOLS_PORTS_H */
