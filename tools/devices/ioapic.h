/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ioapic.h - the I/O APIC: a message to the local APICs for each of 24 interrupt lines.
 *
 * Reached from the devices' interrupt lines and from the bus; continues in lapic.c. Intel 82093AA
 * data sheet, "Register Description"; the EOI register at 0x40 is that of its successors.
 */
#ifndef MINIVMX_TOOLS_IOAPIC_H
#define MINIVMX_TOOLS_IOAPIC_H

#include "devices/lapic.h"

#define IOAPIC_BASE	0xfec00000u
#define IOAPIC_PINS	24

struct ioapic {
	struct device device;
	struct lapics *lapics;
	uint8_t index;
	uint8_t id;
	uint64_t redirection[IOAPIC_PINS];
	bool line[IOAPIC_PINS];
};

void ioapic_init(struct ioapic *ioapic, struct lapics *lapics);
struct irq ioapic_irq(struct ioapic *ioapic, unsigned int pin);

/* A CPU has ended a level-triggered interrupt: for the host's eoi() of lapic.h. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

/* A local APIC may accept what none has: for the host's accepts() of lapic.h. */
void ioapic_retry(struct ioapic *ioapic);

#endif /* MINIVMX_TOOLS_IOAPIC_H */
