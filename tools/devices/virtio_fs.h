/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio_fs.h - a directory of the host as a file system: `mount -t virtiofs share /mnt`.
 *
 * Reached from pc.c; continues in fuse_server.c and virtio_mmio.c. Follows VIRTIO 1.2, 5.11 "File
 * System Device".
 */
#ifndef MINIVMX_TOOLS_VIRTIO_FS_H
#define MINIVMX_TOOLS_VIRTIO_FS_H

#include <linux/virtio_fs.h>

#include "devices/fuse_server.h"
#include "devices/virtio_mmio.h"

struct virtio_fs {
	struct virtio_device virtio;
	struct virtio_fs_config config;
	struct fuse_server server;
};

/* 0, or an exit status of command.h after having said what was wrong. */
int virtio_fs_open(struct virtio_fs *fs, const char *folder, const char *tag,
		   const struct guest_memory *memory, struct timers *timers, struct irq irq, uint64_t base);
void virtio_fs_close(struct virtio_fs *fs);

#endif /* MINIVMX_TOOLS_VIRTIO_FS_H */
