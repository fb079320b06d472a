// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_mmio.c - the registers and queues that all virtio devices share
 * (tools/devices/virtio_mmio.c, virtio_queue.c, buffers.c), by a device that echoes.
 */
#include <string.h>

#include "kselftest_harness.h"
#include "virtio_driver.h"

#define OK		(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define RUNNING		(OK | VIRTIO_CONFIG_S_DRIVER_OK)
#define EVENT_IDX	(1ull << VIRTIO_RING_F_EVENT_IDX)
#define INDIRECT	(1ull << VIRTIO_RING_F_INDIRECT_DESC)
#define IN		(DRIVER_BUFFERS)
#define OUT		(DRIVER_BUFFERS + 0x1000)

/* Answers with the bytes of the request. */
struct echo {
	struct virtio_device virtio;
	uint8_t config[6];
	unsigned int notifications, resets, chains;
};

static void echo_notify(struct virtio_device *virtio, unsigned int number)
{
	struct echo *echo = container_of(virtio, struct echo, virtio);
	struct virtio_queue *queue = &virtio->queue[number];
	struct virtio_chain chain;
	uint8_t bytes[64];

	echo->notifications++;
	for (unsigned int n = virtio_queue_waiting(queue); n && virtio_queue_take(queue, &chain); n--) {
		size_t size = buffers_get(&chain.readable, bytes, sizeof(bytes));

		echo->chains++;
		virtio_queue_give(queue, &chain, buffers_put(&chain.writable, bytes, size));
	}
}

static void echo_reset(struct virtio_device *virtio)
{
	container_of(virtio, struct echo, virtio)->resets++;
}

FIXTURE(virtio)
{
	struct rig rig;
	struct echo echo;
	struct virtio_driver driver;
};

FIXTURE_SETUP(virtio)
{
	rig_init(&self->rig);
	self->echo = (struct echo){
		.virtio = { .id = 42, .features = 5, .queues = 2, .config_size = 6,
			    .notify = echo_notify, .reset = echo_reset },
		.config = { 1, 2, 3, 4, 5, 6 },
	};
	self->echo.virtio.config = self->echo.config;
	self->echo.virtio.queue[0].chain_limit = self->echo.virtio.queue[1].chain_limit = 0x1000;
	virtio_mmio_init(&self->echo.virtio, "echo", &self->rig.memory, &self->rig.timers,
			 rig_irq(&self->rig, DRIVER_LINE), DRIVER_BASE);
	driver_init(&self->driver, &self->rig, &self->echo.virtio);
	memcpy(self->rig.bytes + IN, "The quick brown fox", 20);
}

FIXTURE_TEARDOWN(virtio)
{
}

TEST_F(virtio, identity_and_configuration)
{
	EXPECT_EQ(0x74726976, driver_read(&self->driver, VIRTIO_MMIO_MAGIC_VALUE));
	EXPECT_EQ(2, driver_read(&self->driver, VIRTIO_MMIO_VERSION));
	EXPECT_EQ(42, driver_read(&self->driver, VIRTIO_MMIO_DEVICE_ID));
	EXPECT_EQ(0xffffffff, driver_read(&self->driver, VIRTIO_MMIO_SHM_LEN_LOW));
	EXPECT_EQ(0x04030201, driver_read(&self->driver, VIRTIO_MMIO_CONFIG));
	EXPECT_EQ(0x0302, memory_read(&self->rig, DRIVER_BASE + VIRTIO_MMIO_CONFIG + 1, 2));
	EXPECT_EQ(6, memory_read(&self->rig, DRIVER_BASE + VIRTIO_MMIO_CONFIG + 5, 1));
	/* Behind its end. */
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_CONFIG + 4));
	EXPECT_EQ(0, driver_read(&self->driver, 0xffc));
	/* Registers are words. */
	EXPECT_EQ(0, memory_read(&self->rig, DRIVER_BASE, 1));
	EXPECT_EQ(0, driver_read(&self->driver, 2));
	driver_write(&self->driver, VIRTIO_MMIO_QUEUE_SEL, 1);
	EXPECT_EQ(VIRTIO_QUEUE_SIZE, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_NUM_MAX));
	driver_write(&self->driver, VIRTIO_MMIO_QUEUE_SEL, 2);
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_NUM_MAX));
	/* No such queue: nothing happens; a sanitizer sees a pointer that is formed all the same. */
	driver_write(&self->driver, VIRTIO_MMIO_QUEUE_READY, 1);
	driver_write(&self->driver, VIRTIO_MMIO_QUEUE_SEL, ~0u);
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_NUM_MAX));
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_READY));
	driver_write(&self->driver, VIRTIO_MMIO_QUEUE_NUM, 4);
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
}

TEST_F(virtio, features)
{
	EXPECT_EQ(5 | INDIRECT | EVENT_IDX, driver_read(&self->driver, VIRTIO_MMIO_DEVICE_FEATURES));
	driver_write(&self->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	EXPECT_EQ(1, driver_read(&self->driver, VIRTIO_MMIO_DEVICE_FEATURES));
	driver_write(&self->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_DEVICE_FEATURES));
	driver_negotiate(&self->driver, 1);
	EXPECT_EQ(OK, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
	/* What has been accepted stays. */
	driver_write(&self->driver, VIRTIO_MMIO_DRIVER_FEATURES, 0);
	EXPECT_EQ(1 | 1ull << VIRTIO_F_VERSION_1, self->echo.virtio.driver_features);
	driver_negotiate(&self->driver, 2);
	EXPECT_EQ(OK & ~VIRTIO_CONFIG_S_FEATURES_OK, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
}

TEST_F(virtio, legacy_driver_is_refused)
{
	driver_write(&self->driver, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	driver_write(&self->driver, VIRTIO_MMIO_STATUS, OK);
	EXPECT_EQ(OK & ~VIRTIO_CONFIG_S_FEATURES_OK, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
	driver_write(&self->driver, VIRTIO_MMIO_STATUS, RUNNING & ~VIRTIO_CONFIG_S_FEATURES_OK);
	EXPECT_TRUE(driver_read(&self->driver, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	EXPECT_FALSE(virtio_running(&self->echo.virtio));
}

TEST_F(virtio, request_and_interrupt)
{
	struct vring_desc parts[] = { { IN, 4, 0, 0 }, { IN + 4, 0, 0, 0 }, { IN + 4, 5, 0, 0 },
				      { OUT, 2, VRING_DESC_F_WRITE, 0 },
				      { OUT + 16, 16, VRING_DESC_F_WRITE, 0 } };
	uint16_t head, id;
	uint32_t length;

	ASSERT_TRUE(driver_start(&self->driver, 0, 16));
	EXPECT_EQ(RUNNING, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
	driver_add(&self->driver, 0, parts, 1);
	head = driver_add(&self->driver, 0, parts, 5);
	EXPECT_FALSE(driver_get(&self->driver, 0, NULL, NULL));
	driver_notify(&self->driver, 0);
	EXPECT_EQ(1, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
	EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
	ASSERT_TRUE(driver_get(&self->driver, 0, NULL, &length));
	EXPECT_EQ(0, length);
	ASSERT_TRUE(driver_get(&self->driver, 0, &id, &length));
	EXPECT_EQ(head, id);
	EXPECT_EQ(9, length);
	EXPECT_EQ(0, memcmp(self->rig.bytes + OUT, "Th", 2));
	EXPECT_EQ(0, memcmp(self->rig.bytes + OUT + 16, "e quick", 7));
	EXPECT_FALSE(driver_get(&self->driver, 0, NULL, NULL));
	driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 2);
	EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
	driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	EXPECT_EQ(1, self->rig.edges[DRIVER_LINE]);
}

TEST_F(virtio, interrupt_suppression)
{
	struct vring_desc part = { IN, 4, 0, 0 };
	struct vring *ring = &self->driver.ring[0];

	driver_start(&self->driver, 0, 4);
	ring->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	driver_add(&self->driver, 0, &part, 1);
	driver_notify(&self->driver, 0);
	EXPECT_EQ(1, ring->used->idx);
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);

	/* The flag means nothing with event_idx: an interrupt when the entry of that index is used. */
	driver_start(&self->driver, EVENT_IDX, 4);
	ring->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	vring_used_event(ring) = 2;
	for (int i = 0; i < 4; i++) {
		driver_add(&self->driver, 0, &part, 1);
		driver_notify(&self->driver, 0);
		EXPECT_EQ(i == 2, self->rig.level[DRIVER_LINE]);
		driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 1);
		/* And the device asks to be told of the next one. */
		EXPECT_EQ(i + 1, vring_avail_event(ring));
	}
}

TEST_F(virtio, indexes_wrap)
{
	struct vring_desc parts[] = { { IN, 4, 0, 0 }, { OUT, 4, VRING_DESC_F_WRITE, 0 } };

	driver_start(&self->driver, EVENT_IDX, 2);
	for (int i = 0; i < 70000; i++) {
		driver_add(&self->driver, 0, parts, 2);
		driver_notify(&self->driver, 0);
		ASSERT_TRUE(driver_get(&self->driver, 0, NULL, NULL));
	}
	EXPECT_EQ(70000, self->echo.chains);
	EXPECT_TRUE(virtio_running(&self->echo.virtio));
}

TEST_F(virtio, indirect_descriptors)
{
	/* At an address as odd as an allocator may give. */
	struct vring_desc table[] = { { IN, 4, VRING_DESC_F_NEXT, 2 }, { OUT, 16, VRING_DESC_F_WRITE, 0 },
				      { IN + 4, 5, VRING_DESC_F_NEXT, 1 } };
	struct vring_desc part = { OUT + 0x101, sizeof(table), VRING_DESC_F_INDIRECT, 0 };
	uint32_t length;

	memcpy(self->rig.bytes + OUT + 0x101, table, sizeof(table));
	driver_start(&self->driver, INDIRECT, 1);
	driver_add(&self->driver, 0, &part, 1);
	driver_notify(&self->driver, 0);
	ASSERT_TRUE(driver_get(&self->driver, 0, NULL, &length));
	EXPECT_EQ(9, length);
	EXPECT_EQ(0, memcmp(self->rig.bytes + OUT, "The quick", 9));
	/* Not negotiated. */
	driver_start(&self->driver, 0, 1);
	driver_add(&self->driver, 0, &part, 1);
	driver_notify(&self->driver, 0);
	EXPECT_FALSE(virtio_running(&self->echo.virtio));
}

TEST_F(virtio, broken_chains)
{
	static const struct {
		struct vring_desc parts[2], table[2];
	} broken[] = {
		{ { { RIG_MEMORY - 4, 5, 0, 0 } }, { } },			/* over the end of memory */
		{ { { -1ull, 1, 0, 0 } }, { } },
		{ { { 0, 0x1001, 0, 0 } }, { } },				/* over the device's limit */
		{ { { OUT, 1, 3, 1 }, { IN, 1, 0, 0 } }, { } },			/* readable behind writable */
		{ { { IN, 1, 1, 0 } }, { } },					/* a circle */
		{ { { IN, 1, 1, 4 } }, { } },					/* no such descriptor */
		{ { { OUT + 16, 32, 4 | 1, 1 } }, { { IN, 1, 0, 0 } } },	/* indirect and more */
		{ { { OUT + 16, 31, 4, 0 } }, { { IN, 1, 0, 0 } } },		/* half a descriptor */
		{ { { OUT + 16, 0, 4, 0 } }, { { IN, 1, 0, 0 } } },		/* no descriptor */
		{ { { OUT + 16, 32, 4, 0 } }, { { OUT + 32, 16, 4, 0 } } },	/* indirect in indirect */
		{ { { OUT + 16, 32, 4, 0 } }, { { IN, 1, 1, 2 } } },		/* behind the table */
		{ { { RIG_MEMORY - 16, 32, 4, 0 } }, { } },
	};

	for (unsigned int i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		ASSERT_TRUE(driver_start(&self->driver, INDIRECT, 4));
		memcpy(self->driver.ring[0].desc, broken[i].parts, sizeof(broken[i].parts));
		memcpy(self->rig.bytes + OUT + 16, broken[i].table, sizeof(broken[i].table));
		self->driver.ring[0].avail->idx = 1;
		driver_notify(&self->driver, 0);
		EXPECT_EQ(RUNNING | VIRTIO_CONFIG_S_NEEDS_RESET,
			  driver_read(&self->driver, VIRTIO_MMIO_STATUS)) {
			TH_LOG("chain %u", i);
		}
		EXPECT_EQ(2, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
		EXPECT_EQ(0, self->driver.ring[0].used->idx);
	}
	/* It stands still until it is reset. */
	driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 3);
	self->echo.notifications = 0;
	driver_notify(&self->driver, 1);
	EXPECT_EQ(0, self->echo.notifications);
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
}

/* What is a lot of work is done in pieces, and the rest of the machine gets its turn in between. */
TEST_F(virtio, rounds)
{
	static struct vring_desc table[16];
	struct vring_desc part = { OUT, sizeof(table), VRING_DESC_F_INDIRECT, 0 };
	const unsigned int chains = 40, size = 16 * 0x8000;

	for (unsigned int i = 0; i < 16; i++)
		table[i] = (struct vring_desc){ 0, 0x8000, i < 15 ? VRING_DESC_F_NEXT : 0, i + 1 };
	self->echo.virtio.queue[0].chain_limit = size;
	ASSERT_TRUE(driver_start(&self->driver, INDIRECT, 64));
	memcpy(self->rig.bytes + OUT, table, sizeof(table));
	for (unsigned int i = 0; i < chains; i++)
		driver_add(&self->driver, 0, &part, 1);
	driver_notify(&self->driver, 0);
	for (unsigned int done = VIRTIO_ROUND / size; done < chains; done += VIRTIO_ROUND / size) {
		EXPECT_EQ(done, self->echo.chains);
		EXPECT_EQ(done, self->driver.ring[0].used->idx);
		/* Not at once: others wait for the lock. */
		rig_pass(&self->rig, 1000);
		EXPECT_EQ(done, self->echo.chains);
		driver_write(&self->driver, VIRTIO_MMIO_INTERRUPT_ACK, 1);
		rig_pass(&self->rig, 99000);
		EXPECT_TRUE(self->rig.level[DRIVER_LINE]);
	}
	EXPECT_EQ(chains, self->echo.chains);
	EXPECT_EQ(NULL, self->rig.timers.first);
	/* A reset in between forgets the rest. */
	for (unsigned int i = 0; i < chains; i++)
		driver_add(&self->driver, 0, &part, 1);
	driver_notify(&self->driver, 0);
	EXPECT_EQ(chains + VIRTIO_ROUND / size, self->echo.chains);
	driver_write(&self->driver, VIRTIO_MMIO_STATUS, 0);
	rig_pass(&self->rig, NS_PER_S);
	EXPECT_EQ(chains + VIRTIO_ROUND / size, self->echo.chains);
}

TEST_F(virtio, broken_available_ring)
{
	static const uint16_t indexes[] = { 5, 0x8000, 0xffff };

	for (unsigned int i = 0; i < 3; i++) {
		driver_start(&self->driver, 0, 4);
		self->driver.ring[0].avail->idx = indexes[i];
		driver_notify(&self->driver, 0);
		EXPECT_FALSE(virtio_running(&self->echo.virtio));
	}
	driver_start(&self->driver, 0, 4);
	self->driver.ring[0].avail->idx = 1;
	self->driver.ring[0].avail->ring[0] = 4;
	driver_notify(&self->driver, 0);
	EXPECT_FALSE(virtio_running(&self->echo.virtio));
	EXPECT_EQ(0, self->echo.chains);
}

TEST_F(virtio, broken_queues)
{
	static const struct {
		uint32_t size, offset, value;
	} broken[] = {
		{ 0, 0, 0 }, { 3, 0, 0 }, { 256, 0, 0 }, { 0x80000001, 0, 0 },
		{ 4, VIRTIO_MMIO_QUEUE_DESC_LOW, 8 }, { 4, VIRTIO_MMIO_QUEUE_AVAIL_LOW, 1 },
		{ 4, VIRTIO_MMIO_QUEUE_USED_LOW, 2 }, { 4, VIRTIO_MMIO_QUEUE_DESC_LOW, RIG_MEMORY - 48 },
		{ 4, VIRTIO_MMIO_QUEUE_AVAIL_LOW, RIG_MEMORY - 12 }, { 4, VIRTIO_MMIO_QUEUE_USED_HIGH, 1 },
		{ 4, VIRTIO_MMIO_QUEUE_USED_LOW, RIG_MEMORY - 36 },
	};

	for (unsigned int i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		driver_negotiate(&self->driver, 0);
		driver_set_queue(&self->driver, 0, 4);
		EXPECT_EQ(1, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_READY));
		driver_write(&self->driver, VIRTIO_MMIO_QUEUE_READY, 0);
		EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_READY));
		driver_write(&self->driver, VIRTIO_MMIO_QUEUE_NUM, broken[i].size);
		driver_write(&self->driver, VIRTIO_MMIO_QUEUE_USED_LOW, 0x1000);
		driver_write(&self->driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, 0x800);
		driver_write(&self->driver, broken[i].offset, broken[i].value);
		driver_write(&self->driver, VIRTIO_MMIO_QUEUE_READY, 1);
		EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_READY)) {
			TH_LOG("queue %u", i);
		}
		EXPECT_EQ(OK | VIRTIO_CONFIG_S_NEEDS_RESET, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
		/* Nobody is told before DRIVER_OK. */
		EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	}
}

TEST_F(virtio, configuration_change)
{
	uint32_t generation = driver_read(&self->driver, VIRTIO_MMIO_CONFIG_GENERATION);

	virtio_config_changed(&self->echo.virtio);
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	EXPECT_NE(generation, driver_read(&self->driver, VIRTIO_MMIO_CONFIG_GENERATION));
	driver_start(&self->driver, 0, 4);
	virtio_config_changed(&self->echo.virtio);
	EXPECT_EQ(2, driver_read(&self->driver, VIRTIO_MMIO_INTERRUPT_STATUS));
	driver_write(&self->driver, VIRTIO_MMIO_STATUS, 0);
	EXPECT_FALSE(self->rig.level[DRIVER_LINE]);
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_STATUS));
	EXPECT_EQ(0, driver_read(&self->driver, VIRTIO_MMIO_QUEUE_READY));
	EXPECT_EQ(2, self->echo.resets);
	driver_notify(&self->driver, 0);
	EXPECT_EQ(0, self->echo.notifications);
}

TEST_F(virtio, fuzz)
{
	memcpy(self->driver.fuzz_length, ((uint32_t[]){ 0, 1, 16, 512 }), sizeof(self->driver.fuzz_length));
	EXPECT_EQ(NULL, driver_fuzz(&self->driver, 200000));
	EXPECT_GT(self->echo.chains, 100000);
	rig_fuzz(&self->rig, &self->echo.virtio.device, 200000);
}

TEST_HARNESS_MAIN
