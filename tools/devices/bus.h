/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bus.h - finds the device behind a port or an address.
 *
 * Reached from cpu.c for each access of a guest; continues in the device's own file.
 */
#ifndef MINIVMX_TOOLS_BUS_H
#define MINIVMX_TOOLS_BUS_H

#include "devices/device.h"

struct bus {
	struct device *first;
};

/* The device stays the caller's, and must outlive the bus. Where ranges overlap, the later one wins. */
void bus_add(struct bus *bus, struct device *device);

/*
 * size: 1, 2, 4 or 8. Where no device is, reads are all ones and writes are lost, as on a PC; *found, if
 * not NULL, says whether one was there. An access goes whole to the device that has its first byte.
 */
uint64_t bus_read(struct bus *bus, enum address_space space, uint64_t address, unsigned int size, bool *found);
void bus_write(struct bus *bus, enum address_space space, uint64_t address, unsigned int size, uint64_t value,
	       bool *found);

#endif /* MINIVMX_TOOLS_BUS_H */
