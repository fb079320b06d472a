// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_driver.c - a small driver for a virtio device under test; see virtio_driver.h.
 */
#include <string.h>

#include "virtio_driver.h"

#define QUEUE_STEP	0x2000		/* from one queue's rings to the next one's */
#define AVAILABLE	0x800
#define USED		0x1000

void driver_init(struct virtio_driver *driver, struct rig *rig, struct virtio_device *virtio)
{
	*driver = (struct virtio_driver){ .rig = rig, .virtio = virtio };
	bus_add(&rig->bus, &virtio->device);
}

void driver_negotiate(struct virtio_driver *driver, uint64_t features)
{
	features |= 1ull << VIRTIO_F_VERSION_1;
	driver_write(driver, VIRTIO_MMIO_STATUS, 0);
	driver_write(driver, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	driver_write(driver, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	for (int i = 0; i < 2; i++) {
		driver_write(driver, VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		driver_write(driver, VIRTIO_MMIO_DRIVER_FEATURES, features >> (32 * i));
	}
	driver_write(driver, VIRTIO_MMIO_STATUS,
		     VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
}

void driver_set_queue(struct virtio_driver *driver, unsigned int queue, uint32_t size)
{
	uint32_t address = queue * QUEUE_STEP;
	uint8_t *bytes = driver->rig->bytes + address;

	memset(bytes, 0, QUEUE_STEP);
	driver->ring[queue] = (struct vring){ .num = size, .desc = (void *)bytes,
		.avail = (void *)(bytes + AVAILABLE), .used = (void *)(bytes + USED) };
	driver->used[queue] = driver->descriptor[queue] = 0;
	driver_write(driver, VIRTIO_MMIO_QUEUE_SEL, queue);
	driver_write(driver, VIRTIO_MMIO_QUEUE_NUM, size);
	driver_write(driver, VIRTIO_MMIO_QUEUE_DESC_LOW, address);
	driver_write(driver, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
	driver_write(driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, address + AVAILABLE);
	driver_write(driver, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, 0);
	driver_write(driver, VIRTIO_MMIO_QUEUE_USED_LOW, address + USED);
	driver_write(driver, VIRTIO_MMIO_QUEUE_USED_HIGH, 0);
	driver_write(driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

bool driver_start(struct virtio_driver *driver, uint64_t features, uint32_t size)
{
	driver_negotiate(driver, features);
	for (unsigned int i = 0; i < driver->virtio->queues; i++)
		driver_set_queue(driver, i, size);
	driver_write(driver, VIRTIO_MMIO_STATUS, driver_read(driver, VIRTIO_MMIO_STATUS) |
		     VIRTIO_CONFIG_S_DRIVER_OK);
	return virtio_running(driver->virtio);
}

uint16_t driver_add(struct virtio_driver *driver, unsigned int queue, const struct vring_desc parts[],
		    unsigned int count)
{
	struct vring *ring = &driver->ring[queue];
	uint16_t mask = ring->num - 1, head = driver->descriptor[queue] & mask;

	for (unsigned int i = 0; i < count; i++) {
		uint16_t index = driver->descriptor[queue]++ & mask;

		ring->desc[index] = parts[i];
		if (i + 1 < count) {
			ring->desc[index].flags |= VRING_DESC_F_NEXT;
			ring->desc[index].next = (index + 1) & mask;
		}
	}
	ring->avail->ring[ring->avail->idx++ & mask] = head;
	return head;
}

bool driver_get(struct virtio_driver *driver, unsigned int queue, uint16_t *head, uint32_t *length)
{
	struct vring *ring = &driver->ring[queue];
	struct vring_used_elem *element = &ring->used->ring[driver->used[queue] & (ring->num - 1)];

	if (driver->used[queue] == ring->used->idx)
		return false;
	driver->used[queue]++;
	if (head)
		*head = element->id;
	if (length)
		*length = element->len;
	return true;
}

/* Mostly what a queue could be, now and then anything. */
static struct vring_desc fuzz_descriptor(struct rig *rig)
{
	uint64_t random = rig_random(rig);
	struct vring_desc descriptor = {
		.addr	= random % (RIG_MEMORY - 512),
		.len	= (random >> 16) % 513,
		.flags	= (random >> 32) & 1 ? VRING_DESC_F_WRITE : VRING_DESC_F_NEXT,
		.next	= (random >> 40) % 16,
	};

	switch ((random >> 48) % 32) {
	case 0:
		descriptor.addr = rig_random(rig);
		break;
	case 1:
		descriptor.len = rig_random(rig);
		break;
	case 2:
		descriptor.flags = rig_random(rig);
		break;
	case 3:
		descriptor.next = rig_random(rig);
		break;
	case 4:
	case 5:
		descriptor.flags = VRING_DESC_F_INDIRECT;
		descriptor.len &= ~15u;
		break;
	case 6:
		descriptor.flags |= VRING_DESC_F_NEXT;
		break;
	}
	return descriptor;
}

/* What is readable, then what is writable, one after the other. */
static void fuzz_chain(struct virtio_driver *driver, struct vring *ring, uint16_t next)
{
	struct rig *rig = driver->rig;
	unsigned int count = 1 + rig_random(rig) % ring->num % 6, readable = rig_random(rig) % (count + 1);

	for (unsigned int i = 0; i < count; i++) {
		bool write = i >= readable;
		uint64_t random = rig_random(rig) & ~15ull;

		ring->desc[i] = (struct vring_desc){
			.addr = write ? FUZZ_ANSWERS + random % (RIG_MEMORY - FUZZ_ANSWERS) :
					DRIVER_BUFFERS + random % (FUZZ_ANSWERS - DRIVER_BUFFERS),
			.len = driver->fuzz_length[(random >> 32) % 4],
			.flags = (write ? VRING_DESC_F_WRITE : 0) | (i + 1 < count ? VRING_DESC_F_NEXT : 0),
			.next = i + 1,
		};
	}
	if (rig_random(rig) & 1)
		ring->desc[rig_random(rig) % count] = fuzz_descriptor(rig);
	ring->avail->ring[next & (ring->num - 1)] = 0;
	ring->avail->idx = next + 1;
}

static void fuzz_rings(struct rig *rig, struct vring *ring, uint16_t next)
{
	uint64_t random = rig_random(rig);

	for (int i = 0; i < 8; i++) {
		ring->desc[i] = fuzz_descriptor(rig);
		ring->avail->ring[rig_random(rig) % ring->num] =
			random & 0x1f000 ? rig_random(rig) % 16 : random;
	}
	ring->avail->idx = random & 0xff00000 ? next + random % 4 : random;
	vring_used_event(ring) = rig_random(rig);
	ring->avail->flags = random >> 40;
}

static const char *check_state(const struct virtio_driver *driver)
{
	const struct virtio_device *virtio = driver->virtio;

	if (driver->rig->level[DRIVER_LINE] != !!virtio->interrupt_status)
		return "the line is not the interrupt status";
	for (unsigned int i = 0; i < virtio->queues; i++) {
		const struct virtio_queue *queue = &virtio->queue[i];

		if (!queue->ready)
			continue;
		if (!queue->ring.num || queue->ring.num > VIRTIO_QUEUE_SIZE)
			return "a queue has no legal size";
		if ((uint16_t)(queue->end - queue->next) > queue->ring.num)
			return "more waits than the queue has room for";
		if (queue->broken && virtio_running(virtio))
			return "it goes on with a broken queue";
	}
	return NULL;
}

const char *driver_fuzz(struct virtio_driver *driver, unsigned int rounds)
{
	struct rig *rig = driver->rig;
	const char *wrong = NULL;

	for (unsigned int i = 0; i < rounds && !wrong; i++) {
		uint64_t random = rig_random(rig);
		unsigned int queue;

		if (!virtio_running(driver->virtio) || !(random % 64))
			driver_start(driver, random & driver->virtio->features, 1 << (random >> 40) % 8);
		queue = (random >> 8) % driver->virtio->queues;
		if (random & 0x80)
			fuzz_chain(driver, &driver->ring[queue], driver->virtio->queue[queue].end);
		else
			fuzz_rings(rig, &driver->ring[queue], driver->virtio->queue[queue].end);
		driver_notify(driver, queue);
		if (!(random & 0xf0000))
			rig_fuzz(rig, &driver->virtio->device, 16);
		if (!(random & 0x300000))
			driver_write(driver, VIRTIO_MMIO_INTERRUPT_ACK, 3);
		wrong = check_state(driver);
	}
	return wrong;
}
