// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_queue.c - a split virtqueue: takes descriptor chains off the available ring and puts
 * them on the used ring.
 *
 * Reached from virtio_mmio.c and from the devices; see virtio_queue.h. Sections are those of
 * VIRTIO 1.2. The machine is x86, so the rings' little-endian values are read as they are.
 */
#include <string.h>

#include "devices/virtio_queue.h"

/* 2.7.6, 2.7.8: each ring ends in a word for VIRTIO_RING_F_EVENT_IDX. */
#define AVAIL_SIZE(count)	(sizeof(struct vring_avail) + (count) * sizeof(uint16_t) + sizeof(uint16_t))
#define USED_SIZE(count) \
	(sizeof(struct vring_used) + (count) * sizeof(struct vring_used_elem) + sizeof(uint16_t))

bool virtio_queue_enable(struct virtio_queue *queue, const struct guest_memory *memory, uint64_t features)
{
	uint32_t size = queue->size;
	struct vring ring = {
		.num	= size,
		.desc	= guest_memory_at(memory, queue->descriptors, size * sizeof(struct vring_desc)),
		.avail	= guest_memory_at(memory, queue->available, AVAIL_SIZE(size)),
		.used	= guest_memory_at(memory, queue->used, USED_SIZE(size)),
	};

	if (!size || size > VIRTIO_QUEUE_SIZE || size & (size - 1))
		return false;
	if (!ring.desc || !ring.avail || !ring.used)
		return false;
	if (queue->descriptors % VRING_DESC_ALIGN_SIZE || queue->available % VRING_AVAIL_ALIGN_SIZE ||
	    queue->used % VRING_USED_ALIGN_SIZE)
		return false;
	queue->memory = memory;
	queue->ring = ring;
	queue->indirect = features & (1ull << VIRTIO_RING_F_INDIRECT_DESC);
	queue->event_idx = features & (1ull << VIRTIO_RING_F_EVENT_IDX);
	queue->ready = true;
	return true;
}

void virtio_queue_reset(struct virtio_queue *queue)
{
	*queue = (struct virtio_queue){ .chain_limit = queue->chain_limit };
}

/* 2.7.10 "Available Buffer Notification Suppression": a notification is wanted for what comes after end. */
static void ask_for_notification(struct virtio_queue *queue)
{
	if (!queue->event_idx)
		return;
	__atomic_store_n(&vring_avail_event(&queue->ring), queue->end, __ATOMIC_RELAXED);
	/* Either the driver sees this, or the index that is read next shows what it has added. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

unsigned int virtio_queue_waiting(struct virtio_queue *queue)
{
	uint16_t index;

	if (!queue->ready || queue->broken)
		return 0;
	queue->budget = VIRTIO_ROUND;
	queue->rests = false;
	/* Each round has found one more chain at least, and the ring is soon full. */
	while ((index = __atomic_load_n(&queue->ring.avail->idx, __ATOMIC_ACQUIRE)) != queue->end) {
		if ((uint16_t)(index - queue->next) > queue->ring.num ||
		    (uint16_t)(index - queue->next) < (uint16_t)(queue->end - queue->next)) {
			queue->broken = true;
			return 0;
		}
		queue->end = index;
		ask_for_notification(queue);
	}
	return (uint16_t)(queue->end - queue->next);
}

static struct vring_desc read_descriptor(const struct vring_desc *descriptor)
{
	struct vring_desc copy;

	memcpy(&copy, descriptor, sizeof(copy));
	/* The compiler must not go back to the guest's memory for a value that has been checked. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return copy;
}

/* 2.7.4.2: what the device may read comes first. */
static bool add_piece(struct virtio_queue *queue, struct virtio_chain *chain,
		      const struct vring_desc *descriptor)
{
	void *bytes = guest_memory_at(queue->memory, descriptor->addr, descriptor->len);
	unsigned int count = chain->readable.count + chain->writable.count;

	chain->size += descriptor->len;
	if (!bytes || count == VIRTIO_QUEUE_SIZE || chain->size > queue->chain_limit)
		return false;
	chain->piece[count] = (struct iovec){ .iov_base = bytes, .iov_len = descriptor->len };
	if (descriptor->flags & VRING_DESC_F_WRITE) {
		chain->writable.count++;
	} else {
		if (chain->writable.count)
			return false;
		chain->readable.count++;
	}
	return true;
}

/*
 * 2.7.5 "The Virtqueue Descriptor Table", 2.7.5.3 "Indirect Descriptors". add_piece() ends what would go
 * in a circle.
 */
static bool walk(struct virtio_queue *queue, struct virtio_chain *chain)
{
	const struct vring_desc *table = queue->ring.desc;
	uint32_t index = chain->head, size = queue->ring.num;
	bool indirect = false;

	for (;;) {
		struct vring_desc descriptor;

		if (index >= size)
			return false;
		descriptor = read_descriptor(&table[index]);
		if (descriptor.flags & VRING_DESC_F_INDIRECT) {
			if (!queue->indirect || indirect || descriptor.flags & VRING_DESC_F_NEXT ||
			    descriptor.len % sizeof(*table))
				return false;
			table = guest_memory_at(queue->memory, descriptor.addr, descriptor.len);
			if (!table)
				return false;
			size = descriptor.len / sizeof(*table);
			index = 0;
			indirect = true;
			continue;
		}
		if (!add_piece(queue, chain, &descriptor))
			return false;
		if (!(descriptor.flags & VRING_DESC_F_NEXT))
			return true;
		index = descriptor.next;
	}
}

bool virtio_queue_take(struct virtio_queue *queue, struct virtio_chain *chain)
{
	uint16_t slot = queue->next & (queue->ring.num - 1);

	if (!queue->ready || queue->broken || queue->next == queue->end)
		return false;
	queue->rests = !queue->budget;
	if (queue->rests)
		return false;
	chain->head = __atomic_load_n(&queue->ring.avail->ring[slot], __ATOMIC_RELAXED);
	chain->size = 0;
	chain->readable = chain->writable = (struct buffers){ .piece = chain->piece, .count = 0 };
	if (!walk(queue, chain)) {
		queue->broken = true;
		return false;
	}
	queue->budget -= chain->size < queue->budget ? chain->size : queue->budget;
	chain->writable.piece += chain->readable.count;
	queue->next++;
	return true;
}

void virtio_queue_give(struct virtio_queue *queue, const struct virtio_chain *chain, uint32_t written)
{
	struct vring_used *used = queue->ring.used;

	used->ring[queue->used_index & (queue->ring.num - 1)] =
		(struct vring_used_elem){ .id = chain->head, .len = written };
	__atomic_store_n(&used->idx, ++queue->used_index, __ATOMIC_RELEASE);
}

/* 2.7.7 "Used Buffer Notification Suppression" */
bool virtio_queue_signals(struct virtio_queue *queue)
{
	uint16_t before = queue->signalled, now = queue->used_index;

	if (!queue->ready || before == now)
		return false;
	queue->signalled = now;
	/* The driver asks for an interrupt, then looks at the used index once more. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (queue->event_idx)
		return vring_need_event(__atomic_load_n(&vring_used_event(&queue->ring), __ATOMIC_RELAXED),
					now, before);
	return !(__atomic_load_n(&queue->ring.avail->flags, __ATOMIC_RELAXED) & VRING_AVAIL_F_NO_INTERRUPT);
}
