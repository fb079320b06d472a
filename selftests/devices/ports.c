// SPDX-License-Identifier: GPL-2.0
/*
 * ports.c - the devices of a few ports each: keyboard controller, reset, PCI configuration, debug
 * ports, pvpanic (tools/devices/i8042.c, reset_ports.c, pci_config.c, debug_ports.c, pvpanic.c).
 */
#include "devices/debug_ports.h"
#include "devices/i8042.h"
#include "devices/pci_config.h"
#include "devices/pvpanic.h"
#include "devices/reset_ports.h"
#include "kselftest_harness.h"
#include "rig.h"

FIXTURE(ports)
{
	struct rig rig;
	struct i8042 i8042;
	struct pci_config pci_config;
	struct reset_ports reset;
	struct debug_ports debug;
	struct pvpanic pvpanic;
};

FIXTURE_SETUP(ports)
{
	struct rig *rig = &self->rig;

	rig_init(rig);
	i8042_init(&self->i8042, &rig->stop);
	pci_config_init(&self->pci_config);
	reset_ports_init(&self->reset, &rig->stop);
	debug_ports_init(&self->debug, &rig->output, &rig->stop);
	pvpanic_init(&self->pvpanic, &rig->stop);
	bus_add(&rig->bus, &self->i8042.device);
	bus_add(&rig->bus, &self->pci_config.device);
	bus_add(&rig->bus, &self->reset.device);
	bus_add(&rig->bus, &self->debug.device);
	bus_add(&rig->bus, &self->pvpanic.device);
}

FIXTURE_TEARDOWN(ports)
{
}

/* The answer to a command of the keyboard controller; -1: none. */
static int ask(struct rig *rig, uint8_t command)
{
	port_out(rig, 0x64, 1, command);
	return port_in(rig, 0x64, 1) & 1 ? (int)port_in(rig, 0x60, 1) : -1;
}

TEST_F(ports, keyboard_controller_at_rest)
{
	/* Not locked, self test passed, nothing to read. */
	EXPECT_EQ(0x14, port_in(&self->rig, 0x64, 1));
	EXPECT_EQ(0x55, ask(&self->rig, 0xaa));
	/* The last byte was a command. */
	EXPECT_EQ(0x1c, port_in(&self->rig, 0x64, 1));
	EXPECT_EQ(0x00, ask(&self->rig, 0xab));
	EXPECT_EQ(0x00, ask(&self->rig, 0xa9));
	EXPECT_EQ(0x80, ask(&self->rig, 0xc0));
	EXPECT_EQ(-1, ask(&self->rig, 0x99));
	EXPECT_EQ(0xff, port_in(&self->rig, 0x63, 1));
}

TEST_F(ports, controller_command_byte)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(0x74, ask(rig, 0x20));
	EXPECT_EQ(-1, ask(rig, 0x60));
	port_out(rig, 0x60, 1, 0x03);
	EXPECT_EQ(0x03, ask(rig, 0x20));
	/* The status shows the byte's system flag, and the self test sets it. */
	EXPECT_EQ(0x18, port_in(rig, 0x64, 1));
	EXPECT_EQ(0x55, ask(rig, 0xaa));
	EXPECT_EQ(0x07, ask(rig, 0x20));
	ask(rig, 0xa7);
	EXPECT_EQ(0x27, ask(rig, 0x20));
	ask(rig, 0xad);
	EXPECT_EQ(0x37, ask(rig, 0x20));
	ask(rig, 0xa8);
	ask(rig, 0xae);
	EXPECT_EQ(0x07, ask(rig, 0x20));
	/* The rest of its memory is the guest's. */
	ask(rig, 0x7f);
	port_out(rig, 0x60, 1, 0x5a);
	EXPECT_EQ(0x5a, ask(rig, 0x3f));
	EXPECT_EQ(0x07, ask(rig, 0x20));
}

TEST_F(ports, a_command_forgets_the_one_that_waits)
{
	struct rig *rig = &self->rig;

	ask(rig, 0x60);
	ask(rig, 0xaa);
	port_out(rig, 0x60, 1, 0x00);
	EXPECT_EQ(0xfe, port_in(rig, 0x60, 1));
	EXPECT_EQ(0x74, ask(rig, 0x20));
}

TEST_F(ports, no_keyboard_and_no_mouse)
{
	struct rig *rig = &self->rig;

	/* "Reset" to the keyboard: time-out, "resend"; reading it clears the status. */
	port_out(rig, 0x60, 1, 0xff);
	EXPECT_EQ(0x55, port_in(rig, 0x64, 1));
	EXPECT_EQ(0xfe, port_in(rig, 0x60, 1));
	EXPECT_EQ(0x14, port_in(rig, 0x64, 1));
	ask(rig, 0xd4);
	port_out(rig, 0x60, 1, 0xf2);
	EXPECT_EQ(0x75, port_in(rig, 0x64, 1));
	EXPECT_EQ(0xfe, port_in(rig, 0x60, 1));
	/* Both output buffers echo. */
	ask(rig, 0xd2);
	port_out(rig, 0x60, 1, 0x12);
	EXPECT_EQ(0x15, port_in(rig, 0x64, 1));
	ask(rig, 0xd3);
	port_out(rig, 0x60, 1, 0x34);
	EXPECT_EQ(0x35, port_in(rig, 0x64, 1));
	EXPECT_EQ(0x34, port_in(rig, 0x60, 1));
}

TEST_F(ports, output_port_and_a20)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(0x03, ask(rig, 0xd0));
	ask(rig, 0xd1);
	port_out(rig, 0x60, 1, 0xdd);
	EXPECT_EQ(0xdd, ask(rig, 0xd0));
	ask(rig, 0xd1);
	port_out(rig, 0x60, 1, 0xdf);
	/* What boot loaders end with: a pulse of nothing. */
	ask(rig, 0xff);
	EXPECT_EQ(0xdf, ask(rig, 0xd0));
	EXPECT_EQ(0, rig->stops);
}

TEST_F(ports, keyboard_controller_resets)
{
	struct rig *rig = &self->rig;

	port_out(rig, 0x64, 1, 0xfe);
	EXPECT_EQ(1, rig->stops);
	EXPECT_EQ(STOP_RESET, rig->stop_reason);
	ask(rig, 0xd1);
	port_out(rig, 0x60, 1, 0xde);
	EXPECT_EQ(2, rig->stops);
}

TEST_F(ports, system_control_port_a)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(0x02, port_in(rig, 0x92, 1));
	port_out(rig, 0x92, 1, 0xfc);
	EXPECT_EQ(0x00, port_in(rig, 0x92, 1));
	port_out(rig, 0x92, 1, 0x02);
	EXPECT_EQ(0x02, port_in(rig, 0x92, 1));
	EXPECT_EQ(0, rig->stops);
	port_out(rig, 0x92, 1, 0x03);
	EXPECT_EQ(1, rig->stops);
	EXPECT_EQ(STOP_RESET, rig->stop_reason);
}

TEST_F(ports, reset_control)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(0x00, port_in(rig, 0xcf9, 1));
	port_out(rig, 0xcf9, 1, 0xf2);
	EXPECT_EQ(0x02, port_in(rig, 0xcf9, 1));
	EXPECT_EQ(0, rig->stops);
	port_out(rig, 0xcf9, 1, 0x06);
	EXPECT_EQ(1, rig->stops);
	EXPECT_EQ(STOP_RESET, rig->stop_reason);
	/* The edge counts. */
	port_out(rig, 0xcf9, 1, 0x0e);
	EXPECT_EQ(1, rig->stops);
	port_out(rig, 0xcf9, 1, 0x00);
	port_out(rig, 0xcf9, 1, 0x04);
	EXPECT_EQ(2, rig->stops);
}

TEST_F(ports, pci_is_empty)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(0, port_in(rig, 0xcf8, 4));
	port_out(rig, 0xcf8, 4, 0x80000600);
	/* Byte 1 of the value is no write to the reset register. */
	EXPECT_EQ(0, rig->stops);
	EXPECT_EQ(0x80000600, port_in(rig, 0xcf8, 4));
	EXPECT_EQ(0xffffffff, port_in(rig, 0xcfc, 4));
	EXPECT_EQ(0xffff, port_in(rig, 0xcfe, 2));
	EXPECT_EQ(0xff, port_in(rig, 0xcfd, 1));
	port_out(rig, 0xcfc, 4, 0);
	port_out(rig, 0xcf8, 4, 0xffffffff);
	EXPECT_EQ(0x80fffffc, port_in(rig, 0xcf8, 4));
}

/* How a kernel tells mechanism #1 from #2: bytes do not reach the address register, nor read as 0. */
TEST_F(ports, pci_mechanism)
{
	struct rig *rig = &self->rig;

	port_out(rig, 0xcfb, 1, 0x01);
	EXPECT_EQ(0, port_in(rig, 0xcf8, 4));
	port_out(rig, 0xcf8, 1, 0x00);
	port_out(rig, 0xcfa, 1, 0x00);
	EXPECT_EQ(0xff, port_in(rig, 0xcf8, 1));
	EXPECT_EQ(0xff, port_in(rig, 0xcfa, 1));
}

TEST_F(ports, debug_ports)
{
	struct rig *rig = &self->rig;

	port_out(rig, 0xe9, 1, 'h');
	port_out(rig, 0xe9, 4, 0x11223300 | 'i');
	ASSERT_EQ(2, rig->written_count);
	EXPECT_EQ('h', rig->written[0]);
	EXPECT_EQ('i', rig->written[1]);
	EXPECT_EQ(0xe9, port_in(rig, 0xe9, 1));
	port_out(rig, 0x80, 1, 0xaa);
	EXPECT_EQ(0xaa, port_in(rig, 0x80, 1));
	EXPECT_EQ(0, rig->stops);
	for (unsigned int size = 1; size <= 4; size *= 2) {
		port_out(rig, 0xf4, size, 0x12345670 + size);
		EXPECT_EQ(STOP_EXIT, rig->stop_reason);
		EXPECT_EQ(0x70 + size, rig->stop_status);
	}
	EXPECT_EQ(3, rig->stops);
	EXPECT_EQ(0xff, port_in(rig, 0xf4, 1));
}

TEST_F(ports, guest_panic)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(0x03, port_in(rig, 0x505, 1));
	port_out(rig, 0x505, 1, 0xfc);
	EXPECT_FALSE(self->pvpanic.crash_loaded);
	port_out(rig, 0x505, 1, 0x02);
	EXPECT_TRUE(self->pvpanic.crash_loaded);
	EXPECT_EQ(0, rig->stops);
	port_out(rig, 0x505, 1, 0x01);
	EXPECT_EQ(1, rig->stops);
	EXPECT_EQ(STOP_PANIC, rig->stop_reason);
}

TEST_F(ports, fuzz)
{
	struct rig *rig = &self->rig;

	/* In turns, so that each meets the others' leavings. */
	for (int i = 0; i < 1000; i++) {
		rig_fuzz(rig, &self->i8042.device, 1000);
		EXPECT_EQ(0x10, port_in(rig, 0x64, 1) & 0x92);
		EXPECT_EQ(1, ask(rig, 0xd0) & 1);
		rig_fuzz(rig, &self->pci_config.device, 1000);
		EXPECT_EQ(0, port_in(rig, 0xcf8, 4) & 0x7f000003);
		rig_fuzz(rig, &self->reset.device, 1000);
		EXPECT_EQ(0, port_in(rig, 0x92, 1) & 0xfd);
		EXPECT_EQ(0, port_in(rig, 0xcf9, 1) & 0xf1);
		rig_fuzz(rig, &self->debug.device, 1000);
		EXPECT_EQ(0xe9, port_in(rig, 0xe9, 1));
		rig_fuzz(rig, &self->pvpanic.device, 1000);
	}
	EXPECT_EQ(0, rig->stop_status & ~0xff);
}

TEST_HARNESS_MAIN
