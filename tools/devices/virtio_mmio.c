// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_mmio.c - the registers of a virtio device in memory.
 *
 * Reached from bus.c, with a driver's access; continues in the device's notify(). Sections are
 * those of VIRTIO 1.2. A driver that breaks a rule is told by DEVICE_NEEDS_RESET, and the
 * device stands still until it is reset.
 */
#include <string.h>

#include <linux/virtio_config.h>
#define VIRTIO_MMIO_NO_LEGACY
#include <linux/virtio_mmio.h>

#include "devices/virtio_mmio.h"

#define MAGIC		0x74726976	/* "virt" */
#define VERSION		2
#define VENDOR		0x786d766d	/* "mvmx" */

#define REST_NS		100000		/* who waits for the machine's lock gets it in between */

#define TRANSPORT_FEATURES \
	(1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_RING_F_INDIRECT_DESC | 1ull << VIRTIO_RING_F_EVENT_IDX)

/* The bits of the status register that are the driver's to set. */
#define DRIVER_STATUS \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK | \
	 VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_FAILED)

static void interrupt(struct virtio_device *virtio, uint32_t reasons)
{
	virtio->interrupt_status |= reasons;
	irq_set(&virtio->irq, virtio->interrupt_status);
}

/* 2.1.2: who is not set up yet is not told. */
static void break_device(struct virtio_device *virtio)
{
	virtio->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	if (virtio->status & VIRTIO_CONFIG_S_DRIVER_OK)
		interrupt(virtio, VIRTIO_MMIO_INT_CONFIG);
}

bool virtio_running(const struct virtio_device *virtio)
{
	return (virtio->status & (VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_NEEDS_RESET |
				  VIRTIO_CONFIG_S_FAILED)) == VIRTIO_CONFIG_S_DRIVER_OK;
}

void virtio_settle(struct virtio_device *virtio)
{
	bool broken = false, rests = false;

	for (unsigned int i = 0; i < virtio->queues; i++) {
		broken |= virtio->queue[i].broken;
		rests |= virtio->queue[i].rests;
		if (virtio_queue_signals(&virtio->queue[i]))
			interrupt(virtio, VIRTIO_MMIO_INT_VRING);
	}
	if (broken && virtio_running(virtio))
		break_device(virtio);
	if (rests && !virtio->rest.armed)
		timer_arm(&virtio->rest, timers_now(virtio->rest.timers) + REST_NS);
}

static void rest_is_over(struct timer *timer)
{
	struct virtio_device *virtio = container_of(timer, struct virtio_device, rest);

	for (unsigned int i = 0; i < virtio->queues && virtio_running(virtio); i++) {
		if (!virtio->queue[i].rests)
			continue;
		virtio->queue[i].rests = false;
		virtio->notify(virtio, i);
	}
	virtio_settle(virtio);
}

/* 2.5.1: a driver that reads a different generation before and after reads the fields again. */
void virtio_config_changed(struct virtio_device *virtio)
{
	virtio->generation++;
	if (virtio_running(virtio))
		interrupt(virtio, VIRTIO_MMIO_INT_CONFIG);
}

static void reset(struct virtio_device *virtio)
{
	for (unsigned int i = 0; i < virtio->queues; i++)
		virtio_queue_reset(&virtio->queue[i]);
	virtio->driver_features = 0;
	virtio->features_selector = virtio->driver_features_selector = virtio->queue_selector = 0;
	virtio->status = 0;
	virtio->interrupt_status = 0;
	irq_set(&virtio->irq, false);
	if (virtio->reset)
		virtio->reset(virtio);
}

/* 2.1 "Device Status Field", 3.1.1 "Driver Requirements: Device Initialization" */
static void write_status(struct virtio_device *virtio, uint32_t value)
{
	uint32_t added = value & DRIVER_STATUS & ~virtio->status;

	if (!value) {
		reset(virtio);
		return;
	}
	/* 2.2.2: the driver reads the bit back to see whether its choice is one that the device can serve. */
	if (virtio->driver_features & ~virtio->features ||
	    !(virtio->driver_features & (1ull << VIRTIO_F_VERSION_1)))
		added &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	/* 2.1.1: the driver must not clear a bit, so what is set stays. */
	virtio->status |= added;
	if (added & VIRTIO_CONFIG_S_DRIVER_OK && !(virtio->status & VIRTIO_CONFIG_S_FEATURES_OK))
		break_device(virtio);
}

static void write_driver_features(struct virtio_device *virtio, uint32_t value)
{
	unsigned int shift = virtio->driver_features_selector * 32;

	/* 3.1.1: the driver must not change its mind after FEATURES_OK. */
	if (virtio->driver_features_selector > 1 || virtio->status & VIRTIO_CONFIG_S_FEATURES_OK)
		return;
	virtio->driver_features &= ~(0xffffffffull << shift);
	virtio->driver_features |= (uint64_t)value << shift;
}

static void set_low(uint64_t *address, uint32_t value)
{
	*address = (*address & ~0xffffffffull) | value;
}

static void set_high(uint64_t *address, uint32_t value)
{
	*address = (uint32_t)*address | (uint64_t)value << 32;
}

static void write_ready(struct virtio_device *virtio, struct virtio_queue *queue, uint32_t value)
{
	if (!(value & 1))
		virtio_queue_reset(queue);
	else if (!queue->ready && (!(virtio->status & VIRTIO_CONFIG_S_FEATURES_OK) ||
				   !virtio_queue_enable(queue, virtio->memory, virtio->driver_features)))
		break_device(virtio);
}

/* The registers of the queue that QueueSel has selected; 4.2.2.2: they are fixed while it is ready. */
static void write_queue(struct virtio_device *virtio, uint64_t offset, uint32_t value)
{
	struct virtio_queue *queue;

	if (virtio->queue_selector >= virtio->queues)
		return;
	queue = &virtio->queue[virtio->queue_selector];
	if (offset == VIRTIO_MMIO_QUEUE_READY)
		write_ready(virtio, queue, value);
	if (queue->ready)
		return;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		queue->size = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		set_low(&queue->descriptors, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_high(&queue->descriptors, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
		set_low(&queue->available, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_high(&queue->available, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
		set_low(&queue->used, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_high(&queue->used, value);
		break;
	}
}

static void write_register(struct virtio_device *virtio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		virtio->features_selector = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		write_driver_features(virtio, value);
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		virtio->driver_features_selector = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		virtio->queue_selector = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		if (value < virtio->queues && virtio_running(virtio)) {
			virtio->notify(virtio, value);
			virtio_settle(virtio);
		}
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		virtio->interrupt_status &= ~value;
		irq_set(&virtio->irq, virtio->interrupt_status);
		break;
	case VIRTIO_MMIO_STATUS:
		write_status(virtio, value);
		break;
	default:
		write_queue(virtio, offset, value);
	}
}

static uint32_t read_register(const struct virtio_device *virtio, uint64_t offset)
{
	bool queue = virtio->queue_selector < virtio->queues;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return virtio->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		if (virtio->features_selector > 1)
			return 0;
		return virtio->features >> (32 * virtio->features_selector);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return queue ? VIRTIO_QUEUE_SIZE : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return queue && virtio->queue[virtio->queue_selector].ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return virtio->interrupt_status;
	case VIRTIO_MMIO_STATUS:
		return virtio->status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return virtio->generation;
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		return ~0u;	/* 4.2.2.1: the length of a region that does not exist */
	default:
		return 0;
	}
}

static uint32_t read_config(const struct virtio_device *virtio, uint64_t offset, unsigned int size)
{
	uint32_t value = 0;

	if (offset < virtio->config_size && size <= virtio->config_size - offset)
		memcpy(&value, (const uint8_t *)virtio->config + offset, size);
	return value;
}

/* 4.2.2.2: the registers take aligned words alone, the configuration space any size. */
static uint64_t virtio_mmio_read(struct device *device, const struct device_range *range, uint64_t offset,
				 unsigned int size)
{
	struct virtio_device *virtio = container_of(device, struct virtio_device, device);

	(void)range;
	if (offset >= VIRTIO_MMIO_CONFIG)
		return read_config(virtio, offset - VIRTIO_MMIO_CONFIG, size);
	return size == 4 ? read_register(virtio, offset) : 0;
}

static void virtio_mmio_write(struct device *device, const struct device_range *range, uint64_t offset,
			      unsigned int size, uint64_t value)
{
	(void)range;
	if (offset < VIRTIO_MMIO_CONFIG && size == 4)
		write_register(container_of(device, struct virtio_device, device), offset, value);
}

void virtio_mmio_init(struct virtio_device *virtio, const char *name, const struct guest_memory *memory,
		      struct timers *timers, struct irq irq, uint64_t base)
{
	timer_init(&virtio->rest, timers, rest_is_over);
	virtio->features |= TRANSPORT_FEATURES;
	virtio->memory = memory;
	virtio->irq = irq;
	virtio->device = (struct device){
		.name	= name,
		.range	= { { SPACE_MEMORY, base, VIRTIO_MMIO_SIZE, 4 } },
		.read	= virtio_mmio_read,
		.write	= virtio_mmio_write,
	};
}
