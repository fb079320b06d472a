/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_blk.h - a disk: a file or a block device of the host.
 *
 * Reached from pc.c; continues in disk.c and virtio_mmio.c. Follows VIRTIO 1.2, 5.2 "Block Device".
 */
#ifndef MINIVMX_TOOLS_VIRTIO_BLK_H
#define MINIVMX_TOOLS_VIRTIO_BLK_H

#include <linux/virtio_blk.h>

#include "devices/disk.h"
#include "devices/virtio_mmio.h"

struct virtio_blk {
	struct virtio_device virtio;
	struct virtio_blk_config config;
	struct disk disk;
	char id[VIRTIO_BLK_ID_BYTES];	/* padded with zeros */
};

/* 0, or an exit status of command.h after having said what was wrong. */
int virtio_blk_open(struct virtio_blk *blk, const char *path, enum disk_mode mode,
		    const struct guest_memory *memory, struct timers *timers, struct irq irq, uint64_t base);
void virtio_blk_close(struct virtio_blk *blk);

#endif /* MINIVMX_TOOLS_VIRTIO_BLK_H */
