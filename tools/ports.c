// SPDX-License-Identifier: GPL-2.0
/*
 * ports.c - the guest's I/O ports. What no device owns swallows writes and reads as all
 * ones, as on a PC's bus.
 *
 * Reached from run.c; see ports.h for the ports.
 */
#include "ports.h"

/* 16550 registers, as offsets from PORT_COM1. The divisor hides the first two while LCR.DLAB is set. */
#define UART_DATA	0
#define UART_IER	1
#define UART_IIR	2
#define UART_LCR	3
#define UART_MCR	4
#define UART_LSR	5
#define UART_MSR	6
#define UART_SCRATCH	7

#define LCR_DLAB	0x80
#define IIR_NO_INTERRUPT 0x01
#define LSR_SEND_EMPTY	0x60	/* holding and shift register are empty: a polling sender goes on */
#define MSR_CONNECTED	0xb0	/* carrier, data set ready, clear to send */

static void put(struct ports *ports, uint8_t byte)
{
	fputc(byte, ports->out);
}

static void uart_out(struct ports *ports, unsigned int offset, uint8_t value)
{
	bool divisor = ports->lcr & LCR_DLAB;

	switch (offset) {
	case UART_DATA:
		if (divisor)
			ports->divisor[0] = value;
		else
			put(ports, value);
		break;
	case UART_IER:
		if (divisor)
			ports->divisor[1] = value;
		else
			ports->ier = value & 0x0f;
		break;
	case UART_LCR:
		ports->lcr = value;
		break;
	case UART_MCR:
		ports->mcr = value & 0x1f;
		break;
	case UART_SCRATCH:
		ports->scratch = value;
		break;
	}
}

static uint8_t uart_in(const struct ports *ports, unsigned int offset)
{
	bool divisor = ports->lcr & LCR_DLAB;

	switch (offset) {
	case UART_DATA:
		return divisor ? ports->divisor[0] : 0;
	case UART_IER:
		return divisor ? ports->divisor[1] : ports->ier;
	case UART_IIR:
		return IIR_NO_INTERRUPT;
	case UART_LCR:
		return ports->lcr;
	case UART_MCR:
		return ports->mcr;
	case UART_LSR:
		return LSR_SEND_EMPTY;
	case UART_MSR:
		return MSR_CONNECTED;
	default:
		return ports->scratch;
	}
}

void port_out(struct ports *ports, uint16_t port, uint32_t value)
{
	if (port == PORT_DEBUG) {
		put(ports, value);
	} else if (port == PORT_EXIT) {
		ports->exited = true;
		ports->exit_status = value;
	} else if (port >= PORT_COM1 && port < PORT_COM1 + 8) {
		uart_out(ports, port - PORT_COM1, value);
	}
}

uint32_t port_in(struct ports *ports, uint16_t port, unsigned int size)
{
	/* Reading the debug port gives its own number: how a guest finds out that it is there. */
	if (port == PORT_DEBUG)
		return PORT_DEBUG;
	if (port >= PORT_COM1 && port < PORT_COM1 + 8)
		return uart_in(ports, port - PORT_COM1);
	return size == 4 ? 0xffffffff : (1u << 8 * size) - 1;
}
