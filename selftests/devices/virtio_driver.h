/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_driver.h - a small driver for a virtio device under test: sets it up as VIRTIO 1.2, 3.1
 * says, and puts real descriptor chains into the rig's memory.
 */
#ifndef SELFTESTS_DEVICES_VIRTIO_DRIVER_H
#define SELFTESTS_DEVICES_VIRTIO_DRIVER_H

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "devices/virtio_mmio.h"
#include "rig.h"

#define DRIVER_BASE	0xd0000000
#define DRIVER_LINE	5
#define DRIVER_BUFFERS	0x4000		/* the memory up to here is the queues' */

struct virtio_driver {
	struct rig *rig;
	struct virtio_device *virtio;
	struct vring ring[VIRTIO_QUEUES];
	uint16_t used[VIRTIO_QUEUES];		/* of the used ring: to be looked at next */
	uint16_t descriptor[VIRTIO_QUEUES];	/* the next that is free; they are used in a circle */
	uint32_t fuzz_length[4];		/* of descriptors that mean something to the device */
};

static inline uint32_t driver_read(struct virtio_driver *driver, uint32_t offset)
{
	return memory_read(driver->rig, DRIVER_BASE + offset, 4);
}

static inline void driver_write(struct virtio_driver *driver, uint32_t offset, uint32_t value)
{
	memory_write(driver->rig, DRIVER_BASE + offset, 4, value);
}

/* The device is at DRIVER_BASE, on line DRIVER_LINE, and not on the rig's bus yet. */
void driver_init(struct virtio_driver *driver, struct rig *rig, struct virtio_device *virtio);

/* Resets the device and sets all up, with these features and VIRTIO_F_VERSION_1. Whether it is running. */
bool driver_start(struct virtio_driver *driver, uint64_t features, uint32_t size);

/* Only up to FEATURES_OK, and one queue, for tests that go on by themselves. */
void driver_negotiate(struct virtio_driver *driver, uint64_t features);
void driver_set_queue(struct virtio_driver *driver, unsigned int queue, uint32_t size);

/* Makes one chain of these available; the flag NEXT and the next index are filled in. Returns its head. */
uint16_t driver_add(struct virtio_driver *driver, unsigned int queue, const struct vring_desc parts[],
		    unsigned int count);

/* Takes one chain from the used ring: false if there is none. */
bool driver_get(struct virtio_driver *driver, unsigned int queue, uint16_t *head, uint32_t *length);

static inline void driver_notify(struct virtio_driver *driver, unsigned int queue)
{
	driver_write(driver, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

/*
 * What a hostile driver does: rounds of random descriptors, rings and registers. In half of the rounds
 * the chain is sound but for one descriptor: requests are between DRIVER_BUFFERS and FUZZ_ANSWERS, where
 * the test may put some that the device knows. Returns NULL, or what is wrong with the device's state.
 */
#define FUZZ_ANSWERS	0xa000

const char *driver_fuzz(struct virtio_driver *driver, unsigned int rounds);

#endif /* SELFTESTS_DEVICES_VIRTIO_DRIVER_H */
