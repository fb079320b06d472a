// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_blk.c - a disk: answers a driver's requests from a file.
 *
 * Reached from virtio_mmio.c when the driver has notified the queue; continues in disk.c. A request
 * that has been taken is done when virtio_blk_notify() returns. Sections are those of VIRTIO 1.2.
 */
#include <errno.h>
#include <string.h>

#include "devices/virtio_blk.h"

#define SEGMENTS	(VIRTIO_QUEUE_SIZE - 2)		/* with the header's and the status's descriptor */
#define SEGMENT_SIZE	(32 * 1024)
#define DISCARD_SECTORS	(1u << 22)
#define ZERO_SECTORS	(VIRTIO_CHAIN / SECTOR_SIZE)	/* a host may have to write each */

_Static_assert(SEGMENTS * SEGMENT_SIZE <= VIRTIO_CHAIN, "the driver is told of the limit");

static bool on_disk(const struct disk *disk, uint64_t sector, uint64_t count)
{
	return sector <= disk->sectors && count <= disk->sectors - sector;
}

static int read_or_write(struct disk *disk, uint64_t sector, struct buffers *data,
			 int (*function)(struct disk *, uint64_t, struct buffers *))
{
	size_t size = buffers_size(data);

	if (size % SECTOR_SIZE || !on_disk(disk, sector, size / SECTOR_SIZE))
		return -EINVAL;
	return function(disk, sector, data);
}

/* 5.2.6.2: a flag that is not known is not supported, and a discard has none. */
static int zero(struct disk *disk, uint32_t type, struct buffers *data)
{
	struct virtio_blk_discard_write_zeroes range;
	bool discard = type == VIRTIO_BLK_T_DISCARD;
	int error;

	if (buffers_get(data, &range, sizeof(range)) != sizeof(range) || buffers_size(data))
		return -EINVAL;
	if (range.flags & ~(discard ? 0 : VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP))
		return -EOPNOTSUPP;
	if (range.num_sectors > (discard ? DISCARD_SECTORS : ZERO_SECTORS) ||
	    !on_disk(disk, range.sector, range.num_sectors))
		return -EINVAL;
	if (!discard)
		return disk_zero(disk, range.sector, range.num_sectors, range.flags);
	/* A discard is a hint: a file system that cannot punch holes loses nothing. */
	error = disk_zero(disk, range.sector, range.num_sectors, true);
	return error == -EOPNOTSUPP ? 0 : error;
}

static int handle(struct virtio_blk *blk, const struct virtio_blk_outhdr *header, struct virtio_chain *chain)
{
	switch (header->type) {
	case VIRTIO_BLK_T_IN:
		return read_or_write(&blk->disk, header->sector, &chain->writable, disk_read);
	case VIRTIO_BLK_T_OUT:
		return read_or_write(&blk->disk, header->sector, &chain->readable, disk_write);
	case VIRTIO_BLK_T_FLUSH:
		return disk_flush(&blk->disk);
	case VIRTIO_BLK_T_GET_ID:
		buffers_put(&chain->writable, blk->id, sizeof(blk->id));
		return 0;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return zero(&blk->disk, header->type, &chain->readable);
	default:
		return -EOPNOTSUPP;
	}
}

/* The last byte, wherever the descriptors are divided. */
static uint8_t *cut_status(struct buffers *writable)
{
	struct iovec *last;

	while (writable->count && !writable->piece[writable->count - 1].iov_len)
		writable->count--;
	if (!writable->count)
		return NULL;
	last = &writable->piece[writable->count - 1];
	return (uint8_t *)last->iov_base + --last->iov_len;
}

static void virtio_blk_notify(struct virtio_device *virtio, unsigned int number)
{
	struct virtio_blk *blk = container_of(virtio, struct virtio_blk, virtio);
	struct virtio_queue *queue = &virtio->queue[number];
	struct virtio_chain chain;

	for (unsigned int n = virtio_queue_waiting(queue); n && virtio_queue_take(queue, &chain); n--) {
		size_t size = buffers_size(&chain.writable);
		uint8_t *status = cut_status(&chain.writable);
		struct virtio_blk_outhdr header;
		int error;

		if (!status || buffers_get(&chain.readable, &header, sizeof(header)) != sizeof(header)) {
			queue->broken = true;
			return;
		}
		error = handle(blk, &header, &chain);
		/* How long the others take, their size does not tell. */
		if (header.type != VIRTIO_BLK_T_IN && header.type != VIRTIO_BLK_T_OUT)
			queue->budget = 0;
		*status = !error ? VIRTIO_BLK_S_OK :
			error == -EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP : VIRTIO_BLK_S_IOERR;
		/* 2.7.8.2: the length is that of what is written without a gap, and the status is the end. */
		virtio_queue_give(queue, &chain, buffers_size(&chain.writable) ? 0 : size);
	}
}

static uint64_t features(enum disk_mode mode)
{
	uint64_t features = 1ull << VIRTIO_BLK_F_SIZE_MAX | 1ull << VIRTIO_BLK_F_SEG_MAX;

	if (mode == DISK_READ_ONLY)
		return features | 1ull << VIRTIO_BLK_F_RO;
	if (mode == DISK_READ_WRITE)
		features |= 1ull << VIRTIO_BLK_F_FLUSH;
	return features | 1ull << VIRTIO_BLK_F_DISCARD | 1ull << VIRTIO_BLK_F_WRITE_ZEROES;
}

int virtio_blk_open(struct virtio_blk *blk, const char *path, enum disk_mode mode,
		    const struct guest_memory *memory, struct timers *timers, struct irq irq, uint64_t base)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int status;

	memset(blk, 0, sizeof(*blk));
	status = disk_open(&blk->disk, path, mode);
	if (status)
		return status;
	memcpy(blk->id, name, strnlen(name, sizeof(blk->id)));
	blk->config = (struct virtio_blk_config){
		.capacity			= blk->disk.sectors,
		.size_max			= SEGMENT_SIZE,
		.seg_max			= SEGMENTS,
		.max_discard_sectors		= DISCARD_SECTORS,
		.max_discard_seg		= 1,
		.discard_sector_alignment	= 1,
		.max_write_zeroes_sectors	= ZERO_SECTORS,
		.max_write_zeroes_seg		= 1,
		.write_zeroes_may_unmap		= 1,
	};
	blk->virtio.id = VIRTIO_ID_BLOCK;
	blk->virtio.features = features(mode);
	blk->virtio.queues = 1;
	blk->virtio.queue[0].chain_limit = SEGMENTS * SEGMENT_SIZE + sizeof(struct virtio_blk_outhdr) + 1;
	blk->virtio.config = &blk->config;
	blk->virtio.config_size = sizeof(blk->config);
	blk->virtio.notify = virtio_blk_notify;
	virtio_mmio_init(&blk->virtio, "virtio-blk", memory, timers, irq, base);
	return 0;
}

void virtio_blk_close(struct virtio_blk *blk)
{
	disk_close(&blk->disk);
}
