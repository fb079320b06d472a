// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_console.c - a console, by a small driver (tools/devices/virtio_console.c).
 */
#include <string.h>

#include "devices/virtio_console.h"
#include "kselftest_harness.h"
#include "virtio_driver.h"

#define RECEIVEQ	0
#define TRANSMITQ	1
#define TEXT		(DRIVER_BUFFERS)
#define ROOM		(DRIVER_BUFFERS + 0x1000)

static unsigned int has_room_calls;

static void has_room(struct virtio_console *console)
{
	(void)console;
	has_room_calls++;
}

FIXTURE(console)
{
	struct rig rig;
	struct virtio_console console;
	struct virtio_driver driver;
};

FIXTURE_SETUP(console)
{
	rig_init(&self->rig);
	virtio_console_init(&self->console, &self->rig.output, &self->rig.memory, &self->rig.timers,
			    rig_irq(&self->rig, DRIVER_LINE), DRIVER_BASE);
	self->console.has_room = has_room;
	has_room_calls = 0;
	driver_init(&self->driver, &self->rig, &self->console.virtio);
}

FIXTURE_TEARDOWN(console)
{
}

static size_t type(struct _test_data_console *self, const char *text)
{
	return virtio_console_receive(&self->console, (const uint8_t *)text, strlen(text));
}

TEST_F(console, output)
{
	struct vring_desc parts[] = { { TEXT, 6, 0, 0 }, { TEXT + 0x100, 6, 0, 0 } };
	uint32_t length;

	memcpy(self->rig.bytes + TEXT, "hello ", 6);
	memcpy(self->rig.bytes + TEXT + 0x100, "world\n", 6);
	ASSERT_TRUE(driver_start(&self->driver, 1 << VIRTIO_CONSOLE_F_SIZE, 8));
	driver_add(&self->driver, TRANSMITQ, parts, 2);
	driver_add(&self->driver, TRANSMITQ, parts, 1);
	driver_notify(&self->driver, TRANSMITQ);
	ASSERT_EQ(18, self->rig.written_count);
	EXPECT_EQ(0, memcmp(self->rig.written, "hello world\nhello ", 18));
	EXPECT_TRUE(driver_get(&self->driver, TRANSMITQ, NULL, &length));
	EXPECT_TRUE(driver_get(&self->driver, TRANSMITQ, NULL, &length));
	EXPECT_EQ(0, length);
	EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
}

static size_t free_bytes;

static size_t output_room(struct output *output)
{
	(void)output;
	return free_bytes;
}

/* The buffers stay the device's until what they hold can be printed. */
TEST_F(console, output_without_room)
{
	struct vring_desc part = { TEXT, 6, 0, 0 };

	self->rig.output.room = output_room;
	free_bytes = 1000;
	ASSERT_TRUE(driver_start(&self->driver, 0, 8));
	driver_add(&self->driver, TRANSMITQ, &part, 1);
	driver_add(&self->driver, TRANSMITQ, &part, 1);
	driver_notify(&self->driver, TRANSMITQ);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(0, self->rig.written_count);
	EXPECT_FALSE(driver_get(&self->driver, TRANSMITQ, NULL, NULL));
	free_bytes = 1000000;
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(12, self->rig.written_count);
	EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
	EXPECT_TRUE(driver_get(&self->driver, TRANSMITQ, NULL, NULL));
	EXPECT_TRUE(driver_get(&self->driver, TRANSMITQ, NULL, NULL));
	EXPECT_EQ(NULL, self->rig.timers.first);
}

TEST_F(console, input)
{
	struct vring_desc room = { ROOM, 4, VRING_DESC_F_WRITE, 0 };
	uint32_t length;

	/* What is typed before there is a driver waits for it. */
	EXPECT_EQ(1, type(self, "a"));
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	ASSERT_TRUE(driver_start(&self->driver, 0, 8));
	driver_add(&self->driver, RECEIVEQ, &room, 1);
	driver_notify(&self->driver, RECEIVEQ);
	ASSERT_TRUE(driver_get(&self->driver, RECEIVEQ, NULL, &length));
	EXPECT_EQ(1, length);
	EXPECT_EQ('a', self->rig.bytes[ROOM]);

	driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	driver_add(&self->driver, RECEIVEQ, &room, 1);
	driver_notify(&self->driver, RECEIVEQ);
	EXPECT_FALSE(driver_get(&self->driver, RECEIVEQ, NULL, NULL));
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	EXPECT_EQ(7, type(self, "bcdefgh"));
	EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
	ASSERT_TRUE(driver_get(&self->driver, RECEIVEQ, NULL, &length));
	EXPECT_EQ(4, length);
	EXPECT_EQ(0, memcmp(self->rig.bytes + ROOM, "bcde", 4));
	driver_add(&self->driver, RECEIVEQ, &room, 1);
	driver_notify(&self->driver, RECEIVEQ);
	ASSERT_TRUE(driver_get(&self->driver, RECEIVEQ, NULL, &length));
	EXPECT_EQ(3, length);
	EXPECT_EQ(0, memcmp(self->rig.bytes + ROOM, "fgh", 3));
}

TEST_F(console, input_has_a_limit)
{
	struct vring_desc room = { ROOM, 4, VRING_DESC_F_WRITE, 0 };

	ASSERT_TRUE(driver_start(&self->driver, 0, 8));
	for (int i = 0; i < VIRTIO_CONSOLE_INPUT / 8; i++)
		EXPECT_EQ(8, type(self, "12345678"));
	EXPECT_EQ(0, virtio_console_room(&self->console));
	EXPECT_EQ(0, type(self, "x"));
	EXPECT_EQ(0, has_room_calls);
	driver_add(&self->driver, RECEIVEQ, &room, 1);
	driver_notify(&self->driver, RECEIVEQ);
	EXPECT_EQ(1, has_room_calls);
	EXPECT_EQ(4, virtio_console_room(&self->console));
	EXPECT_EQ(4, type(self, "xyzxyz"));
}

TEST_F(console, size)
{
	virtio_console_resize(&self->console, 80, 25);
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	ASSERT_TRUE(driver_start(&self->driver, 1 << VIRTIO_CONSOLE_F_SIZE, 8));
	EXPECT_EQ(80, memory_read(&self->rig, DRIVER_BASE + VIRTIO_MMIO_CONFIG, 2));
	EXPECT_EQ(25, memory_read(&self->rig, DRIVER_BASE + VIRTIO_MMIO_CONFIG + 2, 2));
	virtio_console_resize(&self->console, 80, 25);
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
	virtio_console_resize(&self->console, 100, 40);
	EXPECT_EQ(2, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
	EXPECT_EQ(40 << 16 | 100, driver_read(&self->driver, VIRTIO_MMIO_CONFIG));
}

/* Linux does not ask for it. */
TEST_F(console, first_size_is_told)
{
	virtio_console_resize(&self->console, 80, 25);
	for (int i = 0; i < 2; i++) {
		ASSERT_TRUE(driver_start(&self->driver, 1 << VIRTIO_CONSOLE_F_SIZE, 8));
		EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
		driver_notify(&self->driver, TRANSMITQ);
		EXPECT_EQ(2, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
		driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 2);
		driver_notify(&self->driver, TRANSMITQ);
		EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
	}
}

TEST_F(console, fuzz)
{
	unsigned int taken = 0;

	memcpy(self->driver.fuzz_length, ((uint32_t[]){ 0, 1, 16, 700 }), sizeof(self->driver.fuzz_length));
	for (int i = 0; i < 20000; i++) {
		taken += virtio_console_receive(&self->console, self->rig.bytes,
						rig_random(&self->rig) % 300);
		if (!(i % 16))
			virtio_console_resize(&self->console, i, i / 2);
		ASSERT_EQ(NULL, driver_fuzz(&self->driver, 10));
		ASSERT_LE(self->console.count, VIRTIO_CONSOLE_INPUT);
	}
	EXPECT_GT(self->rig.written_count, 100000);
	EXPECT_GT(taken, 100000);
}

TEST_HARNESS_MAIN
