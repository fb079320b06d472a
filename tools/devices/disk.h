/* SPDX-License-Identifier: GPL-2.0 */
/*
 * disk.h - a file or a block device as sectors, which may be read, written, or written aside.
 *
 * Reached from virtio_blk.c, which has checked that the sectors exist. Functions return 0 or
 * -errno, but for disk_open().
 */
#ifndef MINIVMX_TOOLS_DISK_H
#define MINIVMX_TOOLS_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/buffers.h"

#define SECTOR_SIZE	512

enum disk_mode {
	DISK_READ_ONLY,
	DISK_READ_WRITE,
	DISK_COPY_ON_WRITE,	/* what is written goes to a temporary file; the disk's stays as it is */
};

struct disk {
	enum disk_mode mode;
	int fd;
	uint64_t sectors;	/* where the file ends within one, the rest reads as zeros */
	int overlay;		/* DISK_COPY_ON_WRITE: sparse, at the same offsets */
	uint8_t *written;	/* a bit for each sector: the overlay has it */
};

/* 0, or an exit status of command.h after having said what was wrong. */
int disk_open(struct disk *disk, const char *path, enum disk_mode mode);
void disk_close(struct disk *disk);

/* As many sectors as data has room for or holds: whole ones. */
int disk_read(struct disk *disk, uint64_t sector, struct buffers *data);
int disk_write(struct disk *disk, uint64_t sector, struct buffers *data);

/* They read as zeros then; deallocate: the file may lose their blocks. */
int disk_zero(struct disk *disk, uint64_t sector, uint64_t count, bool deallocate);
int disk_flush(struct disk *disk);

#endif /* MINIVMX_TOOLS_DISK_H */
