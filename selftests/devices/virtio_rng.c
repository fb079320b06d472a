// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_rng.c - random bytes, by a small driver (tools/devices/virtio_rng.c).
 */
#include <string.h>

#include "devices/virtio_rng.h"
#include "kselftest_harness.h"
#include "virtio_driver.h"

#define ROOM	(DRIVER_BUFFERS)

FIXTURE(rng)
{
	struct rig rig;
	struct virtio_rng rng;
	struct virtio_driver driver;
};

FIXTURE_SETUP(rng)
{
	rig_init(&self->rig);
	virtio_rng_init(&self->rng, &self->rig.memory, &self->rig.timers,
			rig_irq(&self->rig, DRIVER_LINE), DRIVER_BASE);
	driver_init(&self->driver, &self->rig, &self->rng.virtio);
}

FIXTURE_TEARDOWN(rng)
{
}

TEST_F(rng, fills_the_buffer)
{
	struct vring_desc parts[] = { { ROOM, 100, VRING_DESC_F_WRITE, 0 },
				      { ROOM + 200, 28, VRING_DESC_F_WRITE, 0 } };
	static const uint8_t zeros[100];
	uint32_t length;

	ASSERT_TRUE(driver_start(&self->driver, 0, 8));
	driver_add(&self->driver, 0, parts, 2);
	driver_notify(&self->driver, 0);
	ASSERT_TRUE(driver_get(&self->driver, 0, NULL, &length));
	EXPECT_EQ(128, length);
	EXPECT_NE(0, memcmp(self->rig.bytes + ROOM, zeros, 100));
	EXPECT_EQ(0, memcmp(self->rig.bytes + ROOM + 100, zeros, 100));
	EXPECT_NE(0, memcmp(self->rig.bytes + ROOM + 200, zeros, 28));
	EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
}

TEST_F(rng, long_buffers_are_filled_in_part)
{
	struct vring_desc part = { ROOM, 0x8000, VRING_DESC_F_WRITE, 0 };
	uint32_t length;

	ASSERT_TRUE(driver_start(&self->driver, 0, 8));
	driver_add(&self->driver, 0, &part, 1);
	driver_notify(&self->driver, 0);
	ASSERT_TRUE(driver_get(&self->driver, 0, NULL, &length));
	EXPECT_EQ(4096, length);
}

TEST_F(rng, fuzz)
{
	memcpy(self->driver.fuzz_length, ((uint32_t[]){ 0, 1, 16, 700 }), sizeof(self->driver.fuzz_length));
	EXPECT_EQ(NULL, driver_fuzz(&self->driver, 200000));
}

TEST_HARNESS_MAIN
