/* SPDX-License-Identifier: GPL-2.0 */
/*
 * i8259.h - the PC's two interrupt controllers, master and slave, with 16 inputs.
 *
 * Reached from pc.c, which plugs devices into pic_irq(), and from the local APIC, whose
 * ExtINT asks for a vector; continues in i8259.c.
 */
#ifndef MINIVMX_TOOLS_I8259_H
#define MINIVMX_TOOLS_I8259_H

#include "devices/device.h"

/* The step of an initialization: the command word that comes next. */
enum pic_expects {
	EXPECTS_OCW,
	EXPECTS_ICW2,
	EXPECTS_ICW3,
	EXPECTS_ICW4,
};

struct pic_chip {
	uint8_t irr, isr, imr;		/* requests, in service, masked */
	uint8_t inputs;			/* their levels */
	uint8_t elcr;			/* which inputs are level-triggered */
	uint8_t vector;			/* of input 0 */
	uint8_t icw1;
	unsigned int top;		/* the input with the highest priority */
	enum pic_expects expects;
	bool auto_eoi, rotate_on_auto_eoi;
	bool special_mask;
	bool special_fully_nested;
	bool poll;			/* the next read is an acknowledgement */
	bool read_isr;			/* reads of the command port: ISR, not IRR */
};

struct pic {
	struct device device;
	struct pic_chip master, slave;
	struct irq intr;
};

/* intr: its level says whether an interrupt is pending for the CPU. */
void pic_init(struct pic *pic, struct irq intr);

/* line: 0 to 15. */
struct irq pic_irq(struct pic *pic, unsigned int line);

/* The CPU's INTA cycles: returns the vector, that of a spurious interrupt if nothing is pending any more. */
uint8_t pic_acknowledge(struct pic *pic);

#endif /* MINIVMX_TOOLS_I8259_H */
