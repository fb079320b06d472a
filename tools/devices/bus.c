// SPDX-License-Identifier: GPL-2.0
/*
 * bus.c - finds the device behind a port or an address, and hands it the access in pieces
 * that it can take.
 *
 * Reached from cpu.c; see bus.h.
 */
#include "devices/bus.h"

void bus_add(struct bus *bus, struct device *device)
{
	device->next = bus->first;
	bus->first = device;
}

static struct device *find(const struct bus *bus, enum address_space space, uint64_t address,
			   const struct device_range **range)
{
	for (struct device *device = bus->first; device; device = device->next)
		for (unsigned int i = 0; i < DEVICE_RANGES; i++) {
			const struct device_range *r = &device->range[i];

			if (r->space == space && address >= r->base && address - r->base < r->size) {
				*range = r;
				return device;
			}
		}
	return NULL;
}

/* Bytes of one piece, a power of two: what the device takes at once, and no more than is left of its range. */
static unsigned int piece_size(const struct device_range *range, uint64_t address, unsigned int size)
{
	uint64_t left = range->size - (address - range->base);
	unsigned int piece = range->width;

	while (piece > size || piece > left)
		piece /= 2;
	return piece;
}

static uint64_t low_bits(uint64_t value, unsigned int size)
{
	return size < 8 ? value & ((1ull << (8 * size)) - 1) : value;
}

uint64_t bus_read(struct bus *bus, enum address_space space, uint64_t address, unsigned int size, bool *found)
{
	uint64_t value = ~0ull;

	if (found)
		*found = false;
	for (unsigned int done = 0, piece; done < size; done += piece) {
		const struct device_range *range;
		struct device *device = find(bus, space, address + done, &range);
		uint64_t part;

		piece = 1;
		if (!device)
			continue;
		if (found)
			*found = true;
		piece = piece_size(range, address + done, size - done);
		part = low_bits(device->read(device, range, address + done - range->base, piece), piece);
		value &= ~(low_bits(~0ull, piece) << (8 * done));
		value |= part << (8 * done);
	}
	return low_bits(value, size);
}

void bus_write(struct bus *bus, enum address_space space, uint64_t address, unsigned int size, uint64_t value,
	       bool *found)
{
	if (found)
		*found = false;
	for (unsigned int done = 0, piece; done < size; done += piece) {
		const struct device_range *range;
		struct device *device = find(bus, space, address + done, &range);

		piece = 1;
		if (!device)
			continue;
		if (found)
			*found = true;
		piece = piece_size(range, address + done, size - done);
		device->write(device, range, address + done - range->base, piece,
			      low_bits(value >> (8 * done), piece));
	}
}
