/* SPDX-License-Identifier: GPL-2.0 */
/*
 * i8042.h - the keyboard controller of a PC that has neither keyboard nor mouse: guests use it to
 * open the A20 gate and to reset the machine.
 *
 * Reached from the bus, for ports 0x60 and 0x64; see i8042.c.
 */
#ifndef MINIVMX_TOOLS_I8042_H
#define MINIVMX_TOOLS_I8042_H

#include "devices/device.h"

#define I8042_RAM	32

struct i8042 {
	struct device device;
	struct stop *stop;
	uint8_t ram[I8042_RAM];		/* [0]: the controller command byte */
	uint8_t output_port;
	uint8_t output;			/* what port 0x60 reads as */
	uint8_t status;
	uint8_t command;		/* waits for its byte at port 0x60; 0: none does */
};

void i8042_init(struct i8042 *controller, struct stop *stop);

#endif /* MINIVMX_TOOLS_I8042_H */
