/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uart16550.h - the serial port of a PC: a 16550A with FIFOs, a terminal at the other end.
 *
 * Reached from pc.c, which puts it on the bus and connects it with the user's terminal. It follows
 * the data sheet of National Semiconductor's PC16550D, and the PC's wiring of OUT2.
 */
#ifndef MINIVMX_TOOLS_UART16550_H
#define MINIVMX_TOOLS_UART16550_H

#include "devices/device.h"
#include "devices/timers.h"

#define UART_FIFO 16

struct uart {
	struct device device;
	struct irq irq;
	struct output *output;
	void (*has_room)(struct uart *uart);	/* the owner's, may be NULL: uart_room() is not 0 any more */
	struct timer timer;			/* of the character timeout */
	uint64_t touched;			/* ns: when the receiver last took or gave a character */
	uint16_t divisor;
	uint8_t ier, fcr, lcr, mcr, scr;
	uint8_t line_errors, modem_deltas;	/* the bits of LSR and MSR that reading clears */
	uint8_t modem_lines;			/* the others of MSR */
	bool transmitter_interrupt, timeout_interrupt;
	bool level;				/* of the interrupt line */
	uint8_t received[UART_FIFO];		/* a ring */
	unsigned int first, count;
	uint8_t last;				/* what RBR reads as when it is empty */
};

void uart_init(struct uart *uart, uint16_t base, struct timers *timers, struct irq irq, struct output *output);

/* The other end sends: returns how many characters were taken, uart_room() at most. */
size_t uart_receive(struct uart *uart, const uint8_t *bytes, size_t count);
size_t uart_room(const struct uart *uart);

#endif /* MINIVMX_TOOLS_UART16550_H */
