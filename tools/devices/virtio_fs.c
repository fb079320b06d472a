// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_fs.c - a directory of the host as a file system: carries FUSE requests to their server.
 *
 * Reached from virtio_mmio.c when the driver has notified a queue; continues in fuse_server.c.
 */
#include <string.h>

#include "devices/virtio_fs.h"

/* The largest WRITE or READ, with its headers; and the hiprio queue's FORGETs are far from it. */
#define CHAIN_LIMIT	(FUSE_DATA_MAX + 64 * 1024)

/* VIRTIO 1.2, 5.11.2: the first queue, hiprio, and the second have the same form of requests. */
static void virtio_fs_notify(struct virtio_device *virtio, unsigned int number)
{
	struct virtio_fs *fs = container_of(virtio, struct virtio_fs, virtio);
	struct virtio_queue *queue = &virtio->queue[number];
	struct virtio_chain chain;
	uint32_t length;

	for (unsigned int n = virtio_queue_waiting(queue); n && virtio_queue_take(queue, &chain); n--) {
		if (!fuse_server_handle(&fs->server, &chain.readable, &chain.writable, &length)) {
			queue->broken = true;
			return;
		}
		virtio_queue_give(queue, &chain, length);
	}
}

static void virtio_fs_reset(struct virtio_device *virtio)
{
	fuse_server_reset(&container_of(virtio, struct virtio_fs, virtio)->server);
}

int virtio_fs_open(struct virtio_fs *fs, const char *folder, const char *tag,
		   const struct guest_memory *memory, struct timers *timers, struct irq irq, uint64_t base)
{
	int status = fuse_server_open(&fs->server, folder);

	if (status)
		return status;
	fs->config = (struct virtio_fs_config){ .num_request_queues = 1 };
	memcpy(fs->config.tag, tag, strnlen(tag, sizeof(fs->config.tag)));
	fs->virtio = (struct virtio_device){
		.id		= VIRTIO_ID_FS,
		.queues		= 2,
		.queue		= { { .chain_limit = CHAIN_LIMIT }, { .chain_limit = CHAIN_LIMIT } },
		.config		= &fs->config,
		.config_size	= sizeof(fs->config),
		.notify		= virtio_fs_notify,
		.reset		= virtio_fs_reset,
	};
	virtio_mmio_init(&fs->virtio, "virtio-fs", memory, timers, irq, base);
	return 0;
}

void virtio_fs_close(struct virtio_fs *fs)
{
	fuse_server_close(&fs->server);
}
