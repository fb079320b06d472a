// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_rng.c - random bytes from the host's kernel.
 *
 * Reached from virtio_mmio.c when the driver has notified the queue.
 */
#include <sys/random.h>

#include <linux/virtio_ids.h>

#include "devices/virtio_rng.h"

#define AT_ONCE	4096

static void virtio_rng_notify(struct virtio_device *virtio, unsigned int number)
{
	struct virtio_queue *queue = &virtio->queue[number];
	struct virtio_chain chain;
	uint8_t bytes[AT_ONCE];

	for (unsigned int n = virtio_queue_waiting(queue); n && virtio_queue_take(queue, &chain); n--) {
		size_t wanted = buffers_size(&chain.writable);
		/* A host that has just booted may have no seed yet; it must not make the machine wait. */
		ssize_t got = getrandom(bytes, wanted < AT_ONCE ? wanted : AT_ONCE, GRND_INSECURE);

		/* 5.4.6.2: fewer bytes than there is room for are an answer. */
		virtio_queue_give(queue, &chain, got < 0 ? 0 : buffers_put(&chain.writable, bytes, got));
	}
}

void virtio_rng_init(struct virtio_rng *rng, const struct guest_memory *memory, struct timers *timers,
		     struct irq irq, uint64_t base)
{
	*rng = (struct virtio_rng){
		.virtio = {
			.id		= VIRTIO_ID_RNG,
			.queues		= 1,
			.queue		= { { .chain_limit = UINT32_MAX } },
			.notify		= virtio_rng_notify,
		},
	};
	virtio_mmio_init(&rng->virtio, "virtio-rng", memory, timers, irq, base);
}
