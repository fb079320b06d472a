/* SPDX-License-Identifier: GPL-2.0 */
/*
 * acpi.h - the ACPI tables, by which a guest finds CPUs, interrupt controllers and devices.
 *
 * Reached from pc.c, before the guest starts; continues in acpi.c.
 */
#ifndef MINIVMX_TOOLS_ACPI_H
#define MINIVMX_TOOLS_ACPI_H

#include <stdint.h>

#include "devices/device.h"

/* Where firmware is on a PC, and where guests look for the RSDP. It is not free for their use. */
#define ACPI_BEGIN	0xe0000
#define ACPI_END	0x100000

/* A virtio-mmio device. */
struct acpi_window {
	uint32_t base, size;
	unsigned int gsi;
};

struct acpi_machine {
	unsigned int cpus;		/* up to 255, with APIC IDs from 0 on */
	const struct acpi_window *windows;
	unsigned int window_count;
};

/* The address of the RSDP, or 0 where the tables do not fit into the memory or their place in it. */
uint64_t acpi_write_tables(const struct guest_memory *memory, const struct acpi_machine *machine);

#endif /* MINIVMX_TOOLS_ACPI_H */
