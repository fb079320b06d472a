// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_blk.c - a disk, by a small driver (tools/devices/virtio_blk.c, disk.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "devices/virtio_blk.h"
#include "kselftest_harness.h"
#include "virtio_driver.h"

#define SECTORS	16
#define HEADER	(DRIVER_BUFFERS)
#define STATUS	(DRIVER_BUFFERS + 0x20)
#define DATA	(DRIVER_BUFFERS + 0x1000)
#define WRITE	VRING_DESC_F_WRITE
#define BAD	0xee			/* a status that the device has not written */

FIXTURE(blk)
{
	struct rig rig;
	struct virtio_blk blk;
	struct virtio_driver driver;
	char path[32];
	int file;
	bool open;
};

/* Each sector is full of its number, plus 1. */
FIXTURE_SETUP(blk)
{
	uint8_t sector[SECTOR_SIZE];

	rig_init(&self->rig);
	strcpy(self->path, "/tmp/virtio-blk.XXXXXX");
	self->file = mkstemp(self->path);
	ASSERT_GE(self->file, 0);
	for (int i = 0; i < SECTORS; i++) {
		memset(sector, i + 1, sizeof(sector));
		ASSERT_EQ(SECTOR_SIZE, write(self->file, sector, sizeof(sector)));
	}
	self->open = false;
}

FIXTURE_TEARDOWN(blk)
{
	if (self->open)
		virtio_blk_close(&self->blk);
	close(self->file);
	unlink(self->path);
}

static int open_disk(struct _test_data_blk *self, enum disk_mode mode)
{
	int status = virtio_blk_open(&self->blk, self->path, mode, &self->rig.memory, &self->rig.timers,
				     rig_irq(&self->rig, DRIVER_LINE), DRIVER_BASE);

	self->open = !status;
	if (self->open) {
		self->rig.bus = (struct bus){ };
		driver_init(&self->driver, &self->rig, &self->blk.virtio);
		driver_start(&self->driver, self->blk.virtio.features, 16);
	}
	return status;
}

static void reopen_disk(struct _test_data_blk *self, enum disk_mode mode)
{
	virtio_blk_close(&self->blk);
	open_disk(self, mode);
}

/* One request with size bytes at DATA, which are the device's to write or to read. Its status. */
static uint8_t request(struct _test_data_blk *self, uint32_t type, uint64_t sector, uint32_t size,
		       uint16_t flags)
{
	struct virtio_blk_outhdr header = { .type = type, .sector = sector };
	/* Not the layout that Linux uses: any is allowed. */
	struct vring_desc parts[] = { { HEADER, 7, 0, 0 }, { HEADER + 7, 9, 0, 0 },
				      { DATA, size / 3, flags, 0 },
				      { DATA + size / 3, size - size / 3, flags, 0 },
				      { STATUS, 1, WRITE, 0 } };
	uint32_t length;

	memcpy(self->rig.bytes + HEADER, &header, sizeof(header));
	self->rig.bytes[STATUS] = BAD;
	driver_add(&self->driver, 0, parts, 5);
	driver_notify(&self->driver, 0);
	if (!driver_get(&self->driver, 0, NULL, &length))
		return BAD;
	if (self->rig.bytes[STATUS] == VIRTIO_BLK_S_OK && (flags & WRITE || !size) &&
	    length != size + 1)
		return BAD;
	return self->rig.bytes[STATUS];
}

static uint8_t read_sector(struct _test_data_blk *self, uint64_t sector)
{
	memset(self->rig.bytes + DATA, BAD, SECTOR_SIZE);
	if (request(self, VIRTIO_BLK_T_IN, sector, SECTOR_SIZE, WRITE) ||
	    memcmp(self->rig.bytes + DATA, self->rig.bytes + DATA + 1, SECTOR_SIZE - 1))
		return BAD;
	return self->rig.bytes[DATA];
}

static uint8_t write_sector(struct _test_data_blk *self, uint64_t sector, uint8_t byte)
{
	memset(self->rig.bytes + DATA, byte, SECTOR_SIZE);
	return request(self, VIRTIO_BLK_T_OUT, sector, SECTOR_SIZE, 0);
}

static uint8_t byte_in_file(struct _test_data_blk *self, uint64_t sector)
{
	uint8_t byte = BAD;

	return pread(self->file, &byte, 1, sector * SECTOR_SIZE) < 0 ? BAD : byte;
}

static uint8_t zero_sectors(struct _test_data_blk *self, uint32_t type, uint64_t sector, uint32_t count,
			    uint32_t flags)
{
	struct virtio_blk_discard_write_zeroes range = {
		.sector = sector, .num_sectors = count, .flags = flags };

	memcpy(self->rig.bytes + DATA, &range, sizeof(range));
	return request(self, type, 0, sizeof(range), 0);
}

TEST_F(blk, read_only)
{
	ASSERT_EQ(0, open_disk(self, DISK_READ_ONLY));
	EXPECT_TRUE(self->blk.virtio.features & 1 << VIRTIO_BLK_F_RO);
	EXPECT_EQ(SECTORS, driver_read(&self->driver, VIRTIO_MMIO_CONFIG));
	for (int i = 0; i < SECTORS; i++)
		EXPECT_EQ(i + 1, read_sector(self, i));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, write_sector(self, 0, 0x55));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, zero_sectors(self, VIRTIO_BLK_T_DISCARD, 0, 1, 0));
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_FLUSH, 0, 0, 0));
	EXPECT_EQ(1, byte_in_file(self, 0));
	EXPECT_TRUE(virtio_running(&self->blk.virtio));
}

TEST_F(blk, read_write)
{
	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	EXPECT_TRUE(self->blk.virtio.features & 1 << VIRTIO_BLK_F_FLUSH);
	EXPECT_EQ(VIRTIO_BLK_S_OK, write_sector(self, 3, 0x55));
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_FLUSH, 0, 0, 0));
	EXPECT_EQ(0x55, byte_in_file(self, 3));
	EXPECT_EQ(0x55, read_sector(self, 3));
	EXPECT_EQ(5, read_sector(self, 4));
	/* All of the disk in one request. */
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_IN, 0, SECTORS * SECTOR_SIZE, WRITE));
	EXPECT_EQ(0x55, self->rig.bytes[DATA + 3 * SECTOR_SIZE]);
	EXPECT_EQ(SECTORS, self->rig.bytes[DATA + SECTORS * SECTOR_SIZE - 1]);
}

TEST_F(blk, copy_on_write)
{
	ASSERT_EQ(0, open_disk(self, DISK_COPY_ON_WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_OK, write_sector(self, 3, 0x55));
	EXPECT_EQ(VIRTIO_BLK_S_OK, write_sector(self, SECTORS - 1, 0x66));
	EXPECT_EQ(VIRTIO_BLK_S_OK, zero_sectors(self, VIRTIO_BLK_T_WRITE_ZEROES, 5, 2, 0));
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_IN, 0, SECTORS * SECTOR_SIZE, WRITE));
	for (int i = 0; i < SECTORS; i++) {
		uint8_t *bytes = self->rig.bytes + DATA + i * SECTOR_SIZE;

		EXPECT_EQ(i == 3 ? 0x55 : i == 5 || i == 6 ? 0 : i == SECTORS - 1 ? 0x66 : i + 1, bytes[0]);
		EXPECT_EQ(0, memcmp(bytes, bytes + 1, SECTOR_SIZE - 1));
		EXPECT_EQ(i + 1, byte_in_file(self, i));
	}
	/* The next run finds the disk as it was. */
	reopen_disk(self, DISK_COPY_ON_WRITE);
	EXPECT_EQ(4, read_sector(self, 3));
}

TEST_F(blk, zeroes)
{
	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_OK,
		  zero_sectors(self, VIRTIO_BLK_T_WRITE_ZEROES, 2, 2, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP));
	EXPECT_EQ(2, read_sector(self, 1));
	EXPECT_EQ(0, read_sector(self, 2));
	EXPECT_EQ(0, byte_in_file(self, 3));
	EXPECT_EQ(5, read_sector(self, 4));
	EXPECT_EQ(VIRTIO_BLK_S_OK, zero_sectors(self, VIRTIO_BLK_T_DISCARD, 0, SECTORS, 0));
	EXPECT_EQ(VIRTIO_BLK_S_UNSUPP, zero_sectors(self, VIRTIO_BLK_T_DISCARD, 0, 1, 1));
	EXPECT_EQ(VIRTIO_BLK_S_UNSUPP, zero_sectors(self, VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 2));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, zero_sectors(self, VIRTIO_BLK_T_WRITE_ZEROES, SECTORS, 1, 0));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, zero_sectors(self, VIRTIO_BLK_T_WRITE_ZEROES, ~0ull, 2, 0));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_DISCARD, 0, 15, 0));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_DISCARD, 0, 32, 0));
}

TEST_F(blk, requests_that_are_refused)
{
	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_IN, SECTORS, SECTOR_SIZE, WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_IN, SECTORS - 1, 2 * SECTOR_SIZE, WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_OUT, ~0ull, SECTOR_SIZE, 0));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_OUT, 1ull << 55, SECTOR_SIZE, 0));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_IN, 0, SECTOR_SIZE - 1, WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_IN, SECTORS, 0, WRITE));
	EXPECT_EQ(VIRTIO_BLK_S_UNSUPP, request(self, VIRTIO_BLK_T_SECURE_ERASE, 0, 0, 0));
	EXPECT_EQ(VIRTIO_BLK_S_UNSUPP, request(self, 0x12345678, 0, 0, 0));
	EXPECT_TRUE(virtio_running(&self->blk.virtio));
}

TEST_F(blk, requests_that_break_it)
{
	struct vring_desc no_status = { HEADER, 16, 0, 0 }, no_header = { STATUS, 1, WRITE, 0 };

	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	driver_add(&self->driver, 0, &no_status, 1);
	driver_notify(&self->driver, 0);
	EXPECT_FALSE(virtio_running(&self->blk.virtio));
	driver_start(&self->driver, 0, 16);
	driver_add(&self->driver, 0, &no_header, 1);
	driver_notify(&self->driver, 0);
	EXPECT_FALSE(virtio_running(&self->blk.virtio));
}

/* Neither a chain nor what is done at a time is of any size. */
TEST_F(blk, work_is_bounded)
{
	struct virtio_blk_config *config = &self->blk.config;
	struct vring_desc parts[VIRTIO_QUEUE_SIZE] = { { HEADER, 16, 0, 0 } };
	struct vring_desc flush[] = { { HEADER, 16, 0, 0 }, { STATUS, 1, WRITE, 0 } };
	struct virtio_blk_outhdr header = { .type = VIRTIO_BLK_T_FLUSH };

	ASSERT_EQ(0, ftruncate(self->file, 32 << 20));
	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	EXPECT_LE(config->seg_max * config->size_max, 4 << 20);
	EXPECT_LE(config->max_write_zeroes_sectors * SECTOR_SIZE, 4 << 20);
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, zero_sectors(self, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8193, 0));
	EXPECT_EQ(VIRTIO_BLK_S_OK, zero_sectors(self, VIRTIO_BLK_T_DISCARD, 0, 8193, 0));
	/* Each of these may take long. */
	driver_start(&self->driver, self->blk.virtio.features, 16);
	memcpy(self->rig.bytes + HEADER, &header, sizeof(header));
	for (int i = 0; i < 3; i++)
		driver_add(&self->driver, 0, flush, 2);
	driver_notify(&self->driver, 0);
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(driver_get(&self->driver, 0, NULL, NULL));
		EXPECT_FALSE(driver_get(&self->driver, 0, NULL, NULL));
		rig_pass(&self->rig, 100000);
	}
	driver_start(&self->driver, self->blk.virtio.features, VIRTIO_QUEUE_SIZE);
	for (int i = 1; i < VIRTIO_QUEUE_SIZE - 1; i++)
		parts[i] = (struct vring_desc){ DATA, i < 10 ? 0xa000 : 0x8000, WRITE, 0 };
	parts[VIRTIO_QUEUE_SIZE - 1] = (struct vring_desc){ STATUS, 1, WRITE, 0 };
	driver_add(&self->driver, 0, parts, VIRTIO_QUEUE_SIZE);
	driver_notify(&self->driver, 0);
	EXPECT_FALSE(virtio_running(&self->blk.virtio));
}

TEST_F(blk, id)
{
	ASSERT_EQ(0, open_disk(self, DISK_READ_ONLY));
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_GET_ID, 0, VIRTIO_BLK_ID_BYTES, WRITE));
	EXPECT_EQ(0, strncmp((char *)self->rig.bytes + DATA, self->path + 5, VIRTIO_BLK_ID_BYTES));
}

TEST_F(blk, partial_last_sector)
{
	ASSERT_EQ(0, ftruncate(self->file, 2 * SECTOR_SIZE + 100));
	ASSERT_EQ(0, open_disk(self, DISK_READ_WRITE));
	EXPECT_NE(NULL, strstr(rig_complaint, "1124 bytes are not whole sectors"));
	EXPECT_EQ(3, driver_read(&self->driver, VIRTIO_MMIO_CONFIG));
	EXPECT_EQ(VIRTIO_BLK_S_OK, request(self, VIRTIO_BLK_T_IN, 1, 2 * SECTOR_SIZE, WRITE));
	EXPECT_EQ(2, self->rig.bytes[DATA]);
	EXPECT_EQ(3, self->rig.bytes[DATA + SECTOR_SIZE + 99]);
	EXPECT_EQ(0, self->rig.bytes[DATA + SECTOR_SIZE + 100]);
	EXPECT_EQ(0, self->rig.bytes[DATA + 2 * SECTOR_SIZE - 1]);
	EXPECT_EQ(VIRTIO_BLK_S_OK, write_sector(self, 2, 0x55));
	EXPECT_EQ(0x55, read_sector(self, 2));
	EXPECT_EQ(VIRTIO_BLK_S_IOERR, request(self, VIRTIO_BLK_T_IN, 3, SECTOR_SIZE, WRITE));
}

/* The path that is opened, and what the complaint must name. */
static int refusal(struct _test_data_blk *self, const char *path, enum disk_mode mode, const char *text)
{
	int status = virtio_blk_open(&self->blk, path, mode, &self->rig.memory, &self->rig.timers,
				     rig_irq(&self->rig, DRIVER_LINE), DRIVER_BASE);

	return strstr(rig_complaint, text) && strstr(rig_complaint, path) ? status : -1;
}

TEST_F(blk, bad_files)
{
	int lock;

	EXPECT_EQ(STATUS_BAD_IMAGE, refusal(self, "/no/such/file", DISK_READ_ONLY, "No such file"));
	EXPECT_EQ(STATUS_BAD_IMAGE, refusal(self, "/tmp", DISK_READ_ONLY, "a directory"));
	EXPECT_EQ(STATUS_BAD_IMAGE, refusal(self, "/tmp", DISK_READ_WRITE, "for writing"));
	EXPECT_EQ(STATUS_BAD_IMAGE, refusal(self, "/dev/null", DISK_READ_ONLY, "neither a file nor"));
	lock = open(self->path, O_RDONLY);
	ASSERT_EQ(0, flock(lock, LOCK_SH));
	EXPECT_EQ(STATUS_BAD_IMAGE, refusal(self, self->path, DISK_READ_WRITE, "another machine's disk"));
	EXPECT_EQ(0, open_disk(self, DISK_COPY_ON_WRITE));
	close(lock);
	ASSERT_EQ(0, ftruncate(self->file, 0));
	EXPECT_EQ(STATUS_BAD_IMAGE, refusal(self, self->path, DISK_READ_ONLY, "is empty"));
	self->open = false;
}

TEST_F(blk, fuzz)
{
	unsigned int written = 0;

	ASSERT_EQ(0, open_disk(self, DISK_COPY_ON_WRITE));
	memcpy(self->driver.fuzz_length, ((uint32_t[]){ 16, SECTOR_SIZE, 3 * SECTOR_SIZE, 1 }),
	       sizeof(self->driver.fuzz_length));
	for (int i = 0; i < 200; i++) {
		for (int at = DRIVER_BUFFERS; at < FUZZ_ANSWERS; at += 16) {
			uint64_t random = rig_random(&self->rig);
			struct virtio_blk_outhdr header = {
				.type = random & 1 ? random >> 8 & 1 : random >> 8 & 15,
				.sector = (random >> 16) % 20 };

			memcpy(self->rig.bytes + at, &header, sizeof(header));
		}
		ASSERT_EQ(NULL, driver_fuzz(&self->driver, 2000));
	}
	for (int i = 0; i < SECTORS; i++) {
		EXPECT_EQ(i + 1, byte_in_file(self, i));
		written += self->blk.disk.written[i / 8] >> i % 8 & 1;
	}
	EXPECT_EQ(SECTORS, written);
	driver_start(&self->driver, 0, 16);
	EXPECT_EQ(VIRTIO_BLK_S_OK, write_sector(self, 3, 0x77));
	EXPECT_EQ(0x77, read_sector(self, 3));
}

TEST_HARNESS_MAIN
