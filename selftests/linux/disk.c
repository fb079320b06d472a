// SPDX-License-Identifier: GPL-2.0
/*
 * disk.c - writes to a disk, reads it back from the disk itself, and leaves it as it was.
 *
 * Reached from workload.c.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "disk.h"
#include "sums.h"

#define SIZE	(256 << 10)

/* What the kernel has cached is dropped first. */
static ssize_t read_back(int fd, void *buffer, off_t offset)
{
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		return -1;
	return pread(fd, buffer, SIZE, offset);
}

const char *write_and_check(int fd, uint64_t seed)
{
	static uint64_t before[SIZE / 8], pattern[SIZE / 8], after[SIZE / 8];
	const char *error = NULL;
	uint64_t bytes;

	if (ioctl(fd, BLKGETSIZE64, &bytes) || bytes < SIZE)
		return "no block device, or too small";
	if (read_back(fd, before, bytes - SIZE) != SIZE)
		return "cannot read";
	for (size_t i = 0; i < SIZE / 8; i++)
		pattern[i] = next(&seed);
	if (pwrite(fd, pattern, SIZE, bytes - SIZE) != SIZE || read_back(fd, after, bytes - SIZE) != SIZE)
		error = "cannot write and read back";
	else if (memcmp(pattern, after, SIZE))
		error = "the pattern came back changed";
	if (pwrite(fd, before, SIZE, bytes - SIZE) != SIZE || read_back(fd, after, bytes - SIZE) != SIZE)
		return "cannot put back what was there";
	return error ? error : memcmp(before, after, SIZE) ? "what was put back came back changed" : NULL;
}
