/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_console.h - a console with one port: characters in whole buffers, and the terminal's size.
 *
 * Reached from pc.c, which connects it with the user's terminal; continues in virtio_mmio.c.
 * Follows VIRTIO 1.2, 5.3 "Console Device".
 */
#ifndef MINIVMX_TOOLS_VIRTIO_CONSOLE_H
#define MINIVMX_TOOLS_VIRTIO_CONSOLE_H

#include <linux/virtio_console.h>

#include "devices/virtio_mmio.h"

#define VIRTIO_CONSOLE_INPUT 1024

struct virtio_console {
	struct virtio_device virtio;
	struct virtio_console_config config;
	bool size_told;				/* to the driver that is there now */
	struct output *output;
	/* The owner's, may be NULL: virtio_console_room() is not 0 any more. */
	void (*has_room)(struct virtio_console *console);
	uint8_t input[VIRTIO_CONSOLE_INPUT];	/* for which the driver has given no buffers yet */
	size_t count;
	struct timer full;			/* the output has no room: looks again */
};

void virtio_console_init(struct virtio_console *console, struct output *output,
			 const struct guest_memory *memory, struct timers *timers, struct irq irq, uint64_t base);

/* The user has typed: returns how many bytes were taken, virtio_console_room() at most. */
size_t virtio_console_receive(struct virtio_console *console, const uint8_t *bytes, size_t count);
size_t virtio_console_room(const struct virtio_console *console);

/* The terminal's size; 0 for what is not known, as at first. */
void virtio_console_resize(struct virtio_console *console, uint16_t columns, uint16_t rows);

#endif /* MINIVMX_TOOLS_VIRTIO_CONSOLE_H */
