// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_fs.c - a shared directory, by a small driver (tools/devices/virtio_fs.c).
 */
#include <errno.h>

#include "command.h"
#include "devices/virtio_fs.h"
#include "folder.h"
#include "kselftest_harness.h"
#include "linux/fuse.h"
#include "virtio_driver.h"

#define HIPRIO	0
#define REQUEST	1
#define IN	(DRIVER_BUFFERS)
#define OUT	(FUZZ_ANSWERS)

FIXTURE(fs)
{
	struct rig rig;
	struct folder folder;
	struct virtio_fs fs;
	struct virtio_driver driver;
};

FIXTURE_SETUP(fs)
{
	rig_init(&self->rig);
	ASSERT_TRUE(folder_make(&self->folder));
	ASSERT_EQ(0, virtio_fs_open(&self->fs, self->folder.share, "share", &self->rig.memory,
				    &self->rig.timers, rig_irq(&self->rig, DRIVER_LINE), DRIVER_BASE));
	driver_init(&self->driver, &self->rig, &self->fs.virtio);
}

FIXTURE_TEARDOWN(fs)
{
	virtio_fs_close(&self->fs);
	folder_remove(&self->folder);
}

TEST_F(fs, configuration)
{
	EXPECT_EQ(26, driver_read(&self->driver, VIRTIO_MMIO_DEVICE_ID));
	EXPECT_EQ(0, strcmp((char *)self->fs.config.tag, "share"));
	EXPECT_EQ('s', memory_read(&self->rig, DRIVER_BASE + VIRTIO_MMIO_CONFIG, 1));
	EXPECT_EQ(1, driver_read(&self->driver, VIRTIO_MMIO_CONFIG + offsetof(struct virtio_fs_config,
									      num_request_queues)));
}

TEST_F(fs, requests)
{
	struct { struct fuse_in_header header; char name[8]; } lookup = {
		{ .opcode = FUSE_LOOKUP, .nodeid = FUSE_ROOT_ID, .unique = 9 }, "file" };
	struct { struct fuse_in_header header; struct fuse_forget_in in; } forget = {
		{ .opcode = FUSE_FORGET, .nodeid = 2 }, { 1 } };
	struct vring_desc parts[] = { { IN, sizeof(lookup), 0, 0 }, { OUT, 16, VRING_DESC_F_WRITE, 0 },
				      { OUT + 0x100, sizeof(struct fuse_entry_out), VRING_DESC_F_WRITE, 0 } };
	const struct fuse_out_header *header = (const void *)(self->rig.bytes + OUT);
	const struct fuse_entry_out *entry = (const void *)(self->rig.bytes + OUT + 0x100);
	uint32_t length;

	ASSERT_TRUE(driver_start(&self->driver, 0, 16));
	memcpy(self->rig.bytes + IN, &lookup, sizeof(lookup));
	driver_add(&self->driver, REQUEST, parts, 3);
	driver_notify(&self->driver, REQUEST);
	ASSERT_TRUE(driver_get(&self->driver, REQUEST, NULL, &length));
	EXPECT_EQ(sizeof(*header) + sizeof(*entry), length);
	EXPECT_EQ(9, header->unique);
	EXPECT_EQ(0, header->error);
	EXPECT_EQ(12, entry->attr.size);
	EXPECT_EQ(2, entry->nodeid);

	/* FORGET has no answer, but comes back. */
	memcpy(self->rig.bytes + IN, &forget, sizeof(forget));
	parts[0].len = sizeof(forget);
	driver_add(&self->driver, HIPRIO, parts, 1);
	driver_notify(&self->driver, HIPRIO);
	ASSERT_TRUE(driver_get(&self->driver, HIPRIO, NULL, &length));
	EXPECT_EQ(0, length);
	EXPECT_EQ(NULL, fuse_nodes_find(&self->fs.server.nodes, 2));

	/* Less than a header. */
	parts[0].len = 10;
	driver_add(&self->driver, REQUEST, parts, 3);
	driver_notify(&self->driver, REQUEST);
	EXPECT_FALSE(virtio_running(&self->fs.virtio));
}

TEST_F(fs, reset_closes_all)
{
	struct { struct fuse_in_header header; struct fuse_open_in in; } open_root = {
		{ .opcode = FUSE_OPENDIR, .nodeid = FUSE_ROOT_ID }, { } };
	struct vring_desc parts[] = { { IN, sizeof(open_root), 0, 0 }, { OUT, 100, VRING_DESC_F_WRITE, 0 } };

	ASSERT_TRUE(driver_start(&self->driver, 0, 16));
	memcpy(self->rig.bytes + IN, &open_root, sizeof(open_root));
	driver_add(&self->driver, REQUEST, parts, 2);
	driver_notify(&self->driver, REQUEST);
	EXPECT_GE(self->fs.server.handle[0], 0);
	driver_write(&self->driver, VIRTIO_MMIO_STATUS, 0);
	EXPECT_EQ(-1, self->fs.server.handle[0]);
}

TEST_F(fs, bad_folder)
{
	struct virtio_fs other;

	EXPECT_EQ(STATUS_HOST_ERROR, virtio_fs_open(&other, "/no/such", "share", &self->rig.memory,
						    &self->rig.timers, rig_irq(&self->rig, 0), DRIVER_BASE));
}

TEST_F(fs, fuzz)
{
	memcpy(self->driver.fuzz_length, ((uint32_t[]){ 64, 128, 200, 1 }), sizeof(self->driver.fuzz_length));
	for (int i = 0; i < 200; i++) {
		for (int at = DRIVER_BUFFERS; at < FUZZ_ANSWERS; at += 16) {
			uint64_t random = rig_random(&self->rig);
			struct fuse_in_header header = { .opcode = random % 52, .nodeid = (random >> 8) % 4 };

			memcpy(self->rig.bytes + at, &header, 16);
			random = (random >> 16) % 4;
			memcpy(self->rig.bytes + at + 8, &random, 8);
		}
		ASSERT_EQ(NULL, driver_fuzz(&self->driver, 1000));
	}
	EXPECT_TRUE(folder_holds(self->folder.path, "outside", "outside"));
}

TEST_HARNESS_MAIN
