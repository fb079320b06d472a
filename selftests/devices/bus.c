// SPDX-License-Identifier: GPL-2.0
/*
 * bus.c - the bus and the timers that all devices share (tools/devices/bus.c, timers.c).
 */
#include "kselftest_harness.h"
#include "rig.h"

/* A device that remembers what reached it, and reads as its offset. */
struct probe {
	struct device device;
	unsigned int calls;
	uint64_t offset[8], value[8];
	unsigned int size[8];
};

static uint64_t probe_read(struct device *device, const struct device_range *range, uint64_t offset,
			   unsigned int size)
{
	struct probe *probe = container_of(device, struct probe, device);

	(void)range;
	probe->offset[probe->calls & 7] = offset;
	probe->size[probe->calls++ & 7] = size;
	return 0xa0a0a0a0a0a0a0a0 + offset;
}

static void probe_write(struct device *device, const struct device_range *range, uint64_t offset,
			unsigned int size, uint64_t value)
{
	struct probe *probe = container_of(device, struct probe, device);

	probe->value[probe->calls & 7] = value;
	probe_read(device, range, offset, size);
}

FIXTURE(bus)
{
	struct rig rig;
	struct probe bytes, words;
};

FIXTURE_SETUP(bus)
{
	rig_init(&self->rig);
	self->bytes = (struct probe){ .device = {
		.range = { { SPACE_PORT, 0x60, 5, 1 } }, .read = probe_read, .write = probe_write } };
	self->words = (struct probe){ .device = {
		.range = { { SPACE_PORT, 0x65, 4, 4 }, { SPACE_MEMORY, 0x1000, 0x100, 4 } },
		.read = probe_read, .write = probe_write } };
	bus_add(&self->rig.bus, &self->bytes.device);
	bus_add(&self->rig.bus, &self->words.device);
}

FIXTURE_TEARDOWN(bus)
{
}

TEST_F(bus, nobody_there)
{
	bool found = true;

	EXPECT_EQ(0xff, port_in(&self->rig, 0x5f, 1));
	EXPECT_EQ(0xffffffff, port_in(&self->rig, 0x100, 4));
	EXPECT_EQ(~0ull, memory_read(&self->rig, 0x60, 8));
	bus_read(&self->rig.bus, SPACE_PORT, 0x100, 4, &found);
	EXPECT_FALSE(found);
	bus_write(&self->rig.bus, SPACE_MEMORY, 0xfff, 1, 0, &found);
	EXPECT_FALSE(found);
	EXPECT_EQ(0, self->bytes.calls + self->words.calls);
}

TEST_F(bus, narrow_device_gets_pieces)
{
	bool found;

	bus_write(&self->rig.bus, SPACE_PORT, 0x60, 4, 0x44332211, &found);
	EXPECT_TRUE(found);
	ASSERT_EQ(4, self->bytes.calls);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(i, self->bytes.offset[i]);
		EXPECT_EQ(1, self->bytes.size[i]);
		EXPECT_EQ(0x11 * (i + 1), self->bytes.value[i]);
	}
	EXPECT_EQ(0xa3a2a1a0, port_in(&self->rig, 0x60, 4));
}

TEST_F(bus, access_over_two_devices)
{
	/* Port 0x64 is the first's, 0x65 and 0x66 the other's, and takes a word, then a byte. */
	EXPECT_EQ(0xa2a0a0a4, port_in(&self->rig, 0x64, 4));
	EXPECT_EQ(1, self->bytes.calls);
}

TEST_F(bus, wide_access_at_the_end_of_a_range)
{
	/* The last two bytes, then nobody. */
	EXPECT_EQ(0xffffa0a2, port_in(&self->rig, 0x67, 4));
	EXPECT_EQ(2, self->words.size[0]);
}

TEST_F(bus, memory_and_ports_are_apart)
{
	EXPECT_EQ(0xa0a0a0a4a0a0a0a0, memory_read(&self->rig, 0x1000, 8));
	EXPECT_EQ(0xff, port_in(&self->rig, 0x1000, 1));
}

struct alarm {
	struct timer timer;
	unsigned int rings;
	uint64_t again;		/* ns after the last, 0: no more */
};

static void ring(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->rings++;
	if (alarm->again)
		timer_arm(timer, timer->deadline + alarm->again);
}

FIXTURE(timers)
{
	struct rig rig;
	struct alarm a, b;
};

FIXTURE_SETUP(timers)
{
	rig_init(&self->rig);
	timer_init(&self->a.timer, &self->rig.timers, ring);
	timer_init(&self->b.timer, &self->rig.timers, ring);
	self->a.rings = self->b.rings = 0;
	self->a.again = self->b.again = 0;
}

FIXTURE_TEARDOWN(timers)
{
}

TEST_F(timers, order_and_cancel)
{
	timer_arm(&self->a.timer, 200);
	timer_arm(&self->b.timer, 100);
	EXPECT_EQ(&self->b.timer, self->rig.timers.first);
	rig_pass(&self->rig, 100);
	EXPECT_EQ(0, self->a.rings);
	EXPECT_EQ(1, self->b.rings);
	timer_cancel(&self->a.timer);
	timer_cancel(&self->a.timer);
	rig_pass(&self->rig, 1000);
	EXPECT_EQ(0, self->a.rings);
	EXPECT_EQ(NULL, self->rig.timers.first);
}

TEST_F(timers, a_new_deadline_replaces_the_old)
{
	timer_arm(&self->a.timer, 100);
	timer_arm(&self->a.timer, 300);
	rig_pass(&self->rig, 200);
	EXPECT_EQ(0, self->a.rings);
	rig_pass(&self->rig, 200);
	EXPECT_EQ(1, self->a.rings);
}

TEST_F(timers, periodic)
{
	self->a.again = 10;
	timer_arm(&self->a.timer, 10);
	rig_pass(&self->rig, 1000);
	EXPECT_EQ(100, self->a.rings);
}

TEST_F(timers, what_is_overdue_waits_for_the_next_call)
{
	self->a.again = 1;
	timer_arm(&self->a.timer, 1);
	timer_arm(&self->b.timer, 2);
	self->rig.time = NS_PER_S;
	timers_expire(&self->rig.timers);
	EXPECT_EQ(1, self->a.rings);
	EXPECT_EQ(1, self->b.rings);
	timers_expire(&self->rig.timers);
	EXPECT_EQ(2, self->a.rings);
}

TEST_HARNESS_MAIN
