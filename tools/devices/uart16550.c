// SPDX-License-Identifier: GPL-2.0
/*
 * uart16550.c - a 16550A serial port: what the guest prints and what it reads.
 *
 * Reached from bus.c for ports 0x3f8 to 0x3ff, and from the user's terminal by uart_receive().
 * It follows the data sheet of National Semiconductor's PC16550D, section 8 "Registers". Two
 * things differ from a chip: characters leave at once, so that the transmitter is always empty;
 * and the word length is always 8, because small guests print without setting LCR.
 */
#include <linux/serial_reg.h>

#include "devices/uart16550.h"

#define BAUD_BASE	115200		/* of a PC: a clock of 1.8432 MHz by 16 */
#define IIR_FIFO_ENABLED 0xc0

/* The terminal at the other end is on, and always ready to receive. */
#define MODEM_LINES	(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)

static bool has_fifo(const struct uart *uart)
{
	return uart->fcr & UART_FCR_ENABLE_FIFO;
}

static unsigned int trigger(const struct uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return has_fifo(uart) ? levels[uart->fcr >> 6] : 1;
}

/* "Interrupt Control Functions": the one with the highest priority, as IIR shows it. */
static uint8_t interrupt_id(const struct uart *uart)
{
	if (uart->ier & UART_IER_RLSI && uart->line_errors)
		return UART_IIR_RLSI;
	if (uart->ier & UART_IER_RDI && uart->count >= trigger(uart))
		return UART_IIR_RDI;
	if (uart->ier & UART_IER_RDI && uart->timeout_interrupt)
		return UART_IIR_RX_TIMEOUT;
	if (uart->ier & UART_IER_THRI && uart->transmitter_interrupt)
		return UART_IIR_THRI;
	if (uart->ier & UART_IER_MSI && uart->modem_deltas)
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

/* On a PC the pin OUT2 connects the interrupt with the bus; loopback makes it inactive. */
static void update_interrupt(struct uart *uart)
{
	bool connected = (uart->mcr & (UART_MCR_OUT2 | UART_MCR_LOOP)) == UART_MCR_OUT2;
	bool level = connected && interrupt_id(uart) != UART_IIR_NO_INT;

	if (level == uart->level)
		return;
	uart->level = level;
	irq_set(&uart->irq, level);
}

/* Four characters' time: a start bit, 5 to 8 data bits, parity, 1 or 2 stop bits each. */
static uint64_t timeout(const struct uart *uart)
{
	unsigned int bits = 7 + (uart->lcr & UART_LCR_WLEN8) + !!(uart->lcr & UART_LCR_PARITY) +
			    !!(uart->lcr & UART_LCR_STOP);

	return 4 * bits * (uart->divisor ? uart->divisor : 1) * NS_PER_S / BAUD_BASE;
}

/* Each character restarts the time; the timer itself is moved only when it expires too early. */
static void restart_timeout(struct uart *uart)
{
	uart->timeout_interrupt = false;
	if (!has_fifo(uart) || !uart->count)
		return;
	uart->touched = timers_now(uart->timer.timers);
	if (!uart->timer.armed)
		timer_arm(&uart->timer, uart->touched + timeout(uart));
}

static void timer_expires(struct timer *timer)
{
	struct uart *uart = container_of(timer, struct uart, timer);
	uint64_t deadline = uart->touched + timeout(uart);

	if (!has_fifo(uart) || !uart->count)
		return;
	if (timers_now(timer->timers) < deadline) {
		timer_arm(timer, deadline);
		return;
	}
	uart->timeout_interrupt = true;
	update_interrupt(uart);
}

/* A full FIFO keeps what it has; without one, the new character replaces the old. */
static void receive(struct uart *uart, uint8_t byte)
{
	unsigned int size = has_fifo(uart) ? UART_FIFO : 1;

	if (uart->count < size)
		uart->received[(uart->first + uart->count++) % UART_FIFO] = byte;
	else
		uart->line_errors |= UART_LSR_OE;
	if (size == 1)
		uart->received[uart->first] = byte;
	restart_timeout(uart);
}

size_t uart_room(const struct uart *uart)
{
	/*
	 * The other end honours RTS. So nothing is lost that was typed before the guest's driver has
	 * cleared the FIFO.
	 */
	if ((uart->mcr & (UART_MCR_RTS | UART_MCR_LOOP)) != UART_MCR_RTS)
		return 0;
	return (has_fifo(uart) ? UART_FIFO : 1) - uart->count;
}

size_t uart_receive(struct uart *uart, const uint8_t *bytes, size_t count)
{
	size_t room = uart_room(uart);

	if (count > room)
		count = room;
	for (size_t i = 0; i < count; i++)
		receive(uart, bytes[i]);
	update_interrupt(uart);
	return count;
}

static void clear_receiver(struct uart *uart)
{
	uart->first = uart->count = 0;
	uart->timeout_interrupt = false;
}

static uint8_t read_character(struct uart *uart)
{
	if (uart->count) {
		uart->last = uart->received[uart->first];
		uart->first = (uart->first + 1) % UART_FIFO;
		uart->count--;
		restart_timeout(uart);
	}
	return uart->last;
}

/* The line falls while a character waits for its transmission, which an edge-triggered input sees. */
static void write_character(struct uart *uart, uint8_t byte)
{
	uart->transmitter_interrupt = false;
	update_interrupt(uart);
	if (uart->mcr & UART_MCR_LOOP)
		receive(uart, byte);
	else
		uart->output->write(uart->output, &byte, 1);
	uart->transmitter_interrupt = true;
}

/* Enabling the transmitter's interrupt while it is empty raises one. */
static void write_ier(struct uart *uart, uint8_t value)
{
	if (value & ~uart->ier & UART_IER_THRI)
		uart->transmitter_interrupt = true;
	uart->ier = value & (UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | UART_IER_MSI);
}

/* Without the FIFOs' enable bit the other bits are not programmed; when it changes, both are cleared. */
static void write_fcr(struct uart *uart, uint8_t value)
{
	if (!(value & UART_FCR_ENABLE_FIFO))
		value = 0;
	if ((value ^ uart->fcr) & UART_FCR_ENABLE_FIFO || value & UART_FCR_CLEAR_RCVR)
		clear_receiver(uart);
	uart->fcr = value & (UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK);
}

/* In loopback the outputs DTR, RTS, OUT1 and OUT2 are the inputs DSR, CTS, RI and DCD. */
static void write_mcr(struct uart *uart, uint8_t value)
{
	uint8_t before = uart->modem_lines, after = MODEM_LINES;

	uart->mcr = value & (UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT1 | UART_MCR_OUT2 | UART_MCR_LOOP);
	if (value & UART_MCR_LOOP)
		after = (value & UART_MCR_DTR ? UART_MSR_DSR : 0) | (value & UART_MCR_RTS ? UART_MSR_CTS : 0) |
			(value & UART_MCR_OUT1 ? UART_MSR_RI : 0) | (value & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
	uart->modem_lines = after;
	/* The delta bits are the lines' shifted by 4; of RI the end alone counts. */
	uart->modem_deltas |= (before ^ (after & (before | ~UART_MSR_RI))) >> 4;
}

static uint8_t read_register(struct uart *uart, unsigned int offset)
{
	uint8_t value;

	switch (offset) {
	case UART_IIR:
		value = interrupt_id(uart);
		if (value == UART_IIR_THRI)
			uart->transmitter_interrupt = false;
		return value | (has_fifo(uart) ? IIR_FIFO_ENABLED : 0);
	case UART_LCR:
		return uart->lcr;
	case UART_MCR:
		return uart->mcr;
	case UART_LSR:
		value = UART_LSR_TEMT | UART_LSR_THRE | uart->line_errors | (uart->count ? UART_LSR_DR : 0);
		uart->line_errors = 0;
		return value;
	case UART_MSR:
		value = uart->modem_lines | uart->modem_deltas;
		uart->modem_deltas = 0;
		return value;
	case UART_SCR:
		return uart->scr;
	}
	if (uart->lcr & UART_LCR_DLAB)
		return offset == UART_DLL ? uart->divisor : uart->divisor >> 8;
	return offset == UART_RX ? read_character(uart) : uart->ier;
}

/* LSR and MSR are not for writing. */
static void write_register(struct uart *uart, unsigned int offset, uint8_t value)
{
	switch (offset) {
	case UART_TX:
		if (uart->lcr & UART_LCR_DLAB)
			uart->divisor = (uart->divisor & 0xff00) | value;
		else
			write_character(uart, value);
		break;
	case UART_IER:
		if (uart->lcr & UART_LCR_DLAB)
			uart->divisor = (uart->divisor & 0xff) | value << 8;
		else
			write_ier(uart, value);
		break;
	case UART_FCR:
		write_fcr(uart, value);
		break;
	case UART_LCR:
		uart->lcr = value;
		break;
	case UART_MCR:
		write_mcr(uart, value);
		break;
	case UART_SCR:
		uart->scr = value;
		break;
	}
}

/* What the owner has kept back comes as soon as the receiver is empty: it may call uart_receive(). */
static void after_access(struct uart *uart, size_t room)
{
	update_interrupt(uart);
	if (uart->has_room && !uart->count && uart_room(uart) > room)
		uart->has_room(uart);
}

static uint64_t uart_read(struct device *device, const struct device_range *range, uint64_t offset,
			  unsigned int size)
{
	struct uart *uart = container_of(device, struct uart, device);
	size_t room = uart_room(uart);
	uint8_t value = read_register(uart, offset);

	(void)range, (void)size;
	after_access(uart, room);
	return value;
}

static void uart_write(struct device *device, const struct device_range *range, uint64_t offset,
		       unsigned int size, uint64_t value)
{
	struct uart *uart = container_of(device, struct uart, device);
	size_t room = uart_room(uart);

	(void)range, (void)size;
	write_register(uart, offset, value);
	after_access(uart, room);
}

/* The divisor is undefined after reset; this one is what firmware leaves: 9600 baud. */
void uart_init(struct uart *uart, uint16_t base, struct timers *timers, struct irq irq, struct output *output)
{
	*uart = (struct uart){
		.device = {
			.name = "16550 UART",
			.range = { { SPACE_PORT, base, 8, 1 } },
			.read = uart_read,
			.write = uart_write,
		},
		.irq = irq,
		.output = output,
		.divisor = BAUD_BASE / 9600,
		.modem_lines = MODEM_LINES,
	};
	timer_init(&uart->timer, timers, timer_expires);
}
