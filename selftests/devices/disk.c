// SPDX-License-Identifier: GPL-2.0
/*
 * disk.c - a disk (tools/devices/disk.c) on hosts that can do less than this one: their calls of the
 * kernel are played here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "command.h"
#include "devices/disk.h"
#include "kselftest_harness.h"
#include "rig.h"

#define SECTORS	512

static bool no_tmpfile;		/* a file system without O_TMPFILE */
static bool no_folder;		/* none can be written to */
static int block;		/* a block device with blocks of that size */

int open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, mode_t);
	va_end(arguments);
	if ((flags & O_TMPFILE) == O_TMPFILE && (no_tmpfile || no_folder)) {
		errno = no_folder ? EROFS : EOPNOTSUPP;
		return -1;
	}
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int mkostemp(char *path, int flags)
{
	if (no_folder) {
		errno = EROFS;
		return -1;
	}
	memcpy(path + strlen(path) - 6, "abcdef", 6);
	return open(path, O_CREAT | O_EXCL | O_RDWR | flags, 0600);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	if (block && (offset | length) & (block - 1)) {
		errno = EINVAL;
		return -1;
	}
	return syscall(SYS_fallocate, fd, mode, offset, length);
}

FIXTURE(disk)
{
	char path[32];
	struct disk disk;
	bool open;
};

/* No byte is zero. */
FIXTURE_SETUP(disk)
{
	uint8_t sector[SECTOR_SIZE];
	int file;

	strcpy(self->path, "/tmp/disk.XXXXXX");
	file = mkstemp(self->path);
	ASSERT_GE(file, 0);
	for (int i = 0; i < SECTORS; i++) {
		memset(sector, i % 255 + 1, sizeof(sector));
		ASSERT_EQ(SECTOR_SIZE, write(file, sector, sizeof(sector)));
	}
	close(file);
	self->open = false;
}

FIXTURE_TEARDOWN(disk)
{
	if (self->open)
		disk_close(&self->disk);
	unlink(self->path);
}

static int open_disk(FIXTURE_DATA(disk) *self, enum disk_mode mode)
{
	int status = disk_open(&self->disk, self->path, mode);

	self->open = !status;
	return status;
}

/* Where the overlay is, as the kernel names it. */
static const char *overlay(FIXTURE_DATA(disk) *self)
{
	static char name[256];
	char link[64];

	memset(name, 0, sizeof(name));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", self->disk.overlay);
	return readlink(link, name, sizeof(name) - 1) < 0 ? NULL : name;
}

TEST_F(disk, overlay_is_an_unnamed_file)
{
	char folder[] = "/tmp/disk-overlay.XXXXXX";

	ASSERT_NE(NULL, mkdtemp(folder));
	setenv("TMPDIR", folder, 1);
	for (int i = 0; i < 2; i++) {
		no_tmpfile = i;
		EXPECT_EQ(0, open_disk(self, DISK_COPY_ON_WRITE));
		EXPECT_EQ(overlay(self), strstr(overlay(self), folder));
		EXPECT_NE(NULL, strstr(overlay(self), "(deleted)"));
		disk_close(&self->disk);
		self->open = false;
	}
	EXPECT_EQ(0, rmdir(folder));
	/* It is not there any more. */
	EXPECT_EQ(0, open_disk(self, DISK_COPY_ON_WRITE));
	EXPECT_EQ(overlay(self), strstr(overlay(self), "/var/tmp/"));
}

TEST_F(disk, no_folder_for_the_overlay)
{
	no_folder = true;
	EXPECT_EQ(STATUS_HOST_ERROR, open_disk(self, DISK_COPY_ON_WRITE));
	EXPECT_NE(NULL, strstr(rig_complaint, "$TMPDIR, /var/tmp or /tmp: Read-only"));
	EXPECT_NE(NULL, strstr(rig_complaint, self->path));
	EXPECT_EQ(0, open_disk(self, DISK_READ_WRITE));
}

/* Exactly these sectors are zeros now. */
static bool zeroes(FIXTURE_DATA(disk) *self, uint64_t sector, uint64_t count, bool deallocate)
{
	static uint8_t bytes[SECTORS * SECTOR_SIZE];

	if (disk_zero(&self->disk, sector, count, deallocate) ||
	    pread(self->disk.fd, bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (uint64_t i = 0; i < sizeof(bytes); i++)
		if (!bytes[i] != (i / SECTOR_SIZE >= sector && i / SECTOR_SIZE < sector + count))
			return false;
	memset(bytes + sector * SECTOR_SIZE, 1, count * SECTOR_SIZE);
	return pwrite(self->disk.fd, bytes, sizeof(bytes), 0) == sizeof(bytes);
}

TEST_F(disk, blocks_larger_than_sectors)
{
	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	for (block = 512; block <= 65536; block *= 2) {
		EXPECT_TRUE(zeroes(self, 0, SECTORS, true));
		EXPECT_TRUE(zeroes(self, 1, 1, true));
		EXPECT_TRUE(zeroes(self, 3, SECTORS - 5, true));
		EXPECT_TRUE(zeroes(self, 8, 8, true));
		EXPECT_TRUE(zeroes(self, 127, 2, true));
		EXPECT_TRUE(zeroes(self, 127, 130, true));
		EXPECT_TRUE(zeroes(self, 128, 129, true));
		EXPECT_TRUE(zeroes(self, SECTORS, 0, true));
	}
}

TEST_HARNESS_MAIN
