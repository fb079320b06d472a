// SPDX-License-Identifier: GPL-2.0
/*
 * uart16550.c - the serial port (tools/devices/uart16550.c), as the data sheet of the PC16550D has it,
 * and as Linux' driver probes it.
 */
#include <linux/serial_reg.h>
#include <string.h>

#include "devices/uart16550.h"
#include "kselftest_harness.h"
#include "rig.h"

#define BASE	0x3f8
#define LINE	4
#define FIFO_INTERRUPTS	(UART_MCR_OUT2 | UART_MCR_RTS | UART_MCR_DTR)

FIXTURE(uart)
{
	struct rig rig;
	struct uart uart;
};

FIXTURE_SETUP(uart)
{
	rig_init(&self->rig);
	uart_init(&self->uart, BASE, &self->rig.timers, rig_irq(&self->rig, LINE), &self->rig.output);
	bus_add(&self->rig.bus, &self->uart.device);
}

FIXTURE_TEARDOWN(uart)
{
}

static uint8_t in(struct rig *rig, unsigned int reg)
{
	return port_in(rig, BASE + reg, 1);
}

static void out(struct rig *rig, unsigned int reg, uint8_t value)
{
	port_out(rig, BASE + reg, 1, value);
}

/* 8N1 at 115200 baud, FIFOs on with this trigger, connected to the interrupt line. */
static void set_up(struct rig *rig, uint8_t trigger, uint8_t ier)
{
	out(rig, UART_LCR, UART_LCR_DLAB);
	out(rig, UART_DLL, 1);
	out(rig, UART_DLM, 0);
	out(rig, UART_LCR, UART_LCR_WLEN8);
	out(rig, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT | trigger);
	out(rig, UART_MCR, FIFO_INTERRUPTS);
	out(rig, UART_IER, ier);
}

static size_t receive(struct uart *uart, const char *text)
{
	return uart_receive(uart, (const uint8_t *)text, strlen(text));
}

/* Four characters of ten bits at 115200 baud. */
#define TIMEOUT_NS	347222

TEST_F(uart, state_after_reset)
{
	static const uint8_t values[8] = {
		0, 0, UART_IIR_NO_INT, 0, 0, UART_LSR_TEMT | UART_LSR_THRE,
		UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS, 0,
	};

	for (int i = 0; i < 8; i++)
		EXPECT_EQ(values[i], in(&self->rig, i));
}

TEST_F(uart, prints_without_being_set_up)
{
	out(&self->rig, UART_TX, 'H');
	out(&self->rig, UART_TX, 0xff);
	EXPECT_EQ(2, self->rig.written_count);
	EXPECT_EQ('H', self->rig.written[0]);
	EXPECT_EQ(0xff, self->rig.written[1]);
	EXPECT_EQ(UART_LSR_TEMT | UART_LSR_THRE, in(&self->rig, UART_LSR));
	EXPECT_EQ(0, self->rig.edges[LINE]);
}

TEST_F(uart, divisor_latch)
{
	out(&self->rig, UART_IER, UART_IER_RDI);
	out(&self->rig, UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	out(&self->rig, UART_DLL, 0x34);
	out(&self->rig, UART_DLM, 0x12);
	EXPECT_EQ(0x34, in(&self->rig, UART_DLL));
	EXPECT_EQ(0x12, in(&self->rig, UART_DLM));
	EXPECT_EQ(0x1234, port_in(&self->rig, BASE, 2));
	EXPECT_EQ(0, self->rig.written_count);
	out(&self->rig, UART_LCR, UART_LCR_WLEN8);
	EXPECT_EQ(UART_IER_RDI, in(&self->rig, UART_IER));
	EXPECT_EQ(0, in(&self->rig, UART_RX));
}

TEST_F(uart, registers_hold_what_a_chip_holds)
{
	for (unsigned int value = 0; value < 256; value++) {
		out(&self->rig, UART_SCR, value);
		out(&self->rig, UART_LCR, value);
		out(&self->rig, UART_MCR, value);
		EXPECT_EQ(value, in(&self->rig, UART_SCR));
		EXPECT_EQ(value, in(&self->rig, UART_LCR));
		EXPECT_EQ(value & 0x1f, in(&self->rig, UART_MCR));
		out(&self->rig, UART_LCR, 0);
		out(&self->rig, UART_IER, value);
		EXPECT_EQ(value & 0x0f, in(&self->rig, UART_IER));
	}
	/* Read-only. */
	out(&self->rig, UART_LSR, 0x1f);
	out(&self->rig, UART_MSR, 0);
	EXPECT_EQ(UART_LSR_TEMT | UART_LSR_THRE, in(&self->rig, UART_LSR));
}

TEST_F(uart, iir_tells_the_type)
{
	out(&self->rig, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	EXPECT_EQ(0xc0 | UART_IIR_NO_INT, in(&self->rig, UART_IIR));
	/* Trigger bits alone are not programmed. */
	out(&self->rig, UART_FCR, UART_FCR_TRIGGER_MASK);
	EXPECT_EQ(UART_IIR_NO_INT, in(&self->rig, UART_IIR));
}

/* Linux: "no UART here" unless the modem lines loop back; then IER's bits. */
TEST_F(uart, linux_autoconfig)
{
	struct rig *rig = &self->rig;

	out(rig, UART_IER, 0);
	EXPECT_EQ(0, in(rig, UART_IER));
	out(rig, UART_IER, 0x0f);
	EXPECT_EQ(0x0f, in(rig, UART_IER));
	out(rig, UART_IER, 0);
	out(rig, UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	EXPECT_EQ(UART_MSR_DCD | UART_MSR_CTS, in(rig, UART_MSR) & 0xf0);
	out(rig, UART_MCR, 0);
	EXPECT_EQ(0, rig->edges[LINE]);
}

/* Linux' serial8250_do_startup(): enabling raises the interrupt, and so does enabling it again. */
TEST_F(uart, linux_thre_test)
{
	struct rig *rig = &self->rig;

	set_up(rig, 0, 0);
	out(rig, UART_IER, UART_IER_THRI);
	EXPECT_EQ(0xc0 | UART_IIR_THRI, in(rig, UART_IIR));
	out(rig, UART_IER, 0);
	out(rig, UART_IER, UART_IER_THRI);
	EXPECT_EQ(0xc0 | UART_IIR_THRI, in(rig, UART_IIR));
	EXPECT_EQ(0xc0 | UART_IIR_NO_INT, in(rig, UART_IIR));
	out(rig, UART_IER, 0);
	EXPECT_EQ(2, rig->edges[LINE]);
	EXPECT_FALSE(rig->level[LINE]);
}

TEST_F(uart, transmitter_interrupt)
{
	struct rig *rig = &self->rig;

	set_up(rig, 0, UART_IER_THRI);
	EXPECT_TRUE(rig->level[LINE]);
	EXPECT_EQ(1, rig->edges[LINE]);
	/* Writing IER as it is raises nothing. */
	in(rig, UART_IIR);
	EXPECT_FALSE(rig->level[LINE]);
	out(rig, UART_IER, UART_IER_THRI);
	EXPECT_FALSE(rig->level[LINE]);
	/* Each character that leaves is a new edge, with and without reading IIR. */
	out(rig, UART_TX, 'a');
	EXPECT_EQ(2, rig->edges[LINE]);
	out(rig, UART_TX, 'b');
	EXPECT_EQ(3, rig->edges[LINE]);
	/* With the interrupt disabled it waits for nobody. */
	in(rig, UART_IIR);
	out(rig, UART_IER, 0);
	out(rig, UART_TX, 'c');
	EXPECT_FALSE(rig->level[LINE]);
	EXPECT_EQ(0xc0 | UART_IIR_NO_INT, in(rig, UART_IIR));
}

TEST_F(uart, reading_iir_clears_only_what_it_shows)
{
	struct rig *rig = &self->rig;

	set_up(rig, 0, UART_IER_THRI | UART_IER_RDI);
	EXPECT_EQ(1, receive(&self->uart, "x"));
	EXPECT_EQ(0xc0 | UART_IIR_RDI, in(rig, UART_IIR));
	EXPECT_EQ(0xc0 | UART_IIR_RDI, in(rig, UART_IIR));
	EXPECT_EQ('x', in(rig, UART_RX));
	EXPECT_EQ(0xc0 | UART_IIR_THRI, in(rig, UART_IIR));
	EXPECT_EQ(0xc0 | UART_IIR_NO_INT, in(rig, UART_IIR));
}

TEST_F(uart, receives_without_fifo)
{
	struct rig *rig = &self->rig;

	out(rig, UART_MCR, FIFO_INTERRUPTS);
	out(rig, UART_IER, UART_IER_RDI);
	EXPECT_EQ(1, uart_room(&self->uart));
	EXPECT_EQ(1, receive(&self->uart, "ab"));
	EXPECT_EQ(0, uart_room(&self->uart));
	EXPECT_EQ(0, receive(&self->uart, "b"));
	EXPECT_EQ(UART_IIR_RDI, in(rig, UART_IIR));
	EXPECT_EQ(UART_LSR_TEMT | UART_LSR_THRE | UART_LSR_DR, in(rig, UART_LSR));
	EXPECT_TRUE(rig->level[LINE]);
	EXPECT_EQ('a', in(rig, UART_RX));
	EXPECT_EQ('a', in(rig, UART_RX));
	EXPECT_FALSE(rig->level[LINE]);
	EXPECT_EQ(UART_LSR_TEMT | UART_LSR_THRE, in(rig, UART_LSR));
	EXPECT_EQ(1, uart_room(&self->uart));
}

TEST_F(uart, trigger_levels)
{
	static const struct {
		uint8_t fcr;
		unsigned int level;
	} triggers[] = { { UART_FCR_TRIGGER_1, 1 }, { UART_FCR_TRIGGER_4, 4 },
			 { UART_FCR_TRIGGER_8, 8 }, { UART_FCR_TRIGGER_14, 14 } };

	for (int i = 0; i < 4; i++) {
		set_up(&self->rig, triggers[i].fcr, UART_IER_RDI);
		EXPECT_EQ(16, uart_room(&self->uart));
		for (unsigned int n = 1; n <= 16; n++) {
			EXPECT_EQ(1, receive(&self->uart, "x"));
			EXPECT_EQ(n >= triggers[i].level, self->rig.level[LINE]);
		}
		EXPECT_EQ(0, receive(&self->uart, "x"));
		for (unsigned int n = 15; n + 1; n--) {
			in(&self->rig, UART_RX);
			EXPECT_EQ(n >= triggers[i].level, self->rig.level[LINE]);
		}
	}
}

TEST_F(uart, fifo_keeps_the_order)
{
	unsigned int sent = 0;

	set_up(&self->rig, UART_FCR_TRIGGER_8, 0);
	for (unsigned int got = 0; got < 1000; got++) {
		while (uart_room(&self->uart)) {
			uint8_t byte = sent++;

			EXPECT_EQ(1, uart_receive(&self->uart, &byte, 1));
		}
		EXPECT_EQ(got & 0xff, in(&self->rig, UART_RX));
	}
}

TEST_F(uart, character_timeout)
{
	struct rig *rig = &self->rig;

	set_up(rig, UART_FCR_TRIGGER_8, UART_IER_RDI);
	receive(&self->uart, "ab");
	rig_pass(rig, TIMEOUT_NS - 1000);
	EXPECT_FALSE(rig->level[LINE]);
	rig_pass(rig, 2000);
	EXPECT_TRUE(rig->level[LINE]);
	EXPECT_EQ(0xc0 | UART_IIR_RX_TIMEOUT, in(rig, UART_IIR));
	/* Reading a character ends it, and starts the time anew for the next one. */
	EXPECT_EQ('a', in(rig, UART_RX));
	EXPECT_FALSE(rig->level[LINE]);
	rig_pass(rig, TIMEOUT_NS + 1000);
	EXPECT_EQ(0xc0 | UART_IIR_RX_TIMEOUT, in(rig, UART_IIR));
	EXPECT_EQ('b', in(rig, UART_RX));
	rig_pass(rig, NS_PER_S);
	EXPECT_EQ(2, rig->edges[LINE]);
}

TEST_F(uart, a_character_restarts_the_timeout)
{
	struct rig *rig = &self->rig;

	set_up(rig, UART_FCR_TRIGGER_14, UART_IER_RDI);
	for (int i = 0; i < 5; i++) {
		receive(&self->uart, "x");
		rig_pass(rig, TIMEOUT_NS / 2);
		EXPECT_FALSE(rig->level[LINE]);
	}
	rig_pass(rig, TIMEOUT_NS / 2 + 1000);
	EXPECT_TRUE(rig->level[LINE]);
	/* A new one ends it, too. */
	receive(&self->uart, "x");
	EXPECT_FALSE(rig->level[LINE]);
}

TEST_F(uart, no_timeout_without_fifo)
{
	out(&self->rig, UART_MCR, FIFO_INTERRUPTS);
	receive(&self->uart, "x");
	EXPECT_EQ(NULL, self->rig.timers.first);
}

TEST_F(uart, clearing_the_fifo)
{
	struct rig *rig = &self->rig;

	set_up(rig, UART_FCR_TRIGGER_4, UART_IER_RDI);
	receive(&self->uart, "abcdef");
	out(rig, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_4);
	EXPECT_TRUE(rig->level[LINE]);
	out(rig, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_TRIGGER_4);
	EXPECT_FALSE(rig->level[LINE]);
	EXPECT_EQ(0, in(rig, UART_LSR) & UART_LSR_DR);
	receive(&self->uart, "ab");
	out(rig, UART_FCR, 0);
	EXPECT_EQ(0, in(rig, UART_LSR) & UART_LSR_DR);
	rig_pass(rig, NS_PER_S);
	EXPECT_FALSE(rig->level[LINE]);
}

TEST_F(uart, loopback)
{
	struct rig *rig = &self->rig;

	set_up(rig, 0, UART_IER_RDI);
	out(rig, UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(0, uart_room(&self->uart));
	EXPECT_EQ(0, receive(&self->uart, "x"));
	out(rig, UART_TX, 'a');
	out(rig, UART_TX, 'b');
	EXPECT_EQ(0xc0 | UART_IIR_RDI, in(rig, UART_IIR));
	EXPECT_EQ('a', in(rig, UART_RX));
	EXPECT_EQ('b', in(rig, UART_RX));
	EXPECT_EQ(0, rig->written_count);
	/* The interrupt's pin is not connected. */
	EXPECT_EQ(0, rig->edges[LINE]);
}

TEST_F(uart, overrun)
{
	struct rig *rig = &self->rig;

	out(rig, UART_IER, UART_IER_RLSI | UART_IER_RDI);
	out(rig, UART_MCR, UART_MCR_LOOP);
	out(rig, UART_TX, 'a');
	out(rig, UART_TX, 'b');
	EXPECT_EQ(UART_IIR_RLSI, in(rig, UART_IIR));
	EXPECT_EQ(UART_LSR_OE | UART_LSR_DR, in(rig, UART_LSR) & 0x1f);
	EXPECT_EQ(UART_LSR_DR, in(rig, UART_LSR) & 0x1f);
	EXPECT_EQ(UART_IIR_RDI, in(rig, UART_IIR));
	EXPECT_EQ('b', in(rig, UART_RX));
	/* A FIFO keeps the first 16. */
	out(rig, UART_FCR, UART_FCR_ENABLE_FIFO);
	for (int i = 0; i < 17; i++)
		out(rig, UART_TX, 'a' + i);
	EXPECT_EQ(UART_LSR_OE | UART_LSR_DR, in(rig, UART_LSR) & 0x1f);
	for (int i = 0; i < 16; i++)
		EXPECT_EQ('a' + i, in(rig, UART_RX));
	EXPECT_EQ(0, in(rig, UART_LSR) & 0x1f);
}

TEST_F(uart, modem_status)
{
	struct rig *rig = &self->rig;

	out(rig, UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_DDCD, in(rig, UART_MSR));
	EXPECT_EQ(0, in(rig, UART_MSR));
	out(rig, UART_IER, UART_IER_MSI);
	/* The beginning of a ring is no change; its end is. */
	out(rig, UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1);
	EXPECT_EQ(UART_IIR_NO_INT, in(rig, UART_IIR));
	EXPECT_EQ(UART_MSR_RI, in(rig, UART_MSR));
	out(rig, UART_MCR, UART_MCR_LOOP | UART_MCR_DTR);
	EXPECT_EQ(UART_IIR_MSI, in(rig, UART_IIR));
	EXPECT_EQ(UART_MSR_DSR | UART_MSR_TERI | UART_MSR_DDSR, in(rig, UART_MSR));
	EXPECT_EQ(UART_IIR_NO_INT, in(rig, UART_IIR));
	/* Out of loopback, the terminal is there again. */
	out(rig, UART_MCR, UART_MCR_OUT2);
	EXPECT_TRUE(rig->level[LINE]);
	EXPECT_EQ(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS | UART_MSR_DDCD | UART_MSR_DCTS,
		  in(rig, UART_MSR));
	EXPECT_FALSE(rig->level[LINE]);
}

TEST_F(uart, priorities)
{
	struct rig *rig = &self->rig;

	out(rig, UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);
	out(rig, UART_IER, 0x0f);
	out(rig, UART_TX, 'a');
	out(rig, UART_TX, 'b');
	EXPECT_EQ(UART_IIR_RLSI, in(rig, UART_IIR));
	in(rig, UART_LSR);
	EXPECT_EQ(UART_IIR_RDI, in(rig, UART_IIR));
	in(rig, UART_RX);
	EXPECT_EQ(UART_IIR_THRI, in(rig, UART_IIR));
	EXPECT_EQ(UART_IIR_MSI, in(rig, UART_IIR));
	in(rig, UART_MSR);
	EXPECT_EQ(UART_IIR_NO_INT, in(rig, UART_IIR));
}

TEST_F(uart, out2_connects_the_line)
{
	struct rig *rig = &self->rig;

	out(rig, UART_IER, UART_IER_THRI);
	EXPECT_FALSE(rig->level[LINE]);
	out(rig, UART_MCR, UART_MCR_OUT2);
	EXPECT_TRUE(rig->level[LINE]);
	out(rig, UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP);
	EXPECT_FALSE(rig->level[LINE]);
}

static unsigned int told;

static void fill(struct uart *uart)
{
	told++;
	while (uart_room(uart))
		uart_receive(uart, (const uint8_t *)"0123456789abcdef", 16);
}

TEST_F(uart, the_owner_learns_of_room)
{
	struct rig *rig = &self->rig;

	told = 0;
	self->uart.has_room = fill;
	/* Nothing is sent before the guest says that it is ready. */
	EXPECT_EQ(0, uart_room(&self->uart));
	out(rig, UART_FCR, UART_FCR_ENABLE_FIFO);
	in(rig, UART_RX);
	EXPECT_EQ(0, told);
	out(rig, UART_MCR, FIFO_INTERRUPTS);
	EXPECT_EQ(1, told);
	for (int i = 0; i < 160; i++)
		EXPECT_EQ("0123456789abcdef"[i % 16], in(rig, UART_RX));
	EXPECT_EQ(11, told);
	out(rig, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	EXPECT_EQ(12, told);
	out(rig, UART_MCR, FIFO_INTERRUPTS | UART_MCR_LOOP);
	for (int i = 0; i < 16; i++)
		in(rig, UART_RX);
	EXPECT_EQ(12, told);
	out(rig, UART_MCR, FIFO_INTERRUPTS);
	EXPECT_EQ(13, told);
}

TEST_F(uart, fuzz)
{
	self->uart.has_room = fill;
	for (int i = 0; i < 4000; i++) {
		rig_fuzz(&self->rig, &self->uart.device, 400);
		ASSERT_LE(self->uart.count, self->uart.fcr & 1 ? 16 : 1);
		ASSERT_LT(self->uart.first, 16);
		ASSERT_LE(uart_room(&self->uart), 16);
		ASSERT_EQ(self->uart.level, self->rig.level[LINE]);
		ASSERT_EQ(0, self->uart.ier & 0xf0);
		receive(&self->uart, "fuzz");
	}
}

TEST_HARNESS_MAIN
