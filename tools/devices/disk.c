// SPDX-License-Identifier: GPL-2.0
/*
 * disk.c - a file or a block device as sectors.
 *
 * Reached from virtio_blk.c; see disk.h. All I/O is done by the time a function returns.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "devices/disk.h"

#define BLOCK_MAX	65536		/* no block device has larger ones */

/* A file without a name. Where the file system knows none, it loses its name at once. */
static int open_unnamed(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (snprintf(path, sizeof(path), "%s/minivmx-disk.XXXXXX", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* On a disk if possible: the guest can make it as large as its own. */
static int open_overlay(void)
{
	const char *folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(folders) / sizeof(folders[0]); i++)
		if (folders[i])
			fd = open_unnamed(folders[i]);
	return fd;
}

static int add_overlay(struct disk *disk, const char *path)
{
	disk->written = calloc(disk->sectors / 8 + 1, 1);
	if (!disk->written) {
		complain("cannot keep what the guest writes to %s: %s", path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	disk->overlay = open_overlay();
	if (disk->overlay < 0) {
		complain("cannot keep what the guest writes to %s: no file can be made in $TMPDIR, /var/tmp or /tmp: %s",
			 path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	return 0;
}

/* Says what is wrong with the file, if anything is. */
static int check_file(const struct disk *disk, const char *path, int64_t *size)
{
	struct stat stat;

	if (fstat(disk->fd, &stat) < 0) {
		complain("cannot read %s: %s", path, strerror(errno));
		return STATUS_BAD_IMAGE;
	}
	if (!S_ISREG(stat.st_mode) && !S_ISBLK(stat.st_mode)) {
		complain("%s is %s; a disk is a file or a block device", path,
			 S_ISDIR(stat.st_mode) ? "a directory" : "neither a file nor a block device");
		return STATUS_BAD_IMAGE;
	}
	*size = lseek(disk->fd, 0, SEEK_END);
	if (*size <= 0) {
		complain("%s is empty; a disk needs one sector (`truncate --size 64M FILE` makes many)", path);
		return STATUS_BAD_IMAGE;
	}
	/* Two who write to one file system, or one who does while another reads, destroy it. */
	if (flock(disk->fd, (disk->mode == DISK_READ_WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK) {
		complain("%s is another machine's disk, and one of the two would write to it", path);
		return STATUS_BAD_IMAGE;
	}
	if (*size % SECTOR_SIZE)
		complain("%s: %" PRId64 " bytes are not whole sectors of %d; the last is filled up with zeros",
			 path, *size, SECTOR_SIZE);
	return 0;
}

int disk_open(struct disk *disk, const char *path, enum disk_mode mode)
{
	int status;
	int64_t size;

	*disk = (struct disk){ .mode = mode, .overlay = -1 };
	/* O_NONBLOCK: a FIFO is refused instead of waited for. */
	disk->fd = open(path, (mode == DISK_READ_WRITE ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	if (disk->fd < 0) {
		complain("cannot open %s%s: %s", path, mode == DISK_READ_WRITE ? " for writing" : "",
			 strerror(errno));
		return STATUS_BAD_IMAGE;
	}
	status = check_file(disk, path, &size);
	if (status)
		goto err_close;
	disk->sectors = (size + SECTOR_SIZE - 1) / SECTOR_SIZE;
	if (mode == DISK_COPY_ON_WRITE)
		status = add_overlay(disk, path);
	if (status)
		goto err_close;
	return 0;

err_close:
	disk_close(disk);
	return status;
}

void disk_close(struct disk *disk)
{
	close(disk->fd);
	if (disk->overlay >= 0)
		close(disk->overlay);
	free(disk->written);
}

static bool in_overlay(const struct disk *disk, uint64_t sector)
{
	return disk->written && disk->written[sector / 8] & (1 << sector % 8);
}

static void mark_written(struct disk *disk, uint64_t sector, uint64_t count)
{
	for (; count; count--, sector++)
		disk->written[sector / 8] |= 1 << sector % 8;
}

/* The sectors, from this one on and up to count, that are in the same file as it. */
static uint64_t run_length(const struct disk *disk, uint64_t sector, uint64_t count)
{
	uint64_t length = 1;

	if (!disk->written)
		return count;
	while (length < count && in_overlay(disk, sector + length) == in_overlay(disk, sector))
		length++;
	return length;
}

static int read_run(int fd, struct buffers *run, off_t offset)
{
	while (buffers_size(run)) {
		ssize_t count = preadv(fd, run->piece, run->count, offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		/* Behind the file's end. */
		if (!count)
			buffers_zero(run, SIZE_MAX);
		buffers_skip(run, count);
		offset += count;
	}
	return 0;
}

int disk_read(struct disk *disk, uint64_t sector, struct buffers *data)
{
	uint64_t count = buffers_size(data) / SECTOR_SIZE;

	while (count) {
		uint64_t length = run_length(disk, sector, count);
		struct iovec pieces[data->count];
		struct buffers run = buffers_cut(data, length * SECTOR_SIZE, pieces);
		int error = read_run(in_overlay(disk, sector) ? disk->overlay : disk->fd, &run,
				     sector * SECTOR_SIZE);

		if (error)
			return error;
		sector += length;
		count -= length;
	}
	return 0;
}

int disk_write(struct disk *disk, uint64_t sector, struct buffers *data)
{
	uint64_t count = buffers_size(data) / SECTOR_SIZE;
	int fd = disk->mode == DISK_COPY_ON_WRITE ? disk->overlay : disk->fd;
	off_t offset = sector * SECTOR_SIZE;

	if (disk->mode == DISK_READ_ONLY)
		return -EROFS;
	while (buffers_size(data)) {
		ssize_t written = pwritev(fd, data->piece, data->count, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		buffers_skip(data, written);
		offset += written;
	}
	if (disk->written)
		mark_written(disk, sector, count);
	return 0;
}

static int write_zeros(int fd, off_t begin, off_t end)
{
	static const uint8_t zeros[BLOCK_MAX];

	while (begin < end) {
		ssize_t written = pwrite(fd, zeros, end - begin < BLOCK_MAX ? end - begin : BLOCK_MAX, begin);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		begin += written;
	}
	return 0;
}

static int zero_range(int fd, int how, off_t begin, off_t end)
{
	return begin < end && fallocate(fd, how | FALLOC_FL_KEEP_SIZE, begin, end - begin) < 0 ? -errno : 0;
}

/* A block device zeroes whole blocks, and these may be larger than our sectors. */
static int zero_blocks(int fd, int how, off_t begin, off_t end)
{
	off_t first = (begin + BLOCK_MAX - 1) / BLOCK_MAX * BLOCK_MAX, last = end / BLOCK_MAX * BLOCK_MAX;
	int error;

	if (first >= last)
		return write_zeros(fd, begin, end);
	error = zero_range(fd, how, first, last);
	if (!error)
		error = write_zeros(fd, begin, first);
	return error ? error : write_zeros(fd, last, end);
}

int disk_zero(struct disk *disk, uint64_t sector, uint64_t count, bool deallocate)
{
	/* The overlay's holes are nobody's blocks. */
	int how = deallocate || disk->mode == DISK_COPY_ON_WRITE ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;
	int fd = disk->mode == DISK_COPY_ON_WRITE ? disk->overlay : disk->fd;
	off_t begin = sector * SECTOR_SIZE, end = begin + count * SECTOR_SIZE;
	int error;

	if (disk->mode == DISK_READ_ONLY)
		return -EROFS;
	error = zero_range(fd, how, begin, end);
	if (error == -EINVAL)
		error = zero_blocks(fd, how, begin, end);
	if (!error && disk->written)
		mark_written(disk, sector, count);
	return error;
}

int disk_flush(struct disk *disk)
{
	return disk->mode == DISK_READ_WRITE && fdatasync(disk->fd) < 0 ? -errno : 0;
}
