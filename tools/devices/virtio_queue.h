/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_queue.h - a split virtqueue, from the device's side.
 *
 * Reached from virtio_mmio.c, which sets it up as the driver says, and from the devices, which
 * take descriptor chains and give them back. Follows VIRTIO 1.2, 2.7 "Split Virtqueues". The
 * driver writes to all of it at any time, so each index and descriptor is read once and then
 * checked; a driver that breaks a rule breaks the queue, until the device's reset.
 */
#ifndef MINIVMX_TOOLS_VIRTIO_QUEUE_H
#define MINIVMX_TOOLS_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/virtio_ring.h>

#include "devices/buffers.h"
#include "devices/device.h"

#define VIRTIO_QUEUE_SIZE 128		/* the largest; also the most descriptors of a chain */
#define VIRTIO_CHAIN	(4u << 20)	/* the most bytes of a request that takes time by the byte */
#define VIRTIO_ROUND	(8u << 20)	/* what is done at a time, with the machine's lock held */

struct virtio_queue {
	uint32_t chain_limit;		/* the device's: a chain of more bytes than this is an error */

	/* What the driver has said. */
	uint32_t size;
	uint64_t descriptors, available, used;

	/* Once it is ready. */
	const struct guest_memory *memory;
	struct vring ring;		/* pointers into the guest's memory; num is a power of two */
	bool ready, broken;
	bool indirect, event_idx;	/* VIRTIO_RING_F_* that were negotiated */
	uint16_t next, end;		/* of the available ring: to be taken next; its index, last read */
	uint16_t used_index, signalled;	/* of the used ring: the next, and that of the last interrupt */

	uint64_t budget;		/* bytes that may still be taken in this round */
	bool rests;			/* none, and chains are left */
};

/* A request: what the driver has written, then where it wants the answer. */
struct virtio_chain {
	uint16_t head;
	struct buffers readable, writable;
	uint64_t size;			/* of both */
	struct iovec piece[VIRTIO_QUEUE_SIZE];
};

/* Whether size and addresses are those of a queue; then it is ready. */
bool virtio_queue_enable(struct virtio_queue *queue, const struct guest_memory *memory, uint64_t features);

/* Forgets all but chain_limit. */
void virtio_queue_reset(struct virtio_queue *queue);

/*
 * Begins a round, and says how many chains wait: no more than the queue's size, so who handles as many and
 * leaves comes to an end. The driver notifies again for what it adds later.
 */
unsigned int virtio_queue_waiting(struct virtio_queue *queue);

/*
 * Takes the next chain of those; false if it breaks a rule, or if chains of VIRTIO_ROUND bytes have been
 * taken in this round: then the queue rests, and virtio_mmio.c calls notify() for it once more.
 */
bool virtio_queue_take(struct virtio_queue *queue, struct virtio_chain *chain);

/* Gives it back, with so many bytes written from the beginning of what is writable. */
void virtio_queue_give(struct virtio_queue *queue, const struct virtio_chain *chain, uint32_t written);

/* Whether the driver wants an interrupt for what it was given since the last call. */
bool virtio_queue_signals(struct virtio_queue *queue);

#endif /* MINIVMX_TOOLS_VIRTIO_QUEUE_H */
