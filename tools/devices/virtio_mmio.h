/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_mmio.h - what all virtio devices are made of: the registers that a driver sets the
 * device and its queues up by, and the interrupt.
 *
 * Reached from virtio_blk.c and its like, each of which embeds a struct virtio_device and puts
 * device.device on the bus; continues in virtio_queue.c. Follows VIRTIO 1.2, 2.1 "Device Status
 * Field" to 2.5, and 4.2 "Virtio Over MMIO"; there is no legacy interface.
 */
#ifndef MINIVMX_TOOLS_VIRTIO_MMIO_H
#define MINIVMX_TOOLS_VIRTIO_MMIO_H

#include "devices/device.h"
#include "devices/timers.h"
#include "devices/virtio_queue.h"

#define VIRTIO_MMIO_SIZE	0x1000
#define VIRTIO_QUEUES		2

struct virtio_device {
	/* The device's; all but queue[].chain_limit before virtio_mmio_init(). */
	uint32_t id;			/* VIRTIO_ID_* */
	uint64_t features;
	unsigned int queues;
	const void *config;		/* its configuration space, which the driver cannot write to */
	size_t config_size;
	void (*notify)(struct virtio_device *virtio, unsigned int queue);
	void (*reset)(struct virtio_device *virtio);	/* or NULL */

	const struct guest_memory *memory;
	struct irq irq;			/* level triggered */
	struct device device;
	struct timer rest;		/* of queues that rest */
	struct virtio_queue queue[VIRTIO_QUEUES];
	uint64_t driver_features;
	uint32_t features_selector, driver_features_selector, queue_selector;
	uint32_t status;		/* VIRTIO_CONFIG_S_* */
	uint32_t interrupt_status;	/* VIRTIO_MMIO_INT_* */
	uint32_t generation;
};

void virtio_mmio_init(struct virtio_device *virtio, const char *name, const struct guest_memory *memory,
		      struct timers *timers, struct irq irq, uint64_t base);

/* Whether the driver has set all up, so that its queues may be used. */
bool virtio_running(const struct virtio_device *virtio);

/* Tells the driver what has been given back. A device calls it when it used a queue outside of notify(). */
void virtio_settle(struct virtio_device *virtio);

/* The configuration space has changed. */
void virtio_config_changed(struct virtio_device *virtio);

#endif /* MINIVMX_TOOLS_VIRTIO_MMIO_H */
